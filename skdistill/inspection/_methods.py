"""The methods that a distillation is compared with, as estimators."""

from collections.abc import Callable, Mapping
from typing import Any

import joblib
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from skdistill.classifier import DistilledClassifier
from skdistill.crossfit import fit_teacher
from skdistill.exceptions import ParameterError
from skdistill.students import DirectStudent, as_student, resolve
from skdistill.teachers import as_teacher

__all__ = [
    "METHODS",
    "CachedTeacher",
    "InSampleDistiller",
    "direct_student",
    "plain_distiller",
    "plain_student",
]


class CachedTeacher(ClassifierMixin, BaseEstimator):
    """The teacher itself, its fit shared with whoever fits it on the same rows."""

    def __init__(self, teacher: Any, memory: joblib.Memory) -> None:
        self.teacher = teacher
        self.memory = memory

    def fit(self, X: Any, y: Any) -> "CachedTeacher":
        """Fit a clone of the teacher, or find it in the cache."""
        fit = self.memory.cache(fit_teacher, ignore=["threads"])
        self.teacher_ = fit(clone(self.teacher), X, y, {})
        self.classes_ = self.teacher_.classes_
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the teacher's class probabilities, shape (n, K)."""
        return self.teacher_.predict_proba(X)


class InSampleDistiller(ClassifierMixin, BaseEstimator):
    """Distillation as it is commonly done: the teacher labels the rows it was fitted on."""

    def __init__(self, distiller: Any, teacher: CachedTeacher) -> None:
        self.distiller = distiller
        self.teacher = teacher

    def fit(self, X: Any, y: Any) -> "InSampleDistiller":
        """Fit the teacher on all rows and the student to its probabilities of these rows."""
        taught = clone(self.teacher).fit(X, y).predict_proba(X)
        self.distiller_ = clone(self.distiller).fit(X, y, teacher_proba=taught)
        self.classes_ = self.distiller_.classes_
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the student's class probabilities, shape (n, K)."""
        return self.distiller_.predict_proba(X)


def direct_student(estimator: Any) -> DirectStudent:
    """Return the student of a distiller, or the choice of a search, to be trained on labels."""
    chosen = getattr(estimator, "best_params_", None) or estimator.get_params(deep=False)
    adapter = resolve(as_student(chosen["student"]), chosen["loss"])
    return DirectStudent(adapter.on_device(estimator.device))


def plain_student(estimator: Any, X: Any, y: Any, params: Mapping[str, Any]) -> Any:
    """Return a fitted distiller's student again, fitted to its labels without correction."""
    if hasattr(estimator, "refit_student"):
        return estimator.refit_student(X, y, **params, correction=None, strength="auto")
    if "X_transfer" in params:
        raise ParameterError(
            "a search does not keep the labels of X_transfer, so its plain student cannot be "
            "fitted to them: leave X_train and y_train out."
        )
    # A search that fell back to the labels says nothing of a calibration.
    chosen = dict(estimator.best_params_)
    calibration = chosen.pop("calibration") if chosen["strength"] != 1.0 else "sigmoid"
    settings = chosen | {"correction": None, "strength": "auto", "calibration": calibration}
    uncorrected = DistilledClassifier(None, cv=estimator.cv, device=estimator.device, **settings)
    weight, groups = params.get("sample_weight"), params.get("groups")
    p = estimator.teacher_proba_
    return uncorrected.fit(X, y, sample_weight=weight, groups=groups, teacher_proba=p)


def _direct(estimator: Any, memory: joblib.Memory) -> DirectStudent:
    return direct_student(estimator)


def plain_distiller(estimator: Any, memory: joblib.Memory) -> InSampleDistiller:
    """Return the estimator without cross-fitting, calibration and correction."""
    uncorrected = clone(estimator).set_params(
        teacher=None, correction=None, calibration=None, strength="auto", n_repeats=1, memory=None
    )
    return InSampleDistiller(uncorrected, _teacher(estimator, memory))


def _teacher(estimator: Any, memory: joblib.Memory) -> CachedTeacher:
    if estimator.teacher is None:
        raise ParameterError(
            "the estimator must have a teacher, got teacher=None: there is nothing to fit on each "
            "fold. Give it one, or leave out the methods 'teacher', 'plain', 'cross-fit' and "
            "'distilled'."
        )
    return CachedTeacher(as_teacher(estimator.teacher), memory)


def _cross_fit(estimator: Any, memory: joblib.Memory) -> Any:
    bare = {"correction": None, "calibration": None, "strength": "auto"}
    return clone(estimator).set_params(memory=memory, **bare)


# Each by name: from an estimator and a cache of teachers to something with fit and predict_proba.
METHODS: dict[str, Callable[[Any, joblib.Memory], Any]] = {
    "teacher": _teacher,
    "direct": _direct,
    "plain": plain_distiller,
    "cross-fit": _cross_fit,
    "distilled": lambda estimator, memory: clone(estimator).set_params(memory=memory),
}
