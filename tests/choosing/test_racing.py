"""Racing: who is dropped, who never is, and that what stays is what it was: for both tasks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import make_scorer, max_error
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill._ground.data import check_data
from skdistill.choosing.candidates import Grid, expand
from skdistill.choosing.racing import rounds, survivors
from skdistill.choosing.scores import Board
from skdistill.choosing.scoring import make_judge
from skdistill.exceptions import ParameterError
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool, validation_folds
from tests.common.data import sample
from tests.common.numbers import numbers

TASKS = {
    "classes": (DistilledClassifierCV, GaussianNB(), DecisionTreeClassifier, sample(2, 600)),
    "numbers": (DistilledRegressorCV, LinearRegression(), DecisionTreeRegressor, numbers(1, 600)),
}
LINES = {"classes": LogisticRegression(), "numbers": Ridge()}
each_task = pytest.mark.parametrize("task", TASKS)


@pytest.fixture(scope="module")
def board():
    """Return a function that writes down losses of candidates, as if they had been tried."""
    given = sample(2, 300)
    data = check_data(given.X, given.y, None, None)
    folds = make_folds(3, data.X, data.y, random_state=0)
    pool = fit_pool(GaussianNB(), data.X, data.y, folds, validation_folds(folds, None))

    def written(students, losses, *, tuned=False):
        """Take losses (C,) of candidates, and give each row that much and some noise of its own."""
        grid = Grid(
            (0.5,), (1.0,), ("auto",), ("orthogonal",), (None,), (None,), "cpu", tuned=tuned
        )
        found = expand(students, grid, len(data), data.outcome, weighted=False)
        made = Board(found, data, pool, make_judge())
        rng = np.random.default_rng(0)
        for v, rows in enumerate(made.rows):
            noise = 0.1 * rng.normal(size=rows.shape)
            rows[:] = np.asarray(losses)[:, None] + noise - noise.mean(axis=1, keepdims=True)
            made.loss[:, v] = rows.mean(axis=1)
        return made

    return written


def kept(made, places=(0,), level=0.95):
    how = {"level": level}
    return [made.place(c) for c in survivors(made, made.candidates, places, **how)]


TREE = DecisionTreeClassifier(random_state=0)
GRID = ("tree", TREE, {"max_leaf_nodes": [4, 8]})


def test_who_is_clearly_worse_is_dropped(board):
    """Direct, then strengths .5 and 0."""
    assert kept(board(TREE, [0.0, 0.0, 0.0])) == [0, 1, 2]
    assert kept(board(TREE, [0.0, 0.0, 0.2])) == [0, 1]
    assert kept(board(TREE, [0.0, 0.2, 0.0])) == [0, 2]


def test_each_side_keeps_its_best(board):
    assert kept(board(TREE, [9.0, 0.0, 0.0])) == [0, 1, 2]
    assert kept(board(TREE, [0.0, 9.0, 8.0])) == [0, 2]


def test_points_of_a_grid_do_not_race_each_other_but_tuned_settings_do(board):
    """Direct ones come first; then the distilled ones of the first point, and of the second."""
    assert kept(board(GRID, [9.0, 0.0, 9.0, 9.0, 0.0, 0.0])) == [0, 1, 2, 3, 4, 5]
    tuned = board(TREE, [9.0, 0.0, 0.0, 0.0, *[9.0] * 4, *[0.0, 9.0], *[9.0] * 2], tuned=True)
    assert kept(tuned) == [1, 2, 3, 8]


def test_a_direct_student_stays_with_its_distilled_counterpart(board):
    tuned = board(TREE, [9.0, 0.0, 0.0, 0.0, *[0.0, 9.0], *[9.0] * 6], tuned=True)
    assert kept(tuned) == [0, 1, 2, 3, 4]


def test_more_folds_say_more(board):
    made = board(TREE, [0.0, 0.0, 0.035])
    assert kept(made, (0,)) == [0, 1, 2]
    assert kept(made, (0, 1, 2)) == [0, 1]


def test_the_test_against_its_formula(board):
    """One fold of 100 rows: a t of five degrees of freedom, n_test / n_train one half."""
    made = board(TREE, [0.0, 0.0, 0.03])
    apart = made.rows[0][2] - made.rows[0][1]
    error = apart.std(ddof=1) / np.sqrt(len(apart)) * np.sqrt(1.5)
    level = 2.0 * stats.t.cdf(0.03 / error, 5) - 1.0
    assert kept(made, level=level + 1e-6) == [0, 1, 2]
    assert kept(made, level=level - 1e-6) == [0, 1]


def fitted(task, racing, **settings):
    cv, teacher, tree, data = TASKS[task]
    students = [("tree", tree(random_state=0)), ("line", LINES[task])]
    how = {"cv": 4, "settings": "auto", "random_state": 0, "racing": racing, "strengths": (0, 0.5)}
    how |= {"calibrations": (None,), "size": "free"}
    if task == "classes" and not racing:
        how["student_calibration"] = None  # a race has none
    model = cv(teacher, students, **how | settings)
    return model.fit(data.X, data.y)


def test_students_race_by_one_candidate_before_the_others_are_tried(board):
    """Four settings: a direct one each, then strengths .5 and 0 of each."""
    made = board(TREE, [0.0] * 4 + [0.0, 9.0] + [9.0, 9.0] * 3, tuned=True)
    found = [
        ([made.place(c) for c in running], list(places))
        for running, places in rounds(made, made.candidates, 3)
    ]
    assert found[0] == ([0, 1, 2, 3, 4, 6, 8, 10], [0])
    assert found[1] == ([5], [0])
    assert [places for _, places in found[2:]] == [[1], [2]]
    for running, _ in found[2:]:
        assert set(running) <= {0, 1, 2, 3, 4}
        assert {0, 4} <= set(running)  # the counterpart of what still runs
    lost = np.flatnonzero(made.dropped)
    assert set(lost) == set(range(12)) - set(found[-1][0])


@each_task
def test_what_stays_has_the_same_scores_for_fewer_fits(task):
    free, raced = (fitted(task, racing) for racing in (False, True))
    place = {str(params): i for i, params in enumerate(free.cv_results_["params"])}
    at = [place[str(params)] for params in raced.cv_results_["params"]]
    scores = [
        np.array([each.cv_results_[f"split{v}_test_score"] for v in range(4)])
        for each in (free, raced)
    ]
    known = np.isfinite(scores[1])
    # Not to the last bit: a linear student starts from another that is fitted beside it.
    assert_allclose(scores[1][known], scores[0][:, at][known], rtol=1e-3)
    assert known[0].all()
    assert (np.diff(known.astype(int), axis=0) <= 0).all()  # once dropped, never again
    n_all = len(place)
    assert raced.verdict_.n_dropped == n_all - np.sum(known[-1]) > n_all / 4
    assert free.verdict_.n_dropped == 0
    n_spared = 4 * n_all - np.sum(known)
    assert raced.verdict_.n_student_fits == free.verdict_.n_student_fits - n_spared
    assert raced.untried_ == []
    assert np.isnan(raced.cv_results_["mean_test_score"][~known[-1]]).all()
    assert np.isfinite(raced.cv_results_["mean_fit_time"]).all()
    best = raced.cv_results_["mean_test_score"]
    assert raced.best_score_ == best[raced.best_index_]
    sides = zip(raced.frontier_["student"], raced.frontier_["side"], strict=True)
    assert {side for _, side in sides} == {"direct", "distilled"}
    for kind in raced.verdict_.by_student.values():
        assert np.isfinite(kind.difference)


@each_task
def test_the_verdict_of_a_race_is_chosen_by_the_folds_before(task):
    """Who was dropped after a fold was dropped by its rows: by brute force."""
    model = fitted(task, racing=True, smooth=False, return_row_losses=True)
    table, data = model.cv_results_, TASKS[task][-1]
    score = np.array([table[f"split{v}_test_score"] for v in range(4)])
    direct = table["param_strength"] == 1.0
    for name, kind in model.verdict_.by_student.items():
        gaps, n_rows = [], 0
        for v in range(1, 4):
            test = model.fold_ == v
            chosen = []
            for side in (False, True):
                ran = np.isfinite(score[v]) & (table["param_student"] == name) & (direct == side)
                before = np.where(ran, score[:v].mean(axis=0), -np.inf)
                chosen.append(int(np.argmax(before)))
            losses = model.row_losses_[chosen][:, test]
            gaps.append(losses[0] - losses[1])
            n_rows += test.sum()
        assert kind.n_rows == n_rows < len(data)
        assert kind.difference == pytest.approx(np.concatenate(gaps).mean(), abs=1e-12)


@each_task
def test_together_with_a_time_and_limits(task):
    data = TASKS[task][-1]
    model = fitted(task, racing=True, max_time=1e6, budget={"max_leaves": 60})
    assert model.untried_ == []
    assert model.verdict_.n_dropped > 0
    assert model.best_under(readable=True).predict(data.X).shape == data.y.shape


def test_a_temperature_of_the_students_own_is_refused():
    with pytest.raises(ParameterError, match="racing=True drops candidates by their own"):
        fitted("classes", racing=True, student_calibration="temperature")


@each_task
def test_a_scoring_without_losses_of_rows_is_refused(task):
    scorer = make_scorer(max_error, greater_is_better=False)
    scoring = {"classes": "balanced_accuracy", "numbers": scorer}[task]
    with pytest.raises(ParameterError, match="racing=True compares losses of rows"):
        fitted(task, racing=True, scoring=scoring)
    with pytest.raises(ParameterError, match="racing"):
        fitted(task, racing="often")
