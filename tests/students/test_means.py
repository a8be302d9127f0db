"""Regressors as students: what does not estimate the mean is refused, whatever it is called."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, RandomForestRegressor, StackingRegressor
from sklearn.linear_model import LinearRegression, MultiTaskLasso, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import Brier, DistilledClassifier, Logit
from skdistill.exceptions import StudentError
from skdistill.students import resolve
from tests.common.data import sample
from tests.common.spies import CountingTeacher

pytestmark = pytest.mark.tries
DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])


class Foreign(RegressorMixin, BaseEstimator):
    """A learner of no known package: a statistic of the targets in each cell of a grid.

    Parameters
    ----------
    statistic : callable
        From the targets of a cell to the prediction; several numbers make several columns.
    criterion : object
        What it says of its loss; not looked at.
    shrink : float
        What the prediction is multiplied with.
    """

    fits = 0

    def __init__(self, statistic=np.mean, criterion=None, shrink=1.0):
        self.statistic = statistic
        self.criterion = criterion
        self.shrink = shrink

    def fit(self, X, y, sample_weight=None):
        type(self).fits += 1
        cells = np.floor(np.asarray(X)).astype(int)
        found = {}
        for cell in np.unique(cells, axis=0):
            found[tuple(cell)] = self.statistic(y[np.all(cells == cell, axis=1)])
        self.cells_, self.mean_ = found, self.statistic(y)
        return self

    def predict(self, X):
        cells = np.floor(np.asarray(X)).astype(int).tolist()
        return self.shrink * np.array([self.cells_.get(tuple(c), self.mean_) for c in cells])


def top_decile(y):
    return np.quantile(y, 0.9)


def three_quantiles(y):
    return np.quantile(y, [0.1, 0.5, 0.9])


def mean_of_logs(y):
    return np.expm1(np.mean(np.log1p(y)))


def mean_of_squares(y):
    return np.sqrt(np.mean(y**2))


def check(student):
    resolve(student).check(Brier(), 100, weighted=False)


def log_target(regressor=None):
    return TransformedTargetRegressor(regressor, func=np.log1p, inverse_func=np.expm1)


@pytest.mark.parametrize(
    ("student", "named"),
    [
        (Foreign(np.median), r"Foreign \(tried on labels 0 and 1 of mean 0.25 it predicts 0,"),
        (Foreign(np.median, shrink=0.9), "it predicts 0, on their mean itself 0.2"),
        (Foreign(top_decile), "it predicts 1,"),
        (Foreign(three_quantiles), "Foreign, which predicts 3 numbers a row"),
        (Foreign(mean_of_squares), "it predicts 0.5,"),
        (Foreign(criterion="mae"), "criterion='mae'"),
        (Foreign(criterion="Quantile:alpha=.5"), "criterion='Quantile"),
        (log_target(), "TransformedTargetRegressor, whose mean is that on another scale"),
        (TransformedTargetRegressor(Ridge(), transformer=QuantileTransformer()), "another scale"),
        (TransformedTargetRegressor(Foreign(np.median)), "Foreign"),
        # the learner inside that the predictions are made of
        (make_pipeline(StandardScaler(), Foreign(np.median)), "Foreign"),
        (make_pipeline(StandardScaler(), log_target(Ridge())), "TransformedTargetRegressor"),
        (BaggingRegressor(Foreign(np.median)), "Foreign"),
        (MultiOutputRegressor(log_target()), "TransformedTargetRegressor"),
        (RegressorChain(Foreign(np.median)), "Foreign"),
        (GridSearchCV(Foreign(np.median), {}), "Foreign"),
        (StackingRegressor([("a", Ridge())], final_estimator=Foreign(np.median)), "Foreign"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_what_is_no_mean_is_refused_before_any_fit(student, named):
    with pytest.raises(StudentError, match=rf"squared error.*mean of its target, got .*{named}"):
        check(student)
    fits = CountingTeacher.watch()
    data = DATA[3]
    with pytest.raises(StudentError, match="squared error"):
        DistilledClassifier(CountingTeacher(), student).fit(data.X, data.y)
    assert fits == []


@pytest.mark.parametrize(
    "student",
    [
        Foreign(),
        Foreign(shrink=0.1),  # however strongly it is regularised
        Foreign(criterion="a name of its own"),
        Foreign(criterion=type("MSELoss", (), {})),
        TransformedTargetRegressor(),
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
        TransformedTargetRegressor(Foreign()),
        StackingRegressor([("a", Foreign(np.median))], final_estimator=Ridge()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_a_mean_is_taken(student):
    check(student)


def test_a_scale_that_is_tried_finely():
    """A mean on another scale that is near the mean escapes a trial by rows."""
    check(Foreign(mean_of_logs))
    with pytest.raises(StudentError, match=r"of the labels 0, 0, 0, 1 it makes 0.189"):
        check(log_target())


class ForFrames(Foreign):
    """Cannot be fitted to what it is tried on."""

    def fit(self, X, y, sample_weight=None):
        if not hasattr(X, "columns"):
            raise TypeError("frames only")
        return super().fit(X, y)


class ForPositive(Foreign):
    def fit(self, X, y, sample_weight=None):
        if np.min(y) <= 0:
            raise ValueError("y must be positive")
        return super().fit(X, y)


def test_what_cannot_be_tried_is_told_by_name():
    check(ForFrames(np.median))
    with pytest.raises(StudentError, match="criterion='its own'"):
        check(ForFrames(criterion="its own"))


def test_labels_that_cannot_be_taken_are_known_before_any_fit():
    with pytest.raises(StudentError, match=r"fitted to the labels 0 and 1 \(y must be positive\)"):
        check(ForPositive())


class Bounded(Foreign):
    """As a binomial regression."""

    def fit(self, X, y, sample_weight=None):
        if np.min(y) < 0 or np.max(y) > 1:
            raise ValueError("y must be a share")
        return super().fit(X, y)


class Plain(Logit):
    """Another name of what `Brier` does."""

    def target(self, y, p, gain):
        return Brier().target(y, p, gain)

    def row_weight(self, p):
        return None

    def contrast(self, target):
        return target[:, 1]


@any_classes
@pytest.mark.parametrize(
    "student",
    [
        Bounded(),
        make_pipeline(StandardScaler(), Bounded()),
        BaggingRegressor(Bounded(), n_estimators=2),
        MultiOutputRegressor(Bounded()),
        GridSearchCV(Bounded(), {}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_targets_that_are_out_of_range_are_known_before_any_fit(n_classes, student):
    data = DATA[n_classes]
    fits = CountingTeacher.watch()
    said = r"loss='logit' has targets below 0.*Bounded.*\(ValueError: y must be a share\).*'brier'"
    with pytest.raises(StudentError, match=said):
        DistilledClassifier(CountingTeacher(), student, loss="logit").fit(data.X, data.y)
    assert fits == []
    resolve(student).check(Plain(), 100, weighted=False)
    DistilledClassifier(CountingTeacher(), student, loss="brier").fit(data.X, data.y)


def test_targets_of_any_size_are_taken():
    for student in (Foreign(), ForFrames(), Ridge(), BaggingRegressor(Foreign())):
        resolve(student).check(Logit(), 100, weighted=False)


class Loud(Foreign):
    def fit(self, X, y, sample_weight=None):
        np.random.random(3)  # noqa: NPY002
        warnings.warn("loud", stacklevel=1)
        return super().fit(X, y)


def test_trying_leaves_no_trace_and_is_done_once():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    learner = Loud(shrink=0.99)
    Loud.fits = 0
    for _ in range(3):
        check(clone(learner))
    assert Loud.fits == 1
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert vars(learner) == vars(Loud(shrink=0.99))
    check(Loud(shrink=0.98))
    assert Loud.fits == 2


# Learners that want a table of targets

TREE = DecisionTreeRegressor(max_depth=3, random_state=0)


@any_classes
@pytest.mark.parametrize(
    ("student", "plain"),
    [
        (MultiOutputRegressor(TREE), None),
        (RegressorChain(LinearRegression()), LinearRegression()),
        (MultiTaskLasso(alpha=0.01), None),
        (GridSearchCV(MultiOutputRegressor(Ridge()), {"estimator__alpha": [0.5]}), Ridge(0.5)),
        (make_pipeline(MultiTaskLasso(alpha=0.01)), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_learners_of_tables_are_students(n_classes, student, plain):
    data = DATA[n_classes]
    model = DistilledClassifier(None, student, strength=0.0, calibration=None)
    ours = model.fit(data.X, data.y, teacher_proba=data.teacher).predict_proba(data.X)
    target = data.teacher[:, 1:] if n_classes == 2 else data.teacher
    direct = clone(plain or student).fit(data.X, target).predict(data.X)
    direct = np.clip(direct, 0.0, None)
    if n_classes == 2:
        direct = np.column_stack([1.0 - np.clip(direct, 0.0, 1.0), np.clip(direct, 0.0, 1.0)])
    assert_allclose(ours, direct / direct.sum(axis=1, keepdims=True), atol=1e-9)


# Other packages, where they are installed


def test_quantile_forests():
    package = pytest.importorskip("quantile_forest")
    forest = package.RandomForestQuantileRegressor
    for quantiles in (0.5, [0.1, 0.5, 0.9]):
        with pytest.raises(StudentError, match="RandomForestQuantileRegressor"):
            check(forest(20, default_quantiles=quantiles, random_state=0))
    data = DATA[2]
    student = forest(20, default_quantiles="mean", random_state=0)
    model = DistilledClassifier(None, student, strength=0.0, calibration=None, size="free")
    ours = model.fit(data.X, data.y, teacher_proba=data.teacher).predict_proba(data.X)
    target = Brier().contrast(data.teacher)  # the last bit decides between equal splits
    for plain in (clone(student), RandomForestRegressor(20, random_state=0)):
        assert_allclose(ours[:, 1], plain.fit(data.X, target).predict(data.X))


def test_catboost_says_its_squared_error_in_several_words():
    package = pytest.importorskip("catboost")
    # Its own learning rate follows the iterations with RMSE alone: .5, and .03 with MultiRMSE.
    settings = {"iterations": 20, "learning_rate": 0.3, "verbose": 0, "allow_writing_files": False}
    for loss in (None, "RMSE", "MultiRMSE"):
        student = package.CatBoostRegressor(loss_function=loss, **settings)
        for data in DATA.values():
            model = DistilledClassifier(None, student, strength=0.0, calibration=None)
            p = model.fit(data.X, data.y, teacher_proba=data.teacher).predict_proba(data.X)
            assert np.mean(np.abs(p - data.teacher)) < 0.1
    for loss in ("MAE", "Quantile:alpha=0.5", "Huber:delta=1.0"):
        with pytest.raises(StudentError, match="loss_function="):
            check(package.CatBoostRegressor(loss_function=loss, **settings))
