"""What the table says, in sentences: whether distilling paid, and what speaks against it."""

from collections.abc import Iterator

import numpy as np

from skdistill._ground.estimates import Estimate
from skdistill.cli.board import Board
from skdistill.cli.figures import number, quantity

__all__ = ["at_chance", "did_it_pay", "weak", "written"]

UNSHOWN = "Distilling is not shown to pay"
_TUNE = "skdistill search --tune tries other settings on both sides"
_CURES = {
    "teacher": "take another one (--teacher)",
    "student alone": f"it is as its library has it, not tuned; {_TUNE}",
}


def did_it_pay(board: Board, rows: int) -> str:
    """Say whether distilling paid on held-out rows, and name the scores that say otherwise.

    "Paid" asks for a loss that the 95% interval shows to be lower than that of the student alone,
    that is no higher than that of the baseline, and for a distilled student that is shown to know
    more than this (`Board.skilled`).

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
    verdict, loss = board.verdict, board.table.loss
    difference = verdict.difference
    size = written(board, Estimate(abs(difference.mean), difference.error))
    basis = _basis(board, rows)
    if verdict.outcome == "harmed":
        said = f"Distilling did not pay: {loss} {size} higher than the student alone {basis}."
    elif verdict.outcome != "helped":
        said = (
            f"{UNSHOWN}: its {loss} differs from the student's alone by "
            f"{'+' if difference.mean > 0 else ''}{written(board, difference)} {basis}, within "
            "chance."
        )
    elif not _beats_baseline(board):
        said = (
            f"{UNSHOWN}: it lowers the student's {loss} by {size} {basis}, but the result is not "
            f"shown to be better than {board.table.blind}."
        )
    else:
        said = f"Distilling paid: {loss} {size} lower than the student alone {basis}."
    against = list(_other_way(board))
    return f"{said} The other way went {' and '.join(against)}." if against else said


def at_chance(board: Board, rows: int) -> str:
    """Say that no model is shown to know anything, where that is so; to follow other sentences."""
    if board.skilled != ():
        return ""
    return (
        f" No model is shown to be better than chance: on {rows:,} held-out rows none, the teacher "
        f"included, is ahead of the {board.table.baseline} by {board.table.skill} beyond chance. "
        "Do the columns tell anything about the target?"
    )


def weak(board: Board) -> str:
    """Say which rival knows less than nothing, and that neither was tuned; to follow others.

    Parameters
    ----------
    board : Board
        Of one split.

    Returns
    -------
    sentences : str
    """
    said = ""
    for method, cure in _CURES.items():
        found = board.rivals.get(method)
        if found is not None and found.difference.mean > 0:
            size = written(board, found.difference)
            how = "worse" if found.outcome == "harmed" else "no better"
            said += f" The {method} is {how} than {board.table.blind}"
            said += f" ({board.table.loss} {size} higher): {cure}."
    if "The student alone" not in said and board.verdict.outcome == "helped":
        said += f" The student alone was not tuned: {_TUNE}."
    return said


def _beats_baseline(board: Board) -> bool:
    """Return whether the distilled student is shown to be worth anything at all."""
    if board.skilled is None or board.baseline is None:
        return True
    return "distilled" in board.skilled and board.baseline.difference.mean <= 0


def _basis(board: Board, rows: int) -> str:
    verdict = board.verdict
    if not np.isfinite(verdict.margin):
        return f"on {rows:,} held-out row(s), too few for an interval"
    low, high = (
        ("+" if end >= 0 else "") + written(board, Estimate(end))
        for end in (verdict.difference.mean + sign * verdict.margin for sign in (-1, 1))
    )
    return f"(95% interval of the difference {low} to {high}) on {rows:,} held-out rows"


def written(board: Board, difference: Estimate) -> str:
    """Return a difference of losses: as it is, or as a share of the loss of the student alone."""
    if not board.table.relative:
        return number(difference)
    if not board.scale > 0:
        return quantity(difference)
    parts = [difference.mean, *([] if difference.error is None else [difference.error])]
    return " ± ".join(f"{part / board.scale:.2%}" for part in parts)


def _other_way(board: Board) -> Iterator[str]:
    """Yield the scores by which the student alone is better where the loss prefers distilled.

    And by which the distilled one is, where the loss prefers the student alone.
    """
    if not board.rows:
        return
    direction = -np.sign(board.verdict.difference.mean)  # 1 where distilled is better
    distilled, alone = board.row("distilled").figures, board.row("student alone").figures
    for figure in board.columns:
        own, rival = (Estimate(each[figure.name].mean) for each in (distilled, alone))
        gain = figure.better * (own.mean - rival.mean) * direction
        if gain < 0 and figure.show(own) != figure.show(rival):
            yield f"{figure.heading} ({figure.show(own)} distilled, {figure.show(rival)} alone)"
