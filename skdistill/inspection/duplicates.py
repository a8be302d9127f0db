"""Identical rows: within the training rows, and on both sides of a split."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skdistill._ground.compat import warn_user
from skdistill._ground.fingerprints import row_fingerprints
from skdistill.estimators.base import DUPLICATE_SHARE
from skdistill.exceptions import LeakWarning
from skdistill.teaching.folds import parted_share, twin_numbers

__all__ = ["Duplicates", "find_duplicates", "warn_of_fitted_rows", "warn_of_seen_rows"]


@dataclass(frozen=True)
class Duplicates:
    """Rows with an identical row elsewhere.

    Attributes
    ----------
    share : float
        Share of rows with an identical row.
    in_other_fold : float
        Share of rows with an identical row in another fold, whose label their out-of-fold
        probabilities have seen; NaN where the folds are not known.
    conflicting : float
        Share of rows with an identical row of another label: no model can be right on both.
    """

    share: float
    in_other_fold: float
    conflicting: float


def find_duplicates(X: Any, labels: NDArray[Any], fold: NDArray[np.int64]) -> Duplicates:
    """Count the rows that have an identical row among these.

    Parameters
    ----------
    X : array-like, sparse array or data frame of n rows
        Features.
    labels : array of shape (n,)
        Labels.
    fold : array of shape (n,)
        Folds; -1 where one is not known.

    Returns
    -------
    duplicates : Duplicates
    """
    twin = twin_numbers(X)
    return Duplicates(
        share=parted_share(twin, np.arange(len(twin))),
        in_other_fold=parted_share(twin, fold) if fold.min() >= 0 else np.nan,
        conflicting=parted_share(twin, np.unique(labels, axis=0, return_inverse=True)[1].ravel()),
    )


def warn_of_fitted_rows(estimator: Any, y: Any) -> None:
    """Warn where the labels of held-out rows are those that a distiller was fitted on, in order.

    Warns
    -----
    LeakWarning
        If they are.
    """
    if hasattr(estimator, "fitted_on") and estimator.fitted_on(y):
        warn_user(
            "y are the labels of the fit, in the same order: what is said of the rows that the "
            "student was fitted on is too good. Pass rows that were left out of fit.",
            LeakWarning,
        )


def warn_of_seen_rows(X: Any, X_train: Any) -> None:
    """Warn where more than a few of the held-out rows `X` stand in `X_train` as well.

    Warns
    -----
    LeakWarning
        If more than 1% do.
    """
    if sp.issparse(X) != sp.issparse(X_train):  # whose fingerprints count the zeros or do not
        X, X_train = (sp.csr_array(x if sp.issparse(x) else np.asarray(x)) for x in (X, X_train))
    share = float(np.mean(np.isin(row_fingerprints(X), row_fingerprints(X_train))))
    if share > DUPLICATE_SHARE:
        warn_user(
            f"{share:.1%} of the held-out rows are identical to a row of X_train: what is said of "
            "them is not of rows held out, and too good. Pass rows that were left out of fit; "
            "where different rows merely look alike, split them by groups.",
            LeakWarning,
        )
