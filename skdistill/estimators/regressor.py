"""`DistilledRegressor`: from a heavy teacher of numbers to a small student."""

from typing import Any

from skdistill._ground.compat import with_callbacks
from skdistill.estimators.documented import NUMBERS, SINGLE, documented
from skdistill.estimators.regressing import RegressingDistiller
from skdistill.estimators.single import SingleDistiller
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import check_further_rows
from skdistill.targets.corrections import Correction
from skdistill.targets.numeric import NumericLoss

__all__ = ["DistilledRegressor"]


@documented(NUMBERS, SINGLE)
class DistilledRegressor(RegressingDistiller, SingleDistiller):
    """Distil a heavy regressor into a small one.

    The teacher predicts each training row out of fold, its predictions are calibrated on these
    rows, corrected towards what was observed as far as the student's own variance asks for, and the
    student is fitted to the result by the loss that it minimises. Predictions run the student only.

    Parameters
    ----------
    teacher : regressor, list of (str, regressor), or None
        Any regressor, Pipelines included; it is cloned and fitted once per fold, never on all rows.
        A list is averaged (`VotingRegressor`). May be None where `teacher_pred` is given to `fit`.
        For a quantile or a median it has to predict that, too.
    student : regressor or None, default=None
        Any regressor whose loss is known by its settings (squared or absolute error, quantile,
        Poisson, Gamma, Tweedie), or that estimates a mean; a search over one, or a Pipeline that
        ends in one. None is a LightGBM regressor of 50 trees.
    $cv
    loss : "auto" or NumericLoss, default="auto"
        What the student minimises; "auto" is the loss that its settings name.
    correction : {"orthogonal", "fast", "slow", "relative", "absolute"}, Correction or None, \
default="orthogonal"
        How the teacher is corrected row by row; None for plain distillation.
    strength : "auto" or float in [0, 1], default="auto"
        How far: 0 is plain distillation, 1 the direct student. "auto" shrinks by the student's
        variance, at the cost of one fit of the direct student per fold. Beside N transfer rows what
        it finds is multiplied by ``n / (n + N)``.
    calibration : {"linear", "isotonic", "stacked"} or None, default="linear"
        Calibration of the teacher on its out-of-fold predictions. "stacked" blends in those of the
        direct student, at the cost of one fit of it per fold.
    $synthetic
    $n_repeats
    $device
    $size
    $memory
    $n_jobs
    $random_state
    $verbose

    Attributes
    ----------
    student_ : estimator
        The plain fitted student: its `predict` is that of this estimator.
    $strength_
    $route_
    $teacher_
    $calibrated_
    $fold_
    $transfer_
    calibration_ : NumericCalibration
        The fitted calibration, with `transform(m)`.
    $report_
    $n_features_in_
    $coef_

    See Also
    --------
    DistilledClassifier : The same for classes.

    Notes
    -----
    Cross-fitting and correction are those of Dao, Kamath, Syrgkanis and Mackey, *Knowledge
    Distillation as Semiparametric Inference*, ICLR 2021 (arXiv 2104.09732). A loss that is linear
    in what was observed (squared error, deviances) is corrected exactly by the pseudo-target
    ``m + g (y - m)``; of others (absolute error, quantiles) the student sees both kinds of rows,
    with the weights g and 1 - g.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DistilledRegressor(
    ...     teacher=RandomForestRegressor(50, random_state=0),
    ...     student=DecisionTreeRegressor(max_leaf_nodes=8, random_state=0),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> bool(model.student_.get_n_leaves() <= 8)
    True
    >>> 0 <= model.strength_ <= 1
    True
    """

    _named = ("loss", "correction", "strength", "calibration", "synthetic", "device", "size")

    def __init__(
        self,
        teacher: Any,
        student: Any = None,
        *,
        cv: Any = 5,
        loss: str | NumericLoss = "auto",
        correction: str | Correction | None = "orthogonal",
        strength: str | float = "auto",
        calibration: str | None = "linear",
        synthetic: str | Munge | None = None,
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
        self.cv = cv
        self.loss = loss
        self.correction = correction
        self.strength = strength
        self.calibration = calibration
        self.synthetic = synthetic
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
        exposure: Any = None,
        **params: Any,
    ) -> "DistilledRegressor":
        """Cross-fit the teacher and fit the student.

        Parameters
        ----------
        $X
        y : array-like of shape (n,) or (n, m)
            Numbers, of one output or of m where teacher and student take them.
        $sample_weight
        $groups
        $X_transfer
        teacher_pred : array-like of shape (n,) or (n, m), or None, default=None
            Out-of-fold predictions from elsewhere; the teacher is then not fitted. Rows must not
            have been in the training data of what predicted them.
        exposure : array-like of shape (n,) or None, default=None
            What y is the total of: time, volume, persons; positive. Teacher and student are fitted
            to ``y / exposure`` with the weights ``exposure * sample_weight``: for a Poisson loss
            the likelihood of counts with an offset, for others of means that of totals of
            independent units; quantiles have none. All that is predicted, `teacher_pred` too, is a
            rate: `score` and searches want rates, and the exposure as `sample_weight`.
        $params

        Returns
        -------
        self : DistilledRegressor
            The fitted estimator.

        Raises
        ------
        ParameterError
            If a parameter is out of range, unknown, or would be ignored.
        InputError
            If y, weights or predictions cannot be used, or the loss is not defined for y.
        FoldError
            If the folds cannot be used.
        TeacherError
            If the teacher is no regressor or fails in a fold.
        StudentError
            If the student's loss is not known, or it cannot honour a setting.
        """
        if teacher_pred is not None:
            self._refuse_ignored("teacher_pred", n_repeats=1, memory=None)
        check_further_rows(
            X,
            transfer=X_transfer is not None,
            synthetic=self.synthetic is not None,
            given=None if teacher_pred is None else "teacher_pred",
            unstacked="calibration='linear'" if self.calibration == "stacked" else None,
        )
        rows = X, y, sample_weight, groups, X_transfer
        return self._fit(*rows, teacher_pred, params, exposure=exposure)
