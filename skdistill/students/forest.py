"""Route "replication" of forests: rows are drawn first and copied then, trees grown one by one.

A forest that is given copies draws copies: a tree then sees some of a row's classes and not others,
which is label noise of its own making. Here every tree keeps the rows that the forest drew for it
(all, without bootstrap), sees all copies of each, as often as the row was drawn, and is kept to the
leaves of the direct forest's tree in its place.
"""

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
from skdistill.students.replication import (
    ReplicationAdapter,
    copy_settings,
    copy_weights,
    restore_temperature,
)
from skdistill.students.size import leaf_settings

__all__ = ["ForestAdapter"]

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
        """Fit on the labels themselves where nothing soft is left, else each tree on copies."""
        temperature = getattr(problem.loss, "temperature", 1.0)
        if problem.is_direct:
            return super().fit(problem)
        check_class_weight(self.student.class_weight, problem.classes)
        target, touched = project_to_simplex(problem.target)
        # The forest on the labels only says which rows each tree draws: stumps do. Classes weigh in
        # the copies only: from 1.9 on scikit-learn draws by class weight.
        forest = clone(self.student).set_params(**STUMPS, class_weight=None)
        forest.fit(problem.X, problem.labels, **problem.params)
        given = {key: getattr(self.student, key) for key in (*STUMPS, "class_weight")}
        forest.set_params(**given)
        weights = copy_weights(forest, replace(problem, target=target))
        X = check_array(problem.X, accept_sparse="csr", dtype=np.float32, ensure_all_finite=False)
        rows, classes = np.nonzero(weights > 0)
        settings = copy_settings(forest, problem, rows)
        of_trees = forest.estimators_[0].get_params()
        own = {key: settings[key] for key in settings if key in of_trees and key != "class_weight"}
        own |= {key: given[key] for key in STUMPS}
        leaves = _leaves(forest, problem.direct)
        copies, n_rows = take_rows(X, rows), len(target)
        forest.estimators_ = Parallel(n_jobs=forest.n_jobs, prefer="threads")(
            delayed(_grow)(
                tree, own | of_tree, copies, classes, weights[rows, classes], rows, drawn, n_rows
            )
            for tree, drawn, of_tree in zip(
                forest.estimators_, forest.estimators_samples_, leaves, strict=True
            )
        )
        return Fitted(restore_temperature(forest, temperature), touched=float(np.mean(touched)))


def _leaves(forest: Any, direct: Fitted | None) -> list[dict[str, Any]]:
    """Return the settings that keep each tree to the leaves of the direct forest's in its place."""
    if direct is None:
        return [{}] * len(forest.estimators_)
    return [leaf_settings(forest.estimators_[0], Fitted(tree)) for tree in direct.model.estimators_]


def _grow(
    tree: Any,
    own: dict[str, Any],
    copies: Any,
    classes: NDArray[np.int64],
    weight: Floats,
    rows: NDArray[np.int64],
    drawn: NDArray[np.int64],
    n_rows: int,
) -> Any:
    """Return the tree, grown on the copies of its rows."""
    times = np.bincount(drawn, minlength=n_rows)
    given = {key: tree.get_params()[key] for key in own if key not in STUMPS}
    grown = clone(tree).set_params(**own)
    grown.fit(copies, classes.astype(np.float64), sample_weight=weight * times[rows])
    return grown.set_params(**given)
