"""The leave-two-folds-out pool: labels by which choices can be judged honestly.

Cross-fitted probabilities of the training rows hold, through the teacher, the labels of the rows
that a student would be validated on: a score made with them is optimistic. For validation fold k
the pool therefore labels a row of fold j by a teacher that saw neither j nor k. One teacher per
pair of folds serves both of its directions, every student and every setting: K (K - 1) / 2 fits
beside the K of cross-fitting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from skdistill._ground.clock import Deadline
from skdistill._ground.compat import Progress, warn_user
from skdistill._ground.data import Data
from skdistill._ground.outcomes import Classes, Outcome
from skdistill._ground.validation import check_integer
from skdistill.exceptions import FoldError, InputError, LeakWarning, ParameterError
from skdistill.teaching.crossfit import OutOfFold, further_answers
from skdistill.teaching.folds import Folds
from skdistill.teaching.pairs import (
    Fits,
    Pair,
    fit_every,
    needed_fits,
    partners,
    training_labels,
)

__all__ = [
    "Pool",
    "assemble",
    "fit_pool",
    "given_pool",
    "validation_folds",
    "warn_if_ordinary",
]

Index = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """Labels of the training rows of each validation fold, from teachers that did not see it.

    Attributes
    ----------
    folds : Folds
        The folds of cross-fitting.
    validation : tuple of int
        Those that serve for validation.
    values : tuple of arrays of shape (n, K)
        Per validation fold, the labels of its training rows; NaN in other rows.
    out_of_fold : OutOfFold
        The ordinary pass over the same folds.
    n_fits : int
        Teachers fitted, those of the ordinary pass included.
    teachers : mapping of (int, int) to learner, or None
        The teacher that saw neither fold of a pair j < k, if they were asked for.
    """

    folds: Folds
    validation: tuple[int, ...]
    values: tuple[Floats, ...]
    out_of_fold: OutOfFold
    n_fits: int
    teachers: Mapping[tuple[int, int], Any] | None = None

    def partners(self, validation: int) -> tuple[int, ...]:
        """Return the folds whose rows are labelled for validation fold `validation`."""
        return partners(self.folds, validation)

    def label(self, X: Any, validation: int, outcome: Outcome) -> Floats:
        """Label further rows, by the mean of the teachers that may be used for a validation fold.

        Parameters
        ----------
        X : array-like or data frame of N rows
            Features.
        validation : int
            Validation fold whose labels must not leak into these rows.
        outcome : Outcome
            What the teachers are asked.

        Returns
        -------
        p : array of shape (N, C)

        Raises
        ------
        FoldError
            If the pool kept no teachers.
        """
        asked = [self.teacher(j, validation) for j in self.partners(validation)]
        labels = [further_answers(each, X, outcome, "X_transfer") for each in asked]
        return np.mean(labels, axis=0, dtype=np.float64)

    def teacher(self, fold: int, validation: int) -> Any:
        """Return the teacher that labels the rows of a fold for a validation fold.

        Raises
        ------
        FoldError
            If the pool kept no teachers.
        """
        if self.teachers is None:
            raise FoldError("the pool kept no teachers, so it cannot label further rows.")
        return self.teachers[min(fold, validation), max(fold, validation)]

    def as_array(self) -> Floats:
        """Return the labels as one array (n_folds, n, K); NaN where there are none."""
        whole = np.full((len(self.folds), *self.values[0].shape), np.nan)
        for number, values in zip(self.validation, self.values, strict=True):
            whole[number] = values
        return whole


def validation_folds(folds: Folds, n_validation: int | None) -> tuple[int, ...]:
    """Return the folds to choose on: all, or the first `n_validation` of each repeat.

    Raises
    ------
    ParameterError
        If `n_validation` is not an integer of at least 2, or more than there are folds.
    FoldError
        If fewer than two folds can serve: each needs two others of its repeat, one to be labelled
        and one for that label's teacher.
    """
    bound = len(folds)
    if n_validation is not None:
        bound = check_integer("n_validation", n_validation, low=2)
        most = max(len(run) for run in folds.rounds)
        if bound > most:
            raise ParameterError(
                f"n_validation must be at most the {most} folds of a repeat, got {bound}: lower "
                "it, or leave it at None for all."
            )
    chosen: list[int] = []
    for run in folds.rounds:
        chosen += [k for k in run if len(run) > 2 and partners(folds, k)][:bound]
    if len(chosen) < 2:
        raise FoldError(
            f"an honest choice needs repeats of at least 3 disjoint test folds, got {len(folds)} "
            f"folds in {len(folds.rounds)} repeats: a row's teacher must have seen neither the "
            "row's fold nor the one that the student is validated on. Use cv=3 or more, or "
            "DistilledClassifier."
        )
    return tuple(chosen)


def _seen(folds: Folds, k: int) -> Index:
    """Return the rows whose ordinary teachers were fitted to rows of fold k."""
    test = folds.splits[k][1]
    seen = [
        folds.splits[j][1] for j in partners(folds, k) if np.isin(test, folds.splits[j][0]).any()
    ]
    return np.concatenate([np.empty(0, dtype=np.int64), *seen])


def fit_pool(
    teacher: Any,
    X: Any,
    y: NDArray[Any],
    folds: Folds,
    validation: Sequence[int],
    *,
    outcome: Outcome | None = None,
    params: Mapping[str, Any] | None = None,
    memory: joblib.Memory | None = None,
    keep_teachers: bool = False,
    deadline: Deadline | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    progress: Progress | None = None,
) -> Pool:
    """Fit the teachers of the folds and of the pairs of folds, all at once.

    Where a pair's training rows are those of a fold (time-ordered splits), one fit serves both.

    Parameters
    ----------
    teacher : learner
        Cloned for each fit.
    X : array-like or data frame of n rows
        Features.
    y : array of shape (n,)
        Labels.
    folds : Folds
        The folds of cross-fitting.
    validation : sequence of int
        Folds to choose on, by `validation_folds`.
    outcome, params, memory, n_jobs, verbose, progress
        Of `cross_fit`.
    keep_teachers : bool, default=False
        Whether to keep them, to label further rows.
    deadline : Deadline or None, default=None
        Of `fit_every`.

    Returns
    -------
    pool : Pool

    Raises
    ------
    FoldError
        If a class is missing from the training rows of a pair.
    ParameterError
        If one teacher shows that all take longer than is left.
    TeacherError, InputError
        As `cross_fit`.
    """
    every = needed_fits(folds, validation)
    progress = Progress(None) if progress is None else progress
    how = {"outcome": Classes(np.unique(y)) if outcome is None else outcome, "params": params}
    how |= {"memory": memory, "keep_teachers": keep_teachers, "n_jobs": n_jobs, "verbose": verbose}
    out = fit_every(teacher, X, y, every, deadline=deadline, progress=progress, **how)
    return assemble(every, out, folds, validation)


def assemble(every: Fits, out: OutOfFold, folds: Folds, validation: Sequence[int]) -> Pool:
    """Return the pool of what the teachers of all fits said.

    Parameters
    ----------
    every : Fits
        The fits.
    out : OutOfFold
        What each of them said of its rows.
    folds : Folds
        The folds of cross-fitting.
    validation : sequence of int
        Folds to choose on.

    Returns
    -------
    pool : Pool
    """

    def labels_of(rows: Index, pair: Pair) -> Floats:
        return every.labels_of(rows, out, pair)

    values = tuple(training_labels(folds, k, labels_of) for k in validation)
    whole = OutOfFold.gather(
        tuple(every.labels_of(test, out, (k, k)) for k, (_, test) in enumerate(folds.splits)),
        folds,
        every.teachers_of(out, [(k, k) for k in range(len(folds))]),
    )
    pairs = [pair for pair in every.fit_of if pair[0] != pair[1]]
    kept = every.teachers_of(out, pairs)
    teachers = None if kept is None else dict(zip(pairs, kept, strict=True))
    return Pool(folds, tuple(validation), values, whole, len(every.folds), teachers)


def given_pool(
    p: Any, out_of_fold: Floats, folds: Folds, validation: Sequence[int], data: Data
) -> Pool:
    """Return the user's leave-two-folds-out probabilities as a pool, checked.

    Parameters
    ----------
    p : array-like of shape (n_folds, n_given, K)
        Entry (k, i): row i by a teacher that saw neither fold k nor the fold of row i. Only the
        training rows of the validation folds are looked at.
    out_of_fold : array of shape (n, K)
        Ordinary out-of-fold probabilities.
    folds : Folds
        The folds.
    validation : sequence of int
        Folds to choose on.
    data : Data
        The rows.

    Returns
    -------
    pool : Pool

    Raises
    ------
    InputError
        If the shape is wrong, or a needed entry is no probability.
    """
    values = np.asarray(p, dtype=np.float64)
    if values.ndim == 2 and data.outcome.n_columns == 1:
        values = values[:, :, None]
    expected = (len(folds), data.n_given, data.outcome.n_columns)
    if values.shape != expected:
        raise InputError(
            f"pool_proba must have shape {expected}: one table of probabilities per fold, each of "
            f"one row per row of X; got shape {values.shape}."
        )
    tables = []
    for k in validation:
        labelled = np.concatenate([folds.splits[j][1] for j in partners(folds, k)])
        rows = np.intersect1d(labelled, folds.splits[k][0])
        table = np.full((folds.n_rows, data.outcome.n_columns), np.nan)
        table[rows] = data.outcome.check(
            values[k][data.kept][rows],
            len(rows),
            f"pool_proba[{k}] at the training rows of fold {k}",
            f"They must come from teachers that saw neither fold {k} nor the fold of the row.",
            data.kept[rows],
        )
        tables.append(table)
    whole = OutOfFold(out_of_fold, folds.fold, ())
    pool = Pool(folds, tuple(validation), tuple(tables), whole, 0)
    warn_if_ordinary(pool)
    return pool


def warn_if_ordinary(pool: Pool) -> None:
    """Warn where a given pool holds ordinary out-of-fold answers that have seen validation folds.

    The ordinary teachers of time-ordered folds saw no later one: their answers may stand in both.
    """
    folds, ordinary = pool.folds, pool.out_of_fold.values
    leaks = [
        (values[rows], ordinary[rows])
        for k, values in zip(pool.validation, pool.values, strict=True)
        for rows in (np.intersect1d(_seen(folds, k), folds.splits[k][0]),)
        if len(rows)
    ]
    if leaks and all(np.array_equal(*pair) for pair in leaks):
        warn_user(
            "pool_proba has the ordinary out-of-fold probabilities in every table: their teachers "
            "saw the labels of the validation fold, so the choice and its scores leak. Label the "
            "training rows of fold k by teachers that saw neither fold k nor the row's own.",
            LeakWarning,
        )
