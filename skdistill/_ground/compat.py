"""The only home of names that depend on the version of a library, or that it keeps private.

Each shim says when it can go.
"""

import contextlib
import logging
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from skdistill._ground.arrays import has_namespace, take_rows_of

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # drop at scikit-learn >= 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands for scikit-learn's mixin where there are no callbacks yet."""

    def with_callbacks(method: Any) -> Any:
        """Return `method` as it is: there are no callbacks to manage."""
        return method


__all__ = [
    "BAGGING_DRAWS_BY_WEIGHT",
    "LOGGER",
    "SEARCHES",
    "CallbackSupportMixin",
    "Progress",
    "Step",
    "adopt_booster",
    "boosting_start",
    "histogram_nodes",
    "histogram_scaled",
    "histogram_start",
    "histogram_trees",
    "positive_label",
    "restore_settings",
    "steps_skipped",
    "take_columns",
    "take_rows",
    "tree_on",
    "tree_with",
    "warn_user",
    "with_callbacks",
]

LOGGER = logging.getLogger("skdistill")
# Where a warning does not belong: it should name the user's line.
PACKAGE = Path(__file__).parents[1]
LIBRARIES = (
    *map(str, (PACKAGE, Path(joblib.__file__).parent, Path(sklearn.__file__).parent)),
    contextlib.__file__,
)

# Before, its learners had to take weights; drop at scikit-learn >= 1.8.
BAGGING_DRAWS_BY_WEIGHT = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 8)
# What all searches derive from, also those that scikit-learn calls experimental; it has no public
# name.
SEARCHES: type = GridSearchCV.__bases__[0]


@dataclass(frozen=True)
class Step:
    """A step of a fit, as `Progress` logs it.

    Attributes
    ----------
    name : str
    number : int or None
        Which of its siblings, where these may run in any order.
    n_steps : int or None
        Steps within it; None where nobody knows.
    seconds : float or None
        How long it took; None where it begins.
    """

    name: str
    number: int | None
    n_steps: int | None
    seconds: float | None = None


class Progress:
    """Reports the steps of a fit to `logging`, and to scikit-learn's callbacks where there are any.

    The logger is "skdistill". Steps are logged as they begin and end, at level INFO where the
    estimator's `verbose` is above 0 (those that may run in any order: above 1), else at DEBUG; a
    record has the `Step` as its attribute ``step``. Drop the case without callbacks at scikit-learn
    >= 1.9.
    """

    away = False  # whether it was sent to a worker, which may run a task again

    def __init__(self, estimator: Any, context: Any = None) -> None:
        self.estimator = estimator
        self.context = context

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"away": True}

    @classmethod
    @contextmanager
    def root(cls, estimator: Any, n_steps: int, X: Any, y: Any) -> Iterator["Progress"]:
        """Open the root task of a fit with `n_steps` sequential steps."""
        start = getattr(estimator, "_init_callback_context", None)
        context = None if start is None else start(max_subtasks=n_steps)
        if context is not None:
            context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
        yield cls(estimator, context)
        if context is not None:
            context.call_on_fit_task_end(estimator=estimator, X=X, y=y)

    @contextmanager
    def step(
        self, name: str, number: int | None = None, n_steps: int | None = 0
    ) -> Iterator["Progress"]:
        """Run one task; give a `number` where its siblings may run in any order.

        Its own steps run in any order, or one after another where their number is not known (None).
        """
        loud = getattr(self.estimator, "verbose", 0) > (number is not None)
        level = logging.INFO if loud else logging.DEBUG
        LOGGER.log(level, "%s", name, extra={"step": Step(name, number, n_steps)})
        began = time.monotonic()
        with self._called_back(name, number, n_steps) as below:
            yield below
        took = time.monotonic() - began
        done = Step(name, number, n_steps, seconds=took)
        LOGGER.log(level, "%s: %.3g s", name, took, extra={"step": done})

    @contextmanager
    def _called_back(
        self, name: str, number: int | None, n_steps: int | None
    ) -> Iterator["Progress"]:
        if self.context is None:
            yield self
            return
        how = {"max_subtasks": n_steps, "sequential_subtasks": not n_steps}
        try:
            context = self.context.subcontext(task_name=name, task_id=number, **how)
        except ValueError:
            if not self.away:
                raise
            yield self  # callbacks were told of the task when it ran first
            return
        context.call_on_fit_task_begin(estimator=self.estimator)
        yield Progress(self.estimator, context)
        context.call_on_fit_task_end(estimator=self.estimator)


def take_rows(X: Any, rows: Any) -> Any:
    """Return some rows of an array, sparse array, data frame or list, by scikit-learn's function.

    Rows in another array namespace than NumPy's stay on their device.
    """
    return take_rows_of(X, rows) if has_namespace(X) else _safe_indexing(X, rows)


def take_columns(X: Any, columns: Any) -> Any:
    """Return some columns of an array or data frame, by number."""
    return _safe_indexing(X, columns, axis=1)


def adopt_booster(model: Any, booster: Any, objective: str, n_features: int | None = None) -> None:
    """Give a fitted LightGBM estimator another booster, and the name of its objective.

    LightGBM (4.x) has no public way to do so; ``predict_proba`` looks at both. `n_features` is how
    many columns the booster takes, where these are others than the estimator was fitted on.
    """
    model._Booster = booster
    model._objective = objective
    if n_features is not None:
        model._n_features = model._n_features_in = n_features


def tree_on(tree: Any, columns: Any) -> Any:
    """Return a tree of scikit-learn (``tree_``) that is given these of its columns only.

    It can be made of the state that it is pickled by, and in no public way.
    """
    state = tree.__getstate__()
    nodes, place = state["nodes"].copy(), np.full(tree.n_features, -2)
    place[columns] = np.arange(len(columns))
    asks = nodes["left_child"] >= 0
    nodes["feature"][asks] = place[nodes["feature"][asks]]
    made = type(tree)(len(columns), tree.n_classes, tree.n_outputs)
    made.__setstate__(state | {"nodes": nodes})
    return made


def tree_with(tree: Any, values: Any) -> Any:
    """Return a tree of scikit-learn (``tree_``) with other values in its nodes (m, outputs, K)."""
    made = type(tree)(tree.n_features, tree.n_classes, tree.n_outputs)
    made.__setstate__(tree.__getstate__() | {"values": np.ascontiguousarray(values)})
    return made


def boosting_start(model: Any) -> Any:
    """Return the scores (k,) from which scikit-learn's gradient boosting starts, of any row.

    It has no public way to them, and what it makes of class frequencies differs by version.
    """
    return model._raw_predict_init(np.zeros((1, model.n_features_in_)))[0]


def histogram_nodes(model: Any) -> list[int] | None:
    """Return the nodes of each tree of scikit-learn's histogram gradient boosting, else None."""
    is_one = type(model).__name__.startswith("HistGradientBoosting")
    if not is_one or not hasattr(model, "_predictors"):
        return None
    return [len(tree.nodes) for trees in histogram_trees(model) for tree in trees]


def histogram_trees(model: Any) -> list[list[Any]]:
    """Return the trees of each iteration of scikit-learn's histogram gradient boosting.

    It has no public way to them.
    """
    return list(model._predictors)


def histogram_start(model: Any) -> Any:
    """Return the scores (k,) from which scikit-learn's histogram gradient boosting starts."""
    return np.ravel(model._baseline_prediction)


def histogram_scaled(model: Any, factor: float) -> Any:
    """Return a copy of scikit-learn's histogram gradient boosting, its scores times a factor."""
    made = copy(model)
    made._predictors = [list(map(copy, trees)) for trees in model._predictors]
    made._baseline_prediction = model._baseline_prediction * factor
    for tree in chain.from_iterable(made._predictors):
        tree.nodes = tree.nodes.copy()
        tree.nodes["value"] *= factor
    return made


def positive_label(model: Any) -> Any:
    """Return the class that a fitted classifier with a threshold tells above it."""
    label = getattr(model, "pos_label", None)
    if hasattr(model, "best_threshold_"):
        label = model._curve_scorer._get_pos_label()
    return model.classes_[1] if label is None else label


def restore_settings(model: Any, given: dict[str, Any]) -> None:
    """Give a LightGBM estimator the settings `given` back, and take away any that it did not have.

    Settings beyond the signature live in a private dictionary, which cannot be emptied publicly.
    """
    for name in model.get_params().keys() - given.keys():
        model._other_params.pop(name)
        delattr(model, name)
    model.set_params(**given)


def steps_skipped(value: Any) -> list[str]:
    """Return the steps of the Pipeline being fitted that did not transform what it was given.

    A Pipeline hands metadata on as it is but for what its `transform_input` names, and does not
    tell its last step that there are others: only the frames of the call know.
    """
    frame = sys._getframe()
    while frame is not None:
        pipeline, given = frame.f_locals.get("self"), frame.f_locals.get("params")
        if isinstance(pipeline, Pipeline) and isinstance(given, dict):
            names = [name.split("__")[-1] for name, each in given.items() if each is value]
            if set(names) - set(pipeline.transform_input or ()):
                return [
                    name
                    for name, step in pipeline.steps[:-1]
                    if step is not None and not isinstance(step, str)
                ]
        frame = frame.f_back
    return []


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the line that called this package, however deep inside it and scikit-learn we are.

    Drop at Python >= 3.12, whose ``warnings.warn`` has ``skip_file_prefixes``.
    """
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(LIBRARIES):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
