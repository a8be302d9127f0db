"""Rows that have probabilities and no labels: a fit to soft labels alone.

There is nothing to correct or to calibrate by, so the student is fitted to the probabilities as
they are. What it does with labels besides fitting (balancing classes, encoding by the target) sees
ones drawn by them, as for transfer rows; the direct student that bounds a tree's size is trained on
these, too.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data, check_data
from skdistill._ground.outcomes import draw_codes
from skdistill._ground.validation import as_labels, check_probabilities
from skdistill.exceptions import InputError, ParameterError

__all__ = ["read_rows", "sorted_columns"]

NAME = "teacher_proba"


def read_rows(X: Any, sample_weight: Any, groups: Any, p: Any, classes: NDArray[Any]) -> Data:
    """Return the rows of a fit without labels, with ones that are drawn by their probabilities.

    Parameters
    ----------
    X, sample_weight, groups
        As in `check_data`.
    p : array or data frame of shape (n, K)
        Probabilities.
    classes : array of shape (K,)
        Sorted classes.

    Returns
    -------
    data : Data
        Each of `classes` has a row at least: students take those they see for all.

    Raises
    ------
    InputError
        If no row gives a class a probability.
    """
    values = np.asarray(p, dtype=np.float64)
    data = check_data(X, classes[draw_codes(values)], sample_weight, groups, classes)
    codes = _with_every_class(data.codes, values[data.kept], classes)
    return replace(data, y=classes[codes], labelled=False)


def _with_every_class(
    codes: NDArray[np.int64], p: NDArray[np.float64], classes: NDArray[Any]
) -> NDArray[np.int64]:
    """Return the classes drawn; one that was not drawn has the row where it is most probable."""
    unlikely = np.flatnonzero(~(p > 0).any(axis=0))
    if unlikely.size:
        raise InputError(
            f"{NAME} gives class {classes.tolist()[unlikely[0]]!r} no probability in any row: "
            "leave its column out, and the class."
        )
    codes = codes.copy()
    for absent in np.setdiff1d(np.arange(len(classes)), codes):
        spare = np.bincount(codes, minlength=len(classes))[codes] > 1
        if spare.any():
            codes[np.where(spare, p[:, absent], -1.0).argmax()] = absent
    return codes


def sorted_columns(p: Any, classes: Any) -> tuple[Any, NDArray[Any]]:
    """Return probabilities with a column for each of the sorted classes, and these.

    Parameters
    ----------
    p : array-like or data frame of shape (n, K)
        Probabilities.
    classes : array-like of shape (K,) or None
        The class of each column, in any order; None where the columns are named after them.

    Returns
    -------
    p : array or data frame of shape (n, K)
    classes : array of shape (K,)

    Raises
    ------
    InputError
        If they are no probabilities, two columns are of one class, or nothing names them.
    ParameterError
        If `classes` and the names of the columns differ.
    """
    names = list(p.columns) if hasattr(p, "columns") else None
    if classes is None and names is None:
        raise InputError(
            "classes= must name the columns of teacher_proba where y is None, got none: pass "
            "classes=[...], one per column, or a data frame with the classes as columns."
        )
    found = as_labels(names if classes is None else classes)
    if names is not None and classes is not None and names != found.tolist():
        raise ParameterError(
            f"classes must be the columns of teacher_proba in their order, {names}, got "
            f"{found.tolist()}: leave classes= out."
        )
    distinct, first = np.unique(found, return_index=True)
    if not 2 <= len(distinct) == len(found):
        raise InputError(
            f"classes must be at least two, all different, got {found.tolist()}: there is one "
            "column for each class."
        )
    values = check_probabilities(p if names is None else np.asarray(p), len(p), found, NAME)
    return values[:, first] if names is None else p[[names[place] for place in first]], distinct
