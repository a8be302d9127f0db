"""What makes a regressor of an estimator: numbers in the shape that y has."""

from typing import Any, ClassVar

from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from skdistill._ground.data import Data
from skdistill._ground.learners import tags_of
from skdistill._ground.outcomes import Numbers
from skdistill.distillation import Distilled
from skdistill.estimators.base import BaseDistiller
from skdistill.estimators.tasks import REGRESSION
from skdistill.teaching.folds import Folds

__all__ = ["RegressingDistiller"]


class RegressingDistiller(RegressorMixin, BaseDistiller):
    """Base of the regressors: predictions of a student that has numbers."""

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"teacher_pred": True, "exposure": True}

    _task = REGRESSION
    _outcome: Numbers

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the student's predictions.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features.

        Returns
        -------
        y : array of shape (n,), or (n, m) where it was fitted to m outputs
            Rates, per unit, where it was fitted with an exposure.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If the features are not those of `fit`.
        """
        said = self._say(X)
        return self._outcome.stand_in(said)

    def _keep(
        self, done: Distilled, student: Any, data: Data, folds: Folds | None, **report: Any
    ) -> None:
        """Set the fitted attributes that all estimators have."""
        self._outcome = data.outcome
        super()._keep(done, student, data, folds, **report)

    def _as_said(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return what was said of rows, in the shape of y."""
        return self._outcome.stand_in(values)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        of_all = [tags_of(each).target_tags for each in self._learners()]
        tags.target_tags.multi_output = all(each.multi_output for each in of_all)
        return tags
