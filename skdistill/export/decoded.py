"""A regressor that serves as a classifier, with the step that makes its numbers probabilities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from skdistill.students import Decoder, DirectStudent, resolve

__all__ = ["DecodedClassifier"]


class DecodedClassifier(ClassifierMixin, BaseEstimator):
    """A fitted regressor as the classifier that it was distilled to be.

    `ship` makes it of a `DistilledClassifier` whose student is a regressor. It knows nothing of a
    teacher.

    Parameters
    ----------
    regressor : fitted regressor
        Its predictions, (n,) or (n, K), are scores of classes.
    decode : Decoder
        Turns them into probabilities.
    labels : array-like of shape (K,)
        What the classes are called, in this order.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skdistill import Brier
    >>> from skdistill.export import DecodedClassifier
    >>> from skdistill.students import Decoder
    >>> line = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    >>> DecodedClassifier(line, Decoder(Brier()), ["no", "yes"]).predict([[0.9]]).tolist()
    ['yes']
    """

    def __init__(self, regressor: Any, decode: Decoder, labels: Any) -> None:
        self.regressor = regressor
        self.decode = decode
        self.labels = labels

    def __sklearn_is_fitted__(self) -> bool:
        return True

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels."""
        return np.asarray(self.labels)

    @property
    def n_features_in_(self) -> int:
        """How many features the regressor was fitted on."""
        return int(self.regressor.n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """What the features are called, where the regressor was fitted on a data frame."""
        return np.asarray(self.regressor.feature_names_in_)

    def fit(self, X: Any, y: Any) -> "DecodedClassifier":
        """Fit the regressor to labels, as it is where nothing is distilled.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Labels; they take the place of others.

        Returns
        -------
        self : DecodedClassifier
        """
        fitted = DirectStudent(resolve(self.regressor)).fit(X, y)
        self.regressor, self.decode = fitted.fitted_.model, fitted.fitted_.decode
        self.labels = fitted.classes_
        return self

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return the class probabilities.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.

        Returns
        -------
        p : array of shape (n, K)
        """
        return self.decode(self.regressor.predict(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.

        Returns
        -------
        labels : array of shape (n,)
        """
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]
