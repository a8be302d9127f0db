"""A fitted model comes in, pieces go out: a file for each kind of learner, `read` finds it."""

from skdistill.export.reading import composed, linear, networks, trees
from skdistill.export.reading.registry import read

__all__ = ["composed", "linear", "networks", "read", "trees"]
