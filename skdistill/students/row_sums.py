"""Sums over the rows of multinomial logistic losses: all that an iteration does with the rows.

Rows come in parts: the rows of one part count in the same problems, as those of a fold's test rows
count in the problems of the other folds. A part is worked through in blocks that stay in the
processor's cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skdistill._ground.arrays import Array, as_like, is_numpy, namespace, take_rows_of

__all__ = ["Block", "Part", "block_size", "over_rows", "parts_of"]

CACHED_NUMBERS = 2**18  # of a block of rows on the CPU: two mebibytes of float64
DEVICE_NUMBERS = 2**26  # of a block of rows on a device

Block = tuple[Any, Array]  # rows (r, d), and their weights (M, r)


@dataclass(frozen=True)
class Part:
    """Rows that count in the same problems.

    Attributes
    ----------
    blocks : tuple of Block
        The rows.
    counts : bool array of shape (M,), in NumPy
        Under which of the row weights they count.
    """

    blocks: tuple[Block, ...]
    counts: NDArray[np.bool_]


def block_size(n_numbers: int, mass: Array) -> int:
    """Return the rows of a block if an iteration needs so many numbers for each."""
    room = CACHED_NUMBERS if is_numpy(mass) else DEVICE_NUMBERS
    return max(128, room // n_numbers)


def parts_of(mass: NDArray[np.floating[Any]], size: int) -> list[tuple[NDArray[Any], Any]]:
    """Return the row numbers of each part, and under which weights its rows count.

    Parameters
    ----------
    mass : array of shape (M, n)
        Row weights.
    size : int
        Rows of a block. Where parts would be smaller than that, all rows are one part.

    Returns
    -------
    parts : list of pairs of an int array and a bool array of shape (M,)
        Rows that count nowhere are in none.
    """
    present = mass != 0.0
    patterns = np.packbits(present, axis=0)
    order = np.lexsort(patterns)
    changes = np.any(patterns[:, order[1:]] != patterns[:, order[:-1]], axis=0)
    found = np.split(order, np.flatnonzero(changes) + 1)
    if len(order) < size * len(found):
        return [(np.arange(len(order)), np.ones(len(mass), dtype=bool))]
    pairs = [(rows, present[:, rows[0]]) for rows in found]
    return [(rows, counts) for rows, counts in pairs if counts.any()]


def over_rows(
    parts: Sequence[Part], mass_of: NDArray[np.int64], coef: Array, intercept: Array
) -> tuple[Array, Array]:
    """Return ``sum_i m_i lse(f_i)`` and ``sum_i m_i s_i (x_i, 1)``, with `s` the probabilities.

    Parameters
    ----------
    parts : sequence of Part
        The rows.
    mass_of : int array of shape (B,), in NumPy
        Which row weights each problem has.
    coef : array of shape (B, R, d)
        Coefficients.
    intercept : array of shape (B, R)
        Intercepts.

    Returns
    -------
    value : array of shape (B,)
        Float64, as the next.
    sums : array of shape (B, R, d + 1)
    """
    xp = namespace(coef)
    value, sums = xp.zeros_like(intercept[:, 0]), 0.0
    for part in parts:
        mine = np.flatnonzero(part.counts[mass_of])
        if len(mine) == len(mass_of):
            some = _over_blocks(part.blocks, mass_of, coef, intercept)
        elif len(mine):
            own = (take_rows_of(a, mine) for a in (coef, intercept))
            found = _over_blocks(part.blocks, mass_of[mine], *own)
            some = tuple(_spread(a, mine, len(mass_of)) for a in found)
        else:
            continue
        value, sums = value + some[0], sums + some[1]
    return value, sums


def _spread(values: Array, index: NDArray[Any], size: int) -> Array:
    """Return `values` at the places `index` of a first axis of `size`, and zeros elsewhere."""
    xp = namespace(values)
    place = np.full(size, len(index))
    place[index] = np.arange(len(index))
    return take_rows_of(xp.concat([values, xp.zeros_like(values[:1, ...])]), place)


def _over_blocks(
    blocks: Sequence[Block], mass_of: NDArray[np.int64], coef: Array, intercept: Array
) -> tuple[Array, Array]:
    xp = namespace(coef)
    n_problems, n_scores, d = coef.shape
    dtype, n_masses = blocks[0][1].dtype, blocks[0][1].shape[0]
    flat = xp.reshape(xp.permute_dims(coef, (1, 0, 2)), (n_scores * n_problems, d))
    shift = xp.reshape(xp.permute_dims(intercept, (1, 0)), (n_scores * n_problems, 1))
    flat, shift = xp.astype(flat, dtype), xp.astype(shift, dtype)
    which = as_like(mass_of, coef)
    value = xp.zeros_like(intercept[:, 0])
    sums = xp.zeros_like(flat[:, 0], dtype=xp.float64)
    products = xp.zeros_like(flat, dtype=xp.float64)
    for rows, mass in blocks:
        scores = _times_rows(flat, rows)
        scores += shift
        m = mass if n_masses == 1 else xp.take(mass, which, axis=0)
        log_mass, s = _log_partition(xp.reshape(scores, (n_scores, n_problems, -1)), m)
        value += xp.astype(xp.sum(log_mass, axis=1), xp.float64)
        s = xp.reshape(s, (n_scores * n_problems, -1))
        sums += xp.astype(xp.sum(s, axis=1), xp.float64)
        products += xp.astype(_over(s, rows), xp.float64)
    both = xp.reshape(xp.concat([products, sums[:, None]], axis=1), (n_scores, n_problems, d + 1))
    return value, xp.permute_dims(both, (1, 0, 2))


def _times_rows(flat: Array, rows: Any) -> Array:
    """Return the scores, one row per row of `flat`."""
    if sp.issparse(rows):
        return np.ascontiguousarray((rows @ flat.T).T)
    return flat @ rows.T


def _over(s: Array, rows: Any) -> Array:
    """Return ``s @ rows``."""
    return (rows.T @ s.T).T if sp.issparse(rows) else s @ rows


def _log_partition(scores: Array, m: Array) -> tuple[Array, Array]:
    """Return ``m lse(f)``, (B, r), and its gradient, (R, B, r), of scores (R, B, r)."""
    xp = namespace(scores)
    if scores.shape[0] == 1:
        # Both from one tanh, which is quick where exp and log1p are not.
        half = xp.tanh(0.5 * scores)
        value = -xp.log(0.5 + 0.5 * xp.abs(half[0, ...]))
        value += xp.where(scores[0, ...] > 0.0, scores[0, ...], xp.zeros_like(value))
        half *= 0.5
        half += 0.5
        half *= m
        return m * value, half
    top = xp.max(scores, axis=0)
    scores -= top
    powers = xp.exp(scores)
    mass = xp.sum(powers, axis=0)
    powers *= m / mass
    return m * (top + xp.log(mass)), powers
