"""Every student of a search by its honest loss and what it costs: the front that none beats."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.choosing.budget import Budget
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scores import Scores
from skdistill.choosing.selection import choose, loss_error, seconds

__all__ = ["frontier_of", "pareto_front"]

SIDES = ("direct", "distilled")


def frontier_of(
    candidates: Sequence[Candidate],
    scores: Scores,
    *,
    smoothed: bool,
    budget: Budget | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the best direct and the best distilled candidate of each student, and its costs.

    Parameters
    ----------
    candidates : sequence of Candidate
        What was tried.
    scores : Scores
        What came of them.
    smoothed : bool
        Whether losses are smoothed along the strength before the best is taken.
    budget : Budget or None, default=None
        The limits.

    Returns
    -------
    table : dict of str to array of shape (m,)
        "student" (its name, and what was set of its grid), "side" ("direct" or "distilled"),
        "candidate" (its place in `cv_results_`), "loss" and its "standard_error", "size_bytes",
        "latency" (seconds to predict a row, many at a time), whether it is "within_budget", as the
        student of the first fold is, and whether it is "on_front": no other is as good in all of
        loss, size and latency, and better in one.
    """
    took = seconds(candidates, scores)
    known = np.isfinite(scores.loss).all(axis=1)
    lines = []
    for group in dict.fromkeys(c.group for c in candidates):
        for side in SIDES:
            among = [
                i
                for i, c in enumerate(candidates)
                if c.group == group and known[i] and c.is_direct == (side == "direct")
            ]
            if among:
                best = choose(candidates, scores, among=among, smoothed=smoothed)
                lines.append((_name(candidates[best]), side, best))
    numbers = [best for *_, best in lines]
    table: dict[str, NDArray[Any]] = {
        "student": np.array([name for name, *_ in lines], dtype=object),
        "side": np.array([side for _, side, _ in lines], dtype=object),
        "candidate": np.array(numbers),
        "loss": scores.loss[numbers].mean(axis=1),
        "standard_error": np.array(
            [loss_error(scores, itemgetter(number)) for number in numbers], dtype=np.float64
        ),
        "size_bytes": scores.size[numbers],
        "latency": took[numbers],
        "within_budget": np.array(
            [budget is None or budget.allows(scores.costs[number]) for number in numbers], bool
        ),
    }
    costs = [table[name] for name in ("loss", "size_bytes", "latency")]
    return table | {"on_front": pareto_front(np.column_stack(costs))}


def pareto_front(costs: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows no other row beats: as small in every column and smaller in one.

    Rows with a NaN neither stand on the front nor beat another.

    Parameters
    ----------
    costs : array of shape (m, c)
        Smaller is better.

    Returns
    -------
    on_front : array of shape (m,)

    Examples
    --------
    >>> import numpy as np
    >>> pareto_front(np.array([[1, 2], [2, 1], [2, 2]]))
    array([ True,  True, False])
    """
    no_worse = np.all(costs[:, None] <= costs[None, :], axis=2)
    better = np.any(costs[:, None] < costs[None, :], axis=2)
    return ~np.any(no_worse & better, axis=0) & ~np.isnan(costs).any(axis=1)


def _name(candidate: Candidate) -> str:
    settings = ", ".join(f"{k.split('__')[-1]}={v}" for k, v in candidate.varied.items())
    return f"{candidate.name} ({settings})" if settings else candidate.name
