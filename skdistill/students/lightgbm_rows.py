"""What LightGBM does round by round: rows that it bins once for many objectives, leaves.

Its estimators bin the rows anew in each `fit`. Bins depend on the features and the settings alone,
not on objective, start score or labels: those of a first fit serve the others.
"""

import re
from copy import deepcopy
from typing import Any

import lightgbm

from skdistill._ground.compat import adopt_booster
from skdistill.students.base import Floats
from skdistill.students.rounds import Rounds

__all__ = ["SharedRows", "leaves_by_round", "longest_step"]


def leaves_by_round(rounds: Rounds, most: int) -> Any:
    """Return the callback of a fit that gives the fuller rounds a leaf more, but at most `most`."""

    def leaves(number: int) -> int:
        return max(2, min(most, rounds.leaves + (number < rounds.fuller)))

    return lightgbm.reset_parameter(num_leaves=leaves)


def longest_step(booster: Any) -> float:
    """Return the largest value of a leaf, before the learning rate, without its sign."""
    text = booster.model_to_string()
    shrinkage = re.findall(r"^shrinkage=(.+)$", text, re.MULTILINE)
    leaves = re.findall(r"^leaf_value=(.+)$", text, re.MULTILINE)
    trees = zip(leaves, shrinkage, strict=True)
    steps = (abs(float(v)) / float(rate) for values, rate in trees for v in values.split())
    return max(steps, default=0.0)


class SharedRows:
    """What the first fit of an estimator leaves for others on the same rows.

    It is a callback of that fit: LightGBM shows it the binned rows, and the parameters that it made
    of the estimator's settings.

    Attributes
    ----------
    template : estimator or None
        The first model, without its booster; None until its fit is done.
    """

    before_iteration = True  # when LightGBM calls it

    def __init__(self) -> None:
        self.template: Any = None
        self._rows: Any = None
        self._params: dict[str, Any] = {}
        self._callbacks: list[Any] = []

    def __call__(self, env: Any) -> None:
        """Take the rows and the parameters of a fit under way."""
        self._rows, self._params = env.model.train_set, env.params

    def keep(self, model: Any, callbacks: list[Any]) -> None:
        """Take the fitted model as the template, and the further callbacks of its fit."""
        self.template, self._callbacks = deepcopy(model), callbacks
        adopt_booster(self.template, None, "")

    def fit(self, objective: Any, init_score: Floats) -> Any:
        """Return the model that the estimator's own fit by another objective would give.

        Parameters
        ----------
        objective : SoftCrossEntropy
            What is minimised.
        init_score : array of shape (n,) or (n, K)
            Scores at the start.

        Returns
        -------
        model : estimator
            A copy of the template with its own booster.
        """
        params = self._params | {"objective": lambda scores, _: objective(None, scores)}
        model, rows = deepcopy(self.template), self._rows.set_init_score(init_score)
        adopt_booster(model, lightgbm.train(params, rows, callbacks=self._callbacks), "")
        return model
