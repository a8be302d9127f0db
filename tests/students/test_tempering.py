"""A temperature in the model itself: what a wrapper would say, by a plain model of its library."""

import pickle

import numpy as np
import pytest
from lightgbm import Booster, LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from skdistill import DistilledClassifierCV, SoftLogisticRegression, SoftMLPClassifier
from skdistill.export import ship
from skdistill.students import LabelledClassifier, TemperedClassifier
from skdistill.students.tempering import tempered
from tests.common.data import sample

QUIET = {"n_estimators": 6, "num_leaves": 6, "min_child_samples": 5, "verbose": -1, "n_jobs": 1}
PLAIN = {
    "tree": DecisionTreeClassifier(min_samples_leaf=5, random_state=0),
    "pure tree": DecisionTreeClassifier(random_state=0),
    "random tree": ExtraTreeClassifier(max_leaf_nodes=12, random_state=0),
    "histograms": HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=6),
    "lightgbm": LGBMClassifier(**QUIET),
    "lightgbm dart": LGBMClassifier(**QUIET, boosting_type="dart"),
    "lightgbm forest": LGBMClassifier(
        **QUIET, boosting_type="rf", bagging_freq=1, bagging_fraction=0.5
    ),
    "logistic": LogisticRegression(),
    "soft logistic": SoftLogisticRegression(),
    "network": MLPClassifier((4,), max_iter=2000, tol=0.01, random_state=0),
    "soft network": SoftMLPClassifier((4,), max_epochs=5, random_state=0),
    "soft double": SoftMLPClassifier((4,), dtype="float64", max_epochs=5, random_state=0),
}
WRAPPED = {
    "bayes": GaussianNB(),
    "forest": RandomForestClassifier(3, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=3),
    "lightgbm of lines": LGBMClassifier(**QUIET, linear_tree=True),
}
DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", DATA)


def check(model, X, power):
    """Hold a model at a power against the wrapper, and return it; the first stays as it was."""
    before = model.predict_proba(X)
    made = tempered(model, power)
    expected = TemperedClassifier(model, power)
    single = before.dtype == np.float32
    atol = 2e-6 if single else 2e-15
    assert_allclose(made.predict_proba(X), expected.predict_proba(X), rtol=0, atol=atol)
    assert made.predict_proba(X).dtype == before.dtype
    sure = np.ptp(np.sort(before, axis=1)[:, -2:], axis=1) > 1e-6
    assert_array_equal(made.predict(X)[sure], model.predict(X)[sure])
    assert_array_equal(model.predict_proba(X), before)
    again = pickle.loads(pickle.dumps(made))
    assert_array_equal(again.predict_proba(X), made.predict_proba(X))
    assert_allclose(tempered(made, 1.0 / power).predict_proba(X), before, rtol=0, atol=3 * atol)
    assert tempered(model, 1.0) is model
    return made


@any_classes
@pytest.mark.parametrize("power", [0.4, np.float64(3.0)])
@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_model_stays_one(name, power, n_classes):
    data = DATA[n_classes]
    model = clone(PLAIN[name]).fit(data.X, data.y)
    made = check(model, data.X, power) if name != "pure tree" else tempered(model, power)
    assert type(made) is type(model)
    assert vars(made).keys() == vars(model).keys()
    assert made.get_params() == model.get_params()
    if name == "pure tree":  # zeros have no way back
        assert_allclose(made.predict_proba(data.X), model.predict_proba(data.X), atol=1e-100)


@any_classes
@pytest.mark.parametrize("name", WRAPPED)
def test_another_is_wrapped_once(name, n_classes):
    data = DATA[n_classes]
    model = clone(WRAPPED[name]).fit(data.X, data.y)
    made = tempered(tempered(model, 2.0), 1.5)
    assert type(made) is TemperedClassifier
    assert made.temperature == 3.0
    assert made.classifier is model
    assert tempered(tempered(model, 2.0), 0.5) is model


@pytest.mark.filterwarnings("ignore:.*XGBRFClassifier.* is deprecated:FutureWarning")  # in 3.4
@any_classes
@pytest.mark.parametrize("start", [None, 0.3])
@pytest.mark.parametrize("kind", ["XGBClassifier", "XGBRFClassifier"])
def test_xgboost(kind, start, n_classes):
    """A `base_score` of the user's own comes into the booster with every setting that is made."""
    xgboost = pytest.importorskip("xgboost")
    data = DATA[n_classes]
    model = getattr(xgboost, kind)(n_estimators=5, max_depth=3, n_jobs=1, base_score=start)
    named = LabelledClassifier(model.fit(data.X, data.codes), data.classes)
    made = check(named, data.X, 2.0)
    assert type(made) is LabelledClassifier
    assert type(made.classifier) is type(model)
    assert made.classifier.get_params() == model.get_params()
    assert_array_equal(made.classes_, data.classes)
    said = made.predict_proba(data.X)
    made.classifier.set_params(n_jobs=2)
    assert_array_equal(made.predict_proba(data.X), said)


@pytest.mark.parametrize("booster", ["dart", "gblinear"])
def test_other_boosters_of_xgboost_are_wrapped(booster):
    xgboost = pytest.importorskip("xgboost")
    if tuple(map(int, xgboost.__version__.split(".")[:2])) >= (3, 4):
        pytest.skip("XGBoost 3.4 warns of these boosters by name")
    data = DATA[2]
    model = xgboost.XGBClassifier(n_estimators=3, n_jobs=1, booster=booster)
    assert type(tempered(model.fit(data.X, data.codes), 2.0)) is TemperedClassifier


def test_categories_of_lightgbm_go_along():
    pd = pytest.importorskip("pandas")
    data = DATA[3]
    X = pd.DataFrame(data.X, columns=list("abcd"))
    X["e"] = pd.Categorical(
        np.array(["x", "y", "z"])[np.random.RandomState(0).randint(3, size=240)]
    )
    model = LGBMClassifier(**QUIET, min_data_per_group=5).fit(X, data.y)
    made = check(model, X, 0.5)
    text = made.booster_.model_to_string()
    assert_array_equal(Booster(model_str=text).predict(X), made.predict_proba(X))


def test_pipelines_are_tempered_at_their_end():
    data = DATA[2]
    model = make_pipeline(StandardScaler(), PLAIN["tree"]).fit(data.X, data.y)
    made = check(model, data.X, 2.0)
    assert type(made[-1]) is DecisionTreeClassifier


def test_a_subclass_may_predict_by_something_else():
    class Sure(DecisionTreeClassifier):
        def predict_proba(self, X):
            return np.tile([0.3, 0.7], (len(X), 1))

    assert type(tempered(Sure().fit(DATA[2].X, DATA[2].codes), 2.0)) is TemperedClassifier


@any_classes
@pytest.mark.parametrize(
    "student",
    [
        HistGradientBoostingClassifier(max_iter=60, min_samples_leaf=5),
        clone(PLAIN["lightgbm"]).set_params(n_estimators=80),
    ],
    ids=lambda student: type(student).__name__,
)
def test_a_cooled_student_of_a_search_is_plain(student, n_classes):
    how = {"n_informative": 4, "flip_y": 0.2, "n_classes": n_classes, "random_state": 0}
    X, y = make_classification(300, 6, **how)
    model = DistilledClassifierCV(
        RandomForestClassifier(30, min_samples_leaf=3, random_state=0),
        student,
        cv=3,
        strengths=(1.0,),
        calibrations=("sigmoid",),
        student_calibration="temperature",
        fallback="not shown",
        random_state=0,
    ).fit(X, y)
    assert model.cv_results_["student_temperature"][model.best_index_] > 1.0
    assert type(model.student_) is type(student)
    assert type(ship(model, X)) is type(student)
    assert_array_equal(model.student_.predict_proba(X), model.predict_proba(X))
