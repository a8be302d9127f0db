"""A feed-forward network and its training by Adam, written once on the array API.

Parameters are a list of arrays ``[W_1, b_1, W_2, b_2, ...]``, activations go row-wise through
``a_l = act(a_(l-1) W_l + b_l)``, the last layer gives scores. The loss is the cross-entropy with
soft or signed targets, whose gradient in the scores is ``softmax(f) - t``. Adam is that of Kingma
and Ba (ICLR 2015) with decoupled weight decay (Loshchilov and Hutter, ICLR 2019); dropout is
inverted, its masks come from a counter-based generator (the finaliser of splitmix64), so that a
seed gives the same ones in every namespace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skdistill._ground.arrays import Array, as_like, log_softmax, namespace, softmax, take_rows_of
from skdistill._ground.compat import warn_user
from skdistill.exceptions import StudentError

__all__ = ["Rows", "Training", "scores", "start", "train"]

DECAYS = (0.9, 0.999)
EPSILON = 1e-8


@dataclass(frozen=True)
class Rows:
    """Rows to train on or to judge by.

    Attributes
    ----------
    X : array of shape (n, d)
        Standardised features.
    target : array of shape (n, K)
        Their rows sum to one.
    weight : array of shape (n,)
        Row weights.
    scale : float
        Of rows to judge by: what scores are multiplied by first. Trained on targets annealed at
        temperature T, they stand for probabilities at T times themselves.
    """

    X: Array
    target: Array
    weight: Array
    scale: float = 1.0

    def take(self, rows: NDArray[np.intp]) -> "Rows":
        """Return the rows with these numbers."""
        taken = (take_rows_of(a, rows) for a in (self.X, self.target, self.weight))
        return Rows(*taken, scale=self.scale)

    def loss(self, parameters: Sequence[Array], activation: str) -> float:
        """Return the weighted mean cross-entropy."""
        xp = namespace(self.X)
        f = self.scale * scores(parameters, self.X, activation)
        per_row = -xp.sum(self.target * log_softmax(f), axis=1)
        return float(xp.sum(self.weight * per_row) / xp.sum(self.weight))


@dataclass(frozen=True)
class Training:
    """How to train.

    Attributes
    ----------
    activation : {"relu", "tanh"}
        Of the hidden layers.
    learning_rate : float
        Of Adam.
    weight_decay : float
        Share of the weights, times the learning rate, that each step takes away.
    dropout : float
        Share of the hidden units that a step leaves out.
    batch_size : int
        Rows per step.
    max_epochs : int
        Passes over the rows, at most.
    patience : int
        Passes without progress before training ends.
    tol : float
        Least decrease of the loss that is progress.
    """

    activation: str
    learning_rate: float
    weight_decay: float
    dropout: float
    batch_size: int
    max_epochs: int
    patience: int
    tol: float


def start(
    sizes: Sequence[int], prior: NDArray[Any], activation: str, rng: np.random.RandomState
) -> list[NDArray[Any]]:
    """Return first parameters in NumPy: the scores of all rows are the logarithm of the prior.

    Parameters
    ----------
    sizes : sequence of int
        Units of each layer, features first and classes last.
    prior : array of shape (K,)
        Class probabilities.
    activation : {"relu", "tanh"}
        Sets the scale of the weights (He et al., 2015; Glorot and Bengio, 2010).
    rng : RandomState
        Draws them.

    Returns
    -------
    parameters : list of arrays
    """
    gain = 2.0 if activation == "relu" else 1.0
    parameters = []
    for fan_in, fan_out in pairwise(sizes):
        parameters += [rng.normal(0.0, sqrt(gain / fan_in), (fan_in, fan_out)), np.zeros(fan_out)]
    parameters[-2] *= 0.1
    parameters[-1] = np.log(np.maximum(prior, 1e-3))
    return parameters


def scores(parameters: Sequence[Array], X: Array, activation: str) -> Array:
    """Return the scores (n, K) of rows (n, d)."""
    a = X
    for layer in range(0, len(parameters) - 2, 2):
        a = _act(a @ parameters[layer] + parameters[layer + 1], activation)
    return a @ parameters[-2] + parameters[-1]


@np.errstate(over="ignore", invalid="ignore")  # numbers that are not finite are looked at
def train(
    parameters: Sequence[Array],
    rows: Rows,
    how: Training,
    rng: np.random.RandomState,
    held_out: Rows | None = None,
) -> tuple[list[Array], int, float]:
    """Train, and keep the parameters of the pass with the smallest loss.

    Parameters
    ----------
    parameters : sequence of arrays
        Where to begin.
    rows : Rows
        To train on.
    how : Training
        Settings.
    rng : RandomState
        Shuffles rows and draws dropout masks.
    held_out : Rows or None, default=None
        What the loss of a pass is taken on; None for the training rows.

    Returns
    -------
    parameters : list of arrays
        The best.
    n_epochs : int
        Passes made.
    loss : float
        The best loss.

    Raises
    ------
    StudentError
        If training diverges (the loss or a parameter is no longer finite) before there are
        parameters better than the first. Where there are, scikit-learn's `ConvergenceWarning` is
        given, and they are kept.
    """
    xp = namespace(rows.X)
    n = rows.X.shape[0]
    size = min(how.batch_size, n)
    mass = xp.sum(rows.weight) / n
    current = list(parameters)
    moments = [(xp.zeros_like(a), xp.zeros_like(a)) for a in current]
    best, smallest, waited, steps, epoch = current, float("inf"), 0, 0, 0
    while epoch < how.max_epochs and waited < how.patience:
        epoch += 1
        order = as_like(rng.permutation(n), rows.X)
        X, target, weight = (xp.take(a, order, axis=0) for a in (rows.X, rows.target, rows.weight))
        total = xp.zeros_like(mass)
        for first in range(0, n, size):
            part = slice(first, min(first + size, n))
            share = weight[part] / (mass * X[part, :].shape[0])
            seed = int(rng.randint(2**31 - 1)) if how.dropout else 0
            loss, gradients = _gradients(current, X[part, :], target[part, :], share, how, seed)
            total += loss * (X[part, :].shape[0] / n)
            steps += 1
            current, moments = _adam(current, gradients, moments, how, steps)
        loss = float(total) if held_out is None else held_out.loss(current, how.activation)
        if not (np.isfinite(loss) and all(bool(xp.all(xp.isfinite(a))) for a in current)):
            _say_diverged(parameters, best, held_out or rows, how, epoch)
            break
        waited = 0 if loss < smallest - how.tol else waited + 1
        if loss < smallest:
            best, smallest = current, loss
    return best, epoch, smallest


def _say_diverged(
    first: Sequence[Array], best: Sequence[Array], judge: Rows, how: Training, epoch: int
) -> None:
    """Warn that training ended here, or raise StudentError if it has not bettered the loss."""
    happened = f"training diverged: in pass {epoch} the loss or the weights were no longer finite"
    advice = (
        f"Lower learning_rate={how.learning_rate!r} or weight_decay={how.weight_decay!r}, and look "
        "for outliers in X, in the targets and in sample_weight."
    )
    if not judge.loss(best, how.activation) < judge.loss(first, how.activation):
        raise StudentError(f"{happened}, and nothing was learnt before. {advice}")
    warn_user(
        f"{happened}; the weights of the best pass before are kept. {advice}", ConvergenceWarning
    )


def _act(z: Array, activation: str) -> Array:
    xp = namespace(z)  # NaN is not <= 0: it stays, to be seen
    return xp.tanh(z) if activation == "tanh" else xp.where(z <= 0.0, xp.zeros_like(z), z)


def _slope(a: Array, activation: str) -> Array:
    """Return the derivative of the activation from its value."""
    return 1.0 - a * a if activation == "tanh" else namespace(a).astype(a > 0.0, a.dtype)


def _gradients(
    parameters: Sequence[Array], X: Array, target: Array, share: Array, how: Training, seed: int
) -> tuple[Array, list[Array]]:
    """Return the loss of a batch, ``share`` being the weight of each row, and its gradients."""
    xp = namespace(X)
    layers = range(0, len(parameters) - 2, 2)
    inputs, masks, a = [X], [], X
    for layer in layers:
        a = _act(a @ parameters[layer] + parameters[layer + 1], how.activation)
        inputs.append(a)
        if how.dropout:
            masks.append(_kept(a, how.dropout, seed + layer))
            a = a * masks[-1]
    f = a @ parameters[-2] + parameters[-1]
    loss = -xp.sum(share * xp.sum(target * log_softmax(f), axis=1))
    delta = share[:, None] * (softmax(f) - target)
    gradients: list[Array] = []
    for layer in range(len(parameters) - 2, -1, -2):
        level = layer // 2
        value = inputs[level]
        seen = value * masks[level - 1] if how.dropout and level else value
        gradients[:0] = [seen.T @ delta, xp.sum(delta, axis=0)]
        if level:
            delta = (delta @ parameters[layer].T) * _slope(value, how.activation)
            if how.dropout:
                delta *= masks[level - 1]
    return loss, gradients


def _adam(
    parameters: Sequence[Array],
    gradients: Sequence[Array],
    moments: Sequence[tuple[Array, Array]],
    how: Training,
    steps: int,
) -> tuple[list[Array], list[tuple[Array, Array]]]:
    """Return the parameters and Adam's moments after one more step."""
    xp = namespace(parameters[0])
    first, second = DECAYS
    rate = how.learning_rate * sqrt(1.0 - second**steps) / (1.0 - first**steps)
    moved, kept = [], []
    for a, g, (m, v) in zip(parameters, gradients, moments, strict=True):
        m = first * m + (1.0 - first) * g  # noqa: PLW2901 - the next of them
        v = second * v + (1.0 - second) * g * g  # noqa: PLW2901
        step = rate * m / (xp.sqrt(v) + EPSILON)
        if how.weight_decay and a.ndim == 2:
            step += (how.learning_rate * how.weight_decay) * a
        moved.append(a - step)
        kept.append((m, v))
    return moved, kept


def _kept(like: Array, dropout: float, seed: int) -> Array:
    """Return ``1 / (1 - dropout)`` for the units that stay, zero for the others."""
    xp = namespace(like)
    n = like.shape[0] * like.shape[1]

    def number(value: int) -> Array:
        return as_like(np.asarray(value, dtype=np.uint64), like)

    z = as_like(np.arange(n, dtype=np.uint64), like) + number(seed << 32)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> number(shift))) * number(factor)
    uniform = xp.astype(z >> number(40), like.dtype) / 2.0**24
    stays = xp.reshape(uniform >= dropout, like.shape)
    return xp.astype(stays, like.dtype) / (1.0 - dropout)
