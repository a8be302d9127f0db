"""Dates as a file takes them: the seconds since 1970, in UTC."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONG", "dates_like", "is_date", "seconds_of", "to_microseconds", "turns"]

LONG = (-8.5e9, 9.2e9)  # 1700 to 2261: pandas has no others where it counts nanoseconds


def is_date(column: Any) -> bool:
    """Return whether a column of pandas holds dates, without a time zone or in UTC."""
    dtype = column.dtype
    if not hasattr(column, "iloc") or getattr(dtype, "kind", "") != "M":
        return False
    return isinstance(dtype, np.dtype) or str(getattr(dtype, "tz", "")) == "UTC"


def seconds_of(column: Any) -> NDArray[np.float64]:
    """Return the seconds since 1970 of a column of dates, to the microsecond; NaN where missing.

    What is rounded is never rounded up to the next whole second.
    """
    plain = column if isinstance(column.dtype, np.dtype) else column.dt.tz_localize(None)
    dates = np.asarray(plain)
    ticks = dates.astype("datetime64[us]").astype(np.int64)
    seconds = np.minimum(ticks / 1e6, np.nextafter(ticks // 1_000_000 + 1.0, -np.inf))
    return np.where(np.isnat(dates), np.nan, seconds)


def dates_like(seconds: NDArray[np.float64], column: Any) -> Any:
    """Return a column of dates of the same dtype, of seconds that `to_microseconds` gave."""
    import pandas as pd

    missing = np.isnan(seconds)
    ticks = np.round(np.where(missing, 0.0, seconds) * 1e6).astype(np.int64)
    dates = np.where(missing, np.datetime64("NaT", "us"), ticks.astype("datetime64[us]"))
    made = pd.Series(dates)
    if not isinstance(column.dtype, np.dtype):
        made = made.dt.tz_localize("UTC")
    return made.astype(column.dtype).array


def to_microseconds(seconds: Any) -> NDArray[np.float64]:
    """Return seconds that are dates: no finer than pandas has them, and no further away."""
    return np.asarray(np.round(np.clip(seconds, *LONG) * 1e6) / 1e6)


def turns(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return seconds at which a part of a date changes, the last ones before, and NaN.

    Every month from the year before the first of some dates to the year after the last, and every
    hour and minute of a day and an hour there.
    """
    known = to_microseconds(seconds[~np.isnan(seconds)])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    ends = np.floor([low, high]).astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64)
    months = np.arange(12 * (ends[0] - 1), 12 * (ends[1] + 2))  # since 1970
    months = months.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
    day = high // 86_400 * 86_400
    turn = np.concatenate([months, day + 3600 * np.arange(-24, 25), day + 60 * np.arange(61)])
    return to_microseconds(np.concatenate([turn, turn - 1.0, turn - 1e-6, [np.nan]]))
