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
from skdistill.export.columns import Dates
from skdistill.export.exported import Exported
from skdistill.export.pieces import Answer, As, Beside, Pick, every_piece
from skdistill.export.proof import Said, prove
from skdistill.export.reading import read
from skdistill.export.tables import Table, as_exported

__all__ = ["Format", "check_dates", "check_packages", "produce", "usual_tolerance", "written"]

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
    in_single : callable
        Whether the file computes an `Answer` in single precision, though the model does not.
    single_rows : bool
        Whether the file takes rows in single precision, and is compared on such.
    """

    name: str
    packages: tuple[str, ...]
    write: Callable[[Answer, Table, Any], bytes]
    runner: Callable[[bytes, Answer], Callable[[Table], Said]]
    in_single: Callable[[Answer], bool] = lambda _: False
    single_rows: bool = False


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
    if path is not None:
        check_writable(path)
    answer, table, content = written(form, model, X, labels=labels)
    usual = SINGLE if form.in_single(answer) else usual_tolerance(answer)
    tolerance = usual if tolerance is None else float(tolerance)
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


def written(form: Format, model: Any, X: Any, *, labels: bool) -> tuple[Answer, Table, bytes]:
    """Return what a model computes, the rows as the file takes them, and the file, unproved."""
    check_packages(form)
    table = as_exported(model, X)
    if form.single_rows:
        if not table.is_matrix:
            raise ExportError(
                "rows with text, categories or dates keep their numbers in double precision: "
                "leave float64=True."
            )
        table = table.in_single()
    answer = read(model, table.piece)
    answer = answer if labels else replace(answer, decision=None)
    check_dates(answer)
    return answer, table, form.write(answer, table, model)


def check_dates(answer: Answer) -> None:
    """Raise ExportError for a column of dates that is used as something else."""
    for piece in every_piece(answer.piece):
        if isinstance(piece, Dates):
            raise ExportError(
                f"column {piece.name!r} holds dates, which only skrub's ToDatetime and "
                "DatetimeEncoder make numbers of: make it a number before the fit."
            )


def check_packages(form: Format) -> None:
    """Raise ImportError, with what to install, where a package of a format is missing."""
    for name in form.packages:
        try:
            import_module(name)
        except ImportError as error:
            raise ImportError(
                f"the format {form.name} needs {name}, which is not installed: "
                f'pip install "skdistill[{form.name}]".'
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
