"""Losses of numbers, their best constants and the gains of numbers, from the formulas, in loops."""

import math

import numpy as np


def unit_deviance(power, t, f):
    """Return twice the integral of ``(t - u) / u^power`` over `u` from `f` to `t`, solved."""
    if power == 1.0:
        return 2.0 * ((t * math.log(t / f) if t > 0 else 0.0) - t + f)
    if power == 2.0:
        return 2.0 * (math.log(f / t) + t / f - 1.0)
    head = t ** (2.0 - power) / ((1.0 - power) * (2.0 - power))
    return 2.0 * (
        head - t * f ** (1.0 - power) / (1.0 - power) + f ** (2.0 - power) / (2.0 - power)
    )


def pinball(alpha, t, f):
    """Return ``alpha (t - f)`` below the label, ``(1 - alpha) (f - t)`` above."""
    return alpha * (t - f) if t >= f else (1.0 - alpha) * (f - t)


def unit_loss(loss, t, f):
    """Return the loss of one number, by the name and parameters of `loss`."""
    return {
        "squared_error": lambda: (t - f) ** 2,
        "absolute_error": lambda: abs(t - f),
        "quantile": lambda: pinball(loss.alpha, t, f),
        "poisson": lambda: unit_deviance(1.0, t, f),
        "gamma": lambda: unit_deviance(2.0, t, f),
        "tweedie": lambda: unit_deviance(loss.power, t, f),
    }[loss.name]()


def value(loss, target, prediction):
    """Return the loss of each row, summed over its outputs."""
    return [
        math.fsum(unit_loss(loss, float(t), float(f)) for t, f in zip(*rows, strict=True))
        for rows in zip(target, prediction, strict=True)
    ]


def target(y, m, g):
    """Return ``m + g (y - m)``."""
    t, y, m = np.empty(np.shape(m)), np.asarray(y, dtype=float), np.asarray(m, dtype=float)
    for i, j in np.ndindex(t.shape):
        gain = g[i] if np.ndim(g) == 1 else g[i][j]
        t[i, j] = m[i][j] + gain * (y[i][j] - m[i][j])
    return t


def best_constants(loss, y, weight):
    """Return the ends of the interval of labels that are best as a prediction of all of them."""
    candidates = sorted({float(v) for v in y})
    costs = [
        math.fsum(
            float(w) * unit_loss(loss, float(v), c) for v, w in zip(y, weight, strict=True) if w
        )
        for c in candidates
    ]
    best = [c for c, cost in zip(candidates, costs, strict=True) if cost <= min(costs) + 1e-9]
    return best[0], best[-1]
