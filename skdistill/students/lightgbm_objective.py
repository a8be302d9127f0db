"""LightGBM's objective for soft targets."""

from typing import Any

import numpy as np
from scipy.special import expit

from skdistill._ground.arrays import project_to_simplex
from skdistill.students.base import LONGEST_STEP, Floats, Problem, balanced_weights

__all__ = ["SoftCrossEntropy", "soft_objective"]

HESSIAN_FLOOR = 1e-6


class SoftCrossEntropy:
    """LightGBM objective: cross-entropy against soft targets; picklable.

    For one margin per row (two classes) gradient and Hessian are ``w b (s - t)`` and
    ``w b^2 s (1 - s)`` with ``s = sigmoid(b f)``; for K margins the softmax takes its place and the
    Hessian gets the factor ``K / (K - 1)`` of LightGBM's own multiclass objective.

    The Hessian is at least ``|gradient| b / 10``, so no leaf moves further than ten log-odds before
    the learning rate. Newton's step has no such bound: where a score has gone past a soft target,
    ``s (1 - s)`` vanishes and the gradient does not, and a class of a few rows ends in scores of
    thousands.

    Parameters
    ----------
    target : array of shape (n,) or (n, K)
        Soft targets; for two classes those of class 1.
    weight : array of shape (n,) or None
        Row weights.
    temperature : float, default=1.0
        T = 1 / b.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.students import SoftCrossEntropy
    >>> SoftCrossEntropy(np.array([0.25]), None)(None, np.array([0.0]))
    (array([0.25]), array([0.25]))
    """

    def __init__(self, target: Floats, weight: Floats | None, temperature: float = 1.0) -> None:
        # LightGBM stores scores class by class: Fortran order spares a transposed copy per tree.
        self.target = np.asfortranarray(target, dtype=np.float64)
        self.weight = weight
        self.temperature = temperature

    def __call__(self, y_true: Any, y_pred: Floats) -> tuple[Floats, Floats]:
        """Return gradient and Hessian at the scores; the labels are not looked at."""
        b = 1.0 / self.temperature
        if self.target.ndim == 1:
            s = expit(y_pred if b == 1.0 else b * y_pred)
            factor = b * b
        else:
            s = _softmax_in_place(b * y_pred)
            factor = b * b * s.shape[1] / (s.shape[1] - 1.0)
        gradient = s - self.target
        if b != 1.0:
            gradient *= b
        hessian = s
        hessian -= s * s
        if factor != 1.0:
            hessian *= factor
        needed = np.abs(gradient)
        needed *= b / LONGEST_STEP
        np.maximum(hessian, needed, out=hessian)
        np.maximum(hessian, HESSIAN_FLOOR, out=hessian)
        if self.weight is not None:
            weight = self.weight if s.ndim == 1 else self.weight[:, None]
            gradient *= weight
            hessian *= weight
        return gradient, hessian

    def start(self) -> Floats:
        """Return the scores, a number or (K,), whose probabilities are the mean target."""
        mean = np.clip(np.average(self.target, axis=0, weights=self.weight), 1e-10, None)
        if self.target.ndim == 1:
            mean = np.minimum(mean, 1.0 - 1e-10)
            return np.asarray(self.temperature * (np.log(mean) - np.log1p(-mean)))
        return np.asarray(self.temperature * np.log(mean))


def _softmax_in_place(scores: Floats) -> Floats:
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def soft_objective(problem: Problem, class_weight: Any, temperature: float) -> SoftCrossEntropy:
    """Return the objective, with class weights moved into targets and row weights."""
    target, weight = problem.target, problem.weight
    per_class = balanced_weights(class_weight, problem)
    if per_class is not None:
        # Off the simplex a row could get a weight of zero or less.
        scaled = project_to_simplex(target)[0] * per_class
        mass = scaled.sum(axis=1)
        target = scaled / mass[:, None]
        weight = mass if weight is None else weight * mass
    return SoftCrossEntropy(target[:, 1] if target.shape[1] == 2 else target, weight, temperature)
