"""What is to be predicted: classes, or numbers; one rule, said to the user.

The target is a number where ``--loss``, ``--quantile``, ``--power`` or ``--exposure`` say so.
Else it is one if at least 95% of its cells are numbers, as in columns of numbers, and if more than
20 of these are different or one of them is no whole number. Numbers with leading zeros are names,
and so is what a Parquet or Feather file has as categories or dates. What is no number is classes.
``--task`` says otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from skdistill.cli.classes import check_classes, class_labels, tell_classes
from skdistill.cli.errors import CommandError, note
from skdistill.cli.numbers import check_numbers, read_quantities
from skdistill.cli.readings import Reading, is_date, present_cells, read_numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AUTO", "TASKS", "Asked", "Target", "understand_target"]

TASKS = ("classify", "regress")
MANY = 20  # more different numbers are a quantity
_LEADING_ZERO = r"[+-]?0\d+"


@dataclass(frozen=True)
class Asked:
    """What the options say of the target.

    Attributes
    ----------
    task : str
        ``auto`` or one of `TASKS`.
    of_numbers : tuple of str
        Options that ask for a number.
    """

    task: str = "auto"
    of_numbers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.task == "classify" and self.of_numbers:
            raise CommandError(
                f"--task classify does not go with {' and '.join(self.of_numbers)}, which is for "
                "numbers: leave one of them out"
            )

    @property
    def name(self) -> str | None:
        """The task that is asked for; None where the target decides."""
        if self.task != "auto":
            return self.task
        return "regress" if self.of_numbers else None


AUTO = Asked()


@dataclass(frozen=True)
class Target:
    """What the target is understood to be.

    Attributes
    ----------
    name : str
        Of the column.
    task : str
        One of `TASKS`.
    read : callable
        Takes the column of a file and its path, returns labels or numbers.
    unit : str
        Of numbers.
    """

    name: str
    task: str
    read: Callable[["pd.Series", str], np.ndarray]
    unit: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return what ``predict`` must know."""
        return {"task": self.task, "name": self.name, "unit": self.unit}


def understand_target(cells: "pd.Series", asked: Asked, decimal: str, path: str) -> Target:
    """Decide what a target is and say so.

    Parameters
    ----------
    cells : Series
        The column of a training table; rows numbered from 0 as in the file.
    asked : Asked
    decimal : str
        Before the decimals of numbers in texts.
    path : str
        Where it is from, for messages.

    Returns
    -------
    target : Target

    Raises
    ------
    CommandError
        If it cannot be what is asked for, or its numbers are written with another decimal mark.
    """
    name = str(cells.name)
    present = present_cells(cells)
    reading = None if _is_named(cells) else read_numbers(present, decimal)
    if asked.name is None:
        _check_decimal(name, present, reading, decimal, path)
    task = asked.name or ("regress" if _is_quantity(present, reading) else "classify")
    if task == "classify":
        made = Target(name, task, class_labels)
        number = reading is not None and reading.suffices
        labels = made.read(cells, path)
        tell_classes(labels, name, path, number=number and asked.name is None)
        check_classes(labels, 1, "training", name, path)
        return made
    unit = "" if reading is None else reading.unit
    otherwise = "; --task classify takes its cells for the names of classes"
    read = partial(read_quantities, decimal=decimal, unit=unit, otherwise=otherwise)
    made = Target(name, task, lambda column, path: read(column, path=path), unit)
    values = made.read(cells, path)
    different = len(np.unique(values))
    why = ", as asked" if asked.name else "; --task classify says otherwise"
    inside = f"{different:,} different values{f', in {unit}' if unit else ''}"
    note(f"{path}: target {name}: a number ({inside}): regression{why}")
    check_numbers(values, 1, "training", name, path)
    return made


def _is_named(cells: "pd.Series") -> bool:
    """Return whether a column holds no numbers by its type."""
    import pandas as pd

    return is_date(cells) or isinstance(cells.dtype, pd.CategoricalDtype)


def _is_quantity(present: "pd.Series", reading: Reading | None) -> bool:
    if reading is None or not reading.suffices:
        return False
    if present.dtype.kind == "O" and present.str.fullmatch(_LEADING_ZERO).any():
        return False
    return not reading.whole or len(reading.found.unique()) > MANY


def _check_decimal(
    name: str, present: "pd.Series", reading: Reading | None, decimal: str, path: str
) -> None:
    """Raise CommandError where the cells are numbers, but by the other decimal mark."""
    other = "," if decimal == "." else "."
    if reading is None or not len(reading.odd):
        return
    by_other = read_numbers(present, other)
    rescued = present[by_other.good & ~reading.good]
    if len(rescued) and by_other.suffices:
        raise CommandError(
            f"{path}: column {name!r} seems to hold numbers with decimals set off by {other!r}, "
            f"such as {rescued.iloc[0]!r} in data row {rescued.index[0] + 1}: pass --decimal "
            f"{other}, or --task classify if these are names of classes"
        )
