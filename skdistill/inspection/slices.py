"""Slices: which rows lose most, found on one half of the rows and judged on the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.tree import DecisionTreeRegressor

from skdistill._ground.estimates import Estimate, margin, row_mean
from skdistill.inspection._conditions import Column, Condition, columns_of, in_words

__all__ = ["Slice", "Slices", "find_slices"]

Floats = NDArray[np.float64]
LEAST_ROWS = 20  # of a slice, in the half that it is found on
LEAST_SHARE = 0.05  # of the rows of that half
ENOUGH = 100  # rows, below which none are looked for
LEAST_GAIN = 0.01  # of the variance of the losses, that a split must explain
NOISE = 10.0  # times 1/n: about what the best of many splits explains of noise
N_LEAVES = 6
SHOWN = 5


@dataclass(frozen=True)
class Slice:
    """Rows that lose more than the others, in words, and their loss on rows it was not found on.

    Attributes
    ----------
    where : str
        Which rows: "age <= 30 and job = admin".
    n_rows : int
        Such rows among those judged.
    share : float
        Their share of the weight.
    loss : Estimate
        Their mean loss, and its standard error.
    share_of_loss : float
        Their share of the loss of all rows.
    losses : mapping of str to float
        By model, its mean loss there.
    shown : bool
        Whether they are shown to lose more than the rows outside: the interval of the difference,
        at 95% for all slices together, lies above zero.
    """

    where: str
    n_rows: int
    share: float
    loss: Estimate
    share_of_loss: float
    losses: Mapping[str, float]
    shown: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the slice as one line of a table.

        Returns
        -------
        line : dict
        """
        line = {"where": self.where, "n_rows": self.n_rows, "share": self.share}
        line |= {"share_of_loss": self.share_of_loss, "loss": self.loss.mean}
        line |= {"standard_error": self.loss.error, "shown": self.shown}
        return line | {f"loss_{name}": value for name, value in self.losses.items()}


@dataclass(frozen=True)
class Slices:
    """The slices of one model, largest loss first; what `find_slices` returns.

    Attributes
    ----------
    slices : tuple of Slice
        Those that lost more than the mean where they were found.
    n_found_on, n_judged_on : int
        Rows of the two halves.
    loss : float
        Mean loss of all rows judged.
    """

    slices: tuple[Slice, ...]
    n_found_on: int
    n_judged_on: int
    loss: float

    @property
    def worst(self) -> Slice | None:
        """The slice of the largest loss that is shown to lose more than the rest; None for none."""
        return next((each for each in self.slices if each.shown), None)


def find_slices(
    X: Any,
    losses: Mapping[str, Floats],
    of: str,
    *,
    weight: Floats | None = None,
    groups: NDArray[Any] | None = None,
    names: Sequence[str] | None = None,
) -> Slices | None:
    """Find the rows that lose most by a small tree on row losses, and judge them on other rows.

    The tree is fitted to the losses of a random half of the rows (of the groups), with at most six
    leaves of at least twenty rows and 5% of the half, and splits that explain more than chance does
    and 1% of the variance. What is said of its leaves is of the other
    half, which it has not seen: the best of many leaves is always too good where it was found.

    Parameters
    ----------
    X : array-like, sparse array or data frame of n rows
        Features.
    losses : mapping of str to array of shape (n,)
        By model, the loss of each row.
    of : str
        The model whose losses are sliced.
    weight : array of shape (n,) or None, default=None
        Row weights.
    groups : array of shape (n,) or None, default=None
        Groups of rows that belong together.
    names : sequence of str or None, default=None
        What features are called, where X does not say.

    Returns
    -------
    slices : Slices or None
        None of fewer than 100 rows.
    """
    own = losses[of]
    if len(own) < ENOUGH or (groups is not None and len(np.unique(groups)) < 4):
        return None
    kind = ShuffleSplit if groups is None else GroupShuffleSplit
    found_on, judged_on = next(kind(1, test_size=0.5, random_state=0).split(own, groups=groups))
    columns = columns_of(X, names)
    table = np.column_stack([column.values for column in columns])
    table[np.isinf(table)] = np.finfo(np.float32).max * np.sign(table[np.isinf(table)])
    part = None if weight is None else weight[found_on]
    variance = float(np.cov(own[found_on], aweights=part, ddof=0))
    tree = DecisionTreeRegressor(
        max_leaf_nodes=N_LEAVES,
        min_samples_leaf=max(LEAST_ROWS, int(LEAST_SHARE * len(found_on))),
        min_impurity_decrease=variance * max(LEAST_GAIN, NOISE / len(found_on)),
        random_state=0,
    )
    fitted = tree.fit(table[found_on].astype(np.float32), own[found_on], sample_weight=part).tree_
    mean = float(np.average(own[found_on], weights=part))
    worse = [
        conditions
        for leaf, conditions in _leaves(fitted, columns)
        if conditions and fitted.value[leaf].item() > mean
    ]
    rest = judged_on, weight, groups
    judged = [_judge(conditions, losses, of, *rest, n_slices=len(worse)) for conditions in worse]
    part = None if weight is None else weight[judged_on]
    slices = sorted((s for s in judged if s is not None), key=lambda s: -s.loss.mean)
    whole = float(np.average(own[judged_on], weights=part))
    return Slices(tuple(slices[:SHOWN]), len(found_on), len(judged_on), whole)


def _leaves(tree: Any, columns: Sequence[Column]) -> Iterator[tuple[int, list[Condition]]]:
    """Yield each leaf of a fitted tree and the conditions on the way to it."""
    nodes: list[tuple[int, list[Condition]]] = [(0, [])]
    while nodes:
        node, conditions = nodes.pop()
        if tree.children_left[node] < 0:
            yield node, conditions
            continue
        column, threshold = columns[tree.feature[node]], float(tree.threshold[node])
        missing_left = bool(tree.missing_go_to_left[node])
        sides = (tree.children_left[node], True), (tree.children_right[node], False)
        for child, below in sides:
            own = Condition(column, threshold, below, missing_left == below)
            nodes.append((int(child), [*conditions, own]))


def _judge(
    conditions: Sequence[Condition],
    losses: Mapping[str, Floats],
    of: str,
    judged_on: NDArray[np.int64],
    weight: Floats | None,
    groups: NDArray[Any] | None,
    *,
    n_slices: int,
) -> Slice | None:
    """Return what is lost on the rows of a slice among those judged; None where there are none."""
    holds = np.all([condition.holds() for condition in conditions], axis=0)
    rows = judged_on[holds[judged_on]]
    if len(rows) < 2 or len(rows) == len(judged_on):
        return None
    w = np.ones(len(holds)) if weight is None else weight
    own, total = losses[of], float(np.sum((w * losses[of])[judged_on]))
    inside, outside = rows, judged_on[~holds[judged_on]]
    level = 1.0 - 0.05 / n_slices
    gap, half = 0.0, 0.0
    for some, sign in ((inside, 1.0), (outside, -1.0)):
        units = None if groups is None else groups[some]
        mean = row_mean(own[some], w[some], units)
        count = len(some) if units is None else len(np.unique(units))
        gap, half = gap + sign * mean.mean, np.hypot(half, margin(mean, count, level))
    return Slice(
        where=in_words(conditions),
        n_rows=len(rows),
        share=float(w[rows].sum() / w[judged_on].sum()),
        loss=row_mean(own[rows], w[rows], None if groups is None else groups[rows]),
        share_of_loss=float(np.sum((w * own)[rows]) / total) if total > 0.0 else np.nan,
        losses={
            name: float(np.average(each[rows], weights=w[rows])) for name, each in losses.items()
        },
        shown=bool(gap > half),
    )
