"""Route "replication" of trees by Gini impurity: the same tree, without a copy of any row.

Of a node whose K classes have the shares p, weighted copies have the impurity ``1 - sum p_k^2``.
The variance of soft labels, summed over classes, differs from it by what no split changes. So the
regression tree on soft labels makes the splits that the classifier makes on copies (between splits
of equal gain, rounding decides in both), sorts K times less, and counts rows as rows. Its nodes are
put into a classifier.
"""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from skdistill._ground.arrays import project_to_simplex
from skdistill._ground.compat import take_rows
from skdistill.students.base import (
    Fitted,
    Floats,
    Problem,
    Route,
    balanced_weights,
    check_class_weight,
)
from skdistill.students.replication import ReplicationAdapter, check_every_class
from skdistill.students.size import leaf_settings
from skdistill.students.tempering import tempered

__all__ = ["TREES", "TreeAdapter", "by_gini", "grow", "soft_rows"]

TREES = {DecisionTreeClassifier: DecisionTreeRegressor, ExtraTreeClassifier: ExtraTreeRegressor}
OF_CLASSES = ("class_weight", "criterion")  # the settings that a regression tree has otherwise


class TreeAdapter(ReplicationAdapter):
    """Fits a tree of scikit-learn to soft labels; by entropy it needs the copies."""

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        if not by_gini(self.student):
            return super().route
        return Route(
            "replication",
            f"{type(self.student).__name__} is grown as on one weighted copy of each row per class "
            "of positive target: by Gini impurity that is the regression tree on the target, and "
            "no row is copied",
        )

    def fit(self, problem: Problem) -> Fitted:
        """Fit on the labels themselves where nothing soft is left, else to the soft labels."""
        if problem.is_direct or not by_gini(self.student):
            return super().fit(problem)
        temperature = getattr(problem.loss, "temperature", 1.0)
        target, touched = project_to_simplex(problem.target)
        shares, weight = soft_rows(self.student.class_weight, problem, target)
        tree = _sapling(self.student, problem)
        settings = self.student.get_params() | leaf_settings(self.student, problem.direct)
        model = grow(tree, settings, problem.X, shares, weight, **problem.params)
        return Fitted(tempered(model, temperature), touched=float(np.mean(touched)))


def by_gini(student: Any) -> bool:
    """Whether a tree or a forest goes by Gini impurity."""
    return bool(student.criterion == "gini")


def soft_rows(class_weight: Any, problem: Problem, target: Floats) -> tuple[Floats, Floats | None]:
    """Return soft labels and row weights that stand for weighted copies.

    Parameters
    ----------
    class_weight : object
        Of the student.
    problem : Problem
        Of n rows.
    target : array of shape (n, K)
        Its target on the simplex.

    Returns
    -------
    shares : array of shape (n,) or (n, K)
        Of two classes those of the second.
    weight : array of shape (n,) or None
        None for equal ones.

    Raises
    ------
    InputError
        If the target of a class is zero in every row.
    """
    check_class_weight(class_weight, problem.classes)
    check_every_class(target > 0, problem)
    weight, per_class = problem.weight, balanced_weights(class_weight, problem)
    if per_class is not None:
        target = target * per_class
        mass = target.sum(axis=1)
        target /= mass[:, None]
        weight = mass if weight is None else weight * mass
    return np.ascontiguousarray(target[:, 1] if target.shape[1] == 2 else target), weight


def _sapling(student: Any, problem: Problem) -> Any:
    """Return the student fitted to a row for each class: it knows classes and features."""
    classes = problem.classes
    few = np.arange(len(classes)) % len(problem.target)
    model = clone(student).set_params(max_depth=1, max_leaf_nodes=None)
    model.fit(take_rows(problem.X, few), classes)
    return model.set_params(**student.get_params())


def grow(
    tree: Any, settings: dict[str, Any], X: Any, shares: Floats, weight: Any, **params: Any
) -> Any:
    """Give a fitted classifier the nodes that it would have, had it been grown on copies.

    Parameters
    ----------
    tree : DecisionTreeClassifier or ExtraTreeClassifier
        Fitted to all classes on the same features; it is changed.
    settings : dict
        By which it is to be grown.
    X : array-like, sparse array or data frame of n rows
        Features.
    shares : array of shape (n,) or (n, K)
        Soft labels, from `soft_rows`.
    weight : array of shape (n,) or None
        Row weights.
    **params : dict
        Of the fit.

    Returns
    -------
    tree : DecisionTreeClassifier or ExtraTreeClassifier
        The same.
    """
    # The variance is a mean over outputs. Of two classes one is an output, and half of the sum.
    n_classes = len(tree.classes_)
    own = {key: value for key, value in settings.items() if key not in OF_CLASSES}
    for of_impurity in ("min_impurity_decrease", "ccp_alpha"):
        own[of_impurity] = own[of_impurity] / n_classes
    regressor = TREES[type(tree)](**own).fit(X, shares, sample_weight=weight, **params)
    tree.tree_ = _of_classes(regressor.tree_, n_classes)
    return tree


def _of_classes(tree: Any, n_classes: int) -> Any:
    """Return the tree of a regressor, whose leaves hold shares of classes, as a classifier's."""
    state = tree.__getstate__()
    values = state["values"][:, :, 0]
    if n_classes == 2:
        values = np.hstack([1.0 - values, values])
    nodes = state["nodes"].copy()
    nodes["impurity"] = 1.0 - np.square(values).sum(axis=1)
    kind, (n_features, *_), _ = tree.__reduce__()
    other = kind(n_features, np.array([n_classes], dtype=np.intp), 1)
    other.__setstate__(state | {"nodes": nodes, "values": values[:, None, :].copy()})
    return other
