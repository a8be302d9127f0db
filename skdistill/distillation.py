"""The stages of a distillation as functions: settings, calibrated labels, fitted student.

They know nothing of the estimator that calls them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.compat import warn_user
from skdistill._ground.costs import count_nodes
from skdistill._ground.data import Data, stack_rows
from skdistill._ground.devices import DEVICES
from skdistill._ground.outcomes import Outcome
from skdistill._ground.validation import check_choice, check_number, index_rows
from skdistill.exceptions import (
    InputError,
    ParameterError,
    SkdistillError,
    SkdistillWarning,
    StudentError,
    StudentTypeError,
)
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import Synthetic, resolve_synthetic
from skdistill.rows.transfer import Transfer, tell_unused
from skdistill.students import Adapter, Fitted, Problem, direct_problem, fit_within, resolve
from skdistill.students.size import SIZES
from skdistill.targets.corrections import Correction, resolve_correction
from skdistill.targets.losses import Loss, resolve_loss
from skdistill.teaching.calibration import CALIBRATIONS
from skdistill.teaching.labels import Labels, true_labels

__all__ = [
    "CLASSES",
    "Distilled",
    "Metadata",
    "Rules",
    "Settings",
    "fit_at_found",
    "fit_student",
    "make_problem",
    "resolve_settings",
    "train_directly",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """What the parameters of a fit may be, by its task.

    Attributes
    ----------
    resolve : callable
        Returns the adapter of a student for a loss.
    resolve_loss : callable
        Returns the loss that a name or an object stands for, at a temperature.
    calibrations : tuple
        Names of the calibrations.
    """

    resolve: Callable[[Any, Any], Adapter]
    resolve_loss: Callable[..., Any]
    calibrations: tuple[str | None, ...]


CLASSES = Rules(resolve, resolve_loss, CALIBRATIONS)


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
    synthetic : Munge or None
        What makes synthetic rows.
    size : str
        "direct" for a student no larger than the direct one, "free" for none such bound.
    """

    adapter: Adapter
    loss: Loss
    correction: Correction | None
    strength: float | None
    finds_strength: bool
    calibration: str | None
    synthetic: Munge | None
    size: str = "direct"

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
    n_rows, n_transfer, n_synthetic : int
        Labelled rows it was fitted on, unlabelled ones, and synthetic ones.
    direct : Fitted or None
        The direct student on the same labelled rows, where it was fitted: it may be the very one.
    n_fits : int
        Students fitted.
    """

    settings: Settings
    fitted: Fitted
    mean_gain: float
    labels: Labels
    n_rows: int
    n_transfer: int
    n_synthetic: int
    direct: Fitted | None = None
    n_fits: int = 1

    @cached_property
    def nodes(self) -> dict[str, int | None]:
        """Nodes of the trees of the student and of the direct one; None where not known."""
        direct = None if self.direct is None else count_nodes(self.direct.model)
        return {"student": count_nodes(self.fitted.model), "direct": direct}


def resolve_settings(
    student: Any,
    *,
    loss: str | Loss,
    temperature: float,
    correction: str | Correction | None,
    strength: str | float,
    calibration: str | None,
    synthetic: Any,
    device: str,
    n_rows: int,
    weighted: bool,
    size: str = "direct",
    rules: Rules = CLASSES,
) -> Settings:
    """Resolve and check every parameter that needs no data, before anything is fitted.

    Parameters
    ----------
    student, loss, temperature, correction, strength, calibration, synthetic, device, size
        Of `DistilledClassifier`.
    n_rows : int
        Rows the student will be fitted on.
    weighted : bool
        Whether they come with weights.
    rules : Rules, default=CLASSES
        Of the task.

    Returns
    -------
    settings : Settings

    Raises
    ------
    ParameterError, StudentError
        As documented there.
    """
    check_choice("device", device, DEVICES)
    check_choice("calibration", calibration, rules.calibrations)
    check_choice("size", size, SIZES)
    adapter = rules.resolve(student, loss).on_device(device)
    chosen = rules.resolve_loss(adapter.default_loss if loss == "auto" else loss, temperature)
    rule = resolve_correction(correction)
    follows = rule is not None and rule.uses_strength
    number = _check_strength(strength, rule, follows=follows)
    munge = resolve_synthetic(synthetic)
    if munge is not None and calibration == "stacked":
        raise ParameterError(
            "calibration='stacked' blends in the direct student's out-of-fold probabilities, which "
            "synthetic rows have none of: leave it out."
        )
    weighted = weighted or chosen.row_weight(np.full((1, 2), 0.5)) is not None
    adapter.check(chosen, n_rows, weighted=weighted)
    if munge is not None:
        _check_for_synthetic(adapter, chosen, n_rows * (1 + munge.copies))
    finds = follows and number is None
    return Settings(adapter, chosen, rule, number, finds, calibration, munge, size)


def _check_for_synthetic(adapter: Adapter, loss: Loss, n_rows: int) -> None:
    try:
        adapter.check(loss, n_rows, weighted=True)
    except StudentError as error:
        raise StudentError(
            "synthetic rows weigh less than labelled ones, and there are more of them: the student "
            f"{type(adapter.student).__name__} cannot honour that. Use another student, or "
            f"synthetic=None. ({error})"
        ) from error


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
    n_more = 0 if transfer is None else len(transfer)
    made = isinstance(transfer, Synthetic)
    rows = (data, labels, metadata, transfer)
    if len(known) < n:
        rows = (data.take(known), labels.take(known), metadata.take(known, n))
        rows = (*rows, None if transfer is None else transfer.take(known))
    problem, gain = make_problem(settings, *rows)
    adapter, data, metadata = settings.adapter, rows[0], rows[2]
    beside = metadata.student_weight, metadata.student
    labelled = partial(direct_problem, adapter, data.X, data.y, *beside)
    try:
        done = fit_within(settings.size, adapter, [problem], labelled, len(data))
    except SkdistillError:
        raise
    except Exception as error:
        kind = StudentTypeError if isinstance(error, TypeError) else StudentError
        name = type(settings.adapter.student).__name__
        raise kind(
            f"the student {name} could not be fitted: {type(error).__name__}: {error}"
        ) from error
    counts = len(known), 0 if made else n_more, n_more if made else 0
    fits = done.direct, done.n_fits
    distilled = Distilled(settings, done.fitted[0], gain, labels, *counts, *fits)
    _tell_larger(distilled)
    return distilled


def _tell_larger(done: Distilled) -> None:
    """Warn where the student is larger than the direct one, as no setting was known to bound it."""
    nodes = done.nodes
    if nodes["student"] and nodes["direct"] and nodes["student"] > nodes["direct"]:
        warn_user(
            f"the student has {nodes['student']:,} nodes, trained directly it has "
            f"{nodes['direct']:,}: of {type(done.settings.adapter.student).__name__} no setting is "
            "known that would keep it as small. Bound it by its own settings, or pass size='free' "
            "if it may be larger.",
            SkdistillWarning,
        )


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


def fit_at_found(
    settings: Settings,
    data: Data,
    labels: Labels,
    metadata: Metadata,
    transfer: Transfer | None = None,
) -> Distilled:
    """Fit the student at a strength that was found; at 1 it is trained directly.

    Beside transfer rows a labelled row keeps the correction that was found for it: it does not
    answer for the others, as it does at a strength that is given.

    Parameters
    ----------
    settings, data, labels, metadata, transfer
        Of `make_problem`.

    Returns
    -------
    distilled : Distilled
    """
    if settings.strength == 1.0:
        if transfer is not None:
            tell_unused(transfer)
        return train_directly(settings, data, labels, metadata)
    if transfer is not None:
        settings = replace(settings, strength=settings.strength / transfer.share(len(data)))
    return fit_student(settings, data, labels, metadata, transfer)


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
        Unlabelled or synthetic rows to fit on as well.

    Returns
    -------
    problem : Problem
        What the student sees.
    mean_gain : float
        Mean gain of the correction.
    """
    gain = _gain(settings.correction, labels.p, settings.strength)
    if transfer is not None:
        gain = gain * transfer.share(len(data))
    problem = Problem(
        X=data.X,
        target=settings.loss.target(data.columns, labels.p, gain),
        loss=settings.loss,
        labels=data.y,
        classes=data.classes,
        weight=_times(metadata.student_weight, settings.loss.row_weight(labels.p)),
        params=metadata.student,
    )
    if transfer is not None:
        p = labels.calibration.transform(transfer.raw)
        weight = transfer.weights(metadata.student_weight)
        problem = _with_transfer(problem, p, data.outcome, transfer, weight)
    return problem, float(np.mean(gain))


def _times(a: Floats | None, b: Floats | None) -> Floats | None:
    """Return the product of two sets of weights; None stands for ones."""
    if a is None or b is None:
        return b if a is None else a
    return a * b


def _with_transfer(
    problem: Problem, p: Floats, outcome: Outcome, transfer: Transfer, weight: Floats | None
) -> Problem:
    """Add unlabelled rows with the uncorrected target, and what stands for their labels."""
    if problem.params:
        raise ParameterError(
            f"the student's metadata {sorted(problem.params)} have no values for the rows of "
            "X_transfer, nor for synthetic ones: leave one of the two out."
        )
    weights = problem.weight, _times(weight, problem.loss.row_weight(p))
    both = None
    if any(w is not None for w in weights):
        ones = np.ones(len(problem.target)), np.ones(len(p))
        parts = zip(weights, ones, strict=True)
        both = np.concatenate([one if w is None else w for w, one in parts])
    target = problem.loss.target(p, p, np.zeros(len(p)))
    return replace(
        problem,
        X=stack_rows(problem.X, transfer.X),
        target=np.concatenate([problem.target, target]),
        labels=np.concatenate([problem.labels, outcome.stand_in(p)]),
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
