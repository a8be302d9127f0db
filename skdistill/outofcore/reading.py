"""Rows in files as the boosters read them, batch by batch: LightGBM's way, and XGBoost's."""

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from skdistill.outofcore.parquet import BATCH, ParquetRows

__all__ = ["BatchSequence", "NumberedRows", "xgboost_batches"]

Mask = NDArray[np.bool_]


class BatchSequence(lightgbm.Sequence):
    """Some of the rows as LightGBM wants to read them: twice, from the first to the last.

    Parameters
    ----------
    rows : ParquetRows
        All rows.
    chosen : bool array of shape (n,) or None, default=None
        Which of them; None for all.
    """

    batch_size = BATCH

    def __init__(self, rows: ParquetRows, chosen: Mask | None = None) -> None:
        self._rows, self._chosen = rows, chosen
        self._length = len(rows) if chosen is None else int(np.count_nonzero(chosen))
        self._batches = rows.chosen(chosen)
        self._rewind()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, at: int | slice) -> NDArray[Any]:
        """Return a row, or consecutive ones; going back means to begin anew."""
        if isinstance(at, slice):
            return self._range(at.start, at.stop)
        return self._range(at, at + 1)[0].astype(np.float64)

    def _rewind(self) -> None:
        self._batches.close()  # the files, too: pyarrow waits for readers that are left open
        self._batches = self._rows.chosen(self._chosen)
        self._held = np.empty((0, len(self._rows.features)), dtype=self._rows.dtype)
        self._start = 0

    def _range(self, start: int, stop: int) -> NDArray[Any]:
        if start < self._start:
            self._rewind()
        while self._start + len(self._held) < stop:
            passed = min(start - self._start, len(self._held))
            left, batch = self._held[passed:], next(self._batches)
            self._held = np.concatenate([left, batch]) if len(left) else batch
            self._start += passed
        found = self._held[start - self._start : stop - self._start]
        if stop == self._length:
            self._rewind()
        return found


class NumberedRows:
    """A fitted model that is asked about rows by their numbers, and reads them where they lie.

    Parameters
    ----------
    rows : ParquetRows
        All rows.
    ask : callable
        Returns what the model says of the features of some, shape (m, C).
    """

    def __init__(self, rows: ParquetRows, ask: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
        self._rows, self._ask = BatchSequence(rows), ask

    def predict(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Return what the model says of rows, whose numbers go up; shape (m, C)."""
        first = int(numbers[0])
        return self._ask(self._rows[first : int(numbers[-1]) + 1][numbers - first])

    predict_proba = predict


def xgboost_batches(
    rows: ParquetRows, label: NDArray[Any], weight: NDArray[Any] | None, chosen: Mask | None
) -> Any:
    """Return the `xgboost.DataIter` of some of the rows, with their labels and weights."""
    import xgboost

    class Batches(xgboost.DataIter):
        def reset(self) -> None:
            self._batches, self._place = rows.chosen(chosen), 0

        def next(self, input_data: Any) -> bool:
            batch = next((batch for batch in self._batches if len(batch)), None)
            if batch is None:
                return False
            some = slice(self._place, self._place + len(batch))
            self._place += len(batch)
            given = {"label": y[some]} | ({} if w is None else {"weight": w[some]})
            input_data(data=batch, feature_names=list(rows.features), **given)
            return True

    inside = slice(None) if chosen is None else chosen
    y, w = label[inside], None if weight is None else weight[inside]
    return Batches()
