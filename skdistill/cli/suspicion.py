"""Results too good to be true, and columns that give the target away."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skdistill.cli.board import Board, Row
from skdistill.cli.errors import listed
from skdistill.cli.trials import Labelled

__all__ = ["Perfection", "too_good"]


@dataclass(frozen=True)
class Perfection:
    """What is too good to be true.

    Attributes
    ----------
    what : str
        The score, in words.
    of : callable
        Returns it, for a row of the table.
    tree : callable
        Takes what is to be predicted of the training rows, returns a small learner that finds it
        in a column that holds it.
    score : callable
        Returns the score of such a tree, fitted, on rows X and y.
    perfect : float
        From so much on a model is suspicious.
    telling : float
        And so is one from `doubtful` on, if a column alone has so much.
    doubtful : float
    """

    what: str
    of: Callable[[Row], float]
    tree: Callable[[np.ndarray], BaseEstimator]
    score: Callable[[Any, np.ndarray, np.ndarray], float]
    perfect: float
    telling: float
    doubtful: float


def too_good(
    perfection: Perfection,
    board: Board,
    train: Labelled,
    held_out: Labelled,
    names: Sequence[str],
) -> str | None:
    """Return a warning where a model gets the held-out rows right beyond belief, else None.

    Columns that do so on their own, by a small tree, are named.

    Parameters
    ----------
    perfection : Perfection
    board : Board
    train, held_out : Labelled
        With numbers as `X`.
    names : sequence of str
        Of the columns of the table that the columns of `X` were made of.

    Returns
    -------
    warning : str or None
    """
    reached = {row.method: perfection.of(row) for row in board.rows}
    best = max(reached.values())
    if best < perfection.doubtful:
        return None
    made = {name: [j for j, other in enumerate(names) if other == name] for name in names}

    def tells(columns: list[int]) -> bool:
        tree = perfection.tree(train.y).fit(train.X[:, columns], train.y)
        return perfection.score(tree, held_out.X[:, columns], held_out.y) >= perfection.telling

    telling = [name for name, columns in made.items() if tells(columns)]
    if best < perfection.perfect and not telling:
        return None
    enough = perfection.doubtful if telling else perfection.perfect
    perfect = [method for method, score in reached.items() if score >= enough]
    where = (
        f"A small tree on one of these columns alone does as well: {listed(telling)}."
        if telling
        else "No column does as well on its own."
    )
    return (
        f"{perfection.what} {best:.4f} on held-out rows ({', '.join(perfect)}) may be too good to "
        f"be true. {where} Is the target, or what is known only once it is, among the columns? "
        "--drop them if it is"
    )
