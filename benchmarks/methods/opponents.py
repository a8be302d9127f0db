"""The direct student as good as it can be made by the same means, and ours beside it.

A library's defaults are a weak opponent. Here the direct student gets the settings that
``settings="auto"`` tries, on the same folds, and a temperature; trees and forests are shrunk as
well. All keep its size.
"""

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import ParameterGrid, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from benchmarks.methods.base import Method, Outcome, Task
from benchmarks.methods.ours import distilled, shipped
from benchmarks.ratios import floored_log_loss, lifted
from skdistill import DistilledClassifierCV
from skdistill.choosing.making import auto_synthetics
from skdistill.choosing.tuning import tuned_grid
from skdistill.teaching.calibration import calibrate, calibrate_unseen

__all__ = ["OPPONENTS", "SHRINKAGES", "TUNED", "shrink"]

Floats = NDArray[np.floating[Any]]
TUNED = (
    "direct, tuned",
    "direct, tuned and calibrated",
    "default, tuned",
    "honest, tuned and calibrated",
)
SHRINKAGES = (0.1, 1.0, 10.0, 25.0, 50.0, 100.0)


def tuned(task: Task) -> dict[str, Outcome]:
    """Tune the direct student, with a temperature and without; ours with its settings; both sides.

    Ours tries three strengths and one calibration with each of the settings, so that no side is
    tried much more often than the other, and the same temperature.
    """
    grid = ParameterGrid(tuned_grid(task.student))
    tried = [clone(task.student).set_params(**setting) for setting in grid]
    said = [_out_of_fold(student, task) for student in tried]
    plain = tried[int(np.argmin([_loss(p, task) for p in said]))]
    cooled = tried[int(np.argmin([_loss(_unseen(p, task), task) for p in said]))]
    fitted, at_best = (clone(best).fit(task.X, task.y) for best in (plain, cooled))
    outcomes = (
        Outcome(
            fitted.predict_proba(task.X_test), 1.0, _changed(plain, task.student), shipped(fitted)
        ),
        _calibrated(at_best, said[tried.index(cooled)], task, _changed(cooled, task.student)),
        distilled(task, student=plain),
        _searched(task, settings="auto", strengths=(0.0, 0.5, 1.0), calibrations=("sigmoid",)),
    )
    return dict(zip(TUNED, outcomes, strict=True))


def calibrated(task: Task) -> Outcome:
    """Train the student directly, and cool or warm its probabilities by one temperature."""
    fitted = clone(task.student).fit(task.X, task.y)
    return _calibrated(fitted, _out_of_fold(task.student, task), task)


def honest_calibrated(task: Task) -> Outcome:
    """Choose honestly among the student's own settings, every candidate at its temperature."""
    return _searched(task)


def with_synthetic_rows(task: Task) -> Outcome | None:
    """Tune and calibrate both sides; candidates may learn from synthetic rows as well.

    The teacher labels them, so that its pool is fitted anew.
    """
    if len(auto_synthetics(task.student)) < 2:
        return None  # none are tried with it
    how = {"strengths": (0.0, 0.5, 1.0), "calibrations": ("sigmoid",), "synthetics": "auto"}
    return _searched(task, task.teacher, settings="auto", **how)


def shrunk(task: Task) -> Outcome | None:
    """Train a tree or a forest directly, and shrink its nodes to their parents."""
    forests = DecisionTreeClassifier, RandomForestClassifier, ExtraTreesClassifier
    if not isinstance(task.student, forests):
        return None
    folds = [clone(task.student).fit(task.X[a], task.y[a]) for a, _ in task.labels.splits]

    codes = _codes(task)

    def loss(strength: float) -> float:
        return float(
            np.mean(
                [
                    floored_log_loss(codes[t], shrink(model, strength).predict_proba(task.X[t]))
                    for model, (_, t) in zip(folds, task.labels.splits, strict=True)
                ]
            )
        )

    best = min(SHRINKAGES, key=loss)
    model = shrink(clone(task.student).fit(task.X, task.y), best)
    return Outcome(model.predict_proba(task.X_test), 1.0, f"lambda {best:g}", shipped(model))


def shrink(model: Any, strength: float) -> Any:
    """Return a copy of a tree or a forest whose nodes are shrunk to their parents.

    Along the path of a row from the root, each step from a parent to its child is divided by
    ``1 + strength / n``, with n the parent's rows: hierarchical shrinkage (Agarwal, Tan, Ronen,
    Singh and Yu, ICML 2022). Structure and size stay as they are.
    """
    model = deepcopy(model)
    for each in getattr(model, "estimators_", [model]):
        tree = each.tree_
        values = tree.value / tree.value.sum(axis=2, keepdims=True)
        shown = values.copy()
        for parent in range(tree.node_count):  # parents come before their children
            share = 1.0 + strength / tree.weighted_n_node_samples[parent]
            for child in (tree.children_left[parent], tree.children_right[parent]):
                if child >= 0:
                    shown[child] = shown[parent] + (values[child] - values[parent]) / share
        tree.value[:] = shown
    return model


def _searched(task: Task, teacher: Any = None, **settings: Any) -> Outcome:
    """Choose honestly, every candidate of both sides at a temperature of its own.

    Without a teacher the labels are those that all methods share.
    """
    given = {"cv": task.labels.splits, "student_calibration": "temperature"} | settings
    search = DistilledClassifierCV(teacher, task.student, **given)
    known = {"teacher_proba": task.labels.out_of_fold, "pool_proba": task.labels.pool}
    search.fit(task.X, task.y, **({} if teacher is not None else known))
    p = search.predict_proba(task.X_test)
    return Outcome(p, float(search.strength_), search.verdict_.outcome, shipped(search.student_))


def _changed(best: Any, student: Any) -> str:
    """Return what the search set otherwise than it was given."""
    before, now = student.get_params(), best.get_params()
    changed = [name for name in tuned_grid(student) if now[name] != before[name]]
    return "; ".join(f"{name.split('__')[-1]} {now[name]:g}" for name in changed)


def _out_of_fold(student: Any, task: Task) -> Floats:
    """Return what the direct student says of rows that it did not see."""
    splits = task.labels.splits
    return cross_val_predict(student, task.X, task.y, cv=splits, method="predict_proba")


def _loss(p: Floats, task: Task) -> float:
    """Return the mean over folds of the log-loss of the training rows."""
    codes, tests = _codes(task), [test for _, test in task.labels.splits]
    return float(np.mean([floored_log_loss(codes[test], p[test]) for test in tests]))


def _unseen(p: Floats, task: Task) -> Floats:
    """Return probabilities of the training rows, each fold at the temperature of the others."""
    truth, cooled = np.eye(p.shape[1])[_codes(task)], np.empty_like(p)
    for _, test in task.labels.splits:
        mask = np.isin(np.arange(len(p)), test)
        cooled[mask] = calibrate_unseen("temperature", truth, lifted(p), mask)
    return cooled


def _calibrated(fitted: Any, out_of_fold: Floats, task: Task, note: str = "") -> Outcome:
    """Return probabilities of the test rows at the temperature that suits out-of-fold ones."""
    truth = np.eye(out_of_fold.shape[1])[_codes(task)]
    scaling = calibrate("temperature", truth, lifted(out_of_fold))
    p = np.asarray(scaling.transform(lifted(fitted.predict_proba(task.X_test))))
    return Outcome(p, 1.0, note, shipped(fitted))


def _codes(task: Task) -> NDArray[np.int64]:
    return np.unique(task.y, return_inverse=True)[1]


OPPONENTS: dict[str, Method] = {
    "direct, calibrated": calibrated,
    "direct, shrunk": shrunk,
    "honest, calibrated": honest_calibrated,
    "honest, tuned, calibrated, synthetic": with_synthetic_rows,
    "tuned": tuned,
}
