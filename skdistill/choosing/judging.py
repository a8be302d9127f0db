"""Whether distilling helped each kind of student, and what is fitted in the end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill._ground.estimates import (
    Estimate,
    margin,
    moves_against,
    split_mean,
)
from skdistill._ground.metrics import row_log_loss
from skdistill.choosing.beside import constant_losses, teacher_losses
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scores import Scores, mean_gap, overlap
from skdistill.choosing.scoring import Judge
from skdistill.choosing.selection import choose, choose_allowed, seconds
from skdistill.choosing.verdict import StudentVerdict, Verdict
from skdistill.teaching.pool import Pool

__all__ = ["decide", "judge_students"]

Floats = NDArray[np.float64]
SIDES = ("distilled", "direct")
NO_CHANCE = 30.0  # nats: e^-30 is a rounding error, the log-loss is cut at 36


def decide(
    candidates: Sequence[Candidate],
    scores: Scores,
    data: Data,
    pool: Pool,
    judge: Judge,
    *,
    fallback: str | Literal[False],
    n_student_fits: int,
    alpha: float = 0.05,
    among: Sequence[int] | None = None,
    untried: Sequence[Candidate] = (),
    n_dropped: int = 0,
    **how: Any,
) -> tuple[Verdict, int]:
    """Return the verdict, and the number of the candidate to fit.

    Parameters
    ----------
    candidates, scores, data, pool, judge, alpha, among, **how
        Of `judge_students`.
    fallback : str or False
        Where a kind of student is trained directly (`StudentVerdict.falls_back`).
    n_student_fits : int
        Fits of students spent.
    untried : sequence of Candidate, default=()
        For which there was no time.
    n_dropped : int, default=0
        How many candidates lost a race.

    Returns
    -------
    verdict : Verdict
    number : int
    """
    tried = candidates, scores, data, pool, judge
    found = judge_students(*tried, alpha=alpha, among=among, **how)
    fallen = {name for name, kind in found.items() if kind.falls_back(fallback)}
    number = choose_allowed(candidates, scores, fallen, among=among, **how)
    verdict = Verdict(
        student=candidates[number].name,
        by_student={name: replace(each, fell_back=name in fallen) for name, each in found.items()},
        fitted="direct" if candidates[number].is_direct else "distilled",
        budget=_price(candidates, scores, pool, among, **how),
        level=1.0 - alpha,
        loss=judge.name,
        teacher=teacher_losses(data, pool, judge),
        constant=constant_losses(data, pool, judge, scores, number, alpha),
        n_teacher_fits=pool.n_fits,
        n_student_fits=n_student_fits,
        untried=dict(Counter(c.name for c in untried)),
        n_dropped=n_dropped,
    )
    return verdict, number


def _price(
    candidates: Sequence[Candidate],
    scores: Scores,
    pool: Pool,
    among: Sequence[int] | None,
    **how: Any,
) -> dict[str, float]:
    """Return the loss within the limits and without any, of students chosen by the other folds."""
    if among is None:
        return {}
    every = np.arange(len(candidates))
    if not len(_settled(np.asarray(among), scores)):
        return {}
    compared = _compare(*_choose_apart(candidates, scores, pool, [among, every], **how))
    return dict(zip(("within", "without"), compared.means, strict=True))


def judge_students(
    candidates: Sequence[Candidate],
    scores: Scores,
    data: Data,
    pool: Pool,
    judge: Judge,
    *,
    alpha: float = 0.05,
    among: Sequence[int] | None = None,
    **how: Any,
) -> dict[str, StudentVerdict]:
    """Compare, for each kind of student, the best distilled one with the best direct one.

    Parameters
    ----------
    candidates : sequence of Candidate
        What was tried.
    scores : Scores
        What came of them.
    data : Data
        The rows.
    pool : Pool
        The folds.
    judge : Judge
        Who judged.
    alpha : float, default=0.05
        One less the level of the interval.
    among, **how
        Of `choose`.

    Returns
    -------
    verdicts : dict of str to StudentVerdict
        By name of the student, in the order of the candidates.
    """
    names = np.array([c.name for c in candidates])
    is_direct = np.array([c.is_direct for c in candidates])
    known = np.ones(len(candidates), dtype=bool)
    if among is not None:
        known = np.isin(np.arange(len(candidates)), among)
    found = {}
    for name in dict.fromkeys(names.tolist()):
        tried = [np.flatnonzero((names == name) & (is_direct == d)) for d in (False, True)]
        sides = [side[known[side]] for side in tried]
        settled = [_settled(side, scores) for side in sides]
        scored = [_settled(side, scores) for side in tried]
        known_costs = [own if len(own) else all_ for own, all_ in zip(settled, scored, strict=True)]
        further: dict[str, Any] = _costs(candidates, scores, known_costs, **how)
        compared = UNKNOWN
        if all(map(len, settled)):
            judged = _choose_apart(candidates, scores, pool, sides, **how)
            compared = _compare(*judged)
            others = _headlines(*judged, data, judge)
            further["against"] = _moved_against(compared.gap.mean, others, alpha)
        else:
            further["lacking"] = _lacking(tried, scored, settled)
            further |= _alone(candidates, scores, pool, settled, **how)
        found[name] = _verdict_on(name, compared, judge, alpha, **further)
    return found


def _alone(
    candidates: Sequence[Candidate], scores: Scores, pool: Pool, settled: Sequence[Any], **how: Any
) -> dict[str, float]:
    """Return the loss of the one side that has any, chosen by the other folds."""
    found = {}
    for side, among in zip(SIDES, settled, strict=True):
        if len(among):
            judged = _choose_apart(candidates, scores, pool, [among, among], **how)
            found[side] = _compare(*judged).means[0]
    return found


def _lacking(tried: Sequence[Any], scored: Sequence[Any], within: Sequence[Any]) -> dict[str, str]:
    """Return why a side has nothing to be compared: the distilled one, then the direct one."""
    found = {}
    for side, *numbers in zip(SIDES, tried, scored, within, strict=True):
        if not all(map(len, numbers)):
            first = [len(each) > 0 for each in numbers].index(False)
            found[side] = ("not tried", "no score", "over budget")[first]
    return found


def _verdict_on(
    name: str, compared: "_Compared", judge: Judge, alpha: float, **further: Any
) -> StudentVerdict:
    low, high = compared.interval(alpha)
    distilled, direct = compared.means
    known = {
        "student": name,
        "outcome": "helps" if high < 0.0 else "harms" if low > 0.0 else "not shown to help",
        "difference": distilled - direct,
        "error": np.inf if compared.gap.error is None else compared.gap.error,
        "interval": (low, high),
        "distilled": distilled,
        "direct": direct,
        "ruled_out": _ruled_out(compared) if judge.row_loss is row_log_loss else {},
        "n_rows": compared.n_rows,
    }
    return StudentVerdict(**known | further)


@dataclass(frozen=True)
class _Compared:
    """Losses (2, m) of the distilled and of the direct side, and what their difference is worth."""

    values: Floats
    weight: Floats
    gap: Estimate
    count: int
    n_rows: int

    def no_surer_than(self, other: "_Compared") -> "_Compared":
        """Return the same difference, its error at least that of another one."""
        errors = [each.gap.error for each in (self, other) if each.gap.error is not None]
        return replace(self, gap=Estimate(self.gap.mean, max(errors, default=None)))

    @property
    def means(self) -> tuple[float, float]:
        """The loss of each side."""
        distilled, direct = np.average(self.values, axis=1, weights=self.weight).tolist()
        return distilled, direct

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return the interval of the difference."""
        reach = margin(self.gap, self.count, 1.0 - alpha)
        return self.gap.mean - reach, self.gap.mean + reach


UNKNOWN = _Compared(np.full((2, 1), np.nan), np.ones(1), Estimate(np.nan), 1, 0)


def _settled(side: Any, scores: Scores) -> Any:
    """Return those of a side that have been fitted for all folds."""
    return side[np.isfinite(scores.loss[side]).all(axis=1)] if len(side) else side


def _choose_apart(
    candidates: Sequence[Candidate],
    scores: Scores,
    pool: Pool,
    sides: Sequence[Any],
    **how: Any,
) -> tuple[Scores, list[list[int]], Pool]:
    """Return for each fold the best candidate of each side on the other folds.

    Those of other repeats hold its rows, too: they choose only where there are no others. After a
    race the folds before it choose, among those that were still running: who was dropped later was
    dropped by its rows. So the first fold, and other repeats, judge nothing then.

    Returns
    -------
    scores : Scores
        Of the folds that judge.
    chosen : list of list of int
        For each of them the candidate of each side.
    pool : Pool
        With these folds for validation.
    """
    tests = [pool.folds.splits[k][1] for k in pool.validation]
    if not scores.raced:
        settled = [_settled(np.asarray(side), scores) for side in sides]
        return scores, _choose_by_others(candidates, scores, tests, settled, **how), pool
    chosen, places = [], []
    for v in range(1, len(tests)):
        if np.isin(tests[v], np.concatenate(tests[:v])).any():
            continue
        ran = np.isfinite(scores.loss[:, : v + 1]).all(axis=1)
        running = [np.asarray(side)[ran[side]] for side in sides]
        before = scores.take(range(v))
        chosen.append([choose(candidates, before, among=side, **how) for side in running])
        places.append(v)
    validation = tuple(pool.validation[v] for v in places)
    values = tuple(pool.values[v] for v in places)
    return scores.take(places), chosen, replace(pool, validation=validation, values=values)


def _choose_by_others(
    candidates: Sequence[Candidate],
    scores: Scores,
    tests: Sequence[Any],
    sides: Sequence[Any],
    **how: Any,
) -> list[list[int]]:
    chosen = []
    for v, test in enumerate(tests):
        apart = [u for u, other in enumerate(tests) if not np.isin(other, test).any()]
        others = scores.take(apart or [u for u in range(len(tests)) if u != v])
        chosen.append([choose(candidates, others, among=side, **how) for side in sides])
    return chosen


def _costs(
    candidates: Sequence[Candidate], scores: Scores, sides: Sequence[Any], **how: Any
) -> dict[str, dict[str, float]]:
    """Return bytes and seconds of 1,000 rows, of what all folds choose on each side."""
    time = 1000.0 * seconds(candidates, scores)
    size, took = {}, {}
    for side, among in zip(SIDES, sides, strict=True):
        best = choose(candidates, scores, among=among, **how) if len(among) else None
        size[side] = float("nan") if best is None else float(scores.size[best])
        took[side] = float("nan") if best is None else float(time[best])
    return {"size": size, "seconds": took}


def _compare(scores: Scores, chosen: Sequence[list[int]], pool: Pool) -> _Compared:
    if not scores.rows:
        return _compare_folds(scores, chosen, pool)
    values = [rows[pair] for rows, pair in zip(scores.rows, chosen, strict=True)]
    compared = _compare_rows(values, scores, pool)
    if not scores.spread:
        return compared
    spread = [rows[pair] for rows, pair in zip(scores.spread, chosen, strict=True)]
    return compared.no_surer_than(_compare_rows(spread, scores, pool))


def _headlines(
    scores: Scores, chosen: Sequence[list[int]], pool: Pool, data: Data, judge: Judge
) -> dict[str, _Compared]:
    """Return the same pairs by the scores that reports put first, but for the one judged by."""
    values: dict[str, list[Floats]] = {}
    for k, said, pair in zip(pool.validation, scores.said, chosen, strict=True):
        part = data.take(pool.folds.splits[k][1])
        sides = [judge.headlines(part.columns, said[c], part.weight) for c in pair]
        for name in sides[0]:
            values.setdefault(name, []).append(np.stack([side[name] for side in sides]))
    own = {"error rate": "accuracy"}.get(judge.name, judge.name)
    return {
        name: _compare_rows(rows, scores, pool)
        for name, rows in values.items()
        if name != own and not (name == "AUC" and judge.components is not None)
    }


def _moved_against(
    difference: float, others: Mapping[str, _Compared], alpha: float
) -> dict[str, dict[str, float]]:
    """Return the scores that move the other way, beyond what is uncertain of them."""
    found = {}
    for name, compared in others.items():
        half = margin(compared.gap, compared.count, 1.0 - alpha)
        if moves_against(difference, compared.gap.mean, half):
            values = map(abs, compared.means)  # accuracy and AUC are below zero
            found[name] = dict(zip(("distilled", "direct"), values, strict=True))
    return found


def _compare_rows(sides: Sequence[Floats], scores: Scores, pool: Pool) -> _Compared:
    values = np.concatenate(sides, axis=1)
    weight = np.concatenate(scores.weights)
    apart = [side[0] - side[1] for side in sides]
    gap, count = mean_gap(apart, scores.weights, scores.units, pool, range(len(apart)))
    tests = np.concatenate([pool.folds.splits[k][1] for k in pool.validation])
    return _Compared(values, weight, gap, count, len(np.unique(tests)))


def _compare_folds(scores: Scores, chosen: Sequence[list[int]], pool: Pool) -> _Compared:
    values = np.array([scores.loss[pair, v] for v, pair in enumerate(chosen)]).T
    n_folds = values.shape[1]
    gap = split_mean(values[0] - values[1], overlap(pool))
    return _Compared(values, np.ones(n_folds), gap, n_folds, n_folds)


def _ruled_out(compared: _Compared) -> dict[str, float]:
    shares = np.average(compared.values >= NO_CHANCE, axis=1, weights=compared.weight)
    return dict(zip(("distilled", "direct"), shares.tolist(), strict=True))
