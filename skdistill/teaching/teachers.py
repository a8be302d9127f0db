"""What can be a teacher, and what its weights are called."""

from typing import Any

import joblib
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.compat import warn_user
from skdistill._ground.learners import (
    WeightlessError,
    gives_probabilities,
    holds_frozen,
    kind_of,
    untagged_member,
)
from skdistill._ground.learners import weight_keyword as find_keyword
from skdistill._ground.validation import brief, is_estimator
from skdistill.exceptions import LeakWarning, SkdistillWarning, TeacherError, TeacherTypeError

__all__ = ["as_teacher", "check_cacheable", "check_teacher", "weight_keyword"]

ELSEWHERE = (
    "pass an unfitted estimator, or teacher_proba= with its probabilities of rows it was not "
    "trained on"
)


def as_teacher(teacher: Any) -> Any:
    """Return the teacher as one estimator: a list of (name, classifier) is averaged.

    Raises
    ------
    TeacherTypeError
        If it is a list of anything else, or of none.
    """
    if not isinstance(teacher, list | tuple):
        return teacher
    _check_members(teacher)
    return VotingClassifier(estimators=[tuple(pair) for pair in teacher], voting="soft")


def _check_members(teachers: list[Any] | tuple[Any, ...]) -> None:
    """Raise TeacherTypeError unless these are estimators with names that can be told apart."""
    want = 'teacher as a list must hold (name, classifier) pairs, such as [("forest", '
    want += "RandomForestClassifier())]"
    if not teachers:
        raise TeacherTypeError(f"{want}, at least one, got {teachers!r}.")
    seen: set[str] = set()
    taken = VotingClassifier([]).get_params(deep=False)
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
                "no parameter of VotingClassifier, which averages them."
            )
        seen.add(name)


def check_teacher(teacher: Any) -> Any:
    """Return the teacher as one estimator, or raise where it cannot be one.

    Parameters
    ----------
    teacher : classifier or list of (str, classifier)
        As the user gave it.

    Returns
    -------
    teacher : classifier

    Raises
    ------
    TeacherError
        If it has no `predict_proba`, is a regressor, or None.
    TeacherTypeError
        If it is no estimator, or a list of anything but (name, classifier) pairs, or of none.

    Warns
    -----
    LeakWarning
        If it is, or holds, a `FrozenEstimator`: what labels the rows has seen them.
    SkdistillWarning
        If it is fitted already: that fit is not used.
    """
    if teacher is None:
        raise TeacherError(
            "teacher=None needs teacher_proba= in fit: pass a classifier as teacher, or its "
            "out-of-fold probabilities."
        )
    model = as_teacher(teacher)
    if not is_estimator(model):
        raise TeacherTypeError(
            "teacher must be a scikit-learn classifier (an object, not a class), got "
            f"{brief(teacher)}."
        )
    name = type(model).__name__
    for key, member in teacher if model is not teacher else ():
        if not gives_probabilities(member):
            raise TeacherError(
                f"every teacher of a list must have predict_proba, got {key!r} "
                f"({type(member).__name__}) without it: calibrate it, or leave it out."
            )
    if kind_of(model) == "regressor":
        raise TeacherError(
            f"teacher must be a classifier, got the regressor {name}: use the classifier of the "
            "same family, whose predict_proba can be distilled."
        )
    if not gives_probabilities(model):
        raise TeacherError(
            f"teacher must have predict_proba, got {name} without it: calibrate it "
            "(CalibratedClassifierCV), turn its probabilities on, or use another classifier."
        )
    untagged = untagged_member(model)
    if untagged is not None:
        raise TeacherError(untagged)
    _warn_if_fitted(model, name)
    return model


def _warn_if_fitted(model: Any, name: str) -> None:
    if holds_frozen(model):
        warn_user(
            f"the teacher {name} is frozen: it is not fitted per fold, so its probabilities are "
            "NOT out of fold. If it was trained on these rows they have seen the labels, and every "
            f"score and choice built on them is optimistic. Instead, {ELSEWHERE}.",
            LeakWarning,
        )
        return
    try:
        check_is_fitted(model)
    except (NotFittedError, AttributeError, TypeError):  # it has no tags to be asked for
        return
    if hasattr(model, "classes_"):
        warn_user(
            f"the teacher {name} is fitted already; that fit is not used, a clone of it is fitted "
            f"anew on each fold. To say so, {ELSEWHERE}.",
            SkdistillWarning,
        )


def _check_members_take_weights(teacher: VotingClassifier) -> None:
    """Raise TeacherError where a Pipeline would be handed weights that it cannot pass on."""
    for name, member in teacher.estimators:
        if isinstance(member, Pipeline):
            raise TeacherError(
                f"the teacher {name!r} is a Pipeline among others, to which scikit-learn passes "
                "sample_weight by metadata routing alone, and weights were given: call "
                "sklearn.set_config(enable_metadata_routing=True) and set the requests of all "
                "steps, pass teacher_proba=, or leave the weights out."
            )


def weight_keyword(teacher: Any) -> str:
    """Return under which keyword the teacher's fit takes row weights.

    Raises
    ------
    TeacherError
        If it, or a learner inside it, takes none.
    """
    if isinstance(teacher, VotingClassifier):
        _check_members_take_weights(teacher)
    if isinstance(teacher, CalibratedClassifierCV):
        return "sample_weight"  # it warns where they are for the calibration alone
    try:
        return find_keyword(teacher)
    except WeightlessError as error:
        raise TeacherError(
            f"the teacher {type(teacher).__name__} cannot be given weights, and weights were "
            f"given: {error}. Use a teacher that takes them, pass teacher_proba=, or enable "
            "metadata routing and do not request them for the teacher."
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
