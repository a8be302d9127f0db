"""`LabelledClassifier`: a scikit-learn classifier around one that knows its classes by number."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.validation import check_is_fitted

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
