"""What is said where ``strength="auto"`` finds 1, and where it is not said."""

import json
import warnings

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from scipy.special import softmax
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill.inspection import DistillationReport
from tests.common.data import sample

DATA = sample(2)
FOREST = RandomForestClassifier(20, min_samples_leaf=5, random_state=0)
STUMP = DecisionTreeClassifier(max_depth=1, random_state=0)
DEEP = DecisionTreeClassifier(random_state=0)
GUESS = DummyClassifier(strategy="stratified", random_state=0)


def fit(teacher, student, **settings):
    return DistilledClassifier(teacher, student, random_state=0, **settings).fit(DATA.X, DATA.y)


def test_the_report_says_that_the_student_is_the_direct_one():
    model = fit(GUESS, STUMP)
    assert model.strength_ == 1.0
    note = model.report_.note
    assert note.startswith("strength='auto' found 1: out of fold the teacher has no lead")
    assert "trained directly on the labels, and nothing was distilled" in note
    assert "may be larger" in note
    assert str(model.report_).startswith(f"{note}\nroute: ")
    assert model.report_.to_dict()["note"] == note
    assert json.loads(json.dumps(model.report_.to_dict()))["note"] == note


@pytest.mark.parametrize("steps", [[], [StandardScaler()]])
def test_a_linear_student_is_not_told_to_grow(steps):
    model = fit(GUESS, make_pipeline(*steps, LogisticRegression()))
    assert model.strength_ == 1.0
    assert model.report_.note.endswith("and nothing was distilled.")


def test_it_stands_on_the_page_once(tmp_path):
    model = fit(GUESS, STUMP)
    path = tmp_path / "fit.html"
    model.report_.save(path)
    for page in (model.report_._repr_html_(), path.read_text(encoding="utf-8")):
        assert page.count("nothing was distilled") == 1


@pytest.mark.parametrize(
    "settings",
    [{"strength": 1.0}, {"strength": 0.3}, {"correction": None}, {}],
    ids=["1 was asked for", "a number", "no correction", "found, below 1"],
)
def test_it_says_nothing_elsewhere(settings, capfd):
    model = fit(FOREST, DEEP, verbose=1, **settings)
    assert model.report_.note is None
    assert model.report_.to_dict()["note"] is None
    assert "note" not in str(model.report_)
    assert "nothing was distilled" not in model.report_._repr_html_() + capfd.readouterr().out


def test_it_is_printed_once_and_only_where_asked_for(capfd):
    fit(GUESS, STUMP)
    assert capfd.readouterr().out == ""
    model = fit(GUESS, STUMP, verbose=1)
    assert capfd.readouterr().out.count(model.report_.note) == 1


def test_it_is_no_warning_in_a_loop_of_cross_validation():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cross_val_score(DistilledClassifier(GUESS, STUMP, random_state=0), DATA.X, DATA.y, cv=3)


def test_refitting_says_it_of_the_student_at_hand():
    model = fit(FOREST, DEEP)
    other = model.refit_student(DATA.X, DATA.y, student=STUMP)
    assert model.report_.note is None
    assert other.strength_ == 1.0
    assert "varies" in other.report_.note


def test_the_distillation_report_says_it_instead_of_a_difference_of_nothing():
    X, y = load_breast_cancer(return_X_y=True)
    train, test = np.arange(400), np.arange(400, len(y))
    model = DistilledClassifier(GUESS, STUMP, random_state=0).fit(X[train], y[train])
    assert model.strength_ == 1.0
    rows = {"X_train": X[train], "y_train": y[train], "latency_rows": (1,), "budget": 0.0}
    report = DistillationReport.from_estimator(model, X[test], y[test], **rows)
    assert report.gain.mean == 0.0
    assert report.sentence.startswith("strength='auto' found 1, so the student was trained on")
    assert "nothing was distilled" in report.sentence
    assert report.to_dict()["fit"]["note"] == model.report_.note


def test_a_lead_by_calibration_only_is_named():
    """Long boosting ranks as well as its teacher, and is far too sure of it."""
    student = LGBMClassifier(n_estimators=100, min_child_samples=5, verbose=-1, n_jobs=1)
    noise = np.random.default_rng(0).normal(scale=3.0, size=DATA.bayes.shape)
    poor = softmax(np.log(DATA.bayes) + noise, axis=1)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = DistilledClassifier(None, student, cv=folds)
    model.fit(DATA.X, DATA.y, teacher_proba=poor)
    shrinkage = model.report_.shrinkage
    scores = shrinkage["log_loss"]
    assert shrinkage["softened"] <= scores["teacher"] < scores["student"]
    assert model.strength_ < 1.0
    note = model.report_.note
    assert note.startswith("The teacher leads by calibration only")
    assert f"{shrinkage['softened']:.4f}" in note
    own = cross_val_predict(student, DATA.X, DATA.y, cv=folds, method="predict_proba")
    own = np.maximum(own, 1e-3)
    powers = own[None] ** (1.0 / np.geomspace(0.5, 20.0, 400))[:, None, None]
    at = (powers / powers.sum(axis=2, keepdims=True))[:, np.arange(240), DATA.codes]
    assert shrinkage["softened"] == pytest.approx(np.min(np.mean(-np.log(at), axis=1)), abs=2e-3)
    better = fit(FOREST, student)  # a teacher that leads in earnest
    found = better.report_.shrinkage
    assert (better.report_.note is None) is (found["softened"] > found["log_loss"]["teacher"])
