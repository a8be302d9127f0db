"""Kinds of rows and of labels: served, or refused before a fit with a remedy that helps."""

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill._ground.fingerprints import row_fingerprints
from skdistill.exceptions import InputError, LeakWarning
from tests.common.spies import CountingTeacher

X, CODES = make_classification(90, 4, random_state=0)
NAMES = np.array(["no", "yes"])[CODES]
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def distilled(X, y, teacher=None, student=TREE):
    teacher = GaussianNB() if teacher is None else teacher
    return DistilledClassifier(teacher, student, strength=0.5, cv=3, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def expected():
    return distilled(X, CODES).predict_proba(X)


# Labels

SERVED = {
    "strings of any size": NAMES.astype(np.dtypes.StringDType()),
    "objects": NAMES.astype(object),
    "pandas string": pd.Series(NAMES, dtype="string"),
    "pandas category": pd.Series(NAMES, dtype="category"),
    "arrow string": pd.Series(NAMES, dtype="string[pyarrow]"),
    "polars": pl.Series(NAMES),
    "polars category": pl.Series(NAMES).cast(pl.Categorical),
    "column": CODES[:, None].tolist(),
    "bool": CODES.astype(bool),
    "uint8": CODES.astype(np.uint8),
    "float16": CODES.astype(np.float16),
    "dates": np.array(["2020-01-01", "2021-01-01"], dtype="M8[D]")[CODES],
}


@pytest.mark.parametrize("kind", SERVED)
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_labels_of_every_kind_that_can_be_told_apart(kind, expected):
    model = distilled(X, SERVED[kind])
    assert_array_equal(model.predict_proba(X), expected)
    assert len(model.classes_) == 2
    assert (model.predict(X) == model.classes_[1]).sum() == (expected[:, 1] > 0.5).sum()


REFUSED = {
    "bytes": (NAMES.astype(bytes), "bytes", lambda y: np.char.decode(y.astype(bytes))),
    "objects of bytes": (
        NAMES.astype(bytes).astype(object),
        "bytes",
        lambda y: np.char.decode(y.astype(bytes)),
    ),
    "objects of int": (CODES.astype(object), "int", lambda y: y.astype(int)),
    "objects of float": (CODES.astype(float).astype(object), "float", lambda y: y.astype(float)),
    "objects of bool": (CODES.astype(bool).astype(object), "bool", lambda y: y.astype(bool)),
    "decimals": (
        np.array([Decimal(code) for code in CODES.tolist()]),
        "Decimal",
        lambda y: y.astype(float),
    ),
    "mixed": (np.array([1, "a"], dtype=object)[CODES], "int and str", lambda y: y.astype(str)),
    "intervals": (pd.cut(pd.Series(CODES), [-1, 0, 1]), "Interval", lambda y: y.astype(str)),
    "timedelta": (CODES.astype("m8[D]"), "timedelta64", lambda y: y.astype(str)),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_labels_are_refused_with_a_remedy_that_helps(kind, expected):
    y, named, remedy = REFUSED[kind]
    fits = CountingTeacher.watch()
    with pytest.raises(InputError, match="y must have labels") as caught:
        distilled(X, y, CountingTeacher())
    assert named in str(caught.value)
    assert not fits
    assert_array_equal(distilled(X, remedy(y)).predict_proba(X), expected)


@pytest.mark.parametrize(
    ("y", "named"),
    [
        (CODES + np.linspace(0.0, 0.5, len(CODES)), "continuous"),
        (np.eye(2)[CODES], "teacher_proba="),
        (dict(enumerate(CODES)), "dict"),
        ((code for code in CODES), "generator"),
    ],
)
def test_what_holds_no_labels(y, named):
    fits = CountingTeacher.watch()
    with pytest.raises(InputError, match=named):
        distilled(X, y, CountingTeacher())
    assert not fits


# Rows


@pytest.mark.parametrize("kind", ["dok", "lil", "coo", "dia", "bsr", "csc", "csr"])
def test_sparse_rows_of_every_format(kind):
    rows = getattr(sp, f"{kind}_array")(X)
    dense = distilled(X, CODES, TREE).predict_proba(X)
    assert_allclose(distilled(rows, CODES, TREE).predict_proba(rows), dense, rtol=1e-12)


def stand_in(library, name):
    """Return an object of another library's kind by name; nobody looks at more."""
    return type(name, (), {"__module__": f"{library}.frame", "columns": [], "shape": (3, 0)})()


NO_TABLE = {
    "dask": (stand_in("dask", "DataFrame"), r"compute\(\) gives one"),
    "spark": (stand_in("pyspark", "DataFrame"), r"toPandas\(\) gives one"),
    "lazy": (pl.DataFrame(X).lazy(), r"collect\(\) gives one"),
    "records": (
        np.array([tuple(row) for row in X], dtype=[(name, float) for name in "abcd"]),
        r"pandas.DataFrame\(X\)",
    ),
    "complex": (X + 1j, "imaginary"),
    "matrix": (sp.csr_matrix(X).todense, r"np.asarray\(X\)"),  # NumPy warns of its own
    "one column": (X[:, 0], r"X.reshape\(-1, 1\)"),
    "series": (pd.Series(X[:, 0]), r"X.to_frame\(\)"),
    "twins": (pd.DataFrame(X, columns=list("abca")), "'a' more than once"),
    "generator": ((row for row in X), "generator"),
}


@pytest.mark.parametrize("kind", NO_TABLE)
def test_what_is_no_table_is_refused_before_a_fit(kind):
    rows, remedy = NO_TABLE[kind]
    if callable(rows):
        with warnings.catch_warnings(action="ignore"):
            rows = rows()
    fits = CountingTeacher.watch()
    with pytest.raises(InputError, match=remedy):
        distilled(rows, CODES, CountingTeacher())
    assert not fits


def unpacked(column):
    return np.stack([np.asarray(row) for row in np.asarray(column).ravel()])


def cells():
    column = np.empty((len(X), 1), dtype=object)
    for place, row in enumerate(X):
        column[place, 0] = row
    return column


UNHASHABLE = {
    "dicts": ([dict(zip("abcd", row, strict=True)) for row in X], DictVectorizer(sparse=False)),
    "tokens": (
        [[f"{value:.3f}" for value in row[: place % 3 + 1]] for place, row in enumerate(X)],
        FeatureHasher(8, input_type="string"),
    ),
    "cells": (cells(), FunctionTransformer(unpacked)),
    "cells of a frame": (pd.DataFrame({"a": list(X)}), FunctionTransformer(unpacked)),
}


@pytest.mark.parametrize("kind", UNHASHABLE)
def test_rows_without_a_hash_are_compared_by_what_they_hold(kind):
    rows, step = UNHASHABLE[kind]
    teacher, student = make_pipeline(step, GaussianNB()), make_pipeline(step, TREE)
    if kind == "tokens":
        teacher = make_pipeline(step, TREE)
    model = distilled(rows, CODES, teacher, student)
    assert model.report_.duplicate_share == 0
    search = DistilledClassifierCV(teacher, student, cv=3, random_state=0).fit(rows, CODES)
    assert search.predict_proba(rows).shape == (len(X), 2)
    twice = pd.concat([rows, rows]) if hasattr(rows, "iloc") else [*rows, *rows]
    twice = np.asarray(twice, dtype=object) if kind == "cells" else twice
    prints = row_fingerprints(twice)
    assert_array_equal(prints[: len(X)], prints[len(X) :])
    assert len(np.unique(prints)) == len(X)
    with pytest.warns(LeakWarning, match="identical row"):
        distilled(twice, np.tile(CODES, 2), teacher, student)


def test_what_cannot_be_hashed_at_all_is_equal_to_itself():
    class Nothing:
        __hash__ = None

        def __reduce__(self):
            raise TypeError("stays here")

    one, two = Nothing(), Nothing()
    prints = row_fingerprints([[one], [two], [one]])
    assert prints[0] == prints[2] != prints[1]
