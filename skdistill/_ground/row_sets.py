"""Row numbers, small enough to be sent with a task."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows"]

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Some of n rows, in an eighth of a byte each where their order is the natural one.

    Examples
    --------
    >>> Rows.of(np.array([1, 4]), 9).numbers
    array([1, 4])
    >>> Rows.of(np.array([4, 1]), 9).numbers
    array([4, 1])
    """

    kept: NDArray[Any]
    is_mask: bool

    @classmethod
    def of(cls, numbers: Index, n_rows: int) -> "Rows":
        """Keep row numbers."""
        if np.any(np.diff(numbers) <= 0):
            return cls(numbers, is_mask=False)
        mask = np.zeros(n_rows, dtype=bool)
        mask[numbers] = True
        return cls(np.packbits(mask), is_mask=True)

    @property
    def numbers(self) -> Index:
        """The row numbers, as they were given."""
        return np.flatnonzero(np.unpackbits(self.kept)) if self.is_mask else self.kept
