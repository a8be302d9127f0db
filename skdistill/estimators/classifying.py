"""What makes a classifier of an estimator: classes, their probabilities, and the most probable."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.data import Data
from skdistill.distillation import Distilled
from skdistill.estimators.base import BaseDistiller
from skdistill.estimators.tasks import CLASSIFICATION
from skdistill.students import Decoder
from skdistill.teaching.folds import Folds

__all__ = ["ClassifyingDistiller"]


class ClassifyingDistiller(ClassifierMixin, BaseDistiller):
    """Base of the classifiers: predictions of a student that has classes."""

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"teacher_proba": True, "classes": True}

    _task = CLASSIFICATION
    classes_: NDArray[Any]

    @property
    def decode_(self) -> Decoder | None:
        """How a regressor's numbers become probabilities; None where the student gives them."""
        check_is_fitted(self)
        return self._fitted.decode

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return the student's class probabilities.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features.

        Returns
        -------
        p : array of shape (n, K)
            Columns in the order of `classes_`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If the features are not those of `fit`.
        """
        return self._say(X)

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Return the logarithm of the student's class probabilities.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features.

        Returns
        -------
        log_p : array of shape (n, K)
            Minus infinity where a probability is zero.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the student's most probable class of each row, or what its threshold says.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features.

        Returns
        -------
        labels : array of shape (n,)
        """
        p = self.predict_proba(X)
        if self._fitted.decides:
            return np.asarray(self._fitted.model.predict(X))
        return self.classes_[np.argmax(p, axis=1)]

    def _keep(
        self, done: Distilled, student: Any, data: Data, folds: Folds | None, **report: Any
    ) -> None:
        """Set the fitted attributes that all estimators have, and the classes."""
        self.classes_ = data.classes
        super()._keep(done, student, data, folds, **report)
