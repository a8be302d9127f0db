"""Regressors on pseudo-targets, and the way back to probabilities."""

import numpy as np
import pytest
import sklearn
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.linear_model import (
    HuberRegressor,
    LassoLarsIC,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR, LinearSVR
from sklearn.tree import DecisionTreeRegressor

from skdistill import Brier, CrossEntropy, DistilledClassifier, Logit
from skdistill.exceptions import StudentError
from skdistill.students import resolve
from tests.common.data import sample, softmax

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
TREE = DecisionTreeRegressor(max_depth=4, random_state=0)


def fit(student, data, *, weight=None, **settings):
    settings = {"strength": 0.0, "calibration": None} | settings
    model = DistilledClassifier(None, student, **settings)
    return model.fit(data.X, data.y, sample_weight=weight, teacher_proba=data.teacher)


@any_classes
@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0])
def test_brier_is_the_regressor_on_mixed_labels(n_classes, strength):
    data = DATA[n_classes]
    target = (1.0 - strength) * data.teacher + strength * data.one_hot
    direct = clone(TREE).fit(data.X, target[:, 1] if n_classes == 2 else target).predict(data.X)
    direct = np.column_stack([1.0 - direct, direct]) if n_classes == 2 else direct
    assert_allclose(
        fit(TREE, data, strength=strength, size="free").predict_proba(data.X), direct, atol=1e-12
    )


def test_logit_of_two_classes_is_the_weighted_working_response():
    data = DATA[2]
    p = data.teacher[:, 1]
    z = np.log(p / (1.0 - p)) + 0.3 * (data.one_hot[:, 1] - p) / (p * (1.0 - p))
    weight = np.linspace(1.0, 2.0, len(p))
    direct = clone(TREE).fit(data.X, z, sample_weight=weight * p * (1.0 - p)).predict(data.X)
    ours = fit(TREE, data, loss="logit", strength=0.3, weight=weight, size="free").predict_proba(
        data.X
    )
    assert_allclose(ours[:, 1], 1.0 / (1.0 + np.exp(-direct)), atol=1e-9)


def test_logit_of_several_classes_is_the_log_scale():
    data = DATA[3]
    p = data.teacher
    s = np.log(p) + 0.3 * (data.one_hot - p) / p
    v = 0.5 * (1.0 - (p**2).sum(axis=1))
    direct = clone(TREE).fit(data.X, s, sample_weight=v).predict(data.X)
    ours = fit(TREE, data, loss="logit", strength=0.3, size="free").predict_proba(data.X)
    assert_allclose(ours, softmax(direct), atol=1e-9)


def test_predictions_outside_the_unit_interval_are_cut():
    data = DATA[2]
    X = data.X.copy()
    X[0], X[1] = 1e3, -1e3  # far outside: a linear regressor leaves [0, 1]
    model = fit(Ridge(), data)
    p = model.predict_proba(X)
    assert set(p[:2, 1]) == {0.0, 1.0}
    log_p = model.predict_log_proba(X)
    assert_array_equal(np.isneginf(log_p), p == 0.0)
    assert_allclose(np.exp(log_p), p)


def test_row_without_mass_is_uniform():
    data = DATA[3]
    model = fit(Ridge(), data)
    model.student_.coef_ = np.zeros_like(model.student_.coef_)
    model.student_.intercept_ = np.full(3, -1.0)
    assert_allclose(model.predict_proba(data.X[:2]), 1.0 / 3.0)


def test_one_output_per_class():
    data = DATA[3]
    assert type(fit(TREE, data).student_) is DecisionTreeRegressor
    network = MLPRegressor(hidden_layer_sizes=(3,), tol=1e-2, random_state=0)
    assert type(fit(network, data).student_) is MLPRegressor
    network.set_params(solver="lbfgs", alpha=1.0, max_iter=5000)
    assert type(fit(network, data).student_) is MultiOutputRegressor
    single = fit(GradientBoostingRegressor(n_estimators=3), data).student_
    assert type(single) is MultiOutputRegressor
    assert [type(each) for each in single.estimators_] == [GradientBoostingRegressor] * 3
    assert type(fit(GradientBoostingRegressor(n_estimators=3), DATA[2]).student_) is (
        GradientBoostingRegressor
    )


def test_cross_entropy_is_no_loss_of_regressors():
    for loss in ("cross_entropy", CrossEntropy(temperature=2.0)):
        with pytest.raises(StudentError, match=r"cross_entropy.*Ridge.*brier.*classifier"):
            fit(Ridge(), DATA[2], loss=loss)


def squared_error(y, scores):
    return scores - y, np.ones_like(y)


@pytest.mark.parametrize(
    ("student", "named"),
    [
        *(
            (LGBMRegressor(objective=name), f"objective='{name}'")
            for name in ("binary", "quantile", "l1", "regression_l1", "huber", "poisson", "tweedie")
        ),
        *(
            (LGBMRegressor(**{alias: "l1"}), f"{alias}='l1'")
            for alias in ("loss", "app", "application", "objective_type")
        ),
        (LGBMRegressor(objective="regression", application="binary"), "application='binary'"),
        (LGBMRegressor(objective=squared_error), "objective=<function"),
        (HistGradientBoostingRegressor(loss="quantile", quantile=0.5), "loss='quantile'"),
        (GradientBoostingRegressor(loss="huber"), "loss='huber'"),
        (DecisionTreeRegressor(criterion="absolute_error"), "criterion='absolute_error'"),
        (RandomForestRegressor(criterion="poisson"), "criterion='poisson'"),
        (SGDRegressor(loss="huber"), "loss='huber'"),
        (LinearSVR(), "LinearSVR.loss='epsilon_insensitive'"),
        (AdaBoostRegressor(), "AdaBoostRegressor:"),
        (TweedieRegressor(power=1.5), r"TweedieRegressor\(power=1.5\)"),
        (SVR(), r"SVR\(epsilon=0.1\):"),
        (HuberRegressor(), "HuberRegressor:"),
        (QuantileRegressor(), "QuantileRegressor:"),
        (PoissonRegressor(), "PoissonRegressor:"),
        (TheilSenRegressor(), "TheilSenRegressor:"),
        (RANSACRegressor(loss="squared_error"), "RANSACRegressor:"),
        # the learner inside that the predictions are made of
        (make_pipeline(StandardScaler(), HuberRegressor()), "HuberRegressor"),
        (
            BaggingRegressor(DecisionTreeRegressor(criterion="poisson")),
            "DecisionTreeRegressor.criterion",
        ),
        (MultiOutputRegressor(SVR()), "SVR"),
        (TransformedTargetRegressor(QuantileRegressor()), "QuantileRegressor"),
        (GridSearchCV(make_pipeline(StandardScaler(), SVR()), {}), "SVR"),
        (
            GridSearchCV(RandomForestRegressor(), {"criterion": ["squared_error", "poisson"]}),
            "criterion='poisson'",
        ),
        (VotingRegressor([("a", Ridge()), ("b", SVR())]), "SVR"),
        (StackingRegressor([("a", Ridge())], final_estimator=SVR()), "SVR"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_regressor_must_minimise_the_squared_error(student, named):
    with pytest.raises(StudentError, match=rf"squared error.*mean of its target, got .*{named}"):
        resolve(student).check(Brier(), 100, weighted=False)


def test_a_poisson_network():
    student = MLPRegressor()
    if "loss" not in student.get_params():
        pytest.skip("before scikit-learn 1.7")
    with pytest.raises(StudentError, match="loss='poisson'"):
        resolve(student.set_params(loss="poisson")).check(Brier(), 100, weighted=False)


@pytest.mark.parametrize(
    "student",
    [
        *(LGBMRegressor(objective=name) for name in (None, "regression", "l2", "mse", "RMSE")),
        LGBMRegressor(application="regression_l2"),
        HistGradientBoostingRegressor(),
        GradientBoostingRegressor(),
        SGDRegressor(),
        LassoLarsIC(criterion="bic"),  # which is no loss
        TweedieRegressor(power=0),
        StackingRegressor([("a", SVR())]),  # mixed by a ridge regression
        VotingRegressor([("a", Ridge()), ("b", "drop")]),
        BaggingRegressor(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_names_of_the_squared_error(student):
    resolve(student).check(Brier(), 100, weighted=False)


def test_another_loss_is_refused_before_any_fit():
    data = DATA[2]
    model = DistilledClassifier(None, LGBMRegressor(objective="binary"))
    with pytest.raises(StudentError, match="objective='binary'"):
        model.fit(data.X, data.y, teacher_proba=data.teacher)


@pytest.mark.parametrize("changes", [{"class_weight": "balanced"}, {"reg_sqrt": True}], ids=str)
def test_settings_without_meaning_for_a_pseudo_target(changes):
    with pytest.raises(StudentError, match=f"{next(iter(changes))}=.*no meaning.*LGBMClassifier"):
        resolve(LGBMRegressor(**changes)).check(Brier(), 100, weighted=False)
    if "class_weight" in changes:
        adapter = resolve(LGBMRegressor(**changes), "cross_entropy")
        adapter.check(CrossEntropy(), 100, weighted=False)


def test_weights_that_would_be_lost_raise():
    data = DATA[2]
    for settings in ({"weight": np.ones(len(data.y))}, {"loss": "logit"}, {"loss": Logit()}):
        with pytest.raises(StudentError, match=r"KNeighborsRegressor.*sample_weight.*brier"):
            fit(KNeighborsRegressor(), data, **settings)


@any_classes
def test_weights_of_the_loss_pass_metadata_routing(n_classes):
    """The loss weighs rows although the user gave no weights and requested none."""
    data = DATA[n_classes]
    for student in (TREE, GradientBoostingRegressor(n_estimators=3, random_state=0)):
        expected = fit(student, data, loss="logit").predict_proba(data.X)
        with sklearn.config_context(enable_metadata_routing=True):
            ours = fit(student, data, loss="logit").predict_proba(data.X)
        assert_array_equal(ours, expected)
