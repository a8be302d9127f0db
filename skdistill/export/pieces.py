"""What a fitted model computes, as a tree of small records: no learner, no format.

A reader makes these of a learner, a writer makes a file of them. Each record is one operation on
rows, ``(n, width)`` in and ``(n, width)`` out, in the very arithmetic of the library that fitted
the model: where that rounds to single precision, so does an `As`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Affine",
    "Answer",
    "Arithmetic",
    "As",
    "Beside",
    "Clipped",
    "Decision",
    "Each",
    "Leaves",
    "Logs",
    "Mapped",
    "Pair",
    "Pick",
    "Piece",
    "Rows",
    "Shares",
    "Softmax",
    "Sorted",
    "Sums",
    "Total",
    "Trees",
    "Whole",
    "as_double",
    "every_piece",
    "pick",
]

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]


class Piece(ABC):
    """Base: a subclass is a frozen record of one operation, and says how many columns it gives."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Number of columns."""

    @property
    def inputs(self) -> tuple["Piece", ...]:
        """What it is an operation on."""
        return (self.of,) if hasattr(self, "of") else ()

    @property
    def dtype(self) -> str:
        """What its numbers are: "float64" or "float32"."""
        return "float64" if not self.inputs else self.inputs[0].dtype


@dataclass(frozen=True, eq=False)
class Rows(Piece):
    """All columns of the rows, as they come, in double precision."""

    columns: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.columns


@dataclass(frozen=True, eq=False)
class Each(Piece):
    """Base of operations on each number by itself."""

    of: Piece

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.of.width


@dataclass(frozen=True, eq=False)
class As(Each):
    """The numbers rounded to another precision."""

    precision: str

    @property
    def dtype(self) -> str:
        """The other precision."""
        return self.precision


@dataclass(frozen=True, eq=False)
class Arithmetic(Each):
    """The columns plus, over or times a number each; `how` is "add", "divide" or "multiply"."""

    how: str
    values: Floats  # (width,), or one for all


@dataclass(frozen=True, eq=False)
class Mapped(Each):
    """A function of each number: "relu", "tanh", "exp", "floor", "square", or "logistic"."""

    function: str


@dataclass(frozen=True, eq=False)
class Whole(Each):
    """Some columns without what stands after the point; the others as they are."""

    columns: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Clipped(Each):
    """The numbers cut to [0, 1]."""


@dataclass(frozen=True, eq=False)
class Softmax(Each):
    """The softmax of each row."""


@dataclass(frozen=True, eq=False)
class Shares(Each):
    """Numbers below zero cut to it, over the sum of the row; equal shares where there is none."""


@dataclass(frozen=True, eq=False)
class Logs(Each):
    """`factor` times the logarithm of each probability, no smaller than the smallest number."""

    factor: float


@dataclass(frozen=True, eq=False)
class Pair(Piece):
    """Of one column p the two columns ``1 - p`` and p."""

    of: Piece

    @property
    def width(self) -> int:
        """Two."""
        return 2


@dataclass(frozen=True, eq=False)
class Pick(Piece):
    """Some of the columns, in this order."""

    of: Piece
    columns: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.columns)


@dataclass(frozen=True, eq=False)
class Beside(Piece):
    """The columns of several pieces, one after the other."""

    parts: tuple[Piece, ...]

    @property
    def width(self) -> int:
        """Number of columns."""
        return sum(part.width for part in self.parts)

    @property
    def inputs(self) -> tuple[Piece, ...]:
        """The pieces."""
        return self.parts


@dataclass(frozen=True, eq=False)
class Total(Piece):
    """The sum of pieces of one width, number by number, one piece after the other."""

    parts: tuple[Piece, ...]

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.parts[0].width

    @property
    def inputs(self) -> tuple[Piece, ...]:
        """The pieces."""
        return self.parts


@dataclass(frozen=True, eq=False)
class Sorted(Each):
    """The numbers of each row, increasing."""


@dataclass(frozen=True, eq=False)
class Affine(Piece):
    """``x W + b``."""

    of: Piece
    weight: Floats  # (d, width)
    bias: Floats  # (width,)

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.weight.shape[1]


@dataclass(frozen=True, eq=False)
class Trees:
    """Decision trees: T of them, N nodes that ask, L leaves, each numbered from 0 over all trees.

    A row goes to `yes` where its feature is at most the threshold (below it, if `strict`; one of
    the members, if the node has some), or is missing and `missing_yes`; else to `no`.

    Attributes
    ----------
    roots : array of shape (T,)
        First node of each tree. Here and below, -1 - l stands for leaf l.
    feature, threshold, yes, no, missing_yes : arrays of shape (N,)
        What each node asks, and what comes next.
    n_leaves : int
        L.
    strict : bool
        Whether the threshold itself goes to `no`.
    members : mapping of int to array
        Of nodes that ask for a category: the numbers that go to `yes`.
    """

    roots: Ints
    feature: Ints
    threshold: Floats
    yes: Ints
    no: Ints
    missing_yes: NDArray[np.bool_]
    n_leaves: int
    strict: bool = False
    members: Mapping[int, Ints] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Leaves(Piece):
    """The rows of numbers in the leaves that the trees lead to, summed tree after tree."""

    of: Piece
    trees: Trees
    values: Floats  # (L, width)

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.values.shape[1]


@dataclass(frozen=True, eq=False)
class Sums(Piece):
    """One number in each leaf, and one column for each tree to add to, tree after tree."""

    of: Piece
    trees: Trees
    values: Floats  # (L,)
    output: Ints  # (T,)
    columns: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.columns


@dataclass(frozen=True, eq=False)
class Decision:
    """How the label is told: by the first of the largest columns of `of`.

    With a `threshold`, and one column, class 1 is what lies above it; `inclusive`: or on it.
    """

    of: Piece
    threshold: float | None = None
    inclusive: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model says of rows.

    Attributes
    ----------
    piece : Piece
        Probabilities (n, K), or numbers (n, m).
    classes : array of shape (K,) or None
        None where the model says numbers.
    decision : Decision or None
        Likewise.
    is_flat : bool
        Whether one column of numbers is told in the shape (n,).
    """

    piece: Piece
    classes: NDArray[Any] | None = None
    decision: Decision | None = None
    is_flat: bool = True


def as_double(of: Piece) -> Piece:
    """Return the numbers of a piece in double precision."""
    return As(of, "float64") if of.dtype == "float32" else of


def pick(piece: Piece, columns: Sequence[int]) -> Piece:
    """Return some columns of a piece, in this order; text is not put beside numbers on the way."""
    columns = tuple(int(column) for column in columns)
    if columns == tuple(range(piece.width)):
        return piece
    if not isinstance(piece, Beside):
        return Pick(piece, columns)
    starts = np.cumsum([0, *(part.width for part in piece.parts)])
    chosen: list[tuple[Piece, list[int]]] = []
    for column in columns:
        place = int(np.searchsorted(starts, column, side="right")) - 1
        part, within = piece.parts[place], column - int(starts[place])
        if chosen and chosen[-1][0] is part:
            chosen[-1][1].append(within)
        else:
            chosen.append((part, [within]))
    parts = tuple(pick(part, within) for part, within in chosen)
    return parts[0] if len(parts) == 1 else Beside(parts)


def every_piece(*pieces: Piece) -> Iterator[Piece]:
    """Yield the pieces and all those that they are made of, each once, inputs first."""
    seen: set[int] = set()

    def walk(piece: Piece) -> Iterator[Piece]:
        if id(piece) in seen:
            return
        seen.add(id(piece))
        for each in piece.inputs:
            yield from walk(each)
        yield piece

    for piece in pieces:
        yield from walk(piece)
