"""Worth in labels: its tables, from rows made by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.tree import DecisionTreeClassifier

from benchmarks import worth
from benchmarks.ratios import lifted


def cell(student, losses, distilled):
    rows = [(worth.TUNED, f"{n} rows", n, loss) for n, loss in losses.items()]
    rows.append((worth.HONEST, "", 4000, distilled))
    names = ("method", "setting", "n_rows", "log_loss")
    return [dict(zip(names, row, strict=True)) | {"student": student} for row in rows]


@pytest.fixture
def frame():
    losses = {2000: 0.5, 4000: 0.4, 8000: 0.3}
    rows = cell("tree", losses, 0.35) + cell("line", losses, 0.45)
    losses = {"direct": (0.4, 0.5), "distilled": (0.36, 0.38)}
    rows += [
        {"student": "tree", "method": method, "setting": f"C {i}", "n_rows": 4000, "log_loss": loss}
        for method, found in losses.items()
        for i, loss in enumerate(found)
    ]
    return pd.DataFrame(rows).assign(data="adult", seed=0, teacher=0.2)


def test_the_learning_curve_is_read_in_the_logarithm_of_the_rows(frame):
    table = worth.worth_table(frame).set_index("student")["adult"]
    assert table["tree"] == f"{math.sqrt(2):.1f}"
    assert table["line"] == f"{math.sqrt(0.5):.1f}"


def test_seeds_stand_beside_each_other(frame):
    both = pd.concat([frame, frame.assign(seed=1)])
    assert worth.worth_table(both).set_index("student").loc["tree", "adult"] == "1.4, 1.4"


def test_robustness_is_worst_over_best(frame):
    (line,) = worth.robustness_table(frame).to_dict("records")
    assert (line["student"], line["settings"]) == ("tree", 2)
    assert line["direct"] == "1.250 / 1.250"
    assert line["distilled"] == "1.056 / 1.056"
    assert line["distilled over the best direct"] == "0.950 / 0.950"


def test_the_losses_stand_below(frame):
    table = worth.loss_table(frame).set_index("student")
    assert table.loc["tree", "direct, 8,000 rows"] == 0.3
    assert table.loc["line", "distilled"] == 0.45
    assert table.loc["line", "teacher"] == 0.2


def test_the_direct_student_sees_its_own_rows_only_and_the_setting_of_the_held_out_ones():
    X, y = make_classification(600, 6, n_informative=4, flip_y=0.2, random_state=0)
    split = worth.Split(X[:400], y[:400], X[400:], y[400:], None, 200)
    assert split.sizes() == [100, 200, 400]
    student = DecisionTreeClassifier(random_state=0)
    p = worth.direct(split, student, 200)
    further = worth.Split(X[:200], y[:200], X[400:], y[400:], None, 200)
    assert_array_equal(p, worth.direct(further, student, 200))
    overconfident = student.fit(X[:200], y[:200]).predict_proba(X[400:])
    assert split.loss(p) < log_loss(y[400:], lifted(overconfident))
    assert np.unique(p[:, 1]).size < 200  # leaves of more than one row
