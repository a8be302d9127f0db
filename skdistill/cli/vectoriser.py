"""Columns of any kind to numbers: skrub's TableVectorizer, and what it must not swallow."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from skdistill.cli.errors import CommandError, listed, note
from skdistill.cli.files import extra

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["make_vectoriser", "reads_missing", "text_columns", "vectorise"]

_NUMBERS = "numbers or truth values"

# How people write a missing value, in lower case; skrub's list is much the same.
_MISSING = {"", "?", "...", "na", "n/a", "nan", "null", "none", "<na>", "#n/a", "#na"}


def make_vectoriser(seed: int) -> Pipeline:
    """Return skrub's TableVectorizer, giving a NumPy array (float32, NaN where missing).

    Numbers pass through; dates become year, month, day and seconds; columns of few categories are
    one-hot encoded (an unseen category is all zeros, a missing one has its own column); columns of
    many categories or text become 30 components of their character n-grams. skrub takes strings
    such as ``NA``, ``None`` and ``?`` for missing values.

    Parameters
    ----------
    seed : int

    Returns
    -------
    vectoriser : Pipeline
        Unfitted. `get_feature_names_out` names its columns.
    """
    skrub = extra("skrub")
    table = skrub.TableVectorizer(
        low_cardinality=OneHotEncoder(
            dtype="float32", handle_unknown="ignore", sparse_output=False
        ),
        high_cardinality=skrub.StringEncoder(random_state=seed),
    )
    # A plain array: learners object to some column names (LightGBM to a comma or a bracket).
    array = FunctionTransformer(np.asarray, feature_names_out="one-to-one")
    return Pipeline([("table", table), ("array", array)])


def text_columns(fitted: Pipeline) -> list[str]:
    """Return the columns that a fitted `make_vectoriser` knows as text, categories or dates."""
    return _columns(fitted, "low_cardinality", "high_cardinality", "datetime")


def reads_missing(cell: Any) -> bool:
    """Return whether a cell holds what people write for a missing value."""
    return str(cell).strip().lower() in _MISSING


def vectorise(fitted: Pipeline, frame: "pd.DataFrame", path: str) -> np.ndarray:
    """Turn rows that the vectoriser was not fitted on into numbers.

    skrub makes a missing value of every number or date that it cannot read; here it is an error.

    Parameters
    ----------
    fitted : Pipeline
        A fitted `make_vectoriser`, or one with a student behind it.
    frame : pandas.DataFrame
        The columns it was fitted on; rows numbered from 0 as in the file.
    path : str
        Where `frame` is from, for messages.

    Returns
    -------
    X : ndarray of shape (n, d)

    Raises
    ------
    CommandError
        If a column of numbers or dates holds something else.
    """
    from pandas.api import types

    table = fitted.named_steps["table"]
    numbers = dict.fromkeys(_columns(fitted, "numeric"), _NUMBERS)
    dates = {name: _dates(fitted, name) for name in _columns(fitted, "datetime")}
    for name, expected in (numbers | dates).items():  # skrub would take the one for the other
        other = types.is_numeric_dtype if name in dates else types.is_datetime64_any_dtype
        if other(frame[name]):
            _refuse(_present(frame[name]), expected, path)
    made = table.transform(frame)
    for name, expected in (numbers | dates).items():
        lost = made[table.input_to_outputs_[name]].isna().all(axis=1)
        _refuse(_present(frame[name][lost.to_numpy()]), expected, path)
    _tell_empty(fitted, frame, path)
    return fitted.named_steps["array"].transform(made)


def _columns(fitted: Pipeline, *kinds: str) -> list[str]:
    columns = fitted.named_steps["table"].kind_to_columns_
    return [name for kind in kinds for name in columns[kind]]


def _dates(fitted: Pipeline, name: str) -> str:
    """Name the dates of a column, and how they were written if they were text."""
    steps = fitted.named_steps["table"].all_processing_steps_[name]
    written = next((s.format_ for s in steps if getattr(s, "format_", None)), None)
    return "dates" if written is None else f"dates written as {written}"


def _present(column: "pd.Series") -> "pd.Series":
    """Return the cells that hold something, whatever it is."""
    column = column.dropna()
    return column[[not reads_missing(cell) for cell in column]]


def _refuse(cells: "pd.Series", expected: str, path: str) -> None:
    """Raise CommandError for the first of `cells` if there is one."""
    if not len(cells):
        return
    odd = cells[[str(cell).lower() not in ("true", "false") for cell in cells]]
    first = odd if len(odd) else cells  # among other text, truth values are text as well
    cell: Any = first.iloc[0]
    shown = repr(cell) if isinstance(cell, str) else str(cell)
    others = f" (and {len(first) - 1:,} more)" if len(first) > 1 else ""
    advice = "mend it, or leave it empty where the value is missing"
    if isinstance(cell, str) and "," in cell and expected == _NUMBERS:
        advice += "; --decimal , reads decimal commas"
    raise CommandError(
        f"{path}: column {cells.name!r} must hold {expected}, as in training, got {shown} in data "
        f"row {first.index[0] + 1}{others}: {advice}"
    )


def _tell_empty(fitted: Pipeline, frame: "pd.DataFrame", path: str) -> None:
    """Note the columns without a value here that had some in training."""
    used = _columns(fitted, "numeric", "datetime", "low_cardinality", "high_cardinality")
    empty = [name for name in used if frame[name].isna().all()]
    if empty and len(frame) > 1:  # one row has many an empty cell
        note(f"{path}: no value in {listed(empty)}, which had some in training: taken as missing")
