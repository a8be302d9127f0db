"""Multinomial logistic regression that takes soft and signed targets, on the CPU and the GPU."""

from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.arrays import (
    Array,
    as_like,
    log_softmax,
    namespace,
    softmax,
    to_host,
)
from skdistill._ground.devices import choose_device, cupy_obstacle, onto
from skdistill._ground.validation import check_flag, check_integer, check_number
from skdistill.students.linear_problems import dtype_of, fill, solve_targets
from skdistill.students.rows import check_rows, check_scores, check_targets, drop_absent

__all__ = ["SoftLogisticRegression", "check_settings"]


class SoftLogisticRegression(ClassifierMixin, BaseEstimator):
    """Logistic regression on labels, or on soft or signed targets.

    It minimises ``C sum_i w_i CE(t_i, softmax(W x_i + c)) + (1 - r)/2 |W|^2 + r |W|_1`` with
    ``CE(t, s) = -sum_k t_k log s_k``: the objective of scikit-learn's `LogisticRegression`, whose
    labels are one-hot targets, and like it with one row of coefficients for two classes. Rows of a
    target sum to one; entries may be negative (annealed, corrected pseudo-targets are), since the
    ridge keeps the minimum finite. The features are whitened on the way, so that their scale and
    correlation cost no iterations; each iteration makes one pass over the rows.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the penalty; ``numpy.inf`` for none.
    l1_ratio : float, default=0.0
        Share `r` of the L1 penalty, in [0, 1].
    fit_intercept : bool, default=True
        Whether there is an intercept; it is not penalised.
    tol : float, default=1e-4
        Bound of the gradient of the objective over ``C sum w``, along directions in which the
        curvature is about one.
    max_iter : int, default=100
        Iterations, at most.
    warm_start : bool, default=False
        Whether a fit begins with the coefficients of the one before.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where NumPy rows are fitted; "cuda" needs CuPy, "auto" takes the GPU where there is one.
        Rows that are an array of CuPy, or of another array-API namespace, are fitted where they
        are.

    Attributes
    ----------
    classes_ : array of shape (K,)
        Sorted classes; ``0 .. K - 1`` if a target was given.
    coef_ : array of shape (1, d) or (K, d)
        Coefficients, in NumPy wherever the rows were.
    intercept_ : array of shape (1,) or (K,)
        Intercepts.
    n_iter_ : array of shape (1,)
        Iterations.
    n_features_in_ : int
        Number of features `d`.
    feature_names_in_ : array of shape (d,)
        Names of the features, where X has them.

    See Also
    --------
    sklearn.linear_model.LogisticRegression : Takes labels only.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import SoftLogisticRegression
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> target = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    >>> SoftLogisticRegression(C=1e6).fit(X, target).predict_proba(X).round(2)
    array([[0.9, 0.1],
           [0.5, 0.5],
           [0.1, 0.9]])
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        tol: float = 1e-4,
        max_iter: int = 100,
        warm_start: bool = False,
        device: str = "cpu",
    ) -> None:
        self.C = C
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.device = device

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "SoftLogisticRegression":
        """Fit to labels or targets.

        Parameters
        ----------
        X : array-like, sparse array, or array of an array-API namespace, of shape (n, d)
            Features.
        y : array-like of shape (n,) or (n, K)
            Labels, or a target for each of at least two classes; its rows sum to one.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights; a row of weight zero counts as absent.

        Returns
        -------
        self : SoftLogisticRegression

        Raises
        ------
        InputError
            If labels, targets or weights cannot be used.
        ParameterError
            If a parameter is out of range.
        StudentError
            If `device` is "cuda" and cannot be had.
        """
        check_settings(self)
        device = choose_device(self.device, cupy_obstacle(), type(self).__name__)
        rows = check_rows(self, X, reset=True, sparse=True)
        rows, y, weight, _ = drop_absent(rows, y, sample_weight)
        classes, target = check_targets(rows, y)
        start = None
        shape = (1 if len(classes) == 2 else len(classes), rows.shape[1])
        if self.warm_start and getattr(self, "coef_", np.empty(0)).shape == shape:
            start = (self.coef_[None], self.intercept_[None])
        solution = solve_targets(
            onto(rows, device),
            [target],
            [weight],
            classes,
            C=[self.C],
            l1_ratio=self.l1_ratio,
            fit_intercept=self.fit_intercept,
            tol=self.tol,
            max_iter=self.max_iter,
            start=start,
        )
        return fill(self, solution, 0, classes, dtype_of(rows))

    def decision_function(self, X: Any) -> Array:
        """Return the scores ``W x + c``.

        Parameters
        ----------
        X : array-like, sparse array, or array of an array-API namespace, of shape (n, d)
            Features.

        Returns
        -------
        scores : array of shape (n,) or (n, K)
            Of two classes those of the second; in the namespace of `X`.
        """
        scores = self._scores(X)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict_proba(self, X: Any) -> Array:
        """Return the class probabilities.

        Parameters
        ----------
        X : array-like, sparse array, or array of an array-API namespace, of shape (n, d)
            Features.

        Returns
        -------
        p : array of shape (n, K)
            In the namespace of `X`.
        """
        return softmax(_two_columns(self._scores(X)))

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of the class probabilities.

        Parameters
        ----------
        X : array-like, sparse array, or array of an array-API namespace, of shape (n, d)
            Features.

        Returns
        -------
        log_p : array of shape (n, K)
            In the namespace of `X`.
        """
        return log_softmax(_two_columns(self._scores(X)))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like, sparse array, or array of an array-API namespace, of shape (n, d)
            Features.

        Returns
        -------
        labels : array of shape (n,)
            In NumPy: labels may be strings.
        """
        scores = _two_columns(self._scores(X))
        return self.classes_[to_host(namespace(scores).argmax(scores, axis=1))]

    def _scores(self, X: Any) -> Array:
        """Return scores of shape (n, 1) or (n, K)."""
        check_is_fitted(self)
        rows = check_rows(self, X, reset=False, sparse=True)
        coef, intercept = self.coef_, self.intercept_
        if not sp.issparse(rows):
            coef, intercept = (as_like(a, rows, rows.dtype) for a in (coef, intercept))
        with np.errstate(over="ignore", invalid="ignore"):
            return check_scores(rows @ coef.T + intercept)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _two_columns(scores: Array) -> Array:
    xp = namespace(scores)
    if scores.shape[1] > 1:
        return scores
    return xp.concat([xp.zeros_like(scores), scores], axis=1)


def check_settings(estimator: Any) -> None:
    """Raise ParameterError for settings out of range, before anything is fitted."""
    if not (isinstance(estimator.C, Real) and np.isposinf(estimator.C)):
        check_number("C", estimator.C, low=0.0, low_open=True)
    # LogisticRegression knows None as well, for no L1 penalty.
    if estimator.l1_ratio is not None or isinstance(estimator, SoftLogisticRegression):
        check_number("l1_ratio", estimator.l1_ratio, low=0.0, high=1.0)
    check_number("tol", estimator.tol, low=0.0)
    check_integer("max_iter", estimator.max_iter, low=1)
    for name in ("fit_intercept", "warm_start"):
        check_flag(name, getattr(estimator, name))
