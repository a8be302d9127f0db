"""Linear models, and generalised linear ones."""

from typing import Any

import numpy as np

from skdistill.exceptions import ExportError
from skdistill.export.pieces import Affine, Answer, Decision, Mapped, Pair, Piece, Shares, Softmax
from skdistill.export.reading.precision import alike
from skdistill.export.reading.registry import reads
from skdistill.students.tempering import is_softmax

__all__: list[str] = []

IDENTITY = (
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "HuberRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearRegression",
    "LinearSVR",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "SGDRegressor",
    "TheilSenRegressor",
)


def _scores(model: Any, of: Piece) -> Affine:
    coef = np.atleast_2d(np.asarray(model.coef_))
    bias = np.broadcast_to(np.asarray(model.intercept_), (len(coef),))
    return Affine(of, coef.T, bias)


def _rows(model: Any, of: Piece) -> Piece:
    """Return rows as scikit-learn multiplies them: in single precision where all is."""
    return alike(of, np.asarray(model.coef_))


@reads(*(f"sklearn.{name}" for name in IDENTITY))
def _regressor(model: Any, of: Piece) -> Answer:
    return Answer(_scores(model, _rows(model, of)), is_flat=np.ndim(model.coef_) == 1)


@reads("sklearn.PoissonRegressor", "sklearn.GammaRegressor", "sklearn.TweedieRegressor")
def _glm(model: Any, of: Piece) -> Answer:
    scores, link = _scores(model, _rows(model, of)), getattr(model, "link", "log")
    is_log = link == "log" or (link == "auto" and model.power > 0)
    return Answer(Mapped(scores, "exp") if is_log else scores)


@reads("sklearn.LogisticRegression", "sklearn.LogisticRegressionCV")
def _logistic(model: Any, of: Piece) -> Answer:
    if len(model.classes_) == 2 and getattr(model, "multi_class", None) == "multinomial":
        raise ExportError(
            "LogisticRegression(multi_class='multinomial') of two classes doubles its scores, "
            "which no format can express: leave multi_class unset."
        )
    scores = _scores(model, _rows(model, of))
    if scores.width == 1:
        piece: Piece = Pair(Mapped(scores, "logistic"))
        return Answer(piece, model.classes_, Decision(scores, threshold=0.0))
    piece = Softmax(scores) if is_softmax(model) else Shares(Mapped(scores, "logistic"))
    return Answer(piece, model.classes_, Decision(scores))


@reads("skdistill.SoftLogisticRegression")
def _soft_logistic(model: Any, of: Piece) -> Answer:
    scores = _scores(model, of)
    if scores.width > 1:
        return Answer(Softmax(scores), model.classes_, Decision(scores))
    piece = Softmax(Affine(scores, np.array([[0.0, 1.0]]), np.zeros(2)))
    return Answer(piece, model.classes_, Decision(scores, threshold=0.0))
