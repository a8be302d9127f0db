"""Rows that come several times, with other targets and weights: what a learner must be told then.

It takes every entry for a row of its own. So settings that count rows are scaled to copies, inner
splits keep the copies of a row together, and rows that early stopping holds out are held out with
all their copies, and come once, with their true labels. Where a learner cannot be told, it is
refused.
"""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv, train_test_split
from sklearn.utils.validation import has_fit_parameter

from skdistill._ground.compat import take_rows
from skdistill.exceptions import StudentError
from skdistill.students.base import Floats, Mixture, Problem
from skdistill.students.size import parts_of

__all__ = [
    "check_copies",
    "count_settings",
    "held_out_rows",
    "mixed_copies",
    "split_setting",
    "stops_early",
    "validation_rows",
]

Rows = NDArray[np.int64]

# Settings that count rows: a whole number of them must become as many times more copies.
ROW_COUNTS = (
    "batch_size",
    "max_samples",
    "min_samples_leaf",
    "min_samples_split",
    # LightGBM's, by the names that its estimators heed
    "bin_construct_sample_cnt",
    "min_child_samples",
    "min_data",
    "min_data_in_bin",
    "min_data_in_leaf",
    "min_data_per_group",
    "subsample_for_bin",
)
HISTOGRAM_EARLY_STOPPING_ROWS = 10_000  # above it HistGradientBoosting's "auto" holds rows out


def check_copies(student: Any, n_rows: int) -> None:
    """Raise StudentError for settings of a student that copies of rows cannot honour.

    Parameters
    ----------
    student : estimator
        Not fitted.
    n_rows : int
        How many rows it will be given copies of.
    """
    for prefix, part in parts_of(student).items():
        _check_part(part, n_rows, inside=prefix != "")


def _check_part(part: Any, n_rows: int, *, inside: bool) -> None:
    name = type(part).__name__
    params = part.get_params(deep=False)
    takes_validation_rows = has_fit_parameter(part, "X_val") and not inside
    patience = params.get("n_iter_no_change") if "early_stopping" not in params else None
    patience = patience or params.get("eval_fraction")  # CatBoost's
    if patience or (stops_early(params, n_rows) and not takes_validation_rows):
        raise StudentError(
            f"early stopping of {name} holds out rows by itself and would put copies of one row on "
            "both sides: turn it off (early_stopping=False, n_iter_no_change=None or "
            "eval_fraction=None; HistGradientBoosting can be told its rows from scikit-learn 1.7 "
            "on, where it is the student itself)."
        )
    if params.get("oob_score"):
        raise StudentError(
            f"oob_score of {name} would be taken on copies of rows that other copies of them were "
            "trained on: leave it False."
        )
    if inside and "cv" in params:
        raise StudentError(
            f"cv={params['cv']!r} of the {name} inside the student cannot be honoured with "
            "weighted copies: only the student's own cv can."
        )


def mixed_copies(problem: Problem, held_out: Rows) -> tuple[Rows, Floats, Floats]:
    """Return the copies of a mixture, row by row.

    Parameters
    ----------
    problem : Problem
        With a mixture, of n rows.
    held_out : array of shape (h,)
        Rows that get no copies.

    Returns
    -------
    rows : array of shape (N,)
        Of which row each is; there are none of weight zero.
    target : array of shape (N, m)
    weight : array of shape (N,)
    """
    mixture = cast("Mixture", problem.mixture)
    weights = mixture.shares.T
    if problem.weight is not None:
        weights = weights * problem.weight[:, None]
    copied = weights > 0.0
    copied[held_out] = False
    rows, numbers = np.nonzero(copied)  # row by row: inner splits rely on it
    return rows, mixture.values[numbers, rows], weights[rows, numbers]


def count_settings(model: Any, rows: Rows, n_rows: int) -> dict[str, Any]:
    """Return the settings of a learner that must differ while it is fitted on copies.

    Parameters
    ----------
    model : estimator
        Whose settings.
    rows : array of shape (N,)
        Of which row each copy is, in order.
    n_rows : int
        How many rows there are.

    Returns
    -------
    settings : dict
        By the names of `set_params`.
    """
    copies_per_row = len(rows) / (1 + np.count_nonzero(np.diff(rows)))
    own: dict[str, Any] = {}
    for prefix, part in parts_of(model).items():
        inner = part.get_params(deep=False)
        if inner.get("batch_size") == "auto":
            own[f"{prefix}batch_size"] = max(1, round(min(200, n_rows) * copies_per_row))
        for key in ROW_COUNTS:
            value = inner.get(key)
            if isinstance(value, int | np.integer) and value > 1:
                own[prefix + key] = min(len(rows), max(1, round(value * copies_per_row)))
        if inner.get("early_stopping") == "auto":
            own[f"{prefix}early_stopping"] = stops_early(inner, n_rows)
    return own


def split_setting(model: Any, problem: Problem, rows: Rows) -> dict[str, Any]:
    """Return the learner's own `cv` as splits of copies, those of a row together; else nothing."""
    given = model.get_params(deep=False)
    if "cv" not in given or isinstance(given["cv"], str):
        return {}
    splitter = check_cv(given["cv"], problem.labels, classifier=bool(len(problem.classes)))
    return {
        "cv": [
            tuple(np.flatnonzero(np.isin(rows, part)) for part in split)
            for split in splitter.split(problem.X, problem.labels)
        ]
    }


def stops_early(params: Mapping[str, Any], n_rows: int) -> bool:
    """Whether a learner with these settings would hold out rows of its own, of `n_rows`."""
    early = params.get("early_stopping", False)
    if early == "auto":
        early = n_rows > HISTOGRAM_EARLY_STOPPING_ROWS
    return bool(early) and params.get("validation_fraction") is not None


def held_out_rows(model: Any, problem: Problem) -> Rows:
    """Return the rows that the model's early stopping is to be scored on; none if it has none."""
    given, n_rows = model.get_params(deep=False), len(problem.target)
    if not stops_early(given, n_rows):
        return np.empty(0, dtype=np.int64)
    _, held_out = train_test_split(
        np.arange(n_rows),
        test_size=given["validation_fraction"],
        stratify=problem.codes if len(problem.classes) else None,
        random_state=given.get("random_state"),
    )
    return np.sort(held_out)


def validation_rows(problem: Problem, held_out: Rows, labels: NDArray[Any]) -> dict[str, Any]:
    """Return the held-out rows, with true labels, as keywords of the model's fit.

    Parameters
    ----------
    problem : Problem
        Of all rows.
    held_out : array of shape (h,)
        Which of them.
    labels : array of shape (n,) or (n, m)
        As the model knows them.

    Returns
    -------
    keywords : dict
        Empty where none are held out.
    """
    if not len(held_out):
        return {}
    weight = np.ones(len(problem.target)) if problem.weight is None else problem.weight
    return {
        "X_val": take_rows(problem.X, held_out),
        "y_val": labels[held_out],
        "sample_weight_val": weight[held_out],
    }
