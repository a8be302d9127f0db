"""Quantiles from every kind of teacher that says them, and the refusal of those that do not."""

import pickle

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import ARDRegression, BayesianRidge, QuantileRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill.exceptions import ParameterError, TeacherError
from skdistill.students.levels import at_level
from skdistill.teaching.quantiles import QuantileTeacher, check_levels, way_of

X, Y = make_friedman1(150, 5, noise=1.0, random_state=0)
LEVELS = (0.1, 0.5, 0.8)
SMALL = {"n_estimators": 5, "num_leaves": 4, "n_jobs": 1, "verbose": -1}


def say(teacher, quantiles_of=None, levels=LEVELS):
    way = way_of(teacher, levels, quantiles_of, at_level)
    fitted = clone(QuantileTeacher(teacher, levels, way)).fit(X, Y)
    return pickle.loads(pickle.dumps(fitted)).predict(X[:20])


class Line(RegressorMixin, BaseEstimator):
    """A line with normal noise about it: what all the fakes are."""

    def fit(self, X, y):
        self.line_ = Ridge().fit(X, y)
        self.noise_ = np.std(y - self.line_.predict(X))
        return self

    def predict(self, X):
        return self.line_.predict(X)

    def at(self, X, level):
        return self.line_.predict(X) + self.noise_ * norm.ppf(level)


class OfForests(Line):
    """As quantile-forest has it: a table, and a column for one level."""

    def predict(self, X, quantiles=None):
        table = np.column_stack([self.at(X, level) for level in quantiles])
        return table[:, 0] if len(quantiles) == 1 else table


class OfTables(Line):
    """As TabPFN has it: a list of columns, on request."""

    def predict(self, X, *, output_type="mean", quantiles=None):
        assert output_type == "quantiles"
        return [self.at(X, level) for level in quantiles]


class OfDistributions(Line):
    """As NGBoost has it."""

    def pred_dist(self, X):
        return norm(self.line_.predict(X), self.noise_)


class OfDeviations(Line):
    """As Gaussian processes have it."""

    def predict(self, X, return_std=False):  # noqa: FBT002 - as scikit-learn has it
        mean = self.line_.predict(X)
        return (mean, np.full(len(X), self.noise_)) if return_std else mean


def of_line(model, rows, levels):
    return np.column_stack([model.at(rows, level) for level in levels])


@pytest.mark.parametrize("levels", [LEVELS, (0.3,)])
@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize("kind", [OfForests, OfTables, OfDistributions, OfDeviations])
def test_every_way_says_the_same(kind, piped, levels):
    teacher = make_pipeline(StandardScaler(), kind()) if piped else kind()
    rows = StandardScaler().fit(X).transform if piped else np.asarray
    line = Line().fit(rows(X), Y)
    expected = of_line(line, rows(X[:20]), levels)
    np.testing.assert_allclose(say(teacher, levels=levels), expected)


def test_a_way_of_the_users():
    expected = of_line(Line().fit(X, Y), X[:20], LEVELS)
    np.testing.assert_allclose(say(Line(), of_line), expected)


@pytest.mark.parametrize("teacher", [BayesianRidge(), ARDRegression()])
def test_bayesian_lines_are_normal(teacher):
    mean, deviation = clone(teacher).fit(X, Y).predict(X[:20], return_std=True)
    expected = norm.ppf(np.array(LEVELS), mean[:, None], deviation[:, None])
    np.testing.assert_allclose(say(teacher), expected)


def test_gaussian_processes_are_normal():
    process = GaussianProcessRegressor(RBF() + WhiteKernel(), optimizer=None, normalize_y=True)
    mean, deviation = clone(process).fit(X, Y).predict(X[:20], return_std=True)
    np.testing.assert_allclose(say(process)[:, 1], mean)
    np.testing.assert_allclose(say(process)[:, 0], mean + deviation * norm.ppf(0.1))


@pytest.mark.parametrize(
    "teacher",
    [
        LGBMRegressor(objective="quantile", **SMALL),
        HistGradientBoostingRegressor(loss="quantile", max_iter=5),
        QuantileRegressor(),
        make_pipeline(StandardScaler(), QuantileRegressor()),
    ],
    ids=["lightgbm", "hist", "linear", "pipeline"],
)
def test_a_learner_of_a_quantile_is_fitted_for_each(teacher):
    each = [at_level(teacher, level).fit(X, Y).predict(X[:20]) for level in LEVELS]
    np.testing.assert_allclose(say(teacher), np.sort(np.column_stack(each), axis=1))
    dictionary = {0.1: teacher, 0.5: OfLevel(), 0.8: teacher}
    said = say(dictionary)
    np.testing.assert_allclose(said, np.sort(np.column_stack([each[0], Y[:20], each[2]]), axis=1))


class OfLevel(Line):
    """Says of rows what was observed: it knows the first ones."""

    def predict(self, X):
        return Y[: len(X)]


def test_crossing_quantiles_are_sorted():
    def crossed(model, rows, levels):
        return of_line(model, rows, levels)[:, ::-1]

    way = way_of(Line(), LEVELS, crossed, at_level)
    said = QuantileTeacher(Line(), LEVELS, way).fit(X, Y).predict(X[:20])
    np.testing.assert_allclose(said, say(Line(), of_line))


@pytest.mark.parametrize(
    ("teacher", "text"),
    [
        (RandomForestRegressor(), "how uncertain that mean is"),
        (ExtraTreesRegressor(), "how uncertain that mean is"),
        (BaggingRegressor(Ridge()), "how uncertain that mean is"),
        (VotingRegressor([("a", Ridge())]), "how uncertain that mean is"),
        (make_pipeline(StandardScaler(), RandomForestRegressor()), "how uncertain that mean is"),
        (Ridge(), "nothing is known of how Ridge"),
        (GradientBoostingRegressor(), "means"),
        ({0.1: Ridge()}, r"for each of quantiles \[0.1, 0.5, 0.8\], got \[0.1\]"),
        ({}, r"got \[\]"),
    ],
)
def test_teachers_without_quantiles_are_refused_with_the_reason(teacher, text):
    with pytest.raises(TeacherError, match=text):
        way_of(teacher, LEVELS, None, at_level)


def test_a_way_that_is_none():
    with pytest.raises(ParameterError, match="must be a function"):
        way_of(Line(), LEVELS, "samples", at_level)
    with pytest.raises(ParameterError, match="no effect with a dict"):
        way_of(dict.fromkeys(LEVELS, Line()), LEVELS, of_line, at_level)
    with pytest.raises(TeacherError, match=r"shape \(n, 3\)"):
        say(Line(), lone)


def lone(model, rows, levels):
    return model.at(rows, levels[0])


@pytest.mark.parametrize("given", [0.5, [0.5], (0.5,), np.array([0.5]), np.float32(0.5)])
def test_levels_of_one(given):
    assert check_levels(given) == (0.5,)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ((0.5, 0.5), "must increase"),
        ((0.9, 0.1), "must increase"),
        ((), "at least one"),
        ((0.0, 0.5), r"in \(0, 1\)"),
        (1.0, r"in \(0, 1\)"),
        ((0.5, np.nan), r"in \(0, 1\)"),
        ("0.5", "must be a number"),
        (None, "must be a number"),
        ((True,), "must be a number"),
        ([[0.1, 0.2]], "must be a number"),
    ],
)
def test_levels_that_are_none(given, text):
    with pytest.raises(ParameterError, match=text):
        check_levels(given)


def test_a_quantile_forest_and_ngboost_where_they_are_installed():
    forests = pytest.importorskip("quantile_forest")
    forest = forests.RandomForestQuantileRegressor(10, random_state=0)
    expected = clone(forest).fit(X, Y).predict(X[:20], quantiles=list(LEVELS))
    np.testing.assert_allclose(say(forest), expected)
    boosters = pytest.importorskip("ngboost")
    booster = boosters.NGBRegressor(n_estimators=5, verbose=False, random_state=0)
    said = clone(booster).fit(X, Y).pred_dist(X[:20])
    np.testing.assert_allclose(say(booster)[:, 2], said.ppf(0.8))
