"""How much worse a student is without a column, by column of the table."""

import json

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier

from skdistill.cli.importances import bars, importances, most_important
from skdistill.cli.tasks import CLASSIFY
from skdistill.cli.trials import Labelled


@pytest.fixture(scope="module")
def rows() -> Labelled:
    """Three numbers: two of one column of the table, which tells all, and one of noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    return Labelled(X, np.where(X[:, 0] * X[:, 1] > 0, "yes", "no"), rng.uniform(1, 2, 400))


def test_numbers_of_one_column_are_shuffled_together(rows) -> None:
    """By hand: the model on rows whose first two numbers come from other rows, as a pair."""
    model = DecisionTreeClassifier(max_depth=6, random_state=0).fit(rows.X, rows.y)
    ruler = CLASSIFY.ruler(rows)
    rises = importances(model, rows, ["signs", "signs", "noise"], ruler, seed=1)
    assert list(rises) == ["signs", "noise"]

    def loss(X: np.ndarray) -> float:
        said = ruler.ask(model, X)
        losses = ruler.score("", said, said, rows).losses
        return float(np.average(losses, weights=rows.weight))

    rng = np.random.default_rng(2)
    shuffled = []
    for _ in range(30):
        X = rows.X.copy()
        X[:, :2] = X[rng.permutation(len(X)), :2]
        shuffled.append(loss(X) - loss(rows.X))
    assert rises["signs"] == pytest.approx(np.mean(shuffled), abs=3 * np.std(shuffled))
    assert abs(rises["noise"]) < 0.1 * rises["signs"]


def test_a_model_that_looks_at_nothing(rows) -> None:
    model = DummyClassifier().fit(rows.X, rows.y)
    rises = importances(model, rows, ["a", "b", "c"], CLASSIFY.ruler(rows), seed=0)
    assert set(rises.values()) == {0.0}
    assert most_important(rises, "log-loss").startswith("no column counts: log-loss")
    assert [bar for _, bar, _ in bars(rises)] == ["", "", ""]


def test_bars_are_as_long_as_the_rises() -> None:
    drawn = bars({"a": 0.4, "b": 0.1, "c": -0.02})
    assert [(name, len(bar), rise) for name, bar, rise in drawn] == [
        ("a", 24, "+0.4"),
        ("b", 6, "+0.1"),
        ("c", 0, "-0.02"),
    ]
    assert len(bars({str(i): 1.0 for i in range(50)})) == 20
    assert most_important({"a": 0.4, "b": 0.1, "c": -0.02}, "loss").endswith("a (+0.4), b (+0.1)")


@pytest.mark.parametrize("suffix", ["json", "md", "html"])
def test_a_report_draws_them(fit, files, suffix: str, capsys) -> None:
    path = files.folder / f"report.{suffix}"
    assert fit("--report", str(path), "--drop", "joined,code,member") == 0
    text = path.read_text(encoding="utf-8")
    if suffix == "json":
        found = json.loads(text)["importances"]
        assert set(found) == {"income", "colour", "count", "weight", "family"}
        assert list(found.values()) == sorted(found.values(), reverse=True)
    else:
        assert "when a column is shuffled" in text
        assert "█" * 24 in text
    assert "log-loss rises most when these are shuffled: " in capsys.readouterr().out
