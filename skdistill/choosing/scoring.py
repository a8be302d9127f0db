"""How a student is judged while choosing: by the loss of each row, or else by a scorer."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import get_scorer

from skdistill._ground.data import Data
from skdistill._ground.metrics import FLOOR, row_brier, row_log_loss
from skdistill._ground.outcomes import Outcome
from skdistill._ground.roc import auc_rows
from skdistill.exceptions import ParameterError
from skdistill.teaching.calibration import calibrate_unseen
from skdistill.teaching.folds import Folds

__all__ = ["MINUS", "ROW_LOSSES", "Judge", "headline_rows", "make_judge", "make_scorer_judge"]

Floats = NDArray[np.float64]
NAMELESS = "score"  # of a callable
MINUS = "minus "  # begins the name of a loss that is a score with its sign changed


def _row_error(y: Floats, p: Floats) -> Floats:
    """Return 1 where the most probable class is wrong, else 0."""
    return np.asarray(np.argmax(y, axis=1) != np.argmax(p, axis=1), dtype=np.float64)


ROW_LOSSES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "neg_log_loss": row_log_loss,
    "neg_brier_score": row_brier,
    "accuracy": _row_error,
}
NAMES = {"neg_log_loss": "log-loss", "neg_brier_score": "Brier score", "accuracy": "error rate"}

# Scorers whose score is a mean over rows of what each contributes, given the others.
AREAS = {
    f"roc_auc{suffix}": partial(auc_rows, multi_class=suffix.removeprefix("_") or "ovr")
    for suffix in ("", "_ovr", "_ovr_weighted", "_ovo", "_ovo_weighted")
}


def headline_rows(y: Floats, p: Floats, weight: Floats | None = None) -> dict[str, Floats]:
    """Return values of rows whose means are what reports put first; lower is better.

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
    rows : dict of str to array of shape (n,)
        "log-loss" (that of the reports), "Brier score", and below zero "accuracy" and "AUC", of
        more than two classes the mean over classes, one against the rest.
    """
    return {
        "log-loss": row_log_loss(y, p, floor=FLOOR),
        "accuracy": _row_error(y, p) - 1.0,
        "AUC": -auc_rows(y, p, weight),
        "Brier score": row_brier(y, p),
    }


def class_shares(y: Floats, weight: Floats | None = None) -> Floats:
    """Return the (weighted) share of each class, shape (K,), from one-hot labels (n, K)."""
    return np.asarray(np.average(y, axis=0, weights=weight))


class _Predicted(ClassifierMixin, BaseEstimator):
    """Probabilities that are known already, as a scorer sees a classifier."""

    def __init__(self, p: Floats, outcome: Outcome) -> None:
        self.p = p
        self.classes_ = outcome.classes

    def predict_proba(self, X: Any) -> Floats:
        """Return them."""
        return self.p

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row."""
        return np.asarray(self.classes_[np.argmax(self.p, axis=1)])


_SIGMOID = partial(calibrate_unseen, "sigmoid")


@dataclass(frozen=True)
class Judge:
    """A scoring of probabilities; lower is better for `loss`.

    Attributes
    ----------
    name : str
        What its loss is called.
    row_loss : callable or None
        Loss of each row from one-hot labels and probabilities.
    components : callable or None
        Values of rows whose mean is a score, from one-hot labels, probabilities and weights.
    scorer : callable or None
        scikit-learn's scorer, ``scorer(estimator, X, y)``, greater is better. One of the three is
        there.
    perfect : float
        The score, greater is better, of loss 0.
    headlines : callable
        Values of rows whose means are what reports put first, by name (`headline_rows`).
    calibrated : callable
        Calibrates a teacher on the other rows, to be judged beside the students.
    constant : callable
        The best word for every row alike, shape (C,), from what was observed and weights.
    predicted : callable
        Makes what a scorer takes for a learner of what was said of rows, and their `Outcome`.
    """

    name: str
    row_loss: Callable[[Floats, Floats], Floats] | None = None
    components: Callable[[Floats, Floats, Floats | None], Floats] | None = None
    scorer: Callable[..., float] | None = None
    perfect: float = 0.0
    headlines: Callable[..., dict[str, Floats]] = headline_rows
    calibrated: Callable[..., Any] = _SIGMOID
    constant: Callable[[Floats, Floats | None], Floats] = class_shares
    predicted: Callable[[Floats, Outcome], Any] = _Predicted

    @property
    def label(self) -> str:
        """What an error should call the scoring."""
        named = self.name.removeprefix(MINUS)
        return repr(self.scorer) if named == NAMELESS else repr(named)

    @property
    def by_row(self) -> bool:
        """Whether the loss is a mean over rows, so that rows can be compared."""
        return self.scorer is None

    def check(self, data: Data, weight: Floats | None) -> None:
        """Raise ParameterError if a scorer cannot judge these labels: before anything is fitted."""
        if self.components is not None and self.name == f"{MINUS}roc_auc" and len(data.classes) > 2:
            raise ParameterError(
                f"scoring='roc_auc' is for two classes, got {data.classes.tolist()}: use "
                "'roc_auc_ovr' or 'roc_auc_ovo'."
            )
        try:
            self.loss(data, data.outcome.guess(data.columns), weight)
        except Exception as error:
            weighing = "" if weight is None else ", with sample_weight"
            of = f" of the classes {data.classes.tolist()}" if len(data.classes) else ""
            raise ParameterError(
                f"scoring={self.scorer!r} cannot judge {data.outcome.said}{of}{weighing}: {error}"
            ) from error

    def check_folds(self, data: Data, folds: Folds, validation: Sequence[int]) -> None:
        """Raise ParameterError if the test rows of a validation fold cannot be judged.

        Classes that a fold lacks are what scorers fail at, after all teachers have been fitted.
        """
        for k in validation:
            part = data.take(folds.splits[k][1])
            why = self._failure(part)
            if why is None:
                continue
            lacks = data.outcome.absent(part.columns)
            missing = f", which have no row of class {', '.join(map(repr, lacks))}" if lacks else ""
            raise ParameterError(
                f"the scoring {self.label} cannot judge the {len(part)} test "
                f"rows of validation {folds.name(k)}{missing}: {why}. Use folds with rows of every "
                "class in each (an integer cv or StratifiedKFold, fewer folds), or another scoring "
                "(None has a loss for every row)."
            )

    def _failure(self, part: Data) -> str | None:
        """Return why rows cannot be judged; None where they can."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the scores of the students say it again
            try:
                loss = self.loss(part, part.outcome.guess(part.columns), part.weight)
            except Exception as error:  # noqa: BLE001
                return f"{type(error).__name__}: {error}".rstrip(".")
        return "it gives NaN" if np.isnan(loss) else None

    def rows(self, data: Data, p: Floats, weight: Floats | None = None) -> Floats | None:
        """Return values of rows, shape (n,), whose mean is the loss; None for a scorer."""
        if self.components is not None:
            return -self.components(data.columns, p, weight)
        return None if self.row_loss is None else self.row_loss(data.columns, p)

    def loss(self, data: Data, p: Floats, weight: Floats | None) -> float:
        """Return the (weighted) loss of probabilities: minus the score where there is a scorer."""
        if self.scorer is None:
            return float(np.average(self.rows(data, p, weight), weights=weight))
        given = {} if weight is None else {"sample_weight": weight}
        rows = self.predicted(p, data.outcome), data.X, data.y
        try:
            return -float(self.scorer(*rows, **given))
        except ValueError as error:
            if not data.outcome.absent(data.columns):
                raise
            # Of log_loss and its like: they count the classes of the labels, unless told.
            with config_context(enable_metadata_routing=True):
                try:
                    return -float(self.scorer(*rows, labels=data.classes, **given))
                except TypeError:
                    raise error from None


def make_judge(scoring: Any = None, *, per_row: bool = False) -> Judge:
    """Return the judge that `scoring` stands for.

    Parameters
    ----------
    scoring : str, callable or None, default=None
        None is the log-loss of the reports, which counts probabilities below .001 as that much.
        "neg_log_loss", "neg_brier_score" and "accuracy" have a loss per row; the areas under ROC
        curves ("roc_auc", "roc_auc_ovr", "roc_auc_ovo" and their weighted kinds) are means over
        rows as well (`auc_rows`); other names of scikit-learn's scorers and callables
        ``scorer(estimator, X, y)`` are taken fold by fold.
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
    if isinstance(scoring, str) and scoring in AREAS:
        return Judge(MINUS + scoring, components=AREAS[scoring])
    return make_scorer_judge(scoring, ROW_LOSSES)


def make_scorer_judge(scoring: Any, row_losses: Iterable[str], **task: Any) -> Judge:
    """Return the judge of a scorer, by its name or itself, that is taken fold by fold.

    Parameters
    ----------
    scoring : str or callable
        Name of one of scikit-learn's, or ``scorer(estimator, X, y)``.
    row_losses : iterable of str
        What else could be named.
    **task : dict
        Further fields of the judge.

    Returns
    -------
    judge : Judge

    Raises
    ------
    ParameterError
        If it is neither.
    """
    try:
        scorer = get_scorer(scoring) if isinstance(scoring, str) else scoring
    except ValueError as error:
        raise ParameterError(
            f"scoring must be None, {', '.join(map(repr, row_losses))}, another name of a "
            f"scikit-learn scorer, or a callable scorer(estimator, X, y), got {scoring!r}."
        ) from error
    if not callable(scorer):
        raise ParameterError(
            f"scoring must be a name or a callable scorer(estimator, X, y), got {scoring!r}."
        )
    return Judge(MINUS + (scoring if isinstance(scoring, str) else NAMELESS), scorer=scorer, **task)
