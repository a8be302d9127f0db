"""What each column of a table is: one rule, said to the user and kept with the student.

A column is the first of these that it can be:

- *empty*, *constant*: no cell, or one and the same in all rows; left out;
- *number*: at least 95% of its cells are numbers as people write them (the rest is missing), and
  so it is whatever the share where the rest only says that a value is not known (``--``, ``<1.0``);
  times of day (``12:30``) are seconds since midnight;
- *date*: the same for dates written in one way, of which day and month can be told apart;
- *id*: row numbers, whole numbers or texts under the name of an id, or short texts, all different
  in each case; left out;
- *category*: texts of which at most 40 are different; *text*: any other.

What a Parquet or Feather file has as categories or dates is no number. Whole numbers that double
precision cannot hold are texts in this. The user may say otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from skdistill.cli.errors import CommandError, cut, listed, note
from skdistill.cli.ids import looks_like_id
from skdistill.cli.readings import (
    Reading,
    is_date,
    present_cells,
    read_dates,
    read_numbers,
    words_for_missing,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CATEGORIES",
    "FEATURES",
    "KINDS",
    "OWN",
    "Column",
    "recalled",
    "remembered",
    "tell",
    "understand",
]

FEATURES = ("number", "category", "text", "date")
KINDS = (*FEATURES, "id", "constant", "empty")
CATEGORIES = 40  # so many different texts are categories, more are text
OWN = 255  # categories of a column with a column of their own, where more are asked for
_HALF = 0.5  # where so many cells are numbers, it is said that the column is none
_SAID = 30  # so many columns are named, and remarks made
_MERGED = 0.01  # so large a share of the numbers may be equal to others in single precision


@dataclass(frozen=True)
class Column:
    """How a column is understood.

    Attributes
    ----------
    name : str
    kind : str
        One of `KINDS`.
    format : str or None
        How dates are written.
    unit : str
        Of numbers: ``%``, a currency, seconds since midnight, or nothing.
    missing : tuple of str
        Cells that are no number or date, and missing for that reason.
    different : int
        How many cells are different (of categories and text).
    wide : bool
        Whether single precision cannot tell the numbers apart.
    asked : bool
        Whether the user said what it is.
    remark : str
        What was not understood, or may be meant otherwise; said to the user.
    """

    name: str
    kind: str
    format: str | None = None
    unit: str = ""
    missing: tuple[str, ...] = field(default=(), repr=False)
    different: int = 0
    wide: bool = False
    asked: bool = False
    remark: str = ""

    @property
    def is_feature(self) -> bool:
        """Whether the student sees it."""
        return self.kind in FEATURES

    @property
    def about(self) -> str:
        """Its name, and what it comes to where that is not plain."""
        details = {
            "category": f"{self.different:,} different",
            "text": f"{self.different:,} different: 30 components of its character n-grams",
            "date": self.format,
            "number": self.unit,
        }
        detail = details.get(self.kind) or ""
        if self.kind == "category" and self.different > OWN:
            detail += f": one column for each of the {OWN} most frequent, one for the others"
        if self.wide:
            detail = ", ".join(filter(None, [detail, "minus its mean, in double precision"]))
        return f"{self.name!r} ({detail})" if detail else repr(self.name)


def understand(
    frame: "pd.DataFrame", asked: Mapping[str, str], decimal: str, path: str
) -> tuple[Column, ...]:
    """Decide what each column of a training table is.

    Parameters
    ----------
    frame : pandas.DataFrame
        Features; rows numbered from 0 as in the file.
    asked : mapping of str to str
        Columns of which the user says that they are a ``number``, ``category``, ``text`` or
        ``date``.
    decimal : str
        Before the decimals of a number that is read from text.
    path : str
        Where `frame` is from, for messages.

    Returns
    -------
    columns : tuple of Column
        In the order of the table.

    Raises
    ------
    CommandError
        If a column is nothing of what the user says, or its numbers are written with another
        decimal mark.
    """
    return tuple(
        _Inspection(frame[name], asked.get(name), decimal, path).column() for name in frame
    )


def tell(columns: Sequence[Column], path: str) -> None:
    """Note the kind of each column, and what was not understood."""
    for kind in KINDS:
        names = [column.about for column in columns if column.kind == kind]
        out = "" if kind in FEATURES else ", left out"
        if names:
            note(f"{path}: {kind}{out}: {cut(names, _SAID)}")
    if any(column.kind == "id" for column in columns):
        note(
            f"{path}: --numeric, --category or --text makes a feature of a column that is no id "
            "after all; --id carries it to the predictions"
        )
    remarks = [f"column {column.name!r}: {column.remark}" for column in columns if column.remark]
    for remark in remarks[:_SAID]:
        note(f"{path}: {remark}")
    if len(remarks) > _SAID:
        note(f"{path}: and the like of {len(remarks) - _SAID:,} more columns")


def remembered(columns: Sequence[Column], ids: Sequence[str]) -> dict[str, Any]:
    """Return what `skdistill predict` must know, as plain values that need no package to load."""
    features = [asdict(column) for column in columns if column.is_feature]
    return {"features": features, "ids": list(ids)}


def recalled(record: Mapping[str, Any]) -> tuple[tuple[Column, ...], list[str]]:
    """Return the features and ids that `remembered` has put down."""
    made = [Column(**known | {"missing": tuple(known["missing"])}) for known in record["features"]]
    return tuple(made), list(record["ids"])


@dataclass(frozen=True)
class _Inspection:
    """One column, looked at from all sides."""

    cells: "pd.Series"
    asked: str | None
    decimal: str
    path: str

    @property
    def name(self) -> str:
        return str(self.cells.name)

    def column(self) -> Column:
        """Return what the column is."""
        import pandas as pd

        present = present_cells(self.cells)
        if not len(present):
            return Column(self.name, "empty")
        if len(present) == len(self.cells) and bool((present == present.iloc[0]).all()):
            return Column(self.name, "constant")
        if self.asked in ("category", "text"):
            return replace(self._worded(present, ""), kind=self.asked, asked=True)
        if is_date(self.cells):
            return self._asked_for("date", Column(self.name, "date"))
        if isinstance(self.cells.dtype, pd.CategoricalDtype) and self.asked is None:
            return self._texts(present.astype(str).astype(object))
        return self._number(present) or self._date(present) or self._texts(present)

    def _number(self, present: "pd.Series") -> Column | None:
        """Return it as numbers if it is; what only says that a value is not known is missing."""
        reading = read_numbers(present, self.decimal)
        if self.asked == "number" and not reading.good.any():
            raise self._none_of("number", present)
        if self.asked == "date" or not (self.asked or reading.suffices):
            return None
        if self.asked is None:
            self._check_decimal(present, reading)
            as_date = read_dates(present) if reading.eight_digits else None
            if as_date is not None and as_date.good.all():  # such as 20180131
                return Column(self.name, "date", as_date.format)
            if looks_like_id(self.cells, present, reading):
                return Column(self.name, "id")
        return Column(
            self.name,
            "number",
            unit=reading.unit,
            missing=reading.missing,
            wide=_needs_double(reading.found),
            asked=self.asked is not None,
            remark=self._odd(reading, "numbers"),
        )

    def _date(self, present: "pd.Series") -> Column | None:
        reading = read_dates(present)
        if self.asked == "date" and (reading is None or not reading.good.any()):
            raise self._none_of("date", present)
        if reading is None or not (self.asked or reading.suffices):
            return None
        remark = self._odd(reading, "dates")
        if reading.ambiguous and not self.asked:
            remark += "; " if remark else ""
            remark += f"{present.iloc[0]!r} may have the day, month or year first: "
            if "%y" in reading.format:
                remark += f"taken for no date; --date {self.name} reads {reading.format}"
                return self._worded(present, remark)
            remark += f"taken as {reading.format}; write 2020-12-31 if that is wrong"
        return Column(
            self.name, "date", reading.format, missing=reading.missing,
            asked=self.asked is not None, remark=remark,
        )  # fmt: skip

    def _texts(self, present: "pd.Series") -> Column:
        numbers = read_numbers(present, self.decimal)
        self._check_decimal(present, numbers)
        if looks_like_id(self.cells, present, numbers):
            return Column(self.name, "id")
        return self._worded(present, self._missed(present, numbers))

    def _worded(self, present: "pd.Series", remark: str) -> Column:
        """Return it as categories or text."""
        different = len(present.unique())
        kind = "category" if different <= CATEGORIES else "text"
        remark = "; ".join(filter(None, [remark, self._words()]))
        return Column(self.name, kind, different=different, remark=remark)

    def _words(self) -> str:
        """Say which words count as missing: in a column of words they may be a category."""
        words = words_for_missing(self.cells)
        if not len(words):
            return ""
        count = "1 cell" if len(words) == 1 else f"{len(words):,} cells"
        return (
            f"{listed(sorted(words.unique()))} ({count}) count as missing, as empty cells do: "
            "write another word in the file where it is a category of its own"
        )

    def _missed(self, present: "pd.Series", numbers: Reading) -> str:
        """Say why many numbers are no numbers here."""
        rest = present[~numbers.good]
        if len(rest) and rest.str.fullmatch(r"[+-]?\d+").all():
            return (
                f"its whole numbers, such as {rest.iloc[0]}, are too long for double precision, "
                "and serve as names"
            )
        if not len(rest) or numbers.good.mean() <= _HALF:
            return ""
        return (
            f"{numbers.good.mean():.1%} of its cells are numbers, but {rest.iloc[0]!r} in data row "
            f"{rest.index[0] + 1} is none (and {len(rest) - 1:,} more): --numeric {self.name} "
            "takes these for missing"
        )

    def _odd(self, reading: Reading, what: str) -> str:
        """Say which cells are no numbers (dates), and what becomes of them."""
        odd = reading.odd
        if not len(odd):
            return ""
        one = len(odd) == 1
        others = "" if one else f" and {len(odd) - 1:,} more"
        verb = "is none, and counts" if one else "are none, and count"
        return (
            f"{reading.good.mean():.1%} of its cells are {what}; {odd.iloc[0]!r} in data row "
            f"{odd.index[0] + 1}{others} {verb} as missing: --category or --text {self.name} takes "
            "all cells as they are"
        )

    def _check_decimal(self, present: "pd.Series", reading: Reading) -> None:
        """Raise CommandError where the cells are numbers, but by the other decimal mark."""
        other = "," if self.decimal == "." else "."
        if self.asked or not len(reading.odd):
            return
        by_other = read_numbers(present, other)
        rescued = present[by_other.good & ~reading.good]
        if len(rescued) and by_other.suffices:
            raise CommandError(
                f"{self.path}: column {self.name!r} must hold numbers with decimals set off by "
                f"{self.decimal!r}, got {rescued.iloc[0]!r} in data row {rescued.index[0] + 1}: "
                f"pass --decimal {other}, or --category {self.name} if these are no numbers"
            )

    def _asked_for(self, kind: str, column: Column) -> Column:
        if self.asked not in (None, kind):
            raise CommandError(
                f"{self.path}: column {self.name!r} holds {kind}s, not what --numeric says: leave "
                "the option out"
            )
        return column

    def _none_of(self, kind: str, present: "pd.Series") -> CommandError:
        option = "numeric" if kind == "number" else kind
        return CommandError(
            f"{self.path}: --{option} {self.name}: expected {kind}s, but no cell is one, first "
            f"{present.iloc[0]!r} in data row {present.index[0] + 1}: leave the option out, or "
            f"--drop {self.name}"
        )


def _needs_double(values: "pd.Series") -> bool:
    """Return whether single precision would make numbers equal that are not."""
    import numpy as np

    numbers = values.to_numpy(dtype=float)
    different = np.unique(numbers[np.isfinite(numbers)])
    with np.errstate(over="ignore"):  # such numbers are refused later
        single = different.astype(np.float32).astype(float)
    if (different == np.round(different)).all():
        return bool((single != different).any())
    return len(np.unique(single)) < (1 - _MERGED) * len(different)
