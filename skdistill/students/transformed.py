"""Targets that are transformed before a learner sees them: when what comes back is still a mean.

The mean of transformed numbers is the mean of the numbers where the transformation is a straight
line, and the deviance of a mean stays what it is where it is a change of units. A quantile goes
through whatever increases. What a transformation is, a few numbers tell: it is a function, or an
object of any package.
"""

import numpy as np
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor

from skdistill.exceptions import StudentError
from skdistill.students.base import Floats
from skdistill.students.trial import quietly
from skdistill.targets.numeric import NumericLoss

__all__ = ["check_transformation"]

POSITIVE = np.array([0.5, 1.0, 1.5, 2.5, 4.0, 7.0, 12.0])
NUMBERS = np.concatenate([-POSITIVE[::-1], [0.0], POSITIVE])
ROUNDING = 1e-6


def check_transformation(learner: TransformedTargetRegressor, loss: NumericLoss) -> None:
    """Raise StudentError where a transformed target is not for the loss of the learner inside.

    Parameters
    ----------
    learner : TransformedTargetRegressor
        Not fitted; its transformation is tried on a few numbers.
    loss : NumericLoss
        Of the learner inside.

    Raises
    ------
    StudentError
        If what it estimates of the transformed numbers is, transformed back, something else; or if
        it cannot be fitted to some numbers that a pseudo-target may be.
    """
    name = type(learner).__name__
    numbers = POSITIVE if loss.lower is not None else NUMBERS
    there = _transformed(learner, POSITIVE)
    obstacle = None if there is None else _shape_obstacle(POSITIVE, there, loss)
    if obstacle is None:
        there = _transformed(learner, numbers)
        if there is None:
            raise StudentError(
                f"the transformation of {name} cannot take the numbers {numbers.min():g} to "
                f"{numbers.max():g} there and back, and targets that are corrected, or drawn "
                "around what the teacher says, may be any: use one for all numbers, or none."
            )
        obstacle = _shape_obstacle(numbers, there, loss)
    if obstacle is not None:
        raise StudentError(
            f"{name} with a learner of {loss!r} inside {obstacle}. Use the learner inside by "
            "itself, or one of another loss, such as Gamma() for what is usually taken logarithms "
            "of; teachers may transform as they like."
        )


def _transformed(learner: TransformedTargetRegressor, y: Floats) -> Floats | None:
    """Return `y` as the learner inside sees it; None where the way there and back fails."""
    tried = clone(learner).set_params(regressor=DummyRegressor())
    try:
        with quietly(), np.errstate(all="ignore"):
            transformer = tried.fit(np.zeros((len(y), 1)), y).transformer_
            there = np.asarray(transformer.transform(y[:, None]), dtype=float)
            back = np.ravel(transformer.inverse_transform(there))
    except Exception:  # noqa: BLE001 - of any package
        return None
    if there.shape != (len(y), 1) or not np.allclose(back, y, rtol=1e-4, atol=1e-6):
        return None
    return there[:, 0]


def _shape_obstacle(y: Floats, there: Floats, loss: NumericLoss) -> str | None:
    """Return why numbers `y` that are transformed so are not for a loss; None if they are."""
    if not loss.is_linear:
        if np.all(np.diff(there) > 0.0):
            return None
        return "would give another quantile: its transformation does not increase everywhere"
    slope = (there[-1] - there[0]) / (y[-1] - y[0])
    bend = np.max(np.abs(there - there[0] - slope * (y - y[0])))
    if bend > ROUNDING * np.ptp(there):
        return (
            "would estimate the mean on another scale, which is no mean of y: its transformation "
            "is no straight line, and no pseudo-target stands for both"
        )
    shift = abs(there[0] - slope * y[0])
    if loss.lower is not None and (slope <= 0.0 or shift > ROUNDING * np.ptp(there)):
        return "would have the deviance of other numbers: its transformation is no change of units"
    return None
