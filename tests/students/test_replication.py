"""Weighted copies: the objective of soft labels, in settings and inner splits too."""

import inspect

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import has_fit_parameter

from skdistill import Brier, CrossEntropy, DistilledClassifier, Logit
from skdistill.exceptions import InputError, StudentError
from skdistill.students import Problem, copies, resolve
from skdistill.students import replication as module
from tests.common.data import sample
from tests.common.spies import SpyHistGradientBoosting, SpyLogisticCV, SpyMLP, SpyTree

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
takes_validation_rows = has_fit_parameter(HistGradientBoostingClassifier(), "X_val")


def fit(student, data, *, weight=None, X=None, **settings):
    settings = {"strength": 0.0, "calibration": None, "size": "free"} | settings
    model = DistilledClassifier(None, student, **settings)
    return model.fit(
        data.X if X is None else X, data.y, sample_weight=weight, teacher_proba=data.teacher
    )


def numbered(data):
    """Return the features with the row number in front."""
    return np.column_stack([np.arange(len(data.y)), data.X])


def logistic_cv_settings():
    """Return what silences the deprecations of LogisticRegressionCV in scikit-learn 1.8 and 1.9."""
    settings = {"max_iter": 2000}
    known = inspect.signature(LogisticRegressionCV).parameters
    if "use_legacy_attributes" in known:
        settings |= {"use_legacy_attributes": False, "scoring": "neg_log_loss", "l1_ratios": (0,)}
    return settings


# The objective is that of soft labels


def soft_logistic(X, target, weight, C):
    """Minimise ``C sum_i w_i CE_i + |coef|^2 / 2`` by a general optimiser; return probabilities."""
    n, d = X.shape
    n_classes = target.shape[1]
    n_scores = 1 if n_classes == 2 else n_classes

    def scores(theta):
        theta = theta.reshape(n_scores, d + 1)
        f = X @ theta[:, :-1].T + theta[:, -1]
        return np.column_stack([np.zeros(n), f]) if n_scores == 1 else f

    def objective(theta):
        f = scores(theta)
        log_sum = np.log(np.exp(f).sum(axis=1, keepdims=True))
        s = np.exp(f - log_sum)
        residual = C * weight[:, None] * (s * target.sum(axis=1, keepdims=True) - target)
        residual = residual[:, 1:] if n_scores == 1 else residual
        coefficients = theta.reshape(n_scores, d + 1).copy()
        coefficients[:, -1] = 0.0
        value = -C * np.sum(weight[:, None] * target * (f - log_sum)) + 0.5 * np.sum(
            coefficients**2
        )
        gradient = np.column_stack([residual.T @ X, residual.sum(axis=0)]) + coefficients
        return value, gradient.ravel()

    start = np.zeros(n_scores * (d + 1))
    theta = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-7}).x
    coefficients = theta.reshape(n_scores, d + 1)[:, :-1]
    f = scores(theta)
    return coefficients, np.exp(f) / np.exp(f).sum(axis=1, keepdims=True)


@any_classes
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize("class_weight", [None, "dict", "balanced"])
def test_logistic_regression_minimises_the_soft_cross_entropy(n_classes, weighted, class_weight):
    data = DATA[n_classes]
    weight = np.linspace(0.2, 3.0, len(data.y)) if weighted else np.ones(len(data.y))
    per_class = np.ones(n_classes)
    if class_weight == "dict":
        per_class = np.arange(1.0, n_classes + 1.0)
        class_weight = dict(zip(data.classes, per_class, strict=True))
    elif class_weight == "balanced":
        mass = np.array([weight[data.codes == k].sum() for k in range(n_classes)])
        per_class = mass.sum() / (n_classes * mass)
    student = LogisticRegression(C=0.1, class_weight=class_weight, tol=1e-10, max_iter=5000)
    model = fit(student, data, weight=weight if weighted else None)
    coefficients, p = soft_logistic(data.X, data.teacher * per_class, weight, C=0.1)
    assert_allclose(model.student_.coef_, coefficients, atol=1e-5)
    assert_allclose(model.predict_proba(data.X), p, atol=1e-5)
    assert model.student_.class_weight == class_weight


@any_classes
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize(
    "settings",
    [
        {"max_depth": 3},
        {"min_samples_leaf": 10},
        {"min_samples_split": 40},
        {"min_samples_leaf": 0.1},
        {"min_weight_fraction_leaf": 0.11},
        {"max_leaf_nodes": 7},
    ],
    ids=str,
)
def test_tree_is_the_regression_tree_on_soft_labels(n_classes, weighted, settings):
    """Gini impurity is the squared error of the one-hot label; leaves count rows, not copies."""
    data = DATA[n_classes]
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else None
    model = fit(DecisionTreeClassifier(random_state=0, **settings), data, weight=weight)
    regressor = DecisionTreeRegressor(random_state=0, **settings)
    regressor.fit(data.X, data.teacher, sample_weight=weight)
    assert model.student_.get_n_leaves() == regressor.get_n_leaves()
    assert_allclose(model.predict_proba(data.X), regressor.predict(data.X), atol=1e-9)
    assert model.student_.get_params()[next(iter(settings))] == next(iter(settings.values()))


@any_classes
def test_naive_bayes_averages_with_soft_labels(n_classes):
    data = DATA[n_classes]
    student = fit(GaussianNB(), data).student_
    mass = data.teacher.sum(axis=0)
    assert_allclose(student.theta_, (data.teacher.T @ data.X) / mass[:, None], rtol=1e-9)
    assert_allclose(student.class_prior_, mass / mass.sum(), rtol=1e-9)


@any_classes
def test_brier_is_a_loss_of_classifiers_too(n_classes):
    data = DATA[n_classes]
    student = DecisionTreeClassifier(max_depth=3, random_state=0)
    assert_array_equal(
        fit(student, data, loss="brier").predict_proba(data.X),
        fit(student, data, loss="cross_entropy").predict_proba(data.X),
    )


# Rows and copies


def test_copies_of_weight_zero_are_not_made():
    data = DATA[3]
    teacher = data.one_hot.copy()
    teacher[:40] = [0.5, 0.5, 0.0]
    teacher[40:50] = [0.2, 0.3, 0.5]
    calls = SpyTree.watch()
    student = SpyTree(max_depth=3)
    model = DistilledClassifier(None, student, strength=0.0, calibration=None, size="free")
    model.fit(numbered(data), data.y, teacher_proba=teacher)
    (call,) = calls
    assert len(call["X"]) == 40 * 2 + 10 * 3 + (len(data.y) - 50)
    rows = call["X"][:, 0].astype(int)
    columns = np.searchsorted(data.classes, call["y"])
    assert_array_equal(call["weight"], teacher[rows, columns])
    assert len(np.unique(rows * 3 + columns)) == len(rows)


def test_hard_target_is_fitted_as_it_is():
    data = DATA[3]
    calls = SpyTree.watch()
    fit(SpyTree(max_depth=3), data, strength=1.0)
    assert_array_equal(calls[0]["y"], data.y)
    assert calls[0]["weight"] is None


def test_row_weights_multiply_targets():
    data = DATA[2]
    weight = np.linspace(1.0, 2.0, len(data.y))
    calls = SpyTree.watch()
    fit(SpyTree(max_depth=3), data, weight=weight, X=numbered(data))
    rows = calls[0]["X"][:, 0].astype(int)
    columns = np.searchsorted(data.classes, calls[0]["y"])
    assert_allclose(calls[0]["weight"], weight[rows] * data.teacher[rows, columns])


def test_metadata_goes_along_with_its_row():
    class Taker(GaussianNB):
        def fit(self, X, y, sample_weight=None, *, colour=None, whole=None):
            self.colour_ = np.asarray(colour)
            self.whole_ = whole
            self.rows_ = X[:, 0]
            return super().fit(X, y, sample_weight)

    data = DATA[2]
    problem = Problem(
        X=numbered(data),
        target=data.teacher,
        loss=CrossEntropy(),
        labels=data.y,
        classes=data.classes,
        params={"colour": np.arange(len(data.y)), "whole": "blue"},
    )
    taker = resolve(Taker()).fit(problem).model
    assert len(taker.rows_) == 2 * len(data.y)
    assert_array_equal(taker.colour_, taker.rows_)
    assert taker.whole_ == "blue"


def test_class_without_mass_is_named():
    data = DATA[3]
    teacher = np.column_stack([data.teacher[:, :1], 1.0 - data.teacher[:, 0], 0.0 * data.codes])
    model = DistilledClassifier(None, GaussianNB(), strength=0.0, calibration=None)
    with pytest.raises(InputError, match=r"quince.*zero in every row.*strength"):
        model.fit(data.X, data.y, teacher_proba=teacher)


# Settings that count rows


@pytest.mark.parametrize(
    ("spy", "settings", "inside"),
    [
        (SpyTree, {"min_samples_leaf": 7, "min_samples_split": 5}, {}),
        (SpyTree, {"min_samples_leaf": 1}, {"min_samples_leaf": 1}),
        (SpyTree, {"min_samples_leaf": 0.2}, {"min_samples_leaf": 0.2}),
        (SpyHistGradientBoosting, {"max_iter": 2, "min_samples_leaf": 20}, {}),
    ],
    ids=str,
)
@any_classes
def test_settings_that_count_rows_count_rows(n_classes, spy, settings, inside):
    data = DATA[n_classes]
    calls = spy.watch()
    model = fit(spy(**settings), data)
    counts = {
        k: n_classes * v for k, v in settings.items() if k not in ("n_estimators", "max_iter")
    }
    for name, value in (counts | inside).items():
        assert calls[0]["settings"][name] == value
    for name, value in settings.items():
        assert model.student_.get_params()[name] == value


@pytest.mark.skipif(not has_fit_parameter(MLPClassifier(), "sample_weight"), reason="1.7")
@pytest.mark.parametrize(("given", "rows"), [("auto", 200), (30, 30)])
def test_batches_count_rows(given, rows):
    data = DATA[3]
    calls = SpyMLP.watch()
    student = SpyMLP((2,), batch_size=given, max_iter=300, tol=1e-2, random_state=0)
    model = fit(student, data)
    assert calls[0]["settings"]["batch_size"] == 3 * rows
    assert model.student_.batch_size == given


def test_partly_hard_targets_count_the_mean_number_of_copies():
    data = DATA[2]
    teacher = data.one_hot.copy()
    teacher[: len(teacher) // 2] = [0.4, 0.6]
    calls = SpyTree.watch()
    model = DistilledClassifier(
        None, SpyTree(min_samples_leaf=20), strength=0.0, calibration=None, size="free"
    )
    model.fit(data.X, data.y, teacher_proba=teacher)
    assert calls[0]["settings"]["min_samples_leaf"] == 30


def test_count_beyond_the_rows_is_cut():
    calls = SpyTree.watch()
    fit(SpyTree(min_samples_leaf=10_000), DATA[2])
    assert calls[0]["settings"]["min_samples_leaf"] == 2 * len(DATA[2].y)


@any_classes
def test_settings_inside_the_student_count_rows_too(n_classes):
    data = DATA[n_classes]
    calls = SpyTree.watch()
    inner = SpyTree(min_samples_leaf=9)
    model = fit(BaggingClassifier(inner, n_estimators=2, random_state=0), data)
    assert [c["settings"]["min_samples_leaf"] for c in calls] == [9 * n_classes] * 2
    assert model.student_.estimator.min_samples_leaf == 9
    assert inner.min_samples_leaf == 9


@pytest.mark.parametrize("name", ["min_child_samples", "min_data_in_leaf", "min_data"])
def test_lightgbm_forest_counts_rows(name):
    student = LGBMClassifier(
        n_estimators=3,
        boosting_type="rf",
        subsample=0.9,
        subsample_freq=1,
        n_jobs=1,
        verbose=-1,
        **{name: 60},
    )
    data = DATA[3]
    model = fit(student, data)
    trees = model.student_.booster_.trees_to_dataframe()
    assert trees[trees.left_child.isna()]["count"].min() >= 180
    assert model.student_.get_params()[name] == 60


def test_lightgbm_counts_rows_by_other_settings_too():
    data = DATA[3]
    counts = {"min_data_in_bin": 5, "min_data_per_group": 40, "subsample_for_bin": 200}
    counts |= {"min_child_samples": 7}
    problem = Problem(data.X, data.teacher, CrossEntropy(), data.y, data.classes)
    rows = np.repeat(np.arange(len(data.y)), 3)
    own = module.copy_settings(LGBMClassifier(**counts), problem, rows)
    assert own == {name: 3 * count for name, count in counts.items()}


# Inner cross-validation


@any_classes
@pytest.mark.parametrize(
    "cv",
    [None, 4, KFold(3), StratifiedKFold(3, shuffle=True, random_state=0), "list"],
    ids=["None", "4", "KFold", "StratifiedKFold", "list"],
)
def test_inner_folds_keep_the_copies_of_a_row_together(n_classes, cv):
    data = DATA[n_classes]
    teacher = np.where(data.codes[:, None] == 0, data.one_hot, data.teacher)  # uneven copies
    given = cv
    if cv == "list":
        given = [(np.arange(100), np.arange(100, 240)), (np.arange(100, 240), np.arange(100))]
    calls = SpyLogisticCV.watch()
    student = SpyLogisticCV(Cs=[0.1, 1.0], cv=given, **logistic_cv_settings())
    model = DistilledClassifier(None, student, strength=0.0, calibration=None, size="free")
    model.fit(numbered(data), data.y, teacher_proba=teacher)
    (call,) = calls
    copies = call["X"][:, 0].astype(int)
    splits = call["settings"]["cv"]
    splitter = (
        {None: StratifiedKFold(5), 4: StratifiedKFold(4)}.get(given) if cv != "list" else None
    )
    splitter = splitter or given
    expected = given if cv == "list" else list(splitter.split(data.X, data.y))
    assert len(splits) == len(expected)
    for (train, test), rows in zip(splits, expected, strict=True):
        for part, of_rows in ((train, rows[0]), (test, rows[1])):
            assert_array_equal(np.unique(copies[part]), of_rows)
            assert len(part) == np.isin(copies, of_rows).sum()  # every copy of them
    assert repr(model.student_.cv) == repr(given)


def test_calibrated_student_sees_whole_rows():
    data = DATA[2]
    calls = SpyTree.watch()
    student = CalibratedClassifierCV(SpyTree(max_depth=2), cv=3)
    fit(student, data, X=numbered(data))
    assert len(calls) == 3
    seen = [np.unique(call["X"][:, 0], return_counts=True) for call in calls]
    assert all(np.all(counts == 2) for _, counts in seen)
    assert [len(rows) for rows, _ in seen] == [160, 160, 160]


def test_inner_folds_that_need_groups_say_so():
    with pytest.raises(ValueError, match="groups"):
        fit(LogisticRegressionCV(cv=GroupKFold(3), **logistic_cv_settings()), DATA[2])


# Early stopping


@pytest.mark.skipif(not takes_validation_rows, reason="scikit-learn 1.7 and later")
@any_classes
def test_early_stopping_is_scored_on_rows_kept_out(n_classes):
    data = DATA[n_classes]
    weight = np.linspace(1.0, 2.0, len(data.y))
    calls = SpyHistGradientBoosting.watch()
    student = SpyHistGradientBoosting(
        early_stopping=True,
        validation_fraction=0.25,
        n_iter_no_change=2,
        max_iter=200,
        learning_rate=0.5,
        random_state=0,
    )
    model = fit(student, data, weight=weight, X=numbered(data))
    (call,) = calls
    held_out = call["X_val"][:, 0].astype(int)
    assert len(held_out) == len(np.unique(held_out)) == len(data.y) // 4
    assert not set(held_out) & set(call["X"][:, 0].astype(int))
    assert_array_equal(call["y_val"], data.y[held_out])
    assert_array_equal(call["sample_weight_val"], weight[held_out])
    shares = np.bincount(data.codes[held_out]) / len(held_out)
    assert_allclose(shares, data.one_hot.mean(axis=0), atol=0.03)  # stratified
    assert model.student_.n_iter_ < 200
    assert model.student_.early_stopping is True


@pytest.mark.skipif(takes_validation_rows, reason="before scikit-learn 1.7")
def test_early_stopping_cannot_be_told_its_rows():
    with pytest.raises(StudentError, match="early stopping of HistGradientBoostingClassifier"):
        fit(HistGradientBoostingClassifier(early_stopping=True), DATA[2])


@pytest.mark.skipif(not takes_validation_rows, reason="scikit-learn 1.7 and later")
def test_automatic_early_stopping_goes_by_rows(monkeypatch):
    """Three copies of 240 rows are more than 500, and no reason to hold rows out."""
    data = DATA[3]
    for limit, expected in ((500, False), (200, True)):
        monkeypatch.setattr(copies, "HISTOGRAM_EARLY_STOPPING_ROWS", limit)
        calls = SpyHistGradientBoosting.watch()
        model = fit(SpyHistGradientBoosting(max_iter=2), data)
        assert calls[0]["settings"]["early_stopping"] is expected
        assert (calls[0]["X_val"] is not None) is expected
        assert model.student_.early_stopping == "auto"


def test_early_stopping_on_the_training_rows_holds_nothing_out():
    calls = SpyHistGradientBoosting.watch()
    student = SpyHistGradientBoosting(
        early_stopping=True, validation_fraction=None, max_iter=5, random_state=0
    )
    fit(student, DATA[2])
    assert calls[0]["X_val"] is None
    assert len(calls[0]["X"]) == 2 * len(DATA[2].y)


# What cannot be honoured


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (GradientBoostingClassifier(n_iter_no_change=3), "early stopping of GradientBoosting"),
        (SGDClassifier(loss="log_loss", early_stopping=True), "early stopping of SGDClassifier"),
        (RandomForestClassifier(class_weight="balanced_subsample"), "balanced_subsample"),
        (RandomForestClassifier(oob_score=True), "oob_score"),
        (
            BaggingClassifier(DecisionTreeClassifier(class_weight="balanced")),
            "class_weight.*DecisionTreeClassifier",
        ),
        (
            BaggingClassifier(GradientBoostingClassifier(n_iter_no_change=3)),
            "early stopping of GradientBoosting",
        ),
        (
            BaggingClassifier(LogisticRegressionCV(**logistic_cv_settings())),
            "cv.*LogisticRegressionCV",
        ),
    ],
    ids=lambda value: str(value).replace("\n", "") if not isinstance(value, str) else "",
)
def test_settings_that_copies_cannot_honour_raise(student, message):
    with pytest.raises(StudentError, match=message):
        fit(student, DATA[2])


@pytest.mark.parametrize("kind", [SVC, NuSVC])
def test_probabilities_of_libsvm_know_no_weights(kind):
    """Its Platt scaling counts copies: a constant soft label of .33 came out as .61."""
    with pytest.raises(
        StudentError, match=rf"{kind.__name__}\(probability.*CalibratedClassifierCV"
    ):
        fit(kind(probability=True), DATA[2])


def test_losses_without_class_probabilities_raise():
    with pytest.raises(StudentError, match=r"loss='logit'.*cross_entropy.*regressor"):
        fit(GaussianNB(), DATA[2], loss=Logit())
    fit(GaussianNB(), DATA[2], loss=Brier())


def test_dictionary_of_class_weights_may_leave_classes_out():
    data = DATA[3]
    student = LogisticRegression(tol=1e-8, max_iter=2000)
    weighted = clone(student).set_params(class_weight={"pear": 3.0})
    whole = clone(student).set_params(class_weight={"pear": 3.0, "apple": 1.0, "quince": 1.0})
    assert_allclose(
        fit(weighted, data).predict_proba(data.X), fit(whole, data).predict_proba(data.X)
    )
