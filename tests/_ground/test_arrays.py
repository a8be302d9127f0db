"""Array helpers: each against a plain oracle, in every namespace and dtype."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skdistill._ground import arrays
from skdistill.targets.losses import CrossEntropy
from tests.oracles import arrays as oracle
from tests.oracles.convert import DTYPES, TOLERANCES, assert_same_kind, to_array, to_numpy

in_both_dtypes = pytest.mark.parametrize("dtype", DTYPES)


def tables(low, high, max_classes=6, dtype=np.float64):
    """Return a strategy of (n, K) tables with entries in [low, high]."""
    width = 8 * np.dtype(dtype).itemsize
    entries = st.floats(low, high, width=width, allow_subnormal=False)
    shapes = st.tuples(st.integers(1, 5), st.integers(2, max_classes))
    return hnp.arrays(dtype, shapes, elements=entries)


# namespace, one_hot, row_gain


def test_namespace_is_that_of_the_arrays(xp):
    a = to_array(xp, [[1.0]], "float64")
    assert to_numpy(arrays.namespace(a, a).exp(a))[0, 0] == np.exp(1.0)


def test_namespace_refuses_to_mix():
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match="Multiple namespaces"):
        arrays.namespace(np.ones(1), strict.ones(1))


@in_both_dtypes
@pytest.mark.parametrize("codes_dtype", ["int32", "int64"])
def test_one_hot(xp, dtype, codes_dtype):
    codes = [2, 0, 1, 2]
    like = to_array(xp, [0.5], dtype)
    result = arrays.one_hot(to_array(xp, codes, codes_dtype), 4, like)
    assert_same_kind(result, like, (4, 4))
    assert to_numpy(result).tolist() == [[float(j == c) for j in range(4)] for c in codes]


def test_one_hot_of_no_rows(xp):
    result = arrays.one_hot(to_array(xp, [], "int64"), 3, to_array(xp, [1.0], "float64"))
    assert result.shape == (0, 3)


@in_both_dtypes
def test_row_gain(xp, dtype):
    per_row = to_array(xp, [0.25, 0.75], dtype)
    assert_same_kind(arrays.row_gain(per_row), per_row, (2, 1))
    assert to_numpy(arrays.row_gain(per_row)).tolist() == [[0.25], [0.75]]
    per_entry = to_array(xp, [[0.25, 0.5], [0.75, 1.0]], dtype)
    assert arrays.row_gain(per_entry) is per_entry


# softmax, log_softmax


@in_both_dtypes
def test_softmax_is_the_oracle(xp, dtype):
    scores = np.random.default_rng(0).normal(scale=3.0, size=(20, 4)).astype(dtype)
    s = to_array(xp, scores)
    expected = np.array([oracle.softmax_row(row) for row in scores])
    result = arrays.softmax(s)
    assert_same_kind(result, s, (20, 4))
    np.testing.assert_allclose(to_numpy(result), expected, rtol=TOLERANCES[dtype])
    logs = arrays.log_softmax(s)
    assert_same_kind(logs, s, (20, 4))
    np.testing.assert_allclose(to_numpy(logs), np.log(expected), rtol=10 * TOLERANCES[dtype])


@in_both_dtypes
def test_softmax_does_not_overflow(xp, dtype):
    scores = to_array(xp, [[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4], [1e30, -1e30, 0.0]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        p = to_numpy(arrays.softmax(scores))
    np.testing.assert_allclose(
        p, [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [1.0, 0.0, 0.0]], rtol=1e-6
    )


@in_both_dtypes
def test_log_softmax_keeps_what_softmax_rounds_to_zero(xp, dtype):
    scores = to_array(xp, [[1e4, 0.0, -1e4]], dtype)
    assert to_numpy(arrays.log_softmax(scores)).tolist() == [[0.0, -1e4, -2e4]]


@given(tables(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_softmax_properties(scores, shift):
    p = arrays.softmax(scores)
    assert np.all(p >= 0)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(arrays.softmax(scores + shift), p, atol=1e-12)
    np.testing.assert_allclose(np.exp(arrays.log_softmax(scores)), p, atol=1e-14)


# floor_probabilities


@in_both_dtypes
@pytest.mark.parametrize("floor", [1e-6, 1e-3, 0.2])
def test_floor_probabilities_is_the_oracle(xp, dtype, floor):
    p = np.random.default_rng(1).dirichlet(np.full(4, 0.1), size=50).astype(dtype)
    p[:2] = [[1, 0, 0, 0], [0, 0, 1, 0]]
    q = arrays.floor_probabilities(to_array(xp, p), floor)
    assert_same_kind(q, to_array(xp, p), (50, 4))
    np.testing.assert_allclose(to_numpy(q), oracle.floored(p, floor), rtol=TOLERANCES[dtype])


@given(tables(0.0, 1.0), st.floats(1e-9, 0.4))
@example(np.array([[1.0, 0.0]]), 1e-3)
def test_floor_probabilities_properties(raw, floor):
    assume(np.all(raw.sum(axis=1) > 1e-3))
    p = raw / raw.sum(axis=1, keepdims=True)
    q = arrays.floor_probabilities(p, floor)
    np.testing.assert_allclose(q.sum(axis=1), 1.0, rtol=1e-14)
    # Lifting adds at most K floor to a row, and renormalising divides by that.
    assert np.all(q >= floor / (1.0 + p.shape[1] * floor) * (1 - 1e-12))
    above = np.all(p >= floor, axis=1)
    np.testing.assert_allclose(q[above], p[above], rtol=1e-14)
    order = np.argsort(p, axis=1)
    assert np.all(np.diff(np.take_along_axis(q, order, axis=1), axis=1) >= -1e-16)


# project_to_simplex


@in_both_dtypes
def test_project_to_simplex_by_hand(xp, dtype):
    t = to_array(xp, [[0.5, 0.5], [1.5, -0.5], [0.75, 0.75], [-1.0, -2.0], [0.0, 1.0]], dtype)
    projected, touched = arrays.project_to_simplex(t)
    assert_same_kind(projected, t, (5, 2))
    assert to_numpy(projected).tolist() == [[0.5, 0.5], [1.0, 0.0], [0.5, 0.5], [1, 0], [0, 1]]
    assert touched.dtype == xp.bool
    assert to_numpy(touched).tolist() == [False, True, True, True, False]


@in_both_dtypes
def test_project_to_simplex_is_the_oracle(xp, dtype):
    t = np.random.default_rng(2).normal(0.3, 0.6, size=(60, 5)).astype(dtype)
    projected, touched = arrays.project_to_simplex(to_array(xp, t))
    assert_same_kind(projected, to_array(xp, t), (60, 5))
    assert to_numpy(touched).all()
    expected = np.array([oracle.project_by_bisection(row) for row in t])
    np.testing.assert_allclose(to_numpy(projected), expected, atol=TOLERANCES[dtype])


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_project_to_simplex_is_nearest(n_classes):
    t = np.random.default_rng(3).normal(0.3, 0.8, size=(12, n_classes))
    projected, _ = arrays.project_to_simplex(t)
    expected = np.array([oracle.project_by_slsqp(row) for row in t])
    np.testing.assert_allclose(projected, expected, atol=1e-6)


def test_both_simplex_oracles_agree():
    for row in np.random.default_rng(4).normal(0.3, 0.8, size=(10, 4)):
        np.testing.assert_allclose(
            oracle.project_by_bisection(row), oracle.project_by_slsqp(row), atol=1e-6
        )


@in_both_dtypes
def test_project_to_simplex_leaves_probabilities_alone(xp, dtype):
    p = np.random.default_rng(5).dirichlet(np.ones(26), size=200).astype(dtype)
    p[:26] = np.eye(26, dtype=dtype)
    p /= p.sum(axis=1, keepdims=True)
    before = p.copy()
    projected, touched = arrays.project_to_simplex(to_array(xp, p))
    assert not to_numpy(touched).any()
    assert to_numpy(projected).tobytes() == before.tobytes()


@in_both_dtypes
def test_project_to_simplex_touches_only_rows_that_must_move(xp, dtype):
    t = np.random.default_rng(6).dirichlet(np.ones(3), size=40).astype(dtype)
    moved = np.arange(40) % 4 == 0
    t[moved] += np.array([0.5, -0.5, 0.0], dtype=dtype) * 2
    projected, touched = (to_numpy(a) for a in arrays.project_to_simplex(to_array(xp, t)))
    assert touched.tolist() == moved.tolist()
    assert projected[~moved].tobytes() == t[~moved].tobytes()
    assert np.all(np.any(projected[moved] != t[moved], axis=1))


@in_both_dtypes
def test_project_to_simplex_sees_a_wrong_sum_without_negatives(xp, dtype):
    t = to_array(xp, [[0.5, 0.501], [0.5, 0.499]], dtype)
    projected, touched = (to_numpy(a) for a in arrays.project_to_simplex(t))
    assert touched.all()
    np.testing.assert_allclose(projected, [[0.4995, 0.5005], [0.5005, 0.4995]], atol=1e-6)


@given(tables(-3.0, 3.0))
def test_project_to_simplex_properties(t):
    projected, touched = arrays.project_to_simplex(t)
    assert np.all(projected >= 0)
    np.testing.assert_allclose(projected.sum(axis=1), 1.0, atol=1e-13)
    again, touched_again = arrays.project_to_simplex(projected)
    assert not touched_again.any()
    assert again.tobytes() == projected.tobytes()
    assert projected[~touched].tobytes() == t[~touched].tobytes()
    # Adding the same number to a whole row does not change where it projects.
    np.testing.assert_allclose(arrays.project_to_simplex(t + 0.7)[0], projected, atol=1e-13)
    # The projection is the nearest point: no vertex nor the centre lies nearer.
    centre = np.full((1, t.shape[1]), 1.0 / t.shape[1])
    for other in np.concatenate([np.eye(t.shape[1]), centre]):
        nearer = np.sum((t - projected) ** 2, axis=1) - np.sum((t - other) ** 2, axis=1)
        assert np.all(nearer <= 1e-12)


@given(tables(-3.0, 3.0), st.randoms(use_true_random=False))
def test_project_to_simplex_commutes_with_permutations(t, random):
    order = list(range(t.shape[1]))
    random.shuffle(order)
    projected, touched = arrays.project_to_simplex(t)
    permuted, touched_permuted = arrays.project_to_simplex(t[:, order])
    np.testing.assert_allclose(permuted, projected[:, order], atol=1e-14)
    assert touched_permuted.tolist() == touched.tolist()


@in_both_dtypes
@pytest.mark.parametrize("temperature", [2.0, 5.0])
def test_project_to_simplex_of_real_pseudo_targets(xp, dtype, temperature):
    """Fully corrected targets reach hundreds; what comes back sums to one and stays put."""
    rng = np.random.default_rng(7)
    p = rng.dirichlet(np.full(4, 0.05), size=500)
    y = np.eye(4)[rng.integers(4, size=500)]
    p, y, gain = (to_array(xp, a, dtype) for a in (p, y, np.ones(500)))
    t = CrossEntropy(temperature=temperature).target(y, p, gain)
    assert float(xp.max(t)) > 100
    projected, _ = arrays.project_to_simplex(t)
    sums = to_numpy(projected).astype(np.float64).sum(axis=1)
    assert np.abs(sums - 1.0).max() <= 64 * np.finfo(dtype).eps
    again, touched = arrays.project_to_simplex(projected)
    assert not to_numpy(touched).any()
    assert to_numpy(again).tobytes() == to_numpy(projected).tobytes()
