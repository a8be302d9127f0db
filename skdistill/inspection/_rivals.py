"""What a distilled student is held against: its teacher, and itself trained otherwise."""

from collections.abc import Mapping
from typing import Any

from skdistill._ground.data import Data
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._checks import check_fitted_on
from skdistill.inspection._methods import direct_student, plain_student
from skdistill.inspection._tasks import side_of
from skdistill.inspection._teaching import fitted_teacher

__all__ = ["check_training", "fitted_models"]


def check_training(
    estimator: Any, X: Any, y: Any, params: Mapping[str, Any], teacher: Any
) -> Data | None:
    """Return the rows of the fit, if they are given and right."""
    if (X is None) != (y is None):
        raise ParameterError("X_train and y_train belong together: pass both, or neither.")
    wants = ["train_params"] if params else []
    wants += ["teacher='fit'"] if isinstance(teacher, str) else []
    if X is None and wants:
        raise ParameterError(f"{' and '.join(wants)} needs X_train and y_train: pass them.")
    side = side_of(estimator)
    beside = ("sample_weight", "groups", *side.task.beside)
    unknown = sorted(set(params) - {*beside, "X_transfer"})
    if unknown:
        known = f"{', '.join(beside)} and X_transfer"
        raise ParameterError(f"train_params may hold {known}, got {unknown}.")
    if X is None:
        return None
    check_fitted_on(estimator, y, "y_train")
    for name in beside:
        value = params.get(name)
        if not estimator.fitted_on(y, **{name: value}):
            got = "none" if value is None else "other"
            raise InputError(
                f"train_params must hold the {name} of fit, got {got}: the students are fitted as "
                "the distilled one was."
            )
    return side.task.read(X, y, **{name: params.get(name) for name in beside})


def fitted_models(
    estimator: Any, X: Any, y: Any, data: Data | None, params: Mapping[str, Any], teacher: Any
) -> dict[str, Any]:
    """Return the fitted models by name; the teacher first, the distilled student last."""
    models: dict[str, Any] = {}
    if teacher is not None:
        beside = params.get("sample_weight"), params.get("exposure")
        models["teacher"] = fitted_teacher(estimator, teacher, X, y, *beside)
    if data is not None:
        models["direct"] = direct_student(estimator).fit(data.X, data.y, data.weight)
        models["plain"] = plain_student(estimator, X, y, params)
    return models | {"distilled": estimator}
