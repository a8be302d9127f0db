"""What random fits of both tasks share: kinds of rows and weights, and what holds of every fit."""

import contextlib
import copy
import os
import pickle
import tempfile
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
from hypothesis import HealthCheck, Phase, event, given, seed, settings
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from skdistill._ground.learners import WeightlessError
from skdistill.exceptions import SkdistillError, StudentError, TeacherError

N_ROWS = 60
SMALL = {"n_estimators": 3, "num_leaves": 4, "min_child_samples": 3, "n_jobs": 1, "verbose": -1}
FOLDS: dict[str, Callable[[], Any]] = {
    "3": lambda: 3,
    "splitter": lambda: StratifiedKFold(4),
    "list": lambda: [
        (np.arange(0, 60, 2), np.arange(1, 60, 2)),
        (np.arange(1, 60, 2), [0, 2, 4]),
    ],
    "time": lambda: TimeSeriesSplit(3, max_train_size=40),
    "predefined": lambda: PredefinedSplit(np.arange(N_ROWS) % 5 - 1),
    "repeated": lambda: RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
    "groups": lambda: GroupKFold(3),
    "groups by chance": lambda: GroupShuffleSplit(4, test_size=0.5, random_state=0),
    "plain": lambda: KFold(3, shuffle=True, random_state=0),
}
NAMES = ["a", "b", "c", "d"]
ROWS: dict[str, Callable[[np.ndarray], Any]] = {
    "numpy": np.array,
    "single": lambda X: X.astype(np.float32),
    "fortran": np.asfortranarray,
    "sparse": lambda X: sp.csr_array(X * (np.abs(X) > 0.3)),
    "pandas": lambda X: pd.DataFrame(X, columns=NAMES),
    "mixed": lambda X: pd.DataFrame(X, columns=NAMES).assign(d=np.round(X[:, 3]).astype(int)),
    "nullable": lambda X: (
        pd.DataFrame(X, columns=NAMES)
        .assign(d=np.round(X[:, 3]))
        .astype({"a": "Float64", "d": "Int64"})
    ),
    "arrow": lambda X: pd.DataFrame(X, columns=NAMES).astype("double[pyarrow]"),
    "polars": lambda X: pl.DataFrame(X, schema=NAMES),
}
WEIGHTS: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "whole": lambda: np.arange(N_ROWS) % 3 + 1,
    "with zeros": lambda: np.where(np.arange(N_ROWS) % 7 == 0, 0.0, 1.0),
    "uneven": lambda: np.linspace(0.1, 5.0, N_ROWS),
}


class Recorder:
    """A callback of scikit-learn that counts."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    def setup(self, estimator: Any, context: Any) -> None:
        """Nothing is needed."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Nothing is left."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Count a task."""
        self.begun += 1

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Count its end."""
        self.ended += 1


def same(one: Any, other: Any) -> bool:
    """Whether two sets of rows or labels are the same, in kind and to the last bit."""
    if type(one) is not type(other):
        return False
    if sp.issparse(one):
        return all(same(getattr(one, n), getattr(other, n)) for n in ("data", "indices", "indptr"))
    if hasattr(one, "equals"):
        kinds = [getattr(each, "dtypes", getattr(each, "dtype", None)) for each in (one, other)]
        return bool(one.equals(other)) and str(kinds[0]) == str(kinds[1])
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other


def take(X: Any, rows: Any) -> Any:
    """Return some rows, of any kind."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


@contextlib.contextmanager
def nothing_left_behind() -> Any:
    """Fail where a file is left in the working or the temporary folder."""
    before, where = Path.cwd(), tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        tempfile.tempdir = folder
        try:
            yield
        finally:
            os.chdir(before)
            tempfile.tempdir = where
        assert list(Path(folder).iterdir()) == []


def fit_watched(model: Any, X: Any, y: Any, given: dict[str, Any]) -> Any:
    """Fit, with a callback where there are any."""
    recorder = Recorder()
    if hasattr(model, "set_callbacks"):
        model.set_callbacks(recorder)
    model.fit(X, y, **given)
    assert recorder.begun == recorder.ended
    return model


def is_ours(error: BaseException) -> bool:
    """Whether an error is one that we documented, and hides no foreign one."""
    if not isinstance(error, SkdistillError):
        return False
    cause = error.__cause__ if isinstance(error, StudentError | TeacherError) else None
    return cause is None or isinstance(cause, WeightlessError) or is_ours(cause)


@dataclass(frozen=True)
class Combination(ABC):
    """One fit, by the names of what is combined; a subclass is one of a task.

    Attributes
    ----------
    teacher, folds, weights, rows, further : str
        Names of what both tasks have.
    draw : int
        Draws the rows, and chooses what is checked.
    """

    teacher: str
    folds: str
    weights: str
    rows: str
    further: str
    draw: int

    given: ClassVar[str]
    method: ClassVar[str]

    @abstractmethod
    def features(self) -> tuple[Any, Any, np.ndarray]:
        """Return rows, what was observed of them, and what may be said of them."""

    @abstractmethod
    def model(self) -> Any:
        """Return the estimator."""

    @abstractmethod
    def check_answers(self, model: Any, found: np.ndarray, X: Any, y: Any) -> None:
        """Check what is predicted of the rows."""

    def answers(self, model: Any, X: Any) -> np.ndarray:
        """Return what a model predicts of rows."""
        return getattr(model, self.method)(X)


def fit(case: Combination, X: Any, y: Any, known: dict[str, Any]) -> Any:
    """Return the fitted estimator, None where it is refused by an error of ours."""
    model = case.model()
    try:
        return fit_watched(model, X, y, known)
    except SkdistillError as error:
        if not is_ours(error):
            raise
        return None


def check(case: Combination) -> bool:
    """Fit, and check everything that holds of every fit; say whether it was no error of ours."""
    X, y, said = case.features()
    known: dict[str, Any] = {"sample_weight": WEIGHTS[case.weights]()}
    if case.folds.startswith("groups"):
        known["groups"] = np.arange(N_ROWS) % 7
    if case.teacher == "given":
        known[case.given] = said
    if case.further == "transfer" and case.teacher != "given":
        known["X_transfer"] = take(X, np.arange(20))
    before = copy.deepcopy((X, y, known))
    model = fit(case, X, y, known)
    for one, other in zip((X, y, *known.values()), (*before[:2], *before[2].values()), strict=True):
        assert same(one, other), "an argument of fit was changed"
    if model is not None:
        check_predictions(case, model, X, y)
        assert same(X, before[0]), "the rows were changed by a prediction"
        if case.draw % 2:  # a fit costs the most
            again = fit_watched(clone(model), X, y, known)
            assert_array_equal(case.answers(again, X), case.answers(model, X))
    return model is not None


def check_predictions(case: Combination, model: Any, X: Any, y: Any) -> None:
    """Check what is predicted: sound, and the same for a copy and for a row on its own."""
    found = case.answers(model, X)
    assert len(found) == N_ROWS
    assert np.isfinite(found).all()
    case.check_answers(model, found, X, y)
    assert_array_equal(case.answers(pickle.loads(pickle.dumps(model)), X), found)
    tolerance = 1e-5 if is_single(found, X) else 1e-12
    for row in (0, N_ROWS - 1):
        alone = case.answers(model, take(X, [row]))
        assert_allclose(alone[0], found[row], rtol=tolerance, atol=tolerance)
    assert np.isfinite(model.report_.mean_gain)


def is_single(found: np.ndarray, X: Any) -> bool:
    """Whether anything is in single precision."""
    return np.float32 in (found.dtype, getattr(X, "dtype", None))


def run(case: Combination) -> None:
    """Check one combination, alone in a folder."""
    with nothing_left_behind(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        event("fitted" if check(case) else "refused")


def run_many(cases: Any, number: int, n_cases: int = 500) -> None:
    """Check combinations that are drawn by a number."""

    def one(case: Combination) -> None:
        run(case)

    many = settings(max_examples=n_cases, derandomize=False, **COMMON)
    many(seed(number)(given(case=cases)(one)))()


COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate],  # a case says what is combined: nothing to be shrunk
}
