"""Scores of numbers against scikit-learn's, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn import metrics
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from skdistill import AbsoluteError, Gamma, Poisson, Quantile, SquaredError, Tweedie
from skdistill._ground.estimates import Estimate
from skdistill.cli import sentences
from skdistill.cli.board import Board, Verdict, board_of_rows
from skdistill.cli.figures import number, quantity
from skdistill.cli.number_scores import LOSSES, NumberRuler
from skdistill.cli.progress import Progress
from skdistill.cli.scoreboard import score_models
from skdistill.cli.suspicion import too_good
from skdistill.cli.tasks import regress
from skdistill.cli.trials import Labelled, distil_all
from skdistill.estimators.report import why_direct
from tests.cli.learners import WOOD

WEIGHTS = [None, np.random.default_rng(7).integers(1, 5, 80).astype(float)]
ORACLES = {
    SquaredError(): ("RMSE", metrics.root_mean_squared_error, metrics.r2_score),
    AbsoluteError(): ("MAE", metrics.mean_absolute_error, metrics.d2_absolute_error_score),
    Quantile(0.8): (
        "pinball loss",
        lambda *a, **k: metrics.mean_pinball_loss(*a, alpha=0.8, **k),
        lambda *a, **k: metrics.d2_pinball_score(*a, alpha=0.8, **k),
    ),
    Poisson(): (
        "Poisson deviance",
        metrics.mean_poisson_deviance,
        lambda *a, **k: metrics.d2_tweedie_score(*a, power=1, **k),
    ),
    Gamma(): (
        "Gamma deviance",
        metrics.mean_gamma_deviance,
        lambda *a, **k: metrics.d2_tweedie_score(*a, power=2, **k),
    ),
    Tweedie(1.3): (
        "Tweedie deviance",
        lambda *a, **k: metrics.mean_tweedie_deviance(*a, power=1.3, **k),
        lambda *a, **k: metrics.d2_tweedie_score(*a, power=1.3, **k),
    ),
}


@pytest.fixture(scope="module")
def models():
    """Return models of positive numbers by method, and the rows they are scored on."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 3))
    y = np.exp(0.5 * X[:, 0] + 0.3 * rng.normal(size=240))
    tree = DecisionTreeRegressor(max_leaf_nodes=6, random_state=0).fit(X[:160], y[:160])
    other = DecisionTreeRegressor(max_leaf_nodes=20, random_state=0).fit(X[:160], y[:160])
    constant = DummyRegressor().fit(X[:160], y[:160])
    return [constant, other, tree, tree, other], X[160:], y[160:]


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
@pytest.mark.parametrize("loss", ORACLES, ids=repr)
def test_scores_are_those_of_scikit_learn(models, loss, weight) -> None:
    fitted, X, y = models
    ruler = NumberRuler(loss)
    heading, of_loss, share = ORACLES[loss]
    by_method = dict(zip(ruler.table.methods, fitted, strict=True))
    scores = score_models(by_method, Labelled(X, y, weight), ruler, budget=0.0)
    taught = fitted[1].predict(X)
    name = next(f.name for f in ruler.table.figures if f.heading == heading)
    for score in scores:
        said = by_method[score.method].predict(X)
        found = {key: figure.mean for key, figure in score.figures.items()}
        assert list(found) == [figure.name for figure in ruler.table.figures]
        assert found[name] == pytest.approx(of_loss(y, said, sample_weight=weight))
        mean = np.average(score.losses, weights=weight)
        assert mean == pytest.approx(found[name] ** 2 if heading == "RMSE" else found[name])
        explained = found.get("r2", found.get("d2"))
        assert explained == pytest.approx(share(y, said, sample_weight=weight), abs=1e-9)
        fidelity = metrics.r2_score(taught, said, sample_weight=weight)
        assert found["fidelity"] == pytest.approx(fidelity)
        if "share_below" in found:
            assert found["share_below"] == pytest.approx(np.average(y <= said, weights=weight))
        if "calibration_slope" in found and score.method != ruler.table.baseline:
            line = LinearRegression().fit(said[:, None], y, sample_weight=weight)
            assert found["calibration_slope"] == pytest.approx(line.coef_[0])
    assert scores[0].order.mean == 0
    assert scores[1].order.mean == pytest.approx(spearmanr(y, taught).statistic)


def test_every_loss_has_words() -> None:
    assert {loss.name for loss in ORACLES} == set(LOSSES)
    for loss in ORACLES:
        legend = " ".join(NumberRuler(loss).table.legend)
        for figure in NumberRuler(loss).table.figures[:-2]:
            assert f"{figure.heading}: " in legend


def test_errors_of_roots_are_those_of_resampled_rows() -> None:
    """By the bootstrap."""
    rng = np.random.default_rng(0)
    y, said = rng.normal(size=(2, 400))
    score = NumberRuler(SquaredError()).score(
        "x", said[:, None], said[:, None], Labelled(said[:, None], y)
    )
    draws = rng.integers(0, 400, (2000, 400))
    roots = np.sqrt(np.mean((y - said)[draws] ** 2, axis=1))
    assert score.figures["rmse"].error == pytest.approx(roots.std(), rel=0.1)


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Estimate(52341.2, 1203.4), "52,341 ± 1,203"),
        (Estimate(0.0123456, 0.000123), "0.012346 ± 0.000123"),
        (Estimate(54.3219), "54.322"),
        (Estimate(3.2e-12, 1e-13), "3.2e-12 ± 1e-13"),
        (Estimate(3.2e13, 1e9), "3.2e+13 ± 1e+09"),
        (Estimate(0.0), "0.0000"),
        (Estimate(1.5, 0.0), "1.5000 ± 0.0000"),
    ],
)
def test_numbers_of_any_size(figure: Estimate, text: str) -> None:
    assert quantity(figure) == text


def table_of(X, y, train: int, seed: int = 0, loss=None) -> Board:
    """Distil on the first rows, score on the others."""
    task = regress(loss or SquaredError())
    rows, held_out = Labelled(X[:train], y[:train]), Labelled(X[train:], y[train:])
    settings = {"cv": 3, "random_state": seed, **task.settings}
    student = task.learner("student", "tree", seed)
    quiet = Progress(6, quiet=True)
    (trial,) = distil_all(task.learning, WOOD, {"": student}, rows, settings, quiet)
    ruler = task.ruler(rows)
    scores = score_models(trial.models, held_out, ruler, budget=0.0)
    return board_of_rows("", ruler.table, scores, held_out, len(held_out.y) / train)


@pytest.fixture(scope="module")
def board() -> Board:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 5))
    y = 1e5 * (X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.5 * rng.normal(size=900))
    return table_of(X, y, 600)


def test_differences_are_shares_of_the_loss_of_the_student_alone(board) -> None:
    own, alone = (board.row(m).figures["rmse"].mean ** 2 for m in ("distilled", "student alone"))
    assert board.scale == pytest.approx(alone)
    assert board.verdict.difference.mean == pytest.approx(own - alone)
    difference = Estimate(-0.1 * alone, 0.01 * alone)
    paid = replace(board, verdict=Verdict(difference, 0.02 * alone))
    assert sentences.did_it_pay(paid, 300).startswith(
        "Distilling paid: squared error 10.00% ± 1.00% lower than the student alone (95% interval "
        "of the difference -12.00% to -8.00%) on 300 held-out rows."
    )
    perfect = replace(paid, scale=0.0)
    assert "%" not in sentences.did_it_pay(perfect, 300).replace("(95%", "")


@pytest.mark.parametrize("which", ["rmse", "mae"])
def test_scores_that_go_the_other_way_are_named(board, which: str) -> None:
    alone = dict(board.row("student alone").figures) | {which: Estimate(1e5)}
    figures = {"distilled": alone | {which: Estimate(2e5)}, "student alone": alone}
    rows = [replace(row, figures=figures.get(row.method, row.figures)) for row in board.rows]
    paid = Verdict(Estimate(-1.0, 0.1), 0.2)
    said = sentences.did_it_pay(replace(board, rows=tuple(rows), verdict=paid), 300)
    assert said.endswith(f" The other way went {which.upper()} (200,000 distilled, 100,000 alone).")


def test_noise_is_chance() -> None:
    told = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        table = table_of(rng.normal(size=(120, 4)), rng.normal(size=120), 80, seed)
        assert "Distilling paid" not in sentences.did_it_pay(table, 40)
        said = sentences.at_chance(table, 40)
        told += "ahead of the mean of y by squared error or rank correlation beyond" in said
    assert told >= 7


def test_what_can_be_learnt_is_not_chance(board) -> None:
    assert set(board.skilled) == set(board.table.methods[1:])
    assert sentences.at_chance(board, 300) == ""
    assert not board.table.figures[0].cell(Estimate(float("nan")))
    assert number(board.row("teacher").figures["fidelity"]) == "1.0000 ± 0.0000"


@pytest.mark.parametrize("scale", [lambda y: y, np.exp])
def test_a_column_that_gives_the_number_away_is_named(scale) -> None:
    """In another unit: the price in euros, say."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    y = scale(X[:, 0] + rng.normal(size=600))
    X[:, 2] = 3 - 1.1 * y
    train, test = Labelled(X[:450], y[:450]), Labelled(X[450:], y[450:])
    table = table_of(X, y, 450)
    perfection = regress(SquaredError()).perfection
    said = too_good(perfection, table, train, test, ["a", "b", "c"])
    assert said.startswith("rank correlation 0.9")
    assert "on one of these columns alone does as well: 'c'" in said
    X[:, 2] = 3 - 1.1 * y + rng.normal(size=600)  # it tells much, not all
    assert too_good(perfection, table_of(X, y, 450), train, test, ["a", "b", "c"]) is None


def test_what_is_known_exactly_is_doubted_without_such_a_column() -> None:
    X = np.random.default_rng(0).uniform(1, 3, size=(400, 2))
    y = X[:, 0] * X[:, 1]
    train, test = Labelled(X[:300], y[:300]), Labelled(X[300:], y[300:])
    table = table_of(X, y, 300)
    rows = [replace(row, order=Estimate(0.99951, 0.1)) for row in table.rows]
    said = too_good(
        regress(SquaredError()).perfection,
        replace(table, rows=tuple(rows)),
        train,
        test,
        ["a", "b"],
    )
    assert "No column does as well on its own." in said


@pytest.mark.parametrize(
    ("variance", "said"),
    [(0.0, "varies less from training set to training set"), (0.1, "spreads its predictions too")],
)
def test_why_a_student_of_numbers_was_trained_directly(variance: float, said: str) -> None:
    reading = {"excess": 0.1, "variance": variance}
    shrinkage = {"movement": reading, "dispersion": reading, "strength": 1.0}
    assert said in why_direct(shrinkage)
    assert "overconfident" not in why_direct(shrinkage)
