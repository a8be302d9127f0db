"""Scores of the models on held-out rows, their uncertainty, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import average_precision_score
from sklearn.pipeline import Pipeline

from skdistill._ground.costs import latency, size_bytes
from skdistill._ground.estimates import Estimate, margin, outcome, row_mean, split_mean
from skdistill._ground.metrics import FLOOR, row_log_loss
from skdistill.cli.trials import METHODS, Labelled
from skdistill.inspection._scores import scores as probability_scores

__all__ = [
    "COLUMNS",
    "Board",
    "Front",
    "Rare",
    "Row",
    "Score",
    "Verdict",
    "board_of_rows",
    "board_of_splits",
    "pickled_size",
    "rarest",
    "saved",
    "score_models",
]

COLUMNS = (
    "accuracy",
    "log_loss",
    "auc",
    "calibration_error",
    "agreement",
    "size_bytes",
    "microseconds_per_row",
)
RARE = 0.1  # below this share of the rows the rarest class has a column of its own


@dataclass(frozen=True)
class Front:
    """What stands before every model in a saved file, and turns columns into numbers.

    Attributes
    ----------
    steps : Pipeline
        Fitted.
    size_bytes : float
    microseconds_per_row : float
        Median over repeated transforms of all held-out rows at once.
    """

    steps: Pipeline
    size_bytes: float
    microseconds_per_row: float

    @classmethod
    def measured(cls, steps: Pipeline, X: Any, budget: float = 0.05) -> "Front":
        """Measure `steps` on raw rows."""
        seconds = latency(steps.transform, X, budget=budget).median
        return cls(steps, pickled_size(steps), seconds / len(X) * 1e6)

    def before(self, model: BaseEstimator) -> Pipeline:
        """Return the whole of what is saved with `model`: it predicts raw rows."""
        return saved(self.steps, model)


def saved(vectoriser: Pipeline, student: BaseEstimator) -> Pipeline:
    """Return the whole of what is saved: it predicts raw rows."""
    made = Pipeline([*vectoriser.steps, ("student", student)])
    made.columns_ = vectoriser.columns_
    return made


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
    size_bytes : float
        Of what predicts, the whole of it, as joblib dumps it; NaN if it cannot be pickled.
    microseconds_per_row : float
        Median over repeated predictions of all held-out rows at once.
    auc : float
        Area under the ROC curve; for more than two classes the mean of one against the rest.
    average_precision : float or None
        Of the `rarest` class; None where no class is rare.
    """

    method: str
    hits: np.ndarray
    losses: np.ndarray
    agrees: np.ndarray
    calibration_error: float
    size_bytes: float
    microseconds_per_row: float
    auc: float = float("nan")
    average_precision: float | None = None

    def figures(self) -> dict[str, float]:
        """Return one unweighted number per column of `COLUMNS`."""
        return {
            "accuracy": float(self.hits.mean()),
            "log_loss": float(self.losses.mean()),
            "auc": self.auc,
            "calibration_error": self.calibration_error,
            "agreement": float(self.agrees.mean()),
            "size_bytes": float(self.size_bytes),
            "microseconds_per_row": self.microseconds_per_row,
        }


@dataclass(frozen=True)
class Row:
    """One line of the table: a method, and an `Estimate` per column in their order.

    The columns are `COLUMNS`, with ``"average_precision"`` behind ``"auc"`` where a class is rare.
    """

    method: str
    figures: Mapping[str, Estimate]


@dataclass(frozen=True)
class Verdict:
    """Log-loss of the distilled student less that of another model, on the same rows.

    Attributes
    ----------
    difference : Estimate
        Negative where the distilled student is better.
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
        Against the student alone.
    splits : int
        Number of splits behind the means.
    baseline : Verdict or None
        Against the class frequencies; None for several splits.
    skilled : tuple of str or None
        The methods shown to know more than the class frequencies do; None for several splits.
    notes : tuple of str
        What else is to be said of the table.
    """

    title: str
    rows: tuple[Row, ...]
    verdict: Verdict
    splits: int = 1
    baseline: Verdict | None = None
    skilled: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `rows`."""
        return tuple(self.rows[0].figures)

    def row(self, method: str) -> Row:
        """Return the line of a method."""
        return next(row for row in self.rows if row.method == method)

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
            "better_than_class_frequencies": self.skilled,
            "notes": list(self.notes),
        }


def score_models(
    models: Mapping[str, BaseEstimator],
    held_out: Labelled,
    classes: np.ndarray,
    budget: float = 0.05,
    front: Front | None = None,
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
    budget : float, default=0.05
        Seconds to spend on timing each model (five predictions at least).
    front : Front or None, default=None
        What is saved with a model: size and time are those of both.

    Returns
    -------
    scores : tuple of Score
    """
    onehot = (held_out.y[:, None] == classes[None, :]).astype(float)
    probas = {m: np.asarray(model.predict_proba(held_out.X), float) for m, model in models.items()}
    taught = probas["teacher"].argmax(axis=1)
    rare = rarest(held_out, classes)
    found = []
    for method, p in probas.items():
        figures = probability_scores(onehot, p, held_out.weight)
        before = None if method == "class frequencies" else front  # these read no column
        size, speed = _costs(models[method], held_out.X, budget, before)
        score = Score(
            method=method,
            hits=onehot[np.arange(len(onehot)), p.argmax(axis=1)],
            losses=row_log_loss(onehot, p, FLOOR),
            agrees=(p.argmax(axis=1) == taught).astype(float),
            calibration_error=figures["calibration_error"],
            size_bytes=size,
            microseconds_per_row=speed,
            auc=figures["auc"],
            average_precision=None if rare is None else _precision(rare, onehot, p, held_out),
        )
        found.append(score)
    return tuple(found)


@dataclass(frozen=True)
class Rare:
    """The rarest class: its column of `predict_proba`, its name, its share of held-out rows."""

    column: int
    label: str
    share: float


def rarest(held_out: Labelled, classes: np.ndarray) -> Rare | None:
    """Return the rarest class among held-out rows if its share is below `RARE`, else None."""
    weight = np.ones(len(held_out.y)) if held_out.weight is None else held_out.weight
    shares = np.array([weight[held_out.y == label].sum() for label in classes]) / weight.sum()
    column = int(np.where(shares > 0, shares, np.inf).argmin())
    if not 0 < shares[column] < RARE:
        return None
    return Rare(column, repr(classes[column].item()), float(shares[column]))


def _precision(rare: Rare, onehot: np.ndarray, p: np.ndarray, held_out: Labelled) -> float:
    k = rare.column
    return float(average_precision_score(onehot[:, k], p[:, k], sample_weight=held_out.weight))


def board_of_rows(
    title: str,
    scores: Sequence[Score],
    held_out: Labelled,
    test_over_train: float = 0.0,
    notes: tuple[str, ...] = (),
) -> Board:
    """Build the table of one split: standard errors are over its held-out rows (or their groups).

    The intervals of differences (Student's t) are widened, as those of `split_mean` are, for the
    training rows that were drawn: by ``sqrt(1 + n_test/n_train)``.

    Parameters
    ----------
    title : str
    scores : sequence of Score
        One per method.
    held_out : Labelled
        The rows that were scored, for their labels, weights and groups.
    test_over_train : float, default=0.0
        Held-out rows per training row.
    notes : tuple of str, default=()
        What else is to be said of the table.

    Returns
    -------
    board : Board
    """
    compare = Compare(held_out, test_over_train)
    by_method = {score.method: score for score in scores}
    distilled, alone = by_method["distilled"], by_method["student alone"]
    base = by_method["class frequencies"]
    others = [score for score in scores if score is not base]
    return Board(
        title,
        tuple(Row(score.method, _row_figures(score, held_out)) for score in scores),
        compare(distilled.losses, alone.losses),
        baseline=compare(distilled.losses, base.losses),
        skilled=tuple(s.method for s in others if _is_skilled(s, base, compare, 3 * len(others))),
        notes=notes,
    )


@dataclass(frozen=True)
class Compare:
    """Compares losses row by row."""

    held_out: Labelled
    test_over_train: float

    def __call__(self, one: np.ndarray, other: np.ndarray, level: float = 0.95) -> Verdict:
        """Return by how much one model's losses are higher than another's, and how surely."""
        weight, groups = self.held_out.weight, self.held_out.groups
        difference = row_mean(one - other, weight, groups)
        count = len(one) if groups is None else len(np.unique(groups))
        widened = float(np.sqrt(1 + self.test_over_train))
        return Verdict(difference, widened * margin(difference, count, level))


def _row_figures(score: Score, held_out: Labelled) -> dict[str, Estimate]:
    weight, groups = held_out.weight, held_out.groups
    figures = {column: Estimate(value) for column, value in score.figures().items()}
    for column, values in (
        ("accuracy", score.hits),
        ("log_loss", score.losses),
        ("agreement", score.agrees),
    ):
        figures[column] = row_mean(values, weight, groups)
    if score.average_precision is None:
        return figures
    rare = {"auc": figures["auc"], "average_precision": Estimate(score.average_precision)}
    return {"accuracy": figures["accuracy"], "log_loss": figures["log_loss"]} | rare | figures


def _is_skilled(score: Score, base: Score, compare: Compare, tests: int) -> bool:
    """Return whether a model is better than the class frequencies by loss, hits or ranks.

    Each is asked at such a level that together they hold at 95%. The AUC of a model that knows
    nothing has the standard error of Mann and Whitney's statistic.
    """
    level = 1 - 0.05 / tests
    by_loss = compare(score.losses, base.losses, level)
    by_hits = compare(-score.hits, -base.hits, level)
    y = compare.held_out.y
    counts = np.unique(y, return_counts=True)[1].astype(float)
    error = np.mean(np.sqrt((len(y) + 1) / (12 * counts * np.maximum(len(y) - counts, 1))))
    by_ranks = score.auc - 0.5 > margin(Estimate(0.0, float(error)), len(y), level)
    return "helped" in (by_loss.outcome, by_hits.outcome) or bool(by_ranks)


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
    return {
        "mean": None if np.isnan(estimate.mean) else estimate.mean,
        "standard_error": estimate.error,
    }


def pickled_size(model: BaseEstimator) -> float:
    """Return the size of a model in bytes, NaN where it cannot be pickled."""
    size = size_bytes(model)
    return float("nan") if size is None else float(size)


def _costs(model: BaseEstimator, X: Any, budget: float, front: Front | None) -> tuple[float, float]:
    """Return bytes, and microseconds per row, of a model with what stands before it."""
    microseconds = latency(model.predict_proba, X, budget=budget).median / len(X) * 1e6
    if front is None:
        return pickled_size(model), microseconds
    return pickled_size(front.before(model)), microseconds + front.microseconds_per_row
