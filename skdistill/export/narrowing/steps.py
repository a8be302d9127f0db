"""Scalers, imputers, encoders and selectors on fewer columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer

from skdistill.export.narrowing.registry import Columns, on_columns, steps

__all__: list[str] = []

# What each has a number of for each column.
NUMBERS = {
    "FunctionTransformer": (),
    "MaxAbsScaler": ("max_abs_", "scale_"),
    "MinMaxScaler": ("data_max_", "data_min_", "data_range_", "min_", "scale_"),
    "RobustScaler": ("center_", "scale_"),
    "SimpleImputer": ("statistics_",),
    "StandardScaler": ("mean_", "n_samples_seen_", "scale_", "var_"),
}
SELECTORS = (
    "GenericUnivariateSelect",
    "RFE",
    "RFECV",
    "SelectFdr",
    "SelectFpr",
    "SelectFromModel",
    "SelectFwe",
    "SelectKBest",
    "SelectPercentile",
    "SequentialFeatureSelector",
    "VarianceThreshold",
)


def _is_by_column(model: Any) -> bool:
    """Whether a transformer makes one column of each, in their order, whatever the others hold."""
    if getattr(model, "func", None) is not None or getattr(model, "add_indicator", False):
        return False
    values = np.asarray(getattr(model, "statistics_", 0.0), dtype=object)
    return not any(each != each for each in values.ravel())  # noqa: PLR0124 - NaN: it is dropped


def _by_column_needs(model: Any, wanted: Columns) -> Columns:
    return wanted if _is_by_column(model) else np.arange(model.n_features_in_)


def _by_column_on(model: Any, columns: Columns, X: Any, wanted: Columns) -> tuple[Any, Columns]:
    made = on_columns(model, columns)
    for name in NUMBERS[type(model).__name__]:
        values = getattr(model, name, None)
        if np.ndim(values):
            setattr(made, name, values[columns])
    return made, columns


steps(*(f"sklearn.{name}" for name in NUMBERS), needs=_by_column_needs, on=_by_column_on)


def _selector_needs(model: Any, wanted: Columns) -> Columns:
    return np.asarray(np.flatnonzero(model.get_support())[wanted])


def _selector_on(model: Any, columns: Columns, X: Any, wanted: Columns) -> tuple[Any, Columns]:
    """Return nothing in its place, or what picks columns, where some others stand before it."""
    chosen = np.flatnonzero(model.get_support())
    at = np.flatnonzero(np.isin(columns, chosen))
    picker = ColumnTransformer([("columns", "passthrough", at.tolist())])
    made = None if len(at) == len(columns) else picker.fit(X)
    return made, np.searchsorted(chosen, columns[at])


steps(*(f"sklearn.{name}" for name in SELECTORS), needs=_selector_needs, on=_selector_on)


def _widths(model: Any) -> Sequence[int]:
    """Return how many columns an encoder makes of each."""
    if type(model).__name__ == "OrdinalEncoder":
        return [1] * len(model.categories_)
    dropped = [None] * len(model.categories_) if model.drop_idx_ is None else model.drop_idx_
    pairs = zip(model.categories_, dropped, strict=True)
    return [len(known) - (each is not None) for known, each in pairs]


def _encoder_needs(model: Any, wanted: Columns) -> Columns:
    rare = getattr(model, "infrequent_categories_", None)
    if rare is not None or model.min_frequency or model.max_categories:
        return np.arange(model.n_features_in_)
    ends = np.cumsum(_widths(model))
    return np.unique(np.searchsorted(ends, wanted, side="right"))


def _encoder_on(model: Any, columns: Columns, X: Any, wanted: Columns) -> tuple[Any, Columns]:
    """Return an encoder that is given the categories that were found."""
    known = [model.categories_[each] for each in columns]
    settings: dict[str, Any] = {"categories": known}
    if np.ndim(getattr(model, "drop", None)):
        settings["drop"] = [model.drop[each] for each in columns]
    made = clone(model).set_params(**settings).fit(X)
    ends = np.cumsum([0, *_widths(model)])
    return made, np.concatenate([np.arange(ends[each], ends[each + 1]) for each in columns])


steps("sklearn.OneHotEncoder", "sklearn.OrdinalEncoder", needs=_encoder_needs, on=_encoder_on)
