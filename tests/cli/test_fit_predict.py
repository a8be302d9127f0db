"""``fit`` and ``predict`` on a small table with every kind of column."""

import json
import subprocess
import sys
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pytest

from skdistill._ground.estimates import Estimate
from skdistill._ground.metrics import FLOOR
from skdistill.cli import main
from skdistill.cli.board import Board, Verdict
from skdistill.cli.class_scores import CLASS_TABLE
from skdistill.cli.fit import verdict_sentence
from tests.cli.conftest import TEACHER

METHODS = CLASS_TABLE.methods
UNSHOWN = "Distilling is not shown to pay:"

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")


def predict(files, *options: str):
    """Predict test.csv with the saved student; return the written table."""
    out = files.folder / "predictions.csv"
    assert main(["predict", files.model, files.test, "--out", str(out), *options]) == 0
    return pd.read_csv(out)


def test_round_trip(fit, files, frame, capsys) -> None:
    assert fit("--test", files.test, "--drop", "family") == 0
    printed = capsys.readouterr().out
    for method in METHODS:
        assert f"\n{method} " in printed
    assert "Distilling" in printed
    predictions = predict(files)
    assert list(predictions) == ["prediction", "proba_no", "proba_yes"]
    proba = predictions[["proba_no", "proba_yes"]].to_numpy()
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    best = np.array(["no", "yes"])[proba.argmax(axis=1)]
    assert list(predictions["prediction"]) == list(best)
    assert (predictions["prediction"] == frame["y"].iloc[180:].to_numpy()).mean() > 0.6
    model = joblib.load(files.model)
    read = pd.read_csv(files.test, keep_default_na=False, na_values=[""])
    np.testing.assert_allclose(model.predict_proba(read[list(model.feature_names_in_)]), proba)
    assert "family" not in model.feature_names_in_


def test_label_and_proba(fit, files, capsys) -> None:
    assert fit() == 0
    assert list(predict(files, "--label")) == ["prediction"]
    assert list(predict(files, "--proba")) == ["proba_no", "proba_yes"]
    capsys.readouterr()
    assert main(["predict", files.model, files.test, "--label"]) == 0
    assert set(capsys.readouterr().out.split()) == {"prediction", "no", "yes"}


def test_figures_are_those_of_the_saved_student(fit, files) -> None:
    report = files.folder / "report.json"
    assert fit("--test", files.test, "--report", str(report)) == 0
    record = json.loads(report.read_text())
    row = record["table"]["rows"][-1]
    truth = pd.read_csv(files.test)["y"]
    predictions = predict(files)
    assert row["accuracy"]["mean"] == pytest.approx((predictions["prediction"] == truth).mean())
    observed = np.where(truth == "yes", predictions["proba_yes"], predictions["proba_no"])
    assert row["log_loss"]["mean"] == pytest.approx(-np.log(np.maximum(observed, FLOOR)).mean())
    alone = record["table"]["rows"][2]["log_loss"]["mean"]
    difference = record["table"]["verdict"]["log_loss_difference"]["mean"]
    assert difference == pytest.approx(row["log_loss"]["mean"] - alone)


@pytest.mark.parametrize("suffix", ["json", "md", "html"])
def test_reports(fit, files, suffix: str, capsys) -> None:
    report = files.folder / f"report.{suffix}"
    assert fit("--report", str(report), "--seed", "3") == 0
    text = report.read_text(encoding="utf-8")
    sentence = next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("Distilling")
    )
    if suffix == "json":
        record = json.loads(text)
        assert record["sentence"] == sentence
        assert [row["method"] for row in record["table"]["rows"]] == list(METHODS)
        assert record["data"]["training_rows"] + record["data"]["held_out_rows"] == 180
        assert record["command"]["seed"] == 3
        assert None not in record["command"].values()
        assert "words" not in record["command"]  # the options stand there one by one
        assert record["distillation"]
    else:
        assert sentence in (unescape(text) if suffix == "html" else text)
        assert all(method in text for method in METHODS)
    if suffix == "html":
        assert "http" not in text  # self-contained
        assert "<script" not in text


def test_weights_and_groups(fit, files) -> None:
    report = files.folder / "report.json"
    options = ["--weight", "weight", "--groups", "family", "--report", str(report)]
    assert fit(*options) == 0
    columns = json.loads(report.read_text())["data"]["columns"]
    assert not {"weight", "family", "y"} & set(columns)


def test_groups_do_not_straddle_the_held_out_rows(frame) -> None:
    from skdistill.cli.tables import Special, labelled, split

    rows = labelled(frame, Special("y", groups="family"), "frame")
    train, held_out = split(rows, 0.25, 0, "frame")
    assert not set(train.groups) & set(held_out.groups)
    assert len(train.y) + len(held_out.y) == len(frame)


def test_no_held_out_rows(fit, files, capsys) -> None:
    assert fit("--test-size", "0") == 0
    assert "no rows held out" in capsys.readouterr().out
    predict(files)


def test_parquet_and_compressed_csv(fit, files, frame) -> None:
    pytest.importorskip("pyarrow", reason="the extra skdistill[data] is not installed")
    typed = frame.assign(
        joined=pd.to_datetime(frame["joined"]), colour=frame["colour"].astype("category")
    )
    typed.to_parquet(files.folder / "train.parquet")
    files.train = str(files.folder / "train.parquet")
    assert fit() == 0
    from_csv = predict(files)
    typed.iloc[180:].to_parquet(files.folder / "test.parquet")
    files.test = str(files.folder / "test.parquet")
    pd.testing.assert_frame_equal(predict(files), from_csv)
    frame.iloc[180:].to_csv(files.folder / "test.csv.gz", index=False)
    files.test = str(files.folder / "test.csv.gz")
    pd.testing.assert_frame_equal(predict(files), from_csv)


@pytest.mark.parametrize(
    "student", ["logistic", "lightgbm", "rf10", "mlp", "tests.cli.learners:STUMP"]
)
def test_students_by_name(fit, files, student: str) -> None:
    assert fit(student=student) == 0
    assert len(predict(files)) == 60


def test_codes_that_look_like_numbers_stay_text(fit, files, frame) -> None:
    """In a file with only the codes "1" and "2", pandas reads numbers: the same rows must agree."""
    assert fit() == 0
    rows = frame.iloc[180:]
    whole = predict(files).loc[(rows["code"] != "B7").to_numpy()].reset_index(drop=True)
    rows[rows["code"] != "B7"].to_csv(files.test, index=False)
    assert pd.read_csv(files.test)["code"].dtype == "int64"
    pd.testing.assert_frame_equal(predict(files), whole)


def test_predictions_name_the_classes_as_the_file_does(fit, files, frame) -> None:
    frame.assign(y=frame["y"].map({"yes": "01", "no": "02"})).to_csv(files.train, index=False)
    assert fit() == 0
    predict(files)
    predicted = pd.read_csv(files.folder / "predictions.csv", dtype=str)
    assert set(predicted["prediction"]) == {"01", "02"}
    assert list(predicted)[1:] == ["proba_01", "proba_02"]


def test_held_out_rows_are_read_as_the_training_rows(fit, files, frame) -> None:
    """Columns of text, the target among them, that hold only "1" and "2" in the test file."""
    named = frame.assign(y=frame["y"].map({"yes": "1", "no": "2"}))
    named.loc[:20, "y"] = "x"
    named.iloc[:180].to_csv(files.train, index=False)
    rows = named.iloc[180:][named["code"].iloc[180:] != "B7"]
    rows.to_csv(files.test, index=False)
    assert pd.read_csv(files.test)[["code", "y"]].dtypes.tolist() == ["int64", "int64"]
    path = files.folder / "report.json"
    assert fit("--test", files.test, "--report", str(path)) == 0
    figures = json.loads(path.read_text())["table"]["rows"][-1]
    predictions = predict(files)
    observed = predictions[["proba_1", "proba_2"]].to_numpy()[
        np.arange(len(rows)), (rows["y"] == "2").astype(int)
    ]
    assert figures["log_loss"]["mean"] == pytest.approx(-np.log(np.maximum(observed, FLOOR)).mean())


def test_dropped_columns_need_not_be_in_the_test_file(fit, files, frame) -> None:
    frame.iloc[180:].drop(columns="family").to_csv(files.test, index=False)
    assert fit("--test", files.test, "--drop", "family") == 0


@pytest.mark.filterwarnings("always")
def test_leaks_from_the_training_file_are_told(fit, files, frame, capsys) -> None:
    frame.iloc[150:].to_csv(files.test, index=False)  # 30 of 90 rows are training rows
    assert fit("--test", files.test, "--groups", "family") == 0
    warned = [s for s in capsys.readouterr().err.splitlines() if s.startswith("warning:")]
    assert len(warned) == 2
    assert warned[0].startswith("warning: 33.3% of the held-out rows are identical to a row")
    assert "of a group that training rows are of as well" in warned[1]


def test_tables_with_semicolons_and_decimal_commas(fit, files, frame) -> None:
    assert fit() == 0
    plain = predict(files)
    written = {"index": False, "sep": ";", "decimal": ","}
    frame.iloc[:180].to_csv(files.train, **written)
    frame.iloc[180:].to_csv(files.test, **written)
    german = ["--sep", ";", "--decimal", ","]
    assert fit(*german) == 0
    pd.testing.assert_frame_equal(predict(files, *german), plain)


def test_a_saved_index_is_pointed_out(fit, files, frame, capsys) -> None:
    frame.iloc[:180].to_csv(files.train)
    assert fit("--test-size", "0") == 0
    assert f"note: {files.train}: id, left out: 'Unnamed: 0'\n" in capsys.readouterr().err
    predict(files)  # whose rows have no such column
    for option, kind in (("--numeric", "number: 'Unnamed: 0', "), ("--id", "id, carried to")):
        assert fit("--test-size", "0", option, "Unnamed: 0") == 0
        said = capsys.readouterr().err
        assert f"note: {files.train}: {kind}" in said
        assert "left out" not in said


@pytest.mark.filterwarnings("ignore:hardly any rows of")  # of the slips, as is right
def test_classes_are_told(fit, files, frame, capsys) -> None:
    """And what looks like a slip in them is told as well, and is a class all the same."""
    odd = frame.iloc[:180].reset_index(drop=True)
    odd.loc[:19, "y"] = "yes "
    odd.loc[20:39, "y"] = "NA"
    odd.to_csv(files.train, index=False)
    assert fit("--test-size", "0") == 0
    said = [s for s in capsys.readouterr().err.splitlines() if s.startswith("note:")]
    rest = odd["y"].value_counts()
    assert said[0] == (
        f"note: {files.train}: column 'y' has 4 classes in 180 rows: 'NA' (20), "
        f"'no' ({rest['no']}), 'yes' ({rest['yes']}), 'yes ' (20)"
    )
    assert "'yes', 'yes ' of column 'y' differ only by blanks" in said[1]
    assert "'NA' of column 'y' read like missing values" in said[2]
    assert said[3].startswith(f"note: {files.train}: number: ")
    columns = ["prediction", "proba_NA", "proba_no", "proba_yes", "proba_yes "]
    assert list(predict(files)) == columns


def test_what_the_loaded_student_does_not_check(fit, files, frame) -> None:
    """As its help says: columns by name, in any order; cells that it cannot read are missing."""
    assert fit() == 0
    model = joblib.load(files.model)
    read = pd.read_csv(files.test, keep_default_na=False, na_values=[""])
    rows = read[list(model.feature_names_in_)]
    odd = rows.assign(income=rows["income"].astype(object).where(rows.index != 0, "12 kg"))
    empty = rows.assign(income=rows["income"].where(rows.index != 0))
    np.testing.assert_array_equal(model.predict_proba(odd), model.predict_proba(empty))
    for others in (rows[rows.columns[::-1]], rows.assign(extra=1)):
        np.testing.assert_array_equal(model.predict(others), model.predict(rows))
        others.to_csv(files.test, index=False)
        assert len(predict(files)) == 60
    with pytest.raises(ValueError, match="columns are missing"):
        model.predict(rows.drop(columns="income"))


@pytest.mark.parametrize("labels", [["no", "yes"], ["a", "b", "c"]])
def test_xgboost_is_compared_with_itself_alone(fit, files, frame, capsys, labels) -> None:
    """It takes no labels but 0, 1, ..., and weights: by its route the student alone takes both."""
    pytest.importorskip("xgboost", reason="the extra skdistill[xgboost] is not installed")
    named = frame.assign(y=np.resize(labels, len(frame)))
    named.iloc[:180].to_csv(files.train, index=False)
    names = {"student": "tests.cli.learners:boosted"}
    assert fit("--weight", "weight", "--strength", "1", **names) == 0
    assert f"\n{UNSHOWN} strength 1 was asked for" in capsys.readouterr().out
    assert list(predict(files, "--proba")) == [f"proba_{label}" for label in labels]


def test_new_categories_and_missing_cells_are_predicted(fit, files, frame) -> None:
    assert fit() == 0
    rows = frame.iloc[180:].astype({"member": object, "count": object})
    rows.iloc[:20, rows.columns.get_loc("colour")] = "violet"
    rows.iloc[5:9, rows.columns.get_loc("member")] = None
    rows.iloc[7:11, rows.columns.get_loc("count")] = None
    rows.assign(extra=1).drop(columns="y").to_csv(files.test, index=False)
    assert len(predict(files)) == 60


def test_saved_student_does_not_need_the_teacher(fit, files, monkeypatch) -> None:
    """The teacher's class stands in a module that the predicting process cannot see."""
    home = files.folder / "home"
    home.mkdir()
    source = (
        "from sklearn.ensemble import ExtraTreesClassifier\n"
        "class Secret(ExtraTreesClassifier):\n"
        "    pass\n"
        "def teacher():\n"
        "    return Secret(10, random_state=0)\n"
    )
    (home / "secret_teacher.py").write_text(source)
    monkeypatch.syspath_prepend(str(home))
    assert fit(teacher="secret_teacher:teacher") == 0
    saved = (files.folder / "student.joblib").read_bytes()
    assert b"secret_teacher" not in saved
    assert b"skdistill" not in saved  # scikit-learn, skrub and the learner are enough
    command = [sys.executable, "-m", "skdistill", "predict", files.model, files.test]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == 61


@pytest.mark.parametrize("options", [["--test", "TEST"], ["--test-size", "0"]])
@pytest.mark.parametrize("labels", [("no", "yes"), ("01", "02")])
@pytest.mark.parametrize("student", ["tree", "tests.cli.learners:boosted"])
def test_the_student_trained_directly_can_be_kept(
    fit, files, frame, capsys, options: list[str], labels: tuple[str, str], student: str
) -> None:
    """It is the one of the table, and needs no teacher where there are no held-out rows."""
    if student != "tree":
        pytest.importorskip("xgboost")
    named = frame.assign(y=frame["y"].map(dict(zip(("no", "yes"), labels, strict=True))))
    named.iloc[:180].to_csv(files.train, index=False)
    named.iloc[180:].to_csv(files.test, index=False)
    path = files.folder / "report.json"
    reported = ["--report", str(path)] if "TEST" in options else []
    options = [files.test if option == "TEST" else option for option in options]
    assert fit(*options, *reported, "--keep", "direct", "--strength", "0", student=student) == 0
    assert "saved " + files.model + ": the student trained directly, as asked" in (
        capsys.readouterr().out
    )
    predictions = pd.read_csv(_predictions(files), dtype={"prediction": str})
    assert list(predictions) == ["prediction", *(f"proba_{label}" for label in labels)]
    if reported:
        truth = named["y"].iloc[180:].to_numpy()
        record = json.loads(path.read_text())
        assert record["command"]["saved"] == "student alone"
        alone = record["table"]["rows"][2]
        assert alone["accuracy"]["mean"] == pytest.approx(
            (predictions["prediction"] == truth).mean()
        )


def test_size_and_time_are_those_of_the_file(fit, files, capsys) -> None:
    path = files.folder / "report.json"
    assert fit("--report", str(path), "--keep", "distilled") == 0
    record = json.loads(path.read_text())
    sizes = [row["size_bytes"]["mean"] for row in record["table"]["rows"]]
    assert abs(sizes[-1] - Path(files.model).stat().st_size) < 4000  # columns are dropped and found
    assert "size and time are those of the whole file" in capsys.readouterr().out
    assert any("turning them into numbers takes" in note for note in record["table"]["notes"])


def _predictions(files) -> str:
    out = files.folder / "predictions.csv"
    assert main(["predict", files.model, files.test, "--out", str(out)]) == 0
    return str(out)


def test_same_seed_same_student(fit, files) -> None:
    assert fit("--seed", "4") == 0
    first = predict(files)
    assert fit("--seed", "4") == 0
    pd.testing.assert_frame_equal(predict(files), first)


def report(strength: float | None, excess: float | None = None) -> SimpleNamespace:
    """Return what the sentence asks the record of a fit for; no `excess`: strength was given."""
    scale = {"excess": excess, "variance": 0.0}
    shrinkage = None if excess is None else {"brier": scale, "log_loss": scale}
    return SimpleNamespace(strength=strength, shrinkage=shrinkage)


@pytest.mark.parametrize(
    ("difference", "fitted", "start"),
    [
        (Estimate(-0.2, 0.01), report(0.4), "Distilling paid: log-loss 0.2000 ± 0.0100 lower"),
        (Estimate(0.2, 0.01), report(0.4), "Distilling did not pay: log-loss 0.2000 ± 0.0100 high"),
        (Estimate(-0.01, 0.01), report(0.4), f"{UNSHOWN} its log-loss differs"),
        (Estimate(-0.01, 0.01), report(1.0, -0.1), f"{UNSHOWN} its log-loss differs"),
        (Estimate(-0.01, None), report(None), f"{UNSHOWN} its log-loss differs"),
    ],
)
def test_verdict_sentences(difference: Estimate, fitted: SimpleNamespace, start: str) -> None:
    margin = float("inf") if difference.error is None else 2 * difference.error
    board = Board("", CLASS_TABLE, (), Verdict(difference, margin))
    assert verdict_sentence(board, 1000, fitted).startswith(start)


@pytest.mark.parametrize(
    ("teacher", "student", "options", "sign", "why"),
    [
        ("GUESS", "STABLE", [], -1, "out of fold the teacher has no lead over this student"),
        ("FOREST", "TIMID", [], 1, "this student varies less from training set to training set"),
        ("FOREST", "STUMP", ["--strength", "1"], None, "strength 1 was asked for, so the student"),
    ],
)
def test_it_says_why_the_student_was_trained_directly(
    fit, files, capsys, teacher: str, student: str, options: list[str], sign: int | None, why: str
) -> None:
    path = files.folder / "report.json"
    names = {"teacher": f"tests.cli.learners:{teacher}", "student": f"tests.cli.learners:{student}"}
    assert fit("--report", str(path), *options, **names) == 0
    assert f"\n{UNSHOWN} {why}" in capsys.readouterr().out
    shrinkage = json.loads(path.read_text())["distillation"]["shrinkage"]
    assert (None if shrinkage is None else np.sign(shrinkage["brier"]["excess"])) == sign


@pytest.mark.parametrize("taken", ["train", "test"])
def test_no_file_that_is_read_is_written(fit, files, capsys, taken) -> None:
    path = getattr(files, taken)
    before = Path(path).read_bytes()
    assert fit("--test", files.test, "--out", path) == 2
    assert "reads or writes it already; name another file" in capsys.readouterr().err
    assert Path(path).read_bytes() == before


def test_a_report_is_no_model(fit, files, capsys) -> None:
    page = str(files.folder / "r.html")
    assert fit("--out", page, "--report", page) == 2
    assert "name another file" in capsys.readouterr().err


def test_predictions_replace_neither_model_nor_rows(fit, files, capsys) -> None:
    assert fit("--test-size", "0") == 0
    for path in (files.model, files.test):
        before = Path(path).read_bytes()
        assert main(["predict", files.model, files.test, "--out", path]) == 2
        assert "name another file" in capsys.readouterr().err
        assert Path(path).read_bytes() == before


def test_a_blank_line_of_a_single_column_is_a_row(files, capsys) -> None:
    table = pd.DataFrame({"x": np.arange(120.0), "y": np.arange(120) > 60})
    table.to_csv(files.train, index=False)
    command = ["fit", files.train, "--target", "y", "--out", files.model, "--student", "tree"]
    assert main([*command, "--teacher", TEACHER, "--cv", "3", "--test-size", "0"]) == 0
    Path(files.test).write_text("x\n1.0\n\n100.0\n\n3.0\n", encoding="utf-8")
    assert list(predict(files)["prediction"])[::2] == [False, True, False]
    assert len(predict(files)) == 5


@pytest.mark.parametrize("seed", ["-1", "one", "4294967296"])
def test_seeds_out_of_range_are_named(fit, capsys, seed) -> None:
    with pytest.raises(SystemExit):
        fit("--seed", seed)
    assert "--seed: expected an integer from 0 to 2**32 - 1" in capsys.readouterr().err


def test_a_column_that_gives_the_target_away_is_named_as_drop_takes_it(
    fit, files, frame, capsys
) -> None:
    leak = frame["y"].map({"yes": "2021-03-05", "no": None})
    frame.assign(closed=leak.where(frame.index % 2 == 0, leak.str.replace("5", "6"))).to_csv(
        files.train, index=False
    )
    assert fit() == 0
    said = " ".join("".join(capsys.readouterr()).split())  # lines are wrapped
    assert said.count("may be too good to be true") == 1
    assert "alone does as well: 'closed'." in said
    assert fit("--drop", "closed") == 0
    assert "good to be true" not in " ".join("".join(capsys.readouterr()).split())
