"""`DistilledQuantiles`: from a teacher of quantiles to a small student for each."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skdistill._ground.compat import Progress, with_callbacks
from skdistill._ground.data import Data, check_numeric_data, given_answers
from skdistill._ground.engines import on_engine
from skdistill.distillation import Metadata
from skdistill.estimators.base import all_or_nothing
from skdistill.estimators.documented import NUMBERS, SINGLE, documented
from skdistill.estimators.levels import LevelsDistiller
from skdistill.estimators.regressor import DistilledRegressor
from skdistill.estimators.tasks import REGRESSION
from skdistill.exceptions import CoverageWarning, InputError, LeakWarning
from skdistill.rows.synthetic import check_further_rows
from skdistill.rows.transfer import Transfer, label_transfer
from skdistill.students.levels import at_level
from skdistill.targets.corrections import Correction
from skdistill.teaching.folds import Draw, Folds, check_cv
from skdistill.teaching.quantiles import Levels, Quantiles, QuantileTeacher, check_levels, way_of
from skdistill.teaching.teachers import REGRESSOR, as_teacher, check_teacher

__all__ = ["DistilledQuantiles"]

Floats = NDArray[np.float64]
WORDS = NUMBERS | {"single": "DistilledQuantiles", "said": "quantiles", "suffix": "quantiles"}
WORDS["shape"] = "(n, Q), or (n,)"
TASK = replace(
    REGRESSION,
    teachers=replace(REGRESSOR, outcome=Quantiles),
    single="DistilledQuantiles",
    suffix="quantiles",
)


@documented(WORDS, SINGLE)
class DistilledQuantiles(LevelsDistiller):
    """Distil a teacher of quantiles into a small student for each: intervals at a student's price.

    The teacher says the quantiles of each training row out of fold. Each level is then distilled as
    `DistilledRegressor` does it: calibrated on these rows by its pinball loss, corrected towards
    what was observed, and fitted by a student of that quantile. In each row the quantiles are
    sorted, which makes no pinball loss larger and leaves none crossing.

    Parameters
    ----------
    teacher : learner, dict of float to learner, or None
        What says quantiles: a learner of a quantile (`LGBMRegressor(objective="quantile")`), which
        is fitted once for each level, or a dict of one for each; one whose `predict` takes
        `quantiles` (quantile forests, TabPFN); one with `pred_dist` (NGBoost); one that returns a
        standard deviation, taken as that of a normal distribution (`BayesianRidge`; a Gaussian
        process, with a `WhiteKernel`, else it speaks of the function alone). Pipelines that end in
        one. A forest's or bag's spread is that of an estimated mean, and is refused. May be None
        where `teacher_quantiles` is given to `fit`.
    student : regressor or None, default=None
        A learner of a quantile, set to each level in turn, whatever its own; Pipelines that end in
        one. None is a LightGBM regressor of 50 trees.
    quantiles : float or sequence of float in (0, 1), default=(0.05, 0.5, 0.95)
        Levels, increasing. A single number makes for predictions of shape (n,).
    quantiles_of : callable or None, default=None
        How to ask another kind of teacher: ``quantiles_of(model, X, levels)`` returns an array
        (n, Q). For samples, `numpy.quantile` of them.
    $cv
    correction : {"orthogonal", "fast", "slow", "relative", "absolute"}, Correction or None, \
default="orthogonal"
        How the teacher is corrected row by row; None for plain distillation.
    strength : "auto" or float in [0, 1], default="auto"
        How far; "auto" finds it level by level, as `DistilledRegressor` does.
    calibration : "linear" or None, default="linear"
        Calibration of each level on the out-of-fold quantiles, by its pinball loss.
    $n_repeats
    $device
    $size
    $memory
    $n_jobs
    $random_state
    $verbose

    Attributes
    ----------
    students_ : list of estimator
        The plain fitted students, one for each level.
    estimators_ : dict of float to DistilledRegressor
        By level: the fit of its student, which reports and displays take
        (`skdistill.inspection`).
    strengths_ : array of shape (Q,)
        The strengths used; NaN where the correction has a constant of its own.
    $teacher_
    $calibrated_
    $fold_
    report_ : QuantilesReport
        What the fits did, and how often the teacher's quantiles held, out of fold.
    n_features_in_, feature_names_in_ : int, array of shape (n_features,)
        Number of features, and their names where X has them.

    See Also
    --------
    DistilledRegressor : One mean, or one quantile.
    sklearn.model_selection.GridSearchCV : Chooses settings by `score`. There is no search of this
        package's own for quantiles: each fold of that one fits the teacher anew.

    Notes
    -----
    A student of the squared error would learn the mean of a teacher's quantiles over the rows that
    it takes together, and that covers too little: it is refused. Students of the pinball loss see
    draws from the distribution about the teacher's quantile (`skdistill.teaching.residuals`).

    Examples
    --------
    >>> from lightgbm import LGBMRegressor
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.linear_model import QuantileRegressor
    >>> from skdistill import DistilledQuantiles
    >>> X, y = make_friedman1(600, noise=1.0, random_state=0)
    >>> model = DistilledQuantiles(
    ...     teacher=LGBMRegressor(objective="quantile", n_estimators=30, verbose=-1),
    ...     student=QuantileRegressor(alpha=0.0),
    ...     quantiles=(0.1, 0.9),
    ...     cv=3,
    ...     random_state=0,
    ... ).fit(X[:400], y[:400])
    >>> model.predict(X[400:]).shape
    (200, 2)
    >>> bool(abs(model.coverage(X[400:], y[400:]).interval - 0.8) < 0.08)
    True
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"teacher_quantiles": True}

    _task = TASK

    def __init__(
        self,
        teacher: Any,
        student: Any = None,
        *,
        quantiles: Any = (0.05, 0.5, 0.95),
        quantiles_of: Any = None,
        cv: Any = 5,
        correction: str | Correction | None = "orthogonal",
        strength: str | float = "auto",
        calibration: str | None = "linear",
        n_repeats: int = 1,
        device: str = "cpu",
        size: str = "direct",
        memory: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.quantiles = quantiles
        self.quantiles_of = quantiles_of
        self.cv = cv
        self.correction = correction
        self.strength = strength
        self.calibration = calibration
        self.n_repeats = n_repeats
        self.device = device
        self.size = size
        self.memory = memory
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        X_transfer: Any = None,
        teacher_quantiles: Any = None,
        **params: Any,
    ) -> "DistilledQuantiles":
        """Cross-fit the teacher, and fit a student for each level.

        Parameters
        ----------
        $X
        y : array-like of shape (n,)
            Numbers, of one output.
        $sample_weight
        $groups
        $X_transfer
        teacher_quantiles : array-like of shape (n, Q), or None, default=None
            Out-of-fold quantiles from elsewhere, a column for each level; the teacher is then not
            fitted. Rows must not have been in the training data of what said them.
        $params

        Returns
        -------
        self : DistilledQuantiles
            The fitted estimator.

        Raises
        ------
        ParameterError
            If a parameter is out of range, unknown, or would be ignored.
        InputError
            If y, weights or quantiles cannot be used.
        FoldError
            If the folds cannot be used.
        TeacherError
            If the teacher says no quantiles, or fails in a fold.
        StudentError
            If the student is no learner of a quantile, or cannot honour a setting.
        """
        given = None if teacher_quantiles is None else "teacher_quantiles"
        if given is not None:
            self._refuse_ignored(given, n_repeats=1, memory=None, quantiles_of=None)
        check_further_rows(X, transfer=X_transfer is not None, synthetic=False, given=given)
        return self._fit(X, y, sample_weight, groups, X_transfer, teacher_quantiles, params)

    @all_or_nothing
    @on_engine
    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        X_transfer: Any,
        given: Any,
        params: dict[str, Any],
    ) -> "DistilledQuantiles":
        """Run the stages of a fit."""
        levels = check_levels(self.quantiles)
        self._check_rows(X, y, X_transfer)
        data = check_numeric_data(X, y, sample_weight, groups)
        if data.outcome.n_columns > 1:
            raise InputError(
                f"y must be of shape (n,) for quantiles, got {data.y.shape}: fit an estimator for "
                "each column."
            )
        teacher = self._quantile_teacher(levels) if given is None else None
        metadata = self._metadata(data, teacher and self._teacher(), params)["student"]
        check_cv(self.cv)
        folds = self._folds(data, Draw.of(self.random_state).seed, tell=True)
        singles = dict(zip(levels, self._singles(levels, data, folds, metadata), strict=True))
        asked = replace(data, outcome=Quantiles(len(levels), flat=np.ndim(self.quantiles) == 0))
        transfer = None
        with Progress.root(self, len(levels) + (teacher is not None), X, y) as progress:
            if teacher is None:
                said = given_answers(given, asked, ~folds.covered)
            else:
                keep = {"keep_teachers": X_transfer is not None}
                out = self._cross_fit(teacher, asked, folds, metadata, progress, **keep)
                said = out.values
                if X_transfer is not None:
                    transfer = label_transfer(out.teachers, X_transfer, asked.outcome)
            own = {key: params[key] for key in metadata.student}
            for j, (level, single) in enumerate(singles.items()):
                with progress.step(f"distil the quantile at {level:g}"), _told_before():
                    some = None if transfer is None else Transfer(X_transfer, transfer.raw[:, [j]])
                    rows = X, y, sample_weight, None, some, data.spread(said[:, [j]]), own
                    single._fit(*rows, reused=Draw.of(0))  # noqa: SLF001 - of one room
        n_teacher_fits = 0 if teacher is None else folds.n_fits
        self.fold_ = data.spread(folds.fold, -1) if n_teacher_fits else np.full(data.n_given, -1)
        self._duplicates(data, folds)
        self._keep_levels(singles, asked, said, n_teacher_fits)
        self._remember(y, sample_weight=sample_weight, groups=groups)
        return self

    def _quantile_teacher(self, levels: Levels) -> QuantileTeacher:
        """Return the teacher, checked, as one that says these levels."""
        several = isinstance(self.teacher, Mapping)
        for each in self.teacher.values() if several else [self.teacher]:
            check_teacher(each, self._task.teachers)
        model = self.teacher if several else self._teacher()
        return QuantileTeacher(model, levels, way_of(model, levels, self.quantiles_of, at_level))

    def _teacher(self) -> Any:
        """Return the teacher; of several the first, whose requests of metadata count for all."""
        teacher = self.teacher
        if isinstance(teacher, Mapping):
            teacher = next(iter(teacher.values()), None)
        return as_teacher(teacher, self._task.teachers)

    def _singles(
        self, levels: Levels, data: Data, folds: Folds, metadata: Metadata
    ) -> Iterator[DistilledRegressor]:
        """Yield an estimator for each level, found to be able to honour its settings."""
        splits = [(data.kept[train], data.kept[test]) for train, test in folds.splits]
        names = ("correction", "strength", "calibration", "device", "size", "n_jobs", "verbose")
        shared = {name: getattr(self, name) for name in names}
        for level in levels:
            single = DistilledRegressor(None, self._student_at(level), cv=splits, **shared)
            weighted = metadata.student_weight is not None
            single._settings(len(data), weighted=weighted)  # noqa: SLF001 - raises before a fit
            yield single


@contextmanager
def _told_before() -> Iterator[None]:
    """Ignore the warnings of folds and equal rows, which are told once and not at each level."""
    with warnings.catch_warnings():
        for kind in (CoverageWarning, LeakWarning):
            warnings.simplefilter("ignore", kind)
        yield
