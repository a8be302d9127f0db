"""How much labels scatter around the teacher's numbers, from its out-of-fold residuals.

Probabilities say their own variance, ``p (1 - p)``; numbers do not. Squared residuals are averaged
over groups of rows with neighbouring predictions, the groups made by a regression tree on the
prediction alone. A tree splits where the scatter changes, is the same for any increasing change of
the prediction, and its constants cannot be negative. A split stays if it is worth three times the
penalty of the Bayesian information criterion, as its place is searched for (Zhang and Siegmund,
Biometrics 63, 2007): few rows, or a scatter that is the same everywhere, leave one constant.
Residuals out of fold hold the teacher's own error beside the noise: the variance is an upper bound,
near where the teacher is good.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from skdistill._ground.arrays import weighted_quantile

__all__ = ["expected_draws", "local_variance"]

Floats = NDArray[np.float64]

N_DRAWS = 5  # about, from what a teacher of a quantile expects
GROUPS = 8  # at most: the gain asks where the noise is large, not for its every wave
ROWS = 30  # of a group at least: the variance of so many normal residuals is known to a quarter
TINY = 1e-9  # a share that is none
PENALTY = 3.0  # times log(rows), in units of noise, that a split must be worth


def local_variance(y: Floats, m: Floats, weight: Floats | None = None) -> Floats:
    """Return the variance of the labels around the teacher's numbers, as a function of these.

    Groups have at least 30 rows and are drawn to the average of all by one row; below 60 rows there
    is one group. Outputs are treated one by one.

    Parameters
    ----------
    y : array of shape (n, m)
        Labels.
    m : array of shape (n, m)
        Out-of-fold predictions.
    weight : array of shape (n,) or None, default=None
        Row weights; rows of weight zero are not counted.

    Returns
    -------
    variance : array of shape (n, m)
        In squared units of `y`. Positive, unless every residual of an output is zero.

    Examples
    --------
    >>> import numpy as np
    >>> m = np.repeat([[0.0], [1.0]], 100, axis=0)
    >>> y = m + np.tile([[1.0], [-1.0]], (100, 1)) * np.where(m > 0, 3.0, 1.0)
    >>> local_variance(y, m)[[0, -1]].round(1)
    array([[1.],
           [9.]])
    """
    weight = np.ones(len(y)) if weight is None else weight
    columns = [_of_output(m[:, j], (y[:, j] - m[:, j]) ** 2, weight) for j in range(m.shape[1])]
    return np.column_stack(columns)


def _of_output(m: Floats, squares: Floats, weight: Floats) -> Floats:
    average = float(np.average(squares, weights=weight))
    total = float(np.sum(weight))
    row = min(1.0, float(weight @ weight) / total)  # 1 for whole weights: repeated rows
    if average == 0.0 or 2 * ROWS * row > total:
        return np.full_like(squares, average)
    ratio = squares / average  # no spread is small enough to pass for rounding
    noise = float(np.average((ratio - 1.0) ** 2, weights=weight))
    tree = DecisionTreeRegressor(
        max_leaf_nodes=GROUPS,
        min_weight_fraction_leaf=ROWS * row / total,
        ccp_alpha=PENALTY * noise * np.log(total / row) * row / total,
        random_state=0,
    )
    # Ranks, as a tree's thresholds in float32 would take close predictions for one.
    ranks = np.unique(m, return_inverse=True)[1].reshape(-1, 1)
    leaf = tree.fit(ranks, ratio, sample_weight=weight).apply(ranks)
    size, of_leaf = np.bincount(leaf, weights=weight), np.bincount(leaf, weights=weight * ratio)
    variance: Floats = (average * (of_leaf + row) / (size + row))[leaf]
    return variance


def expected_draws(
    y: Floats,
    m: Floats,
    level: float,
    weight: Floats | None = None,
    *,
    variance: Floats | None = None,
    at: Floats | None = None,
    n_draws: int = N_DRAWS,
) -> list[tuple[float, Floats]]:
    """Return what a teacher of a quantile expects to be observed: a few values, and their shares.

    The loss of a quantile is no distance from a number: fitted to the teacher's quantiles `m`
    themselves, a student would learn the quantile of these, which lies above them (or below). What
    it can be fitted to is what the teacher says of the whole distribution, and of that it says
    where the quantile is. The rest is taken from its out-of-fold residuals: on the scale of their
    local spread they are alike, so ``m + spread q`` with their quantiles `q`, shifted so that the
    asked one is at zero. That one is the middle of a share of its own, so that the quantile of the
    draws of one row is `m`.

    Parameters
    ----------
    y, m : array of shape (n, m)
        What was observed, and the quantiles that teachers that had not seen it said.
    level : float
        Which quantile, in (0, 1).
    weight : array of shape (n,) or None, default=None
        Row weights.
    variance : array of shape (n, m) or None, default=None
        That of the labels (`local_variance`), where it is known already.
    at : array of shape (N, m) or None, default=None
        The teacher's quantiles of the rows to draw for; None for `m`.
    n_draws : int, default=5
        About how many values.

    Returns
    -------
    draws : list of (float, array of shape (N, m))
        Shares of 1, and values.

    Examples
    --------
    >>> import numpy as np
    >>> m = np.zeros((9, 1))
    >>> y = np.arange(-4.0, 5.0)[:, None]
    >>> [(round(share, 2), float(draw[0, 0])) for share, draw in expected_draws(y, m, 0.5)]
    [(0.2, 0.0), (0.2, -4.0), (0.2, -2.0), (0.2, 2.0), (0.2, 4.0)]
    """
    spread = np.sqrt(local_variance(y, m, weight) if variance is None else variance)
    spread = np.where(spread > 0.0, spread, 1.0)
    residuals = (y - m) / spread
    middle = np.asarray(weighted_quantile(residuals, level, weight))
    if at is not None:
        columns = range(m.shape[1])
        spread = np.column_stack([_looked_up(at[:, j], m[:, j], spread[:, j]) for j in columns])
        m = at
    draws = []
    for share, each in _shares(level, n_draws):
        own = np.asarray(weighted_quantile(residuals, each, weight))
        draws.append((share, m + spread * (own - middle)))
    return draws


def _looked_up(at: Floats, m: Floats, spread: Floats) -> Floats:
    """Return the spread at other predictions."""
    order = np.argsort(m)
    return np.interp(at, m[order], spread[order])


def _shares(level: float, n_draws: int) -> list[tuple[float, float]]:
    """Return shares of a distribution and the level in the middle of each, that of `level` first.

    Its share is that of any other, unless it is nearer to an end: then it reaches that.
    """
    own = min(1.0 / n_draws, 2.0 * level, 2.0 * (1.0 - level))
    found = [(own, level)]
    for start, width in ((0.0, level - own / 2), (level + own / 2, 1.0 - level - own / 2)):
        parts = max(1, round(width * n_draws)) if width > TINY else 0
        found += [(width / parts, start + width * (i + 0.5) / parts) for i in range(parts)]
    return found
