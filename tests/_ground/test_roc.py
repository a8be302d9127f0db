"""Areas under ROC curves as means over rows: against every pair, scikit-learn, and simulation."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from skdistill._ground.roc import auc_rows
from tests.common.data import sample
from tests.oracles.metrics import auc_components

KINDS = ["ovr", "ovr_weighted", "ovo", "ovo_weighted"]


def drawn(n_classes, seed=0, n_rows=90, *, ties=True):
    data = sample(n_classes, n_rows, seed)
    return data.one_hot, np.round(data.teacher, 1) if ties else data.teacher, data.codes


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_components_are_those_of_every_pair_of_rows(seed, weighted):
    y, p, codes = drawn(2, seed)
    w = np.random.default_rng(seed).uniform(0.2, 3.0, len(y)) if weighted else np.ones(len(y))
    positive = codes == 1
    found = auc_rows(y, p, w)
    area = roc_auc_score(codes, p[:, 1], sample_weight=w)
    assert np.average(found, weights=w) == pytest.approx(area)
    for side in (positive, ~positive):
        share = w[side].sum() / w.sum()
        components = area + share * (found[side] - area)
        np.testing.assert_allclose(components, auc_components(positive, p[:, 1], w)[side])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_the_mean_is_the_score_of_scikit_learn(n_classes, kind, weighted):
    y, p, codes = drawn(n_classes)
    p = p + 1e-3
    p /= p.sum(axis=1, keepdims=True)
    w = np.linspace(0.5, 2.0, len(y)) if weighted else None
    if weighted and kind.startswith("ovo") and n_classes > 2:
        return  # it takes no weights
    multi, _, average = kind.partition("_")
    how = {"multi_class": multi, "average": average or "macro", "sample_weight": w}
    expected = roc_auc_score(codes, p[:, 1] if n_classes == 2 else p, **how)
    assert np.average(auc_rows(y, p, w, kind), weights=w) == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_whole_weights_are_rows_repeated(n_classes, kind):
    y, p, _ = drawn(n_classes)
    times = np.random.default_rng(0).integers(1, 4, len(y))
    found = auc_rows(y, p, times.astype(float), kind)
    repeated = auc_rows(np.repeat(y, times, axis=0), np.repeat(p, times, axis=0), None, kind)
    np.testing.assert_allclose(np.repeat(found, times), repeated)


@pytest.mark.parametrize("kind", KINDS)
def test_classes_without_a_row_are_left_out(kind):
    y, p, codes = drawn(3)
    some = codes != 1
    found = auc_rows(y[some], p[some], None, kind)
    assert np.isfinite(found).all()
    if kind == "ovr":
        two = [roc_auc_score(codes[some] == k, p[some, k]) for k in (0, 2)]
        assert found.mean() == pytest.approx(np.mean(two))
    assert np.isnan(auc_rows(y[codes == 0], p[codes == 0], None, kind)).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_error_of_the_mean_is_that_of_many_draws(n_classes):
    """Also of the difference of two scores of the same rows."""
    areas, errors = [], []
    for seed in range(400):
        y, p, _ = drawn(n_classes, seed, ties=False)
        worse = p + np.random.default_rng(seed).dirichlet(np.ones(n_classes), len(p))
        found = auc_rows(y, worse) - auc_rows(y, p)
        areas.append(found.mean())
        errors.append(found.std(ddof=1) / np.sqrt(len(y)))
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.12)
