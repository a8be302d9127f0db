"""Pieces of a table's columns: numbers and text as they come, gaps filled, categories."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from skdistill.export.pieces import Each, Floats, Piece

__all__ = [
    "BLANKS",
    "Column",
    "Dates",
    "Emptied",
    "Filled",
    "Imputed",
    "Missing",
    "OneHot",
    "Ordinal",
]

BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))  # there are none beyond


@dataclass(frozen=True, eq=False)
class Column(Piece):
    """One column of a table that has not only numbers: a number, or text, "" where missing."""

    number: int
    name: str
    is_text: bool
    is_category: bool = False  # by its dtype: LightGBM knows it by the number of its category

    @property
    def width(self) -> int:
        """One."""
        return 1

    @property
    def dtype(self) -> str:
        """What is in it."""
        return "text" if self.is_text else "float64"


@dataclass(frozen=True, eq=False)
class Dates(Piece):
    """One column of dates, of which a reader makes a `Column` of seconds: no format has it."""

    number: int
    name: str

    @property
    def width(self) -> int:
        """One."""
        return 1


@dataclass(frozen=True, eq=False)
class Emptied(Each):
    """A column of text, missing where it is one of some texts, or nothing but blanks."""

    texts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Filled(Each):
    """A column of text, what is missing replaced."""

    text: str


@dataclass(frozen=True, eq=False)
class Imputed(Each):
    """The numbers, those that are missing replaced by one for each column."""

    values: Floats  # (width,)


@dataclass(frozen=True, eq=False)
class Missing(Each):
    """One where a number is missing, else zero."""


@dataclass(frozen=True, eq=False)
class OneHot(Piece):
    """One where one column is this category, else zero: of text, or of numbers and NaN."""

    of: Piece
    categories: NDArray[Any]  # (width,)

    @property
    def width(self) -> int:
        """Number of categories."""
        return len(self.categories)

    @property
    def dtype(self) -> str:
        """Numbers in double precision."""
        return "float64"


@dataclass(frozen=True, eq=False)
class Ordinal(Piece):
    """A number for each category of one column, and one for all others."""

    of: Piece
    categories: NDArray[Any]  # (k,)
    codes: Floats  # (k,)
    unknown: float

    @property
    def width(self) -> int:
        """One."""
        return 1

    @property
    def dtype(self) -> str:
        """Numbers in double precision."""
        return "float64"
