"""The fitted student by itself, without what training left behind and columns it does not use."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.compat import take_columns
from skdistill._ground.validation import check_number, is_estimator, library_of
from skdistill.exceptions import ExportError
from skdistill.export.documented import documented
from skdistill.export.narrowing import narrowed, used
from skdistill.export.pieces import Answer
from skdistill.export.plain import plain
from skdistill.export.proof import Said, prove, say
from skdistill.export.reading import read
from skdistill.export.shipping import check_dates, usual_tolerance
from skdistill.export.tables import Table, as_exported

__all__ = ["on_columns", "ship"]


@documented("student")
def ship(model: Any, X: Any, *, tolerance: float | None = None) -> Any:
    """Return the plain fitted student, without what training left behind.

    A fitted distillation keeps what the teacher said of every training row, a search its scores, a
    network the state of its optimiser: none of it is needed to predict, and none is in what is
    returned. Where `X` and the model have names of columns, what is returned finds its columns by
    name, in any order and among others, and needs only those that the student uses: scalers,
    encoders and columns that it does not look at are dropped (of trees, forests, gradient boosting,
    LightGBM without categories, and linear models with zeros). It is compared with the model on
    `X` and on rows next to every threshold, as every export is, before it is returned.

    Parameters
    ----------
    $model
    $X
    $tolerance

    Returns
    -------
    student : estimator
        Fitted; a Pipeline, where columns are picked or something else stands before the student. A
        regressor that serves as a classifier comes as a `DecodedClassifier`, and quantiles as
        `SortedRegressors`.

    Raises
    ------
    $ExportError
    $NotFittedError

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.export import ship
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> teacher = RandomForestClassifier(20, random_state=0)
    >>> model = DistilledClassifier(teacher, DecisionTreeClassifier(max_leaf_nodes=4)).fit(X, y)
    >>> type(ship(model, X)).__name__
    'DecisionTreeClassifier'
    """
    if tolerance is not None:
        check_number("tolerance", tolerance, low=0.0)
    if not is_estimator(model):
        raise ExportError(f"model must be a fitted estimator, got {type(model).__name__}.")
    check_is_fitted(model)
    table = as_exported(model, X)
    answer = _answer(model, table)
    student = plain(model)
    shipped = student if table.source is None else by_name(student, table.source)
    tolerance = usual_tolerance(answer) if tolerance is None else float(tolerance)
    prove(model, _said_by(shipped), answer, table, tolerance, made="student")
    return shipped


def on_columns(student: Any, columns: Any, X: Any) -> Any:
    """Return a fitted student on some columns of an array, proved as `ship` proves it.

    Parameters
    ----------
    student : estimator
        Fitted on all columns, without names.
    columns : array of shape (k,)
        Increasing; those that it uses are among them.
    X : array of shape (n, d)
        Rows.

    Returns
    -------
    student : estimator

    Raises
    ------
    ExportError
        If it says something else.
    """
    table = as_exported(student, X)
    answer = _answer(student, table)
    made = narrowed(plain(student), columns, table.numbers[:, columns])

    def run(rows: Table) -> Said:
        return say(made, rows.numbers[:, columns])

    prove(student, run, answer, table, usual_tolerance(answer), made="student")
    return made


def _answer(model: Any, table: Table) -> Answer:
    """Return what is known of how a model computes: where its thresholds are, if it has any."""
    try:
        answer = read(model, table.piece)
        check_dates(answer)
    except ExportError:
        return Answer(table.piece)
    return answer


def by_name(student: Any, X: Any) -> Any:
    """Return a fitted student that picks those columns by name that it uses.

    Parameters
    ----------
    student : estimator
        Fitted.
    X : data frame of shape (n, d)
        Rows as it takes them.

    Returns
    -------
    student : Pipeline
    """
    columns = used(student)
    rows = take_columns(X, columns.tolist())
    made = narrowed(student, columns, rows)
    steps = made.steps if type(made) is Pipeline else [("student", made)]
    if type(steps[0][1]) is not ColumnTransformer or made is student:
        names = list(rows.columns)
        picker = ColumnTransformer(
            [("columns", "passthrough", names)], verbose_feature_names_out=False
        )
        if hasattr(student, "feature_names_in_"):  # it wants them, and their dtypes
            picker.set_output(transform=library_of(X))
        steps = [("columns", picker.fit(rows)), *steps]
    return Pipeline(steps)


def _said_by(shipped: Any) -> Callable[[Table], Said]:
    """Return what says what a student says of rows, their columns in another order."""

    def run(rows: Table) -> Said:
        given = rows.given
        if hasattr(given, "columns"):
            given = take_columns(given, np.arange(given.shape[1])[::-1].tolist())
        return say(shipped, given)

    return run
