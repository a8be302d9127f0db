"""The boosters' own files: LightGBM's text, XGBoost's UBJSON; a plain reload says the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skdistill.exceptions import ExportError
from skdistill.export.documented import documented
from skdistill.export.exported import Exported
from skdistill.export.pieces import Answer
from skdistill.export.proof import Said
from skdistill.export.reading.lightgbm import check_booster
from skdistill.export.shipping import Format, produce
from skdistill.export.tables import Table
from skdistill.students import LabelledClassifier, TemperedClassifier
from skdistill.students.tempering import tempered

__all__ = ["LIGHTGBM", "XGBOOST", "to_lightgbm", "to_xgboost"]


@documented("text")
def to_lightgbm(
    model: Any,
    X: Any,
    *,
    path: str | Path | None = None,
    tolerance: float | None = None,
) -> Exported:
    """Write a LightGBM student as LightGBM's own text, for ``lightgbm.Booster(model_file=...)``.

    The reloaded booster's ``predict`` gives the probability of class 1, of more classes those of
    all, or a regressor's prediction; it does not know the names of the classes. A temperature
    around the student is written into its leaves. The text is reloaded, and run as `to_onnx` runs
    its graph. Another student, and what else stands around one (a decode step, a Pipeline), has no
    place in it.

    Parameters
    ----------
    $model
    $X
    $path
    $tolerance

    Returns
    -------
    $exported

    Raises
    ------
    $ExportError
    $ImportError
    $NotFittedError
    $OSError

    Examples
    --------
    >>> from lightgbm import LGBMClassifier
    >>> from sklearn.datasets import load_iris
    >>> from skdistill.export import to_lightgbm
    >>> X, y = load_iris(return_X_y=True)
    >>> to_lightgbm(LGBMClassifier(n_estimators=3, verbose=-1).fit(X, y), X).n_other_labels
    0
    """
    return produce(LIGHTGBM, model, X, path=path, labels=False, tolerance=tolerance)


@documented("file")
def to_xgboost(
    model: Any,
    X: Any,
    *,
    path: str | Path | None = None,
    tolerance: float | None = None,
) -> Exported:
    """Write an XGBoost student as XGBoost's own UBJSON, for ``xgboost.Booster(model_file=...)``.

    A temperature around the student is written into its leaves. The reloaded
    booster's ``predict`` gives the probability of class 1, of more classes those of all, or a
    regressor's prediction. It is reloaded, and run as `to_onnx` runs its graph. Another student,
    and what else stands around one (a decode step, a Pipeline), has no place in it.

    Parameters
    ----------
    $model
    $X
    $path
    $tolerance

    Returns
    -------
    $exported

    Raises
    ------
    $ExportError
    $ImportError
    $NotFittedError
    $OSError

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from xgboost import XGBClassifier
    >>> from skdistill.export import to_xgboost
    >>> X, y = load_iris(return_X_y=True)
    >>> to_xgboost(XGBClassifier(n_estimators=3).fit(X, y), X).tolerance
    1e-06
    """
    return produce(XGBOOST, model, X, path=path, labels=False, tolerance=tolerance)


def _student(model: Any, package: str) -> Any:
    """Return the package's own estimator inside a model, at the temperature that is around it."""
    inner, temperature = model, 1.0
    if hasattr(inner, "student_"):
        if getattr(inner, "decode_", None) is not None:
            raise ExportError(
                f"{inner.decode_!r} makes probabilities of the student's numbers, for which "
                f"{package}'s file has no place: use to_onnx or to_c."
            )
        inner = inner.student_
    while type(inner) in (LabelledClassifier, TemperedClassifier):
        temperature *= getattr(inner, "temperature", 1.0)
        inner = inner.inner
    if type(inner).__module__.partition(".")[0] != package:
        raise ExportError(
            f"{type(inner).__name__} is no estimator of {package}: use to_onnx or to_c."
        )
    student = tempered(inner, temperature)
    if type(student) is TemperedClassifier:
        raise ExportError(
            f"the temperature {temperature} is undone around {type(inner).__name__} with these "
            f"settings, for which {package}'s file has no place: use to_onnx or to_c."
        )
    return student


def _write_lightgbm(answer: Answer, table: Table, model: Any) -> bytes:
    student = _student(model, "lightgbm")
    check_booster(student)
    return str(student.booster_.model_to_string()).encode()


def _run_lightgbm(content: bytes, answer: Answer) -> Callable[[Table], Said]:
    import lightgbm

    booster = lightgbm.Booster(model_str=content.decode())
    return lambda rows: Said(_columns(booster.predict(rows.given), answer))


def _write_xgboost(answer: Answer, table: Table, model: Any) -> bytes:
    booster = _student(model, "xgboost").get_booster()
    best = booster.attr("best_iteration")
    booster = booster if best is None else booster[: int(best) + 1]
    return bytes(booster.save_raw("ubj"))


def _run_xgboost(content: bytes, answer: Answer) -> Callable[[Table], Said]:
    import xgboost

    booster = xgboost.Booster(model_file=bytearray(content))
    # A DMatrix would refuse infinity, which the estimator takes.
    return lambda rows: Said(_columns(booster.inplace_predict(rows.given), answer))


def _columns(said: Any, answer: Answer) -> Any:
    """Return what a booster says, in the columns of the model: of two classes both."""
    values = np.asarray(said)
    values = values.reshape(len(values), -1)
    if answer.classes is not None and values.shape[1] == 1:
        return np.column_stack([1 - values, values])
    return values


LIGHTGBM = Format("lightgbm", ("lightgbm",), _write_lightgbm, _run_lightgbm)
XGBOOST = Format("xgboost", ("xgboost",), _write_xgboost, _run_xgboost)
