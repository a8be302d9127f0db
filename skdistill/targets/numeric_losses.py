"""Losses of numbers: squared error, deviances of means, losses of quantiles.

Deviances: Joergensen, *The Theory of Dispersion Models*, 1997; pinball loss: Koenker and Bassett,
*Regression Quantiles*, Econometrica 46, 1978.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from skdistill._ground.arrays import Array, namespace, weighted_quantile
from skdistill._ground.validation import check_choice, check_number
from skdistill.exceptions import InputError, ParameterError
from skdistill.targets.losses import CLASS_LOSSES, Loss
from skdistill.targets.numeric import MeanLoss, NumericLoss

__all__ = [
    "AbsoluteError",
    "Gamma",
    "Poisson",
    "Quantile",
    "SquaredError",
    "Tweedie",
    "resolve_numeric_loss",
]

LEAST = 1e-3  # of the mean target: what a prediction at or below zero counts as
LIFT = 1e-6  # of the mean target: what a target that is not positive is lifted to where it must be


@dataclass(frozen=True)
class SquaredError(MeanLoss):
    """Squared error, ``sum_j (f_j - t_j)^2``: what the mean minimises.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import SquaredError
    >>> y, m = np.array([[3.0]]), np.array([[1.0]])
    >>> SquaredError().target(y, m, np.array([0.25]))
    array([[1.5]])
    """

    name: ClassVar[str] = "squared_error"

    def value(self, prediction: Array, target: Array) -> Array:
        """Return the squared distance of each row, shape (n,); not half of it."""
        return namespace(prediction).sum((prediction - target) ** 2, axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return ``2 (f - t)`` and twos."""
        return 2.0 * (scores - target), namespace(scores).full_like(scores, 2.0)


class _Deviance(MeanLoss):
    """Unit deviance of a mean with variance ``mu^power``, on a logarithmic link, power >= 1."""

    lower: ClassVar[float | None] = 0.0

    @property
    @abstractmethod
    def _power(self) -> float:
        """Of the mean, in the variance."""

    def prediction(self, scores: Array) -> Array:
        """Return ``exp(scores)``."""
        return namespace(scores).exp(scores)

    def lift(self, prediction: Array, level: Array) -> Array:
        """Return predictions (n, m), none below a thousandth of the level: zero costs infinity."""
        xp = namespace(prediction)
        return xp.maximum(prediction, LEAST * level + xp.zeros_like(prediction))

    def canonical(self, prediction: Array) -> Array:
        """Return ``log f`` where the power `p` is 1, else ``f^(1 - p) / (1 - p)``."""
        p = self._power
        if p == 1.0:
            return namespace(prediction).log(prediction)
        return prediction ** (1.0 - p) / (1.0 - p)

    def value(self, prediction: Array, target: Array) -> Array:
        """Return twice the log-likelihood that each row lacks, shape (n,)."""
        xp = namespace(prediction, target)
        inside = prediction > 0.0
        f = xp.where(inside, prediction, xp.ones_like(prediction))
        deviance = _unit_deviance(f, target, self._power)
        return xp.sum(xp.where(inside, deviance, xp.full_like(f, float("inf"))), axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return the derivatives with respect to the logarithm of the mean `mu`.

        With `p` the power, they are ``2 (mu^(2 - p) - t mu^(1 - p))`` and
        ``2 ((2 - p) mu^(2 - p) + (p - 1) t mu^(1 - p))``.
        """
        xp = namespace(scores)
        p = self._power
        of_mean, of_target = xp.exp((2.0 - p) * scores), target * xp.exp((1.0 - p) * scores)
        return 2.0 * (of_mean - of_target), 2.0 * ((2.0 - p) * of_mean + (p - 1.0) * of_target)

    def cut(self, target: Array) -> tuple[Array, Array]:
        """Lift targets (n, m) into the domain: to zero, or to a millionth of the mean target.

        Zero is no label where the power is 2 or more. Second comes which rows had to move.
        """
        xp = namespace(target)
        outside = target < 0.0 if self._power < 2.0 else target <= 0.0
        level = xp.zeros_like(target)
        if self._power >= 2.0:
            level = level + LIFT * xp.mean(xp.abs(target), axis=0)[None, :]
        return xp.where(outside, level, target), xp.any(outside, axis=1)

    def check_labels(self, y: Array) -> None:
        """Raise InputError where labels (n, m) are negative, or zero and may not be.

        Raises
        ------
        InputError
            With the first such row, and how many there are; or where all labels of an output are
            zero.
        """
        xp = namespace(y)
        strict = self._power >= 2.0
        for j in range(y.shape[1]):
            column = y[:, j]
            outside = column <= 0.0 if strict else column < 0.0
            if bool(xp.any(outside)):
                number = xp.astype(outside, xp.int64)
                row = int(xp.argmax(number))
                raise InputError(
                    f"labels must be {'positive' if strict else 'at least 0'} for loss {self!r}, "
                    f"got {float(column[row])!r} in row {row}"
                    f"{f', output {j}' if y.shape[1] > 1 else ''} ({int(xp.sum(number))} such "
                    "rows). Correct or leave out such rows, or choose a student of another loss, "
                    f"such as {'Poisson() where labels may be 0, or ' if strict else ''}"
                    "SquaredError()."
                )
            if not bool(xp.any(column > 0.0)):
                raise InputError(
                    f"labels must not all be 0 for loss {self!r}, got nothing but zeros"
                    f"{f' in output {j}' if y.shape[1] > 1 else ''}: the logarithm of their mean "
                    "is not finite. Give rows with positive labels."
                )


@dataclass(frozen=True)
class Poisson(_Deviance):
    """Poisson deviance, ``2 sum_j (t_j log(t_j / f_j) - t_j + f_j)``, on a logarithmic link.

    For counts and rates: labels of at least zero, a variance that grows as the mean does.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Poisson
    >>> Poisson().value(np.array([[2.0]]), np.array([[0.0]]))
    array([4.])
    """

    name: ClassVar[str] = "poisson"

    @property
    def _power(self) -> float:
        return 1.0


@dataclass(frozen=True)
class Gamma(_Deviance):
    """Gamma deviance, ``2 sum_j (log(f_j / t_j) + t_j / f_j - 1)``, on a logarithmic link.

    For positive labels with errors in proportion to the mean: costs, times. It does not change when
    labels and predictions are given in another unit.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Gamma
    >>> Gamma().value(np.array([[1.0]]), np.array([[2.0]])).round(4)
    array([0.6137])
    """

    name: ClassVar[str] = "gamma"

    @property
    def _power(self) -> float:
        return 2.0


@dataclass(frozen=True)
class Tweedie(_Deviance):
    """Tweedie deviance, of a variance that grows as ``mu^power``, on a logarithmic link.

    Between 1 and 2 it is for totals of a few events, such as claims: zeros beside positive numbers.
    With `p` the power it is, summed over outputs, ``2 (t^(2-p) / ((1-p) (2-p)) - t f^(1-p) / (1-p)
    + f^(2-p) / (2-p))``; power 1 is `Poisson`, 2 is `Gamma`, 3 is inverse Gaussian.

    Parameters
    ----------
    power : float, default=1.5
        At least 1. Labels may be 0 below 2 and must be positive from 2 on. For power 0, the normal
        distribution, there is `SquaredError`.

    Raises
    ------
    ParameterError
        If `power` is not a finite number of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Tweedie
    >>> Tweedie(power=1.5).value(np.array([[4.0]]), np.array([[0.0]]))
    array([8.])
    """

    power: float = 1.5
    name: ClassVar[str] = "tweedie"

    def __post_init__(self) -> None:
        check_number("power", self.power, low=1.0)

    @property
    def _power(self) -> float:
        return float(self.power)


class _Pinball(NumericLoss):
    """The loss of a quantile; not linear in the target."""

    is_linear: ClassVar[bool] = False

    @property
    def level(self) -> float:
        """Which quantile it is the loss of."""
        low, high = self._slopes
        return low / (low + high)

    @property
    @abstractmethod
    def _slopes(self) -> tuple[float, float]:
        """How much a prediction costs per unit that it is too low, and too high."""

    def value(self, prediction: Array, target: Array) -> Array:
        """Return the loss of each row, shape (n,)."""
        xp = namespace(prediction)
        low, high = self._slopes
        short = target - prediction
        return xp.sum(xp.maximum(low * short, -high * short), axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return the slope of the loss, 0 where it has its kink; and zeros: it is straight."""
        xp = namespace(scores)
        low, high = self._slopes
        zero = xp.zeros_like(scores)
        over = xp.where(scores > target, zero + high, zero)
        return xp.where(scores < target, zero - low, over), zero

    def mean_level(self, y: Array, weight: Array | None = None) -> Array:
        """Return the weighted quantile of each output, shape (m,).

        Where a whole interval is best, its middle: the median of two numbers is their mean.
        """
        return weighted_quantile(y, self.level, weight)


@dataclass(frozen=True)
class AbsoluteError(_Pinball):
    """Absolute error, ``sum_j |f_j - t_j|``: what the median minimises.

    It is not linear in the target: the corrected loss is ``g |f - y| + (1 - g) |f - m|``, and a
    student is fitted to rows with both numbers. The teacher's `m` should be a median as well.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import AbsoluteError
    >>> AbsoluteError().mean_level(np.array([[1.0], [2.0], [9.0]]))
    array([2.])
    """

    name: ClassVar[str] = "absolute_error"

    @property
    def _slopes(self) -> tuple[float, float]:
        return 1.0, 1.0


@dataclass(frozen=True)
class Quantile(_Pinball):
    """Pinball loss, ``sum_j max(a (t_j - f_j), (a - 1) (t_j - f_j))``: of the quantile at `a`.

    It is not linear in the target: the corrected loss mixes the loss at the label and the loss at
    the teacher's number, and a student is fitted to rows with both. The teacher's number should be
    the same quantile.

    Parameters
    ----------
    alpha : float, default=0.5
        Share of labels below the quantile, in (0, 1).

    Raises
    ------
    ParameterError
        If `alpha` is not in (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Quantile
    >>> Quantile(alpha=0.9).value(np.array([[0.0], [2.0]]), np.array([[1.0], [1.0]])).round(4)
    array([0.9, 0.1])
    """

    alpha: float = 0.5
    name: ClassVar[str] = "quantile"

    def __post_init__(self) -> None:
        check_number("alpha", self.alpha, low=0.0, high=1.0, low_open=True, high_open=True)

    @property
    def _slopes(self) -> tuple[float, float]:
        return float(self.alpha), 1.0 - float(self.alpha)


_LOSSES: dict[str, type[NumericLoss]] = {
    each.name: each for each in (AbsoluteError, Gamma, Poisson, Quantile, SquaredError, Tweedie)
}


def resolve_numeric_loss(loss: str | NumericLoss) -> NumericLoss:
    """Return the loss of numbers that a name or an object stands for.

    Parameters
    ----------
    loss : str or NumericLoss
        "absolute_error", "gamma", "poisson", "quantile" (the median), "squared_error", "tweedie"
        (power 1.5); or an object that is returned as it is.

    Returns
    -------
    loss : NumericLoss

    Raises
    ------
    ParameterError
        If the name is unknown.
    """
    if isinstance(loss, NumericLoss):
        return loss
    if isinstance(loss, Loss) or (isinstance(loss, str) and loss in CLASS_LOSSES):
        raise ParameterError(
            f"loss={loss!r} is one of class probabilities: numbers have "
            f"{', '.join(map(repr, sorted(_LOSSES)))}, or 'auto' for what the student minimises. "
            "For classes there is DistilledClassifier."
        )
    check_choice("loss", loss, sorted(_LOSSES), "or a NumericLoss object")
    return _LOSSES[loss]()


def _unit_deviance(f: Array, t: Array, power: float) -> Array:
    """Return the unit deviance of each entry, of means `f` > 0."""
    xp = namespace(f, t)
    if power == 1.0:
        ratio = xp.where(t > 0.0, t, f) / f
        return 2.0 * (t * xp.log(ratio) - t + f)
    if power == 2.0:
        return 2.0 * (t / f - 1.0 - xp.log(t / f))
    a, b = 1.0 - power, 2.0 - power
    return 2.0 * (t**b / (a * b) - t * f**a / a + f**b / b)
