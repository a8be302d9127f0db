"""Fitted estimators to look at; figures are closed after each test."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
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
