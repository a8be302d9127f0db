"""``settings="auto"``: a few settings of each kind of student that keep its size.

They are tried with the labels alone as well as with the teacher, on the same folds, so that a gain
is one over the direct student at its best, not over its library's defaults. Number and leaves of
trees, layers and features stay as they are given: what is shipped is no larger for being tuned.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import (
    GammaRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    TweedieRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill._ground.learners import comes_from
from skdistill.students import SoftLogisticRegression, SoftMLPClassifier
from skdistill.students.size import parts_of

__all__ = ["tuned_grid"]

# A package stands for all its learners.
Kinds = tuple[type | str, ...]


@dataclass(frozen=True)
class Times:
    """Multiples of the student's own value, or of the default that stands for None."""

    factors: Sequence[float]
    default: float | None = None
    most: float = math.inf

    def around(self, own: Any) -> list[Any]:
        """Return the values to try, the student's own first."""
        start = self.default if own is None else own
        if not isinstance(start, int | float) or isinstance(start, bool):
            return [own]
        return [own, *(start * factor for factor in self.factors if start * factor <= self.most)]


@dataclass(frozen=True)
class Values:
    """Values whatever the student's own is, which is tried as well."""

    values: Sequence[Any]

    def around(self, own: Any) -> list[Any]:
        """Return the values to try, the student's own first."""
        return [own, *(value for value in self.values if value != own)]


RATES = (0.3, 0.6, 2.0, 4.0)  # 20 trees of 8 leaves want .3 to .4, 200 of 31 want .03
PENALTIES = (0.01, 0.1, 10.0, 100.0)


def _rates(default: float | None = None) -> Times:
    """Return the learning rates of a booster; a step beyond the best one serves nobody."""
    return Times(RATES, default, most=1.0)


TABLE: tuple[tuple[Kinds, Mapping[str, Times | Values]], ...] = (
    (("lightgbm",), {"learning_rate": _rates(0.1), "min_child_samples": Values((60,))}),
    (("xgboost",), {"learning_rate": _rates(0.3), "min_child_weight": Values((20,))}),
    (
        (HistGradientBoostingClassifier, HistGradientBoostingRegressor),
        {"learning_rate": _rates(), "min_samples_leaf": Values((60,))},
    ),
    (
        (GradientBoostingClassifier, GradientBoostingRegressor),
        {"learning_rate": _rates(), "min_samples_leaf": Values((20,))},
    ),
    (
        (RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor),
        {"min_samples_leaf": Values((3, 10)), "max_features": Values((0.5,))},
    ),
    (
        (DecisionTreeClassifier, DecisionTreeRegressor),
        {"min_samples_leaf": Values((5, 20, 50))},
    ),
    ((LogisticRegression, SoftLogisticRegression), {"C": Times(PENALTIES)}),
    (
        (GammaRegressor, Lasso, PoissonRegressor, QuantileRegressor, Ridge, TweedieRegressor),
        {"alpha": Times(PENALTIES)},
    ),
    ((MLPClassifier, MLPRegressor), {"alpha": Times((10.0, 100.0, 1000.0))}),
    ((SoftMLPClassifier,), {"weight_decay": Times((0.1, 10.0)), "learning_rate": Times((0.3,))}),
)


def tuned_grid(student: Any) -> dict[str, list[Any]]:
    """Return the grid of settings to try with a student, its own among them.

    Parameters
    ----------
    student : estimator
        Alone, or inside a Pipeline or another meta-estimator: the settings of the first learner
        inside that the table knows.

    Returns
    -------
    grid : dict of str to list
        As `ParameterGrid` takes it; empty where the table knows no learner of it.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.choosing.tuning import tuned_grid
    >>> tuned_grid(make_pipeline(StandardScaler(), DecisionTreeClassifier(min_samples_leaf=3)))
    {'decisiontreeclassifier__min_samples_leaf': [3, 5, 20, 50]}
    """
    if not hasattr(student, "get_params") or isinstance(student, type):
        return {}  # fit says so
    params = student.get_params(deep=True)
    return {
        name: values.around(params[name])
        for name, values in _settings_of(student)
        if name in params
    }


def _settings_of(student: Any) -> Iterator[tuple[str, Times | Values]]:
    """Yield the settings of the first learner inside that is known, by their full names."""
    for prefix, part in parts_of(student).items():
        for kinds, settings in TABLE:
            if any(_is_of(part, kind) for kind in kinds):
                yield from ((f"{prefix}{name}", values) for name, values in settings.items())
                return


def _is_of(part: Any, kind: type | str) -> bool:
    return comes_from(part, kind) if isinstance(kind, str) else isinstance(part, kind)
