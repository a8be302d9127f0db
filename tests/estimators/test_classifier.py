"""DistilledClassifier with the data and the tools that people use it with."""

import json
import pickle
from typing import ClassVar

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import get_tags

from skdistill import Brier, CrossEntropy, DistilledClassifier, Fast, Logit
from skdistill.targets.corrections import Correction
from tests.common.data import log_loss, sample
from tests.common.spies import CountingTeacher
from tests.common.students import LIGHTGBM

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3, 5)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def distiller(teacher=None, student=TREE, **settings):
    teacher = GaussianNB() if teacher is None else teacher
    return DistilledClassifier(teacher, student, **{"random_state": 0} | settings)


# The whole of it


@any_classes
def test_attributes(n_classes):
    data = DATA[n_classes]
    model = distiller().fit(data.X, data.y)
    assert is_classifier(model)
    assert model.fit(data.X, data.y) is model
    assert_array_equal(model.classes_, data.classes)
    assert model.n_features_in_ == 4
    assert not hasattr(model, "feature_names_in_")
    assert model.teacher_proba_.shape == (240, n_classes)
    assert type(model.student_) is DecisionTreeClassifier
    assert model.route_.name == "replication"
    assert 0.0 < model.strength_ <= 1.0
    calibrated = model.calibration_.transform(model.teacher_proba_)
    assert_allclose(calibrated.sum(axis=1), 1.0)


@any_classes
@pytest.mark.parametrize("calibration", [None, "sigmoid", "temperature", "isotonic"])
@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_stages_by_hand(n_classes, calibration, strength):
    """Cross-fit, calibrate, correct, fit: each by scikit-learn and the formula."""
    data = DATA[n_classes]
    folds = StratifiedKFold(4, shuffle=True, random_state=3)
    raw = cross_val_predict(GaussianNB(), data.X, data.y, cv=folds, method="predict_proba")
    model = distiller(
        cv=4,
        random_state=3,
        strength=strength,
        calibration=calibration,
        student=DecisionTreeRegressor(max_depth=3, random_state=0),
    ).fit(data.X, data.y)
    assert_array_equal(model.teacher_proba_, raw)
    p = model.calibration_.transform(raw)
    target = (1.0 - strength) * p + strength * data.one_hot
    target = target[:, 1] if n_classes == 2 else target
    student = DecisionTreeRegressor(max_depth=3, random_state=0).fit(data.X, target)
    expected = student.predict(data.X)
    expected = np.column_stack([1.0 - expected, expected]) if n_classes == 2 else expected
    assert_allclose(model.predict_proba(data.X), expected, atol=1e-12)


def test_distilling_pays_where_it_should():
    """A forest teaches an unpruned tree: the tree's log-loss and accuracy improve."""
    data, fresh = sample(2, n_rows=600, seed=5), sample(2, n_rows=2000, seed=6)
    forest = RandomForestClassifier(60, min_samples_leaf=3, random_state=0, n_jobs=1)
    student = DecisionTreeClassifier(random_state=0)
    model = distiller(forest, student, cv=4).fit(data.X, data.y)
    direct = clone(student).fit(data.X, data.y)
    assert log_loss(fresh.bayes, model.predict_proba(fresh.X)) < 0.7 * log_loss(
        fresh.bayes, direct.predict_proba(fresh.X)
    )
    assert model.score(fresh.X, fresh.y) > direct.score(fresh.X, fresh.y)


def test_default_student_is_a_small_lightgbm():
    data = DATA[2]
    model = DistilledClassifier(GaussianNB(), random_state=0).fit(data.X, data.y)
    assert type(model.student_) is LGBMClassifier
    assert model.student_.n_estimators == 50
    assert model.student is None
    assert model.score(data.X, data.y) > 0.7


@any_classes
def test_log_probabilities(n_classes):
    data = DATA[n_classes]
    model = distiller(student=LogisticRegression()).fit(data.X, data.y)
    assert_array_equal(model.predict_log_proba(data.X), np.log(model.predict_proba(data.X)))


# Labels


@pytest.mark.parametrize(
    "names",
    [
        ["no", "yes"],
        [False, True],
        [0, 1],
        [-1, 1],
        [7, 3],
        [1.0, 2.0],
        np.array(["b", "a"], dtype=object),
        ["zebra", "ant", "cow"],
        [10, 2, 33],
        list("edcba"),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "student",
    [TREE, DecisionTreeRegressor(max_depth=3, random_state=0), LGBMClassifier(**LIGHTGBM)],
    ids=["copies", "numbers", "native"],
)
@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_labels_of_any_kind(names, student, strength):
    names = np.asarray(names)
    data = DATA[len(names)]
    y = names[data.codes]
    model = distiller(student=student, strength=strength).fit(data.X, y)
    assert_array_equal(model.classes_, np.unique(names))
    predicted = model.predict(data.X)
    assert predicted.dtype == y.dtype
    assert set(predicted) <= set(names)
    assert model.score(data.X, y) > 0.5
    order = np.argsort(names)  # columns in the order of the sorted classes
    plain = distiller(student=student, strength=strength).fit(data.X, np.argsort(order)[data.codes])
    assert_array_equal(model.predict_proba(data.X), plain.predict_proba(data.X))


@pytest.mark.parametrize("kind", [list, tuple, pd.Series, pl.Series, "category", "string"])
def test_labels_in_any_container(kind):
    data = DATA[3]
    y = pd.Series(data.y, dtype=kind) if isinstance(kind, str) else kind(list(data.y))
    model = distiller().fit(data.X, y)
    expected = distiller().fit(data.X, data.y)
    assert_array_equal(model.predict_proba(data.X), expected.predict_proba(data.X))
    assert list(model.classes_) == list(expected.classes_)
    assert_array_equal(model.predict(data.X), expected.predict(data.X))


def test_column_of_labels_is_taken_with_scikit_learns_warning():
    data = DATA[2]
    with pytest.warns(Warning, match="column-vector"):
        model = distiller(strength=0.5).fit(data.X, data.y[:, None])
    expected = distiller(strength=0.5).fit(data.X, data.y)
    assert_array_equal(model.predict_proba(data.X), expected.predict_proba(data.X))


# Features


def test_list_of_lists():
    data = DATA[2]
    model = distiller().fit(data.X.tolist(), data.y.tolist())
    assert_array_equal(
        model.predict_proba(data.X.tolist()),
        distiller().fit(data.X, data.y).predict_proba(data.X),
    )


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
@pytest.mark.parametrize(
    "student", [TREE, Ridge(), make_pipeline(StandardScaler(), TREE)], ids=["tree", "ridge", "pipe"]
)
def test_frames(kind, student):
    data = DATA[2]
    frame = kind(dict(zip("abcd", data.X.T, strict=True)))
    weight = np.where(np.arange(240) % 6 == 0, 0.0, 1.0)
    for given in (None, weight):
        model = distiller(student=student).fit(frame, data.y, sample_weight=given)
        known = getattr(clone(TREE).fit(frame, data.y), "feature_names_in_", None)
        if known is not None:  # scikit-learn 1.6 does not know the columns of polars 2
            assert list(model.feature_names_in_) == ["a", "b", "c", "d"]
            assert list(model.student_.feature_names_in_) == ["a", "b", "c", "d"]
        bare = distiller(student=student).fit(data.X, data.y, sample_weight=given)
        assert_allclose(model.predict_proba(frame), bare.predict_proba(data.X), atol=1e-12)


def messy(data):
    """Return a frame with nullable, categorical and missing values."""
    frame = pd.DataFrame(data.X, columns=list("abcd"))
    frame["a"] = pd.array(np.round(data.X[:, 0] * 10), dtype="Int64")
    frame.loc[::11, "a"] = pd.NA
    frame["b"] = pd.array(data.X[:, 1] > 0.0, dtype="boolean")
    frame.loc[::29, "b"] = pd.NA
    frame["c"] = pd.Categorical(np.array(["x", "y", "z"])[np.digitize(data.X[:, 2], [-0.5, 0.5])])
    frame.loc[::13, "c"] = np.nan
    frame.loc[::7, "d"] = np.nan
    frame["e"] = np.random.default_rng(0).permutation(len(frame))  # no two rows are the same
    return frame


@any_classes
@pytest.mark.parametrize("strength", [0.3, "auto"])
@pytest.mark.parametrize(
    "student",
    [
        LGBMClassifier(**LIGHTGBM),
        LGBMRegressor(**LIGHTGBM),
        HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype"),
    ],
    ids=lambda s: type(s).__name__,
)
def test_missing_values_and_categories_pass_through(n_classes, strength, student):
    data = DATA[n_classes]
    frame = messy(data)
    if isinstance(student, HistGradientBoostingClassifier):
        frame = frame.astype({"a": "float64", "b": "float64"})
    before = frame.copy()
    teacher = LGBMClassifier(**{**LIGHTGBM, "n_estimators": 20})
    model = distiller(teacher, student, strength=strength, cv=3).fit(frame, data.y)
    pd.testing.assert_frame_equal(frame, before)
    assert model.score(frame, data.y) > 0.6
    assert [str(t) for t in frame.dtypes[:3]] == [str(t) for t in before.dtypes[:3]]


IMPUTED = make_pipeline(SimpleImputer(), GaussianNB())


@pytest.mark.parametrize(
    "teacher",
    [
        IMPUTED,
        make_pipeline("passthrough", StandardScaler(), IMPUTED),
        make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=3)),
    ],
    ids=["imputer", "nested", "tree"],
)
@pytest.mark.parametrize("with_nan_in_training", [True, False])
def test_missing_values_with_a_pipeline_that_takes_them(teacher, with_nan_in_training):
    data = DATA[2]
    X = data.X.copy()
    X[::9, 1] = np.nan
    model = distiller(teacher, LGBMClassifier(**LIGHTGBM))
    assert get_tags(model).input_tags.allow_nan
    model.fit(X if with_nan_in_training else data.X, data.y)
    assert_array_equal(model.predict_proba(X), model.student_.predict_proba(X))


@pytest.mark.parametrize(
    "teacher",
    [
        GaussianNB(),
        make_pipeline(StandardScaler(), GaussianNB()),
        make_pipeline(make_column_transformer((SimpleImputer(), [0, 1, 2, 3])), GaussianNB()),
    ],
    ids=["bare", "scaler", "columns"],
)
def test_missing_values_that_nothing_was_fitted_on(teacher):
    data = DATA[2]
    X = data.X.copy()
    X[::9, 1] = np.nan
    model = distiller(teacher, LGBMClassifier(**LIGHTGBM)).fit(data.X, data.y)
    with pytest.raises(ValueError, match=r"NaN.*no row that it was fitted on had any") as raised:
        model.predict(X)
    assert "the teacher does not" not in str(raised.value)  # who knows what a pipeline takes


def test_missing_values_settle_what_a_teacher_takes():
    data = DATA[2]
    X = data.X.copy()
    X[::9, 1] = np.nan
    columns = make_column_transformer((SimpleImputer(), [0, 1, 2, 3]))
    model = distiller(make_pipeline(columns, GaussianNB()), LGBMClassifier(**LIGHTGBM))
    model.fit(X, data.y)
    assert_array_equal(model.predict_proba(X), model.student_.predict_proba(X))


def test_missing_values_with_given_probabilities():
    data = DATA[2]
    X = data.X.copy()
    X[::9, 1] = np.nan
    for teacher in (None, GaussianNB()):
        model = DistilledClassifier(teacher, LGBMClassifier(**LIGHTGBM), strength=0.2)
        model.fit(X, data.y, teacher_proba=data.teacher)
        assert_array_equal(model.predict_proba(X), model.student_.predict_proba(X))


@pytest.mark.parametrize(
    ("student", "kind"),
    [
        (LogisticRegression(), sp.csr_array),
        (LogisticRegression(), sp.csc_matrix),
        (LogisticRegression(), sp.coo_array),
        (Ridge(), sp.csr_array),
        (DecisionTreeClassifier(max_depth=3, random_state=0), sp.csr_matrix),
        (LGBMClassifier(**LIGHTGBM), sp.csr_matrix),  # 4.7 does not take SciPy's sparse arrays
    ],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_sparse_features(student, kind):
    data = DATA[2]
    numbers = np.random.default_rng(0).permutation(240) / 240.0  # no two rows are the same
    dense = np.column_stack([np.where(data.X > 0.5, data.X, 0.0), numbers])
    X = kind(dense)
    model = distiller(LogisticRegression(), student).fit(X, data.y)
    p = model.predict_proba(X)
    expected = distiller(LogisticRegression(), student).fit(dense, data.y).predict_proba(dense)
    assert_allclose(p, expected, atol=1e-3)


def test_text():
    words = {"no": "rain cold dark wet", "yes": "sun warm light dry"}
    rng = np.random.default_rng(0)
    y = np.array(["no", "yes"])[rng.integers(0, 2, size=120)]
    texts = [" ".join(rng.choice((words[c] + " and the of").split(), 6)) for c in y]
    teacher = make_pipeline(TfidfVectorizer(), LogisticRegression())
    student = make_pipeline(TfidfVectorizer(), MultinomialNB())
    for X in (texts, np.array(texts), np.array(texts, dtype=object), pd.Series(texts)):
        model = distiller(teacher, student).fit(X, y)
        assert model.score(X, y) > 0.8
    assert model.predict(["warm sun", "cold dark rain"]).tolist() == ["yes", "no"]


# Teachers


@any_classes
def test_list_of_teachers_is_averaged(n_classes):
    data = DATA[n_classes]
    teachers = [("bayes", GaussianNB()), ("tree", TREE)]
    model = distiller(teachers).fit(data.X, data.y)
    alone = [distiller(t).fit(data.X, data.y).teacher_proba_ for _, t in teachers]
    assert_allclose(model.teacher_proba_, np.mean(alone, axis=0), atol=1e-12)
    voting = distiller(VotingClassifier(teachers, voting="soft")).fit(data.X, data.y)
    assert_array_equal(model.predict_proba(data.X), voting.predict_proba(data.X))
    assert model.get_params()["teacher"] is teachers


@any_classes
def test_given_probabilities_are_those_of_the_same_pass(n_classes):
    data = DATA[n_classes]
    fitted = distiller().fit(data.X, data.y)
    given = DistilledClassifier(None, TREE, random_state=0)
    given.fit(data.X, data.y, teacher_proba=fitted.teacher_proba_)
    assert_array_equal(given.predict_proba(data.X), fitted.predict_proba(data.X))
    for kind in (list, pd.DataFrame, np.float32):
        p = kind(fitted.teacher_proba_)
        other = clone(given).fit(data.X, data.y, teacher_proba=p)
        assert_allclose(other.predict_proba(data.X), fitted.predict_proba(data.X), atol=1e-5)


def test_given_probabilities_keep_the_teacher_idle():
    data = DATA[2]
    fits = CountingTeacher.watch()
    model = distiller(CountingTeacher()).fit(data.X, data.y, teacher_proba=data.teacher)
    assert fits == []
    assert_array_equal(model.teacher_proba_, data.teacher)


def test_weights_reach_teacher_calibration_and_student():
    data = DATA[2]
    weight = np.where(data.y == "yes", 5.0, 1.0)
    even, heavy = (
        distiller(student=LogisticRegression(), strength=0.5).fit(data.X, data.y, sample_weight=w)
        for w in (None, weight)
    )
    assert heavy.teacher_proba_[:, 1].mean() > even.teacher_proba_[:, 1].mean() + 0.05
    assert heavy.predict_proba(data.X)[:, 1].mean() > even.predict_proba(data.X)[:, 1].mean() + 0.05
    assert heavy.calibration_.intercept[1] != even.calibration_.intercept[1]
    raw = heavy.report_.teacher["raw"]["log_loss"]
    p = heavy.teacher_proba_[np.arange(240), data.codes]
    assert_allclose(raw, np.average(-np.log(p), weights=weight))


@pytest.mark.parametrize("strength", [0.5, "auto"])
def test_rows_of_weight_zero_leave_no_trace(strength):
    data = DATA[3]
    present = np.arange(240) % 4 != 0
    weight = np.where(present, np.linspace(0.5, 2.0, 240), 0.0)
    X, y = data.X.copy(), data.y.copy()
    X[~present], y[~present] = 1e6, "quince"
    whole = distiller(strength=strength).fit(X, y, sample_weight=weight)
    part = distiller(strength=strength).fit(X[present], y[present], sample_weight=weight[present])
    assert_array_equal(whole.predict_proba(data.X), part.predict_proba(data.X))
    assert_array_equal(whole.teacher_proba_[present], part.teacher_proba_)
    assert np.isnan(whole.teacher_proba_[~present]).all()
    assert whole.report_.to_dict() == part.report_.to_dict()


def test_weights_that_are_equal_are_no_weights():
    data = DATA[2]
    for student in (
        TREE,
        DecisionTreeRegressor(max_depth=3, random_state=0),
        LGBMClassifier(**LIGHTGBM),
    ):
        even = distiller(student=student).fit(data.X, data.y)
        ones = distiller(student=student).fit(data.X, data.y, sample_weight=np.ones(240))
        assert_allclose(ones.predict_proba(data.X), even.predict_proba(data.X), atol=1e-9)


# Folds


def test_groups_are_not_split():
    data = DATA[2]
    groups = np.arange(240) // 4
    X = np.column_stack([data.X, groups])

    class Witness(CountingTeacher):
        seen: ClassVar[list] = []

        def fit(self, X, y, sample_weight=None):
            Witness.seen.append(set(np.asarray(X)[:, -1]))
            return super().fit(X, y, sample_weight)

    for cv in (3, StratifiedGroupKFold(3), GroupKFold(3)):
        Witness.seen.clear()
        model = distiller(Witness(), cv=cv, strength=0.5).fit(X, data.y, groups=groups)
        assert sum(60 - len(seen) for seen in Witness.seen) == 60
        assert model.report_.n_teacher_fits == 3


@pytest.mark.parametrize(
    "cv",
    [
        KFold(4),
        StratifiedKFold(3),
        RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
        [(np.arange(120), np.arange(120, 240)), (np.arange(120, 240), np.arange(120))],
        [
            (np.arange(240) < 120, np.arange(240) >= 120),
            (np.arange(240) >= 120, np.arange(240) < 120),
        ],
    ],
    ids=["KFold", "StratifiedKFold", "repeated", "list", "masks"],
)
def test_splitters_and_lists(cv):
    data = DATA[2]
    model = distiller(cv=cv).fit(data.X, data.y)
    assert not np.isnan(model.teacher_proba_).any()
    splits = cv if isinstance(cv, list) else list(cv.split(data.X, data.y))
    assert model.report_.n_teacher_fits == len(splits)
    total, times = np.zeros((240, 2)), np.zeros(240)
    for train, test in splits:
        total[test] += GaussianNB().fit(data.X[train], data.y[train]).predict_proba(data.X[test])
        times[test] += 1
    assert_allclose(model.teacher_proba_, total / times[:, None], atol=1e-12)


def test_generator_of_splits():
    data = DATA[2]
    splits = StratifiedKFold(3).split(data.X, data.y)
    model = distiller(cv=splits).fit(data.X, data.y)
    expected = distiller(cv=StratifiedKFold(3)).fit(data.X, data.y)
    assert_array_equal(model.predict_proba(data.X), expected.predict_proba(data.X))


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.CoverageWarning")
def test_time_ordered_folds():
    data = DATA[2]
    model = distiller(cv=TimeSeriesSplit(4), strength=0.4, calibration=None).fit(data.X, data.y)
    assert np.isnan(model.teacher_proba_[:48]).all()
    later = slice(48, None)
    expected = DistilledClassifier(None, TREE, strength=0.4, calibration=None).fit(
        data.X[later], data.y[later], teacher_proba=model.teacher_proba_[later]
    )
    assert_array_equal(model.predict_proba(data.X), expected.predict_proba(data.X))


def test_repeats_average_the_probabilities():
    data = DATA[2]
    model = distiller(TREE, cv=3, n_repeats=4).fit(data.X, data.y)
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
    expected = distiller(TREE, cv=folds).fit(data.X, data.y)
    assert_array_equal(model.teacher_proba_, expected.teacher_proba_)
    assert model.report_.n_teacher_fits == 12
    once = distiller(TREE, cv=3).fit(data.X, data.y)
    repeated, single = (m.report_.teacher["raw"]["brier"] for m in (model, once))
    assert repeated < single  # the average of several trees


def test_random_state_draws_the_folds():
    data = DATA[2]
    first, again, other = (
        distiller(random_state=seed).fit(data.X, data.y).teacher_proba_ for seed in (0, 0, 1)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    generator = np.random.RandomState(0)
    drawn = [distiller(random_state=generator).fit(data.X, data.y).teacher_proba_ for _ in "ab"]
    assert not np.array_equal(*drawn)


# Losses and corrections as objects


@any_classes
def test_names_and_objects_are_the_same(n_classes):
    data = DATA[n_classes]
    pairs = [
        ({"loss": "brier"}, {"loss": Brier()}),
        ({"loss": "cross_entropy", "temperature": 2.0}, {"loss": CrossEntropy(temperature=2.0)}),
        ({"correction": "fast"}, {"correction": Fast()}),
    ]
    for by_name, by_object in pairs:
        a, b = (distiller(**s).fit(data.X, data.y) for s in (by_name, by_object))
        assert_array_equal(a.predict_proba(data.X), b.predict_proba(data.X))
    tree = DecisionTreeRegressor(max_depth=3, random_state=0)
    a, b = (distiller(student=tree, loss=s).fit(data.X, data.y) for s in ("logit", Logit()))
    assert_array_equal(a.predict_proba(data.X), b.predict_proba(data.X))


def test_correction_of_ones_own():
    class WhereUnsure(Correction):
        def gain(self, p, strength):
            return strength * (p.max(axis=1) < 0.7)

    data = DATA[2]
    model = DistilledClassifier(
        None,
        DecisionTreeRegressor(max_depth=3, random_state=0),
        correction=WhereUnsure(),
        strength=0.8,
        calibration=None,
    ).fit(data.X, data.y, teacher_proba=data.teacher)
    gain = 0.8 * (data.teacher.max(axis=1) < 0.7)
    target = data.teacher[:, 1] + gain * (data.one_hot[:, 1] - data.teacher[:, 1])
    expected = DecisionTreeRegressor(max_depth=3, random_state=0).fit(data.X, target)
    assert_allclose(model.predict_proba(data.X)[:, 1], expected.predict(data.X))
    assert_allclose(model.report_.mean_gain, gain.mean())


# With scikit-learn's tools


def test_nested_parameters():
    model = distiller(make_pipeline(StandardScaler(), GaussianNB()), clone(TREE))
    names = model.get_params()
    assert names["teacher__gaussiannb__var_smoothing"] == 1e-9
    assert names["student__max_depth"] == 3
    model.set_params(student__max_depth=1, teacher__gaussiannb__var_smoothing=0.1, strength=0.2)
    assert model.student.max_depth == 1
    assert model.teacher[-1].var_smoothing == 0.1
    fresh = clone(model)
    assert fresh.get_params().keys() == model.get_params().keys()
    assert fresh.teacher is not model.teacher


def test_grid_search():
    data = DATA[2]
    search = GridSearchCV(
        distiller(student=clone(TREE)),
        {"student__max_depth": [1, 3], "strength": [0.0, 0.5, 1.0]},
        cv=3,
        scoring="neg_log_loss",
    ).fit(data.X, data.y)
    assert set(search.best_params_) == {"student__max_depth", "strength"}
    assert np.ptp(search.cv_results_["mean_test_score"]) > 0.0
    assert np.isfinite(search.cv_results_["mean_test_score"]).any()
    assert search.predict(data.X).shape == (240,)


def test_cross_validation_and_pipeline():
    data = DATA[3]
    whole = make_pipeline(StandardScaler(), distiller())
    scores = cross_val_score(whole, data.X, data.y, cv=3)
    assert np.all(scores > 0.4)
    whole.fit(data.X, data.y)
    bare = distiller().fit(whole[0].transform(data.X), data.y)
    assert_array_equal(whole.predict_proba(data.X), bare.predict_proba(whole[0].transform(data.X)))
    within = VotingClassifier([("a", distiller()), ("b", GaussianNB())], voting="soft")
    assert within.fit(data.X, data.y).score(data.X, data.y) > 0.5


@any_classes
@pytest.mark.parametrize(
    "student", [TREE, LGBMClassifier(**LIGHTGBM), Ridge()], ids=lambda s: type(s).__name__
)
def test_parallel_folds_give_the_same(n_classes, student):
    data = DATA[n_classes]
    teacher = RandomForestClassifier(5, random_state=0, n_jobs=1)
    one, two = (
        distiller(teacher, student, n_jobs=n_jobs, cv=3).fit(data.X, data.y) for n_jobs in (1, 2)
    )
    assert_array_equal(one.teacher_proba_, two.teacher_proba_)
    assert one.strength_ == two.strength_
    assert_array_equal(one.predict_proba(data.X), two.predict_proba(data.X))


def test_threads_backend():
    data = DATA[2]
    one = distiller(cv=3).fit(data.X, data.y)
    with joblib.parallel_config("threading", n_jobs=2):
        two = distiller(cv=3, n_jobs=2).fit(data.X, data.y)
    assert_array_equal(one.predict_proba(data.X), two.predict_proba(data.X))


def test_pickle_holds_no_fold_teachers():
    data = DATA[2]
    heavy = RandomForestClassifier(100, random_state=0, n_jobs=1)
    model = distiller(heavy, cv=3).fit(data.X, data.y)
    size = len(pickle.dumps(model))
    assert size < 40_000
    assert size < 0.1 * len(pickle.dumps(clone(heavy).fit(data.X, data.y)))


def test_html_shows_teacher_and_student():
    model = distiller(GaussianNB(var_smoothing=1e-5), DecisionTreeClassifier(max_depth=7))
    for shown in (model, clone(model).fit(DATA[2].X, DATA[2].y)):
        html = shown._repr_html_()
        for text in ("DistilledClassifier", "teacher", "GaussianNB", "student", "DecisionTree"):
            assert text in html
    for odd in (DistilledClassifier([("a", GaussianNB())]), DistilledClassifier(None)):
        assert "DistilledClassifier" in odd._repr_html_()


def test_repr():
    assert repr(distiller(strength=0.5)) == (
        "DistilledClassifier(random_state=0, strength=0.5,\n"
        "                    student=DecisionTreeClassifier(max_depth=3, random_state=0),\n"
        "                    teacher=GaussianNB())"
    )


@any_classes
@pytest.mark.parametrize(
    ("student", "settings"),
    [
        (TREE, {}),
        (Ridge(), {"strength": 0.5}),
        (LGBMClassifier(**LIGHTGBM), {"correction": Fast(c=0.1), "calibration": None}),
        (TREE, {"correction": None, "loss": CrossEntropy(temperature=2.0)}),
    ],
    ids=["auto", "number", "constant", "plain"],
)
def test_report_is_ready_for_json(n_classes, student, settings):
    data = DATA[n_classes]
    weight = np.linspace(0.5, 2.0, 240)
    if isinstance(student, Ridge):
        weight = weight.astype(np.float32)
    model = distiller(student=student, **settings).fit(data.X, data.y, sample_weight=weight)
    record = model.report_.to_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["route"] == str(model.route_)
    assert record["strength"] == model.strength_
    assert record["n_rows"] == 240
    assert record["n_uncovered"] == 0
    assert record["n_teacher_fits"] == 5
    assert set(record["teacher"]) == {"raw", "calibrated"}
    assert (record["shrinkage"] is None) is bool(settings)
    assert 0.0 <= record["mean_gain"] <= 1.0
    before, after = (record["teacher"][k]["log_loss"] for k in ("raw", "calibrated"))
    assert after <= before + 1e-9
    assert (after == before) is (model.calibration is None)


def test_verbose_reports_folds(capfd):
    data = DATA[2]
    distiller(cv=2).fit(data.X, data.y)
    assert capfd.readouterr() == ("", "")
    distiller(verbose=100, cv=2).fit(data.X, data.y)
    assert "Parallel" in "".join(capfd.readouterr())


def test_transformed_output_setting_does_no_harm():
    data = DATA[2]
    frame = pd.DataFrame(data.X, columns=list("abcd"))
    student = make_pipeline(StandardScaler(), LGBMClassifier(**LIGHTGBM))
    plain = distiller(student=student).fit(frame, data.y).predict_proba(frame)
    with config_context(transform_output="pandas"):
        framed = distiller(student=student).fit(frame, data.y).predict_proba(frame)
    assert_allclose(framed, plain, atol=1e-12)
