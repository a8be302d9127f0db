"""Numbers: both sides are tuned by the same means, and the pages say what was measured."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_poisson_deviance
from sklearn.model_selection import GridSearchCV, KFold, ParameterGrid
from sklearn.tree import DecisionTreeRegressor

from benchmarks import glm_tables, regression, regression_tables
from benchmarks.numbers import split_numbers
from benchmarks.regression_learners import TEACHERS, students, teachers
from benchmarks.results import Log

TREE = DecisionTreeRegressor(random_state=0)
GRID = {"max_leaf_nodes": [2, 4, 60]}
CELL = ("diabetes", 150, 0, "lightgbm", "tree, 32 leaves")


@pytest.fixture(scope="module")
def lesson():
    return regression.Lesson.of(split_numbers("diabetes", 150, 0), 0, LinearRegression())


@pytest.fixture(scope="module")
def frame(lesson):
    given = CELL, lesson, (TREE, GRID)
    rows = [*regression.of_cell(*given, quick=True), regression.with_made(*given, quick=True)]
    return pd.DataFrame(rows)


def test_the_direct_student_is_tuned_as_a_grid_search_would(lesson):
    student, settings = regression.tuned(lesson.choose(TREE, GRID, quick=True))
    cv = KFold(5, shuffle=True, random_state=0)
    search = GridSearchCV(TREE, GRID, scoring="neg_mean_squared_error", cv=cv)
    search.fit(lesson.split.X, lesson.split.y)
    assert settings == search.best_params_
    assert student.get_params() == search.best_estimator_.get_params()


def test_weights_count_where_settings_are_chosen():
    """Half the rows say the opposite, and weigh nothing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 1))
    y = np.where(np.arange(120) % 2, 1.0, -1.0) * 3.0 * (X[:, 0] > 0.0)
    weight = np.where(np.arange(120) % 2, 1.0, 1e-9)
    split = regression.Split(X, y, weight, X, y, weight, "squared_error")
    lesson = regression.Lesson.of(split, 0, LinearRegression())
    settings = regression.tuned(lesson.choose(TREE, {"max_depth": [1, 30]}, quick=True))[1]
    assert settings == {"max_depth": 1}


def test_a_cell_has_a_row_of_each_way(frame, lesson):
    loss = frame.set_index("method")["loss"]
    assert [*loss.index][-2:] == ["honest", "honest, synthetic"]  # by which it is known
    assert set(loss.index) == {
        "teacher", "direct", "distilled", "direct, tuned", "distilled, tuned", "honest",
        "honest, synthetic",
    }  # fmt: skip
    split = lesson.split
    said = TREE.fit(split.X, split.y).predict(split.X_test)
    assert loss["direct"] == pytest.approx(np.sqrt(np.mean((split.y_test - said) ** 2)))
    assert loss["direct, tuned"] < loss["direct"]
    assert (frame[["size", "microseconds"]] > 0.0).all(axis=None)


def test_synthetic_rows_are_tried_beside_those_without(lesson):
    without = lesson.choose(TREE, GRID, quick=True).cv_results_
    both = lesson.choose_with_made(TREE, GRID, quick=True).cv_results_
    made = [each["synthetic"] is not None for each in both["params"]]
    assert sum(made) > 0
    assert len(made) - sum(made) == len(without["params"])
    kept = np.flatnonzero(np.logical_not(made))
    assert_allclose(both["mean_test_score"][kept], without["mean_test_score"])


def test_a_deviance_counts_exposures():
    split = split_numbers("counts", 60, 0)
    model = DecisionTreeRegressor(max_depth=1).fit(split.X, split.y, split.weight)
    given = split.y_test, model.predict(split.X_test)
    expected = mean_poisson_deviance(*given, sample_weight=split.weight_test)
    assert regression.test_loss(model.predict, split) == pytest.approx(expected)


@pytest.mark.parametrize("method", ["distilled", "distilled, tuned"])
def test_the_ingredients_make_the_strength_that_was_found(frame, method):
    row = frame.set_index("method").loc[method]
    seen = json.loads(row["note"])
    assert regression_tables.SHIPPED(seen) == pytest.approx(row["strength"], abs=1e-6)
    assert len(seen["at"]) == len(regression_tables.MARKS)


def test_the_page_has_every_ratio(frame):
    page, tables = regression_tables.page_of(frame, "the command", ("2026-01-01",) * 2)
    loss = frame.set_index("method")["loss"]
    line = tables[0][1].iloc[0]
    ratio = loss["honest"] / loss["direct, tuned"]
    assert line["honest / tuned direct"].startswith(f"{ratio:.3f} / {ratio:.3f} / ")
    ratio = loss["direct, tuned"] / loss["direct"]
    assert line["tuned direct / direct"] == f"{ratio:.3f}"
    assert [*tables[0][1]["student"]] == ["tree, 32 leaves", "all"]
    assert [*dict(tables)["By kind of table"]["kind"]] == ["real", "all"]
    cost = dict(tables)["What it costs"].set_index("trained")
    nodes = frame.set_index("method")["nodes"]
    assert cost["nodes"]["honest"] == f"{nodes['honest'] / nodes['direct, tuned']:.2f}"
    assert "Bars set beforehand" in page.about[-1]


def test_a_bar_is_met_or_missed():
    wide = pd.DataFrame({"direct, tuned": [1.0, 1.0], "honest": [0.9, 1.01]})
    wide["distilled"] = wide["distilled, tuned"] = wide["honest, synthetic"] = 0.9
    text = regression_tables.bars(wide)
    assert "the honest choice over the tuned direct student: 0.953 / 1.010 / 50%" in text
    assert text.count("(missed)") == 1
    assert text.count("(met)") == 3


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "gamma"])
def test_teachers_and_students_go_with_the_loss(loss):
    assert set(teachers(loss)) == set(TEACHERS) == set(regression_tables.TEACHERS)
    for student, grid in students(loss).values():
        assert set(grid) <= set(student.get_params())
        assert 3 <= len(ParameterGrid(grid)) <= 6


def test_the_quick_run_makes_a_page(tmp_path, monkeypatch):
    monkeypatch.setattr(regression, "teachers", lambda _: {"lightgbm": LinearRegression()})
    regression.main(["--quick", "--out", str(tmp_path)])
    log = Log(tmp_path / "raw" / "regression.csv", regression.Row, regression.KEY)
    assert len(log) == 2 * 7
    assert (tmp_path / "regression.md").read_text(encoding="utf-8").startswith("# Distilled")
    facts = json.loads((tmp_path / "regression.json").read_text(encoding="utf-8"))
    assert facts["command"] == "python -m benchmarks.regression --quick"


def test_concentration_is_half_the_mean_difference():
    rng = np.random.default_rng(0)
    said, weight = rng.gamma(2.0, size=30), rng.uniform(0.1, 1.0, 30)
    both = weight[:, None] * weight
    apart = np.sum(both * np.abs(said[:, None] - said)) / np.sum(both)
    expected = apart / (2.0 * np.average(said, weights=weight))
    assert glm_tables.gini_of(said, weight) == pytest.approx(expected)


def test_tables_of_factors_quickly(tmp_path, monkeypatch):
    monkeypatch.setattr(glm_tables, "booster", lambda: DecisionTreeRegressor(max_depth=2))
    monkeypatch.setattr(glm_tables, "N_TEST", 200)
    given = ["--rows", "120", "--rates", ".5", "--repeats", "1", "--out", str(tmp_path)]
    glm_tables.main([*given, "--methods", "booster", "direct", "distilled"])
    table = pd.read_csv(tmp_path / "glm_tables.csv")
    assert [*table["way"]] == [glm_tables.TITLES[m] for m in ("booster", "direct", "distilled")]
    assert table["deviance"][1] == table["worst"][1] == 1.0
    assert table["Gini kept"][0] == table["deviance kept"][0] == 1.0


@pytest.mark.filterwarnings("ignore")
def test_the_table_of_the_package_is_read_as_it_predicts(monkeypatch):
    """On the rows it was fitted to, it has predictions of its own."""
    package = pytest.importorskip("insurance_distill")
    sample = glm_tables.draw(0.5, 300, 0)[0]
    sample = replace(sample, X_test=sample.X)
    made = glm_tables.surrogate(sample)
    kept = []
    fit = package.SurrogateGLM.fit
    monkeypatch.setattr(
        package.SurrogateGLM, "fit", lambda self, **given: kept.append(self) or fit(self, **given)
    )
    glm_tables.surrogate(sample)
    assert_allclose(made.said, kept[0]._glm_predictions, rtol=1e-9)
