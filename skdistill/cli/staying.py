"""Columns that keep a student in Python: free text, which no exported file can take."""

import shlex
from collections.abc import Iterable

from sklearn.pipeline import Pipeline

from skdistill.cli.columns import OWN, Column, recalled
from skdistill.cli.errors import CommandError, cut, listed, note

__all__ = ["check_leaves", "tell_staying"]


def tell_staying(columns: Iterable[Column], path: str) -> None:
    """Note the columns of a training file that keep from an export whatever student uses them."""
    staying = [column.name for column in columns if column.kind == "text"]
    if staying:
        note(
            f"{path}: no format of `skdistill export` takes free text: a student that "
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
    staying = [column for column in columns if column.kind == "text"]
    names = _joined(column.name for column in staying)
    if staying:
        raise CommandError(
            f"--to {form}: {path} uses {cut([f'{c.name!r} (text)' for c in staying])}, and no "
            f"format takes free text. Fit it again with --drop {names}, or with --category "
            f"{names}, by which its {OWN} most frequent texts have columns of their own."
        )


def _joined(names: Iterable[str]) -> str:
    """Return names as an option takes them."""
    return shlex.quote(",".join(f'"{name}"' if "," in name else name for name in names))
