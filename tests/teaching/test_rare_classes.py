"""A class of hardly any rows in a fold is named, once, before any teacher is fitted."""

import warnings

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import (
    GroupKFold,
    LeaveOneOut,
    RepeatedStratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import FoldError, RareClassWarning
from skdistill.teaching.fold_classes import tell_rare_classes
from skdistill.teaching.folds import make_folds
from tests.common.spies import CountingTeacher


def told(folds, y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tell_rare_classes(folds, y)
    assert all(each.category is RareClassWarning for each in caught)
    return [str(each.message) for each in caught]


@pytest.mark.parametrize(
    ("cv", "n_rare", "said"),
    [
        (5, 24, "class 'c' (24 rows, 4.8 a fold)"),
        (5, 25, None),
        (7, 28, "class 'c' (28 rows, 4 a fold)"),
        (3, 14, "class 'c' (14 rows, 4.67 a fold)"),
        (3, 15, None),
        (RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0), 12, "12 rows, 4 a fold"),
        (RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0), 15, None),
        (LeaveOneOut(), 6, None),  # test parts of one row say nothing, training parts hold five
        (LeaveOneOut(), 5, "class 'c' (5 rows, 4 a fold)"),
    ],
)
def test_classes_of_fewer_than_five_rows_a_fold_are_named(cv, n_rare, said):
    y = np.repeat(["a", "b", "c"], [160, 160, n_rare])
    messages = told(make_folds(cv, np.zeros((len(y), 1)), y, random_state=0), y)
    assert len(messages) == (said is not None)
    for message in messages:
        assert said in message
        assert "'a'" not in message
        assert "merge it with another class, or use fewer folds" in message


def test_several_classes_are_named_together():
    y = np.repeat([0, 1, 2], [60, 3, 4])
    (message,) = told(make_folds(3, np.zeros((67, 1)), y, random_state=0), y)
    assert "the classes 1 (3 rows, 1 a fold), 2 (4 rows, 1.33 a fold)" in message


def test_a_small_table_has_no_rare_class():
    y = np.repeat([0, 1, 2], 7)
    assert told(make_folds(3, np.zeros((21, 1)), y, random_state=0), y) == []
    y = np.repeat([0, 1], [21, 9])
    assert told(make_folds(3, np.zeros((30, 1)), y, random_state=0), y) == []


def test_folds_that_part_a_class_unevenly_make_it_not_rare():
    y = np.repeat([0, 1], 50)
    groups = np.r_[np.repeat([0, 1], [48, 2]), np.repeat([0, 1], [3, 47])]
    folds = make_folds(GroupKFold(2), np.zeros((100, 1)), y, groups=groups)
    assert min(np.bincount(y[test]).min() for _, test in folds.splits) < 5
    assert told(folds, y) == []


@pytest.mark.parametrize("kind", [DistilledClassifier, DistilledClassifierCV])
def test_fit_names_rare_classes_once_and_before_the_teacher(kind):
    X, y = make_classification(150, random_state=0)
    y[:], y[::14] = 0, 1  # 11 rows
    fits = CountingTeacher.watch()
    model = kind(
        CountingTeacher(), DecisionTreeClassifier(max_depth=2, random_state=0), cv=3, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RareClassWarning, match=r"class 1 \(11 rows, 3\.67 a fold\)"):
            model.fit(X, y)
    assert fits == []
    with pytest.warns(RareClassWarning) as caught:
        model.fit(X, y)
    assert [each.filename for each in caught] == [__file__]
    y[::9] = 1  # more of its rows: what the warning advises
    model.fit(X, y)
    if kind is DistilledClassifier:  # and fewer folds
        y[:], y[::14] = 0, 1
        model.set_params(cv=2).fit(X, y)


def late(n_rows=90):
    """Rows of three classes, of which the last stands in no test part of the folds."""
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(n_rows, 3)), rng.integers(0, 2, n_rows)
    codes[: n_rows // 3] = np.arange(n_rows // 3) % 3
    parts = np.array_split(rng.permutation(np.arange(n_rows // 3, n_rows)), 3)
    folds = [(np.setdiff1d(np.arange(n_rows), part), part) for part in parts]
    return X, np.array(["a", "b", "c"])[codes], folds


STUDENTS = {
    "tree": DecisionTreeClassifier(max_depth=3),
    "forest": RandomForestClassifier(3),
    "lightgbm": LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1),
}


@pytest.mark.parametrize("student", STUDENTS.values(), ids=STUDENTS)
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_a_class_that_no_test_part_has_is_refused_before_the_teacher(student, strength):
    """Students were fitted to two of the three classes, or failed after all teachers."""
    X, y, folds = late()
    fits = CountingTeacher.watch()
    model = DistilledClassifier(CountingTeacher(), student, strength=strength, cv=folds)
    with pytest.raises(FoldError, match="no row of class 'c' is among those that the student is"):
        model.fit(X, y)
    assert fits == []


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")
def test_so_is_one_that_the_rows_of_a_validation_fold_lack():
    X, y, _ = late()
    y[:] = np.where(y == "c", "a", y)
    y[np.r_[0:6, 70:80]] = "c"
    fits = CountingTeacher.watch()
    model = DistilledClassifierCV(CountingTeacher(), STUDENTS["tree"], cv=TimeSeriesSplit(3))
    with pytest.raises(FoldError, match=r"'c' is among .* the student of validation fold 1 "):
        model.fit(X, y)
    assert fits == []


def test_so_is_one_that_given_probabilities_leave_out():
    X, y, folds = late()
    p = np.full((len(y), 3), 1 / 3) + np.random.default_rng(0).normal(scale=0.01, size=(len(y), 1))
    p = np.column_stack([p[:, 0], 2 / 3 - p[:, 0], p[:, 2] * 0 + 1 / 3])
    p[: len(y) // 3] = np.nan
    model = DistilledClassifier(None, STUDENTS["tree"], strength=0.5, cv=folds)
    with pytest.raises(FoldError, match="no row of class 'c'"):
        model.fit(X, y, teacher_proba=p)
