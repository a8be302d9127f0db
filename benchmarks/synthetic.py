"""``python -m benchmarks.synthetic``: what synthetic rows do, by defaults and as candidates.

For every set, seed, teacher and student the test log-loss of the defaults and of the honest choice
is measured with and without synthetic rows, beside the student trained directly. Nothing is tuned
on test rows; the defaults of `skdistill.Munge` were settled on the sets of ``CHOSEN_ON``.
"""

import argparse
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.ratios import HARM, floored_log_loss, in_short
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.strength import (
    CHOSEN_ON,
    CLEAN,
    JUDGED_ON,
    sizes,
    students,
    teachers,
)
from skdistill import DistilledClassifier, DistilledClassifierCV

STUDENTS = (
    "forest of 10",
    "forest of 40",
    "tree, 32 leaves",
    "logistic",
    "lightgbm 20x8",
    "lightgbm 50x31",
    "lightgbm 200x31",
)
METHODS = ("defaults", "defaults, synthetic", "honest", "honest, synthetic")
N_TEST = 8000
ABOUT = """\
Test log-loss over that of the same student trained directly: geometric mean / worst cell / share of
cells of at most {harm}. Each cell is a set, a seed, a teacher (forest of 150 trees, LightGBM) and a
student; {rows} training rows (70% of a smaller set). *defaults*: DistilledClassifier; *synthetic*
with ``synthetic="munge"``, which is left out where the strength is found to be 1. *honest*:
DistilledClassifierCV; *synthetic* with ``synthetics=(None, "munge")``, candidates with and without
the rows. *chosen*: how often the honest choice was a student fitted on synthetic rows."""


Key = tuple[str, int, int, str, str, str]  # set, rows, seed, teacher, student, method


@dataclass(frozen=True)
class Row:
    """One student of one teacher by one method."""

    data: str
    n_rows: int
    seed: int
    teacher: str
    student: str
    method: str
    log_loss: float
    strength: float
    n_synthetic: int


def learners(teacher: Any, student: Any, seed: int, memory: str) -> dict[str, Any]:
    """Return what is compared, by name; the fold teachers are fitted once and found again."""
    common = {"random_state": seed, "memory": memory}
    plain = {"student_calibration": None}
    return {
        "direct": DistilledClassifier(teacher, student, strength=1.0, calibration=None, **common),
        "defaults": DistilledClassifier(teacher, student, **common),
        "defaults, synthetic": DistilledClassifier(teacher, student, synthetic="munge", **common),
        "honest": DistilledClassifierCV(teacher, student, **common, **plain),
        "honest, synthetic": DistilledClassifierCV(
            teacher, student, synthetics=(None, "munge"), **common, **plain
        ),
    }


def cells(arguments: argparse.Namespace) -> Iterator[Key]:
    """Yield what the command asks for, by set and seed."""
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    for name in arguments.sets:
        n_rows = sizes(name, [arguments.rows])
        every = ("direct", *METHODS)
        yield from product([name], n_rows, seeds, arguments.teachers, arguments.students, every)


def measure(name: str, n_train: int, seed: int, wanted: Iterable[Key]) -> Iterator[Row]:
    """Yield the rows that are wanted of one set and seed."""
    X, y = load(name)
    split = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
    X_train, X_test = encode(*split[:2])
    X_test = X_test[:N_TEST]
    truth = np.searchsorted(np.unique(split[2]), split[3][:N_TEST])
    with TemporaryDirectory() as memory:
        for key in wanted:
            teacher, student, method = teachers()[key[3]], students()[key[4]], key[5]
            model = learners(teacher, student, seed, memory)[method].fit(X_train, split[2])
            loss = floored_log_loss(truth, model.predict_proba(X_test))
            yield Row(*key, loss, model.strength_, model.report_.n_synthetic)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per student, and for all of them."""
    key = ["data", "n_rows", "seed", "teacher", "student"]
    loss = frame.pivot_table(index=key, columns="method", values="log_loss").dropna()
    ratio = loss.div(loss["direct"], axis=0)
    made = frame.pivot_table(index=key, columns="method", values="n_synthetic").loc[loss.index]
    student = loss.index.get_level_values("student")
    held_out = ~loss.index.get_level_values("data").isin(CHOSEN_ON)
    parts = {name: student == name for name in dict.fromkeys(student)}
    everything = np.ones(len(loss), dtype=bool)
    parts |= {"all": everything, "all, other sets than those chosen on": held_out}
    lines = []
    for name, mask in parts.items():
        line: dict[str, Any] = {"student": name, "cells": int(mask.sum())}
        for method in METHODS:
            values = ratio.loc[mask, method].to_numpy()
            if len(values):
                line[method] = in_short(values)
        line["chosen"] = f"{np.mean(made.loc[mask, 'honest, synthetic'] > 0):.0%}"
        lines.append(line)
    return pd.DataFrame([line for line in lines if line["cells"]])


def said(row: Row) -> str:
    """Return the line that is printed of a row."""
    return (
        f"{row.data}, seed {row.seed}, {row.teacher} -> {row.student}, {row.method}: "
        f"{row.log_loss:.4f}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synthetic", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, default=3000, help="training rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=[*CHOSEN_ON, *JUDGED_ON, *CLEAN])
    parser.add_argument("--teachers", nargs="+", default=list(teachers()), choices=list(teachers()))
    parser.add_argument("--students", nargs="+", default=list(STUDENTS), choices=list(students()))
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows = sorted(BUNDLED)[:1], 300
        arguments.teachers, arguments.students = ["lightgbm"], ["tree, 32 leaves"]
    folder = folder_of(arguments)
    key = ("data", "n_rows", "seed", "teacher", "student", "method")
    log = Log(folder / "raw" / "synthetic.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    warnings.simplefilter("ignore")  # short logistic fits, rows left out
    missing = log.missing(cells(arguments))
    splits = groupby(missing, key=lambda cell: cell[:3])
    rows = (row for split, wanted in splits for row in measure(*split, wanted))
    for row in progress(rows, len(missing), said):
        log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = summary(shown)
    print(table.to_string(index=False))
    Page(
        name="synthetic",
        title="Synthetic rows",
        command=command_line("synthetic", argv),
        about=(
            ABOUT.format(harm=HARM, rows=f"{arguments.rows:,}"),
            (
                f"Sets: {', '.join(arguments.sets)}. `Munge`'s defaults were settled on trials "
                f"with {', '.join(CHOSEN_ON)}."
            ),
        ),
        measured=log.measured(shown),
    ).write(folder, table)


if __name__ == "__main__":
    main()
