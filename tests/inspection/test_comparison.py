"""`compare`: the same folds, the right methods, corrected intervals, one teacher fit each."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GroupKFold, RepeatedStratifiedKFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier
from skdistill.exceptions import FoldError, ParameterError
from skdistill.inspection import Comparison, ComparisonDisplay, compare
from skdistill.inspection._scores import SCORES
from tests.common.data import sample

DATA = sample(3, 120)
STUDENT = DecisionTreeClassifier(max_leaf_nodes=5, random_state=0)
MODEL = DistilledClassifier(
    DecisionTreeClassifier(min_samples_leaf=4, random_state=0), STUDENT, cv=3, random_state=0
)


class CountingTeacher(ClassifierMixin, BaseEstimator):
    """A teacher that notes each of its fits in a file."""

    def __init__(self, path=None):
        self.path = path

    def fit(self, X, y):
        with open(self.path, "a", encoding="utf-8") as file:  # noqa: PTH123 - workers append
            file.write(f"{len(y)}\n")
        self.model_ = GaussianNB().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


@pytest.fixture(scope="module")
def comparison():
    others = {"stump": DecisionTreeClassifier(max_depth=1)}
    return compare(MODEL, DATA.X, DATA.y, others=others, cv=3, n_repeats=2, random_state=7)


def splits():
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=rng_after_seed())
    return list(cv.split(DATA.X, DATA.y))


def rng_after_seed():
    """The generator as compare leaves it to the folds: one number was drawn for the estimator."""
    rng = np.random.RandomState(7)
    rng.randint(np.iinfo(np.int32).max)
    return rng


def by_hand(name, train, test):
    """The probabilities of a method on the test rows of a fold, made step by step."""
    X, y = DATA.X[train], DATA.y[train]
    if name == "direct":
        return clone(STUDENT).fit(X, y).predict_proba(DATA.X[test])
    if name == "teacher":
        return clone(MODEL.teacher).fit(X, y).predict_proba(DATA.X[test])
    if name == "stump":
        return DecisionTreeClassifier(max_depth=1).fit(X, y).predict_proba(DATA.X[test])
    if name == "in-sample":
        taught = clone(MODEL.teacher).fit(X, y).predict_proba(X)
        model = DistilledClassifier(None, STUDENT, correction=None, calibration=None)
        return model.fit(X, y, teacher_proba=taught).predict_proba(DATA.X[test])
    bare = {"correction": None, "calibration": None} if name == "cross-fit" else {}
    return clone(MODEL).set_params(**bare).fit(X, y).predict_proba(DATA.X[test])


@pytest.mark.parametrize(
    "name", ["teacher", "direct", "in-sample", "cross-fit", "distilled", "stump"]
)
def test_every_method_is_what_it_says(comparison, name):
    briers, losses = [], []
    for train, test in splits():
        p = by_hand(name, train, test)
        briers.append(((DATA.one_hot[test] - p) ** 2).sum(axis=1).mean())
        observed = p[np.arange(len(test)), DATA.codes[test]]
        losses.append(-np.log(np.maximum(observed, 1e-3)).mean())
    assert_allclose(comparison.scores[name]["brier"], briers)
    assert_allclose(comparison.scores[name]["log_loss"], losses)


def test_means_and_paired_differences_are_corrected(comparison):
    assert comparison.n_folds == 6
    assert comparison.test_over_train == pytest.approx(0.5)
    ours, theirs = (
        np.array(comparison.scores[name]["log_loss"]) for name in ("distilled", "direct")
    )
    widened = np.sqrt(1 / 6 + 0.5)
    mean = comparison.estimate("distilled")
    assert mean.mean == pytest.approx(ours.mean())
    assert mean.error == pytest.approx(ours.std(ddof=1) * widened)
    gap = comparison.difference("distilled")
    assert gap.mean == pytest.approx((ours - theirs).mean())
    assert gap.error == pytest.approx((ours - theirs).std(ddof=1) * widened)


def test_frame_has_a_row_per_method_and_score(comparison):
    frame = comparison.frame().set_index(["method", "metric"])
    assert len(frame) == 6 * len(SCORES)
    line = frame.loc[("distilled", "accuracy")]
    gap = comparison.difference("distilled", "accuracy")
    low, high = stats.t.interval(0.95, 5, gap.mean, gap.error)
    assert line["low"] == pytest.approx(low)
    assert line["high"] == pytest.approx(high)
    assert line["outcome"] == (
        "better" if low > 0 else "worse" if high < 0 else "not shown to differ"
    )
    assert np.isnan(frame.loc[("direct", "accuracy"), "difference"])
    assert frame.loc[("direct", "accuracy"), "outcome"] == ""
    assert (frame["fit_seconds"] > 0).all()


@pytest.mark.parametrize("metric", SCORES)
@pytest.mark.parametrize(("shift", "said"), [(0.2, "more"), (-0.2, "less"), (0.001, "same")])
def test_more_is_better_of_some_scores_only(metric, shift, said):
    values = {"direct": np.array([0.5, 0.55, 0.6]), "mine": np.array([0.52, 0.54, 0.6]) + shift}
    scores = {name: dict.fromkeys(SCORES, tuple(row.tolist())) for name, row in values.items()}
    found = Comparison(scores, dict.fromkeys(scores, (1.0, 1.0, 1.0)), "direct", 0.25, 1e-3)
    line = found.frame().set_index(["method", "metric"]).loc[("mine", metric)]
    good = "more" if metric in ("accuracy", "auc") else "less"
    expected = {"same": "not shown to differ", good: "better"}.get(said, "worse")
    assert line["outcome"] == expected


@pytest.mark.parametrize("fall", [0.05, 0.002])
def test_a_score_that_moves_the_other_way_is_named(fall):
    """Where its own interval is clear of zero."""
    noise = np.array([0.001, -0.001, 0.0])
    direct = {name: np.array([0.5, 0.55, 0.6]) for name in SCORES}
    mine = {name: values - 0.05 + noise for name, values in direct.items()}
    mine["auc"] = direct["auc"] - fall + noise
    mine["accuracy"] = direct["accuracy"] + 0.05 + noise
    scores = {
        name: {metric: tuple(row.tolist()) for metric, row in table.items()}
        for name, table in (("direct", direct), ("mine", mine))
    }
    found = Comparison(scores, dict.fromkeys(scores, (1.0, 1.0, 1.0)), "direct", 0.25, 1e-3)
    line = str(found).splitlines()[1]
    if fall == 0.05:
        assert line.endswith("better, but its AUC is 0.5000 against 0.5500.")
    else:
        assert line.endswith(": better.")


def test_one_sentence_per_method(comparison):
    lines = str(comparison).splitlines()
    assert [line.partition(":")[0] for line in lines] == list(comparison.scores)
    mean, gap = comparison.estimate("in-sample"), comparison.difference("in-sample")
    line = lines[2]
    assert f"log-loss {mean.mean:.4f} (standard error {mean.error:.4f})" in line
    assert f"{abs(gap.mean):.4f} {'below' if gap.mean < 0 else 'above'} direct" in line
    assert lines[1].endswith("which the others are compared with.")
    assert all(line.endswith(".") for line in lines)


def test_plot_shows_the_differences(comparison):
    display = comparison.plot(metric="brier")
    frame = display.frame()
    assert frame["method"].tolist() == ["teacher", "in-sample", "cross-fit", "distilled", "stump"]
    expected = [comparison.difference(name, "brier").mean for name in frame["method"]]
    assert_allclose(frame["difference"], expected)
    assert display.ax_.get_xlabel() == "brier less that of direct"
    ticks = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert ticks == frame["method"].tolist()
    with pytest.raises(ParameterError, match="metric must be one of 'accuracy'"):
        comparison.plot(metric="f1")


def test_display_from_estimator_is_that_of_compare():
    settings = {"methods": ("direct", "distilled"), "cv": 3, "n_repeats": 1, "random_state": 3}
    display = ComparisonDisplay.from_estimator(MODEL, DATA.X, DATA.y, metric="auc", **settings)
    expected = compare(MODEL, DATA.X, DATA.y, **settings).display("auc")
    pd.testing.assert_frame_equal(display.frame(), expected.frame())


def test_each_teacher_is_fitted_once(tmp_path):
    path = tmp_path / "fits"
    model = clone(MODEL).set_params(teacher=CountingTeacher(str(path)), random_state=None)
    compare(model, DATA.X, DATA.y, cv=2, n_repeats=1, random_state=0)
    sizes = sorted(map(int, path.read_text(encoding="utf-8").split()))
    # Per fold: once in full for "teacher" and "in-sample", three times for the other two.
    assert sizes == [40] * 6 + [60] * 2


def test_memory_of_the_users_serves_again(tmp_path):
    path = tmp_path / "fits"
    model = clone(MODEL).set_params(teacher=CountingTeacher(str(path)))
    settings = {"cv": 2, "n_repeats": 1, "random_state": 0, "memory": str(tmp_path / "cache")}
    first = compare(model, DATA.X, DATA.y, **settings)
    fits = path.read_text(encoding="utf-8")
    again = compare(model, DATA.X, DATA.y, **settings)
    assert path.read_text(encoding="utf-8") == fits
    assert again.scores == first.scores


def test_workers_change_nothing():
    settings = {"methods": ("direct", "in-sample", "distilled"), "cv": 2, "n_repeats": 1}
    alone = compare(MODEL, DATA.X, DATA.y, random_state=0, **settings)
    shared = compare(MODEL, DATA.X, DATA.y, random_state=0, n_jobs=2, **settings)
    assert alone.scores == shared.scores


def test_groups_are_kept_whole_in_both_kinds_of_folds():
    """Copies of a row in one group: a tree that remembers rows shines where they are split."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(40, 3)), 3, axis=0)
    y = np.repeat(rng.permutation([0, 1] * 20), 3)
    groups = np.repeat(np.arange(40), 3)
    tree = DecisionTreeClassifier(random_state=0)
    model = DistilledClassifier(tree, tree, cv=3, strength=0.0, random_state=0)
    settings = {"methods": ("direct", "cross-fit"), "random_state": 0}
    # Were the folds of the estimator to split a group, it would warn, and the test would fail.
    for cv in (3, GroupKFold(3)):
        kept = compare(model, X, y, groups=groups, cv=cv, **settings)
        assert kept.n_folds == (6 if cv == 3 else 3)
        assert kept.estimate("direct", "accuracy").mean < 0.75
    with pytest.warns(UserWarning, match="identical row in another fold"):
        split = compare(model, X, y, cv=3, **settings)
    assert split.estimate("direct", "accuracy").mean > 0.9


def test_regressors_are_compared_by_their_own_route():
    model = DistilledClassifier(
        GaussianNB(), DecisionTreeRegressor(max_leaf_nodes=4), cv=3, random_state=0
    )
    found = compare(model, DATA.X, DATA.y, methods=("direct",), cv=3, n_repeats=1, random_state=7)
    rng = rng_after_seed()
    briers = []
    for train, test in StratifiedKFold(3, shuffle=True, random_state=rng).split(DATA.X, DATA.y):
        tree = DecisionTreeRegressor(max_leaf_nodes=4).fit(DATA.X[train], DATA.one_hot[train])
        p = tree.predict(DATA.X[test])
        briers.append(((DATA.one_hot[test] - p) ** 2).sum(axis=1).mean())
    assert_allclose(found.scores["direct"]["brier"], briers)


def test_a_single_fold_has_no_error():
    train, test = np.arange(80), np.arange(80, 120)
    found = compare(MODEL, DATA.X, DATA.y, methods=("direct", "teacher"), cv=[(train, test)])
    assert found.estimate("direct").error is None
    gap = found.difference("teacher").mean
    where = f"{abs(gap):.4f} {'below' if gap < 0 else 'above'} direct"
    assert str(found).endswith(
        f"{where} (from one fold no interval can be had): not shown to differ."
    )
    assert found.plot().frame()["low"].tolist() == [-np.inf]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"methods": ("naive",)}, "every method must be one of 'teacher', 'direct'"),
        ({"methods": "direct"}, "methods must be a sequence of names, got the string 'direct'"),
        (
            {"others": {"direct": GaussianNB()}},
            r"must differ from those of methods, got \['direct'\]",
        ),
        ({"methods": ("in-sample",)}, "baseline must be one of 'in-sample', got 'direct'"),
        ({"estimator": GaussianNB()}, "must be a DistilledClassifier, got GaussianNB"),
        (
            {"estimator": DistilledClassifier(None, STUDENT)},
            "must have a teacher, got teacher=None",
        ),
    ],
)
def test_bad_settings(settings, said):
    estimator = settings.pop("estimator", MODEL)
    with pytest.raises(ParameterError, match=said):
        compare(estimator, DATA.X, DATA.y, **settings)


def test_folds_that_cannot_be_drawn_raise():
    with pytest.raises(FoldError, match="cv=50 needs at least 50 rows of every class"):
        compare(MODEL, DATA.X, DATA.y, cv=50)


@pytest.mark.parametrize("of", ["estimate", "difference"])
def test_methods_and_scores_that_were_not_measured(comparison, of: str) -> None:
    with pytest.raises(ParameterError, match=r"method must be one of .*'distilled'.*, got 'nope'"):
        getattr(comparison, of)("nope")
    with pytest.raises(ParameterError, match=r"metric must be one of .*'log_loss'.*, got 'nope'"):
        getattr(comparison, of)("distilled", "nope")
