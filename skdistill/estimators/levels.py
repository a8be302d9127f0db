"""Students of several quantiles, fitted: what they say together, and others in their place."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, clone
from sklearn.metrics import d2_pinball_score
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.coverage import Coverage, measure_coverage
from skdistill._ground.data import Data, check_numeric_data
from skdistill._ground.learners import holds_frozen
from skdistill.estimators.base import BaseDistiller
from skdistill.estimators.quantiles_report import QuantilesReport
from skdistill.estimators.regressor import DistilledRegressor
from skdistill.exceptions import ParameterError, StudentError
from skdistill.students import Fitted, predict_fitted
from skdistill.students.levels import at_level
from skdistill.teaching.quantiles import Levels, Quantiles

__all__ = ["LevelsDistiller"]

Floats = NDArray[np.float64]


class LevelsDistiller(RegressorMixin, BaseDistiller):
    """Base of the estimator of several quantiles: a subclass has `fit` and its parameters."""

    _outcome: Quantiles
    _levels: Levels
    _others: list[Fitted]  # of the levels after the first
    _refittable: ClassVar[tuple[str, ...]] = (
        "student",
        "correction",
        "strength",
        "calibration",
        "device",
        "size",
    )

    def refit_student(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        X_transfer: Any = None,
        **changes: Any,
    ) -> Self:
        """Return a new estimator with other students or corrections, without a teacher fit.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features of the training rows, in the order of `fit`; the students may be given other
            columns than the teacher was.
        y : array-like of shape (n,)
            What was given to `fit`; this is checked.
        sample_weight, groups : array-like of shape (n,) or None, default=None
            The row weights and the groups, as they were given to `fit`.
        X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
            The transfer rows, in the order of `fit`.
        **changes : dict
            New values of `student`, `correction`, `strength`, `calibration`, `device` or `size`, or
            of parameters inside the student (``student__...``).

        Returns
        -------
        estimator : same class
            A fitted clone with the changed parameters and the same word of the teacher.

        Raises
        ------
        ParameterError
            If another parameter is to be changed.
        InputError
            If `y`, `sample_weight` or `groups` are not those of the fit, or `X_transfer` has other
            rows.
        StudentError
            If the student is no learner of a quantile, or cannot honour a setting.

        Examples
        --------
        >>> from sklearn.datasets import make_friedman1
        >>> from sklearn.linear_model import BayesianRidge, QuantileRegressor
        >>> from skdistill import DistilledQuantiles
        >>> X, y = make_friedman1(200, noise=1.0, random_state=0)
        >>> model = DistilledQuantiles(
        ...     BayesianRidge(), QuantileRegressor(alpha=0.0), cv=3, random_state=0
        ... ).fit(X, y)
        >>> other = model.refit_student(X, y, student__alpha=0.1)
        >>> other.predict(X).shape, other.report_.n_teacher_fits
        ((200, 3), 0)
        """
        check_is_fitted(self)
        for name in changes:
            if name.split("__")[0] not in self._refittable:
                raise ParameterError(
                    f"refit_student can change {', '.join(self._refittable)}, got {name!r}: it "
                    "concerns the teacher's pass; clone the estimator and fit it."
                )
        self._check_same(y, sample_weight=sample_weight, groups=groups)
        other = clone(self).set_params(**changes)
        other._take_over(self, X, y, sample_weight, groups, X_transfer)  # noqa: SLF001 - of one class
        return other

    def _take_over(
        self, fitted: Self, X: Any, y: Any, sample_weight: Any, groups: Any, X_transfer: Any
    ) -> None:
        """Fit students to what was said when another one was fitted."""
        settings = {name: getattr(self, name) for name in self._refittable}
        rows = X, y, sample_weight, None, X_transfer
        singles = {
            level: single.refit_student(*rows, **settings | {"student": self._student_at(level)})
            for level, single in fitted.estimators_.items()
        }
        self._check_rows(X, y, None)  # transfer rows are checked at each level
        data = check_numeric_data(X, y, sample_weight, groups)
        data = replace(data, outcome=Quantiles(len(singles), flat=np.ndim(self.quantiles) == 0))
        said = np.column_stack([each.teacher_pred_ for each in singles.values()])[data.kept]
        self.fold_ = fitted.fold_
        self._keep_levels(singles, data, said, n_teacher_fits=0)
        self._remember(y, sample_weight=sample_weight, groups=groups)

    def _student(self) -> Any:
        if self.student is not None:
            return self.student
        from lightgbm import LGBMRegressor

        return LGBMRegressor(objective="quantile", n_estimators=50, verbose=-1)

    def _student_at(self, level: float) -> Any:
        """Return the student of a level, or raise StudentError."""
        student = at_level(self._student(), level)
        if student is None:
            raise StudentError(
                "the student must be a learner of a quantile by its settings, such as "
                "LGBMRegressor(objective='quantile') or QuantileRegressor(), got "
                f"{type(self._student()).__name__}: one of means would learn the mean of "
                "quantiles, which covers too little."
            )
        return student

    def _teacher_at(self, level: float) -> Any:
        """Return the learner of a level, where the teacher is one; else None."""
        if isinstance(self.teacher, Mapping):
            return self.teacher.get(level)
        model = self._teacher()
        return None if model is None else at_level(model, level)

    def _keep_levels(
        self,
        singles: Mapping[float, DistilledRegressor],
        data: Data,
        said: Floats,
        n_teacher_fits: int,
    ) -> None:
        """Set the fitted attributes; of each level those of its own fit as well."""
        fits = list(singles.values())
        self._levels, self._outcome = tuple(singles), data.outcome
        self._keep_checks(fits[0]._fitted, self._student(), data.X)  # noqa: SLF001 - of one room
        self._others = [each._fitted for each in fits[1:]]  # noqa: SLF001 - of one room
        self.students_ = [each.student_ for each in fits]
        self.strengths_ = np.array([each.strength_ for each in fits], dtype=np.float64)
        calibrated = np.column_stack([each.calibrated_pred_ for each in fits])
        self._keep_said("teacher", data.spread(said))
        self._keep_said("calibrated", calibrated)
        self.estimators_ = dict(singles)
        frozen = self.teacher is not None and holds_frozen(self._teacher())
        for level, single in singles.items():
            single.teacher = self._teacher_at(level)
            if not frozen:  # else nothing is known to be out of fold
                single.fold_ = self.fold_
        known = np.flatnonzero(~np.isnan(said[:, 0]))
        weight = None if data.weight is None else data.weight[known]
        rows = data.y[known], self._levels, weight
        self.report_ = QuantilesReport(
            teacher=_covered(said[known], *rows),
            calibrated=_covered(calibrated[data.kept][known], *rows),
            fits={level: each.report_ for level, each in singles.items()},
            n_teacher_fits=n_teacher_fits,
            n_student_fits=sum(each.report_.n_student_fits for each in fits),
        )

    def _as_said(self, values: Floats) -> NDArray[Any]:
        return self._outcome.stand_in(values)

    def _columns(self, X: Any) -> Floats:
        """Return what the students say of rows, shape (n, Q); it may cross."""
        first = self._say(X)
        return np.column_stack([first, *(predict_fitted(each, X) for each in self._others)])

    def predict(self, X: Any) -> Floats:
        """Return the students' quantiles, increasing in each row.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features.

        Returns
        -------
        quantiles : array of shape (n, Q), or (n,) where `quantiles` is a number

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If the features are not those of `fit`.
        """
        said = np.sort(self._columns(X), axis=1)
        return self._outcome.stand_in(said)

    def coverage(self, X: Any, y: Any, sample_weight: Any = None) -> Coverage:
        """Return how often what was observed lies below each quantile, and between them.

        Honest of rows that it was not fitted on. `report_` has the same of the teacher, out of
        fold.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features.
        y : array-like of shape (n,)
            What was observed.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.

        Returns
        -------
        coverage : Coverage

        Raises
        ------
        InputError
            If `y` or the weights cannot be used.
        """
        said = self._columns(X)
        data = check_numeric_data(X, y, sample_weight, None)
        raw = said[data.kept]
        crossed = float(np.average(np.any(np.diff(raw, axis=1) < 0.0, axis=1), weights=data.weight))
        table = np.sort(raw, axis=1)
        return measure_coverage(data.y, table, self._levels, data.weight, crossed=crossed)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of the pinball loss of constants that is explained, mean over levels.

        It is scikit-learn's `d2_pinball_score`: 1 at best, 0 for the quantiles of `y` itself.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features.
        y : array-like of shape (n,)
            What was observed.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights.

        Returns
        -------
        score : float
        """
        said = np.sort(self._columns(X), axis=1)
        scores = [
            d2_pinball_score(y, said[:, j], sample_weight=sample_weight, alpha=level)
            for j, level in enumerate(self._levels)
        ]
        return float(np.mean(scores))


def _covered(said: Floats, y: Floats, levels: Levels, weight: Floats | None) -> Coverage:
    return measure_coverage(y, np.sort(said, axis=1), levels, weight)
