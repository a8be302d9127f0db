"""The two tasks: what differs between classification and regression, in one record each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from skdistill._ground.data import Data, check_data, check_numeric_data
from skdistill._ground.learners import check_classes, takes_outputs
from skdistill._ground.outcomes import Outcome
from skdistill.choosing.catalogue import classifiers, regressors
from skdistill.choosing.numeric_scoring import make_numeric_judge
from skdistill.choosing.numeric_strength import shrink_numbers
from skdistill.choosing.scoring import Judge, make_judge
from skdistill.choosing.strength import Shrinkage, shrink_both
from skdistill.estimators.domains import check_domain
from skdistill.exceptions import TeacherError
from skdistill.settings import CLASSES, NUMBERS, Rules, Settings
from skdistill.students import as_student, check_can_tell_classes
from skdistill.teaching.crossfit import OutOfFold
from skdistill.teaching.fold_classes import tell_rare_classes
from skdistill.teaching.folds import Folds
from skdistill.teaching.teachers import CLASSIFIER, REGRESSOR, TeacherKind

__all__ = ["CLASSIFICATION", "REGRESSION", "Task"]


@dataclass(frozen=True)
class Task:
    """What an estimator must know of its task; all else it asks the `Outcome` of its rows.

    Attributes
    ----------
    teachers : TeacherKind
        What can be a teacher.
    rules : Rules
        What can be a student, a loss, a calibration.
    single : str
        The estimator of one fit.
    suffix : str
        Of the fitted attributes that hold what was said of rows.
    read : callable
        Checks X, y, weights and groups, and returns `Data`.
    beside : tuple of str
        What else it reads of rows.
    as_student : callable
        Puts the default student in the place of None.
    check_learners : callable
        Raises where teacher or students cannot learn what `Data` holds.
    stratified : bool
        Whether integer folds keep the shares of what is to be predicted.
    tell_folds : callable
        Warns of what folds hardly hold.
    shrink : callable
        Finds ``strength="auto"``.
    make_judge : callable
        Returns who judges, from a scoring and the losses of all candidates.
    catalogue : callable
        Returns what ``students="auto"`` stands for, for rows or in general.
    """

    teachers: TeacherKind
    rules: Rules
    single: str
    suffix: str
    read: Callable[..., Data]
    beside: tuple[str, ...]
    as_student: Callable[[Any], Any]
    check_learners: Callable[[Data, Any, Iterable[Any]], None]
    stratified: bool
    tell_folds: Callable[[Folds, Data], None]
    shrink: Callable[..., Any]
    make_judge: Callable[..., Judge]
    catalogue: Callable[..., list[Any]]

    @property
    def outcome(self) -> type[Outcome]:
        """What there is to predict."""
        return self.teachers.outcome


def _check_classifiers(data: Data, teacher: Any, students: Iterable[Any]) -> None:
    for student in students:
        check_classes("student", student, len(data.classes))
        check_can_tell_classes(student, data.classes)
    check_classes("teacher", teacher, len(data.classes))


def _tell_rare(folds: Folds, data: Data) -> None:
    tell_rare_classes(folds, data.y)


def _shrink(settings: Settings, *how: Any, again: Callable[..., OutOfFold]) -> Shrinkage:
    return shrink_both(settings.adapter, *how, again=again)


def _judge_classes(scoring: Any, losses: Sequence[Any], *, per_row: bool) -> Judge:
    return make_judge(scoring, per_row=per_row)


CLASSIFICATION = Task(
    teachers=CLASSIFIER,
    rules=CLASSES,
    single="DistilledClassifier",
    suffix="proba",
    read=check_data,
    beside=(),
    as_student=as_student,
    check_learners=_check_classifiers,
    stratified=True,
    tell_folds=_tell_rare,
    shrink=_shrink,
    make_judge=_judge_classes,
    catalogue=classifiers,
)


def _as_regressor(student: Any) -> Any:
    if student is not None:
        return student
    from lightgbm import LGBMRegressor

    return LGBMRegressor(n_estimators=50, verbose=-1)


def _check_regressors(data: Data, teacher: Any, students: Iterable[Any]) -> None:
    """Raise where there are several outputs and the teacher has one, or y is not what it learns."""
    one = teacher is None or data.outcome.n_columns == 1
    if not one and not takes_outputs(teacher):
        raise TeacherError(
            f"y has {data.outcome.n_columns} columns, and the teacher {type(teacher).__name__} "
            "predicts one: wrap it (sklearn.multioutput.MultiOutputRegressor), or fit a student "
            "for each column."
        )
    if teacher is not None:
        check_domain("teacher", teacher, data)


def _tell_nothing(folds: Folds, data: Data) -> None:
    """Folds of numbers hold what they hold."""


def _judge_numbers(scoring: Any, losses: Sequence[Any], *, per_row: bool) -> Judge:
    common = losses[0] if all(loss == losses[0] for loss in losses) else None
    return make_numeric_judge(scoring, per_row=per_row, loss=common)


REGRESSION = Task(
    teachers=REGRESSOR,
    rules=NUMBERS,
    single="DistilledRegressor",
    suffix="pred",
    read=check_numeric_data,
    beside=("exposure",),
    as_student=_as_regressor,
    check_learners=_check_regressors,
    stratified=False,
    tell_folds=_tell_nothing,
    shrink=shrink_numbers,
    make_judge=_judge_numbers,
    catalogue=regressors,
)
