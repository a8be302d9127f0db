"""What a table of models looks like: its rows, its columns, how their figures are written."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skdistill._ground.estimates import Estimate
from skdistill._ground.html import size_text

__all__ = ["COSTS", "OTHERS", "Figure", "Table", "entry", "number", "quantity"]

OTHERS = ("teacher", "student alone", "in-sample distillation", "distilled")
_DECIMALS = 8  # numbers that need more are written with a power of ten
_HUGE = 1e12  # and so are these


def number(figure: Estimate) -> str:
    """Return ``mean ± standard error`` with four decimals, or the mean alone."""
    text = f"{figure.mean:.4f}"
    return text if figure.error is None else f"{text} ± {figure.error:.4f}"


def quantity(figure: Estimate) -> str:
    """Return a number of any size to three digits of its standard error, or to five of its own.

    Examples
    --------
    >>> quantity(Estimate(52341.2, 1203.4)), quantity(Estimate(0.0123456, 0.000123))
    ('52,341 ± 1,203', '0.012346 ± 0.000123')
    >>> quantity(Estimate(54.3219)), quantity(Estimate(3.2e-12, 1e-13))
    ('54.322', '3.2e-12 ± 1e-13')
    """
    digits = 5 if figure.error is None else 3
    scale = abs(figure.mean) if figure.error is None else figure.error
    decimals = digits - 1 - int(np.floor(np.log10(scale))) if scale > 0 else 4
    if decimals > _DECIMALS or abs(figure.mean) >= _HUGE:
        parts = [f"{figure.mean:.5g}", *([] if figure.error is None else [f"{figure.error:.3g}"])]
    else:
        values = [figure.mean, *([] if figure.error is None else [figure.error])]
        parts = [f"{value:,.{max(decimals, 0)}f}" for value in values]
    return " ± ".join(parts)


def entry(words: str) -> str:
    """Return words as the name of an entry of a report.

    Examples
    --------
    >>> entry("log-loss"), entry("class frequencies")
    ('log_loss', 'class_frequencies')
    """
    return re.sub(r"\W", "_", words)


def _microseconds(figure: Estimate) -> str:
    return f"{figure.mean:.3g} µs" if figure.mean < 1000 else f"{figure.mean:,.0f} µs"


def _size(figure: Estimate) -> str:
    return size_text(figure.mean)


@dataclass(frozen=True)
class Figure:
    """A column.

    Attributes
    ----------
    name : str
        In a report for programmes.
    heading : str
        In a table for people.
    better : int
        1 where more is better, -1 where less is, 0 where the verdict does not ask.
    show : callable
        Writes an `Estimate`.
    steady : bool
        Whether it means the same in every split.
    """

    name: str
    heading: str
    better: int = 0
    show: Callable[[Estimate], str] = number
    steady: bool = True

    def cell(self, figure: Estimate) -> str:
        """Return what stands in the table; nothing where there is no figure."""
        return "" if np.isnan(figure.mean) else self.show(figure)


COSTS = (
    Figure("size_bytes", "size", show=_size),
    Figure("microseconds_per_row", "time per row", show=_microseconds),
)


@dataclass(frozen=True)
class Table:
    """The table of a task.

    Attributes
    ----------
    baseline : str
        The first row: a model that looks at no column.
    blind : str
        The same in a sentence.
    loss : str
        What the verdict is about, lower is better.
    figures : tuple of Figure
        All columns that there may be, in their order.
    skill : str
        By what a model may be shown to know more than the baseline.
    legend : str
        What rows and columns mean, in paragraphs.
    relative : bool
        Whether differences of losses are said as shares of the loss of the student alone: where
        the loss is in units of the target, or of its square.
    """

    baseline: str
    blind: str
    loss: str
    figures: tuple[Figure, ...]
    skill: str
    legend: tuple[str, ...]
    relative: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """The rows."""
        return (self.baseline, *OTHERS)

    def figure(self, name: str) -> Figure:
        """Return a column by its name."""
        return next(figure for figure in self.figures if figure.name == name)
