"""``python -m benchmarks.formats``: which student leaves Python in which format, and why not.

Every student is fitted to numbers, to numbers with gaps and to a table with text, of 2 and 5
classes or of a number, and exported to every format: exact by the export's own proof, or refused.
A picture shows what single precision would do to a tree.
"""

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from benchmarks import figures
from benchmarks.formats_students import ALONE, BINARY, CLASSIFIERS, REGRESSORS
from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill.exceptions import ExportError
from skdistill.export import (
    Exported,
    to_c,
    to_json,
    to_lightgbm,
    to_onnx,
    to_sql,
    to_treelite,
    to_xgboost,
)

__all__ = ["CELLS", "FORMATS", "Row", "fitted", "outcome", "table_of"]

FORMATS: dict[str, Callable[..., Exported]] = {
    "ONNX": to_onnx,
    "C": to_c,
    "SQL": to_sql,
    "JSON": to_json,
    "LightGBM": to_lightgbm,
    "XGBoost": to_xgboost,
    "Treelite": to_treelite,
}
KINDS = ("numbers", "gaps", "text")
NAMES = {2: ["no", "yes"], 5: ["a", "b", "c", "d", "e"]}
CELLS = [
    *((name, kind, classes) for name in CLASSIFIERS for kind in KINDS for classes in NAMES),
    *((name, kind, 2) for name in BINARY for kind in KINDS),
    *((name, kind, 0) for name in REGRESSORS for kind in KINDS),
]
ABOUT = """\
Every student is fitted to {n} rows of numbers, of numbers with gaps, and of a table with text; of
2 and of 5 classes with names, or to numbers. *exact*: the file was proved equal to the model to
1e-12, on these rows, next to every threshold of its trees and at extremes; *{single}*: to 1e-6,
where the student computes in single precision, or the format does (Treelite's softmax);
*but text*, *but 5 classes*: these are refused; *no*: refused. Gaps are filled before students that
take none, and text is one-hot encoded, but for LightGBM, which has its own categories."""
SINGLE = "exact in single"
PICTURE = """\
Left: which side of a tree's threshold the numbers next to it go. scikit-learn rounds a number to
single precision, then compares; a file that rounds the threshold, or leaves the number as it is,
sends some the other way. Right: the share of rows that get another probability, of whole numbers
next to an offset (seconds since 1970: 1.7e9): LightGBM in a file of single precision, and a
scikit-learn tree in a file that does not round as it does."""


@dataclass(frozen=True)
class Row:
    """One student of one kind of data in one format."""

    student: str
    data: str
    classes: int
    format: str
    outcome: str
    difference: float
    proved_on: int
    why: str


def data_of(kind: str, classes: int, n: int = 150, seed: int = 0) -> tuple[Any, Any]:
    """Return rows and labels; of no classes, numbers above zero."""
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(n, 4))
    X[:, 1] = np.round(X[:, 1], 1)
    town = rng.randint(0, 3, n)
    score = X[:, 0] + X[:, 1] * (X[:, 2] > 0) + (town == 1) + 0.5 * rng.normal(size=n)
    y: Any = np.exp(0.5 * score)
    if classes:
        y = np.array(NAMES[classes])[np.argsort(np.argsort(score)) * classes // n]
    if kind == "gaps":
        X[::5, 0] = X[1::7, 2] = np.nan
    if kind == "text":
        X = pd.DataFrame(X, columns=list("abcd"))
        X["town"] = np.array(["Bonn", "Köln", "it's"], dtype=object)[town]
    return X, y


def fitted(student: str, kind: str, classes: int) -> tuple[Any, Any]:
    """Return a fitted model, and its rows."""
    X, y = data_of(kind, classes)
    learner = (CLASSIFIERS | BINARY | REGRESSORS)[student]()
    if student == "XGBoost":  # by itself it takes no names of classes
        y = np.unique(y, return_inverse=True)[1]
    if kind == "text" and isinstance(learner, LGBMClassifier | LGBMRegressor):
        X = X.assign(town=X["town"].astype("category"))
    elif kind == "text":
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        before = make_column_transformer((encoder, ["town"]), remainder="passthrough")
        learner = make_pipeline(before, learner)
    elif kind == "gaps" and student not in ALONE:
        learner = make_pipeline(SimpleImputer(add_indicator=True), learner)
    return learner.fit(X, y), X


def outcome(cell: tuple[str, str, int], model: Any, X: Any, form: str) -> Row:
    """Return whether a format is exact for a model, or why it is refused."""
    try:
        exported = FORMATS[form](model, X)
    except ExportError as error:
        return Row(*cell, form, "refused", float("nan"), 0, str(error))
    said = "exact" if exported.tolerance == 1e-12 else SINGLE
    return Row(*cell, form, said, exported.largest_difference, exported.n_rows, "")


def measure(cell: tuple[str, str, int], forms: Sequence[str]) -> Iterator[Row]:
    """Yield the formats of one student."""
    model, X = fitted(*cell)
    for form in forms:
        yield outcome(cell, model, X, form)


def table_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each student, a column for each format."""
    lines = []
    for student, part in rows.groupby("student", sort=False):
        line = {"student": student}
        line |= {form: _said(part[part["format"] == form]) for form in FORMATS}
        lines.append(line)
    return pd.DataFrame(lines)


def _said(cells: pd.DataFrame) -> str:
    """Return a format's word on a student: one for all of its cells, or what is left out."""
    refused = cells[cells["outcome"] == "refused"]
    if len(refused) == len(cells):
        return "no"
    word = max(set(cells["outcome"]) - {"refused"})
    for column, suffix in (("data", ""), ("classes", " classes")):
        out = sorted(set(refused[column]))
        if len(refused) and len(cells[cells[column].isin(out)]) == len(refused):
            return f"{word}, but {', '.join(map(str, out))}{suffix}"
    return word if not len(refused) else f"{word}, but {len(refused)} of {len(cells)}"


def reasons_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the refusals say, and of which students."""
    refused = rows[rows["outcome"] == "refused"].assign(why=lambda each: each["why"].map(_short))
    lines = [
        {"format": form, "why": why, "students": ", ".join(dict.fromkeys(part["student"]))}
        for (form, why), part in refused.groupby(["format", "why"], sort=False)
    ]
    return pd.DataFrame(lines)


def _short(why: str) -> str:
    """Return a refusal without what to do instead, and without the name of the student."""
    said = why.partition(": ")[0]
    return re.sub(r"^\w+(?= is no estimator)", "the student", said)


def _others() -> str:
    """Return the versions of the packages that only some formats need."""
    names = ("onnx", "onnxruntime", "xgboost", "treelite")
    return ", ".join(f"{name} {version(name)}" for name in names)


def at_a_threshold() -> pd.DataFrame:
    """Return which side numbers next to a tree's threshold go, by three ways of comparing."""
    X = np.array([[0.1], [0.30000001]])
    tree = DecisionTreeClassifier(max_depth=1).fit(X, [0, 1])
    threshold = tree.tree_.threshold[0]
    step = np.spacing(np.float32(threshold)).astype(np.float64)
    x = threshold + np.linspace(-1.5, 1.5, 601) * step
    ways = {
        "the tree": tree.predict_proba(x[:, None])[:, 1],
        "threshold in single": (x > float(np.float32(threshold))).astype(float) + 0.03,
        "number not rounded": (x > threshold).astype(float) - 0.03,
    }
    return pd.DataFrame(ways, index=(x - threshold) / step)


def by_offset(n: int = 4000) -> pd.DataFrame:
    """Return the share of rows that get another probability, by how large their numbers are."""
    rng = np.random.RandomState(0)
    steps = rng.randint(0, 1000, size=(n, 1)).astype(float)
    y = (np.sin(steps[:, 0] / 50) + rng.normal(size=n) > 0).astype(int)
    shares = {}
    for offset in 10.0 ** np.arange(6, 11, 0.5):
        X = steps + offset
        boosted = LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1).fit(X, y)
        single = X.astype(np.float32).astype(float)
        tree = DecisionTreeClassifier(max_leaf_nodes=32, random_state=0).fit(X, y)
        bare = _unrounded(tree, X)
        shares[offset] = {
            "LightGBM in single": _share(boosted.predict_proba(X), boosted.predict_proba(single)),
            "tree, not rounded": _share(tree.predict_proba(X), bare),
        }
    return pd.DataFrame(shares).T


def _unrounded(tree: Any, X: Any) -> Any:
    """Return what a tree would say of one column that it did not round."""
    nodes, at = tree.tree_, np.zeros(len(X), dtype=int)
    while (nodes.children_left[at] >= 0).any():
        left, right = nodes.children_left[at], nodes.children_right[at]
        at = np.where(left < 0, at, np.where(X[:, 0] <= nodes.threshold[at], left, right))
    return nodes.value[at, 0, :]


def _share(p: Any, q: Any) -> float:
    return float((np.abs(p - q).max(axis=1) > 1e-12).mean())


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.formats", description=__doc__)
    add_common_arguments(parser, repeats=1)
    arguments = parser.parse_args(argv)
    cells = [("tree", "numbers", 2), ("ridge", "text", 0)] if arguments.quick else CELLS
    folder = folder_of(arguments)
    key = ("student", "data", "classes", "format")
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "formats.csv", Row, key, fresh=fresh)
    left = {cell: [form for form in FORMATS if (*cell, form) not in log] for cell in cells}
    rows = (row for cell, forms in left.items() if forms for row in measure(cell, forms))
    for row in progress(rows, sum(map(len, left.values())), None):
        log.add(row)
    frame = log.frame()
    order = {cell[0]: number for number, cell in enumerate(CELLS)}
    frame = frame.sort_values("student", key=lambda s: s.map(order), kind="stable")
    table = table_of(frame)
    print(table.to_string(index=False))
    picture = figures.panels(
        folder,
        "formats",
        {
            "one threshold": (at_a_threshold(), "steps of single precision", "probability", ""),
            "large numbers": (by_offset(), "offset of the numbers", "share of rows", "x"),
        },
    )
    Page(
        name="formats",
        title="Which student leaves Python in which format",
        command=command_line("formats", argv),
        about=(ABOUT.format(n=150, single=SINGLE),),
        notes=(f"Also with {_others()}.",),
        figures=((picture, " ".join(PICTURE.split())),),
        measured=log.measured(frame),
    ).write(folder, table, ("What the refusals say", reasons_of(frame)))


if __name__ == "__main__":
    main()
