"""Students of quantiles: rows that come several times are still one row each."""

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin, clone
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
)
from sklearn.linear_model import QuantileRegressor, Ridge, SGDRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import has_fit_parameter

from skdistill import AbsoluteError, DistilledRegressor, DistilledRegressorCV, Quantile
from skdistill.exceptions import StudentError
from skdistill.students import Mixture, Problem, copies, resolve_regressor
from tests.common.spies import CountingRegressor

takes_validation_rows = has_fit_parameter(HistGradientBoostingRegressor(), "X_val")
RNG = np.random.default_rng(0)
X = np.column_stack([np.arange(90.0), RNG.normal(size=90)])
Y = 0.1 * X[:, 0] + RNG.gamma(2.0, 1.0, 90)
TEACHER = QuantileRegressor(quantile=0.8, alpha=0.0)
BOOSTER = {"objective": "quantile", "alpha": 0.8, "n_estimators": 5, "n_jobs": 1, "verbose": -1}


def fit(student, **how):
    how = {"cv": 3, "strength": 0.5, "random_state": 0, "size": "free"} | how
    return DistilledRegressor(TEACHER, student, **how).fit(X, Y)


def mixed(n_outputs=1, weight=None, loss=None):
    """Return a problem in which every row has two numbers, or one."""
    values = RNG.normal(size=(2, len(X), n_outputs)) + Y[None, :, None]
    shares = np.full((2, len(X)), 0.5)
    shares[:, :10] = [[1.0], [0.0]]
    target = np.column_stack([Y] * n_outputs)
    labels = Y if n_outputs == 1 else target
    mixture = Mixture(values, shares)
    return Problem(X, target, loss or Quantile(0.8), labels, np.empty(0), weight, mixture=mixture)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_student_is_fitted_to_every_number_by_its_share(weighted):
    weight = RNG.uniform(0.5, 2.0, len(X)) if weighted else None
    problem = mixed(weight=weight)
    student = GradientBoostingRegressor(loss="quantile", alpha=0.8, n_estimators=5, random_state=0)
    fitted = resolve_regressor(student).fit(problem)
    mass = problem.mixture.shares * (1.0 if weight is None else weight)
    rows, numbers = np.nonzero(mass.T)
    plain = clone(student).fit(
        X[rows], problem.mixture.values[numbers, rows, 0], sample_weight=mass[numbers, rows]
    )
    assert len(rows) == 2 * len(X) - 10
    assert_array_equal(fitted.model.predict(X), plain.predict(X))


def test_several_outputs():
    problem = mixed(n_outputs=2)
    fitted = resolve_regressor(LGBMRegressor(**BOOSTER)).fit(problem)
    assert fitted.decode(fitted.model.predict(X)).shape == (len(X), 2)


class HoldingOut(Ridge):
    """Holds out a share of its rows by itself, as CatBoost may."""

    def __init__(self, loss="mae", eval_fraction=0.2):
        super().__init__()
        self.loss = loss
        self.eval_fraction = eval_fraction


class Watching(TransformerMixin, BaseEstimator):
    """Notes what it is fitted to."""

    def fit(self, X, y):
        type(self).seen = X, y
        return self

    def transform(self, X):
        return X


def test_steps_before_the_student_see_each_row_once_with_its_label():
    fit(make_pipeline(Watching(), QuantileRegressor(quantile=0.8, alpha=0.0)))
    assert_array_equal(Watching.seen[0], X)
    assert_array_equal(Watching.seen[1], Y)


def test_a_choice_among_strengths_fits_all_on_the_same_rows():
    """Plain distillation has no copy of what was observed: its rows are others."""
    student = make_pipeline(StandardScaler(), QuantileRegressor(quantile=0.8, alpha=0.0))
    for each in (student, student[-1]):
        how = {"cv": 3, "strengths": (0, 0.5, 1), "random_state": 0}
        search = DistilledRegressorCV(TEACHER, each, **how).fit(X, Y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        assert search.loss_name_ == "quantile"


@pytest.mark.parametrize(
    "student",
    [
        LGBMRegressor(**BOOSTER | {"n_estimators": 1, "min_child_samples": 20}),
        HistGradientBoostingRegressor(
            loss="quantile", quantile=0.8, min_samples_leaf=20, max_iter=1
        ),
        RandomForestRegressor(
            1, criterion="absolute_error", min_samples_leaf=20, bootstrap=False, random_state=0
        ),
    ],
    ids=lambda s: type(s).__name__,
)
def test_settings_that_count_rows_count_no_copies(student):
    model = fit(student)
    said = model.predict(X)
    assert len(np.unique(said)) > 1
    assert np.unique(said, return_counts=True)[1].min() >= 20
    assert model.student_.get_params() == student.get_params()


@pytest.mark.parametrize(
    ("student", "said"),
    [
        (GradientBoostingRegressor(loss="quantile", n_iter_no_change=3), "early stopping"),
        (
            SGDRegressor(loss="epsilon_insensitive", epsilon=0, early_stopping=True),
            "early stopping",
        ),
        (
            BaggingRegressor(
                HistGradientBoostingRegressor(loss="absolute_error", early_stopping=1)
            ),
            "early stopping",
        ),
        (HoldingOut(), "eval_fraction"),
        (RandomForestRegressor(criterion="absolute_error", oob_score=True), "oob_score"),
        (BaggingRegressor(QuantileRegressor(), oob_score=True), "oob_score"),
        (
            BaggingRegressor(StackingRegressor([("a", Ridge())], QuantileRegressor())),
            "cv=None of the StackingRegressor inside",
        ),
        (
            make_pipeline(GradientBoostingRegressor(loss="absolute_error", n_iter_no_change=3)),
            "early stopping",
        ),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_inner_splits_that_cannot_be_told_are_refused_before_any_fit(student, said):
    fits = CountingRegressor.watch()
    with pytest.raises(StudentError, match=said):
        DistilledRegressor(CountingRegressor(), student).fit(X, Y)
    assert fits == []


def test_of_means_they_are_not_refused():
    """There are no copies: the pseudo-target stands for both."""
    student = GradientBoostingRegressor(n_estimators=5, n_iter_no_change=2, random_state=0)
    assert DistilledRegressor(Ridge(), student, strength=0.5, cv=3).fit(X, Y).predict(X).shape


class Held(HistGradientBoostingRegressor):
    """Notes the rows that it is told to stop by."""

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        type(self).seen = {"X": X, "X_val": X_val, "y_val": y_val, "settings": self.get_params()}
        told = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        return super().fit(X, y, sample_weight, **({} if X_val is None else told))


@pytest.mark.skipif(not takes_validation_rows, reason="scikit-learn 1.7 and later")
def test_early_stopping_holds_out_rows_with_all_their_copies():
    student = Held(loss="quantile", quantile=0.8, early_stopping=True, max_iter=4, random_state=0)
    model = fit(student)
    inside, outside = set(Held.seen["X"][:, 0]), Held.seen["X_val"][:, 0]
    assert len(outside) == 9
    assert inside.isdisjoint(outside)
    assert len(inside) == 81
    assert_array_equal(Held.seen["y_val"], Y[outside.astype(int)])
    assert model.student_.early_stopping is True


@pytest.mark.skipif(not takes_validation_rows, reason="scikit-learn 1.7 and later")
def test_automatic_early_stopping_goes_by_rows(monkeypatch):
    """Six copies of 90 rows are more than 300, and no reason to hold rows out."""
    for limit, expected in ((300, False), (80, True)):
        monkeypatch.setattr(copies, "HISTOGRAM_EARLY_STOPPING_ROWS", limit)
        fit(Held(loss="absolute_error", max_iter=2), loss=AbsoluteError())
        assert Held.seen["settings"]["early_stopping"] is expected
        assert (Held.seen["X_val"] is not None) is expected


class Remembering(RegressorMixin, BaseEstimator):
    """Predicts which of the rows it has seen in its fit."""

    def fit(self, X, y, sample_weight=None):
        self.known_ = set(np.asarray(X)[:, 0])
        return self

    def predict(self, X):
        seen = np.array([each in self.known_ for each in X[:, 0]], dtype=float)
        type(self).shares.append(seen.mean())
        return seen


def test_the_folds_of_a_stack_keep_copies_together():
    Remembering.shares = []
    last = QuantileRegressor(quantile=0.8, alpha=0.0)
    model = fit(StackingRegressor([("a", Remembering())], last, cv=3), strength=0.3)
    inner = [share for share in Remembering.shares if share < 1.0]
    assert len(inner) == 3
    assert max(inner) == 0.0
    assert model.student_.cv == 3


class Weightless(RegressorMixin, BaseEstimator):
    """The median of all numbers; all rows alike."""

    def __init__(self, loss="mae"):
        self.loss = loss

    def fit(self, X, y):
        self.median_ = np.median(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.median_)


@pytest.mark.parametrize("strength", [0.0, 0.5, "auto"])
def test_shares_need_weights(strength):
    fits = CountingRegressor.watch()
    with pytest.raises(StudentError, match="takes no sample_weight"):
        DistilledRegressor(CountingRegressor(), Weightless(), strength=strength).fit(X, Y)
    assert fits == []
    direct = DistilledRegressor(TEACHER, Weightless(), cv=3, strength=1.0).fit(X, Y)
    assert_array_equal(direct.predict(X), np.median(Y))


def test_transfer_rows_come_with_draws_too():
    """A student that says the quantile of all its numbers covers as many rows as it should."""
    rng = np.random.default_rng(1)
    rows = rng.uniform(size=(300, 1))
    y = rng.normal(size=300)
    student = LGBMRegressor(**BOOSTER | {"min_child_samples": 10**6})
    model = DistilledRegressor(TEACHER, student, cv=3, strength=0.0, random_state=0)
    model.fit(rows, y, X_transfer=rng.uniform(size=(2000, 1)))
    assert_allclose(np.mean(y <= model.predict(rows)), 0.8, atol=0.1)
