"""Boosting on labels that runs away out of fold is read again with its steps bounded."""

import lightgbm
import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from benchmarks.made import rare_classes
from skdistill import DistilledClassifier
from skdistill._ground.metrics import log_loss
from skdistill.choosing.strength import NEARLY, Reading, Shrinkage
from skdistill.students import DirectStudent, resolve
from skdistill.students.base import LONGEST_STEP
from skdistill.students.lightgbm_rows import longest_step

pytestmark = [
    pytest.mark.filterwarnings("ignore::skdistill.exceptions.RareClassWarning"),
    pytest.mark.filterwarnings("ignore::skdistill.exceptions.LeakWarning"),  # a teacher made of y
]
N = 1500
SHORT = {"n_estimators": 20, "num_leaves": 8, "verbose": -1, "n_jobs": 1}
CALM = Reading(teacher=0.1, student=0.2, noise=0.02, presumed=0.02)  # strength 1
HALF = Reading(teacher=0.1, student=0.2, noise=0.04, presumed=0.02)
MUCH = Reading(teacher=0.1, student=0.3, noise=0.2, presumed=0.02)


@pytest.fixture(scope="module")
def rows():
    X, y = rare_classes(N + 3000, 2, noise=0.05)
    return X.to_numpy(), y


def unbounded_xgboost():
    xgboost = pytest.importorskip("xgboost")
    if int(xgboost.__version__.split(".")[0]) < 3:
        pytest.skip("before XGBoost 3 no leaf goes that far on these rows")
    return xgboost.XGBClassifier(n_estimators=20, reg_lambda=0, min_child_weight=0, n_jobs=1)


def students():
    lightgbm = LGBMClassifier(**SHORT)
    return {
        "lightgbm": lambda: lightgbm,
        "pipeline": lambda: make_pipeline(StandardScaler(), lightgbm),
        "xgboost": unbounded_xgboost,
    }


def fit(student, X, y, **settings):
    settings = {"calibration": None, "cv": 3, "random_state": 0} | settings
    p = 0.96 * np.eye(2)[y] + 0.02
    return DistilledClassifier(None, student, **settings).fit(X, y, teacher_proba=p)


@pytest.mark.parametrize(
    ("own", "twin", "expected"),
    [
        (MUCH, CALM, NEARLY),
        (MUCH, HALF, HALF.strength),
        (HALF, MUCH, HALF.strength),
        (CALM, MUCH, 1.0),
    ],
)
def test_the_largest_reading_counts_and_the_twin_is_never_the_direct_student(own, twin, expected):
    twin = Shrinkage(twin, twin, softened=0.1)
    found = Shrinkage(own, own, softened=0.1, bounded=twin)
    assert found.strength == expected
    assert found.to_dict()["bounded"] == twin.to_dict()
    assert "bounded" not in twin.to_dict()


@pytest.mark.parametrize("student", students().values(), ids=students())
def test_a_student_that_runs_away_is_read_with_its_steps_bounded(student, rows):
    X, y = rows
    learner = student()
    model = fit(learner, X[:N], y[:N])
    found = model.report_.shrinkage
    own = max(found[scale]["strength"] for scale in ("brier", "log_loss"))
    assert own < 1.0
    assert model.strength_ == max(own, min(NEARLY, found["bounded"]["strength"]))
    assert model.report_.n_student_fits == 2 * 3 + 2  # and the direct student, for its size
    # The twin is what the user's own bound would make of the student.
    last = "lgbmclassifier__" if hasattr(learner, "steps") else ""
    bound = {f"student__{last}max_delta_step": LONGEST_STEP}
    bounded = model.refit_student(X[:N], y[:N], **bound)
    assert "bounded" not in bounded.report_.shrinkage
    for scale in ("brier", "log_loss"):
        assert_allclose(
            list(found["bounded"][scale].values()), list(bounded.report_.shrinkage[scale].values())
        )
    direct = model.refit_student(X[:N], y[:N], strength=1.0)
    truth = np.eye(2)[y[N:]]
    losses = [log_loss(truth, np.maximum(m.predict_proba(X[N:]), 1e-3)) for m in (model, direct)]
    assert losses[0] < losses[1]


def test_others_are_read_once(rows):
    X, y = rows
    for student in (
        DecisionTreeClassifier(max_leaf_nodes=8, random_state=0),
        LGBMRegressor(**SHORT),
        LGBMClassifier(max_delta_step=2.0, **SHORT),
        LGBMClassifier(max_tree_output=2.0, **SHORT),
        LGBMClassifier(boosting_type="rf", subsample=0.5, subsample_freq=1, **SHORT),
    ):
        model = fit(student, X[:N], y[:N])
        assert "bounded" not in model.report_.shrinkage
        assert model.report_.n_student_fits in (4, 5)
        assert resolve(student).with_bounded_steps() is None


def test_where_no_class_is_rare_nothing_runs_away():
    X, y = make_classification(N, flip_y=0.3, random_state=0)
    student = LGBMClassifier(n_estimators=50, verbose=-1, n_jobs=1)
    model = DistilledClassifier(GaussianNB(), student, cv=3, random_state=0).fit(X, y)
    assert model.strength_ < 1.0
    assert "bounded" not in model.report_.shrinkage
    assert model.report_.n_student_fits == 3 + 2


def test_the_longest_step_is_that_of_a_leaf_before_the_learning_rate():
    """Of one split a side has the gradient over the Hessian of its rows."""
    X = np.repeat([[0.0], [1.0]], 50, axis=0)
    y = np.repeat([0.0, 3.0], 50)
    settings = {"learning_rate": 0.25, "min_data_in_leaf": 1, "verbosity": -1, "num_leaves": 2}
    settings |= {"boost_from_average": False}
    booster = lightgbm.train(settings, lightgbm.Dataset(X, y), 1)
    assert longest_step(booster) == pytest.approx(3.0)


@pytest.mark.parametrize("rate", [0.05, 0.8])
def test_with_the_bound_nothing_runs_away(rate, rows):
    X, y = rows
    for student in (LGBMClassifier(**SHORT, learning_rate=rate), unbounded_xgboost()):
        student.set_params(learning_rate=rate)
        adapter = resolve(student)
        direct, bounded = (
            DirectStudent(each).fit(X[:N], y[:N]).fitted_
            for each in (adapter, adapter.with_bounded_steps())
        )
        assert not adapter.runs_away(bounded)
        if rate == 0.8:
            assert adapter.runs_away(direct)
