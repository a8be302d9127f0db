"""Numbers that are to be predicted, and numbers that are said of rows, checked."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import column_or_1d

from skdistill._ground.validation import brief, check_unmasked, first_bad
from skdistill.exceptions import InputError

__all__ = ["as_quantities", "as_rates", "check_finite", "check_quantities"]

Floats = NDArray[np.float64]


def as_quantities(y: Any) -> Floats:
    """Return what is to be predicted as floats of shape (n,), or (n, m) for several outputs.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, m)
        Numbers; a table of one column is warned about, and taken as a column.

    Returns
    -------
    y : array of shape (n,) or (n, m)

    Raises
    ------
    InputError
        If they are no numbers.
    """
    check_unmasked("y", y)
    if y is None or isinstance(y, dict | Iterator | str | bytes):
        raise InputError(
            f"y must be an array of one number per row, got {brief(y)}: pass a list. This "
            "estimator requires y to be passed, but the target y is None."
            if y is None
            else f"y must be an array of one number per row, got {brief(y)}: pass a list."
        )
    values = _as_floats(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = column_or_1d(values, warn=True)
    if values.ndim not in (1, 2) or values.size == 0:
        raise InputError(
            f"y must have shape (n,), or (n, m) for m outputs, none of them 0, got shape "
            f"{values.shape}: give a number for each row."
        )
    return values


def _as_floats(y: Any) -> Floats:
    """Return numbers of any kind as floats; text that reads as numbers is text all the same."""
    if sp.issparse(y):
        raise InputError("y must be a dense array, got a sparse one: pass y.toarray().")
    try:
        values = np.asarray(y)
    except ValueError as error:
        raise InputError(
            f"y must have as many numbers in every row, got {brief(y)}: {error}"
        ) from error
    kinds = {values.dtype.name}
    if values.dtype == object:
        kinds = {type(each).__name__ for each in values.ravel()}
    if values.dtype.kind not in "biufO" or "str" in kinds:
        raise InputError(f"y must be numbers, got {_other_kind(values.dtype.kind, kinds)}")
    try:
        return values.astype(np.float64)
    except OverflowError as error:
        raise InputError(f"y must be finite, got {error}: give it in another unit.") from error
    except (TypeError, ValueError) as error:
        raise InputError(f"y must be numbers, got {_other_kind('O', kinds)}") from error


def _other_kind(kind: str, kinds: set[str]) -> str:
    """Return what came in the place of numbers, and what to do, for a message."""
    listed = ", ".join(sorted(kinds))
    if kind in "SUT" or "str" in kinds:
        return (
            "text: convert it (pandas.to_numeric), or use DistilledClassifier for classes. Unknown "
            "label type."
        )
    if kind == "c" or "complex" in kinds:
        return f"{listed}: give real and imaginary part as two outputs."
    if kind in "mM" or kinds & {"date", "datetime", "timedelta", "Timestamp", "Timedelta"}:
        return f"{listed}: count from a start, (y - y.min()) / pandas.Timedelta('1D') for instance."
    if kinds & {"NoneType", "NAType", "NaTType"}:
        return f"{listed}: drop the rows without a number. Input y contains NaN."
    return f"{listed}: make floats of them."


def as_rates(y: Floats, exposure: Any, weight: Floats | None) -> tuple[Floats, Floats]:
    """Return what was observed per unit of exposure, and the weight that stands for the exposure.

    With `y` the total of an exposure `e` whose units are independent, the rate ``y / e`` has a
    variance that falls as ``1 / e``: the weight ``e``. Of counts that is, for the Poisson loss, the
    very likelihood of `y` with the offset ``log e`` (Ohlsson and Johansson, *Non-Life Insurance
    Pricing with Generalized Linear Models*, 2010).

    Parameters
    ----------
    y : array of shape (n,) or (n, m)
        Totals.
    exposure : array-like of shape (n,)
        Positive; rows of weight zero may have any.
    weight : array of shape (n,) or None
        Row weights.

    Returns
    -------
    rates : array of shape (n,) or (n, m)
    weight : array of shape (n,)

    Raises
    ------
    InputError
        If an exposure is no positive number.
    """
    check_unmasked("exposure", exposure)
    units = np.asarray(exposure)
    if units.shape != (len(y),) or units.dtype.kind not in "fiubO":
        raise InputError(
            f"exposure must be numbers of shape ({len(y)},), one per row of X, got dtype "
            f"{units.dtype} and shape {units.shape}."
        )
    units = units.astype(np.float64)
    counts = np.ones(len(y), dtype=bool) if weight is None else weight > 0.0
    bad = counts & ~(np.isfinite(units) & (units > 0.0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"exposure must be finite and positive, got {units[row]} in row {row} "
            f"({int(bad.sum())} such rows): leave out rows that were not exposed."
        )
    units = np.where(counts, units, 1.0)
    of_rows = units if weight is None else weight * units
    return y / units.reshape(-1, *[1] * (y.ndim - 1)), of_rows


def check_finite(values: Floats, numbers: NDArray[np.int64]) -> None:
    """Raise InputError where y is not finite; `numbers` are those of its rows."""
    bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not bad.any():
        return
    raise InputError(
        f"y must be finite, got {first_bad(values, bad, numbers)}: drop the rows without a number. "
        "Input y contains NaN or infinity."
    )


def check_quantities(
    values: Any,
    n_rows: int,
    n_columns: int,
    name: str,
    remedy: str = "",
    numbers: NDArray[np.int64] | None = None,
) -> Floats:
    """Return what was said of rows as finite floats of shape (n_rows, n_columns).

    `numbers` are those of the rows, to be named in a message.

    Raises
    ------
    InputError
        If the shape is wrong, or an entry is NaN, infinite or no number.
    """
    check_unmasked(name, values)
    found = np.asarray(values)
    if found.dtype.kind not in "fiub":
        raise InputError(f"{name} must be numbers, got dtype {found.dtype}. {remedy}".rstrip())
    columns = found.reshape(-1, 1) if found.ndim == 1 else found
    if columns.shape != (n_rows, n_columns):
        wanted = f"({n_rows},)" if n_columns == 1 else str((n_rows, n_columns))
        raise InputError(
            f"{name} must have shape {wanted}, one prediction per row of X"
            f"{'' if n_columns == 1 else ' and column of y'}; got shape {found.shape}. "
            f"{remedy}".rstrip()
        )
    bad = ~np.isfinite(columns).all(axis=1)
    if bad.any():
        raise InputError(
            f"{name} must be finite, got {first_bad(columns, bad, numbers)}. {remedy}".rstrip()
        )
    return columns.astype(np.float64)
