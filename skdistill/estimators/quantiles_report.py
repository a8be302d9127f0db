"""What a fit of several quantiles did, as one record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from skdistill._ground.coverage import Coverage
from skdistill._ground.html import definitions, flat
from skdistill.estimators.report import FitReport

__all__ = ["Coverage", "QuantilesReport"]


@dataclass(frozen=True)
class QuantilesReport:
    """What a fit of several quantiles did; what it says of the teacher is out of fold.

    Attributes
    ----------
    teacher : Coverage
        Of the teacher's quantiles, from folds that had not seen the rows.
    calibrated : Coverage
        Of the same, calibrated on these very rows, level by level: of its level it is nearly exact.
    fits : mapping of float to FitReport
        By level: what its student's fit did.
    n_teacher_fits, n_student_fits : int
        Fits spent; a teacher of one learner for each level counts once.
    """

    teacher: Coverage
    calibrated: Coverage
    fits: Mapping[float, FitReport]
    n_teacher_fits: int
    n_student_fits: int

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain dictionaries and numbers, ready for JSON.

        Returns
        -------
        facts : dict
        """
        return asdict(self) | {"fits": {level: fit.to_dict() for level, fit in self.fits.items()}}

    def frame(self) -> Any:
        """Return a row for each level: its strength, and how often the teacher's was not exceeded.

        Returns
        -------
        frame : pandas.DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError(
                'frame() needs pandas: pip install "skdistill[plot]"; to_dict() does without.'
            ) from error
        return DataFrame(
            {
                "strength": {level: fit.strength for level, fit in self.fits.items()},
                "teacher": dict(self.teacher.below),
                "calibrated": dict(self.calibrated.below),
            }
        )

    def __str__(self) -> str:
        strengths = ", ".join(f"{fit.strength} at {level:g}" for level, fit in self.fits.items())
        return (
            f"teacher, out of fold: {self.teacher}\ncalibrated on these rows: {self.calibrated}\n"
            f"strength: {strengths}\nfits: {self.n_teacher_fits} of the teacher, "
            f"{self.n_student_fits} of students"
        )

    def _repr_html_(self) -> str:
        return definitions(flat(self.to_dict()))
