"""Searches, thresholds and ensembles as students: chosen on true labels, taught by the teacher."""

import pickle

import numpy as np
import pytest
import sklearn
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import InputError, StudentError, TeacherError
from tests.common.data import sample
from tests.common.spies import CountingTeacher, SpyTransformer, SpyTree

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
LGBM = LGBMClassifier(n_estimators=5, num_leaves=4, verbose=-1, n_jobs=1)
DEPTHS = {"max_depth": [1, 3], "min_samples_leaf": [2, 10]}
NEIGHBOURS = KNeighborsClassifier()
SCALED = make_pipeline(StandardScaler(), LogisticRegression())


def fit(student, data, *, weight=None, **settings):
    settings = {"strength": 0.0, "calibration": None, "size": "free"} | settings
    model = DistilledClassifier(None, student, **settings)
    return model.fit(data.X, data.y, sample_weight=weight, teacher_proba=data.teacher)


SEARCHES = {
    "grid": lambda: GridSearchCV(TREE, DEPTHS, cv=3),
    "grid over lightgbm": lambda: GridSearchCV(
        LGBM, {"num_leaves": [2, 5]}, cv=3, scoring="neg_log_loss"
    ),
    "grid over a pipeline": lambda: GridSearchCV(
        SCALED, {"logisticregression__C": [0.01, 1.0]}, cv=3
    ),
    "random": lambda: RandomizedSearchCV(
        TREE, {"max_depth": [1, 2, 3]}, n_iter=2, random_state=0, cv=3
    ),
    "halving": lambda: HalvingGridSearchCV(
        TREE, {"max_depth": [1, 2, 3]}, random_state=0, cv=3, min_resources=60
    ),
}
THRESHOLDS = {
    "tuned": lambda: TunedThresholdClassifierCV(TREE, cv=3),
    "tuned on a part": lambda: TunedThresholdClassifierCV(TREE, cv=0.4, random_state=0),
    "fixed": lambda: FixedThresholdClassifier(TREE, threshold=0.2),
}
ENSEMBLES = {
    "vote": lambda: VotingClassifier([("a", TREE), ("b", GaussianNB())], voting="soft"),
    "stack": lambda: StackingClassifier([("a", TREE), ("b", GaussianNB())], cv=3),
    "bag": lambda: BaggingClassifier(TREE, 20, random_state=0),
    "rfe": lambda: RFE(TREE, n_features_to_select=3),
}
ALL = SEARCHES | THRESHOLDS | ENSEMBLES
every = pytest.mark.parametrize("make", ALL.values(), ids=ALL)


def of(make, n_classes):
    if n_classes > 2 and make in THRESHOLDS.values():
        pytest.skip("thresholds are for two classes")
    return make()


@every
@any_classes
@pytest.mark.parametrize("routing", [False, True], ids=["", "routing"])
@pytest.mark.filterwarnings("ignore:.*found larger settings:skdistill.exceptions.SkdistillWarning")
def test_an_inverted_teacher_inverts_the_student(make, n_classes, routing):
    data, student = DATA[n_classes], of(make, n_classes)
    inverted = data.teacher[:, ::-1]
    with sklearn.config_context(enable_metadata_routing=routing):
        p, q = (
            DistilledClassifier(None, student, strength=0.0, calibration=None)
            .fit(data.X, data.y, teacher_proba=teacher)
            .predict_proba(data.X)
            for teacher in (data.teacher, inverted)
        )
    for ours, taught, other in ((p, data.teacher, q), (q, inverted, p)):
        # A search that is scored on true labels flees a wrong teacher as far as its grid lets it.
        assert np.mean(np.abs(ours - taught)) < 0.9 * np.mean(np.abs(other - taught))


@pytest.mark.parametrize("make", (SEARCHES | THRESHOLDS).values(), ids=SEARCHES | THRESHOLDS)
@any_classes
def test_at_strength_one_it_is_the_search_itself(make, n_classes):
    data, student = DATA[n_classes], of(make, n_classes)
    model = fit(student, data, strength=1.0)
    plain = clone(student).fit(data.X, data.y)
    assert_array_equal(model.predict_proba(data.X), plain.predict_proba(data.X))
    assert_array_equal(model.predict(data.X), plain.predict(data.X))
    assert_array_equal(model.student_.predict(data.X), plain.predict(data.X))
    if make in SEARCHES.values():
        assert model.student_.best_params_ == plain.best_params_
        scores = (m.cv_results_["mean_test_score"] for m in (model.student_, plain))
        assert_allclose(*scores)
        assert model.student_.score(data.X, data.y) == plain.score(data.X, data.y)


@pytest.mark.parametrize("make", (SEARCHES | THRESHOLDS).values(), ids=SEARCHES | THRESHOLDS)
def test_the_student_is_a_plain_search(make):
    """It holds the learner, and neither the rows nor what taught it."""
    data, student = DATA[2], make()
    fitted = fit(student, data).student_
    assert type(fitted) is type(student)
    assert type(fitted.estimator) is type(student.estimator)
    inner = fitted.estimator_ if make in THRESHOLDS.values() else fitted.best_estimator_
    assert type(inner) is type(student.estimator)
    assert fitted.n_features_in_ == 4
    text = pickle.dumps(fitted)
    assert b"_Distilling" not in text
    assert len(text) < 20_000
    again = pickle.loads(text)
    assert_array_equal(again.predict_proba(data.X), fitted.predict_proba(data.X))


@any_classes
def test_a_search_chooses_by_true_labels_among_distilled_candidates(n_classes):
    """Against a loop by hand."""
    data = DATA[n_classes]
    grid = {"max_depth": [1, 2, 4], "min_samples_leaf": [3, 20]}
    search = GridSearchCV(TREE, grid, cv=3, scoring="neg_log_loss")
    fitted = fit(search, data).student_
    splits = list(
        sklearn.model_selection.check_cv(3, data.y, classifier=True).split(data.X, data.y)
    )
    for params, found in zip(
        fitted.cv_results_["params"], fitted.cv_results_["mean_test_score"], strict=True
    ):
        scores = []
        for train, test in splits:
            model = DistilledClassifier(
                None,
                clone(TREE).set_params(**params),
                strength=0.0,
                calibration=None,
                size="free",  # a search has its grid to bound its trees
            ).fit(data.X[train], data.y[train], teacher_proba=data.teacher[train])
            p = model.predict_proba(data.X[test])[np.arange(len(test)), data.codes[test]]
            scores.append(np.mean(np.log(np.maximum(p, np.finfo(float).eps))))
        assert found == pytest.approx(np.mean(scores))
    best = clone(TREE).set_params(**fitted.best_params_)
    assert_array_equal(fitted.predict_proba(data.X), fit(best, data).predict_proba(data.X))


def test_steps_inside_a_search_see_rows_once_with_true_labels():
    data = DATA[2]
    calls = SpyTransformer.watch()
    fit(GridSearchCV(make_pipeline(SpyTransformer(), TREE), {}, cv=3), data)
    assert [len(call["y"]) for call in calls] == [160, 160, 160, 240]
    assert all(set(call["y"]) == {"no", "yes"} for call in calls)
    trees = SpyTree.watch()
    # A named score: scikit-learn 1.6 trips over the routing of subclasses with other keywords.
    grid = {"min_samples_leaf": [5]}
    fit(GridSearchCV(SpyTree(max_depth=2), grid, cv=3, scoring="accuracy"), data)
    assert [call["settings"]["min_samples_leaf"] for call in trees] == [10] * 4


@pytest.mark.parametrize("make", THRESHOLDS.values(), ids=THRESHOLDS)
def test_a_threshold_decides(make):
    data = DATA[2]
    model = fit(make(), data)
    assert_array_equal(model.predict(data.X), model.student_.predict(data.X))
    largest = model.classes_[model.predict_proba(data.X).argmax(axis=1)]
    assert np.mean(model.predict(data.X) != largest) > 0.02
    inside = fit(make_pipeline(StandardScaler(), make()), data)
    assert_array_equal(inside.predict(data.X), inside.student_.predict(data.X))


def test_a_search_weighs_its_rows():
    data, weight = DATA[2], np.linspace(0.1, 3.0, 240)
    search = GridSearchCV(TREE, {"max_depth": [2]}, cv=3)
    for strength in (0.0, 1.0):
        ours = fit(search, data, weight=weight, strength=strength)
        plain = fit(clone(TREE).set_params(max_depth=2), data, weight=weight, strength=strength)
        assert_array_equal(ours.predict_proba(data.X), plain.predict_proba(data.X))


def test_a_search_in_an_honest_choice():
    data = DATA[3]
    students = [("searched", GridSearchCV(TREE, {"max_depth": [1, 3]}, cv=3)), ("tree", TREE)]
    model = DistilledClassifierCV(GaussianNB(), students, strengths=(0.5,), cv=3, random_state=0)
    model.fit(data.X, data.y)
    assert {params["student"] is TREE for params in model.cv_results_["params"]} == {True, False}


# Refused before any fit


class Sampler(BaseEstimator):
    def fit(self, X, y):
        return self

    def fit_resample(self, X, y):
        return X[::2], y[::2]


@pytest.mark.parametrize(
    ("student", "patterns"),
    [
        (
            CalibratedClassifierCV(KNeighborsClassifier()),
            ["KNeighborsClassifier takes no sample_w"],
        ),
        (
            VotingClassifier([("a", KNeighborsClassifier())], voting="soft"),
            ["KNeighborsClassifier"],
        ),
        (StackingClassifier([("a", KNeighborsClassifier())]), ["KNeighborsClassifier"]),
        (GridSearchCV(KNeighborsClassifier(), {}), ["KNeighborsClassifier takes no"]),
        (VotingClassifier([("a", GaussianNB())]), ["lacks predict_proba"]),
        (CalibratedClassifierCV(SCALED), ["put the Pipeline around CalibratedClassifierCV"]),
        (OneVsRestClassifier(TREE), ["OneVsRestClassifier takes", "by metadata routing alone"]),
        (FrozenEstimator(TREE), ["frozen", "learn nothing"]),
        (CalibratedClassifierCV(FrozenEstimator(TREE)), ["frozen"]),
        (make_pipeline(StandardScaler(), FrozenEstimator(Ridge())), ["frozen"]),
        (TunedThresholdClassifierCV(TREE, cv="prefit", refit=False), ["cv='prefit'"]),
        (GridSearchCV(TREE, {}, refit=False), ["refit=False", "leave it True"]),
        (
            GridSearchCV(LGBM, {"objective": [None, "regression"]}, cv=3),
            ["objective='regression'"],
        ),
        (make_pipeline(Sampler(), TREE), ["Sampler makes or drops rows", "class_weight"]),
        (GridSearchCV(make_pipeline(Sampler(), TREE), {}), ["Sampler makes or drops rows"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_taught_is_refused_before_any_fit(student, patterns):
    fits = CountingTeacher.watch()
    data = DATA[2]
    with pytest.raises(StudentError) as caught:
        DistilledClassifier(CountingTeacher(), student, cv=3).fit(data.X, data.y)
    for pattern in patterns:
        assert pattern in str(caught.value)
    assert fits == []


def test_the_remedies_help():
    data = DATA[2]
    fit(make_pipeline(StandardScaler(), CalibratedClassifierCV(LogisticRegression(), cv=3)), data)
    fit(clone(TREE).set_params(class_weight="balanced"), data)
    fit(TunedThresholdClassifierCV(TREE, cv=3), data)


def test_thresholds_are_for_two_classes():
    fits = CountingTeacher.watch()
    data = DATA[3]
    for student in (
        TunedThresholdClassifierCV(TREE),
        GridSearchCV(FixedThresholdClassifier(TREE), {}),
    ):
        model = DistilledClassifier(CountingTeacher(), student)
        with pytest.raises(InputError, match=r"Threshold.*two classes only, and y has 3.*student"):
            model.fit(data.X, data.y)
    assert fits == []
    with pytest.raises(InputError, match="another teacher"):
        DistilledClassifier(TunedThresholdClassifierCV(TREE), TREE).fit(data.X, data.y)


# Weights that pass through


@any_classes
def test_searches_over_regressors_take_the_weights_of_the_loss(n_classes):
    data = DATA[n_classes]
    tree = DecisionTreeRegressor(max_depth=3, random_state=0)
    search = GridSearchCV(tree, {"max_depth": [3]}, cv=3)
    ours = fit(search, data, loss="logit").predict_proba(data.X)
    assert_array_equal(ours, fit(tree, data, loss="logit").predict_proba(data.X))
    with pytest.raises(StudentError, match="KNeighborsRegressor takes no sample_weight"):
        fit(GridSearchCV(KNeighborsRegressor(), {}), data, loss="logit")


@any_classes
def test_searches_over_regressors_are_scored_on_true_labels(n_classes):
    """Those of pseudo-targets would be nearly perfect: the teacher here has a wide margin."""
    data = DATA[n_classes]
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=3, scoring="neg_mean_squared_error")
    for loss in ("brier", "logit"):
        model = fit(search, data, loss=loss, strength=0.0)
        said = [
            fit(Ridge(), data.rows(train), loss=loss, strength=0.0).predict_proba(data.X[test])
            for train, test in KFold(3).split(data.X)
        ]
        columns = slice(1, 2) if n_classes == 2 else slice(None)
        apart = [
            np.mean((p - data.one_hot[test])[:, columns] ** 2)
            for p, (_, test) in zip(said, KFold(3).split(data.X), strict=True)
        ]
        assert_allclose(-model.student_.best_score_, np.mean(apart), rtol=1e-9)


def test_weights_of_a_teacher_pass_through_a_search():
    data, weight = DATA[2], np.linspace(0.1, 3.0, 240)
    how = {"strength": 0.3, "cv": 3, "random_state": 0}
    searched = GridSearchCV(SCALED, {"logisticregression__C": [1.0]}, cv=3)
    p, q = (
        DistilledClassifier(teacher, TREE, **how).fit(data.X, data.y, sample_weight=weight)
        for teacher in (searched, SCALED)
    )
    assert_allclose(p.teacher_proba_, q.teacher_proba_, rtol=1e-6)
    neighbours = GridSearchCV(KNeighborsClassifier(), {})
    with pytest.raises(TeacherError, match="KNeighborsClassifier takes no sample_weight"):
        DistilledClassifier(neighbours, TREE, **how).fit(data.X, data.y, sample_weight=weight)
