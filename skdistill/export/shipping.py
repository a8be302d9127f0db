"""How every format is made: read the model, write, prove, and only then save."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_is_fitted

from skdistill._ground.learners import root_package
from skdistill._ground.saving import check_writable, replacing
from skdistill._ground.validation import check_flag, check_number, is_estimator
from skdistill.exceptions import ExportError
from skdistill.export.exported import Exported
from skdistill.export.pieces import Answer, As, Beside, Pick, every_piece
from skdistill.export.proof import Said, prove
from skdistill.export.reading import read
from skdistill.export.tables import Table, as_exported

__all__ = ["Format", "produce", "usual_tolerance"]

EXACT, SINGLE = 1e-12, 1e-6


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes
    ----------
    name : str
        What it is called; also the extra that brings its packages.
    packages : tuple of str
        What must be installed.
    write : callable
        Gives the file's bytes of an `Answer`, the rows and the model.
    runner : callable
        Gives of the bytes and the `Answer` a function that says what the file says of rows.
    """

    name: str
    packages: tuple[str, ...]
    write: Callable[[Answer, Table, Any], bytes]
    runner: Callable[[bytes, Answer], Callable[[Table], Said]]


def produce(
    form: Format,
    model: Any,
    X: Any,
    *,
    path: str | Path | None,
    labels: bool,
    tolerance: float | None,
) -> Exported:
    """Write a model in a format, prove it, and save it; see `to_onnx` for what is raised."""
    check_flag("labels", labels)
    if tolerance is not None:
        check_number("tolerance", tolerance, low=0.0)
    if not is_estimator(model):
        raise ExportError(f"model must be a fitted estimator, got {type(model).__name__}.")
    check_is_fitted(model)
    for name in form.packages:
        _need(name, form.name)
    table = as_exported(model, X)
    if path is not None:
        check_writable(path)
    answer = read(model, table.piece)
    answer = answer if labels else replace(answer, decision=None)
    content = form.write(answer, table, model)
    tolerance = usual_tolerance(answer) if tolerance is None else float(tolerance)
    proof = prove(model, form.runner(content, answer), answer, table, tolerance)
    if path is not None:
        with replacing(path) as new:
            new.write_bytes(content)
    return Exported(
        format=form.name,
        path=None if path is None else Path(path),
        content=content,
        versions=_versions(form, model),
        largest_difference=proof.largest_difference,
        n_rows=proof.n_rows,
        n_other_labels=0,
        tolerance=tolerance,
    )


def _need(package: str, extra: str) -> None:
    try:
        import_module(package)
    except ImportError as error:
        raise ImportError(
            f"this format needs {package}, which is not installed: "
            f'pip install "skdistill[{extra}]".'
        ) from error


def usual_tolerance(answer: Answer) -> float:
    """Return the tolerance for what is computed in double, or in single precision."""
    single = any(
        piece.dtype == "float32" and not isinstance(piece, As | Beside | Pick)
        for piece in every_piece(answer.piece)
    )
    return SINGLE if single else EXACT


def _versions(form: Format, model: Any) -> dict[str, str]:
    """Return the versions of the packages that had a hand in it."""
    named = {"skdistill", "numpy", "sklearn", *form.packages, root_package(model)}
    found = {name: getattr(import_module(name), "__version__", None) for name in sorted(named)}
    return {name: version for name, version in found.items() if version is not None}
