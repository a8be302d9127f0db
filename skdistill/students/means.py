"""Whether a regressor estimates the mean of its target: what cannot be read off is tried out.

Labels that are mixed stand for probabilities by their mean. A learner of another package says by no
common name what it estimates, so a clone is fitted to a few made-up rows. Ones and zeros of mean
1/4 tell a mean from a median, a quantile, or the mean on another scale; and since a learner that is
strongly regularised misses the mean as well, it is compared with itself on the mean in place of the
labels: for a learner of the squared error that is the same problem.
"""

import random
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import joblib
import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.neighbors import KNeighborsRegressor, RadiusNeighborsRegressor

from skdistill._learners import root_package, tags_of

__all__ = ["mean_obstacle"]

# Their learners are told by name; see `regression`.
KNOWN = {"lightgbm", "sklearn", "skdistill", "xgboost"}
OTHER_LOSS = re.compile(r"quantile|absolute|mae|huber|'l1|mape|median|pinball", re.IGNORECASE)
MEAN = 0.25
TOLERANCE = 0.1  # the median is .25 away; forests and neighbours at random differ by less than .05
N_GROUPS, N_ROWS = 8, 16


def _is_known(learner: Any) -> bool:
    """Whether what a learner estimates is told by its settings, which are known by name."""
    # Neighbours average; which ones, of rows that are equally near, is chance.
    neighbours = isinstance(learner, KNeighborsRegressor | RadiusNeighborsRegressor)
    return neighbours or root_package(learner) in KNOWN


def mean_obstacle(learner: Any, named: str | None) -> str | None:
    """Return what a regressor estimates instead of the mean; None if it is the mean.

    Parameters
    ----------
    learner : regressor
        Tried out if it is of another package than scikit-learn, LightGBM and XGBoost; of a
        TransformedTargetRegressor it is the way there and back, not the learner inside.
    named : str or None
        What its settings say. By a name that is not known the loss of another package may still be
        the squared error: that is settled by trying, if the learner can be tried.

    Returns
    -------
    obstacle : str or None
    """
    if isinstance(learner, TransformedTargetRegressor):
        return _transform_obstacle(learner)
    if _is_known(learner) or (named is not None and OTHER_LOSS.search(named)):
        return named
    try:
        return _tried_once(_Keyed(learner))
    except _CannotTellError:
        return named


def _transform_obstacle(learner: TransformedTargetRegressor) -> str | None:
    """Try the transformation with a learner that gives the mean on the other scale."""
    found = clone(learner).set_params(regressor=DummyRegressor())
    X, y = np.zeros((4, 1)), np.array([0.0, 0.0, 0.0, 1.0])
    try:
        with _quietly():
            told = float(np.ravel(found.fit(X, y).predict(X))[0])
    except Exception:  # noqa: BLE001 - such as a transformer for positive numbers only
        return f"{learner!r}, whose transformation cannot take the labels 0 and 1"
    if abs(told - MEAN) < 1e-6:
        return None
    return (
        f"{type(learner).__name__}, whose mean is that on another scale (of the labels 0, 0, 0, 1 "
        f"it makes {told:.3g})"
    )


class _CannotTellError(Exception):
    """The learner cannot be fitted to made-up rows, by itself."""


class _Keyed:
    """A learner that equals another with the same settings: what is tried once is remembered."""

    def __init__(self, learner: Any) -> None:
        self.learner = learner
        try:
            self.key: Any = type(learner), joblib.hash(learner.get_params(deep=False))
        except Exception:  # noqa: BLE001 - settings that cannot be pickled
            self.key = object()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key


@lru_cache(maxsize=64)
def _tried_once(keyed: _Keyed) -> str | None:
    """Return what the learner estimates instead of the mean, found out by one fit or two."""
    group = np.repeat(np.arange(N_GROUPS), N_ROWS)
    row = np.arange(N_GROUPS * N_ROWS)
    X = np.column_stack([group % 4, group // 4]).astype(float)
    # A quarter of ones in every group, at other places in each: neighbours may be any of them.
    y = ((row + group) % 4 == 0).astype(float)
    name = type(keyed.learner).__name__
    try:
        told = _predictions(keyed.learner, X, y)
    except _CannotTellError as error:
        _predictions(keyed.learner, X, 1.0 + row / len(row))  # is it the labels?
        return f"{name}, which cannot be fitted to the labels 0 and 1 ({error.__cause__})"
    if told.shape != y.shape:
        return f"{name}, which predicts {told.size // len(y)} numbers a row"
    found = float(np.mean(told))
    if abs(found - MEAN) <= TOLERANCE:
        return None
    almost = np.where(row % 2, MEAN - 0.01, MEAN + 0.01)  # some refuse a constant
    expected = float(np.mean(_predictions(keyed.learner, X, almost)))
    if abs(found - expected) <= TOLERANCE:
        return None
    return (
        f"{name} (tried on labels 0 and 1 of mean {MEAN} it predicts {found:.3g}, on their mean "
        f"itself {expected:.3g})"
    )


def _predictions(learner: Any, X: Any, y: Any) -> Any:
    """Return what a clone predicts of the rows it was fitted to."""
    columns = not tags_of(learner).target_tags.single_output
    try:
        with _quietly():
            model = clone(learner)
            seeds = [key for key in model.get_params() if key.rpartition("__")[2] == "random_state"]
            model.set_params(**dict.fromkeys(seeds, 0))
            model.fit(X, y[:, None] if columns else y)
            told = np.asarray(model.predict(X), dtype=float)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Rust is no Exception
        raise _CannotTellError from error
    told = told[:, 0] if told.ndim == 2 and told.shape[1] == 1 else told
    if not np.isfinite(told).all():
        raise _CannotTellError from ValueError("its predictions are not finite")
    return told


@contextmanager
def _quietly() -> Iterator[None]:
    """Leave no trace: no warning, no number drawn from the global generators."""
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        with warnings.catch_warnings(), config_context(enable_metadata_routing=False):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
