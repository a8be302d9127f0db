"""How often what was observed lies below predicted quantiles, and between them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.html import definitions, flat

__all__ = ["Coverage", "measure_coverage"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coverage:
    """Shares of rows that lie below each of several quantiles, and between the outermost.

    Attributes
    ----------
    below : mapping of float to float
        By level: the share of rows that are at most its quantile. It should be the level.
    nominal : float or None
        The highest level less the lowest, which the interval of these should hold; None for one.
    interval : float or None
        The share of rows in it, ends included.
    width : float or None
        Its mean width, in the unit of y.
    loss : float
        Pinball loss, the mean over levels and rows.
    crossed : float or None
        Share of rows where quantiles stood in another order than their levels, before they were
        sorted; None where that is not known.
    n_rows : int
        Rows that this is measured on.
    """

    below: Mapping[float, float]
    nominal: float | None
    interval: float | None
    width: float | None
    loss: float
    crossed: float | None
    n_rows: int

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain dictionaries and numbers, ready for JSON.

        Returns
        -------
        facts : dict
        """
        return asdict(self)

    def __str__(self) -> str:
        shares = ", ".join(f"{share:.1%} below {level:g}" for level, share in self.below.items())
        if self.interval is None:
            return f"{self.n_rows:,} rows: {shares}."
        return (
            f"{self.n_rows:,} rows: {self.interval:.1%} in the interval of {self.nominal:.0%}, "
            f"mean width {self.width:.4g}; {shares}."
        )

    def _repr_html_(self) -> str:
        return definitions(flat(asdict(self)))


def measure_coverage(
    y: Floats,
    quantiles: Floats,
    levels: Sequence[float],
    weight: Floats | None = None,
    *,
    crossed: float | None = None,
) -> Coverage:
    """Return how often what was observed lies below quantiles, and between them.

    Parameters
    ----------
    y : array of shape (n,)
        What was observed.
    quantiles : array of shape (n, Q)
        Of each row, in the order of the levels.
    levels : sequence of Q floats
        Increasing.
    weight : array of shape (n,) or None, default=None
        Row weights.
    crossed : float or None, default=None
        Share of rows whose quantiles had to be sorted.

    Returns
    -------
    coverage : Coverage

    Examples
    --------
    >>> import numpy as np
    >>> y = np.arange(10.0)
    >>> print(measure_coverage(y, np.tile([1.0, 8.0], (10, 1)), (0.2, 0.9)))
    10 rows: 80.0% in the interval of 70%, mean width 7; 20.0% below 0.2, 90.0% below 0.9.
    """

    def mean(values: Any) -> float:
        return float(np.average(values, weights=weight))

    a, low, high = np.asarray(levels), quantiles[:, 0], quantiles[:, -1]
    short = y[:, None] - quantiles
    below = {float(level): mean(short[:, j] <= 0.0) for j, level in enumerate(a)}
    loss = mean(np.maximum(a * short, (a - 1.0) * short).mean(axis=1))
    of_interval: tuple[float | None, ...] = None, None, None
    if len(a) > 1:
        of_interval = float(a[-1] - a[0]), mean((low <= y) & (y <= high)), mean(high - low)
    return Coverage(below, *of_interval, loss, crossed, len(y))
