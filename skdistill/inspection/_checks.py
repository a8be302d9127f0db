"""What reports and comparisons check of their parameters, in one place."""

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.validation import check_integer
from skdistill.estimators.quantiles import DistilledQuantiles
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._tasks import Side, side_of

__all__ = [
    "check_distiller",
    "check_fitted_distiller",
    "check_fitted_on",
    "check_latency_rows",
]

NO_SEARCH = (
    "pass a {single} with settings of its own; a search ({search}) chooses them on rows that are "
    "tested on here"
)
NO_BEST = "pass the distiller itself; a search such as GridSearchCV has it as best_estimator_"
# By what was given instead.
REMEDIES: dict[type, str] = {
    Pipeline: (
        "pass its step, pipeline[-1], and the rows as this step gets them, "
        "pipeline[:-1].transform(X)"
    ),
    DistilledQuantiles: (
        "one quantile at a time is judged here: pass the fit of its level, such as "
        "estimators_[0.5], or a column of the predictions to from_predictions, with level="
    ),
}


def check_latency_rows(numbers: Any) -> tuple[int, ...]:
    """Return the numbers of rows to time, or raise ParameterError."""
    if isinstance(numbers, str) or not hasattr(numbers, "__len__") or len(numbers) == 0:
        raise ParameterError(
            "latency_rows must be a non-empty sequence of numbers of rows, such as (1, 10_000), "
            f"got {numbers!r}."
        )
    return tuple(check_integer("every entry of latency_rows", n, low=1) for n in numbers)


def _remedy(estimator: Any, otherwise: str) -> str:
    """Return what to do with what is no distiller."""
    found = (text for kind, text in REMEDIES.items() if isinstance(estimator, kind))
    return next(found, otherwise)


def check_distiller(estimator: Any, remedy: str = NO_SEARCH) -> Side:
    """Return the task of a distiller, fitted or not; ParameterError for what is none."""
    side = side_of(estimator)
    names = {"single": side.single.__name__, "search": side.search.__name__}
    if not isinstance(estimator, side.single):
        if isinstance(estimator, DistilledQuantiles):
            remedy = _remedy(estimator, remedy)
        raise ParameterError(
            f"estimator must be a {side.single.__name__}, got {type(estimator).__name__}: "
            f"{remedy.format(**names)}."
        )
    return side


def check_fitted_distiller(estimator: Any) -> Side:
    """Return the task of a fitted distiller, or of a fitted search for one.

    Raises
    ------
    ParameterError
        If it is something else.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    side = side_of(estimator)
    if not isinstance(estimator, side.single | side.search):
        remedy = _remedy(estimator, NO_BEST)
        raise ParameterError(
            f"estimator must be a fitted {side.single.__name__} or {side.search.__name__}, got "
            f"{type(estimator).__name__}: {remedy}."
        )
    check_is_fitted(estimator)
    return side


def check_fitted_on(estimator: Any, y: Any, name: str = "y", **beside: Any) -> None:
    """Raise InputError unless these are the labels that the estimator was fitted on.

    `beside` are what else came beside the features, each compared where it is passed.
    """
    if not estimator.fitted_on(y):
        said = side_of(estimator).task.outcome.said
        raise InputError(
            f"{name} must be the labels that the estimator was fitted on, in the same order: the "
            f"out-of-fold {said} belong to those rows. Pass the rows of fit, or fit it again."
        )
    for what, given in beside.items():
        if not estimator.fitted_on(y, **{what: given}):
            got = "none" if given is None else "other"
            raise InputError(
                f"{what} must be that of the fit, got {got}: pass what fit was given, in the same "
                "order."
            )
