"""Every kind of student of numbers, and what may be asked of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from lightgbm import LGBMRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    LinearRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    TweedieRegressor,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.validation import has_fit_parameter

from tests.common.students import LIGHTGBM, XGBOOST, Student

# Boosters that take one output, and reckon in float32.
CLOSE: dict[str, Any] = {
    "takes_columns": False,
    "weight_tolerance": 1e-4,
    "naming_tolerance": 1e-4,
}
LEVELS = {"median": 0.5, "quantile": 0.7}


@dataclass(frozen=True)
class NumericStudent(Student):
    """One kind of student of numbers.

    Attributes
    ----------
    level : float or None
        Of the quantile that it estimates; None for means.
    knows_zero : bool
        Whether another zero of y changes its answers by more than that.
    outputs : tuple of int
        How many it is tried with.
    """

    level: float | None = None
    knows_zero: bool = False
    outputs: tuple[int, ...] = (1, 2)


def _tree(**settings: Any) -> Callable[[], Any]:
    return lambda: DecisionTreeRegressor(max_depth=3, random_state=0, **settings)


def _of_sklearn() -> list[NumericStudent]:
    route = "regression"
    return [
        NumericStudent("tree", _tree(), route),
        NumericStudent("poisson_tree", _tree(criterion="poisson"), route, knows_zero=True),
        NumericStudent(
            "median_tree",
            _tree(criterion="absolute_error"),
            route,
            level=0.5,
            weight_tolerance=None,  # a weighted median is not always that of repeated rows
        ),
        NumericStudent(
            "forest",
            lambda: RandomForestRegressor(8, max_depth=2, random_state=0, n_jobs=1),
            route,
            weight_tolerance=None,  # bootstraps, of which rounding decides between splits
            naming_tolerance=None,
        ),
        NumericStudent(
            "extra_trees",
            lambda: ExtraTreesRegressor(8, max_depth=3, random_state=0, n_jobs=1),
            route,
        ),
        NumericStudent(
            "gradient_boosting",
            lambda: GradientBoostingRegressor(n_estimators=8, learning_rate=0.3, random_state=0),
            route,
            takes_columns=False,
        ),
        NumericStudent("least_squares", LinearRegression, route),
        NumericStudent("ridge", Ridge, route),
        NumericStudent(
            "elastic_net", lambda: ElasticNet(alpha=1e-3, tol=1e-10), route, naming_tolerance=None
        ),
        NumericStudent(
            "mlp",
            lambda: MLPRegressor(
                hidden_layer_sizes=(4,), solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0
            ),
            route,
            takes_weight=has_fit_parameter(MLPRegressor(), "sample_weight"),
            weight_tolerance=None,  # a local minimum
            naming_tolerance=None,
            constant_tolerance=0.01,
            takes_columns=False,
        ),
        NumericStudent("neighbours", lambda: KNeighborsRegressor(15), route, takes_weight=False),
        NumericStudent(
            "scaled_target",
            lambda: TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
            route,
            weight_tolerance=None,  # the scaler takes no weights
        ),
        NumericStudent(
            "pipeline_ridge",
            lambda: make_pipeline(StandardScaler(), Ridge()),
            "pipeline > regression",
            weight_tolerance=None,  # likewise
        ),
        NumericStudent(
            "pipeline_lgbm",
            lambda: make_pipeline("passthrough", LGBMRegressor(**LIGHTGBM)),
            "pipeline > regression",
            outputs=(1,),  # of several, one Pipeline would hold as many learners
            **CLOSE,
        ),
    ]


def _glms() -> list[NumericStudent]:
    exact: dict[str, Any] = {"alpha": 0.0, "tol": 1e-10, "max_iter": 1000}
    models = {
        "poisson_glm": lambda: PoissonRegressor(**exact),
        "gamma_glm": lambda: GammaRegressor(**exact),
        "tweedie_glm": lambda: TweedieRegressor(power=1.5, **exact),
    }
    how: dict[str, Any] = {"knows_zero": True, "mean_tolerance": 0.2} | CLOSE
    return [
        *(NumericStudent(name, make, "regression", **how) for name, make in models.items()),
        NumericStudent(
            "quantile_regression",
            lambda: QuantileRegressor(quantile=0.7, alpha=0.0),
            "regression",
            level=0.7,
            takes_columns=False,
            outputs=(1,),  # slow
        ),
    ]


def _boosters(
    kind: type, losses: dict[str, tuple[str, dict[str, Any]]], of_loss: str, **how: Any
) -> list[NumericStudent]:
    """Return a student for each loss: its name there, and settings that belong to it."""

    def make(name: str, settings: dict[str, Any]) -> Callable[[], Any]:
        return lambda: kind(**{of_loss: name}, **settings)

    students = []
    for short, (name, settings) in losses.items():
        own = {"level": LEVELS.get(short.rpartition("_")[2]), "knows_zero": "_" in short}
        if own["level"] is not None:  # percentiles of weighted rows, or of few, are interpolated
            own |= {"knows_zero": False, "weight_tolerance": None, "constant_tolerance": 0.2}
        elif own["knows_zero"]:
            own["mean_tolerance"] = 0.2  # balanced on another scale
        students.append(NumericStudent(short, make(name, settings), "regression", **how | own))
    return students


def _hist() -> list[NumericStudent]:
    base = {"max_iter": 8, "learning_rate": 0.3, "max_leaf_nodes": 4, "min_samples_leaf": 1}
    base |= {"random_state": 0}
    losses = {
        "hist": ("squared_error", base),
        "hist_poisson": ("poisson", base),
        "hist_gamma": ("gamma", base),
        "hist_median": ("absolute_error", base),
        "hist_quantile": ("quantile", base | {"quantile": 0.7}),
    }
    return _boosters(HistGradientBoostingRegressor, losses, "loss", **CLOSE)


def _lightgbm() -> list[NumericStudent]:
    # Larger leaves, of no whole number: LightGBM counts rows by their share of the weight, rounded.
    plain = LIGHTGBM | {"min_child_weight": 20.5}
    few = LIGHTGBM | {"min_child_weight": 1e-3, "num_leaves": 3}
    losses = {
        "lgbm": ("regression", plain),
        "lgbm_poisson": ("poisson", few),
        "lgbm_gamma": ("gamma", few),
        "lgbm_tweedie": ("tweedie", few),
        "lgbm_median": ("regression_l1", LIGHTGBM),
        "lgbm_quantile": ("quantile", LIGHTGBM | {"alpha": 0.7}),
    }
    return _boosters(LGBMRegressor, losses, "objective", **CLOSE)


def _xgboost() -> list[NumericStudent]:
    if find_spec("xgboost") is None:
        return []
    import xgboost
    from xgboost import XGBRegressor

    # Regularised, as leaves are by default, they are other ones in another unit of y.
    few = XGBOOST | {"max_depth": 2, "min_child_weight": 0.0, "reg_lambda": 0.0}
    losses = {
        "xgb": ("reg:squarederror", XGBOOST),
        "xgb_poisson": ("count:poisson", few),
        "xgb_gamma": ("reg:gamma", few),
        "xgb_tweedie": ("reg:tweedie", few),
        "xgb_quantile": ("reg:quantileerror", XGBOOST | {"quantile_alpha": 0.7}),
    }
    how: dict[str, Any] = CLOSE | {"direct_tolerance": 1e-6}
    how |= {"constant_tolerance": 0.02}  # before 3.1 it starts at .5, and rounds are few
    plain, *others = _boosters(XGBRegressor, losses, "objective", **how)
    if tuple(map(int, xgboost.__version__.split(".")[:2])) < (3, 1):
        # It starts far from the mean, in each unit elsewhere, and twelve rounds lead not always on.
        others = [replace(each, naming_tolerance=None, outputs=(1,)) for each in others]
    return [replace(plain, takes_columns=True), *others]


NUMERIC_STUDENTS = [*_of_sklearn(), *_glms(), *_hist(), *_lightgbm(), *_xgboost()]
