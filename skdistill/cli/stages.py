"""Progress on standard error: the stages of a fit, and about how much longer each takes."""

import sys
import time

from skdistill._ground.compat import Step
from skdistill._ground.steps import Steps
from skdistill.cli.progress import Progress

__all__ = ["Inside", "Stages"]

_EVERY = 10.0  # seconds between two lines where the output is no terminal


class Stages(Steps):
    """Writes what a fit is at: a line that moves on a terminal, terse lines elsewhere.

    Examples
    --------
    >>> with Stages():
    ...     pass  # fit
    """

    def __init__(self) -> None:
        super().__init__()
        self._moving = sys.stderr.isatty()
        self._told, self._last = 0.0, ""

    def began(self, stage: Step) -> None:
        """Name a stage, unless it is one more of the kind that was named last."""
        self._told = time.monotonic()
        if self._moving or stage.name != self._last:
            self._write(stage.name)
        self._last = stage.name

    def moved(self, stage: Step) -> None:
        """Tell how far it is, at most every ten seconds where lines do not move."""
        if self._moving or time.monotonic() - self._told > _EVERY:
            self._told = time.monotonic()
            left = "" if self.left is None else f"/{stage.n_steps}, about {self.left:.0f} s left"
            self._write(f"{stage.name}: {self.done}{left}")

    def close(self) -> None:
        """Leave an empty line on a terminal."""
        if self._moving:
            self._write("")
            self._write("\r")
        super().close()

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r{text:<78.78}" if self._moving else f"{text}\n")
        sys.stderr.flush()


class Inside(Steps):
    """Tells a bar how far its step is, and about how much longer that takes.

    Parameters
    ----------
    bar : Progress
        Over steps that are fits, or hold some.
    """

    def __init__(self, bar: Progress) -> None:
        super().__init__()
        self._bar = bar

    def moved(self, stage: Step) -> None:
        """Tell it, where it is known."""
        if self.left is not None:
            far = f"{self.done}/{stage.n_steps}, about {self.left:.0f} s left"
            self._bar.tell(f"{stage.name}: {far}")
