"""Synthetic rows: how they are made, who labels them, what they weigh, and what they may not do."""

import pickle
from typing import ClassVar

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV, Munge
from skdistill.exceptions import InputError, ParameterError, SkdistillWarning, StudentError
from skdistill.folds import make_folds
from skdistill.inspection import DistillationReport, StrengthDisplay, compare
from skdistill.losses import resolve_loss
from skdistill.students import Problem, predict_fitted, resolve
from skdistill.synthetic import resolve_synthetic
from tests.common.data import sample
from tests.common.students import STUDENTS

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
TREE = DecisionTreeRegressor(max_depth=4, random_state=0)
TABLE = np.random.default_rng(1).normal(size=(90, 3))  # no two values alike
LABELS = (TABLE[:, 0] + np.random.default_rng(2).normal(size=90) > 0).astype(int)


def draw(X, munge=None, **settings):
    (drawn,) = (munge or Munge(**settings)).draw(X, {0: np.arange(len(X))})
    return drawn


# How they are made


def test_each_value_is_the_rows_own_or_near_that_of_a_neighbour():
    """Against a loop: with one neighbour and whole numbers it is known which."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 50, size=(40, 3)).astype(float)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    drawn = draw(X, copies=3, n_neighbors=1)
    assert len(drawn.X) == 120
    n_swapped = 0
    for row, parent in zip(drawn.X, drawn.parent, strict=True):
        apart = np.sum((Z - Z[parent]) ** 2, axis=1)
        apart[apart == 0.0] = np.inf
        near = X[np.flatnonzero(apart == apart.min())]
        own = row == X[parent]
        assert any(np.all(own | (row == other)) for other in near)
        n_swapped += np.sum(~own)
    assert 0.3 < n_swapped / drawn.X.size < 0.6


def test_a_continuous_value_is_normal_around_the_neighbours():
    X = np.array([[0.25, 0.0], [1.25, 0.0]])
    drawn = draw(X, copies=4000, swap=1.0, spread=2.0, n_neighbors=1)
    for parent, other in ((0, 1.25), (1, 0.25)):
        values = drawn.X[drawn.parent == parent, 0]
        assert abs(values.mean() - other) < 0.03
        assert abs(values.std() - 0.5) < 0.03
    assert_array_equal(drawn.X[:, 1], 0.0)


def test_without_exchange_there_would_be_copies_only():
    X = DATA[2].X
    assert_array_equal(draw(X, copies=2, swap=1e-12).X, np.vstack([X, X]))


def test_neighbours_are_never_equal_rows():
    """Else most synthetic rows of a table with repeated rows would be copies."""
    X = np.repeat([[0.5, 1.0], [2.5, 3.0]], 10, axis=0)
    drawn = draw(X, copies=1, swap=1.0, spread=1e9)
    assert_allclose(drawn.X, X[::-1], atol=1e-6)


def test_rows_that_are_all_alike_stay_what_they_are():
    X = np.full((6, 2), 1.5)
    assert_array_equal(draw(X, copies=2).X, np.full((12, 2), 1.5))


def test_the_scale_of_a_column_does_not_matter():
    scale = np.geomspace(1e-3, 1e3, TABLE.shape[1])
    assert_allclose(draw(TABLE * scale).X, draw(TABLE).X * scale, rtol=1e-9)


def test_the_same_rows_give_the_same_draws():
    X = DATA[2].X
    parts = {0: np.arange(50), 3: np.arange(50, 120)}
    first, again = (Munge().draw(X, parts) for _ in range(2))
    alone = Munge().draw(X, {3: parts[3]})
    for a, b in (*zip(first, again, strict=True), (first[1], alone[0])):
        assert_array_equal(a.X, b.X)
        assert_array_equal(a.parent, b.parent)
    other = Munge(random_state=1).draw(X, parts)
    assert not np.array_equal(first[0].X, other[0].X)


@pytest.mark.parametrize("kind", ["float32", "int", "object"])
def test_arrays_keep_their_type(kind):
    rng = np.random.default_rng(0)
    X = {
        "float32": rng.normal(size=(30, 2)).astype(np.float32),
        "int": rng.integers(0, 9, size=(30, 2)),
        "object": rng.choice(["a", "b", "c"], size=(30, 2)).astype(object),
    }[kind]
    drawn = draw(X)
    assert drawn.X.dtype == X.dtype
    if kind != "float32":
        assert set(drawn.X.ravel().tolist()) <= set(X.ravel().tolist())


def frame(n_rows=40):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=n_rows)
    numbers[::7] = np.nan
    return pd.DataFrame(
        {
            "number": numbers,
            "count": rng.integers(0, 5, n_rows),
            "colour": pd.Categorical(
                rng.choice(["red", "green"], n_rows), ["red", "green", "blue"]
            ),
            "name": rng.choice(["x", "y", None], n_rows),
            "when": pd.date_range("2024-01-01", periods=n_rows),
            "nullable": pd.array(np.where(numbers > 0, numbers, np.nan), dtype="Float64"),
            "flag": rng.random(n_rows) < 0.5,
        },
        index=np.arange(n_rows) * 10,
    )


def test_pandas_columns_keep_their_kinds():
    X = frame()
    drawn = draw(X, copies=3)
    assert_array_equal(drawn.X.index, np.arange(120))
    assert list(drawn.X.columns) == list(X.columns)
    assert list(drawn.X.dtypes) == list(X.dtypes)
    for name in ("count", "colour", "when", "flag"):
        assert drawn.X[name].isin(X[name]).all(), name
    assert set(drawn.X["name"].dropna()) == {"x", "y"}
    assert not drawn.X["number"].dropna().isin(X["number"]).all()
    assert drawn.X["number"].isna().any()
    assert drawn.X["nullable"].isna().any()


def test_repeated_column_names_stay():
    X = frame()[["count", "number"]].set_axis(["a", "a"], axis=1)
    assert list(draw(X).X.columns) == ["a", "a"]


def test_polars_columns_keep_their_kinds():
    X = pl.from_pandas(frame()[["number", "count", "name", "flag"]])
    drawn = draw(X, copies=2)
    assert drawn.X.schema == X.schema
    assert drawn.X.height == 80
    assert drawn.X["number"].null_count() > 0


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_give_the_rows_of_arrays(kind):
    data = DATA[2].X
    X = pd.DataFrame(data, columns=list("abcdefgh")[: data.shape[1]])
    X = X if kind == "pandas" else pl.from_pandas(X)
    assert_array_equal(np.asarray(draw(X).X), draw(data).X)


# Who labels them


class Witness(GaussianNB):
    """A teacher that remembers its training rows, and notes what it is asked about."""

    asked: ClassVar = []

    def fit(self, X, y):
        self.seen_ = as_set(X)
        return super().fit(X, y)

    def predict_proba(self, X):
        self.asked.append((self.seen_, as_set(X)))
        return super().predict_proba(X)


def as_set(X):
    return {tuple(row) for row in np.round(X, 6)}


# With all values exchanged a synthetic row is its neighbour.
NEIGHBOUR = Munge(copies=2, swap=1.0, spread=1e12)


@pytest.mark.parametrize("search", [False, True], ids=["plain", "search"])
def test_no_teacher_has_seen_the_rows_that_it_labels(search):
    """Neither the parent's fold nor the neighbour's, nor, in a search, the validation fold."""
    Witness.asked.clear()
    settings = {"cv": 4, "random_state": 0}
    if search:
        model = DistilledClassifierCV(
            Witness(), TREE, strengths=(0.5,), calibrations=(None,), synthetics=(NEIGHBOUR,),
            **settings,
        )  # fmt: skip
    else:
        model = DistilledClassifier(Witness(), TREE, strength=0.5, synthetic=NEIGHBOUR, **settings)
    model.fit(TABLE, LABELS)
    # Folds and pairs once, and their synthetic rows: the pairs' for both of their folds.
    assert len(Witness.asked) == (10 + 4 + 2 * 6 if search else 4 + 4)
    for seen, rows in Witness.asked:
        assert rows <= as_set(TABLE)
        assert not seen & rows


@pytest.mark.parametrize("kind", [k for k in STUDENTS if k.takes_weight], ids=str)
@any_classes
def test_every_route_is_fitted_to_both_kinds_of_rows(n_classes, kind):
    """The student of one problem with all rows in it, their weights given."""
    data = DATA[n_classes]
    settings = {"loss": kind.loss, "cv": 3, "random_state": 0}
    model = DistilledClassifier(
        GaussianNB(), kind.make(), strength=0.5, synthetic=Munge(copies=2), **settings
    ).fit(data.X, data.y)
    folds = make_folds(3, data.X, data.y, random_state=0)
    drawn = Munge(copies=2).draw(data.X, folds.tests)
    p = model.calibration_.transform(model.teacher_proba_)
    q = model.calibration_.transform(model.synthetic_proba_)
    adapter = resolve(kind.make(), kind.loss)
    loss = resolve_loss(adapter.default_loss if kind.loss == "auto" else kind.loss, 1.0)
    scale = [1.0 if w is None else w for w in (loss.row_weight(p), loss.row_weight(q))]
    targets = (
        loss.target(data.one_hot, p, np.full(len(p), 0.5)),
        loss.target(q, q, np.zeros(len(q))),
    )
    problem = Problem(
        X=np.vstack([data.X, *(part.X for part in drawn)]),
        target=np.concatenate(targets),
        loss=loss,
        labels=np.concatenate([data.y, model.classes_[np.argmax(q, axis=1)]]),
        classes=model.classes_,
        weight=np.concatenate([np.ones(len(p)) * scale[0], np.full(len(q), 0.5) * scale[1]]),
        params={},
    )
    expected = predict_fitted(adapter.fit(problem), data.X)
    assert_allclose(model.predict_proba(data.X), expected, rtol=1e-9, atol=1e-12)


def test_parents_and_neighbours_are_of_one_fold():
    folds = make_folds(4, TABLE, LABELS, random_state=0)
    for drawn in NEIGHBOUR.draw(TABLE, folds.tests):
        test = folds.splits[drawn.fold][1]
        assert as_set(drawn.X) <= as_set(TABLE[test])
        assert set(drawn.parent) <= set(test)


@pytest.mark.parametrize(
    "cv",
    [4, RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0), TimeSeriesSplit(3)],
    ids=["partition", "repeated", "time"],
)
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@any_classes
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")
def test_the_students_target_against_a_loop(n_classes, weighted, cv):
    """The fold's own teacher, the parent's weight, and no correction."""
    data = DATA[n_classes]
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else None
    munge = Munge(copies=3)
    model = DistilledClassifier(
        GaussianNB(), TREE, cv=cv, strength=0.4, synthetic=munge, random_state=0
    ).fit(data.X, data.y, sample_weight=weight)
    folds = make_folds(cv, data.X, data.y, random_state=0)
    known = folds.covered
    p = model.calibration_.transform(model.teacher_proba_[known])
    w = np.ones(len(data.y)) if weight is None else weight
    rows, weights = [data.X[known]], [w[known]]
    targets = [p + 0.4 * (data.one_hot[known] - p)]
    drawn = munge.draw(data.X, folds.tests)
    for part, (train, _) in zip(drawn, folds.splits, strict=True):
        own = None if weight is None else weight[train]
        teacher = GaussianNB().fit(data.X[train], data.y[train], sample_weight=own)
        rows.append(part.X)
        targets.append(model.calibration_.transform(teacher.predict_proba(part.X)))
        weights.append(w[part.parent] / (3 * folds.times_covered[part.parent]))
    total, at = np.concatenate(weights), known.sum()
    assert_allclose(total[at:].sum(), total[:at].sum())
    target = np.concatenate(targets)
    target = target[:, 1] if n_classes == 2 else target
    expected = clone(TREE).fit(np.vstack(rows), target, sample_weight=total)
    assert_allclose(model.student_.predict(data.X), expected.predict(data.X), rtol=1e-9)
    assert model.report_.n_synthetic == sum(len(part.X) for part in drawn)
    assert model.report_.n_transfer == 0


# As a candidate


def test_a_search_tries_them_beside_none_and_fits_what_the_plain_estimator_fits():
    data = DATA[2]
    munge = Munge(copies=2)
    model = DistilledClassifierCV(
        RandomForestClassifier(20, random_state=0), TREE, cv=3, strengths=(0.0, 0.5),
        calibrations=("sigmoid",), synthetics=(None, munge), fallback=False, random_state=0,
    ).fit(data.X, data.y)  # fmt: skip
    tried = model.cv_results_["param_synthetic"].tolist()
    assert tried.count(None) == 3  # the direct student, and two strengths
    assert tried.count(munge) == 2
    scores = model.cv_results_["mean_test_score"]
    assert len(set(scores.tolist())) == 5
    for candidate in model.cv_results_["params"][1:]:
        alone = DistilledClassifier(
            model.teacher, cv=3, random_state=0, **candidate
        ).fit(data.X, data.y)  # fmt: skip
        assert alone.report_.n_synthetic == (
            0 if candidate["synthetic"] is None else 2 * len(data.y)
        )
    best = DistilledClassifier(model.teacher, cv=3, random_state=0, **model.best_params_)
    best.fit(data.X, data.y)
    assert_array_equal(model.predict_proba(data.X), best.predict_proba(data.X))


def test_at_strength_one_they_are_no_direct_student():
    data = DATA[2]
    model = DistilledClassifierCV(
        GaussianNB(), TREE, cv=3, strengths=(0.0, 1.0), calibrations=(None,), synthetics=("munge",),
        random_state=0,
    ).fit(data.X, data.y)  # fmt: skip
    strengths = model.cv_results_["param_strength"].tolist()
    assert strengths == [1.0, 1.0, 0.0]
    scores = model.cv_results_["mean_test_score"]
    assert scores[0] != scores[1]


def test_stacked_candidates_have_no_synthetic_rows():
    """These have no probabilities of the direct student's own: the combination is left out."""
    model = DistilledClassifierCV(
        GaussianNB(), TREE, cv=3, strengths=(0.5,), synthetics=(None, "munge"), random_state=0
    ).fit(TABLE, LABELS)
    table = model.cv_results_
    tried = set(
        zip(table["param_calibration"].tolist(), map(str, table["param_synthetic"]), strict=True)
    )
    assert ("stacked", "None") in tried
    assert ("sigmoid", "munge") in tried
    assert ("stacked", "munge") not in tried


# Refits, and what may not be


def fitted(**settings):
    settings = {"strength": 0.5, "synthetic": Munge(copies=2)} | settings
    return DistilledClassifier(GaussianNB(), TREE, cv=3, random_state=0, **settings).fit(
        TABLE, LABELS
    )


def test_a_refit_makes_the_same_rows_again():
    model = fitted()
    again = model.refit_student(TABLE, LABELS)
    assert_array_equal(again.predict_proba(TABLE), model.predict_proba(TABLE))
    assert_array_equal(again.synthetic_proba_, model.synthetic_proba_)
    other = model.refit_student(TABLE, LABELS, strength=0.25)
    fresh = fitted(strength=0.25)
    assert_array_equal(other.predict_proba(TABLE), fresh.predict_proba(TABLE))
    third = other.refit_student(TABLE, LABELS, strength=0.5)
    assert_array_equal(third.predict_proba(TABLE), model.predict_proba(TABLE))


def test_a_refit_without_them():
    model = fitted()
    bare = model.refit_student(TABLE, LABELS, synthetic=None)
    assert_array_equal(bare.predict_proba(TABLE), fitted(synthetic=None).predict_proba(TABLE))
    assert not hasattr(bare, "synthetic_proba_")
    with pytest.raises(ParameterError, match="synthetic can be set to None only"):
        bare.refit_student(TABLE, LABELS, synthetic="munge")


def test_a_refit_refuses_other_rows_and_other_draws():
    model = fitted()
    with pytest.raises(InputError, match="X must be the rows that the estimator was fitted on"):
        model.refit_student(TABLE[:, :2], LABELS)
    with pytest.raises(ParameterError, match="synthetic can be set to None only"):
        model.refit_student(TABLE, LABELS, synthetic=Munge(copies=3))


def test_the_short_name_is_the_default():
    assert resolve_synthetic("munge") == Munge()
    assert_array_equal(
        fitted(synthetic="munge").synthetic_proba_, fitted(synthetic=Munge()).synthetic_proba_
    )


@pytest.mark.parametrize("bad", ["smote", 4, True, Munge, {"copies": 2}])
def test_what_makes_no_rows(bad):
    with pytest.raises(ParameterError, match="synthetic must be None, 'munge' or a Munge"):
        fitted(synthetic=bad)
    search = DistilledClassifierCV(GaussianNB(), TREE, synthetics=(None, bad))
    with pytest.raises(ParameterError, match="synthetic must be None, 'munge' or a Munge"):
        search.fit(TABLE, LABELS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("copies", 0), ("copies", 1.5), ("swap", 0.0), ("swap", 1.1), ("spread", 0.0),
     ("spread", np.nan), ("n_neighbors", 0), ("random_state", -1), ("random_state", None)],
)  # fmt: skip
def test_bad_numbers(name, value):
    with pytest.raises(ParameterError, match=name):
        Munge(**{name: value})


@pytest.mark.parametrize("kind", ["sparse", "device"])
def test_rows_that_none_can_be_made_of(kind):
    xp = pytest.importorskip("array_api_strict") if kind == "device" else None
    X = csr_array(TABLE) if kind == "sparse" else xp.asarray(TABLE)
    with pytest.raises(InputError, match="NumPy array of two dimensions or a data frame"):
        Munge().draw(X, {0: np.arange(10)})


def test_sparse_rows_are_refused_by_fit():
    X = csr_array(np.where(TABLE > 0, TABLE, 0.0))
    model = DistilledClassifier(LogisticRegression(), TREE, synthetic="munge", strength=0.5)
    with pytest.raises(InputError, match="got a sparse array"):
        model.fit(X, LABELS)


@pytest.mark.parametrize(
    ("settings", "given", "match"),
    [
        ({}, {"X_transfer": TABLE}, "pass one of the two"),
        ({}, {"teacher_proba": np.full((90, 2), 0.5)}, "teacher_proba= takes their place"),
        ({"calibration": "stacked"}, {}, "synthetic rows have none of"),
    ],
    ids=["transfer", "given", "stacked"],
)
def test_what_does_not_go_together(settings, given, match):
    model = DistilledClassifier(GaussianNB(), TREE, synthetic="munge", **settings)
    with pytest.raises(ParameterError, match=match):
        model.fit(TABLE, LABELS, **given)


def test_a_search_with_given_labels_cannot_label_them():
    p = np.full((90, 2), 0.5)
    search = DistilledClassifierCV(None, TREE, cv=3, synthetics=(None, "munge"), random_state=0)
    with pytest.raises(ParameterError, match="pool_proba= takes their place"):
        search.fit(TABLE, LABELS, teacher_proba=p, pool_proba=np.stack([p] * 3))


def test_a_student_without_weights_is_refused():
    model = DistilledClassifier(
        GaussianNB(), KNeighborsRegressor(), synthetic="munge", strength=0.5
    )
    with pytest.raises(StudentError, match="sample_weight"):
        model.fit(TABLE, LABELS)


def test_a_found_strength_of_one_leaves_them_out_and_says_so():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 90)  # noise, of which the teacher knows nothing
    model = DistilledClassifier(
        GaussianNB(), LogisticRegression(C=1e-3), cv=3, synthetic="munge", random_state=0
    )
    with pytest.warns(SkdistillWarning, match=r"360 synthetic rows, which have none, are left out"):
        model.fit(TABLE, y)
    assert model.strength_ == 1.0
    direct = LogisticRegression(C=1e-3).fit(TABLE, y)
    assert_array_equal(model.predict_proba(TABLE), direct.predict_proba(TABLE))


# Beside the rest


def test_reports_and_comparisons_of_a_model_with_synthetic_rows():
    model = fitted()
    report = DistillationReport.from_estimator(
        model, -TABLE, 1 - LABELS, X_train=TABLE, y_train=LABELS
    )
    assert "plain" in str(report.to_dict())
    table = compare(model, TABLE, LABELS, cv=3, memory=None).frame().set_index(["method", "metric"])
    losses = table.loc[(slice(None), "log_loss"), "mean"].droplevel("metric")
    assert losses["distilled"] != losses["cross-fit"]


def test_naive_scores_of_a_search_with_synthetic_rows_are_refused():
    search = DistilledClassifierCV(
        GaussianNB(), TREE, cv=3, synthetics=(None, "munge"), random_state=0
    ).fit(TABLE, LABELS)
    StrengthDisplay.from_estimator(search)
    with pytest.raises(ParameterError, match="synthetic rows, whose teachers are gone"):
        StrengthDisplay.from_estimator(search, TABLE, LABELS)


def test_a_model_with_synthetic_rows_is_cloned_pickled_and_searched():
    model = fitted(strength="auto")
    assert clone(model).synthetic == model.synthetic
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.predict_proba(TABLE), model.predict_proba(TABLE))
    again = loaded.refit_student(TABLE, LABELS)
    assert_array_equal(again.predict_proba(TABLE), model.predict_proba(TABLE))
    grid = GridSearchCV(fitted(), {"synthetic": [None, Munge(copies=1)]}, cv=2).fit(TABLE, LABELS)
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()


def test_fold_teachers_are_gone_after_the_fit():
    """A pickle holds what the teachers said, not the rows, and no teacher."""
    model = fitted(synthetic=Munge(copies=20))
    n_more = len(pickle.dumps(model)) - len(pickle.dumps(fitted(synthetic=None)))
    assert n_more < 1.5 * model.synthetic_proba_.nbytes * 2


def test_neighbours_give_a_noisy_student_more_to_learn_from():
    """What they are for: a forest of few trees gains, on rows that nobody has seen."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4400, 4))
    p = 1.0 / (1.0 + np.exp(-2.0 * X[:, 0] - X[:, 1] * X[:, 2]))
    y = (rng.random(4400) < p).astype(int)
    teacher = RandomForestClassifier(60, min_samples_leaf=5, random_state=0)
    student = RandomForestRegressor(5, random_state=0)
    losses = {}
    for synthetic in (None, "munge"):
        model = DistilledClassifier(
            teacher, student, strength=0.4, synthetic=synthetic, random_state=0
        ).fit(X[:400], y[:400])  # fmt: skip
        q = model.predict_proba(X[400:])[:, 1]
        losses[synthetic] = np.mean((q - p[400:]) ** 2)
    assert losses["munge"] < 0.97 * losses[None]
