"""A regressor that serves as a classifier, with the step that makes its numbers probabilities."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.wrapping import ClassifierWrapper
from skdistill.students import Decoder, DirectStudent, resolve

__all__ = ["DecodedClassifier"]


class DecodedClassifier(ClassifierWrapper):
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

    _holds: ClassVar[str] = "regressor"

    def __init__(self, regressor: Any, decode: Decoder, labels: Any) -> None:
        self.regressor = regressor
        self.decode = decode
        self.labels = labels

    def __sklearn_is_fitted__(self) -> bool:
        try:
            check_is_fitted(self.inner)
        except NotFittedError:
            return False
        return True

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels: those of `fit`, or those that were given."""
        return np.asarray(getattr(self, "labels_", self.labels))

    @property
    def decoder(self) -> Decoder:
        """The decode step: that of `fit`, or the one that was given."""
        return getattr(self, "decode_", self.decode)

    def fit(self, X: Any, y: Any) -> "DecodedClassifier":
        """Fit the regressor to labels, as it is where nothing is distilled.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Labels; they and the regressor's usual decode step take the place of others.

        Returns
        -------
        self : DecodedClassifier
        """
        direct = DirectStudent(resolve(self.regressor)).fit(X, y)
        self.regressor_, self.decode_ = direct.fitted_.model, direct.fitted_.decode
        self.labels_ = direct.classes_
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
        check_is_fitted(self)
        return self.decoder(self.inner.predict(X))
