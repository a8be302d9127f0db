"""The linear students of a path, as they were fitted."""

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.arrays import as_like, log_softmax, namespace, one_hot, to_host
from skdistill._ground.compat import take_rows
from skdistill._ground.validation import check_integer, check_labels, check_weights
from skdistill.exceptions import InputError, ParameterError
from skdistill.students import SoftLogisticRegression
from skdistill.students.linear_problems import fill, like_of
from skdistill.students.multinomial import Solution
from skdistill.students.rows import check_rows

__all__ = ["DistillationPath", "Splits"]

Splits = tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]


@dataclass(frozen=True)
class DistillationPath:
    """Linear students of P candidates and F folds.

    Parameters
    ----------
    strengths, temperatures, Cs : array of shape (P,)
        Settings of each candidate.
    classes : array of shape (K,)
        Sorted classes.
    folds : tuple of (train, test)
        Row numbers of each fold.
    n_rows : int
        Rows of the fit, n.
    coef : array of shape (P, F, R, d)
        Coefficients, at temperature one; R is 1 for two classes, else K.
    intercept : array of shape (P, F, R)
        Intercepts.
    n_iter : int array of shape (P, F)
        Iterations.
    converged : bool array of shape (P, F)
        Whether the gradient came below the tolerance.
    single : SoftLogisticRegression
        Settings of all students but C, with the names of the features.
    """

    strengths: NDArray[np.float64]
    temperatures: NDArray[np.float64]
    Cs: NDArray[np.float64]
    classes: NDArray[Any]
    folds: Splits
    n_rows: int
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    n_iter: NDArray[np.int64]
    converged: NDArray[np.bool_]
    single: SoftLogisticRegression

    def __len__(self) -> int:
        return len(self.strengths)

    def log_loss(self, X: Any, y: Any, sample_weight: Any = None) -> NDArray[np.float64]:
        """Return the log-loss of every candidate on the test rows of every fold.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows that the path was fitted on.
        y : array-like of shape (n,)
            Their labels.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.

        Returns
        -------
        losses : array of shape (P, F)
            In nats, NaN where the test rows of a fold have no weight.

        Raises
        ------
        InputError
            If these are not as many rows, features and labels as the path was fitted on, or a label
            is none of the classes.
        """
        rows = check_rows(SoftLogisticRegression(), X, reset=True, sparse=True)
        shape = (self.n_rows, self.coef.shape[3])
        if tuple(rows.shape) != shape:
            raise InputError(
                f"X must be the rows that the path was fitted on, of shape {shape}, got shape "
                f"{tuple(rows.shape)}."
            )
        codes = self._codes(y)
        weight = check_weights(sample_weight, len(codes))
        weight = np.ones(len(codes)) if weight is None else weight
        losses = np.full(self.n_iter.shape, np.nan)
        for fold, (_, test) in enumerate(self.folds):
            if weight[test].any():
                losses[:, fold] = self._log_loss(
                    fold, take_rows(rows, test), codes[test], weight[test]
                )
        return losses

    def _codes(self, y: Any) -> NDArray[np.int64]:
        """Return the class index of each row, shape (n,)."""
        found, number = check_labels(y)
        known = self.classes.tolist()
        unknown = [label for label in found.tolist() if label not in known]
        if unknown or len(number) != self.n_rows:
            raise InputError(
                f"y must be {self.n_rows} labels among {known}, as the path was fitted with, got "
                f"{len(number)} labels" + (f", {unknown} among them." if unknown else ".")
            )
        return np.searchsorted(self.classes, found)[number]

    def _log_loss(
        self, fold: int, rows: Any, codes: NDArray[np.int64], weight: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the log-loss (P,) of one fold's students on some rows."""
        n_scores, d = self.coef.shape[2:]
        like = like_of(rows)
        xp = namespace(like)
        flat = as_like(self.coef[:, fold].reshape(-1, d), like, like.dtype)
        shift = as_like(self.intercept[:, fold].reshape(-1), like, like.dtype)
        scores = xp.reshape(rows @ flat.T + shift, (len(codes) * len(self), n_scores))
        if n_scores == 1:
            scores = xp.concat([xp.zeros_like(scores), scores], axis=1)
        logs = xp.reshape(log_softmax(scores), (len(codes), len(self), -1))
        hit = one_hot(as_like(codes, like), logs.shape[2], like)[:, None, :]
        per_row = -to_host(xp.sum(logs * hit, axis=2)).astype(np.float64)
        return np.asarray(weight @ per_row / weight.sum())

    def student(self, candidate: int, fold: int = 0) -> SoftLogisticRegression:
        """Return the fitted student of a candidate and fold.

        Parameters
        ----------
        candidate : int
            Its number.
        fold : int, default=0
            Number of the fold.

        Returns
        -------
        student : SoftLogisticRegression

        Raises
        ------
        ParameterError
            If there is no such candidate or fold.
        """
        ends = {"candidate": (candidate, len(self)), "fold": (fold, len(self.folds))}
        for name, (number, end) in ends.items():
            if check_integer(name, number, low=0) >= end:
                raise ParameterError(f"{name} must be an integer in 0..{end - 1}, got {number!r}.")
        model = copy(self.single).set_params(C=float(self.Cs[candidate]))
        of_fold = (a[:, fold] for a in (self.coef, self.intercept, self.n_iter, self.converged))
        return fill(model, Solution(*of_fold), candidate, self.classes, self.coef.dtype)
