"""A model elsewhere as the teacher: its folds go out in a file, its answers come back, checked.

A foundation model on another machine, a service, a model in another language: it cannot be fitted
here. `export_folds` writes which rows each of its fits may see, and which rows it is asked about;
`read_answers` takes what it said, refuses what is missing, doubled or no probability, and puts it
in the form that the estimators take: ``cv=``, ``teacher_proba=`` and ``pool_proba=``.
"""

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.data import Data, check_data, check_numeric_data
from skdistill._ground.outcomes import Outcome
from skdistill._ground.validation import check_choice, check_flag
from skdistill.exceptions import FoldError, InputError, ParameterError
from skdistill.teaching.crossfit import OutOfFold
from skdistill.teaching.folds import Folds, check_fold_classes, make_folds
from skdistill.teaching.pairs import Fits, Pair, Split, needed_fits, partners
from skdistill.teaching.pool import assemble, validation_folds, warn_if_ordinary

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OutsideAnswers", "export_folds", "read_answers"]

Index = NDArray[np.int64]
Floats = NDArray[np.float64]

TASKS = ("classification", "regression")
COLUMNS = ("model", "row", "use")
KEY = ("model", "row")
TRAIN = "train"  # other uses are folds: "fold 0", "folds 0 and 1"
_USE = re.compile(r"folds? (\d+)(?: and (\d+))?")
SUFFIXES = (".csv", ".csv.gz", ".parquet")
FROM_EXPORT = "read the file that export_folds wrote, as it is"


@dataclass(frozen=True)
class OutsideAnswers:
    """What a model elsewhere said of rows that it had not seen, in the form that `fit` takes.

    Attributes
    ----------
    cv : list of (train, test)
        The folds, for ``cv=``.
    out_of_fold : array of shape (n, C)
        For ``teacher_proba=`` (or ``teacher_pred=``), columns in the order of the sorted classes;
        NaN in rows that no fold tests.
    pool : array of shape (n_folds, n, C) or None
        For ``pool_proba=`` (or ``pool_pred=``) of a search; None where the file of folds had no
        pairs.
    """

    cv: list[Split]
    out_of_fold: Floats
    pool: Floats | None


def export_folds(
    path: str | PathLike[str],
    X: Any,
    y: Any,
    *,
    cv: Any = 5,
    groups: Any = None,
    task: str = "classification",
    pool: bool = True,
    n_validation: int | None = None,
    n_repeats: int = 1,
    random_state: Any = None,
) -> "pd.DataFrame":
    """Write which rows each fit of a model elsewhere may see, and which it is asked about.

    Fit the model once for each number in the column ``model``, on the rows whose ``use`` is
    "train", and ask it about the other rows of that number. Its answers are a table with the
    columns ``model`` and ``row`` and one for each class, named after it; of numbers, a column
    ``prediction`` (``prediction_0`` and so on for several outputs). See `read_answers`.

    Parameters
    ----------
    path : str or path
        A new file; its name ends in ``.csv``, ``.csv.gz`` or ``.parquet``.
    X : array-like or data frame of n rows
        Features. They are not written: a row goes by its number, from 0.
    y : array-like of shape (n,), or (n, m) for several outputs
        Labels, or numbers.
    cv : int, splitter or list of (train, test), default=5
        Folds, as of the estimators.
    groups : array-like of shape (n,) or None, default=None
        Group of each row; no group is split.
    task : {"classification", "regression"}, default="classification"
        What `y` is.
    pool : bool, default=True
        Whether to ask for what a search needs as well: for each pair of folds, a fit that saw
        neither, K (K - 1) / 2 fits beside the K of the folds.
    n_validation : int or None, default=None
        With `pool`, how many folds to choose on; None for all. Give the search the same.
    n_repeats : int, default=1
        How often integer folds are drawn anew.
    random_state : int, RandomState or None, default=None
        Shuffles integer folds.

    Returns
    -------
    table : DataFrame
        What was written: a line for each fit and row, with the columns ``model``, ``row``, ``use``.

    Raises
    ------
    ImportError
        If pandas (or for Parquet, pyarrow) is not installed: the extra ``data``.
    InputError
        If labels cannot be used, or a class is named as a column of the answers is.
    FoldError
        If the folds cannot be used; with `pool`, if there are fewer than three.
    ParameterError
        If a parameter is out of range, or the name of the file ends in anything else.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> path = pathlib.Path(tempfile.mkdtemp(), "folds.csv")
    >>> table = export_folds(path, X, y, cv=3, random_state=0)
    >>> table.model.nunique()  # three folds and three pairs
    6
    >>> table.use.unique().tolist()[:4]
    ['train', 'fold 0', 'fold 1', 'fold 2']
    """
    file = _checked_path(path)
    data = _data(X, y, groups, task)
    _check_names(data.outcome)
    pool = check_flag("pool", pool)
    if n_validation is not None and not pool:
        raise ParameterError(
            f"n_validation={n_validation} has no effect with pool=False: leave it out."
        )
    how = {"groups": data.groups, "n_repeats": n_repeats, "random_state": random_state}
    folds = make_folds(cv, data.X, data.y, stratified=task == TASKS[0], **how)
    fits = needed_fits(folds, validation_folds(folds, n_validation) if pool else ())
    check_fold_classes(fits.folds, data.y, data.outcome.classes)
    table = _as_table(fits)
    unused = np.setdiff1d(np.arange(len(data)), table["row"])
    if len(unused):
        raise FoldError(
            f"each row must be of use in some fold, got {len(unused)} that are in none, such as "
            f"row {unused[0]}: leave them out of X and y."
        )
    if file.name.endswith(".parquet"):
        table.to_parquet(file, index=False)
    else:
        table.to_csv(file, index=False)
    return table


def read_answers(
    folds: Any, answers: Any, y: Any, *, task: str = "classification"
) -> OutsideAnswers:
    """Read what a model elsewhere said of the rows of `export_folds`, and check it.

    Parameters
    ----------
    folds : str, path or DataFrame
        What `export_folds` wrote, or returned.
    answers : str, path or DataFrame
        The answers: ``model``, ``row`` and a column for each class (or ``prediction``), a line for
        each row that was asked about, in any order.
    y : array-like of shape (n,), or (n, m) for several outputs
        The labels or numbers that the folds were exported with.
    task : {"classification", "regression"}, default="classification"
        What `y` is.

    Returns
    -------
    said : OutsideAnswers
        For ``cv=``, ``teacher_proba=`` and ``pool_proba=``.

    Raises
    ------
    ImportError
        If pandas (or for Parquet, pyarrow) is not installed: the extra ``data``.
    FoldError
        If the folds are not those of `y`, or not as `export_folds` writes them.
    InputError
        If columns or rows are missing, unknown or doubled, or an answer is no probability (no
        finite number).

    Warns
    -----
    LeakWarning
        If each row has one answer only, whichever rows a fit was to leave out: one model that saw
        all rows answers like that.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import pandas as pd
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifierCV
    >>> X, y = load_wine(return_X_y=True)
    >>> path = pathlib.Path(tempfile.mkdtemp(), "folds.csv")
    >>> table = export_folds(path, X, y, cv=3, random_state=0)
    >>> answers = []
    >>> for number, part in table.groupby("model"):  # this is done elsewhere
    ...     train = part.row[part.use == "train"]
    ...     asked = part.row[part.use != "train"].unique()
    ...     model = GaussianNB().fit(X[train], y[train])
    ...     said = pd.DataFrame(model.predict_proba(X[asked]), columns=model.classes_)
    ...     answers.append(said.assign(model=number, row=asked))
    >>> said = read_answers(path, pd.concat(answers), y)
    >>> search = DistilledClassifierCV(None, DecisionTreeClassifier(random_state=0), cv=said.cv)
    >>> search = search.fit(X, y, teacher_proba=said.out_of_fold, pool_proba=said.pool)
    >>> search.verdict_.n_teacher_fits
    0
    """
    data = _data(np.empty((len(y), 1)), y, None, task)
    _check_names(data.outcome)
    fits, parted, models = _as_fits(_table(folds, "folds"), len(data))
    parts = _answers(_table(answers, "answers"), fits, models, data.outcome)
    validation = tuple(k for k in range(len(parted)) if _is_paired(k, parted, fits))
    said = assemble(fits, OutOfFold.gather(parts, fits.folds), parted, validation)
    if validation:
        warn_if_ordinary(said)
    pool = said.as_array() if validation else None
    return OutsideAnswers(list(parted.splits), said.out_of_fold.values, pool)


def _data(X: Any, y: Any, groups: Any, task: str) -> Data:
    check_choice("task", task, TASKS)
    return (check_data if task == TASKS[0] else check_numeric_data)(X, y, None, groups)


def _answer_columns(outcome: Outcome) -> list[str]:
    """Return the names of the columns that the answers have beside their keys."""
    if len(outcome.classes):
        return [str(name) for name in outcome.classes.tolist()]
    if outcome.n_columns == 1:
        return ["prediction"]
    return [f"prediction_{i}" for i in range(outcome.n_columns)]


def _check_names(outcome: Outcome) -> None:
    names = _answer_columns(outcome)
    taken = [name for name in names if name in KEY or names.count(name) > 1]
    if taken:
        raise InputError(
            f"classes must have names of their own, and other ones than {' and '.join(KEY)}, which "
            f"are columns of the answers; got {taken[0]!r}: rename it in y."
        )


def _as_table(fits: Fits) -> "pd.DataFrame":
    """Return a line for each fit and row: those to be fitted, and those asked about."""
    runs = [(fit, train, TRAIN) for fit, (train, _) in enumerate(fits.folds.splits)]
    runs += [(fits.fit_of[pair], rows, _use(pair)) for pair, rows in fits.asked.items()]
    sizes = [len(rows) for _, rows, _ in runs]
    columns = {
        "model": np.repeat([fit for fit, _, _ in runs], sizes),
        "row": np.concatenate([rows for _, rows, _ in runs]),
        "use": np.repeat(np.array([use for _, _, use in runs], dtype=object), sizes),
    }
    return _package("pandas").DataFrame(columns)


def _use(pair: Pair) -> str:
    j, k = pair
    return f"fold {k}" if j == k else f"folds {j} and {k}"


def _as_fits(table: "pd.DataFrame", n_rows: int) -> tuple[Fits, Folds, list[int]]:
    """Return the fits that a table describes, its folds, and the number of each fit there."""
    if list(table.columns) != list(COLUMNS) or any(table[c].dtype.kind != "i" for c in KEY):
        raise FoldError(
            f"folds must have the columns {list(COLUMNS)}, the first two of whole numbers, got "
            f"{dict(table.dtypes.astype(str))}: {FROM_EXPORT}."
        )
    held = np.unique(table["row"])
    if not np.array_equal(held, np.arange(n_rows)):
        raise FoldError(
            f"folds must be those of y, with rows 0 to {n_rows - 1}; got {len(held)} rows, "
            f"{held.min()} to {held.max()}: pass the y that they were exported with."
        )
    runs = {
        (int(model), str(use)): rows.to_numpy(dtype=np.int64)
        for (model, use), rows in table.groupby(["model", "use"], sort=False)["row"]
    }
    wanted: dict[Pair, Split] = {}
    model_of: dict[Pair, int] = {}
    for (model, use), rows in runs.items():
        if use == TRAIN:
            continue
        found = _USE.fullmatch(use)
        pair = (int(found[1]), int(found[2] or found[1])) if found else None
        if pair is None or pair in wanted or (model, TRAIN) not in runs:
            raise FoldError(f"folds have {use!r} of model {model} out of place: {FROM_EXPORT}.")
        wanted[pair], model_of[pair] = (runs[model, TRAIN], rows), model
    single = [pair for pair in wanted if pair[0] == pair[1]]
    fits = Fits.of(wanted, n_rows)
    n_models = len({model for model, _ in runs})
    if single != [(k, k) for k in range(len(single))] or len(fits.folds) != n_models:
        raise FoldError(f"folds lack a fold, or have a model of no other rows: {FROM_EXPORT}.")
    parted = make_folds([wanted[pair] for pair in single], None, np.zeros(n_rows), stratified=False)
    models = {fit: model_of[pair] for pair, fit in fits.fit_of.items()}
    return fits, parted, [models[fit] for fit in range(len(fits.folds))]


def _is_paired(k: int, folds: Folds, fits: Fits) -> bool:
    """Whether every pair of a fold with a partner has a fit, so that it can serve to choose on."""
    others = partners(folds, k)
    return bool(others) and all((min(j, k), max(j, k)) in fits.fit_of for j in others)


def _answers(
    table: "pd.DataFrame", fits: Fits, models: Sequence[int], outcome: Outcome
) -> tuple[Floats, ...]:
    """Return what each fit said of the rows that it is asked about, in their order, checked."""
    columns = _answer_columns(outcome)
    table = table.set_axis(table.columns.map(str), axis=1)
    if sorted(table.columns) != sorted([*KEY, *columns]):
        raise InputError(
            f"answers must have the columns {[*KEY, *columns]}, in any order, got "
            f"{list(table.columns)}: rename them, drop others (to_csv(index=False))."
        )
    if any(table[name].dtype.kind not in "iu" for name in KEY):
        got = {name: str(table[name].dtype) for name in KEY}
        raise InputError(f"model and row of the answers must be whole numbers, got {got}.")
    asked = [rows for _, rows in fits.folds.splits]
    wanted = _pairs(np.repeat(models, [len(rows) for rows in asked]), np.concatenate(asked))
    place = wanted.get_indexer(_pairs(table["model"], table["row"]))
    _check_lines(table, wanted, place)
    ordered = table[columns].to_numpy()[np.argsort(place)]
    parts, start = [], 0
    for pair_name, rows, model in zip(fits.folds.names, asked, models, strict=True):
        said = ordered[start : start + len(rows)]
        name = f"answers of model {model} ({pair_name})"
        parts.append(outcome.check(said, len(rows), name, numbers=rows))
        start += len(rows)
    return tuple(parts)


def _pairs(models: Any, rows: Any) -> Any:
    return _package("pandas").MultiIndex.from_arrays([np.asarray(models), np.asarray(rows)])


def _check_lines(table: "pd.DataFrame", wanted: Any, place: NDArray[np.intp]) -> None:
    """Raise InputError where lines of the answers are missing, unasked for or double."""
    times = np.bincount(place[place >= 0], minlength=len(wanted))
    keys = _pairs(table["model"], table["row"])
    for what, which in (
        ("lack", wanted[times == 0]),
        ("have unasked", keys[place < 0]),
        ("have twice", wanted[times > 1]),
    ):
        if len(which):
            model, row = which[0]
            raise InputError(
                f"answers must have one line for each of the {len(wanted)} rows asked about; they "
                f"{what} {len(which)}, such as row {row} of model {model}. Ask each model about "
                "every row of its number whose use is not 'train', and about no other."
            )


def _table(source: Any, name: str) -> "pd.DataFrame":
    """Return a table from a file or a data frame."""
    pandas = _package("pandas")
    if isinstance(source, pandas.DataFrame):
        return source.reset_index(drop=True)
    if hasattr(source, "to_pandas"):
        return source.to_pandas()
    if not isinstance(source, str | PathLike):
        raise InputError(
            f"{name} must be a path or a data frame, got {type(source).__name__}: write a file."
        )
    path = _checked_path(source)
    if path.name.endswith(".parquet"):
        return pandas.read_parquet(path).reset_index(drop=True)
    return pandas.read_csv(path)


def _checked_path(path: str | PathLike[str]) -> Path:
    """Return a path to a table; what is needed to read or write it is installed."""
    file = Path(path)
    if not file.name.endswith(SUFFIXES):
        raise ParameterError(
            f"a table's name must end in {', '.join(SUFFIXES)}, got {file.name!r}: rename it."
        )
    _package("pandas")
    if file.name.endswith(".parquet"):
        _package("pyarrow")
    return file


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f'tables of folds and answers need {name}: pip install "skdistill[data]".'
        ) from error
