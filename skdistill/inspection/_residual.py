"""How much of the teacher's residual the features explain: a lower bound of its squared error."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold, PredefinedSplit, cross_val_predict
from sklearn.utils.validation import has_fit_parameter

from skdistill._ground.estimates import Estimate, row_mean
from skdistill._ground.validation import brief, is_estimator
from skdistill.exceptions import InputError, ParameterError

__all__ = ["ResidualFit", "check_residual_model", "explain_residual"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ResidualFit:
    """What a regression `h` of the residual ``r = y - p`` on x explains, out of fold.

    For every h, ``E|r|^2 - E|r - h|^2 = E|p0 - p|^2 - E|p0 - p - h|^2`` with p0 the true
    probabilities (or means): what is explained is a lower bound of the teacher's squared error
    ``E|p0 - p|^2`` (summed over the classes or outputs). Out-of-fold predictions near a row lean
    towards its label, so the residuals h is fitted to lean away from it: the bound errs on the low
    side.

    Attributes
    ----------
    r2 : float
        ``1 - sum |r - h|^2 / sum |r|^2``; negative where h found nothing, 0 where r is 0 all over.
    squared_error : Estimate
        Mean of ``|r|^2 - |r - h|^2``, and its standard error over rows.
    """

    r2: float
    squared_error: Estimate


def explain_residual(
    X: Any,
    residual: Floats,
    model: Any,
    fold: NDArray[np.int64],
    weight: Floats | None,
    *,
    mirrored: bool,
) -> ResidualFit:
    """Regress the residual on the features, out of fold.

    Parameters
    ----------
    X : array-like, sparse array or data frame of n rows
        Features.
    residual : array of shape (n, C)
        What was observed less what was said.
    model : regressor or "auto"
        "auto" is a small `HistGradientBoostingRegressor`, to which columns that are no numbers are
        given as numbered categories.
    fold : array of shape (n,)
        The teacher's folds, used again; where any is -1, five folds are drawn.
    weight : array of shape (n,) or None
        Row weights.
    mirrored : bool
        Whether there are two columns and one is the other's negative: of two classes.

    Returns
    -------
    fit : ResidualFit

    Raises
    ------
    InputError
        If `X` is sparse and `model` is "auto".
    ParameterError
        If there are weights that `model` cannot take.
    """
    if isinstance(model, str):
        X = as_numbers(X)
        model = HistGradientBoostingRegressor(
            max_iter=50, max_leaf_nodes=8, early_stopping=False, random_state=0
        )
    if weight is not None and not has_fit_parameter(model, "sample_weight"):
        raise ParameterError(
            f"{type(model).__name__} takes no sample_weight, and weights were given: use a "
            "residual_model that takes them, or None."
        )
    known = fold.min() >= 0 and fold.max() > fold.min()
    cv = PredefinedSplit(fold) if known else KFold(5, shuffle=True, random_state=0)
    columns = [1] if mirrored else list(range(residual.shape[1]))
    params = None if weight is None else {"sample_weight": weight}
    r = residual[:, columns]
    h = np.column_stack(
        [
            cross_val_predict(clone(model), X, r[:, k], cv=cv, params=params)
            for k in range(r.shape[1])
        ]
    )
    times = 2.0 if mirrored else 1.0  # the other class has the same residual
    total = times * np.sum(r**2, axis=1)
    gain = total - times * np.sum((r - h) ** 2, axis=1)
    mean = row_mean(gain, weight)
    whole = float(np.average(total, weights=weight))
    return ResidualFit(mean.mean / whole if whole > 0.0 else 0.0, mean)


def check_residual_model(model: Any) -> None:
    """Raise ParameterError unless `model` is "auto", None or a regressor."""
    if model is None or (isinstance(model, str) and model == "auto"):
        return
    if not is_estimator(model) or not hasattr(model, "predict"):
        raise ParameterError(
            f"residual_model must be a regressor, 'auto' or None, got {brief(model)}."
        )


def as_numbers(X: Any) -> Floats:
    """Return a dense table of numbers; what is no number becomes the number of its category."""
    if sp.issparse(X):
        raise InputError(
            "the residual of sparse rows needs a regressor that takes them: pass residual_model= "
            "one that does, such as Ridge(), or None to leave the residual out."
        )
    if hasattr(X, "columns"):
        columns = [np.asarray(X[name]) for name in X.columns]
    else:
        columns = list(np.asarray(X).T)
    return np.column_stack([_numbers(column) for column in columns])


def _numbers(column: NDArray[Any]) -> Floats:
    if column.dtype.kind in "fiub":
        return column.astype(np.float64)
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError):
        return np.unique(column.astype(str), return_inverse=True)[1].astype(np.float64)
