"""``python -m skdistill fit``: distil on one's own table and save the student."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skdistill import __version__
from skdistill._ground.threads import few_threads
from skdistill.cli import fit_options, intake, sentences, tables
from skdistill.cli.board import Board, board_of_rows
from skdistill.cli.columns import Column
from skdistill.cli.engine import running_on
from skdistill.cli.errors import CommandError, check_output
from skdistill.cli.files import layout
from skdistill.cli.front import Front
from skdistill.cli.importances import importances, most_important
from skdistill.cli.kept import Kept, check_keep, check_pickles, choose, table_notes
from skdistill.cli.progress import Progress
from skdistill.cli.render import FORMATS, Report, legend, text_table, wrapped, write_report
from skdistill.cli.scoreboard import score_models
from skdistill.cli.slim import slim
from skdistill.cli.stages import Inside
from skdistill.cli.staying import tell_staying
from skdistill.cli.stored import check_format, save
from skdistill.cli.suspicion import too_good
from skdistill.cli.targets import Target
from skdistill.cli.tasks import CliTask, asked, task_of
from skdistill.cli.trials import Labelled, Trial, distil_all
from skdistill.cli.vectoriser import make_vectoriser, sources, vectorise
from skdistill.estimators.report import FitReport, hint, why_direct

__all__ = ["add_parser", "run"]


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the options of ``fit`` to the command line."""
    fit_options.make_parser(commands, common).set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Carry out ``fit``: read, hold out, distil, print the table, save.

    Parameters
    ----------
    args : argparse.Namespace
        As `add_parser` defines them.

    Raises
    ------
    CommandError
        If files, columns or learners cannot be used.
    """
    _check_outputs(args)
    training = intake.read_training(
        args.train, layout(args, args.train, args.test), intake.special(args), asked(args)
    )
    tell_staying(training.columns, args.train)
    task = task_of(training.target.task, args)
    teacher = task.learner("teacher", args.teacher, args.seed)
    students = task.student_learners(args.students, args.seed)
    for name, student in students.items():
        check_pickles(student, f"--student {name}")
    if args.memory:
        check_pickles(teacher, f"--memory: --teacher {args.teacher}")
    train, held_out = _rows(args, training, task)
    settings = {
        "cv": args.cv,
        "strength": args.strength,
        "correction": args.correction,
        "calibration": task.calibration if args.calibration == "auto" else args.calibration,
        "random_state": args.seed,
        "n_jobs": args.n_jobs,
        "memory": args.memory,
        **task.settings,
    }
    job = _Job(args, task, teacher, students, settings, training.columns, training.target)
    with few_threads(train.X.size), running_on(args.engine):
        kept = job.fit_only(train) if held_out is None else job.compare(train, held_out)
    save(kept.model, args.out)
    print(f"saved {args.out}: {kept.words}")
    print(f"it predicts rows like those of {args.train}, without the teacher")
    if kept.report is not None:  # last: where it fails, the student is saved
        write_report(kept.report, Path(args.report))


def _check_outputs(args: argparse.Namespace) -> None:
    """Find out now, not after the fit, that a result could not be written."""
    check_output(args.out, args.train, args.test)
    check_format(args)
    check_output(args.report, args.train, args.test, args.out)
    check_keep(args)
    if args.report and Path(args.report).suffix not in FORMATS:
        raise CommandError(f"--report {args.report}: expected an extension {', '.join(FORMATS)}")
    if args.report and not args.test and args.test_size == 0:
        raise CommandError("--report needs held-out rows: not with --test-size 0")


def _rows(
    args: argparse.Namespace, training: intake.Intake, task: CliTask
) -> tuple[Labelled, Labelled | None]:
    """Return training rows and held-out rows; CommandError where they will not do."""
    rows = training.rows
    task.check_values(rows.y, args.target, args.train)
    if args.test:
        train, held_out = rows, intake.read_test(args.test, training)
        task.check_values(held_out.y, args.target, args.test)
    elif args.test_size == 0:
        train, held_out = rows, None
    else:
        task.check(rows.y, 2, "--test-size", args.target, args.train)
        train, held_out = tables.split(
            rows, args.test_size, args.seed, args.train, stratified=task.stratified
        )
    task.check(train.y, args.cv, f"--cv {args.cv}", args.target, args.train)
    if args.groups:
        tables.check_groups(train, rows, args.cv, args.groups, args.train)
    if held_out is not None:
        task.check_held_out(train, held_out)
    if args.test:
        tables.warn_of_leaks(train, held_out)
    return train, held_out


@dataclass(frozen=True)
class _Job:
    """One teacher, its students and the settings, to be run on some rows."""

    args: argparse.Namespace
    task: CliTask
    teacher: BaseEstimator
    students: dict[str, BaseEstimator]
    settings: dict[str, Any]
    columns: tuple[Column, ...]
    target: Target

    def _vectoriser(self, names: Sequence[str] | None = None) -> Pipeline:
        """Return one of all columns, or of some."""
        target = self.target.to_dict() | {"per": self.args.exposure}
        columns = [each for each in self.columns if names is None or each.name in names]
        return make_vectoriser(self.args.seed, columns, self.args.id, target)

    def _kept(
        self,
        vectoriser: Pipeline,
        student: BaseEstimator,
        train: Labelled,
        words: str,
        report: Report | None = None,
    ) -> Kept:
        model = slim(vectoriser, student, train.X, self._vectoriser)
        needed, given = len(model.feature_names_in_), len(train.X.columns)
        if needed < given:
            words += f"; it needs {needed:,} of the {given:,} columns"
        return Kept(model, words, report)

    def fit_only(self, train: Labelled) -> Kept:
        """Distil, or train directly if asked to, without held-out rows."""
        if len(self.students) > 1:
            raise CommandError(
                f"--test-size 0 leaves no rows to choose among the students "
                f"{', '.join(self.students)} by: name one, or hold rows out"
            )
        (student,) = self.students.values()
        vectoriser = self._vectoriser()
        rows = replace(train, X=vectoriser.fit_transform(train.X))
        learning = self.task.learning
        if self.args.keep == "direct":
            words = "the student trained directly, as asked"
            return self._kept(vectoriser, learning.alone(student, rows), train, words)
        distilled = learning.distil(self.teacher, student, rows, self.settings)
        print("no rows held out, so nothing is known about whether distilling paid")
        return self._kept(vectoriser, distilled.student_, train, "the distilled student")

    def compare(self, train: Labelled, held_out: Labelled) -> Kept:
        """Distil, compare on the held-out rows, print and report."""
        vectoriser = self._vectoriser()
        with Progress(3 + 3 * len(self.students)) as progress, Inside(progress):
            progress.start("columns to numbers")
            rows = replace(train, X=vectoriser.fit_transform(train.X))
            source = self.args.test or self.args.train
            seen = replace(held_out, X=vectorise(vectoriser, held_out.X, source))
            progress.done()
            given = self.task.learning, self.teacher, self.students, rows, self.settings
            trials = {trial.student: trial for trial in distil_all(*given, progress)}
            progress.start("scores on held-out rows")
            front = Front.measured(vectoriser, held_out.X)
            boards = self._boards(trials, front, (rows, seen), sources(vectoriser))
            progress.done()
        name, method, words = choose(self.args.keep, boards)
        said = {each: _said(trials[each], board, len(seen.y)) for each, board in boards.items()}
        others = tuple(board for each, board in boards.items() if each != name)
        report = Report(boards[name].title, said[name][1], boards[name], {}, others)
        for board in boards.values():
            print(text_table(board), end="\n\n")
        print(f"{legend(boards[name].table)}\n{wrapped(report.notes)}\n")
        for each, (how, sentence) in said.items():
            start = f"{each}: " if len(boards) > 1 else ""
            print(f"{start}{how}\n{start}{sentence}")
        sections = self._facts(train, held_out, rows.X.shape[1], trials[name].distilled)
        sections["command"] |= {"saved": method, "saved_student": name}
        model, ruler = trials[name].models[method], self.task.ruler(rows)
        rises = importances(model, seen, sources(vectoriser), ruler, self.args.seed)
        print(wrapped([f"{most_important(rises, boards[name].table.loss)}."]))
        report = replace(report, sections=sections, importances=rises)
        report = report if self.args.report else None
        return self._kept(vectoriser, model, train, words, report)

    def _boards(
        self,
        trials: dict[str, Trial],
        front: Front,
        rows: tuple[Labelled, Labelled],
        names: list[str],
    ) -> dict[str, Board]:
        """Score the models of each student on the second rows; they were fitted on the first."""
        train, held_out = rows
        ruler, boards = self.task.ruler(train), {}
        for name, trial in trials.items():
            scores = score_models(trial.models, held_out, ruler, front=front)
            ratio = len(held_out.y) / trial.distilled.report_.n_rows
            notes = (*ruler.notes(held_out), *table_notes(front, self.args.exposure))
            title = f"{Path(self.args.train).name}: {self.args.teacher} into {name}"
            board = board_of_rows(title, ruler.table, scores, held_out, ratio, notes)
            suspicion = too_good(self.task.perfection, board, train, held_out, names)
            if suspicion is not None:
                board = replace(board, notes=(*board.notes, f"Warning: {suspicion}."))
            boards[name] = board
        return boards

    def _facts(
        self, train: Labelled, held_out: Labelled, width: int, distilled: Any
    ) -> dict[str, dict[str, Any]]:
        unsaid = ("run", "debug", "command", "words")
        given = vars(self.args).items()
        options = {k: v for k, v in given if k not in unsaid and v is not None and v != []}
        return {
            "data": {
                "training_rows": len(train.y),
                "held_out_rows": len(held_out.y),
                "columns": list(map(str, train.X.columns)),
                "kinds": {column.name: column.kind for column in self.columns},
                "columns_after_vectorising": width,
                "task": self.task.name,
                **self.task.facts(distilled),
            },
            "distillation": distilled.report_.to_dict(),
            "command": {"version": __version__} | options,
        }


def verdict_sentence(board: Board, rows: int, report: FitReport) -> str:
    """Say in one sentence whether distilling paid on the held-out rows."""
    difference = board.verdict.difference
    if report.strength == 1 and difference.mean == 0:
        if report.shrinkage is None:
            why, more = "strength 1 was asked for", ""
        else:
            why, more = f"{why_direct(report.shrinkage)} (strength 1)", hint(report.nodes)
        return (
            f"Distilling is not shown to pay: {why}, so the student was trained on the labels, as "
            f"it would be alone.{more}"
        )
    return sentences.did_it_pay(board, rows)


def _said(trial: Trial, board: Board, rows: int) -> tuple[str, str]:
    """Return in words how a student was distilled, and whether it paid."""
    sentence = verdict_sentence(board, rows, trial.distilled.report_)
    further = sentences.at_chance(board, rows) + sentences.weak(board)
    return _how(trial.distilled), sentence + further


def _how(distilled: Any) -> str:
    strength = distilled.strength_
    known = "" if strength is None else f"strength {strength:.3g} (0 plain, 1 labels alone); "
    return f"distilled with {known}route {distilled.route_}."
