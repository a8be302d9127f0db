"""skrub's TableVectorizer: numbers, and categories in columns of their own.

Each column goes through its steps: text is emptied where it says that nothing is known, numbers are
rounded to single precision, categories become ones and zeros, dates year, month and day. Text of
many values is refused, by the name of the column.
"""

from collections.abc import Mapping
from typing import Any

from skdistill.exceptions import ExportError
from skdistill.export.columns import Column, Emptied
from skdistill.export.pieces import As, Piece, pick
from skdistill.export.reading.precision import beside
from skdistill.export.reading.registry import read_transformer, transforms

__all__: list[str] = []

AS_THEY_ARE = ("CleanCategories", "PassThrough", "ToStr")


@transforms("skrub.TableVectorizer")
def _vectoriser(model: Any, of: Piece) -> Piece:
    columns = {}
    for number, name in enumerate(model.feature_names_in_):
        if model.input_to_outputs_[name]:
            columns[name] = _column(name, model.all_processing_steps_[name], pick(of, [number]))
    made = [name for part in columns for name in model.input_to_outputs_[part]]
    wanted = model.get_feature_names_out().tolist()
    return pick(beside(list(columns.values())), [made.index(name) for name in wanted])


def _column(name: str, steps: list[Any], of: Piece) -> Piece:
    """Return what becomes of one column."""
    for step in steps:
        if isinstance(step, Mapping):  # of what the column has become, each to single precision
            of = As(of, "float32")
        elif type(step).__name__ not in (*AS_THEY_ARE, "DropUninformative"):
            of = _step(name, step, of)
    return of


def _step(name: str, step: Any, of: Piece) -> Piece:
    kind = type(step).__name__
    if kind == "CleanNullStrings":
        return Emptied(of, tuple(step.null_strings_))
    if kind == "ToFloat":
        if isinstance(of, Column | Emptied) and of.dtype == "text":
            raise ExportError(
                f"column {name!r} holds numbers as text, which no format reads: make it numbers "
                "before the TableVectorizer."
            )
        return As(of, "float32")
    try:
        return read_transformer(step, of)
    except ExportError as error:
        raise ExportError(
            f"column {name!r} goes through {kind}, which no format of skdistill.export can "
            "express: leave the column out, or make it a number or a category of few values. "
            f"({error})"
        ) from error
