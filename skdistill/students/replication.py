"""Route "replication": a classifier fitted to up to K weighted copies of each row.

A copy of row i labelled k with weight ``w_i t_ik`` contributes ``w_i t_ik`` times the loss of label
k: the sum over k is the loss of the soft label, for every learner whose objective is a weighted sum
over rows. Copies of weight zero are not made. Settings that count rows are scaled to copies, inner
cross-validation keeps the copies of a row together, and class weights go into the copies' weights.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context, get_config
from sklearn.base import clone
from sklearn.svm import SVC, NuSVC

from skdistill._ground.arrays import project_to_simplex
from skdistill._ground.compat import take_rows
from skdistill._ground.learners import weight_keyword
from skdistill._ground.validation import index_rows
from skdistill.exceptions import InputError, StudentError
from skdistill.students.base import (
    Adapter,
    Fitted,
    Floats,
    Problem,
    Route,
    balanced_weights,
    check_class_weight,
    fit_changed,
)
from skdistill.students.copies import (
    check_copies,
    count_settings,
    held_out_rows,
    split_setting,
    validation_rows,
)
from skdistill.students.follows import weights_obstacle
from skdistill.students.size import can_grow, leaf_settings, parts_of
from skdistill.students.tempering import tempered
from skdistill.targets.losses import Brier, CrossEntropy, Loss

__all__ = [
    "ReplicationAdapter",
    "check_every_class",
    "copy_settings",
    "copy_weights",
]


class ReplicationAdapter(Adapter):
    """Fits a classifier that takes `sample_weight` to weighted copies of the rows.

    Parameters
    ----------
    student : classifier
        With `predict_proba`, and `sample_weight` in fit.
    reason : str or None, default=None
        Why this route, where it is not the obvious one.
    integer_labels : bool, default=False
        Whether the learner wants labels 0..K-1 (XGBoost does).
    """

    default_loss = "cross_entropy"

    def __init__(
        self, student: Any, reason: str | None = None, *, integer_labels: bool = False
    ) -> None:
        super().__init__(student)
        self.reason = reason
        self.integer_labels = integer_labels

    @property
    def grows(self) -> bool:
        """Whether copies make it larger than the labels would."""
        return can_grow(self.student)

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        name = type(self.student).__name__
        return Route(
            "replication",
            self.reason
            or f"{name} takes hard labels with sample_weight: each row becomes one weighted copy "
            "per class of positive target",
        )

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the loss or a setting cannot be honoured by weighted copies."""
        name = type(self.student).__name__
        if not isinstance(loss, Brier | CrossEntropy):
            raise StudentError(
                f"loss={loss.name!r} has targets that are no class probabilities, which weighted "
                f"copies for {name} need: use loss='cross_entropy' or 'brier', or a regressor as "
                "student."
            )
        check_copies(self.student, n_rows)
        for prefix, part in parts_of(self.student).items():
            _check_part(part, inside=prefix != "")
        obstacle = weights_obstacle(self.student, _fit_learner)
        if obstacle is not None:
            raise StudentError(
                f"{obstacle}. It would not follow its teacher either: use a learner that weighs, "
                "with class_weight='balanced' if classes are to be balanced, or the matching "
                "regressor."
            )

    def fit(self, problem: Problem) -> Fitted:
        """Fit on the labels themselves where nothing soft is left, on weighted copies otherwise."""
        check_class_weight(_class_weight(self.student), problem.classes)
        temperature = getattr(problem.loss, "temperature", 1.0)
        if problem.is_direct:
            return self.fit_labels(problem, problem.codes if self.integer_labels else None)
        target, touched = project_to_simplex(problem.target)
        model = _fit_copies(
            clone(self.student), problem, target, integer_labels=self.integer_labels
        )
        return Fitted(tempered(model, temperature), touched=float(np.mean(touched)))


def _fit_learner(learner: Any, problem: Problem) -> Fitted:
    return ReplicationAdapter(learner).fit(problem)


def _class_weight(student: Any) -> Any:
    return student.get_params(deep=False).get("class_weight")


def _check_part(part: Any, *, inside: bool) -> None:
    """Raise StudentError for settings that weighted copies cannot honour."""
    name = type(part).__name__
    params = part.get_params(deep=False)
    if params.get("class_weight") == "balanced_subsample":
        raise StudentError(
            "class_weight='balanced_subsample' cannot be honoured with weighted copies: use "
            "'balanced', a dict, or None."
        )
    if isinstance(part, SVC | NuSVC) and params.get("probability") is True:
        raise StudentError(
            f"{name}(probability=True) takes its probabilities from an inner cross-validation that "
            "knows no weights, and would put copies of one row on both sides: use "
            f"CalibratedClassifierCV({name}(), ensemble=False)."
        )
    if not inside:
        check_class_weight(params.get("class_weight"))
        return
    if params.get("class_weight") is not None:
        raise StudentError(
            f"class_weight={params['class_weight']!r} of the {name} inside the student cannot be "
            "honoured with weighted copies: only the student's own class_weight can."
        )


def _fit_copies(model: Any, problem: Problem, target: Floats, *, integer_labels: bool) -> Any:
    """Fit `model` on the copies; its own settings are put back afterwards."""
    weights = copy_weights(model, replace(problem, target=target))
    held_out = held_out_rows(model, problem)
    copied = weights > 0
    copied[held_out] = False
    rows, columns = np.nonzero(copied)  # row by row: inner splits rely on it
    check_every_class(copied, problem)
    own = copy_settings(model, problem, rows)
    names = np.arange(len(problem.classes)) if integer_labels else problem.classes
    n_rows = len(target)
    keywords = {key: index_rows(value, rows, n_rows) for key, value in problem.params.items()}
    keywords |= {weight_keyword(model): weights[rows, columns]}
    keywords |= validation_rows(problem, held_out, names[problem.codes])
    # These weights are of our making: nobody inside has requested them. What the user sends by
    # metadata routing still needs it.
    routed = get_config()["enable_metadata_routing"] and bool(problem.params)
    with config_context(enable_metadata_routing=routed):
        return fit_changed(model, own, take_rows(problem.X, rows), names[columns], keywords)


def copy_weights(model: Any, problem: Problem) -> Floats:
    """Return the weight of each copy, shape (n, K): target, row weight and class weight.

    Raises
    ------
    InputError
        If a class has no copy.
    """
    weights = problem.target
    if problem.weight is not None:
        weights = weights * problem.weight[:, None]
    per_class = balanced_weights(_class_weight(model), problem)
    weights = weights if per_class is None else weights * per_class
    check_every_class(weights > 0, problem)
    return weights


def check_every_class(copied: NDArray[np.bool_], problem: Problem) -> None:
    """Raise InputError where a class has no copy; `copied` says which each row has, (n, K)."""
    absent = np.flatnonzero(~copied.any(axis=0))
    if absent.size:
        name = problem.classes.tolist()[absent[0]]
        raise InputError(
            f"the target of class {name!r} is zero in every row: the teacher never gives it a "
            "probability. Calibrate the teacher, or raise the strength."
        )


def copy_settings(model: Any, problem: Problem, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return the settings that must differ while the model is fitted on copies."""
    own = count_settings(model, rows, len(problem.target)) | leaf_settings(model, problem.direct)
    if _class_weight(model) is not None:
        own["class_weight"] = None
    return own | split_setting(model, problem, rows)
