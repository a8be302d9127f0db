"""`DistilledRegressor`: its stages against plain NumPy and plain scikit-learn."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBRegressor

from skdistill import (
    DistilledRegressor,
    DistilledRegressorCV,
    Minimax,
    Munge,
    Orthogonal,
    Poisson,
    Quantile,
    SquaredError,
    distillation,
)
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
from tests.common.spies import CountingRegressor

X, Y = make_friedman1(240, 6, noise=1.5, random_state=0)
X = np.round(X, 2)
FOLDS = list(KFold(4, shuffle=True, random_state=0).split(X))
TEACHER = RandomForestRegressor(10, min_samples_leaf=3, random_state=0)
TREE = DecisionTreeRegressor(max_leaf_nodes=16, random_state=0)
SMALL = {"n_estimators": 8, "num_leaves": 5, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
COUNTS = np.random.default_rng(0).poisson(np.exp(X[:, 0] + X[:, 1] - 0.5)).astype(float)


def fit(teacher=TEACHER, student=TREE, y=Y, rows=X, sample_weight=None, **settings):
    model = DistilledRegressor(teacher, student, **{"cv": FOLDS, "random_state": 0} | settings)
    return model.fit(rows, y, sample_weight)


def line(y, m, weight=None):
    """Return what the calibration "linear" is by its docstring, one output."""
    w = np.ones(len(y)) if weight is None else weight
    total = w.sum()
    ridge = min(1.0, w @ w / total)
    level, centre = np.average(y, weights=w), np.average(m, weights=w)
    unit = np.sqrt(np.average((y - level) ** 2, weights=w))
    top = np.sum(w * (m - centre) * (y - level)) / unit**2 + ridge
    slope = max(0.0, top / (np.sum(w * (m - centre) ** 2) / unit**2 + ridge))
    middle = (total * level + ridge * centre) / (total + ridge)
    return middle + slope * (m - centre)


def test_predictions_are_out_of_fold_and_calibrated_as_said():
    model = fit(strength=0.5)
    raw = cross_val_predict(TEACHER, X, Y, cv=FOLDS)
    assert_array_equal(model.teacher_pred_, raw)
    assert_allclose(model.calibrated_pred_, line(Y, raw), rtol=1e-8)
    raw_only = fit(strength=0.5, calibration=None)
    assert_array_equal(raw_only.calibrated_pred_, raw)
    stepped = fit(strength=0.5, calibration="isotonic").calibrated_pred_
    expected = IsotonicRegression(out_of_bounds="clip").fit(raw, Y).predict(raw)
    assert_allclose(stepped, expected)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_the_student_is_fitted_to_the_pseudo_target(strength):
    model = fit(strength=strength, calibration=None, size="free")
    target = (1 - strength) * model.teacher_pred_ + strength * Y
    plain = clone(TREE).fit(X, target)
    assert_array_equal(model.predict(X), plain.predict(X))
    assert_array_equal(model.student_.predict(X), model.predict(X))


STUDENTS = {
    "tree": (TREE, Y),
    "forest": (RandomForestRegressor(3, random_state=0), Y),
    "ridge": (Ridge(), Y),
    "lightgbm": (LGBMRegressor(**SMALL), Y),
    "xgboost": (XGBRegressor(n_estimators=5, max_depth=2, n_jobs=1), Y),
    "pipeline": (make_pipeline(StandardScaler(), Ridge()), Y),
    "poisson": (PoissonRegressor(), COUNTS),
    "poisson tree": (DecisionTreeRegressor(criterion="poisson", max_leaf_nodes=8), COUNTS),
    "poisson boosting": (LGBMRegressor(objective="poisson", **SMALL), COUNTS),
    "poisson xgboost": (XGBRegressor(objective="count:poisson", n_estimators=5, n_jobs=1), COUNTS),
    "gamma": (GammaRegressor(), COUNTS + 0.5),
    "tweedie": (LGBMRegressor(objective="tweedie", **SMALL), COUNTS),
    "median": (HistGradientBoostingRegressor(loss="absolute_error", max_iter=5), Y),
    "quantile": (QuantileRegressor(quantile=0.8, alpha=0.0), Y),
}


@pytest.mark.parametrize("name", STUDENTS)
def test_every_kind_of_student_is_fitted_pickled_and_cloned(name):
    student, y = STUDENTS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkdistillWarning)
        model = fit(student=student, y=y)
    p = model.predict(X)
    assert p.shape == (len(X),)
    assert np.isfinite(p).all()
    assert 0.0 <= model.strength_ <= 1.0
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), p)
    assert_array_equal(model.predict(X[:1]), p[:1])
    readings = model.report_.shrinkage
    assert {"movement", "dispersion"} <= set(readings) or "optimism" in readings


def test_the_rule_is_what_it_says():
    """Readings, plain: movement and dispersion of a direct tree, in squared errors."""
    model = fit()
    found, m = model.report_.shrinkage, model.calibrated_pred_
    f, inside, seen_of, out_of = np.empty(len(Y)), [], [], []
    trees = [clone(TREE).fit(X[train], Y[train]) for train, _ in FOLDS]
    for tree, (_, test) in zip(trees, FOLDS, strict=True):
        f[test] = tree.predict(X[test])
    for tree, (train, _) in zip(trees, FOLDS, strict=True):
        seen_of.append(tree.predict(X[train]))
        out_of.append(f[train])
        inside.append(len(train))
    movement = np.mean((np.concatenate(seen_of) - np.concatenate(out_of)) ** 2) / 2
    dispersion = np.mean((f - Y) * (f - f.mean()))
    teacher, student = np.mean((Y - m) ** 2), np.mean((Y - f) ** 2)
    presumed = min(min(0.08, 2.2 / np.sqrt(len(Y))) * (np.var(Y) - teacher), teacher)
    strengths = []
    for name, noise in (("movement", movement), ("dispersion", dispersion)):
        assert found[name]["noise"] == pytest.approx(noise)
        variance = max(0.0, noise - presumed)
        bias = presumed + 1.5 * max(0.0, variance - (student - teacher))
        strengths.append(1.0 if variance == 0 else bias / (bias + variance))
        assert found[name]["strength"] == pytest.approx(strengths[-1])
    assert model.strength_ == pytest.approx(max(strengths))


@pytest.mark.parametrize(("scale", "shift"), [(10.0, 0.0), (0.01, 5.0), (-2.0, -100.0)])
@pytest.mark.parametrize("calibration", [None, "linear", "stacked"])
def test_an_affine_change_of_y_is_one_of_the_predictions(scale, shift, calibration):
    linear = {"teacher": LinearRegression(), "student": Ridge(alpha=1e-8)}
    plain = fit(**linear, strength=0.4, calibration=calibration)
    other = fit(**linear, strength=0.4, calibration=calibration, y=shift + scale * Y)
    assert_allclose(other.predict(X), shift + scale * plain.predict(X), rtol=1e-6)
    found = fit(y=64.0 * Y).report_.shrinkage["strength"]
    assert found == pytest.approx(fit().report_.shrinkage["strength"], rel=1e-6)


@pytest.mark.parametrize("objective", ["poisson", "gamma", "tweedie"])
def test_another_unit_of_y_is_one_of_the_predictions(objective):
    y = COUNTS + 0.5
    student = LGBMRegressor(objective=objective, **SMALL)
    plain, other = (fit(student=student, y=unit * y).predict(X) for unit in (1.0, 8.0))
    assert_allclose(other, 8.0 * plain, rtol=1e-5)


@pytest.mark.parametrize("student", [TREE, Ridge(), PoissonRegressor()])
def test_whole_weights_are_repeated_rows(student):
    y = COUNTS if isinstance(student, PoissonRegressor) else Y
    weight = np.random.default_rng(1).integers(0, 3, len(X)).astype(float)
    rows = np.repeat(np.arange(len(X)), weight.astype(int))
    place = np.empty(len(X), dtype=int)
    for number, (_, test) in enumerate(FOLDS):
        place[test] = number
    repeated = [
        (np.flatnonzero(place[rows] != k), np.flatnonzero(place[rows] == k)) for k in range(4)
    ]
    how = {"teacher": Ridge(), "student": student, "size": "free"}
    weighted = fit(**how, y=y, sample_weight=weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakWarning)
        twice = fit(**how, y=y[rows], rows=X[rows], cv=repeated)
    assert weighted.strength_ == pytest.approx(twice.strength_, rel=1e-5)
    assert_allclose(weighted.predict(X), twice.predict(X), rtol=1e-4)
    assert np.isnan(weighted.teacher_pred_[weight == 0]).all()


def test_the_order_of_the_rows_plays_no_part():
    order = np.random.default_rng(2).permutation(len(X))
    back = np.argsort(order)
    folds = [(back[train], back[test]) for train, test in FOLDS]
    plain = fit(teacher=Ridge())
    other = fit(teacher=Ridge(), rows=X[order], y=Y[order], cv=folds)
    assert_allclose(other.predict(X), plain.predict(X))
    assert other.strength_ == pytest.approx(plain.strength_)


def test_refitting_the_student_is_a_fresh_fit():
    model = fit()
    other = model.refit_student(X, Y, student=Ridge(), strength=0.3)
    fresh = fit(student=Ridge(), strength=0.3)
    assert_array_equal(other.predict(X), fresh.predict(X))
    assert_array_equal(other.teacher_pred_, model.teacher_pred_)
    with pytest.raises(ParameterError, match="cv"):
        model.refit_student(X, Y, cv=3)
    with pytest.raises(InputError, match="y must be"):
        model.refit_student(X, Y + 1.0)


def test_given_predictions_are_those_of_the_same_pass():
    model = fit()
    given = DistilledRegressor(None, TREE, cv=FOLDS).fit(X, Y, teacher_pred=model.teacher_pred_)
    assert_array_equal(given.predict(X), model.predict(X))
    column = DistilledRegressor(None, TREE, cv=FOLDS).fit(
        X, Y, teacher_pred=model.teacher_pred_[:, None]
    )
    assert_array_equal(column.predict(X), model.predict(X))


def test_in_sample_predictions_are_told():
    seen = KNeighborsRegressor(1).fit(X, Y).predict(X)
    with pytest.warns(LeakWarning, match="variance"):
        DistilledRegressor(None, TREE, cv=FOLDS).fit(X, Y, teacher_pred=seen)


FOREST = RandomForestRegressor(30, random_state=0)
BOOSTED = LGBMRegressor(**SMALL | {"n_estimators": 30})


@pytest.mark.parametrize(
    ("teacher", "student"),
    [
        (FOREST, TREE),
        (FOREST, Ridge()),
        (FOREST, BOOSTED),
        (LGBMRegressor(verbose=-1, n_jobs=1), BOOSTED),
    ],
    ids=["forest, tree", "forest, ridge", "forest, boosting", "boosting, boosting"],
)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_in_sample_forests_and_boosting_are_told(teacher, student, n_outputs):
    """They memorise a part of the noise, where there is some."""
    y = Y + np.random.default_rng(5).normal(scale=3.0, size=len(Y))
    model = clone(teacher).fit(X, y)
    seen, honest = model.predict(X), cross_val_predict(model, X, y, cv=FOLDS)
    if n_outputs == 2:
        y, seen, honest = (np.column_stack([X[:, 0], each]) for each in (y, seen, honest))
        honest[:, 0] += 0.01 * X[:, 1]
        seen[:, 0] += 0.01 * X[:, 1]
    fitted = DistilledRegressor(None, student, cv=FOLDS)
    with pytest.warns(LeakWarning, match=r"errs as .* correlation .*only 0\.\d+ times as far"):
        fitted.fit(X, y, teacher_pred=seen)
    with warnings.catch_warnings():
        warnings.simplefilter("error", LeakWarning)
        fitted.fit(X, y, teacher_pred=honest)


def test_transfer_rows_and_synthetic_ones():
    far = X[:50] + 0.3
    model = DistilledRegressor(TEACHER, TREE, cv=FOLDS, strength=0.3, calibration=None)
    model.fit(X, Y, X_transfer=far)
    teachers = [clone(TEACHER).fit(X[train], Y[train]) for train, _ in FOLDS]
    said = np.mean([teacher.predict(far) for teacher in teachers], axis=0)
    assert_allclose(model.transfer_pred_, said)
    share = (len(X) + len(far)) / len(X)
    target = (1 - 0.3 * share) * model.teacher_pred_ + 0.3 * share * Y
    plain = clone(TREE).fit(np.vstack([X, far]), np.concatenate([target, said]))
    free = model.refit_student(X, Y, X_transfer=far, size="free")
    assert_allclose(free.predict(X), plain.predict(X))
    made = fit(synthetic=Munge(copies=2, random_state=0), strength=0.3)
    assert made.synthetic_pred_.shape == (2 * len(X),)
    assert made.report_.n_synthetic == 2 * len(X)


def test_time_ordered_folds_leave_the_first_rows_out():
    with pytest.warns(CoverageWarning, match="40 of 240"):
        model = fit(cv=TimeSeriesSplit(5), strength=0.5)
    assert np.isnan(model.teacher_pred_[:40]).all()
    assert model.report_.n_rows == 200


def test_groups_are_not_split():
    groups = np.arange(len(X)) // 6
    model = DistilledRegressor(TEACHER, TREE, cv=3, random_state=0).fit(X, Y, groups=groups)
    assert all(len(set(model.fold_[groups == g])) == 1 for g in np.unique(groups))


def test_several_outputs():
    two = np.column_stack([Y, 100.0 - 3.0 * X[:, 0]])
    model = fit(y=two, student=TREE, strength=0.5, calibration=None, size="free")
    assert model.teacher_pred_.shape == two.shape
    target = 0.5 * model.teacher_pred_ + 0.5 * two
    assert_allclose(model.predict(X), clone(TREE).fit(X, target).predict(X))
    one_by_one = fit(y=two, student=LGBMRegressor(**SMALL))
    assert one_by_one.predict(X).shape == two.shape
    with pytest.raises(TeacherError, match="2 columns"):
        fit(y=two, teacher=LGBMRegressor(**SMALL))


def test_a_quantile_is_distilled_as_a_distribution():
    """Plain distillation of a good teacher covers as many rows as the teacher does."""
    rng = np.random.default_rng(3)
    rows = rng.uniform(-2, 2, size=(1500, 2))
    y = rows[:, 0] + np.exp(0.5 * rows[:, 1]) * rng.normal(size=1500)
    how = {"objective": "quantile", "alpha": 0.9, "verbose": -1, "n_jobs": 1}
    teacher = LGBMRegressor(n_estimators=80, learning_rate=0.1, num_leaves=6, **how)
    student = LGBMRegressor(n_estimators=80, num_leaves=15, **how)
    model = DistilledRegressor(teacher, student, cv=3, strength=0.0, random_state=0).fit(rows, y)
    fresh = rng.uniform(-2, 2, size=(20000, 2))
    new = fresh[:, 0] + np.exp(0.5 * fresh[:, 1]) * rng.normal(size=20000)
    assert np.mean(new <= model.predict(fresh)) == pytest.approx(0.9, abs=0.03)
    assert np.mean(y <= model.calibrated_pred_) == pytest.approx(0.9, abs=0.01)
    loss, direct = Quantile(0.9), clone(student).fit(rows, y).predict(fresh)

    def mean(said):
        return np.mean(loss.value(said[:, None], new[:, None]))

    assert mean(model.predict(fresh)) < 0.98 * mean(direct)


def test_transfer_rows_of_a_quantile_are_draws_as_well():
    """Fitted to the teacher's quantiles themselves, a constant would be their quantile."""
    rng = np.random.default_rng(5)
    rows, far = rng.uniform(size=(400, 1)), rng.uniform(size=(1200, 1))
    y = 3.0 * rows[:, 0] + rng.normal(size=400)
    teacher = QuantileRegressor(quantile=0.8, alpha=0.0)
    student = QuantileRegressor(quantile=0.8, alpha=1e6)  # a constant
    model = DistilledRegressor(teacher, student, cv=3, strength=0.0, random_state=0)
    model.fit(rows, y, X_transfer=far)
    fresh = rng.uniform(size=(20000, 1))
    new = 3.0 * fresh[:, 0] + rng.normal(size=20000)
    assert np.mean(new <= model.predict(fresh)) == pytest.approx(0.8, abs=0.03)


def test_it_stands_in_pipelines_searches_and_frames():
    frame = pd.DataFrame(X, columns=list("abcdef"))
    model = fit(rows=frame, teacher=Ridge())
    assert list(model.feature_names_in_) == list("abcdef")
    assert_allclose(model.predict(frame), fit(teacher=Ridge()).predict(X), rtol=1e-12)
    assert_allclose(fit(rows=sp.csr_array(X), teacher=Ridge()).predict(sp.csr_array(X)).shape, 240)
    piped = make_pipeline(StandardScaler(), DistilledRegressor(Ridge(), TREE, cv=3))
    search = GridSearchCV(piped, {"distilledregressor__strength": [0.0, 1.0]}, cv=2).fit(X, Y)
    assert search.best_score_ > 0.2
    assert model.feature_importances_.shape == (6,)


def test_the_report_tells_the_teachers_scores():
    report = fit().report_
    assert set(report.teacher["raw"]) == {"r2", "rmse", "mae", "loss", "calibration_slope"}
    assert report.teacher["raw"]["loss"] == pytest.approx(report.teacher["raw"]["rmse"] ** 2)
    direct = fit(student=Ridge()).report_
    assert direct.strength == 1.0
    assert "nothing was distilled" in str(direct)
    assert "<dl" in report._repr_html_() or "<table" in report._repr_html_()


BAD = {
    "text": (lambda: fit(y=np.array(["a"] * 240)), InputError, "numbers, got text"),
    "none": (lambda: fit(y=None), ValueError, "y"),
    "missing": (lambda: fit(y=np.where(np.arange(240) == 7, np.nan, Y)), InputError, "in row 7"),
    "infinite": (lambda: fit(y=np.where(np.arange(240) == 9, np.inf, Y)), InputError, "in row 9"),
    "cube": (lambda: fit(y=np.zeros((240, 2, 2))), ValueError, "shape"),
    "classifier as teacher": (
        lambda: fit(teacher=RandomForestClassifier()),
        TeacherError,
        "must be a regressor.*DistilledClassifier",
    ),
    "classifier as student": (
        lambda: fit(student=DecisionTreeClassifier()),
        StudentError,
        "must be a regressor.*DistilledClassifier",
    ),
    "another loss": (lambda: fit(loss=Poisson()), StudentError, "minimises.*leave loss='auto'"),
    "unknown loss": (lambda: fit(loss="huber"), ParameterError, "loss must be"),
    "loss of nobody": (
        lambda: fit(student=LGBMRegressor(objective="huber")),
        StudentError,
        "huber.*nothing is known",
    ),
    "negative counts": (
        lambda: fit(student=PoissonRegressor(), y=Y - 50.0),
        InputError,
        "at least 0.*row",
    ),
    "calibration of classes": (lambda: fit(calibration="sigmoid"), ParameterError, "'linear'"),
    "means for quantiles": (
        lambda: fit(student=QuantileRegressor(), calibration="isotonic"),
        ParameterError,
        "'linear'",
    ),
    "constant teacher": (
        lambda: fit(teacher=DecisionTreeRegressor(max_depth=1, min_samples_leaf=200)),
        InputError,
        "must differ between rows",
    ),
    "few rows": (lambda: fit(rows=X[:3], y=Y[:3], cv=5), FoldError, "at least 5 rows"),
    "nobody": (lambda: fit(teacher=None), TeacherError, "teacher_pred="),
    "short predictions": (
        lambda: DistilledRegressor(None, TREE).fit(X, Y, teacher_pred=Y[:5]),
        InputError,
        "shape",
    ),
    "missing predictions": (
        lambda: DistilledRegressor(None, TREE, strength=0.5).fit(
            X, Y, teacher_pred=np.full(240, np.nan)
        ),
        ValueError,
        "NaN|nan|finite",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_says_what_was_expected(name):
    call, kind, text = BAD[name]
    with pytest.raises(kind, match=f"(?s){text}"):
        call()


@pytest.mark.parametrize("correction", ["power", Minimax("power")])
def test_a_correction_of_probabilities_is_refused_before_any_fit(correction):
    fits = CountingRegressor.watch()
    with pytest.raises(ParameterError, match=r"probabilities.*error='relative'"):
        fit(teacher=CountingRegressor(), correction=correction)
    with pytest.raises(ParameterError, match=r"probabilities.*error='relative'"):
        DistilledRegressorCV(CountingRegressor(), TREE, cv=3, corrections=[correction]).fit(X, Y)
    assert fits == []


def test_a_failed_fit_leaves_the_estimator_as_it_was():
    model = fit()
    before = model.predict(X)
    with pytest.raises(InputError):
        model.fit(X, np.full(240, np.nan))
    assert_array_equal(model.predict(X), before)


def test_corrections_follow_the_local_variance():
    """Rows of little noise are corrected more."""
    rng = np.random.default_rng(4)
    rows = rng.uniform(size=(400, 2))
    y = np.where(rows[:, 0] > 0.5, 5.0, 0.0) + rows[:, 0]
    y = y + rng.normal(size=400) * np.where(rows[:, 0] > 0.5, 2.0, 0.1)
    how = {"calibration": None, "size": "free", "strength": 0.5, "cv": 3}
    student = DecisionTreeRegressor(random_state=0)  # says its target back
    model = DistilledRegressor(Ridge(), student, correction="fast", random_state=0, **how)
    model.fit(rows, y)
    gain = (model.predict(rows) - model.teacher_pred_) / (y - model.teacher_pred_)
    quiet = model.teacher_pred_ < np.quantile(model.teacher_pred_, 0.3)
    loud = model.teacher_pred_ > np.quantile(model.teacher_pred_, 0.7)
    assert np.median(gain[quiet]) != pytest.approx(np.median(gain[loud]), abs=0.02)
    flat = model.refit_student(rows, y, correction=Orthogonal())
    level = (flat.predict(rows) - flat.teacher_pred_) / (y - flat.teacher_pred_)
    assert_allclose(level, 0.5, atol=1e-6)


def test_the_local_variance_is_found_out_once(monkeypatch):
    """A correction, draws of labelled rows and those of others look at the same one."""
    grown, own = [], distillation.local_variance

    def counted(*of):
        grown.append(of)
        return own(*of)

    monkeypatch.setattr(distillation, "local_variance", counted)
    student = QuantileRegressor(quantile=0.8, alpha=0.0)
    model = DistilledRegressor(TEACHER, student, cv=FOLDS, strength=0.5, correction="fast")
    model.fit(X, Y, X_transfer=X[:20] + 0.01)
    assert len(grown) == 1
    fit(student=TREE, strength=0.5)
    assert len(grown) == 1  # the same gain for all rows needs none


def test_auto_is_the_students_own_loss():
    assert "SquaredError" in fit().report_.loss
    assert "Poisson" in fit(student=PoissonRegressor(), y=COUNTS).report_.loss
    assert fit(loss=SquaredError(), strength=0.5).report_.loss == fit(strength=0.5).report_.loss
