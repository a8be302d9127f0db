"""The rows of a fit, checked once."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import indexable

from skdistill._ground.arrays import has_namespace
from skdistill._ground.compat import take_rows, warn_user
from skdistill._ground.outcomes import Classes, Numbers, Outcome
from skdistill._ground.quantities import as_quantities, as_rates, check_finite
from skdistill._ground.validation import (
    as_labels,
    brief,
    check_columns,
    check_groups,
    check_labels,
    check_unmasked,
    check_weights,
    index_rows,
)
from skdistill.exceptions import InputError, LeakWarning

__all__ = [
    "Data",
    "check_alike",
    "check_data",
    "check_numeric_data",
    "given_answers",
    "stack_rows",
]


@dataclass(frozen=True)
class Data:
    """Rows with weight, and where they stood among the rows given.

    Attributes
    ----------
    X : array-like or data frame of n rows
        Features, untouched.
    y : array of shape (n,), or (n, m) for several outputs
        Labels as the user gave them, or numbers.
    outcome : Outcome
        Which of the two, and what is asked of teachers.
    weight : array of shape (n,) or None
        Positive row weights; None for equal ones.
    groups : array of shape (n,) or None
        Group of each row.
    kept : array of shape (n,)
        Number of each row among those given: rows of weight zero are gone.
    n_given : int
        How many rows were given.
    labelled : bool
        Whether the labels are true; else they were drawn by the probabilities.
    rates : bool
        Whether y is per unit of an exposure, which the weights hold.
    """

    X: Any
    y: NDArray[Any]
    outcome: Outcome
    weight: NDArray[np.float64] | None
    groups: NDArray[Any] | None
    kept: NDArray[np.int64]
    n_given: int
    labelled: bool = True
    rates: bool = False

    def __len__(self) -> int:
        return len(self.y)

    @property
    def classes(self) -> NDArray[Any]:
        """Sorted classes, shape (K,); none where there are numbers."""
        return self.outcome.classes

    @property
    def codes(self) -> NDArray[np.int64]:
        """Class index of each row, shape (n,)."""
        return np.searchsorted(self.classes, self.y)

    @property
    def columns(self) -> NDArray[np.float64]:
        """What was observed, shape (n, C): one-hot labels, or numbers."""
        return self.outcome.encode(self.y)

    def take(self, rows: NDArray[np.int64]) -> "Data":
        """Return some of the rows; the classes stay all of them."""
        some = {
            name: None if getattr(self, name) is None else getattr(self, name)[rows]
            for name in ("y", "weight", "groups", "kept")
        }
        return replace(self, X=take_rows(self.X, rows), **some)

    def of_given(self, value: Any) -> Any:
        """Return metadata with one entry per given row at the kept rows; anything else as is."""
        return value if len(self) == self.n_given else index_rows(value, self.kept, self.n_given)

    def spread(self, values: NDArray[Any], blank: float = np.nan) -> NDArray[Any]:
        """Return `values` of n rows as of the n_given ones, `blank` in rows without weight."""
        full = np.full((self.n_given, *values.shape[1:]), blank, dtype=values.dtype)
        full[self.kept] = values
        return full


def check_data(
    X: Any, y: Any, sample_weight: Any, groups: Any, classes: NDArray[Any] | None = None
) -> Data:
    """Check labels, weights and lengths, and drop the rows of weight zero.

    Parameters
    ----------
    X : array-like, sparse array or data frame of n rows
        Features.
    y : array-like of shape (n,)
        Labels.
    sample_weight : array-like of shape (n,) or None
        Row weights.
    groups : array-like of shape (n,) or None
        Groups.
    classes : array of shape (K,) or None, default=None
        All sorted classes, where some may have no row; None for those of `y`.

    Returns
    -------
    data : Data

    Raises
    ------
    InputError
        If labels or weights cannot be used.
    ValueError
        If the lengths differ (raised by scikit-learn).
    """

    def outcome(labels: NDArray[Any], kept: NDArray[np.int64]) -> Outcome:
        return Classes(check_labels(labels, kept)[0] if classes is None else classes)

    return _rows(X, as_labels(y), sample_weight, groups, outcome)


def check_numeric_data(
    X: Any, y: Any, sample_weight: Any, groups: Any, exposure: Any = None
) -> Data:
    """Check numbers to be predicted, weights and lengths, and drop the rows of weight zero.

    Parameters
    ----------
    X, sample_weight, groups
        Of `check_data`.
    y : array-like of shape (n,) or (n, m)
        Numbers, of m outputs.
    exposure : array-like of shape (n,) or None, default=None
        What y is the total of (`as_rates`).

    Returns
    -------
    data : Data

    Raises
    ------
    InputError
        If numbers or weights cannot be used.
    ValueError
        If the lengths differ (raised by scikit-learn).
    """

    def outcome(values: NDArray[Any], kept: NDArray[np.int64]) -> Outcome:
        check_finite(values, kept)
        return Numbers() if values.ndim == 1 else Numbers(values.shape[1], flat=False)

    values = as_quantities(y)
    if exposure is None:
        return _rows(X, values, sample_weight, groups, outcome)
    values, weight = as_rates(values, exposure, check_weights(sample_weight, len(values)))
    return replace(_rows(X, values, weight, groups, outcome), rates=True)


def _rows(
    X: Any,
    labels: NDArray[Any],
    sample_weight: Any,
    groups: Any,
    outcome: Callable[[NDArray[Any], NDArray[np.int64]], Outcome],
) -> Data:
    """Return the rows of positive weight, of which `outcome` says what there is to predict."""
    X, labels, groups = indexable(X, labels, groups)
    weight = check_weights(sample_weight, len(labels))
    kept = np.arange(len(labels)) if weight is None else np.flatnonzero(weight)
    n_given = len(labels)
    groups = None if groups is None else check_groups(groups)
    if len(kept) < n_given:
        X, labels = take_rows(X, kept), labels[kept]
        weight = None if weight is None else weight[kept]
        groups = None if groups is None else groups[kept]
    _check_not_empty(X)
    return Data(X, labels, outcome(labels, kept), weight, groups, kept, n_given)


def _check_not_empty(X: Any) -> None:
    shape = X.shape if hasattr(X, "shape") else (len(X),)
    if shape[0] == 0:
        raise InputError(
            "X has 0 sample(s) with a positive weight while a minimum of 1 is required."
        )
    if len(shape) == 2 and shape[1] == 0:
        raise InputError(f"X has 0 feature(s) (shape={shape}) while a minimum of 1 is required.")


def check_alike(X: Any, others: Any, name: str) -> None:
    """Raise InputError unless two sets of rows are of the same kind, to be stacked."""
    kinds = [_kind(rows) for rows in (X, others)]
    if kinds[0] != kinds[1]:
        raise InputError(
            f"{name} must be of the same kind as X, got {kinds[1]} beside {kinds[0]}: convert one "
            "of them."
        )
    if hasattr(X, "columns") and X.shape[1:] == others.shape[1:]:
        if hasattr(X, "iloc"):
            _check_categories(X, others, name)
        _check_columns(X, others, name)


def _check_categories(X: Any, others: Any, name: str) -> None:
    """Raise InputError where a column of pandas would lose its categories when it is stacked."""
    for column, ours, theirs in zip(X.columns, X.dtypes, others.dtypes, strict=True):
        if "category" in (ours.name, theirs.name) and ours != theirs:
            raise InputError(
                f"{name} must have the categories of X in column {column!r}, got "
                f"{brief(theirs)} beside {brief(ours)}: set them, "
                f"{name}[{column!r}] = {name}[{column!r}].astype(X[{column!r}].dtype)."
            )


def _check_columns(X: Any, others: Any, name: str) -> None:
    """Raise InputError where values of a column would change, or be refused, when it is stacked."""
    for column, ours, theirs in zip(X.columns, X.dtypes, others.dtypes, strict=True):
        if ours != theirs and not _go_together(ours, theirs):
            raise InputError(
                f"{name} must have the dtypes of X, got {theirs} in column {column!r}, which is "
                f"{ours} in X: cast one of them."
            )


def _go_together(ours: Any, theirs: Any) -> bool:
    """Whether columns of two dtypes can be stacked: numbers, of any size; text, however it is kept.

    A dtype of pandas has a kind; one of polars says whether it is numeric.
    """
    if hasattr(ours, "kind"):
        kinds = {"u": "number", "i": "number", "f": "number", "b": "flag", "M": "time", "m": "span"}
        return kinds.get(ours.kind, "other") == kinds.get(theirs.kind, "other")
    return bool(ours.is_numeric() and theirs.is_numeric())


def _kind(rows: Any) -> str:
    if sp.issparse(rows):
        return "a sparse array"
    if hasattr(rows, "columns"):
        return f"a data frame of {type(rows).__module__.partition('.')[0]}"
    return "an array on a device" if has_namespace(rows) else "an array"


def stack_rows(top: Any, bottom: Any) -> Any:
    """Return two sets of rows as one, of the same kind: array, sparse array, pandas or polars."""
    if sp.issparse(top):
        return sp.vstack([top, bottom], format="csr")
    if hasattr(top, "iloc"):
        return sys.modules["pandas"].concat([top, bottom], ignore_index=True)
    if hasattr(top, "vstack"):
        return sys.modules["polars"].concat([top, bottom], how="vertical_relaxed")
    return np.concatenate([np.asarray(top), np.asarray(bottom)])


def given_answers(
    said: Any,
    data: Data,
    may_lack: NDArray[np.bool_] | None = None,
    student: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return what a teacher from elsewhere said, out of fold, at the kept rows, checked.

    Parameters
    ----------
    said : array-like of shape (n_given, C)
        One row per given row.
    data : Data
        The rows of the fit.
    may_lack : bool array of shape (n,) or None, default=None
        Which rows may be all NaN: nothing was said of them. None for no row but those of weight
        zero.
    student : array of shape (n, C) or None, default=None
        What the student trained directly says, out of fold. Where the teacher knows the labels far
        better, a LeakWarning says that it may have seen them.

    Returns
    -------
    values : array of shape (n, C)

    Raises
    ------
    InputError
        If the teacher cannot have said that, or the shape is wrong.
    """
    outcome, name = data.outcome, data.outcome.given
    if len(data.classes):
        check_columns(said, data.classes, name)
    check_unmasked(name, said)
    _check_index(said, data)
    values = np.asarray(said)
    values = values.reshape(-1, 1) if values.ndim == outcome.n_columns == 1 else values
    lacks = np.zeros(data.n_given, dtype=bool)
    if values.shape == (data.n_given, outcome.n_columns) and values.dtype.kind == "f":
        allowed = np.ones(data.n_given, dtype=bool)
        allowed[data.kept] = False if may_lack is None else may_lack
        lacks = allowed & np.isnan(values).all(axis=1)
        values = np.where(lacks[:, None], 1.0 / values.shape[1], values)
    remedy = f"Pass the out-of-fold {outcome.method} of your model."
    checked = outcome.check(values, data.n_given, name, remedy)
    checked[lacks] = np.nan
    kept = np.asarray(checked[data.kept])
    if student is not None:
        _warn_if_seen(kept, student, data)
    return kept


def _check_index(said: Any, data: Data) -> None:
    """Raise InputError where it has the index of X in another order: rows go by their place."""
    if not (hasattr(said, "iloc") and hasattr(data.X, "iloc")) or len(said) != data.n_given:
        return
    ours, name = data.X.index, data.outcome.given
    if said.index.is_unique and ours.isin(said.index).all():
        if said.index[data.kept].equals(ours):
            return
        raise InputError(
            f"{name} must have its rows in the order of X, got the same index in another order: "
            f"pass {name}.loc[X.index], or an array if the index means nothing."
        )


def _warn_if_seen(said: NDArray[np.float64], student: NDArray[np.float64], data: Data) -> None:
    """Warn where what was said looks as if it had seen what was observed."""
    both = np.flatnonzero(~np.isnan(said[:, 0] + student[:, 0]))
    told = data.outcome.suspicion(data.columns[both], said[both], student[both])
    if told is not None:
        warn_user(
            f"{data.outcome.given} {told}: a teacher that was fitted on these very rows looks like "
            "that. Pass what it says out of fold, such as "
            f"cross_val_predict(method={data.outcome.method!r}) gives; if this is that, the task "
            "is easy for it.",
            LeakWarning,
        )
