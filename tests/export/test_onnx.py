"""ONNX graphs say what the model says, or are not written."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skdistill import CrossEntropy, DistilledClassifier, DistilledClassifierCV, DistilledRegressor
from skdistill.exceptions import ExportError, InputError, ParameterError
from skdistill.export import Exported, onnx, to_onnx
from tests.export.readme import served
from tests.export.students import (
    BOOSTED,
    CLASSIFIERS,
    LABELS,
    REGRESSORS,
    classes,
    fitted,
    numbers,
    rows,
    say,
)

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def run(content, X):
    """Return what a graph gives, by name, in a session that knows nothing of skdistill."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X}), strict=True))


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_is_exact(name, n_classes):
    X, unseen = rows(), rows(300, seed=3)
    model = fitted(CLASSIFIERS[name], X, np.array(LABELS[n_classes])[classes(X, n_classes)])
    exported = to_onnx(model, X)
    assert exported.tolerance == (1e-6 if name == "soft network" else 1e-12)
    assert exported.n_rows > len(X)
    found = run(exported.content, unseen)
    assert np.array_equal(found["label"], model.predict(unseen))
    np.testing.assert_allclose(
        found["probabilities"], say(model, unseen), rtol=0, atol=exported.tolerance
    )


@pytest.mark.parametrize("name", ["tree", "forest", "extra trees", "one leaf"])
def test_trees_and_forests_are_equal_to_the_last_bit(name):
    X = rows()
    model = fitted(CLASSIFIERS[name], X, classes(X, 5))
    assert to_onnx(model, X, tolerance=0.0).largest_difference == 0.0


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_is_exact(name):
    X, unseen = rows(), rows(300, seed=3)
    model = fitted(REGRESSORS[name], X, numbers(X))
    found = run(to_onnx(model, X).content, unseen)
    assert list(found) == ["prediction"]
    assert found["prediction"].shape == (300,)
    np.testing.assert_allclose(found["prediction"], model.predict(unseen), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["tree", "forest"])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_missing_numbers(name, n_classes):
    X = rows()
    X[::3, 0] = X[1::4, 1] = np.nan
    model = fitted(CLASSIFIERS[name], X, classes(np.nan_to_num(X), n_classes))
    found = run(to_onnx(model, X).content, X)
    assert np.array_equal(found["probabilities"], model.predict_proba(X))


LABEL_KINDS = {
    "text": np.array(["no", "yes"]),
    "objects": np.array(["no", "yes"], dtype=object),
    "integers": np.array([-3, 7]),
    "bytes": np.array([3, 200], dtype=np.uint8),
    "booleans": np.array([False, True]),
    "floats": np.array([0.0, 1.0]),
}


@pytest.mark.parametrize("kind", LABEL_KINDS)
def test_labels_of_every_kind(kind):
    X = rows()
    model = fitted(CLASSIFIERS["stump"], X, LABEL_KINDS[kind][classes(X, 2)])
    found = run(to_onnx(model, X).content, X)["label"]
    assert found.tolist() == model.predict(X).tolist()


def test_runtimes_that_misread_trees_refuse_the_file():
    """What onnxruntime 1.23 loads ends at IR version 11."""
    from onnx import load_model_from_string

    X = rows()
    content = to_onnx(fitted(CLASSIFIERS["tree"], X, classes(X, 2)), X).content
    assert load_model_from_string(content).ir_version >= 12


def test_labels_can_be_left_out():
    X = rows()
    model = fitted(CLASSIFIERS["tree"], X, classes(X, 2))
    assert list(run(to_onnx(model, X, labels=False).content, X)) == ["probabilities"]


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize(
    "student", [CLASSIFIERS["tree"], CLASSIFIERS["forest"], REGRESSORS["tree"], REGRESSORS["ridge"]]
)
def test_a_distilled_classifier(student, n_classes):
    X = rows()
    y = np.array(LABELS[n_classes])[classes(X, n_classes)]
    model = DistilledClassifier(
        CLASSIFIERS["logistic"], student, strength=0.5, cv=3, random_state=0
    ).fit(X, y)
    found = run(to_onnx(model, X).content, X)
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(X), rtol=0, atol=1e-15)
    assert np.array_equal(found["label"], model.predict(X))


def test_a_distilled_classifier_at_another_temperature():
    X = rows()
    loss = CrossEntropy(temperature=2.0)
    for name in ("tree", "forest"):
        model = DistilledClassifier(
            CLASSIFIERS["logistic"],
            CLASSIFIERS[name],
            strength=0.5,
            loss=loss,
            cv=3,
            random_state=0,
        ).fit(X, classes(X, 5))
        assert to_onnx(model, X).largest_difference < 1e-14


def test_the_student_that_was_chosen():
    X = rows()
    students = [CLASSIFIERS["stump"], CLASSIFIERS["logistic"]]
    model = DistilledClassifierCV(
        CLASSIFIERS["tree"], students, strengths=[0.5], cv=3, random_state=0
    )
    model.fit(X, classes(X, 2))
    assert to_onnx(model, X).largest_difference < 1e-15


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_distilled_regressor(outputs):
    X = rows()
    y = np.column_stack([numbers(X), X[:, 0]])[:, :outputs]
    y = y[:, 0] if outputs == 1 else y
    model = DistilledRegressor(
        REGRESSORS["ridge"], REGRESSORS["tree"], strength=0.5, cv=3, random_state=0
    )
    found = run(to_onnx(model.fit(X, y), X).content, X)["prediction"]
    assert np.array_equal(found, model.predict(X))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_are_taken_by_the_names_of_their_columns(library):
    frames = pytest.importorskip(library)
    X, names = rows(), list("abcdef")
    model = fitted(
        CLASSIFIERS["tree"], frames.DataFrame(dict(zip(names, X.T, strict=True))), classes(X, 2)
    )
    if not hasattr(model, "feature_names_in_"):
        pytest.skip("scikit-learn 1.6 keeps no names of this polars")
    other = frames.DataFrame({"more": X[:, 0]} | dict(zip(names[::-1], X.T[::-1], strict=True)))
    exported = to_onnx(model, other)
    assert np.array_equal(
        run(exported.content, X)["probabilities"], model.predict_proba(other[names])
    )
    from onnx import load_model_from_string

    said = {
        each.key: each.value for each in load_model_from_string(exported.content).metadata_props
    }
    assert json.loads(said["columns"]) == names


def test_the_readme_in_a_process_that_has_only_onnxruntime_and_numpy(tmp_path):
    """Its code for where the student is served, in a place where nothing of ours is imported."""
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"], CLASSIFIERS["tree"], strength=0.5, cv=3, random_state=0
    ).fit(X, np.array(["no", "yes"])[classes(X, 2)])
    to_onnx(model, X, path=tmp_path / "student.onnx")
    np.save(tmp_path / "rows.npy", X)
    command = [sys.executable, "-I", "-c", served()]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
    with np.load(tmp_path / "said.npz", allow_pickle=True) as said:
        assert said["label"].tolist() == model.predict(X).tolist()
        assert np.array_equal(said["p"], model.predict_proba(X))


@pytest.mark.parametrize("name", ["tree", "forest", "boosting", "logistic", "network"])
@pytest.mark.parametrize("kind", ["array", "frame"])
def test_rows_in_single_precision(name, kind):
    X = rows()
    given = X if kind == "array" else pytest.importorskip("pandas").DataFrame(X).rename(columns=str)
    model = fitted(CLASSIFIERS[name], given, classes(X, 5))
    exported = to_onnx(model, given, float64=False)
    assert exported.tolerance == 1e-12
    single = rows(500, seed=3).astype(np.float32)
    said = run(exported.content, single)  # double it would not take
    label, p = said["label"], said["probabilities"]
    double = single.astype(float)
    double = double if kind == "array" else type(given)(double, columns=given.columns)
    np.testing.assert_allclose(p, model.predict_proba(double), rtol=0, atol=1e-12)
    assert label.tolist() == model.predict(double).tolist()


def test_rows_in_single_precision_are_numbers():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(rows(), columns=list("abcdef"))
    X["f"] = pd.Categorical(np.array(["x", "y", "z"])[np.arange(len(X)) % 3])
    model = fitted(BOOSTED["lightgbm"], X, classes(rows(), 2))
    with pytest.raises(ExportError, match="leave float64=True"):
        to_onnx(model, X, float64=False)
    with pytest.raises(ParameterError, match="float64"):
        to_onnx(model, X, float64="no")


def test_the_file_has_what_the_record_has(tmp_path):
    X = rows()
    model = fitted(CLASSIFIERS["tree"], X, classes(X, 2))
    exported = to_onnx(model, X, path=tmp_path / "student.onnx")
    assert isinstance(exported, Exported)
    assert exported.path.read_bytes() == exported.content
    assert set(exported.versions) >= {"skdistill", "sklearn", "numpy", "onnx", "onnxruntime"}
    assert "b'" not in repr(exported)


def test_the_same_model_gives_the_same_file():
    X = rows()
    model = fitted(CLASSIFIERS["forest"], X, classes(X, 5))
    assert to_onnx(model, X).content == to_onnx(model, X).content


def test_a_file_that_is_not_proved_is_not_written(tmp_path, monkeypatch):
    X = rows()
    model = fitted(CLASSIFIERS["tree"], X, classes(X, 2))
    place = tmp_path / "student.onnx"
    place.write_bytes(b"old")
    true = onnx.ONNX

    def turned(*given):
        run = true.runner(*given)
        return lambda table: replace(run(table), numbers=1 - run(table).numbers)

    monkeypatch.setattr(onnx, "ONNX", replace(true, runner=turned))
    with pytest.raises(ExportError, match=r"row \d+ of X"):
        to_onnx(model, X, path=place)
    assert place.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["student.onnx"]


def test_bad_input_is_refused_before_anything_is_written(tmp_path):
    X = rows()
    model = fitted(CLASSIFIERS["tree"], X, classes(X, 2))
    cases = [
        (lambda: to_onnx(DecisionTreeClassifier(), X), NotFittedError, "not fitted"),
        (lambda: to_onnx("tree", X), ExportError, "fitted estimator, got str"),
        (lambda: to_onnx(DecisionTreeClassifier, X), ExportError, "fitted estimator"),
        (lambda: to_onnx(model, X[:, :4]), ExportError, "X has 4 columns.* fitted on 6"),
        (lambda: to_onnx(model, X[:0]), ExportError, "at least one row"),
        (lambda: to_onnx(model, X[0]), InputError, "2D"),
        (lambda: to_onnx(model, X.astype(str) + "a"), ExportError, "X must be numbers"),
        (lambda: to_onnx(model, X, path=tmp_path), IsADirectoryError, str(tmp_path)),
        (lambda: to_onnx(model, X, path=tmp_path / "no" / "a.onnx"), FileNotFoundError, "no"),
        (lambda: to_onnx(model, X, tolerance=-1.0), ParameterError, "tolerance"),
        (lambda: to_onnx(model, X, labels="yes"), ParameterError, "labels"),
        (lambda: to_onnx(fitted(SVC(), X, classes(X, 2)), X), ExportError, "SVC is a learner"),
    ]
    for call, error, said in cases:
        with pytest.raises(error, match=said):
            call()
    assert not list(tmp_path.iterdir())


def test_columns_that_are_lacking_are_named():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(rows(), columns=list("abcdef"))
    model = fitted(CLASSIFIERS["tree"], frame, classes(rows(), 2))
    with pytest.raises(ExportError, match=r"lacks the columns \['b', 'e'\]"):
        to_onnx(model, frame.drop(columns=["b", "e"]))


def test_columns_that_are_lacking_are_named_as_they_are_called():
    """LightGBM keeps names as NumPy has them."""
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(rows()[:, :2], columns=["a", "b"])
    model = fitted(BOOSTED["lightgbm"], X, classes(rows(), 2))
    with pytest.raises(ExportError, match=r"X lacks the columns \['b'\]"):
        to_onnx(model, X[["a"]])


def test_a_package_that_is_not_there_is_named(monkeypatch):
    X = rows()
    model = fitted(CLASSIFIERS["tree"], X, classes(X, 2))
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"needs onnxruntime.*skdistill\[onnx\]"):
        to_onnx(model, X)
