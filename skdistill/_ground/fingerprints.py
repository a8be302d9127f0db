"""Hashes: of each row of any kind of table, and of what came beside it."""

from numbers import Real
from typing import Any

import joblib
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skdistill._ground.arrays import has_namespace, to_host
from skdistill._ground.validation import columns_of, is_missing

__all__ = ["fingerprints", "row_fingerprints"]


def row_fingerprints(X: Any) -> NDArray[np.uint64]:
    """Return a 64-bit hash per row of `X`; equal rows have equal hashes.

    Works on NumPy arrays, SciPy sparse arrays, data frames of any kind that give their columns by
    ``X[name]``, and lists of anything, such as dicts or tokens. Negative zero equals zero and NaN
    equals NaN. Rows on a device are copied to the host.
    """
    X = to_host(X) if has_namespace(X) else X
    if sp.issparse(X):
        return _sparse_fingerprints(sp.csr_array(X))
    columns = [np.asarray(column) for column in columns_of(X)]
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    total = np.zeros(n_rows, dtype=np.uint64)
    for position, column in enumerate(columns):
        total += _mix(_column_bits(column), position)
    return total


def _column_bits(column: NDArray[Any]) -> NDArray[np.uint64]:
    """Return 64 bits per entry that are equal where the entries are."""
    if column.dtype.kind in "fiubmM":
        numbers = column.astype(np.float64) + 0.0  # -0.0 + 0.0 is 0.0
        return np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
    hashes = (_object_hash(value) for value in column.tolist())
    return np.fromiter(hashes, dtype=np.int64, count=len(column)).view(np.uint64)


def _object_hash(value: Any) -> int:
    """Return a hash that keeps apart what Python's own does not: -1 and -2, NaN, 0 and ""."""
    try:
        plain = hash(value)
    except TypeError:  # a list, a dict, an array
        return _deep_hash(value)
    if value is not None and is_missing(value):
        return hash(("missing",))
    number: Any = value  # Real promises no comparison with int
    if isinstance(value, Real) and -(2**53) <= number <= 2**53:
        return hash(("number", repr(float(value) + 0.0)))
    return plain


def _deep_hash(value: Any) -> int:
    """Return a hash of what is in a container; what has none is equal to itself only."""
    try:
        return int(str(joblib.hash(value))[:15], 16)
    except Exception:  # noqa: BLE001 - whatever it is, a search for equal rows ends no fit
        return id(value)


def _mix(bits: NDArray[np.uint64], position: int | NDArray[np.integer[Any]]) -> NDArray[np.uint64]:
    """Scramble `bits` with their column (the finaliser of the splitmix64 generator)."""
    step = np.atleast_1d(np.asarray(position, dtype=np.uint64))  # NumPy scalars warn on overflow
    z = bits + (step + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)


def _sparse_fingerprints(X: Any) -> NDArray[np.uint64]:
    X = X.copy()
    X.sum_duplicates()
    X.eliminate_zeros()
    total = np.zeros(X.shape[0], dtype=np.uint64)
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    np.add.at(total, rows, _mix(_column_bits(X.data), X.indices))
    return total


def fingerprints(
    y: Any, sample_weight: Any = None, groups: Any = None, exposure: Any = None
) -> dict[str, str]:
    """Return a short text for each, to recognise it by; of groups the partition."""
    weight, units = (
        None if each is None else np.asarray(each, dtype=np.float64)
        for each in (sample_weight, exposure)
    )
    named = None if groups is None else _coded(np.asarray(groups).astype(str))[1]
    values = {"y": _coded(y), "sample_weight": weight, "groups": named, "exposure": units}
    return {name: str(joblib.hash(value)) for name, value in values.items()}


def _coded(values: Any) -> tuple[list[Any], NDArray[np.intp]]:
    """Return the different values, and which of them each one is."""
    different, codes = np.unique(np.asarray(values).ravel(), return_inverse=True)
    return different.tolist(), codes
