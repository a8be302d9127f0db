"""What a search keeps of its candidates, so that another of them can be fitted later."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.choosing.budget import Budget, Cost, affordable
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scores import Scores
from skdistill.choosing.selection import smooth

__all__ = ["Shelf", "Slot"]


@dataclass(frozen=True)
class Slot:
    """One candidate.

    Attributes
    ----------
    name : str
        Of the student.
    params : mapping
        Its parameters, as in `best_params_`.
    is_direct : bool
        Whether it is trained on the labels.
    """

    name: str
    params: Mapping[str, Any]
    is_direct: bool


@dataclass(frozen=True)
class Shelf:
    """The candidates of a search, by their losses and costs.

    Attributes
    ----------
    slots : tuple of C Slot
        The candidates.
    loss : array of shape (C,)
        What they were chosen by: the mean over folds, smoothed where the search smooths; infinite
        where it is not known.
    costs : tuple of C Cost
        Of the students of the first fold.
    powers : tuple of C float
        Of `Scores`.
    """

    slots: tuple[Slot, ...]
    loss: NDArray[np.float64]
    costs: tuple[Cost, ...]
    powers: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        candidates: Sequence[Candidate],
        scores: Scores,
        *,
        smoothed: bool,
        fallen: Collection[str],
    ) -> "Shelf":
        """Put away what can be chosen.

        Parameters
        ----------
        candidates : sequence of Candidate
            What was tried.
        scores : Scores
            What came of them.
        smoothed : bool
            Whether losses are smoothed along the strength.
        fallen : collection of str
            Names of the students of which only the direct ones may be chosen.

        Returns
        -------
        shelf : Shelf
        """
        mean = scores.loss.mean(axis=1)
        loss = smooth(candidates, mean) if smoothed else mean
        stands = [c.is_direct or c.name not in fallen for c in candidates]
        slots = tuple(Slot(c.name, dict(c.params), c.is_direct) for c in candidates)
        known = np.where(np.isnan(mean) | ~np.array(stands), np.inf, loss)
        return cls(slots, known, scores.costs, scores.powers)

    def best(self, budget: Budget, costs: Sequence[Cost]) -> int:
        """Return the number of the best candidate within the limits.

        Parameters
        ----------
        budget : Budget
            The limits.
        costs : sequence of C Cost
            What the candidates cost, as far as it is known by now.

        Returns
        -------
        number : int

        Raises
        ------
        ParameterError
            If none is within them.
        """
        known = np.flatnonzero(np.isfinite(self.loss))
        names = [self.slots[c].name for c in known]
        within = known[affordable(budget, [costs[c] for c in known], names)]
        return int(within[np.argmin(self.loss[within])])
