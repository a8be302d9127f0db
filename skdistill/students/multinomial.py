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
iterations. The penalty stays on the coefficients themselves. An L1 penalty and sparse rows forbid
the rotation: features are scaled only, a small gradient along correlated ones may be far from the
minimum, and is judged by what a Newton step would gain.

Several problems on dense rows are minimised in single precision first, which is twice as fast, and
only where the gradient there does not show that a problem is done, in double precision after that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import block_diag

from skdistill._ground.arrays import Array, as_like, namespace, take_rows_of, to_host
from skdistill.students.coordinates import Space
from skdistill.students.curvature import newton_slope
from skdistill.students.optimise import Minimum, joined, minimise, steepest
from skdistill.students.row_sums import Block, Part, block_size, over_rows, parts_of
from skdistill.students.rows import check_squares

__all__ = ["Batch", "Solution", "moments", "row_pass", "solve"]

WIDEST_ROTATION = 512  # features; beyond it their covariance costs more than it saves
SINGLE_ERROR = 32.0 * float(np.finfo(np.float32).eps)  # to which it knows a gradient
ALONG = 0.1  # of the slope along correlated features: the minimum is within 50 tol^2 a variable
SINGLE = 1e15  # squares of numbers between its inverse and it are safe in single precision


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
    n_iter : int array of shape (B,)
        Iterations.
    converged : bool array of shape (B,)
        Whether the gradient came below the tolerance.
    """

    coef: Array
    intercept: Array
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
    minimum = _descend(batch, objective, xp.reshape(first, (shape[0], -1)), tol, max_iter)
    coef, intercept = space.outside(xp.reshape(minimum.x, first.shape))
    return Solution(to_host(coef), to_host(intercept), minimum.n_iter, minimum.converged)


def _descend(
    batch: Batch, objective: "_Objective", start: Array, tol: float, max_iter: int
) -> Minimum:
    """Minimise in single precision first; what that cannot settle goes on in double precision."""
    xp = namespace(start)
    if batch.mass.dtype == xp.float32:
        return minimise(objective, start, tol=max(tol, SINGLE_ERROR), max_iter=max_iter)
    rough = _in_single(objective, batch)
    if rough is None:
        return minimise(objective, start, tol=tol, max_iter=max_iter)
    close = tol - SINGLE_ERROR
    found = minimise(rough, start, tol=max(close, SINGLE_ERROR), max_iter=max_iter)
    flat = found.slope <= close
    settled, left = np.flatnonzero(flat), np.flatnonzero(~flat)
    if not len(left):
        return found
    part, rest = objective.select(as_like(left, start)), found.take(left)
    exact = minimise(part, rest.x, tol=tol, max_iter=max_iter, n_iter=rest.n_iter)
    return joined([(settled, found.take(settled)), (left, exact)])


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
    objective = _Objective.of(batch)
    return partial(over_rows, objective.parts, objective.mass_of)


@dataclass(frozen=True)
class _Objective:
    """The losses as functions of the coordinates: what `minimise` asks for."""

    parts: tuple[Part, ...]
    mass_of: NDArray[np.int64]
    moments: Array
    total: Array  # mass of each problem, (B,)
    ridge: Array  # (B,)
    space: Space
    l1: Array | None
    rounding: float

    @classmethod
    def of(cls, batch: Batch) -> "_Objective":
        xp = namespace(batch.moments)
        mass = xp.sum(xp.astype(batch.mass, xp.float64), axis=1)
        total = take_rows_of(mass, batch.mass_of)
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
        every = Part(blocks, np.ones(batch.mass.shape[0], dtype=bool))
        # What SciPy's and scikit-learn's L-BFGS take for no progress: 64 roundings.
        rounding = 64.0 * float(np.finfo(np.float64).eps)
        if batch.mass.dtype == xp.float32:
            rounding = float(np.finfo(np.float32).eps)  # sums are in float64
        return cls((every,), batch.mass_of, batch.moments, total, ridge, space, l1, rounding)

    def select(self, index: Array) -> "_Objective":
        xp = namespace(index)

        def some(a: Array | None) -> Array | None:
            return None if a is None else xp.take(a, index, axis=0)

        return replace(
            self,
            mass_of=self.mass_of[to_host(index)],
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
        value, expected = over_rows(self.parts, self.mass_of, coef, intercept)
        theta = xp.concat([coef, intercept[:, :, None]], axis=2)
        value = (value - xp.sum(self.moments * theta, axis=(1, 2))) / self.total
        gradient = self.space.pull((expected - self.moments) / self.total[:, None, None])
        ridge = self.ridge[:, None, None]
        value = value + 0.5 * self.ridge * xp.sum(coef * coef, axis=(1, 2))
        u = z[:, :, : width - 1] / self.space.scale[:, None, :] ** 2  # the rotation keeps lengths
        if self.space.level is not None:
            u = xp.concat([u, xp.zeros_like(z[:, :, -1:])], axis=2)
        return value, xp.reshape(gradient + ridge * u, x.shape)

    def steepness(self, x: Array, slope: Array, near: float) -> Array:
        """Return the steepness of each problem, (B,); see `skdistill.students.optimise`."""
        largest = steepest(slope)
        if self.space.curvature is None:
            return largest
        found = to_host(largest).astype(np.float64)
        close = np.flatnonzero(found <= near)
        if not len(close):
            return largest
        shape = len(found), self.moments.shape[1], self.space.width
        x, slope = (np.reshape(to_host(a), shape) for a in (x, slope))
        scale, ridge = to_host(self.space.scale), to_host(self.ridge)
        for b in close:
            own = self.space.curvature + np.diag(np.full(len(scale[b]), ridge[b]))
            own /= np.outer(scale[b], scale[b])
            if self.space.level is not None:
                own = block_diag(own, 1.0)
            for at, along in zip(x[b], slope[b], strict=True):
                found[b] = max(
                    found[b], ALONG * newton_slope(own, along, (at != 0.0) | (along != 0.0))
                )
        return as_like(found, largest, largest.dtype)


def _blocks(batch: Batch) -> Iterator[Block]:
    """Yield rows with their weights, few enough to stay in the processor's cache."""
    size, n = _size(batch), batch.mass.shape[1]
    for first in range(0, n, size):
        part = slice(first, min(first + size, n))  # the standard allows no stop beyond the end
        yield batch.X[part, :], batch.mass[:, part]


def _size(batch: Batch) -> int:
    n_problems, n_scores, width = batch.moments.shape
    return block_size(width + 3 * n_scores * n_problems, batch.mass)


def _in_single(objective: _Objective, batch: Batch) -> _Objective | None:
    """Return the same losses in the same coordinates, of rows in single precision.

    The rows are centred and rotated, and the weights scaled, which keeps what single precision
    would lose; rows are ordered by the problems in which they count. None where there is nothing to
    gain, or numbers are too large or too small.
    """
    xp, space = namespace(batch.moments), objective.space
    if space.rotation is None or batch.moments.shape[0] == 1:
        return None
    largest = float(xp.max(space.scale))
    if not 1.0 / SINGLE < largest < SINGLE:
        return None
    size, unit = _size(batch), float(xp.max(batch.mass))

    def block(rows: NDArray[Any]) -> Block:
        centred = take_rows_of(batch.X, rows) - space.mean
        mass = xp.take(batch.mass, as_like(rows, batch.mass), axis=1) / unit
        return xp.astype(centred @ space.rotation, xp.float32), xp.astype(mass, xp.float32)

    parts = tuple(
        Part(tuple(block(rows[i : i + size]) for i in range(0, len(rows), size)), counts)
        for rows, counts in parts_of(to_host(batch.mass), size)
    )
    totals = objective.moments[:, :, -1:]
    centred = (objective.moments[:, :, :-1] - totals * space.mean) @ space.rotation
    return replace(
        objective,
        parts=parts,
        moments=xp.concat([centred, totals], axis=2) / unit,
        total=objective.total / unit,
        space=replace(space, mean=xp.zeros_like(space.mean), rotation=None),
        rounding=float(np.finfo(np.float32).eps) / 16.0,  # of a mean over rows
    )


def _whitened(batch: Batch, blocks: Any, ridge: Array) -> Space:
    """Return coordinates in which the losses are about equally curved in all directions."""
    xp = namespace(batch.moments)
    n_scores, d = batch.moments.shape[1], batch.moments.shape[2] - 1
    # A bound for two classes; for more, the curvature where all are equally likely.
    curvature = 0.25 if n_scores == 1 else (1.0 - 1.0 / n_scores) / n_scores
    counts = np.bincount(batch.mass_of, minlength=batch.mass.shape[0])
    full = d <= WIDEST_ROTATION
    rotate = full and batch.l1_ratio == 0.0 and not sp.issparse(batch.X)
    with np.errstate(over="ignore", invalid="ignore"):
        total, mean, second = _second_moments(blocks, as_like(counts, ridge), full=full)
        mean, second = mean / total, second / total
    check_squares(xp.linalg.diagonal(second) if full else second, batch.mass.dtype)
    if not batch.fit_intercept:
        mean = xp.zeros_like(mean)
    rotation, coupled = None, None
    second = second - (mean[:, None] * mean[None, :] if full else mean * mean)
    if rotate:
        variance, rotation = xp.linalg.eigh(second)
    elif full:
        variance, coupled = xp.linalg.diagonal(second), curvature * to_host(second)
    else:
        variance = second
    variance = xp.where(variance > 0.0, variance, xp.zeros_like(variance))
    squares = curvature * variance + ridge[:, None]
    largest = xp.max(squares, axis=1, keepdims=True)
    floor = xp.where(largest > 0.0, 1e-12 * largest, xp.ones_like(largest))
    scale = xp.sqrt(xp.where(squares > floor, squares, floor))
    level = sqrt(curvature) if batch.fit_intercept else None
    return Space(mean, rotation, scale, level, coupled)


def _second_moments(blocks: Any, counts: Array, *, full: bool) -> tuple[Any, Array, Array]:
    """Return the mass, its sum over `x`, and that over ``x x'`` or its diagonal."""
    xp = namespace(counts)
    total, mean, second = 0.0, 0.0, 0.0
    for rows, mass in blocks:
        m = xp.astype(counts, mass.dtype) @ mass
        total += xp.astype(xp.sum(m), xp.float64)
        mean += xp.astype(m @ rows if not sp.issparse(rows) else rows.T @ m, xp.float64)
        if sp.issparse(rows):
            weighted = rows.multiply(m[:, None])
            part = (weighted.T @ rows).toarray() if full else rows.multiply(rows).T @ m
        else:
            part = (m[:, None] * rows).T @ rows if full else m @ (rows * rows)
        second += xp.astype(part, xp.float64)
    return total, mean, second
