"""SQL: one SELECT over a table of rows, of CASE expressions and arithmetic; proved in SQLite."""

import math
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial, singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.columns import (
    BLANKS,
    Column,
    Emptied,
    Filled,
    Imputed,
    Missing,
    OneHot,
    Ordinal,
)
from skdistill.export.documented import documented
from skdistill.export.exported import Exported
from skdistill.export.pieces import (
    Affine,
    Answer,
    Arithmetic,
    As,
    Beside,
    Clipped,
    Decision,
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
    Whole,
    every_piece,
)
from skdistill.export.proof import Said
from skdistill.export.rounding import without_rounding
from skdistill.export.shipping import Format, produce
from skdistill.export.sql_trees import as_number, cases
from skdistill.export.tables import Table

__all__ = ["form_of", "to_sql"]

FAR = 700.0  # beyond it EXP is out of range, and an error in some databases


@documented("statement")
def to_sql(
    model: Any,
    X: Any,
    *,
    source: str = "rows",
    keep: Sequence[str] = (),
    path: str | Path | None = None,
    tolerance: float | None = None,
) -> Exported:
    """Write a fitted student as one SELECT statement that says the same of every row.

    A tree becomes a CASE expression for each class, a linear model a sum; functions are EXP, LN and
    TANH. The columns of the result are those of `keep`, ``probability_<class>`` of each class and
    ``label``, or ``prediction``. A missing number, or text, is NULL; the columns of an array are
    ``x0``, ``x1`` and so on. Dates, and trees of more than 4096 leaves in all, have no place in it.
    The statement is run by SQLite as `to_onnx` runs its graph; other databases are not tried.

    Parameters
    ----------
    $model
    $X
    source : str, default="rows"
        The table that has the columns of `X`.
    keep : sequence of str, default=()
        Columns of the table to pass on, such as a key.
    $path
    $tolerance

    Returns
    -------
    $exported

    Raises
    ------
    $ExportError
    $NotFittedError
    $OSError

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.export import to_sql
    >>> model = DecisionTreeRegressor(max_depth=1).fit([[0.0], [1.0]], [5.0, 7.0])
    >>> print(to_sql(model, [[0.0], [1.0]]).content.decode())
    WITH step1 AS (
      SELECT *, 0.0 + CASE WHEN "x0" <= 0.500000... THEN 5.0 ELSE 7.0 END AS "_1_0" FROM "rows"
    )
    SELECT "_1_0" AS "prediction" FROM step1;
    """
    return produce(form_of(source, keep), model, X, path=path, labels=True, tolerance=tolerance)


def form_of(source: str, keep: Sequence[str]) -> Format:
    """Return the format, over this table and with these columns passed on."""
    return Format("sql", (), partial(_write, source, keep), partial(_runner, source, keep))


def _name(text: Any) -> str:
    return '"' + str(text).replace('"', '""') + '"'


def _columns(table: Table) -> list[str]:
    """Return the quoted names of the table's columns; numbers get a letter."""
    plain = (f"x{name}" if isinstance(name, int) else name for name in table.names)
    return [_name(name) for name in plain]


class _Statement:
    """Common table expressions under way: each step has the columns before it, and new ones."""

    def __init__(self, source: str, columns: list[str]) -> None:
        self.columns = columns
        self.last = _name(source)
        self.steps: list[str] = []
        self.known: dict[int, list[str]] = {}

    def step(self, expressions: Iterable[str]) -> list[str]:
        """Add a step; return the names of what it gives."""
        number = len(self.steps) + 1
        told = {f'"_{number}_{j}"': each for j, each in enumerate(expressions)}
        listed = ", ".join(f"{each} AS {name}" for name, each in told.items())
        select = f"SELECT *, {listed} FROM {self.last}"  # noqa: S608 - of columns, quoted
        self.steps.append(f"step{number} AS (\n  {select}\n)")
        self.last = f"step{number}"
        return list(told)


def _write(source: str, keep: Sequence[str], answer: Answer, table: Table, _: Any) -> bytes:
    _check_dates(answer, table)
    answer = without_rounding(answer, also_single=True)
    statement = _Statement(source, _columns(table))
    decision = [] if answer.decision is None else [answer.decision.of]
    for piece in every_piece(answer.piece, *decision):
        given = [statement.known[id(each)] for each in piece.inputs]
        statement.known[id(piece)] = _expressions(piece, statement, *given)
    found = statement.known[id(answer.piece)]
    told = dict(zip(_outputs(answer), found, strict=True))
    if answer.decision is not None and answer.classes is not None:
        scores = statement.known[id(answer.decision.of)]
        told["label"] = _label(answer.decision, scores, answer.classes)
    listed = [_name(each) for each in keep]
    listed += [f"{each} AS {_name(name)}" for name, each in told.items()]
    steps = "WITH " + ",\n".join(statement.steps) + "\n" if statement.steps else ""
    select = f"SELECT {', '.join(listed)} FROM {statement.last};"  # noqa: S608 - likewise
    return f"{steps}{select}".encode()


def _check_dates(answer: Answer, table: Table) -> None:
    """Raise ExportError for dates: databases compute a part anew wherever a tree asks for it."""
    used = {piece.number for piece in every_piece(answer.piece) if isinstance(piece, Column)}
    dates = [str(table.names[number]) for number in sorted(used & table.dates)]
    if dates:
        raise ExportError(
            f"columns {dates} hold dates, of which no statement of bearable length can make year, "
            "month and day: make columns of these before the fit, or use to_onnx, to_c or to_json."
        )


def _outputs(answer: Answer) -> list[str]:
    if answer.classes is not None:
        return [f"probability_{each}" for each in answer.classes.tolist()]
    width = answer.piece.width
    return ["prediction"] if width == 1 else [f"prediction_{j}" for j in range(width)]


def _label(decision: Decision, scores: list[str], classes: NDArray[Any]) -> str:
    names = [_literal(each) for each in classes.tolist()]
    if decision.threshold is not None:
        operator = ">=" if decision.inclusive else ">"
        asked = f"{scores[0]} {operator} {as_number(decision.threshold)}"
        return f"CASE WHEN {asked} THEN {names[1]} ELSE {names[0]} END"
    parts = []
    for number, score in enumerate(scores[:-1]):
        largest = " AND ".join(f"{score} >= {other}" for other in scores[number + 1 :])
        parts.append(f"WHEN {largest} THEN {names[number]}")
    return f"CASE {' '.join(parts)} ELSE {names[-1]} END"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).upper() if isinstance(value, bool) else repr(value)


@singledispatch
def _expressions(piece: Piece, statement: _Statement, *_: list[str]) -> list[str]:
    """Return an expression for each column of a piece."""
    raise ExportError(
        f"{type(piece).__name__} cannot be expressed in SQL: use to_onnx, to_c or the booster's "
        "own file."
    )


@_expressions.register
def _(piece: Rows, statement: _Statement) -> list[str]:
    return statement.columns


@_expressions.register
def _(piece: Column, statement: _Statement) -> list[str]:
    return [statement.columns[piece.number]]


@_expressions.register(As)
@_expressions.register(Whole)  # sets of categories are asked for by ranges
def _(piece: As | Whole, statement: _Statement, of: list[str]) -> list[str]:
    return of


@_expressions.register
def _(piece: Pick, statement: _Statement, of: list[str]) -> list[str]:
    return [of[column] for column in piece.columns]


@_expressions.register
def _(piece: Beside, statement: _Statement, *parts: list[str]) -> list[str]:
    return [each for part in parts for each in part]


@_expressions.register
def _(piece: Arithmetic, statement: _Statement, of: list[str]) -> list[str]:
    operator = {"add": "+", "divide": "/", "multiply": "*"}[piece.how]
    values = np.broadcast_to(piece.values, (piece.width,)).tolist()
    return statement.step(
        f"{each} {operator} {as_number(value)}" for each, value in zip(of, values, strict=True)
    )


@_expressions.register
def _(piece: Mapped, statement: _Statement, of: list[str]) -> list[str]:
    told = {
        "relu": "CASE WHEN {0} <= 0.0 THEN 0.0 ELSE {0} END",
        "tanh": "TANH({0})",
        "exp": "EXP({0})",
        "square": "{0} * {0}",
        "logistic": f"1.0 / (1.0 + {_exp('-{0}')})",
    }[piece.function]
    return statement.step(told.format(each) for each in of)


def _exp(of: str) -> str:
    return f"EXP(CASE WHEN {of} > {FAR} THEN {FAR} WHEN {of} < -{FAR} THEN -{FAR} ELSE {of} END)"


@_expressions.register
def _(piece: Imputed, statement: _Statement, of: list[str]) -> list[str]:
    values = piece.values.tolist()
    pairs = zip(of, values, strict=True)
    return statement.step(f"COALESCE({each}, {as_number(value)})" for each, value in pairs)


@_expressions.register
def _(piece: Emptied, statement: _Statement, of: list[str]) -> list[str]:
    known, blanks = ", ".join(map(_literal, piece.texts)), _literal(BLANKS)
    told = f"CASE WHEN {{0}} IN ({known}) OR TRIM({{0}}, {blanks}) = '' THEN NULL ELSE {{0}} END"
    return statement.step(told.replace("{0}", each) for each in of)


@_expressions.register
def _(piece: Filled, statement: _Statement, of: list[str]) -> list[str]:
    return statement.step(f"COALESCE({each}, {_literal(piece.text)})" for each in of)


@_expressions.register
def _(piece: Missing, statement: _Statement, of: list[str]) -> list[str]:
    return statement.step(f"CASE WHEN {each} IS NULL THEN 1.0 ELSE 0.0 END" for each in of)


@_expressions.register
def _(piece: OneHot, statement: _Statement, of: list[str]) -> list[str]:
    asked = (_is(of[0], each) for each in piece.categories.tolist())
    return statement.step(f"CASE WHEN {each} THEN 1.0 ELSE 0.0 END" for each in asked)


@_expressions.register
def _(piece: Ordinal, statement: _Statement, of: list[str]) -> list[str]:
    pairs = zip(piece.categories.tolist(), piece.codes.tolist(), strict=True)
    told = " ".join(f"WHEN {_is(of[0], each)} THEN {_or_null(code)}" for each, code in pairs)
    return statement.step([f"CASE {told} ELSE {_or_null(piece.unknown)} END"])


def _is(column: str, category: Any) -> str:
    if category == "" or (isinstance(category, float) and np.isnan(category)):
        return f"{column} IS NULL"
    return f"{column} = {_literal(category)}"


def _or_null(value: float) -> str:
    return "NULL" if np.isnan(value) else as_number(value)


@_expressions.register
def _(piece: Clipped, statement: _Statement, of: list[str]) -> list[str]:
    told = "CASE WHEN {0} < 0.0 THEN 0.0 WHEN {0} > 1.0 THEN 1.0 ELSE {0} END"
    return statement.step(told.format(each) for each in of)


@_expressions.register
def _(piece: Softmax, statement: _Statement, of: list[str]) -> list[str]:
    """Divide one by the sum of what the others are times as likely: no largest score is needed."""
    sums = (" + ".join(_exp(f"({other} - {each})") for other in of) for each in of)
    return statement.step(f"1.0 / ({each})" for each in sums)


@_expressions.register
def _(piece: Shares, statement: _Statement, of: list[str]) -> list[str]:
    cut = statement.step(f"CASE WHEN {each} > 0.0 THEN {each} ELSE 0.0 END" for each in of)
    mass, equal = " + ".join(cut), as_number(1 / piece.width)
    return statement.step(
        f"CASE WHEN {mass} = 0.0 THEN {equal} ELSE {each} / ({mass}) END" for each in cut
    )


@_expressions.register
def _(piece: Logs, statement: _Statement, of: list[str]) -> list[str]:
    least, factor = as_number(np.finfo(piece.dtype).tiny), as_number(piece.factor)
    told = f"{factor} * LN(CASE WHEN {{0}} > {least} THEN {{0}} ELSE {least} END)"
    return statement.step(told.format(each) for each in of)


@_expressions.register
def _(piece: Pair, statement: _Statement, of: list[str]) -> list[str]:
    return [f"(1.0 - {of[0]})", of[0]]


@_expressions.register
def _(piece: Total, statement: _Statement, *parts: list[str]) -> list[str]:
    return statement.step(" + ".join(each) for each in zip(*parts, strict=True))


@_expressions.register
def _(piece: Sorted, statement: _Statement, of: list[str]) -> list[str]:
    """Exchange neighbours, at even places and at odd ones in turn."""
    for number in range(len(of)):
        told = list(of)
        for at in range(number % 2, len(of) - 1, 2):
            low, high = of[at], of[at + 1]
            told[at] = f"CASE WHEN {low} <= {high} THEN {low} ELSE {high} END"
            told[at + 1] = f"CASE WHEN {low} <= {high} THEN {high} ELSE {low} END"
        of = statement.step(told)
    return of


@_expressions.register
def _(piece: Affine, statement: _Statement, of: list[str]) -> list[str]:
    return statement.step(
        " + ".join(
            [*(f"{as_number(w)} * {x}" for w, x in zip(column, of, strict=True)), as_number(b)]
        )
        for column, b in zip(piece.weight.T.tolist(), piece.bias.tolist(), strict=True)
    )


@_expressions.register
def _(piece: Leaves, statement: _Statement, of: list[str]) -> list[str]:
    roots = piece.trees.roots.tolist()
    return statement.step(cases(piece.trees, roots, of, values) for values in piece.values.T)


@_expressions.register
def _(piece: Sums, statement: _Statement, of: list[str]) -> list[str]:
    roots = [piece.trees.roots[piece.output == column].tolist() for column in range(piece.columns)]
    return statement.step(cases(piece.trees, each, of, piece.values) for each in roots)


def _runner(
    source: str, keep: Sequence[str], content: bytes, answer: Answer
) -> Callable[[Table], Said]:
    """Return what SQLite says of rows."""
    width = answer.piece.width

    def run(rows: Table) -> Said:
        with sqlite3.connect(":memory:") as database:
            for name, function in (("EXP", _grown), ("LN", math.log), ("TANH", math.tanh)):
                database.create_function(name, 1, function)
            names = [*_columns(rows), *map(_name, keep)]
            database.execute(f"CREATE TABLE {_name(source)} ({', '.join(names)})")
            marks = ", ".join("?" * len(names))
            values = [[*each, *[None] * len(keep)] for each in _values(rows)]
            database.executemany(f"INSERT INTO {_name(source)} VALUES ({marks})", values)  # noqa: S608
            told = database.execute(content.decode()).fetchall()
        database.close()
        said = [each[len(keep) :] for each in told]
        numbers = np.array([each[:width] for each in said], dtype=np.float64)
        if answer.classes is None or answer.decision is None:
            return Said(numbers)
        return Said(numbers, np.array([each[width] for each in said], dtype=answer.classes.dtype))

    return run


def _grown(value: float | None) -> float | None:
    try:
        return None if value is None else math.exp(value)
    except OverflowError:
        return math.inf


def _values(rows: Table) -> list[list[Any]]:
    """Return rows as SQLite takes them: None where something is missing."""
    columns = [
        [each or None for each in rows.texts[number]]
        if number in rows.texts
        else [None if np.isnan(each) else each for each in rows.numbers[:, number].tolist()]
        for number in range(len(rows.names))
    ]
    return list(map(list, zip(*columns, strict=True)))
