"""Reading text files: where the table begins, what separates its cells, what they are called."""

import csv
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from skdistill.cli.errors import CommandError, listed, note
from skdistill.cli.layout import BLANKS, Layout, show

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_text"]

_SEPARATORS = (";", "\t", "|", ",")
_SAMPLE = 50  # lines from which a separator is found out
_SURPLUS = 8  # so many empty cells may stand at the end of a row
_REMARKS = ("#", "%", "//")


@dataclass(frozen=True)
class _Table:
    """Where the table of a file stands.

    Attributes
    ----------
    path : str
    sep : str
        What separates the cells.
    layout : Layout
        With the lines to skip as found.
    lines : list of str
        The first lines of the table, without remarks and empty lines.
    """

    path: str
    sep: str
    layout: Layout
    lines: list[str]

    def read(self, names: Sequence[str] | None, **options: Any) -> "pd.DataFrame":
        """Read the file by pandas, with the options that say how it is written."""
        import pandas as pd

        return pd.read_csv(
            self.path,
            sep=self.sep,
            encoding=self.layout.encoding,
            quotechar=self.layout.quotechar,
            comment=self.layout.comment,
            skiprows=self.layout.skip_rows,
            skipinitialspace=self.sep != BLANKS,
            keep_default_na=False,
            names=names,
            **options,
        )


def read_text(
    path: str, layout: Layout, text_columns: Sequence[str], *, told: bool = False
) -> "pd.DataFrame":
    """Read a text file; only an empty field, or one of blanks, is a missing value.

    A first line ``sep=;`` (as spreadsheets write it) is followed. Empty cells at the end of rows,
    and empty rows at the end of the file, are left out, the rows with a note.

    Parameters
    ----------
    path : str
    layout : Layout
    text_columns : sequence of str
        Columns to read as text, whatever they look like.
    told : bool, default=False
        Whether the user knows the notes on the file.

    Raises
    ------
    CommandError
        If the file is no such table, or two of its columns have the same name.
    """
    import pandas as pd

    try:
        table = _table(path, layout, told=told)
        try:
            names = _names(table)
            frame = _cells(table, names, text_columns)
            left = _filled(frame)
            if left < len(frame):  # read again: an empty cell makes whole numbers others
                if not told:
                    note(f"{path}: {len(frame) - left:,} empty row(s) at its end are left out")
                frame = _cells(table, names, text_columns, left)
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise CommandError(
                f"{path} cannot be read as CSV with the separator {show(table.sep)} (another one: "
                f"--sep): {' '.join(str(error).split())}{_remark(table)}"
            ) from error
    except UnicodeError as error:
        utf_8 = layout.encoding == Layout.encoding
        advice = "pass --encoding cp1252, or what" if utf_8 else "pass another --encoding, that"
        raise CommandError(
            f"{path} cannot be read in {layout.encoding} ({error}): {advice} it was written in"
        ) from error
    return frame


def _table(path: str, layout: Layout, *, told: bool) -> _Table:
    """Find where the table begins, and what separates its cells."""
    lines = _first_lines(path, layout)
    declared = re.fullmatch(r'"?sep=(\\t|.)"?[\s,;]*', lines[0], re.IGNORECASE) if lines else None
    sep = layout.sep_of(path)
    if declared is not None:
        lines = lines[1:]
        layout = replace(layout, skip_rows=layout.skip_rows + 1)
        sep = layout.sep or {"\\t": "\t"}.get(declared[1], declared[1])
    mark = layout.comment
    kept = [line for line in lines if line.strip() and not (mark and line.startswith(mark))]
    if sep is None:
        sep = _guess(kept, layout)
        if not told:
            note(f"{path}: cells are taken to be separated by {show(sep)} (another one: --sep)")
    if sep == layout.decimal:
        raise CommandError(
            f"{path}: cells and decimals cannot both be set off by {sep!r}: give another --sep or "
            "--decimal"
        )
    return _Table(path, sep, layout, kept)


def _first_lines(path: str, layout: Layout) -> list[str]:
    """Return the first lines as they stand in the file, after those to be skipped."""
    import pandas as pd

    frame = pd.read_csv(
        path,
        sep="\x1f",  # stands in no text
        header=None,
        names=["line"],
        usecols=[0],
        nrows=_SAMPLE,
        skiprows=layout.skip_rows,
        dtype=str,
        encoding=layout.encoding,
        keep_default_na=False,
        quoting=csv.QUOTE_NONE,
        skip_blank_lines=False,
    )
    return [line.lstrip("\ufeff") for line in frame["line"]]


def _guess(lines: Sequence[str], layout: Layout) -> str:
    """Return what divides all lines into the same number of cells, two or more; blanks are last.

    Where it divides the first into fewer, the others end with separators that divide nothing.
    """
    for sep in (*_SEPARATORS, BLANKS):
        counts = [len(_split(line, sep, layout.quotechar)) for line in lines]
        even = len(set(counts[1:])) <= 1 and counts[:1] <= counts[-1:]
        if sep != layout.decimal and even and counts[:1] > [1]:
            return sep
    return ","


def _split(line: str, sep: str, quotechar: str) -> list[str]:
    if sep == BLANKS:
        return line.split()
    return next(csv.reader([line], delimiter=sep, quotechar=quotechar, skipinitialspace=True), [])


def _names(table: _Table) -> list[str]:
    """Return the names of the columns: those of the file, numbers, or pandas' for none."""
    first = table.read(None, header=None, nrows=1, dtype=str).iloc[0].str.strip().tolist()
    _check_separator(first, table)
    if not table.layout.header:
        return [str(i) for i in range(1, len(first) + 1)]
    twice = [name for name, times in Counter(first).items() if name and times > 1]
    if twice:
        raise CommandError(
            f"{table.path} has more than one column named {listed(twice)}: rename or remove all "
            "but one, or pass --no-header if its first line holds data"
        )
    return [name or f"Unnamed: {i}" for i, name in enumerate(first)]


def _check_separator(header: Sequence[str], table: _Table) -> None:
    """Raise CommandError where the only name holds another separator."""
    other = next((s for s in _SEPARATORS if s in header[0] and s != table.sep), None)
    if len(header) == 1 and other is not None:
        raise CommandError(
            f"{table.path} has one column only, {header[0]!r}: if {show(other)} separates its "
            f"cells, pass --sep {show(other)}{_remark(table)}"
        )


def _remark(table: _Table) -> str:
    """Return what to do where the first line looks like a remark, or like a title."""
    first = table.lines[0] if table.lines else ""
    mark = next((mark for mark in _REMARKS if first.startswith(mark)), None)
    if mark is None:
        cells = [len(_split(line, table.sep, table.layout.quotechar)) for line in table.lines]
        titled = len(cells) > 1 and cells[0] < max(cells[1:])
        return "; if its first lines are a title, pass --skip-rows N" if titled else ""
    cure = f"--comment '{mark}' or --skip-rows N" if len(mark) == 1 else "--skip-rows N"
    return f"; if its first line, {first[:40]!r}, is a remark, pass {cure}"


def _cells(
    table: _Table, names: list[str], text_columns: Sequence[str], rows: int | None = None
) -> "pd.DataFrame":
    """Read the cells below the names, of so many rows; empty cells beyond them are no cells."""
    import pandas as pd

    options = {
        "header": 0 if table.layout.header else None,
        "decimal": table.layout.decimal,
        "na_values": [""],
        "nrows": rows,
        "dtype": dict.fromkeys(text_columns, str),
        "skip_blank_lines": len(names) > 1,  # in a single column one is an empty cell
        "index_col": False,  # else surplus cells would move every column by one
        "low_memory": False,  # in parts, one column may be numbers here and text there
    }
    surplus = _surplus(table, names)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of cells that would be lost
            frame = table.read([*names, *surplus], **options)
    except pd.errors.ParserWarning as error:
        raise _too_many_cells(table) from error
    if not frame[surplus].isna().all(axis=None):
        raise _too_many_cells(table)
    frame = frame[names]
    texts = frame.select_dtypes(exclude=["number", "bool"])
    blank = {name: texts[name].astype(str).str.fullmatch(r"\s+") for name in texts}
    return frame.assign(**{n: frame[n].mask(cells) for n, cells in blank.items() if cells.any()})


def _surplus(table: _Table, names: Sequence[str]) -> list[str]:
    """Name the cells that the first row has beyond those of the header, if there are few."""
    rows = table.lines[1:2] if table.layout.header else []
    cells = len(_split(rows[0], table.sep, table.layout.quotechar)) if rows else 0
    return [f"\x1f{i}" for i in range(min(cells - len(names), _SURPLUS))]


def _too_many_cells(table: _Table) -> CommandError:
    return CommandError(
        f"{table.path} has rows of more cells than its first line names: mend them, or pass "
        f"another --sep than {show(table.sep)}{_remark(table)}"
    )


def _filled(frame: "pd.DataFrame") -> int:
    """Return how many rows there are up to the last one that holds something."""
    if frame.shape[1] < 2:
        return len(frame)
    filled = frame.notna().any(axis=1).to_numpy().nonzero()[0]
    return int(filled[-1]) + 1 if len(filled) else 0
