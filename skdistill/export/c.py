"""C: one file without dependencies but the C library, C99, all numbers in double precision."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.c_nodes import Source, literal, statement_of
from skdistill.export.documented import documented
from skdistill.export.exported import Exported
from skdistill.export.pieces import (
    Answer,
    Decision,
    Piece,
    every_piece,
)
from skdistill.export.proof import Said
from skdistill.export.rounding import without_rounding
from skdistill.export.shipping import Format, produce
from skdistill.export.tables import Table

__all__ = ["C", "compiled", "to_c"]

COMPILERS = ("cc", "gcc", "clang")
# Contracted multiplications and additions would round once where the model rounds twice.
FLAGS = ("-std=c99", "-O2", "-fPIC", "-shared", "-ffp-contract=off")


@documented("file")
def to_c(
    model: Any,
    X: Any,
    *,
    path: str | Path | None = None,
    tolerance: float | None = None,
) -> Exported:
    """Write a fitted student as one C file that says the same of every row.

    The file is C99 and needs the C library's mathematics only (``-lm``). It has
    ``void student_predict(const double *x, double *out)``, of the d columns of a row to the K
    probabilities in the order of `classes_`, or to the predictions; of a classifier also
    ``int student_label(const double *x)``, the number of the class, and ``student_classes``, their
    names; and ``void student_predict_rows(const double *x, size_t n, double *out)``. A missing
    number is ``NAN``, a date the seconds since 1970, in UTC; text has no place in it. It is
    compiled here, for which a C compiler must be there, and run as `to_onnx` runs its graph.

    Parameters
    ----------
    $model
    $X
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
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.export import to_c
    >>> X, y = load_iris(return_X_y=True)
    >>> exported = to_c(DecisionTreeClassifier().fit(X, y), X)  # doctest: +SKIP
    """
    _compiler()
    return produce(C, model, X, path=path, labels=True, tolerance=tolerance)


def _compiler() -> str:
    found = next(filter(None, map(shutil.which, (os.environ.get("CC") or "cc", *COMPILERS))), None)
    if found is None:
        raise ExportError(
            f"no C compiler was found ({', '.join(COMPILERS)}, or the one that CC names): the file "
            "could not be proved."
        )
    return found


def _write(answer: Answer, table: Table, _: Any) -> bytes:
    if table.texts or table.categories:
        raise ExportError(
            "C takes rows of numbers, and some columns of X are text or categories: use to_onnx, "
            "to_sql or to_json."
        )
    answer, source = without_rounding(answer, also_single=True), Source()
    numbers = _function(source, answer.piece, "void student_predict(const double *x, double *out)")
    numbers.append(
        f"    memcpy(out, {source.known[id(answer.piece)]}, {answer.piece.width} * sizeof(double));"
    )
    parts = [*numbers, "}", "", *_rows(len(table.names), answer.piece.width)]
    if answer.decision is not None and answer.classes is not None:
        parts += ["", *_label(source, answer.decision)]
        parts += ["", *_classes(answer.classes)]
    head = ["/* Written by skdistill. Columns: " + _commented(table.names) + " */"]
    head += [f"#include <{name}.h>" for name in ("math", "stddef", "string")]
    return "\n".join([*head, "", *source.constants, "", WALK, *parts, ""]).encode()


def _commented(names: Iterable[Any]) -> str:
    return ", ".join(str(name).replace("*/", "* /") for name in names)


WALK = """\
/* Return the leaf of a tree: -1 - l stands for leaf l. */
static int walk(int at, const double *x, const int *feature, const double *threshold,
                const int *yes, const int *no, const int *missing,
                const int *first, const double *members) {
    while (at >= 0) {
        const double v = x[feature[at]];
        int goes = isnan(v) ? missing[at] : v <= threshold[at];
        if (first[at] < first[at + 1] && !isnan(v)) {  /* a set of categories */
            goes = 0;
            for (int k = first[at]; k < first[at + 1]; ++k) goes |= v == members[k];
        }
        at = goes ? yes[at] : no[at];
    }
    return -1 - at;
}
"""


def _function(source: Source, piece: Piece, head: str) -> list[str]:
    """Return the lines of a function up to where the piece's numbers are known."""
    source.known, source.lines = {}, []
    for each in every_piece(piece):
        name = f"v{len(source.known)}"
        source.known[id(each)] = name
        source.lines.append(f"double {name}[{each.width}];")
        statement_of(each, name, source, *(source.known[id(one)] for one in each.inputs))
    return [f"{head} {{", *(f"    {line}" for line in source.lines)]


def _rows(n_columns: int, width: int) -> list[str]:
    return [
        "void student_predict_rows(const double *x, size_t n, double *out) {",
        "    for (size_t i = 0; i < n; ++i)",
        f"        student_predict(x + i * {n_columns}, out + i * {width});",
        "}",
    ]


def _label(source: Source, decision: Decision) -> list[str]:
    lines = _function(source, decision.of, "int student_label(const double *x)")
    name = source.known[id(decision.of)]
    if decision.threshold is not None:
        operator = ">=" if decision.inclusive else ">"
        return [*lines, f"    return {name}[0] {operator} {literal(decision.threshold)};", "}"]
    return [
        *lines,
        "    int best = 0;",
        f"    for (int j = 1; j < {decision.of.width}; ++j)",
        f"        if ({name}[j] > {name}[best]) best = j;",
        "    return best;",
        "}",
    ]


def _classes(classes: NDArray[Any]) -> list[str]:
    names = ", ".join(_quoted(str(each)) for each in classes.tolist())
    return [f"const char *const student_classes[] = {{{names}}};"]


def _quoted(text: str) -> str:
    """Return a string of C; bytes that are no plain letters by their octal numbers."""
    plain = [
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()
    ]
    return '"' + "".join(plain) + '"'


def _runner(content: bytes, answer: Answer) -> Callable[[Table], Said]:
    """Compile the file, and return what it says of rows."""
    library = compiled(content)
    pointer = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
    library.student_predict_rows.argtypes = [pointer, ctypes.c_size_t, pointer]
    library.student_predict_rows.restype = None

    def run(rows: Table) -> Said:
        X = np.ascontiguousarray(rows.numbers)
        out = np.empty((len(X), answer.piece.width))
        library.student_predict_rows(X, len(X), out)
        if answer.decision is None or answer.classes is None:
            return Said(out)
        library.student_label.argtypes = [pointer]
        number = [library.student_label(row) for row in X]
        return Said(out, answer.classes[number])

    return run


def compiled(content: bytes) -> Any:
    """Return the file as a library that is loaded."""
    with TemporaryDirectory(prefix="skdistill-") as folder:
        source, library = Path(folder, "student.c"), Path(folder, "student.so")
        source.write_bytes(content)
        command = [_compiler(), *FLAGS, str(source), "-o", str(library), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise ExportError(f"the C compiler refused the file: {done.stderr.strip()[:500]}")
        return ctypes.CDLL(str(library))


C = Format("c", (), _write, _runner)
