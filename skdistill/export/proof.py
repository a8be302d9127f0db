"""The proof: what the file says of rows against what the model says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.pieces import Answer, Ints
from skdistill.export.probes import Probe, extremes, next_to_thresholds, other_texts
from skdistill.export.tables import Table

__all__ = ["Proof", "Said", "prove", "say"]

CHUNK = 20_000  # rows made up at once


@dataclass(frozen=True)
class Said:
    """What was said of rows.

    Attributes
    ----------
    numbers : array of shape (n, K) or (n, m)
        Probabilities, or predictions.
    labels : array of shape (n,) or None
        None where the file, or the model, tells none.
    """

    numbers: NDArray[Any]
    labels: NDArray[Any] | None = None


@dataclass(frozen=True)
class Proof:
    """Rows compared, and how far apart the two were at most."""

    n_rows: int = 0
    largest_difference: float = 0.0

    def __add__(self, other: "Proof") -> "Proof":
        return Proof(
            self.n_rows + other.n_rows, max(self.largest_difference, other.largest_difference)
        )


def prove(
    model: Any,
    run: Callable[[Any], Said],
    answer: Answer,
    table: Table,
    tolerance: float,
    made: str = "file",
) -> Proof:
    """Compare the file with the model on all rows, and on rows that are made up.

    Parameters
    ----------
    model : estimator
        Fitted.
    run : callable
        Says what the file says of a table's rows.
    answer : Answer
        What the file was made of; its trees say which rows are critical.
    table : Table
        The rows.
    tolerance : float
        The largest difference allowed.
    made : str, default="file"
        What it is called.

    Returns
    -------
    proof : Proof

    Raises
    ------
    ExportError
        If a label differs, or a number by more than `tolerance`.
    """
    compare = partial(_compare, tolerance=tolerance, made=made)
    total = compare(say(model, table.given), run(table), name="row {} of X".format)
    near = next_to_thresholds(answer, table)
    parts = [slice(first, first + CHUNK) for first in range(0, len(near.row), CHUNK)]
    for probe in (*map(near.take, parts), extremes(table)):
        if not len(probe.row):
            continue
        rows = table.take(probe.row).with_values(probe.column, probe.value)
        for taken, said in _taken(model, rows, np.arange(len(rows)), _groups(probe)):
            name = partial(_name, table, probe.take(taken))
            total += compare(said, run(rows.take(taken)), name=name)
    for rows, names in other_texts(answer, table):
        each = np.arange(len(rows))
        for taken, said in _taken(model, rows, each, [each]):
            total += compare(said, run(rows.take(taken)), name=_named(names, taken))
    return total


def _named(names: Sequence[str], taken: Ints) -> Callable[[int], str]:
    return lambda row: names[taken[row]]


def _name(table: Table, probe: Probe, row: int) -> str:
    column, value = table.names[probe.column[row]], float(probe.value[row])
    return f"row {probe.row[row]} of X with {value!r} in column {column!r}"


def _taken(
    model: Any, rows: Table, which: Ints, keys: Sequence[Ints]
) -> Iterator[tuple[Ints, Said]]:
    """Yield rows of which the model says something, with what it says.

    Many models refuse infinity, some what is missing, in any of their rows: those that are refused
    are asked again in the groups that the next of the keys makes of them.
    """
    try:
        yield which, say(model, rows.take(which).given)
    except (ValueError, TypeError, OverflowError):
        for depth, key in enumerate(keys, start=1):
            groups = np.unique(key[which])
            if len(groups) > 1:
                for each in groups:
                    yield from _taken(model, rows, which[key[which] == each], keys[depth:])
                return


def _groups(probe: Probe) -> list[Ints]:
    """Return numbers of groups: finite, infinite and missing; by column; by row where finite."""
    finite, number = np.isfinite(probe.value), np.arange(len(probe.row))
    return [finite * 2 + np.isnan(probe.value), probe.column, np.where(finite, number, -1)]


def say(model: Any, X: Any) -> Said:
    """Return what a fitted model says of rows."""
    with np.errstate(all="ignore"):
        if not hasattr(model, "classes_"):
            numbers = np.asarray(model.predict(X), dtype=np.float64)
            return Said(numbers.reshape(len(numbers), -1))
        p = np.asarray(model.predict_proba(X), dtype=np.float64)
        return Said(p, np.asarray(model.predict(X)))


def _compare(
    expected: Said, found: Said, *, tolerance: float, made: str, name: Callable[[int], str]
) -> Proof:
    """Return how far apart two answers are; raise ExportError where that is too far."""
    a, b = expected.numbers, np.asarray(found.numbers, dtype=np.float64)
    if a.shape != b.shape:
        raise ExportError(f"the {made} says numbers of shape {b.shape}, the model of {a.shape}.")
    with np.errstate(all="ignore"):
        apart = np.abs(a - b) / np.maximum(1.0, np.abs(a))
    apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    apart[np.isnan(apart)] = np.inf
    row, column = np.unravel_index(np.argmax(apart), apart.shape)
    if apart[row, column] > tolerance:
        raise ExportError(
            f"{name(row)}: the {made} says {float(b[row, column])!r}, the model "
            f"{float(a[row, column])!r} (column {column}), which is more than "
            f"tolerance={tolerance} apart. Nothing was written."
        )
    if found.labels is not None and expected.labels is not None:
        other = np.flatnonzero(found.labels != expected.labels)
        if len(other):
            row = other[0]
            raise ExportError(
                f"{name(row)}: the {made} says {found.labels[row]!r}, the model "
                f"{expected.labels[row]!r}, by the probabilities {b[row].tolist()} and "
                f"{a[row].tolist()}. Nothing was written."
            )
    return Proof(len(a), float(apart.max()))
