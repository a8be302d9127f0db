"""A fitted classifier at another temperature: in the model itself where its arithmetic allows it.

Scores times T are probabilities raised to the power T, and normalised. So coefficients, last layers
and leaves take T up, and what comes out is still a plain model of its library, with a file format
of its own. An average of probabilities (a forest) is no such score: that is wrapped.
"""

import json
import re
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from skdistill._ground.compat import adopt_booster, histogram_scaled, tree_with
from skdistill._ground.learners import is_of_sklearn, root_package
from skdistill.students.lightgbm_text import booster_of, leaf_counts
from skdistill.students.wrapped import LabelledClassifier, TemperedClassifier, raised

__all__ = ["is_softmax", "tempered"]

LIGHTGBM_SCORES = ("binary", "cross_entropy", "multiclass")
XGBOOST_SCORES = ("binary:logistic", "multi:softmax", "multi:softprob")


def tempered(model: Any, power: float) -> Any:
    """Return a fitted classifier whose probabilities are raised to a power, and normalised.

    Parameters
    ----------
    model : classifier
        Fitted; left as it is.
    power : float
        The temperature that its targets were annealed at, or one over that it should be cooled by.

    Returns
    -------
    model : classifier
        Of the same class if its coefficients or leaves can express it, else a `TemperedClassifier`;
        inside a Pipeline, and under other names of the classes, likewise.
    """
    power = float(power)  # of NumPy it would widen weights in single precision
    if power == 1.0:
        return model
    if type(model) is TemperedClassifier:
        return tempered(model.inner, model.temperature * power)
    if type(model) is LabelledClassifier:
        return model.around(tempered(model.inner, power))
    if is_of_sklearn(model, Pipeline):
        made, (name, last) = copy(model), model.steps[-1]
        made.steps = [*model.steps[:-1], (name, tempered(last, power))]
        return made
    way = WAYS.get(f"{root_package(model)}.{type(model).__name__}")
    made = None if way is None else way(model, power)
    return TemperedClassifier(model, power) if made is None else made


def is_softmax(model: LogisticRegression) -> bool:
    """Whether probabilities are the softmax of the scores; one class against the rest is not.

    Drop at scikit-learn >= 1.8, which has the softmax only.
    """
    one_against_rest = model.solver == "liblinear" or getattr(model, "multi_class", None) == "ovr"
    return len(model.classes_) == 2 or not one_against_rest


def _logistic(model: Any, power: float) -> Any:
    return _linear(model, power) if is_softmax(model) else None


def _linear(model: Any, power: float) -> Any:
    made = copy(model)
    made.coef_ = model.coef_ * power
    made.intercept_ = model.intercept_ * power
    return made


def _network(model: Any, power: float) -> Any:
    """Multiply the last layer, of weights in the precision that they are in."""
    made = copy(model)
    made.coefs_ = [*model.coefs_[:-1], model.coefs_[-1] * power]
    made.intercepts_ = [*model.intercepts_[:-1], model.intercepts_[-1] * power]
    return made


def _tree(model: Any, power: float) -> Any:
    """Raise the probabilities of the nodes, of which there are as many as leaves say."""
    if model.n_outputs_ > 1:
        return None
    made = copy(model)
    made.tree_ = tree_with(model.tree_, raised(model.tree_.value[:, 0, :], power)[:, None, :])
    return made


def _lightgbm(model: Any, power: float) -> Any:
    """Multiply the leaves, which hold the start score as well."""
    text = model.booster_.model_to_string()
    objective = re.findall(r"^objective=(\w+)", text, re.MULTILINE)
    if not objective or objective[0] not in LIGHTGBM_SCORES or "\nis_linear=1\n" in text:
        return None
    booster = booster_of(text)
    for tree, n in enumerate(leaf_counts(text)):
        for leaf in range(n):
            booster.set_leaf_output(tree, leaf, power * booster.get_leaf_output(tree, leaf))
    made = copy(model)
    adopt_booster(made, booster_of(booster.model_to_string()), model.objective_)
    return made


def _xgboost(model: Any, power: float) -> Any:
    """Multiply the leaves, in single precision as they are; see `_heat`."""
    told = json.loads(bytes(model.get_booster().save_raw("json")))
    if not _heat(told["learner"], power):
        return None
    made, given = clone(model), model.get_params()
    made.load_model(bytearray(json.dumps(told).encode()))
    made.set_params(**given)  # loading puts what the booster found in their place
    return made


def _heat(learner: dict[str, Any], power: float) -> bool:
    """Multiply the scores of XGBoost's own description; return False where it has other trees.

    The start score stays as it is, since the estimator's `base_score` would take its place: what it
    lacks goes into the first tree of each class.
    """
    booster, param = learner["gradient_booster"], learner["learner_model_param"]
    if learner["objective"]["name"] not in XGBOOST_SCORES or booster["name"] != "gbtree":
        return False
    trees = booster["model"]["trees"]
    if not trees or any(int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in trees):
        return False
    base = np.array(json.loads(param["base_score"]), dtype=np.float64)
    if learner["objective"]["name"] == "binary:logistic":  # kept as a probability
        base = np.log(base / (1 - base))
    lacks = np.resize((power - 1) * base, max(1, int(param["num_class"])))
    for tree, column in zip(trees, booster["model"]["tree_info"], strict=True):
        for leaf in np.flatnonzero(np.array(tree["left_children"]) < 0).tolist():
            for name in ("split_conditions", "base_weights"):
                tree[name][leaf] = tree[name][leaf] * power + float(lacks[column])
        lacks[column] = 0.0
    return True


# By package and name of the class: a subclass may predict by something else.
WAYS: dict[str, Callable[[Any, float], Any]] = {
    "lightgbm.LGBMClassifier": _lightgbm,
    "skdistill.SoftLogisticRegression": _linear,
    "skdistill.SoftMLPClassifier": _network,
    "sklearn.DecisionTreeClassifier": _tree,
    "sklearn.ExtraTreeClassifier": _tree,
    "sklearn.HistGradientBoostingClassifier": histogram_scaled,
    "sklearn.LogisticRegression": _logistic,
    "sklearn.MLPClassifier": _network,
    "xgboost.XGBClassifier": _xgboost,
    "xgboost.XGBRFClassifier": _xgboost,
}
