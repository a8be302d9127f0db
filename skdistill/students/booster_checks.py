"""Settings of LightGBM and XGBoost by which a regressor is no student of numbers."""

from typing import Any

from skdistill._ground.learners import comes_from
from skdistill.exceptions import StudentError
from skdistill.students.lightgbm import FORESTS, check_regressor
from skdistill.students.lightgbm_names import setting
from skdistill.students.rounds import is_xgboost_forest
from skdistill.students.xgboost import check_early_stopping
from skdistill.targets.numeric import NumericLoss

__all__ = ["check_booster"]


def check_booster(learner: Any, loss: NumericLoss) -> None:
    """Raise StudentError for settings that would be ignored, fail after the teacher, or mislead.

    Parameters
    ----------
    learner : regressor
        Of any package; nothing is asked of others than LightGBM and XGBoost.
    loss : NumericLoss
        What it minimises.

    Raises
    ------
    StudentError
        With the setting and what to do.
    """
    name = type(learner).__name__
    if comes_from(learner, "lightgbm"):
        check_regressor(learner)
        if setting(learner, "linear_tree") is True and not loss.is_linear:
            raise StudentError(
                f"linear trees of {name} do not minimise {loss!r}: their leaves are fitted by "
                "least squares to gradients. Leave linear_tree unset, or use the squared error."
            )
        is_forest = setting(learner, "boosting") in FORESTS
    elif comes_from(learner, "xgboost"):
        check_early_stopping(learner)
        weight = learner.get_params().get("scale_pos_weight")
        if weight not in (None, 1.0):
            raise StudentError(
                f"scale_pos_weight={weight!r} of {name} weighs rows whose label is just 1, and "
                "pseudo-targets are not labels: give the rows sample_weight instead."
            )
        is_forest = is_xgboost_forest(learner)
    else:
        return
    if is_forest and loss.lower is not None:
        raise StudentError(
            f"a forest of {name} does not minimise {loss!r}: each of its trees takes one step from "
            "the overall mean, which is short of the mean of a leaf. Boost it, use the squared "
            "error, or RandomForestRegressor(criterion='poisson')."
        )
