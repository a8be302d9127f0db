"""``demo``: one screen, on a part of its data with a small teacher, in this process."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill.choosing.verdict import StudentVerdict, Verdict
from skdistill.cli import demo, main, screen

TREES = {"classify": DecisionTreeClassifier, "regress": DecisionTreeRegressor}


@pytest.fixture(scope="module", params=TREES)
def ran(request, tmp_path_factory):
    """Run ``demo`` with trees for teachers, on few rows; return scenes, lines and record."""
    kind, scenes = TREES[request.param], demo.SCENES[request.param]

    def few(load):
        X, y = load()
        return lambda: (X[:300], y[:300] % 2 if request.param == "classify" else y[:300])

    small = [
        replace(scene, load=few(scene.load), labelled=scene.labelled and 150) for scene in scenes
    ]
    chooses, _, calibration = demo._KINDS[request.param]
    teacher = lambda seed, _: kind(max_depth=4, random_state=seed)  # noqa: E731
    path = tmp_path_factory.mktemp("demo") / "demo.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(demo.SCENES, request.param, tuple(small))
        patch.setitem(demo._KINDS, request.param, (chooses, teacher, calibration))
        printed = _run(["--task", request.param, "--n-jobs", "1", "--json", str(path)])
    return small, printed.splitlines(), json.loads(path.read_text())


def _run(options: list[str]) -> str:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["demo", *options]) == 0
    return out.getvalue()


def test_everything_fits_on_one_screen(ran) -> None:
    scenes, lines, _ = ran
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    for scene in scenes:
        assert sum(line.startswith(f"{scene.title}; the teacher has") for line in lines) == 1
        for student in scene.students:
            assert any(line.startswith(student) for line in lines)
    assert sum(line.startswith("=> ") for line in lines) == len(scenes)


def test_figures_are_those_that_are_printed(ran) -> None:
    scenes, lines, record = ran
    assert [table["data"] for table in record] == [scene.title for scene in scenes]
    for table in record:
        (start,) = [i for i, line in enumerate(lines) if line.startswith(table["data"])]
        for student in table["students"]:
            shown = next(line for line in lines[start:] if line.startswith(student["student"]))
            gain = 1 - student["distilled"] / student["alone"]
            assert f"{100 * gain:+.0f}"[:2] in shown
            assert ("*" in shown) == student["on_front"]


def kind(outcome: str, name: str = "tree, 8 leaves", **other: float) -> StudentVerdict:
    figures = {"difference": -0.1, "error": 0.0712, "distilled": 0.4123, "direct": 0.5123} | other
    costs = {"size": dict.fromkeys(screen_sides, 2e3), "seconds": dict.fromkeys(screen_sides, 1e-3)}
    return StudentVerdict(
        name, outcome, interval=(-1, 1), ruled_out={}, n_rows=9, **figures, **costs
    )


screen_sides = ("direct", "distilled")


def found(*kinds: StudentVerdict):
    """Stand for a fitted search."""
    by_student = {each.student: each for each in kinds}
    teacher = {"raw": 0.31, "calibrated": 0.29876}
    verdict = Verdict(kinds[0].student, by_student, "direct", 0.95, "log-loss", teacher, 1, 1)
    return type("Search", (), {"verdict_": verdict})


def test_losses_have_the_digits_that_their_errors_allow() -> None:
    (line,) = screen.screen_lines(found(kind("helps")))
    assert line.gain == "+20% ± 14%"
    text = screen.told("data", 0.29876, [line])
    assert "the teacher has 0.30" in text
    assert "0.51       0.41" in text
    assert replace(line, error=0.0012).gain == "+19.5% ± 0.2%"
    assert screen.rounded(0.5, float("nan")) == "0.5"


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        (["helps"], "Distilling pays for the tree of 8 leaves."),
        (["harms"], "Distilling harms the tree of 8 leaves."),
        (["not shown to help"], "Distilling is not shown to pay: every difference is within"),
        (["helps", "harms"], "Distilling pays for the tree of 8 leaves; it harms the b."),
        (["not shown to help", "harms"], "Distilling harms the b; no gain is shown for the tree"),
    ],
)
def test_the_sentence_follows_from_the_outcomes(outcomes: list[str], sentence: str) -> None:
    names = ["tree, 8 leaves", "b"]
    lines = screen.screen_lines(found(*map(kind, outcomes, names)))
    assert f"=> {sentence}" in screen.told("", 0.3, lines)


def test_the_front_is_of_the_better_sides() -> None:
    lines = screen.screen_lines(
        found(kind("helps", "a"), kind("harms", "b", direct=0.2), kind("helps", "c"))
    )
    assert [line.on_front for line in lines] == [False, True, False]


def test_figures_that_could_not_be_written(tmp_path, capsys) -> None:
    assert main(["demo", "--json", str(tmp_path / "no" / "demo.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("seeds", ["0", "-1", "x"])
def test_seeds_out_of_range(seeds: str, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["demo", "--seeds", seeds])
    assert stop.value.code == 2
    assert "whole number" in capsys.readouterr().err


def test_demo_needs_no_optional_package() -> None:
    """Importing and resolving everything that the demo uses brings in none of the extras."""
    code = """
import sys
import joblib, lightgbm, sklearn
before = set(sys.modules)
import skdistill.cli
from skdistill.cli import demo, demo_full
demo_full.teacher(0)
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    optional = {"matplotlib", "pandas", "polars", "pyarrow", "rich", "skrub"}
    assert not optional & set(run.stdout.split())


@pytest.mark.long
@pytest.mark.parametrize("task", TREES)
def test_demo_as_a_user_runs_it(task: str) -> None:
    command = [sys.executable, "-W", "error", "-m", "skdistill", "demo", "--task", task]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) <= 24
    assert "=> Distilling pays for" in run.stdout or task == "regress"
