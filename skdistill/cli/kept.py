"""Which of the two students is saved, and the whole of what is saved."""

import argparse
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import joblib
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skdistill._ground.html import size_text
from skdistill.cli.board import Board
from skdistill.cli.errors import CommandError
from skdistill.cli.front import Front
from skdistill.cli.render import Report

__all__ = ["KEEP", "Kept", "check_keep", "check_pickles", "choose", "table_notes"]

KEEP = {"best": None, "distilled": "distilled", "direct": "student alone"}
_NAMES = {"distilled": "the distilled student", "student alone": "the student trained directly"}


@dataclass(frozen=True)
class Kept:
    """What ``fit`` saves.

    Attributes
    ----------
    model : Pipeline
        Vectoriser and student.
    words : str
        Which student it is, and why.
    report : Report or None
        To be written once the student is saved.
    """

    model: Pipeline
    words: str
    report: Report | None = None


def choose(keep: str | None, boards: Mapping[str, Board]) -> tuple[str, str, str]:
    """Return the student and the method to save, and which that is in words.

    The best is the one with the lowest loss on the held-out rows, shown to be so or not; of a
    student distilled and alone that have the same, the distilled one.

    Parameters
    ----------
    keep : str or None
        A key of `KEEP`; None for the best.
    boards : mapping of str to Board
        By student.
    """
    asked = KEEP[keep or "best"]
    losses = {
        (name, method): loss
        for name, board in boards.items()
        for method, loss in _losses(board).items()
        if asked in (None, method)
    }
    name, method = min(losses, key=losses.__getitem__)  # the first of equal ones
    loss, several = boards[name].table.loss, len(boards) > 1
    words = _NAMES[method] + (f" ({name})" if several else "")
    if asked is None and several:
        words += f", of the lowest {loss} of those that can be kept (--keep best)"
    elif asked is None and not boards[name].verdict.difference.mean:
        words += f", of the same {loss} as the one trained directly"
    elif asked is None:
        words += f", of the lower {loss} of the two that can be kept (--keep best)"
    else:
        words += ", as asked" + (f", of the lowest {loss}" if several else "")
    return name, method, words


def _losses(board: Board) -> dict[str, float]:
    return {
        "distilled": board.scale + board.verdict.difference.mean,
        "student alone": board.scale,
    }


def check_keep(args: argparse.Namespace) -> None:
    """Raise CommandError where the best is asked for, and nothing would tell which it is."""
    if args.keep == "best" and not args.test and args.test_size == 0:
        raise CommandError(
            "--keep best needs held-out rows: not with --test-size 0, where --keep distilled (the "
            "default there) and --keep direct can be had"
        )


def check_pickles(learner: BaseEstimator, option: str) -> None:
    """Find out now, not after the fit, that a learner of this kind could not be saved.

    Parameters
    ----------
    learner : estimator
        Unfitted.
    option : str
        What named it, for the message.

    Raises
    ------
    CommandError
    """
    try:
        joblib.dump(learner, io.BytesIO())
    except Exception as error:  # whatever its own parts raise
        reason = " ".join(str(error).split())
        raise CommandError(
            f"{option} could not be saved ({reason}): make it of functions that are "
            "defined by def in an importable module, not of lambdas"
        ) from error


def table_notes(front: Front, exposure: str | None) -> Iterator[str]:
    """Yield what is to be said of the table: how rows count, what models cost."""
    if exposure is not None:
        yield (
            f"y is what is to be predicted per unit of {exposure!r} (--exposure), and rows count "
            "by it."
        )
    yield (
        "size and time are those of the whole file, all columns in it; turning them into numbers "
        f"takes {size_text(front.size_bytes)} and {front.microseconds_per_row:,.0f} µs of them."
    )
