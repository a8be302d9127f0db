"""Reports and displays of regressors: each figure again, in plain NumPy and scikit-learn."""

import json
from functools import partial
from html import escape

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, PoissonRegressor, QuantileRegressor, Ridge
from sklearn.metrics import (
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    r2_score,
)
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledQuantiles, DistilledRegressor, DistilledRegressorCV
from skdistill._ground.costs import count_parts
from skdistill.exceptions import InputError, LeakWarning, ParameterError
from skdistill.inspection import (
    ComparisonDisplay,
    DistillationCurveDisplay,
    DistillationReport,
    FidelityDisplay,
    FrontierDisplay,
    ReliabilityDisplay,
    ResidualDisplay,
    StrengthDisplay,
    TeacherReport,
    compare,
    frontier,
)
from skdistill.teaching.numeric_calibration import calibrate_numbers
from tests.inspection.conftest import FOREST, SMALL, numbers

FAST = {"latency_rows": (1,), "budget": 0.0}
TREE = DecisionTreeRegressor(max_depth=2, random_state=0)


def loss_by_hand(model, y, m):
    """The loss of the student, of scikit-learn; summed over outputs."""
    student = model.student_
    if isinstance(student, PoissonRegressor):
        return mean_poisson_deviance(y, np.maximum(m, 1e-3 * np.mean(y)))
    if hasattr(student, "quantile"):
        return mean_pinball_loss(y, m, alpha=student.quantile)
    return np.sum(mean_squared_error(y, m, multioutput="raw_values"))


def scores_by_hand(model, y, m):
    y, m = (np.reshape(a, (len(a), -1)) for a in (y, m))
    lines = [LinearRegression().fit(m[:, [j]], y[:, j]) for j in range(y.shape[1])]
    roots = np.sqrt(mean_squared_error(y, m, multioutput="raw_values"))
    found = {"r2": r2_score(y, m), "rmse": roots.mean(), "mae": mean_absolute_error(y, m)}
    found["loss"] = loss_by_hand(model, y, m)
    found["calibration_slope"] = np.mean([line.coef_[0] for line in lines])
    found["calibration_intercept"] = np.mean([line.intercept_ for line in lines])
    if hasattr(model.student_, "quantile"):
        found["coverage"] = np.mean(y <= m)
    return found


def report_of(case, **settings):
    train = {"X_train": case.train.X, "y_train": case.train.y, "teacher": case.teacher}
    given = train | FAST | settings
    return DistillationReport.from_estimator(case.model, case.test.X, case.test.y, **given)


# The distillation report


def test_scores_and_fidelity_of_each_model(numeric):
    X, y = numeric.train.X, numeric.train.y
    models = {
        "teacher": numeric.teacher,
        "direct": clone(numeric.model.student).fit(X, y),
        "plain": clone(numeric.model).set_params(strength=0.0).fit(X, y),
        "distilled": numeric.model,
    }
    report = report_of(numeric)
    assert list(report.models) == list(models)
    taught = numeric.teacher.predict(numeric.test.X)
    for name, model in models.items():
        m, found = model.predict(numeric.test.X), report.models[name]
        assert found.scores == pytest.approx(scores_by_hand(numeric.model, numeric.test.y, m))
        assert found.fidelity["fidelity_r2"] == pytest.approx(r2_score(taught, m))
        apart = np.sqrt(mean_squared_error(taught, m, multioutput="raw_values"))
        assert found.fidelity["fidelity_rmse"] == pytest.approx(apart.mean())
    student = report.models["distilled"]
    assert student.parts == count_parts(numeric.model.student_)
    frame = report.frame()
    assert frame.loc["distilled", "rmse"] == student.scores["rmse"]
    parts = report.frame("by_output")
    assert len(parts) == 4 * numeric.train.columns.shape[1]
    assert parts.index.names == ["model", "output"]
    assert json.loads(json.dumps(report.to_dict()))["models"]["direct"]["by_output"]


def test_gain_is_paired_by_row(numeric):
    report, data = report_of(numeric), numeric.test
    direct = clone(numeric.model.student).fit(numeric.train.X, numeric.train.y)
    rows = {}
    for name, model in (("direct", direct), ("distilled", numeric.model)):
        m = model.predict(data.X)
        pairs = zip(data.y, m, strict=True)
        rows[name] = np.array([loss_by_hand(numeric.model, [a], [b]) for a, b in pairs])
    gap = rows["distilled"] - rows["direct"]
    assert report.gain.mean == pytest.approx(gap.mean(), abs=1e-12)
    assert report.gain.error == pytest.approx(gap.std(ddof=1) / np.sqrt(80), abs=1e-12)
    if report.fit["strength"] != 1.0:
        half = stats.t.ppf(0.975, 79) * report.gain.error
        assert f"{gap.mean() - half:+.4f} to {gap.mean() + half:+.4f}" in report.sentence
    assert report.words.loss in report.sentence
    assert "log-loss" not in "".join([str(report), *report._sections()])


def test_weighted_rows_and_groups(numbers_cases, numeric):
    weight = np.random.default_rng(0).integers(0, 3, size=80)
    weighted = report_of(numeric, sample_weight=weight, groups=np.arange(80) // 2)
    kept = np.flatnonzero(weight)
    y, m = numeric.test.columns[kept], numeric.model.predict(numeric.test.X[kept])
    m = m.reshape(len(m), -1)
    found = weighted.models["distilled"].scores
    assert found["r2"] == pytest.approx(r2_score(y, m, sample_weight=weight[kept]))
    assert weighted.n_rows == len(kept)
    assert weighted.n_groups == len(np.unique(kept // 2))


def test_training_rows_that_are_called_held_out_are_noticed(numeric):
    data = numeric.train
    with pytest.warns(LeakWarning, match="identical to a row of X_train"):
        DistillationReport.from_estimator(
            numeric.model, data.X, data.y, X_train=data.X, y_train=data.y, **FAST
        )


# The teacher's passport


def test_passport_of_a_teacher_of_numbers(numeric):
    data, model = numeric.train, numeric.model
    report = TeacherReport.from_estimator(
        model, data.X, data.y, teacher=numeric.teacher, residual_model=TREE
    )
    kinds = {"out of fold": model.teacher_pred_, "in-sample": numeric.teacher.predict(data.X)}
    for name, m in kinds.items():
        assert report.scores[name] == pytest.approx(scores_by_hand(model, data.y, m), nan_ok=True)
    known = model.report_.teacher["raw"]
    assert {k: report.scores["out of fold"][k] for k in known} == pytest.approx(known)
    constant = "quantile" if hasattr(model.student_, "quantile") else "mean"
    assert list(report.scores)[-1] == constant
    seen, unseen = (report.scores[k]["loss"] for k in ("in-sample", "out of fold"))
    assert report.memorisation["loss"] == pytest.approx(unseen - seen)
    readings = [each for each in model.report_.shrinkage.values() if isinstance(each, dict)]
    assert report.lead == readings[0]["excess"]
    assert report.n_rows == 120
    assert len(report.classes) == 0
    assert list(report.by_fold) == [0, 1, 2]
    assert report.frame("by_output").index.tolist() == (["y"] if data.y.ndim == 1 else [0, 1])
    json.dumps(report.to_dict())
    page = " ".join([*report._sections(), str(report)])
    assert "log-loss" not in page
    assert "probabilit" not in page


def test_calibration_is_judged_on_the_other_folds(numeric):
    data, model = numeric.train, numeric.model
    m, calibrated = model.teacher_pred_.reshape(120, -1), np.empty_like(data.columns)
    level = getattr(model.student_, "quantile", None)
    domain = {"lower": 0.0 if isinstance(model.student_, PoissonRegressor) else None}
    for fold in range(3):
        test = model.fold_ == fold
        fitted = calibrate_numbers("linear", data.columns[~test], m[~test], level=level, **domain)
        calibrated[test] = fitted.transform(m[test])
    report = TeacherReport.from_estimator(model, data.X, data.y, residual_model=None)
    found = report.scores["out of fold, calibrated"]
    assert found == pytest.approx(scores_by_hand(model, data.y, calibrated))
    if level is None:
        assert abs(found["calibration_slope"] - 1.0) < 0.2


def test_what_the_features_explain_of_two_outputs(numbers_cases):
    """Both are regressed, and their squares added up: neither is the other's negative."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    fold = np.arange(200) % 4
    from skdistill.inspection._residual import explain_residual

    r = np.column_stack([X[:, 0], rng.normal(size=200)])
    found = explain_residual(X, r, Ridge(), fold, None, mirrored=False)
    h = np.empty_like(r)
    for k in range(4):
        test = fold == k
        h[test] = Ridge().fit(X[~test], r[~test]).predict(X[test])
    total = (r**2).sum(axis=1)
    gain = total - ((r - h) ** 2).sum(axis=1)
    assert found.squared_error.mean == pytest.approx(gain.mean())
    assert found.r2 == pytest.approx(gain.mean() / total.mean())


def advice(y, m, **given):
    return " ".join(TeacherReport.from_predictions(y, m, **given).recommendations)


def test_advice_on_teachers_of_numbers():
    data = numbers("mean", 400)
    rng = np.random.default_rng(0)
    y = data.y
    good = y + 0.3 * rng.normal(size=400)
    assert "Whether this teacher had seen" in advice(y, good)
    assert "Calibrate this teacher" not in advice(y, good)
    assert "y moves by 2.0" in advice(y, 0.5 * y)
    noise = rng.normal(size=400)
    assert f"that of the mean alone {np.var(y):.4f}" in advice(y, noise)
    blind = rng.normal(size=(400, 2))
    assert "they are what was observed in all 400 rows" in advice(y, y, X=blind)
    assert "they are what was observed" not in advice(y, good, X=blind)
    assert "it remembers their labels" in advice(y, good, in_sample=y).replace("It", "it")
    high = np.full(400, np.quantile(y, 0.6)) + 0.01 * noise
    assert "rows are at or below what it predicts for them, and 90% should be" in advice(
        y, high, level=0.9
    )
    right = np.full(400, np.quantile(y, 0.9)) + 0.01 * noise
    assert "Mind the coverage" not in advice(y, right, level=0.9)


# The displays


def test_reliability_of_means_in_bins(numeric):
    data, level = numeric.test, getattr(numeric.model.student_, "quantile", None)
    display = ReliabilityDisplay.from_estimator(
        numeric.model, data.X, data.y, teacher=numeric.teacher, n_bins=4
    )
    frame = display.plot().frame()
    m, y = (np.reshape(a, (80, -1)) for a in (numeric.model.predict(data.X), data.y))
    for j in range(y.shape[1]):
        name = "student" if y.shape[1] == 1 else f"student, output {j}"
        own = frame[frame["model"] == name]
        edges = np.unique(np.quantile(m[:, j], np.linspace(0, 1, 5)))
        inside = np.digitize(m[:, j], edges[1:-1])
        rows = [inside == b for b in np.unique(inside)]
        assert own["n_rows"].tolist() == [int(r.sum()) for r in rows]
        assert_allclose(own["mean_prediction"], [m[r, j].mean() for r in rows])
        if level is None:
            assert_allclose(own["mean_observed"], [y[r, j].mean() for r in rows])
            errors = [y[r, j].std(ddof=1) / np.sqrt(r.sum()) for r in rows]
            assert_allclose(own["standard_error"], errors)
        else:
            assert_allclose(own["coverage"], [(y[r, j] <= m[r, j]).mean() for r in rows])
            assert display.level == level
    if y.shape[1] == 2:
        one = ReliabilityDisplay.from_estimator(numeric.model, data.X, data.y, label=1, n_bins=4)
        assert_allclose(one.frame()["mean_observed"], own["mean_observed"])


def test_reliability_of_known_numbers():
    y, m = [0.0, 2.0, 4.0, 8.0], [1.0, 1.0, 5.0, 5.0]
    display = ReliabilityDisplay.from_predictions(y, {"a": m}, strategy="uniform", n_bins=2)
    frame = display.frame()
    assert frame["mean_observed"].tolist() == [1.0, 6.0]
    assert frame["low"].tolist() == [1.0, 3.0]
    of_quantile = ReliabilityDisplay.from_predictions(y, {"a": m}, level=0.5, n_bins=2)
    assert of_quantile.frame()["coverage"].tolist() == [0.5, 0.5]


def test_fidelity_of_predictions(numeric):
    X = numeric.test.X
    display = FidelityDisplay.from_estimator(numeric.model, X, numeric.teacher)
    frame = display.plot().frame()
    m, f = (np.reshape(each.predict(X), (80, -1)) for each in (numeric.teacher, numeric.model))
    assert_allclose(frame["teacher"], m.ravel(order="F"))
    assert_allclose(frame["student"], f.ravel(order="F"))
    assert display.scores["fidelity_r2"] == pytest.approx(r2_score(m, f))
    if m.shape[1] == 1:
        known = FidelityDisplay.from_predictions(m[:, 0], f[:, 0])
        assert known.scores == pytest.approx(display.scores)
    assert display.ax_.get_xlabel() == "teacher's prediction"


def test_plain_regressors_are_taken():
    data, test = numbers("mean", 100), numbers("mean", 50, seed=1)
    teacher, student = (each.fit(data.X, data.y) for each in (clone(FOREST), clone(SMALL)))
    fidelity = FidelityDisplay.from_estimator(student, test.X, teacher)
    found = r2_score(teacher.predict(test.X), student.predict(test.X))
    assert fidelity.scores["fidelity_r2"] == pytest.approx(found)
    curves = ReliabilityDisplay.from_estimator(student, test.X, test.y, teacher=teacher, n_bins=3)
    assert set(curves.frame()["model"]) == {"teacher", "student"}


def test_residuals_by_a_feature(numeric):
    data, model = numeric.train, numeric.model
    report = TeacherReport.from_estimator(model, data.X, data.y, residual_model=None)
    frame = ResidualDisplay.from_estimator(model, data.X, data.y, 0, n_bins=3).plot().frame()
    n_outputs = data.columns.shape[1]
    assert len(frame) == 3 * n_outputs
    assert frame["n_rows"].sum() == 120 * n_outputs
    mean = (frame["residual"] * frame["n_rows"]).sum() / 120
    by_output = report.frame("by_output")
    if "coverage" in by_output:
        assert mean == pytest.approx(0.8 - by_output["coverage"].sum())
    else:
        assert mean == pytest.approx((by_output["mean"] - by_output["mean_prediction"]).sum())
    given = ResidualDisplay.from_predictions([1.0, 3.0], [0.5, 3.5], ["a", "b"])
    assert given.frame()["residual"].tolist() == [0.5, -0.5]


def test_scores_by_strength():
    data = numbers("mean", 120)
    search = DistilledRegressorCV(
        FOREST, SMALL, cv=3, strengths=(0.0, 0.5), calibrations=("linear",), random_state=0
    ).fit(data.X, data.y)
    display = StrengthDisplay.from_estimator(search, data.X, data.y).plot()
    frame = display.frame()
    assert set(frame["strength"]) == {0.0, 0.5, 1.0}
    assert frame["naive"].notna().all()
    direct = frame[frame["strength"] == 1.0]
    assert direct["student"].tolist() == ["decisiontreeregressor, direct"]
    assert_allclose(direct["naive"], direct["score"])  # it has seen no labels of a teacher
    test = numbers("mean", 60, seed=1)
    report = DistillationReport.from_estimator(
        search,
        test.X,
        test.y,
        X_train=data.X,
        y_train=data.y,
        **FAST,
    )
    assert report.fell_back == (search.strength_ == 1.0)
    passport = TeacherReport.from_estimator(search, data.X, data.y, residual_model=None)
    assert not passport.given
    assert passport.lead is None


@pytest.mark.parametrize("fallback", [False, "not shown"])
def test_the_plain_student_of_a_search(fallback):
    data, test = numbers("mean", 120), numbers("mean", 60, seed=1)
    y = data.X[:, 0] + 2.0 * np.random.default_rng(0).normal(size=120)
    large = DecisionTreeRegressor(max_leaf_nodes=40, random_state=0)
    search = DistilledRegressorCV(
        Ridge(),
        large,
        cv=3,
        strengths=(0.5,),
        calibrations=("linear",),
        alpha=1e-9,
        fallback=fallback,
        random_state=0,
    ).fit(data.X, y)
    by_hand = DistilledRegressor(None, large, correction=None)
    by_hand.fit(data.X, y, teacher_pred=search.teacher_pred_)
    report = DistillationReport.from_estimator(
        search, test.X, test.y, X_train=data.X, y_train=y, **FAST
    )
    assert report.fell_back == (fallback == "not shown")
    expected = scores_by_hand(search, test.y, by_hand.predict(test.X))
    assert report.models["plain"].scores == pytest.approx(expected)


# By fits of their own


@pytest.mark.parametrize("kind", ["mean", "counts", "quantile"])
def test_compare_by_hand(kind, numbers_cases):
    from tests.inspection.conftest import make_numbers_case

    case = numbers_cases.setdefault(kind, make_numbers_case(kind))
    data, model = case.train, case.model
    rng = np.random.RandomState(7)
    rng.randint(np.iinfo(np.int32).max)  # compare draws one number for the estimator
    cv = RepeatedKFold(n_splits=3, n_repeats=1, random_state=rng)
    others = {"ridge": Ridge()}
    found = compare(model, data.X, data.y, others=others, cv=3, n_repeats=1, random_state=7)
    makers = {
        "teacher": model.teacher,
        "direct": model.student,
        "ridge": Ridge(),
        "distilled": model,
        "cross-fit": clone(model).set_params(correction=None, calibration=None),
    }
    splits = list(cv.split(data.X))
    for name, maker in makers.items():
        said = [clone(maker).fit(data.X[a], data.y[a]).predict(data.X[b]) for a, b in splits]
        if kind == "counts" and name == "ridge":
            continue  # below zero here and there
        every = [
            scores_by_hand(model, data.y[b], m) for (_, b), m in zip(splits, said, strict=True)
        ]
        for metric, values in found.scores[name].items():
            assert_allclose(values, [row[metric] for row in every], rtol=1e-6)
    gaps = np.subtract(found.scores["distilled"]["loss"], found.scores["direct"]["loss"])
    gap = found.difference("distilled")
    assert gap.mean == pytest.approx(gaps.mean())
    assert gap.error == pytest.approx(gaps.std(ddof=1) * np.sqrt(1 / 3 + 0.5))
    frame = found.frame().set_index(["method", "metric"])
    assert frame.loc[("distilled", "calibration_slope"), "outcome"] == ""
    assert frame.loc[("distilled", "loss"), "outcome"]
    assert str(found).startswith(f"teacher: {found.words.loss} ")
    display = found.plot()
    assert display.ax_.get_xlabel() == f"{found.words.loss} less that of direct"
    with pytest.raises(ParameterError, match="metric must be one of 'r2', 'rmse'"):
        found.plot(metric="log_loss")
    shown = ComparisonDisplay.from_estimator(
        model, data.X, data.y, methods=("direct", "distilled"), cv=3, n_repeats=1, random_state=7
    )
    assert_allclose(shown.frame()["difference"], [gap.mean])


def test_several_outputs_are_compared(numbers_cases):
    data = numbers("outputs", 90)
    model = DistilledRegressor(FOREST, SMALL, cv=3, random_state=0)
    found = compare(
        model, data.X, data.y, methods=("direct", "in-sample", "distilled"), cv=3, n_repeats=1
    )
    assert all(np.isfinite(values).all() for values in found.scores["in-sample"].values())


def test_frontier_of_regressors():
    data = numbers("mean", 120)
    students = {
        "stump": DecisionTreeRegressor(max_leaf_nodes=2, random_state=0),
        "tree": DecisionTreeRegressor(max_leaf_nodes=9, random_state=0),
    }
    model = DistilledRegressor(FOREST, cv=3, random_state=0)
    found = frontier(model, data.X, data.y, students, test_size=0.3, random_state=5, budget=0.0)
    train, test = next(ShuffleSplit(1, test_size=0.3, random_state=5).split(data.X))
    assert found.protocol == "36 of 120 rows held out"
    for name, own in zip(students, found.points, strict=True):
        again = clone(model).set_params(student=students[name])
        m = again.fit(data.X[train], data.y[train]).predict(data.X[test])
        losses = (data.y[test] - m) ** 2
        assert own.loss.mean == pytest.approx(losses.mean())
        assert own.loss.error == pytest.approx(losses.std(ddof=1) / 6)
        assert own.scores == pytest.approx(scores_by_hand(again, data.y[test], m))
    assert "squared error" in str(found.points[0])
    assert {"r2", "rmse", "calibration_slope"} <= set(found.frame())
    shown = FrontierDisplay.from_estimator(
        model, data.X, data.y, students, cv=3, random_state=0, budget=0.0
    )
    assert shown.plot().frame()["student"].tolist() == list(students)
    mixed = students | {"glm": PoissonRegressor()}
    counts = numbers("counts", 120)
    both = frontier(model, counts.X, counts.y, mixed, random_state=0, budget=0.0)
    assert [p.words.loss for p in both.points] == ["squared error"] * 3


def test_curves_of_regressors():
    data = numbers("mean", 90)
    model = DistilledRegressor(SMALL, TREE, cv=3, random_state=0)
    settings = {"train_sizes": (0.5, 1.0), "cv": 3, "random_state": 2}
    curve = DistillationCurveDisplay.from_estimator(model, data.X, data.y, **settings)
    frame = curve.plot().frame().set_index(["method", "n_rows"])
    splits = KFold(3, shuffle=True, random_state=2).split(data.X)
    losses = [
        mean_squared_error(data.y[b], clone(TREE).fit(data.X[a], data.y[a]).predict(data.X[b]))
        for a, b in splits
    ]
    assert frame.loc[("direct", 60), "score"] == pytest.approx(np.mean(losses))
    assert curve.ax_.get_ylabel() == "squared error"
    other = DistillationCurveDisplay.from_estimator(
        model, data.X, data.y, metric="r2", **settings
    ).frame()
    assert (other["score"] < 1.0).all()


# What is refused


def test_floors_are_refused_with_the_reason(numbers_cases):
    data = numbers("mean", 60)
    model = DistilledRegressor(SMALL, TREE, cv=3, random_state=0).fit(data.X, data.y)
    m = model.predict(data.X)
    for make in (
        partial(TeacherReport.from_estimator, model, data.X, data.y),
        partial(DistillationReport.from_estimator, model, data.X, data.y),
        partial(compare, model, data.X, data.y),
        partial(frontier, model, data.X, data.y, {"tree": TREE}),
        partial(DistillationCurveDisplay.from_estimator, model, data.X, data.y),
        partial(FidelityDisplay.from_predictions, m, m),
        partial(TeacherReport.from_predictions, data.y, m),
    ):
        with pytest.raises(ParameterError, match=r"floor=0.01 has no effect on numbers"):
            make(floor=0.01)


def test_searches_and_plain_regressors_are_refused_by_name():
    data = numbers("mean", 60)
    search = DistilledRegressorCV(SMALL, TREE, cv=3)
    for make in (
        partial(compare, search, data.X, data.y),
        partial(frontier, search, data.X, data.y, {"tree": TREE}),
        partial(DistillationCurveDisplay.from_estimator, search, data.X, data.y),
    ):
        with pytest.raises(
            ParameterError, match="must be a DistilledRegressor, got DistilledRegressorCV: pass"
        ):
            make()
    tree = clone(TREE).fit(data.X, data.y)
    for make in (TeacherReport.from_estimator, DistillationReport.from_estimator):
        with pytest.raises(
            ParameterError, match="a fitted DistilledRegressor or DistilledRegressorCV, got Dec"
        ):
            make(tree, data.X, data.y)
    with pytest.raises(ParameterError, match="must be a fitted DistilledRegressorCV"):
        StrengthDisplay.from_estimator(tree)


@pytest.mark.parametrize(
    "make", [compare, TeacherReport.from_estimator, StrengthDisplay.from_shrinkage]
)
def test_several_quantiles_are_refused_with_what_to_do(make):
    data = numbers("mean", 40)
    model = DistilledQuantiles(QuantileRegressor(), QuantileRegressor())
    rows = () if make == StrengthDisplay.from_shrinkage else (data.X, data.y)
    with pytest.raises(ParameterError, match="got DistilledQuantiles: one quantile at a time"):
        make(model, *rows)


def test_other_mistakes_say_what_to_do(numbers_cases):
    data = numbers("mean", 60)
    model = DistilledRegressor(SMALL, TREE, cv=3, random_state=0).fit(data.X, data.y)
    classes = (data.y > 0).astype(int)
    classifier = GaussianNB().fit(data.X, classes)
    with pytest.raises(ParameterError, match=r"expected a fitted regressor.*got GaussianNB"):
        FidelityDisplay.from_estimator(model, data.X, classifier)
    with pytest.raises(InputError, match=r"y must be the labels .*out-of-fold predictions belong"):
        TeacherReport.from_estimator(model, data.X, data.y[::-1])
    with pytest.raises(InputError, match=r"y must have 1 column\(s\)"):
        ReliabilityDisplay.from_predictions(np.ones((4, 2)), {"a": np.ones(4)})
    m = model.predict(data.X)
    for given, said in (
        ({"classes": [0, 1]}, "classes= name the columns of probabilities"),
        ({"label": 1}, "label must be the number of one of several outputs"),
    ):
        with pytest.raises(ParameterError, match=said):
            ReliabilityDisplay.from_predictions(data.y, {"a": m}, **given)
    with pytest.raises(ParameterError, match=r"level=0.5 is that of predictions"):
        ReliabilityDisplay.from_predictions([0, 1], {"a": [[0.5, 0.5]] * 2}, level=0.5)
    with pytest.raises(ParameterError, match="scale must be one of 'number'"):
        FidelityDisplay.from_predictions(m, m, scale="logit")
    with pytest.raises(ParameterError, match="others must be a mapping of names to regressors"):
        compare(model, data.X, data.y, others=[Ridge()])
    report = DistillationReport.from_estimator(model, data.X + 1.0, data.y + 1.0, **FAST)
    with pytest.raises(ParameterError, match="of must be one of 'models', 'by_output'"):
        report.frame("by_class")
    counts = DistilledRegressor(SMALL, PoissonRegressor(), cv=3).fit(data.X, np.exp(data.y))
    with pytest.raises(InputError, match=r"what the loss Poisson.* is defined for"):
        DistillationReport.from_estimator(counts, data.X, -np.exp(data.y), **FAST)


def test_pages_of_both_tasks(either, tmp_path):
    report = report_of(either)
    report.save(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2
    assert escape(report.sentence) in page
    passport = TeacherReport.from_estimator(
        either.model, either.train.X, either.train.y, residual_model=TREE
    )
    html = passport._repr_html_()
    assert html.count("<img") == 1
    assert f"By {passport.words.part}" in html
    assert either.model.report_._repr_html_()


@pytest.mark.parametrize("task", ["classes", "numbers"])
def test_every_display_has_a_frame_beside_its_plot(task, two, numbers_cases):
    from tests.inspection.conftest import make_numbers_case

    case = two if task == "classes" else numbers_cases.setdefault("mean", make_numbers_case("mean"))
    displays = [
        FidelityDisplay.from_estimator(case.model, case.test.X, case.teacher),
        ReliabilityDisplay.from_estimator(case.model, case.test.X, case.test.y),
        ResidualDisplay.from_estimator(case.model, case.train.X, case.train.y, 0),
    ]
    for display in displays:
        assert len(display.plot().frame()) > 0
        assert display.ax_.get_xlabel()


# Totals with an exposure


def test_totals_with_an_exposure_are_judged_as_rates():
    """Fitted and judged as the rates, weighted by the exposure, are."""
    data, test = numbers("counts", 120), numbers("counts", 60, seed=1)
    units, units_of_test = (
        np.random.default_rng(seed).uniform(0.5, 2.0, n) for seed, n in ((0, 120), (1, 60))
    )
    model = DistilledRegressor(
        PoissonRegressor(alpha=1.0), PoissonRegressor(), cv=3, strength=0.5, random_state=0
    )
    totals = clone(model).fit(data.X, data.y, exposure=units)
    rates = clone(model).fit(data.X, data.y / units, sample_weight=units)
    passports = [
        TeacherReport.from_estimator(totals, data.X, data.y, exposure=units, teacher="fit"),
        TeacherReport.from_estimator(
            rates, data.X, data.y / units, sample_weight=units, teacher="fit"
        ),
    ]
    assert passports[0].to_dict() == passports[1].to_dict()
    held = {"y": test.y, "exposure": units_of_test}
    known = {"y": test.y / units_of_test, "sample_weight": units_of_test}
    train = {"X_train": data.X, "teacher": "fit", **FAST}
    reports = [
        DistillationReport.from_estimator(
            totals, test.X, y_train=data.y, train_params={"exposure": units}, **held, **train
        ),
        DistillationReport.from_estimator(
            rates,
            test.X,
            y_train=data.y / units,
            train_params={"sample_weight": units},
            **known,
            **train,
        ),
    ]
    one, other = ({k: v.scores for k, v in r.models.items()} for r in reports)
    assert one == other
    residuals = ResidualDisplay.from_estimator(totals, data.X, data.y, 0, exposure=units)
    again = ResidualDisplay.from_estimator(rates, data.X, data.y / units, 0, sample_weight=units)
    assert residuals.table == again.table


def test_the_exposure_of_the_fit_is_asked_for(two):
    data = numbers("counts", 90)
    units = np.random.default_rng(0).uniform(0.5, 2.0, 90)
    model = DistilledRegressor(
        PoissonRegressor(alpha=1.0), PoissonRegressor(), cv=3, strength=0.5, random_state=0
    )
    model.fit(data.X, data.y, exposure=units)
    with pytest.raises(InputError, match="exposure must be that of the fit, got none"):
        TeacherReport.from_estimator(model, data.X, data.y)
    with pytest.raises(InputError, match="exposure must be that of the fit, got other"):
        ResidualDisplay.from_estimator(model, data.X, data.y, 0, exposure=units[::-1])
    with pytest.raises(InputError, match="must hold the exposure of fit, got none"):
        DistillationReport.from_estimator(
            model, data.X, data.y, X_train=data.X, y_train=data.y, **FAST
        )
    with pytest.raises(ParameterError, match="leave it out for classes"):
        TeacherReport.from_estimator(two.model, two.train.X, two.train.y, exposure=np.ones(120))


def test_naive_scores_of_a_search_with_an_exposure():
    data = numbers("counts", 90)
    units = np.random.default_rng(0).uniform(0.5, 2.0, 90)
    search = DistilledRegressorCV(
        PoissonRegressor(alpha=1.0),
        PoissonRegressor(),
        cv=3,
        strengths=(0.0,),
        calibrations=("linear",),
        random_state=0,
    ).fit(data.X, data.y, exposure=units)
    with pytest.raises(InputError, match="exposure must be that of the fit, got none"):
        StrengthDisplay.from_estimator(search, data.X, data.y)
    frame = StrengthDisplay.from_estimator(search, data.X, data.y, exposure=units).frame()
    direct = frame[frame["strength"] == 1.0]
    assert_allclose(direct["naive"], direct["score"])


def test_readings_of_the_strength(either):
    model = either.model
    display = StrengthDisplay.from_shrinkage(model).plot()
    frame = display.frame()
    shrinkage = model.report_.shrinkage
    readings = {k: v for k, v in shrinkage.items() if isinstance(v, dict) and "bias" in v}
    assert set(frame["student"]) == set(readings)
    for name, own in frame.groupby("student"):
        bias, variance = readings[name]["bias"], readings[name]["variance"]
        s = own["strength"]
        assert_allclose(-own["score"], ((1 - s) ** 2 * bias + s**2 * variance) / (bias + variance))
        assert s[own["score"].idxmax()] == pytest.approx(readings[name]["strength"])
    best = frame[frame["best"]]
    assert best["strength"].tolist() == [max(r["strength"] for r in readings.values())]
    known = clone(model).set_params(strength=0.5).fit(either.train.X, either.train.y)
    with pytest.raises(ParameterError, match="those of strength='auto', and none was found here"):
        StrengthDisplay.from_shrinkage(known)
