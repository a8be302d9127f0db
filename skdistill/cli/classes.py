"""Notes on the labels: which classes there are, how many rows of each, what looks like a slip."""

from collections import defaultdict

import numpy as np

from skdistill.cli.cells import reads_missing
from skdistill.cli.errors import CommandError, cut, listed, note

__all__ = ["refuse_quantity", "tell_classes"]

_MANY = 20  # so many different numbers are rather a quantity than classes


def tell_classes(y: np.ndarray, column: str, path: str) -> None:
    """Note the classes and their counts, and labels that may be no classes of their own.

    These are labels that differ only by blanks at their ends, and labels that read like a missing
    value where others do not. They are classes all the same: the user decides.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    column, path : str
        Where the labels are from.
    """
    classes, counts = np.unique(y, return_counts=True)
    pairs = zip(classes.tolist(), counts.tolist(), strict=True)
    shown = cut([f"{label!r} ({count:,})" for label, count in pairs])
    note(f"{path}: column {column!r} has {len(classes):,} classes in {len(y):,} rows: {shown}")
    if classes.dtype.kind == "U":
        _tell_slips(classes.tolist(), column, path)


def refuse_quantity(y: np.ndarray, least: int, column: str, path: str) -> None:
    """Raise CommandError where the labels are a quantity: many numbers, some of very few rows.

    Many numbers with rows enough for each may be classes: they are, with a note.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    least : int
        Rows that each class needs.
    column, path : str
        Where the labels are from.
    """
    classes, counts = np.unique(y, return_counts=True)
    if y.dtype.kind not in "iuf" or len(classes) <= _MANY:
        return
    said = (
        f"{path}: column {column!r} holds {len(classes):,} different numbers, from {classes[0]:g} "
        f"to {classes[-1]:g}"
    )
    if counts.min() < least:
        raise CommandError(
            f"{said}, some in fewer than {least} rows: it looks like a quantity, not like classes. "
            "This command knows classes only; regression is not there yet. Put ranges of it in a "
            "column of their own and name that one, or write the numbers as text if they are names"
        )
    note(f"{said}: it is taken for classes; if it is a quantity, they say nothing of its order")


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
