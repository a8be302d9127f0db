"""The direct student at its best: what the suite calls tuned, calibrated and shrunk."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from benchmarks.methods import METHODS, ROWS_OF, Task, TeacherLabels, opponents
from benchmarks.ratios import lifted
from skdistill.choosing.tuning import tuned_grid
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool, validation_folds

X, Y = make_classification(400, 6, n_informative=4, flip_y=0.2, n_classes=3, random_state=0)
TRAIN, TEST = np.arange(200), np.arange(200, 400)
TEACHER = RandomForestClassifier(20, min_samples_leaf=3, random_state=0)


@pytest.fixture(scope="module")
def task():
    x, y = X[TRAIN], Y[TRAIN]
    folds = make_folds(3, x, y, random_state=0)
    pool = fit_pool(TEACHER, x, y, folds, validation_folds(folds, None))
    splits = list(folds.splits)
    labels = TeacherLabels(splits, None, pool.out_of_fold.values, pool.as_array(), None)
    return partial(Task, x, y, X[TEST], TEACHER, labels=labels)


def by_hand(model, row, strength):
    """Return the shrunk probabilities of one row of one tree, by its path from the root."""
    tree = model.tree_
    node, shown = 0, tree.value[0, 0] / tree.value[0, 0].sum()
    while tree.children_left[node] >= 0:
        left = row[tree.feature[node]] <= tree.threshold[node]
        child = tree.children_left[node] if left else tree.children_right[node]
        step = tree.value[child, 0] / tree.value[child, 0].sum()
        step = step - tree.value[node, 0] / tree.value[node, 0].sum()
        shown = shown + step / (1.0 + strength / tree.n_node_samples[node])
        node = child
    return shown


def test_nodes_are_shrunk_to_their_parents():
    tree = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, Y)
    rows = X[:20].astype(np.float32)
    before = tree.predict_proba(X)
    shrunk = opponents.shrink(tree, 10.0)
    expected = [by_hand(tree, row, 10.0) for row in rows]
    assert_allclose(shrunk.predict_proba(rows), expected, atol=1e-12)
    assert_array_equal(tree.predict_proba(X), before)
    assert_allclose(opponents.shrink(tree, 0.0).predict_proba(X), before, atol=1e-12)
    forest = RandomForestClassifier(3, max_depth=3, bootstrap=False, random_state=0).fit(X, Y)
    parts = [[by_hand(each, row, 5.0) for row in rows] for each in forest.estimators_]
    found = opponents.shrink(forest, 5.0).predict_proba(rows)
    assert_allclose(found, np.mean(parts, axis=0), atol=1e-12)


def test_the_direct_student_is_tuned_as_a_grid_search_would(task):
    student = DecisionTreeClassifier(random_state=0)
    found = METHODS["tuned"](task(student=student))
    assert tuple(found) == ROWS_OF["tuned"]
    folds = task(student=None).labels.splits

    def scorer(model, x, y):
        return -log_loss(y, lifted(model.predict_proba(x)), labels=model.classes_)

    search = GridSearchCV(student, tuned_grid(student), scoring=scorer, cv=folds)
    search.fit(X[TRAIN], Y[TRAIN])
    leaf = search.best_params_["min_samples_leaf"]
    assert leaf > 1
    assert found["direct, tuned"].note == f"min_samples_leaf {leaf}"
    assert_array_equal(found["direct, tuned"].p, search.predict_proba(X[TEST]))
    cooler = found["direct, tuned and calibrated"]
    own = int(cooler.note.removeprefix("min_samples_leaf "))
    bare = student.set_params(min_samples_leaf=own).fit(X[TRAIN], Y[TRAIN]).predict_proba(X[TEST])
    assert_array_equal(cooler.p.argmax(axis=1), lifted(bare).argmax(axis=1))
    assert log_loss(Y[TEST], cooler.p) < log_loss(Y[TEST], lifted(found["direct, tuned"].p))
    assert all(np.isfinite(each.p).all() for each in found.values())


def test_what_was_tuned_inside_a_pipeline_is_named(task):
    student = make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0))
    found = METHODS["tuned"](task(student=student))
    assert found["direct, tuned"].note.startswith("min_samples_leaf ")


def test_a_temperature_mends_an_overconfident_student(task):
    student = DecisionTreeClassifier(max_depth=6, random_state=0)
    losses = {
        name: log_loss(Y[TEST], lifted(METHODS[name](task(student=student)).p))
        for name in ("direct", "direct, calibrated", "direct, shrunk")
    }
    assert losses["direct, calibrated"] < losses["direct"]
    assert losses["direct, shrunk"] < losses["direct"]
    assert METHODS["direct, shrunk"](task(student=LogisticRegression())) is None
