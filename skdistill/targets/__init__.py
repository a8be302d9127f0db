"""Targets: what a student learns from a label and a teacher's probabilities.

In: labels as rows (n, K), probabilities (n, K), a strength. Out: pseudo-targets (n, K) of a loss;
where labels are numbers, these and what the teacher says of them are (n, m), m outputs.
`losses` and `numeric` say what a target is, `corrections` how far it moves from teacher to label,
row by row.
Arrays in, arrays out, in any namespace: no estimator comes here.
"""

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

__all__ = [
    "AbsoluteError",
    "Brier",
    "Correction",
    "CrossEntropy",
    "Fast",
    "Gamma",
    "Logit",
    "Loss",
    "Minimax",
    "NumericLoss",
    "Orthogonal",
    "Poisson",
    "Quantile",
    "Slow",
    "SquaredError",
    "Tweedie",
]
