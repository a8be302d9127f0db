"""What reports and comparisons check of their parameters, in one place."""

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.validation import check_integer, check_number
from skdistill.estimators.classifier import DistilledClassifier
from skdistill.estimators.classifier_cv import DistilledClassifierCV
from skdistill.exceptions import InputError, ParameterError

__all__ = [
    "check_distiller",
    "check_fitted_distiller",
    "check_fitted_on",
    "check_floor",
    "check_latency_rows",
]

NO_SEARCH = (
    "pass a DistilledClassifier with settings of its own; a search (DistilledClassifierCV) chooses "
    "them on rows that are tested on here"
)


def check_floor(floor: Any) -> float:
    """Return the floor of probabilities, or raise ParameterError: it must be in (0, 0.5)."""
    return check_number("floor", floor, low=0.0, high=0.5, low_open=True, high_open=True)


def check_latency_rows(numbers: Any) -> tuple[int, ...]:
    """Return the numbers of rows to time, or raise ParameterError."""
    if isinstance(numbers, str) or not hasattr(numbers, "__len__") or len(numbers) == 0:
        raise ParameterError(
            "latency_rows must be a non-empty sequence of numbers of rows, such as (1, 10_000), "
            f"got {numbers!r}."
        )
    return tuple(check_integer("every entry of latency_rows", n, low=1) for n in numbers)


def check_distiller(estimator: Any, remedy: str = NO_SEARCH) -> None:
    """Raise ParameterError unless the estimator is a `DistilledClassifier`, fitted or not."""
    if not isinstance(estimator, DistilledClassifier):
        raise ParameterError(
            f"estimator must be a DistilledClassifier, got {type(estimator).__name__}: {remedy}."
        )


def check_fitted_distiller(estimator: Any) -> None:
    """Raise unless the estimator is a fitted distiller, or a fitted search for one.

    Raises
    ------
    ParameterError
        If it is something else.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    if not isinstance(estimator, DistilledClassifier | DistilledClassifierCV):
        remedy = (
            "pass the distiller itself; a search such as GridSearchCV has it as best_estimator_"
        )
        if isinstance(estimator, Pipeline):
            remedy = (
                "pass its step, pipeline[-1], and the rows as this step gets them, "
                "pipeline[:-1].transform(X)"
            )
        raise ParameterError(
            "estimator must be a fitted DistilledClassifier or DistilledClassifierCV, got "
            f"{type(estimator).__name__}: {remedy}."
        )
    check_is_fitted(estimator)


def check_fitted_on(estimator: Any, y: Any, name: str = "y") -> None:
    """Raise InputError unless these are the labels that the estimator was fitted on."""
    if not estimator.fitted_on(y):
        raise InputError(
            f"{name} must be the labels that the estimator was fitted on, in the same order: the "
            "out-of-fold probabilities belong to those rows. Pass the rows of fit, or fit it again."
        )
