"""Reliability: whether what is said comes true, of probabilities, means and quantiles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.estimates import row_mean
from skdistill._ground.validation import check_choice, check_integer, check_weights
from skdistill.exceptions import ParameterError
from skdistill.inspection._display import Display, colour
from skdistill.inspection._measures import Measure, OfClasses, OfNumbers
from skdistill.inspection._tasks import measure_of_arrays, side_of
from skdistill.inspection.duplicates import warn_of_fitted_rows

__all__ = ["ReliabilityDisplay", "reliability_of"]

Floats = NDArray[np.float64]


def _share_error(event: Floats, weight: Floats) -> float:
    """Return the standard error of a share, with half a row added to either outcome."""
    share, n_effective = np.average(event, weights=weight), weight.sum() ** 2 / (weight**2).sum()
    drawn_in = (share * n_effective + 0.5) / (n_effective + 1.0)
    return float(np.sqrt(drawn_in * (1.0 - drawn_in) / n_effective))


def _mean_error(values: Floats, weight: Floats) -> float:
    """Return the standard error of a mean; NaN for one row."""
    error = row_mean(values, weight).error
    return np.nan if error is None else error


@dataclass(frozen=True)
class _Curve:
    """What is drawn: its columns, its axes, and the error of what was observed."""

    columns: tuple[str, str]
    axes: dict[str, Any]
    strategy: str
    error: Callable[[Floats, Floats], float]


FREQUENCY = _Curve(
    columns=("mean_probability", "frequency"),
    axes={"xlabel": "probability of {}", "ylabel": "observed frequency", "ylim": (0, 1)},
    strategy="uniform",
    error=_share_error,
)
MEAN = _Curve(
    columns=("mean_prediction", "mean_observed"),
    axes={"xlabel": "mean prediction of {}", "ylabel": "observed mean"},
    strategy="quantile",
    error=_mean_error,
)
COVERAGE = _Curve(
    columns=("mean_prediction", "coverage"),
    axes={"xlabel": "mean prediction of {}", "ylabel": "share at or below it", "ylim": (0, 1)},
    strategy="quantile",
    error=_share_error,
)
CURVES = {curve.columns: curve for curve in (FREQUENCY, MEAN, COVERAGE)}


class ReliabilityDisplay(Display):
    """Reliability curves of a teacher and a student.

    Rows are put into bins by a probability; drawn is how often the event came true in a bin against
    the mean probability there. The event is one class or, for more than two classes and without a
    `label`, that the most probable class is right. Of numbers it is the mean of what was observed
    against the mean prediction; of a quantile the coverage, the share of rows at or below what was
    predicted for them, which should be the level of the quantile everywhere.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: per model and non-empty bin its limits, its rows, their (weighted)
        mean probability, the frequency of the event and its standard error (with half a row added
        to either outcome, so that one row alone is not called certain). Of numbers the mean
        prediction, the observed mean (of a quantile the coverage) and its standard error.
    event : str
        The event in words, or the output.
    level : float or None, default=None
        Which quantile was predicted.

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

    def __init__(self, table: Mapping[str, Any], event: str, level: float | None = None) -> None:
        super().__init__(table)
        self.event = event
        self.level = level

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
        strategy: str | None = None,
    ) -> "ReliabilityDisplay":
        """Make the curves of a fitted estimator, and of its teacher, on held-out rows.

        Parameters
        ----------
        estimator : classifier or regressor
            Fitted: a distiller, or any student.
        X : array-like, sparse array or data frame of n rows
            Rows that neither was fitted on.
        y : array-like of shape (n,)
            Their labels, or numbers of shape (n,) or (n, m).
        teacher : classifier or regressor, or None, default=None
            A fitted teacher, to be drawn as well.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.
        label : object, default=None
            Class whose probability is looked at; None is the second of two classes, and the most
            probable class of each row where there are more. Of several outputs the number of one;
            None is all of them.
        n_bins : int, default=15
            Number of bins.
        strategy : {"uniform", "quantile"} or None, default=None
            Bins of equal width, or of about equally many rows; None is "uniform" for probabilities,
            and "quantile" for numbers.

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
        measure = side_of(estimator).measure_of(estimator, y)
        models = {} if teacher is None else {"teacher": teacher}
        said = {k: measure.ask(m, X) for k, m in (models | {"student": estimator}).items()}
        columns = measure.observe(y)
        weight = check_weights(sample_weight, len(columns))
        how = {"label": label, "n_bins": n_bins, "strategy": strategy}
        display = reliability_of(measure, columns, said, weight, **how)
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
        level: float | None = None,
        n_bins: int = 15,
        strategy: str | None = None,
    ) -> "ReliabilityDisplay":
        """Make the curves of probabilities, or of predicted numbers.

        Parameters
        ----------
        y : array-like of shape (n,)
            Labels, or numbers.
        p : mapping of str to array-like of shape (n, K) or (n,)
            By the name of who gave them, probabilities; or predicted numbers, one output at a time.
        classes : array-like of shape (K,) or None, default=None
            Classes in the order of the columns; None: the sorted labels. Not for numbers.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.
        label : object, default=None
            Class whose probability is looked at; None is the second of two classes, and the most
            probable class of each row where there are more. Not for numbers.
        level : float or None, default=None
            Which quantile the predictions are; None for means and for probabilities.
        n_bins : int, default=15
            Number of bins.
        strategy : {"uniform", "quantile"} or None, default=None
            Bins of equal width, or of about equally many rows; None is "uniform" for probabilities,
            and "quantile" for numbers.

        Returns
        -------
        display : ReliabilityDisplay

        Raises
        ------
        ParameterError
            If `label` is no class, `n_bins` or `strategy` is none of the above, a parameter has no
            effect, or `p` is empty or no mapping.
        InputError
            If labels, weights or probabilities cannot be used.
        """
        if not isinstance(p, Mapping) or not p:
            raise ParameterError(
                f'p must be a mapping such as {{"student": probabilities}}, got {type(p).__name__}.'
            )
        first = np.asarray(next(iter(p.values())))
        if first.ndim != 1 and classes is None:
            classes = np.unique(np.asarray(y))
        measure = measure_of_arrays(first, classes, level=level)
        columns = measure.observe(y)
        weight = check_weights(sample_weight, len(columns))
        said = {k: measure.check(each, len(columns), f"p[{k!r}]") for k, each in p.items()}
        how = {"label": label, "n_bins": n_bins, "strategy": strategy}
        return reliability_of(measure, columns, said, weight, **how)

    def _draw(self, ax: Any) -> None:
        columns = tuple(self.table)[4:6]
        axes = CURVES[columns].axes
        models, n_rows = (np.asarray(self.table[name]) for name in ("model", "n_rows"))
        x, y, error = (
            np.asarray(self.table[name], dtype=float) for name in (*columns, "standard_error")
        )
        ends = (0.0, 1.0) if "ylim" in axes and self.level is None else (x.min(), x.max())
        level = ends if self.level is None else (self.level, self.level)
        ax.plot(ends, level, color="0.6", linewidth=1, linestyle=":", label="calibrated")
        for number, name in enumerate(dict.fromkeys(models.tolist())):
            own = models == name
            hue = colour("distilled" if name == "student" else name, number)
            ax.plot(x[own], y[own], linewidth=1, color=hue, label=name)
            size = 5 + 100 * n_rows[own] / n_rows[own].sum()
            ax.scatter(x[own], y[own], s=size, color=hue, linewidths=0)
            band = y[own] - error[own], y[own] + error[own]
            ax.fill_between(x[own], *band, color=hue, alpha=0.15, linewidth=0)
        ax.set(**axes | {"xlabel": axes["xlabel"].format(self.event)})
        ax.legend()


def reliability_of(
    measure: Measure,
    y: Floats,
    said: Mapping[str, Floats],
    weight: Floats | None = None,
    *,
    label: Any = None,
    n_bins: int = 15,
    strategy: str | None = None,
) -> ReliabilityDisplay:
    """Return the curves of what several said of the same rows, (n, C) each."""
    n_bins = check_integer("n_bins", n_bins, low=1)
    if strategy is not None:
        check_choice("strategy", strategy, ("uniform", "quantile"))
    weight = np.ones(len(y)) if weight is None else weight
    curve, event, events = EVENTS[type(measure)](measure, y, said, label)
    lines = []
    for name, (happened, values) in events.items():
        edges = _edges(values, n_bins, strategy or curve.strategy, curve)
        lines += [(name, *line) for line in _bins(happened, values, weight, edges, curve)]
    columns = ("model", "low", "high", "n_rows", *curve.columns, "standard_error")
    table = dict(zip(columns, map(list, zip(*lines, strict=True)), strict=True))
    return ReliabilityDisplay(table, event, measure.level)


Events = tuple[_Curve, str, dict[str, tuple[Floats, Floats]]]


def _class_events(measure: OfClasses, y: Floats, said: Mapping[str, Floats], label: Any) -> Events:
    """Return for each name whether the event came true in each row, and its probability."""
    column, rows = _column(label, measure.parts), np.arange(len(y))
    found = {}
    for name, p in said.items():
        pick = p.argmax(axis=1) if column is None else np.full(len(p), column)
        found[name] = y[rows, pick], p[rows, pick]
    event = "the most probable class" if column is None else f"class {measure.parts[column]}"
    return FREQUENCY, event, found


def _number_events(measure: OfNumbers, y: Floats, said: Mapping[str, Floats], label: Any) -> Events:
    """Return for each name, and output, what was observed in each row and what was predicted."""
    if label is not None and label not in measure.parts[measure.outcome.n_columns == 1 :]:
        raise ParameterError(
            f"label must be the number of one of several outputs, or None, got {label!r}."
        )
    parts = measure.parts if label is None else [label]
    found = {}
    for name, m in said.items():
        for j, part in enumerate(measure.parts):
            key = name if len(parts) == 1 else f"{name}, output {part}"
            happened = y[:, j] if measure.level is None else 1.0 * (y[:, j] <= m[:, j])
            found |= {key: (happened, m[:, j])} if part in parts else {}
    event = "all outputs" if len(parts) > 1 else "y" if label is None else f"output {label}"
    return MEAN if measure.level is None else COVERAGE, event, found


EVENTS: dict[type[Measure], Callable[..., Events]] = {
    OfClasses: _class_events,
    OfNumbers: _number_events,
}


def _column(label: Any, classes: list[Any]) -> int | None:
    if label is None:
        return 1 if len(classes) == 2 else None
    if label not in classes:
        raise ParameterError(f"label must be one of the classes {classes}, got {label!r}.")
    return classes.index(label)


def _edges(values: Floats, n_bins: int, strategy: str, curve: _Curve) -> Floats:
    if strategy == "quantile":
        return np.unique(np.quantile(values, np.linspace(0.0, 1.0, n_bins + 1)))
    ends = (0.0, 1.0) if curve is FREQUENCY else (values.min(), values.max())
    return np.linspace(*ends, n_bins + 1)


def _bins(
    happened: Floats, said: Floats, weight: Floats, edges: Floats, curve: _Curve
) -> list[tuple[float, float, int, float, float, float]]:
    """Return the bins that hold rows with weight; each has its lower limit in it."""
    bin_of = np.searchsorted(edges[1:-1], said, side="right")
    lines = []
    for b in np.unique(bin_of[weight > 0]):
        inside = (bin_of == b) & (weight > 0)
        w = weight[inside]
        means = [float(np.average(each[inside], weights=w)) for each in (said, happened)]
        ends = float(edges[b]), float(edges[min(b + 1, len(edges) - 1)])
        lines.append((*ends, int(inside.sum()), *means, curve.error(happened[inside], w)))
    return lines
