"""The packages whose learners are grown on rows in files, behind one interface."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from skdistill._ground.outcomes import Classes, Numbers, Outcome
from skdistill.exceptions import StudentError
from skdistill.outofcore.parquet import ParquetRows
from skdistill.outofcore.reading import BatchSequence, xgboost_batches
from skdistill.students import Adapter, Fitted, Problem
from skdistill.students import lightgbm_stream as by_lightgbm
from skdistill.students import xgboost_stream as by_xgboost
from skdistill.students.lightgbm import LightGBMAdapter
from skdistill.students.numeric import Columns
from skdistill.students.numeric_boosting import LightGBMNumbers, XGBoostNumbers
from skdistill.students.xgboost import XGBoostAdapter, named

__all__ = ["Booster", "booster_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
NAMES = {Classes: "Classifier", Numbers: "Regressor"}


class Booster(ABC):
    """How learners of a package are fitted to rows in files, and asked about batches of them.

    Parameters
    ----------
    rows : ParquetRows
        All rows.
    outcome : Outcome
        What there is to predict: class indices, or numbers.
    names : array of shape (K,)
        What the indices stand for; empty for numbers.
    """

    adapters: tuple[type[Adapter], ...]  # of the students that it can fit

    def __init__(self, rows: ParquetRows, outcome: Outcome, names: NDArray[Any]) -> None:
        self.rows, self.outcome, self.names = rows, outcome, names

    @staticmethod
    @abstractmethod
    def check(learner: Any, whose: str) -> None:
        """Raise StudentError for settings that cannot be honoured."""

    @abstractmethod
    def bins(
        self, learner: Any, label: NDArray[Any], weight: Floats | None, chosen: Mask | None = None
    ) -> Any:
        """Return some of the rows, in bins; labels are class indices, or numbers."""

    @abstractmethod
    def fit(self, learner: Any, bins: Any) -> Any:
        """Return a clone of a learner, fitted to the labels."""

    @abstractmethod
    def check_loss(self, loss: Any) -> None:
        """Raise StudentError where a student cannot learn so many classes by a loss."""

    def fit_direct(self, learner: Any, bins: Any) -> Fitted:
        """Return the student that is trained on the labels."""
        decode = Columns() if isinstance(self.outcome, Numbers) else None
        return Fitted(self.fit(learner, bins), decode)

    @abstractmethod
    def fit_student(self, adapter: Adapter, problem: Problem, bins: Any) -> Fitted:
        """Return the student of a problem; `bins` are of its rows, labels and weights."""

    @abstractmethod
    def ask(self, model: Any, X: NDArray[Any]) -> Floats:
        """Return what a model that was fitted here says of features, shape (m, C)."""

    def _columns(self, said: NDArray[Any]) -> Floats:
        if said.ndim == 2:
            return said
        one = said[:, None]
        return one if isinstance(self.outcome, Numbers) else np.hstack([1.0 - one, one])


class LightGBMBooster(Booster):
    """LightGBM: a `Dataset` of a `Sequence`, a byte a cell."""

    adapters = (LightGBMAdapter, LightGBMNumbers)
    check = staticmethod(by_lightgbm.check_streamable)

    def bins(
        self, learner: Any, label: NDArray[Any], weight: Floats | None, chosen: Mask | None = None
    ) -> Any:
        some = slice(None) if chosen is None else chosen
        return lightgbm.Dataset(
            BatchSequence(self.rows, chosen),
            label[some],
            weight=None if weight is None else weight[some],
            feature_name=list(self.rows.features),
        )

    def check_loss(self, loss: Any) -> None:
        """Take them all: the adapter has checked it."""

    def fit(self, learner: Any, bins: Any) -> Any:
        return by_lightgbm.fit_labels(learner, bins, self.names, self.rows.features)

    def fit_student(self, adapter: Adapter, problem: Problem, bins: Any) -> Fitted:
        if isinstance(adapter, LightGBMNumbers):
            return by_lightgbm.fit_numbers(adapter, problem, bins, self.rows.features)
        bins.set_weight(None)  # they are part of the objective
        return by_lightgbm.fit_soft(adapter, problem, bins, self.names, self.rows.features)

    def ask(self, model: Any, X: NDArray[Any]) -> Floats:
        return self._columns(model.booster_.predict(X))


class XGBoostBooster(Booster):
    """XGBoost: a `QuantileDMatrix` of a `DataIter`, a byte a cell."""

    adapters = (XGBoostAdapter, XGBoostNumbers)
    check = staticmethod(by_xgboost.check_streamable)

    def bins(
        self, learner: Any, label: NDArray[Any], weight: Floats | None, chosen: Mask | None = None
    ) -> Any:
        import xgboost

        batches = xgboost_batches(self.rows, label, weight, chosen)
        how = {"nthread": learner.n_jobs, "max_bin": learner.max_bin}
        return xgboost.QuantileDMatrix(batches, **how)

    def fit(self, learner: Any, bins: Any) -> Any:
        return by_xgboost.fit_labels(learner, bins, len(self.names))

    def check_loss(self, loss: Any) -> None:
        if len(self.names) > 2 or getattr(loss, "temperature", 1.0) != 1.0:
            raise StudentError(
                "an XGBClassifier as student of rows in files takes two classes, and temperature 1 "
                "(its soft labels are those of binary:logistic): use an LGBMClassifier."
            )

    def fit_direct(self, learner: Any, bins: Any) -> Fitted:
        fitted = super().fit_direct(learner, bins)
        return replace(fitted, model=named(fitted.model, self.names)) if len(self.names) else fitted

    def fit_student(self, adapter: Adapter, problem: Problem, bins: Any) -> Fitted:
        if isinstance(adapter, XGBoostNumbers):
            return by_xgboost.fit_numbers(adapter, problem, bins)
        return by_xgboost.fit_soft(adapter, problem, bins, self.names)

    def ask(self, model: Any, X: NDArray[Any]) -> Floats:
        said = model.get_booster().inplace_predict(X, validate_features=False)
        return self._columns(np.asarray(said, dtype=np.float64))


PACKAGES: dict[str, type[Booster]] = {"LGBM": LightGBMBooster, "XGB": XGBoostBooster}


def booster_of(learner: Any, kind: type[Outcome], whose: str) -> type[Booster]:
    """Return how a learner is fitted to rows in files, or raise StudentError if it cannot be.

    Parameters
    ----------
    learner : estimator
        A teacher or a student.
    kind : type of Outcome
        What it must learn.
    whose : str
        Which of them, for the message.
    """
    known = {prefix + NAMES[kind]: package for prefix, package in PACKAGES.items()}
    package = known.get(type(learner).__name__)
    if package is None or type(learner).__module__.partition(".")[0] not in ("lightgbm", "xgboost"):
        raise StudentError(
            f"the {whose} of rows that are not in memory must be an {' or an '.join(known)}, got "
            f"{type(learner).__name__}: distil on rows in memory, a sample for instance."
        )
    package.check(learner, whose)
    return package
