"""A progress bar on standard error: a moving bar on a terminal, terse lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self

__all__ = ["Progress"]

_WIDTH = 24
_EVERY = 10.0  # seconds between two lines where the output is no terminal


class Progress:
    """Progress over a known number of steps.

    Parameters
    ----------
    total : int
        Number of steps.
    quiet : bool, default=False
        Whether to print nothing.

    Examples
    --------
    >>> with Progress(2, quiet=True) as progress:
    ...     progress.start("fitting the teacher")
    ...     progress.done()
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self.total = total
        self.quiet = quiet
        self._done = 0
        self._began = self._told = time.monotonic()
        self._moving = sys.stderr.isatty()

    def start(self, label: str) -> None:
        """Say what runs now."""
        if self._moving:
            self._draw(label)
        else:
            self._write(f"[{self._done + 1}/{self.total}] {label}\n")

    def done(self, label: str | None = None) -> None:
        """Count one step as done, and say which if `label` is given."""
        self._done += 1
        if self._moving:
            self._draw(label or "")
        elif label is not None:
            self._write(f"[{self._done}/{self.total}] {label}\n")

    def tell(self, label: str) -> None:
        """Say how far the step that runs is, at most every ten seconds where lines do not move."""
        if self._moving:
            self._draw(label)
        elif time.monotonic() - self._told > _EVERY:
            self._told = time.monotonic()
            self._write(f"[{self._done + 1}/{self.total}] {label}\n")

    def _draw(self, label: str) -> None:
        filled = _WIDTH * self._done // self.total
        bar = "#" * filled + "-" * (_WIDTH - filled)
        seconds = time.monotonic() - self._began
        self._write(f"\r[{bar}] {self._done}/{self.total} {seconds:4.0f}s {label:<40.40}")

    def _write(self, text: str) -> None:
        if not self.quiet:
            sys.stderr.write(text)
            sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._moving:
            self._write("\r" + " " * (_WIDTH + 60) + "\r")
