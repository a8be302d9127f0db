"""Routes of XGBoost, where it is installed.

Two classes: ``binary:logistic`` takes labels in [0, 1] natively, but only XGBRegressor lets them
through, so the regressor is fitted and its booster handed to the classifier. More classes: weighted
replication on ``multi:softprob``. XGBoost wants labels 0..K-1, whatever the user's are: where they
are others, the fitted model is wrapped to predict them.

Soft targets pull a score back that has gone past them, with a gradient that does not vanish as the
curvature does; XGBoost's penalty on the leaves bounds that step only while rows weigh about 1. So
`max_delta_step` is set where the user has left it unset.
"""

import json
import re
import warnings
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._ground.arrays import project_to_simplex
from skdistill._ground.wrapping import unlabelled
from skdistill.exceptions import StudentError
from skdistill.students.base import LONGEST_STEP, Adapter, Fitted, Problem, Route, redefines
from skdistill.students.regression import RegressionAdapter
from skdistill.students.replication import ReplicationAdapter
from skdistill.students.size import can_grow, leaf_settings
from skdistill.students.tempering import tempered
from skdistill.students.wrapped import LabelledClassifier, TemperedClassifier
from skdistill.targets.losses import Loss

__all__ = [
    "XGBoostAdapter",
    "XGBoostDevice",
    "XGBoostRegression",
    "bounded_steps",
    "check_early_stopping",
    "named",
    "resolve_xgboost",
]

LEARNING_RATE = 0.3  # XGBoost's own
OWN_OBJECTIVES = {None, "binary:logistic", "multi:softprob", "multi:softmax"}


def resolve_xgboost(student: Any) -> Adapter:
    """Return the adapter for an XGBoost learner, by its kind."""
    import xgboost

    if isinstance(student, xgboost.XGBRegressor):
        return XGBoostRegression(student)
    if isinstance(student, xgboost.XGBClassifier):
        return XGBoostAdapter(student)
    raise StudentError(
        f"student must be an XGBClassifier or an XGBRegressor, got {type(student).__name__}."
    )


def check_early_stopping(student: Any) -> None:
    """Raise StudentError for early stopping: it would fail after the teacher's fits."""
    if student.get_params().get("early_stopping_rounds") is not None:
        raise StudentError(
            "early_stopping_rounds needs an evaluation set, which the student is not given: leave "
            "it None and choose n_estimators."
        )


class XGBoostDevice(Adapter):
    """XGBoost learners name their device by a parameter."""

    def gpu_obstacle(self) -> str | None:
        """Return why the installed XGBoost cannot use a GPU here, None if it can."""
        return _gpu_obstacle()

    def on_gpu(self) -> Adapter:
        """Return the adapter of the same student with its `device` set."""
        return type(self)(clone(self.student).set_params(device="cuda"))


@cache
def _gpu_obstacle() -> str | None:
    """Find out by a fit of a few rows, which XGBoost quietly moves to the CPU without a GPU."""
    import xgboost

    rows = xgboost.DMatrix(np.arange(16.0).reshape(8, 2), np.arange(8.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            booster = xgboost.train({"device": "cuda", "verbosity": 0}, rows, 1)
        except xgboost.core.XGBoostError as error:
            return f"XGBoost {xgboost.__version__} cannot: {str(error).splitlines()[-1]}."
    used = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
    if used.startswith("cuda"):
        return None
    return f"XGBoost {xgboost.__version__} found no NVIDIA GPU, or was built without CUDA."


class XGBoostRegression(XGBoostDevice, RegressionAdapter):
    """An XGBoost regressor on pseudo-targets."""

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the loss or a setting cannot be honoured."""
        super().check(loss, n_rows, weighted=weighted)
        check_early_stopping(self.student)


class XGBoostAdapter(XGBoostDevice):
    """An XGBoost classifier on soft targets."""

    default_loss = "cross_entropy"

    @property
    def grows(self) -> bool:
        """Whether a soft target makes it larger than the labels would, and that can be bounded."""
        return can_grow(self.student)

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        return Route(
            "native",
            f"{type(self.student).__name__} takes soft labels of two classes by binary:logistic, "
            "of more classes as weighted copies",
        )

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the loss or a setting cannot be honoured."""
        ReplicationAdapter(self.student).check(loss, n_rows, weighted=weighted)
        params = self.student.get_params()
        if params.get("objective") not in OWN_OBJECTIVES:
            raise StudentError(
                f"objective={params['objective']!r} of {type(self.student).__name__} would be "
                "replaced: leave it unset, or use XGBRegressor with loss='brier'."
            )
        if params.get("scale_pos_weight") not in (None, 1.0):
            raise StudentError(
                f"scale_pos_weight={params['scale_pos_weight']!r} has no effect on soft labels: "
                "give the rows sample_weight instead."
            )
        check_early_stopping(self.student)

    def with_bounded_steps(self) -> Adapter | None:
        """Return the adapter with `max_delta_step` set; None if it is, or without trees."""
        bounded = bounded_steps(self.student)
        return None if bounded is self.student else type(self)(bounded)

    def runs_away(self, fitted: Fitted) -> bool:
        """Whether a leaf went further than the bound."""
        trees = "".join(unlabelled(fitted.model).get_booster().get_dump())
        furthest = max((abs(float(value)) for value in re.findall(r"leaf=(.+)", trees)), default=0)
        rate = self.student.learning_rate
        return bool(furthest > LONGEST_STEP * (LEARNING_RATE if rate is None else rate))

    def fit(self, problem: Problem) -> Fitted:
        """Fit two classes natively, more as weighted copies, and name the classes."""
        temperature = getattr(problem.loss, "temperature", 1.0)
        # A booster of ours would bypass what a subclass does in its fit.
        is_own = not redefines(self.student, "xgboost", "fit", "predict_proba")
        student = self.student if problem.is_direct else bounded_steps(self.student)
        if len(problem.classes) > 2 or problem.is_direct or not is_own:
            fitted = ReplicationAdapter(student, integer_labels=True).fit(problem)
        else:
            fitted = self._fit_two(student, problem, temperature)
        if student is not self.student:
            plain = fitted.model
            plain = plain.inner if isinstance(plain, TemperedClassifier) else plain
            plain.set_params(max_delta_step=self.student.max_delta_step)
        return replace(fitted, model=named(fitted.model, problem.classes))

    def _fit_two(self, student: Any, problem: Problem, temperature: float) -> Fitted:
        """Fit a regressor to the soft labels, and give its booster to a classifier."""
        import xgboost

        target, touched = project_to_simplex(problem.target)
        model = clone(student)
        given = model.get_params()
        twin = given | {"objective": "binary:logistic"} | leaf_settings(model, problem.direct)
        if isinstance(model, xgboost.XGBRFClassifier):  # all of its trees are one round
            twin |= {"num_parallel_tree": twin["n_estimators"], "n_estimators": 1}
        regressor = xgboost.XGBRegressor(**twin)
        keywords = self.fit_keywords(problem.weight, problem.params)
        regressor.fit(problem.X, target[:, 1], **keywords)
        model.load_model(regressor.get_booster().save_raw())
        model.set_params(**given)  # loading puts what the booster found in their place
        return Fitted(tempered(model, temperature), touched=float(np.mean(touched)))


def bounded_steps(student: Any) -> Any:
    """Return the student with a bound on its steps, if it has trees and no bound of its own."""
    if student.max_delta_step or student.booster == "gblinear":
        return student
    return clone(student).set_params(max_delta_step=LONGEST_STEP)


def named(model: Any, classes: NDArray[Any]) -> Any:
    """Return a model of the classes 0..K-1 that predicts `classes`: itself, if they are these."""
    if np.array_equal(classes, np.arange(len(classes))):
        return model
    return LabelledClassifier(model, classes)
