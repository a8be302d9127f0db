"""The boosters' own files: what a plain reload predicts is what the model predicts."""

import numpy as np
import pytest
from lightgbm import Booster, Dataset, LGBMClassifier, train
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import CrossEntropy, DistilledClassifier, DistilledRegressor
from skdistill.exceptions import ExportError
from skdistill.export import to_lightgbm, to_xgboost
from skdistill.students import TemperedClassifier
from tests.export.students import (
    BOOSTED,
    BOOSTED_NUMBERS,
    CLASSIFIERS,
    LABELS,
    QUIET,
    REGRESSORS,
    classes,
    numbers,
    rows,
)


def distilled(student, X, y, **settings):
    model = DistilledClassifier(
        CLASSIFIERS["logistic"], student, strength=0.5, cv=3, random_state=0, **settings
    )
    return model.fit(X, y)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_lightgbm_text(n_classes, temperature, tmp_path):
    X = rows()
    X[::7, 2] = np.nan
    y = np.array(LABELS[n_classes])[classes(rows(), n_classes)]
    loss = CrossEntropy(temperature=temperature)
    teacher = BOOSTED["histograms"]
    model = DistilledClassifier(
        teacher, BOOSTED["lightgbm"], strength=0.5, cv=3, random_state=0, loss=loss
    )
    exported = to_lightgbm(model.fit(X, y), X, path=tmp_path / "student.txt")
    assert exported.largest_difference == 0.0
    said = Booster(model_file=tmp_path / "student.txt").predict(X)
    said = np.column_stack([1 - said, said]) if n_classes == 2 else said
    assert np.array_equal(said, model.predict_proba(X))


@pytest.mark.parametrize("name", ["lightgbm", "lightgbm forest"])
def test_a_temperature_around_is_written_into_the_leaves(name):
    X = rows()
    model = TemperedClassifier(clone(BOOSTED[name]).fit(X, classes(X, 2)), 2.0)
    said = Booster(model_str=to_lightgbm(model, X).content.decode()).predict(X)
    np.testing.assert_allclose(said, model.predict_proba(X)[:, 1], rtol=0, atol=1e-14)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_a_reloaded_text_can_be_fitted_on(n_classes):
    """Its parameters name the objective, too: `refit` and `train` go by them."""
    X = rows()
    y = classes(X, n_classes)
    text = to_lightgbm(distilled(BOOSTED["lightgbm"], X, y), X).content.decode()
    assert "custom" not in text
    booster = Booster(model_str=text)
    again = booster.refit(X, y).predict(X)
    assert again.shape == booster.predict(X).shape
    assert train(booster.params, Dataset(X, y), 2).predict(X).shape == again.shape


def test_lightgbm_of_numbers():
    X = rows()
    model = DistilledRegressor(
        REGRESSORS["poisson"],
        BOOSTED_NUMBERS["lightgbm poisson"],
        strength=0.5,
        cv=3,
        random_state=0,
    )
    assert to_lightgbm(model.fit(X, numbers(X)), X).largest_difference == 0.0


def test_frames_with_categories():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(rows(), columns=list("abcdef"))
    X["f"] = pd.Categorical(np.array(["x", "y", "z"])[np.arange(len(X)) % 3])
    model = LGBMClassifier(num_leaves=6, n_estimators=3, **QUIET).fit(X, classes(rows(), 2))
    assert to_lightgbm(model, X).largest_difference == 0.0


def refused(export, model, X, said):
    with pytest.raises(ExportError, match=said):
        export(model, X)


def test_what_a_booster_has_no_place_for_is_named():
    X = rows()
    y = classes(X, 2)
    refused(to_lightgbm, distilled(CLASSIFIERS["tree"], X, y), X, "DecisionTreeClassifier is no")
    refused(to_lightgbm, distilled(BOOSTED_NUMBERS["lightgbm"], X, y), X, "Decoder.loss=Brier")
    piped = make_pipeline(StandardScaler(), clone(BOOSTED["lightgbm"])).fit(X, y)
    refused(to_lightgbm, piped, X, "Pipeline is no estimator of lightgbm")
    each = LGBMClassifier(num_leaves=4, n_estimators=2, objective="multiclassova", **QUIET)
    hot = TemperedClassifier(each.fit(X, classes(X, 5)), 2.0)
    refused(to_lightgbm, hot, X, "temperature 2.0 is undone around")
    early = LGBMClassifier(num_leaves=4, n_estimators=2, pred_early_stop=True, **QUIET)
    refused(to_lightgbm, early.fit(X, y), X, "pred_early_stop")


class TestXGBoost:
    """XGBoost's UBJSON."""

    @pytest.fixture(autouse=True)
    def _package(self):
        self.xgboost = pytest.importorskip("xgboost")

    @pytest.mark.parametrize("temperature", [1.0, 2.0])
    @pytest.mark.parametrize("n_classes", [2, 5])
    def test_classifiers(self, n_classes, temperature, tmp_path):
        X = rows()
        y = np.array(LABELS[n_classes])[classes(X, n_classes)]
        student = self.xgboost.XGBClassifier(n_estimators=4, max_depth=3, n_jobs=1)
        model = distilled(student, X, y, loss=CrossEntropy(temperature=temperature))
        place = tmp_path / "student.ubj"
        exported = to_xgboost(model, X, path=place)
        assert exported.largest_difference <= (0.0 if temperature == 1.0 else 1e-6)
        said = self.xgboost.Booster(model_file=place).predict(self.xgboost.DMatrix(X))
        said = np.column_stack([1 - said, said]) if n_classes == 2 else said
        np.testing.assert_allclose(said, model.predict_proba(X), rtol=0, atol=1e-6)

    @pytest.mark.parametrize("objective", ["reg:squarederror", "count:poisson"])
    def test_regressors(self, objective):
        X = rows()
        model = self.xgboost.XGBRegressor(n_estimators=3, n_jobs=1, objective=objective)
        assert to_xgboost(model.fit(X, numbers(X)), X).largest_difference == 0.0

    def test_another_learner_is_refused(self):
        X = rows()
        model = clone(BOOSTED["lightgbm"]).fit(X, classes(X, 2))
        refused(to_xgboost, model, X, "LGBMClassifier is no estimator of xgboost")
