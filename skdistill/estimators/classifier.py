"""`DistilledClassifier`: from a heavy teacher to a small student, in scikit-learn's terms."""

from typing import Any

from skdistill._ground.compat import with_callbacks
from skdistill._ground.data import Data
from skdistill.estimators.classifying import ClassifyingDistiller
from skdistill.estimators.documented import CLASSES, SINGLE, documented
from skdistill.estimators.single import SingleDistiller
from skdistill.exceptions import ParameterError
from skdistill.rows.munge import Munge
from skdistill.rows.soft_labels import read_rows, sorted_columns
from skdistill.rows.synthetic import check_further_rows
from skdistill.targets.corrections import Correction
from skdistill.targets.losses import Loss

__all__ = ["DistilledClassifier"]


@documented(CLASSES, SINGLE)
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
    $cv
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
        The plain fitted student. Of a classifier, `student_.predict_proba` gives what
        `predict_proba` gives (its own `predict` may go by other scores, as that of `SGDClassifier`
        does); of a regressor, `student_.predict` gives the scores behind it.
    $strength_
    $route_
    $teacher_
    $calibrated_
    $fold_
    $transfer_
    calibration_ : Calibration
        The fitted calibration, with `transform(p)`.
    $report_
    classes_ : array of shape (K,)
        Sorted classes.
    $n_features_in_
    $coef_

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
        $X
        y : array-like of shape (n,) or None, default=None
            Labels: strings, booleans or integers. None where there are soft labels only:
            `teacher_proba`, with ``correction=None`` and ``calibration=None``.
        $sample_weight
        $groups
        $X_transfer
        teacher_proba : array-like of shape (n, K) or None, default=None
            Out-of-fold probabilities from elsewhere, columns in the order of the sorted classes;
            the teacher is then not fitted. Rows must not have been in the training data of what
            labelled them.
        classes : array-like of shape (K,) or None, default=None
            Without `y`, the class of each column of `teacher_proba`, unless that is a data frame
            whose columns are named after them.
        $params

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

    def _soft(self, X: Any, sample_weight: Any, groups: Any, p: Any, classes: Any) -> Data:
        """Return the rows of a fit that has no labels."""
        return read_rows(X, sample_weight, groups, p, classes)
