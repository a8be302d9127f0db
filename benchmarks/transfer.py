"""``python -m benchmarks.transfer``: what unlabelled rows of the same law are good for.

Students are trained on a thousand labelled rows, with and without rows whose labels nobody looks
at, and judged on others. Beside the defaults, under which a labelled row keeps the correction that
was found for it, stands the doubly robust target: the same strength, given as a number, under which
it answers for the unlabelled rows, too. Nothing is tuned on test rows; the choice between the two
was made on the sets of ``CHOSEN_ON``.
"""

import argparse
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.ratios import HARM, floored_log_loss, in_short
from benchmarks.results import (
    Log,
    Page,
    add_common_arguments,
    command_line,
    folder_of,
    progress,
    say,
)
from benchmarks.strength import CHOSEN_ON, CLEAN, JUDGED_ON, N_FOLDS, students, weak_teachers
from benchmarks.strength import teachers as strong_teachers
from skdistill import DistilledClassifier

METHODS = ("direct", "defaults", "defaults, transfer", "doubly robust, transfer")
N_LABELLED = 1000
FEW = 1000
N_UNLABELLED = (FEW, 4000)
N_TEST = 5000
TEST_SHARE = 0.4
Split = tuple[str, int, int, str]  # set, unlabelled rows, seed, teacher
ABOUT = """\
Test log-loss over that of the same student trained directly on the {labelled:,} labelled rows:
geometric mean / worst cell / share of cells of at most {harm}. Each cell is a set, a seed, a
teacher (forest of 150 trees, LightGBM, a forest of depth 3 that many students are ahead of) and a
student; the unlabelled rows are drawn from the same set. *defaults, transfer*: ``X_transfer``
with ``strength="auto"``, under which labelled rows keep the correction that is found for them;
*doubly robust, transfer*: that strength given as a number, under which each labelled row answers
for (n + N) / n rows. A student whose strength is found to be 1 is trained on its labels alone,
and counts as 1 in all columns. At most {test:,}
test rows; smaller sets have fewer rows of each kind."""


@dataclass(frozen=True)
class Row:
    """One student of one teacher on one split by one method."""

    data: str
    n_transfer: int
    seed: int
    teacher: str
    student: str
    method: str
    log_loss: float
    strength: float


def teachers() -> dict[str, Any]:
    """Return the teachers, a weak one among them."""
    return strong_teachers() | {"forest, depth 3": weak_teachers()["forest, depth 3"]}


def n_labelled(n_rows: int) -> int:
    """Return how many of so many rows that are not tested keep their labels."""
    return min(N_LABELLED, n_rows // 2)


def sizes(name: str, wanted: Sequence[int]) -> list[int]:
    """Return the numbers of unlabelled rows to try: all that are wanted, up to what is left."""
    n_kept = len(load(name)[1]) - math.ceil(TEST_SHARE * len(load(name)[1]))
    return sorted({min(n, n_kept - n_labelled(n_kept)) for n in wanted})


def measure(split: Split, wanted: Sequence[tuple[Any, ...]]) -> Iterator[Row]:
    """Yield the rows of one split and teacher that are not in the log yet."""
    name, n_transfer, seed, teacher = split
    X, y = load(name)
    kept, test, y_kept, y_test = train_test_split(
        X, y, test_size=TEST_SHARE, stratify=y, random_state=seed
    )
    here, there, y_here, _ = train_test_split(
        kept, y_kept, train_size=n_labelled(len(kept)), stratify=y_kept, random_state=seed
    )
    if np.unique(y_here, return_counts=True)[1].min() < N_FOLDS:
        say(f"{name}: skipped, as a class has fewer labelled rows than there are folds")
        return
    X_here, X_test, X_there = encode(here, test[:N_TEST], there[:n_transfer])
    classes = np.unique(y_here)
    seen = np.isin(y_test[:N_TEST], classes)
    truth = np.searchsorted(classes, y_test[:N_TEST][seen])
    blank = DistilledClassifier(
        teachers()[teacher], DecisionTreeClassifier(max_depth=1), strength=0.0, random_state=seed
    )
    without = blank.fit(X_here, y_here)
    beside = DistilledClassifier(**blank.get_params(deep=False))
    beside.fit(X_here, y_here, X_transfer=X_there)
    for student, keys in groupby(wanted, key=lambda key: key[4]):
        learner = students()[student]
        found = without.refit_student(X_here, y_here, student=learner, strength="auto")
        rows = {"student": learner, "X_transfer": X_there}
        for *_, method in keys:
            if method == "direct":
                model = without.refit_student(X_here, y_here, student=learner, strength=1.0)
            elif method == "defaults" or found.strength_ == 1.0:
                model = found
            else:
                strength = "auto" if method == "defaults, transfer" else found.strength_
                model = beside.refit_student(X_here, y_here, strength=strength, **rows)
            loss = floored_log_loss(truth, model.predict_proba(X_test[seen]))
            yield Row(*split, student, method, loss, model.strength_)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per number of unlabelled rows and student, and of parts of the cells."""
    key = ["data", "n_transfer", "seed", "teacher", "student"]
    losses = frame.pivot_table("log_loss", key, "method")
    losses = losses.dropna()
    ratio = losses.div(losses["direct"], axis=0)
    level = ratio.index.get_level_values
    lines = []
    few = level("n_transfer") <= FEW
    for label, these in ((f"at most {FEW:,}", few), ("more", ~few)):
        parts = {name: these & (level("student") == name) for name in students()}
        parts |= {"all": these}
        parts |= {"all, weak teacher": these & (level("teacher") == "forest, depth 3")}
        parts |= {"all, judged on": these & level("data").isin(JUDGED_ON)}
        parts |= {"all, few noisy labels": these & level("data").isin(CLEAN)}
        for part, mask in parts.items():
            if mask.any():
                cells = ratio[mask]
                line = {"unlabelled rows": label, "student": part, "cells": len(cells)}
                line |= {m: in_short(cells[m].to_numpy()) for m in METHODS if m != "direct"}
                lines.append(line)
    return pd.DataFrame(lines)


def _known(names: Sequence[str], frame: pd.DataFrame) -> str:
    """Return which of the sets were measured, in words."""
    measured = set(frame["data"])
    return ", ".join(name for name in names if name in measured) or "none"


def said(row: Row) -> str:
    """Return the line that is printed of a row."""
    return (
        f"{row.data}, {row.n_transfer} rows, seed {row.seed}, {row.teacher} -> {row.student}, "
        f"{row.method}: {row.log_loss:.4f}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, nargs="+", default=list(N_UNLABELLED))
    parser.add_argument("--sets", nargs="+", default=[*CHOSEN_ON, *JUDGED_ON, *CLEAN])
    parser.add_argument("--students", nargs="+", default=list(students()), choices=list(students()))
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows = sorted(BUNDLED)[:1], [100]
        arguments.students = ["tree, 32 leaves"]
    folder = folder_of(arguments)
    key = ("data", "n_transfer", "seed", "teacher", "student", "method")
    log = Log(folder / "raw" / "transfer.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    warnings.simplefilter("ignore")  # short logistic fits
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    splits = [
        (name, n, seed, teacher)
        for name, seed in product(arguments.sets, seeds)
        for n in sizes(name, arguments.rows)
        for teacher in teachers()
    ]
    wanted = [(*s, *m) for s in splits for m in product(arguments.students, METHODS)]
    missing = log.missing(wanted)
    each = groupby(missing, key=lambda cell: cell[:4])
    for row in progress(
        (row for s, keys in each for row in measure(s, list(keys))), len(missing), said
    ):
        log.add(row)
    frame = log.frame()
    table = summary(frame)
    print(table.to_string(index=False))
    about = (
        ABOUT.format(harm=HARM, labelled=N_LABELLED, test=N_TEST),
        (
            "Which of the two is the default was settled on "
            f"{_known(CHOSEN_ON, frame)}; judged on: {_known(JUDGED_ON, frame)}; few noisy labels: "
            f"{_known(CLEAN, frame)}. Sets in which a class has fewer labelled rows than there are "
            "folds are left out."
        ),
    )
    title, command = "Unlabelled rows of the same law", command_line("transfer", argv)
    Page("transfer", title, command, about, measured=log.measured()).write(folder, table)


if __name__ == "__main__":
    main()
