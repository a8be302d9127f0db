"""Pruning boosted trees level by level, with refitted leaves.

After LOP (Devos, Martens, Oruc, Meert, Blockeel, Davis, *Compressing tree ensembles through
level-wise optimization and pruning*, ICML 2025), written anew for binary LightGBM boosters: on each
level from the roots down, what a subtree n says becomes ``c_n v_n(x) + b_n`` within its region, and
a leaf says ``b_n``. All c and b of a level are the coefficients of one logistic regression with an
L1 penalty on the training rows. A subtree whose c is zero becomes a leaf.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

__all__ = ["Leaf", "Split", "booster_like", "n_leaves", "outputs", "prune", "trees_of"]

UNPENALISED = 1e3  # scale of the intercept's column, which liblinear penalises with the others
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Leaf:
    """What a tree says in a region."""

    value: float


@dataclass(frozen=True)
class Split:
    """Rows of at most the threshold go left."""

    feature: int
    threshold: float
    left: "Tree"
    right: "Tree"


Tree = Leaf | Split


def trees_of(booster: Any) -> list[Tree]:
    """Return the trees of a booster on numbers without missing values."""
    return [_read(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]


def _read(node: dict[str, Any]) -> Tree:
    if "split_feature" not in node:
        return Leaf(float(node["leaf_value"]))
    sides = _read(node["left_child"]), _read(node["right_child"])
    return Split(int(node["split_feature"]), float(node["threshold"]), *sides)


def n_leaves(tree: Tree) -> int:
    """Return the number of leaves of a tree."""
    return 1 if isinstance(tree, Leaf) else n_leaves(tree.left) + n_leaves(tree.right)


def outputs(tree: Tree, X: Floats) -> Floats:
    """Return what a tree says of each row, shape (n,)."""
    if isinstance(tree, Leaf):
        return np.full(len(X), tree.value)
    goes_left = X[:, tree.feature] <= tree.threshold
    said = np.empty(len(X))
    said[goes_left] = outputs(tree.left, X[goes_left])
    said[~goes_left] = outputs(tree.right, X[~goes_left])
    return said


def prune(trees: Sequence[Tree], X: Floats, y: NDArray[Any], C: float) -> list[Tree]:
    """Return the trees pruned on every level, those that still split anything.

    The first takes the constant into its leaves; it is all that is left where nothing splits.

    Parameters
    ----------
    trees : sequence of Tree
        Of a binary booster: their sum is the log-odds of the second class.
    X : array of shape (n, d)
        Training rows.
    y : array of shape (n,)
        Their labels.
    C : float
        Inverse of the L1 penalty's weight: the smaller, the smaller the trees.
    """
    kept, constant, level = list(trees), 0.0, 0
    while level <= max(map(_depth, kept), default=-1):
        kept, shift = _pruned(kept, X, y, level, C)  # an intercept of its own on each level
        constant = shift + sum(tree.value for tree in kept if isinstance(tree, Leaf))
        kept = [tree for tree in kept if isinstance(tree, Split)]
        level += 1
    return [_moved(kept[0], 1.0, constant), *kept[1:]] if kept else [Leaf(constant)]


def _depth(tree: Tree) -> int:
    return 0 if isinstance(tree, Leaf) else 1 + max(_depth(tree.left), _depth(tree.right))


def _pruned(
    trees: Sequence[Tree], X: Floats, y: NDArray[Any], level: int, C: float
) -> tuple[list[Tree], float]:
    """Return the trees after one level, and the intercept."""
    nodes = [node for tree in trees for node in _nodes(tree, level, X, np.arange(len(X)))]
    columns: list[tuple[NDArray[np.int64], Floats]] = []
    for node, rows in nodes:
        if isinstance(node, Split):
            columns.append((rows, outputs(node, X[rows])))
        columns.append((rows, np.ones(len(rows))))
    index = np.concatenate([rows for rows, _ in columns])
    values = np.concatenate([said for _, said in columns])
    ends = np.cumsum([0, *(len(rows) for rows, _ in columns)])
    table = sparse.csc_matrix((values, index, ends), shape=(len(X), len(columns)))
    how: dict[str, Any] = {"solver": "liblinear", "intercept_scaling": UNPENALISED, "tol": 1e-3}
    fitted = LogisticRegression(l1_ratio=1.0, C=C, random_state=0, **how).fit(table.tocsr(), y)
    found = iter(fitted.coef_[0].tolist())
    return [_replaced(tree, level, found) for tree in trees], float(fitted.intercept_[0])


def _nodes(
    tree: Tree, level: int, X: Floats, rows: NDArray[np.int64]
) -> Iterator[tuple[Tree, NDArray[np.int64]]]:
    """Yield the nodes of a level, and the leaves above it, with their rows."""
    if level == 0 or isinstance(tree, Leaf):
        yield tree, rows
        return
    goes_left = X[rows, tree.feature] <= tree.threshold
    yield from _nodes(tree.left, level - 1, X, rows[goes_left])
    yield from _nodes(tree.right, level - 1, X, rows[~goes_left])


def _replaced(tree: Tree, level: int, found: Iterator[float]) -> Tree:
    """Return the tree with the coefficients of `_nodes`, in the same order."""
    if isinstance(tree, Leaf):
        return Leaf(next(found))
    if level > 0:
        left = _replaced(tree.left, level - 1, found)
        return replace(tree, left=left, right=_replaced(tree.right, level - 1, found))
    scale, shift = next(found), next(found)
    return Leaf(shift) if scale == 0.0 else _moved(tree, scale, shift)


def _moved(tree: Tree, scale: float, shift: float) -> Tree:
    if isinstance(tree, Leaf):
        return Leaf(scale * tree.value + shift)
    left = _moved(tree.left, scale, shift)
    return replace(tree, left=left, right=_moved(tree.right, scale, shift))


def booster_like(booster: Any, trees: Sequence[Tree]) -> lightgbm.Booster:
    """Return a booster with the same header and other trees."""
    header = booster.model_to_string().split("\nTree=0", 1)[0].split("\n")
    kept = [line for line in header if not line.startswith("tree_sizes=")]
    text = "\n".join(_text(number, tree) for number, tree in enumerate(trees))
    return lightgbm.Booster(model_str="\n".join([*kept, "", text, "end of trees", ""]))


def _text(number: int, tree: Tree) -> str:
    splits: list[Split] = []
    leaves: list[float] = []
    children: dict[int, list[int]] = {}

    def place(node: Tree) -> int:
        if isinstance(node, Leaf):
            leaves.append(node.value)
            return -len(leaves)
        splits.append(node)
        own = len(splits) - 1
        children[own] = [place(node.left), place(node.right)]
        return own

    place(tree)
    lines: dict[str, Sequence[Any]] = {
        "num_leaves": [len(leaves)],
        "num_cat": [0],
        "split_feature": [split.feature for split in splits],
        "split_gain": [1] * len(splits),
        "threshold": [repr(split.threshold) for split in splits],
        "decision_type": [2] * len(splits),
        "left_child": [children[n][0] for n in range(len(splits))],
        "right_child": [children[n][1] for n in range(len(splits))],
        "leaf_value": [repr(value) for value in leaves],
        "leaf_weight": [1] * len(leaves),
        "leaf_count": [1] * len(leaves),
        "internal_value": [0] * len(splits),
        "internal_weight": [1] * len(splits),
        "internal_count": [2] * len(splits),
        "is_linear": [0],
        "shrinkage": [1],
    }
    said = [f"{name}={' '.join(map(str, values))}" for name, values in lines.items()]
    return "\n".join([f"Tree={number}", *said, "", ""])
