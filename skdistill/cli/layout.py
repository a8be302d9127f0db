"""How a text file is written: its options, and what they come to."""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skdistill.cli.errors import CommandError

__all__ = ["BLANKS", "Layout", "add_options", "is_text", "layout", "names", "show", "suffixes"]

BLANKS = r"\s+"  # as pandas has it: one or more blanks or tabs
_TEXT = {".csv", ".tsv", ".txt", ".data", ".dat"}
_OPTIONS = ("sep", "decimal", "encoding", "header", "comment", "skip_rows", "quotechar")


@dataclass(frozen=True)
class Layout:
    """How text files are written.

    Attributes
    ----------
    sep : str or None
        Between two cells; None for a tab in ``.tsv`` files, a comma in ``.csv`` files, and what
        divides the first lines evenly in others.
    decimal : str
        Before the decimals of a number.
    encoding : str
        Of the characters, as Python names it.
    header : bool
        Whether the first line names the columns; else they are named "1", "2", ...
    comment : str or None
        What begins a remark, up to the end of its line.
    skip_rows : int
        Lines to ignore before the header.
    quotechar : str
        Around cells that hold the separator.
    missing : tuple of str
        Cells to take for missing, also in files that are no text.
    """

    sep: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    header: bool = True
    comment: str | None = None
    skip_rows: int = 0
    quotechar: str = '"'
    missing: tuple[str, ...] = ()

    def sep_of(self, path: str) -> str | None:
        """Return what separates the cells of the text file `path`; None if it must be found out."""
        by_suffix = {".tsv": "\t", ".csv": ","}
        return self.sep or next((by_suffix[s] for s in suffixes(path) if s in by_suffix), None)


def add_options(parser: Any) -> None:
    """Add the options of `Layout` to a command."""
    parser.add_argument(
        "--sep", type=_separator, metavar="CHAR",
        help="between cells of text files: ';', tab, blanks, ... (default: comma in .csv, tab in "
        ".tsv; in other files what divides the first lines evenly)",
    )  # fmt: skip
    parser.add_argument(
        "--decimal", choices=(".", ","), metavar="CHAR",
        help="before decimals in text files: a point (default) or ,",
    )  # fmt: skip
    parser.add_argument(
        "--encoding", type=_encoding, metavar="NAME",
        help="of text files: utf-8 (default), cp1252, latin-1, utf-16, ...",
    )  # fmt: skip
    parser.add_argument(
        "--no-header", dest="header", action="store_false", default=None,
        help="the first line holds data: columns are named 1, 2, ...",
    )  # fmt: skip
    parser.add_argument(
        "--comment", type=_character, metavar="CHAR",
        help="what follows it in a line of a text file is ignored: '#', ...",
    )  # fmt: skip
    parser.add_argument(
        "--skip-rows", type=_count, metavar="N", help="ignore the first N lines of text files"
    )
    parser.add_argument(
        "--quotechar", type=_character, metavar="CHAR",
        help="around cells that hold the separator (default: a double quote)",
    )  # fmt: skip
    parser.add_argument(
        "--na-values", type=names, action="extend", default=[], metavar="TEXT,...",
        help="further cells that are missing values: --na-values=-999,unknown (repeatable)",
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
        If no file is a text file, or cells and decimals are to be set off by the same character.
    """
    asked = {name: getattr(args, name, None) for name in _OPTIONS}
    asked = {name: value for name, value in asked.items() if value is not None}
    texts = [path for path in paths if path and is_text(path)]
    if not texts and asked:
        options = ", ".join("--" + name.replace("_", "-") for name in asked)
        options = options.replace("--header", "--no-header")
        raise CommandError(
            f"{options} say how CSV files (or other text) are written, and there is none: leave "
            "out what does not apply"
        )
    made = Layout(**asked, missing=tuple(getattr(args, "na_values", ())))
    if made.sep == made.decimal:
        raise CommandError(
            f"cells and decimals cannot both be set off by {made.decimal!r}: give another --sep or "
            "--decimal"
        )
    return made


def is_text(path: str) -> bool:
    """Return whether the extension of a file says that it is a text file, compressed or not."""
    return not _TEXT.isdisjoint(suffixes(path))


def suffixes(path: str) -> list[str]:
    """Return the last two extensions of a file, in lower case."""
    return Path(path.lower()).suffixes[-2:]


def names(text: str) -> list[str]:
    """Return names that are separated by commas; one with a comma stands in double quotes.

    Examples
    --------
    >>> names('age, "last, first",sex')
    ['age', 'last, first', 'sex']
    """
    found = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(found) or not found:
        raise argparse.ArgumentTypeError(f"expected names separated by commas, got {text!r}")
    return found


def show(sep: str) -> str:
    """Return how an option or a message names a separator."""
    return {"\t": "tab", BLANKS: "blanks"}.get(sep, repr(sep))


def _separator(text: str) -> str:
    sep = {"tab": "\t", "\\t": "\t", "blanks": BLANKS, " ": BLANKS}.get(text, text)
    if sep != BLANKS and (len(sep) != 1 or sep in '"\n\r'):
        raise argparse.ArgumentTypeError(f"expected one character, or tab, or blanks, got {text!r}")
    return sep


def _character(text: str) -> str:
    if len(text) != 1 or text.isalnum() or text in "\n\r ":
        raise argparse.ArgumentTypeError(f"expected one character such as # or ', got {text!r}")
    return text


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a number of lines, got {text!r}")
    return int(text)


def _encoding(text: str) -> str:
    try:
        "".encode(text)  # unlike codecs.lookup, knows encodings of characters from base64
    except LookupError as error:
        raise argparse.ArgumentTypeError(
            f"expected an encoding such as utf-8 or cp1252, got {text!r}"
        ) from error
    return text
