"""The teacher's passport: each figure recomputed, each recommendation where it is due."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_digits, make_blobs, make_circles
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill._ground.outcomes import Classes
from skdistill.exceptions import CoverageWarning, InputError, LeakWarning, ParameterError
from skdistill.inspection import ReliabilityDisplay, ResidualDisplay, TeacherReport
from skdistill.inspection._measures import OfClasses
from skdistill.inspection._residual import as_numbers
from skdistill.inspection._teaching import cross_calibrate
from skdistill.teaching.calibration import calibrate
from tests.common.data import sample
from tests.inspection.conftest import cross_calibrated

TREE = DecisionTreeRegressor(max_depth=2, random_state=0)
QUICK = {"residual_model": TREE}


@pytest.fixture(scope="module")
def report(three):
    return TeacherReport.from_estimator(
        three.model, three.train.X, three.train.y, teacher=three.teacher, **QUICK
    )


def test_scores_of_every_kind_of_probabilities(three, report):
    data, model = three.train, three.model
    raw = model.teacher_proba_
    shares = np.broadcast_to(data.one_hot.mean(axis=0), raw.shape)
    said = {
        "out of fold": raw,
        "out of fold, calibrated": cross_calibrated(three),
        "in-sample": three.teacher.predict_proba(data.X),
        "class frequencies": shares,
    }
    assert list(report.scores) == list(said)
    for name, p in said.items():
        found = report.scores[name]
        assert found["accuracy"] == pytest.approx(accuracy_score(data.codes, p.argmax(axis=1)))
        observed = np.maximum(p[np.arange(120), data.codes], 1e-3)
        assert found["log_loss"] == pytest.approx(-np.log(observed).mean())
        assert found["brier"] == pytest.approx(((data.one_hot - p) ** 2).sum(axis=1).mean())
        aucs = [roc_auc_score(data.one_hot[:, k], p[:, k]) for k in range(3)]
        assert found["auc"] == pytest.approx(np.mean(aucs))
    assert report.n_rows == 120
    assert report.n_unlabelled == 0


def test_scores_agree_with_those_of_the_fit(three):
    data = three.train
    report = TeacherReport.from_estimator(three.model, data.X, data.y, residual_model=None)
    known = three.model.report_.teacher
    assert report.scores["out of fold"].items() >= known["raw"].items()
    assert report.lead == three.model.report_.shrinkage["brier"]["excess"]
    given = clone(three.model).fit(data.X, data.y, teacher_proba=three.model.teacher_proba_)
    report = TeacherReport.from_estimator(given, data.X, data.y, residual_model=None)
    assert report.scores["given"].items() >= known["raw"].items()
    assert report.scores["calibrated on these rows"].items() >= known["calibrated"].items()


@pytest.mark.parametrize("method", ["isotonic", "sigmoid", "temperature"])
def test_calibrations_are_judged_on_rows_that_they_have_not_seen(method):
    """Of the true probabilities there is nothing to calibrate: maps that look good have seen y."""
    rng = np.random.default_rng(0)
    for seed in range(3):
        data = sample(5, 200, seed=seed)
        folds = rng.permutation(200) % 4
        y, p = data.one_hot, data.bayes
        weight = rng.uniform(0.5, 2.0, size=200)
        calibrated = np.empty_like(p)
        for test in (folds == k for k in range(4)):
            fitted = calibrate(method, y[~test], p[~test], weight[~test])
            calibrated[test] = fitted.transform(p[test])
        found = cross_calibrate(OfClasses(Classes(data.classes)), method, y, p, folds, weight)
        assert_allclose(found, calibrated)
        report = TeacherReport.from_predictions(
            data.y, p, calibrated=found, folds=folds, residual_model=None
        )
        seen = calibrate(method, y, p).transform(p)
        flattered = TeacherReport.from_predictions(data.y, p, calibrated=seen, folds=folds)
        if method == "isotonic":
            assert "Keep the calibration" in " ".join(flattered.recommendations)
        assert "Keep the calibration" not in " ".join(report.recommendations)


@pytest.mark.parametrize("how", ["stacked", "one fold", "folds not known"])
def test_a_calibration_that_has_seen_the_rows_is_shown_and_no_more(three, how):
    data, model = three.train, clone(three.model)
    if how == "stacked":
        model.set_params(calibration="stacked").fit(data.X, data.y)
    elif how == "one fold":
        model.set_params(cv=[(np.arange(60), np.arange(60, 120))], strength=0.5)
        with pytest.warns(CoverageWarning):
            model.fit(data.X, data.y)
    else:
        model.fit(data.X, data.y, teacher_proba=three.model.teacher_proba_)
    report = TeacherReport.from_estimator(model, data.X, data.y, **QUICK)
    first = "given" if how == "folds not known" else "out of fold"
    assert list(report.scores) == [first, "calibrated on these rows", "class frequencies"]
    known = np.flatnonzero(model.fold_ >= 0) if how == "one fold" else np.arange(120)
    y, raw, taught = (
        data.one_hot[known],
        model.teacher_proba_[known],
        model.calibrated_proba_[known],
    )
    for name, p in ((first, raw), ("calibrated on these rows", taught)):
        brier = np.mean(np.sum((y - p) ** 2, axis=1))
        assert report.scores[name]["brier"] == pytest.approx(brier)
    assert not any("calibration" in text for text in report.recommendations)
    folds = None if how == "folds not known" else model.fold_[known]
    bare = TeacherReport.from_predictions(
        data.y[known], raw, classes=model.classes_, folds=folds, X=data.X[known], **QUICK
    )
    assert report.by_class == bare.by_class
    assert report.by_fold == bare.by_fold
    assert report.residual == bare.residual
    pd.testing.assert_frame_equal(report.reliability.frame(), bare.reliability.frame())
    expected = ResidualDisplay.from_predictions(data.y[known], raw, data.X[known, 0])
    found = ResidualDisplay.from_estimator(model, data.X, data.y, 0)
    pd.testing.assert_frame_equal(found.frame(), expected.frame())


def test_a_calibration_that_helps_speaks_for_the_teacher(report):
    """Overconfident probabilities may be worse than none, and calibrated worth distilling."""
    scores = {name: dict(row) for name, row in report.scores.items()}
    base = scores["class frequencies"]["log_loss"]
    scores["out of fold"]["log_loss"] = 1.1 * base
    flattered = scores.pop("out of fold, calibrated") | {"log_loss": 0.9 * base}
    assert "Do not distil" in advice(report, scores=scores)
    scores["calibrated on these rows"] = flattered
    assert "Do not distil" not in advice(report, scores=scores)


def test_memorisation_is_in_sample_against_out_of_fold(report):
    seen, unseen = report.scores["in-sample"], report.scores["out of fold"]
    assert report.memorisation["log_loss"] == unseen["log_loss"] - seen["log_loss"]
    assert report.memorisation["brier"] == unseen["brier"] - seen["brier"]
    assert report.memorisation["accuracy"] == seen["accuracy"] - unseen["accuracy"]
    assert report.memorisation["auc"] == seen["auc"] - unseen["auc"]
    assert report.memorisation["log_loss"] > 0.1
    assert any("Never distil" in text for text in report.recommendations)


def test_memorisation_costs_a_fit_only_when_asked_for(two, monkeypatch):
    data = two.train
    fits = []
    monkeypatch.setattr(
        "skdistill.inspection._teaching.clone", lambda model: fits.append(model) or clone(model)
    )
    without = TeacherReport.from_estimator(two.model, data.X, data.y, **QUICK)
    assert without.memorisation is None
    assert "in-sample" not in without.scores
    assert not fits
    asked = TeacherReport.from_estimator(two.model, data.X, data.y, teacher="fit", **QUICK)
    given = TeacherReport.from_estimator(two.model, data.X, data.y, teacher=two.teacher, **QUICK)
    assert len(fits) == 1
    assert asked.memorisation == given.memorisation


def test_by_class_and_by_fold(three, report):
    data, model = three.train, three.model
    p = cross_calibrated(three)
    for k, name in enumerate(data.classes):
        row = report.by_class[name]
        assert row["n_rows"] == (data.codes == k).sum()
        assert row["brier"] == pytest.approx(((data.one_hot[:, k] - p[:, k]) ** 2).mean())
        assert row["auc"] == pytest.approx(roc_auc_score(data.one_hot[:, k], p[:, k]))
    assert sorted(report.by_fold) == [0, 1, 2]
    for number, row in report.by_fold.items():
        own = model.fold_ == number
        assert own.sum() == 40
        rows = ((data.one_hot[own] - p[own]) ** 2).sum(axis=1)
        assert row["brier"] == pytest.approx(rows.mean())
        assert row["brier_error"] == pytest.approx(rows.std(ddof=1) / np.sqrt(40))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("folds_known", [False, True])
def test_residual_explained(three, weight, folds_known, weighted):
    data = three.train
    w = weight if weighted else np.ones(120)
    fold = three.model.fold_
    if not folds_known:
        splits = KFold(5, shuffle=True, random_state=0).split(data.X)
        fold = np.empty(120, int)
        for number, (_, test) in enumerate(splits):
            fold[test] = number
    report = TeacherReport.from_predictions(
        data.y,
        data.teacher,
        X=data.X,
        folds=fold if folds_known else None,
        sample_weight=w if weighted else None,
        **QUICK,
    )
    r = data.one_hot - data.teacher
    h = np.empty_like(r)
    for number in np.unique(fold):
        inside, outside = fold == number, fold != number
        for k in range(3):
            fitted = clone(TREE).fit(data.X[outside], r[outside, k], sample_weight=w[outside])
            h[inside, k] = fitted.predict(data.X[inside])
    gain = (r**2 - (r - h) ** 2).sum(axis=1)
    assert report.residual.squared_error.mean == pytest.approx(np.average(gain, weights=w))
    total = (w[:, None] * r**2).sum()
    assert report.residual.r2 == pytest.approx(1 - (w[:, None] * (r - h) ** 2).sum() / total)


def test_residual_is_a_lower_bound_of_the_squared_error():
    """A teacher bent in a known way is found out, by no more than it is bent."""
    data = sample(2, 1500)
    shift = np.where(data.X[:, 0] > 0, 0.2, -0.2)
    bent = np.clip(data.bayes[:, 1] + shift, 0.05, 0.95)
    p = np.column_stack([1 - bent, bent])
    report = TeacherReport.from_predictions(data.y, p, X=data.X)
    truth = ((data.bayes - p) ** 2).sum(axis=1).mean()
    found = report.residual.squared_error
    assert 0.5 * truth < found.mean < truth + 2 * found.error
    assert any("Keep the correction" in text for text in report.recommendations)
    perfect = TeacherReport.from_predictions(data.y, data.bayes, X=data.X)
    assert perfect.residual.squared_error.mean < 2 * perfect.residual.squared_error.error
    assert not any("Keep the correction" in text for text in perfect.recommendations)


def test_residual_of_two_classes_counts_both(two):
    data = two.train
    report = TeacherReport.from_predictions(
        data.y, data.teacher, X=data.X, folds=two.model.fold_, **QUICK
    )
    r = (data.one_hot - data.teacher)[:, 1]
    fold, h = two.model.fold_, np.empty(120)
    for number in range(3):
        fitted = clone(TREE).fit(data.X[fold != number], r[fold != number])
        h[fold == number] = fitted.predict(data.X[fold == number])
    assert report.residual.squared_error.mean == pytest.approx(2 * (r**2 - (r - h) ** 2).mean())


def test_residual_of_a_mixed_table():
    frame = pd.DataFrame({"a": [1.5, 2.0, 3.0], "b": ["y", "x", "y"], "c": [True, False, True]})
    assert_allclose(as_numbers(frame), [[1.5, 1, 1], [2.0, 0, 0], [3.0, 1, 1]])
    assert_allclose(as_numbers([["7", "u"], ["1", "v"]]), [[7, 0], [1, 1]])
    missing = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": ["u", None]})
    numbers = as_numbers(missing)
    assert np.isnan(numbers[1, 0])
    assert numbers[0, 1] != numbers[1, 1]


def test_residual_of_sparse_rows(two):
    data = two.train
    sparse = sp.csr_array(data.X)
    with pytest.raises(InputError, match="pass residual_model="):
        TeacherReport.from_predictions(data.y, data.teacher, X=sparse)
    found = TeacherReport.from_predictions(
        data.y, data.teacher, X=sparse, residual_model=Ridge(solver="sparse_cg")
    )
    dense = TeacherReport.from_predictions(
        data.y, data.teacher, X=data.X, residual_model=Ridge(solver="sparse_cg")
    )
    assert found.residual.r2 == pytest.approx(dense.residual.r2, abs=1e-6)
    without = TeacherReport.from_predictions(data.y, data.teacher, X=sparse, residual_model=None)
    assert without.residual is None
    assert without.duplicates is not None


def test_residual_model_of_the_users_choice(two, weight):
    data = two.train
    ours = TeacherReport.from_predictions(data.y, data.teacher, X=data.X)
    theirs = TeacherReport.from_predictions(
        data.y,
        data.teacher,
        X=data.X,
        residual_model=HistGradientBoostingRegressor(
            max_iter=50, max_leaf_nodes=8, early_stopping=False, random_state=0
        ),
    )
    assert ours.residual == theirs.residual
    with pytest.raises(ParameterError, match="KNeighborsRegressor takes no sample_weight"):
        TeacherReport.from_predictions(
            data.y,
            data.teacher,
            X=data.X,
            sample_weight=weight,
            residual_model=KNeighborsRegressor(),
        )


def test_duplicates():
    data = sample(2, 60)
    X = np.arange(120.0).reshape(60, 2)
    X[1] = X[0]
    X[3] = X[2]
    y = data.y.copy()
    y[:4] = ["no", "no", "no", "yes"]
    folds = np.arange(60) % 3
    folds[:4] = [0, 1, 2, 2]
    report = TeacherReport.from_predictions(y, data.teacher, X=X, folds=folds, residual_model=None)
    assert report.duplicates.share == pytest.approx(4 / 60)
    assert report.duplicates.in_other_fold == pytest.approx(2 / 60)
    assert report.duplicates.conflicting == pytest.approx(2 / 60)
    said = " ".join(report.recommendations)
    assert "Keep identical rows together: 3.3%" in said
    assert "Look at the labels: 3.3%" in said
    unknown = TeacherReport.from_predictions(y, data.teacher, X=X, residual_model=None)
    assert np.isnan(unknown.duplicates.in_other_fold)
    assert "Keep identical rows" not in " ".join(unknown.recommendations)


def test_reliability_curves(three, report):
    raw = three.model.teacher_proba_
    said = {"teacher": raw, "teacher, calibrated": cross_calibrated(three)}
    expected = ReliabilityDisplay.from_predictions(three.train.y, said)
    pd.testing.assert_frame_equal(report.reliability.frame(), expected.frame())


def test_rows_without_probabilities_are_counted(two, weight):
    data = two.train
    weight = weight.copy()
    weight[:7] = 0.0
    model = clone(two.model).fit(data.X, data.y, sample_weight=weight)
    report = TeacherReport.from_estimator(model, data.X, data.y, sample_weight=weight, **QUICK)
    assert (report.n_rows, report.n_unlabelled) == (113, 7)
    p, y, w = model.teacher_proba_[7:], data.one_hot[7:], weight[7:]
    brier = np.average(((y - p) ** 2)[:, 1], weights=w)
    assert report.scores["out of fold"]["brier"] == pytest.approx(brier)
    assert report.scores["class frequencies"]["brier"] == pytest.approx(
        np.average(((y - np.average(y, axis=0, weights=w)) ** 2)[:, 1], weights=w)
    )
    assert (
        report.lead == 0.5 * model.report_.shrinkage["brier"]["excess"]
    )  # of two classes one is counted


def test_given_rows_of_weight_zero_are_absent(three, weight):
    data, weight = three.train, weight.copy()
    weight[::3] = 0.0
    kept = weight > 0
    table = {"X": data.X, "p": data.teacher, "calibrated": data.bayes, "in_sample": data.bayes}
    table |= {"folds": three.model.fold_, "sample_weight": weight}
    report = TeacherReport.from_predictions(data.y, **table, **QUICK)
    part = {name: values[kept] for name, values in table.items()}
    known = TeacherReport.from_predictions(data.y[kept], **part, **QUICK)
    assert (report.n_rows, report.n_unlabelled) == (80, 40)
    assert report.by_class == known.by_class
    assert report.scores == known.scores
    assert report.residual == known.residual
    assert report.duplicates == known.duplicates


def test_refitted_students_keep_the_folds_of_their_teacher(two):
    data = two.train
    other = two.model.refit_student(data.X, data.y, strength=1.0)
    again = TeacherReport.from_estimator(other, data.X, data.y, **QUICK)
    first = TeacherReport.from_estimator(two.model, data.X, data.y, **QUICK)
    assert again.by_fold == first.by_fold
    assert again.lead is None


def test_given_probabilities_have_no_folds(two):
    data = two.train
    model = DistilledClassifier(None, DecisionTreeClassifier(max_depth=2), strength=0.5)
    model.fit(data.X, data.y, teacher_proba=data.teacher)
    report = TeacherReport.from_estimator(model, data.X, data.y, **QUICK)
    assert report.by_fold == {}
    assert np.isnan(report.duplicates.in_other_fold)
    with pytest.raises(ParameterError, match="teacher='fit' needs an estimator with a teacher"):
        TeacherReport.from_estimator(model, data.X, data.y, teacher="fit")


# Probabilities that were given

UNKNOWN = "Whether this teacher had seen the labels of these rows is not known"
SEEN = "Do not distil these probabilities"
COIN_FLIPS = (
    np.random.default_rng(0).normal(size=(400, 5)),
    np.random.default_rng(1).integers(2, size=400),
)
FOREST = RandomForestClassifier(100, random_state=0)


def passport(X, y, p, **settings):
    """Return the passport of probabilities that a fit was given."""
    model = DistilledClassifier(None, DecisionTreeClassifier(max_depth=2), strength=0.5)
    return TeacherReport.from_estimator(model.fit(X, y, teacher_proba=p), X, y, **settings)


def honest(teacher, X, y):
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_predict(teacher, X, y, method="predict_proba", cv=cv)


@pytest.mark.parametrize("names", [np.array([0, 1]), np.array(["heads", "tails"])], ids=str)
@pytest.mark.parametrize(
    "teacher", [FOREST, DecisionTreeClassifier(random_state=0)], ids=["forest", "tree"]
)
def test_in_sample_probabilities_of_noise_are_found_out(teacher, names):
    X, y = COIN_FLIPS[0], names[COIN_FLIPS[1]]
    p = clone(teacher).fit(X, y).predict_proba(X)
    for report in (passport(X, y, p), TeacherReport.from_predictions(y, p, X=X)):
        assert report.scores["given"]["accuracy"] == 1.0
        assert report.label_r2 < 0.1
        assert report.recommendations[0].startswith(SEEN)
        assert "explains 0% of the labels' variance" in report.recommendations[0]
        assert any(text.startswith(UNKNOWN) for text in report.recommendations)
        assert not any(text.startswith("Nothing here") for text in report.recommendations)
    out = TeacherReport.from_predictions(y, honest(teacher, X, y), X=X)
    assert SEEN not in " ".join(out.recommendations)
    assert "It has learnt nothing of use" in out.recommendations[0]


def test_honest_teachers_are_not_suspected():
    digits = load_digits(n_class=3, return_X_y=True)
    cancer = load_breast_cancer(return_X_y=True)
    svm = make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(C=10), ensemble=False, cv=3))
    forest = RandomForestClassifier(30, random_state=0)
    circles = make_circles(300, noise=0.05, factor=0.4, random_state=0)
    for (X, y), teacher in (
        (digits, forest),
        (digits, KNeighborsClassifier(5)),
        (cancer, forest),
        (cancer, svm),
        (circles, KNeighborsClassifier(5)),
        (make_blobs(60, centers=5, cluster_std=0.5, random_state=0), KNeighborsClassifier(5)),
    ):
        report = TeacherReport.from_predictions(y, honest(teacher, X, y), X=X)
        assert report.scores["given"]["accuracy"] > 0.9
        assert SEEN not in " ".join(report.recommendations)
        assert UNKNOWN in " ".join(report.recommendations)


def test_suspicion_needs_every_label_rows_enough_and_features_of_little_use(report):
    scores = {"given": report.scores["out of fold"] | {"accuracy": 1.0}}
    scores |= {"class frequencies": report.scores["class frequencies"]}
    suspect = replace(report, scores=scores, given=True, memorisation=None)
    suspect = replace(suspect, n_rows=300, label_r2=0.49)
    assert SEEN in advice(suspect)
    assert SEEN not in advice(suspect, label_r2=0.5)
    assert SEEN not in advice(suspect, label_r2=None)
    assert SEEN not in advice(suspect, n_rows=299)
    once_wrong = scores | {"given": scores["given"] | {"accuracy": 299 / 300}}
    assert SEEN not in advice(suspect, scores=once_wrong)


def test_the_features_witness_what_the_labels_follow(two, weight):
    data = two.train
    report = passport(data.X, data.y, data.teacher)
    share = np.broadcast_to(data.one_hot.mean(axis=0), data.one_hot.shape)
    blind = TeacherReport.from_predictions(data.y, share, X=data.X)
    assert report.label_r2 == blind.residual.r2
    assert report.to_dict()["label_r2"] == report.label_r2
    assert f"R² {report.label_r2:.4f}" in report._body("")
    weighted = TeacherReport.from_predictions(data.y, data.teacher, X=data.X, sample_weight=weight)
    share = np.broadcast_to(np.average(data.one_hot, axis=0, weights=weight), share.shape)
    blind = TeacherReport.from_predictions(data.y, share, X=data.X, sample_weight=weight)
    assert weighted.label_r2 == pytest.approx(blind.residual.r2)
    # A model of the user's choice may be too weak to bear witness against a teacher.
    assert passport(data.X, data.y, data.teacher, **QUICK).label_r2 is None
    assert passport(data.X, data.y, data.teacher, residual_model=None).label_r2 is None
    assert TeacherReport.from_predictions(data.y, data.teacher).label_r2 is None
    assert TeacherReport.from_estimator(two.model, data.X, data.y).label_r2 is None


@pytest.mark.parametrize("how", ["given", "refitted", "search", "frozen", "predictions"])
def test_nothing_given_is_said_to_be_out_of_fold(two, how):
    data, tree = two.train, DecisionTreeClassifier(max_depth=2)
    if how == "search":
        search = DistilledClassifierCV(two.model.teacher, tree, cv=3, random_state=0).fit(
            data.X, data.y
        )
        own = TeacherReport.from_estimator(search, data.X, data.y, **QUICK)
        assert not own.given
        pool = {"teacher_proba": search.teacher_proba_, "pool_proba": search.pool_proba_}
        model = clone(search).fit(data.X, data.y, **pool)
    elif how == "frozen":
        model = DistilledClassifier(FrozenEstimator(two.teacher), tree, cv=3)
        with pytest.warns(LeakWarning, match="frozen"):
            model.fit(data.X, data.y)
    else:
        model = DistilledClassifier(None, tree, strength=0.5)
        model.fit(data.X, data.y, teacher_proba=data.teacher)
    if how == "refitted":
        model = model.refit_student(data.X, data.y, strength=1.0)
    report = TeacherReport.from_estimator(model, data.X, data.y, **QUICK)
    if how == "predictions":
        given = {"calibrated": data.bayes, "in_sample": data.one_hot, "X": data.X}
        report = TeacherReport.from_predictions(data.y, data.teacher, **given, **QUICK)
        assert list(report.scores)[1] == "given, calibrated"
        assert "and {:.4f} as given".format(report.scores["given"]["log_loss"]) in advice(report)
    assert report.given
    assert next(iter(report.scores)) == "given"
    assert any(text.startswith(UNKNOWN) for text in report.recommendations)
    page = "\n".join([*report._sections(), *report._pictures(), *report._text()])
    told = page.replace("residual explained by x, out of fold", "")
    assert "out of fold" not in told


# Recommendations


def advice(report, **changes):
    return " ".join(replace(report, **changes).recommendations)


def test_useless_teachers_are_refused():
    data = sample(2, 120)
    noise = np.random.default_rng(0).dirichlet([1, 1], size=120)
    report = TeacherReport.from_predictions(data.y, noise)
    first = report.recommendations[0]
    assert first.startswith("Do not distil this teacher: its log-loss is")
    assert f"{report.scores['class frequencies']['log_loss']:.4f}" in first


def test_good_teachers_pass(report):
    scores = dict.fromkeys(("out of fold", "class frequencies"), report.scores["out of fold"])
    scores["class frequencies"] = dict.fromkeys(scores["class frequencies"], 1.0)
    quiet = replace(report, scores=scores, memorisation=None, residual=None, lead=None)
    quiet = replace(quiet, by_class={}, by_fold={})
    assert quiet.recommendations == ("Nothing here speaks against distilling this teacher.",)
    given = {"given" if kind == "out of fold" else kind: row for kind, row in scores.items()}
    (only,) = replace(quiet, scores=given, given=True).recommendations
    assert only.startswith(UNKNOWN)


def test_each_rule_speaks_where_it_should_and_nowhere_else(report):
    quiet = replace(report, memorisation=None, residual=None, lead=0.1, by_fold={})
    said = advice(quiet)
    assert "Look for a better teacher: out of fold" in advice(quiet, lead=-0.02)
    assert "by 0.0200" in advice(quiet, lead=-0.02)
    scores = {name: dict(row) for name, row in report.scores.items()}
    raw = scores["out of fold"]["log_loss"]
    scores["out of fold, calibrated"]["log_loss"] = 0.9 * raw
    assert "Keep the calibration" in advice(quiet, scores=scores)
    scores["out of fold, calibrated"]["log_loss"] = 1.1 * raw
    assert "Leave the calibration out" in advice(quiet, scores=scores)
    folds = {k: {"brier": b, "brier_error": 0.05} for k, b in enumerate((0.1, 0.1, 0.4))}
    assert "Look at fold 2: its Brier score is 0.4000, the mean of the folds 0.2000" in advice(
        quiet, by_fold=folds
    )
    unsure = {k: row | {"brier_error": 0.1} for k, row in folds.items()}
    assert "Look at fold" not in advice(quiet, by_fold=unsure)
    assert "Look at fold" not in said
    classes = {name: dict(row) for name, row in report.by_class.items()}
    classes["pear"] |= {"n_rows": 3, "brier": 0.3, "frequency": 0.2}
    poor = advice(quiet, by_class=classes)
    assert (
        "no better than their frequency does, by Brier score: pear (0.3000 against 0.1600)" in poor
    )
    assert "Trust no figure of the classes with few rows: pear (3)" in poor
    assert "Trust no figure" not in said


# The record


def test_frames(report):
    frame = report.frame()
    assert frame.loc["in-sample", "brier"] == report.scores["in-sample"]["brier"]
    assert report.frame("by_class").loc["pear", "recall"] == report.by_class["pear"]["recall"]
    assert report.frame("by_fold").loc[2, "auc"] == report.by_fold[2]["auc"]
    with pytest.raises(ParameterError, match="of must be one of 'scores', 'by_class', 'by_fold'"):
        report.frame("folds")


def test_to_dict_is_plain(report):
    facts = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert facts["classes"] == ["apple", "pear", "quince"]
    assert facts["scores"]["out of fold"]["brier"] == report.scores["out of fold"]["brier"]
    assert facts["residual"]["r2"] == report.residual.r2
    assert facts["recommendations"] == list(report.recommendations)
    assert facts["duplicates"]["share"] == report.duplicates.share


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"folds": [0, 1]}, r"folds must have shape \(120,\)"),
        ({"folds": np.zeros(120)}, "dtype float64"),
        ({"calibrated": [[1.0, 0.0]]}, r"calibrated must have shape \(120, 2\)"),
        ({"in_sample": np.ones((120, 2))}, "in_sample must be probabilities"),
        ({"sample_weight": -np.ones(120)}, "not negative"),
        ({"classes": ["no", "maybe"]}, r"got \['yes'\] as well"),
    ],
)
def test_bad_predictions(two, settings, said):
    with pytest.raises(InputError, match=said):
        TeacherReport.from_predictions(two.train.y, two.train.teacher, **settings)


def test_page_says_what_is_known_and_no_more(two, report):
    full = report._body("")
    for heading in ("Memorisation gap", "By fold", "By class", "residual explained by x"):
        assert heading in full
    assert f"{report.duplicates.in_other_fold:.2%}" in full
    bare = TeacherReport.from_predictions(two.train.y, two.train.teacher)._body("")
    for heading in ("Memorisation gap", "By fold", "residual", "lead over", "identical row"):
        assert heading not in bare
    assert "By class" in bare


def test_bad_teacher(two):
    data = two.train
    with pytest.raises(ParameterError, match="a fitted classifier, 'fit' or None, got 'refit'"):
        TeacherReport.from_estimator(two.model, data.X, data.y, teacher="refit")
    with pytest.raises(ParameterError, match="expected a fitted classifier with predict_proba"):
        TeacherReport.from_estimator(two.model, data.X, data.y, teacher=TREE)


def test_rows_without_weight_need_no_features(two):
    data = two.train
    weight = np.where(np.arange(120) % 3 > 0, 1.0, 0.0)
    known = weight > 0
    settings = {"residual_model": None, "floor": 0.01}
    one = TeacherReport.from_predictions(data.y, data.teacher, sample_weight=weight, **settings)
    other = TeacherReport.from_predictions(data.y[known], data.teacher[known], **settings)
    assert one.scores == other.scores
    for X in (data.X[:100], np.vstack([data.X, data.X])):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            TeacherReport.from_predictions(data.y, data.teacher, X=X, sample_weight=weight)


@pytest.mark.parametrize(
    "model", ["foo", DecisionTreeRegressor, 1], ids=["text", "class", "number"]
)
def test_what_is_no_residual_model(two, model):
    data = two.train
    with pytest.raises(ParameterError, match="residual_model must be a regressor, 'auto' or None"):
        TeacherReport.from_predictions(data.y, data.teacher, X=data.X, residual_model=model)
    with pytest.raises(ParameterError, match="residual_model must be a regressor, 'auto' or None"):
        TeacherReport.from_estimator(two.model, data.X, data.y, residual_model=model)
