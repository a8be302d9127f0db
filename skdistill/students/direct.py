"""The direct student: the same learner by the same route, trained on the labels themselves.

It is what distillation has to beat, and its out-of-fold predictions say how much variance there is
to remove.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from skdistill._ground.answers import as_dense
from skdistill._ground.arrays import has_namespace, one_hot, to_host
from skdistill._ground.compat import take_rows
from skdistill.students.base import Adapter, Fitted, Problem
from skdistill.targets.losses import Brier, CrossEntropy
from skdistill.targets.numeric import NumericLoss

__all__ = ["DirectRegressor", "DirectStudent", "direct_problem", "predict_fitted"]


def predict_fitted(fitted: Fitted, X: Any) -> Any:
    """Return the class probabilities of a fitted student, shape (n, K)."""
    if fitted.decode is None:
        p = fitted.model.predict_proba(X)
        return p if type(p) is np.ndarray or has_namespace(p) else as_dense(p)
    return fitted.decode(fitted.model.predict(X))


def direct_problem(
    adapter: Adapter,
    X: Any,
    y: NDArray[Any],
    weight: NDArray[Any] | None = None,
    params: Mapping[str, Any] | None = None,
) -> Problem:
    """Return what the direct student is to solve: the labels themselves, by its default loss.

    Parameters
    ----------
    adapter : Adapter
        Of the student.
    X : array-like or data frame of n rows
        Features.
    y : array of shape (n,)
        Labels.
    weight : array of shape (n,) or None, default=None
        Row weights.
    params : mapping or None, default=None
        Further parameters of the student's fit.

    Returns
    -------
    problem : Problem
    """
    if isinstance(adapter.default_loss, NumericLoss):
        target = y.reshape(len(y), -1)
        return Problem(X, target, adapter.default_loss, y, np.empty(0), weight, params or {})
    classes, codes = np.unique(y, return_inverse=True)
    target = one_hot(codes, len(classes), np.empty(0))
    loss = Brier() if adapter.default_loss == "brier" else CrossEntropy()
    return Problem(X, target, loss, y, classes, weight, params or {})


class _Direct(BaseEstimator):
    """A student trained directly, whatever its route.

    Parameters
    ----------
    adapter : Adapter
        Of the student.
    table : array of shape (N, d) or None, default=None
        Where the features are on a device, which scikit-learn's cross-validation cannot index:
        `X` may then be a column of row numbers of this table.
    """

    def __init__(self, adapter: Adapter, table: Any = None) -> None:
        self.adapter = adapter
        self.table = table

    def __sklearn_clone__(self) -> "_Direct":
        return type(self)(self.adapter, self.table)

    def _rows(self, X: Any) -> Any:
        if self.table is None or has_namespace(X):
            return X
        return take_rows(self.table, X[:, 0])

    def fit(
        self, X: Any, y: Any, sample_weight: NDArray[Any] | None = None, **params: Any
    ) -> "_Direct":
        """Fit the student to what was observed.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array of shape (n,)
            Labels.
        sample_weight : array of shape (n,) or None, default=None
            Row weights.
        **params : dict
            Further parameters of the student's fit.

        Returns
        -------
        self : DirectStudent
        """
        y = np.asarray(y)
        problem = direct_problem(self.adapter, self._rows(X), y, sample_weight, params)
        self.classes_ = problem.classes
        self.fitted_ = self.adapter.fit(problem)
        return self

    def _say(self, X: Any) -> Any:
        said = predict_fitted(self.fitted_, self._rows(X))
        return to_host(said) if has_namespace(said) else said


class DirectStudent(ClassifierMixin, _Direct):
    """A student trained directly on hard labels."""

    def predict_proba(self, X: Any) -> Any:
        """Return the class probabilities.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.

        Returns
        -------
        p : array of shape (n, K)
        """
        return self._say(X)


class DirectRegressor(RegressorMixin, _Direct):
    """A student trained directly on numbers."""

    def predict(self, X: Any) -> Any:
        """Return the predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.

        Returns
        -------
        m : array of shape (n, m)
        """
        return self._say(X)
