"""What a fit is at, by what `Progress` logs: the stage, how far it is, how much longer it takes."""

import logging
import time
from types import TracebackType
from typing import Self

from skdistill._ground.compat import LOGGER, Step

__all__ = ["Steps"]


class Steps(logging.Handler):
    """Follows the steps of fits while it is entered; a subclass shows them.

    What runs in other processes is not seen from here: then a stage has its beginning and its end.

    Attributes
    ----------
    stage : Step or None
        The one that began last.
    done : int
        Its steps that have ended.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.stage: Step | None = None
        self.done, self._start = 0, 0.0

    def began(self, stage: Step) -> None:
        """Show that a stage begins."""

    def moved(self, stage: Step) -> None:
        """Show that one more of its steps has ended."""

    @property
    def left(self) -> float | None:
        """Seconds that the rest of the stage takes at its pace; None where nobody knows."""
        if self.stage is None or not self.stage.n_steps or not self.done:
            return None
        pace = (time.monotonic() - self._start) / self.done
        return pace * (self.stage.n_steps - self.done)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of `Progress`; others are left to other handlers."""
        step = getattr(record, "step", None)
        if not isinstance(step, Step):
            return
        if step.number is None and step.seconds is None:
            self.stage, self.done, self._start = step, 0, time.monotonic()
            self.began(step)
        elif step.number is not None and step.seconds is not None and self.stage is not None:
            self.done += 1
            self.moved(self.stage)

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
        self.close()
