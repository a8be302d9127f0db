"""LightGBM's estimators fitted on rows that they are never given: a `Dataset` holds their bins.

An estimator's `fit` wants all rows in memory, at 4 or 8 bytes a cell, where bins take one. So it is
fitted to a few rows that are made up, which tells the parameters that it makes of its settings;
trees are grown by these on the binned rows.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._ground.learners import replace_settings
from skdistill.students.base import Fitted, Problem, give_back
from skdistill.students.lightgbm import LightGBMAdapter
from skdistill.students.lightgbm_names import setting
from skdistill.students.lightgbm_objective import soft_objective
from skdistill.students.lightgbm_rows import SharedRows
from skdistill.students.numeric import Columns, NumericAdapter
from skdistill.students.size import leaf_settings
from skdistill.students.streaming import unsupported

__all__ = ["check_streamable", "fit_labels", "fit_numbers", "fit_soft"]

ROWS_PER_LEAF = 20  # LightGBM's default


def check_streamable(learner: Any, whose: str) -> None:
    """Raise StudentError unless a learner's trees can be grown on bins as by its own `fit`.

    Parameters
    ----------
    learner : estimator
        A teacher or a student.
    whose : str
        Which of them, for the message.
    """
    refused = {
        "class_weight": bool(learner.class_weight),
        "categorical_feature": setting(learner, "categorical_feature") is not None,
        "early_stopping_round": setting(learner, "early_stopping_round") is not None,
        "device_type": setting(learner, "device_type") not in (None, "cpu"),
        "objective": not isinstance(setting(learner, "objective"), str | None),
    }
    for name, is_set in refused.items():
        if is_set:
            raise unsupported(name, whose)


def fit_labels(
    learner: Any,
    rows: lightgbm.Dataset,
    classes: NDArray[Any],
    names: Sequence[str],
) -> Any:
    """Return a clone of the learner, fitted to the labels of binned rows.

    Parameters
    ----------
    learner : LGBMClassifier or LGBMRegressor
        Of settings that `check_streamable` lets pass.
    rows : lightgbm.Dataset
        With the class index of each row, or the number, as its label, and weights if there are any.
    classes : array of shape (K,)
        What the indices stand for; empty for numbers.
    names : sequence of str
        Of the features.

    Returns
    -------
    model : LGBMClassifier or LGBMRegressor
    """
    shared = SharedRows()
    X, codes = _made_up(learner, len(names), len(classes) or 2)
    labels = classes[codes] if len(classes) else 1.0 + codes
    model = clone(learner).fit(X, labels, feature_name=list(names), callbacks=[shared])
    shared.keep(model, [])
    shared.use(rows)
    return shared.fit_labels()


def fit_soft(
    adapter: LightGBMAdapter,
    problem: Problem,
    rows: lightgbm.Dataset,
    classes: NDArray[Any],
    names: Sequence[str],
) -> Fitted:
    """Return what `LightGBMAdapter.fit` would for rows in memory.

    Parameters
    ----------
    adapter : LightGBMAdapter
        Of the student.
    problem : Problem
        Its rows are not looked at; classes are known by their index.
    rows : lightgbm.Dataset
        The binned rows, without weights: the problem has them.
    classes : array of shape (K,)
        What the indices stand for.
    names : sequence of str
        Of the features.

    Returns
    -------
    fitted : Fitted
    """
    shared = SharedRows()
    X, codes = _made_up(adapter.student, len(names), len(classes))
    soft = np.full((len(codes), len(classes)), 0.5 / len(classes))
    soft[np.arange(len(codes)), codes] += 0.5
    few = replace(
        problem,
        X=X,
        target=soft,
        labels=classes[codes],
        classes=classes,
        weight=None,
        params={"feature_name": list(names)},
    )
    objective = soft_objective(few, None, 1.0)
    start = np.zeros(objective.target.shape)
    adapter.fit_estimator(few, objective, start, shared)
    shared.use(rows)
    return adapter.fit_shared(problem, shared)


def fit_numbers(
    adapter: NumericAdapter, problem: Problem, rows: lightgbm.Dataset, names: Sequence[str]
) -> Fitted:
    """Return what `NumericAdapter.fit` would for rows in memory.

    Parameters
    ----------
    adapter : NumericAdapter
        Of the student.
    problem : Problem
        Of one output and without a mixture; its rows are not looked at.
    rows : lightgbm.Dataset
        The binned rows, with weights if there are any.
    names : sequence of str
        Of the features.

    Returns
    -------
    fitted : Fitted
    """
    student = clone(adapter.student)
    before = replace_settings(student, leaf_settings(student, problem.direct))
    target, touched = problem.loss.cut(problem.target)
    model = fit_labels(student, rows.set_label(target[:, 0]), np.empty(0), names)
    give_back(model, before)
    return Fitted(model, Columns(), float(np.mean(touched)))


def _made_up(
    learner: Any, n_features: int, n_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return rows that the learner can split, and a class index for each."""
    per_leaf = setting(learner, "min_data_in_leaf")
    n_rows = 4 * n_classes * max(ROWS_PER_LEAF, per_leaf)
    rows = np.arange(n_rows)
    return np.repeat(rows[:, None] + 0.0, n_features, axis=1), rows % n_classes
