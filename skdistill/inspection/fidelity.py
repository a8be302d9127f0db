"""Fidelity: what the student says against what its teacher says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import logit

from skdistill._ground.metrics import FLOOR
from skdistill._ground.validation import check_choice, check_probabilities, check_weights
from skdistill.inspection._checks import check_floor
from skdistill.inspection._display import Display
from skdistill.inspection._scores import fidelity_scores, probabilities

__all__ = ["FidelityDisplay"]


class FidelityDisplay(Display):
    """Scatter of the student's probabilities against the teacher's.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: class, and the probabilities that teacher and student give it, for
        each row; of two classes the second only.
    scores : mapping of str to float
        ``kl``, ``agreement`` and ``logit_r2`` of the student.
    scale : {"logit", "probability"}
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
        scale: str = "logit",
        floor: float = FLOOR,
    ) -> "FidelityDisplay":
        """Compare a fitted estimator with a fitted teacher.

        Parameters
        ----------
        estimator : DistilledClassifier
            Fitted.
        X : array-like, sparse array or data frame of n rows
            Rows that neither was fitted on.
        teacher : classifier
            Fitted, say on all the rows that the estimator was fitted on.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights, as in `from_predictions`.
        scale : {"logit", "probability"}, default="logit"
            What the axes show.
        floor : float, default=1e-3
            Probabilities are kept this far from 0 and 1 in logits.

        Returns
        -------
        display : FidelityDisplay

        Raises
        ------
        ParameterError
            If the teacher has other classes or no `predict_proba`, or `scale` or `floor` cannot be.
        InputError
            If the weights cannot be used.
        """
        classes = estimator.classes_
        said = (probabilities(model, X, classes) for model in (teacher, estimator))
        return cls.from_predictions(
            *said, classes=classes, sample_weight=sample_weight, scale=scale, floor=floor
        )

    @classmethod
    def from_predictions(
        cls,
        teacher: Any,
        student: Any,
        *,
        classes: Any = None,
        sample_weight: Any = None,
        scale: str = "logit",
        floor: float = FLOOR,
    ) -> "FidelityDisplay":
        """Compare two tables of probabilities.

        Parameters
        ----------
        teacher, student : array-like of shape (n, K)
            Their probabilities of the same rows.
        classes : array-like of shape (K,) or None, default=None
            Names of the columns; None numbers them.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights, which the scores count; rows of weight zero are not drawn either.
        scale : {"logit", "probability"}, default="logit"
            What the axes show.
        floor : float, default=1e-3
            Probabilities are kept this far from 0 and 1 in logits.

        Returns
        -------
        display : FidelityDisplay

        Raises
        ------
        ParameterError
            If `scale` or `floor` cannot be.
        InputError
            If probabilities or weights cannot be used.
        """
        check_choice("scale", scale, ("logit", "probability"))
        floor = check_floor(floor)
        p = np.asarray(teacher, dtype=np.float64)
        classes = np.arange(p.shape[-1]) if classes is None else np.asarray(classes)
        p = check_probabilities(p, len(p), classes, "teacher")
        q = check_probabilities(student, len(p), classes, "student")
        weight = check_weights(sample_weight, len(p))
        if weight is not None:
            counts = weight > 0
            p, q, weight = p[counts], q[counts], weight[counts]
        columns = [1] if len(classes) == 2 else list(range(len(classes)))
        table = {
            "class": np.repeat(classes[columns], len(p)),
            "teacher": p[:, columns].ravel(order="F"),
            "student": q[:, columns].ravel(order="F"),
        }
        return cls(table, fidelity_scores(p, q, weight, floor), scale, floor)

    def _draw(self, ax: Any) -> None:
        names = np.asarray(self.table["class"])
        x, y = (self._shown(self.table[column]) for column in ("teacher", "student"))
        ends = [min(x.min(), y.min()), max(x.max(), y.max())]
        ax.plot(ends, ends, color="0.6", linewidth=1, linestyle=":")
        classes = list(dict.fromkeys(names.tolist()))
        for number, name in enumerate(classes):
            own = names == name
            # As an image inside the picture: there may be very many points.
            style = {"s": 8, "alpha": 0.4, "linewidths": 0, "rasterized": True}
            ax.scatter(x[own], y[own], color=f"C{number % 10}", label=f"class {name}", **style)
        what = "log-odds" if self.scale == "logit" else "probability"
        ax.set(xlabel=f"teacher's {what}", ylabel=f"student's {what}")
        ax.set_title(
            f"same class {self.scores['agreement']:.1%}, R² of log-odds "
            f"{self.scores['logit_r2']:.3f}",
            fontsize="medium",
        )
        beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if len(classes) > 3 else {}
        for handle in ax.legend(markerscale=2.0, **beside).legend_handles:
            handle.set_alpha(1.0)

    def _shown(self, p: Any) -> Any:
        if self.scale == "probability":
            return np.asarray(p)
        return logit(np.clip(p, self.floor, 1.0 - self.floor))
