"""The facts of a teacher's passport, as its advice reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from skdistill.inspection._residual import ResidualFit
from skdistill.inspection._words import CLASS_WORDS, Words
from skdistill.inspection.duplicates import Duplicates
from skdistill.inspection.reliability import ReliabilityDisplay

__all__ = ["TeacherFacts"]


@dataclass(frozen=True)
class TeacherFacts:
    """What is known of a teacher; `TeacherReport` says what each is."""

    classes: NDArray[Any]
    given: bool
    n_rows: int
    n_unlabelled: int
    scores: Mapping[str, Mapping[str, float]]
    by_class: Mapping[Any, Mapping[str, float]]
    by_fold: Mapping[int, Mapping[str, float]]
    memorisation: Mapping[str, float] | None
    residual: ResidualFit | None
    label_r2: float | None
    duplicates: Duplicates | None
    lead: float | None
    reliability: ReliabilityDisplay
    floor: float | None
    words: Words = field(default=CLASS_WORDS, repr=False)
