"""What comes of the candidates: rows, weights, and what is independent of each other."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdistill._ground.data import check_data
from skdistill.choosing.candidates import Grid, expand
from skdistill.choosing.evaluation import evaluate
from skdistill.choosing.scoring import make_judge
from skdistill.distillation import Metadata
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool, validation_folds
from tests.common.data import sample

GRID = Grid((0.0,), (1.0,), ("auto",), ("orthogonal",), (None,), (None,), "cpu")
NAMES = np.array(["d", "a", "c", "b"])  # of groups, in no order


def evaluated(groups, weight=None, scoring="neg_log_loss", **settings):
    """Return the rows, the test rows of each fold, and the scores of a stump."""
    given = sample(2, 120)
    data = check_data(given.X, given.y, weight, groups)
    folds = make_folds(3, data.X, data.y, groups=data.groups, random_state=0, **settings)
    pool = fit_pool(GaussianNB(), data.X, data.y, folds, validation_folds(folds, None))
    stump = DecisionTreeClassifier(max_depth=1)
    found = expand(stump, GRID, len(data), data.outcome, weighted=False)
    metadata = {found[0].name: Metadata({}, {}, data.weight)}
    tried = evaluate(found, data, pool, metadata, make_judge(scoring))
    return data, [test for _, test in folds.splits], tried.scores


def test_rows_of_a_group_are_one_unit():
    groups = np.char.add(NAMES[np.arange(120) % 4], (np.arange(120) // 12).astype(str))
    data, tests, scores = evaluated(groups)
    unit, group = np.concatenate(scores.units), np.concatenate([data.groups[t] for t in tests])
    np.testing.assert_array_equal(unit[:, None] == unit, group[:, None] == group)
    assert len(np.unique(unit)) == 40


def test_without_groups_each_given_row_is_one_unit_in_every_repeat():
    weight = np.linspace(0.5, 2.0, 120)
    weight[::7] = 0.0
    data, tests, scores = evaluated(None, weight, n_repeats=2)
    assert len(scores.units) == len(scores.weights) == len(scores.rows) == 6
    for unit, found, rows, test in zip(
        scores.units, scores.weights, scores.rows, tests, strict=True
    ):
        np.testing.assert_array_equal(unit, data.kept[test])
        np.testing.assert_array_equal(found, weight[data.kept[test]])
        assert rows.shape == (2, len(test))
    unit, times = np.unique(np.concatenate(scores.units), return_counts=True)
    np.testing.assert_array_equal(unit, np.flatnonzero(weight))
    assert set(times) == {2}


@pytest.mark.parametrize("groups", [None, np.arange(120) // 4], ids=["rows", "groups"])
def test_without_a_loss_per_row_there_are_units_all_the_same(groups):
    _, _, scores = evaluated(groups, scoring="balanced_accuracy")
    assert scores.rows == ()
    assert [len(unit) for unit in scores.units] == [40, 40, 40]
    assert [len(weight) for weight in scores.weights] == [40, 40, 40]
    assert np.isfinite(scores.loss).all()
