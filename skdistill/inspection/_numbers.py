"""Scores of predicted numbers, as every report states them; arrays of shape (n, m)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.numeric_metrics import numeric_scores
from skdistill.targets.numeric import NumericLoss

__all__ = ["fidelity_of_numbers", "number_losses", "number_scores", "output_scores"]

Floats = NDArray[np.float64]
Weight = Floats | None


def number_losses(loss: NumericLoss, y: Floats, m: Floats, weight: Weight = None) -> Floats:
    """Return the loss of each row, shape (n,).

    A deviance counts predictions below a thousandth of the mean as that much.
    """
    return np.asarray(loss.value(loss.lift(m, loss.mean_level(y, weight)), y), dtype=np.float64)


def number_scores(
    loss: NumericLoss, y: Floats, m: Floats, weight: Weight = None
) -> dict[str, float]:
    """Return the figures of `numeric_scores`, the intercept, and of a quantile the coverage."""
    each = output_scores(loss, y, m, weight)
    found = numeric_scores(y, m, weight, loss)
    found["calibration_intercept"] = float(np.mean(each["intercept"]))
    if loss.level is not None:
        found["coverage"] = float(np.mean(each["coverage"]))
    return found


def output_scores(
    loss: NumericLoss, y: Floats, m: Floats, weight: Weight = None
) -> dict[str, NDArray[Any]]:
    """Return figures of each output, each of shape (m,).

    "slope" and "intercept" are those of the line that regresses what was observed on what was
    predicted: 1 and 0 for numbers that are calibrated.
    """
    w = np.ones(len(y)) if weight is None else weight
    each = [numeric_scores(y[:, [j]], m[:, [j]], weight, loss) for j in range(y.shape[1])]
    means = [np.average(a, axis=0, weights=w) for a in (y, m)]
    slope = np.array([row["calibration_slope"] for row in each])
    found = {
        "n_rows": np.full(y.shape[1], len(y)),
        "mean": means[0],
        "mean_prediction": means[1],
        "r2": np.array([row["r2"] for row in each]),
        "rmse": np.array([row["rmse"] for row in each]),
        "slope": slope,
        "intercept": means[0] - slope * means[1],
    }
    if loss.level is not None:
        found["coverage"] = np.average(y <= m, axis=0, weights=w)
    return found


def fidelity_of_numbers(m: Floats, f: Floats, weight: Weight = None) -> dict[str, Floats]:
    """Return how well a student `f` keeps to its teacher `m`, for each output, shape (m,).

    ``fidelity_r2`` is the share of the variance of what the teacher says that the student explains,
    NaN for a constant teacher; ``fidelity_rmse`` their distance, in units of y.
    """
    apart = np.average((m - f) ** 2, axis=0, weights=weight)
    spread = np.average((m - np.average(m, axis=0, weights=weight)) ** 2, axis=0, weights=weight)
    flat = np.ptp(m, axis=0) == 0.0
    return {
        "fidelity_r2": 1.0 - apart / np.where(flat, np.nan, spread),
        "fidelity_rmse": np.sqrt(apart),
    }
