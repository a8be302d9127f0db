"""Columns that hold a quantity of each row: a target that is a number, an exposure."""

from typing import TYPE_CHECKING

import numpy as np

from skdistill import NumericLoss
from skdistill.cli.cells import TIME, number
from skdistill.cli.errors import CommandError
from skdistill.cli.readings import is_date, present_cells, read_numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_domain", "check_finite", "check_numbers", "divide_by", "read_quantities"]

_WITH_UNIT = {"%": "percentages such as '12%'", TIME: "times such as '12:30'"}


def read_quantities(
    cells: "pd.Series", decimal: str, path: str, unit: str | None = None, otherwise: str = ""
) -> np.ndarray:
    """Read a column that holds a number in every row, as columns of numbers are read.

    Parameters
    ----------
    cells : Series
        Rows numbered from 0 as in the file.
    decimal : str
        Before the decimals of numbers in texts.
    path : str
        Where they are from, for messages.
    unit : str or None, default=None
        Of the numbers; None for that of most of them.
    otherwise : str, default=""
        What else may be done where they are no numbers, to follow other advice.

    Returns
    -------
    values : ndarray of shape (n,)
        Finite.

    Raises
    ------
    CommandError
        If a row holds no number, or an infinite one.
    """
    said = f"{path}: column {cells.name!r}"
    if is_date(cells):
        raise CommandError(
            f"{said} must hold numbers, got dates: put days since some date in a column of their "
            f"own and name that one{otherwise}"
        )
    present = present_cells(cells)
    missing = len(cells) - len(present)
    if missing:
        first = cells.index.difference(present.index)[0] + 1
        raise CommandError(
            f"{said} is missing in {missing:,} of {len(cells):,} rows, first in data row {first}; "
            "remove these rows or fill them in"
        )
    plain = present.dtype.kind in "if"
    reading = read_numbers(present, decimal, unit)
    odd = present[present != 0] if plain and unit in _WITH_UNIT else reading.odd
    if len(odd):
        raise CommandError(
            f"{said} must hold {_WITH_UNIT.get(unit or '', 'a number')} in every row, got "
            f"{odd.iloc[0]!r} in data row {odd.index[0] + 1} ({len(odd):,} of {len(cells):,} "
            f"rows): mend these rows or remove them{_decimals(odd.iloc[0], decimal)}{otherwise}"
        )
    values = reading.found.to_numpy(dtype=float)
    check_finite(values, str(cells.name), path)
    return values


def check_finite(values: np.ndarray, column: str, path: str) -> None:
    """Raise CommandError for the first infinite one of the numbers (n,) of a column."""
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise CommandError(
            f"{path}: column {column!r} must be finite, got {values[infinite[0]]} in data row "
            f"{infinite[0] + 1} ({len(infinite):,} in all): remove these rows or mend them"
        )


def _decimals(cell: object, decimal: str) -> str:
    """Return what to do where a cell is a number by the other decimal mark."""
    other = "," if decimal == "." else "."
    by_other = isinstance(cell, str) and other in cell and number(cell, other) is not None
    return f"; --decimal {other} reads decimals set off by {other!r}" if by_other else ""


def divide_by(exposure: np.ndarray, y: np.ndarray, column: str, path: str) -> np.ndarray:
    """Return y per unit of an exposure.

    Raises
    ------
    CommandError
        If an exposure is not positive.
    """
    wrong = np.flatnonzero(exposure <= 0)
    if len(wrong):
        raise CommandError(
            f"{path}: column {column!r} (--exposure) must be positive, got "
            f"{exposure[wrong[0]]:g} in data row {wrong[0] + 1} ({len(wrong):,} in all): remove "
            "these rows, which say nothing, or mend them"
        )
    return y / exposure


def check_numbers(y: np.ndarray, least: int, purpose: str, column: str, path: str) -> None:
    """Raise CommandError where all numbers are equal, or there are fewer than `least`.

    Parameters
    ----------
    y : ndarray of shape (n,)
    least : int
    purpose : str
        What so many rows are needed for.
    column, path : str
        Where the numbers are from.
    """
    if np.ptp(y) == 0:
        raise CommandError(
            f"{path}: column {column!r} holds one number only, {y[0]:g}, in {len(y):,} row(s): "
            "expected at least two different ones; give more rows, or name another column"
        )
    if len(y) < least:
        raise CommandError(
            f"{path}: {len(y):,} row(s) are fewer than the {least} that {purpose} needs: give more "
            "rows"
        )


def check_domain(loss: NumericLoss, y: np.ndarray, column: str, path: str) -> None:
    """Raise CommandError where a loss is not defined for some of the numbers.

    Parameters
    ----------
    loss : NumericLoss
    y : ndarray of shape (n,)
        In the order of the file.
    column, path : str
        Where the numbers are from.
    """
    outside = np.flatnonzero(loss.cut(y[:, None])[1])
    if len(outside):
        zero = y[outside[0]] == 0
        others = "--loss poisson or squared_error" if zero else "--loss squared_error"
        raise CommandError(
            f"{path}: column {column!r} must be {'above' if zero else 'at least'} 0 for --loss "
            f"{loss.name}, got {y[outside[0]]:g} in data row {outside[0] + 1} ({len(outside):,} in "
            f"all): mend these rows or remove them, or pass {others}"
        )
    if loss.lower is not None and not y.any():
        raise CommandError(
            f"{path}: column {column!r} holds nothing but zeros, of which --loss {loss.name} has "
            "no finite mean: give rows with positive numbers"
        )
