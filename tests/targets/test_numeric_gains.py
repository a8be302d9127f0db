"""Gains of numbers: against the minimisations they solve, in every namespace."""

import numpy as np
import pytest

from skdistill.exceptions import ParameterError
from skdistill.targets.corrections import Correction, Fast, Minimax, Orthogonal, Slow
from tests.oracles import corrections as oracle
from tests.oracles.convert import DTYPES, assert_same_kind, to_array, to_numpy

BY_STRENGTH = [Orthogonal(), Fast(), Slow(), Minimax(), Minimax("absolute")]
CORRECTIONS = [*BY_STRENGTH, Fast(c=0.1), Slow(c=0.1), Minimax("absolute", radius=0.4)]
in_both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
every_correction = pytest.mark.parametrize("correction", CORRECTIONS, ids=repr)

RNG = np.random.default_rng(0)
M = RNG.gamma(2.0, 3.0, size=(40, 2)).astype(np.float32)
V = (RNG.uniform(0.1, 3.0, size=(40, 2)) * [1.0, 50.0]).astype(np.float32)
RELATIVE = np.array([np.mean([V[i, j] / np.mean(V[:, j], dtype=float) for j in (0, 1)])
                     for i in range(len(V))])  # fmt: skip


@in_both_dtypes
@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_orthogonal_is_the_strength(xp, dtype, strength):
    m, v = (to_array(xp, a, dtype) for a in (M, V))
    gain = Orthogonal().gain_of(m, v, strength)
    assert_same_kind(gain, m, (len(M),))
    np.testing.assert_allclose(to_numpy(gain), strength, rtol=1e-7)


@in_both_dtypes
@pytest.mark.parametrize("strength", [0.2, 0.75])
def test_fast_and_slow_minimise(xp, dtype, strength):
    m, v = (to_array(xp, a, dtype) for a in (M, V))
    average = RELATIVE.mean()
    c_fast = average * strength / (1 - strength)
    c_slow = average * strength / (2 * (1 - strength) ** 3)
    for correction, best, c in (
        (Fast(), oracle.fast_by_grid, c_fast),
        (Slow(), oracle.slow_by_grid, c_slow),
        (Fast(c=0.7), oracle.fast_by_grid, 0.7),
        (Slow(c=0.7), oracle.slow_by_grid, 0.7),
    ):
        gain = correction.gain_of(m, v, strength)
        assert_same_kind(gain, m, (len(M),))
        expected = [best(x, c) for x in RELATIVE]
        np.testing.assert_allclose(to_numpy(gain), expected, atol=2e-5)


@in_both_dtypes
@pytest.mark.parametrize("strength", [0.2, 0.75])
@pytest.mark.parametrize("radius", [None, 0.5])
@pytest.mark.parametrize("error", ["relative", "absolute"])
def test_minimax_against_the_double_grid(xp, dtype, strength, radius, error):
    m, v = (to_array(xp, a, dtype) for a in (M, V))
    gain = Minimax(error, radius=radius).gain_of(m, v, strength)
    assert_same_kind(gain, m, M.shape)
    r = (1.0 if error == "relative" else 0.1) if radius is None else radius
    for i, j in np.ndindex(5, 2):
        centre = float(M[i, j])
        ends = (centre / (1 + r), centre * (1 + r))
        if error == "absolute":
            reach = r * np.std(M[:, j], dtype=float)
            ends = (centre - reach, centre + reach)
        biases = (np.linspace(*ends, 101) - centre) ** 2

        def worst(g, biases=biases, noise=float(V[i, j])):
            return strength * (1 - g) ** 2 * biases.max() + (1 - strength) * g**2 * noise

        best = oracle.grid_minimiser(worst)
        assert to_numpy(gain)[i, j] == pytest.approx(best, abs=2e-5)


def test_power_is_an_error_set_of_probabilities():
    with pytest.raises(ParameterError, match="choose error='relative' or error='absolute'"):
        Minimax("power").gain_of(M, V, 0.5)


@in_both_dtypes
@pytest.mark.parametrize("correction", BY_STRENGTH, ids=repr)
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_the_ends_are_exact(xp, dtype, correction, strength):
    m, v = (to_array(xp, a, dtype) for a in (M, V))
    assert np.all(to_numpy(correction.gain_of(m, v, strength)) == strength)


@pytest.mark.parametrize("correction", BY_STRENGTH, ids=repr)
def test_gains_rise_with_the_strength(correction):
    path = np.stack([correction.gain_of(M, V, s) for s in np.linspace(0.0, 1.0, 11)])
    assert np.all(np.diff(path, axis=0) > 0)


@every_correction
def test_another_unit_of_the_labels_changes_no_gain(correction):
    m, v = M.astype(np.float64), V.astype(np.float64)
    unit = np.array([1e-3, 1e4])
    gain = correction.gain_of(m, v, 0.4)
    np.testing.assert_allclose(correction.gain_of(unit * m, unit**2 * v, 0.4), gain, rtol=1e-9)
    assert np.all((gain >= 0) & (gain <= 1))


@pytest.mark.parametrize("correction", [c for c in CORRECTIONS if c != Minimax()], ids=repr)
def test_another_zero_of_the_labels_changes_no_gain(correction):
    m, v = M.astype(np.float64), V.astype(np.float64)
    gain = correction.gain_of(m, v, 0.4)
    np.testing.assert_allclose(correction.gain_of(m + 100.0, v, 0.4), gain, rtol=1e-9)


@every_correction
def test_labels_without_noise_or_spread_give_finite_gains(xp, correction):
    m, v = (to_array(xp, a, "float64") for a in (np.zeros((3, 1)), np.zeros((3, 1))))
    with np.errstate(all="raise"):
        gain = to_numpy(correction.gain_of(m, v, 0.4))
    assert np.all((gain >= 0) & (gain <= 1))


def test_uses_strength_tells_the_truth_of_numbers():
    for correction in CORRECTIONS:
        low, high = (correction.gain_of(M, V, s) for s in (0.2, 0.8))
        assert correction.uses_strength is not np.array_equal(low, high)


def test_a_correction_of_ones_own_sees_the_numbers():
    class WhereLarge(Correction):
        def gain(self, p, strength):
            return strength * (p[:, 0] > 5.0)

    gain = WhereLarge().gain_of(M, V, 0.5)
    np.testing.assert_array_equal(gain, 0.5 * (M[:, 0] > 5.0))


def test_a_correction_that_needs_no_variance_says_so():
    """It is then not estimated, and NaN: whatever it is, the gain is the same."""
    m = np.array([[1.0], [2.0]])
    assert not Orthogonal().uses_variance
    np.testing.assert_array_equal(Orthogonal().gain_of(m, np.full_like(m, np.nan), 0.3), [0.3, 0.3])
    assert all(each.uses_variance for each in (Fast(), Slow(), Minimax()))


WEIGHED = [Fast(), Slow(), Fast(c=0.3), Minimax("relative"), Minimax("absolute")]


@pytest.mark.parametrize("correction", WEIGHED, ids=repr)
def test_whole_weights_are_repeated_rows(correction):
    weight = np.random.default_rng(2).integers(1, 5, len(M))
    rows = np.repeat(np.arange(len(M)), weight)
    gain = correction.gain_of(M, V, 0.4, weight=weight.astype(float))
    np.testing.assert_allclose(gain[rows], correction.gain_of(M[rows], V[rows], 0.4), rtol=1e-5)
    p = np.column_stack([np.linspace(0.05, 0.6, len(M)), np.linspace(0.95, 0.4, len(M))])
    if isinstance(correction, Minimax):
        return  # of probabilities it looks at each entry by itself
    gain = correction.gain(p, 0.4, weight=weight.astype(float))
    np.testing.assert_allclose(gain[rows], correction.gain(p[rows], 0.4))
