"""Treelite: trees and their sums, for those who serve with it; its own file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skdistill.exceptions import ExportError
from skdistill.export.documented import documented
from skdistill.export.exported import Exported
from skdistill.export.pieces import (
    Answer,
    Arithmetic,
    Floats,
    Leaves,
    Mapped,
    Pair,
    Piece,
    Rows,
    Softmax,
    Sums,
    Trees,
)
from skdistill.export.proof import Said
from skdistill.export.rounding import without_rounding
from skdistill.export.shipping import Format, produce
from skdistill.export.tables import Table

__all__ = ["TREELITE", "to_treelite"]


@documented("treelite file")
def to_treelite(
    model: Any,
    X: Any,
    *,
    path: str | Path | None = None,
    tolerance: float | None = None,
) -> Exported:
    """Write a tree, a forest or boosted trees as Treelite's own file.

    ``treelite.Model.deserialize(path)`` reads it, and ``treelite.gtil.predict(model, X)`` gives
    the probabilities, of two classes of boosting that of the second, or the predictions, of rows in
    double precision. Its softmax, of more classes, is one in single precision. Thresholds are those
    at which the student's own library parts, and not what Treelite's importers make of them. It is
    run by Treelite as `to_onnx` runs its graph.

    Parameters
    ----------
    $model
    $X
    $path
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
    >>> from skdistill.export import to_treelite
    >>> X, y = load_iris(return_X_y=True)
    >>> to_treelite(DecisionTreeClassifier().fit(X, y), X).n_other_labels  # doctest: +SKIP
    0
    """
    return produce(TREELITE, model, X, path=path, labels=False, tolerance=tolerance)


@dataclass(frozen=True)
class _Ensemble:
    """What Treelite has: trees, what is added to their sum, and a function of it.

    Attributes
    ----------
    trees : Trees
    leaves : array of shape (L, 1) or (L, K)
        Of each leaf its number, or one for each class.
    output : list of int
        The class that each tree is of; -1 for all.
    columns : int
        How many sums there are.
    start : array of shape (columns,)
        What is added.
    function : str
        As Treelite calls it.
    """

    trees: Trees
    leaves: Floats
    output: list[int]
    columns: int
    start: Floats
    function: str


def _ensemble(answer: Answer) -> _Ensemble:
    """Return what an answer is to Treelite; raise ExportError where it is nothing."""
    piece, function = _inside(answer.piece)
    piece, start, factor = _summed(piece)
    if (
        not isinstance(piece, Leaves | Sums)
        or not isinstance(piece.of, Rows)
        or piece.trees.members
    ):
        raise ExportError(
            "Treelite's file has trees of numbers, their sum or average, and one function of it, "
            "and this student is more: categories, a linear model, a step before it or a decode "
            "step behind it have no place there. Use to_onnx or to_json."
        )
    if answer.classes is None and piece.width > 1:
        raise ExportError("Treelite's file is written of one output: use to_onnx or to_json.")
    is_sum = isinstance(piece, Sums)
    output = piece.output.tolist() if isinstance(piece, Sums) else [-1] * len(piece.trees.roots)
    if piece.width == 1:
        output, function = [0] * len(output), function.removesuffix("_multiclass")
    leaves = factor * np.asarray(piece.values, dtype=np.float64)
    leaves = leaves[:, None] if is_sum else leaves
    return _Ensemble(piece.trees, leaves, output, piece.width, start, function)


def _inside(piece: Piece) -> tuple[Piece, str]:
    """Return what a function is of, and what Treelite calls it."""
    piece = piece.of if isinstance(piece, Pair) else piece
    if isinstance(piece, Softmax):
        return piece.of, "softmax"
    if isinstance(piece, Mapped) and piece.function in FUNCTIONS:
        return piece.of, FUNCTIONS[piece.function]
    return piece, "identity_multiclass"


def _summed(piece: Piece) -> tuple[Piece, Floats, float]:
    """Return the trees, what is added to their sum, and by what that is multiplied."""
    start, factor = np.zeros(piece.width), 1.0
    while isinstance(piece, Arithmetic):
        values = np.asarray(piece.values, dtype=np.float64)
        if piece.how == "add":
            start = start + factor * values
        elif values.size == 1:
            one = float(values.ravel()[0])
            factor *= one if piece.how == "multiply" else 1.0 / one
        else:
            break
        piece = piece.of
    return piece, start, factor


FUNCTIONS = {"logistic": "sigmoid", "exp": "exponential"}


def _write(answer: Answer, table: Table, _: Any) -> bytes:
    """Return the bytes of the model."""
    from treelite.model_builder import Metadata, ModelBuilder, PostProcessorFunc, TreeAnnotation

    if not table.is_matrix:
        what = "dates have" if table.dates else "text has"
        raise ExportError(f"{what} no place in Treelite's file: use to_onnx or to_json.")
    found = _ensemble(without_rounding(answer, also_single=True))
    width = found.leaves.shape[1]
    is_wide = found.columns > 1
    task = "kMultiClf" if is_wide else "kRegressor" if answer.classes is None else "kBinaryClf"
    builder = ModelBuilder(
        threshold_type="float64",
        leaf_output_type="float64",
        metadata=Metadata(
            num_feature=len(table.names),
            task_type=task,
            average_tree_output=False,
            num_target=1,
            num_class=[found.columns],
            leaf_vector_shape=(1, width),
        ),
        tree_annotation=TreeAnnotation(
            num_tree=len(found.output),
            target_id=[0] * len(found.output),
            class_id=found.output,
        ),
        postprocessor=PostProcessorFunc(name=found.function),
        base_scores=found.start.tolist(),
    )
    for root in found.trees.roots.tolist():
        _add_tree(builder, found.trees, found.leaves, root)
    return bytes(builder.commit().serialize_bytes())


def _add_tree(builder: Any, trees: Trees, leaves: Floats, root: int) -> None:
    """Add one tree; its nodes have their numbers as keys, its leaves those beyond all nodes."""

    def key(number: int) -> int:
        return number if number >= 0 else len(trees.feature) - 1 - number

    builder.start_tree()
    left = [root]
    while left:
        node = left.pop()
        builder.start_node(key(node))
        if node < 0:
            values = leaves[-1 - node]
            builder.leaf(values.tolist() if len(values) > 1 else float(values[0]))
        else:
            yes, no = int(trees.yes[node]), int(trees.no[node])
            builder.numerical_test(
                feature_id=int(trees.feature[node]),
                threshold=float(trees.threshold[node]),
                default_left=bool(trees.missing_yes[node]),
                opname="<=",
                left_child_key=key(yes),
                right_child_key=key(no),
            )
            left += [no, yes]
        builder.end_node()
    builder.end_tree()


def _runner(content: bytes, answer: Answer) -> Callable[[Table], Said]:
    """Return what Treelite says of rows."""
    import treelite

    model = treelite.Model.deserialize_bytes(content)
    n_columns = answer.piece.width

    def run(rows: Table) -> Said:
        said = np.asarray(treelite.gtil.predict(model, rows.numbers, nthread=1))
        said = said.reshape(len(rows), -1)
        is_second = said.shape[1] < n_columns
        return Said(np.column_stack([1 - said, said]) if is_second else said)

    return run


def _is_softmax(answer: Answer) -> bool:
    return _inside(answer.piece)[1] == "softmax"


TREELITE = Format("treelite", ("treelite",), _write, _runner, in_single=_is_softmax)
