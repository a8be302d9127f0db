"""Hard limits on what is chosen: read, measured, kept in the end, and priced."""

from dataclasses import replace

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill._ground.costs import size_bytes
from skdistill.choosing.budget import Budget, Cost, measure
from skdistill.estimators import choosing
from skdistill.exceptions import ParameterError
from skdistill.students import Fitted

X, Y = make_classification(240, 6, n_informative=4, flip_y=0.1, random_state=0)
NUMBERS = make_friedman1(240, 6, noise=1.0, random_state=0)[1]
TEACHER = RandomForestClassifier(8, min_samples_leaf=3, random_state=0)
TREE = DecisionTreeClassifier(random_state=0)
FOREST = RandomForestClassifier(4, random_state=0)
STUDENTS = [
    ("tree", TREE, {"max_leaf_nodes": [4, 12]}),
    ("forest", FOREST),
    ("line", LogisticRegression()),
]


def search(students=STUDENTS, **settings):
    how = {"cv": 3, "strengths": (0.5, 1.0), "calibrations": ("sigmoid",), "random_state": 0}
    return DistilledClassifierCV(TEACHER, students, **how | settings)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({}, "budget must be a dict"),
        (20, "budget must be a dict"),
        ({"latency": 20}, "'latency_us', 'size_kb', 'max_leaves', 'readable'"),
        ({"leaves": 8, "size": 1}, r"got .*\. Did you mean max_leaves and size_kb\?"),
        ({"latency_us": 0}, "latency_us"),
        ({"size_kb": -1.0}, "size_kb"),
        ({"max_leaves": "8"}, "max_leaves"),
        ({"size_kb": float("nan")}, "size_kb"),
        ({"readable": 1}, "readable"),
    ],
)
def test_what_is_no_budget_is_refused_before_a_teacher_is_fitted(budget, expected):
    model = DistilledClassifierCV(None, TREE, budget=budget)
    with pytest.raises(ParameterError, match=expected):
        model.fit(X, Y)


def cost(model, rows=X, y=Y):
    return measure(Fitted(model.fit(rows, y), lambda p: p, 0.0), rows)


def test_costs_are_those_of_the_model():
    tree = cost(DecisionTreeClassifier(max_leaf_nodes=5, random_state=0))
    assert (tree.max_leaves, tree.readable) == (5, True)
    assert 1.0 < tree.latency_us < 1e5
    forest = RandomForestClassifier(3, max_leaf_nodes=5, random_state=0)
    of_forest = cost(forest)
    assert (of_forest.max_leaves, of_forest.readable) == (15, False)
    assert of_forest.size_kb == size_bytes(forest) / 1000
    assert not cost(DecisionTreeClassifier(random_state=0, min_samples_leaf=2)).readable
    line = cost(make_pipeline(StandardScaler(), LogisticRegression()))
    assert (line.max_leaves, line.readable) == (0, True)
    unknown = cost(GaussianNB())
    assert (unknown.max_leaves, unknown.readable) == (np.inf, False)
    like = measure(Fitted(TREE.fit(X, Y), None, 0.0), X, tree)
    assert like.latency_us == tree.latency_us
    assert like.max_leaves > tree.max_leaves


def test_a_model_that_cannot_be_pickled_is_within_no_size():
    broken = GaussianNB().fit(X, Y)
    broken.reason = lambda: None
    found = measure(Fitted(broken, lambda p: p, 0.0), X)
    assert found.size_kb == np.inf
    assert not Budget.of({"size_kb": 1e9}).allows(found)
    assert Budget.of({"max_leaves": 4}).allows(Cost(np.nan, np.inf, 4, readable=False))


def test_the_best_within_the_limits_is_fitted():
    free = search().fit(X, Y)
    small = search(budget={"max_leaves": 4}).fit(X, Y)
    student = small.student_
    assert isinstance(student, LogisticRegression) or student.get_n_leaves() <= 4
    assert set(small.verdict_.budget) == {"within", "without"}
    costly = replace(small.verdict_, budget={"within": 0.5, "without": 0.4})
    assert costly.sentence.endswith(" Within the budget: 0.5; without a limit 0.4.")
    gain = replace(costly, budget={"within": 0.4, "without": 0.5})  # other folds chose, by luck
    assert "budget" not in gain.sentence
    of_forest = small.frontier_["student"] == "forest"
    assert not small.frontier_["within_budget"][of_forest].any()
    assert small.frontier_["within_budget"][small.frontier_["student"] == "line"].all()
    assert free.frontier_["within_budget"].all()
    forest = small.verdict_.by_student["forest"]
    assert forest.lacking == dict.fromkeys(("distilled", "direct"), "over budget")
    assert min(forest.size.values()) > 0  # told all the same
    assert "nan" not in str(small.verdict_)
    assert free.verdict_.budget == {}
    assert "budget" not in str(free.verdict_)
    tree = search(students=STUDENTS[:2], budget={"readable": True}).fit(X, Y)
    assert isinstance(tree.student_, DecisionTreeClassifier)
    loose = search(budget={"size_kb": 1e6, "latency_us": 1e9}).fit(X, Y)
    assert loose.best_index_ == free.best_index_
    assert loose.verdict_.budget["within"] == loose.verdict_.budget["without"]
    assert "budget" not in str(loose.verdict_)  # it costs nothing


def test_a_budget_that_nothing_fits_says_what_the_least_is():
    with pytest.raises(ParameterError, match=r"max_leaves 4 \(tree\)"):
        search(students=STUDENTS[:2], budget={"max_leaves": 2}).fit(X, Y)
    with pytest.raises(ParameterError, match=r"readable 0 of 1;"):
        search(students=FOREST, budget={"readable": True}, strengths=(1.0,)).fit(X, Y)


def test_a_search_that_ends_with_nothing_within_keeps_what_it_found(monkeypatch):
    """As where what was fast on a few rows is not in the end."""
    monkeypatch.setattr(choosing, "check_reach", lambda *_: None)
    model = search(students=STUDENTS[:2], budget={"max_leaves": 2})
    with pytest.raises(ParameterError, match=r"max_leaves 4 \(tree\).*best_under"):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert not hasattr(model, "student_")
    assert len(model.frontier_["student"]) == 6
    assert model.verdict_.n_teacher_fits == 6
    small = model.best_under(max_leaves=4)
    assert small.student_.get_n_leaves() <= 4
    assert small.report_.n_teacher_fits == 0
    again = clone(model).set_params(budget=None).fit(X, Y)
    assert again.best_index_ == model.best_index_


class Untouched(RandomForestClassifier):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("a teacher was fitted")


@pytest.mark.parametrize(
    ("students", "budget", "least"),
    [
        (STUDENTS, {"latency_us": 0.01}, "latency_us .* no teacher was fitted"),
        (STUDENTS, {"size_kb": 0.01}, r"size_kb .* \(.*trained on 240 rows"),
        (STUDENTS[:2], {"max_leaves": 2}, r"max_leaves 4 \(tree\)"),
        ("auto", {"max_leaves": 3, "readable": True, "size_kb": 0.1}, "readable 5 of 12"),
    ],
)
def test_what_nothing_can_be_within_is_told_before_a_teacher_is_fitted(students, budget, least):
    model = search(students=students, budget=budget).set_params(teacher=Untouched())
    with pytest.raises(ParameterError, match=least):
        model.fit(X, Y)


def test_it_is_told_of_numbers_and_of_many_rows_as_well():
    X, y = make_friedman1(1200, 5, random_state=0)
    tree = DecisionTreeRegressor(max_leaf_nodes=8)
    model = DistilledRegressorCV(RandomForestRegressor(5), tree, budget={"max_leaves": 4}, cv=3)
    with pytest.raises(ParameterError, match=r"max_leaves 8 .*trained on 500 rows"):
        model.fit(X, y)


def test_a_student_that_a_few_rows_do_not_fit_is_left_to_the_fit_itself():
    picky = LogisticRegression(C=-1.0)
    model = search(students=[("picky", picky)], budget={"max_leaves": 2})
    with pytest.raises(Exception, match="C"):
        model.fit(X, Y)


def test_what_outgrows_the_limits_in_the_end_makes_room_for_the_next():
    deep = DecisionTreeClassifier(random_state=0)  # of 160 rows it has fewer leaves than of all
    of_fold = [deep.fit(X[rows], Y[rows]).get_n_leaves() for rows in (slice(80, 240), slice(160))]
    limit = max(of_fold)
    assert deep.fit(X, Y).get_n_leaves() > limit
    both = [("deep", deep), ("flat", DecisionTreeClassifier(max_depth=2, random_state=0))]
    model = search(students=both, budget={"max_leaves": limit}, fallback=False).fit(X, Y)
    assert model.student_.get_n_leaves() <= limit
    settled = search(students=both[1], fallback=False).fit(X, Y)
    assert model.verdict_.n_student_fits > settled.verdict_.n_student_fits


def test_within_says_how_much_worse_a_preferred_student_may_be():
    best = search(fallback=False).fit(X, Y)
    same = search(fallback=False, prefer="smaller", within=0.0).fit(X, Y)
    assert same.best_index_ == best.best_index_
    least = search(fallback=False, prefer="smaller", within=100.0).fit(X, Y)
    assert least.cv_results_["size"][least.best_index_] == least.cv_results_["size"].min()
    with pytest.raises(ParameterError, match="none is preferred"):
        search(within=0.01).fit(X, Y)
    with pytest.raises(ParameterError, match="within"):
        search(within=-0.01, prefer="faster").fit(X, Y)


def test_numbers_have_budgets_too():
    students = [
        ("tree", DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)),
        ("forest", RandomForestRegressor(4, random_state=0)),
        ("line", Ridge()),
    ]
    model = DistilledRegressorCV(
        RandomForestRegressor(8, random_state=0), students, cv=3, strengths=(0.5,),
        calibrations=(None,), budget={"max_leaves": 8}, random_state=0,
    ).fit(X, NUMBERS)  # fmt: skip
    assert not isinstance(model.student_, RandomForestRegressor)
    assert model.verdict_.budget["within"] >= 0.0


def test_boosters_are_measured():
    booster = LGBMClassifier(n_estimators=4, num_leaves=4, n_jobs=1, verbose=-1)
    model = search(students=[("booster", booster), ("tree", TREE)], budget={"max_leaves": 16})
    model.fit(X, Y)
    assert isinstance(model.student_, LGBMClassifier)
