"""Scores of class probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import average_precision_score

from skdistill._ground.estimates import Estimate, row_mean
from skdistill._ground.metrics import FLOOR, row_log_loss
from skdistill.cli.board import Score
from skdistill.cli.figures import COSTS, Figure, Table
from skdistill.cli.scoreboard import Ruler
from skdistill.cli.trials import Labelled
from skdistill.inspection._scores import scores as probability_scores

__all__ = ["CLASS_TABLE", "ClassRuler", "Rare"]

RARE = 0.1  # below this share of the rows the rarest class has a column of its own
_ROWS = (
    "class frequencies: those of the training rows, for every row. teacher: fitted on all training"
    " rows. student alone: fitted on the labels. in-sample distillation: fitted on what that"
    " teacher says about its own training rows. distilled: skdistill."
)
_COLUMNS = (
    f"log-loss counts probabilities below {FLOOR:g} as {FLOOR:g}, lest a tree's exact zeros decide"
    " it; AUC: for more than two classes the mean of one against the rest; calibration error:"
    " expected, of the most probable class, 15 bins; agreement: share of rows with the teacher's"
    " class; size: as joblib dumps it, blank where it cannot; time per row: predict_proba of all"
    " held-out rows at once, median of at least five runs."
)

CLASS_TABLE = Table(
    baseline="class frequencies",
    blind="the class frequencies, which look at no column",
    loss="log-loss",
    figures=(
        Figure("accuracy", "accuracy", 1),
        Figure("log_loss", "log-loss"),
        Figure("auc", "AUC", 1),
        Figure("average_precision", "average precision", 1, steady=False),
        Figure("calibration_error", "calibration error", -1),
        Figure("agreement", "agreement"),
        *COSTS,
    ),
    skill="log-loss, accuracy or AUC",
    legend=(_ROWS, _COLUMNS),
)


@dataclass(frozen=True)
class Rare:
    """The rarest class: its column of `predict_proba`, its name, its share of held-out rows."""

    column: int
    label: str
    share: float


@dataclass(frozen=True, eq=False)
class ClassRuler(Ruler):
    """Scores probabilities.

    Attributes
    ----------
    classes : ndarray of shape (K,)
        In the order of the columns of `predict_proba`.
    """

    classes: np.ndarray

    @property
    def table(self) -> Table:
        """What the scores are put in."""
        return CLASS_TABLE

    def ask(self, model: BaseEstimator, X: Any) -> np.ndarray:
        """Return probabilities, shape (n, K)."""
        return np.asarray(model.predict_proba(X), float)

    def score(self, method: str, said: np.ndarray, taught: np.ndarray, held_out: Labelled) -> Score:
        """Score probabilities; AUC and average precision stand for the order of the rows."""
        onehot = (held_out.y[:, None] == self.classes[None, :]).astype(float)
        weight, groups = held_out.weight, held_out.groups
        hits = onehot[np.arange(len(onehot)), said.argmax(axis=1)]
        losses = row_log_loss(onehot, said, FLOOR)
        agrees = (said.argmax(axis=1) == taught.argmax(axis=1)).astype(float)
        overall = probability_scores(onehot, said, weight)
        figures = {
            "accuracy": row_mean(hits, weight, groups),
            "log_loss": row_mean(losses, weight, groups),
            "auc": Estimate(overall["auc"]),
            "calibration_error": Estimate(overall["calibration_error"]),
            "agreement": row_mean(agrees, weight, groups),
        }
        rare = self.rarest(held_out)
        if rare is not None:
            k = rare.column
            value = average_precision_score(onehot[:, k], said[:, k], sample_weight=weight)
            figures["average_precision"] = Estimate(float(value))
        order = Estimate(overall["auc"] - 0.5, _error_by_chance(held_out.y))
        return Score(method, losses, figures, 1.0 - hits, order)

    def rarest(self, held_out: Labelled) -> Rare | None:
        """Return the rarest class among held-out rows if its share is below `RARE`, else None."""
        weight = np.ones(len(held_out.y)) if held_out.weight is None else held_out.weight
        shares = np.array([weight[held_out.y == label].sum() for label in self.classes])
        shares = shares / weight.sum()
        column = int(np.where(shares > 0, shares, np.inf).argmin())
        if not 0 < shares[column] < RARE:
            return None
        return Rare(column, repr(self.classes[column].item()), float(shares[column]))

    def notes(self, held_out: Labelled) -> Iterator[str]:
        """Say what the average precision is of, where there is one."""
        rare = self.rarest(held_out)
        if rare is not None:
            yield (
                f"average precision: of class {rare.label}, with {rare.share:.1%} of the held-out "
                "rows the rarest; this share is what a model has that knows nothing."
            )


def _error_by_chance(y: np.ndarray) -> float:
    """Return the standard error of the AUC of a model that knows nothing: Mann and Whitney's."""
    counts = np.unique(y, return_counts=True)[1].astype(float)
    pairs = 12 * counts * np.maximum(len(y) - counts, 1)
    return float(np.mean(np.sqrt((len(y) + 1) / pairs)))
