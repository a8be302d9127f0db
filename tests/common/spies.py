"""Learners and transformers that write down what they are given."""

from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegressionCV
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor


class Spy:
    """Mixin: notes settings and arguments of every fit in the list `calls` of the class.

    Clones share the class, so the calls of all of them are there; `watch` empties the list.
    """

    calls: ClassVar[list]

    @classmethod
    def watch(cls):
        cls.calls = []
        return cls.calls

    def fit(self, X, y, sample_weight=None, **params):
        type(self).calls.append(
            {"settings": self.get_params(), "X": X, "y": y, "weight": sample_weight, **params}
        )
        return super().fit(X, y, sample_weight=sample_weight, **params)


class SpyTree(Spy, DecisionTreeClassifier):
    pass


class SpyLogisticCV(Spy, LogisticRegressionCV):
    pass


class SpyMLP(Spy, MLPClassifier):
    pass


class SpyHistGradientBoosting(HistGradientBoostingClassifier):
    """Histogram boosting has keywords by which it is recognised: its signature stays."""

    calls: ClassVar[list]

    @classmethod
    def watch(cls):
        cls.calls = []
        return cls.calls

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        type(self).calls.append(
            {"settings": self.get_params(), "X": X, "y": y, "weight": sample_weight, **given}
        )
        given = {} if X_val is None else given
        return super().fit(X, y, sample_weight=sample_weight, **given)


class SpyTransformer(TransformerMixin, BaseEstimator):
    """Changes nothing."""

    calls: ClassVar[list]

    @classmethod
    def watch(cls):
        cls.calls = []
        return cls.calls

    def fit(self, X, y=None):
        type(self).calls.append({"X": X, "y": y})
        self.fitted_ = True
        return self

    def transform(self, X):
        return X


class CountingTeacher(ClassifierMixin, BaseEstimator):
    """Nearest class mean on the first column; counts its fits and can be told to fail.

    Parameters
    ----------
    fails_on : int or None
        It fails where the training rows do not hold this value in the last column.
    error : type
        What it then raises.
    """

    fits: ClassVar[list]

    def __init__(self, fails_on=None, error=RuntimeError):
        self.fails_on = fails_on
        self.error = error

    @classmethod
    def watch(cls):
        cls.fits = []
        return cls.fits

    def fit(self, X, y, sample_weight=None):
        if hasattr(type(self), "fits"):
            type(self).fits.append(len(y))
        X = np.asarray(X, dtype=float)
        if self.fails_on is not None and self.fails_on not in X[:, -1]:
            message = "the machine is on fire"
            raise self.error(message)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.means_ = np.array(
            [np.average(X[codes == k], axis=0) for k in range(len(self.classes_))]
        )
        return self

    def predict_proba(self, X):
        X = np.asarray(X, dtype=float)
        scores = -((X[:, None, :] - self.means_[None]) ** 2).sum(axis=2)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class CountingRegressor(DecisionTreeRegressor):
    """A tree that counts its fits."""

    fits: ClassVar[list]

    @classmethod
    def watch(cls):
        cls.fits = []
        return cls.fits

    def fit(self, X, y, sample_weight=None):
        type(self).fits.append(len(y))
        return super().fit(X, y, sample_weight)
