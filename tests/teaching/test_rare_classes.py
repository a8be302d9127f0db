"""A class of hardly any rows in a fold is named, once, before any teacher is fitted."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import GroupKFold, LeaveOneOut, RepeatedStratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill.exceptions import RareClassWarning
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
