"""Density ratios: what the weights are, that no row is known by heart, what they are good for."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from joblib import cpu_count, parallel_config
from lightgbm import LGBMClassifier
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DensityRatio, DistilledClassifier, density_ratio
from skdistill._ground import validation
from skdistill._ground.metrics import log_loss
from skdistill.exceptions import FoldError, InputError, ParameterError, SkdistillWarning

LINEAR = LogisticRegression()
DEFAULT = LGBMClassifier(n_estimators=50, num_leaves=8, n_jobs=1, verbose=-1)


def shifted(n: int = 800, by: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two normal samples whose means differ in the first column: the log-ratio is linear."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)), rng.normal([by, 0.0], size=(n // 2, 2))


@pytest.mark.parametrize("calibration", [None, "temperature", "sigmoid"])
def test_the_weights_are_the_odds_of_calibrated_out_of_fold_probabilities(calibration):
    """Against the formula, written down again; the folds do not have equal shares of the sets."""
    X, Z = shifted()
    rows, origin = np.concatenate([X, Z]), np.array([0] * 800 + [1] * 400)
    splits = list(KFold(4, shuffle=True, random_state=3).split(rows))
    ratio = density_ratio(X, Z, LINEAR, cv=splits, calibration=calibration)
    p = cross_val_predict(LINEAR, rows, origin, cv=splits, method="predict_proba")
    odds = p[:, 1] / p[:, 0]
    for train, test in splits:
        odds[test] *= np.sum(origin[train] == 0) / np.sum(origin[train] == 1)
    if calibration is not None:  # Platt's map by scikit-learn; without an intercept the temperature
        platt = LogisticRegression(C=1e6, tol=1e-10, fit_intercept=calibration == "sigmoid")
        platt.fit(np.log(odds)[:, None], origin, np.where(origin == 1, 1.5, 0.75))
        odds = np.exp(platt.decision_function(np.log(odds)[:, None]))
    np.testing.assert_allclose(ratio.weights, odds[:800] / odds[:800].mean(), rtol=5e-3)
    assert ratio.covered == pytest.approx(odds[:800].mean(), rel=5e-3)
    assert ratio.n_target == 400


def test_integer_folds_are_stratified_and_shuffled():
    X, Z = shifted(100)
    splits = StratifiedKFold(4, shuffle=True, random_state=3)
    splits = list(splits.split(np.concatenate([X, Z]), [0] * 100 + [1] * 50))
    one, other = (density_ratio(X, Z, LINEAR, cv=cv, random_state=3) for cv in (4, splits))
    np.testing.assert_array_equal(one.weights, other.weights)


def test_a_known_ratio_is_found():
    X, Z = shifted(4000)
    truth = np.exp(X[:, 0] - 0.5)
    ratio = density_ratio(X, Z, LINEAR, random_state=0)
    assert np.corrcoef(np.log(ratio.weights), np.log(truth))[0, 1] > 0.99
    assert np.mean(np.abs(ratio.weights - truth / truth.mean())) < 0.1
    # The weighted rows look like the others.
    assert np.average(X[:, 0], weights=ratio.weights) == pytest.approx(Z[:, 0].mean(), abs=0.1)
    # exp(1) is what E[w^2] is for these two densities.
    assert ratio.effective_rows / 4000 == pytest.approx(np.exp(-1.0), abs=0.06)


@pytest.mark.parametrize(
    "memoriser",
    [RandomForestClassifier(30, random_state=0), DecisionTreeClassifier(random_state=0)],
    ids=["forest", "tree"],
)
def test_no_row_is_known_by_heart(memoriser):
    """Without a shift a classifier that knows its training rows finds none."""
    X, Z = shifted(1000, by=0.0)
    ratio = density_ratio(X, Z, memoriser, random_state=0)
    in_sample = memoriser.fit(np.concatenate([X, Z]), [0] * 1000 + [1] * 500).predict_proba(X)
    assert in_sample[:, 1].mean() < 0.15  # it takes them for one third likely to be others
    assert ratio.auc == pytest.approx(0.5, abs=0.05)
    assert ratio.effective_rows > 950


def test_rows_of_both_sets_are_taken_for_rows_of_both():
    """A twin of the other set among the training rows would say that they are the others."""
    X, _ = shifted(400)
    boosting = LGBMClassifier(n_estimators=50, num_leaves=31, n_jobs=1, verbose=-1)
    ratio = density_ratio(X, X[:200], boosting, calibration=None, random_state=0)
    assert ratio.auc == pytest.approx(0.5, abs=0.06)
    np.testing.assert_array_equal(
        ratio.weights,
        density_ratio(
            pd.DataFrame(X), pd.DataFrame(X[:200]), boosting, calibration=None, random_state=0
        ).weights,
    )
    splits = StratifiedKFold(5, shuffle=True, random_state=0)
    misled = density_ratio(X, X[:200], boosting, cv=splits, calibration=None)
    assert misled.auc < 0.4


def test_values_that_many_rows_share_are_seen():
    """Six codes, their ratios up and down: a classifier that has not seen a code cannot know."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 6, (1800, 1)).astype(float)
    there = rng.random(1800) < np.where(codes[:, 0] % 2 == 0, 0.8, 0.2)
    tree = DecisionTreeClassifier(min_samples_leaf=20)
    ratio = density_ratio(codes[~there], codes[there], tree, random_state=0)
    assert ratio.auc == pytest.approx(0.8, abs=0.03)
    even = codes[~there, 0] % 2 == 0
    assert ratio.weights[even].mean() > 10 * ratio.weights[~even].mean()


@pytest.mark.filterwarnings("ignore:.*few rows")  # there are
@given(by=st.floats(-2, 2), share=st.floats(0.2, 1.0), seed=st.integers(0, 99))
def test_weights_are_positive_with_mean_one_whatever_the_sizes(by, share, seed):
    X, Z = shifted(60, by, seed)
    ratio = density_ratio(X, Z[: max(5, int(share * len(Z)))], LINEAR, random_state=0)
    assert ratio.weights.mean() == pytest.approx(1.0)
    assert (ratio.weights > 0).all()
    assert 1.0 <= ratio.effective_rows <= 60.0 + 1e-9


@pytest.mark.parametrize(("n", "n_target"), [(60, 30_000), (30_000, 60)])
def test_sets_of_very_different_sizes(n, n_target):
    """The base rate is out before a probability is floored: it would be the weights."""
    rng = np.random.default_rng(0)
    X, Z = rng.normal(size=(n, 1)), rng.normal(0.5, 1.0, size=(n_target, 1))
    ratio = density_ratio(X, Z, LINEAR, random_state=0)
    truth = np.exp(0.5 * X[:, 0])
    assert np.mean(np.abs(ratio.weights - truth / truth.mean())) < 0.15
    assert ratio.covered == pytest.approx(1.0, abs=0.15)


def test_folds_that_do_not_mix_the_sets_do_no_harm():
    X, Z = shifted(400)
    for cv in (KFold(5), 5, None):
        assert density_ratio(X, Z, LINEAR, cv=cv, random_state=0).auc == pytest.approx(
            0.75, abs=0.03
        )


def mixed(n: int, seed: int) -> pd.DataFrame:
    """A table with numbers, gaps and a category."""
    rng = np.random.default_rng(seed)
    number = rng.normal(size=n) + (seed == 1)
    number[::7] = np.nan
    kind = pd.Categorical(rng.choice(["a", "b"], n), categories=["a", "b", "c"])
    return pd.DataFrame({"number": number, "kind": kind}, index=np.arange(n)[::-1])


def test_the_default_takes_tables_with_gaps_and_categories():
    X, Z = mixed(300, 0), mixed(200, 1)
    ratio = density_ratio(X, Z, random_state=0)
    assert ratio.weights.shape == (300,)
    assert ratio.auc > 0.6
    known = X["number"].notna().to_numpy()
    assert np.corrcoef(ratio.weights[known], X["number"][known])[0, 1] > 0.5


def test_every_kind_of_rows_gives_the_same_weights():
    polars = pytest.importorskip("polars")
    X, Z = shifted(300)
    expected = density_ratio(X, Z, LINEAR, random_state=0).weights
    names = ["a", "b"]
    for kind in (
        np.ndarray.tolist,
        sp.csr_array,
        lambda rows: pd.DataFrame(rows, columns=names),
        lambda rows: polars.DataFrame(rows, schema=names),
    ):
        found = density_ratio(kind(X), kind(Z), LINEAR, random_state=0).weights
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_columns_of_polars_that_the_default_classifier_is_not_known_to_take(monkeypatch):
    polars = pytest.importorskip("polars")
    known = frozenset(validation._POLARS_NUMBERS)
    monkeypatch.setattr(validation, "_POLARS_NUMBERS", known - {"Int16"})
    rows = polars.DataFrame({"a": np.arange(40.0), "s": np.arange(40, dtype=np.int16)})
    with pytest.raises(InputError, match=r"numbers and booleans from polars.* column 's'"):
        density_ratio(rows, rows)


class Counting(LogisticRegression):
    """Notes its threads, and has its classes in the other order."""

    threads: ClassVar[list[int | None]] = []

    def fit(self, X, y):
        self.threads.append(self.n_jobs)
        super().fit(X, y)
        self.classes_ = self.classes_[::-1]
        return self

    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


def test_the_order_of_the_classes_does_not_matter():
    X, Z = shifted(100)
    one, other = (density_ratio(X, Z, each, random_state=0) for each in (LINEAR, Counting()))
    np.testing.assert_allclose(one.weights, other.weights)


class Framed(LogisticRegression):
    """Gives a data frame whose columns are named, in another order."""

    def predict_proba(self, X):
        return pd.DataFrame(super().predict_proba(X), columns=self.classes_)[[1, 0]]


class Sparse(LogisticRegression):
    def predict_proba(self, X):
        return sp.csr_array(super().predict_proba(X))


class OneColumn(LogisticRegression):
    def predict_proba(self, X):
        return super().predict_proba(X)[:, 1]


def test_probabilities_are_read_in_whatever_form():
    X, Z = shifted(100)
    plain = density_ratio(X, Z, LINEAR, random_state=0)
    for other in (Framed(), Sparse()):
        ratio = density_ratio(X, Z, other, random_state=0)
        np.testing.assert_array_equal(ratio.weights, plain.weights)
    with pytest.raises(InputError, match=r"OneColumn must give one column for each of the 2"):
        density_ratio(X, Z, OneColumn(), random_state=0)


def test_a_stack_says_only_once_it_is_fitted_that_it_gives_probabilities():
    X, Z = shifted(100)
    stack = StackingClassifier([("linear", LINEAR)])
    assert density_ratio(X, Z, stack, random_state=0).weights.shape == (100,)


@pytest.mark.filterwarnings("ignore:.n_jobs. has no effect:FutureWarning")
@pytest.mark.filterwarnings("ignore:'n_jobs' > 1 does not have any effect")
def test_jobs_share_the_cores_and_do_not_change_the_weights():
    X, Z = shifted(100)
    asked = Counting(n_jobs=64)
    with parallel_config("threading"):
        one, two = (density_ratio(X, Z, asked, n_jobs=n, random_state=0) for n in (1, 2))
    np.testing.assert_array_equal(one.weights, two.weights)
    assert asked.n_jobs == 64
    assert Counting.threads[-5:] == [max(1, cpu_count() // 2)] * 5


def test_weights_help_a_student_too_simple_for_all_rows():
    """A line through a wave: where the rows are needed it has another slope."""
    rng = np.random.default_rng(0)

    def draw(n: int, centre: float) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(size=n) + centre
        return x[:, None], (rng.random(n) < 0.5 + 0.45 * np.sin(1.5 * x)).astype(int)

    (X, y), (Z, _), (X_test, y_test) = draw(3000, 0.0), draw(3000, 1.5), draw(5000, 1.5)
    ratio = density_ratio(X, Z, random_state=0)
    model = DistilledClassifier(
        LGBMClassifier(n_estimators=50, n_jobs=1, verbose=-1), LogisticRegression(), random_state=0
    )
    plain = model.fit(X, y).predict_proba(X_test)
    weighted = model.fit(X, y, sample_weight=ratio.weights).predict_proba(X_test)
    losses = [log_loss(np.eye(2)[y_test], p) for p in (plain, weighted)]
    assert losses[1] < 0.8 * losses[0]


class Recording(DecisionTreeClassifier):
    """Keeps the weights of its last fit."""

    def fit(self, X, y, sample_weight=None):
        self.rows_, self.weight_ = X, sample_weight
        return super().fit(X, y, sample_weight)


def test_weights_and_transfer_rows_go_together():
    """Every labelled row then weighs as the target law has it, every transfer row their mean."""
    X, Z = shifted(200)
    y = (np.random.default_rng(0).random(200) < 0.2 + 0.6 * (X[:, 0] > 0)).astype(int)
    weight = density_ratio(X, Z, LINEAR, random_state=0).weights
    model = DistilledClassifier(LINEAR, Recording(max_depth=3), strength=0.0, random_state=0)
    student = model.fit(X, y, sample_weight=weight, X_transfer=Z).student_
    total = {}
    for row, mass in zip(student.rows_, student.weight_, strict=True):  # one copy for each class
        total[row.tobytes()] = total.get(row.tobytes(), 0.0) + mass
    np.testing.assert_allclose([total[row.tobytes()] for row in X], weight)
    np.testing.assert_allclose([total[row.tobytes()] for row in Z], 1.0)


def test_a_sentence_says_what_was_found():
    ratio = DensityRatio(np.array([0.5, 1.5]), 7, 0.75, 0.9)
    assert ratio.effective_rows == pytest.approx(1.6)
    assert str(ratio) == (
        "2 rows weighted for 7 others count as 2 and reach 90% of where these are; out of fold the "
        "two sets are told apart with an AUC of 0.750."
    )


@pytest.mark.parametrize("classifier", [LINEAR, None], ids=["logistic", "default"])
@pytest.mark.parametrize("by", [5.0, 100.0])
def test_rows_that_hardly_overlap_are_told(classifier, by):
    X, Z = shifted(600, by=by)
    with pytest.warns(SkdistillWarning, match="by few rows, or by rows that are not where"):
        density_ratio(X, Z, classifier, random_state=0)


def test_the_share_of_the_others_that_is_reached():
    X, Z = shifted(1000)
    half = np.concatenate([Z[:250], Z[250:] + 50])
    assert density_ratio(X, Z, random_state=0).covered == pytest.approx(1.0, abs=0.1)
    with pytest.warns(SkdistillWarning):
        assert density_ratio(X, half, random_state=0).covered == pytest.approx(0.5, abs=0.15)


def test_rows_on_a_device_are_refused():
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(InputError, match="X must be on the host"):
        density_ratio(strict.asarray(X), strict.asarray(Z))


X, Z = shifted(60)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((None, Z), InputError, "X must be an array"),
        ((X, "rows"), InputError, "X_target must be an array.*got str"),
        ((X, Z[:0]), InputError, "X_target must have rows, got none"),
        ((X[:0], Z), InputError, "X must have rows, got none"),
        ((X, Z[:, :1]), InputError, "X_target must have the columns of X.*: 2, got 1"),
        ((X[:, 0], Z[:, 0]), InputError, "X must have one row per sample, got shape"),
        ((X, Z[:, 0]), InputError, "X_target must have one row per sample, got shape"),
        ((X[:, :0], Z[:, :0]), InputError, "X must have two dimensions and columns"),
        (
            tuple(pd.DataFrame({"k": pd.Categorical(c * 20)}) for c in ([1, 2], [1, 3])),
            InputError,
            "X_target must have the categories of X in column 'k'",
        ),
        (
            tuple(pd.DataFrame({"k": ["a", "b"] * n}) for n in (20, 30)),
            InputError,
            "(?s)LGBMClassifier could not tell X from X_target: .*a Pipeline for instance",
        ),
        ((X, sp.csr_array(Z)), InputError, "of the same kind as X, got a sparse array beside an"),
        (
            (pd.DataFrame(X, columns=["a", "b"]), pd.DataFrame(Z, columns=["b", "a"])),
            InputError,
            r"in their order: \['a', 'b'\], got \['b', 'a'\]",
        ),
        ((X, Z, LinearRegression()), ParameterError, "classifier must be a classifier"),
        ((X, Z, LogisticRegression), ParameterError, "classifier must be a classifier"),
        ((X, Z, "logistic"), ParameterError, "classifier must be a classifier"),
    ],
)
def test_what_cannot_be_weighted_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        density_ratio(*arguments)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"calibration": "isotonic"}, ParameterError, "calibration must be one of"),
        ({"calibration": "stacked"}, ParameterError, "calibration must be one of"),
        ({"calibration": "platt"}, ParameterError, "calibration must be one of"),
        ({"cv": 1}, ParameterError, "cv must be an integer of at least 2"),
        ({"cv": "five"}, ParameterError, "cv must be an integer"),
        ({"cv": 40}, FoldError, "cv=40 needs at least 40 rows of X_target, got 30"),
        ({"cv": list(KFold(3, shuffle=True).split(np.concatenate([X, Z])))[:2]}, FoldError,
         "in the test part of one fold"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        density_ratio(X, Z, LINEAR, **settings)


def test_a_classifier_that_knows_no_probabilities_is_refused():
    class Broken(DummyClassifier):
        def predict_proba(self, X):
            return np.full((len(X), 2), np.nan)

    with pytest.raises(
        InputError, match="the out-of-fold probabilities of Broken on fold 0 of 5 must be prob"
    ):
        density_ratio(X, Z, Broken(), random_state=0)


def test_text_columns_go_through_a_pipeline():
    frames = [pd.DataFrame({"city": ["x", "y", "z"] * n}) for n in (40, 20)]
    frames[1].loc[:40, "city"] = "x"
    pipeline = make_pipeline(OneHotEncoder(), StandardScaler(with_mean=False), LINEAR)
    ratio = density_ratio(*frames, pipeline, random_state=0)
    by_city = pd.Series(ratio.weights).groupby(frames[0]["city"]).mean()
    assert by_city["x"] > 2 * by_city["y"]


def test_rows_that_are_a_part_of_the_others():
    """Every row of X has a twin in X_target: there is none that is of X alone."""
    rng = np.random.default_rng(0)
    target = rng.normal(size=(600, 3))
    X = target[rng.random(600) < 1.0 / (1.0 + np.exp(1.0 - 2.0 * target[:, 0]))]
    whole = density_ratio(X, target, DEFAULT, random_state=0)
    apart = X.copy()
    apart[:6] += 1e-9
    few = density_ratio(apart, target, DEFAULT, random_state=0)
    assert whole.auc == pytest.approx(few.auc, abs=0.03)
    assert whole.effective_rows == pytest.approx(few.effective_rows, rel=0.5)
    assert np.corrcoef(np.log(whole.weights), X[:, 0])[0, 1] < -0.7
    same = density_ratio(target, target, DEFAULT, random_state=0)
    assert same.auc == pytest.approx(0.5, abs=0.02)
