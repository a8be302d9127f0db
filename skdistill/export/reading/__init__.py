"""A fitted model comes in, pieces go out: a file for each kind of learner, `read` finds it."""

from skdistill.export.reading import (
    composed,
    histogram,
    lightgbm,
    linear,
    networks,
    trees,
    xgboost,
)
from skdistill.export.reading.registry import read

LEARNERS = composed, histogram, lightgbm, linear, networks, trees, xgboost

__all__ = ["read"]
