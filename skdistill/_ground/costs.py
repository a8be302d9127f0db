"""What a fitted model costs: bytes on disk, nodes or parameters, seconds per prediction."""

import io
import re
import timeit
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np

from skdistill._ground.compat import histogram_nodes, take_rows
from skdistill._ground.validation import brief
from skdistill.exceptions import ParameterError

__all__ = [
    "Latency",
    "Parts",
    "check_sizes",
    "count_nodes",
    "count_parts",
    "known_parts",
    "latency",
    "outermost",
    "size_bytes",
]

CALLS = (5, 1000)  # at least and at most so many calls are timed


@dataclass(frozen=True)
class Latency:
    """How long one call takes.

    Attributes
    ----------
    n_rows : int
        Rows predicted in one call.
    median, p99 : float
        Seconds per call: the median and the 99th percentile of the calls timed.
    n_calls : int
        How many were timed, after one that warms up.
    """

    n_rows: int
    median: float
    p99: float
    n_calls: int


@dataclass(frozen=True)
class Parts:
    """How big a model is, in its own terms; None where it has no such thing or does not tell.

    Attributes
    ----------
    nodes : int or None
        Inner nodes and leaves of all its trees.
    parameters : int or None
        Coefficients and intercepts.
    trees : int or None
        Its trees.
    """

    nodes: int | None = None
    parameters: int | None = None
    trees: int | None = None

    @property
    def leaves(self) -> int | None:
        """Leaves of all its trees: every inner node has two branches."""
        if self.nodes is None or self.trees is None:
            return None
        return (self.nodes + self.trees) // 2


def latency(
    predict: Callable[[Any], Any], X: Any, n_rows: int | None = None, budget: float = 0.3
) -> Latency:
    """Time a function of rows.

    Parameters
    ----------
    predict : callable
        Say ``model.predict_proba``.
    X : array-like, sparse array or data frame
        Rows to call it with.
    n_rows : int or None, default=None
        How many of them at once, repeated in order where `X` has fewer; None: `X` as it is.
    budget : float, default=0.3
        Seconds to spend; five calls are timed in any case, and never more than a thousand.

    Returns
    -------
    latency : Latency

    Examples
    --------
    >>> import numpy as np
    >>> latency(np.sum, np.ones((3, 2)), n_rows=7, budget=0.0).n_calls
    5
    """
    count = X.shape[0] if hasattr(X, "shape") else len(X)
    rows = X if n_rows is None else take_rows(X, np.resize(np.arange(count), n_rows))
    timer = timeit.Timer(lambda: predict(rows))
    first = timer.timeit(1)
    seconds = timer.repeat(repeat=int(np.clip(budget / first, *CALLS)), number=1)
    median, p99 = (float(value) for value in np.quantile(seconds, [0.5, 0.99]))
    return Latency(count if n_rows is None else n_rows, median, p99, len(seconds))


def size_bytes(model: Any) -> int | None:
    """Return the size of a model on disk in bytes, as joblib dumps it uncompressed.

    None where it cannot be pickled, as with a lambda in it: a size is worth no failed fit.

    Examples
    --------
    >>> size_bytes(b"x" * 1000) > 1000
    True
    """
    counter = _Counter()
    try:
        joblib.dump(model, counter)
    except Exception:  # noqa: BLE001 - whatever an object raises when it is pickled
        return None
    return counter.size


def check_sizes(students: Iterable[Any]) -> None:
    """Raise ParameterError where a student cannot be pickled, and so has no size."""
    for student in students:
        if size_bytes(student) is None:
            raise ParameterError(
                "prefer='smaller' compares the sizes of pickled students, and this one cannot be "
                f"pickled: {brief(student)}. Put its functions into a module (a lambda has no "
                "name to be found by), or leave prefer at None or 'faster'."
            )


def count_parts(model: Any) -> Parts:
    """Count the nodes and parameters of a fitted model, ensembles and pipelines included.

    Parameters
    ----------
    model : fitted estimator
        Of scikit-learn, LightGBM or XGBoost. Of a Pipeline the last step counts.

    Returns
    -------
    parts : Parts

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> count_parts(DecisionTreeClassifier().fit([[0], [1]], [0, 1]))
    Parts(nodes=3, parameters=None, trees=1)
    """
    nodes = histogram_nodes(model)
    if nodes is not None:
        return _trees(nodes)
    for attribute, count in COUNTS:
        if hasattr(model, attribute):
            return count(model)
    return _sum([count_parts(each) for each in _inside(model)])


def outermost(model: Any, wanted: Callable[[Any], bool]) -> Iterator[Any]:
    """Yield the fitted learners of a kind that a fitted model predicts by, none inside another.

    Parameters
    ----------
    model : fitted estimator
        Ensembles, pipelines, searches and the like are looked into.
    wanted : callable
        Says whether a learner is of the kind.

    Yields
    ------
    learner : fitted estimator

    Examples
    --------
    >>> from sklearn.ensemble import BaggingRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> bag = BaggingRegressor(n_estimators=3).fit([[0.0], [1.0]], [0.0, 1.0])
    >>> len(list(outermost(bag, lambda model: isinstance(model, DecisionTreeRegressor))))
    3
    """
    if wanted(model):
        yield model
        return
    for each in _inside(model):
        yield from outermost(each, wanted)


def count_nodes(model: Any) -> int | None:
    """Return the nodes of a fitted model's trees, None where it has none or they cannot be counted.

    Parameters
    ----------
    model : estimator
        Fitted, of whatever package: what stands in the place of trees may be something else.

    Returns
    -------
    nodes : int or None
    """
    return known_parts(model).nodes


def known_parts(model: Any) -> Parts:
    """Return the parts of a fitted model of whatever package; none that cannot be counted."""
    try:
        return count_parts(model)
    except Exception:  # noqa: BLE001 - of a foreign model: a count must not end a fit
        return Parts()


def _trees(nodes: list[int]) -> Parts:
    return Parts(nodes=sum(nodes), trees=len(nodes))


def _lightgbm_parts(model: Any) -> Parts:
    text = model.booster_.model_to_string()  # its JSON breaks on odd column names
    leaves = re.findall(r"^num_leaves=(\d+)$", text, re.MULTILINE)
    return _trees([2 * int(number) - 1 for number in leaves])


def _xgboost_parts(model: Any) -> Parts:
    return _trees([tree.count("\n") for tree in model.get_booster().get_dump()])  # a line a node


def _inside(model: Any) -> list[Any]:
    """Return the fitted learners right inside a fitted one, by which it predicts."""
    for attribute, members in MEMBERS:
        if hasattr(model, attribute):
            return list(members(getattr(model, attribute))) + (
                [model.final_estimator_] if hasattr(model, "final_estimator_") else []
            )
    return []


# What tells a kind of model, and how its parts are counted.
COUNTS: tuple[tuple[str, Callable[[Any], Parts]], ...] = (
    ("tree_", lambda model: _trees([int(model.tree_.node_count)])),
    ("booster_", _lightgbm_parts),
    ("get_booster", _xgboost_parts),
    (
        "coefs_",
        lambda model: Parts(parameters=sum(a.size for a in model.coefs_ + model.intercepts_)),
    ),
    (
        "coef_",
        lambda model: Parts(parameters=int(np.size(model.coef_) + np.size(model.intercept_))),
    ),
)
# Where those inside a model are; an ensemble's `estimator_` is what it made its own of.
MEMBERS: tuple[tuple[str, Callable[[Any], Iterable[Any]]], ...] = (
    ("steps", lambda steps: [steps[-1][1]]),
    ("estimators_", lambda members: getattr(members, "flat", members)),
    ("calibrated_classifiers_", lambda members: [each.estimator for each in members]),
    ("best_estimator_", lambda member: [member]),
    ("estimator_", lambda member: [member]),
    ("regressor_", lambda member: [member]),
    ("inner", lambda member: [member]),  # of those in wrapping
)


def _sum(parts: list[Parts]) -> Parts:
    def total(counts: list[int | None]) -> int | None:
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    columns = zip(*((p.nodes, p.parameters, p.trees) for p in parts), strict=True)
    return Parts(*(total(list(column)) for column in columns))


class _Counter(io.RawIOBase):
    """A file that only counts the bytes written to it."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        written = memoryview(data).nbytes
        self.size += written
        return written

    def tell(self) -> int:
        return self.size
