"""Trees as the TreeEnsemble of ai.onnx.ml 5, which has thresholds in double precision."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.export.onnx_graph import ML, Graph
from skdistill.export.pieces import Trees

__all__ = ["ensemble"]

BELOW_OR_AT, BELOW, MEMBER = 0, 1, 6  # what a node of TreeEnsemble asks
SUM = 1


def ensemble(
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
