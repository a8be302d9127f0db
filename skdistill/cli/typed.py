"""The columns of a table as what they were understood to be; what they cannot be is an error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdistill.cli.cells import TIME, number, placeholder, reads_missing
from skdistill.cli.columns import Column
from skdistill.cli.errors import CommandError, note
from skdistill.cli.readings import date_values, is_date, present_cells, read_numbers, text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["typed"]

_NUMBERS = "numbers or truth values"
_LARGEST = float(np.finfo(np.float32).max)


def typed(
    frame: "pd.DataFrame",
    columns: Sequence[Column],
    decimal: str,
    path: str,
    *,
    told: bool = False,
) -> "pd.DataFrame":
    """Return the features of a table: numbers, dates, categories and text.

    Cells that were missing in training, though they hold something, are missing here as well; so
    is what says only that a number or date is not known.

    Parameters
    ----------
    frame : pandas.DataFrame
        With the columns; rows numbered from 0 as in the file.
    columns : sequence of Column
    decimal : str
        Before the decimals of numbers in texts.
    path : str
        Where `frame` is from, for messages.
    told : bool, default=False
        Whether the user knows already which cells are missing though they hold something.

    Returns
    -------
    features : pandas.DataFrame
        Its columns are those that are features, in the order of `columns`.

    Raises
    ------
    CommandError
        If a cell of a column of numbers or dates is something else, or infinite.
    """
    import pandas as pd

    made = {
        column.name: _Cells(frame[column.name], column, decimal, path, told).values()
        for column in columns
        if column.is_feature
    }
    return pd.DataFrame(made, index=frame.index)


@dataclass(frozen=True)
class _Cells:
    """The cells of one column, and what they are to be."""

    cells: "pd.Series"
    column: Column
    decimal: str
    path: str
    told: bool

    def values(self) -> "pd.Series":
        """Return what they are."""
        if self.column.kind == "number":
            return self._finite(self._numbers())
        return self._dates() if self.column.kind == "date" else self._texts()

    def _numbers(self) -> "pd.Series":
        if is_date(self.cells):
            self._refuse(self.cells.dropna())
        present = present_cells(self.cells)
        if present.dtype.kind in "if":
            if self.column.unit == "%":  # 12 may be 12% or 1200%
                self._refuse(present[present != 0])
            if self.column.unit == TIME and self.cells.dtype.kind != "m":  # 12 may be an hour
                self._refuse(present)
            plain = isinstance(self.cells.dtype, np.dtype) and self.cells.dtype.kind in "iuf"
            return self.cells if plain else present.astype(float).reindex(self.cells.index)
        reading = read_numbers(present, self.decimal, unit=self.column.unit)
        self._refuse(self._unknown(reading.odd))
        return reading.found.reindex(self.cells.index)

    def _dates(self) -> "pd.Series":
        import pandas as pd

        if is_date(self.cells):
            plain = self.cells.dtype.kind == "M" and not isinstance(self.cells.dtype, pd.ArrowDtype)
            return self.cells if plain else pd.to_datetime(self.cells.astype(object))
        present = present_cells(self.cells)
        if present.dtype.kind in "if" and self.column.format != "%Y%m%d":
            self._refuse(present)
        values = date_values(present.astype(str).astype(object), self.column.format or "ISO8601")
        self._refuse(self._unknown(present[values.isna()]))
        return values.reindex(self.cells.index)

    def _texts(self) -> "pd.Series":
        cells = self.cells.astype(object)
        known = {cell: text(cell) for cell in cells.dropna().unique()}
        made = {cell: None if reads_missing(name) else name for cell, name in known.items()}
        texts = cells.map(made).astype(object).where(cells.notna(), None)
        # Else skrub would make numbers of codes, and dates of what is said to be no date.
        return texts.astype("category") if self.column.kind == "category" else texts

    def _unknown(self, odd: "pd.Series") -> "pd.Series":
        """Note the cells that say that a value is not known; return the others."""
        known = {
            cell: cell in self.column.missing or placeholder(cell, self.decimal)
            for cell in odd.unique()
        }
        missing = odd.map(known).astype(bool)
        if missing.any() and not self.told:
            first = odd[missing]
            note(
                f"{self.path}: column {self.column.name!r}: {len(first):,} cell(s) such as "
                f"{first.iloc[0]!r} in data row {first.index[0] + 1} count as missing"
            )
        return odd[~missing]

    def _finite(self, values: "pd.Series") -> "pd.Series":
        """Raise CommandError for the first number that single precision has for infinite."""
        infinite = values[np.abs(values.to_numpy(dtype=float)) > _LARGEST]
        if len(infinite):
            marks = ",".join(dict.fromkeys(str(value) for value in infinite.iloc[:9]))
            others = f" (and {len(infinite) - 1:,} more)" if len(infinite) > 1 else ""
            raise CommandError(
                f"{self.path}: column {self.column.name!r} must hold finite numbers, got "
                f"{infinite.iloc[0]} in data row {infinite.index[0] + 1}{others}: leave the cell "
                f"empty, or pass --na-values={marks} to take it for missing"
            )
        return values

    def _refuse(self, cells: "pd.Series") -> None:
        """Raise CommandError for the first of `cells` if there is one."""
        if not len(cells):
            return
        odd = cells[[str(cell).lower() not in ("true", "false") for cell in cells]]
        first = odd if len(odd) else cells  # among other text, truth values are text as well
        cell: Any = first.iloc[0]
        shown = repr(cell) if isinstance(cell, str) else str(cell)
        others = f" (and {len(first) - 1:,} more)" if len(first) > 1 else ""
        raise CommandError(
            f"{self.path}: column {self.column.name!r} must hold {self._expected()}, as in "
            f"training, got {shown} in data row {first.index[0] + 1}{others}: {self._advice(cell)}"
        )

    def _expected(self) -> str:
        if self.column.kind == "date":
            way = self.column.format
            return "dates" if way is None else f"dates written as {way}"
        known = {"": _NUMBERS, "%": "percentages such as '12%'", TIME: "times such as '12:30'"}
        return known.get(self.column.unit, f"numbers in {self.column.unit}")

    def _advice(self, cell: Any) -> str:
        advice = "mend it, or leave it empty where the value is missing"
        other = "," if self.decimal == "." else "."
        by_other = number(cell, other) if isinstance(cell, str) else None
        if by_other is not None and self.column.kind == "number" and other in str(cell):
            advice += f"; --decimal {other} reads decimals set off by {other!r}"
        elif isinstance(cell, str) and '"' not in cell and "'" not in cell:
            advice += (
                f", or pass --na-values={cell!r}"
                if " " in cell
                else f", or pass --na-values={cell}"
            )
        return advice
