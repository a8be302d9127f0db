"""The folds of cross-fitting: drawn once, checked, and the same for everything built on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from joblib import hash as joblib_hash
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.utils import check_random_state

from skdistill._ground.fingerprints import row_fingerprints
from skdistill._ground.validation import brief, check_integer
from skdistill.exceptions import FoldError, ParameterError

__all__ = [
    "Draw",
    "Folds",
    "check_cv",
    "check_fold_classes",
    "duplicate_share",
    "make_folds",
    "merged",
    "parted_share",
    "twin_numbers",
]

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Folds:
    """Splits of n rows, checked.

    Attributes
    ----------
    splits : tuple of (train, test)
        Row indices of each fold.
    n_rows : int
        Number of rows split.
    names : tuple of str
        What messages call them; empty for "fold 0", "fold 1" and so on.
    numbers : array of shape (n_rows,) or None
        What messages call the rows; None for 0, 1 and so on.
    """

    splits: tuple[tuple[Index, Index], ...]
    n_rows: int
    names: tuple[str, ...] = ()
    numbers: Index | None = None

    def __len__(self) -> int:
        return len(self.splits)

    def name(self, number: int) -> str:
        """Return what a message should call a fold."""
        return self.names[number] if self.names else f"fold {number}"

    @cached_property
    def n_fits(self) -> int:
        """How many fits they need: folds with the same training rows share one."""
        return len({np.sort(train).tobytes() for train, _ in self.splits})

    @property
    def parts(self) -> dict[int, Index]:
        """The rows that each fold is the first to test, by its number; no row is in two."""
        parts = {number: np.flatnonzero(self.fold == number) for number in range(len(self))}
        return {number: rows for number, rows in parts.items() if len(rows)}

    @cached_property
    def times_covered(self) -> Index:
        """How many test folds hold each row, shape (n,)."""
        return np.bincount(np.concatenate([t for _, t in self.splits]), minlength=self.n_rows)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which rows some test fold holds, shape (n,)."""
        return self.times_covered > 0

    @property
    def is_partition(self) -> bool:
        """Whether every row is in exactly one test fold."""
        return bool(np.all(self.times_covered == 1))

    @cached_property
    def fold(self) -> Index:
        """The first fold whose test rows hold the row, -1 if none does; shape (n,)."""
        fold = np.full(self.n_rows, -1, dtype=np.int64)
        for number, (_, test) in reversed(list(enumerate(self.splits))):
            fold[test] = number
        return fold

    @cached_property
    def rounds(self) -> tuple[tuple[int, ...], ...]:
        """Runs of consecutive folds whose test parts share no row: one per repeat."""
        rounds: list[list[int]] = []
        seen = np.zeros(self.n_rows, dtype=bool)
        for number, (_, test) in enumerate(self.splits):
            if not rounds or seen[test].any():
                rounds.append([])
                seen[:] = False
            rounds[-1].append(number)
            seen[test] = True
        return tuple(map(tuple, rounds))


def merged(
    splits: Sequence[tuple[Index, Index]],
    n_rows: int,
    names: Sequence[str],
    numbers: Index | None = None,
) -> tuple[Folds, tuple[int, ...]]:
    """Return folds of which no two have the same training rows: one fit serves all that have.

    Parameters
    ----------
    splits : sequence of (train, test)
        Row indices.
    n_rows : int
        Number of rows split.
    names : sequence of str
        What messages call them.
    numbers : array of shape (n_rows,) or None, default=None
        What messages call the rows.

    Returns
    -------
    folds : Folds
        Each with the test rows, sorted, of all splits that it stands for.
    number : tuple of int
        The fold that stands for each split.
    """
    places: dict[bytes, int] = {}
    number = tuple(places.setdefault(np.sort(t).tobytes(), len(places)) for t, _ in splits)
    tests = [np.unique(test) for _, test in splits]
    firsts = [number.index(fold) for fold in range(len(places))]
    for i, fold in enumerate(number):
        if i != firsts[fold]:
            tests[firsts[fold]] = np.union1d(tests[firsts[fold]], tests[i])
    distinct = tuple((splits[i][0], tests[i]) for i in firsts)
    return Folds(distinct, n_rows, tuple(names[i] for i in firsts), numbers), number


@dataclass(frozen=True)
class Draw:
    """What it takes to draw the same folds again, and to see that they are the same.

    Attributes
    ----------
    seed : int
        For integer folds.
    fingerprint : str or None, default=None
        Of the folds; None where none were drawn.
    """

    seed: int
    fingerprint: str | None = None

    @classmethod
    def of(cls, random_state: Any) -> "Draw":
        """Return a draw to come; another one each time, unless `random_state` is an integer."""
        if isinstance(random_state, int | np.integer):
            return cls(int(random_state))
        return cls(int(check_random_state(random_state).randint(np.iinfo(np.int32).max)))

    def done(self, folds: Folds) -> "Draw":
        """Return the record of these folds.

        Raises
        ------
        FoldError
            If folds were drawn before, and others.
        """
        fingerprint = str(joblib_hash(folds.splits))
        if self.fingerprint not in (None, fingerprint):
            raise FoldError(
                "cv gives other folds than for fit, whose probabilities are to be used again: give "
                "the splitter a random_state, or pass cv=list(cv.split(X, y))."
            )
        return Draw(self.seed, fingerprint)


def make_folds(
    cv: Any,
    X: Any,
    y: NDArray[Any],
    *,
    groups: Any = None,
    n_repeats: int = 1,
    random_state: Any = None,
    kept: Index | None = None,
    n_given: int | None = None,
    stratified: bool = True,
) -> Folds:
    """Draw the folds once and check them.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, test), or None
        An integer draws that many shuffled folds, None five; with `groups` no group is split.
    X : array-like or data frame of n rows
        Handed to a splitter.
    y : array of shape (n,)
        Labels.
    groups : array-like of shape (n,) or None, default=None
        Group of each row.
    n_repeats : int, default=1
        How often integer folds are drawn anew.
    random_state : int, RandomState or None, default=None
        Shuffles integer folds.
    kept : array of shape (n,) or None, default=None
        Where rows were dropped: the number that each row had, and has in a list of splits.
    n_given : int or None, default=None
        How many rows there were before.
    stratified : bool, default=True
        Whether `y` are classes, of which each fold is to have its share.

    Returns
    -------
    folds : Folds

    Raises
    ------
    FoldError
        If a class has fewer rows than folds, or is missing from the training rows of a fold; if
        training and test rows of a fold overlap, are empty or out of range.
    ParameterError
        If `cv` is none of the above, or `n_repeats` would be ignored.
    """
    n_repeats = check_integer("n_repeats", n_repeats, low=1)
    cv = check_cv(cv)
    classes, counts = np.unique(y, return_counts=True) if stratified else (np.empty(0), [len(y)])
    if isinstance(cv, int):
        _check_sizes(classes, np.asarray(counts), cv)
        splitters = _STRATIFIED if stratified else _PLAIN
        splits = _drawn(splitters, cv, X, y, groups, n_repeats, random_state)
    elif n_repeats > 1:
        raise ParameterError(
            f"n_repeats={n_repeats} draws integer folds anew, got cv={brief(cv)}: pass an integer, "
            "or a splitter that repeats by itself, such as RepeatedStratifiedKFold."
        )
    elif hasattr(cv, "split") and not isinstance(cv, PredefinedSplit):
        splits = list(cv.split(X, y, groups))
    else:  # its rows are the given ones
        n_rows = len(y) if n_given is None else n_given
        listed = not hasattr(cv, "split")
        splits = _listed(cv, groups, n_rows) if listed else _checked(cv.split(), n_rows)
        splits = splits if kept is None or n_given == len(y) else _renumbered(splits, kept, n_given)
    parted = tuple(_as_split(i, s, len(y)) for i, s in enumerate(splits))
    folds = Folds(parted, len(y), numbers=None if n_given == len(y) else kept)
    check_fold_classes(folds, y, classes)
    return folds


def check_cv(cv: Any) -> Any:
    """Return an integer, 5 for None, or the splitter or iterable that it is.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        return check_integer("cv", cv, low=2)
    if isinstance(cv, str | type) or not (
        cv is None or hasattr(cv, "split") or hasattr(cv, "__iter__")
    ):
        raise ParameterError(
            "cv must be an integer of at least 2, a splitter with a split method, or a list of "
            f"(train, test) index pairs, got {cv!r}."
        )
    return 5 if cv is None else cv


def _check_sizes(classes: NDArray[Any], counts: Index, n_splits: int) -> None:
    short = counts < n_splits
    if not len(classes) and short.any():
        raise FoldError(
            f"cv={n_splits} needs at least {n_splits} rows, got {counts[0]} (Found array with "
            f"{counts[0]} sample(s)): lower cv."
        )
    if short.any():
        pairs = zip(classes[short].tolist(), counts[short].tolist(), strict=True)
        named = ", ".join(f"{name!r} ({count})" for name, count in pairs)
        raise FoldError(
            f"cv={n_splits} needs at least {n_splits} rows of every class, got fewer of class "
            f"{named}: lower cv, or merge or drop the rare classes."
        )


# Of one draw, of several, and of whole groups.
_STRATIFIED = StratifiedKFold, RepeatedStratifiedKFold, StratifiedGroupKFold
_PLAIN = KFold, RepeatedKFold, GroupKFold


def _drawn(
    splitters: tuple[Any, Any, Any],
    n_splits: int,
    X: Any,
    y: NDArray[Any],
    groups: Any,
    n_repeats: int,
    random_state: Any,
) -> list[Any]:
    """Return integer folds, shuffled, of whole groups where there are groups."""
    once, repeated, grouped = splitters
    if groups is None:
        if n_repeats == 1:
            splitter = once(n_splits, shuffle=True, random_state=random_state)
        else:
            splitter = repeated(n_splits=n_splits, n_repeats=n_repeats, random_state=random_state)
        return list(splitter.split(X, y))
    rng = check_random_state(random_state)
    splits = []
    for _ in range(n_repeats):
        seed = int(rng.randint(np.iinfo(np.int32).max))
        splitter = grouped(n_splits, shuffle=True, random_state=seed)
        splits.extend(splitter.split(X, y, groups))
    return splits


def _listed(cv: Any, groups: Any, n_rows: int) -> list[tuple[Index, Index]]:
    if groups is not None:
        raise ParameterError(
            "groups have no effect with a list of splits: draw the splits with the groups, or pass "
            "an integer or a splitter as cv."
        )
    splits = list(cv)
    if not splits or any(not hasattr(s, "__len__") or len(s) != 2 for s in splits):
        raise FoldError(
            "cv as a list must hold at least one (train, test) pair of row indices; a generator "
            "that was used up holds none: pass a list."
        )
    return _checked(splits, n_rows)


def _checked(splits: Iterable[Any], n_rows: int) -> list[tuple[Index, Index]]:
    return [_as_split(number, split, n_rows) for number, split in enumerate(splits)]


def _renumbered(splits: list[tuple[Index, Index]], kept: Index, n_given: int | None) -> list[Any]:
    """Return the splits of the given rows as splits of the kept ones."""
    number = np.full(n_given or 0, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    return [tuple(number[part][number[part] >= 0] for part in split) for split in splits]


def _as_split(number: int, split: Any, n_rows: int) -> tuple[Index, Index]:
    """Return (train, test) as integer indices, or raise FoldError."""
    parts = []
    for what, part in zip(("training", "test"), split, strict=True):
        index = np.asarray(part)
        if index.dtype == bool and index.shape == (n_rows,):  # a mask, as scikit-learn allows
            index = np.flatnonzero(index)
        if index.ndim != 1 or len(index) == 0 or index.dtype.kind not in "iu":
            raise FoldError(
                f"fold {number} must have a non-empty 1-D array of integer {what} rows, got shape "
                f"{index.shape} and dtype {index.dtype}."
            )
        if index.min() < 0 or index.max() >= n_rows:
            raise FoldError(
                f"fold {number} has {what} rows outside 0..{n_rows - 1}: got "
                f"{index.min()}..{index.max()}. Were the splits drawn for other data?"
            )
        parts.append(index.astype(np.int64, copy=False))
    train, test = parts
    held_out = np.zeros(n_rows, dtype=bool)
    held_out[test] = True
    n_twice = len(test) - int(held_out.sum())
    if n_twice:
        raise FoldError(
            f"fold {number} has {n_twice} test rows more than once: each row is labelled once. "
            "Pass distinct rows."
        )
    shared = len(np.unique(train[held_out[train]]))
    if shared:
        raise FoldError(
            f"fold {number} has {shared} rows in both its training and its test part: their "
            "probabilities would not be out of fold. Pass disjoint parts."
        )
    return train, test


def check_fold_classes(folds: Folds, y: NDArray[Any], classes: NDArray[Any]) -> None:
    """Raise FoldError where the training rows of a fold lack a class."""
    for number, (train, _) in enumerate(folds.splits):
        absent = np.setdiff1d(classes, y[train])
        if absent.size:
            named = ", ".join(map(repr, absent.tolist()))
            raise FoldError(
                f"{folds.name(number)} has no training row of class {named}: its teacher "
                "could not give that class a probability. Use stratified folds, fewer "
                "folds, or drop the class; with time-ordered splits, start later."
            )


def duplicate_share(X: Any, folds: Folds) -> float:
    """Return the share of rows that have an identical row in another fold.

    Parameters
    ----------
    X : array-like or data frame of n rows
        Features.
    folds : Folds
        Their folds.

    Returns
    -------
    share : float
        In [0, 1].
    """
    return parted_share(twin_numbers(X), folds.fold)


def twin_numbers(X: Any) -> Index:
    """Return a number for each row, shape (n,), that identical rows share."""
    return np.unique(row_fingerprints(X), return_inverse=True)[1]


def parted_share(twin: Index, value: Index) -> float:
    """Return the share of rows that have a twin of another value.

    Parameters
    ----------
    twin : array of shape (n,)
        From `twin_numbers`.
    value : array of shape (n,)
        Integers, such as the fold of each row.

    Returns
    -------
    share : float
        In [0, 1].
    """
    first = np.full(twin.max() + 1, np.iinfo(np.int64).max)
    last = np.full(twin.max() + 1, np.iinfo(np.int64).min)
    np.minimum.at(first, twin, value)
    np.maximum.at(last, twin, value)
    return float(np.mean((first != last)[twin]))
