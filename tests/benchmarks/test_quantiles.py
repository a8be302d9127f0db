"""Intervals of students, direct and distilled: what a cell holds, and its page."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.metrics import mean_pinball_loss

from benchmarks import quantiles
from benchmarks.numbers import split_numbers
from skdistill import DistilledQuantiles


def test_a_cell_compares_with_students_trained_directly():
    split = split_numbers("diabetes", 120, 0)
    student, teacher = quantiles.boosted(5, 4), quantiles.boosted(10, 6)
    taught = DistilledQuantiles(teacher, student, quantiles=quantiles.LEVELS, cv=3, random_state=0)
    taught.fit(split.X, split.y)
    key = ("diabetes", 120, 0, "boosting", "small")
    direct, distilled = quantiles.of_cell(key, split, student, taught)
    said = np.column_stack(
        [clone(student).set_params(alpha=a).fit(split.X, split.y).predict(split.X_test)
         for a in quantiles.LEVELS]
    )  # fmt: skip
    said.sort(axis=1)
    losses = [
        mean_pinball_loss(split.y_test, said[:, j], alpha=a) for j, a in enumerate(quantiles.LEVELS)
    ]
    assert direct.loss == pytest.approx(np.mean(losses))
    inside = (said[:, 0] <= split.y_test) & (split.y_test <= said[:, 2])
    assert direct.covered == pytest.approx(inside.mean())
    assert direct.width == pytest.approx((said[:, 2] - said[:, 0]).mean())
    assert direct.strength == 1.0
    assert distilled.strength <= 1.0
    assert direct.taught == distilled.taught == taught.report_.teacher.interval


def test_the_page_compares_losses_and_coverage():
    cells = [
        quantiles.Row("linear", 1000, seed, "boosting", "linear", method, loss, held, width, 0.8, s)
        for seed in (0, 1)
        for method, loss, held, width, s in (
            ("direct", 2.0, 0.7 + seed / 10, 1.0, 1.0), ("distilled", 1.0, 0.9, 4.0, 0.5)
        )
    ]  # fmt: skip
    table = quantiles.summary(pd.DataFrame([dataclasses.asdict(c) for c in cells]))
    assert table["teacher"].tolist() == ["boosting", "all"]
    for _, line in table.iterrows():
        assert line["loss"] == "0.500 / 0.500 / 100%"
        assert line["covered, direct"] == "75.0% / 70.0%"
        assert line["covered, distilled"] == "90.0% / 90.0%"
        assert line["width"] == "4.000"
        assert line["strength"] == "0.50"


def test_it_runs(tmp_path):
    quantiles.main(["--quick", "--out", str(tmp_path)])
    assert "nominally 90%" in (tmp_path / "quantiles.md").read_text()
    assert len(pd.read_csv(tmp_path / "raw" / "quantiles.csv")) == 2


def test_teachers_and_students_are_those_of_the_page():
    assert isinstance(quantiles.teacher_of("boosting"), LGBMRegressor)
    assert tuple(quantiles.students()) == quantiles.STUDENTS
