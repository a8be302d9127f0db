"""``python -m skdistill fit``: distil on one's own table and save the student."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from joblib import dump
from sklearn.base import BaseEstimator

from skdistill import DistilledClassifier, __version__
from skdistill._ground.saving import replacing
from skdistill._ground.threads import few_threads
from skdistill.cli import files, intake, names, sentences, tables
from skdistill.cli.classes import refuse_quantity
from skdistill.cli.columns import Column
from skdistill.cli.errors import CommandError, Once, check_output, listed
from skdistill.cli.kept import (
    KEEP,
    Kept,
    check_keep,
    check_pickles,
    choose,
    table_notes,
)
from skdistill.cli.progress import Progress
from skdistill.cli.render import FORMATS, Report, legend, text_table, wrapped, write_report
from skdistill.cli.scoreboard import Board, Front, board_of_rows, saved, score_models
from skdistill.cli.suspicion import too_good
from skdistill.cli.trials import Labelled, Trial, distil_all, fit_alone
from skdistill.cli.vectoriser import make_vectoriser, sources, vectorise
from skdistill.estimators.report import FitReport, hint, why_direct

__all__ = ["add_parser", "run"]

_ABOUT = """\
Distil a teacher into a student on a CSV or Parquet file, and save the student.

A share of the rows is held out (or given by --test) and only serves the table (class frequencies,
teacher, student alone, in-sample distillation, distilled) and, by --keep, to choose the student to
save: distilled or alone. What is saved is a scikit-learn Pipeline of the vectoriser (skrub's
TableVectorizer) and that student, both fitted on the training rows and on nothing else. It
predicts raw rows, by `skdistill predict` or by joblib.load(...).predict(frame), and needs neither
the teacher nor skdistill (mlp does need skdistill, as does XGBoost on labels other than 0, 1, ...).
--test-size 0 trains on all rows, without a table.

What each column is (number, category, text, date; id, constant, empty: left out) is decided by one
rule and printed, with what was not understood; --numeric, --category, --text, --date, --id and
--drop say otherwise. Cells that were missing for being no number or date are so in `skdistill
predict` as well. Names with a comma stand in double quotes: --drop '"a, b",c'.

`skdistill predict` finds the columns by name, ignores others and refuses cells that it cannot read.
joblib.load(...).predict(frame) does none of this: it wants the training columns in their order and
no others (without those left out), numbers and dates as such, and takes cells that it cannot read
for missing.

A file given by --test is read as TRAIN is: what is text there is text here. Held-out rows that hold
text where the training rows hold numbers or dates are refused, as they are by `skdistill predict`.
"""

_EXAMPLES = f"""\
teachers:
{names.describe(names.TEACHERS)}
students:
{names.describe(names.STUDENTS)}
or module:attribute for either: a classifier, or a class or function that returns one. --seed
seeds a class; an instance, or what a function returns, is left as it is.

examples:
  python -m skdistill fit train.csv --target y --out student.joblib
  python -m skdistill fit train.parquet --target y --student tree --test test.parquet \\
      --out tree.joblib --report report.html
  python -m skdistill fit train.csv --target y --groups patient --drop id \\
      --teacher sklearn.ensemble:GradientBoostingClassifier --student rf10 --out rf10.joblib
"""


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the options of ``fit`` to the command line."""
    parser = commands.add_parser(
        "fit",
        parents=[common],
        help="distil on a CSV or Parquet file and save the student",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    data = parser.add_argument_group("data")
    data.add_argument(
        "train",
        metavar="TRAIN",
        help="text (.csv, .csv.gz, .tsv, .txt, .data, .dat), Parquet or Feather file",
    )
    data.add_argument("--target", required=True, metavar="COLUMN", help="the class to predict")
    data.add_argument("--groups", metavar="COLUMN", help="rows of one group stay in one fold")
    data.add_argument("--weight", metavar="COLUMN", help="row weights, also in the table")
    intake.add_options(data)
    files.add_options(data)
    held_out = data.add_mutually_exclusive_group()
    held_out.add_argument("--test", metavar="FILE", help="held-out rows, with the same columns")
    held_out.add_argument(
        "--test-size", type=_share, default=0.25, metavar="SHARE",
        help="share of TRAIN to hold out; 0 for no table (default: 0.25)",
    )  # fmt: skip
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="FILE", help="where to save the student")
    output.add_argument("--report", metavar="FILE", help=f"also write it: {', '.join(FORMATS)}")
    output.add_argument(
        "--keep", choices=tuple(KEEP), metavar="WHICH",
        help="which student to save: distilled; direct, the one trained on the labels alone; or "
        "best, the one of these two with the lower log-loss on the held-out rows (default: best; "
        "without held-out rows: distilled)",
    )  # fmt: skip
    _add_method(parser.add_argument_group("method"))


def _add_method(method: Any) -> None:
    for kind, usual in (("teacher", "vote"), ("student", "lightgbm")):
        method.add_argument(
            f"--{kind}", action=Once, default=usual, metavar="NAME", help=f"default: {usual}"
        )
    method.add_argument("--cv", type=int, default=5, metavar="K", help="folds (default: 5)")
    method.add_argument(
        "--strength", type=_strength, default="auto", metavar="S",
        help="how far to correct the teacher by the labels: 0 to 1, or auto (default)",
    )  # fmt: skip
    method.add_argument(
        "--correction", type=_optional, default="orthogonal", metavar="NAME",
        help="orthogonal (default), fast, slow, relative, absolute, power or none",
    )  # fmt: skip
    method.add_argument(
        "--calibration", type=_optional, default="sigmoid", metavar="NAME",
        help="of the teacher: sigmoid (default), temperature, isotonic, stacked or none",
    )  # fmt: skip
    method.add_argument(
        "--seed", type=_seed, default=0,
        help="of everything random, learners given as instances excepted (default: 0)",
    )  # fmt: skip
    method.add_argument(
        "--n-jobs", type=int, metavar="N", help="folds at a time; -1 for all cores (default: 1)"
    )
    method.add_argument(
        "--memory", metavar="FOLDER", help="keep fitted fold teachers here, to resume"
    )


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
    teacher = names.resolve(args.teacher, names.TEACHERS, args.seed)
    student = names.resolve(args.student, names.STUDENTS, args.seed)
    check_pickles(student, f"--student {args.student}")
    if args.memory:
        check_pickles(teacher, f"--memory: --teacher {args.teacher}")
    train, held_out, columns = _rows(args)
    settings = {
        "cv": args.cv,
        "strength": args.strength,
        "correction": args.correction,
        "calibration": args.calibration,
        "random_state": args.seed,
        "n_jobs": args.n_jobs,
        "memory": args.memory,
    }
    job = _Job(args, teacher, student, settings, columns)
    with few_threads(train.X.size):
        kept = job.fit_only(train) if held_out is None else job.compare(train, held_out)
    with replacing(args.out) as new:
        dump(kept.model, new)
    print(f"saved {args.out}: {kept.words}")
    print(f"it predicts rows like those of {args.train}, without the teacher")
    if kept.report is not None:  # last: where it fails, the student is saved
        write_report(kept.report, Path(args.report))


def _check_outputs(args: argparse.Namespace) -> None:
    """Find out now, not after the fit, that a result could not be written."""
    check_output(args.out, args.train, args.test)
    check_output(args.report, args.train, args.test, args.out)
    check_keep(args)
    if args.report and Path(args.report).suffix not in FORMATS:
        raise CommandError(f"--report {args.report}: expected an extension {', '.join(FORMATS)}")
    if args.report and not args.test and args.test_size == 0:
        raise CommandError("--report needs held-out rows: not with --test-size 0")


def _rows(
    args: argparse.Namespace,
) -> tuple[Labelled, Labelled | None, tuple[Column, ...]]:
    """Read the files; return training rows, held-out rows and what the columns are."""
    layout = files.layout(args, args.train, args.test)
    training = intake.read_training(args.train, layout, intake.special(args))
    rows = training.rows
    refuse_quantity(rows.y, max(args.cv, 2), args.target, args.train)
    if args.test:
        train, held_out = rows, intake.read_test(args.test, training)
    elif args.test_size == 0:
        train, held_out = rows, None
    else:
        tables.check_classes(rows.y, 2, "--test-size", args.target, args.train)
        train, held_out = tables.split(rows, args.test_size, args.seed, args.train)
    tables.check_classes(train.y, args.cv, f"--cv {args.cv}", args.target, args.train)
    if args.groups:
        tables.check_groups(train, rows, args.cv, args.groups, args.train)
    unseen = set() if held_out is None else set(held_out.y.tolist()) - set(train.y.tolist())
    if unseen:
        raise CommandError(
            "held-out rows have classes that no training row has: "
            f"{listed(sorted(unseen, key=str))}"
        )
    if args.test:
        tables.warn_of_leaks(train, held_out)
    return train, held_out, training.columns


@dataclass(frozen=True)
class _Job:
    """One teacher, one student and the settings, to be run on some rows."""

    args: argparse.Namespace
    teacher: BaseEstimator
    student: BaseEstimator
    settings: dict[str, Any]
    columns: tuple[Column, ...]

    def fit_only(self, train: Labelled) -> Kept:
        """Distil, or train directly if asked to, without held-out rows."""
        vectoriser = make_vectoriser(self.args.seed, self.columns, self.args.id)
        rows = replace(train, X=vectoriser.fit_transform(train.X))
        if self.args.keep == "direct":
            student = fit_alone(self.student, rows)
            return Kept(saved(vectoriser, student), "the student trained directly, as asked")
        distilled = DistilledClassifier(self.teacher, self.student, **self.settings)
        distilled.fit(rows.X, rows.y, sample_weight=rows.weight, groups=rows.groups)
        print("no rows held out, so nothing is known about whether distilling paid")
        return Kept(saved(vectoriser, distilled.student_), "the distilled student")

    def compare(self, train: Labelled, held_out: Labelled) -> Kept:
        """Distil, compare on the held-out rows, print and report."""
        vectoriser = make_vectoriser(self.args.seed, self.columns, self.args.id)
        students = {self.args.student: self.student}
        with Progress(6) as progress:
            progress.start("columns to numbers")
            rows = replace(train, X=vectoriser.fit_transform(train.X))
            source = self.args.test or self.args.train
            seen = replace(held_out, X=vectorise(vectoriser, held_out.X, source))
            progress.done()
            (trial,) = distil_all(self.teacher, students, rows, self.settings, progress)
            progress.start("scores on held-out rows")
            front = Front.measured(vectoriser, held_out.X)
            board = self._board(trial, front, seen)
            progress.done()
        suspicion = too_good(board, rows, seen, sources(vectoriser))
        if suspicion is not None:
            board = replace(board, notes=(*board.notes, f"Warning: {suspicion}."))
        sentence = verdict_sentence(board, len(seen.y), trial.distilled.report_)
        sentence += sentences.at_chance(board, len(seen.y))
        print(f"{text_table(board)}\n\n{legend()}\n{wrapped(board.notes)}\n")
        print(f"{_how(trial.distilled)}\n{sentence}")
        method, words = choose(self.args.keep, board)
        report = None
        if self.args.report:
            sections = self._facts(train, held_out, rows.X.shape[1], trial.distilled)
            sections["command"]["saved"] = method
            report = Report(board.title, sentence, board, sections)
        return Kept(front.before(trial.models[method]), words, report)

    def _board(self, trial: Trial, front: Front, held_out: Labelled) -> Board:
        """Score the models on held-out rows."""
        classes = trial.distilled.classes_
        scores = score_models(trial.models, held_out, classes, front=front)
        ratio = len(held_out.y) / trial.distilled.report_.n_rows
        notes = tuple(table_notes(front, held_out, classes))
        title = f"{Path(self.args.train).name}: {self.args.teacher} into {self.args.student}"
        return board_of_rows(title, scores, held_out, ratio, notes)

    def _facts(
        self, train: Labelled, held_out: Labelled, width: int, distilled: DistilledClassifier
    ) -> dict[str, dict[str, Any]]:
        options = {k: v for k, v in vars(self.args).items() if k not in ("run", "debug", "command")}
        return {
            "data": {
                "training_rows": len(train.y),
                "held_out_rows": len(held_out.y),
                "columns": list(map(str, train.X.columns)),
                "kinds": {column.name: column.kind for column in self.columns},
                "columns_after_vectorising": width,
                "classes": distilled.classes_.tolist(),
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
            why, more = f"{why_direct(report.shrinkage)} (strength 1)", hint(report.route)
        return (
            f"Distilling is not shown to pay: {why}, so the student was trained on the labels, as "
            f"it would be alone.{more}"
        )
    return sentences.did_it_pay(board, rows)


def _how(distilled: DistilledClassifier) -> str:
    strength = distilled.strength_
    known = "" if strength is None else f"strength {strength:.3g} (0 plain, 1 labels alone); "
    return f"distilled with {known}route {distilled.route_}."


def _optional(text: str) -> str | None:
    return None if text == "none" else text


def _strength(text: str) -> str | float:
    try:
        return text if text == "auto" else float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected auto or a number, got {text!r}") from error


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"expected an integer from 0 to 2**32 - 1, got {text!r}")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to less than 1, got {text!r}")
    return share
