"""Many students of one teacher: what each loses, and what it costs to run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupShuffleSplit, StratifiedShuffleSplit
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from skdistill._ground.compat import take_rows
from skdistill._ground.costs import Latency, Parts, count_parts, latency, size_bytes
from skdistill._ground.estimates import Estimate, row_mean, split_mean
from skdistill._ground.html import size_text, time_text
from skdistill._ground.metrics import FLOOR, row_log_loss
from skdistill._ground.validation import as_labels, brief, check_integer, check_number
from skdistill.choosing.candidates import name_students
from skdistill.exceptions import ParameterError
from skdistill.inspection._checks import check_distiller, check_floor
from skdistill.inspection._display import data_frame
from skdistill.inspection._scores import one_hot_labels, probabilities, scores
from skdistill.inspection.frontier_display import FrontierDisplay
from skdistill.students import as_student, resolve
from skdistill.teaching.folds import make_folds

__all__ = ["Frontier", "FrontierPoint", "frontier"]

Index = NDArray[np.int64]


@dataclass(frozen=True)
class FrontierPoint:
    """One student of a frontier.

    Attributes
    ----------
    name : str
        Of the student.
    loss : Estimate
        Log-loss on rows that neither teacher nor student was fitted on, with its standard error.
    scores : mapping of str to float
        Accuracy, log-loss, AUC, Brier score and calibration error there.
    latency : Latency
        Of ``predict_proba``, in seconds per call; with what stands before it in a Pipeline.
    size_bytes : int or None
        Of the student, as joblib dumps it, with what stands before it in a Pipeline; None where it
        cannot be pickled.
    parts : Parts
        Its nodes or parameters.
    strength : float or None
        How far its teacher was corrected (mean over the folds).
    """

    name: str
    loss: Estimate
    scores: Mapping[str, float]
    latency: Latency
    size_bytes: int | None
    parts: Parts
    strength: float | None

    def __str__(self) -> str:
        size = "" if self.size_bytes is None else f", {size_text(self.size_bytes)}"
        calls = f"{time_text(self.latency.median)} per call of {self.latency.n_rows:,} row(s)"
        error = "" if self.loss.error is None else f" (standard error {self.loss.error:.4f})"
        return f"{self.name}: log-loss {self.loss.mean:.4f}{error}{size}, {calls}"


@dataclass(frozen=True)
class Frontier:
    """Students of one teacher; what `frontier` returns.

    Attributes
    ----------
    points : tuple of FrontierPoint
        In the order of the students given.
    protocol : str
        On which rows the losses were measured, in words.
    """

    points: tuple[FrontierPoint, ...]
    protocol: str

    def display(self, against: str = "latency") -> FrontierDisplay:
        """Return the frontier as a display.

        Parameters
        ----------
        against : {"latency", "size_bytes"}, default="latency"
            The horizontal axis.

        Returns
        -------
        display : FrontierDisplay
        """
        points = self.points
        errors = [np.nan if p.loss.error is None else p.loss.error for p in points]
        return FrontierDisplay.from_predictions(
            [p.name for p in points],
            [p.loss.mean for p in points],
            [p.latency.median for p in points],
            [np.nan if p.size_bytes is None else p.size_bytes for p in points],
            errors,
            against=against,
        )

    @property
    def front(self) -> tuple[FrontierPoint, ...]:
        """The students that no other one beats in loss, latency and size together."""
        marks = self.display().table["on_front"]
        return tuple(point for point, on in zip(self.points, marks, strict=True) if on)

    def best_under(self, latency: float | None = None, size: float | None = None) -> FrontierPoint:
        """Return the student of the smallest loss within a budget.

        Parameters
        ----------
        latency : float or None, default=None
            Seconds per call, median; None for no limit.
        size : float or None, default=None
            Bytes on disk; None for no limit.

        Returns
        -------
        point : FrontierPoint

        Raises
        ------
        ParameterError
            If a limit is no positive number, or no student is within the budget.
        """
        limits = {"latency": latency, "size": size}
        slow, large = (
            np.inf if limit is None else check_number(name, limit, low=0.0, low_open=True)
            for name, limit in limits.items()
        )
        judged = [p for p in self.points if not np.isnan(p.loss.mean)]
        fits = [p for p in judged if p.latency.median <= slow and _bytes(p) <= large]
        if not fits:
            fastest = min(self.points, key=lambda p: p.latency.median)
            smallest = min(self.points, key=_bytes)
            raise ParameterError(
                f"no student is within latency={latency!r} and size={size!r}: the fastest, "
                f"{fastest.name}, takes {fastest.latency.median:.3g} s, the smallest, "
                f"{smallest.name}, has {smallest.size_bytes} bytes. Allow more, or add smaller "
                "students."
            )
        return min(fits, key=lambda p: p.loss.mean)

    def frame(self) -> Any:
        """Return a row per student.

        Returns
        -------
        frame : pandas.DataFrame
            The columns of `FrontierDisplay.frame` and
            ``latency_p99, nodes, parameters, strength, accuracy, auc, brier, calibration_error``.
        """
        columns = dict(self.display().table)
        columns["latency_p99"] = [p.latency.p99 for p in self.points]
        columns["nodes"] = [p.parts.nodes for p in self.points]
        columns["parameters"] = [p.parts.parameters for p in self.points]
        columns["strength"] = [p.strength for p in self.points]
        for name in ("accuracy", "auc", "brier", "calibration_error"):
            columns[name] = [p.scores[name] for p in self.points]
        return data_frame(columns)

    def plot(self, ax: Any = None, against: str = "latency") -> FrontierDisplay:
        """Draw loss against latency or size.

        Parameters
        ----------
        ax : matplotlib axes or None, default=None
            Where; None makes a new figure.
        against : {"latency", "size_bytes"}, default="latency"
            The horizontal axis.

        Returns
        -------
        display : FrontierDisplay
        """
        return self.display(against).plot(ax)

    def __str__(self) -> str:
        front = self.front
        return "\n".join(
            [self.protocol, *(f"{p}, on the front" if p in front else str(p) for p in self.points)]
        )


@dataclass(frozen=True)
class _Trial:
    """One student on one split."""

    row_losses: NDArray[np.float64]
    scores: Mapping[str, float]
    strength: float | None
    model: Any  # kept on the first split only
    front: Pipeline | None  # what stands before it, fitted


def frontier(
    estimator: Any,
    X: Any,
    y: Any,
    students: Any,
    *,
    cv: Any = None,
    test_size: float = 0.25,
    groups: Any = None,
    latency_rows: int = 1,
    budget: float = 0.3,
    floor: float = FLOOR,
    n_jobs: int | None = None,
    random_state: Any = None,
    verbose: int = 0,
) -> Frontier:
    """Distil one teacher into many students, and weigh what each loses against what it costs.

    On each split the teacher is cross-fitted once, and every student is fitted to its labels by
    `DistilledClassifier.refit_student`. Losses are those of rows outside the split's training part,
    which neither teacher nor student has seen. To go on with a student, call
    ``estimator.refit_student(X, y, student=...)`` on a fitted estimator.

    Parameters
    ----------
    estimator : DistilledClassifier, or Pipeline that ends in one
        Fitted or not; it is cloned. The steps before it are fitted on each split's training part,
        and belong to what is timed and weighed.
    X : array-like, sparse array or data frame of n rows
        Features.
    y : array-like of shape (n,)
        Labels.
    students : mapping of str to estimator, or list
        Students by name, or as `DistilledClassifierCV` takes and names them: a list of estimators
        or (name, estimator), or one of these; without grids.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Folds to score on. None holds out one random part, stratified or of whole groups.
    test_size : float, default=0.25
        Share of rows (or groups) to hold out where `cv` is None.
    groups : array-like of shape (n,) or None, default=None
        Groups that no split may divide.
    latency_rows : int, default=1
        Rows predicted in one call when timing.
    budget : float, default=0.3
        Seconds to spend on timing each student.
    floor : float, default=1e-3
        The log-loss counts smaller probabilities as this.
    n_jobs : int or None, default=None
        Splits at once. Students are timed afterwards, one by one.
    random_state : int, RandomState or None, default=None
        Draws the rows held out, or the folds.
    verbose : int, default=0
        Of joblib, which reports each split above 10.

    Returns
    -------
    frontier : Frontier

    Raises
    ------
    ParameterError
        If the estimator is no `DistilledClassifier`, nor a Pipeline that ends in one (a search
        would choose on rows that are tested on), there are no students or grids of them, a number
        is out of range, or `test_size` is given with `cv`.
    FoldError, StudentError
        If the folds or a student cannot be used, or a name is used twice.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.inspection import frontier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DistilledClassifier(RandomForestClassifier(20, random_state=0), random_state=0)
    >>> trees = {
    ...     f"{n} leaves": DecisionTreeClassifier(max_leaf_nodes=n, random_state=0) for n in (2, 16)
    ... }
    >>> found = frontier(model, X, y, trees, random_state=0)
    >>> found.protocol
    '143 of 569 rows held out'
    >>> found.best_under(size=1e6).name
    '16 leaves'
    """
    front, distiller = _parted(estimator)
    check_distiller(distiller)
    students = _by_name(students, distiller.loss)
    _check_split(cv, test_size)
    check_integer("latency_rows", latency_rows, low=1)
    check_number("budget", budget, low=0.0)
    floor = check_floor(floor)
    labels = as_labels(y, warn=False)
    groups = None if groups is None else np.asarray(groups)
    if cv is None:
        splits = [_hold_out(X, labels, groups, test_size, random_state)]
        protocol = f"{len(splits[0][1])} of {len(labels)} rows held out"
    else:
        splits = list(make_folds(cv, X, labels, groups=groups, random_state=random_state).splits)
        protocol = f"cross-validation on {len(splits)} folds"
    trials = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(_one_split)(
            (front, distiller), X, labels, groups, students, split, floor, keep=number == 0
        )
        for number, split in enumerate(splits)
    )
    ratio = float(np.mean([len(test) / len(train) for train, test in splits]))
    held_out = None if groups is None else groups[splits[0][1]]
    points = []
    for name in students:
        own = [trial[name] for trial in trials]
        loss = _loss(own, ratio, held_out)
        points.append(_point(name, own, loss, X, latency_rows=latency_rows, budget=budget))
    return Frontier(tuple(points), protocol)


def _bytes(point: FrontierPoint) -> float:
    """Return the size of a student; one that was not measured may be of any."""
    return np.inf if point.size_bytes is None else point.size_bytes


def _point(
    name: str, trials: list[_Trial], loss: Estimate, X: Any, *, latency_rows: int, budget: float
) -> FrontierPoint:
    first = trials[0]
    model, student = (_behind(first.front, m) for m in (first.model, first.model.student_))
    strengths = [trial.strength for trial in trials]
    figures = {key: [trial.scores[key] for trial in trials] for key in trials[0].scores}
    return FrontierPoint(
        name=name,
        loss=loss,
        scores={key: float(np.mean(values)) for key, values in figures.items()},
        latency=latency(model.predict_proba, X, latency_rows, budget),
        size_bytes=size_bytes(student),
        parts=count_parts(student),
        strength=None if None in strengths else float(np.mean(strengths)),
    )


def _parted(estimator: Any) -> tuple[Pipeline | None, Any]:
    """Return the steps before the last of a Pipeline, and the last; None and what is none."""
    if not isinstance(estimator, Pipeline) or len(estimator) < 2:
        return None, estimator
    return estimator[:-1], estimator[-1]


def _behind(front: Pipeline | None, model: Any) -> Any:
    """Return a fitted model with what stands before it: it takes the rows as they are given."""
    return model if front is None else Pipeline([*front.steps, ("model", model)])


def _one_split(
    parts: tuple[Pipeline | None, Any],
    X: Any,
    y: NDArray[Any],
    groups: NDArray[Any] | None,
    students: Mapping[str, Any],
    split: tuple[Index, Index],
    floor: float,
    *,
    keep: bool,
) -> dict[str, _Trial]:
    """Cross-fit the teacher on the training part, and fit and score each student."""
    train, test = split
    X_train, X_test = take_rows(X, train), take_rows(X, test)
    front, estimator = (None if step is None else clone(step) for step in parts)
    if front is not None:
        X_train, X_test = front.fit_transform(X_train, y[train]), front.transform(X_test)
    part = None if groups is None else groups[train]
    names = list(students)
    fitted = estimator.set_params(student=students[names[0]]).fit(X_train, y[train], groups=part)
    found = {}
    for name in names:
        model = fitted
        if name != names[0]:
            model = fitted.refit_student(X_train, y[train], groups=part, student=students[name])
        p = probabilities(model, X_test, model.classes_)
        onehot = one_hot_labels(y[test], model.classes_)
        found[name] = _Trial(
            row_losses=row_log_loss(onehot, p, floor),
            scores=scores(onehot, p, floor=floor),
            strength=model.strength_,
            model=model if keep else None,
            front=front if keep else None,
        )
    return found


def _loss(trials: list[_Trial], test_over_train: float, groups: Any) -> Estimate:
    """Return the loss and its error: over rows for one split, over folds for several."""
    if len(trials) == 1:
        return row_mean(trials[0].row_losses, groups=groups)
    return split_mean([float(t.row_losses.mean()) for t in trials], test_over_train)


def _hold_out(
    X: Any, y: NDArray[Any], groups: Any, test_size: float, random_state: Any
) -> tuple[Index, Index]:
    kind = StratifiedShuffleSplit if groups is None else GroupShuffleSplit
    splitter = kind(n_splits=1, test_size=test_size, random_state=random_state)
    return next(splitter.split(X, y, groups))


def _by_name(students: Any, loss: Any) -> dict[str, Any]:
    """Return the students by name, or raise for what is none before anything is fitted."""
    if isinstance(students, Mapping):
        named = dict(students)
    else:
        named = {}
        for name, (student, grid) in name_students(students).items():
            if grid:
                raise ParameterError(
                    f"frontier takes no grids of parameters, got {brief(grid)} for {name!r}: name "
                    "each student that is to be weighed."
                )
            named[name] = student
    if not named:
        raise ParameterError(
            'students must hold at least one, as {"tree": DecisionTreeClassifier()} does, got '
            f"{students!r}."
        )
    for student in named.values():
        resolve(as_student(student), loss)
    return named


def _check_split(cv: Any, test_size: Any) -> None:
    check_number("test_size", test_size, low=0.0, high=1.0, low_open=True, high_open=True)
    if cv is not None and test_size != 0.25:
        raise ParameterError(
            f"test_size={test_size!r} has no effect with cv={cv!r}: leave one of the two out."
        )
