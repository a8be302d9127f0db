"""Columns that keep a student in Python: dates and free text, which no exported file can take."""

import shlex
from collections.abc import Iterable

from sklearn.pipeline import Pipeline

from skdistill.cli.columns import Column, recalled
from skdistill.cli.errors import CommandError, cut, listed, note

__all__ = ["check_leaves", "tell_staying"]

_KINDS = ("date", "text")
_CURE = (
    "a date can be written into the file as a number (days since some day), text of a few values "
    "as a category"
)


def tell_staying(columns: Iterable[Column], path: str) -> None:
    """Note the columns of a training file that keep from an export whatever student uses them."""
    staying = [column.name for column in columns if column.kind in _KINDS]
    if staying:
        note(
            f"{path}: no format of `skdistill export` takes dates or free text: a student that "
            f"uses {listed(staying)} stays in Python; --drop {_joined(staying)} if it must not"
        )


def check_leaves(model: Pipeline, path: str, form: str) -> None:
    """Raise CommandError where a saved student uses such columns: all of them, and the ways out.

    Parameters
    ----------
    model : Pipeline
        As saved by ``fit``, without the columns that it does not use.
    path : str
        Its file.
    form : str
        The format that is asked for.
    """
    used = set(model.feature_names_in_)
    columns = [each for each in recalled(model.columns_)[0] if each.name in used]
    staying = [column for column in columns if column.kind in _KINDS]
    if staying:
        raise CommandError(
            f"--to {form}: {path} uses "
            f"{cut([f'{c.name!r} ({c.kind})' for c in staying])}, and no format takes dates or "
            f"free text. Fit it again with --drop {_joined([c.name for c in staying])}; or make "
            f"them what a format can take: {_CURE}."
        )


def _joined(names: Iterable[str]) -> str:
    """Return names as an option takes them."""
    return shlex.quote(",".join(f'"{name}"' if "," in name else name for name in names))
