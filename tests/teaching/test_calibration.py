"""Calibration: against independent fits, and on teachers whose fault is known."""

import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from skdistill._ground.metrics import log_loss
from skdistill.exceptions import ParameterError
from skdistill.teaching.calibration import Calibration, Isotonic, Scaling, calibrate

RNG = np.random.default_rng(0)


def sample(n_classes, n=4000, slope=1.0, shift=0.0):
    """Draw labels of known probabilities, and a teacher with a distorted logit."""
    scores = RNG.normal(size=(n, n_classes)) * 1.5
    p0 = softmax(scores, axis=1)
    y = np.eye(n_classes)[[RNG.choice(n_classes, p=row) for row in p0]]
    distorted = scores / slope
    distorted[:, 0] -= shift
    return y, p0, softmax(distorted, axis=1)


@pytest.mark.parametrize("weighted", [False, True])
def test_sigmoid_of_two_classes_is_logistic_regression_on_the_logit(weighted):
    y, _, p = sample(2, slope=2.0, shift=0.7)
    weight = RNG.uniform(0.5, 2.0, len(y)) if weighted else None
    fitted = calibrate("sigmoid", y, p, weight)
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(
        logit(p[:, 1])[:, None], y[:, 1], sample_weight=weight
    )
    assert fitted.slope == pytest.approx(oracle.coef_[0, 0], rel=1e-2)
    expected = oracle.predict_proba(logit(p[:, 1])[:, None])
    np.testing.assert_allclose(fitted.transform(p), expected, atol=5e-3)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_scaling_finds_the_distortion(n_classes):
    y, p0, p = sample(n_classes, n=20_000, slope=2.0, shift=0.7)
    sigmoid = calibrate("sigmoid", y, p)
    assert sigmoid.slope == pytest.approx(2.0, rel=0.1)
    assert sigmoid.intercept.sum() == pytest.approx(0.0, abs=1e-5)
    shifts = sigmoid.intercept[1:] - sigmoid.intercept[0]
    np.testing.assert_allclose(shifts, -1.4, atol=0.15)
    assert np.mean(np.abs(sigmoid.transform(p) - p0)) < 0.01
    temperature = calibrate("temperature", *sample(n_classes, n=20_000, slope=2.0)[::2])
    assert temperature.slope == pytest.approx(2.0, rel=0.1)
    np.testing.assert_array_equal(temperature.intercept, 0.0)


@pytest.mark.parametrize("method", ["sigmoid", "temperature", "isotonic"])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_a_distorted_teacher_gets_better_and_a_good_one_stays(method, n_classes):
    y, p0, p = sample(n_classes, slope=3.0)
    fresh_y, _, fresh_p = sample(n_classes, slope=3.0)
    fitted = calibrate(method, y, p)
    assert log_loss(fresh_y, fitted.transform(fresh_p)) < log_loss(fresh_y, fresh_p) - 0.02
    kept = calibrate(method, y, p0).transform(p0)
    assert abs(log_loss(y, kept) - log_loss(y, p0)) < 0.03
    np.testing.assert_allclose(kept.sum(axis=1), 1.0, rtol=1e-12)
    assert (kept >= 0).all()


def test_isotonic_is_scikit_learns():
    y, _, p = sample(2, n=500)
    oracle = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p[:, 1], y[:, 1])
    np.testing.assert_allclose(
        calibrate("isotonic", y, p).transform(p)[:, 1], oracle.predict(p[:, 1])
    )
    y, _, p = sample(3, n=500)
    fitted = calibrate("isotonic", y, p)
    assert isinstance(fitted, Isotonic)
    assert len(fitted.regressions) == 3


def test_none_changes_nothing():
    y, _, p = sample(3, n=50)
    fitted = calibrate(None, y, p)
    assert type(fitted) is Calibration
    assert fitted.transform(p) is p


def test_separable_rows_do_not_send_the_slope_to_infinity():
    y = np.eye(2)[[0] * 10 + [1] * 10]
    p = np.where(y == 1, 0.9, 0.1)
    fitted = calibrate("sigmoid", y, p)
    assert 1.0 < fitted.slope < 3.0
    assert fitted.transform(p).max() < 0.99


def test_a_teacher_that_is_nearly_constant_keeps_its_slope():
    """The labels alone would give it a slope of 62."""
    y = np.eye(2)[np.repeat([0, 1], [40, 60])]
    p1 = 0.6 + 1e-3 * np.cos(np.arange(100)) + 2e-4 * y[:, 1]
    p = np.column_stack([1.0 - p1, p1])
    fitted = calibrate("sigmoid", y, p)
    assert 0.5 < fitted.slope < 3.0
    np.testing.assert_allclose(fitted.transform(p), [[0.4, 0.6]] * 100, atol=0.01)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_ridge_is_worth_one_row(n_classes):
    """The gradient of the log-loss and of ``((slope - 1)^2 + |intercept|^2) / 2`` is zero."""
    rng = np.random.default_rng(0)
    y = np.eye(n_classes)[np.arange(30) % n_classes]
    p = softmax(2.0 * y + 2.0 * rng.normal(size=y.shape), axis=1)
    fitted = calibrate("sigmoid", y, p)
    residual = fitted.transform(p) - y
    assert abs(fitted.slope - 1.0) > 0.05
    np.testing.assert_allclose((residual * np.log(p)).sum(), 1.0 - fitted.slope, atol=1e-4)
    np.testing.assert_allclose(residual.sum(axis=0), -fitted.intercept, atol=1e-4)


@pytest.mark.parametrize("method", ["sigmoid", "temperature"])
def test_small_weights_alike_count_as_none(method):
    y, _, p = sample(2, n=60, slope=2.0)
    alone = calibrate(method, y, p)
    for small in (1.0 / len(y), 1e-4):
        weighted = calibrate(method, y, p, np.full(len(y), small))
        np.testing.assert_allclose(weighted.slope, alone.slope, rtol=1e-6)


def test_a_teacher_worse_than_chance_becomes_a_constant_and_is_not_turned_round():
    y, p0, _ = sample(2)
    fitted = calibrate("sigmoid", y, p0[:, ::-1])
    assert fitted.slope == 0.0
    np.testing.assert_allclose(fitted.transform(p0)[:, 1], y[:, 1].mean(), atol=1e-3)


def test_zeros_and_ones_of_a_forest_stay_finite():
    y = np.eye(2)[RNG.integers(0, 2, 200)]
    p = np.where(RNG.uniform(size=200)[:, None] < 0.9, y, 1.0 - y)
    out = calibrate("sigmoid", y, p).transform(p)
    assert np.isfinite(out).all()
    assert ((out > 0) & (out < 1)).all()


@pytest.mark.parametrize("method", ["sigmoid", "temperature", "isotonic"])
def test_weights_are_repeated_rows(method):
    y, _, p = sample(3, n=300, slope=2.0)
    weight = RNG.integers(1, 4, len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    weighted = calibrate(method, y, p, weight.astype(float)).transform(p)
    np.testing.assert_allclose(
        weighted, calibrate(method, y[rows], p[rows]).transform(p), atol=1e-6
    )


@pytest.mark.parametrize("method", ["sigmoid", "temperature", "isotonic"])
def test_permuted_classes_permute_the_result(method):
    y, _, p = sample(4, n=1000, slope=2.0, shift=0.5)
    order = [2, 0, 3, 1]
    permuted = calibrate(method, y[:, order], p[:, order]).transform(p[:, order])
    np.testing.assert_allclose(permuted, calibrate(method, y, p).transform(p)[:, order], atol=1e-4)


def test_the_fit_is_a_minimum():
    y, _, p = sample(4, n=1000, slope=2.0, shift=0.5)
    best = calibrate("sigmoid", y, p)
    floor = log_loss(y, best.transform(p))
    for _ in range(20):
        near = Scaling(
            best.slope + RNG.normal() * 0.05,
            best.intercept + RNG.normal(size=4) * 0.05,
        )
        assert log_loss(y, near.transform(p)) > floor - 1e-5


def test_unknown_names_raise():
    with pytest.raises(ParameterError, match="'isotonic', 'sigmoid', 'stacked', 'temperature'"):
        calibrate("platt", np.eye(2), np.eye(2))


def test_two_class_formula():
    p = np.array([[0.3, 0.7]])
    out = Scaling(2.0, np.array([0.0, 0.5])).transform(p)
    assert out[0, 1] == pytest.approx(expit(2 * logit(0.7) + 0.5))


# Stacked


def two_opinions(n_classes, n=4000):
    """Draw labels, and two teachers with errors of their own."""
    y, p0, _ = sample(n_classes, n=n)
    noisy = [softmax(np.log(p0) + 0.8 * RNG.normal(size=p0.shape), axis=1) for _ in range(2)]
    return y, *noisy


@pytest.mark.parametrize("weighted", [False, True])
def test_stacked_of_two_classes_is_logistic_regression_on_both_logits(weighted):
    y, p, o = two_opinions(2)
    weight = RNG.uniform(0.5, 2.0, len(y)) if weighted else None
    fitted = calibrate("stacked", y, p, weight, o)
    logits = np.column_stack([logit(p[:, 1]), logit(o[:, 1])])
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(logits, y[:, 1], sample_weight=weight)
    slopes = [fitted.slope, fitted.student_slope]
    np.testing.assert_allclose(slopes, oracle.coef_[0], rtol=1e-2)
    expected = oracle.predict_proba(logits)
    np.testing.assert_allclose(fitted.transform(p, o), expected, atol=5e-3)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_two_opinions_are_better_than_one(n_classes):
    y, p, o = two_opinions(n_classes)
    stacked = calibrate("stacked", y, p, None, o)
    alone = calibrate("sigmoid", y, p)
    assert log_loss(y, stacked.transform(p, o)) < log_loss(y, alone.transform(p)) - 0.01
    assert stacked.slope == pytest.approx(stacked.student_slope, rel=0.3)
    np.testing.assert_allclose(stacked.transform(p, o).sum(axis=1), 1.0, rtol=1e-12)


def test_a_student_that_knows_nothing_is_not_heard():
    y, p, _ = two_opinions(3)
    noise = RNG.dirichlet(np.ones(3), size=len(y))
    stacked = calibrate("stacked", y, p, None, noise)
    assert stacked.student_slope < 0.05
    assert stacked.slope == pytest.approx(calibrate("sigmoid", y, p).slope, rel=0.05)


def test_stacked_needs_the_student():
    y, p, o = two_opinions(2, n=100)
    with pytest.raises(ParameterError, match="needs the direct student's"):
        calibrate("stacked", y, p)
    with pytest.raises(ParameterError, match="second argument"):
        calibrate("stacked", y, p, None, o).transform(p)


def test_without_a_calibration_rows_sum_to_one():
    _, _, p = sample(3)
    assert Calibration().transform(p) is p
    for off in (p.astype(np.float32).astype(np.float64), 1.0009 * p):
        np.testing.assert_allclose(Calibration().transform(off).sum(axis=1), 1.0, rtol=1e-15)
        np.testing.assert_allclose(Calibration().transform(off), p, atol=1e-7)
