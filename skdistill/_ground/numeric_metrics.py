"""Scores of predicted numbers: `y` and predictions (n, m), optional row weights (n,).

As scikit-learn's, scores of several outputs are the mean of those of each.
"""

from typing import Any, Protocol

import numpy as np

from skdistill._ground.arrays import Array, to_host

__all__ = ["gini_index", "numeric_scores"]


class _RowLoss(Protocol):
    def value(self, prediction: Any, target: Any) -> Any: ...

    def lift(self, prediction: Any, level: Any) -> Any: ...

    def mean_level(self, y: Any, weight: Any = None) -> Any: ...


def numeric_scores(
    y: Array, prediction: Array, weight: Array | None, loss: _RowLoss
) -> dict[str, float]:
    """Return what a report says of predicted numbers; computed on the host.

    Parameters
    ----------
    y : array of shape (n, m)
        Labels.
    prediction : array of shape (n, m)
        Predictions.
    weight : array of shape (n,) or None
        Row weights.
    loss : NumericLoss
        Its mean over the rows is "loss"; predictions that it would make infinite are lifted.

    Returns
    -------
    scores : dict of str to float
        "r2" (NaN for constant labels), "rmse" and "mae" in units of `y`, "loss", and
        "calibration_slope": that of the regression of the labels on the predictions, 1 for numbers
        of the right spread, below 1 for such that spread too far; NaN for a constant prediction.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import SquaredError
    >>> y = np.array([[1.0], [2.0], [3.0]])
    >>> numeric_scores(y, 2.0 * y, None, SquaredError())["calibration_slope"]
    0.5
    """
    y, f = (np.asarray(to_host(a), dtype=np.float64) for a in (y, prediction))
    w = None if weight is None else np.asarray(to_host(weight), dtype=np.float64)

    def mean(values: Any) -> Any:
        return np.average(values, axis=0, weights=w)

    error, off_y, off_f = mean((y - f) ** 2), y - mean(y), f - mean(f)
    spread_y, spread_f = mean(off_y**2), mean(off_f**2)
    # A constant has no spread beside what rounding of its mean leaves.
    flat_y, flat_f = (np.ptp(a if w is None else a[w > 0], axis=0) == 0.0 for a in (y, f))
    r2 = 1.0 - error / np.where(flat_y, np.nan, spread_y)
    slope = mean(off_y * off_f) / np.where(flat_f, np.nan, spread_f)
    return {
        "r2": float(np.mean(r2)),
        "rmse": float(np.mean(np.sqrt(error))),
        "mae": float(np.mean(mean(np.abs(y - f)))),
        "loss": float(mean(loss.value(loss.lift(f, loss.mean_level(y, w)), y))),
        "calibration_slope": float(np.mean(slope)),
    }


def gini_index(y: Array, prediction: Array, weight: Array | None = None) -> float:
    """Return the normalised Gini index of the order that predictions put labels in.

    The ordered Lorenz curve has the share of all labels against the share of rows, from the lowest
    prediction to the highest; rows of equal predictions are one straight piece. The index is twice
    the area between it and the diagonal, over that of the labels' own order: 1 for the right order,
    0 for none, negative for the wrong one (Frees, Meyers and Cummings, *Summarizing Insurance
    Scores Using a Gini Index*, JASA 106, 2011).

    Parameters
    ----------
    y : array of shape (n, m)
        Labels, at least 0 and per unit of weight.
    prediction : array of shape (n, m)
        Predictions; only their order counts.
    weight : array of shape (n,) or None, default=None
        Row weights, such as exposures.

    Returns
    -------
    index : float
        NaN where all labels of an output are equal.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[0.0], [0.0], [3.0]])
    >>> gini_index(y, np.array([[0.1], [0.2], [0.3]]))
    1.0
    """
    y, f = (np.asarray(to_host(a), dtype=np.float64) for a in (y, prediction))
    w = np.ones(len(y)) if weight is None else np.asarray(to_host(weight), dtype=np.float64)
    own = np.array([_area(y[:, j], y[:, j], w) for j in range(y.shape[1])])
    reached = np.array([_area(y[:, j], f[:, j], w) for j in range(y.shape[1])])
    flat = np.ptp(y[w > 0], axis=0) == 0.0
    return float(np.mean(reached / np.where(flat, np.nan, own)))


def _area(y: Any, order: Any, weight: Any) -> float:
    """Return twice the area between the diagonal and the Lorenz curve of one output."""
    group = np.unique(order, return_inverse=True)[1].ravel()
    rows, labels = np.bincount(group, weights=weight), np.bincount(group, weights=weight * y)
    before = np.cumsum(labels) - 0.5 * labels
    return 1.0 - 2.0 * float(rows @ before) / float(rows.sum() * labels.sum())
