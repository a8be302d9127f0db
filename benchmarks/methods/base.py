"""What a method is given, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Facts", "Method", "Outcome", "Task", "TeacherLabels"]

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Task:
    """One student of one teacher on one split of a data set.

    The teacher's fits are made once and shared by all methods.

    Attributes
    ----------
    X, y : arrays of shape (n, d) and (n,)
        Training rows.
    X_test : array of shape (m, d)
        Rows to predict; no method sees their labels.
    teacher, student : estimators
        Not fitted.
    labels : TeacherLabels
        What the teacher says of the training rows.
    name : str
        Of the student; a peer that brings its own answers to the name of its group.
    """

    X: Floats
    y: NDArray[Any]
    X_test: Floats
    teacher: Any
    student: Any
    labels: "TeacherLabels"
    name: str = ""


@dataclass(frozen=True)
class TeacherLabels:
    """What a teacher says of the training rows, in-sample and out of fold.

    Attributes
    ----------
    splits : list of (train, test)
        The folds.
    in_sample : array of shape (n, K)
        By the teacher of all rows.
    out_of_fold : array of shape (n, K)
        By teachers that did not see the row.
    pool : array of shape (n_folds, n, K)
        By teachers that saw neither the row nor the fold of the first axis.
    test : array of shape (m, K)
        What the teacher of all rows says of the test rows: the mark to reach.
    """

    splits: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
    in_sample: Floats
    out_of_fold: Floats
    pool: Floats
    test: Floats


@dataclass(frozen=True)
class Outcome:
    """What a method predicts.

    Attributes
    ----------
    p : array of shape (m, K)
        Probabilities of the test rows.
    strength : float
        How far the teacher was corrected; NaN where that has no meaning.
    note : str
        What was chosen, in a few words.
    size : float
        Bytes of the fitted student as it is shipped, without what distilled it; NaN where that is
        not known.
    """

    p: Floats
    strength: float = np.nan
    note: str = ""
    size: float = np.nan


@dataclass(frozen=True)
class Facts:
    """What a reader has to know of another package before its figures.

    Attributes
    ----------
    teacher, students, seconds : str
        Sentences: whose teacher teaches, whom, and what its seconds contain.
    own_teacher : bool
        Whether it has another teacher than ours, so that ours is no mark for it.
    """

    teacher: str
    students: str
    seconds: str
    own_teacher: bool = False


# A method may answer for several at once, by name, where they share their work; None where it does
# not apply.
Method = Callable[[Task], Outcome | dict[str, Outcome] | None]
