"""Penalised multinomial logistic losses of many problems on the same rows.

With scores ``f = W x + c``, row weights `m` and targets `t` whose rows sum to one, problem b
minimises

    (sum_i m_bi lse(f_i) - <A_b, W> - <a_b, c>) / M_b + penalty(W) / (C_b M_b)

where ``A_b = sum_i m_bi t_bi x_i'`` and ``a_b = sum_i m_bi t_bi`` are all that the loss knows of
the targets: cross-entropy is linear in them. So a target may be soft, hard or off the simplex at
the same cost, and problems that differ in targets and penalties share one pass over the rows: one
matrix product for the scores of all, one for all gradients. Two classes have one row of
coefficients and ``lse(f) = log(1 + exp f)``.

The minimiser works in whitened coordinates: features are centred and rotated implicitly, and each
direction scaled by a bound of its curvature, so that correlated or badly scaled features cost no
iterations. The penalty stays on the coefficients themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skdistill._arrays import Array, as_like, is_numpy, namespace, to_host
from skdistill.students.optimise import minimise
from skdistill.students.rows import check_squares

__all__ = ["Batch", "Solution", "moments", "row_pass", "solve"]

WIDEST_ROTATION = 512  # features; beyond it their covariance costs more than it saves
CACHED_NUMBERS = 2**18  # of a block of rows on the CPU: two mebibytes of float64
DEVICE_NUMBERS = 2**26  # of a block of rows on a device


@dataclass(frozen=True)
class Batch:
    """B problems on the same rows.

    Attributes
    ----------
    X : array of shape (n, d), or sparse CSR array
        Features, float32 or float64.
    mass : array of shape (M, n)
        Different sets of row weights, in the dtype of X.
    mass_of : int array of shape (B,), in NumPy
        Which of them each problem has.
    moments : array of shape (B, R, d + 1)
        ``A_b`` and in the last column ``a_b``; float64. R is 1 for two classes, else K.
    C : array of shape (B,), in NumPy
        Inverse strength of the penalty, inf for none.
    l1_ratio : float
        Share of the L1 penalty.
    fit_intercept : bool
        Whether scores have an unpenalised intercept.
    """

    X: Any
    mass: Array
    mass_of: NDArray[np.int64]
    moments: Array
    C: NDArray[np.float64]
    l1_ratio: float = 0.0
    fit_intercept: bool = True

    def select(self, index: NDArray[np.int64]) -> "Batch":
        """Return the batch of some of the problems."""
        part = namespace(self.moments).take(self.moments, as_like(index, self.moments), axis=0)
        return replace(self, mass_of=self.mass_of[index], moments=part, C=self.C[index])


@dataclass(frozen=True)
class Solution:
    """The minima of B problems, in NumPy.

    Attributes
    ----------
    coef : array of shape (B, R, d)
        Coefficients.
    intercept : array of shape (B, R)
        Intercepts; zeros where there are none.
    value : array of shape (B,)
        Objective: mean loss plus penalty.
    n_iter : int array of shape (B,)
        Iterations.
    converged : bool array of shape (B,)
        Whether the gradient came below the tolerance.
    """

    coef: Array
    intercept: Array
    value: Array
    n_iter: NDArray[np.int64]
    converged: NDArray[np.bool_]


def moments(X: Any, weighted_target: Array) -> Array:
    """Return ``sum_i m_i t_i (x_i, 1)``, shape (R, d + 1), of weighted targets (n, R)."""
    xp = namespace(weighted_target)
    totals = xp.sum(xp.astype(weighted_target, xp.float64), axis=0)
    with np.errstate(over="ignore", invalid="ignore"):  # `solve` says so where X is too large
        products = (X.T @ weighted_target).T if sp.issparse(X) else weighted_target.T @ X
    return xp.concat([xp.astype(products, xp.float64), totals[:, None]], axis=1)


def solve(
    batch: Batch, *, tol: float, max_iter: int, start: tuple[Any, Any] | None = None
) -> Solution:
    """Minimise every problem of a batch.

    Parameters
    ----------
    batch : Batch
        The problems.
    tol : float
        Bound of the gradient's largest entry, in whitened coordinates.
    max_iter : int
        Iterations, at most.
    start : tuple of arrays of shape (B, R, d) and (B, R), or None, default=None
        Coefficients and intercepts to begin with; None for zeros.

    Returns
    -------
    solution : Solution

    Raises
    ------
    InputError
        If the squares of a feature overflow.
    """
    objective = _Objective.of(batch)
    space, shape = objective.space, batch.moments.shape
    xp = namespace(batch.moments)
    first = xp.zeros_like(batch.moments[:, :, : space.width])
    if start is not None:
        first = space.inside(*(as_like(a, first, xp.float64) for a in start))
    if batch.mass.dtype == xp.float32:
        tol = max(tol, 32.0 * float(np.finfo(np.float32).eps))  # no gradient is known more closely
    minimum = minimise(objective, xp.reshape(first, (shape[0], -1)), tol=tol, max_iter=max_iter)
    coef, intercept = space.outside(xp.reshape(minimum.x, first.shape))
    return Solution(
        to_host(coef),
        to_host(intercept),
        to_host(minimum.value),
        minimum.n_iter,
        minimum.converged,
    )


def row_pass(batch: Batch) -> Callable[[Array, Array], tuple[Array, Array]]:
    """Return a function that does all that an iteration does with the rows.

    Parameters
    ----------
    batch : Batch
        The problems.

    Returns
    -------
    function : callable
        Of coefficients (B, R, d) and intercepts (B, R); returns ``sum_i m_i lse(f_i)``, (B,), and
        ``sum_i m_i s_i (x_i, 1)``, (B, R, d + 1), with `s` the probabilities.
    """
    return _Objective.of(batch)._over_rows  # noqa: SLF001


@dataclass(frozen=True)
class _Space:
    """The coordinates of the minimiser: ``W = (u V')``, ``u = z / scale``, ``c = c' - W mean``.

    Attributes
    ----------
    mean : array of shape (d,)
        Of the features; zeros without an intercept.
    rotation : array of shape (d, d) or None
        Eigenvectors `V` of their covariance; None for the identity.
    scale : array of shape (B, d)
        Square roots of the curvature along each direction.
    level : float or None
        The same for the intercept; None where there is none.
    """

    mean: Array
    rotation: Array | None
    scale: Array
    level: float | None

    @property
    def width(self) -> int:
        """Variables per row of coefficients."""
        return self.scale.shape[1] + (self.level is not None)

    def select(self, index: Array) -> "_Space":
        return replace(self, scale=namespace(index).take(self.scale, index, axis=0))

    def inside(self, coef: Array, intercept: Array) -> Array:
        """Return the coordinates (B, R, width) of coefficients and intercepts."""
        u = coef if self.rotation is None else coef @ self.rotation
        z = u * self.scale[:, None, :]
        if self.level is None:
            return z
        c = (intercept + coef @ self.mean) * self.level
        return namespace(z).concat([z, c[:, :, None]], axis=2)

    def outside(self, z: Array) -> tuple[Array, Array]:
        """Return coefficients (B, R, d) and intercepts (B, R)."""
        d = self.scale.shape[1]
        u = z[:, :, :d] / self.scale[:, None, :]
        coef = u if self.rotation is None else u @ self.rotation.T
        if self.level is None:
            return coef, namespace(z).zeros_like(coef[:, :, 0])
        return coef, z[:, :, d] / self.level - coef @ self.mean

    def pull(self, gradient: Array) -> Array:
        """Return the gradient in the coordinates from that (B, R, d + 1) in (W, c)."""
        last = gradient[:, :, -1]
        g = gradient[:, :, :-1]
        if self.level is not None:
            g = g - last[:, :, None] * self.mean
        g = (g if self.rotation is None else g @ self.rotation) / self.scale[:, None, :]
        if self.level is None:
            return g
        return namespace(g).concat([g, last[:, :, None] / self.level], axis=2)


@dataclass(frozen=True)
class _Objective:
    """The losses as functions of the coordinates: what `minimise` asks for."""

    blocks: tuple[tuple[Any, Array], ...]  # rows, and their weights (M, r)
    mass_of: Array | None  # None where all problems have the same weights
    moments: Array
    total: Array  # mass of each problem, (B,)
    ridge: Array  # (B,)
    space: _Space
    l1: Array | None
    rounding: float

    @classmethod
    def of(cls, batch: Batch) -> "_Objective":
        xp = namespace(batch.moments)
        mass = xp.sum(xp.astype(batch.mass, xp.float64), axis=1)
        mass_of = as_like(batch.mass_of, mass)
        total = xp.take(mass, mass_of, axis=0)
        strength = 1.0 / (as_like(batch.C, mass, xp.float64) * total)
        blocks = tuple(_blocks(batch))
        ridge = (1.0 - batch.l1_ratio) * strength
        space = _whitened(batch, blocks, ridge)
        l1 = None
        if batch.l1_ratio > 0.0:
            weights = (batch.l1_ratio * strength)[:, None] / space.scale
            if batch.fit_intercept:
                weights = xp.concat([weights, xp.zeros_like(weights[:, :1])], axis=1)
            l1 = xp.reshape(
                xp.stack([weights] * batch.moments.shape[1], axis=1), (weights.shape[0], -1)
            )
        several = batch.mass.shape[0] > 1
        # What SciPy's and scikit-learn's L-BFGS take for no progress: 64 roundings.
        rounding = 64.0 * float(np.finfo(np.float64).eps)
        if batch.mass.dtype == xp.float32:
            rounding = float(np.finfo(np.float32).eps)  # sums are in float64
        return cls(
            blocks, mass_of if several else None, batch.moments, total, ridge, space, l1, rounding
        )

    def select(self, index: Array) -> "_Objective":
        xp = namespace(index)

        def some(a: Array | None) -> Array | None:
            return None if a is None else xp.take(a, index, axis=0)

        return replace(
            self,
            mass_of=some(self.mass_of),
            moments=some(self.moments),
            total=some(self.total),
            ridge=some(self.ridge),
            space=self.space.select(index),
            l1=some(self.l1),
        )

    def __call__(self, x: Array) -> tuple[Array, Array]:
        xp = namespace(x)
        n_problems, n_scores, width = self.moments.shape
        z = xp.reshape(x, (n_problems, n_scores, self.space.width))
        coef, intercept = self.space.outside(z)
        value, expected = self._over_rows(coef, intercept)
        theta = xp.concat([coef, intercept[:, :, None]], axis=2)
        value = (value - xp.sum(self.moments * theta, axis=(1, 2))) / self.total
        gradient = self.space.pull((expected - self.moments) / self.total[:, None, None])
        ridge = self.ridge[:, None, None]
        value = value + 0.5 * self.ridge * xp.sum(coef * coef, axis=(1, 2))
        u = z[:, :, : width - 1] / self.space.scale[:, None, :] ** 2  # the rotation keeps lengths
        if self.space.level is not None:
            u = xp.concat([u, xp.zeros_like(z[:, :, -1:])], axis=2)
        return value, xp.reshape(gradient + ridge * u, x.shape)

    def _over_rows(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        """Return ``sum_i m_i lse(f_i)``, (B,), and ``sum_i m_i s_i (x_i, 1)``, (B, R, d + 1)."""
        xp = namespace(coef)
        n_problems, n_scores, d = coef.shape
        flat = xp.reshape(xp.permute_dims(coef, (1, 0, 2)), (n_scores * n_problems, d))
        shift = xp.reshape(xp.permute_dims(intercept, (1, 0)), (n_scores * n_problems, 1))
        dtype = self.blocks[0][1].dtype
        flat, shift = xp.astype(flat, dtype), xp.astype(shift, dtype)
        value = xp.zeros_like(self.total)
        sums = xp.zeros_like(flat[:, 0], dtype=xp.float64)
        products = xp.zeros_like(flat, dtype=xp.float64)
        for rows, mass in self.blocks:
            scores = _times_rows(flat, rows)
            scores += shift
            m = mass if self.mass_of is None else xp.take(mass, self.mass_of, axis=0)
            log_mass, s = _log_partition(xp.reshape(scores, (n_scores, n_problems, -1)), m)
            value += xp.astype(xp.sum(log_mass, axis=1), xp.float64)
            s = xp.reshape(s, (n_scores * n_problems, -1))
            sums += xp.astype(xp.sum(s, axis=1), xp.float64)
            products += xp.astype(_over(s, rows), xp.float64)
        both = xp.concat([products, sums[:, None]], axis=1)
        both = xp.reshape(both, (n_scores, n_problems, d + 1))
        return value, xp.permute_dims(both, (1, 0, 2))


def _blocks(batch: Batch) -> Any:
    """Yield rows with their weights, few enough to stay in the processor's cache."""
    n_problems, n_scores, width = batch.moments.shape
    numbers = CACHED_NUMBERS if is_numpy(batch.mass) else DEVICE_NUMBERS
    size = max(128, numbers // (width + 3 * n_scores * n_problems))
    n = batch.mass.shape[1]
    for first in range(0, n, size):
        part = slice(first, min(first + size, n))  # the standard allows no stop beyond the end
        yield batch.X[part, :], batch.mass[:, part]


def _times_rows(flat: Array, rows: Any) -> Array:
    """Return the scores, one row per row of `flat`."""
    if sp.issparse(rows):
        return np.ascontiguousarray((rows @ flat.T).T)
    return flat @ rows.T


def _over(s: Array, rows: Any) -> Array:
    """Return ``s @ rows``."""
    return (rows.T @ s.T).T if sp.issparse(rows) else s @ rows


def _log_partition(scores: Array, m: Array) -> tuple[Array, Array]:
    """Return ``m lse(f)``, (B, r), and its gradient, (R, B, r), of scores (R, B, r)."""
    xp = namespace(scores)
    if scores.shape[0] == 1:
        # Both from one tanh, which is quick where exp and log1p are not.
        half = xp.tanh(0.5 * scores)
        value = -xp.log(0.5 + 0.5 * xp.abs(half[0, ...]))
        value += xp.where(scores[0, ...] > 0.0, scores[0, ...], xp.zeros_like(value))
        half *= 0.5
        half += 0.5
        half *= m
        return m * value, half
    top = xp.max(scores, axis=0)
    scores -= top
    powers = xp.exp(scores)
    mass = xp.sum(powers, axis=0)
    powers *= m / mass
    return m * (top + xp.log(mass)), powers


def _whitened(batch: Batch, blocks: Any, ridge: Array) -> _Space:
    """Return coordinates in which the losses are about equally curved in all directions."""
    xp = namespace(batch.moments)
    n_scores, d = batch.moments.shape[1], batch.moments.shape[2] - 1
    # A bound for two classes; for more, the curvature where all are equally likely.
    curvature = 0.25 if n_scores == 1 else (1.0 - 1.0 / n_scores) / n_scores
    counts = np.bincount(batch.mass_of, minlength=batch.mass.shape[0])
    rotate = d <= WIDEST_ROTATION and batch.l1_ratio == 0.0 and not sp.issparse(batch.X)
    with np.errstate(over="ignore", invalid="ignore"):
        total, mean, second = _second_moments(blocks, as_like(counts, ridge), d, full=rotate)
        mean, second = mean / total, second / total
    check_squares(xp.linalg.diagonal(second) if rotate else second, batch.mass.dtype)
    if not batch.fit_intercept:
        mean = xp.zeros_like(mean)
    rotation = None
    if rotate:
        second = second - mean[:, None] * mean[None, :]
        variance, rotation = xp.linalg.eigh(second)
    else:
        variance = second - mean * mean
    variance = xp.where(variance > 0.0, variance, xp.zeros_like(variance))
    squares = curvature * variance + ridge[:, None]
    largest = xp.max(squares, axis=1, keepdims=True)
    floor = xp.where(largest > 0.0, 1e-12 * largest, xp.ones_like(largest))
    scale = xp.sqrt(xp.where(squares > floor, squares, floor))
    return _Space(mean, rotation, scale, sqrt(curvature) if batch.fit_intercept else None)


def _second_moments(blocks: Any, counts: Array, d: int, *, full: bool) -> tuple[Any, Array, Array]:
    """Return the mass, its sum over `x`, and that over ``x x'`` or its diagonal."""
    xp = namespace(counts)
    total, mean, second = 0.0, 0.0, 0.0
    for rows, mass in blocks:
        m = xp.astype(counts, mass.dtype) @ mass
        total += xp.astype(xp.sum(m), xp.float64)
        mean += xp.astype(m @ rows if not sp.issparse(rows) else rows.T @ m, xp.float64)
        if sp.issparse(rows):
            part = rows.multiply(rows).T @ m
        else:
            part = (m[:, None] * rows).T @ rows if full else m @ (rows * rows)
        second += xp.astype(part, xp.float64)
    return total, mean, second
