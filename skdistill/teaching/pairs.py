"""The fits that serve pairs of folds: which there are, and fitting them, within a time if need be.

The teacher of a pair has seen neither of its folds; (k, k) is fold k alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.clock import Deadline, now
from skdistill._ground.compat import Progress
from skdistill._ground.data import Data
from skdistill._ground.engines import n_slots
from skdistill._ground.outcomes import Outcome
from skdistill.exceptions import FoldError, ParameterError
from skdistill.teaching.crossfit import OutOfFold, cross_fit
from skdistill.teaching.fold_classes import check_taught_classes
from skdistill.teaching.folds import Folds, check_fold_classes, merged

__all__ = [
    "Fits",
    "Pair",
    "Split",
    "check_pairs",
    "fit_every",
    "fits_for",
    "name_of",
    "needed_fits",
    "pairs_for",
    "partners",
    "training_labels",
]

Index = NDArray[np.int64]
Floats = NDArray[np.float64]
Pair = tuple[int, int]
Split = tuple[Index, Index]


@dataclass(frozen=True)
class Fits:
    """The distinct fits of a pool, and which of them serves which pair; (k, k) is fold k alone.

    Attributes
    ----------
    folds : Folds
        Training rows of each fit, and all rows that it is asked about, sorted.
    fit_of : mapping of (int, int) to int
        The fit of each pair.
    asked : mapping of (int, int) to array
        The rows that are asked about for the sake of that pair.
    """

    folds: Folds
    fit_of: Mapping[Pair, int]
    asked: Mapping[Pair, Index]

    @classmethod
    def of(cls, wanted: Mapping[Pair, Split], n_rows: int, numbers: Index | None = None) -> "Fits":
        """Return the fits of training rows and rows asked about, for each pair."""
        names = [name_of(pair) for pair in wanted]
        every, fits = merged(list(wanted.values()), n_rows, names, numbers)
        asked = {pair: rows for pair, (_, rows) in wanted.items()}
        return cls(every, dict(zip(wanted, fits, strict=True)), asked)

    def labels_of(self, rows: Index, out: OutOfFold, pair: Pair) -> Floats:
        """Return what the teacher of a pair says of `rows`."""
        fit = self.fit_of[pair]
        test = self.folds.splits[fit][1]  # sorted
        return out.parts[fit][np.searchsorted(test, rows)]

    def teachers_of(self, out: OutOfFold, pairs: Sequence[Pair]) -> tuple[Any, ...] | None:
        """Return the teachers of the pairs, if they were kept."""
        if out.teachers is None:
            return None
        return tuple(out.teachers[self.fit_of[pair]] for pair in pairs)


def name_of(pair: Pair) -> str:
    """Return what a message calls the teacher of a pair."""
    j, k = pair
    return f"fold {k}" if j == k else f"the pair of folds {j} and {k}"


def needed_fits(folds: Folds, validation: Sequence[int]) -> Fits:
    """Return the fits that serve all folds and the pairs with a validation fold.

    Raises
    ------
    FoldError
        If a pair leaves no training row.
    """
    alone = [(k, k) for k in range(len(folds))]
    return fits_for(folds, alone + pairs_for(folds, validation))


def pairs_for(folds: Folds, validation: Sequence[int]) -> list[Pair]:
    """Return the pairs whose teachers label the training rows of some validation folds."""
    pairs = [(min(j, k), max(j, k)) for k in validation for j in partners(folds, k)]
    return list(dict.fromkeys(pairs))


def fits_for(folds: Folds, pairs: Sequence[Pair]) -> Fits:
    """Return the fits that serve pairs j < k, and folds k alone as (k, k).

    Raises
    ------
    FoldError
        If a pair leaves no training row.
    """
    wanted = {}
    for j, k in pairs:
        a, b = folds.splits[j], folds.splits[k]
        if j == k:
            wanted[k, k] = a
            continue
        train = np.intersect1d(a[0], b[0])
        if len(train) == 0:
            raise FoldError(
                f"folds {j} and {k} leave no training row between them: use more folds."
            )
        test = np.union1d(np.setdiff1d(a[1], b[1]), np.setdiff1d(b[1], a[1]))
        wanted[j, k] = train, test
    return Fits.of(wanted, folds.n_rows, folds.numbers)


def partners(folds: Folds, k: int) -> tuple[int, ...]:
    """Return the folds of the same repeat with a test row among the training rows of fold k."""
    run = next(run for run in folds.rounds if k in run)
    train = folds.splits[k][0]
    return tuple(j for j in run if j != k and np.isin(folds.splits[j][1], train).any())


def check_pairs(data: Data, folds: Folds, validation: Sequence[int]) -> None:
    """Raise FoldError where the rows that are labelled for a validation fold lack a class."""
    for k in validation:
        tests = [folds.splits[j][1] for j in partners(folds, k)]
        taught = np.intersect1d(folds.splits[k][0], np.concatenate([*tests, np.empty(0, int)]))
        check_taught_classes(data, taught, f" of validation {folds.name(k)}")


def fit_every(
    teacher: Any,
    X: Any,
    y: NDArray[Any],
    every: "Fits",
    *,
    outcome: Outcome,
    progress: Progress,
    deadline: Deadline | None = None,
    **how: Any,
) -> OutOfFold:
    """Fit a teacher for each of some fits, all at once; with a deadline, one of them first.

    Parameters
    ----------
    teacher, X, y, outcome, progress, **how
        Of `fit_pool`.
    every : Fits
        The fits.
    deadline : Deadline or None, default=None
        Until when: the first fit is timed, and what would be too slow is not begun.

    Returns
    -------
    out : OutOfFold
        What each of them said of its rows.

    Raises
    ------
    ParameterError
        If the others would take longer than is left.
    """
    check_fold_classes(every.folds, y, outcome.classes)
    how |= {"outcome": outcome}
    first: list[OutOfFold] = []
    rest = every.folds
    if deadline is not None and deadline.limit is not None:
        alone, rest = (_part(every.folds, some) for some in (slice(1), slice(1, None)))
        with progress.step("time one teacher", n_steps=1) as step:
            start = now()
            first = [cross_fit(teacher, X, y, alone, progress=step, **how)]
        _check_in_time(deadline, now() - start, len(rest), how.get("n_jobs"))
    with progress.step("fit the pool of teachers", n_steps=len(rest)) as step:
        done = [*first, cross_fit(teacher, X, y, rest, progress=step, **how)]
    parts = tuple(part for out in done for part in out.parts)
    kept = [out.teachers for out in done if out.teachers is not None]
    teachers = tuple(each for some in kept for each in some) if kept else None
    return OutOfFold.gather(parts, every.folds, teachers)


def _part(folds: Folds, which: slice) -> Folds:
    return replace(folds, splits=folds.splits[which], names=folds.names[which])


def _check_in_time(deadline: Deadline, took: float, n_more: int, n_jobs: int | None) -> None:
    """Raise ParameterError where the other teachers cannot be fitted in what is left."""
    at_once = min(n_slots(n_jobs), n_more)
    needed = took * n_more / at_once
    if needed > deadline.left:
        raise ParameterError(
            f"max_time={deadline.limit:g} seconds is too short for this teacher: one fit took "
            f"{took:.3g} s, and {n_more} more are needed ({at_once} at once: {needed:.3g} s). "
            "Allow more, choose on fewer folds (cv=3 needs 6 teachers), or give memory= once and "
            "let it finish: its teachers are found again."
        )


def training_labels(folds: Folds, k: int, labels_of: Callable[[Index, Pair], Floats]) -> Floats:
    """Return the labels of the training rows of validation fold k; NaN in other rows.

    Parameters
    ----------
    folds : Folds
        The folds of cross-fitting.
    k : int
        A validation fold.
    labels_of : callable
        Gives the labels of rows by the teacher of a pair.

    Returns
    -------
    values : array of shape (n, C)
    """
    found = []
    for j in partners(folds, k):
        rows = np.intersect1d(folds.splits[j][1], folds.splits[k][0])
        found.append((rows, labels_of(rows, (min(j, k), max(j, k)))))
    labels = np.full((folds.n_rows, found[0][1].shape[1]), np.nan)
    for rows, values in found:
        labels[rows] = values
    return labels
