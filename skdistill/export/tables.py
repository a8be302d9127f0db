"""Rows as a model takes them, and as a file does."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skdistill._ground.tables import check_table
from skdistill._ground.validation import library_of
from skdistill.exceptions import ExportError

__all__ = ["Table", "as_exported"]


@dataclass(frozen=True)
class Table:
    """Rows in double precision, that can be given back in the kind that they came in.

    Attributes
    ----------
    numbers : array of shape (n, d)
        The rows.
    names : tuple
        Of the columns; their numbers, where they have no names.
    kind : {"array", "pandas", "polars"}
        What they came in.
    """

    numbers: NDArray[np.float64]
    names: tuple[Any, ...]
    kind: str

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def given(self) -> Any:
        """The rows in the kind that they came in."""
        if self.kind == "pandas":
            import pandas as pd

            return pd.DataFrame(self.numbers, columns=list(self.names))
        if self.kind == "polars":
            import polars as pl

            return pl.DataFrame(self.numbers, schema=list(self.names))
        return self.numbers

    def take(self, rows: Any) -> "Table":
        """Return some of the rows."""
        return Table(self.numbers[np.asarray(rows)], self.names, self.kind)

    def with_values(self, columns: Any, values: Any) -> "Table":
        """Return the rows with one number of each put in another's place."""
        numbers = self.numbers.copy()
        numbers[np.arange(len(numbers)), columns] = values
        return Table(numbers, self.names, self.kind)


def as_exported(model: Any, X: Any) -> Table:
    """Return rows for a fitted model: its columns by name, where both have names.

    Parameters
    ----------
    model : estimator
        Fitted; says what its columns are.
    X : array-like, sparse array or data frame of shape (n, d)
        Rows, at least one.

    Returns
    -------
    table : Table

    Raises
    ------
    ExportError
        If columns are missing, or are no numbers.
    InputError
        If `X` is no table.
    """
    check_table(X)
    own = getattr(model, "feature_names_in_", None)
    if hasattr(X, "columns"):
        names = _chosen(list(X.columns), own)
        kind, numbers = library_of(X), X[names]
    else:
        numbers = X.toarray() if sp.issparse(X) else np.asarray(X)
        names, kind = list(range(numbers.shape[1])), "array"
        expected = getattr(model, "n_features_in_", len(names))
        if len(names) != expected:
            raise ExportError(
                f"X has {len(names)} columns, but {type(model).__name__} was fitted on {expected}: "
                "pass rows like those of fit."
            )
    return Table(_numbers(numbers), tuple(names), kind)


def _chosen(given: Sequence[Any], own: Any) -> list[Any]:
    """Return the names of the model's columns, in its order."""
    if own is None:
        return list(given)
    lacking = [name for name in own if name not in given]
    if lacking:
        raise ExportError(
            f"X lacks the columns {lacking}, which the model was fitted on: pass rows like those "
            "of fit."
        )
    return list(own)


def _numbers(X: Any) -> NDArray[np.float64]:
    """Return the numbers of a table in double precision."""
    try:
        numbers = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ExportError(
            "X must be numbers, or columns of them, for a model of numbers: it has columns of "
            "text, dates or categories."
        ) from error
    if len(numbers) == 0:
        raise ExportError("X must have at least one row: the file is proved on it.")
    return numbers
