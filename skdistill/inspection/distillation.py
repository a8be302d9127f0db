"""The distillation report: what the student kept, what it costs, and what it beats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data, check_data
from skdistill._ground.estimates import Estimate, margin, moves_against, outcome, row_mean
from skdistill._ground.html import definitions, flat, paragraph
from skdistill._ground.metrics import FLOOR, row_log_loss
from skdistill._ground.plain import plain
from skdistill._ground.validation import check_number
from skdistill.choosing.scoring import headline_rows
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._checks import (
    check_fitted_distiller,
    check_fitted_on,
    check_floor,
    check_latency_rows,
)
from skdistill.inspection._display import Display, data_frame, optional
from skdistill.inspection._methods import direct_student, fell_back, plain_student
from skdistill.inspection._page import (
    Report,
    counted,
    floor_note,
    interval_note,
    score_line,
    section,
    value_table,
)
from skdistill.inspection._scores import (
    CLASS_COLUMNS,
    FIDELITY_COLUMNS,
    SCORES,
    probabilities,
)
from skdistill.inspection._teaching import fitted_teacher
from skdistill.inspection.duplicates import warn_of_fitted_rows, warn_of_seen_rows
from skdistill.inspection.fidelity import FidelityDisplay
from skdistill.inspection.figures import HeldOut, ModelFigures, cost_table, held_out, measure
from skdistill.inspection.reliability import ReliabilityDisplay

__all__ = ["DistillationReport"]

Floats = NDArray[np.float64]
TITLES = {
    "teacher": "fitted on all training rows",
    "direct": "the student, fitted to the labels",
    "plain": "the student, fitted to the calibrated out-of-fold probabilities as they are",
    "distilled": "the student, fitted to what the correction made of them",
}
FELL_BACK = {"distilled": "the student, fitted to the labels: the search fell back to it"}


@dataclass(frozen=True)
class DistillationReport(Report):
    """What came of a distillation, on rows that neither teacher nor student was fitted on.

    Attributes
    ----------
    models : mapping of str to ModelFigures
        "teacher", "direct", "plain", "distilled", as far as they were asked for.
    n_rows : int
        Held-out rows of positive weight.
    n_groups : int or None
        Groups that these rows are in; None without.
    gain : Estimate or None
        Log-loss of the distilled student less that of the direct one, and its standard error over
        the held-out rows, or over their groups; None without a direct student.
    against : mapping of str to mapping
        Of accuracy, AUC and Brier score those that move the other way than the log-loss does, their
        95% interval clear of zero: "distilled" and "direct".
    fell_back : bool
        Whether the estimator is a search that chose the student trained on the labels: what is
        called "distilled" is then that student.
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
    n_groups: int | None
    gain: Estimate | None
    against: Mapping[str, Mapping[str, float]]
    fell_back: bool
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
        groups: Any = None,
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
            Weights of the held-out rows; those of weight zero are left out.
        groups : array-like of shape (n,) or None, default=None
            Groups of the held-out rows: the interval takes the rows of a group together.
        train_params : mapping or None, default=None
            What else was given to `fit`: `sample_weight`, `groups`, `X_transfer`.
        teacher : classifier, "fit" or None, default=None
            A teacher fitted on the training rows, or "fit", which costs one fit of it on all of
            them; None leaves out its row and the fidelity to it.
        latency_rows : non-empty sequence of int, default=(1, 10_000)
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
            If the estimator is no distiller, only one of `X_train` and `y_train` is given, or what
            needs them without them, a number is out of range, or the teacher cannot be used.
        InputError
            If labels, weights or groups cannot be used, or `y_train` are not the labels of the fit.

        Warns
        -----
        LeakWarning
            If more than 1% of the rows are identical to one of `X_train` (of positive weight), or
            without it, if the labels are those of the fit.
        """
        check_fitted_distiller(estimator)
        sizes = check_latency_rows(latency_rows)
        budget = check_number("budget", budget, low=0.0)
        floor = check_floor(floor)
        params = dict(train_params or {})
        train = _check_training(estimator, X_train, y_train, params, teacher)
        rows = held_out(X, y, estimator.classes_, sample_weight, groups)
        models = _models(estimator, X_train, y_train, train, params, teacher)
        said = {name: probabilities(model, rows.X, rows.classes) for name, model in models.items()}
        gain: Estimate | None = None
        against: dict[str, dict[str, float]] = {}
        if train is None:
            warn_of_fitted_rows(estimator, y)
        else:
            warn_of_seen_rows(rows.X, train.X)
            losses = {name: row_log_loss(rows.one_hot, said[name], floor) for name in said}
            gain = row_mean(losses["distilled"] - losses["direct"], rows.weight, rows.groups)
            against = _moved_against(said, rows, gain)
        how = {"latency_rows": sizes, "budget": budget, "floor": floor}
        return cls(
            models={
                name: measure(name, model, said, rows, **how) for name, model in models.items()
            },
            n_rows=len(rows.labels),
            n_groups=rows.n_groups,
            gain=gain,
            against=against,
            fell_back=fell_back(estimator),
            fit=estimator.report_.to_dict(),
            displays=_displays(rows, said, floor),
            floor=floor,
        )

    @property
    def sentence(self) -> str:
        """Whether distilling helped, in words; "not shown to help" is a possible answer."""
        loss = self.models["distilled"].scores["log_loss"]
        on = f"on {counted(self.n_rows, 'held-out row')}"
        if self.n_groups is not None:
            on += f" in {counted(self.n_groups, 'group')}"
        if self.fell_back:
            return (
                "The search fell back to the student trained on the labels, so nothing was "
                f"distilled: its log-loss is {loss:.4f} {on}."
            )
        if self.fit["shrinkage"] is not None and self.fit["strength"] == 1.0:
            return (
                "strength='auto' found 1, so the student was trained on the labels and nothing was "
                f"distilled: its log-loss is {loss:.4f} {on}."
            )
        start = f"The distilled student's log-loss is {loss:.4f} {on}"
        if self.gain is None:
            return f"{start}; without training rows there is nothing to compare it with."
        half = margin(self.gain, self.n_rows if self.n_groups is None else self.n_groups)
        where = "below" if self.gain.mean < 0 else "above"
        unit = "row" if self.n_groups is None else "group"
        between = interval_note(self.gain.mean - half, self.gain.mean + half, unit)
        found = outcome(self.gain.mean, half).replace("not shown", "is not shown")
        return (
            f"{start}, {abs(self.gain.mean):.4f} {where} that of the student trained on the labels "
            f"({between}): distilling {found}{self._but}."
        )

    @property
    def _but(self) -> str:
        """Words on the scores that move the other way."""
        parts = [
            f"{name} is {sides['distilled']:.4f} against {sides['direct']:.4f}"
            for name, sides in self.against.items()
        ]
        return f", but its {' and its '.join(parts)}" if parts else ""

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
                "n_groups": self.n_groups,
                "fell_back": self.fell_back,
                "against": self.against,
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
        titles = TITLES | (FELL_BACK if self.fell_back else {})
        parts = [
            paragraph(self.sentence),
            section(
                f"Scores of {counted(self.n_rows, 'held-out row')}",
                value_table("", rows, SCORES),
                floor_note(self.floor),
            ),
        ]
        if distilled.fidelity:
            parts.append(
                section("Fidelity to the teacher", value_table("", rows, FIDELITY_COLUMNS))
            )
        parts += [
            section("Costs", cost_table(self.models)),
            section("The student by class", value_table("", distilled.by_class, columns)),
            section("The fit", definitions(flat(self.fit))),
            section("The models", definitions((k, titles[k]) for k in self.models)),
        ]
        return parts

    def _text(self) -> list[str]:
        return [*(score_line(k, f.scores) for k, f in self.models.items()), self.sentence]

    def _pictures(self) -> Mapping[str, Display]:
        return self.displays


def _moved_against(
    said: Mapping[str, Floats], rows: HeldOut, gain: Estimate
) -> dict[str, dict[str, float]]:
    """Return the headline scores that move the other way than the log-loss, and clearly."""
    distilled, direct = (
        headline_rows(rows.one_hot, said[side], rows.weight) for side in ("distilled", "direct")
    )
    count = len(rows.labels) if rows.n_groups is None else rows.n_groups
    found = {}
    for name in ("accuracy", "AUC", "Brier score"):
        gap = row_mean(distilled[name] - direct[name], rows.weight, rows.groups)
        if moves_against(gain.mean, gap.mean, margin(gap, count)):
            values = (
                abs(np.average(side[name], weights=rows.weight)) for side in (distilled, direct)
            )
            found[name] = dict(zip(("distilled", "direct"), map(float, values), strict=True))
    return found


def _check_training(
    estimator: Any, X: Any, y: Any, params: Mapping[str, Any], teacher: Any
) -> Data | None:
    """Return the rows of the fit, if they are given and right."""
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
    if X is None:
        return None
    check_fitted_on(estimator, y, "y_train")
    for name in ("sample_weight", "groups"):
        value = params.get(name)
        if not estimator.fitted_on(y, **{name: value}):
            got = "none" if value is None else "other"
            raise InputError(
                f"train_params must hold the {name} of fit, got {got}: the students are fitted as "
                "the distilled one was."
            )
    return check_data(X, y, params.get("sample_weight"), params.get("groups"))


def _models(
    estimator: Any, X: Any, y: Any, data: Data | None, params: Mapping[str, Any], teacher: Any
) -> dict[str, Any]:
    """Return the fitted models by name; the teacher first, the distilled student last."""
    models: dict[str, Any] = {}
    if teacher is not None:
        weight = params.get("sample_weight")
        models["teacher"] = fitted_teacher(estimator, teacher, X, y, weight)
    if data is not None:
        models["direct"] = direct_student(estimator).fit(data.X, data.y, data.weight)
        models["plain"] = plain_student(estimator, X, y, params)
    return models | {"distilled": estimator}


def _displays(rows: HeldOut, said: Mapping[str, Floats], floor: float) -> dict[str, Display]:
    shown = {name: p for name, p in said.items() if name != "plain"}
    given = {"classes": rows.classes, "sample_weight": rows.weight}
    displays: dict[str, Display] = {
        "Reliability on held-out rows": ReliabilityDisplay.from_predictions(
            rows.labels, shown, n_bins=10, **given
        )
    }
    if "teacher" in said:
        displays["Fidelity to the teacher"] = FidelityDisplay.from_predictions(
            said["teacher"], said["distilled"], floor=floor, **given
        )
    return displays
