"""`best_under`: the best candidate within limits, fitted by what the search keeps."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.exceptions import CoverageWarning, InputError, ParameterError, SkdistillWarning
from skdistill.rows.munge import Munge
from tests.common.data import sample
from tests.common.numbers import numbers
from tests.common.spies import CountingTeacher

SIZES = [4, 12, 30]
TASKS = {
    "classes": (
        DistilledClassifierCV, DistilledClassifier, GaussianNB(), DecisionTreeClassifier,
        LogisticRegression(), sample(2, 150),
    ),
    "numbers": (
        DistilledRegressorCV, DistilledRegressor, LinearRegression(), DecisionTreeRegressor,
        Ridge(), numbers(1, 150),
    ),
}  # fmt: skip
each_task = pytest.mark.parametrize("task", TASKS)


def searched(task, *, fit=None, teacher=None, **settings):
    cv, _, own, tree, line, data = TASKS[task]
    students = [("tree", tree(random_state=0), {"max_leaf_nodes": SIZES}), ("line", line)]
    how = {"cv": 3, "strengths": (0.5,), "calibrations": (None,), "random_state": 0}
    how |= {"students": students, "fallback": False}
    model = cv(own if teacher is None else teacher, **how | settings)
    return model.fit(data.X, data.y, **fit or {})


@each_task
def test_it_is_what_a_search_among_the_small_ones_would_fit(task):
    data = TASKS[task][-1]
    model = searched(task)
    before = pickle.dumps(model)
    small = model.best_under(max_leaves=12, size_kb=1e6, latency_us=1e9)
    table = model.cv_results_
    leaves = [getattr(p["student"], "max_leaf_nodes", 0) for p in table["params"]]
    score = np.where(np.array(leaves) <= 12, table["mean_test_score"], -np.inf)
    best = table["params"][int(np.argmax(score))]
    single = TASKS[task][1]
    again = single(model.teacher, cv=3, random_state=0, **best).fit(data.X, data.y)
    assert isinstance(small, single)
    assert {name: small.get_params()[name] for name in best} == best
    assert_array_equal(data.answer(small, data.X), data.answer(again, data.X))
    assert pickle.dumps(model) == before  # the search stays as it is


@each_task
def test_no_teacher_is_fitted(task):
    data = TASKS[task][-1]
    teacher = CountingTeacher() if task == "classes" else None
    model = searched(task, teacher=teacher)
    fits = CountingTeacher.watch()
    small = model.best_under(readable=True)
    assert fits == []
    assert small.report_.n_teacher_fits == 0
    given = getattr(model, f"{data.given}_")
    assert_array_equal(getattr(small, f"{data.given}_"), given)
    small.refit_student(data.X, data.y, strength=1.0)


@each_task
def test_nothing_within_says_what_the_smallest_needs(task):
    model = searched(task)
    with pytest.raises(ParameterError, match=r"size_kb 0.001.*The least .* size_kb \S+ \(line\)"):
        model.best_under(size_kb=0.001)
    with pytest.raises(ParameterError, match="budget must be a dict with some of"):
        model.best_under()
    with pytest.raises(ParameterError, match="latency_us"):
        model.best_under(latency_us=-1.0)


@each_task
def test_a_fallback_leaves_the_direct_students(task):
    model = searched(task, fallback="not shown", alpha=1e-9)
    assert all(kind.fell_back for kind in model.verdict_.by_student.values())
    assert model.best_under(max_leaves=12).strength_ == 1.0


@each_task
def test_a_search_from_a_file_is_given_its_rows_again(task):
    data = TASKS[task][-1]
    model = searched(task)
    loaded = pickle.loads(pickle.dumps(model))
    assert data.X.tobytes() not in pickle.dumps(model)
    with pytest.raises(ParameterError, match="pass them again"):
        loaded.best_under(max_leaves=4)
    small = loaded.best_under(data.X, data.y, max_leaves=4)
    expected = model.best_under(max_leaves=4)
    assert_array_equal(data.answer(small, data.X), data.answer(expected, data.X))
    with pytest.raises(InputError, match="y must be the labels"):
        loaded.best_under(data.X, data.y[::-1], max_leaves=4)
    with pytest.raises(InputError, match="sample_weight must be what fit was given"):
        loaded.best_under(data.X, data.y, np.ones(len(data)), max_leaves=4)
    with pytest.raises(ParameterError, match="sample_weight has no effect without X"):
        model.best_under(sample_weight=np.ones(len(data)), max_leaves=4)
    with pytest.raises(TypeError, match="colour"):
        model.best_under(colour="red", max_leaves=4)
    with pytest.raises(TypeError, match=r"\['leaves'\].*'size_kb'.* Did you mean max_leaves\?"):
        model.best_under(leaves=8)


@each_task
def test_weights_are_remembered(task):
    data = TASKS[task][-1]
    weight = np.linspace(0.5, 2.0, len(data))
    model = searched(task, fit={"sample_weight": weight})
    small = model.best_under(max_leaves=12)
    again = clone(small).fit(data.X, data.y, sample_weight=weight)
    assert_array_equal(data.answer(small, data.X), data.answer(again, data.X))


@each_task
@pytest.mark.parametrize("rows", ["munge", "transfer"])
def test_rows_without_labels_are_remembered(task, rows):
    data = TASKS[task][-1]
    how = {"strengths": (0.0,), "students": TASKS[task][3](max_leaf_nodes=8, random_state=0)}
    fit = {}
    if rows == "munge":
        how["synthetics"] = (Munge(copies=2),)
    else:
        fit["X_transfer"] = data.X[::2] + 0.05
    model = searched(task, fit=fit, **how)
    slots = model._shelf.slots
    for number, slot in enumerate(slots):
        if slot.is_direct:
            continue
        refitted = model._fit_one(number, model._given_rows)
        params = dict(slot.params)
        again = TASKS[task][1](model.teacher, cv=3, random_state=0, **params)
        again = again.fit(data.X, data.y, **fit)
        assert_allclose(data.answer(refitted, data.X), data.answer(again, data.X), rtol=1e-12)


@each_task
def test_direct_students_are_fitted_to_the_rows_before_the_first_fold_too(task):
    data = TASKS[task][-1]
    with pytest.warns(CoverageWarning):
        model = searched(task, cv=TimeSeriesSplit(5), fallback="not shown", alpha=1e-9)
    small = model.best_under(max_leaves=12)
    student = small.get_params()["student"]
    alone = student.fit(data.X, data.y)
    said = alone.predict_proba(data.X) if task == "classes" else alone.predict(data.X)[:, None]
    assert_array_equal(data.answer(small, data.X), said)


@each_task
def test_stacked_candidates_need_students_only(task):
    data = TASKS[task][-1]
    how = {"calibrations": ("stacked",), "strengths": (0.0,)}
    model = searched(task, students=TASKS[task][3](max_leaf_nodes=8, random_state=0), **how)
    small = model.best_under(max_leaves=8)
    again = clone(small)
    assert_array_equal(data.answer(small, data.X), data.answer(again.fit(data.X, data.y), data.X))


@each_task
def test_what_outgrows_the_limits_makes_room_for_the_next(task):
    """Of two thirds of the rows the deep tree has fewer leaves than of all."""
    tree, data = TASKS[task][3], TASKS[task][-1]
    deep = tree(random_state=0)
    model = searched(task, students=[("deep", deep), ("flat", tree(max_depth=2, random_state=0))])
    whole = deep.fit(data.X, data.y).get_n_leaves()
    assert max(cost.max_leaves for cost in model._shelf.costs) < whole
    assert model.best_under(max_leaves=whole - 1).student_.get_n_leaves() < whole


def test_a_refit_keeps_the_temperature_that_was_found_for_the_student():
    data = sample(3)
    boosted = GradientBoostingClassifier(n_estimators=40, learning_rate=0.5, random_state=0)
    how = {"cv": 3, "strengths": (0.5,), "calibrations": (None,), "random_state": 0}
    search = DistilledClassifierCV(
        GaussianNB(), boosted, student_calibration="temperature", fallback=False, **how
    ).fit(data.X, data.y)
    small = search.best_under(max_leaves=10_000)
    again = small.refit_student(data.X, data.y)
    p = small.predict_proba(data.X)
    assert_allclose(again.predict_proba(data.X), p)
    assert_allclose(again.refit_student(data.X, data.y).predict_proba(data.X), p)
    loaded = pickle.loads(pickle.dumps(small))
    assert_allclose(loaded.refit_student(data.X, data.y, device="cpu").predict_proba(data.X), p)
    with pytest.warns(SkdistillWarning, match=r"temperature .* was found for another student"):
        other = small.refit_student(data.X, data.y, student__n_estimators=2)
    assert type(other.student_) is GradientBoostingClassifier
    bare = clone(small).fit(data.X, data.y)  # a fit of its own knows of none
    assert np.abs(bare.predict_proba(data.X) - p).max() > 0.01
    assert_allclose(
        bare.refit_student(data.X, data.y).predict_proba(data.X), bare.predict_proba(data.X)
    )
