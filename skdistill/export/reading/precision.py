"""Pieces in the precision that NumPy computes in, where single meets double."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdistill.export.pieces import As, Beside, Leaves, Piece, Total, as_double
from skdistill.export.reading.trees import joined

__all__ = ["alike", "beside", "total"]


def alike(of: Piece, *arrays: Any) -> Piece:
    """Return the numbers in the precision of what NumPy makes of them and the arrays."""
    wide = np.result_type(of.dtype, *arrays) == np.float64
    return as_double(of) if wide else of


def beside(parts: Sequence[Piece]) -> Piece:
    """Return the columns of several pieces, in the widest precision of theirs."""
    parts = _level(parts)
    return parts[0] if len(parts) == 1 else Beside(parts)


def total(parts: Sequence[Piece]) -> Piece:
    """Return the sum of several pieces; of trees over the same rows, one record of all trees."""
    parts = _level(parts)
    if len(parts) == 1:
        return parts[0]
    leaves = [each for each in parts if isinstance(each, Leaves)]
    if len(leaves) == len(parts) and all(_is_same(leaves[0].of, each.of) for each in leaves[1:]):
        values = np.concatenate([each.values for each in leaves])
        return Leaves(leaves[0].of, joined([each.trees for each in leaves]), values)
    return Total(parts)


def _level(parts: Sequence[Piece]) -> tuple[Piece, ...]:
    is_single = all(each.dtype == "float32" for each in parts)
    return tuple(parts) if is_single else tuple(map(as_double, parts))


def _is_same(one: Piece, other: Piece) -> bool:
    """Whether two pieces are the same rows, rounded in the same way."""
    while isinstance(one, As) and isinstance(other, As) and one.precision == other.precision:
        one, other = one.of, other.of
    return one is other
