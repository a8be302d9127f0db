"""A search within a time, by a clock that the tests turn: one body for both tasks."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill._ground import clock
from skdistill.choosing import evaluation, trials
from skdistill.exceptions import ParameterError
from skdistill.teaching import pairs
from tests.common.data import sample
from tests.common.numbers import numbers
from tests.common.spies import CountingTeacher

TASKS = {
    "classes": (DistilledClassifierCV, GaussianNB, DecisionTreeClassifier, sample(2, 120)),
    "numbers": (DistilledRegressorCV, LinearRegression, DecisionTreeRegressor, numbers(1, 120)),
}
each_task = pytest.mark.parametrize("task", TASKS)
DEPTHS = (1, 2, 3)


class Clock:
    """Goes on by a tick whenever it is read, and by a step whenever a student is fitted."""

    def __init__(self, tick=0.0):
        self.time, self.tick = 0.0, tick

    def __call__(self):
        self.time += self.tick
        return self.time


@pytest.fixture
def turned(monkeypatch):
    """Return the clock that is read; a task takes as long as its trees are deep together."""
    watch = Clock()
    for module in (clock, evaluation, trials, pairs):
        monkeypatch.setattr(module, "now", watch)
    run = evaluation.run

    def slow(*shared_and_task):
        task = next(each for each in shared_and_task if isinstance(each, trials.Task))
        watch.time += sum(c.params["student"].max_depth for c in task.candidates)
        return run(*shared_and_task)

    monkeypatch.setattr(evaluation, "run", slow)
    return watch


def search(task, max_time, depths=DEPTHS, **settings):
    cv, teacher, tree, _ = TASKS[task]
    students = [(f"depth {d}", tree(max_depth=d, random_state=0)) for d in depths]
    how = {"cv": 3, "strengths": (0.5,), "calibrations": (None,), "random_state": 0}
    return cv(teacher(), students, **how | {"max_time": max_time} | settings)


def tried(model):
    """Return which sides of which student were tried."""
    table = model.cv_results_
    return {
        (name, strength == 1.0)
        for name, strength in zip(table["param_student"], table["param_strength"], strict=True)
    }


@each_task
def test_enough_time_is_no_limit(task, turned):
    data = TASKS[task][-1]
    free, bound = (search(task, limit).fit(data.X, data.y) for limit in (None, 1e6))
    assert bound.untried_ == free.untried_ == []
    assert bound.verdict_.untried == {}
    for name in ("mean_test_score", "param_student", "param_strength"):
        assert_array_equal(bound.cv_results_[name], free.cv_results_[name])
    assert_array_equal(bound.predict(data.X), free.predict(data.X))
    assert bound.verdict_.n_teacher_fits == free.verdict_.n_teacher_fits == 6
    assert str(bound.verdict_) == str(free.verdict_)


@each_task
def test_each_student_is_tried_alone_and_distilled_before_the_next(task, turned):
    """Three folds: direct ones take 3, 6 and 9 seconds, the two distilled of each twice that."""
    data = TASKS[task][-1]
    limit = 3 + 6 + 6 + 12 + 9 + 17  # one short of the distilled ones of the last
    model = search(task, limit).fit(data.X, data.y)
    everything = {(f"depth {d}", side) for d in DEPTHS for side in (True, False)}
    assert everything - tried(model) == {("depth 3", False)}
    assert model.verdict_.untried == {"depth 3": 2}
    assert str(model.verdict_).count("Left untried for lack of time: depth 3 2 candidates.") == 1
    assert [each["strength"] for each in model.untried_] == [0.5, 0.0]
    assert {each["student"].max_depth for each in model.untried_} == {3}
    deep = model.verdict_.by_student["depth 3"]
    assert np.isnan(deep.difference)
    assert deep.lacking == {"distilled": "not tried"}
    assert np.isfinite([deep.direct, deep.size["direct"]]).all()
    line = next(line for line in str(model.verdict_).splitlines() if line.startswith("depth 3"))
    assert line.split()[2] == f"{deep.direct:.4g}"
    assert "not tried" in line
    assert "nan" not in line
    assert np.isfinite(model.verdict_.by_student["depth 2"].difference)
    assert len(model.cv_results_["params"]) == 7


@each_task
def test_with_little_time_whole_kinds_are_left(task, turned):
    data = TASKS[task][-1]
    model = search(task, 3 + 6 + 6).fit(data.X, data.y)
    assert tried(model) == {("depth 1", True), ("depth 1", False), ("depth 2", True)}
    assert model.verdict_.untried == {"depth 2": 2, "depth 3": 3}
    assert "untried for lack of time: depth 2 2, depth 3 3 candidates." in str(model.verdict_)


@each_task
def test_what_is_cheaper_is_tried_where_what_is_dearer_has_no_time(task, turned):
    data = TASKS[task][-1]
    limit = 6 + 12 + 9 + 10  # the distilled ones of depth 3 take 18, all of depth 1 take 9
    model = search(task, limit, depths=(2, 3, 1)).fit(data.X, data.y)
    assert model.verdict_.untried == {"depth 3": 2}


@each_task
def test_no_distilled_candidate_without_its_direct_counterpart(task, turned):
    data = TASKS[task][-1]
    for limit in (0.5, 3.5, 8.0, 20.0, 31.0):
        turned.time = 0.0
        found = tried(search(task, limit).fit(data.X, data.y))
        distilled = {name for name, direct in found if not direct}
        assert distilled <= {name for name, direct in found if direct}
        assert distilled  # else there would be no verdict


@each_task
def test_a_teacher_that_is_too_slow_is_told_after_one_fit(task, turned):
    teacher = CountingTeacher if task == "classes" else TASKS[task][1]
    data = TASKS[task][-1]
    fits = CountingTeacher.watch()
    turned.tick = 1.0
    model = search(task, 3.0).set_params(teacher=teacher())
    with pytest.raises(ParameterError, match=r"max_time=3 seconds .* one fit took .* 5 more"):
        model.fit(data.X, data.y)
    assert len(fits) == (task == "classes")
    assert not hasattr(model, "verdict_")


@each_task
def test_given_labels_need_no_teacher_to_be_timed(task, turned):
    data = TASKS[task][-1]
    model = search(task, 1e6).fit(data.X, data.y)
    kind = data.given.removeprefix("teacher_")
    given = {name: getattr(model, f"{name}_") for name in (data.given, f"pool_{kind}")}
    again = search(task, 1e6).set_params(teacher=None).fit(data.X, data.y, **given)
    assert_array_equal(again.predict(data.X), model.predict(data.X))


@each_task
@pytest.mark.parametrize("max_time", [0, -1.0, float("nan"), "1h"])
def test_what_is_no_time(task, max_time):
    data = TASKS[task][-1]
    with pytest.raises(ParameterError, match="max_time"):
        search(task, max_time).set_params(teacher=None).fit(data.X, data.y)
