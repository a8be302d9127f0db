"""scikit-learn's own checks, for each route; none is expected to fail."""

import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledQuantiles,
    DistilledRegressor,
    DistilledRegressorCV,
    SoftLogisticRegression,
    SoftMLPClassifier,
)

# Histograms without counts: only so do boosted trees take a weight of two for two rows. LightGBM's
# own settings want 20 rows in a leaf, and the default student fails scikit-learn's two checks.
LIGHTGBM = {
    "n_estimators": 5,
    "min_child_samples": 0,
    "min_data_in_bin": 1,
    "n_jobs": 1,
    "verbose": -1,
}
HIST = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=1)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def distiller(teacher, student, **settings):
    return DistilledClassifier(teacher, student, **{"cv": 3, "random_state": 0} | settings)


def searcher(teacher, student, **settings):
    short = {"cv": 3, "random_state": 0, "strengths": (0.5,), "calibrations": (None,)}
    return DistilledClassifierCV(teacher, student, **short | settings)


def of_numbers(teacher, student, **settings):
    return DistilledRegressor(teacher, student, **{"cv": 3, "random_state": 0} | settings)


STUMP = DecisionTreeRegressor(max_depth=3, random_state=0)
MEDIAN = QuantileRegressor(alpha=0.0)
HISTR = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=1)

ESTIMATORS = [
    distiller(LogisticRegression(), TREE),  # replication
    distiller(TREE, LogisticRegression(), strength=0.5, calibration="isotonic"),
    distiller(GaussianNB(), TREE, loss="cross_entropy", temperature=2.0, strength=0.3),
    distiller(HIST, TREE),  # takes NaN
    distiller(TREE, DecisionTreeRegressor(max_depth=3, random_state=0)),  # regression
    distiller(TREE, Ridge(), loss="logit", correction="fast"),
    # LightGBM on labels is not the same with weights as with repeated rows, nor is its size: at a
    # strength of its own, and let grow, there are no ties to decide.
    distiller(TREE, LGBMClassifier(**LIGHTGBM), strength=0.8, size="free"),  # native
    distiller(HIST, LGBMClassifier(**LIGHTGBM), strength=0.5, size="free"),
    distiller(TREE, LGBMRegressor(**LIGHTGBM), loss="cross_entropy", strength=0.5, size="free"),
    distiller(TREE, SoftLogisticRegression(), temperature=2.0),  # linear
    SoftLogisticRegression(),
    SoftLogisticRegression(l1_ratio=0.5),
    # In float32 a weight of two is two rows to four digits only.
    SoftMLPClassifier((8,), dtype="float64"),
    distiller(
        [("a", GaussianNB()), ("b", TREE)], make_pipeline(Normalizer(), LogisticRegression())
    ),  # pipeline
    of_numbers(Ridge(), STUMP),
    of_numbers(STUMP, Ridge(), strength=0.5, calibration="isotonic"),
    of_numbers(HISTR, STUMP, correction="fast"),  # takes NaN
    of_numbers([("a", Ridge()), ("b", STUMP)], make_pipeline(Normalizer(), Ridge())),
    of_numbers(STUMP, LGBMRegressor(**LIGHTGBM), strength=0.5, size="free", calibration=None),
    DistilledQuantiles(MEDIAN, MEDIAN, quantiles=0.5, cv=3, random_state=0),
    DistilledRegressorCV(
        Ridge(), STUMP, cv=3, random_state=0, strengths=(0.5,), calibrations=(None,)
    ),
    searcher(LogisticRegression(), TREE),
    searcher(TREE, LogisticRegression(), calibrations=("stacked",), fallback=False),
]


each = parametrize_with_checks(ESTIMATORS)
estimator_and_check, pairs = (
    each.args
)  # up to scikit-learn 1.7 a generator, which pytest 9 dislikes


# Some checks repeat rows, and compare that with weights.
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.LeakWarning")
@pytest.mark.filterwarnings("ignore:Converting data to scipy sparse matrix")  # of LightGBM
@pytest.mark.parametrize(estimator_and_check, list(pairs), **each.kwargs)
def test_estimator_checks(estimator, check):
    check(estimator)
