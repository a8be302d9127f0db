"""Scores of one table of probabilities, as every report states them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.metrics import r2_score, roc_auc_score

from skdistill._ground import metrics
from skdistill._ground.answers import class_probabilities
from skdistill._ground.metrics import FLOOR
from skdistill._ground.validation import as_labels
from skdistill.exceptions import InputError, ParameterError

__all__ = [
    "CLASS_COLUMNS",
    "FIDELITY_COLUMNS",
    "LOWER_IS_BETTER",
    "SCORES",
    "class_fidelity",
    "class_scores",
    "fidelity_scores",
    "one_hot_labels",
    "probabilities",
    "scores",
]

Floats = NDArray[np.float64]
Weight = Floats | None

SCORES = ("accuracy", "log_loss", "auc", "brier", "calibration_error")
LOWER_IS_BETTER = {"log_loss", "brier", "calibration_error"}
CLASS_COLUMNS = ("n_rows", "frequency", "mean_probability", "recall", "auc", "brier")
FIDELITY_COLUMNS = ("kl", "agreement", "logit_r2")


def one_hot_labels(y: Any, classes: NDArray[Any]) -> Floats:
    """Return one-hot labels, shape (n, K), or raise InputError where a label is unknown."""
    labels = as_labels(y, warn=False)
    unknown = [label for label in np.unique(labels).tolist() if label not in classes.tolist()]
    if unknown:
        raise InputError(
            f"y must hold the classes {classes.tolist()} that the estimator was fitted on, got "
            f"{unknown} as well: leave these rows out."
        )
    return (labels[:, None] == classes[None, :]).astype(np.float64)


def probabilities(model: Any, X: Any, classes: NDArray[Any]) -> Floats:
    """Return what a fitted model says of the rows, columns in the order of `classes`.

    Raises
    ------
    ParameterError
        If the model has no `predict_proba`, or other classes.
    """
    if not hasattr(model, "predict_proba"):
        raise ParameterError(
            f"expected a fitted classifier with predict_proba, got {type(model).__name__}: pass "
            "one, or its probabilities where they are taken."
        )
    own = np.asarray(getattr(model, "classes_", classes))
    if set(own.tolist()) != set(classes.tolist()):
        raise ParameterError(
            f"{type(model).__name__} must have been fitted on the classes {classes.tolist()}, got "
            f"{own.tolist()}: was it trained on other labels?"
        )
    return np.asarray(class_probabilities(model, X, classes), dtype=np.float64)


def scores(y: Floats, p: Floats, weight: Weight = None, floor: float = FLOOR) -> dict[str, float]:
    """Return the figures named in `SCORES`.

    Parameters
    ----------
    y : array of shape (n, K)
        One-hot labels.
    p : array of shape (n, K)
        Probabilities.
    weight : array of shape (n,) or None, default=None
        Row weights.
    floor : float, default=1e-3
        The log-loss counts smaller probabilities as this; 0 leaves them as they are.

    Returns
    -------
    scores : dict of str to float
        `auc` is the area under the ROC curve, for more than two classes the mean over classes of
        one against the rest; classes without a row, or with every row, are left out of that mean.
    """
    per_class = _aucs(y, p, weight)
    found = metrics.score_probabilities(y, p, weight, floor)
    found["auc"] = float(np.nanmean(per_class)) if np.isfinite(per_class).any() else np.nan
    return {name: found[name] for name in SCORES}


def class_scores(y: Floats, p: Floats, weight: Weight = None) -> dict[str, NDArray[Any]]:
    """Return the columns `CLASS_COLUMNS`, each of shape (K,); one class against the rest."""
    w = np.ones(len(y)) if weight is None else weight
    mass = y.T @ w
    hits = np.eye(y.shape[1])[p.argmax(axis=1)] * y
    with np.errstate(invalid="ignore"):
        recall = (hits.T @ w) / mass
    return {
        "n_rows": y.sum(axis=0).astype(int),
        "frequency": mass / w.sum(),
        "mean_probability": (p.T @ w) / w.sum(),
        "recall": recall,
        "auc": _aucs(y, p, weight),
        "brier": ((y - p) ** 2).T @ w / w.sum(),
    }


def fidelity_scores(
    p: Floats, q: Floats, weight: Weight = None, floor: float = FLOOR
) -> dict[str, float]:
    """Return how well a student `q` keeps to its teacher `p`.

    Parameters
    ----------
    p, q : array of shape (n, K)
        Probabilities of the teacher and of the student.
    weight : array of shape (n,) or None, default=None
        Row weights.
    floor : float, default=1e-3
        Smaller probabilities count as this: rows are made to sum to one again in the divergence,
        and logits kept as far from those of 0 and 1.

    Returns
    -------
    scores : dict of str to float
        `kl`, the mean divergence in nats; `agreement`, the share of rows with the same class;
        `logit_r2`, the share of the variance of the teacher's logits (one class against the rest,
        all classes together) that the student explains.
    """
    z, f = _logits(p, floor), _logits(q, floor)
    r2 = np.nan  # of one row there is no variance to explain
    if len(z) > 1:
        r2 = float(r2_score(z, f, sample_weight=weight, multioutput="variance_weighted"))
    return {
        "kl": metrics.fidelity(_raised(p, floor), _raised(q, floor), weight),
        "agreement": metrics.agreement(p, q, weight),
        "logit_r2": r2,
    }


def class_fidelity(
    p: Floats, q: Floats, weight: Weight = None, floor: float = FLOOR
) -> Mapping[str, Floats]:
    """Return the columns `FIDELITY_COLUMNS` for each class against the rest, each of shape (K,).

    The agreement is that of the rows to which the teacher gives the class; NaN if there are none.
    """
    w = np.ones(len(p)) if weight is None else weight
    taught, learnt = p.argmax(axis=1), q.argmax(axis=1)
    agreement = np.full(p.shape[1], np.nan)
    for k in np.unique(taught):
        agreement[k] = np.average(learnt[taught == k] == k, weights=w[taught == k])
    pairs = [[np.column_stack([1.0 - a, a]) for a in (p[:, k], q[:, k])] for k in range(p.shape[1])]
    kl = [metrics.fidelity(_raised(a, floor), _raised(b, floor), weight) for a, b in pairs]
    z, f = _logits(p, floor), _logits(q, floor)
    r2 = np.full(p.shape[1], np.nan)
    if len(z) > 1:
        r2 = r2_score(z, f, sample_weight=weight, multioutput="raw_values")
    return {"kl": np.array(kl), "agreement": agreement, "logit_r2": r2}


def _raised(p: Floats, floor: float) -> Floats:
    raised = np.maximum(p, floor)
    return raised / raised.sum(axis=1, keepdims=True)


def _logits(p: Floats, floor: float) -> Floats:
    floor = max(floor, float(np.finfo(np.float64).eps))
    return logit(np.clip(p, floor, 1.0 - floor))


def _aucs(y: Floats, p: Floats, weight: Weight) -> Floats:
    """Return the area under the ROC curve of each class; NaN where all rows are of one kind."""
    mixed = (y.min(axis=0) == 0.0) & (y.max(axis=0) == 1.0)
    values = np.full(y.shape[1], np.nan)
    for k in np.flatnonzero(mixed):
        values[k] = roc_auc_score(y[:, k], p[:, k], sample_weight=weight)
    return values
