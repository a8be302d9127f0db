"""``python -m benchmarks.shift``: density ratios and transfer rows where the features shift.

The rows of a set are dealt to two sides by a coin whose bias depends on where they lie, so that the
true ratio of the densities is known. Students are trained on labelled rows of one side and judged
on the other, with and without weights (estimated and true) and unlabelled rows from there. Nothing
is tuned on test rows; the default classifier of `skdistill.density_ratio` was settled on the sets
of ``CHOSEN_ON``.
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
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.datasets import BUNDLED, encode, load
from benchmarks.ratios import HARM, floored_log_loss, in_short
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from benchmarks.strength import students, teachers
from skdistill import DistilledClassifier, density_ratio

Floats = NDArray[np.floating[Any]]
Split = tuple[str, int, int, int]  # set, rows, shift, seed
CHOSEN_ON = ("adult", "credit_default", "magic", "wine_quality")
JUDGED_ON = ("bank_marketing", "covertype_10k", "higgs", "satimage")
STUDENTS = ("logistic", "lightgbm 20x8", "lightgbm 50x31", "tree, 32 leaves", "forest of 10")
METHODS = (
    "direct",
    "direct, weights",
    "direct, true weights",
    "defaults",
    "defaults, weights",
    "defaults, true weights",
    "defaults, transfer",
    "defaults, transfer, weights",
)
SHIFTS = (1, 2)
FARTHEST = 3.0  # standard deviations; beyond them the ratio is that of this place
N_TEST = 8000
ABOUT = """\
Test log-loss on rows from elsewhere over that of the same student trained directly without weights:
geometric mean / worst cell / share of cells of at most {harm}. Each cell is a set, a seed and a
student; {rows} labelled rows from one side, up to as many without labels from the other, up to
{test} rows of the other to judge by; the teacher is LightGBM. Which side a row is on is decided by
a coin with the odds exp(shift z), z the first principal component of the standardised features, so
that the true ratio is known. *weights*: `density_ratio` with its defaults; *true weights*: that
ratio, which nobody has; *transfer*: ``X_transfer``. Test rows of a class that the labelled side has
none of are left out."""


@dataclass(frozen=True)
class Row:
    """One student of one shifted set by one method."""

    data: str
    n_rows: int
    shift: int
    seed: int
    student: str
    method: str
    log_loss: float
    strength: float


@dataclass(frozen=True)
class Found:
    """What one classifier finds of the true ratio."""

    data: str
    n_rows: int
    shift: int
    seed: int
    classifier: str
    auc: float
    effective_share: float
    true_share: float
    error: float


@dataclass(frozen=True)
class Sides:
    """Labelled rows of one side, unlabelled and test rows of the other, and the true weights."""

    X: Floats
    y: NDArray[Any]
    true: Floats
    X_target: Floats
    X_test: Floats
    y_test: NDArray[Any]


def classifiers() -> dict[str, Any]:
    """Return what may tell the two sides apart; None is the default."""
    return {
        "default (LightGBM 50x8)": None,
        "LightGBM 100x15": LGBMClassifier(n_estimators=100, num_leaves=15, verbose=-1, n_jobs=1),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        "forest of 150": RandomForestClassifier(150, min_samples_leaf=5, random_state=0),
    }


def deal(name: str, n_rows: int, shift: int, seed: int) -> Sides:
    """Deal the rows of a set to two sides."""
    X, y = load(name)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    X, y = X.iloc[order].reset_index(drop=True), np.asarray(y)[order]
    encoded = np.nan_to_num(encode(X, X[:1])[0])
    z = PCA(1, random_state=0).fit_transform(StandardScaler().fit_transform(encoded))[:, 0]
    z = np.clip(z / z.std(), -FARTHEST, FARTHEST)
    other = rng.random(len(z)) < 1.0 / (1.0 + np.exp(-shift * z))
    here, there = np.flatnonzero(~other)[:n_rows], np.flatnonzero(other)
    half = min(n_rows, len(there) // 2)
    new, test = there[:half], there[half : half + N_TEST]
    true = np.exp(shift * z[here])
    return Sides(
        encoded[here], y[here], true / true.mean(), encoded[new], encoded[test], y[test]
    )  # fmt: skip


def methods(sides: Sides, estimated: Floats) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return settings and metadata of the fit by method."""
    direct: dict[str, Any] = {"strength": 1.0, "calibration": None}
    weights = {"sample_weight": estimated}
    true = {"sample_weight": sides.true}
    transfer = {"X_transfer": sides.X_target}
    given = ({}, weights, true, {}, weights, true, transfer, weights | transfer)
    settings = (direct,) * 3 + ({},) * 5
    return dict(zip(METHODS, zip(settings, given, strict=True), strict=True))


def measure(split: Split, wanted: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    """Yield the rows that are wanted of one shifted set."""
    sides = deal(*split)
    classes = np.unique(sides.y)
    seen = np.isin(sides.y_test, classes)  # a class may live on the other side only
    truth = np.searchsorted(classes, sides.y_test[seen])
    ratio = density_ratio(sides.X, sides.X_target, random_state=split[-1])
    known = methods(sides, ratio.weights)
    with TemporaryDirectory() as memory:
        for *_, student, method in wanted:
            settings, metadata = known[method]
            model = DistilledClassifier(
                teachers()["lightgbm"], students()[student], random_state=split[-1], memory=memory,
                **settings,
            ).fit(sides.X, sides.y, **metadata)  # fmt: skip
            loss = floored_log_loss(truth, model.predict_proba(sides.X_test[seen]))
            yield Row(*split, student, method, loss, model.strength_)


def search(split: Split, wanted: Iterable[tuple[Any, ...]]) -> Iterator[Found]:
    """Yield what the classifiers that are wanted find of the ratio."""
    sides = deal(*split)
    n = len(sides.true)
    true_share = float(n / np.sum(sides.true**2))
    for *_, name in wanted:
        ratio = density_ratio(sides.X, sides.X_target, classifiers()[name], random_state=split[-1])
        error = float(np.mean(np.abs(ratio.weights - sides.true)))
        yield Found(*split, name, ratio.auc, ratio.effective_rows / n, true_share, error)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a line per shift and student."""
    key = ["shift", "data", "n_rows", "seed", "student"]
    loss = frame.pivot_table(index=key, columns="method", values="log_loss").dropna()
    ratio = loss.div(loss["direct"], axis=0)
    names = [name for name in METHODS[1:] if name in ratio]
    lines = []
    for (shift, student), part in ratio.groupby(level=["shift", "student"], sort=False):
        line = {"shift": shift, "student": student, "cells": len(part)}
        lines.append(line | {name: in_short(part[name].to_numpy()) for name in names})
    order = {name: place for place, name in enumerate(dict.fromkeys(frame["student"]))}
    return pd.DataFrame(sorted(lines, key=lambda line: (line["shift"], order[line["student"]])))


def classifier_summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the means by shift and classifier, of the sets the default was settled on apart."""
    sets = frame["data"].isin(CHOSEN_ON).map({True: "settled on", False: "others"})
    means = (
        frame.assign(sets=sets)
        .groupby(["sets", "shift", "classifier"], sort=False)[
            ["auc", "effective_share", "true_share", "error"]
        ]
        .mean()
    )
    return means.reset_index().rename(
        columns={
            "auc": "AUC",
            "effective_share": "effective rows",
            "true_share": "by the true ratio",
            "error": "mean error of a weight",
        }
    )


def fill(log: Log, cells: list[tuple[Any, ...]], measure: Any, text: Any) -> None:
    """Measure the cells that are not in the log yet, one shifted set after the other."""
    missing = log.missing(cells)
    splits = groupby(missing, key=lambda cell: cell[:4])
    rows = (row for split, wanted in splits for row in measure(split, wanted))
    for row in progress(rows, len(missing), text):
        log.add(row)


def said(row: Row) -> str:
    """Return the line that is printed of a row."""
    return (
        f"{row.data}, shift {row.shift}, seed {row.seed}, {row.student}, {row.method}: "
        f"{row.log_loss:.4f}"
    )


def found_said(row: Found) -> str:
    """Return the line that is printed of a classifier."""
    return f"{row.data}, shift {row.shift}, seed {row.seed}, {row.classifier}: AUC {row.auc:.3f}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shift", description=__doc__)
    add_common_arguments(parser, repeats=2)
    parser.add_argument("--rows", type=int, default=3000, help="labelled rows (%(default)s)")
    parser.add_argument("--sets", nargs="+", default=[*CHOSEN_ON, *JUDGED_ON])
    parser.add_argument("--shifts", nargs="+", type=int, default=list(SHIFTS))
    parser.add_argument("--students", nargs="+", default=list(STUDENTS), choices=list(students()))
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows, arguments.repeats = sorted(BUNDLED)[:1], 300, 1
        arguments.students, arguments.shifts = ["logistic"], [1]
    folder = folder_of(arguments)
    fresh = arguments.fresh or arguments.quick
    cell = ("data", "n_rows", "shift", "seed")
    log = Log(folder / "raw" / "shift.csv", Row, (*cell, "student", "method"), fresh=fresh)
    found = Log(folder / "raw" / "shift_ratios.csv", Found, (*cell, "classifier"), fresh=fresh)
    warnings.simplefilter("ignore")  # short logistic fits, few effective rows
    seeds = range(arguments.seed, arguments.seed + arguments.repeats)
    splits = list(product(arguments.sets, [arguments.rows], arguments.shifts, seeds))
    wanted = [(*split, name) for split in splits for name in classifiers()]
    fill(found, wanted, search, found_said)
    fill(
        log, [(*s, *m) for s in splits for m in product(arguments.students, METHODS)], measure, said
    )
    table = summary(log.frame())
    print(table.to_string(index=False))
    about = (
        ABOUT.format(harm=HARM, rows=f"{arguments.rows:,}", test=f"{N_TEST:,}"),
        (
            f"Sets: {', '.join(arguments.sets)}. The default classifier was settled on "
            f"{', '.join(CHOSEN_ON)}."
        ),
    )
    days = (*log.measured(), *found.measured())
    Page(
        name="shift",
        title="Shifted features: density ratios and transfer rows",
        command=command_line("shift", argv),
        about=about,
        measured=(min(days), max(days)),
    ).write(folder, table, ("What classifiers find", classifier_summary(found.frame())))


if __name__ == "__main__":
    main()
