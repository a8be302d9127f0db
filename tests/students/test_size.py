"""A distilled tree or forest is no larger than the direct one, unless it is asked to be."""

import warnings
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import scipy.sparse as sp
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill._ground.costs import count_parts
from skdistill.exceptions import ParameterError, SkdistillWarning
from skdistill.students import DirectStudent, direct_problem, fit_within, resolve
from skdistill.students.rounds import rounds_within
from tests.common.data import sample
from tests.common.spies import SpyTree

TREE = DecisionTreeClassifier(random_state=0)
GROWING = {
    "tree": TREE,
    "tree of at most 20 leaves": DecisionTreeClassifier(max_leaf_nodes=20, random_state=0),
    "tree of at most 5 levels": DecisionTreeClassifier(max_depth=5, random_state=0),
    "tree, rows a leaf": DecisionTreeClassifier(min_samples_leaf=5, random_state=0),
    "extra tree": ExtraTreeClassifier(random_state=0),
    "forest": RandomForestClassifier(4, random_state=0),
    "forest without bootstrap": RandomForestClassifier(4, bootstrap=False, random_state=0),
    "extra trees": ExtraTreesClassifier(4, random_state=0),
    "bagged extra trees": ExtraTreesClassifier(4, bootstrap=True, random_state=0),
    "bagging": BaggingClassifier(n_estimators=4, random_state=0),
    "bagging of its own trees": BaggingClassifier(TREE, n_estimators=4, random_state=0),
    "pipeline": make_pipeline(StandardScaler(), RandomForestClassifier(4, random_state=0)),
    "pipeline of a tree": make_pipeline(StandardScaler(), TREE),
    "tree regressor": DecisionTreeRegressor(random_state=0),
    "extra tree regressor": ExtraTreeRegressor(random_state=0),
    "forest regressor": RandomForestRegressor(4, random_state=0),
    "extra trees regressor": ExtraTreesRegressor(4, random_state=0),
    "bagging regressor": BaggingRegressor(n_estimators=4, random_state=0),
}
FEW = {"n_estimators": 12, "verbose": -1, "n_jobs": 1}
LIGHTGBM = {
    "lightgbm": LGBMClassifier(**FEW),
    "lightgbm of short trees": LGBMClassifier(num_leaves=4, **FEW),
    "lightgbm, few rows a leaf": LGBMClassifier(min_child_samples=2, **FEW),
    "lightgbm, many rows a leaf": LGBMClassifier(min_child_samples=45, **FEW),
    "lightgbm that is purer": LGBMClassifier(min_child_samples=2, learning_rate=0.9, **FEW),
    "lightgbm, rounds by another name": LGBMClassifier(num_round=8, min_child_samples=3, **FEW),
    "dart": LGBMClassifier(boosting_type="dart", min_child_samples=2, random_state=0, **FEW),
    "forest of lightgbm": LGBMClassifier(
        boosting_type="rf", subsample=0.6, subsample_freq=1, min_child_samples=2, **FEW
    ),
    "pipeline of lightgbm": make_pipeline(StandardScaler(), LGBMClassifier(**FEW)),
    "lightgbm regressor": LGBMRegressor(min_child_samples=2, **FEW),
}
XGBOOST = {  # settings: it may not be installed
    "xgboost": {},
    "xgboost of short trees": {"max_depth": 3},
    "xgboost of 5 leaves": {"max_leaves": 5, "grow_policy": "lossguide"},
    "xgboost that is purer": {"learning_rate": 0.9, "min_child_weight": 0.1},
    "xgboost that cannot split": {"min_child_weight": 100},
    "xgboost, parallel trees": {"num_parallel_tree": 3, "subsample": 0.5},
    "xgboost by approximate splits": {"tree_method": "approx"},
}
GROWING |= LIGHTGBM
SKLEARN = {"n_estimators": 12, "random_state": 0}
HISTOGRAM = {"max_iter": 12, "random_state": 0}
GROWING |= {
    "gradient boosting": GradientBoostingClassifier(**SKLEARN),
    "gradient boosting of deep trees": GradientBoostingClassifier(max_depth=8, **SKLEARN),
    "gradient boosting of 5 leaves": GradientBoostingClassifier(max_leaf_nodes=5, **SKLEARN),
    "gradient boosting that is purer": GradientBoostingClassifier(
        max_depth=8, learning_rate=0.9, subsample=0.7, **SKLEARN
    ),
    "gradient boosting that cannot split": GradientBoostingClassifier(
        min_samples_leaf=100, **SKLEARN
    ),
    "pipeline of gradient boosting": make_pipeline(
        StandardScaler(), GradientBoostingClassifier(max_depth=8, **SKLEARN)
    ),
    "gradient boosting regressor": GradientBoostingRegressor(max_depth=8, **SKLEARN),
    "histogram boosting": HistGradientBoostingClassifier(**HISTOGRAM),
    "histogram boosting, few rows a leaf": HistGradientBoostingClassifier(
        min_samples_leaf=2, max_leaf_nodes=None, **HISTOGRAM
    ),
    "histogram boosting that is purer": HistGradientBoostingClassifier(
        min_samples_leaf=2, learning_rate=0.9, **HISTOGRAM
    ),
    "histogram boosting that cannot split": HistGradientBoostingClassifier(
        min_samples_leaf=100, **HISTOGRAM
    ),
    "histogram boosting regressor": HistGradientBoostingRegressor(min_samples_leaf=2, **HISTOGRAM),
}
if find_spec("xgboost"):
    from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier

    SOME = {"n_estimators": 12, "n_jobs": 1, "random_state": 0}
    GROWING |= {name: XGBClassifier(**SOME, **given) for name, given in XGBOOST.items()}
    GROWING["xgboost regressor"] = XGBRegressor(**SOME)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # deprecated in 3.4
        GROWING["forest of xgboost"] = XGBRFClassifier(**SOME)
pytestmark = pytest.mark.filterwarnings("ignore:.*XGBRFClassifier.* is deprecated:FutureWarning")
each_growing = pytest.mark.parametrize("student", GROWING.values(), ids=GROWING)


def nodes(model):
    return count_parts(model).nodes


def fit(student, data, **settings):
    """Return a distilled student and the direct one, of given out-of-fold probabilities."""
    settings = {"strength": 0.3, "calibration": None, "cv": 3, "random_state": 0} | settings
    model = DistilledClassifier(None, student, **settings)
    direct = DirectStudent(resolve(student)).fit(data.X, data.y)
    return model.fit(data.X, data.y, teacher_proba=data.teacher), direct.fitted_.model


@pytest.fixture(scope="module")
def rows():
    return make_classification(
        2000, 20, n_informative=10, n_redundant=4, flip_y=0.2, random_state=0
    )


@pytest.mark.parametrize(
    "student", [TREE, RandomForestClassifier(10, random_state=0)], ids=["tree", "forest"]
)
def test_two_thousand_rows(student, rows):
    """Measured before: 4,116 nodes of a direct forest of 10, and 25,182 of the distilled one."""
    X, y = rows
    teacher = RandomForestClassifier(50, random_state=0)
    model = DistilledClassifier(teacher, student, strength=0.3, random_state=0).fit(X, y)
    direct = nodes(clone(student).fit(X, y))
    assert 0.9 * direct < nodes(model.student_) <= direct
    free = model.refit_student(X, y, size="free")
    assert nodes(free.student_) > 2 * direct


@each_growing
@pytest.mark.parametrize("n_classes", [2, 3])
def test_it_is_no_larger_than_the_direct_student(student, n_classes):
    data = sample(n_classes)
    model, direct = fit(student, data)
    assert nodes(model.student_) <= nodes(direct)
    assert model.report_.nodes == {"student": nodes(model.student_), "direct": nodes(direct)}
    free = model.refit_student(data.X, data.y, size="free")
    assert nodes(free.student_) >= nodes(model.student_)
    assert free.report_.nodes == {"student": nodes(free.student_), "direct": None}
    if not isinstance(student, Pipeline) and type(model.student_) is type(student):
        assert repr(model.student_) == repr(free.student_) == repr(student)


@each_growing
def test_strength_one_is_the_direct_student(student):
    data = sample(3)
    model, direct = fit(student, data, strength=1.0)
    bare = DirectStudent(resolve(student)).fit(data.X, data.y)
    assert_array_equal(model.predict_proba(data.X), bare.predict_proba(data.X))
    assert model.report_.nodes == {"student": nodes(direct), "direct": nodes(direct)}
    assert model.report_.n_student_fits == 1


def test_weights_count_as_rows_do():
    data = sample(2)
    weight = np.random.default_rng(0).integers(1, 4, size=len(data.y))
    rows = np.repeat(np.arange(len(data.y)), weight)
    settings = {"strength": 0.3, "calibration": None, "cv": 3}
    one = DistilledClassifier(None, TREE, **settings).fit(
        data.X, data.y, sample_weight=weight, teacher_proba=data.teacher
    )
    other = DistilledClassifier(None, TREE, **settings).fit(
        data.X[rows], data.y[rows], teacher_proba=data.teacher[rows]
    )
    assert one.report_.nodes["direct"] == other.report_.nodes["direct"]
    assert one.report_.nodes == other.report_.nodes


def test_nothing_to_split_is_one_leaf():
    data = sample(3)
    blunt = DecisionTreeClassifier(min_samples_leaf=150, random_state=0)
    model, direct = fit(blunt, data)
    assert nodes(direct) == nodes(model.student_) == 1
    # Direct trees of one leaf each: no feature says anything of the label, but of the teacher.
    rare = np.where(np.arange(len(data.y)) == 0, "b", "a")
    shy = DecisionTreeClassifier(min_impurity_decrease=0.02, random_state=0)
    p = np.where(data.X[:, [0]] > 0, [0.1, 0.9], [0.9, 0.1])
    settings = {"strength": 0.0, "calibration": None, "correction": None}
    settings.pop("strength")
    one = DistilledClassifier(None, shy, **settings).fit(data.X, rare, teacher_proba=p)
    assert one.report_.nodes == {"student": 1, "direct": 1}
    free = one.refit_student(data.X, rare, size="free")
    assert nodes(free.student_) == 3


def test_rows_without_labels_do_not_count():
    """Three times the rows: the direct student sees the labelled ones only."""
    data = sample(2)
    further = sample(2, 480, seed=1).X
    model = DistilledClassifier(LogisticRegression(), TREE, strength=0.3, random_state=0, cv=3)
    model.fit(data.X, data.y, X_transfer=further)
    direct = clone(TREE).fit(data.X, data.y)
    assert nodes(model.student_) <= nodes(direct) == model.report_.nodes["direct"]
    free = model.refit_student(data.X, data.y, X_transfer=further, size="free")
    assert nodes(free.student_) > 2 * nodes(direct)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_an_honest_choice_bounds_every_candidate(n_jobs):
    data = sample(2)
    settings = {"cv": 3, "calibrations": (None,), "random_state": 0, "fallback": False}
    settings |= {"strengths": (0.0, 0.5), "n_jobs": n_jobs}
    model = DistilledClassifierCV(LogisticRegression(), TREE, **settings).fit(data.X, data.y)
    direct = nodes(clone(TREE).fit(data.X, data.y))
    assert nodes(model.student_) <= direct
    assert "size" not in model.best_params_
    free = DistilledClassifierCV(LogisticRegression(), TREE, size="free", **settings)
    free.fit(data.X, data.y)
    is_soft = np.array([p["strength"] < 1 for p in model.cv_results_["params"]])
    assert (free.cv_results_["size"][is_soft] > 1.5 * model.cv_results_["size"][is_soft]).all()
    assert_array_equal(free.cv_results_["size"][~is_soft], model.cv_results_["size"][~is_soft])
    assert nodes(free.student_) > 1.5 * direct
    again = DistilledClassifier(
        LogisticRegression(), **free.best_params_, cv=3, random_state=0
    ).fit(data.X, data.y)
    assert_array_equal(again.predict_proba(data.X), free.predict_proba(data.X))


def test_fits_are_counted():
    data = sample(2)
    for settings, expected in (
        ({"strength": 0.3}, 2),
        ({"strength": 0.3, "size": "free"}, 1),
        ({"strength": 1.0}, 1),
    ):
        calls = SpyTree.watch()
        model, _ = fit(SpyTree(random_state=0), data, **settings)
        assert len(calls) - 1 == model.report_.n_student_fits == expected  # `fit` adds one
    calls = SpyTree.watch()
    honest = DistilledClassifierCV(
        LogisticRegression(), SpyTree(random_state=0), cv=3, random_state=0, fallback=False
    ).fit(data.X, data.y)
    assert len(calls) == honest.verdict_.n_student_fits == honest.report_.n_student_fits


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("loss", ["cross_entropy", "brier"])
def test_a_booster_spends_what_the_direct_one_has(n_classes, loss):
    """A leaf more in the first rounds, where the mean of the direct trees is no whole number."""
    data = sample(n_classes, 600)
    kind = LGBMRegressor if loss == "brier" else LGBMClassifier
    student = kind(num_leaves=60, min_child_samples=2, learning_rate=0.5, **FEW)
    model, direct = fit(student, data, loss=loss)
    free = model.refit_student(data.X, data.y, size="free")
    per_round = 1 if n_classes == 2 else 3
    least = nodes(direct) - 2 * per_round * (1 if loss != "brier" else FEW["n_estimators"])
    assert least < nodes(model.student_) <= nodes(direct)
    assert nodes(free.student_) >= nodes(model.student_)
    inner = getattr(model.student_, "estimators_", [model.student_])
    assert all(each.get_params() == student.get_params() for each in inner)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "student",
    [
        GradientBoostingClassifier(max_depth=None, **SKLEARN),
        GradientBoostingRegressor(max_depth=None, **SKLEARN),
        HistGradientBoostingClassifier(min_samples_leaf=2, max_leaf_nodes=None, **HISTOGRAM),
        HistGradientBoostingRegressor(min_samples_leaf=2, max_leaf_nodes=None, **HISTOGRAM),
    ],
    ids=lambda student: type(student).__name__,
)
def test_boosting_of_scikit_learn_spends_what_the_direct_one_has(student, n_classes):
    """Fewer rounds of fuller trees, or as many of less full ones: the nearer of the two."""
    data = sample(n_classes, 600)
    model, direct = fit(student, data)
    free = model.refit_student(data.X, data.y, size="free")
    assert nodes(free.student_) > nodes(direct) >= nodes(model.student_) > 0.95 * nodes(direct)


def test_rounds_of_one_number_of_leaves_are_within_the_same_nodes():
    for nodes_ in range(3, 400, 7):
        for per_round in (1, 3):
            rounds = rounds_within(nodes_, per_round, 12)
            even = rounds.even
            assert even.fuller == 0
            assert even.number <= rounds.number
            assert even.leaves - rounds.leaves in (0, 1)
            spent = per_round * even.number * (2 * even.leaves - 1)
            assert spent <= max(nodes_, per_round)
            assert spent >= per_round * rounds.number * (2 * rounds.leaves - 1)
            assert even.number >= 1


def test_candidates_that_share_rows_are_those_fitted_alone():
    """Of one bound; the shared rows bring the rounds and the leaves of the first fit along."""
    data = sample(3, 600)
    student = LGBMClassifier(num_leaves=60, min_child_samples=2, learning_rate=0.5, **FEW)
    adapter = resolve(student)
    labelled = direct_problem(adapter, data.X, data.y)
    problems = [
        replace(labelled, target=(1 - share) * labelled.target + share * data.teacher)
        for share in (0.3, 0.6, 0.9)
    ]
    within = fit_within("direct", adapter, problems, lambda: labelled, len(data.y))
    assert within.n_fits == 4
    for problem, together in zip(problems, within.fitted, strict=True):
        alone = adapter.fit(replace(problem, direct=within.direct))
        assert_array_equal(together.model.predict_proba(data.X), alone.model.predict_proba(data.X))
        assert nodes(together.model) <= nodes(within.direct.model)


def test_exact_xgboost_is_told_to_be_larger():
    xgboost = pytest.importorskip("xgboost")
    data = sample(3)
    student = xgboost.XGBClassifier(n_estimators=12, tree_method="exact", n_jobs=1)
    with pytest.warns(
        SkdistillWarning,
        match=r"the student has .* nodes, trained directly .* XGBClassifier no setting .*'free'",
    ):
        model, direct = fit(student, data)
    assert nodes(model.student_) > nodes(direct)
    assert model.report_.nodes["direct"] == nodes(direct)
    model.refit_student(data.X, data.y, size="free")  # warns no more


def test_learners_without_trees_are_as_before():
    data = sample(2)
    model, _ = fit(LogisticRegression(), data)
    assert model.report_.nodes == {"student": None, "direct": None}
    assert model.report_.n_student_fits == 1


def test_another_size_is_refused():
    data = sample(2)
    with pytest.raises(ParameterError, match="size must be"):
        fit(TREE, data, size="small")
    with pytest.raises(ParameterError, match="size must be"):
        DistilledClassifierCV(LogisticRegression(), TREE, size="small").fit(data.X, data.y)


def test_sparse_rows():
    data = sample(3)
    X = sp.csr_array(data.X)
    model = DistilledClassifier(None, GROWING["forest"], strength=0.2, calibration=None, cv=3)
    model.fit(X, data.y, teacher_proba=data.teacher)
    assert model.report_.nodes["student"] <= model.report_.nodes["direct"]
