"""What the teacher says of each row, calibrated on the rows it says something of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data, given_answers
from skdistill._ground.metrics import score_probabilities
from skdistill._ground.numeric_metrics import numeric_scores
from skdistill._ground.outcomes import Classes, Numbers
from skdistill._ground.validation import index_rows
from skdistill.exceptions import InputError
from skdistill.targets.numeric_losses import SquaredError
from skdistill.teaching.calibration import Calibration, calibrate
from skdistill.teaching.folds import Folds
from skdistill.teaching.numeric_calibration import NumericCalibration, calibrate_numbers

__all__ = ["Labels", "given_labels", "label_rows", "true_labels"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """What the teacher says of each row, out of fold; NaN in rows it says nothing of.

    Attributes
    ----------
    raw, p : array of shape (n, K)
        Probabilities as the teacher gave them, and calibrated.
    known : array
        Rows that have probabilities.
    calibration : Calibration
        What made `p` of `raw`.
    """

    raw: Floats
    p: Floats
    known: NDArray[np.int64]
    calibration: Calibration | NumericCalibration

    def take(self, rows: NDArray[np.int64]) -> "Labels":
        """Return the labels of some rows, all of which have some."""
        return Labels(self.raw[rows], self.p[rows], np.arange(len(rows)), self.calibration)

    def for_students(self) -> "Labels":
        """Return what students are fitted to, and no more: less to be sent."""
        return Labels(self.raw[:0], self.p, self.known[:0], self.calibration)

    def scores(self, data: Data, loss: Any = None) -> dict[str, dict[str, float]]:
        """Return the scores of the raw and of the calibrated labels; none without true ones."""
        if not data.labelled:
            return {}
        weight = index_rows(data.weight, self.known, len(data))
        y, score = data.columns[self.known], _SCORE[type(data.outcome)]
        return {
            "raw": score(loss, y, self.raw[self.known], weight),
            "calibrated": score(loss, y, self.p[self.known], weight),
        }


def given_labels(
    p: Any, data: Data, folds: Folds | None, student: Floats | None = None, *, reused: bool = False
) -> Floats:
    """Return the user's out-of-fold probabilities, checked; those of an earlier fit may lack rows.

    Parameters
    ----------
    p : array-like of shape (n_given, K)
        One row per given row; rows that `folds` does not cover may be NaN.
    data : Data
        The rows.
    folds : Folds or None
        The folds, where any are needed.
    student : array of shape (n, K) or None, default=None
        Out-of-fold probabilities of the direct student, to be compared.
    reused : bool, default=False
        Whether an earlier fit has checked them.

    Returns
    -------
    raw : array of shape (n, K)
    """
    if reused:
        return given_answers(p, data, np.ones(len(data), dtype=bool))
    return given_answers(p, data, None if folds is None else ~folds.covered, student)


def label_rows(
    raw: Floats,
    data: Data,
    calibration: str | None,
    student: Floats | None = None,
    *,
    loss: Any = None,
    may_be_constant: bool = False,
) -> Labels:
    """Calibrate out-of-fold probabilities on the rows that have them.

    A stacked calibration needs both opinions of a row: rows that the direct student says nothing
    of are left out, as are those that the teacher says nothing of.

    Parameters
    ----------
    raw : array of shape (n, K)
        Out-of-fold probabilities; NaN in rows without.
    data : Data
        The rows.
    calibration : str or None
        Name of the calibration.
    student : array of shape (n, K) or None, default=None
        Out-of-fold probabilities of the direct student, for a stacked calibration; NaN in rows
        without.
    loss : NumericLoss or None, default=None
        Of numbers: what the teacher is to be calibrated for; None for means.
    may_be_constant : bool, default=False
        Whether the same probabilities in every row will do: in a part of the rows they may.

    Returns
    -------
    labels : Labels

    Raises
    ------
    InputError
        If the probabilities are the same in every row.
    """
    stacked = calibration == "stacked" and student is not None
    known = _rows_of_all(raw, student) if stacked else _rows_of_all(raw)
    if not may_be_constant and np.all(raw[known] == raw[known[0]]):
        raise InputError(
            f"the teacher's out-of-fold {data.outcome.said} must differ between rows, got "
            f"{raw[known[0]].tolist()} in every row: there is nothing to distil. Look at the "
            "teacher, or train the student directly."
        )
    weight = index_rows(data.weight, known, len(data))
    own = student[known] if stacked else None
    fit = _CALIBRATE[type(data.outcome)]
    fitted = fit(loss, calibration, data.columns[known], raw[known], weight, own)
    p = np.full_like(raw, np.nan)
    p[known] = fitted.transform(raw[known], own)
    return Labels(raw, p, known, fitted)


def _calibrate_classes(loss: None, *of: Any) -> Calibration:
    return calibrate(*of)


def _calibrate_numbers(loss: Any, *of: Any) -> NumericCalibration:
    domain = {} if loss is None else {"lower": loss.lower, "level": loss.level}
    return calibrate_numbers(*of, **domain)


def _score_classes(loss: Any, *of: Any) -> dict[str, float]:
    return score_probabilities(*of)


def _score_numbers(loss: Any, *of: Any) -> dict[str, float]:
    return numeric_scores(*of, SquaredError() if loss is None else loss)


_SCORE = {Classes: _score_classes, Numbers: _score_numbers}
_CALIBRATE = {Classes: _calibrate_classes, Numbers: _calibrate_numbers}


def _rows_of_all(*sets: Floats) -> NDArray[np.int64]:
    """Return the rows that all sets of probabilities have; those of other rows are NaN."""
    return np.flatnonzero(~np.isnan([values[:, 0] for values in sets]).any(axis=0))


def true_labels(data: Data) -> Labels:
    """Return the true labels in the place of a teacher's."""
    calibration = _CALIBRATE[type(data.outcome)](None, None, data.columns, data.columns)
    return Labels(data.columns, data.columns, np.arange(len(data)), calibration)
