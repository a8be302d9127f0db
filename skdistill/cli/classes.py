"""Labels: which classes there are, how many rows of each, what looks like a slip."""

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from skdistill.cli.cells import reads_missing
from skdistill.cli.errors import CommandError, cut, listed, note
from skdistill.cli.numbers import check_finite
from skdistill.cli.trials import Labelled

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_classes", "check_known_classes", "class_labels", "labels", "tell_classes"]

_OTHERWISE = "; --task regress takes them for numbers"
_OR_NUMBERS = ", or pass --task regress if they are numbers to be predicted"


def tell_classes(y: np.ndarray, column: str, path: str, *, number: bool = False) -> None:
    """Note the classes and their counts, and labels that may be no classes of their own.

    These are labels that differ only by blanks at their ends, and labels that read like a missing
    value where others do not. They are classes all the same: the user decides.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    column, path : str
        Where the labels are from.
    number : bool, default=False
        Whether they might as well be numbers to be predicted.
    """
    classes, counts = np.unique(y, return_counts=True)
    pairs = zip(classes.tolist(), counts.tolist(), strict=True)
    shown = cut([f"{label!r} ({count:,})" for label, count in pairs])
    note(
        f"{path}: column {column!r} has {len(classes):,} classes in {len(y):,} rows: {shown}"
        f"{_OTHERWISE if number else ''}"
    )
    if classes.dtype.kind == "U":
        _tell_slips(classes.tolist(), column, path)


def labels(column: "pd.Series") -> np.ndarray:
    """Return numbers and booleans as they are, everything else as strings."""
    values = column.to_numpy()
    return values if values.dtype.kind in "biuf" else np.array([str(v) for v in values])


def class_labels(column: "pd.Series", path: str) -> np.ndarray:
    """Return the classes of a column, shape (n,).

    Raises
    ------
    CommandError
        If they are numbers that are not whole.
    """
    found = labels(column)
    if found.dtype.kind != "f":
        return found
    check_finite(found, str(column.name), path)
    odd = np.flatnonzero(found != np.round(found))
    if len(odd):
        raise CommandError(
            f"{path}: column {column.name!r} holds continuous numbers, such as {found[odd[0]]:g} "
            f"in data row {odd[0] + 1}, not classes: --task regress predicts them as numbers; or "
            "put ranges of them in a column of their own and name that one"
        )
    return found


def check_classes(y: np.ndarray, least: int, purpose: str, column: str, path: str) -> None:
    """Raise CommandError where there is one class only, or one with fewer than `least` rows.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    least : int
    purpose : str
        What so many rows are needed for.
    column, path : str
        Where the labels are from.
    """
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        raise CommandError(
            f"{path}: column {column!r} has one class only, {classes.tolist()[0]!r}, in "
            f"{len(y):,} row(s): expected at least two classes"
        )
    few = classes[counts < least].tolist()
    if few:
        raise CommandError(
            f"{path}: {len(few):,} of {len(classes):,} classes of column {column!r} have fewer "
            f"than {least} rows, which {purpose} needs: {listed(few)}; merge or drop these classes"
            f"{_OR_NUMBERS if y.dtype.kind in 'iuf' else ''}"
        )


def check_known_classes(train: Labelled, held_out: Labelled) -> None:
    """Raise CommandError where held-out rows have classes that no training row has."""
    unseen = set(held_out.y.tolist()) - set(train.y.tolist())
    if unseen:
        raise CommandError(
            "held-out rows have classes that no training row has: "
            f"{listed(sorted(unseen, key=str))}: remove these rows, or give rows of these classes "
            "to train on"
        )


def _tell_slips(classes: list[str], column: str, path: str) -> None:
    alike = defaultdict(list)
    for label in classes:
        alike[label.strip()].append(label)
    blanks = [label for labels in alike.values() if len(labels) > 1 for label in labels]
    if blanks:
        note(
            f"{path}: classes {listed(blanks)} of column {column!r} differ only by blanks at their "
            "ends, but count as different classes: strip them in the file if they are the same"
        )
    missing = [label for label in classes if reads_missing(label)]
    if missing and len(missing) < len(classes):
        note(
            f"{path}: class(es) {listed(missing)} of column {column!r} read like missing values, "
            "but count as classes: remove these rows if their class is not known"
        )
