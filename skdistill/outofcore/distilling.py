"""One distillation of rows in Parquet files, stage by stage, as `DistilledClassifier.fit` has them.

Only the fits differ: teachers and students are grown on rows that LightGBM bins as they are read.
Calibration, correction and target are those of rows in memory, as they ask for numbers of rows and
not for features.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._ground.data import Data
from skdistill._ground.outcomes import Classes
from skdistill._ground.saving import check_writable, replacing
from skdistill.distillation import Distilled, Metadata, make_problem
from skdistill.estimators.classifier import DistilledClassifier
from skdistill.exceptions import FoldError, ParameterError, StudentError
from skdistill.outofcore.parquet import BatchSequence, ParquetRows, open_rows
from skdistill.outofcore.splitting import folds_of_groups, folds_of_rows
from skdistill.settings import Settings
from skdistill.students import Fitted
from skdistill.students.lightgbm import LightGBMAdapter
from skdistill.students.lightgbm_stream import check_streamable, fit_labels, fit_soft
from skdistill.teaching.folds import Draw
from skdistill.teaching.labels import label_rows

__all__ = ["distil_parquet"]

Floats = NDArray[np.float64]
GIVEN = "rows in Parquet files"


def distil_parquet(
    model: DistilledClassifier,
    source: Any,
    target: str,
    *,
    features: Sequence[str] | None = None,
    weight: str | None = None,
    group: str | None = None,
    out: str | Path | None = None,
) -> DistilledClassifier:
    """Distil a LightGBM classifier into another on rows that stay in Parquet files.

    The features are read batch by batch; in memory are LightGBM's bins of them, one byte a cell,
    and a few numbers per row. dask and polars write such files in a line: ``frame.to_parquet``,
    ``lazy.sink_parquet``.

    Supported are teachers and students that are plain LGBMClassifier on the CPU, without class
    weights, custom objectives or early stopping; numbers and booleans as features; a given
    strength below 1; an integer `cv`; calibrations other than "stacked". Anything else is refused
    before a row is read. Folds are by hash of the row's number, or of its group: they are the same
    whatever rows are added later, are of nearly equal size, and are not stratified.

    The student is the one of ``model.fit`` on the same rows in memory with the same folds
    (``cv=PredefinedSplit(fitted.fold_)``), with all settings of `model` but `cv` the same.

    Parameters
    ----------
    model : DistilledClassifier
        With its settings; it is not changed.
    source : str, path, list of them, or pyarrow.dataset.Dataset
        A Parquet file, a folder of them, or several. Rows are numbered in the order of the files.
    target : str
        Column of the labels: strings or whole numbers.
    features : sequence of str or None, default=None
        Columns to learn from, in order; None for all others.
    weight : str or None, default=None
        Column of positive row weights, of teacher and student.
    group : str or None, default=None
        Column of the groups that must not be split by a fold.
    out : str, path or None, default=None
        A Parquet file for what the teachers said: a row for each row, its ``fold``, and a column
        ``p_<class>`` for each class, out of fold, as the teacher gave it. An old one is replaced.

    Returns
    -------
    fitted : DistilledClassifier
        A clone, fitted: `student_` is a plain LGBMClassifier.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    ParameterError
        If a setting is not supported, or a column is not there.
    StudentError
        If teacher or student is no LGBMClassifier, or has settings that are not supported.
    InputError
        If features are no numbers, or labels or weights cannot be used.
    FoldError
        If a fold has no rows, or training rows that lack a class.
    OSError
        If `out` cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from lightgbm import LGBMClassifier
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.outofcore import distil_parquet
    >>> model = DistilledClassifier(
    ...     LGBMClassifier(n_estimators=30, verbose=-1),
    ...     LGBMClassifier(n_estimators=5, num_leaves=8, verbose=-1),
    ...     strength=0.5,
    ... )
    >>> frame = load_breast_cancer(as_frame=True).frame
    >>> with TemporaryDirectory() as folder:
    ...     frame.to_parquet(Path(folder, "part-0.parquet"))
    ...     fitted = distil_parquet(model, folder, "target")
    >>> fitted.student_.n_estimators_, fitted.predict(frame.iloc[:2, :-1]).tolist()
    (5, [0, 0])
    """
    if type(model) is not DistilledClassifier:
        raise ParameterError(
            f"model must be a DistilledClassifier, got {type(model).__name__}: others need their "
            "rows in memory."
        )
    model = clone(model)
    settings = _settings(model, weighted=weight is not None)
    if out is not None:
        _check_out(out, source)
    rows = open_rows(source, features, {"target": target, "weight": weight, "group": group})
    classes, codes = rows.labels(target)
    weights = None if weight is None else rows.weights(weight)
    fold = _folds(rows, codes, model.cv or 5, group)
    raw = _cross_fit(model.teacher, rows, codes, weights, fold, classes)
    if out is not None:
        _write(out, fold, raw, classes)
    data = Data(None, codes, Classes(np.arange(len(classes))), weights, None, *_numbers(rows))
    labels = label_rows(raw, data, settings.calibration)
    problem, gain = make_problem(settings, data, labels, Metadata({}, {}, weights))
    fitted, direct = _fit_student(settings, rows, problem, weights, classes)
    done = Distilled(
        settings, fitted, gain, labels, len(rows), 0, 0, direct, 1 + (direct is not None)
    )
    return _keep(model, done, data, classes, fold, rows.features)


def _check_out(out: str | Path, source: Any) -> None:
    """Raise where the file cannot be written, or would be taken for rows the next time."""
    check_writable(out)
    folder, name = Path(out).resolve().parent, Path(out).name
    places = [Path(each) for each in ([source] if isinstance(source, str | Path) else [])]
    if any(p.resolve() in (folder, *folder.parents) for p in places) and name[0] not in "._":
        raise ParameterError(
            f"out must not be taken for rows of the folder it is in, got {str(out)!r}: begin its "
            "name with an underscore, or write it elsewhere."
        )


def _settings(model: DistilledClassifier, *, weighted: bool) -> Settings:
    """Return the resolved settings, or raise where one is not supported."""
    model._refuse_ignored(  # noqa: SLF001 - of one package
        GIVEN,
        n_repeats=1,
        synthetic=None,
        device="cpu",
        memory=None,
        n_jobs=None,
        random_state=None,
    )
    if model.cv is not None and not (isinstance(model.cv, int) and model.cv >= 2):
        raise ParameterError(
            f"cv must be a number of folds for {GIVEN}, at least 2, got {model.cv!r}: which fold a "
            "row is in is found by its number, or its group."
        )
    check_streamable(model.teacher, "teacher")
    student = model._student()  # noqa: SLF001
    check_streamable(student, "student")
    settings = model._settings(2**31, weighted=weighted)  # noqa: SLF001
    if settings.needs_direct or settings.strength == 1.0:
        raise ParameterError(
            f"strength must be a number below 1, and calibration not 'stacked', for {GIVEN}, got "
            f"strength={model.strength!r} and calibration={model.calibration!r}. Find a strength "
            "on a sample in memory, which is the strength_ of its fit; at 1 train LightGBM "
            "directly."
        )
    if not isinstance(settings.adapter, LightGBMAdapter):
        raise StudentError(
            f"this student is not supported for {GIVEN} ({settings.adapter.route}): leave "
            "boosting_type and linear_tree as they are."
        )
    return settings


def _folds(
    rows: ParquetRows, codes: NDArray[np.int64], cv: int, group: str | None
) -> NDArray[np.int16]:
    """Return the fold of each row, or raise FoldError where one cannot be used."""
    if group is None:
        fold = folds_of_rows(len(rows), cv)
    else:
        groups, number = rows.distinct(group, "groups must have an entry")
        fold = folds_of_groups(groups, cv)[number]
    n_classes = int(codes.max()) + 1
    counts = np.bincount(fold * np.int64(n_classes) + codes, minlength=cv * n_classes)
    table = counts.reshape(cv, n_classes)
    empty, lacking = table.sum(axis=1) == 0, np.any(table.sum(axis=0) == table, axis=1)
    if empty.any() or lacking.any():
        raise FoldError(
            f"each of {cv} folds must have rows, and rows of every class outside it, got "
            f"{table.tolist()} rows by fold and class: use another cv, or more groups or rows."
        )
    return fold


def _dataset(
    rows: ParquetRows, label: NDArray[Any], weight: Floats | None, chosen: Any = None
) -> lightgbm.Dataset:
    """Return rows to be binned, as they are read."""
    some = slice(None) if chosen is None else chosen
    return lightgbm.Dataset(
        BatchSequence(rows, chosen),
        label[some],
        weight=None if weight is None else weight[some],
        feature_name=list(rows.features),
    )


def _cross_fit(
    teacher: Any,
    rows: ParquetRows,
    codes: NDArray[np.int64],
    weight: Floats | None,
    fold: NDArray[np.int16],
    classes: NDArray[Any],
) -> Floats:
    """Return the out-of-fold probabilities of the teacher, shape (n, K)."""
    said = np.empty((len(rows), len(classes)))
    for k in range(int(fold.max()) + 1):
        train = _dataset(rows, codes, weight, fold != k)
        booster = fit_labels(teacher, train, classes, rows.features).booster_
        place = 0
        for batch in rows.batches():
            inside = np.flatnonzero(fold[place : place + len(batch)] == k)
            if len(inside):
                p = booster.predict(batch[inside])
                said[place + inside] = p if p.ndim == 2 else np.stack([1.0 - p, p], axis=1)
            place += len(batch)
    return said


def _write(path: str | Path, fold: NDArray[np.int16], said: Floats, classes: NDArray[Any]) -> None:
    """Write what the teachers said, beside the old file and then in its place."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = {f"p_{name}": said[:, k] for k, name in enumerate(classes.tolist())}
    with replacing(path) as new:
        parquet.write_table(pa.table({"fold": fold} | columns), new)


def _numbers(rows: ParquetRows) -> tuple[NDArray[np.int64], int]:
    return np.arange(len(rows)), len(rows)


def _fit_student(
    settings: Settings, rows: ParquetRows, problem: Any, weight: Floats | None, classes: Any
) -> tuple[Fitted, Fitted | None]:
    """Return the student, and the direct one whose size it keeps to; the rows are binned once."""
    binned, direct = _dataset(rows, problem.labels, weight), None
    if settings.size == "direct":
        model = fit_labels(settings.adapter.student, binned, classes, rows.features)
        direct = Fitted(model)
        problem = replace(problem, direct=direct)
    binned.set_weight(None)  # they are part of the objective
    return fit_soft(settings.adapter, problem, binned, classes, rows.features), direct


def _keep(
    model: DistilledClassifier,
    done: Distilled,
    data: Data,
    classes: NDArray[Any],
    fold: NDArray[np.int16],
    names: tuple[str, ...],
) -> DistilledClassifier:
    """Give the estimator what a fit would."""
    model.feature_names_in_, model.n_features_in_ = np.array(names, dtype=object), len(names)
    n_folds = int(fold.max()) + 1
    counts = {"n_teacher_fits": n_folds, "n_student_fits": done.n_fits, "shrinkage": None}
    model._keep(done, done.settings.adapter.student, data, None, **counts)  # noqa: SLF001
    model.classes_, model.fold_ = classes, fold.astype(np.int64)
    model._draw = Draw(0)  # noqa: SLF001
    model._remember(classes[data.y], sample_weight=data.weight, groups=None)  # noqa: SLF001
    return model
