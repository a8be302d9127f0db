"""Route "search": a search over learners, or a tuned threshold, chosen on rows with true labels.

Weighted copies of a row would be scored as if each were right, and would stand on both sides of the
inner splits; pseudo-targets know the labels of the rows that the teacher learned from. So the
search is run on the numbers of the rows: each of its fits is a distillation of
its training rows, by the route of what is searched, within the size of a direct fit with the same
settings; its scores are those of the true labels of the rows left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import (
    FixedThresholdClassifier,
    ParameterGrid,
    TunedThresholdClassifierCV,
)

from skdistill._ground.arrays import one_hot
from skdistill._ground.compat import SEARCHES, take_rows
from skdistill._ground.learners import kind_of
from skdistill._ground.validation import index_rows
from skdistill.exceptions import StudentError
from skdistill.students.base import Adapter, Fitted, Problem, Route
from skdistill.students.direct import direct_problem, predict_fitted
from skdistill.students.size import fit_within
from skdistill.targets.losses import Loss
from skdistill.targets.numeric import NumericLoss

__all__ = [
    "SearchAdapter",
    "candidates_of",
    "check_candidate",
    "decides_by_threshold",
    "is_search",
]

THRESHOLDS = FixedThresholdClassifier, TunedThresholdClassifierCV


def is_search(student: Any) -> bool:
    """Whether the route is for it: a search over learners, or a threshold of one."""
    searches = isinstance(student, (SEARCHES, *THRESHOLDS))
    return searches and kind_of(student.estimator) in ("classifier", "regressor")


def decides_by_threshold(student: Any) -> bool:
    """Whether a student, or one inside it, says which class it is by a threshold."""
    parts = student.get_params(deep=True).values() if hasattr(student, "get_params") else ()
    return any(isinstance(part, THRESHOLDS) for part in (student, *parts))


def candidates_of(search: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield what a search tries, and its learner with that set; of what it draws, a few.

    Lists that are drawn from are gone through one by one, the others at their first values. A space
    that is given in words of another package yields nothing.

    Parameters
    ----------
    search : GridSearchCV or another search
        Not fitted.

    Yields
    ------
    changes, learner : dict, estimator
    """
    params = search.get_params(deep=False)
    if params.get("param_grid") is not None:
        tried = iter(ParameterGrid(params["param_grid"]))
    else:
        spaces = params.get("param_distributions") or []
        spaces = spaces if isinstance(spaces, list | tuple) else [spaces]
        tried = (changes for space in spaces for changes in _one_by_one(space))
    for changes in tried:
        yield changes, clone(search.estimator).set_params(**clone(changes, safe=False))


def _one_by_one(space: Any) -> Iterator[dict[str, Any]]:
    values = {
        key: [given.rvs(random_state=seed) for seed in range(3)]
        if hasattr(given, "rvs")
        else list(given)
        for key, given in space.items()
    }
    first = {key: some[0] for key, some in values.items()}
    yield first
    for key, some in values.items():
        yield from (first | {key: value} for value in some[1:])


def check_candidate(search: Any, changes: Any, found: Any, own: Any) -> None:
    """Raise StudentError where a candidate of a search minimises another loss than its learner."""
    if isinstance(own, NumericLoss) and found != own:
        raise StudentError(
            f"{type(search).__name__} would change what is minimised: with {changes} that is "
            f"{found!r}, and its {type(search.estimator).__name__} has {own!r}. A student has one "
            "loss: set it in the learner that is searched over, and leave it out of what is tried; "
            "DistilledRegressorCV compares students of different losses."
        )


class SearchAdapter(Adapter):
    """Runs a search whose fits are distillations.

    Parameters
    ----------
    student : GridSearchCV or another search, TunedThresholdClassifierCV, FixedThresholdClassifier
        Over a learner that some route serves.
    adapter_of : callable
        Gives the adapter of such a learner; the search may change its settings, or the learner.
    """

    def __init__(self, student: Any, adapter_of: Callable[[Any], Adapter]) -> None:
        super().__init__(student)
        self.adapter_of = adapter_of
        self.inner = adapter_of(student.estimator)
        self.default_loss = self.inner.default_loss

    @property
    def route(self) -> Route:
        """The route of what is searched, and why."""
        inner, name = self.inner.route, type(self.student).__name__
        return Route(
            f"search > {inner.name}",
            f"{name} is scored on rows with their true labels, and in each of its fits "
            f"{inner.reason}",
        )

    @property
    def grows(self) -> bool:
        """Whether a soft target makes a candidate larger than the labels would."""
        return self.inner.grows or any(adapter.grows for _, adapter in self._candidates())

    @property
    def excess(self) -> str:
        """Why what was found may be larger than what the direct search found."""
        return (
            f"{type(self.student).__name__} keeps each candidate to the size of a direct fit with "
            "the same settings, and found larger settings than on the labels alone. Leave these "
            "out of what it tries"
        )

    def _candidates(self) -> Iterator[tuple[dict[str, Any], Adapter]]:
        """Yield what a search tries, and the adapter for it; of a threshold nothing."""
        if not isinstance(self.student, THRESHOLDS):
            for changes, learner in candidates_of(self.student):
                yield changes, self.adapter_of(learner)

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the route of a candidate cannot honour a setting."""
        name = type(self.student).__name__
        params = self.student.get_params(deep=False)
        if isinstance(params.get("cv"), str):
            raise StudentError(
                f"cv={params['cv']!r} of {name} takes its learner as it is, which would learn "
                "nothing from the teacher: give it a number of folds, or splits."
            )
        if params.get("refit") is False and not isinstance(self.student, THRESHOLDS):
            raise StudentError(f"refit=False of {name} leaves no student to use: leave it True.")
        self.inner.check(loss, n_rows, weighted=weighted)
        for changes, adapter in self._candidates():
            check_candidate(self.student, changes, adapter.default_loss, self.default_loss)
            adapter.check(loss, n_rows, weighted=weighted)

    def on_device(self, device: str) -> Adapter:
        """Return the adapter whose learners are on `device`."""
        if device == "cpu":
            return self
        return SearchAdapter(self.student, partial(_on_device, self.adapter_of, device))

    def with_threads(self, threads: int | None) -> Adapter:
        """Return the adapter with search and learners at most at `threads` threads."""
        return SearchAdapter(super().with_threads(threads).student, self.adapter_of)

    def fit(self, problem: Problem) -> Fitted:
        """Search on the numbers of the rows, and put what was found in the place of those."""
        search = clone(self.student)
        estimator = search.estimator
        params = dict(problem.params)
        groups = {"groups": params.pop("groups")} if "groups" in params else {}
        table = replace(problem, params=params)
        of_classes = kind_of(estimator) == "classifier"
        kind = _OfClasses if of_classes else _OfNumbers
        truth = problem.labels if of_classes else _as_numbers(problem)
        search.set_params(estimator=kind(estimator, self.adapter_of, table))
        with config_context(enable_metadata_routing=False):
            search.fit(np.arange(len(truth))[:, None], truth, **groups)
        search.estimator = estimator
        is_threshold = isinstance(search, THRESHOLDS)
        found = "estimator_" if is_threshold else "best_estimator_"
        fitted = getattr(search, found).fitted_
        setattr(search, found, fitted.model)
        if not is_threshold and search.scoring is None:
            search.scorer_ = check_scoring(estimator)  # the search's own holds the rows
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(fitted.model, name) and not isinstance(
                getattr(type(search), name, None), property
            ):
                setattr(search, name, getattr(fitted.model, name))
        return replace(fitted, model=search, decides=is_threshold)


def _on_device(adapter_of: Callable[[Any], Adapter], device: str, learner: Any) -> Adapter:
    return adapter_of(learner).on_device(device)


class _Distilling(BaseEstimator):
    """A learner as a search sees it: it is fitted to soft targets, and knows rows by number.

    Its parameters are those of the learner.
    """

    def __init__(
        self, student: Any, adapter_of: Callable[[Any], Adapter], problem: Problem
    ) -> None:
        self.student = student
        self.adapter_of = adapter_of
        self.problem = problem

    def __sklearn_clone__(self) -> "_Distilling":
        return type(self)(clone(self.student), self.adapter_of, self.problem)

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002
        """Return the parameters of the learner."""
        return dict(self.student.get_params(deep=deep))

    def set_params(self, **params: Any) -> "_Distilling":
        """Set parameters of the learner."""
        self.student.set_params(**params)
        return self

    def fit(self, X: NDArray[np.int64], y: NDArray[Any]) -> "_Distilling":
        """Distil the rows numbered in `X`; `y`, what they are scored by, the problem knows."""
        rows, problem = X[:, 0], _of_rows(self.problem, X[:, 0])
        adapter = self.adapter_of(self.student)
        adapter.check(problem.loss, len(rows), weighted=problem.weight is not None)
        size = "free" if problem.direct is None else "direct"
        labelled = _labelled_rows(self.problem, rows)
        direct = partial(_direct_of, adapter, _of_rows(self.problem, rows[labelled]))
        self.fitted_ = fit_within(size, adapter, [problem], direct, np.sum(labelled)).fitted[0]
        self.classes_ = problem.classes
        return self

    def predict(self, X: NDArray[np.int64]) -> Any:
        """Return what is predicted of the rows numbered in `X`."""
        return self.fitted_.model.predict(take_rows(self.problem.X, X[:, 0]))


def _as_numbers(problem: Problem) -> NDArray[Any]:
    """Return what a regressor's predictions are scored by: classes as probabilities of 0 and 1."""
    if not len(problem.classes):
        return problem.labels
    codes = np.searchsorted(problem.classes, problem.labels)
    return _columns(one_hot(codes, len(problem.classes), np.empty(0)))


def _columns(p: NDArray[Any]) -> NDArray[Any]:
    """Return probabilities as a regressor predicts them: of two classes those of the second."""
    return p[:, 1] if p.shape[1] == 2 else p


def _of_rows(whole: Problem, rows: NDArray[np.int64]) -> Problem:
    """Return what a learner is to solve on some of the rows."""
    n_rows = len(whole.target)
    return replace(
        whole,
        X=take_rows(whole.X, rows),
        target=whole.target[rows],
        labels=whole.labels[rows],
        weight=index_rows(whole.weight, rows, n_rows),
        params={key: index_rows(value, rows, n_rows) for key, value in whole.params.items()},
        mixture=None if whole.mixture is None else whole.mixture.take(rows),
    )


def _labelled_rows(whole: Problem, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows have labels of their own; all, where a class is not among those."""
    own = rows < len(whole.target) if whole.n_labelled is None else rows < whole.n_labelled
    lacks = len(np.unique(whole.labels[rows[own]])) < len(np.unique(whole.labels[rows]))
    return np.ones_like(own) if len(whole.classes) and lacks else own


def _direct_of(adapter: Adapter, problem: Problem) -> Problem:
    """Return what the direct student is to solve on the same rows."""
    return direct_problem(adapter, problem.X, problem.labels, problem.weight, problem.params)


class _OfNumbers(RegressorMixin, _Distilling):
    """A regressor, as a search sees it; of classes it predicts the probabilities."""

    def predict(self, X: NDArray[np.int64]) -> Any:
        """Return what is predicted of the rows numbered in `X`."""
        if not len(self.classes_):
            return super().predict(X)
        return _columns(predict_fitted(self.fitted_, take_rows(self.problem.X, X[:, 0])))


class _OfClasses(ClassifierMixin, _Distilling):
    """A classifier, as a search sees it."""

    def predict_proba(self, X: NDArray[np.int64]) -> Any:
        """Return the probabilities of the rows numbered in `X`."""
        return self.fitted_.model.predict_proba(take_rows(self.problem.X, X[:, 0]))
