"""Scores, standard errors and verdicts, against plain recomputations."""

import io

import joblib
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from skdistill._ground.estimates import Estimate
from skdistill._ground.metrics import FLOOR
from skdistill.cli.board import Score, Verdict, board_of_rows, board_of_splits
from skdistill.cli.class_scores import CLASS_TABLE, ClassRuler
from skdistill.cli.scoreboard import score_models
from skdistill.cli.tasks import CLASSIFY
from skdistill.cli.trials import Labelled, fit_teacher

METHODS = CLASS_TABLE.methods
COLUMNS = [figure.name for figure in CLASS_TABLE.figures if figure.steady]


@pytest.fixture
def scored(multiclass_str):
    """Four models, the rows they are scored on, and their scores."""
    X, y = multiclass_str
    tree = DecisionTreeClassifier(max_leaf_nodes=9, random_state=0).fit(X[:200], y[:200])
    linear = LogisticRegression().fit(X[:200], y[:200])
    prior = DummyClassifier().fit(X[:200], y[:200])
    models = dict(zip(METHODS, [prior, linear, tree, tree, linear], strict=True))
    held_out = Labelled(X[200:], y[200:])
    return models, held_out, score_models(models, held_out, ClassRuler(linear.classes_), budget=0.0)


def test_scores_are_those_of_scikit_learn(scored) -> None:
    models, held_out, scores = scored
    assert [score.method for score in scores] == list(METHODS)
    for score in scores:
        model = models[score.method]
        proba = model.predict_proba(held_out.X)
        figures = {name: figure.mean for name, figure in score.figures.items()}
        assert list(figures) == COLUMNS  # no class is rare
        assert figures["accuracy"] == pytest.approx(
            accuracy_score(held_out.y, model.predict(held_out.X))
        )
        observed = proba[np.arange(len(proba)), np.searchsorted(model.classes_, held_out.y)]
        assert figures["log_loss"] == pytest.approx(-np.log(np.maximum(observed, FLOOR)).mean())
        assert figures["microseconds_per_row"] > 0
        assert figures["auc"] == pytest.approx(
            roc_auc_score(held_out.y, proba, multi_class="ovr", average="macro")
        )
    linear = scores[1].figures
    assert linear["agreement"].mean == 1.0
    assert linear["log_loss"].mean == pytest.approx(
        log_loss(held_out.y, models["teacher"].predict_proba(held_out.X))
    )


def test_size_is_what_joblib_writes(scored) -> None:
    models, _, scores = scored
    for score in scores:
        file = io.BytesIO()
        joblib.dump(models[score.method], file)
        assert score.figures["size_bytes"].mean == len(file.getvalue())


def _score(method: str, losses: np.ndarray) -> Score:
    return Score(method, np.asarray(losses, float), dict.fromkeys(COLUMNS, Estimate(1.0)))


def _scores(student: np.ndarray, distilled: np.ndarray) -> list[Score]:
    return [_score(m, distilled if m == "distilled" else student) for m in METHODS]


def test_row_errors_are_those_of_a_mean() -> None:
    rng = np.random.default_rng(0)
    student, distilled = rng.random(50), rng.random(50)
    board = board_of_rows(
        "", CLASS_TABLE, _scores(student, distilled), Labelled(None, np.zeros(50))
    )
    gap = distilled - student
    assert board.verdict.difference.mean == pytest.approx(gap.mean())
    assert board.verdict.difference.error == pytest.approx(gap.std(ddof=1) / np.sqrt(50))


def test_weights_count_as_in_a_weighted_mean() -> None:
    rng = np.random.default_rng(0)
    student, distilled, weight = (
        rng.random(50),
        rng.random(50),
        rng.integers(1, 5, 50).astype(float),
    )
    held_out = Labelled(None, np.zeros(50), weight)
    board = board_of_rows("", CLASS_TABLE, _scores(student, distilled), held_out)
    gap = np.average(distilled - student, weights=weight)
    assert board.verdict.difference.mean == pytest.approx(gap)
    same = Labelled(None, np.zeros(50), np.full(50, 3.0))
    plain = board_of_rows(
        "", CLASS_TABLE, _scores(student, distilled), Labelled(None, np.zeros(50))
    )
    assert board_of_rows(
        "", CLASS_TABLE, _scores(student, distilled), same
    ).verdict.difference.error == (pytest.approx(plain.verdict.difference.error))


def test_groups_of_copies_count_once() -> None:
    rng = np.random.default_rng(0)
    student, distilled = rng.random(40), rng.random(40)
    once = board_of_rows("", CLASS_TABLE, _scores(student, distilled), Labelled(None, np.zeros(40)))
    groups = np.repeat(np.arange(40), 3)
    copies = board_of_rows(
        "",
        CLASS_TABLE,
        _scores(np.repeat(student, 3), np.repeat(distilled, 3)),
        Labelled(None, np.zeros(120), groups=groups),
    )
    assert copies.verdict.difference.error == pytest.approx(once.verdict.difference.error)
    assert copies.verdict.margin == pytest.approx(once.verdict.margin)


def test_split_errors_are_widened_for_shared_rows() -> None:
    splits = [_scores(np.full(9, 1.0), np.full(9, value)) for value in (0.5, 0.6, 0.9)]
    board = board_of_splits("", CLASS_TABLE, splits, test_over_train=0.5)
    spread = np.std([-0.5, -0.4, -0.1], ddof=1)
    assert board.verdict.difference.mean == pytest.approx(-1 / 3)
    assert board.verdict.difference.error == pytest.approx(spread * np.sqrt(1 / 3 + 0.5))
    assert board.splits == 3


def test_one_split_or_row_gives_no_verdict() -> None:
    one_split = board_of_splits(
        "", CLASS_TABLE, [_scores(np.ones(9), np.zeros(9))], test_over_train=0.5
    )
    one_row = board_of_rows(
        "", CLASS_TABLE, _scores(np.ones(1), np.zeros(1)), Labelled(None, np.zeros(1))
    )
    for board in (one_split, one_row):
        assert board.verdict.outcome == "not shown to help"
        assert board.to_dict()["verdict"]["margin_95"] is None


@pytest.mark.parametrize(
    ("difference", "outcome"),
    [(-0.3, "helped"), (-0.1, "not shown to help"), (0.0, "not shown to help"), (0.3, "harmed")],
)
def test_verdicts(difference: float, outcome: str) -> None:
    assert Verdict(Estimate(difference, 0.1), margin=0.2).outcome == outcome


def test_pure_noise_is_rarely_said_to_help() -> None:
    rng = np.random.default_rng(0)
    boards = (
        board_of_rows(
            "", CLASS_TABLE, _scores(*rng.random((2, 200))), Labelled(None, np.zeros(200))
        )
        for _ in range(200)
    )
    assert sum(board.verdict.outcome == "helped" for board in boards) <= 12  # 5 expected


@pytest.mark.parametrize("fit", [CLASSIFY.learning.alone, fit_teacher])
def test_weights_reach_a_pipeline(binary, fit) -> None:
    from skdistill.cli.names import STUDENTS, resolve

    X, y = binary
    weight = np.where(y == 1, 5.0, 1.0)
    model = resolve("logistic", STUDENTS, seed=0)
    weighted = fit(model, Labelled(X, y, weight)).predict_proba(X)[:, 1].mean()
    assert weighted > fit(model, Labelled(X, y)).predict_proba(X)[:, 1].mean() + 0.1
