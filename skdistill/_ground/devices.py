"""Where a student is fitted: the CPU, or an NVIDIA GPU by CuPy. Resolved here and nowhere else."""

from functools import cache
from importlib.util import find_spec
from typing import Any

from skdistill._ground.arrays import as_like, has_namespace
from skdistill._ground.compat import warn_user
from skdistill._ground.validation import check_choice
from skdistill.exceptions import ParameterError, SkdistillWarning, StudentError

__all__ = ["DEVICES", "choose_device", "cupy_obstacle", "onto"]

DEVICES = ("auto", "cpu", "cuda")


def choose_device(device: str, obstacle: str | None, learner: str) -> str:
    """Return "cpu" or "cuda".

    Parameters
    ----------
    device : {"cpu", "cuda", "auto"}
        What was asked for; "auto" is the GPU where there is no obstacle.
    obstacle : str or None
        Why the learner cannot run on a GPU here; None if it can.
    learner : str
        Its name, for messages.

    Returns
    -------
    chosen : {"cpu", "cuda"}

    Raises
    ------
    ParameterError
        If `device` is unknown.
    StudentError
        If it is "cuda", and there is an obstacle.
    """
    check_choice("device", device, DEVICES)
    if device == "cpu":
        return "cpu"
    if obstacle is None:
        return "cuda"
    if device == "cuda":
        raise StudentError(
            f"device='cuda' cannot be had for {learner}: {obstacle} Use device='cpu', or 'auto', "
            "which takes the GPU only where there is one."
        )
    warn_user(f"device='auto': {learner} is fitted on the CPU: {obstacle}", SkdistillWarning)
    return "cpu"


@cache
def cupy_obstacle() -> str | None:
    """Return why CuPy cannot be used here, and what would help; None if it can."""
    if find_spec("cupy") is None:
        return 'CuPy is not installed; pip install "skdistill[gpu]" brings it.'
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # noqa: BLE001 - a missing driver shows in many ways
        return f"CuPy (of the extra skdistill[gpu]) found no usable NVIDIA GPU: {error}."
    return None if count else "CuPy (of the extra skdistill[gpu]) found no NVIDIA GPU."


def onto(X: Any, device: str) -> Any:
    """Return rows on `device`; those of another namespace than NumPy stay where they are.

    Raises
    ------
    ParameterError
        If sparse rows should go to the GPU.
    """
    if device == "cpu" or has_namespace(X):
        return X
    if not hasattr(X, "__array_interface__"):
        raise ParameterError(
            f"device='cuda' needs dense rows, got {type(X).__name__}: sparse rows are fitted on "
            "the CPU (device='cpu')."
        )
    return as_like(X, _gpu().empty(0))


def _gpu() -> Any:
    import cupy

    return cupy
