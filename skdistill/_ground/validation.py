"""One check per concept. Each says what was expected, what came, and what to do."""

import math
from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral, Real
from typing import Any

import lightgbm
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skdistill._ground.compat import take_rows
from skdistill.exceptions import InputError, ParameterError

__all__ = [
    "as_labels",
    "as_table",
    "brief",
    "check_choice",
    "check_columns",
    "check_flag",
    "check_groups",
    "check_integer",
    "check_labels",
    "check_number",
    "check_polars",
    "check_probabilities",
    "check_unmasked",
    "check_weights",
    "columns_of",
    "first_bad",
    "has_missing",
    "index_rows",
    "is_estimator",
    "is_missing",
    "library_of",
    "named_columns",
]

MESSAGE_ROOM = 120  # characters of a wrong value that a message repeats
_POLARS_NUMBERS = {"Boolean", "Float32", "Float64"}
_POLARS_NUMBERS |= {f"{kind}{bits}" for kind in ("Int", "UInt") for bits in (8, 16, 32, 64)}
SUM_TOLERANCE = 1e-3  # float32 softmax outputs are off by about 1e-6; a forgotten class by more


def brief(value: Any) -> str:
    """Return the repr of a value in one line, cut where a message would drown in it."""
    text = " ".join(repr(value).split())
    return text if len(text) <= MESSAGE_ROOM else f"{text[:MESSAGE_ROOM]} ..."


def is_estimator(value: Any) -> bool:
    """Whether `value` is an object that can be fitted and cloned: no class, no name."""
    is_object = not isinstance(value, type)
    return is_object and hasattr(value, "fit") and hasattr(value, "get_params")


def check_number(
    name: str,
    value: Any,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    low_open: bool = False,
    high_open: bool = False,
) -> float:
    """Return `value` as a float, or raise ParameterError with the interval it must lie in."""
    interval = f"{'(' if low_open or low == -np.inf else '['}{low:g}, {high:g}"
    interval += ")" if high_open or high == np.inf else "]"
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        raise ParameterError(
            f"{name} must be a number in {interval}, got {value!r} of type {type(value).__name__}."
        )
    try:
        number = float(value)
    except OverflowError:  # an int beyond every float
        number = np.inf
    above = number > low if low_open else number >= low
    below = number < high if high_open else number <= high
    if not (np.isfinite(number) and above and below):
        raise ParameterError(f"{name} must be a finite number in {interval}, got {value!r}.")
    return number


def check_integer(name: str, value: Any, *, low: int) -> int:
    """Return `value` as an int, or raise ParameterError with its lower bound."""
    if not isinstance(value, Integral) or isinstance(value, bool | np.bool_) or value < low:
        raise ParameterError(f"{name} must be an integer of at least {low}, got {value!r}.")
    return int(value)


def check_choice(name: str, value: Any, options: Iterable[Any], extra: str = "") -> None:
    """Raise ParameterError unless `value` is one of `options`; `extra` says what else would do."""
    known = list(options)
    if not any(value is option or (isinstance(value, str) and value == option) for option in known):
        listed = ", ".join(repr(option) for option in known)
        raise ParameterError(
            f"{name} must be one of {listed}{' ' + extra if extra else ''}, got {value!r}."
        )


def check_unmasked(name: str, values: Any) -> None:
    """Raise InputError where entries are masked: NumPy would use what lies under the mask."""
    if np.ma.is_masked(values):
        raise InputError(
            f"{name} must have no masked entries, got {np.sum(np.ma.getmask(values))}: what lies "
            "under the mask would be used. Fill them (.filled(np.nan) makes missing values of "
            "floats), or drop their rows."
        )


def _label_column(y: Any, *, warn: bool = False) -> NDArray[Any]:
    """Return labels or groups as a 1-D array; nullable whole numbers pass through no float.

    Above 2**53 neighbours would become one. With `warn` a table of one column is warned about.
    """
    dtype = getattr(y, "dtype", None)
    kind = "" if isinstance(dtype, np.dtype) else getattr(dtype, "kind", "")
    if hasattr(y, "iloc") and kind in ("i", "u") and not y.isna().any():
        return np.asarray(y.to_numpy(dtype=f"{kind}8"))
    return np.asarray(column_or_1d(y, warn=warn))


def check_labels(
    y: Any, numbers: NDArray[np.int64] | None = None
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the sorted classes and the class index of each row; `numbers` are those of the rows.

    Raises
    ------
    InputError
        If there is only one class, or labels are missing.
    ValueError
        If `y` is no classification target (raised by scikit-learn).
    """
    labels = as_labels(y)
    advice = "drop the unlabelled rows. Input y contains NaN or infinity."
    _check_every_row(labels, "y must have a label", advice, numbers)
    _check_kind(labels)
    check_classification_targets(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"y must have at least two classes, got one class only: {classes.tolist()[0]!r}. A "
            "classifier cannot be trained on one class: check how the rows were selected."
        )
    return classes, codes.astype(np.int64, copy=False)


def as_labels(y: Any, *, warn: bool = True) -> NDArray[Any]:
    """Return labels as an array of shape (n,), strings of any size as NumPy's of fixed size.

    With `warn` a table of one column is warned about.

    Raises
    ------
    InputError
        If entries are masked.
    ValueError
        If `y` is no column (raised by scikit-learn).
    """
    check_unmasked("y", y)
    if isinstance(y, dict | Iterator):
        raise InputError(
            f"y must be an array of one label per row, got a {type(y).__name__}: pass a list."
        )
    if getattr(y, "ndim", 1) == 2 and y.shape[1] > 1:
        raise InputError(
            f"y should be a 1d array, got an array of shape {y.shape} instead: give the class of "
            "each row. Soft labels go into teacher_proba=."
        )
    labels = _label_column(y, warn=warn)
    # scikit-learn knows no other strings; where one is missing, the check of missing ones says so.
    named = labels.dtype.kind == "T" and not _missing(labels.astype(object)).any()
    return np.asarray(labels.tolist()) if named else labels


def _check_kind(labels: NDArray[Any]) -> None:
    """Raise InputError for labels that scikit-learn cannot tell from one another, or refuses."""
    kind = labels.dtype.kind
    if kind == "f" and np.any(labels != np.floor(labels)):
        worst = labels[labels != np.floor(labels)][0]
        raise InputError(
            f"y must have the labels of classes, got numbers such as {worst!s}: a quantity has to "
            "be cut into classes first, by pandas.cut for instance. Unknown label type: continuous."
        )
    if kind in "SO":
        names = sorted({type(label).__name__ for label in labels.tolist()})
        if names == ["str"]:
            return
        remedy = "y.astype(str) makes strings of them"
        if names == ["bytes"]:
            remedy = "numpy.char.decode(y.astype(bytes)) makes strings of them"
        elif set(names) <= {"int", "float", "bool"} or names == ["Decimal"]:
            into = names[0] if names in (["bool"], ["int"]) else "float"
            remedy = f"y.astype({into}) makes numbers of them"
        raise InputError(
            "y must have labels of one kind, strings or numbers, got an array of objects that are "
            f"{' and '.join(names)}: {remedy}. Unknown label type: unknown."
        )
    if kind not in "biufUM":
        raise InputError(
            f"y must have labels that are strings or numbers, got dtype {labels.dtype}: "
            "y.astype(str) makes strings of them."
        )


def check_groups(groups: Any) -> NDArray[Any]:
    """Return the groups, shape (n,) and sortable, or raise InputError where a row has none."""
    check_unmasked("groups", groups)
    values = _label_column(groups)
    advice = "give rows without a group one of their own."
    _check_every_row(values, "groups must have an entry", advice)
    try:
        np.unique(values)
    except TypeError:  # names of several kinds: told apart by kind and name
        values = np.array([f"{type(each).__name__} {each}" for each in values.tolist()])
    return values


def _check_every_row(
    values: NDArray[Any], wanted: str, advice: str, numbers: NDArray[np.int64] | None = None
) -> None:
    missing = np.flatnonzero(_missing(values))
    if len(missing):
        raise InputError(
            f"{wanted} in every row, got {len(missing)} NaN, None or infinite values, the first in "
            f"row {(missing if numbers is None else numbers[missing])[0]}: {advice}"
        )


def check_weights(sample_weight: Any, n_rows: int) -> NDArray[np.float64] | None:
    """Return the weights as a float array of shape (n,), or None for equal weights.

    Raises
    ------
    InputError
        If the shape is wrong, a weight is no number, infinite or negative, or all are zero.
    """
    if sample_weight is None:
        return None
    check_unmasked("sample_weight", sample_weight)
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"sample_weight must be numbers: {error}.") from error
    if weight.shape != (n_rows,):
        raise InputError(
            f"sample_weight must have shape ({n_rows},), one weight per row of X, got shape "
            f"{weight.shape}. Sample weights must be 1D."
        )
    bad = ~np.isfinite(weight) | (weight < 0)
    if bad.any():
        raise InputError(
            f"sample_weight must be finite and not negative, got {weight[bad][0]} at row "
            f"{int(np.flatnonzero(bad)[0])} ({int(bad.sum())} such rows). Give rows that should "
            "not count the weight 0."
        )
    if not weight.any():
        raise InputError("sample_weight must have a positive entry, got all zeros: no row counts.")
    return weight


def check_probabilities(
    p: Any,
    n_rows: int,
    classes: Sequence[Any] | NDArray[Any],
    name: str,
    remedy: str = "",
    numbers: NDArray[np.int64] | None = None,
) -> NDArray[np.floating[Any]]:
    """Return `p` as a float array of shape (n_rows, K) whose rows are probabilities.

    `numbers` are those of the rows, to be named in a message.

    Raises
    ------
    InputError
        If the shape is wrong, an entry is NaN, infinite or negative, or a row does not sum to one.
    """
    check_columns(p, classes, name)
    check_unmasked(name, p)
    values = np.asarray(p)
    if values.dtype.kind not in "fiub":
        raise InputError(f"{name} must be numbers, got dtype {values.dtype}. {remedy}".rstrip())
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    expected = (n_rows, len(classes))
    if values.shape != expected:
        listed = ", ".join(str(c) for c in classes[:10]) + (", ..." if len(classes) > 10 else "")
        raise InputError(
            f"{name} must have shape {expected}: one row per row of X and one column per class, in "
            f"the order {listed}; got shape {values.shape}. {remedy}".rstrip()
        )
    for what, bad in (
        ("finite", ~np.isfinite(values).all(axis=1)),
        ("not negative", (values < 0).any(axis=1)),
        ("rows that sum to one", np.abs(values.sum(axis=1) - 1.0) > SUM_TOLERANCE),
    ):
        if bad.any():
            got = first_bad(values, np.asarray(bad), numbers)
            raise InputError(f"{name} must be probabilities ({what}), got {got}. {remedy}".rstrip())
    return values


def first_bad(
    values: NDArray[Any], bad: NDArray[np.bool_], numbers: NDArray[np.int64] | None = None
) -> str:
    """Return the first of the bad rows, where it is, and how many there are, for a message."""
    row = int(np.flatnonzero(bad)[0])
    place = row if numbers is None else int(numbers[row])
    return f"{values[row].tolist()} in row {place} ({int(bad.sum())} such rows)"


def check_columns(p: Any, classes: Sequence[Any] | NDArray[Any], name: str) -> None:
    """Raise InputError where a data frame names its columns, and not after the classes in order."""
    named = named_columns(p, classes, name)
    if named is not None and named != sorted(named):
        raise InputError(
            f"{name} must have the columns {np.asarray(classes).tolist()} in this order, or none "
            f"that are named, got {list(p.columns)}: reorder or rename them, or pass an array."
        )


def named_columns(p: Any, classes: Sequence[Any] | NDArray[Any], name: str) -> list[int] | None:
    """Return after which class each column of a data frame is named; None where it names none.

    Raises
    ------
    InputError
        If the columns are named after anything else.
    """
    if not hasattr(p, "columns"):
        return None
    columns, names = list(p.columns), np.asarray(classes).tolist()
    for known in (names, [str(each) for each in names]):
        if len(columns) == len(known) and set(columns) == set(known):
            return [known.index(column) for column in columns]
    # The names that pandas and polars give by themselves.
    if columns in (list(range(len(columns))), [f"column_{i}" for i in range(len(columns))]):
        return None
    raise InputError(
        f"{name} must have the columns {names} in this order, or none that are named, got "
        f"{columns}: reorder or rename them, or pass an array."
    )


def check_polars(learner: Any, X: Any) -> None:
    """Raise InputError for columns of polars that LightGBM is not known to take (version 4.7).

    Numbers and booleans it takes. Learners that hand their rows on as they are, such as a
    VotingClassifier, are looked into.
    """
    if library_of(X) != "polars":
        return
    if not any(isinstance(part, lightgbm.LGBMModel) for part in _fed_as_given(learner)):
        return
    for column, kind in zip(X.columns, X.dtypes, strict=True):
        if str(kind) not in _POLARS_NUMBERS:
            raise InputError(
                f"LightGBM takes numbers and booleans from polars, got {kind} in column "
                f"{column!r}: encode it, by a Pipeline with an OrdinalEncoder for instance, or "
                "pass a data frame of pandas, with categories."
            )


def library_of(X: Any) -> str:
    """Return the name of the package that `X` comes from."""
    return type(X).__module__.partition(".")[0]


def _fed_as_given(learner: Any) -> Iterator[Any]:
    """Yield a learner and those within it that get its rows as they are, unlike a Pipeline's."""
    yield learner
    members = learner if isinstance(learner, list | tuple) else getattr(learner, "estimators", ())
    for member in members or ():
        yield from _fed_as_given(member[-1] if isinstance(member, list | tuple) else member)
    if hasattr(learner, "estimator"):
        yield from _fed_as_given(learner.estimator)


def check_flag(name: str, value: Any) -> bool:
    """Return `value` if it is True or False, or raise ParameterError."""
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{name} must be True or False, got {value!r}.")
    return bool(value)


def index_rows(value: Any, rows: NDArray[np.int64], n_rows: int) -> Any:
    """Return the `rows` of metadata that has one entry per row, anything else as it is."""
    shape = getattr(value, "shape", None)
    length = shape[0] if shape else len(value) if isinstance(value, list | tuple) else None
    return take_rows(value, rows) if length == n_rows else value


def has_missing(X: Any) -> bool:
    """Return whether `X` (array, sparse array or data frame) holds a NaN or an infinity."""
    if hasattr(X, "columns"):
        return any(has_missing(np.asarray(X[name])) for name in X.columns)
    values = X.tocsr().data if sp.issparse(X) else as_table(X)
    if values.dtype.kind == "f":
        # One sum is cheap; only where it overflows or meets a NaN are the entries looked at.
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(values.sum()):
                return False
    return bool(np.any(_missing(values)))


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which entries are None, NaN, NA, NaT or infinite."""
    if values.dtype.kind == "f":
        return np.asarray(~np.isfinite(values))
    if values.dtype.kind in "mM":
        return np.asarray(np.isnat(values))
    if values.dtype.kind != "O":
        return np.zeros(values.shape, dtype=bool)
    flat = (is_missing(value) for value in values.ravel().tolist())
    return np.fromiter(flat, dtype=bool, count=values.size).reshape(values.shape)


def is_missing(value: Any) -> bool:
    """Return whether an object is None, NaN, NaT (unequal to themselves) or NA (unknown)."""
    same = value == value  # noqa: PLR0124 - NaN
    return value is None or not isinstance(same, bool | np.bool_) or not same


def columns_of(X: Any) -> list[Any]:
    """Return the columns of a dense table, each of its own kind; further axes of an array count."""
    if hasattr(X, "iloc") and X.ndim == 2:  # by place: names may be repeated
        return [X.iloc[:, place] for place in range(X.shape[1])]
    if hasattr(X, "columns"):
        return [X[name] for name in X.columns]
    table = as_table(X)
    return list(table.reshape(len(table), math.prod(table.shape[1:])).T)


def as_table(X: Any) -> NDArray[Any]:
    """Return an array or list of rows as an array; rows of different lengths as one column."""
    try:
        return np.asarray(X)
    except ValueError:
        table = np.empty(len(X), dtype=object)
        for place, row in enumerate(X):
            table[place] = row
        return table
