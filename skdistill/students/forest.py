"""Route "replication" of bootstrapped forests: rows are drawn first, and copied then.

A forest that is given copies draws copies: a tree then sees some of a row's classes and not others,
which is label noise of its own making. Here every tree keeps the rows that the forest drew for it
and sees all copies of each, as often as the row was drawn.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_array
from sklearn.utils.parallel import Parallel, delayed

from skdistill._arrays import project_to_simplex
from skdistill._compat import take_rows
from skdistill.students.base import Fitted, Floats, Problem, Route, check_class_weight
from skdistill.students.replication import (
    ReplicationAdapter,
    copy_settings,
    copy_weights,
    restore_temperature,
)

__all__ = ["ForestAdapter"]

STUMPS = {"max_depth": 1, "max_features": 1}


class ForestAdapter(ReplicationAdapter):
    """Fits a scikit-learn forest with bootstrap to soft labels, tree by tree."""

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        name = type(self.student).__name__
        return Route(
            "replication",
            f"every tree of {name} sees the rows that were drawn for it, each as one weighted copy "
            "per class of positive target",
        )

    def fit(self, problem: Problem) -> Fitted:
        """Fit on the labels themselves where nothing soft is left, else each tree on copies."""
        temperature = getattr(problem.loss, "temperature", 1.0)
        if problem.is_hard and temperature == 1.0:
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
        own = {key: settings[key] for key in settings if key.startswith("min_samples")}
        own |= {key: given[key] for key in STUMPS}
        copies = take_rows(X, rows)
        forest.estimators_ = Parallel(n_jobs=forest.n_jobs, prefer="threads")(
            delayed(_grow)(
                tree, own, copies, classes, weights[rows, classes], rows, drawn, len(target)
            )
            for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True)
        )
        return Fitted(restore_temperature(forest, temperature), touched=float(np.mean(touched)))


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
