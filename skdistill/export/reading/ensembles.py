"""Models made of several: voting, bags, stacks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.exceptions import ExportError
from skdistill.export.pieces import Affine, Answer, Arithmetic, Decision, Piece, pick
from skdistill.export.reading.precision import beside, total
from skdistill.export.reading.registry import read, reads
from skdistill.export.reading.scores import read_scores

__all__: list[str] = []


def averaged(parts: Sequence[Piece], weights: NDArray[Any] | None = None) -> Piece:
    """Return the mean of several pieces, as NumPy adds them."""
    if weights is None:
        return Arithmetic(total(parts), "divide", np.array([float(len(parts))]))
    pairs = zip(parts, weights.tolist(), strict=True)
    scaled = [Arithmetic(each, "multiply", np.array([float(weight)])) for each, weight in pairs]
    return Arithmetic(total(scaled), "divide", np.array([float(weights.sum())]))


def _classes(model: Any, piece: Piece) -> Answer:
    return Answer(piece, model.classes_, Decision(piece))


@reads("sklearn.VotingClassifier")
def _voting_classifier(model: Any, of: Piece) -> Answer:
    if model.voting != "soft":
        raise ExportError(
            f"voting={model.voting!r} of VotingClassifier tells no probabilities, which every "
            "format tells: set voting='soft'."
        )
    return _classes(model, _voted(model, of))


@reads("sklearn.VotingRegressor")
def _voting_regressor(model: Any, of: Piece) -> Answer:
    return Answer(_voted(model, of))


def _voted(model: Any, of: Piece) -> Piece:
    parts = [read(each, of).piece for each in model.estimators_]
    if model.weights is None:
        return averaged(parts)
    pairs = zip(model.estimators, model.weights, strict=True)
    kept = [weight for (_, each), weight in pairs if not (isinstance(each, str) and each == "drop")]
    return averaged(parts, np.asarray(kept))


@reads("sklearn.BaggingClassifier")
def _bagging_classifier(model: Any, of: Piece) -> Answer:
    n_classes = len(model.classes_)
    parts = [
        _of_all(read(each, pick(of, chosen)).piece, each.classes_, n_classes)
        for each, chosen in _bagged(model)
    ]
    return _classes(model, averaged(parts))


@reads("sklearn.BaggingRegressor")
def _bagging_regressor(model: Any, of: Piece) -> Answer:
    return Answer(averaged([read(each, pick(of, chosen)).piece for each, chosen in _bagged(model)]))


def _bagged(model: Any) -> Any:
    return zip(model.estimators_, model.estimators_features_, strict=True)


def _of_all(piece: Piece, numbers: Any, n_classes: int) -> Piece:
    """Return probabilities of all classes, where a bag has seen only those with these numbers."""
    if len(numbers) == n_classes:
        return piece
    return Affine(piece, np.eye(n_classes)[numbers], np.zeros(n_classes))


@reads("sklearn.StackingClassifier")
def _stacking_classifier(model: Any, of: Piece) -> Answer:
    answer = _stacked(model, of)
    return Answer(answer.piece, model.classes_, answer.decision)


@reads("sklearn.StackingRegressor")
def _stacking_regressor(model: Any, of: Piece) -> Answer:
    return _stacked(model, of)


def _stacked(model: Any, of: Piece) -> Answer:
    """Return what the last model says of what the others say."""
    pairs = zip(model.estimators_, model.stack_method_, strict=True)
    parts = [_column(each, method, of) for each, method in pairs]
    return read(model.final_estimator_, beside([*parts, of] if model.passthrough else parts))


def _column(model: Any, method: str, of: Piece) -> Piece:
    """Return what one model of a stack passes on: of two classes the second's probability."""
    if method == "decision_function":
        return read_scores(model, of)
    answer = read(model, of)
    if method == "predict" and answer.classes is not None:
        raise ExportError(
            f"a stack on the labels of {type(model).__name__} cannot be expressed: leave "
            "stack_method 'auto'."
        )
    return pick(answer.piece, [1]) if _is_binary(answer) else answer.piece


def _is_binary(answer: Answer) -> bool:
    return answer.classes is not None and len(answer.classes) == 2
