"""What each piece is in ONNX: a few nodes, in the precision of the piece."""

from functools import partial, reduce, singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.columns import (
    BLANKS,
    Column,
    Emptied,
    Filled,
    Imputed,
    Missing,
    OneHot,
    Ordinal,
)
from skdistill.export.onnx_graph import Graph
from skdistill.export.onnx_trees import ensemble
from skdistill.export.pieces import (
    Affine,
    Arithmetic,
    As,
    Beside,
    Clipped,
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
    Whole,
)

__all__ = ["INPUT", "node_of"]

INPUT = "X"


@singledispatch
def node_of(piece: Piece, graph: Graph, *_: str) -> str:
    """Return the name of what a piece gives, its nodes added to the graph."""
    raise ExportError(
        f"{type(piece).__name__} cannot be expressed in ONNX: use to_c, to_sql or to_json."
    )


@node_of.register
def _(piece: Rows, graph: Graph) -> str:
    return INPUT


@node_of.register
def _(piece: Column, graph: Graph) -> str:
    return piece.name


@node_of.register
def _(piece: As, graph: Graph, of: str) -> str:
    from onnx import TensorProto

    to = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}[piece.precision]
    return graph.add("Cast", of, to=to)


@node_of.register
def _(piece: Arithmetic, graph: Graph, of: str) -> str:
    operator = {"add": "Add", "divide": "Div", "multiply": "Mul"}[piece.how]
    return graph.add(operator, of, graph.constant(piece.values, piece.dtype))


@node_of.register
def _(piece: Mapped, graph: Graph, of: str) -> str:
    if piece.function == "square":
        return graph.add("Mul", of, of)
    if piece.function != "logistic":
        return graph.add(piece.function.capitalize(), of)
    # onnxruntime's own Sigmoid loses the digits of small probabilities.
    one = graph.constant([1.0], piece.dtype)
    return graph.add("Div", one, graph.add("Add", one, graph.add("Exp", graph.add("Neg", of))))


@node_of.register
def _(piece: Whole, graph: Graph, of: str) -> str:
    chosen = np.isin(np.arange(piece.width), piece.columns)
    whole = graph.add("Mul", graph.add("Sign", of), graph.add("Floor", graph.add("Abs", of)))
    return graph.add("Where", graph.constant(chosen), whole, of)


@node_of.register
def _(piece: Imputed, graph: Graph, of: str) -> str:
    values = graph.constant(np.broadcast_to(piece.values, (piece.width,)), piece.dtype)
    return graph.add("Where", graph.add("IsNaN", of), values, of)


@node_of.register
def _(piece: Emptied, graph: Graph, of: str) -> str:
    hit = _as_double(graph, graph.add("Equal", of, graph.constant(piece.texts, object)))
    known = graph.add("ReduceMax", hit, graph.constant([1], np.int64), keepdims=1)
    known = graph.add("Greater", known, graph.constant([0.0], "float64"))
    blank = graph.add("RegexFullMatch", of, pattern=f"[{BLANKS}]*")
    empty = graph.add("Or", known, blank)
    return graph.add("Where", empty, graph.constant([""], object), of)


@node_of.register
def _(piece: Filled, graph: Graph, of: str) -> str:
    missing = graph.add("Equal", of, graph.constant([""], object))
    return graph.add("Where", missing, graph.constant([piece.text], object), of)


@node_of.register
def _(piece: Missing, graph: Graph, of: str) -> str:
    return node_of(As(piece, piece.dtype), graph, graph.add("IsNaN", of))


@node_of.register
def _(piece: OneHot, graph: Graph, of: str) -> str:
    return _as_double(graph, _is_each(piece.categories, graph, of))


@node_of.register
def _(piece: Ordinal, graph: Graph, of: str) -> str:
    """Choose by where the ones are; the last column stands for all others."""
    hit = _as_double(graph, _is_each(piece.categories, graph, of))
    known = graph.add("ReduceMax", hit, graph.constant([1], np.int64), keepdims=1)
    other = graph.add("Sub", graph.constant([1.0], "float64"), known)
    place = graph.add("ArgMax", graph.add("Concat", hit, other, axis=1), axis=1, keepdims=1)
    codes = np.append(piece.codes, piece.unknown)
    return graph.add("Gather", graph.constant(codes, "float64"), place, axis=0)


def _as_double(graph: Graph, of: str) -> str:
    from onnx import TensorProto

    return graph.add("Cast", of, to=TensorProto.DOUBLE)


def _is_each(categories: NDArray[Any], graph: Graph, of: str) -> str:
    """Return the name of which category each value is, (n, k)."""
    if categories.dtype == object:
        return graph.add("Equal", of, graph.constant(categories, object))
    missing = np.isnan(categories)
    same = graph.add("Equal", of, graph.constant(np.where(missing, 0.0, categories), "float64"))
    if not missing.any():
        return same
    same = graph.add("And", same, graph.constant(~missing))
    nan = graph.add("And", graph.add("IsNaN", of), graph.constant(missing))
    return graph.add("Or", same, nan)


@node_of.register
def _(piece: Clipped, graph: Graph, of: str) -> str:
    low, high = (graph.constant(each, piece.dtype) for each in (0.0, 1.0))
    return graph.add("Clip", of, low, high)


@node_of.register
def _(piece: Softmax, graph: Graph, of: str) -> str:
    return graph.add("Softmax", of, axis=1)


@node_of.register
def _(piece: Shares, graph: Graph, of: str) -> str:
    axis, zero, one = (
        graph.constant([1], np.int64),
        *(graph.constant([each], piece.dtype) for each in (0.0, 1.0)),
    )
    cut = graph.add("Max", of, zero)
    empty = graph.add("Equal", graph.add("ReduceSum", cut, axis, keepdims=1), zero)
    cut = graph.add("Where", empty, one, cut)
    return graph.add("Div", cut, graph.add("ReduceSum", cut, axis, keepdims=1))


@node_of.register
def _(piece: Logs, graph: Graph, of: str) -> str:
    least = graph.constant([np.finfo(piece.dtype).tiny], piece.dtype)
    logs = graph.add("Log", graph.add("Max", of, least))
    return graph.add("Mul", logs, graph.constant([piece.factor], piece.dtype))


@node_of.register
def _(piece: Pair, graph: Graph, of: str) -> str:
    other = graph.add("Sub", graph.constant([1.0], piece.dtype), of)
    return graph.add("Concat", other, of, axis=1)


@node_of.register
def _(piece: Pick, graph: Graph, of: str) -> str:
    return graph.add("Gather", of, graph.constant(piece.columns, np.int64), axis=1)


@node_of.register
def _(piece: Beside, graph: Graph, *parts: str) -> str:
    return graph.add("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]


@node_of.register
def _(piece: Total, graph: Graph, *parts: str) -> str:
    return reduce(partial(graph.add, "Add"), parts)


@node_of.register
def _(piece: Sorted, graph: Graph, of: str) -> str:
    width = graph.constant([piece.width], np.int64)
    return graph.add("TopK", of, width, axis=1, largest=0, unused=1)


@node_of.register
def _(piece: Affine, graph: Graph, of: str) -> str:
    weight, bias = (graph.constant(each, piece.dtype) for each in (piece.weight, piece.bias))
    return graph.add("Add", graph.add("MatMul", of, weight), bias)


@node_of.register
def _(piece: Leaves, graph: Graph, of: str) -> str:
    """Let each tree tell the number of its leaf, and look up the leaf's row of numbers."""
    from onnx import TensorProto

    trees = piece.trees
    numbers = ensemble(trees, np.arange(trees.n_leaves), np.arange(len(trees.roots)), graph, of)
    leaf = graph.add("Cast", numbers, to=TensorProto.INT64)
    rows = graph.add("Gather", graph.constant(piece.values, piece.dtype), leaf, axis=0)
    if len(trees.roots) > 1:
        # One after the other, as scikit-learn adds them: a sum in another order rounds otherwise,
        # and the labels of forests hang on it where two classes are as likely.
        sums = graph.add("CumSum", rows, graph.constant(1, np.int64))
        rows = graph.add("Gather", sums, graph.constant([len(trees.roots) - 1], np.int64), axis=1)
    return graph.add("Reshape", rows, graph.constant([-1, piece.width], np.int64))


@node_of.register
def _(piece: Sums, graph: Graph, of: str) -> str:
    return ensemble(piece.trees, piece.values, piece.output, graph, of, piece.columns)
