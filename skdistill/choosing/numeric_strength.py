"""How far to correct a teacher of numbers: the rule of `strength`, on the scale of the loss.

The strength is ``bias^2 / (bias^2 + variance)`` again, both on the scale of the loss that the
student minimises, and two measures of what single labels put into the student have to agree.

One is movement: half the divergence of predictions that have and have not seen a label, the mean of
both directions. The other is dispersion: predictions ``f = f_0 + e`` with an error `e` of mean zero
vary beyond what they explain, by ``E (f - y) (t(f) - mean t) = E e t'(f) e``, where `t` is the
canonical parameter of the loss (f itself for the squared error, log f for Poisson, -1/f for Gamma):
the expected divergence of that error, to second order. An average of many deep trees moves, and yet
varies less than what it predicts: what a soft label would take from it is no noise. Hence the
larger strength of the two, as in classification, where dispersion is overconfidence.

Absolute errors and quantiles have no quadratic divergence. There the noise is half the optimism: by
how much the student's loss on rows it was fitted on is below that on rows it was not. For least
squares with d parameters that is ``d sigma^2 / n``, the variance (Efron, *The estimation of
prediction error*, JASA 2004).

The squared bias presumed of the teacher is a share (`bias_share`) of what it explains: of the loss
of the best constant less its own. What numbers vary beyond that is noise for the most part, which
no teacher could explain; a share of all that they vary would be more than most students' noise.

The rule costs K student fits, no teacher fit. ``python -m benchmarks.regression`` compares it with
each measure alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill._ground.validation import index_rows
from skdistill.choosing.strength import Reading, bias_share, in_pieces, mass_of, no_row_twice
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
    readings : mapping of str to Reading
        "movement" and "dispersion", or "optimism".
    bounded : None
        No student of numbers runs away.
    """

    readings: Mapping[str, Reading]
    bounded: None = None

    @property
    def strength(self) -> float:
        """The largest of the readings', in [0, 1]."""
        return max(each.strength for each in self.readings.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the ingredients and what was made of them."""
        found = {name: each.to_dict() for name, each in self.readings.items()}
        return found | {"strength": float(self.strength)}


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
    taught = rows[~np.isnan(m[rows, 0])]
    covered = np.flatnonzero(~np.isnan(m[:, 0]))
    mass = np.ones(len(covered)) if weight is None else weight[covered]
    y = data.columns

    level = np.asarray(loss.mean_level(y[covered], mass))
    f = loss.lift(np.concatenate(direct.parts), level)

    def mean_loss(said: Floats, at: NDArray[np.int64]) -> float:
        own = index_rows(weight, at, len(data))
        return float(np.average(loss.value(loss.lift(said, level), y[at]), weights=own))

    teacher = mean_loss(m[taught], taught)
    explained = mean_loss(np.broadcast_to(level, y[covered].shape), covered) - teacher
    share = bias_share(float(mass.sum() ** 2 / (mass @ mass)))
    presumed = min(share * max(0.0, explained), teacher)
    student = mean_loss(f, rows)
    own = index_rows(weight, rows, len(data))
    on = direct, data, folds, weight
    noises = {"optimism": _between(_optimism(loss, level), *on) / 2.0}
    if loss.is_linear:
        noises = {
            "movement": _between(_movement(loss, level), *on) / 2.0,
            "dispersion": _dispersion(loss, y[rows], f, own),
        }
    return NumericShrinkage(
        {name: Reading(teacher, student, noise, presumed) for name, noise in noises.items()}
    )


def _movement(loss: Any, level: Floats) -> Callable[..., Floats]:
    """Return the mean of both divergences of predictions that have and have not seen a label."""

    def of_rows(y: Floats, unseen: Floats, seen: Floats) -> Floats:
        here, there = loss.lift(seen, level), loss.lift(unseen, level)
        return np.asarray(0.5 * (loss.value(here, there) + loss.value(there, here)))

    return of_rows


def _optimism(loss: Any, level: Floats) -> Callable[..., Floats]:
    """Return by how much the loss is lower for having seen the label."""

    def of_rows(y: Floats, unseen: Floats, seen: Floats) -> Floats:
        here, there = loss.lift(seen, level), loss.lift(unseen, level)
        return np.asarray(loss.value(there, y) - loss.value(here, y))

    return of_rows


def _dispersion(loss: Any, y: Floats, f: Floats, weight: Floats | None) -> float:
    """Return what out-of-fold predictions vary beyond what they explain; may be negative."""
    canonical = loss.canonical(f)
    apart = canonical - np.average(canonical, axis=0, weights=weight)
    return float(np.average(np.sum((f - y) * apart, axis=1), weights=weight))


def _between(
    of_rows: Callable[..., Floats],
    direct: OutOfFold,
    data: Data,
    folds: Folds,
    weight: Floats | None,
) -> float:
    """Return the mean over training rows that another fold tests, of predictions there and here."""
    total = mass = 0.0
    y = data.columns
    for fitted, (train, _) in zip(direct.teachers or (), folds.splits, strict=True):
        both = train[direct.covered[train]]
        if not len(both):
            continue
        seen = in_pieces(partial(data.outcome.ask, fitted), data.X, both)
        own = index_rows(weight, both, len(data))
        share = mass_of(both, own)
        apart = of_rows(y[both], direct.values[both], seen)
        total += share * float(np.average(apart, weights=own))
        mass += share
    if mass == 0.0:
        raise no_row_twice(folds)
    return total / mass
