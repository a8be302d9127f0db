"""``python -m benchmarks.quantiles``: intervals of distilled students, and of direct ones.

For every table, seed, teacher and student: the pinball loss of the students of three quantiles on
test rows, and how often their interval holds what was observed there; trained directly, and by the
defaults of `DistilledQuantiles`. No constant was chosen on these tables.
"""

import argparse
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.linear_model import QuantileRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.numbers import NUMBERS, Split, split_numbers
from benchmarks.ratios import HARM, in_short
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledQuantiles

Key = tuple[str, int, int, str, str]  # set, rows, seed, teacher, student
LEVELS = (0.05, 0.5, 0.95)
N_TEST = 8000
TEACHERS = ("boosting", "quantile forest")
STUDENTS = ("linear", "lightgbm 20x8", "lightgbm 50x31")
SETS = (
    "abalone", "california_housing", "diamonds", "wine_quality", "friedman1", "friedman2_heavy",
    "friedman3_noisy", "linear",
)  # fmt: skip
ABOUT = f"""\
Students of the quantiles at {", ".join(f"{level:g}" for level in LEVELS)}. *loss*: pinball loss of
test rows, the mean over levels, over that of the same students trained directly: geometric mean /
worst cell / share of cells of at most {HARM}. *covered*: share of test rows within the outermost
quantiles, nominally 90%: mean / lowest; of the teacher out of fold, of direct students and of
distilled ones. *width*: of the distilled students' interval over that of the direct ones, geometric
mean. Teachers: LightGBM of 200 trees of 15 leaves for each quantile; a quantile forest of 300 trees
(package quantile-forest)."""


@dataclass(frozen=True)
class Row:
    """The students of one teacher, trained in one way."""

    data: str
    n_rows: int
    seed: int
    teacher: str
    student: str
    method: str
    loss: float
    covered: float
    width: float
    taught: float  # share of rows that the teacher's interval held, out of fold
    strength: float  # mean over levels


def boosted(trees: int, leaves: int, **others: Any) -> Any:
    """Return a booster of a quantile."""
    how = {"objective": "quantile", "verbose": -1, "n_jobs": 1}
    return lightgbm.LGBMRegressor(n_estimators=trees, num_leaves=leaves, **how, **others)


def teacher_of(name: str) -> Any:
    """Return a teacher; the quantile forest is imported where it is used."""
    if name == "boosting":
        return boosted(200, 15, learning_rate=0.05, colsample_bytree=0.8, random_state=0)
    from quantile_forest import RandomForestQuantileRegressor

    return RandomForestQuantileRegressor(300, min_samples_leaf=5, max_features=0.5, random_state=0)


def students() -> dict[str, Any]:
    """Return the students."""
    linear = make_pipeline(StandardScaler(), QuantileRegressor(alpha=1e-4))
    return dict(zip(STUDENTS, (linear, boosted(20, 8), boosted(50, 31)), strict=True))


def measure(wanted: Iterable[Key]) -> Iterator[list[Row]]:
    """Yield the rows of each cell; the teachers of a split are fitted once for all students."""
    for (name, n_rows, seed, teacher), keys in groupby(wanted, key=lambda key: key[:4]):
        split = split_numbers(name, n_rows, seed)
        how = {"quantiles": LEVELS, "random_state": seed}
        first = DistilledQuantiles(teacher_of(teacher), boosted(2, 2), strength=0.0, **how)
        taught = first.fit(split.X, split.y)
        for key in keys:
            yield list(of_cell(key, split, students()[key[4]], taught))


def of_cell(key: Key, split: Split, student: Any, taught: DistilledQuantiles) -> Iterator[Row]:
    """Yield the rows of students trained directly and distilled."""
    for method, settings in (("direct", {"strength": 1.0, "calibration": None}), ("distilled", {})):
        model = DistilledQuantiles(
            None, student, quantiles=LEVELS, random_state=key[2], **settings
        ).fit(split.X, split.y, teacher_quantiles=taught.teacher_quantiles_)
        found = model.coverage(split.X_test[:N_TEST], split.y_test[:N_TEST])
        of_teacher = taught.report_.teacher.interval
        told = found.loss, found.interval, found.width, of_teacher
        yield Row(*key, method, *told, float(np.mean(model.strengths_)))


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each teacher and student, and for all of them."""
    key = ["data", "n_rows", "seed", "teacher", "student"]
    values = ["loss", "covered", "width", "taught", "strength"]
    wide = frame.pivot_table(index=key, columns="method", values=values).dropna()
    cells = wide.index.to_frame()
    lines = []
    for teacher, student in [*product(TEACHERS, STUDENTS), ("all", "all")]:
        mask = (teacher == "all") | (cells["teacher"] == teacher) & (cells["student"] == student)
        part = wide[np.broadcast_to(mask, len(wide))]
        if part.empty:
            continue
        ratio = {name: (part[name]["distilled"] / part[name]["direct"]) for name in values[:3]}
        line: dict[str, Any] = {"teacher": teacher, "student": student, "cells": len(part)}
        line["loss"] = in_short(ratio["loss"].to_numpy())
        for name, shares in (
            ("covered, teacher", part["taught"]["direct"]),
            ("covered, direct", part["covered"]["direct"]),
            ("covered, distilled", part["covered"]["distilled"]),
        ):
            line[name] = f"{shares.mean():.1%} / {shares.min():.1%}"
        line["width"] = f"{np.exp(np.log(ratio['width']).mean()):.3f}"
        line["strength"] = f"{part['strength']['distilled'].mean():.2f}"
        lines.append(line)
    return pd.DataFrame(lines)


def cells(arguments: argparse.Namespace) -> Iterator[Key]:
    """Yield what the command asks for, by set, seed and teacher."""
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    every = arguments.sets, [arguments.rows], seeds, arguments.teachers, arguments.students
    yield from product(*every)


def said(rows: Sequence[Row]) -> str:
    """Return the line that is printed of a cell."""
    direct, distilled = rows
    return (
        f"{direct.data}, {direct.teacher} -> {direct.student}: {distilled.loss / direct.loss:.3f}, "
        f"covered {direct.covered:.1%} -> {distilled.covered:.1%}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quantiles", description=__doc__)
    add_common_arguments(parser, repeats=2)
    parser.add_argument("--rows", type=int, default=1000, help="training rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=sorted(NUMBERS))
    parser.add_argument("--teachers", nargs="+", default=list(TEACHERS), choices=TEACHERS)
    parser.add_argument("--students", nargs="+", default=list(STUDENTS), choices=STUDENTS)
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows, arguments.repeats = ["diabetes"], 200, 1
        arguments.teachers, arguments.students = ["boosting"], ["lightgbm 20x8"]
    folder = folder_of(arguments)
    key = ("data", "n_rows", "seed", "teacher", "student", "method")
    log = Log(folder / "raw" / "quantiles.csv", Row, key, fresh=arguments.fresh or arguments.quick)
    warnings.simplefilter("ignore")  # linear programs that stop
    missing = [cell for cell in cells(arguments) if (*cell, "distilled") not in log]
    for rows in progress(measure(missing), len(missing), said):
        for row in rows:
            log.add(row)
    frame = log.frame()
    shown = frame[frame["data"].isin(arguments.sets)]
    table = summary(shown)
    print(table.to_string(index=False))
    Page(
        name="quantiles",
        title="Intervals",
        command=command_line("quantiles", argv),
        about=(ABOUT, f"{arguments.rows:,} training rows. Sets: {', '.join(arguments.sets)}."),
        measured=log.measured(shown),
    ).write(folder, table)


if __name__ == "__main__":
    main()
