"""``python -m skdistill demo``: distilling on two data sets that ship with scikit-learn."""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed, parallel_config
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import ExtraTreesClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import __version__
from skdistill._ground.saving import save_text
from skdistill.cli import names
from skdistill.cli.board import Board, Score, board_of_splits
from skdistill.cli.class_scores import CLASS_TABLE
from skdistill.cli.errors import check_output
from skdistill.cli.figures import number
from skdistill.cli.progress import Progress
from skdistill.cli.render import legend, text_table
from skdistill.cli.scoreboard import score_models
from skdistill.cli.tasks import CLASSIFY
from skdistill.cli.trials import Labelled, distil_all

__all__ = ["add_parser", "run"]

TEST_SHARE = 0.3
DATA = {"digits": load_digits, "breast cancer": load_breast_cancer}
STUDENTS = {
    "tree": "32-leaf tree",
    "logistic": "logistic regression",
    "lightgbm": "small LightGBM",
}
_ABOUT = f"""\
Distil an ensemble into three small students on two data sets that ship with scikit-learn.

Teacher: average of extremely randomised trees, LightGBM and logistic regression. Students: a tree
of 32 leaves, a scaled logistic regression, LightGBM of 50 rounds and 15 leaves. Data: digits (10
classes) and breast cancer (2). Every seed holds out another {TEST_SHARE:.0%} of the rows; nothing
is tuned on them. Takes less than a minute on two cores.
"""


@dataclass(frozen=True)
class SplitResult:
    """Scores of all students on one split of one data set.

    Attributes
    ----------
    data : str
    seed : int
    scores : dict of str to tuple of Score
        By student.
    strengths : dict of str to float
    routes : dict of str to str
    """

    data: str
    seed: int
    scores: dict[str, tuple[Score, ...]]
    strengths: dict[str, float]
    routes: dict[str, str]


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the options of ``demo`` to the command line."""
    parser = commands.add_parser(
        "demo",
        parents=[common],
        help="distil on two data sets that ship with scikit-learn",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument("--seeds", type=_positive, default=5, help="number of splits (default: 5)")
    parser.add_argument(
        "--quick", action="store_true", help="two seeds and a smaller teacher, for a first look"
    )
    parser.add_argument("--json", metavar="FILE", help="also write all figures here")
    parser.add_argument(
        "--n-jobs", type=int, default=-1, metavar="N", help="splits at a time (default: all cores)"
    )


def run(args: argparse.Namespace) -> None:
    """Carry out ``demo``.

    Parameters
    ----------
    args : argparse.Namespace
        As `add_parser` defines them.

    Raises
    ------
    CommandError
        If there is no folder for the file of figures.
    """
    check_output(args.json)
    seeds = min(args.seeds, 2) if args.quick else args.seeds
    results = run_splits(range(seeds), trees=30 if args.quick else 100, n_jobs=args.n_jobs)
    boards = {(d, s): _board(d, s, results) for d in DATA for s in STUDENTS}
    for board in boards.values():
        print(text_table(board), end="\n\n")
    print(_legend(seeds), end="\n\n")
    for student, about in STUDENTS.items():
        print(_sentence(about, {data: boards[data, student] for data in DATA}))
    if args.json:
        save_text(args.json, json.dumps(_record(results, boards), indent=1) + "\n")


def run_splits(seeds: Sequence[int], trees: int, n_jobs: int | None) -> list[SplitResult]:
    """Run every seed of every data set, with a progress bar.

    Parameters
    ----------
    seeds : sequence of int
    trees : int
        Size of the teacher's forest.
    n_jobs : int or None
        Splits at a time; every split runs on one thread.

    Returns
    -------
    results : list of SplitResult
        By data set, then seed.
    """
    tasks = [(data, seed) for data in DATA for seed in seeds]
    with Progress(len(tasks)) as progress, parallel_config("loky", inner_max_num_threads=1):
        progress.start(f"distilling into {len(STUDENTS)} students, {len(tasks)} splits")
        parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        done = {}
        for result in parallel(delayed(run_split)(*task, trees) for task in tasks):
            done[result.data, result.seed] = result
            progress.done(f"{result.data}, seed {result.seed}")
    return [done[task] for task in tasks]


def run_split(data: str, seed: int, trees: int) -> SplitResult:
    """Fit and score the models of each student on one split.

    Parameters
    ----------
    data : str
        A name in `DATA`.
    seed : int
    trees : int
        Size of the teacher's forest.

    Returns
    -------
    result : SplitResult
    """
    X, y = DATA[data](return_X_y=True)
    train, test = train_test_split(
        np.arange(len(y)), test_size=TEST_SHARE, stratify=y, random_state=seed
    )
    students = {name: names.resolve(name, names.STUDENTS, seed) for name in STUDENTS}
    students["lightgbm"].set_params(n_jobs=1)  # the splits keep the cores busy
    rows, held_out = Labelled(X[train], y[train]), Labelled(X[test], y[test])
    scores, strengths, routes = {}, {}, {}
    quiet = Progress(1, quiet=True)
    settings, ruler = {"random_state": seed}, CLASSIFY.ruler(rows)
    for trial in distil_all(
        CLASSIFY.learning, teacher(seed, trees), students, rows, settings, quiet
    ):
        scores[trial.student] = score_models(trial.models, held_out, ruler, budget=0.02)
        strengths[trial.student] = float(np.mean(trial.distilled.strength_))
        routes[trial.student] = str(trial.distilled.route_)
    return SplitResult(data, seed, scores, strengths, routes)


def teacher(seed: int, trees: int = 100) -> BaseEstimator:
    """Return the demo's teacher: strong, honest and quick to fit six times a split."""
    from lightgbm import LGBMClassifier

    boosting = LGBMClassifier(
        n_estimators=60, num_leaves=15, n_jobs=1, random_state=seed, verbose=-1
    )
    members = [
        ("extratrees", ExtraTreesClassifier(trees, random_state=seed)),
        ("lightgbm", boosting),
        ("logistic", make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))),
    ]
    return VotingClassifier(members, voting="soft")


def _board(data: str, student: str, results: Sequence[SplitResult]) -> Board:
    splits = [result.scores[student] for result in results if result.data == data]
    title, ratio = f"{data}: {STUDENTS[student]}", TEST_SHARE / (1 - TEST_SHARE)
    return board_of_splits(title, CLASS_TABLE, splits, ratio)


def _legend(seeds: int) -> str:
    spread = (
        "One split: no standard errors."
        if seeds == 1
        else f"Means over {seeds} random splits ± standard error, widened for the rows that splits"
        " share (Nadeau and Bengio, 2003)."
    )
    return f"{spread}\n{legend(CLASS_TABLE)}"


def _sentence(student: str, boards: dict[str, Board]) -> str:
    """Say in one sentence where distilling into this student helped, by log-loss."""
    clauses = [
        f"{board.verdict.outcome} on {data} ({_signed(board)})" for data, board in boards.items()
    ]
    return f"{student}: by log-loss against the student alone, distilling {', '.join(clauses)}."


def _signed(board: Board) -> str:
    difference = board.verdict.difference
    return ("+" if difference.mean >= 0 else "") + number(difference)


def _record(results: Sequence[SplitResult], boards: dict[tuple[str, str], Board]) -> dict[str, Any]:
    """Return all figures as plain types: the tables, and the splits that they are means of."""
    return {
        "version": __version__,
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
        "test_share": TEST_SHARE,
        "tables": [
            {"data": data, "student": student, **board.to_dict()}
            for (data, student), board in boards.items()
        ],
        "splits": [
            {
                "data": result.data,
                "seed": result.seed,
                "student": student,
                "strength": result.strengths[student],
                "route": result.routes[student],
                "scores": [_figures(score) for score in scores],
            }
            for result in results
            for student, scores in result.scores.items()
        ],
    }


def _figures(score: Score) -> dict[str, Any]:
    figures = {name: figure.mean for name, figure in score.figures.items()}
    return {"method": score.method} | figures


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)
