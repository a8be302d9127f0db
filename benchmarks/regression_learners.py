"""Teachers and students of `benchmarks.regression`, each for the loss of the table."""

from typing import Any

import lightgbm
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestRegressor, StackingRegressor
from sklearn.linear_model import GammaRegressor, LinearRegression, PoissonRegressor, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

__all__ = ["TEACHERS", "Tried", "students", "teachers"]

TEACHERS = ("lightgbm", "forest", "stack")
SMALL = 200  # trees of the forest inside the stack, which is fitted four times a fold
Tried = tuple[Any, dict[str, list[Any]]]  # a student, and the settings of it that are tried


def teachers(loss: str) -> dict[str, Any]:
    """Return the teachers, by name; boosting minimises the loss of the table.

    The stack weighs boosting and a forest of `SMALL` trees by least squares without negative
    weights, so its rates and amounts are never negative.
    """
    boosting = _boosting(loss, 300, 15).set_params(
        learning_rate=0.04, colsample_bytree=0.8, random_state=0
    )
    forest = RandomForestRegressor(500, min_samples_leaf=2, max_features=0.5, random_state=0)
    smaller = RandomForestRegressor(SMALL, min_samples_leaf=2, max_features=0.5, random_state=0)
    blend = LinearRegression(positive=True, fit_intercept=False)
    stack = StackingRegressor([("lightgbm", boosting), ("forest", smaller)], blend, cv=3)
    return dict(zip(TEACHERS, (boosting, forest, stack), strict=True))


def students(loss: str) -> dict[str, Tried]:
    """Return the students that minimise a loss and the settings that are tried, by name.

    The first of each list is not always the default; that is among them wherever it is sensible.
    """
    linear = {
        "squared_error": Ridge(),
        "poisson": PoissonRegressor(alpha=1e-3, max_iter=1000),
        "gamma": GammaRegressor(alpha=1e-3, max_iter=1000),
    }[loss]
    penalty = f"{type(linear).__name__.lower()}__alpha"
    found: dict[str, Tried] = {
        "linear": (make_pipeline(StandardScaler(), linear), {penalty: [1e-3, 1e-1, 1.0, 100.0]})
    }
    if loss != "gamma":  # no criterion of scikit-learn's trees
        given = {"criterion": loss, "random_state": 0}
        leaf = {"min_samples_leaf": [1, 5, 10, 20]}
        few = {"min_samples_leaf": [1, 3, 10], "max_features": [1.0, 0.5]}
        found["tree, 32 leaves"] = DecisionTreeRegressor(max_leaf_nodes=32, **given), leaf
        found["forest of 10"] = RandomForestRegressor(10, **given), few
    for trees, leaves, tried in (
        (20, 8, {"learning_rate": [0.1, 0.2, 0.4], "min_child_samples": [5, 20]}),
        (50, 31, {"learning_rate": [0.05, 0.1, 0.2]}),
        (200, 31, {"learning_rate": [0.02, 0.05, 0.1]}),
    ):
        found[f"lightgbm {trees}x{leaves}"] = _boosting(loss, trees, leaves), tried
    if loss == "squared_error":
        network = MLPRegressor(hidden_layer_sizes=(32,), max_iter=100, random_state=0)
        scaled = make_pipeline(StandardScaler(), network)
        found["mlp"] = (
            TransformedTargetRegressor(scaled, transformer=StandardScaler()),
            {
                "regressor__mlpregressor__alpha": [1e-4, 1e-2, 1.0],
                "regressor__mlpregressor__max_iter": [100, 300],
            },
        )
    return found


def _boosting(loss: str, trees: int, leaves: int) -> Any:
    objective = "regression" if loss == "squared_error" else loss
    return lightgbm.LGBMRegressor(
        n_estimators=trees, num_leaves=leaves, objective=objective, verbose=-1, n_jobs=1
    )
