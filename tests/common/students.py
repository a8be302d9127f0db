"""Every kind of student, and what may be asked of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import has_fit_parameter

from skdistill import SoftLogisticRegression, SoftMLPClassifier

# Leaves are kept large by weight and not by count: a leaf of two rows can be split by any feature,
# and rounding would decide by which.
LIGHTGBM = {
    "n_estimators": 12,
    "num_leaves": 4,
    "learning_rate": 0.2,
    "min_child_samples": 0,
    "min_child_weight": 2.0,
    "min_data_in_bin": 1,
    "n_jobs": 1,
    "verbose": -1,
    "random_state": 0,
}
XGBOOST = {"n_estimators": 12, "max_depth": 3, "n_jobs": 1, "random_state": 0}


@dataclass(frozen=True)
class Student:
    """One kind of student.

    Attributes
    ----------
    name : str
        Its id in the test run.
    make : callable
        Returns a new one.
    route : str
        The name of the route it must take.
    loss : str
        The loss it is given.
    takes_weight : bool
        Whether its fit takes `sample_weight`.
    weight_tolerance : float or None
        To within which whole weights equal repeated rows; None where its own randomness is drawn
        per row.
    naming_tolerance : float or None
        To within which it treats all classes alike, or all units of numbers; None where it does
        not.
    constant_tolerance : float
        To within which it is constant if its teacher is.
    mean_tolerance : float
        To within which its mean is that of its target.
    direct : callable or None
        Returns the learner that it is at strength 1, where that is another one.
    direct_tolerance : float
        To within which it is that.
    takes_columns : bool
        Of a regressor, whether it takes several outputs at once.
    by_number : bool
        Whether it knows classes by number only.
    """

    name: str
    make: Callable[[], Any] = field(repr=False)
    route: str
    loss: str = "auto"
    takes_weight: bool = True
    weight_tolerance: float | None = 1e-6
    naming_tolerance: float | None = 1e-6
    constant_tolerance: float = 1e-3
    mean_tolerance: float = 0.1
    direct: Callable[[], Any] | None = field(default=None, repr=False)
    direct_tolerance: float = 0.0
    takes_columns: bool = True
    by_number: bool = False

    def __str__(self) -> str:
        return self.name


def _classifiers() -> list[Student]:
    students = [
        Student("tree", lambda: DecisionTreeClassifier(max_depth=3, random_state=0), "replication"),
        Student(
            "forest",
            lambda: RandomForestClassifier(8, max_depth=3, random_state=0, n_jobs=1),
            "replication",
            weight_tolerance=None,  # bootstraps
        ),
        Student(
            "extra_trees",
            lambda: ExtraTreesClassifier(8, max_depth=3, random_state=0, n_jobs=1),
            "replication",
        ),
        Student(
            "logistic",
            lambda: LogisticRegression(tol=1e-10, max_iter=1000),
            "linear",
            weight_tolerance=1e-4,
            naming_tolerance=1e-4,
        ),
        Student("soft_logistic", lambda: SoftLogisticRegression(tol=1e-8), "linear"),
        Student(
            "soft_logistic_elastic_net",
            lambda: SoftLogisticRegression(l1_ratio=0.5, tol=1e-8, max_iter=1000),
            "linear",
            weight_tolerance=1e-5,
            naming_tolerance=1e-5,
        ),
        Student(
            "soft_mlp",
            lambda: SoftMLPClassifier(
                (6,), learning_rate=0.02, max_epochs=150, weight_decay=0.3, random_state=0
            ),
            "mlp",
            weight_tolerance=None,  # mini-batches are drawn per row
            naming_tolerance=None,  # first weights, too
            constant_tolerance=0.03,
        ),
        Student(
            "hist_gradient_boosting",
            lambda: HistGradientBoostingClassifier(
                max_iter=8, learning_rate=0.3, max_leaf_nodes=6, min_samples_leaf=1, random_state=0
            ),
            "replication",
            weight_tolerance=1e-4,  # float32 gradients
            naming_tolerance=1e-4,
        ),
        Student("naive_bayes", GaussianNB, "replication"),
        Student(
            "calibrated_svc",
            lambda: CalibratedClassifierCV(SVC(), ensemble=False, cv=3),
            "replication",
            weight_tolerance=None,  # inner folds are drawn per row
            naming_tolerance=None,  # one against the rest, in the order of the classes
        ),
    ]
    if has_fit_parameter(MLPClassifier(), "sample_weight"):  # scikit-learn 1.7
        students.append(
            Student(
                "mlp",
                lambda: MLPClassifier(
                    (4,), solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0
                ),
                "replication",
                weight_tolerance=None,  # a local minimum
                naming_tolerance=None,
            )
        )
    return students


def _regressors() -> list[Student]:
    return [
        Student(
            "tree_regressor",
            lambda: DecisionTreeRegressor(max_depth=3, random_state=0),
            "regression",
        ),
        Student(
            "tree_regressor_logit",
            lambda: DecisionTreeRegressor(max_depth=3, random_state=0),
            "regression",
            loss="logit",
        ),
        Student(
            "forest_regressor",
            lambda: RandomForestRegressor(8, max_depth=3, random_state=0, n_jobs=1),
            "regression",
            weight_tolerance=None,  # bootstraps
        ),
        Student("ridge", Ridge, "regression"),
        Student(
            "hist_gradient_boosting_regressor",
            lambda: HistGradientBoostingRegressor(
                max_iter=8, learning_rate=0.3, max_leaf_nodes=6, min_samples_leaf=1, random_state=0
            ),
            "regression",
            weight_tolerance=1e-4,  # float32 gradients
            naming_tolerance=1e-4,
            takes_columns=False,
        ),
        Student(
            "mlp_regressor",
            lambda: MLPRegressor(
                hidden_layer_sizes=(4,),
                solver="lbfgs",
                alpha=1.0,
                max_iter=2000,
                random_state=0,
            ),
            "regression",
            takes_weight=has_fit_parameter(MLPRegressor(), "sample_weight"),
            weight_tolerance=None,  # a local minimum
            naming_tolerance=None,
            constant_tolerance=0.01,
            takes_columns=False,
        ),
        Student(
            "neighbours_regressor",
            lambda: KNeighborsRegressor(15),
            "regression",
            takes_weight=False,
        ),
    ]


def _lightgbm() -> list[Student]:
    return [
        Student(
            "lgbm",
            lambda: LGBMClassifier(**LIGHTGBM),
            "native",
            weight_tolerance=1e-4,
            naming_tolerance=1e-4,
        ),
        Student(
            "lgbm_forest",
            lambda: LGBMClassifier(boosting_type="rf", subsample=0.6, subsample_freq=1, **LIGHTGBM),
            "replication",
            weight_tolerance=None,  # draws rows
            naming_tolerance=None,  # the copies of a row come in the order of the classes
            constant_tolerance=0.3,  # samples of copies hold some of a row's classes
        ),
        Student(
            "lgbm_regressor",
            lambda: LGBMRegressor(**LIGHTGBM),
            "regression",
            weight_tolerance=1e-4,
            naming_tolerance=1e-4,
            takes_columns=False,
        ),
        Student(
            "lgbm_regressor_cross_entropy",
            lambda: LGBMRegressor(**LIGHTGBM),
            "native",
            loss="cross_entropy",
            weight_tolerance=1e-4,
            naming_tolerance=1e-4,
            direct=lambda: LGBMClassifier(**LIGHTGBM),
            direct_tolerance=1e-6,
        ),
    ]


def _xgboost() -> list[Student]:
    if find_spec("xgboost") is None:
        return []
    from xgboost import XGBClassifier, XGBRegressor

    return [
        Student(
            "xgb",
            lambda: XGBClassifier(**XGBOOST),
            "native",
            weight_tolerance=1e-4,
            naming_tolerance=1e-4,
            constant_tolerance=1e-2,  # before 3.1 all classes start alike, and rounds are few
            by_number=True,
        ),
        Student(
            "xgb_regressor",
            lambda: XGBRegressor(**XGBOOST),
            "regression",
            weight_tolerance=1e-4,
            naming_tolerance=1e-4,
            constant_tolerance=3e-3,  # likewise: .7^12 of the way is left
            direct_tolerance=1e-6,  # it predicts in float32
        ),
    ]


def _pipelines() -> list[Student]:
    return [
        Student(
            "pipeline_tree",
            lambda: make_pipeline(
                StandardScaler(), DecisionTreeClassifier(max_depth=3, random_state=0)
            ),
            "pipeline > replication",
            weight_tolerance=None,  # the scaler takes no weights
        ),
        Student(
            "pipeline_ridge",
            lambda: make_pipeline(StandardScaler(), Ridge()),
            "pipeline > regression",
            weight_tolerance=None,  # likewise
        ),
        Student(
            "pipeline_lgbm",
            lambda: make_pipeline("passthrough", LGBMClassifier(**LIGHTGBM)),
            "pipeline > native",
            weight_tolerance=1e-4,
            naming_tolerance=1e-4,
        ),
    ]


STUDENTS = [*_classifiers(), *_regressors(), *_lightgbm(), *_xgboost(), *_pipelines()]
