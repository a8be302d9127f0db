"""The candidates of an honest choice: students times everything a distillation can be told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from skdistill._ground.outcomes import Outcome
from skdistill._ground.validation import brief, check_number
from skdistill.choosing.making import AUTO, auto_synthetics
from skdistill.choosing.tuning import tuned_grid
from skdistill.exceptions import ParameterError, StudentError, StudentTypeError
from skdistill.settings import CLASSES, Rules, Settings, resolve_settings

__all__ = ["DIRECT", "Candidate", "Grid", "ends_at_labels", "expand", "name_students"]

# The parameters of DistilledClassifier that stand for training on the labels.
DIRECT = {
    "loss": "auto",
    "temperature": 1.0,
    "correction": "orthogonal",
    "calibration": None,
    "synthetic": None,
    "strength": 1.0,
}
# Everything but the strength: the parameter of DistilledClassifier, and its values in a grid.
SETTINGS = (
    ("loss", "losses"),
    ("temperature", "temperatures"),
    ("correction", "corrections"),
    ("calibration", "calibrations"),
    ("synthetic", "synthetics"),
)


@dataclass(frozen=True)
class Grid:
    """What is tried with every student; the parameters of `DistilledClassifierCV`.

    Attributes
    ----------
    strengths, temperatures : sequence of float
        Numbers.
    losses, corrections, calibrations, synthetics : sequence
        Names or objects; "auto" for the synthetic rows that suit each student.
    device : str
        Where students are fitted.
    size : str
        Whether they may be larger than the direct one.
    rules : Rules
        Of the task.
    tuned : bool
        Whether students without a grid of their own get that of `tuned_grid`.
    """

    strengths: Sequence[float]
    temperatures: Sequence[float]
    losses: Sequence[Any]
    corrections: Sequence[Any]
    calibrations: Sequence[str | None]
    synthetics: Sequence[Any] | str
    device: str
    size: str = "direct"
    rules: Rules = CLASSES
    tuned: bool = False

    def __post_init__(self) -> None:
        for name in ("strengths", *(field for _, field in self.settings)):
            values = getattr(self, name)
            if name == "synthetics" and self.makes_some:
                continue
            if isinstance(values, str) or not hasattr(values, "__len__") or len(values) == 0:
                raise ParameterError(
                    f"{name} must be a non-empty sequence of values to try, got {values!r}."
                )
        for strength in self.strengths:
            check_number("every strength", strength, low=0.0, high=1.0)

    @property
    def settings(self) -> list[tuple[str, str]]:
        """The parameters that are varied, and their fields here."""
        return [(name, field) for name, field in SETTINGS if name in self.rules.varied]

    @property
    def direct(self) -> dict[str, Any]:
        """The parameters that stand for training on the labels."""
        varied = (*self.rules.varied, "strength")
        return {name: value for name, value in DIRECT.items() if name in varied}

    @property
    def other(self) -> dict[str, str]:
        """What is not its default, of the parameters that all candidates share."""
        return {} if self.size == "direct" else {"size": self.size}

    @property
    def makes_some(self) -> bool:
        """Whether students are tried on the synthetic rows that suit them (`auto_synthetics`)."""
        return isinstance(self.synthetics, str) and self.synthetics == AUTO

    @property
    def makes_rows(self) -> bool:
        """Whether synthetic rows are asked for."""
        return not self.makes_some and any(each is not None for each in self.synthetics)

    def of_student(self, student: Any) -> "Grid":
        """Return what is tried with one student; None is among the synthetic rows in any case."""
        synthetics = auto_synthetics(student) if self.makes_some else self.synthetics
        if None not in synthetics:
            synthetics = (None, *synthetics)
        return replace(self, synthetics=synthetics)

    @property
    def unstacked(self) -> str | None:
        """The setting that tries what is tried but for a "stacked" calibration, if one is tried."""
        others = tuple(each for each in self.calibrations if each != "stacked")
        return f"calibrations={others or (None,)}" if "stacked" in self.calibrations else None


@dataclass(frozen=True)
class Candidate:
    """One student with one set of settings.

    Attributes
    ----------
    name : str
        Of the student.
    settings : Settings
        How it is fitted; the strength is a number, or None where the correction has its own.
    params : mapping
        The parameters of `DistilledClassifier` that say the same.
    varied : mapping
        What was chosen from the student's own grid.
    group : int
        Number of the student: candidates with the same one differ in its labels only.
    curve : int or None
        Candidates that differ in nothing but the strength share one; None for the direct student.
    heat : int
        Number of what they race against: students of the same size share one.
    """

    name: str
    settings: Settings
    params: Mapping[str, Any]
    varied: Mapping[str, Any]
    group: int
    curve: int | None = None
    heat: int = 0

    @property
    def is_direct(self) -> bool:
        """Whether this is the student trained on the labels."""
        return self.curve is None


@dataclass(frozen=True)
class _Student:
    """A student, its name, and the values of its own parameters that it was given."""

    name: str
    estimator: Any
    varied: Mapping[str, Any]
    heat: int


def name_students(students: Any) -> dict[str, tuple[Any, Mapping[str, Any] | list[Any]]]:
    """Return each student and its parameter grid by name.

    Parameters
    ----------
    students : estimator, or sequence of items
        An item is an estimator, (name, estimator), (estimator, grid) or (name, estimator, grid);
        a single such tuple will do as well. A grid is what `ParameterGrid` takes. Students without
        a name get that of their class, in small letters, numbered where it is shared.

    Returns
    -------
    students : dict of str to (estimator, grid)

    Raises
    ------
    StudentTypeError
        If an item is none of these, or a name is used twice.
    """
    if hasattr(students, "fit") or isinstance(students, type):
        students = [students]
    elif isinstance(students, tuple) and students and not _is_item(students[-1]):
        students = [students]  # (estimator, grid) or (name, estimator)
    elif isinstance(students, tuple) and students and isinstance(students[0], str):
        students = [students]
    if not isinstance(students, list | tuple) or not students:
        raise StudentTypeError(
            "students must be an estimator or a non-empty list of estimators, (name, estimator), "
            f"(estimator, grid) or (name, estimator, grid), got {brief(students)}."
        )
    items = [_parse(item) for item in students]
    plain = [type(estimator).__name__.lower() for _, estimator, _ in items]
    named: dict[str, tuple[Any, Any]] = {}
    for i, (name, estimator, grid) in enumerate(items):
        if name is None:
            shared = plain.count(plain[i]) > 1
            name = f"{plain[i]}-{plain[: i + 1].count(plain[i])}" if shared else plain[i]  # noqa: PLW2901
        if name in named:
            raise StudentTypeError(f"students must have different names, got {name!r} twice.")
        named[name] = estimator, grid
    return named


def _is_item(value: Any) -> bool:
    return hasattr(value, "fit") or isinstance(value, tuple)


def _parse(item: Any) -> tuple[str | None, Any, Any]:
    """Return name, estimator and grid of one item."""
    parts = list(item) if isinstance(item, tuple) else [item]
    name = parts.pop(0) if parts and isinstance(parts[0], str) else None
    estimator = parts.pop(0) if parts else None
    grid = parts.pop(0) if parts else {}
    if parts or estimator is None or not isinstance(grid, Mapping | list) or grid == []:
        raise StudentTypeError(
            "every student must be an estimator, (name, estimator), (estimator, grid) or (name, "
            f"estimator, grid), got {brief(item)}."
        )
    return name, estimator, grid


def expand(
    students: Any, grid: Grid, n_rows: int, outcome: Outcome, *, weighted: bool
) -> list[Candidate]:
    """Return every candidate, checked, the direct students first.

    Plain distillation (strength 0, no synthetic rows) and the direct student are among them whether
    they were asked for or not. Of equal candidates one is kept: where strength 1 is the direct
    student, that one. What does not go together is left out, as a temperature with a loss that has
    none, or a loss with a student that no route fits to it; but each value and student must go with
    something.

    Parameters
    ----------
    students
        As `name_students` takes them.
    grid : Grid
        What is tried with each.
    n_rows : int
        Rows that a student will be fitted on.
    outcome : Outcome
        What there is to predict.
    weighted : bool
        Whether they come with weights.

    Returns
    -------
    candidates : list of Candidate

    Raises
    ------
    ParameterError, StudentError
        If a setting is unknown, no student can honour it, or a student can honour none.
    """
    direct: list[Candidate] = []
    others: list[Candidate] = []
    n_curves = 0
    usage = _Usage(replace(grid, synthetics=(None,)) if grid.makes_some else grid.of_student(None))
    for group, student in enumerate(_each_student(students, tuned=grid.tuned)):
        own = grid.of_student(student.estimator)
        resolve = _Resolver(student.estimator, own, n_rows, weighted)
        alone = resolve(grid.direct)
        for setting, found in usage.of(resolve, own):
            curve = [
                Candidate(
                    student.name,
                    settings,
                    {"student": student.estimator} | setting | {"strength": strength} | grid.other,
                    student.varied,
                    group,
                    n_curves,
                    student.heat,
                )
                for strength, settings in _along_strength(found, grid.strengths)
            ]
            if _ends_direct(curve[0].settings, alone, outcome):
                curve = [c for c in curve if c.settings.strength != 1.0]
            others += curve
            n_curves += 1
        params = {"student": student.estimator} | grid.direct | grid.other
        of_student = student.name, alone, params, student.varied, group
        direct.append(Candidate(*of_student, heat=student.heat))
    usage.check()
    return direct + others


class _Usage:
    """Which values of a grid went with something, and what those that did not raised."""

    def __init__(self, grid: Grid) -> None:
        self.unused = {
            (name, i)
            for name, field in grid.settings
            for i, value in enumerate(getattr(grid, field))
            if value not in grid.rules.left_out
        }
        self.errors: dict[tuple[str, int], Exception] = {}

    def of(self, resolve: "_Resolver", grid: Grid) -> Iterator[tuple[dict[str, Any], Settings]]:
        """Yield the settings, but for the strength, that a student can honour; at least one."""
        any_fits, first_error = False, None
        values = [
            [(name, i, value) for i, value in enumerate(getattr(grid, field))]
            for name, field in grid.settings
        ]
        for combination in product(*values):
            chosen = [(name, i) for name, i, _ in combination]
            setting = {name: value for name, _, value in combination}
            try:
                found = resolve({**setting, "strength": "auto"})
            except (ParameterError, StudentError) as error:
                first_error = first_error or error
                for value in chosen:
                    self.errors.setdefault(value, error)
                continue
            any_fits = True
            self.unused.difference_update(chosen)
            yield setting, found
        if not any_fits and first_error is not None:
            raise first_error

    def check(self) -> None:
        """Raise the error of a value that nothing could honour."""
        if self.unused:
            raise self.errors[min(self.unused)]


class _Resolver:
    """Resolves the settings of one student; those that take the same route share an adapter."""

    def __init__(self, student: Any, grid: Grid, n_rows: int, weighted: bool) -> None:  # noqa: FBT001
        self.student = student
        self.given = {"device": grid.device, "n_rows": n_rows, "weighted": weighted}
        self.given |= {"size": grid.size, "rules": grid.rules}
        self.adapters: dict[Any, Any] = {}

    def __call__(self, params: Mapping[str, Any]) -> Settings:
        settings = resolve_settings(self.student, **params, **self.given)
        route = type(settings.adapter), settings.adapter.route
        return replace(settings, adapter=self.adapters.setdefault(route, settings.adapter))


def _each_student(students: Any, *, tuned: bool) -> Iterator[_Student]:
    heat = -1
    for name, (estimator, own) in name_students(students).items():
        grid = own or (tuned_grid(estimator) if tuned else {})
        for place, varied in enumerate(ParameterGrid(grid)):
            heat += bool(own) or place == 0
            changed = estimator
            if varied:
                changed = clone(estimator).set_params(
                    **{key: clone(value, safe=False) for key, value in varied.items()}
                )
            yield _Student(name, changed, varied, heat)


def _along_strength(found: Settings, strengths: Sequence[float]) -> list[tuple[Any, Settings]]:
    """Return (strength, settings) for each strength and for 0, the strongest first."""
    if not found.finds_strength:  # no correction, or one with a constant of its own
        return [("auto", found)]
    wanted = sorted({0.0, *map(float, strengths)}, reverse=True)
    return [(s, replace(found, strength=s, finds_strength=False)) for s in wanted]


def ends_at_labels(settings: Settings, outcome: Outcome) -> bool:
    """Whether the full correction makes the target the label itself: not at a temperature."""
    if settings.correction is None:
        return False
    y, p = outcome.example()
    target = settings.loss.target(y, p, settings.correction.gain(p, 1.0))
    return bool(np.allclose(target, y, rtol=0.0, atol=1e-12))


def _ends_direct(settings: Settings, direct: Settings, outcome: Outcome) -> bool:
    """Whether strength 1 with these settings is the direct student."""
    follows = settings.strength is not None and settings.synthetic is None
    return follows and settings.loss == direct.loss and ends_at_labels(settings, outcome)
