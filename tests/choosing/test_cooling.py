"""A temperature of the students' own probabilities, tried on both sides of a choice."""

import pickle

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import ParameterError
from skdistill.students import TemperedClassifier

LONG = LGBMClassifier(n_estimators=80, min_child_samples=5, n_jobs=1, verbose=-1)
TREE = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
LINE = LogisticRegression()
SEED_AT_CHANCE = 0
HOW = {
    "cv": 3,
    "strengths": (0.0, 1.0),
    "calibrations": ("sigmoid",),
    "student_calibration": "temperature",
    "return_row_losses": True,
    "random_state": 0,
}


def rows(n_classes=2, n=700):
    how = {"n_informative": 4, "flip_y": 0.2, "n_classes": n_classes, "random_state": 0}
    X, y = make_classification(n, 6, **how)
    return X[:300], y[:300], X[300:], y[300:]


def search(students, n_classes=2, **how):
    X, y, _, _ = rows(n_classes)
    teacher = RandomForestClassifier(30, min_samples_leaf=3, random_state=0)
    return DistilledClassifierCV(teacher, students, **HOW | how).fit(X, y)


@pytest.fixture(scope="module", params=[2, 3])
def both(request):
    students = [("long", LONG), ("tree", TREE), ("line", LINE)]
    settings = {"n_classes": request.param}
    return search(students, **settings), search(students, **settings, student_calibration=None)


def test_overconfident_students_are_cooled_on_both_sides(both):
    with_, without = both
    table, before = with_.cv_results_, without.cv_results_
    assert "student_temperature" not in before
    for name in ("long", "tree"):
        direct = [
            i
            for i, p in enumerate(table["params"])
            if table["param_student"][i] == name and p["strength"] == 1 and p["calibration"] is None
        ]
        assert len(direct) == 1
        assert table["student_temperature"][direct[0]] >= (1.2 if name == "long" else 1.0)
        gain = table["mean_test_score"][direct[0]] - before["mean_test_score"][direct[0]]
        assert gain >= (0.05 if name == "long" else 0.0)
    assert np.all(table["mean_test_score"] >= before["mean_test_score"])
    same = table["student_temperature"] == 1.0
    assert_array_equal(table["mean_test_score"][same], before["mean_test_score"][same])


def test_the_gain_of_teaching_is_over_a_cooled_direct_student(both):
    with_, without = both
    assert with_.verdict_.n_student_fits == without.verdict_.n_student_fits
    assert with_.verdict_.n_teacher_fits == without.verdict_.n_teacher_fits
    gain = {fit: fit.verdict_.by_student["long"].difference for fit in both}
    assert abs(gain[with_]) < abs(gain[without])


def test_a_fold_is_cooled_by_the_others_and_the_chosen_student_by_all():
    """By hand, for the direct student: its folds, its rows, one number."""
    X, y = rows()[:2]
    model = search(LONG, strengths=(0.0, 1.0), fallback="not shown")
    direct = next(
        i
        for i, p in enumerate(model.cv_results_["params"])
        if p["strength"] == 1.0 and p["calibration"] is None
    )
    fold = model.fold_
    out_of_fold = np.empty((len(y), 2))
    for k in range(3):
        fitted = clone(LONG).fit(X[fold != k], y[fold != k])
        out_of_fold[fold == k] = fitted.predict_proba(X[fold == k])

    def power(on):
        floored = np.maximum(out_of_fold[on], 1e-4)
        logs = np.log(floored / floored.sum(axis=1, keepdims=True))

        def loss(slope):
            scores = slope * logs
            scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
            ridge = 0.5 * (slope - 1.0) ** 2
            return -scores[np.arange(on.sum()), y[on]].sum() + ridge

        return minimize_scalar(
            loss, bounds=(0.01, 5.0), method="bounded", options={"xatol": 1e-9}
        ).x

    losses = np.empty(len(y))
    for k in range(3):
        p = out_of_fold[fold == k] ** power(fold != k)
        p = np.maximum(p / p.sum(axis=1, keepdims=True), 0.001)
        p /= p.sum(axis=1, keepdims=True)
        losses[fold == k] = -np.log(p[np.arange(len(p)), y[fold == k]])
    assert_allclose(model.row_losses_[direct], losses, rtol=1e-4)
    all_rows = power(np.ones(len(y), dtype=bool))
    assert_allclose(1.0 / model.cv_results_["student_temperature"][direct], all_rows, rtol=1e-4)


@pytest.mark.parametrize("student", [LONG, TREE, DecisionTreeClassifier(random_state=0)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_fitted_student_has_the_temperature(student, n_classes):
    X_test, y_test = rows(n_classes)[2:]
    model = search(student, n_classes, strengths=(0.0,), fallback=False)
    bare = search(student, n_classes, strengths=(0.0,), fallback=False, student_calibration=None)
    number = model.best_index_
    power = 1.0 / model.cv_results_["student_temperature"][number]
    if model.best_params_ == bare.best_params_:
        p = np.maximum(bare.predict_proba(X_test), np.finfo(float).tiny) ** power
        assert_allclose(model.predict_proba(X_test), p / p.sum(axis=1, keepdims=True), atol=1e-9)
        assert_array_equal(model.predict(X_test), bare.predict(X_test))
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(X_test), model.predict_proba(X_test))
    assert log_loss(y_test, model.predict_proba(X_test)) < np.log(n_classes) + 0.3


def test_another_of_its_students_has_its_temperature_too():
    X_test = rows()[2]
    model = search([("long", LONG), ("line", LINE)], strengths=(0.0,), fallback=False)
    other = model.best_under(max_leaves=10_000_000)
    assert_array_equal(other.predict_proba(X_test), model.predict_proba(X_test))


def test_weights_count_as_rows_do():
    X, y = rows()[:2]
    X = np.column_stack([X, X, X])  # three witnesses that are one: too sure
    weight = np.random.default_rng(0).integers(1, 3, size=len(y))
    twice = np.repeat(np.arange(len(y)), weight)
    fold = np.arange(len(y)) % 3
    p = np.random.default_rng(1).dirichlet((1, 1), size=len(y))
    p = 0.3 * p + 0.7 * np.where(y[:, None] == [0, 1], 0.8, 0.2)
    pool = 0.9 * np.stack([p, p, p]) + 0.05  # of other teachers
    pool[fold, np.arange(len(y))] = np.nan

    def fit(rows_, sample_weight):
        splits = [
            (np.flatnonzero(fold[rows_] != k), np.flatnonzero(fold[rows_] == k)) for k in range(3)
        ]
        model = DistilledClassifierCV(None, GaussianNB(), **HOW | {"cv": splits})
        given = {"teacher_proba": p[rows_], "pool_proba": pool[:, rows_]}
        return model.fit(X[rows_], y[rows_], sample_weight=sample_weight, **given)

    weighted, repeated = fit(np.arange(len(y)), weight), fit(twice, None)
    ours, theirs = (m.cv_results_["student_temperature"] for m in (weighted, repeated))
    cooled = (ours != 1.0) & (theirs != 1.0)  # rows that are copies make for smaller errors
    assert cooled.any()
    assert_allclose(ours[cooled], theirs[cooled], rtol=1e-6)


def test_thresholds_stay_where_they_are():
    student = FixedThresholdClassifier(DecisionTreeClassifier(random_state=0), threshold=0.3)
    model = search(student)
    assert_array_equal(model.cv_results_["student_temperature"], 1.0)


def test_the_wrapper_is_plain_and_one():
    model = search(LONG, strengths=(0.0,), temperatures=(3.0,), fallback=False)
    assert not isinstance(getattr(model.student_, "classifier", None), TemperedClassifier)


def test_the_name_must_be_known():
    with pytest.raises(
        ParameterError, match="student_calibration must be one of 'auto', 'temperature', None"
    ):
        search(LONG, student_calibration="isotonic")


def test_what_a_student_ranks_first_is_kept_where_all_is_noise():
    """The best power is 0 there, a constant."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 3)), rng.integers(0, 2, 90)
    deep = DecisionTreeClassifier(random_state=0)
    how = {"cv": 3, "random_state": 0}
    model = DistilledClassifierCV(
        GaussianNB(), deep, strengths=(0.0,), calibrations=(None,), **how
    ).fit(X, y)
    assert_array_equal(model.cv_results_["student_temperature"], [1.0, 100.0])
    assert model.best_index_ == 1
    bare = DistilledClassifier(None, deep, strength=0.0, calibration=None, **how)
    bare.fit(X, y, teacher_proba=model.teacher_proba_)
    assert_array_equal(model.predict(X), bare.predict(X))
    assert_allclose(model.predict_proba(X), 0.5, atol=0.01)


def test_students_that_are_cooled_to_chance_are_compared_no_surer_than_before():
    """What is left of their difference is next to nothing, and so is its spread over rows."""
    rng = np.random.default_rng(SEED_AT_CHANCE)
    X = rng.normal(size=(300, 5))
    p = np.where((X[:, 0] > 0) ^ (X[:, 1] > 0), 0.9, 0.1)
    y = (rng.random(300) < p).astype(int)
    how = {"strengths": (0.0, 0.5), "calibrations": ("sigmoid",), "random_state": SEED_AT_CHANCE}
    teacher = ExtraTreesClassifier(15, min_samples_leaf=3, random_state=0)
    before, cooled = (
        DistilledClassifierCV(teacher, LINE, student_calibration=each, **how).fit(X, y).verdict_
        for each in (None, "temperature")
    )
    assert abs(cooled.difference) < 0.1 * before.error
    assert cooled.error >= 0.5 * before.error
