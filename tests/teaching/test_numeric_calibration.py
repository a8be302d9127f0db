"""Calibration of numbers: against independent fits, and on teachers whose fault is known."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression

from skdistill.exceptions import InputError, ParameterError
from skdistill.teaching.numeric_calibration import (
    NUMERIC_CALIBRATIONS,
    NumericCalibration,
    calibrate_numbers,
)
from tests.oracles.convert import assert_same_kind, to_array, to_numpy

METHODS = [method for method in NUMERIC_CALIBRATIONS if method is not None]
every_method = pytest.mark.parametrize("method", METHODS)
weighted = pytest.mark.parametrize("weighted", [False, True])


def sample(n=2000, n_outputs=2, seed=0, noise=0.5):
    """Return labels, a teacher that spreads too far, and a student with an error of its own."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, n_outputs)) + [3.0, -1.0][:n_outputs]
    y = truth + noise * rng.normal(size=truth.shape)
    m, o = (truth + 0.7 * rng.normal(size=truth.shape) for _ in range(2))
    return y, 2.0 * m + 1.0, o, rng.uniform(0.5, 2.0, n)


@weighted
def test_linear_is_least_squares(weighted):
    y, m, _, w = sample(20_000)
    w = w if weighted else None
    fitted = calibrate_numbers("linear", y, m, w)
    for j in range(2):
        oracle = LinearRegression().fit(m[:, [j]], y[:, j], sample_weight=w)
        assert fitted.slope[j] == pytest.approx(oracle.coef_[0], rel=1e-3)
        expected = oracle.predict(m[:, [j]])
        np.testing.assert_allclose(fitted.transform(m)[:, j], expected, atol=5e-3)


@weighted
def test_stacked_is_least_squares_on_both(weighted):
    y, m, o, w = sample(20_000)
    w = w if weighted else None
    fitted = calibrate_numbers("stacked", y, m, w, o)
    for j in range(2):
        both = np.column_stack([m[:, j], o[:, j]])
        oracle = LinearRegression().fit(both, y[:, j], sample_weight=w)
        slopes = [fitted.slope[j], fitted.student_slope[j]]
        np.testing.assert_allclose(slopes, oracle.coef_, rtol=1e-3)
        np.testing.assert_allclose(fitted.transform(m, o)[:, j], oracle.predict(both), atol=5e-3)


def test_isotonic_is_scikit_learns():
    y, m, _, w = sample(300)
    fitted = calibrate_numbers("isotonic", y, m, w)
    far = 3.0 * m
    for j in range(2):
        oracle = IsotonicRegression(out_of_bounds="clip").fit(m[:, j], y[:, j], sample_weight=w)
        np.testing.assert_array_equal(fitted.transform(far)[:, j], oracle.predict(far[:, j]))


@every_method
def test_a_distorted_teacher_gets_better(method):
    y, m, o, _ = sample()
    fresh_y, fresh_m, fresh_o, _ = sample(seed=1)
    fitted = calibrate_numbers(method, y, m, None, o)
    error = np.mean((fresh_y - fitted.transform(fresh_m, fresh_o)) ** 2)
    assert error < 0.2 * np.mean((fresh_y - fresh_m) ** 2)


def test_two_opinions_are_better_than_one():
    y, m, o, _ = sample()
    stacked = calibrate_numbers("stacked", y, m, None, o).transform(m, o)
    alone = calibrate_numbers("linear", y, m).transform(m)
    assert np.mean((y - stacked) ** 2) < 0.85 * np.mean((y - alone) ** 2)


def test_the_ridge_is_worth_one_row():
    """The gradients of the squared error and of its ridge, in the labels' spread, add to zero."""
    y, m, _, _ = sample(20, 1)
    fitted = calibrate_numbers("linear", y, m)
    residual = y - fitted.transform(m)
    slope, at_mean = fitted.slope[0], fitted.transform(m.mean(axis=0)[None, :])
    assert slope != pytest.approx(1.0, abs=0.1)
    assert residual.sum() == pytest.approx((at_mean - m.mean())[0, 0])
    spread = np.sum(residual * (m - m.mean()))
    assert spread == pytest.approx((slope - 1.0) * np.var(y))


def test_a_teacher_that_is_nearly_constant_keeps_its_slope():
    """The labels alone would give it a slope of 500."""
    y = np.repeat([[0.0], [1.0]], 50, axis=0)
    m = 0.5 + 1e-3 * np.cos(np.arange(100))[:, None] + 1e-3 * y
    assert LinearRegression().fit(m, y).coef_[0, 0] > 200
    fitted = calibrate_numbers("linear", y, m)
    assert 0.5 < fitted.slope[0] < 2.0
    np.testing.assert_allclose(fitted.transform(m), 0.5, atol=0.02)
    constant = calibrate_numbers("linear", y, np.full_like(m, 0.1))
    np.testing.assert_allclose(constant.transform(np.full_like(m, 0.1)), 0.5, atol=0.01)
    assert constant.slope[0] == pytest.approx(1.0)


def test_a_teacher_that_is_wrong_becomes_a_constant_and_is_not_turned_round():
    y, m, _, _ = sample()
    fitted = calibrate_numbers("linear", y, -m)
    assert fitted.slope.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(fitted.transform(m), np.tile(y.mean(axis=0), (len(y), 1)), atol=0.01)
    assert (calibrate_numbers("stacked", y, -m, None, -m).student_slope == 0.0).all()


@every_method
@pytest.mark.parametrize("scale", [1e-6, 0.1, 1e5])
def test_labels_in_another_unit_and_from_another_zero(method, scale):
    y, m, o, w = sample(200)
    shift = np.array([7.0, -20.0])
    plain = calibrate_numbers(method, y, m, w, o).transform(m, o)
    y, m, o = (scale * (a + shift) for a in (y, m, o))
    moved = calibrate_numbers(method, y, m, w, o).transform(m, o)
    np.testing.assert_allclose(moved, scale * (plain + shift), rtol=1e-8, atol=1e-8 * scale)


@every_method
def test_weights_are_repeated_rows(method):
    y, m, o, _ = sample(60)
    w = np.random.default_rng(1).integers(1, 4, len(y))
    rows = np.repeat(np.arange(len(y)), w)
    weighted = calibrate_numbers(method, y, m, w.astype(float), o).transform(m, o)
    repeated = calibrate_numbers(method, y[rows], m[rows], None, o[rows]).transform(m, o)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-9)


@pytest.mark.parametrize("method", ["linear", "stacked"])
def test_small_weights_alike_count_as_none(method):
    y, m, o, _ = sample(60)
    alone = calibrate_numbers(method, y, m, None, o).transform(m, o)
    small = calibrate_numbers(method, y, m, np.full(len(y), 1e-4), o).transform(m, o)
    np.testing.assert_allclose(small, alone, rtol=1e-9)


@pytest.mark.parametrize("method", NUMERIC_CALIBRATIONS)
def test_numbers_stay_above_the_lower_bound(method):
    y, m, o, _ = sample()
    y = np.maximum(y, 0.0)
    out = calibrate_numbers(method, y, m, None, o, lower=0.0).transform(m, o)
    free = calibrate_numbers(method, y, m, None, o).transform(m, o)
    floor = np.tile(1e-3 * y.mean(axis=0), (len(y), 1))
    np.testing.assert_allclose(out, np.maximum(free, floor), rtol=1e-12)
    assert method == "isotonic" or (free < 0).any()


def test_none_changes_nothing():
    y, m, _, _ = sample(50)
    fitted = calibrate_numbers(None, y, m)
    assert type(fitted) is NumericCalibration
    assert fitted.transform(m) is m


@every_method
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_keep_their_kind(xp, method, dtype):
    y, m, o, _ = sample(200)
    fitted = calibrate_numbers(method, *(to_array(xp, a) for a in (y, m)), None, to_array(xp, o))
    a, b = (to_array(xp, each, dtype) for each in (m, o))
    out = fitted.transform(a, b)
    assert_same_kind(out, a, m.shape)
    np.testing.assert_allclose(to_numpy(out), fitted.transform(m, o), rtol=1e-4, atol=1e-4)


def test_what_cannot_be_calibrated_raises():
    y, m, o, _ = sample(50)
    with pytest.raises(ParameterError, match="one of None, 'isotonic', 'linear', 'stacked'"):
        calibrate_numbers("sigmoid", y, m)
    with pytest.raises(ParameterError, match="needs the direct student's"):
        calibrate_numbers("stacked", y, m)
    with pytest.raises(ParameterError, match="second argument"):
        calibrate_numbers("stacked", y, m, None, o).transform(m)
    m[3, 1] = np.nan
    for method in METHODS:
        with pytest.raises(InputError, match="must be finite, got NaN or infinity in some rows"):
            calibrate_numbers(method, y, m, None, o)
