"""Distillation and its rivals on the same folds, in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from skdistill._ground.estimates import Estimate, margin, moves_against, outcome, split_mean
from skdistill._ground.metrics import FLOOR
from skdistill._ground.validation import check_choice
from skdistill.inspection._checks import check_distiller
from skdistill.inspection._differences import Differences
from skdistill.inspection._display import data_frame
from skdistill.inspection._folded import (
    carried,
    draw_folds,
    held_out_share,
    read_rows,
    scorer,
)
from skdistill.inspection._methods import METHODS, check_names, run_methods
from skdistill.inspection._page import interval_note
from skdistill.inspection._words import CLASS_WORDS, Words

__all__ = ["Comparison", "ComparisonDisplay", "compare"]

OUTCOMES = {"helped": "better", "harmed": "worse", "not shown to help": "not shown to differ"}


class ComparisonDisplay(Differences):
    """Paired differences from a baseline with their 95% intervals.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: method, difference and the limits of its interval.
    metric : str
        What differs.
    baseline : str
        What it differs from.

    Attributes
    ----------
    ax_, figure_ : matplotlib axes and figure
        Where `plot` drew last.

    Examples
    --------
    >>> from skdistill.inspection import ComparisonDisplay
    >>> display = ComparisonDisplay.from_predictions(["in-sample"], [0.1], [-0.1], [0.3])
    >>> display.frame()
          method  difference  low  high
    0  in-sample         0.1 -0.1   0.3
    """

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, metric: str | None = None, **settings: Any
    ) -> "ComparisonDisplay":
        """Run `compare` and show one of its scores.

        Parameters
        ----------
        estimator : DistilledClassifier or DistilledRegressor
            Fitted or not; it is cloned.
        X : array-like, sparse array or data frame of n rows
            Features.
        y : array-like of shape (n,)
            Labels, or numbers.
        metric : str or None, default=None
            The score; None is the log-loss, or the loss of the student of numbers.
        **settings : dict
            Further parameters of `compare`.

        Returns
        -------
        display : ComparisonDisplay
        """
        return compare(estimator, X, y, **settings).display(metric)


@dataclass(frozen=True)
class Comparison:
    """Scores of several methods on the same folds; what `compare` returns.

    Attributes
    ----------
    scores : mapping of str to mapping of str to tuple of float
        By method and score, one value per fold.
    fit_seconds : mapping of str to tuple of float
        By method, the seconds of each fit; teachers found in the cache cost next to nothing.
    baseline : str
        The method that the others are compared with.
    test_over_train : float
        Held-out rows per training row, which the errors are widened by.
    floor : float or None
        The log-loss counts smaller probabilities as this; None of numbers.
    words : Words
        What the scores are called, and which way they are better.
    """

    scores: Mapping[str, Mapping[str, tuple[float, ...]]]
    fit_seconds: Mapping[str, tuple[float, ...]]
    baseline: str
    test_over_train: float
    floor: float | None
    words: Words = field(default=CLASS_WORDS, repr=False)

    @property
    def n_folds(self) -> int:
        """Number of folds, over all repeats."""
        return len(self.fit_seconds[self.baseline])

    def estimate(self, method: str, metric: str | None = None) -> Estimate:
        """Return the mean of a score over the folds, and its standard error.

        Parameters
        ----------
        method : str
            A key of `scores`.
        metric : str or None, default=None
            A score; None is the loss that is judged by.

        Returns
        -------
        estimate : Estimate

        Raises
        ------
        ParameterError
            If there is no such method or score.
        """
        check_choice("method", method, self.scores)
        return split_mean(self.scores[method][self._metric(metric)], self.test_over_train)

    def difference(self, method: str, metric: str | None = None) -> Estimate:
        """Return the mean over folds of a score less that of the baseline, and its error.

        Parameters
        ----------
        method : str
            A key of `scores`.
        metric : str or None, default=None
            A score; None is the loss that is judged by.

        Returns
        -------
        estimate : Estimate

        Raises
        ------
        ParameterError
            If there is no such method or score.
        """
        check_choice("method", method, self.scores)
        metric = self._metric(metric)
        pairs = zip(self.scores[method][metric], self.scores[self.baseline][metric], strict=True)
        return split_mean([ours - theirs for ours, theirs in pairs], self.test_over_train)

    def frame(self) -> Any:
        """Return a row per method and score.

        Returns
        -------
        frame : pandas.DataFrame
            Columns ``method, metric, mean, standard_error``; for the others than the baseline
            ``difference, difference_error, low, high`` (a 95% interval) and ``outcome``: "better",
            "worse", "not shown to differ", or nothing where neither more nor less is better;
            ``fit_seconds``, the mean.
        """
        names = self.words.scores
        lines = [self._line(method, metric) for method in self.scores for metric in names]
        return data_frame({name: [line[name] for line in lines] for name in lines[0]})

    def display(self, metric: str | None = None) -> ComparisonDisplay:
        """Return the differences of one score as a display.

        Parameters
        ----------
        metric : str or None, default=None
            A score; None is the loss that is judged by.

        Returns
        -------
        display : ComparisonDisplay

        Raises
        ------
        ParameterError
            If there is no such score.
        """
        metric = self._metric(metric)
        lines = [self._line(method, metric) for method in self.scores if method != self.baseline]
        columns = ([line[name] for line in lines] for name in ("difference", "low", "high"))
        methods = [line["method"] for line in lines]
        called = self.words.headings.get(metric, metric)
        return ComparisonDisplay.from_predictions(
            methods, *columns, metric=called, baseline=self.baseline
        )

    def plot(self, ax: Any = None, metric: str | None = None) -> ComparisonDisplay:
        """Draw the differences of one score from the baseline.

        Parameters
        ----------
        ax : matplotlib axes or None, default=None
            Where; None makes a new figure.
        metric : str or None, default=None
            A score; None is the loss that is judged by.

        Returns
        -------
        display : ComparisonDisplay
        """
        return self.display(metric).plot(ax)

    def __str__(self) -> str:
        return "\n".join(self._sentence(method) for method in self.scores)

    def _metric(self, metric: str | None) -> str:
        """Return the name of a score, checked."""
        if metric is None:
            return self.words.headline
        check_choice("metric", metric, self.words.scores)
        return metric

    def _line(self, method: str, metric: str) -> dict[str, Any]:
        mean = self.estimate(method, metric)
        line = {"method": method, "metric": metric, "mean": mean.mean}
        line["standard_error"] = _number(mean.error)
        gap, half = self.difference(method, metric), np.nan
        found = ""
        if method == self.baseline:
            gap = Estimate(np.nan)
        else:
            half = margin(gap, self.n_folds)
            sign = -self.words.better[metric]
            found = OUTCOMES[outcome(sign * gap.mean, half)] if sign else ""
        line |= {"difference": gap.mean, "difference_error": _number(gap.error)}
        line |= {"low": gap.mean - half, "high": gap.mean + half, "outcome": found}
        return line | {"fit_seconds": float(np.mean(self.fit_seconds[method]))}

    def _sentence(self, method: str) -> str:
        line = self._line(method, self.words.headline)
        start = f"{method}: {self.words.loss} {line['mean']:.4f}"
        if np.isfinite(line["standard_error"]):
            start += f" (standard error {line['standard_error']:.4f})"
        if method == self.baseline:
            return f"{start}, which the others are compared with."
        where = "below" if line["difference"] < 0 else "above"
        between = interval_note(line["low"], line["high"], "fold")
        gap = f"{abs(line['difference']):.4f} {where} {self.baseline}"
        return f"{start}, {gap} ({between}): {line['outcome']}{self._but(method, line)}."

    def _but(self, method: str, line: dict[str, Any]) -> str:
        """Return words on the scores that move the other way, and clearly."""
        parts = []
        for metric, name in self.words.told.items():
            gap = self.difference(method, metric)
            sign = -self.words.better[metric]
            if moves_against(line["difference"], sign * gap.mean, margin(gap, self.n_folds)):
                theirs = self.estimate(self.baseline, metric).mean
                parts.append(f"{name} is {theirs + gap.mean:.4f} against {theirs:.4f}")
        return f", but its {' and its '.join(parts)}" if parts else ""


def compare(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    others: Mapping[str, Any] | None = None,
    methods: Sequence[str] = tuple(METHODS),
    baseline: str = "direct",
    cv: Any = 5,
    n_repeats: int | None = None,
    groups: Any = None,
    sample_weight: Any = None,
    exposure: Any = None,
    floor: float = FLOOR,
    memory: Any = None,
    n_jobs: int | None = None,
    random_state: Any = None,
    verbose: int = 0,
) -> Comparison:
    """Compare a distillation with its rivals by repeated cross-validation on the same folds.

    ===========  ================================================================================
    teacher      the teacher itself
    direct       the student, trained on the labels
    in-sample    the student of a teacher that labelled the rows it was fitted on; uncorrected
    cross-fit    the student of teachers that had not seen the row; uncalibrated, uncorrected
    distilled    the estimator as it is
    ===========  ================================================================================

    Teachers are cached: "teacher" and "in-sample" share one fit per fold, "cross-fit" and
    "distilled" share those of the estimator's own folds. Differences from the baseline are paired
    by fold, and their intervals widened for the rows that folds share (Nadeau and Bengio, 2003).

    Parameters
    ----------
    estimator : DistilledClassifier or DistilledRegressor
        Fitted or not; it is cloned. Callbacks set on it report its fits.
    X : array-like, sparse array or data frame of n rows
        Features.
    y : array-like of shape (n,)
        Labels, or numbers of shape (n,) or (n, m).
    others : mapping of str to classifier or regressor, or None, default=None
        Further classifiers with `predict_proba`, or regressors, by name.
    methods : sequence of str, default=("teacher", "direct", "in-sample", "cross-fit", "distilled")
        Which of the above to run.
    baseline : str, default="direct"
        Name of the method to compare with.
    cv : int, splitter or iterable of (train, test), default=5
        Folds to score on; an integer draws stratified folds, of numbers shuffled ones.
    n_repeats : int or None, default=None
        How often integer folds are drawn; None is twice, and once for what is no integer.
    groups : array-like of shape (n,) or None, default=None
        Groups that folds must not split; passed on to the fits that take them.
    sample_weight : array-like of shape (n,) or None, default=None
        Row weights, of fits and of scores; rows of weight zero are left out.
    exposure : array-like of shape (n,) or None, default=None
        Of a regressor, what y are the totals of: rates are fitted and judged, with the exposure as
        a weight.
    floor : float, default=1e-3
        The log-loss counts smaller probabilities as this, lest the exact zeros of a tree decide.
        Numbers have none.
    memory : str, joblib.Memory or None, default=None
        Where teachers are cached; None is a temporary folder, removed at the end.
    n_jobs : int or None, default=None
        Folds fitted at once.
    random_state : int, RandomState or None, default=None
        Shuffles integer folds, and those of an estimator whose own is no integer.
    verbose : int, default=0
        Of scikit-learn's `cross_validate`, which reports each fold above 1.

    Returns
    -------
    comparison : Comparison

    Raises
    ------
    ParameterError
        If a method is unknown or a name taken, the baseline is none of them, `others` is no mapping
        of models that take the weights, `floor` is not in (0, 0.5) or has no effect, `exposure` has
        no meaning, the estimator is no
        `DistilledClassifier` or `DistilledRegressor`, or it lacks the teacher that a method needs.
    FoldError
        If the folds cannot be used.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.inspection import compare
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DistilledClassifier(
    ...     RandomForestClassifier(20, random_state=0), DecisionTreeClassifier(random_state=0)
    ... )
    >>> methods = ("direct", "distilled")
    >>> found = compare(model, X, y, methods=methods, cv=3, n_repeats=1, random_state=0)
    >>> found.estimate("distilled").mean < found.estimate("direct").mean
    True
    """
    side = check_distiller(estimator, "pass it in others=, beside a {single}")
    judged_by = side.judged_by(estimator, floor)
    weighted = sample_weight is not None or exposure is not None
    others = check_names(methods, others, baseline, side, weighted=weighted)
    data = read_rows(side, estimator, X, y, sample_weight, groups, exposure)
    words = side.words(**judged_by)
    rng = check_random_state(random_state)
    seed = int(rng.randint(np.iinfo(np.int32).max))
    if n_repeats is None:
        n_repeats = 2 if isinstance(cv, int | np.integer) else 1
    folds = draw_folds(cv, data, side, n_repeats=n_repeats, random_state=rng)
    if not isinstance(estimator.random_state, int | np.integer):
        estimator = clone(estimator).set_params(random_state=seed)
    rows = {"X": data.X, "rows": carried(data), "folds": folds}
    how = {"scoring": scorer(side, **judged_by), "n_jobs": n_jobs, "verbose": verbose}
    found = run_methods(estimator, methods, others, memory=memory, **rows, **how)
    return Comparison(
        scores={
            name: {s: tuple(r[f"test_{s}"].tolist()) for s in words.scores}
            for name, r in found.items()
        },
        fit_seconds={name: tuple(result["fit_time"].tolist()) for name, result in found.items()},
        baseline=baseline,
        test_over_train=held_out_share(folds.splits, data),
        floor=judged_by.get("floor"),
        words=words,
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value
