"""Coefficients and importances of the student, where scikit-learn looks for them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.students import LabelledClassifier, TemperedClassifier
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
TREES = [DecisionTreeClassifier(max_depth=3, random_state=0), DecisionTreeRegressor(max_depth=3)]
NAMES = ("coef_", "intercept_", "feature_importances_")
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])


def distilled(student, n_classes=2, **settings):
    settings = {"strength": 0.5, "random_state": 0} | settings
    return DistilledClassifier(GaussianNB(), student, **settings).fit(
        DATA[n_classes].X, DATA[n_classes].y
    )


@any_classes
def test_they_are_the_students(n_classes):
    linear = distilled(LogisticRegression(), n_classes)
    assert_array_equal(linear.coef_, linear.student_.coef_)
    assert_array_equal(linear.intercept_, linear.student_.intercept_)
    assert linear.coef_.shape == (1 if n_classes == 2 else 3, DATA[n_classes].X.shape[1])
    assert not hasattr(linear, "feature_importances_")
    for tree in TREES:
        model = distilled(tree, n_classes)
        assert_array_equal(model.feature_importances_, model.student_.feature_importances_)
        assert not hasattr(model, "coef_")


def test_a_search_has_those_of_its_choice():
    model = DistilledClassifierCV(GaussianNB(), TREES[0], cv=3, random_state=0)
    model.fit(DATA[2].X, DATA[2].y)
    assert_array_equal(model.feature_importances_, model.student_.feature_importances_)


@pytest.mark.parametrize(
    "student", [KNeighborsRegressor(), make_pipeline(StandardScaler(), LogisticRegression())]
)
def test_what_the_student_lacks_or_says_of_other_columns_is_missing(student):
    model = distilled(student)
    assert not any(hasattr(model, name) for name in NAMES)


def test_before_the_fit_they_are_missing():
    model = DistilledClassifier(GaussianNB(), TREES[0])
    assert not any(hasattr(model, name) for name in NAMES)
    with pytest.raises(NotFittedError):
        model.coef_  # noqa: B018 - a property


@any_classes
def test_wrapped_classifiers_pass_them_on(n_classes):
    data = DATA[n_classes]
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(data.X, data.codes)
    linear = LogisticRegression().fit(data.X, data.codes)
    for wrapped in (TemperedClassifier(tree, 2.0), LabelledClassifier(tree, data.classes)):
        assert_array_equal(wrapped.feature_importances_, tree.feature_importances_)
    assert_array_equal(LabelledClassifier(linear, data.classes).coef_, linear.coef_)
    # The tempered classifier's coefficients are others than those of what it holds.
    assert not hasattr(TemperedClassifier(linear, 2.0), "coef_")
    annealed = distilled(TREES[0], n_classes, temperature=2.0)
    assert annealed.feature_importances_.shape == (data.X.shape[1],)


@pytest.mark.parametrize("student", [LogisticRegression(), *TREES])
def test_feature_selection_works_on_it(student):
    X, y = make_classification(120, 6, random_state=0)
    model = DistilledClassifier(GaussianNB(), student, strength=0.5, cv=3, random_state=0)
    few = RFE(model, n_features_to_select=2).fit(X, y)
    assert few.support_.sum() == 2
    assert np.isfinite(few.predict_proba(X)).all()
    assert SelectFromModel(model).fit(X, y).get_support().any()
