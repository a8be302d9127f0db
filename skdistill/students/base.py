"""What a student is given, what comes back, and what an adapter must do in between."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._ground.arrays import one_hot
from skdistill._ground.devices import choose_device
from skdistill._ground.learners import WeightlessError, replace_settings, weight_keyword
from skdistill._ground.threads import bound_threads
from skdistill._ground.wrapping import fit_sorted, unlabelled
from skdistill.exceptions import StudentError
from skdistill.targets.losses import Loss

__all__ = [
    "LONGEST_STEP",
    "Adapter",
    "Fitted",
    "Mixture",
    "Problem",
    "Route",
    "balanced_weights",
    "check_class_weight",
    "fit_changed",
    "give_back",
    "redefines",
]

# Their set_params sets a value and does no more, also once the model is fitted.
SETTABLE = {"lightgbm", "sklearn", "xgboost"}
Floats = NDArray[np.floating[Any]]
# Of a boosted log-odds in one tree, before the learning rate. From one in 150 to even is five.
LONGEST_STEP = 10.0


@dataclass(frozen=True)
class Mixture:
    """What stands for the targets of a loss that no one number per row stands for.

    Attributes
    ----------
    values : array of shape (k, n, m)
        The numbers that each row comes with.
    shares : array of shape (k, n)
        How much of the row's weight each of them has; they sum to one over the first axis.
    """

    values: Floats
    shares: Floats

    def take(self, rows: NDArray[np.int64]) -> "Mixture":
        """Return the mixture of some of the rows."""
        return Mixture(self.values[:, rows], self.shares[:, rows])


@dataclass(frozen=True)
class Problem:
    """All that a student sees.

    Attributes
    ----------
    X : array-like or data frame of n rows
        Features, untouched.
    target : array of shape (n, K)
        Pseudo-targets on the scale of the loss.
    loss : Loss
        What the student should minimise.
    labels : array of shape (n,)
        True labels, or drawn ones of rows that have none, for what a student does with labels
        besides fitting: supervised preprocessing
        in its pipeline, balanced class weights, stratified inner splits.
    classes : array of shape (K,)
        Sorted classes, the columns of `target`; empty where these are numbers.
    weight : array of shape (n,) or None
        Row weights; None for equal ones.
    params : mapping
        Further parameters of the student's fit.
    direct : Fitted or None
        The direct student, where the one to be fitted must be no larger.
    n_labelled : int or None
        Beside `direct`: so many rows have labels of their own; the others come after them.
    mixture : Mixture or None
        In place of `target`, where one number per row does not do.
    """

    X: Any
    target: Floats
    loss: Loss
    labels: NDArray[Any]
    classes: NDArray[Any]
    weight: Floats | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    direct: "Fitted | None" = None
    n_labelled: int | None = None
    mixture: Mixture | None = None

    @property
    def codes(self) -> NDArray[np.int64]:
        """Class index of each row, shape (n,)."""
        return np.searchsorted(self.classes, self.labels)

    @property
    def is_direct(self) -> bool:
        """Whether the student of this problem is the direct one: nothing soft, no temperature."""
        return self.is_hard and getattr(self.loss, "temperature", 1.0) == 1.0

    @property
    def truth(self) -> Floats:
        """What was observed, on the scale of the target, shape (n, C)."""
        if not len(self.classes):
            return self.labels.reshape(len(self.labels), -1)
        return np.asarray(one_hot(self.codes, len(self.classes), self.target))

    @cached_property
    def is_hard(self) -> bool:
        """Whether the target is what was observed of every row: nothing soft is left."""
        return self.mixture is None and np.array_equal(self.target, self.truth)


@dataclass(frozen=True)
class Fitted:
    """A fitted student.

    Attributes
    ----------
    model : estimator
        The plain fitted model.
    decode : callable or None
        Turns ``model.predict(X)`` into probabilities (n, K); None where ``model.predict_proba``
        gives them.
    touched : float
        Share of rows whose target had to be projected on the simplex.
    decides : bool
        Whether the model's own `predict` says which class it is: by a threshold, not by the largest
        probability.
    power : float
        To which its probabilities were raised after the fit (`skdistill.students.at_power`).
    """

    model: Any
    decode: Callable[[Any], Any] | None = None
    touched: float = 0.0
    decides: bool = False
    power: float = 1.0


@dataclass(frozen=True)
class Route:
    """How the student consumes its targets, and why so.

    Attributes
    ----------
    name : str
        "regression", "native", "linear", "mlp", "replication", "pipeline > ..." or "search > ...".
    reason : str
        One sentence.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class Adapter(ABC):
    """How one kind of learner is fitted to a pseudo-target.

    Parameters
    ----------
    student : estimator
        Never changed; each fit works on a clone.
    """

    default_loss: Any  # the name, or the loss, that loss="auto" stands for
    unweighted = "loss='brier' without sample_weight"  # where no row weighs more than another

    def __init__(self, student: Any) -> None:
        self.student = student

    @property
    def grows(self) -> bool:
        """Whether a soft target makes it larger than the labels would; it then heeds `direct`."""
        return False

    @property
    def excess(self) -> str:
        """Why a fitted student may be larger than the direct one all the same."""
        return (
            f"of {type(self.student).__name__} no setting is known that would keep it as small. "
            "Bound it by its own settings"
        )

    @property
    @abstractmethod
    def route(self) -> Route:
        """The route taken, and why."""

    @abstractmethod
    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the route cannot honour a setting; called before any fit.

        Parameters
        ----------
        loss : Loss
            What is to be minimised.
        n_rows : int
            Rows the student will be fitted on.
        weighted : bool
            Whether rows will weigh differently.
        """

    def check_outputs(self, n_outputs: int, n_rows: int) -> None:  # noqa: B027 - most take any
        """Raise StudentError where so many outputs cannot be mixed of two kinds of rows."""

    @abstractmethod
    def fit(self, problem: Problem) -> Fitted:
        """Fit a clone of the student to the problem's target."""

    def fit_many(self, problems: Sequence[Problem]) -> list[Fitted]:
        """Fit one student per problem; all are about the same rows (`X`, `labels`, `params`).

        An adapter that can share work between them does so here.

        Parameters
        ----------
        problems : sequence of Problem
            Targets, losses and weights of the same rows.

        Returns
        -------
        fitted : list of Fitted
            What `fit` returns for each of them.
        """
        return [self.fit(problem) for problem in problems]

    def on_device(self, device: str) -> "Adapter":
        """Return the adapter of the same student on a "cpu", "cuda" or "auto" device.

        Raises
        ------
        StudentError
            If it is "cuda", and the learner cannot run on a GPU here.
        """
        if device == "cpu":
            return self
        chosen = choose_device(device, self.gpu_obstacle(), type(self.student).__name__)
        return self if chosen == "cpu" else self.on_gpu()

    def gpu_obstacle(self) -> str | None:
        """Return why the learner cannot run on a GPU here, None if it can."""
        return (
            "it does not run on a GPU; LightGBM, XGBoost, and the linear and MLP students of this "
            "package do."
        )

    def on_gpu(self) -> "Adapter":
        """Return the adapter of the same student on the GPU; asked where there is no obstacle."""
        return self

    def with_bounded_steps(self) -> "Adapter | None":
        """Return the adapter of the same student, direct fits bounded as those to soft labels are.

        None where that is no difference: no steps, or those of the user's own bound.
        """
        return None

    def runs_away(self, fitted: Fitted) -> bool:
        """Whether a direct fit went further in one step than it does with the bound."""
        return False

    def with_threads(self, threads: int | None) -> "Adapter":
        """Return the adapter of the same student with at most `threads` threads; None: as it is."""
        if threads is None:
            return self
        other = copy(self)
        other.student = clone(self.student)
        bound_threads(other.student, threads)
        return other

    def fit_keywords(self, weight: Floats | None, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keywords of the student's fit, or raise where weights would be lost."""
        if weight is None:
            return dict(params)
        try:
            keyword = weight_keyword(self.student)
        except WeightlessError as error:
            raise StudentError(
                f"{error}, and the rows weigh differently (by sample_weight, or by the loss): use "
                f"a student that takes weights, or {self.unweighted}."
            ) from error
        return dict(params) | {keyword: weight}

    def fit_labels(self, problem: Problem, labels: NDArray[Any] | None = None) -> Fitted:
        """Fit a clone to the labels themselves: nothing soft is left.

        Classes are balanced by the weight of their rows, as with soft targets; most learners would
        count the rows.

        Parameters
        ----------
        problem : Problem
            Its target is not looked at.
        labels : array of shape (n,) or None, default=None
            Other names of the labels.
        """
        model = clone(self.student)
        weight, own = problem.weight, {}
        given = model.get_params(deep=False).get("class_weight")
        if isinstance(given, str) and weight is not None:
            per_class = cast("Floats", balanced_weights(given, problem))
            weight, own = weight * per_class[problem.codes], {"class_weight": None}
        keywords = self.fit_keywords(weight, problem.params)
        labels = problem.labels if labels is None else labels
        return Fitted(fit_changed(model, own, problem.X, labels, keywords))


def fit_changed(
    model: Any, own: Mapping[str, Any], X: Any, y: Any, keywords: Mapping[str, Any]
) -> Any:
    """Fit a classifier with some settings changed, and give it its own back.

    Where setting them is more than that (CatBoost forbids it once a model is fitted) they stay as
    they were in the fit.

    Parameters
    ----------
    model : classifier
        A clone; fitted in place unless it knows the classes by number only.
    own : mapping
        The settings that must differ in the fit.
    X, y : array-like or data frame of n rows, array of shape (n,)
        Rows and labels.
    keywords : mapping
        Of its `fit`.

    Returns
    -------
    fitted : classifier
        See `fit_sorted`.
    """
    before = replace_settings(model, own)
    fitted = fit_sorted(model, X, y, **keywords)
    give_back(unlabelled(fitted), before)
    return fitted


def give_back(model: Any, before: Mapping[str, Any]) -> None:
    """Give a fitted model the settings of before its fit, if setting them is no more than that."""
    if before and type(model).set_params.__module__.partition(".")[0] in SETTABLE:
        replace_settings(model, before)


def redefines(student: Any, package: str, *methods: str) -> bool:
    """Whether a class from outside a package redefines a method that its route relies on.

    A subclass may fit, or predict by, something else than what the route puts into the model.

    Parameters
    ----------
    student : estimator
        Of a subclass of one of the package's, or of that itself.
    package : str
        Name of the package at the top.
    *methods : str
        What must be the package's own.
    """
    homes = (
        next((c.__module__ for c in type(student).__mro__ if name in vars(c)), package)
        for name in methods
    )
    return any(home.partition(".")[0] != package for home in homes)


def check_class_weight(class_weight: Any, classes: NDArray[Any] | None = None) -> None:
    """Raise StudentError for a student's `class_weight` that cannot be honoured.

    Parameters
    ----------
    class_weight : object
        Of the student; None, "balanced" or a mapping of labels to weights will do.
    classes : array of shape (K,) or None, default=None
        The labels that a mapping may name; None where they are not known yet.
    """
    if class_weight is None or (isinstance(class_weight, str) and class_weight == "balanced"):
        return
    if not isinstance(class_weight, Mapping):
        raise StudentError(
            f"class_weight={class_weight!r} cannot be honoured with soft targets: use 'balanced', "
            "a dict, or None."
        )
    for label, weight in class_weight.items():
        is_number = isinstance(weight, Real) and not isinstance(weight, bool | np.bool_)
        if not (is_number and 0.0 < float(weight) < np.inf):
            raise StudentError(
                f"class_weight must give a class a finite number above zero, got {weight!r} for "
                f"class {label!r}."
            )
    known = None if classes is None else classes.tolist()
    unknown = [] if known is None else [label for label in class_weight if label not in known]
    if unknown:
        raise StudentError(
            f"class_weight names {unknown}, which are no classes of y: its keys must be among "
            f"{known}; a class that is left out weighs 1."
        )


def balanced_weights(class_weight: Any, problem: Problem) -> Floats | None:
    """Return a weight per class, shape (K,), from a student's `class_weight`; None for none.

    "balanced" is ``W / (K W_k)`` with `W_k` the weight of the rows labelled k.

    Raises
    ------
    StudentError
        If `class_weight` is something else, names no class, or has a weight that is not positive.
    """
    check_class_weight(class_weight, problem.classes)
    if class_weight is None:
        return None
    if isinstance(class_weight, Mapping):
        return np.array([float(class_weight.get(c, 1.0)) for c in problem.classes.tolist()])
    per_class = np.bincount(problem.codes, problem.weight, minlength=len(problem.classes))
    return per_class.sum() / (len(per_class) * per_class)
