"""What a learner's loss is not defined for is told before any fit, with the row."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    PoissonRegressor,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.exceptions import InputError, StudentError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
COUNTS = RNG.poisson(3.0, 40) + 1.0
TREE = DecisionTreeRegressor(max_depth=2)
AT_LEAST_0, POSITIVE = "at least 0", "positive"
TEACHERS = [
    (PoissonRegressor(), AT_LEAST_0),
    (GammaRegressor(), POSITIVE),
    (TweedieRegressor(power=1.5), AT_LEAST_0),
    (TweedieRegressor(power=3), POSITIVE),
    (HistGradientBoostingRegressor(loss="poisson"), AT_LEAST_0),
    (HistGradientBoostingRegressor(loss="gamma"), POSITIVE),
    (DecisionTreeRegressor(criterion="poisson"), AT_LEAST_0),
    (RandomForestRegressor(criterion="poisson"), AT_LEAST_0),
    (make_pipeline(PoissonRegressor()), AT_LEAST_0),
    (BaggingRegressor(GammaRegressor()), POSITIVE),
    (VotingRegressor([("a", LinearRegression()), ("b", PoissonRegressor())]), AT_LEAST_0),
    (StackingRegressor([("a", PoissonRegressor())], LinearRegression()), AT_LEAST_0),
    (GridSearchCV(PoissonRegressor(), {"alpha": [0.1, 1.0]}), AT_LEAST_0),
]


def boosters():
    lgb = pytest.importorskip("lightgbm").LGBMRegressor
    names = {"poisson": AT_LEAST_0, "tweedie": AT_LEAST_0, "gamma": POSITIVE}
    names |= {"cross_entropy": "from 0 to 1"}
    yield from ((lgb(objective=name, verbose=-1), needs) for name, needs in names.items())
    xgb = pytest.importorskip("xgboost").XGBRegressor
    names = {"count:poisson": AT_LEAST_0, "reg:tweedie": AT_LEAST_0, "reg:gamma": POSITIVE}
    names |= {"reg:logistic": "from 0 to 1", "reg:squaredlogerror": "above -1"}
    yield from ((xgb(objective=name), needs) for name, needs in names.items())


def refused(teacher, y, said, **fit):
    for model in (
        DistilledRegressor(teacher, TREE, cv=3),
        DistilledRegressorCV(teacher, TREE, cv=3),
    ):
        with pytest.raises(InputError, match=said):
            model.fit(X, y, **fit)


@pytest.mark.parametrize(("teacher", "needs"), TEACHERS, ids=lambda each: type(each).__name__)
def test_teachers_say_what_they_cannot_learn(teacher, needs):
    bad = COUNTS.copy()
    bad[[7, 9]] = -2.0
    refused(teacher, bad, rf"y must be {needs} for the teacher .*, got -2 in row 7 \(2 such rows\)")
    zero = COUNTS.copy()
    zero[11] = 0.0
    if needs == POSITIVE:
        refused(teacher, zero, r"y must be positive .*, got 0 in row 11 \(1 such rows\)")


def test_teachers_of_boosters_too():
    for teacher, needs in boosters():
        bad = np.where(np.arange(40) == 5, -2.0, 0.5)
        refused(teacher, bad, rf"y must be {needs} for the teacher .*objective=.*got -2 in row 5 ")


def test_rows_without_weight_may_have_any_and_are_counted():
    bad = COUNTS.copy()
    bad[[0, 7]] = -1.0
    weight = np.ones(40)
    weight[0] = 0.0
    said = r"got -1 in row 7 \(1 such rows\)"
    refused(PoissonRegressor(), bad, said, sample_weight=weight)
    weight[7] = 0.0
    DistilledRegressor(PoissonRegressor(), TREE, cv=3).fit(X, bad, sample_weight=weight)


def test_zeros_alone_are_no_counts():
    refused(PoissonRegressor(), np.zeros(40), "at least 0 for the teacher .* got nothing but zeros")


def test_the_column_is_named():
    both = np.column_stack([COUNTS, COUNTS])
    both[3, 1] = -1.0
    forest = RandomForestRegressor(5, criterion="poisson", random_state=0)
    refused(forest, both, r"got -1 in row 3, column 1 \(1 such rows\)")


@pytest.mark.parametrize(
    "teacher",
    [
        TransformedTargetRegressor(PoissonRegressor(), func=np.exp, inverse_func=np.log),
        GridSearchCV(TweedieRegressor(), {"power": [0, 1.5]}, cv=2, error_score=-9.0),
        TweedieRegressor(power=0),
    ],
    ids=["transformed", "search", "normal"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_teachers_that_can_learn_them_are_let_be(teacher):
    y = RNG.normal(size=40)
    assert DistilledRegressor(teacher, TREE, cv=3).fit(X, y).predict(X).shape == (40,)


class CountsItsFits(RegressorMixin, BaseEstimator):
    """A teacher that must not be fitted."""

    def fit(self, X, y):
        raise AssertionError("fitted")

    def predict(self, X):
        return np.zeros((len(X), 2))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


@pytest.mark.parametrize("strength", ["auto", 0.5])
def test_early_stopping_on_several_outputs_of_a_quantile_is_refused_first(strength):
    student = HistGradientBoostingRegressor(
        loss="quantile", quantile=0.5, early_stopping=True, max_iter=3
    )
    both = np.column_stack([COUNTS, COUNTS])
    said = "early stopping of HistGradientBoostingRegressor"
    with pytest.raises(StudentError, match=said):
        DistilledRegressor(CountsItsFits(), student, strength=strength, cv=3).fit(X, both)
    with pytest.raises(StudentError, match=said):
        DistilledRegressorCV(CountsItsFits(), student, cv=3).fit(X, both)
