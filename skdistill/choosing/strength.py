"""Choosing the strength for free: shrink towards the labels by what distilling can remove.

The teacher's calibrated out-of-fold probabilities `p` and the direct student's own out-of-fold
predictions `f` are both honest for the label `y` of a row, of class `c`; the other folds' students,
which have seen that label, predict `g`. With means over the rows, class frequencies `q` and the
entropy H, two scales have a reading of their own:

                          Brier score            log-loss
    loss of f             E|y - f|^2             E[-log f_c]            of p likewise
    loss it expects       -                      E[H(f)]
    noise                 E|f - g|^2 / 2         (loss - loss it expects) / 2
    all there is          1 - |q|^2              H(q)

    excess    = loss of f - loss of p            by how much the teacher leads
    presumed  = min(tau (all there is), loss of p),   tau = min(.08, 2.2 / sqrt(n))
    variance  = max(0, noise - presumed)
    bias^2    = presumed + 1.5 max(0, variance - excess)
    strength  = bias^2 / (bias^2 + variance)

This is the usual shrinkage; the larger strength of the two readings is taken.

*Noise* is what single labels have put into the student. Where `f` strays by an error of mean zero
around the truth `p_0`, two measures of it agree to second order. One is movement: half the distance
of predictions that have and have not seen a label (for an unpruned tree, labels of different rows).
The other is overconfidence: the entropy H(f) is the log-loss that a forecast expects of itself, and
what it costs beyond that is twice the divergence of that error, as ``E|y - f|^2 - E[1 - |f|^2] =
2 E|f - p_0|^2`` shows for squared errors. They fail in different places. Boosting of labels that
hardly contradict each other moves much and is right to; an average of many deep trees is modest,
and moves. Only what both see is noise of the labels, which soft labels can remove: hence the larger
strength. A student that is kept from the truth by want of capacity shows neither and is left to
its labels.

The teacher's squared bias is presumed to be a share `tau` of all there is to explain, and at most
its whole score: where labels hardly contradict each other (digits, letters) a teacher's error is
its own. The share falls with the n rows as the theory of orthogonal corrections asks of a nuisance
(an error of order n^(-1/4)). It is taken off the noise, for the teacher's own error comes in its
place: a student that varies less is trained directly, at strength 1. A lead that falls short of
the variance tells more of the teacher, as ``excess = variance - bias^2`` plus the student's own
squared bias: what is missing is bias of the teacher's, and 3/2 of it is taken, as the student has
some of its own. So a slightly worse teacher changes the strength slightly, also where its lead
ends, and one that is behind can still lend a student some of its calm: with a presumed bias that
is small beside the variance, 3/5 at no lead, 3/4 where it is behind by as much as the student
varies.

Boosting on labels may run away: where a class has hardly any rows, one step of a leaf goes further
than all its others together, and what that costs out of fold is no noise of the labels. Distilled
boosting is bounded (`skdistill.students.base.LONGEST_STEP`) and does not. Where a fold's student
ran away, and a strength below 1 was read of it, two more readings are made of the same students
with the bound, and the largest strength of all four is taken; but theirs is at most .99, as the
bound is wanted also where soft labels are not, and a student trained directly has none.

The rule costs K student fits, 2 K where boosting runs away, no teacher fit.
``python -m benchmarks.strength`` compares it with the alternatives.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from skdistill._ground.arrays import floor_probabilities, has_namespace
from skdistill._ground.compat import Progress, take_rows
from skdistill._ground.data import Data
from skdistill._ground.metrics import FLOOR, log_loss
from skdistill._ground.metrics import squared_distance as brier
from skdistill._ground.outcomes import Classes, Numbers, Outcome
from skdistill._ground.threads import thread_budget
from skdistill._ground.validation import index_rows
from skdistill.exceptions import FoldError, InputError, StudentError, StudentTypeError, TeacherError
from skdistill.students import Adapter, DirectRegressor, DirectStudent
from skdistill.teaching.calibration import calibrate
from skdistill.teaching.crossfit import OutOfFold, cross_fit
from skdistill.teaching.folds import Folds

__all__ = [
    "Reading",
    "Shrinkage",
    "bias_share",
    "direct_rows",
    "fit_direct",
    "in_pieces",
    "mass_of",
    "naming_the_student",
    "no_row_twice",
    "shrink",
    "shrink_both",
]

RATE, LARGEST = 2.2, 0.08  # of the presumed bias: .04 at 3,000 rows
NEARLY = 0.99  # labels, and not a student trained directly
MISSING = 1.5  # times what the lead lacks of the variance: the student has some bias of its own
PIECE = 65_536  # rows that are copied at once, to be asked about
Array = NDArray[np.floating[Any]]
DIRECT = {Classes: DirectStudent, Numbers: DirectRegressor}


@dataclass(frozen=True)
class Reading:
    """Bias and variance as one scale has them.

    Attributes
    ----------
    teacher : float
        Loss of the calibrated teacher, out of fold.
    student : float
        That of the direct student, out of fold.
    noise : float
        What single labels have put into the student; overconfidence may be negative.
    presumed : float
        Squared error that the teacher is presumed to have, whatever its lead.

    Examples
    --------
    >>> reading = Reading(teacher=0.10, student=0.15, noise=0.10, presumed=0.02)
    >>> round(reading.variance, 6), round(reading.bias, 6), round(reading.strength, 6)
    (0.08, 0.065, 0.448276)
    """

    teacher: float
    student: float
    noise: float
    presumed: float

    @property
    def excess(self) -> float:
        """By how much the teacher leads, out of fold."""
        return self.student - self.teacher

    @property
    def variance(self) -> float:
        """The student's, net of the error that the teacher is presumed to put in its place."""
        return max(0.0, self.noise - self.presumed)

    @property
    def bias(self) -> float:
        """What is taken as the teacher's squared bias: the more, the less it leads."""
        return self.presumed + MISSING * max(0.0, self.variance - self.excess)

    @property
    def strength(self) -> float:
        """``bias / (bias + variance)``, in [0, 1]."""
        return 1.0 if self.variance == 0.0 else self.bias / (self.bias + self.variance)

    def to_dict(self) -> dict[str, float]:
        """Return the ingredients and what was made of them."""
        made = ("excess", "variance", "bias", "strength")
        return {name: float(value) for name, value in asdict(self).items()} | {
            name: float(getattr(self, name)) for name in made
        }


@dataclass(frozen=True)
class Shrinkage:
    """The ingredients of ``strength="auto"``.

    Attributes
    ----------
    brier : Reading
        By squared distances summed over classes (twice the Brier score of two classes); the noise
        is the student's movement with its training rows.
    log_loss : Reading
        By log-losses in nats, which count probabilities below 1e-3 as that; the noise is the
        student's overconfidence.
    softened : float
        Log-loss of the direct student at the temperature that suits it best on these rows; it
        plays no part in the strength.
    bounded : Shrinkage or None
        That of the student with bounded steps, where it runs away otherwise.
    """

    brier: Reading
    log_loss: Reading
    softened: float
    bounded: "Shrinkage | None" = None

    @property
    def strength(self) -> float:
        """The largest of the readings', in [0, 1]."""
        own = max(self.brier.strength, self.log_loss.strength)
        return own if self.bounded is None else max(own, min(NEARLY, self.bounded.strength))

    def to_dict(self) -> dict[str, Any]:
        """Return the ingredients and what was made of them."""
        scales = {"brier": self.brier.to_dict(), "log_loss": self.log_loss.to_dict()}
        found = scales | {"softened": float(self.softened), "strength": float(self.strength)}
        return found if self.bounded is None else found | {"bounded": self.bounded.to_dict()}


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
    outcome: Outcome | None = None,
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
    outcome : Outcome or None, default=None
        What there is to predict; None for the classes of `y`.
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
    outcome = Classes(np.unique(y)) if outcome is None else outcome
    student, rows = direct_rows(adapter.with_threads(thread_budget(n_jobs, len(folds))), X, outcome)
    with naming_the_student(adapter.student):
        return cross_fit(
            student,
            rows,
            y,
            folds,
            outcome=outcome,
            params=dict(params or {}) | ({} if weight is None else {"sample_weight": weight}),
            keep_teachers=True,
            n_jobs=n_jobs,
            verbose=verbose,
            progress=progress,
        )


def direct_rows(adapter: Adapter, X: Any, outcome: Outcome) -> tuple[Any, Any]:
    """Return the direct student and its rows as scikit-learn's cross-validation can index them.

    It cannot index rows on a device: it gets their numbers, and the student the rows.
    """
    student = DIRECT[type(outcome)]
    if has_namespace(X):
        return student(adapter, X), np.arange(X.shape[0])[:, None]
    return student(adapter), X


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
    except InputError as error:
        raise StudentError(
            f"the student {type(student).__name__}, trained on the labels of a fold, gave no "
            f"usable answer for the other rows: {error} (strength='auto', calibration='stacked' "
            "and an honest choice need one; a strength that is given as a number does not.)"
        ) from error


def shrink(
    direct: OutOfFold, data: Data, p: Array, folds: Folds, weight: Array | None = None
) -> Shrinkage:
    """Compare the direct student with the teacher.

    Parameters
    ----------
    direct : OutOfFold
        From `fit_direct` on the same folds.
    data : Data
        The n rows.
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
    rows = np.concatenate([test for _, test in folds.splits])  # of repeated folds, several times
    f = np.concatenate(direct.parts)  # their mean would be steadier than one student
    taught = rows[~np.isnan(p[rows, 0])]
    of_all, of_taught = (index_rows(weight, some, len(data)) for some in (rows, taught))
    y, y_taught = data.columns[rows], data.columns[taught]
    covered = np.flatnonzero(~np.isnan(p[:, 0]))
    mass = np.ones(len(covered)) if weight is None else weight[covered]
    q = np.average(data.columns[covered], axis=0, weights=mass)
    tau = bias_share(float(mass.sum() ** 2 / (mass @ mass)))
    by_brier = _reading(
        teacher=brier(y_taught, p[taught], of_taught),
        student=brier(y, f, of_all),
        noise=_disagreement(direct, data, folds, weight) / 2.0,
        presumed=tau * float(1.0 - q @ q),
    )
    sure = floor_probabilities(f, FLOOR)
    loss = log_loss(y, sure, of_all)
    by_log_loss = _reading(
        teacher=log_loss(y_taught, floor_probabilities(p[taught], FLOOR), of_taught),
        student=loss,
        noise=(loss - float(np.average(entr(sure).sum(axis=1), weights=of_all))) / 2.0,
        presumed=tau * float(entr(q).sum()),
    )
    soft = calibrate("temperature", y, sure, of_all).transform(sure)
    return Shrinkage(by_brier, by_log_loss, log_loss(y, soft, of_all, FLOOR))


def shrink_both(
    adapter: Adapter,
    direct: OutOfFold,
    data: Data,
    p: Array,
    folds: Folds,
    weight: Array | None = None,
    *,
    again: Callable[..., OutOfFold],
) -> Shrinkage:
    """Compare the direct student with the teacher, and its bounded twin where it runs away.

    Parameters
    ----------
    adapter : Adapter
        Of the student.
    direct, data, p, folds, weight
        Of `shrink`.
    again : callable
        Does what `fit_direct` did, given another ``adapter=``.

    Returns
    -------
    shrinkage : Shrinkage
    """
    found, bounded = shrink(direct, data, p, folds, weight), adapter.with_bounded_steps()
    if bounded is None or found.strength == 1.0:
        return found
    if not any(adapter.runs_away(each.fitted_) for each in direct.teachers or ()):
        return found
    return replace(found, bounded=shrink(again(adapter=bounded), data, p, folds, weight))


def _reading(teacher: float, student: float, noise: float, presumed: float) -> Reading:
    """Return a reading; a teacher errs by no more than its whole score."""
    return Reading(teacher, student, noise, min(presumed, teacher))


def _disagreement(direct: OutOfFold, data: Data, folds: Folds, weight: Array | None) -> float:
    """Return the mean squared distance of predictions that have and have not seen a label."""
    total = mass = 0.0
    for fitted, (train, _) in zip(direct.teachers or (), folds.splits, strict=True):
        both = train[direct.covered[train]]
        if len(both):
            inside = in_pieces(fitted.predict_proba, data.X, both)
            own = index_rows(weight, both, len(data))
            share = mass_of(both, own)
            total += share * brier(direct.values[both], inside, own)
            mass += share
    if mass == 0.0:
        raise no_row_twice(folds)
    return total / mass


def in_pieces(ask: Callable[[Any], Array], X: Any, rows: NDArray[np.int64]) -> Array:
    """Return what a model says of some rows of X, which are copied a piece at a time."""
    pieces = (rows[start : start + PIECE] for start in range(0, len(rows), PIECE))
    return np.concatenate([ask(take_rows(X, piece)) for piece in pieces])


def mass_of(rows: NDArray[np.int64], weight: Array | None) -> float:
    """Return what some rows weigh together."""
    return float(len(rows) if weight is None else weight.sum())


def no_row_twice(folds: Folds) -> FoldError:
    """Return the error of folds that leave no row to compare students by."""
    return FoldError(
        "strength='auto' compares students that have seen a row with one that has not, got "
        f"{len(folds)} fold(s), none with a training row that another tests: pass more folds, "
        "or the strength as a number."
    )
