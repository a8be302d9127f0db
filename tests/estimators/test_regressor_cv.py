"""`DistilledRegressorCV`: leave-two-folds-out, judged and chosen as it says."""

import warnings

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, PoissonRegressor, QuantileRegressor, Ridge
from sklearn.metrics import mean_poisson_deviance, r2_score
from sklearn.model_selection import KFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.exceptions import InputError, LeakWarning, ParameterError, StudentError

X, Y = make_friedman1(240, 6, noise=1.5, random_state=0)
FOLDS = list(KFold(4, shuffle=True, random_state=0).split(X))
TEACHER = LinearRegression()
TREE = DecisionTreeRegressor(max_leaf_nodes=16, random_state=0)
COUNTS = np.random.default_rng(0).poisson(np.exp(X[:, 0] + X[:, 1] - 0.5)).astype(float)


def search(students=TREE, teacher=TEACHER, y=Y, rows=X, weight=None, **settings):
    short = {"cv": FOLDS, "strengths": (0.5,), "calibrations": (None,), "random_state": 0}
    return DistilledRegressorCV(teacher, students, **short | settings).fit(rows, y, weight)


def left_out():
    """Return, by brute force, what teachers say that saw neither fold k nor the row's own."""
    said = np.full((len(FOLDS), len(Y)), np.nan)
    for k in range(len(FOLDS)):
        for j in range(len(FOLDS)):
            if j != k:
                train = np.intersect1d(FOLDS[j][0], FOLDS[k][0])
                own = np.setdiff1d(FOLDS[j][1], FOLDS[k][1])
                said[k, own] = clone(TEACHER).fit(X[train], Y[train]).predict(X[own])
    return said


def test_scores_are_those_of_students_on_labels_without_both_folds():
    model = search(return_row_losses=True, size="free")
    pool = left_out()
    assert_allclose(model.pool_pred_, pool)
    table = model.cv_results_
    for number, strength in enumerate([1.0, 0.5, 0.0]):
        assert table["param_strength"][number] == strength
        for k, (train, test) in enumerate(FOLDS):
            target = (1 - strength) * pool[k, train] + strength * Y[train]
            said = clone(TREE).fit(X[train], target).predict(X[test])
            score = -np.mean((said - Y[test]) ** 2)
            assert table[f"split{k}_test_score"][number] == pytest.approx(score)
            assert_allclose(model.row_losses_[number, test], (said - Y[test]) ** 2)
    assert model.verdict_.n_teacher_fits == 4 + 6
    assert set(model.best_params_) == {
        "student",
        "correction",
        "calibration",
        "synthetic",
        "strength",
    } | ({"size"})


def test_the_chosen_parameters_make_the_same_student():
    model = search([TREE, Ridge()], fallback=False, calibrations=("linear", "stacked"))
    again = DistilledRegressor(TEACHER, cv=FOLDS, random_state=0).set_params(**model.best_params_)
    assert_allclose(again.fit(X, Y).predict(X), model.predict(X))
    assert_array_equal(model.predict(X), model.student_.predict(X))


def test_given_pools_are_those_of_the_same_teachers():
    model = search()
    given = DistilledRegressorCV(None, TREE, cv=FOLDS, strengths=(0.5,), calibrations=(None,))
    given.fit(X, Y, teacher_pred=model.teacher_pred_, pool_pred=model.pool_pred_)
    assert_allclose(given.cv_results_["mean_test_score"], model.cv_results_["mean_test_score"])
    ordinary = np.tile(model.teacher_pred_, (4, 1))
    with pytest.warns(LeakWarning, match="every table"):
        given.fit(X, Y, teacher_pred=model.teacher_pred_, pool_pred=ordinary)
    with pytest.raises(ParameterError, match=r"go together.*DistilledRegressor"):
        given.fit(X, Y, teacher_pred=model.teacher_pred_)


@pytest.mark.parametrize(
    ("scoring", "name"),
    [
        (None, "squared error"),
        ("neg_mean_absolute_error", "absolute error"),
        ("r2", "minus r2"),
        ("neg_median_absolute_error", "minus neg_median_absolute_error"),
    ],
)
def test_scorings(scoring, name):
    model = search(scoring=scoring)
    assert model.loss_name_ == name
    assert np.isfinite(model.verdict_.difference)
    if scoring == "r2":
        direct = [
            r2_score(Y[test], clone(TREE).fit(X[train], Y[train]).predict(X[test]))
            for train, test in FOLDS
        ]
        assert_allclose([model.cv_results_[f"split{k}_test_score"][0] for k in range(4)], direct)


def test_counts_are_judged_by_their_deviance():
    boosted = LGBMRegressor(objective="poisson", n_estimators=5, num_leaves=4, verbose=-1, n_jobs=1)
    model = search([PoissonRegressor(), boosted], teacher=PoissonRegressor(), y=COUNTS)
    assert model.loss_name_ == "poisson"
    train, test = FOLDS[0]
    said = clone(boosted).fit(X[train], COUNTS[train]).predict(X[test])
    score = -mean_poisson_deviance(COUNTS[test], said)
    assert model.cv_results_["split0_test_score"][1] == pytest.approx(score)


def test_a_teacher_far_ahead_helps_an_unpruned_tree_and_the_verdict_says_so():
    rows, y = make_friedman1(900, 6, noise=1.5, random_state=1)
    teacher = LGBMRegressor(n_estimators=100, num_leaves=8, verbose=-1, n_jobs=1)
    tree = DecisionTreeRegressor(random_state=0)
    model = search(tree, teacher, y, rows, cv=4, strengths=(0.0, 0.5))
    assert model.verdict_.outcome == "helps"
    assert "squared error" in str(model.verdict_)
    frame = model.verdict_.frame()
    assert frame.loc["decisiontreeregressor", "distilled"] < frame["direct"].iloc[0]


def test_it_is_cross_validated_and_takes_weights():
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(Y))
    model = search(weight=weight)
    assert np.isfinite(model.predict(X)).all()
    scores = cross_val_score(DistilledRegressorCV(Ridge(), TREE, cv=3, strengths=(0.5,)), X, Y)
    assert (scores > 0.2).all()


def test_a_random_forest_with_synthetic_rows_and_transfer_rows():
    forest = RandomForestRegressor(3, max_depth=4, random_state=0)
    made = search(forest, synthetics=("munge",))
    assert set(made.cv_results_["param_synthetic"].tolist()) == {None, "munge"}
    model = DistilledRegressorCV(TEACHER, TREE, cv=FOLDS, strengths=(0.5,), calibrations=(None,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isfinite(model.fit(X, Y, X_transfer=X[:30] + 0.1).predict(X)).all()


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ({"students": DecisionTreeClassifier()}, StudentError, "must be a regressor"),
        ({"scoring": "neg_log_loss"}, ParameterError, "cannot judge"),
        ({"calibrations": ("sigmoid",)}, ParameterError, "calibration"),
        ({"students": PoissonRegressor(), "y": Y - 50.0}, InputError, "at least 0"),
        (
            {"students": QuantileRegressor(), "calibrations": ("stacked",)},
            ParameterError,
            "'linear'",
        ),
        ({"strengths": (2.0,)}, ParameterError, "strength"),
    ],
)
def test_bad_input(how, kind, text):
    with pytest.raises(kind, match=text):
        search(**how)
