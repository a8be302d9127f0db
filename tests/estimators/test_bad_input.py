"""Bad input: the type of the error, what its message says, and that nothing is fitted or lost."""

import copy
import re
import warnings
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from lightgbm import LGBMClassifier
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CrossEntropy,
    DistilledClassifier,
    DistilledClassifierCV,
    Fast,
    Logit,
    Orthogonal,
)
from skdistill._ground import validation
from skdistill.exceptions import (
    CoverageWarning,
    FoldError,
    InputError,
    LeakWarning,
    ParameterError,
    SkdistillWarning,
    StudentError,
    StudentTypeError,
    TeacherError,
    TeacherTypeError,
)
from skdistill.inspection import TeacherReport
from skdistill.students import SoftLogisticRegression, SoftMLPClassifier
from skdistill.targets.corrections import Correction
from tests.common.data import sample
from tests.common.spies import CountingTeacher
from tests.common.students import LIGHTGBM

DATA = sample(2, n_rows=120)
THREE = sample(3, n_rows=120)
TREE = DecisionTreeClassifier(max_depth=2, random_state=0)


def fitted_attributes(model):
    return [name for name in vars(model) if name.endswith("_") or name == "_fitted"]


def refuses(model, error, *patterns, X=None, y=None, **fit):
    """Fit, and check the error, its message, and that nothing was fitted, changed or lost."""
    X, y = DATA.X if X is None else X, DATA.y if y is None else y
    given = copy.deepcopy((X, y, fit))
    parameters = {key: repr(value) for key, value in model.get_params().items()}
    with pytest.raises(error) as caught:
        model.fit(X, y, **fit)
    message = str(caught.value)
    for pattern in patterns:
        assert re.search(pattern, message, flags=re.DOTALL), f"{pattern!r} not in {message!r}"
    assert fitted_attributes(model) == []
    for before, after in zip(
        (given[0], given[1], *given[2].values()), (X, y, *fit.values()), strict=True
    ):
        assert repr(before) == repr(after)
        if isinstance(before, np.ndarray) and before.dtype.kind == "f":
            assert_array_equal(before, after)
    assert {key: repr(value) for key, value in model.get_params().items()} == parameters
    return caught.value


def distiller(teacher=None, student=TREE, **settings):
    return DistilledClassifier(GaussianNB() if teacher is None else teacher, student, **settings)


# Teachers


@pytest.mark.parametrize(
    ("teacher", "error", "patterns"),
    [
        (SVC(), TeacherError, ["predict_proba", "SVC", "CalibratedClassifierCV"]),
        (LinearSVC(), TeacherError, ["predict_proba", "LinearSVC"]),
        (RidgeClassifier(), TeacherError, ["predict_proba", "RidgeClassifier"]),
        (make_pipeline(StandardScaler(), LinearSVC()), TeacherError, ["predict_proba", "Pipeline"]),
        (VotingClassifier([("a", GaussianNB())]), TeacherError, ["predict_proba", "Voting"]),
        (Ridge(), TeacherError, ["must be a classifier", "regressor Ridge", "use the classifier"]),
        (RandomForestRegressor(), TeacherError, ["RandomForestRegressor"]),
        (make_pipeline(StandardScaler(), Ridge()), TeacherError, ["regressor Pipeline"]),
        (KMeans(), TeacherError, ["classifier", "clusterer KMeans"]),
        (GaussianNB, TeacherTypeError, ["an object, not a class", "GaussianNB"]),
        ("forest", TeacherTypeError, ["scikit-learn classifier", "'forest'"]),
        (object(), TeacherTypeError, ["scikit-learn classifier"]),
        ([("a", GaussianNB()), ("b", LinearSVC())], TeacherError, ["predict_proba"]),
    ],
    ids=lambda value: re.sub(r"\s+|0x\w+", "", str(value))[:40],
)
def test_teacher_that_cannot_teach(teacher, error, patterns):
    raised = refuses(DistilledClassifier(teacher, TREE), error, *patterns)
    assert type(raised) is error


def test_no_teacher():
    refuses(DistilledClassifier(None, TREE), TeacherError, "teacher=None", "teacher_proba=")


def test_teacher_without_weights_where_there_are_weights():
    patterns = ["KNeighborsClassifier", "no sample_weight", "teacher_proba="]
    weight = np.ones(120)
    for teacher in (
        KNeighborsClassifier(),
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
    ):
        refuses(distiller(teacher), TeacherError, *patterns, sample_weight=weight)


@pytest.mark.parametrize(
    ("error", "n_jobs"),
    [
        (RuntimeError, None),
        (TypeError, None),
        (ValueError, None),
        (MemoryError, None),
        (TypeError, 2),
    ],
)
def test_teacher_that_fails_names_the_fold_and_the_reason(error, n_jobs):
    X = np.column_stack([DATA.X, np.zeros(120)])
    splits = [(np.delete(np.arange(120), part), part) for part in np.arange(120).reshape(4, 30)]
    X[splits[2][1], -1] = 1.0  # the marked rows are missing from the training rows of fold 2 only
    model = distiller(CountingTeacher(fails_on=1.0, error=error), cv=splits, n_jobs=n_jobs)
    patterns = ["CountingTeacher", "fold 2 of 4", error.__name__, "the machine is on fire"]
    raised = refuses(model, TeacherError, *patterns, X=X)
    assert isinstance(raised, TypeError) is (error is TypeError)
    assert isinstance(raised, ValueError)
    if n_jobs is None:  # other processes send the cause along as text
        assert type(raised.__cause__) is error
    else:
        assert error.__name__ in repr(raised.__cause__)


class Strange(GaussianNB):
    """A teacher with faulty probabilities."""

    fault = None

    def predict_proba(self, X):
        p = super().predict_proba(X)
        return self.fault(p)


@pytest.mark.parametrize(
    ("fault", "pattern"),
    [
        (lambda p: np.where(np.arange(len(p))[:, None] == 0, np.nan, p), "finite"),
        (lambda p: p * [2.0, -1.0], "not negative"),
        (lambda p: p * 2.0, "sum to one"),
        (lambda p: p[:, 0], "column for each"),
        (lambda p: np.column_stack([p, p]), "column for each"),
    ],
    ids=["nan", "negative", "unnormalised", "one column", "four columns"],
)
@pytest.mark.parametrize("cv", [3, RepeatedStratifiedKFold(n_splits=3, n_repeats=2)], ids=str)
def test_teacher_with_faulty_probabilities(fault, pattern, cv):
    class Faulty(Strange):
        pass

    Faulty.fault = staticmethod(fault)
    refuses(distiller(Faulty(), cv=cv), (InputError, TeacherError), pattern, "Faulty")


def test_constant_teacher_has_nothing_to_teach():
    class Constant(Strange):
        fault = staticmethod(lambda p: np.full_like(p, 0.5))

    patterns = ["differ between rows", r"\[0.5, 0.5\]", "nothing to distil", "train the student"]
    refuses(distiller(Constant()), InputError, *patterns)
    refuses(distiller(), InputError, *patterns, teacher_proba=np.full((120, 2), 0.5))


NAMED = ("bayes", GaussianNB())


@pytest.mark.parametrize("kind", [DistilledClassifier, DistilledClassifierCV])
@pytest.mark.parametrize("routed", [False, True], ids=["unrouted", "routed"])
@pytest.mark.parametrize(
    ("teachers", "patterns"),
    [
        ([], ["at least one", r"got \[\]"]),
        ((), ["at least one"]),
        ([GaussianNB(), TREE], [r"\(name, classifier\) pairs", r"got GaussianNB\(\)"]),
        ([NAMED, TREE], [r"\(name, classifier\) pairs", "DecisionTreeClassifier"]),
        (("bayes", GaussianNB()), [r"\(name, classifier\) pairs", "'bayes'"]),
        ([("bayes", GaussianNB(), 2.0)], [r"\(name, classifier\) pairs"]),
        ([("bayes", GaussianNB)], [r"\(name, classifier\) pairs", "an object, not a class"]),
        ([("bayes", "drop"), ("tree", TREE)], [r"\(name, classifier\) pairs", "'drop'"]),
        ([(1, GaussianNB())], [r"\(name, classifier\) pairs", "got .1, "]),
        ([NAMED, ("tree", TREE), NAMED], ["different names", "'bayes' twice"]),
        ([("a__b", GaussianNB())], ["a__b", "no '__'"]),
        ([("weights", GaussianNB())], ["weights", "parameter of VotingClassifier"]),
        ([list(range(10_000))], [r"\(name, classifier\) pairs", "got .{1,200}$"]),
    ],
    ids=lambda value: re.sub(r"\s+", "", str(value))[:30],
)
def test_list_that_holds_no_named_teachers(kind, routed, teachers, patterns):
    with config_context(enable_metadata_routing=routed):
        model = kind(teachers, TREE, cv=3)
        assert type(refuses(model, TeacherTypeError, *patterns)) is TeacherTypeError
        assert is_classifier(model)  # what asks for the tags alone gets them


# Teachers that are fitted already


@pytest.mark.parametrize("where", ["alone", "pipeline", "list", "voting"])
def test_frozen_teacher_is_no_teacher_out_of_fold(where):
    frozen = FrozenEstimator(GaussianNB().fit(DATA.X, DATA.y))
    teacher = {
        "alone": frozen,
        "pipeline": make_pipeline(StandardScaler(), frozen),
        "list": [("frozen", frozen), ("fresh", GaussianNB())],
        "voting": VotingClassifier([("frozen", frozen)], voting="soft"),
    }[where]
    with pytest.warns(LeakWarning, match=r"NOT out of fold.*optimistic.*teacher_proba=") as caught:
        DistilledClassifier(teacher, TREE, cv=2, strength=0.5).fit(DATA.X, DATA.y)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_frozen_preprocessing_only_is_told_as_well():
    """A frozen step may have seen the labels: what it has seen cannot be known."""
    frozen = FrozenEstimator(StandardScaler().fit(DATA.X))
    with pytest.warns(LeakWarning, match="frozen"):
        distiller(make_pipeline(frozen, GaussianNB()), cv=2).fit(DATA.X, DATA.y)


@pytest.mark.parametrize(
    "teacher",
    [GaussianNB(), make_pipeline(StandardScaler(), GaussianNB()), RandomForestClassifier(3)],
    ids=lambda t: type(t).__name__,
)
def test_fitted_teacher_is_fitted_anew(teacher):
    teacher.fit(DATA.X, DATA.y)
    before = teacher.predict_proba(DATA.X)
    with pytest.warns(
        SkdistillWarning, match=r"fitted already.*not used.*teacher_proba="
    ) as caught:
        distiller(teacher, cv=2, strength=0.5).fit(DATA.X, DATA.y)
    assert caught[0].category is SkdistillWarning
    assert caught[0].filename == __file__
    assert_array_equal(teacher.predict_proba(DATA.X), before)


def test_fresh_teachers_are_not_warned_of():
    for teacher in (GaussianNB(), [("a", GaussianNB())], make_pipeline(GaussianNB())):
        DistilledClassifier(teacher, TREE, cv=2, strength=0.5).fit(DATA.X, DATA.y)


# Students


@pytest.mark.parametrize(
    ("student", "error", "patterns"),
    [
        (KNeighborsClassifier(), StudentError, ["no route", "sample_weight in fit", "Use"]),
        (RidgeClassifier(), StudentError, ["no route", "predict_proba", "Use"]),
        (StandardScaler(), StudentError, ["neither"]),
        (make_pipeline(StandardScaler()), StudentError, ["neither"]),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), StudentError, ["no route"]),
        (DecisionTreeClassifier, StudentTypeError, ["an object, not a class"]),
        ("tree", StudentTypeError, ["'tree'"]),
    ],
    ids=lambda value: re.sub(r"\s+", "", str(value))[:40],
)
def test_student_that_cannot_learn(student, error, patterns):
    fits = CountingTeacher.watch()
    raised = refuses(distiller(CountingTeacher(), student), error, *patterns)
    assert type(raised) is error
    assert fits == []  # it is known before the teacher is fitted


@pytest.mark.parametrize(
    ("student", "settings", "patterns"),
    [
        (TREE, {"loss": "logit"}, ["loss='logit'", "DecisionTreeClassifier", "regressor"]),
        (Ridge(), {"loss": "cross_entropy"}, ["loss='cross_entropy'", "Ridge", "brier"]),
        (LGBMClassifier(is_unbalance=True), {}, ["is_unbalance", "class_weight"]),
        (LGBMClassifier(objective="regression"), {}, ["objective='regression'", "unset"]),
        (
            RandomForestClassifier(class_weight="balanced_subsample"),
            {},
            ["balanced_subsample", "'balanced'"],
        ),
        (TREE, {"device": "cuda"}, ["device='cuda'", "DecisionTreeClassifier", "cpu"]),
    ],
    ids=lambda value: re.sub(r"\s+", "", str(value))[:40],
)
def test_settings_that_the_route_cannot_honour(student, settings, patterns):
    fits = CountingTeacher.watch()
    refuses(distiller(CountingTeacher(), student, **settings), StudentError, *patterns)
    assert fits == []


def test_weights_that_the_student_cannot_take():
    from sklearn.neighbors import KNeighborsRegressor

    patterns = ["KNeighborsRegressor", "sample_weight", "brier"]
    fits = CountingTeacher.watch()
    weighted = distiller(CountingTeacher(), KNeighborsRegressor())
    refuses(weighted, StudentError, *patterns, sample_weight=np.ones(120))
    refuses(distiller(CountingTeacher(), KNeighborsRegressor(), loss="logit"), StudentError)
    assert fits == []


# Labels and rows


def test_class_with_fewer_rows_than_folds_is_named():
    y = np.where(np.arange(120) < 3, "rare", DATA.y)
    refuses(distiller(), FoldError, "cv=5", "'rare'|rare", r"\(3\)", "lower cv|merge", y=y)
    y = np.where(np.arange(120) < 1, "single", y)
    refuses(distiller(), FoldError, "rare.*single", y=y)


@pytest.mark.parametrize("kind", ["list", "splitter", "time"])
def test_class_missing_from_the_training_rows_of_a_fold_is_named(kind):
    y = np.sort(THREE.y)
    cv = {
        "list": [(np.arange(60), np.arange(60, 120)), (np.arange(60, 120), np.arange(60))],
        "splitter": KFold(3),
        "time": TimeSeriesSplit(3),
    }[kind]
    patterns = [r"fold \d", "no training row of class", "apple|quince", "stratified"]
    refuses(distiller(cv=cv), FoldError, *patterns, X=THREE.X, y=y)


@pytest.mark.parametrize("label", ["yes", 1, True, 2.0], ids=repr)
def test_one_class_only(label):
    patterns = ["at least two classes", "one class", str(label)]
    refuses(distiller(), InputError, *patterns, y=np.full(120, label))


def test_one_class_left_once_rows_of_weight_zero_are_gone():
    weight = (DATA.y == "yes").astype(float)
    refuses(distiller(), InputError, "one class", "yes", sample_weight=weight)


def test_labels_that_are_none():
    y = np.where(np.arange(120) == 3, np.nan, DATA.codes)
    refuses(distiller(), InputError, "label in every row", "drop", y=y)
    mixed = DATA.y.astype(object)
    mixed[3] = None
    refuses(distiller(), ValueError, "label in every row|missing|None", y=mixed)
    refuses(distiller(), ValueError, "continuous", y=DATA.X[:, 0] + 0.123)
    refuses(distiller(), ValueError, "1d|shape|y should be", y=np.column_stack([DATA.y, DATA.y]))


def test_lengths_that_differ():
    refuses(distiller(), ValueError, "120.*119|119.*120|inconsistent", y=DATA.y[:-1])
    refuses(distiller(), ValueError, "inconsistent|120|119", groups=np.arange(119) % 10)
    refuses(distiller(), InputError, r"\(120,\)", r"\(119,\)", sample_weight=np.ones(119))
    refuses(distiller(), ValueError, "sample", X=DATA.X[:0], y=DATA.y[:0])
    refuses(distiller(), InputError, "0 feature", X=DATA.X[:, :0])


def test_y_is_needed():
    with pytest.raises(ValueError, match="requires y"):
        distiller().fit(DATA.X, None)


# Weights


@pytest.mark.parametrize(
    ("weight", "patterns"),
    [
        (np.zeros(120), ["positive", "all zeros"]),
        (np.where(np.arange(120) == 7, -1.0, 1.0), ["not negative", "-1.0 at row 7"]),
        (np.where(np.arange(120) == 7, np.nan, 1.0), ["finite", "nan", "row 7"]),
        (np.where(np.arange(120) == 7, np.inf, 1.0), ["finite", "inf", "row 7"]),
        (np.ones((120, 1)), [r"\(120,\)", r"\(120, 1\)"]),
        (np.ones((120, 2)), [r"\(120,\)", r"\(120, 2\)"]),
    ],
    ids=["zeros", "negative", "nan", "inf", "column", "two columns"],
)
def test_weights(weight, patterns):
    fits = CountingTeacher.watch()
    model = distiller(CountingTeacher())
    refuses(model, InputError, "sample_weight", *patterns, sample_weight=weight)
    assert fits == []


# Probabilities of the teacher


def spoilt(row, values):
    p = DATA.teacher.copy()
    p[row] = values
    return p


@pytest.mark.parametrize(
    ("p", "patterns"),
    [
        (spoilt(5, [np.nan, 0.5]), ["finite", "row 5", "nan"]),
        (spoilt(5, [np.nan, np.nan]), ["finite", "row 5", "nan"]),
        (spoilt(5, [np.inf, 0.0]), ["finite", "row 5"]),
        (spoilt(5, [1.2, -0.2]), ["not negative", "row 5", "-0.2"]),
        (spoilt(5, [0.5, 0.6]), ["sum to one", "row 5", "0.6"]),
        (DATA.teacher * 100.0, ["sum to one", "120 such rows"]),
        (DATA.teacher[:, 1], [r"\(120, 2\)", r"got shape \(120,\)", "no, yes"]),
        (DATA.teacher[:, 1:], [r"\(120, 2\)", r"got shape \(120, 1\)"]),
        (THREE.teacher, [r"\(120, 2\)", r"got shape \(120, 3\)", "column per class"]),
        (DATA.teacher[:-1], [r"\(120, 2\)", r"got shape \(119, 2\)", "row per row"]),
        (DATA.y, ["numbers|shape"]),
        (np.log(DATA.teacher), ["not negative"]),
    ],
    ids=[
        "nan",
        "row of nan",
        "inf",
        "negative",
        "unnormalised row",
        "percent",
        "vector",
        "one column",
        "three columns",
        "row missing",
        "labels",
        "logits",
    ],
)
def test_teacher_proba(p, patterns):
    for model in (DistilledClassifier(None, TREE), distiller()):
        remedy = "out-of-fold"
        refuses(model, InputError, "teacher_proba", *patterns, remedy, teacher_proba=p)


def test_repeats_of_given_probabilities():
    patterns = ["n_repeats=3", "teacher_proba", "leave it at 1"]
    refuses(distiller(n_repeats=3), ParameterError, *patterns, teacher_proba=DATA.teacher)


# Parameters


@pytest.mark.parametrize(
    ("settings", "patterns"),
    [
        ({"strength": 1.5}, ["strength", r"\[0, 1\]", "1.5"]),
        ({"strength": -0.1}, ["strength", r"\[0, 1\]", "-0.1"]),
        ({"strength": np.nan}, ["strength", "nan"]),
        ({"strength": "full"}, ["strength", "'auto'", "'full'"]),
        ({"strength": None}, ["strength", "None"]),
        ({"strength": True}, ["strength", "True"]),
        ({"strength": 0.5, "correction": None}, ["strength=0.5", "correction=None", "'auto'"]),
        ({"strength": 0.5, "correction": Fast(c=0.1)}, ["strength=0.5", "Fast", "'auto'"]),
        ({"temperature": 0.0}, ["temperature", r"\(0, inf", "0.0"]),
        ({"temperature": -1.0}, ["temperature", "-1.0"]),
        ({"temperature": np.inf}, ["temperature", "inf"]),
        ({"temperature": "hot"}, ["temperature", "'hot'", "number"]),
        ({"temperature": 2.0, "loss": "brier"}, ["temperature=2.0", "no effect", "brier"]),
        ({"temperature": 2.0, "loss": CrossEntropy()}, ["temperature=2.0", "no effect"]),
        ({"loss": "hinge"}, ["loss", "'brier'", "'hinge'"]),
        ({"loss": Logit}, ["loss", "Logit"]),
        ({"correction": "slower"}, ["correction", "'slow'", "'slower'"]),
        ({"correction": Orthogonal}, ["correction", r"Orthogonal\(\)"]),
        ({"calibration": "platt"}, ["calibration", "'sigmoid'", "'platt'"]),
        ({"device": "gpu"}, ["device", "'cuda'", "'gpu'"]),
        ({"cv": 1}, ["cv", "at least 2", "1"]),
        ({"cv": 0}, ["cv", "at least 2"]),
        ({"cv": 2.5}, ["cv", "2.5"]),
        ({"cv": True}, ["cv", "True"]),
        ({"cv": "loo"}, ["cv", "'loo'"]),
        ({"n_repeats": 0}, ["n_repeats", "at least 1", "0"]),
        ({"n_repeats": 1.5}, ["n_repeats", "1.5"]),
        ({"n_repeats": 2, "cv": KFold(3)}, ["n_repeats=2", "KFold", "RepeatedStratifiedKFold"]),
        ({"memory": 7}, ["memory", "7"]),
    ],
    ids=lambda value: re.sub(r"\s+|0x\w+", "", str(value))[:50] if isinstance(value, dict) else "",
)
def test_parameters(settings, patterns):
    fits = CountingTeacher.watch()
    error = ValueError if "memory" in settings else ParameterError
    refuses(distiller(CountingTeacher(), **settings), error, *patterns)
    assert fits == []


def test_parameters_are_not_checked_before_fit():
    DistilledClassifier(3, 4, cv="x", strength="y", loss=5)


def test_unknown_metadata():
    patterns = ["colour", "enable_metadata_routing=True"]
    refuses(distiller(), ParameterError, *patterns, colour=np.ones(120))


class Careless(Correction):
    """A user's correction with a mistake in it."""

    def __init__(self, gain):
        self.value = gain

    def __repr__(self):
        return "Careless()"

    def gain(self, p, strength):
        return self.value


@pytest.mark.parametrize(
    "gain", [np.ones(3), np.ones((120, 3)), np.full(120, np.nan), 0.5], ids=["3", "K", "nan", "0-d"]
)
def test_gain_of_a_faulty_correction(gain):
    patterns = ["gain", "Careless", r"\(120,\)", "finite"]
    refuses(distiller(correction=Careless(gain), strength=0.5), InputError, *patterns)


# Folds


@pytest.mark.parametrize(
    ("cv", "patterns"),
    [
        ([], ["at least one"]),
        ([np.arange(5)], ["pair"]),
        ([(np.arange(60), np.arange(60, 121))], ["fold 0", "test", "0..119", "120"]),
        ([(np.arange(-3, 60), np.arange(60, 120))], ["fold 0", "training", "-3"]),
        ([(np.arange(70), np.arange(60, 120))], ["fold 0", "10 rows in both", "disjoint"]),
        ([(np.arange(60), np.arange(0))], ["fold 0", "non-empty", "test"]),
        ([(np.arange(60) / 2.0, np.arange(60, 120))], ["fold 0", "integer", "float"]),
        ([(np.arange(60)[:, None], np.arange(60, 120))], ["fold 0", "1-D"]),
    ],
    ids=["empty", "no pair", "beyond", "negative", "overlap", "no test", "floats", "2-D"],
)
def test_lists_of_splits(cv, patterns):
    refuses(distiller(cv=cv), FoldError, *patterns)


def test_groups():
    groups = np.arange(120) % 10
    splits = list(GroupKFold(3).split(DATA.X, DATA.y, groups))
    patterns = ["groups have no effect", "list of splits"]
    refuses(distiller(cv=splits), ParameterError, *patterns, groups=groups)
    refuses(distiller(cv=LeaveOneGroupOut()), ValueError, "groups")


# Warnings about rows


def test_duplicates_across_folds_are_told_with_their_share():
    X, y = np.concatenate([DATA.X, DATA.X[:30]]), np.concatenate([DATA.y, DATA.y[:30]])
    parts = [np.arange(0, 75), np.arange(75, 150)]  # the copies are in the other fold
    cv = [(parts[1], parts[0]), (parts[0], parts[1])]
    with pytest.warns(LeakWarning, match=r"40.0% of the rows.*identical.*groups=") as caught:
        model = distiller(cv=cv, strength=0.5).fit(X, y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert model.report_.duplicate_share == 0.4


def test_duplicates_within_a_fold_do_no_harm():
    X, y = np.repeat(DATA.X, 2, axis=0), np.repeat(DATA.y, 2)
    model = distiller(strength=0.5).fit(X, y, groups=np.repeat(np.arange(120), 2))
    assert model.report_.duplicate_share == 0.0


def test_uncovered_rows_are_counted_once():
    with pytest.warns(CoverageWarning, match=r"30 of 120 rows are in no test fold") as caught:
        model = distiller(strength=0.5, cv=TimeSeriesSplit(3)).fit(DATA.X, DATA.y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert model.report_.n_uncovered == 30
    assert model.report_.n_rows == 90
    assert np.isnan(model.teacher_proba_[:30]).all()
    assert not np.isnan(model.teacher_proba_[30:]).any()


def test_warning_that_is_an_error_leaves_nothing_fitted():
    model = distiller(cv=TimeSeriesSplit(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refuses(model, CoverageWarning, "30 of 120")
        X, y = np.repeat(DATA.X, 2, axis=0), np.repeat(DATA.y, 2)
        refuses(distiller(cv=KFold(2, shuffle=True)), LeakWarning, "identical", X=X, y=y)


def test_cache_that_never_hits(tmp_path):
    with pytest.warns(SkdistillWarning, match=r"memory.*random_state=None.*integer") as caught:
        distiller(memory=str(tmp_path), cv=2, strength=0.5).fit(DATA.X, DATA.y)
    assert caught[0].filename == __file__


# What was fitted before


def test_failed_fit_loses_nothing():
    model = distiller(strength=0.5, random_state=0).fit(DATA.X, DATA.y)
    before, p = dict(vars(model)), model.predict_proba(DATA.X)
    for X, y in ((DATA.X[:, :3], np.full(120, "yes")), (pd.DataFrame(DATA.X[:, :2]), DATA.y[:5])):
        with pytest.raises(ValueError, match=r"class|inconsistent"):
            model.fit(X, y)
        assert vars(model) == before
        assert_array_equal(model.predict_proba(DATA.X), p)


def test_interrupted_fit_loses_nothing():
    model = distiller(strength=0.5, random_state=0).fit(DATA.X, DATA.y)
    before = dict(vars(model))
    model.teacher = CountingTeacher(fails_on=5.0, error=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(DATA.X, DATA.y)
    assert {**before, "teacher": model.teacher} == vars(model)


# Prediction


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_unfitted_prediction(method):
    with pytest.raises(NotFittedError, match="DistilledClassifier"):
        getattr(distiller(), method)(DATA.X)


def test_unfitted_score_and_refit():
    with pytest.raises(NotFittedError):
        distiller().score(DATA.X, DATA.y)
    with pytest.raises(NotFittedError):
        distiller().refit_student(DATA.X, DATA.y, strength=0.1)


class Unchecked(DecisionTreeRegressor):
    """A student that does not look at what it is given."""

    n_features_in_ = property()

    def fit(self, X, y, sample_weight=None):
        self.inner_ = DecisionTreeRegressor(max_depth=2).fit(np.asarray(X), y, sample_weight)
        return self

    def predict(self, X):
        return self.inner_.predict(np.asarray(X)[:, :4])


PREDICTORS = {
    "tree": TREE,
    "logistic": LogisticRegression(),
    "regressor": DecisionTreeRegressor(max_depth=2),
    "lightgbm": LGBMClassifier(**LIGHTGBM),
    "pipeline": make_pipeline(StandardScaler(), GaussianNB()),
    "careless pipeline": make_pipeline(FunctionTransformer(), LGBMClassifier(**LIGHTGBM)),
    "unchecked": Unchecked(),
}


@pytest.mark.parametrize("student", PREDICTORS.values(), ids=PREDICTORS)
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_other_number_of_features(student, strength):
    model = distiller(student=student, strength=strength).fit(DATA.X, DATA.y)
    for X in (DATA.X[:, :3], np.column_stack([DATA.X, DATA.X])):
        with pytest.raises(ValueError, match="features"):
            model.predict(X)
    with pytest.raises(ValueError, match=r"1D|1-D|1 dim|2D|2-D|2 dim|features"):
        model.predict(DATA.X[0])


@pytest.mark.parametrize("student", PREDICTORS.values(), ids=PREDICTORS)
@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("change", ["renamed", "reordered", "fewer", "more"])
def test_other_feature_names(student, strength, change):
    frame = pd.DataFrame(DATA.X, columns=["a", "b", "c", "d"])
    model = distiller(student=student, strength=strength).fit(frame, DATA.y)
    other = {
        "renamed": frame.rename(columns={"a": "z"}),
        "reordered": frame[["d", "c", "b", "a"]],
        "fewer": frame[["a", "b", "c"]],
        "more": frame.assign(e=1.0),
    }[change]
    with pytest.raises(ValueError, match="feature"):
        model.predict(other)
    assert model.predict(frame).shape == (120,)


# What was once taken in silence, or failed deep inside


@pytest.mark.parametrize("X", [None, [], {}, "rows"], ids=repr)
def test_what_is_no_table(X):
    for model in (distiller(GaussianNB()), DistilledClassifierCV(GaussianNB(), TREE)):
        with pytest.raises(InputError, match=r"X (must be an array|has 0 sample)"):
            model.fit(X, DATA.y)


def masked(values, place=3):
    """Return the values with an entry hidden, which NumPy uses all the same."""
    values = np.ma.MaskedArray(values)
    values[place] = np.ma.masked
    return values


@pytest.mark.parametrize(
    "name", ["X", "y", "sample_weight", "groups", "teacher_proba", "X_transfer"]
)
def test_masked_entries(name):
    rows = {"X": DATA.X, "y": DATA.y, "sample_weight": np.ones(120), "groups": np.arange(120)}
    rows |= {"teacher_proba": DATA.teacher, "X_transfer": DATA.X}
    given = {"X": DATA.X, "y": DATA.y, name: masked(rows[name])}
    with pytest.raises(InputError, match=f"{name} must have no masked entries, got"):
        distiller(GaussianNB()).fit(given.pop("X"), given.pop("y"), **given)


def test_masked_rows_of_predictions_and_soft_students():
    students = SoftLogisticRegression(), SoftMLPClassifier(max_epochs=1)
    for model in (distiller(GaussianNB()), *students):
        model.fit(np.ma.MaskedArray(DATA.X), DATA.y)  # nothing is hidden
        with pytest.raises(InputError, match="X must have no masked entries"):
            model.predict_proba(masked(DATA.X))
    for student, rows in product(students, ((masked(DATA.X), DATA.y), (DATA.X, masked(DATA.y)))):
        with pytest.raises(InputError, match="must have no masked entries"):
            student.fit(*rows)


def test_labels_of_several_kinds():
    y = DATA.y.astype(object)
    y[-1] = 7
    refuses(distiller(GaussianNB()), InputError, "labels of one kind", "int and str", y=y)


def test_rows_without_a_group():
    groups = np.arange(120).astype(object) // 2
    groups[5] = None
    refuses(distiller(GaussianNB(), cv=3), InputError, "groups must have an entry", groups=groups)
    with pytest.raises(ValueError, match="1d"):
        distiller(GaussianNB(), cv=3).fit(DATA.X, DATA.y, groups=np.ones((120, 2)))


def test_columns_of_other_classes():
    """A frame that names its columns is taken at its word."""
    for columns in (["yes", "no"], ["cat", "dog"]):
        p = pd.DataFrame(DATA.teacher, columns=columns)
        refuses(distiller(), InputError, r"columns \['no', 'yes'\]", teacher_proba=p)
    expected = distiller(strength=0.0).fit(DATA.X, DATA.y, teacher_proba=DATA.teacher)
    for columns in (["no", "yes"], None):
        p = pd.DataFrame(DATA.teacher, columns=columns)
        model = distiller(strength=0.0).fit(DATA.X, DATA.y, teacher_proba=p)
        assert_array_equal(model.predict_proba(DATA.X), expected.predict_proba(DATA.X))


def test_probabilities_may_be_missing_where_they_are_not_needed():
    p, weight = DATA.teacher.copy(), np.ones(120)
    p[:10], weight[:10] = np.nan, 0.0
    model = distiller(strength=0.5).fit(DATA.X, DATA.y, sample_weight=weight, teacher_proba=p)
    assert model.report_.n_rows == 110
    folds = TimeSeriesSplit(3)
    p = DATA.teacher.copy()
    p[:30] = np.nan
    with pytest.warns(CoverageWarning, match="30 of 120"):
        model = distiller(strength=0.5, cv=folds).fit(DATA.X, DATA.y, teacher_proba=p)
    assert model.report_.n_uncovered == 30
    p[50] = np.nan
    refuses(distiller(cv=folds), InputError, "row 50", teacher_proba=p)


def test_a_teacher_that_is_constant_in_each_fold():
    for model in (distiller(DummyClassifier()), DistilledClassifierCV(DummyClassifier(), TREE)):
        refuses(model, InputError, "in every row of a fold", "nothing to distil")


def test_transfer_rows_of_another_kind():
    X = pd.DataFrame(DATA.X, columns=list("abcd"))
    search = DistilledClassifierCV(GaussianNB(), TREE, calibrations=(None,))
    for model in (distiller(GaussianNB()), search):
        refuses(model, InputError, "same kind as X, got an array", X=X, X_transfer=DATA.X)
        refuses(model, InputError, "X_transfer must have rows", X_transfer=DATA.X[:0])


def test_a_single_fold_tells_nothing_of_the_student():
    cv = [(np.arange(60), np.arange(60, 120))]
    with pytest.warns(CoverageWarning):
        refuses(distiller(GaussianNB(), cv=cv), FoldError, "strength='auto' compares", "1 fold")


def test_a_student_that_fails_does_so_before_the_teacher_is_fitted():
    fits = CountingTeacher.watch()
    refuses(distiller(CountingTeacher(), DecisionTreeClassifier(max_depth=-1)), StudentError, "-1")
    assert fits == []


class Silent(DecisionTreeClassifier):
    """Says NaN of every row."""

    def predict_proba(self, X):
        return np.full_like(super().predict_proba(X), np.nan)


@pytest.mark.parametrize("how", ["auto", "stacked", "search"])
def test_a_student_without_probabilities_is_not_taken_for_the_teacher(how):
    model = {
        "auto": lambda: distiller(GaussianNB(), Silent(), random_state=0),
        "stacked": lambda: distiller(GaussianNB(), Silent(), strength=0.5, calibration="stacked"),
        "search": lambda: DistilledClassifierCV(
            GaussianNB(), Silent(), cv=3, calibrations=("stacked",), strengths=(0.5,)
        ),
    }[how]()
    with pytest.raises(StudentError, match="student Silent, trained on the labels") as caught:
        model.fit(DATA.X, DATA.y)
    assert "nan" in str(caught.value)
    assert "teacher" not in str(caught.value)


@pytest.mark.parametrize("dtype", ["Int64", "UInt64", "int64[pyarrow]", "int64"])
def test_whole_numbers_beyond_the_floats_stay_apart(dtype):
    """As labels and as groups."""
    large = 2**53 + (DATA.y == DATA.classes[1])
    model = distiller(strength=0.5, random_state=0)
    fitted = clone(model).fit(DATA.X, pd.Series(large).astype(dtype))
    assert fitted.classes_.tolist() == [2**53, 2**53 + 1]
    expected = clone(model).fit(DATA.X, large)
    assert_array_equal(fitted.predict(DATA.X), expected.predict(DATA.X))
    report = TeacherReport.from_estimator(
        fitted, DATA.X, pd.Series(large).astype(dtype), residual_model=None
    )
    assert report.n_rows == 120
    groups = 2**53 + np.arange(120) % 60
    kept = clone(model).fit(DATA.X, DATA.y, groups=pd.Series(groups).astype(dtype))
    assert_array_equal(kept.fold_, clone(model).fit(DATA.X, DATA.y, groups=groups).fold_)
    if dtype != "int64":
        gap = pd.Series(large).astype(dtype)
        gap[7] = pd.NA
        refuses(model, InputError, "y must have a label", "row 7", y=gap)
        weight = (np.arange(120) > 3).astype(float)
        refuses(model, InputError, "the first in row 7", y=gap, sample_weight=weight)


def test_a_student_that_fails_is_named():
    class Broken(DecisionTreeClassifier):
        def fit(self, X, y, sample_weight=None):
            message = "no fuel"
            raise RuntimeError(message)

    student = Broken()
    refuses(
        distiller(None, student, strength=0.5), StudentError, "student Broken could not",
        "no fuel", teacher_proba=DATA.teacher,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["smooth", "return_row_losses"])
def test_flags_of_a_search(name):
    model = DistilledClassifierCV(GaussianNB(), TREE, **{name: "no"})
    refuses(model, ParameterError, f"{name} must be True or False, got 'no'")


def test_more_validation_folds_than_there_are():
    model = DistilledClassifierCV(GaussianNB(), TREE, cv=3, n_validation=4)
    refuses(model, ParameterError, "at most the 3 folds", "got 4")


def test_a_pool_that_leaks_is_told():
    settings = {"cv": 3, "random_state": 0}
    first = DistilledClassifierCV(GaussianNB(), TREE, **settings).fit(DATA.X, DATA.y)
    given = {"teacher_proba": first.teacher_proba_}
    again = DistilledClassifierCV(None, TREE, **settings)
    again.fit(DATA.X, DATA.y, pool_proba=first.pool_proba_, **given)
    with pytest.warns(LeakWarning, match="ordinary out-of-fold probabilities in every table"):
        again.fit(DATA.X, DATA.y, pool_proba=np.stack([first.teacher_proba_] * 3), **given)


def test_a_scoring_that_gives_nan_is_told():
    asked = []

    def sixth(estimator, X, y):
        asked.append(estimator)
        return np.nan if len(asked) == 6 else 0.5

    model = DistilledClassifierCV(GaussianNB(), TREE, cv=3, random_state=0, scoring=sixth)
    with pytest.warns(SkdistillWarning, match="the scoring gave NaN for 1 of"):
        model.fit(DATA.X, DATA.y)
    assert np.isnan(model.cv_results_["mean_test_score"]).sum() == 1
    assert np.isfinite(model.verdict_.difference)


def test_refit_is_told_the_rows_of_the_fit():
    groups, weight = np.arange(120) // 2, np.linspace(1.0, 2.0, 120)
    model = distiller(GaussianNB(), cv=3, random_state=0)
    model.fit(DATA.X, DATA.y, sample_weight=weight, groups=groups)
    model.refit_student(DATA.X, DATA.y, sample_weight=weight.tolist(), groups=groups)
    for given in ({"groups": groups}, {"sample_weight": weight}, {"groups": groups[::-1] // 2}):
        with pytest.raises(InputError, match=r"must be what fit was given, got (none|other)"):
            model.refit_student(DATA.X, DATA.y, **given)
    assert model.fitted_on(DATA.y)
    assert not model.fitted_on(DATA.y[::-1])


def test_refit_with_sparse_transfer_rows():
    X = sp.csr_array(DATA.X)
    teacher = LogisticRegression()
    model = distiller(teacher, LogisticRegression(), strength=0.5, random_state=0)
    model.fit(X, DATA.y, X_transfer=X[:30])
    again = model.refit_student(X, DATA.y, X_transfer=X[:30])
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    with pytest.raises(InputError, match="30 transfer rows"):
        model.refit_student(X, DATA.y, X_transfer=X[:20])


def test_probabilities_of_rows_in_another_order():
    """Out-of-fold tables come with an index; rows go by their place."""
    X = pd.DataFrame(DATA.X, index=np.arange(len(DATA.y))[::-1])
    p = pd.DataFrame(DATA.teacher, index=X.index)
    settings = {"teacher": None, "strength": 0.5}
    shuffled = p.sample(frac=1.0, random_state=0)
    with pytest.raises(InputError, match=r"in another order: pass teacher_proba\.loc\[X\.index\]"):
        distiller(**settings).fit(X, DATA.y, teacher_proba=shuffled)
    model = distiller(**settings).fit(X, DATA.y, teacher_proba=shuffled.loc[X.index])
    numbered = distiller(**settings).fit(X, DATA.y, teacher_proba=p.set_axis(range(900, 1020)))
    assert_array_equal(model.predict_proba(X), numbered.predict_proba(X))
    weight = (np.arange(len(DATA.y)) % 4 > 0).astype(float)
    with pytest.raises(InputError, match="another order"):
        distiller(**settings).fit(X, DATA.y, sample_weight=weight, teacher_proba=shuffled)


def test_probabilities_that_know_the_labels_are_doubted():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)), rng.integers(2, size=300)
    forest = RandomForestClassifier(50, random_state=0)
    seen = forest.fit(X, y).predict_proba(X)
    model = distiller(teacher=None)
    with pytest.warns(LeakWarning, match=r"wrong about 0\.00% of the labels.*about [3-7]\d"):
        model.fit(X, y, teacher_proba=seen)
    honest = cross_val_predict(forest, X, y, method="predict_proba")
    model.fit(X, y, teacher_proba=honest)


@pytest.mark.parametrize(
    "cv", ["abc", 1, 0, -1, 2.5, True, object(), KFold], ids=lambda cv: repr(cv)[:7]
)
def test_folds_that_nobody_needs_must_be_folds(cv):
    for given in ({}, {"teacher_proba": DATA.teacher}):
        refuses(distiller(cv=cv, strength=0.5), ParameterError, "cv must be", **given)


def test_a_cache_of_teachers_that_are_not_fitted(tmp_path):
    refuses(
        distiller(memory=str(tmp_path)), ParameterError, "memory=", "leave it at None",
        teacher_proba=DATA.teacher,
    )  # fmt: skip


def test_an_empty_list_is_no_grid():
    search = DistilledClassifierCV(GaussianNB(), (TREE, []))
    refuses(search, StudentTypeError, "every student must be", r"\[\]")


def test_weights_of_a_pipeline_among_teachers():
    teacher = [("lr", make_pipeline(StandardScaler(), LogisticRegression())), ("nb", GaussianNB())]
    weight = np.linspace(0.5, 1.5, 120)
    patterns = ["'lr' is a Pipeline", "enable_metadata_routing=True", "teacher_proba="]
    refuses(distiller(teacher), TeacherError, *patterns, sample_weight=weight)
    distiller(teacher).fit(DATA.X, DATA.y)
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        linear = LogisticRegression().set_fit_request(sample_weight=True)
        bayes = GaussianNB().set_fit_request(sample_weight=True)
        asking = [("lr", make_pipeline(scaler, linear)), ("nb", bayes)]
        student = clone(TREE).set_fit_request(sample_weight=True)
        told = distiller(asking, student, random_state=0, calibration=None)
        told.fit(DATA.X, DATA.y, sample_weight=weight)
    plain = distiller(teacher, random_state=0, calibration=None).fit(DATA.X, DATA.y)
    assert not np.allclose(told.teacher_proba_, plain.teacher_proba_)


@pytest.mark.parametrize("weighted", [False, True])
def test_predefined_folds_are_those_of_the_given_rows(weighted):
    fold = np.arange(120) % 4
    weight = np.where(np.arange(120) % 5 > 0, 1.0, 0.0) if weighted else None
    splits = PredefinedSplit(fold)
    one, other = (
        distiller(cv=cv, strength=0.5).fit(DATA.X, DATA.y, sample_weight=weight)
        for cv in (splits, list(splits.split()))
    )
    assert_array_equal(one.fold_, other.fold_)
    assert_array_equal(one.teacher_proba_, other.teacher_proba_)
    short = distiller(cv=PredefinedSplit(np.arange(124) % 4))
    refuses(short, FoldError, "outside 0..119", sample_weight=weight)


def first_column(X):
    return np.asarray(X)[:, :1].astype(float)


@pytest.mark.parametrize("role", ["teacher", "member", "voter", "student", "search"])
def test_columns_of_polars_that_lightgbm_is_not_known_to_take(role, monkeypatch):
    """A kind of number stands for them: what it does not take must never reach it."""
    known = validation._POLARS_NUMBERS
    monkeypatch.setattr(validation, "_POLARS_NUMBERS", frozenset(known) - {"Int16"})
    X = pl.DataFrame({"a": np.arange(120.0), "b": np.arange(120, dtype=np.int16)})
    learner, blind = (
        LGBMClassifier(**LIGHTGBM),
        make_pipeline(FunctionTransformer(first_column), TREE),
    )
    model = {
        "teacher": lambda: distiller(learner, blind),
        "member": lambda: distiller([("a", blind), ("b", learner)], blind),
        "voter": lambda: distiller(VotingClassifier([("b", learner)], voting="soft"), blind),
        "student": lambda: distiller(blind, learner),
        "search": lambda: DistilledClassifierCV(blind, [blind, ("b", learner)], cv=3),
    }[role]()
    refuses(model, InputError, "LightGBM takes numbers", "polars", "column 'b'", "encode", X=X)
    encoded = make_pipeline(FunctionTransformer(first_column), learner)
    distiller(encoded, encoded, random_state=0).fit(X, DATA.y)


def test_lightgbm_takes_numbers_and_booleans_of_polars():
    """And nothing else is let through to it."""
    columns = {
        name: pl.Series(DATA.X[:, 0] * 10 > 0 if name == "Boolean" else np.arange(120)).cast(
            getattr(pl, name)
        )
        for name in validation._POLARS_NUMBERS
    }
    assert all(kind.is_numeric() or kind == pl.Boolean for kind in pl.DataFrame(columns).dtypes)
    learner = LGBMClassifier(**LIGHTGBM)
    model = distiller(learner, clone(learner), strength=0.5).fit(pl.DataFrame(columns), DATA.y)
    assert np.isfinite(model.predict_proba(pl.DataFrame(columns))).all()


@pytest.mark.parametrize("advice", ["to_pandas", "collect"])
def test_tables_that_are_no_data_frames(advice):
    X = pl.DataFrame({"a": DATA.X[:, 0]})
    if advice == "to_pandas":
        pytest.importorskip("pyarrow")
    X = X.lazy() if advice == "collect" else X.to_arrow()
    with pytest.raises(InputError, match=rf"X must be .* data frame of pandas or polars.*{advice}"):
        distiller().fit(X, DATA.y)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_transfer_rows_of_other_dtypes(kind):
    values = 1000.0 * np.random.default_rng(0).normal(size=(120, 2))
    X = kind({"a": values[:, 0], "b": values[:, 1]})
    model = distiller(strength=0.5, random_state=0)
    for numbers in (np.float32, np.int64):
        cast = values.astype(numbers)
        one, other = (
            clone(model).fit(X, DATA.y, X_transfer=kind({"a": rows[:, 0], "b": rows[:, 1]}))
            for rows in (cast, cast.astype(np.float64))
        )
        assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    flags = kind({"a": values[:, 0] > 0, "b": values[:, 1]})
    patterns = ["X_transfer must have the dtypes of X", "column 'a'", "cast one"]
    refuses(model, InputError, *patterns, X=X, X_transfer=flags)
