"""The suite of data sets, students and methods: its tables, its sentences, its commands."""

import argparse
import doctest
import json
import shlex
import sys
from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import StackingClassifier, VotingClassifier

from benchmarks import (
    methods,
    results,
    suite,
    suite_commands,
    suite_page,
    suite_peers,
    suite_tables,
)
from benchmarks.made import MADE

FACTS = {
    "peer": methods.Facts("It has our teacher.", "Its students are ours.", "Its seconds are so."),
    "far peer": methods.Facts("Its own teacher.", "Any student.", "All in.", own_teacher=True),
}
COLUMNS = ["data", "seed", "teacher", "student", "method", "log_loss", "seconds", "note", "size"]
KNOWN = suite_page.Known(
    students=["tree", "line"],
    teachers={"forest": ("woods", "many trees"), "stack": ("pile", "three on top")},
    peers=FACTS,
    two_classes=["set 0", "set 1"],
    opponents=[suite_page.OPPONENT],
)


def _frame(**losses):
    """Six sets, one cell each: honest is best; the teacher leads on all but the last."""
    losses = {"direct": 1.0, "teacher": 0.8, "honest": 0.85, "default": 0.9, **losses}
    lines = []
    for number, (method, loss) in product(range(6), losses.items()):
        value = 0.99 if method == "teacher" and number == 5 else loss + number / 1000
        value = 2.0 if method == "direct" else 2.0 * value
        lines.append((f"set {number}", 0, "forest", "tree", method, value, 1.5, "", np.nan))
    return pd.DataFrame(lines, columns=COLUMNS)


def _with_peer(name="peer", sets=3, loss=0.87, notes=()):
    """The same, and another package on the first sets: between honest and default."""
    cells = [
        (f"set {n}", 0, "forest", "tree", name, 2.0 * loss, 7.0, "", np.nan) for n in range(sets)
    ]
    peer = pd.DataFrame(cells, columns=COLUMNS)
    for number in notes:
        peer.loc[number, ["log_loss", "note"]] = [4.0, "own teacher; 1 trees"]
    return pd.concat([_frame(), peer], ignore_index=True)


def _peer(frame, name="peer"):
    return suite_peers.peers_of(
        suite_tables.ratios(frame), frame, {name: FACTS[name]}, KNOWN.two_classes
    )[0]


def _page(frame, folder):
    suite_page.write_page(frame, folder, "made by", ["measured by"], KNOWN, ("day 1", "day 2"))
    return json.loads((folder / "suite.json").read_text(encoding="utf-8"))


def test_the_examples_in_the_docstrings_hold():
    outcome = doctest.testmod(suite_tables)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_methods_are_ranked_and_what_is_kept_of_the_lead_is_measured():
    frame = _with_peer(sets=1)
    ratio = suite_tables.ratios(frame)
    kept = suite_tables.lead_kept(ratio)
    assert len(kept) == 5
    assert kept.iloc[0][["honest", "default"]].tolist() == pytest.approx([0.75, 0.5])
    ranks, n_sets = suite_tables.mean_ranks(ratio.drop(columns="peer"))
    assert (ranks.to_dict(), n_sets) == ({"honest": 1.0, "default": 2.0, "direct": 3.0}, 6)
    assert suite_tables.mean_ranks(ratio)[1] == 1  # the cells that all were measured in
    table = suite_tables.summary(ratio, suite_tables.times(frame)).set_index("method")
    assert table.loc["honest", "lead kept"] == "75%"
    assert table.loc["honest", "won / tied / lost"] == "6 / 0 / 0"
    assert table.loc["honest", "p"] == "0.031"  # 2 / 2^6
    assert table.loc["peer", ["seconds", "cells", "p"]].tolist() == ["7.00", "1", ""]
    assert table.loc["direct", ["geometric mean", "worst", "mean rank", "lead kept"]].tolist() == [
        "1.0000", "1.000", "4.00", "0%",
    ]  # fmt: skip


def test_sizes_stand_beside_losses_where_they_are_known(tmp_path):
    frame = _frame()
    assert not len(suite_tables.sizes(frame))
    facts = _page(frame, tmp_path)
    assert "size" not in pd.read_csv(tmp_path / "suite.csv")
    assert not any("Size" in text for text in [*facts["about"], *dict(facts["more"])])
    known = {"direct": 1000.0, "honest": 500.0, "default": 4000.0}
    sized = frame["data"].isin(["set 0", "set 1"])
    frame.loc[sized, "size"] = frame.loc[sized, "method"].map(known)
    frame.loc[(frame["data"] == "set 1") & (frame["method"] == "default"), "size"] = 1000.0
    size = suite_tables.sizes(frame)
    assert size.loc["set 1"].iloc[0].to_dict() == {"default": 1.0, "direct": 1.0, "honest": 0.5}
    facts = _page(frame, tmp_path)
    table = pd.read_csv(tmp_path / "suite.csv").set_index("method")["size"]
    assert table.drop("teacher").to_dict() == {"direct": 1.0, "honest": 0.5, "default": 2.0}
    assert np.isnan(table["teacher"])
    assert any(
        "the geometric mean over the 2 cells in which both" in text for text in facts["about"]
    )
    more = dict(facts["more"])["Size, by student: geometric mean / largest"]
    shown = pd.read_csv(tmp_path / more).set_index("method")["tree"]
    assert shown.to_dict() == {"default": "2.000 / 4.000", "honest": "0.500 / 0.500"}


def test_ranks_of_the_table_are_those_of_the_diagram():
    """A set of many cells counts as much as one of one, in both."""
    frame = _frame()
    again = [frame[frame["data"] == "set 0"].assign(seed=seed) for seed in (1, 2)]
    again = pd.concat(again)
    again.loc[again["method"] == "default", "log_loss"] = 1.0  # best in two more cells of a set
    ratio = suite_tables.ratios(pd.concat([frame, again]))
    ranks = suite_tables.mean_ranks(ratio)[0]
    assert ranks["default"] == pytest.approx((5 * 2 + (2 + 1 + 1) / 3) / 6)
    table = suite_tables.summary(ratio).set_index("method")
    assert table["mean rank"].drop("teacher").astype(float).to_dict() == pytest.approx(
        ranks.round(2).to_dict()
    )


def test_methods_are_tested_in_pairs_where_there_are_sets_enough():
    ratio = suite_tables.ratios(_with_peer(sets=5))
    table = suite_tables.paired(ratio, "honest", ["default", "peer"]).set_index("against")
    expected = np.exp(np.mean(np.log([(0.85 + n / 1000) / (0.9 + n / 1000) for n in range(6)])))
    assert float(table.loc["default", "geometric mean"]) == pytest.approx(expected, abs=5e-5)
    assert table["p"].tolist() == ["0.031", ""]
    assert table["sets"].tolist() == ["6", "5"]
    assert table.loc["peer", "won / tied / lost"] == "5 / 0 / 0"
    assert suite_tables.paired(ratio, "peer", ["teacher"])["cells"].tolist() == ["5"]


def test_the_page_begins_with_what_its_rows_say(tmp_path):
    facts = _page(_with_peer(), tmp_path)
    first, cells = facts["about"][:2]
    assert "(`DistilledClassifierCV`): 0.852 of the log-loss" in first
    assert "0.855 in the worst cell, nobody harmed (at most 1.002) in 100.0% of 6 cells" in first
    assert first.endswith(
        "the honest choice is ahead of peer (1.00 against 2.00); "
        "the defaults are behind peer (3.00 against 2.00)."
    )
    assert cells == (
        "Teachers: *woods*, many trees: 6 cells. Not shown, as not measured or not asked for: pile."
    )
    assert facts["notes"] == ["The rows were measured by\n\n- ``measured by``"]
    assert facts["measured"] == ["day 1", "day 2"]


def test_the_first_sentences_follow_the_rows(tmp_path):
    facts = _page(_frame(default=1.1, honest=1.2), tmp_path)
    assert "1.102 of the log-loss" in facts["about"][0]
    assert "in 0.0% of 6 cells" in facts["about"][0]
    assert "rank" not in facts["about"][0]  # there is no other package
    ahead = suite_peers.ahead_by_rank([_peer(_with_peer(loss=0.5))])
    assert ahead.endswith(
        "the honest choice is behind peer (2.00 against 1.00); "
        "the defaults are behind peer (3.00 against 1.00)."
    )


def test_cells_that_are_missing_are_counted():
    frame = _frame()
    again = frame[frame["data"] == "set 0"].assign(seed=1, teacher="stack")
    text = suite_page.measured_cells(pd.concat([frame, again]), KNOWN)
    assert "*pile*, three on top: 1 cells" in text
    assert "Of the 24 cells that these sets, seeds, teachers and students make, 7 have" in text
    assert "Not shown" not in text


def test_a_run_that_has_no_whole_cell_yet_has_its_page(tmp_path):
    frame = _frame()
    odd = frame["data"].isin(["set 1", "set 3", "set 5"])
    parts = [
        frame[odd & (frame["method"] != "honest")],
        frame[~odd & (frame["method"] != "default")],
    ]
    facts = _page(pd.concat(parts), tmp_path)
    assert "suite_ranks.svg" not in dict(facts["figures"])
    assert pd.read_csv(tmp_path / "suite.csv")["mean rank"].isna().all()


def test_figures_show_the_cells_of_the_table(tmp_path):
    frame = _with_peer()
    facts = _page(frame, tmp_path)
    names = [file for file, _ in facts["figures"]]
    assert names == ["suite_ratio.svg", "suite_ranks.svg", "suite_lead.svg", "suite_time.svg"]
    table = pd.read_csv(tmp_path / "suite.csv")
    assert table["cells"].tolist() == [6] * 4
    sentences = dict(facts["figures"])
    for name in ("suite_ratio.svg", "suite_lead.svg", "suite_time.svg"):
        assert "the 6 cells of the table above" in sentences[name]
    drawn = {name: (tmp_path / name).read_text(encoding="utf-8") for name in names}
    assert "honest (1.00)" in drawn["suite_ranks.svg"]
    assert "peer" not in drawn["suite_ranks.svg"]
    assert "Other packages" in sentences["suite_ranks.svg"]
    _page(frame, tmp_path)
    assert all((tmp_path / name).read_text(encoding="utf-8") == drawn[name] for name in names)


def test_a_peer_says_whose_teacher_and_which_cells(tmp_path):
    facts = _page(_with_peer(), tmp_path)
    headings = [heading for heading, _ in facts["more"]]
    assert headings[:2] == [suite_page.PAIRED, suite_page.PACKAGES]
    assert headings[-3:] == [
        "peer: 3 cells",
        "peer, two classes: 2 cells",
        "peer by data set: geometric mean / worst",  # it has one student only
    ]
    text = facts["texts"]["peer: 3 cells"]
    for part in (
        "It has our teacher. Its students are ours. 3 cells: 3 sets (set 0, set 1, set 2), seed 0",
        ", students *tree*. Its seconds are so.",
        "On its 3 cells the honest choice is ahead of it by geometric mean (0.851 against 0.870)",
        "the defaults are behind it by geometric mean (0.901 against 0.870)",
        "On its 2 cells of two classes the honest choice",
    ):
        assert part in text
    page = (tmp_path / "suite.md").read_text(encoding="utf-8")
    assert f"## peer: 3 cells\n\n{text}\n\n| method |" in page
    more = dict(facts["more"])
    table = pd.read_csv(tmp_path / more["peer: 3 cells"]).set_index("method")
    assert table.loc["peer", "seconds"] == 7.0
    assert "teacher" in table.index
    short = pd.read_csv(tmp_path / more[suite_page.PACKAGES])
    assert short["package"].tolist() == ["peer", "peer, two classes"]
    assert short.loc[0, ["honest: mean rank", "package: mean rank"]].tolist() == [1.0, 2.0]
    against = pd.read_csv(tmp_path / more[suite_page.PAIRED]).set_index(["method", "against"])
    assert against.loc[("honest", "default"), "p"] == 0.031
    assert np.isnan(against.loc[("default", "peer"), "p"])  # three sets
    assert against.loc[("default", "peer"), "sets"] == 3


def test_the_page_compares_with_the_opponent_at_its_best(tmp_path):
    assert suite_page.LIBRARY not in dict(_page(_frame(), tmp_path)["more"])
    opponent = suite_page.OPPONENT
    frame = _frame(**{opponent: 0.9, "direct, shrunk": 0.95})
    frame = frame[(frame["method"] != opponent) | (frame["data"] < "set 5")]
    frame = frame[(frame["method"] != "direct, shrunk") | (frame["data"] < "set 2")]
    other = frame[frame["method"] != "direct, shrunk"].assign(student="line")
    frame = pd.concat([frame, other])
    facts = _page(frame, tmp_path)
    table = pd.read_csv(tmp_path / "suite.csv").set_index("method")
    assert table["cells"].to_dict() == dict.fromkeys(table.index, 10) | {"direct, shrunk": 2}
    assert table.loc["default", "geometric mean"] == 1.0
    assert table.loc["honest", "geometric mean"] == pytest.approx(0.85 / 0.9, abs=1e-3)
    assert table.loc["direct", "worst"] == pytest.approx(1 / 0.9, abs=1e-3)
    lead = (0.9 - 0.85) / (0.9 - 0.8)
    assert table.loc["honest", "lead kept"] == f"{lead:.0%}"
    assert table.loc[opponent, "lead kept"] == "0%"
    assert (
        f"0.945 of the log-loss of the same student trained by the labels alone ({opponent}"
        in (facts["about"][0])
    )
    assert np.isnan(table.loc["direct, shrunk", "mean rank"])  # of few cells: no rank hangs on it
    assert table.loc["honest", "mean rank"] == 1.0
    library = pd.read_csv(tmp_path / dict(facts["more"])[suite_page.LIBRARY]).set_index("method")
    assert set(library.drop(index=[opponent, "direct, shrunk"])["cells"]) == {12}


def test_our_teacher_is_no_mark_for_a_peer_with_its_own():
    frame = _with_peer("far peer", sets=6, notes=[4, 5])
    peer = _peer(frame, "far peer")
    whole, two = (table for _, table in peer.tables()[:2])
    assert "teacher" not in whole["method"].tolist()
    assert "lead kept" not in whole
    assert whole["cells"].tolist() == ["6"] * 4
    assert two["cells"].tolist() == ["2"] * 4
    means = whole.set_index("method")["geometric mean"].astype(float)
    assert means["far peer"] == pytest.approx(0.87 ** (4 / 6) * 2.0 ** (2 / 6), abs=5e-5)
    text = peer.text()
    assert "In 2 cells (set 4, set 5) its own early stopping leaves its student one tree" in text
    assert "Without these its geometric mean is 0.870, against 0.851 of honest and 0.901" in text
    assert "behind" in text  # the defaults, by mean rank
    assert _peer(_with_peer()).cut_short() == []


def test_a_peer_without_direct_students_beside_it_has_no_tables(tmp_path):
    frame = _with_peer()
    alone = frame[frame["method"] == "peer"].assign(method="far peer", data="elsewhere")
    _page(pd.concat([frame, alone], ignore_index=True), tmp_path)
    text = (tmp_path / "suite.md").read_text(encoding="utf-8")
    assert "peer: 3 cells" in text
    assert "far peer" not in text


def _cells_of(command):
    """Return the keys of the rows that a command measures."""
    name, *options = shlex.split(command)[2:]
    given = suite.parser().parse_args(options)
    seeds = range(given.seed, given.seed + given.repeats)
    assert name == "benchmarks.suite"
    return list(product(given.sets, seeds, given.teachers, given.students, given.methods))


def test_commands_measure_the_rows_and_no_others():
    own = [m for m in methods.METHODS if m not in methods.PEERS]
    tree = ["tree, 32 leaves"]
    keys = {
        *product(["adult", "magic"], range(3), ["ensemble"], list(suite.students()), own),
        *product(["adult"], [0, 1, 4], ["forest", "stack"], tree, own),
        *product(["magic"], [0], ["ensemble"], ["tabtune's mlp"], [*own, "tabtune"]),
        ("adult", 2, "ensemble", "logistic", "autogluon distill"),
    }
    frame = pd.DataFrame(sorted(keys), columns=["data", "seed", "teacher", "student", "method"])
    rows = frame.assign(method=frame["method"].map(suite.rows_of)).explode("method")
    assert {"honest, no fallback", "direct, tuned"} < set(rows["method"])
    found = suite.measuring(rows, suite.ROWS)
    measured = [key for command in found for key in _cells_of(command)]
    assert len(measured) == len(set(measured))
    assert set(measured) == keys
    assert len(found) == 5  # two for the gap in the seeds
    assert any('--students "tabtune\'s mlp"' in command for command in found)
    assert suite.measuring(rows, 300)[0].startswith("python -m benchmarks.suite --rows 300 ")
    assert suite_commands.grid(frame) == (2 * 3 * 7 + 3 * 2 + 1, 2 * 4 * 3 * 8)


def test_the_stack_is_measured_like_any_teacher(monkeypatch, tmp_path, capsys):
    known = suite.teachers()
    assert isinstance(known["ensemble"], VotingClassifier)
    assert isinstance(known["stack"], StackingClassifier)
    assert set(known) == set(suite.TEACHERS)
    names = [name for name, _ in known["stack"].estimators]
    assert names == [name for name, _ in known["ensemble"].estimators]
    small = known["stack"].set_params(**{f"{name}__n_estimators": 3 for name in names})
    monkeypatch.setattr(suite, "teachers", lambda: known | {"stack": small})
    monkeypatch.setattr(suite, "KEPT", tmp_path / "kept")
    asked = "--rows 200 --sets breast_cancer --teachers stack --repeats 1 --methods direct default"
    asked = [*asked.split(), "--students", "tree, 32 leaves", "--out", str(tmp_path)]
    suite.main(asked)
    assert "breast_cancer, seed 0, stack -> tree, 32 leaves, direct: " in capsys.readouterr().out
    log = results.Log(tmp_path / "raw" / "suite.csv", suite.Row, suite.KEY)
    frame = log.frame()
    assert frame["method"].tolist() == ["direct", "default"]
    assert frame["log_loss"].between(0.0, 1.0).all()
    facts = json.loads((tmp_path / "suite.json").read_text(encoding="utf-8"))
    assert facts["measured"] == [results.today()] * 2
    assert "*stack*, logistic regression on" in facts["about"][1]
    monkeypatch.setitem(suite.METHODS, "direct", None)  # nothing is left to measure
    suite.main(asked)
    monkeypatch.setattr(suite, "measure", None)
    suite.main([*asked, "--summary"])
    assert len(results.Log(log.path, suite.Row, suite.KEY)) == 2


def test_classes_of_a_dozen_rows_are_among_the_sets(monkeypatch, tmp_path, capsys):
    given = suite.parser().parse_args([])
    assert [name for name in given.sets if name.startswith("rare_")] == list(MADE)
    assert {"rare_2", "rare_2_noisy", "adult"} <= set(suite.two_classes())
    assert not {"rare_4", "rare_10_noisy", "letter"} & set(suite.two_classes())
    monkeypatch.setattr(suite, "KEPT", tmp_path / "kept")
    known = suite.teachers() | {"lightgbm": suite.boosting(3, 4)}
    monkeypatch.setattr(suite, "teachers", lambda: known)
    asked = ["--rows", "2000", "--sets", "rare_2_noisy", "--teachers", "lightgbm", "--repeats", "1"]
    asked += ["--methods", *methods.OURS, *methods.LEAKING]
    suite.main([*asked, "--students", "tree, 32 leaves", "--out", str(tmp_path)])
    frame = results.Log(tmp_path / "raw" / "suite.csv", suite.Row, suite.KEY).frame()
    frame = frame.set_index("method")
    assert set(frame.index) == {*methods.OURS, *methods.LEAKING, "honest, no fallback"}
    assert frame["log_loss"].between(0.0, 0.1).all()
    assert frame["size"].drop("teacher").between(1e3, 1e4).all()
    assert np.isnan(frame.loc["teacher", "size"])
    table = pd.read_csv(tmp_path / "suite.csv").set_index("method")
    assert table.loc["direct", "size"] == 1.0
    assert table["size"].drop("teacher").between(0.2, 1.5).all()


def test_the_suite_needs_the_direct_student():
    frame = _frame()
    with pytest.raises(SystemExit, match="no cell has the direct student"):
        suite_tables.ratios(frame[frame["method"] != "direct"])


def test_a_method_that_does_not_apply_gives_no_row(monkeypatch, tmp_path):
    monkeypatch.setattr(suite, "KEPT", tmp_path)
    monkeypatch.setitem(suite.METHODS, "direct", lambda _: None)
    arguments = argparse.Namespace(
        rows=200, quick=False, teachers=["lightgbm"], students=["logistic"], methods=["direct"]
    )
    assert list(suite.measure("breast_cancer", 0, arguments, {})) == []


def test_peers_decline_what_they_cannot_take_before_they_are_imported():
    X, y = np.zeros((6, 1)), np.array([0, 1, 2] * 2)
    tree = suite.students()["tree, 32 leaves"]
    task = methods.Task(X, y, X, suite.teachers()["forest"], tree, None)
    assert all(method(task) is None for method in methods.PEERS.values())
    assert set(methods.PEERS) <= set(methods.METHODS)


@pytest.mark.parametrize(
    ("name", "package", "taken"),
    [
        ("imodels", "imodels", "regression tree, 32 leaves"),
        ("autogluon distill", "torch", "lightgbm 20x8"),
        ("tabtune", "tabtune", "tabtune's mlp"),
    ],
)
def test_a_peer_that_is_not_installed_is_explained(name, package, taken, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    student = (suite.students() | suite.groups())[taken]
    X, y = np.zeros((4, 1)), np.array([0, 1] * 2)
    task = methods.Task(X, y, X, suite.teachers()["ensemble"], student, None, taken)
    with pytest.raises(ImportError, match=f"{name!r} is another package's .* pip install"):
        methods.PEERS[name](task)
