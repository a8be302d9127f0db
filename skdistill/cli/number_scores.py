"""Scores of predicted numbers, by the loss that they are predicted for."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.base import BaseEstimator

from skdistill import NumericLoss
from skdistill._ground.estimates import Estimate, row_mean
from skdistill._ground.numeric_metrics import numeric_scores
from skdistill.cli.board import Score
from skdistill.cli.figures import COSTS, Figure, Table, entry, quantity
from skdistill.cli.scoreboard import Ruler
from skdistill.cli.trials import Labelled

__all__ = ["LOSSES", "LossWords", "NumberRuler", "rank_correlation"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LossWords:
    """What the table of a loss of numbers says.

    Attributes
    ----------
    loss : str
        Its name, for people.
    columns : tuple of str
        What is told beside the costs.
    baseline : str
        The best constant: the first row.
    """

    loss: str
    columns: tuple[str, ...]
    baseline: str = "mean of y"


_OF_MEANS = ("d2", "loss", "rmse", "calibration_slope", "fidelity")
LOSSES = {
    "squared_error": LossWords(
        "squared error", ("r2", "rmse", "mae", "calibration_slope", "fidelity")
    ),
    "absolute_error": LossWords(
        "absolute error", ("d2", "mae", "rmse", "share_below", "fidelity"), "median of y"
    ),
    "quantile": LossWords(
        "pinball loss", ("d2", "loss", "share_below", "fidelity"), "quantile of y"
    ),
    "poisson": LossWords("Poisson deviance", _OF_MEANS),
    "gamma": LossWords("Gamma deviance", _OF_MEANS),
    "tweedie": LossWords("Tweedie deviance", _OF_MEANS),
}
_FIGURES = {
    "r2": Figure("r2", "R2"),
    "d2": Figure("d2", "D2"),
    "rmse": Figure("rmse", "RMSE", -1, quantity),
    "mae": Figure("mae", "MAE", -1, quantity),
    "calibration_slope": Figure("calibration_slope", "calibration slope"),
    "share_below": Figure("share_below", "share below"),
    "fidelity": Figure("fidelity", "fidelity"),
}
_ABOUT = {
    "r2": "R2: share of the variance of y that is explained",
    "d2": "D2: share of the {loss} of the best constant that is saved",
    "loss": "{loss}: mean of the rows",
    "rmse": "RMSE: root of the mean squared error",
    "mae": "MAE: mean absolute error",
    "calibration_slope": "calibration slope: of the regression of y on the predictions, below 1 "
    "where these spread too far",
    "share_below": "share below: of the rows with y at most the prediction, to be {level:g}",
    "fidelity": "fidelity: share of the variance of the teacher's predictions that is explained",
}
_METHODS = (
    "{baseline}: that of the training rows, for every row. teacher: fitted on all training rows."
    " student alone: fitted on what was observed. in-sample distillation: fitted on what that"
    " teacher says about its own training rows. distilled: skdistill."
)
_TIMES = (
    "size: as joblib dumps it, blank where it cannot; time per row: predict of all held-out rows"
    " at once, median of at least five runs."
)
_LIFTED = " Predictions below a thousandth of the mean of y count as that in the deviance."


@dataclass(frozen=True)
class NumberRuler(Ruler):
    """Scores predictions by a loss.

    Attributes
    ----------
    loss : NumericLoss
    """

    loss: NumericLoss

    @cached_property
    def table(self) -> Table:
        """What the scores are put in."""
        words = LOSSES[self.loss.name]
        own = Figure(entry(words.loss.lower()), words.loss, show=quantity)
        about = [
            _ABOUT[name].format(loss=words.loss, level=self.loss.level) for name in words.columns
        ]
        lifted = "" if self.loss.lower is None else _LIFTED
        return Table(
            baseline=words.baseline,
            blind=f"the {words.baseline}, which looks at no column",
            loss=words.loss,
            figures=(*(_FIGURES.get(name, own) for name in words.columns), *COSTS),
            skill=f"{words.loss} or rank correlation",
            legend=(
                _METHODS.format(baseline=words.baseline),
                f"{'; '.join([*about, _TIMES])}{lifted}",
            ),
            relative=True,
        )

    def ask(self, model: BaseEstimator, X: Any) -> Floats:
        """Return predictions, shape (n, 1)."""
        return np.asarray(model.predict(X), float).reshape(len(X), -1)

    def losses(self, y: Floats, said: Floats, weight: Floats | None) -> Floats:
        """Return the loss of each row of y (n, 1), shape (n,)."""
        return np.asarray(self.loss.value(self.loss.lift(said, self.loss.mean_level(y, weight)), y))

    def score(self, method: str, said: np.ndarray, taught: np.ndarray, held_out: Labelled) -> Score:
        """Score predictions; Spearman's rank correlation stands for the order of the rows."""
        y = np.asarray(held_out.y, float)[:, None]
        weight, groups = held_out.weight, held_out.groups
        losses = self.losses(y, said, weight)
        best = np.broadcast_to(self.loss.mean_level(y, weight), y.shape)
        constant = float(np.average(self.losses(y, best, weight), weights=weight))
        overall = numeric_scores(y, said, weight, self.loss)
        own = entry(LOSSES[self.loss.name].loss.lower())

        def mean(values: Floats) -> Estimate:
            return row_mean(values, weight, groups)

        rmse = overall["rmse"]
        squares = mean((y - said)[:, 0] ** 2).error
        found = {
            "r2": mean(_share_of(losses, constant)),
            "d2": mean(_share_of(losses, constant)),
            own: mean(losses),
            # The delta method: a root varies by half of what its square does, over it.
            "rmse": Estimate(rmse, squares / (2.0 * rmse) if squares and rmse else squares),
            "mae": mean(np.abs(y - said)[:, 0]),
            "calibration_slope": Estimate(overall["calibration_slope"]),
            "share_below": mean((y <= said)[:, 0].astype(float)),
            "fidelity": mean(_explained(taught[:, 0], said[:, 0], weight)),
        }
        figures = {each.name: found[each.name] for each in self.table.figures if each not in COSTS}
        return Score(method, losses, figures, order=rank_correlation(y[:, 0], said[:, 0]))


def _share_of(losses: Floats, whole: float) -> Floats:
    """Return values of rows whose mean is the share of `whole` that is saved."""
    return 1.0 - losses / whole if whole > 0.0 else np.full(len(losses), np.nan)


def _explained(y: Floats, said: Floats, weight: Floats | None) -> Floats:
    """Return values of rows whose mean is the share of the variance of y that is explained."""
    spread = float(np.average((y - np.average(y, weights=weight)) ** 2, weights=weight))
    return _share_of((y - said) ** 2, spread)


def rank_correlation(y: Floats, said: Floats) -> Estimate:
    """Return Spearman's rank correlation, and its standard error where there is none."""
    ranks = [rankdata(values) - (len(y) + 1) / 2 for values in (y, said)]
    scale = np.sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1]))
    found = float(ranks[0] @ ranks[1] / scale) if scale > 0.0 else 0.0
    return Estimate(found, 1.0 / np.sqrt(max(len(y) - 1, 1)))
