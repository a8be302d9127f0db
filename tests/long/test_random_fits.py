"""Random fits: whatever is combined ends in a student that can be trusted, or in an error of ours.

Sixty run with the other tests; ``pytest -m long tests/long/test_random_fits.py`` runs 5,000.
"""

import contextlib
import copy
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, Phase, event, given, seed, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV, SoftLogisticRegression
from skdistill.exceptions import SkdistillError, StudentError, TeacherError

N_ROWS = 60
SMALL = {"n_estimators": 3, "num_leaves": 4, "min_child_samples": 3, "n_jobs": 1, "verbose": -1}

TEACHERS: dict[str, Callable[[], Any]] = {
    "bayes": GaussianNB,
    "tree": lambda: DecisionTreeClassifier(min_samples_leaf=4, random_state=0),
    "forest": lambda: RandomForestClassifier(5, max_depth=4, random_state=0),
    "logistic": lambda: make_pipeline(StandardScaler(with_mean=False), LogisticRegression()),
    "lightgbm": lambda: LGBMClassifier(**SMALL, random_state=0),
    "average": lambda: [
        ("bayes", GaussianNB()),
        ("extra", ExtraTreesClassifier(3, random_state=0)),
    ],
    "given": lambda: None,
}
STUDENTS: dict[str, Callable[[], Any]] = {
    "tree": lambda: DecisionTreeClassifier(max_depth=3, random_state=0),
    "random tree": lambda: ExtraTreeClassifier(random_state=0),
    "tree of numbers": lambda: DecisionTreeRegressor(max_depth=3, random_state=0),
    "forest": lambda: RandomForestClassifier(3, max_depth=3, random_state=0),
    "forest of numbers": lambda: RandomForestRegressor(3, max_depth=3, random_state=0),
    "ridge": Ridge,
    "bayes": GaussianNB,
    "logistic": LogisticRegression,
    "soft logistic": lambda: SoftLogisticRegression(C=0.5),
    "sparse logistic": lambda: SoftLogisticRegression(C=0.5, l1_ratio=0.5),
    "descent": lambda: SGDClassifier(loss="log_loss", random_state=0),
    "lightgbm": lambda: LGBMClassifier(**SMALL, random_state=0),
    "lightgbm of numbers": lambda: LGBMRegressor(**SMALL, random_state=0),
    "pipeline": lambda: make_pipeline(
        StandardScaler(with_mean=False), DecisionTreeClassifier(max_depth=2, random_state=0)
    ),
    "default": lambda: None,
}
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
LABELS: dict[str, Callable[[np.ndarray], Any]] = {
    "numbers": lambda codes: codes * 3 - 1,
    "text": lambda codes: np.array(["pear", "fig", "lime"])[codes],
    "objects": lambda codes: np.array(["pear", "fig", "lime"], dtype=object)[codes],
    "list": lambda codes: [f"class {code}" for code in codes],
    "flags": lambda codes: codes == codes.max(),
    "nullable": lambda codes: pd.Series(codes + 2**60, dtype="Int64"),
    "categories": lambda codes: pd.Series(np.array(["pear", "fig", "lime"])[codes]).astype(
        "category"
    ),
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


@dataclass(frozen=True)
class Case:
    """One fit, by the names of what is combined."""

    teacher: str
    student: str
    loss: str
    temperature: float
    correction: str | None
    calibration: str | None
    strength: Any
    folds: str
    weights: str
    labels: str
    rows: str
    n_classes: int
    further: str
    searches: bool
    draw: int

    def features(self) -> tuple[Any, Any, np.ndarray]:
        """Return rows, labels, and probabilities for them."""
        rng = np.random.default_rng(self.draw)
        X = np.round(rng.normal(size=(N_ROWS, 4)), 2)
        scores = X @ np.random.default_rng(self.draw + 1).normal(size=(4, self.n_classes))
        codes = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)
        codes[: 4 * self.n_classes] = np.arange(4 * self.n_classes) % self.n_classes
        y = LABELS[self.labels](codes)
        n_classes = len(np.unique(np.asarray(y)))
        p = rng.dirichlet(np.ones(n_classes), size=N_ROWS)
        kind = "numpy" if self.is_refused_by_a_learner() else self.rows
        return ROWS[kind](X), y, p

    def is_refused_by_a_learner(self) -> bool:
        """Whether one of the learners takes no such rows, whoever fits it."""
        both = self.teacher, self.student
        if self.rows == "arrow":
            return any("lightgbm" in each or each == "default" for each in both)
        return self.rows == "sparse" and any(each in ("bayes", "average") for each in both)

    def settings(self) -> dict[str, Any]:
        """Return the parameters; most that cannot go together, and so have an error, are not."""
        of_numbers = self.student == "ridge" or "of numbers" in self.student
        unusual = self.draw % 20 == 0
        fitting = ("auto", "brier", "logit") if of_numbers else ("auto", "cross_entropy")
        loss = self.loss if unusual or self.loss in fitting else "auto"
        anneals = loss == "cross_entropy" or (loss == "auto" and not of_numbers)
        makes_rows = self.further == "synthetic" and self.teacher != "given"
        blends = self.further == "none" or unusual
        return {
            "loss": loss,
            "temperature": self.temperature if anneals or unusual else 1.0,
            "correction": self.correction,
            "strength": self.strength if self.follows() or unusual else "auto",
            "calibration": self.calibration if blends else self.calibration and "sigmoid",
            "synthetic": "munge" if makes_rows and self.rows != "sparse" else None,
            "cv": FOLDS[self.folds](),
            "random_state": 0,
        }

    def follows(self) -> bool:
        """Whether the correction follows the strength."""
        return self.correction in ("orthogonal", "fast")

    def model(self) -> Any:
        """Return the estimator."""
        parts = TEACHERS[self.teacher](), STUDENTS[self.student]()
        own = self.settings()
        if not self.searches or self.teacher == "given":
            return DistilledClassifier(*parts, **own)
        names = {"losses": "loss"} | {
            f"{name}s": name for name in ("temperature", "correction", "calibration", "synthetic")
        }
        tried = {many: (own[one],) for many, one in names.items()}
        if self.follows():
            tried["strengths"] = (0.3, 1.0) if own["strength"] == "auto" else (own["strength"],)
        return DistilledClassifierCV(*parts, **tried, cv=own["cv"], random_state=0)


cases = st.builds(
    Case,
    teacher=st.sampled_from(list(TEACHERS)),
    student=st.sampled_from(list(STUDENTS)),
    loss=st.sampled_from(["auto", "auto", "cross_entropy", "brier", "logit"]),
    temperature=st.sampled_from([1.0, 1.0, 2.0, 0.7]),
    correction=st.sampled_from(["orthogonal", "orthogonal", "fast", "slow", "relative", None]),
    calibration=st.sampled_from(["sigmoid", "temperature", "isotonic", "stacked", None]),
    strength=st.sampled_from(["auto", 0.0, 0.3, 1.0]),
    folds=st.sampled_from(list(FOLDS)),
    weights=st.sampled_from(list(WEIGHTS)),
    labels=st.sampled_from(list(LABELS)),
    rows=st.sampled_from(list(ROWS)),
    n_classes=st.sampled_from([2, 2, 3]),
    further=st.sampled_from(["none", "none", "none", "transfer", "synthetic"]),
    searches=st.sampled_from([False, False, False, False, True]),
    draw=st.integers(0, 10_000),
)


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


def fit(case: Case, X: Any, y: Any, given: dict[str, Any]) -> Any:
    """Return the fitted estimator, None where it is refused by an error of ours."""
    model = case.model()
    try:
        return fit_watched(model, X, y, given)
    except SkdistillError as error:
        if not is_ours(error):
            raise
        return None


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
    hidden = isinstance(error, StudentError | TeacherError) and error.__cause__ is not None
    return not hidden or is_ours(error.__cause__)


def check(case: Case) -> bool:
    """Fit, and check everything that holds of every fit; say whether it was no error of ours."""
    X, y, p = case.features()
    given: dict[str, Any] = {"sample_weight": WEIGHTS[case.weights]()}
    if case.folds.startswith("groups"):
        given["groups"] = np.arange(N_ROWS) % 7
    if case.teacher == "given":
        given["teacher_proba"] = p
    if case.further == "transfer" and case.teacher != "given":
        given["X_transfer"] = take(X, np.arange(20))
    before = copy.deepcopy((X, y, given))
    model = fit(case, X, y, given)
    for one, other in zip((X, y, *given.values()), (*before[:2], *before[2].values()), strict=True):
        assert same(one, other), "an argument of fit was changed"
    if model is not None:
        check_predictions(model, X, y)
        assert same(X, before[0]), "the rows were changed by a prediction"
        if case.draw % 2:  # a fit costs the most
            again = fit_watched(clone(model), X, y, given)
            assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    return model is not None


def check_predictions(model: Any, X: Any, y: Any) -> None:
    """Check what is predicted: sound, and the same for a copy and for a row on its own."""
    found = model.predict_proba(X)
    assert found.shape == (N_ROWS, len(model.classes_))
    assert np.isfinite(found).all()
    assert (found >= 0.0).all()
    single = np.float32 in (found.dtype, getattr(X, "dtype", None))
    assert_allclose(found.sum(axis=1), 1.0, atol=1e-5 if single else 1e-9)
    assert set(model.predict(X)) <= set(np.asarray(y).tolist())
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), found)
    for row in (0, N_ROWS - 1):
        alone = model.predict_proba(take(X, [row]))
        assert_allclose(alone[0], found[row], atol=1e-5 if single else 1e-12)
    assert np.isfinite(model.report_.mean_gain)
    scores = [score for of in model.report_.teacher.values() for score in of.values()]
    assert np.isfinite(scores).all()


def run(case: Case) -> None:
    with nothing_left_behind(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        event("fitted" if check(case) else "refused")


COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate],  # a case says what is combined: nothing to be shrunk
}


@settings(max_examples=60, derandomize=True, **COMMON)
@given(case=cases)
def test_random_fits(case: Case) -> None:
    run(case)


@pytest.mark.long
@pytest.mark.parametrize("number", range(10))
def test_many_random_fits(number: int) -> None:
    """Ten times 500."""
    many = settings(max_examples=500, derandomize=False, **COMMON)

    def one(case: Case) -> None:
        run(case)

    many(seed(number)(given(case=cases)(one)))()
