"""What a fitted estimator was taught: labels and out-of-fold probabilities of its own rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import clone
from sklearn.utils import check_consistent_length
from sklearn.utils.metadata_routing import process_routing

from skdistill._ground.compat import take_rows
from skdistill._ground.data import check_data
from skdistill._ground.learners import holds_frozen
from skdistill._ground.validation import as_labels, check_weights
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._checks import check_fitted_distiller, check_fitted_on
from skdistill.inspection._scores import one_hot_labels
from skdistill.teaching.calibration import calibrate_unseen
from skdistill.teaching.teachers import as_teacher, weight_keyword

__all__ = [
    "OutOfFoldRows",
    "cross_calibrate",
    "feature_column",
    "fitted_teacher",
    "out_of_fold",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OutOfFoldRows:
    """The rows of positive weight that the teacher labelled out of fold.

    Attributes
    ----------
    X : array-like, sparse array or data frame of m rows
        Features.
    labels : array of shape (m,)
        Labels.
    raw : array of shape (m, K)
        Probabilities as the teacher gave them.
    calibrated : array of shape (m, K)
        The same through maps that have not seen the row's label; as they are where there are none.
    on_these_rows : array of shape (m, K) or None
        The same through a map that was fitted on these rows, where there is no other.
    weight : array of shape (m,) or None
        Row weights.
    fold : array of shape (m,)
        Fold of each row; -1 where it is not known.
    n_given : int
        Rows of the fit, with those that have no probabilities.
    claimed : bool
        Whether that the teacher had not seen the rows is what somebody says: its probabilities were
        given, or it was frozen.
    """

    X: Any
    labels: NDArray[Any]
    raw: Floats
    calibrated: Floats
    on_these_rows: Floats | None
    weight: Floats | None
    fold: NDArray[np.int64]
    n_given: int
    claimed: bool


def out_of_fold(estimator: Any, X: Any, y: Any, sample_weight: Any) -> OutOfFoldRows:
    """Return what the estimator was taught about its rows.

    Raises
    ------
    InputError
        If the rows are not as many as those of the fit, or the labels are others.
    ParameterError
        If the estimator is no distiller.
    """
    check_fitted_distiller(estimator)
    raw = estimator.teacher_proba_
    labels = as_labels(y, warn=False)
    if len(labels) != len(raw):
        raise InputError(
            f"X and y must be the {len(raw)} rows that the estimator was fitted on, got "
            f"{len(labels)} labels: its out-of-fold probabilities belong to those rows."
        )
    check_consistent_length(X, labels)
    one_hot = one_hot_labels(labels, estimator.classes_)
    check_fitted_on(estimator, y)
    weight = check_weights(sample_weight, len(labels))
    counts = ~np.isnan(estimator.calibrated_proba_[:, 0])  # a stacked one is of fewer rows
    known = np.flatnonzero(counts if weight is None else counts & (weight > 0))
    weight = None if weight is None else weight[known]
    raw, fold = raw[known], estimator.fold_[known]
    unseen = cross_calibrate(estimator.report_.calibration, one_hot[known], raw, fold, weight)
    return OutOfFoldRows(
        X=take_rows(X, known),
        labels=labels[known],
        raw=raw,
        calibrated=raw if unseen is None else unseen,
        on_these_rows=estimator.calibrated_proba_[known] if unseen is None else None,
        weight=weight,
        fold=fold,
        n_given=len(labels),
        claimed=_is_claimed(estimator),
    )


def _is_claimed(estimator: Any) -> bool:
    """Whether an estimator did not make the probabilities of its rows itself, fold by fold."""
    if hasattr(estimator, "pool_proba_"):  # a search has folds for those that it is given as well
        given = estimator.report_.n_teacher_fits == 0
    else:
        given = bool(np.all(estimator.fold_ < 0))
    return given or holds_frozen(as_teacher(estimator.teacher))


def cross_calibrate(
    method: str | None, y: Floats, p: Floats, fold: NDArray[np.int64], weight: Floats | None
) -> Floats | None:
    """Calibrate the probabilities of each fold by a map fitted on the other folds.

    Parameters
    ----------
    method : {"sigmoid", "temperature", "isotonic", "stacked"} or None
        Which map.
    y, p : array of shape (n, K)
        One-hot labels and out-of-fold probabilities.
    fold : array of shape (n,)
        Fold of each row; -1 where it is not known.
    weight : array of shape (n,) or None
        Positive row weights.

    Returns
    -------
    calibrated : array of shape (n, K) or None
        None where a fold is not known, where there is one only, and for "stacked", whose second
        opinion is not kept.
    """
    if method is None:
        return p
    if method == "stacked" or not 0 <= fold.min() < fold.max():
        return None
    calibrated = np.empty_like(p)
    for number in np.unique(fold):
        test = fold == number
        calibrated[test] = calibrate_unseen(method, y, p, test, weight)
    return calibrated


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
    """Return the teacher fitted on all rows of positive weight: the one given, or a new one."""
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
    data = check_data(X, y, sample_weight, None)
    if get_config()["enable_metadata_routing"]:  # who asks for weights gets them
        params = process_routing(estimator, "fit", sample_weight=data.weight)["teacher"].fit
    else:
        params = {} if data.weight is None else {weight_keyword(model): data.weight}
    return model.fit(data.X, data.y, **params)
