"""Minimisers for many smooth convex problems at once, with an L1 penalty where asked for.

A batch is B problems of P variables each. Every round evaluates all unfinished problems together,
each at its own trial point: a problem whose trial is good enough steps there and takes a new
direction, one whose trial is not narrows its own bracket; nobody waits. The directions are those of
L-BFGS (Nocedal and Wright, *Numerical Optimization*, 2006, algorithm 7.4), the steps satisfy the
weak Wolfe conditions by bisection (Lewis and Overton, 2013). With an L1 penalty it is OWL-QN
(Andrew and Gao, ICML 2007): the same directions, kept within one orthant.

A single problem in NumPy goes to SciPy's L-BFGS-B instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from scipy.optimize import minimize

from skdistill._ground.arrays import Array, as_like, is_numpy, namespace, take_rows_of, to_host

__all__ = ["Minimum", "Objective", "joined", "minimise", "steepest"]

MEMORY = 10  # pairs of steps and gradient differences, as SciPy keeps
MAX_TRIALS = 30
EPS = float(np.finfo(np.float64).eps)
SUFFICIENT_DECREASE = 1e-4
CURVATURE = 0.9
COMPACT_BELOW = 0.8  # share of unfinished problems below which the finished ones are dropped


class Objective(Protocol):
    """B smooth convex functions of P variables, and what is added to them.

    Attributes
    ----------
    l1 : array of shape (B, P) or None
        Weight of the absolute value of each variable, which is added.
    rounding : float
        Relative error of a value, by the dtype of the data.
    """

    l1: Array | None
    rounding: float

    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Return values (B,) and gradients (B, P) at `x` (B, P), without the L1 penalty."""

    def select(self, index: Array) -> "Objective":
        """Return the objective of some of the problems."""

    def steepness(self, x: Array, slope: Array, near: float) -> Array:
        """Return how steep each problem is at `x`, (B,), along directions of curvature about one.

        At least the largest entry of its slope (B, P), by its absolute value; nothing more where
        that is above `near`.
        """


@dataclass(frozen=True)
class Minimum:
    """Where B minimisations ended.

    Attributes
    ----------
    x : array of shape (B, P)
        The points.
    slope : array of shape (B,), in NumPy
        How steep it is there: the steepness of the gradient (with an L1 penalty: of the subgradient
        nearest to zero).
    n_iter : int array of shape (B,), in NumPy
        Steps taken.
    converged : bool array of shape (B,), in NumPy
        Whether the steepness came below `tol`, or the value could not be lowered by more than
        rounding.
    """

    x: Array
    slope: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray

    def take(self, index: np.ndarray) -> "Minimum":
        """Return some of them, by their numbers."""
        x = take_rows_of(self.x, index)
        return Minimum(x, self.slope[index], self.n_iter[index], self.converged[index])


def joined(parts: Sequence[tuple[np.ndarray, Minimum]]) -> Minimum:
    """Return the minimisations of several parts in the order of their numbers.

    Parameters
    ----------
    parts : sequence of pairs of an int array, in NumPy, and a Minimum
        Numbers of the problems of a part, and where they ended.

    Returns
    -------
    minimum : Minimum
    """
    numbers, minima = zip(*parts, strict=True)
    xp = namespace(minima[0].x)
    every = Minimum(
        xp.concat([each.x for each in minima]),
        np.concatenate([each.slope for each in minima]),
        np.concatenate([each.n_iter for each in minima]),
        np.concatenate([each.converged for each in minima]),
    )
    return every.take(np.argsort(np.concatenate(numbers)))


def minimise(
    objective: Objective, start: Array, *, tol: float, max_iter: int, n_iter: Any = None
) -> Minimum:
    """Minimise each problem of a batch.

    Parameters
    ----------
    objective : Objective
        The problems.
    start : array of shape (B, P)
        Where to begin, float64.
    tol : float
        Bound of the steepness of the gradient (with an L1 penalty: of the subgradient nearest to
        zero).
    max_iter : int
        Steps per problem, at most.
    n_iter : int array of shape (B,) in NumPy, or None, default=None
        Steps that led to `start`, which count as well; a batch may have some.

    Returns
    -------
    minimum : Minimum
    """
    if is_numpy(start) and start.shape[0] == 1 and n_iter is None:
        return _minimise_by_scipy(objective, start, tol=tol, max_iter=max_iter)
    return _minimise_batch(objective, start, tol=tol, max_iter=max_iter, n_iter=n_iter)


def _minimise_by_scipy(objective: Objective, start: Any, *, tol: float, max_iter: int) -> Minimum:
    """Minimise one problem; SciPy is asked again where its point is steep yet.

    With a lesser bound where its own measure was met. Where it was not, what it remembers of the
    curvature may have led to a step of no length: it begins anew, as long as that lowers the value.
    """
    x, n_iter, bound, level = start[0], 0, tol, _flat(objective, tol)
    lowest = np.inf
    while True:
        limits = {"maxiter": max_iter - n_iter, "gtol": bound, "ftol": objective.rounding}
        result, x, gradient = _ask_scipy(objective, x, limits | {"maxls": 50})
        n_iter += result.nit
        slope = _slope(x[None, :], gradient[None, :], objective.l1)
        steep = objective.steepness(x[None, :], slope, level)
        is_met = np.max(np.abs(slope)) <= bound
        fell = lowest - result.fun > objective.rounding * max(1.0, abs(result.fun))
        stopped = result.nit == 0 or n_iter >= max_iter or not (is_met or fell)
        if steep[0] <= tol or stopped:
            return Minimum(x[None, :], steep, np.array([n_iter]), steep <= level)
        lowest = result.fun
        if is_met:
            bound *= min(0.1, tol / float(steep[0]))


def _ask_scipy(objective: Objective, start: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return SciPy's result for one problem, the point and the gradient there.

    With an L1 penalty variables are split, ``x = u - v``, ``u, v >= 0``.
    """
    n, l1 = len(start), objective.l1

    def smooth(x: Any) -> tuple[float, Any]:
        value, gradient = objective(x[None, :])
        return float(value[0]), gradient[0]

    def split(uv: Any) -> tuple[float, Any]:
        value, gradient = smooth(uv[:n] - uv[n:])
        value += l1[0] @ (uv[:n] + uv[n:])
        return value, np.concatenate([gradient + l1[0], l1[0] - gradient])

    if l1 is None:
        result = minimize(smooth, start, jac=True, method="L-BFGS-B", options=options)
        return result, result.x, result.jac
    penalised = l1[0] > 0.0  # the others keep their sign in u, and need no v
    u, v = start.copy(), np.zeros(n)
    u[penalised], v[penalised] = (np.maximum(s * start[penalised], 0.0) for s in (1, -1))
    low = np.concatenate([np.where(penalised, 0.0, -np.inf), np.zeros(n)])
    high = np.concatenate([np.full(n, np.inf), np.where(penalised, np.inf, 0.0)])
    result = minimize(
        split,
        np.concatenate([u, v]),
        jac=True,
        method="L-BFGS-B",
        bounds=np.column_stack([low, high]),
        options=options,
    )
    return result, result.x[:n] - result.x[n:], 0.5 * (result.jac[:n] - result.jac[n:])


def _flat(objective: Objective, tol: float) -> float:
    """Return the slope below which a problem that makes no progress counts as solved.

    Where values differ by rounding only, a slope is known to its square root times that of the
    curvature, which is about one or somewhat more.
    """
    return max(tol, 30.0 * float(np.sqrt(objective.rounding)))


@dataclass(frozen=True)
class _State:
    """Where each problem of a batch stands; the first axis of every array is that of the problems.

    `value` includes the L1 penalty, `gradient` does not; `slope` is the (sub)gradient nearest to
    zero, `steepness` the objective's word on it. `step` is the length of the next trial and `low`,
    `high` its bracket. `steps` and `changes` (B, memory, P) are those of the last iterations, the
    newest last.
    """

    number: Array
    x: Array
    value: Array
    gradient: Array
    slope: Array
    steepness: Array
    direction: Array
    step: Array
    low: Array
    high: Array
    trials: Array
    n_iter: Array
    steps: Array
    changes: Array
    done: Array
    converged: Array

    def take(self, index: Array) -> "_State":
        xp = namespace(index)
        return _State(**{name: xp.take(a, index, axis=0) for name, a in vars(self).items()})

    def ended(self) -> tuple[np.ndarray, Minimum]:
        """Return the numbers of the problems, and where they stand."""
        found = self.number, self.steepness, self.n_iter, self.converged
        host = (to_host(a) for a in found)
        return next(host), Minimum(self.x, *host)


def _minimise_batch(
    objective: Objective, start: Array, *, tol: float, max_iter: int, n_iter: Any
) -> Minimum:
    """Run rounds until every problem is done; those that are leave the batch."""
    n_iter = np.zeros(start.shape[0], dtype=np.int64) if n_iter is None else n_iter
    state = _begin(objective, start, as_like(n_iter, start), tol=tol, max_iter=max_iter)
    finished: list[tuple[np.ndarray, Minimum]] = []
    while True:
        done = to_host(state.done)
        if done.all():
            break
        if np.mean(~done) < COMPACT_BELOW:
            out, kept = (as_like(np.flatnonzero(mask), start) for mask in (done, ~done))
            finished.append(state.take(out).ended())
            state, objective = state.take(kept), objective.select(kept)
        state = _round(objective, state, tol=tol, max_iter=max_iter)
    return joined([*finished, state.ended()])


def _begin(
    objective: Objective, start: Array, n_iter: Array, *, tol: float, max_iter: int
) -> _State:
    xp = namespace(start)
    value, gradient = _evaluate(objective, start)
    slope = _slope(start, gradient, objective.l1)
    zero, count = xp.zeros_like(value), xp.zeros_like(value, dtype=xp.int64)
    pairs = xp.zeros_like(xp.stack([start] * MEMORY, axis=1))
    steepness = objective.steepness(start, slope, _flat(objective, tol))
    flat = steepness <= tol
    return _State(
        number=xp.cumulative_sum(count + 1),
        x=start,
        value=value,
        gradient=gradient,
        slope=slope,
        steepness=steepness,
        direction=-slope,
        step=zero + 1.0,
        low=zero,
        high=zero + xp.inf,
        trials=count,
        n_iter=n_iter,
        steps=pairs,
        changes=pairs,
        done=xp.logical_or(flat, n_iter >= max_iter),
        converged=flat,
    )


def _round(objective: Objective, state: _State, *, tol: float, max_iter: int) -> _State:
    """Evaluate every problem at its trial point; each takes its step or narrows its bracket."""
    xp = namespace(state.x)
    at = state.x + state.step[:, None] * state.direction
    if objective.l1 is not None:
        at = _within_orthant(at, state, objective.l1)
    value, gradient = _evaluate(objective, at)
    falls, good = _wolfe(objective, state, at, value, gradient)
    open_ = xp.logical_not(state.done)
    good = xp.logical_and(open_, good)
    low, high = xp.where(falls, state.step, state.low), xp.where(falls, state.high, state.step)
    trials = state.trials + 1
    stuck = xp.logical_and(xp.logical_not(good), trials >= MAX_TRIALS)
    level = _flat(objective, tol)
    narrowed = replace(
        state,
        step=xp.where(xp.isinf(high), 2.0 * state.step, 0.5 * (low + high)),
        low=low,
        high=high,
        trials=trials,
        done=xp.logical_or(state.done, stuck),
        converged=xp.logical_or(state.converged, xp.logical_and(stuck, state.steepness <= level)),
    )
    stepped = _stepped(objective, state, at, value, gradient)
    scale = xp.maximum(xp.abs(state.value), xp.abs(value))
    gain = (state.value - value) / xp.where(scale > 1.0, scale, xp.ones_like(scale))
    still = gain <= objective.rounding
    steepness = objective.steepness(at, stepped.slope, level)
    flat = xp.logical_or(steepness <= tol, xp.logical_and(still, steepness <= level))
    done = xp.logical_or(xp.logical_or(flat, still), stepped.n_iter >= max_iter)
    ended = replace(stepped, steepness=steepness, converged=flat, done=done)
    return _choose(good, ended, narrowed)


def _wolfe(
    objective: Objective, state: _State, at: Array, value: Array, gradient: Array
) -> tuple[Array, Array]:
    """Return for each problem whether its value falls enough, and whether the trial will do."""
    xp = namespace(at)
    promised = xp.sum(state.slope * (at - state.x), axis=1)
    # Near the minimum a value is known to rounding only, and differences of values to nothing.
    slack = objective.rounding * (1.0 + xp.abs(state.value))
    falls = value <= state.value + SUFFICIENT_DECREASE * promised + slack
    if objective.l1 is not None:
        return falls, falls
    before = xp.sum(state.gradient * state.direction, axis=1)
    after = xp.sum(gradient * state.direction, axis=1)
    return falls, xp.logical_and(falls, after >= CURVATURE * before)


def _stepped(
    objective: Objective, state: _State, at: Array, value: Array, gradient: Array
) -> _State:
    """Return the state after each problem has moved to its trial point."""
    xp = namespace(at)
    step, change = at - state.x, gradient - state.gradient
    steps = xp.concat([state.steps[:, 1:, :], step[:, None, :]], axis=1)
    changes = xp.concat([state.changes[:, 1:, :], change[:, None, :]], axis=1)
    slope = _slope(at, gradient, objective.l1)
    if objective.l1 is None:
        direction = -_times_inverse_hessian(slope, steps, changes)
    else:
        # Newton's direction among the variables that are free; one at zero may only go downhill.
        free = xp.astype(xp.logical_or(at != 0.0, slope != 0.0), at.dtype)
        among = free[:, None, :]
        direction = -_times_inverse_hessian(slope, steps * among, changes * among)
        away = xp.logical_or(at != 0.0, direction * slope < 0.0)
        direction = xp.where(away, direction, xp.zeros_like(direction))
    uphill = xp.sum(direction * slope, axis=1) >= 0.0
    zero = xp.zeros_like(value)
    return replace(
        state,
        x=at,
        value=value,
        gradient=gradient,
        slope=slope,
        direction=xp.where(uphill[:, None], -slope, direction),
        step=zero + 1.0,
        low=zero,
        high=zero + xp.inf,
        trials=xp.zeros_like(state.trials),
        n_iter=state.n_iter + 1,
        steps=steps,
        changes=changes,
    )


def _times_inverse_hessian(slope: Array, steps: Array, changes: Array) -> Array:
    """Return the L-BFGS estimate of the inverse Hessian times `slope`, for each problem."""
    xp = namespace(slope)
    products = xp.sum(steps * changes, axis=2)
    squares = xp.sum(changes * changes, axis=2)
    usable = products > EPS * squares  # empty pairs are not
    rho = xp.where(usable, 1.0 / xp.where(usable, products, products + 1.0), 0.0 * products)
    q, alphas = slope, []
    for i in range(MEMORY - 1, -1, -1):
        alpha = rho[:, i] * xp.sum(steps[:, i, :] * q, axis=1)
        q = q - alpha[:, None] * changes[:, i, :]
        alphas.append(alpha)
    newest = usable[:, -1]
    ratio = products[:, -1] / xp.where(newest, squares[:, -1], xp.ones_like(rho[:, -1]))
    q = q * xp.where(newest, ratio, xp.ones_like(ratio))[:, None]
    for i, alpha in zip(range(MEMORY), reversed(alphas), strict=True):
        beta = rho[:, i] * xp.sum(changes[:, i, :] * q, axis=1)
        q = q + (alpha - beta)[:, None] * steps[:, i, :]
    return q


def _evaluate(objective: Objective, x: Array) -> tuple[Array, Array]:
    """Return the values with the L1 penalty, and the gradients without it."""
    value, gradient = objective(x)
    if objective.l1 is not None:
        xp = namespace(x)
        value = value + xp.sum(objective.l1 * xp.abs(x), axis=1)
    return value, gradient


def _slope(x: Array, gradient: Array, l1: Array | None) -> Array:
    """Return the element of the subdifferential that is nearest to zero."""
    if l1 is None:
        return gradient
    xp = namespace(x)
    beyond = xp.abs(gradient) - l1
    at_zero = xp.where(beyond > 0.0, xp.sign(gradient) * beyond, xp.zeros_like(x))
    return xp.where(x == 0.0, at_zero, gradient + l1 * xp.sign(x))


def steepest(slope: Array) -> Array:
    """Return the largest entry of each problem's slope, by its absolute value."""
    xp = namespace(slope)
    return xp.max(xp.abs(slope), axis=1)


def _within_orthant(at: Array, state: _State, l1: Array) -> Array:
    """Return the trial points with zeros where a penalised variable would change its sign."""
    xp = namespace(at)
    orthant = xp.where(state.x == 0.0, -xp.sign(state.slope), xp.sign(state.x))
    stays = xp.logical_or(at * orthant > 0.0, l1 == 0.0)
    return xp.where(stays, at, xp.zeros_like(at))


def _choose(mask: Array, one: _State, other: _State) -> _State:
    """Return the state of the first for the problems of `mask`, else of the second."""
    xp = namespace(mask)

    def pick(a: Array, b: Array) -> Array:
        if a is b:
            return a
        return xp.where(xp.reshape(mask, (-1,) + (1,) * (a.ndim - 1)), a, b)

    return _State(**{name: pick(a, getattr(other, name)) for name, a in vars(one).items()})
