"""Which calibration of the teacher serves the student best, for two classes and for more.

For every set, seed and teacher the out-of-fold probabilities are made once; each student is then
refitted with every calibration at three strengths (0, .5 and what ``strength="auto"`` finds). The
score is the test log-loss divided by that of the same student trained on the labels.

A default must be chosen on other data than it is judged on: each set is judged with the calibration
that does best on all other sets with as few or as many classes.
"""

import argparse
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from benchmarks.datasets import encode, load
from benchmarks.ratios import HARM, geometric_mean, lifted
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledClassifier
from skdistill._ground.metrics import log_loss
from skdistill.teaching.calibration import calibrate

__all__ = ["Cell", "main", "summary"]

BINARY = ("adult", "magic", "bank_marketing", "credit_default", "churn", "higgs")
MULTICLASS = ("satimage", "wine_quality", "covertype_10k", "digits", "letter")
MANY_CLASSES = 10  # sets with more get half of the rows: every row is copied once per class
N_FOLDS = 5
TEST_ROWS = 5000
STRENGTHS = ("0", "0.5", "auto")
COMPARED = (None, "isotonic", "sigmoid", "temperature")  # "stacked" is judged by the suite
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """One student; a row of the raw table.

    Attributes
    ----------
    data, seed, teacher, student : str or int
        What was fitted on what.
    calibration, rule : str
        Of the teacher; how the strength was found.
    n_classes : int
        Number of classes.
    strength : float
        The strength used.
    teacher_loss : float
        Log-loss of the calibrated teacher out of fold, each fold calibrated on the others.
    loss, direct : float
        Test log-loss of the distilled and of the direct student, probabilities lifted to .001.
    sharp_loss, sharp_direct : float
        The same without the lift.
    """

    data: str
    seed: int
    teacher: str
    student: str
    calibration: str
    rule: str
    n_classes: int
    strength: float
    teacher_loss: float
    loss: float
    direct: float
    sharp_loss: float
    sharp_direct: float


@dataclass(frozen=True)
class Split:
    """Training and test rows of a set, as numbers; labels as class indices."""

    X: Floats
    y: NDArray[np.int64]
    X_test: Floats
    y_test: NDArray[np.int64]

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.y.max()) + 1

    def scores(self, p: Floats) -> tuple[float, float]:
        """Return the log-loss of test probabilities, lifted to .001 and as they are."""
        truth = np.eye(self.n_classes)[self.y_test]
        return log_loss(truth, lifted(p)), log_loss(truth, p)


def teachers(seed: int, trees: int) -> dict[str, Any]:
    """Return the teachers; the average of the two costs nothing more."""
    return {
        "forest": RandomForestClassifier(trees, random_state=seed),
        "LightGBM": lightgbm.LGBMClassifier(n_estimators=trees // 2, verbose=-1, n_jobs=1),
    }


def students(seed: int) -> dict[str, Any]:
    """Return the students."""

    def boosting(trees: int, leaves: int) -> Any:
        return lightgbm.LGBMClassifier(n_estimators=trees, num_leaves=leaves, verbose=-1, n_jobs=1)

    return {
        "tree, 32 leaves": DecisionTreeClassifier(max_leaf_nodes=32, random_state=seed),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
        "LightGBM 20x8": boosting(20, 8),
        "LightGBM 50x31": boosting(50, 31),
        "forest of 10": RandomForestRegressor(10, random_state=seed),
    }


def split(name: str, seed: int, rows: int) -> Split:
    """Return training and test rows of a set."""
    X, y = load(name)
    y = np.unique(y, return_inverse=True)[1]
    n_train = min(rows // (2 if y.max() >= MANY_CLASSES else 1), int(0.7 * len(y)))
    X, X_test, y, y_test = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
    X, X_test = encode(X, X_test[:TEST_ROWS])
    return Split(X, y, X_test, y_test[:TEST_ROWS])


def measure(name: str, seed: int, rows: int, trees: int, log: Log) -> Iterator[Cell]:
    """Yield the cells of one set and seed that are not in the log yet."""
    names = [*teachers(seed, trees), "average"]
    wanted = {
        (teacher, student): missing
        for student in students(seed)
        for teacher in names
        if (missing := _missing(log, name, seed, teacher, student))
    }
    if not wanted:
        return
    data = split(name, seed, rows)
    given = {key: _out_of_fold(each, data, seed) for key, each in teachers(seed, trees).items()}
    given["average"] = np.mean(list(given.values()), axis=0)
    direct = {}
    for (teacher, student), missing in wanted.items():
        base = _distilled(None, seed).fit(data.X, data.y, teacher_proba=given[teacher])
        learner = students(seed)[student]
        if student not in direct:
            hard = base.refit_student(data.X, data.y, student=learner, strength=1.0)
            direct[student] = data.scores(hard.predict_proba(data.X_test))
        base = base.set_params(student=learner)
        loss, sharp = direct[student]
        cell = Cell(
            name, seed, teacher, student, "", "", data.n_classes, 0.0, 0.0, 0.0, loss, 0.0, sharp
        )
        for method, rules in missing.items():
            yield from _cells(base, data, cell, method, rules)


def _missing(log: Log, *key: Any) -> dict[str, list[str]]:
    """Return the strengths still to be measured, by calibration."""
    wanted = {
        str(method): [rule for rule in STRENGTHS if (*key, str(method), rule) not in log]
        for method in COMPARED
    }
    return {method: rules for method, rules in wanted.items() if rules}


def _cells(
    base: DistilledClassifier,
    data: Split,
    cell: Cell,
    method: str,
    rules: list[str],
) -> Iterator[Cell]:
    """Yield the cells of one calibration."""
    calibration = None if method == "None" else method
    one_hot, raw = np.eye(data.n_classes)[data.y], base.teacher_proba_
    cell = replace(cell, teacher_loss=_calibrated_loss(calibration, one_hot, raw, data.y))
    for rule in rules:
        wanted = rule if rule == "auto" else float(rule)
        model = base.refit_student(data.X, data.y, strength=wanted, calibration=calibration)
        strength = model.strength_
        loss, sharp = data.scores(model.predict_proba(data.X_test))
        yield replace(
            cell, calibration=method, rule=rule, strength=strength, loss=loss, sharp_loss=sharp
        )


def _distilled(teacher: Any, seed: int) -> DistilledClassifier:
    """Return an estimator whose student costs nothing: it is there for the teacher's pass."""
    stump = DecisionTreeClassifier(max_depth=1)
    return DistilledClassifier(teacher, stump, cv=N_FOLDS, strength=0.0, random_state=seed)


def _out_of_fold(teacher: Any, data: Split, seed: int) -> Floats:
    """Return the teacher's out-of-fold probabilities, shape (n, K)."""
    return _distilled(teacher, seed).fit(data.X, data.y).teacher_proba_


def _calibrated_loss(
    method: str | None, one_hot: Floats, raw: Floats, y: NDArray[np.int64]
) -> float:
    """Return the log-loss of calibrated out-of-fold probabilities, on rows they were not fitted."""
    p = np.empty_like(raw)
    for train, test in StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(raw, y):
        p[test] = calibrate(method, one_hot[train], raw[train]).transform(raw[test])
    return log_loss(one_hot, lifted(p))


def summary(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the loss over the direct student's per number of classes, strength, calibration."""
    lines = []
    groups = cells.assign(classes=_kind(cells)).groupby(["classes", "rule", "calibration"])
    for (classes, rule, calibration), rows in groups:
        ratio = _ratio(rows)
        other = ratio[~rows["student"].str.startswith("forest")]
        lines.append(
            {
                "classes": classes,
                "strength": rule,
                "calibration": calibration,
                "geometric mean": geometric_mean(ratio),
                "worst": float(ratio.max()),
                f"share <= {HARM}": float((ratio <= HARM).mean()),
                "mean, no forests": geometric_mean(other),
                "worst, no forests": float(other.max()),
                "share, no forests": float((other <= HARM).mean()),
                "cells": len(rows),
            }
        )
    return pd.DataFrame(lines)


def by_student(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the geometric mean per student at the strength "auto" and 0."""
    return _pivot(cells[cells["rule"] != "0.5"], ["classes", "rule", "student"])


def by_set(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the geometric mean per set at the strength "auto"."""
    return _pivot(cells[cells["rule"] == "auto"], ["classes", "data"])


def by_teacher(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the geometric mean per teacher at the strength "auto"."""
    return _pivot(cells[cells["rule"] == "auto"], ["classes", "teacher"])


def teacher_losses(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the teacher's calibrated out-of-fold log-loss over the uncalibrated one."""
    once = cells.drop_duplicates(["data", "seed", "teacher", "calibration"])
    wide = once.assign(classes=_kind(once)).pivot_table(
        "teacher_loss", ["classes", "teacher", "data", "seed"], "calibration"
    )
    ratio = np.log(wide.div(wide["None"], axis=0))
    return np.exp(ratio.groupby(["classes", "teacher"]).mean()).reset_index()


def left_out(cells: pd.DataFrame) -> pd.DataFrame:
    """Return, per number of classes, the loss with the calibration chosen on the other sets."""
    lines = []
    chosen_by: dict[str, Callable[[pd.Series], float]] = {
        "mean": lambda log_ratio: log_ratio.mean(),
        "worst": lambda log_ratio: log_ratio.max(),
    }
    automatic = cells[cells["rule"] == "auto"]
    for classes, rows in automatic.groupby(_kind(automatic)):
        log_ratio = np.log(_ratio(rows))
        if rows["data"].nunique() < 2:
            continue
        for name, score in chosen_by.items():
            judged, choices = [], []
            for data in rows["data"].unique():
                others = rows["data"] != data
                scores = log_ratio[others].groupby(rows["calibration"][others]).agg(score)
                choices.append(str(scores.idxmin()))
                judged.append(log_ratio[~others & (rows["calibration"] == choices[-1])])
            ratio = np.exp(pd.concat(judged))
            counts = pd.Series(choices).value_counts()
            lines.append(
                {
                    "classes": classes,
                    "chosen by": name,
                    "choices": ", ".join(f"{key} {n}" for key, n in counts.items()),
                    "geometric mean": geometric_mean(ratio),
                    "worst": float(ratio.max()),
                    f"share <= {HARM}": float((ratio <= HARM).mean()),
                }
            )
    return pd.DataFrame(lines)


def _pivot(cells: pd.DataFrame, index: list[str]) -> pd.DataFrame:
    table = cells.assign(classes=_kind(cells), ratio=_ratio(cells))
    return table.pivot_table("ratio", index, "calibration", aggfunc=geometric_mean).reset_index()


def _kind(cells: pd.DataFrame) -> pd.Series:
    return cells["n_classes"].map(lambda n: "2" if n == 2 else "more")


def _ratio(cells: pd.DataFrame) -> pd.Series:
    return cells["loss"] / cells["direct"]


def said(cell: Cell) -> str:
    """Return the line that is printed of a cell."""
    return (
        f"{cell.data}, seed {cell.seed}, {cell.teacher} -> {cell.student}, {cell.calibration}, "
        f"strength {cell.rule}: {cell.loss:.4f}"
    )


def main(argv: list[str] | None = None) -> None:
    """Measure what is missing, print and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--sets", nargs="+", default=[*MULTICLASS, *BINARY])
    parser.add_argument("--rows", type=int, default=3000, help="training rows (%(default)s)")
    parser.add_argument("--trees", type=int, default=100, help="of the forest (%(default)s)")
    add_common_arguments(parser, repeats=2)
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.sets, arguments.rows = ["breast_cancer"], 200
        arguments.trees, arguments.repeats = 10, 1
    folder = folder_of(arguments)
    log = Log(
        folder / "raw" / "calibration.csv",
        Cell,
        ("data", "seed", "teacher", "student", "calibration", "rule"),
        fresh=arguments.fresh or arguments.quick,
    )
    splits = list(
        product(range(arguments.seed, arguments.seed + arguments.repeats), arguments.sets)
    )
    given = arguments.rows, arguments.trees, log
    rows = (cell for seed, name in splits for cell in measure(name, seed, *given))
    cells = product([*teachers(0, 2), "average"], students(0), map(str, COMPARED), STRENGTHS)
    missing = log.missing((name, seed, *cell) for (seed, name), cell in product(splits, cells))
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few logistic iterations, twins among the rows
        for cell in progress(rows, len(missing), said):
            log.add(cell)
    _report(log, folder, command_line("calibration", argv))


def _report(log: Log, folder: Any, command: str) -> None:
    """Print the main table and write all."""
    cells = log.frame().fillna({"calibration": "None"})
    table = summary(cells)
    print(table.to_string(index=False))
    others = {
        "A default chosen on the other sets, judged on each (strength auto)": left_out(cells),
        "By student": by_student(cells),
        "By set (strength auto)": by_set(cells),
        "By teacher (strength auto)": by_teacher(cells),
        "The teacher's own log-loss, over the uncalibrated one": teacher_losses(cells),
    }
    title = "Which calibration of the teacher"
    page = Page("calibration", title, command, ABOUT, measured=log.measured())
    page.write(folder, table, *others.items())


ABOUT = (
    (
        "Test log-loss of the distilled student divided by that of the same student trained on the "
        "labels (probabilities lifted to .001). Each cell is a set, a seed, a teacher (forest of "
        "100 trees, LightGBM of 50, their average) and a student (tree, logistic regression, "
        "LightGBM of two sizes, forest of 10)."
    ),
)


if __name__ == "__main__":
    main()
