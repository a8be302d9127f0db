"""What comes beside the rows of numbers, for both regressors: weights, folds, cache, metadata."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import make_friedman1
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, TimeSeriesSplit, cross_val_score
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV, Munge, density_ratio
from skdistill.exceptions import CoverageWarning, LeakWarning, ParameterError

X, Y = make_friedman1(180, 5, noise=1.5, random_state=0)
FOLDS = list(KFold(3, shuffle=True, random_state=0).split(X))
TREE = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
SHORT = {"strengths": (0.5,), "calibrations": (None,), "fallback": False}


class Listener(RegressorMixin, BaseEstimator):
    """A line that writes down the rows, weights and hints of its fits."""

    seen = []  # noqa: RUF012 - of all clones

    def __init__(self, who="teacher"):
        self.who = who

    def fit(self, X, y, sample_weight=None, hint=None):
        self.seen.append((self.who, len(X), sample_weight, hint))
        self.line_ = LinearRegression().fit(X, y, sample_weight)
        return self

    def predict(self, X):
        return self.line_.predict(X)


@pytest.fixture
def seen():
    Listener.seen.clear()
    return Listener.seen


def single(teacher, student=TREE, **settings):
    how = {"cv": FOLDS, "random_state": 0, "strength": 0.5, "calibration": None}
    return DistilledRegressor(teacher, student, **how | settings)


def search(teacher, student=TREE, **settings):
    return DistilledRegressorCV(
        teacher, student, **{"cv": FOLDS, "random_state": 0} | SHORT | settings
    )


both = pytest.mark.parametrize("make", [single, search])


@both
def test_density_ratios_weigh_teacher_and_student(make, seen):
    far = X[X[:, 0] > 0.5] + 0.05
    weight = density_ratio(X, far, LogisticRegression(), cv=3, random_state=0).weights
    assert weight[X[:, 0] > 0.6].mean() > 2.0 * weight[X[:, 0] < 0.4].mean()
    model = make(Listener()).fit(X, Y, weight)
    for (_, n, got, _), (train, _) in zip(seen, FOLDS, strict=False):
        assert n == len(train)
        assert_array_equal(got, weight[train])
    fold = LinearRegression().fit(X[FOLDS[0][0]], Y[FOLDS[0][0]], weight[FOLDS[0][0]])
    assert_allclose(model.teacher_pred_[FOLDS[0][1]], fold.predict(X[FOLDS[0][1]]))
    assert not np.array_equal(model.predict(X), make(Listener()).fit(X, Y).predict(X))


@both
def test_transfer_rows_change_the_student(make):
    plain = make(Ridge()).fit(X, Y).predict(X)
    assert not np.array_equal(make(Ridge()).fit(X, Y, X_transfer=X[:60] + 0.3).predict(X), plain)


def test_synthetic_rows_change_the_student_and_are_a_candidate():
    munge = Munge(copies=2, random_state=0)
    made = single(Ridge(), synthetic=munge).fit(X, Y)
    assert made.report_.n_synthetic == 2 * len(X)
    assert not np.array_equal(made.predict(X), single(Ridge()).fit(X, Y).predict(X))
    table = search(Ridge(), synthetics=(None, munge)).fit(X, Y).cv_results_
    score = dict(zip(map(repr, table["param_synthetic"]), table["mean_test_score"], strict=True))
    assert len(set(score.values())) == len(score) == 2


@both
def test_no_group_is_split(make):
    groups = np.arange(len(X)) // 6
    model = make(Ridge(), cv=3).fit(X, Y, groups=groups)
    assert all(len(set(model.fold_[groups == g])) == 1 for g in np.unique(groups))
    splits = list(GroupKFold(3).split(X, Y, groups))
    listed = make(Ridge(), cv=splits).fit(X, Y)
    fixed = make(Ridge(), cv=GroupKFold(3)).fit(X, Y, groups=groups)
    assert_array_equal(listed.predict(X), fixed.predict(X))


@both
def test_teachers_of_the_past_label_the_future(make):
    splits = TimeSeriesSplit(4)
    with pytest.warns(CoverageWarning, match="of 180"):
        model = make(Ridge(), cv=splits).fit(X, Y)
    first, parts = 180 - 4 * (180 // 5), list(splits.split(X))
    assert np.isnan(model.teacher_pred_[:first]).all()
    for train, test in parts:
        past = Ridge().fit(X[train], Y[train]).predict(X[test])
        assert_allclose(model.teacher_pred_[test], past)


@both
def test_the_cache_is_hit_and_changes_nothing(make, tmp_path, seen):
    plain = make(Listener()).fit(X, Y)
    n_fits = len(seen)
    cached = make(Listener(), memory=str(tmp_path)).fit(X, Y)
    assert len(seen) == 2 * n_fits
    again = make(Listener(), memory=str(tmp_path)).fit(X, Y)
    assert len(seen) == 2 * n_fits, "the teachers were to be found"
    assert_array_equal(cached.predict(X), plain.predict(X))
    assert_array_equal(again.predict(X), plain.predict(X))


@both
def test_the_number_of_jobs_changes_nothing(make):
    one, two = (make(Ridge(), n_jobs=n_jobs).fit(X, Y) for n_jobs in (1, 2))
    assert_array_equal(one.predict(X), two.predict(X))
    assert_array_equal(one.teacher_pred_, two.teacher_pred_)


@both
def test_requests_decide_who_gets_weights_and_hints(make, seen):
    weight, hint = np.linspace(0.5, 2.0, len(X)), np.arange(len(X))
    with pytest.raises(ParameterError, match=r"\['hint'\].*enable_metadata_routing"):
        make(Listener()).fit(X, Y, hint=hint)
    with sklearn.config_context(enable_metadata_routing=True):
        teacher = Listener().set_fit_request(sample_weight=False, hint=True)
        student = Listener("student").set_fit_request(sample_weight=True, hint=False)
        make(teacher, student).fit(X, Y, weight, hint=hint)
        groups = np.arange(len(X)) // 6
        model = make(Ridge(), cv=GroupKFold(3))
        scores = cross_val_score(model, X, Y, cv=GroupKFold(3), params={"groups": groups})
    of = {who: [each for each in seen if each[0] == who] for who in ("teacher", "student")}
    assert all(len(hints) == n and got is None for _, n, got, hints in of["teacher"])
    assert all(len(got) == n and hints is None for _, n, got, hints in of["student"])
    assert of["teacher"]
    assert of["student"]
    assert np.isfinite(scores).all()


@both
def test_rows_of_weight_zero_are_absent(make):
    weight = np.where(np.arange(len(X)) % 5 == 0, 0.0, 1.0)
    kept = np.flatnonzero(weight)
    place = np.full(len(X), -1)
    place[kept] = np.arange(len(kept))
    folds = [tuple(place[np.intersect1d(part, kept)] for part in split) for split in FOLDS]
    weighted = make(Ridge()).fit(X, Y, weight)
    alone = make(Ridge(), cv=folds).fit(X[kept], Y[kept])
    assert_allclose(weighted.predict(X), alone.predict(X))


@both
def test_equal_rows_in_two_folds_are_told(make):
    twice = np.vstack([X[:90], X[:90]])
    with pytest.warns(LeakWarning, match="identical row"):
        make(clone(TREE)).fit(twice, np.tile(Y[:90], 2))
