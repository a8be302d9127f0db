"""Fitted classifiers with something around them: another temperature, other names of the classes.

Both are plain scikit-learn classifiers that know nothing of a teacher; what is inside stands in
``classifier``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from skdistill._arrays import softmax
from skdistill.attributes import passed_on

__all__ = ["LabelledClassifier", "TemperedClassifier"]

Floats = NDArray[np.floating[Any]]


class _Wrapped(ClassifierMixin, BaseEstimator):
    """What the wrappers share: a subclass has its parameters, fits, and gives probabilities."""

    classifier: Any
    feature_importances_ = passed_on(
        "feature_importances_", "_fitted", "Those of the classifier, (n_features,)."
    )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self._fitted, "classes_")

    @property
    def _fitted(self) -> Any:
        """What `fit` made of the classifier, or the classifier as it was given."""
        return getattr(self, "classifier_", self.classifier)

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes of the classifier."""
        return np.asarray(self._fitted.classes_)

    @property
    def n_features_in_(self) -> int:
        """How many features the classifier was fitted on."""
        return int(self._fitted.n_features_in_)

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
        p = self.predict_proba(X)
        return self.classes_[np.argmax(p, axis=1)]

    def predict_proba(self, X: Any) -> Any:
        """Return the classifier's class probabilities.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.

        Returns
        -------
        p : array of shape (n, K)
        """
        check_is_fitted(self)
        return self._fitted.predict_proba(X)


class TemperedClassifier(_Wrapped):
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
        self.classifier_ = clone(self.classifier).fit(X, y)
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
        p = np.asarray(super().predict_proba(X))
        return np.asarray(softmax(self.temperature * np.log(np.maximum(p, np.finfo(p.dtype).tiny))))


class LabelledClassifier(_Wrapped):
    """A classifier that knows the classes by number only, and predicts them by name.

    XGBoost takes and gives the numbers 0..K-1. This puts the labels in their place; the classifier
    itself, with all that it can do besides, stands in `classifier`.

    Parameters
    ----------
    classifier : fitted classifier
        Its classes are 0..K-1.
    labels : array-like of shape (K,)
        What they are called, in this order.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from skdistill.students import LabelledClassifier
    >>> often = DummyClassifier().fit([[0], [0], [0]], [0, 1, 1])
    >>> LabelledClassifier(often, ["ham", "spam"]).predict([[0]]).tolist()
    ['spam']
    """

    coef_ = passed_on("coef_", "_fitted", "Coefficients of a linear classifier.")
    intercept_ = passed_on("intercept_", "_fitted", "Intercepts of a linear classifier.")

    def __init__(self, classifier: Any, labels: Any) -> None:
        self.classifier = classifier
        self.labels = labels

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels: those of `fit`, or those that were given."""
        return np.asarray(getattr(self, "labels_", self.labels))

    def fit(self, X: Any, y: Any) -> "LabelledClassifier":
        """Fit the classifier to the numbers of the labels; those of `y` take the place of others.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Labels.

        Returns
        -------
        self : LabelledClassifier
        """
        self.labels_, codes = np.unique(y, return_inverse=True)
        self.classifier_ = clone(self.classifier).fit(X, codes)
        return self
