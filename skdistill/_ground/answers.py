"""What a fitted model gives, in whatever form, as columns: probabilities, or numbers.

A model has its classes in an order of its own (``classes_``), a data frame names its columns, and
some models know the classes by number only: columns that are taken at their place would be those of
other classes.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skdistill._ground.arrays import has_namespace, to_host
from skdistill._ground.validation import brief, check_unmasked, named_columns
from skdistill._ground.wrapping import LabelledClassifier
from skdistill.exceptions import TeacherError

__all__ = ["as_dense", "class_probabilities", "predictions"]


def class_probabilities(model: Any, X: Any, classes: NDArray[Any]) -> NDArray[Any]:
    """Return ``model.predict_proba(X)`` as an array, its columns in the order of `classes`.

    Parameters
    ----------
    model : fitted classifier
        May give an array, a sparse one, or a data frame of pandas or polars.
    X : array-like or data frame of n rows
        Features.
    classes : array of shape (K,)
        Sorted classes.

    Returns
    -------
    p : array of shape (n, K)

    Raises
    ------
    TeacherError
        If there are not as many columns as classes, or they are those of other classes.
    InputError
        If a data frame has columns that are named after something else, or entries are masked.
    """
    if type(model) is LabelledClassifier and _same(model.classes_, classes):
        return class_probabilities(model.inner, X, np.arange(len(classes)))
    name = type(model).__name__
    given = model.predict_proba(X)
    own = np.asarray(getattr(model, "classes_", classes))
    named = named_columns(given, own, f"what predict_proba of {name} gives")
    p = as_dense(given)
    if p.ndim != 2 or p.shape[1] != len(own) or len(own) != len(classes):
        raise TeacherError(
            f"predict_proba of {name} must give one column for each of the {len(classes)} "
            f"classes, got shape {p.shape} and classes {own.tolist()}."
        )
    places = own if named is None else own[named]
    if _same(places, classes):
        return p
    order = np.argsort(places)
    if not _same(places[order], classes):
        raise TeacherError(
            f"the classes_ of {name} must be those of y, {classes.tolist()}, got {own.tolist()}: "
            "which column of its predict_proba is whose cannot be told."
        )
    return p[:, order]


def predictions(model: Any, X: Any, n_outputs: int) -> NDArray[Any]:
    """Return ``model.predict(X)`` as columns.

    Parameters
    ----------
    model : fitted regressor
        May give an array, a sparse one, or a column or data frame of pandas or polars.
    X : array-like or data frame of n rows
        Features.
    n_outputs : int
        How many columns there are to be.

    Returns
    -------
    m : array of shape (n, n_outputs)

    Raises
    ------
    TeacherError
        If these are no numbers, or not as many per row.
    InputError
        If entries are masked.
    """
    said, name = model.predict(X), type(model).__name__
    try:
        m = as_dense(said)
    except (TypeError, ValueError):
        m = np.asarray(said, dtype=object)
    if m.dtype.kind not in "fiub":
        raise TeacherError(f"predict of {name} must give numbers, got {brief(m.ravel()[:2])}.")
    columns = m.reshape(-1, 1) if m.ndim == 1 else m
    if columns.ndim != 2 or columns.shape[1] != n_outputs:
        wrap = " (MultiOutputRegressor makes several of one)" if n_outputs > 1 else ""
        raise TeacherError(
            f"predict of {name} must give one number for each of the {n_outputs} column(s) of "
            f"y{wrap}, got shape {m.shape}."
        )
    return columns


def as_dense(p: Any) -> NDArray[Any]:
    """Return what a model gives, in any form, as a dense array on the host."""
    check_unmasked("what the model gives", p)
    table = p.toarray() if sp.issparse(p) else to_host(p) if has_namespace(p) else np.asarray(p)
    # Columns of nullable numbers are objects together.
    return table.astype(np.float64) if table.dtype == object else table


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two sets of classes are the same, also where one has them as text (CatBoost)."""
    return np.array_equal(a, b) or a.astype(str).tolist() == b.astype(str).tolist()
