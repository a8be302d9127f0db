"""The distillation report: what the student kept, what it costs, and what it beats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skdistill._data import check_data
from skdistill._html import definitions, flat, paragraph, size_text, time_text
from skdistill._validation import check_weights
from skdistill.costs import Latency, Parts, count_parts, latency, size_bytes
from skdistill.estimates import Estimate, margin, outcome, row_mean
from skdistill.exceptions import ParameterError
from skdistill.inspection._display import Display, data_frame, optional
from skdistill.inspection._methods import direct_student, plain_student
from skdistill.inspection._page import Report, floor_note, plain, score_line, section, value_table
from skdistill.inspection._scores import (
    CLASS_COLUMNS,
    FIDELITY_COLUMNS,
    SCORES,
    class_fidelity,
    class_scores,
    fidelity_scores,
    log_loss_rows,
    one_hot_labels,
    probabilities,
    scores,
)
from skdistill.inspection._teaching import fitted_teacher
from skdistill.inspection.fidelity import FidelityDisplay
from skdistill.inspection.reliability import ReliabilityDisplay
from skdistill.metrics import FLOOR

__all__ = ["DistillationReport", "ModelFigures"]

Floats = NDArray[np.float64]
TITLES = {
    "teacher": "fitted on all training rows",
    "direct": "the student, fitted to the labels",
    "plain": "the student, fitted to the calibrated out-of-fold probabilities as they are",
    "distilled": "the student, fitted to what the correction made of them",
}


@dataclass(frozen=True)
class ModelFigures:
    """One model on the held-out rows.

    Attributes
    ----------
    scores : mapping of str to float
        Accuracy, log-loss, AUC, Brier score, calibration error.
    fidelity : mapping of str to float
        To the teacher: ``kl`` (nats), ``agreement``, ``logit_r2``; empty without a teacher.
    by_class : mapping of object to mapping of str to float
        Scores of each class against the rest, and with a teacher the fidelity to it.
    size_bytes : int
        Of the plain model, as joblib dumps it.
    parts : Parts
        Its nodes or parameters.
    latency : tuple of Latency
        Of `predict_proba`, for each number of rows.
    """

    scores: Mapping[str, float]
    fidelity: Mapping[str, float]
    by_class: Mapping[Any, Mapping[str, float]]
    size_bytes: int
    parts: Parts
    latency: tuple[Latency, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures under flat names: scores, fidelity, size, parts, latency.

        Returns
        -------
        figures : dict
        """
        flat: dict[str, Any] = dict(self.scores) | dict(self.fidelity)
        flat |= {"size_bytes": self.size_bytes, "nodes": self.parts.nodes}
        flat["parameters"] = self.parts.parameters
        for timed in self.latency:
            flat[f"latency_{timed.n_rows}_median"] = timed.median
            flat[f"latency_{timed.n_rows}_p99"] = timed.p99
        return flat


@dataclass(frozen=True)
class DistillationReport(Report):
    """What came of a distillation, on rows that neither teacher nor student was fitted on.

    Attributes
    ----------
    models : mapping of str to ModelFigures
        "teacher", "direct", "plain", "distilled", as far as they were asked for.
    n_rows : int
        Held-out rows.
    gain : Estimate or None
        Log-loss of the distilled student less that of the direct one, and its standard error over
        the held-out rows; None without a direct student.
    fit : mapping of str to object
        What the fit did (`FitReport.to_dict`): strength and its ingredients, share of targets
        touched by a projection, and more.
    displays : mapping of str to Display
        The pictures of the page by caption.
    floor : float
        The log-loss counts smaller probabilities as this.

    See Also
    --------
    compare : The same question by repeated cross-validation.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.inspection import DistillationReport
    >>> X, X_test, y, y_test = train_test_split(
    ...     *load_breast_cancer(return_X_y=True), random_state=0
    ... )
    >>> model = DistilledClassifier(
    ...     RandomForestClassifier(20, random_state=0),
    ...     DecisionTreeClassifier(max_leaf_nodes=8, random_state=0),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> report = DistillationReport.from_estimator(
    ...     model, X_test, y_test, X_train=X, y_train=y, teacher="fit", latency_rows=(1,)
    ... )
    >>> list(report.models)
    ['teacher', 'direct', 'plain', 'distilled']
    >>> int(report.frame().loc["distilled", "nodes"])
    15
    """

    models: Mapping[str, ModelFigures]
    n_rows: int
    gain: Estimate | None
    fit: Mapping[str, Any]
    displays: Mapping[str, Display] = field(repr=False)
    floor: float

    title = "Distillation report"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        X_train: Any = None,
        y_train: Any = None,
        sample_weight: Any = None,
        train_params: Mapping[str, Any] | None = None,
        teacher: Any = None,
        latency_rows: Sequence[int] = (1, 10_000),
        budget: float = 0.5,
        floor: float = FLOOR,
    ) -> "DistillationReport":
        """Make the report of a fitted estimator.

        Parameters
        ----------
        estimator : DistilledClassifier or DistilledClassifierCV
            Fitted.
        X : array-like, sparse array or data frame of n rows
            Rows that it was not fitted on.
        y : array-like of shape (n,)
            Their labels.
        X_train : array-like, sparse array or data frame of m rows, or None, default=None
            The rows it was fitted on; with them the direct student and plain distillation are
            fitted (two student fits, no teacher fit).
        y_train : array-like of shape (m,) or None, default=None
            Their labels.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the held-out rows.
        train_params : mapping or None, default=None
            What else was given to `fit`: `sample_weight`, `groups`, `X_transfer`.
        teacher : classifier, "fit" or None, default=None
            A teacher fitted on the training rows, or "fit", which costs one fit of it on all of
            them; None leaves out its row and the fidelity to it.
        latency_rows : sequence of int, default=(1, 10_000)
            Numbers of rows to time predictions of; the held-out rows are repeated where they are
            fewer.
        budget : float, default=0.5
            Seconds to spend on timing each model for each number of rows.
        floor : float, default=1e-3
            The log-loss counts smaller probabilities as this, lest the exact zeros of a tree
            decide; likewise in the fidelity.

        Returns
        -------
        report : DistillationReport

        Raises
        ------
        ParameterError
            If only one of `X_train` and `y_train` is given, or what needs them without them, or the
            teacher cannot be used.
        InputError
            If labels or weights cannot be used, or `y_train` are not the labels of the fit.
        """
        check_is_fitted(estimator)
        params = dict(train_params or {})
        _check_training(X_train, y_train, params, teacher)
        models = _models(estimator, X_train, y_train, params, teacher)
        classes = estimator.classes_
        onehot = one_hot_labels(y, classes)
        weight = check_weights(sample_weight, len(onehot))
        said = {name: probabilities(model, X, classes) for name, model in models.items()}
        figures = {}
        for name, model in models.items():
            timed = [latency(model.predict_proba, X, n, budget) for n in latency_rows]
            bare = _bare(model)
            figures[name] = ModelFigures(
                scores=scores(onehot, said[name], weight, floor),
                fidelity=_fidelity(said, name, weight, floor),
                by_class=_by_class(onehot, said, name, classes, weight, floor),
                size_bytes=size_bytes(bare),
                parts=count_parts(bare),
                latency=tuple(timed),
            )
        gain = None
        if "direct" in said:
            rows = {name: log_loss_rows(onehot, said[name], floor) for name in said}
            gain = row_mean(rows["distilled"] - rows["direct"], weight)
        return cls(
            models=figures,
            n_rows=len(onehot),
            gain=gain,
            fit=estimator.report_.to_dict(),
            displays=_displays(y, said, classes, weight, floor),
            floor=floor,
        )

    @property
    def sentence(self) -> str:
        """Whether distilling helped, in words; "not shown to help" is a possible answer."""
        loss = self.models["distilled"].scores["log_loss"]
        start = f"The distilled student's log-loss is {loss:.4f} on {self.n_rows:,} held-out rows"
        if self.gain is None:
            return f"{start}; without training rows there is nothing to compare it with."
        half = margin(self.gain, self.n_rows)
        where = "below" if self.gain.mean < 0 else "above"
        low, high = self.gain.mean - half, self.gain.mean + half
        found = outcome(self.gain.mean, half).replace("not shown", "is not shown")
        return (
            f"{start}, {abs(self.gain.mean):.4f} {where} that of the student trained on the labels "
            f"(95% interval of the difference {low:+.4f} to {high:+.4f}): distilling {found}."
        )

    def frame(self, of: str = "models") -> Any:
        """Return one of the tables.

        Parameters
        ----------
        of : {"models", "by_class"}, default="models"
            A row per model, or per model and class.

        Returns
        -------
        frame : pandas.DataFrame
            Indexed by model, or by model and class.

        Raises
        ------
        ParameterError
            If there is no such table.
        """
        if of == "models":
            rows = {name: figures.to_dict() for name, figures in self.models.items()}
        elif of == "by_class":
            rows = {
                (name, label): row
                for name, figures in self.models.items()
                for label, row in figures.by_class.items()
            }
        else:
            raise ParameterError(f"of must be 'models' or 'by_class', got {of!r}.")
        columns = dict.fromkeys(column for row in rows.values() for column in row)
        values = {
            c: np.array([row.get(c, np.nan) for row in rows.values()], float) for c in columns
        }
        frame = data_frame(values)
        frame.index = list(rows)
        if of == "by_class":
            frame.index = optional("pandas").MultiIndex.from_tuples(rows, names=["model", "class"])
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain types for JSON; NaN becomes None.

        Returns
        -------
        facts : dict
        """
        gain = self.gain
        return plain(
            {
                "sentence": self.sentence,
                "n_rows": self.n_rows,
                "gain": None if gain is None else {"mean": gain.mean, "standard_error": gain.error},
                "models": {
                    name: figures.to_dict() | {"by_class": figures.by_class}
                    for name, figures in self.models.items()
                },
                "fit": self.fit,
            }
        )

    def _sections(self) -> list[str]:
        rows = {name: figures.to_dict() for name, figures in self.models.items()}
        distilled = self.models["distilled"]
        columns = [*CLASS_COLUMNS, *(FIDELITY_COLUMNS if distilled.fidelity else ())]
        parts = [
            paragraph(self.sentence),
            section(
                f"Scores of {self.n_rows:,} held-out rows",
                value_table("", rows, SCORES),
                floor_note(self.floor),
            ),
        ]
        if distilled.fidelity:
            parts.append(
                section("Fidelity to the teacher", value_table("", rows, FIDELITY_COLUMNS))
            )
        parts += [
            section("Costs", _cost_table(self.models)),
            section("The distilled student by class", value_table("", distilled.by_class, columns)),
            section("The fit", definitions(flat(self.fit))),
            section("The models", definitions((k, TITLES[k]) for k in self.models)),
        ]
        return parts

    def _text(self) -> list[str]:
        return [*(score_line(k, f.scores) for k, f in self.models.items()), self.sentence]

    def _pictures(self) -> Mapping[str, Display]:
        return self.displays


def _check_training(X: Any, y: Any, params: Mapping[str, Any], teacher: Any) -> None:
    if (X is None) != (y is None):
        raise ParameterError("X_train and y_train belong together: pass both, or neither.")
    wants = ["train_params"] if params else []
    wants += ["teacher='fit'"] if isinstance(teacher, str) else []
    if X is None and wants:
        raise ParameterError(f"{' and '.join(wants)} needs X_train and y_train: pass them.")
    unknown = sorted(set(params) - {"sample_weight", "groups", "X_transfer"})
    if unknown:
        raise ParameterError(
            f"train_params may hold sample_weight, groups and X_transfer, got {unknown}."
        )


def _models(
    estimator: Any, X: Any, y: Any, params: Mapping[str, Any], teacher: Any
) -> dict[str, Any]:
    """Return the fitted models by name; the teacher first, the distilled student last."""
    models: dict[str, Any] = {}
    weight = params.get("sample_weight")
    if teacher is not None:
        models["teacher"] = fitted_teacher(estimator, teacher, X, y, weight)
    if X is not None:
        data = check_data(X, y, weight, None)
        models["direct"] = direct_student(estimator).fit(data.X, data.y, data.weight)
        models["plain"] = plain_student(estimator, X, y, params)
    return models | {"distilled": estimator}


def _bare(model: Any) -> Any:
    """Return the plain fitted model inside: what would be shipped."""
    if hasattr(model, "student_"):
        return model.student_
    return model.fitted_.model if hasattr(model, "fitted_") else model


def _fidelity(
    said: Mapping[str, Floats], name: str, weight: Floats | None, floor: float
) -> dict[str, float]:
    if "teacher" not in said:
        return {}
    return fidelity_scores(said["teacher"], said[name], weight, floor)


def _by_class(
    y: Floats,
    said: Mapping[str, Floats],
    name: str,
    classes: NDArray[Any],
    weight: Floats | None,
    floor: float,
) -> dict[Any, dict[str, float]]:
    columns = class_scores(y, said[name], weight)
    if "teacher" in said:
        columns |= class_fidelity(said["teacher"], said[name], weight, floor)
    return {
        label: {column: values[k].item() for column, values in columns.items()}
        for k, label in enumerate(classes.tolist())
    }


def _displays(
    y: Any, said: Mapping[str, Floats], classes: NDArray[Any], weight: Floats | None, floor: float
) -> dict[str, Display]:
    shown = {name: p for name, p in said.items() if name != "plain"}
    displays: dict[str, Display] = {
        "Reliability on held-out rows": ReliabilityDisplay.from_predictions(
            y, shown, classes=classes, sample_weight=weight, n_bins=10
        )
    }
    if "teacher" in said:
        displays["Fidelity to the teacher"] = FidelityDisplay.from_predictions(
            said["teacher"], said["distilled"], classes=classes, floor=floor
        )
    return displays


def _cost_table(models: Mapping[str, ModelFigures]) -> str:
    rows = {}
    for name, figures in models.items():
        row = {"size": size_text(figures.size_bytes), "nodes": figures.parts.nodes}
        row["parameters"] = figures.parts.parameters
        for timed in figures.latency:
            of = "1 row" if timed.n_rows == 1 else f"{timed.n_rows:,} rows"
            row[f"{of}, median"], row[f"{of}, p99"] = map(time_text, (timed.median, timed.p99))
        rows[name] = row
    told = [
        column for column in rows["distilled"] if any(r[column] is not None for r in rows.values())
    ]
    return value_table("", rows, told)
