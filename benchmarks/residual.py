"""``python -m benchmarks.residual``: whether a second look at the teacher's residuals pays.

A regression of the residuals ``y - p`` on the features, `h`, is added to what the teacher says:
``p + rho h`` with ``rho = clip(sum (y - p) h / sum h^2, 0, 1)`` over all out-of-fold rows. For the
rows of a fold `h` is fitted on those of the others, to residuals of teachers that saw neither that
fold nor the row's own (*honest*), or to ordinary out-of-fold residuals, of teachers that saw that
fold (*leaking*). Residual-as-Teacher (arXiv 2603.25466) takes such steps.
"""

import argparse
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, product
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from benchmarks.datasets import encode, load
from benchmarks.numbers import split_numbers
from benchmarks.ratios import HARM, floored_log_loss, geometric_mean, in_short
from benchmarks.regression_tables import CHOSEN_ON as NUMBERS_CHOSEN_ON
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.strength import CHOSEN_ON
from skdistill import DistilledClassifier, DistilledRegressor
from skdistill._ground.arrays import project_to_simplex
from skdistill._ground.outcomes import Classes, Numbers, Outcome
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import Pool, fit_pool

Floats = NDArray[np.float64]
Key = tuple[str, str, int, int, str, str]  # task, set, rows, seed, teacher, student
N_FOLDS = 5
N_TEST = 8000
METHODS = ("distilled", "honest", "leaking")
SETS = {"classes": CHOSEN_ON, "numbers": NUMBERS_CHOSEN_ON[:4]}  # those of the squared error
QUICK = {"classes": ("breast_cancer",), "numbers": ("diabetes",)}
TEACHERS = ("lightgbm", "linear")
STUDENTS = ("tree, 32 leaves", "lightgbm 20x8", "lightgbm 50x31")
RESIDUAL = lightgbm.LGBMRegressor(n_estimators=50, num_leaves=8, verbose=-1, n_jobs=1)
ABOUT = f"""\
Test loss (log-loss; root mean squared error) over that of the same student trained directly:
geometric mean / worst cell / share of cells of at most {HARM}. *distilled*: the defaults; *honest*
and *leaking*: the same defaults, taught by what the teacher says plus rho times a regression of its
residuals (LightGBM of 50 trees of 8 leaves), fitted to residuals of teachers that saw neither fold,
or to ordinary out-of-fold ones. *taught*: out-of-fold squared error of what is taught over that
without the step, geometric mean, honest / leaking; *rho*: its mean, honest / leaking. A linear
teacher is biased, a boosted one hardly. An honest step needs the teachers of pairs of folds: three
times the fits."""


@dataclass(frozen=True)
class Row:
    """One student of one teacher, taught in one way."""

    task: str
    data: str
    n_rows: int
    seed: int
    teacher: str
    student: str
    method: str
    loss: float
    taught: float  # out-of-fold squared error of what is taught
    rho: float
    strength: float


def boosted(task: str, trees: int, leaves: int) -> Any:
    """Return a booster of the task."""
    kind = lightgbm.LGBMClassifier if task == "classes" else lightgbm.LGBMRegressor
    return kind(n_estimators=trees, num_leaves=leaves, verbose=-1, n_jobs=1)


def teachers(task: str) -> dict[str, Any]:
    """Return the teachers."""
    line = LogisticRegression(max_iter=500) if task == "classes" else Ridge()
    both = boosted(task, 100, 15), make_pipeline(StandardScaler(), line)
    return dict(zip(TEACHERS, both, strict=True))


def students(task: str) -> dict[str, Any]:
    """Return the students."""
    tree = DecisionTreeClassifier if task == "classes" else DecisionTreeRegressor
    every = tree(max_leaf_nodes=32, random_state=0), boosted(task, 20, 8), boosted(task, 50, 31)
    return dict(zip(STUDENTS, every, strict=True))


def with_residuals(
    pool: Pool, X: Floats, y: Floats, residual: Any, *, honest: bool
) -> tuple[Floats, float]:
    """Return what the teacher says of each row plus its residuals as far as they can be told.

    Parameters
    ----------
    pool : Pool
        Of all folds.
    X : array of shape (n, d)
        Features.
    y : array of shape (n, C)
        What was observed.
    residual : regressor
        Fitted once per fold and column.
    honest : bool
        Whether the residuals are those of teachers that saw neither fold.

    Returns
    -------
    said : array of shape (n, C)
        Not yet brought back into the domain.
    rho : float
        How much of the regression was added.
    """
    p = pool.out_of_fold.values  # noqa: PD011 - no data frame
    tables = pool.as_array()
    h = np.zeros_like(p)
    for k, (train, test) in enumerate(pool.folds.splits):
        left = y - (tables[k] if honest else p)
        for j in range(p.shape[1] - (p.shape[1] == 2)):
            h[test, j] = clone(residual).fit(X[train], left[train, j]).predict(X[test])
    if p.shape[1] == 2:
        h[:, 1] = -h[:, 0]
    size = float(np.sum(h * h))
    rho = float(np.clip(np.sum((y - p) * h) / size, 0.0, 1.0)) if size else 0.0
    return p + rho * h, rho


@dataclass(frozen=True)
class Lesson:
    """Training rows, and what is taught of them in each way."""

    X: Floats
    y: Any
    columns: Floats
    taught: Mapping[str, tuple[Floats, float]]
    seed: int

    @classmethod
    def of(cls, task: str, X: Floats, y: Any, teacher: Any, seed: int) -> "Lesson":
        """Fit the pool of teachers, and the regressions of their residuals."""
        classes = task == "classes"
        outcome: Outcome = Classes(np.unique(y)) if classes else Numbers()
        folds = make_folds(N_FOLDS, X, y, random_state=seed, stratified=classes)
        pool = fit_pool(teacher, X, y, folds, range(N_FOLDS), outcome=outcome)
        columns = outcome.encode(y)
        step = partial(with_residuals, pool, X, columns, RESIDUAL)
        found = {"honest": step(honest=True), "leaking": step(honest=False)}
        if classes:
            found = {name: (project_to_simplex(p)[0], rho) for name, (p, rho) in found.items()}
        raw = pool.out_of_fold.values  # noqa: PD011 - no data frame
        return cls(X, y, columns, {"distilled": (raw, 0.0)} | found, seed)


def measure(wanted: Iterable[Key]) -> Iterator[list[Row]]:
    """Yield the rows of each cell; the teachers of a split are fitted once for all students."""
    for (task, name, n_rows, seed, teacher), keys in groupby(wanted, key=lambda key: key[:5]):
        if task == "classes":
            X, y = load(name)
            size = min(n_rows, int(0.7 * len(y)))
            split = train_test_split(X, y, train_size=size, stratify=y, random_state=seed)
            rows = *encode(*split[:2]), *split[2:]
        else:
            found = split_numbers(name, n_rows, seed)
            rows = found.X, found.X_test, found.y, found.y_test
        X_train, X_test, y_train, y_test = rows
        lesson = Lesson.of(task, X_train, y_train, teachers(task)[teacher], seed)
        for key in keys:
            student = students(task)[key[5]]
            yield list(of_cell(key, lesson, student, X_test[:N_TEST], y_test[:N_TEST]))


def of_cell(key: Key, lesson: Lesson, student: Any, X_test: Floats, y_test: Any) -> Iterator[Row]:
    """Yield the rows of one student: trained directly, and taught in each way."""
    classes = key[0] == "classes"
    kind = DistilledClassifier if classes else DistilledRegressor
    given = "teacher_proba" if classes else "teacher_pred"

    def loss(model: Any) -> float:
        if classes:
            codes = np.searchsorted(np.unique(lesson.y), y_test)
            return floored_log_loss(codes, model.predict_proba(X_test))
        return float(np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)))

    for method in ("direct", *METHODS):
        said, rho = lesson.taught["distilled" if method == "direct" else method]
        how = {"strength": 1.0, "calibration": None} if method == "direct" else {}
        model = kind(None, clone(student), random_state=lesson.seed, **how)
        model.fit(lesson.X, lesson.y, **{given: said if classes else said[:, 0]})
        taught = float(np.mean(np.sum((lesson.columns - said) ** 2, axis=1)))
        yield Row(*key, method, loss(model), taught, rho, float(model.strength_))


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each task and teacher, and for both teachers."""
    key = ["task", "data", "n_rows", "seed", "teacher", "student"]
    wide = frame.pivot_table(index=key, columns="method", values=["loss", "taught", "rho"]).dropna()
    cells = wide.index.to_frame()
    lines = []
    for task, teacher in product(SETS, (*TEACHERS, "all")):
        mask = (cells["task"] == task) & ((teacher == "all") | (cells["teacher"] == teacher))
        part = wide[mask.to_numpy()]
        if part.empty:
            continue
        ratio = part["loss"].div(part["loss"]["direct"], axis=0)
        taught = part["taught"].div(part["taught"]["distilled"], axis=0)
        line: dict[str, Any] = {"task": task, "teacher": teacher, "cells": len(part)}
        line |= {method: in_short(ratio[method].to_numpy()) for method in METHODS}
        both = [taught[method].to_numpy() for method in METHODS[1:]]
        line["taught"] = " / ".join(f"{geometric_mean(each):.3f}" for each in both)
        line["rho"] = " / ".join(f"{part['rho'][method].mean():.2f}" for method in METHODS[1:])
        lines.append(line)
    return pd.DataFrame(lines)


def cells(arguments: argparse.Namespace) -> Iterator[Key]:
    """Yield what the command asks for, by set, seed and teacher."""
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    for task, names in (QUICK if arguments.quick else SETS).items():
        known = [name for name in names if name in arguments.sets]
        yield from product(
            [task], known, [arguments.rows], seeds, arguments.teachers, arguments.students
        )


def said(rows: Sequence[Row]) -> str:
    """Return the line that is printed of a cell."""
    of = {row.method: row for row in rows}
    parts = [f"{name} {of[name].loss / of['direct'].loss:.3f}" for name in METHODS]
    return f"{rows[0].data}, {rows[0].teacher} -> {rows[0].student}: {', '.join(parts)}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.residual", description=__doc__)
    add_common_arguments(parser, repeats=2)
    every = [name for names in SETS.values() for name in names]
    parser.add_argument("--rows", type=int, default=1000, help="training rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=every, choices=every)
    parser.add_argument("--teachers", nargs="+", default=list(TEACHERS), choices=TEACHERS)
    parser.add_argument("--students", nargs="+", default=list(STUDENTS), choices=STUDENTS)
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets = [name for names in QUICK.values() for name in names]
        arguments.rows, arguments.repeats = 200, 1
        arguments.teachers, arguments.students = ["lightgbm"], ["tree, 32 leaves"]
    folder = folder_of(arguments)
    key = ("task", "data", "n_rows", "seed", "teacher", "student", "method")
    log = Log(folder / "raw" / "residual.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    warnings.simplefilter("ignore")  # short logistic fits
    missing = [cell for cell in cells(arguments) if (*cell, METHODS[-1]) not in log]
    for rows in progress(measure(missing), len(missing), said):
        for row in rows:
            log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = summary(shown)
    print(table.to_string(index=False))
    Page(
        name="residual",
        title="A second look at the teacher's residuals",
        command=command_line("residual", argv),
        about=(ABOUT, f"{arguments.rows:,} training rows. Sets: {', '.join(arguments.sets)}."),
        measured=log.measured(shown),
    ).write(folder, table)


if __name__ == "__main__":
    main()
