"""`frontier_`: the best direct and distilled candidate of each student, and the front."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV, DistilledRegressorCV
from skdistill.exceptions import ParameterError
from skdistill.inspection import FrontierDisplay

X, Y = make_classification(200, 5, n_informative=3, flip_y=0.1, random_state=0)
NUMBERS = make_friedman1(200, 5, noise=1.0, random_state=0)[1]
HOW = {"cv": 3, "strengths": (0.0, 0.5, 1.0), "calibrations": (None,), "random_state": 0}


@pytest.fixture(scope="module", params=["classes", "numbers"])
def search(request):
    if request.param == "classes":
        tree = DecisionTreeClassifier(random_state=0)
        students = [("tree", tree, {"max_leaf_nodes": [3, 9]}), ("line", LogisticRegression())]
        teacher = RandomForestClassifier(8, random_state=0)
        return DistilledClassifierCV(teacher, students, **HOW, return_row_losses=True).fit(X, Y)
    tree = DecisionTreeRegressor(random_state=0)
    students = [("tree", tree, {"max_leaf_nodes": [3, 9]}), ("line", Ridge())]
    teacher = RandomForestRegressor(8, random_state=0)
    return DistilledRegressorCV(teacher, students, **HOW, return_row_losses=True).fit(X, NUMBERS)


def test_every_student_stands_there_directly_and_distilled(search):
    found = search.frontier_
    pairs = list(zip(found["student"], found["side"], strict=True))
    names = ("tree (max_leaf_nodes=3)", "tree (max_leaf_nodes=9)", "line")
    assert pairs == [(name, side) for name in names for side in ("direct", "distilled")]
    table, at = search.cv_results_, found["candidate"]
    strengths = np.array([table["params"][i]["strength"] for i in at])
    assert_array_equal(strengths == 1.0, found["side"] == "direct")
    assert_allclose(found["size_bytes"], table["size"][at])
    rows = search.row_losses_[at]
    assert_allclose(found["loss"], rows.mean(axis=1), rtol=0.02)  # folds of unequal size
    assert_allclose(found["standard_error"], rows.std(axis=1, ddof=1) / np.sqrt(len(X)), rtol=0.02)


def test_the_front_is_what_nobody_beats(search):
    found = search.frontier_
    costs = np.column_stack([found[name] for name in ("loss", "size_bytes", "latency")])
    for own, on in zip(costs, found["on_front"], strict=True):
        assert on == (not any((other <= own).all() and (other < own).any() for other in costs))
    assert found["on_front"][np.argmin(found["loss"])]


def test_the_display_shows_it_beside_the_teacher(search):
    display = FrontierDisplay.from_search(search, against="size_bytes")
    frame = display.frame()
    assert frame["student"].tolist()[-1] == "line, distilled"
    assert_array_equal(frame["on_front"], search.frontier_["on_front"])
    lines = display.plot().ax_.get_lines()
    teacher = search.verdict_.teacher["calibrated"]
    assert any(np.allclose(line.get_ydata(), teacher) for line in lines)


def test_only_a_fitted_search_has_one():
    single = DistilledClassifier(DecisionTreeClassifier(), DecisionTreeClassifier(), cv=3)
    single.fit(X, Y)
    with pytest.raises(ParameterError, match="takes a fitted DistilledClassifierCV"):
        FrontierDisplay.from_search(single)
    with pytest.raises(ParameterError, match="against"):
        FrontierDisplay.from_search(None, against="cost")
