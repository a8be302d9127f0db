"""Students of numbers: where they run, and what their boosters are told."""

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import StackingRegressor, VotingRegressor
from sklearn.feature_selection import RFE
from sklearn.linear_model import QuantileRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import RadiusNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBRegressor

from skdistill import DistilledRegressor
from skdistill.exceptions import SkdistillWarning, StudentError
from skdistill.students import lightgbm, resolve_regressor, xgboost
from tests.common.spies import CountingRegressor

ROWS = np.random.default_rng(0).normal(size=(60, 3))
Y = ROWS[:, 0] + 0.3 * ROWS[:, 1] ** 2
SMALL = {"n_estimators": 3, "n_jobs": 1}
BOOSTERS = [LGBMRegressor(verbose=-1, min_child_samples=5, **SMALL), XGBRegressor(**SMALL)]


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(lightgbm, "gpu_learner", lambda: (None, "it has no learner for GPUs."))
    monkeypatch.setattr(xgboost, "_gpu_obstacle", lambda: "it found no GPU.")


@pytest.mark.parametrize("found", ["cuda", "gpu"])
@pytest.mark.parametrize(
    ("objective", "runs"),
    [("poisson", "its own objective runs"), ("tweedie", "gradients of each round from the CPU")],
)
def test_lightgbm_runs_on_the_gpu_that_is_there(monkeypatch, found, objective, runs):
    monkeypatch.setattr(lightgbm, "gpu_learner", lambda: (found, None))
    student = LGBMRegressor(objective=objective)
    for asked in ("auto", "cuda"):
        adapter = resolve_regressor(student).on_device(asked)
        assert adapter.student.device_type == found
        assert adapter.default_loss == resolve_regressor(student).default_loss
        assert lightgbm.GPU_LEARNERS[found] in adapter.route.reason
        assert runs in adapter.route.reason
    assert student.get_params().get("device_type") is None


def test_xgboost_runs_on_the_gpu_that_is_there(monkeypatch):
    monkeypatch.setattr(xgboost, "_gpu_obstacle", lambda: None)
    student = XGBRegressor(objective="count:poisson")
    for wrapped in (student, make_pipeline(StandardScaler(), student)):
        adapter = resolve_regressor(wrapped).on_device("auto")
        inner = getattr(adapter, "last", adapter)
        assert inner.student.device == "cuda"
    assert student.device is None


@pytest.mark.parametrize("student", [*BOOSTERS, Ridge()], ids=lambda s: type(s).__name__)
def test_cuda_without_a_gpu_is_refused_before_any_fit(no_gpu, student):
    fits = CountingRegressor.watch()
    model = DistilledRegressor(CountingRegressor(), student, device="cuda")
    with pytest.raises(StudentError, match="device='cuda'"):
        model.fit(ROWS, Y)
    assert fits == []


MEDIAN = QuantileRegressor(alpha=0.0)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "student",
    [
        StackingRegressor([("a", Ridge())], cv=2),  # no predict before it is fitted
        StackingRegressor([("a", Ridge())], MEDIAN, cv=2),
        VotingRegressor([("a", Ridge()), ("b", Ridge(2.0))]),  # weights are one of any keywords
        VotingRegressor([("a", MEDIAN)]),
        TransformedTargetRegressor(MEDIAN, transformer=StandardScaler()),
        GridSearchCV(RFE(Ridge()), {"n_features_to_select": [1, 2]}, cv=2),
        XGBRegressor(objective="reg:quantileerror", quantile_alpha=0.5, **SMALL),
        XGBRegressor(objective="reg:absoluteerror", **SMALL),
    ],
    ids=lambda s: type(s).__name__,
)
def test_several_outputs(student, weighted):
    two = np.column_stack([Y, ROWS[:, 2]])
    weight = np.where(ROWS[:, 2] > 0.0, 1.0, 2.0) if weighted else None
    for strength in (0.5, 1.0):
        model = DistilledRegressor(Ridge(), student, cv=3, strength=strength, random_state=0)
        assert model.fit(ROWS, two, weight).predict(ROWS).shape == two.shape


def test_predictions_that_are_missing_are_told():
    student = RadiusNeighborsRegressor(0.01)
    with (
        pytest.warns(UserWarning, match="no neighbors"),
        pytest.raises(StudentError, match=r"no usable answer for the other rows.*must be finite"),
    ):
        DistilledRegressor(Ridge(), student, cv=3, random_state=0).fit(ROWS, Y)


@pytest.mark.parametrize("student", BOOSTERS, ids=lambda s: type(s).__name__)
def test_auto_without_a_gpu_says_that_it_takes_the_cpu(no_gpu, student):
    how = {"cv": 3, "strength": 0.5, "random_state": 0}
    model = DistilledRegressor(Ridge(), student, device="auto", **how)
    with pytest.warns(SkdistillWarning, match="on the CPU"):
        model.fit(ROWS, Y)
    plain = DistilledRegressor(Ridge(), student, **how).fit(ROWS, Y)
    assert_array_equal(model.predict(ROWS), plain.predict(ROWS))
