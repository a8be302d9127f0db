"""XGBoost's models, from their own JSON: rows, thresholds and sums in single precision."""

import json
from typing import Any

import numpy as np

from skdistill.exceptions import ExportError
from skdistill.export.pieces import (
    Answer,
    Arithmetic,
    As,
    Decision,
    Mapped,
    Pair,
    Piece,
    Softmax,
    Sums,
    Trees,
)
from skdistill.export.reading.registry import reads
from skdistill.export.reading.trees import joined

__all__: list[str] = []

LINKS = {
    "identity": ("reg:squarederror", "reg:absoluteerror", "reg:quantileerror"),
    "exp": ("count:poisson", "reg:gamma", "reg:tweedie"),
    "logistic": ("binary:logistic", "reg:logistic"),
    "softmax": ("multi:softprob", "multi:softmax"),
}
LINK_OF = {name: link for link, names in LINKS.items() for name in names}


@reads("xgboost.XGBClassifier", "xgboost.XGBRFClassifier")
def _classifier(model: Any, of: Piece) -> Answer:
    said = _said(model, of)
    if said.width == 1:
        return Answer(Pair(said), model.classes_, Decision(said, threshold=0.5))
    return Answer(said, model.classes_, Decision(said))


@reads("xgboost.XGBRegressor", "xgboost.XGBRFRegressor")
def _regressor(model: Any, of: Piece) -> Answer:
    return Answer(_said(model, of))


def _said(model: Any, of: Piece) -> Piece:
    """Return what the model predicts, in as many columns as it has outputs."""
    if not np.isnan(model.missing):
        raise ExportError(
            f"missing={model.missing!r} of {type(model).__name__} cannot be expressed: mark "
            "missing numbers by NaN."
        )
    booster = model.get_booster()
    best = booster.attr("best_iteration")
    booster = booster if best is None else booster[: int(best) + 1]
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    objective, param = learner["objective"]["name"], learner["learner_model_param"]
    if objective not in LINK_OF:
        raise ExportError(
            f"the objective {objective!r} of XGBoost is none that a format can express: use one of "
            f"{', '.join(sorted(LINK_OF))}."
        )
    columns = max(1, int(param["num_class"]), int(param.get("num_target", 1)))
    sums = _sums(learner["gradient_booster"], of, columns)
    link = LINK_OF[objective]
    scores = Arithmetic(sums, "add", _start(param["base_score"], link))
    if link == "identity":
        return scores
    return Softmax(scores) if link == "softmax" else Mapped(scores, link)


def _start(base_score: str, link: str) -> Any:
    """Return the score that the base stands for: XGBoost keeps the probability, or the mean."""
    base = np.atleast_1d(np.array(json.loads(base_score), dtype=np.float32))
    if link == "logistic":
        return -np.log(1 / base - 1)
    return np.log(base) if link == "exp" else base


def _sums(booster: Any, of: Piece, columns: int) -> Piece:
    if booster["name"] != "gbtree":
        raise ExportError(
            f"booster={booster['name']!r} of XGBoost cannot be expressed: use 'gbtree'."
        )
    parts, values = zip(*map(_tree, booster["model"]["trees"]), strict=True)
    output = np.array(booster["model"]["tree_info"], dtype=np.int64)
    return Sums(As(of, "float32"), joined(parts), np.concatenate(values), output, columns)


def _tree(tree: Any) -> tuple[Trees, Any]:
    """Return one tree, and the numbers in its leaves."""
    if any(tree["split_type"]) or int(tree["tree_param"]["size_leaf_vector"]) > 1:
        raise ExportError(
            "categories, and trees of several outputs, of XGBoost cannot be expressed: encode "
            "categories before it, and leave multi_strategy unset."
        )
    left, right = (np.array(tree[f"{side}_children"], dtype=np.int64) for side in ("left", "right"))
    numbers = np.array(tree["split_conditions"], dtype=np.float32)
    is_leaf = left < 0
    number = np.where(is_leaf, -np.cumsum(is_leaf), np.cumsum(~is_leaf) - 1)
    asks = ~is_leaf
    record = Trees(
        roots=number[:1],
        feature=np.array(tree["split_indices"], dtype=np.int64)[asks],
        threshold=numbers[asks],
        yes=number[left[asks]],
        no=number[right[asks]],
        missing_yes=np.array(tree["default_left"], dtype=bool)[asks],
        n_leaves=int(is_leaf.sum()),
        strict=True,
    )
    return record, numbers[is_leaf]
