"""Losses of numbers, and the pseudo-targets they turn a correction into.

The squared error and the deviances of Poisson, Gamma and Tweedie are linear in what was observed,
but for a term without the prediction: ``loss(f; y) = a(f) - y b(f) + c(y)``. So the corrected loss
``(1 - g) loss(f; m) + g loss(f; y)`` is the same loss at the pseudo-target ``m + g (y - m)``,
exactly, and a student only ever sees that (Dao et al., ICLR 2021, section 4, for the orthogonal
correction; Jorgensen, *The Theory of Dispersion Models*, 1997, for the deviances).

The absolute error and the quantile (pinball) loss are not linear in what was observed: no number
stands for the mix, and the student is given rows of both kinds with weights ``g`` and ``1 - g``
(`is_linear`).

Predictions are on the scale of y, also of losses with a log link. All functions are arrays in,
arrays out, on any array-API namespace.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from skdistill._ground.arrays import Array, namespace, row_gain, to_host
from skdistill._ground.validation import check_choice, check_number
from skdistill.exceptions import InputError, ParameterError

__all__ = [
    "AbsoluteError",
    "Gamma",
    "NumericLoss",
    "Poisson",
    "Quantile",
    "SquaredError",
    "Tweedie",
    "resolve_numeric_loss",
]


class NumericLoss(ABC):
    """Base of the losses of numbers: subclass it to bring your own.

    A subclass names itself (`name`) and gives the loss of each row (`value`) and the best constant
    (`mean_level`).
    """

    name: ClassVar[str]
    is_linear: ClassVar[bool] = True  # in what was observed, so that a pseudo-target stands for it
    log_link: ClassVar[bool] = False  # of learners that minimise it by a raw score

    def target(self, y: Array, m: Array, gain: Array) -> Array:
        """Return the pseudo-target ``m + g (y - m)``, cut to what the loss is defined for.

        Parameters
        ----------
        y : array of shape (n, m)
            What was observed.
        m : array of shape (n, m)
            What the teacher said.
        gain : array of shape (n,) or (n, m)
            Correction in units of the orthogonal one: 0 is plain distillation, 1 full correction.

        Returns
        -------
        target : array of shape (n, m)
        """
        g = row_gain(gain)
        return self.cut((1.0 - g) * m + g * y)

    def cut(self, target: Array) -> Array:
        """Return a target with what the loss is not defined for brought to where it is."""
        return target

    def row_weight(self, m: Array) -> Array | None:
        """Return a weight per row that belongs to the loss: none."""
        return None

    @abstractmethod
    def value(self, prediction: Array, target: Array) -> Array:
        """Return the loss of each row, shape (n,): the sum over outputs."""

    @abstractmethod
    def mean_level(self, y: Array, weight: Array) -> Array:
        """Return the best constant for rows (n, m) with weights (n,), shape (m,)."""

    def canonical(self, prediction: Array) -> Array:
        """Return the parameter in which the loss is linear in what was observed, (n, m)."""
        return prediction

    def check_labels(self, y: Array) -> None:  # noqa: B027 - most are defined for all numbers
        """Raise InputError where the loss is not defined for what was observed."""


def _mean(y: Array, weight: Array) -> Array:
    xp = namespace(y)
    return xp.sum(weight[:, None] * y, axis=0) / xp.sum(weight)


@dataclass(frozen=True)
class SquaredError(NumericLoss):
    """Squared error, ``sum_j (f_j - t_j)^2``: estimates the mean.

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
        """Return the squared error of each row, shape (n,)."""
        return namespace(prediction).sum((prediction - target) ** 2, axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return ``2 (f - t)`` and twos."""
        return 2.0 * (scores - target), 2.0 * namespace(scores).ones_like(scores)

    def mean_level(self, y: Array, weight: Array) -> Array:
        """Return the weighted mean of each output, shape (m,)."""
        return _mean(y, weight)


@dataclass(frozen=True)
class _Deviance(NumericLoss):
    """What the deviances share: their variance grows as a power of the mean, their link is log."""

    log_link: ClassVar[bool] = True

    @property
    @abstractmethod
    def _power(self) -> float:
        """The power of the mean that the variance is proportional to, at least 1."""

    @property
    def _takes_zero(self) -> bool:
        return self._power < 2.0

    def cut(self, target: Array) -> Array:
        """Return the target, nothing below zero, nor at zero where the loss is infinite there."""
        xp = namespace(target)
        if self._takes_zero:
            return xp.where(target < 0.0, xp.zeros_like(target), target)
        least = _least(target)
        return xp.where(target < least, xp.full_like(target, least), target)

    def value(self, prediction: Array, target: Array) -> Array:
        """Return the unit deviance of each row, shape (n,); predictions are means, above zero."""
        xp = namespace(prediction)
        f = xp.where(prediction < TINY, xp.full_like(prediction, TINY), prediction)
        return xp.sum(_unit_deviance(f, target, self._power), axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return the derivatives of the deviance with respect to the logarithm of the mean."""
        xp, p = namespace(scores), self._power
        up, down = xp.exp((2.0 - p) * scores), target * xp.exp((1.0 - p) * scores)
        return 2.0 * (up - down), 2.0 * ((2.0 - p) * up - (1.0 - p) * down)

    def mean_level(self, y: Array, weight: Array) -> Array:
        """Return the weighted mean of each output, shape (m,)."""
        return _mean(y, weight)

    def canonical(self, prediction: Array) -> Array:
        """Return ``log f`` of Poisson's, else ``f^(1 - p) / (1 - p)``."""
        xp, p = namespace(prediction), self._power
        f = xp.where(prediction < TINY, xp.full_like(prediction, TINY), prediction)
        return xp.log(f) if p == 1.0 else f ** (1.0 - p) / (1.0 - p)

    def check_labels(self, y: Array) -> None:
        """Raise InputError for numbers below zero, or at zero where that has no deviance."""
        values = to_host(y)
        bad = (values < 0.0 if self._takes_zero else values <= 0.0).any(axis=1)
        wanted = "not be negative" if self._takes_zero else "be above zero"
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                f"y must {wanted} for loss {self.name!r}, got {values[row].tolist()} in row {row} "
                f"({int(bad.sum())} such rows): use loss='squared_error', or drop such rows. Some "
                "value(s) of y are out of the valid range of the loss."
            )
        if not values.any():
            raise InputError(
                f"y must have a positive value for loss {self.name!r}, got zeros only: there is "
                "nothing to predict."
            )


TINY = 1e-12  # of a predicted mean: below it a deviance says nothing more


def _least(target: Array) -> float:
    """Return the smallest positive entry, which stands for those that are not."""
    xp = namespace(target)
    positive = target[target > 0.0]
    return float(xp.min(positive)) if positive.shape[0] else 1.0


def _unit_deviance(f: Array, t: Array, power: float) -> Array:
    """Return the Tweedie deviance of each entry; 1 is Poisson's, 2 Gamma's."""
    xp = namespace(f)
    positive = t > 0.0
    safe = xp.where(positive, t, xp.ones_like(t))
    if power == 1.0:
        return 2.0 * (xp.where(positive, t * xp.log(safe / f), xp.zeros_like(t)) - t + f)
    if power == 2.0:
        return 2.0 * (xp.log(f / t) + t / f - 1.0)
    own = xp.where(positive, safe ** (2.0 - power), xp.zeros_like(t))
    a, b = 1.0 - power, 2.0 - power
    return 2.0 * (own / (a * b) - t * f**a / a + f**b / b)


@dataclass(frozen=True)
class Poisson(_Deviance):
    """Poisson deviance, ``2 (t log(t / f) - t + f)``: counts, and rates with exposure as weight.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Poisson
    >>> Poisson().value(np.array([[2.0]]), np.array([[2.0]]))
    array([0.])
    """

    name: ClassVar[str] = "poisson"

    @property
    def _power(self) -> float:
        return 1.0


@dataclass(frozen=True)
class Gamma(_Deviance):
    """Gamma deviance, ``2 (log(f / t) + t / f - 1)``: positive amounts of constant relative error.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Gamma
    >>> Gamma().value(np.array([[2.0]]), np.array([[2.0]]))
    array([0.])
    """

    name: ClassVar[str] = "gamma"

    @property
    def _power(self) -> float:
        return 2.0


@dataclass(frozen=True)
class Tweedie(_Deviance):
    """Tweedie deviance: amounts that are often zero, such as claims per policy.

    Parameters
    ----------
    power : float, default=1.5
        The variance is proportional to this power of the mean: 1 is Poisson's, 2 Gamma's, between
        them a sum of a random number of positive amounts; above 2 positive amounts only.

    Raises
    ------
    ParameterError
        If `power` is below 1.

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


@dataclass(frozen=True)
class Quantile(NumericLoss):
    """Quantile (pinball) loss, ``a (t - f)`` where t is above f and ``(1 - a) (f - t)`` below.

    It is not linear in what was observed, so the student is given rows of both kinds: the
    observed number with weight `g`, the teacher's with weight ``1 - g``.

    Parameters
    ----------
    alpha : float, default=0.5
        Which quantile, in (0, 1).

    Raises
    ------
    ParameterError
        If `alpha` is not in (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Quantile
    >>> Quantile(alpha=0.9).value(np.array([[1.0], [3.0]]), np.array([[2.0], [2.0]])).round(6)
    array([0.9, 0.1])
    """

    alpha: float = 0.5
    name: ClassVar[str] = "quantile"
    is_linear: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_number("alpha", self.alpha, low=0.0, high=1.0, low_open=True, high_open=True)

    def value(self, prediction: Array, target: Array) -> Array:
        """Return the pinball loss of each row, shape (n,)."""
        xp = namespace(prediction)
        apart = target - prediction
        loss = xp.where(apart >= 0.0, self.alpha * apart, (self.alpha - 1.0) * apart)
        return xp.sum(loss, axis=1)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return ``1 - a`` above the target and ``-a`` below it; the second derivative is zero."""
        xp = namespace(scores)
        above = xp.full_like(scores, 1.0 - self.alpha)
        slope = xp.where(scores > target, above, xp.full_like(scores, -self.alpha))
        return slope, xp.zeros_like(scores)

    def mean_level(self, y: Array, weight: Array) -> Array:
        """Return the weighted quantile of each output, shape (m,): the least that is enough."""
        xp = namespace(y)
        order = xp.argsort(y, axis=0)
        levels = []
        for j in range(y.shape[1]):
            mass = xp.cumulative_sum(weight[order[:, j]])
            enough = mass >= self.alpha * mass[-1] * (1.0 - 1e-12)
            levels.append(y[order[:, j], j][xp.argmax(xp.astype(enough, xp.int64))])
        return xp.stack(levels)


@dataclass(frozen=True)
class AbsoluteError(Quantile):
    """Absolute error, ``sum_j |f_j - t_j|``: estimates the median. Twice the pinball loss at 1/2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import AbsoluteError
    >>> AbsoluteError().value(np.array([[1.0]]), np.array([[3.0]]))
    array([2.])
    """

    alpha: float = field(default=0.5, init=False, repr=False)
    name: ClassVar[str] = "absolute_error"

    def value(self, prediction: Array, target: Array) -> Array:
        """Return the absolute error of each row, shape (n,)."""
        return 2.0 * super().value(prediction, target)

    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return the sign of ``f - t``; the second derivative is zero."""
        slope, zero = super().gradient_hessian(scores, target)
        return 2.0 * slope, zero


_LOSSES: dict[str, type[NumericLoss]] = {
    "absolute_error": AbsoluteError,
    "gamma": Gamma,
    "poisson": Poisson,
    "quantile": Quantile,
    "squared_error": SquaredError,
    "tweedie": Tweedie,
}


def resolve_numeric_loss(loss: str | NumericLoss) -> NumericLoss:
    """Return the loss that a name or an object stands for.

    Parameters
    ----------
    loss : {"absolute_error", "gamma", "poisson", "quantile", "squared_error", "tweedie"} or \
NumericLoss
        Name (of the loss with its defaults), or an object that is returned as it is.

    Returns
    -------
    loss : NumericLoss

    Raises
    ------
    ParameterError
        If the name is unknown, or a class was given in place of an object.
    """
    if isinstance(loss, NumericLoss):
        return loss
    if isinstance(loss, type) and issubclass(loss, NumericLoss):
        raise ParameterError(
            f"loss must be an object, got the class {loss.__name__}: write {loss.__name__}()."
        )
    check_choice("loss", loss, sorted(_LOSSES), "or a NumericLoss object")
    return _LOSSES[loss]()
