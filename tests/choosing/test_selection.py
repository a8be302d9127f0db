"""Candidates, their smoothing and the choice among them."""

from itertools import pairwise

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import CrossEntropy, Fast
from skdistill._ground.outcomes import Classes
from skdistill.choosing.candidates import Grid, expand, name_students
from skdistill.choosing.scores import Scores
from skdistill.choosing.selection import choose, paired_error, smooth
from skdistill.exceptions import ParameterError, StudentError, StudentTypeError

TREE, LOGISTIC = DecisionTreeClassifier(random_state=0), LogisticRegression()


def grid(**changes):
    settings = {
        "strengths": (0.0, 0.25, 0.5, 0.75, 1.0),
        "temperatures": (1.0,),
        "losses": ("auto",),
        "corrections": ("orthogonal",),
        "calibrations": ("sigmoid",),
        "synthetics": (None,),
        "device": "cpu",
    }
    return Grid(**settings | changes)


def candidates(students=TREE, **changes):
    return expand(students, grid(**changes), 100, Classes(np.arange(2)), weighted=False)


def scored(loss, rows=None, weights=None, **costs):
    loss = np.asarray(loss, dtype=float)
    blank = np.zeros_like(loss)
    rows = () if rows is None else tuple(np.asarray(r, dtype=float) for r in rows)
    if weights is None:
        weights = tuple(np.ones(r.shape[1]) for r in rows)
    size = costs.get("size", blank)[:, 0]
    starts = np.cumsum([0, *(r.shape[1] for r in rows)])
    units = tuple(np.arange(a, b) for a, b in pairwise(starts)) if rows else ()
    said = tuple((np.full((10, 2), 0.5),) for _ in loss.T)
    return Scores(loss, rows, weights, units, blank, costs.get("time", blank), size, said)


# Candidates


@pytest.mark.parametrize(
    ("students", "names"),
    [
        (TREE, ["decisiontreeclassifier"]),
        ([TREE, LOGISTIC], ["decisiontreeclassifier", "logisticregression"]),
        ([TREE, TREE], ["decisiontreeclassifier-1", "decisiontreeclassifier-2"]),
        ((TREE, LOGISTIC), ["decisiontreeclassifier", "logisticregression"]),
        ([("a", TREE), ("b", TREE)], ["a", "b"]),
        (("a", TREE), ["a"]),
        ((TREE, {"max_depth": [1, 2]}), ["decisiontreeclassifier"]),
        (("a", TREE, {"max_depth": [1, 2]}), ["a"]),
        ([("a", TREE), (LOGISTIC, {"C": [1.0]})], ["a", "logisticregression"]),
    ],
)
def test_students_are_named(students, names):
    assert list(name_students(students)) == names


@pytest.mark.parametrize(
    "students",
    [None, [], (), "tree", [("a", TREE), ("a", LOGISTIC)], [(TREE, 3)], [("a",)], [None], [{}]],
)
def test_what_is_no_student_raises(students):
    with pytest.raises(StudentTypeError, match="student"):
        candidates(students)


def test_direct_and_plain_are_always_there():
    found = candidates(strengths=(0.5,))
    assert [(c.is_direct, c.settings.strength) for c in found] == [
        (True, 1.0), (False, 0.5), (False, 0.0),
    ]  # fmt: skip
    for candidate in found:
        assert candidate.params["student"] is TREE
        assert candidate.params["strength"] == candidate.settings.strength


def test_full_correction_is_tried_apart_where_it_is_not_the_direct_student():
    found = candidates(temperatures=(1.0, 2.0), strengths=(0.0, 1.0))
    of = [(c.is_direct, c.settings.loss, c.settings.strength) for c in found]
    warm = CrossEntropy(temperature=2.0)
    assert of == [
        (True, CrossEntropy(), 1.0),
        (False, CrossEntropy(), 0.0),
        (False, warm, 1.0),
        (False, warm, 0.0),
    ]


def test_every_combination_is_there_once():
    found = candidates(
        [("a", TREE, {"max_depth": [1, 2]}), ("b", LOGISTIC)],
        calibrations=(None, "sigmoid"),
        corrections=("orthogonal", "fast", None, Fast(c=0.1)),
        strengths=(0.0, 0.5),
    )
    settings = 2 * (2 + 2 + 1 + 1)  # the last two have no strength to vary
    assert len(found) == 3 * (1 + settings)
    seen = {
        (c.name, str(c.varied), str(c.settings.correction), c.settings.calibration,
         c.settings.strength, c.is_direct)
        for c in found
    }  # fmt: skip
    assert len(seen) == len(found)
    assert {c.group for c in found} == {0, 1, 2}
    assert found[1].params["student"].max_depth == 2


def test_candidates_on_one_route_share_their_adapter():
    found = candidates(LGBMRegressor(verbose=-1), losses=("brier", "cross_entropy"))
    by_route = {}
    for candidate in found:
        by_route.setdefault(candidate.settings.adapter.route.name, set()).add(
            id(candidate.settings.adapter)
        )
    assert {name: len(ids) for name, ids in by_route.items()} == {"regression": 1, "native": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strengths": ()}, "strengths must be a non-empty sequence"),
        ({"losses": "auto"}, "losses must be a non-empty sequence"),
        ({"strengths": 0.5}, "strengths must be a non-empty sequence"),
        ({"strengths": ("auto",)}, "every strength must be a number"),
        ({"strengths": (1.5,)}, "every strength must be a finite number"),
        ({"temperatures": (0.0,)}, "temperature"),
        ({"calibrations": ("platt",)}, "calibration must be one of"),
        ({"corrections": ("none",)}, "correction must be one of"),
        ({"losses": ("brier",), "temperatures": (2.0,)}, "temperature=2.0 has no effect"),
    ],
)
def test_settings_that_cannot_be_raise(changes, message):
    with pytest.raises(ParameterError, match=message):
        candidates(**changes)


def test_a_loss_that_a_student_cannot_minimise_raises():
    with pytest.raises(StudentError, match="logit"):
        candidates(LOGISTIC, losses=("logit",))


def test_what_does_not_go_together_is_left_out():
    found = candidates(losses=("brier", "cross_entropy"), temperatures=(1.0, 2.0))
    seen = {(c.params["loss"], c.params["temperature"]) for c in found if not c.is_direct}
    assert seen == {("brier", 1.0), ("cross_entropy", 1.0), ("cross_entropy", 2.0)}
    found = candidates([LOGISTIC, DecisionTreeRegressor()], losses=("cross_entropy", "logit"))
    seen = {(c.name, c.params["loss"]) for c in found if not c.is_direct}
    assert seen == {("logisticregression", "cross_entropy"), ("decisiontreeregressor", "logit")}


def test_a_student_that_nothing_goes_with_raises():
    with pytest.raises(StudentError, match="cross_entropy"):
        candidates([LOGISTIC, DecisionTreeRegressor()], losses=("cross_entropy",))


# Smoothing


def test_a_parabola_is_left_as_it_is():
    found = candidates()
    at = np.array([c.settings.strength for c in found])
    loss = 0.3 + (at - 0.4) ** 2
    loss[0] = 9.0
    np.testing.assert_allclose(smooth(found, loss), loss, rtol=1e-12)


def test_noise_is_smoothed_by_least_squares_and_the_direct_student_is_not():
    found = candidates(DecisionTreeRegressor())
    at = np.array([c.settings.strength for c in found])
    loss = 0.3 + (at - 0.4) ** 2 + np.array([0.5, 0.01, -0.03, 0.02, 0.0])
    smoothed = smooth(found, loss)
    assert smoothed[0] == loss[0]
    design = np.vander(at[1:], 3)
    expected = design @ np.linalg.lstsq(design, loss[1:], rcond=None)[0]
    np.testing.assert_allclose(smoothed[1:], expected, rtol=1e-9)


def test_short_curves_and_losses_that_are_not_finite_are_left_alone():
    found = candidates(strengths=(0.0, 0.5))
    loss = np.array([3.0, 2.0, 5.0])
    np.testing.assert_array_equal(smooth(found, loss), loss)
    found = candidates()
    loss = np.array([3.0, 2.0, np.inf, 1.0, 2.0])
    np.testing.assert_array_equal(smooth(found, loss), loss)


# Choice


def test_the_smallest_mean_wins_and_of_equals_the_direct_student():
    found = candidates(strengths=(0.0, 0.5))
    assert choose(found, scored([[2, 4], [1, 1], [5, 0]])) == 1
    assert choose(found, scored([[1, 1], [1, 1], [1, 1]])) == 0
    assert choose(found, scored([[1, 1], [1, 2], [1, 1]]), among=[1, 2]) == 2
    assert choose(found, scored([[1, 1], [np.nan, 0], [1, 2]])) == 0


def test_smoothing_can_be_left_out():
    found = candidates(strengths=np.arange(7) * 0.15)
    at = np.array([c.settings.strength for c in found])
    loss = 0.2 + (at - 0.3) ** 2
    loss[np.isclose(at, 0.6)] = 0.19  # a lucky point
    scores = scored(loss[:, None] * np.ones(2))
    assert at[choose(found, scores, smoothed=False)] == pytest.approx(0.6)
    assert at[choose(found, scores)] == pytest.approx(0.3)


def test_within_one_standard_error_the_smaller_is_preferred():
    found = candidates(strengths=(0.0, 0.5))
    rng = np.random.default_rng(0)
    base = rng.random(50)
    rows = [np.array([base + 1.0, base + 0.02 * rng.standard_normal(50), base - 0.0005])] * 2
    loss = np.array([[r.mean(axis=1)[c] for r in rows] for c in range(3)])
    size = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    scores = scored(loss, rows, size=size)
    assert choose(found, scores) == 2
    assert choose(found, scores, prefer="smaller") == 1
    steady = [np.array([base + 1.0, base, base - 0.0005])] * 2
    loss = np.array([[r.mean(axis=1)[c] for r in steady] for c in range(3)])
    assert choose(found, scored(loss, steady, size=size), prefer="smaller") == 2


def test_within_one_standard_error_the_faster_student_is_preferred():
    """By the student's time: that of its settings differs by the noise of the clock only."""
    found = candidates([("slow", TREE), ("fast", LOGISTIC)], strengths=(0.0, 0.5))
    names = [(c.name, c.settings.strength) for c in found]
    rng = np.random.default_rng(0)
    base = rng.random(50)
    apart = {("slow", 0.0): -0.001, ("slow", 0.5): -0.0009, ("fast", 0.0): 0.0005}
    noise = 0.02 * rng.standard_normal((len(found), 50))
    noise -= noise.mean(axis=1, keepdims=True)
    rows = [np.array([base + apart.get(name, 1.0) for name in names]) + noise] * 2
    loss = np.array([r.mean(axis=1) for r in rows]).T
    time = np.array([[5.0 if name == "slow" else 2.0] * 2 for name, _ in names])
    time[names.index(("slow", 0.5))] = 1.0
    time[names.index(("fast", 0.0))] = 9.0
    scores = scored(loss, rows, time=time)
    assert names[choose(found, scores)] == ("slow", 0.0)
    assert names[choose(found, scores, prefer="faster")] == ("fast", 0.0)
    slow = [i for i, (name, _) in enumerate(names) if name == "slow"]
    chosen = choose(found, scores, prefer="faster", among=slow)
    assert names[chosen] == ("slow", 0.0)


def test_the_error_of_a_preference_is_that_of_weighted_rows():
    """The smaller student is close where the rows on which it differs hardly weigh."""
    found = candidates(strengths=(0.0, 0.5))
    noise = np.tile([1.0, -1.0], 50)
    noise[20:] = 0.0  # of 100 rows, 20 differ
    rows = [np.array([np.full(100, 2.0), 0.5 + noise, np.full(100, 0.48)])]
    size = np.array([[1.0], [2.0], [3.0]])
    weight = np.where(noise == 0.0, 2.0, 0.02)
    loss = np.average(rows[0], axis=1, weights=weight)[:, None]
    scores = scored(loss, rows, (weight,), size=size)
    apart = rows[0][1] - rows[0][2]
    parts = weight * (apart - 0.02)
    error = np.sqrt(100 / 99 * np.sum(parts**2)) / weight.sum()
    assert paired_error(scores, 1, 2) == pytest.approx(error)
    assert error < 0.02 < paired_error(scored(loss, rows), 1, 2)
    assert choose(found, scores, prefer="smaller") == 2
    assert choose(found, scored(loss, rows, size=size), prefer="smaller") == 1


def test_the_paired_error_is_that_of_the_mean_difference():
    rng = np.random.default_rng(0)
    rows = [rng.random((2, 40)), rng.random((2, 60))]
    weights = (np.ones(40), np.ones(60))
    apart = np.concatenate([r[0] - r[1] for r in rows])
    error = paired_error(scored(np.zeros((2, 2)), rows, weights), 0, 1)
    assert error == pytest.approx(apart.std(ddof=1) / 10.0)
    heavy = (np.r_[2.0, np.ones(39)], np.ones(60))
    twice = [np.column_stack([rows[0][:, :1], rows[0]]), rows[1]]
    weighted = paired_error(scored(np.zeros((2, 2)), rows, heavy), 0, 1)
    repeated = paired_error(scored(np.zeros((2, 2)), twice), 0, 1)
    assert weighted == pytest.approx(repeated, rel=0.05)
    folds = scored([[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]])
    assert paired_error(folds, 0, 1) == pytest.approx(np.std([1, 2, 4], ddof=1) / 3**0.5)
