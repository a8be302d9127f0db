"""What a cluster costs: `DistilledClassifier.fit` on Dask and Ray over joblib's own processes.

- ``fits``: the same fit, and a search of two students, on two processes of loky, two workers of
  Dask and two of Ray, in turn, all on this machine and one thread each; seconds on the wall, their
  ratio to loky's, and bytes that Dask's workers receive over the network, in multiples of the bytes
  of X times the workers;
- ``simulate``: what 100 workers would do with 10^9 rows, by list scheduling of the graph of tasks
  at the seconds per row and bytes per row measured here.

Both engines are started by the command and stopped by it. Needs the extras ``dask`` and ``ray``;
an engine that is not installed is left out.
"""

import argparse
import heapq
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from joblib import parallel_config
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from benchmarks.results import Log, Page, add_common_arguments, command_line, folder_of, progress
from skdistill import DistilledClassifier, DistilledClassifierCV

__all__ = ["Schedule", "main", "schedule", "tasks_of"]

WORKERS = 2
N_FEATURES = 20
NETWORK = 1.25e9  # bytes per second of a worker: 10 Gbit
FAR_ROWS, FAR_WORKERS = 1_000_000_000, 100
ABOUT = """\
Seconds on the wall on {rows:,} rows of {features} float64 features. *fit*: `DistilledClassifier`,
LightGBM of {trees} trees into one of 20, five folds, strength "auto". *search*:
`DistilledClassifierCV`, the same teacher, that student and a tree, five folds. Median of {repeats},
the engines in turn after a fit each to warm up. *over loky* is the median of the ratios to the run
on loky just before. *load* is the median of the machine's load average as runs began, of which the
two workers are 2. *received* are all bytes that Dask's workers read from their sockets
during a run, those of tasks, labels and messages included, over the bytes of X times the workers.
Ray keeps the rows once for a machine, in shared memory."""
NOTE = """\
The aim was a ratio of at most 1.15 on fits of 5 s, and 1.2 times the rows to each worker. A search
of five folds sends, besides X, labels that a fit does not have: what the teachers say of the
training rows of each validation fold, and for stacked candidates what each student does. Each is
sent once, and again where Dask moves a task to another worker."""
SIMULATED = """\
{rows:,} rows of {features} float32 features and {workers} workers that hold all of them, at
{rate:.3g} s per million rows of a teacher's fold and {student:.3g} s of a student's, as measured
here on {measured:,} rows on one thread and taken to grow with the rows; 10 Gbit/s to each worker,
rows handed on from worker to worker. Folds are tasks: a fit has no more of them than folds, and
most workers wait. A search has more."""


@dataclass(frozen=True)
class Fit:
    """One fit or search: seconds on the wall, bytes received over those of X times workers."""

    what: str
    engine: str
    repeat: int
    rows: int
    seconds: float
    received: float  # NaN but for Dask
    load: float


@dataclass(frozen=True)
class Schedule:
    """What a graph of tasks comes to: seconds on the wall, and the share of workers that work."""

    seconds: float
    busy: float


def schedule(stages: Sequence[Sequence[float]], workers: int) -> Schedule:
    """Run stages one after the other, the tasks of each on the first worker that is free.

    Examples
    --------
    >>> schedule([[2.0, 2.0, 2.0], [1.0]], 2)
    Schedule(seconds=5.0, busy=0.7)
    """
    total = 0.0
    for tasks in stages:
        free = [0.0] * workers
        for seconds in tasks:
            heapq.heappush(free, heapq.heappop(free) + seconds)
        total += max(free)
    work = sum(map(sum, stages))
    return Schedule(total, round(work / (total * workers), 4))


def tasks_of(folds: int, students: int, teacher: float, student: float) -> list[list[float]]:
    """Return the stages of a fit (no students to choose from), or of a search.

    The seconds are those of a fit on all rows; a fold lacks its part of them, a pair of folds both.
    """
    part, pair = 1 - 1 / folds, 1 - 2 / folds
    if not students:
        return [[student * part] * folds, [teacher * part] * folds, [student]]
    pairs = folds * (folds - 1) // 2
    pool = [teacher * part] * folds + [teacher * pair] * pairs
    return [pool, [student * part] * (folds * students), [student]]


def teacher(trees: int) -> LGBMClassifier:
    return LGBMClassifier(n_estimators=trees, n_jobs=1, verbose=-1)


def student() -> LGBMClassifier:
    return LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1)


@contextmanager
def _loky() -> Iterator[tuple[Callable[[], Any], Callable[[], int]]]:
    yield lambda: parallel_config("loky", n_jobs=WORKERS, inner_max_num_threads=1), lambda: 0


@contextmanager
def _dask() -> Iterator[tuple[Callable[[], Any], Callable[[], int]]]:
    from distributed import Client, LocalCluster

    how = {"n_workers": WORKERS, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with (
        LocalCluster(host="127.0.0.1", silence_logs=logging.CRITICAL, **how) as cluster,
        Client(cluster) as client,
    ):
        client.run(_count_received)
        yield (
            lambda: parallel_config("dask", client=client),
            lambda: sum(client.run(_received).values()),
        )


def _count_received() -> None:
    """Let a worker add up what it reads from its sockets."""
    from tornado.iostream import IOStream

    read = IOStream.read_from_fd
    IOStream.received = 0

    def counted(self: Any, buf: Any) -> Any:
        n = read(self, buf)
        IOStream.received += n or 0
        return n

    IOStream.read_from_fd = counted  # type: ignore[method-assign]


def _received() -> int:
    from tornado.iostream import IOStream

    return int(IOStream.received)


@contextmanager
def _ray() -> Iterator[tuple[Callable[[], Any], Callable[[], int]]]:
    import ray
    from ray.util.joblib import register_ray

    ray.init(num_cpus=WORKERS, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    register_ray()
    try:
        yield lambda: parallel_config("ray", n_jobs=WORKERS), lambda: 0
    finally:
        ray.shutdown()


WHAT = ("fit", "search")
ENGINES = {"loky": _loky, "Dask": _dask, "Ray": _ray}
NEEDS = {"loky": "joblib", "Dask": "distributed", "Ray": "ray"}


def model_of(what: str, trees: int) -> Any:
    if what == "fit":
        return DistilledClassifier(teacher(trees), student(), random_state=0)
    tree = DecisionTreeClassifier(max_leaf_nodes=16, random_state=0)
    return DistilledClassifierCV(teacher(trees), [student(), tree], random_state=0)


def measure(
    names: Sequence[str], rows: int, trees: int, repeats: Sequence[int], seed: int
) -> Iterator[Fit]:
    """Yield a fit and a search on each engine in turn, after a fit each that is not counted."""
    X, y = make_classification(rows, N_FEATURES, n_informative=10, flip_y=0.1, random_state=seed)
    with ExitStack() as stack:
        engines = {name: stack.enter_context(ENGINES[name]()) for name in names}
        for repeat, what in [(-1, "fit"), *product(repeats, WHAT)]:
            for name, (where, count) in engines.items():
                load, before, start = os.getloadavg()[0], count(), time.perf_counter()
                with where():
                    model_of(what, trees).fit(X, y)
                seconds, got = time.perf_counter() - start, count() - before
                received = got / (X.nbytes * WORKERS) if name == "Dask" else np.nan
                if repeat >= 0:
                    yield Fit(what, name, repeat, rows, seconds, received, load)


def table(fits: pd.DataFrame) -> pd.DataFrame:
    """Return medians by engine, and that of the ratios to loky's of the same repeat."""
    loky = fits[fits["engine"] == "loky"].set_index(["what", "repeat"])["seconds"]
    of = pd.MultiIndex.from_frame(fits[["what", "repeat"]])
    fits = fits.assign(**{"over loky": fits["seconds"].to_numpy() / loky.reindex(of).to_numpy()})
    columns = ["seconds", "over loky", "received", "load"]
    return fits.groupby(["what", "engine"], sort=False)[columns].median().reset_index()


def simulate(rows: int, trees: int) -> tuple[pd.DataFrame, tuple[float, float]]:
    """Return what fits and searches would come to far from here, and the seconds per row."""
    X, y = make_classification(rows, N_FEATURES, n_informative=10, flip_y=0.1, random_state=0)
    rates = []
    for learner in (teacher(trees), student()):
        start = time.perf_counter()
        learner.fit(X, y)
        rates.append((time.perf_counter() - start) / rows)
    sent = FAR_ROWS * N_FEATURES * 4
    lines = []
    for name, folds, n_students in (
        ("fit, 5 folds", 5, 0),
        ("fit, 20 folds", 20, 0),
        ("search, 5 folds, 1 student", 5, 1),
        ("search, 5 folds, 20 students", 5, 20),
    ):
        stages = tasks_of(folds, n_students, *(rate * FAR_ROWS for rate in rates))
        found = schedule(stages, FAR_WORKERS)
        used = min(FAR_WORKERS, max(map(len, stages)))
        lines.append(
            {
                "what": name,
                "tasks": sum(map(len, stages)),
                "workers used": used,
                "TB moved": sent * used / 1e12,
                "hours to send": 2 * sent / NETWORK / 3600,
                "hours to fit": found.seconds / 3600,
                "workers busy": found.busy,
            }
        )
    return pd.DataFrame(lines), (rates[0], rates[1])


def said(fit: Fit) -> str:
    """Return the line that is printed of a fit."""
    return f"{fit.what} on {fit.engine}: {fit.seconds:.2f} s, received {fit.received:.3f}"


def main() -> None:
    """Measure, simulate and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_common_arguments(parser, repeats=3)
    every = list(ENGINES)
    parser.add_argument("--engines", nargs="+", choices=every, default=every, help="(default: all)")
    parser.add_argument("--rows", type=int, default=100_000, help="(default: %(default)s)")
    arguments = parser.parse_args()
    rows, trees = (500, 5) if arguments.quick else (arguments.rows, 100)
    repeats = 1 if arguments.quick else arguments.repeats
    folder = folder_of(arguments)
    log = Log(
        folder / "raw" / "engines.csv", Fit, ("what", "engine", "repeat"), fresh=arguments.fresh
    )
    names = [name for name in arguments.engines if find_spec(NEEDS[name])]
    keys = [(*of, r) for r in range(repeats) for of in product(WHAT, names)]
    todo = sorted({repeat for *_, repeat in log.missing(keys)})  # a turn is measured as a whole
    if todo:
        fits = measure(names, rows, trees, todo, arguments.seed)
        for fit in progress(fits, len(todo) * len(WHAT) * len(names), said):
            log.add(fit)
    far, rates = simulate(rows, trees)
    about = {"rows": rows, "trees": trees, "features": N_FEATURES, "repeats": repeats}
    heading = "Simulation for internet scale"
    words = SIMULATED.format(
        rows=FAR_ROWS, features=N_FEATURES, workers=FAR_WORKERS, measured=rows,
        rate=1e6 * rates[0], student=1e6 * rates[1],
    )  # fmt: skip
    Page(
        name="engines",
        title="Folds on a cluster: Dask and Ray over joblib's own processes",
        command=command_line("engines"),
        about=(ABOUT.format(**about),),
        notes=(NOTE,),
        measured=log.measured(),
        texts={heading: words},
    ).write(folder, table(log.frame()), (heading, far))


if __name__ == "__main__":
    main()
