"""``students="auto"``: what it stands for, and which rows it takes."""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressor, DistilledRegressorCV
from skdistill.choosing import catalogue
from skdistill.choosing.candidates import name_students
from skdistill.estimators import tasks
from skdistill.exceptions import InputError, StudentTypeError

X, Y = make_classification(150, 5, n_informative=3, n_redundant=0, random_state=0)
NUMBERS = make_friedman1(150, 5, noise=1.0, random_state=0)[1]
QUICK = {"cv": 3, "strengths": (0.5,), "calibrations": (None,), "random_state": 0}


@pytest.mark.parametrize(
    ("make", "y"), [(catalogue.classifiers, Y), (catalogue.regressors, NUMBERS)]
)
@pytest.mark.parametrize("missing", [False, True])
def test_every_student_reads_numbers_and_gaps(make, y, missing):
    rows = X.copy()
    if missing:
        rows[::7, 1] = np.nan
    for name, (student, grid) in name_students(make(rows)).items():
        quick = {"n_estimators": 5} if name == "lightgbm 200x31" else {}
        said = clone(student).set_params(**quick).fit(rows, y).predict(rows)
        assert len(said) == len(y)
        assert set(grid) <= set(student.get_params())


@pytest.mark.parametrize(
    ("make", "y"), [(catalogue.classifiers, Y), (catalogue.regressors, NUMBERS)]
)
def test_sparse_rows_stay_sparse(make, y):
    rows = sp.csr_array(np.where(X > 0.5, X, 0.0))
    named = name_students(make(rows))
    assert "mlp" not in named
    for student, _ in named.values():
        clone(student).fit(rows, y)


@pytest.mark.parametrize("make", [catalogue.classifiers, catalogue.regressors])
@pytest.mark.parametrize("rows", [X, X.tolist(), pd.DataFrame(X), sp.csr_array(X)])
def test_boosters_of_a_small_table_have_one_thread(make, rows):
    threads = {s.n_jobs for name, (s, _) in name_students(make(rows)).items() if "gbm" in name}
    assert threads == {1}
    large = np.broadcast_to(0.0, (catalogue.FEW_CELLS // 4, 4))
    for name, (student, _) in name_students(make(large)).items():
        if "gbm" in name:
            assert student.n_jobs is None


@pytest.fixture
def few(monkeypatch):
    """Two kinds of each catalogue, so that a search is quick."""
    for name in ("classifiers", "regressors"):
        whole = getattr(catalogue, name)
        task = {"classifiers": tasks.CLASSIFICATION, "regressors": tasks.REGRESSION}[name]
        monkeypatch.setitem(vars(task), "catalogue", lambda X=None, whole=whole: whole(X)[:2])


@pytest.mark.parametrize(
    ("kind", "teacher", "y", "names"),
    [
        (DistilledClassifierCV, DecisionTreeClassifier(max_depth=4), Y, ["tree", "logistic"]),
        (DistilledRegressorCV, DecisionTreeRegressor(max_depth=4), NUMBERS, ["tree", "ridge"]),
    ],
)
def test_a_search_among_all_kinds(kind, teacher, y, names, few):
    model = kind(teacher, "auto", **QUICK).fit(X, y)
    assert list(model.verdict_.by_student) == names
    leaves = model.cv_results_["param_student__max_leaf_nodes"].compressed()
    assert set(leaves) == {4, 8, 16, 32, 64, 256}
    readable = kind(teacher, "auto", **QUICK, budget={"max_leaves": 8}).fit(X, y)
    assert readable.verdict_.student in names
    assert len(model.predict(X)) == len(y)


def test_rows_that_are_no_numbers_are_refused_before_a_teacher_is_fitted():
    frame = pd.DataFrame(X, columns=list("abcde")).assign(colour="red")
    for kind, y in ((DistilledClassifierCV, Y), (DistilledRegressorCV, NUMBERS)):
        with pytest.raises(InputError, match="students='auto' needs a table of numbers"):
            kind(None, "auto", **QUICK).fit(frame, y)
    with pytest.raises(StudentTypeError, match="'auto'"):
        DistilledClassifierCV(DecisionTreeClassifier(), "all", **QUICK).fit(X, Y)


def test_the_network_of_numbers_holds_what_other_students_do():
    """At strength 1 it is the direct one; it follows the unit of y, takes weights and outputs."""
    named = {name: student for name, student, *_ in catalogue.regressors(X)}
    if "mlp" not in named:
        pytest.skip("scikit-learn 1.6 has no network of numbers that takes weights")
    network = named["mlp"].set_params(transformedtargetregressor__regressor__max_iter=60)
    how = {"cv": 3, "strength": 1.0, "random_state": 0}
    ridge = make_pipeline(StandardScaler(), Ridge())
    model = DistilledRegressor(ridge, network, **how).fit(X, NUMBERS)
    np.testing.assert_array_equal(model.predict(X), clone(network).fit(X, NUMBERS).predict(X))
    half = clone(model).set_params(strength=0.5).fit(X, NUMBERS)
    cents = clone(half).fit(X, 100.0 * NUMBERS + 7.0)
    np.testing.assert_allclose(cents.predict(X), 100.0 * half.predict(X) + 7.0, rtol=1e-6)
    weight = np.arange(len(X)) % 3.0
    weighted = clone(half).fit(X, NUMBERS, sample_weight=weight)
    kept = weight > 0.0
    alone = clone(half).fit(X[kept], NUMBERS[kept], sample_weight=weight[kept])
    np.testing.assert_allclose(weighted.predict(X), alone.predict(X))
    assert not np.allclose(weighted.predict(X), half.predict(X))
    both = clone(half).fit(X, np.column_stack([NUMBERS, -NUMBERS]))
    assert both.predict(X).shape == (len(X), 2)


MAKE = pytest.mark.parametrize("make", [catalogue.classifiers, catalogue.regressors])


@MAKE
def test_a_package_that_is_missing_is_told_once(make, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "interpret", None)
    catalogue._tell_missing.cache_clear()
    with caplog.at_level("INFO", logger="skdistill"):
        for _ in range(2):
            assert "ebm" not in name_students(make(X))
    (said,) = caplog.messages
    assert "pip install interpret-core" in said


@MAKE
def test_the_explainable_booster_is_among_them_where_it_is_installed(make, monkeypatch):
    class Learner(DecisionTreeClassifier):
        def __init__(self, interactions=5, outer_bags=14, n_jobs=-2, random_state=42):
            self.interactions, self.outer_bags = interactions, outer_bags
            self.n_jobs, self.random_state = n_jobs, random_state

    glassbox = SimpleNamespace(
        ExplainableBoostingClassifier=Learner, ExplainableBoostingRegressor=Learner
    )
    monkeypatch.setitem(sys.modules, "interpret", SimpleNamespace(glassbox=glassbox))
    learner = name_students(make(X))["ebm"][0][-1]
    assert (learner.n_jobs, learner.outer_bags, learner.interactions) == (1, 1, 0)
    assert "ebm" not in name_students(make(sp.csr_array(X)))


def test_the_explainable_booster_is_distilled_and_readable():
    pytest.importorskip("interpret", reason="the package interpret is not installed")
    (ebm,) = [each for each in catalogue.classifiers(X) if each[0] == "ebm"]
    teacher = DecisionTreeClassifier(max_depth=4)
    search = DistilledClassifierCV(teacher, [ebm], budget={"readable": True}, **QUICK).fit(X, Y)
    assert list(search.verdict_.by_student) == ["ebm"]
    assert type(search.student_[-1]).__module__.startswith("interpret")
