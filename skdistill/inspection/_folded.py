"""Rows with their weights and groups, carried through scikit-learn's cross-validation.

It hands weights on to fits, but to scorers by metadata routing alone, which would change how every
learner inside is asked for them. So they travel in one array with what was observed.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import has_fit_parameter

from skdistill._ground.data import Data
from skdistill._ground.learners import WeightlessError, weight_keyword
from skdistill.exceptions import ParameterError
from skdistill.inspection._measures import Measure
from skdistill.inspection._tasks import Side
from skdistill.teaching.folds import Folds, make_folds

__all__ = [
    "FitsCarried",
    "carried",
    "check_takes_weights",
    "draw_folds",
    "fit_beside",
    "held_out_rows",
    "held_out_share",
    "read_rows",
    "scorer",
]

Rows = NDArray[Any]


def read_rows(
    side: Side, estimator: Any, X: Any, y: Any, sample_weight: Any, groups: Any, exposure: Any
) -> Data:
    """Return the rows of positive weight, of totals as rates, or raise before anything is fitted.

    Raises
    ------
    ParameterError
        If there is an exposure of classes, or of a quantile.
    InputError
        If labels, weights, groups or exposure cannot be used.
    """
    if exposure is None:
        return side.task.read(X, y, sample_weight, groups)
    side.check_exposure(estimator)
    return side.task.read(X, y, sample_weight, groups, exposure=exposure)


def draw_folds(cv: Any, data: Data, side: Side, **how: Any) -> Folds:
    """Return the folds of `make_folds`; lists of splits hold the numbers of the rows given."""
    own = {"groups": data.groups, "kept": data.kept, "n_given": data.n_given}
    return make_folds(cv, data.X, data.y, stratified=side.task.stratified, **own, **how)


def carried(data: Data) -> Rows:
    """Return what was observed of rows, and their weights and groups, as one array with fields."""
    columns = {"y": data.y, "weight": data.weight, "groups": data.groups}
    columns = {name: column for name, column in columns.items() if column is not None}
    kinds = [(name, column.dtype, column.shape[1:]) for name, column in columns.items()]
    rows = np.empty(len(data), dtype=kinds)
    for name, column in columns.items():
        rows[name] = column
    return rows


def _field(rows: Rows, name: str) -> Any:
    """Return what the rows carry, or None."""
    return rows[name] if name in (rows.dtype.names or ()) else None


class FitsCarried(BaseEstimator):
    """Fits a clone of a candidate to rows as `carried` packs them; it is `model_` afterwards."""

    def __init__(self, candidate: Any) -> None:
        self.candidate = candidate

    def fit(self, X: Any, y: Rows) -> "FitsCarried":
        """Fit with the weights, and the groups where they are taken."""
        weight, groups = _field(y, "weight"), _field(y, "groups")
        self.model_ = fit_beside(clone(self.candidate), X, y["y"], weight, groups)
        return self


def fit_beside(model: Any, X: Any, y: Any, weight: Any, groups: Any) -> Any:
    """Fit a model with what stands beside the labels: the groups, only where they are taken."""
    params = {}
    if weight is not None:
        routed = get_config()["enable_metadata_routing"]
        params["sample_weight" if routed else weight_keyword(model)] = weight
    if groups is not None and has_fit_parameter(model, "groups"):
        params["groups"] = groups
    return model.fit(X, y, **params)


def check_takes_weights(name: str, model: Any) -> None:
    """Raise ParameterError for a model that cannot be given the weights that there are."""
    if get_config()["enable_metadata_routing"]:
        return  # who passes weights on is the user's word then
    try:
        weight_keyword(model)
    except WeightlessError as error:
        raise ParameterError(
            f"others[{name!r}] cannot be given weights, and weights were given: {error}. Use a "
            "model that takes them, or leave it out."
        ) from error


def score_carried(
    fitted: FitsCarried,
    X: Any,
    y: Rows,
    *,
    measure: Callable[..., Measure],
    metric: str | None = None,
) -> dict[str, float] | float:
    """Score a fitted model as scikit-learn's scorers do, by one score or by all; weighted."""
    judge = measure(fitted.model_, y["y"])
    said = judge.ask(fitted.model_, X)
    found = judge.scores(judge.observe(y["y"]), said, _field(y, "weight"))
    return found if metric is None else found[metric]


def scorer(side: Side, metric: str | None = None, **judged_by: Any) -> Callable[..., Any]:
    """Return a scorer of `FitsCarried`, by one score or by all."""
    return partial(score_carried, measure=partial(side.measure, **judged_by), metric=metric)


def held_out_rows(splits: Any, data: Data) -> float:
    """Return the mean number of rows held out, each counted by its weight; the mean row is 1."""
    weight = np.ones(len(data)) if data.weight is None else data.weight / data.weight.mean()
    return float(np.mean([weight[test].sum() for _, test in splits]))


def held_out_share(splits: Any, data: Data) -> float:
    """Return how much is held out for each unit of training rows, by weight; mean over splits."""
    weight = np.ones(len(data)) if data.weight is None else data.weight
    return float(np.mean([weight[test].sum() / weight[train].sum() for train, test in splits]))
