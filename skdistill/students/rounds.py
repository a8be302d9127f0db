"""Boosting within the size of the direct booster: its rounds, and the leaves of its mean tree.

Settings bound a tree from above, and trees on labels often stay below: what is left to explain
vanishes as they fit. Soft labels go on. LightGBM, XGBoost and scikit-learn's gradient boosting are
told the direct booster's number of rounds, fewer where its trees have less than two leaves each,
and the mean number of leaves of its trees, rounded down. The rest is spent on one more leaf in the
first rounds by XGBoost and by LightGBM's native route: of eight leaves, one less costs up to four
per cent of the log-loss (churn, 20 rounds). scikit-learn's learners take one number of leaves for
all rounds: that, or one more in as many rounds as there is room for, where the mean is nearer to it
and more nodes are spent. All grow best split first then, as LightGBM and histogram boosting always
do.
"""

import sys
from dataclasses import dataclass
from typing import Any

from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from skdistill._ground.costs import count_parts, outermost
from skdistill._ground.learners import comes_from
from skdistill.students.base import Fitted
from skdistill.students.lightgbm_names import ALIASES

__all__ = [
    "Rounds",
    "booster_rounds",
    "booster_settings",
    "is_boosting",
    "is_xgboost_forest",
    "rounds_within",
]

PACKAGES = ("lightgbm", "xgboost")
HISTOGRAMS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
OF_SKLEARN = (GradientBoostingClassifier, GradientBoostingRegressor, *HISTOGRAMS)
NEVER = 1e30  # a gain that no split reaches, in single precision too
NO_LEAF = 2**31 - 1  # rows that no leaf has


@dataclass(frozen=True)
class Rounds:
    """Rounds of boosting that are within a number of nodes.

    Attributes
    ----------
    number : int
        How many.
    leaves : int
        Of each tree; 1 where there is no room for a split.
    fuller : int
        So many of the rounds have room for one leaf more in each tree.
    """

    number: int
    leaves: int
    fuller: int

    @property
    def even(self) -> "Rounds":
        """The same with one number of leaves for all rounds.

        It is one more than `leaves`, in fewer rounds, where that is nearer to the mean and spends
        more nodes.
        """
        less = self.number * (2 * self.leaves - 1)
        more = 2 * self.leaves + 1
        number = (less + 2 * self.fuller) // more
        if 2 * self.fuller < self.number or number * more <= less:
            return Rounds(self.number, self.leaves, 0)
        return Rounds(number, self.leaves + 1, 0)


def is_boosting(student: Any) -> bool:
    """Whether the student is gradient boosting of trees by LightGBM, XGBoost or scikit-learn."""
    return _package(student) is not None and student.get_params().get("booster") != "gblinear"


def booster_rounds(student: Any, direct: Fitted | None) -> Rounds | None:
    """Return the rounds by which a booster has no more nodes than the direct one.

    Parameters
    ----------
    student : estimator
        For which `is_boosting` holds.
    direct : Fitted or None
        The same, or what it stands in, fitted directly; None for no bound.

    Returns
    -------
    rounds : Rounds or None
        None also where XGBoost's exact method grows the trees, which knows no number of leaves.
    """
    if direct is None or student.get_params().get("tree_method") == "exact":
        return None
    package = _package(student)
    members = list(outermost(direct.model, lambda model: _package(model) == package))
    parts = [(count_parts(member), member) for member in members]
    grown = [(p.nodes or 0, p.trees, _rounds(member)) for p, member in parts if p.trees]
    if not grown:
        return None
    nodes, trees, rounds = zip(*grown, strict=True)
    per_round = sum(n // of_each for n, of_each in zip(trees, rounds, strict=True))
    return rounds_within(sum(nodes), per_round, max(rounds))


def rounds_within(nodes: int, per_round: int, most: int) -> Rounds:
    """Return rounds that have no more than so many nodes together.

    Parameters
    ----------
    nodes : int
        Inner nodes and leaves of all trees.
    per_round : int
        Trees of a round.
    most : int
        Rounds, at most: there are fewer where trees of two leaves would be too many.

    Returns
    -------
    rounds : Rounds

    Examples
    --------
    >>> rounds_within(nodes=2 * 50 * 29, per_round=2, most=50)
    Rounds(number=50, leaves=15, fuller=0)
    >>> rounds_within(nodes=2096, per_round=7, most=20)
    Rounds(number=20, leaves=7, fuller=19)
    >>> rounds_within(nodes=100, per_round=1, most=50)
    Rounds(number=33, leaves=2, fuller=0)
    >>> rounds_within(nodes=3, per_round=3, most=50)
    Rounds(number=1, leaves=1, fuller=0)
    >>> rounds_within(nodes=1458, per_round=1, most=100).even
    Rounds(number=97, leaves=8, fuller=0)
    """
    number = min(most, nodes // (3 * per_round))
    if number == 0:
        return Rounds(1, 1, 0)
    leaves = (nodes // (per_round * number) + 1) // 2
    left = nodes - per_round * number * (2 * leaves - 1)
    return Rounds(number, leaves, left // (2 * per_round))


def booster_settings(student: Any, rounds: Rounds) -> dict[str, Any]:
    """Return the settings of so many rounds, or the student's own where they are lower."""
    if _package(student) == "sklearn":
        return _sklearn_settings(student, rounds.even)
    params, leaves = student.get_params(), max(2, rounds.leaves)
    if _package(student) == "xgboost":
        most = params["max_leaves"] or leaves + 1
        bound = {"grow_policy": "lossguide", "max_leaves": min(most, leaves)}
        bound |= {"n_estimators": min(params["n_estimators"] or 100, rounds.number)}
        bound |= {"gamma": NEVER} if rounds.leaves < 2 else {}
        if rounds.fuller and most > leaves and not is_xgboost_forest(student):
            bound["callbacks"] = [*(params["callbacks"] or ()), _one_leaf_more(rounds)]
        return bound
    # An alias of the rounds goes before the name in the signature, one of the leaves does not.
    name = next((name for name in ALIASES["num_iterations"] if params.get(name)), "n_estimators")
    bound = {"num_leaves": min(params["num_leaves"], leaves)}
    bound |= {name: min(params[name], rounds.number)}
    return bound | ({"min_split_gain": NEVER} if rounds.leaves < 2 else {})


def _sklearn_settings(student: Any, rounds: Rounds) -> dict[str, Any]:
    params, leaves = student.get_params(), max(2, rounds.leaves)
    is_histogram = isinstance(student, HISTOGRAMS)
    name = "max_iter" if is_histogram else "n_estimators"
    own = params["max_leaf_nodes"]
    bound = {"max_leaf_nodes": leaves if own is None else min(own, leaves)}
    bound |= {name: min(params[name], rounds.number)}
    if rounds.leaves < 2:
        none = {"min_samples_leaf": NO_LEAF}, {"min_impurity_decrease": sys.float_info.max}
        bound |= none[0] if is_histogram else none[1]
    return bound


def _rounds(model: Any) -> int:
    """Return the rounds of a fitted booster; the trees of a random forest of XGBoost are one."""
    if _package(model) == "sklearn" and not isinstance(model, HISTOGRAMS):
        return int(model.n_estimators_)
    if _package(model) in ("lightgbm", "sklearn"):
        return int(model.n_iter_)
    rounds = model.get_num_boosting_rounds()
    is_forest = is_xgboost_forest(model)
    return int(model.get_params()["n_estimators"] or 100) if is_forest else int(rounds)


def is_xgboost_forest(model: Any) -> bool:
    """Whether a learner is a random forest of XGBoost, whose trees are one round."""
    return any(base.__name__.startswith("XGBRF") for base in type(model).__mro__)


def _one_leaf_more(rounds: Rounds) -> Any:
    """Return the callback of XGBoost that gives the fuller rounds a leaf more."""
    from xgboost.callback import TrainingCallback

    class OneLeafMore(TrainingCallback):
        def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            model.set_param({"max_leaves": rounds.leaves + (epoch < rounds.fuller)})
            return False

    return OneLeafMore()


def _package(student: Any) -> str | None:
    """Return which of the packages the student's class is of or inherits from; None if none."""
    if isinstance(student, OF_SKLEARN):
        return "sklearn"
    return next((name for name in PACKAGES if comes_from(student, name)), None)
