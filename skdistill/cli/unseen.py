"""What no training row has: categories, how many cells and spellings; columns that became empty."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from skdistill.cli.cells import number
from skdistill.cli.errors import caution, listed, note

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["categories", "tell_empty", "tell_unseen"]

_MANY = 0.05  # from so large a share on it is a warning


def tell_unseen(seen: Mapping[str, list[str]], frame: "pd.DataFrame", path: str) -> None:
    """Say which columns hold categories that no training row has; of many such cells, warn.

    Parameters
    ----------
    seen : mapping of str to list of str
        Columns of categories, each with those of training.
    frame : pandas.DataFrame
        Rows as the vectoriser takes them, numbered from 0 as in the file.
    path : str
        Where they are from.
    """
    for name, known in seen.items():
        cells = frame[name].dropna()
        new = cells[~cells.isin(known)]
        if len(new):
            share = len(new) / len(frame)
            say = caution if share > _MANY else note
            say(
                f"{path}: column {name!r}: {share:.1%} of its cells ({len(new):,} of "
                f"{len(frame):,}) hold categories that no training row has, first "
                f"{new.iloc[0]!r} in data row {new.index[0] + 1}{_hint(new, known)}"
            )


def tell_empty(names: Iterable[str], frame: "pd.DataFrame", path: str) -> None:
    """Note the columns without a value here, of those that had some in training."""
    empty = [name for name in names if frame[name].isna().all()]
    if empty and len(frame) > 1:  # one row has many an empty cell
        note(f"{path}: no value in {listed(empty)}, which had some in training: taken as missing")


def categories(fitted: Pipeline) -> dict[str, list[str]]:
    """Return the columns of categories, each with those of training.

    Parameters
    ----------
    fitted : Pipeline
        With a fitted TableVectorizer as step "table".
    """
    found = {}
    for name, transformers in fitted.named_steps["table"].all_processing_steps_.items():
        for step in transformers:
            if isinstance(step, OneHotEncoder):
                place = list(step.feature_names_in_).index(name)
                found[name] = [str(c) for c in step.categories_[place] if isinstance(c, str)]
    return found


def _hint(new: "pd.Series", known: list[str]) -> str:
    """Name a category of training that is only written otherwise."""
    alike = {_plain(category): category for category in known}
    for cell in new.unique():
        if _plain(cell) in alike:
            return (
                f"; {cell!r} may be what training rows have as {alike[_plain(cell)]!r}: write it so"
            )
    return ""


def _plain(category: str) -> str:
    """Return a category without what people write in more than one way."""
    found = number(category)
    return str(found.value) if found else "".join(filter(str.isalnum, category.casefold()))
