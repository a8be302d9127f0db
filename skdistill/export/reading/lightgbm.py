"""LightGBM's models, from their own text: rows and thresholds in double precision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.columns import Column, Ordinal
from skdistill.export.pieces import (
    Answer,
    Arithmetic,
    Beside,
    Decision,
    Mapped,
    Pair,
    Piece,
    Softmax,
    Sums,
    Trees,
    Whole,
    as_double,
    pick,
)
from skdistill.export.reading.registry import reads
from skdistill.export.reading.trees import joined

__all__ = ["check_booster"]

# Bits of a node's decision_type.
CATEGORY, DEFAULT_LEFT = 1, 2
MISSING_NONE, MISSING_ZERO = 0, 1
NO_LARGER_IS_ZERO = float(np.float32(1e-35))
LINKS = {
    "identity": ("regression", "regression_l1", "huber", "fair", "quantile", "mape"),
    "exp": ("poisson", "gamma", "tweedie"),
    "logistic": ("binary", "cross_entropy", "multiclassova"),
    "softmax": ("multiclass",),
}
LINK_OF = {name: link for link, names in LINKS.items() for name in names}


@dataclass(frozen=True)
class _Text:
    """What stands in the text of a model, by name."""

    head: Mapping[str, str]
    trees: tuple[Mapping[str, str], ...]


def _parsed(text: str) -> _Text:
    head, *trees = text.split("\n\nend of trees", maxsplit=1)[0].split("\nTree=")
    return _Text(_fields(head), tuple(_fields(each) for each in trees))


def _fields(text: str) -> dict[str, str]:
    found = (line.partition("=") for line in text.splitlines())
    return {name: value for name, _, value in found}


@reads("lightgbm.LGBMClassifier")
def _classifier(model: Any, of: Piece) -> Answer:
    scores, link = _booster(model, of)
    if link not in ("logistic", "softmax"):
        raise ExportError(
            f"LGBMClassifier with objective={model.objective_!r} tells no probabilities: leave the "
            "objective unset."
        )
    said = _linked(scores, link)
    piece = Pair(said) if said.width == 1 else said
    return Answer(piece, model.classes_, Decision(piece))


@reads("lightgbm.LGBMRegressor")
def _regressor(model: Any, of: Piece) -> Answer:
    return Answer(_linked(*_booster(model, of)))


def _linked(scores: Piece, link: str) -> Piece:
    if link == "identity":
        return scores
    return Softmax(scores) if link == "softmax" else Mapped(scores, link)


def check_booster(model: Any) -> None:
    """Raise ExportError where the estimator predicts by something else than its booster's text."""
    params = model.get_params() | getattr(model.booster_, "params", {})
    if params.get("pred_early_stop"):
        raise ExportError(
            "pred_early_stop cuts predictions short in the estimator, and in no file of it: set it "
            "to False."
        )


def _booster(model: Any, of: Piece) -> tuple[Piece, str]:
    """Return the scores of a model, and by which link they are told."""
    check_booster(model)
    text = _parsed(model.booster_.model_to_string())
    columns = int(text.head["num_tree_per_iteration"])
    parts, values = zip(*map(_tree, text.trees), strict=True)
    trees, of = joined(parts), as_double(_coded(model, of))
    asked = {int(trees.feature[node]) for node in trees.members}
    rows = Whole(of, tuple(sorted(asked))) if asked else of
    output = np.arange(len(parts)) % columns
    scores: Piece = Sums(rows, trees, np.concatenate(values), output, columns)
    if "average_output" in text.head:
        scores = Arithmetic(scores, "divide", np.array([float(len(parts) // columns)]))
    return _objective(scores, text.head.get("objective", ""))


def _coded(model: Any, of: Piece) -> Piece:
    """Return the columns as LightGBM has them: the number of its category in place of each."""
    each = [pick(of, [number]) for number in range(of.width)]
    known = getattr(model.booster_, "pandas_categorical", None) or []
    chosen = [n for n, piece in enumerate(each) if isinstance(piece, Column) and piece.is_category]
    if len(known) != len(chosen):
        raise ExportError(
            f"X has {len(chosen)} columns of the dtype category, and LightGBM was fitted on "
            f"{len(known)}: pass rows like those of fit."
        )
    for number, values in zip(chosen, known, strict=True):
        column, codes = each[number], np.arange(len(values), dtype=np.float64)
        names = np.array(values, dtype=object if column.dtype == "text" else np.float64)
        each[number] = Ordinal(column, names, codes, np.nan)
    return Beside(tuple(each)) if chosen else of


def _objective(scores: Piece, said: str) -> tuple[Piece, str]:
    """Return the scores, scaled as the objective says, and its link."""
    name, _, settings = said.partition(" ")
    told = dict(each.partition(":")[::2] for each in settings.split())
    if name not in LINK_OF or "sqrt" in told:
        raise ExportError(
            f"LightGBM's objective {said or 'of your own'!r} is none that a format can express: "
            f"use one of {', '.join(sorted(LINK_OF))}."
        )
    sigmoid = float(told.get("sigmoid", 1.0))
    if sigmoid != 1.0:
        scores = Arithmetic(scores, "multiply", np.array([sigmoid]))
    return scores, LINK_OF[name]


def _tree(fields: Mapping[str, str]) -> tuple[Trees, Any]:
    """Return one tree, and the numbers in its leaves."""
    if fields.get("is_linear", "0") != "0":
        raise ExportError(
            "linear_tree of LightGBM has a linear model in each leaf, which no format can express: "
            "leave it False."
        )
    values = _array(fields["leaf_value"], np.float64)
    asks = {name: _array(fields.get(name, ""), dtype) for name, dtype in NODE.items()}
    if len(values) == 1:
        asks = {name: array[:0] for name, array in asks.items()}
    kind, threshold = asks["decision_type"], asks["threshold"]
    missing = (kind >> 2) & 3
    is_category = (kind & CATEGORY) > 0
    if ((missing == MISSING_ZERO) & ~is_category).any():
        raise ExportError(
            "zero_as_missing of LightGBM sends zeros their own way, which no format can express: "
            "leave it False."
        )
    default = np.where(missing == MISSING_NONE, threshold >= 0.0, (kind & DEFAULT_LEFT) > 0)
    record = Trees(
        roots=np.array([0 if len(threshold) else -1]),
        feature=asks["split_feature"],
        threshold=np.where(is_category, 0.0, _around_zero(threshold)),
        yes=asks["left_child"],
        no=asks["right_child"],
        missing_yes=default & ~is_category,
        n_leaves=len(values),
        members={
            int(node): _members(fields, int(threshold[node]))
            for node in np.flatnonzero(is_category)
        },
    )
    return record, values


NODE = {
    "split_feature": np.int64,
    "threshold": np.float64,
    "decision_type": np.int64,
    "left_child": np.int64,
    "right_child": np.int64,
}


def _around_zero(threshold: NDArray[Any]) -> NDArray[Any]:
    """Return the thresholds by which numbers next to zero go where zero goes, as in LightGBM."""
    below = np.nextafter(-NO_LARGER_IS_ZERO, -np.inf)
    near = np.where(threshold < 0.0, below, NO_LARGER_IS_ZERO)
    return np.where(np.abs(threshold) <= NO_LARGER_IS_ZERO, near, threshold)


def _array(text: str, dtype: Any) -> NDArray[Any]:
    return np.array([float(each) for each in text.split()], dtype=np.float64).astype(dtype)


def _members(fields: Mapping[str, str], number: int) -> NDArray[Any]:
    """Return the categories of a set: its bits, in words of 32."""
    first, last = _array(fields["cat_boundaries"], np.int64)[number : number + 2]
    words = _array(fields["cat_threshold"], np.int64)[first:last]
    bits = (words[:, None] >> np.arange(32)) & 1
    return np.flatnonzero(bits.ravel()).astype(np.float64)
