"""How each learner, and each step before one, is put on fewer columns; by package and class."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.learners import root_package

__all__ = [
    "Columns",
    "Learner",
    "Step",
    "learns",
    "narrowed",
    "on_columns",
    "place_of",
    "step_of",
    "steps",
    "used",
]

Columns = NDArray[np.int64]


@dataclass(frozen=True)
class Learner:
    """How a kind of learner is narrowed.

    Attributes
    ----------
    uses : callable
        Gives of a fitted model the numbers of the columns that it looks at, increasing.
    on : callable
        Gives of a model, columns that have these among them, and rows of those columns a copy.
    """

    uses: Callable[[Any], Columns]
    on: Callable[[Any, Columns, Any], Any]


@dataclass(frozen=True)
class Step:
    """How a kind of transformer is narrowed.

    Attributes
    ----------
    needs : callable
        Gives of a fitted transformer and some of its outputs the columns that they are made of.
    on : callable
        Gives of a transformer, columns, rows of these and the outputs that are wanted a copy, or
        None where it has become needless, and the outputs that it makes, by their old numbers.
    """

    needs: Callable[[Any, Columns], Columns]
    on: Callable[[Any, Columns, Any, Columns], tuple[Any, Columns]]


LEARNERS: dict[str, Learner] = {}
STEPS: dict[str, Step] = {}


def learns(*names: str, uses: Any, on: Any) -> None:
    """Register how learners are narrowed, by names such as "sklearn.Ridge"."""
    LEARNERS.update(dict.fromkeys(names, Learner(uses, on)))


def steps(*names: str, needs: Any, on: Any) -> None:
    """Register how transformers are narrowed."""
    STEPS.update(dict.fromkeys(names, Step(needs, on)))


def used(model: Any) -> Columns:
    """Return the numbers of the columns that a fitted model looks at, one at least.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    columns : array of shape (k,)
        Increasing.
    """
    columns = LEARNERS.get(_name(model), WHOLE).uses(model)
    return columns if len(columns) else np.arange(1)


def narrowed(model: Any, columns: Columns, X: Any) -> Any:
    """Return a fitted model as one of fewer columns.

    Parameters
    ----------
    model : estimator
        Fitted; left as it is.
    columns : array of shape (k,)
        Increasing; those that it uses are among them.
    X : array or data frame of shape (n, k)
        Rows of these columns.

    Returns
    -------
    model : estimator
        The model itself, where the columns are all of its own.
    """
    if len(columns) == model.n_features_in_:
        return model
    return LEARNERS.get(_name(model), WHOLE).on(model, columns, X)


def step_of(model: Any) -> Step | None:
    """Return how a transformer is narrowed; None where that is not known."""
    return STEPS.get(_name(model))


def on_columns(model: Any, columns: Columns) -> Any:
    """Return a copy of a model of scikit-learn that says it was fitted on these columns."""
    made = copy(model)
    if hasattr(model, "feature_names_in_"):
        made.feature_names_in_ = model.feature_names_in_[columns]
    made.n_features_in_ = len(columns)
    return made


def place_of(columns: Columns, n: int) -> Columns:
    """Return where each of `n` columns stands among some of them, (n,); -1 where it is none."""
    place = np.full(n, -1)
    place[columns] = np.arange(len(columns))
    return place


def _name(model: Any) -> str:
    return f"{root_package(model)}.{type(model).__name__}"


def _unknown(model: Any, columns: Columns, X: Any) -> Any:
    raise ValueError(f"{_name(model)} uses all of its columns.")


WHOLE = Learner(lambda model: np.arange(model.n_features_in_), _unknown)
