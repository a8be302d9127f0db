"""Models whose word is changed afterwards: other thresholds, calibration, a target turned back."""

from typing import Any

import numpy as np
from scipy import special

from skdistill._ground.compat import positive_label
from skdistill.exceptions import ExportError
from skdistill.export.pieces import (
    Answer,
    Arithmetic,
    Decision,
    Mapped,
    Pair,
    Piece,
    Shares,
    as_double,
    pick,
)
from skdistill.export.reading.ensembles import averaged
from skdistill.export.reading.registry import read, reads
from skdistill.export.reading.scores import read_scores

__all__: list[str] = []


@reads("sklearn.FrozenEstimator")
def _frozen(model: Any, of: Piece) -> Answer:
    return read(model.estimator, of)


@reads("sklearn.FixedThresholdClassifier", "sklearn.TunedThresholdClassifierCV")
def _threshold(model: Any, of: Piece) -> Answer:
    """Tell class 1 where the positive class has at least the threshold."""
    fitted = model.estimator_
    by_score = model.response_method == "decision_function" or not hasattr(fitted, "predict_proba")
    answer = read(fitted, of)
    told = getattr(model, "best_threshold_", None)
    if told is None:
        told = model.threshold if model.threshold != "auto" else (0.0 if by_score else 0.5)
    is_first = positive_label(model) == model.classes_[0]
    scores = read_scores(fitted, of) if by_score else pick(answer.piece, [0 if is_first else 1])
    if by_score and is_first:  # its scores are those of the second class, turned
        scores = Arithmetic(scores, "multiply", np.array([-1.0]))
    decision = Decision(scores, threshold=float(told), inclusive=True)
    if is_first:  # class 1 is what lies below
        turned = Arithmetic(scores, "multiply", np.array([-1.0]))
        decision = Decision(turned, threshold=-float(told))
    return Answer(answer.piece, model.classes_, decision)


@reads("sklearn.CalibratedClassifierCV")
def _calibrated(model: Any, of: Piece) -> Answer:
    if model.method != "sigmoid":
        raise ExportError(
            f"method={model.method!r} of CalibratedClassifierCV cannot be expressed: use 'sigmoid'."
        )
    piece = averaged([_one_calibrated(each, of) for each in model.calibrated_classifiers_])
    return Answer(piece, model.classes_, Decision(piece))


def _one_calibrated(model: Any, of: Piece) -> Piece:
    fitted, n_classes = model.estimator, len(model.classes)
    if len(fitted.classes_) != n_classes:
        raise ExportError(
            "a fold of CalibratedClassifierCV lacks a class, which no format can express: use "
            "stratified folds."
        )
    if hasattr(fitted, "decision_function"):
        scores = read_scores(fitted, of)
    else:
        scores = read(fitted, of).piece
        scores = pick(scores, [1]) if n_classes == 2 else scores
    slope = np.array([each.a_ for each in model.calibrators])
    offset = np.array([each.b_ for each in model.calibrators])
    line = Arithmetic(Arithmetic(as_double(scores), "multiply", -slope), "add", -offset)
    each = Mapped(line, "logistic")
    return Pair(each) if n_classes == 2 else Shares(each)


@reads("sklearn.TransformedTargetRegressor")
def _target(model: Any, of: Piece) -> Answer:
    answer = read(model.regressor_, of)
    return Answer(_turned_back(model.transformer_, answer.piece), is_flat=answer.is_flat)


def _turned_back(transformer: Any, of: Piece) -> Piece:
    """Return what `inverse_transform` says."""
    name = type(transformer).__name__
    if name == "FunctionTransformer":
        return _inverse(transformer.inverse_func, of)
    if name == "StandardScaler":
        return _scaled(of, transformer.scale_, transformer.mean_ if transformer.with_mean else None)
    if name == "RobustScaler":
        return _scaled(of, transformer.scale_, transformer.center_)
    if name == "MaxAbsScaler":
        return _scaled(of, transformer.scale_, None)
    if name == "MinMaxScaler":
        return Arithmetic(Arithmetic(of, "add", -transformer.min_), "divide", transformer.scale_)
    raise ExportError(
        f"the inverse of {name} in TransformedTargetRegressor cannot be expressed: use a "
        "scaler, or func and inverse_func such as numpy.log and numpy.exp."
    )


def _scaled(of: Piece, scale: Any, shift: Any) -> Piece:
    of = of if scale is None else Arithmetic(of, "multiply", scale)
    return of if shift is None else Arithmetic(of, "add", shift)


def _inverse(function: Any, of: Piece) -> Piece:
    if function is None:
        return of
    if function is np.exp:
        return Mapped(of, "exp")
    if function in (np.expm1, special.expm1):
        return Arithmetic(Mapped(of, "exp"), "add", np.array([-1.0]))
    if function is np.square:
        return Mapped(of, "square")
    raise ExportError(
        f"inverse_func={getattr(function, '__name__', function)!r} of TransformedTargetRegressor "
        "cannot be expressed: use numpy.exp, numpy.expm1 or numpy.square."
    )
