"""Trees that round their rows to single precision, as trees that do not: other thresholds.

A number rounds to the nearest in single precision, halfway to the even one. So the largest double
that rounds to at most a threshold is half a step above the largest single that is at most it, or
the double just below, where halfway rounds up.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.export.pieces import Answer, As, Beside, Leaves, Pick, Piece, Sums, Trees, as_double

__all__ = ["without_rounding"]


def without_rounding(answer: Answer, *, also_single: bool = False) -> Answer:
    """Return what says the same, its trees asked about rows in double precision.

    Parameters
    ----------
    answer : Answer
        Some of its trees may round their rows first.
    also_single : bool, default=False
        Whether trees whose own thresholds are in single precision are to be so, too; sums of their
        leaves may then differ by single rounding errors.

    Returns
    -------
    answer : Answer
    """
    known: dict[int, tuple[Piece, Piece]] = {}  # the old one is kept, lest another get its id

    def new(piece: Piece) -> Piece:
        if id(piece) not in known:
            known[id(piece)] = piece, made(piece)
        return known[id(piece)][1]

    def made(piece: Piece) -> Piece:
        if hasattr(piece, "parts"):
            return replace(piece, parts=tuple(map(new, piece.parts)))
        if isinstance(piece, Leaves | Sums):
            is_double = piece.trees.threshold.dtype == np.float64
            if is_double or also_single:
                trees, of = _in_double(piece.trees, piece.of)
                return replace(piece, trees=trees, of=new(of))
        return replace(piece, of=new(piece.of)) if hasattr(piece, "of") else piece

    decision = answer.decision
    if decision is not None:
        decision = replace(decision, of=new(decision.of))
    return replace(answer, piece=new(answer.piece), decision=decision)


def _in_double(trees: Trees, of: Piece) -> tuple[Trees, Piece]:
    """Return the trees with other thresholds, and their rows before these were rounded."""
    of, is_rounded = _unrounded(of)
    threshold = trees.threshold.astype(np.float64)
    exact = np.nextafter(threshold, -np.inf) if trees.strict else threshold
    halfway = _halfway(_single_at_most(trees.threshold, strict=trees.strict))
    threshold = np.where(is_rounded[trees.feature], halfway, exact)
    return replace(trees, threshold=threshold, strict=False), of


def _unrounded(of: Piece) -> tuple[Piece, NDArray[np.bool_]]:
    """Return rows in double precision before they are rounded, and which columns would be."""
    if isinstance(of, As):
        inner, is_rounded = _unrounded(of.of)
        return inner, is_rounded | (of.precision == "float32")
    if isinstance(of, Pick):
        inner, is_rounded = _unrounded(of.of)
        return replace(of, of=inner), is_rounded[list(of.columns)]
    if isinstance(of, Beside):
        parts, each = zip(*map(_unrounded, of.parts), strict=True)
        return replace(of, parts=parts), np.concatenate(each)
    return as_double(of), np.zeros(of.width, dtype=bool)


def _single_at_most(threshold: NDArray[Any], *, strict: bool) -> NDArray[np.float32]:
    """Return the largest number in single precision that goes to `yes`."""
    with np.errstate(over="ignore"):
        single = threshold.astype(np.float32)
    beyond = single >= threshold if strict else single > threshold
    return np.where(beyond, np.nextafter(single, np.float32(-np.inf)), single)


def _halfway(single: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the largest double that rounds to each number, or to one below it."""
    above = np.nextafter(single, np.float32(np.inf)).astype(np.float64)
    above = np.where(np.isinf(above), 2.0**128, above)  # what comes after the largest single
    low = single.astype(np.float64)
    with np.errstate(invalid="ignore"):
        middle = low + (above - low) / 2
    is_even = single.view(np.uint32) % 2 == 0
    largest = np.where(is_even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isfinite(single), largest, low)
