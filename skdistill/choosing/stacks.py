"""The direct students' own word of each row, for stacked calibrations: fitted as it is needed."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.compat import Progress
from skdistill._ground.data import Data
from skdistill._ground.threads import thread_budget
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.strength import direct_rows, naming_the_student
from skdistill.distillation import Metadata
from skdistill.teaching.crossfit import OutOfFold
from skdistill.teaching.folds import Folds
from skdistill.teaching.pairs import Fits, fit_every, fits_for, pairs_for, training_labels

__all__ = ["Stacks", "is_stacked"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Pair = tuple[int, int]


def is_stacked(candidate: Candidate) -> bool:
    """Whether a candidate needs the direct student's own word."""
    return candidate.settings.calibration == "stacked"


class Stacks:
    """Direct students fitted on pairs of folds, as the teachers of a pool are, and on folds.

    A pair is fitted when a validation fold first needs it, the folds themselves when a stacked
    candidate is fitted to all rows.

    Parameters
    ----------
    data : Data
        The rows.
    folds : Folds
        Those of the pool.
    metadata : mapping of str to Metadata
        By name of the student.
    n_jobs, verbose
        Of `evaluate`.
    """

    def __init__(
        self,
        data: Data,
        folds: Folds,
        metadata: Mapping[str, Metadata],
        *,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.data = data
        self.folds = folds
        self.metadata = metadata
        self.how = {"n_jobs": n_jobs, "verbose": verbose}
        self.n_fits = 0
        self._found: dict[tuple[int, Pair], tuple[Fits, OutOfFold]] = {}

    def prepare(self, candidates: Sequence[Candidate], validation: Sequence[int]) -> None:
        """Fit what the stacked ones among candidates need on some validation folds."""
        groups = {c.group: c for c in candidates if is_stacked(c)}
        for candidate in groups.values():
            self._fit(candidate, pairs_for(self.folds, validation))

    def training(self, candidate: Candidate, validation: int) -> Floats:
        """Return what is said of the training rows of a validation fold, shape (n, C)."""
        self.prepare([candidate], [validation])

        def labels_of(rows: Index, pair: Pair) -> Floats:
            return self._labels_of(candidate, rows, pair)

        return training_labels(self.folds, validation, labels_of)

    def out_of_fold(self, candidate: Candidate) -> Floats | None:
        """Return what is said of all rows, shape (n, C); None if the candidate is not stacked."""
        if not is_stacked(candidate):
            return None
        alone = [(k, k) for k in range(len(self.folds))]
        self._fit(candidate, alone)
        tests = [test for _, test in self.folds.splits]
        parts = [self._labels_of(candidate, tests[k], (k, k)) for k, _ in alone]
        return OutOfFold.gather(tuple(parts), self.folds).values

    def _labels_of(self, candidate: Candidate, rows: Index, pair: Pair) -> Floats:
        fits, out = self._found[candidate.group, pair]
        return fits.labels_of(rows, out, pair)

    def _fit(self, candidate: Candidate, pairs: Sequence[Pair]) -> None:
        missing = [pair for pair in pairs if (candidate.group, pair) not in self._found]
        if not missing:
            return
        adapter, own = candidate.settings.adapter, self.metadata[candidate.name]
        threads = thread_budget(self.how["n_jobs"], len(missing))
        student, rows = direct_rows(adapter.with_threads(threads), self.data.X, self.data.outcome)
        weight = {} if own.student_weight is None else {"sample_weight": own.student_weight}
        with naming_the_student(adapter.student):
            fits = fits_for(self.folds, missing)
            out = fit_every(
                student,
                rows,
                self.data.y,
                fits,
                outcome=self.data.outcome,
                params=own.student | weight,
                progress=Progress(None),
                **self.how,
            )
        self.n_fits += len(fits.folds)
        self._found |= dict.fromkeys([(candidate.group, pair) for pair in missing], (fits, out))
