"""Tables with numbers to predict: real ones, functions of scikit-learn, and made claims.

The real ones are files as in `benchmarks.datasets`, in the folder that SKDISTILL_DATA names;
``diabetes`` comes with scikit-learn. The others are made, the same for the same seed: noisy and
clean functions of Friedman's, linear ones, counts with an exposure (rates, with the exposure as
weight) and Gamma amounts, where `Table.loss` is a deviance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import (
    load_diabetes,
    make_friedman1,
    make_friedman2,
    make_friedman3,
    make_regression,
)
from sklearn.model_selection import train_test_split

from benchmarks.datasets import VARIABLE, data_folder, encode, read_table

__all__ = ["NUMBERS", "Split", "Table", "amounts", "counts", "load_numbers", "split_numbers"]

N_MADE = 24_000
REAL = {
    "abalone": "UCI Abalone",
    "california_housing": "StatLib, Pace and Barry (1997)",
    "diamonds": "ggplot2",
    "wine_quality": "UCI Wine Quality",
}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Features and what to predict.

    Attributes
    ----------
    X : DataFrame of shape (n, d)
        Categories as text.
    y : array of shape (n,)
        Numbers; of counts the rate.
    weight : array of shape (n,) or None
        The exposure of counts.
    loss : {"squared_error", "poisson", "gamma"}
        That fits them.
    """

    X: pd.DataFrame
    y: Floats
    weight: Floats | None = None
    loss: str = "squared_error"


@dataclass(frozen=True)
class Split:
    """Training and test rows as numbers; weights are None where there are none."""

    X: Floats
    y: Floats
    weight: Floats | None
    X_test: Floats
    y_test: Floats
    weight_test: Floats | None
    loss: str


def _named(X: Floats, y: Floats, **others: Any) -> Table:
    return Table(pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])]), y, **others)


def of_sklearn(make: Callable[..., Any], *, heavy: bool = False, noise: float, **given: Any) -> Any:
    """Return a table of a generator of scikit-learn, with noise of this standard deviation.

    Parameters
    ----------
    make : callable
        Such as `make_friedman1`.
    heavy : bool, default=False
        Whether the noise is Student's with three degrees of freedom, not normal.
    noise : float
        Its standard deviation.
    **given : dict
        Of the generator.
    """
    X, y = make(N_MADE, random_state=0, **given)
    rng = np.random.default_rng(1)
    drawn = rng.standard_t(3, len(y)) / np.sqrt(3.0) if heavy else rng.normal(size=len(y))
    return _named(X, y + noise * drawn)


def policies(n_rows: int, seed: int) -> tuple[Floats, Floats, np.random.Generator]:
    """Return the features of made insurance policies, and the logarithm of what is to be expected.

    Age of driver, age of vehicle, power, bonus-malus, density, and three features without effect.
    The effect of age depends on power, that of the bonus on age; the others are curves.
    """
    rng = np.random.default_rng(seed)
    age, vehicle = rng.uniform(18, 85, n_rows), rng.exponential(7, n_rows)
    power, bonus = rng.integers(4, 13, n_rows), 50 + 50 * rng.beta(0.6, 3, n_rows)
    density = rng.lognormal(6, 1.5, n_rows)
    young = np.exp(-(age - 18) / 8)
    log_mean = (
        1.2 * young * (power / 8)
        + 0.3 * ((age - 50) / 30) ** 2
        + 0.03 * (bonus - 50) * (1 - 0.5 * (age > 60))
        + 0.12 * np.log(density)
        - 0.5 * (vehicle > 10)
    )
    X = np.column_stack([age, vehicle, power, bonus, density, rng.normal(size=(n_rows, 3))])
    return X, log_mean - np.log(np.exp(log_mean).mean()), rng


def counts(n_rows: int = N_MADE, rate: float = 0.5, *, seed: int = 0) -> Table:
    """Make claim counts of policies: a rate as target, its exposure as weight.

    Parameters
    ----------
    n_rows : int, default=24000
        Policies.
    rate : float, default=0.5
        Expected claims per year, on average.
    seed : int, default=0
        Draws all of it.

    Returns
    -------
    table : Table

    Examples
    --------
    >>> table = counts(2000, 0.5)
    >>> table.X.shape, bool(0.4 < np.average(table.y, weights=table.weight) < 0.6)
    ((2000, 8), True)
    """
    X, log_mean, rng = policies(n_rows, seed)
    exposure = rng.uniform(0.1, 1.0, n_rows)
    number = rng.poisson(exposure * rate * np.exp(log_mean))
    return _named(X, number / exposure, weight=exposure, loss="poisson")


def amounts(n_rows: int = N_MADE, shape: float = 2.0, *, seed: int = 0) -> Table:
    """Make claim amounts: Gamma with a mean of 1,000 and the coefficient ``1 / sqrt(shape)``.

    Examples
    --------
    >>> bool(amounts(500).y.min() > 0)
    True
    """
    X, log_mean, rng = policies(n_rows, seed)
    return _named(X, rng.gamma(shape, 1000.0 * np.exp(log_mean) / shape), loss="gamma")


def _file(name: str) -> Table:
    folder = data_folder()
    if folder is None:
        message = f"data set {name!r}: set {VARIABLE} to a folder that holds {name}.csv.gz."
        raise FileNotFoundError(message)
    table = read_table(folder / f"{name}.csv.gz")
    return Table(table.drop(columns="target"), table["target"].to_numpy(dtype=float))


def _diabetes() -> Table:
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return Table(X, y.to_numpy(dtype=float))


NUMBERS: dict[str, Callable[[], Table]] = {name: partial(_file, name) for name in REAL} | {
    "diabetes": _diabetes,
    "friedman1": partial(of_sklearn, make_friedman1, noise=1.0),
    "friedman1_clean": partial(of_sklearn, make_friedman1, noise=0.0),
    "friedman1_noisy": partial(of_sklearn, make_friedman1, noise=5.0),
    "friedman2": partial(of_sklearn, make_friedman2, noise=125.0),
    "friedman2_clean": partial(of_sklearn, make_friedman2, noise=0.0),
    "friedman2_heavy": partial(of_sklearn, make_friedman2, noise=375.0, heavy=True),
    "friedman3": partial(of_sklearn, make_friedman3, noise=0.1),
    "friedman3_noisy": partial(of_sklearn, make_friedman3, noise=0.3),
    "linear": partial(of_sklearn, make_regression, noise=100.0, n_features=20, n_informative=5),
    "linear_dense": partial(
        of_sklearn, make_regression, noise=200.0, n_features=40, n_informative=40
    ),
    "counts": counts,
    "counts_rare": partial(counts, rate=0.1, seed=1),
    "amounts": amounts,
    "amounts_noisy": partial(amounts, shape=0.7, seed=1),
}


def load_numbers(name: str) -> Table:
    """Return a table by its name.

    Raises
    ------
    KeyError
        If the name is unknown.
    FileNotFoundError
        If its file is not there.

    Examples
    --------
    >>> load_numbers("diabetes").X.shape
    (442, 10)
    """
    if name not in NUMBERS:
        message = f"unknown table {name!r}; there are {', '.join(sorted(NUMBERS))}."
        raise KeyError(message)
    return NUMBERS[name]()


def split_numbers(name: str, n_train: int, seed: int) -> Split:
    """Return training rows (at most 70% of the table) and all others, encoded.

    Parameters
    ----------
    name : str
        A key of `NUMBERS`.
    n_train : int
        Training rows.
    seed : int
        Of the split.

    Returns
    -------
    split : Split
    """
    table = load_numbers(name)
    n_rows = len(table.y)
    rows = train_test_split(
        np.arange(n_rows), train_size=min(n_train, int(0.7 * n_rows)), random_state=seed
    )
    X, X_test = encode(*(table.X.iloc[each] for each in rows))
    (y, y_test), (weight, weight_test) = (
        [None if values is None else values[each] for each in rows]
        for values in (table.y, table.weight)
    )
    return Split(X, y, weight, X_test, y_test, weight_test, table.loss)
