"""A student no larger than the direct one: its trees get as many leaves as the direct one's have.

A tree on labels stops where a leaf is pure. Soft labels never are, and a tree that is not told
otherwise goes on to leaves of one row: several times the nodes, for a loss that is no better. Trees
are grown best split first instead, to the number of leaves of the direct student's; those of
ensembles to its mean over the trees, or each to its own where they are grown one by one
(`skdistill.students.forest`). ``python -m benchmarks.size`` compares this with stopping early and
with pruning.

Gradient boosting (LightGBM, XGBoost, scikit-learn's) goes by rounds and leaves
(`skdistill.students.rounds`), AdaBoost by rounds too: it stops where the labels leave it nothing.
Inside another learner (a bag, a vote, a calibration) each kind has what all of that kind have in
the direct one, in equal parts. In a search every candidate has a direct fit of its own
(`skdistill.students.search`).
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill._ground.costs import count_parts, outermost
from skdistill.students.base import Adapter, Fitted, Problem
from skdistill.students.rounds import booster_rounds, booster_settings, is_boosting

__all__ = ["SIZES", "Within", "can_grow", "fit_within", "leaf_settings", "parts_of"]

SIZES = ("direct", "free")
ADABOOST = AdaBoostClassifier, AdaBoostRegressor
OWN_TREES = {BaggingClassifier: DecisionTreeClassifier, BaggingRegressor: DecisionTreeRegressor}


@dataclass(frozen=True)
class Within:
    """Students fitted within the size of the direct one.

    Attributes
    ----------
    fitted : list of Fitted
        One per problem.
    direct : Fitted or None
        The direct student, where it was fitted: it may be among the others.
    n_fits : int
        Fits spent.
    """

    fitted: list[Fitted]
    direct: Fitted | None
    n_fits: int


def fit_within(
    size: str,
    adapter: Adapter,
    problems: Sequence[Problem],
    labelled: Callable[[], Problem],
    n_rows: int,
) -> Within:
    """Fit one student per problem, none larger than the direct one unless they may be.

    Parameters
    ----------
    size : {"direct", "free"}
        Whether the direct student's size is the bound.
    adapter : Adapter
        Of the student.
    problems : sequence of Problem
        About the same rows (`Adapter.fit_many`); those without labels of their own come last.
    labelled : callable
        Gives the problem of the direct student; asked, and fitted, only if it is needed and is none
        of the others.
    n_rows : int
        Labelled rows.

    Returns
    -------
    within : Within
    """
    direct = [i for i, p in enumerate(problems) if p.is_direct and len(p.target) == n_rows]
    if size == "free" or not adapter.grows or len(direct) == len(problems):
        fitted = adapter.fit_many(problems)
        return Within(fitted, fitted[direct[0]] if direct else None, len(fitted))
    bound = adapter.fit(problems[direct[0]] if direct else labelled())
    others = [p for i, p in enumerate(problems) if i not in direct]
    others = [replace(p, direct=bound, n_labelled=n_rows) for p in others]
    fitted = adapter.fit_many(others)
    for i in direct:
        fitted.insert(i, bound)
    return Within(fitted, bound, 1 + len(others))


def parts_of(student: Any) -> dict[str, Any]:
    """Return the student and all estimators inside it, by the prefix of their parameters."""
    params = student.get_params(deep=True).items()
    inside = {f"{key}__": v for key, v in params if hasattr(v, "fit") and not isinstance(v, type)}
    return {"": student} | inside


def can_grow(student: Any) -> bool:
    """Whether soft labels may make trees of the student larger than labels do."""
    parts = parts_of(student).values()
    return any(is_boosting(part) or _has_leaves(part) or _own_tree(part) for part in parts)


def leaf_settings(student: Any, direct: Fitted | None) -> dict[str, Any]:
    """Return the settings by which the student's trees have no more leaves than the direct one's.

    Parameters
    ----------
    student : estimator
        Whose settings.
    direct : Fitted or None
        The same student, fitted directly; None for no bound.

    Returns
    -------
    settings : dict
        Empty where there is no bound, or where it has no trees to count.
    """
    if direct is None:
        return {}
    settings: dict[str, Any] = {}
    for prefix, part in parts_of(student).items():
        own = _settings_of(part, direct, inside=prefix != "")
        settings |= {prefix + key: value for key, value in own.items()}
    return settings


def _settings_of(part: Any, direct: Fitted, *, inside: bool) -> dict[str, Any]:
    """Return what bounds one part of a student, whatever is inside that left aside."""
    if is_boosting(part):
        rounds = booster_rounds(part, direct)
        if rounds is None:
            return {}
        return booster_settings(part, rounds.even if inside else rounds)
    if isinstance(part, ADABOOST):
        return _fewer_rounds(part, direct)
    tree = _own_tree(part)
    if tree is None and not _has_leaves(part):
        return {}
    leaves = _mean_leaves(direct, tree or type(part))
    if leaves is None:
        return {}
    bound = _bound(leaves)
    return _within(bound, part) if tree is None else {"estimator": tree(**bound)}


def _mean_leaves(direct: Fitted, kind: type) -> int | None:
    """Return how many leaves a tree has on average, of all learners of a class in the direct one.

    None where there are none.
    """
    grown = outermost(direct.model, lambda model: is_boosting(model) or _has_leaves(model))
    parts = [count_parts(model) for model in grown if type(model) is kind]
    trees = sum(p.trees or 0 for p in parts)
    return sum(p.leaves or 0 for p in parts) // trees if trees else None


def _fewer_rounds(part: Any, direct: Fitted) -> dict[str, Any]:
    """Return the rounds of AdaBoost that those in the direct one have on average."""
    found = outermost(direct.model, lambda model: isinstance(model, ADABOOST))
    rounds = [len(model.estimators_) for model in found]
    return {"n_estimators": min(part.n_estimators, sum(rounds) // len(rounds))} if rounds else {}


def _bound(leaves: int) -> dict[str, Any]:
    """Return the settings of a tree of so many leaves; the fewest scikit-learn takes are two."""
    none = {"min_impurity_decrease": sys.float_info.max}
    return {"max_leaf_nodes": max(2, leaves)} | (none if leaves < 2 else {})


def _within(bound: Mapping[str, Any], part: Any) -> dict[str, Any]:
    """Return the bound, or the part's own where that is lower."""
    own = part.get_params(deep=False)["max_leaf_nodes"]
    lower = bound["max_leaf_nodes"] if own is None else min(own, bound["max_leaf_nodes"])
    return {**bound, "max_leaf_nodes": lower}


def _has_leaves(part: Any) -> bool:
    names = part.get_params(deep=False) if hasattr(part, "get_params") else {}
    return "max_leaf_nodes" in names and "learning_rate" not in names


def _own_tree(part: Any) -> Any:
    """Return the class of the trees that bagging grows where it is given no learner, else None."""
    if getattr(part, "estimator", False) is not None:
        return None
    return next((tree for kind, tree in OWN_TREES.items() if isinstance(part, kind)), None)
