"""``python -m benchmarks.suite``: every way of distilling on every set, student and teacher.

Each cell is a data set (classes of a dozen rows, `benchmarks.made`, among them), a split, a teacher
and a student. 4,000 training rows (70% of a smaller
set), test rows up to 10,000; the test log-loss of each method over that of the same student trained
directly. Methods see the training rows only. Rows are written as they are measured; an interrupted
run goes on where it stopped.

Other packages are measured only when ``--methods`` names them, each where it is installed (see
`benchmarks.methods.peers`), into the same raw table; ``--students`` has a group for those that take
none of the usual students. The page shows them beside ours on the cells that they could compete in.
"""

import argparse
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.ensemble import (
    ExtraTreesClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.datasets import SETS as RECIPES
from benchmarks.made import MADE
from benchmarks.methods import (
    FACTS,
    METHODS,
    OPPONENTS,
    PEERS,
    ROWS_OF,
    Outcome,
    Task,
    TeacherLabels,
)
from benchmarks.ratios import lifted
from benchmarks.results import Log, add_common_arguments, command_line, folder_of, progress
from benchmarks.suite_commands import commands
from benchmarks.suite_page import Known, write_page
from skdistill import SoftMLPClassifier
from skdistill._ground.answers import class_probabilities
from skdistill._ground.metrics import score_probabilities, squared_distance
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool, validation_folds

N_TEST = 10_000
N_FOLDS = 5
KEPT = Path(".cache", "benchmarks", "suite")
SETS = (
    "adult",
    "bank_marketing",
    "churn",
    "credit_default",
    "higgs",
    "magic",
    "satimage",
    "wine_quality",
    "covertype_10k",
    "digits",
    "letter",
    *MADE,
)
ROWS = 4000
KEY = ("data", "seed", "teacher", "student", "method")
TEACHERS = {
    "ensemble": ("average", "a soft vote of LightGBM and two forests (*ensemble* in the raw rows)"),
    "stack": ("stack", "logistic regression on what the same three say out of five folds"),
    "forest": ("forest", "a random forest of 500 trees"),
    "lightgbm": ("lightgbm", "LightGBM of 100 trees"),
}


@dataclass(frozen=True)
class Row:
    """What one method did in one cell; scores are of the test rows, the size is in bytes."""

    data: str
    seed: int
    teacher: str
    student: str
    method: str
    log_loss: float
    brier: float
    accuracy: float
    auc: float
    strength: float
    note: str
    seconds: float
    size: float


def boosting(trees: int, leaves: int) -> Any:
    """Return LightGBM of so many trees of so many leaves."""
    return lightgbm.LGBMClassifier(n_estimators=trees, num_leaves=leaves, verbose=-1, n_jobs=1)


def teachers() -> dict[str, Any]:
    """Return the teachers."""
    forest = {"n_estimators": 200, "min_samples_leaf": 2, "random_state": 0}
    learners = [
        ("lightgbm", boosting(100, 31)),
        ("forest", RandomForestClassifier(**forest)),
        ("extra trees", ExtraTreesClassifier(**forest)),
    ]
    return {
        "ensemble": VotingClassifier(learners, voting="soft"),
        "stack": StackingClassifier(
            learners,
            LogisticRegression(max_iter=1000),
            cv=5,
            stack_method="predict_proba",
            n_jobs=1,
        ),
        "forest": RandomForestClassifier(500, random_state=0),
        "lightgbm": boosting(100, 31),
    }


def students() -> dict[str, Any]:
    """Return the students, from a tree to long boosting."""
    return {
        "tree, 32 leaves": DecisionTreeClassifier(max_leaf_nodes=32, random_state=0),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "forest of 10": RandomForestClassifier(10, random_state=0),
        "lightgbm 20x8": boosting(20, 8),
        "lightgbm 50x31": boosting(50, 31),
        "lightgbm 200x31": boosting(200, 31),
        "mlp": SoftMLPClassifier(random_state=0),  # it standardises the rows itself
    }


def groups() -> dict[str, Any]:
    """Return the students of the peers that take none of the others, or bring their own."""
    settings = {"max_depth": 6, "learning_rate": 0.05, "subsample": 0.8, "colsample_bytree": 0.8}
    return {
        "regression tree, 32 leaves": DecisionTreeRegressor(max_leaf_nodes=32, random_state=0),
        "tabtune's mlp": SoftMLPClassifier((256, 256), random_state=0),
        "tabtune's lightgbm": boosting(500, 31).set_params(random_state=0, **settings),
    }


def rows_of(method: str) -> tuple[str, ...]:
    """Return the names of the rows that a method makes."""
    return ROWS_OF.get(method, (method,))


def scores(y: Any, classes: Any, outcome: Outcome) -> dict[str, float]:
    """Return the scores of the test rows."""
    p = lifted(outcome.p)
    truth = np.eye(len(classes))[np.searchsorted(classes, y)]
    found = score_probabilities(truth, p)
    auc = roc_auc_score(truth[:, 1], p[:, 1]) if len(classes) == 2 else roc_auc_score(truth, p)
    found |= {"brier": squared_distance(truth, p), "auc": auc}  # summed over two classes as well
    return {name: found[name] for name in ("log_loss", "brier", "accuracy", "auc")}


def measure(name: str, seed: int, arguments: argparse.Namespace, log: Log) -> Iterator[Row]:
    """Yield the rows of one set and seed that are not in the log yet."""
    X, y = load(name)
    n_train = min(arguments.rows, int(0.7 * len(y)))
    split = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
    X_train, X_test = encode(*split[:2])
    y_train, y_test = split[2], split[3][:N_TEST]
    X_test = X_test[:N_TEST]
    for teacher in arguments.teachers:
        for student in arguments.students:
            cell = (name, seed, teacher, student)
            missing = [m for m in arguments.methods if (*cell, rows_of(m)[0]) not in log]
            if not missing:
                continue
            labels = teacher_labels(name, seed, teacher, X_train, y_train, X_test, arguments)
            for method in missing:
                learner = (students() | groups())[student]
                task = Task(X_train, y_train, X_test, teachers()[teacher], learner, labels, student)
                start = time.perf_counter()
                found = METHODS[method](task)
                seconds = time.perf_counter() - start
                if found is None:  # not for this student, teacher or number of classes
                    continue
                for key, outcome in (found if isinstance(found, dict) else {method: found}).items():
                    yield Row(
                        name, seed, teacher, student, key,
                        **scores(y_test, np.unique(y_train), outcome),
                        strength=outcome.strength, note=outcome.note, seconds=seconds,
                        size=outcome.size,
                    )  # fmt: skip


def teacher_labels(
    name: str, seed: int, teacher: str, X: Any, y: Any, X_test: Any, arguments: argparse.Namespace
) -> TeacherLabels:
    """Return what the teacher says; made once and kept in a file."""
    file = KEPT / f"{name}-{arguments.rows}-seed{seed}-{teacher}.npz"
    folds = make_folds(N_FOLDS, X, y, random_state=seed)
    if not file.exists() or arguments.quick:
        model, classes = teachers()[teacher], np.unique(y)
        pool = fit_pool(model, X, y, folds, validation_folds(folds, None))
        model.fit(X, y)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            file,
            in_sample=class_probabilities(model, X, classes),
            out_of_fold=pool.out_of_fold.values,
            pool=pool.as_array(),
            test=class_probabilities(model, X_test, classes),
        )
    with np.load(file) as known:
        return TeacherLabels(list(folds.splits), **known)


def parser() -> argparse.ArgumentParser:
    """Return the options of the command."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.suite", description=__doc__)
    add_common_arguments(options, repeats=3)
    options.add_argument("--rows", type=int, default=ROWS, help="training rows (%(default)s)")
    options.add_argument("--sets", nargs="+", default=list(SETS))
    options.add_argument("--teachers", nargs="+", default=["ensemble"], choices=list(teachers()))
    every = list(students() | groups())
    options.add_argument("--students", nargs="+", default=list(students()), choices=every)
    own = [method for method in METHODS if method not in PEERS]
    options.add_argument("--methods", nargs="+", default=own, choices=list(METHODS))
    options.add_argument("--summary", action="store_true", help="only make the tables anew")
    return options


def measure_all(arguments: argparse.Namespace, log: Log) -> None:
    """Measure what the log does not have yet."""
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    rows = (
        row
        for seed in seeds
        for name in arguments.sets
        for row in measure(name, seed, arguments, log)
    )
    parts = (arguments.sets, seeds, arguments.teachers, arguments.students)
    missing = log.missing(product(*parts, [r for m in arguments.methods for r in rows_of(m)]))
    for row in progress(rows, len(missing), said):
        log.add(row)


def said(row: Row) -> str:
    """Return the line to print of a row."""
    return (
        f"{row.data}, seed {row.seed}, {row.teacher} -> {row.student}, {row.method}: "
        f"{row.log_loss:.4f} ({row.seconds:.0f} s)"
    )


def two_classes() -> list[str]:
    """Return the sets of two classes."""
    made = [name for name, make in MADE.items() if make.keywords["n_classes"] == 2]
    return [name for name, known in RECIPES.items() if known.classes == 2] + made


def measuring(frame: pd.DataFrame, n_rows: int) -> list[str]:
    """Return the commands that measure these rows."""
    given = parser().parse_args([])
    defaults = {
        "data": given.sets,
        "seed": range(given.repeats),
        "teacher": given.teachers,
        "student": given.students,
        "method": given.methods,
    }
    prefix = "python -m benchmarks.suite" + (f" --rows {n_rows}" if n_rows != given.rows else "")
    made_by = {rows_of(method)[0]: method for method in METHODS}
    measured = frame.assign(method=frame["method"].map(made_by)).dropna(subset="method")
    return commands(measured, prefix, defaults)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    arguments = parser().parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows, arguments.repeats = sorted(BUNDLED)[:1], 300, 1
        arguments.teachers, arguments.students = ["lightgbm"], ["tree, 32 leaves"]
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "suite.csv", Row, KEY, fresh=fresh)
    warnings.simplefilter("ignore")  # short logistic fits, columns without names
    if not arguments.summary:
        measure_all(arguments, log)
    frame = log.frame()
    frame = frame[frame["data"].isin(arguments.sets) & frame["teacher"].isin(arguments.teachers)]
    write_page(
        frame,
        folder,
        f"{command_line('suite', argv)} --summary",
        measuring(frame, arguments.rows),
        Known(
            students=list(students()),
            teachers=TEACHERS,
            peers=FACTS,
            two_classes=two_classes(),
            opponents=[row for method in OPPONENTS for row in rows_of(method)],
        ),
        log.measured(frame),
    )


if __name__ == "__main__":
    main()
