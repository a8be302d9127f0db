"""The proof: what the file says of rows against what the model says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.pieces import Answer
from skdistill.export.probes import Probe, extremes, next_to_thresholds
from skdistill.export.tables import Table

__all__ = ["Proof", "Said", "prove"]

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

    Returns
    -------
    proof : Proof

    Raises
    ------
    ExportError
        If a label differs, or a number by more than `tolerance`.
    """
    total = Proof()
    for rows, name in _every_row(model, answer, table):
        expected = _ask(model, rows)
        found = run(rows)
        total += _compare(expected, found, tolerance, name)
    return total


def _every_row(
    model: Any, answer: Answer, table: Table
) -> Iterator[tuple[Table, Callable[[int], str]]]:
    """Yield tables to compare on, and how to name a row of them."""
    yield table, lambda row: f"row {row} of X"
    near = next_to_thresholds(answer, table.numbers)
    parts = [slice(first, first + CHUNK) for first in range(0, len(near.row), CHUNK)]
    for probe in (*map(near.take, parts), extremes(table.numbers.shape[1])):
        rows = table.take(probe.row).with_values(probe.column, probe.value)
        taken = np.flatnonzero(_takes(model, rows))
        if len(taken):
            yield rows.take(taken), partial(_name, table, probe.take(taken))


def _name(table: Table, probe: Probe, row: int) -> str:
    column, value = table.names[probe.column[row]], float(probe.value[row])
    return f"row {probe.row[row]} of X with {value!r} in column {column!r}"


def _takes(model: Any, rows: Table) -> NDArray[np.bool_]:
    """Return of which rows a model says anything: many refuse infinity, some what is missing."""
    if _is_taken(model, rows):
        return np.ones(len(rows), dtype=bool)
    if len(rows) == 1:
        return np.zeros(1, dtype=bool)
    finite = np.isfinite(rows.numbers).all(axis=1)
    cut = finite if 0 < finite.sum() < len(rows) else np.arange(len(rows)) < len(rows) // 2
    takes = np.empty(len(rows), dtype=bool)
    for part in (cut, ~cut):
        takes[part] = _takes(model, rows.take(part))
    return takes


def _is_taken(model: Any, rows: Table) -> bool:
    try:
        with np.errstate(all="ignore"):
            model.predict(rows.given)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _ask(model: Any, rows: Table) -> Said:
    """Return what the model says."""
    with np.errstate(all="ignore"):
        if not hasattr(model, "classes_"):
            numbers = np.asarray(model.predict(rows.given), dtype=np.float64)
            return Said(numbers.reshape(len(rows), -1))
        p = np.asarray(model.predict_proba(rows.given), dtype=np.float64)
        return Said(p, np.asarray(model.predict(rows.given)))


def _compare(expected: Said, found: Said, tolerance: float, name: Callable[[int], str]) -> Proof:
    """Return how far apart two answers are; raise ExportError where that is too far."""
    a, b = expected.numbers, np.asarray(found.numbers, dtype=np.float64)
    if a.shape != b.shape:
        raise ExportError(f"the file says numbers of shape {b.shape}, the model of {a.shape}.")
    with np.errstate(all="ignore"):
        apart = np.abs(a - b) / np.maximum(1.0, np.abs(a))
    apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    apart[np.isnan(apart)] = np.inf
    row, column = np.unravel_index(np.argmax(apart), apart.shape)
    if apart[row, column] > tolerance:
        raise ExportError(
            f"{name(row)}: the file says {float(b[row, column])!r}, the model "
            f"{float(a[row, column])!r} (column {column}), which is more than "
            f"tolerance={tolerance} apart. Nothing was written."
        )
    if found.labels is not None and expected.labels is not None:
        other = np.flatnonzero(found.labels != expected.labels)
        if len(other):
            row = other[0]
            raise ExportError(
                f"{name(row)}: the file says {found.labels[row]!r}, the model "
                f"{expected.labels[row]!r}, by the probabilities {b[row].tolist()} and "
                f"{a[row].tolist()}. Nothing was written."
            )
    return Proof(len(a), float(apart.max()))
