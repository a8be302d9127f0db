"""A student that is an ONNX graph: its columns, and what it says of rows."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skdistill.cli.columns import Column
from skdistill.cli.errors import CommandError
from skdistill.export.dates import seconds_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OnnxStudent", "open_onnx"]

TEXT, NUMBER, DATE = "tensor(string)", "tensor(double)", "date"
KINDS = {TEXT: "category", DATE: "date"}  # all others are numbers


@dataclass(frozen=True)
class OnnxStudent:
    """A graph of `to_onnx`, as ``predict`` asks it.

    Attributes
    ----------
    session : onnxruntime.InferenceSession
    feature_names_in_ : tuple of str
        The columns that it takes.
    columns_ : mapping
        What each of them is, as ``fit`` puts it down, and the categories of training; of a graph
        that is not of the command line, whether it is a number or text.
    classes_ : tuple of str
        What the columns of its probabilities are called; none of a regressor.
    """

    session: Any
    feature_names_in_: tuple[str, ...]
    columns_: Mapping[str, Any]
    classes_: tuple[str, ...]

    def predictions(self, features: "pd.DataFrame") -> "pd.DataFrame":
        """Return a row of predictions for each row of features."""
        import pandas as pd

        names = [each.name for each in self.session.get_outputs()]
        told = dict(zip(names, self.session.run(names, self._fed(features)), strict=True))
        if not self.classes_:
            return pd.DataFrame({"prediction": np.ravel(told["prediction"])})
        columns = [f"proba_{label}" for label in self.classes_]
        out = pd.DataFrame(told["probabilities"], columns=columns)
        likely = np.array(self.classes_, dtype=object).take(told["probabilities"].argmax(axis=1))
        out.insert(0, "prediction", told.get("label", likely))
        return out

    def _fed(self, features: "pd.DataFrame") -> dict[str, Any]:
        """Return rows as the graph takes them: one table of numbers, or column by column."""
        given = self.session.get_inputs()
        width = given[0].shape[-1]
        if [each.name for each in given] == ["X"] and (width != 1 or "X" not in features):
            return {"X": features[list(self.feature_names_in_)].to_numpy(dtype=np.float64)}
        return {each.name: _cells(features[each.name], each.type)[:, None] for each in given}


def _cells(column: "pd.Series", kind: str) -> Any:
    if column.dtype.kind == "M":
        return seconds_of(column)
    if kind == NUMBER:
        return column.to_numpy(dtype=np.float64)
    missing = column.isna()
    return np.array(column.astype(object).where(~missing, "").tolist(), dtype=object)


def open_onnx(path: str) -> OnnxStudent:
    """Open a graph that `to_onnx`, or ``export``, has written; no code of it runs.

    Parameters
    ----------
    path : str

    Returns
    -------
    student : OnnxStudent

    Raises
    ------
    CommandError
        If onnxruntime is not installed, or the file is no such graph.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise CommandError(
            'an .onnx file needs onnxruntime: pip install "skdistill[onnx]"'
        ) from error
    try:
        content = Path(path).read_bytes()  # an error of the system names the file
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        said = session.get_modelmeta().custom_metadata_map
    except OSError:
        raise
    except Exception as error:  # whatever onnxruntime raises of some other file
        reason = " ".join(str(error).split())
        raise CommandError(f"{path} cannot be opened by onnxruntime: {reason}") from error
    if "columns" not in said or "classes" not in said:
        raise CommandError(f"{path} is no graph of skdistill.export.to_onnx, or of an earlier one")
    names, kinds = json.loads(said["columns"]), {i.name: i.type for i in session.get_inputs()}
    classes = tuple(map(str, json.loads(said["classes"])))
    if "command_line" in said:
        return OnnxStudent(session, tuple(names), json.loads(said["command_line"]), classes)
    if "X" not in kinds:
        names = [name for name in names if name in kinds]
    kinds |= dict.fromkeys(json.loads(said.get("dates", "[]")), DATE)
    known = _columns(names, kinds, is_regressor=not classes)
    return OnnxStudent(session, tuple(names), known, classes)


def _columns(names: list[str], kinds: Mapping[str, str], *, is_regressor: bool) -> dict[str, Any]:
    """Return what is known of the columns of a graph that the command line did not write."""
    features = [asdict(Column(name, KINDS.get(kinds.get(name, ""), "number"))) for name in names]
    task = "regress" if is_regressor else "classify"
    target = {"task": task, "name": "prediction", "unit": "", "per": None}
    return {"features": features, "ids": [], "target": target}
