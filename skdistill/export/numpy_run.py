"""What pieces compute, in NumPy: for probes, for files that are read back, and for tests."""

from collections.abc import Callable
from functools import reduce, singledispatch
from typing import Any

import numpy as np

from skdistill._ground.arrays import softmax
from skdistill.exceptions import ExportError
from skdistill.export.columns import Column, Emptied, Filled, Imputed, Missing, OneHot, Ordinal
from skdistill.export.pieces import (
    Affine,
    Arithmetic,
    As,
    Beside,
    Clipped,
    Decision,
    Floats,
    Ints,
    Leaves,
    Logs,
    Mapped,
    Pair,
    Pick,
    Piece,
    Rows,
    Shares,
    Softmax,
    Sorted,
    Sums,
    Total,
    Trees,
    Whole,
    every_piece,
)

__all__ = ["choose", "compute", "follow", "go_down"]

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "exp": np.exp,
    "floor": np.floor,
    "square": np.square,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
}
OPERATIONS = {"add": np.add, "divide": np.divide, "multiply": np.multiply}


def compute(piece: Piece, X: Any) -> Any:
    """Return what a piece gives of rows, shape (n, width).

    Parameters
    ----------
    piece : Piece
        What to compute.
    X : array of shape (n, d), or Table
        Rows.

    Returns
    -------
    values : array of shape (n, width)
    """
    known: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for each in every_piece(piece):
            known[id(each)] = _step(each, X, *(known[id(one)] for one in each.inputs))
    return known[id(piece)]


def choose(decision: Decision, X: Any) -> Ints:
    """Return the class number of each row."""
    values = compute(decision.of, X)
    if decision.threshold is None:
        return np.argmax(values, axis=1)
    above = np.greater_equal if decision.inclusive else np.greater
    return above(values[:, 0], decision.threshold).astype(np.int64)


@singledispatch
def _step(piece: Piece, X: Any, *_: Any) -> Any:
    """Return what a piece gives of what its inputs gave."""
    raise ExportError(f"{type(piece).__name__} cannot be run in NumPy: use to_onnx or to_c.")


@_step.register
def _(piece: Rows, X: Any) -> Any:
    return np.asarray(getattr(X, "numbers", X), dtype=np.float64)


@_step.register
def _(piece: Column, X: Any) -> Any:
    return X.texts[piece.number][:, None] if piece.is_text else X.numbers[:, [piece.number]]


@_step.register
def _(piece: As, X: Any, of: Any) -> Any:
    return of.astype(piece.precision)


@_step.register
def _(piece: Arithmetic, X: Any, of: Any) -> Any:
    return OPERATIONS[piece.how](of, piece.values.astype(of.dtype))


@_step.register
def _(piece: Mapped, X: Any, of: Any) -> Any:
    return FUNCTIONS[piece.function](of)


@_step.register
def _(piece: Whole, X: Any, of: Any) -> Any:
    columns, values = list(piece.columns), of.copy()
    values[:, columns] = np.trunc(values[:, columns])
    return values


@_step.register
def _(piece: Imputed, X: Any, of: Any) -> Any:
    return np.where(np.isnan(of), piece.values.astype(of.dtype), of)


@_step.register
def _(piece: Emptied, X: Any, of: Any) -> Any:
    blank = np.reshape([not each.strip() for each in of.ravel().tolist()], of.shape)
    return np.where(blank | np.isin(of, piece.texts), "", of)


@_step.register
def _(piece: Filled, X: Any, of: Any) -> Any:
    return np.where(of == "", piece.text, of)


@_step.register
def _(piece: Missing, X: Any, of: Any) -> Any:
    return np.isnan(of).astype(of.dtype)


@_step.register
def _(piece: OneHot, X: Any, of: Any) -> Any:
    return _is_each(of, piece.categories).astype(np.float64)


@_step.register
def _(piece: Ordinal, X: Any, of: Any) -> Any:
    hit = _is_each(of, piece.categories)
    return np.where(hit.any(axis=1), piece.codes[hit.argmax(axis=1)], piece.unknown)[:, None]


def _is_each(of: Any, categories: Any) -> Any:
    """Return which category each value is, (n, k); of numbers NaN is NaN."""
    if categories.dtype == object:
        return of == categories
    return (of == categories) | (np.isnan(of) & np.isnan(categories))


@_step.register
def _(piece: Clipped, X: Any, of: Any) -> Any:
    return np.minimum(np.maximum(of, 0), 1)


@_step.register
def _(piece: Softmax, X: Any, of: Any) -> Any:
    return softmax(of)


@_step.register
def _(piece: Shares, X: Any, of: Any) -> Any:
    cut = np.maximum(of, 0)
    cut = np.where(cut.sum(axis=1, keepdims=True) == 0, 1, cut)
    return cut / cut.sum(axis=1, keepdims=True)


@_step.register
def _(piece: Logs, X: Any, of: Any) -> Any:
    return piece.factor * np.log(np.maximum(of, np.finfo(of.dtype).tiny))


@_step.register
def _(piece: Pair, X: Any, of: Any) -> Any:
    return np.concatenate([1 - of, of], axis=1)


@_step.register
def _(piece: Pick, X: Any, of: Any) -> Any:
    return of[:, list(piece.columns)]


@_step.register
def _(piece: Beside, X: Any, *parts: Any) -> Any:
    return np.concatenate(parts, axis=1)


@_step.register
def _(piece: Total, X: Any, *parts: Any) -> Any:
    return reduce(np.add, parts)


@_step.register
def _(piece: Sorted, X: Any, of: Any) -> Any:
    return np.sort(of, axis=1)


@_step.register
def _(piece: Affine, X: Any, of: Any) -> Any:
    return of @ piece.weight.astype(of.dtype) + piece.bias.astype(of.dtype)


@_step.register
def _(piece: Leaves, X: Any, of: Any) -> Any:
    leaves = go_down(piece.trees, of)
    return sum(piece.values[leaf] for leaf in leaves.T)


@_step.register
def _(piece: Sums, X: Any, of: Any) -> Any:
    total = np.zeros((len(of), piece.columns), dtype=piece.values.dtype)
    for leaf, output in zip(go_down(piece.trees, of).T, piece.output, strict=True):
        total[:, output] += piece.values[leaf]
    return total


def go_down(trees: Trees, values: Floats) -> Ints:
    """Return the leaf of each row in each tree, shape (n, T)."""
    return _walk(trees, values, np.full(len(trees.feature), -1))


def follow(trees: Trees, values: Floats) -> Ints:
    """Return a row that comes by each node, shape (N,); -1 where none does."""
    seen = np.full(len(trees.feature), -1)
    _walk(trees, values, seen)
    return seen


def _walk(trees: Trees, values: Floats, seen: Ints) -> Ints:
    leaves = np.empty((len(values), len(trees.roots)), dtype=np.int64)
    for number, root in enumerate(trees.roots):
        at = np.full(len(values), root)
        moving = np.flatnonzero(at >= 0)
        while len(moving):
            node = at[moving]
            seen[node] = moving
            at[moving] = np.where(
                _asks(trees, values, moving, node), trees.yes[node], trees.no[node]
            )
            moving = moving[at[moving] >= 0]
        leaves[:, number] = -1 - at
    return leaves


def _asks(trees: Trees, values: Floats, rows: Ints, node: Ints) -> Any:
    """Return whether each row goes to `yes` at its node."""
    x = values[rows, trees.feature[node]]
    below = np.less if trees.strict else np.less_equal
    says = below(x, trees.threshold[node].astype(values.dtype))
    for each in set(node.tolist()) & trees.members.keys() if trees.members else ():
        here = node == each
        says[here] = np.isin(x[here], trees.members[each])
    return says | (np.isnan(x) & trees.missing_yes[node])
