"""The methods that a distillation is compared with, as estimators."""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import cross_validate
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_memory

from skdistill._ground.arrays import to_host
from skdistill._ground.engines import engine, fan_out
from skdistill._ground.row_sets import Rows
from skdistill._ground.validation import brief, check_choice
from skdistill.choosing.candidates import DIRECT
from skdistill.distillation import Metadata, fit_student
from skdistill.exceptions import ParameterError
from skdistill.inspection._folded import FitsCarried, check_takes_weights
from skdistill.inspection._tasks import Side, side_of
from skdistill.inspection._teaching import teacher_params
from skdistill.settings import resolve_settings
from skdistill.students import Fitted, predict_fitted
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
    "run_methods",
]

BARE = {"correction": None, "calibration": None, "synthetic": None, "strength": "auto"}


def _tells_classes(method: Any) -> bool:
    return hasattr(method._model, "predict_proba")  # noqa: SLF001 - of the class below


class _Method(BaseEstimator, ABC):
    """A model that answers by another one, fitted: with probabilities, or with numbers."""

    @property
    @abstractmethod
    def _model(self) -> Any:
        """The fitted one."""

    @available_if(_tells_classes)
    def predict_proba(self, X: Any) -> Any:
        """Return class probabilities, shape (n, K)."""
        return self._model.predict_proba(X)

    def predict(self, X: Any) -> Any:
        """Return predictions."""
        return self._model.predict(X)


class CachedTeacher(_Method):
    """The teacher itself, its fit shared with whoever fits it on the same rows."""

    def __init__(self, distiller: Any, memory: joblib.Memory, side: Side) -> None:
        self.distiller = distiller
        self.memory = memory
        self.side = side

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "CachedTeacher":
        """Fit a clone of the teacher, or find it in the cache."""
        fit = self.memory.cache(fit_teacher, ignore=["threads"])
        teacher = clone(as_teacher(self.distiller.teacher, self.side.task.teachers))
        params = teacher_params(self.distiller, teacher, sample_weight)
        self.outcome_ = self.side.task.read(X, y, None, None).outcome
        self.teacher_ = fit(teacher, X, y, params, self.outcome_)
        self.classes_ = self.outcome_.classes
        return self

    @property
    def _model(self) -> Any:
        return self.teacher_


class InSampleDistiller(_Method):
    """Distillation as it is commonly done: the teacher labels the rows it was fitted on."""

    def __init__(self, distiller: Any, teacher: CachedTeacher) -> None:
        self.distiller = distiller
        self.teacher = teacher

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "InSampleDistiller":
        """Fit the teacher on all rows and the student to what it says of these rows."""
        teacher = clone(self.teacher).fit(X, y, sample_weight)
        outcome = teacher.outcome_
        taught = outcome.ask(teacher.teacher_, X)
        self.distiller_ = clone(self.distiller).fit(X, y, sample_weight, **{outcome.given: taught})
        self.classes_ = outcome.classes
        return self

    @property
    def _model(self) -> Any:
        return self.distiller_


class PlainStudent:
    """A student fitted to what its teacher said, as it is."""

    def __init__(self, fitted: Fitted, classes: NDArray[Any]) -> None:
        self.fitted_ = fitted
        self.classes_ = classes

    @available_if(lambda student: len(student.classes_))
    def predict_proba(self, X: Any) -> Any:
        """Return the student's class probabilities, shape (n, K)."""
        return to_host(predict_fitted(self.fitted_, X))

    @available_if(lambda student: not len(student.classes_))
    def predict(self, X: Any) -> Any:
        """Return the student's predictions, shape (n, m)."""
        return to_host(predict_fitted(self.fitted_, X))


def is_direct(params: Mapping[str, Any]) -> bool:
    """Whether parameters of a distiller stand for training the student on the labels.

    Those of a regressor have no temperature, nor a loss of their own.
    """
    told = {name: value for name, value in DIRECT.items() if name in params}
    enough = told.keys() >= DIRECT.keys() - {"loss", "temperature"}
    return enough and all(params[name] == value for name, value in told.items())


def fell_back(estimator: Any) -> bool:
    """Whether a fitted search has chosen the student trained on the labels."""
    return is_direct(getattr(estimator, "best_params_", {}))


def direct_student(estimator: Any) -> Any:
    """Return the student of a distiller, or the choice of a search, to be trained on labels."""
    side = side_of(estimator)
    chosen = getattr(estimator, "best_params_", None) or estimator.get_params(deep=False)
    student = side.task.as_student(chosen["student"])
    adapter = side.task.rules.resolve(student, chosen.get("loss", "auto"))
    return side.direct(adapter.on_device(estimator.device))


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
    side = side_of(estimator)
    given = {name: params.get(name) for name in ("sample_weight", "groups", *side.task.beside)}
    data = side.task.read(X, y, **given)
    settings = resolve_settings(
        **{"loss": "auto"} | estimator.best_params_ | BARE,
        device=estimator.device,
        n_rows=len(data),
        weighted=data.weight is not None,
        rules=side.task.rules,
    )
    if fell_back(estimator):  # and so says nothing of a calibration
        raw = side.said(estimator, "teacher")[data.kept]
        how = {"loss": settings.labels_by[1], "may_be_constant": True}
        labels = label_rows(raw, data, side.calibration, **how)
    else:
        p = side.said(estimator, "calibrated")[data.kept]
        labels = Labels(p, p, np.flatnonzero(~np.isnan(p[:, 0])), Calibration())
    metadata = Metadata({}, {}, data.weight)
    done = fit_student(settings, data, labels, metadata)
    return PlainStudent(done.fitted, data.classes)


def _direct(estimator: Any, memory: joblib.Memory) -> Any:
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
    return CachedTeacher(estimator, memory, side_of(estimator))


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


def run_methods(
    estimator: Any,
    methods: Sequence[str],
    others: Mapping[str, Any],
    *,
    memory: Any,
    **how: Any,
) -> dict[str, dict[str, NDArray[Any]]]:
    """Return by name what came of methods and other models, of which teachers are cached.

    Without a `memory` they are in a temporary folder, removed at the end; `how` is that of
    `run_method`.
    """
    scratch = tempfile.TemporaryDirectory() if memory is None else nullcontext(memory)
    with scratch as place:
        # A path would do, but joblib would then announce what it computes.
        cache = joblib.Memory(place, verbose=0) if isinstance(place, str) else check_memory(place)
        candidates = {name: METHODS[name](estimator, cache) for name in methods}
        how |= {"folder": cache.location}
        with engine():
            return {name: run_method(each, **how) for name, each in (candidates | others).items()}


def run_method(
    candidate: Any,
    *,
    X: Any,
    rows: NDArray[Any],
    folds: Folds,
    scoring: Callable[..., Any],
    n_jobs: int | None,
    verbose: int,
    folder: str | None,
) -> dict[str, NDArray[Any]]:
    how = {"n_jobs": n_jobs, "verbose": verbose, "folder": folder}
    tasks = [tuple(Rows.of(part, folds.n_rows) for part in split) for split in folds.splits]
    parts = fan_out(_one_fold, (X, rows, FitsCarried(candidate), scoring), tasks, **how)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _one_fold(
    X: Any, rows: Any, candidate: Any, scoring: Callable[..., Any], train: Rows, test: Rows
) -> dict[str, NDArray[Any]]:
    """Return what scikit-learn's cross-validation on one fold gives."""
    split = train.numbers, test.numbers
    return cross_validate(candidate, X, rows, cv=[split], scoring=scoring, error_score="raise")


def check_names(
    methods: Sequence[str], others: Any, baseline: str, side: Side, *, weighted: bool
) -> dict[str, Any]:
    """Check the names, and return the other models by theirs."""
    others = {} if others is None else others
    kind = side.task.teachers.name
    if not isinstance(others, Mapping) or not all(hasattr(each, "fit") for each in others.values()):
        raise ParameterError(
            f"others must be a mapping of names to {kind}s, such as "
            f'{{"stump": DecisionTree{kind.title()}(max_depth=1)}}, got {brief(others)}.'
        )
    if isinstance(methods, str):
        raise ParameterError(f"methods must be a sequence of names, got the string {methods!r}.")
    for name in methods:
        check_choice("every method", name, METHODS, "; others go into others=")
    taken = sorted(set(methods) & set(others))
    if taken:
        raise ParameterError(f"names in others must differ from those of methods, got {taken}.")
    check_choice("baseline", baseline, [*methods, *others])
    for name, model in others.items() if weighted else ():
        check_takes_weights(name, model)
    return dict(others)
