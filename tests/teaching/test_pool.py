"""The leave-two-folds-out pool: who labelled which row, and what it cost."""

from typing import ClassVar

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, ShuffleSplit, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdistill._ground.data import check_data
from skdistill._ground.outcomes import Classes
from skdistill.exceptions import FoldError, InputError, ParameterError, TeacherError
from skdistill.teaching.crossfit import cross_fit
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool, given_pool, validation_folds
from tests.common.spies import CountingTeacher

TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def made(X, y, cv=4, teacher=TREE, n_validation=None, **options):
    folds = make_folds(cv, X, y, random_state=0, n_repeats=options.pop("n_repeats", 1))
    return fit_pool(teacher, X, y, folds, validation_folds(folds, n_validation), **options)


@pytest.mark.parametrize("weighted", [False, True])
def test_each_label_is_of_a_teacher_without_both_folds(multiclass_str, weighted):
    """Against refits by hand, one per validation fold and row's fold."""
    X, y = multiclass_str
    params = {"sample_weight": np.linspace(0.5, 2.0, len(y))} if weighted else {}
    pool = made(X, y, params=params)
    folds = pool.folds
    assert pool.validation == (0, 1, 2, 3)
    for k, values in zip(pool.validation, pool.values, strict=True):
        assert np.isnan(values[folds.splits[k][1]]).all()
        for j in set(pool.validation) - {k}:
            rows = np.flatnonzero((folds.fold != j) & (folds.fold != k))
            mine = {name: value[rows] for name, value in params.items()}
            teacher = clone(TREE).fit(X[rows], y[rows], **mine)
            test = folds.splits[j][1]
            np.testing.assert_array_equal(values[test], teacher.predict_proba(X[test]))


def test_its_ordinary_pass_is_cross_fitting_to_the_last_bit(multiclass):
    X, y = multiclass
    pool = made(X, y)
    alone = cross_fit(TREE, X, y, pool.folds)
    np.testing.assert_array_equal(pool.out_of_fold.values, alone.values)
    np.testing.assert_array_equal(pool.out_of_fold.fold, alone.fold)


@pytest.mark.parametrize(
    ("cv", "n_validation", "n_repeats", "expected"),
    [(5, None, 1, 15), (4, None, 1, 10), (5, 2, 1, 5 + 7), (3, None, 2, 12), (5, 3, 2, 2 * 14)],
)
def test_teachers_are_fitted_once_per_pair_and_fold(binary, cv, n_validation, n_repeats, expected):
    X, y = binary
    fits = CountingTeacher.watch()
    pool = made(X, y, cv, CountingTeacher(), n_validation, n_repeats=n_repeats)
    assert len(fits) == pool.n_fits == expected


def test_repeats_pair_their_own_folds_only(binary):
    X, y = binary
    pool = made(X, y, 3, n_repeats=2)
    assert pool.folds.rounds == ((0, 1, 2), (3, 4, 5))
    assert [pool.partners(k) for k in (0, 4)] == [(1, 2), (3, 5)]


def test_time_ordered_folds_need_no_further_teacher(binary):
    """What was trained before fold j has seen neither j nor any later fold."""
    X, y = binary
    fits = CountingTeacher.watch()
    pool = made(X, y, TimeSeriesSplit(5), CountingTeacher())
    assert len(fits) == pool.n_fits == 5
    assert pool.validation == (1, 2, 3, 4)
    for k, values in zip(pool.validation, pool.values, strict=True):
        labelled = np.flatnonzero(~np.isnan(values[:, 0]))
        assert labelled.max() < pool.folds.splits[k][1].min()
        np.testing.assert_array_equal(values[labelled], pool.out_of_fold.values[labelled])


def test_groups_stay_together(binary):
    X, y = binary
    groups = np.arange(len(y)) // 5
    folds = make_folds(GroupKFold(4), X, y, groups=groups)
    pool = fit_pool(GaussianNB(), X, y, folds, validation_folds(folds, None))
    for k, values in zip(pool.validation, pool.values, strict=True):
        test = set(groups[folds.splits[k][1]])
        assert not test & set(groups[~np.isnan(values[:, 0])])


def test_kept_teachers_label_further_rows(multiclass):
    X, y = multiclass
    pool = made(X, y, 3, GaussianNB(), keep_teachers=True)
    classes, folds = np.unique(y), pool.folds
    fresh = X[:7] + 0.1
    for k in pool.validation:
        by_fold = {}
        for j in pool.partners(k):
            rows = np.flatnonzero((folds.fold != j) & (folds.fold != k))
            by_fold[j] = GaussianNB().fit(X[rows], y[rows]).predict_proba(fresh)
        mean = np.mean(list(by_fold.values()), axis=0)
        np.testing.assert_allclose(pool.label(fresh, k, Classes(classes)), mean)
    assert len(pool.out_of_fold.teachers) == 3
    with pytest.raises(FoldError, match="kept no teachers"):
        made(X, y, 3, GaussianNB()).label(fresh, 0, Classes(classes))


class Fragile(CountingTeacher):
    """Fails from the seventh fit on, as long as it is told to."""

    broken: ClassVar[bool] = True

    def fit(self, X, y, sample_weight=None):
        if type(self).broken and len(self.fits) == 6:
            message = "the machine is on fire"
            raise RuntimeError(message)
        return super().fit(X, y, sample_weight)


def test_an_interrupted_pool_goes_on_where_it_stopped(binary, tmp_path):
    X, y = binary
    memory = joblib.Memory(tmp_path, verbose=0)
    fits = Fragile.watch()
    with pytest.raises(TeacherError, match=r"failed on the pair of folds 0 and 3.*machine is on"):
        made(X, y, 4, Fragile(), memory=memory)
    assert len(fits) == 6
    Fragile.broken = False
    pool = made(X, y, 4, Fragile(), memory=memory)
    assert len(fits) == pool.n_fits == 10
    made(X, y, 4, Fragile(), memory=memory)
    assert len(fits) == 10


def test_the_same_in_parallel(multiclass):
    X, y = multiclass
    one, two = made(X, y, 3), made(X, y, 3, n_jobs=2)
    for a, b in zip(one.values, two.values, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_given_pool_is_taken_as_it_is(binary):
    X, y = binary
    pool, data = made(X, y), check_data(X, y, None, None)
    table = pool.as_array()
    assert table.shape == (4, len(y), 2)
    given = given_pool(table, pool.out_of_fold.values, pool.folds, pool.validation, data)
    for a, b in zip(given.values, pool.values, strict=True):
        np.testing.assert_array_equal(a, b)
    assert given.n_fits == 0
    for wrong, message in (
        (table[:3], "must have shape"),
        (np.where(np.isnan(table), table, 0.7), "sum to one"),
        (np.full_like(table, np.nan), r"pool_proba\[0\] at the training rows of fold 0"),
    ):
        with pytest.raises(InputError, match=message):
            given_pool(wrong, pool.out_of_fold.values, pool.folds, pool.validation, data)


@pytest.mark.parametrize(
    "cv", [2, ShuffleSplit(4, random_state=0), [(np.arange(100), np.arange(100, 300))]]
)
def test_too_few_disjoint_folds_raise(binary, cv):
    X, y = binary
    with pytest.raises(FoldError, match="at least 3 disjoint test folds"):
        made(X, y, cv)


def test_a_pair_without_a_class_or_a_row_raises():
    X = np.arange(12.0)[:, None]
    y = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 2])
    thirds = [np.arange(k, 12, 3) for k in range(3)]
    splits = [(np.setdiff1d(np.arange(12), test), test) for test in thirds]
    with pytest.raises(FoldError, match="the pair of folds 1 and 2 has no training row of class 2"):
        made(X, y, splits)
    lonely = [(np.setdiff1d(np.arange(4), [0]), [0]), ([0, 1], [2, 3]), ([2, 3], [1])]
    with pytest.raises(FoldError, match="no training row between them"):
        made(X[:4], y[:4], lonely)


@pytest.mark.parametrize("n_validation", [1, 0, 2.5, True, "all"])
def test_n_validation_must_be_two_or_more(binary, n_validation):
    X, y = binary
    with pytest.raises(ParameterError, match="n_validation"):
        made(X, y, n_validation=n_validation)
