"""Students by their loss and their cost: the picture and its table."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.validation import check_choice
from skdistill.choosing.frontier import pareto_front
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._display import COLOURS, Display, colour, optional

__all__ = ["LossAgainstCost"]

FEW = 6  # students up to which all are named, and not those on the front alone
GAP, LINE = 4.0, 11.0  # points between a name and its point, and from one name to the next
LABELS = {"latency": "time per call (median)", "size_bytes": "bytes on disk"}
UNITS = {"latency": "s", "size_bytes": "B"}


class LossAgainstCost(Display):
    """What `FrontierDisplay` draws, and where it can come from but for an estimator."""

    size: ClassVar[tuple[float, float]] = (8.0, 4.5)

    def __init__(
        self, table: Mapping[str, Any], against: str = "latency", teacher: float | None = None
    ) -> None:
        super().__init__(table)
        self.against = against
        self.teacher = teacher

    @classmethod
    def from_search(cls, search: Any, *, against: str = "latency") -> Self:
        """Show `frontier_` of a search: direct and distilled students, and the teacher as a line.

        Parameters
        ----------
        search : DistilledClassifierCV or DistilledRegressorCV
            Fitted.
        against : {"latency", "size_bytes"}, default="latency"
            The horizontal axis; latency is that of a row among many.

        Returns
        -------
        display : FrontierDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the search is not fitted.
        ParameterError
            If `against` is neither, or it is no search.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.ensemble import RandomForestClassifier
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> from skdistill import DistilledClassifierCV
        >>> from skdistill.inspection import FrontierDisplay
        >>> search = DistilledClassifierCV(
        ...     RandomForestClassifier(20, random_state=0),
        ...     ("tree", DecisionTreeClassifier(random_state=0), {"max_leaf_nodes": [3, 6]}),
        ...     cv=3,
        ...     random_state=0,
        ... ).fit(*load_breast_cancer(return_X_y=True))
        >>> FrontierDisplay.from_search(search).table["student"][:2]
        ['tree (max_leaf_nodes=3), direct', 'tree (max_leaf_nodes=3), distilled']
        """
        check_choice("against", against, LABELS)
        check_is_fitted(search)
        found = getattr(search, "frontier_", None)
        if found is None:
            raise ParameterError(
                "from_search takes a fitted DistilledClassifierCV or DistilledRegressorCV, got a "
                f"{type(search).__name__}: for single students see `frontier`."
            )
        names = [f"{a}, {b}" for a, b in zip(found["student"], found["side"], strict=True)]
        columns = ("loss", "standard_error", "latency", "size_bytes", "on_front")
        table = {"student": names} | {name: found[name] for name in columns}
        return cls(table, against, search.verdict_.teacher["calibrated"])

    @classmethod
    def from_predictions(
        cls,
        students: Any,
        losses: Any,
        latency: Any,
        sizes: Any,
        errors: Any = None,
        *,
        against: str = "latency",
    ) -> Self:
        """Take figures that are known.

        Parameters
        ----------
        students : sequence of m str
            Names.
        losses : array-like of shape (m,)
            Honest losses; a student whose loss is NaN is not on the front.
        latency : array-like of shape (m,)
            Seconds per call.
        sizes : array-like of shape (m,)
            Bytes.
        errors : array-like of shape (m,) or None, default=None
            Standard errors of the losses.
        against : {"latency", "size_bytes"}, default="latency"
            The horizontal axis.

        Returns
        -------
        display : FrontierDisplay

        Raises
        ------
        InputError
            If the lengths differ.
        ParameterError
            If `against` is neither.
        """
        check_choice("against", against, LABELS)
        table: dict[str, Any] = {"student": list(students)}
        table["loss"] = np.asarray(losses, dtype=np.float64)
        blank = np.full(len(table["student"]), np.nan)
        table["standard_error"] = blank if errors is None else np.asarray(errors, dtype=np.float64)
        table["latency"] = np.asarray(latency, dtype=np.float64)
        table["size_bytes"] = np.asarray(sizes)
        if len({np.shape(column) for column in table.values()}) != 1:
            shapes = {name: np.shape(column) for name, column in table.items()}
            raise InputError(f"expected one value per student in each column, got shapes {shapes}.")
        axes = [table[name] for name in ("loss", "latency", "size_bytes")]
        table["on_front"] = pareto_front(np.column_stack(axes))
        return cls(table, against)

    def _draw(self, ax: Any) -> None:
        x, y, error, front = (
            np.asarray(self.table[name])
            for name in (self.against, "loss", "standard_error", "on_front")
        )
        names, sides = zip(*map(_parted, self.table["student"]), strict=True)
        for side in dict.fromkeys(sides):
            for on, strength in ((True, 1.0), (False, 0.35)):
                own = (np.asarray(sides) == side) & (front == on)
                if own.any():
                    label = side if on else f"{side}, beaten by others".removeprefix("student, ")
                    style = {"linestyle": "none", "marker": "o", "capsize": 2, "alpha": strength}
                    style |= {"color": colour(side, 0), "label": label}
                    ax.errorbar(x[own], y[own], np.nan_to_num(error[own]), **style)
        order = np.flatnonzero(front)[np.argsort(x[front], kind="stable")]
        best = np.minimum.accumulate(y[order])
        ax.step(x[order], best, where="post", color="0.6", linewidth=1, zorder=0, label="front")
        if self.teacher is not None:
            ax.axhline(self.teacher, linestyle="--", color=COLOURS["teacher"], label="teacher")
        ax.set(xlabel=LABELS[self.against], ylabel="loss on rows held out")
        if x.max() > 10.0 * x.min():
            ax.set_xscale("log")
        told_in = optional("matplotlib.ticker").EngFormatter(UNITS[self.against])
        ax.xaxis.set_major_formatter(told_in)
        ax.margins(x=0.12, y=0.15)
        told = np.isfinite(x) & np.isfinite(y) & (front | (len(y) <= FEW))
        _annotate(ax, [(names[i], x[i], y[i]) for i in np.flatnonzero(told)])
        ax.legend(fontsize="small")


def _parted(student: str) -> tuple[str, str]:
    """Return the name of a student, and which side of a search it is: "student" of no search."""
    for side in ("direct", "distilled"):
        if str(student).endswith(f", {side}"):
            return str(student).removesuffix(f", {side}"), side
    return str(student), "student"


def _annotate(ax: Any, points: list[tuple[str, float, float]]) -> None:
    """Write names beside points, inside the axes, and none over another.

    A name stands towards the middle of the axes: right of a point on the left, above it; left of
    a point on the right, below it, where no point can beat one of the front.
    """
    seen = ax.transData.transform([place for _, *place in points] or [(0.0, 0.0)])
    places = ax.transAxes.inverted().transform(seen)
    height = ax.get_window_extent().height * 72.0 / ax.figure.dpi
    for on_left in (True, False):
        sign, last = (1.0, -np.inf) if on_left else (-1.0, -np.inf)
        own = [i for i in range(len(points)) if (places[i, 0] < 0.5) == on_left]
        for i in sorted(own, key=lambda i: sign * places[i, 1]):
            at = sign * places[i, 1] * height + GAP  # in points, away from the point
            at = last = max(at, last + LINE)
            shift = sign * (at - sign * places[i, 1] * height)
            ax.annotate(
                points[i][0],
                points[i][1:],
                xytext=(sign * GAP, shift),
                textcoords="offset points",
                fontsize="small",
                ha="left" if on_left else "right",
                va="bottom" if on_left else "top",
            )
