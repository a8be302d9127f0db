"""Means, their errors and what is said of them, against plain recomputations."""

import numpy as np
import pytest
from scipy import stats

from skdistill._ground.estimates import (
    Estimate,
    cross_validated_mean,
    margin,
    outcome,
    row_mean,
    split_mean,
)

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


FOLDS = [[1.0, 2.0, 6.0], [2.0, 2.0, 5.0]]


def test_the_variance_of_a_fold_is_pooled_from_rows_and_folds():
    found, count = cross_validated_mean(Estimate(3.0, 0.5), 100, FOLDS, 0.5)
    between = (np.var(FOLDS[0], ddof=1) + np.var(FOLDS[1], ddof=1)) / 2
    pooled = (5 * 3 * 0.25 + 2 * between) / 7
    assert found.mean == 3.0
    assert found.error == pytest.approx(np.sqrt(pooled * (1 / 3 + 0.5)))
    assert count == 8


def test_where_folds_vary_as_their_rows_do_it_is_the_rule_of_nadeau_and_bengio():
    means = np.array([-1.0, 0.0, 1.0])
    rows = Estimate(0.0, np.sqrt(np.var(means, ddof=1) / 3))
    found, _ = cross_validated_mean(rows, 100, [means], 0.5)
    assert found.error == pytest.approx(split_mean(means, 0.5).error)
    assert found.error == pytest.approx(rows.error * np.sqrt(1 + 3 * 0.5))


def test_folds_that_lie_closer_than_their_rows_do_not_narrow_it():
    """What training sets add to a fold's variance is never below nothing."""
    rows = Estimate(3.0, 0.5)
    by_rows = rows.error * np.sqrt(1 + 3 * 0.5)
    for spread in (0.0, 0.1, np.sqrt(3 * 0.25)):
        found, count = cross_validated_mean(rows, 100, [[3.0 - spread, 3.0, 3.0 + spread]], 0.5)
        assert found.error == pytest.approx(by_rows)
        assert count == 8
    assert cross_validated_mean(rows, 100, [[2.0, 3.0, 4.0]], 0.5)[0].error > by_rows


def test_few_units_and_lone_folds_count_for_less():
    assert cross_validated_mean(Estimate(3.0, 0.5), 3, FOLDS, 0.5)[1] == 2 + 2 + 1
    alone, count = cross_validated_mean(Estimate(3.0, 0.5), 100, [[1.0], [2.0]], 0.5)
    assert alone.error == pytest.approx(0.5 * np.sqrt(1.5))
    assert count == 6
    one = cross_validated_mean(Estimate(3.0), 1, FOLDS, 0.5)
    assert one == (Estimate(3.0), 1)
    assert margin(*one) == np.inf


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
