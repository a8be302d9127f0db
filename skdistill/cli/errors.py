"""What goes wrong between a user's command and the estimator, and how it is said."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from skdistill.exceptions import SkdistillError

__all__ = ["CommandError", "check_output", "cut", "listed", "note"]


class CommandError(SkdistillError, ValueError):
    """A command that cannot be carried out: its message is all that the user sees."""


def check_output(path: str | None, *others: str | None) -> None:
    """Find out now, not after minutes of fitting, that `path` is no place to write a file to.

    Raises
    ------
    CommandError
        If it is a folder, or there is no folder to write it in, or it is one of the `others`, the
        files that the command reads or writes besides.
    """
    if path and Path(path).resolve() in {Path(other).resolve() for other in others if other}:
        raise CommandError(
            f"cannot write {path}: this command reads or writes it already; name another file"
        )
    if path and Path(path).is_dir():
        raise CommandError(f"cannot write {path}: it is a folder, expected the name of a file")
    if path and not Path(path).resolve().parent.is_dir():
        raise CommandError(f"cannot write {path}: there is no folder {Path(path).parent}")


def listed(values: Iterable[Any], limit: int = 10) -> str:
    """Return values for a message: the first `limit` of them, and how many there are.

    Examples
    --------
    >>> listed(["a", "b"])
    "'a', 'b'"
    >>> listed(range(100), limit=3)
    '0, 1, 2, ... (100 in all)'
    """
    return cut([repr(value) for value in values], limit)


def cut(texts: Sequence[str], limit: int = 10) -> str:
    """Return texts for a message: the first `limit` of them, and how many there are."""
    shown = ", ".join(texts[:limit])
    return shown if len(texts) <= limit else f"{shown}, ... ({len(texts):,} in all)"


def note(text: str) -> None:
    """Say something of the data that the user may want to know."""
    print(f"note: {text}", file=sys.stderr)
