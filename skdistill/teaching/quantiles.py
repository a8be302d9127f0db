"""Quantiles of what is observed, from whatever teacher can say them.

Teachers have no common word for it. Quantile forests and tabular foundation models take levels in
`predict`; NGBoost gives a distribution; Gaussian processes and Bayesian linear models a standard
deviation; learners of one quantile are fitted once for each. What averages many guesses of a mean
(forests, bagging) spreads as that mean is uncertain, not as what is observed: it is refused.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.pipeline import Pipeline

from skdistill._ground.answers import as_dense
from skdistill._ground.outcomes import Numbers
from skdistill._ground.validation import check_number
from skdistill.exceptions import ParameterError, TeacherError

__all__ = ["QuantileTeacher", "Quantiles", "Way", "check_levels", "way_of"]

Floats = NDArray[np.float64]
Levels = tuple[float, ...]
AtLevel = Callable[[Any, float], Any]


@dataclass(frozen=True)
class Quantiles(Numbers):
    """Quantiles of one number, a column for each level."""

    said = "quantiles"
    given = "teacher_quantiles"


@dataclass(frozen=True)
class Way:
    """How a kind of teacher says quantiles.

    Attributes
    ----------
    members : callable
        Returns the learners to be fitted, of the teacher and the levels.
    ask : callable
        Returns the quantiles (n, Q), of those fitted, the rows and the levels.
    """

    members: Callable[[Any, Levels], list[Any]]
    ask: Callable[[list[Any], Any, Levels], Any]


class QuantileTeacher(RegressorMixin, BaseEstimator):
    """A teacher as a regressor of several outputs: its quantiles at given levels.

    Crossing quantiles are sorted in each row: no pinball loss is larger after it (Chernozhukov,
    Fernandez-Val and Galichon, *Quantile and Probability Curves Without Crossing*, Econometrica 78,
    2010).

    Parameters
    ----------
    estimator : learner, or dict of float to learner
        The teacher.
    levels : tuple of float
        Increasing.
    way : Way
        How it says them.
    """

    def __init__(self, estimator: Any, levels: Levels, way: Way) -> None:
        self.estimator = estimator
        self.levels = levels
        self.way = way

    def fit(self, X: Any, y: Any, **params: Any) -> "QuantileTeacher":
        """Fit the teacher, or one for each level; `params` are passed on."""
        self.models_ = self.way.members(self.estimator, self.levels)
        for model in self.models_:
            model.fit(X, y, **params)
        return self

    def predict(self, X: Any) -> Floats:
        """Return the quantiles, shape (n, Q), increasing in each row."""
        said = self.way.ask(self.models_, X, self.levels)
        table = np.column_stack(said) if isinstance(said, list | tuple) else as_dense(said)
        table = table.reshape(-1, 1) if table.ndim == 1 else table
        if table.ndim != 2 or table.shape[1] != len(self.levels):
            raise TeacherError(
                f"the quantiles of {type(self.models_[0]).__name__} must be of shape "
                f"(n, {len(self.levels)}), one column for each level, got {table.shape}."
            )
        return np.sort(np.asarray(table, dtype=np.float64), axis=1)


def check_levels(quantiles: Any) -> Levels:
    """Return the levels of a float or a sequence of floats.

    Raises
    ------
    ParameterError
        If there are none, one is not in (0, 1), or they do not increase.
    """
    several = np.ndim(quantiles) == 1 and not isinstance(quantiles, str)
    values = list(quantiles) if several else [quantiles]
    if not values:
        raise ParameterError("quantiles must hold at least one level, got none.")
    inside = {"low": 0.0, "high": 1.0, "low_open": True, "high_open": True}
    levels = tuple(float(check_number("every one of quantiles", v, **inside)) for v in values)
    if any(b <= a for a, b in pairwise(levels)):
        raise ParameterError(
            f"quantiles must increase, got {list(levels)}: sort them, and give each once. The "
            "columns of predict are in their order."
        )
    return levels


def way_of(teacher: Any, levels: Levels, quantiles_of: Any, at_level: AtLevel) -> Way:
    """Return how a teacher says quantiles.

    Parameters
    ----------
    teacher : learner, or dict of float to learner
        Not fitted.
    levels : tuple of float
        Which.
    quantiles_of : callable or None
        The user's own way, ``quantiles_of(model, X, levels)``.
    at_level : callable
        Sets a learner of one quantile to a level; None where it is no such learner.

    Returns
    -------
    way : Way

    Raises
    ------
    TeacherError
        If it says none.
    ParameterError
        If `quantiles_of` is no callable.
    """
    if isinstance(teacher, Mapping):
        return _of_each(teacher, levels, at_level, given=quantiles_of)
    if quantiles_of is not None:
        if not callable(quantiles_of):
            raise ParameterError(
                "quantiles_of must be a function of a fitted model, rows and levels that returns "
                f"an array (n, Q), got {quantiles_of!r}."
            )
        return Way(_alone, partial(_by_user, quantiles_of))
    if at_level(teacher, levels[0]) is not None:
        return Way(partial(_set_to_each, at_level), _one_each)
    last = teacher.steps[-1][1] if isinstance(teacher, Pipeline) else teacher
    words = _keywords(last)
    if "quantiles" in words:
        return Way(_alone, _by_typed_predict if "output_type" in words else _by_predict)
    if hasattr(last, "pred_dist"):
        return Way(_alone, _by_distribution)
    if "return_std" in words:
        return Way(_alone, _by_deviation)
    raise TeacherError(_refusal(last))


def _refusal(last: Any) -> str:
    name = type(last).__name__
    why = f"nothing is known of how {name} says quantiles"
    if hasattr(last, "estimators") or hasattr(last, "n_estimators"):
        why = (
            f"{name} says means: what its members differ by is how uncertain that mean is, not "
            "how what is observed spreads about it"
        )
    return (
        f"the teacher must say quantiles, and {why}. Use a learner of a quantile (LGBMRegressor("
        "objective='quantile'), HistGradientBoostingRegressor(loss='quantile')), which is fitted "
        "once for each; a quantile forest, NGBoost, TabPFN, or a Gaussian process; a dict of a "
        "learner for each level; quantiles_of=; or teacher_quantiles= in fit."
    )


def _keywords(learner: Any) -> Sequence[str]:
    try:
        return list(inspect.signature(learner.predict).parameters)
    except (AttributeError, TypeError, ValueError):
        return []


def _of_each(teachers: Mapping[float, Any], levels: Levels, at_level: AtLevel, given: Any) -> Way:
    """Return the way of a dict, which must have the learners of these levels."""
    if set(teachers) != set(levels):
        raise TeacherError(
            f"teacher as a dict must have a learner for each of quantiles {list(levels)}, got "
            f"{list(teachers)}."
        )
    if given is not None:
        raise ParameterError("quantiles_of has no effect with a dict of teachers: leave it out.")
    return Way(partial(_from_dict, at_level), _one_each)


def _alone(teacher: Any, levels: Levels) -> list[Any]:
    return [clone(teacher)]


def _from_dict(at_level: AtLevel, teachers: Mapping[float, Any], levels: Levels) -> list[Any]:
    """Return a learner for each level: set to it, or as it is where no setting says one."""
    return [at_level(teachers[level], level) or clone(teachers[level]) for level in levels]


def _set_to_each(at_level: AtLevel, teacher: Any, levels: Levels) -> list[Any]:
    return [at_level(teacher, level) for level in levels]


def _one_each(models: list[Any], X: Any, levels: Levels) -> list[Any]:
    return [as_dense(model.predict(X)).reshape(-1) for model in models]


def _last(model: Any, X: Any) -> tuple[Any, Any]:
    """Return the last step of a Pipeline, and the rows as it sees them."""
    if not isinstance(model, Pipeline):
        return model, X
    return model.steps[-1][1], model[:-1].transform(X) if len(model) > 1 else X


def _by_predict(models: list[Any], X: Any, levels: Levels) -> Any:
    last, rows = _last(models[0], X)
    return last.predict(rows, quantiles=list(levels))


def _by_typed_predict(models: list[Any], X: Any, levels: Levels) -> Any:
    last, rows = _last(models[0], X)
    return last.predict(rows, output_type="quantiles", quantiles=list(levels))


def _by_distribution(models: list[Any], X: Any, levels: Levels) -> list[Any]:
    last, rows = _last(models[0], X)
    said = last.pred_dist(rows)
    return [np.asarray(said.ppf(level)) for level in levels]


def _by_deviation(models: list[Any], X: Any, levels: Levels) -> list[Any]:
    last, rows = _last(models[0], X)
    mean, deviation = last.predict(rows, return_std=True)
    return [np.ravel(mean) + np.ravel(deviation) * norm.ppf(level) for level in levels]


def _by_user(quantiles_of: Any, models: list[Any], X: Any, levels: Levels) -> Any:
    return quantiles_of(models[0], X, levels)
