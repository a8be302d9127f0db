"""A classifier of another package is tried on made-up rows: whether it follows weights.

Weighted copies stand for soft labels only with a learner to which a weight is as good as so many
rows. That `fit` takes `sample_weight` does not say so. Some learners leave it, or even it out; some
that balance classes count labels instead, and copies of every label in every row look balanced to
them whatever the weights. All are seen on rows that say little of their label, 10% of which are
positive: trained on the labels and on copies that hold 99% of them, a learner must predict about
the same mean. One that weighs gives about 10% both times; one that counts 40% and 10%; one that
takes no notice of weights 10% and 50%.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.learners import predictors_in
from skdistill.students.base import Fitted, Problem
from skdistill.students.direct import predict_fitted
from skdistill.students.trial import CannotTellError, Keyed, is_known, trying, unweighted
from skdistill.targets.losses import CrossEntropy

__all__ = ["weights_obstacle"]

FitCopies = Callable[[Any, Problem], Fitted]
CELLS = np.array([(a, b) for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)])
IN_A_CELL, POSITIVE = 40, {-1.0: 1, 0.0: 2, 1.0: 9}  # by the first feature: boosting wants a signal
ROWS = np.repeat(CELLS, IN_A_CELL, axis=0)
LABELS = np.concatenate([np.arange(IN_A_CELL) < POSITIVE[a] for a, _ in CELLS]).astype(np.int64)
SOFT = 0.01  # share of the other label
# More than the noise of stochastic gradients makes, less than (boosting) learners that count, or
# that take no notice, do.
COUNTS, DEAF = 0.12, 0.3
TURNED = 0.7  # mean of what is 10%, and 90% the other way round
NOTHING = 1e-6


def weights_obstacle(student: Any, fit: FitCopies) -> str | None:
    """Return which learner in a classifier does not follow the weights of its rows, and how so.

    Parameters
    ----------
    student : classifier
        It and those inside it are tried unless they are of a known package; one that cannot be
        fitted to made-up rows is let pass. Each is tried once with the same settings.
    fit : callable
        Fits a learner to a problem by weighted copies; a function of a module.

    Returns
    -------
    obstacle : str or None
        None if all of them follow.
    """
    for learner in predictors_in(student):
        fault = None if is_known(learner) else _fault(Keyed(learner), fit)
        if fault is not None:
            return f"{type(learner).__name__} takes sample_weight and does not follow it: {fault}"
    return None


@lru_cache(maxsize=64)
def _fault(keyed: Keyed, fit: FitCopies) -> str | None:
    """Return why copies cannot teach the learner, found out by two fits."""
    hard = np.eye(2)[LABELS]
    soft = (1.0 - SOFT) * hard + SOFT * hard[:, ::-1]
    try:
        on_labels, on_copies = (_positive(keyed.learner, fit, target) for target in (hard, soft))
    except CannotTellError:
        return None
    means = float(np.mean(on_labels)), float(np.mean(on_copies))
    cause = _cause(*means, is_constant=bool(np.ptp(on_copies) < NOTHING))
    return cause and (
        f"{cause} (where {LABELS.mean():.0%} of the rows are positive it gives a mean probability "
        f"of {means[0]:.2f}, and {means[1]:.2f} on copies that weigh nearly the same)"
    )


def _positive(learner: Any, fit: FitCopies, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of the positive class in each cell after a fit to the target."""
    problem = Problem(ROWS, target, CrossEntropy(), LABELS, np.arange(2))
    with trying():
        fitted = fit(unweighted(learner), problem)
        return np.asarray(predict_fitted(fitted, CELLS), dtype=float)[:, 1]


def _cause(on_labels: float, on_copies: float, *, is_constant: bool) -> str | None:
    if min(on_labels, on_copies) > TURNED:
        return "the columns of its predict_proba are not in the order of the classes"
    if on_labels - on_copies > COUNTS:
        return "it counts labels where it should weigh them, say to balance classes"
    if on_copies > TURNED:
        return "it learns most from the rows that weigh least"
    if on_copies - on_labels > DEAF or (is_constant and on_copies > DEAF):
        return "it takes no notice of sample_weight"
    return None
