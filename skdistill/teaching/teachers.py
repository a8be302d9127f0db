"""What can be a teacher, and what its weights are called."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import joblib
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.compat import warn_user
from skdistill._ground.learners import (
    WeightlessError,
    deciding,
    gives,
    holds_frozen,
    kind_of,
    untagged_member,
)
from skdistill._ground.learners import weight_keyword as find_keyword
from skdistill._ground.outcomes import Classes, Numbers, Outcome
from skdistill._ground.validation import brief, is_estimator
from skdistill.exceptions import LeakWarning, SkdistillWarning, TeacherError, TeacherTypeError

__all__ = [
    "CLASSIFIER",
    "REGRESSOR",
    "TeacherKind",
    "as_teacher",
    "check_cacheable",
    "check_teacher",
    "weight_keyword",
]


@dataclass(frozen=True)
class TeacherKind:
    """What teachers of one task are called, are asked, and how several are averaged.

    Attributes
    ----------
    name : str
        "classifier" or "regressor".
    outcome : type
        What it is asked: `Classes` or `Numbers`.
    example : str
        A class of such learners.
    average : callable
        Makes one learner of a list of (name, learner).
    obstacle : callable
        Says why a learner cannot be asked, with the remedy; None where it can.
    """

    name: str
    outcome: type[Outcome]
    example: str
    average: Callable[[list[tuple[str, Any]]], Any]
    obstacle: Callable[[Any], str | None]

    @property
    def elsewhere(self) -> str:
        """What to do with a fitted one."""
        given, said = self.outcome.given, self.outcome.said
        return (
            f"pass an unfitted estimator, or {given}= with its {said} of rows it was not trained on"
        )


TWINS = {"classifier": "DistilledClassifier", "regressor": "DistilledRegressor"}


def _of_another_kind(model: Any, wanted: str) -> str | None:
    """Return why a teacher, or one that it passes on, is of a kind that predicts no values of y."""
    for part in deciding(model):
        kind = kind_of(part)
        if kind in (None, wanted):
            continue
        where = "" if part is model else f" in {type(model).__name__}"
        got = f"teacher must be a {wanted}, got the {kind.replace('_', ' ')} {type(part).__name__}"
        if kind in TWINS:
            return f"{got}{where}: use the {wanted} of the same family, or {TWINS[kind]}."
        return f"{got}{where}, which predicts no values of y: use a {wanted}."
    return None


def _says_no_probabilities(model: Any) -> str | None:
    other = _of_another_kind(model, "classifier")
    if other is not None:
        return other
    if not gives(model, "predict_proba"):
        return (
            f"teacher must have predict_proba, got {type(model).__name__} without it: calibrate it "
            "(CalibratedClassifierCV), turn its probabilities on, or use another classifier."
        )
    return untagged_member(model)


def _says_no_numbers(model: Any) -> str | None:
    other = _of_another_kind(model, "regressor")
    if other is not None:
        return other
    if not gives(model, "predict"):
        name = type(model).__name__
        return f"teacher must have predict, got {name} without it: use another regressor."
    return untagged_member(model)


CLASSIFIER = TeacherKind(
    "classifier",
    Classes,
    "RandomForestClassifier",
    partial(VotingClassifier, voting="soft"),
    _says_no_probabilities,
)
REGRESSOR = TeacherKind(
    "regressor",
    Numbers,
    "RandomForestRegressor",
    VotingRegressor,
    _says_no_numbers,
)


def as_teacher(teacher: Any, kind: TeacherKind = CLASSIFIER) -> Any:
    """Return the teacher as one estimator: a list of (name, learner) is averaged.

    Raises
    ------
    TeacherTypeError
        If it is a list of anything else, or of none.
    """
    if not isinstance(teacher, list | tuple):
        return teacher
    _check_members(teacher, kind)
    return kind.average([tuple(pair) for pair in teacher])


def _check_members(teachers: list[Any] | tuple[Any, ...], kind: TeacherKind) -> None:
    """Raise TeacherTypeError unless these are estimators with names that can be told apart."""
    want = f'teacher as a list must hold (name, {kind.name}) pairs, such as [("forest", '
    want += f"{kind.example}())]"
    if not teachers:
        raise TeacherTypeError(f"{want}, at least one, got {teachers!r}.")
    seen: set[str] = set()
    average = kind.average([])
    taken = average.get_params(deep=False)
    for pair in teachers:
        is_pair = isinstance(pair, list | tuple) and len(pair) == 2
        if not is_pair or not isinstance(pair[0], str) or not is_estimator(pair[1]):
            raise TeacherTypeError(f"{want} (an object, not a class), got {brief(pair)} in it.")
        name = pair[0]
        if name in seen:
            raise TeacherTypeError(
                f"the teachers of a list must have different names, got {name!r} twice."
            )
        if "__" in name or name in taken:
            raise TeacherTypeError(
                f"a teacher of a list cannot be named {name!r}: it must have no '__' in it, and be "
                f"no parameter of {type(average).__name__}, which averages them."
            )
        seen.add(name)


def check_teacher(teacher: Any, kind: TeacherKind = CLASSIFIER) -> Any:
    """Return the teacher as one estimator, or raise where it cannot be one.

    Parameters
    ----------
    teacher : learner or list of (str, learner)
        As the user gave it.
    kind : TeacherKind, default=CLASSIFIER
        What it must be.

    Returns
    -------
    teacher : learner

    Raises
    ------
    TeacherError
        If it cannot be asked, or is None.
    TeacherTypeError
        If it is no estimator, or a list of anything but (name, learner) pairs, or of none.

    Warns
    -----
    LeakWarning
        If it is, or holds, a `FrozenEstimator`: what labels the rows has seen them.
    SkdistillWarning
        If it is fitted already: that fit is not used.
    """
    if teacher is None:
        raise TeacherError(
            f"teacher=None needs {kind.outcome.given}= in fit: pass a {kind.name} as teacher, or "
            f"its out-of-fold {kind.outcome.said}."
        )
    model = as_teacher(teacher, kind)
    if not is_estimator(model):
        raise TeacherTypeError(
            f"teacher must be a scikit-learn {kind.name} (an object, not a class), got "
            f"{brief(teacher)}."
        )
    for key, member in teacher if model is not teacher else ():
        obstacle = kind.obstacle(member)
        if obstacle is not None:
            raise TeacherError(f"of the teachers of a list, {key!r} cannot be used: {obstacle}")
    obstacle = kind.obstacle(model)
    if obstacle is not None:
        raise TeacherError(obstacle)
    _warn_if_fitted(model, kind)
    return model


def _warn_if_fitted(model: Any, kind: TeacherKind) -> None:
    name = type(model).__name__
    if holds_frozen(model):
        warn_user(
            f"the teacher {name} is frozen: it is not fitted per fold, so its "
            f"{kind.outcome.said} are NOT out of fold. If it was trained on these rows they have "
            "seen the labels, and every "
            f"score and choice built on them is optimistic. Instead, {kind.elsewhere}.",
            LeakWarning,
        )
        return
    try:
        check_is_fitted(model)
    except (NotFittedError, AttributeError, TypeError):  # it has no tags to be asked for
        return
    if kind.outcome is not Classes or hasattr(model, "classes_"):
        warn_user(
            f"the teacher {name} is fitted already; that fit is not used, a clone of it is fitted "
            f"anew on each fold. To say so, {kind.elsewhere}.",
            SkdistillWarning,
        )


def _given(teacher: Any) -> str:
    """Return the parameter that stands for a teacher."""
    return (REGRESSOR if kind_of(teacher) == REGRESSOR.name else CLASSIFIER).outcome.given


def _check_members_take_weights(teacher: Any) -> None:
    """Raise TeacherError where a Pipeline would be handed weights that it cannot pass on."""
    for name, member in teacher.estimators:
        if isinstance(member, Pipeline):
            raise TeacherError(
                f"the teacher {name!r} is a Pipeline among others, to which scikit-learn passes "
                "sample_weight by metadata routing alone, and weights were given: call "
                "sklearn.set_config(enable_metadata_routing=True) and set the requests of all "
                f"steps, pass {_given(teacher)}=, or leave the weights out."
            )


def weight_keyword(teacher: Any) -> str:
    """Return under which keyword the teacher's fit takes row weights.

    Raises
    ------
    TeacherError
        If it, or a learner inside it, takes none.
    """
    if isinstance(teacher, VotingClassifier | VotingRegressor):
        _check_members_take_weights(teacher)
    if isinstance(teacher, CalibratedClassifierCV):
        return "sample_weight"  # it warns where they are for the calibration alone
    try:
        return find_keyword(teacher)
    except WeightlessError as error:
        raise TeacherError(
            f"the teacher {type(teacher).__name__} cannot be given weights, and weights were "
            f"given: {error}. Use a teacher that takes them, pass {_given(teacher)}=, or "
            "enable metadata routing and do not request them for the teacher."
        ) from error


def check_cacheable(teacher: Any, memory: joblib.Memory) -> None:
    """Raise TeacherError where a teacher has no hash to be found in the cache by."""
    if memory.location is None:
        return
    try:
        joblib.hash(teacher)
    except Exception as error:
        raise TeacherError(
            f"memory={memory.location!r} finds a teacher by its pickle, and this one has none: "
            f"{brief(teacher)} ({type(error).__name__}). Put its functions into a module (a lambda "
            "has no name to be found by), or leave memory at None."
        ) from error
