"""What came of the candidates of an honest choice, on each validation fold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill.choosing.budget import KILO, Cost
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scoring import Judge
from skdistill.choosing.trials import Task, Trial
from skdistill.teaching.pool import Pool

__all__ = ["Board", "Scores", "row_losses"]

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
        Of the students of the first fold.
    powers : tuple of C float
        To which a student's own probabilities are raised, one over a temperature; empty where that
        was not asked for.
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
    powers: tuple[float, ...] = ()

    @property
    def n_test(self) -> Index:
        """Test rows of each fold, shape (V,)."""
        return np.array([len(fold[0]) for fold in self.said])

    def of(self, numbers: Sequence[int]) -> "Scores":
        """Return those of some candidates."""
        few = list(numbers)
        return replace(
            self,
            loss=self.loss[few],
            rows=tuple(rows[few] for rows in self.rows),
            fit_time=self.fit_time[few],
            score_time=self.score_time[few],
            size=self.size[few],
            said=tuple(tuple(said[c] for c in few) for said in self.said),
            costs=tuple(self.costs[c] for c in few) if self.costs else (),
            powers=tuple(self.powers[c] for c in few) if self.powers else (),
        )

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
            self.powers,
        )


class Board:
    """Where the trials of candidates are written down and judged, one after another.

    Parameters
    ----------
    candidates : sequence of C Candidate
        What may be tried.
    data : Data
        The rows.
    pool : Pool
        The folds.
    judge : Judge
        How students are judged.

    Attributes
    ----------
    tried : bool array of shape (C,)
        Which have been, on some fold.
    loss : array of shape (C, V)
        NaN where a candidate was not tried.
    """

    def __init__(
        self, candidates: Sequence[Candidate], data: Data, pool: Pool, judge: Judge
    ) -> None:
        self.candidates = candidates
        self.data = data
        self.judge = judge
        self.n_fits = 0
        self.tests = [pool.folds.splits[k][1] for k in pool.validation]
        shape = len(candidates), len(self.tests)
        self.tried = np.zeros(len(candidates), dtype=bool)
        self.loss, self.fit_time, self.score_time = (np.full(shape, np.nan) for _ in range(3))
        self.rows = [np.full((len(candidates), len(test)), np.nan) for test in self.tests]
        self._costs: list[Any] = [None] * len(candidates)
        self._said: list[list[Any]] = [[None] * len(candidates) for _ in self.tests]
        self._place = {id(c): number for number, c in enumerate(candidates)}

    def note(self, task: Task, trials: Sequence[Trial]) -> None:
        """Judge the trials of a task."""
        v, part = task.place, self.data.take(task.test)
        for candidate, trial in zip(task.candidates, trials, strict=True):
            c = self._place[id(candidate)]
            self.tried[c] = True
            self._said[v][c] = trial.p
            self.loss[c, v] = self.judge.loss(part, trial.p, part.weight)
            self.fit_time[c, v], self.score_time[c, v] = trial.fit_time, trial.score_time
            self._costs[c] = trial.cost or self._costs[c]
            of_rows = self.judge.rows(part, trial.p, part.weight)
            if of_rows is not None:
                self.rows[v][c] = of_rows
            self.n_fits += trial.n_fits

    def scores(self) -> Scores:
        """Return what came of all candidates, NaN of what was not tried."""
        data = self.data
        weight = np.ones(len(data)) if data.weight is None else data.weight
        unit = data.kept
        if data.groups is not None:
            unit = np.unique(data.groups, return_inverse=True)[1]
        sizes = [np.inf if cost is None else KILO * cost.size_kb for cost in self._costs]
        return Scores(
            loss=self.loss,
            rows=tuple(self.rows) if self.judge.by_row else (),
            weights=tuple(weight[test] for test in self.tests),
            units=tuple(unit[test] for test in self.tests),
            fit_time=self.fit_time,
            score_time=self.score_time,
            size=np.where(np.isfinite(sizes), sizes, np.nan),
            said=tuple(map(tuple, self._said)),
            n_fits=self.n_fits,
            costs=tuple(self._costs),
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
