"""Rows at which a file and its model are most likely to part.

Next to every threshold of every tree: on it, the next number below and above in double and in
single precision, in a row that comes by that node. And each column at its extremes: huge, tiny,
negative zero, infinite, missing; dates where a year, a month, an hour or a minute begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.export.columns import Column, Emptied, Imputed
from skdistill.export.dates import turns
from skdistill.export.numpy_run import compute, follow
from skdistill.export.pieces import (
    Answer,
    Arithmetic,
    As,
    Beside,
    Floats,
    Leaves,
    Pick,
    Piece,
    Rows,
    Sums,
    Trees,
    Whole,
    every_piece,
)
from skdistill.export.tables import Table

__all__ = ["EXTREMES", "Probe", "extremes", "next_to_thresholds", "other_texts"]

UNSEEN = "text that nobody has seen"

EXTREMES = (0.0, -0.0, 1e30, -1e30, 5e-324, -5e-324, 1e-45, 1e-38, np.inf, -np.inf, np.nan)


@dataclass(frozen=True)
class Probe:
    """Rows that were made up: those of the data with these numbers, `value` in place of `column`.

    Attributes
    ----------
    row, column : arrays of shape (m,)
        Which row, and which of its columns.
    value : array of shape (m,)
        What is put there.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    value: Floats

    def take(self, which: Any) -> "Probe":
        """Return some of the rows."""
        return Probe(self.row[which], self.column[which], self.value[which])


def extremes(table: Table) -> Probe:
    """Return the first row with each column of numbers at each extreme, of dates at each turn."""
    fixed = set(table.texts) | table.categories
    values = {
        number: turns(table.numbers[:, number]) if number in table.dates else np.array(EXTREMES)
        for number in range(len(table.names))
        if number not in fixed
    }
    column = np.repeat(list(values), [*map(len, values.values())]).astype(np.int64)
    return Probe(np.zeros_like(column), column, np.concatenate([*values.values(), []]))


def other_texts(answer: Answer, table: Table) -> Iterator[tuple[Table, list[str]]]:
    """Yield the first row with other text in each column, and names of these rows.

    Text that is missing, unseen, blank, and each that stands for what is missing.
    """
    emptied = {
        each.of.number: each.texts
        for each in every_piece(answer.piece)
        if isinstance(each, Emptied) and isinstance(each.of, Column)
    }
    for number in table.texts:
        more = () if number in table.categories else (UNSEEN, " ", *emptied.get(number, ()))
        texts = ["", *more]
        told = ["missing text", *(f"text {each!r}" for each in more)]
        names = [f"row 0 of X with {each} in column {table.names[number]!r}" for each in told]
        yield table.take([0] * len(texts)).with_text(number, texts), names


def next_to_thresholds(answer: Answer, X: Any) -> Probe:
    """Return rows next to the thresholds of all trees.

    Parameters
    ----------
    answer : Answer
        Its trees are looked for.
    X : array of shape (n, d), or Table
        Rows.

    Returns
    -------
    probe : Probe
        Of each feature and threshold once, by a row that comes to it where there is one. Trees
        whose columns are made of several, or by steps, are left out.
    """
    found = {
        (column, value): row
        for piece in every_piece(answer.piece)
        if isinstance(piece, Leaves | Sums)
        for column, value, row in _of_trees(piece.trees, piece.of, X)
    }
    columns, values = zip(*found, strict=True) if found else ((), ())
    return Probe(
        np.fromiter(found.values(), np.int64, len(found)),
        np.array(columns, dtype=np.int64),
        np.array(values, dtype=np.float64),
    )


def _of_trees(trees: Trees, of: Piece, X: Any) -> Iterator[tuple[int, float, int]]:
    """Yield column, value and row of the probes of some trees."""
    sources = _sources(of)
    comes_by = np.maximum(follow(trees, compute(of, X)), 0)
    for node, (feature, threshold) in enumerate(zip(trees.feature, trees.threshold, strict=True)):
        source = sources[feature]
        if source is not None:
            members = trees.members.get(node)
            asked = _near(source.back(threshold)) if members is None else _categories(members)
            for value in asked:
                yield source.column, value, int(comes_by[node])


def _categories(members: Floats) -> set[float]:
    """Return categories of a set and beside it, and numbers that are none, or are cut to one."""
    each = members.tolist()
    return {-1.0, -0.5, 1e9, np.nan, *each, *(m + 0.5 for m in each), *(m + 1.0 for m in each)}


def _near(value: float) -> list[float]:
    value = float(value)
    single = np.float32(value)
    singles = [np.nextafter(single, np.float32(to)) for to in (-np.inf, np.inf)]
    doubles = [np.nextafter(value, to) for to in (-np.inf, np.inf)]
    between = [(value + float(each)) / 2 for each in singles]
    return [value, float(single), *map(float, singles), *map(float, doubles), *between]


@dataclass(frozen=True)
class _Source:
    """Where a column comes from: ``(x + plus) * times``, of the column x of the rows."""

    column: int
    plus: float = 0.0
    times: float = 1.0

    def back(self, value: float) -> float:
        """Return the number in the rows that leads to `value`."""
        return value / self.times - self.plus


@singledispatch
def _sources(piece: Piece) -> list[_Source | None]:
    """Return where each column of a piece comes from; None where that is no one number."""
    return [None] * piece.width


@_sources.register
def _(piece: Rows) -> list[_Source | None]:
    return [_Source(column) for column in range(piece.width)]


@_sources.register
def _(piece: Column) -> list[_Source | None]:
    return [None if piece.is_text else _Source(piece.number)]


@_sources.register(As)
@_sources.register(Imputed)
@_sources.register(Whole)
def _(piece: Any) -> list[_Source | None]:
    return _sources(piece.of)


@_sources.register
def _(piece: Pick) -> list[_Source | None]:
    known = _sources(piece.of)
    return [known[column] for column in piece.columns]


@_sources.register
def _(piece: Beside) -> list[_Source | None]:
    return [source for part in piece.parts for source in _sources(part)]


@_sources.register
def _(piece: Arithmetic) -> list[_Source | None]:
    values = np.broadcast_to(piece.values, (piece.width,)).tolist()
    return [
        None if source is None else _after(source, piece.how, value)
        for source, value in zip(_sources(piece.of), values, strict=True)
    ]


def _after(source: _Source, how: str, value: float) -> _Source | None:
    if how == "add":
        return _Source(source.column, source.plus + value / source.times, source.times)
    if value == 0.0:
        return None
    factor = value if how == "multiply" else 1.0 / value
    return _Source(source.column, source.plus, source.times * factor)
