"""Every student x kind of data x classes x format: exact or refused, as the documented table says.

The table is `benchmarks.formats`, whose rows lie in docs/results/raw/formats.csv. A part of it is
tried here; all of it, and all that is exact on 100,000 random rows, by ``pytest -m long``.
"""

import csv
import math
import shutil
import sqlite3
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from skdistill.export import boosters, c, description, onnx, to_sql, treelite
from skdistill.export.pieces import Leaves, Rows, Sums, every_piece
from skdistill.export.reading import read
from skdistill.export.tables import as_exported
from tests.export.students import (
    BOOSTED,
    CLASSIFIERS,
    LABELS,
    classes,
    fitted,
    installed,
    rows,
)

DOCUMENTED = Path(__file__).parents[2] / "docs" / "results" / "raw" / "formats.csv"
HAS_COMPILER = any(map(shutil.which, ("cc", "gcc", "clang")))
EXTREMES = [1e30, -1e30, 1e-310, 5e-324, -0.0, 0.0, 1e38, np.finfo(np.float32).tiny]


def documented():
    """Return what the table says: outcome by student, data, classes and format."""
    with DOCUMENTED.open(newline="", encoding="utf-8") as file:
        return {
            (row["student"], row["data"], int(row["classes"]), row["format"]): row["outcome"]
            for row in csv.DictReader(file)
        }


def cells():
    return sorted({key[:3] for key in documented()})


def some():
    """Return for each student one kind of data and number of classes, in turn."""
    by_student = {}
    for cell in cells():
        by_student.setdefault(cell[0], []).append(cell)
    return [each[number % len(each)] for number, each in enumerate(by_student.values())]


def can_run(form):
    """Whether a format can be proved here."""
    return HAS_COMPILER if form == "C" else form != "Treelite" or installed("treelite")


def check(cell):
    from benchmarks import formats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # networks are not trained to the end
        model, X = formats.fitted(*cell)
    for form in formats.FORMATS:
        if can_run(form):
            found = formats.outcome(cell, model, X, form)
            assert found.outcome == documented()[*cell, form], found.why


@pytest.fixture
def _packages():
    for name in ("pandas", "xgboost", "onnx", "onnxruntime", "tqdm"):
        pytest.importorskip(name)


@pytest.mark.usefixtures("_packages")
@pytest.mark.parametrize("cell", some(), ids=str)
def test_some_of_the_table(cell):
    check(cell)


@pytest.mark.long
@pytest.mark.usefixtures("_packages")
@pytest.mark.parametrize("cell", cells(), ids=str)
def test_all_of_the_table(cell):
    check(cell)


TREES = {
    "tree": CLASSIFIERS["tree"],
    "random tree": CLASSIFIERS["random tree"],
    "forest": CLASSIFIERS["forest"],
    "boosting": CLASSIFIERS["boosting"],
    "histograms": BOOSTED["histograms"],
    "lightgbm": BOOSTED["lightgbm"],
    "lightgbm forest": BOOSTED["lightgbm forest"],
}


def by_hand(model, X):
    """Return rows with a number on, just below and just above each threshold, or an extreme one."""
    pieces = every_piece(read(model, Rows(X.shape[1])).piece)
    trees = [each.trees for each in pieces if isinstance(each, Leaves | Sums)]
    asked = {pair for each in trees for pair in zip(each.feature, each.threshold, strict=True)}
    asked |= {(feature, 0.0) for feature in range(X.shape[1])}
    made = []
    for number, (feature, threshold) in enumerate(sorted(asked)):
        single = np.float32(threshold)
        near = [np.nextafter(threshold, to) for to in (-np.inf, np.inf)]
        near += [np.nextafter(single, np.float32(to)) for to in (-np.inf, np.inf)]
        for value in (threshold, single, *near, *EXTREMES):
            row = X[number % len(X)].copy()
            row[feature] = value
            made.append(row)
    return np.array(made, dtype=np.float64)


def say_all(model, X, made):
    """Yield what each format's file says of rows, run by itself: numbers and labels, if any."""
    answer, table = read(model, Rows(6)), as_exported(model, X)
    forms = [description.JSON]
    forms += [onnx.ONNX] if installed("onnxruntime") and installed("onnx") else []
    forms += [c.C] if HAS_COMPILER else []
    forms += [treelite.TREELITE] if installed("treelite") else []
    package = type(model).__module__.partition(".")[0]
    forms += [form for form in (boosters.LIGHTGBM, boosters.XGBOOST) if form.name == package]
    for form in forms:
        run = form.runner(form.write(answer, table, model), answer)
        said = run(as_exported(model, made))
        yield form.name, said.numbers, said.labels
    told = in_sqlite(to_sql(model, X).content.decode(), made)
    yield "sql", np.array([each[:-1] for each in told], dtype=float), [each[-1] for each in told]


def in_sqlite(statement, X):
    names = ", ".join(f"x{number}" for number in range(X.shape[1]))
    with sqlite3.connect(":memory:") as database:
        database.create_function("EXP", 1, math.exp)
        database.create_function("TANH", 1, math.tanh)
        database.execute(f"CREATE TABLE rows ({names})")
        marks = ", ".join("?" * X.shape[1])
        database.executemany(f"INSERT INTO rows VALUES ({marks})", X.tolist())
        told = database.execute(statement).fetchall()
    database.close()
    return told


def check_rows(model, X, made):
    """Compare what files say; Treelite's softmax and XGBoost are in single precision."""
    expected, labels = model.predict_proba(made), model.predict(made).tolist()
    single = expected.dtype == np.float32
    names = set()
    for name, numbers, found in say_all(model, X, made):
        names.add(name)
        apart = np.abs(numbers - expected).max(axis=1)
        loose = single or (name == "treelite" and expected.shape[1] > 2)
        assert apart.max() <= (1e-6 if loose else 1e-12), (name, made[apart.argmax()])
        assert found is None or list(found) == labels, name
    return names


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", TREES)
def test_rows_on_and_next_to_thresholds_made_by_hand(name, n_classes):
    X = rows()
    model = fitted(TREES[name], X, np.array(LABELS[n_classes])[classes(X, n_classes)])
    made = by_hand(model, X)
    assert len(made) > 6 * len(EXTREMES)
    names = check_rows(model, X, made)
    assert {"json", "sql"} < names
    assert "lightgbm" in names or not name.startswith("lightgbm")


@pytest.mark.parametrize("n_classes", [2, 5])
def test_rows_made_by_hand_of_xgboost(n_classes):
    xgboost = pytest.importorskip("xgboost")
    X = rows()
    model = fitted(xgboost.XGBClassifier(n_estimators=4, max_depth=3), X, classes(X, n_classes))
    assert "xgboost" in check_rows(model, X, by_hand(model, X))


def many(student, kind, n_classes, X, n=100_000):
    """Return random rows like those of `X`, many of them larger or smaller, half of them single.

    The first are at extremes: huge, denormal, zero with a sign.
    """
    from benchmarks import formats

    made = formats.data_of(kind, n_classes, n, seed=7)[0]
    values = np.array(made if kind != "text" else made.iloc[:, :4], dtype=np.float64)
    is_steep = not any(word in student for word in ("tree", "forest", "boost", "GBM", "Boost"))
    rng = np.random.RandomState(7)
    values *= 10.0 ** rng.uniform(-2, 1 if is_steep else 2, size=(n, 1))
    values[::2] = values[::2].astype(np.float32)
    for number, (column, value) in enumerate(product(range(4), EXTREMES)):
        values[number, column] = value if abs(value) < 1 or not is_steep else 50.0
    if kind != "text":
        return values
    made.iloc[:, :4] = values
    return made.astype(X.dtypes.to_dict())


@pytest.mark.long
@pytest.mark.usefixtures("_packages")
@pytest.mark.parametrize("cell", cells(), ids=str)
def test_many_random_rows(cell):
    """What is exact by the table is so on 100,000 random rows."""
    from benchmarks import formats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, X = formats.fitted(*cell)
    for form in formats.FORMATS:
        said = documented()[*cell, form]
        if said != "refused" and can_run(form):
            found = formats.outcome(cell, model, many(*cell, X), form)
            assert found.outcome == said, (form, found.why)
            assert found.proved_on >= 100_000
