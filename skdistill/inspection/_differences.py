"""Differences from a baseline and their intervals: the picture and its table."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from skdistill.exceptions import InputError
from skdistill.inspection._display import Display, colour

__all__ = ["Differences"]


class Differences(Display):
    """What `ComparisonDisplay` draws."""

    def __init__(
        self, table: Mapping[str, Any], metric: str = "log_loss", baseline: str = "direct"
    ) -> None:
        super().__init__(table)
        self.metric = metric
        self.baseline = baseline

    @classmethod
    def from_predictions(
        cls,
        methods: Any,
        differences: Any,
        low: Any,
        high: Any,
        *,
        metric: str = "log_loss",
        baseline: str = "direct",
    ) -> Self:
        """Take differences that are known.

        Parameters
        ----------
        methods : sequence of m str
            Names.
        differences, low, high : array-like of shape (m,)
            Differences from the baseline and the limits of their intervals.
        metric : str, default="log_loss"
            Name of the score.
        baseline : str, default="direct"
            Name of the baseline.

        Returns
        -------
        display : ComparisonDisplay

        Raises
        ------
        InputError
            If the lengths differ.
        """
        table = {"method": list(methods)}
        given = {"difference": differences, "low": low, "high": high}
        table |= {name: np.asarray(column, dtype=np.float64) for name, column in given.items()}
        if len({np.shape(column) for column in table.values()}) != 1:
            shapes = {name: np.shape(column) for name, column in table.items()}
            raise InputError(f"expected one value per method in each column, got shapes {shapes}.")
        return cls(table, metric, baseline)

    def _draw(self, ax: Any) -> None:
        methods = list(self.table["method"])
        x, low, high = (np.asarray(self.table[name]) for name in ("difference", "low", "high"))
        bounded = np.isfinite(high - low)
        ax.axvline(0.0, color="0.6", linewidth=1, linestyle=":")
        for place, name in enumerate(methods):
            reach = [[x[place] - low[place]], [high[place] - x[place]]] if bounded[place] else None
            style = {"marker": "o", "capsize": 3, "color": colour(name, place)}
            ax.errorbar([x[place]], [place], xerr=reach, **style)
        ax.set_yticks(range(len(methods)), labels=methods)
        ax.set_ylim(len(methods) - 0.5, -0.5)
        ax.set_xlabel(f"{self.metric.replace('_', '-')} less that of {self.baseline}")
