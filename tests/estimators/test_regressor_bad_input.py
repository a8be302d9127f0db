"""What `DistilledRegressor` refuses, and what it says: teachers, their answers, y, losses."""

import json
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    IsolationForest,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from skdistill import Brier, DistilledClassifier, DistilledRegressor, Poisson
from skdistill.exceptions import InputError, ParameterError, TeacherError
from skdistill.targets.numeric import NUMERIC_LOSSES
from skdistill.targets.numeric_losses import resolve_numeric_loss

RNG = np.random.default_rng(0)
X = np.round(RNG.normal(size=(60, 3)), 2)
Y = X[:, 0] + RNG.normal(size=60)
TWO = np.column_stack([Y, X[:, 1] + RNG.normal(size=60)])
FOLDS = [(np.setdiff1d(np.arange(60), test), test) for test in np.arange(60).reshape(3, 20)]
TREE = DecisionTreeRegressor(max_depth=2, random_state=0)


def fit(teacher, y=Y, student=TREE, teacher_pred=None, **settings):
    settings = {"cv": FOLDS, "strength": 0.5, "calibration": None} | settings
    return DistilledRegressor(teacher, student, **settings).fit(X, y, teacher_pred=teacher_pred)


def refuses(error, call, *patterns):
    """Check the error and its message."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    for pattern in patterns:
        assert re.search(pattern, message, flags=re.DOTALL), f"{pattern!r} not in {message!r}"


# Teachers


@pytest.mark.parametrize(
    ("teacher", "got"),
    [
        (KMeans(3), "the clusterer KMeans, which predicts no values of y: use a regressor"),
        (IsolationForest(), "the outlier detector IsolationForest"),
        (make_pipeline(StandardScaler(), KMeans(3)), "the clusterer Pipeline"),
        (GridSearchCV(KMeans(), {"n_clusters": [2]}), "the clusterer GridSearchCV"),
        (TransformedTargetRegressor(KMeans()), "the clusterer KMeans in TransformedTarget"),
        ([("a", Ridge()), ("b", KMeans())], "'b' cannot be used.*the clusterer KMeans"),
        (
            StackingRegressor([("a", LogisticRegression())]),
            "the classifier LogisticRegression in StackingRegressor.*DistilledClassifier",
        ),
    ],
    ids=lambda value: re.sub(r"\s+", "", str(value))[:40],
)
def test_what_predicts_no_values_of_y_is_no_teacher(teacher, got):
    refuses(TeacherError, lambda: fit(teacher), "must be a regressor, got", got)


def test_a_mixture_is_no_teacher_of_classes():
    model = DistilledClassifier(GaussianMixture(2), LogisticRegression())
    refuses(
        TeacherError,
        lambda: model.fit(X, Y > 0.0),
        "must be a classifier, got the density estimator GaussianMixture",
    )


STACK = StackingRegressor([("a", Ridge()), ("b", TREE)], cv=2)
OF_SEVERAL = {
    "search": GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2),
    "search of forests": RandomizedSearchCV(
        RandomForestRegressor(3), {"max_depth": [2]}, n_iter=1, cv=2
    ),
    "network": MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", tol=10.0),
    "bagging": BaggingRegressor(n_estimators=3),
    "bagged lines": BaggingRegressor(Ridge(), n_estimators=3),
    "scaled search": TransformedTargetRegressor(GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2)),
    "pipeline": make_pipeline(StandardScaler(), GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2)),
    "stack for each": MultiOutputRegressor(clone(STACK).set_params(final_estimator=Ridge())),
}


@pytest.mark.parametrize("name", OF_SEVERAL)
def test_teachers_of_several_outputs_that_do_not_say_so(name):
    assert fit(OF_SEVERAL[name], y=TWO).teacher_pred_.shape == (60, 2)


@pytest.mark.parametrize(
    "teacher",
    [
        SVR(),
        STACK,
        VotingRegressor([("a", Ridge())]),
        [("a", Ridge()), ("b", TREE)],
        GridSearchCV(SVR(), {"C": [1.0]}),
        make_pipeline(StandardScaler(), SVR()),
        BaggingRegressor(SVR()),
    ],
    ids=lambda value: re.sub(r"\s+", "", str(value))[:40],
)
def test_teachers_of_one_output_are_refused_for_several(teacher):
    refuses(TeacherError, lambda: fit(teacher, y=TWO), "y has 2 columns.*MultiOutputRegressor")


def test_a_stack_teaches():
    model = fit(STACK)
    assert np.isfinite(model.teacher_pred_).all()


class Odd(RegressorMixin, BaseEstimator):
    """A line that answers as it is told to."""

    def __init__(self, how):
        self.how = how

    def fit(self, X, y, sample_weight=None):
        self.line_ = LinearRegression().fit(X, y, sample_weight)
        return self

    def predict(self, X):
        said = np.asarray(self.line_.predict(X))
        at = np.flatnonzero(np.asarray(X)[:, 0] == self.line_.n_features_in_ - 10.0)
        if self.how in ("nan", "inf"):
            said[at] = float(self.how)
        return {
            "few": said[:-2],
            "text": np.array(["high"] * len(said)),
            "objects": np.array([{}] * len(said)),
            "complex": said + 1j,
            "none": None,
            "scalar": 3.0,
            "wide": np.column_stack([said, said]),
            "cube": said[:, None, None],
        }.get(self.how, said)


ODD = {
    "few": (InputError, r"of Odd on fold 0 of 3 must have shape \(20,\).*got shape \(18, 1\)"),
    "text": (TeacherError, "fold 0 of 3.*predict of Odd must give numbers, got.*'high'"),
    "objects": (TeacherError, "must give numbers"),
    "complex": (TeacherError, "must give numbers"),
    "none": (TeacherError, "fold 0 of 3.*must give"),
    "scalar": (TeacherError, "fold 0 of 3.*must give one number"),
    "wide": (TeacherError, r"fold 0 of 3.*one number.*got shape \(20, 2\)"),
    "cube": (TeacherError, "fold 0 of 3.*one number"),
}


@pytest.mark.parametrize("how", ODD)
def test_a_teacher_that_answers_something_else(how):
    error, text = ODD[how]
    refuses(error, lambda: fit(Odd(how)), text)


@pytest.mark.parametrize("how", ["nan", "inf"])
def test_numbers_that_are_none_are_said_with_fold_and_row(how):
    """Rows by the caller's count, also where some have no weight."""
    rows = X.copy()
    rows[[27, 31], 0] = -7.0  # where it says so
    weight = np.where(np.arange(60) == 3, 0.0, 1.0)
    model = DistilledRegressor(Odd(how), TREE, cv=FOLDS, strength=0.5)
    for given in (None, weight):
        refuses(
            InputError,
            lambda given=given: model.fit(rows, Y, given),
            rf"of Odd on fold 1 of 3 must be finite, got \[{how}\] in row 27 \(2 such rows\)",
        )


def test_probabilities_that_are_none_are_said_with_fold_and_row():
    class Unsure(LogisticRegression):
        def predict_proba(self, X):
            p = super().predict_proba(X)
            p[np.asarray(X)[:, 0] == -7.0] = np.nan
            return p

    rows = X.copy()
    rows[27, 0] = -7.0
    weight = np.where(np.arange(60) == 3, 0.0, 1.0)
    model = DistilledClassifier(Unsure(), LogisticRegression(), cv=FOLDS, strength=0.5)
    refuses(
        InputError,
        lambda: model.fit(rows, Y > 0, weight),
        r"of Unsure on fold 1 of 3 must be probabilities \(finite\).*in row 27 \(1 such",
    )


# y

DAYS = np.arange(60).astype("M8[D]")
KINDS = {
    "sparse": (sp.csr_array(Y[:, None]), r"sparse one: pass y\.toarray"),
    "ragged": ([[1.0], [2.0, 3.0]] * 30, "as many numbers in every row"),
    "empty": ([], r"shape \(0,\)"),
    "no outputs": (np.empty((60, 0)), r"shape \(60, 0\): give a number for each row"),
    "one number": (np.float64(3.0), r"shape \(\)"),
    "text": (Y.astype(str), r"text.*pandas\.to_numeric.*DistilledClassifier"),
    "text among numbers": (np.array([*Y[:59], "1.0"], dtype=object), "text"),
    "late text": (np.array([*np.tile(Y, 20)[:1199], "1.0"], dtype=object), "text"),
    "dates": (DAYS, "count from a start"),
    "spans": (DAYS - DAYS[0], "count from a start"),
    "dates of pandas": (pd.Series(DAYS), "count from a start"),
    "dates as objects": (DAYS.astype(object), "date: count from a start"),
    "complex": (Y + 1j, "complex128: give real and imaginary part as two outputs"),
    "mappings": (np.array([{}] * 60), "dict: make floats"),
    "masked": (np.ma.array(Y, mask=np.arange(60) == 4), "no masked entries, got 1"),
    "missing": (pd.Series([None, *Y[1:]], dtype=object), r"in row 0 \(1 such rows\): drop"),
    "NA": (np.array([pd.NA, *Y[1:]], dtype=object), "NAType.*drop the rows without a number"),
    "too large": ([10**400] * 60, "finite.*another unit"),
    "generator": ((each for each in Y), "pass a list"),
    "mapping": (dict.fromkeys(range(60), 1.0), "pass a list"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_y_that_is_no_numbers(kind):
    y, text = KINDS[kind]
    refuses(InputError, lambda: fit(Ridge(), y=y), "^y must", text)


@pytest.mark.parametrize(
    "y",
    [
        Y.astype(object),
        Y > 0.0,
        pd.Series(Y).convert_dtypes(),
        [Decimal(each) for each in Y.tolist()],
        Y.astype(np.float16),
        pd.DataFrame(TWO),
    ],
    ids=["objects", "booleans", "nullable", "decimals", "half", "frame"],
)
def test_numbers_of_any_kind_will_do(y):
    plain = np.asarray(y, dtype=np.float64)
    assert_array_equal(fit(Ridge(), y=y).predict(X), fit(Ridge(), y=plain).predict(X))


def test_a_column_is_taken_with_the_warning_of_scikit_learn():
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = fit(Ridge(), y=Y[:, None])
    assert model.predict(X).shape == (60,)


@pytest.mark.parametrize(
    ("student", "wanted", "first", "n_bad"),
    [(PoissonRegressor(), "at least 0", -2.0, 1), (GammaRegressor(), "positive", -2.0, 2)],
    ids=["poisson", "gamma"],
)
@pytest.mark.parametrize("teacher", ["fitted", "given"])
def test_a_loss_that_is_not_defined_names_the_callers_rows(student, wanted, first, n_bad, teacher):
    """A row without weight may be anything, and counts in no number of a row."""
    y = np.abs(Y) + 0.1
    y[[5, 9, 40]] = -1.0, first, 0.0
    weight = np.where(np.isin(np.arange(60), [0, 1, 5]), 0.0, 1.0)
    model = DistilledRegressor(Ridge() if teacher == "fitted" else None, student, cv=FOLDS)
    given = {} if teacher == "fitted" else {"teacher_pred": np.abs(Y) + 1.0}
    text = rf"must be {wanted} for loss .*got {first} in row 9 \({n_bad} such rows\).*SquaredError"
    refuses(InputError, lambda: model.fit(X, y, weight, **given), text)
    y[[9, 40]] = 1.0, 2.0
    assert np.isfinite(model.fit(X, y, weight, **given).predict(X)).all()


# Losses


@pytest.mark.parametrize("loss", ["brier", "cross_entropy", "logit", Brier()], ids=str)
def test_a_loss_of_classes_says_those_of_numbers(loss):
    text = "one of class probabilities.*'poisson'.*'auto'.*DistilledClassifier"
    refuses(ParameterError, lambda: fit(Ridge(), loss=loss), text)


@pytest.mark.parametrize("loss", [*NUMERIC_LOSSES, Poisson()], ids=str)
def test_a_loss_of_numbers_says_those_of_classes(loss):
    model = DistilledClassifier(LogisticRegression(), loss=loss)
    text = "one of numbers.*'brier', 'cross_entropy', 'logit'.*DistilledRegressor"
    refuses(ParameterError, lambda: model.fit(X, Y > 0.0), text)


def test_the_names_of_losses_are_those_there_are():
    assert [resolve_numeric_loss(name).name for name in NUMERIC_LOSSES] == list(NUMERIC_LOSSES)


# Reports


def test_a_report_is_json_also_where_a_score_is_none():
    """A constant y has no R2."""
    noisy = X[:, 0] + np.where(np.arange(60) % 2, 1.0, -1.0)
    model = fit(None, y=np.full(60, 2.0), teacher_pred=noisy)
    record = model.report_.to_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["teacher"]["raw"]["r2"] is None
    assert np.isnan(model.report_.teacher["raw"]["r2"])
