"""A regressor for each quantile as one, which says them in increasing order."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

__all__ = ["SortedRegressors"]


class SortedRegressors(RegressorMixin, BaseEstimator):
    """Fitted regressors of quantiles as one: in each row what they say is sorted.

    `ship` makes it of `DistilledQuantiles`. It knows nothing of a teacher.

    Parameters
    ----------
    regressors : sequence of fitted regressors
        One for each quantile, increasing; of the same features.
    flat : bool, default=False
        Whether predictions are (n,), where there is one.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> from skdistill.export import SortedRegressors
    >>> low, high = (DummyRegressor().fit([[0]], [value]) for value in (3.0, 5.0))
    >>> SortedRegressors([high, low]).predict([[1.0]])
    array([[3., 5.]])
    """

    def __init__(self, regressors: Sequence[Any], *, flat: bool = False) -> None:
        self.regressors = regressors
        self.flat = flat

    def __sklearn_is_fitted__(self) -> bool:
        for each in self.estimators_:
            check_is_fitted(each)
        return True

    @property
    def estimators_(self) -> list[Any]:
        """What `fit` made of the regressors, or these as they were given."""
        return list(getattr(self, "fitted_", self.regressors))

    @property
    def n_features_in_(self) -> int:
        """How many features the regressors were fitted on."""
        return int(self.estimators_[0].n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """What the features are called, where the regressors were fitted on a data frame."""
        return np.asarray(self.estimators_[0].feature_names_in_)

    def fit(self, X: Any, y: Any) -> "SortedRegressors":
        """Fit each regressor to what was observed, as it is where nothing is distilled.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Numbers.

        Returns
        -------
        self : SortedRegressors
        """
        self.fitted_ = [clone(each).fit(X, y) for each in self.regressors]
        return self

    def predict(self, X: Any) -> NDArray[np.floating[Any]]:
        """Return the quantiles, increasing in each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.

        Returns
        -------
        quantiles : array of shape (n, Q), or (n,) where `flat`
        """
        check_is_fitted(self)
        said = np.sort(np.column_stack([each.predict(X) for each in self.estimators_]), axis=1)
        return said[:, 0] if self.flat else said
