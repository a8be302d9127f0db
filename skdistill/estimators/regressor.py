"""`DistilledRegressor`: from a heavy teacher of numbers to a small student."""

from typing import Any

from skdistill._ground.compat import with_callbacks
from skdistill.estimators.regressing import RegressingDistiller
from skdistill.estimators.single import SingleDistiller
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import check_further_rows
from skdistill.targets.corrections import Correction
from skdistill.targets.numeric import NumericLoss

__all__ = ["DistilledRegressor"]


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
        Poisson, Gamma, Tweedie), or that estimates a mean; Pipelines that end in one. None is a
        LightGBM regressor of 50 trees.
    cv : int, splitter, iterable of (train, test), or None, default=5
        Folds of the teacher. An integer draws folds shuffled by `random_state`, None five of them;
        with `groups` no group is split. Rows that no test fold holds (time-ordered splits) are left
        out of the student's fit, with a warning that counts them, unless a strength of 1 is found.
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
    synthetic : {"munge"}, Munge or None, default=None
        Synthetic rows to fit the student on as well, made of pairs of rows of a fold and labelled
        by its teacher (see `Munge`). Left out, with a warning, where the strength is found to be 1.
    n_repeats : int, default=1
        How often integer folds are drawn anew; the predictions are averaged.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where the student is fitted; "auto" takes the GPU where there is one for it.
    size : {"direct", "free"}, default="direct"
        "direct" keeps trees, forests and boosters to the nodes of the direct student, at the cost
        of one fit of it; "free" does not.
    memory : str, joblib.Memory or None, default=None
        Caches every fold's teacher.
    n_jobs : int or None, default=None
        Folds fitted at once. The learners' threads are bounded so that folds times threads do not
        exceed the cores.
    random_state : int, RandomState or None, default=None
        Shuffles integer folds. Teacher and student keep their own random states.
    verbose : int, default=0
        Above 0 reports the folds, and prints the note of `report_`.

    Attributes
    ----------
    student_ : estimator
        The plain fitted student: its `predict` is that of this estimator.
    strength_ : float or None
        The strength used; None where the correction has a constant of its own.
    route_ : Route
        How the student consumed its targets, and why.
    teacher_pred_ : array of shape (n,) or (n, m)
        Uncalibrated out-of-fold predictions; NaN in rows without weight or fold.
    calibrated_pred_ : array of shape (n,) or (n, m)
        The same, calibrated: what the student was taught before the correction.
    fold_ : array of shape (n,)
        Fold of each row, the first where there are several; -1 where the teacher labelled none.
    transfer_pred_, synthetic_pred_ : array of shape (N,) or (N, m)
        Uncalibrated predictions of transfer rows and of synthetic ones, where there were any.
    calibration_ : NumericCalibration
        The fitted calibration, with `transform(m)`.
    report_ : FitReport
        What the fit did.
    n_features_in_, feature_names_in_ : int, array of shape (n_features,)
        Number of features, and their names where X has them.
    coef_, intercept_, feature_importances_ : array
        Those of the student, where it has them and sees these features (no Pipeline).

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

    Counts with an exposure: pass the rate ``y / exposure`` as y and the exposure as `sample_weight`
    with a Poisson student; that is the same likelihood as an offset of ``log(exposure)``.

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
        **params: Any,
    ) -> "DistilledRegressor":
        """Cross-fit the teacher and fit the student.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features, passed untouched to teacher and student.
        y : array-like of shape (n,) or (n, m)
            Numbers, of one output or of m where teacher and student take them.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights for teacher, calibration and student. A row of weight 0 counts as absent.
        groups : array-like of shape (n,) or None, default=None
            Groups that folds must not split.
        X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
            Unlabelled rows from where the student will be used, to fit it on as well: labelled by
            the mean of the fold teachers (see `skdistill.rows.transfer`). Left out, with a warning,
            where the strength is found to be 1.
        teacher_pred : array-like of shape (n,) or (n, m), or None, default=None
            Out-of-fold predictions from elsewhere; the teacher is then not fitted. Rows must not
            have been in the training data of what predicted them.
        **params : dict
            Metadata for teacher and student; needs scikit-learn's metadata routing.

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
        return self._fit(X, y, sample_weight, groups, X_transfer, teacher_pred, params)

    def refit_student(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        X_transfer: Any = None,
        **changes: Any,
    ) -> "DistilledRegressor":
        """Return a new estimator with another student or correction, without a teacher fit.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features of the training rows, in the order of `fit`. They are not compared, but where
            there are synthetic rows: the student may be given other columns than the teacher was.
        y : array-like of shape (n,) or (n, m)
            What was given to `fit`; this is checked.
        sample_weight, groups : array-like of shape (n,) or None, default=None
            The row weights and the groups, as they were given to `fit`.
        X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
            The transfer rows, in the order of `fit`.
        **changes : dict
            New values of `student`, `loss`, `correction`, `strength`, `calibration`, `device` or
            `size`, or of parameters inside the student (``student__...``); `synthetic` can be set
            to None.

        Returns
        -------
        estimator : DistilledRegressor
            A fitted clone with the changed parameters and the same out-of-fold predictions.

        Raises
        ------
        ParameterError
            If another parameter is to be changed.
        InputError
            If `y`, `sample_weight` or `groups` are not those of the fit, or `X_transfer` has other
            rows, or other rows would be made synthetically.
        """
        return self._refit(X, y, sample_weight, groups, X_transfer, changes)
