"""Scores of the models on held-out rows: what they say, and what saying it costs."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skdistill._ground.costs import latency
from skdistill._ground.estimates import Estimate
from skdistill.cli.board import Score
from skdistill.cli.figures import Table
from skdistill.cli.front import Front, pickled_size
from skdistill.cli.trials import Labelled

__all__ = ["Ruler", "score_models"]


class Ruler(ABC):
    """Scores what models say of rows, as a task asks for."""

    @property
    @abstractmethod
    def table(self) -> Table:
        """What the scores are put in."""

    @abstractmethod
    def ask(self, model: BaseEstimator, X: Any) -> np.ndarray:
        """Return what a model says of n rows, shape (n, C)."""

    @abstractmethod
    def score(self, method: str, said: np.ndarray, taught: np.ndarray, held_out: Labelled) -> Score:
        """Score what was said of rows (n, C); `taught` is what the teacher says."""

    def notes(self, held_out: Labelled) -> Iterator[str]:
        """Yield what is to be said of the scores of these rows."""
        yield from ()


def score_models(
    models: Mapping[str, BaseEstimator],
    held_out: Labelled,
    ruler: Ruler,
    budget: float = 0.05,
    front: Front | None = None,
) -> tuple[Score, ...]:
    """Score fitted models on held-out rows.

    Parameters
    ----------
    models : mapping of str to estimator
        By method; fidelity is that to the one named ``"teacher"``.
    held_out : Labelled
        Rows that no model was fitted on.
    ruler : Ruler
    budget : float, default=0.05
        Seconds to spend on timing each model (five predictions at least).
    front : Front or None, default=None
        What is saved with a model: size and time are those of both.

    Returns
    -------
    scores : tuple of Score
    """
    said = {method: ruler.ask(model, held_out.X) for method, model in models.items()}
    found = []
    for method, model in models.items():
        score = ruler.score(method, said[method], said["teacher"], held_out)
        seconds = latency(lambda X, m=model: ruler.ask(m, X), held_out.X, budget=budget).median
        before = None if method == ruler.table.baseline else front  # it reads no column
        costs = _costs(model, seconds / len(held_out.y) * 1e6, before)
        found.append(replace(score, figures={**score.figures, **costs}))
    return tuple(found)


def _costs(model: BaseEstimator, microseconds: float, front: Front | None) -> dict[str, Estimate]:
    """Return bytes, and microseconds per row, of a model with what stands before it."""
    whole = model if front is None else front.before(model)
    more = 0.0 if front is None else front.microseconds_per_row
    return {
        "size_bytes": Estimate(pickled_size(whole)),
        "microseconds_per_row": Estimate(microseconds + more),
    }
