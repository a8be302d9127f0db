"""Threads: folds fitted at once times the threads of a learner must not exceed the cores."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
from threadpoolctl import threadpool_limits  # scikit-learn needs it itself

from skdistill._ground.engines import engine

__all__ = ["bound_threads", "few_threads", "thread_budget"]

SMALL = 200_000  # cells; below, one thread

# Names under which learners take their number of threads.
THREAD_PARAMETERS = {"n_jobs", "nthread", "num_threads", "thread_count", "n_threads"}


def bound_threads(estimator: Any, threads: int) -> None:
    """Lower every thread count among the parameters of `estimator` to at most `threads`.

    None means one thread to scikit-learn's own estimators and all cores to the others.
    """
    params = estimator.get_params(deep=True)
    for key, value in params.items():
        parent, _, name = key.rpartition("__")
        if name not in THREAD_PARAMETERS:
            continue
        owner = params[parent] if parent else estimator
        if value is None and type(owner).__module__.startswith("sklearn."):
            continue
        if value is None or value < 1 or value > threads:
            estimator.set_params(**{key: threads})


def thread_budget(n_jobs: int | None, n_tasks: int) -> int | None:
    """Return how many threads each of `n_tasks` parallel tasks may use; None: no bound needed.

    On a cluster the cores are those of its workers: the same number for all tasks, lest a result
    depend on which of them a task went to.
    """
    with engine() as cluster:
        if cluster is not None:
            return cluster.threads(n_jobs, n_tasks)
    workers = min(joblib.effective_n_jobs(n_jobs), n_tasks)
    return None if workers <= 1 else max(1, joblib.cpu_count() // workers)


@contextmanager
def few_threads(n_cells: int) -> Iterator[None]:
    """Give OpenMP and BLAS one thread where the work is small.

    The loops of a learner on a small table take microseconds; threads that wait for each other
    there spin, and where the cores are busy they wait for a core as well. What is computed is the
    same. Learners that set a number of threads themselves (LightGBM, unless ``n_jobs=0``) are not
    reached.

    Parameters
    ----------
    n_cells : int
        Rows times columns.

    Examples
    --------
    >>> from threadpoolctl import threadpool_info
    >>> with few_threads(100):
    ...     max(pool["num_threads"] for pool in threadpool_info())
    1
    """
    if n_cells >= SMALL:
        yield
        return
    with threadpool_limits(1):
        yield
