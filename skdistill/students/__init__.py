"""How a learner consumes a soft target: one adapter per kind of learner, `resolve` chooses.

============  ===========================================  =======================================
route         for                                          targets
============  ===========================================  =======================================
regression    regressors of squared error                  any number
native        LightGBM, XGBoost                            soft labels, by the learner's gradient
linear        logistic regression                          any, off the simplex with a ridge
mlp           `SoftMLPClassifier`                          any
replication   any classifier with ``sample_weight``        class probabilities, as weighted copies
pipeline      a Pipeline that ends in one of these         those of the last step
search        a search, or a threshold, of one of these    those of what is searched
============  ===========================================  =======================================

A student that none of them serves raises; there is no silent fall-back to hard labels.
"""

from functools import partial
from typing import Any

from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline

from skdistill._ground.compat import SEARCHES
from skdistill._ground.learners import (
    WeightlessError,
    comes_from,
    gives_probabilities,
    is_of_sklearn,
    kind_of,
    tags_of,
    untagged_member,
    weight_keyword,
)
from skdistill.exceptions import StudentError
from skdistill.students.base import Adapter, Fitted, Mixture, Problem, Route
from skdistill.students.classes import check_can_tell_classes
from skdistill.students.direct import DirectRegressor, DirectStudent, direct_problem, predict_fitted
from skdistill.students.forest import ForestAdapter
from skdistill.students.lightgbm import resolve_lightgbm
from skdistill.students.lightgbm_objective import SoftCrossEntropy
from skdistill.students.linear import LinearAdapter, is_linear
from skdistill.students.mlp import MLPAdapter, is_network
from skdistill.students.numeric import NumericAdapter
from skdistill.students.numeric_boosting import LightGBMNumbers, XGBoostNumbers
from skdistill.students.pipeline import PipelineAdapter, check_student
from skdistill.students.power import at_power
from skdistill.students.regression import Decoder, RegressionAdapter
from skdistill.students.replication import ReplicationAdapter
from skdistill.students.search import SearchAdapter, decides_by_threshold, is_search
from skdistill.students.size import fit_within
from skdistill.students.soft_logistic import SoftLogisticRegression
from skdistill.students.soft_mlp import SoftMLPClassifier
from skdistill.students.tree import TREES, TreeAdapter
from skdistill.students.wrapped import LabelledClassifier, TemperedClassifier
from skdistill.students.xgboost import resolve_xgboost

__all__ = [
    "Adapter",
    "Decoder",
    "DirectRegressor",
    "DirectStudent",
    "Fitted",
    "LabelledClassifier",
    "Mixture",
    "Problem",
    "Route",
    "SoftCrossEntropy",
    "SoftLogisticRegression",
    "SoftMLPClassifier",
    "TemperedClassifier",
    "as_student",
    "at_power",
    "check_can_tell_classes",
    "decides_by_threshold",
    "direct_problem",
    "fit_within",
    "predict_fitted",
    "resolve",
    "resolve_regressor",
]


def resolve(student: Any, loss: Any = "auto") -> Adapter:
    """Return the adapter that fits a student to soft targets.

    Parameters
    ----------
    student : estimator
        A regressor of squared error, a classifier with `predict_proba` and `sample_weight`, a
        LightGBM or XGBoost learner, or a Pipeline that ends in one.
    loss : str or Loss, default="auto"
        The loss asked for; LGBMRegressor has two routes, and this chooses.

    Returns
    -------
    adapter : Adapter

    Raises
    ------
    StudentError
        If no route can serve the student.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.students import resolve
    >>> resolve(DecisionTreeClassifier()).route.name
    'replication'
    """
    check_student(student)
    if isinstance(student, Pipeline):
        return PipelineAdapter(student, resolve(student.steps[-1][1], loss))
    if is_search(student):
        return SearchAdapter(student, partial(resolve, loss=loss))
    is_xgboost = comes_from(student, "xgboost")
    if is_xgboost or comes_from(student, "lightgbm"):
        return resolve_xgboost(student) if is_xgboost else resolve_lightgbm(student, loss)
    if is_linear(student) or is_network(student):
        return LinearAdapter(student) if is_linear(student) else MLPAdapter(student)
    kind = kind_of(student)
    if kind == "regressor":
        return RegressionAdapter(student)
    if kind != "classifier":
        raise StudentError(
            f"student must be a classifier or a regressor, got {type(student).__name__}, which is "
            "neither."
        )
    _check_classifier(student)
    return _by_copies(student)


def _by_copies(student: Any) -> Adapter:
    """Return the adapter of a classifier that is taught by weighted copies, or as if by them."""
    # A subclass may predict by another model than by the trees that the route grows.
    if is_of_sklearn(student, RandomForestClassifier, ExtraTreesClassifier):
        return ForestAdapter(student)
    return (TreeAdapter if is_of_sklearn(student, *TREES) else ReplicationAdapter)(student)


def resolve_regressor(student: Any, loss: Any = "auto") -> Adapter:
    """Return the adapter that fits a student of numbers to pseudo-targets.

    Parameters
    ----------
    student : estimator
        A regressor, a search over one, or a Pipeline that ends in one.
    loss : str or NumericLoss, default="auto"
        Not looked at: the learner's own decides, and `Adapter.check` compares.

    Returns
    -------
    adapter : Adapter

    Raises
    ------
    StudentError
        If it is no regressor, is frozen, or minimises a loss that is not known.

    Examples
    --------
    >>> from sklearn.linear_model import PoissonRegressor
    >>> from skdistill.students import resolve_regressor
    >>> resolve_regressor(PoissonRegressor()).default_loss
    Poisson()
    """
    check_student(student)
    if isinstance(student, Pipeline):
        return PipelineAdapter(student, resolve_regressor(student.steps[-1][1], loss))
    if kind_of(student) != "regressor":
        raise StudentError(
            f"student must be a regressor, got {type(student).__name__}: use the regressor of the "
            "same family, or DistilledClassifier."
        )
    if isinstance(student, SEARCHES):
        return SearchAdapter(student, resolve_regressor)
    if comes_from(student, "xgboost"):
        return XGBoostNumbers(student)
    return (LightGBMNumbers if comes_from(student, "lightgbm") else NumericAdapter)(student)


def _check_classifier(student: Any) -> None:
    """Raise StudentError for a classifier that weighted copies cannot teach."""
    name = type(student).__name__
    lacking = [] if gives_probabilities(student) else ["it lacks predict_proba"]
    try:
        weight_keyword(student)
    except WeightlessError as error:
        lacking.append(str(error))
    if lacking:
        raise StudentError(
            f"no route can distil into {name}: {', and '.join(lacking)}. "
            "Use a classifier with both (trees, forests, LogisticRegression, "
            "HistGradientBoostingClassifier; CalibratedClassifierCV(SVC())), a LightGBM or XGBoost "
            "learner, or the matching regressor, which needs neither."
        )
    untagged = untagged_member(student)
    if untagged is not None:
        raise StudentError(untagged)
    if not tags_of(student).target_tags.single_output:
        raise StudentError(
            f"no route can distil into {name}, which wants a table of labels: use the classifier "
            "inside it."
        )


def as_student(student: Any) -> Any:
    """Return the student; None stands for a LightGBM classifier of 50 trees."""
    if student is not None:
        return student
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=50, verbose=-1)
