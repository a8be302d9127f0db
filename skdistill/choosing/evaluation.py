"""Fitting every candidate on the validation folds of the pool, and judging it there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.clock import Deadline, now
from skdistill._ground.compat import Progress, warn_user
from skdistill._ground.data import Data
from skdistill._ground.engines import fan_out, on_engine
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.planning import Planner
from skdistill.choosing.racing import rounds
from skdistill.choosing.scores import Board, Scores
from skdistill.choosing.scoring import Judge
from skdistill.choosing.stacks import Stacks, is_stacked
from skdistill.choosing.trials import run
from skdistill.distillation import Distilled, Metadata, fit_student, train_directly
from skdistill.exceptions import InputError, SkdistillWarning
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import label_synthetic
from skdistill.rows.transfer import Transfer, label_transfer
from skdistill.teaching.labels import label_rows
from skdistill.teaching.pairs import pairs_for
from skdistill.teaching.pool import Pool

__all__ = ["Tried", "evaluate", "fit_chosen", "further_rows"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tried:
    """The candidates that were tried, what came of them, and the others.

    Attributes
    ----------
    candidates : list of Candidate
        In the order given.
    scores : Scores
        Theirs.
    untried : list of Candidate
        For which there was no time, student by student.
    n_dropped : int
        How many others lost the race: before the last fold, or before their first.
    """

    candidates: list[Candidate]
    scores: Scores
    untried: list[Candidate]
    n_dropped: int = 0


@on_engine
def evaluate(
    candidates: Sequence[Candidate],
    data: Data,
    pool: Pool,
    metadata: Mapping[str, Metadata],
    judge: Judge,
    *,
    stacks: Stacks | None = None,
    deadline: Deadline | None = None,
    racing: bool = False,
    X_transfer: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    progress: Progress | None = None,
) -> Tried:
    """Fit every candidate per validation fold, and judge it on the fold's true labels.

    With a deadline the students come one after another, in their order, each directly and then
    distilled. What is not expected to end in time is not begun, but for the first of each side: a
    distilled candidate is tried only if its direct counterpart was.

    Parameters
    ----------
    candidates : sequence of Candidate
        What is to be tried.
    data : Data
        The rows.
    pool : Pool
        The teacher's labels per validation fold.
    metadata : mapping of str to Metadata
        By name of the student.
    judge : Judge
        How students are judged.
    stacks : Stacks or None, default=None
        The direct students' own labels; None to fit what stacked candidates need.
    deadline : Deadline or None, default=None
        Until when.
    racing : bool, default=False
        Whether the folds are gone through one by one, and losers dropped after each
        (`skdistill.choosing.racing`).
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
    tried : Tried
    """
    deadline = Deadline.of(None) if deadline is None else deadline
    if stacks is None:
        stacks = Stacks(data, pool.folds, metadata, n_jobs=n_jobs, verbose=verbose)
    planner = Planner(data, pool, stacks, X_transfer, n_jobs)
    own = {name: replace(each, teacher={}) for name, each in metadata.items()}
    rows = data.X, (replace(data, X=None), own)
    how: dict[str, Any] = {"n_jobs": n_jobs, "verbose": verbose, "heavy": 2}
    board = Board(candidates, data, pool, judge)
    with (progress or Progress(None)).step("fit the candidates", n_steps=None) as step:
        n_folds = len(pool.validation)
        for block in _blocks(board, pool, deadline):
            whole = [(block, range(n_folds))]
            for running, places in rounds(board, block, n_folds) if racing else whole:
                tasks = planner.tasks(running, places)
                with step.step("fit students, alone and distilled", n_steps=len(tasks)) as part:
                    numbered = [(number, *task) for number, task in enumerate(tasks)]
                    done = fan_out(run, (*rows, part), numbered, **how)
                for (task, *_), trials in zip(tasks, done, strict=True):
                    board.note(task, trials)
    numbers = [i for i, tried in enumerate(board.tried) if tried]
    kept = [candidates[i] for i in numbers]
    scores = board.scores().of(numbers)
    _check_judged(kept, scores, board.dropped[numbers])
    left = [candidates[i] for i in np.flatnonzero(~board.tried & ~board.dropped)]
    left.sort(key=lambda candidate: candidate.group)
    return Tried(kept, scores, left, int(board.dropped.sum()))


def _blocks(board: Board, pool: Pool, deadline: Deadline) -> Iterator[list[Candidate]]:
    """Yield what is to be tried next, as long as there is time; without a limit, all at once."""
    if deadline.limit is None:
        yield list(board.candidates)
        return
    groups: dict[int, list[Candidate]] = {}
    for candidate in board.candidates:
        groups.setdefault(candidate.group, []).append(candidate)
    for turn, members in enumerate(groups.values()):
        if turn and deadline.left <= 0.0:
            return
        start = now()
        yield [c for c in members if c.is_direct]
        took = now() - start
        others = [c for c in members if not c.is_direct]
        if not turn or deadline.left > took * _n_fits(others, pool) / len(pool.validation):
            yield others


def _n_fits(candidates: Sequence[Candidate], pool: Pool) -> int:
    """Return how many fits candidates of one student need on all validation folds."""
    pairs = pairs_for(pool.folds, pool.validation) if any(map(is_stacked, candidates)) else []
    return len(candidates) * len(pool.validation) + len(pairs)


def _check_judged(
    candidates: Sequence[Candidate], scores: Scores, dropped: NDArray[np.bool_]
) -> None:
    """Raise InputError where a side has no score at all, and warn where some have none."""
    lost = np.isnan(scores.loss).any(axis=1) & ~dropped
    is_direct = np.array([c.is_direct for c in candidates])
    none = [bool(np.all((lost | dropped)[side])) for side in (is_direct, ~is_direct)]
    if any(none):
        raise InputError(
            "the scoring gave NaN in some validation fold to every student that is trained "
            f"{'directly' if none[0] else 'by the teacher'}, so none can be chosen: "
            "is a class missing from a fold's test rows? Use stratified folds, or another scoring."
        )
    if lost.any():
        warn_user(
            f"the scoring gave NaN for {lost.sum()} of {len(candidates)} candidates in some "
            "validation fold, so they cannot be chosen: is a class missing from its test rows?",
            SkdistillWarning,
        )


def further_rows(
    candidates: Sequence[Candidate], data: Data, pool: Pool, X_transfer: Any = None
) -> dict[Munge | None, Transfer]:
    """Return the rows without labels that candidates are fitted on as well, for a fit to all rows.

    Parameters
    ----------
    candidates : sequence of Candidate
        What was tried.
    data, pool, X_transfer
        Of `evaluate`.

    Returns
    -------
    further : dict of Munge or None to Transfer
        Synthetic rows by what made them; under None the transfer rows.
    """
    teachers = pool.out_of_fold.teachers or ()
    further: dict[Munge | None, Transfer] = {}
    if X_transfer is not None:
        further[None] = label_transfer(teachers, X_transfer, data.outcome)
    for munge in dict.fromkeys(c.settings.synthetic for c in candidates):
        if munge is not None:
            rows = data.X, pool.folds.parts
            further[munge] = label_synthetic(munge, *rows, teachers.__getitem__, data.outcome)
    return further


def fit_chosen(
    candidate: Candidate,
    data: Data,
    raw: Floats,
    metadata: Metadata,
    *,
    stack: Floats | None = None,
    further: Mapping[Munge | None, Transfer] | None = None,
) -> Distilled:
    """Fit one candidate on all rows, to the ordinary out-of-fold labels.

    A direct student is fitted on all rows, those without labels of the teacher included.

    Parameters
    ----------
    candidate : Candidate
        The choice.
    data, metadata
        Of `evaluate`.
    raw : array of shape (n, C)
        What the teacher says of the rows, out of fold.
    stack : array of shape (n, C) or None, default=None
        The direct student's own out-of-fold word, if it is stacked.
    further : mapping or None, default=None
        Of `further_rows`; None for none.

    Returns
    -------
    distilled : Distilled
    """
    settings = candidate.settings
    labels = label_rows(raw, data, settings.calibration, stack, loss=settings.labels_by[1])
    if candidate.is_direct:
        return train_directly(settings, data, labels, metadata)
    return fit_student(settings, data, labels, metadata, (further or {}).get(settings.synthetic))
