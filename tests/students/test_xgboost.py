"""XGBoost: soft labels of two classes natively, of more as weighted copies."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import Brier, DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import StudentError
from skdistill.students import LabelledClassifier, resolve
from skdistill.students import xgboost as xgboost_module
from tests.common.data import sample
from tests.common.students import XGBOOST

xgboost = pytest.importorskip("xgboost")

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
weighting = pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])


def squared_error(y, scores):
    return scores - y, np.ones_like(y)


def name_of(settings):
    return "-".join(f"{key}={getattr(v, '__name__', v)}" for key, v in settings.items())


def fit(student, data, *, weight=None, X=None, **settings):
    settings = {"strength": 0.0, "calibration": None, "size": "free"} | settings
    model = DistilledClassifier(None, student, **settings)
    return model.fit(
        data.X if X is None else X, data.y, sample_weight=weight, teacher_proba=data.teacher
    )


# XGBoost 3.4 has dropout in its tree booster, and warns of the one by name.
HAS_DART = tuple(map(int, xgboost.__version__.split(".")[:2])) < (3, 4)
DROPOUT = {"rate_drop": 0.3} | ({"booster": "dart"} if HAS_DART else {})
FOREST = {"learning_rate": 1.0, "subsample": 0.8, "colsample_bynode": 0.8, "reg_lambda": 1e-5}


@weighting
@pytest.mark.parametrize(
    "settings", [{}, DROPOUT, FOREST | {"n_estimators": 1, "num_parallel_tree": 12}], ids=name_of
)
def test_two_classes_against_binary_logistic(weighted, settings):
    data = DATA[2]
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else None
    settings = XGBOOST | settings
    direct = xgboost.XGBRegressor(objective="binary:logistic", **settings)
    direct.fit(data.X, data.teacher[:, 1], sample_weight=weight)
    model = fit(xgboost.XGBClassifier(**settings), data, weight=weight)
    assert_allclose(model.predict_proba(data.X)[:, 1], direct.predict(data.X), atol=1e-7)
    assert model.student_.classifier.get_booster().num_boosted_rounds() == (
        direct.get_booster().num_boosted_rounds()
    )


@any_classes
@pytest.mark.filterwarnings("ignore:.*XGBRFClassifier.* is deprecated:FutureWarning")  # in 3.4
def test_a_forest_by_name_is_one_round_of_parallel_trees(n_classes):
    data = DATA[n_classes]
    by_name = fit(xgboost.XGBRFClassifier(**XGBOOST), data)
    parallel = XGBOOST | FOREST | {"n_estimators": 1, "num_parallel_tree": 12}
    same = fit(xgboost.XGBClassifier(**parallel), data)
    assert_array_equal(by_name.predict_proba(data.X), same.predict_proba(data.X))
    assert by_name.student_.classifier.n_estimators == 12


@weighting
def test_more_classes_against_copies(weighted):
    data = DATA[3]
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else np.ones(len(data.y))
    rows, columns = (index.ravel() for index in np.indices(data.teacher.shape))
    direct = xgboost.XGBClassifier(**XGBOOST).fit(
        data.X[rows], columns, sample_weight=(data.teacher * weight[:, None]).ravel()
    )
    model = fit(xgboost.XGBClassifier(**XGBOOST), data, weight=weight if weighted else None)
    assert_array_equal(model.predict_proba(data.X), direct.predict_proba(data.X))


@any_classes
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_labels_of_the_user(n_classes, strength):
    data = DATA[n_classes]
    model = fit(xgboost.XGBClassifier(**XGBOOST), data, strength=strength)
    assert_array_equal(model.classes_, data.classes)
    assert set(model.predict(data.X)) <= set(data.classes)
    assert model.score(data.X, data.y) > 0.6


LABELS = {
    "one and two": lambda codes: codes + 1,
    "strings": lambda codes: np.array(["ham", "spam", "tofu"])[codes],
    "gaps": lambda codes: np.array([-3, 0, 7])[codes],
}


@any_classes
@pytest.mark.parametrize("named", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("settings", [{"strength": 0.5}, {"strength": 1.0}, {"temperature": 2.0}])
def test_what_is_shipped_predicts_labels(n_classes, named, settings):
    data = DATA[n_classes]
    y = named(data.codes)
    learner = xgboost.XGBClassifier(**XGBOOST)
    model = DistilledClassifier(None, learner, calibration=None, **{"strength": 0.5} | settings)
    model.fit(data.X, y, teacher_proba=data.teacher)
    student = pickle.loads(pickle.dumps(model.student_))
    assert_array_equal(student.classes_, np.unique(y))
    assert_array_equal(student.predict(data.X), model.predict(data.X))
    assert_array_equal(student.predict_proba(data.X), model.predict_proba(data.X))
    assert student.score(data.X, y) == model.score(data.X, y) > 0.6
    assert type(student) is LabelledClassifier


@any_classes
def test_labels_that_xgboost_takes_are_left_to_it(n_classes):
    data = DATA[n_classes]
    for y in (data.codes, data.codes.astype(float)):
        for strength in (0.5, 1.0):
            model = DistilledClassifier(None, xgboost.XGBClassifier(**XGBOOST), strength=strength)
            model.fit(data.X, y, teacher_proba=data.teacher)
            assert type(model.student_) is xgboost.XGBClassifier
            assert_array_equal(model.student_.predict(data.X), model.predict(data.X))


def test_a_pipeline_predicts_labels():
    data = DATA[2]
    student = make_pipeline(StandardScaler(), xgboost.XGBClassifier(**XGBOOST))
    model = fit(student, data, strength=0.5)
    assert_array_equal(model.student_.classes_, data.classes)
    assert_array_equal(model.student_.predict(data.X), model.predict(data.X))
    assert model.student_.score(data.X, data.y) == model.score(data.X, data.y) > 0.6
    assert model.student_[-1].classifier.get_booster().num_boosted_rounds() == 12


@pytest.mark.parametrize("fallback", ["not shown", False])
def test_a_search_predicts_labels(fallback):
    data = DATA[2]
    search = DistilledClassifierCV(
        GaussianNB(),
        xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1),
        cv=3,
        strengths=(0.5,),
        calibrations=(None,),
        fallback=fallback,
        random_state=0,
    ).fit(data.X, data.y)
    assert_array_equal(search.student_.predict(data.X), search.predict(data.X))
    assert search.student_.score(data.X, data.y) > 0.6


@any_classes
def test_settings_are_what_a_direct_fit_leaves(n_classes):
    data = DATA[n_classes]
    student = xgboost.XGBClassifier(**XGBOOST)
    direct = clone(student).fit(data.X, data.codes)
    shipped = fit(student, data).student_
    assert repr(shipped.classifier.get_params()) == repr(direct.get_params())
    again = clone(shipped).fit(data.X, data.y)
    assert_array_equal(again.predict_proba(data.X), direct.predict_proba(data.X))
    assert_array_equal(again.predict(data.X), data.classes[direct.predict(data.X)])


@any_classes
def test_saved_file_predicts_the_same(n_classes, tmp_path):
    data = DATA[n_classes]
    model = fit(xgboost.XGBClassifier(**XGBOOST), data)
    model.student_.classifier.save_model(tmp_path / "model.json")
    reloaded = xgboost.XGBClassifier()
    reloaded.load_model(tmp_path / "model.json")
    assert_array_equal(reloaded.predict_proba(data.X), model.predict_proba(data.X))


def test_temperature():
    data = DATA[2]
    learner = xgboost.XGBClassifier(
        n_estimators=300, max_depth=8, min_child_weight=0, reg_lambda=0, n_jobs=1
    )
    model = fit(learner, data, temperature=2.0)
    assert type(model.student_.classifier) is xgboost.XGBClassifier
    assert_allclose(model.predict_proba(data.X), data.teacher, atol=0.02)
    assert_array_equal(model.student_.predict_proba(data.X), model.predict_proba(data.X))


@pytest.mark.parametrize(
    "settings",
    [
        {"scale_pos_weight": 3.0},
        {"objective": "binary:hinge"},
        {"objective": "binary:logitraw"},
        {"objective": squared_error},
        {"early_stopping_rounds": 3},
    ],
    ids=name_of,
)
@any_classes
def test_settings_that_cannot_be_honoured_raise(n_classes, settings):
    with pytest.raises(StudentError, match=next(iter(settings))):
        fit(xgboost.XGBClassifier(**XGBOOST, **settings), DATA[n_classes])


def test_early_stopping_of_a_regressor_raises():
    with pytest.raises(StudentError, match="early_stopping_rounds"):
        fit(xgboost.XGBRegressor(**XGBOOST, early_stopping_rounds=3), DATA[2])


@pytest.mark.parametrize(
    "objective",
    ["binary:logistic", "reg:quantileerror", "count:poisson", squared_error],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_regressor_must_minimise_the_squared_error(objective):
    with pytest.raises(StudentError, match=r"squared error.*XGBRegressor\(objective="):
        fit(xgboost.XGBRegressor(**XGBOOST, objective=objective), DATA[2])
    resolve(xgboost.XGBRegressor(objective="reg:squarederror")).check(Brier(), 100, weighted=False)


def test_losses():
    with pytest.raises(StudentError, match="logit"):
        fit(xgboost.XGBClassifier(**XGBOOST), DATA[2], loss="logit")
    with pytest.raises(StudentError, match="cross_entropy"):
        fit(xgboost.XGBRegressor(**XGBOOST), DATA[2], loss="cross_entropy")
    assert (
        fit(xgboost.XGBRegressor(**XGBOOST), DATA[2], loss="logit").score(DATA[2].X, DATA[2].y)
        > 0.6
    )


def test_ranker_is_no_student():
    with pytest.raises(StudentError, match="XGBRanker"):
        resolve(xgboost.XGBRanker())


def test_device(monkeypatch):
    monkeypatch.setattr(xgboost_module, "_gpu_obstacle", lambda: None)
    for learner in (xgboost.XGBClassifier(), xgboost.XGBRegressor()):
        assert resolve(learner).on_device("cpu").student.device is None
        assert resolve(learner).on_device("cuda").student.device == "cuda"
        assert learner.device is None


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_subclass_that_redefines_is_fitted_by_its_own_fit(n_classes):
    """A booster of ours would know nothing of the features that its fit makes."""

    class Turned(xgboost.XGBClassifier):
        def fit(self, X, y, sample_weight=None, **keywords):
            return super().fit(X[:, ::-1], y, sample_weight=sample_weight, **keywords)

        def predict_proba(self, X, **keywords):
            return super().predict_proba(X[:, ::-1], **keywords)

    data = sample(n_classes)
    model = DistilledClassifier(None, Turned(**XGBOOST), strength=0.0, calibration=None, cv=3)
    model.fit(data.X, data.y, teacher_proba=data.bayes)
    plain = DistilledClassifier(
        None, xgboost.XGBClassifier(**XGBOOST), strength=0.0, calibration=None
    )
    plain.fit(data.X, data.y, teacher_proba=data.bayes)
    assert_allclose(model.predict_proba(data.X), plain.predict_proba(data.X), atol=0.05)
