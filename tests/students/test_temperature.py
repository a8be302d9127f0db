"""Annealed targets, and students whose probabilities are back at temperature one."""

import pickle

import numpy as np
import pytest
import sklearn
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.fixes import parse_version

from skdistill import CrossEntropy, DistilledClassifier
from skdistill.students import Problem, TemperedClassifier, predict_fitted, resolve
from tests.common.data import sample, softmax
from tests.common.students import LIGHTGBM

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
any_temperature = pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 5.0])


def fit(student, data, teacher, **settings):
    model = DistilledClassifier(None, student, **{"strength": 0.0, "calibration": None} | settings)
    return model.fit(data.X, data.y, teacher_proba=teacher)


@any_classes
@any_temperature
def test_logistic_regression_recovers_a_logistic_teacher(n_classes, temperature):
    """A noiseless problem within the student's reach: coefficients are the teacher's."""
    data = DATA[n_classes]
    coefficients = np.random.default_rng(0).normal(size=(n_classes, 4))
    intercept = np.linspace(-0.5, 0.5, n_classes)
    teacher = softmax(data.X @ coefficients.T + intercept)
    student = LogisticRegression(C=1e8, tol=1e-10, max_iter=5000)
    model = fit(student, data, teacher, temperature=temperature)
    assert type(model.student_) is LogisticRegression
    assert_allclose(model.predict_proba(data.X), teacher, atol=1e-4)
    centred = coefficients - coefficients.mean(axis=0)
    expected = coefficients[1:] - coefficients[:1] if n_classes == 2 else centred
    assert_allclose(model.student_.coef_, expected, atol=1e-3)


@any_classes
@any_temperature
def test_full_tree_recovers_any_teacher(n_classes, temperature):
    data = DATA[n_classes]
    model = fit(DecisionTreeClassifier(), data, data.teacher, temperature=temperature, size="free")
    assert_allclose(model.predict_proba(data.X), data.teacher, atol=1e-9)
    assert type(model.student_) is DecisionTreeClassifier
    assert_array_equal(model.student_.predict_proba(data.X), model.predict_proba(data.X))
    assert_array_equal(model.student_.predict(data.X), model.predict(data.X))


@pytest.mark.skipif(
    parse_version(sklearn.__version__) >= parse_version("1.8"), reason="there is only the softmax"
)
@pytest.mark.filterwarnings("ignore:.*multi.*class.*:FutureWarning")
@pytest.mark.parametrize("settings", [{"solver": "liblinear"}, {"multi_class": "ovr"}], ids=str)
def test_one_class_against_the_rest_is_no_softmax(settings):
    """Its coefficients cannot take the temperature up: the probabilities do."""
    data = DATA[3]
    warm = fit(LogisticRegression(**settings), data, data.teacher, temperature=5.0)
    assert type(warm.student_) is TemperedClassifier
    inner = warm.student_.classifier.predict_proba(data.X) ** 5
    assert_allclose(warm.predict_proba(data.X), inner / inner.sum(axis=1, keepdims=True))
    binary = fit(LogisticRegression(solver="liblinear"), DATA[2], DATA[2].teacher, temperature=5.0)
    assert type(binary.student_) is LogisticRegression


def test_temperature_of_a_loss_object_counts():
    data = DATA[3]
    student = DecisionTreeClassifier(max_depth=3, random_state=0)
    by_name = fit(student, data, data.teacher, loss="cross_entropy", temperature=3.0)
    by_object = fit(student, data, data.teacher, loss=CrossEntropy(temperature=3.0))
    assert_array_equal(by_name.predict_proba(data.X), by_object.predict_proba(data.X))
    cold = fit(student, data, data.teacher)
    assert np.max(np.abs(cold.predict_proba(data.X) - by_name.predict_proba(data.X))) > 0.01


def test_targets_outside_the_simplex_are_projected_and_counted():
    data = DATA[2]
    student = DecisionTreeClassifier(max_depth=3, random_state=0)
    teacher = data.teacher**3 / np.sum(data.teacher**3, axis=1, keepdims=True)
    model = fit(student, data, teacher, temperature=2.0, strength=1.0)
    p_observed = teacher[np.arange(len(data.y)), data.codes]
    share = np.mean(p_observed < (2.0 - np.sqrt(2.0)) / 4.0)  # for two classes and T = 2
    assert share > 0.02
    assert_allclose(model.report_.touched_share, share)
    assert fit(student, data, teacher, temperature=2.0).report_.touched_share == 0.0


@pytest.mark.parametrize(
    "student",
    [GaussianNB(), LogisticRegression(tol=1e-10), LGBMClassifier(**LIGHTGBM)],
    ids=lambda s: type(s).__name__,
)
def test_hard_targets_are_annealed_like_any_other(student):
    """There is a short cut for hard targets, at temperature one only."""
    data = DATA[2]
    p = {}
    for temperature in (1.0, 2.0):
        loss = CrossEntropy(temperature=temperature)
        problem = Problem(data.X, data.one_hot, loss, data.y, data.classes)
        p[temperature] = predict_fitted(resolve(student).fit(problem), data.X)
    assert_array_equal(p[1.0], clone(student).fit(data.X, data.y).predict_proba(data.X))
    assert np.max(np.abs(p[2.0] - p[1.0])) > 0.05
    if not isinstance(student, LGBMClassifier):
        powers = p[1.0] ** 2
        assert_allclose(p[2.0], powers / powers.sum(axis=1, keepdims=True), atol=1e-6)


# The wrapper


@any_classes
def test_wrapper_raises_probabilities_to_the_temperature(n_classes):
    data = DATA[n_classes]
    inner = GaussianNB().fit(data.X, data.y)
    wrapped = TemperedClassifier(inner, temperature=2.0)
    powers = inner.predict_proba(data.X) ** 2
    assert_allclose(wrapped.predict_proba(data.X), powers / powers.sum(axis=1, keepdims=True))
    assert_array_equal(wrapped.predict(data.X), inner.predict(data.X))
    assert_array_equal(wrapped.classes_, data.classes)
    assert wrapped.score(data.X, data.y) == inner.score(data.X, data.y)
    assert is_classifier(wrapped)


def test_wrapper_is_an_estimator():
    data = DATA[2]
    inner = GaussianNB()
    wrapped = TemperedClassifier(inner, temperature=2.0)
    assert wrapped.get_params(deep=False) == {"classifier": inner, "temperature": 2.0}
    with pytest.raises(NotFittedError):
        wrapped.predict_proba(data.X)
    assert not wrapped.__sklearn_is_fitted__()
    assert wrapped.fit(data.X, data.y) is wrapped
    assert wrapped.predict_proba(data.X).shape == (240, 2)
    fresh = clone(wrapped)
    assert fresh.temperature == 2.0
    with pytest.raises(NotFittedError):
        fresh.predict(data.X)
    assert_array_equal(
        pickle.loads(pickle.dumps(wrapped)).predict_proba(data.X), wrapped.predict_proba(data.X)
    )
    assert wrapped.set_params(classifier__var_smoothing=1e-3).classifier.var_smoothing == 1e-3


def test_wrapper_leaves_its_parameters_alone():
    inner = GaussianNB()
    TemperedClassifier(inner, temperature=2.0).fit(DATA[2].X, DATA[2].y)
    assert not hasattr(inner, "classes_")


def test_wrapper_keeps_zero_at_zero():
    class Sure(DummyClassifier):
        def predict_proba(self, X):
            return np.array([[0.0, 1.0]] * len(X))

    p = TemperedClassifier(Sure().fit([[0], [0]], [0, 1]), temperature=3.0).predict_proba([[0]])
    assert_allclose(p, [[0.0, 1.0]], atol=1e-12)


def test_features_are_checked_through_the_wrapper():
    data = DATA[2]
    model = fit(GaussianNB(), data, data.teacher, temperature=2.0)
    assert type(model.student_) is TemperedClassifier
    with pytest.raises(ValueError, match=r"3 features.*expecting 4 features"):
        model.predict(data.X[:, :3])
