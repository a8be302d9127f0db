"""The students on an NVIDIA GPU: the bodies of the CPU's checks, with CuPy; ``pytest -m gpu``."""

import importlib

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import (
    DistilledClassifier,
    SoftLogisticRegression,
    SoftMLPClassifier,
    distillation_path,
)
from skdistill._ground.devices import cupy_obstacle
from skdistill.students.lightgbm import gpu_learner
from tests.common import device_checks
from tests.common.data import sample
from tests.common.device_checks import SETTINGS
from tests.oracles.convert import DTYPES

pytestmark = pytest.mark.gpu
both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
DATA = sample(2)


@pytest.fixture
def xp():
    """Return CuPy, or skip and say why."""
    obstacle = cupy_obstacle()
    if obstacle is not None:
        pytest.skip(obstacle)
    return importlib.import_module("cupy")


@both_dtypes
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_linear(xp, dtype, n_classes, l1_ratio):
    device_checks.check_linear(xp, dtype, n_classes, l1_ratio)


@both_dtypes
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_mlp(xp, dtype, dropout):
    device_checks.check_mlp(xp, dtype, dropout)


@both_dtypes
@pytest.mark.parametrize("n_classes", [2, 3])
def test_path(xp, dtype, n_classes):
    device_checks.check_path(xp, dtype, n_classes)


@both_dtypes
@pytest.mark.parametrize("strength", [0.5, "auto"])
@pytest.mark.parametrize(
    "student",
    [SoftLogisticRegression(tol=1e-8), SoftMLPClassifier(**SETTINGS)],
    ids=["linear", "mlp"],
)
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.LeakWarning")  # rows on a coarse grid
def test_distiller(xp, dtype, student, strength):
    device_checks.check_distiller(xp, dtype, student, strength)


@both_dtypes
@pytest.mark.parametrize("method", ["sigmoid", "temperature", "isotonic", "stacked"])
def test_calibration(xp, dtype, method):
    device_checks.check_calibration(xp, dtype, method)


@both_dtypes
def test_signed_targets(xp, dtype):
    device_checks.check_signed_targets(xp, dtype)


@pytest.mark.parametrize(
    "student",
    [
        LogisticRegression(),
        SoftLogisticRegression(),
        SoftMLPClassifier(**SETTINGS),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda s: type(s).__name__,
)
def test_host_rows_are_moved_and_the_student_comes_back(xp, student):
    p = {}
    for device in ("cuda", "cpu"):
        model = DistilledClassifier(None, student, device=device, strength=0.5)
        model.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
        p[device] = model.predict_proba(DATA.X)
    assert isinstance(p["cuda"], np.ndarray)
    np.testing.assert_allclose(p["cuda"], p["cpu"], atol=1e-3)


def test_path_of_host_rows(xp):
    on_gpu = distillation_path(DATA.X, DATA.y, DATA.teacher, device="cuda")
    on_cpu = distillation_path(DATA.X, DATA.y, DATA.teacher)
    np.testing.assert_allclose(on_gpu.coef, on_cpu.coef, atol=1e-4)


@pytest.mark.parametrize("learner", [LGBMClassifier, LGBMRegressor])
def test_lightgbm(learner):
    device, obstacle = gpu_learner()
    if device is None:
        pytest.skip(obstacle)
    losses = {}
    for where in ("cuda", "cpu"):
        student = learner(n_estimators=20, num_leaves=7, verbose=-1)
        model = DistilledClassifier(None, student, device=where, strength=0.5)
        model.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
        p = np.clip(model.predict_proba(DATA.X), 1e-3, 1.0)
        losses[where] = -np.mean(np.sum(DATA.teacher * np.log(p), axis=1))
    assert losses["cuda"] == pytest.approx(losses["cpu"], abs=0.02)


def test_xgboost():
    xgboost = pytest.importorskip("xgboost")
    from skdistill.students.xgboost import _gpu_obstacle

    if _gpu_obstacle() is not None:
        pytest.skip(_gpu_obstacle())
    p = {}
    for where in ("cuda", "cpu"):
        student = xgboost.XGBClassifier(n_estimators=20, max_depth=3)
        model = DistilledClassifier(None, student, device=where, strength=0.5)
        model.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
        p[where] = model.predict_proba(DATA.X)
    np.testing.assert_allclose(p["cuda"], p["cpu"], atol=0.05)
