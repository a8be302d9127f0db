"""Bootstrapped forests: rows are drawn, and then copied."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossEntropy
from skdistill.exceptions import InputError, StudentError
from skdistill.students import Problem, predict_fitted, resolve
from tests.common.data import sample

FORESTS = {
    "forest": RandomForestClassifier(6, max_depth=4, random_state=0),
    "bagged extra trees": ExtraTreesClassifier(6, max_depth=4, bootstrap=True, random_state=0),
}
each_forest = pytest.mark.parametrize("forest", FORESTS.values(), ids=FORESTS)


def fit(student, data, target=None, X=None, **settings):
    target = data.teacher if target is None else target
    X = data.X if X is None else X
    problem = Problem(X, target, CrossEntropy(), data.y, data.classes, **settings)
    return resolve(student).fit(problem)


@each_forest
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_tree_is_one_on_the_copies_of_its_rows(forest, n_classes, weighted):
    """Features that part its rows alike may stand for each other."""
    data = sample(n_classes)
    n = len(data.y)
    weight = np.linspace(0.5, 2.0, n) if weighted else None
    fitted = fit(forest, data, weight=weight).model
    drawn = clone(forest).fit(data.X, data.y)
    copies = np.repeat(data.X, n_classes, axis=0)
    labels = np.tile(np.arange(n_classes), n)
    for tree, rows, bare in zip(
        fitted.estimators_, drawn.estimators_samples_, drawn.estimators_, strict=True
    ):
        weights = data.teacher if weight is None else data.teacher * weight[:, None]
        weights = weights * np.bincount(rows, minlength=n)[:, None]
        bare.set_params(min_samples_split=2 * n_classes)  # copies, for 2 rows
        oracle = clone(bare).fit(copies.astype(np.float32), labels, sample_weight=weights.ravel())
        inside = data.X[rows]
        assert_allclose(tree.predict_proba(inside), oracle.predict_proba(inside), atol=1e-12)
        assert tree.get_n_leaves() == oracle.get_n_leaves()


def test_it_is_the_forest_of_regression_trees_on_the_probabilities():
    """The Gini impurity of copies is the squared error of soft labels."""
    data = sample(3)
    forest = RandomForestClassifier(5, max_depth=4, max_features=None, random_state=0)
    fitted = fit(forest, data).model
    drawn = clone(forest).fit(data.X, data.y).estimators_samples_
    expected = np.mean(
        [
            DecisionTreeRegressor(max_depth=4, random_state=tree.random_state)
            .fit(data.X[rows], data.teacher[rows])
            .predict(data.X)
            for tree, rows in zip(fitted.estimators_, drawn, strict=True)
        ],
        axis=0,
    )
    assert np.mean(np.abs(fitted.predict_proba(data.X) - expected)) < 0.01  # ties apart


@each_forest
def test_the_student_is_a_plain_forest_with_its_own_settings(forest):
    data = sample(3)
    student = clone(forest).set_params(min_samples_leaf=4, n_jobs=1)
    fitted = fit(student, data)
    model = fitted.model
    assert type(model) is type(forest)
    assert model.get_params() == student.get_params()
    assert all(tree.min_samples_leaf == 4 for tree in model.estimators_)
    assert_array_equal(model.classes_, data.classes)
    p = predict_fitted(fitted, data.X)
    assert_allclose(p.sum(axis=1), 1.0)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(data.X), p)
    assert model.feature_importances_.shape == (4,)
    assert set(model.predict(data.X)) <= set(data.classes)
    assert "drawn for it" in resolve(forest).route.reason


@each_forest
def test_hard_targets_are_the_forest_itself(forest):
    data = sample(3)
    fitted = fit(forest, data, target=data.one_hot)
    expected = clone(forest).fit(data.X, data.y).predict_proba(data.X)
    assert_array_equal(predict_fitted(fitted, data.X), expected)


def test_a_teacher_without_variance_leaves_none():
    """Where the target is the same in every row, so is the student: nothing is drawn of a row."""
    data = sample(3)
    constant = np.tile([0.2, 0.3, 0.5], (len(data.y), 1))
    deep = RandomForestClassifier(3, random_state=0)
    p = predict_fitted(fit(deep, data, target=constant), data.X)
    assert_allclose(p, constant, atol=1e-12)


@pytest.mark.parametrize("kind", ["sparse", "frame"])
def test_rows_of_other_kinds(kind):
    data = sample(2)
    X = sp.csr_array(data.X) if kind == "sparse" else pd.DataFrame(data.X, columns=list("abcd"))
    fitted = fit(FORESTS["forest"], data, X=X)
    expected = predict_fitted(fit(FORESTS["forest"], data), data.X)
    assert_allclose(predict_fitted(fitted, X), expected, atol=1e-12)


def test_class_weights_go_into_the_copies():
    data = sample(2)
    heavy = clone(FORESTS["forest"]).set_params(class_weight={"yes": 5.0})
    even = predict_fitted(fit(FORESTS["forest"], data), data.X)[:, 1].mean()
    assert predict_fitted(fit(heavy, data), data.X)[:, 1].mean() > even + 0.1


@pytest.mark.parametrize("class_weight", ["balanced", {"yes": 5.0}, None])
def test_class_weights_count_once(class_weight):
    data = sample(2)
    forest = RandomForestClassifier(100, max_depth=3, class_weight=class_weight, random_state=0)
    nearly = 0.999 * data.one_hot + 0.0005
    soft = predict_fitted(fit(forest, data, target=nearly), data.X)
    hard = predict_fitted(fit(forest, data, target=data.one_hot), data.X)
    assert soft[:, 1].mean() == pytest.approx(hard[:, 1].mean(), abs=0.05)


def test_fewer_rows_per_tree_can_be_drawn():
    data = sample(2)
    few = RandomForestClassifier(3, max_samples=10, random_state=0)
    fitted = fit(few, data).model
    assert all(tree.tree_.weighted_n_node_samples[0] == pytest.approx(10) for tree in fitted)


def test_what_cannot_be_is_refused():
    data = sample(3)
    absent = data.teacher.copy()
    absent[:, 0] = 0.0
    with pytest.raises(InputError, match="zero in every row"):
        fit(FORESTS["forest"], data, target=absent / absent.sum(axis=1, keepdims=True))
    with pytest.raises(StudentError, match="oob_score"):
        resolve(RandomForestClassifier(oob_score=True)).check(CrossEntropy(), 100, weighted=False)


def test_without_bootstrap_copies_do_as_well():
    route = resolve(RandomForestClassifier(bootstrap=False)).route
    assert "one weighted copy per class" in route.reason
    assert "drawn" not in route.reason
