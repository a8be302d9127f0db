"""XGBoost's estimators fitted on rows that they are never given: a `QuantileDMatrix` holds them.

Their `fit` makes one of the rows, which must be in memory for it. Here it has been made of batches,
the booster is trained on it by the estimator's own parameters, and handed to a clone. The bins are
of quantiles that XGBoost estimates batch by batch: they are close to those of all rows at once.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._ground.arrays import project_to_simplex
from skdistill.exceptions import StudentError
from skdistill.students.base import Fitted, Problem
from skdistill.students.numeric import Columns, NumericAdapter
from skdistill.students.size import leaf_settings
from skdistill.students.streaming import unsupported
from skdistill.students.xgboost import XGBoostAdapter, bounded_steps, named

__all__ = ["check_streamable", "fit_labels", "fit_numbers", "fit_soft"]

BY_BINS = {  # the settings by which XGBoost's own fit makes a QuantileDMatrix on the CPU
    "booster": (None, "gbtree"),
    "tree_method": (None, "auto", "hist"),
    "device": (None, "cpu"),
    "early_stopping_rounds": (None,),
    "callbacks": (None,),
    "scale_pos_weight": (None, 1),
    "base_score": (None,),
}
OBJECTIVES = {None, "binary:logistic", "multi:softprob", "reg:squarederror"}


def check_streamable(learner: Any, whose: str) -> None:
    """Raise StudentError unless a learner's trees can be grown on bins as by its own `fit`.

    Parameters
    ----------
    learner : estimator
        A teacher or a student.
    whose : str
        Which of them, for the message.
    """
    params = learner.get_params()
    for name, known in BY_BINS.items():
        if params.get(name) not in known:
            raise unsupported(f"{name}={params[name]!r}", whose)
    if params.get("objective") not in OBJECTIVES:
        raise StudentError(
            f"objective={params['objective']!r} of the {whose} is not supported for rows that are "
            f"not in memory, only {sorted(map(str, OBJECTIVES))}: distil on rows in memory."
        )


def fit_labels(learner: Any, rows: Any, n_classes: int) -> Any:
    """Return a clone of the learner, fitted to the labels of binned rows.

    Parameters
    ----------
    learner : XGBClassifier or XGBRegressor
        Of settings that `check_streamable` lets pass.
    rows : QuantileDMatrix
        With the class index of each row, or the number, as its label, and weights if there are any.
    n_classes : int
        How many classes there are; 0 for numbers.

    Returns
    -------
    model : XGBClassifier or XGBRegressor
    """
    own: dict[str, Any] = {}
    if n_classes == 2:
        own = {"objective": "binary:logistic"}
    elif n_classes > 2:
        own = {"objective": "multi:softprob", "num_class": n_classes}
    return _fit(learner, rows, own)


def fit_soft(adapter: XGBoostAdapter, problem: Problem, rows: Any, classes: NDArray[Any]) -> Fitted:
    """Return what `XGBoostAdapter.fit` would for rows of two classes in memory.

    Parameters
    ----------
    adapter : XGBoostAdapter
        Of the student.
    problem : Problem
        Its rows are not looked at; classes are known by their index.
    rows : QuantileDMatrix
        The binned rows, with weights if there are any.
    classes : array of shape (2,)
        What the indices stand for.

    Returns
    -------
    fitted : Fitted
    """
    target, touched = project_to_simplex(problem.target)
    rows.set_label(target[:, 1])
    model = _fit(bounded_steps(adapter.student), rows, _own(adapter, problem, "binary:logistic"))
    model.set_params(max_delta_step=adapter.student.max_delta_step)
    return Fitted(named(model, classes), touched=float(np.mean(touched)))


def fit_numbers(adapter: NumericAdapter, problem: Problem, rows: Any) -> Fitted:
    """Return what `NumericAdapter.fit` would for rows in memory.

    Parameters
    ----------
    adapter : NumericAdapter
        Of the student.
    problem : Problem
        Of one output and without a mixture; its rows are not looked at.
    rows : QuantileDMatrix
        The binned rows, with weights if there are any.

    Returns
    -------
    fitted : Fitted
    """
    target, touched = problem.loss.cut(problem.target)
    rows.set_label(target[:, 0])
    model = _fit(adapter.student, rows, _own(adapter, problem))
    return Fitted(model, Columns(), float(np.mean(touched)))


def _own(adapter: Any, problem: Problem, objective: str | None = None) -> dict[str, Any]:
    """Return the settings that keep a student as small as the direct one, and its objective."""
    own = leaf_settings(adapter.student, problem.direct)
    return own if objective is None else own | {"objective": objective}


def _fit(learner: Any, rows: Any, own: dict[str, Any]) -> Any:
    """Return a clone of the learner with a booster that was trained with settings of `own`."""
    import xgboost

    model = clone(learner)
    given = model.get_params()
    twin = clone(learner).set_params(**{k: v for k, v in own.items() if k in given})
    params = twin.get_xgb_params() | {k: v for k, v in own.items() if k not in given}
    booster = xgboost.train(params, rows, twin.get_num_boosting_rounds())
    model.load_model(booster.save_raw())
    if "num_class" in own:
        given["objective"] = own["objective"]  # as its own fit does
    return model.set_params(**given)  # loading puts what the booster found in their place
