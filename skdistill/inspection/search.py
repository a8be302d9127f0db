"""The page of a search: which student to ship, what it gains, what others would cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.html import definitions, flat, paragraph, size_text, time_text
from skdistill._ground.plain import plain
from skdistill.estimators.choosing import ChoosingDistiller
from skdistill.exceptions import ParameterError
from skdistill.inspection._display import Display, data_frame
from skdistill.inspection._page import Report, section, value_table
from skdistill.inspection.pareto import FrontierDisplay

__all__ = ["BLIND", "SearchReport"]

# What is told of each line of `frontier_`, beside its name.
BLIND = "reads no column"  # the class shares, or the best constant
TOLD = ("loss", "standard_error", "size_bytes", "latency", "within_budget", "on_front")


@dataclass(frozen=True)
class SearchReport(Report):
    """Which student a search chose, whether distilling helped, and what the others cost.

    A notebook shows its verdict and its picture above the search itself.

    Attributes
    ----------
    verdict : Verdict
        That of the search.
    frontier : mapping of str to array
        Its `frontier_`.
    chosen : mapping of str to object
        Its `best_params_`.
    display : FrontierDisplay
        The picture.
    about : mapping of str to str
        What was searched, and how: a file, a target, a command. It ends the page.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifierCV
    >>> from skdistill.inspection import SearchReport
    >>> search = DistilledClassifierCV(
    ...     RandomForestClassifier(20, random_state=0),
    ...     ("tree", DecisionTreeClassifier(random_state=0), {"max_leaf_nodes": [3, 6]}),
    ...     cv=3,
    ...     random_state=0,
    ... ).fit(*load_breast_cancer(return_X_y=True))
    >>> report = SearchReport.from_estimator(search)
    >>> report.frame().index.tolist()[:2]
    ['tree (max_leaf_nodes=3), direct', 'tree (max_leaf_nodes=3), distilled']
    """

    verdict: Any
    frontier: Mapping[str, Any]
    chosen: Mapping[str, Any]
    display: FrontierDisplay = field(repr=False)
    about: Mapping[str, str] = field(default_factory=dict)

    title = "Which student to ship"

    @classmethod
    def from_estimator(cls, search: Any, about: Mapping[str, str] | None = None) -> "SearchReport":
        """Make the page of a fitted search; nothing is fitted.

        Parameters
        ----------
        search : DistilledClassifierCV or DistilledRegressorCV
            Fitted.
        about : mapping of str to str or None, default=None
            What to say of the data and the run, such as ``{"file": "train.csv", "target": "y"}``.

        Returns
        -------
        report : SearchReport

        Raises
        ------
        ParameterError
            If it is no search.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        if not isinstance(search, ChoosingDistiller):
            raise ParameterError(
                "search must be a fitted DistilledClassifierCV or DistilledRegressorCV, got "
                f"{type(search).__name__}: see DistillationReport for one student."
            )
        check_is_fitted(search)
        display = FrontierDisplay.from_search(search)
        found = search.verdict_, search.frontier_, search.best_params_
        return cls(*found, display, dict(about or {}))

    def frame(self) -> Any:
        """Return a row for the best direct and the best distilled candidate of each student.

        Returns
        -------
        frame : pandas.DataFrame
            Indexed by student and side: loss, its standard error, bytes, seconds to predict a row,
            whether it is within the budget, and whether it is on the front.
        """
        frame = data_frame({name: self.frontier[name] for name in TOLD})
        frame.index = list(self.display.table["student"])
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return the page as plain types for JSON; NaN becomes None.

        Returns
        -------
        facts : dict
        """
        chosen = {name: str(value) for name, value in self.chosen.items()}
        facts = {"verdict": self.verdict.to_dict(), "sentence": self.verdict.sentence}
        facts |= {"chosen": chosen, "frontier": dict(self.frontier), "about": dict(self.about)}
        return plain(facts)

    def _sections(self) -> list[str]:
        lines = {}
        columns = (self.frontier[name] for name in TOLD)
        for name, *values in zip(self.display.table["student"], *columns, strict=True):
            loss, error, size, seconds, within, on_front = values
            line = {self.verdict.loss: float(loss), "standard error": float(error)}
            line["size"] = size_text(None if np.isnan(size) else float(size))
            line |= {"a row among many": time_text(float(seconds)), "on the front": ""}
            line |= {"on the front": "yes"} if on_front else {}
            lines[name] = line | ({} if within else {"budget": "over budget"})
        columns = list(dict.fromkeys(name for line in lines.values() for name in line))
        lines |= self._beside()
        chosen = {name: str(value) for name, value in self.chosen.items()}
        return [
            paragraph(self.verdict.sentence),
            section(
                "What others lose and cost",
                value_table("student", lines, columns),
                paragraph(
                    "The best direct and the best distilled candidate of each student, by losses "
                    "on rows that neither teacher nor student has seen. No other student beats one "
                    "of the front in loss, size and time together. The teacher is calibrated; what "
                    f"{BLIND} says of every row the class shares of those that students are "
                    "trained on, or the best constant. The losses of the sentence "
                    "above are of what the other folds choose, those of the table of the best on "
                    "all folds: they may differ."
                ),
            ),
            section("What was chosen", definitions(flat(chosen))),
            *([section("Of what", definitions(flat(self.about)))] if self.about else []),
        ]

    def _beside(self) -> dict[str, dict[str, float]]:
        """Return the lines below those of the students."""
        teacher, constant = self.verdict.teacher, self.verdict.constant
        known = {"teacher": (teacher["calibrated"], teacher["error"])}
        if constant:
            known[BLIND] = constant["loss"], constant["error"]
        names = self.verdict.loss, "standard error"
        return {name: dict(zip(names, values, strict=True)) for name, values in known.items()}

    def _text(self) -> list[str]:
        return [str(self.verdict)]

    def _pictures(self) -> Mapping[str, Display]:
        return {"Loss against time: direct and distilled students, and the teacher": self.display}


def _shown(search: Any) -> str:
    """Return what a notebook shows above a fitted search."""
    return SearchReport.from_estimator(search).shown()


ChoosingDistiller.shown_first = staticmethod(_shown)
