"""Students of numbers: a regressor fitted to the pseudo-target by the loss that it minimises.

What a regressor minimises says its own settings: the squared error, a deviance, a quantile. That
loss is what a distillation of it corrects, and what ``loss="auto"`` stands for. A loss that the
learner does not minimise is refused, as it would be minimised by nobody.
"""

from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import clone
from sklearn.linear_model import (
    GammaRegressor,
    PoissonRegressor,
    QuantileRegressor,
    TweedieRegressor,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline

from skdistill._ground.learners import has_tags, kind_of, replace_settings
from skdistill.exceptions import StudentError
from skdistill.students.base import Adapter, Fitted, Problem, Route, give_back
from skdistill.students.means import mean_obstacle
from skdistill.students.pipeline import PipelineAdapter, check_student
from skdistill.students.regression import (
    LOSS_SETTINGS,
    NO_LOSS,
    Tagged,
    learners_of,
    other_loss,
    takes_columns,
    takes_only_columns,
)
from skdistill.students.size import can_grow, leaf_settings
from skdistill.targets.numeric import NumericLoss
from skdistill.targets.numeric_losses import (
    AbsoluteError,
    Gamma,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)

__all__ = ["Columns", "NumericAdapter", "own_loss", "resolve_regressor"]

# By the names that scikit-learn, LightGBM, CatBoost and XGBoost know them by, in small letters.
LOSSES: dict[str, type[NumericLoss]] = {
    "absolute_error": AbsoluteError,
    "count:poisson": Poisson,
    "friedman_mse": SquaredError,
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
    "reg:absoluteerror": AbsoluteError,
    "reg:gamma": Gamma,
    "reg:linear": SquaredError,
    "reg:quantileerror": Quantile,
    "reg:squarederror": SquaredError,
    "reg:tweedie": Tweedie,
    "regression": SquaredError,
    "regression_l1": AbsoluteError,
    "regression_l2": SquaredError,
    "rmse": SquaredError,
    "root_mean_squared_error": SquaredError,
    "squared_error": SquaredError,
    "tweedie": Tweedie,
}
LEVELS = ("quantile", "quantile_alpha", "alpha")  # what a quantile is set by
POWERS = ("tweedie_variance_power", "variance_power", "power")
DEFAULT_LEVEL = 0.9  # LightGBM's, where its learner does not say


class Columns:
    """Turns the predictions of a regressor into columns, (n,) to (n, 1)."""

    def __call__(self, said: Any) -> Any:
        """Return the predictions, shape (n, m)."""
        values = np.asarray(said)
        return values[:, None] if values.ndim == 1 else values


def own_loss(learner: Any) -> NumericLoss | None:
    """Return the loss that a regressor's settings name; None where none of them does.

    Parameters
    ----------
    learner : regressor
        Not fitted.

    Returns
    -------
    loss : NumericLoss or None

    Raises
    ------
    StudentError
        If they name a loss that there is no distillation for.
    """
    params = learner.get_params(deep=False)
    glm = _of_glm(learner, params)
    if glm is not None:
        return glm
    for key in LOSS_SETTINGS:
        named = params.get(key)
        if named is None or (isinstance(named, str) and named.lower() in NO_LOSS):
            continue
        kind, _, given = named.partition(":") if isinstance(named, str) else ("", "", "")
        found = LOSSES.get(str(named).lower(), LOSSES.get(kind.lower()))
        if not isinstance(named, str) or found is None:
            raise StudentError(
                f"{type(learner).__name__}({key}={named!r}) minimises a loss that nothing is known "
                "of here: set it to the squared or absolute error, a quantile, Poisson, Gamma or "
                "Tweedie."
            )
        return _with_setting(found, params, given)
    return None


def _of_glm(learner: Any, params: dict[str, Any]) -> NumericLoss | None:
    """Return the loss of a generalised linear model, or of a quantile regression."""
    if isinstance(learner, TweedieRegressor):
        power = float(params["power"])
        if power == 0.0:
            return SquaredError()
        return {1.0: Poisson(), 2.0: Gamma()}.get(power) or Tweedie(power=power)
    if isinstance(learner, PoissonRegressor):
        return Poisson()
    if isinstance(learner, GammaRegressor):
        return Gamma()
    if isinstance(learner, QuantileRegressor):
        return Quantile(alpha=params["quantile"])
    return None


def _with_setting(loss: type[NumericLoss], params: dict[str, Any], given: str) -> NumericLoss:
    """Return the loss with the level or the power that the learner sets."""
    name, _, value = given.partition("=")  # "Quantile:alpha=0.9", as CatBoost has it
    told = {name: float(value)} if value else {}
    if loss is Quantile:
        level = _first(told | params, LEVELS, DEFAULT_LEVEL)
        if not np.isscalar(level):
            raise StudentError(
                f"the student must predict one quantile, got {level!r}: fit a student for each."
            )
        return Quantile(alpha=float(level))
    if loss is Tweedie:
        return Tweedie(power=float(_first(told | params, POWERS, 1.5)))
    return loss()


def _first(params: dict[str, Any], names: tuple[str, ...], default: float) -> Any:
    found = (params[name] for name in names if params.get(name) is not None)
    return next(found, default)


class NumericAdapter(Adapter):
    """Fits a regressor to the pseudo-target of the loss that it minimises."""

    default_loss: NumericLoss

    def __init__(self, student: Any) -> None:
        super().__init__(student)
        self.default_loss = _loss_of(student)

    @property
    def grows(self) -> bool:
        """Whether a soft target makes it larger than the labels would."""
        return can_grow(self.student)

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        return Route(
            "regression",
            f"{type(self.student).__name__} is fitted to the pseudo-target by its own loss, "
            f"{self.default_loss!r}",
        )

    def check(self, loss: Any, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError for a loss that is not the learner's, or weights it cannot take."""
        if loss != self.default_loss and type(loss) in LOSSES.values():
            raise StudentError(
                f"loss={loss!r} is not what {type(self.student).__name__} minimises, which is "
                f"{self.default_loss!r}: leave loss='auto', or set the loss of the student."
            )
        if self.default_loss == SquaredError():
            for learner in learners_of(self.student):
                _check_mean(learner)
        self.fit_keywords(np.ones(n_rows) if weighted else None, {})

    def fit(self, problem: Problem) -> Fitted:
        """Fit one output, or all at once; by a learner each where it takes one only."""
        model = single = clone(self.student)
        before = replace_settings(single, leaf_settings(single, problem.direct))
        target, touched = problem.loss.cut(problem.target)
        if target.shape[1] == 1 and not takes_only_columns(model):
            target = target[:, 0]
        elif target.shape[1] > 1 and not takes_columns(model):
            if problem.weight is not None and get_config()["enable_metadata_routing"]:
                model.set_fit_request(sample_weight=True)
            model = MultiOutputRegressor(model if has_tags(model) else Tagged(model))
        model.fit(problem.X, target, **self.fit_keywords(problem.weight, problem.params))
        for each in [single] if model is single else [single, *model.estimators_]:
            give_back(each.regressor_ if isinstance(each, Tagged) else each, before)
        return Fitted(model, Columns(), float(np.mean(touched)))


def _loss_of(student: Any) -> NumericLoss:
    """Return the loss that a student and the learners inside it minimise.

    Raises
    ------
    StudentError
        If they minimise different ones.
    """
    found = {repr(loss): loss for each in learners_of(student) if (loss := own_loss(each))}
    if len(found) > 1:
        raise StudentError(
            f"the learners inside {type(student).__name__} minimise different losses, "
            f"{', '.join(found)}: give them one."
        )
    return next(iter(found.values()), SquaredError())


def _check_mean(learner: Any) -> None:
    """Raise StudentError for a learner that estimates no mean, whatever its settings say."""
    obstacle = mean_obstacle(learner, other_loss(learner))
    if obstacle is not None:
        raise StudentError(
            "a student of the squared error must estimate the mean of its target, got "
            f"{obstacle}: use another regressor, or one whose loss is known by its settings."
        )


def resolve_regressor(student: Any, loss: Any = "auto") -> Adapter:
    """Return the adapter that fits a student of numbers to pseudo-targets.

    Parameters
    ----------
    student : estimator
        A regressor, or a Pipeline that ends in one.
    loss : str or NumericLoss, default="auto"
        Not looked at: the learner's own decides, and `Adapter.check` compares.

    Returns
    -------
    adapter : Adapter

    Raises
    ------
    StudentError
        If it is no regressor, is frozen, or minimises a loss that is not known.

    Examples
    --------
    >>> from sklearn.linear_model import PoissonRegressor
    >>> from skdistill.students import resolve_regressor
    >>> resolve_regressor(PoissonRegressor()).default_loss
    Poisson()
    """
    check_student(student)
    if isinstance(student, Pipeline):
        return PipelineAdapter(student, resolve_regressor(student.steps[-1][1], loss))
    if kind_of(student) != "regressor":
        raise StudentError(
            f"student must be a regressor, got {type(student).__name__}: use the regressor of the "
            "same family, or DistilledClassifier."
        )
    return NumericAdapter(student)
