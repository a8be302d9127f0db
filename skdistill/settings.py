"""How one student is fitted: its parameters, resolved and checked before anything is fitted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdistill._ground.devices import DEVICES
from skdistill._ground.validation import check_choice, check_number
from skdistill.exceptions import ParameterError, StudentError
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import resolve_synthetic
from skdistill.students import Adapter, resolve, resolve_regressor
from skdistill.students.size import SIZES
from skdistill.targets.corrections import Correction, resolve_correction
from skdistill.targets.losses import Loss, resolve_loss
from skdistill.targets.numeric import NumericLoss
from skdistill.targets.numeric_losses import resolve_numeric_loss
from skdistill.teaching.calibration import CALIBRATIONS
from skdistill.teaching.numeric_calibration import NUMERIC_CALIBRATIONS, check_level

__all__ = ["CLASSES", "NUMBERS", "Rules", "Settings", "resolve_settings"]


@dataclass(frozen=True)
class Rules:
    """What the parameters of a fit may be, by its task.

    Attributes
    ----------
    resolve : callable
        Returns the adapter of a student for a loss.
    resolve_loss : callable
        Returns the loss that a name or an object stands for, at a temperature.
    resolve_correction : callable
        Returns the correction that a name or an object stands for.
    calibrations : tuple
        Names of the calibrations.
    varied : tuple of str
        Which parameters a choice may vary, beside the strength.
    left_out : tuple of str
        Values that a choice tries by default, and leaves out where no student goes with them.
    """

    resolve: Callable[[Any, Any], Adapter]
    resolve_loss: Callable[..., Any]
    resolve_correction: Callable[[Any], Correction | None]
    calibrations: tuple[str | None, ...]
    varied: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def _numeric_loss(loss: Any, temperature: float = 1.0) -> NumericLoss:
    return resolve_numeric_loss(loss)  # numbers have no temperature


def _numeric_correction(correction: Any) -> Correction | None:
    found = resolve_correction(correction)
    if found is not None:
        found.check_numbers()
    return found


COMMON = ("correction", "calibration", "synthetic")
CLASSES = Rules(
    resolve, resolve_loss, resolve_correction, CALIBRATIONS, ("loss", "temperature", *COMMON)
)
NUMBERS = Rules(
    resolve_regressor,
    _numeric_loss,
    _numeric_correction,
    NUMERIC_CALIBRATIONS,
    COMMON,
    left_out=("stacked",),  # it fits means, and all students may be of a quantile
)


@dataclass(frozen=True)
class Settings:
    """The parameters of a fit, resolved and checked before anything is fitted.

    Attributes
    ----------
    adapter : Adapter
        Of the student, on its device.
    loss : Loss
        What the student minimises.
    correction : Correction or None
        None for plain distillation.
    strength : float or None
        None where it is still to be found, or where the correction has a constant of its own.
    finds_strength : bool
        Whether it is to be found by shrinkage.
    calibration : str or None
        Name of the calibration.
    synthetic : Munge or None
        What makes synthetic rows.
    size : str
        "direct" for a student no larger than the direct one, "free" for none such bound.
    """

    adapter: Adapter
    loss: Loss | NumericLoss
    correction: Correction | None
    strength: float | None
    finds_strength: bool
    calibration: str | None
    synthetic: Munge | None
    size: str = "direct"

    @property
    def labels_by(self) -> tuple[str | None, NumericLoss | None]:
        """What labels depend on: the calibration, and the loss of numbers (None for classes)."""
        return self.calibration, self.loss if isinstance(self.loss, NumericLoss) else None

    @property
    def needs_direct(self) -> bool:
        """Whether the direct student's out-of-fold probabilities play a part."""
        return self.finds_strength or self.calibration == "stacked"


def resolve_settings(
    student: Any,
    *,
    loss: Any = "auto",
    correction: str | Correction | None,
    strength: str | float,
    calibration: str | None,
    synthetic: Any,
    device: str,
    n_rows: int,
    weighted: bool,
    temperature: float = 1.0,
    size: str = "direct",
    rules: Rules = CLASSES,
) -> Settings:
    """Resolve and check every parameter that needs no data, before anything is fitted.

    Parameters
    ----------
    student, loss, temperature, correction, strength, calibration, synthetic, device, size
        Of `DistilledClassifier`.
    n_rows : int
        Rows the student will be fitted on.
    weighted : bool
        Whether they come with weights.
    rules : Rules, default=CLASSES
        Of the task.

    Returns
    -------
    settings : Settings

    Raises
    ------
    ParameterError, StudentError
        As documented there.
    """
    check_choice("device", device, DEVICES)
    check_choice("calibration", calibration, rules.calibrations)
    check_choice("size", size, SIZES)
    adapter = rules.resolve(student, loss).on_device(device)
    chosen = rules.resolve_loss(adapter.default_loss if loss == "auto" else loss, temperature)
    if isinstance(chosen, NumericLoss):
        check_level(calibration, chosen.level)
    rule = rules.resolve_correction(correction)
    follows = rule is not None and rule.uses_strength
    number = _check_strength(strength, rule, follows=follows)
    munge = resolve_synthetic(synthetic)
    if munge is not None and calibration == "stacked":
        raise ParameterError(
            "calibration='stacked' blends in the direct student's out-of-fold probabilities, which "
            "synthetic rows have none of: leave it out."
        )
    weighted = weighted or chosen.row_weight(np.full((1, 2), 0.5)) is not None
    weighted = weighted or not (chosen.is_linear or number == 1.0)  # rows of several kinds
    adapter.check(chosen, n_rows, weighted=weighted)
    if munge is not None:
        _check_for_synthetic(adapter, chosen, n_rows * (1 + munge.copies))
    finds = follows and number is None
    return Settings(adapter, chosen, rule, number, finds, calibration, munge, size)


def _check_for_synthetic(adapter: Adapter, loss: Loss, n_rows: int) -> None:
    try:
        adapter.check(loss, n_rows, weighted=True)
    except StudentError as error:
        raise StudentError(
            "synthetic rows weigh less than labelled ones, and there are more of them: the student "
            f"{type(adapter.student).__name__} cannot honour that. Use another student, or "
            f"synthetic=None. ({error})"
        ) from error


def _check_strength(strength: Any, correction: Correction | None, *, follows: bool) -> float | None:
    """Return the strength as a number; None where it is to be found or plays no part."""
    if isinstance(strength, str):
        check_choice("strength", strength, ("auto",), "or a number in [0, 1]")
        return 0.0 if correction is None else None
    number = check_number("strength", strength, low=0.0, high=1.0)
    if not follows and not (correction is None and number == 0.0):
        raise ParameterError(
            f"strength={strength!r} has no effect with correction={correction!r}: leave it at "
            "'auto', or use a correction that follows the strength."
        )
    return number
