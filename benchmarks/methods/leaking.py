"""Choices on ordinary out-of-fold probabilities, as they are made elsewhere: their scores leak.

The probabilities of the training rows have seen, through the teacher, the labels of the rows that
the student is validated on. The search is ours, given these in place of its pool.
"""

import numpy as np

from benchmarks.methods.base import Method, Outcome, Task
from benchmarks.methods.ours import shipped
from skdistill import DistilledClassifierCV

__all__ = ["LEAKING"]


def _search(task: Task, **settings: object) -> Outcome:
    p = task.labels.out_of_fold
    settings |= {"student_calibration": None, "fallback": False}
    model = DistilledClassifierCV(None, task.student, cv=task.labels.splits, **settings).fit(
        task.X, task.y, teacher_proba=p, pool_proba=np.stack([p] * len(task.labels.splits))
    )
    p = model.predict_proba(task.X_test)
    return Outcome(p, float(model.strength_), size=shipped(model.student_))


def naive(task: Task) -> Outcome:
    """Choose the strength by ordinary cross-validation of the student."""
    return _search(task, calibrations=("sigmoid",))


def paper(task: Task) -> Outcome:
    """Apply the paper's enhanced rule: its correction, its constant chosen by the leaking scores.

    The constant c is mean(V) s / (1 - s) for the strengths s of the grid.
    """
    return _search(
        task,
        calibrations=(None,),
        corrections=("fast",),
        strengths=(0.0, 0.05, 0.1, 0.25, 0.5, 0.75),
        smooth=False,
    )


LEAKING: dict[str, Method] = {"naive choice": naive, "paper's rule": paper}
