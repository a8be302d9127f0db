"""One distillation of rows in Parquet files, stage by stage, as a fit in memory has them.

Only the fits differ: teachers and students are grown on rows that LightGBM or XGBoost bins as they
are read. Calibration, correction, strength and target are those of rows in memory, as they ask for
numbers of rows and not for features.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._ground.data import Data
from skdistill._ground.outcomes import Classes, Numbers
from skdistill._ground.saving import check_writable, replacing
from skdistill.distillation import Distilled, Metadata, make_problem
from skdistill.estimators.classifier import DistilledClassifier
from skdistill.estimators.regressor import DistilledRegressor
from skdistill.exceptions import FoldError, ParameterError, StudentError
from skdistill.outofcore.boosters import Booster, booster_of
from skdistill.outofcore.frames import as_files
from skdistill.outofcore.parquet import ParquetRows, open_rows
from skdistill.outofcore.reading import NumberedRows
from skdistill.outofcore.splitting import folds_of_groups, folds_of_rows
from skdistill.settings import Settings
from skdistill.students import Adapter, Fitted, Problem
from skdistill.teaching.crossfit import OutOfFold
from skdistill.teaching.folds import Draw, Folds
from skdistill.teaching.labels import label_rows, true_labels

__all__ = ["distil_parquet"]

Floats = NDArray[np.float64]
Model = TypeVar("Model", DistilledClassifier, DistilledRegressor)
GIVEN = "rows in Parquet files"
OUTCOMES: dict[type, type] = {DistilledClassifier: Classes, DistilledRegressor: Numbers}


def distil_parquet(
    model: Model,
    source: Any,
    target: str,
    *,
    features: Sequence[str] | None = None,
    weight: str | None = None,
    group: str | None = None,
    out: str | Path | None = None,
) -> Model:
    """Distil one booster into another on rows that stay in Parquet files.

    The features are read batch by batch; in memory are LightGBM's or XGBoost's bins of them, one
    byte a cell, and a few numbers per row.

    Supported are teachers and students that are plain LGBMClassifier or XGBClassifier (numbers:
    LGBMRegressor, XGBRegressor) on the CPU, without class weights, custom objectives or early
    stopping; of XGBoost two classes for the student, trees by histograms and no temperature;
    numbers and booleans as features; a strength that is "auto" or below 1; losses of a mean; an
    integer `cv`; calibrations other than "stacked". Anything else is refused before a feature is
    read. Folds are by hash of the row's number, or of its group: they are the same whatever rows
    are added later, are of nearly equal size, and are not stratified.

    With LightGBM the student is the one of ``model.fit`` on the same rows in memory with the same
    folds (``cv=PredefinedSplit(fitted.fold_)``), with all settings of `model` but `cv` the same.
    XGBoost estimates its bins batch by batch: its student is close to that one.

    Parameters
    ----------
    model : DistilledClassifier or DistilledRegressor
        With its settings; it is not changed.
    source : str, path, list of them, pyarrow.dataset.Dataset, or frame of dask or polars
        A Parquet file, a folder of them, or several. Rows are numbered in the order of the files. A
        dask.dataframe or polars.LazyFrame is written to a temporary folder by its own writer.
    target : str
        Column of the labels (strings or whole numbers), or of numbers.
    features : sequence of str or None, default=None
        Columns to learn from, in order; None for all others.
    weight : str or None, default=None
        Column of positive row weights, of teacher and student.
    group : str or None, default=None
        Column of the groups that must not be split by a fold.
    out : str, path or None, default=None
        A Parquet file for what the teachers said: a row for each row, its ``fold``, and a column
        ``p_<class>`` for each class, or ``pred``, out of fold, as the teacher gave it. An old one
        is replaced.

    Returns
    -------
    fitted : DistilledClassifier or DistilledRegressor
        A clone, fitted: `student_` is a plain estimator of the package.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    ParameterError
        If a setting is not supported, or a column is not there.
    StudentError
        If teacher or student is none of these learners, or has settings that are not supported.
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
    kind = OUTCOMES.get(type(model))
    if kind is None:
        raise ParameterError(
            "model must be a DistilledClassifier or a DistilledRegressor, got "
            f"{type(model).__name__}: others need their rows in memory."
        )
    model = clone(model)
    teachers, students, settings = _settings(model, kind, weighted=weight is not None)
    if out is not None:
        _check_out(out, source)
    beside = {"target": target, "weight": weight, "group": group}
    with as_files(source, features, beside) as files:
        rows = open_rows(files, features, beside)
        data, names = _read(model, kind, rows, target, weight)
        model._check_loss(settings, data)  # noqa: SLF001 - of one package
        taught = students(rows, data.outcome, names)
        taught.check_loss(settings.loss)
        fold = _folds(rows, data, model.cv or 5, group)
        raw = _cross_fit(teachers(rows, data.outcome, names), model.teacher, data, fold)[0]
        if out is not None:
            _write(out, fold, raw, names)
        done, report = _distil(
            model, students(rows, data.outcome, names), settings, data, raw, fold
        )
    return _keep(model, done, data, names, fold, rows.features, report)


def _distil(
    model: Any, students: Booster, settings: Settings, data: Data, raw: Floats, fold: Any
) -> tuple[Distilled, dict[str, Any]]:
    """Return the student of what the teachers said, and what the report says of the way there."""
    labels = label_rows(raw, data, settings.calibration, loss=settings.labels_by[1])
    metadata, n_folds = Metadata({}, {}, data.weight), int(fold.max()) + 1
    shrinkage, n_passes, of = None, 0, labels
    if settings.finds_strength:
        fit_direct = partial(_fit_direct, students, data, fold, settings.adapter)
        folds = Folds(
            tuple((np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(n_folds)),
            len(data),
        )
        known = data, labels.p, folds, data.weight
        shrinkage = model._task.shrink(settings, fit_direct(), *known, again=fit_direct)  # noqa: SLF001
        settings = model._at(shrinkage.strength, settings, data, metadata)  # noqa: SLF001
        of = true_labels(data) if settings.strength == 1.0 else labels
        n_passes = 1 + (getattr(shrinkage, "bounded", None) is not None)
    problem, gain = make_problem(settings, data, of, metadata)
    fitted, direct = _fit_student(students, settings, problem, data)
    n_fits = 1 + (direct is not None and direct is not fitted)
    done = Distilled(settings, fitted, gain, labels, len(data), 0, 0, direct, n_fits)
    return done, {
        "n_teacher_fits": n_folds,
        "n_student_fits": n_fits + n_passes * n_folds,
        "shrinkage": None if shrinkage is None else shrinkage.to_dict(),
    }


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


def _settings(
    model: Any, kind: type, *, weighted: bool
) -> tuple[type[Booster], type[Booster], Settings]:
    """Return who fits teachers and students, and the resolved settings; raise where they cannot."""
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
    teachers = booster_of(model.teacher, kind, "teacher")
    students = booster_of(model._student(), kind, "student")  # noqa: SLF001
    settings = model._settings(2**31, weighted=weighted)  # noqa: SLF001
    if settings.calibration == "stacked" or settings.strength == 1.0:
        raise ParameterError(
            f"strength must be below 1, and calibration not 'stacked', for {GIVEN}, got "
            f"strength={model.strength!r} and calibration={model.calibration!r}: at 1 train the "
            "student directly, by its own package."
        )
    if not settings.loss.is_linear:
        raise ParameterError(
            f"loss={settings.loss!r} is not supported for {GIVEN}: its students are fitted to "
            "copies of the rows. Use a student of a mean, or distil on a sample in memory."
        )
    if not isinstance(settings.adapter, students.adapters):
        raise StudentError(
            f"this student is not supported for {GIVEN} ({settings.adapter.route}): leave "
            "boosting_type and linear_tree as they are."
        )
    return teachers, students, settings


def _read(
    model: Any, kind: type, rows: ParquetRows, target: str, weight: str | None
) -> tuple[Data, NDArray[Any]]:
    """Return labels and weights of the rows, which are known by their numbers, and the classes."""
    weights = None if weight is None else rows.weights(weight)
    numbers = np.arange(len(rows))
    if kind is Numbers:
        y = rows.numbers(target)
        return model._task.read(numbers, y, weights, None), np.empty(0)  # noqa: SLF001
    classes, codes = rows.labels(target)
    outcome = Classes(np.arange(len(classes)))
    return Data(numbers, codes, outcome, weights, None, numbers, len(rows)), classes


def _folds(rows: ParquetRows, data: Data, cv: int, group: str | None) -> NDArray[np.int16]:
    """Return the fold of each row, or raise FoldError where one cannot be used."""
    if group is None:
        fold = folds_of_rows(len(rows), cv)
    else:
        groups, number = rows.distinct(group, "groups must have an entry")
        fold = folds_of_groups(groups, cv)[number]
    n_classes = max(1, len(data.classes))
    codes = data.codes if len(data.classes) else 0
    counts = np.bincount(fold * np.int64(n_classes) + codes, minlength=cv * n_classes)
    table = counts.reshape(cv, n_classes)
    empty, lacking = table.sum(axis=1) == 0, np.any(table.sum(axis=0) == table, axis=1)
    if empty.any() or lacking.any():
        raise FoldError(
            f"each of {cv} folds must have rows, and rows of every class outside it, got "
            f"{table.tolist()} rows by fold and class: use another cv, or more groups or rows."
        )
    return fold


def _cross_fit(
    booster: Booster, learner: Any, data: Data, fold: NDArray[np.int16]
) -> tuple[Floats, list[Any]]:
    """Return what a learner says of each row out of fold, shape (n, C), and the fitted ones."""
    said, models = np.empty((len(data), data.outcome.n_columns)), []
    for k in range(int(fold.max()) + 1):
        models.append(booster.fit(learner, booster.bins(learner, data.y, data.weight, fold != k)))
        place = 0
        for batch in booster.rows.batches():
            inside = np.flatnonzero(fold[place : place + len(batch)] == k)
            if len(inside):
                said[place + inside] = booster.ask(models[-1], batch[inside])
            place += len(batch)
    return said, models


def _fit_direct(
    students: Booster, data: Data, fold: NDArray[np.int16], adapter: Adapter
) -> OutOfFold:
    """Return what `choosing.strength.fit_direct` does of rows in memory."""
    said, models = _cross_fit(students, adapter.student, data, fold)
    parts = tuple(said[fold == k] for k in range(len(models)))
    asked = [NumberedRows(students.rows, partial(students.ask, model)) for model in models]
    for each, model in zip(asked, models, strict=True):
        each.fitted_ = Fitted(model)  # as a `DirectStudent` has
    return OutOfFold(said, fold.astype(np.int64), parts, tuple(asked))


def _write(path: str | Path, fold: NDArray[np.int16], said: Floats, classes: NDArray[Any]) -> None:
    """Write what the teachers said, beside the old file and then in its place."""
    import pyarrow as pa
    from pyarrow import parquet

    names = [f"p_{name}" for name in classes.tolist()] or ["pred"]
    columns = {name: said[:, k] for k, name in enumerate(names)}
    with replacing(path) as new:
        parquet.write_table(pa.table({"fold": fold} | columns), new)


def _fit_student(
    students: Booster, settings: Settings, problem: Problem, data: Data
) -> tuple[Fitted, Fitted | None]:
    """Return the student, and the direct one whose size it keeps to; the rows are binned once."""
    adapter = settings.adapter
    binned, direct = students.bins(adapter.student, data.y, data.weight), None
    if settings.size == "direct" or problem.is_direct:
        direct = students.fit_direct(adapter.student, binned)
        if problem.is_direct:
            return direct, direct
        problem = replace(problem, direct=direct)
    return students.fit_student(adapter, problem, binned), direct


def _keep(
    model: Any,
    done: Distilled,
    data: Data,
    classes: NDArray[Any],
    fold: NDArray[np.int16],
    names: tuple[str, ...],
    report: dict[str, Any],
) -> Any:
    """Give the estimator what a fit would."""
    model.feature_names_in_, model.n_features_in_ = np.array(names, dtype=object), len(names)
    model._keep(done, done.settings.adapter.student, data, None, **report)  # noqa: SLF001
    y = data.y
    if len(classes):
        model.classes_, y = classes, classes[data.y]
    model.fold_ = fold.astype(np.int64)
    model._draw = Draw(0)  # noqa: SLF001
    model._remember(y, sample_weight=data.weight, groups=None)  # noqa: SLF001
    return model
