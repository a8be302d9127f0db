"""A classifier of another package is tried on made-up rows: whether it takes such classes.

Tags do not say of all that take two classes only, or tell classes by number only, that they do.
They would fail, or give every row the same probabilities, after all of the teacher's fits.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.learners import kind_of, predictors_in
from skdistill._ground.validation import is_estimator
from skdistill._ground.wrapping import fit_sorted
from skdistill.exceptions import InputError
from skdistill.students.base import Fitted
from skdistill.students.direct import predict_fitted
from skdistill.students.trial import CannotTellError, Keyed, is_known, said, trying, unweighted

__all__ = ["check_can_tell_classes"]

NUMBERS = range(2, 11)  # of classes that a learner may be set to
N_ROWS, FEWEST = 360, 8  # at least, and of each class
NOTHING = 1e-6


def check_can_tell_classes(student: Any, classes: NDArray[Any]) -> None:
    """Raise InputError where a learner takes other classes than these, and its tags do not say so.

    Parameters
    ----------
    student : estimator
        The classifiers in it are fitted to made-up rows of these classes unless they are of a known
        package. One that learns nothing from other classes either is let pass.
    classes : array of shape (K,)
        Of the data; 0 and 1 are not tried.

    Raises
    ------
    InputError
        It says what the learner said.
    """
    n_classes, labels = len(classes), tuple(classes.tolist())
    numbers = tuple(range(n_classes))
    learners = predictors_in(student) if is_estimator(student) and labels != (0, 1) else ()
    for learner in learners:
        if is_known(learner) or kind_of(learner) != "classifier":
            continue
        keyed, name = Keyed(learner), type(learner).__name__
        failure = _failure(keyed, labels)
        if failure is None:
            continue
        if labels != numbers and _failure(keyed, numbers) is None:
            raise InputError(
                f"{name} cannot tell the classes {list(labels[:3])} apart by their names "
                f"({failure}): pass y as the numbers 0 to {n_classes - 1}, or use another student."
            )
        for other in (k for k in NUMBERS if k != n_classes):
            if _failure(keyed, tuple(range(other))) is None:
                raise InputError(
                    f"{name} takes {other} classes, as it is set, and y has {n_classes}, with "
                    f"which it fails ({failure}): set it to {n_classes} if it can be, or use "
                    "another student."
                )


@lru_cache(maxsize=64)
def _failure(keyed: Keyed, labels: tuple[Any, ...]) -> str | None:
    """Return how the learner fails on rows that say their class; None if it learns something."""
    n_classes = len(labels)
    row = np.arange(max(N_ROWS, FEWEST * n_classes))
    code = row % n_classes
    X = np.column_stack([code + row // n_classes % 3 / 10.0, row // n_classes % 7])
    try:
        with trying():
            model = fit_sorted(unweighted(keyed.learner), X, np.array(labels)[code])
            p = np.asarray(predict_fitted(Fitted(model), X), dtype=float)
    except CannotTellError as error:
        return said(error)
    if np.ptp(p, axis=0).max() < NOTHING:
        return "its probabilities are the same for every row, whatever class that is of"
    if p[row, code].mean() < 1.0 / n_classes + NOTHING:
        return "its probabilities point away from the class that a row is of"
    return None
