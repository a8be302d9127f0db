"""Sizes at equal loss: trees are read, pruned and written exactly, the smallest is found."""

import lightgbm
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

from benchmarks import equal_loss
from benchmarks.level_pruning import Leaf, booster_like, n_leaves, outputs, prune, trees_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = make_classification(400, 5, flip_y=0.2, weights=[0.7], random_state=0)


@pytest.fixture(scope="module")
def booster():
    how = {"objective": "binary", "num_leaves": 6, "num_threads": 1, "verbosity": -1}
    return lightgbm.train(how, lightgbm.Dataset(X, Y), 8)


def total(trees):
    return sum(outputs(tree, X) for tree in trees)


def test_trees_are_read_and_written_exactly(booster):
    trees = trees_of(booster)
    assert len(trees) == 8
    raw = booster.predict(X, raw_score=True)
    assert_allclose(total(trees), raw, rtol=0, atol=1e-14)
    assert_array_equal(booster_like(booster, trees).predict(X, raw_score=True), raw)


def test_what_is_pruned_is_smaller_and_written_exactly(booster):
    trees = trees_of(booster)
    sizes = []
    for penalty in (1.0, 0.3, 0.1):
        kept = prune(trees, X, Y, penalty)
        sizes.append(sum(map(n_leaves, kept)))
        written = booster_like(booster, kept)
        assert_allclose(written.predict(X, raw_score=True), total(kept), rtol=0, atol=1e-12)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] <= sum(map(n_leaves, trees))


def test_all_is_pruned_to_the_base_rate(booster):
    (only,) = prune(trees_of(booster), X, Y, 1e-3)
    assert isinstance(only, Leaf)
    assert 1.0 / (1.0 + np.exp(-only.value)) == pytest.approx(Y.mean(), abs=0.01)


def test_a_level_is_a_regression_on_what_its_nodes_say():
    """Of stumps: their factors and constants, then the leaves'."""
    how = {"objective": "binary", "num_leaves": 2, "num_threads": 1, "verbosity": -1}
    trees = trees_of(lightgbm.train(how, lightgbm.Dataset(X, Y), 1))
    found = total(prune(trees, X, Y, 1e4))
    side = (X[:, trees[0].feature] <= trees[0].threshold)[:, None]
    expected = LogisticRegression(C=np.inf).fit(side, Y).decision_function(side)
    assert_allclose(found, expected, atol=0.02)


def test_the_smallest_model_that_is_as_good_is_found():
    frame = pd.DataFrame(
        {
            "data": "a",
            "seed": 0,
            "way": ["direct", "direct", "direct", "distilled", "distilled"],
            "size": ["200x31", "50x8", "10x4", "50x8", "10x4"],
            "log_loss": [0.5, 0.5005, 0.6, 0.48, 0.5],
            "leaves": [6200, 400, 40, 400, 40],
            "kilobytes": 1.0,
            "slim": 1.0,
            "microseconds": 1.0,
        }
    )
    line = equal_loss.table_of(frame).iloc[0]
    assert line["direct"].endswith("(50x8)")
    assert line["distilled"].startswith("40 /")
    assert line["pruned by levels"] == "none"
    curve = equal_loss.curves(frame).set_index(["way", "size"])["loss over large"]
    assert curve["distilled", "50x8"] == 0.96


def test_the_quick_run_makes_a_page(tmp_path):
    equal_loss.main(["--quick", "--out", str(tmp_path)])
    text = (tmp_path / "equal_loss.md").read_text(encoding="utf-8")
    assert "| breast_cancer | 0 |" in text
    assert "C=0.03" in text
