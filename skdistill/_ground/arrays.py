"""Array helpers on any array-API namespace (NumPy, CuPy, array_api_strict).

This is the only module that imports ``array_api_compat``. Everything takes and returns arrays of
the namespace it was given; nothing is copied to the host.
"""

from typing import Any

import numpy as np
from array_api_compat import (
    array_namespace,
    device,
    is_array_api_obj,
    is_cupy_array,
    is_numpy_array,
    is_torch_array,
)

__all__ = [
    "Array",
    "as_like",
    "floor_probabilities",
    "has_namespace",
    "is_numpy",
    "log_softmax",
    "namespace",
    "numpy_dtype",
    "one_hot",
    "project_to_simplex",
    "row_gain",
    "softmax",
    "take_rows_of",
    "to_host",
    "weighted_quantile",
]

Array = Any  # an array of whichever namespace; the array API has no common base class


def namespace(*arrays: Array) -> Any:
    """Return the common array namespace of `arrays`."""
    return array_namespace(*arrays)


def is_numpy(array: Any) -> bool:
    """Whether `array` is NumPy's."""
    return bool(is_numpy_array(array))


def has_namespace(value: Any) -> bool:
    """Whether `value` is an array of a namespace other than NumPy, which may live on a device."""
    return bool(is_array_api_obj(value)) and not is_numpy(value)


def to_host(array: Array) -> Any:
    """Return an array of whichever namespace as NumPy's."""
    if is_cupy_array(array):
        return array.get()
    return np.asarray(array.cpu() if is_torch_array(array) else array)


def as_like(values: Any, like: Array, dtype: Any = None) -> Array:
    """Return `values` (of NumPy, or of any namespace) in the namespace and device of `like`.

    The dtype is kept unless another is given.
    """
    xp = namespace(like)
    if has_namespace(values) and namespace(values) is not xp:
        values = to_host(values)
    moved = xp.asarray(values, device=device(like))
    return moved if dtype is None or moved.dtype == dtype else xp.astype(moved, dtype)


def numpy_dtype(array: Array) -> Any:
    """Return NumPy's name of the dtype of a float32 or float64 array."""
    return np.dtype("float32" if array.dtype == namespace(array).float32 else "float64")


def take_rows_of(array: Array, rows: Any) -> Array:
    """Return the rows with the numbers `rows` (NumPy) of an array of whichever namespace."""
    return namespace(array).take(array, as_like(rows, array), axis=0)


def one_hot(codes: Array, n_classes: int, like: Array) -> Array:
    """Return the (n, K) one-hot matrix of integer `codes`, in the dtype and device of `like`."""
    xp = namespace(codes, like)
    columns = xp.arange(n_classes, dtype=codes.dtype, device=device(codes))
    return xp.astype(codes[:, None] == columns[None, :], like.dtype)


def softmax(scores: Array) -> Array:
    """Return the softmax of each row; the row maximum is subtracted, so it cannot overflow."""
    xp = namespace(scores)
    powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    return powers / xp.sum(powers, axis=1, keepdims=True)


def log_softmax(scores: Array) -> Array:
    """Return the logarithm of the softmax of each row, without taking log of a tiny number."""
    xp = namespace(scores)
    shifted = scores - xp.max(scores, axis=1, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))


def floor_probabilities(p: Array, floor: float) -> Array:
    """Lift entries of `p` below `floor` and renormalise each row to sum to one."""
    xp = namespace(p)
    lifted = xp.where(p < floor, xp.full_like(p, floor), p)
    return lifted / xp.sum(lifted, axis=1, keepdims=True)


def row_gain(gain: Array) -> Array:
    """Give a gain of shape (n,) a second axis, so that it broadcasts over the classes."""
    return gain[:, None] if gain.ndim == 1 else gain


def project_to_simplex(t: Array) -> tuple[Array, Array]:
    """Project each row on the probability simplex (Euclidean distance).

    The projection is ``max(t - theta, 0)`` with the one threshold `theta` that makes the row sum
    to one; it is found from the sorted row (Held, Wolfe and Crowder, 1974).

    Parameters
    ----------
    t : array of shape (n, K)
        Pseudo-targets, possibly outside the simplex.

    Returns
    -------
    projected : array of shape (n, K)
        Rows on the simplex. A row that lies on it already is returned as it came.
    touched : boolean array of shape (n,)
        Which rows had to move.
    """
    xp = namespace(t)
    tolerance = 16 * float(xp.finfo(t.dtype).eps)
    off_sum = xp.abs(xp.sum(t, axis=1) - 1.0) > tolerance * t.shape[1]
    touched = xp.logical_or(xp.min(t, axis=1) < 0.0, off_sum)
    if not bool(xp.any(touched)):
        return t, touched
    ordered = xp.flip(xp.sort(t, axis=1), axis=1)
    rank = xp.astype(xp.arange(1, t.shape[1] + 1, device=device(t)), t.dtype)
    thresholds = (xp.cumulative_sum(ordered, axis=1) - 1.0) / rank[None, :]
    support = xp.sum(xp.astype(ordered > thresholds, xp.int64), axis=1, keepdims=True)
    theta = xp.take_along_axis(thresholds, support - 1, axis=1)
    projected = xp.where(t > theta, t - theta, xp.zeros_like(t))
    return xp.where(touched[:, None], projected, t), touched


def weighted_quantile(y: Array, level: float, weight: Array | None = None) -> Array:
    """Return a quantile of each column of `y` (n, m), shape (m,); a weight counts as so many rows.

    Where the level falls between two rows, the middle of both: the median of two is their mean.
    """
    xp = namespace(y)
    weight = xp.ones_like(y[:, 0]) if weight is None else weight
    weight = xp.astype(weight, xp.float64)
    middles = []
    for j in range(y.shape[1]):
        order = xp.argsort(y[:, j])
        column = xp.take(y[:, j], order)
        below = xp.cumulative_sum(xp.take(weight, order))
        wanted, slack = level * below[-1], 1e-12 * below[-1]
        # Rounding must not decide between equals: the first that reaches it, the first above it.
        first = int(xp.sum(xp.astype(below < wanted - slack, xp.int64)))
        last = int(xp.sum(xp.astype(below <= wanted + slack, xp.int64)))
        middles.append(0.5 * (column[first] + column[min(last, y.shape[0] - 1)]))
    return xp.stack(middles)
