"""Pictures of the results, as SVG files that come out the same each time."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["bars", "critical_difference", "curves", "panels", "ranges"]

WIDTH = 7.0  # inches
LINE = 0.32  # inches per line of text
GREY, BLUE, RED = "0.6", "tab:blue", "tab:red"


def ranges(
    folder: Path, name: str, table: pd.DataFrame, label: str, mark: float, *, log: bool = False
) -> str:
    """Draw one dot per row with a line from it to a second value, or none where that is NaN.

    Parameters
    ----------
    folder : Path
        Where to.
    name : str
        Of the file, without ``.svg``.
    table : DataFrame
        Names of the lines as its index, two columns: the dot, and where its line ends.
    label : str
        Of the axis.
    mark : float
        Where a grey line stands for no difference.
    log : bool, default=False
        Whether the axis is logarithmic.

    Returns
    -------
    file : str
    """
    figure, axes = _canvas(len(table), names=table.index)
    at = np.arange(len(table))[::-1]
    dot, end = (table[column].to_numpy() for column in table.columns)
    axes.axvline(mark, color=GREY, linewidth=1)
    axes.hlines(at, np.minimum(dot, end), np.maximum(dot, end), color=GREY, linewidth=2)
    axes.plot(end, at, "|", color=RED, markersize=9, label=table.columns[1])
    axes.plot(dot, at, "o", color=BLUE, label=table.columns[0])
    axes.set_yticks(at, table.index)
    axes.set_xlabel(label)
    if log:
        axes.set_xscale("log")
    axes.legend(frameon=False, loc="best")
    return _save(figure, folder, name)


def bars(folder: Path, name: str, values: pd.Series, label: str, *, log: bool = False) -> str:
    """Draw one bar per entry, with its value; return the name of the file."""
    figure, axes = _canvas(len(values))
    at = np.arange(len(values))[::-1]
    drawn = axes.barh(at, values.to_numpy(), color=BLUE, height=0.6)
    axes.bar_label(drawn, fmt="%.3g", padding=3)
    axes.margins(x=0.12)
    axes.set_yticks(at, values.index)
    axes.set_xlabel(label)
    if log:
        axes.set_xscale("log")
    return _save(figure, folder, name)


def critical_difference(
    folder: Path, name: str, ranks: pd.Series, distance: float, groups: Sequence[tuple[str, ...]]
) -> str:
    """Draw mean ranks on a line, and bars over methods that the test does not tell apart.

    Parameters
    ----------
    folder : Path
        Where to.
    name : str
        Of the file, without ``.svg``.
    ranks : Series
        Mean rank by method, best first.
    distance : float
        By which two must differ to be told apart.
    groups : sequence of tuple of str
        Methods that are not told apart.

    Returns
    -------
    file : str
    """
    figure, axes = _canvas(len(ranks) + len(groups) + 2)
    depth = len(ranks) + len(groups) + 1
    low, high = np.floor(ranks.min()), np.ceil(ranks.max())
    axes.set(xlim=(low - 0.6, high + 0.6), ylim=(-depth, 1.2), yticks=[])
    axes.hlines(0, low, high, color="black", linewidth=1)
    for rank in np.arange(low, high + 1):
        axes.vlines(rank, 0, 0.2, color="black", linewidth=1)
        axes.text(rank, 0.35, f"{rank:.0f}", ha="center")
    end = min(low + distance, high + 0.5)
    axes.hlines(1.0, low, end, color=RED, linewidth=2)
    axes.text(end, 1.0, f" critical distance {distance:.2f}", va="center", color=RED)
    for line, members in enumerate(groups):
        ends = ranks[list(members)]
        axes.hlines(-0.5 - 0.6 * line, ends.min() - 0.03, ends.max() + 0.03, color=RED, linewidth=3)
    for line, (method, rank) in enumerate(ranks.items()):
        y = -1.0 - 0.6 * len(groups) - line
        left = rank <= ranks.median()
        axes.plot([rank, rank], [0, y], color=GREY, linewidth=0.8)
        text = f"{method} ({rank:.2f}) " if left else f" {method} ({rank:.2f})"
        axes.text(rank, y, text, ha="right" if left else "left", va="center")
    axes.axis("off")
    return _save(figure, folder, name)


def curves(
    folder: Path,
    name: str,
    parts: dict[str, pd.DataFrame],
    labels: tuple[str, str],
    *,
    log: str = "x",
) -> str:
    """Draw a panel per part with a line per column over the index; return the name of the file.

    `log` names the axes that are logarithmic.
    """
    figure, _ = _canvas(9, panels=max(1, len(parts)))
    for axes, (title, table) in zip(figure.axes, parts.items(), strict=False):
        for column in table.columns:
            values = table[column].dropna()
            style = "--" if column.startswith("paper") else "-"
            axes.plot(values.index, values, style, marker="o", markersize=3, label=column)
        axes.set(title=title, xlabel=labels[0], ylabel=labels[1])
        axes.set(**dict.fromkeys((f"{axis}scale" for axis in log), "log"))
    handles, names = figure.axes[0].get_legend_handles_labels()
    if len(names) > 1:
        figure.legend(handles, names, loc="outside right upper", frameon=False)
    return _save(figure, folder, name)


def panels(folder: Path, name: str, parts: dict[str, tuple[pd.DataFrame, str, str, str]]) -> str:
    """Draw a panel per part with a line per column over the index; return the name of the file.

    A part is a table, what its index is, what its values are, and which axes are logarithmic.
    """
    figure, _ = _canvas(10, panels=len(parts))
    for axes, (title, (table, across, up, log)) in zip(figure.axes, parts.items(), strict=True):
        for column, style in zip(table.columns, ("-", "--", ":"), strict=False):
            axes.plot(table.index, table[column], style, label=column)
        axes.set(title=title, xlabel=across, ylabel=up)
        axes.set(**dict.fromkeys((f"{axis}scale" for axis in log), "log"))
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    return _save(figure, folder, name)


def _canvas(lines: int, panels: int = 1, names: Iterable[str] = ()) -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        message = 'the figures need matplotlib: pip install "skdistill[plot]".'
        raise ImportError(message) from error
    beyond = max((len(name) for name in names), default=0) - 30  # letters that take from the axes
    width = WIDTH * (1 if panels == 1 else 0.6 * panels) + 0.08 * max(0, beyond)
    size = (width, 0.8 + LINE * lines)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
    return figure, axes[0]


def _save(figure: Any, folder: Path, name: str) -> str:
    from matplotlib import rc_context

    folder.mkdir(parents=True, exist_ok=True)
    # Text stays text, and names inside the file do not change from run to run.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(folder / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
    return f"{name}.svg"
