"""What a search has found, in a few lines for a terminal."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skdistill._ground.costs import size_bytes
from skdistill._ground.estimates import Estimate
from skdistill._ground.html import size_text, time_text
from skdistill.cli.errors import CommandError
from skdistill.cli.figures import quantity
from skdistill.inspection.search import BLIND

__all__ = ["Searched", "check_page"]

_TAUGHT = {"direct": "labels", "distilled": "the teacher"}
_APART = (
    "These losses are of what the other folds choose, those of the table of the best on all folds: "
    "they may differ."
)
_UNTUNED = "No student was tuned: --tune tries other settings on both sides."


@dataclass(frozen=True)
class Searched:
    """A search, fitted.

    Attributes
    ----------
    name : str
        Of the file.
    search : DistilledClassifierCV or DistilledRegressorCV
    shape : tuple of int
        Rows, and columns as numbers.
    teacher : str
        Its name.
    saved : bool
        Whether its student is: no, where none is within the budget.
    """

    name: str
    search: Any
    shape: tuple[int, int]
    teacher: str
    saved: bool = True

    @property
    def title(self) -> str:
        """What was searched, in a line."""
        rows, columns = self.shape
        tried = len(self.search.frontier_["student"])
        return (
            f"{self.name}: {rows:,} rows of {columns} numbers, {tried} students, taught by "
            f"{self.teacher}"
        )

    @property
    def sentence(self) -> str:
        """The verdict in lines for a terminal."""
        untuned = [_UNTUNED] if self.search.settings is None else []
        told = [self.search.verdict_.sentence, *self._at_chance, _APART, *untuned]
        return textwrap.fill(" ".join(told), 100)

    @property
    def _at_chance(self) -> list[str]:
        """Words on a student that may know nothing."""
        constant = self.search.verdict_.constant
        if not constant or not constant["difference"] + constant["margin"] >= 0.0:
            return []
        return [f"It is not shown to be better than what {BLIND}, and may know nothing."]

    def sizes(self, path: str) -> str:
        """Return what the saved file weighs in words, and what the student in it does."""
        whole, student = Path(path).stat().st_size, size_bytes(self.search.student_)
        if student is None or Path(path).suffix.lower() == ".onnx":
            return f"the file has {size_text(whole)}"
        limit = (self.search.budget or {}).get("size_kb", np.inf)
        beyond = ", which is beyond the size of --budget" if whole > 1000 * limit else ""
        return (
            f"the file has {size_text(whole)}{beyond}: {size_text(student)} are the student, which "
            "--budget is about, the rest turns columns into numbers"
        )

    @property
    def table(self) -> str:
        """The frontier for a terminal: the front, and what was chosen."""
        front, chosen = self.search.frontier_, self._chosen
        lines = [i for i in self._order if front["on_front"][i] or i == chosen]
        heads = ("student", "trained on", self.search.loss_name_, "size", "time a row", "")
        cells = [heads, *(self._cells(i) for i in lines)]
        cells += [(name, taught, quantity(loss), "", "", "") for name, taught, loss in self._beside]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        text = [
            "  ".join(
                cell.ljust(width) if number < 2 else cell.rjust(width)
                for number, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in cells
        ]
        beaten = len(front["student"]) - len(lines)
        others = "one other is" if beaten == 1 else f"{beaten} others are"
        notes = [f"{others} beaten in loss, size and time"] if beaten else []
        if "latency_us" in (self.search.budget or {}):
            notes.append("time a row: of many at once; latency of --budget is a call for one row")
        return "\n".join([self.title, *text, *notes])

    @property
    def _beside(self) -> list[tuple[str, str, Estimate]]:
        """What stands below the students: its name, what it is trained on, its loss."""
        teacher, constant = self.search.verdict_.teacher, self.search.verdict_.constant
        lines = [("teacher", "", teacher["calibrated"], teacher["error"])]
        if constant:
            lines.append((BLIND, "labels", constant["loss"], constant["error"]))
        return [
            (name, taught, Estimate(loss, error if np.isfinite(error) else None))
            for name, taught, loss, error in lines
        ]

    @property
    def _order(self) -> list[int]:
        """The students from the smallest on."""
        return np.argsort(self.search.frontier_["size_bytes"], kind="stable").tolist()

    @property
    def _chosen(self) -> int:
        """The line of the student that was chosen: that of its kind, settings and side."""
        front, search = self.search.frontier_, self.search
        students = [params["student"] for params in search.cv_results_["params"]]
        same = [students[each] is students[search.best_index_] for each in front["candidate"]]
        return int(np.flatnonzero(same & (front["side"] == search.verdict_.fitted))[0])

    def _cells(self, number: int) -> tuple[str, ...]:
        front = self.search.frontier_
        loss = Estimate(float(front["loss"][number]), float(front["standard_error"][number]))
        return (
            str(front["student"][number]),
            _TAUGHT[front["side"][number]],
            quantity(loss),
            size_text(front["size_bytes"][number]),
            time_text(float(front["latency"][number])),
            self._mark(number),
        )

    def _mark(self, number: int) -> str:
        if self.saved and number == self._chosen:
            return "<- saved"
        return "" if self.search.frontier_["within_budget"][number] else "over budget"


def check_page(path: str) -> None:
    """Raise CommandError where no page could be written: another extension, no matplotlib."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise CommandError(f"--report {path}: expected an extension .html")
    try:
        import matplotlib.figure  # noqa: F401 - to find out
    except ImportError as error:
        raise CommandError(
            'pictures need matplotlib: pip install "skdistill[plot]", or leave --report out'
        ) from error
