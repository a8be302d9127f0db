"""Columns that tell rows apart, and nothing else: row numbers, names, codes of customers."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from skdistill.cli.readings import Reading

__all__ = ["grows", "is_unnamed", "looks_like_id"]

_TEXTS = 20  # so many different texts, each once, look like ids
_WORDS = 8  # longer ones, on average, are free text
_UNNAMED = re.compile(r"Unnamed: \d+")  # pandas' name for a column without one
_NAMED = re.compile(r"(.*[_\-. ])?(id|ids|uid|uuid|guid|key|index|idx|row|rownames)([_\-. ].*)?")


def looks_like_id(cells: "pd.Series", present: "pd.Series", numbers: "Reading") -> bool:
    """Return whether the cells of a column, all different, are taken for ids.

    They are consecutive whole numbers in any order; or whole numbers under the name of an id (or
    under none) or texts under such a name; or at least 20 texts of at most 8 words on average.

    Parameters
    ----------
    cells : Series
        The column, with its name.
    present : Series of str
        Its cells that are not missing.
    numbers : Reading
        `present` as numbers.
    """
    if len(present) < 3 or not present.is_unique:
        return False
    named = _NAMED.fullmatch(_spaced(str(cells.name))) or is_unnamed(str(cells.name))
    if numbers.suffices:
        values = numbers.found
        written_whole = cells.dtype.kind != "f" and len(present) == len(cells)
        if not (written_whole and numbers.whole and values.is_unique):
            return False
        consecutive = values.max() - values.min() < len(values)
        return bool(consecutive or named)
    if len(present) < _TEXTS:
        return False
    return bool(named) or present.str.split().str.len().mean() <= _WORDS


def is_unnamed(name: str) -> bool:
    """Return whether a column has no name in its file."""
    return _UNNAMED.fullmatch(name) is not None


def grows(column: "pd.Series") -> bool:
    """Return whether numbers grow from row to row, as times do, and numbers of rows."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if not is_numeric_dtype(column) or is_bool_dtype(column) or len(column) < 3:
        return False
    return bool(column.is_unique and column.is_monotonic_increasing)


def _spaced(name: str) -> str:
    """Return a name in lower case, the words of ``customerId`` set apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
