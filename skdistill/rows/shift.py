"""Density ratios: weights that let labelled rows stand for rows from elsewhere.

Where the student will be used the features may follow another law than in the labelled rows. If
the labels depend on the features as they do here (covariate shift), the loss there is the loss here
with each row weighted by the ratio of the two densities; and that ratio is the odds with which a
classifier that has seen as many rows from there as from here takes the row for one from there.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from skdistill._ground.arrays import floor_probabilities, has_namespace
from skdistill._ground.compat import warn_user
from skdistill._ground.data import check_alike, stack_rows
from skdistill._ground.learners import gives_probabilities
from skdistill._ground.tables import check_table
from skdistill._ground.validation import brief, check_choice, check_polars, is_estimator
from skdistill.exceptions import (
    FoldError,
    InputError,
    ParameterError,
    SkdistillWarning,
    TeacherError,
)
from skdistill.teaching.calibration import FLOOR, calibrate
from skdistill.teaching.crossfit import OutOfFold, cross_fit
from skdistill.teaching.folds import Folds, make_folds, twin_numbers

__all__ = ["DensityRatio", "density_ratio"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
CALIBRATIONS = (None, "sigmoid", "temperature")
FEW_ROWS = 0.05  # share of effective rows below which few rows decide everything
FEW_COVERED = 0.7  # share of the others that the labelled rows should reach
FEW_COPIES = 20  # of a row: more are a value that the classifier has to see


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
    covered : float
        Mean of the ratio over the labelled rows before it was made 1: the share of the other law
        that lies where they are. About 1 where they reach all of it, up to errors of the estimate.
    """

    weights: Floats
    n_target: int
    auc: float
    covered: float

    @property
    def effective_rows(self) -> float:
        """Number of equally weighted rows that would do as much, ``(sum w)^2 / sum w^2``.

        Source: Kish, *Survey Sampling*, Wiley, 1965.
        """
        return float(self.weights.sum() ** 2 / np.sum(self.weights**2))

    def __str__(self) -> str:
        return (
            f"{len(self.weights):,} rows weighted for {self.n_target:,} others count as "
            f"{self.effective_rows:,.0f} and reach {min(self.covered, 1.0):.0%} of where these "
            f"are; out of fold the two sets are told apart with an AUC of {self.auc:.3f}."
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
    out-of-fold probability q(x) that a row is of `X_target`, were there as many rows of both, the
    weight of a row of `X` is

    ``w(x) = q(x) / (1 - q(x))``,

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
        Tells the two sets apart; it must take the rows as they are. None for a small LightGBM,
        which takes numbers, missing ones too, and the categories of pandas.
    cv : int, splitter or list of splits, default=5
        Folds of the n + N rows, those of `X` first; each row must be in one test part. An integer
        (None is 5) keeps equal rows in one fold, unless there are more than 20 of them: else the
        twin of the other set would say that the row is one of it. Where rows belong together (those
        of one patient), pass splits that keep them so.
    calibration : {"sigmoid", "temperature"} or None, default="sigmoid"
        Of the probabilities, as in `DistilledClassifier`; steps would make weights of 10,000.
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
        If the two sets are of other kinds, columns or categories, empty, or on a device, or the
        classifier fails on them.
    FoldError
        If a row is in no test part of a fold, or in several; if a set has fewer rows than folds.
    ParameterError
        If another parameter cannot be used.

    Warns
    -----
    SkdistillWarning
        If the weights leave less than a twentieth of the rows, or the rows of `X` reach less than
        seven tenths of where those of `X_target` are.

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
    check_choice("calibration", calibration, CALIBRATIONS)
    rows = stack_rows(X, X_target)
    n, n_target = _length(X), _length(X_target)
    origin = np.repeat([0, 1], [n, n_target])
    folds = _folds(5 if cv is None else cv, rows, origin, random_state)
    classifier = _resolve(classifier)
    check_polars(classifier, rows)
    out = _tell_apart(classifier, rows, origin, folds, n_jobs)
    even = _as_of_equal_numbers(out, origin, folds)
    odds = _odds(calibration, even, origin)[:n]
    auc = float(roc_auc_score(origin, even[:, 1]))
    ratio = DensityRatio(odds / odds.mean(), n_target, auc, float(odds.mean()))
    if ratio.effective_rows < FEW_ROWS * n or ratio.covered < FEW_COVERED:
        warn_user(
            f"{ratio} What a student fitted with these weights learns is decided by few rows, or "
            "by rows that are not where it will be used: label some rows of X_target.",
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
    ours, others = _columns(X, "X"), _columns(X_target, "X_target")
    check_alike(X, X_target, "X_target")
    if ours != others:
        raise InputError(
            f"X_target must have the columns of X in their order: {brief(ours)}, got "
            f"{brief(others)}."
        )


def _columns(rows: Any, name: str) -> list[Any] | int:
    """Return the names of the columns, or their number where they have none."""
    shape = rows.shape if sp.issparse(rows) or hasattr(rows, "columns") else np.asarray(rows).shape
    if len(shape) != 2 or shape[1] == 0:
        raise InputError(f"{name} must have two dimensions and columns, got shape {shape}.")
    return list(rows.columns) if hasattr(rows, "columns") else int(shape[1])


def _resolve(classifier: Any) -> Any:
    if classifier is None:
        return LGBMClassifier(n_estimators=50, num_leaves=8, verbose=-1, n_jobs=1)
    if not is_estimator(classifier) or not gives_probabilities(classifier):
        raise ParameterError(
            f"classifier must be a classifier with predict_proba, or None, got {classifier!r}."
        )
    return classifier


def _folds(cv: Any, rows: Any, origin: Index, random_state: Any) -> Folds:
    """Return folds of both sets, each row in the test part of one of them."""
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        for count, name in zip(np.bincount(origin), ("X", "X_target"), strict=True):
            if count < cv:
                raise FoldError(f"cv={cv} needs at least {cv} rows of {name}, got {count}.")
        folds = _whole_twins(int(cv), _twins(rows), origin, random_state)
    else:
        folds = make_folds(cv, rows, origin, random_state=random_state)
    if not folds.is_partition:
        raise FoldError(
            "cv must have each row of X and X_target in the test part of one fold, got "
            f"{int(np.sum(folds.times_covered != 1))} rows in none or in several: pass an integer."
        )
    return folds


def _twins(rows: Any) -> Index:
    """Return the first of the rows that each one is equal to; itself where there are many."""
    twin = twin_numbers(rows)
    first = np.unique(twin, return_index=True)[1][twin]
    return np.where(np.bincount(twin)[twin] > FEW_COPIES, np.arange(len(twin)), first)


def _whole_twins(cv: int, twin: Index, origin: Index, random_state: Any) -> Folds:
    """Return stratified folds that keep twins together, as far as there are enough others."""
    firsts, number = np.unique(twin, return_inverse=True)
    found = np.zeros((len(firsts), 2), dtype=bool)
    found[number, origin] = True
    if cv > 1 and found.sum(axis=0).min() < cv:
        number, kind = np.arange(len(twin)), origin
    else:
        kind = _kinds(found, cv)
    fold = make_folds(cv, np.zeros(len(kind)), kind, random_state=random_state).fold[number]
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(cv)]
    return make_folds(splits, twin, origin)


def _kinds(found: NDArray[np.bool_], cv: int) -> Index:
    """Return what to stratify different rows by: in X only (0), in X_target only (1), in both (2).

    A kind with fewer rows than folds is counted to another one.
    """
    kind = found @ np.array([1, 2]) - 1
    for few, instead in ((0, 2), (1, 2), (2, 1)):
        if 0 < np.count_nonzero(kind == few) < cv:
            kind[kind == few] = instead
    return kind


def _tell_apart(
    classifier: Any, rows: Any, origin: Index, folds: Folds, n_jobs: int | None
) -> OutOfFold:
    """Return probabilities, shape (n + N, 2), of classifiers that have not seen the row."""
    try:
        return cross_fit(classifier, rows, origin, folds, n_jobs=n_jobs)
    except TeacherError as error:  # it stands where a teacher does
        raise InputError(
            f"the classifier {type(classifier).__name__} could not tell X from X_target: "
            f"{error.__cause__ or error}. Pass one that takes such rows, a Pipeline for instance."
        ) from error


def _as_of_equal_numbers(out: OutOfFold, origin: Index, folds: Folds) -> Floats:
    """Return what the classifiers would say had they seen as many rows of both sets."""
    even = np.empty((folds.n_rows, 2))
    for part, (train, test) in zip(out.parts, folds.splits, strict=True):
        even[test] = part / np.bincount(origin[train])
    return np.asarray(even / even.sum(axis=1, keepdims=True))


def _odds(calibration: str | None, p: Floats, origin: Index) -> Floats:
    """Return the calibrated odds, shape (n + N,), of sets that weigh the same."""
    weight = (len(origin) / 2.0 / np.bincount(origin))[origin]
    fitted = calibrate(calibration, np.eye(2)[origin], p, weight)
    q = floor_probabilities(fitted.transform(p), FLOOR)
    return np.asarray(q[:, 1] / q[:, 0])
