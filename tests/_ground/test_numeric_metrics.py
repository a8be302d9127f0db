"""Scores of numbers against scikit-learn and plain loops."""

import math

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LinearRegression

from skdistill._ground.numeric_metrics import gini_index, numeric_scores
from skdistill.targets import Gamma, Poisson, SquaredError
from tests.oracles.convert import to_array

RNG = np.random.default_rng(0)
Y = RNG.gamma(2.0, size=(60, 2))
F = Y * RNG.gamma(5.0, 0.2, size=Y.shape)
W = RNG.integers(0, 4, len(Y)).astype(float)
weighted = pytest.mark.parametrize("weight", [None, W], ids=["plain", "weighted"])


@weighted
def test_scores_are_those_of_scikit_learn(xp, weight):
    arrays = [None if a is None else to_array(xp, a) for a in (Y, F, weight)]
    scores = numeric_scores(*arrays, SquaredError())
    options = {"sample_weight": weight}
    assert scores["r2"] == pytest.approx(sk.r2_score(Y, F, **options))
    assert scores["rmse"] == pytest.approx(sk.root_mean_squared_error(Y, F, **options))
    assert scores["mae"] == pytest.approx(sk.mean_absolute_error(Y, F, **options))
    assert scores["loss"] == pytest.approx(2 * sk.mean_squared_error(Y, F, **options))
    slopes = [
        LinearRegression().fit(F[:, [j]], Y[:, j], **options).coef_[0] for j in range(Y.shape[1])
    ]
    assert scores["calibration_slope"] == pytest.approx(np.mean(slopes))


@pytest.mark.parametrize(
    ("loss", "metric"), [(Poisson(), sk.mean_poisson_deviance), (Gamma(), sk.mean_gamma_deviance)]
)
def test_the_loss_is_its_own(loss, metric):
    score = numeric_scores(Y[:, :1], F[:, :1], W, loss)["loss"]
    assert score == pytest.approx(metric(Y[:, 0], F[:, 0], sample_weight=W))


def test_what_a_constant_has_no_score_of_is_nan():
    constant = np.full((60, 1), 0.1)
    scores = numeric_scores(Y[:, :1], constant, None, SquaredError())
    assert math.isnan(scores["calibration_slope"])
    assert scores["r2"] < 0
    scores = numeric_scores(constant, F[:, :1], W, SquaredError())
    assert math.isnan(scores["r2"])
    assert scores["calibration_slope"] == pytest.approx(0.0, abs=1e-12)


def area_by_pairs(y, f, w):
    """Return ``sum over pairs w_i w_j y_j sign(f_j - f_i)`` over ``sum w`` and ``sum w y``."""
    total = sum(
        w[i] * w[j] * y[j] * np.sign(f[j] - f[i]) for i in range(len(y)) for j in range(len(y))
    )
    return total / (w.sum() * (w @ y))


@weighted
@pytest.mark.parametrize("ties", [False, True])
def test_gini_by_pairs(xp, weight, ties):
    f = np.round(F[:, 0]) if ties else F[:, 0]
    w = np.ones(len(Y)) if weight is None else weight
    expected = area_by_pairs(Y[:, 0], f, w) / area_by_pairs(Y[:, 0], Y[:, 0], w)
    arrays = [None if a is None else to_array(xp, a) for a in (Y[:, :1], f[:, None], weight)]
    assert gini_index(*arrays) == pytest.approx(expected, rel=1e-10)


def test_gini_of_labels_of_zero_and_one_is_that_of_the_roc_curve():
    y = (Y[:, :1] > 1.5).astype(float)
    expected = 2 * sk.roc_auc_score(y[:, 0], F[:, 0]) - 1
    assert gini_index(y, F[:, :1]) == pytest.approx(expected, rel=1e-10)


def test_gini_keeps_its_ends():
    assert gini_index(Y, Y**3, W) == pytest.approx(1.0)
    assert gini_index(Y, -Y, W) == pytest.approx(-1.0)
    assert gini_index(Y, np.ones_like(Y), W) == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(gini_index(np.ones_like(Y), F))


def test_outputs_are_averaged():
    alone = [gini_index(Y[:, [j]], F[:, [j]], W) for j in range(2)]
    assert gini_index(Y, F, W) == pytest.approx(np.mean(alone))
