"""How a student is judged while choosing: by the loss of each row, or else by a scorer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import get_scorer

from skdistill._data import Data
from skdistill.exceptions import ParameterError
from skdistill.metrics import FLOOR, row_log_loss

__all__ = ["MINUS", "ROW_LOSSES", "Judge", "make_judge"]

Floats = NDArray[np.float64]
MINUS = "minus "  # begins the name of a loss that is a score with its sign changed


def _row_brier(y: Floats, p: Floats) -> Floats:
    """Return each row's squared error, halved for two classes, as scikit-learn's scorer does."""
    total = np.sum((y - p) ** 2, axis=1)
    return 0.5 * total if p.shape[1] == 2 else total


def _row_error(y: Floats, p: Floats) -> Floats:
    """Return 1 where the most probable class is wrong, else 0."""
    return np.asarray(np.argmax(y, axis=1) != np.argmax(p, axis=1), dtype=np.float64)


ROW_LOSSES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "neg_log_loss": row_log_loss,
    "neg_brier_score": _row_brier,
    "accuracy": _row_error,
}
NAMES = {"neg_log_loss": "log-loss", "neg_brier_score": "Brier score", "accuracy": "error rate"}


class _Predicted(ClassifierMixin, BaseEstimator):
    """Probabilities that are known already, as a scorer sees a classifier."""

    def __init__(self, p: Floats, classes: NDArray[Any]) -> None:
        self.p = p
        self.classes_ = classes

    def predict_proba(self, X: Any) -> Floats:
        """Return them."""
        return self.p

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row."""
        return np.asarray(self.classes_[np.argmax(self.p, axis=1)])


@dataclass(frozen=True)
class Judge:
    """A scoring of probabilities; lower is better for `loss`.

    Attributes
    ----------
    name : str
        What its loss is called.
    row_loss : callable or None
        Loss of each row from one-hot labels and probabilities; None for a scorer.
    scorer : callable or None
        scikit-learn's scorer, ``scorer(estimator, X, y)``, greater is better.
    perfect : float
        The score, greater is better, of loss 0.
    """

    name: str
    row_loss: Callable[[Floats, Floats], Floats] | None
    scorer: Callable[..., float] | None = None
    perfect: float = 0.0

    def check(self, data: Data, weight: Floats | None) -> None:
        """Raise ParameterError if a scorer cannot judge these labels: before anything is fitted."""
        share = np.average(data.one_hot, axis=0, weights=weight)
        try:
            self.loss(data, np.broadcast_to(share, data.one_hot.shape), weight)
        except Exception as error:
            weighing = "" if weight is None else ", with sample_weight"
            raise ParameterError(
                f"scoring={self.scorer!r} cannot judge probabilities of the classes "
                f"{data.classes.tolist()}{weighing}: {error}"
            ) from error

    def rows(self, data: Data, p: Floats) -> Floats | None:
        """Return the loss of each row, shape (n,); None where there is none per row."""
        return None if self.row_loss is None else self.row_loss(data.one_hot, p)

    def loss(self, data: Data, p: Floats, weight: Floats | None) -> float:
        """Return the (weighted) loss of probabilities: minus the score where there is a scorer."""
        if self.scorer is None:
            return float(np.average(self.rows(data, p), weights=weight))
        given = {} if weight is None else {"sample_weight": weight}
        return -float(self.scorer(_Predicted(p, data.classes), data.X, data.y, **given))


def make_judge(scoring: Any = None, *, per_row: bool = False) -> Judge:
    """Return the judge that `scoring` stands for.

    Parameters
    ----------
    scoring : str, callable or None, default=None
        None is the log-loss of the reports, which counts probabilities below .001 as that much.
        "neg_log_loss", "neg_brier_score" and "accuracy" are judged row by row; other names of
        scikit-learn's scorers and callables ``scorer(estimator, X, y)`` fold by fold.
    per_row : bool, default=False
        Whether a loss per row is needed.

    Returns
    -------
    judge : Judge

    Raises
    ------
    ParameterError
        If it is neither, or has no loss per row where one is needed.
    """
    if scoring is None:
        return Judge("log-loss", partial(row_log_loss, floor=FLOOR))
    if isinstance(scoring, str) and scoring in ROW_LOSSES:
        perfect = 1.0 if scoring == "accuracy" else 0.0
        return Judge(NAMES[scoring], ROW_LOSSES[scoring], perfect=perfect)
    if per_row:
        raise ParameterError(
            "return_row_losses=True needs a scoring with a loss per row "
            f"(None, {', '.join(map(repr, ROW_LOSSES))}), got scoring={scoring!r}."
        )
    try:
        scorer = get_scorer(scoring) if isinstance(scoring, str) else scoring
    except ValueError as error:
        raise ParameterError(
            f"scoring must be None, {', '.join(map(repr, ROW_LOSSES))}, another name of a "
            f"scikit-learn scorer, or a callable scorer(estimator, X, y), got {scoring!r}."
        ) from error
    if not callable(scorer):
        raise ParameterError(
            f"scoring must be a name or a callable scorer(estimator, X, y), got {scoring!r}."
        )
    return Judge(MINUS + (scoring if isinstance(scoring, str) else "score"), None, scorer)
