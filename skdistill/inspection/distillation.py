"""The distillation report: what the student kept, what it costs, and what it beats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.estimates import Estimate, margin, moves_against, outcome, row_mean
from skdistill._ground.html import definitions, flat, paragraph
from skdistill._ground.metrics import FLOOR
from skdistill._ground.plain import plain
from skdistill._ground.validation import check_choice, check_number
from skdistill.inspection._answers import (
    answers_of_gain,
    as_html,
    as_lines,
    next_steps,
    slice_frame,
    slice_lines,
    slice_section,
)
from skdistill.inspection._checks import check_fitted_distiller, check_latency_rows
from skdistill.inspection._display import Display, data_frame, optional
from skdistill.inspection._facts import GainFacts
from skdistill.inspection._methods import fell_back
from skdistill.inspection._page import (
    Report,
    counted,
    interval_note,
    score_line,
    section,
    value_table,
)
from skdistill.inspection._rivals import check_training, fitted_models
from skdistill.inspection.duplicates import warn_of_fitted_rows, warn_of_seen_rows
from skdistill.inspection.fidelity import fidelity_of
from skdistill.inspection.figures import HeldOut, cost_table, held_out, measure
from skdistill.inspection.reliability import reliability_of
from skdistill.inspection.slices import Slices, find_slices

__all__ = ["DistillationReport"]

Floats = NDArray[np.float64]
TITLES = {
    "teacher": "fitted on all training rows",
    "direct": "the student, fitted to the labels",
    "plain": "the student, fitted to the calibrated out-of-fold {said} as they are",
    "distilled": "the student, fitted to what the correction made of them",
}
FELL_BACK = {"distilled": "the student, fitted to the labels: the search fell back to it"}


@dataclass(frozen=True)
class DistillationReport(GainFacts, Report):
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
        Log-loss (or loss of numbers) of the distilled student less that of the direct one, and its
        standard error over the held-out rows, or over their groups; None without a direct student.
    lead : Estimate or None
        The same of the teacher less the direct student; None without one of them.
    behind : Estimate or None
        The same of the distilled student less the teacher; None without a teacher.
    slices : Slices or None
        The rows on which the distilled student loses most, found on one half of the held-out rows
        and judged on the other; None of fewer than 100 rows, or four groups.
    against : mapping of str to mapping
        Of accuracy, AUC and Brier score (of numbers squared and absolute error) those that move the
        other way than the loss does, their 95% interval clear of zero: "distilled" and "direct".
    fell_back : bool
        Whether the estimator is a search that chose the student trained on the labels: what is
        called "distilled" is then that student.
    fit : mapping of str to object
        What the fit did (`FitReport.to_dict`): strength and its ingredients, share of targets
        touched by a projection, and more.
    displays : mapping of str to Display
        The pictures of the page by caption.
    floor : float or None
        The log-loss counts smaller probabilities as this; None of numbers.
    words : Words
        What the scores are called.

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
        exposure: Any = None,
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
        estimator : DistilledClassifier, DistilledRegressor, or a search for either
            Fitted.
        X : array-like, sparse array or data frame of n rows
            Rows that it was not fitted on.
        y : array-like of shape (n,)
            Their labels, or numbers of shape (n,) or (n, m).
        X_train : array-like, sparse array or data frame of m rows, or None, default=None
            The rows it was fitted on; with them the direct student and plain distillation are
            fitted (two student fits, no teacher fit).
        y_train : array-like of shape (m,) or None, default=None
            Their labels.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the held-out rows; those of weight zero are left out.
        exposure : array-like of shape (n,) or None, default=None
            Of a regressor, the exposure of the held-out rows where y are totals: they are judged as
            rates, with the exposure as a weight.
        groups : array-like of shape (n,) or None, default=None
            Groups of the held-out rows: the interval takes the rows of a group together.
        train_params : mapping or None, default=None
            What else was given to `fit`: `sample_weight`, `groups`, `X_transfer`, `exposure`.
        teacher : classifier or regressor, "fit" or None, default=None
            A teacher fitted on the training rows, or "fit", which costs one fit of it on all of
            them; None leaves out its row and the fidelity to it.
        latency_rows : non-empty sequence of int, default=(1, 10_000)
            Numbers of rows to time predictions of; the held-out rows are repeated where they are
            fewer.
        budget : float, default=0.5
            Seconds to spend on timing each model for each number of rows.
        floor : float, default=1e-3
            The log-loss counts smaller probabilities as this, lest the exact zeros of a tree
            decide; likewise in the fidelity. Numbers have none.

        Returns
        -------
        report : DistillationReport

        Raises
        ------
        ParameterError
            If the estimator is no distiller, only one of `X_train` and `y_train` is given, or what
            needs them without them, a number is out of range or has no effect, or the teacher
            cannot be used.
        InputError
            If labels, weights or groups cannot be used, or `y_train` are not the labels of the fit.

        Warns
        -----
        LeakWarning
            If more than 1% of the rows are identical to one of `X_train` (of positive weight), or
            without it, if the labels are those of the fit.
        """
        side = check_fitted_distiller(estimator)
        sizes = check_latency_rows(latency_rows)
        budget = check_number("budget", budget, low=0.0)
        judged_by = side.judged_by(estimator, floor)
        params = dict(train_params or {})
        train = check_training(estimator, X_train, y_train, params, teacher)
        observed, sample_weight = side.rows(estimator, y, sample_weight, exposure)
        judge = side.measure(estimator, observed, **judged_by)
        rows = held_out(X, observed, judge, sample_weight, groups)
        models = fitted_models(estimator, X_train, y_train, train, params, teacher)
        said = {name: judge.ask(model, rows.X) for name, model in models.items()}
        against: dict[str, dict[str, float]] = {}
        if train is None:
            warn_of_fitted_rows(estimator, y)
        else:
            warn_of_seen_rows(rows.X, train.X)
        losses = {k: judge.row_losses(rows.columns, p, rows.weight) for k, p in said.items()}
        gain = _gap(losses, "distilled", "direct", rows)
        if gain is not None:
            against = _moved_against(said, rows, gain)
        how = {"latency_rows": sizes, "budget": budget}
        return cls(
            models={
                name: measure(name, model, said, rows, **how) for name, model in models.items()
            },
            n_rows=len(rows),
            n_groups=rows.n_groups,
            gain=gain,
            lead=_gap(losses, "teacher", "direct", rows),
            behind=_gap(losses, "distilled", "teacher", rows),
            slices=_slices(losses, rows, estimator),
            against=against,
            fell_back=fell_back(estimator),
            fit=estimator.report_.to_dict(),
            displays=_displays(rows, said),
            floor=judged_by.get("floor"),
            words=judge.words,
        )

    @property
    def sentence(self) -> str:
        """Whether distilling helped, in words; "not shown to help" is a possible answer."""
        name = self.words.loss
        loss = self.models["distilled"].scores[self.words.headline]
        on = f"on {counted(self.n_rows, 'held-out row')}"
        if self.n_groups is not None:
            on += f" in {counted(self.n_groups, 'group')}"
        if self.fell_back:
            return (
                "The search fell back to the student trained on the labels, so nothing was "
                f"distilled: its {name} is {loss:.4f} {on}."
            )
        if not self.distilled:
            return (
                "strength='auto' found 1, so the student was trained on the labels and nothing was "
                f"distilled: its {name} is {loss:.4f} {on}."
            )
        start = f"The distilled student's {name} is {loss:.4f} {on}"
        if self.gain is None:
            return f"{start}; without training rows there is nothing to compare it with."
        half = margin(self.gain, self.n_units)
        where = "below" if self.gain.mean < 0 else "above"
        between = interval_note(self.gain.mean - half, self.gain.mean + half, self.unit)
        found = outcome(self.gain.mean, half).replace("not shown", "is not shown")
        return (
            f"{start}, {abs(self.gain.mean):.4f} {where} that of the student trained on the labels "
            f"({between}): distilling {found}{self._but}."
        )

    @property
    def answers(self) -> dict[str, str]:
        """What one wants to know first, question by question, in words with their figures."""
        return answers_of_gain(self, self.sentence)

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What to do next, in sentences."""
        return next_steps(self)

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
        of : {"models", "by_class", "by_output", "slices"}, default="models"
            A row per model, or per model and class, of numbers per model and output; or per slice
            of rows on which the distilled student loses most.

        Returns
        -------
        frame : pandas.DataFrame
            Indexed by model, by model and class (or output), or by the words of the slice.

        Raises
        ------
        ParameterError
            If there is no such table.
        """
        part = self.words.part
        check_choice("of", of, ("models", f"by_{part}", "slices"))
        if of == "slices":
            return slice_frame(self.slices)
        if of == "models":
            rows = {name: figures.to_dict() for name, figures in self.models.items()}
        else:
            rows = {
                (name, label): row
                for name, figures in self.models.items()
                for label, row in figures.by_class.items()
            }
        columns = dict.fromkeys(column for row in rows.values() for column in row)
        values = {
            c: np.array([row.get(c, np.nan) for row in rows.values()], float) for c in columns
        }
        frame = data_frame(values)
        frame.index = list(rows)
        if of != "models":
            frame.index = optional("pandas").MultiIndex.from_tuples(rows, names=["model", part])
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain types for JSON; NaN becomes None.

        Returns
        -------
        facts : dict
        """
        part = f"by_{self.words.part}"
        return plain(
            {
                "sentence": self.sentence,
                "answers": self.answers,
                "next_steps": self.next_steps,
                "slices": slice_lines(self.slices),
                "n_rows": self.n_rows,
                "n_groups": self.n_groups,
                "fell_back": self.fell_back,
                "against": self.against,
                "gain": _line(self.gain),
                "lead": _line(self.lead),
                "behind": _line(self.behind),
                "models": {
                    name: figures.to_dict() | {part: figures.by_class}
                    for name, figures in self.models.items()
                },
                "fit": self.fit,
            }
        )

    def _sections(self) -> list[str]:
        rows = {name: figures.to_dict() for name, figures in self.models.items()}
        distilled, words = self.models["distilled"], self.words
        columns = [*words.part_columns, *(words.fidelity if distilled.fidelity else ())]
        titles = TITLES | (FELL_BACK if self.fell_back else {})
        parts = [
            as_html(self.answers, self.next_steps),
            section(
                f"Scores of {counted(self.n_rows, 'held-out row')}",
                value_table("", rows, words.scores, words.headings),
                paragraph(words.note),
            ),
        ]
        if self.slices is not None and self.slices.slices:
            parts.insert(1, slice_section(self.slices, words))
        if distilled.fidelity:
            parts.append(section("Fidelity to the teacher", value_table("", rows, words.fidelity)))
        parts += [
            section("Costs", cost_table(self.models)),
            section(f"The student by {words.part}", value_table("", distilled.by_class, columns)),
            section("The fit", definitions(flat(self.fit))),
            section(
                "The models",
                definitions((k, titles[k].format(said=words.said)) for k in self.models),
            ),
        ]
        return parts

    def _text(self) -> list[str]:
        names = self.words.headings
        scores = (score_line(k, f.scores, names) for k, f in self.models.items())
        return [*scores, *as_lines(self.answers), *self.next_steps]

    def _pictures(self) -> Mapping[str, Display]:
        return self.displays


def _line(gap: Estimate | None) -> dict[str, Any] | None:
    return None if gap is None else {"mean": gap.mean, "standard_error": gap.error}


def _gap(losses: Mapping[str, Floats], ours: str, theirs: str, rows: HeldOut) -> Estimate | None:
    """Return the mean loss of one model less that of another; None where one is missing."""
    if ours not in losses or theirs not in losses:
        return None
    return row_mean(losses[ours] - losses[theirs], rows.weight, rows.groups)


def _slices(losses: Mapping[str, Floats], rows: HeldOut, estimator: Any) -> Slices | None:
    """Return where the distilled student loses most, beside the teacher and the direct one."""
    shown = {name: losses[name] for name in ("distilled", "direct", "teacher") if name in losses}
    names = getattr(estimator, "feature_names_in_", None)
    how = {"weight": rows.weight, "groups": rows.groups, "names": names}
    return find_slices(rows.X, shown, "distilled", **how)


def _moved_against(
    said: Mapping[str, Floats], rows: HeldOut, gain: Estimate
) -> dict[str, dict[str, float]]:
    """Return the headline scores that move the other way than the log-loss, and clearly."""
    distilled, direct = (
        rows.measure.headline_rows(rows.columns, said[side], rows.weight)
        for side in ("distilled", "direct")
    )
    count = len(rows) if rows.n_groups is None else rows.n_groups
    found = {}
    for name in rows.measure.words.of_rows:
        gap = row_mean(distilled[name] - direct[name], rows.weight, rows.groups)
        if moves_against(gain.mean, gap.mean, margin(gap, count)):
            values = (
                abs(np.average(side[name], weights=rows.weight)) for side in (distilled, direct)
            )
            found[name] = dict(zip(("distilled", "direct"), map(float, values), strict=True))
    return found


def _displays(rows: HeldOut, said: Mapping[str, Floats]) -> dict[str, Display]:
    shown = {name: p for name, p in said.items() if name != "plain"}
    displays: dict[str, Display] = {
        "Reliability on held-out rows": reliability_of(
            rows.measure, rows.columns, shown, rows.weight, n_bins=10
        )
    }
    if "teacher" in said:
        displays["Fidelity to the teacher"] = fidelity_of(
            rows.measure, said["teacher"], said["distilled"], rows.weight
        )
    return displays
