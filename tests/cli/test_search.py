"""``search``: reads a budget, tries students, prints the frontier, saves and reports."""

import argparse
import logging
import re

import joblib
import numpy as np
import pytest

from skdistill import AbsoluteError, DistilledRegressorCV, SquaredError
from skdistill._ground.compat import LOGGER, Progress
from skdistill.cli import limits, main, stages, tasks
from skdistill.cli import search as search_module
from skdistill.cli.searched import Searched
from skdistill.estimators import choosing
from skdistill.exceptions import ExportError
from tests.cli.conftest import TEACHER


@pytest.fixture
def search(files):
    """Run ``search`` on `files` with a small teacher and two students; exit code back."""

    def run(*options: str, students: str = "tree,tests.cli.learners:STUMP") -> int:
        names = ["--teacher", TEACHER, "--students", students, "--cv", "3"]
        return main(
            ["search", files.train, "--target", "y", "--out", files.model, *names, *options]
        )

    return run


def test_the_student_is_saved_and_predicts(search, files, capsys) -> None:
    page = files.folder / "report.html"
    assert search("--report", str(page), "--prefer", "smaller", "--within", "50%") == 0
    told = capsys.readouterr()
    assert len(re.findall("<- saved$", told.out, re.MULTILINE)) == 1
    assert re.search(r"^teacher  .* ± [\d.]+$", told.out, re.MULTILINE)
    assert re.search(r"^reads no column +labels  .* ± [\d.]+$", told.out, re.MULTILINE)
    assert f", taught by {TEACHER}\n" in told.out
    words = " ".join(told.out.split())
    assert "trained directly" in words
    assert "those of the table of the best on all folds: they may differ." in words
    assert "No student was tuned: --tune tries other settings on both sides." in words
    assert "fit the candidates" in told.err
    assert re.search(r"the file has [\d.]+ kB: [\d.]+ kB are the student, which --budget", told.out)
    kept = joblib.load(files.model).named_steps["student"]
    assert kept.get_n_leaves() <= 4  # half as much loss again allows for the stump
    out = files.folder / "predictions.csv"
    assert main(["predict", files.model, files.test, "--out", str(out)]) == 0
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/svg+xml") == 1
    assert html.count("<tr>") == 1 + 4 + 2  # every student on both sides, and what is beside them
    for name in ("teacher", "reads no column"):
        assert re.search(rf"<tr><t[hd][^>]*>{name}</t[hd]><td>[\d.]+</td><td>[\d.]+</td>", html)
    for part in (files.train, TEACHER, "--within 50%", "<dt>target</dt><dd>y</dd>"):
        assert part in html


def test_a_search_on_coin_flips_says_that_its_student_may_know_nothing(
    search, frame, files, capsys
) -> None:
    drawn = np.random.default_rng(0).permutation(frame["y"])
    frame.assign(y=drawn).to_csv(files.train, index=False)
    assert search() == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "It is not shown to be better than what reads no column, and may know nothing." in said


def test_a_tuned_search_does_not_say_that_it_is_not(search, capsys) -> None:
    assert search("--tune", students="tests.cli.learners:STUMP") == 0
    assert "No student was tuned" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("loss", "students"),
    [("squared_error", "auto"), ("absolute_error", ["lightgbm", "tree", "rf10", "xgboost"])],
)
def test_auto_is_of_the_loss_that_is_asked_for(loss: str, students) -> None:
    """The catalogue is of the squared error; of others it is what has a short name."""
    task = tasks.regress({"squared_error": SquaredError, "absolute_error": AbsoluteError}[loss]())
    parser = argparse.ArgumentParser()
    search_module.add_parser(parser.add_subparsers(), argparse.ArgumentParser(add_help=False))
    args = parser.parse_args(["search", "a.csv", "--target", "y", "--out", "b"])
    found = search_module._search(args, task)
    assert isinstance(found, DistilledRegressorCV)
    if students == "auto":
        assert found.students == "auto"
    else:
        assert set(dict(found.students)) <= set(students)
        assert dict(found.students)["tree"].criterion == loss


def test_impossible_budgets_say_what_the_least_is(search, files, capsys) -> None:
    assert search("--budget", "size<1B") == 2
    told = capsys.readouterr().err
    assert re.search(r"no student is within the budget .*size_kb [\d.]+", told)
    assert "--students auto has trees from 4 leaves on" in told
    assert not list(files.folder.glob("*.joblib"))


def test_a_search_that_ends_with_nothing_within_shows_what_it_found(
    search, files, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(choosing, "check_reach", lambda *_: None)
    assert search("--budget", "size<1B") == 2
    told = capsys.readouterr()
    assert "trained on" in told.out
    assert "<- saved" not in told.out
    assert re.search(r"size_kb [\d.]+ .*\. All that was tried stands above", told.err)
    assert "best_under" not in told.err
    assert not list(files.folder.glob("*.joblib"))


def test_a_budget_is_kept(search, files, capsys) -> None:
    page = files.folder / "report.html"
    assert search("--budget", "leaves<=4,latency<1s", "--report", str(page)) == 0
    told = capsys.readouterr().out
    assert "latency of --budget is a call for one row" in told
    assert re.search("^tree .* over budget$", told, re.MULTILINE)
    html = page.read_text(encoding="utf-8")
    assert html.count("<td>over budget</td>") == 2
    assert "leaves&lt;=4,latency&lt;1s" in html
    assert joblib.load(files.model).named_steps["student"].get_n_leaves() <= 4


def test_a_file_that_is_larger_than_its_student_may_be_says_so(search, capsys) -> None:
    assert search("--budget", "size<9kB") == 0
    assert "kB, which is beyond the size of --budget: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--within", "1%"], "add --prefer"),
        (["--cv", "2"], "needs 3 folds"),
        (["--report", "r.md"], "expected an extension .html"),
        (["--max-time", "0.000001"], "--max-time 1e-06 seconds is too short"),
        (["--students", "tests.cli.learners:LAMBDA"], "could not be saved"),
    ],
)
def test_what_cannot_be_done_is_said_first(search, files, options, said, capsys) -> None:
    given = {} if "--students" not in options else {"students": options[1]}
    assert search(*(options if not given else ()), **given) == 2
    assert said in capsys.readouterr().err
    assert not list(files.folder.glob("*.joblib"))


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("latency<20us", {"latency_us": 20.0}),
        ("latency < 1.5 ms , size<=2MB", {"latency_us": 1500.0, "size_kb": 2000.0}),
        ("latency<=1s,leaves<8", {"latency_us": 1e6, "max_leaves": 8.0}),
        ("size<512B,readable", {"size_kb": 0.512, "readable": True}),
    ],
)
def test_budgets_in_their_units(text: str, limit: dict) -> None:
    assert limits.budget(text) == pytest.approx(limit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speed<3us", "latency, size, leaves, readable, got 'speed<3us'"),
        ("latency<20", "expected us, µs, ms, s after the number, got ''"),
        ("size<20us", "expected b, kb, mb, gb after"),
        ("leaves<20kB", "expected no unit after"),
        ("size>20kB", "expected limits such as"),
        ("latency<0us", "expected a positive number"),
        ("latency<1.2.3us", "expected a positive number"),
        ("size<1kB,size<2kB", "a second limit"),
        ("", "expected limits such as"),
    ],
)
def test_budgets_that_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=re.escape(said)):
        limits.budget(text)


@pytest.mark.parametrize("text", ["0%", "-1%", "x", "nan", "inf"])
def test_shares_and_seconds_that_cannot_be_read(text: str) -> None:
    for read in (limits.within, limits.seconds):
        with pytest.raises(argparse.ArgumentTypeError, match="positive number"):
            read(text)


def test_onnx_is_proved_equal(search, files, capsys) -> None:
    pytest.importorskip("onnxruntime", reason="the extra skdistill[onnx] is not installed")
    path = files.folder / "student.onnx"
    assert search("--out", str(path), "--drop", "joined,code") == 0
    assert re.search(r"proved equal on \d+ rows: no label differs", capsys.readouterr().out)
    assert path.read_bytes()


def test_what_no_graph_can_say_is_saved_beside_it(search, files, capsys, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ExportError("no such node")

    monkeypatch.setattr(search_module, "_onnx", lambda: refuse)
    path = files.folder / "student.onnx"
    assert search("--out", str(path)) == 2
    assert "student.joblib: no such node" in capsys.readouterr().err
    assert not path.exists()
    assert hasattr(joblib.load(files.model), "predict")


def test_stages_tell_how_long_it_still_takes(capsys, monkeypatch) -> None:
    monkeypatch.setattr(stages, "_EVERY", -1.0)
    with stages.Stages():
        with Progress(None).step("teachers", n_steps=4) as step, step.step("one", 0):
            pass
        LOGGER.debug("of something else")
        for _ in range(2):
            with Progress(None).step("students"):
                pass
    lines = ["teachers", "teachers: 1/4, about 0 s left", "students"]  # one line for many rounds
    assert capsys.readouterr().err.splitlines() == lines
    assert not LOGGER.handlers


def test_what_a_fit_is_at_is_logged(caplog) -> None:
    loud = type("Loud", (), {"verbose": 1})()
    with caplog.at_level(logging.INFO, logger="skdistill"):
        for estimator in (None, loud):
            with Progress(estimator).step("teachers", n_steps=1) as step, step.step("fold 0", 0):
                pass
    assert caplog.messages[0] == "teachers"
    assert re.fullmatch(r"teachers: [\d.e-]+ s", caplog.messages[1])
    assert len(caplog.messages) == 2  # folds at verbose 2, nothing at 0


def test_the_saved_student_is_the_line_that_says_so() -> None:
    """Candidates of a student share the estimator; the frontier has the best of each side."""
    one, other = object(), object()
    front = {
        "student": np.array(["a", "a", "b"], dtype=object),
        "side": np.array(["direct", "distilled", "direct"], dtype=object),
        "candidate": np.array([0, 2, 3]),
    }
    params = [{"student": each} for each in (one, one, one, other)]
    verdict = type("Verdict", (), {"fitted": "distilled"})
    found = {"frontier_": front, "cv_results_": {"params": params}, "best_index_": 1}
    search = type("Search", (), found | {"verdict_": verdict})
    assert Searched("", search, (1, 1), "")._chosen == 1


@pytest.mark.parametrize(
    ("constant", "told"),
    [
        ({"difference": -0.2, "margin": 0.1}, False),
        ({"difference": -0.2, "margin": 0.3}, True),
        ({"difference": 0.1, "margin": 0.0}, True),
        ({"difference": np.nan, "margin": np.nan}, False),
        ({}, False),
    ],
)
def test_whether_the_student_may_know_nothing(constant: dict, *, told: bool) -> None:
    verdict = type("Verdict", (), {"constant": constant, "sentence": "So it is."})
    search = type("Search", (), {"verdict_": verdict, "settings": None})
    assert ("may know nothing" in Searched("", search, (1, 1), "").sentence) is told
