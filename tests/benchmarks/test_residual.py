"""A second look at residuals: by brute force, and its page."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from benchmarks import residual
from skdistill._ground.outcomes import Classes, Numbers
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool

LOOK = DecisionTreeRegressor(max_depth=2, random_state=0)


def problem(n_classes):
    if not n_classes:
        X, y = make_friedman1(90, 5, noise=1.0, random_state=0)
        return X, y, LinearRegression(), Numbers()
    how = {"n_informative": 4, "n_redundant": 0, "n_classes": n_classes, "random_state": 0}
    X, y = make_classification(120, 5, **how)
    return X, y, LogisticRegression(), Classes(np.unique(y))


def ask(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)[:, None]


@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("honest", [True, False])
def test_no_row_is_known_to_what_corrects_it(n_classes, honest):
    X, y, teacher, outcome = problem(n_classes)
    folds = make_folds(3, X, y, random_state=0, stratified=n_classes > 0)
    pool = fit_pool(teacher, X, y, folds, range(3), outcome=outcome)
    Y = outcome.encode(y)
    tests = [test for _, test in folds.splits]
    p, h = np.empty_like(Y), np.empty_like(Y)
    for test in tests:
        p[test] = ask(clone(teacher).fit(np.delete(X, test, 0), np.delete(y, test, 0)), X[test])
    for k, test in enumerate(tests):
        left, rows = [], []
        for own in (tests[i] for i in range(3) if i != k):
            unseen = np.concatenate([own, test]) if honest else own
            model = clone(teacher).fit(np.delete(X, unseen, 0), np.delete(y, unseen, 0))
            left.append(Y[own] - ask(model, X[own]))
            rows.append(own)
        rows = np.concatenate(rows)
        order = np.argsort(rows)
        for j in range(Y.shape[1]):
            look = clone(LOOK).fit(X[rows[order]], np.concatenate(left)[order, j])
            h[test, j] = look.predict(X[test])
    rho = np.clip(np.sum((Y - p) * h) / np.sum(h * h), 0, 1)
    said, found = residual.with_residuals(pool, X, Y, LOOK, honest=honest)
    assert found == pytest.approx(rho)
    assert_allclose(said, p + rho * h, atol=1e-8)
    assert not honest or 0.0 < rho <= 1.0


def test_the_page_compares_ways_of_teaching():
    losses = {"direct": 2.0, "distilled": 1.0, "honest": 0.5, "leaking": 4.0}
    cells = [
        residual.Row("numbers", "linear", 1000, 0, teacher, "tree", method, loss, loss, 0.5, 0.1)
        for teacher in residual.TEACHERS
        for method, loss in losses.items()
    ]
    table = residual.summary(pd.DataFrame([dataclasses.asdict(c) for c in cells]))
    assert table["teacher"].tolist() == [*residual.TEACHERS, "all"]
    assert table["honest"].tolist() == ["0.250 / 0.250 / 100%"] * 3
    assert table["leaking"].iloc[0] == "2.000 / 2.000 / 0%"
    assert table["taught"].iloc[0] == "0.500 / 4.000"
    assert table["rho"].iloc[0] == "0.50 / 0.50"


def test_it_runs(tmp_path):
    residual.main(["--quick", "--out", str(tmp_path)])
    page = (tmp_path / "residual.md").read_text()
    assert "second look" in page
    assert len(pd.read_csv(tmp_path / "raw" / "residual.csv")) == 8
