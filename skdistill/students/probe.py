"""A foreign learner is tried on a few rows: whether it weighs copies, or counts them.

Weighted copies stand for soft labels only with a learner to which a weight is as good as so many
rows. Some that balance classes count labels instead: copies of every label in every row look
balanced to them whatever the weights, and what they predict jumps where the last soft label turns
hard. Others take `sample_weight` and leave it. Both are seen on rows that say little of their
label, 10% of which are positive: trained on the labels and on copies that hold 99% of them, a
learner must predict about the same mean. One that weighs gives about 10% both times; one that
balances by count 40% and 10%; one that takes no notice of weights 10% and 50%.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import StudentError
from skdistill.losses import CrossEntropy
from skdistill.students.base import Fitted, Problem
from skdistill.students.direct import predict_fitted
from skdistill.students.size import parts_of

__all__ = ["LABELS", "ROWS", "check_weighs"]

KNOWN = {"lightgbm", "skdistill", "sklearn", "xgboost"}  # packages whose learners weigh
CELLS = np.array([(a, b) for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)])
IN_A_CELL, POSITIVE = 40, {-1.0: 1, 0.0: 2, 1.0: 9}  # by the first feature: boosting wants a signal
ROWS = np.repeat(CELLS, IN_A_CELL, axis=0)
LABELS = np.concatenate([np.arange(IN_A_CELL) < POSITIVE[a] for a, _ in CELLS]).astype(np.int64)
SOFT = 0.01  # share of the other label
# More than the noise of stochastic gradients makes, less than (boosting) learners that count, or
# that take no notice, do.
COUNTS, DEAF = 0.12, 0.3
_found: dict[Any, str | None] = {}


def check_weighs(student: Any, fit: Callable[[Problem], Fitted]) -> None:
    """Raise StudentError where a foreign learner does not weigh copies.

    Each class is tried once with the same settings. One that cannot be fitted to these rows, say
    because it wants others, is not judged.

    Parameters
    ----------
    student : classifier
        What is tried, unless it and all inside it are of a known package.
    fit : callable
        Fits it to a problem.

    Raises
    ------
    StudentError
        If it counts copies, or takes no notice of weights.
    """
    parts = parts_of(student).values()
    if all(type(part).__module__.partition(".")[0] in KNOWN for part in parts):
        return
    key = tuple(type(part) for part in parts), repr(student.get_params())
    if key not in _found:
        _found[key] = _fault(fit)
    if _found[key] is not None:
        raise StudentError(
            f"{type(student).__name__} cannot be fitted to weighted copies: {_found[key]}. Use a "
            "learner that weighs, with class_weight='balanced' if classes are to be balanced."
        )


def _fault(fit: Callable[[Problem], Fitted]) -> str | None:
    hard = np.eye(2)[LABELS]
    soft = (1.0 - SOFT) * hard + SOFT * hard[:, ::-1]
    state = np.random.get_state()  # noqa: NPY002 - of learners without a random_state
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            on_labels, on_copies = (_mean(fit, target) for target in (hard, soft))
    except Exception:  # noqa: BLE001 - other rows may suit it
        return None
    finally:
        np.random.set_state(state)  # noqa: NPY002
    if on_labels - on_copies > COUNTS:
        cause = "it counts labels where it should weigh them, say to balance classes"
    elif on_copies - on_labels > DEAF:
        cause = "it takes no notice of sample_weight"
    else:
        return None
    return (
        f"{cause} (where {LABELS.mean():.0%} of the rows are positive it gives a mean probability "
        f"of {on_labels:.2f}, and {on_copies:.2f} on copies that weigh nearly the same)"
    )


def _mean(fit: Callable[[Problem], Fitted], target: NDArray[np.float64]) -> float:
    """Return the mean probability of the positive class after a fit to the target."""
    problem = Problem(ROWS, target, CrossEntropy(), LABELS, np.arange(2))
    return float(np.mean(np.asarray(predict_fitted(fit(problem), CELLS))[:, 1]))
