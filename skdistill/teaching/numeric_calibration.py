"""Calibration of a teacher's numbers on its own out-of-fold rows.

Out-of-fold numbers may be off in level and scale: a teacher that shrinks to the mean, or that
overfits and spreads too far. "linear" is ``a + b m`` per output with ``b >= 0`` (Mincer and
Zarnowitz, *The Evaluation of Economic Forecasts*, 1969). "isotonic" is one isotonic regression per
output (Barlow et al., *Statistical Inference under Order Restrictions*, 1972). "stacked" adds the
out-of-fold numbers `o` of the direct student, ``a + b m + c o`` with ``b, c >= 0`` (Breiman,
*Stacked Regressions*, Machine Learning 24, 1996).

All three fit means by least squares, which is right for every loss whose best constant is a mean.
For quantiles "linear" is fitted by their own loss, and the others are refused.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar, nnls
from sklearn.isotonic import IsotonicRegression

from skdistill._ground.arrays import Array, as_like, namespace, to_host, weighted_quantile
from skdistill._ground.validation import check_choice
from skdistill.exceptions import InputError, ParameterError

__all__ = [
    "NUMERIC_CALIBRATIONS",
    "IsotonicNumbers",
    "LinearNumbers",
    "NumericCalibration",
    "StackedNumbers",
    "calibrate_numbers",
    "calibrate_numbers_unseen",
    "check_level",
]

NUMERIC_CALIBRATIONS = (None, "isotonic", "linear", "stacked")
SHARE = 1e-3  # of the mean label: how near to a lower bound a calibrated number may come

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NumericCalibration:
    """No calibration but for the lower bound. Base of the others.

    Attributes
    ----------
    floor : array of shape (m,) or None
        Smaller numbers count as this, per output; None where any number will do.
    """

    floor: Floats | None

    def transform(self, m: Array, student: Array | None = None) -> Array:
        """Return the calibrated numbers, shape (n, m).

        Parameters
        ----------
        m : array of shape (n, m)
            Numbers of the teacher.
        student : array of shape (n, m) or None, default=None
            Those of the direct student; only `StackedNumbers` needs them.

        Returns
        -------
        calibrated : array of shape (n, m)
        """
        return self._lift(m)

    def _lift(self, m: Array) -> Array:
        if self.floor is None:
            return m
        floor = as_like(self.floor, m, m.dtype)
        xp = namespace(m)
        return xp.where(m < floor, xp.zeros_like(m) + floor, m)  # a NaN stays one


@dataclass(frozen=True)
class LinearNumbers(NumericCalibration):
    """``intercept + slope m``.

    Attributes
    ----------
    slope, intercept : array of shape (m,)
        Slopes are not negative; 1 keeps the spread, below 1 shrinks it.
    """

    slope: Floats
    intercept: Floats

    def transform(self, m: Array, student: Array | None = None) -> Array:
        """Return the calibrated numbers, shape (n, m)."""
        return self._lift(as_like(self.intercept, m, m.dtype) + as_like(self.slope, m, m.dtype) * m)


@dataclass(frozen=True)
class StackedNumbers(LinearNumbers):
    """``intercept + slope m + student_slope o`` of teacher and direct student.

    Attributes
    ----------
    student_slope : array of shape (m,)
        Not negative.
    """

    student_slope: Floats

    def transform(self, m: Array, student: Array | None = None) -> Array:
        """Return the stacked numbers, shape (n, m)."""
        if student is None:
            raise ParameterError(
                "a stacked calibration needs the direct student's numbers of the same rows: pass "
                "them as the second argument."
            )
        parts = [as_like(each, m, m.dtype) for each in (self.slope, self.student_slope)]
        return self._lift(as_like(self.intercept, m, m.dtype) + parts[0] * m + parts[1] * student)


@dataclass(frozen=True)
class IsotonicNumbers(NumericCalibration):
    """One isotonic regression per output.

    Attributes
    ----------
    regressions : tuple of IsotonicRegression
        One per output.
    """

    regressions: tuple[IsotonicRegression, ...]

    def transform(self, m: Array, student: Array | None = None) -> Array:
        """Return the calibrated numbers, shape (n, m); computed on the host."""
        q = to_host(m)
        columns = [r.predict(q[:, j]) for j, r in enumerate(self.regressions)]
        return self._lift(as_like(np.column_stack(columns), m, m.dtype))


def calibrate_numbers(
    method: str | None,
    y: Array,
    m: Array,
    weight: Array | None = None,
    student: Array | None = None,
    *,
    lower: float | None = None,
    level: float | None = None,
) -> NumericCalibration:
    """Fit a calibration of numbers on out-of-fold rows.

    Parameters
    ----------
    method : {"linear", "isotonic", "stacked"} or None
        Which map; None for none.
    y : array of shape (n, m)
        Labels.
    m : array of shape (n, m)
        Out-of-fold numbers of the teacher.
    weight : array of shape (n,) or None, default=None
        Row weights.
    student : array of shape (n, m) or None, default=None
        Out-of-fold numbers of the direct student, for "stacked".
    lower : float or None, default=None
        What the result must be above, of the loss. It is kept a thousandth of the distance of the
        mean label away, whichever the method.
    level : float or None, default=None
        Which quantile the numbers are to be, for "linear"; None for means.

    Returns
    -------
    calibration : NumericCalibration

    Raises
    ------
    ParameterError
        If `method` is unknown, is "stacked" and `student` is not given, or is neither None nor
        "linear" where a quantile is asked for.
    InputError
        If a number is NaN or infinite.

    Examples
    --------
    >>> import numpy as np
    >>> m = np.linspace(-1.0, 1.0, 200)[:, None]
    >>> calibrate_numbers("linear", 5.0 + 2.0 * m, m).transform(m[:1]).round(1)
    array([[3.]])
    """
    check_choice("calibration", method, NUMERIC_CALIBRATIONS)
    check_level(method, level)
    if method == "stacked" and student is None:
        raise ParameterError(
            "calibration='stacked' needs the direct student's out-of-fold numbers."
        )
    y, m = (np.asarray(to_host(a), dtype=np.float64) for a in (y, m))
    w = np.ones(len(y)) if weight is None else np.asarray(to_host(weight), dtype=np.float64)
    floor = None
    if lower is not None:
        floor = lower + SHARE * (np.average(y, axis=0, weights=w) - lower)
    if method is None:
        return NumericCalibration(floor)
    opinions = [m]
    if method == "stacked":
        opinions.append(np.asarray(to_host(student), dtype=np.float64))
    if not all(np.isfinite(each).all() for each in opinions):
        raise InputError(
            "numbers to be calibrated must be finite, got NaN or infinity in some rows: leave out "
            "the rows that the teacher, or the direct student, says nothing of."
        )
    if method == "isotonic":
        return IsotonicNumbers(floor, _fit_isotonic(y, m, w))
    columns = range(y.shape[1])
    if level is not None:
        lines = np.array([_fit_quantile(y[:, j], m[:, j], w, level) for j in columns])
        return LinearNumbers(floor, lines[:, 1], lines[:, 0])
    fits = np.array([_fit_linear(y[:, j], [o[:, j] for o in opinions], w) for j in columns])
    if method == "stacked":
        return StackedNumbers(floor, fits[:, 1], fits[:, 0], fits[:, 2])
    return LinearNumbers(floor, fits[:, 1], fits[:, 0])


def check_level(method: str | None, level: float | None) -> None:
    """Raise ParameterError where a calibration fits means, and quantiles are asked for."""
    if level is not None and method not in (None, "linear"):
        raise ParameterError(
            f"calibration={method!r} fits means, and the loss is that of a quantile: use 'linear' "
            "or None."
        )


def calibrate_numbers_unseen(
    method: str | None,
    y: Floats,
    m: Floats,
    test: NDArray[np.bool_],
    weight: Floats | None = None,
    **domain: float | None,
) -> Floats:
    """Calibrate some numbers by a map fitted on the others.

    Parameters
    ----------
    method, y, m, weight, **domain
        Of `calibrate_numbers`.
    test : bool array of shape (n,)
        Which rows to calibrate.

    Returns
    -------
    calibrated : array of shape (k, m)
        Of the k rows of `test`.
    """
    own = None if weight is None else weight[~test]
    fitted = calibrate_numbers(method, y[~test], m[~test], own, **domain)
    return np.asarray(fitted.transform(m[test]))


def _fit_quantile(y: Floats, m: Floats, weight: Floats, level: float) -> tuple[float, float]:
    """Return the intercept and the slope, not negative, of the line that the pinball loss wants.

    For a slope the best intercept is the quantile of what is left, so that one number is to be
    found, by which the loss is convex. Three spreads of the labels per spread of what is said are
    more than any teacher lacks.
    """
    spread, wide = (float(np.std(each)) for each in (m, y))

    def line(slope: float) -> tuple[float, float]:
        rest = y - slope * m
        intercept = float(weighted_quantile(rest[:, None], level, weight)[0])
        return intercept, slope

    def loss(slope: float) -> float:
        rest = y - slope * m - line(slope)[0]
        return float(weight @ np.maximum(level * rest, (level - 1.0) * rest))

    if spread == 0.0:
        return line(0.0)
    found = minimize_scalar(loss, bounds=(0.0, 3.0 * wide / spread), method="bounded")
    return line(float(found.x))


def _fit_isotonic(y: Floats, m: Floats, weight: Floats) -> tuple[IsotonicRegression, ...]:
    return tuple(
        IsotonicRegression(out_of_bounds="clip").fit(m[:, j], y[:, j], sample_weight=weight)
        for j in range(y.shape[1])
    )


def _fit_linear(y: Floats, opinions: list[Floats], weight: Floats) -> list[float]:
    """Return the intercept and a slope, not negative, for each opinion on one output.

    They minimise the weighted squared error plus a ridge, worth one row (where rows weigh less than
    one, a row of theirs) at one standard deviation of the labels, towards the first opinion as it
    is: a teacher that is nearly constant keeps its slope. Labels in another unit, or from another
    zero, get the same map.
    """
    total = float(np.sum(weight))
    ridge = min(1.0, float(weight @ weight) / total)  # 1 for whole weights: repeated rows
    level = float(np.average(y, weights=weight))
    unit = float(np.sqrt(np.average((y - level) ** 2, weights=weight))) or 1.0
    centres = np.array([np.average(o, weights=weight) for o in opinions])
    root = np.sqrt(weight) / unit
    towards = np.sqrt(ridge) * np.eye(len(opinions))
    left = np.vstack([root[:, None] * (np.column_stack(opinions) - centres), towards])
    slopes = nnls(left, np.concatenate([root * (y - level), towards[0]]))[0]
    middle = (total * level + ridge * centres[0]) / (total + ridge)  # the level, its own ridge
    return [float(middle - slopes @ centres), *map(float, slopes)]
