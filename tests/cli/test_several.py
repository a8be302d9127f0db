"""``fit`` with several students: a table each, and the best of all is saved."""

import json
from dataclasses import replace

import joblib
import pytest

from skdistill.cli import main, number_names, tasks
from skdistill.cli.errors import CommandError
from skdistill.cli.names import Named
from tests.cli.conftest import TEACHER


@pytest.fixture
def compared(files, capsys):
    """Fit two students; return what was printed and the report."""
    path = files.folder / "report.json"
    command = ["fit", files.train, "--target", "y", "--out", files.model, "--teacher", TEACHER]
    students = ["--student", "tree,tests.cli.learners:STUMP"]
    assert main([*command, *students, "--cv", "3", "--report", str(path)]) == 0
    return capsys.readouterr().out, json.loads(path.read_text())


def test_the_best_of_several_is_saved(compared, files) -> None:
    printed, record = compared
    tables = [record["table"], *record["others"]]
    assert [printed.count(table["title"] + "\n") for table in tables] == [1, 1]
    losses = {
        (table["title"].rpartition(" ")[2], row["method"]): row["log_loss"]["mean"]
        for table in tables
        for row in table["rows"]
        if row["method"] in ("student alone", "distilled")
    }
    saved = record["command"]["saved_student"], record["command"]["saved"]
    assert losses[saved] == min(losses.values())
    kept = joblib.load(files.model).named_steps["student"]
    assert (kept.get_n_leaves() <= 4) == (saved[0] == "tests.cli.learners:STUMP")
    assert printed.count("class frequencies: those of") == 1  # one legend for all


def test_auto_leaves_out_what_is_not_installed(capsys) -> None:
    def missing(seed: int) -> None:
        raise CommandError("pip install it") from ImportError("no")

    def broken(seed: int) -> None:
        raise CommandError("unusable")

    students = tasks.CLASSIFY.students
    task = replace(tasks.CLASSIFY, students=students | {"x": Named(missing, "")})
    assert list(task.student_learners(["auto"], 0)) == list(students)
    assert "--student auto leaves out x: not installed" in capsys.readouterr().err
    with pytest.raises(CommandError, match="unusable"):
        replace(task, students={"x": Named(broken, "")}).student_learners(["auto"], 0)


def test_auto_is_all_that_have_the_loss() -> None:
    found = tasks.regress(tasks.Quantile(0.9)).student_learners(["auto"], 0)
    assert set(found) <= {n for n, s in number_names.STUDENTS.items() if "quantile" in s.losses}
    assert "lightgbm" in found
