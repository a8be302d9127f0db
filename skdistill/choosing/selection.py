"""Choosing among candidates by what they scored on the validation folds."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.estimates import row_mean, split_mean
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scores import Scores

__all__ = ["choose", "choose_allowed", "loss_error", "paired_error", "seconds", "smooth"]

Floats = NDArray[np.float64]
MIN_POINTS = 4  # of a parabola with a degree of freedom left


def smooth(candidates: Sequence[Candidate], loss: Floats) -> Floats:
    """Return the losses, along each curve of strengths replaced by the parabola through them.

    The direct student stands for itself: a tree grown on labels gives probabilities of exactly
    zero, and its loss need not lie on the curve of those that saw any soft label.

    Parameters
    ----------
    candidates : sequence of Candidate
        What was tried.
    loss : array of shape (C,)
        Their losses.

    Returns
    -------
    smoothed : array of shape (C,)
        Least squares on each curve of at least four points that are finite; the others stay.
    """
    smoothed = loss.copy()
    curves: dict[int, list[int]] = {}
    for number, candidate in enumerate(candidates):
        if candidate.curve is not None:
            curves.setdefault(candidate.curve, []).append(number)
    for members in curves.values():
        members = [i for i in members if np.isfinite(loss[i])]  # noqa: PLW2901
        if len(members) < MIN_POINTS:
            continue
        at = np.array([candidates[i].settings.strength for i in members])
        smoothed[members] = np.polyval(np.polyfit(at, loss[members], 2), at)
    return smoothed


def choose(
    candidates: Sequence[Candidate],
    scores: Scores,
    *,
    among: Sequence[int] | None = None,
    smoothed: bool = True,
    prefer: str | None = None,
    within: float | None = None,
) -> int:
    """Return the number of the best candidate.

    Parameters
    ----------
    candidates : sequence of Candidate
        What was tried.
    scores : Scores
        What came of them.
    among : sequence of int or None, default=None
        Numbers of those that can be chosen; None for all.
    smoothed : bool, default=True
        Whether losses are smoothed along the strength.
    prefer : {"faster", "smaller"} or None, default=None
        Of the candidates within one standard error of the best, the one that predicts fastest, or
        the smallest; None for the best itself. The error is that of the paired difference.
        Candidates of one student differ in its labels only, so they count as equally fast; of
        equals the better is taken.
    within : float or None, default=None
        Of the candidates whose loss is at most ``1 + within`` times the best, instead.

    Returns
    -------
    number : int
    """
    allowed = np.arange(len(candidates)) if among is None else np.asarray(among)
    mean = scores.loss.mean(axis=1)
    loss = smooth(candidates, mean) if smoothed else mean
    loss = np.where(np.isnan(loss), np.inf, loss)
    best = int(allowed[np.argmin(loss[allowed])])
    if prefer is None:
        return best
    cost = seconds(candidates, scores) if prefer == "faster" else scores.size
    close = [c for c in allowed if loss[c] - loss[best] <= _leeway(scores, c, best, within)]
    return int(min(close, key=lambda c: (cost[c], loss[c])))


def _leeway(scores: Scores, candidate: int, best: int, within: float | None) -> float:
    """Return how much worse than the best a candidate may be where another is preferred."""
    if within is None:
        return paired_error(scores, candidate, best)
    return within * abs(float(scores.loss[best].mean()))


def choose_allowed(
    candidates: Sequence[Candidate],
    scores: Scores,
    fallen: Collection[str],
    *,
    among: Sequence[int] | None = None,
    **how: Any,
) -> int:
    """Return the number of the best candidate, of some kinds of student only the direct ones.

    A preference comes first: it names the kind among all candidates, and where the one that it
    takes is not allowed, a direct student of the same kind stands in for it.

    Parameters
    ----------
    candidates, scores, among, **how
        Of `choose`.
    fallen : collection of str
        Names of the students whose distilled candidates are ruled out, unless no other is among
        those that can be chosen.

    Returns
    -------
    number : int
    """
    affordable = range(len(candidates)) if among is None else among
    standing = [
        i for i in affordable if candidates[i].is_direct or candidates[i].name not in fallen
    ]
    allowed = standing or list(affordable)
    if how.get("prefer") is not None:
        wanted = choose(candidates, scores, among=affordable, **how)
        if wanted in allowed:
            return wanted
        kind = [i for i in allowed if candidates[i].name == candidates[wanted].name]
        allowed = kind or allowed
    return choose(candidates, scores, among=allowed, **how)


def seconds(candidates: Sequence[Candidate], scores: Scores) -> Floats:
    """Return the time to predict a row of each candidate's student, shape (C,).

    The median over folds and over candidates that differ in their labels only: the noise of the
    clock is no reason to prefer one.
    """
    group = np.array([c.group for c in candidates])
    of_row = scores.score_time / scores.n_test
    return np.array([np.nanmedian(of_row[group == g]) for g in group])


def paired_error(scores: Scores, a: int, b: int) -> float:
    """Return the standard error of the mean difference in loss between two candidates.

    As `loss_error` has it. The students are taken as they were fitted.
    """
    return loss_error(scores, lambda losses: losses[a] - losses[b]) or 0.0


def loss_error(scores: Scores, of: Callable[[Floats], Floats]) -> float | None:
    """Return the standard error of a mean loss; `of` picks it from losses of shape (C, ...).

    Over test rows where there is a loss per row, those of one given row or group taken together,
    else over folds; None where one value says nothing.
    """
    if not scores.rows:
        return split_mean(of(scores.loss), 0.0).error
    rows = np.concatenate([of(rows) for rows in scores.rows])
    return row_mean(rows, np.concatenate(scores.weights), np.concatenate(scores.units)).error
