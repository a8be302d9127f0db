"""Every format by its name: what the command line asks for."""

from collections.abc import Callable, Mapping
from typing import Any

from skdistill.exceptions import ExportError
from skdistill.export.boosters import LIGHTGBM, XGBOOST, to_lightgbm, to_xgboost
from skdistill.export.c import C, to_c
from skdistill.export.description import JSON, to_json
from skdistill.export.exported import Exported
from skdistill.export.onnx import ONNX, to_onnx
from skdistill.export.shipping import Format, written
from skdistill.export.sql import form_of, to_sql
from skdistill.export.treelite import TREELITE, to_treelite

__all__ = ["FORMATS", "expressible"]

FORMATS: Mapping[str, tuple[Format, Callable[..., Exported]]] = {
    "onnx": (ONNX, to_onnx),
    "lightgbm": (LIGHTGBM, to_lightgbm),
    "xgboost": (XGBOOST, to_xgboost),
    "treelite": (TREELITE, to_treelite),
    "c": (C, to_c),
    "sql": (form_of("rows", ()), to_sql),
    "json": (JSON, to_json),
}


def expressible(model: Any, X: Any) -> list[str]:
    """Return the formats that a fitted model can be written in; nothing is proved.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : array-like or data frame of shape (n, d)
        Rows as it takes them.

    Returns
    -------
    names : list of str
        Formats whose packages are not installed are not among them.
    """
    return [name for name, (form, _) in FORMATS.items() if _is_expressible(form, model, X)]


def _is_expressible(form: Format, model: Any, X: Any) -> bool:
    try:
        written(form, model, X, labels=True)
    except (ExportError, ImportError):
        return False
    return True
