"""Trees and boosters inside other learners are no larger than in the direct student."""

import pickle
import re
import warnings

import numpy as np
import pytest
import sklearn
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import Tree
from xgboost import XGBClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV, DistilledRegressor
from skdistill._ground.costs import count_nodes
from skdistill.exceptions import SkdistillWarning
from skdistill.students import DirectRegressor, DirectStudent, resolve, resolve_regressor
from tests.common.data import sample

SEED = {"random_state": 0}
BOOSTING = {"verbose": -1, "n_jobs": 1}
TREE = DecisionTreeClassifier(**SEED)
LEARNERS = {
    "tree": TREE,
    "forest": RandomForestClassifier(3, **SEED),
    "lightgbm": LGBMClassifier(n_estimators=4, min_child_samples=2, verbose=-1, n_jobs=1),
    "xgboost": XGBClassifier(n_estimators=4, n_jobs=1, **SEED),
    "gradient boosting": GradientBoostingClassifier(n_estimators=4, max_depth=8, **SEED),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=2, **SEED),
}
INSIDE = {
    "bag": lambda learner: BaggingClassifier(learner, 3, **SEED),
    "calibration": lambda learner: CalibratedClassifierCV(learner, cv=3),
    "one calibration": lambda learner: CalibratedClassifierCV(learner, cv=3, ensemble=False),
    "vote": lambda learner: VotingClassifier(
        [("a", learner), ("b", DecisionTreeClassifier(max_depth=3))], voting="soft"
    ),
    "stack": lambda learner: StackingClassifier([("a", learner), ("b", GaussianNB())], cv=3),
    "top of a stack": lambda learner: StackingClassifier([("b", GaussianNB())], learner, cv=3),
    "adaboost": lambda learner: AdaBoostClassifier(learner, n_estimators=3, **SEED),
    "bag of bags": lambda learner: BaggingClassifier(BaggingClassifier(learner, 2), 2, **SEED),
    "pipeline in a pipeline": lambda learner: make_pipeline(
        StandardScaler(), make_pipeline(StandardScaler(), learner)
    ),
    "search": lambda learner: GridSearchCV(learner, {}, cv=3),
    "halving": lambda learner: HalvingGridSearchCV(learner, {}, cv=3, min_resources=150, **SEED),
    "search of a bag": lambda learner: GridSearchCV(
        BaggingClassifier(learner, 2, **SEED), {}, cv=2
    ),
    "search in a pipeline": lambda learner: make_pipeline(
        StandardScaler(), GridSearchCV(learner, {}, cv=2)
    ),
    "threshold": FixedThresholdClassifier,
    "tuned threshold": lambda learner: TunedThresholdClassifierCV(learner, cv=2, thresholds=5),
}
OF_TREES = {  # whose importances they need, or that do not differ by kind
    "rfe": RFE(TREE, n_features_to_select=3),
    "rfe of a forest": RFE(LEARNERS["forest"], n_features_to_select=2),
    "chosen by a forest": make_pipeline(SelectFromModel(RandomForestClassifier(5, **SEED)), TREE),
    "bag of its own trees": GridSearchCV(BaggingClassifier(n_estimators=3, **SEED), {}, cv=3),
    "two boosters": VotingClassifier(
        [
            ("long", LEARNERS["lightgbm"]),
            ("short", clone(LEARNERS["lightgbm"]).set_params(n_estimators=2, num_leaves=5)),
        ],
        voting="soft",
    ),
    "boosters of two kinds": VotingClassifier(
        [("a", LEARNERS["gradient boosting"]), ("b", LEARNERS["histogram boosting"])],
        voting="soft",
    ),
}


def count(thing, seen):
    """Return the nodes of all trees that can be reached from an object, each counted once."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, Tree):
        return thing.node_count
    if hasattr(thing, "booster_"):
        leaves = re.findall(r"^num_leaves=(\d+)$", thing.booster_.model_to_string(), re.MULTILINE)
        return sum(2 * int(n) - 1 for n in leaves)
    if isinstance(thing, XGBClassifier) and thing.__sklearn_is_fitted__():
        return sum(tree.count("\n") for tree in thing.get_booster().get_dump())
    if hasattr(thing, "_predictors"):
        return sum(len(tree.nodes) for trees in thing._predictors for tree in trees)
    if isinstance(thing, np.ndarray) and thing.dtype == object:
        thing = list(thing.flat)
    elif isinstance(thing, BaseEstimator) or type(thing).__name__ == "_CalibratedClassifier":
        thing = vars(thing)
    if isinstance(thing, dict):
        thing = list(thing.values())
    return sum(count(each, seen) for each in thing) if isinstance(thing, list | tuple) else 0


def fit(student, data, **settings):
    """Return a distilled student, of given out-of-fold probabilities, and the direct model."""
    how = {"strength": 0.3, "calibration": None, "cv": 3, **SEED} | settings
    model = DistilledClassifier(None, student, **how)
    direct = DirectStudent(resolve(student)).fit(data.X, data.y)
    return model.fit(data.X, data.y, teacher_proba=data.teacher), direct.fitted_.model


def check_no_larger(student, n_classes):
    data = sample(n_classes)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SkdistillWarning)  # nor is it told to be
        model, direct = fit(student, data)
    found = count(model.student_, set())
    assert 0 < found <= count(direct, set())
    assert model.report_.nodes["direct"] == count_nodes(direct) >= model.report_.nodes["student"]
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(data.X), model.predict_proba(data.X))
    return model, data


@pytest.mark.parametrize("learner", ["tree", "lightgbm", "gradient boosting"])
@pytest.mark.parametrize("inside", INSIDE)
def test_it_is_no_larger_than_in_the_direct_student(inside, learner):
    check_no_larger(INSIDE[inside](LEARNERS[learner]), 2)


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("inside", ["bag", "one calibration", "search"])
def test_nor_with_three_classes(inside, learner):
    if (inside, learner) == ("one calibration", "xgboost") and sklearn.__version__ < "1.7":
        pytest.skip("scikit-learn 1.6 cannot calibrate scores in single precision with weights")
    check_no_larger(INSIDE[inside](LEARNERS[learner]), 3)


@pytest.mark.parametrize("student", OF_TREES.values(), ids=OF_TREES)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_nor_in_what_selects_or_mixes(student, n_classes):
    check_no_larger(student, n_classes)


@pytest.mark.parametrize("name", ["bag", "calibration", "search", "tuned threshold"])
def test_it_may_be_larger_if_it_is_asked_to(name):
    student, data = INSIDE[name](TREE), sample(2)
    model, _ = fit(student, data)
    free = model.refit_student(data.X, data.y, size="free")
    assert count(free.student_, set()) > 1.5 * count(model.student_, set())


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(TREE, {"max_depth": [2, 6, None]}, cv=3),
        GridSearchCV(RandomForestClassifier(3, **SEED), {"n_estimators": [2, 5]}, cv=3),
        RandomizedSearchCV(
            make_pipeline(StandardScaler(), LEARNERS["lightgbm"]),
            {"lgbmclassifier__num_leaves": [3, 31]},
            n_iter=2,
            cv=3,
            **SEED,
        ),
        GridSearchCV(DecisionTreeRegressor(**SEED), {"max_leaf_nodes": [None]}, cv=3),
        GridSearchCV(RandomForestRegressor(3, **SEED), {"max_leaf_nodes": [500]}, cv=3),
        RandomizedSearchCV(
            make_pipeline(StandardScaler(), LGBMRegressor(min_child_samples=2, **BOOSTING)),
            {"lgbmregressor__n_estimators": [20]},
            n_iter=1,
            cv=3,
        ),
    ],
    ids=["depths", "trees", "leaves", "leaves of numbers", "leaves of forests", "rounds"],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_what_a_search_finds_is_within_a_direct_fit_of_the_same_settings(search, n_classes):
    data = sample(n_classes)
    with warnings.catch_warnings(action="ignore", category=SkdistillWarning):
        model, _ = fit(search, data)
    same = clone(search.estimator).set_params(**model.student_.best_params_)
    direct = DirectStudent(resolve(same)).fit(data.X, data.y).fitted_.model
    assert 0 < count(model.student_, set()) <= count(direct, set())


def test_larger_settings_that_a_search_found_are_told():
    """Labels of the rows that it is trained on are coin flips: by them a stump is best."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    p = np.where((X[:, 0] > 0) ^ (X[:, 1] > 0), 0.9, 0.1)
    y = np.where(np.where(np.arange(300) < 60, p, rng.random(300)) > 0.5, "b", "a")
    folds = [(np.arange(60, 300), np.arange(60)), (np.arange(60, 240), np.arange(60))]
    search = GridSearchCV(TREE, {"max_depth": [1, 8]}, cv=folds, scoring="neg_log_loss")
    model = DistilledClassifier(None, search, calibration=None, correction=None)
    teacher = np.column_stack([1.0 - p, p])
    with pytest.warns(SkdistillWarning, match=r"GridSearchCV keeps each .* found larger settings"):
        model.fit(X, y, teacher_proba=teacher)
    assert model.student_.best_params_ == {"max_depth": 8}


def test_rows_without_labels_do_not_make_a_search_larger():
    data, further = sample(2), sample(2, 480, seed=1).X
    for student in (
        GridSearchCV(TREE, {}, cv=3),
        make_pipeline(StandardScaler(), GridSearchCV(TREE, {}, cv=3)),
    ):
        model = DistilledClassifier(LogisticRegression(), student, strength=0.3, cv=3, **SEED)
        model.fit(data.X, data.y, X_transfer=further)
        assert count(model.student_, set()) <= count(clone(TREE).fit(data.X, data.y), set())


def test_an_honest_choice_bounds_a_search():
    data, student = sample(2), GridSearchCV(TREE, {}, cv=3)
    settings = {"strengths": (0.3,), "calibrations": (None,), "fallback": False, "cv": 3, **SEED}
    model = DistilledClassifierCV(LogisticRegression(), student, **settings).fit(data.X, data.y)
    assert count(model.student_, set()) <= count(clone(TREE).fit(data.X, data.y), set())


@pytest.mark.parametrize(
    "student",
    [
        GridSearchCV(DecisionTreeRegressor(**SEED), {}, cv=3),
        BaggingRegressor(
            LGBMRegressor(n_estimators=4, min_child_samples=2, verbose=-1, n_jobs=1), 3, **SEED
        ),
        VotingRegressor([("a", RandomForestRegressor(3, **SEED)), ("b", Ridge())]),
    ],
    ids=["search", "bag", "vote"],
)
@pytest.mark.parametrize("of_numbers", [False, True], ids=["classes", "numbers"])
def test_regressors(student, of_numbers):
    data = sample(2)
    if not of_numbers:
        check_no_larger(student, 2)
        return
    y = np.round(data.X[:, 0] + data.teacher[:, 0], 1)
    model = DistilledRegressor(Ridge(), student, strength=0.3, cv=3, **SEED).fit(data.X, y)
    direct = DirectRegressor(resolve_regressor(student)).fit(data.X, y).fitted_.model
    assert 0 < count(model.student_, set()) <= count(direct, set())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_adaboost_has_no_more_rounds(n_classes):
    """An unpruned tree leaves nothing to boost on labels; on soft ones it does."""
    student = AdaBoostClassifier(TREE, n_estimators=5, **SEED)
    model, data = check_no_larger(student, n_classes)
    assert len(model.student_.estimators_) == 1
    assert model.student_.n_estimators == 5
    free = model.refit_student(data.X, data.y, size="free")
    assert len(free.student_.estimators_) > 1
