"""What can be rows of features, checked before anything is fitted."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from skdistill._ground.validation import check_unmasked, library_of
from skdistill.exceptions import InputError

__all__ = ["check_table"]

_NO_FRAMES = {  # by library and name; what gives a frame that does
    ("pyarrow", "Table"): "to_pandas",
    ("pyarrow", "RecordBatch"): "to_pandas",
    ("polars", "LazyFrame"): "collect",
    ("dask", "DataFrame"): "compute",
    ("dask_expr", "DataFrame"): "compute",
    ("dask", "Array"): "compute",
    ("pyspark", "DataFrame"): "toPandas",
    ("ibis", "Table"): "to_pandas",
    ("duckdb", "DuckDBPyRelation"): "df",
    ("_duckdb", "DuckDBPyRelation"): "df",
}


def check_table(X: Any, name: str = "X") -> None:
    """Raise InputError for what cannot be rows of features."""
    wanted = f"{name} must be an array, a sparse array or a data frame"
    no_rows = isinstance(X, str | bytes | dict | set | Iterator) and not sp.issparse(X)
    if X is None or no_rows:
        got = "None" if X is None else type(X).__name__
        raise InputError(f"{wanted}, one row per sample, got {got}.")
    remedy = _NO_FRAMES.get((library_of(X), type(X).__name__))
    if remedy:
        raise InputError(
            f"{wanted} of pandas or polars, got a {type(X).__name__} of {library_of(X)}: its "
            f"{remedy}() gives one."
        )
    names = Counter(X.columns if hasattr(X, "columns") else ())
    twice, times = next(iter(names.most_common(1)), (None, 0))
    if times > 1:
        raise InputError(
            f"{name} must have columns of different names, got {twice!r} more than once: rename "
            "them, or pass an array."
        )
    if isinstance(X, list | tuple) and len(X) == 0:
        raise InputError(f"{name} has 0 sample(s) while a minimum of 1 is required.")
    _check_entries(X, name)
    check_unmasked(name, X)


def _check_entries(X: Any, name: str) -> None:
    """Raise InputError for arrays of entries, or of a shape, that no learner of tables takes."""
    kind = getattr(getattr(X, "dtype", None), "kind", "O")
    if isinstance(X, np.matrix):
        raise InputError(f"np.matrix is not supported: pass np.asarray({name}).")
    if kind == "V":
        raise InputError(
            f"{name} must have one dtype, got an array of records: pandas.DataFrame({name}) makes "
            "columns of its fields."
        )
    if kind == "c":
        raise InputError(
            f"{name} must be real, got dtype {X.dtype}: Complex data not supported. Pass real and "
            "imaginary parts as columns."
        )
    if kind in "biuf" and getattr(X, "ndim", 2) == 1:
        column = f"{name}.to_frame()" if hasattr(X, "to_frame") else f"{name}.reshape(-1, 1)"
        raise InputError(
            f"Expected 2D array, got 1D array instead: {name} must have one row per sample, got "
            f"shape {X.shape}. Reshape your data: {column} makes a column of it."
        )
