"""The models of every table: a constant, the teacher, and the student fitted in three ways."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from skdistill.cli.figures import OTHERS
from skdistill.cli.progress import Progress
from skdistill.teaching.teachers import weight_keyword

__all__ = ["Labelled", "Learning", "Trial", "distil_all", "fit_teacher"]


@dataclass(frozen=True)
class Labelled:
    """Rows to fit or to score on.

    Attributes
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        Labels, or numbers.
    weight : ndarray of shape (n,) or None
    groups : ndarray of shape (n,) or None
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None


@dataclass(frozen=True)
class Learning:
    """How models of a task are made.

    Attributes
    ----------
    baseline : str
        The name of the model that looks at no column.
    constant : callable
        Returns it, unfitted.
    distiller : callable
        `DistilledClassifier` or `DistilledRegressor`.
    direct : callable
        Returns, for a student, what fits it to what was observed, by the route that distils into
        it.
    said : str
        The method of a teacher that says what students are taught.
    given : str
        The parameter of the distiller's fit that takes it.
    """

    baseline: str
    constant: Callable[[], BaseEstimator]
    distiller: Callable[..., Any]
    direct: Callable[[BaseEstimator], Any]
    said: str
    given: str

    def distil(
        self,
        teacher: BaseEstimator,
        student: BaseEstimator,
        rows: Labelled,
        settings: Mapping[str, Any],
    ) -> Any:
        """Return a fitted distiller."""
        fresh = self.distiller(teacher, student, **settings)
        return fresh.fit(rows.X, rows.y, sample_weight=rows.weight, groups=rows.groups)

    def alone(self, student: BaseEstimator, rows: Labelled) -> BaseEstimator:
        """Fit a clone of the student to what was observed."""
        return self.direct(student).fit(rows.X, rows.y, sample_weight=rows.weight).fitted_.model

    def in_sample(
        self, student: BaseEstimator, rows: Labelled, taught: np.ndarray, seed: int | None
    ) -> BaseEstimator:
        """Distil as is commonly done: from a teacher that was fitted on the very same rows."""
        fresh = self.distiller(None, student, correction=None, calibration=None, random_state=seed)
        said = {self.given: taught}
        return fresh.fit(rows.X, rows.y, sample_weight=rows.weight, **said).student_


@dataclass(frozen=True)
class Trial:
    """One student, distilled in earnest and compared with what it must beat.

    Attributes
    ----------
    student : str
        Name of the student.
    distilled : DistilledClassifier or DistilledRegressor
    models : dict of str to estimator
        The fitted models, by the name of their row in the table.
    """

    student: str
    distilled: Any
    models: dict[str, BaseEstimator]


def distil_all(
    learning: Learning,
    teacher: BaseEstimator,
    students: Mapping[str, BaseEstimator],
    rows: Labelled,
    settings: Mapping[str, Any],
    progress: Progress,
) -> Iterator[Trial]:
    """Fit the models for each student; the teacher is fitted once per fold and once in full.

    Parameters
    ----------
    learning : Learning
        How models of the task are made.
    teacher : estimator
    students : mapping of str to estimator
        By name.
    rows : Labelled
        Training rows.
    settings : mapping
        Parameters of the distiller.
    progress : Progress
        Told of ``1 + 3 * len(students)`` steps.

    Yields
    ------
    trial : Trial
        In the order of `students`.
    """
    distilled: dict[str, Any] = {}
    for name, student in students.items():  # first: it checks the data before anything is fitted
        progress.start(f"{name}, distilled" + ("" if distilled else " (teacher on all folds)"))
        first = next(iter(distilled.values()), None)  # whose teachers serve the others
        distilled[name] = (
            learning.distil(teacher, student, rows, settings)
            if first is None
            else first.refit_student(rows.X, rows.y, student=student)
        )
        progress.done()
    progress.start("teacher on all training rows")
    full = fit_teacher(teacher, rows)
    taught = getattr(full, learning.said)(rows.X)
    constant = learning.constant().fit(rows.X, rows.y, sample_weight=rows.weight)
    progress.done()
    for name, student in students.items():
        progress.start(f"{name}, alone")
        alone = learning.alone(student, rows)
        progress.done()
        progress.start(f"{name}, in-sample distillation")
        in_sample = learning.in_sample(student, rows, taught, settings.get("random_state"))
        progress.done()
        models = (constant, full, alone, in_sample, distilled[name].student_)
        methods = (learning.baseline, *OTHERS)
        yield Trial(name, distilled[name], dict(zip(methods, models, strict=True)))


def fit_teacher(teacher: BaseEstimator, rows: Labelled) -> BaseEstimator:
    """Fit a clone of the teacher on all rows, with their weights where there are any."""
    weights = {} if rows.weight is None else {weight_keyword(teacher): rows.weight}
    return clone(teacher).fit(rows.X, rows.y, **weights)
