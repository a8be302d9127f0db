"""Trees that round their rows to single precision, as trees that do not: other thresholds.

A number rounds to the nearest in single precision, halfway to the even one. So the largest double
that rounds to at most a threshold is half a step above the largest single that is at most it, or
the double just below, where halfway rounds up.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.export.pieces import As, Piece, Trees

__all__ = ["in_double"]


def in_double(trees: Trees, of: Piece) -> tuple[Trees, Piece]:
    """Return the trees and their rows without rounding, as far as the rows were only rounded.

    Parameters
    ----------
    trees : Trees
        Thresholds in whatever precision.
    of : Piece
        What they are asked about.

    Returns
    -------
    trees : Trees
        A row goes to `yes` at a threshold or below.
    of : Piece
        In double precision.
    """
    rounded = False
    while isinstance(of, As):
        rounded |= of.precision == "float32"
        of = of.of
    threshold = trees.threshold.astype(np.float64)
    if rounded:
        threshold = _halfway(_single_at_most(threshold, strict=trees.strict))
    elif trees.strict:
        threshold = np.nextafter(threshold, -np.inf)
    return replace(trees, threshold=threshold, strict=False), of


def _single_at_most(threshold: NDArray[Any], *, strict: bool) -> NDArray[np.float32]:
    """Return the largest number in single precision that goes to `yes`."""
    with np.errstate(over="ignore"):
        single = threshold.astype(np.float32)
    beyond = single >= threshold if strict else single > threshold
    return np.where(beyond, np.nextafter(single, np.float32(-np.inf)), single)


def _halfway(single: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the largest double that rounds to each number, or to one below it."""
    above = np.nextafter(single, np.float32(np.inf)).astype(np.float64)
    low = single.astype(np.float64)
    middle = low + (above - low) / 2
    is_even = single.view(np.uint32) % 2 == 0
    largest = np.where(is_even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isfinite(single) & np.isfinite(above), largest, low)
