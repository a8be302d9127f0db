"""The package benchmarks/: files, data sets, tables; what it measures is not measured again."""

import argparse
import dataclasses
import doctest
import itertools
import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from benchmarks import (
    calibration,
    datasets,
    gpu,
    linear,
    made,
    paper,
    paper_tables,
    rare,
    results,
    scale,
    shift,
    size,
    speed,
    strength,
    synthetic,
    transfer,
)


@dataclass(frozen=True)
class Row:
    name: str
    seed: int
    value: float


@pytest.mark.parametrize("module", [datasets, made, results])
def test_the_examples_in_the_docstrings_hold(module):
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_a_log_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "raw" / "rows.csv"
    results.Log(path, Row, ("name", "seed")).add(Row("a", 0, 0.1))
    log = results.Log(path, Row, ("name", "seed"))
    assert ("a", 0) in log
    assert ("a", 1) not in log
    log.add(Row("a", 1, 1 / 3))
    log.add(Row("a", 0, 0.2))  # measured again: the last counts
    assert log.frame().to_dict("list") == {
        "name": ["a", "a"],
        "seed": [1, 0],
        "value": [0.333333, 0.2],
    }
    assert log.missing([("b", 1), ("a", 1), ("a", 2)]) == [("b", 1), ("a", 2)]
    assert len(results.Log(path, Row, ("name", "seed"), fresh=True)) == 0


def test_a_log_finds_numbers_as_they_are_written(tmp_path):
    path, key = tmp_path / "rows.csv", ("name", "value")
    results.Log(path, Row, key).add(Row("a", 0, 100.0))
    log = results.Log(path, Row, key)
    assert ("a", 100.0) in log
    assert ("a", 100.5) not in log


def test_a_row_keeps_the_day_on_which_it_was_measured(tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"
    for day, seed in (("2026-01-31", 0), ("2026-02-01", 1), ("2026-02-02", 2), ("2026-03-01", 0)):
        monkeypatch.setattr(results, "today", lambda day=day: day)
        log = results.Log(path, Row, ("name", "seed"))  # a run of its own
        log.add(Row("a", seed, 0.5))
    assert path.read_text(encoding="utf-8").splitlines()[:2] == [
        "name,seed,value,measured",
        "a,0,0.5,2026-01-31",
    ]
    frame = log.frame()
    assert list(frame.columns) == ["name", "seed", "value"]
    assert log.measured() == ("2026-02-01", "2026-03-01")  # seed 0 was measured again
    assert log.measured(frame[frame["seed"] > 0]) == ("2026-02-01", "2026-02-02")
    assert log.measured(frame[frame["seed"] == 2]) == ("2026-02-02", "2026-02-02")


def test_rows_are_dated_in_greenwich():
    before = datetime.now(tz=UTC).date()
    assert before <= date.fromisoformat(results.today()) <= datetime.now(tz=UTC).date()


def test_a_bar_says_how_many_measurements_are_to_come(capsys):
    for number in results.progress(iter([3, 4]), 5, lambda n: f"found {n}"):
        print(f"dealt with {number}")
    shown = capsys.readouterr()
    assert shown.out == "dealt with 3\nfound 3\ndealt with 4\nfound 4\n"
    assert "0/5" in shown.err
    assert "2/5" in shown.err
    assert list(results.progress(iter("ab"), 2)) == ["a", "b"]
    capsys.readouterr()
    assert list(results.progress([], 0, str)) == []
    assert capsys.readouterr() == ("", "")


def test_a_log_of_other_columns_is_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("name,value\na,1\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="--fresh"):
        results.Log(path, Row, ("name", "seed"))


def test_a_page_says_how_it_was_made(tmp_path):
    table = pd.DataFrame({"set": ["adult"], "ours": [0.123456], "paper": [math.nan]})
    drawn = (("demo.svg", "What is seen."),)
    days = ("2026-01-31", "2026-02-01")
    page = results.Page(
        "demo", "A title", "the command", ("About it.",), figures=drawn, measured=days
    )
    page.write(tmp_path, table, ("More", table))
    assert (tmp_path / "more" / "demo-1.csv").read_text(encoding="utf-8").startswith("set,ours")
    assert (tmp_path / "demo.csv").read_text(encoding="utf-8") == "set,ours,paper\nadult,0.1235,\n"
    facts = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert facts["title"] == "A title"
    assert facts["about"] == ["About it."]
    assert facts["figures"] == [["demo.svg", "What is seen."]]
    assert facts["more"] == [["More", "more/demo-1.csv"]]
    assert {"Python", "skdistill", "scikit-learn"} <= set(facts["versions"])
    text = (tmp_path / "demo.md").read_text(encoding="utf-8")
    order = ("# A title", "| adult | 0.1235 |  |", "![What is seen.]", "About it.", "## More")
    places = [text.index(part) for part in order]
    assert places == sorted(places), "the table comes first, what it means after it"
    assert facts["measured"] == list(days)
    made = f"Tables made {facts['date']} with Python {facts['versions']['Python']}, skdistill "
    assert f"\n\nRows measured 2026-01-31 to 2026-02-01. {made}" in text
    for measured, expected in ((days[:1] * 2, f"Rows measured 2026-01-31. {made}"), (None, made)):
        dataclasses.replace(page, measured=measured).write(tmp_path, table)
        assert f"\n\n{expected}" in (tmp_path / "demo.md").read_text(encoding="utf-8")


def test_the_command_is_without_folders():
    given = ["--repeats", "2", "--out", "somewhere", "--fresh"]
    assert results.command_line("speed", given) == "python -m benchmarks.speed --repeats 2"
    assert results.command_line("speed", ["--out=x", "--summary"]) == "python -m benchmarks.speed"


def test_sets_are_read_from_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SKDISTILL_DATA", str(tmp_path))
    table = pd.DataFrame(
        {
            "kind": ["None", "", "a"],
            "duration": [1, 2, 3],
            "size": [1.5, None, 2],
            "target": [9, 8, 3],
        }
    )
    for name in ("bank_marketing", "wine_quality"):
        table.to_csv(tmp_path / f"{name}.csv.gz", index=False)
    X, y = datasets.load("bank_marketing")
    assert list(X.columns) == ["kind", "size"]  # what leaks the outcome is dropped
    assert X["kind"].isna().tolist() == [False, True, False]  # "None" is a category
    assert y.tolist() == [9, 8, 3]
    assert datasets.load("wine_quality")[1].tolist() == [8, 8, 3]
    with pytest.raises(FileNotFoundError, match=r"adult\.csv\.gz is not in the folder"):
        datasets.load("adult")


def test_a_missing_folder_is_explained(tmp_path, monkeypatch):
    monkeypatch.delenv("SKDISTILL_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match=r"set SKDISTILL_DATA .*FOLDER --sets adult"):
        datasets.load("adult")
    with pytest.raises(FileNotFoundError, match=r"that holds fico\.csv\.gz\.$"):
        datasets.load("fico")  # nobody may pass it on
    with pytest.raises(KeyError, match="unknown data set 'adlut'; there are adult"):
        datasets.load("adlut")
    monkeypatch.setenv("SKDISTILL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="must name a folder"):
        datasets.load("adult")


@pytest.fixture
def openml(monkeypatch):
    """Return a function that puts a table in the place of OpenML, and the list of downloads."""
    asked = []

    def put(name, data, target, **changes):
        def fetched(**options):
            asked.append(options)
            return SimpleNamespace(data=data, target=pd.Series(target, dtype="category"))

        recipe = dataclasses.replace(datasets.SETS[name], **changes)
        monkeypatch.setitem(datasets.SETS, name, recipe)
        monkeypatch.setattr(datasets, "fetch_openml", fetched)
        return asked

    return put


def test_what_is_fetched_is_read_as_the_files_are(openml, tmp_path, monkeypatch, capsys):
    data = pd.DataFrame(
        {
            "state": pd.Series(list("012345"), dtype="category"),
            "phone_number": range(6),
            "plan": pd.Series(["None", "a", None] * 2, dtype="category"),
            "minutes": [0.5, math.nan, 2.5, 3.5, 4.5, 5.5],
        }
    )
    asked = openml("churn", data, list("010101"), rows=4, features=3)
    for _ in range(2):  # the second time the file is there
        datasets.main([str(tmp_path / "new"), "--sets", "churn"])
    assert asked == [{"data_id": 40701, "as_frame": True, "parser": "auto"}]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["churn.csv.gz"]
    said = capsys.readouterr().out
    for part in ("churn: 4 rows, 3 features", "fico and stumbleupon", f"DATA={tmp_path / 'new'}"):
        assert part in said
    monkeypatch.setenv("SKDISTILL_DATA", str(tmp_path / "new"))
    X, y = datasets.load("churn")
    assert list(X.columns) == ["state", "plan", "minutes"]  # no numbers of customers
    assert len(X) == len(y) == 4  # a sample
    assert X["state"].dtype == np.int64
    rows = X["state"]  # the rows stay together
    assert y.tolist() == [["no", "yes"][row % 2] for row in rows]
    pd.testing.assert_series_equal(X["minutes"], data["minutes"].loc[rows].reset_index(drop=True))
    assert X["plan"].fillna("missing").tolist() == [["None", "a", "missing"][r % 3] for r in rows]


def test_a_smaller_table_of_openml_is_taken_whole(openml, tmp_path, monkeypatch):
    monkeypatch.setenv("SKDISTILL_DATA", str(tmp_path))
    data = pd.DataFrame({"acidity": [7.0, 6.5, 8.0], "alcohol": [9, 10, 11]})
    openml("wine_quality", data, ["9", "8", "3"], features=3)  # no colour there
    datasets.fetch("wine_quality", tmp_path)
    X, y = datasets.load("wine_quality")
    pd.testing.assert_frame_equal(X, data)
    assert y.tolist() == [8, 8, 3]


def test_a_table_that_is_not_as_expected_is_refused(openml, tmp_path):
    data = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    openml("magic", data, ["g", "h"], features=1)
    with pytest.raises(ValueError, match=r"\(magic\): expected 1 columns, got \['a', 'b'\]"):
        datasets.fetch("magic", tmp_path)
    openml("satimage", data, ["1.", "6."], features=2)
    with pytest.raises(ValueError, match=r"expected \[1, 2, 3, 4, 5, 7\], got \['1\.', '6\.'\]"):
        datasets.fetch("satimage", tmp_path)
    with pytest.raises(ValueError, match="'fico' is not on OpenML"):
        datasets.fetch("fico", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
def test_the_sets_have_the_sizes_that_the_documentation_names(data_dir):
    for name, recipe in datasets.SETS.items():
        if (data_dir / f"{name}.csv.gz").exists():
            X, y = datasets.load(name)
            sizes = (*X.shape, len(np.unique(y)))
            assert sizes == (recipe.rows, recipe.features, recipe.classes), name
            assert set(recipe.lacks) <= set(X.columns), name
            assert set(recipe.labels.values()) <= set(y), name


def test_codes_and_means_are_those_of_the_training_rows():
    train = pd.DataFrame({"kind": ["b", "a", None], "size": [1.0, math.nan, 3.0]})
    test = pd.DataFrame({"kind": ["c", "a"], "size": [math.nan, 7.0]})
    encoded, other = datasets.encode(train, test)
    np.testing.assert_array_equal(encoded, [[1.0, 1.0], [0.0, 2.0], [0.5, 3.0]])
    np.testing.assert_array_equal(other, [[0.5, 2.0], [0.0, 7.0]])


def test_timings_are_compared_pair_by_pair():
    calls = []
    case = speed.Case(
        "group",
        "case",
        2.0,
        "ratio",
        2,
        3,
        lambda: calls.append("ours"),
        lambda: calls.append("bare"),
    )
    timing = speed.compare(case, repeat=0)
    assert calls == ["bare", "bare", "ours", "ours", "ours", "ours", "bare", "bare", *calls[:4]]
    assert timing.limit == 2.0
    assert speed.Case("g", "c", 15.0, "microseconds", 1, 1, print, print).value(3e-6, 1e-6) == (
        pytest.approx(2.0)
    )


def test_the_verdict_is_on_the_median(tmp_path):
    rows = [
        speed.Timing("fit", name, repeat, 1.0, 1.0, value, limit, "ratio")
        for name, limit, values in (
            ("good", 1.05, (1.0, 1.04, 9.0)),
            ("bad", 1.05, (1.0, 1.06, 1.07)),
            ("free", math.nan, (3.0, 3.0, 3.0)),
        )
        for repeat, value in enumerate(values)
    ]
    table = speed.summary(pd.DataFrame(rows))
    assert table["verdict"].tolist() == ["PASS", "miss", ""]
    assert table["median"].tolist() == ["1.040", "1.060", "3.000"]
    ((file, _),) = speed.draw(pd.DataFrame(rows), tmp_path)
    drawn = (tmp_path / file).read_text(encoding="utf-8")
    assert all(f"fit: {name}" in drawn for name in ("good", "bad", "free"))
    assert speed.draw(pd.DataFrame(rows).assign(unit="microseconds"), tmp_path) == ()


def test_a_page_made_anew_keeps_the_days_and_says_the_repeats(tmp_path, monkeypatch):
    raw = tmp_path / "raw" / "speed.csv"
    log = results.Log(raw, speed.Timing, ("group", "case", "repeat"))
    monkeypatch.setattr(results, "today", lambda: "2026-01-31")
    for group, name, repeats in (("search", "s", 1), ("fit", "long", 2), ("fit", "short", 3)):
        for repeat in range(repeats):
            log.add(speed.Timing(group, name, repeat, 1.0, 1.0, 1.0, 2.0, "ratio"))
    assert speed.n_missing({"search": 2, "fit": 2}, log) == 2 * (6 + 9) - (1 + 4)
    before = raw.read_bytes()
    monkeypatch.undo()
    speed.main(["--summary", "--out", str(tmp_path)])
    assert raw.read_bytes() == before
    text = (tmp_path / "speed.md").read_text(encoding="utf-8")
    assert "Command: `python -m benchmarks.speed`\n" in text
    assert "Repeats of each case: *search* 1, *fit* 2 to 3." in text
    assert "Rows measured 2026-01-31. Tables made 20" in text


def test_what_takes_minutes_is_repeated_less_unless_it_is_asked_for(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(speed, "measure", lambda repeats, *_, **__: asked.append(repeats) or [])
    monkeypatch.setattr(speed.Log, "frame", lambda _: pd.DataFrame())
    for given in ([], ["--repeats", "7"], ["--quick"], ["--summary"]):
        with pytest.raises(KeyError):  # there are no rows to make a table of
            speed.main([*given, "--groups", "predict", "search", "--out", str(tmp_path)])
    assert asked == [
        {"predict": 5, "search": 1},
        {"predict": 7, "search": 7},
        {"predict": 1, "search": 1},
        {},
    ]


@pytest.mark.filterwarnings("ignore")
def test_a_group_of_linear_is_measured_until_it_is_whole(tmp_path, monkeypatch):
    tiny = linear.Sizes(300, 100, 200, 6)
    found = {group: list(make(tiny, 0)) for group, make in linear.GROUPS.items()}
    assert {group: len(rows) for group, rows in found.items()} == linear.CASES
    path = tmp_path / "raw" / "linear.csv"
    log = results.Log(path, linear.Measurement, ("group", "case", "repeat"))
    monkeypatch.setattr(results, "today", lambda: "2026-01-31")
    for row in (*found["float32"], found["mlp"][0]):
        log.add(row)
    assert linear.missing(["mlp", "float32"], [0, 1], log) == [
        ("mlp", 0), ("mlp", 1), ("float32", 1),
    ]  # fmt: skip
    assert linear.missing(["mlp"], [0], results.Log(tmp_path / "none", Row, ("name",))) == [
        ("mlp", 0)
    ]
    before = path.read_bytes()
    monkeypatch.undo()
    linear.main(["--groups", "float32", "--repeats", "1", "--out", str(tmp_path)])
    assert path.read_bytes() == before
    assert "Rows measured 2026-01-31. " in (tmp_path / "linear.md").read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", speed.GROUPS)
def test_both_sides_of_every_case_run(group):
    cases = list(speed.GROUPS[group](speed.Sizes(200, 2, 200, 300, 2, 300, 300, 150, 2)))
    assert len(cases) == speed.CASES[group]
    assert len({case.name for case in cases}) == len(cases)
    with threadpool_limits(1):
        for case in cases:
            case.ours()
            case.bare()


@pytest.fixture
def forests(monkeypatch, tmp_path):
    """A plan and rows small enough for a test; files go to a folder of the test."""
    monkeypatch.setattr(paper, "OUT_OF_FOLD", tmp_path)
    plan = paper.Plan(
        ("breast_cancer",),
        (1, 3),
        (1,),
        (*paper.METHODS, "honest"),
        teacher_trees=5,
        weak_trees=4,
        weak_student=2,
        cv=2,
        honest_cv=3,
    )
    return plan, paper.split("breast_cancer", 0)


@pytest.mark.filterwarnings("ignore")
def test_the_cells_of_the_paper_are_measured_once(forests, tmp_path, monkeypatch):
    plan, rows = forests
    cases = plan.cases(["students", "depths"])
    assert [(c.experiment, c.x, c.student_trees) for c in cases] == [
        ("students", 1, 1),
        ("students", 3, 3),
        ("depths", 1, 2),
    ]
    cells = list(paper.measure(plan, rows, cases))
    assert [cell.method for cell in cells] == list(plan.methods) * 3
    assert all(0.7 < cell.value <= 1.0 for cell in cells)
    found = {cell.method: cell.strength for cell in cells[:7]}
    assert (found["direct"], found["in-sample"], found["cross-fit"]) == (1.0, 0.0, 0.0)
    assert 0.0 < found["enhanced"] <= 1.0
    stems = ("breast_cancer-rf5", "breast_cancer-rf4-depth1")
    kept = {f"{stem}-{part}-seed0.npz" for stem in stems for part in ("cv2", "whole", "pool3")}
    assert {file.name for file in tmp_path.iterdir()} == kept
    known = {(c.experiment, c.data, c.seed, c.x, c.method) for c in cells if c.method != "ours"}
    monkeypatch.setattr(paper, "RandomForestClassifier", lambda *_, **__: None)  # none is fitted
    again = list(paper.measure(plan, rows, cases, known))
    assert [cell.value for cell in again] == [c.value for c in cells if c.method == "ours"]


def test_out_of_fold_probabilities_of_earlier_runs_are_read(forests, tmp_path):
    plan, rows = forests
    p = np.full((len(rows.y), 2), 0.5)
    np.save(tmp_path / "breast_cancer-rf5-cv2-seed0.npy", p)
    np.testing.assert_array_equal(paper.Teacher(plan, rows, 5, None).out_of_fold(), p)


def test_the_leaking_choice_is_that_of_a_grid_search(forests):
    _, rows = forests
    p = np.clip(rows.y + np.random.default_rng(0).normal(0.0, 0.5, len(rows.y)), 0.0, 1.0)
    scores = []
    for c in paper.CONSTANTS:
        target = p + c / (c + (rows.y - p) ** 2) * (rows.y - p)
        parts = KFold(5).split(rows.X)
        fitted = (
            RandomForestRegressor(2, random_state=0).fit(rows.X[train], target[train])
            for train, _ in parts
        )
        folds = [test for _, test in KFold(5).split(rows.X)]
        each = zip(fitted, folds, strict=True)
        scores.append(np.mean([roc_auc_score(rows.y[t], m.predict(rows.X[t])) for m, t in each]))
    assert paper.choose_leaking(rows, p, (1, 2, 4))[2] == paper.CONSTANTS[int(np.argmax(scores))]


def test_higgs_is_judged_by_accuracy():
    y = np.array([0, 1, 1, 0])
    higgs = paper.Rows("higgs", 0, np.empty((0, 1)), y, np.empty((4, 1)), y)
    assert (higgs.metric, higgs.score(np.array([0.6, 0.7, 0.8, 0.1]))) == ("accuracy", 0.75)
    adult = dataclasses.replace(higgs, name="adult")
    assert (adult.metric, adult.score(np.array([0.6, 0.7, 0.8, 0.1]))) == ("AUC", 1.0)


def test_a_set_that_the_user_may_bring_is_skipped(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SKDISTILL_DATA", str(tmp_path))
    arguments = argparse.Namespace(experiments=["depths"])
    assert list(paper._cells(paper.Plan(("fico",)), 0, arguments, {})) == []
    assert "fico, seed 0: skipped" in capsys.readouterr().out
    with pytest.raises(FileNotFoundError, match="adult"):
        list(paper._cells(paper.Plan(("adult",)), 0, arguments, {}))


@pytest.fixture
def released(tmp_path, monkeypatch):
    """Other published figures."""
    lines = [
        "experiment,data,x,direct,vanilla,enhanced,teacher",
        "students,adult,1,0.75,0.6,0.9,0.92",
        "students,adult,10,,,0.905,0.92",
        "depths,adult,1,0.88,,0.2,",
    ]
    (tmp_path / "published.csv").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(paper_tables, "PUBLISHED", tmp_path / "published.csv")


@pytest.mark.data
def test_published_figures_are_those_that_the_authors_released(data_dir):
    file = data_dir / "paper_results.csv"
    if not file.exists():
        pytest.skip(f"the folder that SKDISTILL_DATA names has no {file.name}")
    rows = pd.read_csv(file).set_index(["x_name", "dataset", "x", "method", "scale", "split"])[
        "mean"
    ]
    source = {
        "direct": ("scratch_regressor", "p", "crossfit"),
        "in-sample": ("kd_mse", "p", "none"),
        "vanilla": ("kd_mse", "logp", "none"),
        "cross-fit": ("kd_mse", "p", "crossfit"),
        "enhanced": ("kd_boundfast", "p", "crossfit"),
        "teacher": ("teacher", "p", "crossfit"),
    }
    shown = 0
    for experiment, name in (("students", "student_n_trees"), ("depths", "teacher_max_depth")):
        table = paper_tables.published(experiment)
        assert list(table) == list(source)
        for column, where in source.items():
            for (data, x), value in table[column].items():
                whole = rows.get((name, data, np.nan, *where), np.nan)
                assert value == rows.get((name, data, x, *where), whole) or np.isnan(value)
                shown += np.isfinite(value)
    assert shown == 435


def _paper_cells(experiment, values):
    return pd.DataFrame(
        [
            paper.Cell(experiment, "adult", seed, x, method, "AUC", value + seed / 1000, 0.5, 1.0)
            for x, by_method in values.items()
            for seed in (0, 1)
            for method, value in by_method.items()
        ]
    )


@pytest.mark.usefixtures("released")
def test_ours_is_set_beside_the_published_figures():
    cells = _paper_cells(
        "students", {1: {"direct": 0.75, "ours": 0.8988}, 10: {"direct": 0.88, "ours": 0.9032}}
    )
    table = paper_tables.summary(cells, "students")
    assert table["verdict"].tolist() == ["PASS", "miss"]
    assert table["ours less paper"].tolist() == ["-0.0007", "-0.0013"]
    assert table["direct"].tolist() == ["0.7505 ± 0.0005", "0.8805 ± 0.0005"]
    assert table["paper, enhanced"].tolist() == ["0.9000", "0.9050"]
    sentences = list(paper_tables.bars(cells, "students"))
    assert "1 of 2 cells clear the bar; the worst is -0.0013" in sentences[0]
    assert sentences[1].endswith("-0.0010 on average: miss.")
    beside = paper_tables.beside(cells, "students")
    assert beside["direct, here less paper"].tolist() == ["+0.0005", ""]
    assert beside["paper, teacher"].tolist() == ["0.9200", "0.9200"]
    assert beside["paper, vanilla"].tolist() == ["0.6000", ""]


@pytest.mark.usefixtures("released")
def test_differences_are_of_the_splits_that_both_have():
    """A method with fewer splits must not look better, or worse, by the splits it lacks."""
    values = {1: {"direct": 0.7, "enhanced": 0.8, "ours": 0.81, "teacher": 0.9, "honest": 0.805}}
    cells = _paper_cells("students", values)
    lucky = cells.assign(seed=2, value=cells["value"] + 0.1, x=1).iloc[:5]
    cells = pd.concat([cells, lucky[lucky["method"] != "honest"]])
    line = paper_tables.summary(cells, "students").iloc[0]
    assert line["splits"] == "3 (honest 2)"
    assert line["honest less ours"] == "-0.0050 ± 0.0000"
    assert line["ours less enhanced"] == "+0.0100 ± 0.0000"
    said = " ".join(paper_tables.losses(cells, "students"))
    assert "honest less ours is -0.0050 on average, -0.0050; it is below zero in 1 of 1" in said
    assert "is +0.0100; it is below zero in 0 of 1 lines" in said
    assert "has to bring the file: fico, stumbleupon" in said
    assert "not comparable" not in said


@pytest.mark.usefixtures("released")
def test_what_a_page_lacks_is_said(monkeypatch):
    values = {1: {"enhanced": 0.8, "direct": 0.7, "ours": 0.7, "teacher": 0.9}}
    cells = _paper_cells("depths", values).assign(strength=1.0)
    said = " ".join(paper_tables.losses(cells, "depths"))
    assert "is -0.1000; it is below zero in 1 of 1 lines" in said
    assert "In 1 of 1 lines ours is the direct student itself" in said
    other = cells.assign(data="fico")
    monkeypatch.setattr(
        paper_tables, "published", lambda _: pd.DataFrame({"teacher": 0.95, "enhanced": 0.9},
        pd.MultiIndex.from_tuples([("fico", 1)], names=["data", "x"]))
    )  # fmt: skip
    said = " ".join(paper_tables.losses(other, "depths"))
    assert "fico is not comparable with the published figures: the teacher itself is -0.04" in said


@pytest.mark.usefixtures("released")
def test_with_weak_teachers_ours_is_held_against_the_direct_student(tmp_path):
    values = {1: {"direct": 0.88, "ours": 0.88}, 5: {"direct": 0.88, "ours": 0.879}}
    values[10] = {"direct": 0.88, "ours": 0.5}  # no weak teacher
    cells = _paper_cells("depths", values)
    table = paper_tables.summary(cells, "depths")
    assert table["verdict"].tolist() == ["PASS", "miss", ""]
    paper_tables.write_pages(cells, tmp_path, "a command")
    assert (tmp_path / "paper_depths.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert json.loads((tmp_path / "paper_depths.json").read_text())["more"][0][1] == (
        "more/paper_depths-1.csv"
    )
    assert (tmp_path / "more" / "paper_depths-1.csv").exists()


def test_seconds_are_put_to_whose_they_are():
    crossfit, own = f"{scale.PACKAGE}/crossfit.py", f"{scale.PACKAGE}/students/base.py"
    sklearn = "/site/sklearn/base.py"
    called = {
        (sklearn, 1, "wrapper"): (1, 1, 1.0, 6.0, {(crossfit, 1, "fit"): (1, 1, 1.0, 6.0)}),
        ("/site/lightgbm/sklearn.py", 1, "predict_proba"): (
            2,
            2,
            1.0,
            3.0,
            {(own, 1, "f"): (1, 1, 1.0, 2.0), ("/site/other.py", 1, "f"): (1, 1, 0.0, 1.0)},
        ),
        (own, 1, "fit"): (1, 1, 1.0, 9.0, {(crossfit, 1, "fit"): (1, 1, 1.0, 9.0)}),
        ("/site/sklearn/param.py", 1, "wrapper"): (
            1, 1, 1.0, 9.0, {(crossfit, 1, "fit"): (1, 1, 1.0, 9.0)},
        ),
    }  # fmt: skip
    found = scale.shares(SimpleNamespace(stats=called, total_tt=10.0))
    assert found == {"teachers": 6.0, "students": 2.0, "skdistill itself": 2.0}


def test_memory_saves_the_teachers_of_a_search(tmp_path):
    sizes = dataclasses.replace(scale.QUICK, search_rows=120, teacher_trees=1)
    found = {each.case: each.teacher_fits for each in scale.searches(sizes, 0)}
    log = results.Log(tmp_path / "rows.csv", scale.Measurement, ("group", "case", "x", "repeat"))
    assert scale.n_missing(["search"], sizes, 0, log) == len(found)
    log.add(scale.Measurement("rows", "2 classes, 5 folds", 600, 0, 1.0))
    assert scale.n_missing(["search", "rows", "grid"], sizes, 0, log) == len(found) + 1
    # 4 students x 5 folds and the refit, each of 5 folds; with memory once per split.
    assert found == {"without memory": 105, "with memory": 30}


def test_a_point_is_fitted_and_its_memory_told():
    seconds, megabytes, fits = scale.fit_alone(scale.Point(200, 3, cv=3, strengths=2, trees=2))
    assert seconds > 0
    assert megabytes >= 0
    assert fits == 6


def test_scale_is_summed_up_by_medians(tmp_path):
    rows = [
        scale.Measurement("profile", f"a: {part}", 10, repeat, seconds + repeat)
        for part, seconds in (("teachers", 2.0), ("skdistill itself", 0.0))
        for repeat in (0, 1, 2)
    ]
    rows += [scale.Measurement("rows", "2 classes", 10, 0, 1.0, 5.0, 5)]
    table = scale.summary(pd.DataFrame(rows))
    assert table["group"].tolist() == ["rows", "profile", "profile"]
    assert table["share"].tolist() == ["", "75.0%", "25.0%"]
    assert table["teacher fits"].tolist() == ["5", "", ""]
    assert [file for file, _ in scale.draw(table, tmp_path)] == [
        "scale_seconds.svg",
        "scale_mib.svg",
    ]


def _cells():
    """Two sets of many classes; isotonic is best on one, sigmoid on the other and on average."""
    losses = {
        "one": {"None": 1.0, "isotonic": 0.7, "sigmoid": 0.8, "temperature": 0.9},
        "two": {"None": 1.0, "isotonic": 1.3, "sigmoid": 0.6, "temperature": 0.9},
    }
    return pd.DataFrame(
        [
            calibration.Cell(
                data, 0, "forest", student, method, rule, 3, 0.5, 1.0, loss, 1.0, loss, 1.0
            )
            for data, by_method in losses.items()
            for method, loss in by_method.items()
            for student in ("logistic", "forest of 10")
            for rule in calibration.STRENGTHS
        ]
    )


def test_a_calibration_is_judged_on_sets_it_was_not_chosen_on():
    table = calibration.left_out(_cells()).set_index("chosen by")
    # On "two" the choice of "one" (isotonic) costs 1.3, on "one" that of "two" (sigmoid) .8.
    assert table.loc["mean", "choices"] in ("sigmoid 1, isotonic 1", "isotonic 1, sigmoid 1")
    assert table.loc["mean", "geometric mean"] == pytest.approx(math.sqrt(1.3 * 0.8))
    assert table.loc["mean", "worst"] == pytest.approx(1.3)


def test_the_calibrations_are_compared_by_strength():
    table = calibration.summary(_cells())
    assert len(table) == len(calibration.STRENGTHS) * 4
    row = table.query("strength == 'auto' and calibration == 'sigmoid'").iloc[0]
    assert row["geometric mean"] == pytest.approx(math.sqrt(0.8 * 0.6))
    assert row["worst"] == pytest.approx(0.8)
    assert calibration.by_student(_cells()).shape[0] == 4
    assert calibration.teacher_losses(_cells())["sigmoid"].tolist() == [1.0]


def test_the_gpu_benchmark_runs_with_numpy_in_place_of_cupy(tmp_path, monkeypatch, capsys):
    card = SimpleNamespace(id=0, synchronize=lambda: None)
    runtime = SimpleNamespace(
        getDeviceProperties=lambda _: {"name": b"none", "totalGlobalMem": 2**30},
        driverGetVersion=lambda: 0,
    )
    pool = SimpleNamespace(total_bytes=lambda: 0)
    cuda = SimpleNamespace(Device=lambda: card, runtime=runtime)
    stand_in = SimpleNamespace(**vars(np), cuda=cuda, get_default_memory_pool=lambda: pool)
    monkeypatch.setattr(gpu, "cupy_obstacle", lambda: None)
    monkeypatch.setattr(gpu, "gpu_learner", lambda: (None, "no learner"))
    monkeypatch.setattr(gpu, "importlib", SimpleNamespace(import_module=lambda _: stand_in))
    gpu.main(["--no-tests", "--rows", "2000", "--out", str(tmp_path)])
    table = pd.read_csv(tmp_path / "gpu.csv")
    assert set(table.group) == set(gpu.GROUPS) - {"students", "lightgbm"} | {"linear", "mlp"}
    near = table["log-loss, GPU"] - table["log-loss, CPU"]
    assert near[table.group != "mlp"].abs().max() < 1e-6
    assert (table["seconds, GPU"] > 0).all()
    assert "no learner" in capsys.readouterr().out


def test_sizes_are_compared_by_student_and_way():
    scales = {"direct": (1.0, 100), "free": (0.9, 400), "leaves": (0.8, 100), "pruned": (0.9, 80)}
    rows = [
        size.Row(data, 2000, 0, "tree", way, 0.3, loss * scale, nodes, 1)
        for data, scale in (("adult", 1.0), ("magic", 0.5))
        for way, (loss, nodes) in scales.items()
    ]
    table = size.summary(pd.DataFrame([dataclasses.asdict(row) for row in rows]))
    table = table.set_index(["student", "way"])
    assert table.index.tolist() == [("tree", "free"), ("tree", "leaves"), ("tree", "pruned")]
    assert table.loc["tree", "leaves"].loc["loss, chosen on"] == "0.800 / 0.800 / 100%"
    assert table.loc["tree", "free"].loc["nodes, judged on"] == "4.00"
    grown = size._Grown.__new__(size._Grown)
    grown._with = lambda _, value: SimpleNamespace(tree_=SimpleNamespace(node_count=1 / value))
    assert 300 < grown._largest("ccp_alpha", 400).tree_.node_count <= 400


def test_synthetic_rows_are_compared_by_student_and_over_all():
    names = ("direct", *synthetic.METHODS)
    losses = {"logistic": (1.0, 1.0, 1.1, 1.0, 1.0), "tree": (1.0, 0.9, 0.8, 1.0, 0.8)}
    made = {"logistic": (0, 0, 9, 0, 0), "tree": (0, 0, 9, 0, 9)}
    cells = [
        synthetic.Row(data, 3000, 0, "forest", student, method, loss * scale, 0.5, n_more)
        for data, scale in (("adult", 1.0), ("magic", 0.5))
        for student in losses
        for method, loss, n_more in zip(names, losses[student], made[student], strict=True)
    ]
    cells.append(
        synthetic.Row("higgs", 3000, 0, "forest", "tree", "direct", 1.0, 0.5, 0)
    )  # unfinished
    table = synthetic.summary(pd.DataFrame([dataclasses.asdict(c) for c in cells]))
    table = table.set_index("student")
    assert table["cells"].tolist() == [2, 2, 4, 2]
    assert table.loc["logistic", "defaults, synthetic"] == "1.100 / 1.100 / 0%"
    assert table.loc["tree", "honest, synthetic"] == "0.800 / 0.800 / 100%"
    assert table.loc["all", "defaults"] == f"{0.9**0.5:.3f} / 1.000 / 100%"
    assert table["chosen"].tolist() == ["0%", "100%", "50%", "50%"]


@pytest.mark.parametrize("n_classes", range(2, 11))
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_half_of_the_classes_of_a_made_table_are_rare(n_classes, noise):
    X, y = made.rare_classes(4000, n_classes, noise=noise, seed=n_classes)
    again = made.rare_classes(4000, n_classes, noise=noise, seed=n_classes)
    pd.testing.assert_frame_equal(X, again[0])
    np.testing.assert_array_equal(y, again[1])
    assert X.shape == (4000, 9)
    counts = np.bincount(y)
    np.testing.assert_array_equal(counts, made.class_sizes(4000, n_classes))
    n_common = n_classes - n_classes // 2
    assert (counts[n_common:] == 12).all()
    assert counts[:n_common].min() > 60
    tree = DecisionTreeClassifier(max_leaf_nodes=2 * n_classes + 1, random_state=0).fit(X, y)
    if noise:  # labels are mixed, and none of them is another's
        assert (y != made.rare_classes(4000, n_classes, seed=n_classes)[1]).mean() < noise
    elif n_classes == 2:
        assert tree.score(X, y) == 1.0
    else:
        assert tree.score(X, y) > 0.95


def test_made_tables_are_known_by_name_and_need_no_folder(monkeypatch):
    monkeypatch.delenv(datasets.VARIABLE, raising=False)
    assert len(made.MADE) == 8
    (X, y), (_, noisy) = datasets.load("rare_7"), datasets.load("rare_7_noisy")
    assert X.shape == (13_000, 9)
    assert 0.0 < np.mean(y != noisy) <= made.NOISE
    np.testing.assert_array_equal(np.bincount(y), np.bincount(noisy))
    for n_rows, n_classes in ((4000, 1), (100, 4)):
        with pytest.raises(ValueError, match=f"got {n_classes} classes and {n_rows} rows"):
            made.rare_classes(n_rows, n_classes)


def test_rare_classes_are_compared_with_both_direct_students():
    losses = {"direct": 1.0, rare.BOUNDED: 0.5, "defaults": 0.6}
    rows = [
        rare.Row(data, 4000, 0, "forest", student, method, loss, 0.3)
        for data in ("rare_2", "digits")
        for student in ("lightgbm 20x8", "logistic")
        for method, loss in losses.items()
        if method != rare.BOUNDED or student != "logistic"
    ]
    frame = pd.DataFrame(map(dataclasses.asdict, rows))
    assert rare.counted(frame) == (
        "Measured: *direct, step bounded* in 2, *defaults* in 4 of 4 cells."
    )
    table = rare.summary(frame, "student").set_index("student")
    assert table["cells"].tolist() == [2, 2, 4]
    short = "0.600 / 0.600 / 100%"
    assert table["defaults"].tolist() == [
        f"{short} (1.200 / 1.200 / 0%)",
        short,
        f"{short} (1.200 / 1.200 / 0%)",
    ]
    assert table.loc["lightgbm 20x8", rare.BOUNDED] == "0.500 / 0.500 / 100%"
    assert table.loc["logistic", rare.BOUNDED] == ""
    assert "honest" not in table  # a method that was not measured has no column
    assert (table["strength"] == 0.3).all()


def test_the_dealt_sides_have_the_ratio_that_is_said():
    sides = shift.deal("breast_cancer", 150, 1, 0)
    assert [len(part) for part in (sides.X, sides.y, sides.true)] == [150] * 3
    assert sides.true.mean() == pytest.approx(1.0)
    ours, theirs = (
        make_pipeline(StandardScaler(), LogisticRegression()).fit(
            np.concatenate([sides.X, other]), np.repeat([0, 1], [150, len(other)])
        )
        for other in (sides.X_target, sides.X_test)
    )  # unlabelled and test rows are of one law, and none of them is in both
    assert np.corrcoef(*(m.decision_function(sides.X) for m in (ours, theirs)))[0, 1] > 0.7
    assert not set(map(bytes, sides.X_target)) & set(map(bytes, sides.X_test))
    odds = ours.decision_function(sides.X)
    assert np.corrcoef(odds, np.log(sides.true))[0, 1] > 0.7


def test_only_what_is_missing_is_measured_split_by_split(tmp_path):
    log = results.Log(
        tmp_path / "rows.csv", shift.Row, ("data", "n_rows", "shift", "seed", "student", "method")
    )
    cells = [
        ("adult", 300, 1, seed, "tree", method)
        for seed in (0, 1)
        for method in ("direct", "defaults")
    ]
    log.add(shift.Row(*cells[0], 0.5, 1.0))
    splits = []

    def measure(split, wanted):
        splits.append(split)
        yield from (shift.Row(*cell, 0.25, 1.0) for cell in wanted)

    shift.fill(log, cells, measure, shift.said)
    assert splits == [("adult", 300, 1, 0), ("adult", 300, 1, 1)]
    assert log.frame()["log_loss"].tolist() == [0.5, 0.25, 0.25, 0.25]
    shift.fill(log, cells, measure, shift.said)
    assert len(splits) == 2


def test_a_found_strength_of_one_counts_as_one_with_unlabelled_rows(monkeypatch):
    """Whatever is trained directly is the same student in all columns."""
    stable = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    learners = {"stable": stable, "tree": DecisionTreeClassifier(random_state=0)}
    monkeypatch.setattr(transfer, "students", lambda: learners)
    split = ("breast_cancer", 100, 0, "lightgbm")
    keys = [(*split, *rest) for rest in itertools.product(learners, transfer.METHODS)]
    rows = {(row.student, row.method): row for row in transfer.measure(split, keys)}
    assert list(rows) == [key[4:] for key in keys]
    assert len({row.log_loss for (student, _), row in rows.items() if student == "stable"}) == 1
    found, given = (rows["tree", f"{m}, transfer"].strength for m in ("defaults", "doubly robust"))
    assert 0.0 < given == rows["tree", "defaults"].strength < 1.0
    assert found == pytest.approx(given * 170 / 270)  # 341 rows are not tested
    assert len({rows["tree", method].log_loss for method in transfer.METHODS}) == 4
    table = transfer.summary(pd.DataFrame([dataclasses.asdict(row) for row in rows.values()]))
    assert "few noisy labels" not in " ".join(table["student"])


def test_unlabelled_rows_are_as_many_as_are_left():
    assert transfer.sizes("breast_cancer", [100, 1000, 4000]) == [100, 171]


def test_shifted_students_are_compared_by_shift():
    cells = [
        shift.Row(data, 3000, by, 0, student, method, loss, 0.5)
        for by in (2, 1)
        for data in ("adult", "magic")
        for student in ("tree", "logistic")
        for method, loss in (("direct", 0.5), ("defaults", 0.5 / by))
    ]
    table = shift.summary(pd.DataFrame([dataclasses.asdict(cell) for cell in cells]))
    assert table["shift"].tolist() == [1, 1, 2, 2]
    assert table["student"].tolist() == ["tree", "logistic"] * 2
    assert table["cells"].tolist() == [2] * 4
    assert table["defaults"].tolist() == ["1.000 / 1.000 / 100%"] * 2 + ["0.500 / 0.500 / 100%"] * 2


def test_the_rule_for_the_strength_is_the_shipped_one():
    row = SimpleNamespace(
        data="breast_cancer", n_rows=12_100, brier_teacher=0.1, brier_student=0.2, disagreement=0.4,
        log_loss_teacher=0.2, log_loss_student=0.6, entropy_student=0.1,
    )  # fmt: skip
    by_brier, by_log_loss = (0.02 * worth for worth in strength.frequencies("breast_cancer"))
    variances = 0.2 - by_brier, 0.25 - by_log_loss
    biases = by_brier + 1.5 * (variances[0] - 0.1), by_log_loss
    expected = [b / (b + v) for b, v in zip(biases, variances, strict=True)]
    assert strength.readings(row) == pytest.approx(expected)
    assert strength.shipped(row) == pytest.approx(max(expected))
    assert strength.former(row) == pytest.approx(by_brier / (by_brier + 0.1))
    behind = SimpleNamespace(**vars(row) | {"brier_student": 0.05, "log_loss_student": 0.15})
    for one in (row, behind):
        assert strength.shipped(one) == pytest.approx(max(strength.readings(one)))
    assert strength.former(behind, clear=float("inf")) == 1.0
    spread = 0.2 - by_brier
    assert strength.former(behind) == pytest.approx((spread + 0.05) / (1.5 * spread + 0.05))
    assert strength.sizes("breast_cancer", [300, 750, 12_000]) == [300, 398]


def test_cells_with_too_few_rows_of_a_class_are_not_asked_for(capsys):
    arguments = argparse.Namespace(
        sets=["breast_cancer"], rows=[10, 100], seed=3, repeats=2, quick=False
    )
    cells = list(strength.cells(arguments))
    assert "breast_cancer: skipped at 10 rows" in capsys.readouterr().out
    assert len(set(cells)) == len(cells) == 2 * 4 * 9
    assert {cell[:3] for cell in cells} == {("breast_cancer", 100, 3), ("breast_cancer", 100, 4)}
    arguments.quick, arguments.rows = True, [100]
    assert len(list(strength.cells(arguments))) == 2 * 4 * 2
