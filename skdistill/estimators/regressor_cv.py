"""`DistilledRegressorCV`: an honest choice among students of numbers, and a verdict."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from skdistill._ground.compat import with_callbacks
from skdistill.estimators.choosing import ChoosingDistiller
from skdistill.estimators.documented import CHOICE, NUMBERS, documented
from skdistill.estimators.regressing import RegressingDistiller
from skdistill.estimators.regressor import DistilledRegressor

__all__ = ["DistilledRegressorCV"]


@documented(NUMBERS, CHOICE)
class DistilledRegressorCV(RegressingDistiller, ChoosingDistiller):
    """Choose student, strength and calibration honestly, and say if it paid.

    Every candidate is fitted per validation fold to labels of teachers that saw neither that fold
    nor the row's own (`skdistill.teaching.pool`), and judged on what was observed there. The direct
    student (trained on what was observed) and plain distillation (strength 0) are always tried.

    Parameters
    ----------
    teacher : regressor, list of (str, regressor), or None
        As in `DistilledRegressor`. Fitted K (K - 1) / 2 + K times for K folds, however many
        candidates there are. May be None where `teacher_pred` and `pool_pred` are given to `fit`.
    students : estimator, list or "auto", default=None
        One student; or a list of students, (name, student), (student, grid) or (name, student,
        grid), with grids of the student's parameters as for `ParameterGrid`; or one such tuple.
        None is a LightGBM regressor of 50 trees. "auto" tries a tree of 4 to 256 leaves, ridge
        regression, a forest of 10 and LightGBM of three sizes (`skdistill.choosing.catalogue`); the
        rows have to be numbers.
    $cv
    $strengths
    $corrections
    calibrations : sequence of str or None, default=("linear", "stacked")
        As `calibration` of `DistilledRegressor`. "stacked" costs K (K - 1) / 2 fits of the
        direct student (K more where it is chosen), and is left out for students of a quantile or
        the absolute error.
    $synthetics
    $settings
    scoring : str, callable or None, default=None
        None is the loss that all students minimise, and the squared error where they differ. It,
        "neg_mean_squared_error", "neg_mean_absolute_error", "neg_mean_poisson_deviance",
        "neg_mean_gamma_deviance" and "r2" have a value per row, which makes for a sharp verdict;
        any other scorer of scikit-learn compares folds.
    $smooth
    $prefer
    $within
    $budget
    $max_time
    $racing
    $fallback
    $alpha
    $n_validation
    $return_row_losses
    $n_repeats
    $device
    $size
    $memory
    $n_jobs
    $random_state
    $verbose

    Attributes
    ----------
    $verdict_
    $student_
    $best_student_
    $best_params_
    $best_index_
    $best_score_
    $cv_results_
    $frontier_
    $untried_
    $row_losses_
    $loss_name_
    $n_splits_
    strength_, route_, teacher_pred_, calibrated_pred_, fold_, calibration_, report_, \
n_features_in_, feature_names_in_, coef_, intercept_, feature_importances_
        As in `DistilledRegressor`, of the chosen student.
    pool_pred_ : array of shape (n_folds, n) or (n_folds, n, m)
        Predictions by teachers that saw neither the fold of the first axis nor the row's own; NaN
        where none were needed. With `teacher_pred_` it can be given to another fit.

    See Also
    --------
    DistilledRegressor : One student with given settings, without a pool.

    Notes
    -----
    Cross-validating a student on ordinary out-of-fold labels is optimistic, since these labels have
    seen, through the teacher, the labels it is validated on; it favours weak corrections.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressorCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DistilledRegressorCV(
    ...     RandomForestRegressor(20, random_state=0),
    ...     (DecisionTreeRegressor(random_state=0), {"max_leaf_nodes": [4, 8]}),
    ...     cv=3,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.verdict_.n_teacher_fits
    6
    >>> model.verdict_.outcome in ("helps", "not shown to help", "harms")
    True
    """

    _single = DistilledRegressor

    def __init__(
        self,
        teacher: Any,
        students: Any = None,
        *,
        cv: Any = 5,
        strengths: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
        corrections: Sequence[Any] = ("orthogonal",),
        calibrations: Sequence[str | None] = ("linear", "stacked"),
        synthetics: Sequence[Any] = (None,),
        settings: str | None = None,
        scoring: Any = None,
        smooth: bool = True,
        prefer: str | None = None,
        within: float | None = None,
        budget: Mapping[str, Any] | None = None,
        max_time: float | None = None,
        racing: bool = False,
        fallback: str | Literal[False] = "doubtful",
        alpha: float = 0.05,
        n_validation: int | None = None,
        return_row_losses: bool = False,
        n_repeats: int = 1,
        device: str = "cpu",
        size: str = "direct",
        memory: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.teacher = teacher
        self.students = students
        self.cv = cv
        self.strengths = strengths
        self.corrections = corrections
        self.calibrations = calibrations
        self.synthetics = synthetics
        self.settings = settings
        self.scoring = scoring
        self.smooth = smooth
        self.prefer = prefer
        self.within = within
        self.budget = budget
        self.max_time = max_time
        self.racing = racing
        self.fallback = fallback
        self.alpha = alpha
        self.n_validation = n_validation
        self.return_row_losses = return_row_losses
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
        teacher_pred: Any = None,
        pool_pred: Any = None,
        exposure: Any = None,
        **params: Any,
    ) -> "DistilledRegressorCV":
        """Fit the pool of teachers, choose, and fit the chosen student on all rows.

        Parameters
        ----------
        $X
        y : array-like of shape (n,) or (n, m)
            Numbers, of one output or of m.
        $sample_weight
        $groups
        $X_transfer
        teacher_pred : array-like of shape (n,) or (n, m), or None, default=None
            Out-of-fold predictions from elsewhere, on these very folds (`cv` as a list of splits
            or an integer and the same `random_state`).
        pool_pred : array-like of shape (n_folds, n) or (n_folds, n, m), or None, default=None
            With `teacher_pred`: entry (k, i) labels row i by a teacher that saw neither fold k nor
            the fold of row i. The teacher is then not fitted.
        exposure : array-like of shape (n,) or None, default=None
            What y is the total of, as in `DistilledRegressor`; the scores are those of rates.
        $params

        Returns
        -------
        self : DistilledRegressorCV
            The fitted estimator.

        Raises
        ------
        ParameterError
            If a parameter is out of range, unknown, or would be ignored.
        BudgetError
            If the search ends with no student within `budget`: what it found is kept, and
            `best_under` takes other limits.
        InputError
            If y, weights or predictions cannot be used.
        FoldError
            If there are fewer than three folds, or they cannot be used.
        TeacherError
            If the teacher is no regressor or fails in a fold.
        StudentError
            If the loss of a student is not known, or it cannot honour its settings.
        """
        given = self._given(teacher_pred, pool_pred)
        rows = X, y, sample_weight, groups, X_transfer
        return self._fit(*rows, given, params, exposure=exposure)
