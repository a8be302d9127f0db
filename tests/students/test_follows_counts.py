"""Learners that count copies, or whose route would bypass what they redefine."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import (
    CrossEntropy,
    DistilledClassifier,
    DistilledClassifierCV,
    SoftLogisticRegression,
    SoftMLPClassifier,
    students,
)
from skdistill.exceptions import StudentError
from skdistill.students import (
    Problem,
    follows,
    linear,
    predict_fitted,
    replication,
    resolve,
)
from tests.common.data import sample

pytestmark = pytest.mark.tries


class Balanced(ClassifierMixin, BaseEstimator):
    """Draws as many rows of each label as the rarest has, then weighs those."""

    def __init__(self, tree=None, random_state=0):
        self.tree = tree
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        rng = np.random.default_rng(self.random_state)
        self.classes_, codes = np.unique(y, return_inverse=True)
        n = np.bincount(codes).min()
        of_each = [rng.choice(np.flatnonzero(codes == k), n, replace=False) for k in set(codes)]
        rows = np.concatenate(of_each)
        weight = None if sample_weight is None else sample_weight[rows]
        self.tree_ = clone(self.tree or DecisionTreeClassifier(min_samples_leaf=20))
        self.tree_.fit(X[rows], np.asarray(y)[rows], sample_weight=weight)
        return self

    def predict_proba(self, X):
        return self.tree_.predict_proba(X)


class BalancedForest(RandomForestClassifier):
    """Weighs classes by the number of their labels."""

    def fit(self, X, y, sample_weight=None):
        _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
        even = len(codes) / counts[codes]
        return super().fit(X, y, even if sample_weight is None else even * sample_weight)


class Deaf(GaussianNB):
    """Takes weights and leaves them."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


class Noisy(LogisticRegression):
    """Weighs, but for some noise of its own."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.intercept_ = self.intercept_ + np.random.normal(scale=0.2)  # noqa: NPY002
        return self


class Particular(GaussianNB):
    """Wants rows of four columns."""

    def fit(self, X, y, sample_weight=None):
        if np.shape(X)[1] != 4:
            raise ValueError("four columns, please")
        return super().fit(X, y, sample_weight)


class NoTeacher(GaussianNB):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("a teacher was fitted")


COUNTING = {
    "balanced": (Balanced(), "counts labels"),
    "balanced forest": (BalancedForest(5, random_state=0), "counts labels"),
    "deaf": (Deaf(), "takes no notice of sample_weight"),
    "pipeline": (make_pipeline(StandardScaler(), Balanced()), "counts labels"),
}
each_counting = pytest.mark.parametrize(("student", "message"), COUNTING.values(), ids=COUNTING)


@each_counting
def test_what_counts_is_refused_before_a_teacher_is_fitted(student, message):
    data = sample(2)
    with pytest.raises(StudentError, match=rf"{message}.*class_weight='balanced'"):
        DistilledClassifier(NoTeacher(), student).fit(data.X, data.y)
    with pytest.raises(StudentError, match=message):
        DistilledClassifierCV(NoTeacher(), student).fit(data.X, data.y)


def test_why():
    """Next to hard labels the copies of a counting learner are balanced, whatever they weigh."""
    data = sample(2, 480)
    rare = np.where(np.arange(480) % 10 == 0, "yes", "no")
    hard = np.stack([rare == "no", rare == "yes"], axis=1).astype(float)
    adapter = resolve(Balanced())

    def mean(target):
        problem = Problem(data.X, target, CrossEntropy(), rare, np.array(["no", "yes"]))
        return predict_fitted(adapter.fit(problem), data.X)[:, 1].mean()

    assert mean(hard) > 0.4
    assert mean(0.999 * hard + 0.0005) < 0.15


@pytest.mark.parametrize("student", [Noisy(), Particular()], ids=["noisy", "particular"])
def test_what_weighs_or_cannot_be_tried_is_not_refused(student):
    data = sample(2)
    model = DistilledClassifier(LogisticRegression(), student, strength=0.3, random_state=0)
    model.fit(data.X, data.y)
    assert type(model.student_) is type(student)


def test_the_remedy():
    data = sample(2)
    forest = RandomForestClassifier(3, class_weight="balanced", random_state=0)
    DistilledClassifier(LogisticRegression(), forest, strength=0.3).fit(data.X, data.y)


def test_it_is_tried_once_and_draws_nothing():
    follows._fault.cache_clear()
    calls = []

    class Once(GaussianNB):
        def fit(self, X, y, sample_weight=None):
            calls.append(np.random.random())  # noqa: NPY002
            return super().fit(X, y, sample_weight)

    np.random.seed(0)  # noqa: NPY002
    for _ in range(3):
        resolve(Once()).check(CrossEntropy(), 100, weighted=False)
    assert len(calls) == 2
    assert np.random.random() == calls[0]  # noqa: NPY002
    resolve(Once(var_smoothing=0.1)).check(CrossEntropy(), 100, weighted=False)
    assert len(calls) == 4


def test_scikit_learns_own_are_known(monkeypatch):
    monkeypatch.setattr(follows, "_fault", lambda *_: "tried")
    for student in (DecisionTreeClassifier(), make_pipeline(StandardScaler(), GaussianNB())):
        resolve(student).check(CrossEntropy(), 100, weighted=False)
    with pytest.raises(StudentError, match="tried"):
        resolve(Noisy(C=0.5)).check(CrossEntropy(), 100, weighted=False)


class OtherForest(RandomForestClassifier):
    """Predicts by another model than by the trees in `estimators_`, as accelerated forests do."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.other_ = GaussianNB().fit(X, y, sample_weight)
        return self

    def predict_proba(self, X):
        return self.other_.predict_proba(X)


class OtherTrees(ExtraTreesClassifier):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.other_ = GaussianNB().fit(X, y, sample_weight)
        return self

    def predict_proba(self, X):
        return self.other_.predict_proba(X)


class OtherLogistic(SoftLogisticRegression):
    def fit(self, X, y, sample_weight=None):
        self.other_ = GaussianNB().fit(X, y, sample_weight)
        self.classes_, self.n_features_in_ = self.other_.classes_, 4
        return self

    def predict_proba(self, X):
        return self.other_.predict_proba(X)


class OtherMLP(SoftMLPClassifier):
    def fit(self, X, y, sample_weight=None):
        self.other_ = GaussianNB().fit(X, y, sample_weight)
        self.classes_, self.n_features_in_ = self.other_.classes_, 4
        return self

    def predict_proba(self, X):
        return self.other_.predict_proba(X)


REDEFINED = {
    "forest": OtherForest(3, random_state=0),
    "extra trees": OtherTrees(3, bootstrap=True, random_state=0),
    "logistic": OtherLogistic(),
    "mlp": OtherMLP(),
}


@pytest.mark.parametrize("student", REDEFINED.values(), ids=REDEFINED)
def test_a_subclass_that_redefines_follows_its_teacher(student):
    """It is fitted by its own fit, to copies: an inverted teacher inverts it."""
    data = sample(2)
    assert resolve(student).route.name == "replication"
    settings = {"strength": 0.0, "calibration": None, "cv": 3}
    p = [
        DistilledClassifier(None, student, **settings)
        .fit(data.X, data.y, teacher_proba=taught)
        .predict_proba(data.X)[:, 1]
        for taught in (data.teacher, data.teacher[:, ::-1])
    ]
    assert np.corrcoef(*p)[0, 1] < -0.9
    copies = np.repeat(data.X, 2, axis=0)
    expected = GaussianNB().fit(copies, np.tile([0, 1], len(data.y)), data.teacher.ravel())
    assert_array_equal(p[0], expected.predict_proba(data.X)[:, 1])


class Renamed(RandomForestClassifier):
    """Redefines nothing."""


def test_a_forest_that_is_a_subclass_draws_copies():
    assert "drawn" not in resolve(Renamed()).route.reason
    assert "drawn" in resolve(RandomForestClassifier()).route.reason


class Accelerated(RandomForestClassifier):
    """Keeps none of what the trees' rows can be drawn from again, as an accelerated forest."""

    @property
    def estimators_samples_(self):
        raise AttributeError("which rows a tree has seen is not known")


class AcceleratedLogistic(LogisticRegression):
    """Predicts by what it keeps elsewhere than in `coef_`."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.kept_ = LogisticRegression(C=self.C).fit(X, y, sample_weight)
        return self

    def predict_proba(self, X):
        return self.kept_.predict_proba(X)


@pytest.mark.parametrize("in_its_place", [False, True], ids=["imported", "patched"])
@pytest.mark.parametrize("kind", [Accelerated, AcceleratedLogistic])
def test_accelerated_learners_take_copies_also_by_the_name_of_those_they_speed_up(
    monkeypatch, kind, in_its_place
):
    """scikit-learn-intelex, also after it has patched scikit-learn."""
    if in_its_place:
        name = kind.__base__.__name__
        for module in (students, linear, replication):
            monkeypatch.setattr(module, name, kind, raising=False)
    data, settings = sample(2), {"random_state": 0}
    student = kind(**settings)
    assert type(resolve(student)) is replication.ReplicationAdapter
    model = DistilledClassifier(None, student, strength=0.0, calibration=None, temperature=2.0)
    model.fit(data.X, data.y, teacher_proba=data.teacher)
    p = model.predict_proba(data.X)
    assert np.mean(np.abs(p - data.teacher)) < 0.1
