"""What is inside a distillation, a search or a Pipeline: the student, without what is beside it."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline

from skdistill._ground.compat import SEARCHES
from skdistill._ground.learners import is_of_sklearn
from skdistill.estimators.base import BaseDistiller
from skdistill.estimators.quantiles import DistilledQuantiles
from skdistill.export.decoded import DecodedClassifier
from skdistill.export.sorted_levels import SortedRegressors

__all__ = ["plain"]

AROUND = (FixedThresholdClassifier, TransformedTargetRegressor, TunedThresholdClassifierCV)
# What a network keeps to go on learning, and of earlier epochs: more numbers than it has itself.
ONLY_FOR_TRAINING = ("_best_coefs", "_best_intercepts", "_optimizer", "_random_state")


def plain(model: Any) -> Any:
    """Return the fitted student of a model, on the same columns.

    Parameters
    ----------
    model : estimator
        Fitted; left as it is.

    Returns
    -------
    student : estimator
        A Pipeline, where the model is one; of several quantiles one of this package.
    """
    if isinstance(model, DistilledQuantiles):
        students = [plain(each) for each in model.students_]
        return SortedRegressors(students, flat=np.ndim(model.quantiles) == 0)
    if isinstance(model, BaseDistiller):
        student, decode = plain(model.student_), getattr(model, "decode_", None)
        return student if decode is None else DecodedClassifier(student, decode, model.classes_)
    if isinstance(model, SEARCHES):
        return plain(model.best_estimator_)
    if is_of_sklearn(model, Pipeline):
        name, last = model.steps[-1]
        made = copy(model)
        made.steps = [*model.steps[:-1], (name, plain(last))]
        return made
    if is_of_sklearn(model, *AROUND):
        return _around(model)
    return _untrained(model) if is_of_sklearn(model, MLPClassifier, MLPRegressor) else model


def _around(model: Any) -> Any:
    """Return a model that changes the word of another, around the plain one."""
    made = copy(model)
    for name in vars(model).keys() & {"estimator_", "regressor_"}:
        setattr(made, name, plain(getattr(model, name)))
    return made


def _untrained(model: Any) -> Any:
    made = copy(model)
    for name in ONLY_FOR_TRAINING:
        vars(made).pop(name, None)
    return made
