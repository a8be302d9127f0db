"""Whether anything can be within a budget, asked before a teacher is fitted.

Each student is fitted to the labels of a few rows, which takes seconds where the pool of teachers
may take hours. On all rows it is no smaller, and hardly faster.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill.choosing.budget import Budget, Cost, measure
from skdistill.choosing.candidates import Candidate
from skdistill.students import direct_problem

__all__ = ["check_reach"]

ROWS = 500
SLACK = 1.5  # times of the same student differ so much where other work runs


def check_reach(budget: Budget | None, candidates: Sequence[Candidate], data: Data) -> None:
    """Raise where every student is beyond the budget already on a few rows.

    Parameters
    ----------
    budget : Budget or None
        The limits; a time may be exceeded by half, as it is noisy. None: there are none.
    candidates : sequence of Candidate
        What would be tried.
    data : Data
        Its rows.

    Raises
    ------
    ParameterError
        If no student can be within the limits: what the least of each is.
    """
    if budget is None:
        return
    few, eased, costs = data.take(_some(data)), _eased(budget), []
    students = {c.group: c for c in candidates}.values()
    for candidate in students:
        found = _cost(candidate, few)
        if found is None or eased.allows(found):
            return
        costs.append(found)
    how = f"; trained on {len(few):,} rows, no teacher was fitted"
    raise budget.too_tight(costs, [c.name for c in students], how)


def _some(data: Data) -> NDArray[np.int64]:
    """Return some rows, one of each class among them."""
    order = np.random.default_rng(0).permutation(len(data))
    if len(data.classes) == 0:
        return np.sort(order[:ROWS])
    _, first = np.unique(data.codes[order], return_index=True)
    return np.unique(np.concatenate([order[first], order[: max(ROWS - len(first), 0)]]))


def _cost(candidate: Candidate, data: Data) -> Cost | None:
    """Return what its student costs on these rows, None where it cannot be fitted so simply."""
    adapter = candidate.settings.adapter
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of too few rows
            return measure(adapter.fit(direct_problem(adapter, data.X, data.y)), data.X)
    except Exception:  # noqa: BLE001 - the fit on all rows says what is wrong, if something is
        return None


def _eased(budget: Budget) -> Budget:
    limit = budget.latency_us
    return budget if limit is None else replace(budget, latency_us=SLACK * limit)
