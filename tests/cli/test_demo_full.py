"""``demo --full``, on a part of its data with a small teacher, in this process."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from skdistill.cli import demo_full, main

FORESTS = {"classify": ExtraTreesClassifier, "regress": ExtraTreesRegressor}


def few(load):
    """Return what loads a part of a data set: of digits, three classes."""

    def part():
        X, y = load()
        rows = y < 3 if len(np.unique(y)) == 10 else np.ones(len(y), bool)
        return X[rows][:200], y[rows][:200]

    return part


@pytest.fixture(scope="module", params=FORESTS)
def ran(request, tmp_path_factory):
    """Run ``demo --quick`` with little data; return what it shows, what it printed, its record."""
    show = demo_full.SHOWS[request.param]
    small = replace(
        show,
        data={name: few(load) for name, load in show.data.items()},
        teacher=lambda seed, _: FORESTS[request.param](9, random_state=seed),
    )
    path = tmp_path_factory.mktemp("demo") / "demo.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(demo_full.SHOWS, request.param, small)
        options = ["--task", request.param, "--n-jobs", "1", "--json", str(path)]
        printed = _run(["demo", "--full", "--quick", *options])
    return show, printed, json.loads(path.read_text())


def _run(command: list[str]) -> str:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(command) == 0
    return out.getvalue()


def test_prints_one_table_per_data_set_and_student(ran) -> None:
    show, printed, record = ran
    methods, loss = show.task.table.methods, show.task.table.loss
    assert len(record["tables"]) == len(show.data) * len(show.students)
    for table in record["tables"]:
        assert printed.count(table["title"] + "\n") == 1
        assert [row["method"] for row in table["rows"]] == list(methods)
    for method in methods:
        assert printed.count(f"\n{method} ") == len(record["tables"])
    for student in show.students.values():
        assert printed.count(f"\n{student}: by {loss} against") == 1


def test_means_and_errors_are_those_of_the_splits(ran) -> None:
    show, _, record = ran
    columns = [figure.name for figure in show.task.table.figures if figure.steady]
    widening = np.sqrt(1 / 2 + record["test_share"] / (1 - record["test_share"]))
    loss, difference = {
        "classify": (lambda score: score["log_loss"], "log_loss_difference"),
        "regress": (lambda score: score["rmse"] ** 2, "squared_error_difference"),
    }[show.task.name]
    for table in record["tables"]:
        splits = [
            {score["method"]: score for score in split["scores"]}
            for split in record["splits"]
            if (split["data"], split["student"]) == (table["data"], table["student"])
        ]
        assert table["splits"] == len(splits) == 2
        for row in table["rows"]:
            for column in columns:
                values = [split[row["method"]][column] for split in splits]
                if None in values:  # the slope of a constant
                    assert row[column]["mean"] is None
                    continue
                assert row[column]["mean"] == pytest.approx(np.mean(values))
                error = np.std(values, ddof=1) * widening
                assert row[column]["standard_error"] == pytest.approx(error)
        gaps = [loss(s["distilled"]) - loss(s["student alone"]) for s in splits]
        assert table["verdict"][difference]["mean"] == pytest.approx(np.mean(gaps))


def test_teacher_agrees_with_itself(ran) -> None:
    show, _, record = ran
    column = {"classify": "agreement", "regress": "fidelity"}[show.task.name]
    for table in record["tables"]:
        assert table["rows"][1][column] == {"mean": 1.0, "standard_error": 0.0}


def test_every_split_tells_its_strength_and_route(ran) -> None:
    record = ran[-1]
    for split in record["splits"]:
        assert 0 <= split["strength"] <= 1
        assert split["route"]


def test_teacher_is_an_ensemble_with_one_thread(binary) -> None:
    X, y = binary
    teacher = demo_full.teacher(0, trees=5).fit(X, y)
    assert teacher.predict_proba(X).shape == (len(y), 2)
    assert teacher.get_params()["lightgbm__n_jobs"] == 1
    teacher = demo_full.number_teacher(0, trees=5).fit(X, y)
    assert teacher.predict(X).shape == y.shape
    assert teacher.get_params()["lightgbm__n_jobs"] == 1


def test_one_seed_has_no_standard_errors() -> None:
    assert demo_full._spread(1).startswith("One split: no standard errors")
    assert demo_full._spread(5).startswith("Means over 5 random splits")


@pytest.mark.long
@pytest.mark.parametrize("task", FORESTS)
def test_demo_as_a_user_runs_it(task: str) -> None:
    command = [sys.executable, "-W", "error", "-m", "skdistill", "demo", "--full", "--quick"]
    command += ["--task", task]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "32-leaf tree: by " in run.stdout
