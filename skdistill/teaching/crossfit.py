"""Cross-fitting: what teachers that never saw a row's label say of it.

Where the folds are a partition, this gives what scikit-learn's ``cross_val_predict`` does, to the
last bit. That is not called, for each of its tasks would carry labels and row numbers of all folds:
on a cluster these come to more than the rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._ground.compat import Progress, take_rows
from skdistill._ground.engines import fan_out, on_engine
from skdistill._ground.outcomes import Classes, Outcome
from skdistill._ground.row_sets import Rows
from skdistill._ground.threads import bound_threads, thread_budget
from skdistill._ground.validation import index_rows
from skdistill.exceptions import InputError, TeacherError, TeacherTypeError
from skdistill.teaching.folds import Folds, merged

__all__ = [
    "OutOfFold",
    "cross_fit",
    "further_answers",
]

Index = NDArray[np.int64]
Parts = tuple[NDArray[np.float64], ...]
Teachers = tuple[Any, ...] | None
MESSAGE_LENGTH = 500
ENCODE = (
    ". It takes numbers only: put an encoder before it, and before the student, such as "
    "make_pipeline(skrub.TableVectorizer(), ...)."
)


@dataclass(frozen=True)
class OutOfFold:
    """What teachers that did not see a row's label say of it, in the C columns of the outcome.

    Attributes
    ----------
    values : array of shape (n, C)
        Mean over the folds that hold the row in their test part; NaN where none does.
    fold : array of shape (n,)
        First such fold, -1 where there is none.
    parts : sequence of arrays of shape (m, C)
        Of the test rows of each fold, from that fold's teacher alone.
    teachers : tuple of fitted learners, or None
        The fold teachers in the order of the folds, if they were asked for.
    """

    values: NDArray[np.float64]
    fold: Index
    parts: Sequence[NDArray[np.float64]]
    teachers: tuple[Any, ...] | None = None

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which rows have any, shape (n,)."""
        return self.fold >= 0

    def check_varies(self, said: str = Classes.said) -> None:
        """Raise InputError where no teacher tells the rows of its fold apart."""
        parts = [part for part in self.parts if len(part) > 1]
        if parts and all(np.all(part == part[0]) for part in parts):
            raise InputError(
                f"the teacher's out-of-fold {said} must differ between rows, got "
                f"{parts[0][0].tolist()} in every row of a fold: there is nothing to distil. Look "
                "at the teacher, or train the student directly."
            )

    @classmethod
    def gather(
        cls,
        parts: Sequence[NDArray[np.float64]],
        folds: Folds,
        teachers: tuple[Any, ...] | None = None,
    ) -> "OutOfFold":
        """Put the labels of all folds together; those of a row in several are averaged."""
        total = np.zeros((folds.n_rows, parts[0].shape[1]))
        for part, (_, test) in zip(parts, folds.splits, strict=True):
            total[test] += part
        times = folds.times_covered[:, None]
        total /= np.maximum(times, 1)
        total[times[:, 0] == 0] = np.nan
        if folds.is_partition:
            parts = _Taken(total, [test for _, test in folds.splits])
        return cls(total, folds.fold, parts, teachers)


class _Taken(Sequence[NDArray[np.float64]]):
    """The rows of a table that belong to each fold, taken when they are asked for."""

    def __init__(self, table: NDArray[np.float64], rows: Sequence[Index]) -> None:
        self._table, self._rows = table, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: Any) -> Any:
        return self._table[self._rows[number]]


@dataclass(frozen=True)
class _Pass:
    """What the fits of all folds share, but the rows and their labels.

    `numbers` are what messages call the rows.
    """

    teacher: Any
    outcome: Outcome
    params: Mapping[str, Any]
    numbers: Index | None
    memory: joblib.Memory
    threads: int | None
    progress: Progress
    keep: bool

    def fit(self, teacher: Any, X: Any, labels: NDArray[Any], rows: Index) -> Any:
        """Fit a teacher on some rows, with their metadata, through the cache.

        Labels are as the user gave them, so that class weights by name work.
        """
        n_rows = len(labels)
        params = {key: index_rows(value, rows, n_rows) for key, value in self.params.items()}
        fit = self.memory.cache(fit_teacher, ignore=["threads"])
        part, y = take_rows(X, rows), labels[rows]
        return fit(teacher, part, y, params, self.outcome, threads=self.threads)

    def check(self, said: Any, rows: Index, place: str) -> NDArray[np.float64]:
        """Return what a teacher said of some rows, checked, in the columns of the outcome."""
        name = f"the out-of-fold {self.outcome.said} of {type(self.teacher).__name__} on {place}"
        remedy = f"Look at its {self.outcome.method}."
        numbers = rows if self.numbers is None else self.numbers[rows]
        return self.outcome.check(said, len(rows), name, remedy, numbers)


def fit_teacher(
    teacher: Any,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    outcome: Outcome,
    threads: int | None = None,
) -> Any:
    """Fit `teacher` with at most `threads` threads; the function that `memory` caches."""
    if threads is not None:
        bound_threads(teacher, threads)
    return outcome.fit(teacher, X, y, **params)


def further_answers(teacher: Any, X: Any, outcome: Outcome, what: str) -> NDArray[np.float64]:
    """Return what a fitted teacher says of rows without labels, checked.

    Parameters
    ----------
    teacher : fitted learner
        Of a fold.
    X : array-like or data frame of N rows
        Features.
    outcome : Outcome
        What it is asked.
    what : str
        What messages call the rows.

    Returns
    -------
    p : array of shape (N, C)

    Raises
    ------
    TeacherError
        If the teacher fails, or gives something else.
    """
    try:
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        return outcome.check(outcome.ask(teacher, X), n_rows, "they")
    except Exception as error:
        kind = TeacherTypeError if isinstance(error, TypeError) else TeacherError
        raise kind(
            f"the teacher {type(teacher).__name__} gave no {outcome.said} of the rows of {what}: "
            f"{_said(error)}"
        ) from error


def _fit_fold(
    job: _Pass, X: Any, y: NDArray[Any], number: int, place: str, train: Rows, test: Rows
) -> tuple[NDArray[np.float64], Any]:
    """Fit a clone of the teacher on a fold's training rows, and ask it about the test rows.

    The teacher comes back only where it is wanted.
    """
    teacher = clone(job.teacher)
    try:
        with job.progress.step(f"fold {number}", number):
            fitted = job.fit(teacher, X, y, train.numbers)
        said = job.outcome.ask(fitted, take_rows(X, test.numbers))
    except Exception as error:
        kind = TeacherTypeError if isinstance(error, TypeError) else TeacherError
        raise kind(
            f"the teacher {type(teacher).__name__} failed on {place} (counted from 0): "
            f"{_said(error)}"
        ) from error
    return job.check(said, test.numbers, place), fitted if job.keep else None


def _said(error: Exception) -> str:
    said = str(error)
    if len(said) > MESSAGE_LENGTH:  # some quote their data; the whole is in the chained error
        said = said[:MESSAGE_LENGTH] + " ..."
    remedy = ENCODE if "could not convert string" in said else ""  # NumPy's words
    return f"{type(error).__name__}: {said}{remedy}"


@on_engine
def cross_fit(
    teacher: Any,
    X: Any,
    y: NDArray[Any],
    folds: Folds,
    *,
    outcome: Outcome | None = None,
    params: Mapping[str, Any] | None = None,
    memory: joblib.Memory | None = None,
    keep_teachers: bool = False,
    n_jobs: int | None = None,
    verbose: int = 0,
    progress: Progress | None = None,
) -> OutOfFold:
    """Fit one teacher per fold and predict its test rows.

    Folds with the same training rows, as repeats of a few groups have, share their teacher.

    Parameters
    ----------
    teacher : learner
        Cloned for each fold.
    X : array-like or data frame of n rows
        Passed on untouched.
    y : array of shape (n,) or (n, m)
        Labels as the user gave them, or numbers.
    folds : Folds
        From `make_folds`.
    outcome : Outcome or None, default=None
        What the teacher is asked; None for the probabilities of the classes of `y`.
    params : mapping or None, default=None
        Parameters of the teacher's fit; those with one entry per row are split by row.
    memory : joblib.Memory or None, default=None
        Caches each fold's teacher.
    keep_teachers : bool, default=False
        Whether to return the fold teachers.
    n_jobs : int or None, default=None
        Folds fitted at once; the teacher's threads are bounded to share the cores.
    verbose : int, default=0
        Of joblib.
    progress : Progress or None, default=None
        Where to report folds.

    Returns
    -------
    out_of_fold : OutOfFold

    Raises
    ------
    TeacherError
        If the teacher fails in a fold (chained), or does not say what it is asked.
    InputError
        If its probabilities are NaN, negative or do not sum to one, or predictions not finite.
    """
    outcome = Classes(np.unique(y)) if outcome is None else outcome
    shared = _shared(folds)
    fits = folds if shared is None else shared[0]
    memory = joblib.Memory(None) if memory is None else memory
    job = _Pass(
        teacher=teacher,
        outcome=outcome,
        params={} if params is None else params,
        numbers=folds.numbers,
        memory=memory,
        threads=thread_budget(n_jobs, len(fits)),
        progress=Progress(None) if progress is None else progress,
        keep=keep_teachers,
    )
    tasks = [
        (k, _place(fits, k), Rows.of(train, folds.n_rows), Rows.of(test, folds.n_rows))
        for k, (train, test) in enumerate(fits.splits)
    ]
    how = {"n_jobs": n_jobs, "verbose": verbose, "folder": memory.location}
    done = fan_out(_fit_fold, (job, X, y), tasks, **how)
    parts: Parts = tuple(said for said, _ in done)
    teachers: Teachers = tuple(fitted for _, fitted in done) if keep_teachers else None
    if shared is not None:
        parts, teachers = _of_each(parts, teachers, folds, *shared)
    return OutOfFold.gather(parts, folds, teachers)


def _place(folds: Folds, number: int) -> str:
    return folds.name(number) + ("" if folds.names else f" of {len(folds)}")


def _shared(folds: Folds) -> tuple[Folds, tuple[int, ...]] | None:
    """Return the folds to fit where some share their training rows, else None.

    A fold is known by its training rows, which must then be those of no other.
    """
    if folds.n_fits == len(folds):
        return None
    names = [f"{folds.name(number)} of {len(folds)}" for number in range(len(folds))]
    return merged(folds.splits, folds.n_rows, names, folds.numbers)


def _of_each(
    parts: Parts, teachers: Teachers, folds: Folds, fits: Folds, number: Sequence[int]
) -> tuple[Parts, Teachers]:
    """Return what is said of every fold, and its teacher, from those of the fits."""
    pairs = list(zip(number, folds.splits, strict=True))
    own = tuple(parts[i][np.searchsorted(fits.splits[i][1], test)] for i, (_, test) in pairs)
    return own, None if teachers is None else tuple(teachers[i] for i in number)
