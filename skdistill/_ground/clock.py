"""The clock, and until when something may go on."""

import time
from dataclasses import dataclass

__all__ = ["Deadline", "now"]


def now() -> float:
    """Return the seconds of a clock that only goes forward."""
    return time.perf_counter()


@dataclass(frozen=True)
class Deadline:
    """So many seconds from a start.

    Attributes
    ----------
    limit : float or None
        Seconds; None for no end.
    start : float
        When they began, by `now`.

    Examples
    --------
    >>> Deadline.of(None).left
    inf
    >>> 3599.0 < Deadline.of(3600.0).left <= 3600.0
    True
    """

    limit: float | None
    start: float

    @classmethod
    def of(cls, limit: float | None) -> "Deadline":
        """Return one that starts now."""
        return cls(limit, now())

    @property
    def left(self) -> float:
        """Seconds that are left; infinite without a limit, below zero when they are over."""
        return float("inf") if self.limit is None else self.start + self.limit - now()
