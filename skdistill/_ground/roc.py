"""Areas under ROC curves as means over rows, which gives them errors as other scores have."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["auc_rows"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def auc_rows(
    y: Floats, p: Floats, weight: Floats | None = None, multi_class: str = "ovr"
) -> Floats:
    """Return values of rows whose (weighted) mean is the area under the ROC curve.

    With a share V10 of the negative rows below positive row i (ties count half), and V01 of the
    positive rows above negative row j, the area A is the mean of either, and its variance that of
    the V10 over m plus that of the V01 over n: the structural components of DeLong, DeLong and
    Clarke-Pearson (*Comparing the areas under two or more correlated receiver operating
    characteristic curves*, Biometrics, 1988). Here a positive row gets ``A + N/m (V10 - A)`` and a
    negative one ``A + N/n (V01 - A)``, N = m + n: their mean is A, their variance over N is that
    variance, and differences of two classifiers on the same rows are paired.

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels; for two classes the second is the positive one.
    p : array of shape (n, K)
        Probabilities.
    weight : array of shape (n,) or None, default=None
        Row weights.
    multi_class : {"ovr", "ovr_weighted", "ovo", "ovo_weighted"}, default="ovr"
        For more than two classes, as scikit-learn's ``roc_auc_score``: the mean over classes, each
        against the rest, or over pairs of classes; as they are, or weighted by their frequency,
        which is taken as known. Classes that no row has, or every row, are left out.

    Returns
    -------
    values : array of shape (n,)
        NaN where there is no area: all rows are of one class.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.eye(2)[[0, 0, 1, 1]]
    >>> p = np.array([0.1, 0.4, 0.35, 0.8])
    >>> auc_rows(y, np.column_stack([1 - p, p]))
    array([1.25, 0.25, 0.25, 1.25])
    """
    w = np.ones(len(y)) if weight is None else weight
    total, mass = np.zeros(len(y)), 0.0
    for share, positive, negative, score in _comparisons(y > 0.5, p, w, multi_class):
        if positive.any() and negative.any():
            total += share * _components(positive, negative, score, w)
            mass += share
    return total / mass if mass > 0.0 else np.full(len(y), np.nan)


def _comparisons(
    y: Flags, p: Floats, w: Floats, multi_class: str
) -> Iterator[tuple[float, Flags, Flags, Floats]]:
    """Yield weight, positive rows, negative rows and score of each binary question."""
    n_classes = y.shape[1]
    weighted = multi_class.endswith("_weighted")
    if n_classes == 2:
        yield 1.0, y[:, 1], y[:, 0], p[:, 1]
    elif multi_class.startswith("ovo"):
        for a, b in combinations(range(n_classes), 2):
            share = np.average(y[:, a] | y[:, b], weights=w) if weighted else 1.0
            yield float(share), y[:, a], y[:, b], p[:, a]
            yield float(share), y[:, b], y[:, a], p[:, b]
    else:
        for k in range(n_classes):
            share = np.average(y[:, k], weights=w) if weighted else 1.0
            yield float(share), y[:, k], ~y[:, k], p[:, k]


def _components(positive: Flags, negative: Flags, score: Floats, w: Floats) -> Floats:
    """Return the values of one binary question; rows that it is not about get the area."""
    above = _share_below(score[positive], score[negative], w[negative])
    below = _share_below(-score[negative], -score[positive], w[positive])
    area = np.average(above, weights=w[positive])
    values = np.full(len(score), area)
    values[positive] += w.sum() / w[positive].sum() * (above - area)
    values[negative] += w.sum() / w[negative].sum() * (below - area)
    return values


def _share_below(at: Floats, values: Floats, w: Floats) -> Floats:
    """Return the share of the weight of `values` below each of `at`, ties half."""
    order = np.argsort(values)
    reached = np.concatenate([[0.0], np.cumsum(w[order])])
    ends = (np.searchsorted(values[order], at, side) for side in ("left", "right"))
    low, high = (reached[end] for end in ends)
    return np.asarray((low + high) / (2.0 * reached[-1]))
