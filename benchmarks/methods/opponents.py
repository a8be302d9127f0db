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
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from benchmarks.methods.base import Method, Outcome, Task
from benchmarks.methods.ours import distilled, shipped
from benchmarks.ratios import lifted
from skdistill import DistilledClassifierCV
from skdistill.choosing.tuning import tuned_grid
from skdistill.teaching.calibration import calibrate

__all__ = ["OPPONENTS", "SHRINKAGES", "TUNED", "shrink"]

Floats = NDArray[np.floating[Any]]
TUNED = (
    "direct, tuned",
    "direct, tuned and calibrated",
    "default, tuned",
    "honest, tuned",
)
SHRINKAGES = (0.1, 1.0, 10.0, 25.0, 50.0, 100.0)


def tuned(task: Task) -> dict[str, Outcome]:
    """Tune both sides by one search: its best direct student, ours with its settings, its choice.

    Three strengths and one calibration for each of the settings, so that no side is tried much
    more often than the other.
    """
    search = DistilledClassifierCV(
        None,
        task.student,
        cv=task.labels.splits,
        settings="auto",
        strengths=(0.0, 0.5, 1.0),
        calibrations=("sigmoid",),
    )
    labels = {"teacher_proba": task.labels.out_of_fold, "pool_proba": task.labels.pool}
    search.fit(task.X, task.y, **labels)
    table = search.cv_results_
    scores = np.where(_is_direct(table), table["mean_test_score"], -np.inf)
    best = table["params"][int(np.argmax(scores))]["student"]
    fitted = clone(best).fit(task.X, task.y)
    p, size = fitted.predict_proba(task.X_test), shipped(fitted)
    chosen = Outcome(
        search.predict_proba(task.X_test),
        float(search.strength_),
        search.verdict_.outcome,
        shipped(search.student_),
    )
    outcomes = (
        Outcome(p, 1.0, _changed(best, task.student), size),
        Outcome(_calibrated(best, p, task), 1.0, "", size),
        distilled(task, student=best),
        chosen,
    )
    return dict(zip(TUNED, outcomes, strict=True))


def calibrated(task: Task) -> Outcome:
    """Train the student directly, and cool or warm its probabilities by one temperature."""
    fitted = clone(task.student).fit(task.X, task.y)
    p = fitted.predict_proba(task.X_test)
    return Outcome(_calibrated(task.student, p, task), 1.0, size=shipped(fitted))


def shrunk(task: Task) -> Outcome | None:
    """Train a tree or a forest directly, and shrink its nodes to their parents."""
    forests = DecisionTreeClassifier, RandomForestClassifier, ExtraTreesClassifier
    if not isinstance(task.student, forests):
        return None
    folds = [clone(task.student).fit(task.X[a], task.y[a]) for a, _ in task.labels.splits]

    def loss(strength: float) -> float:
        return float(
            np.mean(
                [
                    log_loss(
                        task.y[test],
                        lifted(shrink(model, strength).predict_proba(task.X[test])),
                        labels=np.unique(task.y),
                    )
                    for model, (_, test) in zip(folds, task.labels.splits, strict=True)
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


def _is_direct(table: dict[str, Any]) -> NDArray[np.bool_]:
    """Return which candidates are direct students."""
    return np.array([p["strength"] == 1.0 and p["calibration"] is None for p in table["params"]])


def _changed(best: Any, student: Any) -> str:
    """Return what the search set otherwise than it was given."""
    before, now = student.get_params(), best.get_params()
    changed = [name for name in tuned_grid(student) if now[name] != before[name]]
    return "; ".join(f"{name.split('__')[-1]} {now[name]:g}" for name in changed)


def _calibrated(student: Any, p: Floats, task: Task) -> Floats:
    """Return probabilities of the test rows at the temperature that suits out-of-fold ones."""
    splits = task.labels.splits
    own = cross_val_predict(student, task.X, task.y, cv=splits, method="predict_proba")
    truth = np.eye(p.shape[1])[np.unique(task.y, return_inverse=True)[1]]
    return np.asarray(calibrate("temperature", truth, lifted(own)).transform(lifted(p)))


OPPONENTS: dict[str, Method] = {
    "direct, calibrated": calibrated,
    "direct, shrunk": shrunk,
    "tuned": tuned,
}
