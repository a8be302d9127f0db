"""The models of every table: class frequencies, teacher, and the student fitted in three ways."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier

from skdistill import DistilledClassifier
from skdistill.cli.progress import Progress
from skdistill.students import DirectStudent, resolve
from skdistill.teaching.teachers import weight_keyword

__all__ = ["METHODS", "Labelled", "Trial", "distil_all", "fit_alone", "fit_teacher"]

METHODS = (
    "class frequencies",
    "teacher",
    "student alone",
    "in-sample distillation",
    "distilled",
)


@dataclass(frozen=True)
class Labelled:
    """Rows to fit or to score on.

    Attributes
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        Labels.
    weight : ndarray of shape (n,) or None
    groups : ndarray of shape (n,) or None
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None


@dataclass(frozen=True)
class Trial:
    """One student, distilled in earnest and compared with what it must beat.

    Attributes
    ----------
    student : str
        Name of the student.
    distilled : DistilledClassifier
    models : dict of str to classifier
        The fitted models, by the name of their row in the table: those of `METHODS`.
    """

    student: str
    distilled: DistilledClassifier
    models: dict[str, BaseEstimator]


def distil_all(
    teacher: BaseEstimator,
    students: Mapping[str, BaseEstimator],
    rows: Labelled,
    settings: Mapping[str, Any],
    progress: Progress,
) -> Iterator[Trial]:
    """Fit the models for each student; the teacher is fitted once per fold and once in full.

    Parameters
    ----------
    teacher : classifier
    students : mapping of str to classifier
        By name.
    rows : Labelled
        Training rows.
    settings : mapping
        Parameters of `DistilledClassifier`.
    progress : Progress
        Told of ``1 + 3 * len(students)`` steps.

    Yields
    ------
    trial : Trial
        In the order of `students`.
    """
    distilled: dict[str, DistilledClassifier] = {}
    for name, student in students.items():  # first: it checks the data before anything is fitted
        progress.start(f"{name}, distilled" + ("" if distilled else " (teacher on all folds)"))
        distilled[name] = _distil(teacher, student, rows, settings, distilled)
        progress.done()
    progress.start("teacher on all training rows")
    full = fit_teacher(teacher, rows)
    taught = full.predict_proba(rows.X)
    frequencies = DummyClassifier(strategy="prior").fit(rows.X, rows.y, sample_weight=rows.weight)
    progress.done()
    for name, student in students.items():
        progress.start(f"{name}, alone")
        alone = fit_alone(student, rows)
        progress.done()
        progress.start(f"{name}, in-sample distillation")
        in_sample = _in_sample(student, rows, taught, settings.get("random_state"))
        progress.done()
        models = (frequencies, full, alone, in_sample.student_, distilled[name].student_)
        yield Trial(name, distilled[name], dict(zip(METHODS, models, strict=True)))


def _distil(
    teacher: BaseEstimator,
    student: BaseEstimator,
    rows: Labelled,
    settings: Mapping[str, Any],
    done: Mapping[str, DistilledClassifier],
) -> DistilledClassifier:
    """Distil into `student`, on the out-of-fold probabilities of a fit in `done` if any."""
    for earlier in done.values():
        return earlier.refit_student(rows.X, rows.y, student=student)
    fresh = DistilledClassifier(teacher, student, **settings)
    return fresh.fit(rows.X, rows.y, sample_weight=rows.weight, groups=rows.groups)


def fit_teacher(teacher: BaseEstimator, rows: Labelled) -> BaseEstimator:
    """Fit a clone of the teacher on all rows, with their weights where there are any."""
    weights = {} if rows.weight is None else {weight_keyword(teacher): rows.weight}
    return clone(teacher).fit(rows.X, rows.y, **weights)


def fit_alone(student: BaseEstimator, rows: Labelled) -> BaseEstimator:
    """Fit a clone of the student on the labels, by the route that distils into it."""
    direct = DirectStudent(resolve(student))
    return direct.fit(rows.X, rows.y, sample_weight=rows.weight).fitted_.model


def _in_sample(
    student: BaseEstimator, rows: Labelled, taught: np.ndarray, seed: int | None
) -> DistilledClassifier:
    """Distil as is commonly done: from a teacher that was fitted on the very same rows."""
    model = DistilledClassifier(None, student, correction=None, calibration=None, random_state=seed)
    return model.fit(rows.X, rows.y, sample_weight=rows.weight, teacher_proba=taught)
