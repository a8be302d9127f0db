"""Trees in SQL: a CASE expression for each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.pieces import Trees

__all__ = ["as_number", "cases"]

MOST_LEAVES = 4096  # as many branches as a statement should have


def as_number(value: Any) -> str:
    """Return a number as a literal of SQL."""
    if not np.isfinite(value):
        raise ExportError(f"{value} has no literal in SQL: use to_onnx or to_c.")
    return repr(float(value))


def cases(trees: Trees, roots: list[int], of: list[str], values: NDArray[Any]) -> str:
    """Return the sum of what trees say, as an expression.

    Parameters
    ----------
    trees : Trees
        At most 4096 leaves in all.
    roots : list of int
        The first nodes of those to be summed.
    of : list of str
        Expressions for the columns.
    values : array of shape (L,)
        The number in each leaf.
    """
    if trees.n_leaves > MOST_LEAVES:
        raise ExportError(
            f"trees of {trees.n_leaves} leaves make a statement that no database should be asked: "
            f"use to_onnx or to_c, or a student of at most {MOST_LEAVES}."
        )
    return " + ".join(["0.0", *(_case(trees, root, of, values) for root in roots)])


def _case(trees: Trees, at: int, of: list[str], values: NDArray[Any]) -> str:
    """Return what a tree says from a node on."""
    if at < 0:
        return as_number(values[-1 - at])
    column = of[trees.feature[at]]
    asked = _in_set(column, trees.members[at]) if at in trees.members else _below(trees, at, column)
    if trees.missing_yes[at]:
        asked = f"{column} IS NULL OR {asked}"
    yes, no = (_case(trees, int(to), of, values) for to in (trees.yes[at], trees.no[at]))
    return f"CASE WHEN {asked} THEN {yes} ELSE {no} END"


def _below(trees: Trees, at: int, column: str) -> str:
    threshold = float(trees.threshold[at])
    if np.isposinf(threshold):  # asks whether there is a number
        return f"{column} IS NOT NULL"
    return f"{column} <= {as_number(threshold)}"


def _in_set(column: str, members: NDArray[Any]) -> str:
    """Ask for categories by their numbers; databases do not agree how to cut behind the point.

    Neighbours are one range, and 0 is all between -1 and 1.
    """
    codes = np.unique(members.astype(np.int64))
    runs = np.split(codes, np.flatnonzero(np.diff(codes) > 1) + 1)
    ranges = (
        f"{column} {'>=' if run[0] else '>'} {as_number(run[0] or -1)}"
        f" AND {column} < {as_number(run[-1] + 1)}"
        for run in runs
    )
    return f"({' OR '.join(ranges)})"
