"""Students on every array namespace, and the choice of a device."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    DistilledClassifier,
    DistilledRegressor,
    SoftLogisticRegression,
    SoftMLPClassifier,
    distillation_path,
)
from skdistill._ground import devices
from skdistill.exceptions import ParameterError, SkdistillWarning, StudentError
from skdistill.students import lightgbm, linear, mlp, resolve, soft_logistic, soft_mlp
from tests.common import device_checks
from tests.common.data import sample
from tests.common.device_checks import SETTINGS
from tests.common.numbers import numbers
from tests.oracles.convert import DTYPES

DATA = sample(2)
both_dtypes = pytest.mark.parametrize("dtype", DTYPES)


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
@pytest.mark.parametrize(
    "student",
    [SoftLogisticRegression(tol=1e-8), SoftMLPClassifier(**SETTINGS)],
    ids=["linear", "mlp"],
)
@pytest.mark.parametrize("strength", [0.5, "auto"])
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


def test_strict_rows_that_cannot_be_used(xp):
    X = xp.asarray(DATA.X)
    model = SoftLogisticRegression().fit(X, DATA.y)
    with pytest.raises(ValueError, match=r"3 features.*expecting 4"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match="NaN"):
        model.predict(xp.where(X > 1.0, xp.asarray(np.nan), X))
    with pytest.raises(ValueError, match=r"shape|2D"):
        model.fit(X[:, 0], DATA.y)


def test_rows_on_a_device_are_not_for_logistic_regression():
    strict = pytest.importorskip("array_api_strict")
    model = DistilledClassifier(None, LogisticRegression(), strength=0.5)
    with pytest.raises(StudentError, match="SoftLogisticRegression"):
        model.fit(strict.asarray(DATA.X), DATA.y, teacher_proba=DATA.teacher)


# The choice


OWN = [
    SoftLogisticRegression(),
    SoftMLPClassifier(**SETTINGS),
    LogisticRegression(),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


@pytest.fixture
def no_gpu(monkeypatch):
    """Return the reason that is given for there being none."""
    reason = 'CuPy is not installed; pip install "skdistill[gpu]" brings it.'
    for module in (linear, mlp, soft_logistic, soft_mlp):
        monkeypatch.setattr(module, "cupy_obstacle", lambda: reason)
    monkeypatch.setattr(lightgbm, "gpu_learner", lambda: (None, "no learner for GPUs."))


@pytest.fixture
def strict_gpu(monkeypatch):
    """array_api_strict in the place of CuPy."""
    strict = pytest.importorskip("array_api_strict")
    for module in (linear, mlp, soft_logistic, soft_mlp):
        monkeypatch.setattr(module, "cupy_obstacle", lambda: None)
    monkeypatch.setattr(devices, "_gpu", lambda: strict)


@pytest.mark.parametrize("student", OWN, ids=lambda s: type(s).__name__)
def test_cuda_without_gpu_names_the_extra(no_gpu, student):
    model = DistilledClassifier(None, student, device="cuda", strength=0.5)
    with pytest.raises(StudentError, match=r"device='cuda'.*skdistill\[gpu\].*'auto'"):
        model.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)


@pytest.mark.parametrize(
    "student",
    [*OWN, LGBMClassifier(n_estimators=2, verbose=-1), DecisionTreeClassifier()],
    ids=lambda s: type(s).__name__,
)
def test_auto_without_gpu_says_that_it_takes_the_cpu(no_gpu, student):
    model = DistilledClassifier(None, student, device="auto", strength=0.5)
    with pytest.warns(SkdistillWarning, match="on the CPU") as caught:
        model.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
    assert len(caught) == 1
    plain = DistilledClassifier(None, student, strength=0.5)
    plain.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
    if not isinstance(student, DecisionTreeClassifier):
        assert_array_equal(model.predict_proba(DATA.X), plain.predict_proba(DATA.X))
    assert "GPU" not in str(model.route_)


NUMERIC = [
    LGBMRegressor(n_estimators=2, verbose=-1),
    Ridge(),
    make_pipeline(StandardScaler(), DecisionTreeRegressor(random_state=0)),
]


@pytest.mark.parametrize("student", NUMERIC, ids=lambda s: type(s).__name__)
def test_students_of_numbers_without_gpu(no_gpu, student):
    data = numbers()
    given = {"teacher_pred": data.teacher}
    fit = {device: DistilledRegressor(None, student, device=device, strength=0.5).fit
           for device in ("cpu", "auto", "cuda")}  # fmt: skip
    with pytest.warns(SkdistillWarning, match="on the CPU") as caught:
        model = fit["auto"](data.X, data.y, **given)
    assert len(caught) == 1
    plain = fit["cpu"](data.X, data.y, **given)
    assert_array_equal(model.predict(data.X), plain.predict(data.X))
    with pytest.raises(StudentError, match=r"device='cuda'.*'auto'"):
        fit["cuda"](data.X, data.y, **given)


@pytest.mark.parametrize("student", OWN, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_host_rows_are_moved_and_the_student_comes_back(strict_gpu, student, device):
    model = DistilledClassifier(None, student, device=device, strength=1.0, temperature=2.0)
    model.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
    plain = DistilledClassifier(None, student, strength=1.0, temperature=2.0)
    plain.fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
    p = model.predict_proba(DATA.X)
    assert isinstance(p, np.ndarray)
    np.testing.assert_allclose(p, plain.predict_proba(DATA.X), atol=1e-3)
    assert "on the GPU" in model.route_.reason
    assert type(model.student_) is type(student)


def test_estimators_have_a_device_of_their_own(strict_gpu):
    for student in OWN[:2]:
        model = type(student)(**student.get_params() | {"device": "cuda"}).fit(DATA.X, DATA.y)
        assert isinstance(model.predict_proba(DATA.X), np.ndarray)
    path = distillation_path(DATA.X, DATA.y, DATA.teacher, device="cpu")
    assert path.coef.shape == (5, 1, 1, 4)


def test_sparse_rows_stay_on_the_cpu(strict_gpu):
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(ParameterError, match="dense rows"):
        SoftLogisticRegression(device="cuda").fit(sparse.csr_array(DATA.X), DATA.y)


def test_lightgbm_by_the_learner_that_is_there(monkeypatch):
    for found in ("cuda", "gpu"):
        monkeypatch.setattr(lightgbm, "gpu_learner", lambda found=found: (found, None))
        for student, runs in (
            (LGBMClassifier(), "gradients of each round from the CPU"),
            (LGBMRegressor(), "its own objective runs"),
        ):
            adapter = resolve(student).on_device("auto")
            assert adapter.student.device_type == found
            assert student.get_params().get("device_type") is None
            assert lightgbm.GPU_LEARNERS[found] in adapter.route.reason
            assert runs in adapter.route.reason


def test_unknown_device():
    with pytest.raises(ParameterError, match=r"'auto', 'cpu', 'cuda'.*'gpu'"):
        SoftLogisticRegression(device="gpu").fit(DATA.X, DATA.y)


def test_reasons_are_found_out():
    """Where there is a GPU there is no reason; elsewhere it names the remedy."""
    reason = devices.cupy_obstacle()
    assert reason is None or "skdistill[gpu]" in reason
    device, obstacle = lightgbm.gpu_learner()
    assert device in ("cuda", "gpu") if obstacle is None else "pip install" in obstacle
