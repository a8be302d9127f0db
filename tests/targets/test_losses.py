"""Losses: values, derivatives and pseudo-targets against the formulas, in every namespace."""

import math
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone

from skdistill.exceptions import ParameterError
from skdistill.targets.losses import Brier, CrossEntropy, Logit, Loss, resolve_loss
from tests.oracles import losses as oracle
from tests.oracles.arrays import floored, softmax_row
from tests.oracles.convert import DTYPES, TOLERANCES, assert_same_kind, to_array, to_numpy

TEMPERATURES = [0.5, 1.0, 2.0, 5.0]
LOSSES = [Brier(), Logit(), *(CrossEntropy(temperature=t) for t in TEMPERATURES)]

in_both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)
every_temperature = pytest.mark.parametrize("temperature", TEMPERATURES)
every_gain = pytest.mark.parametrize("gain_kind", ["row", "entry"])


def problem(n_classes, n_rows=40, seed=0, *, sure=False):
    """Return labels, probabilities, scores; every class is observed."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(n_classes, 0.05 if sure else 2.0), size=n_rows)
    codes = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n_rows)])[:n_rows]
    scores = rng.normal(scale=2.0, size=(n_rows, n_classes))
    return np.eye(n_classes)[codes], p, scores


def gains(kind, shape, seed=1):
    rng = np.random.default_rng(seed)
    return rng.uniform(size=shape[:1] if kind == "row" else shape)


def simplex_rows(n_classes, smallest=1e-3):
    """Return a strategy of one probability row with no entry far below `smallest`."""
    entries = hnp.arrays(np.float64, n_classes, elements=st.floats(smallest, 1.0))
    return entries.map(lambda v: v / v.sum())


# Pseudo-targets against the oracle


@in_both_dtypes
@every_gain
@pytest.mark.parametrize("n_classes", [2, 4])
def test_brier_target(xp, dtype, gain_kind, n_classes):
    y, p, _ = problem(n_classes)
    g = gains(gain_kind, p.shape)
    a = to_array(xp, p, dtype)
    t = Brier().target(to_array(xp, y, dtype), a, to_array(xp, g, dtype))
    assert_same_kind(t, a, p.shape)
    np.testing.assert_allclose(
        to_numpy(t), oracle.brier_target(y, p, g), rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype]
    )


@in_both_dtypes
@every_gain
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("floor", [1e-3, 0.1])
def test_logit_target(xp, dtype, gain_kind, n_classes, floor):
    y, p, _ = problem(n_classes, sure=True)
    g = gains(gain_kind, p.shape)
    a = to_array(xp, p, dtype)
    t = Logit(floor=floor).target(to_array(xp, y, dtype), a, to_array(xp, g, dtype))
    assert_same_kind(t, a, p.shape)
    np.testing.assert_allclose(
        to_numpy(t),
        oracle.logit_target(y, p, g, floor),
        rtol=10 * TOLERANCES[dtype],
        atol=10 * TOLERANCES[dtype],
    )


@in_both_dtypes
@every_gain
@every_temperature
@pytest.mark.parametrize("n_classes", [2, 4])
def test_cross_entropy_target(xp, dtype, gain_kind, temperature, n_classes):
    y, p, _ = problem(n_classes)
    g = gains(gain_kind, p.shape)
    a = to_array(xp, p, dtype)
    loss = CrossEntropy(temperature=temperature)
    t = loss.target(to_array(xp, y, dtype), a, to_array(xp, g, dtype))
    assert_same_kind(t, a, p.shape)
    expected = oracle.cross_entropy_target(y, p, g, temperature, loss.floor)
    np.testing.assert_allclose(
        to_numpy(t), expected, rtol=10 * TOLERANCES[dtype], atol=10 * TOLERANCES[dtype]
    )


@every_temperature
def test_cross_entropy_target_at_full_gain(temperature):
    y, p, _ = problem(3)
    t = CrossEntropy(temperature=temperature).target(y, p, np.ones(len(p)))
    for i in range(len(p)):
        c = int(np.argmax(y[i]))
        expected = oracle.cross_entropy_target_full(p[i], c, temperature)
        np.testing.assert_allclose(t[i], expected, rtol=1e-12, atol=1e-13)


@every_temperature
def test_cross_entropy_floor(temperature):
    """Away from T = 1 certain teachers are floored; at T = 1 nothing needs a logarithm of p."""
    p = np.array([[0.0, 1.0, 0.0], [0.25, 0.75, 0.0]])
    y = np.eye(3)[[0, 2]]
    g = np.array([0.5, 1.0])
    t = CrossEntropy(temperature=temperature, floor=1e-2).target(y, p, g)
    if temperature == 1.0:
        np.testing.assert_allclose(t, oracle.brier_target(y, p, g), atol=1e-15)
    else:
        expected = oracle.cross_entropy_target(y, p, g, temperature, 1e-2)
        np.testing.assert_allclose(t, expected, rtol=1e-12)


@in_both_dtypes
@every_gain
@every_loss
def test_targets_of_sure_teachers_are_finite(xp, dtype, gain_kind, loss):
    p = np.eye(3)[[0, 1, 2, 0]]
    y = np.eye(3)[[0, 2, 1, 1]]
    g = gains(gain_kind, p.shape)
    t = loss.target(*(to_array(xp, a, dtype) for a in (y, p, g)))
    assert np.isfinite(to_numpy(t)).all()


@every_loss
def test_targets_do_not_write_to_their_inputs(loss):
    y, p, scores = problem(3)
    g = np.full(len(p), 0.5)
    before = [a.copy() for a in (y, p, scores, g)]
    t = loss.target(y, p, g)
    t_before = t.copy()
    loss.value(scores, t)
    loss.gradient_hessian(scores, t)
    loss.probabilities(scores)
    loss.row_weight(p)
    for a, b in zip((y, p, scores, g, t), (*before, t_before), strict=True):
        assert a.tobytes() == b.tobytes()


# Ends of the correction path, to the last bit


@in_both_dtypes
@every_gain
@pytest.mark.parametrize("sure", [False, True])
def test_brier_ends_to_the_last_bit(xp, dtype, gain_kind, sure):
    y, p, _ = problem(3, n_rows=200, sure=sure)
    y, p = y.astype(dtype), p.astype(dtype)
    g = np.ones(len(p) if gain_kind == "row" else p.shape, dtype=dtype)
    full = Brier().target(*(to_array(xp, a) for a in (y, p, g)))
    assert to_numpy(full).tobytes() == y.tobytes()
    none = Brier().target(*(to_array(xp, a) for a in (y, p, 0 * g)))
    assert to_numpy(none).tobytes() == p.tobytes()


@in_both_dtypes
def test_cross_entropy_at_temperature_one_ends_to_the_last_bit(xp, dtype):
    y, p, _ = problem(3, n_rows=200, sure=True)
    y, p, g = y.astype(dtype), p.astype(dtype), np.ones(200, dtype=dtype)
    full = CrossEntropy().target(*(to_array(xp, a) for a in (y, p, g)))
    assert to_numpy(full).tobytes() == y.tobytes()
    none = CrossEntropy().target(*(to_array(xp, a) for a in (y, p, 0 * g)))
    assert to_numpy(none).tobytes() == p.tobytes()


def test_an_integer_temperature_is_the_float():
    y, p, _ = problem(3)
    g = np.full(len(p), 0.3)
    for whole in (1, 2):
        t = CrossEntropy(temperature=whole).target(y, p, g)
        assert t.tobytes() == CrossEntropy(temperature=float(whole)).target(y, p, g).tobytes()


def test_temperature_one_with_a_gain_per_entry_meets_the_gain_per_row():
    y, p, _ = problem(4)
    g = gains("row", p.shape)
    per_row = CrossEntropy().target(y, p, g)
    per_entry = CrossEntropy().target(y, p, np.repeat(g[:, None], 4, axis=1))
    np.testing.assert_allclose(per_entry, per_row, atol=1e-15)


def test_temperature_is_continuous_at_one():
    y, p, _ = problem(3)
    g = gains("entry", p.shape)
    at = CrossEntropy().target(y, p, g)
    near = CrossEntropy(temperature=1.0 + 1e-9).target(y, p, g)
    np.testing.assert_allclose(near, at, atol=1e-7)


# Rows that sum to one, and the sign of the entries


@in_both_dtypes
@every_gain
@every_temperature
@pytest.mark.parametrize("n_classes", [2, 5])
def test_cross_entropy_targets_sum_to_one(xp, dtype, gain_kind, temperature, n_classes):
    y, p, _ = problem(n_classes, n_rows=100)
    g = gains(gain_kind, p.shape)
    t = CrossEntropy(temperature=temperature).target(*(to_array(xp, a, dtype) for a in (y, p, g)))
    sums = to_numpy(t).astype(np.float64).sum(axis=1)
    np.testing.assert_allclose(sums, 1.0, atol=1e3 * np.finfo(dtype).eps)


@given(
    simplex_rows(4),
    st.integers(0, 3),
    hnp.arrays(np.float64, (1, 4), elements=st.floats(0, 1)),
    st.floats(0.2, 20.0),
)
def test_cross_entropy_targets_always_sum_to_one(p, c, g, temperature):
    loss = CrossEntropy(temperature=temperature)
    y = np.eye(4)[[c]]
    for gain in (g, g[:, 0]):
        t = loss.target(y, p[None, :], gain)
        assert abs(t.sum() - 1.0) <= 1e-13 * max(1.0, np.abs(t).max()) * 10


@given(
    simplex_rows(3),
    st.integers(0, 2),
    st.floats(0.01, 1.0),
    st.sampled_from([0.25, 0.5, 1.5, 2.0, 4.0, 10.0]),
)
@example(np.array([0.01, 0.49, 0.5]), 0, 1.0, 2.0)
@example(np.array([0.9, 0.05, 0.05]), 0, 1.0, 2.0)
def test_sign_of_the_classes_not_observed(p, c, g, temperature):
    """They are negative if and only if ``p_c < g b w_c``."""
    t = CrossEntropy(temperature=temperature).target(np.eye(3)[[c]], p[None, :], np.array([g]))[0]
    bound = g / temperature * oracle.annealed(p[None, :], temperature)[0, c]
    assume(abs(p[c] - bound) > 1e-9)
    others = np.delete(t, c)
    assert np.all(others < 0) == (p[c] < bound)
    assert np.any(others < 0) == (p[c] < bound)


def test_sign_changes_at_the_known_probability():
    """Two classes, T = 2, full correction: the other entry is negative below (2 - sqrt 2) / 4."""
    threshold = (2.0 - math.sqrt(2.0)) / 4.0
    observed = np.array([threshold - 1e-6, threshold, threshold + 1e-6])
    p = np.column_stack([1.0 - observed, observed])
    y = np.tile([0.0, 1.0], (3, 1))
    other = CrossEntropy(temperature=2.0).target(y, p, np.ones(3))[:, 0]
    assert other[0] < -1e-8
    assert abs(other[1]) < 1e-12
    assert other[2] > 1e-8


@every_gain
def test_targets_at_temperature_one_stay_in_range(gain_kind):
    y, p, _ = problem(3, n_rows=200, sure=True)
    t = Brier().target(y, p, gains(gain_kind, p.shape))
    assert np.all(t >= 0)
    assert np.all(t <= 1)


# Values and derivatives


@in_both_dtypes
@every_loss
@pytest.mark.parametrize("n_classes", [2, 4])
def test_value_is_the_oracle(xp, dtype, loss, n_classes):
    y, p, scores = problem(n_classes)
    target = loss.target(y, p, np.full(len(p), 0.5))
    if isinstance(loss, CrossEntropy):
        expected = oracle.cross_entropy_value(scores, target, loss.temperature)
    else:
        expected = oracle.squared_value(scores, target)
    a = to_array(xp, scores, dtype)
    value = loss.value(a, to_array(xp, target, dtype))
    assert_same_kind(value, a, (len(p),))
    np.testing.assert_allclose(
        to_numpy(value), expected, rtol=10 * TOLERANCES[dtype], atol=10 * TOLERANCES[dtype]
    )


@every_loss
@every_gain
@pytest.mark.parametrize("n_classes", [2, 4])
def test_derivatives_are_those_of_the_value(xp, loss, gain_kind, n_classes):
    y, p, scores = problem(n_classes)
    target = to_array(xp, loss.target(y, p, gains(gain_kind, p.shape)))
    gradient, hessian = loss.gradient_hessian(to_array(xp, scores), target)
    if isinstance(loss, CrossEntropy):
        np.testing.assert_allclose(to_numpy(target).sum(axis=1), 1.0, atol=1e-12)

    def value(shift):
        return to_numpy(loss.value(to_array(xp, scores + shift), target))

    for j in range(n_classes):
        unit = np.eye(n_classes)[j]
        slope = (value(1e-5 * unit) - value(-1e-5 * unit)) / 2e-5
        np.testing.assert_allclose(to_numpy(gradient)[:, j], slope, atol=1e-7, rtol=1e-7)
        bend = (value(1e-3 * unit) - 2 * value(0.0) + value(-1e-3 * unit)) / 1e-6
        np.testing.assert_allclose(to_numpy(hessian)[:, j], bend, atol=1e-6, rtol=1e-6)


@in_both_dtypes
@every_loss
def test_derivatives_keep_dtype_and_shape(xp, dtype, loss):
    y, p, scores = problem(3)
    a = to_array(xp, scores, dtype)
    target = loss.target(*(to_array(xp, v, dtype) for v in (y, p, np.full(len(p), 0.5))))
    for derivative in loss.gradient_hessian(a, target):
        assert_same_kind(derivative, a, p.shape)
        assert np.isfinite(to_numpy(derivative)).all()


@every_temperature
def test_cross_entropy_derivatives_by_formula(temperature):
    y, p, scores = problem(3)
    loss = CrossEntropy(temperature=temperature)
    target = loss.target(y, p, np.ones(len(p)))
    gradient, hessian = loss.gradient_hessian(scores, target)
    b = 1.0 / temperature
    for i in range(len(p)):
        s = np.array(softmax_row(scores[i] * b))
        np.testing.assert_allclose(gradient[i], b * (s - target[i]), atol=1e-14)
        full = b**2 * (np.diag(s) - np.outer(s, s))
        np.testing.assert_allclose(hessian[i], np.diag(full), atol=1e-15)


@in_both_dtypes
@every_temperature
def test_cross_entropy_survives_large_scores(xp, dtype, temperature):
    loss = CrossEntropy(temperature=temperature)
    scores = to_array(xp, [[1e4, -1e4, 0.0]], dtype)
    target = to_array(xp, [[0.5, 0.5, 0.0]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value = to_numpy(loss.value(scores, target))
        gradient, hessian = (to_numpy(a) for a in loss.gradient_hessian(scores, target))
    np.testing.assert_allclose(value, [1e4 / temperature], rtol=1e-6)
    np.testing.assert_allclose(gradient, [[0.5 / temperature, -0.5 / temperature, 0]], rtol=1e-6)
    assert np.all(hessian == 0)


@every_loss
def test_uncorrected_optimum_stands_for_the_teacher(loss):
    """Where the gradient at gain 0 is zero, the scores' probabilities are the teacher's."""
    _, p, _ = problem(4)
    target = loss.target(np.zeros_like(p), p, np.zeros(len(p)))
    expected = floored(p, loss.floor) if isinstance(loss, Logit) else p
    scores = p if isinstance(loss, Brier) else np.log(expected)
    gradient, _ = loss.gradient_hessian(scores, target)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-12)
    np.testing.assert_allclose(loss.probabilities(scores), expected, rtol=1e-12)


# A corrected loss is the base loss plus a linear correction


@every_gain
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("loss", [Brier(), Logit(floor=1e-9)], ids=repr)
def test_squared_losses_are_corrected_up_to_a_constant(loss, gain_kind, n_classes):
    y, p, _ = problem(n_classes)
    p = floored(p, 0.02)
    g = gains(gain_kind, p.shape)
    corrected, plain = loss.target(y, p, g), loss.target(y, p, np.zeros(len(p)))
    difference = []
    for seed in range(5):
        scores = problem(n_classes, seed=seed)[2]
        linear = oracle.squared_correction(y, p, g, scores, logit=isinstance(loss, Logit))
        difference.append(loss.value(scores, corrected) - loss.value(scores, plain) - linear)
    np.testing.assert_allclose(difference - difference[0], 0.0, atol=1e-10)
    # The correction is not itself a constant, or the check above would be empty.
    assert np.std(linear) > 0.1


@every_gain
@every_temperature
@pytest.mark.parametrize("n_classes", [2, 4])
def test_cross_entropy_is_corrected_exactly(gain_kind, temperature, n_classes):
    y, p, scores = problem(n_classes)
    p = floored(p, 0.02)
    g = gains(gain_kind, p.shape)
    loss = CrossEntropy(temperature=temperature)
    corrected, plain = loss.target(y, p, g), loss.target(y, p, np.zeros(len(p)))
    linear = oracle.cross_entropy_correction(y, p, g, scores, temperature)
    np.testing.assert_allclose(
        loss.value(scores, corrected), loss.value(scores, plain) + linear, atol=1e-11
    )
    assert np.abs(linear).max() > 0.01


# Neyman orthogonality


def slope_in_the_nuisance(loss, p0, scores, direction, gain, step=1e-5):
    """Return the derivative, in p at p0 along `direction`, of the expected corrected gradient."""
    n_classes = len(p0)

    def expected_gradient(p):
        total = np.zeros(n_classes)
        for c in range(n_classes):
            target = loss.target(np.eye(n_classes)[[c]], p[None, :], np.array([gain]))
            total += p0[c] * loss.gradient_hessian(scores[None, :], target)[0][0]
        return total

    up, down = expected_gradient(p0 + step * direction), expected_gradient(p0 - step * direction)
    return (up - down) / (2 * step)


@every_loss
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_full_correction_is_neyman_orthogonal(loss, n_classes):
    rng = np.random.default_rng(3)
    for _ in range(5):
        p0 = floored(rng.dirichlet(np.full(n_classes, 2.0))[None, :], 0.05)[0]
        scores = rng.normal(size=n_classes)
        direction = rng.normal(size=n_classes)
        direction -= direction.mean()  # probabilities keep summing to one
        direction /= np.linalg.norm(direction)
        none = slope_in_the_nuisance(loss, p0, scores, direction, 0.0)
        half = slope_in_the_nuisance(loss, p0, scores, direction, 0.5)
        full = slope_in_the_nuisance(loss, p0, scores, direction, 1.0)
        assert np.abs(none).max() > 1e-2
        np.testing.assert_allclose(full, 0.0, atol=1e-6 * max(1.0, np.abs(none).max()))
        np.testing.assert_allclose(half, 0.5 * none, atol=1e-5 * max(1.0, np.abs(none).max()))


@given(simplex_rows(3, smallest=0.02), simplex_rows(3, smallest=0.02))
def test_exact_bias_of_the_full_log_correction(p, p0):
    """The expected target is ``log p0 + (r - 1 - log r)``, ``r = p0 / p``: never too low."""
    expected_target = np.zeros(3)
    for c in range(3):
        y = np.eye(3)[[c]]
        expected_target += p0[c] * Logit(floor=1e-9).target(y, p[None, :], np.ones(1))[0]
    bias = expected_target - np.log(p0)
    r = p0 / p
    np.testing.assert_allclose(bias, r - 1 - np.log(r), atol=1e-9)
    assert np.all(bias >= -1e-9)


@given(simplex_rows(4), simplex_rows(4))
def test_full_correction_on_the_probability_scale_has_no_bias(p, p0):
    expected_target = np.zeros(4)
    for c in range(4):
        expected_target += p0[c] * CrossEntropy().target(np.eye(4)[[c]], p[None, :], np.ones(1))[0]
    np.testing.assert_allclose(expected_target, p0, atol=1e-14)


# Two classes on one number


@in_both_dtypes
def test_logit_contrast_is_the_working_response(xp, dtype):
    y, p, _ = problem(2)
    p = floored(p, 0.05)
    g = gains("row", p.shape)
    a = to_array(xp, p, dtype)
    loss = Logit()
    contrast = loss.contrast(loss.target(to_array(xp, y, dtype), a, to_array(xp, g, dtype)))
    assert_same_kind(contrast, a, (len(p),))
    expected = oracle.working_response(y[:, 1], p[:, 1], g)
    np.testing.assert_allclose(to_numpy(contrast), expected, rtol=1e2 * TOLERANCES[dtype])


@in_both_dtypes
@pytest.mark.parametrize("floor", [1e-3, 0.1])
def test_logit_row_weight(xp, dtype, floor):
    for n_classes in (2, 4):
        _, p, _ = problem(n_classes, sure=True)
        a = to_array(xp, p, dtype)
        weight = Logit(floor=floor).row_weight(a)
        assert_same_kind(weight, a, (len(p),))
        q = floored(p, floor)
        rtol = 1e3 * TOLERANCES[dtype]
        np.testing.assert_allclose(to_numpy(weight), oracle.gini(q), rtol=rtol)
        if n_classes == 2:
            np.testing.assert_allclose(to_numpy(weight), q[:, 0] * q[:, 1], rtol=rtol)


@pytest.mark.parametrize("loss", [Brier(), CrossEntropy(), CrossEntropy(temperature=2.0)])
def test_other_losses_weigh_rows_equally(loss):
    assert loss.row_weight(np.array([[0.5, 0.5]])) is None


@in_both_dtypes
@every_loss
def test_contrast_and_expand_are_inverse(xp, dtype, loss):
    f = to_array(xp, [-3.0, -0.25, 0.0, 0.5, 1.0, 2.0], dtype)
    scores = loss.expand(f)
    assert_same_kind(scores, f, (6, 2))
    np.testing.assert_array_equal(to_numpy(loss.contrast(scores)), to_numpy(f))


@in_both_dtypes
def test_brier_contrast_is_the_second_column_of_probabilities(xp, dtype):
    _, p, _ = problem(2)
    a = to_array(xp, p, dtype)
    f = Brier().contrast(a)
    assert_same_kind(f, a, (len(p),))
    np.testing.assert_allclose(to_numpy(f), p[:, 1], rtol=TOLERANCES[dtype])
    np.testing.assert_allclose(to_numpy(Brier().expand(f)), p, rtol=TOLERANCES[dtype])


def test_brier_contrast_is_nearest_to_both_columns():
    grid = np.linspace(-2, 3, 50_001)
    for t in np.random.default_rng(8).normal(0.5, 0.5, size=(10, 2)):
        distance = (1 - grid - t[0]) ** 2 + (grid - t[1]) ** 2
        nearest = grid[np.argmin(distance)]
        assert abs(Brier().contrast(t[None, :])[0] - nearest) <= 1e-4


def test_expanded_log_scores_keep_their_probabilities():
    """A single score and its two columns stand for the same logistic probability."""
    _, _, scores = problem(2)
    loss = Logit()
    np.testing.assert_allclose(
        loss.probabilities(loss.expand(loss.contrast(scores))),
        loss.probabilities(scores),
        rtol=1e-13,
    )
    f = np.array([-1.5, 0.0, 2.0])
    np.testing.assert_allclose(
        loss.probabilities(loss.expand(f))[:, 1], 1 / (1 + np.exp(-f)), rtol=1e-14
    )


# Probabilities


@in_both_dtypes
def test_brier_probabilities(xp, dtype):
    scores = np.array(
        [
            [0.2, 0.3, 0.5],
            [-0.1, 0.4, 0.4],
            [2.0, 1.0, 1.0],
            [-1.0, -2.0, -3.0],
            [0.0, 0.0, 0.0],
            [-0.5, 0.0, -0.5],
            [-1.0, 1e-30, -1.0],
        ]
    )
    a = to_array(xp, scores, dtype)
    with np.errstate(all="raise", under="ignore"):
        p = Brier().probabilities(a)
    assert_same_kind(p, a, scores.shape)
    np.testing.assert_allclose(to_numpy(p), oracle.brier_probabilities(scores), rtol=1e-6)
    assert to_numpy(p)[3:6].tolist() == [[float(to_numpy(p)[3, 0])] * 3] * 3  # uniform
    assert abs(to_numpy(p)[3, 0] - 1 / 3) < 1e-7
    assert to_numpy(p)[6].tolist() == [0.0, 1.0, 0.0]


@given(hnp.arrays(np.float64, (3, 4), elements=st.floats(-10, 10)))
def test_probabilities_are_probabilities(scores):
    for loss in LOSSES:
        p = loss.probabilities(scores)
        assert np.all(p >= 0)
        np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-13)


@in_both_dtypes
@pytest.mark.parametrize("loss", LOSSES[1:], ids=repr)
def test_log_scale_probabilities_are_the_softmax_at_temperature_one(xp, dtype, loss):
    _, _, scores = problem(3)
    a = to_array(xp, scores, dtype)
    p = loss.probabilities(a)
    assert_same_kind(p, a, scores.shape)
    expected = np.array([softmax_row(row) for row in scores])
    np.testing.assert_allclose(to_numpy(p), expected, rtol=10 * TOLERANCES[dtype])


# Permuting the classes permutes everything


@every_loss
@every_gain
def test_classes_may_be_permuted(loss, gain_kind):
    y, p, scores = problem(4)
    g = gains(gain_kind, p.shape)
    order = [2, 0, 3, 1]
    t = loss.target(y, p, g)
    permuted = loss.target(y[:, order], p[:, order], g if g.ndim == 1 else g[:, order])
    np.testing.assert_allclose(permuted, t[:, order], atol=1e-12)
    np.testing.assert_allclose(
        loss.value(scores[:, order], permuted), loss.value(scores, t), rtol=1e-12
    )


# Objects


@pytest.mark.parametrize(
    "make",
    [
        lambda v: CrossEntropy(temperature=v),
        lambda v: resolve_loss("cross_entropy", v),
        lambda v: resolve_loss("brier", v),
    ],
)
@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf, "2", None, True, 1j])
def test_bad_temperatures_raise(make, bad):
    with pytest.raises(ParameterError, match=r"temperature must be a (finite )?number in \(0, inf"):
        make(bad)


@pytest.mark.parametrize("loss_type", [Logit, CrossEntropy])
@pytest.mark.parametrize("bad", [0.0, 0.5, 0.9, -1e-3, math.nan, "small", None])
def test_bad_floors_raise(loss_type, bad):
    with pytest.raises(ParameterError, match=r"floor must be a (finite )?number in \(0, 0.5\)"):
        loss_type(floor=bad)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Brier(), Logit()),
        (Logit(), Logit(floor=1e-2)),
        (CrossEntropy(), CrossEntropy(temperature=2.0)),
        (CrossEntropy(), CrossEntropy(floor=1e-3)),
    ],
)
def test_losses_are_values(a, b):
    assert a != b
    assert len({a, b, pickle.loads(pickle.dumps(a)), clone(b, safe=False)}) == 2
    with pytest.raises(FrozenInstanceError):
        a.floor = 0.1


def test_names():
    assert (Brier.name, Logit.name, CrossEntropy.name) == ("brier", "logit", "cross_entropy")


@pytest.mark.parametrize("loss_type", [Brier, CrossEntropy, Logit])
def test_resolve_loss_by_name(loss_type):
    assert resolve_loss(loss_type.name) == loss_type()
    assert resolve_loss(loss_type.name, 1) == loss_type()


def test_resolve_loss_with_a_temperature():
    assert resolve_loss("cross_entropy", 3.0) == CrossEntropy(temperature=3.0)


@every_loss
def test_resolve_loss_returns_objects_as_they_are(loss):
    assert resolve_loss(loss) is loss


@pytest.mark.parametrize("loss", ["brier", "logit", Brier(), CrossEntropy(temperature=2.0)])
def test_resolve_loss_refuses_a_temperature_without_effect(loss):
    with pytest.raises(ParameterError) as caught:
        resolve_loss(loss, 2.0)
    message = str(caught.value)
    assert "temperature=2.0 has no effect" in message
    assert f"loss={loss!r}" in message
    assert "CrossEntropy(temperature=...)" in message


@pytest.mark.parametrize("loss", ["Brier", "hinge", "", None, 3, Brier])
def test_resolve_loss_refuses_what_it_does_not_know(loss):
    with pytest.raises(ParameterError) as caught:
        resolve_loss(loss)
    message = str(caught.value)
    assert "loss must be one of 'brier', 'cross_entropy', 'logit' or a Loss object" in message
    assert f"got {loss!r}" in message


class Tilted(Brier):
    """A user's loss: the squared error with half the correction."""

    name = "tilted"

    def target(self, y, p, gain):
        return super().target(y, p, 0.5 * gain)


def test_a_subclass_is_a_loss():
    loss = resolve_loss(Tilted())
    y, p, _ = problem(3)
    ones = np.ones(len(p))
    np.testing.assert_array_equal(loss.target(y, p, ones), Brier().target(y, p, 0.5 * ones))


def test_a_loss_without_its_parts_cannot_be_made():
    class Half(Loss):
        name = "half"

    with pytest.raises(TypeError, match="abstract"):
        Half()
