"""One model on held-out rows: what it scores, how faithful it is, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from skdistill._ground.compat import take_rows
from skdistill._ground.costs import Latency, Parts, count_parts, latency, size_bytes
from skdistill._ground.html import size_text, time_text
from skdistill._ground.validation import check_groups, check_weights
from skdistill.exceptions import InputError
from skdistill.inspection._measures import Measure
from skdistill.inspection._page import value_table

__all__ = ["HeldOut", "ModelFigures", "cost_table", "held_out", "measure"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ModelFigures:
    """One model on the held-out rows.

    Attributes
    ----------
    scores : mapping of str to float
        Accuracy, log-loss, AUC, Brier score, calibration error; of numbers R2, RMSE, MAE, the loss,
        the slope of calibration and, of a quantile, the coverage.
    fidelity : mapping of str to float
        To the teacher: ``kl`` (nats), ``agreement``, ``logit_r2``; of numbers ``fidelity_r2`` and
        ``fidelity_rmse``. Empty without a teacher.
    by_class : mapping of object to mapping of str to float
        Scores of each class against the rest, and with a teacher the fidelity to it; of numbers
        those of each output ("y", where there is one).
    size_bytes : int or None
        Of the plain model, as joblib dumps it; None where it cannot be pickled.
    parts : Parts
        Its nodes or parameters.
    latency : tuple of Latency
        Of `predict_proba`, or of `predict` of numbers, for each number of rows.
    """

    scores: Mapping[str, float]
    fidelity: Mapping[str, float]
    by_class: Mapping[Any, Mapping[str, float]]
    size_bytes: int | None
    parts: Parts
    latency: tuple[Latency, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures under flat names: scores, fidelity, size, parts, latency.

        Returns
        -------
        figures : dict
        """
        flat: dict[str, Any] = dict(self.scores) | dict(self.fidelity)
        flat |= {"size_bytes": self.size_bytes, "nodes": self.parts.nodes}
        flat["parameters"] = self.parts.parameters
        for timed in self.latency:
            flat[f"latency_{timed.n_rows}_median"] = timed.median
            flat[f"latency_{timed.n_rows}_p99"] = timed.p99
        return flat


@dataclass(frozen=True)
class HeldOut:
    """Rows to judge models on; those of weight zero are gone.

    Attributes
    ----------
    X : array-like, sparse array or data frame of n rows
        Features.
    columns : array of shape (n, C)
        What was observed: one-hot labels, or numbers.
    measure : Measure
        Who judges what is said of them.
    weight : array of shape (n,) or None
        Positive row weights; None for equal ones.
    groups : array of shape (n,) or None
        Group of each row.
    """

    X: Any
    columns: Floats
    measure: Measure
    weight: Floats | None
    groups: NDArray[Any] | None

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def labels(self) -> NDArray[Any]:
        """What was observed, as it was given."""
        return self.measure.labels(self.columns)

    @property
    def n_groups(self) -> int | None:
        """Number of groups; None without."""
        return None if self.groups is None else len(np.unique(self.groups))


def held_out(X: Any, y: Any, measure: Measure, sample_weight: Any, groups: Any) -> HeldOut:
    """Check rows to judge models on, and drop those of weight zero.

    Raises
    ------
    InputError
        If labels, weights or groups cannot be used.
    ValueError
        If the lengths differ (raised by scikit-learn).
    """
    check_consistent_length(X, y)
    columns = measure.observe(y)
    n = len(columns)
    weight = check_weights(sample_weight, n)
    units = None if groups is None else np.asarray(groups)
    if units is not None and units.shape != (n,):
        raise InputError(
            f"groups must have shape ({n},), the group of each held-out row, got {units.shape}."
        )
    units = None if units is None else check_groups(units)
    kept = np.arange(n) if weight is None else np.flatnonzero(weight)
    return HeldOut(
        X=X if len(kept) == n else take_rows(X, kept),
        columns=columns[kept],
        measure=measure,
        weight=None if weight is None else weight[kept],
        groups=None if units is None else units[kept],
    )


def measure(
    name: str,
    model: Any,
    said: Mapping[str, Floats],
    rows: HeldOut,
    *,
    latency_rows: Sequence[int],
    budget: float,
) -> ModelFigures:
    """Return the figures of one of several models.

    Parameters
    ----------
    name : str
        Of the model.
    model : classifier or regressor
        Fitted.
    said : mapping of str to array of shape (n, C)
        What every model says; where one is called "teacher" there are figures of fidelity.
    rows : HeldOut
        The rows.
    latency_rows : sequence of int
        Numbers of rows to time predictions of.
    budget : float
        Seconds for each of them.

    Returns
    -------
    figures : ModelFigures
    """
    p, taught, bare, judge = said[name], said.get("teacher"), _bare(model), rows.measure
    columns = judge.part_scores(rows.columns, p, rows.weight)
    if taught is not None:
        columns |= judge.part_fidelity(taught, p, rows.weight)
    answer = getattr(model, judge.outcome.method)
    return ModelFigures(
        scores=judge.scores(rows.columns, p, rows.weight),
        fidelity={} if taught is None else judge.fidelity(taught, p, rows.weight),
        by_class=judge.by_part(columns),
        size_bytes=size_bytes(bare),
        parts=count_parts(bare),
        latency=tuple(latency(answer, rows.X, n, budget) for n in latency_rows),
    )


def _bare(model: Any) -> Any:
    """Return the plain fitted model inside: what would be shipped."""
    if hasattr(model, "student_"):
        return model.student_
    return model.fitted_.model if hasattr(model, "fitted_") else model


def cost_table(models: Mapping[str, ModelFigures]) -> str:
    """Return the costs of all models as a table of HTML."""
    rows = {}
    for name, figures in models.items():
        row = {"size": size_text(figures.size_bytes), "nodes": figures.parts.nodes}
        row["parameters"] = figures.parts.parameters
        for timed in figures.latency:
            of = "1 row" if timed.n_rows == 1 else f"{timed.n_rows:,} rows"
            row[f"{of}, median"], row[f"{of}, p99"] = map(time_text, (timed.median, timed.p99))
        rows[name] = row
    told = [
        column for column in rows["distilled"] if any(r[column] is not None for r in rows.values())
    ]
    return value_table("", rows, told)
