"""Rows in Parquet files: strengths that are found, numbers, XGBoost, and lazy frames."""

import sys

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from skdistill import DistilledClassifier, DistilledQuantiles, DistilledRegressor
from skdistill.exceptions import InputError, ParameterError, StudentError
from skdistill.outofcore import distil_parquet, parquet, reading
from tests.outofcore.test_distil_parquet import MODEL, N, assert_same, in_memory, table, write

pa = pytest.importorskip("pyarrow")

LIGHT = {"subsample_for_bin": 300, "verbose": -1, "n_jobs": 1}
NUMBERS = DistilledRegressor(
    LGBMRegressor(n_estimators=12, **LIGHT), LGBMRegressor(n_estimators=6, num_leaves=8, **LIGHT),
    cv=3,
)  # fmt: skip


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """Batches that end within files, and files within batches of LightGBM's."""
    monkeypatch.setattr(parquet, "BATCH", 64)
    monkeypatch.setattr(reading.BatchSequence, "batch_size", 100)
    monkeypatch.setattr("skdistill.choosing.strength.PIECE", 90)


def of_numbers(seed=0):
    frame = table(seed=seed).drop(columns="y")
    noise = np.random.default_rng(seed).normal(size=N)
    return frame.assign(y=2.0 * frame["a"] + frame["b"] * frame["count"] + noise)


# A strength that is found


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_strength_is_found_as_in_memory(tmp_path, n_classes, weighted):
    frame = table(n_classes)
    model = clone(MODEL).set_params(strength="auto")
    weight = np.linspace(0.2, 3.0, N)
    folder = write(frame.assign(w=weight) if weighted else frame, tmp_path / "rows")
    fitted = distil_parquet(model, folder, "y", weight="w" if weighted else None)
    beside = {"sample_weight": weight} if weighted else {}
    expected = in_memory(model, fitted, frame, **beside)
    assert fitted.strength_ == pytest.approx(expected.strength_, abs=1e-9)
    assert_same(fitted, expected, frame.drop(columns="y"))
    for count in ("n_teacher_fits", "n_student_fits"):
        assert getattr(fitted.report_, count) == getattr(expected.report_, count)
    assert fitted.report_.shrinkage.keys() == expected.report_.shrinkage.keys()


def test_a_strength_of_one_is_the_direct_student(tmp_path, monkeypatch):
    frame = table()
    monkeypatch.setattr("skdistill.choosing.strength.Reading.strength", 1.0)
    model = clone(MODEL).set_params(strength="auto")
    fitted = distil_parquet(model, write(frame, tmp_path / "rows"), "y")
    expected = in_memory(model, fitted, frame)
    assert fitted.strength_ == expected.strength_ == 1.0
    assert_same(fitted, expected, frame.drop(columns="y"))
    assert fitted.report_.n_student_fits == expected.report_.n_student_fits


# Numbers


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"strength": 0.3, "calibration": "isotonic", "size": "free"},
        {"correction": None, "calibration": None},
        {"student__objective": "poisson", "teacher__objective": "poisson"},
    ],
    ids=str,
)
def test_numbers(tmp_path, settings):
    frame = of_numbers()
    if settings.get("student__objective") == "poisson":
        frame["y"] = np.floor(np.exp(frame["y"] / 4.0))
    model = clone(NUMBERS).set_params(**settings)
    out = tmp_path / "said.parquet"
    fitted = distil_parquet(model, write(frame, tmp_path / "rows"), "y", out=out)
    expected, X = in_memory(model, fitted, frame), frame.drop(columns="y")
    assert_allclose(fitted.teacher_pred_, expected.teacher_pred_, atol=1e-9)
    assert_allclose(fitted.predict(X), expected.predict(X), atol=1e-6)
    assert fitted.strength_ == pytest.approx(expected.strength_, abs=1e-9)
    assert fitted.report_.nodes == expected.report_.nodes
    assert fitted.student_.get_params() == model.student.get_params()
    said = pa.parquet.read_table(out)
    assert said.column_names == ["fold", "pred"]
    assert_array_equal(said.column("pred"), fitted.teacher_pred_)


def test_numbers_with_weights_and_groups(tmp_path):
    frame, weight = of_numbers(), np.linspace(0.2, 3.0, N)
    folder = write(frame.assign(w=weight, g=np.arange(N) // 7), tmp_path / "rows")
    fitted = distil_parquet(NUMBERS, folder, "y", weight="w", group="g")
    expected = in_memory(NUMBERS, fitted, frame, sample_weight=weight)
    X = frame.drop(columns="y")
    assert_allclose(fitted.predict(X), expected.predict(X), atol=1e-6)
    assert fitted.refit_student(X, frame["y"], weight, strength=0.2).strength_ == 0.2


def test_labels_outside_the_domain_of_a_loss(tmp_path):
    model = clone(NUMBERS).set_params(student__objective="poisson")
    with pytest.raises(InputError, match="at least 0"):
        distil_parquet(model, write(of_numbers(), tmp_path / "rows"), "y")
    frame = of_numbers()
    frame.loc[3, "y"] = None
    with pytest.raises(InputError, match="number in every row, got 1 nulls"):
        distil_parquet(NUMBERS, write(frame, tmp_path / "rows"), "y")


# XGBoost


@pytest.mark.parametrize("size", ["direct", "free"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("strength", ["auto", 0.5])
def test_xgboost_of_two_classes(tmp_path, size, weighted, strength):
    xgboost = pytest.importorskip("xgboost")
    how = {"max_bin": 2 * N, "n_jobs": 1}  # a bin for each value: nothing is estimated
    model = DistilledClassifier(
        xgboost.XGBClassifier(n_estimators=12, max_depth=3, **how),
        xgboost.XGBClassifier(n_estimators=6, max_depth=2, **how),
        cv=3, strength=strength, size=size,
    )  # fmt: skip
    frame, weight = table(dtype=np.float32), np.linspace(0.2, 3.0, N)
    folder = write(frame.assign(w=weight) if weighted else frame, tmp_path / "rows")
    fitted = distil_parquet(model, folder, "y", weight="w" if weighted else None)
    expected = in_memory(model, fitted, frame, **({"sample_weight": weight} if weighted else {}))
    X = frame.drop(columns="y")
    assert_allclose(fitted.teacher_proba_, expected.teacher_proba_, atol=1e-5)
    assert fitted.strength_ == pytest.approx(expected.strength_, abs=1e-4)
    assert_allclose(fitted.predict_proba(X), expected.predict_proba(X), atol=1e-4)
    assert_array_equal(fitted.classes_, expected.classes_)
    assert type(fitted.student_) is type(expected.student_)
    assert fitted.report_.nodes == expected.report_.nodes


def test_xgboost_of_numbers(tmp_path):
    xgboost = pytest.importorskip("xgboost")
    how = {"max_bin": 2 * N, "n_jobs": 1}
    model = DistilledRegressor(
        xgboost.XGBRegressor(n_estimators=12, max_depth=3, **how),
        xgboost.XGBRegressor(n_estimators=6, max_depth=2, **how),
        cv=3,
    )
    frame = of_numbers()
    fitted = distil_parquet(model, write(frame, tmp_path / "rows"), "y")
    expected, X = in_memory(model, fitted, frame), frame.drop(columns="y")
    assert fitted.strength_ == pytest.approx(expected.strength_, abs=1e-4)
    assert_allclose(fitted.predict(X), expected.predict(X), atol=1e-3)
    assert fitted.student_.get_params() == expected.student_.get_params()


def test_xgboost_teaches_lightgbm_of_three_classes(tmp_path):
    xgboost = pytest.importorskip("xgboost")
    teacher = xgboost.XGBClassifier(n_estimators=6, max_depth=2, max_bin=2 * N, n_jobs=1)
    model, frame = clone(MODEL).set_params(teacher=teacher), table(3)
    fitted = distil_parquet(model, write(frame, tmp_path / "rows"), "y")
    expected = in_memory(model, fitted, frame)
    assert_allclose(fitted.teacher_proba_, expected.teacher_proba_, atol=1e-5)
    swapped = clone(model).set_params(student=teacher)
    with pytest.raises(StudentError, match="takes two classes"):
        distil_parquet(swapped, tmp_path / "rows", "y")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"booster": "dart"}, "booster"),
        ({"tree_method": "exact"}, "tree_method"),
        ({"early_stopping_rounds": 3}, "early_stopping_rounds"),
        ({"scale_pos_weight": 2.0}, "scale_pos_weight"),
        ({"objective": "binary:hinge"}, "objective"),
        ({"device": "cuda"}, "device"),
    ],
    ids=str,
)
def test_settings_of_xgboost_that_are_not_supported(changes, match):
    xgboost = pytest.importorskip("xgboost")
    model = clone(MODEL).set_params(teacher=xgboost.XGBClassifier(**changes))
    with pytest.raises(StudentError, match=match):
        distil_parquet(model, object(), "y")


@pytest.mark.parametrize(
    ("model", "error", "match"),
    [
        (clone(NUMBERS).set_params(student__objective="mae"), ParameterError, "loss="),
        (clone(NUMBERS).set_params(student=LinearRegression()), StudentError, "XGBRegressor"),
        (clone(NUMBERS).set_params(teacher=LGBMClassifier()), StudentError, "LGBMRegressor"),
        (clone(NUMBERS).set_params(calibration="stacked"), ParameterError, "stacked"),
        (DistilledQuantiles(LGBMRegressor()), ParameterError, "DistilledRegressor"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_numbers_that_are_not_supported(model, error, match):
    with pytest.raises(error, match=match):
        distil_parquet(model, object(), "y")


# Lazy frames


def test_a_lazy_frame_of_polars(tmp_path):
    polars = pytest.importorskip("polars")
    frame = table()
    fitted = distil_parquet(MODEL, polars.from_pandas(frame).lazy(), "y")
    expected = distil_parquet(MODEL, write(frame, tmp_path / "rows"), "y")
    X = frame.drop(columns="y")
    assert_allclose(fitted.predict_proba(X), expected.predict_proba(X), atol=1e-9)
    unread = polars.LazyFrame({"a": [1.0]}).map_batches(
        lambda _: 1 / 0, schema={"a": polars.Float64}
    )
    with pytest.raises(ParameterError, match="target must name a column"):
        distil_parquet(MODEL, unread, "y")


def test_a_frame_of_dask(tmp_path):
    dask = pytest.importorskip("dask.dataframe")
    frame = table()
    parts = dask.from_pandas(frame, npartitions=12)
    fitted = distil_parquet(MODEL, parts, "y")
    expected = distil_parquet(MODEL, write(frame, tmp_path / "rows"), "y")
    X = frame.drop(columns="y")
    assert_allclose(fitted.predict_proba(X), expected.predict_proba(X), atol=1e-9)
    with pytest.raises(ParameterError, match="weight must name a column"):
        distil_parquet(MODEL, parts, "y", weight="w")


def test_without_xgboost(monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(StudentError, match="teacher"):
        distil_parquet(clone(MODEL).set_params(teacher=LinearRegression()), object(), "y")
