"""Reliability: how often what is said to happen with probability p does happen."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.validation import (
    check_choice,
    check_integer,
    check_probabilities,
    check_weights,
)
from skdistill.exceptions import ParameterError
from skdistill.inspection._display import Display, colour
from skdistill.inspection._scores import one_hot_labels, probabilities
from skdistill.inspection.duplicates import warn_of_fitted_rows

__all__ = ["ReliabilityDisplay"]

COLUMNS = ("model", "low", "high", "n_rows", "mean_probability", "frequency", "standard_error")


class ReliabilityDisplay(Display):
    """Reliability curves of a teacher and a student.

    Rows are put into bins by a probability; drawn is how often the event came true in a bin against
    the mean probability there. The event is one class or, for more than two classes and without a
    `label`, that the most probable class is right.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: per model and non-empty bin its limits, its rows, their (weighted)
        mean probability, the frequency of the event and its standard error (with half a row added
        to either outcome, so that one row alone is not called certain).
    event : str
        The event in words.

    Attributes
    ----------
    ax_, figure_ : matplotlib axes and figure
        Where `plot` drew last.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : One model, two classes, no weights.

    Examples
    --------
    >>> from skdistill.inspection import ReliabilityDisplay
    >>> p = [[0.8, 0.2], [0.8, 0.2], [0.1, 0.9], [0.1, 0.9]]
    >>> display = ReliabilityDisplay.from_predictions([0, 1, 1, 1], {"student": p})
    >>> display.frame()[["n_rows", "mean_probability", "frequency"]]
       n_rows  mean_probability  frequency
    0       2               0.2        0.5
    1       2               0.9        1.0
    """

    def __init__(self, table: Mapping[str, Any], event: str) -> None:
        super().__init__(table)
        self.event = event

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        teacher: Any = None,
        sample_weight: Any = None,
        label: Any = None,
        n_bins: int = 15,
        strategy: str = "uniform",
    ) -> "ReliabilityDisplay":
        """Make the curves of a fitted estimator, and of its teacher, on held-out rows.

        Parameters
        ----------
        estimator : DistilledClassifier
            Fitted.
        X : array-like, sparse array or data frame of n rows
            Rows that neither was fitted on.
        y : array-like of shape (n,)
            Their labels.
        teacher : classifier or None, default=None
            A fitted teacher, to be drawn as well.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.
        label : object, default=None
            Class whose probability is looked at; None is the second of two classes, and the most
            probable class of each row where there are more.
        n_bins : int, default=15
            Number of bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of equal width, or of about equally many rows.

        Returns
        -------
        display : ReliabilityDisplay

        Raises
        ------
        ParameterError, InputError
            As `from_predictions` does.

        Warns
        -----
        LeakWarning
            If the labels are those of the fit.
        """
        classes = estimator.classes_
        models = {} if teacher is None else {"teacher": teacher}
        said = {
            k: probabilities(m, X, classes) for k, m in (models | {"student": estimator}).items()
        }
        display = cls.from_predictions(
            y,
            said,
            classes=classes,
            sample_weight=sample_weight,
            label=label,
            n_bins=n_bins,
            strategy=strategy,
        )
        warn_of_fitted_rows(estimator, y)
        return display

    @classmethod
    def from_predictions(
        cls,
        y: Any,
        p: Mapping[str, Any],
        *,
        classes: Any = None,
        sample_weight: Any = None,
        label: Any = None,
        n_bins: int = 15,
        strategy: str = "uniform",
    ) -> "ReliabilityDisplay":
        """Make the curves of probabilities.

        Parameters
        ----------
        y : array-like of shape (n,)
            Labels.
        p : mapping of str to array-like of shape (n, K)
            Probabilities by the name of who gave them.
        classes : array-like of shape (K,) or None, default=None
            Classes in the order of the columns; None: the sorted labels.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.
        label : object, default=None
            Class whose probability is looked at; None is the second of two classes, and the most
            probable class of each row where there are more.
        n_bins : int, default=15
            Number of bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of equal width, or of about equally many rows.

        Returns
        -------
        display : ReliabilityDisplay

        Raises
        ------
        ParameterError
            If `label` is no class, `n_bins` or `strategy` is none of the above, or `p` is empty or
            no mapping.
        InputError
            If labels, weights or probabilities cannot be used.
        """
        n_bins = check_integer("n_bins", n_bins, low=1)
        check_choice("strategy", strategy, ("uniform", "quantile"))
        if not isinstance(p, Mapping) or not p:
            raise ParameterError(
                f'p must be a mapping such as {{"student": probabilities}}, got {type(p).__name__}.'
            )
        classes = np.unique(np.asarray(y)) if classes is None else np.asarray(classes)
        onehot = one_hot_labels(y, classes)
        weight = check_weights(sample_weight, len(onehot))
        weight = np.ones(len(onehot)) if weight is None else weight
        column = _column(label, classes)
        event = "the most probable class" if column is None else f"class {classes[column]}"
        lines = []
        for name, values in p.items():
            said = check_probabilities(values, len(onehot), classes, f"p[{name!r}]")
            pick = said.argmax(axis=1) if column is None else np.full(len(said), column)
            rows = np.arange(len(said))
            edges = _edges(said[rows, pick], n_bins, strategy)
            lines += [
                (name, *line) for line in _bins(onehot[rows, pick], said[rows, pick], weight, edges)
            ]
        return cls(dict(zip(COLUMNS, map(list, zip(*lines, strict=True)), strict=True)), event)

    def _draw(self, ax: Any) -> None:
        models = np.asarray(self.table["model"])
        ax.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle=":", label="calibrated")
        for number, name in enumerate(dict.fromkeys(models.tolist())):
            own = models == name
            x, y, error, n_rows = (
                np.asarray(self.table[column])[own]
                for column in ("mean_probability", "frequency", "standard_error", "n_rows")
            )
            hue = colour("distilled" if name == "student" else name, number)
            ax.plot(x, y, linewidth=1, color=hue, label=name)
            ax.scatter(x, y, s=5 + 100 * n_rows / n_rows.sum(), color=hue, linewidths=0)
            ax.fill_between(x, y - error, y + error, color=hue, alpha=0.15, linewidth=0)
        ax.set(xlabel=f"probability of {self.event}", ylabel="observed frequency", ylim=(0, 1))
        ax.legend()


def _column(label: Any, classes: NDArray[Any]) -> int | None:
    if label is None:
        return 1 if len(classes) == 2 else None
    if label not in classes.tolist():
        raise ParameterError(f"label must be one of the classes {classes.tolist()}, got {label!r}.")
    return classes.tolist().index(label)


def _edges(p: NDArray[Any], n_bins: int, strategy: str) -> NDArray[np.float64]:
    if strategy == "uniform":
        return np.linspace(0.0, 1.0, n_bins + 1)
    return np.unique(np.quantile(p, np.linspace(0.0, 1.0, n_bins + 1)))


def _bins(
    event: NDArray[Any], p: NDArray[Any], weight: NDArray[Any], edges: NDArray[Any]
) -> list[tuple[float, float, int, float, float, float]]:
    """Return the bins that hold rows with weight; each has its lower limit in it."""
    bin_of = np.searchsorted(edges[1:-1], p, side="right")
    lines = []
    for b in np.unique(bin_of[weight > 0]):
        inside = (bin_of == b) & (weight > 0)
        w = weight[inside]
        frequency = float(np.average(event[inside], weights=w))
        n_effective = w.sum() ** 2 / (w**2).sum()
        drawn_in = (frequency * n_effective + 0.5) / (n_effective + 1.0)
        error = float(np.sqrt(drawn_in * (1.0 - drawn_in) / n_effective))
        mean = float(np.average(p[inside], weights=w))
        high = float(edges[min(b + 1, len(edges) - 1)])
        lines.append((float(edges[b]), high, int(inside.sum()), mean, frequency, error))
    return lines
