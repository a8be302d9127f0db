"""Losses of distillation and the pseudo-targets they turn a correction into.

A corrected loss ``loss(f, p) + (y - p)' G f`` is linear in the correction, so it is the same loss
at another target. A loss therefore answers one question: given labels `y`, teacher probabilities
`p` and a gain (how far to correct, 0 none, 1 the Neyman-orthogonal correction), which target
should the student fit? Students only ever see that target and a weight.

Formulas: Dao, Kamath, Syrgkanis and Mackey, *Knowledge Distillation as Semiparametric Inference*,
ICLR 2021 (arXiv 2104.09732); temperature: Hinton, Vinyals and Dean, 2015 (arXiv 1503.02531).
All functions are arrays in, arrays out, on any array-API namespace.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from skdistill._ground.arrays import (
    Array,
    floor_probabilities,
    log_softmax,
    namespace,
    row_gain,
    softmax,
)
from skdistill._ground.validation import check_choice, check_number
from skdistill.exceptions import ParameterError
from skdistill.targets.numeric import NUMERIC_LOSSES, NumericLoss

__all__ = ["CLASS_LOSSES", "Brier", "CrossEntropy", "Logit", "Loss", "resolve_loss"]


class Loss(ABC):
    """Base of all losses: subclass it to bring your own.

    A subclass names itself (`name`) and gives the pseudo-target and the probabilities that scores
    stand for; how a score is fitted to its target is the learner's own: regressors minimise the
    squared error. With two classes one score is enough: `contrast` is the number a single-output
    learner fits, `expand` its way back to two columns. The base class has them for scores on a log
    scale. The losses of this module also have `value` and `gradient_hessian`.
    """

    name: ClassVar[str]
    is_linear: ClassVar[bool] = True  # in its target, so that a corrected loss is the same loss

    @abstractmethod
    def target(self, y: Array, p: Array, gain: Array) -> Array:
        """Return the pseudo-target.

        Parameters
        ----------
        y : array of shape (n, K)
            One-hot labels.
        p : array of shape (n, K)
            Teacher probabilities; rows sum to one.
        gain : array of shape (n,) or (n, K)
            Correction in units of the orthogonal one: 0 is plain distillation, 1 full correction.

        Returns
        -------
        target : array of shape (n, K)
        """

    @abstractmethod
    def probabilities(self, scores: Array) -> Array:
        """Return the class probabilities (n, K) that `scores` (n, K) stand for."""

    def row_weight(self, p: Array) -> Array | None:
        """Return a weight per row, shape (n,), that belongs to the loss, or None for equal ones."""
        return None

    def check_labels(self, y: Array) -> None:  # noqa: B027 - all classes will do
        """Raise InputError where the loss is not defined for what was observed."""

    def contrast(self, target: Array) -> Array:
        """Return the one number, shape (n,), that stands for a two-class `target` (n, 2)."""
        return target[:, 1] - target[:, 0]

    def expand(self, contrast: Array) -> Array:
        """Return scores of shape (n, 2) from `contrast`, shape (n,)."""
        xp = namespace(contrast)
        return xp.stack([xp.zeros_like(contrast), contrast], axis=1)

    def positive(self, contrast: Array) -> Array:
        """Return the probability of class 1, shape (n,), that `contrast` stands for."""
        return self.probabilities(self.expand(contrast))[:, 1]


@dataclass(frozen=True)
class Brier(Loss):
    """Squared error on the probability scale, ``1/2 sum_j (f_j - t_j)^2``.

    The pseudo-target is ``t = p + g (y - p)``. With ``g = 1`` it is the hard label, to the last
    bit; with one gain per row it is Hinton's mix of soft and hard labels.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Brier
    >>> y, p = np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])
    >>> Brier().target(y, p, np.array([0.5]))
    array([[0.25, 0.75]])
    """

    name: ClassVar[str] = "brier"

    def target(self, y: Array, p: Array, gain: Array) -> Array:
        """Return ``(1 - g) p + g y``, shape (n, K)."""
        g = row_gain(gain)
        return (1.0 - g) * p + g * y

    def value(self, scores: Array, target: Array) -> Array:
        """Return half the squared distance of each row, shape (n,)."""
        return 0.5 * namespace(scores).sum((scores - target) ** 2, axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return ``scores - target`` and ones."""
        return scores - target, namespace(scores).ones_like(scores)

    def probabilities(self, scores: Array) -> Array:
        """Return the scores cut at zero and renormalised; a row without any mass is uniform."""
        xp = namespace(scores)
        cut = xp.where(scores < 0.0, xp.zeros_like(scores), scores)  # a NaN stays one
        mass = xp.sum(cut, axis=1, keepdims=True)
        if bool(xp.all(mass > 0.0)):
            return cut / mass
        uniform = xp.full_like(cut, 1.0 / cut.shape[1])
        empty = mass == 0.0
        return xp.where(empty, uniform, cut / xp.where(empty, xp.ones_like(mass), mass))

    def contrast(self, target: Array) -> Array:
        """Return the probability of class 1 that is nearest to both columns of `target`."""
        return 0.5 * (1.0 + (target[:, 1] - target[:, 0]))

    def expand(self, contrast: Array) -> Array:
        """Return the columns ``1 - f`` and ``f``."""
        return namespace(contrast).stack([1.0 - contrast, contrast], axis=1)

    def positive(self, contrast: Array) -> Array:
        """Return the score cut to [0, 1]."""
        xp = namespace(contrast)
        zero = xp.zeros_like(contrast)
        return xp.minimum(xp.maximum(contrast, zero), zero + 1.0)


@dataclass(frozen=True)
class Logit(Loss):
    """Squared error on the log scale, ``1/2 sum_j (f_j - s_j)^2`` (the paper's SEL loss).

    The pseudo-target is ``s_j = log p_j + g (y_j - p_j) / p_j``. For two classes the difference
    ``s_1 - s_0`` is the working response of logistic regression,
    ``logit p + g (y - p) / (p (1 - p))``, which is what a single-output student fits.
    The orthogonal correction (g = 1) is biased upwards by ``r - 1 - log r``, ``r = p0 / p``,
    which explodes as `p` goes to zero: `p` is floored and rows weigh ``V = (1 - sum p^2) / 2``.

    Parameters
    ----------
    floor : float, default=1e-3
        Teacher probabilities below it are lifted to it (and the row renormalised).

    Raises
    ------
    ParameterError
        If `floor` is not in (0, 0.5).

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Logit
    >>> y, p = np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])
    >>> s = Logit().target(y, p, np.array([1.0]))
    >>> float(s[0, 1] - s[0, 0])
    2.0
    """

    floor: float = 1e-3
    name: ClassVar[str] = "logit"

    def __post_init__(self) -> None:
        check_number("floor", self.floor, low=0.0, high=0.5, low_open=True, high_open=True)

    def target(self, y: Array, p: Array, gain: Array) -> Array:
        """Return ``log p + g (y - p) / p`` at the floored `p`, shape (n, K)."""
        q = floor_probabilities(p, self.floor)
        return namespace(q).log(q) + row_gain(gain) * (y - q) / q

    def value(self, scores: Array, target: Array) -> Array:
        """Return half the squared distance of each row, shape (n,)."""
        return 0.5 * namespace(scores).sum((scores - target) ** 2, axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return ``scores - target`` and ones."""
        return scores - target, namespace(scores).ones_like(scores)

    def probabilities(self, scores: Array) -> Array:
        """Return the softmax of the scores."""
        return softmax(scores)

    def positive(self, contrast: Array) -> Array:
        """Return the logistic function of the score, ``(1 + tanh(f / 2)) / 2``."""
        return 0.5 * (1.0 + namespace(contrast).tanh(0.5 * contrast))

    def row_weight(self, p: Array) -> Array:
        """Return ``V = (1 - sum_k p_k^2) / 2`` at the floored `p`: p (1 - p) for two classes."""
        q = floor_probabilities(p, self.floor)
        return 0.5 * (1.0 - namespace(q).sum(q * q, axis=1))


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Annealed cross-entropy, ``-sum_j t_j log softmax_j(f / T)``.

    With ``b = 1/T`` and the annealed teacher ``w_j = p_j^b / sum_l p_l^b`` the pseudo-target is
    ``t = w + b (diag w - w w') (g (y - p) / p)``; its rows always sum to one. At T = 1 and one
    gain per row this is ``p + g (y - p)``. At other temperatures the entries of the classes that
    were not observed are negative if and only if ``p_c < g b w_c`` (`c` the observed class), and
    the loss of such a row is unbounded below: learners that need probabilities get the Euclidean
    projection on the simplex, and the share of rows touched is recorded.

    The student's own probabilities are ``softmax(f)``: at its optimum ``softmax(f / T)`` equals
    `w`, so ``softmax(f)`` equals `p`.

    Parameters
    ----------
    temperature : float, default=1.0
        T > 0. Above 1 softens the teacher's probabilities, below 1 sharpens them.
    floor : float, default=1e-6
        At T != 1, teacher probabilities below it are lifted to it before they are annealed.

    Raises
    ------
    ParameterError
        If `temperature` is not a positive finite number, or `floor` not in (0, 0.5).

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import CrossEntropy
    >>> y, p = np.array([[0.0, 1.0]]), np.array([[0.2, 0.8]])
    >>> CrossEntropy(temperature=2.0).target(y, p, np.array([0.0])).round(4)
    array([[0.3333, 0.6667]])
    """

    temperature: float = 1.0
    floor: float = 1e-6
    name: ClassVar[str] = "cross_entropy"

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, low=0.0, low_open=True)
        check_number("floor", self.floor, low=0.0, high=0.5, low_open=True, high_open=True)

    def target(self, y: Array, p: Array, gain: Array) -> Array:
        """Return the corrected annealed probabilities, shape (n, K); rows sum to one."""
        if self.temperature == 1.0 and gain.ndim == 1:
            return Brier().target(y, p, gain)
        xp = namespace(p)
        b = 1.0 / self.temperature
        q = p if self.temperature == 1.0 else floor_probabilities(p, self.floor)
        w = q if self.temperature == 1.0 else softmax(b * xp.log(q))
        ratio = xp.ones_like(q) if self.temperature == 1.0 else w / q
        step = row_gain(gain) * (y - q) * ratio
        return w + b * (step - w * xp.sum(step, axis=1, keepdims=True))

    def value(self, scores: Array, target: Array) -> Array:
        """Return ``-sum_j t_j log softmax_j(f / T)`` of each row, shape (n,)."""
        xp = namespace(scores)
        return -xp.sum(target * log_softmax(scores / self.temperature), axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return ``b (s - t)`` and ``b^2 s (1 - s)``, with ``s = softmax(b f)``."""
        b = 1.0 / self.temperature
        s = softmax(b * scores)
        return b * (s - target), b * b * s * (1.0 - s)

    def probabilities(self, scores: Array) -> Array:
        """Return the softmax of the scores at temperature one."""
        return softmax(scores)


_LOSSES: dict[str, type[Loss]] = {
    "brier": Brier,
    "cross_entropy": CrossEntropy,
    "logit": Logit,
}
CLASS_LOSSES = tuple(_LOSSES)


def resolve_loss(loss: str | Loss, temperature: float = 1.0) -> Loss:
    """Return the loss that a name or an object stands for.

    Parameters
    ----------
    loss : {"brier", "cross_entropy", "logit"} or Loss
        Name, or an object that is returned as it is.
    temperature : float, default=1.0
        Only "cross_entropy" has one. With any other loss, or with a loss object (which carries
        its own), anything but 1 raises.

    Returns
    -------
    loss : Loss

    Raises
    ------
    ParameterError
        If the name is unknown, or a temperature would be ignored.
    """
    check_number("temperature", temperature, low=0.0, low_open=True)
    if isinstance(loss, NumericLoss) or (isinstance(loss, str) and loss in NUMERIC_LOSSES):
        raise ParameterError(
            f"loss={loss!r} is one of numbers: class probabilities have "
            f"{', '.join(map(repr, CLASS_LOSSES))}. For numbers there is DistilledRegressor, whose "
            "loss is the student's own."
        )
    if not isinstance(loss, Loss):
        check_choice("loss", loss, sorted(_LOSSES), "or a Loss object")
    if loss == "cross_entropy":
        return CrossEntropy(temperature=temperature)
    if temperature != 1.0:
        raise ParameterError(
            f"temperature={temperature!r} has no effect with loss={loss!r}: only "
            "loss='cross_entropy' is annealed. Leave temperature at 1.0, choose that loss, or "
            "pass an object such as CrossEntropy(temperature=...)."
        )
    return loss if isinstance(loss, Loss) else _LOSSES[loss]()
