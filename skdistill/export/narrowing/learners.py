"""Trees, forests, boosting and linear models on the columns that they use."""

import re
from copy import copy
from typing import Any

import numpy as np

from skdistill._ground.compat import adopt_booster, tree_on
from skdistill.export.narrowing.registry import (
    Columns,
    learns,
    narrowed,
    on_columns,
    place_of,
    used,
)
from skdistill.export.reading.linear import IDENTITY
from skdistill.students.lightgbm_text import booster_of

__all__: list[str] = []


def _tree_uses(model: Any) -> Columns:
    feature = model.tree_.feature
    return np.unique(feature[feature >= 0])


def _tree_on(model: Any, columns: Columns, X: Any) -> Any:
    made = on_columns(model, columns)
    made.tree_ = tree_on(model.tree_, columns)
    return made


def _trees_use(model: Any) -> Columns:
    return np.unique(np.concatenate([_tree_uses(each) for each in np.ravel(model.estimators_)]))


def _trees_on(model: Any, columns: Columns, X: Any) -> Any:
    made = on_columns(model, columns)
    trees = [_tree_on(each, columns, X) for each in np.ravel(model.estimators_)]
    made.estimators_ = trees
    if isinstance(model.estimators_, np.ndarray):
        made.estimators_ = np.array(trees, dtype=object).reshape(model.estimators_.shape)
    return made


TREES = ("DecisionTree", "ExtraTree")
FORESTS = ("RandomForest", "ExtraTrees")
KINDS = ("Classifier", "Regressor")
learns(*(f"sklearn.{a}{b}" for a in TREES for b in KINDS), uses=_tree_uses, on=_tree_on)
learns(*(f"sklearn.{a}{b}" for a in FORESTS for b in KINDS), uses=_trees_use, on=_trees_on)
learns(*(f"sklearn.GradientBoosting{b}" for b in KINDS), uses=_trees_use, on=_trees_on)


def _linear_uses(model: Any) -> Columns:
    return np.flatnonzero(np.any(np.atleast_2d(model.coef_) != 0, axis=0))


def _linear_on(model: Any, columns: Columns, X: Any) -> Any:
    made = on_columns(model, columns)
    made.coef_ = np.ascontiguousarray(np.asarray(model.coef_)[..., columns])
    return made


LINEAR = (
    *IDENTITY,
    "GammaRegressor",
    "LogisticRegression",
    "PoissonRegressor",
    "TweedieRegressor",
)
learns(*(f"sklearn.{name}" for name in LINEAR), uses=_linear_uses, on=_linear_on)


def _lightgbm_uses(model: Any) -> Columns:
    booster = model.booster_
    is_linear = "\nis_linear=1\n" in booster.model_to_string()
    if is_linear or booster.pandas_categorical:  # these go by the columns' numbers elsewhere, too
        return np.arange(model.n_features_in_)
    return np.flatnonzero(booster.feature_importance("split"))


def _lightgbm_on(model: Any, columns: Columns, X: Any) -> Any:
    """Return a copy with another booster, read from the text of its own."""
    text = _text_on(model.booster_.model_to_string(), columns)
    made = copy(model)
    adopt_booster(made, booster_of(text), model.objective_, n_features=len(columns))
    return made


# Lines that have a word for each column.
WORDS = ("feature_names", "feature_infos", "monotone_constraints")


def _text_on(text: str, columns: Columns) -> str:
    text = re.sub(r"\nfeature_importances:\n(?:[^\n]+\n)*", "\n", text)
    n_columns = int(re.findall(r"^max_feature_idx=(\d+)$", text, re.MULTILINE)[0]) + 1
    place, lines = place_of(columns, n_columns), []
    for line in text.split("\n"):
        name, _, value = line.partition("=")
        if name == "max_feature_idx":
            value = str(len(columns) - 1)
        elif name in WORDS:
            value = " ".join(np.array(value.split(" "))[columns])
        elif name == "split_feature":
            value = " ".join(str(place[int(each)]) for each in value.split())
        if name != "tree_sizes":  # in bytes: these change, and can be done without
            lines.append(f"{name}={value}" if "=" in line else line)
    return "\n".join(lines)


KINDS_OF_LIGHTGBM = ("lightgbm.LGBMClassifier", "lightgbm.LGBMRegressor")
learns(*KINDS_OF_LIGHTGBM, uses=_lightgbm_uses, on=_lightgbm_on)


def _inner_uses(model: Any) -> Columns:
    return used(model.inner)


def _inner_on(model: Any, columns: Columns, X: Any) -> Any:
    return model.around(narrowed(model.inner, columns, X))


WRAPPERS = ("DecodedClassifier", "LabelledClassifier", "TemperedClassifier")
learns(*(f"skdistill.{name}" for name in WRAPPERS), uses=_inner_uses, on=_inner_on)


def _several_use(model: Any) -> Columns:
    return np.unique(np.concatenate([used(each) for each in model.estimators_]))


def _several_on(model: Any, columns: Columns, X: Any) -> Any:
    made = on_columns(model, columns)
    made.estimators_ = [narrowed(each, columns, X) for each in model.estimators_]
    return made


learns("sklearn.MultiOutputRegressor", uses=_several_use, on=_several_on)


def _sorted_on(model: Any, columns: Columns, X: Any) -> Any:
    made = copy(model)
    made.regressors = [narrowed(each, columns, X) for each in model.estimators_]
    vars(made).pop("fitted_", None)
    return made


learns("skdistill.SortedRegressors", uses=_several_use, on=_sorted_on)
