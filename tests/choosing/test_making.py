"""``synthetics="auto"``: rows are made for what varies, and only where they can be made."""

import pytest
import scipy.sparse as sp
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV, SoftMLPClassifier
from skdistill.choosing.making import auto_synthetics
from skdistill.exceptions import ParameterError
from tests.common.data import sample
from tests.common.numbers import numbers

TASKS = {
    "classes": (
        DistilledClassifierCV, LogisticRegression(),
        DecisionTreeClassifier(max_depth=2, random_state=0), sample(2, 120),
    ),
    "numbers": (
        DistilledRegressorCV, LinearRegression(),
        DecisionTreeRegressor(max_depth=2, random_state=0), numbers(1, 120),
    ),
}  # fmt: skip
LINES = {"classes": LogisticRegression(C=0.1), "numbers": Ridge()}
each_task = pytest.mark.parametrize("task", TASKS)


def search(task, students, synthetics, **settings):
    cv, teacher, *_ = TASKS[task]
    how = {"cv": 3, "strengths": (0.5,), "calibrations": (None,), "random_state": 0}
    return cv(teacher, students, synthetics=synthetics, **how | settings)


def made(model):
    """Return which students were tried on synthetic rows."""
    table = model.cv_results_
    pairs = zip(table["param_student"], table["param_synthetic"], strict=True)
    return {name for name, synthetic in pairs if synthetic is not None}


@pytest.mark.parametrize(
    ("student", "makes"),
    [
        (DecisionTreeClassifier(), True),
        (RandomForestRegressor(), True),
        (ExtraTreesClassifier(), True),
        (BaggingRegressor(), True),
        (make_pipeline(StandardScaler(), DecisionTreeRegressor()), True),
        (LGBMClassifier(), False),
        (LGBMRegressor(), False),
        (HistGradientBoostingClassifier(), False),
        (LogisticRegression(), False),
        (SoftMLPClassifier(), False),
        (DecisionTreeClassifier, False),  # a class; fit says so
    ],
)
def test_students_that_vary(student, makes):
    assert auto_synthetics(student) == ((None, "munge") if makes else (None,))


@each_task
def test_auto_is_what_each_student_would_have_by_hand(task):
    tree, data = TASKS[task][2:]
    both = search(task, [("tree", tree), ("line", LINES[task])], "auto").fit(data.X, data.y)
    assert made(both) == {"tree"}
    auto = search(task, tree, "auto").fit(data.X, data.y)
    by_hand = search(task, tree, (None, "munge")).fit(data.X, data.y)
    assert_array_equal(auto.cv_results_["mean_test_score"], by_hand.cv_results_["mean_test_score"])
    assert_array_equal(auto.predict(data.X), by_hand.predict(data.X))
    assert str(auto.best_params_) == str(by_hand.best_params_)


@each_task
def test_rows_that_cannot_be_made_are_left_out(task):
    tree, data = TASKS[task][2:]
    assert made(search(task, tree, "auto").fit(sp.csr_array(data.X), data.y)) == set()
    beside = search(task, tree, "auto").fit(data.X, data.y, X_transfer=data.X[:20] + 0.05)
    assert made(beside) == set()
    kind = data.given.removeprefix("teacher_")
    given = {name: getattr(beside, f"{name}_") for name in (data.given, f"pool_{kind}")}
    alone = search(task, tree, "auto").set_params(teacher=None).fit(data.X, data.y, **given)
    assert made(alone) == set()


@each_task
def test_other_words_are_refused(task):
    data = TASKS[task][-1]
    with pytest.raises(ParameterError, match="synthetics must be a non-empty sequence"):
        search(task, TASKS[task][2], "munge").fit(data.X, data.y)
