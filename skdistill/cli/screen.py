"""What the demo says of a data set: a few lines, no digit more than their errors allow."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdistill._ground.html import size_text, time_text
from skdistill.inspection import FrontierDisplay

__all__ = ["Line", "column_heads", "rounded", "screen_lines", "told"]

_WIDTHS = (22, 10, 11, 13, 9, 11)


@dataclass(frozen=True)
class Line:
    """One student on one data set, alone and distilled.

    Attributes
    ----------
    student : str
    outcome : {"helps", "not shown to help", "harms"}
    alone, distilled : float
        Honest losses.
    error : float
        Standard error of their difference.
    size_bytes, seconds : float
        Of the side with the lower loss: its pickle, and its time for a row among many.
    on_front : bool
        Whether no other student is as good in loss, size and time, and better in one.
    """

    student: str
    outcome: str
    alone: float
    distilled: float
    error: float
    size_bytes: float
    seconds: float
    on_front: bool

    @property
    def gain(self) -> str:
        """The share of the loss that distilling takes away, with its standard error."""
        share = 100 * (self.alone - self.distilled) / self.alone
        error = 100 * self.error / self.alone
        decimals = _decimals(error)
        return f"{share:+.{decimals}f}% ± {error:.{decimals}f}%"


def screen_lines(search: Any) -> list[Line]:
    """Return what a fitted search found of each kind of student."""
    kinds = list(search.verdict_.by_student.values())
    sides = ["distilled" if each.distilled < each.direct else "direct" for each in kinds]
    costs = [
        (getattr(kind, side), kind.size[side], kind.seconds[side])
        for kind, side in zip(kinds, sides, strict=True)
    ]
    losses, sizes, times = zip(*costs, strict=True)
    names = [kind.student for kind in kinds]
    front = FrontierDisplay.from_predictions(names, losses, times, sizes).table["on_front"]
    return [
        Line(
            student=kind.student,
            outcome=kind.outcome,
            alone=kind.direct,
            distilled=kind.distilled,
            error=kind.error,
            size_bytes=size,
            seconds=seconds / 1000,
            on_front=bool(on),
        )
        for kind, (_, size, seconds), on in zip(kinds, costs, front, strict=True)
    ]


def column_heads(loss: str) -> str:
    """Return the line above the first table."""
    heads = (f"{loss}:", "alone", "distilled", "gain", "size", "time a row")
    return _aligned(heads)


def told(title: str, teacher: float, lines: Sequence[Line], heads: str | None = None) -> str:
    """Return a title, a line per student, and a sentence that says where distilling paid.

    Parameters
    ----------
    title : str
    teacher : float
        The teacher's loss.
    lines : sequence of Line
    heads : str or None, default=None
        Above the lines.
    """
    error = min(line.error for line in lines)
    shown = [f"{title}; the teacher has {rounded(teacher, error)}"]
    shown += [] if heads is None else [heads]
    shown += [_row(line) for line in lines]
    return "\n".join([*shown, textwrap.fill(_sentence(lines), 100)])


def rounded(value: float, error: float) -> str:
    """Return a value to the first digit of its standard error; to the second of one like 0.12.

    Examples
    --------
    >>> rounded(0.68571, 0.131), rounded(3742.14, 220.0), rounded(0.0734, 0.0057)
    ('0.69', '3,740', '0.073')
    """
    if not np.isfinite(error) or error <= 0:
        return f"{value:,.3g}"
    place = int(np.floor(np.log10(error / 3)))
    return f"{round(value, -place):,.{max(-place, 0)}f}"


def _decimals(error: float) -> int:
    return 0 if not np.isfinite(error) or error >= 1 else 1


def _row(line: Line) -> str:
    losses = (rounded(each, line.error) for each in (line.alone, line.distilled))
    costs = size_text(line.size_bytes), time_text(line.seconds)
    mark = "*" if line.on_front else ""
    return f"{_aligned((line.student, *losses, line.gain, *costs))} {mark}".rstrip()


def _aligned(cells: Sequence[str]) -> str:
    return "".join(
        cell.ljust(width) if number == 0 else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    )


def _sentence(lines: Sequence[Line]) -> str:
    by_outcome = {
        outcome: [line.student for line in lines if line.outcome == outcome]
        for outcome in ("helps", "harms", "not shown to help")
    }
    if not (by_outcome["helps"] or by_outcome["harms"]):
        return "=> Distilling is not shown to pay: every difference is within its 95% interval."
    words = {
        "helps": "Distilling pays for {}",
        "harms": "it harms {}" if by_outcome["helps"] else "Distilling harms {}",
        "not shown to help": "no gain is shown for {}",
    }
    said = [words[outcome].format(_listed(each)) for outcome, each in by_outcome.items() if each]
    return f"=> {'; '.join(said)}."


def _listed(students: Sequence[str]) -> str:
    names = [f"the {name.replace(', ', ' of ', 1)}" for name in students]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
