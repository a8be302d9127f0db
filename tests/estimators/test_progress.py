"""Bars, and what else follows the steps of a fit."""

import logging
import sys

import pytest
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV, progress_bar
from skdistill._ground.compat import LOGGER
from skdistill._ground.steps import Steps

X = [[float(i % 7), float(i)] for i in range(60)]
Y = [int(i % 7 > 3) for i in range(60)]
TREE = DecisionTreeClassifier(max_depth=2, random_state=0)


class Seen(Steps):
    """Keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: dict[str, int] = {}

    def began(self, stage) -> None:
        self.stages[stage.name] = 0

    def moved(self, stage) -> None:
        self.stages[stage.name] += 1
        assert (self.left is None) == (not stage.n_steps)
        assert self.left is None or self.left >= 0


def test_every_stage_and_fold_is_seen() -> None:
    with Seen() as seen:
        DistilledClassifier(TREE, TREE, cv=4, strength=0.5).fit(X, Y)
        assert seen.stages == {"cross-fit the teacher": 4, "fit the student": 0}
        DistilledClassifierCV(TREE, TREE, cv=3).fit(X, Y)
    assert seen.stages["fit the pool of teachers"] > 0
    assert seen.stages["fit students, alone and distilled"] > 0
    DistilledClassifier(TREE, TREE, cv=5).fit(X, Y)  # no more of it
    assert seen.stages["cross-fit the teacher"] in (3, 4)


def test_the_logger_is_left_as_it_was() -> None:
    before = LOGGER.level, LOGGER.propagate, list(LOGGER.handlers)
    with Seen():
        assert LOGGER.level == logging.DEBUG
    with pytest.raises(KeyError), Seen():
        raise KeyError
    assert (LOGGER.level, LOGGER.propagate, list(LOGGER.handlers)) == before


def test_bars_count_the_folds(capsys) -> None:
    pytest.importorskip("tqdm", reason="the extra skdistill[progress] is not installed")
    with progress_bar():
        DistilledClassifier(TREE, TREE, cv=3, strength=0.5).fit(X, Y)
    shown = capsys.readouterr().err
    assert "cross-fit the teacher: 100%" in shown
    assert "3/3" in shown
    assert "fit the student" in shown


def test_bars_without_tqdm(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"skdistill\[progress\]"), progress_bar():
        raise AssertionError
