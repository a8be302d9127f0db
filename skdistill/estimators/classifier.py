"""`DistilledClassifier`: from a heavy teacher to a small student, in scikit-learn's terms."""

from typing import Any

from skdistill._ground.compat import with_callbacks
from skdistill._ground.data import Data
from skdistill.estimators.classifying import ClassifyingDistiller
from skdistill.estimators.single import SingleDistiller
from skdistill.exceptions import ParameterError
from skdistill.rows.munge import Munge
from skdistill.rows.soft_labels import read_rows, sorted_columns
from skdistill.rows.synthetic import check_further_rows
from skdistill.targets.corrections import Correction
from skdistill.targets.losses import Loss

__all__ = ["DistilledClassifier"]


class DistilledClassifier(ClassifyingDistiller, SingleDistiller):
    """Distil a heavy classifier into a small one.

    The teacher labels each training row out of fold, its probabilities are calibrated on these
    rows, corrected towards the labels as far as the student's own variance asks for, and the
    student is fitted to the result. Predictions run the student only.

    Parameters
    ----------
    teacher : classifier, list of (str, classifier), or None
        Any classifier with `predict_proba`, Pipelines included; it is cloned and fitted once per
        fold, never on all rows. A list is averaged (`VotingClassifier`, soft). May be None where
        `teacher_proba` is given to `fit`.
    student : estimator or None, default=None
        Any regressor of the squared error, LightGBM or XGBoost learner, classifier with
        `predict_proba` and `sample_weight`, or Pipeline that ends in one (see
        `skdistill.students`). None is a LightGBM classifier of 50 trees.
    cv : int, splitter, iterable of (train, test), or None, default=5
        Folds of the teacher. An integer draws stratified folds shuffled by `random_state`, None
        five of them; with `groups` no group is split. Rows that no test fold holds (time-ordered
        splits) are left out of the student's fit, with a warning that counts them, unless a
        strength of 1 is found: a student trained directly needs no teacher's word.
    loss : {"auto", "brier", "logit", "cross_entropy"} or Loss, default="auto"
        What the student minimises; "auto" is "cross_entropy" for classifiers, "brier" for
        regressors.
    temperature : float, default=1.0
        Anneals teacher and student; only with loss "cross_entropy".
    correction : {"orthogonal", "fast", "slow", "relative", "absolute", "power"}, Correction or \
None, default="orthogonal"
        How the teacher is corrected row by row; None for plain distillation.
    strength : "auto" or float in [0, 1], default="auto"
        How far: 0 is plain distillation, 1 the full correction (at temperature 1 and without
        `Logit` the direct student). "auto" shrinks by the student's variance, at the cost of one
        fit of the direct student per fold (see `skdistill.choosing.strength`); where it finds 1,
        the student is trained on the labels with its default loss, at any temperature. Beside N
        transfer rows what it finds is multiplied by ``n / (n + N)``.
    calibration : {"sigmoid", "temperature", "isotonic", "stacked"} or None, default="sigmoid"
        Calibration of the teacher on its out-of-fold probabilities. "stacked" blends in those of
        the direct student, at the cost of one fit of it per fold.
    synthetic : {"munge"}, Munge or None, default=None
        Synthetic rows to fit the student on as well, made of pairs of rows of a fold and labelled
        by its teacher (see `Munge`). Left out, with a warning, where the strength is found to be 1.
    n_repeats : int, default=1
        How often integer folds are drawn anew; the probabilities are averaged.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where a LightGBM, XGBoost, linear or MLP student is fitted; "auto" takes the GPU where there
        is one for it, and warns where not.
    size : {"direct", "free"}, default="direct"
        "direct" keeps trees, forests and boosters to the nodes of the direct student, at the cost
        of one fit of it; soft labels would let some grow several times as large, "free" does.
    memory : str, joblib.Memory or None, default=None
        Caches every fold's teacher: a search over student settings fits each teacher once, and an
        interrupted fit goes on where it stopped.
    n_jobs : int or None, default=None
        Folds fitted at once. The learners' threads are bounded so that folds times threads do not
        exceed the cores.
    random_state : int, RandomState or None, default=None
        Shuffles integer folds. Teacher and student keep their own random states.
    verbose : int, default=0
        Above 0 reports the folds as scikit-learn's cross-validation does, and prints the note of
        `report_` where the strength is found to be 1: no warning, for that is a result like any
        other, and would come with every fold of a search.

    Attributes
    ----------
    student_ : estimator
        The plain fitted student. Of a classifier, `student_.predict_proba` gives what
        `predict_proba` gives (its own `predict` may go by other scores, as that of `SGDClassifier`
        does); of a regressor, `student_.predict` gives the scores behind it.
    strength_ : float or None
        The strength used; None where the correction has a constant of its own.
    route_ : Route
        How the student consumed its targets, and why.
    teacher_proba_ : array of shape (n, K)
        Uncalibrated out-of-fold probabilities; NaN in rows without weight or fold.
    calibrated_proba_ : array of shape (n, K)
        The same, calibrated: what the student was taught before the correction.
    fold_ : array of shape (n,)
        Fold of each row, the first where there are several; -1 where the teacher labelled none.
    transfer_proba_, synthetic_proba_ : array of shape (N, K)
        Uncalibrated probabilities of transfer rows and of synthetic ones, where there were any.
    calibration_ : Calibration
        The fitted calibration, with `transform(p)`.
    report_ : FitReport
        What the fit did.
    classes_ : array of shape (K,)
        Sorted classes.
    n_features_in_, feature_names_in_ : int, array of shape (n_features,)
        Number of features, and their names where X has them.
    coef_, intercept_, feature_importances_ : array
        Those of the student, where it has them and sees these features (no Pipeline).

    See Also
    --------
    sklearn.calibration.CalibratedClassifierCV : Calibrates a classifier and keeps it.

    Notes
    -----
    Cross-fitting and correction are those of Dao, Kamath, Syrgkanis and Mackey, *Knowledge
    Distillation as Semiparametric Inference*, ICLR 2021 (arXiv 2104.09732).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DistilledClassifier(
    ...     teacher=RandomForestClassifier(50, random_state=0),
    ...     student=DecisionTreeClassifier(max_leaf_nodes=8, random_state=0),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> bool(model.student_.get_n_leaves() <= 8)
    True
    >>> 0 <= model.strength_ <= 1
    True
    """

    _named = (
        "loss",
        "temperature",
        "correction",
        "strength",
        "calibration",
        "synthetic",
        "device",
        "size",
    )

    def __init__(
        self,
        teacher: Any,
        student: Any = None,
        *,
        cv: Any = 5,
        loss: str | Loss = "auto",
        temperature: float = 1.0,
        correction: str | Correction | None = "orthogonal",
        strength: str | float = "auto",
        calibration: str | None = "sigmoid",
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
        self.temperature = temperature
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
        y: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        X_transfer: Any = None,
        teacher_proba: Any = None,
        classes: Any = None,
        **params: Any,
    ) -> "DistilledClassifier":
        """Cross-fit the teacher and fit the student.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features, passed untouched to teacher and student.
        y : array-like of shape (n,) or None, default=None
            Labels: strings, booleans or integers. None where there are soft labels only:
            `teacher_proba`, with ``correction=None`` and ``calibration=None``.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights for teacher, calibration and student. A row of weight 0 counts as absent.
        groups : array-like of shape (n,) or None, default=None
            Groups that folds must not split.
        X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
            Unlabelled rows from where the student will be used, to fit it on as well: labelled by
            the mean of the fold teachers (see `skdistill.rows.transfer`). Left out, with a warning,
            where the strength is found to be 1. A Pipeline around this estimator transforms it
            only with ``transform_input=["X_transfer"]``.
        teacher_proba : array-like of shape (n, K) or None, default=None
            Out-of-fold probabilities from elsewhere, columns in the order of the sorted classes;
            the teacher is then not fitted. Rows must not have been in the training data of what
            labelled them.
        classes : array-like of shape (K,) or None, default=None
            Without `y`, the class of each column of `teacher_proba`, unless that is a data frame
            whose columns are named after them.
        **params : dict
            Metadata for teacher and student; needs scikit-learn's metadata routing.

        Returns
        -------
        self : DistilledClassifier
            The fitted estimator.

        Raises
        ------
        ParameterError
            If a parameter is out of range, unknown, or would be ignored.
        InputError
            If labels, weights or probabilities cannot be used.
        FoldError
            If the folds cannot be used, say because a class has fewer rows than folds.
        TeacherError
            If the teacher lacks `predict_proba` or fails in a fold.
        StudentError
            If no route can serve the student, or honour its settings.
        """
        if teacher_proba is not None:
            self._refuse_ignored("teacher_proba", n_repeats=1, memory=None)
        check_further_rows(
            X,
            transfer=X_transfer is not None,
            synthetic=self.synthetic is not None,
            given=None if teacher_proba is None else "teacher_proba",
            unstacked="calibration='sigmoid'" if self.calibration == "stacked" else None,
        )
        if y is None and teacher_proba is not None:
            self._refuse_ignored("soft labels and no y", correction=None, calibration=None)
            teacher_proba, classes = sorted_columns(teacher_proba, classes)
        elif classes is not None:
            raise ParameterError("classes= has no effect beside y or a teacher: leave it out.")
        soft = None
        if classes is not None:
            soft = self._soft(X, sample_weight, groups, teacher_proba, classes)
        return self._fit(X, y, sample_weight, groups, X_transfer, teacher_proba, params, soft=soft)

    def refit_student(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        X_transfer: Any = None,
        **changes: Any,
    ) -> "DistilledClassifier":
        """Return a new estimator with another student or correction, without a teacher fit.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features of the training rows, in the order of `fit`. They are not compared, but where
            there are synthetic rows: the student may be given other columns than the teacher was.
        y : array-like of shape (n,)
            The training labels, as they were given to `fit` (or None); this is checked.
        sample_weight, groups : array-like of shape (n,) or None, default=None
            The row weights and the groups, as they were given to `fit`.
        X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
            The transfer rows, in the order of `fit`.
        **changes : dict
            New values of `student`, `loss`, `temperature`, `correction`, `strength`,
            `calibration`, `device` or `size`, or of parameters inside the student
            (``student__...``); `synthetic` can be set to None.

        Returns
        -------
        estimator : DistilledClassifier
            A fitted clone with the changed parameters and the same out-of-fold probabilities.

        Raises
        ------
        ParameterError
            If another parameter is to be changed.
        InputError
            If `y`, `sample_weight` or `groups` are not those of the fit, or `X_transfer` has other
            rows, or other rows would be made synthetically.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.linear_model import LogisticRegression
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> from skdistill import DistilledClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> tree = DistilledClassifier(
        ...     DecisionTreeClassifier(min_samples_leaf=5), DecisionTreeClassifier(max_depth=2)
        ... ).fit(X, y)
        >>> stump = tree.refit_student(X, y, student__max_depth=1)
        >>> stump.student_.get_depth()
        1
        """
        return self._refit(X, y, sample_weight, groups, X_transfer, changes)

    def _soft(self, X: Any, sample_weight: Any, groups: Any, p: Any, classes: Any) -> Data:
        """Return the rows of a fit that has no labels."""
        return read_rows(X, sample_weight, groups, p, classes)
