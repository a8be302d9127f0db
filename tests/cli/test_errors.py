"""What cannot be done is said in one line after the notes, with exit code 2 and no traceback."""

import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import joblib
import numpy as np
import pytest

from skdistill import __version__
from skdistill.cli import files as reading
from skdistill.cli import main
from skdistill.teaching.calibration import CALIBRATIONS
from tests.cli.conftest import TEACHER


@pytest.fixture
def fails(capsys):
    """Run a command that must fail with code 2 and one line (but for notes); return that line."""

    def check(code: int) -> str:
        assert code == 2
        printed = capsys.readouterr()
        aside = re.compile(r"\[\d+/\d+\]|note: ")
        lines = [line for line in printed.err.splitlines() if not aside.match(line)]
        assert len(lines) == 1, printed.err
        assert lines[0].startswith("skdistill ")
        assert "Traceback" not in printed.err
        return lines[0]

    return check


def rewrite(files, frame, **columns) -> None:
    """Write train.csv anew with `columns` changed."""
    frame.assign(**columns).to_csv(files.train, index=False)


def test_unknown_column(fit, files, fails) -> None:
    command = ["fit", files.train, "--target", "price", "--out", files.model]
    message = fails(main(command))
    assert "no column 'price'" in message
    assert "'income'" in message
    assert "no column 'shop'" in fails(fit("--groups", "shop"))


def test_missing_target(fit, files, frame, fails) -> None:
    rewrite(files, frame, y=frame["y"].where(np.arange(len(frame)) >= 7))
    assert "'y' is missing in 7 of 240 rows" in fails(fit())


def test_one_class(fit, files, frame, fails) -> None:
    rewrite(files, frame, y="no")
    assert "one class only, 'no', in 240 row(s)" in fails(fit())
    rewrite(files, frame.iloc[:1])
    assert "one class only" in fails(fit())
    assert "in 1 row(s)" in fails(fit("--test-size", "0"))


def test_too_few_rows_of_a_class(fit, files, frame, fails) -> None:
    rewrite(files, frame, y=["rare"] * 2 + ["no", "yes"] * 119)
    assert "1 of 3 classes of column 'y' have fewer than 3 rows" in fails(fit("--test-size", "0"))
    rewrite(files, frame, y=["rare"] + ["no"] * 100 + ["yes"] * 139)
    assert "fewer than 2 rows, which --test-size needs: 'rare'" in fails(fit())


def test_very_many_classes_do_not_flood_the_terminal(fit, files, frame, fails) -> None:
    rewrite(files, frame, y=[f"class {i}" for i in range(len(frame))])
    for option in (["--test-size", "0"], ["--test-size", "0.5"]):
        message = fails(fit(*option))
        assert "240 of 240 classes" in message
        assert message.count("class ") == 10
    rewrite(files, frame)
    frame.assign(y=[f"class {i}" for i in range(len(frame))]).to_csv(files.test, index=False)
    message = fails(fit("--test", files.test))
    assert message.count("class ") == 10
    assert "(240 in all)" in message


def test_columns_with_two_roles(fit, fails) -> None:
    assert "--target and --drop both name the column 'y'" in fails(fit("--drop", "y"))
    assert "--target and --groups" in fails(fit("--groups", "y"))


def test_another_separator(fit, files, frame, fails) -> None:
    frame.to_csv(files.train, index=False, sep=";", decimal=",")
    assert "pass --sep ';'" in fails(fit())
    assert "give another --sep or --decimal" in fails(fit("--decimal", ","))


def test_another_encoding(fit, files, frame, fails, capsys) -> None:
    named = frame.assign(colour=frame["colour"].replace("red", "weiß"))
    named.iloc[:180].to_csv(files.train, index=False, encoding="cp1252")
    named.iloc[180:].to_csv(files.test, index=False, encoding="cp1252")
    assert "pass --encoding cp1252" in fails(fit())
    assert fit("--encoding", "cp1252", "--test", files.test) == 0
    capsys.readouterr()
    assert "pass --encoding cp1252" in fails(main(["predict", files.model, files.test]))
    assert main(["predict", files.model, files.test, "--encoding", "cp1252"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 61


def test_groups_too_few_for_the_folds(fit, files, frame, fails) -> None:
    rewrite(files, frame, sex=np.resize(["f", "m"], len(frame)))
    message = fails(fit("--groups", "sex"))
    assert "2 group(s) of column 'sex', of which 1 left for training after the" in message
    message = fails(fit("--groups", "sex", "--test-size", "0"))
    assert "2 group(s) of column 'sex', but --cv 3 needs at least 3" in message
    assert "lower --cv to 2" in message
    assert fit("--groups", "sex", "--test-size", "0", "--cv", "2") == 0


def test_continuous_target(fit, files, frame, fails) -> None:
    rewrite(files, frame, y=frame["income"].fillna(0.5))
    message = fails(fit("--task", "classify"))
    assert "'y' holds continuous numbers, such as 0.5 in data row " in message
    assert "--task regress predicts them as numbers" in message
    keep = ["--test-size", "0", "--keep", "direct"]
    assert fit("--task", "regress", *keep, teacher="rf") == 0  # one remedy
    rewrite(files, frame, y=np.where(frame["income"] > 0, "high", "low"))
    assert fit(*keep) == 0  # and the other


def test_weights_that_are_no_numbers(fit, fails) -> None:
    assert "'colour'" in fails(fit("--weight", "colour"))
    assert "'code' must hold numbers" in fails(fit("--weight", "code"))


def test_no_features(fit, files, frame, fails) -> None:
    frame[["y"]].to_csv(files.train, index=False)
    assert "no feature columns" in fails(fit())


def test_no_rows_or_no_table(fit, files, frame, fails) -> None:
    frame.iloc[:0].to_csv(files.train, index=False)
    assert "has no rows" in fails(fit())
    (files.folder / "train.csv").write_text("")
    assert "cannot be read as CSV" in fails(fit())
    files.train = str(files.folder / "train.xlsx")
    assert "expected the extension .csv" in fails(fit())
    files.train = str(files.folder / "nowhere.csv")
    assert "nowhere.csv" in fails(fit())


def test_held_out_rows_of_another_kind(fit, files, frame, fails) -> None:
    other = files.folder / "other.csv"
    frame.drop(columns=["income", "code"]).to_csv(other, index=False)
    assert "lacks 2 column(s) of the model: 'income', 'code'" in fails(fit("--test", str(other)))
    frame.assign(y="maybe").to_csv(other, index=False)
    assert "maybe" in fails(fit("--test", str(other)))


def test_results_that_could_not_be_written(fit, files, fails) -> None:
    assert ".html" in fails(fit("--report", "report.pdf"))
    for option in ("--report", "--out"):
        assert "it is a folder" in fails(fit(option, str(files.folder)))
    assert "no folder" in fails(fit("--report", str(files.folder / "no" / "report.md")))
    assert "--test-size 0" in fails(fit("--report", "report.md", "--test-size", "0"))


def test_parameters_out_of_range(fit, fails) -> None:
    assert "strength" in fails(fit("--strength", "1.5"))
    assert "magic" in fails(fit("--correction", "magic"))
    assert "cv" in fails(fit("--cv", "1"))


@pytest.mark.parametrize(
    "option", [["--strength", "much"], ["--test-size", "1"], ["--test-size", "x"], ["--what"]]
)
def test_wrong_options_are_argparse_errors(fit, option: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        fit(*option)
    assert stop.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_missing_columns_at_prediction(fit, files, frame, fails, capsys) -> None:
    assert fit() == 0
    capsys.readouterr()
    one, two = joblib.load(files.model).feature_names_in_[:2]
    frame.drop(columns=[one, two]).to_csv(files.test, index=False)
    message = fails(main(["predict", files.model, files.test]))
    assert f"lacks 2 column(s) of the model: {one!r}, {two!r}" in message
    assert "add what is lacking, its cells empty" in message
    frame.assign(**{one: None, two: None}).to_csv(files.test, index=False)
    assert main(["predict", files.model, files.test]) == 0


def test_cells_of_another_kind_at_prediction(fit, files, frame, fails, capsys) -> None:
    assert fit() == 0
    capsys.readouterr()
    frame.assign(income="12 kg").to_csv(files.test, index=False)
    message = fails(main(["predict", files.model, files.test]))
    assert "test.csv: column 'income' must hold numbers" in message
    assert "got '12 kg' in data row 1 (and 239 more)" in message
    day = "31.12.2020"
    frame.assign(joined=frame["joined"].where(frame.index != 7, day)).to_csv(files.test)
    message = fails(main(["predict", files.model, files.test]))
    assert "column 'joined' must hold dates written as %Y-%m-%d" in message
    assert f"got '{day}' in data row 8: mend it" in message
    frame.assign(income="12 kg").iloc[180:].to_csv(files.test, index=False)
    assert "column 'income' must hold numbers" in fails(fit("--test", files.test))
    assert not (files.folder / "predictions.csv").exists()


def test_files_that_are_no_student(files, fails) -> None:
    assert "is no joblib file" in fails(main(["predict", files.train, files.test]))
    Path(files.model).write_bytes(b"\x80\x04 no more than its beginning")
    assert "cannot be loaded" in fails(main(["predict", files.model, files.test]))
    joblib.dump({"a": 1}, files.model)
    assert "holds dict" in fails(main(["predict", files.model, files.test]))
    assert "nowhere" in fails(main(["predict", "nowhere.joblib", files.test]))


def test_missing_package_names_the_extra(fails, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    message = fails(main(["fit", "train.csv", "--target", "y", "--out", "student.joblib"]))
    assert 'pip install "skdistill[data]"' in message


def test_debug_shows_the_traceback(fit, capsys) -> None:
    assert fit("--groups", "shop", "--debug") == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("of a kind"), "unexpected RuntimeError: of a kind"),
        (KeyboardInterrupt(), "int"),
    ],
)
def test_unexpected_failures_have_their_own_code(fit, error, said, monkeypatch, capsys) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(reading, "read", fail)
    assert fit() == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--teacher", "rf10"], f"--teacher: expected one, got {TEACHER!r} and 'rf10'"),
        (["--student", "tree"], "--student: 'tree' is given twice"),
        (["--student", "rf10,,mlp"], "--student: expected names, got 'rf10,,mlp'"),
        (["--student", "auto"], "--student: auto stands for all"),
    ],
)
def test_learners_that_are_named_wrongly(fit, options: list[str], said: str, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        fit(*options)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_no_student_can_be_chosen_without_held_out_rows(fit, capsys) -> None:
    assert fit("--student", "logistic", "--test-size", "0") == 2
    assert "among the students tree, logistic by" in capsys.readouterr().err


def test_the_console_script_is_the_command_line(monkeypatch, capsys) -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    scripts = tomllib.loads(text)["project"]["scripts"]
    assert scripts == {"skdistill": "skdistill.cli:main"}
    assert EntryPoint("skdistill", scripts["skdistill"], "console_scripts").load() is main
    for started_as, name in (("/bin/skdistill", "skdistill"), ("__main__.py", "python -m skdist")):
        monkeypatch.setattr("sys.argv", [started_as, "--help"])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: {name}")


def test_a_quantity_is_not_to_be_merged(fit, files, frame, fails) -> None:
    rewrite(files, frame, y=np.random.default_rng(0).integers(25, 347, len(frame)))
    for options in ([], ["--test-size", "0"]):
        message = fails(fit("--task", "classify", *options))
        assert "have fewer than" in message
        assert "or pass --task regress if they are numbers" in message
    learners = {"teacher": "rf", "student": "tree"}
    assert fit("--test-size", "0", "--keep", "direct", **learners) == 0  # the remedy
    assert fit("--task", "regress", "--test-size", "0", "--keep", "direct", **learners) == 0


def test_many_numbers_may_be_classes(fit, files, frame, capsys) -> None:
    rewrite(files, frame, y=np.resize(np.arange(24), len(frame)))
    assert fit("--task", "classify", "--test-size", "0", "--keep", "direct") == 0
    assert "'y' has 24 classes in 240 rows" in capsys.readouterr().err


def test_the_best_of_nothing(fit, files, fails) -> None:
    assert "--keep best needs held-out rows" in fails(fit("--keep", "best", "--test-size", "0"))


def test_version_and_help(capsys) -> None:
    for option in ("--version", "--help"):
        with pytest.raises(SystemExit) as stop:
            main([option])
        assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert __version__ in printed
    assert "predict student.joblib" in printed
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    printed = capsys.readouterr().out
    assert all(name in printed for name in CALIBRATIONS if name is not None)
    assert "instance, or what a function returns, is left as it is" in printed
    assert "find the others by name, in any order" in " ".join(printed.split())
    with pytest.raises(SystemExit):
        main(["predict", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "load only files that you trust" in printed
    assert "takes cells that it cannot read for missing" in printed
