"""Route "search": a search over classifiers, or a tuned threshold, chosen on rows with true labels.

Weighted copies of a row would be scored as if each were right, and would stand on both sides of the
inner splits. So the search is run on the numbers of the rows: each of its fits is a distillation of
its training rows, by the route of what is searched; its scores are those of the true labels of the
rows left out.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    ParameterGrid,
    TunedThresholdClassifierCV,
)

from skdistill._ground.compat import SEARCHES, take_rows
from skdistill._ground.learners import kind_of
from skdistill._ground.validation import index_rows
from skdistill.exceptions import StudentError
from skdistill.students.base import Adapter, Fitted, Problem, Route
from skdistill.targets.losses import Loss

__all__ = ["SearchAdapter", "is_search"]

THRESHOLDS = FixedThresholdClassifier, TunedThresholdClassifierCV


def is_search(student: Any) -> bool:
    """Whether the route is for this student: searches over regressors go by "regression"."""
    searches = isinstance(student, (SEARCHES, *THRESHOLDS))
    return searches and kind_of(student.estimator) == "classifier"


class SearchAdapter(Adapter):
    """Runs a search whose fits are distillations.

    Parameters
    ----------
    student : GridSearchCV or another search, TunedThresholdClassifierCV, FixedThresholdClassifier
        Over a classifier that some route serves.
    adapter_of : callable
        Gives the adapter of such a classifier; the search may change its settings, or the learner.
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

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the route of a candidate cannot honour a setting."""
        name = type(self.student).__name__
        params = self.student.get_params(deep=False)
        if isinstance(params.get("cv"), str):
            raise StudentError(
                f"cv={params['cv']!r} of {name} takes its classifier as it is, which would learn "
                "nothing from the teacher: give it a number of folds, or splits."
            )
        if params.get("refit") is False and not isinstance(self.student, THRESHOLDS):
            raise StudentError(f"refit=False of {name} leaves no student to use: leave it True.")
        self.inner.check(loss, n_rows, weighted=weighted)
        if isinstance(self.student, GridSearchCV):
            for changes in ParameterGrid(self.student.param_grid):
                each = clone(self.student.estimator).set_params(**clone(changes, safe=False))
                self.adapter_of(each).check(loss, n_rows, weighted=weighted)

    def on_device(self, device: str) -> Adapter:
        """Return the adapter whose classifiers are on `device`."""
        if device == "cpu":
            return self
        return SearchAdapter(self.student, partial(_on_device, self.adapter_of, device))

    def with_threads(self, threads: int | None) -> Adapter:
        """Return the adapter with search and classifiers at most at `threads` threads."""
        return SearchAdapter(super().with_threads(threads).student, self.adapter_of)

    def fit(self, problem: Problem) -> Fitted:
        """Search on the numbers of the rows, and put what was found in the place of those."""
        search = clone(self.student)
        estimator = search.estimator
        params = dict(problem.params)
        groups = {"groups": params.pop("groups")} if "groups" in params else {}
        table = replace(problem, params=params)
        search.set_params(estimator=_Distilling(estimator, self.adapter_of, table))
        with config_context(enable_metadata_routing=False):
            search.fit(np.arange(len(problem.target))[:, None], problem.labels, **groups)
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


class _Distilling(ClassifierMixin, BaseEstimator):
    """A classifier as a search sees it: it is fitted to soft targets, and knows rows by number.

    Its parameters are those of the classifier.
    """

    def __init__(
        self, student: Any, adapter_of: Callable[[Any], Adapter], problem: Problem
    ) -> None:
        self.student = student
        self.adapter_of = adapter_of
        self.problem = problem

    def __sklearn_clone__(self) -> "_Distilling":
        return _Distilling(clone(self.student), self.adapter_of, self.problem)

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002
        """Return the parameters of the classifier."""
        return dict(self.student.get_params(deep=deep))

    def set_params(self, **params: Any) -> "_Distilling":
        """Set parameters of the classifier."""
        self.student.set_params(**params)
        return self

    def fit(self, X: NDArray[np.int64], y: NDArray[Any]) -> "_Distilling":
        """Distil the rows numbered in `X`; `y`, their true labels, are in the problem."""
        whole, rows = self.problem, X[:, 0]
        problem = replace(
            whole,
            X=take_rows(whole.X, rows),
            target=whole.target[rows],
            labels=y,
            weight=index_rows(whole.weight, rows, len(whole.target)),
            params={k: index_rows(v, rows, len(whole.target)) for k, v in whole.params.items()},
        )
        adapter = self.adapter_of(self.student)
        adapter.check(problem.loss, len(rows), weighted=problem.weight is not None)
        self.fitted_ = adapter.fit(problem)
        self.classes_ = whole.classes
        return self

    def predict_proba(self, X: NDArray[np.int64]) -> Any:
        """Return the probabilities of the rows numbered in `X`."""
        return self.fitted_.model.predict_proba(take_rows(self.problem.X, X[:, 0]))

    def predict(self, X: NDArray[np.int64]) -> Any:
        """Return the labels of the rows numbered in `X`."""
        return self.fitted_.model.predict(take_rows(self.problem.X, X[:, 0]))
