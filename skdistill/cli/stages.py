"""Progress of a search: its stages as they are logged, and about how much longer each takes."""

import logging
import sys
import time
from types import TracebackType
from typing import Self

from skdistill._ground.compat import LOGGER, Step

__all__ = ["Stages"]

_EVERY = 10.0  # seconds between two lines where the output is no terminal


class Stages(logging.Handler):
    """Writes to standard error what a fit is at, how far, and about how much longer it takes.

    A line that moves on a terminal, terse lines elsewhere. What runs in other processes is not
    seen from here: then a stage has its beginning and its end.

    Examples
    --------
    >>> with Stages(quiet=True):
    ...     pass  # fit
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(logging.DEBUG)
        self.quiet = quiet
        self._moving = sys.stderr.isatty()
        self._stage: Step | None = None
        self._done, self._began, self._told = 0, 0.0, 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of `Progress`; others are left to other handlers."""
        step = getattr(record, "step", None)
        if not isinstance(step, Step):
            return
        if step.number is None and step.seconds is None:
            self._stage, self._done = step, 0
            self._began = self._told = time.monotonic()
            self._write(self._words())
        elif step.number is not None and step.seconds is not None:
            self._done += 1
            if self._moving or time.monotonic() - self._told > _EVERY:
                self._told = time.monotonic()
                self._write(self._words())

    def _words(self) -> str:
        stage = self._stage
        if stage is None:
            return ""
        if not stage.n_steps or not self._done:
            return stage.name if not self._done else f"{stage.name}: {self._done}"
        left = (time.monotonic() - self._began) / self._done * (stage.n_steps - self._done)
        return f"{stage.name}: {self._done}/{stage.n_steps}, about {left:.0f} s left"

    def _write(self, text: str) -> None:
        if self.quiet:
            return
        sys.stderr.write(f"\r{text:<78.78}" if self._moving else f"{text}\n")
        sys.stderr.flush()

    def __enter__(self) -> Self:
        self._level, self._propagate = LOGGER.level, LOGGER.propagate
        LOGGER.addHandler(self)
        LOGGER.setLevel(logging.DEBUG)
        LOGGER.propagate = False
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        LOGGER.removeHandler(self)
        LOGGER.setLevel(self._level)
        LOGGER.propagate = self._propagate
        if self._moving:
            self._write("")
            self._write("\r")
