"""The stages of a distillation as functions: settings, calibrated labels, fitted student.

They know nothing of the estimator that calls them.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._data import Data, stack_rows
from skdistill._devices import DEVICES
from skdistill._validation import check_choice, check_number, index_rows
from skdistill.calibration import CALIBRATIONS, Calibration, calibrate
from skdistill.corrections import Correction, resolve_correction
from skdistill.exceptions import (
    InputError,
    ParameterError,
    SkdistillError,
    StudentError,
    StudentTypeError,
)
from skdistill.losses import Loss, resolve_loss
from skdistill.metrics import score_probabilities
from skdistill.students import Adapter, Fitted, Problem, resolve
from skdistill.transfer import Transfer, tell_unused

__all__ = [
    "Distilled",
    "Labels",
    "Metadata",
    "Settings",
    "fit_at_found",
    "fit_student",
    "label_rows",
    "make_problem",
    "resolve_settings",
    "train_directly",
    "true_labels",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """The parameters of a fit, resolved and checked before anything is fitted.

    Attributes
    ----------
    adapter : Adapter
        Of the student, on its device.
    loss : Loss
        What the student minimises.
    correction : Correction or None
        None for plain distillation.
    strength : float or None
        None where it is still to be found, or where the correction has a constant of its own.
    finds_strength : bool
        Whether it is to be found by shrinkage.
    calibration : str or None
        Name of the calibration.
    """

    adapter: Adapter
    loss: Loss
    correction: Correction | None
    strength: float | None
    finds_strength: bool
    calibration: str | None

    @property
    def needs_direct(self) -> bool:
        """Whether the direct student's out-of-fold probabilities play a part."""
        return self.finds_strength or self.calibration == "stacked"


@dataclass(frozen=True)
class Metadata:
    """Who gets what besides X and y.

    Attributes
    ----------
    teacher, student : dict
        Parameters of their fit; one entry per row of `Data` where there is one per row.
    student_weight : array of shape (n,) or None
        Row weights of the student.
    """

    teacher: dict[str, Any]
    student: dict[str, Any]
    student_weight: Floats | None

    def take(self, rows: NDArray[np.int64], n_rows: int) -> "Metadata":
        """Return what belongs to some of the `n_rows` rows."""

        def of_rows(params: dict[str, Any]) -> dict[str, Any]:
            return {key: index_rows(value, rows, n_rows) for key, value in params.items()}

        weight = index_rows(self.student_weight, rows, n_rows)
        return Metadata(of_rows(self.teacher), of_rows(self.student), weight)


@dataclass(frozen=True)
class Labels:
    """What the teacher says of each row, out of fold; NaN in rows it says nothing of.

    Attributes
    ----------
    raw, p : array of shape (n, K)
        Probabilities as the teacher gave them, and calibrated.
    known : array
        Rows that have probabilities.
    calibration : Calibration
        What made `p` of `raw`.
    """

    raw: Floats
    p: Floats
    known: NDArray[np.int64]
    calibration: Calibration

    def take(self, rows: NDArray[np.int64]) -> "Labels":
        """Return the labels of some rows, all of which have some."""
        return Labels(self.raw[rows], self.p[rows], np.arange(len(rows)), self.calibration)

    def scores(self, data: Data) -> dict[str, dict[str, float]]:
        """Return the scores of the raw and of the calibrated probabilities."""
        weight = index_rows(data.weight, self.known, len(data))
        y = data.one_hot[self.known]
        return {
            "raw": score_probabilities(y, self.raw[self.known], weight),
            "calibrated": score_probabilities(y, self.p[self.known], weight),
        }


@dataclass(frozen=True)
class Distilled:
    """A fitted student and how it came about.

    Attributes
    ----------
    settings : Settings
        How it was fitted.
    fitted : Fitted
        The student.
    mean_gain : float
        Mean gain of the correction.
    labels : Labels
        What the teacher said.
    n_rows, n_transfer : int
        Labelled rows it was fitted on, and unlabelled ones.
    """

    settings: Settings
    fitted: Fitted
    mean_gain: float
    labels: Labels
    n_rows: int
    n_transfer: int


def resolve_settings(
    student: Any,
    *,
    loss: str | Loss,
    temperature: float,
    correction: str | Correction | None,
    strength: str | float,
    calibration: str | None,
    device: str,
    n_rows: int,
    weighted: bool,
) -> Settings:
    """Resolve and check every parameter that needs no data, before anything is fitted.

    Parameters
    ----------
    student, loss, temperature, correction, strength, calibration, device
        Of `DistilledClassifier`.
    n_rows : int
        Rows the student will be fitted on.
    weighted : bool
        Whether they come with weights.

    Returns
    -------
    settings : Settings

    Raises
    ------
    ParameterError, StudentError
        As documented there.
    """
    check_choice("device", device, DEVICES)
    check_choice("calibration", calibration, CALIBRATIONS)
    adapter = resolve(student, loss).on_device(device)
    chosen = resolve_loss(adapter.default_loss if loss == "auto" else loss, temperature)
    rule = resolve_correction(correction)
    follows = rule is not None and rule.uses_strength
    number = _check_strength(strength, rule, follows=follows)
    weighted = weighted or chosen.row_weight(np.full((1, 2), 0.5)) is not None
    adapter.check(chosen, n_rows, weighted=weighted)
    return Settings(adapter, chosen, rule, number, follows and number is None, calibration)


def _check_strength(strength: Any, correction: Correction | None, *, follows: bool) -> float | None:
    """Return the strength as a number; None where it is to be found or plays no part."""
    if isinstance(strength, str):
        check_choice("strength", strength, ("auto",), "or a number in [0, 1]")
        return 0.0 if correction is None else None
    number = check_number("strength", strength, low=0.0, high=1.0)
    if not follows and not (correction is None and number == 0.0):
        raise ParameterError(
            f"strength={strength!r} has no effect with correction={correction!r}: leave it at "
            "'auto', or use a correction that follows the strength."
        )
    return number


def label_rows(
    raw: Floats,
    data: Data,
    calibration: str | None,
    student: Floats | None = None,
    *,
    may_be_constant: bool = False,
) -> Labels:
    """Calibrate out-of-fold probabilities on the rows that have them.

    Parameters
    ----------
    raw : array of shape (n, K)
        Out-of-fold probabilities; NaN in rows without.
    data : Data
        The rows.
    calibration : str or None
        Name of the calibration.
    student : array of shape (n, K) or None, default=None
        Out-of-fold probabilities of the direct student, for a stacked calibration.
    may_be_constant : bool, default=False
        Whether the same probabilities in every row will do: in a part of the rows they may.

    Returns
    -------
    labels : Labels

    Raises
    ------
    InputError
        If the probabilities are the same in every row.
    """
    known = np.flatnonzero(~np.isnan(raw[:, 0]))
    if not may_be_constant and np.all(raw[known] == raw[known[0]]):
        raise InputError(
            "the teacher's out-of-fold probabilities must differ between rows, got "
            f"{raw[known[0]].tolist()} in every row: there is nothing to distil. Look at the "
            "teacher, or train the student directly."
        )
    weight = index_rows(data.weight, known, len(data))
    own = None if student is None else student[known]
    fitted = calibrate(calibration, data.one_hot[known], raw[known], weight, own)
    p = np.full_like(raw, np.nan)
    p[known] = fitted.transform(raw[known], own)
    return Labels(raw, p, known, fitted)


def fit_student(
    settings: Settings,
    data: Data,
    labels: Labels,
    metadata: Metadata,
    transfer: Transfer | None = None,
) -> Distilled:
    """Fit the student to the corrected target, on the rows that have labels of the teacher.

    Parameters
    ----------
    settings, data, labels, metadata, transfer
        Of `make_problem`.

    Returns
    -------
    distilled : Distilled

    Raises
    ------
    StudentError
        If the student's own fit fails.
    """
    known, n = labels.known, len(data)
    rows = (data, labels, metadata)
    if len(known) < n:
        rows = (data.take(known), labels.take(known), metadata.take(known, n))
    problem, gain = make_problem(settings, *rows, transfer)
    n_transfer = 0 if transfer is None else len(transfer)
    try:
        fitted = settings.adapter.fit(problem)
    except SkdistillError:
        raise
    except Exception as error:
        kind = StudentTypeError if isinstance(error, TypeError) else StudentError
        name = type(settings.adapter.student).__name__
        raise kind(
            f"the student {name} could not be fitted: {type(error).__name__}: {error}"
        ) from error
    return Distilled(settings, fitted, gain, labels, len(known), n_transfer)


def train_directly(settings: Settings, data: Data, labels: Labels, metadata: Metadata) -> Distilled:
    """Fit the student to the true labels of all rows, also of those the teacher says nothing of.

    Parameters
    ----------
    settings, data, labels, metadata
        Of `make_problem`; the labels are kept as what the teacher said.

    Returns
    -------
    distilled : Distilled
    """
    done = fit_student(settings, data, true_labels(data), metadata)
    return replace(done, labels=labels)


def true_labels(data: Data) -> Labels:
    """Return the true labels in the place of a teacher's."""
    return Labels(data.one_hot, data.one_hot, np.arange(len(data)), Calibration())


def fit_at_found(
    settings: Settings,
    data: Data,
    labels: Labels,
    metadata: Metadata,
    transfer: Transfer | None = None,
) -> Distilled:
    """Fit the student at a strength that was found; at 1 it is trained directly.

    Parameters
    ----------
    settings, data, labels, metadata, transfer
        Of `make_problem`.

    Returns
    -------
    distilled : Distilled
    """
    if settings.strength != 1.0:
        return fit_student(settings, data, labels, metadata, transfer)
    if transfer is not None:
        tell_unused(transfer)
    return train_directly(settings, data, labels, metadata)


def make_problem(
    settings: Settings,
    data: Data,
    labels: Labels,
    metadata: Metadata,
    transfer: Transfer | None = None,
) -> tuple[Problem, float]:
    """Correct the labels and put together what the student is to solve.

    Parameters
    ----------
    settings : Settings
        How; a strength that is to be found has been.
    data : Data
        The rows.
    labels : Labels
        Their out-of-fold probabilities; every row has some.
    metadata : Metadata
        Weights and parameters of the student's fit.
    transfer : Transfer or None, default=None
        Unlabelled rows to fit on as well.

    Returns
    -------
    problem : Problem
        What the student sees.
    mean_gain : float
        Mean gain of the correction.
    """
    gain = _gain(settings.correction, labels.p, settings.strength)
    if transfer is not None:
        gain = gain * ((len(data) + len(transfer)) / len(data))
    problem = Problem(
        X=data.X,
        target=settings.loss.target(data.one_hot, labels.p, gain),
        loss=settings.loss,
        labels=data.y,
        classes=data.classes,
        weight=_times(metadata.student_weight, settings.loss.row_weight(labels.p)),
        params=metadata.student,
    )
    if transfer is not None:
        weight = metadata.student_weight
        of_rows = None if weight is None else np.full(len(transfer), weight.mean())
        problem = _with_transfer(
            problem, labels.calibration.transform(transfer.raw), transfer, of_rows
        )
    return problem, float(np.mean(gain))


def _times(a: Floats | None, b: Floats | None) -> Floats | None:
    """Return the product of two sets of weights; None stands for ones."""
    if a is None or b is None:
        return b if a is None else a
    return a * b


def _with_transfer(
    problem: Problem, p: Floats, transfer: Transfer, weight: Floats | None
) -> Problem:
    """Add unlabelled rows with the uncorrected target; their label is the teacher's best guess."""
    if problem.params:
        raise ParameterError(
            f"the student's metadata {sorted(problem.params)} have no values for the rows of "
            "X_transfer: leave one of the two out."
        )
    weight = _times(weight, problem.loss.row_weight(p))
    both = None
    if weight is not None and problem.weight is not None:
        both = np.concatenate([problem.weight, weight])
    target = problem.loss.target(p, p, np.zeros(len(p)))
    return replace(
        problem,
        X=stack_rows(problem.X, transfer.X),
        target=np.concatenate([problem.target, target]),
        labels=np.concatenate([problem.labels, problem.classes[np.argmax(p, axis=1)]]),
        weight=both,
    )


def _gain(correction: Correction | None, p: Floats, strength: float | None) -> Floats:
    """Return the gain of each row or entry, checked: the correction may be the user's."""
    if correction is None:
        return np.zeros(len(p))
    gain = np.asarray(correction.gain(p, 0.0 if strength is None else strength))
    if gain.shape not in ((len(p),), p.shape) or not np.all(np.isfinite(gain)):
        raise InputError(
            f"the gain of {correction!r} must be finite and of shape {(len(p),)} or {p.shape}, got "
            f"shape {gain.shape}."
        )
    return gain
