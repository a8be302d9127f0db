"""The local variance of residuals, on noise that is known; draws from what a teacher expects."""

import numpy as np
import pytest

from skdistill.teaching.residuals import expected_draws, local_variance


def noisy(n, spread, seed=0, n_outputs=1):
    rng = np.random.default_rng(seed)
    m = rng.uniform(0.0, 4.0, size=(n, n_outputs))
    return m + spread(m) * rng.normal(size=m.shape), m


@pytest.mark.parametrize("seed", range(10))
def test_noise_that_is_the_same_everywhere_leaves_one_constant(seed):
    y, m = noisy(500, lambda m: 2.0 + 0.0 * m, seed)
    variance = local_variance(y, m)
    assert np.ptp(variance) == pytest.approx(0.0, abs=1e-12)
    assert variance[0, 0] == pytest.approx(np.mean((y - m) ** 2))


@pytest.mark.parametrize("seed", range(5))
def test_noise_that_grows_is_followed(seed):
    y, m = noisy(4000, lambda m: 0.3 + m, seed)
    truth = (0.3 + m) ** 2
    off = np.mean((local_variance(y, m) - truth) ** 2)
    assert off < 0.15 * np.var(truth)


def test_few_rows_have_one_variance():
    y, m = noisy(59, lambda m: 0.01 + m**3)
    assert np.unique(local_variance(y, m)).size == 1


def test_outputs_are_treated_one_by_one():
    y, m = noisy(600, lambda m: 0.1 + m, n_outputs=2)
    both = local_variance(y, m)
    for j in range(2):
        alone = local_variance(y[:, [j]], m[:, [j]])
        np.testing.assert_array_equal(both[:, [j]], alone)
    assert np.unique(both[:, 0]).size > 1


def test_weights_are_repeated_rows():
    y, m = noisy(400, lambda m: 0.1 + m)
    weight = np.random.default_rng(1).integers(1, 4, len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    repeated = local_variance(y[rows], m[rows])
    first = np.unique(rows, return_index=True)[1]
    np.testing.assert_allclose(local_variance(y, m, weight.astype(float)), repeated[first])


def test_rows_of_no_weight_are_not_counted():
    y, m = noisy(400, lambda m: 0.1 + m)
    kept = np.arange(len(y)) % 3 > 0
    y[~kept] += 1e3
    variance = local_variance(y, m, kept.astype(float))
    np.testing.assert_allclose(variance[kept], local_variance(y[kept], m[kept]))


@pytest.mark.parametrize("scale", [1e-9, 0.1, 1e6])
def test_another_unit_and_another_zero(scale):
    y, m = noisy(400, lambda m: 0.1 + m)
    moved = local_variance(scale * (y + 3.0), scale * (m + 3.0))
    np.testing.assert_allclose(moved, scale**2 * local_variance(y, m), rtol=1e-6)


def test_a_perfect_teacher_leaves_no_variance_and_a_perfect_group_a_little():
    y, m = noisy(400, lambda m: 0.0 * m)
    assert not local_variance(y, m).any()
    y[m > 2.0] += 1.0
    variance = local_variance(y, m)
    assert (variance > 0.0).all()
    assert variance[m < 1.9].max() < 0.01


@pytest.mark.parametrize("level", [0.01, 0.05, 0.3, 0.5, 0.77, 0.9, 0.95])
def test_the_asked_quantile_of_the_draws_of_a_row_is_what_was_said(level):
    y, m = noisy(300, lambda m: 0.1 + m)
    draws = expected_draws(y, m, level)
    shares = np.array([share for share, _ in draws])
    assert shares.sum() == pytest.approx(1.0)
    assert (shares > 0).all()
    for row in range(0, 300, 30):
        values = np.array([draw[row, 0] for _, draw in draws])
        own, below = shares[values == m[row, 0]].sum(), shares[values < m[row, 0]].sum()
        assert own == pytest.approx(shares[0])
        assert below + own / 2 == pytest.approx(level)  # many rows are not pulled to a side


def test_draws_have_the_distribution_of_the_residuals():
    y, m = noisy(6000, lambda m: 0.5 + m)
    draws = expected_draws(y, m + (0.5 + m) * 1.2816, 0.9, n_draws=40)
    mean = sum(share * draw for share, draw in draws)
    np.testing.assert_allclose(mean.mean(), m.mean(), atol=0.15)
    second = sum(share * (draw - m) ** 2 for share, draw in draws)
    assert np.corrcoef(second[:, 0], (0.5 + m[:, 0]) ** 2)[0, 1] > 0.9


def test_draws_of_other_rows_are_those_of_rows_like_them():
    y, m = noisy(400, lambda m: 0.1 + m, n_outputs=2)
    own = expected_draws(y, m, 0.8)
    some = np.random.default_rng(0).integers(0, 400, 50)
    for (share, draw), (other, elsewhere) in zip(
        own, expected_draws(y, m, 0.8, at=m[some]), strict=True
    ):
        assert share == other
        np.testing.assert_allclose(elsewhere, draw[some])
