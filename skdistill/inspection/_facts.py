"""The facts of the reports, as their advice reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from skdistill._ground.estimates import Estimate
from skdistill.inspection._display import Display
from skdistill.inspection._residual import ResidualFit
from skdistill.inspection._words import CLASS_WORDS, Words
from skdistill.inspection.duplicates import Duplicates
from skdistill.inspection.figures import ModelFigures
from skdistill.inspection.reliability import ReliabilityDisplay
from skdistill.inspection.slices import Slices

__all__ = ["GainFacts", "TeacherFacts"]


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
    slices: Slices | None
    floor: float | None
    words: Words = field(default=CLASS_WORDS, repr=False)


@dataclass(frozen=True)
class GainFacts:
    """What came of a distillation; `DistillationReport` says what each is."""

    models: Mapping[str, ModelFigures]
    n_rows: int
    n_groups: int | None
    gain: Estimate | None
    lead: Estimate | None
    behind: Estimate | None
    slices: Slices | None
    against: Mapping[str, Mapping[str, float]]
    fell_back: bool
    fit: Mapping[str, Any]
    displays: Mapping[str, Display] = field(repr=False)
    floor: float | None
    words: Words = field(default=CLASS_WORDS, repr=False)

    @property
    def unit(self) -> str:
        """What intervals are made of: rows, or groups of them."""
        return "row" if self.n_groups is None else "group"

    @property
    def n_units(self) -> int:
        """How many there are."""
        return self.n_rows if self.n_groups is None else self.n_groups

    @property
    def distilled(self) -> bool:
        """Whether anything was: no search fell back to the labels, no strength of 1 was found."""
        found = self.fit["shrinkage"] is not None and self.fit["strength"] == 1.0
        return not (self.fell_back or found)
