"""Fitting every candidate on the validation folds of the pool, and judging it there."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from skdistill._ground.arrays import to_host
from skdistill._ground.compat import Progress, take_rows, warn_user
from skdistill._ground.costs import size_bytes
from skdistill._ground.data import Data
from skdistill._ground.threads import thread_budget
from skdistill.choosing.budget import Budget, Cost, measure
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scores import Scores
from skdistill.choosing.scoring import Judge
from skdistill.choosing.strength import direct_rows, naming_the_student
from skdistill.distillation import (
    Distilled,
    Metadata,
    fit_student,
    make_problem,
    train_directly,
)
from skdistill.exceptions import InputError, SkdistillWarning, StudentError, StudentTypeError
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import Synthetic, label_synthetic
from skdistill.rows.transfer import Transfer, label_transfer
from skdistill.students import Problem, direct_problem, fit_within, predict_fitted
from skdistill.teaching.labels import Labels, label_rows, true_labels
from skdistill.teaching.pool import Pool, fit_pool

__all__ = ["evaluate", "fit_chosen", "fit_stacks"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class _Trial:
    """One fitted candidate's probabilities of the test rows, and what they cost."""

    p: Floats
    fit_time: float
    score_time: float
    size: float
    n_fits: int  # those of all that were fitted together, in the first of them
    cost: Cost | None  # where it was asked for


@dataclass(frozen=True)
class _Task:
    """Candidates of one student on one validation fold: what a worker is sent.

    `place` is that of the fold among the validation folds; `labels` are by what they
    depend on, of the training rows in their order; `further` are rows without labels to fit on as
    well, by what made them.
    """

    fold: int
    place: int
    candidates: tuple[Candidate, ...]
    train: Index
    test: Index
    labels: Mapping[Any, Labels]
    metadata: Metadata
    further: Mapping[Munge | None, Transfer]
    threads: int | None
    budget: Budget | None

    @property
    def is_first(self) -> bool:
        """Whether this is the fold on which sizes are looked at: boosters are slow to pickle."""
        return self.place == 0

    def chunks(self, n: int) -> "list[_Task]":
        """Return the task in at most `n` parts; in none, if it has no candidates."""
        parts = (self.candidates[i::n] for i in range(n))
        return [replace(self, candidates=part) for part in parts if part]


def evaluate(
    candidates: Sequence[Candidate],
    data: Data,
    pool: Pool,
    metadata: Mapping[str, Metadata],
    judge: Judge,
    *,
    stacks: Mapping[int, Pool],
    budget: Budget | None = None,
    X_transfer: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    progress: Progress | None = None,
) -> Scores:
    """Fit every candidate per validation fold, and judge it on the fold's true labels.

    Parameters
    ----------
    candidates : sequence of Candidate
        What is tried.
    data : Data
        The rows.
    pool : Pool
        The teacher's labels per validation fold.
    metadata : mapping of str to Metadata
        By name of the student.
    judge : Judge
        How students are judged.
    stacks : mapping of int to Pool
        The direct student's own labels, by group, where there is a stacked candidate.
    budget : Budget or None, default=None
        What is to be measured of students besides.
    X_transfer : array-like or data frame of N rows, or None, default=None
        Unlabelled rows to fit on as well; the pool must have kept its teachers.
    n_jobs : int or None, default=None
        Fits at once; the students' threads are bounded to share the cores.
    verbose : int, default=0
        Of joblib.
    progress : Progress or None, default=None
        Where to report tasks.

    Returns
    -------
    scores : Scores
    """
    tasks = [
        replace(task, budget=budget if task.is_first else None)
        for task in _plan(candidates, data, pool, metadata, stacks, X_transfer, n_jobs)
    ]
    with (progress or Progress(None)).step("fit the candidates", n_steps=len(tasks)) as step:
        done = Parallel(n_jobs=n_jobs, verbose=verbose)(
            delayed(_run)(task, data, number, step) for number, task in enumerate(tasks)
        )
    scores = _gather(tasks, done, candidates, data, pool, judge)
    lost = np.isnan(scores.loss).any(axis=1)
    is_direct = np.array([c.is_direct for c in candidates])
    if lost[is_direct].all() or lost[~is_direct].all():
        raise InputError(
            "the scoring gave NaN in some validation fold to every student that is trained "
            f"{'directly' if lost[is_direct].all() else 'by the teacher'}, so none can be chosen: "
            "is a class missing from a fold's test rows? Use stratified folds, or another scoring."
        )
    if lost.any():
        warn_user(
            f"the scoring gave NaN for {lost.sum()} of {len(candidates)} candidates in some "
            "validation fold, so they cannot be chosen: is a class missing from its test rows?",
            SkdistillWarning,
        )
    return scores


def _gather(
    tasks: Sequence[_Task],
    done: Sequence[list[_Trial]],
    candidates: Sequence[Candidate],
    data: Data,
    pool: Pool,
    judge: Judge,
) -> Scores:
    """Judge every trial, and put what came of it in its place."""
    shape = len(candidates), len(pool.validation)
    loss, fit_time, score_time = (np.full(shape, np.nan) for _ in range(3))
    size = np.full(shape[0], np.nan)
    costs: list[Any] = [None] * shape[0]
    place = {id(c): number for number, c in enumerate(candidates)}
    rows: list[Any] = [None] * shape[1]
    said: list[list[Any]] = [[None] * shape[0] for _ in range(shape[1])]
    tests = [pool.folds.splits[k][1] for k in pool.validation]
    for task, trials in zip(tasks, done, strict=True):
        v, part = task.place, data.take(task.test)
        for candidate, trial in zip(task.candidates, trials, strict=True):
            c = place[id(candidate)]
            said[v][c] = trial.p
            loss[c, v] = judge.loss(part, trial.p, part.weight)
            fit_time[c, v], score_time[c, v] = trial.fit_time, trial.score_time
            size[c] = trial.size if task.is_first else size[c]
            costs[c] = trial.cost or costs[c]
            of_rows = judge.rows(part, trial.p, part.weight)
            if of_rows is not None:
                rows[v] = np.full((shape[0], len(part)), np.nan) if rows[v] is None else rows[v]
                rows[v][c] = of_rows
    n_fits = sum(trial.n_fits for trials in done for trial in trials)
    weight = np.ones(len(data)) if data.weight is None else data.weight
    unit = data.kept
    if data.groups is not None:
        unit = np.unique(data.groups, return_inverse=True)[1]
    weights, units = (tuple(values[test] for test in tests) for values in (weight, unit))
    found = () if rows[0] is None else tuple(rows)
    said_of = tuple(map(tuple, said))
    known = () if None in costs else tuple(costs)
    return Scores(loss, found, weights, units, fit_time, score_time, size, said_of, n_fits, known)


def _plan(
    candidates: Sequence[Candidate],
    data: Data,
    pool: Pool,
    metadata: Mapping[str, Metadata],
    stacks: Mapping[int, Pool],
    X_transfer: Any,
    n_jobs: int | None,
) -> list[_Task]:
    """Cut the work into tasks, at least one per worker; labels are made once per fold."""
    groups: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.group, []).append(candidate)
    n_workers = joblib.effective_n_jobs(n_jobs)
    n_chunks = -(-n_workers // (len(groups) * len(pool.validation)))
    threads = thread_budget(n_jobs, n_chunks * len(groups) * len(pool.validation))
    tasks = []
    for v, k in enumerate(pool.validation):
        train = np.flatnonzero(~np.isnan(pool.values[v][:, 0]))
        part, test = data.take(train), pool.folds.splits[k][1]
        shared = _calibrated(
            [c.settings.labels_by for c in candidates if c.settings.calibration != "stacked"],
            part,
            pool.values[v][train],
        )
        further: dict[Munge | None, Transfer] = {
            munge: _synthetic(munge, data, pool, k).take(train)
            for munge in dict.fromkeys(c.settings.synthetic for c in candidates)
            if munge is not None
        }
        if X_transfer is not None:
            further[None] = Transfer(X_transfer, pool.label(X_transfer, k, data.outcome))
        for group, members in groups.items():
            labels = shared
            if group in stacks:
                own = stacks[group].values[v][train]
                stacked = [c for c in members if c.settings.calibration == "stacked"]
                keys = [c.settings.labels_by for c in stacked]
                labels = shared | _calibrated(keys, part, pool.values[v][train], own)
            of_rows = metadata[members[0].name]
            rows = of_rows.take(train, len(data))
            task = _Task(k, v, tuple(members), train, test, labels, rows, further, threads, None)
            past = np.unique(pool.folds.splits[k][0])
            for each in _with_all_rows(task, past, data, of_rows):
                tasks += each.chunks(n_chunks)
    return tasks


def _synthetic(munge: Munge, data: Data, pool: Pool, k: int) -> Synthetic:
    """Return synthetic rows of the training rows of validation fold k, labelled for it."""
    train = pool.folds.splits[k][0]
    parts = {j: np.intersect1d(pool.folds.splits[j][1], train) for j in pool.partners(k)}
    return label_synthetic(munge, data.X, parts, lambda j: pool.teacher(j, k), data.outcome)


def _with_all_rows(task: _Task, past: Index, data: Data, metadata: Metadata) -> list[_Task]:
    """Return the tasks of distilled and of direct students.

    The latter are fitted on all training rows of the fold, as they will be in the end: what the
    teacher says nothing of, the first rows in time, has labels all the same.
    """
    if len(past) == len(task.train):
        return [task]
    direct = [c for c in task.candidates if c.is_direct]
    others = [c for c in task.candidates if not c.is_direct]
    labels = dict.fromkeys((c.settings.labels_by for c in direct), true_labels(data).take(past))
    of_rows = metadata.take(past, len(data))
    alone = replace(task, candidates=tuple(direct), train=past, labels=labels, metadata=of_rows)
    return [replace(task, candidates=tuple(others)), alone]


def _calibrated(
    keys: Iterable[Any], data: Data, raw: Floats, student: Floats | None = None
) -> dict[Any, Labels]:
    """Return labels by what they depend on (`Settings.labels_by`)."""
    how: dict[str, Any] = {"may_be_constant": True}
    return {
        (name, loss): label_rows(raw, data, name, student, loss=loss, **how)
        for name, loss in dict.fromkeys(keys)
    }


def _run(task: _Task, data: Data, number: int, progress: Progress) -> list[_Trial]:
    """Fit the candidates of a task and predict the test rows."""
    with progress.step(f"{task.candidates[0].name}, fold {task.fold}", number):
        return _try(task, data)


def _try(task: _Task, data: Data) -> list[_Trial]:
    train, X_test, own = data.take(task.train), take_rows(data.X, task.test), task.metadata
    alike: dict[Any, list[int]] = {}
    for number, candidate in enumerate(task.candidates):
        key = id(candidate.settings.adapter), id(_further(candidate, task))
        alike.setdefault(key, []).append(number)
    trials: dict[int, _Trial] = {}
    for numbers in alike.values():
        chosen = [task.candidates[i] for i in numbers]
        start = time.perf_counter()
        problems = [_problem(c, train, task) for c in chosen]
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
        fit_time = (time.perf_counter() - start) / len(chosen)
        for i, model in zip(numbers, done.fitted, strict=True):
            start = time.perf_counter()
            p = np.asarray(to_host(predict_fitted(model, X_test)), dtype=np.float64)
            score_time = time.perf_counter() - start
            # A booster is slow to pickle: the size is looked at once per candidate.
            size = (size_bytes(model.model) if task.is_first else None) or np.nan
            cost = None if task.budget is None else measure(task.budget, model, X_test)
            n_fits = done.n_fits if i == numbers[0] else 0
            trials[i] = _Trial(p, fit_time, score_time, size, n_fits, cost)
    return [trials[i] for i in range(len(task.candidates))]


def _further(candidate: Candidate, task: _Task) -> Transfer | None:
    return None if candidate.is_direct else task.further.get(candidate.settings.synthetic)


def _problem(candidate: Candidate, train: Data, task: _Task) -> Problem:
    settings = candidate.settings
    labels = task.labels[settings.labels_by]
    return make_problem(settings, train, labels, task.metadata, _further(candidate, task))[0]


def fit_stacks(
    candidates: Sequence[Candidate],
    data: Data,
    pool: Pool,
    metadata: Mapping[str, Metadata],
    *,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> dict[int, Pool]:
    """Return the direct student's own pool, by group, for each with a stacked candidate.

    Parameters
    ----------
    candidates, data, pool, metadata, n_jobs, verbose
        Of `evaluate`.

    Returns
    -------
    stacks : dict of int to Pool
        On the folds of `pool`.
    """
    stacks: dict[int, Pool] = {}
    for candidate in candidates:
        if candidate.settings.calibration != "stacked" or candidate.group in stacks:
            continue
        adapter, own = candidate.settings.adapter, metadata[candidate.name]
        weight = own.student_weight
        budget = thread_budget(n_jobs, len(pool.folds))
        student, rows = direct_rows(adapter.with_threads(budget), data.X, data.outcome)
        with naming_the_student(adapter.student):
            on = student, rows, data.y, pool.folds, pool.validation
            stacks[candidate.group] = fit_pool(
                *on,
                outcome=data.outcome,
                params=own.student | ({} if weight is None else {"sample_weight": weight}),
                n_jobs=n_jobs,
                verbose=verbose,
            )
    return stacks


def fit_chosen(
    candidate: Candidate,
    data: Data,
    pool: Pool,
    metadata: Metadata,
    *,
    stack: Pool | None = None,
    X_transfer: Any = None,
) -> Distilled:
    """Fit one candidate on all rows, to the ordinary out-of-fold labels.

    A direct student is fitted on all rows, those without labels of the teacher included.

    Parameters
    ----------
    candidate : Candidate
        The choice.
    data, pool, metadata, X_transfer
        Of `evaluate`.
    stack : Pool or None, default=None
        The direct student's own pool, if it is stacked.

    Returns
    -------
    distilled : Distilled
    """
    settings = candidate.settings
    raw = pool.out_of_fold.values
    if candidate.is_direct:
        labels = label_rows(raw, data, settings.calibration, loss=settings.labels_by[1])
        return train_directly(settings, data, labels, metadata)
    own = None if stack is None else stack.out_of_fold.values
    labels = label_rows(raw, data, settings.calibration, own, loss=settings.labels_by[1])
    further: Transfer | None = None
    teachers = pool.out_of_fold.teachers or ()
    if X_transfer is not None:
        further = label_transfer(teachers, X_transfer, data.outcome)
    elif settings.synthetic is not None:
        rows = data.X, pool.folds.parts
        further = label_synthetic(settings.synthetic, *rows, teachers.__getitem__, data.outcome)
    return fit_student(settings, data, labels, metadata, further)
