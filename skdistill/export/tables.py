"""Rows as a model takes them, and as a file does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skdistill._ground.tables import check_table
from skdistill._ground.validation import columns_of, is_missing, library_of
from skdistill.exceptions import ExportError
from skdistill.export.columns import Column, Dates
from skdistill.export.dates import dates_like, is_date, seconds_of, to_microseconds
from skdistill.export.pieces import Beside, Piece, Rows

__all__ = ["Table", "as_exported"]


@dataclass(frozen=True)
class Table:
    """Rows, numbers and text apart, that can be given back in the kind that they came in.

    Attributes
    ----------
    numbers : array of shape (n, d)
        The rows in double precision; NaN in columns of text, seconds since 1970 in those of dates.
    names : tuple
        Of the columns; their numbers, where they have no names.
    texts : mapping of int to array of shape (n,)
        The columns of text, by number; "" where it is missing.
    source : data frame or None
        What they came from; None for an array.
    rows : array of shape (n,) or None
        Which of its rows they are; None for all.
    changed : frozenset of int
        Columns that are no longer those of the source.
    categories : frozenset of int
        Columns of text or numbers that know no other than their own, by their dtype.
    dates : frozenset of int
        Columns of dates.
    missing : mapping of int to object
        What stands for missing text in a column of the source: None, or NaN.
    single : bool
        Whether all numbers, also those that are put in, are rounded to single precision.
    """

    numbers: NDArray[np.float64]
    names: tuple[Any, ...]
    texts: Mapping[int, NDArray[Any]] = field(default_factory=dict)
    source: Any = None
    rows: NDArray[np.int64] | None = None
    changed: frozenset[int] = frozenset()
    categories: frozenset[int] = frozenset()
    dates: frozenset[int] = frozenset()
    missing: Mapping[int, Any] = field(default_factory=dict)
    single: bool = False

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def is_matrix(self) -> bool:
        """Whether all columns are numbers, and one input takes them."""
        return not (self.texts or self.categories or self.dates)

    @property
    def piece(self) -> Piece:
        """The rows as they come: one table of numbers, or column by column."""
        if self.is_matrix:
            return Rows(len(self.names))
        return Beside(
            tuple(
                Dates(number, str(name))
                if number in self.dates
                else Column(number, str(name), number in self.texts, number in self.categories)
                for number, name in enumerate(self.names)
            )
        )

    @property
    def dated(self) -> list[str]:
        """The names of the columns of dates."""
        return [str(self.names[number]) for number in sorted(self.dates)]

    @cached_property
    def given(self) -> Any:
        """The rows in the kind that they came in."""
        if self.source is None:
            return self.numbers
        is_pandas = hasattr(self.source, "iloc")
        frame = self.source
        if self.rows is not None:
            frame = frame.iloc[self.rows].reset_index(drop=True) if is_pandas else frame[self.rows]
        new = {self.names[number]: self._column(number) for number in sorted(self.changed)}
        return _with(frame, new) if new else frame

    def _column(self, number: int) -> Any:
        """Return a column in place of the source's."""
        if number in self.dates:
            return dates_like(self.numbers[:, number], self.source[self.names[number]])
        if number not in self.texts:
            return self.numbers[:, number]
        missing, texts = self.missing[number], self.texts[number]
        return np.array([missing if each == "" else each for each in texts], dtype=object)

    def take(self, rows: Any) -> "Table":
        """Return some of the rows, by number."""
        rows = np.asarray(rows, dtype=np.int64)
        texts = {number: text[rows] for number, text in self.texts.items()}
        kept = rows if self.rows is None else self.rows[rows]
        return replace(self, numbers=self.numbers[rows], texts=texts, rows=kept)

    def with_values(self, columns: Any, values: Any) -> "Table":
        """Return the rows with one number of each put in another's place."""
        is_date = np.isin(columns, sorted(self.dates))
        values = np.where(is_date, to_microseconds(values), values)
        numbers = self.numbers.copy()
        numbers[np.arange(len(numbers)), columns] = _rounded(values) if self.single else values
        changed = self.changed | frozenset(np.unique(columns).tolist())
        return replace(self, numbers=numbers, changed=changed)

    def in_single(self) -> "Table":
        """Return rows of numbers, rounded to single precision."""
        changed = frozenset(range(len(self.names)))
        return replace(self, numbers=_rounded(self.numbers), changed=changed, single=True)

    def with_text(self, column: int, texts: Any) -> "Table":
        """Return the rows with other text in a column."""
        new = dict(self.texts) | {column: np.array(texts, dtype=object)}
        return replace(self, texts=new, changed=self.changed | {column})


def _rounded(numbers: Any) -> NDArray[np.float64]:
    """Return numbers rounded to single precision; what is too large for it is infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(numbers, dtype=np.float64).astype(np.float32).astype(np.float64)


def _with(frame: Any, new: Mapping[Any, Any]) -> Any:
    """Return a frame with some columns replaced."""
    if hasattr(frame, "iloc"):
        frame = frame.copy()
        for name, values in new.items():
            frame[name] = values
        return frame
    import polars as pl

    return frame.with_columns(pl.Series(name, values) for name, values in new.items())


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
        If columns are missing, or are neither numbers nor text.
    InputError
        If `X` is no table.
    """
    check_table(X)
    if hasattr(X, "columns"):
        names = _chosen(list(X.columns), getattr(model, "feature_names_in_", None))
        table = _of_frame(X[names], names)
    else:
        table = _of_array(X.toarray() if sp.issparse(X) else np.asarray(X))
    expected = getattr(model, "n_features_in_", len(table.names))
    if len(table.names) != expected:
        raise ExportError(
            f"X has {len(table.names)} columns, but {type(model).__name__} was fitted on "
            f"{expected}: pass rows like those of fit."
        )
    if len(table) == 0:
        raise ExportError("X must have at least one row: the file is proved on it.")
    return table


def _chosen(given: Sequence[Any], own: Any) -> list[Any]:
    """Return the names of the model's columns, in its order."""
    if own is None:
        return list(given)
    names = np.asarray(own).tolist()
    lacking = [name for name in names if name not in given]
    if lacking:
        raise ExportError(
            f"X lacks the columns {lacking}, which the model was fitted on: pass rows like those "
            "of fit."
        )
    return names


def _of_array(X: Any) -> Table:
    try:
        numbers = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ExportError(
            "an array X must be numbers: pass a data frame where some columns are text."
        ) from error
    return Table(numbers, tuple(range(numbers.shape[1])))


def _of_frame(X: Any, names: Sequence[Any]) -> Table:
    numbers = np.full((len(X), len(names)), np.nan)
    texts, categories, dates, missing = {}, set(), set(), {}
    for number, column in enumerate(columns_of(X)):
        if str(column.dtype).lower().startswith(("categor", "enum")):
            categories.add(number)
        if _is_text(column):
            texts[number], missing[number] = _text(column, names[number])
            continue
        if is_date(column):
            dates.add(number)
            numbers[:, number] = seconds_of(column)
            continue
        try:
            numbers[:, number] = _as_double(column)
        except (TypeError, ValueError) as error:
            raise ExportError(
                f"column {names[number]!r} of {library_of(X)} holds {column.dtype}, which a file "
                "cannot take: X must be numbers, text, or dates of pandas, without a time zone or "
                "in UTC."
            ) from error
    kept = {"categories": frozenset(categories), "dates": frozenset(dates), "missing": missing}
    return Table(numbers, tuple(names), texts, X, **kept)


def _as_double(column: Any) -> NDArray[np.float64]:
    values = np.asarray(column)
    if values.dtype.kind in "mM":
        raise TypeError("a date, or a time, is no number")
    return values.astype(np.float64)


def _is_text(column: Any) -> bool:
    """Whether a column holds text, or categories that are; what is missing aside."""
    kind = getattr(column.dtype, "kind", "O")
    if kind in "biufmM":
        return False
    return all(isinstance(each, str) for each in column.to_list() if not is_missing(each))


def _text(column: Any, name: Any) -> tuple[NDArray[Any], Any]:
    """Return the text of a column, and what stands for what is missing there."""
    values = column.to_list()
    missing = [is_missing(each) for each in values]
    if any(missing) and "" in values:
        raise ExportError(
            f'column {name!r} has "" beside missing values: in a file "" stands for what is '
            "missing. Replace one by the other."
        )
    filled = ["" if no else each for no, each in zip(missing, values, strict=True)]
    unsaid = np.nan if hasattr(column, "iloc") else None
    used = next((each for no, each in zip(missing, values, strict=True) if no), unsaid)
    return np.array(filled, dtype=object), used
