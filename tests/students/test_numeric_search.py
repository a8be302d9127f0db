"""Searches over regressors as students: scored on what was observed, by one loss."""

import pickle

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import GammaRegressor, QuantileRegressor, Ridge, SGDRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.exceptions import StudentError
from skdistill.students import resolve_regressor
from tests.common.spies import CountingRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 3))
Y = X[:, 0] + 0.5 * X[:, 1] ** 2 + 0.3 * RNG.normal(size=90)
TWO = np.column_stack([Y, X[:, 2]])
TREE = DecisionTreeRegressor(random_state=0)
DEPTHS = {"max_depth": [1, 3, 5]}
SMALL = {"n_estimators": 4, "min_child_samples": 5, "verbose": -1, "n_jobs": 1}
HOW = {"cv": 3, "random_state": 0}

SEARCHES = {
    "grid": (GridSearchCV(TREE, DEPTHS, cv=3), Y),
    "of two outputs": (GridSearchCV(TREE, DEPTHS, cv=3), TWO),
    "one output at a time": (GridSearchCV(LGBMRegressor(**SMALL), {"num_leaves": [3, 6]}), TWO),
    "random": (RandomizedSearchCV(Ridge(), {"alpha": loguniform(0.1, 9)}, n_iter=3), Y),
    "halving": (HalvingGridSearchCV(TREE, DEPTHS, cv=3, random_state=0), Y),
    "pipeline": (GridSearchCV(make_pipeline(StandardScaler(), TREE), {}, cv=3), Y),
    "quantile": (GridSearchCV(QuantileRegressor(quantile=0.7), {"alpha": [0.0, 0.1]}, cv=3), Y),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_at_full_strength_it_is_the_search_itself(name):
    search, y = SEARCHES[name]
    search = clone(search)
    if "random_state" in search.get_params(deep=False):
        search.set_params(random_state=0)
    model = DistilledRegressor(CountingRegressor(), search, strength=1.0, **HOW)
    CountingRegressor.watch()
    said = model.fit(X, y).predict(X)
    if name == "one output at a time":
        assert said.shape == y.shape
        return
    plain = clone(search).fit(X, y)
    assert model.student_.best_params_ == plain.best_params_
    assert_array_equal(said, plain.predict(X))
    assert model.route_.name.startswith("search > ")
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), said)


def test_candidates_are_scored_on_what_was_observed():
    folds = KFold(3)
    search = GridSearchCV(TREE, DEPTHS, cv=folds)
    how = {"strength": 0.3, "calibration": None, "size": "free"}
    model = DistilledRegressor(Ridge(), search, **HOW, **how).fit(X, Y)
    target = 0.7 * model.teacher_pred_ + 0.3 * Y
    for depth, found in zip((1, 3, 5), model.student_.cv_results_["mean_test_score"], strict=True):
        scores = []
        for train, test in folds.split(X):
            tree = clone(TREE).set_params(max_depth=depth).fit(X[train], target[train])
            scores.append(r2_score(Y[test], tree.predict(X[test])))
        assert found == pytest.approx(np.mean(scores))
    best = clone(TREE).set_params(**model.student_.best_params_).fit(X, target)
    assert_array_equal(model.predict(X), best.predict(X))


class Remembering(RegressorMixin, BaseEstimator):
    """A median that notes how many of the rows it predicts it has been fitted to."""

    def __init__(self, loss="mae", scale=1.0):
        self.loss = loss
        self.scale = scale

    def fit(self, X, y, sample_weight=None):
        self.known_ = set(map(float, X[:, 0]))
        self.found_ = self.scale * np.median(y)
        return self

    def predict(self, X):
        type(self).shares.append(np.mean([float(each) in self.known_ for each in X[:, 0]]))
        return np.full(len(X), self.found_)


def test_copies_of_a_row_are_on_one_side_of_a_split():
    Remembering.shares = []
    search = GridSearchCV(Remembering(), {"scale": [0.5, 1.0]}, cv=3)
    DistilledRegressor(Ridge(), search, strength=0.4, **HOW).fit(X, Y)
    assert_allclose(Remembering.shares, [0.0] * 6)


def test_it_is_a_candidate_of_a_choice():
    found = DistilledRegressorCV(
        Ridge(), GridSearchCV(TREE, DEPTHS, cv=2), strengths=(0.0, 1.0), **HOW
    ).fit(X, Y)
    assert np.isfinite(found.predict(X)).all()


def other_step():
    return GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()), {"ridge": [Ridge(2.0), GammaRegressor()]}
    )


REFUSED = [
    (
        GridSearchCV(LGBMRegressor(), {"objective": ["regression", "poisson"]}),
        r"'objective': 'poisson'.*Poisson\(\), and its LGBMRegressor has SquaredError",
    ),
    (GridSearchCV(LGBMRegressor(), [{}, {"app": ["mae"]}]), r"AbsoluteError"),
    (GridSearchCV(LGBMRegressor(objective="quantile"), {"alpha": [0.9, 0.5]}), "alpha=0.5"),
    (GridSearchCV(RandomForestRegressor(), {"criterion": ["poisson"]}), "Poisson"),
    (
        GridSearchCV(GradientBoostingRegressor(loss="quantile"), {"alpha": [0.5]}),
        "Quantile.alpha=0.5",
    ),
    (
        RandomizedSearchCV(QuantileRegressor(), {"quantile": uniform(0.1, 0.3), "alpha": [0, 1]}),
        "Quantile.*Quantile.alpha=0.5",
    ),
    (RandomizedSearchCV(SGDRegressor(), [{"loss": ["squared_error", "huber"]}]), "Huber's loss"),
    (HalvingGridSearchCV(XGBRegressor(), {"objective": ["reg:gamma"]}), "Gamma"),
    (
        HalvingRandomSearchCV(
            HistGradientBoostingRegressor(), {"max_iter": [2, 3], "loss": ["gamma"]}
        ),
        "Gamma",
    ),
    (other_step(), "Gamma"),
    (make_pipeline(StandardScaler(), other_step()), "Gamma"),
    (BaggingRegressor(other_step()), "Gamma"),
    (
        GridSearchCV(
            GradientBoostingRegressor(loss="absolute_error"), {"n_iter_no_change": [None, 3]}
        ),
        "early stopping",
    ),
    (GridSearchCV(XGBRegressor(), {"early_stopping_rounds": [3]}), "evaluation set"),
    (GridSearchCV(Ridge(), {}, refit=False), "refit=False"),
]


@pytest.mark.parametrize(("student", "said"), REFUSED, ids=lambda value: repr(value)[:60])
def test_searches_that_change_the_loss_are_refused_before_any_fit(student, said):
    fits = CountingRegressor.watch()
    with pytest.raises(StudentError, match=f"(?s){said}"):
        DistilledRegressor(CountingRegressor(), student).fit(X, Y)
    assert fits == []


def test_a_penalty_of_the_same_name_is_no_level():
    search = GridSearchCV(XGBRegressor(), {"alpha": [0.1, 0.9], "gamma": [0, 1]})
    adapter = resolve_regressor(search)
    adapter.check(adapter.default_loss, 90, weighted=False)
