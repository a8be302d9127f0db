"""What scores of a task are called, and which way they are better: one record a task."""

from collections.abc import Mapping
from dataclasses import dataclass

from skdistill._ground.metrics import FLOOR
from skdistill.inspection._scores import CLASS_COLUMNS, FIDELITY_COLUMNS, LOWER_IS_BETTER, SCORES
from skdistill.targets.numeric import NumericLoss

__all__ = ["CLASS_WORDS", "Words", "class_words", "number_words"]

# Other losses go by their own name.
LOSSES = {
    "gamma": "Gamma deviance",
    "poisson": "Poisson deviance",
    "tweedie": "Tweedie deviance",
}
# By score: what it is called as a mean, and as the loss of a row.
TOLD = {"rmse": ("RMSE", "squared error"), "mae": ("mean absolute error", "absolute error")}
OUTPUT_COLUMNS = ("n_rows", "mean", "mean_prediction", "r2", "rmse", "slope", "intercept")


@dataclass(frozen=True)
class Words:
    """The scores of a task, and the words of its reports.

    Attributes
    ----------
    better : mapping of str to float
        By score, in the order of tables: 1 where more is better, -1 where less is, 0 for neither.
    headline : str
        The score that differences are judged by.
    loss : str
        What it is called.
    told : mapping of str to str
        Scores that are named where they move the other way, by what they are called.
    of_rows : tuple of str
        The same as values of rows (`Measure.headline_rows`).
    gaps : tuple of str
        Scores of which a memorisation gap is told.
    of_folds : str
        The score that folds are compared by.
    lead : str
        What the teacher's lead is measured in.
    fidelity : tuple of str
        Figures of how well a student keeps to its teacher.
    part : str
        What the columns are: "class" or "output".
    parts : str
        Several of them.
    part_columns : tuple of str
        Figures of each.
    constant : str
        What is said where x is ignored.
    said : str
        What models say.
    residual : str
        What was observed less what was said.
    error : str
        What the features explain of it is a lower bound of.
    level : float or None
        Which quantile is predicted.
    note : str
        On what the loss makes of extremes; empty where there is nothing to be said.
    """

    better: Mapping[str, float]
    headline: str
    loss: str
    told: Mapping[str, str]
    of_rows: tuple[str, ...]
    gaps: tuple[str, ...]
    of_folds: str
    lead: str
    fidelity: tuple[str, ...]
    part: str
    parts: str
    part_columns: tuple[str, ...]
    constant: str
    said: str
    residual: str
    error: str
    level: float | None
    note: str

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores."""
        return tuple(self.better)

    @property
    def fold_columns(self) -> tuple[str, ...]:
        """The scores of a fold, and the standard error of what folds are compared by."""
        return (*self.scores, f"{self.of_folds}_error")

    @property
    def headings(self) -> dict[str, str]:
        """What columns of tables are called where it is not their name."""
        return {self.headline: self.loss}


def class_words(floor: float = FLOOR) -> Words:
    """Return the words of classification, with the floor of its log-loss."""
    return Words(
        better={name: -1.0 if name in LOWER_IS_BETTER else 1.0 for name in SCORES},
        headline="log_loss",
        loss="log-loss",
        told={"accuracy": "accuracy", "auc": "AUC", "brier": "Brier score"},
        of_rows=("accuracy", "AUC", "Brier score"),
        gaps=("accuracy", "log_loss", "auc", "brier"),
        of_folds="brier",
        lead="Brier score",
        fidelity=FIDELITY_COLUMNS,
        part="class",
        parts="classes",
        part_columns=CLASS_COLUMNS,
        constant="class frequencies",
        said="probabilities",
        residual="label less probability",
        error="squared error",
        level=None,
        note=f"Log-loss counts probabilities below {floor:g} as {floor:g}.",
    )


CLASS_WORDS = class_words()


def number_words(loss: NumericLoss) -> Words:
    """Return the words of regression, for a loss."""
    better = {"r2": 1.0, "rmse": -1.0, "mae": -1.0, "loss": -1.0}
    better |= {"calibration_slope": 0.0, "calibration_intercept": 0.0}
    columns, constant = OUTPUT_COLUMNS, "mean"
    residual, error = "y less prediction", "squared error"
    beside = _beside(loss)
    if not beside:
        better |= dict.fromkeys(("r2", "rmse", "mae"), 0.0)
    if loss.level is not None:
        better |= {"coverage": 0.0}
        columns, constant = (*OUTPUT_COLUMNS, "coverage"), "quantile"
        residual = f"rows above the prediction, less {1.0 - loss.level:g}"
        error = "coverage's squared error"
    note = ""
    if loss.lower is not None:
        note = "The deviance counts predictions below a thousandth of the mean as that much."
    return Words(
        better=better,
        headline="loss",
        loss=_name(loss),
        told={name: TOLD[name][0] for name in beside},
        of_rows=tuple(TOLD[name][1] for name in beside),
        gaps=("r2", "rmse", "mae", "loss") if beside else ("loss",),
        of_folds="loss",
        lead=_name(loss),
        fidelity=("fidelity_r2", "fidelity_rmse"),
        part="output",
        parts="outputs",
        part_columns=columns,
        constant=constant,
        said="predictions",
        residual=residual,
        error=error,
        level=loss.level,
        note=note,
    )


def _beside(loss: NumericLoss) -> tuple[str, ...]:
    """Return the scores that are told where they move the other way than the loss.

    The absolute error wants the median: of counts, and whatever is skewed, not the mean. Quantiles
    at a tail are far from most rows by design.
    """
    if loss.level is not None:
        return ("rmse", "mae") if loss.level == 0.5 else ()
    return ("rmse", "mae") if loss.lower is None else ("rmse",)


def _name(loss: NumericLoss) -> str:
    if loss.name == "quantile":
        return f"pinball loss at {loss.level:g}"
    return LOSSES.get(loss.name, loss.name.replace("_", " "))
