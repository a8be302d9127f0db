"""Models whose word is changed afterwards: thresholds, calibration, targets turned back."""

import numpy as np
import pytest
from scipy import special
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from skdistill import DistilledClassifier, DistilledQuantiles
from skdistill.exceptions import ExportError
from skdistill.export import to_c, to_sql
from skdistill.export.pieces import Rows
from skdistill.export.reading import read
from tests.export.students import (
    BOOSTED,
    BOOSTED_NUMBERS,
    CLASSIFIERS,
    LABELS,
    REGRESSORS,
    classes,
    fitted,
    numbers,
    proved,
    rows,
)


@pytest.mark.parametrize("positive", ["no", "yes", None])
@pytest.mark.parametrize("threshold", ["auto", 0.3, 0.8])
@pytest.mark.parametrize("name", ["tree", "logistic"])
def test_a_fixed_threshold(name, threshold, positive):
    X = rows()
    y = np.array(["no", "yes"])[classes(X, 2)]
    model = FixedThresholdClassifier(CLASSIFIERS[name], threshold=threshold, pos_label=positive)
    model = fitted(model, X, y)
    if threshold == 0.8:
        by_probability = model.classes_[model.predict_proba(X).argmax(axis=1)]
        assert (model.predict(X) != by_probability).any()
    proved(model, X)


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("name", ["logistic", "soft logistic", "boosting"])
def test_a_threshold_of_scores(name, positive):
    X = rows()
    model = FixedThresholdClassifier(
        CLASSIFIERS[name], threshold=0.4, pos_label=positive, response_method="decision_function"
    )
    proved(fitted(model, X, classes(X, 2)), X)


def test_a_probability_on_the_threshold_is_positive():
    X = np.repeat([[0.0], [1.0]], 4, axis=0)
    y = [0, 0, 0, 1, 0, 0, 1, 1]
    for positive, threshold in ((1, 0.5), (0, 0.5), (0, 0.75), (1, 0.25)):
        model = FixedThresholdClassifier(
            CLASSIFIERS["stump"], threshold=threshold, pos_label=positive
        )
        model = fitted(model, X, y)
        assert (model.predict_proba(X)[:, positive] == threshold).any()
        proved(model, X)


@pytest.mark.parametrize("positive", ["no", "yes"])
def test_a_tuned_threshold(positive):
    X = rows()
    y = np.array(["no", "yes"])[classes(X, 2)]
    scoring = make_scorer(f1_score, pos_label=positive)
    model = TunedThresholdClassifierCV(CLASSIFIERS["tree"], scoring=scoring, cv=3, random_state=0)
    model = fitted(model, X, y)
    assert model.best_threshold_ != 0.5
    proved(model, X)


def test_a_threshold_over_a_distilled_classifier():
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"], REGRESSORS["tree"], strength=0.5, cv=3, random_state=0
    )
    proved(FixedThresholdClassifier(model, threshold=0.2).fit(X, classes(X, 2)), X)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("name", ["tree", "logistic", "boosting", "histograms"])
def test_calibration(name, ensemble, n_classes):
    X = rows()
    y = np.array(LABELS[n_classes])[classes(X, n_classes)]
    learner = (CLASSIFIERS | BOOSTED)[name]
    proved(fitted(CalibratedClassifierCV(learner, cv=3, ensemble=ensemble), X, y), X)


def test_calibration_of_what_is_fitted():
    X = rows()
    y = classes(X, 2)
    for model in (CLASSIFIERS["tree"], make_pipeline(StandardScaler(), CLASSIFIERS["logistic"])):
        frozen = FrozenEstimator(fitted(model, X, y))
        proved(fitted(CalibratedClassifierCV(frozen, cv=3), X, y), X)


INVERSES = [(np.log, np.exp), (np.log1p, np.expm1), (special.log1p, special.expm1)]
INVERSES += [(np.sqrt, np.square), (None, None)]


@pytest.mark.parametrize("name", ["tree", "ridge"])
@pytest.mark.parametrize("there_and_back", INVERSES, ids=str)
def test_a_target_turned_back_by_a_function(there_and_back, name):
    X = rows()
    func, inverse = there_and_back
    model = TransformedTargetRegressor(REGRESSORS[name], func=func, inverse_func=inverse)
    proved(fitted(model, X, numbers(X)), X)


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        RobustScaler(),
        RobustScaler(with_centering=False),
        RobustScaler(with_scaling=False),
        MinMaxScaler(),
        MaxAbsScaler(),
    ],
    ids=str,
)
def test_a_target_turned_back_by_a_scaler(scaler):
    X = rows()
    model = TransformedTargetRegressor(REGRESSORS["tree"], transformer=scaler)
    proved(fitted(model, X, numbers(X)), X)


@pytest.mark.parametrize(
    "levels", [0.3, (0.5,), (0.1, 0.9), (0.05, 0.5, 0.95), (0.1, 0.2, 0.6, 0.7, 0.9)]
)
def test_quantiles_increase_in_every_row(levels):
    X = rows()
    said = np.sort(np.random.RandomState(0).normal(size=(len(X), np.size(levels))), axis=1)
    model = DistilledQuantiles(
        None, BOOSTED_NUMBERS["lightgbm quantile"], quantiles=levels, strength=0.5, cv=3
    )
    model.fit(X, numbers(X), teacher_quantiles=said if np.ndim(levels) else said[:, 0])
    raw = np.column_stack([each.predict(X) for each in model.students_])
    assert np.size(levels) < 5 or (np.diff(raw, axis=1) < 0).any()
    proved(model, X)


@pytest.mark.parametrize("export", [to_sql, to_c])
def test_quantiles_and_targets_in_other_formats(export):
    X = rows()
    model = TransformedTargetRegressor(REGRESSORS["tree"], func=np.sqrt, inverse_func=np.square)
    assert export(fitted(model, X, numbers(X)), X).largest_difference < 1e-14
    quantiles = DistilledQuantiles(
        None, BOOSTED_NUMBERS["lightgbm quantile"], strength=0.5, cv=3, random_state=0
    )
    said = np.random.RandomState(0).normal(size=(len(X), 3))
    quantiles.fit(X, numbers(X), teacher_quantiles=np.sort(said, axis=1))
    assert export(quantiles, X).largest_difference < 1e-14


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (CalibratedClassifierCV(CLASSIFIERS["tree"], method="isotonic", cv=3), "method='isotonic'"),
        (
            TransformedTargetRegressor(REGRESSORS["tree"], transformer=PowerTransformer()),
            "inverse of PowerTransformer",
        ),
        (
            TransformedTargetRegressor(REGRESSORS["tree"], func=np.arctan, inverse_func=np.tan),
            "inverse_func='tan'",
        ),
        (
            FixedThresholdClassifier(
                CalibratedClassifierCV(LogisticRegression(), cv=3), threshold=0.2
            ),
            None,
        ),
    ],
)
def test_what_no_file_has_is_named(model, said):
    X = rows()
    model = fitted(model, X, classes(X, 2) + (0.0 if said is None or "meth" in said else 0.5))
    if said is None:
        proved(model, X)
        return
    with pytest.raises(ExportError, match=said):
        read(model, Rows(6))
