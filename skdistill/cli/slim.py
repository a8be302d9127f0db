"""What is saved, without the columns that the student does not use."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from skdistill.cli.front import saved
from skdistill.cli.vectoriser import sources
from skdistill.export.narrowing import used
from skdistill.export.shipped import on_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["slim"]


def slim(
    vectoriser: Pipeline,
    student: BaseEstimator,
    rows: "pd.DataFrame",
    again: Callable[[Sequence[str]], Pipeline],
) -> Pipeline:
    """Return what is saved: it finds the columns that it needs by name.

    Parameters
    ----------
    vectoriser : Pipeline
        Fitted.
    student : estimator
        Fitted to what it makes of the columns.
    rows : pandas.DataFrame
        What both were fitted on.
    again : callable
        Returns a vectoriser of some of the columns, not fitted.

    Returns
    -------
    model : Pipeline
        Of all columns, where one of fewer does not make the very same numbers of the rows.

    Raises
    ------
    ExportError
        If the student says something else on fewer columns.
    """
    origins = np.array(sources(vectoriser))
    needed = set(origins[used(student)])
    names = [name for name in rows if name in needed]
    kept = np.flatnonzero(np.isin(origins, names))
    numbers, fewer = vectoriser.transform(rows), vectoriser
    if len(names) < len(rows.columns):
        fewer = again(names)
        if not np.array_equal(fewer.fit_transform(rows[names]), numbers[:, kept], equal_nan=True):
            fewer, names, kept = vectoriser, list(rows), np.arange(len(origins))
    picker = ColumnTransformer([("columns", "passthrough", names)], verbose_feature_names_out=False)
    picker.set_output(transform="pandas").fit(rows[names])
    made: Any = saved(fewer, on_columns(student, kept, numbers))
    made.steps.insert(0, ("columns", picker))
    return made
