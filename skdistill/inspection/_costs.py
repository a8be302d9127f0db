"""Students by their loss and their cost: the picture and its table."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.validation import check_choice
from skdistill.choosing.frontier import pareto_front
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._display import Display

__all__ = ["LossAgainstCost"]

LABELS = {"latency": "seconds per call (median)", "size_bytes": "bytes on disk"}


class LossAgainstCost(Display):
    """What `FrontierDisplay` draws, and where it can come from but for an estimator."""

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
        for on, hue, label in ((True, "#0072b2", "Pareto front"), (False, "0.6", "dominated")):
            own = front == on
            if own.any():
                style = {"linestyle": "none", "marker": "o", "capsize": 2, "color": hue}
                ax.errorbar(x[own], y[own], np.nan_to_num(error[own]), label=label, **style)
        order = np.flatnonzero(front)[np.argsort(x[front], kind="stable")]
        ax.step(x[order], np.minimum.accumulate(y[order]), where="post", color="#0072b2", alpha=0.4)
        if self.teacher is not None:
            ax.axhline(self.teacher, linestyle="--", color="0.4", label="teacher")
        style = {"xytext": (4, 4), "textcoords": "offset points", "fontsize": "small"}
        for name, *place in zip(self.table["student"], x, y, strict=True):
            if np.isfinite(place).all():
                ax.annotate(str(name), place, **style)
        ax.set(xlabel=LABELS[self.against], ylabel="loss on rows held out")
        if x.max() > 10.0 * x.min():
            ax.set_xscale("log")
        ax.margins(x=0.2)
        ax.legend()
