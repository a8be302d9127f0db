"""The cache: each fold's teacher is fitted once, and an interrupted fit goes on."""

import warnings

import numpy as np
import pytest
from joblib import Memory
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill._ground.outcomes import Classes
from skdistill.exceptions import SkdistillWarning, TeacherError
from skdistill.teaching.crossfit import fit_teacher


class Counted(ClassifierMixin, BaseEstimator):
    """A teacher that writes a line to `log` at every fit, and fails after `limit` of them."""

    def __init__(self, log, limit=None):
        self.log = log
        self.limit = limit

    def fit(self, X, y):
        with self.log.open("a+") as file:
            file.seek(0)
            done = len(file.readlines())
            if self.limit is not None and done >= int(self.limit.read_text()):
                raise RuntimeError("out of power")
            file.write("fit\n")
        self.model_ = LogisticRegression().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


def n_fits(log):
    return len(log.read_text().splitlines())


@pytest.fixture
def log(tmp_path):
    return tmp_path / "fits.log"


def test_a_grid_search_fits_each_teacher_once(binary, tmp_path, log):
    X, y = binary
    model = DistilledClassifier(
        Counted(log),
        DecisionTreeClassifier(random_state=0),
        random_state=0,
        memory=str(tmp_path / "cache"),
    )
    grid = {"student__max_leaf_nodes": [4, 8], "student__criterion": ["gini", "entropy"]}
    search = GridSearchCV(model, grid, cv=5).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert n_fits(log) == 30  # 5 outer folds x 5 inner ones, and 5 for the refit


def test_without_memory_teachers_are_fitted_anew(binary, log):
    X, y = binary
    model = DistilledClassifier(Counted(log), DecisionTreeClassifier(), random_state=0)
    for _ in range(2):
        model.fit(X, y)
    assert n_fits(log) == 10


@pytest.mark.parametrize("partition", [True, False])
def test_an_interrupted_fit_resumes_at_the_first_fold_not_finished(
    binary, tmp_path, log, partition
):
    X, y = binary
    rows = np.arange(len(y))
    tests = [rows[i::5] for i in range(5)]
    if not partition:
        tests[0] = rows[:3]
    cv = [(np.setdiff1d(rows, test), test) for test in tests]
    limit = tmp_path / "limit"
    limit.write_text("3")
    model = DistilledClassifier(
        Counted(log, limit),
        DecisionTreeClassifier(),
        cv=cv,
        strength=0.5,
        memory=str(tmp_path / "cache"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkdistillWarning)  # rows that no fold covers
        with pytest.raises(TeacherError, match=r"fold 3 of 5.*out of power"):
            model.fit(X, y)
        assert n_fits(log) == 3
        limit.write_text("100")
        model.fit(X, y)
    assert n_fits(log) == 5


def test_cached_and_fresh_fits_agree(binary, tmp_path):
    X, y = binary
    student = DecisionTreeClassifier(max_depth=3, random_state=0)
    settings = {"strength": 0.3, "random_state": 0}
    fresh = DistilledClassifier(LogisticRegression(), student, **settings).fit(X, y)
    for _ in range(2):
        cached = DistilledClassifier(
            LogisticRegression(), student, memory=str(tmp_path), **settings
        ).fit(X, y)
        np.testing.assert_array_equal(cached.teacher_proba_, fresh.teacher_proba_)
        np.testing.assert_array_equal(cached.predict_proba(X), fresh.predict_proba(X))


def test_memory_that_cannot_help_is_said(binary, tmp_path):
    X, y = binary
    model = DistilledClassifier(
        LogisticRegression(), DecisionTreeClassifier(), memory=str(tmp_path)
    )
    with pytest.warns(SkdistillWarning, match="random_state"):
        model.fit(X, y)


def test_what_changes_the_teacher_is_not_found_in_the_cache(binary, tmp_path, log):
    X, y = binary
    model = DistilledClassifier(
        Counted(log),
        DecisionTreeClassifier(),
        strength=0.5,
        random_state=0,
        memory=str(tmp_path / "cache"),
    )
    model.fit(X, y)
    model.fit(X, 1 - y)
    assert n_fits(log) == 10
    model.fit(X + 1.0, y)
    assert n_fits(log) == 15
    model.set_params(random_state=1).fit(X, y)
    assert n_fits(log) == 20


def test_the_thread_budget_is_no_part_of_the_key(binary, tmp_path, log):
    X, y = binary
    fit = Memory(str(tmp_path / "cache"), verbose=0).cache(fit_teacher, ignore=["threads"])
    for threads in (None, 1, 2):
        fit(Counted(log), X, y, {}, Classes(np.unique(y)), threads=threads)
    assert n_fits(log) == 1
