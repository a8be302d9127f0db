"""Which route is chosen for whom, and who is turned away."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skdistill import Brier, CrossEntropy
from skdistill.exceptions import StudentError, StudentTypeError
from skdistill.students import Adapter, DirectStudent, Problem, Route, predict_fitted, resolve
from tests.common.data import sample
from tests.common.students import STUDENTS


@pytest.mark.parametrize("student", STUDENTS, ids=str)
def test_route(student):
    learner = student.make()
    adapter = resolve(learner, student.loss)
    assert isinstance(adapter, Adapter)
    assert adapter.student is learner
    assert adapter.route.name == student.route
    name = type(learner[-1] if hasattr(learner, "steps") else learner).__name__
    assert name in adapter.route.reason or "LightGBM" in adapter.route.reason
    assert str(adapter.route) == f"{adapter.route.name}: {adapter.route.reason}"


def test_route_is_a_record():
    assert Route("a", "b") == Route("a", "b")
    assert str(Route("a", "b")) == "a: b"


@pytest.mark.parametrize(
    ("student", "lacking"),
    [
        (KNeighborsClassifier(), "KNeighborsClassifier takes no sample_weight in fit"),
        (LinearSVC(), "it lacks predict_proba"),
        (RidgeClassifier(), "it lacks predict_proba"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_classifier_without_the_methods_is_told_what_it_lacks(student, lacking):
    with pytest.raises(StudentError) as caught:
        resolve(student)
    message = str(caught.value)
    assert type(student).__name__ in message
    assert f": {lacking}. " in message
    assert "Use" in message


def test_both_lacks_are_named():
    class Neither(KNeighborsClassifier):
        predict_proba = property()

    with pytest.raises(StudentError, match="lacks predict_proba, and Neither takes no sample_wei"):
        resolve(Neither())


@pytest.mark.parametrize("student", [StandardScaler(), KMeans()], ids=str)
def test_neither_classifier_nor_regressor(student):
    with pytest.raises(StudentError, match=f"{type(student).__name__}, which is neither"):
        resolve(student)


@pytest.mark.parametrize(
    "student", [DecisionTreeClassifier, "tree", 3, None, object()], ids=lambda v: type(v).__name__
)
def test_no_estimator_at_all(student):
    with pytest.raises(StudentTypeError, match="an object, not a class"):
        resolve(student)


def test_search_over_a_regressor_is_a_student():
    adapter = resolve(GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2))
    assert adapter.route.name == "search > regression"


def test_devices_of_learners_that_have_none():
    adapter = resolve(DecisionTreeClassifier())
    assert adapter.on_device("cpu") is adapter
    with pytest.raises(StudentError, match=r"device='cuda'.*DecisionTree.*LightGBM, XGBoost"):
        adapter.on_device("cuda")


def test_class_weight_of_an_unknown_kind():
    data = sample(2)

    class Odd(LogisticRegression):
        pass

    student = Odd(class_weight="odd")
    problem = Problem(data.X, data.teacher, CrossEntropy(), data.y, data.classes)
    with pytest.raises(StudentError, match=r"class_weight='odd'.*balanced"):
        resolve(student).fit(problem)


CLASS_WEIGHTED = [
    LogisticRegression(),
    LogisticRegression(solver="newton-cg"),
    DecisionTreeClassifier(),
    RandomForestClassifier(n_estimators=2),
    LGBMClassifier(n_estimators=2, verbose=-1),
    LGBMClassifier(n_estimators=2, verbose=-1, linear_tree=True),
    LGBMRegressor(n_estimators=2, verbose=-1),
    make_pipeline(StandardScaler(), DecisionTreeClassifier()),
]
class_weighted = pytest.mark.parametrize("student", CLASS_WEIGHTED, ids=str)


def weigh(student, class_weight):
    """Return the adapter of the student with the class weights."""
    student = clone(student)
    (student[-1] if hasattr(student, "steps") else student).set_params(class_weight=class_weight)
    return resolve(student, "cross_entropy")


@class_weighted
@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ("balancd", "class_weight='balancd'.*'balanced', a dict"),
        (3.0, "class_weight=3.0.*'balanced', a dict"),
        *(
            ({"yes": weight}, f"finite number above zero, got {weight!r} for class 'yes'")
            for weight in (-1.0, 0.0, np.inf, np.nan, None, "2", True)
        ),
    ],
    ids=str,
)
def test_class_weight_is_checked_before_any_fit(student, class_weight, message):
    with pytest.raises(StudentError, match=message):
        weigh(student, class_weight).check(CrossEntropy(), 100, weighted=False)


@class_weighted
@pytest.mark.parametrize("target", ["teacher", "one_hot"], ids=["soft", "hard"])
def test_class_weight_names_classes(student, target):
    data = sample(2)
    problem = Problem(data.X, getattr(data, target), CrossEntropy(), data.y, data.classes)
    adapter = weigh(student, {"yess": 5.0})
    adapter.check(CrossEntropy(), 100, weighted=False)
    with pytest.raises(StudentError, match=r"names \['yess'\].*among \['no', 'yes'\]"):
        adapter.fit(problem)
    weigh(student, {"yes": 5}).fit(problem)


# The direct student


@pytest.mark.parametrize("student", STUDENTS, ids=str)
@pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
def test_direct_student_is_the_learner_on_labels(student, n_classes):
    data = sample(n_classes)
    adapter = resolve(student.make(), student.loss)
    direct = DirectStudent(adapter).fit(data.X, data.y)
    assert_array_equal(direct.classes_, data.classes)
    loss = Brier() if adapter.default_loss == "brier" else CrossEntropy()
    fitted = adapter.fit(Problem(data.X, data.one_hot, loss, data.y, data.classes))
    assert_array_equal(direct.predict_proba(data.X), predict_fitted(fitted, data.X))


def test_direct_student_passes_weights_and_clones():
    data = sample(2)
    weight = np.linspace(0.1, 3.0, len(data.y))
    direct = DirectStudent(resolve(GaussianNB())).fit(data.X, data.y, sample_weight=weight)
    expected = GaussianNB().fit(data.X, data.y, sample_weight=weight)
    assert_array_equal(direct.predict_proba(data.X), expected.predict_proba(data.X))
    fresh = clone(direct)
    assert not hasattr(fresh, "fitted_")
    assert fresh.adapter is direct.adapter


def test_problem_knows_whether_anything_is_soft():
    data = sample(3)
    soft = Problem(data.X, data.teacher, CrossEntropy(), data.y, data.classes)
    hard = Problem(data.X, data.one_hot, CrossEntropy(), data.y, data.classes)
    wrong = Problem(data.X, data.one_hot[::-1], CrossEntropy(), data.y, data.classes)
    assert [p.is_hard for p in (soft, hard, wrong)] == [False, True, False]
    assert_array_equal(hard.codes, data.codes)


def test_default_of_lightgbm_classifiers_is_cross_entropy():
    assert resolve(LGBMClassifier()).default_loss == "cross_entropy"
    assert resolve(Ridge()).default_loss == "brier"


@pytest.mark.parametrize(
    "student",
    [
        LogisticRegression(),
        LogisticRegression(solver="newton-cg"),
        DecisionTreeClassifier(max_depth=2),
        RandomForestClassifier(100, max_depth=2, random_state=0),
        HistGradientBoostingClassifier(max_iter=10, max_depth=2),
        LGBMClassifier(n_estimators=20, num_leaves=4, verbose=-1, n_jobs=1),
        LGBMClassifier(n_estimators=20, num_leaves=4, verbose=-1, n_jobs=1, linear_tree=True),
        make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=2)),
    ],
    ids=str,
)
def test_balanced_is_by_weight_on_labels_and_beside_them(student):
    data = sample(2)
    adapter = weigh(student, "balanced")
    weight = np.where(data.codes == 1, 4.0, 1.0)
    found = []
    for target in (data.one_hot, (1.0 - 1e-7) * data.one_hot + 1e-7 / 2):
        fitted = adapter.fit(
            Problem(data.X, target, CrossEntropy(), data.y, data.classes, weight=weight)
        )
        found.append(predict_fitted(fitted, data.X)[:, 1].mean())
        learner = fitted.model[-1] if hasattr(fitted.model, "steps") else fitted.model
        assert learner.class_weight == "balanced"
    assert found[0] == pytest.approx(found[1], abs=0.02)
