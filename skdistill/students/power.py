"""A fitted student at another temperature: its probabilities raised to a power, and normalised."""

from dataclasses import replace

from skdistill.students.base import Fitted
from skdistill.students.regression import Decoder
from skdistill.students.tempering import tempered

__all__ = ["at_power"]


def at_power(fitted: Fitted, power: float) -> Fitted:
    """Return a fitted student whose probabilities are raised to a power, and normalised.

    In its coefficients, leaves or decode step where these can express it, else around the model.
    """
    if power == 1.0:
        return fitted
    fitted = replace(fitted, power=fitted.power * power)
    if isinstance(fitted.decode, Decoder):
        return replace(fitted, decode=replace(fitted.decode, power=fitted.decode.power * power))
    return replace(fitted, model=tempered(fitted.model, power))
