"""What each piece is in C: an array of double precision, and the statements that fill it."""

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

import numpy as np

from skdistill.exceptions import ExportError
from skdistill.export.columns import Column, Imputed, Missing, OneHot, Ordinal
from skdistill.export.pieces import (
    Affine,
    Arithmetic,
    As,
    Beside,
    Clipped,
    Leaves,
    Logs,
    Mapped,
    Pair,
    Pick,
    Piece,
    Rows,
    Shares,
    Softmax,
    Sorted,
    Sums,
    Total,
    Trees,
    Whole,
)

__all__ = ["Source", "literal", "statement_of"]


class Source:
    """Constants and statements of the file under way; each piece has an array of its own."""

    def __init__(self) -> None:
        self.known: dict[int, str] = {}
        self.constants: list[str] = []
        self.lines: list[str] = []

    def constant(self, values: Iterable[Any], kind: str = "double") -> str:
        """Return the name of an array of constants."""
        name = f"c{len(self.constants)}"
        told = ", ".join(map(literal, np.ravel(np.asarray(values)).tolist())) or "0"
        self.constants.append(f"static const {kind} {name}[] = {{{told}}};")
        return name

    def each(self, piece: Piece, name: str, value: str) -> None:
        """Set every column of a piece."""
        self.lines.append(f"for (int j = 0; j < {piece.width}; ++j) {name}[j] = {value};")


def literal(value: Any) -> str:
    """Return a number as C has it."""
    if not isinstance(value, float):
        return str(int(value))
    if np.isnan(value):
        return "NAN"
    return repr(value) if np.isfinite(value) else ("INFINITY" if value > 0 else "-INFINITY")


@singledispatch
def statement_of(piece: Piece, name: str, source: Source, *_: str) -> None:
    """Write what fills the array of a piece."""
    raise ExportError(
        f"{type(piece).__name__} cannot be expressed in C: use to_onnx, to_sql or to_json."
    )


@statement_of.register
def _(piece: Rows, name: str, source: Source) -> None:
    source.each(piece, name, "x[j]")


@statement_of.register
def _(piece: Column, name: str, source: Source) -> None:
    source.lines.append(f"{name}[0] = x[{piece.number}];")


@statement_of.register
def _(piece: As, name: str, source: Source, of: str) -> None:
    cast = "(double)(float)" if piece.precision == "float32" else ""
    source.each(piece, name, f"{cast}{of}[j]")


@statement_of.register
def _(piece: Arithmetic, name: str, source: Source, of: str) -> None:
    operator = {"add": "+", "divide": "/", "multiply": "*"}[piece.how]
    values = source.constant(np.broadcast_to(piece.values, (piece.width,)).astype(float))
    source.each(piece, name, f"{of}[j] {operator} {values}[j]")


@statement_of.register
def _(piece: Mapped, name: str, source: Source, of: str) -> None:
    told = {
        "relu": f"{of}[j] <= 0.0 ? 0.0 : {of}[j]",
        "tanh": f"tanh({of}[j])",
        "exp": f"exp({of}[j])",
        "floor": f"floor({of}[j])",
        "square": f"{of}[j] * {of}[j]",
        "logistic": f"1.0 / (1.0 + exp(-{of}[j]))",
    }
    source.each(piece, name, told[piece.function])


@statement_of.register
def _(piece: Whole, name: str, source: Source, of: str) -> None:
    chosen = source.constant(np.isin(np.arange(piece.width), piece.columns), "int")
    source.each(piece, name, f"{chosen}[j] ? trunc({of}[j]) : {of}[j]")


@statement_of.register
def _(piece: Imputed, name: str, source: Source, of: str) -> None:
    values = source.constant(piece.values)
    source.each(piece, name, f"isnan({of}[j]) ? {values}[j] : {of}[j]")


@statement_of.register
def _(piece: Missing, name: str, source: Source, of: str) -> None:
    source.each(piece, name, f"isnan({of}[j]) ? 1.0 : 0.0")


@statement_of.register
def _(piece: OneHot, name: str, source: Source, of: str) -> None:
    values = source.constant(piece.categories)
    same = f"{of}[0] == {values}[j] || (isnan({of}[0]) && isnan({values}[j]))"
    source.each(piece, name, f"({same}) ? 1.0 : 0.0")


@statement_of.register
def _(piece: Ordinal, name: str, source: Source, of: str) -> None:
    values, codes = source.constant(piece.categories), source.constant(piece.codes)
    same = f"{of}[0] == {values}[k] || (isnan({of}[0]) && isnan({values}[k]))"
    source.lines.append(f"{name}[0] = {literal(float(piece.unknown))};")
    source.lines.append(
        f"for (int k = 0; k < {len(piece.codes)}; ++k) if ({same}) {name}[0] = {codes}[k];"
    )


@statement_of.register
def _(piece: Clipped, name: str, source: Source, of: str) -> None:
    source.each(piece, name, f"{of}[j] < 0.0 ? 0.0 : {of}[j] > 1.0 ? 1.0 : {of}[j]")


@statement_of.register
def _(piece: Softmax, name: str, source: Source, of: str) -> None:
    top, mass, width = f"{name}_top", f"{name}_sum", piece.width
    source.lines += [
        f"double {top} = {of}[0], {mass} = 0.0;",
        f"for (int j = 1; j < {width}; ++j) if ({of}[j] > {top}) {top} = {of}[j];",
        f"for (int j = 0; j < {width}; ++j) {mass} += {name}[j] = exp({of}[j] - {top});",
    ]
    source.each(piece, name, f"{name}[j] / {mass}")


@statement_of.register
def _(piece: Shares, name: str, source: Source, of: str) -> None:
    mass, width = f"{name}_sum", piece.width
    source.lines += [
        f"double {mass} = 0.0;",
        f"for (int j = 0; j < {width}; ++j) {mass} += {name}[j] = {of}[j] > 0.0 ? {of}[j] : 0.0;",
    ]
    source.each(piece, name, f"{mass} == 0.0 ? {literal(1 / width)} : {name}[j] / {mass}")


@statement_of.register
def _(piece: Logs, name: str, source: Source, of: str) -> None:
    least = literal(float(np.finfo(piece.dtype).tiny))
    factor = literal(float(piece.factor))
    source.each(piece, name, f"{factor} * log({of}[j] > {least} ? {of}[j] : {least})")


@statement_of.register
def _(piece: Pair, name: str, source: Source, of: str) -> None:
    source.lines.append(f"{name}[0] = 1.0 - {of}[0]; {name}[1] = {of}[0];")


@statement_of.register
def _(piece: Pick, name: str, source: Source, of: str) -> None:
    source.each(piece, name, f"{of}[{source.constant(piece.columns, 'int')}[j]]")


@statement_of.register
def _(piece: Beside, name: str, source: Source, *parts: str) -> None:
    first = 0
    for part, given in zip(piece.parts, parts, strict=True):
        source.lines.append(f"memcpy({name} + {first}, {given}, {part.width} * sizeof(double));")
        first += part.width


@statement_of.register
def _(piece: Total, name: str, source: Source, *parts: str) -> None:
    source.each(piece, name, " + ".join(f"{part}[j]" for part in parts))


@statement_of.register
def _(piece: Sorted, name: str, source: Source, of: str) -> None:
    source.lines.append(
        f"for (int j = 0; j < {piece.width}; ++j) {{ int k = j; "
        f"for (; k > 0 && {name}[k - 1] > {of}[j]; --k) {name}[k] = {name}[k - 1]; "
        f"{name}[k] = {of}[j]; }}"
    )


@statement_of.register
def _(piece: Affine, name: str, source: Source, of: str) -> None:
    weight, bias = source.constant(piece.weight), source.constant(piece.bias)
    source.each(piece, name, "0.0")
    source.lines.append(
        f"for (int i = 0; i < {len(piece.weight)}; ++i) for (int j = 0; j < {piece.width}; ++j) "
        f"{name}[j] += {of}[i] * {weight}[i * {piece.width} + j];"
    )
    source.each(piece, name, f"{name}[j] + {bias}[j]")


@statement_of.register
def _(piece: Leaves, name: str, source: Source, of: str) -> None:
    roots, leaf = _trees(piece.trees, piece.of, source)
    values = source.constant(piece.values)
    source.each(piece, name, "0.0")
    source.lines.append(
        f"for (int t = 0; t < {len(piece.trees.roots)}; ++t) {{ const double *leaf = {values} + "
        f"{piece.width} * {leaf.format(f'{roots}[t]')}; "
        f"for (int j = 0; j < {piece.width}; ++j) {name}[j] += leaf[j]; }}"
    )


@statement_of.register
def _(piece: Sums, name: str, source: Source, of: str) -> None:
    roots, leaf = _trees(piece.trees, piece.of, source)
    values = source.constant(piece.values.astype(float))
    output = source.constant(piece.output, "int")
    source.each(piece, name, "0.0")
    source.lines.append(
        f"for (int t = 0; t < {len(piece.trees.roots)}; ++t) "
        f"{name}[{output}[t]] += {values}[{leaf.format(f'{roots}[t]')}];"
    )


def _trees(trees: Trees, of: Piece, source: Source) -> tuple[str, str]:
    """Return the name of the roots, and how to ask for the leaf that a root leads to."""
    sets = [trees.members.get(node, np.empty(0)) for node in range(len(trees.feature))]
    told = [
        source.constant(trees.feature, "int"),
        source.constant(trees.threshold),
        *(source.constant(each, "int") for each in (trees.yes, trees.no, trees.missing_yes)),
        source.constant(np.cumsum([0, *map(len, sets)]), "int"),
        source.constant(np.concatenate([*sets, np.empty(0)])),
    ]
    known = source.known[id(of)]
    return source.constant(trees.roots, "int"), f"walk({{}}, {known}, {', '.join(told)})"
