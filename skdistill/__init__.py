"""skdistill: tabular knowledge distillation with scikit-learn's interface.

`DistilledClassifier` makes a small, fast student from a heavy teacher: probabilities of each row
from teachers that never saw it, calibrated (`skdistill.teaching`), corrected towards the labels
(`skdistill.targets`) as far as the student's variance asks for (`skdistill.choosing`), on the rows
there are and those made up beside them (`skdistill.rows`), and consumed by the learner as its kind
allows (`skdistill.students`). `skdistill.distillation` has the stages of one fit in their order.
"""

from skdistill import inspection as inspection  # notebooks show searches by it
from skdistill.estimators.classifier import DistilledClassifier
from skdistill.estimators.classifier_cv import DistilledClassifierCV
from skdistill.estimators.progress import progress_bar
from skdistill.estimators.quantiles import DistilledQuantiles
from skdistill.estimators.regressor import DistilledRegressor
from skdistill.estimators.regressor_cv import DistilledRegressorCV
from skdistill.rows.munge import Munge
from skdistill.rows.shift import DensityRatio, density_ratio
from skdistill.students import SoftLogisticRegression, SoftMLPClassifier
from skdistill.students.linear_path import DistillationPath
from skdistill.students.path import distillation_path
from skdistill.targets.corrections import Correction, Fast, Minimax, Orthogonal, Slow
from skdistill.targets.losses import Brier, CrossEntropy, Logit, Loss
from skdistill.targets.numeric import NumericLoss
from skdistill.targets.numeric_losses import (
    AbsoluteError,
    Gamma,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)

__version__ = "0.1.0"

__all__ = [
    "AbsoluteError",
    "Brier",
    "Correction",
    "CrossEntropy",
    "DensityRatio",
    "DistillationPath",
    "DistilledClassifier",
    "DistilledClassifierCV",
    "DistilledQuantiles",
    "DistilledRegressor",
    "DistilledRegressorCV",
    "Fast",
    "Gamma",
    "Logit",
    "Loss",
    "Minimax",
    "Munge",
    "NumericLoss",
    "Orthogonal",
    "Poisson",
    "Quantile",
    "Slow",
    "SoftLogisticRegression",
    "SoftMLPClassifier",
    "SquaredError",
    "Tweedie",
    "density_ratio",
    "distillation_path",
    "progress_bar",
]
