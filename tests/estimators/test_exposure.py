"""Counts with an exposure: rates with weights, for teacher, student and choice."""

import numpy as np
import pytest
import sklearn
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import GammaRegressor, LinearRegression, PoissonRegressor, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.exceptions import InputError, ParameterError, StudentError, TeacherError

RNG = np.random.default_rng(0)
X = np.round(RNG.uniform(-1, 1, size=(300, 3)), 2)
EXPOSURE = RNG.uniform(0.1, 3.0, size=300)
COUNTS = RNG.poisson(EXPOSURE * np.exp(0.5 + X[:, 0] - X[:, 1])).astype(float)
WEIGHT = RNG.integers(0, 3, size=300).astype(float)
FOLDS = list(KFold(3, shuffle=True, random_state=0).split(X))
TEACHER = PoissonRegressor(alpha=0.01)
TREE = DecisionTreeRegressor(criterion="poisson", max_leaf_nodes=8, random_state=0)
SMALL = {"n_estimators": 5, "num_leaves": 4, "n_jobs": 1, "verbose": -1}


def distil(student=TREE, teacher=TEACHER, **settings):
    return DistilledRegressor(teacher, student, **{"cv": FOLDS, "random_state": 0} | settings)


def choose(students=TREE, teacher=TEACHER, **settings):
    short = {"cv": FOLDS, "strengths": (0.5,), "calibrations": (None,), "random_state": 0}
    return DistilledRegressorCV(teacher, students, **short | settings)


def rate_with_offset(y, offset, train, rows):
    """Fit a Poisson mean ``exp(a + X b + offset)`` by Newton steps; return the rate of `rows`."""
    design = np.column_stack([np.ones(len(X)), X])
    own, beta = design[train], np.zeros(design.shape[1])
    for _ in range(50):
        mean = np.exp(own @ beta + offset[train])
        step = own.T @ (y[train] - mean)
        beta = beta + np.linalg.solve(own.T @ (mean[:, None] * own), step)
    return np.exp(design[rows] @ beta)


EXACT = PoissonRegressor(alpha=0.0, tol=1e-9, max_iter=1000)


def test_a_direct_poisson_student_is_the_model_with_an_offset():
    model = distil(EXACT, strength=1.0).fit(X, COUNTS, exposure=EXPOSURE)
    every = np.arange(len(X))
    expected = rate_with_offset(COUNTS, np.log(EXPOSURE), every, every)
    assert_allclose(model.predict(X), expected, rtol=1e-4)


def test_so_is_the_teacher_of_each_fold():
    model = distil(teacher=EXACT, calibration=None).fit(X, COUNTS, exposure=EXPOSURE)
    for train, test in FOLDS:
        expected = rate_with_offset(COUNTS, np.log(EXPOSURE), train, test)
        assert_allclose(model.teacher_pred_[test], expected, rtol=1e-4)


STUDENTS = {
    "tree": TREE,
    "boosting": LGBMRegressor(objective="poisson", **SMALL),
    "tweedie": LGBMRegressor(objective="tweedie", **SMALL),
    "squared error": DecisionTreeRegressor(max_leaf_nodes=8, random_state=0),
    "pipeline": make_pipeline(StandardScaler(), PoissonRegressor()),
}


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weighted"])
@pytest.mark.parametrize("student", STUDENTS.values(), ids=STUDENTS)
def test_it_is_the_rate_with_the_exposure_as_weight(student, weight):
    other = EXPOSURE if weight is None else EXPOSURE * weight
    model = distil(student).fit(X, COUNTS, weight, exposure=EXPOSURE)
    same = distil(student).fit(X, COUNTS / EXPOSURE, other)
    assert_array_equal(model.predict(X), same.predict(X))
    assert_array_equal(model.teacher_pred_, same.teacher_pred_)
    assert model.strength_ == same.strength_


def test_gamma_totals_and_several_outputs():
    totals = COUNTS + 1.0
    model = distil(GammaRegressor(), GammaRegressor(), strength=0.5)
    model.fit(X, totals, exposure=EXPOSURE)
    same = distil(GammaRegressor(), GammaRegressor(), strength=0.5)
    assert_array_equal(model.predict(X), same.fit(X, totals / EXPOSURE, EXPOSURE).predict(X))
    two = np.column_stack([COUNTS, 2.0 * COUNTS + X[:, 0]])
    linear = {"student": Ridge(), "teacher": LinearRegression(), "strength": 0.3}
    both = distil(**linear).fit(X, two, exposure=EXPOSURE).predict(X)
    one = distil(**linear).fit(X, two[:, 1], exposure=EXPOSURE).predict(X)
    assert_allclose(both[:, 1], one)


def test_halves_of_an_exposure_are_one_row():
    """Two rows of half the exposure, whose counts add up, teach what the one row does."""
    linear = {"student": PoissonRegressor(), "teacher": PoissonRegressor(), "strength": 0.5}
    whole = distil(**linear, calibration=None).fit(X, COUNTS, exposure=EXPOSURE)
    n, first = len(X), np.floor(COUNTS / 2)
    split = [(np.r_[train, n + train], np.r_[test, n + test]) for train, test in FOLDS]
    halves = distil(**linear, calibration=None, cv=split).fit(
        np.vstack([X, X]),
        np.concatenate([first, COUNTS - first]),
        exposure=np.tile(EXPOSURE / 2, 2),
    )
    assert_allclose(halves.predict(X), whole.predict(X), rtol=1e-4)


def test_a_student_is_refitted_with_the_same_exposure():
    model = distil().fit(X, COUNTS, exposure=EXPOSURE)
    other = model.refit_student(X, COUNTS, exposure=EXPOSURE, strength=0.2)
    fresh = distil(strength=0.2).fit(X, COUNTS, exposure=EXPOSURE)
    assert_array_equal(other.predict(X), fresh.predict(X))
    with pytest.raises(InputError, match="exposure must be what fit was given, got none"):
        model.refit_student(X, COUNTS, strength=0.2)
    with pytest.raises(InputError, match="exposure must be what fit was given, got other"):
        model.refit_student(X, COUNTS, exposure=2.0 * EXPOSURE, strength=0.2)
    assert model.fitted_on(COUNTS, exposure=EXPOSURE)
    assert not model.fitted_on(COUNTS, exposure=None)


def test_a_choice_is_judged_on_rates():
    model = choose().fit(X, COUNTS, exposure=EXPOSURE)
    same = choose().fit(X, COUNTS / EXPOSURE, EXPOSURE)
    assert_array_equal(model.cv_results_["mean_test_score"], same.cv_results_["mean_test_score"])
    assert_array_equal(model.predict(X), same.predict(X))
    assert model.loss_name_ == "poisson"


def test_a_row_of_weight_zero_may_have_any_exposure():
    broken = np.where(WEIGHT == 0, np.nan, EXPOSURE)
    model = distil().fit(X, COUNTS, WEIGHT, exposure=broken)
    assert_array_equal(
        model.predict(X), distil().fit(X, COUNTS, WEIGHT, exposure=EXPOSURE).predict(X)
    )


def test_transfer_and_synthetic_rows_are_beside_rates():
    far = X[:40] + 0.1
    model = distil(strength=0.3).fit(X, COUNTS, X_transfer=far, exposure=EXPOSURE)
    same = distil(strength=0.3).fit(X, COUNTS / EXPOSURE, EXPOSURE, X_transfer=far)
    assert_array_equal(model.predict(X), same.predict(X))
    made = distil(strength=0.3, synthetic="munge").fit(X, COUNTS, exposure=EXPOSURE)
    assert made.report_.n_synthetic > 0


def test_searches_pass_it_on():
    grid = {"strength": [0.2, 0.8]}
    plain = GridSearchCV(distil(cv=3), grid, cv=2).fit(X, COUNTS, exposure=EXPOSURE)
    with sklearn.config_context(enable_metadata_routing=True):
        learners = (each.set_fit_request(sample_weight=True) for each in (TREE, TEACHER))
        inside = distil(*learners, cv=3)
        routed = GridSearchCV(inside, grid, cv=2).fit(X, COUNTS, exposure=EXPOSURE)
        assert_allclose(routed.predict(X), plain.predict(X))
        deaf = distil(TREE, PoissonRegressor().set_fit_request(sample_weight=False), cv=3)
        with pytest.raises(ParameterError, match="'teacher' requests none"):
            deaf.fit(X, COUNTS, exposure=EXPOSURE)


BAD = {
    "length": ({"exposure": EXPOSURE[:5]}, InputError, r"shape \(300,\)"),
    "text": ({"exposure": ["a"] * 300}, InputError, "must be numbers"),
    "zero": ({"exposure": np.where(np.arange(300) == 4, 0.0, 1.0)}, InputError, "in row 4"),
    "negative": ({"exposure": -EXPOSURE}, InputError, "positive"),
    "missing": ({"exposure": np.full(300, np.nan)}, InputError, "finite"),
    "infinite": ({"exposure": np.full(300, np.inf)}, InputError, "finite"),
}


@pytest.mark.parametrize("make", [distil, choose])
@pytest.mark.parametrize("name", BAD)
def test_bad_exposures(name, make):
    how, kind, text = BAD[name]
    with pytest.raises(kind, match=text):
        make().fit(X, COUNTS, **how)


@pytest.mark.parametrize("make", [distil, choose])
@pytest.mark.parametrize(
    ("learners", "kind", "text"),
    [
        ({"student": LGBMRegressor(objective="quantile")}, ParameterError, "no meaning.*quantile"),
        ({"student": LGBMRegressor(objective="l1")}, ParameterError, "no meaning"),
        ({"student": KNeighborsRegressor()}, StudentError, "weight"),
        ({"teacher": KNeighborsRegressor()}, TeacherError, "weight"),
    ],
    ids=["quantile", "median", "student", "teacher"],
)
def test_learners_that_an_exposure_means_nothing_to(make, learners, kind, text):
    students = learners.get("student", TREE)
    with pytest.raises(kind, match=f"(?s){text}"):
        make(students, learners.get("teacher", TEACHER)).fit(X, COUNTS, exposure=EXPOSURE)
