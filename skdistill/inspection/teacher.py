"""The teacher's passport: whether it is worth distilling, and what should be minded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from skdistill._ground.compat import take_rows
from skdistill._ground.html import definitions
from skdistill._ground.metrics import FLOOR, brier_scale
from skdistill._ground.plain import plain
from skdistill._ground.validation import as_labels, check_probabilities, check_weights
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._advice import advise
from skdistill.inspection._checks import check_floor
from skdistill.inspection._display import Display, data_frame
from skdistill.inspection._facts import TeacherFacts
from skdistill.inspection._page import (
    Report,
    counted,
    floor_note,
    score_line,
    section,
    sentences,
    value_table,
)
from skdistill.inspection._residual import check_residual_model, explain_residual
from skdistill.inspection._scores import (
    CLASS_COLUMNS,
    LOWER_IS_BETTER,
    SCORES,
    class_scores,
    fold_scores,
    one_hot_labels,
    probabilities,
    scores,
)
from skdistill.inspection._teaching import OutOfFoldRows, fitted_teacher, out_of_fold
from skdistill.inspection.duplicates import find_duplicates
from skdistill.inspection.reliability import ReliabilityDisplay

__all__ = ["TeacherReport"]

Floats = NDArray[np.float64]
FOLD_COLUMNS = (*SCORES, "brier_error")
GAPS = ("accuracy", "log_loss", "auc", "brier")


@dataclass(frozen=True)
class TeacherReport(TeacherFacts, Report):
    """What is known of a teacher from its probabilities of rows that it had not seen.

    Attributes
    ----------
    classes : array of shape (K,)
        Sorted classes.
    given : bool
        Whether the probabilities came from elsewhere (`teacher_proba`, `from_predictions`, or a
        frozen teacher): that they are out of fold is then what somebody says, and the figures
        that are called "out of fold" otherwise are called "given".
    n_rows : int
        Rows of positive weight with probabilities.
    n_unlabelled : int
        The other rows: of weight zero, or in no test fold.
    scores : mapping of str to mapping of str to float
        Accuracy, log-loss, AUC, Brier score and calibration error: "out of fold"; "out of fold,
        calibrated", by maps fitted on the other folds; "in-sample" where it was asked for; "class
        frequencies", which ignore x. Where there is no map that has not seen the row (folds that
        are not known, "stacked") the calibrated row is "calibrated on these rows", which looks
        better than it is: nothing else is made of it, and what follows is of the raw probabilities.
    by_class : mapping of object to mapping of str to float
        For each class against the rest, of the calibrated probabilities: rows, frequency, mean
        probability, recall, AUC, Brier score.
    by_fold : mapping of int to mapping of str to float
        The scores of each fold, of the calibrated probabilities, and the standard error of its
        Brier score; empty where folds are not known.
    memorisation : mapping of str to float, or None
        Log-loss and Brier score out of fold less in-sample, accuracy and AUC in-sample less out of
        fold: how much better the teacher looks on rows it has seen. None where not asked for.
    residual : ResidualFit or None
        What the features explain of the calibrated teacher's residual, out of fold.
    label_r2 : float or None
        Share of the variance of the labels themselves that the same regression explains; measured
        for probabilities that were given, where the regression is the "auto" one. Given
        probabilities that rank every label first, on 100 rows a class or more of which the features
        explain less than half, are taken to be in-sample.
    duplicates : Duplicates or None
        Identical rows; None where there are no features.
    lead : float or None
        Brier score of the direct student less that of the teacher as it is taught, both out of
        fold, where ``strength="auto"`` has measured it.
    reliability : ReliabilityDisplay
        Reliability curves.
    floor : float
        The log-loss counts smaller probabilities as this.

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
        teacher: Any = None,
        residual_model: Any = "auto",
        floor: float = FLOOR,
    ) -> "TeacherReport":
        """Make the passport of a fitted estimator's teacher.

        Parameters
        ----------
        estimator : DistilledClassifier or DistilledClassifierCV
            Fitted.
        X : array-like, sparse array or data frame of n rows
            The rows it was fitted on.
        y : array-like of shape (n,)
            Their labels.
        sample_weight : array-like of shape (n,) or None, default=None
            Their weights.
        teacher : classifier, "fit" or None, default=None
            For the memorisation gap: a teacher that was fitted on all these rows, or "fit", which
            costs one fit of the teacher on all of them. None leaves the gap out.
        residual_model : regressor, "auto" or None, default="auto"
            Regresses the residual on the features, fitted once per fold and class; "auto" is a
            small `HistGradientBoostingRegressor`, None leaves the residual out.
        floor : float, default=1e-3
            The log-loss counts smaller probabilities as this.

        Returns
        -------
        report : TeacherReport

        Raises
        ------
        InputError
            If the rows are not those of the fit.
        ParameterError
            If the estimator is no distiller, `teacher` or `residual_model` cannot be used, or
            `floor` is not in (0, 0.5).
        """
        floor = check_floor(floor)
        check_residual_model(residual_model)
        taught = out_of_fold(estimator, X, y, sample_weight)
        in_sample = None
        if teacher is not None:
            fitted = fitted_teacher(estimator, teacher, X, y, sample_weight)
            in_sample = probabilities(fitted, taught.X, estimator.classes_)
        shrinkage = estimator.report_.shrinkage
        scale = brier_scale(len(estimator.classes_))
        return _report(
            taught,
            estimator.classes_,
            in_sample=in_sample,
            residual_model=residual_model,
            lead=None if shrinkage is None else scale * shrinkage["brier"]["excess"],
            floor=floor,
        )

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
        X: Any = None,
        sample_weight: Any = None,
        residual_model: Any = "auto",
        floor: float = FLOOR,
    ) -> "TeacherReport":
        """Make the passport of probabilities that are said to be out of fold.

        Parameters
        ----------
        y : array-like of shape (n,)
            Labels.
        p : array-like of shape (n, K)
            Probabilities of each row from a teacher that had not seen its label.
        classes : array-like of shape (K,) or None, default=None
            Classes in the order of the columns; None: the sorted labels.
        calibrated : array-like of shape (n, K) or None, default=None
            The same, calibrated by maps that had not seen its label either, say one fitted on the
            other folds; None where they are not to be calibrated.
        in_sample : array-like of shape (n, K) or None, default=None
            Probabilities from a teacher that was fitted on all rows, for the memorisation gap.
        folds : array-like of shape (n,) or None, default=None
            Number of the fold of each row.
        X : array-like, sparse array or data frame of n rows, or None, default=None
            Features, for duplicates and the residual.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.
        residual_model : regressor, "auto" or None, default="auto"
            As in `from_estimator`.
        floor : float, default=1e-3
            The log-loss counts smaller probabilities as this.

        Returns
        -------
        report : TeacherReport

        Raises
        ------
        InputError
            If labels, probabilities, folds or weights cannot be used.
        ParameterError
            If `residual_model` cannot be used, or `floor` is not in (0, 0.5).
        """
        floor = check_floor(floor)
        check_residual_model(residual_model)
        labels = as_labels(y, warn=False)
        n = len(labels)
        check_consistent_length(labels, X)
        classes = np.unique(labels) if classes is None else np.asarray(classes)
        raw = check_probabilities(p, n, classes, "p").astype(np.float64)
        if calibrated is None:
            calibrated = raw
        fold = np.full(n, -1) if folds is None else np.asarray(folds)
        if fold.shape != (n,) or fold.dtype.kind not in "iu":
            raise InputError(
                f"folds must have shape ({n},), the number of each row's fold, got shape "
                f"{fold.shape} and dtype {fold.dtype}."
            )
        if in_sample is not None:
            in_sample = check_probabilities(in_sample, n, classes, "in_sample")
        weight = check_weights(sample_weight, n)
        kept = np.arange(n) if weight is None else np.flatnonzero(weight)
        taught = OutOfFoldRows(
            X=X if X is None or len(kept) == n else take_rows(X, kept),
            labels=labels[kept],
            raw=raw[kept],
            calibrated=check_probabilities(calibrated, n, classes, "calibrated")[kept],
            on_these_rows=None,
            weight=None if weight is None else weight[kept],
            fold=fold[kept],
            n_given=n,
            claimed=True,
        )
        in_sample = None if in_sample is None else in_sample[kept]
        return _report(
            taught, classes, in_sample=in_sample, residual_model=residual_model, floor=floor
        )

    @property
    def recommendations(self) -> tuple[str, ...]:
        """What to do about it, in sentences with their figures."""
        return advise(self)

    def frame(self, of: str = "scores") -> Any:
        """Return one of the tables.

        Parameters
        ----------
        of : {"scores", "by_class", "by_fold"}, default="scores"
            Which.

        Returns
        -------
        frame : pandas.DataFrame
            A row per kind of probabilities, per class, or per fold; its name is the index.

        Raises
        ------
        ParameterError
            If there is no such table.
        """
        if of not in ("scores", "by_class", "by_fold"):
            raise ParameterError(f"of must be 'scores', 'by_class' or 'by_fold', got {of!r}.")
        rows = getattr(self, of)
        columns = {"by_class": CLASS_COLUMNS, "by_fold": FOLD_COLUMNS}.get(of, SCORES)
        frame = data_frame({c: [row[c] for row in rows.values()] for c in columns})
        frame.index = list(rows)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain types for JSON; NaN becomes None.

        Returns
        -------
        facts : dict
        """
        names = ("classes", "given", "n_rows", "n_unlabelled", "scores", "by_class", "by_fold")
        names += ("memorisation", "label_r2", "lead")
        facts = {name: getattr(self, name) for name in names}
        if self.residual is not None:
            bound = self.residual.squared_error
            facts["residual"] = {
                "r2": self.residual.r2,
                "squared_error": bound.mean,
                "standard_error": bound.error,
            }
        if self.duplicates is not None:
            facts["duplicates"] = vars(self.duplicates)
        facts["recommendations"] = self.recommendations
        return plain(facts)

    def _sections(self) -> list[str]:
        facts = {}
        if self.residual is not None:
            bound = self.residual.squared_error
            facts["residual explained by x, out of fold"] = f"R² {self.residual.r2:.4f}"
            facts["squared error, at least"] = f"{max(bound.mean, 0.0):.4f}"
        if self.label_r2 is not None:
            facts["labels explained by x"] = f"R² {self.label_r2:.4f}, on rows held out"
        if self.lead is not None:
            how = "as given" if self.given else "out of fold"
            facts["lead over the direct student"] = f"{self.lead:+.4f} in Brier score, {how}"
        if self.duplicates is not None:
            facts["rows with an identical row"] = f"{self.duplicates.share:.2%}"
            if np.isfinite(self.duplicates.in_other_fold):
                facts["… in another fold"] = f"{self.duplicates.in_other_fold:.2%}"
            facts["… of another label"] = f"{self.duplicates.conflicting:.2%}"
        facts["rows without probabilities"] = f"{self.n_unlabelled:,}"
        parts = [
            section("What to do", sentences(self.recommendations)),
            section(
                f"Scores of {counted(self.n_rows, 'row')}",
                value_table("", self.scores, SCORES),
                floor_note(self.floor),
            ),
            section("By class", value_table("class", self.by_class, CLASS_COLUMNS)),
            section("Further figures", definitions(facts.items())),
        ]
        if self.memorisation is not None:
            gap = {"better on rows it has seen by": self.memorisation}
            parts.insert(2, section("Memorisation gap", value_table("", gap, GAPS)))
        if self.by_fold:
            parts.insert(-1, section("By fold", value_table("fold", self.by_fold, FOLD_COLUMNS)))
        return parts

    def _text(self) -> list[str]:
        return [*(score_line(k, v) for k, v in self.scores.items()), *self.recommendations]

    def _pictures(self) -> Mapping[str, Display]:
        return {f"Reliability, {'as given' if self.given else 'out of fold'}": self.reliability}


def _report(
    taught: OutOfFoldRows,
    classes: NDArray[Any],
    *,
    in_sample: Floats | None,
    residual_model: Any,
    lead: float | None = None,
    floor: float = FLOOR,
) -> TeacherReport:
    """Compute every part of the report."""
    y, weight, p = one_hot_labels(taught.labels, classes), taught.weight, taught.calibrated
    share = np.average(y, axis=0, weights=weight)
    kind = "given" if taught.claimed else "out of fold"
    said = {kind: taught.raw}
    if not np.array_equal(p, taught.raw):
        said[f"{kind}, calibrated"] = p
    if taught.on_these_rows is not None and not np.array_equal(taught.on_these_rows, taught.raw):
        said["calibrated on these rows"] = taught.on_these_rows
    if in_sample is not None:
        said["in-sample"] = in_sample
    said["class frequencies"] = np.broadcast_to(share, y.shape)
    found = {name: scores(y, values, weight, floor) for name, values in said.items()}
    by_class = class_scores(y, p, weight)
    duplicates = residual = label_r2 = None
    if taught.X is not None:
        duplicates = find_duplicates(taught.X, taught.labels, taught.fold)
        if residual_model is not None:
            residual = explain_residual(taught.X, y - p, residual_model, taught.fold, weight)
        if taught.claimed and isinstance(residual_model, str):
            label_r2 = explain_residual(taught.X, y - share, "auto", taught.fold, weight).r2
    names = {kind: "teacher", f"{kind}, calibrated": "teacher, calibrated"}
    curves = {label: said[name] for name, label in names.items() if name in said}
    return TeacherReport(
        classes=classes,
        given=taught.claimed,
        n_rows=len(y),
        n_unlabelled=taught.n_given - len(y),
        scores=found,
        by_class={
            label: {name: column[k].item() for name, column in by_class.items()}
            for k, label in enumerate(classes.tolist())
        },
        by_fold=fold_scores(y, p, weight, taught.fold, floor),
        memorisation=None if in_sample is None else _gap(found[kind], found["in-sample"]),
        residual=residual,
        label_r2=label_r2,
        duplicates=duplicates,
        lead=lead,
        reliability=ReliabilityDisplay.from_predictions(
            taught.labels, curves, classes=classes, sample_weight=weight
        ),
        floor=floor,
    )


def _gap(unseen: Mapping[str, float], seen: Mapping[str, float]) -> dict[str, float]:
    """Return by how much each score is better in-sample than out of fold."""
    return {
        name: (unseen[name] - seen[name]) * (1.0 if name in LOWER_IS_BETTER else -1.0)
        for name in GAPS
    }
