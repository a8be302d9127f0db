"""Learners of one quantile, set to another."""

import pytest
from lightgbm import LGBMRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import GammaRegressor, QuantileRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBRegressor

from skdistill import Quantile
from skdistill.students import resolve_regressor
from skdistill.students.levels import at_level


class Inline(RegressorMixin, BaseEstimator):
    """Says its loss as CatBoost does."""

    __module__ = "catboost.core"

    def __init__(self, loss_function="RMSE"):
        self.loss_function = loss_function

    def fit(self, X, y):
        return self

    def predict(self, X):
        return X[:, 0]


LEARNERS = {
    "lightgbm": LGBMRegressor(objective="quantile"),
    "lightgbm, set": LGBMRegressor(objective="quantile", alpha=0.2),
    "hist": HistGradientBoostingRegressor(loss="quantile"),
    "hist, set": HistGradientBoostingRegressor(loss="quantile", quantile=0.2),
    "boosting": GradientBoostingRegressor(loss="quantile"),
    "xgboost": XGBRegressor(objective="reg:quantileerror", reg_alpha=0.5),
    "linear": QuantileRegressor(alpha=0.5),
    "pipeline": make_pipeline(StandardScaler(), QuantileRegressor(quantile=0.1)),
    "target": TransformedTargetRegressor(LGBMRegressor(objective="quantile")),
    "inline": Inline("Quantile:alpha=0.2"),
}


@pytest.mark.parametrize("level", [0.05, 0.9])
@pytest.mark.parametrize("name", LEARNERS)
def test_the_level_is_set_and_nothing_else(name, level):
    learner = LEARNERS[name]
    before = repr(learner)
    found = at_level(learner, level)
    assert resolve_regressor(found).default_loss == Quantile(level)
    assert repr(learner) == before
    if name == "linear":
        assert found.alpha == 0.5  # its penalty
    if name == "xgboost":
        assert found.reg_alpha == 0.5


@pytest.mark.parametrize(
    "learner",
    [
        Ridge(),
        LGBMRegressor(),
        LGBMRegressor(objective="l1"),
        RandomForestRegressor(),
        BaggingRegressor(Ridge()),
        GammaRegressor(),
        Inline(),
        make_pipeline(StandardScaler(), Ridge()),
    ],
    ids=repr,
)
def test_other_learners_have_none(learner):
    assert at_level(learner, 0.3) is None
