"""Cross-fitting equals scikit-learn's cross-validation, and labels rows honestly."""

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill._ground.threads import bound_threads, thread_budget
from skdistill.exceptions import FoldError, InputError, ParameterError, TeacherError
from skdistill.teaching.crossfit import OutOfFold, cross_fit
from skdistill.teaching.folds import duplicate_share, make_folds
from tests.common.spies import CountingTeacher


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize(
    "teacher",
    [
        DecisionTreeClassifier(max_depth=4, random_state=0),
        RandomForestClassifier(10, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda t: type(t).__name__,
)
def test_out_of_fold_equals_cross_val_predict_to_the_last_bit(multiclass_str, teacher, n_jobs):
    X, y = multiclass_str
    cv = StratifiedKFold(4, shuffle=True, random_state=3)
    expected = cross_val_predict(teacher, X, y, cv=cv, method="predict_proba")
    out = cross_fit(teacher, X, y, make_folds(4, X, y, random_state=3), n_jobs=n_jobs)
    np.testing.assert_array_equal(out.values, expected)
    assert out.teachers is None
    assert out.covered.all()


def test_keeping_the_teachers_changes_no_bit(multiclass):
    X, y = multiclass
    teacher = RandomForestClassifier(10, random_state=0)
    folds = make_folds(3, X, y, random_state=0)
    bare = cross_fit(teacher, X, y, folds)
    kept = cross_fit(teacher, X, y, folds, keep_teachers=True)
    np.testing.assert_array_equal(bare.values, kept.values)
    for fitted, (_, test) in zip(kept.teachers, folds.splits, strict=True):
        np.testing.assert_array_equal(fitted.predict_proba(X[test]), kept.values[test])
        assert isinstance(fitted, RandomForestClassifier)


def test_repeated_folds_average_the_teachers_of_each_row(binary):
    X, y = binary
    teacher = DecisionTreeClassifier(max_depth=3, random_state=0)
    folds = make_folds(3, X, y, n_repeats=2, random_state=0)
    out = cross_fit(teacher, X, y, folds)
    splits = list(RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0).split(X, y))
    halves = [
        cross_val_predict(teacher, X, y, cv=part, method="predict_proba")
        for part in (splits[:3], splits[3:])
    ]
    np.testing.assert_allclose(out.values, np.mean(halves, axis=0), rtol=1e-14)


def test_errors_that_quote_their_data_are_cut_short(binary):
    class Talkative(DecisionTreeClassifier):
        def fit(self, X, y):
            raise ValueError("x" * 100_000)

    X, y = binary
    with pytest.raises(TeacherError, match=r"xxx \.\.\.") as caught:
        cross_fit(Talkative(), X, y, make_folds(3, X, y))
    assert len(str(caught.value)) < 1000
    assert len(str(caught.value.__cause__)) == 100_000


def test_uncovered_rows_have_no_probabilities(binary):
    X, y = binary
    folds = make_folds(TimeSeriesSplit(4), X, y)
    out = cross_fit(DecisionTreeClassifier(max_depth=2), X, y, folds)
    assert 0 < np.sum(~out.covered) < len(y)
    assert np.isnan(out.values[~out.covered]).all()
    assert np.isfinite(out.values[out.covered]).all()
    np.testing.assert_array_equal(out.fold >= 0, out.covered)


def test_no_teacher_sees_the_label_of_a_row_it_labels(binary):
    """With one nearest neighbour and labels of pure noise, a leak would be exact."""
    X, _ = binary
    y = np.random.default_rng(0).integers(0, 2, len(X))
    teacher = KNeighborsClassifier(1)
    assert np.mean(teacher.fit(X, y).predict(X) == y) == 1.0
    out = cross_fit(teacher, X, y, make_folds(5, X, y, random_state=0))
    assert abs(np.mean(out.values.argmax(axis=1) == y) - 0.5) < 4 * 0.5 / np.sqrt(len(y))


SAME_TRAINING = {
    "repeated groups": lambda X, y, groups: make_folds(
        2, X, y, groups=groups, n_repeats=3, random_state=0
    ),
    "groups by chance": lambda X, y, groups: make_folds(
        GroupShuffleSplit(4, test_size=0.5, random_state=0), X, y, groups=groups
    ),
    "one part twice": lambda X, y, _: make_folds(
        [
            (np.arange(100), np.arange(150, 100, -1)),
            (np.arange(100)[::-1], np.arange(140, 300)),
            (np.arange(100, 300), np.arange(100)),
        ],
        X,
        y,
    ),
}


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("how", SAME_TRAINING)
def test_folds_with_the_same_training_rows_share_their_teacher(binary, how, keep):
    X, y = binary
    folds = SAME_TRAINING[how](X, y, np.arange(300) % 3)
    assert folds.n_fits < len(folds)
    fits = CountingTeacher.watch()
    out = cross_fit(CountingTeacher(), X, y, folds, keep_teachers=keep)
    assert len(fits) == folds.n_fits
    expected = []
    for train, test in folds.splits:
        expected.append(CountingTeacher().fit(X[train], y[train]).predict_proba(X[test]))
    for part, by_hand in zip(out.parts, expected, strict=True):
        np.testing.assert_allclose(part, by_hand)
    np.testing.assert_allclose(out.values, OutOfFold.gather(tuple(expected), folds).values)
    if keep:
        for teacher, (_, test), part in zip(out.teachers, folds.splits, out.parts, strict=True):
            np.testing.assert_allclose(teacher.predict_proba(X[test]), part)


def test_a_failing_shared_fold_is_named(binary):
    X, y = binary
    X = np.column_stack([X, np.repeat([0.0, 1.0], 150)])
    part = np.arange(150, 300)
    folds = make_folds([(part, np.arange(50)), (part, np.arange(50, 150))], X, y)
    with pytest.raises(TeacherError, match=r"failed on fold 0 of 2 \(counted from 0\)"):
        cross_fit(CountingTeacher(fails_on=0.0), X, y, folds)


class Spy(ClassifierMixin, BaseEstimator):
    """Records what its fit is given, and orders its classes backwards."""

    def __init__(self, seen):
        self.seen = seen

    def __deepcopy__(self, memo):
        return self

    def fit(self, X, y, sample_weight=None, name=None):
        self.seen.append((np.asarray(X), np.asarray(y), sample_weight, name))
        self.inner_ = LogisticRegression().fit(X, y, sample_weight)
        self.classes_ = self.inner_.classes_[::-1]
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)[:, ::-1]


class Seen(list):
    """A list that clones share."""

    def __deepcopy__(self, memo):
        return self


def test_the_teacher_gets_original_labels_its_rows_of_the_metadata_and_columns_are_sorted(
    multiclass_str,
):
    X, y = multiclass_str
    weight = np.linspace(0.5, 1.5, len(y))
    seen = Seen()
    folds = make_folds(3, X, y, random_state=0)
    params = {"sample_weight": weight, "name": "constant"}
    out = cross_fit(Spy(seen), X, y, folds, params=params)
    assert len(seen) == 3
    for (train, _), (rows, labels, weights, name) in zip(folds.splits, seen, strict=True):
        np.testing.assert_array_equal(rows, X[train])
        np.testing.assert_array_equal(labels, y[train])
        np.testing.assert_array_equal(weights, weight[train])
        assert name == "constant"
    codes = np.unique(y, return_inverse=True)[1]
    assert np.mean(out.values.argmax(axis=1) == codes) > 0.6


def test_class_weights_by_name_reach_the_teacher(binary_str):
    X, y = binary_str
    folds = make_folds(3, X, y, random_state=0)
    plain = cross_fit(LogisticRegression(), X, y, folds).values
    heavy = cross_fit(LogisticRegression(class_weight={"yes": 9.0}), X, y, folds).values
    assert heavy[:, 1].mean() > plain[:, 1].mean() + 0.1


class Moody(ClassifierMixin, BaseEstimator):
    """Fails where row number `row` is among the training rows' first feature."""

    def __init__(self, absent, error=RuntimeError):
        self.absent = absent
        self.error = error

    def fit(self, X, y):
        if self.absent not in X[:, 0]:
            raise self.error("no bread")
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("error", [RuntimeError, TypeError])
def test_a_failing_teacher_is_said_with_its_fold(error, n_jobs):
    X = np.arange(20.0)[:, None]
    y = np.tile([0, 1], 10)
    folds = make_folds(KFold(5), X, y)
    with pytest.raises(TeacherError, match=r"Moody failed on fold 2 of 5.*no bread") as caught:
        cross_fit(Moody(9.0, error), X, y, folds, n_jobs=n_jobs)
    assert isinstance(caught.value, TypeError) == (error is TypeError)
    assert caught.value.__cause__ is not None


class Broken(ClassifierMixin, BaseEstimator):
    """Gives whatever it is told for probabilities."""

    def __init__(self, p):
        self.p = p

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.tile(self.p, (len(X), 1))


@pytest.mark.parametrize(
    ("p", "error", "message"),
    [
        ([0.5, np.nan], InputError, "finite"),
        ([1.5, -0.5], InputError, "not negative"),
        ([0.5, 0.1], InputError, "sum to one"),
        ([0.2, 0.3, 0.5], TeacherError, "one column for each"),
    ],
)
def test_no_probabilities_are_refused(binary, p, error, message):
    X, y = binary
    with pytest.raises(error, match=message):
        cross_fit(Broken(p), X, y, make_folds(3, X, y))


# Folds


def test_integer_folds_are_stratified_shuffled_and_repeatable(binary):
    X, y = binary
    first, again = (make_folds(5, X, y, random_state=0) for _ in range(2))
    assert first.is_partition
    assert len(first) == 5
    for (a, b), (c, d) in zip(first.splits, again.splits, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)
        assert abs(y[b].mean() - y.mean()) < 0.05
    other = make_folds(5, X, y, random_state=1)
    assert not np.array_equal(first.fold, other.fold)
    assert not np.all(np.diff(first.fold) >= 0)


@pytest.mark.parametrize("n_repeats", [1, 2])
def test_no_group_is_split(binary, n_repeats):
    X, y = binary
    groups = np.arange(len(y)) // 5
    folds = make_folds(4, X, y, groups=groups, n_repeats=n_repeats, random_state=0)
    assert len(folds) == 4 * n_repeats
    for train, test in folds.splits:
        assert not np.intersect1d(groups[train], groups[test]).size
    by_splitter = make_folds(GroupKFold(4), X, y, groups=groups)
    for train, test in by_splitter.splits:
        assert not np.intersect1d(groups[train], groups[test]).size


def test_splits_as_masks_and_generators(binary):
    X, y = binary
    splits = list(KFold(3).split(X))
    masks = [(~np.isin(np.arange(len(y)), t), np.isin(np.arange(len(y)), t)) for _, t in splits]
    for cv in (masks, (s for s in splits)):
        for got, expected in zip(make_folds(cv, X, y).splits, splits, strict=True):
            np.testing.assert_array_equal(got[0], expected[0])
            np.testing.assert_array_equal(got[1], expected[1])


def test_no_cv_is_five_folds(binary):
    X, y = binary
    five = make_folds(5, X, y, random_state=0).splits
    for got, expected in zip(make_folds(None, X, y, random_state=0).splits, five, strict=True):
        np.testing.assert_array_equal(got[1], expected[1])


def test_a_list_of_splits_follows_the_rows_that_are_kept(binary):
    X, y = binary
    kept = np.arange(0, len(y), 2)
    splits = list(KFold(3).split(X))
    folds = make_folds(splits, X[kept], y[kept], kept=kept, n_given=len(y))
    for (_, test), (_, given) in zip(folds.splits, splits, strict=True):
        np.testing.assert_array_equal(kept[test], given[given % 2 == 0])


@pytest.mark.parametrize(
    ("cv", "options", "error", "message"),
    [
        (1, {}, ParameterError, "at least 2"),
        (True, {}, ParameterError, "cv must be an integer"),
        ("five", {}, ParameterError, "cv must be an integer"),
        (2.5, {}, ParameterError, "cv must be an integer"),
        (500, {}, FoldError, r"cv=500 needs at least 500 rows of every class.*0 \(\d+\)"),
        (KFold(3), {"n_repeats": 2}, ParameterError, "RepeatedStratifiedKFold"),
        (5, {"n_repeats": 0}, ParameterError, "n_repeats"),
        ([], {}, FoldError, "at least one"),
        ([(1, 2, 3)], {}, FoldError, "pair"),
        ([([0, 1], [1, 2])], {}, FoldError, "1 rows in both"),
        ([([], [1, 2])], {}, FoldError, "non-empty"),
        ([([0.5, 1.0], [2, 3])], {}, FoldError, "integer training rows"),
        ([(list(range(10)), [999])], {}, FoldError, r"outside 0\.\.299: got 999"),
        ([([0, 1], [-1, 2])], {}, FoldError, "outside"),
        ([([0, 1], [2])], {"groups": np.zeros(300)}, ParameterError, "groups have no effect"),
    ],
)
def test_folds_that_cannot_be_used_raise(binary, cv, options, error, message):
    X, y = binary
    with pytest.raises(error, match=message):
        make_folds(cv, X, y, **options)


def test_a_class_missing_from_training_rows_is_named():
    X, y = np.zeros((6, 1)), np.array(["a", "a", "b", "b", "c", "c"])
    with pytest.raises(FoldError, match="fold 1 has no training row of class 'b'"):
        make_folds([([2, 4, 5, 0], [1]), ([0, 4], [2])], X, y)


def test_share_of_duplicates_across_folds(binary):
    X, y = binary
    assert duplicate_share(X, make_folds(KFold(2), X, y)) == 0.0
    twins = X.copy()
    twins[299] = twins[0]  # the other half
    twins[1] = twins[2]  # the same half: no leak
    assert duplicate_share(twins, make_folds(KFold(2), twins, y)) == pytest.approx(2 / 300)


# Threads


def test_thread_counts_are_lowered_wherever_they_stand():
    stack = StackingClassifier(
        [("rf", RandomForestClassifier(n_jobs=-1)), ("knn", KNeighborsClassifier(n_jobs=8))]
    )
    bound_threads(stack, 2)
    assert stack.estimators[0][1].n_jobs == 2
    assert stack.estimators[1][1].n_jobs == 2
    assert stack.n_jobs is None  # one thread to scikit-learn
    one = RandomForestClassifier(n_jobs=1)
    bound_threads(one, 2)
    assert one.n_jobs == 1


def test_learners_that_take_all_cores_by_default_are_bounded():
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier()
    bound_threads(model, 3)
    assert model.n_jobs == 3


def test_folds_times_threads_stay_within_the_cores(monkeypatch):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    monkeypatch.setattr(joblib, "effective_n_jobs", lambda n: 8 if n == -1 else n or 1)
    assert thread_budget(None, 5) is None
    assert thread_budget(1, 5) is None
    assert thread_budget(4, 5) == 2
    assert thread_budget(-1, 5) == 1
    assert thread_budget(4, 2) == 4


def test_columns_of_text_are_told_with_what_to_do(binary):
    X, y = binary
    text = np.asarray(X).astype(str)
    text[:, 0] = "Oslo"
    folds = make_folds(3, text, y, random_state=0)
    with pytest.raises(TeacherError, match=r"could not convert string.*skrub\.TableVectorizer"):
        cross_fit(DecisionTreeClassifier(max_depth=2), text.astype(object), y, folds)
