"""MUNGE: synthetic rows made of pairs of near rows, column by column and of any kind.

Source: Bucila, Caruana and Niculescu-Mizil, *Model Compression*, KDD 2006.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skdistill._ground.arrays import has_namespace
from skdistill._ground.compat import take_rows
from skdistill._ground.validation import check_integer, check_number, columns_of, is_missing
from skdistill.exceptions import InputError

__all__ = ["Drawn", "Munge", "check_dense"]

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
    parent, neighbour : array of shape (N,)
        The labelled rows that each was made from; both are of the fold.
    """

    fold: int
    X: Any
    parent: Index
    neighbour: Index


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

    def draw(
        self, X: Any, folds: Mapping[int, Index], neighbours: Sequence[Index] | None = None
    ) -> tuple[Drawn, ...]:
        """Make the synthetic rows of each fold.

        Parameters
        ----------
        X : array-like or data frame of n rows
            Features of the labelled rows.
        folds : mapping of int to array
            Rows of each fold, by its number; the same rows give the same draws.
        neighbours : sequence of arrays, or None, default=None
            The neighbours of an earlier draw, one array per fold: among many equally near rows
            another machine may find others.

        Returns
        -------
        drawn : tuple of Drawn
            One per fold.

        Raises
        ------
        InputError
            If the rows are sparse, on a device, or no table.
        """
        check_dense(X)
        known = [None] * len(folds) if neighbours is None else neighbours
        parts = zip(folds.items(), known, strict=True)
        return tuple(self._of_fold(X, *part, near) for part, near in parts)

    def _of_fold(self, X: Any, fold: int, rows: Index, known: Index | None) -> Drawn:
        rng = np.random.default_rng((self.random_state, fold))
        columns = columns_of(take_rows(X, rows))
        own = np.tile(np.arange(len(rows)), self.copies)
        near = _neighbours(columns, self.n_neighbors)
        other = near[own, rng.integers(near.shape[1], size=len(own))]
        other = other if known is None else np.searchsorted(rows, known)
        mixed = [self._exchange(column, own, other, rng) for column in columns]
        return Drawn(fold, _table(mixed, X), rows[own], rows[other])

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
        return _with(mixed, rng.normal(np.where(swapped, numbers[other], numbers[own]), width))


def check_dense(X: Any) -> None:
    """Raise InputError for what no synthetic rows can be made of."""
    got = None
    if sp.issparse(X):
        got = "a sparse array"
    elif has_namespace(X):
        got = "an array on a device"
    elif not hasattr(X, "columns"):
        try:
            values = np.asarray(X)
        except ValueError:  # NumPy's, of rows of several lengths
            values = np.empty(0, dtype=object)
        if values.ndim != 2:
            got = f"{values.ndim} dimensions"
        elif not hasattr(X, "dtype") and values.dtype.kind not in "fiub":
            got = "a list that is not all numbers"
    if got is not None:
        raise InputError(
            "synthetic rows are made of a NumPy array of two dimensions or a data frame, got "
            f"{got}: convert it, or leave synthetic at None."
        )


def _table(columns: list[Any], like: Any) -> Any:
    """Return columns as a table of the kind of `like`."""
    if hasattr(like, "iloc"):
        fresh = [column.reset_index(drop=True) for column in columns]
        return sys.modules["pandas"].concat(fresh, axis=1).set_axis(like.columns, axis=1)
    if hasattr(like, "columns"):
        return type(like)(columns)
    return np.column_stack(columns)


def _numbers(column: Any) -> Floats | None:
    """Return the numbers of a column, NaN where there is none; None if it has others.

    Categories are none, whatever they are called; objects are if all of them are.
    """
    kind = getattr(column.dtype, "kind", "")
    if hasattr(column, "iloc") and column.dtype != object:
        known = kind in "fiub"
        return column.to_numpy(dtype=np.float64, na_value=np.nan) if known else None
    values = np.asarray(column)
    if values.dtype.kind == "O":
        return _from_objects(values.tolist())
    return values.astype(np.float64) if values.dtype.kind in "fiub" else None


def _from_objects(values: list[Any]) -> Floats | None:
    numbers = np.full(len(values), np.nan)
    for place, value in enumerate(values):
        if is_missing(value):
            continue
        if not isinstance(value, Real):
            return None
        numbers[place] = float(value)
    return numbers


def _is_continuous(numbers: Floats) -> bool:
    """Whether there is a number among them that is not whole."""
    finite = numbers[np.isfinite(numbers)]
    return bool(np.any(finite != np.round(finite)))


def _with(column: Any, numbers: Floats) -> Any:
    """Return a column with other numbers in it; what is missing stays as it is."""
    if column.dtype == object:
        values = np.array(column, dtype=object)
        known = ~np.isnan(numbers)
        values[known] = numbers[known]
        return type(column)(values, name=column.name) if hasattr(column, "iloc") else values
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
            known = np.isfinite(numbers)
            points = np.where(known, numbers, np.nan)[:, None]
            if known.any():  # by a power of two, which is exact: the variance may overflow
                points = np.ldexp(points, -np.frexp(np.max(np.abs(numbers[known])))[1])
            scaled = StandardScaler().fit_transform(points) if known.any() else points
            blocks.append(np.nan_to_num(scaled))
    return np.hstack(blocks)
