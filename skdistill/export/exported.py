"""The record of an export."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Exported"]


@dataclass(frozen=True)
class Exported:
    """A file that was shown to say what the model says.

    Attributes
    ----------
    format : str
        "onnx" or another.
    path : pathlib.Path or None
        Where it was written; None if nowhere.
    content : bytes
        What is in the file.
    versions : mapping of str to str
        Of the packages that made the model, the file and the proof.
    largest_difference : float
        Of a probability, or of a prediction over the larger of one and its size.
    n_rows : int
        Rows compared: those that were given, and those made up next to thresholds and at extremes.
    n_other_labels : int
        Rows whose label differs; none.
    tolerance : float
        The largest difference that was allowed.
    """

    format: str
    path: Path | None
    content: bytes = field(repr=False)
    versions: Mapping[str, str]
    largest_difference: float
    n_rows: int
    n_other_labels: int
    tolerance: float
