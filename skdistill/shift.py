"""Density ratios: weights that let labelled rows stand for rows from elsewhere.

Where the student will be used the features may follow another law than in the labelled rows. If
the labels depend on the features as they do here (covariate shift), the loss there is the loss here
with each row weighted by the ratio of the two densities; and that ratio is the odds with which a
classifier takes the row for one from there.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from skdistill._arrays import floor_probabilities, has_namespace
from skdistill._compat import warn_user
from skdistill._data import check_alike, stack_rows
from skdistill._threads import bound_threads, thread_budget
from skdistill._validation import check_choice, check_probabilities, check_table, is_estimator
from skdistill.calibration import CALIBRATIONS, FLOOR, calibrate
from skdistill.exceptions import FoldError, InputError, ParameterError, SkdistillWarning
from skdistill.folds import Folds, make_folds

__all__ = ["DensityRatio", "density_ratio"]

Floats = NDArray[np.float64]
FEW = 0.05  # share of effective rows below which few rows decide everything


@dataclass(frozen=True)
class DensityRatio:
    """How much each labelled row counts where the student will be used; made by `density_ratio`.

    Parameters
    ----------
    weights : array of shape (n,)
        Of the labelled rows; their mean is 1. Pass them as ``sample_weight``.
    n_target : int
        Unlabelled rows that they stand for.
    auc : float
        Area under the ROC curve of telling the two sets of rows apart, out of fold: 0.5 where
        there is no shift that the classifier sees, 1 where they do not overlap.
    """

    weights: Floats
    n_target: int
    auc: float

    @property
    def effective_rows(self) -> float:
        """Number of equally weighted rows that would do as much, ``(sum w)^2 / sum w^2``.

        Source: Kish, *Survey Sampling*, Wiley, 1965.
        """
        return float(self.weights.sum() ** 2 / np.sum(self.weights**2))

    def __str__(self) -> str:
        return (
            f"{len(self.weights):,} rows weighted for {self.n_target:,} others count as "
            f"{self.effective_rows:,.0f}; out of fold the two sets are told apart with an AUC of "
            f"{self.auc:.3f}."
        )


def density_ratio(
    X: Any,
    X_target: Any,
    classifier: Any = None,
    *,
    cv: Any = 5,
    calibration: str | None = "sigmoid",
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> DensityRatio:
    """Weight labelled rows by the density of other rows over their own.

    A classifier learns to tell the n rows of `X` from the N rows of `X_target`. With its calibrated
    out-of-fold probability q(x) that a row is of `X_target`, the weight of a row of `X` is

    ``w(x) = n / N * q(x) / (1 - q(x))``,

    divided by the mean of these over `X`. A classifier asked about rows that it was fitted on
    would know them by heart, and weight all of them down. Nobody's label is looked at.

    Weights cost rows: what a student of many parameters loses by their variance is often more than
    it gains, and a student too simple for the whole of `X` gains most
    (``python -m benchmarks.shift``). `DistilledClassifier` also takes `X_target` as ``X_transfer``.

    Parameters
    ----------
    X : array-like, sparse array or data frame of n rows
        Features of the labelled rows.
    X_target : array-like, sparse array or data frame of N rows
        Features from where the student will be used, of the same kind and columns.
    classifier : classifier with predict_proba, or None, default=None
        Tells the two sets apart; it must take the rows as they are. None for a small LightGBM.
    cv : int, splitter or list of splits, default=5
        Folds of the n + N rows, those of `X` first; each row must be in one test part. Where rows
        belong together (those of one patient), pass splits that keep them so.
    calibration : {"sigmoid", "temperature", "isotonic"} or None, default="sigmoid"
        Of the probabilities, as in `DistilledClassifier`.
    n_jobs : int or None, default=None
        Folds fitted at once.
    random_state : int, RandomState instance or None, default=None
        Shuffles the folds of an integer `cv`.

    Returns
    -------
    ratio : DensityRatio

    Raises
    ------
    InputError
        If the two sets are of other kinds or columns, empty, or on a device.
    FoldError
        If a row is in no test part of a fold, or in several.
    ParameterError
        If another parameter cannot be used.

    Warns
    -----
    SkdistillWarning
        If the weights leave less than a twentieth of the rows.

    Notes
    -----
    Source: Bickel, Brueckner and Scheffer, *Discriminative Learning Under Covariate Shift*, JMLR
    10, 2009; why the loss is weighted so: Shimodaira, *Improving predictive inference under
    covariate shift by weighting the log-likelihood function*, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skdistill import density_ratio
    >>> rng = np.random.default_rng(0)
    >>> X, X_target = rng.normal(size=(1000, 2)), rng.normal(size=(500, 2)) + [1, 0]
    >>> ratio = density_ratio(X, X_target, LogisticRegression(), random_state=0)
    >>> truth = np.exp(X[:, 0] - 0.5)  # of the two normal densities
    >>> bool(np.corrcoef(ratio.weights, truth)[0, 1] > 0.95)
    True
    """
    _check_sets(X, X_target)
    check_choice("calibration", calibration, [c for c in CALIBRATIONS if c != "stacked"])
    rows = stack_rows(X, X_target)
    n = _length(X)
    origin = np.repeat([0, 1], [n, _length(X_target)])
    folds = make_folds(cv, rows, origin, random_state=random_state)
    p = _out_of_fold(_resolve(classifier), rows, origin, folds, n_jobs)
    fitted = calibrate(calibration, np.eye(2)[origin], p)
    q = floor_probabilities(fitted.transform(p[:n]), FLOOR)
    odds = q[:, 1] / q[:, 0]
    auc = float(roc_auc_score(origin, p[:, 1]))
    ratio = DensityRatio(odds / odds.mean(), len(origin) - n, auc)
    if ratio.effective_rows < FEW * n:
        warn_user(
            f"{ratio} Few rows decide what a student fitted with these weights learns: label some "
            "rows of X_target, or pass them as X_transfer without weights.",
            SkdistillWarning,
        )
    return ratio


def _length(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _check_sets(X: Any, X_target: Any) -> None:
    """Raise InputError where the two sets of rows cannot be put together."""
    for rows, name in ((X, "X"), (X_target, "X_target")):
        check_table(rows, name)
        if has_namespace(rows):
            raise InputError(f"{name} must be on the host, got an array on a device: copy it.")
        if _length(rows) == 0:
            raise InputError(f"{name} must have rows, got none.")
    check_alike(X, X_target, "X_target")
    ours, others = (_columns(rows) for rows in (X, X_target))
    if ours != others:
        raise InputError(
            f"X_target must have the columns of X in their order: {ours}, got {others}."
        )


def _columns(rows: Any) -> list[Any] | int:
    """Return the names of the columns, or their number where they have none."""
    if hasattr(rows, "columns"):
        return list(rows.columns)
    shape = rows.shape if sp.issparse(rows) else np.asarray(rows).shape
    if len(shape) != 2:
        raise InputError(f"X must have two dimensions, got shape {shape}.")
    return int(shape[1])


def _resolve(classifier: Any) -> Any:
    if classifier is None:
        return LGBMClassifier(n_estimators=50, num_leaves=8, verbose=-1)
    if not is_estimator(classifier) or not hasattr(classifier, "predict_proba"):
        raise ParameterError(
            f"classifier must be a classifier with predict_proba, or None, got {classifier!r}."
        )
    return clone(classifier)


def _out_of_fold(
    classifier: Any, rows: Any, origin: NDArray[np.int64], folds: Folds, n_jobs: int | None
) -> Floats:
    """Return probabilities, shape (n + N, 2), of classifiers that have not seen the row."""
    if not folds.is_partition:
        raise FoldError(
            "cv must have each row of X and X_target in the test part of one fold, got "
            f"{int(np.sum(folds.times_covered != 1))} rows in none or in several: pass an integer."
        )
    threads = thread_budget(n_jobs, len(folds))
    if threads is not None:
        bound_threads(classifier, threads)
    p = cross_val_predict(
        classifier, rows, origin, cv=list(folds.splits), n_jobs=n_jobs, method="predict_proba"
    )
    name = f"the probabilities of {type(classifier).__name__}"
    classes = np.array([0, 1])
    return check_probabilities(p, len(origin), classes, name).astype(np.float64)
