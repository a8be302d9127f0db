"""Small problems whose truth is known; a sample knows its task, so that checks need not."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_regressor
from sklearn.naive_bayes import GaussianNB

from skdistill import DistilledClassifier

LABELS = {2: ["no", "yes"], 3: ["apple", "pear", "quince"], 5: ["a", "b", "c", "d", "e"]}


@dataclass(frozen=True)
class Sample(ABC):
    """Rows, what was observed of them, the truth, and what an imperfect teacher says.

    Features lie on a grid of 30 values, so that histogram learners bin them without loss and a
    repeated row moves no bin. Truth and teacher have one column per class, or per output.
    """

    X: np.ndarray
    y: np.ndarray
    bayes: np.ndarray
    teacher: np.ndarray

    given = ""  # the parameter of `fit` that the teacher's word is passed by

    def __len__(self):
        return len(self.y)

    @property
    @abstractmethod
    def truth(self):
        """What was observed, in the columns of the teacher."""

    @property
    @abstractmethod
    def wrong(self):
        """Something that was observed, to be put in the place of something else."""

    @abstractmethod
    def estimator(self, teacher, student, **settings):
        """Return the estimator of the task."""

    @abstractmethod
    def learner(self):
        """Return a light teacher of the task."""

    @abstractmethod
    def answer(self, model, X):
        """Return what a fitted model says of rows, in columns."""

    @abstractmethod
    def check_answer(self, model, said):
        """Check that an estimator can have said that of the rows."""

    @abstractmethod
    def direct(self, student):
        """Return what a student's learner says of the rows, fitted to what was observed."""

    @abstractmethod
    def check_plain(self, student, model):
        """Check that the fitted student says by itself what the estimator says; return what it is.

        What it is lies inside a wrapper, where the learner takes only one output, or only numbers.
        """

    @abstractmethod
    def loss(self, truth, said):
        """Return how far what was said is from the truth, a mean over rows."""

    @abstractmethod
    def draw(self, n_rows, seed):
        """Return other rows of the same kind."""

    @abstractmethod
    def turned(self):
        """Return the same rows, with a teacher that says the contrary."""

    @abstractmethod
    def skewed(self):
        """Return the same rows, with a teacher that is far off on average."""

    @abstractmethod
    def constant(self):
        """Return what a teacher may say of all rows, shape (1, C)."""

    @abstractmethod
    def renamed(self, student):
        """Return the rows with other names of what is observed, and a map of answers back.

        Other names are another order of the classes, or another unit and zero of numbers.
        """

    def balance(self, said, strength):
        """Return by how much the student is above its target, a mean over rows for each column."""
        return (said - (1.0 - strength) * self.teacher - strength * self.truth).mean(axis=0)

    def distil(self, student, *, strength=0.0, weight=None, **settings):
        """Return the student distilled from what the teacher is given to say."""
        settings = {"loss": student.loss, "calibration": None} | settings
        model = self.estimator(None, student.make(), strength=strength, **settings)
        return model.fit(self.X, self.y, sample_weight=weight, **{self.given: self.teacher})

    def taught(self, student, **how):
        """Return what a student says of the rows it was distilled on."""
        return self.answer(self.distil(student, **how), self.X)

    def rows(self, index):
        """Return some of the rows."""
        arrays = {each.name: getattr(self, each.name) for each in fields(self)}
        arrays = {
            name: each[index] for name, each in arrays.items() if isinstance(each, np.ndarray)
        }
        return replace(self, **arrays)


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class ClassSample(Sample):
    """String labels, Bayes probabilities and an imperfect teacher's probabilities."""

    given = "teacher_proba"

    @property
    def classes(self):
        return np.unique(self.y)

    @property
    def codes(self):
        return np.searchsorted(self.classes, self.y)

    @property
    def one_hot(self):
        return np.eye(len(self.classes))[self.codes]

    truth = one_hot

    @property
    def wrong(self):
        return self.classes[-1]

    def estimator(self, teacher, student, **settings):
        return DistilledClassifier(teacher, student, **settings)

    def learner(self):
        return GaussianNB()

    def answer(self, model, X):
        return model.predict_proba(X)

    def check_answer(self, model, said):
        assert np.all((said >= 0) & (said <= 1))
        assert_allclose(said.sum(axis=1), 1.0, atol=1e-6)
        assert_array_equal(model.predict(self.X), model.classes_[said.argmax(axis=1)])

    def direct(self, student):
        learner = (student.direct or student.make)()
        if not is_regressor(learner):
            labels = self.codes if student.by_number else self.y
            return learner.fit(self.X, labels).predict_proba(self.X)
        columns = [1] if len(self.classes) == 2 else range(len(self.classes))
        if len(columns) > 1 and student.takes_columns:
            said = learner.fit(self.X, self.one_hot).predict(self.X)
        else:
            fits = [clone(learner).fit(self.X, self.one_hot[:, k]) for k in columns]
            said = np.column_stack([fitted.predict(self.X) for fitted in fits])
        return self._as_probabilities(said)

    def check_plain(self, student, model):
        fitted, p = model.student_, model.predict_proba(self.X)
        if is_regressor(fitted):
            raw = np.asarray(fitted.predict(self.X))
            raw = raw[:, None] if raw.ndim == 1 else raw
            if student.loss == "logit":
                own = softmax(
                    np.column_stack([np.zeros(len(p)), raw]) if raw.shape[1] == 1 else raw
                )
            else:
                own = self._as_probabilities(raw)
            assert_allclose(p, own, atol=1e-6)
            return fitted if student.takes_columns or raw.shape[1] == 1 else fitted.estimator
        assert_array_equal(fitted.predict_proba(self.X), p)
        assert_array_equal(fitted.predict(self.X), model.predict(self.X))
        assert list(fitted.classes_) == list(self.classes)
        return fitted.classifier if student.by_number else fitted

    @staticmethod
    def _as_probabilities(numbers):
        if numbers.shape[1] == 1:
            numbers = np.column_stack([1.0 - numbers, numbers])
        cut = np.clip(numbers, 0.0, None)
        return cut / cut.sum(axis=1, keepdims=True)

    def loss(self, truth, said):
        return log_loss(truth, said)

    def draw(self, n_rows, seed):
        return sample(len(self.classes), n_rows * len(self.classes), seed)

    def turned(self):
        return replace(self, teacher=self.teacher[:, ::-1])

    def skewed(self):
        """The first class is the rarest."""
        weighed = self.teacher * np.arange(1, self.teacher.shape[1] + 1) ** 2
        return replace(self, teacher=weighed / weighed.sum(axis=1, keepdims=True))

    def constant(self):
        levels = np.linspace(1.0, 2.0, self.teacher.shape[1])[None, :]
        return levels / levels.sum()

    def renamed(self, student):
        """The classes sort the other way."""
        other = replace(self, y=self.classes[::-1][self.codes], teacher=self.teacher[:, ::-1])
        return other, lambda p: p[:, ::-1]


def log_loss(bayes, p):
    """Return the expected log-loss under the Bayes probabilities; regressors may say zero."""
    floored = np.clip(p, 0.01, None)
    floored = floored / floored.sum(axis=1, keepdims=True)
    return -np.mean(np.sum(bayes * np.log(floored), axis=1))


def grid(seed: Any, n_rows):
    """Return the generator of a sample, and its features."""
    rng = np.random.default_rng(seed)
    return rng, np.round(rng.integers(-15, 15, size=(n_rows, 4)) / 10.0, 1)


def sample(n_classes=2, n_rows=240, seed=0):
    """Draw rows with classes; every class has at least a tenth of them."""
    rng, X = grid([seed, n_classes], n_rows)
    directions = np.random.default_rng(n_classes).normal(size=(4, n_classes))
    scores = X @ directions
    bayes = softmax(1.5 * scores / scores.std())
    codes = (rng.random((n_rows, 1)) > np.cumsum(bayes, axis=1)).sum(axis=1)
    assert np.bincount(codes, minlength=n_classes).min() >= n_rows / 20
    bent = scores / scores.std() + 0.4 * np.sin(3.0 * X[:, :1]) * np.arange(n_classes)
    return ClassSample(X, np.array(LABELS[n_classes])[codes], bayes, softmax(bent))
