"""Cutting the fits of candidates into tasks: labels and further rows are made once per fold."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data
from skdistill._ground.engines import n_slots
from skdistill._ground.row_sets import Rows
from skdistill._ground.threads import thread_budget
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.stacks import Stacks, is_stacked
from skdistill.choosing.trials import FoldRows, Task
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import Synthetic, label_synthetic
from skdistill.rows.transfer import Transfer
from skdistill.teaching.fold_classes import check_taught_classes
from skdistill.teaching.labels import Labels, label_rows, true_labels
from skdistill.teaching.pool import Pool

__all__ = ["Planner"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Further = Munge | None
Work = tuple[Task, FoldRows, dict[Any, Labels]]


class Planner:
    """Knows the rows, the pool and what was made of them for each fold.

    Parameters
    ----------
    data, pool, stacks, X_transfer, n_jobs
        Of `evaluate`.
    """

    def __init__(
        self,
        data: Data,
        pool: Pool,
        stacks: Stacks,
        X_transfer: Any,
        n_jobs: int | None,
    ) -> None:
        self.data = data
        self.pool = pool
        self.stacks = stacks
        self.X_transfer = X_transfer
        self.n_jobs = n_jobs
        self._labels: dict[Any, Labels] = {}
        self._further: dict[tuple[int, Further], Transfer] = {}
        self._rows: dict[Any, FoldRows] = {}

    def tasks(self, candidates: Sequence[Candidate], places: Sequence[int]) -> list[Work]:
        """Return the work on some validation folds, at least one task per worker.

        Tasks whose rows and labels are the same name the same ones, to be sent once.

        Parameters
        ----------
        candidates : sequence of Candidate
            What is to be fitted.
        places : sequence of int
            Of the folds among the validation folds.

        Returns
        -------
        tasks : list of (Task, FoldRows, dict of Labels)
            Each with its rows, and the labels that its student has a part in.
        """
        self.stacks.prepare(candidates, [self.pool.validation[v] for v in places])
        groups: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            groups.setdefault(candidate.group, []).append(candidate)
        n_each = len(groups) * len(places)
        n_chunks = -(-n_slots(self.n_jobs) // n_each)
        threads = thread_budget(self.n_jobs, n_chunks * n_each)
        return [
            (chunk, *apart)
            for v in places
            for members in groups.values()
            for task, *apart in self._of_fold(v, members, threads)
            for chunk in task.chunks(n_chunks)
        ]

    def _of_fold(self, v: int, members: list[Candidate], threads: int | None) -> list[Work]:
        """Return the tasks of candidates of one student on one validation fold.

        Direct students have one of their own where the teacher says nothing of some rows (the first
        ones in time): these have labels all the same, and will be fitted on in the end.
        """
        pool, data, k = self.pool, self.data, self.pool.validation[v]
        train = np.flatnonzero(~np.isnan(pool.values[v][:, 0]))
        check_taught_classes(data, train, f" of validation {pool.folds.name(k)}")
        stacked = {
            c.settings.labels_by: self._labels_of(v, train, c) for c in members if is_stacked(c)
        }
        rows = self._rows_of(v, train, members)
        task = Task(k, v, tuple(members), threads)
        past = np.unique(pool.folds.splits[k][0])
        if len(past) == len(train):
            return [(task, rows, stacked)]
        direct = tuple(c for c in members if c.is_direct)
        others = tuple(c for c in members if not c.is_direct)
        true = dict.fromkeys((c.settings.labels_by for c in direct), true_labels(data).take(past))
        all_past = replace(rows, train=Rows.of(past, len(data)), labels=true)
        return [
            (replace(task, candidates=others), rows, stacked),
            (replace(task, candidates=direct), all_past, {}),
        ]

    def _rows_of(self, v: int, train: Index, members: Sequence[Candidate]) -> FoldRows:
        """Return what tasks on a validation fold read; of those alike it is the same."""
        plain = {c.settings.labels_by: c for c in members if not is_stacked(c)}
        key = v, frozenset(plain), frozenset(c.settings.synthetic for c in members)
        if key not in self._rows:
            test = self.pool.folds.splits[self.pool.validation[v]][1]
            self._rows[key] = FoldRows(
                *(Rows.of(some, len(self.data)) for some in (train, test)),
                {by: self._labels_of(v, train, c) for by, c in plain.items()},
                self._further_rows(v, train, members),
            )
        return self._rows[key]

    def _labels_of(self, v: int, train: Index, candidate: Candidate) -> Labels:
        """Return the labels of the training rows, calibrated as a candidate wants them."""
        name, loss = candidate.settings.labels_by
        stacked = is_stacked(candidate)
        key = v, name, loss, candidate.group if stacked else None
        if key not in self._labels:
            own = None
            if stacked:
                own = self.stacks.training(candidate, self.pool.validation[v])[train]
            raw, part = self.pool.values[v][train], self.data.take(train)
            how = {"loss": loss, "may_be_constant": True}
            self._labels[key] = label_rows(raw, part, name, own, **how).for_students()
        return self._labels[key]

    def _further_rows(
        self, v: int, train: Index, members: Iterable[Candidate]
    ) -> dict[Further, Transfer]:
        """Return the rows without labels that candidates are fitted on as well."""
        wanted: set[Further] = {c.settings.synthetic for c in members if c.settings.synthetic}
        if self.X_transfer is not None:
            wanted.add(None)
        for munge in wanted:
            if (v, munge) not in self._further:
                self._further[v, munge] = self._make(v, train, munge)
        return {munge: self._further[v, munge] for munge in wanted}

    def _make(self, v: int, train: Index, munge: Further) -> Transfer:
        k = self.pool.validation[v]
        if munge is not None:
            return self._synthetic(munge, k).take(train)
        return Transfer(self.X_transfer, self.pool.label(self.X_transfer, k, self.data.outcome))

    def _synthetic(self, munge: Munge, k: int) -> Synthetic:
        """Return synthetic rows of the training rows of validation fold k, labelled for it."""
        pool, data = self.pool, self.data
        train = pool.folds.splits[k][0]
        parts = {j: np.intersect1d(pool.folds.splits[j][1], train) for j in pool.partners(k)}
        return label_synthetic(munge, data.X, parts, lambda j: pool.teacher(j, k), data.outcome)
