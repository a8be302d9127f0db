"""scikit-learn's histogram gradient boosting: rows and thresholds in double precision."""

from typing import Any

import numpy as np

from skdistill._ground.compat import histogram_start, histogram_trees
from skdistill.exceptions import ExportError
from skdistill.export.pieces import (
    Answer,
    Arithmetic,
    Decision,
    Mapped,
    Pair,
    Piece,
    Softmax,
    Sums,
    Trees,
    as_double,
)
from skdistill.export.reading.registry import reads
from skdistill.export.reading.trees import joined

__all__: list[str] = []

EXPONENTIAL = ("poisson", "gamma")


@reads("sklearn.HistGradientBoostingClassifier")
def _classifier(model: Any, of: Piece) -> Answer:
    raw = _raw(model, of)
    if raw.width == 1:
        piece = Pair(Mapped(raw, "logistic"))
        return Answer(piece, model.classes_, Decision(raw, threshold=0.0))
    return Answer(Softmax(raw), model.classes_, Decision(raw))


@reads("sklearn.HistGradientBoostingRegressor")
def _regressor(model: Any, of: Piece) -> Answer:
    raw = _raw(model, of)
    return Answer(Mapped(raw, "exp") if model.loss in EXPONENTIAL else raw)


def _raw(model: Any, of: Piece) -> Piece:
    if model.is_categorical_ is not None:
        raise ExportError(
            f"categorical_features of {type(model).__name__} cannot be expressed: encode them "
            "before it, or use LGBMClassifier or LGBMRegressor with categorical_feature."
        )
    trees = histogram_trees(model)
    columns = len(trees[0])
    parts, values = zip(*(_tree(each.nodes) for step in trees for each in step), strict=True)
    output = np.arange(len(parts)) % columns
    sums = Sums(as_double(of), joined(parts), np.concatenate(values), output, columns)
    return Arithmetic(sums, "add", histogram_start(model))


def _tree(nodes: Any) -> tuple[Trees, Any]:
    """Return one tree, and the numbers in its leaves."""
    is_leaf = nodes["is_leaf"].astype(bool)
    number = np.where(is_leaf, -np.cumsum(is_leaf), np.cumsum(~is_leaf) - 1)
    asks = nodes[~is_leaf]
    record = Trees(
        roots=number[:1],
        feature=asks["feature_idx"].astype(np.int64),
        threshold=asks["num_threshold"],
        yes=number[asks["left"]],
        no=number[asks["right"]],
        missing_yes=asks["missing_go_to_left"].astype(bool),
        n_leaves=int(is_leaf.sum()),
    )
    return record, nodes["value"][is_leaf]
