"""What folds leave out or hardly hold: classes and rows, told before a teacher is fitted."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.compat import warn_user
from skdistill._ground.data import Data
from skdistill.exceptions import CoverageWarning, FoldError, RareClassWarning
from skdistill.teaching.folds import Folds

__all__ = ["check_taught_classes", "tell_rare_classes", "tell_uncovered"]

ROWS_A_FOLD = 5  # of a class; fewer say little


def tell_rare_classes(folds: Folds, y: NDArray[Any]) -> None:
    """Warn of classes of fewer than `ROWS_A_FOLD` rows a fold, by name.

    Rows a fold are those of the test parts, on average: an uneven part, as of groups or of a
    stretch of time, makes no class rare. Test parts too small to hold so many rows, as those of
    leave-one-out, tell nothing; then the fewest of the training parts count. A class with a quarter
    of an even share of the rows or more is not rare: the table is small, as is plain to see.
    """
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)

    def of_each(number: int) -> NDArray[np.int64]:
        parts = [split[number] for split in folds.splits]
        return np.array([np.bincount(codes[part], minlength=len(classes)) for part in parts])

    held = of_each(1)
    told = held.sum() >= ROWS_A_FOLD * len(folds)
    a_fold = held.mean(axis=0) if told else of_each(0).min(axis=0)
    rare = np.flatnonzero((a_fold < ROWS_A_FOLD) & (counts < len(y) / (4 * len(classes))))
    if not len(rare):
        return
    named = [f"{classes[k].item()!r} ({counts[k]} rows, {a_fold[k]:.3g} a fold)" for k in rare]
    warn_user(
        f"hardly any rows of {'class' if len(rare) == 1 else 'the classes'} {', '.join(named)}: "
        f"with fewer than {ROWS_A_FOLD} a fold its probabilities, and what is said of them, rest "
        "on chance. Bring more of its rows, merge it with another class, or use fewer folds (cv).",
        RareClassWarning,
    )


def check_taught_classes(data: Data, taught: NDArray[Any], of: str = "") -> None:
    """Raise FoldError where the rows that a student is taught on lack a class.

    Parameters
    ----------
    data : Data
        The rows.
    taught : array of int or bool
        Those of which the teacher says something.
    of : str, default=""
        Whose student it is, in a message.
    """
    absent = data.outcome.absent(data.columns[taught])
    if absent:
        raise FoldError(
            f"no row of class {', '.join(map(repr, absent))} is among those that the student{of} "
            "is taught on, which are the rows of test folds: it would not know the class. Use "
            "folds that test rows of every class, or drop the class; with time-ordered splits, "
            "start later."
        )


def tell_uncovered(n_uncovered: int, n_rows: int) -> None:
    """Warn of rows that a student is not distilled on."""
    if n_uncovered:
        warn_user(
            f"{n_uncovered} of {n_rows} rows are in no test fold: they have no out-of-fold "
            "probabilities, and the student is not distilled on them.",
            CoverageWarning,
        )
