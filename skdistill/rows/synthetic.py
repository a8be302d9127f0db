"""Synthetic rows: labelled by a teacher that has seen neither of the rows they were made of.

MUNGE (`Munge`) lets a row and a near neighbour exchange some of their values, and the student
learns what the teacher says between and around the labelled rows. Whoever labels a synthetic row
must not have seen the labels of its parents, else they leak through it: so both are rows of one
fold, and that fold's teacher is asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from joblib import hash as joblib_hash
from numpy.typing import NDArray

from skdistill._ground.data import Data, stack_rows
from skdistill._ground.outcomes import Outcome
from skdistill._ground.validation import columns_of
from skdistill.exceptions import InputError, ParameterError
from skdistill.rows.munge import Drawn, Munge, check_dense
from skdistill.rows.transfer import Transfer, label_transfer
from skdistill.teaching.crossfit import further_answers

__all__ = [
    "Kept",
    "Synthetic",
    "check_further_rows",
    "label_synthetic",
    "redraw",
    "resolve_synthetic",
]

Index = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Synthetic(Transfer):
    """Synthetic rows and what the teachers of their folds say of them.

    They are no rows of their own, whatever their number: those of a labelled row weigh together
    what it weighs, and the labelled rows do not answer for them.

    Attributes
    ----------
    parent : array of shape (N,)
        The labelled row that each was made from.
    neighbours : tuple of arrays
        The other ones, by fold.
    munge : Munge
        What made them.
    """

    parent: Index
    neighbours: tuple[Index, ...]
    munge: Munge
    what: ClassVar[str] = "synthetic rows"

    @classmethod
    def of(cls, drawn: tuple[Drawn, ...], raw: Floats, munge: Munge) -> "Synthetic":
        """Put the rows of all folds together; `raw` has their probabilities, fold after fold."""
        X = drawn[0].X
        for part in drawn[1:]:
            X = stack_rows(X, part.X)
        parent = np.concatenate([part.parent for part in drawn])
        return cls(X, raw, parent, tuple(part.neighbour for part in drawn), munge)

    def take(self, rows: Index) -> "Synthetic":
        """Return the same rows where of the labelled ones only some are left, in order."""
        return replace(self, parent=np.searchsorted(rows, self.parent))

    def share(self, n_rows: int) -> float:
        """Return 1: the labelled rows answer for themselves only."""
        return 1.0

    def weights(self, weight: Floats | None) -> Floats:
        """Return the weight of each row: its part of its parent's."""
        of_parent = 1.0 if weight is None else weight[self.parent]
        return np.asarray(of_parent / np.bincount(self.parent)[self.parent])


def label_synthetic(
    munge: Munge,
    X: Any,
    folds: Mapping[int, Index],
    teacher_of: Callable[[int], Any],
    outcome: Outcome,
) -> Synthetic:
    """Make synthetic rows, each labelled by a teacher that has seen neither of its parents.

    Parameters
    ----------
    munge : Munge
        What makes them.
    X : array-like or data frame of n rows
        Features of the labelled rows.
    folds : mapping of int to array
        Rows of each fold, by its number.
    teacher_of : callable
        Gives the fitted teacher of a fold by its number.
    outcome : Outcome
        What it is asked.

    Returns
    -------
    synthetic : Synthetic
    """
    drawn = munge.draw(X, folds)
    what = Synthetic.what
    raw = [further_answers(teacher_of(part.fold), part.X, outcome, what) for part in drawn]
    return Synthetic.of(drawn, np.concatenate(raw), munge)


def label_further(
    teachers: Mapping[int, Any] | None,
    munge: Munge | None,
    X_transfer: Any,
    data: Data,
    folds: Mapping[int, Index],
) -> Transfer | None:
    """Label the rows without labels, of whichever kind, by the teachers of the folds.

    Parameters
    ----------
    teachers : fitted teachers by fold, or None
        None where no rows are to be labelled.
    munge : Munge or None
        What makes synthetic rows; None for the transfer rows.
    X_transfer : array-like or data frame of N rows, or None
        Transfer rows.
    data : Data
        The labelled rows.
    folds : mapping of int to array
        Rows of each fold, by its number.

    Returns
    -------
    rows : Transfer or None
    """
    if teachers is None:
        return None
    if munge is None:
        return label_transfer(teachers, X_transfer, data.outcome)
    return label_synthetic(munge, data.X, folds, teachers.__getitem__, data.outcome)


@dataclass(frozen=True)
class Kept:
    """What is left of synthetic rows after a fit: they can be made again, their teachers cannot.

    Attributes
    ----------
    munge : Munge
        What made them.
    raw : array of shape (N, K)
        What the teachers said.
    neighbours : tuple of arrays
        The neighbours, by fold.
    fingerprint : str
        Of the values.
    """

    munge: Munge
    raw: Floats
    neighbours: tuple[Index, ...]
    fingerprint: str

    @classmethod
    def of(cls, rows: Synthetic) -> "Kept":
        """Return what is kept of rows."""
        neighbours = tuple(part.astype(np.int32) for part in rows.neighbours)
        values = [np.asarray(column) for column in columns_of(rows.X)]
        return cls(rows.munge, rows.raw, neighbours, str(joblib_hash(values)))


def redraw(munge: Munge, X: Any, folds: Mapping[int, Index], kept: Kept | None) -> Synthetic:
    """Make the synthetic rows of an earlier fit again.

    Parameters
    ----------
    munge, X, folds
        Of `label_synthetic`.
    kept : Kept or None
        What was kept of them; None if there were none.

    Returns
    -------
    synthetic : Synthetic

    Raises
    ------
    ParameterError
        If there were none, or others were made.
    InputError
        If these rows make others.
    """
    if kept is None or kept.munge != munge:
        raise ParameterError(
            f"synthetic can be set to None only, got {munge!r}: other rows need the fold teachers, "
            "which are gone. Clone the estimator and fit it."
        )
    rows = Synthetic.of(munge.draw(X, folds, kept.neighbours), kept.raw, munge)
    if Kept.of(rows).fingerprint != kept.fingerprint:
        raise InputError(
            "X must be the rows that the estimator was fitted on: synthetic rows made of these are "
            "others than those that the fold teachers have labelled, who are gone. Call fit for "
            "other rows."
        )
    return rows


def resolve_synthetic(synthetic: Any) -> Munge | None:
    """Return what makes synthetic rows, None for none.

    Parameters
    ----------
    synthetic : {None, "munge"} or Munge
        Of `DistilledClassifier`.

    Returns
    -------
    munge : Munge or None

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    if synthetic is None or isinstance(synthetic, Munge):
        return synthetic
    if isinstance(synthetic, str) and synthetic == "munge":
        return Munge()
    raise ParameterError(f"synthetic must be None, 'munge' or a Munge, got {synthetic!r}.")


def check_further_rows(
    X: Any,
    *,
    transfer: bool,
    synthetic: bool,
    given: str | None = None,
    unstacked: str | None = None,
) -> None:
    """Raise an error where further rows could not be made or labelled, or would not go together.

    Parameters
    ----------
    X : array-like or data frame of n rows
        Features of the labelled rows.
    transfer, synthetic : bool
        Whether there are rows of the user's without labels, and whether rows are to be made up.
    given : str or None, default=None
        The parameter that stands for the teacher, if one does.
    unstacked : str or None, default=None
        What to pass instead of a "stacked" calibration, if there is one.

    Raises
    ------
    ParameterError
        Says which of the two to leave out.
    InputError
        If no synthetic rows can be made of `X`.
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
    if transfer and unstacked:
        raise ParameterError(
            "calibration 'stacked' blends in the direct student's out-of-fold probabilities, which "
            f"rows of X_transfer have none of: pass {unstacked}."
        )
    if synthetic and X is not None:
        check_dense(X)
