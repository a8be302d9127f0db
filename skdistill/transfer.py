"""Transfer rows: unlabelled rows from where the student will be used.

What distillation minimises depends on the law of the features, and rows without labels can stand
for it. They are labelled by the mean of the fold teachers and never corrected; in exchange each of
the n labelled rows answers for ``(n + N) / n`` rows, so that the labelled target is
``p + s (n + N) / n (y - p)``: prediction-powered, doubly robust distillation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._compat import warn_user
from skdistill.crossfit import class_probabilities
from skdistill.exceptions import SkdistillWarning

__all__ = ["Transfer", "label_transfer", "tell_unused"]


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

    def __len__(self) -> int:
        return len(self.raw)


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
    """Warn that transfer rows are left out, as a strength was found that trains on labels alone."""
    warn_user(
        f"strength='auto' found 1: the student is trained on its labels, and the {len(transfer)} "
        "rows of X_transfer, which have none, are left out. Give the strength as a number to use "
        "them.",
        SkdistillWarning,
    )
