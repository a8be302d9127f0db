"""Many students of one teacher: what each loses, and what it costs to run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skdistill._ground.engines import fan_out
from skdistill._ground.html import paragraph, size_text, time_text
from skdistill._ground.metrics import FLOOR
from skdistill._ground.row_sets import Rows
from skdistill._ground.validation import check_integer, check_number
from skdistill.exceptions import ParameterError
from skdistill.inspection._checks import check_distiller
from skdistill.inspection._costs import LossAgainstCost
from skdistill.inspection._display import Display, data_frame
from skdistill.inspection._folded import draw_folds, held_out_share, read_rows
from skdistill.inspection._page import Report, section, value_table
from skdistill.inspection._points import (
    FrontierPoint,
    by_name,
    check_split,
    hold_out,
    loss_of,
    make_point,
    measured_by,
    one_split,
    parted,
)

__all__ = ["Frontier", "FrontierDisplay", "frontier"]

CLOSE = 0.01  # of the least loss, within which a faster student is named


class FrontierDisplay(LossAgainstCost):
    """Loss of many students against what they cost.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: student, loss, standard_error, latency (seconds), size_bytes, and
        whether it is on the front: no other student is as good in all three and better in one.
    against : {"latency", "size_bytes"}
        The horizontal axis.
    teacher : float or None
        The teacher's loss, drawn as a line.

    Attributes
    ----------
    ax_, figure_ : matplotlib axes and figure
        Where `plot` drew last.

    Examples
    --------
    >>> from skdistill.inspection import FrontierDisplay
    >>> display = FrontierDisplay.from_predictions(
    ...     ["small", "large", "bad"], [0.4, 0.3, 0.5], [1e-4, 1e-3, 1e-3], [1000, 9000, 9000]
    ... )
    >>> display.frame()["on_front"].tolist()
    [True, True, False]
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        students: Mapping[str, Any],
        *,
        against: str = "latency",
        **settings: Any,
    ) -> "FrontierDisplay":
        """Run `frontier` and show it.

        Parameters
        ----------
        estimator : DistilledClassifier or DistilledRegressor
            Fitted or not; it is cloned.
        X : array-like, sparse array or data frame of n rows
            Features.
        y : array-like of shape (n,)
            Labels, or numbers.
        students : mapping of str to estimator, or list
            Students by name, or as `DistilledClassifierCV` takes them, without grids.
        against : {"latency", "size_bytes"}, default="latency"
            The horizontal axis.
        **settings : dict
            Further parameters of `frontier`.

        Returns
        -------
        display : FrontierDisplay
        """
        return frontier(estimator, X, y, students, **settings).display(against)


@dataclass(frozen=True)
class Frontier(Report):
    """Students of one teacher; what `frontier` returns. `save` writes it as a page.

    Attributes
    ----------
    points : tuple of FrontierPoint
        In the order of the students given.
    protocol : str
        On which rows the losses were measured, in words.
    """

    points: tuple[FrontierPoint, ...]
    protocol: str

    title = "Students by loss and cost"

    @property
    def sentence(self) -> str:
        """Which student loses least, and which is the fastest that loses hardly more."""
        judged = [p for p in self.points if not np.isnan(p.loss.mean)]
        if not judged:
            return "No student could be judged."
        best = min(judged, key=lambda p: p.loss.mean)
        close = [p for p in judged if p.loss.mean <= best.loss.mean * (1.0 + CLOSE)]
        fast = min(close, key=lambda p: p.latency.median)
        words = f"{best.name} loses least: {best.words.loss} {best.loss.mean:.4f}"
        if fast is best:
            return f"{words}; none within {CLOSE:.0%} of it is faster."
        times = best.latency.median / fast.latency.median
        return f"{words}; within {CLOSE:.0%} of it, {fast.name} is {times:.3g} times as fast."

    def display(self, against: str = "latency") -> FrontierDisplay:
        """Return the frontier as a display.

        Parameters
        ----------
        against : {"latency", "size_bytes"}, default="latency"
            The horizontal axis.

        Returns
        -------
        display : FrontierDisplay
        """
        points = self.points
        errors = [np.nan if p.loss.error is None else p.loss.error for p in points]
        return FrontierDisplay.from_predictions(
            [p.name for p in points],
            [p.loss.mean for p in points],
            [p.latency.median for p in points],
            [np.nan if p.size_bytes is None else p.size_bytes for p in points],
            errors,
            against=against,
        )

    @property
    def front(self) -> tuple[FrontierPoint, ...]:
        """The students that no other one beats in loss, latency and size together."""
        marks = self.display().table["on_front"]
        return tuple(point for point, on in zip(self.points, marks, strict=True) if on)

    def best_under(self, latency: float | None = None, size: float | None = None) -> FrontierPoint:
        """Return the student of the smallest loss within a budget.

        Parameters
        ----------
        latency : float or None, default=None
            Seconds per call, median; None for no limit.
        size : float or None, default=None
            Bytes on disk; None for no limit.

        Returns
        -------
        point : FrontierPoint

        Raises
        ------
        ParameterError
            If a limit is no positive number, or no student is within the budget.
        """
        limits = {"latency": latency, "size": size}
        slow, large = (
            np.inf if limit is None else check_number(name, limit, low=0.0, low_open=True)
            for name, limit in limits.items()
        )
        judged = [p for p in self.points if not np.isnan(p.loss.mean)]
        fits = [p for p in judged if p.latency.median <= slow and _bytes(p) <= large]
        if not fits:
            fastest = min(self.points, key=lambda p: p.latency.median)
            smallest = min(self.points, key=_bytes)
            raise ParameterError(
                f"no student is within latency={latency!r} and size={size!r}: the fastest, "
                f"{fastest.name}, takes {fastest.latency.median:.3g} s, the smallest, "
                f"{smallest.name}, has {smallest.size_bytes} bytes. Allow more, or add smaller "
                "students."
            )
        return min(fits, key=lambda p: p.loss.mean)

    def frame(self) -> Any:
        """Return a row per student.

        Returns
        -------
        frame : pandas.DataFrame
            The columns of `FrontierDisplay.frame` and
            ``latency_p99, nodes, parameters, strength``, and the further scores of a point.
        """
        columns = dict(self.display().table)
        columns["latency_p99"] = [p.latency.p99 for p in self.points]
        columns["nodes"] = [p.parts.nodes for p in self.points]
        columns["parameters"] = [p.parts.parameters for p in self.points]
        columns["strength"] = [p.strength for p in self.points]
        for name in self.points[0].further:
            columns[name] = [p.scores[name] for p in self.points]
        return data_frame(columns)

    def plot(self, ax: Any = None, against: str = "latency") -> FrontierDisplay:
        """Draw loss against latency or size.

        Parameters
        ----------
        ax : matplotlib axes or None, default=None
            Where; None makes a new figure.
        against : {"latency", "size_bytes"}, default="latency"
            The horizontal axis.

        Returns
        -------
        display : FrontierDisplay
        """
        return self.display(against).plot(ax)

    def _text(self) -> list[str]:
        front = self.front
        told = (f"{p}, on the front" if p in front else str(p) for p in self.points)
        return [self.protocol, *told]

    def _sections(self) -> list[str]:
        front, lines = self.front, {}
        for p in self.points:
            line = dict(p.scores) | {"loss": p.loss.mean, "standard error": p.loss.error}
            line |= {"size": size_text(p.size_bytes), "time": time_text(p.latency.median)}
            lines[p.name] = line | {"on the front": "yes" if p in front else ""}
        first = self.points[0]
        costs = ("size", "time", "on the front")
        columns = ("loss", "standard error", *costs, *first.further)
        rows = f"{first.latency.n_rows:,} row(s)"
        note = f"{self.protocol}. Time is that of a call of {rows}, median."
        table = value_table("student", lines, columns, {"loss": first.words.loss})
        return [paragraph(self.sentence), section("Students", table, paragraph(note))]

    def _pictures(self) -> Mapping[str, Display]:
        return {"Loss against time": self.display()}


def frontier(
    estimator: Any,
    X: Any,
    y: Any,
    students: Any,
    *,
    cv: Any = None,
    test_size: float = 0.25,
    groups: Any = None,
    sample_weight: Any = None,
    exposure: Any = None,
    latency_rows: int = 1,
    budget: float = 0.3,
    floor: float = FLOOR,
    n_jobs: int | None = None,
    random_state: Any = None,
    verbose: int = 0,
) -> Frontier:
    """Distil one teacher into many students, and weigh what each loses against what it costs.

    On each split the teacher is cross-fitted once, and every student is fitted to its labels by
    `refit_student`. Losses (the log-loss; of numbers, that of the students, or the squared error
    where they minimise different ones) are those of rows outside the split's training part,
    which neither teacher nor student has seen. To go on with a student, call
    ``estimator.refit_student(X, y, student=...)`` on a fitted estimator.

    Parameters
    ----------
    estimator : DistilledClassifier or DistilledRegressor, or Pipeline that ends in one
        Fitted or not; it is cloned. The steps before it are fitted on each split's training part,
        and belong to what is timed and weighed.
    X : array-like, sparse array or data frame of n rows
        Features.
    y : array-like of shape (n,)
        Labels, or numbers of shape (n,) or (n, m).
    students : mapping of str to estimator, or list
        Students by name, or as `DistilledClassifierCV` takes and names them: a list of estimators
        or (name, estimator), or one of these; without grids.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Folds to score on. None holds out one random part, of classes stratified, or of whole
        groups.
    test_size : float, default=0.25
        Share of rows (or groups) to hold out where `cv` is None.
    groups : array-like of shape (n,) or None, default=None
        Groups that no split may divide.
    sample_weight : array-like of shape (n,) or None, default=None
        Row weights, of the fits of teacher and students and of the losses; rows of weight zero are
        left out. Steps before the estimator are fitted without.
    exposure : array-like of shape (n,) or None, default=None
        Of a regressor, what y are the totals of: rates are fitted and judged, with the exposure as
        a weight.
    latency_rows : int, default=1
        Rows predicted in one call when timing.
    budget : float, default=0.3
        Seconds to spend on timing each student.
    floor : float, default=1e-3
        The log-loss counts smaller probabilities as this. Numbers have none.
    n_jobs : int or None, default=None
        Splits at once. Students are timed afterwards, one by one.
    random_state : int, RandomState or None, default=None
        Draws the rows held out, or the folds.
    verbose : int, default=0
        Of joblib, which reports each split above 10.

    Returns
    -------
    frontier : Frontier

    Raises
    ------
    ParameterError
        If the estimator is no `DistilledClassifier` or `DistilledRegressor`, nor a Pipeline that
        ends in one (a search would choose on rows that are tested on), there are no students or
        grids of them, a number is out of range, `exposure` has no meaning, or `test_size` is given
        with `cv`.
    FoldError, StudentError
        If the folds or a student cannot be used, or a name is used twice.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.inspection import frontier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DistilledClassifier(RandomForestClassifier(20, random_state=0), random_state=0)
    >>> trees = {
    ...     f"{n} leaves": DecisionTreeClassifier(max_leaf_nodes=n, random_state=0) for n in (2, 16)
    ... }
    >>> found = frontier(model, X, y, trees, random_state=0)
    >>> found.protocol
    '143 of 569 rows held out'
    >>> found.best_under(size=1e6).name
    '16 leaves'
    """
    front, distiller = parted(estimator)
    side = check_distiller(distiller)
    students = by_name(students, distiller.loss, side)
    check_split(cv, test_size)
    check_integer("latency_rows", latency_rows, low=1)
    check_number("budget", budget, low=0.0)
    measure = measured_by(side, distiller, students, floor)
    data = read_rows(side, distiller, X, y, sample_weight, groups, exposure)
    if cv is None:
        splits = [hold_out(side, data, test_size, random_state)]
        protocol = f"{len(splits[0][1])} of {len(data)} rows held out"
    else:
        splits = list(draw_folds(cv, data, side, random_state=random_state).splits)
        protocol = f"cross-validation on {len(splits)} folds"
    shared = data.X, (front, distiller), replace(data, X=None), students, measure
    tasks = [(i, *(Rows.of(rows, len(data)) for rows in split)) for i, split in enumerate(splits)]
    trials = fan_out(one_split, shared, tasks, n_jobs=n_jobs, verbose=verbose)
    ratio, points = held_out_share(splits, data), []
    for name in students:
        own = [trial[name] for trial in trials]
        timed = {"latency_rows": latency_rows, "budget": budget}
        points.append(make_point(name, own, loss_of(own, ratio), data.X, **timed))
    return Frontier(tuple(points), protocol)


def _bytes(point: FrontierPoint) -> float:
    """Return the size of a student; one that was not measured may be of any."""
    return np.inf if point.size_bytes is None else point.size_bytes
