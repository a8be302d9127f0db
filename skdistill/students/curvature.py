"""How far a slope is from flat where directions are curved unevenly."""

from math import sqrt

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

__all__ = ["newton_slope"]


def newton_slope(
    curvature: NDArray[np.float64], slope: NDArray[np.float64], free: NDArray[np.bool_]
) -> float:
    """Return the root mean square of a slope in coordinates in which the curvature is one.

    Among the free variables, of which there are m: ``sqrt(g' H^-1 g / m)``. Directions whose
    curvature is lost in rounding count as if they had some.
    """
    if not free.any():
        return 0.0
    g, h = slope[free], curvature[np.ix_(free, free)]
    for added in (1e-12, 1e-9, 1e-6, 1e-3):
        try:
            step = cho_solve(cho_factor(h + added * np.eye(len(g))), g)
        except LinAlgError:
            continue
        return sqrt(max(0.0, float(g @ step)) / len(g))
    return float(np.max(np.abs(g)))
