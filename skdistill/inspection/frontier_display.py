"""Honest loss against latency or size, the Pareto front marked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.validation import check_choice
from skdistill.exceptions import InputError
from skdistill.inspection._display import Display

__all__ = ["FrontierDisplay", "pareto_front"]

LABELS = {"latency": "seconds per call (median)", "size_bytes": "bytes on disk"}


class FrontierDisplay(Display):
    """Loss of many students against what they cost.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: student, loss, standard_error, latency (seconds), size_bytes, and
        whether it is on the front: no other student is as good in all three and better in one.
    against : {"latency", "size_bytes"}
        The horizontal axis.

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

    def __init__(self, table: Mapping[str, Any], against: str = "latency") -> None:
        super().__init__(table)
        self.against = against

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
        estimator : DistilledClassifier
            Fitted or not; it is cloned.
        X : array-like, sparse array or data frame of n rows
            Features.
        y : array-like of shape (n,)
            Labels.
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
        from skdistill.inspection.pareto import frontier  # which draws with this module

        return frontier(estimator, X, y, students, **settings).display(against)

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
    ) -> "FrontierDisplay":
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
        style = {"xytext": (4, 4), "textcoords": "offset points", "fontsize": "small"}
        for name, *place in zip(self.table["student"], x, y, strict=True):
            if np.isfinite(place).all():
                ax.annotate(str(name), place, **style)
        ax.set(xlabel=LABELS[self.against], ylabel="loss on rows held out")
        if x.max() > 10.0 * x.min():
            ax.set_xscale("log")
        ax.margins(x=0.2)
        ax.legend()


def pareto_front(costs: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows no other row beats: as small in every column and smaller in one.

    Rows with a NaN neither stand on the front nor beat another.

    Parameters
    ----------
    costs : array of shape (m, c)
        Smaller is better.

    Returns
    -------
    on_front : array of shape (m,)

    Examples
    --------
    >>> import numpy as np
    >>> pareto_front(np.array([[1, 2], [2, 1], [2, 2]]))
    array([ True,  True, False])
    """
    no_worse = np.all(costs[:, None] <= costs[None, :], axis=2)
    better = np.any(costs[:, None] < costs[None, :], axis=2)
    return ~np.any(no_worse & better, axis=0) & ~np.isnan(costs).any(axis=1)
