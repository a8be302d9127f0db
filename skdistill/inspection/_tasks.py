"""The two tasks as reports see them: what differs, in one record each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from skdistill._ground.learners import kind_of
from skdistill._ground.metrics import FLOOR
from skdistill._ground.outcomes import Classes, Numbers
from skdistill._ground.quantities import as_quantities, as_rates, check_finite
from skdistill._ground.validation import as_labels, check_number, check_weights, is_estimator
from skdistill.estimators.classifier import DistilledClassifier
from skdistill.estimators.classifier_cv import DistilledClassifierCV
from skdistill.estimators.regressor import DistilledRegressor
from skdistill.estimators.regressor_cv import DistilledRegressorCV
from skdistill.estimators.tasks import CLASSIFICATION, REGRESSION, Task
from skdistill.exceptions import ParameterError, StudentError
from skdistill.inspection._measures import Measure, OfClasses, OfNumbers
from skdistill.inspection._words import Words, class_words, number_words
from skdistill.students import DirectRegressor, DirectStudent, resolve_regressor
from skdistill.targets.numeric import NumericLoss
from skdistill.targets.numeric_losses import Quantile, SquaredError

__all__ = ["SIDES", "Side", "check_floor", "measure_of_arrays", "side_of"]


@dataclass(frozen=True)
class Side:
    """What reports must know of a task, beside what its estimators do.

    Attributes
    ----------
    task : Task
        That of the estimators.
    single, search : type
        The estimator of one fit, and the one that chooses.
    direct : type
        The student trained directly, made of an adapter.
    calibration : str
        That of the estimators by default.
    splitter : type
        What holds out a random part of the rows.
    read : callable
        Checks what was observed of rows, and returns it as it is given to fits.
    judged_by : callable
        From an estimator and a floor: what else `measure` takes.
    measure : callable
        From a fitted model, what was observed, and `judged_by`: the `Measure`.
    words : callable
        From `judged_by`: what its scores are called.
    """

    task: Task
    single: type
    search: type
    direct: Callable[[Any], Any]
    calibration: str
    splitter: type
    read: Callable[[Any], NDArray[Any]]
    judged_by: Callable[[Any, Any], dict[str, Any]]
    measure: Callable[..., Measure]
    words: Callable[..., Words]

    @property
    def suffix(self) -> str:
        """Of the fitted attributes that hold what was said of rows."""
        return self.task.suffix

    def said(self, estimator: Any, whose: str) -> NDArray[Any]:
        """Return what was said of the rows of a fit, as columns, shape (n, C)."""
        values = np.asarray(getattr(estimator, f"{whose}_{self.suffix}_"))
        return values[:, None] if values.ndim == 1 else values

    def beside(self, exposure: Any) -> dict[str, Any]:
        """Return the exposure by its name, where the task knows any."""
        return dict.fromkeys(self.task.beside, exposure)

    def rows(
        self, estimator: Any, y: Any, sample_weight: Any, exposure: Any
    ) -> tuple[NDArray[Any], Any]:
        """Return what was observed of rows, per unit of an exposure, and their weights.

        Raises
        ------
        ParameterError
            If there is an exposure of classes, or of a quantile.
        InputError
            If what was observed, or the exposure, cannot be used.
        """
        labels = self.read(y)
        if exposure is None:
            return labels, sample_weight
        self.check_exposure(estimator)
        return as_rates(labels, exposure, check_weights(sample_weight, len(labels)))

    def measure_of(self, estimator: Any, y: Any, floor: Any = FLOOR) -> Measure:
        """Return who judges a fitted distiller on rows."""
        return self.measure(estimator, y, **self.judged_by(estimator, floor))

    def check_exposure(self, estimator: Any) -> None:
        """Raise ParameterError where an exposure has no meaning: of classes, and of a quantile."""
        if "exposure" not in self.task.beside:
            raise ParameterError("exposure= is that of totals: leave it out for classes.")
        loss = self.judged_by(estimator, FLOOR)["loss"]
        if loss.level is not None:
            raise ParameterError(
                f"exposure has no meaning for loss {loss!r}: a quantile of rates depends on how "
                "long each was observed. Use a student of a mean, or leave out the exposure."
            )


def check_floor(floor: Any) -> float:
    """Return the floor of probabilities, or raise ParameterError: it must be in (0, 0.5)."""
    return check_number("floor", floor, low=0.0, high=0.5, low_open=True, high_open=True)


def measure_of_arrays(
    said: Any, classes: Any, floor: Any = FLOOR, level: float | None = None
) -> Measure:
    """Return who judges arrays: of shape (n,) they are numbers, of (n, K) probabilities.

    Raises
    ------
    ParameterError
        If a parameter has no effect on them, or is out of range.
    """
    if np.ndim(said) == 1:
        if classes is not None:
            raise ParameterError(
                "classes= name the columns of probabilities of shape (n, K), got numbers of shape "
                "(n,): leave them out."
            )
        loss: NumericLoss = SquaredError() if level is None else Quantile(level)
        _refuse_floor(floor)
        return OfNumbers(Numbers(), loss)
    if level is not None:
        raise ParameterError(
            f"level={level!r} is that of predictions of shape (n,), got probabilities: leave it "
            "out."
        )
    return OfClasses(Classes(np.asarray(classes)), check_floor(floor))


def _floor_of(estimator: Any, floor: Any) -> dict[str, Any]:
    return {"floor": check_floor(floor)}


def _read_labels(y: Any) -> NDArray[Any]:
    return as_labels(y, warn=False)


def _measure_classes(model: Any, y: Any, *, floor: float) -> Measure:
    return OfClasses(Classes(np.asarray(model.classes_)), floor)


def _read_numbers(y: Any) -> NDArray[Any]:
    values = as_quantities(y)
    check_finite(values, np.arange(len(values)))
    return values


def _loss_of(estimator: Any, floor: Any) -> dict[str, Any]:
    _refuse_floor(floor)
    return {"loss": _own_loss(estimator)}


def _refuse_floor(floor: Any) -> None:
    if floor != FLOOR:
        raise ParameterError(
            f"floor={floor!r} has no effect on numbers: it is that of probabilities. Leave it out."
        )


def _own_loss(estimator: Any) -> NumericLoss:
    """Return what the student of a distiller minimises, or a plain regressor as far as known."""
    if not isinstance(estimator, DistilledRegressor | DistilledRegressorCV):
        try:
            return resolve_regressor(estimator).default_loss
        except StudentError:
            return SquaredError()
    chosen = getattr(estimator, "best_params_", None) or estimator.get_params(deep=False)
    loss = chosen.get("loss", "auto")
    if loss == "auto":
        return resolve_regressor(REGRESSION.as_student(chosen["student"])).default_loss
    return REGRESSION.rules.resolve_loss(loss)


def _measure_numbers(model: Any, y: Any, *, loss: NumericLoss) -> Measure:
    several = np.ndim(y) == 2 and np.shape(y)[1] > 1
    return OfNumbers(Numbers(np.shape(y)[1], flat=False) if several else Numbers(), loss)


SIDES = (
    Side(
        task=CLASSIFICATION,
        single=DistilledClassifier,
        search=DistilledClassifierCV,
        direct=DirectStudent,
        calibration="sigmoid",
        splitter=StratifiedShuffleSplit,
        read=_read_labels,
        judged_by=_floor_of,
        measure=_measure_classes,
        words=class_words,
    ),
    Side(
        task=REGRESSION,
        single=DistilledRegressor,
        search=DistilledRegressorCV,
        direct=DirectRegressor,
        calibration="linear",
        splitter=ShuffleSplit,
        read=_read_numbers,
        judged_by=_loss_of,
        measure=_measure_numbers,
        words=number_words,
    ),
)


def side_of(model: Any) -> Side:
    """Return the task of a distiller, or of any model; what is no regressor is for classes."""
    return SIDES[is_estimator(model) and kind_of(model) == "regressor"]
