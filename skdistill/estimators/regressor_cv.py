"""`DistilledRegressorCV`: an honest choice among students of numbers, and a verdict."""

from collections.abc import Sequence
from typing import Any, Literal

from skdistill._ground.compat import with_callbacks
from skdistill.estimators.choosing import ChoosingDistiller
from skdistill.estimators.regressing import RegressingDistiller

__all__ = ["DistilledRegressorCV"]


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
    students : estimator or list, default=None
        One student; or a list of students, (name, student), (student, grid) or (name, student,
        grid), with grids of the student's parameters as for `ParameterGrid`; or one such tuple.
        None is a LightGBM regressor of 50 trees.
    cv : int, splitter, iterable of (train, test), or None, default=5
        Folds, as in `DistilledRegressor`; at least three.
    strengths : sequence of float in [0, 1], default=(0, 0.25, 0.5, 0.75, 1)
        How far the teacher is corrected. 0 is always tried.
    corrections : sequence of str, Correction or None, default=("orthogonal",)
        As `correction` of `DistilledRegressor`.
    calibrations : sequence of str or None, default=("linear", "stacked")
        As `calibration` of `DistilledRegressor`. "stacked" costs K (K - 1) / 2 + K fits of the
        direct student.
    synthetics : sequence of {"munge"}, Munge or None, default=(None,)
        As `synthetic` of `DistilledRegressor`; not together with a "stacked" calibration. None is
        always tried.
    scoring : str, callable or None, default=None
        None is the loss that all students minimise, and the squared error where they differ. It,
        "neg_mean_squared_error", "neg_mean_absolute_error", "neg_mean_poisson_deviance",
        "neg_mean_gamma_deviance" and "r2" have a value per row, which makes for a sharp verdict;
        any other scorer of scikit-learn compares folds.
    smooth : bool, default=True
        Whether the scores along the strength are replaced by the parabola through them before the
        best is taken.
    prefer : {"faster", "smaller"} or None, default=None
        Of the candidates within one standard error of the best, take the one that predicts fastest
        or whose pickle is smallest. It is asked before `fallback`, which keeps to the same kind.
    fallback : {"doubtful", "not shown", "harms"} or False, default="doubtful"
        Where a kind of student (an entry of `students`, with its grid) is trained directly after
        all: where the verdict estimates a gain of less than its standard error, where it does not
        say "helps", where it estimates a loss, or nowhere.
    alpha : float, default=0.05
        One less the level of the verdict's interval.
    n_validation : int or None, default=None
        Folds of each repeat to choose on; fewer need fewer teachers of pairs. None for all.
    return_row_losses : bool, default=False
        Whether to keep `row_losses_`.
    n_repeats : int, default=1
        How often integer folds are drawn anew.
    device : str, default="cpu"
        Where students are fitted, as in `DistilledRegressor`.
    size : {"direct", "free"}, default="direct"
        Whether trees, forests and boosters are kept to the size of the direct student, as there.
    memory : str, joblib.Memory or None, default=None
        Caches every teacher: an interrupted fit goes on where it stopped.
    n_jobs : int or None, default=None
        Fits at once, of teachers and of candidates; the learners' threads are bounded.
    random_state : int, RandomState or None, default=None
        Shuffles integer folds.
    verbose : int, default=0
        Above 0 reports fits as scikit-learn's cross-validation does.

    Attributes
    ----------
    verdict_ : Verdict
        Whether distilling helped, by how much, and what was spent; ``print`` gives a sentence.
    student_ : estimator
        The chosen student, fitted on all rows.
    best_student_ : estimator
        The same, not fitted.
    best_params_ : dict
        Parameters that make `DistilledRegressor` fit the same; a direct student (strength 1) it
        fits to the rows in a fold only, and to `X_transfer` as well.
    best_index_ : int
        The row of the choice in `cv_results_`.
    best_score_ : float
        Its mean score. As the best of many it is optimistic; `verdict_` has a figure that is not.
    cv_results_ : dict of str to array
        One entry per candidate, as `GridSearchCV` has them; `pandas.DataFrame` takes it.
    row_losses_ : array of shape (n_candidates, n)
        Loss of each row on the folds it was not trained on, averaged over repeats; NaN in rows of
        no validation fold. Only with `return_row_losses`.
    loss_name_ : str
        What the losses are.
    n_splits_ : int
        Validation folds.
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
        scoring: Any = None,
        smooth: bool = True,
        prefer: str | None = None,
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
        self.scoring = scoring
        self.smooth = smooth
        self.prefer = prefer
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
        **params: Any,
    ) -> "DistilledRegressorCV":
        """Fit the pool of teachers, choose, and fit the chosen student on all rows.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features, passed untouched to teacher and students.
        y : array-like of shape (n,) or (n, m)
            Numbers, of one output or of m.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights for teacher, calibration, students and scores.
        groups : array-like of shape (n,) or None, default=None
            Groups that folds must not split, and whose rows the verdict takes together.
        X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
            Unlabelled rows to fit distilled students on as well; while choosing they are labelled
            by teachers that did not see the validation fold. For Pipelines see
            `DistilledRegressor`.
        teacher_pred : array-like of shape (n,) or (n, m), or None, default=None
            Out-of-fold predictions from elsewhere, on these very folds (`cv` as a list of splits
            or an integer and the same `random_state`).
        pool_pred : array-like of shape (n_folds, n) or (n_folds, n, m), or None, default=None
            With `teacher_pred`: entry (k, i) labels row i by a teacher that saw neither fold k nor
            the fold of row i. The teacher is then not fitted.
        **params : dict
            Metadata for teacher and students; needs scikit-learn's metadata routing.

        Returns
        -------
        self : DistilledRegressorCV
            The fitted estimator.

        Raises
        ------
        ParameterError
            If a parameter is out of range, unknown, or would be ignored.
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
        self._check_settings(X, X_transfer, given)
        return self._fit(X, y, sample_weight, groups, X_transfer, given, params)
