"""Route "linear": logistic regression on the soft target itself, without copies of rows.

Serves `SoftLogisticRegression`, and scikit-learn's `LogisticRegression` where its settings are
those of a ridge and L-BFGS: the fitted student is then a plain `LogisticRegression` with the
coefficients that weighted copies would lead to. Targets may lie off the simplex where there is a
ridge. Problems on the same rows are solved in one batch.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import validate_data

from skdistill._ground.arrays import has_namespace, project_to_simplex
from skdistill._ground.devices import cupy_obstacle, onto
from skdistill._ground.learners import is_of_sklearn
from skdistill.exceptions import StudentError
from skdistill.students.base import (
    Adapter,
    Fitted,
    Floats,
    Problem,
    Route,
    balanced_weights,
    check_class_weight,
    redefines,
)
from skdistill.students.linear_problems import bounded, dtype_of, fill, solve_targets
from skdistill.students.rows import check_rows
from skdistill.students.soft_logistic import SoftLogisticRegression, check_settings
from skdistill.targets.losses import Brier, CrossEntropy, Loss

__all__ = ["LinearAdapter", "is_linear"]


def is_linear(student: Any) -> bool:
    """Whether the route is for this student, with these settings.

    Of `LogisticRegression` those are: no subclass, ``solver="lbfgs"``, no L1 penalty, one softmax.
    """
    if isinstance(student, SoftLogisticRegression):
        return not redefines(student, "skdistill", "fit", "predict_proba")
    return (
        is_of_sklearn(student, LogisticRegression)
        and student.solver == "lbfgs"
        and student.penalty in ("l2", "deprecated", None)
        and not student.l1_ratio
        and not student.dual
        and getattr(student, "multi_class", "auto") in ("auto", "deprecated")
    )


class LinearAdapter(Adapter):
    """Fits a logistic regression to soft targets.

    Parameters
    ----------
    student : SoftLogisticRegression or LogisticRegression
        See `is_linear`.
    device : {"cpu", "cuda"}, default="cpu"
        Where NumPy rows are fitted.
    """

    default_loss = "cross_entropy"

    def __init__(self, student: Any, device: str = "cpu") -> None:
        super().__init__(student)
        self.device = device

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        where = ", on the GPU" if self.device == "cuda" else ""
        return Route(
            "linear",
            f"{type(self.student).__name__} is fitted to the soft target itself by L-BFGS, without "
            f"copies of rows{where}",
        )

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the loss or a setting cannot be honoured."""
        if not isinstance(loss, Brier | CrossEntropy):
            raise StudentError(
                f"loss={loss.name!r} has targets that are no class probabilities, which "
                f"{type(self.student).__name__} needs: use loss='cross_entropy' or 'brier', or a "
                "regressor as student."
            )
        check_settings(self.student)
        check_class_weight(self._class_weight)

    def gpu_obstacle(self) -> str | None:
        """Return why CuPy cannot be used, None if it can."""
        return cupy_obstacle()

    def on_gpu(self) -> Adapter:
        """Return the adapter that moves NumPy rows to the GPU."""
        return type(self)(self.student, "cuda")

    def fit(self, problem: Problem) -> Fitted:
        """Fit the student, by scikit-learn itself where nothing soft is left."""
        return self.fit_many([problem])[0]

    def fit_many(self, problems: Sequence[Problem]) -> list[Fitted]:
        """Fit one student per problem, all of them in one batch."""
        if self._is_plain and has_namespace(problems[0].X):
            raise StudentError(
                "a LogisticRegression predicts on NumPy rows only: use SoftLogisticRegression, "
                "which stays on the device of X, or pass NumPy rows."
            )
        for problem in problems:
            check_class_weight(self._class_weight, problem.classes)
        soft = [p for p in problems if not self._takes_labels(p)]
        solved = iter(self._solve(soft) if soft else ())
        return [self.fit_labels(p) if self._takes_labels(p) else next(solved) for p in problems]

    @property
    def _is_plain(self) -> bool:
        return not isinstance(self.student, SoftLogisticRegression)

    @property
    def _class_weight(self) -> Any:
        return getattr(self.student, "class_weight", None)

    def _takes_labels(self, problem: Problem) -> bool:
        """Whether scikit-learn's own fit to the labels is the solution."""
        temperature = getattr(problem.loss, "temperature", 1.0)
        return self._is_plain and self.device == "cpu" and temperature == 1.0 and problem.is_hard

    def _solve(self, problems: Sequence[Problem]) -> list[Fitted]:
        student, first = self.student, problems[0]
        if first.params:
            raise StudentError(
                f"{type(student).__name__} takes no {sorted(first.params)} in fit: leave them out."
            )
        blank = clone(student)
        if self._is_plain:
            rows = validate_data(blank, first.X, accept_sparse="csr", dtype=np.float64)
        else:
            rows = check_rows(blank, first.X, reset=True, sparse=True)
        C = np.inf if getattr(student, "penalty", "l2") is None else student.C
        has_ridge = np.inf > C and (student.l1_ratio or 0.0) < 1.0
        parts = [_as_solvable(p, student, has_ridge=has_ridge) for p in problems]
        solution = solve_targets(
            onto(rows, self.device),
            [target for target, _, _ in parts],
            [weight for _, weight, _ in parts],
            first.classes,
            C=[C] * len(problems),
            l1_ratio=student.l1_ratio or 0.0,
            fit_intercept=student.fit_intercept,
            tol=student.tol,
            max_iter=student.max_iter,
        )
        fitted = []
        for number, (problem, (_, _, touched)) in enumerate(zip(problems, parts, strict=True)):
            temperature = getattr(problem.loss, "temperature", 1.0)
            model = fill(copy(blank), solution, number, first.classes, dtype_of(rows), temperature)
            fitted.append(Fitted(model, touched=touched))
        return fitted


def _as_solvable(
    problem: Problem, student: Any, *, has_ridge: bool
) -> tuple[Floats, Floats | None, float]:
    """Return target, row weights and the share of rows projected, class weights moved into both."""
    target, weight, touched = problem.target, problem.weight, 0.0
    per_class = balanced_weights(getattr(student, "class_weight", None), problem)
    if per_class is not None or not has_ridge:
        # Without a ridge, or with a negative weight, a signed target may have no minimum.
        target, moved = project_to_simplex(target)
        touched = float(np.mean(moved))
    else:
        target, touched = bounded(target, weight)
    if per_class is not None:
        target = target * per_class
        mass = target.sum(axis=1)
        target = target / mass[:, None]
        weight = mass if weight is None else weight * mass
    return target, weight, touched
