"""The distillation report: each figure recomputed from the models themselves."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV, Fast
from skdistill._ground.costs import count_parts, size_bytes
from skdistill._ground.estimates import Estimate
from skdistill._ground.html import time_text
from skdistill.exceptions import InputError, LeakWarning, ParameterError
from skdistill.inspection import (
    DistillationReport,
    FidelityDisplay,
    ReliabilityDisplay,
    TeacherReport,
)
from skdistill.inspection._scores import scores
from skdistill.inspection._tasks import side_of
from skdistill.inspection.distillation import _moved_against
from skdistill.inspection.figures import held_out
from tests.common.data import sample

FAST = {"latency_rows": (1,), "budget": 0.0}


def make(case, **settings):
    train = {"X_train": case.train.X, "y_train": case.train.y, "teacher": case.teacher}
    given = train | {"latency_rows": (1, 500), "budget": 0.0} | settings
    return DistillationReport.from_estimator(case.model, case.test.X, case.test.y, **given)


@pytest.fixture(scope="module")
def report(three):
    return make(three)


@pytest.fixture(scope="module")
def models(three):
    """The four models, made by hand."""
    X, y = three.train.X, three.train.y
    return {
        "teacher": three.teacher,
        "direct": DecisionTreeClassifier(max_leaf_nodes=6, random_state=0).fit(X, y),
        "plain": clone(three.model).set_params(strength=0.0).fit(X, y),
        "distilled": three.model,
    }


def test_scores_of_each_model(three, report, models):
    data = three.test
    assert list(report.models) == list(models)
    for name, model in models.items():
        p = model.predict_proba(data.X)
        found = report.models[name].scores
        assert found["accuracy"] == pytest.approx((p.argmax(axis=1) == data.codes).mean())
        observed = np.maximum(p[np.arange(80), data.codes], 1e-3)
        assert found["log_loss"] == pytest.approx(-np.log(observed).mean())
        assert found["brier"] == pytest.approx(((data.one_hot - p) ** 2).sum(axis=1).mean())
        aucs = [roc_auc_score(data.one_hot[:, k], p[:, k]) for k in range(3)]
        assert found["auc"] == pytest.approx(np.mean(aucs))
        top, hit = p.max(axis=1), p.argmax(axis=1) == data.codes
        bins = np.minimum((top * 15).astype(int), 14)
        error = sum(abs((hit - top)[bins == b].sum()) for b in range(15)) / 80
        assert found["calibration_error"] == pytest.approx(error)


def test_fidelity_of_each_model(three, report, models):
    p = three.teacher.predict_proba(three.test.X)
    for name, model in models.items():
        q = model.predict_proba(three.test.X)
        found = report.models[name].fidelity
        assert found == FidelityDisplay.from_predictions(p, q).scores
        assert found["agreement"] == pytest.approx((p.argmax(axis=1) == q.argmax(axis=1)).mean())
    assert report.models["teacher"].fidelity == pytest.approx(
        {"kl": 0.0, "agreement": 1.0, "logit_r2": 1.0}
    )


def test_figures_by_class(three, report):
    data = three.test
    q = three.model.predict_proba(data.X)
    taught = three.teacher.predict_proba(data.X).argmax(axis=1)
    for k, name in enumerate(data.classes):
        row = report.models["distilled"].by_class[name]
        own = data.codes == k
        assert row["n_rows"] == own.sum()
        assert row["recall"] == pytest.approx((q[own].argmax(axis=1) == k).mean())
        assert row["agreement"] == pytest.approx((q[taught == k].argmax(axis=1) == k).mean())


def test_costs_are_those_of_the_plain_models(three, report, models):
    for name, model in models.items():
        bare = model.student_ if hasattr(model, "student_") else model
        assert report.models[name].size_bytes == pytest.approx(size_bytes(bare), abs=64)
        assert report.models[name].parts == count_parts(bare)
        assert [timed.n_rows for timed in report.models[name].latency] == [1, 500]
        assert all(0 < timed.median <= timed.p99 for timed in report.models[name].latency)
    leaves = three.model.student_.get_n_leaves()
    assert report.models["distilled"].parts.nodes == 2 * leaves - 1


def test_gain_is_paired_by_row(three, report, models):
    data = three.test
    losses = {}
    for name in ("direct", "distilled"):
        p = models[name].predict_proba(data.X)[np.arange(80), data.codes]
        losses[name] = -np.log(np.maximum(p, 1e-3))
    gap = losses["distilled"] - losses["direct"]
    assert report.gain.mean == pytest.approx(gap.mean())
    assert report.gain.error == pytest.approx(gap.std(ddof=1) / np.sqrt(80))
    low, high = stats.t.interval(0.95, 79, gap.mean(), gap.std(ddof=1) / np.sqrt(80))
    assert f"95% interval of the difference {low:+.4f} to {high:+.4f}" in report.sentence
    helped = "helped" if high < 0 else "harmed" if low > 0 else "is not shown to help"
    assert report.sentence.endswith(f"distilling {helped}.")


def test_weights_of_held_out_rows(three, models):
    data = three.test
    weight = np.random.default_rng(0).uniform(0.5, 2.0, size=80)
    report = make(three, sample_weight=weight, **FAST)
    p = three.model.predict_proba(data.X)
    brier = np.average(((data.one_hot - p) ** 2).sum(axis=1), weights=weight)
    assert report.models["distilled"].scores["brier"] == pytest.approx(brier)
    taught = three.teacher.predict_proba(data.X).argmax(axis=1)
    agreement = np.average(taught == p.argmax(axis=1), weights=weight)
    assert report.models["distilled"].fidelity["agreement"] == pytest.approx(agreement)
    bins = report.displays["Reliability on held-out rows"]
    assert bins.table["model"][0] == "teacher"
    drawn = report.displays["Fidelity to the teacher"]
    assert drawn.scores == report.models["distilled"].fidelity
    losses = {}
    for name in ("direct", "distilled"):
        observed = models[name].predict_proba(data.X)[np.arange(80), data.codes]
        losses[name] = -np.log(np.maximum(observed, 1e-3))
    gap = losses["distilled"] - losses["direct"]
    mean = np.average(gap, weights=weight)
    parts = weight * (gap - mean)
    assert report.gain.mean == pytest.approx(mean)
    assert report.gain.error == pytest.approx(np.sqrt(80 / 79 * parts @ parts) / weight.sum())


def test_held_out_rows_of_weight_zero_are_absent(three):
    data, weight = three.test, np.random.default_rng(0).uniform(0.5, 2.0, size=80)
    weight[np.flatnonzero(data.codes == 0)[1:]] = 0.0  # a class of one row
    kept = weight > 0
    groups = np.arange(80) // 2
    report = make(three, sample_weight=weight, groups=groups, **FAST)
    part = type(data)(data.X[kept], data.y[kept], data.bayes[kept], data.teacher[kept])
    case = replace(three, test=part)
    known = make(case, sample_weight=weight[kept], groups=groups[kept], **FAST)
    assert report.n_rows == known.n_rows == kept.sum()
    assert report.n_groups == known.n_groups < 40
    assert report.sentence == known.sentence
    assert report.gain == known.gain
    for name, figures in report.models.items():
        assert figures.scores == known.models[name].scores
        assert figures.fidelity == known.models[name].fidelity
        assert figures.by_class["apple"]["n_rows"] == 1
    for name, display in report.displays.items():
        pd.testing.assert_frame_equal(display.frame(), known.displays[name].frame())


def test_the_interval_takes_the_rows_of_a_group_together(three, models):
    data, groups = three.test, np.repeat(list("abcdefghij"), 8)
    report = make(three, groups=groups, **FAST)
    losses = {}
    for name in ("direct", "distilled"):
        p = models[name].predict_proba(data.X)[np.arange(80), data.codes]
        losses[name] = -np.log(np.maximum(p, 1e-3))
    gap = losses["distilled"] - losses["direct"]
    sums = (gap - gap.mean()).reshape(10, 8).sum(axis=1)
    error = np.sqrt(np.sum(sums**2) * 10 / 9) / 80
    assert report.gain.error == pytest.approx(error)
    low, high = stats.t.interval(0.95, 9, gap.mean(), error)
    assert f"95% interval of the difference {low:+.4f} to {high:+.4f}" in report.sentence
    assert "on 80 held-out rows in 10 groups" in report.sentence
    assert report.to_dict()["n_groups"] == 10


def test_scores_that_move_the_other_way_are_named(two):
    data = two.test
    measure = side_of(two.model).measure_of(two.model, data.y)
    rows = held_out(data.X, data.y, measure, None, None)
    rng = np.random.default_rng(0)
    good = 0.5 * rows.columns + 0.5 * rng.dirichlet([1.0, 1.0], len(rows.labels))
    said = {"direct": good, "distilled": 0.5 + 0.02 * (good[::-1] - 0.5)}
    found = _moved_against(said, rows, Estimate(-0.1, 0.01))
    assert set(found) == {"accuracy", "AUC", "Brier score"}
    for side, p in said.items():
        every = scores(rows.columns, p)
        for name, key in (("accuracy", "accuracy"), ("AUC", "auc"), ("Brier score", "brier")):
            assert found[name][side] == pytest.approx(every[key])
    assert _moved_against(said, rows, Estimate(0.1, 0.01)) == {}
    few = held_out(data.X, data.y, measure, None, np.zeros(len(data.y)))
    assert _moved_against(said, few, Estimate(-0.1, 0.01)) == {}  # one group shows nothing
    report = replace(make(two, **FAST), against={"AUC": {"distilled": 0.811, "direct": 0.831}})
    assert report.sentence.endswith(", but its AUC is 0.8110 against 0.8310.")
    assert report.to_dict()["against"] == report.against


# Rows that are not held out


@pytest.mark.parametrize("as_rows", [np.asarray, pd.DataFrame, sp.csr_array, np.ndarray.tolist])
def test_training_rows_that_are_called_held_out_are_noticed(two, as_rows):
    data = two.train
    settings = {"X_train": data.X, "y_train": data.y, **FAST}
    if as_rows is pd.DataFrame:
        settings["X_train"] = as_rows(data.X)
    X = np.concatenate([data.X[:2], two.test.X])
    y = np.concatenate([data.y[:2], two.test.y])
    with pytest.warns(LeakWarning, match="2.4% of the held-out rows are identical to a row of X_t"):
        DistillationReport.from_estimator(two.model, as_rows(X), y, **settings)
    weight = np.ones(82)
    weight[1:2] = 0.0
    with pytest.warns(LeakWarning, match="1.2% of the held-out rows"):
        DistillationReport.from_estimator(two.model, X, y, sample_weight=weight, **settings)
    weight[:2] = 0.0
    DistillationReport.from_estimator(two.model, X, y, sample_weight=weight, **settings)


def test_the_rows_of_the_fit_are_no_held_out_rows(two):
    """Without X_train the rows are not known, but their labels in that order are."""
    data = two.train
    with pytest.warns(LeakWarning, match="labels of the fit, in the same order"):
        DistillationReport.from_estimator(two.model, data.X, data.y, **FAST)
    with pytest.warns(LeakWarning, match="labels of the fit, in the same order"):
        ReliabilityDisplay.from_estimator(two.model, data.X, data.y)
    DistillationReport.from_estimator(two.model, data.X[1:], data.y[1:], **FAST)
    ReliabilityDisplay.from_estimator(two.model, data.X[1:], data.y[1:])
    ReliabilityDisplay.from_estimator(two.teacher, data.X, data.y)  # nobody knows its rows


def test_rows_held_out_by_a_weight_of_zero_are_held_out(two, weight):
    data, weight = two.train, weight.copy()
    weight[:30] = 0.0
    model = clone(two.model).fit(data.X, data.y, sample_weight=weight)
    params = {"train_params": {"sample_weight": weight}} | FAST
    report = DistillationReport.from_estimator(
        model, data.X[:30], data.y[:30], X_train=data.X, y_train=data.y, **params
    )
    assert report.n_rows == 30


def test_weights_go_to_a_teacher_that_asks_for_them(two, weight):
    """With metadata routing, as in fit."""
    data, rows = two.train, {"X_train": two.train.X, "y_train": two.train.y}
    params = {"train_params": {"sample_weight": weight}, "teacher": "fit"} | FAST
    with config_context(enable_metadata_routing=True):
        for wanted in (True, False):
            teacher = clone(two.model.teacher).set_fit_request(sample_weight=wanted)
            student = clone(two.model.student).set_fit_request(sample_weight=True)
            model = clone(two.model).set_params(teacher=teacher, student=student)
            model.fit(data.X, data.y, sample_weight=weight)
            report = DistillationReport.from_estimator(
                model, two.test.X, two.test.y, **rows, **params
            )
            by_hand = clone(teacher).fit(data.X, data.y, sample_weight=weight if wanted else None)
            p = by_hand.predict_proba(two.test.X)
            brier = ((two.test.one_hot - p) ** 2)[:, 1].mean()
            assert report.models["teacher"].scores["brier"] == pytest.approx(brier)


def test_weights_of_training_rows(two, weight):
    data = two.train
    weight = weight.copy()
    weight[:9] = 0.0
    model = clone(two.model).fit(data.X, data.y, sample_weight=weight)
    report = DistillationReport.from_estimator(
        model,
        two.test.X,
        two.test.y,
        X_train=data.X,
        y_train=data.y,
        train_params={"sample_weight": weight},
        teacher="fit",
        **FAST,
    )
    direct = DecisionTreeClassifier(max_leaf_nodes=6, random_state=0)
    direct.fit(data.X[9:], data.y[9:], sample_weight=weight[9:])
    hits = (direct.predict(two.test.X) == two.test.y).mean()
    assert report.models["direct"].scores["accuracy"] == pytest.approx(hits)
    teacher = clone(two.model.teacher).fit(data.X[9:], data.y[9:], sample_weight=weight[9:])
    p = teacher.predict_proba(two.test.X)
    brier = ((two.test.one_hot - p) ** 2)[:, 1].mean()
    assert report.models["teacher"].scores["brier"] == pytest.approx(brier)


def test_without_training_rows_and_teacher(two):
    report = DistillationReport.from_estimator(two.model, two.test.X, two.test.y, **FAST)
    assert list(report.models) == ["distilled"]
    assert report.gain is None
    assert report.models["distilled"].fidelity == {}
    assert "nothing to compare it with" in report.sentence
    assert list(report.displays) == ["Reliability on held-out rows"]
    assert "kl" not in report.frame().columns
    assert "Fidelity" not in report._body("")


def test_transfer_rows_are_taught_but_not_to_the_direct_student(two):
    data = two.train
    extra = sample(2, 40, seed=5).X
    model = clone(two.model).fit(data.X, data.y, X_transfer=extra)
    report = DistillationReport.from_estimator(
        model,
        two.test.X,
        two.test.y,
        X_train=data.X,
        y_train=data.y,
        train_params={"X_transfer": extra},
        **FAST,
    )
    direct = DecisionTreeClassifier(max_leaf_nodes=6, random_state=0).fit(data.X, data.y)
    assert report.models["direct"].scores["accuracy"] == pytest.approx(
        direct.score(two.test.X, two.test.y)
    )
    assert report.fit["n_transfer"] == 40


def test_regressors_and_fixed_corrections_have_all_rows(two):
    """A correction with a constant of its own does not follow the strength."""
    data = two.train
    model = DistilledClassifier(
        two.model.teacher, DecisionTreeRegressor(max_leaf_nodes=4), cv=3, correction=Fast(c=0.1)
    ).fit(data.X, data.y)
    report = DistillationReport.from_estimator(
        model, two.test.X, two.test.y, X_train=data.X, y_train=data.y, **FAST
    )
    direct = DecisionTreeRegressor(max_leaf_nodes=4).fit(data.X, data.y == "yes")
    brier = np.mean((direct.predict(two.test.X) - (two.test.y == "yes")) ** 2)
    assert report.models["direct"].scores["brier"] == pytest.approx(brier)
    assert report.fit["strength"] is None


def test_what_the_fit_did_is_there(three, report):
    assert report.fit == three.model.report_.to_dict()
    text = report._body("")
    assert "shrinkage: brier: excess" in text
    assert "touched share" in text


def test_displays(three, report):
    p = three.model.predict_proba(three.test.X)
    bins = report.displays["Reliability on held-out rows"].frame()
    own = bins[bins["model"] == "distilled"].reset_index(drop=True)
    expected = ReliabilityDisplay.from_predictions(three.test.y, {"distilled": p}, n_bins=10)
    pd.testing.assert_frame_equal(own, expected.frame())
    scatter = report.displays["Fidelity to the teacher"].frame()
    assert_allclose(scatter["student"], p.ravel(order="F"))


def test_frames(report):
    frame = report.frame()
    assert_array_equal(frame.index, ["teacher", "direct", "plain", "distilled"])
    assert frame.loc["distilled", "log_loss"] == report.models["distilled"].scores["log_loss"]
    assert frame.loc["teacher", "latency_500_p99"] == report.models["teacher"].latency[1].p99
    assert np.isnan(frame.loc["teacher", "parameters"])
    by_class = report.frame("by_class")
    recall = report.models["plain"].by_class["pear"]["recall"]
    assert by_class.loc[("plain", "pear"), "recall"] == recall
    with pytest.raises(
        ParameterError, match="of must be one of 'models', 'by_class', 'slices', got 'all'"
    ):
        report.frame("all")


def test_to_dict_is_plain(report):
    facts = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert facts["models"]["direct"]["brier"] == report.models["direct"].scores["brier"]
    assert facts["models"]["direct"]["parameters"] is None
    assert facts["gain"]["mean"] == report.gain.mean
    assert facts["sentence"] == report.sentence
    assert facts["fit"]["strength"] == report.fit["strength"]


@pytest.mark.parametrize(
    ("seconds", "said"), [(2.5, "2.5 s"), (0.0123, "12.3 ms"), (4.56e-5, "45.6 µs")]
)
def test_times(seconds, said):
    assert time_text(seconds) == said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"y_train": None}, "X_train and y_train belong together"),
        ({"X_train": None, "y_train": None, "teacher": "fit"}, "teacher='fit' needs X_train"),
        (
            {"X_train": None, "y_train": None, "train_params": {"groups": [0]}},
            "train_params needs X_train and y_train",
        ),
        ({"train_params": {"weight": [1]}}, r"may hold sample_weight, groups and X_transfer"),
        ({"teacher": "full"}, "a fitted classifier, 'fit' or None, got 'full'"),
    ],
)
def test_bad_settings(two, settings, said):
    with pytest.raises(ParameterError, match=said):
        make(two, **settings)


def test_a_search_has_the_report_of_its_choice(two):
    """Against a distiller with the settings that it chose."""
    search = DistilledClassifierCV(
        two.model.teacher,
        two.model.student,
        cv=3,
        strengths=(0.0, 0.5),
        calibrations=("sigmoid",),
        fallback=False,
        random_state=0,
    ).fit(two.train.X, two.train.y)
    rows = {"X_train": two.train.X, "y_train": two.train.y}
    found = DistillationReport.from_estimator(search, two.test.X, two.test.y, **rows, **FAST)
    again = DistilledClassifier(two.model.teacher, cv=3, random_state=0, **search.best_params_)
    again.fit(two.train.X, two.train.y)
    known = DistillationReport.from_estimator(again, two.test.X, two.test.y, **rows, **FAST)
    assert list(found.models) == ["direct", "plain", "distilled"]
    for name in found.models:
        assert found.models[name].scores == pytest.approx(known.models[name].scores)
    with pytest.raises(ParameterError, match="does not keep the labels of X_transfer"):
        DistillationReport.from_estimator(
            search, two.test.X, two.test.y, train_params={"X_transfer": two.test.X}, **rows
        )


def test_one_row_or_group_tells_nothing_of_its_error(two):
    X, y = two.test.X[:1], two.test.y[:1]
    train = {"X_train": two.train.X, "y_train": two.train.y}
    report = DistillationReport.from_estimator(
        two.model, X, y, **train, teacher=two.teacher, **FAST
    )
    assert report.gain.error is None
    loss = report.models["distilled"].scores["log_loss"]
    where = "below" if report.gain.mean < 0 else "above"
    assert report.sentence == (
        f"The distilled student's log-loss is {loss:.4f} on 1 held-out row, "
        f"{abs(report.gain.mean):.4f} {where} that of the student trained on the labels (from one "
        "row no interval can be had): distilling is not shown to help."
    )
    assert "Scores of 1 held-out row<" in report._body("")
    assert np.isnan(report.models["distilled"].fidelity["logit_r2"])
    assert json.loads(json.dumps(report.to_dict()))["gain"]["standard_error"] is None
    alone = DistillationReport.from_estimator(
        two.model, two.test.X[:9], two.test.y[:9], groups=["a"] * 9, **train, **FAST
    )
    assert "on 9 held-out rows in 1 group, " in alone.sentence
    assert "(from one group no interval can be had)" in alone.sentence


def test_reports_are_a_few_plain_lines_as_text(two):
    text = str(make(two, **FAST))
    assert text.startswith("teacher: accuracy 0.")
    assert any("held-out rows" in line for line in text.splitlines())
    teacher = TeacherReport.from_estimator(two.model, two.train.X, two.train.y)
    lines = str(teacher).splitlines()
    assert lines[0].startswith("out of fold: accuracy 0.")
    assert lines[-1] == teacher.recommendations[-1]


def test_bad_rows(two):
    with pytest.raises(
        InputError, match="y_train must be the labels that the estimator was fitted"
    ):
        make(two, X_train=two.train.X, y_train=two.train.y[::-1])
    with pytest.raises(InputError, match=r"groups must have shape \(80,\)"):
        make(two, groups=[0, 1])
    with pytest.raises(InputError, match="groups must have an entry in every row"):
        make(two, groups=[np.nan] * 80)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        DistillationReport.from_estimator(two.model, two.test.X, two.test.y[:9], **FAST)
    with pytest.raises(InputError, match=r"got \['maybe'\] as well"):
        DistillationReport.from_estimator(two.model, two.test.X[:2], ["no", "maybe"], **FAST)
