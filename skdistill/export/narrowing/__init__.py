"""Fitted models on fewer columns: a model and the columns that it uses come in, a copy goes out.

What is not known of a learner or a step uses all of its columns, and stays as it is.
"""

from skdistill.export.narrowing import learners, pipelines, steps
from skdistill.export.narrowing.registry import narrowed, used

KINDS = learners, pipelines, steps

__all__ = ["narrowed", "used"]
