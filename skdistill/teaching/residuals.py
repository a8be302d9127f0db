"""How much what was observed varies around what a teacher says, row by row."""

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from skdistill._ground.arrays import weighted_quantile

__all__ = ["expected_draws", "local_variance"]

Floats = NDArray[np.float64]
N_DRAWS = 5
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


def expected_draws(
    y: Floats, m: Floats, level: float, weight: Floats | None = None, n_draws: int = N_DRAWS
) -> list[Floats]:
    """Return what a teacher of a quantile expects to be observed, at a few levels of its chance.

    The loss of a quantile is no distance from a number: fitted to the teacher's quantiles `m`
    themselves, a student would learn the quantile of these, which lies above them (or below). What
    it can be fitted to is what the teacher says of the whole distribution, and of that it says
    where the quantile is. The rest is taken from its out-of-fold residuals: on the scale of their
    local spread they are alike, so ``m + spread q`` with their quantiles `q`, shifted so that the
    asked one is at zero.

    Parameters
    ----------
    y, m : array of shape (n, m)
        What was observed, and the quantiles that teachers that had not seen it said.
    level : float
        Which quantile, in (0, 1).
    weight : array of shape (n,) or None, default=None
        Row weights.
    n_draws : int, default=5
        How many levels.

    Returns
    -------
    draws : list of arrays of shape (n, m)
    """
    spread = np.sqrt(local_variance(y, m, weight))
    spread = np.where(spread > 0.0, spread, 1.0)
    residuals = (y - m) / spread
    levels = (np.arange(n_draws) + 0.5) / n_draws
    own = [weighted_quantile(residuals, each, weight) for each in (*levels, level)]
    return [m + spread * (each - own[-1]) for each in own[:-1]]
