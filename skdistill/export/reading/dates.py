"""Dates of skrub's TableVectorizer: year, month, day, hour and what else is made of the seconds.

All of it is floors, sums and quotients of whole numbers, which double precision has exactly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdistill.exceptions import ExportError
from skdistill.export.columns import Column, Dates
from skdistill.export.pieces import Arithmetic, As, Beside, Mapped, Piece, Total
from skdistill.export.reading.registry import transforms

__all__: list[str] = []

DAY, HOUR, MINUTE = 86_400, 3_600, 60
CENTURIES, YEARS, MONTHS = 146_097, 1_461, 153  # days of 400 years, of four, of five months
MARCH = 719_468  # days from 1 March of the year 0 to 1970


@transforms("skrub.ToDatetime")
def _to_dates(model: Any, of: Piece) -> Piece:
    if not isinstance(of, Dates):
        raise ExportError("dates that are text are read by no format: make dates of them in X")
    zone = model.output_time_zone_
    if zone not in (None, "UTC"):
        raise ExportError(f"the time zone {zone} is known to no format: fit it to dates in UTC")
    seconds = Column(of.number, of.name, is_text=False)
    dtype = model.output_dtype_
    unit = np.datetime_data(dtype)[0] if isinstance(dtype, np.dtype) else dtype.unit
    return Mapped(seconds, "floor") if unit == "s" else seconds


@transforms("skrub.DatetimeEncoder")
def _parts(model: Any, of: Piece) -> Piece:
    unknown = [name for name in model.extracted_features_ if name not in PARTS]
    if model.periodic_encoding is not None or unknown:
        what = unknown or f"periodic_encoding={model.periodic_encoding!r}"
        raise ExportError(f"{what} of DatetimeEncoder: take some of {', '.join(PARTS)}")
    if isinstance(of, Dates):
        raise ExportError("DatetimeEncoder by itself keeps the time zone: put ToDatetime before it")
    date = _date(of)
    return As(Beside(tuple(PARTS[name](date) for name in model.extracted_features_)), "float32")


def _sum(*terms: tuple[float, Piece], plus: float = 0.0) -> Piece:
    """Return a sum of multiples, and a number."""
    parts = [
        of if factor == 1.0 else Arithmetic(of, "multiply", np.array([float(factor)]))
        for factor, of in terms
    ]
    total = parts[0] if len(parts) == 1 else Total(tuple(parts))
    return Arithmetic(total, "add", np.array([float(plus)])) if plus else total


def _times(of: Piece, number: float) -> Piece:
    """Return how many times a number goes into each."""
    return Mapped(Arithmetic(of, "divide", np.array([float(number)])), "floor")


def _rest(of: Piece, number: float) -> Piece:
    return _sum((1, of), (-number, _times(of, number)))


@dataclass(frozen=True)
class _Date:
    """Seconds, the days since 1970 in them, and year, month (0 to 11) and day counted from March.

    The leap day is then the last of its year, and the months are 153 days in five.
    """

    seconds: Piece
    days: Piece
    year: Piece
    month: Piece
    day: Piece

    @property
    def whole(self) -> Piece:
        """The seconds without their fractions."""
        return Mapped(self.seconds, "floor")


def _date(seconds: Piece) -> _Date:
    """Return the year, of 365.25 days once the leap days that centuries lack are put in."""
    days = _times(Mapped(seconds, "floor"), DAY)
    since = _sum((1, days), plus=MARCH)
    century = _times(_sum((4, since), plus=3), CENTURIES)
    quarters = _sum((4, since), (4, _times(_sum((3, century), plus=3), 4)), plus=3)
    day = _times(_rest(quarters, YEARS), 4)
    fifths = _sum((5, day), plus=2)
    return _Date(
        seconds,
        days,
        year=_times(quarters, YEARS),
        month=_times(fifths, MONTHS),
        day=_sum((1, _times(_rest(fifths, MONTHS), 5)), plus=1),
    )


PARTS: Mapping[str, Callable[[_Date], Piece]] = {
    "year": lambda date: _sum((1, date.year), (1, _times(date.month, 10))),
    "month": lambda date: _sum((1, date.month), (-12, _times(date.month, 10)), plus=3),
    "day": lambda date: date.day,
    "hour": lambda date: _times(_rest(date.whole, DAY), HOUR),
    "minute": lambda date: _times(_rest(date.whole, HOUR), MINUTE),
    "second": lambda date: _rest(date.whole, MINUTE),
    "total_seconds": lambda date: date.seconds,
    "weekday": lambda date: _sum((1, _rest(_sum((1, date.days), plus=3), 7)), plus=1),
}
