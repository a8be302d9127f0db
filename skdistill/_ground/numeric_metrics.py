"""Scores of predicted numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

__all__ = ["calibration_slope", "numeric_scores"]

Floats = NDArray[np.float64]


def numeric_scores(y: Floats, m: Floats, weight: Floats | None = None) -> dict[str, float]:
    """Return R2, root mean squared error, mean absolute error and the calibration slope.

    Parameters
    ----------
    y, m : array of shape (n, m)
        What was observed, and what was said; of several outputs the means over outputs.
    weight : array of shape (n,) or None, default=None
        Row weights.

    Returns
    -------
    scores : dict of str to float
        "r2", "rmse", "absolute_error" and "slope".

    Examples
    --------
    >>> import numpy as np
    >>> y = np.arange(4.0)[:, None]
    >>> numeric_scores(y, y)["slope"]
    1.0
    """
    how: dict[str, Any] = {"sample_weight": weight}
    return {
        "r2": float(r2_score(y, m, **how)) if len(y) > 1 else float("nan"),
        "rmse": float(root_mean_squared_error(y, m, **how)),
        "absolute_error": float(mean_absolute_error(y, m, **how)),
        "slope": calibration_slope(y, m, weight),
    }


def calibration_slope(y: Floats, m: Floats, weight: Floats | None = None) -> float:
    """Return the slope of what was observed on what was said: 1 where differences are as said.

    Below 1 what is said varies too much, above 1 too little. The mean over outputs; NaN where an
    output is said to be the same in every row.

    Parameters
    ----------
    y, m, weight
        Of `numeric_scores`.

    Returns
    -------
    slope : float
    """
    apart = m - np.average(m, axis=0, weights=weight)
    spread = np.average(apart**2, axis=0, weights=weight)
    shared = np.average(apart * (y - np.average(y, axis=0, weights=weight)), axis=0, weights=weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.where(spread > 0.0, shared / spread, np.nan)
    return float(np.mean(slopes))
