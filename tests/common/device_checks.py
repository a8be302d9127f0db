"""What must hold for students on an array namespace; run on NumPy, array_api_strict and CuPy."""

import warnings

import numpy as np
from array_api_compat import array_namespace
from numpy.testing import assert_allclose, assert_array_equal

from skdistill import (
    CrossEntropy,
    DistilledClassifier,
    SoftLogisticRegression,
    SoftMLPClassifier,
    distillation_path,
)
from skdistill._ground.arrays import to_host
from skdistill.teaching.calibration import calibrate
from tests.common.data import sample

TOLERANCE = {"float32": 5e-3, "float64": 1e-6}
SETTINGS = {"hidden_layer_sizes": (6, 4), "max_epochs": 8, "random_state": 0}


def moved(xp, *arrays, dtype="float64"):
    return [xp.asarray(np.asarray(a, dtype=dtype)) for a in arrays]


def check_linear(xp, dtype, n_classes, l1_ratio=0.0):
    """The same coefficients as in NumPy and float64; predictions stay in the namespace."""
    data = sample(n_classes)
    weight = np.linspace(0.5, 2.0, len(data.y))
    settings = {"C": 0.5, "l1_ratio": l1_ratio, "tol": 1e-8, "max_iter": 500}
    expected = SoftLogisticRegression(**settings).fit(data.X, data.teacher, weight)
    X, target = moved(xp, data.X, data.teacher, dtype=dtype)
    model = SoftLogisticRegression(**settings).fit(X, target, weight)
    assert isinstance(model.coef_, np.ndarray)
    assert model.coef_.dtype == dtype
    assert_allclose(model.coef_, expected.coef_, atol=TOLERANCE[dtype])
    assert_allclose(model.intercept_, expected.intercept_, atol=TOLERANCE[dtype])
    p = model.predict_proba(X)
    assert array_namespace(p) is array_namespace(X)
    assert p.dtype == X.dtype
    assert_allclose(to_host(p), expected.predict_proba(data.X), atol=TOLERANCE[dtype])
    assert_array_equal(model.predict(X), to_host(p).argmax(axis=1))
    labels = SoftLogisticRegression(**settings).fit(X, data.y).predict(X)
    assert np.mean(labels == data.y) > 0.5


def check_mlp(xp, dtype, dropout=0.0):
    """The same network as in NumPy: same weights drawn, same rows, same masks."""
    data = sample(3)
    settings = SETTINGS | {"dtype": dtype, "dropout": dropout, "early_stopping": True}
    labels = {"labels": data.codes}
    expected = SoftMLPClassifier(**settings).fit(data.X, data.teacher, **labels)
    X, target = moved(xp, data.X, data.teacher, dtype=dtype)
    model = SoftMLPClassifier(**settings).fit(X, target, **labels)
    p = model.predict_proba(X)
    assert array_namespace(p) is array_namespace(X)
    assert model.n_iter_ == expected.n_iter_
    for ours, theirs in zip(model.coefs_, expected.coefs_, strict=True):
        assert isinstance(ours, np.ndarray)
        assert_allclose(ours, theirs, atol=TOLERANCE[dtype])
    assert_allclose(to_host(p), expected.predict_proba(data.X), atol=TOLERANCE[dtype])


def check_path(xp, dtype, n_classes=3):
    data = sample(n_classes)
    rows = np.arange(len(data.y))
    settings = {
        "strengths": [0.0, 1.0],
        "temperatures": [1.0, 3.0],
        "Cs": [0.1, 1.0],
        "folds": [(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3)],
        "tol": 1e-6,
    }
    expected = distillation_path(data.X, data.y, data.teacher, **settings)
    (X,) = moved(xp, data.X, dtype=dtype)
    path = distillation_path(X, data.y, data.teacher, **settings)
    atol = 10 * TOLERANCE[dtype]
    assert_allclose(path.coef, expected.coef, atol=atol)
    losses = path.log_loss(X, data.y)
    assert losses.shape == (8, 3)
    assert_allclose(losses, expected.log_loss(data.X, data.y), atol=atol)


def check_distiller(xp, dtype, student, strength=0.5):
    """A whole fit with given probabilities leaves the rows where they are."""
    data = sample(2)
    (X,) = moved(xp, data.X, dtype=dtype)
    settings = {"strength": strength, "temperature": 2.0, "random_state": 0}
    model = DistilledClassifier(None, student, **settings)
    model.fit(X, data.y, teacher_proba=data.teacher)
    p = model.predict_proba(X)
    assert array_namespace(p) is array_namespace(X)
    host = DistilledClassifier(None, student, **settings)
    host.fit(data.X.astype(dtype), data.y, teacher_proba=data.teacher)
    assert_allclose(to_host(p), host.predict_proba(data.X.astype(dtype)), atol=TOLERANCE[dtype])
    assert_array_equal(model.predict(X), data.classes[to_host(p).argmax(axis=1)])


def check_calibration(xp, dtype, method):
    data = sample(3)
    weight = np.linspace(0.5, 2.0, len(data.y))
    student = 0.5 * data.teacher + 0.5 * data.bayes
    y, p, w, other = moved(xp, data.one_hot, data.teacher, weight, student, dtype=dtype)
    expected = calibrate(method, data.one_hot, data.teacher, weight, student)
    ours = calibrate(method, y, p, w, other).transform(p, other)
    assert array_namespace(ours) is array_namespace(p)
    assert ours.dtype == p.dtype
    assert_allclose(to_host(ours), expected.transform(data.teacher, student), atol=TOLERANCE[dtype])


def check_signed_targets(xp, dtype):
    """Off the simplex the ridge keeps the minimum finite, however small it is."""
    data = sample(3)
    sure = data.teacher**3 / np.sum(data.teacher**3, axis=1, keepdims=True)
    target = CrossEntropy(temperature=2.0).target(data.one_hot, sure, np.ones(len(data.y)))
    assert np.min(target) < -0.05
    X, t = moved(xp, data.X, target, dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = SoftLogisticRegression(C=10.0, tol=1e-7, max_iter=1000).fit(X, t)
    pull = (target - to_host(model.predict_proba(X))).T @ data.X
    tolerance = 0.02 if dtype == "float32" else 1e-4
    scale = np.max(np.abs(model.coef_))
    assert_allclose(model.coef_ / scale, 10.0 * pull / scale, atol=tolerance)  # gradient zero
    assert scale > 50.0  # far out, and still there
