"""What the learners of our own are given: rows on whichever device, labels or soft targets."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data

from skdistill._ground.arrays import Array, has_namespace, namespace, one_hot, to_host
from skdistill._ground.compat import take_rows
from skdistill._ground.validation import SUM_TOLERANCE, check_labels, check_unmasked, check_weights
from skdistill.exceptions import InputError

__all__ = ["check_rows", "check_scores", "check_squares", "check_targets", "drop_absent"]


def check_rows(estimator: Any, X: Any, *, reset: bool, sparse: bool = False) -> Any:
    """Return rows as floating numbers: NumPy, CSR, or an array of the namespace they came in.

    Parameters
    ----------
    estimator : estimator
        Gets, or is compared with, the number and names of features.
    X : array-like of shape (n, d)
        Rows. An array of another namespace than NumPy stays on its device.
    reset : bool
        Whether this is a fit.
    sparse : bool, default=False
        Whether sparse rows are taken.

    Returns
    -------
    rows : array of shape (n, d)

    Raises
    ------
    InputError, ValueError
        If they are no finite numbers, or not of the number of features of the fit.
    """
    if not has_namespace(X):
        check_unmasked("X", X)
        return validate_data(
            estimator,
            X,
            reset=reset,
            accept_sparse="csr" if sparse else False,
            dtype=[np.float64, np.float32],
        )
    xp = namespace(X)
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"X must have shape (n, d), both at least one, got {tuple(X.shape)}.")
    if X.dtype not in (xp.float32, xp.float64):
        X = xp.astype(X, xp.float64)
    if not bool(xp.all(xp.isfinite(X))):
        raise InputError("X must be finite, got NaN or infinity.")
    return X


def check_squares(squares: Array, dtype: Any) -> None:
    """Raise InputError where the mean squares of the features, shape (d,), are not finite."""
    finite = to_host(namespace(squares).isfinite(squares))
    if not finite.all():
        raise InputError(
            "X is too large to be standardised: the squares of feature "
            f"{np.flatnonzero(~finite)[0]} overflow {dtype}. Divide such features by a constant, "
            "and look for wrong entries."
        )


def check_scores(scores: Array) -> Array:
    """Return the scores, shape (n, R), or raise InputError where they are not finite."""
    xp = namespace(scores)
    finite = xp.all(xp.isfinite(scores), axis=1)
    if not bool(xp.all(finite)):
        rows = np.flatnonzero(~to_host(finite))
        raise InputError(
            f"X is too large: the scores of row {rows[0]} overflow {scores.dtype} ({len(rows)} "
            "such rows). Look for wrong entries."
        )
    return scores


def check_targets(X: Any, y: Any) -> tuple[NDArray[Any], Array]:
    """Return the classes and a target whose rows sum to one.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows.
    y : array-like of shape (n,) or (n, K)
        Labels, or a soft or signed target for each of at least two classes, which are then
        numbered.

    Returns
    -------
    classes : array of shape (K,)
    target : array of shape (n, K)

    Raises
    ------
    InputError
        If labels are missing or of one class only, or a target is no real numbers, not finite or
        does not sum to one.
    """
    check_unmasked("y", y)
    values = y if has_namespace(y) else None if y is None else np.asarray(y)
    if values is None or values.ndim != 2 or values.shape[1] < 2:
        labels = to_host(y) if has_namespace(y) else y
        classes, codes = check_labels(labels)
        check_consistent_length(X, codes)
        return classes, one_hot(codes, len(classes), np.empty(0))
    check_consistent_length(X, values)
    xp = namespace(values) if has_namespace(values) else np
    if not xp.isdtype(values.dtype, ("bool", "integral", "real floating")):
        raise InputError(
            f"a target must be real numbers, got dtype {values.dtype}: pass class probabilities, "
            "pseudo-targets of a loss, or labels of shape (n,)."
        )
    if not has_namespace(values):
        values = values.astype(np.float64, copy=False)
    xp = namespace(values)
    off = xp.abs(xp.sum(values, axis=1) - 1.0)  # NaN where an entry is
    if not bool(xp.all(off <= SUM_TOLERANCE)):
        raise InputError(
            "a target must be finite, and each of its rows sum to one: pass class probabilities, "
            "pseudo-targets of a loss, or labels of shape (n,)."
        )
    return np.arange(values.shape[1]), values


def drop_absent(
    X: Any, y: Any, sample_weight: Any, *others: Any
) -> tuple[Any, Any, NDArray[np.float64] | None, tuple[Any, ...]]:
    """Return rows, labels, weights and whatever else has one entry per row, without weight zero."""
    if has_namespace(sample_weight):
        sample_weight = to_host(sample_weight)
    weight = check_weights(sample_weight, X.shape[0])
    if weight is None or weight.all():
        return X, y, weight, others
    kept = np.flatnonzero(weight)

    def some(rows: Any) -> Any:
        return None if rows is None else take_rows(rows, kept)

    return some(X), some(y), weight[kept], tuple(map(some, others))
