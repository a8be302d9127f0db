"""Fixtures of the tests: small noisy data sets, array namespaces, the folder of real data."""

import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from sklearn.datasets import make_classification

from skdistill.students import trial

os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile(
    "skdistill",
    deadline=None,  # a shared machine is slow at random
    derandomize=True,  # the same examples in every run: a failure repeats
    max_examples=50,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("skdistill")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse names of tests that hold an address: no two processes would collect the same."""
    moving = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if moving:
        raise pytest.UsageError(f"give these tests ids that stay the same: {moving[:5]}")


class Dataset(NamedTuple):
    """Rows and labels; unpacks as ``X, y``."""

    X: np.ndarray
    y: np.ndarray


def _classification(n_classes: int, n_samples: int, flip_y: float) -> Dataset:
    X, y = make_classification(
        n_samples=n_samples,
        n_features=8,
        n_informative=5,
        n_redundant=1,
        n_classes=n_classes,
        n_clusters_per_class=1,
        class_sep=0.8,
        flip_y=flip_y,
        random_state=0,
    )
    return Dataset(X, y)


@pytest.fixture(autouse=True)
def untried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let learners of the tests pass as known ones: spies count fits, a trial would be among them.

    The tests that are about trials have the mark "tries".
    """
    if "tries" not in request.keywords:
        monkeypatch.setattr(trial, "KNOWN", trial.KNOWN | {"tests"})


@pytest.fixture
def binary() -> Dataset:
    """300 rows, 8 features, classes 0 and 1, a tenth of the labels drawn at random."""
    return _classification(n_classes=2, n_samples=300, flip_y=0.1)


@pytest.fixture
def multiclass() -> Dataset:
    """360 rows, 8 features, classes 0, 1 and 2, a tenth of the labels drawn at random."""
    return _classification(n_classes=3, n_samples=360, flip_y=0.1)


@pytest.fixture
def binary_str(binary: Dataset) -> Dataset:
    """`binary` with the labels "no" and "yes"."""
    return Dataset(binary.X, np.array(["no", "yes"])[binary.y])


@pytest.fixture
def multiclass_str(multiclass: Dataset) -> Dataset:
    """`multiclass` with string labels whose sorted order is not that of the codes."""
    return Dataset(multiclass.X, np.array(["pear", "apple", "quince"])[multiclass.y])


@pytest.fixture(params=["binary", "multiclass"])
def classification(request: pytest.FixtureRequest) -> Dataset:
    """Each of `binary` and `multiclass`."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["numpy", "array_api_strict"])
def xp(request: pytest.FixtureRequest) -> ModuleType:
    """Return an array namespace: NumPy, and the strict one that has nothing but the standard."""
    if request.param == "numpy":
        return importlib.import_module("numpy")
    return pytest.importorskip(request.param)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of ``<name>.csv.gz`` files that SKDISTILL_DATA names; skip without it."""
    folder = os.environ.get("SKDISTILL_DATA")
    if not folder:
        pytest.skip("SKDISTILL_DATA names no folder of real data sets (<name>.csv.gz)")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"SKDISTILL_DATA={folder!r} is not a folder")
    return path
