"""What the table says, in sentences: whether distilling paid, and what speaks against it."""

from collections.abc import Iterator

import numpy as np

from skdistill._ground.estimates import Estimate
from skdistill.cli.render import HEADINGS, number
from skdistill.cli.scoreboard import Board, Verdict

__all__ = ["at_chance", "did_it_pay"]

# Scores that speak for or against distilling beside the log-loss; the sign of what is better.
HEADLINES = {"accuracy": 1, "auc": 1, "average_precision": 1, "calibration_error": -1}
UNSHOWN = "Distilling is not shown to pay"


def did_it_pay(board: Board, rows: int) -> str:
    """Say whether distilling paid on held-out rows, and name the scores that say otherwise.

    "Paid" asks for a log-loss that the 95% interval shows to be lower than that of the student
    alone, that is no higher than that of the class frequencies, and for a distilled student that is
    shown to know more than these (`Board.skilled`).

    Parameters
    ----------
    board : Board
        Of one split.
    rows : int
        Held-out rows.

    Returns
    -------
    sentence : str
    """
    verdict = board.verdict
    difference = verdict.difference
    size = number(Estimate(abs(difference.mean), difference.error))
    basis = _basis(verdict, rows)
    if verdict.outcome == "harmed":
        said = f"Distilling did not pay: log-loss {size} higher than the student alone {basis}."
    elif verdict.outcome != "helped":
        said = (
            f"{UNSHOWN}: its log-loss differs from the student's alone by "
            f"{'+' if difference.mean > 0 else ''}{number(difference)} {basis}, within chance."
        )
    elif not _beats_frequencies(board):
        said = (
            f"{UNSHOWN}: log-loss {size} lower than the student alone {basis}, but it is not shown "
            "to be better than the class frequencies, which look at no column."
        )
    else:
        said = f"Distilling paid: log-loss {size} lower than the student alone {basis}."
    against = list(_other_way(board))
    return f"{said} The other way went {' and '.join(against)}." if against else said


def at_chance(board: Board, rows: int) -> str:
    """Say that no model is shown to know anything, where that is so; to follow other sentences."""
    if board.skilled != ():
        return ""
    return (
        f" No model is shown to be better than chance: on {rows:,} held-out rows none, the teacher "
        "included, is ahead of the class frequencies by log-loss, accuracy or AUC beyond chance. "
        "Do the columns tell anything about the target?"
    )


def _beats_frequencies(board: Board) -> bool:
    """Return whether the distilled student is shown to be worth anything at all."""
    if board.skilled is None or board.baseline is None:
        return True
    return "distilled" in board.skilled and board.baseline.difference.mean <= 0


def _basis(verdict: Verdict, rows: int) -> str:
    if not np.isfinite(verdict.margin):
        return f"on {rows:,} held-out row(s), too few for an interval"
    low, high = (verdict.difference.mean + sign * verdict.margin for sign in (-1, 1))
    return f"(95% interval of the difference {low:+.4f} to {high:+.4f}) on {rows:,} held-out rows"


def _other_way(board: Board) -> Iterator[str]:
    """Yield the scores by which the student alone is better where the log-loss prefers distilled.

    And by which the distilled one is, where the log-loss prefers the student alone.
    """
    if not board.rows:
        return
    direction = -np.sign(board.verdict.difference.mean)  # 1 where distilled is better
    distilled, alone = board.row("distilled").figures, board.row("student alone").figures
    for column, sign in HEADLINES.items():
        if column not in distilled:
            continue
        own, rival = distilled[column].mean, alone[column].mean
        gain = sign * (own - rival) * direction
        if gain < 0 and f"{own:.4f}" != f"{rival:.4f}":
            yield f"{HEADINGS[column]} ({own:.4f} distilled, {rival:.4f} alone)"
