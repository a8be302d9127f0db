"""What goes wrong between a user's command and the estimator, and how it is said."""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from skdistill._ground.saving import check_writable, same_file
from skdistill.exceptions import SkdistillError

__all__ = [
    "CommandError",
    "Once",
    "Several",
    "caution",
    "check_output",
    "cut",
    "in_options",
    "listed",
    "note",
]

# Parameters of the estimators that are options here, as messages write them: cv=3, memory=.
_PARAMETERS = re.compile(
    r"\b(cv|groups|max_time|memory|n_jobs|prefer|students|within)=(?:'(\w+)'|(\d[\w.+-]*\b)|(?=[\s,;.)]|$))"
)


class CommandError(SkdistillError, ValueError):
    """A command that cannot be carried out: its message is all that the user sees."""


class Once(argparse.Action):
    """Store a value that cannot be several: say so of a second one, which would win in silence."""

    given: Any = None

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store `values`, unless others were given before."""
        if self.given is not None:
            raise argparse.ArgumentError(
                self, f"expected one, got {self.given!r} and {values!r}: run the command for each"
            )
        self.given = values
        setattr(namespace, self.dest, values)


class Several(argparse.Action):
    """Store names as a list: separated by commas, by repeating the option, or both."""

    given: tuple[str, ...] = ()

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add to what was given before; refuse a name that is empty or came already."""
        self.given = (*self.given, *(name.strip() for name in values.split(",")))
        if not all(self.given):
            raise argparse.ArgumentError(self, f"expected names, got {values!r}")
        twice = [name for name in self.given if self.given.count(name) > 1]
        if twice:
            raise argparse.ArgumentError(self, f"{twice[0]!r} is given twice: name each once")
        if "auto" in self.given and len(self.given) > 1:
            raise argparse.ArgumentError(self, "auto stands for all: leave out the other names")
        setattr(namespace, self.dest, list(self.given))


def check_output(path: str | None, *others: str | None) -> None:
    """Find out now, not after minutes of fitting, that `path` is no place to write a file to.

    Raises
    ------
    CommandError
        If it is a folder, or there is no folder to write it in, or it may not be written there, or
        it is one of the `others`, the files that the command reads or writes besides, by whatever
        name or link.
    """
    if path is None:
        return
    if not path or path.endswith(("/", os.sep)) or Path(path).is_dir():
        raise CommandError(f"cannot write {path!r}: it is a folder, expected the name of a file")
    if not Path(path).resolve().parent.is_dir():
        raise CommandError(f"cannot write {path}: there is no folder {Path(path).parent}")
    if any(same_file(path, other) for other in others if other):
        raise CommandError(
            f"cannot write {path}: this command reads or writes it already; name another file"
        )
    try:
        check_writable(path)
    except OSError as error:
        raise CommandError(
            f"cannot write {path}: {error.strerror}; name another file, or let it be written"
        ) from error


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


def in_options(text: str) -> str:
    """Return a message of an estimator with its parameters as options of the command line.

    Examples
    --------
    >>> in_options("max_time=1e-06 seconds: choose on fewer folds (cv=3), or give memory= once")
    '--max-time 1e-06 seconds: choose on fewer folds (--cv 3), or give --memory once'
    """

    def option(found: re.Match[str]) -> str:
        value = found[2] or found[3]
        return f"--{found[1].replace('_', '-')}" + (f" {value}" if value else "")

    return _PARAMETERS.sub(option, text)


def note(text: str) -> None:
    """Say something of the data that the user may want to know."""
    print(f"note: {text}", file=sys.stderr)


def caution(text: str) -> None:
    """Warn of something that may make the results worthless."""
    print(f"warning: {text}", file=sys.stderr)
