"""The cells of a column as numbers or dates: which they are, and which of them are not."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skdistill.cli.cells import EXACT, MISSING, TIME, WORDS, Number, number, placeholder, time

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Reading",
    "date_values",
    "is_date",
    "present_cells",
    "read_dates",
    "read_numbers",
    "text",
    "words_for_missing",
]

_FEW = 0.05  # so large a share may be no number or date in a column of them
_SAMPLE = 30  # different dates from which ways of writing them are guessed
_YEARS = (19000101, 21001231)  # eight digits between these may be a date
_ALONE = ("%", TIME)  # units that no number lacks in a column of them
_DIGITS = 16  # double precision holds all whole numbers that are shorter
_SHORT_YEARS = {  # where the year has two digits, pandas guesses nothing
    "/": ("%m/%d/%y", "%d/%m/%y"),
    ".": ("%d.%m.%y", "%m.%d.%y"),
    "-": ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d-%b-%y"),
    " ": ("%d %b %y",),
}


@dataclass(frozen=True)
class Reading:
    """Texts as numbers or dates.

    Attributes
    ----------
    good : Series of bool
        Which of the texts are such.
    odd : Series of str
        Those that are none.
    found : Series
        The numbers or dates that were read.
    unknown : int
        How many of the odd ones say only that a value is not known.
    unit, format : str
        Of numbers, and of dates.
    ambiguous : bool
        Whether the dates may be read in another way.
    """

    good: "pd.Series"
    odd: "pd.Series"
    found: "pd.Series"
    unknown: int
    unit: str = ""
    format: str = ""
    ambiguous: bool = False

    @property
    def suffices(self) -> bool:
        """Whether nearly all are such, apart from those that say that a value is not known."""
        count = len(self.found)
        few = len(self.odd) - self.unknown <= _FEW * (count + len(self.odd) - self.unknown)
        return few and (count == len(self.good) or len(self.found.unique()) > 1)

    @property
    def whole(self) -> bool:
        """Whether all numbers are whole ones."""
        return bool(len(self.found)) and bool((self.found == self.found.round()).all())

    @property
    def eight_digits(self) -> bool:
        """Whether all numbers may be dates such as 20180131."""
        return self.whole and bool(self.found.between(*_YEARS).all())

    @property
    def missing(self) -> tuple[str, ...]:
        """The odd ones, each once."""
        return tuple(self.odd.unique())


def text(cell: Any) -> str:
    """Return a cell as it would stand in a file, without blanks at its ends."""
    whole = isinstance(cell, float) and cell.is_integer() and abs(cell) <= EXACT
    return str(int(cell) if whole else cell).strip()


def present_cells(column: "pd.Series") -> "pd.Series":
    """Return the cells that hold something: numbers as they are, everything else as text.

    Truth values are numbers, and so are durations, in seconds. Whole numbers that double precision
    cannot hold are text.
    """
    from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype

    present = column.dropna()
    if present.dtype.kind == "m":
        present = present.dt.total_seconds()
    if is_float_dtype(present) or is_bool_dtype(present):
        numbers = present.astype(float)
        whole = bool((numbers.abs() <= EXACT).all()) and bool((numbers == numbers.round()).all())
        return numbers.astype("int64") if whole else numbers
    if is_integer_dtype(present) and not _beyond(present):
        return present.astype("int64")
    cells = present.astype(object).map(text).astype(object)
    return cells[~cells.str.lower().isin(MISSING)]


def words_for_missing(column: "pd.Series") -> "pd.Series":
    """Return the cells that count as missing though they are words, such as ``NA`` and ``None``."""
    cells = column.dropna().astype(object).map(text).astype(object)
    return cells[cells.str.lower().isin(WORDS)]


def is_date(column: "pd.Series") -> bool:
    """Return whether a column holds dates and no texts."""
    from pandas.api import types

    return types.is_datetime64_any_dtype(column) or types.infer_dtype(column) == "date"


def _beyond(whole: "pd.Series") -> bool:
    return len(whole) > 0 and max(int(whole.max()), -int(whole.min())) > EXACT


def read_numbers(cells: "pd.Series", decimal: str, unit: str | None = None) -> Reading:
    """Read cells as numbers of one unit.

    Parameters
    ----------
    cells : Series
        As `present_cells` returns them.
    decimal : str
        Before the decimals of a number in a text.
    unit : str or None, default=None
        Of the numbers; None for that of most of them.
    """
    if cells.dtype.kind in "if":
        return Reading(cells.notna(), cells.iloc[:0], cells.astype(float), 0)
    found = _plain(cells, decimal)
    rest = cells[found.isna()]
    read = {cell: number(cell, decimal) or time(cell) for cell in rest.unique()}
    unit = _unit(found, rest, read) if unit is None else unit
    if unit in _ALONE:
        found = found.where((found == 0) & (unit == "%"))
    values = {cell: each.value for cell, each in read.items() if each and _fits(each, unit)}
    found = found.fillna(rest.map(values).astype(float))
    good = found.notna()
    return _reading(cells, good, found[good], decimal, unit=unit)


def _plain(cells: "pd.Series", decimal: str) -> "pd.Series":
    """Return the cells that are numbers as pandas reads them, NaN for others; it is fast."""
    import pandas as pd

    texts = cells
    if decimal == ",":
        texts = cells.where(~cells.str.contains(".", regex=False), "")
        texts = texts.str.replace(",", ".", regex=False)
    exact = cells.str.len() < _DIGITS
    return pd.to_numeric(texts.where(exact, ""), errors="coerce").astype(float)


def _unit(plain: "pd.Series", rest: "pd.Series", read: dict[str, Number | None]) -> str:
    """Return the unit of a column: a currency where one occurs; % or times where most are such."""
    counts = Counter({"": int((plain.fillna(0) != 0).sum())})
    for cell, times in rest.value_counts().items():
        each = read[cell]
        if each and each.value:
            counts[each.unit] += int(times)
    most = next((name for name in _ALONE if 2 * counts[name] > counts.total()), None)
    if most is not None:
        return most
    currencies = Counter({name: n for name, n in counts.items() if name not in ("", *_ALONE)})
    return next((name for name, _ in currencies.most_common(1)), "")


def _reading(
    cells: "pd.Series", good: "pd.Series", values: "pd.Series", decimal: str, **more: Any
) -> Reading:
    odd = cells[~good]
    unknown = sum(n for cell, n in odd.value_counts().items() if placeholder(cell, decimal))
    return Reading(good, odd, values, unknown, **more)


def _fits(found: Number, unit: str) -> bool:
    """Return whether a number may stand in a column of a unit."""
    if TIME in (unit, found.unit):
        return found.unit == unit
    if unit == "%":
        return found.unit == "%" or found.value == 0
    return found.unit != "%" and (not unit or found.unit in ("", unit))


def read_dates(texts: "pd.Series") -> Reading | None:
    """Read texts as dates that are all written in one way, or return None where none is known.

    Parameters
    ----------
    texts : Series of str
    """
    if texts.dtype.kind == "f":
        return None
    texts = texts.astype(str).astype(object)
    if texts.str.fullmatch(r"\d+").all() and not texts.astype(float).between(*_YEARS).all():
        return None
    tried = [(date_values(texts, way), way) for way in _formats(texts.drop_duplicates())]
    if not tried:
        return None
    best = max(values.notna().sum() for values, _ in tried)
    ways = [(values, way) for values, way in tried if values.notna().sum() == best]
    values, way = ways[0]
    good = values.notna()
    ambiguous = any(bool((values[good] != other[good]).any()) for other, _ in ways[1:])
    return _reading(texts, good, values[good], ".", format=way, ambiguous=ambiguous)


def date_values(texts: "pd.Series", way: str) -> "pd.Series":
    """Return texts as dates, NaT where one is not written in that way."""
    import pandas as pd

    return pd.to_datetime(texts, format=way, errors="coerce", utc="%z" in way)


def _formats(texts: "pd.Series") -> list[str]:
    """Return the ways in which the texts may be dates, month before day where both may be."""
    import warnings

    from pandas.tseries.api import guess_datetime_format

    sample = texts[texts.str.contains(r"\d")]
    sample = sample.iloc[:: max(len(sample) // _SAMPLE, 1)]
    found: dict[str, None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of days that cannot come first
        for cell in sample:
            for day_first in (False, True):
                way = guess_datetime_format(cell, dayfirst=day_first)
                if way and "%Y" in way and ("%m" in way or "%b" in way.replace("%B", "%b")):
                    found[way] = None
    iso = any(way.startswith("%Y-%m-%d") for way in found)
    found = dict.fromkeys(way for way in found if not (iso and way.startswith("%Y-%d-%m")))
    short = texts.str.extract(r"^\d{1,2}([-/. ])(?:\d{1,2}|[A-Za-z]{3})\1\d{2}$")[0].mode()
    ways = list(found)
    return [*ways, *(_SHORT_YEARS[short.iloc[0]] if len(short) else ()), *["ISO8601"] * iso]
