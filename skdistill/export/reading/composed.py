"""Models around models: what a distillation is fitted to, other names, Pipelines, searches."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skdistill.estimators.base import BaseDistiller
from skdistill.exceptions import ExportError
from skdistill.export.pieces import (
    Answer,
    Beside,
    Clipped,
    Decision,
    Leaves,
    Logs,
    Mapped,
    Pair,
    Piece,
    Shares,
    Softmax,
    Sorted,
)
from skdistill.export.reading.precision import beside
from skdistill.export.reading.preparing import prepared
from skdistill.export.reading.registry import read, reads
from skdistill.students import Decoder
from skdistill.students.wrapped import raised
from skdistill.targets.losses import Brier, Logit

__all__ = ["decoded"]

DISTILLED = ("Classifier", "ClassifierCV", "Regressor", "RegressorCV")


@reads(*(f"skdistill.Distilled{name}" for name in DISTILLED))
def _distilled(model: BaseDistiller, of: Piece) -> Answer:
    answer = read(model.student_, of)
    classes = getattr(model, "classes_", None)
    if classes is None:
        return replace(answer, is_flat=np.ndim(model.teacher_pred_) == 1)
    piece = answer.piece if model.decode_ is None else decoded(model.decode_, answer.piece)
    return Answer(piece, classes, Decision(piece))


@reads("skdistill.DistilledQuantiles")
def _quantiles(model: Any, of: Piece) -> Answer:
    """Say each level by its own student, increasing."""
    return _sorted(model.students_, of, is_flat=np.ndim(model.quantiles) == 0)


@reads("skdistill.SortedRegressors")
def _sorted_regressors(model: Any, of: Piece) -> Answer:
    return _sorted(model.estimators_, of, is_flat=model.flat)


def _sorted(students: Sequence[Any], of: Piece, *, is_flat: bool) -> Answer:
    said = beside([read(each, of).piece for each in students])
    return Answer(Sorted(said), is_flat=is_flat)


def decoded(decode: Decoder, piece: Piece) -> Piece:
    """Return the probabilities that a regressor's numbers stand for."""
    p = _shares(decode, piece)
    return p if decode.power == 1.0 else _raised(p, decode.power)


def _shares(decode: Decoder, piece: Piece) -> Piece:
    if type(decode.loss) is Brier:
        return Shares(piece) if piece.width > 1 else Pair(Clipped(piece))
    if type(decode.loss) is Logit:
        return Softmax(piece) if piece.width > 1 else Pair(Mapped(piece, "logistic"))
    raise ExportError(
        f"the loss {decode.loss!r} turns scores into probabilities in a way of its own, which no "
        "format can express: use 'brier' or 'logit'."
    )


@reads("skdistill.DecodedClassifier")
def _decoded(model: Any, of: Piece) -> Answer:
    piece = decoded(model.decoder, read(model.inner, of).piece)
    return Answer(piece, model.classes_, Decision(piece))


@reads("skdistill.TemperedClassifier")
def _tempered(model: Any, of: Piece) -> Answer:
    piece = _raised(read(model.inner, of).piece, float(model.temperature))
    return Answer(piece, model.classes_, Decision(piece))


def _raised(p: Piece, power: float) -> Piece:
    """Return probabilities raised to a power and normalised; those of one tree in its leaves."""
    if isinstance(p, Leaves):
        return replace(p, values=raised(p.values, power))
    return Softmax(Logs(p, power))


@reads("skdistill.LabelledClassifier")
def _labelled(model: Any, of: Piece) -> Answer:
    piece = read(model.inner, of).piece
    return Answer(piece, model.classes_, Decision(piece))


@reads("sklearn.MultiOutputRegressor")
def _columns(model: Any, of: Piece) -> Answer:
    return Answer(Beside(tuple(read(each, of).piece for each in model.estimators_)), is_flat=False)


@reads("sklearn.Pipeline")
def _pipeline(model: Any, of: Piece) -> Answer:
    for _, step in model.steps[:-1]:
        of = prepared(step, of)
    return read(model.steps[-1][1], of)


def _best(model: Any, of: Piece) -> Answer:
    return read(model.best_estimator_, of)


SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV")
reads(*(f"sklearn.{name}" for name in SEARCHES))(_best)
