"""Small problems of regression whose truth is known."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.testing import assert_array_equal
from scipy.stats import gamma
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from skdistill import DistilledRegressor
from skdistill.teaching.residuals import expected_draws
from tests.common.data import Sample, grid

SHAPE = 2.0  # of the Gamma distribution of a factor of mean one, which is all the noise


@dataclass(frozen=True)
class NumberSample(Sample):
    """Positive numbers of one output or several, and what an imperfect teacher says of them.

    Attributes
    ----------
    level : float or None
        Of the quantile that truth and teacher are; None for means.
    """

    level: float | None = None

    given = "teacher_pred"

    @property
    def truth(self):
        return self.y.reshape(len(self.y), -1)

    @property
    def wrong(self):
        return 1e6

    def estimator(self, teacher, student, **settings):
        return DistilledRegressor(teacher, student, **settings)

    def learner(self):
        return LinearRegression()

    def answer(self, model, X):
        return model.predict(X).reshape(len(X), -1)

    def check_answer(self, model, said):
        assert np.isfinite(said).all()
        assert model.predict(self.X).shape == self.y.shape

    def direct(self, student):
        learner = (student.direct or student.make)()
        if student.takes_columns or self.y.ndim == 1:
            return self.answer(learner.fit(self.X, self.y), self.X)
        fits = [clone(learner).fit(self.X, column) for column in self.truth.T]
        return np.column_stack([fitted.predict(self.X) for fitted in fits])

    def check_plain(self, student, model):
        fitted = model.student_
        assert_array_equal(self.answer(fitted, self.X), self.answer(model, self.X))
        return fitted if student.takes_columns or self.y.ndim == 1 else fitted.estimator

    def balance(self, said, strength):
        """Of quantiles, return by how much more is below them than should be."""
        if self.level is None:
            return super().balance(said, strength)
        draws = expected_draws(self.truth, self.teacher, self.level)
        expected = np.sum([share * (draw <= said + 1e-6) for share, draw in draws], axis=0)
        below = (1.0 - strength) * expected + strength * (self.truth <= said + 1e-6)
        return below.mean(axis=0) - self.level

    def loss(self, truth, said):
        return np.mean((truth - said) ** 2)

    def draw(self, n_rows, seed):
        return numbers(self.teacher.shape[1], n_rows, seed, level=self.level)

    def turned(self):
        ends = self.teacher.min(axis=0) + self.teacher.max(axis=0)
        return replace(self, teacher=ends - self.teacher)

    def skewed(self):
        return replace(self, teacher=1.4 * self.teacher)

    def constant(self):
        return np.linspace(0.8, 1.3, self.teacher.shape[1])[None, :]

    def renamed(self, student):
        """Eight times as much, and from another zero unless the loss knows where zero is."""
        zero = 0.0 if student.knows_zero else -3.0
        other = replace(self, y=8.0 * self.y + zero, teacher=8.0 * self.teacher + zero)
        return other, lambda said: (said - zero) / 8.0


def numbers(n_outputs=1, n_rows=240, seed=0, *, level=None):
    """Draw rows with numbers; one output is of shape (n,), as usual."""
    rng, X = grid([seed, n_outputs, 1], n_rows)
    directions = np.random.default_rng(n_outputs).normal(size=(4, n_outputs))
    scores = X @ directions
    scores = scores / np.random.default_rng(0).integers(-15, 15, size=(999, 4)).std() * 10.0 / 2.0
    mean = np.exp(0.6 * scores)
    y = mean * rng.gamma(SHAPE, 1.0 / SHAPE, size=mean.shape)
    factor = 1.0 if level is None else gamma(SHAPE, scale=1.0 / SHAPE).ppf(level)
    bent = np.exp(0.5 * scores + 0.2 * np.sin(3.0 * X[:, :1]))
    y = y[:, 0] if n_outputs == 1 else y
    return NumberSample(X, y, factor * mean, factor * bent, level)
