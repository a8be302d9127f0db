"""A temperature for each candidate's own probabilities, on both sides of a choice.

Long boosting is too sure of itself, short boosting not sure enough; one number mends that without a
fit, and without a byte more. What teaching seems to gain over a direct student that is too sure may
be no more than that number. So it is tried on the direct candidates as on the distilled ones.

For each validation fold the temperature is fitted (`skdistill.teaching.calibration`) on what the
candidate says of the rows of the others. It is taken where that lowers the mean loss by more than
the standard error of the difference; the one that the chosen student keeps is then fitted on all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scores import Scores
from skdistill.choosing.scoring import Judge
from skdistill.choosing.selection import paired_error
from skdistill.students import decides_by_threshold
from skdistill.students.wrapped import raised
from skdistill.teaching.calibration import Scaling, calibrate
from skdistill.teaching.pool import Pool

__all__ = ["cool"]

LEAST = 0.01  # of noise the best power is 0, which would lose what a student ranks first
Floats = NDArray[np.float64]
Index = NDArray[np.int64]


def cool(
    candidates: Sequence[Candidate], scores: Scores, data: Data, pool: Pool, judge: Judge
) -> Scores:
    """Return the scores with a temperature wherever it lowers a candidate's loss.

    Parameters
    ----------
    candidates : sequence of Candidate
        What was tried.
    scores : Scores
        What came of them.
    data, pool, judge
        Of `evaluate`.

    Returns
    -------
    scores : Scores
        With `powers`. Students that decide by a threshold are left as they are: it is a number on
        the scale of their own probabilities.
    """
    tests = [pool.folds.splits[k][1] for k in pool.validation]
    powers, losses = np.ones(len(candidates)), scores.loss.copy()
    rows, said = [fold.copy() for fold in scores.rows], [list(fold) for fold in scores.said]
    spread = [fold.copy() for fold in scores.rows]
    for number, candidate in enumerate(candidates):
        known = not np.isnan(scores.loss[number]).any()
        if not known or decides_by_threshold(candidate.settings.adapter.student):
            continue
        own = [fold[number] for fold in scores.said]
        cooled = _cooled(own, data, tests, judge)
        if not _pays(number, scores, cooled):
            continue
        powers[number] = _power(data.take(np.concatenate(tests)), np.concatenate(own))
        losses[number] = cooled.loss
        for v, p in enumerate(cooled.said):
            said[v][number] = p
            if rows:
                rows[v][number] = cooled.rows[v]
                if not cooled.at_chance:
                    spread[v][number] = cooled.rows[v]
    return replace(
        scores,
        loss=losses,
        rows=tuple(rows),
        said=tuple(map(tuple, said)),
        powers=tuple(powers.tolist()),
        spread=tuple(spread),
    )


@dataclass(frozen=True)
class _Cooled:
    """One candidate, each validation fold at the temperature of the others.

    Attributes
    ----------
    loss : array of shape (V,)
        Of each fold.
    rows : list of V arrays of shape (m,), or of None
        Loss of each row, where the judge has one.
    said : list of V arrays of shape (m, K)
        The probabilities.
    at_chance : bool
        Whether the least power was the best one for some fold.
    """

    loss: Floats
    rows: list[Floats | None]
    said: list[Floats]
    at_chance: bool


def _cooled(said: Sequence[Floats], data: Data, tests: Sequence[Index], judge: Judge) -> _Cooled:
    pooled, rows = np.concatenate(said), np.concatenate(tests)
    losses, by_row, cooled, powers = [], [], [], []
    for p, test in zip(said, tests, strict=True):
        part, others = data.take(test), ~np.isin(rows, test)
        powers.append(_power(data.take(rows[others]), pooled[others]))
        now = raised(p, powers[-1])
        losses.append(judge.loss(part, now, part.weight))
        by_row.append(judge.rows(part, now, part.weight))
        cooled.append(now)
    return _Cooled(np.array(losses), by_row, cooled, min(powers) == LEAST)


def _power(data: Data, p: Floats) -> float:
    found = calibrate("temperature", data.columns, p, data.weight)
    return max(float(found.slope), LEAST) if isinstance(found, Scaling) else 1.0


def _pays(number: int, scores: Scores, cooled: _Cooled) -> bool:
    """Whether the loss is lower by more than the standard error of the difference."""
    both = [
        np.stack([fold[number], now])
        for fold, now in zip(scores.rows, cooled.rows, strict=False)
        if now is not None
    ]
    own = scores.loss[number]
    pair = replace(scores, loss=np.stack([own, cooled.loss]), rows=tuple(both))
    return bool(np.mean(own - cooled.loss) > paired_error(pair, 0, 1))
