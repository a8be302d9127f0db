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
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV, Munge
from skdistill._ground.data import check_data
from skdistill._ground.outcomes import draw_codes
from skdistill.choosing.planning import Planner
from skdistill.exceptions import (
    InputError,
    ParameterError,
    SkdistillWarning,
    StudentError,
    TeacherError,
)
from skdistill.inspection import DistillationReport, StrengthDisplay, compare
from skdistill.rows.munge import _neighbours
from skdistill.rows.synthetic import resolve_synthetic
from skdistill.students import Problem, predict_fitted, resolve
from skdistill.targets.losses import resolve_loss
from skdistill.teaching.folds import make_folds
from skdistill.teaching.pool import fit_pool, validation_folds
from tests.common.data import sample
from tests.common.spies import CountingTeacher
from tests.common.students import STUDENTS

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
TREE_OF_ONE = DecisionTreeRegressor(max_depth=1, random_state=0)
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


def test_categories_that_are_numbers_are_no_numbers():
    X = pd.DataFrame({"a": TABLE[:, 0], "c": pd.Categorical(np.tile([0.25, 0.5, 0.75], 30))})
    drawn = draw(X).X
    assert not drawn["c"].isna().any()
    assert drawn["c"].dtype == X["c"].dtype


@pytest.mark.parametrize("frame", [False, True], ids=["array", "frame"])
def test_numbers_in_objects_are_numbers(frame):
    X = TABLE.astype(object)
    X[::9, 1] = None
    expected = draw(np.where(X == None, np.nan, X).astype(float)).X  # noqa: E711
    drawn = draw(pd.DataFrame(X) if frame else X).X
    values = np.asarray(drawn)
    assert values.dtype == object
    assert_array_equal(values == None, np.isnan(expected))  # noqa: E711
    known = ~np.isnan(expected)
    assert_allclose(values[known].astype(float), expected[known])


def test_a_column_that_is_missing_in_a_fold_stays_missing():
    X = TABLE.copy()
    X[:45, 1] = np.nan
    one, two = Munge().draw(X, {0: np.arange(45), 1: np.arange(45, 90)})
    assert np.isnan(one.X[:, 1]).all()
    assert not np.isnan(two.X).any()


def test_other_neighbours_can_be_given():
    """Those of an earlier draw: among equally near rows another machine may find others."""
    first = draw(TABLE)
    (again,) = Munge().draw(TABLE, {0: np.arange(90)}, [first.neighbour])
    assert_array_equal(again.X, first.X)
    (other,) = Munge().draw(TABLE, {0: np.arange(90)}, [first.parent])
    assert_array_equal(other.X, TABLE[first.parent])


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
    if search:
        assert len(Witness.asked) == 10 + 2 * 6 + 4 * (model.report_.n_synthetic > 0)
    else:
        assert len(Witness.asked) == 4 + 4
    for seen, rows in Witness.asked:
        assert rows <= as_set(TABLE)
        assert not seen & rows


@pytest.mark.parametrize("kind", [k for k in STUDENTS if k.takes_weight], ids=str)
@any_classes
def test_every_route_is_fitted_to_both_kinds_of_rows(n_classes, kind):
    """The student of one problem with all rows in it, their weights given."""
    data = DATA[n_classes]
    settings = {"loss": kind.loss, "cv": 3, "random_state": 0, "size": "free"}
    model = DistilledClassifier(
        GaussianNB(), kind.make(), strength=0.5, synthetic=Munge(copies=2), **settings
    ).fit(data.X, data.y)
    folds = make_folds(3, data.X, data.y, random_state=0)
    drawn = Munge(copies=2).draw(data.X, folds.parts)
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
        labels=np.concatenate([data.y, model.classes_[draw_codes(q)]]),
        classes=model.classes_,
        weight=np.concatenate([np.ones(len(p)) * scale[0], np.full(len(q), 0.5) * scale[1]]),
        params={},
    )
    expected = predict_fitted(adapter.fit(problem), data.X)
    assert_allclose(model.predict_proba(data.X), expected, rtol=1e-9, atol=1e-12)


def test_parents_and_neighbours_are_of_one_fold():
    folds = make_folds(4, TABLE, LABELS, random_state=0)
    for drawn in NEIGHBOUR.draw(TABLE, folds.parts):
        test = folds.splits[drawn.fold][1]
        assert as_set(drawn.X) <= as_set(TABLE[test])
        assert set(drawn.parent) <= set(test)
        assert_allclose(drawn.X, TABLE[drawn.neighbour], atol=1e-6)


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
        GaussianNB(), TREE, cv=cv, strength=0.4, synthetic=munge, random_state=0, size="free"
    ).fit(data.X, data.y, sample_weight=weight)
    folds = make_folds(cv, data.X, data.y, random_state=0)
    known = folds.covered
    p = model.calibration_.transform(model.teacher_proba_[known])
    w = np.ones(len(data.y)) if weight is None else weight
    rows, weights = [data.X[known]], [w[known]]
    targets = [p + 0.4 * (data.one_hot[known] - p)]
    drawn = munge.draw(data.X, folds.parts)
    for part in drawn:
        train, _ = folds.splits[part.fold]
        own = None if weight is None else weight[train]
        teacher = GaussianNB().fit(data.X[train], data.y[train], sample_weight=own)
        rows.append(part.X)
        targets.append(model.calibration_.transform(teacher.predict_proba(part.X)))
        weights.append(w[part.parent] / 3)
    total, at = np.concatenate(weights), known.sum()
    assert_allclose(total[at:].sum(), total[:at].sum())
    target = np.concatenate(targets)
    target = target[:, 1] if n_classes == 2 else target
    expected = clone(TREE).fit(np.vstack(rows), target, sample_weight=total)
    assert_allclose(model.student_.predict(data.X), expected.predict(data.X), rtol=1e-9)
    assert model.report_.n_synthetic == sum(len(part.X) for part in drawn)
    assert model.report_.n_transfer == 0


def test_the_labels_of_a_search_do_not_know_the_validation_labels():
    """Whatever the labels of fold k are, what is said for it stays the same."""
    folds = make_folds(4, TABLE, LABELS, random_state=0)
    for k, (_, test) in enumerate(folds.splits):
        said = []
        for y in (LABELS, np.where(np.isin(np.arange(90), test), 1 - LABELS, LABELS)):
            data = check_data(TABLE, y, None, None)
            pool = fit_pool(GaussianNB(), TABLE, y, folds, (0, 1, 2, 3), keep_teachers=True)
            planner = Planner(data, pool, None, None, None)
            said.append(planner._synthetic(Munge(), k))
        assert_array_equal(said[0].raw, said[1].raw)
        assert not set(said[0].parent) & set(test)
        other = planner._synthetic(Munge(), (k + 1) % 4).raw
        assert not np.array_equal(said[0].raw, other)


@pytest.mark.parametrize("cv", [4, TimeSeriesSplit(4)], ids=["partition", "time"])
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")
def test_the_score_of_a_weighted_candidate_against_a_loop(cv):
    munge, weight = Munge(copies=2), np.linspace(0.5, 2.0, 90)
    model = DistilledClassifierCV(
        GaussianNB(), Ridge(), cv=cv, strengths=(0.5,), calibrations=(None,), synthetics=(munge,),
        scoring="neg_brier_score", random_state=0,
    ).fit(TABLE, LABELS, sample_weight=weight)  # fmt: skip
    folds = make_folds(cv, TABLE, LABELS, random_state=0)
    scores = []
    for k in validation_folds(folds, None):
        train, test = folds.splits[k]
        corrected, made = np.full(90, np.nan), []
        for j, (other, held) in enumerate(folds.splits):
            part = np.intersect1d(held, train)
            if j == k or not len(part):
                continue
            seen = np.intersect1d(other, train)
            teacher = GaussianNB().fit(TABLE[seen], LABELS[seen], sample_weight=weight[seen])
            (drawn,) = munge.draw(TABLE, {j: part})
            p = teacher.predict_proba(TABLE[part])[:, 1]
            corrected[part] = p + 0.5 * (LABELS[part] - p)
            made.append((drawn.X, teacher.predict_proba(drawn.X)[:, 1], weight[drawn.parent] / 2))
        known = np.flatnonzero(~np.isnan(corrected))
        every = (TABLE[known], corrected[known], weight[known]), *made
        rows, targets, weights = (np.concatenate(parts) for parts in zip(*every, strict=True))
        student = Ridge().fit(rows, targets, sample_weight=weights)
        p = np.clip(student.predict(TABLE[test]), 0.0, 1.0)
        scores.append(-np.average((LABELS[test] - p) ** 2, weights=weight[test]))
    table = model.cv_results_
    (place,) = np.flatnonzero(
        [
            s is not None and c == 0.5
            for s, c in zip(table["param_synthetic"], table["param_strength"], strict=True)
        ]
    )
    assert_allclose(table["mean_test_score"][place], np.mean(scores), rtol=1e-9)


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
    table = model.cv_results_
    tried = list(zip(table["param_synthetic"].tolist(), table["param_strength"], strict=True))
    assert tried == [(None, 1.0), (None, 0.0), ("munge", 1.0), ("munge", 0.0)]
    assert table["mean_test_score"][0] != table["mean_test_score"][2]


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


def test_a_refit_on_arrow_columns():
    pytest.importorskip("pyarrow")
    X = pd.DataFrame(TABLE, columns=list("abc")).astype("double[pyarrow]")
    model = DistilledClassifier(
        GaussianNB(), TREE, cv=3, strength=0.5, synthetic="munge", random_state=0
    ).fit(X, LABELS)
    again = model.refit_student(X, LABELS)
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))


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
    with pytest.raises(ParameterError, match="got 'synthetic__copies'"):
        model.refit_student(TABLE, LABELS, synthetic__copies=3)


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


@pytest.mark.parametrize("search", [False, True], ids=["plain", "search"])
@pytest.mark.parametrize(
    ("X", "got"),
    [
        (csr_array(np.where(TABLE > 0, TABLE, 0.0)), "a sparse array"),
        ([[0.5, "a"]] * 90, "a list that is not all numbers"),
        ([["a"], ["a", "b"]] * 45, "1 dimensions"),
    ],
    ids=["sparse", "list", "tokens"],
)
def test_such_rows_are_refused_before_any_fit(X, got, search):
    teacher = CountingTeacher()
    kind = DistilledClassifierCV if search else DistilledClassifier
    model = kind(
        teacher, TREE, **({"synthetics": ("munge",)} if search else {"synthetic": "munge"})
    )
    calls = CountingTeacher.watch()
    with pytest.raises(InputError, match=got):
        model.fit(X, LABELS)
    assert not calls


@pytest.mark.parametrize("search", [False, True], ids=["plain", "search"])
def test_what_the_teachers_say_of_them_is_checked(search):
    settings = {"cv": 3, "random_state": 0}
    for teacher, said in ((Mute(), "must be probabilities"), (Mute(fails=True), "no more rows")):
        model = DistilledClassifier(teacher, TREE, strength=0.5, synthetic="munge", **settings)
        if search:
            model = DistilledClassifierCV(teacher, TREE, synthetics=("munge",), **settings)
        with pytest.raises(TeacherError, match=f"Mute gave no probabilities .*synthetic.*{said}"):
            model.fit(TABLE, LABELS)


class Mute(GaussianNB):
    """A teacher that has nothing to say of rows that were made up."""

    def __init__(self, *, fails=False):
        super().__init__()
        self.fails = fails

    def predict_proba(self, X):
        p = super().predict_proba(X)
        if as_set(X) <= as_set(TABLE):
            return p
        if self.fails:
            raise ValueError("no more rows")
        return np.full_like(p, np.nan)


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
    with pytest.raises(StudentError, match=r"synthetic rows weigh less .*KNeighborsRegressor"):
        model.fit(TABLE, LABELS)


@pytest.mark.parametrize(
    "changes", [{}, {"temperature": 2.0}, {"student": TREE_OF_ONE, "loss": "logit"}],
    ids=["plain", "temperature", "logit"],
)  # fmt: skip
def test_a_found_strength_of_one_leaves_them_out_and_says_so(changes):
    settings = {"student": LogisticRegression(C=1e-3), "synthetic": "munge"} | changes
    model = DistilledClassifier(
        DummyClassifier(strategy="stratified", random_state=0), cv=3, random_state=0, **settings
    )
    with pytest.warns(SkdistillWarning, match=r"360 synthetic rows, which have none, are left out"):
        model.fit(TABLE, LABELS)
    assert model.strength_ == 1.0
    assert not hasattr(model, "transfer_proba_")
    student = clone(settings["student"])
    direct = DistilledClassifier(GaussianNB(), student, cv=3, strength=1.0, random_state=0)
    direct.fit(TABLE, LABELS)
    assert_array_equal(model.predict_proba(TABLE), direct.predict_proba(TABLE))
    with pytest.warns(SkdistillWarning, match="left out"):
        again = model.refit_student(TABLE, LABELS)
    assert_array_equal(again.predict_proba(TABLE), direct.predict_proba(TABLE))
    taught = model.refit_student(TABLE, LABELS, strength=0.5, temperature=1.0, loss="auto")
    assert taught.report_.n_synthetic == 360
    assert_array_equal(taught.synthetic_proba_, model.synthetic_proba_)


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


def test_fold_teachers_and_rows_are_gone_after_the_fit():
    """A pickle holds what the teachers said and the neighbours, not the rows, and no teacher."""
    X = np.random.default_rng(0).normal(size=(90, 40))
    settings = {"cv": 3, "strength": 0.5, "random_state": 0}
    teacher = RandomForestClassifier(20, random_state=0)
    sizes = []
    for synthetic in (None, Munge(copies=20)):
        model = DistilledClassifier(teacher, TREE_OF_ONE, synthetic=synthetic, **settings)
        sizes.append(len(pickle.dumps(model.fit(X, LABELS))))
    n_rows = 20 * 90
    assert sizes[1] - sizes[0] < 1.1 * n_rows * (2 * 8 + 4) + 2000


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


def test_columns_of_any_scale_have_the_same_neighbours():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    for factor in (2.0**560, 2.0**-560):  # exact, and their squares are not to be had
        scaled = X * [1.0, factor, 1.0]
        assert_array_equal(_neighbours(list(scaled.T), 5), _neighbours(list(X.T), 5))
        assert draw(scaled, copies=2).X.shape == (120, 3)
