"""How far to correct a teacher of numbers: the rule of `strength`, on the scale of the loss.

The strength is ``bias^2 / (bias^2 + variance)`` again, with both on the scale of the loss that the
student minimises. For a loss whose minimiser is the mean (squared error, the deviances) the
variance is half the divergence of predictions that have and have not seen a label, the mean of both
directions. For quantiles and absolute errors, whose divergences are not quadratic, it is half the
optimism: by how much the student's loss on rows it was fitted on is below that on rows it was not.
For least squares with d parameters that is ``d sigma^2 / n``, the variance (Efron, *The estimation
of prediction error*, JASA 2004).

There is no second reading by overconfidence, as in classification: a number says nothing of its own
error. The rule costs K student fits, no teacher fit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.compat import take_rows
from skdistill._ground.data import Data
from skdistill._ground.validation import index_rows
from skdistill.choosing.strength import Reading, bias_share, mass_of, no_row_twice
from skdistill.settings import Settings
from skdistill.teaching.crossfit import OutOfFold
from skdistill.teaching.folds import Folds

__all__ = ["NumericShrinkage", "shrink_numbers"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NumericShrinkage:
    """The ingredients of ``strength="auto"`` in regression.

    Attributes
    ----------
    reading : Reading
        By the loss that the student minimises.
    loss : str
        Its name.
    """

    reading: Reading
    loss: str
    bounded: None = None  # no student of numbers runs away

    @property
    def strength(self) -> float:
        """That of the reading, in [0, 1]."""
        return self.reading.strength

    def to_dict(self) -> dict[str, Any]:
        """Return the ingredients and what was made of them."""
        return {self.loss: self.reading.to_dict(), "strength": float(self.strength)}


def shrink_numbers(
    settings: Settings,
    direct: OutOfFold,
    data: Data,
    m: Floats,
    folds: Folds,
    weight: Floats | None = None,
    *,
    again: Callable[..., OutOfFold] | None = None,
) -> NumericShrinkage:
    """Compare the direct student with the teacher.

    Parameters
    ----------
    settings : Settings
        Of the fit; its loss is the scale.
    direct : OutOfFold
        Predictions of the direct student on the same folds, with the fold students.
    data : Data
        The n rows.
    m : array of shape (n, m)
        Calibrated out-of-fold predictions of the teacher; NaN in rows no fold covers.
    folds : Folds
        Where the student was fitted.
    weight : array of shape (n,) or None, default=None
        Row weights.
    again : callable
        Not needed.

    Returns
    -------
    shrinkage : NumericShrinkage

    Raises
    ------
    FoldError
        If no training row of a fold is a test row of another.
    """
    loss = settings.loss
    rows = np.concatenate([test for _, test in folds.splits])  # of repeated folds, several times
    f = np.concatenate(direct.parts)
    taught = rows[~np.isnan(m[rows, 0])]
    covered = np.flatnonzero(~np.isnan(m[:, 0]))
    mass = np.ones(len(covered)) if weight is None else weight[covered]
    y = data.columns

    def mean_loss(said: Floats, at: NDArray[np.int64]) -> float:
        own = index_rows(weight, at, len(data))
        return float(np.average(loss.value(said, y[at]), weights=own))

    level = loss.mean_level(y[covered], mass)
    teacher = mean_loss(m[taught], taught)
    presumed = bias_share(float(mass.sum() ** 2 / (mass @ mass))) * mean_loss(
        np.broadcast_to(level, y[covered].shape), covered
    )
    noise = _noise(loss, direct, data, folds, weight)
    reading = Reading(teacher, mean_loss(f, rows), noise, min(presumed, teacher))
    return NumericShrinkage(reading, loss.name)


def _noise(loss: Any, direct: OutOfFold, data: Data, folds: Folds, weight: Floats | None) -> float:
    """Return what single labels have put into the student: half a divergence, or half an optimism.

    Of training rows that another fold tests: what the student that has seen the label says, beside
    what one that has not says.
    """
    total = mass = 0.0
    y = data.columns
    for fitted, (train, _) in zip(direct.teachers or (), folds.splits, strict=True):
        both = train[direct.covered[train]]
        if not len(both):
            continue
        unseen = direct.values[both]
        seen = data.outcome.ask(fitted, take_rows(data.X, both))
        if loss.is_linear:
            apart = 0.5 * (loss.value(seen, unseen) + loss.value(unseen, seen))
        else:
            apart = loss.value(unseen, y[both]) - loss.value(seen, y[both])
        own = index_rows(weight, both, len(data))
        share = mass_of(both, own)
        total += share * float(np.average(apart, weights=own))
        mass += share
    if mass == 0.0:
        raise no_row_twice(folds)
    return max(0.0, total / mass) / 2.0
