"""What y is, and what a teacher is asked about it: `Classes`, or `Numbers`.

Everything that is said of a row has one number per column: a class's probability, or an output's
value. So the stages of a fit take both alike, and ask an outcome for what differs.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.answers import class_probabilities, predictions
from skdistill._ground.arrays import one_hot
from skdistill._ground.quantities import check_quantities
from skdistill._ground.validation import check_probabilities
from skdistill._ground.wrapping import fit_labelled

__all__ = ["Classes", "Numbers", "Outcome", "draw_codes"]

Floats = NDArray[np.float64]

SEEN, HARD = 0.002, 0.05  # shares that are wrong: of what has seen what was observed, of others
# Residuals of numbers that have seen: how much like a student's, and how often in them, at least.
LIKE_AND_SMALL = ((0.7, 1.5), (0.35, 2.2))


class Outcome(ABC):
    """What there is to predict of a row, in C columns."""

    said: ClassVar[str]  # what a teacher says of rows, in a message
    method: ClassVar[str]  # of the learner, that says it
    given: ClassVar[str]  # the parameter of a fit that stands for a teacher
    of_all: ClassVar[str]  # what `wrong` is a share of

    @property
    @abstractmethod
    def classes(self) -> NDArray[Any]:
        """Sorted classes, shape (K,); of numbers there are none."""

    @property
    @abstractmethod
    def n_columns(self) -> int:
        """C: numbers per row."""

    @abstractmethod
    def encode(self, y: NDArray[Any]) -> Floats:
        """Return what was observed of n rows as columns, shape (n, C)."""

    @abstractmethod
    def fit(self, model: Any, X: Any, y: NDArray[Any], **keywords: Any) -> Any:
        """Fit a learner to what was observed and return it, fitted (wrapped, where it must be)."""

    @abstractmethod
    def ask(self, model: Any, X: Any) -> NDArray[Any]:
        """Return what a fitted learner says of n rows, shape (n, C)."""

    @abstractmethod
    def check(
        self,
        values: Any,
        n_rows: int,
        name: str,
        remedy: str = "",
        numbers: NDArray[np.int64] | None = None,
    ) -> Floats:
        """Return what was said of `n_rows` rows as numbers (n, C); InputError if it cannot be.

        `numbers` are those of the rows, to be named in a message.
        """

    @abstractmethod
    def stand_in(self, values: Floats) -> NDArray[Any]:
        """Return what stands for the labels of rows that have none, by what was said of them."""

    @abstractmethod
    def wrong(self, columns: Floats, values: Floats) -> float:
        """Return the share of what was observed that was said wrongly, in [0, 1] or above."""

    def suspicion(self, columns: Floats, said: Floats, student: Floats) -> str | None:
        """Return what looks as if something said had seen what was observed; None if nothing.

        Parameters
        ----------
        columns, said, student : array of shape (n, C)
            What was observed, what is suspected, and what a student said out of fold.
        """
        wrong, hard = (self.wrong(columns, each) for each in (said, student))
        if wrong > SEEN or hard < HARD:
            return None
        return (
            f"is wrong about {wrong:.2%} of the {self.of_all}, and the student trained directly "
            f"about {hard:.1%} out of fold"
        )

    @abstractmethod
    def guess(self, columns: Floats) -> Floats:
        """Return something to be said of rows, to try a scorer with: no two rows are alike."""

    @abstractmethod
    def absent(self, columns: Floats) -> list[Any]:
        """Return the classes that none of the rows observed has."""

    @abstractmethod
    def example(self) -> tuple[Floats, Floats]:
        """Return something observed and something else said of the same rows, shape (m, C)."""


@dataclass(frozen=True, eq=False)
class Classes(Outcome):
    """One of K classes; a teacher gives their probabilities.

    Attributes
    ----------
    names : array of shape (K,)
        The classes, sorted.
    """

    names: NDArray[Any]
    said: ClassVar[str] = "probabilities"
    method: ClassVar[str] = "predict_proba"
    given: ClassVar[str] = "teacher_proba"
    of_all: ClassVar[str] = "labels"

    @property
    def classes(self) -> NDArray[Any]:
        """Sorted classes, shape (K,)."""
        return self.names

    @property
    def n_columns(self) -> int:
        """How many classes there are."""
        return len(self.names)

    def encode(self, y: NDArray[Any]) -> Floats:
        """Return one-hot labels."""
        return np.asarray(one_hot(np.searchsorted(self.names, y), len(self.names), np.empty(0)))

    def fit(self, model: Any, X: Any, y: NDArray[Any], **keywords: Any) -> Any:
        """Fit a classifier to labels of any kind (`fit_labelled`)."""
        return fit_labelled(model, X, y, **keywords)

    def ask(self, model: Any, X: Any) -> NDArray[Any]:
        """Return probabilities, columns in the order of the classes."""
        return class_probabilities(model, X, self.names)

    def check(
        self,
        values: Any,
        n_rows: int,
        name: str,
        remedy: str = "",
        numbers: NDArray[np.int64] | None = None,
    ) -> Floats:
        """Return probabilities whose rows sum to one."""
        checked = check_probabilities(values, n_rows, self.names, name, remedy, numbers)
        return checked.astype(np.float64)

    def stand_in(self, values: Floats) -> NDArray[Any]:
        """Return a class per row, drawn by its probabilities."""
        return self.names[draw_codes(values)]

    def wrong(self, columns: Floats, values: Floats) -> float:
        """Return the share of rows whose most probable class is not theirs."""
        return float(np.mean(np.argmax(values, axis=1) != np.argmax(columns, axis=1)))

    def guess(self, columns: Floats) -> Floats:
        """Return probabilities that are drawn."""
        return np.random.default_rng(0).dirichlet(np.ones(len(self.names)), len(columns))

    def absent(self, columns: Floats) -> list[Any]:
        """Return the classes that none of the rows observed has."""
        return list(self.names[~columns.any(axis=0)].tolist())

    def example(self) -> tuple[Floats, Floats]:
        """Return a row of each class, and probabilities that favour another."""
        y = np.eye(len(self.names))
        return y, 0.7 * y[::-1] + 0.3 / len(y)


@dataclass(frozen=True)
class Numbers(Outcome):
    """Numbers, one or several per row; a teacher predicts them.

    Attributes
    ----------
    n_columns : int
        How many.
    flat : bool
        Whether what was observed is of shape (n,), as one output usually is.
    """

    n_columns: int = 1
    flat: bool = True
    said: ClassVar[str] = "predictions"
    method: ClassVar[str] = "predict"
    given: ClassVar[str] = "teacher_pred"
    of_all: ClassVar[str] = "variance"

    @property
    def classes(self) -> NDArray[Any]:
        """None: an empty array."""
        return np.empty(0)

    def encode(self, y: NDArray[Any]) -> Floats:
        """Return the numbers as columns."""
        return np.asarray(y, dtype=np.float64).reshape(len(y), -1)

    def fit(self, model: Any, X: Any, y: NDArray[Any], **keywords: Any) -> Any:
        """Fit a regressor; the model itself is returned, not what its `fit` returns."""
        model.fit(X, y, **keywords)
        return model

    def ask(self, model: Any, X: Any) -> NDArray[Any]:
        """Return predictions as columns."""
        return predictions(model, X, self.n_columns)

    def check(
        self,
        values: Any,
        n_rows: int,
        name: str,
        remedy: str = "",
        numbers: NDArray[np.int64] | None = None,
    ) -> Floats:
        """Return finite numbers."""
        return check_quantities(values, n_rows, self.n_columns, name, remedy, numbers)

    def stand_in(self, values: Floats) -> NDArray[Any]:
        """Return what was said, in the shape of what is observed."""
        return values[:, 0] if self.flat else values

    def wrong(self, columns: Floats, values: Floats) -> float:
        """Return the share of the variance that is left, one less R2."""
        total = np.sum((columns - columns.mean(axis=0)) ** 2)
        return float(np.sum((columns - values) ** 2) / total) if total > 0.0 else 0.0

    def suspicion(self, columns: Floats, said: Floats, student: Floats) -> str | None:
        """Return what looks as if numbers had seen those observed; None if nothing.

        Out of fold, residuals of teacher and student hold the same noise. So a student's regressed
        on a teacher's have a slope of about one. A teacher that has put a share `a` of the noise
        into what it says leaves ``1 - a`` of it: the slope is ``1 / (1 - a)``.
        """
        told = super().suspicion(columns, said, student)
        if told is not None or self.wrong(columns, student) < HARD:
            return told
        for own, other in zip((columns - said).T, (columns - student).T, strict=True):
            if np.ptp(own) == 0.0 or np.ptp(other) == 0.0:
                continue
            (left, common), (_, all_of_it) = np.cov(own, other)
            alike = common / np.sqrt(left * all_of_it)
            if any(alike >= like and common >= n * left for like, n in LIKE_AND_SMALL):
                return (
                    "errs as the student trained directly does out of fold (a correlation of "
                    f"{alike:.2f}), and only {left / common:.2f} times as far"
                )
        return None

    def guess(self, columns: Floats) -> Floats:
        """Return numbers of the same range, drawn."""
        drawn = np.random.default_rng(0).random(columns.shape)
        low, high = columns.min(axis=0), columns.max(axis=0)
        return low + drawn * (high - low)

    def absent(self, columns: Floats) -> list[Any]:
        """Return none."""
        return []

    def example(self) -> tuple[Floats, Floats]:
        """Return positive numbers, and others."""
        y = np.arange(1.0, 3.0)[:, None] + np.zeros(self.n_columns)
        return y, y[::-1] + 0.5


def draw_codes(p: Floats) -> NDArray[np.intp]:
    """Return a class index per row, drawn by its probabilities, the same for the same ones.

    What a student does with labels besides fitting (balancing classes, encoding by the target)
    counts them: the most probable class of every row would hide the rare ones.

    Parameters
    ----------
    p : array of shape (N, K)
        Probabilities.

    Returns
    -------
    codes : array of shape (N,)
    """
    drawn = np.random.default_rng(0).random((len(p), 1))
    return np.minimum((np.cumsum(p, axis=1) <= drawn).sum(axis=1), p.shape[1] - 1)
