"""The boosters' own files: LightGBM's text, XGBoost's UBJSON; a plain reload says the same."""

import json
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

__all__ = ["LIGHTGBM", "XGBOOST", "to_lightgbm", "to_xgboost"]

LOGISTIC = ("binary:logistic", "reg:logistic")


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
    all, or a regressor's prediction; it does not know the names of the classes. It is reloaded, and
    run as `to_onnx` runs its graph. Another student, and what stands around one (a decode step, a
    temperature, a Pipeline), has no place in it.

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

    A temperature that the student was fitted at is undone in leaves and start score. The reloaded
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


def _student(model: Any, package: str) -> tuple[Any, float]:
    """Return the package's own estimator inside a model, and the temperature that is around it."""
    inner, temperature = model, 1.0
    if hasattr(inner, "student_"):
        if getattr(inner, "decode_", None) is not None:
            raise ExportError(
                f"{inner.decode_!r} makes probabilities of the student's numbers, for which "
                f"{package}'s file has no place: use to_onnx or to_c."
            )
        inner = inner.student_
    while type(inner).__name__ in ("LabelledClassifier", "TemperedClassifier"):
        temperature *= getattr(inner, "temperature", 1.0)
        inner = inner.classifier
    if type(inner).__module__.partition(".")[0] != package:
        raise ExportError(
            f"{type(inner).__name__} is no estimator of {package}: use to_onnx or to_c."
        )
    return inner, temperature


def _write_lightgbm(answer: Answer, table: Table, model: Any) -> bytes:
    student, temperature = _student(model, "lightgbm")
    check_booster(student)
    if temperature != 1.0:
        raise ExportError(
            f"the temperature {temperature} is undone around {type(student).__name__}, for which "
            "LightGBM's text has no place: use to_onnx or to_c."
        )
    return str(student.booster_.model_to_string()).encode()


def _run_lightgbm(content: bytes, answer: Answer) -> Callable[[Table], Said]:
    import lightgbm

    booster = lightgbm.Booster(model_str=content.decode())
    return lambda rows: Said(_columns(booster.predict(rows.given), answer))


def _write_xgboost(answer: Answer, table: Table, model: Any) -> bytes:
    """Return the booster's bytes, the temperature undone."""
    import xgboost

    student, temperature = _student(model, "xgboost")
    booster = student.get_booster()
    best = booster.attr("best_iteration")
    booster = booster if best is None else booster[: int(best) + 1]
    if temperature != 1.0:
        told = json.loads(bytes(booster.save_raw("json")))
        _heat(told["learner"], temperature)
        booster = xgboost.Booster(model_file=bytearray(json.dumps(told).encode()))
    return bytes(booster.save_raw("ubj"))


def _heat(learner: dict[str, Any], temperature: float) -> None:
    """Multiply the scores by a temperature: leaves and start."""
    for tree in learner["gradient_booster"]["model"]["trees"]:
        leaves = np.flatnonzero(np.array(tree["left_children"]) < 0).tolist()
        for leaf in leaves:
            tree["split_conditions"][leaf] *= temperature
            tree["base_weights"][leaf] *= temperature
    param = learner["learner_model_param"]
    base = np.array(json.loads(param["base_score"]), dtype=np.float64)
    if learner["objective"]["name"] in LOGISTIC:
        base = 1 / (1 + np.exp(-temperature * np.log(base / (1 - base))))
    else:
        base *= temperature
    # XGBoost 2 reads no more digits than single precision has.
    told = [np.format_float_scientific(each, exp_digits=1) for each in np.float32(base).ravel()]
    param["base_score"] = f"[{','.join(told)}]" if base.ndim else told[0]


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
