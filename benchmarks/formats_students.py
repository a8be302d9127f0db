"""The students that `benchmarks.formats` exports: small, fitted in no time."""

from collections.abc import Callable
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import (
    DistilledClassifier,
    DistilledQuantiles,
    DistilledRegressor,
    SoftLogisticRegression,
    SoftMLPClassifier,
)

__all__ = ["ALONE", "BINARY", "CLASSIFIERS", "REGRESSORS"]

Make = Callable[[], Any]
BOOSTED = {"n_estimators": 4, "num_leaves": 6, "verbose": -1, "n_jobs": 1}
XGB = {"n_estimators": 3, "max_depth": 3, "n_jobs": 1}


def _tree() -> Any:
    return DecisionTreeClassifier(max_leaf_nodes=10, random_state=0)


def _distilled(student: Any, **settings: Any) -> Make:
    given = {"strength": 0.5, "cv": 3, "random_state": 0} | settings
    return lambda: DistilledClassifier(LogisticRegression(), student, **given)


def _two() -> list[tuple[str, Any]]:
    return [("tree", _tree()), ("line", LogisticRegression())]


CLASSIFIERS: dict[str, Make] = {
    "tree": _tree,
    "random forest": lambda: RandomForestClassifier(4, max_leaf_nodes=8, random_state=0),
    "extra trees": lambda: ExtraTreesClassifier(4, max_leaf_nodes=8, random_state=0),
    "gradient boosting": lambda: GradientBoostingClassifier(n_estimators=4, random_state=0),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=6),
    "LightGBM": lambda: LGBMClassifier(**BOOSTED),
    "XGBoost": lambda: XGBClassifier(**XGB),
    "logistic regression": LogisticRegression,
    "network": lambda: MLPClassifier((4,), solver="lbfgs", max_iter=200, random_state=0),
    "SoftLogisticRegression": SoftLogisticRegression,
    "SoftMLPClassifier": lambda: SoftMLPClassifier((4,), max_epochs=4, random_state=0),
    "distilled tree": _distilled(_tree()),
    "distilled tree, temperature 2": _distilled(_tree(), temperature=2.0),
    "distilled LightGBM": _distilled(LGBMClassifier(**BOOSTED)),
    "distilled LightGBM, temperature 2": _distilled(LGBMClassifier(**BOOSTED), temperature=2.0),
    "distilled XGBoost, temperature 2": _distilled(XGBClassifier(**XGB), temperature=2.0),
    "distilled LightGBM regressor": _distilled(LGBMRegressor(**BOOSTED)),
    "distilled network (MLPRegressor)": _distilled(
        MLPRegressor(
            hidden_layer_sizes=(4,), solver="lbfgs", max_iter=20000, tol=1e-3, random_state=0
        )
    ),
    "vote": lambda: VotingClassifier(_two(), voting="soft"),
    "bag of trees": lambda: BaggingClassifier(_tree(), 3, random_state=0),
    "stack": lambda: StackingClassifier(_two(), LogisticRegression(), cv=3),
    "tree, calibrated": lambda: CalibratedClassifierCV(_tree(), cv=3),
    "nearest neighbours": KNeighborsClassifier,
}
REGRESSORS: dict[str, Make] = {
    "tree for numbers": lambda: DecisionTreeRegressor(max_leaf_nodes=10, random_state=0),
    "forest for numbers": lambda: RandomForestRegressor(4, max_leaf_nodes=8, random_state=0),
    "extra trees for numbers": lambda: ExtraTreesRegressor(4, max_leaf_nodes=8, random_state=0),
    "gradient boosting for numbers": lambda: GradientBoostingRegressor(n_estimators=4),
    "histogram boosting for numbers": lambda: HistGradientBoostingRegressor(max_iter=4),
    "LightGBM for numbers": lambda: LGBMRegressor(**BOOSTED),
    "XGBoost for numbers": lambda: XGBRegressor(**XGB),
    "network for numbers": lambda: MLPRegressor(
        hidden_layer_sizes=(4,), solver="lbfgs", max_iter=200, random_state=0
    ),
    "ridge": Ridge,
    "PoissonRegressor": PoissonRegressor,
    "bag for numbers": lambda: BaggingRegressor(DecisionTreeRegressor(max_depth=3), 3),
    "tree of logarithms": lambda: TransformedTargetRegressor(
        DecisionTreeRegressor(max_depth=3), func=np.log, inverse_func=np.exp
    ),
    "distilled tree for numbers": lambda: DistilledRegressor(
        Ridge(), DecisionTreeRegressor(max_depth=3), strength=0.5, cv=3, random_state=0
    ),
    "DistilledQuantiles": lambda: DistilledQuantiles(
        LGBMRegressor(objective="quantile", **BOOSTED),
        LGBMRegressor(objective="quantile", **BOOSTED),
        strength=0.5,
        cv=3,
        random_state=0,
    ),
}
# Of two classes alone.
BINARY: dict[str, Make] = {
    "tree, another threshold": lambda: FixedThresholdClassifier(_tree(), threshold=0.3),
}
# Those that take gaps as they are.
ALONE = (
    "tree",
    "random forest",
    "extra trees",
    "histogram boosting",
    "LightGBM",
    "XGBoost",
    "bag of trees",
    "tree for numbers",
    "forest for numbers",
    "extra trees for numbers",
    "histogram boosting for numbers",
    "LightGBM for numbers",
    "XGBoost for numbers",
    "DistilledQuantiles",
)
