"""What other packages got wrong, for numbers: leaks, parameters without effect, too many fits."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, QuantileRegressor, Ridge
from sklearn.model_selection import KFold, RepeatedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.exceptions import InputError, LeakWarning, ParameterError, SkdistillWarning
from tests.common.numbers import numbers

DATA = numbers(n_rows=120)
FOLDS = list(KFold(3, shuffle=True, random_state=0).split(DATA.X))
TREE = DecisionTreeRegressor(max_depth=2, random_state=0)


def fit(teacher, student=TREE, **settings):
    settings = {"cv": FOLDS, "strength": 0.5, "calibration": None} | settings
    return DistilledRegressor(teacher, student, **settings).fit(DATA.X, DATA.y)


@pytest.mark.parametrize("where", ["alone", "pipeline", "list", "voting"])
def test_a_frozen_teacher_is_none_out_of_fold(where):
    frozen = FrozenEstimator(Ridge().fit(DATA.X, DATA.y))
    teacher = {
        "alone": frozen,
        "pipeline": make_pipeline(StandardScaler(), frozen),
        "list": [("frozen", frozen), ("fresh", Ridge())],
        "voting": VotingRegressor([("frozen", frozen)]),
    }[where]
    with pytest.warns(LeakWarning, match=r"NOT out of fold.*optimistic.*teacher_pred=") as caught:
        fit(teacher)
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize("teacher", [Ridge(), RandomForestRegressor(3, random_state=0)], ids=str)
def test_a_fitted_teacher_is_fitted_anew(teacher):
    teacher.fit(DATA.X, DATA.y)
    before = teacher.predict(DATA.X)
    with pytest.warns(SkdistillWarning, match=r"fitted already.*not used.*teacher_pred="):
        model = fit(teacher)
    assert_array_equal(teacher.predict(DATA.X), before)
    out_of_fold = cross_val_predict(teacher, DATA.X, DATA.y, cv=FOLDS)
    assert_array_equal(model.teacher_pred_, out_of_fold)


def test_folds_need_be_no_partition():
    folds = list(RepeatedKFold(n_splits=3, n_repeats=2, random_state=0).split(DATA.X))
    twice = np.zeros((2, 120))
    for number, (train, test) in enumerate(folds):
        line = LinearRegression().fit(DATA.X[train], DATA.y[train])
        twice[number // 3, test] = line.predict(DATA.X[test])
    said = fit(LinearRegression(), cv=folds).teacher_pred_
    np.testing.assert_allclose(said, twice.mean(axis=0))


@pytest.mark.parametrize("student", [TREE, QuantileRegressor()], ids=["mean", "quantile"])
@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_that_are_none_are_refused_before_any_fit(student, bad):
    weight = np.ones(120)
    weight[7] = bad
    model = DistilledRegressor(Ridge(), student, cv=FOLDS)
    with pytest.raises(InputError, match=r"finite and not negative.*at row 7 \(1 such rows\)"):
        model.fit(DATA.X, DATA.y, weight)


IGNORED = {
    "strength without correction": ({"correction": None, "strength": 0.5}, "no effect.*None"),
    "repeats of a list": ({"n_repeats": 2}, "n_repeats=2 draws integer folds"),
    "temperature": ({"temperature": 2.0}, "unexpected keyword"),
}


@pytest.mark.parametrize("name", IGNORED)
def test_a_parameter_without_effect_is_refused(name):
    settings, text = IGNORED[name]
    with pytest.raises((ParameterError, TypeError), match=f"(?s){text}"):
        fit(Ridge(), **settings)


@pytest.mark.parametrize("name", ["n_repeats", "memory"])
def test_a_parameter_of_the_teacher_is_refused_beside_given_predictions(name, tmp_path):
    value = {"n_repeats": 2, "memory": str(tmp_path)}[name]
    model = DistilledRegressor(None, TREE, cv=3, strength=0.5, **{name: value})
    with pytest.raises(ParameterError, match=f"{name}=.*no effect with teacher_pred"):
        model.fit(DATA.X, DATA.y, teacher_pred=DATA.teacher)


@pytest.mark.parametrize("student", [TREE, QuantileRegressor(alpha=0.0)], ids=["mean", "quantile"])
def test_how_many_folds_are_fitted_at_once_changes_nothing(student):
    teacher = RandomForestRegressor(5, random_state=0)
    with joblib.parallel_config("threading"):
        one, two = (fit(teacher, student, strength="auto", n_jobs=n) for n in (1, 2))
    assert_array_equal(two.predict(DATA.X), one.predict(DATA.X))
    assert_array_equal(two.teacher_pred_, one.teacher_pred_)
    assert two.strength_ == one.strength_


class Counted(LinearRegression):
    """Counts its fits."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counted.fits += 1
        return super().fit(X, y, sample_weight)


def test_a_choice_fits_each_teacher_once_whatever_is_tried():
    Counted.fits = 0
    model = DistilledRegressorCV(
        Counted(),
        [("tree", TREE, {"max_depth": [1, 2, 3]})],
        cv=5,
        strengths=(0.2, 0.6),
        calibrations=(None, "linear"),
        random_state=0,
    ).fit(DATA.X, DATA.y)
    assert Counted.fits == 5 + 5 * 4 // 2
    assert len(model.cv_results_["params"]) >= 12


def test_an_honest_score_of_noise_is_that_of_chance():
    """A student that says its labels back: whatever it explains of noise has leaked."""
    student = DecisionTreeRegressor(random_state=0)
    how = {"cv": 4, "strengths": (0.0,), "calibrations": (None,), "scoring": "r2"}
    scores = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(120, 4)), rng.normal(size=120)
        teacher = RandomForestRegressor(5, random_state=0)
        model = DistilledRegressorCV(teacher, student, random_state=seed, **how).fit(X, y)
        row = np.flatnonzero(model.cv_results_["param_strength"] == 0.0)[0]
        scores.append(model.cv_results_["mean_test_score"][row])
    assert np.mean(scores) < 0.0
