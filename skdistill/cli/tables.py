"""Columns of a table: the target, weights and groups, the held-out rows, what looks wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from skdistill._ground.compat import warn_user
from skdistill.cli.cells import number
from skdistill.cli.classes import class_labels, labels
from skdistill.cli.columns import Column
from skdistill.cli.errors import CommandError, listed, note
from skdistill.cli.ids import grows, is_unnamed
from skdistill.cli.numbers import check_finite, divide_by, read_quantities
from skdistill.cli.trials import Labelled
from skdistill.exceptions import LeakWarning
from skdistill.inspection.duplicates import warn_of_seen_rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Special",
    "check_columns",
    "check_features",
    "check_groups",
    "labelled",
    "split",
    "tell_order",
    "warn_of_leaks",
]

_NAMES = 30  # so many columns of a table are named in a message
_ADD = (
    ": add what is lacking, its cells empty where the value is not known (they count as missing), "
    "or fit again without it (--drop)"
)
_ROLES = ("target", "weight", "groups", "exposure")
_FEATURES = ("numeric", "category", "text", "date")  # options that say what a feature is


@dataclass(frozen=True)
class Special:
    """What the options say of columns; each of another one.

    Attributes
    ----------
    target : str
    weight, groups, exposure : str or None
    drop : tuple of str
        Columns to ignore.
    id : tuple of str
        Columns to carry to the predictions, and no features.
    numeric, category, text, date : tuple of str
        Features of that kind, whatever they look like.

    Raises
    ------
    CommandError
        If two options name the same column.
    """

    target: str
    weight: str | None = None
    groups: str | None = None
    exposure: str | None = None
    drop: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    date: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for (one, name), (other, same) in combinations(self._named(), 2):
            if name == same:
                raise CommandError(
                    f"{one} and {other} both name the column {name!r}: a column has one role"
                )

    def _named(self) -> Iterator[tuple[str, str]]:
        """Yield option and column."""
        for option in _ROLES:
            if getattr(self, option) is not None:
                yield f"--{option}", getattr(self, option)
        for option in ("drop", "id", *_FEATURES):
            yield from ((f"--{option}", name) for name in dict.fromkeys(getattr(self, option)))

    @property
    def roles(self) -> list[str]:
        """Those that must hold something in every row."""
        return [name for name in (getattr(self, role) for role in _ROLES) if name is not None]

    @property
    def mentioned(self) -> list[str]:
        """All columns of which something is said."""
        return [name for _, name in self._named()]

    @property
    def names(self) -> list[str]:
        """Those that are no features."""
        asked = self.asked
        return [name for name in self.mentioned if name not in asked]

    @property
    def asked(self) -> dict[str, str]:
        """The kind of each feature whose kind is given."""
        kinds = {"numeric": "number"}
        return {
            name: kinds.get(option, option)
            for option in _FEATURES
            for name in getattr(self, option)
        }

    @property
    def as_written(self) -> list[str]:
        """Columns of a text file to be read as they are written."""
        return [*self.id, *self.category, *self.text, *self.date]

    def elsewhere(self) -> "Special":
        """Return what holds for another file with the same columns: not which to leave out."""
        return Special(self.target, self.weight, self.groups, self.exposure)


def check_columns(frame: "pd.DataFrame", special: Special, path: str) -> None:
    """Raise CommandError where a column is not there, or one with a role has empty cells.

    Parameters
    ----------
    frame : pandas.DataFrame
    special : Special
    path : str
        Where `frame` is from, for messages.
    """
    for name in special.mentioned:
        if name not in frame.columns:
            raise CommandError(
                f"{path} has no column {name!r}; it has {listed(frame.columns, _NAMES)}"
                f"{_no_header(frame)}"
            )
    for name in special.roles:
        missing = int(frame[name].isna().sum())
        if missing:
            raise CommandError(
                f"{path}: column {name!r} is missing in {missing} of {len(frame)} rows; remove "
                "these rows or fill them in"
            )


def labelled(
    frame: "pd.DataFrame",
    special: Special,
    path: str,
    read: Callable[["pd.Series", str], np.ndarray] = class_labels,
    decimal: str = ".",
) -> Labelled:
    """Part features from target, weights, exposures and groups.

    Parameters
    ----------
    frame : pandas.DataFrame
    special : Special
    path : str
        Where `frame` is from, for messages.
    read : callable, default=class_labels
        Takes a column and its path, returns what is to be predicted.
    decimal : str, default="."
        Before the decimals of numbers in texts.

    Returns
    -------
    rows : Labelled
        With a DataFrame as `X`. Where there is an exposure, y is per unit of it, and rows count by
        it: for counts that is the likelihood of an offset.

    Raises
    ------
    CommandError
        If a column is not there, the target or a group is missing in some rows, a weight is
        negative, or no feature is left.
    """
    check_columns(frame, special, path)
    frame = frame.drop(columns=list(dict.fromkeys([*special.drop, *special.id])))
    _check_cells(frame, path)
    y = read(frame[special.target], path)
    features = frame.drop(columns=[name for name in special.names if name in frame.columns])
    if not features.shape[1]:
        raise CommandError(f"{path} has no feature columns beside {listed(special.names, _NAMES)}")
    weight = None if special.weight is None else _weights(frame[special.weight], path)
    groups = None if special.groups is None else labels(frame[special.groups])
    if special.exposure is not None:
        exposure = read_quantities(frame[special.exposure], decimal, path)
        y = divide_by(exposure, y, special.exposure, path)
        weight = exposure if weight is None else weight * exposure
    return Labelled(_unboxed(features), y, weight, groups)


def _no_header(frame: "pd.DataFrame") -> str:
    """Return what to do where the names of columns look like cells, or are numbers in order."""
    if list(frame.columns) == [str(i) for i in range(1, frame.shape[1] + 1)]:
        return (
            ": columns are named by number, from 1: leave --no-header out if the first line names "
            "them"
        )
    if all(number(str(name)) is None for name in frame.columns):
        return ""
    return ": if its first line is no header, pass --no-header and name columns by number, from 1"


def check_groups(train: Labelled, rows: Labelled, folds: int, column: str, path: str) -> None:
    """Raise CommandError where there are fewer groups to train on than folds.

    Parameters
    ----------
    train, rows : Labelled
        The training rows, and those that they were taken from; with groups.
    folds : int
    column, path : str
        Where the groups are from.
    """
    left, total = len(np.unique(train.groups)), len(np.unique(rows.groups))
    if left >= folds:
        return
    count = f"{total:,} group(s) of column {column!r}"
    cures = [f"lower --cv to {left}"] if left > 1 else []
    if left < total:
        count += f", of which {left:,} left for training after the hold-out"
        cures.append("keep more for training (smaller --test-size, 0 for all; or --test FILE)")
    raise CommandError(
        f"{path} has {count}, but --cv {folds} needs at least {folds:,}, one a fold: "
        f"{' or '.join(cures) or 'give rows of more groups'}"
    )


def split(
    rows: Labelled, share: float, seed: int, path: str, *, stratified: bool = True
) -> tuple[Labelled, Labelled]:
    """Hold out a share of the rows at random: by class, or whole groups where there are groups.

    Parameters
    ----------
    rows : Labelled
    share : float
        In (0, 1).
    seed : int
    path : str
        Where the rows are from, for messages.
    stratified : bool, default=True
        Whether y has classes, to keep the shares of.

    Returns
    -------
    train, held_out : Labelled

    Raises
    ------
    CommandError
        If the rows are too few for it.
    """
    index = np.arange(len(rows.y))
    try:
        if rows.groups is None:
            train, test = train_test_split(
                index,
                test_size=share,
                stratify=rows.y if stratified else None,
                random_state=seed,
            )
        else:
            splitter = GroupShuffleSplit(1, test_size=share, random_state=seed)
            train, test = next(splitter.split(index, rows.y, rows.groups))
    except ValueError as error:
        kinds = f" of {len(np.unique(rows.y)):,} classes" if stratified else ""
        kinds += "" if rows.groups is None else f" in {len(np.unique(rows.groups)):,} group(s)"
        raise CommandError(
            f"{path}: a share of {share:g} (--test-size) cannot be held out of {len(index):,} rows"
            f"{kinds}: give more rows, another share, or "
            "--test-size 0 for no table"
        ) from error
    return _take(rows, np.sort(train)), _take(rows, np.sort(test))


def warn_of_leaks(train: Labelled, held_out: Labelled) -> None:
    """Warn of held-out rows that are training rows, or of the group of one.

    Parameters
    ----------
    train, held_out : Labelled
        From two files; the same columns in the same order.

    Warns
    -----
    LeakWarning
    """
    warn_of_seen_rows(held_out.X, train.X)
    if held_out.groups is None or train.groups is None:
        return
    shared = sorted(set(held_out.groups.tolist()) & set(train.groups.tolist()), key=str)
    if shared:
        share = np.mean(np.isin(held_out.groups, shared))
        warn_user(
            f"{share:.1%} of the held-out rows are of a group that training rows are of as well: "
            f"{listed(shared)}. What is said of them is not of groups held out, and may be too "
            "good. Keep whole groups in one of the files.",
            LeakWarning,
        )


def tell_order(frame: "pd.DataFrame", columns: Sequence[Column], path: str) -> None:
    """Note the features that look like a saved index, or grow from row to row as times do."""
    features = [column.name for column in columns if column.is_feature and not column.asked]
    odd = [name for name in features if is_unnamed(name) or grows(frame[name])]
    if odd:
        note(
            f"{path}: {listed(odd)} may be row numbers or times (without a name, or growing from "
            "row to row), but serve as features: --drop them if they are, or --id them"
        )


def check_features(frame: "pd.DataFrame", needed: Sequence[str], path: str) -> "pd.DataFrame":
    """Return the `needed` columns of `frame`, in that order; other columns are ignored.

    Raises
    ------
    CommandError
        If some are not there.
    """
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise CommandError(
            f"{path} lacks {len(missing)} column(s) of the model: {listed(missing, _NAMES)}; it "
            f"has {listed(frame.columns, _NAMES)}{_no_header(frame) or _ADD}"
        )
    frame = frame[list(needed)]
    _check_cells(frame, path)
    return _unboxed(frame)


def _take(rows: Labelled, index: np.ndarray) -> Labelled:
    return Labelled(
        rows.X.iloc[index],
        rows.y[index],
        None if rows.weight is None else rows.weight[index],
        None if rows.groups is None else rows.groups[index],
    )


def _check_cells(frame: "pd.DataFrame", path: str) -> None:
    """Raise CommandError for a column of lists, as Parquet files may have."""
    from pandas.api import types

    for name in frame.columns[frame.dtypes == "object"]:
        if types.infer_dtype(frame[name]) == "mixed":
            nested = next((c for c in frame[name].dropna() if types.is_list_like(c)), None)
            if nested is not None:
                raise CommandError(
                    f"{path}: column {name!r} holds more than one value in a cell "
                    f"({type(nested).__name__}): take it apart, or --drop it in fit"
                )


def _weights(column: "pd.Series", path: str) -> np.ndarray:
    try:
        weights = column.to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise CommandError(f"{path}: column {column.name!r} must hold numbers: {error}") from error
    check_finite(weights, str(column.name), path)
    negative = np.flatnonzero(weights < 0)
    if len(negative):
        raise CommandError(
            f"{path}: column {column.name!r} must not be negative, got {weights[negative[0]]} in "
            f"data row {negative[0] + 1} ({len(negative):,} in all): rows that should not count "
            "have the weight 0"
        )
    return weights


def _unboxed(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return columns of True, False and missing as numbers, so that one file reads as another."""
    boxed = {
        name: frame[name].astype(float)
        for name in frame.columns[frame.dtypes == "object"]
        if set(map(type, frame[name].dropna())) == {bool}
    }
    return frame.assign(**boxed) if boxed else frame
