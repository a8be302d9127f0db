"""The methods that a distillation is compared with, as estimators."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import cross_validate
from sklearn.utils.validation import has_fit_parameter

from skdistill._ground.arrays import to_host
from skdistill._ground.data import check_data
from skdistill._ground.outcomes import Classes
from skdistill._ground.validation import brief, check_choice
from skdistill.choosing.candidates import DIRECT
from skdistill.distillation import Metadata, fit_student
from skdistill.exceptions import ParameterError
from skdistill.inspection._scores import score_model
from skdistill.settings import resolve_settings
from skdistill.students import DirectStudent, Fitted, as_student, predict_fitted, resolve
from skdistill.teaching.calibration import Calibration
from skdistill.teaching.crossfit import fit_teacher
from skdistill.teaching.folds import Folds
from skdistill.teaching.labels import Labels, label_rows
from skdistill.teaching.teachers import as_teacher

__all__ = [
    "METHODS",
    "CachedTeacher",
    "InSampleDistiller",
    "PlainStudent",
    "direct_student",
    "fell_back",
    "in_sample_distiller",
    "is_direct",
    "plain_student",
]

BARE = {"correction": None, "calibration": None, "synthetic": None, "strength": "auto"}


class CachedTeacher(ClassifierMixin, BaseEstimator):
    """The teacher itself, its fit shared with whoever fits it on the same rows."""

    def __init__(self, teacher: Any, memory: joblib.Memory) -> None:
        self.teacher = teacher
        self.memory = memory

    def fit(self, X: Any, y: Any) -> "CachedTeacher":
        """Fit a clone of the teacher, or find it in the cache."""
        fit = self.memory.cache(fit_teacher, ignore=["threads"])
        self.teacher_ = fit(clone(self.teacher), X, y, {}, Classes(np.unique(y)))
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


class PlainStudent:
    """A student fitted to the probabilities of its teacher as they are."""

    def __init__(self, fitted: Fitted, classes: NDArray[Any]) -> None:
        self.fitted_ = fitted
        self.classes_ = classes

    def predict_proba(self, X: Any) -> Any:
        """Return the student's class probabilities, shape (n, K)."""
        return to_host(predict_fitted(self.fitted_, X))


def is_direct(params: Mapping[str, Any]) -> bool:
    """Whether parameters of a distiller stand for training the student on the labels."""
    return all(name in params and params[name] == value for name, value in DIRECT.items())


def fell_back(estimator: Any) -> bool:
    """Whether a fitted search has chosen the student trained on the labels."""
    return is_direct(getattr(estimator, "best_params_", {}))


def direct_student(estimator: Any) -> DirectStudent:
    """Return the student of a distiller, or the choice of a search, to be trained on labels."""
    chosen = getattr(estimator, "best_params_", None) or estimator.get_params(deep=False)
    adapter = resolve(as_student(chosen["student"]), chosen["loss"])
    return DirectStudent(adapter.on_device(estimator.device))


def plain_student(estimator: Any, X: Any, y: Any, params: Mapping[str, Any]) -> Any:
    """Return a fitted distiller's student again, fitted to its labels without correction."""
    if hasattr(estimator, "refit_student"):
        plain = {"correction": None, "synthetic": None, "strength": "auto"}
        return estimator.refit_student(X, y, **params, **plain)
    if "X_transfer" in params:
        raise ParameterError(
            "a search does not keep the labels of X_transfer, so its plain student cannot be "
            "fitted to them: leave X_train and y_train out."
        )
    data = check_data(X, y, params.get("sample_weight"), params.get("groups"))
    settings = resolve_settings(
        **estimator.best_params_ | BARE,
        device=estimator.device,
        n_rows=len(data),
        weighted=data.weight is not None,
    )
    if fell_back(estimator):  # and so says nothing of a calibration
        raw = estimator.teacher_proba_[data.kept]
        labels = label_rows(raw, data, "sigmoid", may_be_constant=True)
    else:
        p = estimator.calibrated_proba_[data.kept]
        labels = Labels(p, p, np.flatnonzero(~np.isnan(p[:, 0])), Calibration())
    metadata = Metadata({}, {}, data.weight)
    done = fit_student(settings, data, labels, metadata)
    return PlainStudent(done.fitted, data.classes)


def _direct(estimator: Any, memory: joblib.Memory) -> DirectStudent:
    return direct_student(estimator)


def in_sample_distiller(estimator: Any, memory: joblib.Memory) -> InSampleDistiller:
    """Return the estimator without cross-fitting, calibration and correction."""
    bare = clone(estimator).set_params(teacher=None, n_repeats=1, memory=None, **BARE)
    return InSampleDistiller(bare, _teacher(estimator, memory))


def _teacher(estimator: Any, memory: joblib.Memory) -> CachedTeacher:
    if estimator.teacher is None:
        raise ParameterError(
            "the estimator must have a teacher, got teacher=None: there is nothing to fit on each "
            "fold. Give it one, or leave out the methods 'teacher', 'in-sample', 'cross-fit' "
            "and 'distilled'."
        )
    return CachedTeacher(as_teacher(estimator.teacher), memory)


def _cross_fit(estimator: Any, memory: joblib.Memory) -> Any:
    return clone(estimator).set_params(memory=memory, **BARE)


# Each by name: from an estimator and a cache of teachers to something with fit and predict_proba.
METHODS: dict[str, Callable[[Any, joblib.Memory], Any]] = {
    "teacher": _teacher,
    "direct": _direct,
    "in-sample": in_sample_distiller,
    "cross-fit": _cross_fit,
    "distilled": lambda estimator, memory: clone(estimator).set_params(memory=memory),
}


def run_method(
    candidate: Any,
    *,
    X: Any,
    y: NDArray[Any],
    folds: Folds,
    groups: NDArray[Any] | None,
    floor: float,
    n_jobs: int | None,
    verbose: int,
) -> dict[str, NDArray[Any]]:
    grouped = groups is not None and has_fit_parameter(candidate, "groups")
    return cross_validate(
        candidate,
        X,
        y,
        cv=list(folds.splits),
        scoring=partial(score_model, floor=floor),
        params={"groups": groups} if grouped else None,
        n_jobs=n_jobs,
        verbose=verbose,
        error_score="raise",
    )


def check_names(methods: Sequence[str], others: Any, baseline: str) -> dict[str, Any]:
    """Check the names, and return the other classifiers by theirs."""
    others = {} if others is None else others
    if not isinstance(others, Mapping) or not all(hasattr(each, "fit") for each in others.values()):
        raise ParameterError(
            'others must be a mapping of names to classifiers, such as {"stump": '
            f"DecisionTreeClassifier(max_depth=1)}}, got {brief(others)}."
        )
    if isinstance(methods, str):
        raise ParameterError(f"methods must be a sequence of names, got the string {methods!r}.")
    for name in methods:
        check_choice("every method", name, METHODS, "; others go into others=")
    taken = sorted(set(methods) & set(others))
    if taken:
        raise ParameterError(f"names in others must differ from those of methods, got {taken}.")
    check_choice("baseline", baseline, [*methods, *others])
    return dict(others)
