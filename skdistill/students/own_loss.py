"""What a regressor minimises, as its class and its settings say.

The same word means different things: ``alpha`` is the level of a quantile for LightGBM, a penalty
for XGBoost and linear models; ``loss`` is what gradient boosting minimises, and in RANSAC and
AdaBoost a rule for outliers and weights. So each package has words of its own here, and learners
that estimate no mean or quantile of their target by any setting are named with the reason.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cross_decomposition import CCA, PLSCanonical
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import AdaBoostRegressor, StackingRegressor
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    LassoLarsIC,
    PassiveAggressiveRegressor,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.svm import SVR, LinearSVR, NuSVR

from skdistill._ground.learners import comes_from, members, root_package
from skdistill.exceptions import StudentError
from skdistill.students.lightgbm_names import ALIASES
from skdistill.targets.numeric import NumericLoss
from skdistill.targets.numeric_losses import (
    AbsoluteError,
    Gamma,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)

__all__ = ["KNOWN", "Minimised", "learners_of", "loss_of", "minimised"]

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Minimised:
    """What a learner minimises.

    Attributes
    ----------
    loss : NumericLoss or None
        None where nothing is known of it.
    by : str
        The learner, with the setting that says so.
    why : str
        Why it is not known, where that is no matter of a name.
    """

    loss: NumericLoss | None
    by: str
    why: str = ""


@dataclass(frozen=True)
class Words:
    """How a package names what its regressors minimise.

    Attributes
    ----------
    losses : mapping of str to type of NumericLoss
        By their names.
    settings : tuple of str
        Where the name stands; the first that is given wins.
    level, power : tuple of str
        What the level of a quantile is set by, and the power of a Tweedie deviance.
    default_level, default_power : float or None
        Of a learner that does not say; None where it must.
    any_case : bool
        Whether capitals make no difference.
    inline : bool
        Whether a name comes with settings, as in "Quantile:alpha=0.9".
    """

    losses: Mapping[str, type[NumericLoss]]
    settings: tuple[str, ...] = ("objective",)
    level: tuple[str, ...] = ()
    power: tuple[str, ...] = ()
    default_level: float | None = None
    default_power: float | None = 1.5
    any_case: bool = False
    inline: bool = False


SKLEARN = Words(
    {
        "absolute_error": AbsoluteError,
        "friedman_mse": SquaredError,
        "gamma": Gamma,
        "poisson": Poisson,
        "quantile": Quantile,
        "squared_error": SquaredError,
    },
    settings=("loss", "criterion"),
    level=("quantile", "alpha"),
)
LIGHTGBM = Words(
    {
        "gamma": Gamma,
        "l1": AbsoluteError,
        "l2": SquaredError,
        "l2_root": SquaredError,
        "mae": AbsoluteError,
        "mean_absolute_error": AbsoluteError,
        "mean_squared_error": SquaredError,
        "mse": SquaredError,
        "poisson": Poisson,
        "quantile": Quantile,
        "regression": SquaredError,
        "regression_l1": AbsoluteError,
        "regression_l2": SquaredError,
        "rmse": SquaredError,
        "root_mean_squared_error": SquaredError,
        "tweedie": Tweedie,
    },
    settings=ALIASES["objective"],
    level=("alpha",),
    power=("tweedie_variance_power",),
    default_level=0.9,
    any_case=True,
)
XGBOOST = Words(
    {
        "count:poisson": Poisson,
        "reg:absoluteerror": AbsoluteError,
        "reg:gamma": Gamma,
        "reg:linear": SquaredError,
        "reg:quantileerror": Quantile,
        "reg:squarederror": SquaredError,
        "reg:tweedie": Tweedie,
    },
    level=("quantile_alpha",),  # its `alpha` is a penalty
    power=("tweedie_variance_power",),
)
CATBOOST = Words(
    {
        "MAE": AbsoluteError,
        "MultiRMSE": SquaredError,
        "Poisson": Poisson,
        "Quantile": Quantile,
        "RMSE": SquaredError,
        "Tweedie": Tweedie,
    },
    settings=("objective", "loss_function"),
    level=("alpha",),
    power=("variance_power",),
    default_level=0.5,
    default_power=None,
    inline=True,
)
INTERPRET = Words(
    {
        "gamma_deviance": Gamma,
        "poisson_deviance": Poisson,
        "rmse": SquaredError,
        "rmse_log": SquaredError,  # of the mean, by its logarithm
        "tweedie_deviance": Tweedie,
    },
    power=("variance_power",),
    inline=True,
)
OTHERS = Words(
    {
        name.lower(): loss
        for words in (INTERPRET, CATBOOST, XGBOOST, LIGHTGBM, SKLEARN)
        for name, loss in words.losses.items()
    },
    settings=("loss_function", "loss", "objective", "criterion"),
    level=("quantile", "quantile_alpha", "alpha"),
    power=("tweedie_variance_power", "variance_power", "power"),
    any_case=True,
    inline=True,
)
PACKAGES = {
    "catboost": CATBOOST,
    "interpret": INTERPRET,
    "lightgbm": LIGHTGBM,
    "xgboost": XGBOOST,
}
KNOWN = frozenset(OTHERS.losses.values())
NO_LOSS = {"deprecated", "aic", "bic"}  # what `criterion` may say besides

# What these estimate no setting changes.
OTHERWISE: dict[type, str] = {
    AdaBoostRegressor: "it predicts a weighted median of its learners, neither a mean nor a "
    "quantile of y, and its `loss` is a rule for their weights",
    CCA: "it looks for correlations, and its predictions are no least squares",
    HuberRegressor: "Huber's loss is between the squared and the absolute error, and it estimates "
    "neither the mean nor the median",
    NuSVR: "it does not count errors within a tube, whose width it chooses itself",
    PassiveAggressiveRegressor: "it steps from row to row and minimises no loss of all of them",
    PLSCanonical: "it looks for covariances, and its predictions are no least squares",
    RANSACRegressor: "it estimates the mean of the rows that it takes for inliers, and not of all; "
    "its `loss` is the rule that tells them",
    TheilSenRegressor: "it takes a median of many fits to a few rows each",
}
TUBE = (
    "it does not count errors below epsilon, and estimates neither the mean nor the median; with "
    "epsilon=0 it would be one of the two"
)


def _of_power(params: Params) -> NumericLoss | str:
    power = float(params["power"])
    if power == 0.0:
        return SquaredError()
    if power < 1.0:
        return "no deviance of a power below 1, other than 0, is known here"
    return {1.0: Poisson(), 2.0: Gamma()}.get(power) or Tweedie(power=power)


def _of_constant(params: Params) -> NumericLoss | str:
    if params["strategy"] == "quantile":
        return _quantile(params["quantile"])
    known = {"mean": SquaredError(), "median": AbsoluteError()}
    return known.get(params["strategy"], "a given constant learns nothing")


def _of_margin(params: Params) -> NumericLoss | str:
    """Without a tube the losses of support vectors are the absolute and the squared error."""
    named = params.get("loss", "epsilon_insensitive")
    if named == "squared_error":
        return SquaredError()
    if named == "huber":
        return OTHERWISE[HuberRegressor]
    if params["epsilon"] != 0.0:
        return TUBE
    return AbsoluteError() if named == "epsilon_insensitive" else SquaredError()


# Learners of scikit-learn whose loss is not told by a name alone.
OF_CLASS: dict[type, Callable[[Params], NumericLoss | str]] = {
    DummyRegressor: _of_constant,
    GammaRegressor: lambda _: Gamma(),
    LassoLarsIC: lambda _: SquaredError(),
    LinearSVR: _of_margin,
    PoissonRegressor: lambda _: Poisson(),
    QuantileRegressor: lambda params: _quantile(params["quantile"]),
    SGDRegressor: _of_margin,
    SVR: _of_margin,
    TweedieRegressor: _of_power,
}
SHOWN = ("strategy", "power", "loss", "epsilon")  # of their settings, in a message


def minimised(learner: Any) -> Minimised | None:
    """Return what a regressor minimises; None where no setting names it.

    Parameters
    ----------
    learner : regressor
        Not fitted; learners inside it are not looked at.

    Returns
    -------
    minimised : Minimised or None
    """
    name, params = type(learner).__name__, learner.get_params(deep=False)
    for kind in type(learner).__mro__:
        if kind in OTHERWISE:
            return Minimised(None, name, OTHERWISE[kind])
        if kind in OF_CLASS:
            shown = ", ".join(f"{key}={params[key]!r}" for key in SHOWN if key in params)
            by = f"{name}({shown})" if shown else name
            return _minimised(OF_CLASS[kind](params), by)
    return _by_name(learner, params)


def _minimised(found: NumericLoss | str, by: str) -> Minimised:
    return Minimised(None, by, found) if isinstance(found, str) else Minimised(found, by)


def _by_name(learner: Any, params: Params) -> Minimised | None:
    """Read the loss from the words of the learner's package."""
    words = next((PACKAGES[each] for each in PACKAGES if comes_from(learner, each)), OTHERS)
    if root_package(learner) == "sklearn":
        words = SKLEARN
    for key in words.settings:
        named = params.get(key)
        if named is None or (isinstance(named, str) and named in NO_LOSS):
            continue
        by = f"{type(learner).__name__}({key}={named!r})"
        if not isinstance(named, str):
            return Minimised(None, by)
        word, _, given = named.partition(":") if words.inline else (named, "", "")
        if words.any_case:
            word, named = word.lower(), named.lower()
        found = words.losses.get(named) or words.losses.get(word)
        told = dict(part.partition("=")[::2] for part in given.split(";") if "=" in part)
        return _minimised("" if found is None else _set(found, words, {**params, **told}), by)
    return None


def _set(loss: type[NumericLoss], words: Words, params: Params) -> NumericLoss | str:
    """Return the loss with the level or the power that the learner sets."""
    if loss is Quantile:
        return _quantile(_first(params, words.level, words.default_level))
    if loss is Tweedie:
        power = _first(params, words.power, words.default_power)
        return "it must say its power" if power is None else Tweedie(power=float(power))
    return loss()


def _first(params: Params, names: tuple[str, ...], default: float | None) -> Any:
    found = (params[name] for name in names if params.get(name) is not None)
    return next(found, default)


def _quantile(level: Any) -> Quantile | str:
    """Return the loss of a quantile, or why there is none."""
    if np.size(level) > 1:
        return f"a student predicts one quantile, and these are {level!r}: fit one for each"
    try:
        number = float(np.ravel(level)[0])
    except (TypeError, ValueError):
        number = np.nan
    if not 0.0 < number < 1.0:
        return f"it must say which quantile, by a number in (0, 1), and says {level!r}"
    return Quantile(alpha=number)


def learners_of(student: Any) -> Iterator[Any]:
    """Yield the student and the learners inside whose predictions it passes on, or averages.

    Of a stack that is the last one only: what is before it are features to it.
    """
    yield student
    for learner in _mixed_in(student):
        yield from learners_of(learner)


def _mixed_in(learner: Any) -> list[Any]:
    if isinstance(learner, StackingRegressor):
        return [] if learner.final_estimator is None else [learner.final_estimator]
    return list(members(learner))


def loss_of(student: Any) -> NumericLoss:
    """Return the loss that a student and the learners inside it minimise.

    A learner of another package that names a loss by a word of its own counts for one of the
    squared error: whether it is, a trial tells (`skdistill.students.means`).

    Parameters
    ----------
    student : regressor
        Not fitted.

    Returns
    -------
    loss : NumericLoss

    Raises
    ------
    StudentError
        If they minimise different ones, or one that there is no distillation for.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor, VotingRegressor
    >>> from skdistill.students.own_loss import loss_of
    >>> booster = GradientBoostingRegressor(loss="quantile", alpha=0.8)
    >>> loss_of(VotingRegressor([("a", booster)]))
    Quantile(alpha=0.8)
    """
    found: dict[NumericLoss, str] = {}
    for learner in learners_of(student):
        told = minimised(learner)
        if told is not None and told.loss is None and _is_told(learner):
            raise StudentError(
                f"{told.by} cannot be distilled into, as "
                f"{told.why or 'nothing is known of what it estimates'}: use a regressor of the "
                "squared or absolute error, a quantile, Poisson, Gamma or Tweedie."
            )
        if told is not None:
            found.setdefault(told.loss or SquaredError(), told.by)
        elif not _mixed_in(learner):
            found.setdefault(SquaredError(), type(learner).__name__)
    if len(found) > 1:
        each = "; ".join(f"{by} {loss!r}" for loss, by in found.items())
        raise StudentError(
            f"the learners inside {type(student).__name__} minimise different losses ({each}), and "
            "what is mixed of them minimises none: give them one."
        )
    return next(iter(found))


def _is_told(learner: Any) -> bool:
    """Whether all names of losses of a learner's package are known, so that others are refused."""
    return root_package(learner) == "sklearn" or any(comes_from(learner, each) for each in PACKAGES)
