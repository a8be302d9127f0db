"""``synthetics="auto"``: made-up rows for the students that vary much between training sets.

Trees and forests follow single rows, and labelled rows between these steady them; boosting and
smooth students gain nothing that the fits would be worth (``python -m benchmarks.synthetic``: a
forest of 10 has .828 of the direct student's loss with them and .846 without, LightGBM of 20 trees
and logistic regression 1.000 either way).
"""

from typing import Any

from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill.exceptions import InputError
from skdistill.rows.munge import check_dense
from skdistill.students.size import parts_of

__all__ = ["AUTO", "auto_synthetics", "can_make_rows"]

AUTO = "auto"
VARYING = (
    BaggingClassifier,
    BaggingRegressor,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)


def auto_synthetics(student: Any) -> tuple[str | None, ...]:
    """Return the synthetic rows to try with a student; None, for none, is always tried.

    Parameters
    ----------
    student : estimator
        Alone, or inside a Pipeline or another meta-estimator.

    Returns
    -------
    synthetics : tuple

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> auto_synthetics(DecisionTreeClassifier()), auto_synthetics(LogisticRegression())
    ((None, 'munge'), (None,))
    """
    if not hasattr(student, "get_params") or isinstance(student, type):
        return (None,)  # fit says so
    varies = any(isinstance(part, VARYING) for part in parts_of(student).values())
    return (None, "munge") if varies else (None,)


def can_make_rows(X: Any) -> bool:
    """Whether synthetic rows can be made of a table."""
    try:
        check_dense(X)
    except InputError:
        return False
    return True
