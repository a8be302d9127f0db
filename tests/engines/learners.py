"""Teachers that count, die, wait and look around, on whatever worker they are fitted."""

import os
import signal
import time
import warnings

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression


def spread(model, X, quantiles):
    """Quantiles that lie around what a model predicts."""
    return model.predict(X)[:, None] + np.asarray(quantiles)


class Logged(ClassifierMixin, BaseEstimator):
    """Writes a line to the file `log` after every fit; fold 0 is the one that lacks row 0.

    Row 0 is the one whose first feature is largest.
    """

    def __init__(self, log, top=None):
        self.log = log
        self.top = top

    def before(self, X):
        """Do what a subclass is for."""

    def fit(self, X, y, sample_weight=None):
        self.before(X)
        self.model_ = LogisticRegression().fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        with self.log.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return self

    def lacks_top(self, X):
        return X[:, 0].max() < self.top

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


class Mortal(Logged):
    """Kills its process in the fold that lacks the top row, as often as `log`.limit says."""

    def before(self, X):
        if not self.lacks_top(X):
            return
        limit = self.log.with_suffix(".limit")
        left = int(limit.read_text())
        if left:
            limit.write_text(str(left - 1))
            os.kill(os.getpid(), signal.SIGKILL)


class Slow(Logged):
    """Takes its time in the fold that lacks the top row: a minute, or until `log`.slow is gone."""

    def before(self, X):
        end = time.monotonic() + 60.0
        while self.lacks_top(X) and self.log.with_suffix(".slow").exists():
            if time.monotonic() > end:
                raise RuntimeError("nobody interrupted")
            time.sleep(0.05)


class Configured(Logged):
    """Refuses a worker that does not have the caller's configuration of scikit-learn."""

    def before(self, X):
        if not get_config()["assume_finite"]:
            raise RuntimeError("the configuration did not travel")


class Warning_(Logged):  # noqa: N801 - Warning is taken
    """Warns."""

    def before(self, X):
        warnings.warn("look out", RuntimeWarning, stacklevel=2)


class Threaded(Logged):
    """Notes the threads that it was given."""

    def __init__(self, log, top=None, n_threads=None):
        super().__init__(log, top)
        self.n_threads = n_threads

    def before(self, X):
        self.log.with_suffix(".threads").write_text(str(self.n_threads))
