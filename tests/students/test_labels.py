"""`LabelledClassifier`: a scikit-learn classifier around one that knows its classes by number."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from skdistill import DistilledClassifier
from skdistill._ground.wrapping import fit_sorted
from skdistill.exceptions import InputError
from skdistill.students import LabelledClassifier
from tests.common.data import sample

DATA = sample(3, 90)


@pytest.mark.parametrize("labels", [[1, 2, 4], ["x", "y", "z"], [False, True, None]], ids=str)
def test_labels_stand_for_numbers(labels):
    labels = np.array(labels, dtype=object if None in labels else None)
    inner = GaussianNB().fit(DATA.X, DATA.codes)
    wrapped = LabelledClassifier(inner, labels)
    check_is_fitted(wrapped)
    assert_array_equal(wrapped.predict(DATA.X), labels[inner.predict(DATA.X)])
    assert_array_equal(wrapped.predict_proba(DATA.X), inner.predict_proba(DATA.X))
    assert_array_equal(wrapped.classes_, labels)
    assert wrapped.n_features_in_ == 4
    assert is_classifier(wrapped)
    again = pickle.loads(pickle.dumps(wrapped))
    assert_array_equal(again.predict(DATA.X), wrapped.predict(DATA.X))


def test_it_is_fitted_as_any_classifier():
    inner = GaussianNB()
    wrapped = LabelledClassifier(inner, ["of", "another", "fit"])
    with pytest.raises(NotFittedError):
        wrapped.predict_proba(DATA.X)
    assert wrapped.fit(DATA.X, DATA.y) is wrapped
    assert not hasattr(inner, "classes_")
    assert_array_equal(wrapped.classes_, DATA.classes)
    direct = GaussianNB().fit(DATA.X, DATA.y)
    assert_array_equal(wrapped.predict(DATA.X), direct.predict(DATA.X))
    fresh = clone(wrapped)
    assert fresh.labels == ["of", "another", "fit"]
    with pytest.raises(NotFittedError):
        fresh.predict(DATA.X)
    scores = cross_val_score(wrapped, DATA.X, DATA.y, cv=3)
    assert_array_equal(scores, cross_val_score(GaussianNB(), DATA.X, DATA.y, cv=3))


class OwnOrder(ClassifierMixin, BaseEstimator):
    """A tree that does not sort its classes as others do, as CatBoost with "9" and "10"."""

    def __init__(self, class_weight=None):
        self.class_weight = class_weight

    def fit(self, X, y, sample_weight=None):
        self.tree_of = DecisionTreeClassifier(
            max_depth=3, class_weight=self.class_weight, random_state=0
        )
        self.tree_of.fit(X, y, sample_weight)
        turned = self.tree_of.classes_.dtype.kind in "OU"
        self.order = np.arange(len(self.tree_of.classes_))[:: -1 if turned else 1]
        self.classes_ = self.tree_of.classes_[self.order]
        return self

    def predict_proba(self, X):
        return self.tree_of.predict_proba(X)[:, self.order]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("role", ["student", "teacher"])
def test_classes_in_an_order_of_the_learners_own(role, strength):
    plain = DecisionTreeClassifier(max_depth=3, random_state=0)
    learners = {"teacher": plain, "student": plain} | {role: OwnOrder()}
    ours = DistilledClassifier(**learners, strength=strength, cv=3, random_state=0)
    ours.fit(DATA.X, DATA.y)
    theirs = clone(ours).set_params(**{role: plain}).fit(DATA.X, DATA.y)
    assert_allclose(ours.predict_proba(DATA.X), theirs.predict_proba(DATA.X), atol=1e-12)
    assert_array_equal(ours.student_.classes_, ours.classes_)
    assert_array_equal(ours.student_.predict(DATA.X), theirs.predict(DATA.X))


def test_an_order_that_no_numbers_mend_is_told():
    weight = dict.fromkeys(DATA.classes, 1.0)  # by name: numbers would not do
    with pytest.raises(InputError, match="not sorted"):
        fit_sorted(OwnOrder(class_weight=weight), DATA.X, DATA.y)


class Turned(OwnOrder):
    """One that takes other classes than 0, 1, ... for those of the other end, and says nothing."""

    def predict_proba(self, X):
        p = super().predict_proba(X)
        return p if self.classes_[0] == 0 else p[:, ::-1]


@pytest.mark.tries
def test_a_student_that_points_away_from_the_class_is_refused_before_a_teacher_is_fitted():
    binary = sample(2, 90)
    model = DistilledClassifier(None, Turned(), strength=0.5, calibration=None)
    with pytest.raises(InputError, match="point away from the class"):
        model.fit(binary.X, binary.codes + 1, teacher_proba=binary.teacher)
    model.fit(binary.X, binary.codes, teacher_proba=binary.teacher)
