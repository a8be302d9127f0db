"""How a student of numbers is judged while choosing: by the loss of each row, or by a scorer."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin

from skdistill._ground.outcomes import Outcome
from skdistill.choosing.scoring import MINUS, Judge, make_scorer_judge
from skdistill.exceptions import ParameterError
from skdistill.targets.numeric import NumericLoss
from skdistill.targets.numeric_losses import AbsoluteError, Gamma, Poisson, SquaredError
from skdistill.teaching.numeric_calibration import calibrate_numbers_unseen

__all__ = ["NUMERIC_ROW_LOSSES", "make_numeric_judge", "numeric_headlines"]

Floats = NDArray[np.float64]

NUMERIC_ROW_LOSSES: dict[str, NumericLoss] = {
    "neg_mean_squared_error": SquaredError(),
    "neg_mean_absolute_error": AbsoluteError(),
    "neg_mean_poisson_deviance": Poisson(),
    "neg_mean_gamma_deviance": Gamma(),
}
NAMES = {
    "neg_mean_squared_error": "squared error",
    "neg_mean_absolute_error": "absolute error",
    "neg_mean_poisson_deviance": "Poisson deviance",
    "neg_mean_gamma_deviance": "Gamma deviance",
}


class _PredictedNumbers(RegressorMixin, BaseEstimator):
    """Predictions that are known already, as a scorer sees a regressor."""

    def __init__(self, m: Floats, outcome: Outcome) -> None:
        self.m = m
        self.outcome = outcome

    def predict(self, X: Any) -> NDArray[Any]:
        """Return them."""
        return self.outcome.stand_in(self.m)


def _row_loss(loss: NumericLoss) -> Callable[[Floats, Floats], Floats]:
    """Return the loss of each row, from what was observed and what was said.

    A deviance counts predictions below a thousandth of the mean as that much: zeros of a tree
    should not decide.
    """

    def of_rows(y: Floats, m: Floats) -> Floats:
        return np.asarray(loss.value(loss.lift(m, loss.mean_level(y)), y))

    return of_rows


def _explained(y: Floats, m: Floats, weight: Floats | None = None) -> Floats:
    """Return values of rows whose mean is R2 (of several outputs, their mean)."""
    mean = np.average(y, axis=0, weights=weight)
    spread = np.average((y - mean) ** 2, axis=0, weights=weight)
    apart = (y - m) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(spread > 0.0, apart / spread, np.where(apart > 0.0, np.nan, 0.0))
    return np.asarray(1.0 - shares.mean(axis=1))


def numeric_headlines(y: Floats, m: Floats, weight: Floats | None = None) -> dict[str, Floats]:
    """Return values of rows whose means are what reports put first; lower is better.

    Parameters
    ----------
    y, m : array of shape (n, m)
        What was observed, and what was said.
    weight : array of shape (n,) or None, default=None
        Row weights.

    Returns
    -------
    rows : dict of str to array of shape (n,)
        "squared error" and "absolute error".
    """
    return {
        name: _row_loss(NUMERIC_ROW_LOSSES[key])(y, m)
        for key, name in NAMES.items()
        if key in ("neg_mean_squared_error", "neg_mean_absolute_error")
    }


def _task(loss: NumericLoss) -> dict[str, Any]:
    """Return what the judges of numbers share."""
    calibrated = partial(calibrate_numbers_unseen, "linear", lower=loss.lower, level=loss.level)
    named = {"headlines": numeric_headlines, "predicted": _PredictedNumbers}
    return named | {"calibrated": calibrated, "constant": loss.mean_level}


def make_numeric_judge(
    scoring: Any = None, *, per_row: bool = False, loss: NumericLoss | None = None
) -> Judge:
    """Return the judge that `scoring` stands for.

    Parameters
    ----------
    scoring : str, callable or None, default=None
        None is the loss that all students minimise, and the squared error where they differ.
        "neg_mean_squared_error", "neg_mean_absolute_error", "neg_mean_poisson_deviance" and
        "neg_mean_gamma_deviance" have a loss per row, "r2" is a mean over rows as well; other names
        of scikit-learn's scorers and callables ``scorer(estimator, X, y)`` are taken fold by fold.
    per_row : bool, default=False
        Whether a loss per row is needed.
    loss : NumericLoss or None, default=None
        The loss of all students, where they have one.

    Returns
    -------
    judge : Judge

    Raises
    ------
    ParameterError
        If it is neither, or has no loss per row where one is needed.
    """
    task = _task(SquaredError() if loss is None else loss)
    if scoring is None:
        loss = SquaredError() if loss is None else loss
        name = "squared error" if loss.name == "squared_error" else loss.name.replace("_", " ")
        return Judge(name, _row_loss(loss), **task)
    if isinstance(scoring, str) and scoring in NUMERIC_ROW_LOSSES:
        return Judge(NAMES[scoring], _row_loss(NUMERIC_ROW_LOSSES[scoring]), **task)
    if per_row:
        raise ParameterError(
            "return_row_losses=True needs a scoring with a loss per row "
            f"(None, {', '.join(map(repr, NUMERIC_ROW_LOSSES))}), got scoring={scoring!r}."
        )
    if isinstance(scoring, str) and scoring == "r2":
        return Judge(f"{MINUS}r2", components=_explained, **task)
    return make_scorer_judge(scoring, NUMERIC_ROW_LOSSES, **task)
