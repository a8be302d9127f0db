"""What came of the candidates of an honest choice, on each validation fold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill.choosing.budget import Cost
from skdistill.teaching.pool import Pool

__all__ = ["Scores", "row_losses"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """What came of each candidate c on each validation fold v.

    Attributes
    ----------
    loss : array of shape (C, V)
        Lower is better.
    rows : tuple of V arrays of shape (C, m)
        Loss of each test row of the fold; empty where the judge has none per row.
    weights : tuple of V arrays of shape (m,)
        Their weights.
    units : tuple of V int arrays of shape (m,)
        What is independent of each other: the given row that each is, or its group.
    fit_time, score_time : array of shape (C, V)
        Seconds to fit, and to predict the fold's test rows.
    size : array of shape (C,)
        Bytes of the pickled student of the first fold; NaN where it cannot be pickled.
    said : tuple of V tuples of C arrays of shape (m, K)
        The probabilities themselves.
    n_fits : int
        Students fitted, direct ones beside the candidates included.
    costs : tuple of C Cost
        Of the students of the first fold; empty where there is no budget.
    """

    loss: Floats
    rows: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    units: tuple[Index, ...]
    fit_time: Floats
    score_time: Floats
    size: Floats
    said: tuple[tuple[Floats, ...], ...]
    n_fits: int = 0
    costs: tuple[Cost, ...] = ()

    @property
    def n_test(self) -> Index:
        """Test rows of each fold, shape (V,)."""
        return np.array([len(fold[0]) for fold in self.said])

    def take(self, folds: Sequence[int]) -> "Scores":
        """Return the same on some of the validation folds."""
        chosen = list(folds)
        return Scores(
            self.loss[:, chosen],
            tuple(self.rows[v] for v in chosen) if self.rows else (),
            tuple(self.weights[v] for v in chosen),
            tuple(self.units[v] for v in chosen),
            self.fit_time[:, chosen],
            self.score_time[:, chosen],
            self.size,
            tuple(self.said[v] for v in chosen),
            self.n_fits,
            self.costs,
        )


def row_losses(scores: Scores, data: Data, pool: Pool) -> Floats:
    """Return each candidate's loss of each given row, averaged over repeats.

    Parameters
    ----------
    scores : Scores
        With losses per row.
    data : Data
        The rows.
    pool : Pool
        The folds.

    Returns
    -------
    losses : array of shape (C, n_given)
        NaN in rows of no validation fold.
    """
    total = np.zeros((len(scores.loss), data.n_given))
    times = np.zeros(data.n_given)
    for k, rows in zip(pool.validation, scores.rows, strict=True):
        test = data.kept[pool.folds.splits[k][1]]
        total[:, test] += rows
        times[test] += 1
    return np.where(times > 0, total / np.maximum(times, 1), np.nan)
