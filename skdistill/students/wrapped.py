"""Fitted classifiers with something around them: another temperature, other names of the classes.

Both are plain scikit-learn classifiers that know nothing of a teacher; what is inside stands in
``classifier``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._ground.arrays import softmax
from skdistill._ground.wrapping import ClassifierWrapper, LabelledClassifier

__all__ = ["LabelledClassifier", "TemperedClassifier", "raised"]

Floats = NDArray[np.floating[Any]]


class TemperedClassifier(ClassifierWrapper):
    """A classifier fitted to annealed targets, its probabilities raised back to temperature one.

    Parameters
    ----------
    classifier : fitted classifier
        Its probabilities estimate ``p^(1/T)``, normalised.
    temperature : float
        T of the loss it was fitted with.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from skdistill.students import TemperedClassifier
    >>> half = DummyClassifier().fit([[0], [0], [0]], [0, 0, 1])
    >>> TemperedClassifier(half, temperature=2.0).predict_proba([[0]]).round(2)
    array([[0.8, 0.2]])
    """

    def __init__(self, classifier: Any, temperature: float) -> None:
        self.classifier = classifier
        self.temperature = temperature

    def fit(self, X: Any, y: Any) -> "TemperedClassifier":
        """Fit the classifier to hard labels.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Labels.

        Returns
        -------
        self : TemperedClassifier
        """
        self.classifier_ = clone(self.classifier)
        self.classifier_.fit(X, y)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return ``p^T``, normalised.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.

        Returns
        -------
        p : array of shape (n, K)
        """
        return raised(super().predict_proba(X), self.temperature)


def raised(p: Any, power: float) -> Floats:
    """Return ``p^power``, normalised: probabilities (n, K) at the temperature ``1 / power``."""
    p = np.asarray(p)
    return np.asarray(softmax(power * np.log(np.maximum(p, np.finfo(p.dtype).tiny))))
