"""A cluster of Dask and one of Ray, two workers each, on loopback; stopped at the end."""

import logging
import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.datasets import make_classification

ROOT = Path(__file__).parents[2]
# Neither engine's own warnings are ours to mend: they come from their threads, at any time.
FOREIGN = [
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore::pytest.PytestUnhandledThreadExceptionWarning",
]


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engines)
            for text in FOREIGN:
                item.add_marker(pytest.mark.filterwarnings(text))


@contextmanager
def dask_cluster(**how):
    """A cluster of Dask on loopback, and a client."""
    distributed = pytest.importorskip("distributed")
    how = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"} | how
    quiet = {"host": "127.0.0.1", "silence_logs": logging.CRITICAL}
    with (
        distributed.LocalCluster(**how, **quiet) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def dask_client():
    with dask_cluster() as client:
        yield client


@pytest.fixture(scope="session")
def ray_running():
    ray = pytest.importorskip("ray")
    from ray.util.joblib import register_ray

    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        logging_level="ERROR",
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
    )
    register_ray()
    yield ray
    ray.shutdown()


@pytest.fixture(params=["dask", "ray"])
def engine(request):
    """What stands around a fit: joblib's own way to say where it runs."""
    if request.param == "dask":
        client = request.getfixturevalue("dask_client")
        return lambda: parallel_config("dask", client=client)
    request.getfixturevalue("ray_running")
    return lambda: parallel_config("ray", n_jobs=2)


@pytest.fixture(scope="session")
def rows():
    """600 rows of 8 features, and labels; the largest first feature stands in one row only."""
    X, y = make_classification(600, 8, n_informative=5, flip_y=0.1, random_state=0)
    assert np.sum(X[:, 0] == X[:, 0].max()) == 1
    return X, y
