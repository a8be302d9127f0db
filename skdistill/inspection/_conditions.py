"""Columns that a tree can split on, and its splits in words: "age <= 30 and job = admin"."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skdistill._ground.arrays import has_namespace, to_host

__all__ = ["Column", "Condition", "columns_of", "in_words"]

Floats = NDArray[np.float64]
MAX_CATEGORIES = 20  # of a column that a tree may ask for, the most frequent ones
MISSING = "missing"


@dataclass(frozen=True)
class Column:
    """One column of numbers that stands for a feature, or for one of its categories.

    Attributes
    ----------
    name : str
        Of the feature.
    values : array of shape (n,)
        Its numbers; of a category whether a row is of it.
    category : str or None
        The category; None of numbers.
    other : str or None
        The other category, where there are two.
    is_time : bool
        Whether the numbers are seconds since 1970.
    """

    name: str
    values: Floats
    category: str | None = None
    other: str | None = None
    is_time: bool = False


@dataclass(frozen=True)
class Condition:
    """One side of a split of a column: which rows are on it, and what it is called.

    Attributes
    ----------
    column : Column
        What is split.
    threshold : float
        Where.
    below : bool
        Whether rows at or below it are meant, or those above.
    missing : bool
        Whether rows without a number are meant too.
    """

    column: Column
    threshold: float
    below: bool
    missing: bool

    def holds(self) -> NDArray[np.bool_]:
        """Return which rows are meant, shape (n,)."""
        values = self.column.values
        side = values <= self.threshold if self.below else values > self.threshold
        return np.where(np.isnan(values), self.missing, side)


def columns_of(X: Any, names: Sequence[str] | None = None) -> list[Column]:
    """Return the columns that a tree can split on.

    Numbers stay numbers, with NaN for what is missing, and times are seconds; a column of two
    values, or of text, is one column for each of its most frequent categories.

    Parameters
    ----------
    X : array-like, sparse array or data frame of n rows
        Features.
    names : sequence of str or None, default=None
        What they are called, where X does not say; None for "feature 0", "feature 1".

    Returns
    -------
    columns : list of Column
    """
    if hasattr(X, "columns"):
        each = [(str(name), np.asarray(X[name])) for name in X.columns]
    else:
        table = X.toarray() if sp.issparse(X) else np.asarray(to_host(X) if has_namespace(X) else X)
        names = [f"feature {j}" for j in range(table.shape[1])] if names is None else names
        each = list(zip(names, table.T, strict=True))
    return [column for name, values in each for column in _columns(name, values)]


def _columns(name: str, values: NDArray[Any]) -> list[Column]:
    """Return the columns that stand for one feature."""
    if values.dtype.kind in "mM":
        seconds = values.astype(f"{'datetime' if values.dtype.kind == 'M' else 'timedelta'}64[s]")
        numbers = np.where(np.isnat(seconds), np.nan, seconds.astype(np.float64))
        return [Column(name, numbers, is_time=values.dtype.kind == "M")]
    if values.dtype.kind == "O":
        lacks = np.array([_is_missing(value) for value in values.tolist()], dtype=bool)
        values = np.where(lacks, np.nan, values)
    try:
        if values.dtype.kind == "b" or all(isinstance(v, bool) for v in set(values.tolist())):
            return _categories(name, values.astype(str))
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        lacks = np.array([_is_missing(value) for value in values.tolist()], dtype=bool)
        return _categories(name, np.where(lacks, MISSING, values.astype(str)))
    lacks = np.isnan(numbers)
    if len(np.unique(numbers[~lacks])) > 2:
        return [Column(name, numbers)]
    return _categories(name, np.where(lacks, MISSING, [f"{v:g}" for v in numbers]))


def _is_missing(value: Any) -> bool:
    named = value is None or type(value).__name__ in ("NAType", "NaTType")
    return named or (isinstance(value, float) and isnan(value))


def _categories(name: str, texts: NDArray[Any]) -> list[Column]:
    found, counts = np.unique(texts, return_counts=True)
    if len(found) == 2:
        return [Column(name, 1.0 * (texts == found[1]), str(found[1]), str(found[0]))]
    frequent = found[np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]]
    return [Column(name, 1.0 * (texts == each), str(each)) for each in frequent]


def in_words(conditions: Sequence[Condition]) -> str:
    """Return what holds of rows on which several conditions do.

    Parameters
    ----------
    conditions : sequence of Condition
        From the root of a tree to a leaf.

    Returns
    -------
    words : str
        "all rows" where there are none.
    """
    by_name: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_name.setdefault(condition.column.name, []).append(condition)
    parts = [
        (_of_numbers if own[0].column.category is None else _of_categories)(name, own)
        for name, own in by_name.items()
    ]
    return " and ".join(parts) or "all rows"


def _of_numbers(name: str, conditions: Sequence[Condition]) -> str:
    """Return "low < name <= high", as far as there are ends."""
    low = max((c.threshold for c in conditions if not c.below), default=None)
    high = min((c.threshold for c in conditions if c.below), default=None)
    column = conditions[0].column
    if low is not None and high is not None:
        words = f"{_number(column, low)} < {name} <= {_number(column, high)}"
    elif high is not None:
        words = f"{name} <= {_number(column, high)}"
    else:
        words = f"{name} > {_number(column, low)}"
    may_lack = np.isnan(column.values).any()
    return f"({words} or {MISSING})" if may_lack and all(c.missing for c in conditions) else words


def _of_categories(name: str, conditions: Sequence[Condition]) -> str:
    """Return the category, or those that it is none of."""
    for condition in conditions:
        if not condition.below:
            return f"{name} = {condition.column.category}"
    others = [condition.column for condition in conditions]
    if others[0].other is not None:
        return f"{name} = {others[0].other}"
    listed = ", ".join(str(column.category) for column in others)
    return f"{name} is not {listed}" if len(others) == 1 else f"{name} is none of {listed}"


def _number(column: Column, threshold: float | None) -> str:
    """Return a threshold with no more digits than it takes to part the same rows."""
    values = column.values[~np.isnan(column.values)]
    low = values[values <= threshold].max(initial=-np.inf)
    if column.is_time:
        return str(np.datetime64(int(low), "s")).replace("T", " ").removesuffix(" 00:00:00")
    high = values[values > threshold].min(initial=np.inf)
    tried = (f"{each:.{digits}g}" for digits in range(1, 18) for each in (threshold, low))
    fits = (text for text in tried if low <= float(text) < high)
    return f"{float(next(fits, str(threshold))):.15g}"
