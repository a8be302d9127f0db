"""Lazy frames of dask and polars as Parquet files, which their own writers make."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from skdistill.outofcore.parquet import check_columns

__all__ = ["as_files"]


@contextmanager
def as_files(
    source: Any, features: Sequence[str] | None, beside: Mapping[str, str | None]
) -> Iterator[Any]:
    """Give the files of a source: itself, or those that a lazy frame is written to meanwhile.

    Parameters
    ----------
    source, features, beside
        Of `open_rows`; a frame must have the columns, or it is not read.
    """
    if hasattr(source, "sink_parquet"):  # polars
        names = source.collect_schema().names()
    elif hasattr(source, "to_parquet") and hasattr(source, "partitions"):  # dask
        names = list(source.columns)
    else:
        yield source
        return
    check_columns(names, features, beside)
    with TemporaryDirectory(prefix="skdistill-") as folder:
        if hasattr(source, "sink_parquet"):
            source.sink_parquet(Path(folder, "part-0.parquet"))
        else:
            in_order = {"name_function": "part-{:08}.parquet".format, "write_index": False}
            source.to_parquet(folder, **in_order)
        yield folder
