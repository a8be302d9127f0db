"""The benchmark of budgets: the search by hand, and what its table says of rows that are known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier

from benchmarks import budgets
from benchmarks.ratios import floored_log_loss
from skdistill.teaching.folds import make_folds

X, Y = make_classification(200, 4, random_state=0)
SPLITS = list(make_folds(3, X, Y, random_state=0).splits)
MODELS = [DecisionTreeClassifier(max_leaf_nodes=n, random_state=0) for n in (2, 4, 8)]


def test_the_search_by_hand_ends_with_the_seconds():
    assert len(budgets.by_hand(MODELS, X, Y, SPLITS, 0.0, 0)) == 1
    tried = budgets.by_hand(MODELS, X, Y, SPLITS, 60.0, 0)
    assert sorted(each.model.max_leaf_nodes for each in tried) == [2, 4, 8]
    losses = []
    for train, test in SPLITS:
        model = MODELS[0].fit(X[train], Y[train])
        losses.append(floored_log_loss(Y[test], model.predict_proba(X[test])))
    two = next(each for each in tried if each.model.max_leaf_nodes == 2)
    assert two.loss == pytest.approx(np.mean(losses))
    assert 1.0 < two.latency_us < 1e5


def test_the_best_that_is_fast_enough_is_taken():
    tried = [budgets.Tried("slow", 0.1, 300.0), budgets.Tried("fast", 0.3, 50.0)]
    tried.append(budgets.Tried("middle", 0.2, 90.0))
    found = [budgets.best_within(tried, limit).model for limit in (1000.0, 100.0, 60.0, 10.0)]
    assert found == ["slow", "middle", "fast", "fast"]


def test_the_grids_by_hand_are_of_all_kinds():
    made = budgets.hand_made()
    assert len(made) == 28 + 5 + 8 + 72 + 9
    assert {repr(type(model)) for model in made} > {repr(DecisionTreeClassifier)}


def test_the_table_has_the_ratio():
    row = budgets.Row("adult", 0, 100.0, "a", 0.3, 90.0, "b", 0.4, 80.0, 0.2, 60.0, 9)
    table = budgets.table_of(pd.DataFrame([row]))
    assert table.loc[0, "ratio"] == 0.75
    assert list(table)[3:7] == ["ratio", "called", "one call", "call_us"]
    assert "0.3000 (a, 90 us), by hand 0.4000 (b, 80 us; 9 tried in 60 s)" in budgets.said(row)


def test_a_student_is_named_by_its_size():
    tree = MODELS[1].fit(X, Y)
    assert budgets.in_words(tree) == "DecisionTreeClassifier(max_leaf_nodes=4)"
    assert budgets.in_words(tree, 0.5).endswith("strength 0.5")
    assert budgets.in_words(DummyClassifier()) == "DummyClassifier()"
