"""ONNX: one graph of probabilities and labels, in double precision."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.validation import check_flag
from skdistill.exceptions import ExportError
from skdistill.export.columns import Column
from skdistill.export.documented import documented
from skdistill.export.exported import Exported
from skdistill.export.onnx_graph import Graph
from skdistill.export.onnx_nodes import INPUT, node_of
from skdistill.export.pieces import Answer, Decision, Rows, every_piece
from skdistill.export.proof import Said
from skdistill.export.rounding import without_rounding
from skdistill.export.shipping import Format, produce
from skdistill.export.tables import Table

__all__ = ["ONNX", "to_onnx"]


@documented("graph")
def to_onnx(
    model: Any,
    X: Any,
    *,
    path: str | Path | None = None,
    float64: bool = True,
    labels: bool = True,
    tolerance: float | None = None,
) -> Exported:
    """Write a fitted student as an ONNX graph that says the same of every row.

    The graph takes ``X`` in double precision, (n, d), and keeps to the arithmetic of the library
    that fitted the student; trees are a TreeEnsemble of ai.onnx.ml, version 5. It gives
    ``probabilities`` (n, K) in the order of `classes_`, and ``label`` (n,); a regressor's gives
    ``prediction``. It is run by onnxruntime on `X`, on rows next to every threshold of the
    student's trees and on extreme ones, and kept only if it agrees with the model on all of them.
    Where some columns are text, categories or dates, it has an input for each column by its name:
    text as it is, a date as the seconds since 1970, in UTC.

    Parameters
    ----------
    $model
    $X
    $path
    float64 : bool, default=True
        Whether rows come in double precision. Where they do not, the graph takes ``X`` in single
        precision and computes as the student does all the same; it is compared on rows rounded so.
    labels : bool, default=True
        Whether the graph tells the labels of a classifier, too.
    $tolerance

    Returns
    -------
    $exported

    Raises
    ------
    $ExportError
    $ImportError
    $NotFittedError
    $OSError

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.export import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> to_onnx(DecisionTreeClassifier().fit(X, y), X).largest_difference  # doctest: +SKIP
    0.0
    """
    check_flag("float64", float64)
    form = ONNX if float64 else replace(ONNX, single_rows=True)
    return produce(form, model, X, path=path, labels=labels, tolerance=tolerance)


def _write(answer: Answer, table: Table, model: Any) -> bytes:
    """Return the bytes of the graph."""
    from onnx import TensorProto

    _check_names(table)
    answer, graph = without_rounding(answer), Graph()
    decision = [] if answer.decision is None else [answer.decision.of]
    for piece in every_piece(answer.piece, *decision):
        given = (graph.known[id(each)] for each in piece.inputs)
        found = node_of(piece, graph, *given)
        if table.single and isinstance(piece, Rows):
            found = graph.add("Cast", found, to=TensorProto.DOUBLE)
        graph.known[id(piece)] = found
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
    return graph.finish(_inputs(answer, table), outputs, **_metadata(answer, table, model))


def _metadata(answer: Answer, table: Table, model: Any) -> dict[str, str]:
    """Return what the file keeps besides: the names of columns, those of dates, and classes.

    Of a student of the command line also what its columns are, for ``skdistill predict``.
    """
    classes = [] if answer.classes is None else answer.classes.tolist()
    kept: dict[str, Any] = {"columns": [str(name) for name in table.names]}
    kept |= {"dates": table.dated, "classes": classes}
    if hasattr(model, "columns_"):
        kept["command_line"] = model.columns_
    return {name: json.dumps(each) for name, each in kept.items()}


def _inputs(answer: Answer, table: Table) -> dict[str, tuple[Any, Any]]:
    """Return kind and shape of the inputs: one table, or those columns that are used."""
    from onnx import TensorProto

    if table.is_matrix:
        kind = TensorProto.FLOAT if table.single else TensorProto.DOUBLE
        return {INPUT: (kind, ["rows", len(table.names)])}
    used = [piece for piece in every_piece(answer.piece) if isinstance(piece, Column)]
    kinds = {True: TensorProto.STRING, False: TensorProto.DOUBLE}
    return {piece.name: (kinds[piece.is_text], ["rows", 1]) for piece in used}


def _check_names(table: Table) -> None:
    """Raise ExportError for names of columns that are names of what the graph gives."""
    taken = sorted({"label", "prediction", "probabilities"} & set(map(str, table.names)))
    if taken and not table.is_matrix:
        raise ExportError(f"the graph gives {taken}: rename these columns of X.")


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


def _runner(content: bytes, _: Answer) -> Callable[[Table], Said]:
    """Return what onnxruntime says of rows."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(rows: Table) -> Said:
        names = [each.name for each in session.get_outputs()]
        told = dict(zip(names, session.run(names, _fed(session, rows)), strict=True))
        numbers = told.get("probabilities", told.get("prediction"))
        return Said(numbers.reshape(len(rows), -1), told.get("label"))

    return run


def _fed(session: Any, rows: Table) -> dict[str, Any]:
    """Return rows as the graph takes them."""
    if rows.is_matrix:
        return {INPUT: rows.numbers.astype(np.float32) if rows.single else rows.numbers}
    number = {str(name): place for place, name in enumerate(rows.names)}
    places = {each.name: number[each.name] for each in session.get_inputs()}
    return {
        name: (rows.texts[at] if at in rows.texts else rows.numbers[:, at])[:, None]
        for name, at in places.items()
    }


ONNX = Format("onnx", ("onnx", "onnxruntime"), _write, _runner)
