"""What a fitted estimator was taught: what was observed and said out of fold of its own rows."""

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
from skdistill._ground.learners import holds_frozen
from skdistill._ground.metrics import FLOOR
from skdistill._ground.validation import check_weights
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection._checks import check_fitted_distiller, check_fitted_on
from skdistill.inspection._measures import Measure
from skdistill.inspection._tasks import Side, side_of
from skdistill.teaching.teachers import as_teacher, weight_keyword

__all__ = [
    "OutOfFoldRows",
    "cross_calibrate",
    "feature_column",
    "fitted_teacher",
    "out_of_fold",
    "teacher_params",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OutOfFoldRows:
    """The rows of positive weight that the teacher labelled out of fold.

    Attributes
    ----------
    X : array-like, sparse array or data frame of m rows
        Features.
    measure : Measure
        Who judges what is said of them.
    columns : array of shape (m, C)
        What was observed: one-hot labels, or numbers.
    raw : array of shape (m, C)
        What the teacher said: probabilities, or predictions.
    calibrated : array of shape (m, C)
        The same through maps that have not seen the row's label; as they are where there are none.
    on_these_rows : array of shape (m, C) or None
        The same through a map that was fitted on these rows, where there is no other.
    weight : array of shape (m,) or None
        Row weights.
    fold : array of shape (m,)
        Fold of each row; -1 where it is not known.
    n_given : int
        Rows of the fit, with those of which nothing was said.
    claimed : bool
        Whether that the teacher had not seen the rows is what somebody says: what it says was
        given, or it was frozen.
    """

    X: Any
    measure: Measure
    columns: Floats
    raw: Floats
    calibrated: Floats
    on_these_rows: Floats | None
    weight: Floats | None
    fold: NDArray[np.int64]
    n_given: int
    claimed: bool

    @property
    def labels(self) -> NDArray[Any]:
        """What was observed, as it was given."""
        return self.measure.labels(self.columns)


def out_of_fold(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    exposure: Any = None,
    floor: float = FLOOR,
) -> OutOfFoldRows:
    """Return what the estimator was taught about its rows.

    Raises
    ------
    InputError
        If the rows are not as many as those of the fit, or the labels are others.
    ParameterError
        If the estimator is no distiller.
    """
    side = check_fitted_distiller(estimator)
    judged_by = side.judged_by(estimator, floor)
    raw, calibrated = (side.said(estimator, whose) for whose in ("teacher", "calibrated"))
    labels, sample_weight = side.rows(estimator, y, sample_weight, exposure)
    if len(labels) != len(raw):
        raise InputError(
            f"X and y must be the {len(raw)} rows that the estimator was fitted on, got "
            f"{len(labels)} labels: its out-of-fold {side.task.outcome.said} belong to those rows."
        )
    check_consistent_length(X, labels)
    measure = side.measure(estimator, labels, **judged_by)
    columns = measure.observe(labels)
    check_fitted_on(estimator, y, **side.beside(exposure))
    weight = check_weights(sample_weight, len(labels))
    counts = ~np.isnan(calibrated[:, 0])  # a stacked one is of fewer rows
    known = np.flatnonzero(counts if weight is None else counts & (weight > 0))
    weight = None if weight is None else weight[known]
    raw, fold = raw[known], estimator.fold_[known]
    method = estimator.report_.calibration
    unseen = cross_calibrate(measure, method, columns[known], raw, fold, weight)
    return OutOfFoldRows(
        X=take_rows(X, known),
        measure=measure,
        columns=columns[known],
        raw=raw,
        calibrated=raw if unseen is None else unseen,
        on_these_rows=calibrated[known] if unseen is None else None,
        weight=weight,
        fold=fold,
        n_given=len(labels),
        claimed=_is_claimed(estimator, side),
    )


def _is_claimed(estimator: Any, side: Side) -> bool:
    """Whether an estimator did not have its rows told of itself, fold by fold."""
    if isinstance(estimator, side.search):  # a search has folds for those that it is given as well
        given = estimator.report_.n_teacher_fits == 0
    else:
        given = bool(np.all(estimator.fold_ < 0))
    if given or estimator.teacher is None:  # of one level among several quantiles
        return given
    return holds_frozen(as_teacher(estimator.teacher, side.task.teachers))


def cross_calibrate(
    measure: Measure,
    method: str | None,
    y: Floats,
    p: Floats,
    fold: NDArray[np.int64],
    weight: Floats | None,
) -> Floats | None:
    """Calibrate what was said of each fold by a map fitted on the other folds.

    Parameters
    ----------
    measure : Measure
        Of the task.
    method : str or None
        Which map: one of the calibrations of the estimators.
    y, p : array of shape (n, C)
        What was observed and what was said out of fold.
    fold : array of shape (n,)
        Fold of each row; -1 where it is not known.
    weight : array of shape (n,) or None
        Positive row weights.

    Returns
    -------
    calibrated : array of shape (n, C) or None
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
        calibrated[test] = measure.calibrate_unseen(method, y, p, test, weight)
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


def fitted_teacher(
    estimator: Any, teacher: Any, X: Any, y: Any, sample_weight: Any, exposure: Any = None
) -> Any:
    """Return the teacher fitted on all rows of positive weight: the one given, or a new one."""
    side = side_of(estimator)
    if not isinstance(teacher, str):
        return teacher
    if teacher != "fit":
        raise ParameterError(
            f"teacher must be a fitted {side.task.teachers.name}, 'fit' or None, got {teacher!r}."
        )
    if estimator.teacher is None:
        raise ParameterError(
            "teacher='fit' needs an estimator with a teacher, and this one was given "
            f"{side.task.outcome.said}: pass the fitted teacher, or None."
        )
    model = clone(as_teacher(estimator.teacher, side.task.teachers))
    data = side.task.read(X, y, sample_weight, None, **side.beside(exposure))
    return model.fit(data.X, data.y, **teacher_params(estimator, model, data.weight))


def teacher_params(estimator: Any, model: Any, weight: Floats | None) -> dict[str, Any]:
    """Return what a distiller hands to its teacher's fit beside the rows: the weights, if any."""
    if get_config()["enable_metadata_routing"]:  # who asks for weights gets them
        return dict(process_routing(estimator, "fit", sample_weight=weight)["teacher"].fit)
    return {} if weight is None else {weight_keyword(model): weight}
