"""Trees by Gini impurity: those on weighted copies, of which none is made."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from skdistill import CrossEntropy
from skdistill.exceptions import InputError
from skdistill.students import Problem, predict_fitted, replication, resolve
from skdistill.students import forest as forests
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])


def fit(student, data, X=None, target=None, **beside):
    X = data.X if X is None else X
    target = data.teacher if target is None else target
    problem = Problem(X, target, CrossEntropy(), data.y, data.classes, **beside)
    return resolve(student).fit(problem)


def on_copies(tree, data, X=None, weight=1.0):
    """Grow a tree on one copy of each row per class; where it counts rows it is told copies."""
    X, n_classes = data.X if X is None else X, len(data.classes)
    counts = {
        name: n_classes * value
        for name in ("min_samples_leaf", "min_samples_split")
        if isinstance(value := getattr(tree, name), int) and value > 1
    }
    weights = data.teacher * np.reshape(weight, (-1, 1))
    labels = np.tile(data.classes, len(data.y))
    own = clone(tree).set_params(**counts)
    return own.fit(np.repeat(X, n_classes, axis=0), labels, sample_weight=weights.ravel())


def assert_same_tree(ours, theirs, X):
    """The same parts of the rows, the same leaves; features that part rows alike are alike."""
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-12)
    a, b = ours.tree_, theirs.tree_
    assert a.node_count == b.node_count
    assert a.max_depth == b.max_depth
    assert_allclose(np.sort(a.impurity), np.sort(b.impurity), atol=1e-12)
    assert_allclose(
        np.sort(a.weighted_n_node_samples), np.sort(b.weighted_n_node_samples), rtol=1e-12
    )


@any_classes
@pytest.mark.parametrize("kind", [DecisionTreeClassifier, ExtraTreeClassifier])
@pytest.mark.parametrize(
    "settings",
    [
        {"max_depth": 4},
        {"max_leaf_nodes": 9},
        {"max_leaf_nodes": 9, "min_samples_leaf": 7},
        {"min_samples_split": 30},
        {"min_weight_fraction_leaf": 0.08},
        {"min_impurity_decrease": 0.004},
        {"max_leaf_nodes": 12, "ccp_alpha": 0.004},
        {"max_depth": 4, "splitter": "random"},
        {"max_depth": 4, "splitter": "best"},
    ],
    ids=str,
)
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
def test_it_is_the_tree_on_copies(n_classes, kind, settings, weighted):
    data = DATA[n_classes]
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else None
    tree = kind(random_state=0, **settings)
    fitted = fit(tree, data, weight=weight).model
    assert_same_tree(
        fitted, on_copies(tree, data, weight=1.0 if weight is None else weight), data.X
    )


def test_features_are_drawn_alike():
    data = DATA[3]
    for seed in range(5):
        tree = DecisionTreeClassifier(max_depth=3, max_features=2, random_state=seed)
        assert_same_tree(fit(tree, data).model, on_copies(tree, data), data.X)


def test_class_weights_are_those_of_copies():
    data = DATA[3]
    weights = dict(zip(data.classes, (1.0, 2.0, 0.5), strict=True))
    tree = DecisionTreeClassifier(max_leaf_nodes=7, random_state=0, class_weight=weights)
    fitted = fit(tree, data).model
    assert_same_tree(fitted, on_copies(tree, data), data.X)
    assert fitted.class_weight == weights


def test_missing_numbers_go_where_they_do_on_copies():
    data = DATA[2]
    X = np.where(np.random.default_rng(0).random(data.X.shape) < 0.2, np.nan, data.X)
    tree = DecisionTreeClassifier(max_leaf_nodes=9, random_state=0)
    assert_same_tree(fit(tree, data, X=X).model, on_copies(tree, data, X=X), X)


@pytest.mark.parametrize("sign", [1, -1])
def test_monotone_trees_are_monotone_in_the_second_class(sign):
    data = DATA[2]
    tree = DecisionTreeClassifier(max_depth=3, random_state=0, monotonic_cst=[sign, 0, 0, 0])
    fitted = fit(tree, data).model
    assert_same_tree(fitted, on_copies(tree, data), data.X)
    grid = np.repeat(data.X[:1], 50, axis=0)
    grid[:, 0] = np.linspace(-3.0, 3.0, 50)
    assert np.all(sign * np.diff(fitted.predict_proba(grid)[:, 1]) >= -1e-12)


@any_classes
def test_the_student_is_a_plain_tree(n_classes):
    data = DATA[n_classes]
    student = DecisionTreeClassifier(max_leaf_nodes=9, min_samples_leaf=3, random_state=0)
    model = fit(student, data).model
    assert type(model) is DecisionTreeClassifier
    assert model.get_params() == student.get_params()
    assert_array_equal(model.classes_, data.classes)
    assert_allclose(model.predict_proba(data.X).sum(axis=1), 1.0)
    assert set(model.predict(data.X)) <= set(data.classes)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(data.X), model.predict_proba(data.X))
    bare = clone(student).fit(data.X, data.y)
    assert vars(model).keys() == vars(bare).keys()
    assert model.tree_.value.shape[1:] == bare.tree_.value.shape[1:]
    assert model.tree_.n_node_samples[0] == len(data.y)
    assert model.feature_importances_.sum() == pytest.approx(1.0)
    assert model.apply(data.X).shape == (len(data.y),)
    assert model.max_features_ == bare.max_features_


def test_rows_of_other_kinds():
    data = DATA[3]
    tree = DecisionTreeClassifier(max_leaf_nodes=9, random_state=0)
    expected = predict_fitted(fit(tree, data), data.X)
    frame = pd.DataFrame(data.X, columns=list("abcd"))
    by_frame = fit(tree, data, X=frame)
    assert_allclose(predict_fitted(by_frame, frame), expected, atol=1e-12)
    assert list(by_frame.model.feature_names_in_) == list("abcd")
    sparse = sp.csr_array(data.X)
    assert_allclose(predict_fitted(fit(tree, data, X=sparse), sparse), expected, atol=1e-12)


def test_fewer_rows_than_classes():
    data = DATA[3]
    tree = DecisionTreeClassifier(random_state=0)
    problem = Problem(data.X[:2], data.teacher[:2], CrossEntropy(), data.y[:2], data.classes)
    p = predict_fitted(resolve(tree).fit(problem), data.X[:2])
    assert_allclose(p, data.teacher[:2], atol=1e-12)


def test_a_constant_target_stays_constant():
    data = DATA[3]
    constant = np.tile([0.2, 0.3, 0.5], (len(data.y), 1))
    fitted = fit(DecisionTreeClassifier(random_state=0), data, target=constant)
    assert_allclose(predict_fitted(fitted, data.X), constant, atol=1e-12)


def test_a_class_without_any_target_is_refused():
    data = DATA[3]
    absent = data.teacher.copy()
    absent[:, 0] = 0.0
    with pytest.raises(InputError, match="zero in every row"):
        fit(DecisionTreeClassifier(), data, target=absent / absent.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(
    "student",
    [
        DecisionTreeClassifier(max_depth=3),
        ExtraTreeClassifier(max_depth=3),
        RandomForestClassifier(2, max_depth=3),
        ExtraTreesClassifier(2, max_depth=3),
    ],
    ids=lambda s: type(s).__name__,
)
@pytest.mark.parametrize("criterion", ["gini", "entropy", "log_loss"])
def test_rows_are_copied_only_where_they_must_be(student, criterion, monkeypatch):
    asked = []
    for module in (replication, forests):
        taken = module.take_rows
        monkeypatch.setattr(module, "take_rows", lambda *args, f=taken: asked.append(1) or f(*args))
    fit(clone(student).set_params(criterion=criterion), DATA[2])
    assert bool(asked) == (criterion != "gini")


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, RandomForestClassifier])
def test_by_entropy_it_is_the_tree_on_copies_too(kind):
    data = DATA[3]
    trees = {"n_estimators": 1, "bootstrap": False} if kind is RandomForestClassifier else {}
    student = kind(max_depth=3, max_features=None, criterion="entropy", random_state=0, **trees)
    fitted = fit(student, data).model
    model = fitted.estimators_[0] if trees else fitted
    tree = DecisionTreeClassifier(max_depth=3, criterion="entropy", random_state=0)
    assert_allclose(
        model.predict_proba(data.X), on_copies(tree, data).predict_proba(data.X), atol=1e-9
    )


def test_a_regression_tree_says_the_same():
    """The oracle of the whole: scikit-learn's regression tree on the soft labels."""
    data = DATA[3]
    regressor = DecisionTreeRegressor(max_leaf_nodes=9, random_state=0).fit(data.X, data.teacher)
    fitted = fit(DecisionTreeClassifier(max_leaf_nodes=9, random_state=0), data)
    assert_allclose(predict_fitted(fitted, data.X), regressor.predict(data.X), atol=1e-12)
