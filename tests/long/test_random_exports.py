"""Random students of random tables: a file says what its model says, in every format."""

import shutil
import warnings

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import is_classifier
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier
from skdistill.export import to_c, to_json, to_onnx, to_sql

pytestmark = pytest.mark.long

SEEDS = range(60)  # more of them by hand


def learner(rng):
    """Return a student of some size, and whether it takes gaps."""
    leaves, trees, seed = int(rng.randint(2, 20)), int(rng.randint(1, 6)), int(rng.randint(99))
    size = {"max_leaf_nodes": leaves, "random_state": seed}
    boosted = {"n_estimators": trees, "num_leaves": leaves, "verbose": -1, "n_jobs": 1}
    boosted |= {"learning_rate": float(rng.choice([0.1, 0.7])), "min_child_samples": 3}
    boosted |= {"extra_trees": bool(rng.rand() < 0.3), "max_bin": int(rng.choice([7, 255]))}
    tree = DecisionTreeClassifier(**size, splitter=rng.choice(["best", "random"]))
    with_gaps = [
        tree,
        DecisionTreeRegressor(**size),
        RandomForestClassifier(trees, **size),
        RandomForestRegressor(trees, **size),
        ExtraTreesClassifier(trees, **size),
        HistGradientBoostingClassifier(max_iter=trees, max_leaf_nodes=leaves, min_samples_leaf=3),
        HistGradientBoostingRegressor(max_iter=trees, max_leaf_nodes=leaves, min_samples_leaf=3),
        LGBMClassifier(**boosted),
        LGBMRegressor(**boosted),
        BaggingClassifier(tree, trees, max_features=0.7, random_state=seed),
    ]
    whole = [
        LogisticRegression(),
        Ridge(),
        GradientBoostingClassifier(n_estimators=trees, max_leaf_nodes=leaves),
        VotingClassifier([("a", tree), ("b", LogisticRegression())], voting="soft"),
        DistilledClassifier(
            LogisticRegression(), DecisionTreeRegressor(**size), strength=0.5, cv=2, random_state=0
        ),
        DistilledClassifier(
            LogisticRegression(), tree, strength=0.5, temperature=1.7, cv=2, random_state=0
        ),
    ]
    number = rng.randint(len(with_gaps) + len(whole))
    if number < len(with_gaps):
        return with_gaps[number], True
    return whole[number - len(with_gaps)], False


def table(rng):
    """Return columns of all sorts: steps, codes, tiny and huge numbers, one value, zeros."""
    n = int(rng.randint(40, 160))
    sorts = [
        lambda: rng.normal(size=n),
        lambda: np.round(rng.normal(size=n), 1),
        lambda: rng.randint(0, 4, n).astype(float),
        lambda: rng.randint(0, 2000, n) + 1.7e9,
        lambda: rng.normal(size=n) * 1e-40,
        lambda: rng.normal(size=n) * 1e25,
        lambda: rng.choice([0.0, -0.0, 1e-36, -1e-36, 1e-30], n),
        lambda: np.full(n, 3.0),
        lambda: np.where(rng.rand(n) < 0.7, 0.0, rng.normal(size=n)),
        lambda: rng.normal(size=n).astype(np.float32).astype(float),
    ]
    return np.column_stack([sorts[rng.randint(len(sorts))]() for _ in range(rng.randint(1, 6))])


def labels(rng, X):
    n_classes = int(rng.choice([2, 3, 5]))
    score = X[:, 0] / max(np.abs(X[:, 0]).max(), 1e-300) + rng.normal(size=len(X)) * 0.3
    y = np.argsort(np.argsort(score)) * n_classes // len(X)
    names = [np.arange(5), np.array(list("abcde")), np.array([3, -1, 7, 10, 2])]
    return names[rng.randint(3)][y], score


def case(seed):
    rng = np.random.RandomState(seed)
    X = table(rng)
    y, score = labels(rng, X)
    model, takes_gaps = learner(rng)
    scaler = [None, StandardScaler(), MinMaxScaler(), RobustScaler()][rng.randint(4)]
    if scaler is not None:
        model = make_pipeline(scaler, model)
    elif not takes_gaps:
        model = make_pipeline(StandardScaler(), model)
    if rng.rand() < 0.4:
        X[rng.rand(*X.shape) < 0.2] = np.nan
        X[0] = 1.0
        if not takes_gaps or rng.rand() < 0.3:
            model = make_pipeline(SimpleImputer(add_indicator=bool(rng.rand() < 0.5)), model)
    return model, X, y if is_classifier(model) else score


@pytest.mark.parametrize("seed", SEEDS)
def test_every_file_says_what_its_model_says(seed):
    model, X, y = case(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of learners that find little in such tables
        model.fit(X, y)
    pytest.importorskip("onnxruntime")
    formats = [to_onnx, to_json, to_sql]
    formats += [to_c] if any(map(shutil.which, ("cc", "gcc", "clang"))) else []
    for export in formats:
        assert export(model, X).n_rows > len(X), export.__name__
