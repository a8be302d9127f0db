"""What was observed of rows, what is said of them, and how the two are compared: by task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.estimates import row_mean
from skdistill._ground.metrics import FLOOR, brier_scale, row_log_loss
from skdistill._ground.outcomes import Classes, Numbers, Outcome
from skdistill._ground.quantities import as_quantities, check_finite
from skdistill.choosing.numeric_scoring import numeric_headlines
from skdistill.choosing.scoring import headline_rows
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection import _numbers, _scores
from skdistill.inspection._words import Words, class_words, number_words
from skdistill.targets.numeric import NumericLoss
from skdistill.teaching.calibration import calibrate_unseen
from skdistill.teaching.numeric_calibration import calibrate_numbers_unseen

__all__ = ["Measure", "OfClasses", "OfNumbers"]

Floats = NDArray[np.float64]
Weight = Floats | None


class Measure(ABC):
    """Judges what is said of rows, in the C columns of an outcome."""

    outcome: Outcome

    @property
    @abstractmethod
    def words(self) -> Words:
        """What the scores are called."""

    @property
    @abstractmethod
    def parts(self) -> list[Any]:
        """What the columns are called: the classes, or the outputs."""

    @property
    @abstractmethod
    def level(self) -> float | None:
        """Which quantile is said; None for what is no quantile."""

    @property
    @abstractmethod
    def mirrored(self) -> bool:
        """Whether there are two columns, each with what the other lacks."""

    @abstractmethod
    def observe(self, y: Any) -> Floats:
        """Return what was observed as columns, shape (n, C), or raise InputError."""

    @abstractmethod
    def labels(self, columns: Floats) -> NDArray[Any]:
        """Return what was observed as it is given, from its columns."""

    @abstractmethod
    def ask(self, model: Any, X: Any) -> Floats:
        """Return what a fitted model says, shape (n, C), or raise ParameterError."""

    @abstractmethod
    def constant(self, y: Floats, weight: Weight) -> Floats:
        """Return what is best said of all rows alike, shape (C,)."""

    @abstractmethod
    def scores(self, y: Floats, said: Floats, weight: Weight = None) -> dict[str, float]:
        """Return the scores that `words` names."""

    @abstractmethod
    def row_losses(self, y: Floats, said: Floats, weight: Weight = None) -> Floats:
        """Return the loss of each row, shape (n,), of which the headline is the mean."""

    @abstractmethod
    def fold_losses(self, y: Floats, said: Floats, weight: Weight = None) -> Floats:
        """Return the values of rows of which the score that folds are compared by is the mean."""

    @abstractmethod
    def headline_rows(self, y: Floats, said: Floats, weight: Weight = None) -> dict[str, Floats]:
        """Return values of rows whose means are what reports put first; lower is better."""

    @abstractmethod
    def fidelity(self, taught: Floats, said: Floats, weight: Weight = None) -> dict[str, float]:
        """Return how well a student keeps to its teacher."""

    @abstractmethod
    def part_scores(
        self, y: Floats, said: Floats, weight: Weight = None
    ) -> dict[str, NDArray[Any]]:
        """Return figures of each column, each of shape (C,)."""

    @abstractmethod
    def part_fidelity(
        self, taught: Floats, said: Floats, weight: Weight = None
    ) -> Mapping[str, NDArray[Any]]:
        """Return how well a student keeps to its teacher in each column, each of shape (C,)."""

    @abstractmethod
    def calibrate_unseen(
        self, method: str, y: Floats, said: Floats, test: NDArray[np.bool_], weight: Weight
    ) -> Floats:
        """Calibrate what was said of the rows of `test` by a map fitted on the others."""

    @abstractmethod
    def lead(self, shrinkage: Mapping[str, Any]) -> float:
        """Return by how much the teacher led where ``strength="auto"`` was found."""

    def residual(self, y: Floats, said: Floats) -> Floats:
        """Return what has a mean of zero wherever the right things are said, shape (n, C)."""
        return y - said

    def check(self, values: Any, n_rows: int, name: str) -> Floats:
        """Return what was said as columns, shape (n, C), or raise InputError."""
        return self.outcome.check(values, n_rows, name)

    def by_part(self, columns: Mapping[str, NDArray[Any]]) -> dict[Any, dict[str, Any]]:
        """Return figures of each column by its name."""
        return {
            part: {name: values[k].item() for name, values in columns.items()}
            for k, part in enumerate(self.parts)
        }

    def fold_scores(
        self, y: Floats, said: Floats, weight: Weight, fold: NDArray[Any]
    ) -> dict[int, dict[str, float]]:
        """Return the scores of each fold, and the standard error of what folds are compared by.

        Rows of fold -1 are in none.
        """
        found = {}
        for number in np.unique(fold[fold >= 0]).tolist():
            own = fold == number
            w = None if weight is None else weight[own]
            error = row_mean(self.fold_losses(y[own], said[own], w), w).error
            spread = {f"{self.words.of_folds}_error": np.nan if error is None else error}
            found[number] = self.scores(y[own], said[own], w) | spread
        return found


@dataclass(frozen=True)
class OfClasses(Measure):
    """Probabilities against labels.

    Attributes
    ----------
    outcome : Classes
        The classes.
    floor : float
        The log-loss counts smaller probabilities as this.
    """

    outcome: Classes
    floor: float = FLOOR

    @cached_property
    def words(self) -> Words:
        """What it is called."""
        return class_words(self.floor)

    @property
    def parts(self) -> list[Any]:
        """The classes."""
        return list(self.outcome.names.tolist())

    @property
    def level(self) -> float | None:
        """None."""
        return None

    @property
    def mirrored(self) -> bool:
        """Whether there are two classes."""
        return self.outcome.n_columns == 2

    def observe(self, y: Any) -> Floats:
        """Return one-hot labels."""
        return _scores.one_hot_labels(y, self.outcome.names)

    def labels(self, columns: Floats) -> NDArray[Any]:
        """Return the class of each row."""
        return self.outcome.names[columns.argmax(axis=1)]

    def ask(self, model: Any, X: Any) -> Floats:
        """Return probabilities."""
        return _scores.probabilities(model, X, self.outcome.names)

    def constant(self, y: Floats, weight: Weight) -> Floats:
        """Return the frequencies of the classes."""
        return np.asarray(np.average(y, axis=0, weights=weight))

    def scores(self, y: Floats, said: Floats, weight: Weight = None) -> dict[str, float]:
        """Return accuracy, log-loss, AUC, Brier score and calibration error."""
        return _scores.scores(y, said, weight, self.floor)

    def row_losses(self, y: Floats, said: Floats, weight: Weight = None) -> Floats:
        """Return the log-loss."""
        return np.asarray(row_log_loss(y, said, self.floor))

    def fold_losses(self, y: Floats, said: Floats, weight: Weight = None) -> Floats:
        """Return the Brier score."""
        return np.asarray(brier_scale(y.shape[1]) * np.sum((y - said) ** 2, axis=1))

    def headline_rows(self, y: Floats, said: Floats, weight: Weight = None) -> dict[str, Floats]:
        """Return log-loss, Brier score, and below zero accuracy and AUC."""
        return headline_rows(y, said, weight)

    def fidelity(self, taught: Floats, said: Floats, weight: Weight = None) -> dict[str, float]:
        """Return divergence, agreement and R2 of the log-odds."""
        return _scores.fidelity_scores(taught, said, weight, self.floor)

    def part_scores(
        self, y: Floats, said: Floats, weight: Weight = None
    ) -> dict[str, NDArray[Any]]:
        """Return figures of each class against the rest."""
        return _scores.class_scores(y, said, weight)

    def part_fidelity(
        self, taught: Floats, said: Floats, weight: Weight = None
    ) -> Mapping[str, NDArray[Any]]:
        """Return the fidelity of each class against the rest."""
        return _scores.class_fidelity(taught, said, weight, self.floor)

    def calibrate_unseen(
        self, method: str, y: Floats, said: Floats, test: NDArray[np.bool_], weight: Weight
    ) -> Floats:
        """Calibrate probabilities."""
        return np.asarray(calibrate_unseen(method, y, said, test, weight))

    def lead(self, shrinkage: Mapping[str, Any]) -> float:
        """Return the lead in Brier score."""
        return float(brier_scale(self.outcome.n_columns) * shrinkage["brier"]["excess"])


@dataclass(frozen=True)
class OfNumbers(Measure):
    """Predictions against numbers.

    Attributes
    ----------
    outcome : Numbers
        How many there are.
    loss : NumericLoss
        What the student minimises.
    """

    outcome: Numbers
    loss: NumericLoss

    @cached_property
    def words(self) -> Words:
        """What it is called."""
        return number_words(self.loss)

    @property
    def parts(self) -> list[Any]:
        """The numbers of the outputs; "y" for the only one."""
        return ["y"] if self.outcome.n_columns == 1 else list(range(self.outcome.n_columns))

    @property
    def level(self) -> float | None:
        """Of the quantile that the loss is that of."""
        return self.loss.level

    @property
    def mirrored(self) -> bool:
        """Never."""
        return False

    def observe(self, y: Any) -> Floats:
        """Return the numbers as columns."""
        values = as_quantities(y)
        check_finite(values, np.arange(len(values)))
        columns = self.outcome.encode(values)
        if columns.shape[1] != self.outcome.n_columns:
            raise InputError(
                f"y must have {self.outcome.n_columns} column(s), as in the fit, got "
                f"{columns.shape[1]}."
            )
        outside = self.loss.cut(columns)[1]
        if outside.any():
            row = int(np.flatnonzero(outside)[0])
            raise InputError(
                f"y must be what the loss {self.loss!r} is defined for, got "
                f"{columns[row].tolist()} in row {row}: correct or leave out such rows."
            )
        return columns

    def labels(self, columns: Floats) -> NDArray[Any]:
        """Return the numbers in the shape of y."""
        return self.outcome.stand_in(columns)

    def ask(self, model: Any, X: Any) -> Floats:
        """Return predictions."""
        if len(getattr(model, "classes_", ())) or not hasattr(model, "predict"):
            raise ParameterError(
                f"expected a fitted regressor with predict, got {type(model).__name__}: pass one, "
                "or its predictions where they are taken."
            )
        return np.asarray(self.outcome.ask(model, X), dtype=np.float64)

    def constant(self, y: Floats, weight: Weight) -> Floats:
        """Return the mean, or the quantile."""
        return np.asarray(self.loss.mean_level(y, weight))

    def scores(self, y: Floats, said: Floats, weight: Weight = None) -> dict[str, float]:
        """Return R2, RMSE, MAE, the loss, the slope of calibration, and the coverage."""
        return _numbers.number_scores(self.loss, y, said, weight)

    def row_losses(self, y: Floats, said: Floats, weight: Weight = None) -> Floats:
        """Return the loss."""
        return _numbers.number_losses(self.loss, y, said, weight)

    def fold_losses(self, y: Floats, said: Floats, weight: Weight = None) -> Floats:
        """Return the loss."""
        return self.row_losses(y, said, weight)

    def headline_rows(self, y: Floats, said: Floats, weight: Weight = None) -> dict[str, Floats]:
        """Return squared and absolute error."""
        return numeric_headlines(y, said, weight)

    def fidelity(self, taught: Floats, said: Floats, weight: Weight = None) -> dict[str, float]:
        """Return R2 and RMSE against the teacher, the mean over outputs."""
        found = _numbers.fidelity_of_numbers(taught, said, weight)
        return {name: float(np.mean(values)) for name, values in found.items()}

    def part_scores(
        self, y: Floats, said: Floats, weight: Weight = None
    ) -> dict[str, NDArray[Any]]:
        """Return figures of each output."""
        return _numbers.output_scores(self.loss, y, said, weight)

    def part_fidelity(
        self, taught: Floats, said: Floats, weight: Weight = None
    ) -> Mapping[str, NDArray[Any]]:
        """Return the fidelity of each output."""
        return _numbers.fidelity_of_numbers(taught, said, weight)

    def calibrate_unseen(
        self, method: str, y: Floats, said: Floats, test: NDArray[np.bool_], weight: Weight
    ) -> Floats:
        """Calibrate numbers."""
        domain = {"lower": self.loss.lower, "level": self.loss.level}
        return calibrate_numbers_unseen(method, y, said, test, weight, **domain)

    def lead(self, shrinkage: Mapping[str, Any]) -> float:
        """Return the lead in the loss; all readings have the same."""
        readings = (each for each in shrinkage.values() if isinstance(each, Mapping))
        return float(next(readings)["excess"])

    def residual(self, y: Floats, said: Floats) -> Floats:
        """Return the difference; of a quantile, which rows are above it, less their share."""
        return y - said if self.level is None else (y > said) - (1.0 - self.level)
