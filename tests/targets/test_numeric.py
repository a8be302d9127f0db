"""Losses of numbers: against loops, finite differences and scikit-learn, in every namespace."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk
from sklearn.base import clone

from skdistill.exceptions import InputError, ParameterError
from skdistill.targets.numeric import NumericLoss
from skdistill.targets.numeric_losses import (
    AbsoluteError,
    Gamma,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
    resolve_numeric_loss,
)
from tests.oracles import numeric as oracle
from tests.oracles.convert import DTYPES, TOLERANCES, assert_same_kind, to_array, to_numpy

ZERO_ALLOWED = [Poisson(), Tweedie(), Tweedie(1.0), Tweedie(1.9)]
POSITIVE = [Gamma(), Tweedie(2.0), Tweedie(3.0)]
DEVIANCES = [*ZERO_ALLOWED, *POSITIVE]
QUANTILES = [AbsoluteError(), Quantile(), Quantile(0.9)]
LOSSES = [SquaredError(), *DEVIANCES, *QUANTILES]

in_both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)
every_deviance = pytest.mark.parametrize("loss", DEVIANCES, ids=repr)
every_quantile = pytest.mark.parametrize("loss", QUANTILES, ids=repr)
weighted = pytest.mark.parametrize("weights", [None, "random"])


def problem(n_outputs=2, n_rows=40, seed=0):
    """Return positive labels, a teacher's numbers and raw scores, float32 numbers all of them."""
    rng = np.random.default_rng(seed)
    y, m = rng.gamma(2.0, 1.0, size=(2, n_rows, n_outputs)).astype(np.float32) + np.float32(0.05)
    return y, m, rng.normal(size=y.shape).astype(np.float32)


# Values


@in_both_dtypes
@every_loss
def test_value(xp, dtype, loss):
    y, m, _ = problem()
    a = to_array(xp, m, dtype)
    values = loss.value(a, to_array(xp, y, dtype))
    assert_same_kind(values, a, (len(y),))
    np.testing.assert_allclose(
        to_numpy(values),
        oracle.value(loss, y, m),
        rtol=100 * TOLERANCES[dtype],
        atol=20 * TOLERANCES[dtype],
    )


@pytest.mark.parametrize("loss", ZERO_ALLOWED, ids=repr)
def test_value_at_a_label_of_zero(xp, loss):
    values = loss.value(*(to_array(xp, a, "float64") for a in ([[2.0]], [[0.0]])))
    np.testing.assert_allclose(to_numpy(values), oracle.value(loss, [[0.0]], [[2.0]]), rtol=1e-12)


@weighted
@every_loss
def test_value_is_that_of_scikit_learn(loss, weights):
    y, m, _ = (a.astype(np.float64) for a in problem(1))
    w = None if weights is None else np.random.default_rng(1).uniform(0.1, 2.0, len(y))
    metric, options = {
        "squared_error": (sk.mean_squared_error, {}),
        "absolute_error": (sk.mean_absolute_error, {}),
        "quantile": (sk.mean_pinball_loss, {"alpha": getattr(loss, "alpha", None)}),
        "poisson": (sk.mean_poisson_deviance, {}),
        "gamma": (sk.mean_gamma_deviance, {}),
        "tweedie": (sk.mean_tweedie_deviance, {"power": getattr(loss, "power", None)}),
    }[loss.name]
    expected = metric(y[:, 0], m[:, 0], sample_weight=w, **options)
    assert np.average(loss.value(m, y), weights=w) == pytest.approx(expected, rel=1e-12)


@every_loss
def test_a_perfect_prediction_costs_nothing(xp, loss):
    y = to_array(xp, problem()[0], "float64")
    np.testing.assert_allclose(to_numpy(loss.value(y, y)), 0.0, atol=1e-14)


@every_deviance
def test_a_prediction_outside_of_the_domain_is_infinitely_bad(xp, loss):
    f = to_array(xp, [[-1.0], [0.0], [1.0]], "float64")
    values = to_numpy(loss.value(f, to_array(xp, [[1.0]] * 3, "float64")))
    assert values[:2].tolist() == [np.inf, np.inf]
    assert values[2] == pytest.approx(0.0, abs=1e-13)


def test_special_powers_are_the_named_losses():
    y, m, scores = problem()
    for tweedie, named in ((Tweedie(1.0), Poisson()), (Tweedie(2), Gamma())):
        assert tweedie.value(m, y).tobytes() == named.value(m, y).tobytes()
        for a, b in zip(
            tweedie.gradient_hessian(scores, y), named.gradient_hessian(scores, y), strict=True
        ):
            assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize(("near", "named"), [(1.0, Poisson()), (2.0, Gamma())])
def test_deviances_are_continuous_in_the_power(near, named):
    y, m, _ = (a.astype(np.float64) for a in problem())
    for power in (near + 1e-6, max(1.0 + 1e-6, near - 1e-6)):
        np.testing.assert_allclose(Tweedie(power).value(m, y), named.value(m, y), atol=1e-4)


# Derivatives


@in_both_dtypes
@every_loss
def test_derivatives_are_those_of_the_value(xp, dtype, loss):
    y, _, scores = problem(1)
    step = 1e-4
    a = to_array(xp, scores, dtype)
    gradient, hessian = loss.gradient_hessian(a, to_array(xp, y, dtype))
    assert_same_kind(gradient, a, y.shape)
    assert_same_kind(hessian, a, y.shape)
    y, scores = y.astype(np.float64), scores.astype(np.float64)
    away = np.abs(scores - y)[:, 0] > 2 * step  # of the kink of absolute errors
    low, mid, high = (loss.value(loss.prediction(scores + s), y) for s in (-step, 0.0, step))
    slope, bend = (high - low) / (2 * step), (high - 2 * mid + low) / step**2
    np.testing.assert_allclose(to_numpy(gradient)[away, 0], slope[away], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(to_numpy(hessian)[away, 0], bend[away], rtol=1e-3, atol=1e-5)


@every_quantile
def test_the_slope_at_the_kink_is_zero(xp, loss):
    y = to_array(xp, problem()[0], "float64")
    assert not to_numpy(loss.gradient_hessian(y, y)[0]).any()


@every_loss
def test_predictions_are_on_the_scale_of_the_labels(xp, loss):
    scores = problem()[2].astype(np.float64)
    expected = scores if loss.lower is None else np.exp(scores)
    np.testing.assert_allclose(to_numpy(loss.prediction(to_array(xp, scores))), expected)


# Targets


@in_both_dtypes
@every_loss
@pytest.mark.parametrize("kind", ["row", "entry"])
def test_target(xp, dtype, loss, kind):
    y, m, _ = problem()
    g = np.random.default_rng(1).uniform(size=y.shape[:1] if kind == "row" else y.shape)
    a = to_array(xp, m, dtype)
    t = loss.target(to_array(xp, y, dtype), a, to_array(xp, g, dtype))
    assert_same_kind(t, a, m.shape)
    np.testing.assert_allclose(to_numpy(t), oracle.target(y, m, g), rtol=10 * TOLERANCES[dtype])


finite = st.floats(-1e12, 1e12, allow_subnormal=False)
tables = st.tuples(st.integers(1, 5), st.integers(1, 3)).flatmap(
    lambda shape: st.tuples(*(hnp.arrays(np.float64, shape, elements=finite) for _ in range(2)))
)


@given(tables)
def test_gain_zero_is_the_teacher_and_one_the_label_to_the_last_bit(pair):
    y, m = pair
    for loss in LOSSES:
        for gain in (np.ones(len(y)), np.ones(y.shape)):
            assert np.array_equal(loss.target(y, m, gain), y)
            assert np.array_equal(loss.target(y, m, 0.0 * gain), m)


@pytest.mark.parametrize("loss", [SquaredError(), *DEVIANCES], ids=repr)
def test_the_corrected_loss_is_the_loss_at_the_target(loss):
    """But for a number that has no prediction in it: differences of predictions are the same."""
    assert loss.is_linear
    y, m, scores = (a.astype(np.float64) for a in problem())
    g = np.random.default_rng(1).uniform(size=len(y))
    f, other = np.exp(scores), np.exp(scores[::-1])

    def gap(target):
        return loss.value(f, target) - loss.value(other, target)

    np.testing.assert_allclose(
        gap(loss.target(y, m, g)), g * gap(y) + (1.0 - g) * gap(m), rtol=1e-9, atol=1e-9
    )


@every_quantile
def test_losses_of_quantiles_are_not_linear_in_the_target(loss):
    assert not loss.is_linear
    y, m = np.array([[0.0]]), np.array([[2.0]])
    f, other, g = np.array([[0.9]]), np.array([[1.9]]), np.array([0.5])

    def gap(target):
        return loss.value(f, target) - loss.value(other, target)

    assert abs(gap(loss.target(y, m, g)) - 0.5 * gap(y) - 0.5 * gap(m))[0] > 0.05


@given(st.floats(-100, 100), st.floats(0.01, 100), st.integers(0, 5))
def test_squared_errors_follow_an_affine_change_of_the_labels(shift, scale, seed):
    y, m, f = (a.astype(np.float64) for a in problem(seed=seed))
    g = np.random.default_rng(seed).uniform(size=len(y))
    loss = SquaredError()
    moved = loss.target(shift + scale * y, shift + scale * m, g)
    expected = shift + scale * loss.target(y, m, g)
    np.testing.assert_allclose(moved, expected, rtol=1e-12, atol=1e-11)
    value = loss.value(shift + scale * f, shift + scale * y)
    np.testing.assert_allclose(value, scale**2 * loss.value(f, y), rtol=1e-6, atol=1e-9)


@given(st.floats(0.01, 100), st.sampled_from(DEVIANCES))
def test_deviances_follow_a_change_of_unit(scale, loss):
    y, m, _ = (a.astype(np.float64) for a in problem())
    power = {"poisson": 1.0, "gamma": 2.0}.get(loss.name, getattr(loss, "power", None))
    np.testing.assert_allclose(
        loss.value(scale * m, scale * y),
        scale ** (2.0 - power) * loss.value(m, y),
        rtol=1e-8,
        atol=1e-10,
    )


# Domains


@pytest.mark.parametrize("loss", [SquaredError(), *QUANTILES], ids=repr)
def test_any_number_is_a_target(xp, loss):
    t = to_array(xp, [[-1.0, 0.0], [0.0, 1.0]], "float64")
    cut, touched = loss.cut(t)
    assert cut is t
    assert to_numpy(touched).tolist() == [False, False]
    loss.check_labels(t)


@in_both_dtypes
@every_deviance
def test_targets_are_cut_to_the_domain(xp, dtype, loss):
    t = to_array(xp, [[1.0, -1.0], [2.0, 3.0], [-0.5, 2.0], [1.5, 0.5]], dtype)
    cut, touched = loss.cut(t)
    assert_same_kind(cut, t, (4, 2))
    assert to_numpy(touched).tolist() == [True, False, True, False]
    level = [0.0, 0.0] if loss in ZERO_ALLOWED else [1.25e-6, 1.625e-6]
    expected = [[1.0, level[1]], [2.0, 3.0], [level[0], 2.0], [1.5, 0.5]]
    np.testing.assert_allclose(to_numpy(cut), expected, rtol=1e-6)
    loss.check_labels(cut)
    assert np.isfinite(to_numpy(loss.value(xp.ones_like(cut), cut))).all()


@every_deviance
def test_targets_in_the_domain_stay_as_they_are(xp, loss):
    t = to_array(xp, problem()[0], "float64")
    cut, touched = loss.cut(t)
    assert np.array_equal(to_numpy(cut), to_numpy(t))
    assert not to_numpy(touched).any()


@every_deviance
def test_labels_outside_of_the_domain_raise(xp, loss):
    y = np.ones((5, 2))
    loss.check_labels(to_array(xp, y))
    y[3, 1] = -2.5
    with pytest.raises(InputError, match=r"got -2\.5 in row 3, output 1 \(1 such rows\)\. Correct"):
        loss.check_labels(to_array(xp, y))
    y[3, 1] = 0.0
    if loss in ZERO_ALLOWED:
        loss.check_labels(to_array(xp, y))
    else:
        with pytest.raises(InputError, match=r"must be positive .* got 0\.0 in row 3, output 1"):
            loss.check_labels(to_array(xp, y))


@pytest.mark.parametrize("loss", ZERO_ALLOWED, ids=repr)
def test_labels_that_are_all_zero_raise(xp, loss):
    with pytest.raises(InputError, match="nothing but zeros in output 1: the logarithm"):
        loss.check_labels(to_array(xp, np.array([[1.0, 0.0], [0.0, 0.0]])))
    with pytest.raises(InputError, match="nothing but zeros: the logarithm"):
        loss.check_labels(to_array(xp, np.zeros((3, 1))))


# The best constant


@in_both_dtypes
@weighted
@every_loss
def test_mean_level(xp, dtype, loss, weights):
    y = problem(n_rows=31)[0]
    w = None if weights is None else np.random.default_rng(1).uniform(0.1, 2.0, len(y))
    a = to_array(xp, y, dtype)
    level = loss.mean_level(a, None if w is None else to_array(xp, w, dtype))
    assert_same_kind(level, a, (2,))
    level = to_numpy(level).astype(np.float64)
    if loss.is_linear:
        np.testing.assert_allclose(level, np.average(y, axis=0, weights=w), rtol=1e-5)
    w = np.ones(len(y)) if w is None else w
    ends = [oracle.best_constants(loss, y[:, j], w) for j in range(2)]
    if not loss.is_linear:
        np.testing.assert_allclose(level, np.mean(ends, axis=1), rtol=1e-6)


@every_loss
def test_no_constant_is_better(loss):
    y = problem()[0].astype(np.float64)
    w = np.random.default_rng(1).uniform(0.1, 2.0, len(y))
    level = loss.mean_level(y, w)
    best = np.average(loss.value(np.tile(level, (len(y), 1)), y), weights=w)
    for factor in (0.8, 0.99, 1.01, 1.2):
        assert np.average(loss.value(np.tile(factor * level, (len(y), 1)), y), weights=w) >= best


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_integer_weights_are_repeated_rows(rows):
    y, w = np.array(rows, dtype=np.float64)[:, :1], np.array(rows)[:, 1]
    if not w.any():
        return
    for loss in LOSSES:
        repeated = loss.mean_level(np.repeat(y, w, axis=0))
        np.testing.assert_allclose(loss.mean_level(y, w), repeated, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n_rows", [1, 2, 5, 10])
def test_the_median_is_that_of_numpy(xp, n_rows):
    y = np.random.default_rng(0).normal(size=(n_rows, 3))
    for loss in (AbsoluteError(), Quantile()):
        np.testing.assert_array_equal(
            to_numpy(loss.mean_level(to_array(xp, y))), np.median(y, axis=0)
        )


@pytest.mark.parametrize("scale", [1e-3, 0.1, 1.0, 7.0])
def test_the_scale_of_weights_moves_no_quantile(scale):
    """Ten weights of 0.1 sum to less than one."""
    y = np.arange(10.0)[:, None]
    for alpha in (0.1, 0.3, 0.7):
        level = Quantile(alpha).mean_level(y, np.full(10, scale))
        assert level[0] == pytest.approx(10 * alpha - 0.5)


# Objects


@every_loss
def test_losses_are_values(loss):
    for copy in (pickle.loads(pickle.dumps(loss)), clone(loss, safe=False)):
        assert copy == loss
        assert hash(copy) == hash(loss)
    assert len({loss, *LOSSES}) == len(LOSSES)
    with pytest.raises((FrozenInstanceError, TypeError)):
        loss.power = 1.2
    assert loss.row_weight(np.ones((3, 1))) is None


@pytest.mark.parametrize("bad", [0.0, 0.5, -1, float("nan"), float("inf"), "1.5", True])
def test_bad_power_raises(bad):
    with pytest.raises(ParameterError, match=r"power must be a (finite )?number in \[1, inf\)"):
        Tweedie(power=bad)


@pytest.mark.parametrize("bad", [0.0, 1.0, -1, float("nan"), "0.5", True])
def test_bad_alpha_raises(bad):
    with pytest.raises(ParameterError, match=r"alpha must be a (finite )?number in \(0, 1\)"):
        Quantile(alpha=bad)


@pytest.mark.parametrize(
    "loss", [SquaredError(), Poisson(), Gamma(), Tweedie(), AbsoluteError(), Quantile()], ids=repr
)
def test_resolve_by_name(loss):
    assert resolve_numeric_loss(loss.name) == loss


@every_loss
def test_resolve_returns_objects_as_they_are(loss):
    assert resolve_numeric_loss(loss) is loss


@pytest.mark.parametrize("bad", ["Poisson", "", None, 1.5, Poisson])
def test_resolve_refuses_what_it_does_not_know(bad):
    with pytest.raises(ParameterError) as caught:
        resolve_numeric_loss(bad)
    assert str(caught.value) == (
        "loss must be one of 'absolute_error', 'gamma', 'poisson', 'quantile', 'squared_error', "
        f"'tweedie' or a NumericLoss object, got {bad!r}."
    )


class LogCosh(NumericLoss):
    """A user's loss, which has no closed form for its best constant: a few Newton steps."""

    name = "log_cosh"

    def value(self, prediction, target):
        return np.log(np.cosh(prediction - target)).sum(axis=1)

    def gradient_hessian(self, scores, target):
        slope = np.tanh(scores - target)
        return slope, 1.0 - slope**2

    def mean_level(self, y, weight=None):
        level = np.average(y, axis=0, weights=weight)
        for _ in range(20):
            slope, bend = self.gradient_hessian(level, y)
            level = level - np.average(slope, axis=0, weights=weight) / bend.mean(axis=0)
        return level


def test_a_loss_of_ones_own_has_what_it_does_not_say_from_the_base():
    loss = LogCosh()
    y, m, _ = problem()
    assert resolve_numeric_loss(loss) is loss
    np.testing.assert_array_equal(loss.target(y, m, np.ones(len(y))), y)
    np.testing.assert_array_equal(loss.prediction(y), y)
    assert loss.cut(y)[0] is y
    loss.check_labels(-y)


def test_a_loss_without_a_value_cannot_be_made():
    class Nothing(NumericLoss):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Nothing()
