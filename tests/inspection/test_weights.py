"""Weights and exposures in reports and comparisons: integer weights are rows, rates are totals."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.exceptions import InputError, ParameterError, StudentError, TeacherError
from skdistill.inspection import (
    DistillationCurveDisplay,
    DistillationReport,
    TeacherReport,
    compare,
    frontier,
)
from tests.common.data import sample

N_ROWS, FAST = 80, {"latency_rows": (1,), "budget": 0.0}
BY_GROUP = LeaveOneGroupOut()  # the same folds of rows and of their copies


@dataclass(frozen=True)
class Lesson:
    """A distiller, its students, rows in groups, and another model of the task."""

    model: Any
    students: dict[str, Any]
    y: np.ndarray
    other: Any
    X: ClassVar[np.ndarray] = sample(3, N_ROWS).X
    groups: ClassVar[np.ndarray] = np.arange(N_ROWS) % 4
    weight: ClassVar[np.ndarray] = np.random.default_rng(0).integers(0, 4, size=N_ROWS)

    def repeated(self, *arrays: np.ndarray) -> list[np.ndarray]:
        return [np.repeat(a, self.weight, axis=0) for a in (self.X, self.y, self.groups, *arrays)]

    @property
    def weighed(self) -> dict[str, np.ndarray]:
        return {"sample_weight": self.weight, "groups": self.groups}


def make_lesson(task: str) -> Lesson:
    if task == "classes":
        student = DecisionTreeClassifier(max_leaf_nodes=5, random_state=0)
        model = DistilledClassifier(GaussianNB(), student, cv=BY_GROUP, random_state=0)
        other, y = LogisticRegression(C=0.1), sample(3, N_ROWS).y
    else:
        # Equally good splits of a tree of numbers fall one way or the other by the last bit.
        teacher, student, other = LinearRegression(), Ridge(20.0), Ridge()
        X, rng = Lesson.X, np.random.default_rng(1)
        y = X[:, 0] + np.abs(X[:, 1]) + 0.3 * rng.normal(size=N_ROWS)
        if task == "counts":
            y = rng.poisson(np.exp(0.3 * X[:, 0])).astype(float)
            teacher, student = PoissonRegressor(alpha=0.1), PoissonRegressor(alpha=1.0)
        model = DistilledRegressor(teacher, student, cv=BY_GROUP, random_state=0)
    students = {"one": student, "other": clone(student).set_params(**_change(student))}
    return Lesson(model, students, y, other)


def _change(student):
    return {"alpha": 9.0} if hasattr(student, "alpha") else {"max_leaf_nodes": 3}


@pytest.fixture(params=["classes", "numbers", "counts"], scope="module")
def lesson(request: pytest.FixtureRequest) -> Lesson:
    return make_lesson(request.param)


@pytest.fixture(params=["numbers", "counts"], scope="module")
def numeric(request: pytest.FixtureRequest) -> Lesson:
    return make_lesson(request.param)


def assert_alike(ours, theirs, but=()):
    """Nested mappings of numbers are the same; `but` are names of what may differ."""
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        if key in but:
            continue
        if isinstance(value, dict):
            assert_alike(value, theirs[key], but)
        elif key != "classes":
            a, b = (np.asarray(v, dtype=float) for v in (value, theirs[key]))
            assert_allclose(a, b, rtol=1e-6, atol=1e-9, err_msg=str(key))


def test_integer_weights_are_rows_where_methods_are_compared(lesson):
    X, y, groups = lesson.repeated()
    how = {"cv": BY_GROUP, "others": {"linear": lesson.other}, "random_state": 0}
    ours = compare(lesson.model, lesson.X, lesson.y, **lesson.weighed, **how)
    theirs = compare(lesson.model, X, y, groups=groups, **how)
    assert_alike(ours.scores, theirs.scores)
    assert ours.test_over_train == pytest.approx(theirs.test_over_train)
    plain = compare(lesson.model, lesson.X, lesson.y, groups=lesson.groups, **how)
    assert plain.estimate("distilled").mean != pytest.approx(ours.estimate("distilled").mean)


@pytest.mark.parametrize("cv", [None, BY_GROUP])
def test_integer_weights_are_rows_on_the_frontier(lesson, cv):
    X, y, groups = lesson.repeated()
    how = {"cv": cv, "random_state": 1, "budget": 0.0}
    ours = frontier(lesson.model, lesson.X, lesson.y, lesson.students, **lesson.weighed, **how)
    theirs = frontier(lesson.model, X, y, lesson.students, groups=groups, **how)
    for one, same in zip(ours.points, theirs.points, strict=True):
        assert_alike(dict(one.scores), dict(same.scores))
        assert one.loss.mean == pytest.approx(same.loss.mean)
        assert one.loss.error == pytest.approx(same.loss.error)
        assert one.strength == pytest.approx(same.strength)


def test_integer_weights_are_rows_on_the_learning_curve(lesson):
    X, y, groups = lesson.repeated()
    make = DistillationCurveDisplay.from_estimator
    how = {"cv": BY_GROUP, "train_sizes": (1.0,)}
    ours = make(lesson.model, lesson.X, lesson.y, **lesson.weighed, **how)
    theirs = make(lesson.model, X, y, groups=groups, **how)
    assert_alike(
        ours.table, theirs.table, but=("method", "n_rows", "standard_error", "low", "high")
    )


def test_integer_weights_are_rows_in_reports(lesson):
    X, y, groups = lesson.repeated()
    weighted = clone(lesson.model).fit(lesson.X, lesson.y, **lesson.weighed)
    repeated = clone(lesson.model).fit(X, y, groups=groups)
    how = {"teacher": "fit", "residual_model": Ridge()}
    but = ("n_rows", "n_unlabelled", "duplicates", "recommendations", "answers", "slices")
    but += ("brier_error", "loss_error", "standard_error")  # of rows that are told apart
    ours = TeacherReport.from_estimator(
        weighted, lesson.X, lesson.y, sample_weight=lesson.weight, **how
    )
    theirs = TeacherReport.from_estimator(repeated, X, y, **how)
    assert_alike(ours.to_dict(), theirs.to_dict(), but)


def test_integer_weights_of_held_out_rows_are_rows(lesson):
    """With their interval, as rows of a group are taken together."""
    half = np.arange(N_ROWS) < N_ROWS // 2
    model = clone(lesson.model).fit(lesson.X[half], lesson.y[half], groups=lesson.groups[half])
    given = {"X_train": lesson.X[half], "y_train": lesson.y[half], "teacher": "fit", **FAST}
    given["train_params"] = {"groups": lesson.groups[half]}
    test, rows = ~half, np.arange(N_ROWS)
    ours = DistillationReport.from_estimator(
        model,
        lesson.X[test],
        lesson.y[test],
        sample_weight=lesson.weight[test],
        groups=rows[test],
        **given,
    )
    chosen = np.repeat(rows, np.where(test, lesson.weight, 0))
    theirs = DistillationReport.from_estimator(
        model, lesson.X[chosen], lesson.y[chosen], groups=chosen, **given
    )
    assert_alike(dict(vars(ours.gain)), dict(vars(theirs.gain)))
    for name, figures in ours.models.items():
        same = theirs.models[name]
        assert_alike(dict(figures.scores), dict(same.scores))
        assert_alike(dict(figures.fidelity), dict(same.fidelity))
        assert_alike(dict(figures.by_class), dict(same.by_class), but=("n_rows",))


def test_totals_of_an_exposure_are_weighted_rates(numeric):
    X, exposure = numeric.X, np.random.default_rng(2).uniform(0.5, 2.0, size=N_ROWS)
    totals, weight = numeric.y * exposure, numeric.weight * exposure
    given = {"exposure": exposure, "sample_weight": numeric.weight, "groups": numeric.groups}
    same = {"sample_weight": weight, "groups": numeric.groups}
    how = {"cv": BY_GROUP, "random_state": 0}
    ours = compare(numeric.model, X, totals, **given, **how)
    assert_alike(ours.scores, compare(numeric.model, X, numeric.y, **same, **how).scores)
    how = {"random_state": 0, "budget": 0.0}
    points = [
        frontier(numeric.model, X, y, numeric.students, **beside, **how).points
        for y, beside in ((totals, given), (numeric.y, same))
    ]
    for one, other in zip(*points, strict=True):
        assert one.loss.mean == pytest.approx(other.loss.mean)
    make, how = DistillationCurveDisplay.from_estimator, {"cv": BY_GROUP, "train_sizes": (1.0,)}
    curves = [
        make(numeric.model, X, y, **beside, **how).table["score"]
        for y, beside in ((totals, given), (numeric.y, same))
    ]
    assert_allclose(*curves)


def run(kind, model, X, y, students, **beside):
    """One of those that fit on their own."""
    if kind == "compare":
        return compare(model, X, y, cv=BY_GROUP, **beside)
    if kind == "frontier":
        return frontier(model, X, y, students, **beside)
    return DistillationCurveDisplay.from_estimator(model, X, y, cv=BY_GROUP, **beside)


EACH = pytest.mark.parametrize("kind", ["compare", "frontier", "curve"])


@EACH
def test_exposures_of_classes_and_quantiles_are_refused(kind):
    ones = {"exposure": np.ones(N_ROWS), "groups": Lesson.groups}
    classes = make_lesson("classes")
    with pytest.raises(ParameterError, match="exposure= is that of totals: leave it out"):
        run(kind, classes.model, classes.X, classes.y, classes.students, **ones)
    numbers = make_lesson("numbers")
    from sklearn.linear_model import QuantileRegressor

    median = QuantileRegressor(quantile=0.5)
    model = clone(numbers.model).set_params(student=median)
    with pytest.raises(ParameterError, match="a quantile of rates depends on how long"):
        run(kind, model, numbers.X, numbers.y, {"median": median}, **ones)


@EACH
@pytest.mark.parametrize("weight", [-np.ones(N_ROWS), np.ones(N_ROWS - 1), ["a"] * N_ROWS])
def test_weights_that_are_none_are_refused(lesson, kind, weight):
    given = {"sample_weight": weight, "groups": lesson.groups}
    with pytest.raises(InputError, match="sample_weight must"):
        run(kind, lesson.model, lesson.X, lesson.y, lesson.students, **given)


def test_models_that_take_no_weights_are_refused_before_a_fit(lesson):
    neighbours = KNeighborsClassifier() if lesson.y.dtype.kind in "OUT" else KNeighborsRegressor()
    for other in (neighbours, make_pipeline(StandardScaler(), neighbours)):
        with pytest.raises(ParameterError, match=r"others\['nn'\] cannot be given weights"):
            compare(lesson.model, lesson.X, lesson.y, others={"nn": other}, **lesson.weighed)
    weightless = clone(lesson.model).set_params(teacher=neighbours)
    for kind in ("compare", "frontier"):
        with pytest.raises((TeacherError, StudentError), match="cannot be given weights"):
            run(kind, weightless, lesson.X, lesson.y, lesson.students, **lesson.weighed)


def test_models_in_pipelines_are_given_weights(lesson):
    others = {"linear": make_pipeline(StandardScaler(), lesson.other)}
    how = {"methods": ("direct",), "cv": BY_GROUP, "others": others, "random_state": 0}
    ours = compare(lesson.model, lesson.X, lesson.y, **lesson.weighed, **how)
    plain = compare(lesson.model, lesson.X, lesson.y, groups=lesson.groups, **how)
    assert ours.estimate("linear").mean != pytest.approx(plain.estimate("linear").mean)
