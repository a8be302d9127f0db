"""Short names of teachers and students of numbers: the twins of those in `names`, by loss.

A teacher of means may minimise another loss of means than the student does (a forest the squared
error, beside Poisson boosting). A student minimises the loss at hand, or is not to be had for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    RidgeCV,
    TweedieRegressor,
)
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import NumericLoss
from skdistill.cli.errors import CommandError
from skdistill.cli.names import Named, scaled

__all__ = ["STUDENTS", "TEACHERS", "OfNumbers", "having"]

_DEVIANCES = frozenset({"poisson", "gamma", "tweedie"})
_MEANS = _DEVIANCES | {"squared_error"}
_QUANTILES = frozenset({"absolute_error", "quantile"})
_TREES = frozenset({"squared_error", "poisson", "absolute_error"})  # what scikit-learn's minimise
_BOOSTED = {  # LightGBM's names
    "squared_error": "regression",
    "absolute_error": "regression_l1",
}
_XGBOOST = {
    "squared_error": "reg:squarederror",
    "absolute_error": "reg:absoluteerror",
    "quantile": "reg:quantileerror",
    "poisson": "count:poisson",
    "gamma": "reg:gamma",
    "tweedie": "reg:tweedie",
}
_HISTOGRAM = (_MEANS - {"tweedie"}) | _QUANTILES


@dataclass(frozen=True)
class OfNumbers:
    """A learner of numbers with a short name.

    Attributes
    ----------
    build : callable
        Takes a loss and a seed (int or None), returns an unfitted regressor.
    about : str
        What it is, in a few words for ``--help``.
    losses : frozenset of str
        Names of those that it can be had for.
    """

    build: Callable[[NumericLoss, int | None], BaseEstimator]
    about: str
    losses: frozenset[str] = field(default=_MEANS)


def having(names: Mapping[str, OfNumbers], loss: NumericLoss) -> dict[str, Named]:
    """Return the learners that can be had for a loss."""
    return {
        name: Named(partial(each.build, loss), each.about)
        for name, each in names.items()
        if loss.name in each.losses
    }


def _extra(loss: NumericLoss, level: str, power: str) -> dict[str, Any]:
    """Return the parameter that a loss has, under the name that a learner has for it."""
    if loss.name == "quantile":
        return {level: loss.level}
    return {power: loss.power} if loss.name == "tweedie" else {}  # type: ignore[attr-defined]


def _forest(loss: NumericLoss, seed: int | None, trees: int = 300) -> BaseEstimator:
    return RandomForestRegressor(trees, min_samples_leaf=2, random_state=seed)


def _small_forest(loss: NumericLoss, seed: int | None) -> BaseEstimator:
    return RandomForestRegressor(10, criterion=loss.name, min_samples_leaf=2, random_state=seed)


def _extra_trees(loss: NumericLoss, seed: int | None) -> BaseEstimator:
    return ExtraTreesRegressor(300, min_samples_leaf=2, random_state=seed)


def _tree(loss: NumericLoss, seed: int | None) -> BaseEstimator:
    return DecisionTreeRegressor(criterion=loss.name, max_leaf_nodes=32, random_state=seed)


def _lightgbm(
    loss: NumericLoss, seed: int | None, rounds: int, leaves: int, rate: float
) -> BaseEstimator:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        objective=_BOOSTED.get(loss.name, loss.name),
        n_estimators=rounds,
        num_leaves=leaves,
        learning_rate=rate,
        n_jobs=0,  # as many threads as OpenMP may use: one for a small table (few_threads)
        random_state=seed,
        verbose=-1,
        **_extra(loss, "alpha", "tweedie_variance_power"),
    )


def _hist_boosting(loss: NumericLoss, seed: int | None) -> BaseEstimator:
    return HistGradientBoostingRegressor(
        loss=loss.name, quantile=loss.level, max_iter=200, learning_rate=0.05, random_state=seed
    )


def _xgboost(loss: NumericLoss, seed: int | None) -> BaseEstimator:
    try:
        from xgboost import XGBRegressor
    except ImportError as error:
        raise CommandError(
            'the student xgboost needs a package: pip install "skdistill[xgboost]", or choose '
            "another student, such as lightgbm"
        ) from error
    return XGBRegressor(
        objective=_XGBOOST[loss.name],
        n_estimators=50,
        max_leaves=15,
        learning_rate=0.1,
        random_state=seed,
        **_extra(loss, "quantile_alpha", "tweedie_variance_power"),
    )


def _linear(loss: NumericLoss, seed: int | None) -> BaseEstimator:
    models = {
        "squared_error": partial(Ridge, random_state=seed),
        "poisson": partial(PoissonRegressor, alpha=1e-3, max_iter=1000),
        "gamma": partial(GammaRegressor, alpha=1e-3, max_iter=1000),
        "tweedie": partial(TweedieRegressor, alpha=1e-3, max_iter=1000, link="log"),
    }
    return scaled("linear", models[loss.name](**_extra(loss, "", "power")))


def _network(loss: NumericLoss, seed: int | None, hidden: tuple[int, ...]) -> BaseEstimator:
    """Return a network for a target of any scale: gradient descent asks for about one."""
    learner = MLPRegressor(
        hidden_layer_sizes=hidden, early_stopping=True, max_iter=300, random_state=seed
    )
    return scaled("mlp", TransformedTargetRegressor(learner, transformer=StandardScaler()))


def _members(loss: NumericLoss, seed: int | None) -> list[tuple[str, BaseEstimator]]:
    """Forests estimate means; for a quantile there are two kinds of boosting."""
    boosting = ("lightgbm", _lightgbm(loss, seed, 200, 31, 0.05))
    if loss.name in _QUANTILES:
        return [("histgb", _hist_boosting(loss, seed)), boosting]
    return [("rf", _forest(loss, seed)), ("extratrees", _extra_trees(loss, seed)), boosting]


def _vote(loss: NumericLoss, seed: int | None) -> BaseEstimator:
    return VotingRegressor(_members(loss, seed))


def _stack(loss: NumericLoss, seed: int | None) -> BaseEstimator:
    finals = {
        "squared_error": RidgeCV,
        # Means of numbers that are not negative are not negative.
        **dict.fromkeys(_DEVIANCES, partial(LinearRegression, positive=True, fit_intercept=False)),
        **dict.fromkeys(_QUANTILES, partial(QuantileRegressor, quantile=loss.level, alpha=0.0)),
    }
    return StackingRegressor(_members(loss, seed), finals[loss.name]())


TEACHERS: Mapping[str, OfNumbers] = {
    "vote": OfNumbers(
        _vote,
        "average of rf, extratrees and lightgbm; for quantiles of histgb and lightgbm",
        _MEANS | _QUANTILES,
    ),
    "stack": OfNumbers(_stack, "linear stack of the same (slow)", _MEANS | _QUANTILES),
    "rf": OfNumbers(_forest, "random forest, 300 trees"),
    "extratrees": OfNumbers(_extra_trees, "extremely randomised trees, 300 trees"),
    "lightgbm": OfNumbers(
        lambda loss, seed: _lightgbm(loss, seed, 400, 31, 0.05),
        "LightGBM, 400 rounds",
        _MEANS | _QUANTILES,
    ),
    "histgb": OfNumbers(
        _hist_boosting, "scikit-learn's histogram boosting, 200 rounds", _HISTOGRAM
    ),
    "mlp": OfNumbers(
        lambda loss, seed: _network(loss, seed, (128, 128)),
        "neural network, 2 x 128, imputed and scaled",
        frozenset({"squared_error"}),
    ),
}

STUDENTS: Mapping[str, OfNumbers] = {
    "lightgbm": OfNumbers(
        lambda loss, seed: _lightgbm(loss, seed, 50, 15, 0.1),
        "LightGBM, 50 rounds, 15 leaves",
        _MEANS | _QUANTILES,
    ),
    "tree": OfNumbers(_tree, "decision tree of 32 leaves", _TREES),
    "linear": OfNumbers(_linear, "ridge, or the GLM of the loss, imputed and scaled"),
    "rf10": OfNumbers(_small_forest, "random forest of 10 trees", _TREES),
    "mlp": OfNumbers(
        lambda loss, seed: _network(loss, seed, (32, 32)),
        "neural network, 2 x 32, imputed and scaled",
        frozenset({"squared_error"}),
    ),
    "xgboost": OfNumbers(_xgboost, "XGBoost, 50 rounds, 15 leaves", _MEANS | _QUANTILES),
}
