"""Reading tables: text, Parquet and Feather files."""

import errno
import importlib
import os
import zlib
from collections.abc import Sequence
from lzma import LZMAError
from types import ModuleType
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from skdistill.cli.cells import EXACT
from skdistill.cli.errors import CommandError
from skdistill.cli.layout import Layout, add_options, is_text, layout, suffixes
from skdistill.cli.text_files import read_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Layout", "add_options", "extra", "layout", "read", "text_columns"]

_LEADING_ZERO = r"\s*[+-]?0\d+\s*"
_KINDS = ".csv, .tsv, .txt, .data, .dat (also .csv.gz ...), .parquet or .feather"


def read(
    path: str, layout: Layout, text_columns: Sequence[str] = (), labels: str | None = None
) -> "pd.DataFrame":
    """Read a text file (``.csv``, ``.csv.gz``, ``.tsv`` ...), a Parquet or a Feather file.

    In text files only an empty field is a missing value here (pandas' default would also take the
    category "None" for one). In binary files an index that has a name is a column. What
    `layout.missing` names is missing in either.

    Parameters
    ----------
    path : str
    layout : Layout
        Of text files.
    text_columns : sequence of str, default=()
        Columns of a text file to read as text, whatever they look like.
    labels : str or None, default=None
        A column of a text file that names classes: text where one has leading zeros, since "01"
        and "1" are two names, though one number.

    Returns
    -------
    frame : pandas.DataFrame
        Its rows are numbered from 0.

    Raises
    ------
    CommandError
        If the extension is neither, the file is no such file or cannot be unpacked, two of its
        columns have the same name, or it has no rows.
    FileNotFoundError
        If there is no such file.
    """
    extra("pandas")

    try:
        frame = _read(path, layout, text_columns, labels)
    except FileNotFoundError as error:  # pyarrow's names the file and nothing else
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    except (EOFError, OSError, LZMAError, zlib.error, BadZipFile) as error:
        if getattr(error, "filename", None):
            raise
        raise CommandError(f"{path} cannot be unpacked: {error}") from error
    if not len(frame):
        raise CommandError(f"{path} has no rows")
    return _blanked(frame, layout.missing)


def text_columns(frame: "pd.DataFrame") -> list[str]:
    """Return the columns that hold text, and are to be read as text from other files."""
    from pandas.api.types import infer_dtype

    others = frame.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz"])
    return [name for name in others if infer_dtype(others[name].astype(object)) == "string"]


def extra(name: str) -> ModuleType:
    """Import an optional package, or raise CommandError that says how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CommandError(f'this command needs {name}: pip install "skdistill[data]"') from error


def _read(
    path: str, layout: Layout, text_columns: Sequence[str], labels: str | None
) -> "pd.DataFrame":
    if is_text(path):
        return _read_text(path, layout, list(text_columns), labels)
    if suffixes(path)[-1:] in ([".parquet"], [".pq"], [".feather"]):
        extra("pyarrow")
        return _read_binary(path)
    raise CommandError(f"{path}: expected the extension {_KINDS}")


def _read_text(
    path: str, layout: Layout, text_columns: list[str], labels: str | None
) -> "pd.DataFrame":
    """Read a text file; once more if cells would not be told apart by the numbers that they are."""
    from pandas.api.types import is_integer_dtype

    frame = read_text(path, layout, text_columns)
    exact = list(text_columns)
    if labels in frame and is_integer_dtype(frame[labels]):
        named = read_text(path, layout, [labels], told=True)[labels].astype(str)
        exact += [labels] * bool(named.str.fullmatch(_LEADING_ZERO).any())
    for name in frame.select_dtypes("float"):  # whole numbers with gaps in between are floats here
        huge = frame[name].abs()
        exact += [name] * bool(((huge >= EXACT) & (huge < float("inf"))).any())
    if len(exact) == len(text_columns):
        return frame
    return read_text(path, layout, exact, told=True)


def _read_binary(path: str) -> "pd.DataFrame":
    import pandas as pd

    feather = suffixes(path)[-1] == ".feather"
    try:
        frame = pd.read_feather(path) if feather else pd.read_parquet(path)
        named = [name for name in frame.index.names if name is not None]
        frame = frame.reset_index(named).reset_index(drop=True)
    except ValueError as error:  # ArrowInvalid is one
        kind = "Feather" if feather else "Parquet"
        raise CommandError(f"{path} cannot be read as {kind}: {error}") from error
    return frame.set_axis(frame.columns.map(str), axis=1)


def _blanked(frame: "pd.DataFrame", marks: Sequence[str]) -> "pd.DataFrame":
    """Return the table with the cells missing that read like one of `marks`."""
    from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

    numbers = [value for value in map(_float, marks) if value is not None]
    hit = {}
    for name in frame if marks else ():
        column = frame[name]
        if is_numeric_dtype(column) and not is_bool_dtype(column):
            found = column.isin(numbers)
        else:
            found = column.astype(str).str.strip().isin(marks) & column.notna()
        if found.any():
            column = column.astype("Int64") if is_integer_dtype(column) else column
            hit[name] = column.mask(found)
    return frame.assign(**hit)


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
