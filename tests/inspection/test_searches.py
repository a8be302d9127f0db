"""What reports and displays make of a fitted `DistilledClassifierCV`."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV, Fast
from skdistill.exceptions import CoverageWarning, InputError, ParameterError
from skdistill.inspection import (
    DistillationReport,
    ResidualDisplay,
    StrengthDisplay,
    TeacherReport,
)
from skdistill.inspection._methods import fell_back, plain_student
from skdistill.teaching.calibration import calibrate
from tests.common.data import sample

DATA, TEST = sample(2, 120), sample(2, 80, seed=1)
TREE = DecisionTreeClassifier(max_leaf_nodes=6, random_state=0)
SEARCH = DistilledClassifierCV(
    DecisionTreeClassifier(min_samples_leaf=4, random_state=0),
    TREE,
    cv=3,
    strengths=(0.0, 0.5),
    fallback=False,
    random_state=0,
)
FALLS_BACK = clone(SEARCH).set_params(fallback="not shown", alpha=1e-9)
QUICK = {"latency_rows": (1,), "budget": 0.0}


def report(search, data=DATA, **settings):
    given = {"X_train": data.X, "y_train": data.y} | QUICK | settings
    return DistillationReport.from_estimator(search, TEST.X, TEST.y, **given)


@pytest.fixture(scope="module")
def search():
    return clone(SEARCH).fit(DATA.X, DATA.y)


@pytest.fixture(scope="module")
def fallen():
    return clone(FALLS_BACK).fit(DATA.X, DATA.y)


# The labels must be those of the fit


def test_other_labels_than_those_of_the_fit_raise(search, two):
    X, y = DATA.X, DATA.y[::-1]
    for model in (search, two.model):
        with pytest.raises(InputError, match="y must be the labels that the estimator was fitted"):
            TeacherReport.from_estimator(model, X, y, residual_model=None)
        with pytest.raises(InputError, match="y must be the labels that the estimator was fitted"):
            ResidualDisplay.from_estimator(model, X, y, 0)
        with pytest.raises(InputError, match="y_train must be the labels"):
            DistillationReport.from_estimator(
                model, TEST.X, TEST.y, X_train=X, y_train=y, teacher="fit", **QUICK
            )
    with pytest.raises(InputError, match="y must be the labels that the estimator was fitted on"):
        StrengthDisplay.from_estimator(search, X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        TeacherReport.from_estimator(search, X[:9], DATA.y, residual_model=None)


# A search that fell back


def test_a_search_that_fell_back_says_so(fallen, search):
    assert fallen.strength_ == 1.0
    found = report(fallen)
    loss = found.models["distilled"].scores["log_loss"]
    assert found.sentence == (
        "The search fell back to the student trained on the labels, so nothing was distilled: its "
        f"log-loss is {loss:.4f} on 80 held-out rows."
    )
    assert found.models["distilled"].scores == found.models["direct"].scores
    facts = json.loads(json.dumps(found.to_dict()))
    assert facts["fell_back"] is True
    assert facts["sentence"] == found.sentence
    assert "the search fell back to it" in found._body("")
    other = report(search)
    assert not other.fell_back
    assert other.sentence.startswith("The distilled student's log-loss is")
    assert "fell back" not in other._body("")


def test_the_plain_student_of_a_fall_back_is_calibrated_as_by_default(fallen):
    raw = fallen.teacher_proba_
    p = calibrate("sigmoid", DATA.one_hot, raw).transform(raw)
    by_hand = DistilledClassifier(None, TREE, correction=None, calibration=None)
    by_hand.fit(DATA.X, DATA.y, teacher_proba=p)
    plain = plain_student(fallen, DATA.X, DATA.y, {})
    assert_allclose(plain.predict_proba(TEST.X), by_hand.predict_proba(TEST.X))


def test_full_strength_of_another_loss_is_no_fall_back():
    data = sample(2, 120, seed=1)
    search = clone(SEARCH).set_params(
        students=DecisionTreeRegressor(max_leaf_nodes=6, random_state=0),
        losses=("logit",),
        strengths=(1.0,),
        calibrations=("isotonic",),
    )
    search.fit(data.X, data.y)
    chosen = search.best_params_
    assert (chosen["strength"], chosen["loss"]) == (1.0, "logit")
    assert not fell_back(search)
    again = DistilledClassifier(search.teacher, cv=3, random_state=0, **chosen)
    again.fit(data.X, data.y)
    plain = plain_student(search, data.X, data.y, {})
    known = plain_student(again, data.X, data.y, {})  # calibrated as was chosen: "isotonic"
    assert_allclose(plain.predict_proba(TEST.X), known.predict_proba(TEST.X))


# The plain student


def test_the_plain_student_is_fitted_to_what_was_taught():
    """Whatever the folds: with random ones, a stacked calibration cannot be made again."""
    search = clone(SEARCH).set_params(calibrations=("stacked",), random_state=None, n_repeats=2)
    search.fit(DATA.X, DATA.y)
    assert search.report_.calibration == "stacked"
    by_hand = DistilledClassifier(None, TREE, correction=None, calibration=None)
    by_hand.fit(DATA.X, DATA.y, teacher_proba=search.calibrated_proba_)
    plain = report(search).models["plain"]
    hits = np.mean(by_hand.predict(TEST.X) == TEST.y)
    assert plain.scores["accuracy"] == pytest.approx(hits)
    assert report(search).models["plain"].scores == plain.scores


@pytest.mark.parametrize("model", [SEARCH, FALLS_BACK], ids=["distilled", "fell back"])
def test_rows_without_labels_of_the_teacher(model):
    """Of weight zero, or in no test fold: no report stumbles over them."""
    weight = np.ones(120)
    weight[:9] = 0.0
    search = clone(model).fit(DATA.X, DATA.y, sample_weight=weight)
    assert fell_back(search) == (model is FALLS_BACK)
    found = report(search, train_params={"sample_weight": weight})
    direct = clone(TREE).fit(DATA.X[9:], DATA.y[9:]).predict(TEST.X)
    assert found.models["direct"].scores["accuracy"] == pytest.approx(np.mean(direct == TEST.y))
    frame = StrengthDisplay.from_estimator(search, DATA.X, DATA.y, sample_weight=weight).frame()
    assert frame["naive"].notna().all()
    ordered = clone(model).set_params(cv=TimeSeriesSplit(4))
    with pytest.warns(CoverageWarning):
        ordered.fit(DATA.X, DATA.y)
    assert fell_back(ordered) == (model is FALLS_BACK)
    assert np.isnan(ordered.teacher_proba_[:24]).all()
    assert list(report(ordered).models) == ["direct", "plain", "distilled"]
    assert TeacherReport.from_estimator(ordered, DATA.X, DATA.y, residual_model=None).n_rows == 96
    frame = StrengthDisplay.from_estimator(ordered, DATA.X, DATA.y).frame()
    assert frame["naive"].notna().all()


# Scores by strength


@pytest.mark.parametrize("correction", [None, Fast(c=0.1)])
def test_candidates_without_a_strength_are_left_out(correction):
    several = clone(SEARCH).set_params(
        corrections=("orthogonal", correction), calibrations=("sigmoid",)
    )
    several.fit(DATA.X, DATA.y)
    strengths = list(several.cv_results_["param_strength"])
    frame = StrengthDisplay.from_estimator(several, DATA.X, DATA.y).frame()
    assert frame["strength"].tolist() == [1.0, 0.5, 0.0]
    name = "decisiontreeclassifier"
    assert frame["student"].tolist() == [f"{name}, direct", name, name]
    numbers = [i for i, strength in enumerate(strengths) if strength != "auto"]
    assert len(numbers) == len(strengths) - 1
    assert_allclose(frame["score"], several.cv_results_["mean_test_score"][numbers])
    assert frame["naive"].notna().all()
    several.best_index_ = strengths.index(0.5)
    found = StrengthDisplay.from_estimator(several).frame()
    assert found["strength"][found["best"]].tolist() == [0.5]
    several.best_index_ = strengths.index("auto")
    assert not StrengthDisplay.from_estimator(several).frame()["best"].any()


def test_a_grid_search_over_strengths_is_none(two):
    grid = GridSearchCV(two.model, {"strength": [0.0, 0.5]}, cv=2).fit(DATA.X, DATA.y)
    with pytest.raises(
        ParameterError, match=r"must be a fitted DistilledClassifierCV.*got GridSearchCV"
    ):
        StrengthDisplay.from_estimator(grid)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"y": DATA.y}, "got only y"),
        ({"X": DATA.X}, "got only X"),
        ({"sample_weight": np.ones(120), "groups": DATA.y}, "got only sample_weight, groups"),
        ({"X": DATA.X, "groups": DATA.y}, "got only X, groups"),
    ],
)
def test_rows_of_the_naive_scores_belong_together(search, given, said):
    with pytest.raises(ParameterError, match=said):
        StrengthDisplay.from_estimator(search, **given)


def test_naive_scores_of_a_search_with_transfer_rows_raise():
    search = clone(SEARCH).set_params(calibrations=("sigmoid",), n_validation=2)
    search.fit(DATA.X, DATA.y, X_transfer=TEST.X)
    assert search.report_.n_transfer == 80
    assert StrengthDisplay.from_estimator(search).frame()["naive"].isna().all()
    with pytest.raises(ParameterError, match="without X_transfer"):
        StrengthDisplay.from_estimator(search, DATA.X, DATA.y)


@pytest.mark.parametrize("name", ["sample_weight", "groups"])
def test_other_rows_beside_the_labels_raise(search, name):
    """The students that a report fits are to be fitted as the chosen one was."""
    given = {"sample_weight": np.linspace(0.5, 1.5, 120), "groups": np.arange(120) // 2}[name]
    told = clone(SEARCH).fit(DATA.X, DATA.y, **{name: given})
    for model, params, what in ((told, {}, "none"), (search, {name: given}, "other")):
        with pytest.raises(InputError, match=f"hold the {name} of fit, got {what}"):
            report(model, train_params=params)
    report(told, train_params={name: given})
