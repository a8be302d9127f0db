"""Transfer rows: unlabelled rows from where the student will be used.

What distillation minimises depends on the law of the features, and rows without labels can stand
for it. They are labelled by the mean of the fold teachers and never corrected; in exchange each of
the n labelled rows answers for ``(n + N) / n`` rows, so that the labelled target is
``p + s (n + N) / n (y - p)``: prediction-powered, doubly robust distillation.

A student that follows single rows follows these targets far out of the simplex, where the rows of a
neighbourhood would make up for each other. So a strength s that is found beside the direct student
becomes ``s n / (n + N)``: each labelled row keeps the correction that was found for it.
``python -m benchmarks.transfer`` compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.compat import steps_skipped, warn_user
from skdistill._ground.data import check_alike
from skdistill._ground.outcomes import Outcome
from skdistill._ground.tables import check_table
from skdistill.exceptions import InputError, SkdistillWarning
from skdistill.teaching.crossfit import further_answers

__all__ = [
    "Transfer",
    "check_same_rows",
    "check_transfer",
    "label_transfer",
    "tell_unused",
]


@dataclass(frozen=True)
class Transfer:
    """Unlabelled rows and what the fold teachers say of them.

    Attributes
    ----------
    X : array-like or data frame of N rows
        Features.
    raw : array of shape (N, C)
        Mean of what the fold teachers say, uncalibrated.
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


def label_transfer(teachers: Sequence[Any], X: Any, outcome: Outcome) -> Transfer:
    """Label unlabelled rows by the mean of the fold teachers.

    Parameters
    ----------
    teachers : sequence of fitted learners
        One per fold.
    X : array-like or data frame of N rows
        Features.
    outcome : Outcome
        What they are asked.

    Returns
    -------
    transfer : Transfer
    """
    what = "X_transfer"
    said = [further_answers(teacher, X, outcome, what) for teacher in teachers]
    return Transfer(X, np.mean(said, axis=0))


def tell_unused(transfer: Transfer) -> None:
    """Warn that rows are left out, as a strength was found that trains on labels alone."""
    warn_user(
        f"strength='auto' found 1: the student is trained on its labels, and the {len(transfer)} "
        f"{transfer.what}, which have none, are left out. Give the strength as a number to use "
        "them.",
        SkdistillWarning,
    )


def check_transfer(X: Any, X_transfer: Any) -> None:
    """Raise InputError unless the transfer rows can stand beside those of `X`.

    Warns where they went past the steps of a Pipeline, as all that is no X does.
    """
    steps = steps_skipped(X_transfer)
    if steps:
        warn_user(
            f"X_transfer was not transformed by the Pipeline's steps {', '.join(steps)}: X was, so "
            "the student sees rows of two kinds. Set transform_input=['X_transfer'] on the "
            "Pipeline (with sklearn.set_config(enable_metadata_routing=True)), or give teacher and "
            "student Pipelines of their own, which transform all rows. Nothing is wrong if you "
            "transformed X_transfer yourself.",
            SkdistillWarning,
        )
    check_table(X_transfer, "X_transfer")
    check_alike(X, X_transfer, "X_transfer")
    if not (X_transfer.shape[0] if hasattr(X_transfer, "shape") else len(X_transfer)):
        raise InputError("X_transfer must have rows, got none: leave it out.")


def check_same_rows(X_transfer: Any, known: NDArray[np.float64] | None) -> None:
    """Raise InputError unless there are as many transfer rows as have labels from a fit."""
    n_given, n_known = (0 if rows is None else rows.shape[0] for rows in (X_transfer, known))
    if n_given != n_known:
        raise InputError(
            f"X_transfer must be the {n_known} transfer rows that the estimator was fitted on, "
            f"got {n_given} rows: their labels are those of the fold teachers, which are gone."
        )
