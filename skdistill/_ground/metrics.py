"""Scores of probabilities against labels, and of a student against its teacher.

All take arrays of any array-API namespace: one-hot labels `y` (n, K), probabilities (n, K) and
optional row weights (n,); all but the row-wise ones return a Python float.
"""

from skdistill._ground.arrays import Array, namespace
from skdistill._ground.validation import check_integer

__all__ = [
    "FLOOR",
    "agreement",
    "brier_scale",
    "brier_score",
    "calibration_error",
    "fidelity",
    "log_loss",
    "row_brier",
    "row_log_loss",
    "score_probabilities",
    "squared_distance",
]

FLOOR = 1e-3  # log-loss counts smaller ones as this by default: a tree's zeros should not decide


def squared_distance(y: Array, p: Array, weight: Array | None = None) -> float:
    """Return the mean of ``sum_k (y_k - p_k)^2``; in [0, 2].

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels, or other probabilities.
    p : array of shape (n, K)
        Probabilities.
    weight : array of shape (n,) or None, default=None
        Row weights.

    Returns
    -------
    distance : float

    Examples
    --------
    >>> import numpy as np
    >>> squared_distance(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]))
    0.5
    """
    return _mean(namespace(y, p).sum((y - p) ** 2, axis=1), weight)


def brier_scale(n_classes: int) -> float:
    """Return the Brier score over the squared distance: of two classes one is counted only."""
    return 0.5 if n_classes == 2 else 1.0


def row_brier(y: Array, p: Array) -> Array:
    """Return each row's part of the Brier score.

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels.
    p : array of shape (n, K)
        Probabilities.

    Returns
    -------
    losses : array of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> row_brier(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]))
    array([0.25])
    """
    return brier_scale(p.shape[1]) * namespace(y, p).sum((y - p) ** 2, axis=1)


def brier_score(y: Array, p: Array, weight: Array | None = None) -> float:
    """Return the Brier score on the scale of scikit-learn's; lower is better.

    The mean of ``(y_2 - p_2)^2`` for two classes, in [0, 1]; of ``sum_k (y_k - p_k)^2`` for more,
    in [0, 2]: what ``sklearn.metrics.brier_score_loss`` gives with ``scale_by_half="auto"``.

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels.
    p : array of shape (n, K)
        Probabilities.
    weight : array of shape (n,) or None, default=None
        Row weights.

    Returns
    -------
    score : float

    Examples
    --------
    >>> import numpy as np
    >>> brier_score(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]))
    0.25
    """
    return _mean(row_brier(y, p), weight)


def row_log_loss(y: Array, p: Array, floor: float = 0.0) -> Array:
    """Return ``-log p_c`` of each row, `c` its class.

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels.
    p : array of shape (n, K)
        Probabilities.
    floor : float, default=0.0
        Smaller probabilities count as this; at least the epsilon of their dtype.

    Returns
    -------
    losses : array of shape (n,)
        In nats.

    Examples
    --------
    >>> import numpy as np
    >>> row_log_loss(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])).round(4)
    array([0.6931])
    """
    xp = namespace(y, p)
    observed = xp.sum(y * p, axis=1)
    floor = max(floor, float(xp.finfo(observed.dtype).eps))
    return -xp.log(xp.where(observed < floor, xp.full_like(observed, floor), observed))


def log_loss(y: Array, p: Array, weight: Array | None = None, floor: float = 0.0) -> float:
    """Return the mean of ``-log p_c``, `c` the class of the row, in nats.

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels.
    p : array of shape (n, K)
        Probabilities.
    weight : array of shape (n,) or None, default=None
        Row weights.
    floor : float, default=0.0
        Of `row_log_loss`.

    Returns
    -------
    score : float

    Examples
    --------
    >>> import numpy as np
    >>> round(log_loss(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])), 4)
    0.6931
    """
    return _mean(row_log_loss(y, p, floor), weight)


def calibration_error(y: Array, p: Array, weight: Array | None = None, n_bins: int = 15) -> float:
    """Return the expected calibration error of the most probable class.

    Rows are put in `n_bins` bins of equal width by their largest probability; the score is the
    weighted mean over bins of ``|accuracy - mean largest probability|`` (Guo et al., 2017).

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels.
    p : array of shape (n, K)
        Probabilities.
    weight : array of shape (n,) or None, default=None
        Row weights.
    n_bins : int, default=15
        Number of bins.

    Returns
    -------
    score : float
        In [0, 1], lower is better.

    Raises
    ------
    ParameterError
        If `n_bins` is not a positive integer.

    Examples
    --------
    >>> import numpy as np
    >>> round(calibration_error(np.array([[0.0, 1.0]]), np.array([[0.25, 0.75]])), 4)
    0.25
    """
    n_bins = check_integer("n_bins", n_bins, low=1)
    xp = namespace(y, p)
    top = xp.max(p, axis=1)
    hit = xp.take_along_axis(y, xp.argmax(p, axis=1)[:, None], axis=1)[:, 0]
    w = xp.ones_like(top) if weight is None else xp.astype(weight, top.dtype)
    gap = w * (hit - top)
    bins = xp.clip(xp.floor(top * n_bins), 0.0, n_bins - 1.0)
    zero = xp.zeros_like(gap)
    total = sum(float(xp.abs(xp.sum(xp.where(bins == b, gap, zero)))) for b in range(n_bins))
    return total / float(xp.sum(w))


def agreement(p: Array, q: Array, weight: Array | None = None) -> float:
    """Return the share of rows whose most probable class is the same in `p` and `q`.

    Parameters
    ----------
    p, q : array of shape (n, K)
        Probabilities, say of the teacher and of the student.
    weight : array of shape (n,) or None, default=None
        Row weights.

    Returns
    -------
    share : float
        In [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> agreement(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.6, 0.4], [0.7, 0.3]]))
    0.5
    """
    xp = namespace(p, q)
    same = xp.argmax(p, axis=1) == xp.argmax(q, axis=1)
    return _mean(xp.astype(same, p.dtype), weight)


def fidelity(p: Array, q: Array, weight: Array | None = None) -> float:
    """Return the mean Kullback-Leibler divergence from the teacher `p` to the student `q`.

    ``sum_k p_k log(p_k / q_k)`` in nats, zero for a perfect copy; `q` is cut at the epsilon
    of its dtype.

    Parameters
    ----------
    p, q : array of shape (n, K)
        Probabilities of the teacher and of the student.
    weight : array of shape (n,) or None, default=None
        Row weights.

    Returns
    -------
    divergence : float

    Examples
    --------
    >>> import numpy as np
    >>> round(fidelity(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])), 4)
    0.6931
    """
    xp = namespace(p, q)
    floor = float(xp.finfo(q.dtype).eps)
    q = xp.where(q < floor, xp.full_like(q, floor), q)
    safe = xp.where(p > 0.0, p, xp.ones_like(p))
    return _mean(xp.sum(p * (xp.log(safe) - xp.log(q)), axis=1), weight)


def score_probabilities(
    y: Array, p: Array, weight: Array | None = None, floor: float = FLOOR
) -> dict[str, float]:
    """Return accuracy, log-loss, Brier score and calibration error in one dictionary.

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels.
    p : array of shape (n, K)
        Probabilities.
    weight : array of shape (n,) or None, default=None
        Row weights.
    floor : float, default=1e-3
        Of `row_log_loss`.

    Returns
    -------
    scores : dict of str to float

    Examples
    --------
    >>> import numpy as np
    >>> score_probabilities(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]))["brier"]
    0.0
    """
    return {
        "accuracy": agreement(y, p, weight),
        "log_loss": log_loss(y, p, weight, floor),
        "brier": brier_score(y, p, weight),
        "calibration_error": calibration_error(y, p, weight),
    }


def _mean(values: Array, weight: Array | None) -> float:
    """Return the (weighted) mean of `values` as a float."""
    xp = namespace(values)
    if weight is None:
        return float(xp.mean(values))
    weight = xp.astype(weight, values.dtype)  # the standard does not promote integers
    return float(xp.sum(weight * values) / xp.sum(weight))
