"""Text that a spreadsheet would take for a formula."""

from typing import TYPE_CHECKING

from skdistill.cli.errors import listed, note

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["defused", "is_formula"]

_FIRST = ("=", "+", "-", "@", "\t", "\r")


def is_formula(cell: object) -> bool:
    """Return whether a spreadsheet would run a cell: text that starts so and is no number.

    Examples
    --------
    >>> [is_formula(cell) for cell in ("=1+1", "@x", "-1.5", "-", "a=b", -1)]
    [True, True, False, False, False, False]
    """
    if not isinstance(cell, str) or not cell.startswith(_FIRST) or len(cell) == 1:
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


def defused(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table with an apostrophe before text that a spreadsheet would run; note it if any.

    Parameters
    ----------
    frame : pandas.DataFrame
        Cells and names of columns are looked at; numbers are never touched.

    Returns
    -------
    frame : pandas.DataFrame
    """
    found: dict[str, None] = {}

    def quoted(cell: object) -> object:
        if not is_formula(cell):
            return cell
        found[str(cell)] = None
        return f"'{cell}"

    texts = {
        name: frame[name].astype(object).map(quoted)
        for name in frame.select_dtypes(exclude=["number", "bool"])
    }
    frame = frame.assign(**texts) if texts else frame
    frame = frame.set_axis([quoted(name) for name in frame.columns], axis=1)
    if found:
        note(
            f"a spreadsheet would run {listed(found)} as a formula: written with an apostrophe "
            "in front; --raw leaves them as they are"
        )
    return frame
