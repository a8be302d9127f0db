"""Judges agree with scikit-learn's scorers."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    get_scorer,
    log_loss,
    make_scorer,
    roc_auc_score,
)

from skdistill._ground.data import check_data
from skdistill.choosing.scoring import _Predicted, make_judge
from skdistill.exceptions import ParameterError
from skdistill.teaching.folds import make_folds
from tests.common.data import sample

DATA = {k: sample(k) for k in (2, 3)}


def rows_of(n_classes):
    found = DATA[n_classes]
    return check_data(found.X, found.y, None, None), found.teacher


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_per_row_average_to_the_scores(n_classes, weighted):
    data, p = rows_of(n_classes)
    w = np.linspace(0.5, 2.0, len(data)) if weighted else None
    squares = np.sum((data.columns - p) ** 2, axis=1) / (2 if n_classes == 2 else 1)
    expected = {
        "neg_log_loss": log_loss(data.y, p, sample_weight=w),
        "neg_brier_score": np.average(squares, weights=w),
        "accuracy": 1 - accuracy_score(data.y, data.classes[p.argmax(axis=1)], sample_weight=w),
    }
    if n_classes == 2:
        positive = data.classes[1]
        scikit = brier_score_loss(data.y, p[:, 1], sample_weight=w, pos_label=positive)
        assert expected["neg_brier_score"] == pytest.approx(scikit)
    for name, loss in expected.items():
        judge = make_judge(name)
        assert judge.loss(data, p, w) == pytest.approx(loss)
        assert np.average(judge.rows(data, p), weights=w) == pytest.approx(loss)


AREA = make_scorer(roc_auc_score, response_method="predict_proba")


@pytest.mark.parametrize("name", ["", "_ovr", "_ovr_weighted", "_ovo", "_ovo_weighted"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_areas_are_those_of_scikit_learn_and_means_over_rows(name, n_classes):
    data, p = rows_of(n_classes)
    if name == "" and n_classes > 2:
        with pytest.raises(ParameterError, match=r"roc_auc' is for two classes.*'roc_auc_ovr'"):
            make_judge("roc_auc").check(data, None)
        return
    judge = make_judge(f"roc_auc{name}")
    judge.check(data, None)
    scored = get_scorer(f"roc_auc{name}")(_Predicted(p, data.outcome), data.X, data.y)
    assert judge.loss(data, p, None) == pytest.approx(-scored)
    assert judge.rows(data, p).mean() == pytest.approx(-scored)
    assert judge.by_row


@pytest.mark.parametrize("scoring", [AREA])
def test_scorers_see_the_probabilities(scoring):
    data, p = rows_of(2)
    w = np.linspace(0.5, 2.0, len(data))
    judge = make_judge(scoring)
    assert judge.rows(data, p) is None
    truth = data.y == data.classes[1]
    for weight in (None, w):
        expected = roc_auc_score(truth, p[:, 1], sample_weight=weight)
        assert judge.loss(data, p, weight) == pytest.approx(-expected)


def test_scorers_of_labels_see_the_most_probable_class():
    data, p = rows_of(3)
    judge = make_judge("balanced_accuracy")
    hit = data.classes[p.argmax(axis=1)] == data.y
    expected = np.mean([hit[data.y == c].mean() for c in data.classes])
    assert judge.loss(data, p, None) == pytest.approx(-expected)


@pytest.mark.parametrize("scoring", ["log_loss", "rubbish", 3])
def test_unknown_scorings_raise(scoring):
    with pytest.raises(ParameterError, match="scoring must be"):
        make_judge(scoring)


def test_a_loss_per_row_can_be_required():
    with pytest.raises(ParameterError, match="needs a scoring with a loss per row"):
        make_judge("roc_auc", per_row=True)
    assert make_judge("accuracy", per_row=True).row_loss is not None


def test_by_default_it_is_the_log_loss_of_the_reports():
    data, _ = rows_of(2)
    p = np.tile([1.0, 0.0], (len(data), 1))
    expected = np.where(data.codes == 0, 0.0, -np.log(1e-3))
    assert make_judge().rows(data, p) == pytest.approx(expected)
    assert make_judge(None).name == "log-loss"


def plain(estimator, X, y):
    return float(np.mean(estimator.predict(X) == y))


@pytest.mark.parametrize(
    ("scoring", "weighted", "message"),
    [
        ("f1", False, "f1.*'no', 'yes'.*pos_label"),
        (plain, True, "plain.*with sample_weight.*unexpected keyword"),
    ],
    ids=["f1", "callable"],
)
def test_a_scorer_that_cannot_judge_these_rows_is_told_first(scoring, weighted, message):
    data, _ = rows_of(2)
    weight = np.ones(len(data)) if weighted else None
    with pytest.raises(ParameterError, match=message):
        make_judge(scoring).check(data, weight)
    for fits in ("neg_log_loss", "roc_auc", None, "f1_macro"):
        make_judge(fits).check(data, weight)
    make_judge(plain).check(data, None)


def fold_without(label, n_rows=60):
    """Return rows of three classes and folds of which the second tests none of a class."""
    found = sample(3, n_rows)
    data = check_data(found.X, found.y, None, None)
    has = np.flatnonzero(found.y == label)
    rest = np.flatnonzero(found.y != label)
    tests = [np.r_[rest[::3], has[::2]], rest[1::3], np.r_[rest[2::3], has[1::2]]]
    splits = [(np.setdiff1d(np.arange(n_rows), test), test) for test in tests]
    return data, make_folds(splits, data.X, data.y)


def strict(estimator, X, y):
    """Stands for scorers that want every class, whichever these are in a version of the library."""
    if len(np.unique(y)) < 3:
        raise ValueError("a class is missing")
    return estimator.score(X, y)


def test_a_fold_that_cannot_be_judged_is_named_with_what_it_lacks():
    data, folds = fold_without("pear")
    judge = make_judge(strict)
    message = (
        r"rows of validation fold 1, which have no row of class 'pear': ValueError.*Stratified"
    )
    with pytest.raises(ParameterError, match=f"scoring .*strict.*{message}"):
        judge.check_folds(data, folds, (0, 1, 2))
    judge.check_folds(data, folds, (0, 2))
    judge.check_folds(data, make_folds(3, data.X, data.y, random_state=0), (0, 1, 2))  # the remedy
    make_judge().check_folds(data, folds, (0, 1, 2))  # the other one


@pytest.mark.parametrize("weighted", [False, True])
def test_what_all_columns_can_be_scored_by_needs_no_row_of_every_class(weighted):
    data, folds = fold_without("pear")
    scorer = make_scorer(log_loss, greater_is_better=False, response_method="predict_proba")
    judge = make_judge(scorer)
    judge.check_folds(data, folds, (0, 1, 2))
    part = data.take(folds.splits[1][1])
    p = sample(3, 60).teacher[folds.splits[1][1]]
    w = np.linspace(0.5, 2.0, len(part)) if weighted else None
    expected = log_loss(part.y, p, labels=data.classes, sample_weight=w)
    assert judge.loss(part, p, w) == pytest.approx(expected)
    for area in ("roc_auc_ovr", "roc_auc_ovo"):
        make_judge(area).check_folds(data, folds, (0, 1, 2))


def test_a_score_that_is_nan_on_a_fold_is_told():
    data, folds = fold_without("pear")

    def nan_without_pears(estimator, X, y):
        return float("nan") if "pear" not in y else 0.0

    with pytest.raises(ParameterError, match=r"nan_without_pears.*fold 1.*'pear': it gives NaN"):
        make_judge(nan_without_pears).check_folds(data, folds, (0, 1, 2))
