"""Racing: a candidate that is worse than the best of its like is not fitted to more folds.

On the first fold every student is tried directly and with one distilled candidate, then the other
distilled candidates of those that have not lost; the later folds see who is left. After each round
every candidate is compared, row by row, with the best so far of its heat: those of the same student
on the same side. It is dropped when the interval of the difference lies above zero at the level
.68: about one standard error, which is the verdict's own (`mean_gap`: rows, folds and the overlap
of training sets all widen it). This is the racing of Maron and Moore (*The racing algorithm: model
selection for lazy learners*, Artificial Intelligence Review, 1997) with paired differences. So low
a level loses candidates that are as good as the best about once in six comparisons; they are
replaced by their equals, and at .95 hardly anything is dropped (``python -m benchmarks.racing``).

A student's own grid may say how large it is: each of its points is a heat of its own, so that a
budget finds what it would have found. The points of ``settings="auto"`` share one. The best of a
side is never dropped, nor a direct student whose distilled counterpart still runs.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from skdistill._ground.estimates import margin
from skdistill.choosing.candidates import Candidate
from skdistill.choosing.scores import Board

__all__ = ["LEVEL", "rounds", "survivors"]

LEVEL = 0.68  # of the interval of one comparison


def rounds(
    board: Board, block: Sequence[Candidate], n_folds: int
) -> Iterator[tuple[list[Candidate], list[int]]]:
    """Yield what is to be fitted next, and on which folds; the board must know the last round.

    Parameters
    ----------
    board : Board
        Where what came of a round is written before the next is asked for.
    block : sequence of Candidate
        Those who race each other, and whoever of their heats is on the board.
    n_folds : int
        Validation folds.

    Yields
    ------
    candidates : list of Candidate
    places : list of int
        Of the folds among the validation folds.
    """
    firsts = _firsts(block)
    yield firsts, [0]
    running = survivors(board, firsts, [0])
    groups = {c.group for c in running if not c.is_direct}
    seen = {board.place(c) for c in firsts}
    others = [c for c in block if c.group in groups and board.place(c) not in seen]
    if others:
        yield others, [0]
        running = survivors(board, sorted([*running, *others], key=board.place), [0])
    for v in range(1, n_folds):
        if not running:
            break
        yield running, [v]
        if v + 1 < n_folds:
            running = survivors(board, running, list(range(v + 1)))
    left = {board.place(c) for c in running}
    board.drop(c for c in block if board.place(c) not in left)


def _firsts(block: Sequence[Candidate]) -> list[Candidate]:
    """Return the direct candidates, and of each student the distilled one nearest to halfway."""
    direct = [c for c in block if c.is_direct]
    others: dict[int, list[Candidate]] = {}
    for candidate in block:
        if not candidate.is_direct:
            others.setdefault(candidate.group, []).append(candidate)
    return direct + [min(members, key=_from_halfway) for members in others.values()]


def _from_halfway(candidate: Candidate) -> float:
    strength = candidate.settings.strength
    return abs((0.0 if strength is None else strength) - 0.5)


def survivors(
    board: Board, candidates: Iterable[Candidate], places: Sequence[int], *, level: float = LEVEL
) -> list[Candidate]:
    """Return the candidates that are worth fitting on a further fold.

    Parameters
    ----------
    board : Board
        What came of the trials so far, with a loss per row.
    candidates : iterable of Candidate
        Those in the race: tried on all of `places`.
    places : sequence of int
        The folds so far, among the validation folds.
    level : float, default=LEVEL
        Of the intervals.

    Returns
    -------
    candidates : list of Candidate
        In the same order.
    """
    racing = [board.place(c) for c in candidates]
    mean = board.loss[:, places].mean(axis=1)
    heats: dict[tuple[int, bool], list[int]] = {}
    for number in np.flatnonzero(np.isfinite(mean)):  # of earlier blocks as well
        candidate = board.candidates[number]
        heats.setdefault((candidate.heat, candidate.is_direct), []).append(int(number))
    lost: set[int] = set()
    for members in heats.values():
        best = min(members, key=lambda number: mean[number])
        lost.update(i for i in members if i != best and _is_worse(board, i, best, places, level))
    running = {
        board.candidates[i].group
        for i in racing
        if i not in lost and not board.candidates[i].is_direct
    }
    return [
        board.candidates[i]
        for i in racing
        if i not in lost or (board.candidates[i].is_direct and board.candidates[i].group in running)
    ]


def _is_worse(board: Board, number: int, best: int, places: Sequence[int], level: float) -> bool:
    gap, count = board.gap(number, best, places)
    return gap.mean > margin(gap, count, level)
