"""``python -m benchmarks.rare``: classes of a dozen rows, and sets of tiny losses.

For every set, seed, teacher and student the test log-loss of the defaults and of the honest choice,
beside the student trained directly; for LightGBM also beside the one trained directly with the
bound on its steps that distilled boosting has. Nothing is tuned on test rows; the bound was chosen
on tables of the same kind with other seeds.
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
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.made import MADE
from benchmarks.ratios import HARM, floored_log_loss, in_short
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.strength import sizes, students, teachers
from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.students.base import LONGEST_STEP

SETS = (*MADE, "digits", "letter")
STUDENTS = (
    "lightgbm 20x8",
    "lightgbm 50x31",
    "lightgbm 200x31",
    "tree, 32 leaves",
    "forest of 10",
    "logistic",
)
DIRECT, BOUNDED = "direct", "direct, step bounded"
METHODS = (BOUNDED, "defaults", "honest")
N_TEST = 9000
ABOUT = """\
Test log-loss (probabilities below .001 count as .001) over that of the same student trained
directly: geometric mean / worst cell / share of cells of at most {harm}. Each cell is a set, a
seed, a teacher and a student; {rows} training rows (70% of a smaller set). In the sets *rare_K* of
K classes half of the classes have 12 of 4,000 rows each; without noise every label is a function of
the features, in the *noisy* ones 5% of the labels are mixed among themselves
(``benchmarks.made``). *{bounded}*: LightGBM trained directly with ``max_delta_step={step:g}``, the
bound that distilled boosting has; what follows in brackets are the ratios to it. *strength*: the
median that the defaults found."""
FOUND = """\
The bound alone is what helps where LightGBM on labels runs away: distilled boosting has it, the
student that is trained directly, at a strength of 1, has not. So on *rare_10*, where nothing is
found to distil, ``max_delta_step`` of one's own would be worth more than a third of the loss."""
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


def learners(teacher: Any, student: Any, seed: int, memory: str) -> dict[str, Any]:
    """Return what is compared, by name; the fold teachers are fitted once and found again."""
    common = {"random_state": seed, "memory": memory}
    found = {
        DIRECT: DistilledClassifier(teacher, student, strength=1.0, calibration=None, **common),
        "defaults": DistilledClassifier(teacher, student, **common),
        "honest": DistilledClassifierCV(teacher, student, student_calibration=None, **common),
    }
    if type(student).__module__.startswith("lightgbm"):
        bounded = clone(student).set_params(max_delta_step=LONGEST_STEP)
        found[BOUNDED] = clone(found[DIRECT]).set_params(student=bounded)
    return found


def cells(arguments: argparse.Namespace) -> Iterator[Key]:
    """Yield what the command asks for, by set and seed."""
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    for name in arguments.sets:
        n_rows = sizes(name, [arguments.rows])
        every = (DIRECT, *arguments.methods)
        for key in product([name], n_rows, seeds, arguments.teachers, arguments.students, every):
            if key[-1] != BOUNDED or key[-2].startswith("lightgbm"):
                yield key


def measure(name: str, n_train: int, seed: int, wanted: Iterable[Key]) -> Iterator[Row]:
    """Yield the rows that are wanted of one set and seed."""
    X, y = load(name)
    split = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
    X_train, X_test = encode(*split[:2])
    truth = np.searchsorted(np.unique(split[2]), split[3][:N_TEST])
    with TemporaryDirectory() as memory:
        for key in wanted:
            teacher, student, method = teachers()[key[3]], students()[key[4]], key[5]
            model = learners(teacher, student, seed, memory)[method].fit(X_train, split[2])
            loss = floored_log_loss(truth, model.predict_proba(X_test[:N_TEST]))
            yield Row(*key, loss, model.strength_)


def summary(frame: pd.DataFrame, of: str) -> pd.DataFrame:
    """Return a line per value of the column `of`, and for all of them."""
    key = ["data", "n_rows", "seed", "teacher", "student"]
    loss = frame.pivot_table(index=key, columns="method", values="log_loss")
    loss = loss[loss[DIRECT].notna()]
    strength = frame[frame["method"] == "defaults"].set_index(key)["strength"].reindex(loss.index)
    values = loss.index.get_level_values(of)
    parts = {name: values == name for name in dict.fromkeys(values)}
    lines = []
    for name, mask in (parts | {"all": np.ones(len(loss), dtype=bool)}).items():
        line: dict[str, Any] = {of: name, "cells": int(mask.sum())}
        for method in (each for each in METHODS if each in loss):
            ratio = [
                (loss.loc[mask, method] / loss.loc[mask, base]).dropna().to_numpy()
                for base in (DIRECT, BOUNDED)
                if {method, base} <= set(loss) and method != base
            ]
            said = [in_short(each) for each in ratio if len(each)]
            line[method] = said[0] + (f" ({said[1]})" if len(said) > 1 else "") if said else ""
        line["strength"] = float(strength[mask].median())
        lines.append(line)
    return pd.DataFrame(lines)


def counted(frame: pd.DataFrame) -> str:
    """Return in how many cells each method was measured."""
    counts = frame["method"].value_counts()
    listed = ", ".join(f"*{method}* in {counts[method]}" for method in METHODS if method in counts)
    return f"Measured: {listed} of {counts[DIRECT]} cells."


def said(row: Row) -> str:
    """Return the line that is printed of a row."""
    return (
        f"{row.data}, seed {row.seed}, {row.teacher} -> {row.student}, {row.method}: "
        f"{row.log_loss:.4f}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rare", description=__doc__)
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, default=4000, help="training rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--teachers", nargs="+", default=["forest"], choices=list(teachers()))
    parser.add_argument("--students", nargs="+", default=list(STUDENTS), choices=list(students()))
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows = sorted(BUNDLED)[:1], 300
        arguments.students = ["lightgbm 20x8"]
    folder = folder_of(arguments)
    key = ("data", "n_rows", "seed", "teacher", "student", "method")
    log = Log(folder / "raw" / "rare.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    warnings.simplefilter("ignore")  # rare classes, short logistic fits
    missing = log.missing(cells(arguments))
    splits = groupby(missing, key=lambda cell: cell[:3])
    rows = (row for split, wanted in splits for row in measure(*split, wanted))
    for row in progress(rows, len(missing), said):
        log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = summary(shown, "data")
    print(table.to_string(index=False))
    Page(
        name="rare",
        title="Classes of a dozen rows, and tiny losses",
        command=command_line("rare", argv),
        about=(
            ABOUT.format(harm=HARM, rows=f"{arguments.rows:,}", bounded=BOUNDED, step=LONGEST_STEP),
        ),
        notes=(FOUND,),
        measured=log.measured(shown),
    ).write(folder, table, ("By student", summary(shown, "student")))


if __name__ == "__main__":
    main()
