"""skdistill's own ways, and the two trivial ones: training directly, and distilling in-sample."""

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.methods.base import Method, Outcome, Task
from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill._ground.costs import size_bytes
from skdistill.students import DirectStudent, resolve

__all__ = ["HONEST", "OURS", "distilled", "shipped"]

HONEST = ("honest", "honest, no fallback")


def shipped(student: Any) -> float:
    """Return the bytes of a fitted student, NaN where it cannot be pickled."""
    return float(size_bytes(student) or np.nan)


def direct(task: Task) -> Outcome:
    """Train the student on the labels."""
    model = DirectStudent(resolve(task.student)).fit(task.X, task.y)
    return Outcome(model.predict_proba(task.X_test), 1.0, size=shipped(model.fitted_.model))


def teacher(task: Task) -> Outcome:
    """Ask the teacher itself."""
    return Outcome(task.labels.test)


def distilled(task: Task, p: Any = None, **settings: Any) -> Outcome:
    """Distil what the teacher says out of fold, or other probabilities, with these settings."""
    given = {"student": task.student, "cv": task.labels.splits} | settings
    model = DistilledClassifier(None, **given)
    model.fit(task.X, task.y, teacher_proba=task.labels.out_of_fold if p is None else p)
    p = model.predict_proba(task.X_test)
    return Outcome(p, float(model.strength_ or 0.0), size=shipped(model.student_))


def in_sample(task: Task) -> Outcome:
    """Distil what the teacher says of its own training rows."""
    return distilled(task, task.labels.in_sample, strength=0.0, calibration=None)


def cross_fit(task: Task) -> Outcome:
    """Distil out-of-fold probabilities as they are."""
    return distilled(task, strength=0.0, calibration=None)


def fixed(task: Task) -> Outcome:
    """Distil calibrated probabilities at the one strength that harms least often."""
    return distilled(task, strength=0.75)


def default(task: Task) -> Outcome:
    """Distil with the defaults."""
    return distilled(task)


def honest(task: Task) -> dict[str, Outcome]:
    """Choose honestly: the fitted model, and the best candidate whether shown to help or not."""
    model = DistilledClassifierCV(
        None, task.student, cv=task.labels.splits, student_calibration=None
    )
    labels = {"teacher_proba": task.labels.out_of_fold, "pool_proba": task.labels.pool}
    model.fit(task.X, task.y, **labels)
    table, p = model.cv_results_, model.predict_proba(task.X_test)
    chosen = f"{model.best_params_['calibration']}; {model.verdict_.outcome}"
    best = int(np.argmax(table["smoothed_test_score"]))
    found = Outcome(p, float(model.strength_), chosen, shipped(model.student_))
    bold = replace(found, note=str(table["params"][best]["calibration"]))
    if best != model.best_index_:
        bold = distilled(task, **table["params"][best])
    return dict(zip(HONEST, (found, bold), strict=True))


OURS: dict[str, Method] = {
    "direct": direct,
    "teacher": teacher,
    "in-sample": in_sample,
    "cross-fit": cross_fit,
    "fixed .75": fixed,
    "default": default,
    "honest": honest,
}
