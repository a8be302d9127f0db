"""Whether a regressor estimates the mean of its target: what cannot be read off is tried out.

Labels that are mixed stand for probabilities by their mean. A learner of another package says by no
common name what it estimates, so a clone is fitted to a few made-up rows. Ones and zeros of mean
1/4 tell a mean from a median, a quantile, or the mean on another scale; and since a learner that is
strongly regularised misses the mean as well, it is compared with itself on the mean in place of the
labels: for a learner of the squared error that is the same problem.

Some take no targets outside [0, 1], which those of the log scale are: that is tried too.
"""

import re
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.neighbors import KNeighborsRegressor, RadiusNeighborsRegressor

from skdistill._ground.learners import tags_of
from skdistill.students.base import Floats
from skdistill.students.trial import CannotTellError, Keyed, is_known, quietly, said, seeded, trying

__all__ = ["mean_obstacle", "range_obstacle"]

OTHER_LOSS = re.compile(r"quantile|absolute|mae|huber|'l1|mape|median|pinball", re.IGNORECASE)
MEAN = 0.25
TOLERANCE = 0.1  # the median is .25 away; forests and neighbours at random differ by less than .05
N_GROUPS, N_ROWS = 8, 16
FAR = 4.0  # the log-odds of .98


def mean_obstacle(learner: Any, named: str | None, unit: float = 1.0) -> str | None:
    """Return what a regressor estimates instead of the mean; None if it is the mean.

    Parameters
    ----------
    learner : regressor
        Tried out if it is of another package than scikit-learn, LightGBM and XGBoost; of a
        TransformedTargetRegressor it is the way there and back, not the learner inside.
    named : str or None
        What its settings say. By a name that is not known the loss of another package may still be
        the squared error: that is settled by trying, if the learner can be tried.
    unit : float, default=1.0
        It is tried on labels 0 and this.

    Returns
    -------
    obstacle : str or None
    """
    if isinstance(learner, TransformedTargetRegressor):
        return _transform_obstacle(learner)
    # Neighbours average; which ones, of rows that are equally near, is chance.
    neighbours = isinstance(learner, KNeighborsRegressor | RadiusNeighborsRegressor)
    if neighbours or is_known(learner) or (named is not None and OTHER_LOSS.search(named)):
        return named
    try:
        return _tried_once(Keyed(learner), unit)
    except CannotTellError:
        return named


def _transform_obstacle(learner: TransformedTargetRegressor) -> str | None:
    """Try the transformation with a learner that gives the mean on the other scale."""
    found = clone(learner).set_params(regressor=DummyRegressor())
    X, y = np.zeros((4, 1)), np.array([0.0, 0.0, 0.0, 1.0])
    try:
        with quietly():
            told = float(np.ravel(found.fit(X, y).predict(X))[0])
    except Exception:  # noqa: BLE001 - such as a transformer for positive numbers only
        return f"{learner!r}, whose transformation cannot take the labels 0 and 1"
    if abs(told - MEAN) < 1e-6:
        return None
    return (
        f"{type(learner).__name__}, whose mean is that on another scale (of the labels 0, 0, 0, 1 "
        f"it makes {told:.3g})"
    )


@lru_cache(maxsize=64)
def _tried_once(keyed: Keyed, unit: float) -> str | None:
    """Return what the learner estimates instead of the mean, found out by one fit or two."""
    X, y = _rows()
    y, mean, tolerance = unit * y, unit * MEAN, unit * TOLERANCE
    row, name = np.arange(len(y)), type(keyed.learner).__name__
    try:
        told = _predictions(keyed.learner, X, y)
    except CannotTellError as error:
        _predictions(keyed.learner, X, 1.0 + row / len(row))  # is it the labels?
        return f"{name}, which cannot be fitted to the labels 0 and {unit:g} ({error.__cause__})"
    if told.shape != y.shape:
        return f"{name}, which predicts {told.size // len(y)} numbers a row"
    found = float(np.mean(told))
    if abs(found - mean) <= tolerance:
        return None
    almost = np.where(row % 2, mean - 0.01, mean + 0.01)  # some refuse a constant
    expected = float(np.mean(_predictions(keyed.learner, X, almost)))
    if abs(found - expected) <= tolerance:
        return None
    return (
        f"{name} (tried on labels 0 and {unit:g} of mean {mean:g} it predicts "
        f"{found:.3g}, on their mean itself {expected:.3g})"
    )


def _rows() -> tuple[Floats, Floats]:
    """Return rows in groups, and labels 0 and 1 of them."""
    group = np.repeat(np.arange(N_GROUPS), N_ROWS)
    row = np.arange(N_GROUPS * N_ROWS)
    X = np.column_stack([group % 4, group // 4]).astype(float)
    # A quarter of ones in every group, at other places in each: neighbours may be any of them.
    return X, ((row + group) % 4 == 0).astype(float)


def range_obstacle(learner: Any) -> str | None:
    """Return why a regressor cannot be fitted to numbers below 0 and above 1; None if it can.

    Parameters
    ----------
    learner : regressor
        Tried out as in `mean_obstacle`; one that cannot be fitted to the labels either is let pass.

    Returns
    -------
    obstacle : str or None
        What the learner said.
    """
    return None if is_known(learner) else _bounded(Keyed(learner))


@lru_cache(maxsize=64)
def _bounded(keyed: Keyed) -> str | None:
    X, y = _rows()
    try:
        _predictions(keyed.learner, X, np.linspace(-FAR, FAR, len(y)))
    except CannotTellError as error:
        failure = said(error)
    else:
        return None
    try:
        _predictions(keyed.learner, X, y)
    except CannotTellError:
        return None
    return failure


def _predictions(learner: Any, X: Any, y: Any) -> Any:
    """Return what a clone predicts of the rows it was fitted to."""
    columns = not tags_of(learner).target_tags.single_output
    with trying():
        model = seeded(learner)
        model.fit(X, y[:, None] if columns else y)
        told = np.asarray(model.predict(X), dtype=float)
    told = told[:, 0] if told.ndim == 2 and told.shape[1] == 1 else told
    if not np.isfinite(told).all():
        raise CannotTellError from ValueError("its predictions are not finite")
    return told
