"""Route "replication" of forests: rows are drawn first and copied then, trees grown one by one.

A forest that is given copies draws copies: a tree then sees some of a row's classes and not others,
which is label noise of its own making. Here every tree keeps the rows that the forest drew for it
(all, without bootstrap), sees all copies of each, as often as the row was drawn, and is kept to the
leaves of the direct forest's tree in its place. By Gini impurity no copies are made
(`skdistill.students.tree`).
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_array
from sklearn.utils.parallel import Parallel, delayed

from skdistill._ground.arrays import project_to_simplex
from skdistill._ground.compat import take_rows
from skdistill.students.base import Fitted, Floats, Problem, Route, check_class_weight
from skdistill.students.replication import ReplicationAdapter, copy_settings, copy_weights
from skdistill.students.size import leaf_settings
from skdistill.students.tempering import tempered
from skdistill.students.tree import by_gini, grow, soft_rows

__all__ = ["ForestAdapter"]

Rows = NDArray[np.int64]
STUMPS = {"max_depth": 1, "max_features": 1}


class ForestAdapter(ReplicationAdapter):
    """Fits a scikit-learn forest to soft labels, tree by tree."""

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        name = type(self.student).__name__
        if not self.student.bootstrap:
            return super().route
        return Route(
            "replication",
            f"every tree of {name} sees the rows that were drawn for it, each as one weighted copy "
            "per class of positive target",
        )

    def fit(self, problem: Problem) -> Fitted:
        """Fit on the labels themselves where nothing soft is left, else tree by tree."""
        temperature = getattr(problem.loss, "temperature", 1.0)
        if problem.is_direct:
            return super().fit(problem)
        check_class_weight(self.student.class_weight, problem.classes)
        target, touched = project_to_simplex(problem.target)
        # The forest on the labels only says which rows each tree draws: stumps do. Classes weigh
        # later: from 1.9 on scikit-learn draws by class weight.
        forest = clone(self.student).set_params(**STUMPS, class_weight=None)
        forest.fit(problem.X, problem.labels, **problem.params)
        forest.set_params(**{key: getattr(self.student, key) for key in (*STUMPS, "class_weight")})
        X = check_array(problem.X, accept_sparse="csr", dtype=np.float32, ensure_all_finite=False)
        jobs = (_on_shares if by_gini(forest) else _on_copies)(forest, X, problem, target)
        forest.estimators_ = Parallel(n_jobs=forest.n_jobs, prefer="threads")(jobs)
        return Fitted(tempered(forest, temperature), touched=float(np.mean(touched)))


def _trees(forest: Any, problem: Problem) -> Iterator[tuple[Any, dict[str, Any], Rows]]:
    """Yield each tree, its settings, and how often it draws each row.

    It has no more leaves than the direct forest's tree in its place.
    """
    n_rows, direct = len(problem.target), problem.direct
    bounds = [None] * len(forest.estimators_) if direct is None else direct.model.estimators_
    given, one = {key: getattr(forest, key) for key in STUMPS}, copy(forest)
    for tree, bound in zip(forest.estimators_, bounds, strict=True):
        leaves = leaf_settings(tree, None if bound is None else Fitted(bound))
        one.estimators_ = [tree]  # what all of them draw is as many row numbers
        times = np.bincount(one.estimators_samples_[0], minlength=n_rows)
        yield tree, given | leaves, times


def _on_shares(forest: Any, X: Any, problem: Problem, target: Floats) -> Iterator[Any]:
    """Yield the task of each tree on soft labels: by Gini impurity it needs no copies."""
    shares, weight = soft_rows(forest.class_weight, problem, target)
    for tree, own, times in _trees(forest, problem):
        yield delayed(_grow)(tree, own, X, shares, times if weight is None else weight * times)


def _grow(tree: Any, own: dict[str, Any], X: Any, shares: Floats, weight: Floats) -> Any:
    """Return the tree, grown on the soft labels of its rows."""
    grown = grow(copy(tree), tree.get_params() | own, X, shares, weight)
    return grown.set_params(**{key: own[key] for key in STUMPS})


def _on_copies(forest: Any, X: Any, problem: Problem, target: Floats) -> Iterator[Any]:
    """Yield the task of each tree on weighted copies."""
    weights = copy_weights(forest, replace(problem, target=target))
    rows, classes = np.nonzero(weights > 0)
    settings, of_trees = copy_settings(forest, problem, rows), forest.estimators_[0].get_params()
    shared = {key: settings[key] for key in settings if key in of_trees and key != "class_weight"}
    copies, weights = take_rows(X, rows), weights[rows, classes]
    labels = classes.astype(np.float64)
    for tree, own, times in _trees(forest, problem):
        yield delayed(_grow_copies)(tree, shared | own, copies, labels, weights * times[rows])


def _grow_copies(
    tree: Any, own: dict[str, Any], copies: Any, labels: Floats, weight: Floats
) -> Any:
    """Return the tree, grown on the copies of its rows."""
    given = {key: tree.get_params()[key] for key in own if key not in STUMPS}
    return (
        clone(tree).set_params(**own).fit(copies, labels, sample_weight=weight).set_params(**given)
    )
