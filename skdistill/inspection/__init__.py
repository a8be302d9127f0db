"""See what a distillation did: reports, comparisons and pictures of fitted estimators.

==========================  ===================================================================
`TeacherReport`             is the teacher worth distilling, and what should be minded?
`DistillationReport`        what did the student keep, what does it cost, what does it beat?
`SearchReport`              which student a search found, and what the others lose and cost
`compare`                   distillation and its rivals on the same folds
`frontier`                  many students of one teacher: loss against latency and size
`ReliabilityDisplay`        said and observed frequencies, means or coverages
`FidelityDisplay`           what the student says against what the teacher says
`ResidualDisplay`           where the teacher is wrong on average, by a feature
`StrengthDisplay`           scores by how far the teacher was corrected
`FrontierDisplay`           the picture of `frontier`
`ComparisonDisplay`         the picture of `compare`
`DistillationCurveDisplay`  direct against distilled, by the number of training rows
==========================  ===================================================================

Classifiers and regressors are taken alike, each by scores of its own task. Everything reads public
fitted attributes only. Displays have `frame()`, what is drawn as a data
frame, beside `plot()`; pictures need matplotlib and frames pandas:
``pip install "skdistill[plot]"``.
"""

from skdistill._ground.costs import Latency, Parts
from skdistill._ground.estimates import Estimate
from skdistill.inspection._points import FrontierPoint
from skdistill.inspection.comparison import Comparison, ComparisonDisplay, compare
from skdistill.inspection.curve import DistillationCurveDisplay
from skdistill.inspection.distillation import DistillationReport
from skdistill.inspection.duplicates import Duplicates
from skdistill.inspection.fidelity import FidelityDisplay
from skdistill.inspection.figures import ModelFigures
from skdistill.inspection.pareto import Frontier, FrontierDisplay, frontier
from skdistill.inspection.reliability import ReliabilityDisplay
from skdistill.inspection.residual import ResidualDisplay
from skdistill.inspection.search import SearchReport
from skdistill.inspection.slices import Slice, Slices
from skdistill.inspection.strength import StrengthDisplay
from skdistill.inspection.teacher import TeacherReport

__all__ = [
    "Comparison",
    "ComparisonDisplay",
    "DistillationCurveDisplay",
    "DistillationReport",
    "Duplicates",
    "Estimate",
    "FidelityDisplay",
    "Frontier",
    "FrontierDisplay",
    "FrontierPoint",
    "Latency",
    "ModelFigures",
    "Parts",
    "ReliabilityDisplay",
    "ResidualDisplay",
    "SearchReport",
    "Slice",
    "Slices",
    "StrengthDisplay",
    "TeacherReport",
    "compare",
    "frontier",
]
