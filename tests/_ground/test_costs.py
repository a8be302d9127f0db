"""Sizes, counts and timings of fitted models."""

import io
import time

import joblib
import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill._ground.costs import Parts, count_nodes, count_parts, latency, size_bytes
from skdistill.students import LabelledClassifier, TemperedClassifier
from tests.common.data import sample

DATA = sample(3, 90)
X, CODES = DATA.X, DATA.codes


def test_size_is_what_joblib_writes():
    model = RandomForestClassifier(3, random_state=0).fit(X, CODES)
    file = io.BytesIO()
    joblib.dump(model, file)
    assert size_bytes(model) == len(file.getvalue())


def test_nodes_of_trees():
    tree = DecisionTreeClassifier(max_leaf_nodes=5).fit(X, CODES)
    assert count_parts(tree) == Parts(nodes=2 * tree.get_n_leaves() - 1, trees=1)
    assert count_parts(make_pipeline(StandardScaler(), tree)) == count_parts(tree)
    assert count_parts(TemperedClassifier(tree, 2.0)) == count_parts(tree)
    forest = RandomForestClassifier(4, max_leaf_nodes=6, random_state=0).fit(X, CODES)
    leaves = [member.get_n_leaves() for member in forest.estimators_]
    assert count_parts(forest) == Parts(nodes=sum(2 * n - 1 for n in leaves), trees=len(leaves))
    boosted = GradientBoostingClassifier(n_estimators=2, max_depth=1).fit(X, CODES)
    assert count_parts(boosted) == Parts(nodes=3 * 6, trees=6)  # a stump for each round and class
    stumps = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=2).fit(X, CODES)
    assert count_parts(stumps) == Parts(nodes=3 * 6, trees=6)


def test_nodes_of_other_libraries():
    lightgbm = LGBMClassifier(n_estimators=2, num_leaves=2, verbose=-1).fit(X, CODES)
    assert count_parts(lightgbm) == Parts(nodes=3 * 6, trees=6)
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=2, max_depth=1).fit(X, CODES)
    assert count_parts(model) == Parts(nodes=3 * 6, trees=6)
    assert count_parts(LabelledClassifier(model, DATA.classes)) == count_parts(model)


def test_leaves_and_what_cannot_be_counted():
    tree = DecisionTreeClassifier(max_leaf_nodes=5).fit(X, CODES)
    assert count_parts(tree).leaves == 5
    assert count_parts(LogisticRegression().fit(X, CODES)).leaves is None
    assert count_nodes(tree) == 9

    class Odd:
        tree_ = None

    assert count_nodes(Odd()) is None
    calibrated = CalibratedClassifierCV(DecisionTreeClassifier(max_leaf_nodes=2), cv=3)
    assert count_parts(calibrated.fit(X, CODES)) == Parts(nodes=3 * 3, trees=3)


def test_parameters():
    assert count_parts(LogisticRegression().fit(X, CODES)) == Parts(parameters=3 * (4 + 1))
    mlp = MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=20_000, alpha=1.0).fit(
        X, CODES
    )
    assert count_parts(mlp) == Parts(parameters=4 * 5 + 5 + 5 + 1)
    columns = MultiOutputRegressor(LinearSVR(max_iter=100_000)).fit(X, DATA.one_hot)
    assert count_parts(columns) == Parts(parameters=3 * (4 + 1))
    # A pipeline is not taken apart into its steps, though it can be indexed like a list.
    piped = MultiOutputRegressor(make_pipeline(DecisionTreeRegressor(max_leaf_nodes=2)))
    assert count_parts(piped.fit(X, DATA.one_hot)) == Parts(nodes=3 * 3, trees=3)


def test_what_has_neither_says_so():
    assert count_parts(GaussianNB().fit(X, CODES)) == Parts(None, None)


def test_latency_calls_with_so_many_rows():
    seen = []

    def predict(rows):
        seen.append(rows)
        time.sleep(0.001)

    found = latency(predict, X, n_rows=200, budget=0.02)
    assert found.n_rows == 200
    assert len(seen) == 1 + found.n_calls
    assert 5 <= found.n_calls <= 20
    assert 0.001 <= found.median <= found.p99
    np.testing.assert_array_equal(seen[0], np.concatenate([X, X, X])[:200])


def test_latency_of_the_rows_as_they_are():
    assert latency(len, X, budget=0.0).n_rows == 90
    assert latency(len, X, budget=0.0).n_calls == 5
    assert latency(len, X, budget=1.0).n_calls == 1000


def test_what_cannot_be_pickled_has_no_size():
    assert size_bytes(make_pipeline(FunctionTransformer(lambda x: x), GaussianNB())) is None
