"""Transfer rows: labelled by the fold teachers, never corrected, answered for by the labelled."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import Brier, DistilledClassifier, DistilledClassifierCV, Logit
from skdistill._ground.data import stack_rows
from skdistill._ground.metrics import log_loss
from skdistill._ground.outcomes import draw_codes
from skdistill.exceptions import InputError, ParameterError, SkdistillWarning
from skdistill.teaching.crossfit import cross_fit
from skdistill.teaching.folds import make_folds
from tests.common.data import sample


@pytest.fixture
def split(binary):
    """200 labelled rows, and 100 whose labels nobody looks at."""
    X, y = binary
    return X[:200], y[:200], X[200:]


def test_transfer_rows_are_labelled_by_the_mean_of_the_fold_teachers(split):
    X, y, Z = split
    model = DistilledClassifier(GaussianNB(), DecisionTreeClassifier(), cv=4, random_state=0)
    model.fit(X, y, X_transfer=Z)
    teachers = cross_fit(
        GaussianNB(), X, y, make_folds(4, X, y, random_state=0), keep_teachers=True
    ).teachers
    expected = np.mean([t.predict_proba(Z) for t in teachers], axis=0)
    np.testing.assert_allclose(model.transfer_proba_, expected, rtol=1e-12)
    assert model.report_.n_transfer == 100
    assert model.report_.n_rows == 200


@pytest.mark.parametrize("loss", [Brier(), Logit()], ids=lambda loss: loss.name)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_student_is_fitted_to_the_doubly_robust_target(split, loss, weighted):
    """Against the formula: p + s (n + N) / n (y - p) on labelled rows, p on transfer rows."""
    X, y, Z = split
    weight = np.linspace(0.5, 2.5, len(y)) if weighted else None  # its mean is not 1
    model = DistilledClassifier(
        GaussianNB(), DecisionTreeRegressor(max_depth=4, random_state=0), cv=4, strength=0.4,
        loss=loss, random_state=0, size="free",
    ).fit(X, y, sample_weight=weight, X_transfer=Z)  # fmt: skip
    p = model.calibration_.transform(model.teacher_proba_)
    q = model.calibration_.transform(model.transfer_proba_)
    labels = np.eye(2)[y]
    target = np.concatenate(
        [loss.target(labels, p, np.full(200, 0.4 * 300 / 200)), loss.target(q, q, np.zeros(100))]
    )
    rows = np.ones(300) if weight is None else np.append(weight, np.full(100, weight.mean()))
    if isinstance(loss, Logit):
        rows = rows * loss.row_weight(np.concatenate([p, q]))
    oracle = DecisionTreeRegressor(max_depth=4, random_state=0).fit(
        np.concatenate([X, Z]), loss.contrast(target), sample_weight=rows
    )
    np.testing.assert_allclose(model.student_.predict(X), oracle.predict(X), rtol=1e-10)


@pytest.mark.parametrize(
    "student",
    [
        DecisionTreeClassifier(max_depth=3),
        LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda s: type(s).__name__,
)
def test_every_route_takes_them(split, student):
    X, y, Z = split
    model = DistilledClassifier(GaussianNB(), student, strength=0.5, random_state=0)
    model.fit(X, y, X_transfer=Z)
    assert model.predict_proba(Z).shape == (100, 2)


def test_many_transfer_rows_help_a_student_of_high_variance():
    """With a good teacher and few labels, rows from the same law bring the student to it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4300, 4))
    y = (rng.uniform(size=4300) < 1 / (1 + np.exp(-2 * X[:, 0] + X[:, 1]))).astype(int)
    student = DecisionTreeClassifier(max_leaf_nodes=64, random_state=0)
    model = DistilledClassifier(LogisticRegression(), student, strength=0.0, random_state=0)
    losses = [
        log_loss(
            np.eye(2)[y[2300:]], model.fit(X[:300], y[:300], X_transfer=Z).predict_proba(X[2300:])
        )
        for Z in (None, X[300:2300])
    ]
    assert losses[1] < losses[0] - 0.005


@pytest.mark.parametrize("correction", ["orthogonal", "relative"])
def test_beside_a_found_strength_labelled_rows_answer_for_themselves(split, correction):
    """The labelled target is p + s (y - p), s the strength that is found without transfer rows."""
    X, y, Z = split
    student = DecisionTreeRegressor(max_leaf_nodes=12, random_state=0)
    model = DistilledClassifier(GaussianNB(), student, correction=correction, random_state=0)
    alone = clone(model).fit(X, y)
    model.fit(X, y, X_transfer=Z)
    assert 0.0 < alone.strength_ < 1.0
    assert model.report_.shrinkage == alone.report_.shrinkage
    np.testing.assert_allclose(model.strength_, alone.strength_ * 200 / 300, rtol=1e-12)
    given = model.refit_student(X, y, X_transfer=Z, strength=model.strength_)
    np.testing.assert_array_equal(given.predict_proba(X), model.predict_proba(X))
    p, q = (
        model.calibration_.transform(raw) for raw in (model.teacher_proba_, model.transfer_proba_)
    )
    if correction == "orthogonal":  # others are not linear in the strength
        np.testing.assert_allclose(model.report_.mean_gain, alone.strength_, rtol=1e-12)
        target = np.concatenate([p + alone.strength_ * (np.eye(2)[y] - p), q])
        oracle = clone(student).fit(np.concatenate([X, Z]), Brier().contrast(target))
        np.testing.assert_allclose(model.student_.predict(X), oracle.predict(X), rtol=1e-10)


def test_refit_needs_the_same_transfer_rows(split):
    X, y, Z = split
    student = DecisionTreeClassifier(max_depth=3, random_state=0)
    model = DistilledClassifier(GaussianNB(), student, random_state=0).fit(X, y, X_transfer=Z)
    again = model.refit_student(X, y, X_transfer=Z)
    np.testing.assert_array_equal(again.transfer_proba_, model.transfer_proba_)
    np.testing.assert_allclose(again.strength_, model.strength_)
    for rows in (None, Z[:50]):
        with pytest.raises(InputError, match="100 transfer rows"):
            model.refit_student(X, y, X_transfer=rows)
    assert not hasattr(model.fit(X, y), "transfer_proba_")


def test_what_they_exclude_raises(split):
    X, y, Z = split
    model = DistilledClassifier(GaussianNB(), DecisionTreeClassifier())
    p = GaussianNB().fit(X, y).predict_proba(X)
    with pytest.raises(ParameterError, match="one of the two"):
        model.fit(X, y, X_transfer=Z, teacher_proba=p)
    with pytest.raises(ValueError, match="7 features"):
        model.fit(X, y, X_transfer=Z[:, :7])


def test_rows_are_stacked_in_their_own_kind():
    a, b = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])
    both = np.concatenate([a, b])
    np.testing.assert_array_equal(stack_rows(a, b), both)
    np.testing.assert_array_equal(stack_rows(a.tolist(), b.tolist()), both)
    stacked = stack_rows(sp.csr_array(a), sp.csr_array(b))
    assert sp.issparse(stacked)
    np.testing.assert_array_equal(stacked.toarray(), both)
    pd = pytest.importorskip("pandas")
    frame = stack_rows(pd.DataFrame(a, columns=["u", "v"]), pd.DataFrame(b, columns=["u", "v"]))
    assert list(frame.columns) == ["u", "v"]
    np.testing.assert_array_equal(frame.to_numpy(), both)
    pl = pytest.importorskip("polars")
    table = stack_rows(pl.DataFrame(a, schema=["u", "v"]), pl.DataFrame(b, schema=["u", "v"]))
    np.testing.assert_array_equal(table.to_numpy(), both)


def test_a_found_strength_of_one_leaves_them_out():
    """The direct student has labels only."""
    student = DecisionTreeClassifier(max_depth=1, random_state=0)
    model = DistilledClassifier(DummyClassifier(strategy="stratified", random_state=0), student)
    data = sample(2)
    with pytest.warns(SkdistillWarning, match="found 1: the student is trained on its labels"):
        model.fit(data.X, data.y, X_transfer=data.X[:50])
    assert model.strength_ == 1.0
    assert model.report_.n_transfer == 0
    direct = clone(student).fit(data.X, data.y)
    np.testing.assert_array_equal(model.predict_proba(data.X), direct.predict_proba(data.X))
    again = model.refit_student(data.X, data.y, X_transfer=data.X[:50], strength=0.5)
    assert again.report_.n_transfer == 50


def test_labels_are_drawn_by_the_probabilities():
    """The most probable class of every row would hide the rare ones from what counts labels."""
    p = np.tile([[0.9, 0.07, 0.03]], (20_000, 1))
    codes = draw_codes(p)
    np.testing.assert_allclose(np.bincount(codes) / len(codes), p[0], atol=0.01)
    np.testing.assert_array_equal(codes, draw_codes(p))
    np.testing.assert_array_equal(draw_codes(np.eye(3)), [0, 1, 2])
    short = np.array([[0.2, 0.8 - 1e-3]] * 5000)
    assert set(draw_codes(short)) == {0, 1}


@pytest.mark.parametrize("further", ["X_transfer", "synthetic"])
def test_balanced_students_count_the_rare_class_of_rows_without_labels(further):
    """Balanced, the student trained on more rows of one law predicts what the bare one does."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3))
    y = (rng.random(4000) < 1 / (1 + np.exp(3.0 - X[:, 0]))).astype(int)
    student = LogisticRegression(class_weight="balanced")
    settings = {"strength": 0.5, "random_state": 0}
    bare = DistilledClassifier(GaussianNB(), student, **settings).fit(X[:1000], y[:1000])
    settings["synthetic"] = "munge" if further == "synthetic" else None
    given = {"X_transfer": X[1000:]} if further == "X_transfer" else {}
    more = DistilledClassifier(GaussianNB(), student, **settings).fit(X[:1000], y[:1000], **given)
    means = [model.predict_proba(X)[:, 1].mean() for model in (bare, more)]
    assert abs(means[0] - means[1]) < 0.03


def test_other_categories_are_refused(split):
    """Stacked, numbers as categories would become numbers."""
    _, y, _ = split
    X, Z = (pd.DataFrame({"k": pd.Categorical(c * 40)}) for c in ([1, 2, 3, 4, 5], [1, 9]))
    with pytest.raises(InputError, match="X_transfer must have the categories of X in column 'k'"):
        DistilledClassifier(GaussianNB(), cv=4).fit(X, y, X_transfer=Z)


# In a Pipeline

SCALED = StandardScaler()


def in_pipeline(*steps, **settings):
    student = LogisticRegression()
    model = DistilledClassifier(GaussianNB(), student, strength=0.2, random_state=0)
    return make_pipeline(*steps, model, **settings)


WIDE = make_classification(150, 4, random_state=0)[0] * 1e3 + 1e4
SIDE = (WIDE[:, 0] > np.median(WIDE[:, 0])).astype(int)


def test_rows_that_went_past_the_steps_of_a_pipeline_are_told():
    with pytest.warns(SkdistillWarning, match="steps standardscaler: .*transform_input") as told:
        in_pipeline(SCALED).fit(WIDE[:80], SIDE[:80], distilledclassifier__X_transfer=WIDE[80:])
    assert len(told) == 1
    search = GridSearchCV(in_pipeline(SCALED), {"standardscaler__with_mean": [True]}, cv=2)
    with pytest.warns(SkdistillWarning, match="transform_input"):
        search.fit(WIDE[:80], SIDE[:80], distilledclassifier__X_transfer=WIDE[80:])


@pytest.mark.parametrize("steps", [(), (None,), ("passthrough",)])
def test_steps_that_do_nothing_are_no_reason_to_warn(steps):
    in_pipeline(*steps).fit(WIDE[:80], SIDE[:80], distilledclassifier__X_transfer=WIDE[80:])


def test_both_remedies_transform_them():
    fit = {"X": WIDE[:80], "y": SIDE[:80], "X_transfer": WIDE[80:]}
    with config_context(enable_metadata_routing=True):
        around = in_pipeline(SCALED, transform_input=["X_transfer"]).fit(**fit)
    within = DistilledClassifier(
        make_pipeline(SCALED, GaussianNB()),
        make_pipeline(SCALED, LogisticRegression()),
        strength=0.2,
        random_state=0,
    ).fit(**fit)
    # All but equal: within, the student's scaler learns from the transfer rows, too.
    assert_allclose(around.predict_proba(WIDE), within.predict_proba(WIDE), atol=0.05)


def test_a_stacked_calibration_is_left_out_by_the_setting_that_the_error_names():
    """The search tries one by default."""
    data = sample(2)
    further = {"X_transfer": data.X[:20] + 0.1}
    search = DistilledClassifierCV(GaussianNB(), LogisticRegression(), cv=3, random_state=0)
    with pytest.raises(ParameterError, match=r"have none of: pass calibrations=\('sigmoid',\)"):
        search.fit(data.X, data.y, **further)
    search.set_params(calibrations=("sigmoid",)).fit(data.X, data.y, **further)
    only = clone(search).set_params(calibrations=["stacked"])
    with pytest.raises(ParameterError, match=r"pass calibrations=\(None,\)"):
        only.fit(data.X, data.y, **further)
    model = DistilledClassifier(GaussianNB(), LogisticRegression(), calibration="stacked")
    with pytest.raises(ParameterError, match="have none of: pass calibration='sigmoid'"):
        model.fit(data.X, data.y, **further)
