"""What a student loses on rows held out, and what it costs: one point of a frontier."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import Pipeline

from skdistill._ground.costs import Latency, Parts, count_parts, latency, size_bytes
from skdistill._ground.data import Data
from skdistill._ground.estimates import Estimate, row_mean, split_mean
from skdistill._ground.html import size_text, time_text
from skdistill._ground.row_sets import Rows
from skdistill._ground.validation import brief, check_number
from skdistill.choosing.candidates import name_students
from skdistill.exceptions import ParameterError
from skdistill.inspection._measures import Measure
from skdistill.inspection._tasks import Side
from skdistill.inspection._words import CLASS_WORDS, Words
from skdistill.targets.numeric_losses import SquaredError

__all__ = [
    "FrontierPoint",
    "Trial",
    "by_name",
    "check_split",
    "hold_out",
    "loss_of",
    "make_point",
    "measured_by",
    "one_split",
    "parted",
]

Index = NDArray[np.int64]


@dataclass(frozen=True)
class FrontierPoint:
    """One student of a frontier.

    Attributes
    ----------
    name : str
        Of the student.
    loss : Estimate
        Log-loss, or loss of numbers, on rows that neither teacher nor student was fitted on, with
        its standard error.
    scores : mapping of str to float
        Accuracy, log-loss, AUC, Brier score and calibration error there; of numbers R2, RMSE, MAE,
        the loss and the slope of calibration.
    latency : Latency
        Of ``predict_proba``, or ``predict`` of numbers, in seconds per call; with what stands
        before it in a Pipeline.
    size_bytes : int or None
        Of the student, as joblib dumps it, with what stands before it in a Pipeline; None where it
        cannot be pickled.
    parts : Parts
        Its nodes or parameters.
    strength : float or None
        How far its teacher was corrected (mean over the folds).
    words : Words
        What the scores are called.
    """

    name: str
    loss: Estimate
    scores: Mapping[str, float]
    latency: Latency
    size_bytes: int | None
    parts: Parts
    strength: float | None
    words: Words = field(default=CLASS_WORDS, repr=False)

    @property
    def further(self) -> list[str]:
        """Names of the scores beside the loss."""
        return [name for name in self.scores if name != self.words.headline]

    def __str__(self) -> str:
        size = "" if self.size_bytes is None else f", {size_text(self.size_bytes)}"
        calls = f"{time_text(self.latency.median)} per call of {self.latency.n_rows:,} row(s)"
        error = "" if self.loss.error is None else f" (standard error {self.loss.error:.4f})"
        return f"{self.name}: {self.words.loss} {self.loss.mean:.4f}{error}{size}, {calls}"


@dataclass(frozen=True)
class Trial:
    """One student on one split."""

    loss: Estimate
    scores: Mapping[str, float]
    strength: float | None
    measure: Measure
    model: Any  # kept on the first split only
    front: Pipeline | None  # what stands before it, fitted


def make_point(
    name: str, trials: list[Trial], loss: Estimate, X: Any, *, latency_rows: int, budget: float
) -> FrontierPoint:
    first = trials[0]
    model, student = (_behind(first.front, m) for m in (first.model, first.model.student_))
    strengths = [trial.strength for trial in trials]
    figures = {key: [trial.scores[key] for trial in trials] for key in trials[0].scores}
    return FrontierPoint(
        name=name,
        loss=loss,
        scores={key: float(np.mean(values)) for key, values in figures.items()},
        latency=latency(getattr(model, first.measure.outcome.method), X, latency_rows, budget),
        size_bytes=size_bytes(student),
        parts=count_parts(student),
        strength=None if None in strengths else float(np.mean(strengths)),
        words=first.measure.words,
    )


def parted(estimator: Any) -> tuple[Pipeline | None, Any]:
    """Return the steps before the last of a Pipeline, and the last; None and what is none."""
    if not isinstance(estimator, Pipeline) or len(estimator) < 2:
        return None, estimator
    return estimator[:-1], estimator[-1]


def _behind(front: Pipeline | None, model: Any) -> Any:
    """Return a fitted model with what stands before it: it takes the rows as they are given."""
    return model if front is None else Pipeline([*front.steps, ("model", model)])


def one_split(
    X: Any,
    parts: tuple[Pipeline | None, Any],
    beside: Data,
    students: Mapping[str, Any],
    measure: Callable[..., Measure],
    number: int,
    *split: Rows,
) -> dict[str, Trial]:
    """Cross-fit the teacher on the training part, and fit and score each student.

    `beside` is what comes with X; the models come back from the first split.
    """
    data, keep = replace(beside, X=X), number == 0
    train, test = (data.take(rows.numbers) for rows in split)
    X_train, X_test = train.X, test.X
    front, estimator = (None if step is None else clone(step) for step in parts)
    if front is not None:
        X_train, X_test = front.fit_transform(X_train, train.y), front.transform(X_test)
    given = {"sample_weight": train.weight, "groups": train.groups}
    names = list(students)
    fitted = estimator.set_params(student=students[names[0]]).fit(X_train, train.y, **given)
    found = {}
    for name in names:
        model = fitted
        if name != names[0]:
            model = fitted.refit_student(X_train, train.y, **given, student=students[name])
        judge = measure(model, test.y)
        observed, said = judge.observe(test.y), judge.ask(model, X_test)
        row_losses = judge.row_losses(observed, said, test.weight)
        found[name] = Trial(
            loss=row_mean(row_losses, test.weight, test.groups),
            scores=judge.scores(observed, said, test.weight),
            strength=model.strength_,
            measure=judge,
            model=model if keep else None,
            front=front if keep else None,
        )
    return found


def loss_of(trials: list[Trial], test_over_train: float) -> Estimate:
    """Return the loss and its error: over rows for one split, over folds for several."""
    if len(trials) == 1:
        return trials[0].loss
    return split_mean([trial.loss.mean for trial in trials], test_over_train)


def hold_out(side: Side, data: Data, test_size: float, random_state: Any) -> tuple[Index, Index]:
    kind = side.splitter if data.groups is None else GroupShuffleSplit
    splitter = kind(n_splits=1, test_size=test_size, random_state=random_state)
    return next(splitter.split(data.X, data.y, data.groups))


def measured_by(
    side: Side, distiller: Any, students: Mapping[str, Any], floor: Any
) -> Callable[..., Measure]:
    """Return what makes the measure of a fitted model: one for all students.

    Students of numbers are judged by the loss that all of them minimise, and by the squared error
    where they minimise different ones.
    """
    each = [
        side.judged_by(clone(distiller).set_params(student=student), floor)
        for student in students.values()
    ]
    common = each[0]
    if any(judged_by != common for judged_by in each):
        common = {"loss": SquaredError()}
    return partial(side.measure, **common)


def by_name(students: Any, loss: Any, side: Side) -> dict[str, Any]:
    """Return the students by name, or raise for what is none before anything is fitted."""
    if isinstance(students, Mapping):
        named = dict(students)
    else:
        named = {}
        for name, (student, grid) in name_students(students).items():
            if grid:
                raise ParameterError(
                    f"frontier takes no grids of parameters, got {brief(grid)} for {name!r}: name "
                    "each student that is to be weighed."
                )
            named[name] = student
    if not named:
        raise ParameterError(
            'students must hold at least one, as {"tree": DecisionTreeClassifier()} does, got '
            f"{students!r}."
        )
    for student in named.values():
        side.task.rules.resolve(side.task.as_student(student), loss)
    return named


def check_split(cv: Any, test_size: Any) -> None:
    check_number("test_size", test_size, low=0.0, high=1.0, low_open=True, high_open=True)
    if cv is not None and test_size != 0.25:
        raise ParameterError(
            f"test_size={test_size!r} has no effect with cv={cv!r}: leave one of the two out."
        )
