"""Synthetic rows: made of two labelled rows of a fold, labelled by a teacher that saw neither.

MUNGE (Bucila, Caruana and Niculescu-Mizil, *Model Compression*, KDD 2006): a row and a near
neighbour exchange some of their values, and the student learns what the teacher says between and
around the labelled rows. Whoever labels a synthetic row must not have seen the labels of its
parents, else they leak through it: so both are rows of one fold, and that fold's teacher is asked.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from joblib import hash as joblib_hash
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skdistill._arrays import has_namespace
from skdistill._compat import take_rows
from skdistill._data import stack_rows
from skdistill._validation import check_integer, check_number
from skdistill.crossfit import class_probabilities
from skdistill.exceptions import InputError, ParameterError
from skdistill.transfer import Transfer

__all__ = [
    "Drawn",
    "Kept",
    "Munge",
    "Synthetic",
    "label_synthetic",
    "redraw",
    "resolve_synthetic",
]

Index = NDArray[np.int64]
Floats = NDArray[np.float64]
MAX_CATEGORIES = 32  # of a column, where neighbours are looked for; the rarest count as one


@dataclass(frozen=True)
class Drawn:
    """Synthetic rows of one fold, without labels yet.

    Attributes
    ----------
    fold : int
        Number of the fold.
    X : array-like or data frame of N rows
        Features, of the kind of the labelled rows.
    parent : array of shape (N,)
        The labelled row that each was made from; its neighbour is of the same fold.
    """

    fold: int
    X: Any
    parent: Index


@dataclass(frozen=True)
class Synthetic(Transfer):
    """Synthetic rows and what the teachers of their folds say of them.

    They are no rows of their own, whatever their number: those of a labelled row weigh together
    what it weighs, and the labelled rows do not answer for them.

    Attributes
    ----------
    parent : array of shape (N,)
        The labelled row that each was made from.
    """

    parent: Index
    what: ClassVar[str] = "synthetic rows"

    @classmethod
    def of(cls, drawn: Sequence[Drawn], raw: Floats) -> "Synthetic":
        """Put the rows of all folds together; `raw` has their probabilities, fold after fold."""
        X = drawn[0].X
        for part in drawn[1:]:
            X = stack_rows(X, part.X)
        return cls(X, raw, np.concatenate([part.parent for part in drawn]))

    def take(self, rows: Index) -> "Synthetic":
        """Return the same rows where of the labelled ones only some are left, in order."""
        return replace(self, parent=np.searchsorted(rows, self.parent))

    def share(self, n_rows: int) -> float:
        """Return 1: the labelled rows answer for themselves only."""
        return 1.0

    def weights(self, weight: Floats | None) -> Floats:
        """Return the weight of each row: its part of its parent's."""
        of_parent = 1.0 if weight is None else weight[self.parent]
        return np.asarray(of_parent / np.bincount(self.parent)[self.parent])


@dataclass(frozen=True)
class Munge:
    """Make synthetic rows by exchanging values between neighbours.

    Of each labelled row `copies` are made. In each copy every column takes the value of one of the
    nearest rows of the same fold with probability `swap`; a continuous one is drawn from the normal
    distribution around it whose standard deviation is the distance of both values divided by
    `spread`. Columns of whole numbers or of anything but numbers take the neighbour's value as it
    is. Columns that belong together, such as the dummies of one category, are exchanged apart:
    give categories as one column. Neighbours are those by standardised numbers, with a distance of
    1 between different categories; rows that are equal are no neighbours.

    Parameters
    ----------
    copies : int, default=4
        Synthetic rows per labelled row.
    swap : float in (0, 1], default=0.5
        Probability that a column is exchanged.
    spread : float, default=1.0
        Positive; the greater, the closer a number stays to the neighbour's.
    n_neighbors : int, default=5
        How many of the nearest rows one is drawn from.
    random_state : int, default=0
        Of the draws.

    Raises
    ------
    ParameterError
        If a number is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Munge
    >>> X = np.array([[0.5, 0], [1.5, 1], [8.5, 1]])
    >>> (drawn,) = Munge(copies=2, n_neighbors=1).draw(X, {0: np.array([0, 1, 2])})
    >>> drawn.X.shape, drawn.parent.tolist()
    ((6, 2), [0, 1, 2, 0, 1, 2])
    """

    copies: int = 4
    swap: float = 0.5
    spread: float = 1.0
    n_neighbors: int = 5
    random_state: int = 0

    def __post_init__(self) -> None:
        check_integer("copies", self.copies, low=1)
        check_number("swap", self.swap, low=0.0, high=1.0, low_open=True)
        check_number("spread", self.spread, low=0.0, low_open=True)
        check_integer("n_neighbors", self.n_neighbors, low=1)
        check_integer("random_state", self.random_state, low=0)

    def draw(self, X: Any, folds: Mapping[int, Index]) -> tuple[Drawn, ...]:
        """Make the synthetic rows of each fold.

        Parameters
        ----------
        X : array-like or data frame of n rows
            Features of the labelled rows.
        folds : mapping of int to array
            Rows of each fold, by its number; the same rows give the same draws.

        Returns
        -------
        drawn : tuple of Drawn
            One per fold.

        Raises
        ------
        InputError
            If the rows are sparse, on a device, or no table.
        """
        _check_dense(X)
        return tuple(self._of_fold(X, fold, rows) for fold, rows in folds.items())

    def _of_fold(self, X: Any, fold: int, rows: Index) -> Drawn:
        rng = np.random.default_rng((self.random_state, fold))
        columns = _columns(take_rows(X, rows))
        near = _neighbours(columns, self.n_neighbors)
        own = np.tile(np.arange(len(rows)), self.copies)
        other = near[own, rng.integers(near.shape[1], size=len(own))]
        mixed = [self._exchange(column, own, other, rng) for column in columns]
        return Drawn(fold, _table(mixed, X), rows[own])

    def _exchange(self, column: Any, own: Index, other: Index, rng: np.random.Generator) -> Any:
        """Return one column of the synthetic rows."""
        swapped = rng.random(len(own)) < self.swap
        mixed = take_rows(column, np.where(swapped, other, own))
        numbers = _numbers(column)
        if numbers is None or not _is_continuous(numbers):
            return mixed
        with np.errstate(invalid="ignore"):  # infinity less infinity
            apart = np.abs(numbers[own] - numbers[other]) / self.spread
        width = np.where(swapped & np.isfinite(apart), apart, 0.0)
        return _like(column, rng.normal(np.where(swapped, numbers[other], numbers[own]), width))


def label_synthetic(
    munge: Munge,
    X: Any,
    folds: Mapping[int, Index],
    teacher_of: Callable[[int], Any],
    classes: NDArray[Any],
) -> Synthetic:
    """Make synthetic rows, each labelled by a teacher that has seen neither of its parents.

    Parameters
    ----------
    munge : Munge
        What makes them.
    X : array-like or data frame of n rows
        Features of the labelled rows.
    folds : mapping of int to array
        Rows of each fold, by its number.
    teacher_of : callable
        Gives the fitted teacher of a fold by its number.
    classes : array of shape (K,)
        Sorted classes.

    Returns
    -------
    synthetic : Synthetic
    """
    drawn = munge.draw(X, folds)
    raw = [class_probabilities(teacher_of(part.fold), part.X, classes) for part in drawn]
    return Synthetic.of(drawn, np.concatenate(raw))


@dataclass(frozen=True)
class Kept:
    """What is left of synthetic rows after a fit: they can be made again, their teachers cannot.

    Attributes
    ----------
    munge : Munge
        What made them.
    raw : array of shape (N, K)
        What the teachers said.
    fingerprint : str
        Of the rows.
    """

    munge: Munge
    raw: Floats
    fingerprint: str

    @classmethod
    def of(cls, rows: Synthetic, munge: Munge) -> "Kept":
        """Return what is kept of rows."""
        return cls(munge, rows.raw, str(joblib_hash(rows.X)))


def redraw(munge: Munge, X: Any, folds: Mapping[int, Index], kept: Kept | None) -> Synthetic:
    """Make the synthetic rows of an earlier fit again.

    Parameters
    ----------
    munge, X, folds
        Of `label_synthetic`.
    kept : Kept or None
        What was kept of them; None if there were none.

    Returns
    -------
    synthetic : Synthetic

    Raises
    ------
    ParameterError
        If there were none, or others were made.
    InputError
        If these rows make others.
    """
    if kept is None or kept.munge != munge:
        raise ParameterError(
            f"synthetic can be set to None only, got {munge!r}: other rows need the fold teachers, "
            "which are gone. Clone the estimator and fit it."
        )
    rows = Synthetic.of(munge.draw(X, folds), kept.raw)
    if Kept.of(rows, munge).fingerprint != kept.fingerprint:
        raise InputError(
            "X must be the rows that the estimator was fitted on: synthetic rows made of these are "
            "others than those that the fold teachers have labelled, who are gone. Call fit for "
            "other rows."
        )
    return rows


def resolve_synthetic(synthetic: Any) -> Munge | None:
    """Return what makes synthetic rows, None for none.

    Parameters
    ----------
    synthetic : {None, "munge"} or Munge
        Of `DistilledClassifier`.

    Returns
    -------
    munge : Munge or None

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    if synthetic is None or isinstance(synthetic, Munge):
        return synthetic
    if isinstance(synthetic, str) and synthetic == "munge":
        return Munge()
    raise ParameterError(f"synthetic must be None, 'munge' or a Munge, got {synthetic!r}.")


def _check_dense(X: Any) -> None:
    got = None
    if sp.issparse(X):
        got = "a sparse array"
    elif has_namespace(X):
        got = "an array on a device"
    elif not hasattr(X, "columns") and np.ndim(X) != 2:
        got = f"{np.ndim(X)} dimensions"
    if got is not None:
        raise InputError(
            "synthetic rows are made of a NumPy array of two dimensions or a data frame, got "
            f"{got}: convert it, or leave synthetic at None."
        )


def _columns(X: Any) -> list[Any]:
    """Return the columns of a table, each of its own kind."""
    if hasattr(X, "iloc"):  # by place: names may be repeated
        return [X.iloc[:, place] for place in range(X.shape[1])]
    if hasattr(X, "columns"):
        return [X[name] for name in X.columns]
    return list(np.asarray(X).T)


def _table(columns: list[Any], like: Any) -> Any:
    """Return columns as a table of the kind of `like`."""
    if hasattr(like, "iloc"):
        fresh = [column.reset_index(drop=True) for column in columns]
        return sys.modules["pandas"].concat(fresh, axis=1).set_axis(like.columns, axis=1)
    if hasattr(like, "columns"):
        return type(like)(columns)
    return np.column_stack(columns)


def _numbers(column: Any) -> Floats | None:
    """Return the numbers of a column, NaN where there is none; None if it has others."""
    if getattr(column.dtype, "kind", "") in "fiub" and hasattr(column, "iloc"):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    values = np.asarray(column)
    return values.astype(np.float64) if values.dtype.kind in "fiub" else None


def _is_continuous(numbers: Floats) -> bool:
    """Whether there is a number among them that is not whole."""
    finite = numbers[np.isfinite(numbers)]
    return bool(np.any(finite != np.round(finite)))


def _like(column: Any, numbers: Floats) -> Any:
    """Return numbers as a column of the kind of another."""
    if isinstance(column, np.ndarray):
        return numbers.astype(column.dtype)
    if hasattr(column, "iloc"):
        return type(column)(numbers, dtype=column.dtype, name=column.name)
    lacks = column.null_count() > 0
    return type(column)(column.name, numbers, dtype=column.dtype, nan_to_null=lacks)


def _neighbours(columns: list[Any], n_neighbors: int) -> Index:
    """Return the nearest different rows of each row, shape (n, k); itself where all are alike."""
    points, first, which = np.unique(
        _coordinates(columns), axis=0, return_index=True, return_inverse=True
    )
    k = min(n_neighbors, len(points) - 1)
    if k == 0:
        return np.arange(len(columns[0]))[:, None]
    near = NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
    return np.asarray(first[near[which.ravel()]])


def _coordinates(columns: list[Any]) -> Floats:
    """Return the rows as points: numbers standardised, those that are missing in the middle."""
    blocks = []
    for column in columns:
        numbers = _numbers(column)
        if numbers is None:
            codes = np.unique(np.asarray(column).astype(str), return_inverse=True)[1]
            encoder = OneHotEncoder(max_categories=MAX_CATEGORIES, sparse_output=False)
            blocks.append(encoder.fit_transform(codes[:, None]) / np.sqrt(2.0))
        else:
            known = np.where(np.isfinite(numbers), numbers, np.nan)[:, None]
            blocks.append(np.nan_to_num(StandardScaler().fit_transform(known)))
    return np.hstack(blocks)
