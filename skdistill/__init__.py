"""skdistill: tabular knowledge distillation with scikit-learn's interface.

`DistilledClassifier` makes a small, fast student from a heavy teacher: probabilities of each row
from teachers that never saw it (`skdistill.crossfit`), calibrated (`skdistill.calibration`),
corrected towards the labels (`skdistill.corrections`, `skdistill.losses`) as far as the student's
variance asks for (`skdistill.strength`), and consumed by the learner as its kind allows
(`skdistill.students`).
"""

from skdistill.classifier import DistilledClassifier
from skdistill.classifier_cv import DistilledClassifierCV
from skdistill.corrections import Correction, Fast, Minimax, Orthogonal, Slow
from skdistill.linear_path import DistillationPath
from skdistill.losses import Brier, CrossEntropy, Logit, Loss
from skdistill.munge import Munge
from skdistill.path import distillation_path
from skdistill.shift import DensityRatio, density_ratio
from skdistill.students import SoftLogisticRegression, SoftMLPClassifier

__version__ = "0.1.0"

__all__ = [
    "Brier",
    "Correction",
    "CrossEntropy",
    "DensityRatio",
    "DistillationPath",
    "DistilledClassifier",
    "DistilledClassifierCV",
    "Fast",
    "Logit",
    "Loss",
    "Minimax",
    "Munge",
    "Orthogonal",
    "Slow",
    "SoftLogisticRegression",
    "SoftMLPClassifier",
    "density_ratio",
    "distillation_path",
]
