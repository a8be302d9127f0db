"""A fitted model comes in, pieces go out: a file for each kind of learner, `read` finds it."""

from skdistill.export.reading import (
    adjusted,
    composed,
    dates,
    ensembles,
    histogram,
    lightgbm,
    linear,
    networks,
    trees,
    vectoriser,
    xgboost,
)
from skdistill.export.reading.registry import read

LEARNERS = (
    adjusted,
    composed,
    dates,
    ensembles,
    histogram,
    lightgbm,
    linear,
    networks,
    trees,
    vectoriser,
    xgboost,
)

__all__ = ["read"]
