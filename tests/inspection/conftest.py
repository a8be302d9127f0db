"""Fitted estimators to look at; figures are closed after each test."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill.teaching.calibration import calibrate
from tests.common.data import Sample, sample


@dataclass(frozen=True)
class Case:
    """An estimator, its training rows, held-out rows, and the teacher fitted on all of them."""

    model: DistilledClassifier
    train: Sample
    test: Sample
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
