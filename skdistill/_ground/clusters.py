"""The clusters that joblib can send tasks to, Dask's and Ray's, as `engines` sees them.

joblib says which of them is meant, and how its tasks are to be sent. Sending, running again and
collecting is theirs; here stands how many cores a worker has, which packages, and how to give all
workers the same rows once.
"""

import importlib
import platform
import warnings
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import joblib
from joblib.parallel import get_active_backend
from sklearn import config_context, get_config

from skdistill.exceptions import EngineError

__all__ = ["Cluster", "DaskCluster", "RayCluster", "active_cluster"]

PACKAGES = {"skdistill": "skdistill", "scikit-learn": "sklearn", "numpy": "numpy"}
NOWHERE = "none: it keeps rows on the workers while a fit lasts"  # a resource of Dask
DEATHS = 3  # of workers, that a task of Ray survives: as many as Dask by itself lets one have


class Cluster(ABC):
    """What is behind the active joblib backend, for as long as a fit lasts.

    Attributes
    ----------
    name : str
        What messages call it.
    gone : tuple of exception types
        A worker died, and with it what was sent to no other one: worth another try.
    dead : tuple of exception types
        The engine itself has tried several times.
    """

    name: str
    gone: tuple[type[BaseException], ...]
    dead: tuple[type[BaseException], ...]

    def __init__(self, backend: Any, n_jobs: int | None) -> None:
        self.backend = backend
        self.n_jobs = n_jobs
        self.placed: dict[int, tuple[Any, Any]] = {}  # by id: the value, kept so that it stays its
        self.folders: set[str] = set()
        self.answers = self.ask(_probe())
        _check_versions(self.name, self.answers)

    def place(self, value: Any) -> Any:
        """Return what stands for a value in a task: it is sent to each worker once."""
        known = self.placed.get(id(value))
        if known is None:
            known = self.placed[id(value)] = value, self.put(value)
        return known[1]

    def close(self) -> None:
        """Let go of what was placed, and forget it."""
        self.placed.clear()

    def check_folder(self, path: str) -> list[str]:
        """Return the workers that do not see a folder, once for each folder."""
        if path in self.folders:
            return []
        self.folders.add(path)
        seen = self.ask(_sees(path))
        return [worker for worker, answer in seen.items() if answer is not True]

    @abstractmethod
    def ask(self, function: Callable[[], Any]) -> dict[str, Any]:
        """Return what a function returns, or raises, on each worker."""

    @abstractmethod
    def put(self, value: Any) -> Any:
        """Send a value to all workers."""

    @abstractmethod
    def put_each(self, values: Sequence[Any]) -> list[Any]:
        """Send each value once, to wherever it will be wanted."""

    @abstractmethod
    def slots(self, n_jobs: int | None) -> int:
        """Return how many tasks run at once."""

    @abstractmethod
    def threads(self, n_jobs: int | None, n_tasks: int) -> int:
        """Return how many threads each of `n_tasks` tasks may use, by the cores of the workers."""

    @abstractmethod
    def run(
        self, calls: Iterable[tuple[Any, ...]], n_jobs: int | None, verbose: int
    ) -> Iterator[Any]:
        """Yield what each call returns, as it ends; a call is a function and its arguments."""

    @abstractmethod
    def lost(self) -> int:
        """Return how many workers were lost since the beginning."""


class DaskCluster(Cluster):
    """Dask: runs again by itself what a worker died of, as long as the data are elsewhere, too.

    The tasks are its own, not joblib's: joblib waits for ever where workers die with a result that
    it was about to fetch.
    """

    name = "Dask"

    def __init__(self, backend: Any, n_jobs: int | None) -> None:
        from distributed.client import CancelledError, CommClosedError
        from distributed.scheduler import KilledWorker

        self.gone = (CancelledError,)
        self.dead = (KilledWorker, CommClosedError, TimeoutError)
        self.client = backend.client
        if self.client.status != "running":
            raise EngineError(
                f"the Dask scheduler must be reachable, got a client that is {self.client.status}: "
                "connect another Client, or leave out joblib.parallel_config('dask')."
            )
        try:
            backend.effective_n_jobs(n_jobs)  # waits for workers
        except (TimeoutError, KilledWorker) as error:
            raise EngineError(f"the Dask cluster must have workers, got none: {error}") from error
        self.kept: list[Any] = []
        super().__init__(backend, n_jobs)
        self.workers = set(self.client.nthreads())

    def ask(self, function: Callable[[], Any]) -> dict[str, Any]:
        return dict(self.client.run(function, on_error="return"))

    def put(self, value: Any) -> Any:
        # To one worker, from which those that need it have it: broadcast=True waits for ever for a
        # worker that dies meanwhile.
        sent = self.client.scatter(value, hash=False)
        # Every two seconds the scheduler drops the copies that no task waits for, to send them anew
        # in the next stage. So there are tasks that do, on what no worker can run.
        if not self.kept:
            self.kept.append(self.client.submit(_keep, resources={NOWHERE: 1}, pure=False))
        one = self.kept[0]
        self.kept += [self.client.submit(_keep, one, sent, pure=False) for _ in self.workers]
        return sent

    def close(self) -> None:
        super().close()
        self.kept.clear()

    def put_each(self, values: Sequence[Any]) -> list[Any]:
        return list(self.client.scatter(list(values), hash=False)) if values else []

    def slots(self, n_jobs: int | None) -> int:
        # Even one worker is sent tasks, to run one at a time: this process is not what was asked
        # for, nor fit to survive what workers die of.
        return max(2, int(self.backend.effective_n_jobs(n_jobs)))

    def threads(self, n_jobs: int | None, n_tasks: int) -> int:
        slots: Counter[str] = Counter()
        cores: dict[str, int] = {}
        for address, n_threads in self.client.nthreads().items():
            host = address.rpartition(":")[0]
            slots[host] += n_threads
            answer = self.answers.get(address)
            cores[host] = answer["cores"] if isinstance(answer, dict) else slots[host]
        shares = [cores[host] // min(slots[host], n_tasks) for host in slots]
        return max(1, min(shares, default=1))

    def run(
        self, calls: Iterable[tuple[Any, ...]], n_jobs: int | None, verbose: int
    ) -> Iterator[Any]:
        from distributed import as_completed

        settings = get_config(), list(warnings.filters)
        how = {"pure": False, **self.backend.submit_kwargs}
        running = {self.client.submit(_as_the_caller, settings, *call, **how) for call in calls}
        try:
            for ended in as_completed(list(running)):
                running.discard(ended)
                yield ended.result()
        finally:
            self.client.cancel(list(running))

    def lost(self) -> int:
        return len(self.workers - set(self.client.nthreads()))


class RayCluster(Cluster):
    """Ray: its tasks, of which each whose worker dies is sent again.

    Ray's own backend of joblib keeps actors instead, which it starts anew for each call: each then
    imports the packages, and takes the place of a worker that already has.
    """

    name = "Ray"

    def __init__(self, backend: Any, n_jobs: int | None) -> None:
        import ray
        from ray import exceptions as errors

        self.gone = (errors.ObjectLostError,)
        self.dead = (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError)
        if not ray.is_initialized():
            try:
                ray.init()  # as its backend does, but before the first fit
            except (ConnectionError, TimeoutError, RuntimeError) as error:
                raise EngineError(f"Ray must be reachable, got: {error}") from error
        self.n_lost = 0
        super().__init__(backend, n_jobs)

    def ask(self, function: Callable[[], Any]) -> dict[str, Any]:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        asked = {}
        for node in ray.nodes():
            if node["Alive"]:
                where = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                task = ray.remote(num_cpus=0, max_retries=0)(function)
                asked[node["NodeManagerAddress"]] = task.options(scheduling_strategy=where).remote()
        answers = {}
        for address, reference in asked.items():
            try:
                answers[address] = ray.get(reference)
            except Exception as error:  # noqa: BLE001 - an answer like any other
                answers[address] = error
        return answers

    def put(self, value: Any) -> Any:
        import ray

        return ray.put(value)

    def put_each(self, values: Sequence[Any]) -> list[Any]:
        return [self.put(value) for value in values]

    def slots(self, n_jobs: int | None) -> int:
        return int(self.backend.effective_n_jobs(self.n_jobs if n_jobs is None else n_jobs))

    def threads(self, n_jobs: int | None, n_tasks: int) -> int:
        asked = (self.backend.ray_remote_args or {}).get("num_cpus")
        if asked:
            return max(1, int(asked))
        cores = [each["cores"] for each in self.answers.values() if isinstance(each, dict)]
        on_each = -(-min(self.slots(n_jobs), n_tasks) // max(1, len(cores)))
        return max(1, min(cores, default=1) // max(1, on_each))

    def run(
        self, calls: Iterable[tuple[Any, ...]], n_jobs: int | None, verbose: int
    ) -> Iterator[Any]:
        import ray

        how = {"scheduling_strategy": "SPREAD"} | (self.backend.ray_remote_args or {})
        task = ray.remote(_as_the_caller).options(**how, max_retries=0)
        settings = get_config(), list(warnings.filters)
        waiting, running = deque((call, 0) for call in calls), {}
        try:
            while waiting or running:
                while waiting and len(running) < self.slots(n_jobs):
                    call, n_deaths = waiting.popleft()
                    running[task.remote(settings, *call)] = call, n_deaths
                ended = ray.wait(list(running))[0][0]
                call, n_deaths = running.pop(ended)
                try:
                    answer = ray.get(ended)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None
                except self.dead:
                    self.n_lost += 1
                    if n_deaths == DEATHS:
                        raise
                    waiting.append((call, n_deaths + 1))
                else:
                    yield answer
        finally:
            for each in running:
                ray.cancel(each, force=True)

    def lost(self) -> int:
        return self.n_lost


KINDS: dict[str, type[Cluster]] = {"DaskDistributedBackend": DaskCluster, "RayBackend": RayCluster}


def active_cluster() -> Cluster | None:
    """Return the cluster that joblib is told to use, checked; None where there is none.

    Raises
    ------
    EngineError
        If it cannot be reached, or a worker cannot run what it would be sent.
    """
    backend, n_jobs = get_active_backend()
    kind = KINDS.get(type(backend).__name__)
    return None if kind is None else kind(backend, n_jobs)


def _keep(*_: Any) -> None:
    """Be waiting: see `DaskCluster.put`."""


def _as_the_caller(
    settings: tuple[dict[str, Any], list[Any]], function: Callable[..., Any], *arguments: Any
) -> Any:
    """Call a function under the caller's configuration of scikit-learn and filters of warnings."""
    config, filters = settings
    with config_context(**config), warnings.catch_warnings():
        warnings.filters[:] = filters
        return function(*arguments)


def _probe() -> Callable[[], dict[str, Any]]:
    """Return a function that says what a worker has; it travels whole: a worker may lack us."""

    def probe() -> dict[str, Any]:
        found: dict[str, str | None] = {"Python": platform.python_version().rpartition(".")[0]}
        for name, module in PACKAGES.items():
            try:
                found[name] = importlib.import_module(module).__version__
            except ImportError:
                found[name] = None
        return {"versions": found, "cores": joblib.cpu_count()}

    return probe


def _sees(folder: str) -> Callable[[], bool]:
    def sees() -> bool:
        return Path(folder).is_dir()

    return sees


def _check_versions(name: str, answers: dict[str, Any]) -> None:
    """Raise EngineError where a worker lacks a package, or has it in another version."""
    own = _probe()()["versions"]
    for worker, answer in answers.items():
        if not isinstance(answer, dict):
            raise EngineError(
                f"every worker of {name} must be able to run tasks, got from {worker}: "
                f"{type(answer).__name__}: {answer}"
            )
        for package, version in own.items():
            theirs = answer["versions"][package]
            if theirs != version:
                raise EngineError(
                    f"every worker of {name} must have {package} {version}, as this process has, "
                    f"got {theirs or 'none'} on {worker}: install the same versions everywhere."
                )
