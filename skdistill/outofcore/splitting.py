"""Folds by hash: the same for a row number, or a group, whatever else there is."""

import hashlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["folds_of_groups", "folds_of_rows"]

Folds = NDArray[np.int16]


def folds_of_rows(n_rows: int, n_folds: int) -> Folds:
    """Return the fold of each row, by its number.

    The number is mixed by SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).

    Parameters
    ----------
    n_rows, n_folds : int

    Returns
    -------
    fold : array of shape (n_rows,)

    Examples
    --------
    >>> folds_of_rows(8, 3).tolist() == folds_of_rows(100, 3)[:8].tolist()
    True
    """
    z = np.arange(1, n_rows + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) % np.uint64(n_folds)).astype(np.int16)


def folds_of_groups(groups: NDArray[np.generic], n_folds: int) -> Folds:
    """Return the fold of each group, by what it is called.

    Parameters
    ----------
    groups : array of shape (g,)
        Distinct ones.
    n_folds : int

    Returns
    -------
    fold : array of shape (g,)

    Examples
    --------
    >>> import numpy as np
    >>> a, b = folds_of_groups(np.array(["a", "b"]), 5), folds_of_groups(np.array(["b"]), 5)
    >>> bool(a[1] == b[0])
    True
    """
    names = (str(group).encode() for group in groups.tolist())
    digests = (hashlib.blake2b(name, digest_size=8).digest() for name in names)
    numbers = np.frombuffer(b"".join(digests), dtype="<u8")
    return (numbers % np.uint64(n_folds)).astype(np.int16)
