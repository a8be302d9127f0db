"""The whole of what is saved: what turns columns into numbers, and a model; what both cost."""

from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skdistill._ground.costs import latency, size_bytes
from skdistill.cli.unseen import categories

__all__ = ["Front", "pickled_size", "saved"]


@dataclass(frozen=True)
class Front:
    """What stands before every model in a saved file, and turns columns into numbers.

    Attributes
    ----------
    steps : Pipeline
        Fitted.
    size_bytes : float
    microseconds_per_row : float
        Median over repeated transforms of all held-out rows at once.
    """

    steps: Pipeline
    size_bytes: float
    microseconds_per_row: float

    @classmethod
    def measured(cls, steps: Pipeline, X: Any, budget: float = 0.05) -> "Front":
        """Measure `steps` on raw rows."""
        seconds = latency(steps.transform, X, budget=budget).median
        return cls(steps, pickled_size(steps), seconds / len(X) * 1e6)

    def before(self, model: BaseEstimator) -> Pipeline:
        """Return the whole of what is saved with `model`: it predicts raw rows."""
        return saved(self.steps, model)


def saved(vectoriser: Pipeline, student: BaseEstimator) -> Pipeline:
    """Return the whole of what is saved: it predicts raw rows.

    Its `columns_` has the categories of training, too, for files without an encoder to ask.
    """
    made = Pipeline([*vectoriser.steps, ("student", student)])
    made.columns_ = vectoriser.columns_ | {"categories": categories(vectoriser)}
    return made


def pickled_size(model: BaseEstimator) -> float:
    """Return the size of a model in bytes, NaN where it cannot be pickled."""
    size = size_bytes(model)
    return float("nan") if size is None else float(size)
