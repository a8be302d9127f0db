"""scikit-learn's trees, forests, and the gradient boosting made of its trees.

All of them round the rows to single precision first, and compare with thresholds in double.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdistill._ground.compat import boosting_start
from skdistill.exceptions import ExportError
from skdistill.export.pieces import (
    Answer,
    Arithmetic,
    As,
    Decision,
    Leaves,
    Mapped,
    Pair,
    Piece,
    Softmax,
    Sums,
    Trees,
)
from skdistill.export.reading.registry import reads

__all__ = ["grown", "joined"]


def joined(parts: Sequence[Trees]) -> Trees:
    """Return the trees of several records in one, their nodes and leaves numbered anew."""
    nodes = np.cumsum([0, *(len(part.feature) for part in parts)])
    leaves = np.cumsum([0, *(part.n_leaves for part in parts)])

    def moved(name: str) -> Any:
        numbers = [getattr(part, name) for part in parts]
        starts = zip(numbers, nodes[:-1], leaves[:-1], strict=True)
        return np.concatenate(
            [np.where(to >= 0, to + node, to - leaf) for to, node, leaf in starts]
        )

    whole = {name: moved(name) for name in ("roots", "yes", "no")}
    for name in ("feature", "threshold", "missing_yes"):
        whole[name] = np.concatenate([getattr(part, name) for part in parts])
    members = {
        node + int(start): values
        for part, start in zip(parts, nodes[:-1], strict=True)
        for node, values in part.members.items()
    }
    return Trees(n_leaves=int(leaves[-1]), strict=parts[0].strict, members=members, **whole)


def grown(tree: Any) -> tuple[Trees, Any]:
    """Return a tree of scikit-learn, and the rows of numbers in its leaves, (L, m)."""
    is_leaf = tree.children_left < 0
    number = np.where(is_leaf, -np.cumsum(is_leaf), np.cumsum(~is_leaf) - 1)
    asks = ~is_leaf
    record = Trees(
        roots=number[:1],
        feature=tree.feature[asks],
        threshold=tree.threshold[asks],
        yes=number[tree.children_left[asks]],
        no=number[tree.children_right[asks]],
        missing_yes=tree.missing_go_to_left[asks].astype(bool),
        n_leaves=int(is_leaf.sum()),
    )
    values = tree.value[is_leaf]
    # One output: a number for each class, or one. Several: a number each.
    return record, values[:, 0, :] if values.shape[1] == 1 else values[:, :, 0]


def _single(of: Piece) -> Piece:
    return As(As(of, "float32"), "float64")


def _check_one_output(model: Any) -> None:
    if model.n_outputs_ > 1:
        raise ExportError(
            f"{type(model).__name__} tells classes of {model.n_outputs_} outputs at once, which no "
            "format can express: fit a student for each."
        )


@reads("sklearn.DecisionTreeClassifier", "sklearn.ExtraTreeClassifier")
def _tree_classifier(model: Any, of: Piece) -> Answer:
    _check_one_output(model)
    return _classes(model, Leaves(_single(of), *grown(model.tree_)))


@reads("sklearn.DecisionTreeRegressor", "sklearn.ExtraTreeRegressor")
def _tree_regressor(model: Any, of: Piece) -> Answer:
    return Answer(Leaves(_single(of), *grown(model.tree_)))


@reads("sklearn.RandomForestClassifier", "sklearn.ExtraTreesClassifier")
def _forest_classifier(model: Any, of: Piece) -> Answer:
    _check_one_output(model)
    return _classes(model, _forest(model, of))


@reads("sklearn.RandomForestRegressor", "sklearn.ExtraTreesRegressor")
def _forest_regressor(model: Any, of: Piece) -> Answer:
    return Answer(_forest(model, of))


def _forest(model: Any, of: Piece) -> Piece:
    parts, values = zip(*(grown(each.tree_) for each in model.estimators_), strict=True)
    leaves = Leaves(_single(of), joined(parts), np.concatenate(values))
    return Arithmetic(leaves, "divide", np.array([float(len(parts))]))


def _classes(model: Any, piece: Piece) -> Answer:
    return Answer(piece, model.classes_, Decision(piece))


@reads("sklearn.GradientBoostingRegressor")
def _boosting_regressor(model: Any, of: Piece) -> Answer:
    return Answer(_raw(model, of))


@reads("sklearn.GradientBoostingClassifier")
def _boosting_classifier(model: Any, of: Piece) -> Answer:
    raw = _raw(model, of)
    if raw.width == 1:
        # The exponential loss fits half of the log-odds.
        odds = raw if model.loss == "log_loss" else Arithmetic(raw, "multiply", np.array([2.0]))
        piece = Pair(Mapped(odds, "logistic"))
        return Answer(piece, model.classes_, Decision(raw, threshold=0.0, inclusive=True))
    return Answer(Softmax(raw), model.classes_, Decision(raw))


def _raw(model: Any, of: Piece) -> Piece:
    """Return the sums of the trees' numbers, from the start on."""
    if model.init is not None and model.init != "zero":
        raise ExportError(
            f"init={model.init!r} of {type(model).__name__} is a model of its own, which no format "
            "can express: leave it None, or set 'zero'."
        )
    parts, values = zip(*(grown(each.tree_) for each in model.estimators_.ravel()), strict=True)
    scaled = model.learning_rate * np.concatenate(values)[:, 0]
    outputs = model.estimators_.shape[1]
    output = np.tile(np.arange(outputs), len(model.estimators_))
    sums = Sums(_single(of), joined(parts), scaled, output, outputs)
    return Arithmetic(sums, "add", boosting_start(model))
