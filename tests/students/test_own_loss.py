"""What regressors minimise, as their settings say: class(settings) to loss, or why none."""

import re
import warnings

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    Lars,
    Lasso,
    LassoLarsIC,
    LinearRegression,
    MultiTaskLasso,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVR, LinearSVR, NuSVR
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

from skdistill import (
    AbsoluteError,
    DistilledRegressor,
    Gamma,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)
from skdistill.exceptions import StudentError
from skdistill.students import resolve_regressor
from tests.common.spies import CountingRegressor


def forest_of_xgboost(objective):
    """Return XGBoost's forest, which says from 3.4 on that it will go."""
    from xgboost import XGBRFRegressor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return XGBRFRegressor(objective=objective)


def name(value):
    """Return what a test is called: short, and the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))[:70]


pytestmark = [
    pytest.mark.tries,
    pytest.mark.filterwarnings("ignore:.*XGBRFRegressor.* is deprecated:FutureWarning"),  # in 3.4
]


class Named(RegressorMixin, BaseEstimator):
    """The mean, or another statistic, of a learner that names its loss by a setting."""

    statistic = staticmethod(np.mean)

    def __init__(self, loss_function=None, objective=None, loss=None, quantile=None):
        self.loss_function = loss_function
        self.objective = objective
        self.loss = loss
        self.quantile = quantile

    def fit(self, X, y, sample_weight=None):
        self.found_ = type(self).statistic(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.found_)


def of(package, name, statistic=np.mean):
    """Return a class of the name and the settings of another package's, which may be missing."""
    inside = {"__module__": f"{package}.core", "statistic": staticmethod(statistic)}
    return type(name, (Named,), inside)


CatBoost = of("catboost", "CatBoostRegressor")
EBM = of("interpret", "ExplainableBoostingRegressor")
Other = of("elsewhere", "Other")
LGBM = LGBMRegressor

TAKEN = [
    # scikit-learn
    *((each, SquaredError()) for each in (LinearRegression(), Ridge(), Lasso(), Lars())),
    *((each, SquaredError()) for each in (KNeighborsRegressor(), KernelRidge(), MLPRegressor())),
    *((each, SquaredError()) for each in (GaussianProcessRegressor(), IsotonicRegression())),
    *((each, SquaredError()) for each in (PLSRegression(), MultiTaskLasso(), LassoLarsIC())),
    (LassoLarsIC(criterion="bic"), SquaredError()),
    (DecisionTreeRegressor(), SquaredError()),
    (DecisionTreeRegressor().set_params(criterion="friedman_mse"), SquaredError()),
    (RandomForestRegressor(criterion="absolute_error"), AbsoluteError()),
    (ExtraTreesRegressor(criterion="poisson"), Poisson()),
    (SGDRegressor(), SquaredError()),
    (SGDRegressor(loss="epsilon_insensitive", epsilon=0), AbsoluteError()),
    (SGDRegressor(loss="squared_epsilon_insensitive", epsilon=0), SquaredError()),
    (LinearSVR(), AbsoluteError()),
    (LinearSVR(loss="squared_epsilon_insensitive"), SquaredError()),
    (SVR(epsilon=0.0), AbsoluteError()),
    (QuantileRegressor(quantile=0.3), Quantile(0.3)),
    (PoissonRegressor(), Poisson()),
    (GammaRegressor(), Gamma()),
    (TweedieRegressor(), SquaredError()),
    (TweedieRegressor(power=1), Poisson()),
    (TweedieRegressor(power=1.7), Tweedie(1.7)),
    (TweedieRegressor(power=2, link="log"), Gamma()),
    (GradientBoostingRegressor(), SquaredError()),
    (GradientBoostingRegressor(loss="quantile"), Quantile(0.9)),
    (GradientBoostingRegressor(loss="quantile", alpha=0.2), Quantile(0.2)),
    (GradientBoostingRegressor(loss="absolute_error"), AbsoluteError()),
    (HistGradientBoostingRegressor(loss="quantile", quantile=0.7), Quantile(0.7)),
    (HistGradientBoostingRegressor(loss="gamma"), Gamma()),
    (DummyRegressor(strategy="median"), AbsoluteError()),
    (DummyRegressor(strategy="quantile", quantile=0.1), Quantile(0.1)),
    # LightGBM, by each of its names
    *(
        (LGBM(objective=name), SquaredError())
        for name in (None, "regression", "regression_l2", "l2", "mean_squared_error", "mse")
    ),
    *((LGBM(objective=name), SquaredError()) for name in ("l2_root", "rmse", "RMSE")),
    (LGBM(objective="root_mean_squared_error"), SquaredError()),
    *(
        (LGBM(objective=name), AbsoluteError())
        for name in ("regression_l1", "l1", "mean_absolute_error", "mae")
    ),
    (LGBM(objective="quantile"), Quantile(0.9)),
    (LGBM(objective="quantile", alpha=0.4), Quantile(0.4)),
    (LGBM(alpha=0.4), SquaredError()),
    (LGBM(objective="poisson"), Poisson()),
    (LGBM(objective="gamma"), Gamma()),
    (LGBM(objective="tweedie"), Tweedie(1.5)),
    (LGBM(objective="tweedie", tweedie_variance_power=1.2), Tweedie(1.2)),
    *((LGBM(**{name: "mae"}), AbsoluteError()) for name in ("app", "application", "loss")),
    (LGBM(objective_type="gamma", objective="poisson"), Gamma()),
    (LGBM(objective="quantile", boosting_type="rf"), Quantile(0.9)),
    # XGBoost
    (XGBRegressor(), SquaredError()),
    (XGBRegressor(objective="reg:linear"), SquaredError()),
    (XGBRegressor(objective="reg:absoluteerror", alpha=0.3), AbsoluteError()),
    (XGBRegressor(objective="reg:quantileerror", quantile_alpha=0.3, alpha=0.8), Quantile(0.3)),
    (XGBRegressor(objective="reg:quantileerror", quantile_alpha=[0.3]), Quantile(0.3)),
    (XGBRegressor(objective="count:poisson"), Poisson()),
    (XGBRegressor(objective="reg:gamma"), Gamma()),
    (XGBRegressor(objective="reg:tweedie", tweedie_variance_power=1.3), Tweedie(1.3)),
    (forest_of_xgboost("reg:absoluteerror"), AbsoluteError()),
    # others, which need not be installed
    *((CatBoost(name), SquaredError()) for name in (None, "RMSE", "MultiRMSE")),
    (CatBoost("RMSE", objective="MAE"), AbsoluteError()),
    (CatBoost("Quantile"), Quantile(0.5)),
    (CatBoost("Quantile:alpha=0.9"), Quantile(0.9)),
    (CatBoost("Quantile:alpha=0.9;delta=0.001"), Quantile(0.9)),
    (CatBoost("Poisson"), Poisson()),
    (CatBoost("Tweedie:variance_power=1.8"), Tweedie(1.8)),
    (EBM(objective="rmse"), SquaredError()),
    (EBM(objective="poisson_deviance"), Poisson()),
    (EBM(objective="gamma_deviance"), Gamma()),
    (EBM(objective="tweedie_deviance:variance_power=1.4"), Tweedie(1.4)),
    (EBM(objective="tweedie_deviance"), Tweedie(1.5)),
    (Other(loss="MAE"), AbsoluteError()),
    (Other(loss="quantile", quantile=0.25), Quantile(0.25)),
    (Other(loss="a word of its own"), SquaredError()),  # a trial shows the mean
    # learners inside
    (make_pipeline(StandardScaler(), QuantileRegressor(quantile=0.3)), Quantile(0.3)),
    (BaggingRegressor(), SquaredError()),
    (BaggingRegressor(LGBM(objective="poisson")), Poisson()),
    (VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor())]), SquaredError()),
    (VotingRegressor([("a", PoissonRegressor()), ("b", LGBM(loss="poisson"))]), Poisson()),
    (StackingRegressor([("a", PoissonRegressor()), ("b", SVR())]), SquaredError()),
    (StackingRegressor([("a", Ridge())], QuantileRegressor(quantile=0.3)), Quantile(0.3)),
    (MultiOutputRegressor(GammaRegressor()), Gamma()),
    (RegressorChain(Ridge()), SquaredError()),
]


@pytest.mark.parametrize(("student", "loss"), TAKEN, ids=name)
def test_the_loss_is_the_students_own(student, loss):
    adapter = resolve_regressor(student)
    assert adapter.default_loss == loss
    adapter.check(loss, 100, weighted=False)


def squared(y_true, y_pred):
    return y_pred - y_true, np.ones_like(y_true)


def vote(*learners):
    return VotingRegressor([(str(i), each) for i, each in enumerate(learners)])


REFUSED = [
    # scikit-learn
    (RANSACRegressor(loss="absolute_error"), "mean of the rows that it takes for inliers"),
    (RANSACRegressor(loss="squared_error"), "inliers"),
    (HuberRegressor(), "neither the mean nor the median"),
    (TheilSenRegressor(), "median of many fits"),
    (AdaBoostRegressor(), "weighted median of its learners"),
    (AdaBoostRegressor(DecisionTreeRegressor(), loss="square"), "weighted median"),
    (CCA(1), "no least squares"),
    (PLSCanonical(1), "no least squares"),
    (SVR(), r"SVR\(epsilon=0.1\).*below epsilon"),
    (NuSVR(), "within a tube"),
    (LinearSVR(epsilon=0.2), "below epsilon"),
    (SGDRegressor(loss="huber"), "Huber's loss"),
    (SGDRegressor(loss="epsilon_insensitive"), r"epsilon=0.1\).*below epsilon"),
    (SGDRegressor(loss="squared_epsilon_insensitive"), "below epsilon"),
    (GradientBoostingRegressor(loss="huber"), r"loss='huber'.*nothing is known"),
    (HistGradientBoostingRegressor(loss="quantile"), r"must say which quantile.*None"),
    (QuantileRegressor(quantile=1.0), r"must say which quantile.*1\.0"),
    (TweedieRegressor(power=-1), "power below 1"),
    (DummyRegressor(strategy="constant", constant=1.0), "learns nothing"),
    # LightGBM
    *(
        (LGBM(objective=name), rf"objective='{name}'.*nothing is known")
        for name in ("huber", "fair", "mape", "cross_entropy", "xentropy", "cross_entropy_lambda")
    ),
    (LGBM(objective=squared), "nothing is known"),
    (LGBM(loss="huber", objective="poisson"), "loss='huber'"),
    (LGBM(objective="quantile", alpha=1.5), "which quantile"),
    (LGBM(reg_sqrt=True), "reg_sqrt=True"),
    (LGBM(class_weight="balanced"), "class_weight"),
    (LGBM(early_stopping_round=3), "evaluation set"),
    (LGBM(early_stopping_rounds=3), "evaluation set"),
    (LGBM(n_iter_no_change=3), "evaluation set"),
    (LGBM(pred_early_stop=True), "pred_early_stop"),
    (LGBM(objective="quantile", linear_tree=True), "linear trees"),
    (LGBM(objective="mae", linear_trees=True), "linear trees"),
    (LGBM(objective="poisson", boosting_type="rf"), "one step from the overall mean"),
    (LGBM(objective="gamma", boosting="random_forest"), "one step"),
    (vote(LGBM(reg_sqrt=True), Ridge()), "reg_sqrt"),
    # XGBoost
    *(
        (XGBRegressor(objective=name), "nothing is known")
        for name in ("reg:pseudohubererror", "reg:squaredlogerror", "reg:logistic")
    ),
    (XGBRegressor(objective="survival:cox"), "nothing is known"),
    (XGBRegressor(objective=squared), "nothing is known"),
    (XGBRegressor(objective="reg:quantileerror", alpha=0.9), "which quantile.*None"),
    (XGBRegressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9]), "one for each"),
    (XGBRegressor(early_stopping_rounds=3), "evaluation set"),
    (XGBRegressor(scale_pos_weight=3.0), "label is just 1"),
    (forest_of_xgboost("count:poisson"), "one step from the overall mean"),
    # others
    *(
        (CatBoost(name), "nothing is known")
        for name in ("LogCosh", "Huber:delta=1", "Expectile:alpha=0.5", "MAPE", "Lq:q=2", "rmse")
    ),
    (CatBoost("RMSEWithUncertainty"), "nothing is known"),
    (CatBoost("LogLinQuantile:alpha=0.9"), "nothing is known"),
    (CatBoost("MultiQuantile:alpha=0.1,0.9"), "nothing is known"),
    (CatBoost("Tweedie"), "must say its power"),
    (EBM(objective="pseudo_huber:delta=1.0"), "nothing is known"),
    (of("elsewhere", "Robust", np.median)(loss="its own"), "tried on labels 0 and 8"),
    (of("elsewhere", "Robust", np.median)(), r"Robust \(tried"),
    # learners inside
    (make_pipeline(StandardScaler(), HuberRegressor()), "Huber"),
    (BaggingRegressor(AdaBoostRegressor()), "weighted median"),
    (vote(Ridge(), QuantileRegressor()), r"different losses.*Ridge SquaredError.*Quantile"),
    (vote(PoissonRegressor(), Ridge()), "different losses"),
    (StackingRegressor([("a", Ridge())], HuberRegressor()), "Huber"),
]


@pytest.mark.parametrize(("student", "said"), REFUSED, ids=name)
def test_what_is_no_loss_of_a_mean_or_quantile_is_refused_before_any_fit(student, said):
    fits = CountingRegressor.watch()
    model = DistilledRegressor(CountingRegressor(), student)
    with pytest.raises(StudentError, match=f"(?s){said}"):
        model.fit(np.arange(40.0).reshape(20, 2), np.arange(20.0))
    assert fits == []


# Targets that are transformed


def transformed(inside, **how):
    return TransformedTargetRegressor(inside, **how)


def twice(y):
    return 2.0 * y


def half(y):
    return y / 2.0


LOGS = {"func": np.log1p, "inverse_func": np.expm1}
SINES = {"func": np.arcsinh, "inverse_func": np.sinh}
UNITS = {"func": twice, "inverse_func": half}
DOWN = {"func": np.negative, "inverse_func": np.negative}


@pytest.mark.parametrize(
    ("student", "loss"),
    [
        (transformed(Ridge()), SquaredError()),
        (transformed(None), SquaredError()),
        (transformed(Ridge(), transformer=StandardScaler()), SquaredError()),
        (transformed(Ridge(), transformer=MinMaxScaler()), SquaredError()),
        (transformed(Ridge(), **DOWN), SquaredError()),
        (transformed(PoissonRegressor(), **UNITS), Poisson()),
        (transformed(QuantileRegressor(quantile=0.2), **SINES), Quantile(0.2)),
        (transformed(QuantileRegressor(), transformer=StandardScaler()), Quantile(0.5)),
        (transformed(LGBM(objective="mae"), transformer=PowerTransformer()), AbsoluteError()),
        (transformed(LinearSVR(), transformer=QuantileTransformer()), AbsoluteError()),
    ],
    ids=name,
)
def test_transformed_targets_that_keep_what_is_estimated(student, loss):
    adapter = resolve_regressor(student)
    assert adapter.default_loss == loss
    adapter.check(loss, 100, weighted=False)


@pytest.mark.parametrize(
    ("student", "said"),
    [
        (transformed(Ridge(), **LOGS), "no mean of y.*no straight line"),
        (transformed(Ridge(), func=np.log, inverse_func=np.exp), "no mean of y"),
        (transformed(Ridge(), **SINES), "no mean of y"),
        (transformed(Ridge(), transformer=PowerTransformer()), "no mean of y"),
        (transformed(vote(Ridge()), **LOGS), "no mean of y"),
        (vote(transformed(Ridge(), **LOGS)), "no mean of y"),
        (make_pipeline(StandardScaler(), transformed(None, **LOGS)), "no mean of y"),
        (transformed(PoissonRegressor(), transformer=StandardScaler()), "no change of units"),
        (transformed(PoissonRegressor(), **LOGS), "no mean of y"),
        (transformed(QuantileRegressor(), **LOGS), "cannot take the numbers -12 to 12"),
        (transformed(QuantileRegressor(quantile=0.9), **DOWN), "does not increase"),
        (
            transformed(Ridge(), func=twice, inverse_func=twice, check_inverse=False),
            "there and back",
        ),
        (transformed(HuberRegressor(), transformer=StandardScaler()), "Huber"),
        (
            transformed(Ridge(), transformer=FunctionTransformer(np.sqrt, np.square)),
            "no mean of y",
        ),
    ],
    ids=name,
)
def test_transformed_targets_that_change_what_is_estimated(student, said):
    fits = CountingRegressor.watch()
    model = DistilledRegressor(CountingRegressor(), student)
    with pytest.raises(StudentError, match=f"(?s){said}"):
        model.fit(np.arange(40.0).reshape(20, 2), np.arange(20.0))
    assert fits == []


def test_a_trial_leaves_the_student_as_it_is():
    student = transformed(Ridge(), transformer=StandardScaler())
    before = clone(student).get_params()
    resolve_regressor(student).check(SquaredError(), 100, weighted=False)
    assert repr(student.get_params()) == repr(before)
    assert not hasattr(student, "transformer_")
