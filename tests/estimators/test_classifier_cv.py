"""`DistilledClassifierCV`: honest scores, the fitted choice, and scikit-learn's ways."""

import pickle
import warnings

import joblib
import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, make_scorer, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV, SoftLogisticRegression
from skdistill._ground.metrics import FLOOR, row_log_loss
from skdistill.exceptions import (
    CoverageWarning,
    FoldError,
    InputError,
    ParameterError,
    StudentError,
    StudentTypeError,
)
from skdistill.targets.corrections import Correction
from skdistill.teaching.calibration import calibrate
from tests.common.data import sample
from tests.common.spies import CountingTeacher, SpyTree

SMALL = DecisionTreeClassifier(max_depth=3, random_state=0)
DATA = {k: sample(k) for k in (2, 3)}


def searcher(teacher=None, students=SMALL, **settings):
    teacher = GaussianNB() if teacher is None else teacher
    defaults = {"cv": 3, "random_state": 0, "calibrations": ("sigmoid",), "strengths": (0.0, 0.5)}
    return DistilledClassifierCV(teacher, students, **defaults | settings)


def fold_split(X, y, n_folds=3):
    return list(StratifiedKFold(n_folds, shuffle=True, random_state=0).split(X, y))


# Honest scores


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_are_those_of_students_on_labels_without_both_folds(n_classes):
    """Every candidate's score against refits by hand."""
    X, y = DATA[n_classes].X, DATA[n_classes].y
    model = searcher(return_row_losses=True).fit(X, y)
    one_hot, table = DATA[n_classes].one_hot, model.cv_results_
    splits = fold_split(X, y)
    fold = np.empty(len(y), dtype=int)
    for k, (_, test) in enumerate(splits):
        fold[test] = k
    for v, (train, test) in enumerate(splits):
        raw = np.empty((len(y), n_classes))
        for j in set(range(3)) - {v}:
            others = np.flatnonzero((fold != j) & (fold != v))
            raw[splits[j][1]] = (
                GaussianNB().fit(X[others], y[others]).predict_proba(X[splits[j][1]])
            )
        p = calibrate("sigmoid", one_hot[train], raw[train]).transform(raw[train])
        given = dict.fromkeys(("cv", "random_state"), None) | {"cv": 3, "calibration": None}
        for row, strength in enumerate(table["param_strength"]):
            student = DistilledClassifier(None, SMALL, strength=strength, **given)
            student.fit(X[train], y[train], teacher_proba=p)
            q = student.predict_proba(X[test])[np.arange(len(test)), DATA[n_classes].codes[test]]
            loss = -np.log(np.maximum(q, 1e-3))
            assert table[f"split{v}_test_score"][row] == pytest.approx(-loss.mean(), abs=1e-9)
            np.testing.assert_allclose(model.row_losses_[row, test], loss, atol=1e-9)


def test_stacked_candidates_see_no_validation_label():
    """The direct student's probabilities come from its own pool."""
    X, y = DATA[2].X, DATA[2].y
    model = searcher(calibrations=("stacked",), strengths=(0.0,)).fit(X, y)
    splits = fold_split(X, y)
    for v, (train, test) in enumerate(splits):
        raw, own = np.full((len(y), 2), np.nan), np.full((len(y), 2), np.nan)
        for j in set(range(3)) - {v}:
            others = np.setdiff1d(train, splits[j][1])
            rows = splits[j][1]
            raw[rows] = GaussianNB().fit(X[others], y[others]).predict_proba(X[rows])
            own[rows] = clone(SMALL).fit(X[others], y[others]).predict_proba(X[rows])
        stacked = calibrate("stacked", DATA[2].one_hot[train], raw[train], None, own[train])
        p = stacked.transform(raw[train], own[train])
        student = DistilledClassifier(None, SMALL, strength=0.0, calibration=None, cv=3)
        student.fit(X[train], y[train], teacher_proba=p)
        expected = -log_loss(y[test], student.predict_proba(X[test]))
        assert model.cv_results_[f"split{v}_test_score"][1] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_the_same_in_parallel(n_jobs):
    X, y = DATA[3].X, DATA[3].y
    students = [SMALL, LogisticRegression()]
    one = searcher(students=students).fit(X, y)
    two = searcher(students=students, n_jobs=n_jobs).fit(X, y)
    np.testing.assert_allclose(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"], rtol=1e-12
    )
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


@pytest.mark.parametrize("n_candidates", [1, 60])
def test_teachers_do_not_depend_on_the_grid(n_candidates):
    X, y = DATA[2].X, DATA[2].y
    fits = CountingTeacher.watch()
    strengths = np.linspace(0.0, 0.9, n_candidates)
    model = searcher(CountingTeacher(), cv=5, strengths=strengths).fit(X, y)
    assert len(model.cv_results_["params"]) == n_candidates + 1  # and the direct student
    assert len(fits) == 5 * 4 // 2 + 5 == model.verdict_.n_teacher_fits


def test_n_validation_bounds_teachers_and_folds():
    X, y = DATA[2].X, DATA[2].y
    fits = CountingTeacher.watch()
    model = searcher(CountingTeacher(), cv=5, n_validation=2).fit(X, y)
    assert len(fits) == 5 + 7
    assert model.n_splits_ == 2
    assert "split2_test_score" not in model.cv_results_


def test_memory_spares_teachers_and_resumes(tmp_path):
    X, y = DATA[2].X, DATA[2].y
    fits = CountingTeacher.watch()
    memory = joblib.Memory(tmp_path, verbose=0)
    searcher(CountingTeacher(), memory=memory).fit(X, y)
    assert len(fits) == 6
    searcher(CountingTeacher(), [SMALL, LogisticRegression()], memory=memory).fit(X, y)
    DistilledClassifier(CountingTeacher(), SMALL, cv=3, random_state=0, memory=memory).fit(X, y)
    assert len(fits) == 6


# The fitted choice


@pytest.mark.parametrize("fallback", ["not shown", False])
@pytest.mark.parametrize("calibration", ["sigmoid", "stacked", None])
def test_the_choice_can_be_made_again_by_hand(fallback, calibration):
    X, y = DATA[3].X, DATA[3].y
    deep = DecisionTreeClassifier(random_state=0)
    model = searcher(students=deep, fallback=fallback, calibrations=(calibration,)).fit(X, y)
    params = dict(model.best_params_)
    assert params == model.cv_results_["params"][model.best_index_]
    again = DistilledClassifier(GaussianNB(), cv=3, random_state=0, **params).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    np.testing.assert_array_equal(model.teacher_proba_, again.teacher_proba_)
    assert model.strength_ == again.strength_
    assert isinstance(model.best_student_, DecisionTreeClassifier)
    assert not hasattr(model.best_student_, "tree_")
    np.testing.assert_array_equal(model.student_.predict_proba(X), model.predict_proba(X))


def test_an_overfitting_student_is_distilled_and_the_verdict_says_so():
    X, y = DATA[2].X, DATA[2].y
    model = searcher(students=DecisionTreeClassifier(random_state=0), cv=5).fit(X, y)
    assert model.verdict_.outcome == "helps"
    assert model.strength_ < 1.0
    assert model.verdict_.distilled < model.verdict_.direct


def test_a_useless_teacher_leaves_the_direct_student():
    X, y = DATA[2].X, DATA[2].y
    noise = np.random.default_rng(0).dirichlet([5.0, 5.0], (3, len(y)))
    rows = {"teacher_proba": noise[0], "pool_proba": noise}
    student = LogisticRegression()
    how = {"cv": 3, "random_state": 0, "calibrations": (None,), "strengths": (0.0, 0.2)}
    model = DistilledClassifierCV(None, student, student_calibration=None, **how)
    model.fit(X, y, **rows)
    assert model.verdict_.outcome == "harms"
    assert model.strength_ == 1.0
    alone = clone(student).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))
    kept = clone(model).set_params(fallback=False).fit(X, y, **rows)
    assert kept.best_index_ == model.best_index_ == 0  # the best of all is direct as well


def test_without_fallback_the_best_is_kept_though_nothing_is_shown():
    X, y = DATA[2].X[:90], DATA[2].y[:90]
    model = searcher(students=LogisticRegression(C=0.1), fallback=False, alpha=1e-9).fit(X, y)
    assert model.verdict_.outcome == "not shown to help"
    assert model.best_index_ == np.argmax(model.cv_results_["smoothed_test_score"])
    careful = clone(model).set_params(fallback="not shown").fit(X, y)
    assert careful.best_params_["strength"] == 1.0


def test_prefer_takes_the_smaller_of_equals():
    X, y = DATA[2].X, DATA[2].y
    students = (DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4, 5, 6, 7]})
    best = searcher(students=students, fallback=False).fit(X, y)
    small = searcher(students=students, fallback=False, prefer="smaller").fit(X, y)
    size = small.cv_results_["size"]
    assert size[small.best_index_] <= size[best.best_index_]
    assert small.best_params_["student"].max_depth < best.best_params_["student"].max_depth


def test_a_small_student_that_is_preferred_is_not_traded_for_a_large_one():
    """The distilled tree is better, smaller and faster than the forest trained directly."""
    X, y = make_classification(400, 8, n_informative=4, flip_y=0.2, random_state=3)
    tree = DecisionTreeClassifier(max_leaf_nodes=8, random_state=0)
    forest = RandomForestClassifier(30, min_samples_leaf=2, random_state=0)
    search = searcher(
        RandomForestClassifier(60, min_samples_leaf=3, random_state=0),
        [("tree", tree), ("forest", forest)],
        prefer="smaller",
    )
    model = search.fit(X, y)
    results, found = model.cv_results_, model.verdict_
    assert found.student == results["param_student"][model.best_index_] == "tree"
    assert found.outcome == "helps"
    assert model.best_params_["strength"] < 1.0
    assert model.best_score_ == results["mean_test_score"][model.best_index_]
    direct = results["mean_test_score"][results["param_student"] == "forest"][0]
    assert model.best_score_ > direct
    assert found.by_student["tree"].size["distilled"] < found.by_student["forest"].size["direct"]


# The table


def test_cv_results_are_those_of_a_grid_search():
    pd = pytest.importorskip("pandas")
    X, y = DATA[3].X, DATA[3].y
    students = [("tree", SMALL, {"max_depth": [1, 2]}), ("logistic", LogisticRegression())]
    model = searcher(students=students, calibrations=(None, "sigmoid")).fit(X, y)
    table = pd.DataFrame(model.cv_results_)
    search = GridSearchCV(SMALL, {"max_depth": [1, 2]}, cv=3).fit(X, y)
    assert set(search.cv_results_) - {"param_max_depth"} <= set(table)
    assert len(table) == 3 * (1 + 2 * 2)
    assert set(table["param_student"]) == {"tree", "logistic"}
    assert table["param_student__max_depth"].isna().sum() == 5
    assert model.cv_results_["param_student__max_depth"].dtype == int
    assert model.cv_results_["param_strength"].dtype == float
    splits = table[[f"split{v}_test_score" for v in range(3)]]
    np.testing.assert_allclose(splits.mean(axis=1), table["mean_test_score"])
    np.testing.assert_allclose(splits.std(axis=1, ddof=0), table["std_test_score"])
    ranked = table["smoothed_test_score"].rank(method="min", ascending=False)
    np.testing.assert_array_equal(ranked, table["rank_test_score"])
    assert (table["mean_fit_time"] > 0).all()
    assert (table["size"] > 0).all()
    assert model.best_score_ == table["mean_test_score"][model.best_index_]


@pytest.mark.parametrize(
    ("scoring", "n_classes"),
    [("neg_log_loss", 3), ("neg_brier_score", 2), ("accuracy", 3), ("roc_auc_ovr", 3)],
)
def test_scores_are_greater_for_better_students(scoring, n_classes):
    X, y = DATA[n_classes].X, DATA[n_classes].codes
    students = [LogisticRegression(C=1e-6), LogisticRegression()]
    model = searcher(students=students, scoring=scoring).fit(X, y)
    for row, student in enumerate(students):
        direct = cross_val_score(student, X, y, cv=fold_split(X, y), scoring=scoring)
        assert model.cv_results_["mean_test_score"][row] == pytest.approx(direct.mean())
    assert model.cv_results_["mean_test_score"][1] > model.cv_results_["mean_test_score"][0]
    assert np.isfinite(model.verdict_.difference)


# Weights, groups, order, transfer rows


def test_a_row_of_weight_zero_counts_as_absent():
    X, y = DATA[2].X, DATA[2].y
    splits = fold_split(X[:200], y[:200])
    weight = np.r_[np.linspace(0.5, 2.0, 200), np.zeros(40)]
    with_all = searcher(cv=splits, return_row_losses=True).fit(X, y, sample_weight=weight)
    without = searcher(cv=splits).fit(X[:200], y[:200], sample_weight=weight[:200])
    np.testing.assert_allclose(
        with_all.cv_results_["mean_test_score"], without.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(with_all.predict_proba(X), without.predict_proba(X))
    assert np.isnan(with_all.row_losses_[:, 200:]).all()
    assert np.isfinite(with_all.row_losses_[:, :200]).all()
    again = with_all.set_params(return_row_losses=False).fit(X, y, sample_weight=weight)
    assert not hasattr(again, "row_losses_")
    assert with_all.pool_proba_.shape == (3, 240, 2)


def test_scores_are_weighted():
    X, y = DATA[2].X, DATA[2].y
    weight = np.linspace(0.2, 3.0, len(y))
    model = searcher(return_row_losses=True).fit(X, y, sample_weight=weight)
    for v, (_, test) in enumerate(fold_split(X, y)):
        expected = -np.average(model.row_losses_[:, test], axis=1, weights=weight[test])
        np.testing.assert_allclose(model.cv_results_[f"split{v}_test_score"], expected)


def test_an_area_under_the_curve_has_the_power_of_its_rows():
    """Three folds, a t distribution of two degrees of freedom, show hardly anything."""
    deep = DecisionTreeClassifier(random_state=0)
    scorer = make_scorer(roc_auc_score, response_method="predict_proba")
    narrower = 0
    for seed in range(10):
        X, y = sample(2, 240, seed).X, sample(2, 240, seed).y
        model = searcher(students=deep, scoring="roc_auc", size="free").fit(X, y)
        given = {"teacher_proba": model.teacher_proba_, "pool_proba": model.pool_proba_}
        by_fold = clone(model).set_params(teacher=None, scoring=scorer).fit(X, y, **given)
        assert model.verdict_.n_rows == len(y)
        assert by_fold.verdict_.n_rows == 3
        scores = [m.cv_results_["mean_test_score"] for m in (model, by_fold)]
        np.testing.assert_allclose(*scores)
        narrower += np.ptp(model.verdict_.interval) < np.ptp(by_fold.verdict_.interval)
    assert narrower >= 8


def test_groups_are_kept_together_and_time_order_is_kept():
    X, y = DATA[2].X, DATA[2].y
    groups = np.arange(len(y)) // 4
    model = searcher(cv=GroupKFold(4)).fit(X, y, groups=groups)
    assert model.n_splits_ == 4
    with pytest.warns(CoverageWarning, match="no test fold"):
        model = searcher(cv=TimeSeriesSplit(4), fallback=False).fit(X, y)
    assert model.verdict_.n_teacher_fits == 4
    assert model.n_splits_ == 3


@pytest.mark.filterwarnings("ignore:.*no test fold")
def test_the_direct_student_is_tried_on_all_of_the_past_as_it_is_fitted_in_the_end():
    """The first rows in time have no label of the teacher, but a label."""
    X, y = DATA[3].X, DATA[3].y
    cv, student = TimeSeriesSplit(4), DecisionTreeClassifier(max_depth=3, random_state=0)
    model = searcher(students=student, strengths=(0.5,), cv=cv, return_row_losses=True).fit(X, y)
    results = model.cv_results_
    direct = np.flatnonzero(results["param_strength"] == 1.0)
    assert len(direct) == 1
    folds = list(cv.split(X))[1:]
    for v, (train, test) in enumerate(folds):
        alone = clone(student).fit(X[train], y[train])
        losses = row_log_loss(DATA[3].one_hot[test], alone.predict_proba(X[test]), FLOOR)
        assert -results[f"split{v}_test_score"][direct[0]] == pytest.approx(losses.mean())


def test_repeats_are_averaged():
    X, y = DATA[2].X, DATA[2].y
    model = searcher(n_repeats=2, return_row_losses=True).fit(X, y)
    assert model.n_splits_ == 6
    assert model.verdict_.n_teacher_fits == 12
    mean = -np.mean(model.row_losses_, axis=1)  # folds of 80 rows each
    np.testing.assert_allclose(model.cv_results_["mean_test_score"], mean, rtol=1e-9)


def test_transfer_rows_serve_the_distilled_students_only():
    X, y = DATA[2].X, DATA[2].y
    students = SpyTree(max_depth=2, random_state=0)
    calls = SpyTree.watch()
    model = searcher(students=students).fit(X[:180], y[:180], X_transfer=X[180:])
    n_rows = {len(np.unique(call["X"][call["weight"] > 0], axis=0)) if call["weight"] is not None
              else len(call["X"]) for call in calls}  # fmt: skip
    assert 3 * 3 + 3 + 1 <= len(calls) == model.report_.n_student_fits  # one a fold for its size
    assert max(n_rows) > 120  # 120 labelled rows of a fold and the others
    assert model.report_.n_transfer in (0, 60)
    with pytest.raises(ParameterError, match="X_transfer have none of: pass calibrations="):
        searcher(calibrations=("stacked",)).fit(X[:180], y[:180], X_transfer=X[180:])


# Precomputed pools


def test_a_pool_can_be_given_in_place_of_the_teacher():
    X, y = DATA[3].X, DATA[3].y
    first = searcher().fit(X, y)
    given = {"teacher_proba": first.teacher_proba_, "pool_proba": first.pool_proba_}
    again = DistilledClassifierCV(
        None, SMALL, cv=3, random_state=0, calibrations=("sigmoid",), strengths=(0.0, 0.5)
    ).fit(X, y, **given)
    np.testing.assert_array_equal(
        first.cv_results_["mean_test_score"], again.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    assert again.verdict_.n_teacher_fits == 0


@pytest.mark.parametrize("name", ["teacher_proba", "pool_proba"])
def test_half_a_pool_raises(name):
    X, y = DATA[2].X, DATA[2].y
    with pytest.raises(ParameterError, match="go together"):
        searcher().fit(X, y, **{name: np.full((len(y), 2), 0.5)})


def test_rows_in_another_namespace_give_the_same():
    """As on a device, where the teacher's probabilities come from elsewhere."""
    xp = pytest.importorskip("array_api_strict")
    X, y = DATA[3].X, DATA[3].y
    first = searcher(students=SoftLogisticRegression()).fit(X, y)
    given = {"teacher_proba": first.teacher_proba_, "pool_proba": first.pool_proba_}
    settings = {"cv": 3, "random_state": 0, "calibrations": ("sigmoid", "stacked")}
    student = SoftLogisticRegression(tol=1e-8)
    host = DistilledClassifierCV(None, student, **settings).fit(X, y, **given)
    device = DistilledClassifierCV(None, student, **settings).fit(xp.asarray(X), y, **given)
    expected = host.cv_results_["mean_test_score"]
    np.testing.assert_allclose(device.cv_results_["mean_test_score"], expected, atol=1e-5)
    assert device.best_index_ == host.best_index_


# scikit-learn's ways


def test_it_works_in_pipelines_and_searches():
    X, y = DATA[2].X, DATA[2].y
    inner = searcher(students=LogisticRegression())
    pipe = make_pipeline(StandardScaler(), inner)
    assert cross_val_score(pipe, X, y, cv=3).shape == (3,)
    search = GridSearchCV(inner, {"strengths": [(0.0,), (0.0, 0.5)]}, cv=2).fit(X, y)
    assert search.best_estimator_.predict(X).shape == y.shape


def test_pickle_clone_and_repr():
    X, y = DATA[2].X, DATA[2].y
    model = searcher(students=LGBMClassifier(n_estimators=3, verbose=-1)).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    with pytest.raises(NotFittedError):
        clone(model).predict(X)
    assert "DistilledClassifierCV" in repr(model)
    assert "DistilledClassifierCV" in model._repr_html_()


def test_regressors_are_students_as_well():
    X, y = DATA[3].X, DATA[3].y
    student = DecisionTreeRegressor(max_depth=4, random_state=0)
    model = searcher(students=student, losses=("brier", "logit")).fit(X, y)
    assert set(model.cv_results_["param_loss"]) == {"auto", "brier", "logit"}
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


class Weighed(CountingTeacher):
    """Notes whether it was given weights."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.fits[-1] = sample_weight is not None
        return self


def test_metadata_goes_to_the_students_that_ask():
    X, y = DATA[2].X, DATA[2].y
    with config_context(enable_metadata_routing=True):
        weight = np.linspace(0.5, 2.0, len(y))
        teacher = GaussianNB().set_fit_request(sample_weight=False)
        one = Weighed().set_fit_request(sample_weight=True)
        two = LogisticRegression().set_fit_request(sample_weight=False)
        asked = Weighed.watch()
        model = searcher(teacher, [("one", one), ("two", two)], strengths=(0.0,))
        model.set_fit_request(sample_weight=True).fit(X, y, sample_weight=weight)
        assert len(asked) >= 6
        assert all(asked)
        with pytest.raises(StudentTypeError, match="choose another name"):
            searcher(teacher, [("teacher", one), ("two", two)]).fit(X, y)


def test_a_forest_of_one_thread_per_worker_says_nothing():
    X, y = DATA[2].X, DATA[2].y
    forest = RandomForestClassifier(3, n_jobs=-1, random_state=0)
    searcher(forest, forest, n_jobs=2).fit(X, y)


# Bad input


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"cv": 2}, FoldError, "at least 3 disjoint"),
        ({"cv": KFold(2)}, FoldError, "at least 3 disjoint"),
        ({"scoring": "rubbish"}, ParameterError, "scoring must be"),
        ({"prefer": "cheaper"}, ParameterError, "prefer must be one of"),
        (
            {"fallback": True},
            ParameterError,
            "fallback must be one of 'doubtful', 'not shown', 'harms' or F",
        ),
        ({"fallback": "harm"}, ParameterError, "fallback must be one of"),
        ({"alpha": 0.0}, ParameterError, "alpha"),
        ({"n_validation": 1}, ParameterError, "n_validation"),
        ({"students": []}, StudentTypeError, "students must be"),
        ({"students": "tree"}, StudentTypeError, "students must be"),
        ({"strengths": ()}, ParameterError, "strengths must be"),
        ({"device": "tpu"}, ParameterError, "device"),
        ({"scoring": "roc_auc", "return_row_losses": True}, ParameterError, "loss per row"),
    ],
)
def test_bad_settings_raise_before_anything_is_fitted(settings, error, message):
    X, y = DATA[2].X, DATA[2].y
    fits = CountingTeacher.watch()
    with pytest.raises(error, match=message):
        searcher(CountingTeacher(), **settings).fit(X, y)
    assert not fits


def test_a_student_that_fails_is_named_with_its_fold():
    class Broken(CountingTeacher):
        def fit(self, X, y, sample_weight=None):
            raise OSError("no space left")

    X, y = DATA[2].X, DATA[2].y
    with pytest.raises(StudentError, match=r"'b' could not be fitted.*fold 0: OSError: no space"):
        searcher(students=[("a", SMALL), ("b", Broken())]).fit(X, y)


def test_bad_rows_raise():
    X, y = DATA[2].X, DATA[2].y
    with pytest.raises(InputError, match="at least two classes"):
        searcher().fit(X, np.zeros(len(y)))
    with pytest.raises(InputError, match="sample_weight"):
        searcher().fit(X, y, sample_weight=-np.ones(len(y)))


def test_a_failed_fit_leaves_the_estimator_as_it_was():
    X, y = DATA[2].X, DATA[2].y
    model = searcher().fit(X, y)
    before = dict(vars(model))
    with pytest.raises(ParameterError):
        model.set_params(strengths=(2.0,)).fit(X, y)
    after = dict(vars(model))
    before.pop("strengths"), after.pop("strengths")
    assert before == after


def test_a_correction_may_differ_by_class():
    class PerClass(Correction):
        def gain(self, p, strength):
            return strength * np.broadcast_to(np.array([0.1, 0.5, 0.9]), p.shape)

    X, y = DATA[3].X, DATA[3].y
    for corrections in ((PerClass(),), ("orthogonal", PerClass())):
        model = searcher(corrections=corrections, strengths=(0.0, 1.0)).fit(X, y)
        # Its full correction is not the label, so strength 1 is no direct student.
        strengths = model.cv_results_["param_strength"][-2:]
        assert sorted(strengths) == [0.0, 1.0]


@pytest.mark.filterwarnings("ignore:.*no test fold")
@pytest.mark.parametrize("scoring", ["roc_auc", "balanced_accuracy", "neg_log_loss"])
def test_a_fold_that_lacks_a_class_is_told_before_a_teacher_is_fitted(scoring):
    """The last test rows in time are of one class: there is no area under a curve."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(240, 2)), rng.integers(0, 2, 240)
    y[180:] = 0
    fits = CountingTeacher.watch()
    search = searcher(CountingTeacher(), cv=TimeSeriesSplit(4), scoring=scoring)
    if scoring == "roc_auc":
        with pytest.raises(ParameterError, match=r"'roc_auc' cannot.*fold 3.*no row of class 1"):
            search.fit(X, y)
        assert not fits
        search.set_params(cv=StratifiedKFold(3)).fit(X, y)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's, of the scores
            search.fit(X, y)
    assert fits


@pytest.mark.parametrize("prefer", [None, "smaller"])
def test_a_scoring_that_is_nan_for_every_student_of_a_kind_raises(prefer):
    def nan_for_few_values(estimator, X, y):
        return np.nan if len(np.unique(estimator.predict_proba(X))) < 40 else 0.5

    with pytest.raises(InputError, match=r"gave NaN in some.*directly.*class missing"):
        searcher(scoring=nan_for_few_values, prefer=prefer).fit(DATA[2].X, DATA[2].y)
