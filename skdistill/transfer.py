"""Transfer rows: unlabelled rows from where the student will be used.

What distillation minimises depends on the law of the features, and rows without labels can stand
for it. They are labelled by the mean of the fold teachers and never corrected; in exchange each of
the n labelled rows answers for ``(n + N) / n`` rows, so that the labelled target is
``p + s (n + N) / n (y - p)``: prediction-powered, doubly robust distillation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skdistill._compat import warn_user
from skdistill.crossfit import class_probabilities
from skdistill.exceptions import ParameterError, SkdistillWarning

__all__ = ["Transfer", "check_further_rows", "label_transfer", "tell_unused"]


@dataclass(frozen=True)
class Transfer:
    """Unlabelled rows and what the fold teachers say of them.

    Attributes
    ----------
    X : array-like or data frame of N rows
        Features.
    raw : array of shape (N, K)
        Mean of the fold teachers' probabilities, uncalibrated.
    """

    X: Any
    raw: NDArray[np.float64]
    what: ClassVar[str] = "rows of X_transfer"

    def __len__(self) -> int:
        return len(self.raw)

    def take(self, rows: NDArray[np.int64]) -> "Transfer":
        """Return what goes with some of the labelled rows: all of it."""
        return self

    def share(self, n_rows: int) -> float:
        """Return for how many rows each of `n_rows` labelled ones answers."""
        return (n_rows + len(self)) / n_rows

    def weights(self, weight: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        """Return the weight of each row beside labelled ones of weight `weight`: their mean."""
        return None if weight is None else np.full(len(self), weight.mean())


def label_transfer(teachers: Sequence[Any], X: Any, classes: NDArray[Any]) -> Transfer:
    """Label unlabelled rows by the mean of the fold teachers.

    Parameters
    ----------
    teachers : sequence of fitted classifiers
        One per fold.
    X : array-like or data frame of N rows
        Features.
    classes : array of shape (K,)
        Sorted classes.

    Returns
    -------
    transfer : Transfer
    """
    return Transfer(X, np.mean([class_probabilities(t, X, classes) for t in teachers], axis=0))


def tell_unused(transfer: Transfer) -> None:
    """Warn that rows are left out, as a strength was found that trains on labels alone."""
    warn_user(
        f"strength='auto' found 1: the student is trained on its labels, and the {len(transfer)} "
        f"{transfer.what}, which have none, are left out. Give the strength as a number to use "
        "them.",
        SkdistillWarning,
    )


def check_further_rows(
    *, transfer: bool, synthetic: bool, given: str | None = None, stacked: bool = False
) -> None:
    """Raise ParameterError where further rows could not be labelled, or would get in their way.

    Parameters
    ----------
    transfer, synthetic : bool
        Whether there are rows of the user's without labels, and whether rows are to be made up.
    given : str or None, default=None
        The parameter that stands for the teacher, if one does.
    stacked : bool, default=False
        Whether the calibration may be "stacked".

    Raises
    ------
    ParameterError
        Says which of the two to leave out.
    """
    if given and (transfer or synthetic):
        what = "X_transfer is" if transfer else "synthetic rows are"
        raise ParameterError(
            f"{what} labelled by the teachers of the folds, and {given}= takes their place: pass "
            "one of the two."
        )
    if transfer and synthetic:
        raise ParameterError(
            "X_transfer says where the student will be used, and synthetic rows are made of the "
            "labelled ones, which may lie elsewhere: pass one of the two."
        )
    if transfer and stacked:
        raise ParameterError(
            "calibration 'stacked' blends in the direct student's out-of-fold probabilities, which "
            "rows of X_transfer have none of: leave it out."
        )
