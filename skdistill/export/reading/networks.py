"""Feed-forward networks: scikit-learn's, and the one of this package."""

from typing import Any

import numpy as np

from skdistill.export.pieces import (
    Affine,
    Answer,
    Arithmetic,
    As,
    Decision,
    Mapped,
    Pair,
    Piece,
    Softmax,
)
from skdistill.export.reading.precision import alike
from skdistill.export.reading.registry import reads

__all__: list[str] = []


def _activated(piece: Piece, function: str) -> Piece:
    if function == "identity":
        return piece
    return Softmax(piece) if function == "softmax" else Mapped(piece, function)


def _layers(model: Any, of: Piece, activation: str, last: str) -> Piece:
    pairs = list(zip(model.coefs_, model.intercepts_, strict=True))
    for number, (weight, bias) in enumerate(pairs, start=1):
        function = last if number == len(pairs) else activation
        of = _activated(
            Affine(alike(of, np.asarray(weight)), np.asarray(weight), np.asarray(bias)), function
        )
    return of


@reads("sklearn.MLPRegressor")
def _mlp_regressor(model: Any, of: Piece) -> Answer:
    return Answer(_layers(model, of, model.activation, model.out_activation_))


@reads("sklearn.MLPClassifier")
def _mlp_classifier(model: Any, of: Piece) -> Answer:
    piece = _layers(model, of, model.activation, model.out_activation_)
    if piece.width == 1:
        return Answer(Pair(piece), model.classes_, Decision(piece, threshold=0.5))
    return Answer(piece, model.classes_, Decision(piece))


@reads("skdistill.SoftMLPClassifier")
def _soft_mlp(model: Any, of: Piece) -> Answer:
    centred = Arithmetic(of, "add", -np.asarray(model.mean_))
    rows = As(Arithmetic(centred, "divide", np.asarray(model.scale_)), model.dtype)
    scores = _layers(model, rows, model.activation, "identity")
    return Answer(Softmax(scores), model.classes_, Decision(scores))
