"""Rows in Parquet files, distilled within a limit on memory, beside the same rows in memory.

- ``files``: `distil_parquet`, in a process that may address no more than the limit;
- ``memory``: `DistilledClassifier.fit` on the same rows and folds, without a limit.

Each runs in a process of its own, on one thread. What the students and the calibrated teachers of
both say is compared row by row. Seconds are processor time; memory is the peak of the resident
set, packages included. Needs the extra ``data``; Unix only. An interrupted run goes on where it
stopped.
"""

import argparse
import os
import resource
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.model_selection import PredefinedSplit

from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, say
from benchmarks.scale import apart, make_rows, peak_megabytes
from skdistill import DistilledClassifier
from skdistill.outofcore import distil_parquet

__all__ = ["Measurement", "main"]

COLUMNS = [f"x{j}" for j in range(20)]
ASKED_ROWS = 200_000  # of which the students are asked
AIM = 1e-6
ABOUT = """\
LightGBM of 20 trees of 31 leaves teaches one of 10 trees of 8; {rows:,} rows of 20 float32
features, five folds, strength "auto", one thread. *files*: `distil_parquet` in a process that may
address {limit} GiB (``RLIMIT_AS``, as of ``ulimit -v``), the packages in it. *memory*: `fit` on the
same rows and folds, without a limit. *MiB* is the peak of the resident set. *students apart* is the
largest difference of what the two students say of the first {asked:,} rows, *teachers apart* that
of the calibrated probabilities of all rows."""


@dataclass(frozen=True)
class Point:
    """What a process is to do: in which folder, within how many GiB; 0 for no limit."""

    folder: str
    where: str
    rows: int
    seed: int
    limit: int = 0

    @property
    def files(self) -> Path:
        return Path(self.folder, "rows")


@dataclass(frozen=True)
class Measurement:
    """One fit: processor seconds, peak MiB, and how far it is from the fit in memory."""

    where: str
    rows: int
    repeat: int
    limit: int
    seconds: float
    megabytes: float
    students_apart: float = np.nan
    teachers_apart: float = np.nan


def model() -> DistilledClassifier:
    """Return the estimator, for both."""
    how: dict[str, Any] = {"n_jobs": 1, "verbose": -1}
    teacher = LGBMClassifier(n_estimators=20, **how)
    return DistilledClassifier(teacher, LGBMClassifier(n_estimators=10, num_leaves=8, **how))


def write_rows(point: Point) -> None:
    """Write the rows, in ten files."""
    point.files.mkdir()
    X, y = make_rows(point.rows, 2, point.seed, np.float32)
    for k, part in enumerate(np.array_split(np.arange(point.rows), 10)):
        table = pd.DataFrame(X[part], columns=COLUMNS, copy=False).assign(y=y[part])
        table.to_parquet(point.files / f"part-{k}.parquet", index=False)


def fit_alone(point: Point) -> tuple[float, float]:
    """Fit in this process, keep what was said in the folder; return seconds and megabytes."""
    warnings.simplefilter("ignore")
    if point.limit:
        resource.setrlimit(resource.RLIMIT_AS, (point.limit * 2**30,) * 2)
    start = time.process_time()
    fitted = _of_files(point) if point.where == "files" else _of_memory(point)
    seconds, megabytes = time.process_time() - start, peak_megabytes()
    asked = pd.read_parquet(point.files / "part-0.parquet", columns=COLUMNS)[:ASKED_ROWS]
    X = asked.to_numpy(np.float32)
    for what, said in (
        ("students", fitted.predict_proba(X)),
        ("teachers", fitted.calibrated_proba_),
    ):
        np.save(Path(point.folder, f"{point.where}-{what}.npy"), said)
    return seconds, megabytes


def _of_files(point: Point) -> DistilledClassifier:
    fitted = distil_parquet(model(), point.files, "y")
    np.save(Path(point.folder, "fold.npy"), fitted.fold_)
    return fitted


def _of_memory(point: Point) -> DistilledClassifier:
    fold = np.load(Path(point.folder, "fold.npy"))
    table = pd.read_parquet(point.files)
    X, y = table[COLUMNS].to_numpy(np.float32), table.pop("y").to_numpy()
    del table
    return model().set_params(cv=PredefinedSplit(fold)).fit(X, y)


def measure(rows: int, limit: int, seed: int, log: Log) -> None:
    """Fit on files and in memory, and compare them."""
    with tempfile.TemporaryDirectory() as folder:
        apart(write_rows, Point(folder, "rows", rows, seed))
        found = {}
        for where, within in (("files", limit), ("memory", 0)):
            found[where] = apart(fit_alone, Point(folder, where, rows, seed, within))
            say(f"{where}: {found[where][0]:.0f} s, {found[where][1]:.0f} MiB")
        differ = [_differ(folder, what) for what in ("students", "teachers")]
    log.add(Measurement("files", rows, seed, limit, *found["files"], *differ))
    log.add(Measurement("memory", rows, seed, 0, *found["memory"]))


def _differ(folder: str, what: str) -> float:
    files, memory = (np.load(Path(folder, f"{where}-{what}.npy")) for where in ("files", "memory"))
    return float(np.abs(files - memory).max())


def main(argv: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outofcore", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_common_arguments(parser, repeats=1)
    parser.add_argument("--rows", type=int, default=5_000_000, help="(default: %(default)s)")
    parser.add_argument("--limit", type=int, default=4, help="GiB (default: %(default)s)")
    arguments = parser.parse_args(argv)
    rows = 5_000 if arguments.quick else arguments.rows
    folder, key = folder_of(arguments), ("where", "rows", "repeat")
    fresh = arguments.fresh or arguments.quick
    log = Log(folder / "raw" / "outofcore.csv", Measurement, key, fresh=fresh)
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come
    for seed in range(
        arguments.seed, arguments.seed + (1 if arguments.quick else arguments.repeats)
    ):
        if ("memory", rows, seed) not in log:
            measure(rows, arguments.limit, seed, log)
    frame = log.frame()
    table = frame.groupby(["where", "rows"], sort=False).median(numeric_only=True).reset_index()
    table = table.drop(columns="repeat").rename(
        columns={"megabytes": "MiB", "limit": "limit, GiB"}
        | {f"{w}_apart": f"{w} apart" for w in ("students", "teachers")}
    )
    print(table.to_string(index=False))
    Page(
        "outofcore",
        "More rows than memory: files and memory, beside each other",
        command_line("outofcore", argv),
        (ABOUT.format(rows=rows, limit=arguments.limit, asked=ASKED_ROWS),),
        (f"The aim was {AIM:g} at most, for students and teachers.",),
        measured=log.measured(),
    ).write(folder, table)


if __name__ == "__main__":
    main()
