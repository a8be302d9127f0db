"""Saved students: slim, in files that run no code, and exported to other formats."""

import re
import sys
import zipfile

import joblib
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill.cli import main
from skdistill.cli.names import STUDENTS
from skdistill.cli.number_names import STUDENTS as OF_NUMBERS
from skdistill.cli.number_names import having
from skdistill.cli.stored import KNOWN
from skdistill.cli.vectoriser import make_vectoriser
from skdistill.export import ship, to_onnx
from skdistill.export.plain import plain
from skdistill.targets import SquaredError
from tests.cli.test_fit_predict import predict

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")
pytest.importorskip("skrub", reason="the extra skdistill[data] is not installed")


@pytest.fixture
def table(tmp_path):
    """Rows of numbers and text as a file, and as a frame."""
    random = np.random.RandomState(0)
    frame = pd.DataFrame(random.normal(size=(80, 3)).round(3), columns=["a", "b", "c"])
    frame["town"] = random.choice(["Bern", "Chur"], 80)
    path = str(tmp_path / "rows.csv")
    frame.to_csv(path, index=False)
    return frame, path


@pytest.fixture
def saved(table, tmp_path):
    """A shipped tree of two of the numbers, and where it is saved."""
    frame, _ = table
    y = np.where(frame["a"] + frame["b"] > 0, "yes", "no")
    model = ship(DecisionTreeClassifier(max_depth=2).fit(frame[["a", "b"]], y), frame)
    path = str(tmp_path / "student.joblib")
    joblib.dump(model, path)
    return model, path


def fails(code, capsys):
    """Return what was said by a command that failed as the user can mend it."""
    assert code == 2
    return capsys.readouterr().err


def export(saved, table, out, *options, to="onnx"):
    return main(["export", saved[1], "--to", to, "--data", table[1], "--out", str(out), *options])


def test_columns_that_the_student_does_not_use_are_not_saved(fit, files, frame, capsys):
    assert fit(student="tests.cli.learners:STUMP") == 0
    said = capsys.readouterr().out
    model = joblib.load(files.model)
    needed = list(model.feature_names_in_)
    assert f"it needs {len(needed)} of the 8 columns" in said
    before = predict(files)
    test = pd.read_csv(files.test)
    test[needed].to_csv(files.test, index=False)
    pd.testing.assert_frame_equal(predict(files), before)
    others = test[test.columns[::-1]].assign(member=0)
    assert np.array_equal(model.predict(others), before["prediction"])


# Of NumPy 2.0, about types that pandas marks as its own; later ones are silent.
@pytest.mark.filterwarnings("ignore:metadata on a dtype is not saved:UserWarning")
@pytest.mark.parametrize("student", ["tree", "mlp", "tests.cli.learners:boosted"])
def test_skops_files_say_the_same_and_name_no_unknown_type(fit, files, student, capsys):
    skops = pytest.importorskip("skops.io")
    assert fit("--test-size", "0", student=student) == 0
    expected = predict(files)
    assert "runs code when it is loaded" in capsys.readouterr().err
    model = joblib.load(files.model)
    files.model = str(files.folder / "student.skops")
    assert fit("--test-size", "0", student=student) == 0
    capsys.readouterr()
    pd.testing.assert_frame_equal(predict(files), expected)
    assert "runs code" not in capsys.readouterr().err
    found = set(skops.get_untrusted_types(file=files.model))
    assert found == set(skops.get_untrusted_types(data=skops.dumps(model)))
    assert found <= KNOWN


@pytest.mark.filterwarnings("ignore:metadata on a dtype is not saved:UserWarning")  # as above
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("task", "name"), [*(("classify", n) for n in STUDENTS), *(("regress", n) for n in OF_NUMBERS)]
)
def test_no_short_name_leads_to_an_unknown_type(task, name, table):
    skops = pytest.importorskip("skops.io")
    frame, _ = table
    X = frame.assign(day=pd.date_range("2024-01-01", periods=len(frame)))
    if name == "xgboost":
        pytest.importorskip("xgboost")
    y = frame["c"] if task == "regress" else frame["c"] > 0
    named = STUDENTS if task == "classify" else having(OF_NUMBERS, SquaredError())
    student = named[name].build(0)
    model = Pipeline([*make_vectoriser(0).steps, ("student", student)]).fit(X, y)
    found = skops.get_untrusted_types(data=skops.dumps(plain(model)))
    assert set(found) <= KNOWN


class Stranger(DecisionTreeClassifier):
    """A learner of somebody else."""


def test_types_that_nobody_knows_are_named_and_not_made(table, tmp_path, capsys):
    skops = pytest.importorskip("skops.io")
    frame, _ = table
    model = Stranger(max_depth=1).fit(frame[["a", "b"]], frame["a"] > 0)
    path, name = str(tmp_path / "odd.skops"), f"{Stranger.__module__}.Stranger"
    skops.dump(model, path)
    out = tmp_path / "tree.json"
    said = fails(export((model, path), table, out, to="json"), capsys)
    assert f"neither of skdistill nor known to skops: '{name}'" in said
    assert f"--trust {name}" in said
    assert not out.exists()
    said = fails(export((model, path), table, out, "--trust", name, to="json"), capsys)
    assert "Stranger is a learner that no format" in said


def test_a_skops_file_that_is_none(table, tmp_path, capsys):
    pytest.importorskip("skops.io")
    path = tmp_path / "odd.skops"
    path.write_text("no archive")
    said = fails(export((None, str(path)), table, tmp_path / "out"), capsys)
    assert "cannot be loaded" in said
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.txt", "nothing")
    assert "cannot be loaded" in fails(export((None, str(path)), table, tmp_path / "out"), capsys)


def test_trust_is_for_skops_files(saved, table, tmp_path, capsys):
    said = fails(export(saved, table, tmp_path / "out", "--trust", "numpy.dtype"), capsys)
    assert "--trust is for .skops files" in said


def test_a_missing_package_is_named_before_anything_is_fitted(fit, files, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "skops", None)
    files.model = str(files.folder / "student.skops")
    assert 'pip install "skdistill[skops]"' in fails(fit(), capsys)


@pytest.mark.parametrize("to", ["onnx", "sql", "json"])
def test_an_export_says_what_was_proved(saved, table, tmp_path, capsys, to):
    if to == "onnx":
        pytest.importorskip("onnxruntime")
    out = tmp_path / f"student.{to}"
    assert export(saved, table, out, to=to) == 0
    said = capsys.readouterr()
    assert f"wrote {out}: {out.stat().st_size:,} bytes of {to}" in said.out
    assert f"of which 80 of {table[1]}" in said.out
    assert "no label differs, no number by more than 0 (1e-12 were allowed)" in said.out
    assert "scikit-learn" in said.out or "sklearn" in said.out
    assert "runs code when it is loaded" in said.err


def test_an_onnx_file_is_not_exported_again_nor_saved_by_fit(fit, files, table, tmp_path, capsys):
    path = str(tmp_path / "student.ONNX")
    said = fails(export((None, path), table, tmp_path / "tree.sql", to="sql"), capsys)
    assert "is an ONNX file already" in said
    assert "export takes the .joblib or .skops file" in said
    assert "joblib file, which runs code" not in said
    for name in ("student.ONNX", "student.sql", "student.c", "student.json"):
        files.model = str(tmp_path / name)
        assert "fit saves a .joblib or .skops file" in fails(fit(), capsys)
        if not name.endswith("ONNX"):
            asked = ["--target", "y", "--out", files.model]
            said = fails(main(["search", files.train, *asked]), capsys)
            assert "search saves a .joblib or .skops file" in said


# What each format's file begins with, under the names that people give it.
WRITTEN = {
    "student.sql": b"WITH step1 AS (\n  SELECT *",
    "student.c": b"/* Written by skdistill. Columns: a, b */",
    "student.json": b'{\n "format": "skdistill",',
    "student.txt": b"tree\nversion=v4\n",
    "student.ubj": b"{L\x00\x00\x00\x00",
    "student.tl": b"\x04\x00\x00\x00\x06\x00",
    "rows.csv": b"x0,x1\n1,2\n",
    "empty.joblib": b"",
    "renamed.joblib": b"\x08\x0c\x12\tskdistill",  # an ONNX graph
    "renamed.pkl": b"PK\x03\x04",  # a skops file
}


@pytest.mark.parametrize("command", ["export", "predict"])
@pytest.mark.parametrize("name", WRITTEN)
def test_only_joblib_files_are_loaded_and_said_to_run_code(command, name, table, tmp_path, capsys):
    path, out = tmp_path / name, tmp_path / "out.json"
    path.write_bytes(WRITTEN[name])
    asked = ["--to", "json", "--data", table[1]] if command == "export" else [table[1]]
    said = fails(main([command, str(path), *asked, "--out", str(out)]), capsys)
    assert "runs code" not in said
    assert f"{path} is no joblib file" in said
    assert not out.exists()
    path.unlink()
    said = fails(main([command, str(path), *asked, "--out", str(out)]), capsys)
    assert "runs code" not in said
    assert "No such file" in said


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
@pytest.mark.parametrize("command", ["export", "predict"])
def test_compressed_joblib_files_are_loaded(command, compress, saved, table, tmp_path, capsys):
    joblib.dump(saved[0], saved[1], compress=compress)
    out = tmp_path / "out.json"
    asked = ["--to", "json", "--data", table[1]] if command == "export" else [table[1]]
    code = main([command, saved[1], *asked, "--out", str(out)])
    assert "runs code when it is loaded" in capsys.readouterr().err
    assert code == (0 if command == "export" else 2)  # predict takes those of fit alone


@pytest.mark.parametrize(("student", "own"), [("mlp", "SoftMLPClassifier"), ("tree", None)])
@pytest.mark.parametrize("suffix", ["joblib", "skops"])
def test_a_file_that_needs_skdistill_says_so(fit, files, student, own, suffix, capsys):
    if suffix == "skops":
        pytest.importorskip("skops.io")
    files.model = str(files.folder / f"student.{suffix}")
    assert fit("--test-size", "0", student=student) == 0
    said = capsys.readouterr().err
    assert ("needs skdistill where it is loaded, for " in said) == (own is not None)
    assert own is None or own in said


def test_what_a_format_has_no_place_for_names_those_that_have(saved, table, tmp_path, capsys):
    out = tmp_path / "student.txt"
    said = fails(export(saved, table, out, to="lightgbm"), capsys)
    assert "is no estimator of lightgbm" in said
    assert "Formats that can: onnx, c, sql, json." in said
    assert not out.exists()


def test_what_cannot_be_exported(saved, table, tmp_path, capsys, monkeypatch):
    out = tmp_path / "student.json"
    with pytest.raises(SystemExit):
        export(saved, table, out, to="pmml")
    assert "invalid choice: 'pmml' (choose from" in capsys.readouterr().err
    nowhere = tmp_path / "none" / "student.json"
    assert "there is no folder" in fails(export(saved, table, nowhere, to="json"), capsys)
    assert "reads or writes it already" in fails(export(saved, table, saved[1]), capsys)
    lacking = str(tmp_path / "lacking.csv")
    table[0][["a", "town"]].to_csv(lacking, index=False)
    said = fails(export(saved, (None, lacking), out, to="json"), capsys)
    assert "X lacks the columns ['b']" in said
    joblib.dump({"a": 1}, saved[1])
    assert "expected a fitted student" in fails(export(saved, table, out, to="json"), capsys)
    joblib.dump(DecisionTreeClassifier(), saved[1])
    assert "is not fitted yet" in fails(export(saved, table, out, to="json"), capsys)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    said = fails(export((None, "no file"), table, out), capsys)
    assert "the format onnx needs onnxruntime, which is not installed: pip install" in said
    assert not out.exists()


@pytest.mark.parametrize("kind", ["classes", "numbers", "text"])
def test_graphs_predict_as_their_models_do(table, tmp_path, capsys, kind):
    pytest.importorskip("onnxruntime")
    frame, path = table
    X, y = frame[["a", "b"]], np.where(frame["a"] > frame["b"], "yes", "no")
    if kind == "numbers":
        model = DecisionTreeRegressor(max_depth=3).fit(X, frame["c"])
        expected = pd.DataFrame({"prediction": model.predict(X)})
    else:
        model = RandomForestClassifier(3, max_depth=3, random_state=0).fit(X, y)
        if kind == "text":
            encoder = OneHotEncoder(handle_unknown="ignore")
            columns = ColumnTransformer([("town", encoder, ["town"])], remainder="passthrough")
            X = frame
            model = make_pipeline(columns, LogisticRegression()).fit(X, y)
        p = model.predict_proba(X)
        expected = pd.DataFrame({"prediction": model.predict(X), "proba_no": p[:, 0]})
        expected["proba_yes"] = p[:, 1]
    graph, out = str(tmp_path / "student.onnx"), tmp_path / "predictions.csv"
    to_onnx(model, X, path=graph)
    frame[frame.columns[::-1]].to_csv(path, index=False)
    capsys.readouterr()
    assert main(["predict", graph, path, "--out", str(out)]) == 0
    pd.testing.assert_frame_equal(pd.read_csv(out), expected, check_dtype=False)
    unsaid = "note: the .onnx file does not say which categories its training rows had: new ones "
    unsaid += f"in 'town' of {path} are not counted"
    assert (unsaid in capsys.readouterr().err) == (kind == "text")
    to_onnx(model, X, path=graph, **({} if kind == "numbers" else {"labels": False}))
    assert main(["predict", graph, path, "--label", "--out", str(out)]) == 0
    assert pd.read_csv(out)["prediction"].tolist() == expected["prediction"].tolist()


@pytest.mark.parametrize("student", ["tree", "lightgbm"])
def test_a_student_of_fit_is_exported_with_its_columns(fit, files, student, capsys):
    """Dates among them, in whatever way they are written in the file."""
    pytest.importorskip("onnxruntime")
    assert fit("--test-size", "0", "--keep", "direct", student=student) == 0
    model = joblib.load(files.model)
    assert ("joined" in model.feature_names_in_) or student == "tree"
    graph = str(files.folder / "student.onnx")
    command = ["export", files.model, "--to", "onnx", "--data", files.test, "--out", graph]
    assert main(command) == 0
    assert "no label differs" in capsys.readouterr().out
    expected = predict(files)
    files.model = graph
    pd.testing.assert_frame_equal(predict(files), expected, check_dtype=False)


def test_graphs_of_dates_predict_as_their_models_do(table, tmp_path):
    """A graph that the command line did not write says itself which columns are dates."""
    pytest.importorskip("onnxruntime")
    from skrub import TableVectorizer

    frame, path = table
    X = frame[["a"]].assign(day=pd.date_range("2019-12-01", periods=len(frame), freq="31h"))
    X.loc[3, "day"] = pd.NaT
    y = (X["day"].dt.month % 2 == 0) & (X["a"] > 0)
    model = make_pipeline(TableVectorizer(), DecisionTreeClassifier()).fit(X, y)
    graph, out = str(tmp_path / "student.onnx"), tmp_path / "predictions.csv"
    to_onnx(model, X, path=graph)
    X.to_csv(path, index=False)
    assert main(["predict", graph, path, "--out", str(out)]) == 0
    told = pd.read_csv(out)
    assert told["prediction"].tolist() == model.predict(X).tolist()
    assert told["proba_True"].tolist() == model.predict_proba(X)[:, 1].tolist()


def test_free_text_is_named_before_the_fit_and_at_the_export(fit, files, frame, capsys):
    words = [f"{n} of the {n + 1} in a row of {m}" for n, m in enumerate(range(240, 0, -1))]
    frame.assign(remark=words).to_csv(files.train, index=False)
    data = ("--text", "remark", "--test-size", "0", "--keep", "direct")
    assert fit(*data, student="tests.cli.learners:FOREST") == 0
    said = capsys.readouterr()
    assert "uses 'remark' stays in Python; --drop remark if it must not" in said.err
    out = files.folder / "student.json"
    command = ["export", files.model, "--to", "json", "--data", files.train, "--out", str(out)]
    said = fails(main(command), capsys)
    assert "uses 'remark' (text), and no format takes free text" in said
    assert "Fit it again with --drop remark, or with --category remark" in said
    assert not out.exists()
    assert fit(*data, "--category", "remark", student="tests.cli.learners:FOREST") == 2
    data = ("--category", "remark", "--test-size", "0", "--keep", "direct")
    assert fit(*data, student="tests.cli.learners:FOREST") == 0
    assert main(command) == 0


def test_dates_name_the_formats_that_take_them(fit, files, capsys):
    options = ("--test-size", "0", "--keep", "direct", "--drop", "colour,code")
    assert fit(*options, student="tests.cli.learners:FOREST") == 0
    out = files.folder / "student.sql"
    command = ["export", files.model, "--to", "sql", "--data", files.train, "--out", str(out)]
    said = fails(main(command), capsys)
    assert "columns ['joined'] hold dates" in said
    assert re.search(r"Formats that can: (onnx, )?(c, )?json\.", said)
    assert not out.exists()


def test_graphs_that_are_not_ours(tmp_path, table, capsys):
    pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper

    path = tmp_path / "other.onnx"
    path.write_bytes(b"none")
    command = ["predict", str(path), table[1]]
    assert "cannot be opened by onnxruntime" in fails(main(command), capsys)
    values = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["n", 3]) for name in "XY"]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["X"], ["Y"])], "other", *[[v] for v in values]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    assert "is no graph of skdistill.export.to_onnx" in fails(main(command), capsys)
    assert "No such file" in fails(main(["predict", "no.onnx", table[1]]), capsys)
