"""Students of numbers: a regressor fitted to the pseudo-target by the loss that it minimises.

What a regressor minimises say its class and its settings (`skdistill.students.own_loss`): the
squared error, a deviance, a quantile. That loss is what a distillation of it corrects, and what
``loss="auto"`` stands for. A loss that the learner does not minimise is refused, as it would be
minimised by nobody.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn import config_context, get_config
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor

from skdistill._ground.compat import SEARCHES, take_rows
from skdistill._ground.learners import replace_settings
from skdistill._ground.validation import index_rows
from skdistill.exceptions import StudentError
from skdistill.students.base import Adapter, Fitted, Floats, Problem, Route, give_back
from skdistill.students.booster_checks import check_booster
from skdistill.students.copies import (
    check_copies,
    count_settings,
    held_out_rows,
    mixed_copies,
    split_setting,
    stops_early,
    validation_rows,
)
from skdistill.students.means import mean_obstacle
from skdistill.students.own_loss import KNOWN, learners_of, loss_of, minimised
from skdistill.students.regression import (
    Tagged,
    for_each_output,
    takes_columns,
    takes_only_columns,
)
from skdistill.students.search import candidates_of, check_candidate
from skdistill.students.size import can_grow, leaf_settings
from skdistill.students.transformed import check_transformation
from skdistill.targets.numeric import NumericLoss
from skdistill.targets.numeric_losses import SquaredError

__all__ = ["Columns", "NumericAdapter"]

UNIT = 8.0  # of the labels that a learner is tried on: no loss passes for squared so far from 0


class Columns:
    """Turns the predictions of a regressor into columns, (n,) to (n, 1)."""

    def __call__(self, said: Any) -> Any:
        """Return the predictions, shape (n, m)."""
        values = np.asarray(said)
        return values[:, None] if values.ndim == 1 else values


class NumericAdapter(Adapter):
    """Fits a regressor to the pseudo-target of the loss that it minimises."""

    default_loss: NumericLoss
    unweighted = "one of the squared error without sample_weight"

    def __init__(self, student: Any) -> None:
        super().__init__(student)
        self.default_loss = loss_of(student)

    @property
    def grows(self) -> bool:
        """Whether a soft target makes it larger than the labels would."""
        return can_grow(self.student)

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        return Route(
            "regression",
            f"{type(self.student).__name__} is fitted to the pseudo-target by its own loss, "
            f"{self.default_loss!r}",
        )

    def check(self, loss: Any, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError for a loss that is not the learner's, or weights it cannot take."""
        if loss != self.default_loss and type(loss) in KNOWN:
            raise StudentError(
                f"loss={loss!r} is not what {type(self.student).__name__} minimises, which is "
                f"{self.default_loss!r}: leave loss='auto', or set the loss of the student."
            )
        for learner in learners_of(self.student):
            check_booster(learner, self.default_loss)
            if isinstance(learner, SEARCHES):
                for changes, other in candidates_of(learner):
                    check_candidate(learner, changes, loss_of(other), self.default_loss)
            if isinstance(learner, TransformedTargetRegressor):
                check_transformation(learner, self.default_loss)
            elif self.default_loss == SquaredError():
                _check_mean(learner)
        if not self.default_loss.is_linear:
            check_copies(self.student, n_rows)
        self.fit_keywords(np.ones(1) if weighted else None, {})

    def check_outputs(self, n_outputs: int, n_rows: int) -> None:
        """Raise StudentError where early stopping would be scored on several outputs at once."""
        stops = stops_early(self.student.get_params(deep=False), n_rows)
        if n_outputs > 1 and stops and not self.default_loss.is_linear:
            raise StudentError(
                f"early stopping of {type(self.student).__name__} is for one output where the loss "
                f"is {self.default_loss!r}, and y has {n_outputs}: turn it off "
                "(early_stopping=False), or fit a student for each column."
            )

    def fit(self, problem: Problem) -> Fitted:
        """Fit to the pseudo-target, or to the copies of a mixture; outputs at once, or by each."""
        if problem.mixture is None:
            own = leaf_settings(self.student, problem.direct)
            keywords = self.fit_keywords(problem.weight, problem.params)
            return self._fit(problem.X, problem.target, problem.loss, own, keywords)
        held_out = held_out_rows(self.student, problem)
        rows, target, weight = mixed_copies(problem, held_out)
        n_rows = len(problem.target)
        own = count_settings(self.student, rows, n_rows)
        own |= leaf_settings(self.student, problem.direct)
        own |= split_setting(self.student, problem, rows)
        params = {key: index_rows(value, rows, n_rows) for key, value in problem.params.items()}
        keywords = self.fit_keywords(weight, params)
        if len(held_out):
            keywords |= validation_rows(problem, held_out, problem.labels.reshape(n_rows))
        # The weights are of our making: nobody inside has requested them.
        routed = get_config()["enable_metadata_routing"] and bool(params)
        with config_context(enable_metadata_routing=routed):
            return self._fit(take_rows(problem.X, rows), target, problem.loss, own, keywords)

    def _fit(
        self, X: Any, target: Floats, loss: Any, own: Mapping[str, Any], keywords: dict[str, Any]
    ) -> Fitted:
        model = single = clone(self.student)
        before = replace_settings(single, own)
        target, touched = loss.cut(target)
        if target.shape[1] == 1 and not takes_only_columns(model):
            target = target[:, 0]
        elif target.shape[1] > 1 and not takes_columns(model):
            weighted = any(key.rpartition("__")[2] == "sample_weight" for key in keywords)
            if weighted and get_config()["enable_metadata_routing"]:
                model.set_fit_request(sample_weight=True)
            model = for_each_output(model, weighted=weighted)
        model.fit(X, target, **keywords)
        for each in [single] if model is single else [single, *model.estimators_]:
            give_back(each.regressor_ if isinstance(each, Tagged) else each, before)
        return Fitted(model, Columns(), float(np.mean(touched)))


def _check_mean(learner: Any) -> None:
    """Raise StudentError for a learner that estimates no mean, whatever its settings say."""
    told = minimised(learner)
    named = None if told is None or told.loss is not None else told.by
    obstacle = mean_obstacle(learner, named, UNIT)
    if obstacle is not None:
        raise StudentError(
            "a student of the squared error must estimate the mean of its target, got "
            f"{obstacle}: use another regressor, or one whose loss is known by its settings."
        )
