"""Means with their standard errors, over rows or over splits, and what may be said of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = [
    "Estimate",
    "cross_validated_mean",
    "margin",
    "moves_against",
    "outcome",
    "row_mean",
    "split_mean",
]

ROWS_COUNT = 5  # degrees of freedom that the rows have in what a fold's mean may vary by


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error.

    Attributes
    ----------
    mean : float
        Of rows, or of splits.
    error : float or None
        Its standard error; None where there is none.
    """

    mean: float
    error: float | None = None


def split_mean(values: Sequence[float], test_over_train: float) -> Estimate:
    """Return the mean over random splits of one data set, and its standard error.

    The splits share rows: the variance of the mean of J splits is taken as ``1/J + n_test/n_train``
    times that of one split, instead of ``1/J`` times (Nadeau and Bengio, *Inference for the
    generalization error*, Machine Learning, 2003).

    Parameters
    ----------
    values : sequence of float
        One per split.
    test_over_train : float
        Held-out rows per training row.

    Returns
    -------
    estimate : Estimate
        Without an error where there is one split only.

    Examples
    --------
    >>> split_mean([1.0, 3.0], test_over_train=0.5)
    Estimate(mean=2.0, error=1.414...)
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Estimate(mean)
    variance = float(np.var(values, ddof=1))
    return Estimate(mean, float(np.sqrt(variance * (1 / len(values) + test_over_train))))


def row_mean(
    values: NDArray[Any], weight: NDArray[Any] | None = None, groups: NDArray[Any] | None = None
) -> Estimate:
    """Return the weighted mean of rows and its standard error, clustered by group if given.

    Parameters
    ----------
    values : array of shape (n,)
        One per row.
    weight : array of shape (n,) or None, default=None
        Row weights.
    groups : array of shape (n,) or None, default=None
        Groups of rows that belong together.

    Returns
    -------
    estimate : Estimate
        Without an error where there is one row or group only.

    Examples
    --------
    >>> import numpy as np
    >>> row_mean(np.array([1.0, 3.0]))
    Estimate(mean=2.0, error=1.0)
    """
    w: NDArray[Any] = np.ones(len(values)) if weight is None else weight
    mean = float(np.average(values, weights=w))
    parts: NDArray[Any] = w * (values - mean)
    if groups is not None:
        parts = np.bincount(np.unique(groups, return_inverse=True)[1], weights=parts)
    if len(parts) < 2:
        return Estimate(mean)
    spread = np.sqrt(np.sum(parts**2) * len(parts) / (len(parts) - 1))
    return Estimate(mean, float(spread / w.sum()))


def cross_validated_mean(
    rows: Estimate, n_units: int, rounds: Sequence[Sequence[float]], test_over_train: float
) -> tuple[Estimate, int]:
    """Return a mean over cross-validated rows with its error, and the count for `margin`.

    Rows alone say too little: an unstable student (a small tree that finds a split in one training
    set and misses it in the next) errs on many rows of a fold at once. Folds alone are few. The
    variance of a fold's mean is therefore pooled from both, as the moderated t statistic of Smyth
    (*Linear models and empirical Bayes methods for assessing differential expression in microarray
    experiments*, Statistical Applications in Genetics and Molecular Biology, 2004) pools a prior
    with a sample: ``(d0 K e^2 + (K - 1) max(s^2, K e^2)) / (d0 + K - 1)``, with the rows' standard
    error e, the folds' variance s^2, K folds in a round, and d0 = 5. That variance is what its rows
    make, K e^2, and what training sets add, never less than nothing: where folds happen to lie
    closer than their rows, the latter's estimate is below zero, and zero is taken (Thompson, *The
    problem of negative estimates of variance components*, Annals of Mathematical Statistics, 1962).
    The mean of K folds that share training rows then varies by ``1/K + n_test/n_train`` times that
    (`split_mean`).

    Parameters
    ----------
    rows : Estimate
        The mean over rows, and its standard error (`row_mean`).
    n_units : int
        Independent rows or groups of them: with fewer than six, d0 is one less than their number.
    rounds : sequence of sequence of float
        The means of the folds, by repeat; a repeat of one fold says nothing of their variance.
    test_over_train : float
        Test rows per training row.

    Returns
    -------
    estimate : Estimate
    count : int
        One more than the degrees of freedom.

    Examples
    --------
    >>> estimate, count = cross_validated_mean(Estimate(1.5, 0.5), 100, [[1.0, 2.0]], 1.0)
    >>> count
    7
    >>> estimate
    Estimate(mean=1.5, error=0.866...)
    """
    n_folds = sum(map(len, rounds)) / len(rounds)
    several = [folds for folds in rounds if len(folds) > 1]
    if rows.error is None:
        return rows, 1
    of_rows, of_folds = min(ROWS_COUNT, n_units - 1), 0
    by_rows = n_folds * rows.error**2
    total = of_rows * by_rows
    if several:
        of_folds = min(map(len, several)) - 1
        by_folds = float(np.mean([np.var(folds, ddof=1) for folds in several]))
        total += of_folds * max(by_folds, by_rows)
    variance = total / (of_rows + of_folds) * (1.0 / n_folds + test_over_train)
    return Estimate(rows.mean, float(np.sqrt(variance))), of_rows + of_folds + 1


def margin(estimate: Estimate, count: int, level: float = 0.95) -> float:
    """Return half the width of the interval of a mean of `count` values (Student's t).

    Infinite where the estimate has no error.

    Parameters
    ----------
    estimate : Estimate
        The mean.
    count : int
        How many independent values it is made of.
    level : float, default=0.95
        Confidence of the interval.

    Returns
    -------
    half_width : float

    Examples
    --------
    >>> round(margin(Estimate(0.0, 1.0), count=1000), 2)
    1.96
    """
    if estimate.error is None:
        return float("inf")
    return float(stats.t.ppf(0.5 + level / 2.0, count - 1)) * estimate.error


def moves_against(difference: float, other: float, half_width: float) -> bool:
    """Return whether another difference is of the other sign, and its interval clear of zero.

    Parameters
    ----------
    difference : float
        Of the losses that are judged by.
    other : float
        Of other losses.
    half_width : float
        Half the width of the other interval.

    Returns
    -------
    moves : bool

    Examples
    --------
    >>> moves_against(-0.3, 0.2, half_width=0.1), moves_against(-0.3, 0.2, half_width=0.3)
    (True, False)
    """
    return difference * other < 0.0 and abs(other) > half_width


def outcome(difference: float, half_width: float) -> str:
    """Return "helped", "harmed" or "not shown to help" for a difference of losses.

    Parameters
    ----------
    difference : float
        Loss of the method less that of its rival.
    half_width : float
        Half the width of the interval of the difference.

    Returns
    -------
    outcome : str

    Examples
    --------
    >>> outcome(-0.3, 0.2)
    'helped'
    """
    if not abs(difference) > half_width:
        return "not shown to help"
    return "helped" if difference < 0 else "harmed"
