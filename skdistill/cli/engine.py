"""``--engine``: where the command's fits run."""

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib

from skdistill._ground.engines import engine
from skdistill.cli.errors import CommandError

__all__ = ["add_option", "running_on"]

SECONDS = 10  # to wait for a scheduler
ADDRESS = re.compile(r"dask://(\[[0-9a-fA-F:]+\]|[^:/\s]+):\d+")


def add_option(group: Any) -> None:
    """Add the option to a group of a parser."""
    group.add_argument(
        "--engine", type=_engine, default="local", metavar="NAME",
        help="where fits run: local (default), dask://host:port of a scheduler, or ray (the "
        "cluster of RAY_ADDRESS, else one started here); --memory must be a folder that all share",
    )  # fmt: skip


def _engine(text: str) -> str:
    if text in ("local", "ray") or ADDRESS.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(f"expected local, ray or dask://host:port, got {text!r}")


@contextmanager
def running_on(name: str) -> Iterator[None]:
    """Let all fits inside run on an engine.

    Parameters
    ----------
    name : str
        As ``--engine`` takes it.

    Raises
    ------
    CommandError
        If the package is not installed, or the engine cannot be reached.
    """
    if name == "local":
        yield
    elif name == "ray":
        with _ray(), engine():
            yield
    else:
        with _dask(name.replace("dask://", "tcp://")), engine():
            yield


@contextmanager
def _dask(address: str) -> Iterator[None]:
    try:
        from distributed import Client
    except ImportError as error:
        raise CommandError(
            "--engine dask://... needs the extra: pip install 'skdistill[dask]'"
        ) from error
    try:
        client = Client(address, timeout=SECONDS)
    except OSError as error:
        raise CommandError(
            f"no Dask scheduler answers at {address} within {SECONDS} s: start `dask scheduler` "
            "there, and `dask worker` where fits should run"
        ) from error
    with client, joblib.parallel_config("dask", client=client):
        yield


@contextmanager
def _ray() -> Iterator[None]:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise CommandError("--engine ray needs: pip install 'skdistill[ray]'") from error
    register_ray()
    ours = not ray.is_initialized()
    if ours:
        try:
            ray.init(logging_level="ERROR", log_to_driver=False)
        except (ConnectionError, TimeoutError, RuntimeError) as error:
            raise CommandError(f"no cluster of Ray can be reached: {error}") from error
    try:
        with joblib.parallel_config("ray", n_jobs=-1):
            yield
    finally:
        if ours:
            ray.shutdown()
