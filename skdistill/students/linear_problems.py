"""Linear problems: from soft targets and row weights to one batch, and back to fitted models."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skdistill._ground.arrays import (
    Array,
    as_like,
    namespace,
    numpy_dtype,
    project_to_simplex,
    to_host,
)
from skdistill._ground.compat import warn_user
from skdistill.exceptions import InputError
from skdistill.students.multinomial import Batch, Solution, moments, solve

__all__ = ["bounded", "dtype_of", "fill", "like_of", "make_batch", "solve_all", "solve_targets"]


def dtype_of(rows: Any) -> Any:
    """Return the dtype of dense or sparse rows, as NumPy calls it."""
    return rows.dtype if sp.issparse(rows) else numpy_dtype(rows)


def like_of(rows: Any) -> Array:
    """Return an array of the dtype and device of `rows`, which may be sparse."""
    return np.empty(0, dtype=rows.dtype) if sp.issparse(rows) else rows


def fill(
    model: Any,
    solution: Solution,
    number: int,
    classes: NDArray[Any],
    dtype: Any,
    temperature: float = 1.0,
) -> Any:
    """Return `model` with the coefficients of a problem of a batch, its temperature undone.

    Parameters
    ----------
    model : SoftLogisticRegression or LogisticRegression
        Gets the attributes of a fit.
    solution : Solution
        Of the batch.
    number : int
        Of the problem.
    classes : array of shape (K,)
        Sorted classes.
    dtype : dtype
        Of the coefficients.
    temperature : float, default=1.0
        T of the targets: scores are T times as large.

    Returns
    -------
    model : estimator
    """
    model.classes_ = classes
    model.coef_ = (temperature * solution.coef[number]).astype(dtype)
    model.intercept_ = (temperature * solution.intercept[number]).astype(dtype)
    model.n_iter_ = solution.n_iter[number : number + 1].astype(np.int32)
    return model


def solve_targets(
    X: Any,
    targets: Sequence[Array],
    weights: Sequence[NDArray[Any] | None],
    classes: NDArray[Any],
    *,
    C: Sequence[float],
    l1_ratio: float,
    fit_intercept: bool,
    tol: float,
    max_iter: int,
    start: tuple[Any, Any] | None = None,
) -> Solution:
    """Solve one problem per target, all in one batch.

    Parameters
    ----------
    X : array of shape (n, d), or sparse CSR array
        Rows.
    targets : sequence of arrays of shape (n, K)
        Their rows sum to one.
    weights : sequence of arrays of shape (n,) or None
        Row weights of each problem.
    classes : array of shape (K,)
        Names of the columns.
    C : sequence of float
        Inverse strength of each problem's penalty.
    l1_ratio, fit_intercept, tol, max_iter
        Of `SoftLogisticRegression`.
    start : tuple of arrays or None, default=None
        Of `solve`.

    Returns
    -------
    solution : Solution

    Raises
    ------
    InputError
        If a target gives a class no mass: there is no minimum then.
    """
    like = like_of(X)
    mass_of, different = _distinct(weights)
    ones = np.ones(X.shape[0])
    batch = make_batch(
        X,
        [as_like(ones if w is None else w, like, like.dtype) for w in different],
        targets,
        mass_of,
        classes,
        C=np.asarray(C),
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
    )
    return solve_all(batch, tol=tol, max_iter=max_iter, start=start)


def make_batch(
    X: Any,
    masses: Sequence[Array],
    targets: Sequence[Array],
    mass_of: NDArray[np.int64],
    classes: NDArray[Any],
    *,
    C: NDArray[np.float64],
    l1_ratio: float,
    fit_intercept: bool,
) -> Batch:
    """Return the problems of one batch, with the different row weights already sorted out.

    Parameters
    ----------
    X : array of shape (n, d), or sparse CSR array
        Rows.
    masses : sequence of M arrays of shape (n,)
        Different sets of row weights, in the namespace and dtype of X; zero where a row is absent.
    targets : sequence of B arrays of shape (n, K)
        An array that stands there several times, with the same weights, is looked at once.
    mass_of : int array of shape (B,)
        Which weights each problem has.
    classes, C, l1_ratio, fit_intercept
        Of `solve_targets`.

    Returns
    -------
    batch : Batch

    Raises
    ------
    InputError
        If a target gives a class no mass.
    """
    like = masses[0]
    xp = namespace(like)
    parts: dict[tuple[int, int], Array] = {}
    keys = [(id(target), int(m)) for target, m in zip(targets, mass_of, strict=True)]
    for target, key in zip(targets, keys, strict=True):
        if key not in parts:
            t, mass = as_like(target, like, like.dtype), masses[key[1]]
            _check_mass(t, mass, classes)
            parts[key] = moments(X, (t[:, 1:] if t.shape[1] == 2 else t) * mass[:, None])
    stacked = xp.stack([parts[key] for key in keys])
    return Batch(X, xp.stack(list(masses)), mass_of, stacked, C, l1_ratio, fit_intercept)


def solve_all(
    batch: Batch, *, tol: float, max_iter: int, start: tuple[Any, Any] | None = None
) -> Solution:
    """Do what `multinomial.solve` does, and warn of problems that were not finished."""
    solution = solve(batch, tol=tol, max_iter=max_iter, start=start)
    open_ = ~solution.converged
    if open_.any():
        n_all, most = len(open_), int(np.max(solution.n_iter[open_]))
        which = "" if n_all == 1 else f" in {int(np.sum(open_))} of {n_all} problems"
        ended = f"the solver took all {max_iter} iterations{which} before"
        remedy = "raise max_iter or tol"
        if most < max_iter:
            ended = f"the solver got no further{which} after {most} iterations, and not to where"
            remedy = "raise tol"
        warn_user(
            f"{ended} the gradient was below tol: {remedy}, strengthen the penalty (lower C), or "
            "standardise the features.",
            ConvergenceWarning,
        )
    return solution


def _distinct(
    weights: Sequence[NDArray[Any] | None],
) -> tuple[NDArray[np.int64], list[NDArray[Any] | None]]:
    """Return which of the different weights each problem has, and these."""
    different: list[NDArray[Any] | None] = []
    numbers = []
    for weight in weights:
        same = (i for i, known in enumerate(different) if _equal(weight, known))
        number = next(same, len(different))
        if number == len(different):
            different.append(weight)
        numbers.append(number)
    return np.array(numbers), different


def _equal(a: NDArray[Any] | None, b: NDArray[Any] | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def bounded(target: Array, weight: Array | None) -> tuple[Array, float]:
    """Return the target, on the simplex if some class has a mean of zero or less, and what moved.

    A class that signed targets leave without mass would get an intercept of minus infinity.

    Parameters
    ----------
    target : array of shape (n, K)
        Their rows sum to one.
    weight : array of shape (n,) or None
        Row weights.

    Returns
    -------
    target : array of shape (n, K)
        As it came where every class has mass.
    touched : float
        Share of rows that were projected.
    """
    xp = namespace(target)
    means = xp.sum(target, axis=0) if weight is None else weight @ target
    if bool(xp.all(means > 0.0)):
        return target, 0.0
    projected, touched = project_to_simplex(target)
    return projected, float(xp.mean(xp.astype(touched, target.dtype)))


def _check_mass(target: Array, mass: Array, classes: NDArray[Any]) -> None:
    """Raise InputError for a class whose mean target is zero or less."""
    means = to_host(mass @ target)
    if np.any(means <= 0.0):
        worst = classes.tolist()[int(np.argmin(means))]
        raise InputError(
            f"the target of class {worst!r} is zero or less on average: no finite scores fit it. "
            "Calibrate the teacher, or change strength or temperature."
        )
