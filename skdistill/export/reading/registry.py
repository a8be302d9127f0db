"""Which function reads which learner: by package and name of its class, subclasses not included.

A subclass may predict by something else than what its base has fitted.
"""

from collections.abc import Callable
from typing import Any

from skdistill._ground.learners import root_package
from skdistill.exceptions import ExportError
from skdistill.export.pieces import Answer, Piece

__all__ = ["read", "read_transformer", "reads", "transforms"]

Reader = Callable[[Any, Piece], Answer]
Transform = Callable[[Any, Piece], Piece]
READERS: dict[str, Reader] = {}
TRANSFORMS: dict[str, Transform] = {}


def reads(*names: str) -> Callable[[Reader], Reader]:
    """Register a reader of fitted models, by names such as "sklearn.Ridge"."""

    def register(reader: Reader) -> Reader:
        READERS.update(dict.fromkeys(names, reader))
        return reader

    return register


def transforms(*names: str) -> Callable[[Transform], Transform]:
    """Register a reader of fitted transformers."""

    def register(reader: Transform) -> Transform:
        TRANSFORMS.update(dict.fromkeys(names, reader))
        return reader

    return register


def read(model: Any, of: Piece) -> Answer:
    """Return what a fitted model computes of `of`.

    Parameters
    ----------
    model : estimator
        Fitted.
    of : Piece
        What it is given.

    Returns
    -------
    answer : Answer

    Raises
    ------
    ExportError
        If nothing is known of its class, or of a setting.
    """
    return _reader(READERS, model, "learner")(model, of)


def read_transformer(model: Any, of: Piece) -> Piece:
    """Return what a fitted transformer computes of `of`; raise ExportError as `read` does."""
    return _reader(TRANSFORMS, model, "transformer")(model, of)


def _reader(readers: dict[str, Any], model: Any, kind: str) -> Any:
    name = f"{root_package(model)}.{type(model).__name__}"
    if name in readers:
        return readers[name]
    raise ExportError(
        f"{name} is a {kind} that no format of skdistill.export can express: use joblib, or a "
        f"student made of these: {', '.join(sorted(each.split('.')[1] for each in readers))}."
    )
