"""``demo``, on a part of its data with a small teacher, in this process."""

import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import ExtraTreesClassifier

from skdistill.cli import demo, main
from skdistill.cli.class_scores import CLASS_TABLE

METHODS = CLASS_TABLE.methods
COLUMNS = [figure.name for figure in CLASS_TABLE.figures if figure.steady]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run ``demo --quick`` with little data; return what it printed and its record."""
    few = load_digits(n_class=3, return_X_y=True), load_breast_cancer(return_X_y=True)
    loaders = {
        name: lambda X=X, y=y, **_: (X[:200], y[:200])
        for name, (X, y) in zip(demo.DATA, few, strict=True)
    }
    path = tmp_path_factory.mktemp("demo") / "demo.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "DATA", loaders)
        patch.setattr(demo, "teacher", lambda seed, _: ExtraTreesClassifier(9, random_state=seed))
        printed = _run(["demo", "--quick", "--n-jobs", "1", "--json", str(path)])
    return printed, json.loads(path.read_text())


def _run(command: list[str]) -> str:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(command) == 0
    return out.getvalue()


def test_prints_one_table_per_data_set_and_student(ran) -> None:
    printed, record = ran
    assert len(record["tables"]) == len(demo.DATA) * len(demo.STUDENTS)
    for table in record["tables"]:
        assert printed.count(table["title"] + "\n") == 1
        assert [row["method"] for row in table["rows"]] == list(METHODS)
    for method in METHODS:
        assert printed.count(f"\n{method} ") == len(record["tables"])
    for student in demo.STUDENTS.values():
        assert printed.count(f"\n{student}: by log-loss") == 1


def test_means_and_errors_are_those_of_the_splits(ran) -> None:
    _, record = ran
    widening = np.sqrt(1 / 2 + record["test_share"] / (1 - record["test_share"]))
    for table in record["tables"]:
        splits = [
            {score["method"]: score for score in split["scores"]}
            for split in record["splits"]
            if (split["data"], split["student"]) == (table["data"], table["student"])
        ]
        assert table["splits"] == len(splits) == 2
        for row in table["rows"]:
            for column in COLUMNS:
                values = [split[row["method"]][column] for split in splits]
                assert row[column]["mean"] == pytest.approx(np.mean(values))
                error = np.std(values, ddof=1) * widening
                assert row[column]["standard_error"] == pytest.approx(error)
        gaps = [s["distilled"]["log_loss"] - s["student alone"]["log_loss"] for s in splits]
        assert table["verdict"]["log_loss_difference"]["mean"] == pytest.approx(np.mean(gaps))


def test_teacher_agrees_with_itself(ran) -> None:
    _, record = ran
    for table in record["tables"]:
        assert table["rows"][1]["agreement"] == {"mean": 1.0, "standard_error": 0.0}


def test_every_split_tells_its_strength_and_route(ran) -> None:
    _, record = ran
    for split in record["splits"]:
        assert 0 <= split["strength"] <= 1
        assert split["route"]


def test_teacher_is_an_ensemble_with_one_thread(binary) -> None:
    X, y = binary
    teacher = demo.teacher(0, trees=5).fit(X, y)
    assert teacher.predict_proba(X).shape == (len(y), 2)
    assert teacher.get_params()["lightgbm__n_jobs"] == 1


def test_one_seed_has_no_standard_errors() -> None:
    assert demo._legend(1).startswith("One split: no standard errors")
    assert demo._legend(5).startswith("Means over 5 random splits")


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
from skdistill.cli import demo
demo.teacher(0)
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    optional = {"matplotlib", "pandas", "polars", "pyarrow", "rich", "skrub"}
    assert not optional & set(run.stdout.split())


@pytest.mark.long
def test_demo_as_a_user_runs_it() -> None:
    command = [sys.executable, "-W", "error", "-m", "skdistill", "demo", "--quick"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "32-leaf tree: by log-loss" in run.stdout
