"""Route "regression": a regressor fitted to the pseudo-target as a number.

Two classes are one number per row (`Loss.contrast`), more are one output per class. What comes out
is turned into probabilities by the loss: cut and renormalised on the probability scale, softmax on
the log scale.

Mixed labels stand for probabilities by their mean, which is what the squared error estimates: a
regressor of another loss is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.utils.validation import has_fit_parameter

from skdistill._ground.compat import SEARCHES
from skdistill._ground.learners import comes_from, has_tags, replace_settings, tags_of
from skdistill.exceptions import StudentError
from skdistill.students.base import Adapter, Fitted, Floats, Problem, Route, give_back
from skdistill.students.means import mean_obstacle, range_obstacle
from skdistill.students.own_loss import learners_of, minimised
from skdistill.students.search import candidates_of
from skdistill.students.size import can_grow, leaf_settings
from skdistill.students.wrapped import raised
from skdistill.targets.losses import Brier, Loss
from skdistill.targets.numeric_losses import SquaredError

__all__ = [
    "Decoder",
    "RegressionAdapter",
    "Tagged",
    "for_each_output",
    "takes_columns",
    "takes_only_columns",
]


# By others XGBoost fits several outputs from one start, before 3.1 not at all, and takes several
# for several quantiles.
XGBOOST_AT_ONCE = {None, "reg:squarederror", "reg:linear", "reg:absoluteerror"}


@dataclass(frozen=True)
class Decoder:
    """Turns the predictions of a regressor into probabilities.

    Those of `Brier` are cut to [0, 1], or below at zero and divided by their sum; those of other
    losses are scores, of which the loss says what they stand for.

    Parameters
    ----------
    loss : Loss
        What the regressor was fitted with.
    power : float, default=1.0
        To which the probabilities are raised in the end, and normalised: one over a temperature.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import Brier
    >>> from skdistill.students import Decoder
    >>> Decoder(Brier())(np.array([0.25, 1.5]))
    array([[0.75, 0.25],
           [0.  , 1.  ]])
    """

    loss: Loss
    power: float = 1.0

    def __call__(self, scores: Any) -> Floats:
        """Return the probabilities (n, K) of predictions (n,) or (n, K)."""
        p = self._decoded(np.asarray(scores))
        return p if self.power == 1.0 else raised(p, self.power)

    def _decoded(self, scores: Any) -> Floats:
        if scores.ndim == 2 and scores.shape[1] > 1:
            if type(self.loss) is Brier:
                return _renormalised(scores)
            return np.asarray(self.loss.probabilities(scores))
        scores = scores.reshape(-1)
        # Column by column in memory: writing the two costs half of writing them row by row.
        p = np.empty((2, len(scores)), dtype=scores.dtype).T
        if type(self.loss) is Brier:
            np.minimum(np.maximum(scores, 0.0, out=p[:, 1]), 1.0, out=p[:, 1])
        else:
            p[:, 1] = self.loss.positive(scores)
        np.subtract(1.0, p[:, 1], out=p[:, 0])
        return p


def _renormalised(scores: Floats) -> Floats:
    """Do what `Brier.probabilities` does, in the fewest NumPy calls: it runs at prediction."""
    p = np.maximum(scores, 0.0)
    mass = p @ np.ones(p.shape[1])  # faster than a sum along the short axis
    if not mass.all():
        p[mass == 0.0] = 1.0
        mass = p @ np.ones(p.shape[1])
    p /= mass[:, None]
    return p


class RegressionAdapter(Adapter):
    """Fits a regressor by squared error to the target of `Brier`, `Logit` or a loss of your own."""

    default_loss = "brier"

    @property
    def grows(self) -> bool:
        """Whether a soft target makes it larger than the labels would."""
        return can_grow(self.student)

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        return Route(
            "regression",
            f"{type(self.student).__name__} is a regressor, fitted to the pseudo-target by squared "
            "error",
        )

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError for a loss that is no squared error, or weights it cannot take."""
        if loss.name == "cross_entropy":
            raise StudentError(
                f"loss='cross_entropy' cannot be minimised by {type(self.student).__name__}, a "
                "regressor: use loss='brier' or 'logit', or a classifier as student."
            )
        for learner in _tried(self.student):
            _check_squared_error(learner)
            _check_range(learner, loss)
        self.fit_keywords(np.ones(1) if weighted else None, {})

    def fit(self, problem: Problem) -> Fitted:
        """Fit one output for two classes, one per class otherwise."""
        model = single = clone(self.student)
        before = replace_settings(single, leaf_settings(single, problem.direct))
        target = problem.target
        if target.shape[1] == 2:
            target = problem.loss.contrast(target)
            if takes_only_columns(model):
                target = target[:, None]
        elif not takes_columns(model):
            if problem.weight is not None and get_config()["enable_metadata_routing"]:
                model.set_fit_request(sample_weight=True)  # they may be the loss's, not the user's
            model = for_each_output(model, weighted=problem.weight is not None)
        model.fit(problem.X, target, **self.fit_keywords(problem.weight, problem.params))
        for each in [single] if model is single else [single, *model.estimators_]:
            give_back(each.regressor_ if isinstance(each, Tagged) else each, before)
        return Fitted(model, Decoder(problem.loss))


class Tagged(RegressorMixin, BaseEstimator):
    """A regressor that scikit-learn cannot ask for its tags, for one that asks."""

    def __init__(self, regressor: Any) -> None:
        self.regressor = regressor

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "Tagged":
        """Fit a clone of the regressor."""
        self.regressor_ = clone(self.regressor)
        weight = {} if sample_weight is None else {"sample_weight": sample_weight}
        # A column of a table is not in one piece, which Perpetual insists on.
        self.regressor_.fit(X, np.ascontiguousarray(y), **weight)
        return self

    def predict(self, X: Any) -> Any:
        """Return what the regressor predicts."""
        return self.regressor_.predict(X)


def for_each_output(model: Any, *, weighted: bool) -> MultiOutputRegressor:
    """Return the learner of several outputs that fits a clone of a regressor to each.

    What cannot be asked for its tags, has no `predict` before it is fitted (a stack), or takes
    weights as one of any keywords (a vote), stands in a `Tagged`.
    """
    plain = has_tags(model) and hasattr(model, "predict")
    plain = plain and (not weighted or has_fit_parameter(model, "sample_weight"))
    return MultiOutputRegressor(model if plain else Tagged(model))


def _tried(student: Any) -> Iterator[Any]:
    """Yield the student, the learners inside, and what a search among them makes of its own."""
    for learner in learners_of(student):
        yield learner
        if isinstance(learner, SEARCHES):
            for _, changed in candidates_of(learner):
                yield from learners_of(changed)


def _check_squared_error(learner: Any) -> None:
    """Raise StudentError for a learner that estimates something else than the mean."""
    obstacle = mean_obstacle(learner, _other_loss(learner))
    if obstacle is not None:
        raise StudentError(
            "a regressor as student must minimise the squared error, by which it estimates the "
            f"mean of its target, got {obstacle}: set it to the squared error, or use "
            "another regressor (Ridge, trees, forests, boosting), or a classifier."
        )


def _check_range(learner: Any, loss: Loss) -> None:
    """Raise StudentError for a learner that the targets of the loss are out of the range of."""
    likely = np.array([[0.98, 0.02], [0.02, 0.98]])
    targets = loss.contrast(loss.target(np.eye(2), likely, np.zeros(2)))
    if np.min(targets) >= 0.0 and np.max(targets) <= 1.0:
        return
    obstacle = range_obstacle(learner)
    if obstacle is not None:
        raise StudentError(
            f"loss={loss.name!r} has targets below 0 and above 1, to which "
            f"{type(learner).__name__} cannot be fitted ({obstacle}): use loss='brier', or another "
            "regressor."
        )


def _other_loss(learner: Any) -> str | None:
    """Return by which setting, or name, a learner minimises another loss than the squared error."""
    told = minimised(learner)
    return None if told is None or told.loss == SquaredError() else told.by


def takes_columns(model: Any) -> bool:
    """Whether the regressor fits several outputs at once.

    MLPRegressor does without saying so, except by L-BFGS: there scikit-learn's gradient of K
    outputs is K times that of its loss, and the line search gives up.
    """
    if isinstance(model, MLPRegressor):
        return model.solver != "lbfgs"
    if comes_from(model, "xgboost"):
        return model.objective in XGBOOST_AT_ONCE
    return bool(tags_of(model).target_tags.multi_output)


def takes_only_columns(model: Any) -> bool:
    """Whether the regressor wants a table of targets, also where there is one column of them."""
    return not tags_of(model).target_tags.single_output
