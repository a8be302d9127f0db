"""What a fitted estimator was taught: labels and out-of-fold probabilities of its own rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from skdistill._compat import take_rows
from skdistill._validation import check_weights
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._scores import one_hot_labels
from skdistill.teachers import as_teacher, weight_keyword

__all__ = ["OutOfFoldRows", "feature_column", "fitted_teacher", "out_of_fold"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OutOfFoldRows:
    """The rows that the teacher labelled out of fold.

    Attributes
    ----------
    X : array-like, sparse array or data frame of m rows
        Features.
    labels : array of shape (m,)
        Labels.
    raw, calibrated : array of shape (m, K)
        Probabilities as the teacher gave them, and as they were taught.
    weight : array of shape (m,) or None
        Row weights.
    fold : array of shape (m,)
        Fold of each row; -1 where it is not known.
    n_given : int
        Rows of the fit, with those that have no probabilities.
    """

    X: Any
    labels: NDArray[Any]
    raw: Floats
    calibrated: Floats
    weight: Floats | None
    fold: NDArray[np.int64]
    n_given: int


def out_of_fold(estimator: Any, X: Any, y: Any, sample_weight: Any) -> OutOfFoldRows:
    """Return what the estimator was taught about its rows.

    Raises
    ------
    InputError
        If the rows are not as many as those of the fit, or the labels are others.
    """
    check_is_fitted(estimator)
    raw = estimator.teacher_proba_
    labels = column_or_1d(y)
    if len(labels) != len(raw):
        raise InputError(
            f"X and y must be the {len(raw)} rows that the estimator was fitted on, got "
            f"{len(labels)} labels: its out-of-fold probabilities belong to those rows."
        )
    one_hot_labels(labels, estimator.classes_)
    weight = check_weights(sample_weight, len(labels))
    known = np.flatnonzero(~np.isnan(raw[:, 0]))
    return OutOfFoldRows(
        X=take_rows(X, known),
        labels=labels[known],
        raw=raw[known],
        calibrated=estimator.calibrated_proba_[known],
        weight=None if weight is None else weight[known],
        fold=estimator.fold_[known],
        n_given=len(labels),
    )


def feature_column(X: Any, feature: Any, estimator: Any = None) -> tuple[NDArray[Any], str]:
    """Return the values of a feature and its name.

    Raises
    ------
    ParameterError
        If there is no such feature.
    """
    names = list(getattr(X, "columns", getattr(estimator, "feature_names_in_", [])))
    if isinstance(feature, int | np.integer) and not isinstance(feature, bool):
        n_features = X.shape[1] if hasattr(X, "shape") else len(X[0])
        if not 0 <= feature < n_features:
            raise ParameterError(f"feature must be in 0..{n_features - 1}, got {feature}.")
        number = int(feature)
    elif feature in names:
        number = names.index(feature)
    else:
        listed = ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")
        raise ParameterError(
            f"feature must be the number of a column{', or one of ' + listed if names else ''}, "
            f"got {feature!r}."
        )
    name = str(names[number]) if names else f"feature {number}"
    if hasattr(X, "columns"):
        return np.asarray(X[names[number]]), name
    if sp.issparse(X):
        return np.asarray(X.tocsc()[:, [number]].todense()).ravel(), name
    return np.asarray(X)[:, number], name


def fitted_teacher(estimator: Any, teacher: Any, X: Any, y: Any, sample_weight: Any) -> Any:
    """Return the teacher fitted on all rows: the one given, or a new one."""
    if not isinstance(teacher, str):
        return teacher
    if teacher != "fit":
        raise ParameterError(
            f"teacher must be a fitted classifier, 'fit' or None, got {teacher!r}."
        )
    if estimator.teacher is None:
        raise ParameterError(
            "teacher='fit' needs an estimator with a teacher, and this one was given "
            "probabilities: pass the fitted teacher, or None."
        )
    model = clone(as_teacher(estimator.teacher))
    weight = check_weights(sample_weight, len(column_or_1d(y)))
    return model.fit(X, y, **({} if weight is None else {weight_keyword(model): weight}))
