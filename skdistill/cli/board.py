"""The table of one student on one data set, and its verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skdistill._ground.estimates import Estimate, margin, outcome, row_mean, split_mean
from skdistill.cli.figures import Figure, Table, entry
from skdistill.cli.trials import Labelled

__all__ = ["Board", "Row", "Score", "Verdict", "board_of_rows", "board_of_splits"]


@dataclass(frozen=True)
class Score:
    """One model on one set of held-out rows.

    Attributes
    ----------
    method : str
        A row of the table.
    losses : ndarray of shape (n,)
        Of each row.
    figures : mapping of str to Estimate
        By column. Standard errors are those of a mean over rows (or groups of them).
    misses : ndarray of shape (n,) or None
        Another loss of each row, by which a model may be shown to know something.
    order : Estimate or None
        How well it orders the rows, less what chance does; and the standard error that it has by
        chance.
    """

    method: str
    losses: np.ndarray
    figures: Mapping[str, Estimate] = field(default_factory=dict)
    misses: np.ndarray | None = None
    order: Estimate | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    method : str
    figures : mapping of str to Estimate
        By column.
    order : Estimate or None
        That of the `Score`.
    """

    method: str
    figures: Mapping[str, Estimate]
    order: Estimate | None = None


@dataclass(frozen=True)
class Verdict:
    """Loss of the distilled student less that of another model, on the same rows.

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
    table : Table
        What it looks like.
    rows : tuple of Row
        In the order of `Table.methods`.
    verdict : Verdict
        Against the student alone.
    scale : float
        The loss of the student alone.
    splits : int
        Number of splits behind the means.
    baseline : Verdict or None
        Against the baseline; None for several splits.
    rivals : mapping of str to Verdict
        The teacher and the student alone against the baseline, by method; empty for several splits.
    skilled : tuple of str or None
        The methods shown to know more than the baseline does; None for several splits.
    notes : tuple of str
        What else is to be said of the table.
    """

    title: str
    table: Table
    rows: tuple[Row, ...]
    verdict: Verdict
    scale: float = float("nan")
    splits: int = 1
    baseline: Verdict | None = None
    rivals: Mapping[str, Verdict] = field(default_factory=dict)
    skilled: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Figure, ...]:
        """Those columns of the table that the rows have."""
        return tuple(f for f in self.table.figures if f.name in self.rows[0].figures)

    def row(self, method: str) -> Row:
        """Return the line of a method."""
        return next(row for row in self.rows if row.method == method)

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain types for JSON."""
        verdict = self.verdict
        loss = entry(self.table.loss)
        return {
            "title": self.title,
            "splits": self.splits,
            "rows": [
                {"method": row.method} | {f.name: _plain(row.figures[f.name]) for f in self.columns}
                for row in self.rows
            ],
            "verdict": {
                "outcome": verdict.outcome,
                f"{loss}_difference": _plain(verdict.difference),
                "margin_95": verdict.margin if np.isfinite(verdict.margin) else None,
            },
            f"better_than_{entry(self.table.baseline)}": self.skilled,
            "notes": list(self.notes),
        }


def board_of_rows(
    title: str,
    table: Table,
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
    table : Table
    scores : sequence of Score
        One per method.
    held_out : Labelled
        The rows that were scored, for their weights and groups.
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
    base = by_method[table.baseline]
    others = [score for score in scores if score is not base]
    return Board(
        title,
        table,
        tuple(Row(score.method, score.figures, score.order) for score in scores),
        compare(distilled.losses, alone.losses),
        float(np.average(alone.losses, weights=held_out.weight)),
        baseline=compare(distilled.losses, base.losses),
        rivals={
            method: compare(by_method[method].losses, base.losses)
            for method in ("teacher", "student alone")
        },
        skilled=tuple(s.method for s in others if _is_skilled(s, base, compare, len(others))),
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


def _is_skilled(score: Score, base: Score, compare: Compare, models: int) -> bool:
    """Return whether a model is better than the baseline by loss, by misses or by order.

    Each is asked at such a level that together, and over all models, they hold at 95%.
    """
    pairs = [(score.losses, base.losses)]
    if score.misses is not None and base.misses is not None:
        pairs.append((score.misses, base.misses))
    level = 1 - 0.05 / (models * (len(pairs) + (score.order is not None)))
    if "helped" in {compare(*pair, level).outcome for pair in pairs}:
        return True
    if score.order is None:
        return False
    by_chance = margin(Estimate(0.0, score.order.error), len(score.losses), level)
    return bool(score.order.mean > by_chance)


def board_of_splits(
    title: str, table: Table, splits: Sequence[Sequence[Score]], test_over_train: float
) -> Board:
    """Build the table of several random splits of one data set.

    Standard errors are over the splits, widened for the rows that splits share (`split_mean`).

    Parameters
    ----------
    title : str
    table : Table
    splits : sequence of sequences of Score
        Per split, one per method.
    test_over_train : float
        Held-out rows per training row.

    Returns
    -------
    board : Board
    """
    by_split = [{score.method: score for score in scores} for scores in splits]

    def estimate(method: str, column: str) -> Estimate:
        means = [split[method].figures[column].mean for split in by_split]
        return split_mean(means, test_over_train)

    steady = [figure.name for figure in table.figures if figure.steady]
    rows = tuple(Row(m, {column: estimate(m, column) for column in steady}) for m in table.methods)
    own, alone = (
        [float(split[method].losses.mean()) for split in by_split]
        for method in ("distilled", "student alone")
    )
    difference = split_mean([a - b for a, b in zip(own, alone, strict=True)], test_over_train)
    verdict = Verdict(difference, margin(difference, len(own)))
    return Board(title, table, rows, verdict, float(np.mean(alone)), len(own))


def _plain(estimate: Estimate) -> dict[str, float | None]:
    return {
        "mean": None if np.isnan(estimate.mean) else estimate.mean,
        "standard_error": estimate.error,
    }
