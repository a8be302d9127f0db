"""What the commands write: whole or not at all, found out in time, and never over an input."""

import errno
import json
from pathlib import Path

import joblib
import pytest

from skdistill._ground import saving
from skdistill.cli import main, render, stored
from skdistill.cli.spreadsheet import defused
from tests._ground.test_saving import names

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")


def fail_half_way(error: BaseException):
    """Return a stand-in for a writer that begins a file and fails."""

    def write(content: object, path: str | Path, *_: object, **__: object) -> None:
        target = path if isinstance(path, str | Path) else content
        Path(target).write_bytes(b"half")
        raise error

    return write


FAILURES = [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]


@pytest.mark.parametrize("error", FAILURES)
def test_an_old_student_survives(fit, files, error, monkeypatch, capsys) -> None:
    Path(files.model).write_bytes(b"old")
    before = names(files.folder)
    monkeypatch.setattr(stored, "dump", fail_half_way(error))
    assert fit("--test-size", "0", "--keep", "direct") != 0
    assert Path(files.model).read_bytes() == b"old"
    assert names(files.folder) == before
    assert "saved" not in capsys.readouterr().out


@pytest.mark.parametrize("error", FAILURES)
def test_old_predictions_survive(fit, files, error, monkeypatch) -> None:
    assert fit("--test-size", "0", "--keep", "direct") == 0
    out = files.folder / "p.csv"
    out.write_text("old")
    before = names(files.folder)
    monkeypatch.setattr(pd.DataFrame, "to_csv", fail_half_way(error))
    assert main(["predict", files.model, files.test, "--out", str(out)]) != 0
    assert out.read_text() == "old"
    assert names(files.folder) == before


def test_a_failed_report_does_not_cost_the_student(fit, files, monkeypatch, capsys) -> None:
    report = files.folder / "r.html"
    report.write_text("old")

    def fail(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(render.FORMATS, ".html", fail)
    assert fit("--report", str(report)) == 2
    assert "No space left" in capsys.readouterr().err
    assert report.read_text() == "old"
    assert main(["predict", files.model, files.test, "--label"]) == 0


@pytest.fixture
def no_fit(monkeypatch) -> None:
    """Let every command fail that gets as far as reading a file."""

    def read(*_: object, **__: object) -> None:
        raise AssertionError("found too late")

    monkeypatch.setattr("skdistill.cli.files.read", read)


@pytest.mark.usefixtures("no_fit")
@pytest.mark.parametrize("option", ["--out", "--report"])
def test_places_that_cannot_be_written_are_found_first(
    fit, files, option: str, monkeypatch, capsys
) -> None:
    folder = files.folder
    for place, said in (
        (str(folder), "it is a folder"),
        (str(folder / "new.html") + "/", "it is a folder"),
        ("", "it is a folder"),
        (str(folder / "no" / "a.html"), "there is no folder"),
        (str(folder / "train.csv" / "a.html"), "there is no folder"),
        (str(folder / ("x" * 300 + ".html")), "too long"),
    ):
        assert fit(option, place) == 2 if option == "--report" else out(files, place) == 2
        assert said in capsys.readouterr().err

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(saving, "TemporaryDirectory", refuse)
    assert fit("--report", str(folder / "r.html")) == 2
    assert "Permission denied; name another file" in capsys.readouterr().err
    assert names(folder) == ["test.csv", "train.csv"]


def out(files, place: str) -> int:
    """Run ``fit`` with another --out."""
    return main(["fit", files.train, "--target", "y", "--out", place])


@pytest.mark.usefixtures("no_fit")
@pytest.mark.parametrize("link", ["hardlink_to", "symlink_to"])
def test_a_link_to_an_input_is_not_written(fit, files, link: str, capsys) -> None:
    for name in ("train", "test"):
        place = files.folder / f"{name}.html"
        getattr(place, link)(getattr(files, name))
        before = place.read_bytes()
        assert fit("--test", files.test, "--report", str(place)) == 2
        assert out(files, str(place)) == 2 if name == "train" else True
        assert "reads or writes it already" in capsys.readouterr().err
        assert place.read_bytes() == before


def test_a_link_to_the_model_or_the_rows_is_not_written(fit, files, capsys) -> None:
    assert fit("--test-size", "0", "--keep", "direct") == 0
    for i, read in enumerate((files.model, files.test)):
        place = files.folder / f"{i}.csv"
        place.hardlink_to(read)
        before = place.read_bytes()
        assert main(["predict", files.model, files.test, "--out", str(place)]) == 2
        assert "reads or writes it already" in capsys.readouterr().err
        assert place.read_bytes() == before


def test_compressed_predictions(fit, files) -> None:
    assert fit("--test-size", "0", "--keep", "direct") == 0
    for name in ("p.csv.gz", "p.csv.zip"):
        place = files.folder / name
        assert main(["predict", files.model, files.test, "--out", str(place)]) == 0
        assert len(pd.read_csv(place)) == 60


def test_a_student_that_cannot_be_saved_is_found_first(fit, files, capsys) -> None:
    for name in ("LAMBDA", "INNER_LAMBDA"):
        assert fit(student=f"tests.cli.learners:{name}") == 2
        error = capsys.readouterr().err
        assert "could not be saved" in error
        assert "[1/6]" not in error
    assert fit(student="tests.cli.learners:NAMED") == 0  # the remedy
    memory = ["--memory", str(files.folder / "memory")]
    assert fit(*memory, teacher="tests.cli.learners:LAMBDA") == 2
    assert "--memory: --teacher tests.cli.learners:LAMBDA could not be" in capsys.readouterr().err
    assert fit(*memory, teacher="tests.cli.learners:NAMED") == 0  # the remedy


def test_a_teacher_that_cannot_be_pickled_is_no_obstacle(fit, files, capsys) -> None:
    """It is not saved; its size stays blank."""
    report = files.folder / "r.json"
    assert fit("--report", str(report), teacher="tests.cli.learners:LAMBDA") == 0
    rows = json.loads(report.read_text())["table"]["rows"]
    sizes = {row["method"]: row["size_bytes"]["mean"] for row in rows}
    assert sizes.pop("teacher") is None
    assert min(sizes.values()) > 0
    assert "nan" not in capsys.readouterr().out
    assert joblib.load(files.model).predict_proba is not None


def test_text_that_a_spreadsheet_would_run(fit, files, frame, capsys) -> None:
    odd = {"yes": "=1+1", "no": "-5"}
    frame.assign(y=frame["y"].map(odd)).replace({"y": {"-5": "-"}}).to_csv(files.train, index=False)
    assert fit("--test-size", "0", "--keep", "direct") == 0
    place = files.folder / "p.csv"
    assert main(["predict", files.model, files.test, "--out", str(place)]) == 0
    assert "a spreadsheet would run '=1+1' as a formula" in capsys.readouterr().err
    assert set(pd.read_csv(place)["prediction"]) == {"'=1+1", "-"}
    assert main(["predict", files.model, files.test, "--out", str(place), "--raw"]) == 0
    assert set(pd.read_csv(place)["prediction"]) == {"=1+1", "-"}


def test_numbers_are_never_quoted() -> None:
    table = pd.DataFrame({"prediction": [-1, 1], "p": [-0.5, 1e-9], "id": ["-1.5", "+2"]})
    pd.testing.assert_frame_equal(defused(table), table)
    assert list(defused(pd.DataFrame({"=x": ["@a", "a"]}))["'=x"]) == ["'@a", "a"]
