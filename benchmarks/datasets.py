"""The data sets, by name.

Files ``<name>.csv.gz`` (header row, the target last and named ``target``, categories as text, empty
fields for missing values) are read from the folder that the environment variable SKDISTILL_DATA
names. Two small sets come with scikit-learn, and some are made (`benchmarks.made`). Nothing is
downloaded by itself;

    python -m benchmarks.datasets FOLDER

fetches what OpenML has and writes the files. What is left out of each set, and how OpenML's tables
differ from the ones that were measured, is in `SETS`; docs/benchmarks/data.rst shows it.
"""

import argparse
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

from benchmarks.made import MADE

__all__ = [
    "BUNDLED",
    "SETS",
    "DataSet",
    "data_folder",
    "encode",
    "fetch",
    "load",
    "main",
    "read_table",
]

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
    source : str
        Where it was first published.
    rows, features, classes : int
        Of the file that was measured; features without those of `drop`, classes after `merge`. Of
        a larger table on OpenML a random sample of as many rows is taken.
    openml : int or None
        Number of the same data on OpenML; None where the user has to bring the file.
    drop : tuple of str
        Columns that must not be used, in the file or on OpenML.
    merge : mapping
        Classes too rare to be split, and the class each is counted to.
    lacks : tuple of str
        Columns of the file that OpenML does not have.
    labels : mapping
        Classes that OpenML has as numbers, and their names in the file.
    differs : str
        How else OpenML's table differs from the file.
    """

    source: str
    rows: int
    features: int
    classes: int
    openml: int | None = None
    drop: tuple[str, ...] = ()
    merge: Mapping[Any, Any] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    labels: Mapping[float, str] = field(default_factory=dict)
    differs: str = ""


SOILS = {
    1: "red soil",
    2: "cotton crop",
    3: "grey soil",
    4: "damp grey soil",
    5: "vegetation stubble",
    7: "very damp grey soil",
}
SETS = {
    "adult": DataSet("UCI Adult", 48_842, 14, 2, 1590),
    "magic": DataSet("UCI MAGIC Gamma Telescope", 19_020, 10, 2, 1120, drop=("ID",)),
    "higgs": DataSet("UCI HIGGS", 35_298, 28, 2, 23512, differs="Another sample, of 98,050 rows."),
    # How long the call lasted is known only once its outcome is; OpenML calls the column V12.
    "bank_marketing": DataSet(
        "UCI Bank Marketing",
        45_211,
        15,
        2,
        1461,
        drop=("duration", "V12"),
        labels={1: "no", 2: "yes"},
        differs="Columns are named V1 to V16.",
    ),
    "credit_default": DataSet(
        "UCI Default of Credit Card Clients", 30_000, 23, 2, 42477, drop=("ID",)
    ),
    # A number for each customer.
    "churn": DataSet(
        "MLC++ churn",
        5_000,
        19,
        2,
        40701,
        drop=("phone_number",),
        labels={0: "no", 1: "yes"},
        differs="Categories are numbers.",
    ),
    "letter": DataSet("UCI Letter Recognition", 20_000, 16, 26, 6),
    "satimage": DataSet(
        "UCI Statlog (Landsat Satellite)",
        6_435,
        36,
        6,
        182,
        labels=SOILS,
        differs="Five rows fewer (6,430).",
    ),
    # Five wines of quality 9 are fewer than the folds of a training set need.
    "wine_quality": DataSet("UCI Wine Quality", 6_497, 12, 6, 287, merge={9: 8}, lacks=("color",)),
    "covertype_10k": DataSet(
        "UCI Covertype", 10_000, 54, 7, 1596, differs="Another sample, of 581,012 rows."
    ),
    # Their owners want everyone to fetch them in person.
    "fico": DataSet("FICO Explainable Machine Learning Challenge (HELOC)", 10_459, 23, 2),
    # Addresses and texts of pages are no features of a forest.
    "stumbleupon": DataSet(
        "Kaggle, StumbleUpon Evergreen Classification",
        7_395,
        23,
        2,
        drop=("url", "urlid", "boilerplate"),
    ),
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


def load(name: str) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Return features and labels of a set.

    Parameters
    ----------
    name : str
        A key of `SETS`, `BUNDLED` or `MADE`.

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
        If the file is not there.

    Examples
    --------
    >>> X, y = load("breast_cancer")
    >>> X.shape, y.shape
    ((569, 30), (569,))
    """
    if name in BUNDLED:
        return BUNDLED[name](return_X_y=True, as_frame=True)[0], BUNDLED[name]().target
    if name in MADE:
        return MADE[name]()
    if name not in SETS:
        known = ", ".join(sorted([*SETS, *BUNDLED, *MADE]))
        message = f"unknown data set {name!r}; there are {known}."
        raise KeyError(message)
    recipe, folder = SETS[name], data_folder()
    if folder is None:
        fetched = f" (python -m benchmarks.datasets FOLDER --sets {name} fetches it)"
        message = f"data set {name!r}: set {VARIABLE} to a folder that holds {name}.csv.gz"
        raise FileNotFoundError(f"{message}{fetched if recipe.openml else ''}.")
    table = read_table(folder / f"{name}.csv.gz")
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


def read_table(path: Path) -> pd.DataFrame:
    """Return what a file holds, the target in its last column.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    """
    if not path.exists():
        message = f"{path.name} is not in the folder that {VARIABLE} names."
        raise FileNotFoundError(message)
    return pd.read_csv(path, keep_default_na=False, na_values=[""])  # "None" can be a category


def fetch(name: str, folder: Path) -> Path:
    """Write ``<name>.csv.gz`` as OpenML has the set; a file that is there is kept.

    Parameters
    ----------
    name : str
        A key of `SETS`.
    folder : Path
        Where to.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    ValueError
        If OpenML does not have the set, or has other columns or classes than expected.
    """
    path, recipe = folder / f"{name}.csv.gz", SETS[name]
    if path.exists():
        return path
    if recipe.openml is None:
        message = f"data set {name!r} is not on OpenML: its file has to be brought."
        raise ValueError(message)
    bunch = fetch_openml(data_id=recipe.openml, as_frame=True, parser="auto")
    X = bunch.data.drop(columns=list(recipe.drop), errors="ignore")
    expected = recipe.features - len(recipe.lacks)
    if X.shape[1] != expected:
        message = f"OpenML {recipe.openml} ({name}): expected {expected} columns, got {[*X]}."
        raise ValueError(message)
    y = bunch.target
    if recipe.labels:
        y = pd.to_numeric(y.astype(str), errors="coerce").map(recipe.labels)
    if y.isna().any():
        found = sorted(bunch.target.unique())
        message = f"OpenML {recipe.openml} ({name}): expected {[*recipe.labels]}, got {found}."
        raise ValueError(message)
    table = X.assign(target=y)
    if len(table) > recipe.rows:
        table = table.sample(recipe.rows, random_state=0)
    part = path.with_name(f"{path.name}.part")  # what is broken off must not look complete
    table.to_csv(part, index=False, compression="gzip")
    return part.replace(path)


def main(argv: list[str] | None = None) -> None:
    """Fetch sets from OpenML, and say what is then to be done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.datasets", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    fetched = [name for name, recipe in SETS.items() if recipe.openml is not None]
    parser.add_argument("folder", type=Path, help="where the files go; made if need be")
    parser.add_argument("--sets", nargs="+", default=fetched, choices=fetched, metavar="SET")
    arguments = parser.parse_args(argv)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.sets:
        table = read_table(fetch(name, arguments.folder))
        rows, columns = table.shape
        print(f"{name}: {rows} rows, {columns - 1} features", flush=True)
    brought = [name for name in SETS if name not in fetched]
    print(f"Only you can bring {' and '.join(brought)}: see docs/benchmarks/data.rst.")
    print(f"Now: export {VARIABLE}={arguments.folder}")


if __name__ == "__main__":
    main()
