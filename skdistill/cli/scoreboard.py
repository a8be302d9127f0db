"""Scores of the four models on held-out rows, their uncertainty, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skdistill.cli.trials import METHODS, Labelled
from skdistill.costs import latency, size_bytes
from skdistill.estimates import Estimate, margin, outcome, row_mean, split_mean
from skdistill.metrics import FLOOR, calibration_error, row_log_loss

__all__ = [
    "Board",
    "Row",
    "Score",
    "Verdict",
    "board_of_rows",
    "board_of_splits",
    "score_models",
]

COLUMNS = (
    "accuracy",
    "log_loss",
    "calibration_error",
    "agreement",
    "size_bytes",
    "microseconds_per_row",
)


@dataclass(frozen=True)
class Score:
    """One model on one set of held-out rows.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    hits, losses, agrees : ndarray of shape (n,)
        Per row: whether the class is right, the log-loss in nats (probabilities below `FLOOR`
        count as `FLOOR`), whether the class is the teacher's.
    calibration_error : float
    size_bytes : int
        Of the fitted model, as joblib dumps it.
    microseconds_per_row : float
        Median over repeated predictions of all held-out rows at once.
    """

    method: str
    hits: np.ndarray
    losses: np.ndarray
    agrees: np.ndarray
    calibration_error: float
    size_bytes: int
    microseconds_per_row: float

    def figures(self) -> dict[str, float]:
        """Return one unweighted number per column of `COLUMNS`."""
        return {
            "accuracy": float(self.hits.mean()),
            "log_loss": float(self.losses.mean()),
            "calibration_error": self.calibration_error,
            "agreement": float(self.agrees.mean()),
            "size_bytes": float(self.size_bytes),
            "microseconds_per_row": self.microseconds_per_row,
        }


@dataclass(frozen=True)
class Row:
    """One line of the table: a method and an `Estimate` per column of `COLUMNS`."""

    method: str
    figures: Mapping[str, Estimate]


@dataclass(frozen=True)
class Verdict:
    """Log-loss of the distilled student less that of the student alone, on the same rows.

    Attributes
    ----------
    difference : Estimate
        Negative where distilling helped.
    margin : float
        Half the width of the 95% interval of the difference.
    """

    difference: Estimate
    margin: float

    @property
    def outcome(self) -> str:
        """``"helped"``, ``"harmed"`` or ``"not shown to help"``, at the 95% level."""
        return outcome(self.difference.mean, self.margin)


@dataclass(frozen=True)
class Board:
    """The table of one student on one data set.

    Attributes
    ----------
    title : str
    rows : tuple of Row
        In the order of `METHODS`.
    verdict : Verdict
    splits : int
        Number of splits behind the means.
    """

    title: str
    rows: tuple[Row, ...]
    verdict: Verdict
    splits: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain types for JSON."""
        verdict = self.verdict
        return {
            "title": self.title,
            "splits": self.splits,
            "rows": [
                {"method": row.method} | {k: _plain(v) for k, v in row.figures.items()}
                for row in self.rows
            ],
            "verdict": {
                "outcome": verdict.outcome,
                "log_loss_difference": _plain(verdict.difference),
                "margin_95": verdict.margin if np.isfinite(verdict.margin) else None,
            },
        }


def score_models(
    models: Mapping[str, BaseEstimator],
    held_out: Labelled,
    classes: np.ndarray,
    budget: float = 0.3,
) -> tuple[Score, ...]:
    """Score fitted models on held-out rows.

    Parameters
    ----------
    models : mapping of str to classifier
        By method; the agreement is with the one named ``"teacher"``.
    held_out : Labelled
        Rows that no model was fitted on.
    classes : ndarray of shape (K,)
        Classes in the order of the columns of `predict_proba`.
    budget : float, default=0.3
        Seconds to spend on timing each model (five predictions at least).

    Returns
    -------
    scores : tuple of Score
    """
    onehot = (held_out.y[:, None] == classes[None, :]).astype(float)
    probas = {m: np.asarray(model.predict_proba(held_out.X), float) for m, model in models.items()}
    taught = probas["teacher"].argmax(axis=1)
    rows = np.arange(len(onehot))
    return tuple(
        Score(
            method=method,
            hits=onehot[rows, probas[method].argmax(axis=1)],
            losses=row_log_loss(onehot, probas[method], FLOOR),
            agrees=(probas[method].argmax(axis=1) == taught).astype(float),
            calibration_error=calibration_error(onehot, probas[method], held_out.weight),
            size_bytes=size_bytes(model),
            microseconds_per_row=_speed(model, held_out.X, budget),
        )
        for method, model in models.items()
    )


def board_of_rows(title: str, scores: Sequence[Score], held_out: Labelled) -> Board:
    """Build the table of one split: standard errors are over its held-out rows (or their groups).

    Parameters
    ----------
    title : str
    scores : sequence of Score
        One per method.
    held_out : Labelled
        The rows that were scored, for their weights and groups.

    Returns
    -------
    board : Board
    """
    weight, groups = held_out.weight, held_out.groups
    rows = tuple(
        Row(
            score.method,
            {
                "accuracy": row_mean(score.hits, weight, groups),
                "log_loss": row_mean(score.losses, weight, groups),
                "calibration_error": Estimate(score.calibration_error),
                "agreement": row_mean(score.agrees, weight, groups),
                "size_bytes": Estimate(float(score.size_bytes)),
                "microseconds_per_row": Estimate(score.microseconds_per_row),
            },
        )
        for score in scores
    )
    losses = {score.method: score.losses for score in scores}
    difference = row_mean(losses["distilled"] - losses["student alone"], weight, groups)
    count = len(held_out.y) if groups is None else len(np.unique(groups))
    return Board(title, rows, Verdict(difference, margin(difference, count)))


def board_of_splits(title: str, splits: Sequence[Sequence[Score]], test_over_train: float) -> Board:
    """Build the table of several random splits of one data set.

    Standard errors are over the splits, widened for the rows that splits share (`split_mean`).

    Parameters
    ----------
    title : str
    splits : sequence of sequences of Score
        Per split, one per method.
    test_over_train : float
        Held-out rows per training row.

    Returns
    -------
    board : Board
    """
    figures = [{score.method: score.figures() for score in scores} for scores in splits]

    def estimate(method: str, column: str) -> Estimate:
        return split_mean([split[method][column] for split in figures], test_over_train)

    rows = tuple(
        Row(method, {column: estimate(method, column) for column in COLUMNS}) for method in METHODS
    )
    gaps = [s["distilled"]["log_loss"] - s["student alone"]["log_loss"] for s in figures]
    difference = split_mean(gaps, test_over_train)
    return Board(title, rows, Verdict(difference, margin(difference, len(gaps))), len(gaps))


def _plain(estimate: Estimate) -> dict[str, float | None]:
    return {"mean": estimate.mean, "standard_error": estimate.error}


def _speed(model: BaseEstimator, X: Any, budget: float) -> float:
    return latency(model.predict_proba, X, budget=budget).median / len(X) * 1e6
