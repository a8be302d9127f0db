"""What `decision_function` says, of the models that tell their labels by it."""

from typing import Any

from skdistill.exceptions import ExportError
from skdistill.export.pieces import Piece
from skdistill.export.reading.registry import read

__all__ = ["read_scores"]

SCORED = (
    "GradientBoostingClassifier",
    "HistGradientBoostingClassifier",
    "LogisticRegression",
    "LogisticRegressionCV",
    "SoftLogisticRegression",
)


def read_scores(model: Any, of: Piece) -> Piece:
    """Return the scores of a fitted classifier, (n, 1) or (n, K).

    Raises
    ------
    ExportError
        If its labels go by something else.
    """
    inner = model
    while type(inner).__name__ not in SCORED:
        following = _inside(inner)
        if following is None:
            raise ExportError(
                f"decision_function of {type(inner).__name__} cannot be expressed: use a "
                f"classifier that has predict_proba alone, or one of {', '.join(SCORED)}."
            )
        inner = following
    return read(model, of).decision.of


def _inside(model: Any) -> Any:
    """Return the model that answers for a Pipeline, a search or a frozen one."""
    if hasattr(model, "steps"):
        return model.steps[-1][1]
    if type(model).__name__ == "FrozenEstimator":
        return model.estimator
    return getattr(model, "best_estimator_", None)
