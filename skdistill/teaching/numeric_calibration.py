"""Calibration of a teacher of numbers on its own out-of-fold predictions.

Averages of trees shrink towards the mean and long boosting overshoots; a student copies both. With
`m` the predictions of an output, "linear" is ``a + b m`` with ``b >= 0``, by weighted least squares
(Mincer and Zarnowitz, 1969, for forecasts), "isotonic" one isotonic regression (Barlow et al.,
1972), and "stacked" adds a second opinion to "linear", the out-of-fold predictions `o` of the
direct student: ``a + b m + c o``, ``b, c >= 0`` (Breiman, *Stacked regressions*, 1996).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.isotonic import IsotonicRegression

from skdistill._ground.validation import check_choice
from skdistill.exceptions import InputError, ParameterError

__all__ = [
    "NUMERIC_CALIBRATIONS",
    "Linear",
    "Monotone",
    "NumericCalibration",
    "calibrate_numbers",
    "calibrate_numbers_unseen",
]

NUMERIC_CALIBRATIONS = (None, "isotonic", "linear", "stacked")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NumericCalibration:
    """No calibration: predictions as they are. Base of the others."""

    def transform(self, m: Floats, student: Floats | None = None) -> Floats:
        """Return the calibrated predictions, shape (n, m).

        Parameters
        ----------
        m : array of shape (n, m)
            Predictions of the teacher.
        student : array of shape (n, m) or None, default=None
            Those of the direct student; only "stacked" needs them.

        Returns
        -------
        calibrated : array of shape (n, m)
        """
        return m


@dataclass(frozen=True)
class Linear(NumericCalibration):
    """``intercept + slope m``, and ``student_slope o`` where there is a second opinion.

    Attributes
    ----------
    intercept, slope : array of shape (m,)
        Of each output; slopes are not negative.
    low, high : array of shape (m,)
        The least and the largest observed: nothing beyond is said.
    student_slope : array of shape (m,) or None
        Of the direct student's predictions.
    """

    intercept: Floats
    slope: Floats
    low: Floats
    high: Floats
    student_slope: Floats | None = None

    def transform(self, m: Floats, student: Floats | None = None) -> Floats:
        """Return the calibrated predictions, shape (n, m)."""
        said = self.intercept + self.slope * m
        if self.student_slope is not None:
            if student is None:
                raise ParameterError(
                    "a stacked calibration needs the direct student's predictions of the same "
                    "rows: pass them as the second argument."
                )
            said = said + self.student_slope * student
        return np.asarray(np.clip(said, self.low, self.high))


@dataclass(frozen=True)
class Monotone(NumericCalibration):
    """One isotonic regression per output, cut at its ends.

    Attributes
    ----------
    regressions : tuple of IsotonicRegression
        One per output.
    """

    regressions: tuple[IsotonicRegression, ...]

    def transform(self, m: Floats, student: Floats | None = None) -> Floats:
        """Return the calibrated predictions, shape (n, m)."""
        return np.column_stack([r.predict(m[:, j]) for j, r in enumerate(self.regressions)])


def calibrate_numbers_unseen(
    method: str | None, y: Floats, m: Floats, test: NDArray[np.bool_], weight: Floats | None = None
) -> Floats:
    """Calibrate some predictions by a map fitted on the others.

    Parameters
    ----------
    method, y, m, weight
        Of `calibrate_numbers`.
    test : bool array of shape (n,)
        Which rows to calibrate.

    Returns
    -------
    calibrated : array of shape (k, m)
        Of the k rows of `test`.
    """
    own = None if weight is None else weight[~test]
    return calibrate_numbers(method, y[~test], m[~test], own).transform(m[test])


def calibrate_numbers(
    method: str | None,
    y: Floats,
    m: Floats,
    weight: Floats | None = None,
    student: Floats | None = None,
) -> NumericCalibration:
    """Fit a calibration on out-of-fold predictions.

    Parameters
    ----------
    method : {"linear", "isotonic", "stacked"} or None
        Which map; None for none.
    y : array of shape (n, m)
        What was observed.
    m : array of shape (n, m)
        Out-of-fold predictions.
    weight : array of shape (n,) or None, default=None
        Row weights.
    student : array of shape (n, m) or None, default=None
        Out-of-fold predictions of the direct student, for "stacked".

    Returns
    -------
    calibration : NumericCalibration

    Raises
    ------
    ParameterError
        If `method` is unknown, or is "stacked" and `student` is not given.
    InputError
        If a prediction is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> m = np.linspace(-1.0, 1.0, 200)[:, None]
    >>> found = calibrate_numbers("linear", 3.0 + 2.0 * m, m)
    >>> found.slope.round(2), found.intercept.round(2)
    (array([1.99]), array([3.]))
    """
    check_choice("calibration", method, NUMERIC_CALIBRATIONS)
    if method is None:
        return NumericCalibration()
    if any(each is not None and bool(np.isnan(each).any()) for each in (m, student)):
        raise InputError(
            "predictions to be calibrated must be numbers, got NaN in some rows: leave out the "
            "rows that the teacher, or the direct student, says nothing of."
        )
    weight = np.ones(len(y)) if weight is None else weight
    columns = range(y.shape[1])
    if method == "isotonic":
        map_ = IsotonicRegression(out_of_bounds="clip")
        fitted = [IsotonicRegression(**map_.get_params()) for _ in columns]
        return Monotone(
            tuple(r.fit(m[:, j], y[:, j], sample_weight=weight) for j, r in enumerate(fitted))
        )
    said = [m]
    if method == "stacked":
        if student is None:
            raise ParameterError(
                "calibration='stacked' needs the direct student's out-of-fold predictions."
            )
        said.append(student)
    lines = [
        _line(y[:, j], np.column_stack([each[:, j] for each in said]), weight) for j in columns
    ]
    slopes = np.array([slope for _, slope in lines])
    return Linear(
        np.array([intercept for intercept, _ in lines]),
        slopes[:, 0],
        y.min(axis=0),
        y.max(axis=0),
        slopes[:, 1] if method == "stacked" else None,
    )


def _line(y: Floats, said: Floats, weight: Floats) -> tuple[float, Floats]:
    """Return the intercept and the slopes of one output, by least squares.

    A ridge worth one row (where rows weigh less than one, a row of theirs) keeps the first slope
    near 1 and the others near 0, on the scale of what is said: few rows change little. Slopes are
    not negative: a teacher worse than a constant becomes one, and is not turned round.
    """
    mass = weight.sum()
    one = min(1.0, float(weight @ weight) / mass)  # 1 for whole weights: repeated rows
    centre = weight @ said / mass
    level = float(weight @ y / mass)
    apart = said - centre
    scale = np.sqrt(weight @ apart**2 / mass)
    scale = np.where(scale > 0.0, scale, 1.0)
    root = np.sqrt(weight)[:, None]
    rows = np.vstack([root * apart / scale, np.sqrt(one) * np.eye(said.shape[1])])
    wanted = np.zeros(said.shape[1])
    wanted[0] = scale[0]
    right = np.concatenate([root[:, 0] * (y - level), np.sqrt(one) * wanted])
    gram, moment = rows.T @ rows, rows.T @ right
    root_of = np.linalg.cholesky(gram)
    slopes = nnls(root_of.T, np.linalg.solve(root_of, moment))[0] / scale
    return level - float(centre @ slopes), slopes
