"""`distillation_path`: a linear student for many strengths, temperatures, penalties and folds.

The cross-entropy knows a target only by ``sum_i w_i t_i x_i'``, so all candidates share the passes
over the rows: per iteration one matrix product gives the scores of all of them, and one the
gradients (see `skdistill.students.multinomial`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from skdistill._arrays import Array, as_like, log_softmax, namespace, one_hot, to_host
from skdistill._compat import take_rows
from skdistill._devices import choose_device, cupy_obstacle, onto
from skdistill._validation import (
    check_columns,
    check_integer,
    check_labels,
    check_number,
    check_probabilities,
    check_weights,
)
from skdistill.corrections import Correction, resolve_correction
from skdistill.exceptions import FoldError, InputError, ParameterError
from skdistill.folds import make_folds
from skdistill.losses import CrossEntropy
from skdistill.students import SoftLogisticRegression
from skdistill.students.linear_problems import bounded, make_batch, solve_all
from skdistill.students.multinomial import Batch, Solution, solve
from skdistill.students.rows import check_rows
from skdistill.students.soft_logistic import check_settings

__all__ = ["DistillationPath", "distillation_path"]

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
        like = _like(rows)
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
        model = SoftLogisticRegression(C=float(self.Cs[candidate]))
        model.classes_ = self.classes
        model.coef_ = self.coef[candidate, fold]
        model.intercept_ = self.intercept[candidate, fold]
        model.n_iter_ = self.n_iter[candidate, fold : fold + 1].astype(np.int32)
        model.n_features_in_ = self.coef.shape[3]
        return model


def distillation_path(
    X: Any,
    y: Any,
    p: Any,
    *,
    strengths: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    temperatures: Sequence[float] = (1.0,),
    Cs: Sequence[float] = (1.0,),
    folds: Sequence[tuple[Any, Any]] | None = None,
    correction: str | Correction = "orthogonal",
    sample_weight: Any = None,
    l1_ratio: float = 0.0,
    fit_intercept: bool = True,
    tol: float = 1e-4,
    max_iter: int = 100,
    device: str = "cpu",
) -> DistillationPath:
    """Fit a linear student for every strength, temperature, penalty and fold, all at once.

    Candidate and fold have the target of `CrossEntropy` at that temperature, corrected as far as
    the strength says, and are fitted as `SoftLogisticRegression` would be to the training rows of
    the fold; of dense rows in single precision first, and on in double where `tol` asks for it.

    Parameters
    ----------
    X : array-like, sparse array, or array of an array-API namespace, of shape (n, d)
        Features.
    y : array-like of shape (n,)
        Labels.
    p : array-like of shape (n, K) or (F, n, K)
        Probabilities of the teacher, out of fold; one set for all folds, or one per fold (as an
        honest choice needs, see `skdistill.pool`). Rows that a fold does not train on may be NaN.
    strengths : sequence of float in [0, 1], default=(0, 0.25, 0.5, 0.75, 1)
        How far to correct.
    temperatures : sequence of float, default=(1,)
        T of the loss.
    Cs : sequence of float, default=(1,)
        Inverse strengths of the penalty.
    folds : sequence of F pairs (train, test) of row numbers, or None, default=None
        Rows to train on, and other rows to judge on; of a splitter ``list(cv.split(X, y))``. None
        trains on all rows, and judges on the same.
    correction : str or Correction, default="orthogonal"
        One that follows the strength.
    sample_weight : array-like of shape (n,) or None, default=None
        Row weights.
    l1_ratio : float, default=0.0
        Share of the L1 penalty.
    fit_intercept : bool, default=True
        Whether there is an intercept.
    tol : float, default=1e-4
        As that of `SoftLogisticRegression`.
    max_iter : int, default=100
        Iterations per candidate and fold, at most.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where NumPy rows are fitted; arrays of another namespace are fitted where they are.

    Returns
    -------
    path : DistillationPath
        Candidates in the order strengths, temperatures, Cs, the last changing fastest.

    Raises
    ------
    ParameterError
        If a parameter is out of range or of another kind, or the correction does not follow the
        strength.
    InputError
        If rows, labels, weights or probabilities cannot be used.
    FoldError
        If a fold has no training or no test rows, or rows out of range, given twice or in both
        parts; if its training rows lack a class.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import distillation_path
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> p = np.array([[0.9, 0.1], [0.7, 0.3], [0.3, 0.7], [0.1, 0.9]])
    >>> path = distillation_path(X, [0, 1, 0, 1], p, strengths=[0.0, 1.0], Cs=[0.1, 10.0])
    >>> path.coef.shape
    (4, 1, 1, 1)
    >>> path.log_loss(X, [0, 1, 0, 1]).shape
    (4, 1)
    """
    rule = _check_rule(correction)
    strengths = _check_values("strengths", strengths, high=1.0)
    temperatures = _check_values("temperatures", temperatures, low_open=True)
    Cs = _check_values("Cs", Cs, low_open=True)
    candidates = list(product(strengths, temperatures, Cs))
    single = SoftLogisticRegression(
        l1_ratio=l1_ratio, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter
    )
    check_settings(single)
    rows = check_rows(single, X, reset=True, sparse=True)
    rows = onto(rows, choose_device(device, cupy_obstacle(), "distillation_path"))
    classes, codes = check_labels(y)
    check_consistent_length(rows, codes)
    splits = _check_folds(folds, classes[codes])
    tables = _teachers(p, splits, classes, len(codes))
    masses = _masses(splits, check_weights(sample_weight, len(codes)), rows)
    like, n_folds = masses[0], len(splits)
    labels = as_like(one_hot(codes, len(classes), np.empty(0)), like, like.dtype)
    corrected = [_targets(labels, as_like(p, like, like.dtype), rule, candidates) for p in tables]
    targets = [
        {key: bounded(target, mass)[0] for key, target in of_fold.items()}
        for of_fold, mass in zip(corrected * (n_folds // len(tables)), masses, strict=True)
    ]
    batch = make_batch(
        rows,
        masses,
        [targets[fold][c[:2]] for c in candidates for fold in range(n_folds)],
        np.tile(np.arange(n_folds), len(candidates)),
        classes,
        C=np.repeat([C for _, _, C in candidates], n_folds),
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
    )
    start = _start(batch, np.array(strengths), n_folds, tol, max_iter)
    solution = solve_all(batch, tol=tol, max_iter=max_iter, start=start)
    return _gathered(solution, candidates, classes, splits, len(codes))


def _gathered(
    solution: Solution,
    candidates: list[tuple[float, float, float]],
    classes: NDArray[Any],
    splits: Splits,
    n_rows: int,
) -> DistillationPath:
    """Return the solutions by candidate and fold, their temperatures undone."""
    settings = np.array(candidates, dtype=np.float64)
    shape = (len(candidates), len(splits))
    T = settings[:, 1].reshape(-1, 1, 1)
    return DistillationPath(
        *settings.T,
        classes,
        splits,
        n_rows,
        T[..., None] * solution.coef.reshape(shape + solution.coef.shape[1:]),
        T * solution.intercept.reshape((*shape, -1)),
        solution.n_iter.reshape(shape),
        solution.converged.reshape(shape),
    )


def _start(
    batch: Batch, strengths: NDArray[np.float64], n_folds: int, tol: float, max_iter: int
) -> tuple[Any, Any] | None:
    """Return where to begin: on the line between two solutions of the first fold.

    They are those at the least and the greatest strength, as solutions are nearly linear in it, and
    those of other folds are near. None where that would solve too many problems twice.
    """
    numbers = np.arange(len(batch.mass_of)).reshape(len(strengths), -1, n_folds)
    ends = [int(strengths.argmin()), int(strengths.argmax())]
    if 2 * len(ends) > len(strengths) * n_folds:
        return None
    first = numbers[ends, :, 0].ravel()
    known = solve(batch.select(first), tol=tol, max_iter=max_iter)
    low, high = strengths[ends]
    share = (strengths - low) / (high - low if high > low else 1.0)

    def between(found: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b = found.reshape(2, 1, numbers.shape[1], 1, *found.shape[1:])
        at = share.reshape(-1, *(1,) * (a.ndim - 1))
        return np.repeat(a + at * (b - a), n_folds, axis=2).reshape(-1, *found.shape[1:])

    return between(known.coef), between(known.intercept)


def _check_rule(correction: str | Correction) -> Correction:
    rule = resolve_correction(correction)
    if rule is None or not rule.uses_strength:
        raise ParameterError(
            f"correction must be one that follows the strength, got {correction!r}: a path runs "
            "over strengths."
        )
    return rule


def _check_values(
    name: str, values: Any, *, high: float = np.inf, low_open: bool = False
) -> list[float]:
    """Return a sequence of numbers as a list; a set or a generator has no order to come back to."""
    is_sequence = isinstance(values, Sequence) or getattr(values, "ndim", 0) == 1
    if not is_sequence or len(values) == 0:
        raise ParameterError(
            f"{name} must be a sequence of at least one number, such as [1.0], got {values!r}."
        )
    return [check_number(name, v, low=0.0, high=high, low_open=low_open) for v in values]


def _check_folds(folds: Any, labels: NDArray[Any]) -> Splits:
    """Return the folds as arrays of row numbers; one of all rows for None."""
    if folds is None:
        return ((np.arange(len(labels)), np.arange(len(labels))),)
    if not hasattr(folds, "__iter__") or hasattr(folds, "split"):  # a splitter, a string
        raise ParameterError(
            f"folds must be (train, test) pairs of row numbers, or None, got {folds!r}: of a "
            "splitter pass list(cv.split(X, y))."
        )
    pairs = list(folds)
    if not pairs or any(not hasattr(pair, "__len__") or len(pair) != 2 for pair in pairs):
        raise FoldError("folds must hold (train, test) pairs of row numbers, at least one.")
    splits = make_folds(pairs, None, labels).splits
    for number, (train, _) in enumerate(splits):
        if np.bincount(train).max() > 1:
            raise FoldError(
                f"fold {number} has training rows more than once, and each would count once: pass "
                "distinct rows, and sample_weight where they weigh differently."
            )
    return splits


def _teachers(
    p: Any, splits: Splits, classes: NDArray[Any], n_rows: int
) -> list[NDArray[np.floating[Any]]]:
    """Return the probabilities of each fold, or of all, checked; equal ones where none trains."""
    check_columns(p, classes, "p")
    p = np.asarray(p)
    if p.ndim == 3 and len(p) != len(splits):
        raise ParameterError(
            f"p must have one table for all folds or one per fold ({len(splits)}), got {len(p)}."
        )
    trained = [train for train, _ in splits]
    pairs = zip(p, trained, strict=True) if p.ndim == 3 else [(p, np.concatenate(trained))]
    tables = []
    for table, rows in pairs:
        known = table
        if table.shape == (n_rows, len(classes)) and table.dtype.kind in "fiub":
            known = np.full(table.shape, 1.0 / table.shape[1])
            known[rows] = table[rows]
        tables.append(check_probabilities(known, n_rows, classes, "p"))
    return tables


def _masses(splits: Splits, weight: NDArray[np.float64] | None, rows: Any) -> list[Array]:
    """Return the row weights of each fold, zero where it does not train, like `rows`."""
    like, masses = _like(rows), []
    for train, _ in splits:
        mass = np.zeros(rows.shape[0])
        mass[train] = 1.0 if weight is None else weight[train]
        masses.append(as_like(mass, like, like.dtype))
    return masses


def _targets(
    labels: Array,
    teacher: Array,
    rule: Correction,
    candidates: list[tuple[float, float, float]],
) -> dict[tuple[float, float], Array]:
    """Return the target of each strength and temperature."""
    targets: dict[tuple[float, float], Array] = {}
    for strength, temperature, _ in candidates:
        if (strength, temperature) not in targets:
            gain = rule.gain(teacher, strength)
            loss = CrossEntropy(temperature=temperature)
            targets[strength, temperature] = loss.target(labels, teacher, gain)
    return targets


def _like(rows: Any) -> Array:
    """Return an array of the dtype and device of `rows`, which may be sparse."""
    return np.empty(0, dtype=rows.dtype) if hasattr(rows, "tocsr") else rows
