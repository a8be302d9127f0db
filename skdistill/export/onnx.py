"""ONNX: one graph of probabilities and labels, in double precision."""

import json
from collections.abc import Callable
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.exported import Exported
from skdistill.export.onnx_graph import ML, Graph
from skdistill.export.pieces import (
    Affine,
    Answer,
    Arithmetic,
    As,
    Beside,
    Clipped,
    Decision,
    Leaves,
    Logs,
    Mapped,
    Pair,
    Pick,
    Piece,
    Rows,
    Shares,
    Softmax,
    Sums,
    Trees,
    Whole,
    every_piece,
)
from skdistill.export.proof import Said
from skdistill.export.shipping import Format, ship
from skdistill.export.tables import Table

__all__ = ["ONNX", "to_onnx"]

INPUT = "X"
BELOW_OR_AT, BELOW, MEMBER = 0, 1, 6  # what a node of TreeEnsemble asks
SUM = 1


def to_onnx(
    model: Any,
    X: Any,
    *,
    path: str | Path | None = None,
    labels: bool = True,
    tolerance: float | None = None,
) -> Exported:
    """Write a fitted student as an ONNX graph that says the same of every row.

    The graph takes ``X`` in double precision, (n, d), and keeps to the arithmetic of the library
    that fitted the student; trees are a TreeEnsemble of ai.onnx.ml, version 5. It gives
    ``probabilities`` (n, K) in the order of `classes_`, and ``label`` (n,); a regressor's gives
    ``prediction``. It is run by onnxruntime on `X`, on rows next to every threshold of the
    student's trees and on extreme ones, and kept only if it agrees with the model on all of them.

    Parameters
    ----------
    model : estimator
        A fitted `DistilledClassifier`, `DistilledClassifierCV`, `DistilledRegressor` or
        `DistilledRegressorCV`, or a student of theirs.
    X : array-like or data frame of shape (n, d)
        Rows to prove it on.
    path : str, pathlib.Path or None, default=None
        Where to write it; None for nowhere: `Exported.content` has it.
    labels : bool, default=True
        Whether the graph tells the labels of a classifier, too.
    tolerance : float or None, default=None
        The largest difference of a probability, or of a prediction over the larger of one and its
        size. None for 1e-12, or 1e-6 where the student computes in single precision.

    Returns
    -------
    exported : Exported

    Raises
    ------
    ExportError
        If the student, or a part of it, cannot be expressed, or if the graph says something else
        of a row. Nothing is written then.
    ImportError
        If onnx or onnxruntime is not installed.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.
    OSError
        If `path` cannot be written.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.export import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> to_onnx(DecisionTreeClassifier().fit(X, y), X).largest_difference  # doctest: +SKIP
    0.0
    """
    return ship(ONNX, model, X, path=path, labels=labels, tolerance=tolerance)


def _write(answer: Answer, table: Table) -> bytes:
    """Return the bytes of the graph."""
    from onnx import TensorProto

    graph = Graph()
    decision = [] if answer.decision is None else [answer.decision.of]
    for piece in every_piece(answer.piece, *decision):
        graph.known[id(piece)] = _node(
            piece, graph, *(graph.known[id(each)] for each in piece.inputs)
        )
    found = graph.known[id(answer.piece)]
    if answer.piece.dtype != "float64":
        found = graph.add("Cast", found, to=TensorProto.DOUBLE)
    shape: list[Any] = ["rows", answer.piece.width]
    name = "prediction" if answer.classes is None else "probabilities"
    if answer.classes is None and answer.is_flat and answer.piece.width == 1:
        found, shape = graph.add("Reshape", found, graph.constant([-1], np.int64)), ["rows"]
    graph.rename(found, name)
    outputs = {name: (TensorProto.DOUBLE, shape)}
    if answer.decision is not None and answer.classes is not None:
        names = _names(answer.classes)
        graph.rename(_label(answer.decision, names, graph), "label")
        outputs["label"] = (_kind(names), ["rows"])
    inputs = {INPUT: (TensorProto.DOUBLE, ["rows", len(table.names)])}
    return graph.finish(inputs, outputs, columns=json.dumps([str(n) for n in table.names]))


def _names(classes: NDArray[Any]) -> NDArray[Any]:
    """Return the classes as ONNX has them: text as objects, numbers in 64 bits."""
    kind = classes.dtype.kind
    if kind in "OU" and all(isinstance(each, str) for each in classes.tolist()):
        return classes.astype(object)
    if kind in "biuf":
        return classes if kind == "b" else classes.astype("float64" if kind == "f" else "int64")
    raise ExportError(
        f"classes must be text, numbers or booleans, got {classes.tolist()}: pass labels=False for "
        "the probabilities alone."
    )


def _kind(names: NDArray[Any]) -> Any:
    from onnx import TensorProto, helper

    is_text = names.dtype == object
    return TensorProto.STRING if is_text else helper.np_dtype_to_tensor_dtype(names.dtype)


def _label(decision: Decision, names: NDArray[Any], graph: Graph) -> str:
    """Return the name of the labels."""
    from onnx import TensorProto

    scores = graph.known[id(decision.of)]
    if decision.threshold is None:
        number = graph.add("ArgMax", scores, axis=1, keepdims=0)
    else:
        operator = "GreaterOrEqual" if decision.inclusive else "Greater"
        threshold = graph.constant([decision.threshold], decision.of.dtype)
        above = graph.add(operator, scores, threshold)
        number = graph.add("Cast", above, to=TensorProto.INT64)
        number = graph.add("Reshape", number, graph.constant([-1], np.int64))
    return graph.add("Gather", graph.constant(names), number, axis=0)


@singledispatch
def _node(piece: Piece, graph: Graph, *_: str) -> str:
    """Return the name of what a piece gives, its nodes added to the graph."""
    raise NotImplementedError(type(piece).__name__)


@_node.register
def _(piece: Rows, graph: Graph) -> str:
    return INPUT


@_node.register
def _(piece: As, graph: Graph, of: str) -> str:
    from onnx import TensorProto

    to = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}[piece.precision]
    return graph.add("Cast", of, to=to)


@_node.register
def _(piece: Arithmetic, graph: Graph, of: str) -> str:
    operator = {"add": "Add", "divide": "Div", "multiply": "Mul"}[piece.how]
    return graph.add(operator, of, graph.constant(piece.values, piece.dtype))


@_node.register
def _(piece: Mapped, graph: Graph, of: str) -> str:
    if piece.function != "logistic":
        return graph.add(piece.function.capitalize(), of)
    # onnxruntime's own Sigmoid loses the digits of small probabilities.
    one = graph.constant([1.0], piece.dtype)
    return graph.add("Div", one, graph.add("Add", one, graph.add("Exp", graph.add("Neg", of))))


@_node.register
def _(piece: Whole, graph: Graph, of: str) -> str:
    chosen = np.isin(np.arange(piece.width), piece.columns)
    whole = graph.add("Mul", graph.add("Sign", of), graph.add("Floor", graph.add("Abs", of)))
    return graph.add("Where", graph.constant(chosen), whole, of)


@_node.register
def _(piece: Clipped, graph: Graph, of: str) -> str:
    low, high = (graph.constant(each, piece.dtype) for each in (0.0, 1.0))
    return graph.add("Clip", of, low, high)


@_node.register
def _(piece: Softmax, graph: Graph, of: str) -> str:
    return graph.add("Softmax", of, axis=1)


@_node.register
def _(piece: Shares, graph: Graph, of: str) -> str:
    axis, zero, one = (
        graph.constant([1], np.int64),
        *(graph.constant([each], piece.dtype) for each in (0.0, 1.0)),
    )
    cut = graph.add("Max", of, zero)
    empty = graph.add("Equal", graph.add("ReduceSum", cut, axis, keepdims=1), zero)
    cut = graph.add("Where", empty, one, cut)
    return graph.add("Div", cut, graph.add("ReduceSum", cut, axis, keepdims=1))


@_node.register
def _(piece: Logs, graph: Graph, of: str) -> str:
    least = graph.constant([np.finfo(piece.dtype).tiny], piece.dtype)
    logs = graph.add("Log", graph.add("Max", of, least))
    return graph.add("Mul", logs, graph.constant([piece.factor], piece.dtype))


@_node.register
def _(piece: Pair, graph: Graph, of: str) -> str:
    other = graph.add("Sub", graph.constant([1.0], piece.dtype), of)
    return graph.add("Concat", other, of, axis=1)


@_node.register
def _(piece: Pick, graph: Graph, of: str) -> str:
    return graph.add("Gather", of, graph.constant(piece.columns, np.int64), axis=1)


@_node.register
def _(piece: Beside, graph: Graph, *parts: str) -> str:
    return graph.add("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]


@_node.register
def _(piece: Affine, graph: Graph, of: str) -> str:
    weight, bias = (graph.constant(each, piece.dtype) for each in (piece.weight, piece.bias))
    return graph.add("Add", graph.add("MatMul", of, weight), bias)


@_node.register
def _(piece: Leaves, graph: Graph, of: str) -> str:
    """Let each tree tell the number of its leaf, and look up the leaf's row of numbers."""
    from onnx import TensorProto

    trees = piece.trees
    numbers = _ensemble(trees, np.arange(trees.n_leaves), np.arange(len(trees.roots)), graph, of)
    leaf = graph.add("Cast", numbers, to=TensorProto.INT64)
    rows = graph.add("Gather", graph.constant(piece.values, piece.dtype), leaf, axis=0)
    if len(trees.roots) > 1:
        # One after the other, as scikit-learn adds them: a sum in another order rounds otherwise,
        # and the labels of forests hang on it where two classes are as likely.
        sums = graph.add("CumSum", rows, graph.constant(1, np.int64))
        rows = graph.add("Gather", sums, graph.constant([len(trees.roots) - 1], np.int64), axis=1)
    return graph.add("Reshape", rows, graph.constant([-1, piece.width], np.int64))


@_node.register
def _(piece: Sums, graph: Graph, of: str) -> str:
    return _ensemble(piece.trees, piece.values, piece.output, graph, of, piece.columns)


def _ensemble(
    trees: Trees,
    values: NDArray[Any],
    output: NDArray[Any],
    graph: Graph,
    of: str,
    columns: int | None = None,
) -> str:
    """Add a TreeEnsemble: a number in each leaf, added to the output of its tree."""
    from onnx import numpy_helper

    dtype = trees.threshold.dtype
    nodes = _Nodes(trees)
    modes = np.full(len(nodes.feature), BELOW if trees.strict else BELOW_OR_AT, dtype=np.uint8)
    modes[list(trees.members)] = MEMBER
    members = [np.append(trees.members[node], np.nan) for node in sorted(trees.members)]
    tensors = {
        "nodes_modes": modes,
        "nodes_splits": nodes.threshold.astype(dtype),
        "leaf_weights": values.astype(dtype),
    }
    if members:
        tensors["membership_values"] = np.concatenate(members).astype(dtype)
    return graph.add(
        "TreeEnsemble",
        of,
        domain=ML,
        n_targets=len(trees.roots) if columns is None else columns,
        aggregate_function=SUM,
        post_transform=0,
        tree_roots=nodes.roots.tolist(),
        nodes_featureids=nodes.feature.tolist(),
        nodes_truenodeids=np.where(nodes.yes < 0, -1 - nodes.yes, nodes.yes).tolist(),
        nodes_falsenodeids=np.where(nodes.no < 0, -1 - nodes.no, nodes.no).tolist(),
        nodes_trueleafs=(nodes.yes < 0).astype(int).tolist(),
        nodes_falseleafs=(nodes.no < 0).astype(int).tolist(),
        nodes_missing_value_tracks_true=nodes.missing_yes.astype(int).tolist(),
        leaf_targetids=output[nodes.tree_of_leaf].tolist(),
        **{name: numpy_helper.from_array(array, name) for name, array in tensors.items()},
    )


class _Nodes:
    """The nodes of trees as ONNX wants them: a tree of one leaf asks, and goes there either way."""

    def __init__(self, trees: Trees) -> None:
        bare = np.flatnonzero(trees.roots < 0)
        added = trees.roots[bare]
        self.roots = trees.roots.copy()
        self.roots[bare] = len(trees.feature) + np.arange(len(bare))
        none = np.zeros(len(bare))
        self.feature = np.append(trees.feature, none).astype(np.int64)
        self.threshold = np.append(trees.threshold, none)
        self.missing_yes = np.append(trees.missing_yes, none).astype(bool)
        self.yes = np.append(trees.yes, added)
        self.no = np.append(trees.no, added)
        self.tree_of_leaf = _trees_of_leaves(trees)


def _trees_of_leaves(trees: Trees) -> NDArray[np.int64]:
    """Return which tree each leaf is of: nodes come before what they lead to."""
    of_node = np.full(len(trees.feature), -1)
    of_leaf = np.full(trees.n_leaves, -1)
    for number, root in enumerate(trees.roots.tolist()):
        waiting = [root]
        while waiting:
            at = waiting.pop()
            if at < 0:
                of_leaf[-1 - at] = number
            else:
                of_node[at] = number
                waiting += [int(trees.yes[at]), int(trees.no[at])]
    return of_leaf


def _runner(content: bytes) -> Callable[[Table], Said]:
    """Return what onnxruntime says of rows."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(rows: Table) -> Said:
        names = [each.name for each in session.get_outputs()]
        told = dict(zip(names, session.run(names, {INPUT: rows.numbers}), strict=True))
        numbers = told.get("probabilities", told.get("prediction"))
        return Said(numbers.reshape(len(rows), -1), told.get("label"))

    return run


ONNX = Format("onnx", ("onnx", "onnxruntime"), _write, _runner)
