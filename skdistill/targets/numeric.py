"""What a loss of numbers is asked: its value, its pseudo-target, its domain.

The corrected loss of one row is ``g loss(f; y) + (1 - g) loss(f; m)``, with `m` what the teacher
says, `y` the label and `g` the gain: 0 is plain distillation, 1 the label alone. The squared error
and the deviances of means are linear in the target but for a term without `f`, so this mix is the
same loss at ``t = m + g (y - m)``. Losses of quantiles are not: pinball losses at `t` aim at the
quantile of `t`, whose spread is not that of `y`, and a student of theirs is fitted to both rows.

`m` is a mean, or a quantile, as the loss asks for. Deviances: Joergensen, *The Theory of Dispersion
Models*, 1997; pinball loss: Koenker and Bassett, *Regression Quantiles*, Econometrica 46, 1978.
All functions are arrays in, arrays out, on any array-API namespace.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from skdistill._ground.arrays import Array, namespace, row_gain

__all__ = ["NUMERIC_LOSSES", "MeanLoss", "NumericLoss"]

# The names of `skdistill.targets.numeric_losses`, for those who look for one elsewhere.
NUMERIC_LOSSES = ("absolute_error", "gamma", "poisson", "quantile", "squared_error", "tweedie")


class NumericLoss(ABC):
    """Base of the losses of numbers, of one output or of several.

    Attributes
    ----------
    name : str
        As `loss` takes it.
    is_linear : bool
        Whether a student may be fitted to the one pseudo-target ``m + g (y - m)``. Where not, the
        corrected loss is ``g loss(f; y) + (1 - g) loss(f; m)``, and every row comes twice: with
        its label at weight `g`, and with the teacher's number at weight ``1 - g``.
    lower : float or None
        What predictions must be above: 0 for the losses with a logarithmic link, None for others.
    """

    name: ClassVar[str]
    is_linear: ClassVar[bool] = True
    lower: ClassVar[float | None] = None

    @property
    def level(self) -> float | None:
        """Of the quantile that it is the loss of; None for others."""
        return None

    @abstractmethod
    def value(self, prediction: Array, target: Array) -> Array:
        """Return the loss of each row, shape (n,), summed over the outputs.

        Parameters
        ----------
        prediction : array of shape (n, m)
            On the scale of `y`; infinitely bad where it is not above `lower`.
        target : array of shape (n, m)

        Returns
        -------
        losses : array of shape (n,)
            For one output, what scikit-learn's metric of that name is the mean of.
        """

    @abstractmethod
    def gradient_hessian(self, scores: Array, target: Array) -> tuple[Array, Array]:
        """Return the derivatives of the loss with respect to `scores`, each of shape (n, m)."""

    def lift(self, prediction: Array, level: Array) -> Array:
        """Return predictions (n, m), those that the loss makes infinite lifted to count as little.

        Parameters
        ----------
        prediction : array of shape (n, m)
        level : array of shape (m,)
            The best constant (`mean_level`); a thousandth of it is the least that counts.

        Returns
        -------
        lifted : array of shape (n, m)
        """
        return prediction

    def canonical(self, prediction: Array) -> Array:
        """Return the parameter (n, m) of `prediction` in which the loss is linear in the target."""
        return prediction

    @abstractmethod
    def mean_level(self, y: Array, weight: Array | None = None) -> Array:
        """Return the best constant for each output of `y` (n, m), shape (m,)."""

    def target(self, y: Array, m: Array, gain: Array) -> Array:
        """Return the pseudo-target ``(1 - g) m + g y``.

        Parameters
        ----------
        y, m : array of shape (n, m)
            Labels, and what the teacher says of them.
        gain : array of shape (n,) or (n, m)
            0 gives `m` and 1 gives `y`, to the last bit.

        Returns
        -------
        target : array of shape (n, m)
        """
        g = row_gain(gain)
        return (1.0 - g) * m + g * y

    def prediction(self, scores: Array) -> Array:
        """Return the numbers on the scale of `y` that raw `scores` stand for."""
        return scores

    def row_weight(self, m: Array) -> Array | None:
        """Return a weight per row that belongs to the loss: none, all rows count alike."""
        return None

    def cut(self, target: Array) -> tuple[Array, Array]:
        """Bring targets (n, m) into the domain of the loss.

        A gain above 1 makes targets that no label could be.

        Returns
        -------
        cut : array of shape (n, m)
        touched : boolean array of shape (n,)
            Which rows had to move.
        """
        xp = namespace(target)
        return target, xp.zeros_like(target[:, 0], dtype=xp.bool)

    def check_labels(self, y: Array) -> None:  # noqa: B027, all numbers will do by default
        """Raise InputError where labels (n, m) are outside the domain of the loss.

        Rows that do not count are NaN, so that a message can name a row by its place.
        """


class MeanLoss(NumericLoss):
    """A loss whose best constant is the mean."""

    def mean_level(self, y: Array, weight: Array | None = None) -> Array:
        """Return the weighted mean of each output, shape (m,)."""
        xp = namespace(y)
        if weight is None:
            return xp.mean(y, axis=0)
        w = xp.astype(weight, y.dtype)
        return xp.sum(w[:, None] * y, axis=0) / xp.sum(w)
