"""Results too good to be true, and columns that give the target away."""

from collections.abc import Sequence

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from skdistill.cli.errors import listed
from skdistill.cli.scoreboard import Board
from skdistill.cli.trials import Labelled

__all__ = ["too_good"]


def too_good(board: Board, train: Labelled, held_out: Labelled, names: Sequence[str]) -> str | None:
    """Return a warning where a model gets every held-out row right, else None.

    Columns that do so on their own, by a small tree, are named.

    Parameters
    ----------
    board : Board
    train, held_out : Labelled
        With numbers as `X`.
    names : sequence of str
        Of the columns of the table that the columns of `X` were made of.

    Returns
    -------
    warning : str or None
    """
    perfect = [
        row.method for row in board.rows if f"{row.figures['accuracy'].mean:.4f}" == "1.0000"
    ]
    if not perfect:
        return None
    made = {name: [j for j, other in enumerate(names) if other == name] for name in names}
    telling = [name for name, columns in made.items() if _tells_all(train, held_out, columns)]
    where = (
        f"A small tree on one of these columns alone does as well: {listed(telling)}."
        if telling
        else "No column does as well on its own."
    )
    return (
        f"accuracy 1.0000 on held-out rows ({', '.join(perfect)}) may be too good to be true. "
        f"{where} Is the target, or what is known only once it is, among the columns? --drop them "
        "if it is"
    )


def _tells_all(train: Labelled, held_out: Labelled, columns: list[int]) -> bool:
    leaves = 2 * len(np.unique(train.y))
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0)
    tree.fit(train.X[:, columns], train.y)
    return f"{tree.score(held_out.X[:, columns], held_out.y):.4f}" == "1.0000"
