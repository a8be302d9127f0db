"""The data sets, by name.

Files ``<name>.csv.gz`` (header row, the target last and named ``target``, categories as text, empty
fields for missing values) are read from the folder that the environment variable SKDISTILL_DATA
names. Without it a set can be fetched from OpenML, on request only. Two small sets come with
scikit-learn.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.datasets import fetch_openml, load_breast_cancer, load_digits
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

__all__ = ["BUNDLED", "SETS", "DataSet", "data_folder", "encode", "load"]

VARIABLE = "SKDISTILL_DATA"
BUNDLED: dict[str, Callable[..., Any]] = {
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
}


@dataclass(frozen=True)
class DataSet:
    """Where a set comes from and what is done to it.

    Attributes
    ----------
    openml : int or None
        Number of the same data on OpenML; None where the user has to bring the file.
    drop : tuple of str
        Columns that must not be used.
    merge : mapping
        Classes too rare to be split, and the class each is counted to.
    rows : int or None
        Size of the sample where OpenML has the whole; it is not the same sample as the file.
    """

    openml: int | None
    drop: tuple[str, ...] = ()
    merge: Mapping[Any, Any] = field(default_factory=dict)
    rows: int | None = None


SETS = {
    "adult": DataSet(1590),
    "magic": DataSet(1120),
    "higgs": DataSet(23512),
    # How long the call lasted is known only once its outcome is; OpenML calls the column V12.
    "bank_marketing": DataSet(1461, drop=("duration", "V12")),
    "credit_default": DataSet(42477),
    "churn": DataSet(40701),
    "letter": DataSet(6),
    "satimage": DataSet(182),
    # Five wines of quality 9 are fewer than the folds of a training set need.
    "wine_quality": DataSet(287, merge={9: 8}),
    "covertype_10k": DataSet(1596, rows=10_000),
    # Their owners want everyone to fetch them in person.
    "fico": DataSet(None),
    # Addresses and texts of pages are no features of a forest.
    "stumbleupon": DataSet(None, drop=("url", "urlid", "boilerplate")),
}


def data_folder() -> Path | None:
    """Return the folder that SKDISTILL_DATA names, or None where the variable is not set.

    Raises
    ------
    FileNotFoundError
        If it names no folder.
    """
    value = os.environ.get(VARIABLE)
    if not value:
        return None
    folder = Path(value)
    if not folder.is_dir():
        message = f"{VARIABLE} must name a folder of <name>.csv.gz files, got {value!r}."
        raise FileNotFoundError(message)
    return folder


def load(name: str, *, download: bool = False) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Return features and labels of a set.

    Parameters
    ----------
    name : str
        A key of `SETS` or `BUNDLED`.
    download : bool, default=False
        Whether to fetch the set from OpenML where SKDISTILL_DATA is not set.

    Returns
    -------
    X : DataFrame of shape (n, d)
        Categories as text, missing values as NaN.
    y : array of shape (n,)
        Labels.

    Raises
    ------
    KeyError
        If the name is unknown.
    FileNotFoundError
        If the file is not there and must not be fetched.

    Examples
    --------
    >>> X, y = load("breast_cancer")
    >>> X.shape, y.shape
    ((569, 30), (569,))
    """
    if name in BUNDLED:
        return BUNDLED[name](return_X_y=True, as_frame=True)[0], BUNDLED[name]().target
    if name not in SETS:
        known = ", ".join(sorted([*SETS, *BUNDLED]))
        message = f"unknown data set {name!r}; there are {known}."
        raise KeyError(message)
    recipe, folder = SETS[name], data_folder()
    if folder is not None:
        table = _read(folder / f"{name}.csv.gz")
    elif download and recipe.openml is not None:
        table = _fetch(recipe)
    else:
        other = f", or allow its download (OpenML {recipe.openml})" if recipe.openml else ""
        message = f"data set {name!r}: set {VARIABLE} to a folder that holds {name}.csv.gz{other}."
        raise FileNotFoundError(message)
    y = table["target"].replace(recipe.merge) if recipe.merge else table["target"]
    return table.drop(columns=["target", *recipe.drop], errors="ignore"), y.to_numpy()


def encode(train: pd.DataFrame, *others: pd.DataFrame) -> tuple[NDArray[np.float64], ...]:
    """Return the tables as numbers, as the paper does: codes of categories, means for missing.

    Codes and means are those of the training rows; a category they lack counts as missing.

    Parameters
    ----------
    train : DataFrame of shape (n, d)
        Training rows.
    *others : DataFrame of shape (m, d)
        Further rows.

    Returns
    -------
    tables : tuple of arrays of shape (n, d), (m, d), ...
        Categorical columns first.

    Examples
    --------
    >>> first = pd.DataFrame({"size": [1.0, np.nan, 3.0], "kind": ["b", "a", "b"]})
    >>> encode(first, pd.DataFrame({"size": [5.0], "kind": ["c"]}))[0].tolist()
    [[1.0, 1.0], [0.0, 2.0], [1.0, 3.0]]
    """
    categorical = [c for c in train.columns if not pd.api.types.is_numeric_dtype(train[c])]
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
    )
    encoder = make_pipeline(
        ColumnTransformer([("codes", codes, categorical)], remainder="passthrough"),
        SimpleImputer(strategy="mean"),
    ).fit(train)
    return tuple(np.asarray(encoder.transform(table), dtype=float) for table in (train, *others))


def _read(path: Path) -> pd.DataFrame:
    if not path.exists():
        message = f"{path.name} is not in the folder that {VARIABLE} names."
        raise FileNotFoundError(message)
    return pd.read_csv(path, keep_default_na=False, na_values=[""])  # "None" can be a category


def _fetch(recipe: DataSet) -> pd.DataFrame:
    bunch = fetch_openml(data_id=recipe.openml, as_frame=True, parser="auto")
    table = bunch.data.assign(target=bunch.target)
    return table if recipe.rows is None else table.sample(recipe.rows, random_state=0)
