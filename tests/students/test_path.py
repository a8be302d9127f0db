"""`distillation_path`: each of its students is the one fitted alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from skdistill import (
    CrossEntropy,
    DistilledClassifier,
    Fast,
    SoftLogisticRegression,
    distillation_path,
)
from skdistill.exceptions import FoldError, InputError, ParameterError
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])


def folds_of(data, n=3):
    return list(StratifiedKFold(n, shuffle=True, random_state=0).split(data.X, data.y))


def alone(path, candidate, rows, data, teacher, weight, **settings):
    loss = CrossEntropy(temperature=path.temperatures[candidate])
    gain = np.full(len(rows), path.strengths[candidate])
    target = loss.target(data.one_hot[rows], teacher[rows], gain)
    model = SoftLogisticRegression(C=path.Cs[candidate], **settings)
    return model.fit(data.X[rows], target, None if weight is None else weight[rows])


@any_classes
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
def test_each_student_is_the_one_fitted_alone(n_classes, l1_ratio, weighted):
    data = replace(DATA[n_classes], X=DATA[n_classes].X + 1.0)  # off zero: intercepts matter
    teacher = 0.8 * data.teacher + 0.2 / n_classes
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else None
    settings = {"l1_ratio": l1_ratio, "tol": 1e-7, "max_iter": 2000}
    path = distillation_path(
        data.X,
        data.y,
        teacher,
        strengths=[0.0, 1.0],
        temperatures=[1.0, 2.0],
        Cs=[0.05, 1.0],
        folds=folds_of(data),
        sample_weight=weight,
        **settings,
    )
    assert len(path) == 8
    assert path.converged.all()
    losses = path.log_loss(data.X, data.y, weight)
    for candidate in range(8):
        for fold, (train, test) in enumerate(folds_of(data)):
            model = alone(path, candidate, train, data, teacher, weight, **settings)
            T = path.temperatures[candidate]
            assert_allclose(path.coef[candidate, fold], T * model.coef_, atol=1e-3)
            apart = path.intercept[candidate, fold] - T * model.intercept_
            if n_classes > 2:
                apart -= apart.mean()  # a shift of all classes alike is no matter of the loss
            assert_allclose(apart, 0.0, atol=1e-3)
            student = path.student(candidate, fold)
            p = student.predict_proba(data.X[test])
            expected = log_loss(
                data.y[test], p, sample_weight=None if weight is None else weight[test]
            )
            assert losses[candidate, fold] == pytest.approx(expected)
            assert_array_equal(
                student.predict(data.X), data.classes[student.predict_proba(data.X).argmax(axis=1)]
            )


@any_classes
def test_the_order_of_the_strengths_plays_no_part_and_neighbours_help(n_classes):
    data = DATA[n_classes]
    settings = {"folds": folds_of(data), "Cs": [0.1, 10.0], "tol": 1e-8, "max_iter": 500}
    p = 0.9 * data.teacher + 0.1 / n_classes
    strengths = np.array([0.5, 1.0, 0.0, 0.25])
    path = distillation_path(data.X, data.y, p, strengths=strengths, **settings)
    for number, strength in enumerate(path.strengths):
        one = distillation_path(data.X, data.y, p, strengths=[strength], **settings)
        same = np.flatnonzero((path.strengths == strength) & (path.Cs == path.Cs[number]))
        assert_array_equal(same, [number])
        assert_allclose(path.coef[number], one.coef[number % 2], atol=1e-5)
    settings |= {"tol": 1e-4}
    between = distillation_path(data.X, data.y, p, strengths=strengths, **settings)
    from_zero = distillation_path(data.X, data.y, p, strengths=[0.5], **settings)
    assert between.n_iter[:2].sum() < from_zero.n_iter.sum()


def test_without_folds_all_rows_are_trained_on():
    data = DATA[2]
    path = distillation_path(data.X, data.y, data.teacher, strengths=[0.5])
    model = alone(path, 0, np.arange(len(data.y)), data, data.teacher, None)
    assert path.coef.shape == (1, 1, 1, 4)
    assert_allclose(path.coef[0, 0], model.coef_, atol=1e-6)


def test_probabilities_of_each_fold():
    """Those of rows that a fold does not train on play no part, and may be missing."""
    data = DATA[3]
    folds = folds_of(data)
    tables = np.stack([data.teacher**power for power in (1.0, 0.5, 2.0)])
    tables /= tables.sum(axis=2, keepdims=True)
    spoilt = tables.copy()
    for fold, (_, test) in enumerate(folds):
        spoilt[fold, test] = np.nan
    settings = {"strengths": [0.3], "folds": folds}
    path = distillation_path(data.X, data.y, spoilt, **settings)
    for fold in range(3):
        one = distillation_path(data.X, data.y, tables[fold], strengths=[0.3], folds=[folds[fold]])
        assert_allclose(path.coef[:, fold], one.coef[:, 0], atol=2e-3)


def test_sparse_rows_and_other_corrections():
    data = DATA[3]
    settings = {"strengths": [0.2, 0.8], "folds": folds_of(data), "correction": Fast(), "tol": 1e-7}
    dense = distillation_path(data.X, data.y, data.teacher, **settings)
    sparse = distillation_path(sp.csr_array(data.X), data.y, data.teacher, **settings)
    assert_allclose(sparse.coef, dense.coef, atol=1e-4)
    assert_allclose(
        sparse.log_loss(sp.csr_array(data.X), data.y), dense.log_loss(data.X, data.y), atol=1e-6
    )


def test_averages_of_a_correction_are_over_training_rows_by_their_weight():
    data, folds = DATA[3], folds_of(DATA[3])
    settings = {"strengths": [0.3], "correction": Fast(), "tol": 1e-8}
    weight = 1.0 + np.arange(len(data.y)) % 3
    again = np.repeat(np.arange(len(data.y)), weight.astype(int))
    by_weight = distillation_path(data.X, data.y, data.teacher, sample_weight=weight, **settings)
    repeated = distillation_path(data.X[again], data.y[again], data.teacher[again], **settings)
    assert_allclose(by_weight.coef, repeated.coef, atol=1e-4)
    plain = distillation_path(data.X, data.y, data.teacher, **settings)
    assert np.abs(plain.coef - by_weight.coef).max() > 1e-3
    tables = np.array([data.teacher] * len(folds))
    tables[0, folds[0][1]] = np.nan  # of no training rows
    path = distillation_path(data.X, data.y, tables, folds=folds, **settings)
    train = folds[0][0]
    alone = distillation_path(data.X[train], data.y[train], data.teacher[train], **settings)
    assert_allclose(path.coef[:, 0], alone.coef[:, 0], atol=1e-4)


def test_sequences_and_folds_of_other_kinds():
    data = DATA[2]
    folds = folds_of(data)
    expected = distillation_path(
        data.X, data.y, data.teacher, strengths=[0.0, 0.5], Cs=[1.0], folds=folds
    )
    rows = np.arange(len(data.y))
    masks = [(np.isin(rows, train), np.isin(rows, test)) for train, test in folds]
    for strengths, given in (
        (np.array([0.0, 0.5]), iter(folds)),
        (pd.Series([0.0, 0.5]), masks),
        ((0, 0.5), [(train.tolist(), test.tolist()) for train, test in folds]),
    ):
        path = distillation_path(
            data.X, data.y, data.teacher, strengths=strengths, Cs=range(1, 2), folds=given
        )
        assert_array_equal(path.coef, expected.coef)
        assert_array_equal(path.log_loss(data.X, data.y), expected.log_loss(data.X, data.y))


def test_test_rows_without_weight_have_no_log_loss():
    data = DATA[2]
    folds = folds_of(data)
    weight = np.ones(len(data.y))
    weight[folds[1][1]] = 0.0
    path = distillation_path(data.X, data.y, data.teacher, strengths=[0.5], folds=folds)
    assert_array_equal(np.isnan(path.log_loss(data.X, data.y, weight)), [[False, True, False]])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"strengths": []}, ParameterError, "strengths must be a sequence of at least one"),
        ({"strengths": 0.5}, ParameterError, "strengths must be a sequence"),
        ({"strengths": None}, ParameterError, "strengths must be a sequence"),
        ({"strengths": {0.0, 1.0}}, ParameterError, "strengths must be a sequence"),
        ({"strengths": iter([0.0])}, ParameterError, "strengths must be a sequence"),
        ({"strengths": np.array(0.5)}, ParameterError, "strengths must be a sequence"),
        ({"strengths": [[0.5]]}, ParameterError, "strengths must be a number"),
        ({"strengths": "ab"}, ParameterError, "strengths must be a number"),
        ({"temperatures": 2}, ParameterError, "temperatures must be a sequence"),
        ({"Cs": 1.0}, ParameterError, "Cs must be a sequence"),
        ({"strengths": [1.5]}, ParameterError, "strengths must be"),
        ({"temperatures": [0.0]}, ParameterError, "temperatures must be"),
        ({"Cs": [-1.0]}, ParameterError, "Cs must be"),
        ({"correction": None}, ParameterError, "follows the strength"),
        ({"correction": Fast(c=1.0)}, ParameterError, "follows the strength"),
        ({"folds": []}, FoldError, "pairs"),
        ({"folds": [0, 1]}, FoldError, "pairs"),
        ({"folds": 3}, ParameterError, "folds must be .train, test. pairs.*got 3"),
        ({"folds": KFold(3)}, ParameterError, r"KFold.*list\(cv.split\(X, y\)\)"),
        ({"folds": "abc"}, ParameterError, "folds must be"),
        ({"folds": [([], [0, 1])]}, FoldError, "non-empty.*training rows"),
        ({"folds": [(range(100), [])]}, FoldError, "non-empty.*test rows"),
        ({"folds": [(range(100), range(99, 120))]}, FoldError, "1 rows in both"),
        ({"folds": [(range(-3, 100), [200])]}, FoldError, "rows outside 0..239: got -3"),
        ({"folds": [(range(100), [240])]}, FoldError, "rows outside 0..239"),
        ({"folds": [([0, *range(100)], [200])]}, FoldError, "training rows more than once"),
        ({"folds": [(range(100), [200, 200])]}, FoldError, "test rows more than once"),
        ({"folds": [(np.arange(100.0), [200])]}, FoldError, "integer training rows.*float64"),
        (
            {"folds": [(np.flatnonzero(DATA[2].codes == 0)[1:], [0])]},
            FoldError,
            "no training row of class 'yes'",
        ),
        ({"max_iter": 0}, ParameterError, "max_iter must be"),
        ({"max_iter": -1}, ParameterError, "max_iter must be"),
        ({"max_iter": 1.5}, ParameterError, "max_iter must be"),
        ({"max_iter": True}, ParameterError, "max_iter must be"),
        ({"max_iter": "5"}, ParameterError, "max_iter must be"),
        ({"fit_intercept": "no"}, ParameterError, "fit_intercept must be"),
        ({"fit_intercept": None}, ParameterError, "fit_intercept must be"),
        ({"tol": -1.0}, ParameterError, "tol must be"),
        ({"p": DATA[2].teacher.astype(str)}, InputError, "p must be numbers"),
        ({"p": DATA[2].teacher[:, :0]}, InputError, "p must have shape"),
        ({"p": pd.DataFrame(DATA[2].teacher, columns=["yes", "no"])}, InputError, "reorder"),
        ({"X": 1e300 * DATA[2].X}, InputError, "too large to be standardised"),
        ({"p": DATA[2].teacher[:-1]}, InputError, "p must have shape"),
        ({"p": 2.0 * DATA[2].teacher}, InputError, "sum to one"),
        ({"p": np.stack([DATA[2].teacher] * 2)}, ParameterError, "one per fold"),
        ({"sample_weight": -np.ones(240)}, InputError, "sample_weight"),
        ({"l1_ratio": 2.0}, ParameterError, "l1_ratio must be"),
        ({"device": "tpu"}, ParameterError, "device must be"),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_bad_input(changes, error, message):
    data = DATA[2]
    given = {"X": data.X, "y": data.y, "p": data.teacher} | changes
    with pytest.raises(error, match=message):
        distillation_path(**given)


@pytest.fixture(scope="module")
def small_path():
    data = DATA[2]
    return distillation_path(data.X, data.y, data.teacher, strengths=[0.0, 1.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, _: (X, ["zzz", "aaa"] * 120), r"among \['no', 'yes'\].*\['aaa', 'zzz'\]"),
        (lambda X, _: (X, [0, 1] * 120), r"\[0, 1\] among them"),
        (lambda X, y: (X, y[:-1]), "240 labels.*got 239"),
        (lambda X, y: (X[:-1], y), r"shape \(240, 4\), got shape \(239, 4\)"),
        (lambda X, y: (X[:-1], y[:-1]), r"shape \(240, 4\), got shape \(239, 4\)"),
        (lambda X, y: (X[:, :3], y), r"shape \(240, 4\), got shape \(240, 3\)"),
    ],
    ids=["labels", "numbers", "fewer labels", "fewer rows", "fewer of both", "fewer features"],
)
def test_log_loss_is_that_of_the_rows_of_the_fit(change, message, small_path):
    data = DATA[2]
    with pytest.raises(InputError, match=message):
        small_path.log_loss(*change(data.X, data.y))


@pytest.mark.parametrize(
    ("candidate", "fold", "message"),
    [
        (2, 0, "candidate must be an integer in 0..1, got 2"),
        (-1, 0, "candidate must be an integer of at least 0"),
        (0, 1, "fold must be an integer in 0..0, got 1"),
        (0.0, 0, "candidate must be an integer"),
    ],
)
def test_students_that_there_are_not(candidate, fold, message, small_path):
    with pytest.raises(ParameterError, match=message):
        small_path.student(candidate, fold)
    assert_array_equal(small_path.student(np.int64(1)).coef_, small_path.coef[1, 0])


@pytest.mark.parametrize("seed", [0, 49])
def test_without_a_ridge_targets_are_on_the_simplex(seed):
    """As in a student's own fit: off it there may be no minimum.

    By the teacher of seed 49 SciPy's solver takes a step of no length, and would stop there.
    """
    X, y = make_classification(300, 8, n_informative=6, class_sep=1.5, random_state=1)
    teacher = DecisionTreeClassifier(max_depth=4, random_state=seed)
    p = cross_val_predict(teacher, X, y, method="predict_proba")
    settings = {"l1_ratio": 1.0, "max_iter": 1000, "tol": 1e-6}
    path = distillation_path(X, y, p, strengths=[0.0, 0.5, 1.0], temperatures=[1.5], **settings)
    assert path.converged.all()
    for number, strength in enumerate(path.strengths):
        student = SoftLogisticRegression(**settings)
        how = {"strength": strength, "temperature": 1.5, "calibration": None}
        model = DistilledClassifier(None, student, **how).fit(X, y, teacher_proba=p)
        ours = path.student(number).predict_proba(X)
        assert_allclose(ours, model.predict_proba(X), atol=1e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_ends_that_were_not_found_are_no_start():
    data = DATA[3]
    settings = {"folds": folds_of(data), "max_iter": 2, "tol": 1e-9}
    path = distillation_path(data.X, data.y, data.teacher, strengths=[0.0, 0.5, 1.0], **settings)
    assert not path.converged.any()
    from_zero = distillation_path(data.X, data.y, data.teacher, strengths=[0.5], **settings)
    assert_allclose(path.coef[1], from_zero.coef[0], atol=1e-6)


def test_rows_of_no_weight_need_no_teacher():
    """A search keeps no labels of them."""
    data, folds = DATA[3], folds_of(DATA[3])
    weight = np.ones(len(data.y))
    weight[::9] = 0.0
    spoilt = np.where(weight[:, None] > 0.0, data.teacher, np.nan)
    settings = {"strengths": [0.3], "folds": folds, "sample_weight": weight}
    expected = distillation_path(data.X, data.y, data.teacher, **settings)
    for p in (spoilt, np.stack([spoilt] * 3)):
        assert_array_equal(distillation_path(data.X, data.y, p, **settings).coef, expected.coef)


def test_tables_and_classes_that_are_missing():
    data, folds = DATA[3], folds_of(DATA[3])
    tables = np.stack([data.teacher, data.teacher, np.full_like(data.teacher, np.nan)])
    with pytest.raises(InputError, match=r"p\[2\] must have .* fold 2, got none.*n_validation"):
        distillation_path(data.X, data.y, tables, folds=folds)
    weight = (data.y != data.classes[1]).astype(float)
    with pytest.raises(FoldError, match=f"no training row of class '{data.classes[1]}'"):
        distillation_path(data.X, data.y, data.teacher, folds=folds, sample_weight=weight)


def test_students_have_the_settings_of_the_path():
    data = DATA[2]
    settings = {"l1_ratio": 0.7, "fit_intercept": False, "tol": 1e-6, "max_iter": 900}
    X = pd.DataFrame(data.X, columns=list("abcd"))
    path = distillation_path(X, data.y, data.teacher, strengths=[1.0], Cs=[0.3], **settings)
    student = path.student(0)
    assert student.get_params() == SoftLogisticRegression(C=0.3, **settings).get_params()
    student.predict_proba(X)  # without a word on names
    assert_array_equal(student.feature_names_in_, X.columns)
    again = clone(student).fit(X, data.y)
    assert_allclose(again.coef_, student.coef_, atol=1e-4)
