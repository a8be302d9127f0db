"""How much what was observed varies around what a teacher says, row by row."""

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

__all__ = ["local_variance"]

Floats = NDArray[np.float64]
LEAVES, ROWS = 8, 50  # of the tree that finds rows of like variance; fewer rows say little of one


def local_variance(y: Floats, m: Floats, weight: Floats | None = None) -> Floats:
    """Return the variance around out-of-fold predictions, as a function of the prediction.

    Squared residuals are averaged over rows of like predictions: by a small regression tree on the
    prediction, which finds where the variance changes and is one mean where it does not. Residuals
    that are out of fold hold the teacher's own error as well; it is small beside the noise, or the
    teacher of little use.

    Parameters
    ----------
    y, m : array of shape (n, m)
        What was observed, and what teachers that had not seen it said.
    weight : array of shape (n,) or None, default=None
        Row weights.

    Returns
    -------
    variance : array of shape (n, m)
        Not negative.

    Examples
    --------
    >>> import numpy as np
    >>> m = np.repeat([[1.0], [2.0]], 100, axis=0)
    >>> y = m + np.tile([[-1.0], [1.0]], (100, 1)) * m
    >>> local_variance(y, m)[[0, -1]]
    array([[1.],
           [4.]])
    """
    squares = (y - m) ** 2
    tree = DecisionTreeRegressor(max_leaf_nodes=LEAVES, min_samples_leaf=ROWS)
    columns = [
        tree.fit(m[:, [j]], squares[:, j], sample_weight=weight).predict(m[:, [j]])
        for j in range(m.shape[1])
    ]
    return np.column_stack(columns)
