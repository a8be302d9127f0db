"""Choosing the strength for free: shrink towards the labels by what distilling can remove.

The teacher's calibrated out-of-fold probabilities `p` and the direct student's own out-of-fold
predictions `f` are both honest for the label of a row; the other folds' students, which have seen
that label, predict `g`. With squared distances summed over the classes and averaged over the rows,

    excess       = |y - f|^2 - |y - p|^2         by how much the teacher leads
    disagreement = |f - g|^2                     how far a student moves with its training rows
    bias^2       = min(tau |y - q|^2, |y - p|^2),   tau = min(.08, 2.2 / sqrt(n))
    spread       = disagreement / 2 - bias^2
    variance     = max(0, min(excess, spread))
    strength     = bias^2 / (bias^2 + variance)

with `q` the class frequencies. This is the usual shrinkage, the teacher's squared bias taken as a
share `tau` of all there is to explain, and at most as its whole score: where labels hardly
contradict each other (digits, letters) a teacher's error is its own and no noise. The share falls
with the n rows as the theory of orthogonal corrections asks of a nuisance (an error of order
n^(-1/4)), and as the best of strengths measured at 200 to 12,000 rows do. Both bounds of
the variance are net of what the teacher's own error puts in its place: the lead by its nature, the
student's spread by the subtraction. A teacher that errs more than the student varies teaches
nothing: strength 1, the student is trained directly. A student that follows
single rows (an unpruned tree: `f` and `g` are labels of different rows) gets mostly soft labels,
the more so the more rows there are. A student limited by its capacity, whose gap is bias of its
own, agrees with itself and is left to the labels.

A spread beyond the lead can be read in two ways: the student does not vary as much as it seems, as
above, or the teacher errs more than presumed. Even then it can lend the student some of its calm:
in the lead its error stands against the student's variance, ``excess = variance - bias^2`` but for
the student's own bias. Where the spread is clear, more than twice the presumed bias, the strength
is the lesser of the one above and of

    bias^2       = max(the presumed one, 2 (spread - excess))
    variance     = spread

doubled for the student's own bias. It is 4/5 where the teacher is behind by as much as the student
varies. The rule costs K student fits, no teacher fit.
``python -m benchmarks.strength`` compares it with the alternatives.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._arrays import has_namespace, one_hot
from skdistill._compat import Progress, take_rows
from skdistill._threads import thread_budget
from skdistill._validation import index_rows
from skdistill.crossfit import OutOfFold, cross_fit
from skdistill.exceptions import FoldError, StudentError, StudentTypeError, TeacherError
from skdistill.folds import Folds
from skdistill.metrics import squared_distance as brier
from skdistill.students import Adapter, DirectStudent

__all__ = [
    "Shrinkage",
    "bias_share",
    "direct_rows",
    "fit_direct",
    "naming_the_student",
    "shrink",
]

RATE, LARGEST = 2.2, 0.08  # of the presumed bias: .04 at 3,000 rows
CLEAR = 2.0  # times the presumed bias, above which a spread beyond the lead may be the teacher's
DOUBLED = 2.0  # what the teacher then errs, for the student has some bias of its own
Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Shrinkage:
    """The ingredients of ``strength="auto"``, all squared distances summed over classes.

    For two classes these are twice the Brier score.

    Attributes
    ----------
    teacher : float
        The calibrated teacher, out of fold.
    student : float
        The direct student, out of fold.
    disagreement : float
        Mean squared distance between a row's out-of-fold prediction and those of the students that
        were trained on it.
    frequencies : float
        The class frequencies, as probabilities of every row.
    tau : float
        Share of `frequencies` that is taken as the teacher's squared bias (see `bias_share`).
    """

    teacher: float
    student: float
    disagreement: float
    frequencies: float
    tau: float

    @property
    def excess(self) -> float:
        """By how much the teacher leads, out of fold."""
        return self.student - self.teacher

    @property
    def spread(self) -> float:
        """The student's variance, net of the error that the teacher is presumed to put there."""
        return self.disagreement / 2.0 - self._presumed

    @property
    def bias(self) -> float:
        """What is taken as the teacher's squared bias."""
        return self._reading[0]

    @property
    def variance(self) -> float:
        """What distilling can remove, net of the teacher's own error."""
        return self._reading[1]

    @property
    def strength(self) -> float:
        """``bias / (bias + variance)``, in [0, 1]."""
        return _share(*self._reading)

    @property
    def _presumed(self) -> float:
        return min(self.tau * self.frequencies, self.teacher)

    @property
    def _reading(self) -> tuple[float, float]:
        """Squared bias and variance: of a spread beyond the lead the reading of less strength."""
        small = self._presumed, max(0.0, min(self.excess, self.spread))
        if self.spread <= CLEAR * self._presumed:
            return small
        biased = max(self._presumed, DOUBLED * (self.spread - self.excess)), self.spread
        return min(small, biased, key=lambda reading: _share(*reading))

    def to_dict(self) -> dict[str, float]:
        """Return the ingredients and what was made of them."""
        names = ("teacher", "student", "disagreement", "frequencies", "tau")
        made = ("excess", "spread", "variance", "bias", "strength")
        return {name: float(getattr(self, name)) for name in names + made}


def _share(bias: float, variance: float) -> float:
    return 1.0 if variance == 0.0 else bias / (bias + variance)


def bias_share(n_rows: float) -> float:
    """Return ``tau``: the share of all there is to explain that the teacher is presumed to miss.

    Parameters
    ----------
    n_rows : float
        Rows that it labels; of unequal weights the effective number, ``(sum w)^2 / sum w^2``.

    Returns
    -------
    tau : float

    Examples
    --------
    >>> bias_share(300), bias_share(12_100)
    (0.08, 0.02)
    """
    return min(LARGEST, RATE / math.sqrt(n_rows))


def fit_direct(
    adapter: Adapter,
    X: Any,
    y: NDArray[Any],
    folds: Folds,
    *,
    weight: Array | None = None,
    params: Mapping[str, Any] | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    progress: Progress | None = None,
) -> OutOfFold:
    """Fit the direct student once per fold.

    Parameters
    ----------
    adapter : Adapter
        Of the student.
    X : array-like or data frame of n rows
        Features.
    y : array of shape (n,)
        Labels.
    folds : Folds
        Where to fit the student.
    weight : array of shape (n,) or None, default=None
        Row weights.
    params : mapping or None, default=None
        Further parameters of the student's fit.
    n_jobs : int or None, default=None
        Folds fitted at once.
    verbose : int, default=0
        Of scikit-learn's cross-validation.
    progress : Progress or None, default=None
        Where to report folds.

    Returns
    -------
    direct : OutOfFold
        With the fold students in place of teachers.

    Raises
    ------
    StudentError
        If the student cannot be trained on the labels of a fold.
    """
    student, rows = direct_rows(adapter.with_threads(thread_budget(n_jobs, len(folds))), X)
    with naming_the_student(adapter.student):
        return cross_fit(
            student,
            rows,
            y,
            folds,
            params=dict(params or {}) | ({} if weight is None else {"sample_weight": weight}),
            keep_teachers=True,
            n_jobs=n_jobs,
            verbose=verbose,
            progress=progress,
        )


def direct_rows(adapter: Adapter, X: Any) -> tuple[DirectStudent, Any]:
    """Return the direct student and its rows as scikit-learn's cross-validation can index them.

    It cannot index rows on a device: it gets their numbers, and the student the rows.
    """
    if has_namespace(X):
        return DirectStudent(adapter, X), np.arange(X.shape[0])[:, None]
    return DirectStudent(adapter), X


@contextmanager
def naming_the_student(student: Any) -> Iterator[None]:
    """Turn a teacher's error into a student's: it is the student that stands in its place."""
    try:
        yield
    except TeacherError as error:
        kind = StudentTypeError if isinstance(error, TypeError) else StudentError
        raise kind(
            f"the student {type(student).__name__} could not be trained on the labels of a fold, "
            "which strength='auto', calibration='stacked' and an honest choice need: "
            f"{error.__cause__ or error}. Mend it, or give the strength as a number."
        ) from error


def shrink(
    direct: OutOfFold,
    X: Any,
    y: NDArray[Any],
    p: Array,
    folds: Folds,
    *,
    weight: Array | None = None,
) -> Shrinkage:
    """Compare the direct student with the teacher.

    Parameters
    ----------
    direct : OutOfFold
        From `fit_direct` on the same folds.
    X : array-like or data frame of n rows
        Features.
    y : array of shape (n,)
        Labels.
    p : array of shape (n, K)
        Calibrated out-of-fold probabilities of the teacher; NaN in rows no fold covers.
    folds : Folds
        Where the student was fitted.
    weight : array of shape (n,) or None, default=None
        Row weights.

    Returns
    -------
    shrinkage : Shrinkage

    Raises
    ------
    FoldError
        If no training row of a fold is a test row of another.
    """
    classes, codes = np.unique(y, return_inverse=True)
    labels = one_hot(codes, len(classes), p)

    def total(distance: Callable[..., float], rows: Any, *pair: Array) -> tuple[float, float]:
        mass = float(len(rows) if weight is None else weight[rows].sum())
        return mass * distance(*pair, index_rows(weight, rows, len(y))), mass

    teacher, student, apart = [], [], []
    for number, (train, test) in enumerate(folds.splits):
        out = direct.parts[number]  # the mean over folds would be steadier than one student
        known = test[~np.isnan(p[test, 0])]
        teacher.append(total(brier, known, labels[known], p[known]))
        student.append(total(brier, test, labels[test], out))
        both = train[direct.covered[train]]
        if direct.teachers is not None and len(both):
            inside = direct.teachers[number].predict_proba(take_rows(X, both))
            apart.append(total(brier, both, direct.values[both], inside))
    if not apart:
        raise FoldError(
            "strength='auto' compares students that have seen a row with one that has not, got "
            f"{len(folds)} fold(s), none with a training row that another tests: pass more folds, "
            "or the strength as a number."
        )
    rows = np.flatnonzero(~np.isnan(p[:, 0]))
    mass = np.ones(len(rows)) if weight is None else weight[rows]
    share = np.average(labels[rows], axis=0, weights=mass)
    scores = (_pooled(parts) for parts in (teacher, student, apart))
    n_rows = float(mass.sum() ** 2 / (mass @ mass))
    return Shrinkage(*scores, frequencies=float(1.0 - share @ share), tau=bias_share(n_rows))


def _pooled(parts: list[tuple[float, float]]) -> float:
    """Return the mean over folds, each weighted by its rows."""
    total, mass = np.sum(parts, axis=0)
    return float(total / mass)
