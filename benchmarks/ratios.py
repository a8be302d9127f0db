"""What the pages report: test log-loss over the direct student's, and when that is harm."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.metrics import log_loss

__all__ = ["FLOOR", "HARM", "floored_log_loss", "geometric_mean", "in_short", "lifted"]

FLOOR = 1e-3  # of test probabilities, lest a tree's exact zeros decide
HARM = 1.002  # log-loss over the direct student's, up to which nobody is harmed
Floats = NDArray[np.floating[Any]]


def lifted(p: Floats) -> Floats:
    """Return probabilities, shape (n, K), of which none is below `FLOOR` but for the sum of one."""
    p = np.maximum(p, FLOOR)
    return p / p.sum(axis=1, keepdims=True)


def floored_log_loss(codes: NDArray[np.integer[Any]], p: Floats) -> float:
    """Return the log-loss of lifted probabilities; `codes`, shape (n,), are the true columns."""
    return log_loss(np.eye(p.shape[1])[codes], lifted(p))


def geometric_mean(ratio: Floats) -> float:
    """Return the geometric mean."""
    return float(np.exp(np.log(ratio).mean()))


def in_short(ratio: Floats) -> str:
    """Return the geometric mean, the largest value, and the share of values without harm."""
    return f"{geometric_mean(ratio):.3f} / {ratio.max():.3f} / {np.mean(ratio <= HARM):.0%}"
