"""Whether distilling helped: the chosen distilled student against the best direct one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._data import Data
from skdistill.candidates import Candidate
from skdistill.distillation import label_rows
from skdistill.estimates import Estimate, margin, row_mean, split_mean
from skdistill.evaluation import Scores
from skdistill.pool import Pool
from skdistill.scoring import Judge
from skdistill.selection import choose

__all__ = ["Verdict", "judge_distillation"]

Floats = NDArray[np.float64]
OUTCOMES = {
    "helps": "Distilling helps",
    "not shown to help": "Distilling is not shown to help",
    "harms": "Distilling harms",
}


@dataclass(frozen=True)
class Verdict:
    """The best distilled student against the best direct one, both on rows they were not chosen on.

    For each validation fold both are chosen by the scores of the other folds, and their losses on
    this fold are compared row by row: the luck of the best of many candidates is not counted.

    The interval is an approximation: rows (groups of rows where `groups` were given) are taken as
    independent, and that other training sets would give other students is allowed for by the factor
    of Nadeau and Bengio (2003), ``1 + V m / n`` on the variance, with V folds of m test rows and n
    training rows: 2.25 for five folds. Where the scoring has no loss per row, folds are compared in
    the same way.

    Attributes
    ----------
    outcome : {"helps", "not shown to help", "harms"}
        "helps" where the interval lies below zero, "harms" where it lies above.
    difference : float
        Loss of the distilled student less that of the direct one.
    interval : tuple of float
        Its confidence interval.
    level : float
        Confidence of the interval.
    loss : str
        What is compared; lower is better.
    distilled, direct : float
        The two losses.
    teacher : mapping of str to float
        The teacher's own, out of fold: "raw" and "calibrated" (sigmoid).
    n_rows : int
        Test rows compared (folds where the scoring has no loss per row).
    n_teacher_fits, n_student_fits : int
        What it cost; teachers found in `memory` are counted too.
    """

    outcome: str
    difference: float
    interval: tuple[float, float]
    level: float
    loss: str
    distilled: float
    direct: float
    teacher: Mapping[str, float]
    n_rows: int
    n_teacher_fits: int
    n_student_fits: int

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{OUTCOMES[self.outcome]}: {self.loss} {self.distilled:.4g} against {self.direct:.4g} "
            f"of the best student trained directly (difference {self.difference:+.3g}, "
            f"{self.level:.0%} interval {low:+.3g} to {high:+.3g}); the teacher has "
            f"{self.teacher['calibrated']:.4g}; {self.n_teacher_fits} teacher fits."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values, ready for JSON."""
        return asdict(self)


def judge_distillation(
    candidates: Sequence[Candidate],
    scores: Scores,
    data: Data,
    pool: Pool,
    judge: Judge,
    *,
    n_student_fits: int,
    alpha: float = 0.05,
    smoothed: bool = True,
    prefer: str | None = None,
) -> Verdict:
    """Compare the best distilled student with the best direct one.

    Parameters
    ----------
    candidates : sequence of Candidate
        What was tried.
    scores : Scores
        What came of them.
    data : Data
        The rows; those of a group are taken together.
    pool : Pool
        The folds, and what the teacher said.
    judge : Judge
        Who judged.
    n_student_fits : int
        Fits of students spent.
    alpha : float, default=0.05
        One less the level of the interval.
    smoothed, prefer
        Of `choose`.

    Returns
    -------
    verdict : Verdict
    """
    splits = [pool.folds.splits[k] for k in pool.validation]
    overlap = float(np.mean([len(test) / len(train) for train, test in splits]))
    is_direct = np.array([c.is_direct for c in candidates])
    sides = np.flatnonzero(~is_direct), np.flatnonzero(is_direct)
    n_folds = scores.loss.shape[1]
    chosen = []
    for v in range(n_folds):
        others = scores.take([u for u in range(n_folds) if u != v])
        chosen.append(
            [choose(candidates, others, among=a, smoothed=smoothed, prefer=prefer) for a in sides]
        )
    if scores.rows:
        pairs = [rows[pair] for rows, pair in zip(scores.rows, chosen, strict=True)]
        values = np.concatenate(pairs, axis=1)
        weight = np.concatenate(scores.weights)
        unit = data.kept if data.groups is None else data.groups
        unit = np.concatenate([unit[test] for _, test in splits])
        n_independent = len(np.unique(unit))
        runs = [run for run in pool.folds.rounds if set(run) & set(pool.validation)]
        widened = float(np.sqrt(1.0 + n_folds / len(runs) * overlap))
        gap = row_mean(values[0] - values[1], weight, unit)
        gap = Estimate(gap.mean, None if gap.error is None else gap.error * widened)
    else:
        values = np.array([scores.loss[pair, v] for v, pair in enumerate(chosen)]).T
        weight, n_independent = np.ones(n_folds), n_folds
        gap = split_mean(values[0] - values[1], overlap)
    distilled, direct = (float(np.average(side, weights=weight)) for side in values)
    reach = margin(gap, n_independent, 1.0 - alpha)
    difference = distilled - direct
    low, high = difference - reach, difference + reach
    outcome = "helps" if high < 0.0 else "harms" if low > 0.0 else "not shown to help"
    return Verdict(
        outcome=outcome,
        difference=difference,
        interval=(low, high),
        level=1.0 - alpha,
        loss=judge.name,
        distilled=distilled,
        direct=direct,
        teacher=_teacher_losses(data, pool, judge),
        n_rows=len(weight),
        n_teacher_fits=pool.n_fits,
        n_student_fits=n_student_fits,
    )


def _teacher_losses(data: Data, pool: Pool, judge: Judge) -> dict[str, float]:
    """Return the teacher's out-of-fold losses, as it is and calibrated on these very rows."""
    labels = label_rows(pool.out_of_fold.values, data, "sigmoid")
    part = data.take(labels.known)
    return {
        name: judge.loss(part, p[labels.known], part.weight)
        for name, p in (("raw", labels.raw), ("calibrated", labels.p))
    }
