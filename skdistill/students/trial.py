"""Trying a learner of another package on made-up rows, where no name says what it does.

A trial costs some fits of some hundred rows, draws nothing from the global generators, warns of
nothing, and is remembered. `skdistill.students.means` tries regressors,
`skdistill.students.follows` and `skdistill.students.classes` classifiers.
"""

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
import numpy as np
from sklearn import config_context
from sklearn.base import clone

from skdistill._ground.learners import root_package

__all__ = [
    "CannotTellError",
    "Keyed",
    "is_known",
    "quietly",
    "said",
    "seeded",
    "trying",
    "unweighted",
]

# Their learners are known by name, or tested here: they weigh, and say what they estimate.
KNOWN = {"lightgbm", "sklearn", "skdistill", "xgboost"}


def is_known(learner: Any) -> bool:
    """Whether a learner is of a package of which nothing has to be tried."""
    return root_package(learner) in KNOWN


def seeded(learner: Any) -> Any:
    """Return a clone that draws the same in every trial."""
    model = clone(learner)
    seeds = [key for key in model.get_params() if key.rpartition("__")[2] == "random_state"]
    return model.set_params(**dict.fromkeys(seeds, 0)) if seeds else model


def unweighted(learner: Any) -> Any:
    """Return such a clone without class weights, which may name the classes of the data."""
    model = seeded(learner)
    if "class_weight" in model.get_params(deep=False):
        model.set_params(class_weight=None)
    return model


class CannotTellError(Exception):
    """The learner cannot be fitted to made-up rows, by itself."""


class Keyed:
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
        return isinstance(other, Keyed) and self.key == other.key


@contextmanager
def quietly() -> Iterator[None]:
    """Leave no trace: no warning, no number drawn from the global generators."""
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        with warnings.catch_warnings(), config_context(enable_metadata_routing=False):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)


@contextmanager
def trying() -> Iterator[None]:
    """Leave no trace, and raise CannotTellError of whatever the learner raises."""
    try:
        with quietly():
            yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of Rust is no Exception
        raise CannotTellError from error


def said(error: CannotTellError) -> str:
    """Return the first line of what the learner raised, and of which type it was."""
    cause = error.__cause__
    line = next(iter(str(cause).splitlines()), "")
    return f"{type(cause).__name__}: {line}"
