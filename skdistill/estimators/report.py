"""What a fit did, as one record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from skdistill._ground.html import definitions, flat, page, paragraph, write_page
from skdistill._ground.plain import plain

__all__ = ["FitReport", "hint", "why_direct"]

NO_SCALES = ("bounded", "softened", "strength")  # of what a shrinkage says; the others are readings
_LARGER = (
    " A student to be distilled may be larger than the one tuned for its labels alone, as a "
    "teacher removes variance: try more leaves, depth or trees."
)


@dataclass(frozen=True)
class FitReport:
    """What a fit did, at no further cost; scores are out of fold, or of given probabilities.

    It has no scores of the student, as a fit has no held-out rows to judge it by:
    `skdistill.inspection.DistillationReport` has them.

    Attributes
    ----------
    route : str
        How the student consumed its targets, and why.
    loss : str
        The loss and its settings.
    correction : str or None
        The correction and its settings.
    strength : float or None
        How far the teacher was corrected; None where the correction has a constant of its own.
    shrinkage : mapping or None
        Ingredients of ``strength="auto"`` (`Shrinkage.to_dict`), None where a number was given.
    calibration : str or None
        The calibration of the teacher.
    teacher : mapping
        Log-loss, Brier score, accuracy and calibration error of the teacher, out of fold, as it is
        ("raw") and calibrated on these very rows ("calibrated"); empty where there are no labels.
    n_rows : int
        Labelled rows the student was fitted on.
    n_uncovered : int
        Rows left out because no fold covers them.
    n_transfer : int
        Unlabelled rows it was fitted on as well.
    n_synthetic : int
        Synthetic rows it was fitted on as well.
    n_teacher_fits, n_student_fits : int
        Fits spent; teachers found in `memory` are counted too.
    mean_gain : float
        Mean over rows (and classes) of the correction's gain.
    duplicate_share : float
        Share of rows with an identical row in another fold.
    touched_share : float
        Share of rows whose target had to be projected on the simplex.
    note : str or None
        Where ``strength="auto"`` found 1: why, what that makes of the student, and what to try;
        where the teacher leads only because the direct student is overconfident: that it could be
        calibrated instead. Printed first, and in `to_dict` and on the page as well.
    nodes : mapping
        Nodes of the trees of the "student", and of the "direct" one where it was fitted on the same
        rows; None where not measured, or where there are no trees.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DistilledClassifier(GaussianNB(), DecisionTreeRegressor(max_depth=3), strength=0.5)
    >>> print(model.fit(X, y).report_)
    route: regression...
    strength: 0.5
    ...
    >>> list(model.report_.frame().index)
    ['raw', 'calibrated']
    """

    route: str
    loss: str
    correction: str | None
    strength: float | None
    shrinkage: Mapping[str, Any] | None
    calibration: str | None
    teacher: Mapping[str, Mapping[str, float]]
    n_rows: int
    n_uncovered: int
    n_transfer: int
    n_synthetic: int
    n_teacher_fits: int
    n_student_fits: int
    mean_gain: float
    duplicate_share: float
    touched_share: float
    nodes: Mapping[str, int | None]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain dictionaries and numbers, ready for JSON; NaN becomes None.

        Returns
        -------
        facts : dict
        """
        return dict(plain(asdict(self) | {"note": self.note}))

    @property
    def note(self) -> str | None:
        """What the strength that was found asks the user to know, in words; None if nothing."""
        if self.shrinkage is None:
            return None
        said = [] if self.strength != 1.0 else [_direct(self.shrinkage, self.nodes)]
        scores = self.shrinkage.get("log_loss")
        if scores and self.shrinkage["softened"] <= scores["teacher"] < scores["student"]:
            said.append(_overconfident(self.shrinkage))
        return " ".join(said) or None

    def frame(self) -> Any:
        """Return the teacher's scores, out of fold, as a table.

        Returns
        -------
        frame : pandas.DataFrame
            A row for the teacher as it is and one for it calibrated; a column per score.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError(
                'frame() needs pandas: pip install "skdistill[plot]"; to_dict() does without.'
            ) from error
        return DataFrame.from_dict(self.teacher, orient="index")

    def save(self, path: str | Path) -> None:
        """Write the record as an HTML page that needs nothing else.

        An old page is whole until the new one is.

        Parameters
        ----------
        path : str or pathlib.Path
            Where; ends in ``.html``.

        Raises
        ------
        ParameterError
            If the path ends otherwise.
        OSError
            If it cannot be written.
        """
        write_page(path, page("What the fit did", self._repr_html_()))

    def tell(self, verbose: int) -> None:
        """Print the note, if there is one, where `verbose` is above 0."""
        if verbose > 0 and self.note is not None:
            print(self.note)  # noqa: T201 - as the verbose of scikit-learn does

    def __str__(self) -> str:
        lines = [f"{name}: {value}" for name, value in flat(asdict(self))]
        return "\n".join(lines if self.note is None else [self.note, *lines])

    def _repr_html_(self) -> str:
        facts = definitions(flat(asdict(self)))
        return facts if self.note is None else f"{paragraph(self.note)}\n{facts}"


def why_direct(shrinkage: Mapping[str, Any]) -> str:
    """Return why a strength of 1 was found, from the ingredients of the rule."""
    scales = [each for name, each in shrinkage.items() if name not in NO_SCALES]
    start = "this student "
    if all(scale["excess"] <= 0 for scale in scales):
        start = "out of fold the teacher has no lead over this student, which "
    if scales[0]["variance"] == 0:
        why = "varies less from training set to training set than the teacher is presumed to err"
    elif "dispersion" in shrinkage:
        why = "spreads its predictions too far by no more than the teacher is presumed to err"
    else:
        why = "is no more overconfident than the teacher is presumed to err"
    return f"{start}{why}, which leaves nothing for distilling to remove"


def hint(nodes: Mapping[str, int | None]) -> str:
    """Return what to try where nothing was distilled, to follow a sentence.

    A linear student is as large as its columns are many: one without trees has nothing to try.
    """
    return "" if nodes["student"] is None else _LARGER


def _direct(shrinkage: Mapping[str, Any], nodes: Mapping[str, int | None]) -> str:
    return (
        f"strength='auto' found 1: {why_direct(shrinkage)}. So the student is the one trained "
        f"directly on the labels, and nothing was distilled.{hint(nodes)}"
    )


def _overconfident(shrinkage: Mapping[str, Any]) -> str:
    scores = shrinkage["log_loss"]
    return (
        "The teacher leads by calibration only: out of fold the direct student's log-loss is "
        f"{scores['student']:.4f}, with one temperature to soften it {shrinkage['softened']:.4f}, "
        f"the teacher's {scores['teacher']:.4f}. Calibrating the direct student may do as much as "
        "distilling."
    )
