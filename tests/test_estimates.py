"""Means, their errors and what is said of them, against plain recomputations."""

import numpy as np
import pytest
from scipy import stats

from skdistill.estimates import Estimate, margin, outcome, row_mean, split_mean

VALUES = np.random.default_rng(0).normal(size=7)


def test_split_mean_is_widened_for_shared_rows():
    found = split_mean(VALUES, test_over_train=0.25)
    assert found.mean == pytest.approx(VALUES.mean())
    assert found.error == pytest.approx(VALUES.std(ddof=1) * np.sqrt(1 / 7 + 0.25))
    assert split_mean(VALUES, 0.0).error == pytest.approx(VALUES.std(ddof=1) / np.sqrt(7))
    assert split_mean(VALUES[:1], 0.25) == Estimate(pytest.approx(VALUES[0]), None)


def test_row_mean_is_weighted_and_clustered():
    assert row_mean(VALUES).error == pytest.approx(VALUES.std(ddof=1) / np.sqrt(7))
    weight = np.arange(1.0, 8.0)
    assert row_mean(VALUES, weight).mean == pytest.approx((weight * VALUES).sum() / weight.sum())
    copies = row_mean(np.repeat(VALUES, 3), groups=np.repeat(np.arange(7), 3))
    assert copies.error == pytest.approx(row_mean(VALUES).error)
    assert row_mean(VALUES[:1]).error is None


def test_margin_is_that_of_a_t_interval():
    low, high = stats.t.interval(0.95, 6, loc=0.0, scale=0.3)
    assert margin(Estimate(0.0, 0.3), 7) == pytest.approx((high - low) / 2)
    assert margin(Estimate(0.0), 1) == np.inf


@pytest.mark.parametrize(
    ("difference", "said"),
    [(-0.3, "helped"), (0.3, "harmed"), (-0.1, "not shown to help"), (0.0, "not shown to help")],
)
def test_outcomes(difference, said):
    assert outcome(difference, 0.2) == said
    assert outcome(difference, np.inf) == "not shown to help"
    assert outcome(np.nan, 0.2) == "not shown to help"
