"""Fitted estimators to look at; figures are closed after each test."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import PoissonRegressor, QuantileRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.teaching.calibration import calibrate
from tests.common.data import sample


@dataclass(frozen=True)
class Case:
    """An estimator, its training rows, held-out rows, and the teacher fitted on all of them."""

    model: Any
    train: Any
    test: Any
    teacher: Any


def make_case(n_classes: int) -> Case:
    train, test = sample(n_classes, 120), sample(n_classes, 80, seed=1)
    teacher = RandomForestClassifier(8, min_samples_leaf=3, random_state=0)
    student = DecisionTreeClassifier(max_leaf_nodes=6, random_state=0)
    model = DistilledClassifier(teacher, student, cv=3, random_state=0)
    model.fit(train.X, train.y)
    full = RandomForestClassifier(8, min_samples_leaf=3, random_state=0).fit(train.X, train.y)
    return Case(model, train, test, full)


def cross_calibrated(case: Case, method: str = "sigmoid") -> np.ndarray:
    """Return the teacher's probabilities of the training rows, each fold by the other two."""
    y, raw, fold = case.train.one_hot, case.model.teacher_proba_, case.model.fold_
    p = np.empty_like(raw)
    for test in (fold == 0, fold == 1, fold == 2):
        p[test] = calibrate(method, y[~test], raw[~test]).transform(raw[test])
    return p


FOREST = RandomForestRegressor(8, min_samples_leaf=3, random_state=0)
SMALL = DecisionTreeRegressor(max_leaf_nodes=6, random_state=0)
# By name: teacher, student, how y is made of a sum of features with noise.
NUMBERS = {
    "mean": (FOREST, SMALL, lambda y: y),
    "counts": (FOREST, PoissonRegressor(alpha=0.1), lambda y: np.floor(np.exp(0.5 * y))),
    "quantile": (
        QuantileRegressor(quantile=0.8, alpha=0.0),
        QuantileRegressor(quantile=0.8, alpha=0.01),
        lambda y: y,
    ),
    "outputs": (FOREST, SMALL, lambda y: np.column_stack([y, 10.0 - y**2])),
}


@dataclass(frozen=True)
class Numbers:
    """Rows and the numbers observed there."""

    X: np.ndarray
    y: np.ndarray

    @property
    def columns(self) -> np.ndarray:
        """The numbers as columns."""
        return self.y.reshape(len(self.y), -1)


def numbers(kind: str, n_rows: int, seed: int = 0) -> Numbers:
    """Draw rows of four features; the first two and their product matter."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 4))
    y = X[:, 0] + X[:, 1] + X[:, 0] * X[:, 1] + 0.5 * rng.normal(size=n_rows)
    return Numbers(X, NUMBERS[kind][2](y))


def make_numbers_case(kind: str) -> Case:
    """Fit a distiller of numbers."""
    train, test = numbers(kind, 120), numbers(kind, 80, seed=1)
    teacher, student, _ = NUMBERS[kind]
    model = DistilledRegressor(teacher, student, cv=3, random_state=0).fit(train.X, train.y)
    return Case(model, train, test, clone(teacher).fit(train.X, train.y))


@pytest.fixture(scope="session")
def numbers_cases() -> dict[str, Case]:
    """One of each kind, fitted when asked for."""
    return {}


@pytest.fixture(params=NUMBERS)
def numeric(request: pytest.FixtureRequest, numbers_cases: dict[str, Case]) -> Case:
    """A mean, counts, a quantile, and two outputs."""
    if request.param not in numbers_cases:
        numbers_cases[request.param] = make_numbers_case(request.param)
    return numbers_cases[request.param]


@pytest.fixture(params=["three", *NUMBERS])
def either(request: pytest.FixtureRequest, numbers_cases: dict[str, Case]) -> Case:
    """Of both tasks."""
    if request.param == "three":
        return request.getfixturevalue("three")
    if request.param not in numbers_cases:
        numbers_cases[request.param] = make_numbers_case(request.param)
    return numbers_cases[request.param]


@pytest.fixture(scope="session")
def two() -> Case:
    """Two classes."""
    return make_case(2)


@pytest.fixture(scope="session")
def three() -> Case:
    """Three classes."""
    return make_case(3)


@pytest.fixture(params=["two", "three"])
def case(request: pytest.FixtureRequest) -> Case:
    """Each of `two` and `three`."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def weight() -> np.ndarray:
    """Weights of the 120 training rows."""
    return np.random.default_rng(0).uniform(0.5, 2.0, size=120)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pytest.importorskip("matplotlib.pyplot").close("all")
