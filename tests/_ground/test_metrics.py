"""Metrics against scikit-learn and plain loops, in every namespace."""

from inspect import signature

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from skdistill._ground import metrics
from skdistill.exceptions import ParameterError
from tests.oracles import metrics as oracle
from tests.oracles.convert import DTYPES, TOLERANCES, assert_same_kind, to_array, to_numpy

in_both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
weighted = pytest.mark.parametrize("weights", [None, "random", "integers"])


def table(n_classes, n_rows=200, seed=0):
    """Return one-hot labels and two sets of probabilities, float32 numbers all of them."""
    rng = np.random.default_rng(seed)
    p, q = (rng.dirichlet(np.ones(n_classes), size=n_rows).astype(np.float32) for _ in range(2))
    y = np.eye(n_classes, dtype=np.float32)[rng.integers(n_classes, size=n_rows)]
    return y, p, q


def weights_of(kind, n_rows=200):
    rng = np.random.default_rng(1)
    if kind is None:
        return None
    if kind == "integers":
        return rng.integers(0, 4, size=n_rows).astype(np.float64)
    return rng.uniform(0.1, 2.0, size=n_rows).astype(np.float32).astype(np.float64)


def converted(xp, dtype, *arrays):
    return [None if a is None else to_array(xp, a, dtype) for a in arrays]


# Labels against probabilities


@in_both_dtypes
@weighted
@pytest.mark.parametrize("n_classes", [2, 4])
def test_squared_distance(xp, dtype, weights, n_classes):
    y, p, _ = table(n_classes)
    w = weights_of(weights)
    score = metrics.squared_distance(*converted(xp, dtype, y, p, w))
    assert type(score) is float
    assert score == pytest.approx(oracle.brier(y, p, w), rel=TOLERANCES[dtype])


@weighted
def test_brier_score_of_two_classes_is_that_of_scikit_learn(weights):
    y, p, _ = (a.astype(np.float64) for a in table(2))
    p[:, 0] = 1.0 - p[:, 1]
    w = weights_of(weights)
    expected = sk.brier_score_loss(y[:, 1], p[:, 1], sample_weight=w)
    assert metrics.brier_score(y, p, w) == pytest.approx(expected, rel=1e-12)
    assert metrics.squared_distance(y, p, w) == pytest.approx(2 * expected, rel=1e-12)


@weighted
def test_brier_score_of_more_classes_is_that_of_scikit_learn(weights):
    """Which has had it since version 1.7."""
    y, p, _ = (a.astype(np.float64) for a in table(4))
    p /= p.sum(axis=1, keepdims=True)
    w = weights_of(weights)
    score = metrics.brier_score(y, p, w)
    assert score == metrics.squared_distance(y, p, w)
    if "scale_by_half" in signature(sk.brier_score_loss).parameters:
        how = {"sample_weight": w, "labels": np.arange(4)}
        expected = sk.brier_score_loss(y.argmax(axis=1), p, **how)
        assert score == pytest.approx(expected, rel=1e-12)


@in_both_dtypes
@weighted
@pytest.mark.parametrize("n_classes", [2, 4])
def test_log_loss(xp, dtype, weights, n_classes):
    y, p, _ = table(n_classes)
    w = weights_of(weights)
    score = metrics.log_loss(*converted(xp, dtype, y, p, w))
    assert type(score) is float
    rows = oracle.row_log_loss(y, p, np.finfo(dtype).eps)
    assert score == pytest.approx(oracle.weighted_mean(rows, w), rel=TOLERANCES[dtype])


@weighted
@pytest.mark.parametrize("n_classes", [2, 4])
def test_log_loss_is_that_of_scikit_learn(weights, n_classes):
    y, p, _ = (a.astype(np.float64) for a in table(n_classes))
    p /= p.sum(axis=1, keepdims=True)
    w = weights_of(weights)
    expected = sk.log_loss(y.argmax(axis=1), p, sample_weight=w, labels=range(n_classes))
    assert metrics.log_loss(y, p, w) == pytest.approx(expected, rel=1e-12)


@in_both_dtypes
def test_row_log_loss(xp, dtype):
    y, p, _ = table(4)
    a = to_array(xp, p, dtype)
    rows = metrics.row_log_loss(to_array(xp, y, dtype), a)
    assert_same_kind(rows, a, (len(p),))
    expected = oracle.row_log_loss(y, p, np.finfo(dtype).eps)
    np.testing.assert_allclose(to_numpy(rows), expected, rtol=TOLERANCES[dtype], atol=1e-7)
    assert float(xp.mean(rows)) == metrics.log_loss(to_array(xp, y, dtype), a)


@in_both_dtypes
def test_log_loss_of_a_sure_mistake_is_finite(xp, dtype):
    y, p = converted(xp, dtype, [[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]])
    rows = to_numpy(metrics.row_log_loss(y, p))
    np.testing.assert_allclose(rows, [-np.log(np.finfo(dtype).eps), 0.0], rtol=1e-6)


# Calibration error


@in_both_dtypes
@weighted
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("n_bins", [1, 7, 15])
def test_calibration_error(xp, dtype, weights, n_classes, n_bins):
    y, p, _ = table(n_classes)
    w = weights_of(weights)
    score = metrics.calibration_error(*converted(xp, dtype, y, p, w), n_bins=n_bins)
    assert type(score) is float
    expected = oracle.calibration_error(y, p, w, n_bins)
    assert score == pytest.approx(expected, rel=10 * TOLERANCES[dtype])
    assert expected > 0.05


def test_calibration_error_by_hand(xp):
    """Four rows in [.5, .75): half right at .6; one at 1, wrong."""
    p = np.array([[0.6, 0.4]] * 4 + [[1.0, 0.0]])
    y = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [0, 1]], dtype=float)
    y, p = converted(xp, "float64", y, p)
    assert metrics.calibration_error(y, p, n_bins=4) == pytest.approx((4 * 0.1 + 1.0) / 5)
    assert metrics.calibration_error(y, p) == pytest.approx((4 * 0.1 + 1.0) / 5)
    assert metrics.calibration_error(y, p, n_bins=1) == pytest.approx(abs(2 / 5 - 3.4 / 5))


def test_calibration_error_default_has_fifteen_bins():
    y, p, _ = table(3)
    assert metrics.calibration_error(y, p) == metrics.calibration_error(y, p, n_bins=15)
    assert metrics.calibration_error(y, p) != metrics.calibration_error(y, p, n_bins=14)


def test_perfect_probabilities_are_calibrated():
    y, _, _ = table(3)
    assert metrics.calibration_error(y, y) == 0.0


@pytest.mark.parametrize("bad", [0, -1, 1.5, "10", True, None])
def test_bad_number_of_bins_raises(bad):
    y, p, _ = table(2)
    with pytest.raises(ParameterError, match="n_bins must be an integer of at least 1, got"):
        metrics.calibration_error(y, p, n_bins=bad)


# Student against teacher


@in_both_dtypes
@weighted
@pytest.mark.parametrize("n_classes", [2, 4])
def test_agreement(xp, dtype, weights, n_classes):
    _, p, q = table(n_classes)
    w = weights_of(weights)
    score = metrics.agreement(*converted(xp, dtype, p, q, w))
    assert type(score) is float
    assert score == pytest.approx(oracle.agreement(p, q, w), rel=TOLERANCES[dtype])
    assert metrics.agreement(*converted(xp, dtype, p, p, w)) == pytest.approx(1.0)


def test_agreement_does_not_mind_which_comes_first():
    _, p, q = table(4)
    assert metrics.agreement(p, q) == metrics.agreement(q, p)
    flipped = p[:, ::-1][:, [1, 0, 3, 2]]
    assert 0 <= metrics.agreement(p, flipped) < 0.5


@in_both_dtypes
@weighted
@pytest.mark.parametrize("n_classes", [2, 4])
def test_fidelity(xp, dtype, weights, n_classes):
    _, p, q = table(n_classes)
    p = p.copy()
    p[:5] = np.eye(n_classes)[0]
    w = weights_of(weights)
    score = metrics.fidelity(*converted(xp, dtype, p, q, w))
    assert type(score) is float
    expected = oracle.weighted_mean(oracle.kullback_leibler(p, q, np.finfo(dtype).eps), w)
    assert score == pytest.approx(expected, rel=10 * TOLERANCES[dtype])
    assert abs(metrics.fidelity(q.astype(dtype), p.astype(dtype)) - expected) > 0.01


@in_both_dtypes
def test_fidelity_of_a_sure_student_is_finite(xp, dtype):
    p, q = converted(xp, dtype, [[0.5, 0.5]], [[1.0, 0.0]])
    expected = 0.5 * np.log(0.5) + 0.5 * np.log(0.5 / np.finfo(dtype).eps)
    assert metrics.fidelity(p, q) == pytest.approx(expected, rel=1e-6)


def probability_tables():
    raw = hnp.arrays(np.float64, (4, 3), elements=st.sampled_from([0.0, 1e-9, 0.01, 0.3, 1.0]))
    return raw.map(lambda t: np.where(t.sum(axis=1, keepdims=True) > 0, t, 1.0)).map(
        lambda t: t / t.sum(axis=1, keepdims=True)
    )


@given(probability_tables(), probability_tables())
def test_fidelity_is_a_divergence(p, q):
    assert metrics.fidelity(p, p) == 0.0
    assert metrics.fidelity(p, q) >= -4 * np.finfo(np.float64).eps
    if np.abs(p - q).max() > 0.05:
        assert metrics.fidelity(p, q) > 1e-4


@given(probability_tables(), st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_scores_keep_their_range(p, codes):
    y = np.eye(3)[codes]
    assert 0 <= metrics.brier_score(y, p) <= metrics.squared_distance(y, p) <= 2
    assert 0 <= metrics.log_loss(y, p) <= -np.log(np.finfo(np.float64).eps)
    assert 0 <= metrics.calibration_error(y, p) <= 1


# Weights


SCORES = {
    "brier": metrics.brier_score,
    "distance": metrics.squared_distance,
    "log_loss": metrics.log_loss,
    "calibration_error": metrics.calibration_error,
    "agreement": metrics.agreement,
    "fidelity": metrics.fidelity,
}
every_score = pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)


@every_score
def test_weights_are_repeated_rows(xp, score):
    y, p, q = (a.astype(np.float64) for a in table(3))
    a, b = (p, q) if score in (metrics.agreement, metrics.fidelity) else (y, p)
    w = weights_of("integers").astype(np.int64)
    repeated = score(*converted(xp, None, np.repeat(a, w, axis=0), np.repeat(b, w, axis=0)))
    by_weight = score(*converted(xp, None, a, b, w.astype(np.float64)))
    assert by_weight == pytest.approx(repeated, rel=1e-12)
    assert by_weight != pytest.approx(score(a, b), rel=1e-6)


@every_score
@pytest.mark.parametrize("weight_dtype", ["int64", "float32", "float64"])
@in_both_dtypes
def test_weights_of_any_dtype(xp, score, weight_dtype, dtype):
    y, p, q = table(3)
    a, b = (p, q) if score in (metrics.agreement, metrics.fidelity) else (y, p)
    w = weights_of("integers")
    expected = score(a.astype(np.float64), b.astype(np.float64), w)
    result = score(*converted(xp, dtype, a, b), to_array(xp, w, weight_dtype))
    assert result == pytest.approx(expected, rel=10 * TOLERANCES["float32"])


@every_score
def test_the_scale_of_the_weights_does_not_matter(score):
    y, p, q = (a.astype(np.float64) for a in table(3))
    a, b = (p, q) if score in (metrics.agreement, metrics.fidelity) else (y, p)
    w = weights_of("random")
    assert score(a, b, 7.0 * w) == pytest.approx(score(a, b, w), rel=1e-6)
    assert score(a, b, np.full(len(a), 3.0)) == pytest.approx(score(a, b), rel=1e-12)
    subset = np.arange(len(a)) % 2 == 0
    assert score(a, b, subset.astype(np.float64)) == pytest.approx(
        score(a[subset], b[subset]), rel=1e-12
    )


@every_score
def test_classes_and_rows_may_be_permuted(score):
    y, p, q = (a.astype(np.float64) for a in table(4))
    a, b = (p, q) if score in (metrics.agreement, metrics.fidelity) else (y, p)
    w = weights_of("random")
    rows, columns = np.random.default_rng(3).permutation(len(a)), [2, 0, 3, 1]
    permuted = score(a[rows][:, columns], b[rows][:, columns], w[rows])
    assert permuted == pytest.approx(score(a, b, w), rel=1e-6)
