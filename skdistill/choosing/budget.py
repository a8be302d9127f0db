"""What a student may cost: hard limits on its time, size and leaves, measured on fitted students.

What a limit asks for is measured on the students of the first validation fold, and once more on the
student that is fitted in the end: it is held to the limits as it is shipped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.costs import Parts, known_parts, latency, size_bytes
from skdistill._ground.learners import comes_from
from skdistill._ground.validation import check_flag, check_number
from skdistill.exceptions import ParameterError
from skdistill.students import Fitted, predict_fitted

__all__ = ["Budget", "Cost", "affordable", "likely", "measure"]

READABLE_LEAVES = 32  # of the one tree that a person can still follow
SECONDS = 0.02  # spent on timing a student
MICRO, KILO = 1e6, 1e3


@dataclass(frozen=True)
class Cost:
    """What a fitted student costs; infinite where it could not be found out.

    Attributes
    ----------
    latency_us : float
        Microseconds of one call in Python that predicts one row, the median of many.
    size_kb : float
        Kilobytes (1,000 bytes) of its pickle.
    max_leaves : float
        Leaves of all its trees; 0 of what has none.
    readable : bool
        Whether it is one tree of at most 32 leaves, or linear, or an explainable boosting machine.
    """

    latency_us: float
    size_kb: float
    max_leaves: float
    readable: bool


@dataclass(frozen=True)
class Budget:
    """Limits; None where there is none.

    Attributes
    ----------
    latency_us, size_kb, max_leaves : float or None
        At most so much (`Cost`).
    readable : bool
        Whether it must be.
    """

    latency_us: float | None = None
    size_kb: float | None = None
    max_leaves: float | None = None
    readable: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> "Budget | None":
        """Read the parameter `budget` of a search.

        Raises
        ------
        ParameterError
            If it is no mapping, has a key that is unknown, or a limit that is no positive number.

        Examples
        --------
        >>> Budget.of({"latency_us": 200, "readable": True})
        Budget(latency_us=200.0, size_kb=None, max_leaves=None, readable=True)
        """
        if given is None:
            return None
        known = [each.name for each in fields(cls)]
        if not isinstance(given, Mapping) or not given or not set(given) <= set(known):
            names = given if isinstance(given, Mapping) else ()
            raise ParameterError(
                f"budget must be a dict with some of {known}, such as {{'latency_us': 200}} "
                f"(microseconds of a call for one row) or {{'size_kb': 50}}, got {given!r}."
                f"{likely(names, known)}"
            )
        limits = dict(given)
        readable = limits.pop("readable", False)
        check_flag("budget['readable']", readable)
        numbers = {
            name: check_number(f"budget[{name!r}]", value, low=0.0, low_open=True)
            for name, value in limits.items()
        }
        return cls(**numbers, readable=readable)

    @property
    def limits(self) -> dict[str, float]:
        """The limits that are numbers, by name."""
        numbers = {name: getattr(self, name) for name in ("latency_us", "size_kb", "max_leaves")}
        return {name: value for name, value in numbers.items() if value is not None}

    def allows(self, cost: Cost) -> bool:
        """Whether a student is within the limits."""
        within = all(getattr(cost, name) <= limit for name, limit in self.limits.items())
        return within and (cost.readable or not self.readable)

    def too_tight(
        self, costs: Sequence[Cost], names: Sequence[str], how: str = ""
    ) -> ParameterError:
        """Return the error for a budget that no student is within: what the least is.

        Parameters
        ----------
        costs : sequence of Cost
            What was measured.
        names : sequence of str
            Of the students.
        how : str, default=""
            How it was measured, to go on after the numbers.
        """
        least = []
        for limit in self.limits:
            values = [getattr(cost, limit) for cost in costs]
            best = int(np.argmin(values))
            least.append(f"{limit} {values[best]:.3g} ({names[best]})")
        if self.readable:
            count = sum(cost.readable for cost in costs)
            least.append(f"readable {count} of {len(costs)}")
        return ParameterError(
            f"no student is within the budget ({self}). The least that was measured of each: "
            f"{'; '.join(least)}{how}. Allow more, or add smaller students: students='auto' has "
            "trees from 4 leaves on (of classes, and of numbers by the squared error)."
        )

    def __str__(self) -> str:
        told = {name: f"{value:g}" for name, value in self.limits.items()}
        told |= {"readable": "yes"} if self.readable else {}
        return ", ".join(f"{name} {value}" for name, value in told.items())


def measure(fitted: Fitted, X: Any, like: Cost | None = None) -> Cost:
    """Return what a fitted student costs.

    Parameters
    ----------
    fitted : Fitted
        The student.
    X : array-like, sparse array or data frame
        Rows to time it with.
    like : Cost or None, default=None
        Of a student that is as fast, so that this one need not be timed.

    Returns
    -------
    cost : Cost
    """
    took = None if like is None else like.latency_us
    if took is None:
        took = MICRO * latency(_predict(fitted), X, n_rows=1, budget=SECONDS).median
    size = size_bytes(fitted.model)
    parts = known_parts(fitted.model)
    leaves = parts.leaves
    if leaves is None:
        leaves = 0 if parts.parameters is not None else None
    return Cost(
        latency_us=took,
        size_kb=np.inf if size is None else size / KILO,
        max_leaves=np.inf if leaves is None else leaves,
        readable=_readable(fitted.model, parts),
    )


def affordable(budget: Budget, costs: Sequence[Cost], names: Sequence[str]) -> NDArray[np.int64]:
    """Return the numbers of the students within the limits.

    Raises
    ------
    ParameterError
        If no student is.
    """
    allowed = np.flatnonzero([budget.allows(cost) for cost in costs])
    if not len(allowed):
        raise budget.too_tight(costs, names)
    return allowed


def likely(given: Iterable[Any], known: Sequence[str]) -> str:
    """Return a question for a message: what an unknown name may stand for; "" if for nothing.

    Examples
    --------
    >>> likely(["leaves"], ["size_kb", "max_leaves"])
    ' Did you mean max_leaves?'
    """
    unknown = [str(name) for name in given if name not in known]
    meant = [best for name in unknown for best in get_close_matches(name, known, n=1)]
    return f" Did you mean {' and '.join(dict.fromkeys(meant))}?" if meant else ""


def _predict(fitted: Fitted) -> Callable[[Any], Any]:
    return lambda rows: predict_fitted(fitted, rows)


def _readable(model: Any, parts: Parts) -> bool:
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    if comes_from(last, "interpret"):
        return True
    if parts.trees is not None:
        return parts.trees == 1 and parts.leaves is not None and parts.leaves <= READABLE_LEAVES
    return hasattr(last, "coef_") and parts.parameters is not None
