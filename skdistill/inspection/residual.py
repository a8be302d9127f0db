"""The teacher's residual by a feature: where it is wrong on average."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.estimates import row_mean
from skdistill._ground.validation import check_integer, check_weights
from skdistill.exceptions import InputError
from skdistill.inspection._display import Display
from skdistill.inspection._measures import Measure
from skdistill.inspection._tasks import measure_of_arrays
from skdistill.inspection._teaching import feature_column, out_of_fold
from skdistill.inspection._words import CLASS_WORDS

__all__ = ["ResidualDisplay"]

COLUMNS = ("value", "place", "n_rows", "residual", "standard_error")


class ResidualDisplay(Display):
    """Mean residual of the teacher, label less probability, by the values of a feature.

    Of numbers it is y less the prediction; of a quantile, the share of rows above it less the share
    that should be. A teacher without error has residuals of mean zero everywhere.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: class (or output), value (text) and place (number) of a bin, its
        rows, and the mean of ``y_k - p_k`` in it with its standard error.
    feature : str
        Name of the feature.
    residual : str
        What the residual is, in words.

    Attributes
    ----------
    ax_, figure_ : matplotlib axes and figure
        Where `plot` drew last.

    Examples
    --------
    >>> from skdistill.inspection import ResidualDisplay
    >>> p = [[0.5, 0.5], [0.5, 0.5], [0.2, 0.8], [0.2, 0.8]]
    >>> display = ResidualDisplay.from_predictions([0, 0, 1, 1], p, ["a", "a", "b", "b"])
    >>> display.frame()[["value", "n_rows", "residual"]]
      value  n_rows  residual
    0     a       2      -0.5
    1     b       2       0.2
    """

    def __init__(
        self, table: Mapping[str, Any], feature: str, residual: str = CLASS_WORDS.residual
    ) -> None:
        super().__init__(table)
        self.feature = feature
        self.residual = residual

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        feature: Any,
        *,
        sample_weight: Any = None,
        exposure: Any = None,
        n_bins: int = 10,
    ) -> "ResidualDisplay":
        """Look at the residuals of an estimator's teacher, out of fold.

        What it says is calibrated by maps that have not seen the row's label either, as in
        `TeacherReport`; where there can be none, it is taken as the teacher gave it.

        Parameters
        ----------
        estimator : DistilledClassifier, DistilledRegressor, or a search for either
            Fitted.
        X : array-like, sparse array or data frame of n rows
            The rows it was fitted on.
        y : array-like of shape (n,)
            Their labels, or numbers of shape (n,) or (n, m).
        feature : str or int
            Name of a column of a data frame, or its number.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.
        exposure : array-like of shape (n,) or None, default=None
            Of a regressor, as it was given to `fit`; residuals are then those of rates.
        n_bins : int, default=10
            As in `from_predictions`.

        Returns
        -------
        display : ResidualDisplay

        Raises
        ------
        ParameterError
            If the estimator is no distiller, or there is no such feature.
        InputError
            If the rows are not those of the fit.
        """
        taught = out_of_fold(estimator, X, y, sample_weight, exposure)
        values, name = feature_column(taught.X, feature, estimator)
        said = taught.columns, taught.calibrated
        return _residual_of(taught.measure, *said, values, name, taught.weight, n_bins)

    @classmethod
    def from_predictions(
        cls,
        y: Any,
        p: Any,
        values: Any,
        *,
        classes: Any = None,
        level: float | None = None,
        name: str = "feature",
        sample_weight: Any = None,
        n_bins: int = 10,
    ) -> "ResidualDisplay":
        """Look at the residuals of any probabilities, or predicted numbers.

        Parameters
        ----------
        y : array-like of shape (n,)
            Labels, or numbers.
        p : array-like of shape (n, K) or (n,)
            Probabilities that have not seen these labels; or predicted numbers, one output at a
            time.
        values : array-like of shape (n,)
            Values of the feature: numbers, or categories. Missing ones are a bin of their own.
        classes : array-like of shape (K,) or None, default=None
            Classes in the order of the columns; None: the sorted labels. Not for numbers.
        level : float or None, default=None
            Which quantile the predictions are; None for means and for probabilities.
        name : str, default="feature"
            Name of the feature.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.
        n_bins : int, default=10
            Numbers with more distinct values are put in so many bins of about equally many rows.

        Returns
        -------
        display : ResidualDisplay

        Raises
        ------
        ParameterError
            If `n_bins` is no positive integer, or a parameter has no effect.
        InputError
            If labels, weights or probabilities cannot be used, or the lengths differ.
        """
        if np.ndim(p) != 1 and classes is None:
            classes = np.unique(np.asarray(y))
        measure = measure_of_arrays(p, classes, level=level)
        columns = measure.observe(y)
        said = measure.check(p, len(columns), "p")
        weight = check_weights(sample_weight, len(columns))
        return _residual_of(measure, columns, said, values, name, weight, n_bins)

    def _draw(self, ax: Any) -> None:
        part = next(iter(self.table))
        names = np.asarray(self.table[part])
        ax.axhline(0.0, color="0.6", linewidth=1, linestyle=":")
        texts = dict(zip(self.table["place"], self.table["value"], strict=True))
        named = any(_as_number(text) is None for text in texts.values())
        for number, name in enumerate(dict.fromkeys(names.tolist())):
            own = np.flatnonzero(names == name)
            x, y, error = (
                np.asarray(self.table[column], dtype=float)[own]
                for column in ("place", "residual", "standard_error")
            )
            style = {"marker": "o", "markersize": 4, "capsize": 2, "color": f"C{number % 10}"}
            style["linestyle"] = "none" if named else "-"
            ax.errorbar(x, y, np.nan_to_num(error), label=f"{part} {name}", **style)
        if named and len(texts) <= 20:
            ax.set_xticks(list(texts), labels=list(texts.values()), rotation=30, ha="right")
        ax.set(xlabel=self.feature, ylabel=f"mean of {self.residual}")
        ax.legend()


def _residual_of(
    measure: Measure,
    y: NDArray[np.float64],
    said: NDArray[np.float64],
    values: Any,
    name: str,
    weight: NDArray[np.float64] | None,
    n_bins: int,
) -> ResidualDisplay:
    """Return the display of what was observed and said of rows, (n, C) each."""
    n_bins = check_integer("n_bins", n_bins, low=1)
    residual = measure.residual(y, said)
    bin_of, texts, places = _bins(values, len(y), n_bins)
    lines = []
    for k in [1] if measure.mirrored else range(len(measure.parts)):
        for b in np.unique(bin_of):
            inside = bin_of == b
            mean = row_mean(residual[inside, k], None if weight is None else weight[inside])
            error = np.nan if mean.error is None else mean.error
            found = (texts[b], places[b], int(inside.sum()), mean.mean, error)
            lines.append((measure.parts[k], *found))
    columns = (measure.words.part, *COLUMNS)
    table = dict(zip(columns, map(list, zip(*lines, strict=True)), strict=True))
    return ResidualDisplay(table, name, measure.words.residual)


def _bins(values: Any, n_rows: int, n_bins: int) -> tuple[NDArray[Any], list[str], list[float]]:
    """Return the bin of each row, and per bin its text and its place on the axis."""
    values = np.asarray(values)
    if values.shape != (n_rows,):
        raise InputError(
            f"values must have shape ({n_rows},), one per label, got shape {values.shape}."
        )
    if values.dtype.kind not in "fiub":
        texts, bin_of = np.unique(values.astype(str), return_inverse=True)
        return bin_of, texts.tolist(), [float(place) for place in range(len(texts))]
    values = values.astype(np.float64)
    known = ~np.isnan(values)
    found = np.unique(values[known])
    if len(found) <= n_bins:
        bin_of, places = np.searchsorted(found, values), found.tolist()
    else:
        edges = np.unique(np.quantile(values[known], np.linspace(0.0, 1.0, n_bins + 1)))
        bin_of = np.searchsorted(edges[1:-1], values, side="right")
        held = range(len(edges) - 1)
        places = [float(np.mean(values[known & (bin_of == b)])) for b in held]
    texts = [f"{place:.6g}" for place in places]
    if not known.all():
        step = (places[-1] - places[0]) / max(len(places) - 1, 1) if places else 1.0
        bin_of = np.where(known, bin_of, len(places))
        places, texts = [*places, (places[-1] if places else 0.0) + step], [*texts, "missing"]
    return bin_of, texts, places


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
