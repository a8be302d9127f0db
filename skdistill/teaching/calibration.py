"""Calibration of the teacher on its own out-of-fold probabilities.

A teacher's ranking is usually better than its probabilities; a student copies both. A map with few
parameters, fitted on out-of-fold rows, mends the probabilities and cannot memorise labels.

With `q` the floored probabilities, "sigmoid" is ``softmax(b log q + a)`` with one slope `b >= 0`
and an intercept per class: for two classes Platt's scaling of the logit (Platt, 1999), for more
the bias-corrected temperature scaling of Alexandari, Kundaje and Shrikumar (ICML 2020).
"temperature" has the slope only (Guo et al., ICML 2017). "isotonic" is one isotonic regression per
class against the rest, renormalised (Zadrozny and Elkan, 2002). "stacked" adds a second opinion to
"sigmoid", the out-of-fold probabilities `o` of the direct student:
``softmax(b log q + c log o + a)``.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from skdistill._ground.arrays import (
    Array,
    as_like,
    floor_probabilities,
    log_softmax,
    namespace,
    softmax,
    to_host,
)
from skdistill._ground.validation import check_choice
from skdistill.exceptions import InputError, ParameterError

__all__ = [
    "CALIBRATIONS",
    "Calibration",
    "Isotonic",
    "Scaling",
    "Stacked",
    "calibrate",
    "calibrate_unseen",
]

CALIBRATIONS = (None, "isotonic", "sigmoid", "stacked", "temperature")
SUM_ERROR = 1e-12  # of a row of probabilities, up to which it is left as it is
FLOOR = 1e-4  # of a probability before its logarithm: a forest's 0 is not minus infinity


@dataclass(frozen=True)
class Calibration:
    """No calibration: probabilities as they are, exactly summing to one. Base of the others."""

    def transform(self, p: Array, student: Array | None = None) -> Array:
        """Return the calibrated probabilities, shape (n, K).

        Parameters
        ----------
        p : array of shape (n, K)
            Probabilities of the teacher.
        student : array of shape (n, K) or None, default=None
            Those of the direct student; only `Stacked` needs them.

        Returns
        -------
        calibrated : array of shape (n, K)
        """
        xp = namespace(p)
        total = xp.sum(p, axis=1, keepdims=True)
        return p if bool(xp.all(xp.abs(total - 1.0) <= SUM_ERROR)) else p / total


@dataclass(frozen=True)
class Scaling(Calibration):
    """``softmax(slope * log q + intercept)`` at the floored probabilities `q`.

    Attributes
    ----------
    slope : float
        Not negative: 1 keeps the logits, below 1 softens, above 1 sharpens.
    intercept : array of shape (K,)
        Sums to zero, as only differences count; zeros for "temperature".
    """

    slope: float
    intercept: Array

    def transform(self, p: Array, student: Array | None = None) -> Array:
        """Return the calibrated probabilities, shape (n, K)."""
        return softmax(self.slope * _logs(p) + as_like(self.intercept, p, p.dtype))


@dataclass(frozen=True)
class Stacked(Calibration):
    """``softmax(slope log q + student_slope log o + intercept)`` of teacher and direct student.

    Attributes
    ----------
    slope, student_slope : float
        Neither is negative.
    intercept : array of shape (K,)
        Sums to zero.
    """

    slope: float
    student_slope: float
    intercept: Array

    def transform(self, p: Array, student: Array | None = None) -> Array:
        """Return the stacked probabilities, shape (n, K)."""
        if student is None:
            raise ParameterError(
                "a stacked calibration needs the direct student's probabilities of the same rows: "
                "pass them as the second argument."
            )
        scores = self.slope * _logs(p) + self.student_slope * _logs(student)
        return softmax(scores + as_like(self.intercept, p, p.dtype))


@dataclass(frozen=True)
class Isotonic(Calibration):
    """One isotonic regression per class, rows renormalised; a row without mass is uniform.

    Attributes
    ----------
    regressions : tuple of IsotonicRegression
        One for class 1 of two classes, else one per class.
    """

    regressions: tuple[IsotonicRegression, ...]

    def transform(self, p: Array, student: Array | None = None) -> Array:
        """Return the calibrated probabilities, shape (n, K); computed on the host."""
        q = to_host(p)
        if len(self.regressions) == 1:
            positive = self.regressions[0].predict(q[:, 1])
            return as_like(np.column_stack([1.0 - positive, positive]), p, p.dtype)
        columns = [r.predict(q[:, k]) for k, r in enumerate(self.regressions)]
        lifted = np.maximum(np.column_stack(columns), FLOOR)
        return as_like(lifted / lifted.sum(axis=1, keepdims=True), p, p.dtype)


def calibrate_unseen(
    method: str | None, y: Array, p: Array, test: Array, weight: Array | None = None
) -> Array:
    """Calibrate some probabilities by a map fitted on the others.

    A map fitted on the rows that it is judged by looks better than it is, isotonic ones above all.

    Parameters
    ----------
    method, y, p, weight
        Of `calibrate`.
    test : bool array of shape (n,)
        Which rows to calibrate.

    Returns
    -------
    calibrated : array of shape (m, K)
        Of the m rows of `test`.
    """
    own = None if weight is None else weight[~test]
    return calibrate(method, y[~test], p[~test], own).transform(p[test])


def calibrate(
    method: str | None,
    y: Array,
    p: Array,
    weight: Array | None = None,
    student: Array | None = None,
) -> Calibration:
    """Fit a calibration on out-of-fold probabilities.

    Parameters
    ----------
    method : {"sigmoid", "temperature", "isotonic", "stacked"} or None
        Which map; None for none.
    y : array of shape (n, K)
        One-hot labels.
    p : array of shape (n, K)
        Out-of-fold probabilities.
    weight : array of shape (n,) or None, default=None
        Row weights.
    student : array of shape (n, K) or None, default=None
        Out-of-fold probabilities of the direct student, for "stacked".

    Returns
    -------
    calibration : Calibration

    Raises
    ------
    ParameterError
        If `method` is unknown, or is "stacked" and `student` is not given.
    InputError
        If a probability is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.eye(2)[[0, 0, 1, 1, 0, 1] * 50]
    >>> p = np.array([[0.99, 0.01], [0.01, 0.99]])[[0, 0, 1, 1, 1, 0] * 50]
    >>> calibrate("temperature", y, p).transform(p[:1]).round(2)
    array([[0.67, 0.33]])
    """
    check_choice("calibration", method, CALIBRATIONS)
    if method is None:
        return Calibration()
    xp = namespace(y, p)
    if any(each is not None and bool(xp.any(xp.isnan(each))) for each in (p, student)):
        raise InputError(
            "probabilities to be calibrated must be numbers, got NaN in some rows: leave out the "
            "rows that the teacher, or the direct student, says nothing of."
        )
    weight = xp.ones_like(p[:, 0]) if weight is None else xp.astype(weight, p.dtype)
    if method == "isotonic":
        return _fit_isotonic(*map(to_host, (y, p, weight)))
    logs = [_logs(p)]
    if method == "stacked":
        if student is None:
            raise ParameterError(
                "calibration='stacked' needs the direct student's out-of-fold probabilities."
            )
        logs.append(_logs(student))
    slopes, intercept = _fit_scaling(y, logs, weight, with_intercept=method != "temperature")
    if method == "stacked":
        return Stacked(slopes[0], slopes[1], intercept)
    return Scaling(slopes[0], intercept)


def _logs(p: Array) -> Array:
    return namespace(p).log(floor_probabilities(p, FLOOR))


def _fit_isotonic(y: Array, p: Array, weight: Array) -> Isotonic:
    columns = [1] if p.shape[1] == 2 else range(p.shape[1])
    return Isotonic(
        tuple(
            IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(
                p[:, k], y[:, k], sample_weight=weight
            )
            for k in columns
        )
    )


def _fit_scaling(
    y: Array, logs: list[Array], weight: Array, *, with_intercept: bool
) -> tuple[list[float], Array]:
    """Return a slope for each of the log-probabilities, and the intercepts.

    They minimise the weighted log-loss plus a ridge, worth one row (where rows weigh less than one,
    a row of theirs), towards the first as it is. The ridge keeps separable rows from sending the
    slopes to infinity, and makes one of the intercepts that differ by a constant the solution,
    whatever the order of the classes. The slopes are not negative: a teacher worse than chance
    becomes a constant and is not turned round. The rows stay on their device; only the few
    parameters and their gradient go to SciPy.
    """
    xp = namespace(y)
    scale = float(xp.sum(weight))
    ridge = min(1.0, float(xp.sum(weight * weight)) / scale)  # 1 for whole weights: repeated rows
    n_slopes, n_classes = len(logs), y.shape[1]

    def objective(theta: Array) -> tuple[float, Array]:
        scores = float(theta[0]) * logs[0]
        for slope, log in zip(theta[1:n_slopes], logs[1:], strict=True):
            scores = scores + float(slope) * log
        if with_intercept:
            scores = scores + as_like(theta[n_slopes:], y, y.dtype)
        log_s = log_softmax(scores)
        residual = weight[:, None] * (xp.exp(log_s) - y)
        shift = theta - identity
        value = -float(xp.sum(weight[:, None] * y * log_s)) + 0.5 * ridge * float(shift @ shift)
        slopes = [float(xp.sum(residual * log)) for log in logs]
        slopes += to_host(xp.sum(residual, axis=0)).tolist() if with_intercept else []
        return value / scale, (np.asarray(slopes) + ridge * shift) / scale

    identity = np.zeros(n_slopes + n_classes if with_intercept else n_slopes)
    identity[0] = 1.0
    bounds = [(0.0, None)] * n_slopes + [(None, None)] * (len(identity) - n_slopes)
    theta = minimize(
        objective,
        identity,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
    ).x
    intercept = theta[n_slopes:] if with_intercept else np.zeros(n_classes)
    return [float(slope) for slope in theta[:n_slopes]], intercept
