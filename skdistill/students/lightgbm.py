"""Route "native": LightGBM with the soft-target cross-entropy as its own objective.

LightGBM's built-in classification objectives take hard labels (``binary`` silently reads every
label above zero as one), and a custom objective loses three things that are put back here: the
start score, which `predict` does not add, is written into the first tree of each class; row weights
are multiplied into gradients and Hessians; and the saved text names its objective, so that the
booster alone, reloaded from its file, gives exact probabilities.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import lightgbm
import numpy as np
from sklearn.base import clone

from skdistill._ground.compat import adopt_booster, restore_settings
from skdistill.exceptions import StudentError
from skdistill.students.base import (
    LONGEST_STEP,
    Adapter,
    Fitted,
    Floats,
    Problem,
    Route,
    check_class_weight,
    redefines,
)
from skdistill.students.lightgbm_names import setting
from skdistill.students.lightgbm_objective import soft_objective
from skdistill.students.lightgbm_rows import SharedRows, leaves_by_round, longest_step
from skdistill.students.lightgbm_text import booster_of, leaf_counts
from skdistill.students.regression import Decoder, RegressionAdapter
from skdistill.students.replication import ReplicationAdapter
from skdistill.students.rounds import booster_rounds, booster_settings
from skdistill.targets.losses import Brier, CrossEntropy, Loss

__all__ = [
    "FORESTS",
    "LightGBMAdapter",
    "LightGBMDevice",
    "check_regressor",
    "resolve_lightgbm",
]

OWN_OBJECTIVES = {"binary", "multiclass", "softmax", "cross_entropy", "xentropy"}
FORESTS = ("rf", "random_forest")
GPU_LEARNERS = {"cuda": "LightGBM's CUDA learner", "gpu": "LightGBM's OpenCL learner"}


def resolve_lightgbm(student: Any, loss: Any) -> Adapter:
    """Return the adapter for a LightGBM learner, by its kind, its settings and the loss."""
    if isinstance(student, lightgbm.LGBMRegressor):
        asks_entropy = loss == "cross_entropy" or isinstance(loss, CrossEntropy)
        asks_entropy = asks_entropy and not redefines(student, "lightgbm", "fit", "predict")
        return LightGBMAdapter(student) if asks_entropy else LightGBMRegression(student)
    if not isinstance(student, lightgbm.LGBMClassifier):
        raise StudentError(
            f"student must be an LGBMClassifier or an LGBMRegressor, got {type(student).__name__}."
        )
    return LightGBMReplication(student) if _needs_copies(student) else LightGBMAdapter(student)


def _has_own_methods(student: Any) -> bool:
    return redefines(student, "lightgbm", "fit", "predict_proba")


def _needs_copies(student: Any) -> bool:
    """Whether LightGBM takes no objective of one's own with these settings, or a subclass may not.

    The route relies on `fit` minding objective and start score, and on the booster predicting.
    """
    if _has_own_methods(student):
        return True
    return setting(student, "boosting") in FORESTS or setting(student, "linear_tree") is True


def _check_settings(student: Any) -> None:
    """Raise StudentError for settings that would be ignored, or fail after the teacher's fits."""
    if setting(student, "early_stopping_round") is not None:
        raise StudentError(
            "early_stopping_round needs an evaluation set, which the student is not given: leave "
            "it unset and choose n_estimators."
        )
    if setting(student, "pred_early_stop") not in (False, None):
        raise StudentError(
            "pred_early_stop cuts predictions short in the estimator, and not in the booster that "
            "is saved: the two would differ. Leave it unset; booster_.predict takes it as well."
        )
    if isinstance(student, lightgbm.LGBMRegressor):
        return
    for name, neutral in (("is_unbalance", False), ("scale_pos_weight", 1.0)):
        value = setting(student, name)
        if value not in (neutral, None):
            raise StudentError(
                f"{name}={value!r} has no effect on soft targets: use class_weight='balanced' or a "
                "dict."
            )


def check_regressor(student: Any) -> None:
    """Raise StudentError for settings of a regressor that cannot be honoured on pseudo-targets."""
    _check_settings(student)
    for name in ("class_weight", "reg_sqrt"):
        value = student.get_params().get(name)
        if value:
            raise StudentError(
                f"{name}={value!r} has no meaning for a regressor on pseudo-targets: leave it "
                "unset, or use LGBMClassifier."
            )


class LightGBMDevice(Adapter):
    """LightGBM learners name their device by a parameter."""

    def gpu_obstacle(self) -> str | None:
        """Return why the installed LightGBM cannot use a GPU here, None if it can."""
        return gpu_learner()[1]

    def on_gpu(self) -> Adapter:
        """Return the adapter of the same student with its `device_type` set."""
        return type(self)(clone(self.student).set_params(device_type=gpu_learner()[0]))

    def where(self, what: str) -> str:
        """Return the end of the route's reason: the learner on the GPU, and what runs where."""
        learner = GPU_LEARNERS.get(setting(self.student, "device_type"))
        return "" if learner is None else f"; by {learner}, {what}"


@cache
def gpu_learner() -> tuple[str | None, str | None]:
    """Return the `device_type` by which the installed LightGBM fits on a GPU, and why it does not.

    Found out by a fit of a few rows: the CUDA build first, then the OpenCL learner of the stock
    wheel. One of the two returned is None.
    """
    reasons = []
    for device, name in GPU_LEARNERS.items():
        params = {"device_type": device, "num_leaves": 2, "min_data_in_leaf": 1, "verbosity": -1}
        rows = lightgbm.Dataset(np.arange(32.0).reshape(16, 2), np.arange(16.0))
        try:
            lightgbm.train(params, rows, 1)
        except lightgbm.basic.LightGBMError as error:
            reasons.append(f"{name}: {str(error).splitlines()[0].rstrip('.')}")
        else:
            return device, None
    return None, (
        f"the installed LightGBM {lightgbm.__version__} fits on no GPU here "
        f"({'; '.join(reasons)}). A CUDA build comes from: "
        "pip install --no-binary lightgbm lightgbm "
        "--config-settings=cmake.define.USE_CUDA=ON"
    )


class LightGBMRegression(LightGBMDevice, RegressionAdapter):
    """A LightGBM regressor on pseudo-targets: its own L2 objective, native on every device."""

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        inner = super().route
        return Route(inner.name, inner.reason + self.where("where its own objective runs"))

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the loss or a setting cannot be honoured."""
        super().check(loss, n_rows, weighted=weighted)
        check_regressor(self.student)


class LightGBMReplication(LightGBMDevice, ReplicationAdapter):
    """A LightGBM classifier that takes no objective of one's own, on weighted copies."""

    def __init__(self, student: Any) -> None:
        which = "LightGBM's forests and linear trees take"
        if _has_own_methods(student):
            which = (
                f"{type(student).__name__} redefines what LightGBM does in fit or predict: it takes"
            )
        super().__init__(
            student,
            f"{which} no objective of one's own: each row becomes one weighted copy per class of "
            "positive target",
        )

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the loss or a setting cannot be honoured."""
        super().check(loss, n_rows, weighted=weighted)
        _check_settings(self.student)


class LightGBMAdapter(LightGBMDevice):
    """A LightGBM learner on the soft-target cross-entropy, by an objective of our own."""

    default_loss = "cross_entropy"

    @property
    def grows(self) -> bool:
        """Whether a soft target makes it larger than the labels would: it may."""
        return True

    @property
    def route(self) -> Route:
        """The route taken, and why."""
        return Route(
            "native",
            f"{type(self.student).__name__} is boosted on the gradient of the soft-target "
            "cross-entropy" + self.where("which gets the gradients of each round from the CPU"),
        )

    def check(self, loss: Loss, n_rows: int, *, weighted: bool) -> None:
        """Raise StudentError if the loss or a setting cannot be honoured by our objective."""
        if not isinstance(loss, Brier | CrossEntropy) or (
            isinstance(loss, Brier) and not self._is_classifier
        ):
            raise StudentError(
                f"loss={loss.name!r} cannot be minimised by {type(self.student).__name__}: use "
                "loss='cross_entropy', or LGBMRegressor with loss='brier' or 'logit'."
            )
        name = type(self.student).__name__
        objective = setting(self.student, "objective")
        # By another name it would stay beside ours, and win.
        is_own = isinstance(objective, str) and objective in OWN_OBJECTIVES
        if objective is not None and not (is_own and objective == self.student.objective):
            raise StudentError(
                f"objective={objective!r} of {name} would be replaced by the soft-target "
                "cross-entropy: leave it unset, or use LGBMRegressor with loss='brier' for the "
                "squared error."
            )
        sigmoid = setting(self.student, "sigmoid")
        if sigmoid not in (None, 1.0):
            raise StudentError(
                f"sigmoid={sigmoid!r} of {name} is no part of the soft-target cross-entropy: leave "
                "it unset, or set temperature."
            )
        if _needs_copies(self.student):  # of a regressor: a classifier would be given copies
            raise StudentError(
                f"LightGBM's forests and linear trees take no objective of one's own, and {name} "
                "no weighted copies: use LGBMClassifier, or loss='brier'."
            )
        _check_settings(self.student)
        check_class_weight(self.student.class_weight)

    @property
    def _is_classifier(self) -> bool:
        return isinstance(self.student, lightgbm.LGBMClassifier)

    def with_bounded_steps(self) -> Adapter | None:
        """Return the adapter with `max_delta_step` set; None if it is, or if a regressor's are."""
        if not self._is_classifier or setting(self.student, "max_delta_step"):
            return None
        return type(self)(clone(self.student).set_params(max_delta_step=LONGEST_STEP))

    def runs_away(self, fitted: Fitted) -> bool:
        """Whether a leaf of the fitted classifier went further than the bound."""
        return longest_step(fitted.model.booster_) > LONGEST_STEP

    def fit(self, problem: Problem) -> Fitted:
        """Fit on the labels themselves where nothing soft is left, else by our objective."""
        return self.fit_shared(problem, None)

    def fit_many(self, problems: Sequence[Problem]) -> list[Fitted]:
        """Fit one student per problem, each the very one of `fit`, on rows binned once."""
        shared = SharedRows() if self._may_share(problems) else None
        return [self.fit_shared(problem, shared) for problem in problems]

    def _may_share(self, problems: Sequence[Problem]) -> bool:
        """Whether LightGBM's own `fit` on the CPU, without further parameters, is all there is."""
        return (
            len(problems) > 1
            and len({id(problem.direct) for problem in problems}) == 1  # one bound
            and type(self.student) in (lightgbm.LGBMClassifier, lightgbm.LGBMRegressor)
            and setting(self.student, "device_type") in (None, "cpu")
            # Runs of dart differ among themselves, by an uninitialised flag of LightGBM's: that
            # sharing changes nothing cannot be shown.
            and setting(self.student, "boosting") != "dart"
            # LightGBM takes it for a change of the binned rows.
            and setting(self.student, "categorical_feature") is None
            and not any(problem.params for problem in problems)
        )

    def fit_shared(self, problem: Problem, shared: SharedRows | None) -> Fitted:
        """Fit on rows that are binned, if there are some, and leave in `shared` what others use."""
        check_class_weight(self.student.class_weight, problem.classes)
        temperature = getattr(problem.loss, "temperature", 1.0)
        if problem.is_hard and temperature == 1.0 and self._is_classifier:
            return self.fit_labels(problem)
        objective = soft_objective(problem, self.student.class_weight, temperature)
        start = objective.start() * bool(self.student.get_params().get("boost_from_average", True))
        init_score = np.array(np.broadcast_to(start, objective.target.shape))
        try:
            if shared is None or shared.template is None:
                model = self.fit_estimator(problem, objective, init_score, shared)
            else:
                model = shared.fit(objective, init_score)
        except lightgbm.basic.LightGBMError as error:
            if "num_features" in str(error):
                return self._fit_without_features(problem)
            raise StudentError(f"LightGBM could not fit the student: {error}") from error
        n_classes = len(problem.classes)
        name = "binary" if n_classes == 2 else "multiclass"
        booster = _self_contained(model.booster_, np.atleast_1d(start), n_classes)
        adopt_booster(model, booster, name if self._is_classifier else "regression")
        return Fitted(model, None if self._is_classifier else Decoder(Brier()))

    def fit_estimator(
        self, problem: Problem, objective: Any, init_score: Floats, shared: SharedRows | None
    ) -> Any:
        """Return a clone fitted by LightGBM's own `fit`; leave in `shared` what others can use."""
        model = clone(self.student)
        given = model.get_params()
        model.set_params(objective=objective, class_weight=None)
        labels: Any = problem.labels
        if not self._is_classifier:
            labels = problem.codes.astype(np.float64)
            if len(problem.classes) > 2:
                model.set_params(num_class=len(problem.classes), metric="multi_logloss")
        own = [] if shared is None else [shared]
        rounds = booster_rounds(model, problem.direct)
        if rounds is not None:
            model.set_params(**booster_settings(model, rounds))
            if setting(model, "device_type") in (None, "cpu"):  # elsewhere it is not tried
                own.append(leaves_by_round(rounds, given["num_leaves"]))
        keywords = dict(problem.params)
        keywords["callbacks"] = [*(keywords.get("callbacks") or ()), *own]
        model.fit(problem.X, labels, init_score=init_score, **keywords)
        restore_settings(model, given)
        if shared is not None:
            shared.keep(model, own[1:])
        return model

    def _fit_without_features(self, problem: Problem) -> Fitted:
        """Fit a constant: no feature can be split (all constant, or too few rows for two leaves).

        LightGBM's own objectives then return their start score, while a custom one fails.
        """
        if self._is_classifier:
            return ReplicationAdapter(self.student).fit(problem)
        return RegressionAdapter(self.student).fit(replace(problem, loss=Brier()))


def _self_contained(booster: Any, start: Floats, n_classes: int) -> Any:
    """Return a booster that carries its start score and the name of its objective.

    The first tree of each class takes the start score into its leaves, as LightGBM's own objectives
    do; the header line makes a reloaded text predict probabilities.
    """
    n_leaves = leaf_counts(booster.model_to_string(num_iteration=1))
    for tree, (n, shift) in enumerate(zip(n_leaves, start, strict=True)):
        for leaf in range(n):
            value = booster.get_leaf_output(tree, leaf)
            booster.set_leaf_output(tree, leaf, value + float(shift))
    kind = "binary" if n_classes == 2 else "multiclass"
    name = f"{kind} {'sigmoid:1' if n_classes == 2 else f'num_class:{n_classes}'}"
    text = booster.model_to_string(num_iteration=-1)
    header, trees = text.split("\nfeature_names=", 1)
    kept = [line for line in header.split("\n") if not line.startswith("objective=")]
    trees = trees.replace("\n[objective: custom]\n", f"\n[objective: {kind}]\n")
    return booster_of("\n".join([*kept, f"objective={name}"]) + "\nfeature_names=" + trees)
