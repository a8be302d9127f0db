"""`DistilledClassifierCV`: an honest choice among students and settings, and a verdict."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from skdistill._ground.compat import with_callbacks
from skdistill.estimators.choosing import ChoosingDistiller
from skdistill.estimators.classifier import DistilledClassifier
from skdistill.estimators.classifying import ClassifyingDistiller
from skdistill.estimators.documented import CHOICE, CLASSES, documented

__all__ = ["DistilledClassifierCV"]


@documented(CLASSES, CHOICE)
class DistilledClassifierCV(ClassifyingDistiller, ChoosingDistiller):
    """Choose student, strength, temperature, loss and calibration honestly, and say if it paid.

    Every candidate is fitted per validation fold to labels of teachers that saw neither that fold
    nor the row's own (`skdistill.teaching.pool`), and judged on the fold's true labels. The direct
    student (trained on the labels) and plain distillation (strength 0) are always among them.

    Parameters
    ----------
    teacher : classifier, list of (str, classifier), or None
        As in `DistilledClassifier`. Fitted K (K - 1) / 2 + K times for K folds, however many
        candidates there are. May be None where `teacher_proba` and `pool_proba` are given to `fit`.
    students : estimator, list or "auto", default=None
        One student; or a list of students, (name, student), (student, grid) or (name, student,
        grid), with grids of the student's parameters as for `ParameterGrid`; or one such tuple.
        None is a LightGBM classifier of 50 trees. "auto" tries a tree of 4 to 256 leaves, logistic
        regression, a forest of 10, LightGBM of three sizes and, unless the rows are sparse, an MLP
        (`skdistill.choosing.catalogue`); the rows have to be numbers.
    $cv
    $strengths
    temperatures : sequence of float, default=(1,)
        Of the loss "cross_entropy".
    losses : sequence of str or Loss, default=("auto",)
        As `loss` of `DistilledClassifier`.
    $corrections
    calibrations : sequence of str or None, default=("sigmoid", "stacked")
        As `calibration` of `DistilledClassifier`. "stacked" costs K (K - 1) / 2 fits of the
        direct student, and K more where it is chosen.
    $synthetics
    $settings
    student_calibration : {"auto", "temperature"} or None, default="auto"
        "temperature" gives every candidate, direct or distilled, one temperature of its own
        probabilities where that lowers its loss by more than a standard error
        (`skdistill.choosing.cooling`); no more fits, and no larger a student. `cv_results_` has the
        temperatures in "student_temperature". "auto" is "temperature", but None with `racing`.
    scoring : str, callable or None, default=None
        None is log-loss, probabilities below .001 counted as .001: a tree's exact zeros should not
        decide. It, "neg_log_loss", "neg_brier_score" and "accuracy" have a loss per row, which
        makes for a sharp verdict; any other scorer of scikit-learn compares folds.
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
    strength_, route_, teacher_proba_, calibrated_proba_, fold_, calibration_, report_, classes_, \
n_features_in_, feature_names_in_, coef_, intercept_, feature_importances_
        As in `DistilledClassifier`, of the chosen student.
    pool_proba_ : array of shape (n_folds, n, K)
        Labels by teachers that saw neither the fold of the first axis nor the row's own; NaN where
        none were needed. With `teacher_proba_` it can be given to another fit.

    See Also
    --------
    DistilledClassifier : One student with given settings, without a pool.

    Notes
    -----
    Cross-validating a student on ordinary out-of-fold labels is optimistic, since these labels have
    seen, through the teacher, the labels it is validated on; it favours weak corrections.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DistilledClassifierCV(
    ...     RandomForestClassifier(20, random_state=0),
    ...     (DecisionTreeClassifier(random_state=0), {"max_leaf_nodes": [4, 8]}),
    ...     cv=3,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.verdict_.n_teacher_fits
    6
    >>> model.verdict_.outcome in ("helps", "not shown to help", "harms")
    True
    """

    _single = DistilledClassifier

    def __init__(
        self,
        teacher: Any,
        students: Any = None,
        *,
        cv: Any = 5,
        strengths: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
        temperatures: Sequence[float] = (1.0,),
        losses: Sequence[Any] = ("auto",),
        corrections: Sequence[Any] = ("orthogonal",),
        calibrations: Sequence[str | None] = ("sigmoid", "stacked"),
        synthetics: Sequence[Any] = (None,),
        settings: str | None = None,
        student_calibration: str | None = "auto",
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
        self.temperatures = temperatures
        self.losses = losses
        self.corrections = corrections
        self.calibrations = calibrations
        self.synthetics = synthetics
        self.settings = settings
        self.student_calibration = student_calibration
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
        teacher_proba: Any = None,
        pool_proba: Any = None,
        **params: Any,
    ) -> "DistilledClassifierCV":
        """Fit the pool of teachers, choose, and fit the chosen student on all rows.

        Parameters
        ----------
        $X
        y : array-like of shape (n,)
            Labels: strings, booleans or integers.
        $sample_weight
        $groups
        $X_transfer
        teacher_proba : array-like of shape (n, K) or None, default=None
            Out-of-fold probabilities from elsewhere, on these very folds (`cv` as a list of splits
            or an integer and the same `random_state`).
        pool_proba : array-like of shape (n_folds, n, K) or None, default=None
            With `teacher_proba`: entry (k, i) labels row i by a teacher that saw neither fold k nor
            the fold of row i. The teacher is then not fitted.
        $params

        Returns
        -------
        self : DistilledClassifierCV
            The fitted estimator.

        Raises
        ------
        ParameterError
            If a parameter is out of range, unknown, or would be ignored.
        BudgetError
            If the search ends with no student within `budget`: what it found is kept, and
            `best_under` takes other limits.
        InputError
            If labels, weights or probabilities cannot be used.
        FoldError
            If there are fewer than three folds, or they cannot be used.
        TeacherError
            If the teacher lacks `predict_proba` or fails in a fold.
        StudentError
            If no route can serve a student, or honour its settings.
        """
        given = self._given(teacher_proba, pool_proba)
        return self._fit(X, y, sample_weight, groups, X_transfer, given, params)
