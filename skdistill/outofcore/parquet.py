"""Rows in Parquet files: which columns there are, and what they hold, batch by batch."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.quantities import as_quantities
from skdistill._ground.validation import check_labels, check_weights
from skdistill.exceptions import InputError, ParameterError

__all__ = ["BATCH", "ParquetRows", "check_columns", "open_rows"]

BATCH = 65_536  # rows
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ParquetRows:
    """Rows in Parquet files, in the order of the files' names.

    Attributes
    ----------
    dataset : pyarrow.dataset.Dataset
        The files.
    features : tuple of str
        Columns of numbers, in order.
    n_rows : int
        How many rows there are.
    dtype : dtype
        float32 if that holds every value of every column, else float64.
    """

    dataset: Any
    features: tuple[str, ...]
    n_rows: int
    dtype: Any

    def __len__(self) -> int:
        return self.n_rows

    def batches(self) -> Iterator[NDArray[Any]]:
        """Yield the features, shape (m, d) each, in the order of the rows; null is NaN."""
        for batch in self._read(list(self.features)):
            values = np.empty((batch.num_rows, len(self.features)), dtype=self.dtype)
            for j, column in enumerate(batch.columns):
                values[:, j] = column.to_numpy(zero_copy_only=False)
            yield values

    def chosen(self, some: Mask | None) -> Generator[NDArray[Any], None, None]:
        """Yield what `batches` does, of some of the rows; None stands for all."""
        place = 0
        for batch in self.batches():
            end = place + len(batch)
            yield batch if some is None else batch[some[place:end]]
            place = end

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers, none of them missing.

        Raises
        ------
        InputError
            If there are nulls, or no numbers.
        """
        column = self._column(name)
        if column.null_count:
            raise InputError(
                f"y must have a number in every row, got {column.null_count} nulls in {name!r}."
            )
        return as_quantities(column.to_numpy()).astype(np.float64)

    def labels(self, name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the sorted classes of a column, and the index of each row's among them.

        Raises
        ------
        InputError
            If there is one class only, or labels are missing, or no labels of classes.
        """
        values, codes = self.distinct(name, "y must have a label")
        classes, rank = check_labels(values)
        return classes, rank[codes]

    def distinct(self, name: str, wanted: str) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Return the distinct values of a column, in order of appearance, and each row's index."""
        column = self._column(name)
        if column.null_count:
            raise InputError(f"{wanted} in every row, got {column.null_count} nulls in {name!r}.")
        coded = column.combine_chunks().dictionary_encode()
        return coded.dictionary.to_numpy(zero_copy_only=False), coded.indices.to_numpy()

    def weights(self, name: str) -> NDArray[np.float64] | None:
        """Return the weights of the rows, all of them positive."""
        weight = check_weights(self._column(name).to_numpy(), self.n_rows)
        if weight is not None and not np.all(weight > 0.0):
            raise InputError(
                f"the weights in column {name!r} must be positive, got {np.sum(weight == 0.0)} "
                "zeros: leave those rows out of the files."
            )
        return weight

    def _column(self, name: str) -> Any:
        return self.dataset.to_table(columns=[name]).column(0)

    def _read(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield batches of some columns; a few are read ahead, not the default's 16 of 16 files."""
        ahead = {"batch_size": BATCH, "batch_readahead": 2, "fragment_readahead": 1}
        for batch in self.dataset.to_batches(columns=columns, **ahead):
            if batch.num_rows:
                yield batch


def open_rows(
    source: Any, features: Sequence[str] | None, beside: Mapping[str, str | None]
) -> ParquetRows:
    """Return the rows of Parquet files, once their schema is found to do.

    Parameters
    ----------
    source : str, path, list of them, or pyarrow.dataset.Dataset
        A file, a folder, or several files.
    features : sequence of str or None
        Columns to learn from; None for all that are no others.
    beside : dict of str to str or None
        What the other columns are for, and their names.

    Returns
    -------
    rows : ParquetRows

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    ParameterError
        If a column is not there, or serves twice.
    InputError
        If there are no rows, or a feature is no number.
    """
    try:
        from pyarrow import dataset as files
    except ImportError as error:
        raise ImportError(
            'rows in Parquet files need pyarrow: pip install "skdistill[data]".'
        ) from error
    found = source if isinstance(source, files.Dataset) else files.dataset(source, format="parquet")
    chosen = check_columns(found.schema.names, features, beside)
    n_rows = found.count_rows()
    if not n_rows:
        raise InputError("the files have no rows.")
    return ParquetRows(found, tuple(chosen), n_rows, _dtype(found.schema, chosen))


def check_columns(
    names: Sequence[str], features: Sequence[str] | None, beside: Mapping[str, str | None]
) -> list[str]:
    """Return the columns to learn from; raise ParameterError where columns cannot be used so."""
    known, used = list(names), {k: v for k, v in beside.items() if v is not None}
    chosen = [n for n in known if n not in used.values()] if features is None else list(features)
    for what, name in [*used.items(), *(("features", name) for name in chosen)]:
        if known.count(name) != 1:
            raise ParameterError(f"{what} must name a column, one of {known}, got {name!r}.")
    twice = sorted({n for n in chosen if [*chosen, *used.values()].count(n) > 1})
    if twice or not chosen:
        raise ParameterError(
            "features must be columns of their own, each named once, "
            f"got {twice or 'none'}: leave out {list(used.values())}."
        )
    return chosen


def _dtype(schema: Any, features: Sequence[str]) -> Any:
    """Return the dtype that holds the features, or raise InputError where one is no number."""
    import pyarrow.types as of

    single = True
    for name in features:
        kind = schema.field(name).type
        if not (of.is_floating(kind) or of.is_integer(kind) or of.is_boolean(kind)):
            raise InputError(
                f"features must be numbers or booleans, got {kind} in column {name!r}: encode it "
                "in the files, or leave it out by features=."
            )
        single &= of.is_float32(kind) or of.is_float16(kind) or of.is_boolean(kind)
    return np.dtype(np.float32 if single else np.float64)
