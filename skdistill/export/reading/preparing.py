"""What stands before a learner in a Pipeline: scalers, imputers, encoders, columns apart."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.validation import is_missing
from skdistill.exceptions import ExportError
from skdistill.export.columns import Column, Filled, Imputed, Missing, OneHot, Ordinal
from skdistill.export.pieces import Affine, Arithmetic, As, Beside, Clipped, Piece, pick
from skdistill.export.reading.registry import read_transformer, transforms

__all__ = ["columns_chosen", "prepared"]

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


def _refuse(model: Any, setting: str, remedy: str) -> ExportError:
    return ExportError(
        f"{setting} of {type(model).__name__} cannot be expressed by any format: {remedy}."
    )


def _each(of: Piece) -> list[Piece]:
    """Return the columns of a piece, one by one."""
    return [pick(of, [number]) for number in range(of.width)]


@transforms("sklearn.StandardScaler")
def _standard(model: Any, of: Piece) -> Piece:
    of = Arithmetic(of, "add", -model.mean_) if model.with_mean else of
    return Arithmetic(of, "divide", model.scale_) if model.with_std else of


@transforms("sklearn.RobustScaler")
def _robust(model: Any, of: Piece) -> Piece:
    of = Arithmetic(of, "add", -model.center_) if model.with_centering else of
    return Arithmetic(of, "divide", model.scale_) if model.with_scaling else of


@transforms("sklearn.MaxAbsScaler")
def _max_abs(model: Any, of: Piece) -> Piece:
    if getattr(model, "clip", False):
        raise _refuse(model, "clip=True", "leave it False")
    return Arithmetic(of, "divide", model.scale_)


@transforms("sklearn.MinMaxScaler")
def _min_max(model: Any, of: Piece) -> Piece:
    if model.clip and model.feature_range != (0, 1):
        raise _refuse(model, "clip=True to another range than (0, 1)", "leave it False")
    scaled = Arithmetic(Arithmetic(of, "multiply", model.scale_), "add", model.min_)
    return Clipped(scaled) if model.clip else scaled


@transforms("sklearn.FunctionTransformer")
def _function(model: Any, of: Piece) -> Piece:
    if model.func not in (None, np.asarray, np.array):
        raise _refuse(model, f"func={model.func!r}", "only None can, which passes columns through")
    return of


@transforms(*(f"sklearn.{name}" for name in SELECTORS))
def _selector(model: Any, of: Piece) -> Piece:
    return pick(of, np.flatnonzero(model.get_support()).tolist())


@transforms("sklearn.SimpleImputer")
def _imputer(model: Any, of: Piece) -> Piece:
    if not is_missing(model.missing_values):
        raise _refuse(model, f"missing_values={model.missing_values!r}", "mark them by NaN")
    if any(isinstance(each, Column) and each.is_text for each in _each(of)):
        return _text_imputer(model, of)
    statistics = np.asarray(model.statistics_, dtype=np.float64)
    kept = np.flatnonzero(~np.isnan(statistics)).tolist()
    filled: Piece = Imputed(pick(of, kept), statistics[kept])
    if not model.add_indicator:
        return filled
    missing = Missing(pick(of, model.indicator_.features_.tolist()))
    return Beside((filled, missing)) if missing.width else filled


def _text_imputer(model: Any, of: Piece) -> Piece:
    if model.add_indicator:
        raise _refuse(model, "add_indicator=True for text", "leave it False")
    pairs = list(zip(_each(of), model.statistics_, strict=True))
    if not all(isinstance(text, str) and text for _, text in pairs):
        raise _refuse(model, f"filling by {list(model.statistics_)}", "fill text by text")
    return Beside(tuple(Filled(each, text) for each, text in pairs))


def _categories(model: Any, values: NDArray[Any], of: Piece) -> NDArray[Any]:
    """Return categories as a column has them: text with "" for missing, or numbers."""
    if of.dtype != "text":
        return np.array([np.nan if is_missing(v) else float(v) for v in values.tolist()])
    found = ["" if is_missing(each) else each for each in values.tolist()]
    if not all(isinstance(each, str) for each in found) or len(set(found)) < len(found):
        raise _refuse(model, f"categories {values.tolist()} of text", "use text alone")
    return np.array(found, dtype=object)


@transforms("sklearn.OneHotEncoder")
def _one_hot(model: Any, of: Piece) -> Piece:
    parts: list[Piece] = []
    rare = getattr(model, "infrequent_categories_", None) or [None] * of.width
    if model.drop_idx_ is not None and any(each is not None for each in rare):
        raise _refuse(model, "infrequent categories with drop", "leave drop None")
    dropped = [None] * of.width if model.drop_idx_ is None else model.drop_idx_.tolist()
    for each, values, drop, some in zip(_each(of), model.categories_, dropped, rare, strict=True):
        kept = np.arange(len(values)) != (-1 if drop is None else drop)
        if some is not None:
            kept = ~_is_among(values, some)
        parts.append(OneHot(each, _categories(model, values, each)[kept]))
        if some is not None:
            parts.append(_infrequent(model, parts[-1], each, values[~kept]))
    dtype = np.dtype(model.dtype).name
    return As(Beside(tuple(parts)), dtype) if dtype == "float32" else Beside(tuple(parts))


def _is_among(values: NDArray[Any], some: NDArray[Any]) -> NDArray[np.bool_]:
    missing = any(map(is_missing, some.tolist()))
    known = {each for each in some.tolist() if not is_missing(each)}
    return np.array([missing if is_missing(each) else each in known for each in values.tolist()])


def _infrequent(model: Any, frequent: Piece, of: Piece, values: NDArray[Any]) -> Piece:
    """Return one where a category is rare or, if the encoder takes these for rare, unknown."""
    if model.handle_unknown == "infrequent_if_exist":
        return Affine(frequent, np.full((frequent.width, 1), -1.0), np.ones(1))
    each = OneHot(of, _categories(model, values, of))
    return Affine(each, np.ones((each.width, 1)), np.zeros(1))


@transforms("sklearn.OrdinalEncoder")
def _ordinal(model: Any, of: Piece) -> Piece:
    _check_frequent(model)
    unknown = np.nan if model.unknown_value is None else float(model.unknown_value)
    parts = []
    for each, values in zip(_each(of), model.categories_, strict=True):
        codes = np.arange(len(values), dtype=np.float64)
        for place in np.flatnonzero([is_missing(value) for value in values.tolist()]):
            codes[place] = model.encoded_missing_value
        parts.append(Ordinal(each, _categories(model, values, each), codes, unknown))
    return Beside(tuple(parts))


def _check_frequent(model: Any) -> None:
    rare = getattr(model, "infrequent_categories_", None)
    if rare is not None and any(each is not None for each in rare):
        raise _refuse(model, "infrequent categories", "leave min_frequency and max_categories None")


@transforms("sklearn.FrozenEstimator")
def _frozen(model: Any, of: Piece) -> Piece:
    return read_transformer(model.estimator, of)


@transforms("sklearn.Pipeline")
def _pipeline(model: Any, of: Piece) -> Piece:
    for _, step in model.steps:
        of = prepared(step, of)
    return of


def prepared(step: Any, of: Piece) -> Piece:
    """Return what a step of a Pipeline makes of the columns, which it may pass through."""
    is_none = step is None or (isinstance(step, str) and step == "passthrough")
    return of if is_none else read_transformer(step, of)


@transforms("sklearn.ColumnTransformer")
def _columns(model: Any, of: Piece) -> Piece:
    weights = model.transformer_weights or {}
    parts = []
    for name, step, chosen in model.transformers_:
        with warnings.catch_warnings():
            # How the rest's columns are told changes; drop at scikit-learn >= 1.7.
            warnings.simplefilter("ignore", FutureWarning)
            numbers = columns_chosen(model, chosen)
        if (isinstance(step, str) and step == "drop") or not numbers:
            continue
        part = prepared(step, pick(of, numbers))
        weight = weights.get(name)
        parts.append(part if weight is None else Arithmetic(part, "multiply", np.array([weight])))
    return Beside(tuple(parts))


def columns_chosen(model: Any, chosen: Any) -> list[int]:
    """Return which columns a name, a number, a list, a slice or a mask chooses."""
    everything = np.arange(model.n_features_in_)
    names = getattr(model, "feature_names_in_", everything).tolist()
    each = [chosen] if isinstance(chosen, str) or np.isscalar(chosen) else chosen
    if isinstance(each, slice):
        if isinstance(each.start, str) or isinstance(each.stop, str):
            start = None if each.start is None else names.index(each.start)
            stop = None if each.stop is None else names.index(each.stop) + 1
            each = slice(start, stop, each.step)
        return everything[each].tolist()
    if _is_by_name(each):
        return [names.index(name) for name in each]
    return everything[np.asarray(each)].tolist() if len(each) else []


def _is_by_name(each: Sequence[Any]) -> bool:
    return len(each) > 0 and isinstance(each[0], str)
