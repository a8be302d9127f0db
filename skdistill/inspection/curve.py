"""Direct against distilled, by the number of training rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import learning_curve

from skdistill._ground.estimates import margin, split_mean
from skdistill._ground.metrics import FLOOR
from skdistill._ground.validation import check_choice, check_integer
from skdistill.exceptions import InputError
from skdistill.inspection._checks import check_distiller
from skdistill.inspection._display import Display, colour
from skdistill.inspection._folded import (
    FitsCarried,
    carried,
    draw_folds,
    held_out_rows,
    read_rows,
    scorer,
)
from skdistill.inspection._methods import direct_student

__all__ = ["DistillationCurveDisplay"]

COLUMNS = ("method", "n_rows", "score", "standard_error", "low", "high")


class DistillationCurveDisplay(Display):
    """Learning curves of the student trained directly and of the student distilled.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: method, training rows, mean score over the folds, its standard
        error (widened for the rows that folds share) and the limits of its 95% interval.
    metric : str
        Name of the score.

    Attributes
    ----------
    ax_, figure_ : matplotlib axes and figure
        Where `plot` drew last.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : One estimator.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.inspection import DistillationCurveDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DistilledClassifier(
    ...     GaussianNB(), DecisionTreeClassifier(max_depth=3), cv=3, random_state=0
    ... )
    >>> curve = DistillationCurveDisplay.from_estimator(model, X, y, train_sizes=(0.2, 1.0), cv=3)
    >>> curve.frame()[["method", "n_rows"]]
          method  n_rows
    0     direct      75
    1     direct     379
    2  distilled      75
    3  distilled     379
    """

    def __init__(self, table: Mapping[str, Any], metric: str = "log_loss") -> None:
        super().__init__(table)
        self.metric = metric

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        train_sizes: Any = (0.1, 0.3, 0.6, 1.0),
        cv: Any = 5,
        groups: Any = None,
        sample_weight: Any = None,
        exposure: Any = None,
        metric: str | None = None,
        floor: float = FLOOR,
        n_jobs: int | None = None,
        random_state: int = 0,
        verbose: int = 0,
    ) -> "DistillationCurveDisplay":
        """Fit student and distiller on growing parts of the training rows.

        It costs a full fit of the estimator for each fold and size.

        Parameters
        ----------
        estimator : DistilledClassifier or DistilledRegressor
            Fitted or not; it is cloned.
        X : array-like, sparse array or data frame of n rows
            Features.
        y : array-like of shape (n,)
            Labels, or numbers.
        train_sizes : sequence of float or int, default=(0.1, 0.3, 0.6, 1.0)
            Shares (floats) or numbers (integers) of training rows; the smallest must hold enough
            rows of each class for the folds of the estimator.
        cv : int, splitter or iterable of (train, test), default=5
            Folds to score on.
        groups : array-like of shape (n,) or None, default=None
            Groups that folds must not split; passed on to the fits that take them.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights, of fits and of scores; rows of weight zero are left out.
        exposure : array-like of shape (n,) or None, default=None
            Of a regressor, what y are the totals of: rates are fitted and judged, with the exposure
            as a weight.
        metric : str or None, default=None
            What is drawn: of classes "accuracy", "log_loss", "auc", "brier" or "calibration_error",
            of numbers "r2", "rmse", "mae", "loss", "calibration_slope", or "coverage" of a
            quantile. None is the log-loss, or the loss of the student of numbers.
        floor : float, default=1e-3
            The log-loss counts smaller probabilities as this. Numbers have none.
        n_jobs : int or None, default=None
            Fits at once.
        random_state : int, default=0
            Shuffles integer folds, and the rows before the first of them are taken.
        verbose : int, default=0
            Of scikit-learn's `learning_curve`.

        Returns
        -------
        display : DistillationCurveDisplay

        Raises
        ------
        ParameterError
            If the estimator is no `DistilledClassifier` or `DistilledRegressor` (a search would
            choose on rows that are tested on), `metric` is unknown, `floor` is not in (0, 0.5) or
            has no effect, or `exposure` has no meaning.
        """
        side = check_distiller(estimator)
        judged_by = side.judged_by(estimator, floor)
        words = side.words(**judged_by)
        metric = words.headline if metric is None else metric
        check_choice("metric", metric, words.scores)
        data = read_rows(side, estimator, X, y, sample_weight, groups, exposure)
        folds = draw_folds(cv, data, side, random_state=random_state)
        lines: list[tuple[Any, ...]] = []
        methods = {"direct": direct_student(estimator), "distilled": clone(estimator)}
        rows, n_test = carried(data), held_out_rows(folds.splits, data)
        for name, method in methods.items():
            sizes, _, found = learning_curve(
                FitsCarried(method),
                data.X,
                rows,
                train_sizes=np.asarray(train_sizes),
                cv=list(folds.splits),
                scoring=scorer(side, metric, **judged_by),
                shuffle=True,
                random_state=random_state,
                n_jobs=n_jobs,
                error_score="raise",
                verbose=verbose,
            )
            both = zip(sizes.tolist(), found, strict=True)
            lines += [_line(name, size, scores, n_test) for size, scores in both]
        table = dict(zip(COLUMNS, map(list, zip(*lines, strict=True)), strict=True))
        return cls(table, words.headings.get(metric, metric))

    @classmethod
    def from_predictions(
        cls, n_rows: Any, scores: Mapping[str, Any], *, n_test: int = 0, metric: str = "log_loss"
    ) -> "DistillationCurveDisplay":
        """Take scores that are known.

        Parameters
        ----------
        n_rows : array-like of shape (m,)
            Numbers of training rows.
        scores : mapping of str to array-like of shape (m, J)
            By method, the scores of J splits.
        n_test : int, default=0
            Held-out rows of a split, to widen the errors by; 0 for splits that share no rows.
        metric : str, default="log_loss"
            Name of the score.

        Returns
        -------
        display : DistillationCurveDisplay

        Raises
        ------
        InputError
            If the shapes differ.
        ParameterError
            If `n_test` is negative.

        Examples
        --------
        >>> from skdistill.inspection import DistillationCurveDisplay
        >>> scores = {"direct": [[0.7, 0.5]], "distilled": [[0.5, 0.5]]}
        >>> DistillationCurveDisplay.from_predictions([100], scores).frame()["score"].tolist()
        [0.6, 0.5]
        """
        n_test = check_integer("n_test", n_test, low=0)
        lines: list[tuple[Any, ...]] = []
        for name, values in scores.items():
            table = np.asarray(values, dtype=np.float64)
            if table.ndim != 2 or len(table) != len(n_rows):
                raise InputError(
                    f"scores[{name!r}] must have shape ({len(n_rows)}, number of splits), got "
                    f"{table.shape}."
                )
            lines += [
                _line(name, int(n), row, n_test) for n, row in zip(n_rows, table, strict=True)
            ]
        return cls(dict(zip(COLUMNS, map(list, zip(*lines, strict=True)), strict=True)), metric)

    def _draw(self, ax: Any) -> None:
        methods = np.asarray(self.table["method"])
        for number, name in enumerate(dict.fromkeys(methods.tolist())):
            own = methods == name
            x, y, error = (
                np.asarray(self.table[column])[own]
                for column in ("n_rows", "score", "standard_error")
            )
            hue = colour(name, number)
            ax.errorbar(x, y, np.nan_to_num(error), marker="o", capsize=2, color=hue, label=name)
        ax.set(xlabel="training rows", ylabel=self.metric.replace("_", "-"), xscale="log")
        sizes = sorted(set(self.table["n_rows"]))
        ax.set_xticks(sizes, labels=[f"{size:,}" for size in sizes])
        ax.set_xticks([], minor=True)
        ax.legend()


def _line(name: str, n_rows: int, scores: Any, n_test: float) -> tuple[Any, ...]:
    mean = split_mean(scores, n_test / n_rows)
    half = margin(mean, len(scores))
    error = np.nan if mean.error is None else mean.error
    return name, n_rows, mean.mean, error, mean.mean - half, mean.mean + half
