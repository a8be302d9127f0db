"""Rows in Parquet files: the student of the same rows in memory, read batch by batch."""

import sys

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import PredefinedSplit
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import FoldError, InputError, ParameterError, StudentError
from skdistill.outofcore import distil_parquet, parquet, reading
from skdistill.outofcore.splitting import folds_of_groups, folds_of_rows

pa = pytest.importorskip("pyarrow")
files = pytest.importorskip("pyarrow.dataset")

N = 700
# The bins are of a sample of the rows: the same one, read from files.
TEACHER = LGBMClassifier(n_estimators=12, subsample_for_bin=300, verbose=-1, n_jobs=1)
STUDENT = LGBMClassifier(
    n_estimators=6, num_leaves=8, subsample_for_bin=300, verbose=-1, n_jobs=1, random_state=3
)
MODEL = DistilledClassifier(TEACHER, STUDENT, cv=3, strength=0.5)


def table(n_classes=2, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N, 4)).astype(dtype)
    X[rng.random(N) < 0.1, 2] = np.nan
    score = np.nan_to_num(X) @ rng.standard_normal((4, n_classes)) + rng.gumbel(size=(N, n_classes))
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["count"] = rng.integers(0, 5, N).astype(np.float32 if dtype == np.float32 else np.int64)
    frame["y"] = np.array(["no", "perhaps", "yes"])[score.argmax(axis=1)]
    return frame


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """Batches that end within files, and files within batches of LightGBM's."""
    monkeypatch.setattr(parquet, "BATCH", 64)
    monkeypatch.setattr(reading.BatchSequence, "batch_size", 100)


def write(frame, folder):
    folder.mkdir(exist_ok=True)
    for number, part in enumerate(np.array_split(np.arange(len(frame)), 3)):
        frame.iloc[part].to_parquet(folder / f"part-{number}.parquet", row_group_size=50)
    return folder


def in_memory(model, fitted, frame, target="y", **beside):
    cv = PredefinedSplit(fitted.fold_)
    return clone(model).set_params(cv=cv).fit(frame.drop(columns=target), frame[target], **beside)


def assert_same(fitted, expected, X):
    assert_allclose(fitted.teacher_proba_, expected.teacher_proba_, atol=1e-9)
    assert_allclose(fitted.calibrated_proba_, expected.calibrated_proba_, atol=1e-9)
    assert_allclose(fitted.predict_proba(X), expected.predict_proba(X), atol=1e-6)
    assert_array_equal(fitted.predict(X), expected.predict(X))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", ["direct", "free"])
def test_the_student_is_that_of_rows_in_memory(tmp_path, n_classes, dtype, size):
    frame = table(n_classes, dtype)
    model = clone(MODEL).set_params(size=size)
    fitted = distil_parquet(model, write(frame, tmp_path / "rows"), "y")
    expected = in_memory(model, fitted, frame)
    X = frame.drop(columns="y")
    assert_same(fitted, expected, X)
    assert_array_equal(fitted.classes_, expected.classes_)
    assert_array_equal(fitted.student_.classes_, expected.student_.classes_)
    assert fitted.report_.nodes == expected.report_.nodes
    assert fitted.report_.mean_gain == pytest.approx(expected.report_.mean_gain)
    assert fitted.report_.n_teacher_fits == 3
    assert fitted.report_.n_student_fits == expected.report_.n_student_fits


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 2.0},
        {"calibration": None, "strength": 0.0},
        {"loss": "brier", "calibration": "isotonic"},
        {"correction": None, "strength": "auto"},
        {"teacher__boosting_type": "rf", "teacher__subsample": 0.5, "teacher__subsample_freq": 1},
        {"student__min_child_samples": 50, "student__boost_from_average": False},
        {"student__subsample": 0.5, "student__subsample_freq": 1, "student__max_bin": 31},
    ],
    ids=str,
)
def test_settings_are_those_of_the_model(tmp_path, settings):
    frame = table()
    model = clone(MODEL).set_params(**settings)
    fitted = distil_parquet(model, write(frame, tmp_path / "rows"), "y")
    assert_same(fitted, in_memory(model, fitted, frame), frame.drop(columns="y"))
    assert fitted.student_.get_params() == model.student.get_params()


def test_weights(tmp_path):
    frame = table(3)
    weight = np.linspace(0.2, 3.0, N)
    folder = write(frame.assign(w=weight), tmp_path / "rows")
    fitted = distil_parquet(MODEL, folder, "y", weight="w")
    expected = in_memory(MODEL, fitted, frame, sample_weight=weight)
    assert_same(fitted, expected, frame.drop(columns="y"))
    assert list(fitted.feature_names_in_) == ["a", "b", "c", "d", "count"]
    assert fitted.fitted_on(frame["y"], sample_weight=weight)


def test_groups_stay_together(tmp_path):
    frame = table()
    groups = np.array([f"patient {i}" for i in np.arange(N) // 7])
    folder = write(frame.assign(g=groups), tmp_path / "rows")
    fitted = distil_parquet(MODEL, folder, "y", group="g")
    assert pd.Series(fitted.fold_).groupby(groups).nunique().max() == 1
    assert_same(fitted, in_memory(MODEL, fitted, frame), frame.drop(columns="y"))


def test_sources_and_columns(tmp_path):
    frame = table()
    folder = write(frame, tmp_path / "rows")
    some = ["c", "a"]
    expected = distil_parquet(MODEL, folder, "y", features=some).predict_proba(frame[some])
    listed = sorted(map(str, folder.iterdir()))
    for source in (str(folder), listed, files.dataset(folder)):
        fitted = distil_parquet(MODEL, source, "y", features=some)
        assert_array_equal(fitted.predict_proba(frame[some]), expected)
    frame.to_parquet(tmp_path / "one.parquet")
    one = distil_parquet(MODEL, tmp_path / "one.parquet", "y", features=some)
    assert_allclose(one.predict_proba(frame[some]), expected, atol=1e-9)


def test_what_the_teachers_said_is_written(tmp_path):
    frame = table(3)
    folder = write(frame, tmp_path / "rows")
    out = folder / "_said.parquet"  # pyarrow takes files with an underscore for no rows
    out.write_bytes(b"old")
    fitted = distil_parquet(MODEL, folder, "y", out=out)
    said = pd.read_parquet(out)
    assert list(said.columns) == ["fold", "p_no", "p_perhaps", "p_yes"]
    assert_array_equal(said["fold"], fitted.fold_)
    assert_array_equal(said.iloc[:, 1:], fitted.teacher_proba_)
    again = distil_parquet(MODEL, folder, "y")
    assert_array_equal(
        again.predict_proba(frame.iloc[:, :5]), fitted.predict_proba(frame.iloc[:, :5])
    )


def test_it_is_fitted_as_by_fit(tmp_path):
    frame = table()
    fitted = distil_parquet(MODEL, write(frame, tmp_path / "rows"), "y")
    assert not hasattr(MODEL, "student_")
    other = fitted.refit_student(frame.iloc[:, :5], frame["y"], strength=0.2)
    assert other.strength_ == 0.2
    with pytest.raises(InputError, match="labels that the estimator was fitted on"):
        fitted.refit_student(frame.iloc[:, :5], frame["y"][::-1])
    text = fitted.student_.booster_.model_to_string()
    assert "objective=binary" in text
    assert fitted.student_.feature_name_ == ["a", "b", "c", "d", "count"]


# Folds


def test_folds_of_rows_are_stable_and_even():
    fold = folds_of_rows(50_000, 5)
    assert_array_equal(folds_of_rows(1000, 5), fold[:1000])
    counts = np.bincount(fold, minlength=5)
    assert np.all(np.abs(counts - 10_000) < 5 * np.sqrt(8_000))
    # SplitMix64 from the state 0: the first output of its reference implementation
    state = 0x9E3779B97F4A7C15
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
    assert z ^ (z >> 31) == 0xE220A8397B1DCDAF
    assert folds_of_rows(1, 1000)[0] == 0xE220A8397B1DCDAF % 1000


def test_folds_of_groups_depend_on_nothing_but_the_group():
    names = np.array([f"g{i}" for i in range(2000)])
    fold = folds_of_groups(names, 4)
    assert_array_equal(folds_of_groups(names[::-1], 4)[::-1], fold)
    assert_array_equal(
        folds_of_groups(np.arange(9), 4), folds_of_groups(np.arange(9).astype(str), 4)
    )
    assert np.all(np.bincount(fold, minlength=4) > 400)


def test_going_back_begins_anew(tmp_path):
    frame = table()
    rows = parquet.open_rows(write(frame, tmp_path / "rows"), ["a", "b"], {"target": "y"})
    chosen = np.arange(N) % 3 > 0
    expected = frame.loc[chosen, ["a", "b"]].to_numpy()
    seq = reading.BatchSequence(rows, chosen)
    assert len(seq) == chosen.sum()
    for start, stop in ((0, 10), (60, 300), (300, len(seq)), (5, 90)):
        assert_array_equal(seq[start:stop], expected[start:stop])
    for row in (0, 3, 170, len(seq) - 1, 2):
        assert_array_equal(seq[row], expected[row])


# What is refused, before a row is read


class Unread:
    """A source that must not be touched."""


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"strength": 1.0}, ParameterError, "directly, by its own package"),
        ({"calibration": "stacked"}, ParameterError, "stacked"),
        ({"cv": PredefinedSplit([0, 1])}, ParameterError, "cv must be a number"),
        ({"n_repeats": 2}, ParameterError, "n_repeats"),
        ({"random_state": 0}, ParameterError, "random_state"),
        ({"n_jobs": 2}, ParameterError, "n_jobs"),
        ({"memory": "cache"}, ParameterError, "memory"),
        ({"teacher": DecisionTreeClassifier()}, StudentError, "teacher"),
        ({"teacher": None}, StudentError, "teacher"),
        ({"student": LGBMRegressor()}, StudentError, "student"),
        ({"teacher__class_weight": "balanced"}, StudentError, "class_weight"),
        ({"student__class_weight": "balanced"}, StudentError, "class_weight"),
        ({"teacher__early_stopping_round": 3}, StudentError, "early_stopping_round"),
        ({"student__categorical_feature": [0]}, StudentError, "categorical_feature"),
        ({"student__device_type": "gpu"}, StudentError, "device_type"),
        ({"teacher__objective": lambda _, p: (p, p)}, StudentError, "objective"),
        ({"student__linear_tree": True}, StudentError, "linear_tree"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings_that_are_not_supported(changes, error, match):
    with pytest.raises(error, match=match):
        distil_parquet(clone(MODEL).set_params(**changes), Unread(), "y")


def test_other_estimators():
    with pytest.raises(
        ParameterError, match="must be a DistilledClassifier or a DistilledRegressor"
    ):
        distil_parquet(DistilledClassifierCV(TEACHER), Unread(), "y")


@pytest.mark.parametrize(
    ("columns", "error", "match"),
    [
        ({"target": "z"}, ParameterError, "must name a column"),
        ({"target": "y", "weight": "w"}, ParameterError, "weight must name a column"),
        ({"target": "y", "features": ["a", "a"]}, ParameterError, "each named once"),
        ({"target": "y", "features": ["a", "y"]}, ParameterError, "each named once"),
        ({"target": "y", "features": []}, ParameterError, "none"),
        ({"target": "a", "features": None}, InputError, "string in column 'y'"),
        ({"target": "a", "features": ["b"]}, InputError, "such as"),
        ({"target": "count", "features": ["b"], "weight": "a"}, InputError, "not negative"),
        ({"target": "y", "group": "hole"}, InputError, "groups must have an entry"),
        ({"target": "hole"}, InputError, "y must have a label"),
        ({"target": "one"}, InputError, "one class only"),
    ],
)
def test_columns_that_cannot_be(tmp_path, columns, error, match):
    frame = table().assign(hole=None, one="yes")
    frame["hole"] = frame["y"].where(np.arange(N) > 3)
    given = {"features": ["b"]} | columns
    with pytest.raises(error, match=match):
        distil_parquet(MODEL, write(frame, tmp_path / "rows"), given.pop("target"), **given)


def test_folds_that_cannot_be(tmp_path):
    frame = table().assign(g="one")
    frame["rare"] = np.where(np.arange(N) == 0, "yes", "no")
    folder = write(frame, tmp_path / "rows")
    with pytest.raises(FoldError, match="folds must have rows"):
        distil_parquet(MODEL, folder, "y", features=["a"], group="g")
    with pytest.raises(FoldError, match="every class outside it"):
        distil_parquet(MODEL, folder, "rare", features=["a"])


def test_no_rows(tmp_path):
    table().iloc[:0].to_parquet(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="no rows"):
        distil_parquet(MODEL, tmp_path / "none.parquet", "y")


def test_where_it_cannot_be_written(tmp_path):
    folder = write(table(), tmp_path / "rows")
    with pytest.raises(OSError, match="nowhere"):
        distil_parquet(MODEL, folder, "y", out=tmp_path / "nowhere" / "said.parquet")
    with pytest.raises(ParameterError, match="underscore"):
        distil_parquet(MODEL, folder, "y", out=folder / "said.parquet")


def test_a_fault_in_a_weight_of_zero(tmp_path):
    frame = table().assign(w=np.arange(N, dtype=float))
    with pytest.raises(InputError, match="must be positive, got 1 zeros"):
        distil_parquet(MODEL, write(frame, tmp_path / "rows"), "y", weight="w")


def test_without_pyarrow_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"skdistill\[data\]"):
        distil_parquet(MODEL, "rows", "y")
