"""The stages of a distillation as functions: settings, calibrated labels, fitted student.

They know nothing of the estimator that calls them.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.compat import warn_user
from skdistill._ground.costs import count_nodes
from skdistill._ground.data import Data, stack_rows
from skdistill._ground.outcomes import Classes, Numbers, Outcome
from skdistill._ground.validation import index_rows
from skdistill.exceptions import (
    InputError,
    ParameterError,
    SkdistillError,
    SkdistillWarning,
    StudentError,
    StudentTypeError,
)
from skdistill.rows.synthetic import Synthetic
from skdistill.rows.transfer import Transfer, tell_unused
from skdistill.settings import Settings
from skdistill.students import Fitted, Mixture, Problem, direct_problem, fit_within
from skdistill.targets.corrections import Correction, by_weight
from skdistill.teaching.fold_classes import check_taught_classes
from skdistill.teaching.labels import Labels, true_labels
from skdistill.teaching.residuals import expected_draws, local_variance

__all__ = [
    "Distilled",
    "Metadata",
    "fit_at_found",
    "fit_student",
    "make_problem",
    "train_directly",
]

Floats = NDArray[np.float64]


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
        check_taught_classes(data, known)
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
    """Warn where the student is larger than the direct one, as nothing could bound it."""
    nodes = done.nodes
    if nodes["student"] and nodes["direct"] and nodes["student"] > nodes["direct"]:
        warn_user(
            f"the student has {nodes['student']:,} nodes, trained directly it has "
            f"{nodes['direct']:,}: {done.settings.adapter.excess}, or pass size='free' if it may "
            "be larger.",
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
    said = _Said(data, labels.p)
    gain = _gain(settings, said)
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
    if not settings.loss.is_linear:
        problem = replace(problem, mixture=_mixture(problem, said, gain))
    return problem, float(np.mean(gain))


@dataclass(frozen=True)
class _Said:
    """What the teacher said of the rows, and of numbers how far off it was: found out once."""

    data: Data
    p: Floats

    @cached_property
    def variance(self) -> Floats:
        """Of the labels around it, shape (n, m)."""
        return local_variance(self.data.columns, self.p, self.data.weight)


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


def _mixture(problem: Problem, said: _Said, gain: Floats) -> Mixture | None:
    """Return what stands for the target of a loss that no pseudo-target stands for.

    Each labelled row comes with what was observed, a share `g` of it, and with draws from what the
    teacher expects there (`expected_draws`), ``1 - g`` together; a row without a label with draws
    alone. A gain above 1, beside transfer rows, counts as 1: no weight is negative.
    """
    n, n_all = len(said.data), len(problem.target)
    g = np.zeros(n_all)
    g[:n] = np.minimum(gain if gain.ndim == 1 else gain.mean(axis=1), 1.0)
    if np.all(g == 1.0):
        return None  # the target is what was observed
    at = None if n_all == n else np.concatenate([said.p, problem.target[n:]])
    y, weight = said.data.columns, said.data.weight
    known: Any = {"variance": said.variance, "at": at}
    draws = expected_draws(y, said.p, problem.loss.level, weight, **known)
    observed = np.concatenate([y, problem.target[n:]])
    shares = np.stack([g, *[(1.0 - g) * share for share, _ in draws]])
    return Mixture(np.stack([observed, *[draw for _, draw in draws]]), shares)


def _gain_of_classes(correction: Correction, said: _Said, strength: float) -> Any:
    return by_weight(correction.gain, said.data.weight)(said.p, strength)


def _gain_of_numbers(correction: Correction, said: _Said, strength: float) -> Any:
    variance = said.variance if correction.uses_variance else np.full_like(said.p, np.nan)
    return by_weight(correction.gain_of, said.data.weight)(said.p, variance, strength)


_GAINS = {Classes: _gain_of_classes, Numbers: _gain_of_numbers}


def _gain(settings: Settings, said: _Said) -> Floats:
    """Return the gain of each row or entry, checked: the correction may be the user's."""
    correction, p, strength = settings.correction, said.p, settings.strength
    if correction is None:
        return np.zeros(len(p))
    of = _GAINS[type(said.data.outcome)]
    gain = np.asarray(of(correction, said, 0.0 if strength is None else strength))
    if gain.shape not in ((len(p),), p.shape) or not np.all(np.isfinite(gain)):
        raise InputError(
            f"the gain of {correction!r} must be finite and of shape {(len(p),)} or {p.shape}, got "
            f"shape {gain.shape}."
        )
    return gain
