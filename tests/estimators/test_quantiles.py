"""`DistilledQuantiles`: its levels against single fits, and against quantiles that are known."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import BayesianRidge, LogisticRegression, QuantileRegressor, Ridge
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledQuantiles, DistilledRegressor
from skdistill.exceptions import (
    CoverageWarning,
    FoldError,
    InputError,
    LeakWarning,
    ParameterError,
    SkdistillWarning,
    StudentError,
    TeacherError,
)
from skdistill.inspection import DistillationReport, TeacherReport
from skdistill.students.levels import at_level

X, Y = make_friedman1(180, 5, noise=1.5, random_state=0)
X = np.round(X, 2)
FOLDS = list(KFold(3, shuffle=True, random_state=0).split(X))
LEVELS = (0.1, 0.5, 0.9)
TEACHER = BayesianRidge()
LINE = QuantileRegressor(alpha=0.0)
SMALL = {"n_estimators": 8, "num_leaves": 5, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
BOOSTED = LGBMRegressor(objective="quantile", **SMALL)


def make(teacher=TEACHER, student=LINE, **settings):
    how = {"cv": FOLDS, "random_state": 0, "quantiles": LEVELS, "strength": 0.5}
    return DistilledQuantiles(teacher, student, **how | settings)


def fit(teacher=TEACHER, student=LINE, rows=X, y=Y, **settings):
    given = {key: settings.pop(key) for key in ("sample_weight", "groups") if key in settings}
    return make(teacher, student, **settings).fit(rows, y, **given)


def test_the_teacher_is_out_of_fold():
    model = fit()
    for train, test in FOLDS:
        mean, std = clone(TEACHER).fit(X[train], Y[train]).predict(X[test], return_std=True)
        expected = norm.ppf(np.array(LEVELS), mean[:, None], std[:, None])
        assert_allclose(model.teacher_quantiles_[test], expected)
        assert (model.fold_[test] == model.fold_[test[0]]).all()
    assert model.report_.n_teacher_fits == 3


@pytest.mark.parametrize("student", [LINE, BOOSTED], ids=["linear", "lightgbm"])
@pytest.mark.parametrize("strength", ["auto", 0.0, 0.4])
def test_each_level_is_a_distilled_regressor(student, strength):
    model = fit(student=student, strength=strength)
    said = []
    for j, level in enumerate(LEVELS):
        one = DistilledRegressor(None, at_level(student, level), cv=FOLDS, strength=strength)
        one.fit(X, Y, teacher_pred=model.teacher_quantiles_[:, j])
        said.append(one.predict(X))
        assert model.strengths_[j] == one.strength_
        assert_allclose(model.calibrated_quantiles_[:, j], one.calibrated_pred_)
        assert_array_equal(model.students_[j].predict(X), said[-1])
    assert_allclose(model.predict(X), np.sort(np.column_stack(said), axis=1))


def test_the_full_correction_is_the_direct_student_to_the_last_bit():
    model = fit(student=BOOSTED, strength=1.0)
    direct = [at_level(BOOSTED, level).fit(X, Y).predict(X) for level in LEVELS]
    assert_array_equal(model.predict(X), np.sort(np.column_stack(direct), axis=1))


def made(n, seed):
    """Rows whose spread grows, and their true quantiles."""
    rng = np.random.default_rng(seed)
    rows = rng.uniform(-2, 2, size=(n, 2))
    spread = np.exp(0.5 * rows[:, 1])
    return rows, rows[:, 0] + spread * rng.normal(size=n), rows[:, 0], spread


def test_known_quantiles_are_found_and_covered():
    rows, y, _, _ = made(1500, 0)
    fresh, new, centre, spread = made(8000, 1)
    levels = (0.05, 0.5, 0.95)
    how = {"objective": "quantile", "n_estimators": 60, "num_leaves": 6, "verbose": -1, "n_jobs": 1}
    model = DistilledQuantiles(
        LGBMRegressor(**how), LGBMRegressor(**how), quantiles=levels, cv=3, random_state=0
    ).fit(rows, y)
    found = model.coverage(fresh, new)
    for level in levels:
        assert found.below[level] == pytest.approx(level, abs=0.03)
    assert found.interval == pytest.approx(0.9, abs=0.04)
    truth = norm.ppf(np.array(levels), centre[:, None], spread[:, None])
    said = model.predict(fresh)
    direct = np.column_stack(
        [at_level(LGBMRegressor(**how), level).fit(rows, y).predict(fresh) for level in levels]
    )
    assert np.mean((said - truth) ** 2) < 0.9 * np.mean((direct - truth) ** 2)
    assert model.report_.teacher.interval == pytest.approx(0.85, abs=0.06)
    assert model.report_.calibrated.below[0.05] == pytest.approx(0.05, abs=0.005)


def test_crossing_is_sorted_and_told_and_costs_nothing():
    model = fit(quantiles=(0.45, 0.5, 0.55), student=BOOSTED, strength=1.0)
    far = np.random.default_rng(0).uniform(size=(400, 5))
    raw = np.column_stack([each.predict(far) for each in model.students_])
    crossed = (np.diff(raw, axis=1) < 0).any(axis=1)
    assert crossed.any()
    said = model.predict(far)
    assert (np.diff(said, axis=1) >= 0).all()
    y = np.random.default_rng(1).choice(Y, 400)
    found = model.coverage(far, y)
    assert found.crossed == pytest.approx(crossed.mean())
    losses = [
        [mean_pinball_loss(y, table[:, j], alpha=a) for j, a in enumerate((0.45, 0.5, 0.55))]
        for table in (said, raw)
    ]
    assert found.loss == pytest.approx(np.mean(losses[0]))
    assert np.mean(losses[0]) <= np.mean(losses[1])


def test_a_number_is_one_column():
    model = fit(quantiles=0.7)
    assert model.predict(X).shape == model.teacher_quantiles_.shape == (180,)
    assert_array_equal(model.predict(X), fit(quantiles=(0.7,)).predict(X)[:, 0])
    assert model.coverage(X, Y).interval is None
    one = fit(quantiles=[0.7])
    assert one.teacher_quantiles_.shape == (180, 1)


def test_given_quantiles_are_those_of_the_same_pass():
    model = fit()
    given = make(None).fit(X, Y, teacher_quantiles=model.teacher_quantiles_)
    assert_array_equal(given.predict(X), model.predict(X))
    assert given.report_.n_teacher_fits == 0
    assert (given.fold_ == -1).all()
    flat = fit(quantiles=0.7)
    again = make(None, quantiles=0.7).fit(X, Y, teacher_quantiles=flat.teacher_quantiles_)
    assert_array_equal(again.predict(X), flat.predict(X))


def test_whole_weights_are_repeated_rows_and_none_is_absence():
    weight = np.random.default_rng(1).integers(0, 3, len(X)).astype(float)
    rows = np.repeat(np.arange(len(X)), weight.astype(int))
    place = np.empty(len(X), dtype=int)
    for number, (_, test) in enumerate(FOLDS):
        place[test] = number
    split = [(np.flatnonzero(place[rows] != k), np.flatnonzero(place[rows] == k)) for k in range(3)]
    weighted = fit(teacher=LINE, sample_weight=weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakWarning)
        twice = fit(teacher=LINE, rows=X[rows], y=Y[rows], cv=split)
    assert_allclose(weighted.predict(X), twice.predict(X), atol=0.05)
    assert np.isnan(weighted.teacher_quantiles_[weight == 0]).all()
    fresh = weighted.coverage(X, Y, weight), weighted.coverage(X[rows], Y[rows])
    assert fresh[0].below == pytest.approx(fresh[1].below)


def test_transfer_rows_are_labelled_by_the_mean_of_the_fold_teachers():
    far = X[:40] + 0.3
    model = make(strength=0.0, calibration=None).fit(X, Y, X_transfer=far)
    assert not np.array_equal(model.predict(X), fit(strength=0.0, calibration=None).predict(X))
    assert model.report_.fits[0.5].n_transfer == 40
    with pytest.raises(ParameterError, match="X_transfer is labelled by the teachers"):
        make(None).fit(X, Y, X_transfer=far, teacher_quantiles=model.teacher_quantiles_)


def test_time_ordered_folds_are_told_once():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = fit(cv=TimeSeriesSplit(4), strength="auto")
    assert [each.category for each in told] == [CoverageWarning]
    assert np.isnan(model.teacher_quantiles_[:36]).all()
    assert model.report_.teacher.n_rows == 144


def test_equal_rows_in_two_folds_are_told_once():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fit(rows=np.vstack([X[:90], X[:90]]), y=np.tile(Y[:90], 2), strength="auto")
    assert [each.category for each in told] == [LeakWarning]


def test_groups_repeats_and_jobs():
    groups = np.arange(len(X)) // 6
    model = fit(cv=3, groups=groups)
    assert all(len(set(model.fold_[groups == g])) == 1 for g in np.unique(groups))
    assert fit(cv=3, n_repeats=2).report_.n_teacher_fits == 6
    assert_array_equal(fit(n_jobs=2).predict(X), fit().predict(X))
    shuffled = KFold(3, shuffle=True)  # other folds at each call
    assert fit(cv=shuffled, strength="auto").predict(X).shape == (180, 3)


def test_memory_keeps_the_teachers(tmp_path):
    how = {"memory": str(tmp_path), "teacher": BOOSTED}
    first, again = fit(**how), fit(**how, strength=0.2)
    assert_array_equal(first.teacher_quantiles_, again.teacher_quantiles_)
    assert_array_equal(first.predict(X), fit(teacher=BOOSTED).predict(X))


class Listener(RegressorMixin, BaseEstimator):
    """A normal line that writes down its metadata."""

    seen = []  # noqa: RUF012 - of all clones

    def fit(self, X, y, sample_weight=None, hint=None):
        self.seen.append((len(X), sample_weight, hint))
        self.line_ = BayesianRidge().fit(X, y, sample_weight)
        return self

    def predict(self, X, return_std=False):  # noqa: FBT002 - as scikit-learn has it
        return self.line_.predict(X, return_std=return_std)


def test_metadata_go_where_they_are_requested():
    Listener.seen.clear()
    hint = np.arange(len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        teacher = Listener().set_fit_request(sample_weight=True, hint=True)
        student = clone(LINE).set_fit_request(sample_weight=False)
        make(teacher, student, strength=1.0).fit(X, Y, np.ones(len(X)), hint=hint)
    assert all(len(hints) == len(weight) == n for n, weight, hints in Listener.seen)
    assert len(Listener.seen) == 3
    with pytest.raises(ParameterError, match="enable_metadata_routing"):
        make(Listener()).fit(X, Y, hint=hint)


def test_it_is_cloned_pickled_searched_and_stands_in_frames():
    model = fit()
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    again = clone(model).set_params(quantiles=0.5, student__fit_intercept=True)
    assert again.get_params()["quantiles"] == 0.5
    assert_allclose(model.predict(X[:1]), model.predict(X)[:1])
    frame = pd.DataFrame(X, columns=list("abcde"))
    framed = fit(rows=frame)
    assert list(framed.feature_names_in_) == list("abcde")
    assert_allclose(framed.predict(frame), model.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        framed.predict(frame[list("edcba")])
    with pytest.raises(ValueError, match="4 features"):
        model.predict(X[:, :4])
    sparse = fit(teacher=LINE, rows=sp.csr_array(X))
    assert sparse.predict(sp.csr_array(X)).shape == (180, 3)
    piped = make_pipeline(StandardScaler(), make(cv=3, student=make_pipeline(LINE)))
    found = GridSearchCV(piped, {"distilledquantiles__strength": [0.2, 1.0]}, cv=2).fit(X, Y)
    assert found.best_score_ > 0.2
    assert (cross_val_score(make(cv=3), X, Y, cv=3) > 0.1).all()
    assert model.fitted_on(Y)


def test_the_score_is_the_share_of_pinball_loss_explained():
    model, weight = fit(), np.linspace(0.5, 2.0, len(X))
    shares = []
    for j, level in enumerate(LEVELS):
        constant = QuantileRegressor(quantile=level, alpha=0.0).fit(np.zeros((180, 1)), Y, weight)
        base = constant.predict(np.zeros((180, 1)))
        both = [
            mean_pinball_loss(Y, said, alpha=level, sample_weight=weight)
            for said in (model.predict(X)[:, j], base)
        ]
        shares.append(1.0 - both[0] / both[1])
    assert model.score(X, Y, weight) == pytest.approx(np.mean(shares), abs=0.01)


def test_the_report_tells_the_teachers_coverage():
    report = fit(strength="auto").report_
    assert list(report.frame().index) == list(LEVELS)
    assert report.calibrated.below[0.9] == pytest.approx(0.9, abs=0.01)
    assert "out of fold" in str(report)
    assert report.to_dict()["fits"][0.5]["n_rows"] == 180
    assert "<d" in report._repr_html_()
    assert report.n_student_fits == 3 * (3 + 1)


def test_a_default_student():
    model = DistilledQuantiles(TEACHER, quantiles=0.5, cv=3, random_state=0).fit(X, Y)
    assert isinstance(model.students_[0], LGBMRegressor)


def test_dicts_of_teachers():
    teachers = {
        0.1: LINE,
        0.5: BOOSTED,
        0.9: HistGradientBoostingRegressor(loss="quantile", max_iter=3),
    }
    model = fit(teacher=teachers)
    for train, test in FOLDS:
        each = [at_level(teachers[a], a).fit(X[train], Y[train]).predict(X[test]) for a in LEVELS]
        assert_allclose(model.teacher_quantiles_[test], np.sort(np.column_stack(each), axis=1))
    assert_array_equal(clone(model).fit(X, Y).predict(X), model.predict(X))


def spread(model, rows, levels):
    """Quantiles of what a forest's leaves hold would be honest; of its means they are not."""
    return np.quantile([tree.predict(rows) for tree in model.estimators_], levels, axis=0).T


def test_a_way_of_the_users():
    model = fit(teacher=RandomForestRegressor(5, random_state=0), quantiles_of=spread)
    assert model.teacher_quantiles_.shape == (180, 3)
    assert model.report_.teacher.interval < 0.7  # of 80%: why the spread of trees is refused
    assert model.report_.calibrated.interval == pytest.approx(0.8, abs=0.02)


BAD = {
    "levels": (lambda: fit(quantiles=(0.9, 0.1)), ParameterError, "must increase"),
    "level": (lambda: fit(quantiles=2.0), ParameterError, r"in \(0, 1\)"),
    "forest": (lambda: fit(teacher=RandomForestRegressor()), TeacherError, "must say quantiles"),
    "classifier": (lambda: fit(teacher=LogisticRegression()), TeacherError, "regressor"),
    "list": (lambda: fit(teacher=[("a", TEACHER)]), TeacherError, "must say quantiles"),
    "nobody": (lambda: fit(teacher=None), TeacherError, "teacher_quantiles="),
    "student of means": (lambda: fit(student=Ridge()), StudentError, "covers too little"),
    "tree": (lambda: fit(student=DecisionTreeRegressor()), StudentError, "learner of a quantile"),
    "two outputs": (lambda: fit(y=np.column_stack([Y, Y])), InputError, "each column"),
    "missing": (lambda: fit(y=np.where(np.arange(180) == 7, np.nan, Y)), InputError, "row 7"),
    "calibration": (lambda: fit(calibration="isotonic"), ParameterError, "'linear'"),
    "strength": (lambda: fit(strength=2.0), ParameterError, "strength"),
    "folds": (lambda: fit(cv=1), ParameterError, "cv"),
    "few rows": (lambda: fit(rows=X[:3], y=Y[:3], cv=5), FoldError, "at least 5 rows"),
    "shape": (
        lambda: make(None).fit(X, Y, teacher_quantiles=np.zeros((180, 2))),
        InputError,
        r"teacher_quantiles must have shape \(180, 3\)",
    ),
    "ignored": (
        lambda: make(None, quantiles_of=spread).fit(X, Y, teacher_quantiles=np.zeros((180, 3))),
        ParameterError,
        "no effect",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_what_was_expected(name):
    call, kind, text = BAD[name]
    with pytest.raises(kind, match=f"(?s){text}"):
        call()


def test_bad_settings_of_students_are_told_before_a_teacher_is_fitted():
    Listener.seen.clear()
    for settings in ({"student": Ridge()}, {"device": "moon"}, {"calibration": "stacked"}):
        with pytest.raises((StudentError, ParameterError)):
            fit(teacher=Listener(), **settings)
    assert Listener.seen == []


def test_fitted_and_frozen_teachers_are_told():
    with pytest.warns(SkdistillWarning, match="fitted already.*teacher_quantiles="):
        fit(teacher=clone(TEACHER).fit(X, Y))
    with pytest.warns(LeakWarning, match="frozen"):
        fit(teacher=FrozenEstimator(clone(TEACHER).fit(X, Y)), quantiles_of=normal)


def normal(model, rows, levels):
    mean = model.predict(rows)
    return np.column_stack([mean + norm.ppf(level) for level in levels])


def test_a_failed_fit_leaves_the_estimator_as_it_was():
    model = fit()
    before = model.predict(X)
    with pytest.raises(InputError):
        model.fit(X, np.full(180, np.nan))
    assert_array_equal(model.predict(X), before)


def test_other_students_need_no_teacher():
    weight = np.random.default_rng(3).integers(0, 3, len(Y))
    given = {"sample_weight": weight, "groups": np.arange(len(Y)) // 2}
    model = make(cv=3).fit(X, Y, X_transfer=X[:20], **given)
    rows = {"X_transfer": X[:20], **given}
    same = model.refit_student(X, Y, **rows)
    assert_array_equal(same.predict(X), model.predict(X))
    assert_array_equal(same.fold_, model.fold_)
    assert_allclose(same.teacher_quantiles_, model.teacher_quantiles_)
    assert same.report_.n_teacher_fits == 0
    boosted = model.refit_student(X, Y, student=BOOSTED, strength=1.0, **rows)
    direct = make(student=BOOSTED, strength=1.0, cv=3).fit(X, Y, **rows)
    assert_array_equal(boosted.predict(X), direct.predict(X))
    assert len(boosted.students_) == 3
    again = boosted.refit_student(X, Y, student__num_leaves=3, **rows)
    assert {each.num_leaves for each in again.students_} == {3}
    one = make(quantiles=0.9).fit(X, Y).refit_student(X, Y, strength=0.0)
    assert one.predict(X).shape == (len(Y),)
    with pytest.raises(ParameterError, match=r"refit_student can change student, .*got 'cv'"):
        model.refit_student(X, Y, cv=4, **rows)
    with pytest.raises(InputError, match="sample_weight must be what fit was given"):
        model.refit_student(X, Y, **rows | {"sample_weight": weight + 1})
    with pytest.raises(InputError, match="y must be the labels"):
        model.refit_student(X, -Y, **rows)
    with pytest.raises(StudentError, match="must be a learner of a quantile"):
        model.refit_student(X, Y, student=Ridge(), **rows)


@pytest.mark.parametrize("teacher", [TEACHER, BOOSTED, None], ids=["normal", "quantile", "given"])
def test_each_level_is_inspected_as_a_regressor_is(teacher):
    """Pinball loss and coverage on rows held out, and of the teacher out of fold."""
    train, test = np.arange(120), np.arange(120, len(Y))
    said = {}
    if teacher is None:
        known = make(cv=3).fit(X[train], Y[train])
        said = {"teacher_quantiles": known.teacher_quantiles_}
    model = make(teacher, cv=3).fit(X[train], Y[train], **said)
    for level, single in pickle.loads(pickle.dumps(model)).estimators_.items():
        given = {"X_train": X[train], "y_train": Y[train], "latency_rows": (1,), "budget": 0.0}
        report = DistillationReport.from_estimator(single, X[test], Y[test], **given)
        m = single.predict(X[test])
        scores = report.models["distilled"].scores
        assert scores["loss"] == pytest.approx(mean_pinball_loss(Y[test], m, alpha=level))
        assert scores["coverage"] == pytest.approx(np.mean(Y[test] <= m))
        passport = TeacherReport.from_estimator(single, X[train], Y[train], residual_model=None)
        assert passport.given == (teacher is None)
        kind = "given" if teacher is None else "out of fold"
        below = model.report_.teacher.below[level]
        assert passport.scores[kind]["coverage"] == pytest.approx(below)
    if teacher is BOOSTED:
        memory = TeacherReport.from_estimator(
            single, X[train], Y[train], teacher="fit", residual_model=None
        ).memorisation
        assert memory["loss"] > 0.0
