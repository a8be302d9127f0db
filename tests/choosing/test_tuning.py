"""``settings="auto"``: what is tried keeps the size, on both sides, and counts like a grid."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.model_selection import ParameterGrid
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier

from skdistill import (
    DistilledClassifierCV,
    DistilledRegressorCV,
    SoftLogisticRegression,
    SoftMLPClassifier,
)
from skdistill._ground.costs import count_parts
from skdistill.choosing.tuning import tuned_grid
from skdistill.exceptions import ParameterError

X, Y = make_classification(150, 5, n_informative=3, n_redundant=0, flip_y=0.2, random_state=0)
NUMBERS = make_friedman1(150, 5, noise=1.0, random_state=0)[1]
BOOSTING = {"n_estimators": 6, "num_leaves": 4, "n_jobs": 1, "verbose": -1}

STUDENTS = [
    LGBMClassifier(**BOOSTING),
    LGBMRegressor(**BOOSTING),
    XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1),
    HistGradientBoostingClassifier(max_iter=3),
    GradientBoostingRegressor(n_estimators=3),
    RandomForestClassifier(3, random_state=0),
    RandomForestRegressor(3, random_state=0),
    ExtraTreesClassifier(3, random_state=0),
    DecisionTreeClassifier(random_state=0),
    DecisionTreeRegressor(random_state=0),
    LogisticRegression(),
    SoftLogisticRegression(),
    Ridge(),
    PoissonRegressor(),
    MLPClassifier((4,), max_iter=5),
    SoftMLPClassifier((4,), max_epochs=2),
]


@pytest.mark.parametrize("student", STUDENTS, ids=lambda s: type(s).__name__)
def test_every_setting_is_the_learners_own_and_no_larger(student):
    grid = tuned_grid(student)
    own = student.get_params()
    assert all(values[0] == own[name] for name, values in grid.items())
    assert all(len(set(values)) == len(values) for values in grid.values())
    others = list(ParameterGrid(grid))
    assert 2 <= len(others) <= 10
    if isinstance(student, (MLPClassifier, SoftMLPClassifier)):
        return  # its layers are none of the settings
    y = Y if hasattr(student, "predict_proba") else np.abs(NUMBERS)
    sizes = [count_parts(clone(student).set_params(**each).fit(X, y)).trees for each in others]
    assert len(set(sizes)) == 1


def test_values_are_the_tables():
    assert tuned_grid(LGBMClassifier(learning_rate=0.25)) == {
        "learning_rate": [0.25, 0.075, 0.15, 0.5, 1.0],
        "min_child_samples": [20, 60],
    }
    assert tuned_grid(LGBMClassifier(learning_rate=0.5))["learning_rate"] == [0.5, 0.15, 0.3, 1.0]
    assert tuned_grid(XGBClassifier())["learning_rate"][0] is None
    assert tuned_grid(XGBClassifier())["learning_rate"][1:] == pytest.approx([0.09, 0.18, 0.6])
    piped = make_pipeline(StandardScaler(), LogisticRegression(C=2.0))
    assert tuned_grid(piped) == {"logisticregression__C": [2.0, 0.02, 0.2, 20.0, 200.0]}
    assert tuned_grid(GaussianNB()) == {}
    assert tuned_grid(DecisionTreeClassifier) == {}  # a class; fit says so


def test_auto_is_the_grid_of_the_table_on_both_sides():
    tree = DecisionTreeClassifier(max_leaf_nodes=6, random_state=0)
    how = {"cv": 3, "strengths": (0.5, 1.0), "calibrations": ("sigmoid",), "random_state": 0}
    teacher = RandomForestClassifier(5, random_state=0)
    auto = DistilledClassifierCV(teacher, tree, settings="auto", **how).fit(X, Y)
    by_hand = DistilledClassifierCV(teacher, (tree, tuned_grid(tree)), **how).fit(X, Y)
    assert_array_equal(auto.cv_results_["mean_test_score"], by_hand.cv_results_["mean_test_score"])
    assert_array_equal(auto.predict_proba(X), by_hand.predict_proba(X))
    assert str(auto.verdict_) == str(by_hand.verdict_)
    assert auto.verdict_.n_teacher_fits == 6  # no teacher fit for it
    params = auto.cv_results_["params"]
    tried = {(each["student"].min_samples_leaf, each["strength"] == 1.0) for each in params}
    assert tried == {(leaf, direct) for leaf in (1, 5, 20, 50) for direct in (True, False)}


def test_students_with_a_grid_keep_it_and_others_get_theirs():
    tree = DecisionTreeRegressor(random_state=0)
    model = DistilledRegressorCV(
        DecisionTreeRegressor(max_depth=4, random_state=0),
        [("mine", tree, {"max_leaf_nodes": [3, 4]}), ("linear", Ridge())],
        cv=3, strengths=(0.5,), calibrations=(None,), settings="auto", random_state=0,
    ).fit(X, NUMBERS)  # fmt: skip
    params = [each["student"] for each in model.cv_results_["params"]]
    trees = [each for each in params if isinstance(each, DecisionTreeRegressor)]
    assert {(each.max_leaf_nodes, each.min_samples_leaf) for each in trees} == {(3, 1), (4, 1)}
    ridges = {each.alpha for each in params if isinstance(each, Ridge)}
    assert ridges == {1.0, 0.01, 0.1, 10.0, 100.0}


@pytest.mark.parametrize("settings", ["all", True, {"max_depth": [1]}])
def test_other_settings_are_refused_before_a_teacher_is_fitted(settings):
    model = DistilledClassifierCV(None, DecisionTreeClassifier(), settings=settings)
    with pytest.raises(ParameterError, match="settings must be"):
        model.fit(X, Y)
