"""`best_under`: another student of a search, fitted without a teacher fit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skdistill.choosing.budget import Budget, likely, measure
from skdistill.choosing.shelf import Shelf
from skdistill.estimators.base import BaseDistiller
from skdistill.exceptions import ParameterError
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import Kept, Synthetic, resolve_synthetic
from skdistill.rows.transfer import Transfer, check_same_rows
from skdistill.teaching.folds import Draw

__all__ = ["Given", "RefittingDistiller"]

SHARED = ("cv", "n_repeats", "device", "memory", "n_jobs", "random_state", "verbose")


@dataclass(frozen=True)
class Given:
    """What `fit` was given, by reference.

    Attributes
    ----------
    X, y, X_transfer : array-like
        Rows.
    beside : mapping
        ``sample_weight``, ``groups`` and ``exposure``.
    params : mapping
        Routed metadata.
    """

    X: Any
    y: Any
    X_transfer: Any
    beside: Mapping[str, Any]
    params: Mapping[str, Any]


class RefittingDistiller(BaseDistiller):
    """Base of the estimators that keep their candidates; `_single` fits one of them."""

    _single: ClassVar[type]
    _given_rows: Given
    _shelf: Shelf
    _draw: Draw
    _further: Mapping[Munge | None, Kept | NDArray[np.float64]]

    def _keep_rows(self, given: Given, further: Mapping[Munge | None, Transfer]) -> None:
        """Remember the rows, and what the teachers said of those without labels."""
        self._given_rows = given
        self._further = {
            munge: Kept.of(rows) if isinstance(rows, Synthetic) else rows.raw
            for munge, rows in further.items()
        }

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the training rows: a file holds what was learned."""
        state = dict(super().__getstate__())
        state.pop("_given_rows", None)
        return state

    def best_under(
        self,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        X_transfer: Any = None,
        *,
        latency_us: float | None = None,
        size_kb: float | None = None,
        max_leaves: float | None = None,
        readable: bool = False,
        **beside: Any,
    ) -> Any:
        """Return the best candidate within limits, fitted to all rows without a teacher fit.

        The best by the honest loss that the search chose by; where `fallback` ruled the distilled
        side of a student out, its direct ones only. It is measured once more when it is fitted, and
        makes room for the next best if it has outgrown the limits. The search stays as it is.

        Parameters
        ----------
        X, y, sample_weight, groups, X_transfer
            What `fit` was given, which a search remembers as long as it is in memory: pass it again
            to one that was loaded from a file. `y`, weights and groups are compared.
        latency_us : float or None, default=None
            Microseconds of one call in Python that predicts one row, at most: the median of many.
        size_kb : float or None, default=None
            Kilobytes (1,000 bytes) of the pickled student, at most.
        max_leaves : float or None, default=None
            Leaves of all its trees, at most.
        readable : bool, default=False
            Whether it must be one tree of at most 32 leaves, linear, or an explainable boosting
            machine.
        **beside : array-like of shape (n,)
            ``exposure`` of a regressor, as it was given to `fit`.

        Returns
        -------
        model : DistilledClassifier or DistilledRegressor
            Fitted, to predict with, to export or to `refit_student`; `student_` is the bare
            student.

        Raises
        ------
        ParameterError
            If no limit is given or one is no positive number; if nothing is within them: it says
            what the smallest needs; or if the rows are gone and none are passed.
        TypeError
            If a limit is unknown.
        InputError
            If other rows are passed than `fit` was given.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> from skdistill import DistilledClassifierCV
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> tree = DecisionTreeClassifier(random_state=0)
        >>> search = DistilledClassifierCV(
        ...     GaussianNB(), (tree, {"max_leaf_nodes": [4, 16]}), cv=3, random_state=0
        ... ).fit(X, y)
        >>> small = search.best_under(max_leaves=8)
        >>> bool(small.student_.get_n_leaves() <= 8)
        True
        """
        check_is_fitted(self, "_shelf")  # which a search has whose budget nothing was within
        limits = {"latency_us": latency_us, "size_kb": size_kb, "max_leaves": max_leaves}
        self._check_known(beside, [*limits, "readable"])
        budget = Budget.of(
            {name: value for name, value in limits.items() if value is not None}
            | ({"readable": readable} if readable is not False else {})
        )
        passed = {"y": y, "sample_weight": sample_weight, "groups": groups} | beside
        given = self._given_again(X, X_transfer, passed)
        self._check_same(given.y, **given.beside)
        costs = list(self._shelf.costs)
        while True:
            number = self._shelf.best(budget, costs)
            model = self._fit_one(number, given)
            costs[number] = measure(model._fitted, given.X)  # noqa: SLF001 - of one package
            if budget.allows(costs[number]):
                return model

    def _check_known(self, beside: Iterable[str], limits: list[str]) -> None:
        """Raise TypeError for what is neither a limit nor a column that `fit` takes."""
        known = [*limits, *self._task.beside]
        unknown = [name for name in beside if name not in known]
        if unknown:
            raise TypeError(
                f"best_under() got {unknown}, and knows the limits {limits}, beside what fit was "
                f"given.{likely(unknown, known)}"
            )

    def _given_again(self, X: Any, X_transfer: Any, passed: dict[str, Any]) -> Given:
        """Return the rows that are passed, or else those that are remembered."""
        known = ("y", "sample_weight", "groups", *self._task.beside)
        if X is not None:
            beside = {name: passed.get(name) for name in known}
            return Given(X, beside.pop("y"), X_transfer, beside, {})
        lone = [name for name, value in passed.items() if value is not None]
        if lone or X_transfer is not None:
            raise ParameterError(
                f"{[*lone, 'X_transfer'][0]} has no effect without X: pass all that fit was given, "
                "or none of it."
            )
        if "_given_rows" not in vars(self):
            raise ParameterError(
                "this search was loaded from a file or copied, which leaves out its training rows: "
                "pass them again, best_under(X, y, ...), as they were given to fit."
            )
        return self._given_rows

    def _fit_one(self, number: int, given: Given) -> Any:
        """Return one candidate, fitted to all rows by what the teachers said."""
        slot = self._shelf.slots[number]
        shared = {name: getattr(self, name) for name in SHARED}
        model = self._single(self.teacher, **shared | dict(slot.params))
        kept = self._further.get(resolve_synthetic(slot.params["synthetic"]))
        if isinstance(kept, np.ndarray):
            check_same_rows(given.X_transfer, kept)
            kept = Transfer(given.X_transfer, kept)
        rows = None if slot.is_direct else kept
        said = getattr(self, f"teacher_{self._task.suffix}_")
        said = said if said.ndim == 2 else said[:, None]
        beside = dict(given.beside)
        units = [beside.pop(name) for name in ("sample_weight", "groups")]
        how = {"reused": self._draw, "directly": slot.is_direct} | beside
        model._fit(given.X, given.y, *units, rows, said, dict(given.params), **how)  # noqa: SLF001
        model.fold_ = self.fold_
        if self._shelf.powers:
            model._raise_to(self._shelf.powers[number])  # noqa: SLF001 - of one package
        return model
