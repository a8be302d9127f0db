"""What is said of a table: paid, harmed, at chance, and the scores that went the other way."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from skdistill._ground.estimates import Estimate
from skdistill.cli import sentences
from skdistill.cli.board import Board, Row, Verdict, board_of_rows
from skdistill.cli.class_scores import CLASS_TABLE, ClassRuler
from skdistill.cli.kept import KEEP, choose
from skdistill.cli.progress import Progress
from skdistill.cli.scoreboard import score_models
from skdistill.cli.suspicion import too_good
from skdistill.cli.tasks import CLASSIFY
from skdistill.cli.trials import Labelled, distil_all
from tests.cli.learners import FOREST, STUMP

ROWS = 400
METHODS = CLASS_TABLE.methods


def board(gap: float, error: float = 0.01, **scores: tuple[float, float]) -> Board:
    """Return a table; `scores` are those of the student distilled and alone."""
    figures = dict.fromkeys(("accuracy", "auc", "calibration_error"), Estimate(0.5))
    own, rival = (
        Row(method, figures | {column: Estimate(pair[i]) for column, pair in scores.items()})
        for i, method in enumerate(("distilled", "student alone"))
    )
    margin = np.inf if error is None else 2 * error
    sure = Verdict(Estimate(-1.0, 0.01), 0.02)
    verdict = Verdict(Estimate(gap, error), margin)
    return Board("", CLASS_TABLE, (rival, own), verdict, baseline=sure, skilled=METHODS[1:])


def test_the_interval_is_stated() -> None:
    said = sentences.did_it_pay(board(-0.2), ROWS)
    assert "(95% interval of the difference -0.2200 to -0.1800) on 400 held-out rows." in said
    assert "too few for an interval" in sentences.did_it_pay(board(-0.2, None), 1)


@pytest.mark.parametrize("gap", [-0.2, 0.2, -0.001])
def test_scores_that_go_the_other_way_are_named(gap: float) -> None:
    low, high = (0.811, 0.831) if gap < 0 else (0.831, 0.811)
    table = board(gap, auc=(low, high), accuracy=(high, low), calibration_error=(high, low))
    said = sentences.did_it_pay(table, ROWS)
    assert said.endswith(
        f" The other way went AUC ({low:.4f} distilled, {high:.4f} alone) and calibration error "
        f"({high:.4f} distilled, {low:.4f} alone)."
    )
    assert "accuracy" not in said
    assert "The other way" not in sentences.did_it_pay(board(gap), ROWS)


def test_better_than_the_other_but_not_than_the_frequencies() -> None:
    worse = Verdict(Estimate(0.1, 0.1), 0.2)
    for wanting in ({"baseline": worse}, {"skilled": ("teacher",)}):
        table = replace(board(-0.2), **wanting)
        said = sentences.did_it_pay(table, ROWS)
        assert said.startswith(f"{sentences.UNSHOWN}: it lowers the student's log-loss by 0.2000")
        assert "but the result is not shown to be better than the class frequencies" in said
    assert sentences.did_it_pay(board(-0.2), ROWS).startswith("Distilling paid")


def test_who_knows_less_than_nothing_is_named() -> None:
    worse, better = (Verdict(Estimate(gap, 0.01), 0.02) for gap in (0.1, -0.1))
    behind = replace(board(-0.2), rivals={"teacher": worse, "student alone": better})
    said = sentences.weak(behind)
    assert said.startswith(" The teacher is worse than the class frequencies")
    assert "(log-loss 0.1000 ± 0.0100 higher): take another one (--teacher)." in said
    assert " The student alone was not tuned: skdistill search --tune tries other" in said
    untuned = replace(board(-0.2), rivals={"teacher": better, "student alone": worse})
    said = sentences.weak(untuned)
    assert said.startswith(" The student alone is worse than the class frequencies")
    assert said.count("tune") == 2
    close = {"student alone": Verdict(Estimate(0.1, 0.1), 0.2)}
    assert "alone is no better than the class" in sentences.weak(replace(untuned, rivals=close))
    assert sentences.weak(replace(untuned, rivals={}, verdict=better)).startswith(" The student")
    assert sentences.weak(replace(board(0.2), rivals={"teacher": better})) == ""


@pytest.mark.parametrize(
    ("keep", "gap", "method", "why"),
    [
        (None, -0.1, "distilled", "lower log-loss of the two that can be kept"),
        ("best", 0.1, "student alone", "lower log-loss of the two that can be kept"),
        (None, 0.0, "distilled", "same log-loss"),
        ("distilled", 0.1, "distilled", "as asked"),
        ("direct", -0.1, "student alone", "as asked"),
    ],
)
def test_what_is_kept(keep: str | None, gap: float, method: str, why: str) -> None:
    assert keep is None or keep in KEEP
    name, found, words = choose(keep, {"tree": replace(board(gap), scale=0.5)})
    assert (name, found) == ("tree", method)
    assert why in words
    assert ("distilled" if method == "distilled" else "directly") in words


def test_the_best_of_several_students() -> None:
    """Of both sides of each, or of the side that is asked for; the first of equal ones."""
    gaps = {"tree": 0.1, "stump": -0.1, "twig": -0.1}
    boards = {name: replace(board(gap), scale=0.5) for name, gap in gaps.items()}
    found = {keep: choose(keep, boards)[:2] for keep in KEEP}
    assert found["best"] == found["distilled"] == ("stump", "distilled")
    assert found["direct"] == ("tree", "student alone")
    assert "(stump), of the lowest log-loss of those that can be kept" in choose("best", boards)[2]


def table_of(X: np.ndarray, y: np.ndarray, train: int, seed: int) -> Board:
    """Distil on the first rows, score on the others."""
    rows, held_out = Labelled(X[:train], y[:train]), Labelled(X[train:], y[train:])
    settings = {"cv": 3, "random_state": seed}
    (trial,) = distil_all(
        CLASSIFY.learning, FOREST, {"": STUMP}, rows, settings, Progress(6, quiet=True)
    )
    scores = score_models(trial.models, held_out, CLASSIFY.ruler(rows), budget=0.0)
    return board_of_rows("", CLASS_TABLE, scores, held_out, len(held_out.y) / train)


def test_coin_flips_do_not_pay() -> None:
    """On small tables; that no model is shown to know anything is said of nearly all."""
    told = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        n, classes = (90, 2) if seed % 2 else (160, 3)
        table = table_of(rng.normal(size=(n, 4)), rng.integers(0, classes, n), 2 * n // 3, seed)
        assert "Distilling paid" not in sentences.did_it_pay(table, n // 3)
        told += "No model is shown to be better than chance" in sentences.at_chance(table, n // 3)
        assert table.rows[0].method == "class frequencies"
    assert told >= 10


def test_what_can_be_learnt_is_not_called_chance() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] + 0.5 * rng.normal(size=300) > 0).astype(int)
    table = table_of(X, y, 200, 0)
    assert set(table.skilled) == set(METHODS[1:])
    assert sentences.at_chance(table, 100) == ""


def test_ranks_alone_are_skill() -> None:
    """A rare class: no model beats the majority by accuracy, nor the frequencies by log-loss."""
    rng = np.random.default_rng(0)
    y = (rng.random(600) < 0.1).astype(int)
    x = y + rng.normal(size=600)
    rash = 1 / (1 + np.exp(-4 * x))

    class Fixed:
        def __init__(self, p: np.ndarray) -> None:
            self.p = p

        def predict_proba(self, _: object) -> np.ndarray:
            return np.column_stack([1 - self.p, self.p])

    models = dict.fromkeys(METHODS, Fixed(rash)) | {METHODS[0]: Fixed(np.full(600, y.mean()))}
    held_out = Labelled(np.zeros((600, 1)), y)
    scores = score_models(models, held_out, ClassRuler(np.array([0, 1])), budget=0.0)
    assert scores[1].losses.mean() > scores[0].losses.mean()
    assert scores[1].misses.mean() > scores[0].misses.mean()
    assert board_of_rows("", CLASS_TABLE, scores, held_out).skilled == METHODS[1:]


@pytest.mark.filterwarnings("ignore:hardly any rows of")  # of the rare class, as is right
def test_the_rarest_class_has_its_average_precision() -> None:
    y = np.repeat([0, 1, 2], [80, 15, 5])
    held_out = Labelled(np.zeros((100, 1)), y)
    rare = ClassRuler(np.array([0, 1, 2])).rarest(held_out)
    assert (rare.column, rare.label, rare.share) == (2, "2", 0.05)
    assert ClassRuler(np.array([0, 1])).rarest(Labelled(None, y[:95])) is None
    weighted = Labelled(None, y, np.where(y == 2, 10.0, 1.0))
    assert ClassRuler(np.array([0, 1, 2])).rarest(weighted) is None
    X = np.random.default_rng(0).normal(size=(500, 2))
    labels = (X[:, 0] > 1.5).astype(int)
    table = table_of(X, labels, 400, 0)
    assert [f.name for f in table.columns][2:4] == ["auc", "average_precision"]
    share = labels[400:].mean()
    assert table.rows[0].figures["average_precision"].mean == pytest.approx(
        average_precision_score(labels[400:], np.full(100, 0.5))
    )
    assert table.rows[0].figures["average_precision"].mean == pytest.approx(share)


def test_a_result_too_good_to_be_true() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = rng.integers(0, 2, 200)
    X[:, 1] = np.where(y == 1, np.nan, X[:, 1])  # missing exactly where the class is 1
    train, test = Labelled(X[:150], y[:150]), Labelled(X[150:], y[150:])
    rows = tuple(Row(m, {"accuracy": Estimate(a)}) for m, a in (("teacher", 1.0), ("other", 0.5)))
    table = Board("", CLASS_TABLE, rows, Verdict(Estimate(0.0), 0.0))
    said = too_good(CLASSIFY.perfection, table, train, test, ["a", "b", "c"])
    assert said.startswith("accuracy 1.0000 on held-out rows (teacher)")
    assert "on one of these columns alone does as well: 'b'" in said
    assert (
        too_good(CLASSIFY.perfection, replace(table, rows=rows[1:]), train, test, ["a", "b", "c"])
        is None
    )


def test_a_category_that_gives_the_target_away_is_named_once() -> None:
    """Only all of its columns together do so."""
    y = np.random.default_rng(0).integers(0, 3, 200)
    X = np.column_stack([np.random.default_rng(1).normal(size=200), np.eye(3)[y]])
    train, test = Labelled(X[:150], y[:150]), Labelled(X[150:], y[150:])
    table = Board(
        "", CLASS_TABLE, (Row("teacher", {"accuracy": Estimate(1.0)}),), Verdict(Estimate(0.0), 0.0)
    )
    said = too_good(CLASSIFY.perfection, table, train, test, ["a", "state", "state", "state"])
    assert "on one of these columns alone does as well: 'state'." in said
