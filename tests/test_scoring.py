"""Judges agree with scikit-learn's scorers."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, make_scorer, roc_auc_score

from skdistill._data import check_data
from skdistill.exceptions import ParameterError
from skdistill.scoring import make_judge
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
    squares = np.sum((data.one_hot - p) ** 2, axis=1) / (2 if n_classes == 2 else 1)
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


@pytest.mark.parametrize(
    "scoring", ["roc_auc", make_scorer(roc_auc_score, response_method="predict_proba")]
)
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
