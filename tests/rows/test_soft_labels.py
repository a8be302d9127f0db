"""Rows with probabilities and without labels."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_regressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import has_fit_parameter

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill._ground.outcomes import draw_codes
from skdistill.exceptions import InputError, ParameterError
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
P = {
    k: np.random.default_rng(0).dirichlet(np.ones(k), len(data.X)).round(6)
    for k, data in DATA.items()
}
P = {k: p / p.sum(axis=1, keepdims=True) for k, p in P.items()}
CLASSES = np.array(["a", "b", "c"])
STUDENTS = [
    DecisionTreeClassifier(max_depth=3, random_state=0),
    DecisionTreeRegressor(max_depth=3, random_state=0),
    LogisticRegression(),
    LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1),
]
PLAIN = {"correction": None, "calibration": None, "size": "free"}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])


def soft(p, X=None, student=STUDENTS[0], **fit):
    X = DATA[p.shape[1]].X if X is None else X
    return DistilledClassifier(None, student, **PLAIN).fit(X, None, teacher_proba=p, **fit)


@any_classes
@pytest.mark.parametrize("student", STUDENTS, ids=lambda s: type(s).__name__)
def test_it_is_the_fit_that_has_labels_and_makes_no_use_of_them(student, n_classes):
    p, classes = P[n_classes], CLASSES[:n_classes]
    y = classes[np.arange(len(p)) % n_classes]
    expected = DistilledClassifier(None, student, **PLAIN).fit(
        DATA[n_classes].X, y, teacher_proba=p
    )
    model = soft(p, student=student, classes=classes)
    assert_array_equal(model.classes_, classes)
    X = DATA[n_classes].X
    assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-12)


def test_a_tree_is_bounded_by_that_on_the_labels_that_were_drawn():
    grown = DecisionTreeClassifier(random_state=0)
    settings = {"correction": None, "calibration": None}
    X = DATA[2].X
    bounded = DistilledClassifier(None, grown, **settings).fit(
        X, teacher_proba=P[2], classes=["a", "b"]
    )
    drawn = np.array(["a", "b"])[draw_codes(P[2])]
    direct = DecisionTreeClassifier(random_state=0).fit(X, drawn)
    assert bounded.student_.get_n_leaves() <= direct.get_n_leaves()
    assert (
        bounded.student_.get_n_leaves()
        < soft(P[2], student=grown, classes=["a", "b"]).student_.get_n_leaves()
    )


def test_nothing_is_claimed_of_labels_that_were_drawn():
    model = soft(P[2], classes=["a", "b"])
    assert model.report_.teacher == {}
    assert model.report_.frame().empty
    assert "raw" not in str(model.report_)


@any_classes
def test_columns_may_come_in_any_order_or_be_named(n_classes):
    p, classes = P[n_classes], CLASSES[:n_classes]
    X = DATA[n_classes].X
    expected = soft(p, classes=classes).predict_proba(X)
    turned, back = p[:, ::-1], classes[::-1]
    assert_array_equal(soft(turned, classes=back).predict_proba(X), expected)
    for frame in (pd.DataFrame, pl.DataFrame):
        named = frame(dict(zip(back, turned.T, strict=True)))
        assert_array_equal(soft(named).predict_proba(X), expected)
        assert_array_equal(soft(named, classes=back).predict_proba(X), expected)


def test_a_class_that_is_never_on_top_is_learnt():
    X = DATA[3].X
    p = np.tile([0.6, 0.39, 0.01], (len(X), 1))
    p[::2] = [0.39, 0.6, 0.01]
    assert_allclose(soft(p, classes=CLASSES).predict_proba(X)[:, 2], 0.01, atol=1e-6)


def test_weights_count_and_a_refit_needs_no_labels_either():
    X, p = DATA[2].X, P[2]
    weight = np.arange(len(X)) % 3.0
    model = soft(p, classes=[False, True], sample_weight=weight)
    rows = np.repeat(np.arange(len(X)), weight.astype(int))
    repeated = soft(p[rows], X[rows], classes=[False, True])
    assert_allclose(model.predict_proba(X), repeated.predict_proba(X), rtol=1e-9)
    again = model.refit_student(X, None, weight, student__max_depth=1)
    assert again.student_.get_depth() == 1
    assert_array_equal(again.classes_, [False, True])
    with pytest.raises(InputError, match="y must be the labels that"):
        model.refit_student(X, DATA[2].y, weight)


P2, X2 = P[2], DATA[2].X


@pytest.mark.parametrize(
    ("settings", "fit", "error", "message"),
    [
        (PLAIN, {"teacher_proba": P2}, InputError, r"classes=\[...\], one per column"),
        (PLAIN, {"teacher_proba": P2, "classes": ["a"]}, InputError, "all different, got"),
        (PLAIN, {"teacher_proba": P2, "classes": ["a", "a"]}, InputError, "all different, got"),
        (PLAIN, {"teacher_proba": P2, "classes": CLASSES}, InputError, "one column per class"),
        (PLAIN, {"teacher_proba": 2 * P2, "classes": [0, 1]}, InputError, "sum to one"),
        (PLAIN, {"teacher_proba": P2 * np.nan, "classes": [0, 1]}, InputError, "finite"),
        (PLAIN, {"teacher_proba": P2[:9], "classes": [0, 1]}, ValueError, "inconsistent numbers"),
        (
            PLAIN,
            {"teacher_proba": pd.DataFrame(P2, columns=["a", "b"]), "classes": ["b", "a"]},
            ParameterError,
            "columns of teacher_proba in their order",
        ),
        (
            {"correction": None},
            {"teacher_proba": P2, "classes": [0, 1]},
            ParameterError,
            "calibration='sigmoid' has no effect with soft labels and no y",
        ),
        (
            {"calibration": None},
            {"teacher_proba": P2, "classes": [0, 1]},
            ParameterError,
            "correction='orthogonal' has no effect",
        ),
        ({}, {"y": DATA[2].y, "classes": [0, 1]}, ParameterError, "classes= has no effect"),
        ({}, {"classes": [0, 1]}, ParameterError, "classes= has no effect"),
        ({}, {}, ValueError, "requires y to be passed, but the target y is None"),
    ],
)
def test_what_cannot_be_fitted(settings, fit, error, message):
    with pytest.raises(error, match=message):
        DistilledClassifier(GaussianNB(), STUDENTS[0], **settings).fit(X2, **fit)


def test_rows_of_the_probabilities_in_another_order_are_refused():
    X = pd.DataFrame(X2)
    p = pd.DataFrame(P2, columns=["a", "b"])[::-1]
    with pytest.raises(InputError, match="same index in another order"):
        soft(p, X)


def test_an_honest_choice_needs_labels():
    search = DistilledClassifierCV(GaussianNB(), STUDENTS[0])
    with pytest.raises(ValueError, match="requires y to be passed"):
        search.fit(X2, None)


RARE = [
    *STUDENTS,
    DecisionTreeClassifier(random_state=0),
    RandomForestClassifier(5, random_state=0),
    MLPClassifier((4,), max_iter=20, random_state=0),
]
# Multi-layer perceptrons take no weights before scikit-learn 1.7.
RARE = [each for each in RARE if has_fit_parameter(each, "sample_weight") or is_regressor(each)]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("share", [1e-7, 1e-4])
@pytest.mark.parametrize("student", RARE, ids=lambda s: type(s).__name__)
def test_a_class_that_is_never_drawn_is_one_all_the_same(student, share):
    p = np.column_stack([P[2] * (1 - share), np.full(len(P[2]), share)])
    assert not (draw_codes(p) == 2).any()
    weight = np.arange(len(p)) % 3
    for how in ({}, {"sample_weight": weight}):
        model = DistilledClassifier(None, student, correction=None, calibration=None)
        model.fit(DATA[2].X, teacher_proba=p, classes=CLASSES, **how)
        assert_array_equal(model.classes_, CLASSES)
        assert model.predict_proba(DATA[2].X).shape == p.shape


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("student", RARE, ids=lambda s: type(s).__name__)
def test_a_class_without_a_probability_is_left_out(student):
    p = np.column_stack([P[2], np.zeros(len(P[2]))])
    with pytest.raises(InputError, match="'c' no probability in any row: leave its column out"):
        soft(p, DATA[2].X, student, classes=CLASSES)
    soft(p[:, :2], DATA[2].X, student, classes=CLASSES[:2])
