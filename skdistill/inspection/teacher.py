"""The teacher's passport: whether it is worth distilling, and what should be minded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from skdistill._ground.compat import take_rows
from skdistill._ground.html import definitions, paragraph
from skdistill._ground.metrics import FLOOR
from skdistill._ground.plain import plain
from skdistill._ground.validation import as_labels, check_choice, check_weights
from skdistill.exceptions import InputError
from skdistill.inspection._advice import advise
from skdistill.inspection._answers import (
    answers_of_teacher,
    as_html,
    as_lines,
    slice_frame,
    slice_lines,
    slice_section,
)
from skdistill.inspection._display import Display, data_frame
from skdistill.inspection._facts import TeacherFacts
from skdistill.inspection._page import (
    Report,
    counted,
    score_line,
    section,
    value_table,
)
from skdistill.inspection._residual import check_residual_model, explain_residual
from skdistill.inspection._tasks import measure_of_arrays
from skdistill.inspection._teaching import OutOfFoldRows, fitted_teacher, out_of_fold
from skdistill.inspection._words import Words
from skdistill.inspection.duplicates import find_duplicates
from skdistill.inspection.reliability import reliability_of
from skdistill.inspection.slices import find_slices

__all__ = ["TeacherReport"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TeacherReport(TeacherFacts, Report):
    """What is known of a teacher from what it says of rows that it had not seen.

    Attributes
    ----------
    classes : array of shape (K,)
        Sorted classes; none of numbers.
    given : bool
        Whether what it says came from elsewhere (`teacher_proba`, `teacher_pred`,
        `from_predictions`, or a frozen teacher): that it is out of fold is then what somebody says,
        and the figures that are called "out of fold" otherwise are called "given".
    n_rows : int
        Rows of positive weight of which it says something.
    n_unlabelled : int
        The other rows: of weight zero, or in no test fold.
    scores : mapping of str to mapping of str to float
        Accuracy, log-loss, AUC, Brier score and calibration error; of numbers R2, RMSE, MAE, the
        student's loss, slope and intercept of calibration, and of a quantile the coverage: "out of
        fold"; "out of fold, calibrated", by maps fitted on the other folds; "in-sample" where it
        was asked for; "class frequencies" (of numbers "mean" or "quantile"), which ignore x. Where
        there is no map that has not seen the row (folds that are not known, "stacked") the
        calibrated row is "calibrated on these rows", which looks better than it is: nothing else is
        made of it, and what follows is of what was said raw.
    by_class : mapping of object to mapping of str to float
        For each class against the rest, of the calibrated probabilities: rows, frequency, mean
        probability, recall, AUC, Brier score. Of numbers for each output ("y", where there is one):
        rows, means, R2, RMSE, and the slope and intercept that calibration leaves.
    by_fold : mapping of int to mapping of str to float
        The scores of each fold, calibrated, and the standard error of its Brier score, or loss;
        empty where folds are not known.
    memorisation : mapping of str to float, or None
        Log-loss and Brier score out of fold less in-sample, accuracy and AUC in-sample less out of
        fold, and so for numbers: how much better the teacher looks on rows it has seen. None where
        not asked for.
    residual : ResidualFit or None
        What the features explain of the calibrated teacher's residual, out of fold; of a quantile
        the residual is which rows are above it, less their share.
    label_r2 : float or None
        Share of the variance of the labels themselves that the same regression explains; measured
        for what was given, where the regression is the "auto" one. What ranks every label first (or
        is every number), on 100 rows a class (or 100 rows) or more of which the features explain
        less than half, is taken to be in-sample.
    duplicates : Duplicates or None
        Identical rows; None where there are no features.
    lead : float or None
        Brier score (of numbers: loss) of the direct student less that of the teacher as it is
        taught, both out of fold, where ``strength="auto"`` has measured it.
    reliability : ReliabilityDisplay
        Reliability curves.
    slices : Slices or None
        The rows on which it loses most, as it is taught, found on one half of the rows and judged
        on the other; None of fewer than 100 rows, or where there are no features.
    floor : float or None
        The log-loss counts smaller probabilities as this; None of numbers.
    words : Words
        What the scores are called.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.inspection import TeacherReport
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> student = DecisionTreeClassifier(max_leaf_nodes=8, random_state=0)
    >>> model = DistilledClassifier(GaussianNB(), student, random_state=0).fit(X, y)
    >>> report = TeacherReport.from_estimator(model, X, y, teacher="fit")
    >>> report.recommendations[-1]
    'Keep the calibration: it lowers the log-loss from 0.31... to 0.18...'
    """

    title = "Teacher passport"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        exposure: Any = None,
        teacher: Any = None,
        residual_model: Any = "auto",
        floor: float = FLOOR,
    ) -> "TeacherReport":
        """Make the passport of a fitted estimator's teacher.

        Parameters
        ----------
        estimator : DistilledClassifier, DistilledRegressor, or a search for either
            Fitted.
        X : array-like, sparse array or data frame of n rows
            The rows it was fitted on.
        y : array-like of shape (n,)
            Their labels, or numbers of shape (n,) or (n, m).
        sample_weight : array-like of shape (n,) or None, default=None
            Their weights.
        exposure : array-like of shape (n,) or None, default=None
            Of a regressor, their exposure: as it was given to `fit`, with y as totals.
        teacher : classifier or regressor, "fit" or None, default=None
            For the memorisation gap: a teacher that was fitted on all these rows, or "fit", which
            costs one fit of the teacher on all of them. None leaves the gap out.
        residual_model : regressor, "auto" or None, default="auto"
            Regresses the residual on the features, fitted once per fold and column; "auto" is a
            small `HistGradientBoostingRegressor`, None leaves the residual out.
        floor : float, default=1e-3
            The log-loss counts smaller probabilities as this. Numbers have none.

        Returns
        -------
        report : TeacherReport

        Raises
        ------
        InputError
            If the rows are not those of the fit.
        ParameterError
            If the estimator is no distiller, `teacher` or `residual_model` cannot be used, or
            `floor` is not in (0, 0.5) or has no effect.
        """
        check_residual_model(residual_model)
        taught = out_of_fold(estimator, X, y, sample_weight, exposure, floor)
        in_sample = None
        if teacher is not None:
            fitted = fitted_teacher(estimator, teacher, X, y, sample_weight, exposure)
            in_sample = taught.measure.ask(fitted, taught.X)
        shrinkage = estimator.report_.shrinkage
        lead = None if shrinkage is None else taught.measure.lead(shrinkage)
        return _report(taught, in_sample=in_sample, residual_model=residual_model, lead=lead)

    @classmethod
    def from_predictions(
        cls,
        y: Any,
        p: Any,
        *,
        classes: Any = None,
        calibrated: Any = None,
        in_sample: Any = None,
        folds: Any = None,
        level: float | None = None,
        X: Any = None,
        sample_weight: Any = None,
        residual_model: Any = "auto",
        floor: float = FLOOR,
    ) -> "TeacherReport":
        """Make the passport of probabilities, or numbers, that are said to be out of fold.

        Parameters
        ----------
        y : array-like of shape (n,)
            Labels, or numbers.
        p : array-like of shape (n, K) or (n,)
            Probabilities of each row from a teacher that had not seen its label; or predicted
            numbers, one output at a time.
        classes : array-like of shape (K,) or None, default=None
            Classes in the order of the columns; None: the sorted labels. Not for numbers.
        calibrated : array-like of the shape of p, or None, default=None
            The same, calibrated by maps that had not seen its label either, say one fitted on the
            other folds; None where they are not to be calibrated.
        in_sample : array-like of the shape of p, or None, default=None
            The same from a teacher that was fitted on all rows, for the memorisation gap.
        folds : array-like of shape (n,) or None, default=None
            Number of the fold of each row.
        level : float or None, default=None
            Which quantile the predictions are; None for means and for probabilities.
        X : array-like, sparse array or data frame of n rows, or None, default=None
            Features, for duplicates and the residual.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.
        residual_model : regressor, "auto" or None, default="auto"
            As in `from_estimator`.
        floor : float, default=1e-3
            The log-loss counts smaller probabilities as this. Numbers have none.

        Returns
        -------
        report : TeacherReport

        Raises
        ------
        InputError
            If labels, probabilities, folds or weights cannot be used.
        ParameterError
            If `residual_model` cannot be used, `floor` is not in (0, 0.5), or a parameter has no
            effect.
        """
        check_residual_model(residual_model)
        if np.ndim(p) != 1 and classes is None:
            classes = np.unique(as_labels(y, warn=False))
        measure = measure_of_arrays(p, classes, floor, level)
        columns = measure.observe(y)
        n = len(columns)
        check_consistent_length(columns, X)
        raw = measure.check(p, n, "p")
        if calibrated is None:
            calibrated = raw
        fold = np.full(n, -1) if folds is None else np.asarray(folds)
        if fold.shape != (n,) or fold.dtype.kind not in "iu":
            raise InputError(
                f"folds must have shape ({n},), the number of each row's fold, got shape "
                f"{fold.shape} and dtype {fold.dtype}."
            )
        if in_sample is not None:
            in_sample = measure.check(in_sample, n, "in_sample")
        weight = check_weights(sample_weight, n)
        kept = np.arange(n) if weight is None else np.flatnonzero(weight)
        taught = OutOfFoldRows(
            X=X if X is None or len(kept) == n else take_rows(X, kept),
            measure=measure,
            columns=columns[kept],
            raw=raw[kept],
            calibrated=measure.check(calibrated, n, "calibrated")[kept],
            on_these_rows=None,
            weight=None if weight is None else weight[kept],
            fold=fold[kept],
            n_given=n,
            claimed=True,
        )
        in_sample = None if in_sample is None else in_sample[kept]
        return _report(taught, in_sample=in_sample, residual_model=residual_model)

    @property
    def answers(self) -> dict[str, str]:
        """What one wants to know first, question by question, in words with their figures."""
        return answers_of_teacher(self)

    @property
    def recommendations(self) -> tuple[str, ...]:
        """What to do about it, in sentences with their figures."""
        return advise(self)

    def frame(self, of: str = "scores") -> Any:
        """Return one of the tables.

        Parameters
        ----------
        of : {"scores", "by_class", "by_output", "by_fold", "slices"}, default="scores"
            Which; of classes there is "by_class", of numbers "by_output".

        Returns
        -------
        frame : pandas.DataFrame
            A row per kind of what was said, per class or output, per fold, or per slice of rows
            that lose most; its name is the index.

        Raises
        ------
        ParameterError
            If there is no such table.
        """
        words = self.words
        tables = {
            "scores": (self.scores, words.scores),
            f"by_{words.part}": (self.by_class, words.part_columns),
            "by_fold": (self.by_fold, words.fold_columns),
        }
        check_choice("of", of, (*tables, "slices"))
        if of == "slices":
            return slice_frame(self.slices)
        rows, columns = tables[of]
        frame = data_frame({c: [row[c] for row in rows.values()] for c in columns})
        frame.index = list(rows)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain types for JSON; NaN becomes None.

        Returns
        -------
        facts : dict
        """
        names = ("classes", "given", "n_rows", "n_unlabelled", "scores", "by_fold")
        names += ("memorisation", "label_r2", "lead")
        facts = {name: getattr(self, name) for name in names}
        facts[f"by_{self.words.part}"] = self.by_class
        if self.residual is not None:
            bound = self.residual.squared_error
            facts["residual"] = {
                "r2": self.residual.r2,
                "squared_error": bound.mean,
                "standard_error": bound.error,
            }
        if self.duplicates is not None:
            facts["duplicates"] = vars(self.duplicates)
        facts |= {"answers": self.answers, "recommendations": self.recommendations}
        facts["slices"] = slice_lines(self.slices)
        return plain(facts)

    def _sections(self) -> list[str]:
        facts, words = {}, self.words
        if self.residual is not None:
            bound = self.residual.squared_error
            facts["residual explained by x, out of fold"] = f"R² {self.residual.r2:.4f}"
            facts[f"{words.error}, at least"] = f"{max(bound.mean, 0.0):.4f}"
        if self.label_r2 is not None:
            facts["labels explained by x"] = f"R² {self.label_r2:.4f}, on rows held out"
        if self.lead is not None:
            how = "as given" if self.given else "out of fold"
            facts["lead over the direct student"] = f"{self.lead:+.4f} in {words.lead}, {how}"
        if self.duplicates is not None:
            facts["rows with an identical row"] = f"{self.duplicates.share:.2%}"
            if np.isfinite(self.duplicates.in_other_fold):
                facts["… in another fold"] = f"{self.duplicates.in_other_fold:.2%}"
            facts["… of another label"] = f"{self.duplicates.conflicting:.2%}"
        facts[f"rows without {words.said}"] = f"{self.n_unlabelled:,}"
        parts = [
            as_html(self.answers, self.recommendations),
            section(
                f"Scores of {counted(self.n_rows, 'row')}",
                value_table("", self.scores, words.scores, words.headings),
                paragraph(words.note),
            ),
            section(f"By {words.part}", value_table(words.part, self.by_class, words.part_columns)),
            section("Further figures", definitions(facts.items())),
        ]
        if self.memorisation is not None:
            gap = {"better on rows it has seen by": self.memorisation}
            parts.insert(
                2, section("Memorisation gap", value_table("", gap, words.gaps, words.headings))
            )
        if self.slices is not None and self.slices.slices:
            parts.insert(1, slice_section(self.slices, words))
        if self.by_fold:
            table = value_table("fold", self.by_fold, words.fold_columns, words.headings)
            parts.insert(-1, section("By fold", table))
        return parts

    def _text(self) -> list[str]:
        lines = (score_line(k, v, self.words.headings) for k, v in self.scores.items())
        return [*lines, *as_lines(self.answers), *self.recommendations]

    def _pictures(self) -> Mapping[str, Display]:
        return {f"Reliability, {'as given' if self.given else 'out of fold'}": self.reliability}


def _report(
    taught: OutOfFoldRows,
    *,
    in_sample: Floats | None,
    residual_model: Any,
    lead: float | None = None,
) -> TeacherReport:
    """Compute every part of the report."""
    judge, words = taught.measure, taught.measure.words
    y, weight, p = taught.columns, taught.weight, taught.calibrated
    kind = "given" if taught.claimed else "out of fold"
    said = {kind: taught.raw}
    if not np.array_equal(p, taught.raw):
        said[f"{kind}, calibrated"] = p
    if taught.on_these_rows is not None and not np.array_equal(taught.on_these_rows, taught.raw):
        said["calibrated on these rows"] = taught.on_these_rows
    if in_sample is not None:
        said["in-sample"] = in_sample
    said[words.constant] = np.broadcast_to(judge.constant(y, weight), y.shape)
    found = {name: judge.scores(y, values, weight) for name, values in said.items()}
    duplicates = residual = label_r2 = slices = None
    if taught.X is not None:
        losses = {"teacher": judge.row_losses(y, p, weight)}
        slices = find_slices(taught.X, losses, "teacher", weight=weight)
        duplicates = find_duplicates(taught.X, taught.labels, taught.fold)
        how = {"fold": taught.fold, "weight": weight, "mirrored": judge.mirrored}
        if residual_model is not None:
            residual = explain_residual(taught.X, judge.residual(y, p), residual_model, **how)
        if taught.claimed and isinstance(residual_model, str):
            apart = y - np.average(y, axis=0, weights=weight)
            label_r2 = explain_residual(taught.X, apart, "auto", **how).r2
    names = {kind: "teacher", f"{kind}, calibrated": "teacher, calibrated"}
    curves = {label: said[name] for name, label in names.items() if name in said}
    return TeacherReport(
        classes=judge.outcome.classes,
        given=taught.claimed,
        n_rows=len(y),
        n_unlabelled=taught.n_given - len(y),
        scores=found,
        by_class=judge.by_part(judge.part_scores(y, p, weight)),
        by_fold=judge.fold_scores(y, p, weight, taught.fold),
        memorisation=None if in_sample is None else _gap(words, found[kind], found["in-sample"]),
        residual=residual,
        label_r2=label_r2,
        duplicates=duplicates,
        lead=lead,
        reliability=reliability_of(judge, y, curves, weight),
        slices=slices,
        floor=getattr(judge, "floor", None),
        words=words,
    )


def _gap(words: Words, unseen: Mapping[str, float], seen: Mapping[str, float]) -> dict[str, float]:
    """Return by how much each score is better in-sample than out of fold."""
    return {name: (seen[name] - unseen[name]) * words.better[name] for name in words.gaps}
