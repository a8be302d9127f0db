"""Boosted students: LightGBM, XGBoost and histograms are read exactly, and shipped so."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import HistGradientBoostingClassifier

from skdistill import CrossEntropy, DistilledClassifier
from skdistill.exceptions import ExportError
from skdistill.export import to_onnx
from skdistill.export.numpy_run import choose, compute
from skdistill.export.pieces import Rows, Sums, every_piece
from skdistill.export.reading import read
from tests.export.students import (
    BOOSTED,
    BOOSTED_NUMBERS,
    CLASSIFIERS,
    LABELS,
    classes,
    fitted,
    installed,
    numbers,
    rows,
    say,
)


def check(model, X, tolerance=1e-13, *, prove=True):
    """Hold the pieces against the model, and where onnxruntime is there, the graph as well."""
    answer = read(model, Rows(X.shape[1]))
    expected = say(model, X)
    apart = np.abs(compute(answer.piece, X) - expected) / np.maximum(1.0, np.abs(expected))
    assert apart.max() <= tolerance
    if answer.classes is not None:
        assert np.array_equal(answer.classes[choose(answer.decision, X)], model.predict(X))
    if prove and installed("onnxruntime"):
        assert to_onnx(model, X).largest_difference <= tolerance


def with_gaps(X):
    X = X.copy()
    X[::3, 0] = X[1::4, 1] = X[5::7, 2] = np.nan
    return X


@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "gaps"])
@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", BOOSTED)
def test_classifiers(name, n_classes, gaps):
    X = rows()
    y = np.array(LABELS[n_classes])[classes(X, n_classes)]
    X = with_gaps(X) if gaps else X
    check(fitted(BOOSTED[name], X, y), X)


@pytest.mark.parametrize("name", BOOSTED_NUMBERS)
def test_regressors(name):
    X = rows()
    check(fitted(BOOSTED_NUMBERS[name], with_gaps(X), numbers(X)), with_gaps(X))


@pytest.mark.parametrize("n_classes", [2, 5])
def test_lightgbm_sets_of_categories(n_classes):
    rng = np.random.RandomState(0)
    X = rows(400)
    X[:, 3] = rng.randint(0, 70, 400)
    y = np.where(X[:, 3] % 3 == 0, 0, classes(X, n_classes))
    X[::9, 3] = np.nan
    model = LGBMClassifier(
        num_leaves=8, n_estimators=4, min_data_per_group=5, cat_smooth=1, verbose=-1, n_jobs=1
    ).fit(X, y, categorical_feature=[3])
    assert any(each.members for each in trees_of(model)), "no set was asked for"
    odd = X.copy()
    odd[:8, 3] = [-1.0, -0.5, 3.7, 69.999, 70.0, 1e9, np.nan, -0.0]
    check(model, odd)


def trees_of(model):
    pieces = every_piece(read(model, Rows(6)).piece)
    return [piece.trees for piece in pieces if isinstance(piece, Sums)]


def test_lightgbm_takes_numbers_next_to_zero_for_zero():
    X = np.random.RandomState(0).choice([-1.0, 0.0, 1.0], size=(200, 2))
    model = LGBMRegressor(num_leaves=4, n_estimators=2, verbose=-1, n_jobs=1).fit(
        X, X[:, 0] + X[:, 1] ** 2
    )
    tiny = [1e-300, 1e-36, 1.0000000180025095e-35, 1.1e-35]
    near = np.array([[sign * each, 0.0] for each in tiny for sign in (-1, 1)])
    check(model, np.vstack([near, X]))


@pytest.mark.parametrize("objective", ["cross_entropy", "multiclassova"])
def test_lightgbm_objectives_with_another_link(objective):
    X = rows()
    y = classes(X, 2 if objective == "cross_entropy" else 5)
    several = {} if objective == "cross_entropy" else {"num_class": 5}
    model = LGBMClassifier(
        num_leaves=5,
        n_estimators=3,
        objective=objective,
        sigmoid=1.0,
        verbose=-1,
        n_jobs=1,
        **several,
    )
    check(model.fit(X, y), X)


def test_another_sigmoid():
    X = rows()
    model = LGBMClassifier(num_leaves=5, n_estimators=3, sigmoid=0.5, verbose=-1, n_jobs=1)
    check(model.fit(X, classes(X, 2)), X)


def test_the_best_iteration_is_what_predicts():
    X = rows(300)
    y = classes(X, 2)
    from lightgbm import early_stopping

    model = LGBMClassifier(num_leaves=31, n_estimators=200, learning_rate=0.3, verbose=-1, n_jobs=1)
    model.fit(
        X[:150],
        y[:150],
        eval_X=X[150:],
        eval_y=y[150:],
        callbacks=[early_stopping(3, verbose=False)],
    )
    assert model.best_iteration_ < 200
    check(model, X)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize(
    "student", [BOOSTED["lightgbm"], BOOSTED["histograms"], BOOSTED_NUMBERS["lightgbm"]]
)
def test_distilled(student, n_classes, temperature):
    X = rows()
    loss = CrossEntropy(temperature=temperature)
    model = DistilledClassifier(
        CLASSIFIERS["logistic"], student, strength=0.5, loss=loss, cv=3, random_state=0
    )
    check(model.fit(X, classes(X, n_classes)), X)


def test_one_number_for_each_class_and_a_decode_step():
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"],
        BOOSTED_NUMBERS["lightgbm"],
        strength=0.5,
        loss="brier",
        cv=3,
        random_state=0,
    )
    check(model.fit(X, classes(X, 5)), X)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"linear_tree": True}, "linear_tree"),
        ({"zero_as_missing": True}, "zero_as_missing"),
        ({"pred_early_stop": True}, "pred_early_stop"),
    ],
)
def test_lightgbm_settings_that_no_file_has(setting, said):
    X = rows()
    X[::3, 0] = 0.0
    model = LGBMClassifier(num_leaves=5, n_estimators=3, verbose=-1, n_jobs=1, **setting)
    model.fit(X, classes(X, 2))
    with pytest.raises(ExportError, match=said):
        read(model, Rows(6))


def test_an_objective_of_ones_own_is_refused():
    X = rows()

    def objective(y, f):
        return f - y, np.ones_like(f)

    model = LGBMRegressor(num_leaves=5, n_estimators=3, objective=objective, verbose=-1, n_jobs=1)
    model.fit(X, numbers(X))
    with pytest.raises(ExportError, match="of your own"):
        read(model, Rows(6))


def test_categories_of_histograms_are_refused_by_name():
    X = rows()
    X[:, 3] = np.arange(len(X)) % 4
    model = HistGradientBoostingClassifier(max_iter=2, categorical_features=[3])
    with pytest.raises(ExportError, match="categorical_features of Hist"):
        read(model.fit(X, classes(X, 2)), Rows(6))


class TestXGBoost:
    """XGBoost computes in single precision, and so does its graph."""

    @pytest.fixture(autouse=True)
    def _package(self):
        self.xgboost = pytest.importorskip("xgboost")

    @pytest.mark.filterwarnings("ignore:.*XGBRFClassifier.* is deprecated:FutureWarning")  # in 3.4
    @pytest.mark.parametrize("n_classes", [2, 5])
    @pytest.mark.parametrize("kind", ["XGBClassifier", "XGBRFClassifier"])
    def test_classifiers(self, kind, n_classes):
        X = rows()
        model = getattr(self.xgboost, kind)(n_estimators=3, max_depth=3, random_state=0, n_jobs=1)
        y = classes(X, n_classes)
        check(model.fit(with_gaps(X), y), with_gaps(X), 1e-6)

    @pytest.mark.parametrize(
        "objective",
        ["reg:squarederror", "reg:absoluteerror", "count:poisson", "reg:gamma", "reg:tweedie"],
    )
    def test_regressors(self, objective):
        X = rows()
        model = self.xgboost.XGBRegressor(
            n_jobs=1, n_estimators=3, max_depth=3, objective=objective
        )
        check(model.fit(with_gaps(X), numbers(X)), with_gaps(X), 1e-6)

    def test_several_outputs(self):
        X = rows()
        model = self.xgboost.XGBRegressor(n_jobs=1, n_estimators=3, max_depth=2)
        check(model.fit(X, np.column_stack([X[:, 0], X[:, 1]])), X, 1e-6)

    @pytest.mark.parametrize("temperature", [1.0, 2.0])
    @pytest.mark.parametrize("n_classes", [2, 5])
    def test_distilled(self, n_classes, temperature):
        X = rows()
        y = np.array(LABELS[n_classes])[classes(X, n_classes)]
        student = self.xgboost.XGBClassifier(n_jobs=1, n_estimators=3, max_depth=3)
        loss = CrossEntropy(temperature=temperature)
        model = DistilledClassifier(
            CLASSIFIERS["logistic"], student, strength=0.5, loss=loss, cv=3, random_state=0
        )
        check(model.fit(X, y), X, 1e-6)

    @pytest.mark.filterwarnings("ignore:(?s).*learner.cc.*:UserWarning")
    @pytest.mark.parametrize(
        ("setting", "said"),
        [
            ({"booster": "gblinear"}, "gblinear"),
            ({"missing": -1.0}, "missing=-1.0"),
            ({"objective": "binary:hinge"}, "binary:hinge"),
        ],
    )
    def test_settings_that_no_file_has(self, setting, said):
        X = rows()
        model = self.xgboost.XGBClassifier(n_jobs=1, n_estimators=2, max_depth=2, **setting)
        model.fit(X, classes(X, 2))
        with pytest.raises(ExportError, match=said):
            read(model, Rows(6))
