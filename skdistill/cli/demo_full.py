"""``python -m skdistill demo --full``: six students on two data sets, split at random five times.

An ensemble is distilled into three small students, on classes or on numbers, with their defaults.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed, parallel_config
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import SquaredError, __version__
from skdistill._ground.saving import save_text
from skdistill.cli.board import Board, Score, board_of_splits
from skdistill.cli.progress import Progress
from skdistill.cli.render import legend, text_table
from skdistill.cli.scoreboard import score_models
from skdistill.cli.sentences import written
from skdistill.cli.tasks import CLASSIFY, CliTask, regress
from skdistill.cli.trials import Labelled, distil_all

__all__ = ["SHOWS", "number_teacher", "run", "teacher"]

TEST_SHARE = 0.3


@dataclass(frozen=True)
class Show:
    """What the demo of a task shows.

    Attributes
    ----------
    task : CliTask
    data : mapping of str to callable
        By name; they return X and y.
    students : mapping of str to str
        What each student with a short name is called.
    teacher : callable
        Takes a seed and the size of a forest.
    """

    task: CliTask
    data: Mapping[str, Callable[[], tuple[np.ndarray, np.ndarray]]]
    students: Mapping[str, str]
    teacher: Callable[[int, int], BaseEstimator]


def shipped(name: str, **options: Any) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return what loads a data set, or makes it: importing all of them takes a while."""

    def load() -> tuple[np.ndarray, np.ndarray]:
        from sklearn import datasets

        X, y = getattr(datasets, name)(**options)
        return X, y

    return load


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


def run(args: argparse.Namespace) -> None:
    """Carry out ``demo --full``.

    Parameters
    ----------
    args : argparse.Namespace
        As `skdistill.cli.demo` defines them.
    """
    seeds = min(args.seeds, 2) if args.quick else args.seeds
    show = SHOWS[args.task]
    results = run_splits(args.task, range(seeds), 30 if args.quick else 100, args.n_jobs)
    boards = {(d, s): _board(show, d, s, results) for d in show.data for s in show.students}
    for board in boards.values():
        print(text_table(board), end="\n\n")
    table = next(iter(boards.values())).table
    print(f"{_spread(seeds)}\n{legend(table)}", end="\n\n")
    for student, about in show.students.items():
        print(_sentence(about, {data: boards[data, student] for data in show.data}))
    if args.json:
        save_text(args.json, json.dumps(_record(results, boards), indent=1) + "\n")


def run_splits(
    task: str, seeds: Sequence[int], trees: int, n_jobs: int | None
) -> list[SplitResult]:
    """Run every seed of every data set, with a progress bar.

    Parameters
    ----------
    task : str
        A name in `SHOWS`.
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
    show = SHOWS[task]
    splits = [(task, data, seed) for data in show.data for seed in seeds]
    with Progress(len(splits)) as progress, parallel_config("loky", inner_max_num_threads=1):
        progress.start(f"distilling into {len(show.students)} students, {len(splits)} splits")
        parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        done = {}
        for result in parallel(delayed(run_split)(*split, trees) for split in splits):
            done[task, result.data, result.seed] = result
            progress.done(f"{result.data}, seed {result.seed}")
    return [done[split] for split in splits]


def run_split(task: str, data: str, seed: int, trees: int) -> SplitResult:
    """Fit and score the models of each student on one split.

    Parameters
    ----------
    task : str
        A name in `SHOWS`.
    data : str
        A name in its `data`.
    seed : int
    trees : int
        Size of the teacher's forest.

    Returns
    -------
    result : SplitResult
    """
    show = SHOWS[task]
    own = show.task
    X, y = show.data[data]()
    train, test = train_test_split(
        np.arange(len(y)),
        test_size=TEST_SHARE,
        stratify=y if own.stratified else None,
        random_state=seed,
    )
    students = {name: own.learner("student", name, seed) for name in show.students}
    students["lightgbm"].set_params(n_jobs=1)  # the splits keep the cores busy
    rows, held_out = Labelled(X[train], y[train]), Labelled(X[test], y[test])
    scores, strengths, routes = {}, {}, {}
    settings, ruler = {"random_state": seed, **own.settings}, own.ruler(rows)
    heavy, quiet = show.teacher(seed, trees), Progress(1, quiet=True)
    for trial in distil_all(own.learning, heavy, students, rows, settings, quiet):
        scores[trial.student] = score_models(trial.models, held_out, ruler, budget=0.02)
        strengths[trial.student] = float(np.mean(trial.distilled.strength_))
        routes[trial.student] = str(trial.distilled.route_)
    return SplitResult(data, seed, scores, strengths, routes)


def teacher(seed: int, trees: int = 100) -> BaseEstimator:
    """Return the demo's teacher of classes: strong, honest and quick to fit six times a split."""
    from lightgbm import LGBMClassifier

    members = [
        ("extratrees", ExtraTreesClassifier(trees, random_state=seed)),
        ("lightgbm", LGBMClassifier(**_boosting(seed))),
        ("logistic", make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))),
    ]
    return VotingClassifier(members, voting="soft")


def number_teacher(seed: int, trees: int = 100) -> BaseEstimator:
    """Return the demo's teacher of numbers."""
    from lightgbm import LGBMRegressor

    members = [
        ("extratrees", ExtraTreesRegressor(trees, random_state=seed)),
        ("lightgbm", LGBMRegressor(**_boosting(seed))),
        ("ridge", make_pipeline(StandardScaler(), Ridge())),
    ]
    return VotingRegressor(members)


def _boosting(seed: int) -> dict[str, Any]:
    return {
        "n_estimators": 60,
        "num_leaves": 15,
        "n_jobs": 1,
        "random_state": seed,
        "verbose": -1,
    }


SHOWS = {
    "classify": Show(
        CLASSIFY,
        {
            "digits": shipped("load_digits", return_X_y=True),
            "breast cancer": shipped("load_breast_cancer", return_X_y=True),
        },
        {"tree": "32-leaf tree", "logistic": "logistic regression", "lightgbm": "small LightGBM"},
        teacher,
    ),
    "regress": Show(
        regress(SquaredError()),
        {
            "diabetes": shipped("load_diabetes", return_X_y=True),
            "Friedman": shipped("make_friedman1", n_samples=1500, noise=3.0, random_state=0),
        },
        {"tree": "32-leaf tree", "linear": "ridge regression", "lightgbm": "small LightGBM"},
        number_teacher,
    ),
}


def _board(show: Show, data: str, student: str, results: Sequence[SplitResult]) -> Board:
    splits = [result.scores[student] for result in results if result.data == data]
    title, ratio = f"{data}: {show.students[student]}", TEST_SHARE / (1 - TEST_SHARE)
    table = show.task.table
    return board_of_splits(title, table, splits, ratio)


def _spread(seeds: int) -> str:
    if seeds == 1:
        return "One split: no standard errors."
    return (
        f"Means over {seeds} random splits ± standard error, widened for the rows that splits"
        " share (Nadeau and Bengio, 2003)."
    )


def _sentence(student: str, boards: dict[str, Board]) -> str:
    """Say in one sentence where distilling into this student helped, by the loss."""
    clauses = [
        f"{board.verdict.outcome} on {data} ({_signed(board)})" for data, board in boards.items()
    ]
    loss = next(iter(boards.values())).table.loss
    return f"{student}: by {loss} against the student alone, distilling {', '.join(clauses)}."


def _signed(board: Board) -> str:
    difference = board.verdict.difference
    return ("+" if difference.mean >= 0 else "") + written(board, difference)


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
    means = {name: figure.mean for name, figure in score.figures.items()}
    known = {name: None if np.isnan(mean) else mean for name, mean in means.items()}
    return {"method": score.method, **known}
