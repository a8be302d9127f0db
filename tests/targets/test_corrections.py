"""Corrections: the gains against the minimisations they solve, and what all of them share."""

import pickle
import warnings
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone

from skdistill.exceptions import ParameterError
from skdistill.targets.corrections import (
    Correction,
    Fast,
    Minimax,
    Orthogonal,
    Slow,
    resolve_correction,
)
from skdistill.targets.losses import Brier
from tests.oracles import corrections as oracle
from tests.oracles.convert import DTYPES, TOLERANCES, assert_same_kind, to_array, to_numpy

ERRORS = ["absolute", "power", "relative"]
BY_STRENGTH = [Orthogonal(), Fast(), Slow(), *(Minimax(error) for error in ERRORS)]
CORRECTIONS = [*BY_STRENGTH, Fast(c=0.1), Slow(c=0.1), Minimax("relative", radius=0.3)]

in_both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
every_correction = pytest.mark.parametrize("correction", CORRECTIONS, ids=repr)
by_strength = pytest.mark.parametrize("correction", BY_STRENGTH, ids=repr)

# Probabilities with sure rows, tiny entries and an exactly uniform row.
P = np.concatenate(
    [
        np.random.default_rng(0).dirichlet(np.full(3, 0.5), size=30),
        np.eye(3),
        [[1 / 3, 1 / 3, 1 / 3], [1 - 2e-9, 1e-9, 1e-9], [0.5, 0.5, 0.0]],
    ]
)


def binary(q):
    """Return two columns from the second."""
    q = np.asarray(q, dtype=np.float64)
    return np.column_stack([1.0 - q, q])


def probability_tables():
    """Return a strategy of (n, K) tables of probabilities, exact zeros and ones among them."""
    shapes = st.tuples(st.integers(1, 6), st.integers(2, 5))
    raw = hnp.arrays(np.float64, shapes, elements=st.sampled_from([0, 1e-12, 1e-3, 0.2, 0.7, 1.0]))
    return raw.map(lambda t: np.where(t.sum(axis=1, keepdims=True) > 0, t, 1.0)).map(
        lambda t: t / t.sum(axis=1, keepdims=True)
    )


# Against the minimisation


@in_both_dtypes
@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_orthogonal_is_the_strength(xp, dtype, strength):
    p = to_array(xp, P, dtype)
    gain = Orthogonal().gain(p, strength)
    assert_same_kind(gain, p, (len(P),))
    assert to_numpy(gain).tolist() == [float(np.dtype(dtype).type(strength))] * len(P)


def test_orthogonal_on_the_probability_scale_is_the_soft_hard_mix():
    y = np.eye(3)[np.arange(len(P)) % 3]
    target = Brier().target(y, P, Orthogonal().gain(P, 0.3))
    np.testing.assert_allclose(target, 0.7 * P + 0.3 * y, atol=1e-15)


@in_both_dtypes
@pytest.mark.parametrize("c", [1e-3, 0.1, 0.25, 10.0])
def test_fast_with_a_number_minimises(xp, dtype, c):
    p = to_array(xp, P, dtype)
    gain = Fast(c=c).gain(p, 0.5)
    assert_same_kind(gain, p, (len(P),))
    expected = [oracle.fast_by_grid(v, c) for v in oracle.variance(P)]
    np.testing.assert_allclose(to_numpy(gain), expected, atol=1e-5)


@in_both_dtypes
@pytest.mark.parametrize("strength", [0.05, 0.5, 0.75, 0.99])
def test_fast_takes_c_from_the_strength(xp, dtype, strength):
    v = oracle.variance(P)
    c = v.mean() * strength / (1 - strength)
    p = to_array(xp, P, dtype)
    gain = Fast().gain(p, strength)
    assert_same_kind(gain, p, (len(P),))
    np.testing.assert_allclose(to_numpy(gain), c / (c + v), rtol=10 * TOLERANCES[dtype])
    np.testing.assert_allclose(to_numpy(gain), [oracle.fast_by_grid(x, c) for x in v], atol=1e-5)


@in_both_dtypes
@pytest.mark.parametrize("c", [1e-3, 0.1, 0.5, 10.0])
def test_slow_with_a_number_minimises(xp, dtype, c):
    p = to_array(xp, P, dtype)
    gain = Slow(c=c).gain(p, 0.5)
    assert_same_kind(gain, p, (len(P),))
    v = oracle.variance(P)
    # The gain goes with the cube root of V: float32 cannot tell V = 1e-9 from 0.
    clear = v > (1e-4 if dtype == "float32" else 0.0)
    for expected in (oracle.slow_by_grid, oracle.slow_by_roots):
        gains = [expected(x, c) for x in v[clear]]
        np.testing.assert_allclose(to_numpy(gain)[clear], gains, atol=1e-4)


@pytest.mark.parametrize("c", [1e-2, 0.1, 0.5, 10.0])
def test_slow_solves_its_cubic(c):
    v = oracle.variance(P)
    d = 1.0 - Slow(c=c).gain(P, 0.5)
    np.testing.assert_allclose(d**3 + v / (2 * c) * (d - 1.0), 0.0, atol=1e-13)


@in_both_dtypes
@pytest.mark.parametrize("strength", [0.05, 0.5, 0.75, 0.99])
def test_slow_takes_c_from_the_strength(xp, dtype, strength):
    v = oracle.variance(P)
    c = v.mean() * strength / (2 * (1 - strength) ** 3)
    p = to_array(xp, P, dtype)
    gain = Slow().gain(p, strength)
    assert_same_kind(gain, p, (len(P),))
    expected = np.array([oracle.slow_by_grid(x, c) for x in v])
    clear = v > (1e-4 if dtype == "float32" else 0.0)
    np.testing.assert_allclose(to_numpy(gain)[clear], expected[clear], atol=1e-4)


@pytest.mark.parametrize("strength", [1e-6, 1e-3, 0.1])
def test_slow_at_a_small_strength(xp, strength):
    """The gain of a row of average variance is the strength, relative to the strength."""
    gain = to_numpy(Slow().gain(to_array(xp, binary([0.3, 0.3, 0.7])), strength))
    np.testing.assert_allclose(gain, strength, rtol=1e-6)


@in_both_dtypes
@pytest.mark.parametrize("strength", [1e-30, 1e-12, 1e-9, 1e-6, 1 - 1e-9, 1 - 1e-15])
@pytest.mark.parametrize("correction", BY_STRENGTH, ids=repr)
def test_gains_near_the_ends_are_gains(dtype, strength, correction):
    """Neither cancellation nor overflow takes a gain out of [0, 1] or away from its end."""
    p = P.astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        gain = correction.gain(p, strength)
    assert np.all((gain >= 0) & (gain <= 1))
    unsure = P * (1 - P) > 0.05 if gain.ndim == 2 else oracle.variance(P) > 0.05
    assert np.all(np.abs(gain[unsure] - round(strength)) < 0.02)


@in_both_dtypes
@pytest.mark.parametrize("c", [1e-30, 1e-12, 1e12, 1e30])
@pytest.mark.parametrize("correction_type", [Fast, Slow])
def test_tiny_and_huge_numbers(dtype, correction_type, c):
    p = P.astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        gain = correction_type(c=c).gain(p, 0.5)
    assert np.all((gain >= 0) & (gain <= 1))
    unsure = oracle.variance(P) > 0.05
    np.testing.assert_allclose(gain[unsure], 0.0 if c < 1 else 1.0, atol=1e-4)


@in_both_dtypes
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("radius", [None, 0.3])
@pytest.mark.parametrize("strength", [0.2, 0.9])
def test_minimax_against_the_double_grid(xp, dtype, error, radius, strength):
    q = np.array([0.0, 1e-3, 0.05, 0.2, 0.5, 0.7, 0.95, 1.0])
    p = to_array(xp, binary(q), dtype)
    gain = Minimax(error, radius=radius).gain(p, strength)
    assert_same_kind(gain, p, (len(q), 2))
    used = (0.1 if error == "absolute" else 1.0) if radius is None else radius
    for g, p_entry in zip(to_numpy(gain)[:, 1], q, strict=True):
        best, smallest = oracle.minimax_by_grid(error, p_entry, used, strength)
        interval = oracle.error_set(error, p_entry, used)
        reached = float(oracle.worst_risk(g, p_entry, interval, strength))
        assert reached <= smallest + 1e-6
        # Where the error set is one point, gains differ by nothing but rounding.
        if smallest > 1e-6:
            assert abs(g - best) < 5e-3


def test_minimax_by_hand():
    """All of [0, 1] around 1/2: bias (1 - g)^2 / 4 and noise g^2 / 4 meet at 1/2."""
    gain = Minimax("absolute", radius=0.5).gain(np.array([[0.5, 0.5]]), 0.5)
    np.testing.assert_allclose(gain, 0.5, atol=1e-7)


@pytest.mark.parametrize(("error", "radius"), [("absolute", 0.1), ("power", 1), ("relative", 1.0)])
def test_minimax_default_radius(error, radius):
    default = Minimax(error).gain(P, 0.5)
    assert default.tobytes() == Minimax(error, radius=radius).gain(P, 0.5).tobytes()
    assert np.abs(default - Minimax(error, radius=2 * radius).gain(P, 0.5)).max() > 0.01


def test_minimax_error_sets_differ():
    a, b, c = (Minimax(error).gain(binary([0.2]), 0.5) for error in ERRORS)
    assert abs(a - b).max() > 0.01
    assert abs(b - c).max() > 0.01
    assert abs(a - c).max() > 0.01


@pytest.mark.parametrize("error", ERRORS)
def test_minimax_grows_with_its_radius(error):
    """A teacher who may be more wrong is corrected more."""
    gains = [Minimax(error, radius=r).gain(binary([0.3, 0.5]), 0.5) for r in (0.05, 0.2, 0.5)]
    assert np.all(np.diff(gains, axis=0) > 0)


# What all corrections share


@in_both_dtypes
@by_strength
@pytest.mark.parametrize("strength", [0, 0.0, 1, 1.0])
def test_strength_zero_is_no_correction_and_one_is_full(xp, dtype, correction, strength):
    p = to_array(xp, P, dtype)
    gain = to_numpy(correction.gain(p, strength))
    assert gain.dtype == dtype
    assert np.all(gain == strength)


@by_strength
def test_gains_rise_with_the_strength(correction):
    path = np.stack([correction.gain(P, s) for s in np.linspace(0.0, 1.0, 41)])
    assert np.all(np.diff(path, axis=0) >= -2e-7)
    unsure = P * (1 - P) > 0.05 if path.ndim == 3 else oracle.variance(P) > 0.05
    assert np.all(path[-2][unsure] - path[1][unsure] > 0.2)


@pytest.mark.parametrize("correction", [Fast(), Slow()])
@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9])
def test_a_row_of_average_variance_gets_the_strength(xp, correction, strength):
    average = (0.09 + 0.25) / 2  # the mean of p (1 - p) at .1, .5 and the p that has it
    middle = 0.5 - np.sqrt(0.25 - average)
    p = to_array(xp, binary([0.1, 0.5, middle, 1.0 - middle]))
    gain = to_numpy(correction.gain(p, strength))
    np.testing.assert_allclose(gain[2:], strength, rtol=1e-10)
    assert gain[1] < strength - 0.01  # less sure: corrected less
    assert gain[0] > strength + 0.01


@pytest.mark.parametrize("correction", [Fast(c=0.1), Slow(c=0.1)])
def test_sure_rows_are_corrected_most(correction):
    gain = correction.gain(binary([0.5, 0.8, 0.95, 0.999, 1.0]), 0.5)
    assert np.all(np.diff(gain) > 0)
    assert gain[-1] == 1.0


@pytest.mark.parametrize("correction", [Fast(), Slow()])
def test_where_every_row_is_sure_any_strength_corrects_fully(xp, correction):
    """The limit of rows that become sure: their gain goes to one, whatever the strength."""
    gain = correction.gain(to_array(xp, np.eye(3)), 0.1)
    assert to_numpy(gain).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("error", ["power", "relative"])
def test_minimax_takes_the_smallest_of_equal_gains(error):
    """At p = 0 the error set is one point and no gain does better than another."""
    assert Minimax(error).gain(np.array([[0.0, 1.0]]), 0.5)[0, 0] < 1e-8


@given(probability_tables(), st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.001, 0.999)))
@example(np.eye(2), 0.5)
@example(np.array([[1.0, 0.0], [0.5, 0.5]]), 0.5)
def test_gains_lie_between_zero_and_one(p, strength):
    for correction in CORRECTIONS:
        gain = correction.gain(p, strength)
        assert gain.shape in {(len(p),), p.shape}
        assert np.all(gain >= 0)
        assert np.all(gain <= 1)


@in_both_dtypes
@every_correction
@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
def test_sure_teachers_give_finite_gains(xp, dtype, correction, strength):
    p = to_array(xp, np.eye(3)[[0, 1, 2, 1]], dtype)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        gain = to_numpy(correction.gain(p, strength))
    assert gain.dtype == dtype
    assert np.isfinite(gain).all()
    assert np.all((gain >= 0) & (gain <= 1))


@every_correction
def test_classes_may_be_permuted(correction):
    order = [2, 0, 1]
    gain = correction.gain(P, 0.4)
    permuted = correction.gain(P[:, order], 0.4)
    expected = gain if gain.ndim == 1 else gain[:, order]
    np.testing.assert_allclose(permuted, expected, atol=1e-9)


@every_correction
def test_rows_may_be_permuted(correction):
    order = np.random.default_rng(1).permutation(len(P))
    np.testing.assert_allclose(
        correction.gain(P[order], 0.4), correction.gain(P, 0.4)[order], atol=1e-9
    )


@every_correction
def test_gains_do_not_write_to_the_probabilities(correction):
    p = P.copy()
    correction.gain(p, 0.4)
    assert p.tobytes() == P.tobytes()


@every_correction
def test_uses_strength_tells_the_truth(correction):
    same = np.array_equal(correction.gain(P, 0.2), correction.gain(P, 0.8))
    assert correction.uses_strength is not same


@pytest.mark.parametrize("correction_type", [Fast, Slow])
def test_a_number_makes_the_strength_idle(correction_type):
    correction = correction_type(c=0.1)
    assert not correction.uses_strength
    gains = [correction.gain(P, s).tobytes() for s in (0.0, 0.5, 1.0)]
    assert len(set(gains)) == 1


# Objects


@every_correction
def test_corrections_are_values(correction):
    for copy in (pickle.loads(pickle.dumps(correction)), clone(correction, safe=False)):
        assert copy == correction
        assert hash(copy) == hash(correction)
    assert len({correction, *CORRECTIONS}) == len(CORRECTIONS)
    with pytest.raises((FrozenInstanceError, TypeError)):
        correction.c = 0.5


@pytest.mark.parametrize("correction_type", [Fast, Slow])
@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf"), "0.1", True])
def test_bad_c_raises(correction_type, bad):
    with pytest.raises(ParameterError, match=r"c must be a (finite )?number in \(0, inf\), got"):
        correction_type(c=bad)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), "0.1", False])
def test_bad_radius_raises(bad):
    with pytest.raises(ParameterError, match=r"radius must be a (finite )?number in \(0, inf\)"):
        Minimax("absolute", radius=bad)


@pytest.mark.parametrize("bad", ["Relative", "additive", None, 1])
def test_unknown_error_set_raises(bad):
    expected = f"error must be one of 'absolute', 'power', 'relative', got {bad!r}."
    with pytest.raises(ParameterError) as caught:
        Minimax(bad)
    assert str(caught.value) == expected


class Constant(Correction):
    """A user's correction with a gain of its own per entry."""

    def __init__(self, level):
        self.level = level

    def gain(self, p, strength):
        return np.full_like(p, self.level * strength)


def test_a_subclass_is_a_correction():
    correction = Constant(0.5)
    assert resolve_correction(correction) is correction
    assert correction.uses_strength is True
    y = np.eye(3)[np.arange(len(P)) % 3]
    target = Brier().target(y, P, correction.gain(P, 0.5))
    np.testing.assert_allclose(target, 0.75 * P + 0.25 * y, atol=1e-15)


def test_a_correction_without_gain_cannot_be_made():
    class Nothing(Correction):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Nothing()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orthogonal", Orthogonal()),
        ("fast", Fast()),
        ("slow", Slow()),
        ("absolute", Minimax("absolute")),
        ("power", Minimax("power")),
        ("relative", Minimax("relative")),
        (None, None),
    ],
)
def test_resolve_correction_by_name(name, expected):
    assert resolve_correction(name) == expected


@every_correction
def test_resolve_correction_returns_objects_as_they_are(correction):
    assert resolve_correction(correction) is correction


@pytest.mark.parametrize("correction_type", [Fast, Orthogonal, Constant])
def test_resolve_correction_refuses_classes(correction_type):
    name = correction_type.__name__
    with pytest.raises(ParameterError) as caught:
        resolve_correction(correction_type)
    assert str(caught.value) == (
        f"correction must be an object, got the class {name}: write {name}()."
    )


@pytest.mark.parametrize("bad", ["Fast", "minimax", "", 0.5, Brier])
def test_resolve_correction_refuses_what_it_does_not_know(bad):
    with pytest.raises(ParameterError) as caught:
        resolve_correction(bad)
    message = str(caught.value)
    assert message.startswith(
        "correction must be one of 'absolute', 'fast', 'orthogonal', 'power', 'relative', 'slow', "
        "None or a Correction object"
    )
    assert f"got {bad!r}" in message
