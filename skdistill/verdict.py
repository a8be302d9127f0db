"""Whether distilling helped: the chosen distilled student against the best direct one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._data import Data
from skdistill.calibration import calibrate_unseen
from skdistill.candidates import Candidate
from skdistill.estimates import Estimate, margin, row_mean, split_mean
from skdistill.evaluation import Scores
from skdistill.metrics import row_log_loss
from skdistill.pool import Pool
from skdistill.scoring import MINUS, Judge
from skdistill.selection import choose

__all__ = ["Verdict", "judge_distillation"]

Floats = NDArray[np.float64]
NO_CHANCE = 30.0  # nats: e^-30 is a rounding error, the log-loss is cut at 36
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
    students : mapping of str to str
        Where several students were tried, the name of the one that most folds chose, "distilled"
        and "direct". They need not be the same.
    teacher : mapping of str to float
        The teacher's own on the same rows, out of fold: "raw", and "calibrated" by a sigmoid that
        was fitted on the other folds.
    ruled_out : mapping of str to float
        With "neg_log_loss", the share of rows to whose class "distilled" and "direct" gave no
        chance at all, as trees may: each counts 36 nats, and few of them decide. Empty otherwise.
    n_rows : int
        Rows compared (folds where the scoring has no loss per row).
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
    students: Mapping[str, str]
    teacher: Mapping[str, float]
    ruled_out: Mapping[str, float]
    n_rows: int
    n_teacher_fits: int
    n_student_fits: int

    def __str__(self) -> str:
        sign = -1.0 if self.loss.startswith(MINUS) else 1.0  # a scorer's score is shown itself
        low, high = sorted(sign * end for end in self.interval)
        of = {side: f" ({name})" for side, name in self.students.items()}
        return (
            f"{OUTCOMES[self.outcome]}: {self.loss.removeprefix(MINUS)} "
            f"{sign * self.distilled:.4g}{of.get('distilled', '')} against "
            f"{sign * self.direct:.4g} of the best student trained directly"
            f"{of.get('direct', '')} (difference {sign * self.difference:+.3g}, {self.level:.0%} "
            f"interval {low:+.3g} to {high:+.3g}); the teacher has "
            f"{sign * self.teacher['calibrated']:.4g}; {self.n_teacher_fits} teachers"
            f"{self._caution}."
        )

    @property
    def _caution(self) -> str:
        """Words on the rows that decide a log-loss alone, if there are any."""
        if not any(self.ruled_out.values()):
            return ""
        shares = [f"{share:.1%} ({side})" for side, share in self.ruled_out.items()]
        return (
            f"; to the class of {' and '.join(shares)} of the rows a student gave no chance, which "
            "counts 36 nats each: see also what scoring=None says"
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
    tests = [pool.folds.splits[k][1] for k in pool.validation]
    chosen = _choose_by_others(candidates, scores, tests, smoothed=smoothed, prefer=prefer)
    compare = _compare_rows if scores.rows else _compare_folds
    compared = compare(scores, chosen, pool)
    distilled, direct = np.average(compared.values, axis=1, weights=compared.weight).tolist()
    reach = margin(compared.gap, compared.n_independent, 1.0 - alpha)
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
        students=_names(candidates, chosen),
        teacher=_teacher_losses(data, pool, judge),
        ruled_out=_ruled_out(compared) if judge.row_loss is row_log_loss else {},
        n_rows=compared.n_rows,
        n_teacher_fits=pool.n_fits,
        n_student_fits=n_student_fits,
    )


@dataclass(frozen=True)
class _Compared:
    """Losses (2, m) of the distilled and of the direct side, and what their difference is worth."""

    values: Floats
    weight: Floats
    gap: Estimate
    n_independent: int
    n_rows: int


def _choose_by_others(
    candidates: Sequence[Candidate],
    scores: Scores,
    tests: Sequence[Any],
    *,
    smoothed: bool,
    prefer: str | None,
) -> list[list[int]]:
    """Return for each fold the best distilled and the best direct candidate on the other folds.

    Those of other repeats hold its rows, too: they choose only where there are no others.
    """
    is_direct = np.array([c.is_direct for c in candidates])
    known = np.isfinite(scores.loss).all(axis=1)
    sides = np.flatnonzero(~is_direct & known), np.flatnonzero(is_direct & known)
    chosen = []
    for v, test in enumerate(tests):
        apart = [u for u, other in enumerate(tests) if not np.isin(other, test).any()]
        others = scores.take(apart or [u for u in range(len(tests)) if u != v])
        chosen.append(
            [choose(candidates, others, among=a, smoothed=smoothed, prefer=prefer) for a in sides]
        )
    return chosen


def _names(candidates: Sequence[Candidate], chosen: Sequence[list[int]]) -> dict[str, str]:
    """Return the student that most folds chose on each side; none if there is but one."""
    if len({c.name for c in candidates}) == 1:
        return {}
    names = [Counter(candidates[i].name for i in side) for side in zip(*chosen, strict=True)]
    return {
        side: count.most_common(1)[0][0]
        for side, count in zip(("distilled", "direct"), names, strict=True)
    }


def _compare_rows(scores: Scores, chosen: Sequence[list[int]], pool: Pool) -> _Compared:
    values = np.concatenate([r[pair] for r, pair in zip(scores.rows, chosen, strict=True)], axis=1)
    weight, unit = np.concatenate(scores.weights), np.concatenate(scores.units)
    runs = [run for run in pool.folds.rounds if set(run) & set(pool.validation)]
    widened = float(np.sqrt(1.0 + len(chosen) / len(runs) * _overlap(pool)))
    gap = row_mean(values[0] - values[1], weight, unit)
    gap = Estimate(gap.mean, None if gap.error is None else gap.error * widened)
    tests = np.concatenate([pool.folds.splits[k][1] for k in pool.validation])
    return _Compared(values, weight, gap, len(np.unique(unit)), len(np.unique(tests)))


def _compare_folds(scores: Scores, chosen: Sequence[list[int]], pool: Pool) -> _Compared:
    values = np.array([scores.loss[pair, v] for v, pair in enumerate(chosen)]).T
    n_folds = values.shape[1]
    gap = split_mean(values[0] - values[1], _overlap(pool))
    return _Compared(values, np.ones(n_folds), gap, n_folds, n_folds)


def _overlap(pool: Pool) -> float:
    """Return the validation rows per training row, the mean over folds."""
    splits = [pool.folds.splits[k] for k in pool.validation]
    return float(np.mean([len(test) / len(train) for train, test in splits]))


def _ruled_out(compared: _Compared) -> dict[str, float]:
    shares = np.average(compared.values >= NO_CHANCE, axis=1, weights=compared.weight)
    return dict(zip(("distilled", "direct"), shares.tolist(), strict=True))


def _teacher_losses(data: Data, pool: Pool, judge: Judge) -> dict[str, float]:
    """Return the teacher's out-of-fold losses on the validation rows, as it is and calibrated."""
    known = np.flatnonzero(pool.out_of_fold.covered)
    rows, raw = data.take(known), pool.out_of_fold.values[known]
    y = rows.one_hot
    found: dict[str, list[float]] = {"raw": [], "calibrated": []}
    mass = []
    for k in pool.validation:
        inside = np.isin(known, pool.folds.splits[k][1])
        test = rows.take(np.flatnonzero(inside))
        p = calibrate_unseen("sigmoid", y, raw, inside, rows.weight)
        for name, values in (("raw", raw[inside]), ("calibrated", p)):
            found[name].append(judge.loss(test, values, test.weight))
        of_rows = len(test) if test.weight is None else float(test.weight.sum())
        mass.append(1.0 if judge.row_loss is None else of_rows)
    return {name: float(np.average(losses, weights=mass)) for name, losses in found.items()}
