"""Reading tables: CSV, TSV and Parquet files."""

import argparse
import errno
import importlib
import os
import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from skdistill.cli.errors import CommandError, listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Layout", "add_options", "extra", "layout", "read", "text_columns"]

_SEPARATORS = (";", "\t", "|", ",")
_LEADING_ZERO = r"\s*[+-]?0\d+\s*"


@dataclass(frozen=True)
class Layout:
    """How text files are written.

    Attributes
    ----------
    sep : str or None
        Between two cells; None for a tab in ``.tsv`` files and a comma in others.
    decimal : str
        Before the decimals of a number.
    encoding : str
        Of the characters, as Python names it.
    """

    sep: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"

    def sep_of(self, path: str) -> str:
        """Return what separates the cells of the text file `path`."""
        return self.sep or ("\t" if ".tsv" in _suffixes(path) else ",")


def add_options(parser: Any) -> None:
    """Add ``--sep``, ``--decimal`` and ``--encoding`` to a command."""
    parser.add_argument(
        "--sep", type=_separator, metavar="CHAR",
        help="between cells of text files: ';', tab, ... (default: comma, tab for .tsv)",
    )  # fmt: skip
    parser.add_argument(
        "--decimal", choices=(".", ","), metavar="CHAR",
        help="before decimals in text files: a point (default) or ,",
    )  # fmt: skip
    parser.add_argument(
        "--encoding", type=_encoding, metavar="NAME",
        help="of text files: utf-8 (default), cp1252, latin-1, utf-16, ...",
    )  # fmt: skip


def layout(args: argparse.Namespace, *paths: str | None) -> Layout:
    """Return the layout that `args` asks for.

    Parameters
    ----------
    args : argparse.Namespace
        With the options of `add_options`.
    *paths : str or None
        The files to be read.

    Raises
    ------
    CommandError
        If no file is a text file, or numbers could not be told from two cells.
    """
    texts = [path for path in paths if path and _is_text(path)]
    if not texts and (args.sep, args.decimal, args.encoding) != (None, None, None):
        raise CommandError(
            "--sep, --decimal and --encoding say how CSV files are written, and there is none"
        )
    asked = Layout(args.sep, args.decimal or ".", args.encoding or "utf-8")
    for path in texts:
        if asked.sep_of(path) == asked.decimal:
            raise CommandError(
                f"{path}: cells and decimals cannot both be set off by {asked.decimal!r}: give "
                "another --sep or --decimal"
            )
    return asked


def read(
    path: str, layout: Layout, text_columns: Sequence[str] = (), labels: str | None = None
) -> "pd.DataFrame":
    """Read a CSV or TSV file (also compressed: ``.csv.gz`` ...) or a Parquet file.

    In text files only an empty field is a missing value here (pandas' default would also take the
    category "None" for one). In Parquet files an index that has a name is a column.

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
    from pandas.api.types import is_integer_dtype

    try:
        frame = _read(path, layout, text_columns)
        if labels in frame and _is_text(path) and is_integer_dtype(frame[labels]):
            named = _read(path, layout, [*text_columns, labels])
            frame = named if named[labels].str.fullmatch(_LEADING_ZERO).any() else frame
    except FileNotFoundError as error:  # pyarrow's names the file and nothing else
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    except (EOFError, OSError, LZMAError, zlib.error, BadZipFile) as error:
        if getattr(error, "filename", None):
            raise
        raise CommandError(f"{path} cannot be unpacked: {error}") from error
    if not len(frame):
        raise CommandError(f"{path} has no rows")
    return frame


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


def _read(path: str, layout: Layout, text_columns: Sequence[str]) -> "pd.DataFrame":
    if _is_text(path):
        return _read_text(path, layout, text_columns)
    if _suffixes(path)[-1:] in ([".parquet"], [".pq"]):
        extra("pyarrow")
        return _read_parquet(path)
    raise CommandError(f"{path}: expected the extension .csv, .tsv (also .csv.gz ...) or .parquet")


def _read_text(path: str, layout: Layout, text_columns: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    sep = layout.sep_of(path)
    try:
        header = _header(path, sep, layout.encoding)
        _check_header(header, path, sep)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of cells that would be lost
            return pd.read_csv(
                path,
                sep=sep,
                decimal=layout.decimal,
                encoding=layout.encoding,
                keep_default_na=False,
                na_values=[""],
                dtype=dict.fromkeys(text_columns, str),
                skip_blank_lines=len(header) > 1,  # in a single column one is an empty cell
                index_col=False,  # else surplus cells would move every column by one
                low_memory=False,  # in parts, one column may be numbers here and text there
            )
    except pd.errors.ParserWarning as error:
        raise CommandError(f"{path} has rows of more cells than its first line names") from error
    except pd.errors.ParserError as error:
        raise CommandError(
            f"{path} cannot be read as CSV with the separator {_show(sep)} (another one: --sep): "
            f"{error}"
        ) from error
    except pd.errors.EmptyDataError as error:
        raise CommandError(f"{path} cannot be read as CSV: {error}") from error
    except UnicodeError as error:
        utf_8 = layout.encoding == Layout.encoding
        advice = "pass --encoding cp1252, or what" if utf_8 else "pass another --encoding, that"
        raise CommandError(
            f"{path} cannot be read in {layout.encoding} ({error}): {advice} it was written in"
        ) from error


def _read_parquet(path: str) -> "pd.DataFrame":
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
        named = [name for name in frame.index.names if name is not None]
        frame = frame.reset_index(named).reset_index(drop=True)
    except ValueError as error:  # ArrowInvalid is one
        raise CommandError(f"{path} cannot be read as Parquet: {error}") from error
    return frame.set_axis(frame.columns.map(str), axis=1)


def _header(path: str, sep: str, encoding: str) -> list[str]:
    """Return the names of the columns as they stand in the file."""
    import pandas as pd

    first = pd.read_csv(
        path, sep=sep, encoding=encoding, header=None, nrows=1, dtype=str, keep_default_na=False
    )
    return first.iloc[0].tolist()


def _check_header(header: list[str], path: str, sep: str) -> None:
    """Raise CommandError for another separator in the only name, or for names that are not one."""
    other = next((s for s in _SEPARATORS if s in header[0] and s != sep), None)
    if len(header) == 1 and other is not None:
        raise CommandError(
            f"{path} has one column only, {header[0]!r}: if {_show(other)} separates its cells, "
            f"pass --sep {_show(other)}"
        )
    twice = [name for name, times in Counter(header).items() if name and times > 1]
    if twice:
        raise CommandError(
            f"{path} has more than one column named {listed(twice)}: rename or remove all but one"
        )


def _is_text(path: str) -> bool:
    return not {".csv", ".tsv"}.isdisjoint(_suffixes(path))


def _suffixes(path: str) -> list[str]:
    return Path(path.lower()).suffixes[-2:]


def _separator(text: str) -> str:
    sep = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(sep) != 1 or sep in '"\n\r':
        raise argparse.ArgumentTypeError(f"expected one character, or tab, got {text!r}")
    return sep


def _encoding(text: str) -> str:
    try:
        "".encode(text)  # unlike codecs.lookup, knows encodings of characters from base64
    except LookupError as error:
        raise argparse.ArgumentTypeError(
            f"expected an encoding such as utf-8 or cp1252, got {text!r}"
        ) from error
    return text


def _show(sep: str) -> str:
    return "tab" if sep == "\t" else repr(sep)
