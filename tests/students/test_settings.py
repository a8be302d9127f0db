"""Settings that must differ in a fit: never changed on a fitted model that forbids it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill._ground.learners import replace_settings
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])


class Locked(DecisionTreeClassifier):
    """No setting can be changed once it is fitted, as with CatBoost."""

    def set_params(self, **params):
        if hasattr(self, "tree_"):
            raise RuntimeError("can't change params of a fitted model")
        return super().set_params(**params)


class Holder(ClassifierMixin, BaseEstimator):
    """Holds its learner by a name that ends in "_", and copies it in `fit`, as imodels does."""

    def __init__(self, estimator_=None):
        self.estimator_ = estimator_

    def get_params(self, deep=True):  # noqa: FBT002
        return {"estimator_": self.estimator_}

    def fit(self, X, y, sample_weight=None):
        self.estimator_ = DecisionTreeClassifier(**self.estimator_.get_params())
        self.estimator_.fit(X, y, sample_weight)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X):
        return self.estimator_.predict_proba(X)

    def predict(self, X):
        return self.estimator_.predict(X)


def distil(student, data, strength, weight=None):
    settings = {"strength": strength, "calibration": None, "size": "free"}
    model = DistilledClassifier(None, student, **settings)
    return model.fit(data.X, data.y, weight, teacher_proba=data.teacher)


@any_classes
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_model_that_cannot_be_changed_once_fitted(n_classes, strength, class_weight):
    data = DATA[n_classes]
    settings = {"min_samples_leaf": 10, "class_weight": class_weight, "random_state": 0}
    plain = distil(DecisionTreeClassifier(**settings), data, strength)
    given = Locked(**settings)
    for weight in (None, np.linspace(0.5, 2.0, len(data.y))):
        plain = distil(DecisionTreeClassifier(**settings), data, strength, weight)
        ours = distil(given, data, strength, weight)
        assert_allclose(ours.predict_proba(data.X), plain.predict_proba(data.X), rtol=1e-12)
    assert given.get_params() == Locked(**settings).get_params()
    # What was set for the fit stays; what may be set back is.
    leaf = ours.student_.min_samples_leaf
    assert leaf == (10 if strength == 1.0 else 10 * n_classes)
    assert plain.student_.min_samples_leaf == 10


@any_classes
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_a_learner_inside_whose_name_cannot_be_read(n_classes, strength):
    data = DATA[n_classes]
    tree = DecisionTreeClassifier(min_samples_leaf=10, random_state=0)
    ours = distil(Holder(tree), data, strength)
    plain = distil(tree, data, strength)
    assert_allclose(ours.predict_proba(data.X), plain.predict_proba(data.X), rtol=1e-12)
    assert ours.student_.estimator_.min_samples_leaf == 10
    assert tree.min_samples_leaf == 10


def test_replaced_settings_are_returned():
    holder = Holder(DecisionTreeClassifier(max_depth=3))
    assert replace_settings(holder, {"estimator___max_depth": 2}) == {"estimator___max_depth": 3}
    assert holder.estimator_.max_depth == 2
    assert replace_settings(holder.estimator_, {}) == {}


@any_classes
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_catboost(n_classes, strength):
    package = pytest.importorskip("catboost")
    data = DATA[n_classes]
    settings = {"iterations": 20, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
    student = package.CatBoostClassifier(min_data_in_leaf=3, **settings)
    model = distil(student, data, strength)
    p = model.predict_proba(data.X)
    assert np.mean(np.abs(p - data.teacher)) < 0.2
    inverted = DistilledClassifier(None, student, strength=strength, calibration=None)
    q = inverted.fit(data.X, data.y, teacher_proba=data.teacher[:, ::-1]).predict_proba(data.X)
    assert (np.mean(np.abs(p - q)) > 0.05) == (strength < 1.0)


@any_classes
def test_hierarchical_shrinkage(n_classes):
    package = pytest.importorskip("imodels")
    data = DATA[n_classes]
    inside = DecisionTreeClassifier(max_leaf_nodes=8, random_state=0)
    for learner in (inside, RandomForestClassifier(5, max_leaf_nodes=8, random_state=0)):
        for strength in (0.0, 0.5, 1.0):
            model = distil(package.HSTreeClassifier(learner), data, strength)
            p = model.predict_proba(data.X)
            assert np.mean(np.abs(p - data.teacher)) < 0.2
