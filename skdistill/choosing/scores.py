"""What came of the candidates of an honest choice, on each validation fold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill._ground.estimates import Estimate, cross_validated_mean, row_mean
from skdistill.choosing.budget import KILO, Cost
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scoring import Judge
from skdistill.choosing.trials import Task, Trial
from skdistill.teaching.pool import Pool

__all__ = ["Board", "Scores", "mean_gap", "overlap", "row_losses", "units_of"]

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
        Seconds to fit, and to predict the fold's test rows; NaN, as all else, on the folds that a
        candidate was not fitted for.
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
    raced : bool
        Whether some candidates lost a race, and were not fitted for the later folds.
    spread : tuple of V arrays of shape (C, m)
        `rows` before temperatures, of candidates that these leave at chance; empty where none is.
        A difference between two such students varies by more than what is left of it: another
        sample might have left them as they were.
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
    raced: bool = False
    spread: tuple[Floats, ...] = ()

    @property
    def n_test(self) -> Index:
        """Test rows of each fold, shape (V,)."""
        return np.array([len(next(p for p in fold if p is not None)) for fold in self.said])

    def of(self, numbers: Sequence[int]) -> "Scores":
        """Return those of some candidates."""
        few = list(numbers)
        return replace(
            self,
            loss=self.loss[few],
            rows=tuple(rows[few] for rows in self.rows),
            spread=tuple(rows[few] for rows in self.spread),
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
            self.raced,
            tuple(self.spread[v] for v in chosen) if self.spread else (),
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
    dropped : bool array of shape (C,)
        Which have lost a race.
    loss : array of shape (C, V)
        NaN where a candidate was not tried.
    """

    def __init__(
        self, candidates: Sequence[Candidate], data: Data, pool: Pool, judge: Judge
    ) -> None:
        self.candidates = candidates
        self.data = data
        self.pool = pool
        self.judge = judge
        self.n_fits = 0
        self.tests = [pool.folds.splits[k][1] for k in pool.validation]
        weight = np.ones(len(data)) if data.weight is None else data.weight
        unit = units_of(data)
        self.weights = tuple(weight[test] for test in self.tests)
        self.units = tuple(unit[test] for test in self.tests)
        shape = len(candidates), len(self.tests)
        self.tried, self.dropped = (np.zeros(len(candidates), dtype=bool) for _ in range(2))
        self.loss, self.fit_time, self.score_time = (np.full(shape, np.nan) for _ in range(3))
        self.rows = [np.full((len(candidates), len(test)), np.nan) for test in self.tests]
        self._costs: list[Any] = [None] * len(candidates)
        self._said: list[list[Any]] = [[None] * len(candidates) for _ in self.tests]
        self._place = {id(c): number for number, c in enumerate(candidates)}

    def place(self, candidate: Candidate) -> int:
        """Return the number of a candidate."""
        return self._place[id(candidate)]

    def gap(self, a: int, b: int, places: Sequence[int]) -> tuple[Estimate, int]:
        """Return by how much candidate `a` is worse than `b` on some folds (`mean_gap`)."""
        apart = [self.rows[v][a] - self.rows[v][b] for v in places]
        return mean_gap(apart, self.weights, self.units, self.pool, places)

    def drop(self, candidates: Iterable[Candidate]) -> None:
        """Note who has lost a race."""
        self.dropped[list(map(self.place, candidates))] = True

    def note(self, task: Task, trials: Sequence[Trial]) -> None:
        """Judge the trials of a task."""
        v, part = task.place, self.data.take(self.tests[task.place])
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
        sizes = [np.inf if cost is None else KILO * cost.size_kb for cost in self._costs]
        return Scores(
            loss=self.loss,
            rows=tuple(self.rows) if self.judge.by_row else (),
            weights=self.weights,
            units=self.units,
            fit_time=self.fit_time,
            score_time=self.score_time,
            size=np.where(np.isfinite(sizes), sizes, np.nan),
            said=tuple(map(tuple, self._said)),
            n_fits=self.n_fits,
            costs=tuple(self._costs),
            raced=bool(self.dropped.any()),
        )


def units_of(data: Data) -> Index:
    """Return what is independent of each other: the given row that each is, or its group."""
    if data.groups is None:
        return data.kept
    return np.unique(data.groups, return_inverse=True)[1]


def mean_gap(
    apart: Sequence[Floats],
    weights: Sequence[Floats],
    units: Sequence[Index],
    pool: Pool,
    places: Sequence[int],
) -> tuple[Estimate, int]:
    """Return the mean of differences between rows with its error, and the count for `margin`.

    Parameters
    ----------
    apart : sequence of arrays of shape (m,)
        Of the test rows of each of some folds.
    weights, units : sequence of arrays of shape (m,)
        Of `Scores`, of all validation folds.
    pool : Pool
        The folds.
    places : sequence of int
        Which of the validation folds they are.

    Returns
    -------
    gap : Estimate
    count : int
        Of `cross_validated_mean`.
    """
    weight, unit = (np.concatenate([of[v] for v in places]) for of in (weights, units))
    means = [float(np.average(of, weights=weights[v])) for v, of in zip(places, apart, strict=True)]
    of_fold = {pool.validation[v]: mean for v, mean in zip(places, means, strict=True)}
    rounds = [[of_fold[k] for k in run if k in of_fold] for run in pool.folds.rounds]
    return cross_validated_mean(
        row_mean(np.concatenate(apart), weight, unit),
        len(np.unique(unit)),
        [each for each in rounds if each],
        overlap(pool),
    )


def overlap(pool: Pool) -> float:
    """Return the validation rows per training row, the mean over folds."""
    splits = [pool.folds.splits[k] for k in pool.validation]
    return float(np.mean([len(test) / len(train) for train, test in splits]))


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
