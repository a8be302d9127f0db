"""The strength by shrinkage: its arithmetic, what it does to students, and what it costs."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import (
    KFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, Fast, Logit, Slow
from skdistill._ground.data import check_data
from skdistill.choosing.strength import Reading, Shrinkage, bias_share, shrink
from skdistill.exceptions import (
    CoverageWarning,
    FoldError,
    InputError,
    ParameterError,
    StudentError,
    TeacherError,
)
from skdistill.teaching.calibration import Scaling, calibrate
from skdistill.teaching.crossfit import OutOfFold
from skdistill.teaching.folds import make_folds
from tests.common.data import sample
from tests.common.spies import CountingTeacher, SpyTree

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
DEEP = DecisionTreeClassifier(random_state=0)
SMALL = DecisionTreeClassifier(max_depth=2, random_state=0)


def lifted(p):
    p = np.maximum(p, 1e-3)
    return p / p.sum(axis=1, keepdims=True)


def squares(y, p):
    """Return the squared distance of each row, whose mean is the score as Brier gave it."""
    return np.sum((y - p) ** 2, axis=1)


# Arithmetic


@pytest.mark.parametrize(
    ("teacher", "student", "noise", "bias", "variance"),
    [
        (0.10, 0.30, 0.10, 0.02, 0.08),  # the lead is more than the variance: the student is biased
        (0.10, 0.18, 0.10, 0.02, 0.08),  # as much
        (0.10, 0.15, 0.10, 0.065, 0.08),  # less: the teacher is biased
        (0.15, 0.15, 0.10, 0.14, 0.08),  # no lead
        (0.23, 0.15, 0.10, 0.26, 0.08),  # behind by as much as the student varies
        (0.10, 0.20, 0.02, 0.02, 0.00),  # the student varies no more than the teacher errs
        (0.20, 0.15, 0.01, 0.095, 0.00),  # nor here, and the teacher is behind
        (0.10, 0.20, -0.05, 0.02, 0.00),  # it is modest
    ],
)
def test_arithmetic(teacher, student, noise, bias, variance):
    result = Reading(teacher, student, noise, presumed=0.02)
    assert_allclose(result.excess, student - teacher)
    assert_allclose(result.variance, variance, atol=1e-15)
    assert_allclose(result.bias, bias)
    expected = 1.0 if variance == 0.0 else bias / (bias + variance)
    assert_allclose(result.strength, expected)


def test_both_scales_must_see_the_variance():
    varies, calm = Reading(0.1, 0.3, 0.2, 0.02), Reading(0.1, 0.3, 0.01, 0.02)
    assert varies.strength == pytest.approx(0.1)
    for pair in ((varies, calm), (calm, varies)):
        assert Shrinkage(*pair, softened=0.3).strength == 1.0
    other = Reading(0.1, 0.3, 0.08, 0.02)
    assert Shrinkage(varies, other, softened=0.3).strength == other.strength == 0.25


def test_limits():
    assert Reading(0.0, 0.0, 0.0, 0.0).strength == 1.0  # nothing to gain
    assert Reading(0.0, 0.2, 0.2, 0.0).strength == 0.0  # a perfect teacher
    behind = [Reading(0.3 + lag, 0.3, 0.3, 0.001).strength for lag in (0.0, 0.299, 10.0, 1e6)]
    assert_allclose(behind, [0.6, 0.75, 0.98, 1.0], atol=2e-3)


def test_the_presumed_bias_falls_with_the_root_of_the_rows():
    assert bias_share(10) == bias_share(756) == 0.08
    assert_allclose(bias_share(3025), 0.04)
    assert_allclose(bias_share(4 * 3025), 0.02)


def test_record():
    record = Shrinkage(Reading(0.1, 0.15, 0.1, 0.02), Reading(0.3, 0.5, 0.1, 0.02), 0.4).to_dict()
    assert list(record) == ["brier", "log_loss", "softened", "strength"]
    for scale in ("brier", "log_loss"):
        assert list(record[scale]) == [
            "teacher", "student", "noise", "presumed", "excess", "variance", "bias", "strength",
        ]  # fmt: skip
    assert_allclose(record["strength"], 0.065 / 0.145)


# Continuity


losses, noises = st.floats(0.0, 5.0), st.floats(-1.0, 5.0)
shares = st.floats(1e-3, 0.5)
steps = st.floats(-0.02, 0.02)


@given(losses, losses, noises, shares, st.tuples(steps, steps, steps))
@example(0.1, 0.1 + 1e-9, 0.05, 0.02, (0.001, 0.0, 0.0))  # across the end of the lead
@example(0.1, 0.1, 0.02, 0.02, (0.0, 0.0, 0.001))  # across the end of the variance
@example(0.1, 0.1, 0.06, 0.02, (0.001, 0.0, 0.001))
def test_a_small_change_changes_the_strength_slightly(teacher, student, noise, presumed, step):
    """At most (1 + 3/8) |d noise| + 3/8 |d excess| over the presumed bias."""
    before = Reading(teacher, student, noise, presumed)
    after = Reading(teacher + step[0], student + step[1], noise + step[2], presumed)
    bound = (1.375 * abs(step[2]) + 0.375 * abs(after.excess - before.excess)) / presumed
    assert 0.0 <= before.strength <= 1.0
    assert abs(after.strength - before.strength) <= bound + 1e-9


@given(losses, losses, noises, shares, st.floats(0.0, 1.0))
def test_monotone(teacher, student, noise, presumed, more):
    """A better teacher never raises the strength, nor does a student that varies more and leads."""
    at = Reading(teacher, student, noise, presumed).strength
    tiny = 1e-12
    assert Reading(teacher + more, student, noise, presumed).strength >= at - tiny
    assert Reading(teacher, student + more, noise, presumed).strength <= at + tiny
    assert Reading(teacher, student, noise, presumed + more).strength >= at - tiny
    if noise + more - presumed <= student - teacher:
        assert Reading(teacher, student, noise + more, presumed).strength <= at + tiny


@given(losses, losses, noises, shares, st.floats(0.5, 2.0))
def test_the_unit_of_a_scale_plays_no_part(teacher, student, noise, presumed, unit):
    """Brier scores of two classes may be summed over both or be those of one."""
    one = Reading(teacher, student, noise, presumed).strength
    other = Reading(unit * teacher, unit * student, unit * noise, unit * presumed).strength
    assert_allclose(one, other, atol=1e-9)


N_ROWS, PARTS = 60, 3


def pool_of_predictions(seed, n_classes, sharpness):
    """Labels, a teacher's probabilities, a student's out of fold and within, from random scores."""
    rng = np.random.default_rng([seed, n_classes])
    codes = np.arange(N_ROWS) % n_classes
    scores = rng.normal(size=(3, N_ROWS, n_classes)) + 2.0 * np.eye(n_classes)[codes]
    scores *= np.array([1.0, sharpness, 2.0 * sharpness])[:, None, None]
    return codes, scores


class Remembering:
    """A fitted student that says of the training rows what it is told to; rows are their number."""

    def __init__(self, p):
        self.p = p

    def predict_proba(self, X):
        return self.p[X[:, 0]]


def shrinkage_of(codes, scores, weight=None):
    teacher, student, inside = softmax(scores, axis=2)
    numbers = np.arange(N_ROWS)
    splits = list(KFold(PARTS).split(numbers))
    folds = make_folds(splits, numbers[:, None], codes)
    fitted = tuple(Remembering(inside) for _ in splits)
    direct = OutOfFold.gather(tuple(student[test] for _, test in splits), folds, fitted)
    return shrink(direct, check_data(numbers[:, None], codes, None, None), teacher, folds, weight)


@given(
    seed=st.integers(0, 10**6),
    n_classes=st.integers(2, 5),
    sharpness=st.floats(0.2, 4.0),
    size=st.floats(1e-6, 1e-2),
    who=st.sampled_from([(0,), (1,), (2,), (0, 1, 2)]),
)
@settings(max_examples=60)
def test_slightly_other_predictions_change_the_strength_slightly(
    seed, n_classes, sharpness, size, who
):
    """Log-odds of the teacher, of the student out of fold and of those within are moved a little.

    A log-loss changes by at most the span of the moves; the Brier score by at most that as well.
    Ten times that over the smallest presumed bias bounds the change of the strength.
    """
    codes, scores = pool_of_predictions(seed, n_classes, sharpness)
    before = shrinkage_of(codes, scores)
    moved = scores.copy()
    rng = np.random.default_rng(seed)
    for number in who:
        moved[number] += rng.uniform(-size, size, size=moved[number].shape)
    after = shrinkage_of(codes, moved)
    assert 0.0 <= before.strength <= 1.0
    smallest = min(
        reading.presumed for each in (before, after) for reading in (each.brier, each.log_loss)
    )
    largest = 1.0 + np.abs(scores).max()  # the entropy's slope goes with the scores
    assert abs(after.strength - before.strength) <= 10.0 * size * largest / smallest


def test_a_teacher_that_loses_its_lead_bit_by_bit():
    """From a good teacher to noise: the strength climbs, without a jump where the lead ends."""
    codes, scores = pool_of_predictions(3, 3, 3.0)
    noise = np.random.default_rng(0).normal(size=scores[0].shape)
    strengths, leads = [], []
    for share in np.linspace(0.0, 1.0, 401):
        mixed = scores.copy()
        mixed[0] = (1.0 - share) * scores[0] + share * noise
        found = shrinkage_of(codes, mixed)
        strengths.append(found.strength)
        leads.append(found.brier.excess)
    assert leads[0] > 0.0 > leads[-1]
    assert np.abs(np.diff(strengths)).max() < 0.02
    assert strengths[0] + 0.1 < strengths[-1] < 1.0


# Against a calculation by hand


@any_classes
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize(
    "cv",
    [
        StratifiedKFold(3, shuffle=True, random_state=0),
        RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
        TimeSeriesSplit(3),
    ],
    ids=["partition", "repeated", "time"],
)
@pytest.mark.parametrize(
    "student",
    [SMALL, DecisionTreeRegressor(max_depth=3, random_state=0)],
    ids=["classifier", "regressor"],
)
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")
def test_against_a_loop(n_classes, weighted, cv, student):
    data = DATA[n_classes]
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else None
    model = DistilledClassifier(GaussianNB(), student, cv=cv, calibration=None)
    model.fit(data.X, data.y, sample_weight=weight)
    names = ("teacher", "student", "disagreement")
    totals = {name: [] for name in (*names, "log teacher", "log student", "expected")}
    splits = list(cv.split(data.X, data.y))
    out, times, inside = np.zeros_like(data.one_hot), np.zeros(len(data.y)), []

    def total(values, rows):
        own = np.ones(len(rows)) if weight is None else weight[rows]
        return own @ values, own.sum()

    for train, test in splits:
        w = None if weight is None else weight[train]
        fitted = clone(student)
        if student is SMALL:
            fitted.fit(data.X[train], data.y[train], sample_weight=w)
            predict = fitted.predict_proba
        else:
            target = data.one_hot[train]
            target = target[:, 1] if n_classes == 2 else target
            fitted.fit(data.X[train], target, sample_weight=w)

            def predict(X, fitted=fitted):
                p = fitted.predict(X)
                return np.column_stack([1.0 - p, p]) if p.ndim == 1 else p

        own, said, y = predict(data.X[test]), model.teacher_proba_[test], data.one_hot[test]
        totals["student"].append(total(squares(y, own), test))
        totals["teacher"].append(total(squares(y, said), test))
        own, said = lifted(own), lifted(said)
        totals["log student"].append(total(-np.log(own[y == 1.0]), test))
        totals["log teacher"].append(total(-np.log(said[y == 1.0]), test))
        totals["expected"].append(total(-np.sum(own * np.log(own), axis=1), test))
        out[test] += predict(data.X[test])
        times[test] += 1
        inside.append(predict(data.X))
    for p, (train, _) in zip(inside, splits, strict=True):
        rows = train[times[train] > 0]
        if len(rows):
            mean_out = out[rows] / times[rows, None]
            totals["disagreement"].append(total(squares(mean_out, p[rows]), rows))
    expected = {
        name: np.sum([part for part, _ in parts]) / np.sum([mass for _, mass in parts])
        for name, parts in totals.items()
    }
    known = times > 0
    share = np.average(
        data.one_hot[known], axis=0, weights=None if weight is None else weight[known]
    )
    w = np.ones(known.sum()) if weight is None else weight[known]
    tau = min(0.08, 2.2 * np.sqrt(np.sum(w**2)) / w.sum())
    shrinkage = model.report_.shrinkage
    by_hand = {
        "brier": {
            "teacher": expected["teacher"],
            "student": expected["student"],
            "noise": expected["disagreement"] / 2,
            "presumed": min(tau * np.sum(share * (1.0 - share)), expected["teacher"]),
        },
        "log_loss": {
            "teacher": expected["log teacher"],
            "student": expected["log student"],
            "noise": (expected["log student"] - expected["expected"]) / 2,
            "presumed": min(-tau * np.sum(share * np.log(share)), expected["log teacher"]),
        },
    }
    for scale, values in by_hand.items():
        for name, value in values.items():
            assert_allclose(shrinkage[scale][name], value, rtol=1e-9, err_msg=f"{scale} {name}")
    assert model.strength_ == shrinkage["strength"] == model.report_.strength
    assert model.report_.mean_gain == pytest.approx(model.strength_)


def test_the_presumed_bias_goes_by_the_effective_number_of_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 2))
    y = (rng.random(2000) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
    weight = np.where(np.arange(2000) % 2, 1.0, 3.0)
    for w, n_rows in ((None, 2000), (weight, 1600), (7.0 * weight, 1600)):
        model = DistilledClassifier(GaussianNB(), SMALL, cv=2, random_state=0)
        model.fit(X, y, sample_weight=w)
        share = np.average(y, weights=w)
        presumed = model.report_.shrinkage["brier"]["presumed"]
        assert_allclose(presumed, 2.2 / np.sqrt(n_rows) * 2.0 * share * (1.0 - share))


def test_score_of_two_classes_is_twice_that_of_one_of_them():
    data = DATA[2]
    model = DistilledClassifier(GaussianNB(), SMALL, calibration=None, random_state=0)
    model.fit(data.X, data.y)
    expected = brier_score_loss(data.y, model.teacher_proba_[:, 1], pos_label="yes")
    assert_allclose(model.report_.shrinkage["brier"]["teacher"], 2.0 * expected)


# What it does


@any_classes
def test_teacher_without_a_lead_leaves_the_direct_student(n_classes):
    """To the last bit, and with calibration on: the teacher has no say."""
    data = DATA[n_classes]

    class Weak(DummyClassifier):
        """Prior probabilities with a ripple; a constant to the last bit is refused."""

        def predict_proba(self, X):
            p = (
                super().predict_proba(X)
                + 1e-6 * np.sin(np.arange(len(X)))[:, None] * [1, -1, 0][:n_classes]
            )
            return p / p.sum(axis=1, keepdims=True)

    student = LogisticRegression()
    model = DistilledClassifier(Weak(), student, random_state=0).fit(data.X, data.y)
    assert model.strength_ == 1.0
    direct = clone(student).fit(data.X, data.y)
    assert_array_equal(model.predict_proba(data.X), direct.predict_proba(data.X))


@pytest.mark.parametrize(
    ("student", "changes"),
    [
        (SMALL, {"loss": "cross_entropy", "temperature": 2.0}),
        (LogisticRegression(), {"temperature": 3.0}),
        (DecisionTreeRegressor(max_depth=2, random_state=0), {"loss": "logit"}),
    ],
    ids=["tree", "logistic", "logit"],
)
def test_a_found_strength_of_one_is_the_direct_student_on_any_scale(student, changes):
    """The full correction at a temperature is not the label, and far worse than it."""
    data = DATA[2]
    teacher = DummyClassifier(strategy="stratified", random_state=0)
    model = DistilledClassifier(teacher, student, random_state=0, **changes).fit(data.X, data.y)
    assert model.strength_ == 1.0
    direct = DistilledClassifier(teacher, student, random_state=0, strength=1.0)
    expected = direct.fit(data.X, data.y).predict_proba(data.X)
    assert_array_equal(model.predict_proba(data.X), expected)
    assert model.report_.calibration == "sigmoid"


@any_classes
def test_overfitting_student_is_taught_and_a_small_one_hardly(n_classes):
    data = DATA[n_classes]
    forest = RandomForestClassifier(30, min_samples_leaf=5, random_state=0, n_jobs=1)
    deep, small = (
        DistilledClassifier(forest, student, random_state=0, cv=3).fit(data.X, data.y)
        for student in (DEEP, DecisionTreeClassifier(max_depth=1, random_state=0))
    )
    assert deep.strength_ < 0.4
    assert small.strength_ > 0.5
    by_brier, by_small = (model.report_.shrinkage["brier"] for model in (deep, small))
    assert 2.0 * by_brier["noise"] == pytest.approx(by_brier["student"])  # it knows its rows
    assert by_brier["noise"] > 3.0 * by_small["noise"]


def test_noise_is_not_learnt():
    """Labels without any relation to the features: the student is no worse than the prior."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), np.repeat([0, 1], 100)
    model = DistilledClassifier(LogisticRegression(), DEEP, random_state=0).fit(X, y)
    fresh = rng.normal(size=(500, 3))
    p = model.predict_proba(fresh)[:, 1]
    direct = clone(DEEP).fit(X, y).predict_proba(fresh)[:, 1]
    assert np.mean((p - 0.5) ** 2) < 0.5 * np.mean((direct - 0.5) ** 2)


# What it costs


@pytest.mark.parametrize(
    ("cv", "n_repeats", "n_folds"),
    [
        (4, 1, 4),
        (3, 2, 6),
        (KFold(3), 1, 3),
        (RepeatedStratifiedKFold(n_splits=2, n_repeats=3), 1, 6),
    ],
    ids=["4", "3 x 2", "KFold", "repeated"],
)
@pytest.mark.parametrize("strength", ["auto", 0.5])
def test_number_of_fits(cv, n_repeats, n_folds, strength):
    data = DATA[2]
    teacher_fits, student_fits = CountingTeacher.watch(), SpyTree.watch()
    model = DistilledClassifier(
        CountingTeacher(), SpyTree(max_depth=2), cv=cv, n_repeats=n_repeats, strength=strength
    )
    model.fit(data.X, data.y)
    assert len(teacher_fits) == model.report_.n_teacher_fits == n_folds
    # One that is distilled is kept to the size of a direct one.
    expected = 1 + (model.strength_ < 1.0) + (n_folds if strength == "auto" else 0)
    assert len(student_fits) == model.report_.n_student_fits == expected
    assert all(n < len(data.y) for n in teacher_fits)  # never on all rows


def test_number_of_fits_with_given_probabilities():
    data = DATA[2]
    student_fits = SpyTree.watch()
    model = DistilledClassifier(None, SpyTree(max_depth=2), cv=4)
    model.fit(data.X, data.y, teacher_proba=data.teacher)
    assert len(student_fits) == model.report_.n_student_fits == 5 + (model.strength_ < 1.0)
    assert model.report_.n_teacher_fits == 0
    assert model.report_.shrinkage is not None


@pytest.mark.parametrize("correction", [None, Fast(c=0.1), Slow(c=0.1)], ids=repr)
def test_strength_that_plays_no_part_is_not_sought(correction):
    data = DATA[2]
    student_fits = SpyTree.watch()
    model = DistilledClassifier(GaussianNB(), SpyTree(max_depth=2), correction=correction)
    model.fit(data.X, data.y)
    assert len(student_fits) == 2  # itself, and one directly for its size
    assert model.report_.shrinkage is None
    assert model.strength_ == (0.0 if correction is None else None)


@pytest.mark.parametrize(
    "correction", ["orthogonal", "fast", "slow", "relative", "absolute", "power"]
)
@any_classes
def test_every_correction_by_name_follows_the_strength(correction, n_classes):
    data = DATA[n_classes]
    gains = []
    for strength in (0.0, 0.3, 0.7, 1.0):
        model = DistilledClassifier(None, SMALL, correction=correction, strength=strength)
        model.fit(data.X, data.y, teacher_proba=data.teacher)
        gains.append(model.report_.mean_gain)
    assert gains[0] == 0.0
    assert gains[-1] == 1.0
    assert gains == sorted(gains)
    auto = DistilledClassifier(GaussianNB(), DEEP, correction=correction).fit(data.X, data.y)
    assert 0.0 <= auto.strength_ < 1.0


def test_folds_of_the_strength_are_those_of_the_teacher():
    data = DATA[2]
    calls = SpyTree.watch()
    cv = [(np.arange(120), np.arange(120, 240)), (np.arange(120, 240), np.arange(120))]
    X = np.column_stack([np.arange(240), data.X])
    DistilledClassifier(GaussianNB(), SpyTree(max_depth=2), cv=cv).fit(X, data.y)
    assert_array_equal(calls[0]["X"][:, 0], np.arange(120))
    assert_array_equal(calls[1]["X"][:, 0], np.arange(120, 240))
    assert len(calls[2]["X"]) >= 240


# Refitting the student


@pytest.fixture
def fitted():
    data = DATA[2]
    CountingTeacher.watch()
    model = DistilledClassifier(
        CountingTeacher(), SMALL, strength=0.5, random_state=0, calibration="sigmoid"
    )
    return model.fit(data.X, data.y)


@pytest.mark.parametrize(
    "changes",
    [
        {"student": GaussianNB()},
        {"student": DecisionTreeRegressor(max_depth=2, random_state=0), "loss": Logit()},
        {"student__max_depth": 1},
        {"loss": "brier"},
        {"loss": "cross_entropy", "temperature": 2.0},
        {"temperature": 0.5},
        {"correction": "slow"},
        {"correction": None, "strength": "auto"},
        {"strength": 0.0},
        {"strength": "auto"},
        {"calibration": None},
        {"calibration": "isotonic"},
        {"device": "cpu"},
        {},
    ],
    ids=lambda changes: ",".join(changes) or "nothing",
)
def test_refit_is_a_fit_without_the_teacher(fitted, changes):
    data = DATA[2]
    before = fitted.predict_proba(data.X)
    parameters = {k: repr(v) for k, v in fitted.get_params().items()}
    fits = CountingTeacher.watch()
    refitted = fitted.refit_student(data.X, data.y, **changes)
    assert fits == []
    assert refitted is not fitted
    assert refitted.report_.n_teacher_fits == 0
    assert_array_equal(refitted.teacher_proba_, fitted.teacher_proba_)
    assert_array_equal(refitted.fold_, fitted.fold_)
    assert set(refitted.fold_) == set(range(5))
    fresh = clone(fitted).set_params(**changes).fit(data.X, data.y)
    assert_array_equal(refitted.predict_proba(data.X), fresh.predict_proba(data.X))
    assert refitted.strength_ == fresh.strength_
    # The one refitted is left alone.
    assert_array_equal(fitted.predict_proba(data.X), before)
    assert {k: repr(v) for k, v in fitted.get_params().items()} == parameters
    again = refitted.refit_student(data.X, data.y, **changes)  # and can be refitted in turn
    assert_array_equal(again.predict_proba(data.X), refitted.predict_proba(data.X))


@pytest.mark.parametrize(
    "changes",
    [
        {"teacher": GaussianNB()},
        {"teacher__fails_on": 3},
        {"cv": 3},
        {"n_repeats": 2},
        {"random_state": 1},
        {"memory": "cache"},
        {"n_jobs": 2},
        {"no_such_thing": 1},
        {"strength": 0.1, "cv": 3},
    ],
    ids=",".join,
)
def test_refit_refuses_what_concerns_the_teacher(fitted, changes):
    data = DATA[2]
    with pytest.raises(ParameterError, match=r"can change student, loss.*teacher's pass"):
        fitted.refit_student(data.X, data.y, **changes)


def test_refit_checks_parameters_as_fit_does(fitted):
    data = DATA[2]
    with pytest.raises(ParameterError, match="strength"):
        fitted.refit_student(data.X, data.y, strength=2.0)
    with pytest.raises(ValueError, match="depth"):
        fitted.refit_student(data.X, data.y, student__depth=2)


def test_refit_needs_the_same_rows(fitted):
    data = DATA[2]
    others = np.where(data.y == "yes", "no", "yes"), data.codes
    for y in (data.y[::-1], data.y[:-1], *others):
        with pytest.raises(InputError, match=r"labels that the estimator was fitted on.*Call fit"):
            fitted.refit_student(data.X[: len(y)], y, strength=0.1)
    as_list = fitted.refit_student(data.X, list(data.y), strength=0.1)
    assert as_list.strength_ == 0.1


def test_refit_needs_the_same_number_of_rows_in_x(fitted):
    with pytest.raises(ValueError, match="inconsistent"):
        fitted.refit_student(DATA[2].X[:-1], DATA[2].y)


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")
def test_refit_with_weights_and_uncovered_rows():
    data = DATA[2]
    weight = np.where(np.arange(240) % 7 == 0, 0.0, np.linspace(0.5, 2.0, 240))
    for cv in (3, TimeSeriesSplit(4)):
        model = DistilledClassifier(CountingTeacher(), SMALL, cv=cv, random_state=0)
        model.fit(data.X, data.y, sample_weight=weight)
        fits = CountingTeacher.watch()
        refitted = model.refit_student(data.X, data.y, sample_weight=weight, strength=0.3)
        assert fits == []
        fresh = clone(model).set_params(strength=0.3).fit(data.X, data.y, sample_weight=weight)
        assert_array_equal(refitted.predict_proba(data.X), fresh.predict_proba(data.X))
        assert refitted.report_.n_rows == fresh.report_.n_rows
        auto = model.refit_student(data.X, data.y, sample_weight=weight, student=DEEP)
        assert 0.0 < auto.strength_ <= 1.0


def test_refit_of_repeated_folds():
    data = DATA[2]
    model = DistilledClassifier(CountingTeacher(), SMALL, cv=3, n_repeats=2, random_state=0)
    model.fit(data.X, data.y)
    fits = CountingTeacher.watch()
    refitted = model.refit_student(data.X, data.y)
    assert fits == []
    assert refitted.strength_ == model.strength_
    assert_array_equal(refitted.predict_proba(data.X), model.predict_proba(data.X))


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)], ids=str)
def test_refit_keeps_folds_that_were_drawn_by_chance(random_state):
    data = DATA[2]
    model = DistilledClassifier(GaussianNB(), DEEP, random_state=random_state)
    model.fit(data.X, data.y)
    refitted = model.refit_student(data.X, data.y).refit_student(data.X, data.y)
    assert refitted.strength_ == model.strength_
    assert_array_equal(refitted.fold_, model.fold_)
    assert_array_equal(refitted.predict_proba(data.X), model.predict_proba(data.X))


def test_refit_refuses_a_splitter_that_draws_other_folds():
    data = DATA[2]
    model = DistilledClassifier(GaussianNB(), DEEP, cv=StratifiedKFold(5, shuffle=True))
    model.fit(data.X, data.y)
    with pytest.raises(FoldError, match=r"other folds than for fit.*random_state.*list\("):
        model.refit_student(data.X, data.y)
    assert model.refit_student(data.X, data.y, strength=0.5).strength_ == 0.5  # needs no folds


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")
def test_time_ordered_folds_teach_forwards():
    data = DATA[2]
    model = DistilledClassifier(GaussianNB(), DEEP, cv=TimeSeriesSplit(4)).fit(data.X, data.y)
    assert 0.0 < model.strength_ < 1.0
    assert model.report_.n_uncovered == 48
    with pytest.warns(CoverageWarning, match="48 of 240"):
        DistilledClassifier(GaussianNB(), DEEP, cv=TimeSeriesSplit(4)).fit(data.X, data.y)


def test_pipeline_student_is_fitted_within_each_fold():
    """Scaling sees the training rows of the fold only."""
    data = DATA[2]
    student = make_pipeline(StandardScaler(), DEEP)
    bare = DistilledClassifier(GaussianNB(), DEEP, random_state=0).fit(data.X, data.y)
    scaled = DistilledClassifier(GaussianNB(), student, random_state=0).fit(data.X, data.y)
    assert_allclose(scaled.strength_, bare.strength_, rtol=0.1)


class Sulky(DecisionTreeClassifier):
    """Refuses to be trained."""

    def fit(self, X, y, sample_weight=None):
        raise RuntimeError("not today")


def test_a_student_that_fails_is_not_called_a_teacher():
    data = DATA[2]
    with pytest.raises(StudentError, match=r"the student Sulky .*not today.*strength as a number"):
        DistilledClassifier(GaussianNB(), Sulky(), random_state=0).fit(data.X, data.y)


def test_every_teacher_of_a_list_needs_probabilities():
    data = DATA[2]
    teachers = [("bayes", GaussianNB()), ("line", RidgeClassifier())]
    with pytest.raises(TeacherError, match=r"'line' cannot be used: .*got RidgeClassifier without"):
        DistilledClassifier(teachers, SMALL).fit(data.X, data.y)


# Stacked calibration


@any_classes
def test_stacked_blends_in_the_direct_students_own_probabilities(n_classes):
    """Against the formula, with the student's out-of-fold probabilities from scikit-learn."""
    data = DATA[n_classes]
    teacher = GaussianNB()
    settings = {"cv": 3, "random_state": 0, "strength": 0.3}
    model = DistilledClassifier(teacher, SMALL, calibration="stacked", **settings)
    model.fit(data.X, data.y)
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    raw, own = (
        cross_val_predict(learner, data.X, data.y, cv=cv, method="predict_proba")
        for learner in (teacher, SMALL)
    )
    fitted = calibrate("stacked", data.one_hot, raw, None, own)
    p = fitted.transform(raw, own)
    assert_allclose(model.calibrated_proba_, p, atol=1e-9)
    again = DistilledClassifier(None, SMALL, calibration=None, **settings)
    again.fit(data.X, data.y, teacher_proba=p)
    assert_allclose(model.predict_proba(data.X), again.predict_proba(data.X), atol=1e-9)
    assert model.report_.n_student_fits == 5


def test_stacked_and_auto_share_the_direct_students():
    data = DATA[2]
    calls = SpyTree.watch()
    model = DistilledClassifier(
        GaussianNB(), SpyTree(max_depth=3, random_state=0), calibration="stacked", cv=3
    ).fit(data.X, data.y)
    assert len(calls) == 4 + (model.strength_ < 1.0) == model.report_.n_student_fits
    assert model.report_.shrinkage is not None
    refitted = model.refit_student(data.X, data.y, calibration="sigmoid")
    assert isinstance(refitted.calibration_, Scaling)


def test_stacked_has_nothing_to_say_of_transfer_rows():
    data = DATA[2]
    model = DistilledClassifier(GaussianNB(), SMALL, calibration="stacked", cv=3)
    with pytest.raises(ParameterError, match="X_transfer have none of: pass calibration='sigmoid'"):
        model.fit(data.X, data.y, X_transfer=data.X)


@pytest.mark.filterwarnings("ignore:.*no test fold")
def test_strength_found_to_be_1_trains_on_rows_without_a_teacher_too():
    """They have a label, and are left out only where the teacher's is needed."""
    X, y = DATA[2].X, DATA[2].y
    stump, cv = DecisionTreeClassifier(max_depth=1), TimeSeriesSplit(4)
    model = DistilledClassifier(stump, LogisticRegression(), cv=cv).fit(X, y)
    assert model.strength_ == 1.0
    assert (model.report_.n_rows, model.report_.n_uncovered) == (len(y), 0)
    alone = LogisticRegression().fit(X, y)
    assert_array_equal(model.predict_proba(X), alone.predict_proba(X))
    n_first = int(np.isnan(model.teacher_proba_[:, 0]).sum())
    assert n_first == len(y) // 5
    given = model.refit_student(X, y, strength=1.0)
    assert (given.report_.n_rows, given.report_.n_uncovered) == (len(y) - n_first, n_first)
