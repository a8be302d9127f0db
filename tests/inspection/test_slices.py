"""Slices: found on one half of the rows, judged on the other, and named so that one can look."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.inspection import DistillationReport, TeacherReport
from skdistill.inspection._conditions import columns_of, in_words
from skdistill.inspection.slices import find_slices

N_ROWS, FAST = 400, {"latency_rows": (1,), "budget": 0.0}
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "age": RNG.integers(18, 80, N_ROWS),
        "job": RNG.choice(["admin", "nurse", "smith"], N_ROWS),
        "smoker": RNG.random(N_ROWS) < 0.4,
        "income": np.exp(RNG.normal(8.0, 1.0, N_ROWS)),
        "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(RNG.integers(0, 100, N_ROWS), "D"),
        "gap": np.where(RNG.random(N_ROWS) < 0.3, np.nan, RNG.normal(size=N_ROWS)),
        "floor": RNG.choice([0, 1], N_ROWS),
    }
)
# By the words for them, which rows lose more than all others.
PLACES = {
    "age <= 40": TABLE["age"] <= 40,
    "job = smith": TABLE["job"] == "smith",
    "job is not smith": TABLE["job"] != "smith",
    "smoker = True": TABLE["smoker"],
    "smoker = False": ~TABLE["smoker"],
    "floor = 1": TABLE["floor"] == 1,
    "day > 2026-02-20": TABLE["day"] > pd.Timestamp("2026-02-20"),
    "smoker = True and job = admin": TABLE["smoker"] & (TABLE["job"] == "admin"),
}


def losses_at(place, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.9, 1.1, N_ROWS) + 5.0 * np.asarray(place)


@pytest.mark.parametrize("words", PLACES)
def test_the_rows_that_lose_are_named(words):
    found = find_slices(TABLE, {"student": losses_at(PLACES[words])}, "student")
    worst = found.worst
    assert sorted(worst.where.split(" and ")) == sorted(words.split(" and "))
    judged = next(ShuffleSplit(1, test_size=0.5, random_state=0).split(TABLE))[1]
    inside = judged[np.asarray(PLACES[words])[judged]]
    assert worst.n_rows == len(inside)
    assert worst.share == pytest.approx(len(inside) / 200)
    losses = losses_at(PLACES[words])
    assert worst.loss.mean == pytest.approx(losses[inside].mean())
    assert worst.share_of_loss == pytest.approx(losses[inside].sum() / losses[judged].sum())
    assert found.loss == pytest.approx(losses[judged].mean())


def test_missing_numbers_are_a_part_of_a_slice_or_not():
    lacks = TABLE["gap"].isna()
    worst = find_slices(TABLE[["gap"]], {"a": losses_at(lacks)}, "a").worst
    assert "missing" in worst.where
    judged = next(ShuffleSplit(1, test_size=0.5, random_state=0).split(TABLE))[1]
    assert worst.n_rows >= lacks.to_numpy()[judged].sum()
    low = TABLE["gap"] < -0.2
    worst = find_slices(TABLE[["gap"]], {"a": losses_at(low)}, "a").worst
    assert worst.n_rows == low.to_numpy()[judged].sum()
    assert "missing" not in worst.where


def test_where_nothing_is_to_be_found_nothing_is_shown():
    shown = [
        any(
            s.shown
            for s in find_slices(TABLE, {"a": losses_at(0.0 * RNG.random(), seed)}, "a").slices
        )
        for seed in range(40)
    ]
    assert np.mean(shown) <= 0.15  # at 5% for all slices together


def test_the_half_they_were_found_on_flatters_them():
    """Of noise, a tree's worst leaf loses more than the mean where it was found, and not beyond."""
    gaps = []
    for seed in range(20):
        losses = np.random.default_rng(seed).exponential(size=N_ROWS)
        found = find_slices(TABLE, {"a": losses}, "a")
        gaps += [each.loss.mean - found.loss for each in found.slices]
    assert abs(np.mean(gaps)) < 0.1


def test_halves_keep_groups_whole():
    groups = np.arange(N_ROWS) // 4
    found = find_slices(TABLE, {"a": losses_at(PLACES["age <= 40"])}, "a", groups=groups)
    judged = next(GroupShuffleSplit(1, test_size=0.5, random_state=0).split(TABLE, groups=groups))[
        1
    ]
    assert found.n_judged_on == len(judged)
    assert found.worst.n_rows == np.sum(TABLE["age"].to_numpy()[judged] <= 40)


def test_weights_count():
    weight, losses = RNG.uniform(0.1, 2.0, N_ROWS), losses_at(PLACES["age <= 40"])
    worst = find_slices(TABLE, {"a": losses}, "a", weight=weight).worst
    judged = next(ShuffleSplit(1, test_size=0.5, random_state=0).split(TABLE))[1]
    inside = judged[TABLE["age"].to_numpy()[judged] <= 40]
    assert worst.share == pytest.approx(weight[inside].sum() / weight[judged].sum())
    assert worst.loss.mean == pytest.approx(np.average(losses[inside], weights=weight[inside]))


@pytest.mark.parametrize("kind", ["array", "list", "sparse", "polars", "names"])
def test_tables_of_any_kind(kind):
    X, names = TABLE[["age", "income"]].to_numpy(), None
    losses = {"a": losses_at(PLACES["age <= 40"])}
    if kind == "polars":
        X = pytest.importorskip("polars").DataFrame(TABLE[["age", "income"]].to_dict("list"))
    elif kind == "names":
        names = ["age", "income"]
    elif kind != "array":
        X = X.tolist() if kind == "list" else sp.csr_array(X)
    called = "age" if kind in ("polars", "names") else "feature 0"
    assert find_slices(X, losses, "a", names=names).worst.where == f"{called} <= 40"


def test_few_rows_and_few_groups_have_none():
    few = {"a": losses_at(PLACES["age <= 40"])[:99]}
    assert find_slices(TABLE[:99], few, "a") is None
    losses = {"a": losses_at(PLACES["age <= 40"])}
    assert find_slices(TABLE, losses, "a", groups=np.arange(N_ROWS) % 3) is None


def test_categories_that_cannot_be_sorted_or_are_missing():
    odd = pd.DataFrame({"what": [None, 1, "b", 2.5] * 10, "flag": [True, None] * 20})
    names = {(c.name, c.category) for c in columns_of(odd)}
    assert {("what", "missing"), ("what", "b")} <= names
    assert ("flag", "missing") in names or ("flag", "True") in names
    assert in_words([]) == "all rows"


def lesson(task):
    """A model, training rows and rows held out; young smiths are noise."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"age": rng.integers(18, 80, 700), "rank": rng.uniform(0, 9, 700)})
    noisy = X["age"] <= 40
    score = X["rank"] + np.where(noisy, 9.0, 0.3) * rng.normal(size=700)
    kind = {"max_leaf_nodes": 4, "random_state": 0}
    if task == "classes":
        y = np.where(score > 4, "yes", "no")
        teacher = RandomForestClassifier(20, min_samples_leaf=5, random_state=0)
        model = DistilledClassifier(teacher, DecisionTreeClassifier(**kind), random_state=0)
    else:
        y, teacher = score.to_numpy(), RandomForestRegressor(20, random_state=0)
        model = DistilledRegressor(teacher, DecisionTreeRegressor(**kind), random_state=0)
    return model.fit(X[:400], y[:400]), X, y


@pytest.mark.parametrize("task", ["classes", "numbers"])
def test_reports_answer_first(task):
    model, X, y = lesson(task)
    given = {"X_train": X[:400], "y_train": y[:400], "teacher": "fit", **FAST}
    report = DistillationReport.from_estimator(model, X[400:], y[400:], **given)
    passport = TeacherReport.from_estimator(model, X[:400], y[:400], residual_model=None)
    for each in (report, passport):
        assert each.slices.worst.where.startswith("age <= 4")
        assert each.slices.worst.where in each.answers["Which rows lose most?"]
        assert next(iter(each.answers)) == "Is the teacher worth it?"
        page = each._repr_html_()
        assert page.index("worth it?") < page.index("What to do next") < page.index("<img")
        assert page.index("<img") < page.index("Rows that lose most") < page.index("Scores of")
        frame = each.frame("slices")
        assert frame.loc[each.slices.worst.where, "shown"]
        assert json.loads(json.dumps(each.to_dict()))["slices"][0]["where"] == frame.index[0]
        assert "Is the teacher worth it?" in str(each)
    said = {name: m.scores[report.words.headline] for name, m in report.models.items()}
    assert report.lead.mean == pytest.approx(said["teacher"] - said["direct"])
    assert report.behind.mean == pytest.approx(said["distilled"] - said["teacher"])
    assert set(report.slices.worst.losses) == {"distilled", "direct", "teacher"}
    alone = DistillationReport.from_estimator(model, X[400:], y[400:], **FAST)
    assert alone.lead is None
    assert alone.answers["Does the student keep it?"].startswith("Not known: pass teacher=")
    assert alone.next_steps[0].startswith("Pass X_train and y_train")
