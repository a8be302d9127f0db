"""Classifiers around fitted models: those that know the classes by number only predict by name.

They are plain scikit-learn classifiers; what is inside stands in a parameter (``classifier``).
"""

from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.attributes import passed_on
from skdistill.exceptions import InputError

__all__ = ["ClassifierWrapper", "LabelledClassifier", "fit_labelled", "fit_sorted", "unlabelled"]


class ClassifierWrapper(ClassifierMixin, BaseEstimator):
    """What the wrappers share: a subclass has its parameters, fits, and gives probabilities."""

    _holds: ClassVar[str] = "classifier"  # the parameter that has the model inside
    feature_importances_ = passed_on(
        "feature_importances_", "inner", "Those of the model inside, (n_features,)."
    )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self.inner, "classes_")

    @property
    def inner(self) -> Any:
        """What `fit` made of the model inside, or that as it was given."""
        return getattr(self, f"{self._holds}_", getattr(self, self._holds))

    def around(self, inner: Any) -> Self:
        """Return a copy of this around another fitted model.

        Parameters
        ----------
        inner : fitted model
            In the place of what is inside.

        Returns
        -------
        wrapped : ClassifierWrapper
        """
        made = copy(self)
        vars(made).pop(f"{self._holds}_", None)
        setattr(made, self._holds, inner)
        return made

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes of the classifier."""
        return np.asarray(self.inner.classes_)

    @property
    def n_features_in_(self) -> int:
        """How many features the model inside was fitted on."""
        return int(self.inner.n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """What the features are called, where the model inside was fitted on a data frame."""
        return np.asarray(self.inner.feature_names_in_)

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
        return self.inner.predict_proba(X)


class LabelledClassifier(ClassifierWrapper):
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

    coef_ = passed_on("coef_", "inner", "Coefficients of a linear classifier.")
    intercept_ = passed_on("intercept_", "inner", "Intercepts of a linear classifier.")

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
        self.classifier_ = clone(self.classifier)
        self.classifier_.fit(X, codes)
        return self


def unlabelled(model: Any) -> Any:
    """Return the classifier that knows the classes by number; any other model as it is."""
    return model.inner if type(model) is LabelledClassifier else model


def fit_labelled(model: Any, X: Any, y: Any, **keywords: Any) -> Any:
    """Fit a classifier to labels of any kind, and return it, wrapped if it wants numbers only.

    What does not take the labels as they are (XGBoost, FLAML) is fitted to their numbers 0..K-1.
    The model itself is returned, not what its `fit` returns: with some that is nothing.

    Parameters
    ----------
    model : classifier
        Fitted in place; a clone of it where it needs numbers.
    X : array-like or data frame of n rows
        Features.
    y : array of shape (n,)
        Labels.
    **keywords : dict
        Further parameters of its fit.

    Returns
    -------
    fitted : classifier
        `model`, or a `LabelledClassifier` around its clone.

    Raises
    ------
    Exception
        What the model raises of the labels as they are, if it cannot be fitted to numbers either.
    """
    try:
        model.fit(X, y, **keywords)
    except Exception:
        again = _fitted_to_numbers(model, X, y, keywords)
        if again is None:
            raise
        return again
    return model


def fit_sorted(model: Any, X: Any, y: Any, **keywords: Any) -> Any:
    """Fit a classifier as `fit_labelled` does, and see to it that its classes are sorted.

    What puts them into an order of its own (CatBoost has "9" before "10") is fitted to their
    numbers, too.

    Parameters
    ----------
    model, X, y, **keywords
        Of `fit_labelled`.

    Returns
    -------
    fitted : classifier
        The columns of its probabilities are those of the sorted classes.

    Raises
    ------
    InputError
        If it has an order of its own and cannot be fitted to numbers.
    """
    fitted = fit_labelled(model, X, y, **keywords)
    if not _is_in_another_order(fitted, y):
        return fitted
    again = _fitted_to_numbers(model, X, y, keywords)
    if again is None:
        raise InputError(
            f"{type(model).__name__} has its classes in the order {list(model.classes_)}: not "
            "sorted, so the columns of its probabilities would be taken for those of others. Pass "
            "y as the numbers 0, 1, ..."
        )
    return again


def _is_in_another_order(model: Any, y: Any) -> bool:
    """Whether a fitted classifier has the classes that there are, and not sorted."""
    own, classes = np.asarray(getattr(model, "classes_", ())), np.unique(y)
    if own.shape != classes.shape or np.array_equal(own, classes):
        return False
    return np.array_equal(np.sort(own), classes)


def _fitted_to_numbers(model: Any, X: Any, y: Any, keywords: Mapping[str, Any]) -> Any:
    """Return a clone fitted to the numbers of the labels; None where that is no way."""
    classes, codes = np.unique(y, return_inverse=True)
    params = model.get_params(deep=True)
    by_name = any(
        key.endswith("class_weight") and isinstance(value, Mapping) for key, value in params.items()
    )
    if by_name or np.array_equal(classes, np.arange(len(classes))):
        return None
    again = clone(model)
    try:
        again.fit(X, codes, **keywords)
    except Exception:  # noqa: BLE001 - that of the labels as they are is raised
        return None
    return LabelledClassifier(again, classes)
