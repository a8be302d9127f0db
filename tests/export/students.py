"""Small fitted models that the tests of every format export."""

import warnings

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone, is_classifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import (
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    TweedieRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from skdistill import SoftLogisticRegression, SoftMLPClassifier
from skdistill.export import to_json, to_onnx

QUIET = {"verbose": -1, "n_jobs": 1}
TREES = {
    "tree": DecisionTreeClassifier(max_leaf_nodes=12, random_state=0),
    "random tree": ExtraTreeClassifier(max_leaf_nodes=12, random_state=0),
    "stump": DecisionTreeClassifier(max_depth=1),
    "one leaf": DecisionTreeClassifier(max_depth=3, min_samples_leaf=0.9),
    "forest": RandomForestClassifier(5, max_leaf_nodes=8, random_state=0),
    "extra trees": ExtraTreesClassifier(5, max_leaf_nodes=8, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=0),
    "boosting from zero": GradientBoostingClassifier(n_estimators=3, max_depth=2, init="zero"),
}
OTHERS = {
    "logistic": LogisticRegression(),
    "soft logistic": SoftLogisticRegression(),
    "network": MLPClassifier((4,), max_iter=20, random_state=0),
    "deep network": MLPClassifier((4, 3), "tanh", max_iter=20, random_state=0),
    "soft network": SoftMLPClassifier((4,), max_epochs=5, random_state=0),
    "soft double": SoftMLPClassifier((4,), dtype="float64", max_epochs=5, random_state=0),
}
CLASSIFIERS = TREES | OTHERS
REGRESSORS = {
    "tree": DecisionTreeRegressor(max_leaf_nodes=12, random_state=0),
    "forest": RandomForestRegressor(5, max_leaf_nodes=8, random_state=0),
    "extra trees": ExtraTreesRegressor(5, max_leaf_nodes=8, random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=4, max_depth=2, random_state=0),
    "least squares": LinearRegression(),
    "ridge": Ridge(),
    "lasso": Lasso(alpha=0.1),
    "poisson": PoissonRegressor(),
    "gamma": GammaRegressor(),
    "tweedie": TweedieRegressor(power=1.5),
    "identity": TweedieRegressor(power=0),
    "network": MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0),
}
BOOSTED = {
    "lightgbm": LGBMClassifier(num_leaves=6, n_estimators=4, **QUIET),
    "lightgbm forest": LGBMClassifier(
        boosting_type="rf",
        num_leaves=6,
        n_estimators=3,
        bagging_freq=1,
        bagging_fraction=0.5,
        verbose=-1,
        n_jobs=1,
    ),
    "lightgbm dart": LGBMClassifier(boosting_type="dart", num_leaves=6, n_estimators=4, **QUIET),
    "histograms": HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=6),
}
BOOSTED_NUMBERS = {
    "lightgbm": LGBMRegressor(num_leaves=6, n_estimators=4, **QUIET),
    "lightgbm poisson": LGBMRegressor(num_leaves=6, n_estimators=4, objective="poisson", **QUIET),
    "lightgbm quantile": LGBMRegressor(num_leaves=6, n_estimators=4, objective="quantile", **QUIET),
    "histograms": HistGradientBoostingRegressor(max_iter=4, max_leaf_nodes=6),
    "histograms gamma": HistGradientBoostingRegressor(loss="gamma", max_iter=4, max_leaf_nodes=6),
}
LABELS = {2: ["no", "yes"], 5: ["a", "b", "c", "d", "e"]}


def rows(n=150, seed=0):
    """Return rows of six columns, in steps: some lie on thresholds, some in between."""
    X = np.random.RandomState(seed).normal(size=(n, 6))
    X[:, 1] = np.round(X[:, 1], 1)
    return X


def classes(X, n_classes):
    """Return class numbers that some of the columns say something about."""
    noise = np.random.RandomState(1).normal(size=len(X))
    score = X[:, 0] + X[:, 1] * (X[:, 2] > 0) + 0.7 * noise
    return np.argsort(np.argsort(score)) * n_classes // len(X)


def numbers(X):
    """Return numbers above zero that some of the columns say something about."""
    return np.exp(0.5 * X[:, 0] - 0.3 * X[:, 1] * (X[:, 2] > 0))


def fitted(model, X, y):
    """Return a fitted clone; networks are not trained to the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clone(model).fit(X, y)


def say(model, X):
    """Return probabilities, or predictions, as a table."""
    said = model.predict_proba(X) if is_classifier(model) else model.predict(X)
    return np.asarray(said, dtype=float).reshape(len(X), -1)


def proved(model, X):
    """Prove the pieces by the JSON, and where onnxruntime is there, the graph as well."""
    told = to_json(model, X)
    assert told.tolerance == 1e-12
    if installed("onnxruntime"):
        assert to_onnx(model, X).n_rows == told.n_rows


def installed(name):
    """Whether a package can be imported."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True
