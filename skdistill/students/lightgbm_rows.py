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


def _of_text(name: str, text: str) -> str:
    """Return a setting of a fitted booster, as its text has it."""
    return re.findall(rf"^\[{name}: (.+)\]$", text, re.MULTILINE)[0]


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
        self._objective, self._seed = "", 1
        self._callbacks: list[Any] = []

    def __call__(self, env: Any) -> None:
        """Take the rows and the parameters of a fit under way."""
        self._rows, self._params = env.model.train_set, env.params

    def keep(self, model: Any, callbacks: list[Any]) -> None:
        """Take the fitted model as the template, and the further callbacks of its fit."""
        self.template, self._callbacks = deepcopy(model), callbacks
        adopt_booster(self.template, None, "")
        text = model.booster_.model_to_string(num_iteration=1)
        self._seed = int(_of_text("data_random_seed", text))
        self._objective = model.objective_ if isinstance(model.objective_, str) else ""

    def use(self, rows: lightgbm.Dataset) -> None:
        """Take other rows than those of the first fit, of the same columns, not binned yet.

        The sample that bins are made of is drawn by a seed of its own. Where rows come in sequences
        LightGBM (4.7) does not derive it from the seed of the fit, as it does for arrays.
        """
        self._rows = rows
        self._params = self._params | {"data_random_seed": self._seed}

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
        changed = {"objective": lambda scores, _: objective(None, scores)}
        return self._fit(changed, self._rows.set_init_score(init_score), "")

    def fit_labels(self) -> Any:
        """Return the model that the estimator's own fit would give on the rows and their labels."""
        return self._fit({}, self._rows, self._objective)

    def _fit(self, changed: dict[str, Any], rows: lightgbm.Dataset, objective: str) -> Any:
        model = deepcopy(self.template)
        booster = lightgbm.train(self._params | changed, rows, callbacks=self._callbacks)
        adopt_booster(model, booster, objective)
        return model
