"""What one cell of a table says: a number as people write it, a missing value, or neither."""

import math
import re
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = [
    "EXACT",
    "MISSING",
    "TIME",
    "WORDS",
    "Number",
    "number",
    "placeholder",
    "reads_missing",
    "time",
]

# How people write a missing value in any column, in lower case; skrub's list is much the same.
MISSING = {"", "?", "...", "na", "n/a", "nan", "null", "none", "<na>", "#n/a", "#na"}
WORDS = MISSING - {"", "?", "..."}  # which may mean something in a column of words
# And in a column of numbers or dates, where each of these is no value; elsewhere it may be one.
_PLACEHOLDERS = {
    *(
        ".",
        "..",
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        "*",
        "**",
        "n.a.",
        "n.a",
        "n/k",
        "nk",
        "n.d.",
        "nd",
    ),
    *("missing", "unknown", "unk", "undefined", "not available", "not known", "nil", "tbd", "\\n"),
}
_SPREADSHEET = re.compile(r"#(div/0!|value!|ref!|name\?|num!|null!|n/a n/a)", re.IGNORECASE)
_ZERO_DATE = re.compile(r"0{1,4}(?P<mark>[-/.])0{1,4}(?P=mark)0{1,4}([T ]00:00(:00)?)?")
_CENSORED = re.compile(r"[<>≤≥~]=?\s*\S.*")

_MINUS = str.maketrans("\u2212\u2013\ufe63\uff0d", "----")
_CURRENCY = r"(?:US\$|[$€£¥₹₩₽]|(?:USD|EUR|GBP|JPY|CHF|INR|CNY))"
_BLANKS = "\u0020\u00a0\u2009\u202f'\u2019"  # between groups of three digits, besides , or .
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
EXACT = 2**53  # the first whole number whose neighbour double precision cannot hold
TIME = "seconds since midnight"  # the unit of times of day
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(:(?P<second>[0-5]\d([.,]\d+)?))?"
    r"(\s*(?P<half>[ap])\.?m\.?)?",
    re.ASCII | re.IGNORECASE,
)
_DAY = 86400.0
_LONGEST = 60  # no number that people write is longer


class Number(NamedTuple):
    """A number that a cell holds.

    Attributes
    ----------
    value : float
        Of ``12%`` it is 12.
    unit : str
        ``%``, a currency, `TIME`, or nothing.
    """

    value: float
    unit: str = ""


def reads_missing(cell: Any) -> bool:
    """Return whether a cell holds what people write for a missing value.

    Examples
    --------
    >>> reads_missing(" ?"), reads_missing("."), reads_missing("none")
    (True, False, True)
    """
    return str(cell).strip().lower() in MISSING


def placeholder(cell: str, decimal: str = ".") -> bool:
    """Return whether a text stands where a number or a date is not known.

    Such are ``.``, ``--``, ``missing``, ``#DIV/0!``, ``0000-00-00`` and values below or above what
    could be measured (``<1.0``).

    Examples
    --------
    >>> [placeholder(cell) for cell in ("--", "#DIV/0!", "<1.0", "<b>", "red")]
    [True, True, True, False, False]
    """
    cell = cell.strip()
    if _CENSORED.fullmatch(cell):
        return number(cell.lstrip("<>≤≥~= "), decimal) is not None
    known = cell.lower() in _PLACEHOLDERS
    return known or bool(_SPREADSHEET.fullmatch(cell) or _ZERO_DATE.fullmatch(cell))


def number(cell: str, decimal: str = ".") -> Number | None:
    """Read a number as people write it; None where it is none.

    Thousands may be set off (by a comma, a blank or an apostrophe; by a point where the decimals
    are set off by a comma), a percent sign or a currency may stand beside it, brackets mean that
    it is negative. A whole number beyond 2**53, of which double precision holds some only, is none.

    Parameters
    ----------
    cell : str
    decimal : {".", ","}, default="."
        Before the decimals.

    Examples
    --------
    >>> [number(cell).value for cell in ("1,200", "12%", "(12.50)", "\u22125", "-$1 200.5")]
    [1200.0, 12.0, -12.5, -5.0, -1200.5]
    >>> number("1.200,5", decimal=",").value
    1200.5
    >>> number("1,5"), number("9007199254740993"), number("0,123")
    (None, None, None)
    """
    text = cell.strip().translate(_MINUS)
    if _INFINITE.fullmatch(text):
        return Number(float(text))
    found = _pattern(decimal).fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    signs = [found["sign"], found["inner"]]
    if all(signs) or (found["currency"] and found["unit"]):
        return None
    digits = re.sub(rf"[{_BLANKS}{',' if decimal == '.' else '.'}]", "", found["digits"])
    value = float(digits.replace(decimal, "."))
    if digits.isdecimal() and int(digits) > EXACT:
        return None
    negative = ("-" in signs) != bool(found["open"])
    unit = found["currency"] or found["unit"] or ""
    return Number(-value if negative else value, unit) if math.isfinite(value) else None


def time(cell: str) -> Number | None:
    """Read a time of day as seconds since midnight; None where it is none.

    Hours and minutes, with or without seconds and their decimals, by 24 hours (24:00 ends the day)
    or by 12 with am or pm.

    Parameters
    ----------
    cell : str

    Examples
    --------
    >>> [time(cell).value for cell in ("12:30", "08:15:30", "9:05 pm", "24:00")]
    [45000.0, 29730.0, 75900.0, 86400.0]
    >>> time("12:30").unit
    'seconds since midnight'
    >>> time("25:10"), time("12:75"), time("16:9"), time("13:00 pm")
    (None, None, None, None)
    """
    found = _CLOCK.fullmatch(cell.strip())
    if found is None:
        return None
    hour, half = int(found["hour"]), found["half"]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "pP" else 0)
    second = float((found["second"] or "0").replace(",", "."))
    value = 3600.0 * hour + 60.0 * int(found["minute"]) + second
    return Number(value, TIME) if value <= _DAY else None


@lru_cache(maxsize=2)
def _pattern(decimal: str) -> re.Pattern[str]:
    groups = "|".join(
        rf"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+"
        for mark in (",", r"\.", *_BLANKS)
        if mark[-1] != decimal
    )
    whole, point = rf"(?:{groups}|\d+)", re.escape(decimal)
    digits = rf"(?P<digits>(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?)"
    before = rf"(?P<open>\()?\s*(?P<sign>[+-])?\s*(?:(?P<currency>{_CURRENCY})\s*)?(?P<inner>[+-])?"
    return re.compile(rf"{before}{digits}\s*(?P<unit>%|{_CURRENCY})?\s*(?(open)\))", re.ASCII)
