"""Fitting candidates of one student on one validation fold: what a worker does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.arrays import to_host
from skdistill._ground.clock import now
from skdistill._ground.compat import Progress, take_rows
from skdistill._ground.data import Data
from skdistill._ground.row_sets import Rows
from skdistill.choosing.budget import Cost, measure
from skdistill.choosing.candidates import Candidate
from skdistill.distillation import Metadata, make_problem
from skdistill.exceptions import StudentError, StudentTypeError
from skdistill.rows.munge import Munge
from skdistill.rows.transfer import Transfer
from skdistill.students import Problem, direct_problem, fit_within, predict_fitted
from skdistill.teaching.labels import Labels

__all__ = ["FoldRows", "Task", "Trial", "run"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """One fitted candidate's probabilities of the test rows, and what they cost."""

    p: Floats
    fit_time: float
    score_time: float
    n_fits: int  # those of all that were fitted together, in the first of them
    cost: Cost | None  # where it was asked for


@dataclass(frozen=True)
class FoldRows:
    """What all tasks on one validation fold read, whatever their student.

    `labels` are by what they depend on, of the training rows in their order; `further` are rows
    without labels to fit on as well, by what made them.
    """

    train: Rows
    test: Rows
    labels: Mapping[Any, Labels]
    further: Mapping[Munge | None, Transfer]


@dataclass(frozen=True)
class Task:
    """Candidates of one student on one validation fold: what a worker is sent beside its rows.

    `place` is that of the fold among the validation folds.
    """

    fold: int
    place: int
    candidates: tuple[Candidate, ...]
    threads: int | None

    @property
    def is_first(self) -> bool:
        """Whether this is the fold on which costs are looked at: boosters are slow to pickle."""
        return self.place == 0

    def chunks(self, n: int) -> "list[Task]":
        """Return the task in at most `n` parts; in none, if it has no candidates."""
        parts = (self.candidates[i::n] for i in range(n))
        return [replace(self, candidates=part) for part in parts if part]


def run(
    X: Any,
    beside: tuple[Data, Mapping[str, Metadata]],
    progress: Progress,
    number: int,
    task: Task,
    rows: FoldRows,
    stacked: Mapping[Any, Labels],
) -> list[Trial]:
    """Fit the candidates of a task and predict the test rows; `beside` is what comes with X.

    Of `stacked` are the labels that the student has a part in.
    """
    name = task.candidates[0].name
    with progress.step(f"{name}, fold {task.fold}", number):
        own = beside[1][name].take(rows.train.numbers, len(beside[0]))
        all_rows = replace(rows, labels={**rows.labels, **stacked})
        return _try(task, replace(beside[0], X=X), own, all_rows)


def _try(task: Task, data: Data, own: Metadata, rows: FoldRows) -> list[Trial]:
    train, X_test = data.take(rows.train.numbers), take_rows(data.X, rows.test.numbers)
    alike: dict[Any, list[int]] = {}
    for number, candidate in enumerate(task.candidates):
        key = id(candidate.settings.adapter), id(_further(candidate, rows))
        alike.setdefault(key, []).append(number)
    trials: dict[int, Trial] = {}
    for numbers in alike.values():
        chosen = [task.candidates[i] for i in numbers]
        start = now()
        problems = [_problem(c, train, own, rows) for c in chosen]
        problems = [replace(problem, X=problems[0].X) for problem in problems]
        adapter = chosen[0].settings.adapter.with_threads(task.threads)
        beside = own.student_weight, own.student
        labelled = partial(direct_problem, adapter, train.X, train.y, *beside)
        try:
            done = fit_within(chosen[0].settings.size, adapter, problems, labelled, len(train))
        except Exception as error:
            kind = StudentTypeError if isinstance(error, TypeError) else StudentError
            raise kind(
                f"the student {chosen[0].name!r} could not be fitted on the training rows of "
                f"validation fold {task.fold}: {type(error).__name__}: {error}"
            ) from error
        fit_time = (now() - start) / len(chosen)
        like: Cost | None = None  # those alike are as fast: they differ in their labels only
        for i, model in zip(numbers, done.fitted, strict=True):
            start = now()
            p = np.asarray(to_host(predict_fitted(model, X_test)), dtype=np.float64)
            score_time = now() - start
            if task.is_first:
                like = measure(model, X_test, like)
            trials[i] = Trial(p, fit_time, score_time, done.n_fits if i == numbers[0] else 0, like)
    return [trials[i] for i in range(len(task.candidates))]


def _further(candidate: Candidate, rows: FoldRows) -> Transfer | None:
    return None if candidate.is_direct else rows.further.get(candidate.settings.synthetic)


def _problem(candidate: Candidate, train: Data, own: Metadata, rows: FoldRows) -> Problem:
    settings = candidate.settings
    labels = rows.labels[settings.labels_by]
    return make_problem(settings, train, labels, own, _further(candidate, rows))[0]
