"""The package benchmarks/: files, data sets, tables; what it measures is not measured again."""

import doctest
import json
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from benchmarks import calibration, datasets, paper, results, speed


@dataclass(frozen=True)
class Row:
    name: str
    seed: int
    value: float


@pytest.mark.parametrize("module", [datasets, results])
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
    assert len(results.Log(path, Row, ("name", "seed"), fresh=True)) == 0


def test_a_log_of_other_columns_is_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("name,value\na,1\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="--fresh"):
        results.Log(path, Row, ("name", "seed"))


def test_a_page_says_how_it_was_made(tmp_path):
    table = pd.DataFrame({"set": ["adult"], "ours": [0.123456], "paper": [math.nan]})
    page = results.Page("demo", "A title", "python -m benchmarks.demo", ("About it.",))
    page.write(tmp_path, table, ("More", table))
    assert (tmp_path / "demo.csv").read_text(encoding="utf-8") == "set,ours,paper\nadult,0.1235,\n"
    facts = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert facts["title"] == "A title"
    assert {"Python", "skdistill", "scikit-learn"} <= set(facts["versions"])
    text = (tmp_path / "demo.md").read_text(encoding="utf-8")
    for part in ("# A title", "About it.", "| adult | 0.1235 |  |", "## More", facts["date"]):
        assert part in text


def test_the_command_is_without_folders():
    given = ["--repeats", "2", "--out", "somewhere", "--fresh"]
    assert results.command_line("speed", given) == "python -m benchmarks.speed --repeats 2"
    assert results.command_line("speed", ["--out=x"]) == "python -m benchmarks.speed"


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
    with pytest.raises(FileNotFoundError, match=r"set SKDISTILL_DATA .*OpenML 1590"):
        datasets.load("adult")
    with pytest.raises(KeyError, match="unknown data set 'adlut'; there are adult"):
        datasets.load("adlut")
    monkeypatch.setenv("SKDISTILL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="must name a folder"):
        datasets.load("adult")


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


def test_the_verdict_is_on_the_median():
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


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", speed.GROUPS)
def test_both_sides_of_every_case_run(group):
    cases = list(speed.GROUPS[group](speed.Sizes(200, 2, 200, 300, 2, 300, 300, 150, 2)))
    assert len({case.name for case in cases}) == len(cases)
    with threadpool_limits(1):
        for case in cases:
            case.ours()
            case.bare()


def test_the_cells_of_the_paper_are_measured(monkeypatch):
    plan = paper.Plan(("breast_cancer",), (1,), teacher_trees=5, cv=2, keep=False)
    cells = list(paper.measure(plan, "breast_cancer", 0, download=False))
    assert [cell.method for cell in cells] == ["direct", "cross-fit", "ours"]
    assert all(0.8 < cell.auc <= 1.0 for cell in cells)
    assert cells[1].strength == 0.0


def test_out_of_fold_probabilities_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "OUT_OF_FOLD", tmp_path)
    plan = paper.Plan(("breast_cancer",), (1,), teacher_trees=5, cv=2)
    first = list(paper.measure(plan, "breast_cancer", 0, download=False))
    assert [file.name for file in tmp_path.iterdir()] == ["breast_cancer-rf5-cv2-seed0.npy"]
    monkeypatch.setattr(paper, "RandomForestClassifier", lambda *_, **__: None)  # none is fitted
    assert list(paper.measure(plan, "breast_cancer", 0, download=False)) == first


def test_ours_is_set_beside_the_published_figures(tmp_path, monkeypatch):
    monkeypatch.setenv("SKDISTILL_DATA", str(tmp_path))
    header = "dataset,metric,x_name,x,method,scale,split,mean,sd,repeats\n"
    lines = [
        "adult,AUC,student_n_trees,1,scratch_regressor,p,crossfit,0.75,0,5",
        "adult,AUC,student_n_trees,1,scratch_regressor,logp,none,0.7,0,5",
        "adult,AUC,student_n_trees,1,kd_boundfast,p,crossfit,0.9,0,5",
        "adult,AUC,student_n_trees,1,kd_boundfast,logp,none,0.1,0,5",
        "adult,AUC,student_n_trees,10,kd_boundfast,p,crossfit,0.91,0,5",
        "adult,AUC,teacher_max_depth,1,kd_boundfast,p,crossfit,0.2,0,5",
    ]
    (tmp_path / "paper_results.csv").write_text(header + "\n".join(lines), encoding="utf-8")
    cells = pd.DataFrame(
        [
            paper.Cell("adult", seed, trees, method, auc, 0.5)
            for trees, auc in ((1, 0.8985), (10, 0.905))
            for seed in (0, 1)
            for method in ("direct", "cross-fit", "ours")
        ]
    )
    table = paper.summary(cells)
    assert table["verdict"].tolist() == ["PASS", "miss"]
    assert table["ours less enhanced"].tolist() == ["-0.0015", "-0.0050"]
    assert table["paper, direct"].tolist() == ["0.7500", ""]


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
