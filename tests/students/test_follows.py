"""Classifiers that take sample_weight and do not follow it are refused before any fit."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import CrossEntropy, DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import InputError, StudentError
from skdistill.students import check_can_tell_classes, resolve
from tests.common.data import sample
from tests.common.spies import CountingTeacher

pytestmark = pytest.mark.tries
DATA = sample(2)


class Foreign(ClassifierMixin, BaseEstimator):
    """A learner of no known package; what it does with the weights is left to its kind.

    Parameters
    ----------
    inner : classifier or None
        What it is made of; a tree of two levels by default.
    class_weight : mapping or None
        Checked for unknown labels, and left.
    """

    fits = 0

    def __init__(self, inner=None, class_weight=None):
        self.inner = inner
        self.class_weight = class_weight

    def weigh(self, y, weight):
        return weight

    def fit(self, X, y, sample_weight=None):
        type(self).fits += 1
        if self.class_weight and not set(self.class_weight) <= set(y):
            raise ValueError("unknown labels")
        self.inner_ = self.inner or DecisionTreeClassifier(max_depth=2, random_state=0)
        self.inner_.fit(X, y, self.weigh(y, sample_weight))
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)

    def predict(self, X):
        return self.inner_.predict(X)


class Deaf(Foreign):
    """Leaves the weights unused."""

    def weigh(self, y, weight):
        return None


class Even(Foreign):
    """Makes the weights even."""

    def weigh(self, y, weight):
        return None if weight is None else np.ones(len(y))


class Inverse(Foreign):
    def weigh(self, y, weight):
        return None if weight is None else 1.0 / weight


class Flat(Foreign):
    """Thinks every class as likely."""

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


class Turned(Foreign):
    """Gives its columns in the other order than the sorted classes."""

    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


class Broken(Foreign):
    def fit(self, X, y, sample_weight=None):
        if not hasattr(X, "columns"):
            raise TypeError("frames only")
        return super().fit(X, y, sample_weight)


def check(student):
    resolve(student).check(CrossEntropy(), 100, weighted=False)


@pytest.mark.parametrize(
    "student",
    [
        Deaf(),
        Even(),
        Inverse(),
        Turned(),
        make_pipeline(StandardScaler(), Deaf()),
        BaggingClassifier(Deaf(), n_estimators=2),
        CalibratedClassifierCV(Even()),
        VotingClassifier([("a", GaussianNB()), ("b", Deaf())], voting="soft"),
    ],
    ids=str,
)
def test_a_deaf_learner_is_refused_before_any_fit(student):
    fits = CountingTeacher.watch()
    with pytest.raises(StudentError, match="takes sample_weight and does not follow it"):
        DistilledClassifier(CountingTeacher(), student, cv=3).fit(DATA.X, DATA.y)
    assert fits == []


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        (
            Deaf(),
            r"no notice of sample_weight \(where 10% .* probability of 0\.10, and 0\.50 on copies",
        ),
        (Even(), "no notice of sample_weight"),
        (Flat(), "no notice of sample_weight"),
        (Deaf(class_weight={"no": 1, "yes": 2}), "no notice of sample_weight"),
        (Inverse(), "learns most from the rows that weigh least"),
        (Turned(), "the columns of its predict_proba are not in the order of the classes"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_the_reason(student, reason):
    with pytest.raises(StudentError, match=f"does not follow it: .*{reason}"):
        check(student)


@pytest.mark.parametrize(
    "student",
    [Foreign(), Foreign(GaussianNB()), Foreign(LogisticRegression(C=1e-5)), Broken()],
    ids=str,
)
def test_who_follows_however_little_is_taken(student):
    """One that cannot be tried is let pass."""
    check(student)


class Framed(Foreign):
    """Gives a data frame."""

    def predict_proba(self, X):
        return pd.DataFrame(super().predict_proba(X), columns=self.classes_)


class FramedTurned(Foreign):
    """Gives a data frame whose columns are in another order than its classes."""

    def predict_proba(self, X):
        return pd.DataFrame(super().predict_proba(X), columns=self.classes_).iloc[:, ::-1]


def test_students_that_give_frames():
    model = DistilledClassifier(None, Framed(), strength=0.0, calibration=None)
    p = model.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher).predict_proba(DATA.X)
    assert type(p) is np.ndarray
    plain = DistilledClassifier(None, Foreign(), strength=0.0, calibration=None)
    plain.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
    assert_array_equal(p, plain.predict_proba(DATA.X))
    with pytest.raises(StudentError, match="FramedTurned"):
        check(FramedTurned())


def test_it_is_tried_once_without_a_trace():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    Foreign.fits = 0
    for _ in range(3):
        check(Foreign(DecisionTreeClassifier(max_depth=1, random_state=7)))
    assert Foreign.fits == 2  # on labels, and on copies
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


class Classes(Foreign):
    """Takes some numbers of classes only, of which its tags say nothing."""

    taken: ClassVar[set] = {2}

    def fit(self, X, y, sample_weight=None):
        if len(set(y)) not in self.taken:
            raise ValueError(f"it is for {self.taken} classes")
        return super().fit(X, y, sample_weight)


class Four(Classes):
    """As one whose setting names the number of classes."""

    taken: ClassVar[set] = {4}


class Several(Classes):
    taken: ClassVar[set] = {2, 3, 5}


@pytest.mark.parametrize(
    "student",
    [
        Classes(),
        make_pipeline(StandardScaler(), Classes()),
        BaggingClassifier(Classes(), n_estimators=2),
        GridSearchCV(Classes(), {}),
    ],
    ids=str,
)
@pytest.mark.parametrize("estimator", [DistilledClassifier, DistilledClassifierCV])
def test_a_learner_of_two_classes_is_refused_before_any_fit(estimator, student):
    three = sample(3)
    fits = CountingTeacher.watch()
    with pytest.raises(
        InputError, match=r"Classes takes 2 .* y has 3, .*ValueError: it is for .2."
    ):
        estimator(CountingTeacher(), student).fit(three.X, three.y)
    assert fits == []
    check(student)


@pytest.mark.parametrize("n_classes", [3, 5])
def test_a_learner_is_tried_on_the_classes_of_the_data(n_classes):
    classes = sample(n_classes).classes
    check_can_tell_classes(Several(), classes)
    with pytest.raises(InputError, match="y has 4"):
        check_can_tell_classes(Several(), np.arange(4))
    check_can_tell_classes(Four(), np.arange(4))
    with pytest.raises(InputError, match=r"Four takes 4 classes.* set it to 3 if"):
        check_can_tell_classes(Four(), np.arange(3))
    check_can_tell_classes(Broken(), classes)
    check_can_tell_classes(Foreign(class_weight={"a": 2}), np.arange(300))
    check_can_tell_classes(LogisticRegression(solver="liblinear"), classes)


class ByNumber(Foreign):
    """Looks for the numbers of the classes among their names, as imodels' BoostedRules."""

    def predict_proba(self, X):
        p = super().predict_proba(X)
        found = np.isin(np.arange(p.shape[1]).astype(str), self.classes_.astype(str))
        return np.where(found.all(), p, 1.0 / p.shape[1])


class Strict(Foreign):
    """Fails where classes are no numbers, as XGBoost."""

    def fit(self, X, y, sample_weight=None):
        if not np.array_equal(np.unique(y), np.arange(len(set(y)))):
            raise ValueError("0 to K-1, please")
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_that_are_told_by_number_only(n_classes):
    data = sample(n_classes)
    fits = CountingTeacher.watch()
    settings = {"strength": 0.0, "calibration": None, "random_state": 0}
    model = DistilledClassifier(CountingTeacher(), ByNumber(), **settings)
    said = rf"ByNumber cannot tell .* by their names \(.* same for every row.*0 to {n_classes - 1},"
    with pytest.raises(InputError, match=said):
        model.fit(data.X, data.y)
    assert fits == []
    p = model.fit(data.X, data.codes).predict_proba(data.X)  # the remedy
    named = DistilledClassifier(CountingTeacher(), Strict(), **settings)
    assert_array_equal(named.fit(data.X, data.y).predict_proba(data.X), p)
