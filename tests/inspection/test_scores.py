"""The figures of every report, one by one, in plain NumPy and scikit-learn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, roc_auc_score

from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection import _scores
from tests.common.data import sample

FLOOR = 1e-3
WEIGHTS = [None, np.random.default_rng(0).uniform(0.5, 2.0, size=150)]


def one_vs_rest_auc(y, p, weight):
    """The share of pairs of a row of the class and one of the others that p orders rightly."""
    weight = np.ones(len(y)) if weight is None else weight
    own, rest = y == 1, y == 0
    better = (p[own][:, None] > p[rest][None, :]) + 0.5 * (p[own][:, None] == p[rest][None, :])
    pairs = weight[own][:, None] * weight[rest][None, :]
    return float((better * pairs).sum() / pairs.sum())


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores(n_classes, weight):
    data = sample(n_classes, 150)
    y, p = data.one_hot, data.teacher
    found = _scores.scores(y, p, weight)
    assert tuple(found) == _scores.SCORES
    w = np.ones(150) if weight is None else weight
    rows = np.arange(150)
    losses = -np.log(np.maximum(p[rows, data.codes], FLOOR))
    hits = p.argmax(axis=1) == data.codes
    assert found["accuracy"] == pytest.approx(
        accuracy_score(p.argmax(1), data.codes, sample_weight=w)
    )
    assert found["log_loss"] == pytest.approx(np.average(losses, weights=w))
    counted = slice(1, None) if n_classes == 2 else slice(None)  # as scikit-learn's
    brier = np.average(((y - p) ** 2)[:, counted].sum(axis=1), weights=w)
    assert found["brier"] == pytest.approx(brier)
    aucs = [one_vs_rest_auc(y[:, k], p[:, k], weight) for k in range(n_classes)]
    assert found["auc"] == pytest.approx(np.mean(aucs))
    bins = np.minimum((p.max(axis=1) * 15).astype(int), 14)
    gaps = [abs((w * (hits - p.max(axis=1)))[bins == b].sum()) for b in range(15)]
    assert found["calibration_error"] == pytest.approx(sum(gaps) / w.sum())


def test_the_floor_cuts_the_log_loss_only():
    y, p = np.eye(2)[[0, 1]], np.array([[0.0, 1.0], [0.25, 0.75]])
    low, high = _scores.scores(y, p, floor=0.01), _scores.scores(y, p, floor=0.1)
    assert low["log_loss"] == pytest.approx(-np.log([0.01, 0.75]).mean())
    assert high["log_loss"] == pytest.approx(-np.log([0.1, 0.75]).mean())
    assert low["brier"] == high["brier"] == pytest.approx((1.0 + 0.0625) / 2)
    assert _scores.scores(y, p, floor=0)["log_loss"] > 15


def test_auc_leaves_out_absent_classes():
    data = sample(3, 150)
    kept = data.codes != 2
    y, p = data.one_hot[kept], data.teacher[kept]
    pair = [roc_auc_score(y[:, k], p[:, k]) for k in (0, 1)]
    assert _scores.scores(y, p)["auc"] == pytest.approx(np.mean(pair))
    alone = data.codes == 0
    assert np.isnan(_scores.scores(data.one_hot[alone], data.teacher[alone])["auc"])


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
def test_class_scores(weight):
    data = sample(3, 150)
    y, p = data.one_hot, data.teacher
    w = np.ones(150) if weight is None else weight
    found = _scores.class_scores(y, p, weight)
    assert tuple(found) == _scores.CLASS_COLUMNS
    for k in range(3):
        own = data.codes == k
        assert found["n_rows"][k] == own.sum()
        assert found["frequency"][k] == pytest.approx(w[own].sum() / w.sum())
        assert found["mean_probability"][k] == pytest.approx(np.average(p[:, k], weights=w))
        hits = p[own].argmax(axis=1) == k
        assert found["recall"][k] == pytest.approx(np.average(hits, weights=w[own]))
        assert found["brier"][k] == pytest.approx(np.average((y[:, k] - p[:, k]) ** 2, weights=w))
        assert found["auc"][k] == pytest.approx(one_vs_rest_auc(y[:, k], p[:, k], weight))


def test_a_class_without_rows_has_no_recall():
    data = sample(3, 150)
    kept = data.codes != 1
    found = _scores.class_scores(data.one_hot[kept], data.teacher[kept])
    assert np.isnan(found["recall"][1])
    assert np.isnan(found["auc"][1])
    assert found["n_rows"][1] == 0


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_fidelity(n_classes, weight):
    data = sample(n_classes, 150)
    p, q = data.teacher, data.bayes
    w = np.ones(150) if weight is None else weight
    found = _scores.fidelity_scores(p, q, weight)
    a, b = (np.maximum(table, FLOOR) for table in (p, q))
    a, b = a / a.sum(axis=1, keepdims=True), b / b.sum(axis=1, keepdims=True)
    assert found["kl"] == pytest.approx(np.average((a * np.log(a / b)).sum(axis=1), weights=w))
    same = p.argmax(axis=1) == q.argmax(axis=1)
    assert found["agreement"] == pytest.approx(np.average(same, weights=w))
    z, f = (np.log(c / (1 - c)) for c in (np.clip(t, FLOOR, 1 - FLOOR) for t in (p, q)))
    around = z - np.average(z, axis=0, weights=w)
    lost = np.average((z - f) ** 2, axis=0, weights=w).sum()
    assert found["logit_r2"] == pytest.approx(
        1 - lost / np.average(around**2, axis=0, weights=w).sum()
    )


def test_a_copy_is_faithful_and_a_stranger_is_not():
    data = sample(3, 150)
    copy = _scores.fidelity_scores(data.teacher, data.teacher)
    assert copy == pytest.approx({"kl": 0.0, "agreement": 1.0, "logit_r2": 1.0})
    sure = np.eye(3)[data.teacher.argmax(axis=1)]
    assert _scores.fidelity_scores(sure, sure)["kl"] == pytest.approx(0.0, abs=1e-15)
    stranger = _scores.fidelity_scores(data.teacher, data.teacher[::-1])
    assert stranger["kl"] > 0.1
    assert stranger["logit_r2"] < 0.0


@pytest.mark.parametrize("weight", WEIGHTS, ids=["plain", "weighted"])
def test_fidelity_by_class(weight):
    data = sample(3, 150)
    p, q = data.teacher, data.bayes
    w = np.ones(150) if weight is None else weight
    found = _scores.class_fidelity(p, q, weight)
    for k in range(3):
        pair = [np.column_stack([1 - a[:, k], a[:, k]]) for a in (p, q)]
        alone = _scores.fidelity_scores(*pair, weight)
        assert found["kl"][k] == pytest.approx(alone["kl"])
        assert found["logit_r2"][k] == pytest.approx(alone["logit_r2"])
        taught = p.argmax(axis=1) == k
        same = q[taught].argmax(axis=1) == k
        assert found["agreement"][k] == pytest.approx(np.average(same, weights=w[taught]))


def test_of_two_classes_the_figures_are_those_of_either():
    data = sample(2, 150)
    found = _scores.class_fidelity(data.teacher, data.bayes)
    both = _scores.fidelity_scores(data.teacher, data.bayes)
    assert_allclose(found["kl"], both["kl"])
    assert_allclose(found["logit_r2"], both["logit_r2"])


def test_probabilities_come_in_the_order_asked_for():
    data = sample(3, 150)
    model = LogisticRegression().fit(data.X, data.y)
    order = np.array(["quince", "apple", "pear"])

    class Shuffled:
        classes_ = order

        def predict_proba(self, X):
            return model.predict_proba(X)[:, [2, 0, 1]]

    assert_allclose(
        _scores.probabilities(Shuffled(), data.X, model.classes_), model.predict_proba(data.X)
    )


def test_what_is_no_model_of_these_classes_raises():
    data = sample(3, 150)
    with pytest.raises(ParameterError, match="predict_proba, got Ridge"):
        _scores.probabilities(Ridge().fit(data.X, data.codes), data.X, data.classes)
    other = LogisticRegression().fit(data.X, data.codes)
    with pytest.raises(ParameterError, match=r"got \[0, 1, 2\]: was it trained on other labels"):
        _scores.probabilities(other, data.X, data.classes)
    with pytest.raises(InputError, match=r"got \['plum'\] as well"):
        _scores.one_hot_labels(["apple", "plum"], data.classes)
