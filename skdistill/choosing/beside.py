"""What stands beside the students on the same rows: the teacher, and what reads no column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill._ground.estimates import Estimate, margin, row_mean, split_mean
from skdistill.choosing.scores import Scores, mean_gap, units_of
from skdistill.choosing.scoring import Judge
from skdistill.teaching.pool import Pool

__all__ = ["constant_losses", "teacher_losses"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Said:
    """What was said (m, C) of the test rows of a fold, and their units."""

    rows: Data
    values: Floats
    units: NDArray[np.int64]

    @property
    def weight(self) -> Floats:
        """Of the rows."""
        return np.ones(len(self.rows)) if self.rows.weight is None else self.rows.weight


def teacher_losses(data: Data, pool: Pool, judge: Judge) -> dict[str, float]:
    """Return the teacher's out-of-fold losses on the validation rows, as it is and calibrated.

    With the standard "error" of the latter, NaN where one value says nothing.
    """
    known = np.flatnonzero(pool.out_of_fold.covered)
    rows, raw, units = data.take(known), pool.out_of_fold.values[known], units_of(data)[known]
    said: dict[str, list[_Said]] = {"raw": [], "calibrated": []}
    for k in pool.validation:
        inside = np.isin(known, pool.folds.splits[k][1])
        test = rows.take(np.flatnonzero(inside))
        p = judge.calibrated(rows.columns, raw, inside, rows.weight)
        for name, values in (("raw", raw[inside]), ("calibrated", p)):
            said[name].append(_Said(test, values, units[inside]))
    found = {name: _mean_loss(parts, judge) for name, parts in said.items()}
    losses = {name: estimate.mean for name, estimate in found.items()}
    return losses | {"error": _error(found["calibrated"])}


def constant_losses(
    data: Data, pool: Pool, judge: Judge, scores: Scores, number: int, alpha: float
) -> dict[str, float]:
    """Return the "loss" of what reads no column, and its "error"; none where it has none.

    Of every row of a fold it says the same: what is best for the rows that the fold trains on.
    Candidate `number` loses its "difference" more, with an interval of that and its "margin" to
    each side; NaN where there is no loss per row.
    """
    units, parts = units_of(data), []
    for k in pool.validation:
        train, test = pool.folds.splits[k]
        weight = None if data.weight is None else data.weight[train]
        level = judge.constant(data.columns[train], weight)
        parts.append(_Said(data.take(test), np.tile(level, (len(test), 1)), units[test]))
    try:
        found = _mean_loss(parts, judge)
    except Exception:  # noqa: BLE001 - scorers there are that want rows to differ
        return {}
    if not np.isfinite(found.mean):
        return {}
    known = {"loss": found.mean, "error": _error(found), "difference": np.nan, "margin": np.nan}
    if not scores.rows:
        return known
    apart = [
        of[number] - judge.rows(part.rows, part.values, part.rows.weight)
        for of, part in zip(scores.rows, parts, strict=True)
    ]
    gap, count = mean_gap(apart, scores.weights, scores.units, pool, range(len(parts)))
    return known | {"difference": gap.mean, "margin": margin(gap, count, 1.0 - alpha)}


def _mean_loss(parts: Sequence[_Said], judge: Judge) -> Estimate:
    """Return the mean loss over folds, and its standard error: over rows where they have a loss."""
    losses = [judge.loss(part.rows, part.values, part.rows.weight) for part in parts]
    if not judge.by_row:
        return Estimate(float(np.mean(losses)), split_mean(losses, 0.0).error)
    of_rows = [judge.rows(part.rows, part.values, part.rows.weight) for part in parts]
    weight, units = (np.concatenate([getattr(p, n) for p in parts]) for n in ("weight", "units"))
    mean = float(np.average(losses, weights=[part.weight.sum() for part in parts]))
    return Estimate(mean, row_mean(np.concatenate(of_rows), weight, units).error)


def _error(found: Estimate) -> float:
    return float("nan") if found.error is None else found.error
