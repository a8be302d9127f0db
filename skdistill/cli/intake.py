"""From files to rows: what the options say of columns, and files read by it."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

from skdistill.cli import files, tables
from skdistill.cli.columns import Column, recalled, tell, understand
from skdistill.cli.errors import CommandError, listed, note
from skdistill.cli.layout import Layout, names
from skdistill.cli.tables import Special
from skdistill.cli.targets import AUTO, Asked, Target, understand_target
from skdistill.cli.trials import Labelled
from skdistill.cli.typed import typed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Intake", "add_options", "read_new", "read_test", "read_training", "special"]


@dataclass(frozen=True)
class Intake:
    """A training file, read.

    Attributes
    ----------
    rows : Labelled
        With the features, typed, as `X`.
    columns : tuple of Column
        What each column that has no other role is.
    texts : tuple of str
        Columns to be read as text from other files.
    special : Special
    layout : Layout
    target : Target
        What is to be predicted.
    """

    rows: Labelled
    columns: tuple[Column, ...]
    texts: tuple[str, ...]
    special: Special
    layout: Layout
    target: Target


def add_options(parser: Any) -> None:
    """Add the options about columns to a command."""
    helps = {
        "drop": "ignore them",
        "id": "carry them to the predictions; no features",
        "numeric": "numbers, whatever they look like: other cells are missing",
        "category": "categories, whatever they look like, such as codes that are numbers",
        "text": "text: its character n-grams are taken apart",
        "date": "dates, whatever they look like",
    }
    for option, text in helps.items():
        parser.add_argument(
            f"--{option}", type=names, action="extend", default=[], metavar="COLUMN,...",
            help=f"{text} (repeatable)",
        )  # fmt: skip


def special(args: argparse.Namespace) -> Special:
    """Return what the options of ``fit`` say of columns."""
    given = ("drop", "id", "numeric", "category", "text", "date")
    made = Special(
        args.target,
        args.weight,
        args.groups,
        args.exposure,
        **{name: tuple(getattr(args, name)) for name in given},
    )
    _check_ids(made.id)
    return made


def read_training(path: str, layout: Layout, special: Special, asked: Asked = AUTO) -> Intake:
    """Read a training file, decide what its target and its columns are and say so.

    Raises
    ------
    CommandError
        If the file or a column cannot be used.
    """
    frame = files.read(path, layout, special.as_written, labels=special.target)
    tables.check_columns(frame, special, path)
    target = understand_target(frame[special.target], asked, layout.decimal, path)
    rows = tables.labelled(frame, special, path, target.read, layout.decimal)
    columns = understand(rows.X, special.asked, layout.decimal, path)
    tell(columns, path)
    if special.id:
        note(f"{path}: id, carried to the predictions: {listed(dict.fromkeys(special.id))}")
    tables.tell_order(rows.X, columns, path)
    if not any(column.is_feature for column in columns):
        raise CommandError(
            f"{path}: expected a column to learn from, got none: "
            f"{listed([f'{c.name}: {c.kind}' for c in columns])}; --numeric, --category or --text "
            "NAME makes a feature of an id"
        )
    texts = [*_as_text(columns), *files.text_columns(frame[special.roles])]
    rows = replace(rows, X=typed(rows.X, columns, layout.decimal, path, told=True))
    return Intake(rows, columns, tuple(texts), special, layout, target)


def read_test(path: str, training: Intake) -> Labelled:
    """Read a file of held-out rows as the training file was read."""
    frame = files.read(path, training.layout, training.texts)
    special, layout = training.special.elsewhere(), training.layout
    rows = tables.labelled(frame, special, path, training.target.read, layout.decimal)
    return replace(rows, X=_features(rows.X, training.columns, layout, path))


def read_new(
    path: str, layout: Layout, model: Pipeline, asked: Sequence[str]
) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Read rows to predict.

    Parameters
    ----------
    path : str
    layout : Layout
    model : Pipeline
        As saved by ``fit``.
    asked : sequence of str
        Columns to carry to the predictions; none for those of ``fit``.

    Returns
    -------
    features, ids : pandas.DataFrame
        What the model takes, and what is carried.

    Raises
    ------
    CommandError
        If the model is of an earlier version, or the rows lack a column or hold something else.
    """
    columns, known = _of_model(model)
    frame = files.read(path, layout, [*_as_text(columns), *known, *asked])
    absent = [name for name in asked or known if name not in frame]
    if absent and asked:
        raise CommandError(
            f"{path} has no column {absent[0]!r} for --id; it has {listed(frame.columns, 30)}"
        )
    if absent:
        note(f"{path} has no {listed(absent)} to carry to the predictions")
    ids = frame[[name for name in asked or known if name in frame]]
    _check_ids(list(ids))
    return _features(frame, columns, layout, path), ids


def _of_model(model: Pipeline) -> tuple[list[Column], list[str]]:
    """Return what is known of the columns that a saved student takes, and the ids to carry."""
    if not hasattr(model, "columns_"):
        raise CommandError(
            "this student was saved by an earlier version, which did not keep what its columns "
            "are: fit it again"
        )
    columns, ids = recalled(model.columns_)
    by_name = {column.name: column for column in columns}
    return [by_name[name] for name in model.feature_names_in_], ids


def _features(
    frame: "pd.DataFrame", columns: Sequence[Column], layout: Layout, path: str
) -> "pd.DataFrame":
    needed = [column.name for column in columns if column.is_feature]
    return typed(tables.check_features(frame, needed, path), columns, layout.decimal, path)


def _as_text(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns if column.kind in ("category", "text", "date")]


def _check_ids(ids: Sequence[str]) -> None:
    """Raise CommandError for a column that would stand beside another one of its name."""
    taken = [name for name in ids if name == "prediction" or name.startswith("proba_")]
    if taken:
        raise CommandError(
            f"--id {taken[0]}: the predictions have a column of that name themselves: rename it in "
            "the file, or leave it out"
        )
