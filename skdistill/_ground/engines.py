"""Where folds and candidates run: wherever joblib is told to, a cluster of Dask or Ray included.

What flows in: a function, what all its calls read (the rows, above all), and tasks. What flows out:
what it returned of each, in their order. Without a cluster that is one call of joblib's `Parallel`,
as scikit-learn has it. With one, `joblib.parallel_config("dask")` or ``"ray"`` around a fit:

- what all tasks read is sent to each worker once for the whole fit, not with each task (Dask may
  send it anew between two stages);
- only folds and candidates become tasks: what learners do in parallel stays where they are fitted;
- where a worker dies, its tasks are run again: by the engine as long as it can, else from here,
  without those that are finished.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import joblib
from sklearn.utils.parallel import Parallel, delayed

from skdistill._ground.arrays import has_namespace
from skdistill._ground.clusters import Cluster, active_cluster
from skdistill._ground.compat import warn_user
from skdistill.exceptions import EngineError, InputError, SkdistillWarning

__all__ = ["engine", "fan_out", "n_slots", "on_engine"]

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 3
_CURRENT: ContextVar[Cluster | None] = ContextVar("cluster", default=None)


@contextmanager
def engine() -> Iterator[Cluster | None]:
    """Hold the cluster that joblib is told to use for what stands inside; None where there is none.

    Inside another one it is that one's.

    Raises
    ------
    EngineError
        If the cluster cannot be reached, or its workers have other versions.

    Examples
    --------
    >>> with engine() as cluster:
    ...     print(cluster)
    None
    """
    outer = _CURRENT.get()
    cluster = active_cluster() if outer is None else outer
    if cluster is None or cluster is outer:
        yield cluster
        return
    token = _CURRENT.set(cluster)
    try:
        with joblib.parallel_config("threading", n_jobs=1):  # for what is fitted in this process
            yield cluster
        lost = cluster.lost()
        if lost:
            warn_user(
                f"{lost} worker(s) of {cluster.name} died during the fit: what they had not "
                "finished was run again, and the result is the same. Look for the cause in their "
                "logs; memory, perhaps.",
                SkdistillWarning,
            )
    finally:
        _CURRENT.reset(token)
        cluster.close()


def on_engine(function: Callable[P, T]) -> Callable[P, T]:
    """Hold the cluster, if any, while a function runs.

    Examples
    --------
    >>> on_engine(abs)(-1)
    1
    """

    @wraps(function)  # not contextlib's own way: warnings would name its line as the user's
    def held(*args: P.args, **kwargs: P.kwargs) -> T:
        with engine():
            return function(*args, **kwargs)

    return held


def n_slots(n_jobs: int | None) -> int:
    """Return how many tasks run at once.

    Examples
    --------
    >>> n_slots(2)
    2
    """
    with engine() as cluster:
        return joblib.effective_n_jobs(n_jobs) if cluster is None else cluster.slots(n_jobs)


def fan_out(
    function: Callable[..., Any],
    shared: Sequence[Any],
    tasks: Sequence[tuple[Any, ...]],
    *,
    n_jobs: int | None = None,
    verbose: int = 0,
    heavy: int = 0,
    folder: str | None = None,
) -> list[Any]:
    """Return ``function(*shared, *task)`` of each task.

    Parameters
    ----------
    function : callable
        Of a module.
    shared : sequence
        What all calls read and none changes. On a cluster each is sent once to each worker, and
        kept there until the fit ends.
    tasks : sequence of tuple
        The further arguments of each call.
    n_jobs : int or None, default=None
        Calls at once; Dask does not look at it.
    verbose : int, default=0
        Of joblib.
    heavy : int, default=0
        How many of the last arguments of each task hold arrays of many rows. On a cluster each is
        sent once, for all tasks that name it, to whatever worker runs one of them.
    folder : str or None, default=None
        Where the function keeps what it made, to be found by the next fit.

    Returns
    -------
    results : list

    Raises
    ------
    EngineError
        If the cluster lost its workers time and again.
    InputError
        If something shared is on a GPU, and there is a cluster.

    Examples
    --------
    >>> fan_out(pow, (2,), [(1,), (2,), (10,)])
    [2, 4, 1024]
    """
    with engine() as cluster:
        if cluster is None or _is_one(cluster, n_jobs):
            calls = (delayed(function)(*shared, *task) for task in tasks)
            return list(Parallel(n_jobs=n_jobs, verbose=verbose)(calls))
        for value in shared:
            _check_on_host(value, cluster)
        if folder is not None:
            _check_folder(folder, cluster)
        done: dict[int, Any] = {}
        for _ in range(TRIES):
            left = [number for number in range(len(tasks)) if number not in done]
            try:
                calls = _calls(cluster, function, shared, tasks, left, heavy=heavy)
                done.update(cluster.run(calls, n_jobs, verbose))  # what ended stays
                return [done[number] for number in range(len(tasks))]
            except cluster.gone as error:
                cluster.close()
                last: BaseException = error
            except cluster.dead as error:
                last = error
                break
        raise _given_up(cluster, last, len(done), len(tasks), folder) from last


def _calls(
    cluster: Cluster,
    function: Callable[..., Any],
    shared: Sequence[Any],
    tasks: Sequence[tuple[Any, ...]],
    numbers: Sequence[int],
    *,
    heavy: int,
) -> Iterator[tuple[Any, ...]]:
    """Yield the calls, each of what stands for the values on the cluster."""
    placed = [cluster.place(value) for value in shared]
    once = {id(value): value for i in numbers for value in tasks[i][len(tasks[i]) - heavy :]}
    sent = dict(zip(once, cluster.put_each(list(once.values())), strict=True))
    for number in numbers:
        light = len(tasks[number]) - heavy
        apart = [sent[id(value)] for value in tasks[number][light:]]
        task = number, len(placed), tasks[number][:light]
        yield _on_worker, function, task, *placed, *apart


def _on_worker(
    function: Callable[..., Any], task: tuple[int, int, tuple[Any, ...]], *sent: Any
) -> tuple[int, Any]:
    """Call the function where it was sent to; the learners' own parallelism stays there."""
    number, n_shared, light = task
    token = _CURRENT.set(None)
    try:
        with joblib.parallel_config("threading", n_jobs=1):
            return number, function(*sent[:n_shared], *light, *sent[n_shared:])
    finally:
        _CURRENT.reset(token)


def _is_one(cluster: Cluster, n_jobs: int | None) -> bool:
    """Whether one task runs at a time: joblib runs it here, and says nothing."""
    if cluster.slots(n_jobs) > 1:
        return False
    warn_user(
        f"{cluster.name} was told to run one task at a time, and joblib then runs it in this "
        "process: pass joblib.parallel_config('ray', n_jobs=-1).",
        SkdistillWarning,
    )
    return True


def _check_on_host(value: Any, cluster: Cluster) -> None:
    if has_namespace(value):
        raise InputError(
            f"X must be on the host to be sent to the workers of {cluster.name}, got an array on "
            "a device: copy it (X.get(), X.cpu()), or leave out joblib.parallel_config."
        )


def _check_folder(folder: str, cluster: Cluster) -> None:
    blind = cluster.check_folder(folder)
    if blind:
        warn_user(
            f"memory must be a folder that all workers of {cluster.name} share, got {folder}, "
            f"which {blind[0]} does not see ({len(blind)} of {len(cluster.answers)} workers): what "
            "is kept there is not found again.",
            SkdistillWarning,
        )


def _given_up(
    cluster: Cluster, error: BaseException, n_done: int, n_tasks: int, folder: str | None
) -> EngineError:
    kept = "none of them is kept: with memory= on a folder that all workers share the next fit"
    if folder is not None:
        kept = f"they are kept in {folder}: with the same memory= the next fit"
    return EngineError(
        f"{cluster.name} lost its workers time and again: {n_done} of {n_tasks} fits were "
        f"finished, and {kept} goes on from there. Look for the cause in the logs of the workers "
        f"(memory, perhaps). {type(error).__name__}: {error}"
    )
