"""A learner of one quantile, set to another: whichever of its settings says the level."""

from collections.abc import Iterator
from typing import Any

from sklearn.base import clone

from skdistill._ground.validation import is_estimator
from skdistill.students.own_loss import minimised
from skdistill.targets.numeric_losses import Quantile

__all__ = ["at_level"]

NAMES = ("quantile_alpha", "quantile", "alpha")  # the last is a penalty where there is another
INLINE = ("loss_function", "objective")  # of CatBoost, "Quantile:alpha=0.9"
TRIED = (0.3, 0.7)  # two levels: the one that a learner has already would say nothing


def at_level(learner: Any, level: float) -> Any:
    """Return a learner of quantiles, set to a level; None where no setting of it says one.

    Learners inside it, such as the last step of a Pipeline, are set as well.

    Parameters
    ----------
    learner : regressor
        Not fitted; not changed.
    level : float
        In (0, 1).

    Returns
    -------
    learner : regressor or None

    Examples
    --------
    >>> from sklearn.linear_model import QuantileRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skdistill.students.levels import at_level
    >>> at_level(make_pipeline(StandardScaler(), QuantileRegressor()), 0.9).steps[-1][1]
    QuantileRegressor(quantile=0.9)
    """
    inside = {f"{key}__": part for key, part in learner.get_params().items() if is_estimator(part)}
    parts = {"": learner} | inside
    found = {}
    for prefix, part in parts.items():
        setting = next(_settings(part), None)
        if setting is not None:
            name, template = setting
            found[prefix + name] = level if template is None else template.format(level)
    return clone(learner).set_params(**found) if found else None


def _settings(part: Any) -> Iterator[tuple[str, str | None]]:
    """Yield which setting of a learner is the level of what it minimises, and how it is written."""
    tries = [(name, None) for name in NAMES]
    params = part.get_params(deep=False)
    tries += [(name, "Quantile:alpha={}") for name in INLINE if _is_inline(params.get(name))]
    for name, template in tries:
        if all(_is_set(part, name, template, level) for level in TRIED):
            yield name, template


def _is_inline(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("Quantile")


def _is_set(part: Any, name: str, template: str | None, level: float) -> bool:
    value = level if template is None else template.format(level)
    try:
        told = minimised(clone(part).set_params(**{name: value}))
    except (TypeError, ValueError):  # it has no such parameter, or takes no such value
        return False
    return told is not None and told.loss == Quantile(alpha=level)
