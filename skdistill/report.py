"""What a fit did, as one record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from skdistill._html import definitions, flat

__all__ = ["FitReport"]


@dataclass(frozen=True)
class FitReport:
    """What `DistilledClassifier.fit` did; every score is out of fold.

    Attributes
    ----------
    route : str
        How the student consumed its targets, and why.
    loss : str
        The loss and its settings.
    correction : str or None
        The correction and its settings.
    strength : float or None
        How far the teacher was corrected; None where the correction has a constant of its own.
    shrinkage : mapping or None
        Ingredients of ``strength="auto"`` (`Shrinkage.to_dict`), None where a number was given.
    calibration : str or None
        The calibration of the teacher.
    teacher : mapping
        Log-loss, Brier score, accuracy and calibration error of the teacher, out of fold, as it is
        ("raw") and calibrated on these very rows ("calibrated").
    n_rows : int
        Labelled rows the student was fitted on.
    n_uncovered : int
        Rows left out because no fold covers them.
    n_transfer : int
        Unlabelled rows it was fitted on as well.
    n_teacher_fits, n_student_fits : int
        Fits spent; teachers found in `memory` are counted too.
    mean_gain : float
        Mean over rows (and classes) of the correction's gain.
    duplicate_share : float
        Share of rows with an identical row in another fold.
    touched_share : float
        Share of rows whose target had to be projected on the simplex.
    """

    route: str
    loss: str
    correction: str | None
    strength: float | None
    shrinkage: Mapping[str, float] | None
    calibration: str | None
    teacher: Mapping[str, Mapping[str, float]]
    n_rows: int
    n_uncovered: int
    n_transfer: int
    n_teacher_fits: int
    n_student_fits: int
    mean_gain: float
    duplicate_share: float
    touched_share: float

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain dictionaries and numbers, ready for JSON."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return definitions(flat(self.to_dict()))
