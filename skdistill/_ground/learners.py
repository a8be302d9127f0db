"""What can be told of a learner before it is fitted: kind, parts, the way of row weights."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFE, RFECV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, RegressorChain
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from skdistill._ground.compat import BAGGING_DRAWS_BY_WEIGHT, SEARCHES
from skdistill._ground.validation import is_estimator
from skdistill.exceptions import InputError

__all__ = [
    "WeightlessError",
    "check_classes",
    "check_routing",
    "comes_from",
    "deciding",
    "gives",
    "gives_probabilities",
    "has_tags",
    "holds_frozen",
    "is_learner",
    "is_of_sklearn",
    "kind_of",
    "members",
    "predictors_in",
    "replace_settings",
    "root_package",
    "tags_of",
    "takes_nan",
    "takes_outputs",
    "untagged_member",
    "weight_keyword",
]

# Parameters that hold the learners whose predictions a learner passes on, or mixes.
INSIDE = ("estimator", "base_estimator", "regressor", "classifier", "final_estimator")
STACKS = (StackingClassifier, StackingRegressor)
VOTES = (*STACKS, VotingClassifier, VotingRegressor)
# These take as many outputs as what is inside them, whatever their own tags say.
PASSING = (Pipeline, SEARCHES, TransformedTargetRegressor, BaggingRegressor, RFE)
# These take keywords of any name in fit, and row weights by metadata routing alone.
ROUTING_ONLY = (
    ClassifierChain,
    FixedThresholdClassifier,
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
    RFECV,
    RegressorChain,
    SelfTrainingClassifier,
    TunedThresholdClassifierCV,
)


def root_package(learner: Any) -> str:
    """Return the package that the class of a learner comes from."""
    return type(learner).__module__.partition(".")[0]


def comes_from(learner: Any, package: str) -> bool:
    """Whether the class of a learner is of a package, or inherits from one that is."""
    return any(base.__module__.partition(".")[0] == package for base in type(learner).__mro__)


def is_of_sklearn(learner: Any, *kinds: type) -> bool:
    """Whether a learner is of one of these classes, no subclass, and they are scikit-learn's own.

    Accelerators (scikit-learn-intelex) put theirs in the place of these, by the same name.
    """
    return type(learner) in kinds and root_package(learner) == "sklearn"


def tags_of(learner: Any) -> Tags:
    """Return scikit-learn's tags of a learner; of one that has none, those that promise nothing."""
    return _told_tags(learner) or _blank_tags()


def has_tags(learner: Any) -> bool:
    """Whether scikit-learn can ask a learner for its tags.

    It cannot if there is no BaseEstimator, or a mixin that expects one behind it.
    """
    return _told_tags(learner) is not None


def _told_tags(learner: Any) -> Tags | None:
    try:
        return get_tags(learner)
    except (AttributeError, TypeError):
        return None


def _blank_tags() -> Tags:
    class Silent(BaseEstimator):
        pass

    return get_tags(Silent())


def kind_of(learner: Any) -> str | None:
    """Return "classifier", "regressor", or what else a learner says it is; None if it says nothing.

    By scikit-learn's tags; where these are silent (a mixin that stands behind BaseEstimator, a
    class older than the tags) by its mixins, its ``_estimator_type``, the learner that it holds,
    and a `predict_proba`.
    """
    if isinstance(learner, Pipeline):
        return kind_of(learner.steps[-1][1])
    kind = tags_of(learner).estimator_type
    if kind is not None:
        return str(kind)
    for mixin, name in ((ClassifierMixin, "classifier"), (RegressorMixin, "regressor")):
        if isinstance(learner, mixin):
            return name
    told = getattr(learner, "_estimator_type", None)
    if told is not None:
        return str(told)
    inside = getattr(learner, "estimator", None)
    if is_learner(inside):
        return kind_of(inside)
    return "classifier" if hasattr(learner, "predict_proba") else None


def is_learner(value: Any) -> bool:
    """Whether `value` is an object that can be fitted, no class."""
    return hasattr(value, "fit") and not isinstance(value, type)


def members(learner: Any) -> Iterator[Any]:
    """Yield the learners right inside, whose predictions a learner passes on or mixes."""
    if isinstance(learner, Pipeline):
        yield from filter(is_learner, [learner.steps[-1][1]])
        return
    params = learner.get_params(deep=False)
    inside = [params.get(name) for name in INSIDE]
    several = params.get("estimators")
    if isinstance(several, list | tuple):
        inside += [item[-1] if isinstance(item, list | tuple) else item for item in several]
    yield from filter(is_learner, inside)


def predictors_in(learner: Any) -> Iterator[Any]:
    """Yield a learner and all those inside, at any depth, that its predictions are made of."""
    yield learner
    for member in members(learner):
        yield from predictors_in(member)


def deciding(learner: Any) -> Iterator[Any]:
    """Yield a learner and those inside whose kind must be its own, at any depth."""
    yield learner
    if isinstance(learner, (*VOTES, *PASSING)):
        for member in members(learner):
            yield from deciding(member)


def gives(model: Any, method: str) -> bool:
    """Whether `model` has, or will have once it is fitted, a method such as predict_proba.

    A stack without a final estimator of its own does not tell before it is fitted.
    """
    parts = [model, *model.get_params(deep=True).values()]
    undecided = any(isinstance(p, STACKS) and p.final_estimator is None for p in parts)
    return hasattr(model, method) or (undecided and hasattr(type(model), method))


def gives_probabilities(model: Any) -> bool:
    """Whether `model` has, or will have once it is fitted, a predict_proba."""
    return gives(model, "predict_proba")


def takes_outputs(learner: Any) -> bool:
    """Whether a regressor may be fitted to several outputs at once; of unknown ones it may.

    By its tags, where those of scikit-learn and LightGBM can be relied on: a search and its like
    take what is inside takes, and a network takes several without saying so.
    """
    if tags_of(learner).target_tags.multi_output or isinstance(learner, MLPRegressor):
        return True
    if isinstance(learner, PASSING):
        return all(takes_outputs(member) for member in members(learner))
    return root_package(learner) not in ("sklearn", "lightgbm")


def holds_frozen(model: Any) -> bool:
    """Whether `model` is, or has among its parameters, a `FrozenEstimator`."""
    parts = [model, *model.get_params(deep=True).values()]
    return any(isinstance(part, FrozenEstimator) for part in parts)


def check_classes(role: str, learner: Any, n_classes: int) -> None:
    """Raise InputError where a learner, or one inside it, takes two classes, and there are more.

    `role` is what the message calls it.
    """
    if n_classes == 2 or not is_estimator(learner):
        return
    told = [(type(part).__name__, tags_of(part).classifier_tags) for part in predictors_in(learner)]
    binary = [name for name, tags in told if tags is not None and not tags.multi_class]
    if binary:  # a search says what it searches says
        raise InputError(
            f"{binary[-1]} takes two classes only, and y has {n_classes}: use another {role}."
        )


def check_routing(role: str, learner: Any, kind: type[Exception]) -> None:
    """Raise `kind` where a learner, or one inside it, has no part in metadata routing, which is on.

    `role` is what the message calls it.
    """
    try:
        get_routing_for_object(learner)
    except NotImplementedError as error:
        raise kind(
            f"the {role} {type(learner).__name__} has no part in metadata routing, which is on "
            f"({error}): turn it off, sklearn.set_config(enable_metadata_routing=False), where "
            f"sample_weight goes to teacher and student alike, or use another {role}."
        ) from error


def takes_nan(learner: Any) -> bool:
    """Whether a learner says that it takes NaN; a Pipeline says nothing, so its steps are asked."""
    if not isinstance(learner, Pipeline):
        return is_estimator(learner) and bool(tags_of(learner).input_tags.allow_nan)
    for step in (step for _, step in learner.steps if step not in (None, "passthrough")):
        if not takes_nan(step):
            return False
        if type(step).__module__.startswith("sklearn.impute."):
            return True  # what comes after it sees none
    return True


def replace_settings(learner: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Set parameters of a learner and of those inside it, and return what they were.

    Those inside go by scikit-learn's names, ``inside__name``. It cannot read them where a parameter
    ends in "_" (``estimator_`` of imodels): there the learner inside is asked itself.
    """
    plain = learner.get_params(deep=False)
    before = {}
    for key, value in settings.items():
        owner = next((n for n in plain if n.endswith("_") and key.startswith(f"{n}__")), None)
        target = learner if owner is None else plain[owner]
        name = key if owner is None else key.removeprefix(f"{owner}__")
        before[key] = target.get_params(deep=True)[name]
        target.set_params(**{name: value})
    return before


def untagged_member(learner: Any) -> str | None:
    """Return why a vote or a stack would refuse one of its members; None if it takes them all.

    scikit-learn's own ask the tags alone.
    """
    for part in predictors_in(learner):
        if not isinstance(part, VOTES):
            continue
        wanted = str(tags_of(part).estimator_type)
        for member in members(part):
            if tags_of(member).estimator_type is None and kind_of(member) == wanted:
                return (
                    f"{type(part).__name__} takes a {wanted} by its scikit-learn tags alone, and "
                    f"those of {type(member).__name__} do not say what it is: use it by itself, or "
                    f"derive a class whose __sklearn_tags__ sets estimator_type={wanted!r}."
                )
    return None


class WeightlessError(Exception):
    """A learner, or one inside it, has no way for row weights; the message says which."""


def weight_keyword(learner: Any) -> str:
    """Return under which keyword `fit` takes row weights, metadata routing being off.

    Parameters
    ----------
    learner : estimator
        Looked into: a Pipeline takes them for its last step, a search for what it searches, and an
        ensemble that does not hand them on to all its members would learn from some rows as if
        they weighed the same.

    Returns
    -------
    keyword : str
        "sample_weight", with the names of Pipelines' last steps before it.

    Raises
    ------
    WeightlessError
        If there is no such keyword.
    """
    name = type(learner).__name__
    if isinstance(learner, Pipeline):
        step, last = learner.steps[-1]
        return f"{step}__{weight_keyword(last)}"
    inside = list(members(learner))
    if not has_fit_parameter(learner, "sample_weight"):
        if not _takes_any_keyword(learner):
            raise WeightlessError(f"{name} takes no sample_weight in fit")
        if isinstance(learner, ROUTING_ONLY):
            raise WeightlessError(
                f"{name} takes no sample_weight in fit, but by metadata routing alone"
            )
        if len(inside) == 1 and not hasattr(learner, "estimators"):
            return weight_keyword(inside[0])  # all keywords go there
    if BAGGING_DRAWS_BY_WEIGHT and isinstance(learner, BaggingClassifier | BaggingRegressor):
        return "sample_weight"
    for member in inside:
        if weight_keyword(member) != "sample_weight":
            raise WeightlessError(
                f"{name} hands sample_weight on to the Pipeline inside it, which takes it for a "
                f"step by name alone: put the Pipeline around {name}"
            )
    return "sample_weight"


def _takes_any_keyword(learner: Any) -> bool:
    keywords = inspect.signature(learner.fit).parameters.values() if is_learner(learner) else ()
    return any(each.kind is inspect.Parameter.VAR_KEYWORD for each in keywords)
