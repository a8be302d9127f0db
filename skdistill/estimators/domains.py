"""What a learner's loss is defined for: y that it cannot learn is told before any fit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor

from skdistill._ground.compat import SEARCHES
from skdistill._ground.data import Data
from skdistill._ground.learners import members
from skdistill.exceptions import InputError
from skdistill.students.own_loss import minimised
from skdistill.students.search import candidates_of

__all__ = ["check_domain"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Domain:
    """What a learner can be taught.

    Attributes
    ----------
    by : str
        The learner, with the setting that says so.
    needs : str
        What y must be, in words.
    outside : callable
        Returns which entries of y are not.
    sums : bool
        Whether zeros alone are not enough.
    """

    by: str
    needs: str
    outside: Callable[[Floats], NDArray[np.bool_]]
    sums: bool = False


def _shares(y: Floats) -> NDArray[np.bool_]:
    return (y < 0.0) | (y > 1.0)


# Objectives of boosters that are no loss of numbers here, and yet can be those of a teacher.
OTHERS: dict[str, tuple[str, Callable[[Floats], NDArray[np.bool_]]]] = {
    "binary:logistic": ("from 0 to 1", _shares),
    "cross_entropy": ("from 0 to 1", _shares),
    "cross_entropy_lambda": ("from 0 to 1", _shares),
    "reg:logistic": ("from 0 to 1", _shares),
    "reg:squaredlogerror": ("above -1", lambda y: y <= -1.0),
    "xentlambda": ("from 0 to 1", _shares),
    "xentropy": ("from 0 to 1", _shares),
}


def check_domain(role: str, learner: Any, data: Data) -> None:
    """Raise InputError where a learner, or one inside it, cannot be fitted to the y that there is.

    Parameters
    ----------
    role : str
        "teacher" or "student", for the message.
    learner : regressor
        Not fitted.
    data : Data
        Rows with numbers.

    Raises
    ------
    InputError
        With the first such row (and column), and how many there are.
    """
    for domain in _domains(learner, data.columns):
        outside = domain.outside(data.columns)
        if outside.any():
            row, column = (int(place[0]) for place in np.nonzero(outside))
            where = f"row {data.kept[row]}" + (f", column {column}" if data.y.ndim > 1 else "")
            got = f"{data.columns[row, column]:g} in {where} ({int(outside.any(axis=1).sum())} such"
            got += " rows)"
        elif domain.sums and not data.columns.any(axis=0).all():
            column = int(np.flatnonzero(~data.columns.any(axis=0))[0])
            got = f"nothing but zeros{f' in column {column}' if data.y.ndim > 1 else ''}"
        else:
            continue
        raise InputError(
            f"y must be {domain.needs} for the {role} {domain.by}, got {got}: correct or leave out "
            f"such rows, or use a {role} of another loss, such as the squared error."
        )


def _domains(learner: Any, y: Floats) -> Iterator[Domain]:
    """Yield the domains of a learner and of those inside that are fitted to y as it is."""
    if isinstance(learner, SEARCHES):
        yield from _of_search(learner, y)
        return
    own = _own(learner)
    if own is not None:
        yield own
    if not isinstance(learner, TransformedTargetRegressor):  # which fits to something else
        for member in members(learner):
            yield from _domains(member, y)


def _of_search(search: Any, y: Floats) -> Iterator[Domain]:
    """Yield those of the first candidate, if all of a search have y outside of theirs."""
    first: list[Domain] = []
    for _, candidate in candidates_of(search):
        found = [d for d in _domains(candidate, y) if d.outside(y).any()]
        if not found:
            return
        first = first or found
    yield from first


def _own(learner: Any) -> Domain | None:
    """Return the domain of a learner's own loss; None where it has none, or none is known."""
    named = learner.get_params(deep=False).get("objective")
    if isinstance(named, str) and named in OTHERS:
        needs, outside = OTHERS[named]
        return Domain(f"{type(learner).__name__}(objective={named!r})", needs, outside)
    told = minimised(learner)
    if told is None or told.loss is None or told.loss.lower is None:
        return None
    loss = told.loss
    zero_is_label = not bool(np.any(loss.cut(np.zeros((1, 1)))[1]))

    def outside(y: Floats) -> NDArray[np.bool_]:
        return y < 0.0 if zero_is_label else y <= 0.0

    return Domain(told.by, "at least 0" if zero_is_label else "positive", outside, zero_is_label)
