"""How much worse a student is where a column of the table tells it nothing: a leak shows there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance

from skdistill.cli.scoreboard import Ruler
from skdistill.cli.trials import Labelled

__all__ = ["bars", "importances", "most_important"]

_ROWS, _REPEATS = 1000, 3
_WIDTH = 24  # of the longest bar
_MOST = 5


def importances(
    model: BaseEstimator, held_out: Labelled, names: Sequence[str], ruler: Ruler, seed: int
) -> dict[str, float]:
    """Return by how much the loss rises when a column of the table is shuffled.

    All numbers that were made of a column are shuffled together, on at most 1,000 held-out rows,
    three times.

    Parameters
    ----------
    model : estimator
        Fitted.
    held_out : Labelled
        With numbers as `X`.
    names : sequence of str
        Of the columns of the table that the columns of `X` were made of.
    ruler : Ruler
        By whose loss.
    seed : int

    Returns
    -------
    rises : dict of str to float
        By column, the largest first.
    """
    drawn = np.random.default_rng(seed).permutation(len(held_out.y))[:_ROWS]
    weight = None if held_out.weight is None else held_out.weight[drawn]
    rows = Labelled(held_out.X[drawn], held_out.y[drawn], weight)
    table = list(dict.fromkeys(names))
    place = np.array([table.index(name) for name in names])

    def score(model: BaseEstimator, origin: np.ndarray, y: np.ndarray) -> float:
        X = np.take_along_axis(rows.X, origin[:, place], axis=0)
        said = ruler.ask(model, X)
        losses = ruler.score("", said, said, replace(rows, X=X)).losses
        return -float(np.average(losses, weights=rows.weight))

    # What is shuffled says which row each column is taken from.
    origin = np.tile(np.arange(len(drawn))[:, None], len(table))
    found = permutation_importance(
        model, origin, rows.y, scoring=score, n_repeats=_REPEATS, random_state=seed
    )
    rises = dict(zip(table, map(float, found.importances_mean), strict=True))
    return dict(sorted(rises.items(), key=lambda each: -each[1]))


def most_important(rises: Mapping[str, float], loss: str) -> str:
    """Return in words which columns count most."""
    top = [f"{name} ({rise:+.3g})" for name, rise in list(rises.items())[:_MOST] if rise > 0]
    if not top:
        return f"no column counts: {loss} does not rise when one is shuffled"
    return f"{loss} rises most when these are shuffled: {', '.join(top)}"


def bars(rises: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """Return a line for each of the first 20 columns: its name, a bar, and by how much it rises."""
    longest = max([*rises.values(), 0.0])

    def bar(rise: float) -> str:
        return "█" * round(_WIDTH * rise / longest) if rise > 0 else ""

    shown: list[tuple[str, Any]] = list(rises.items())[:20]
    return [(name, bar(rise), f"{rise:+.3g}") for name, rise in shown]
