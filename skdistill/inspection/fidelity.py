"""Fidelity: what the student says against what its teacher says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from skdistill._ground.metrics import FLOOR
from skdistill._ground.validation import check_choice, check_weights
from skdistill.inspection._display import Display
from skdistill.inspection._measures import Measure, OfClasses, OfNumbers
from skdistill.inspection._tasks import measure_of_arrays, side_of

__all__ = ["FidelityDisplay", "fidelity_of"]

Floats = NDArray[np.float64]
# The first is the default.
SCALES = {OfClasses: ("logit", "probability"), OfNumbers: ("number",)}
SHOWN = {"logit": "log-odds", "probability": "probability", "number": "prediction"}
CLASS_TITLE = "same class {agreement:.1%}, R² of log-odds {logit_r2:.3f}"
NUMBER_TITLE = "R² {fidelity_r2:.3f}, RMSE {fidelity_rmse:.4g}"
TITLES = {"logit": CLASS_TITLE, "probability": CLASS_TITLE, "number": NUMBER_TITLE}


class FidelityDisplay(Display):
    """Scatter of the student's probabilities, or predictions, against the teacher's.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: class, and the probabilities that teacher and student give it, for
        each row; of two classes the second only. Of numbers: output, and the two predictions.
    scores : mapping of str to float
        ``kl``, ``agreement`` and ``logit_r2`` of the student; of numbers ``fidelity_r2``, the share
        of the teacher's variance that the student explains, and ``fidelity_rmse``.
    scale : {"logit", "probability", "number"}
        What the axes show.
    floor : float
        Probabilities are drawn at least this far from 0 and 1 on the logit scale.

    Attributes
    ----------
    ax_, figure_ : matplotlib axes and figure
        Where `plot` drew last.

    Examples
    --------
    >>> from skdistill.inspection import FidelityDisplay
    >>> teacher, student = [[0.9, 0.1], [0.3, 0.7]], [[0.8, 0.2], [0.4, 0.6]]
    >>> display = FidelityDisplay.from_predictions(teacher, student, classes=["no", "yes"])
    >>> display.frame()
      class  teacher  student
    0   yes      0.1      0.2
    1   yes      0.7      0.6
    >>> display.scores["agreement"]
    1.0
    """

    def __init__(
        self,
        table: Mapping[str, Any],
        scores: Mapping[str, float],
        scale: str = "logit",
        floor: float = FLOOR,
    ) -> None:
        super().__init__(table)
        self.scores = scores
        self.scale = scale
        self.floor = floor

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        teacher: Any,
        *,
        sample_weight: Any = None,
        scale: str | None = None,
        floor: float = FLOOR,
    ) -> "FidelityDisplay":
        """Compare a fitted estimator with a fitted teacher.

        Parameters
        ----------
        estimator : classifier or regressor
            Fitted: a distiller, or any student.
        X : array-like, sparse array or data frame of n rows
            Rows that neither was fitted on.
        teacher : classifier or regressor
            Fitted, say on all the rows that the estimator was fitted on.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights, as in `from_predictions`.
        scale : {"logit", "probability"} or None, default=None
            What the axes show; None is "logit". Numbers are shown as they are.
        floor : float, default=1e-3
            Probabilities are kept this far from 0 and 1 in logits. Numbers have none.

        Returns
        -------
        display : FidelityDisplay

        Raises
        ------
        ParameterError
            If the teacher has other classes or cannot say what the estimator does, or `scale` or
            `floor` cannot be.
        InputError
            If the weights cannot be used.
        """
        side = side_of(estimator)
        measure = side.measure_of(estimator, estimator.predict(X), floor)
        taught, said = (measure.ask(model, X) for model in (teacher, estimator))
        weight = check_weights(sample_weight, len(taught))
        return fidelity_of(measure, taught, said, weight, scale)

    @classmethod
    def from_predictions(
        cls,
        teacher: Any,
        student: Any,
        *,
        classes: Any = None,
        sample_weight: Any = None,
        scale: str | None = None,
        floor: float = FLOOR,
    ) -> "FidelityDisplay":
        """Compare two tables of probabilities, or two columns of predictions.

        Parameters
        ----------
        teacher, student : array-like of shape (n, K) or (n,)
            Their probabilities of the same rows; or numbers that they predict, one output at a
            time.
        classes : array-like of shape (K,) or None, default=None
            Names of the columns of probabilities; None numbers them.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights, which the scores count; rows of weight zero are not drawn either.
        scale : {"logit", "probability"} or None, default=None
            What the axes show; None is "logit". Numbers are shown as they are.
        floor : float, default=1e-3
            Probabilities are kept this far from 0 and 1 in logits. Numbers have none.

        Returns
        -------
        display : FidelityDisplay

        Raises
        ------
        ParameterError
            If `scale` or `floor` cannot be.
        InputError
            If probabilities, predictions or weights cannot be used.
        """
        taught = np.asarray(teacher, dtype=np.float64)
        if taught.ndim != 1 and classes is None:
            classes = np.arange(taught.shape[-1])
        measure = measure_of_arrays(taught, classes, floor)
        p = measure.check(taught, len(taught), "teacher")
        q = measure.check(student, len(p), "student")
        return fidelity_of(measure, p, q, check_weights(sample_weight, len(p)), scale)

    def _draw(self, ax: Any) -> None:
        part = next(iter(self.table))
        names = np.asarray(self.table[part])
        x, y = (self._shown(self.table[column]) for column in ("teacher", "student"))
        ends = [min(x.min(), y.min()), max(x.max(), y.max())]
        ax.plot(ends, ends, color="0.6", linewidth=1, linestyle=":")
        every = list(dict.fromkeys(names.tolist()))
        for number, name in enumerate(every):
            own = names == name
            # As an image inside the picture: there may be very many points.
            style = {"s": 8, "alpha": 0.4, "linewidths": 0, "rasterized": True}
            ax.scatter(x[own], y[own], color=f"C{number % 10}", label=f"{part} {name}", **style)
        what = SHOWN[self.scale]
        ax.set(xlabel=f"teacher's {what}", ylabel=f"student's {what}")
        ax.set_title(TITLES[self.scale].format(**self.scores), fontsize="medium")
        beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if len(every) > 3 else {}
        for handle in ax.legend(markerscale=2.0, **beside).legend_handles:
            handle.set_alpha(1.0)

    def _shown(self, p: Any) -> Any:
        if self.scale != "logit":
            return np.asarray(p)
        return logit(np.clip(p, self.floor, 1.0 - self.floor))


def fidelity_of(
    measure: Measure,
    taught: Floats,
    said: Floats,
    weight: Floats | None = None,
    scale: str | None = None,
) -> FidelityDisplay:
    """Return the display of what teacher and student said of the same rows, (n, C) each."""
    scales = SCALES[type(measure)]
    if scale is not None:
        check_choice("scale", scale, scales)
    if weight is not None:
        counts = weight > 0
        taught, said, weight = taught[counts], said[counts], weight[counts]
    columns = [1] if measure.mirrored else list(range(measure.outcome.n_columns))
    table = {
        measure.words.part: np.repeat(np.array(measure.parts)[columns], len(taught)),
        "teacher": taught[:, columns].ravel(order="F"),
        "student": said[:, columns].ravel(order="F"),
    }
    scores = measure.fidelity(taught, said, weight)
    floor = getattr(measure, "floor", FLOOR)
    return FidelityDisplay(table, scores, scale or scales[0], floor)
