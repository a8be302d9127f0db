"""Tables with classes of very few rows: made, not fetched, the same for the same seed.

Where a class has a dozen rows among thousands and the others are easy, losses are tiny and a
booster's steps large: it is where one leaf that goes too far decides. Public tables of the kind are
those of rare faults (UCI Statlog Shuttle) and intrusions (KDD Cup 1999).
"""

from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["MADE", "class_sizes", "rare_classes"]

RARE_SHARE = 0.003  # 12 of 4,000 rows
N_FEATURES = 9
NOISE = 0.05  # share of the rows of a noisy table whose labels are mixed


def rare_classes(
    n_rows: int = 13_000, n_classes: int = 2, *, noise: float = 0.0, seed: int = 0
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Make a table in which half of the classes have 12 of 4,000 rows each.

    Nine independent normal features. Each class is an interval of one of them that holds as many of
    the rows not taken yet as the class shall have; the rarest classes take theirs first, the most
    frequent one gets what is left. Without noise the label is thus a function of the features that
    a tree can find in two splits per class.

    Parameters
    ----------
    n_rows : int, default=13000
        Rows; stratified, 4,000 of them have 12 of each rare class.
    n_classes : int, default=2
        Classes, at least two; half of them are rare.
    noise : float in [0, 1), default=0.0
        Share of the rows, and of those of each class, that change labels among themselves: class
        sizes stay as they are.
    seed : int, default=0
        Draws all of it.

    Returns
    -------
    X : DataFrame of shape (n_rows, 9)
        Features.
    y : array of shape (n_rows,)
        Labels 0, 1, ...; the last are the rare ones.

    Raises
    ------
    ValueError
        If there are fewer than two classes, or too few rows for one of each.

    Examples
    --------
    >>> X, y = rare_classes(4000, 4)
    >>> X.shape, np.bincount(y).tolist()
    ((4000, 9), [2651, 1325, 12, 12])
    """
    rng = np.random.default_rng(seed)
    sizes = class_sizes(n_rows, n_classes)
    X = rng.normal(size=(n_rows, N_FEATURES))
    y = np.zeros(n_rows, dtype=np.int64)
    free = np.ones(n_rows, dtype=bool)
    for k in range(n_classes - 1, 0, -1):
        distance = np.abs(X[:, rng.integers(N_FEATURES)] - 2.0 * rng.normal())
        taken = np.flatnonzero(free)[np.argsort(distance[free])[: sizes[k]]]
        y[taken], free[taken] = k, False
    if noise:
        rows = (np.flatnonzero(y == k) for k in range(n_classes))
        mixed = np.concatenate(
            [rng.choice(r, int(np.ceil(noise * len(r))), replace=False) for r in rows]
        )
        y[mixed] = rng.permutation(y[mixed])
    names = [f"x{j}" for j in range(N_FEATURES)]
    return pd.DataFrame(X, columns=names), y


def class_sizes(n_rows: int, n_classes: int) -> NDArray[np.int64]:
    """Return the rows of each class: half of the classes rare, the others each half the one before.

    Examples
    --------
    >>> class_sizes(4000, 2).tolist()
    [3988, 12]
    """
    n_rare = n_classes // 2
    rare = round(RARE_SHARE * n_rows)
    left = n_rows - n_rare * rare
    share = 0.5 ** np.arange(n_classes - n_rare)
    common = np.floor(left * share / share.sum()).astype(np.int64)
    if n_classes < 2 or rare == 0 or common.min() < 1:
        message = (
            f"there must be at least two classes, and rows for each of them, got {n_classes} "
            f"classes and {n_rows} rows."
        )
        raise ValueError(message)
    common[0] += left - common.sum()
    return np.concatenate([common, np.full(n_rare, rare, dtype=np.int64)])


def named_sets() -> dict[str, partial[tuple[pd.DataFrame, NDArray[np.int64]]]]:
    """Return the tables that the benchmarks know by name, each made when it is called."""
    noisy = {"": 0.0, "_noisy": NOISE}
    return {
        f"rare_{k}{suffix}": partial(rare_classes, n_classes=k, noise=noise, seed=k)
        for k, (suffix, noise) in product((2, 4, 7, 10), noisy.items())
    }


MADE = named_sets()
