"""What the estimators share: metadata, folds, the teacher's pass, and prediction."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, ClassVar

import numpy as np
from joblib import Memory
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted, check_memory, validate_data

from skdistill._ground.attributes import StudentAttributes
from skdistill._ground.compat import CallbackSupportMixin, Progress, warn_user
from skdistill._ground.data import Data
from skdistill._ground.fingerprints import fingerprints
from skdistill._ground.learners import check_routing, tags_of, takes_nan
from skdistill._ground.tables import check_table
from skdistill._ground.validation import (
    check_polars,
    check_unmasked,
    has_missing,
    is_estimator,
)
from skdistill.choosing.strength import fit_direct
from skdistill.distillation import Distilled, Metadata
from skdistill.estimators.report import FitReport
from skdistill.estimators.tasks import Task
from skdistill.exceptions import (
    BudgetError,
    InputError,
    LeakWarning,
    ParameterError,
    SkdistillWarning,
    StudentError,
    TeacherError,
    TeacherTypeError,
)
from skdistill.rows.transfer import check_transfer
from skdistill.settings import Settings
from skdistill.students import (
    Adapter,
    Fitted,
    predict_fitted,
)
from skdistill.teaching.crossfit import OutOfFold, cross_fit
from skdistill.teaching.fold_classes import check_taught_classes, tell_uncovered
from skdistill.teaching.folds import Folds, duplicate_share, make_folds
from skdistill.teaching.teachers import as_teacher, check_cacheable, weight_keyword

__all__ = ["BaseDistiller", "all_or_nothing"]

DUPLICATE_SHARE = 0.01  # up to it identical rows in two folds are worth no warning


def all_or_nothing(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method of fitting leave the estimator as it was where it fails or is interrupted.

    But for a `BudgetError`, which keeps what a search has found.
    """

    @wraps(fit)
    def fit_or_restore(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = dict(vars(self))
        try:
            return fit(self, *args, **kwargs)
        except BudgetError:
            raise
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fit_or_restore


class BaseDistiller(CallbackSupportMixin, StudentAttributes, BaseEstimator):
    """Base of the estimators: a subclass has their parameters and fits."""

    # Named plainly, and dangerous to lose on the way: passed on unless the user says otherwise.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {
        "groups": True,
        "X_transfer": True,
    }

    _task: ClassVar[Task]
    _seen: dict[str, str]
    _fitted: Fitted
    _checks_features: bool
    _checks_names: bool
    _checks_finite: bool

    def _say(self, X: Any) -> NDArray[Any]:
        """Return what the student says of rows, in the columns of the outcome; X is checked."""
        # One row must cost what the bare student costs: scikit-learn's own check takes longer than
        # a small tree, so it runs only once something is known to be wrong.
        try:
            fitted = self._fitted
        except AttributeError:
            check_is_fitted(self)
            raise
        if self._checks_features or (self._checks_names and hasattr(X, "columns")):
            validate_data(self, X, reset=False, skip_check_array=True)
        check_unmasked("X", X)
        if self._checks_finite and has_missing(X):
            raise InputError(
                "X must be finite, got NaN or infinity: the student would take it, but no row that "
                "it was fitted on had any, and its teacher is not known to take it. Impute it, or "
                "fit on rows that have some. Input X contains NaN or infinity."
            )
        return predict_fitted(fitted, X)

    def fitted_on(self, y: Any, **beside: Any) -> bool:
        """Whether these are the labels that it was fitted on, in the same order.

        What is kept of a fit (`teacher_proba_`, `fold_`) belongs to those rows and to no others.

        Parameters
        ----------
        y : array-like of shape (n,)
            Labels.
        **beside : array-like of shape (n,) or None
            ``sample_weight``, ``groups`` and ``exposure``, each compared where it is passed; None
            for none.

        Returns
        -------
        same : bool

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        now = fingerprints(y, **beside)
        return all(now[name] == self._seen[name] for name in ("y", *beside))

    def _remember(self, y: Any, **beside: Any) -> None:
        """Keep fingerprints of what came beside the features."""
        self._seen = fingerprints(y, **beside)

    def _check_same(self, y: Any, **beside: Any) -> None:
        """Raise InputError unless these are what the estimator was fitted with."""
        now = fingerprints(y, **beside)
        if now["y"] != self._seen["y"]:
            raise InputError(
                "y must be the labels that the estimator was fitted on, in the same order: the "
                "out-of-fold probabilities belong to those rows. Call fit for other data."
            )
        for name, given in beside.items():
            if now[name] != self._seen[name]:
                raise InputError(
                    f"{name} must be what fit was given, got {'none' if given is None else 'other'}"
                    ": the teacher's pass knew those. Call fit for others."
                )

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata goes to teacher, student and splitter.

        Returns
        -------
        router : MetadataRouter
        """
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        if self.teacher is not None:
            router.add(teacher=self._teacher(), method_mapping=to_fit)
        router.add(**self._students(), method_mapping=to_fit)
        if hasattr(self.cv, "get_metadata_routing"):
            router.add(
                splitter=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split")
            )
        return router

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        learners = self._learners()
        tags.input_tags.sparse = all(tags_of(each).input_tags.sparse for each in learners)
        tags.input_tags.allow_nan = all(takes_nan(each) for each in learners)
        return tags

    def _learners(self) -> list[Any]:
        """Return teacher and students, as far as they are learners; fit says what is not."""
        every = list(self._students().values())
        with suppress(TeacherTypeError):
            every.append(self._teacher())
        return [each for each in every if is_estimator(each)]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_fitted")

    def _teacher(self) -> Any:
        return as_teacher(self.teacher, self._task.teachers)

    def _student(self) -> Any:
        return self._task.as_student(self.student)

    def _students(self) -> dict[str, Any]:
        """Return the students by the name that metadata routing knows them by."""
        return {"student": self._student()}

    def _metadata(self, data: Data, teacher: Any, params: dict[str, Any]) -> dict[str, Metadata]:
        """Say who gets the weights and the other metadata, by name of the student."""
        self._task.check_learners(data, teacher, self._students().values())
        if not get_config()["enable_metadata_routing"]:
            if params:
                raise ParameterError(
                    f"fit got the metadata {sorted(params)}, which need metadata routing: call "
                    "sklearn.set_config(enable_metadata_routing=True) and set the requests of "
                    "teacher and student."
                )
            weights = {}
            if data.weight is not None and teacher is not None:
                weights = {weight_keyword(teacher): data.weight}
            return dict.fromkeys(self._students(), Metadata(weights, {}, data.weight))
        for learner in self._students().values():
            check_routing("student", learner, StudentError)
        if self.teacher is not None:
            check_routing("teacher", self._teacher(), TeacherError)
        routed = process_routing(
            self,
            "fit",
            sample_weight=data.weight,
            groups=data.groups,
            **{key: data.of_given(value) for key, value in params.items()},
        )
        to_teacher = {} if teacher is None else dict(routed["teacher"].fit)
        parted = {}
        for name in self._students():
            to_student = dict(routed[name].fit)
            weight = to_student.pop("sample_weight", None)
            parted[name] = Metadata(to_teacher, to_student, weight)
        if data.rates:
            self._check_weighed(parted, teacher)
        return parted

    def _check_weighed(self, routed: dict[str, Metadata], teacher: Any) -> None:
        """Raise ParameterError where an exposure would not reach a learner: it is a weight."""
        deaf = [name for name, each in routed.items() if each.student_weight is None]
        if teacher is not None and "sample_weight" not in next(iter(routed.values())).teacher:
            deaf.append("teacher")
        if deaf:
            raise ParameterError(
                f"exposure reaches learners as weights, and {deaf[0]!r} requests none: call "
                "set_fit_request(sample_weight=True) on it, or leave out the exposure."
            )

    @staticmethod
    def _check_loss(settings: Settings, data: Data) -> None:
        """Raise where a loss is not defined for what was observed, or not for so much of it."""
        loss = settings.loss
        if settings.strength != 1.0:  # there the labels alone are learnt
            settings.adapter.check_outputs(data.outcome.n_columns, len(data))
        loss.check_labels(data.spread(data.columns))
        if data.rates and loss.level is not None:
            raise ParameterError(
                f"exposure has no meaning for loss {loss!r}: a quantile of rates depends on how "
                "long each was observed. Use a student of a mean (Poisson, Gamma, Tweedie, squared "
                "error), or leave out the exposure."
            )

    def _refuse_ignored(self, given: str, **neutral: Any) -> None:
        """Raise ParameterError where a parameter would have no effect beside what is given."""
        for name, value in neutral.items():
            if getattr(self, name) != value:
                raise ParameterError(
                    f"{name}={getattr(self, name)!r} has no effect with {given}, which are given: "
                    f"leave it at {value}."
                )

    def _check_rows(self, X: Any, y: Any, X_transfer: Any) -> None:
        """Note the features, and raise InputError where the rows cannot be used."""
        check_table(X)
        validate_data(self, X, y, skip_check_array=True)
        for learner in (self.teacher, *self._students().values()):
            check_polars(learner, X)
        if X_transfer is not None:
            check_transfer(X, X_transfer)
            validate_data(self, X_transfer, reset=False, skip_check_array=True)

    def _folds(self, data: Data, random_state: Any, *, tell: bool) -> Folds:
        """Return the folds; say how many rows are in none, where it is known to matter."""
        folds = make_folds(
            self.cv,
            data.X,
            data.y,
            groups=data.groups,
            n_repeats=self.n_repeats,
            random_state=random_state,
            kept=data.kept,
            n_given=data.n_given,
            stratified=self._task.stratified,
        )
        if tell:
            check_taught_classes(data, folds.covered)
            tell_uncovered(int(np.sum(~folds.covered)), len(data))
        self._task.tell_folds(folds, data)
        return folds

    def _duplicates(self, data: Data, folds: Folds) -> float:
        """Return the share of rows with a twin in another fold, and warn where it is large."""
        share = duplicate_share(data.X, folds)
        if share > DUPLICATE_SHARE:
            warn_user(
                f"{share:.1%} of the rows have an identical row in another fold: their "
                "out-of-fold probabilities may have seen their label. Drop the duplicates, give "
                "them weights, or pass groups= that keep them together.",
                LeakWarning,
            )
        return share

    def _memory(self) -> Memory:
        """Return where teachers are cached, and warn where they could never be found again."""
        memory = check_memory(self.memory)
        check_cacheable(self._teacher(), memory)
        if memory.location is not None and self.random_state is None and _is_integer(self.cv):
            warn_user(
                "memory is of no use with random_state=None: the folds are drawn anew at each fit, "
                "and their teachers are never found again. Set random_state to an integer.",
                SkdistillWarning,
            )
        return memory

    def _cross_fit(
        self,
        teacher: Any,
        data: Data,
        folds: Folds,
        metadata: Metadata,
        progress: Progress,
        *,
        keep_teachers: bool = False,
    ) -> OutOfFold:
        """Return the teacher's out-of-fold word, and the fold teachers if asked for."""
        with progress.step("cross-fit the teacher", n_steps=folds.n_fits) as step:
            out = cross_fit(
                teacher,
                data.X,
                data.y,
                folds,
                outcome=data.outcome,
                params=metadata.teacher,
                memory=self._memory(),
                keep_teachers=keep_teachers,
                n_jobs=self.n_jobs,
                verbose=self.verbose,
                progress=step,
            )
        out.check_varies(data.outcome.said)
        return out

    def _direct(
        self,
        settings: Settings,
        data: Data,
        folds: Folds,
        metadata: Metadata,
        progress: Progress,
        adapter: Adapter | None = None,
    ) -> OutOfFold | None:
        """Return the out-of-fold probabilities of the direct student, or another one's by name."""
        if not settings.needs_direct:
            return None
        with progress.step("fit the direct student", n_steps=folds.n_fits) as step:
            return fit_direct(
                adapter or settings.adapter,
                data.X,
                data.y,
                folds,
                outcome=data.outcome,
                weight=metadata.student_weight,
                params=metadata.student,
                n_jobs=self.n_jobs,
                verbose=self.verbose,
                progress=step,
            )

    def _keep(
        self, done: Distilled, student: Any, data: Data, folds: Folds | None, **report: Any
    ) -> None:
        """Set the fitted attributes that all estimators have; `report` completes the report."""
        self.student_ = done.fitted.model
        self.strength_ = done.settings.strength
        self.route_ = done.settings.adapter.route
        self.calibration_ = done.labels.calibration
        self._keep_said("teacher", data.spread(done.labels.raw))
        self._keep_said("calibrated", data.spread(done.labels.p))
        self._keep_checks(done.fitted, student, data.X)
        correction = done.settings.correction
        self.report_ = FitReport(
            route=str(self.route_),
            loss=repr(done.settings.loss),
            correction=None if correction is None else repr(correction),
            strength=done.settings.strength,
            calibration=done.settings.calibration,
            teacher=done.labels.scores(data, done.settings.loss),
            n_rows=done.n_rows,
            n_uncovered=len(data) - done.n_rows,
            n_transfer=done.n_transfer,
            n_synthetic=done.n_synthetic,
            mean_gain=done.mean_gain,
            duplicate_share=0.0 if folds is None else self._duplicates(data, folds),
            touched_share=done.fitted.touched,
            nodes=done.nodes,
            **report,
        )

    def _keep_said(self, whose: str, values: NDArray[Any]) -> None:
        """Set the attribute of what was said of rows: ``teacher_proba_``, ``teacher_pred_``."""
        setattr(self, f"{whose}_{self._task.suffix}_", self._as_said(values))

    def _as_said(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return what was said of rows in the shape that users know it in."""
        return values

    def _keep_checks(self, fitted: Fitted, student: Any, X: Any) -> None:
        """Find out how the input of predictions is to be checked."""
        self._fitted = fitted
        # A student that counts its features complains by itself; for others it is done here.
        self._checks_features = not hasattr(fitted.model, "n_features_in_")
        # LightGBM takes the columns of a frame in whatever order they come.
        self._checks_names = hasattr(self, "feature_names_in_")
        takes_nan = tags_of(student).input_tags.allow_nan
        refuses_nan = not tags_of(self).input_tags.allow_nan
        # Not all that takes it says so (a search, a transformer of columns): a fit settles it.
        self._checks_finite = takes_nan and refuses_nan and not has_missing(X)


def _is_integer(cv: Any) -> bool:
    return cv is None or isinstance(cv, int | np.integer)
