"""A temperature for each candidate's own probabilities, on both sides of a choice.

Long boosting is too sure of itself, short boosting not sure enough; one number mends that without a
fit, and without a byte more. What teaching seems to gain over a direct student that is too sure may
be no more than that number. So it is tried on the direct candidates as on the distilled ones.

For each validation fold the temperature is fitted (`skdistill.teaching.calibration`) on what the
candidate says of the rows of the others. It is taken where that lowers the mean loss by more than
the standard error of the difference; the one that the chosen student keeps is then fitted on all.
"""

from collections.abc import Sequence
from dataclasses import replace

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
    powers = np.ones(len(candidates))
    for number, candidate in enumerate(candidates):
        known = not np.isnan(scores.loss[number]).any()
        if known and not decides_by_threshold(candidate.settings.adapter.student):
            powers[number], scores = _cooled(number, scores, data, tests, judge)
    return replace(scores, powers=tuple(powers.tolist()))


def _cooled(
    number: int, scores: Scores, data: Data, tests: Sequence[Index], judge: Judge
) -> tuple[float, Scores]:
    """Return the power of one candidate's probabilities, and the scores with it."""
    said = [fold[number] for fold in scores.said]
    pooled, rows = np.concatenate(said), np.concatenate(tests)
    losses, by_row, cooled = scores.loss.copy(), [], []
    for v, test in enumerate(tests):
        part, others = data.take(test), ~np.isin(rows, test)
        p = raised(said[v], _power(data.take(rows[others]), pooled[others]))
        losses[number, v] = judge.loss(part, p, part.weight)
        by_row.append(judge.rows(part, p, part.weight))
        cooled.append(p)
    if not _pays(number, scores, losses[number], by_row):
        return 1.0, scores
    table = [list(fold) for fold in scores.said]
    of_rows = [fold.copy() for fold in scores.rows]
    for v, p in enumerate(cooled):
        table[v][number] = p
        if of_rows:
            of_rows[v][number] = by_row[v]
    said_now = tuple(map(tuple, table))
    changed = replace(scores, loss=losses, rows=tuple(of_rows), said=said_now)
    return _power(data.take(rows), pooled), changed


def _power(data: Data, p: Floats) -> float:
    found = calibrate("temperature", data.columns, p, data.weight)
    return float(found.slope) if isinstance(found, Scaling) else 1.0


def _pays(number: int, scores: Scores, losses: Floats, by_row: Sequence[Floats | None]) -> bool:
    """Whether the loss is lower by more than the standard error of the difference."""
    both = [
        np.stack([fold[number], now])
        for fold, now in zip(scores.rows, by_row, strict=False)
        if now is not None
    ]
    pair = replace(scores, loss=np.stack([scores.loss[number], losses]), rows=tuple(both))
    return bool(np.mean(scores.loss[number] - losses) > paired_error(pair, 0, 1))
