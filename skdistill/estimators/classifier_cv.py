"""`DistilledClassifierCV`: an honest choice among students and settings, and a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Literal

import numpy as np
from sklearn.base import clone

from skdistill._ground.compat import Progress, with_callbacks
from skdistill._ground.costs import check_sizes
from skdistill._ground.data import Data, check_data, given_answers
from skdistill._ground.validation import check_choice, check_flag, check_number
from skdistill.choosing.candidates import Candidate, Grid, expand, name_students
from skdistill.choosing.cv_results import tabulate
from skdistill.choosing.evaluation import evaluate, fit_chosen, fit_stacks
from skdistill.choosing.judging import decide
from skdistill.choosing.scores import Scores, row_losses
from skdistill.choosing.scoring import Judge, make_judge
from skdistill.choosing.verdict import Verdict
from skdistill.distillation import Metadata
from skdistill.estimators.base import all_or_nothing
from skdistill.estimators.classifying import ClassifyingDistiller
from skdistill.exceptions import ParameterError, StudentTypeError
from skdistill.rows.synthetic import check_further_rows
from skdistill.students import as_student
from skdistill.teaching.fold_classes import tell_uncovered
from skdistill.teaching.folds import Folds
from skdistill.teaching.pool import Pool, fit_pool, given_pool, validation_folds
from skdistill.teaching.teachers import check_teacher

__all__ = ["DistilledClassifierCV"]


class DistilledClassifierCV(ClassifyingDistiller):
    """Choose student, strength, temperature, loss and calibration honestly, and say if it paid.

    Every candidate is fitted per validation fold to labels of teachers that saw neither that fold
    nor the row's own (`skdistill.teaching.pool`), and judged on the fold's true labels. The direct
    student (trained on the labels) and plain distillation (strength 0) are always among them.

    Parameters
    ----------
    teacher : classifier, list of (str, classifier), or None
        As in `DistilledClassifier`. Fitted K (K - 1) / 2 + K times for K folds, however many
        candidates there are. May be None where `teacher_proba` and `pool_proba` are given to `fit`.
    students : estimator or list, default=None
        One student; or a list of students, (name, student), (student, grid) or (name, student,
        grid), with grids of the student's parameters as for `ParameterGrid`; or one such tuple.
        None is a LightGBM classifier of 50 trees.
    cv : int, splitter, iterable of (train, test), or None, default=5
        Folds, as in `DistilledClassifier`; at least three.
    strengths : sequence of float in [0, 1], default=(0, 0.25, 0.5, 0.75, 1)
        How far the teacher is corrected. 0 is always tried.
    temperatures : sequence of float, default=(1,)
        Of the loss "cross_entropy".
    losses : sequence of str or Loss, default=("auto",)
        As `loss` of `DistilledClassifier`.
    corrections : sequence of str, Correction or None, default=("orthogonal",)
        As `correction` of `DistilledClassifier`.
    calibrations : sequence of str or None, default=("sigmoid", "stacked")
        As `calibration` of `DistilledClassifier`. "stacked" costs K (K - 1) / 2 + K fits of the
        direct student.
    synthetics : sequence of {"munge"}, Munge or None, default=(None,)
        As `synthetic` of `DistilledClassifier`; not together with a "stacked" calibration. None is
        always tried.
    scoring : str, callable or None, default=None
        None is log-loss, probabilities below .001 counted as .001: a tree's exact zeros should not
        decide. It, "neg_log_loss", "neg_brier_score" and "accuracy" have a loss per row, which
        makes for a sharp verdict; any other scorer of scikit-learn compares folds.
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
        Where students are fitted, as in `DistilledClassifier`.
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
        Parameters that make `DistilledClassifier` fit the same; a direct student (strength 1) it
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
        self.temperatures = temperatures
        self.losses = losses
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
        teacher_proba: Any = None,
        pool_proba: Any = None,
        **params: Any,
    ) -> "DistilledClassifierCV":
        """Fit the pool of teachers, choose, and fit the chosen student on all rows.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features, passed untouched to teacher and students.
        y : array-like of shape (n,)
            Labels: strings, booleans or integers.
        sample_weight : array-like of shape (n,) or None, default=None
            Row weights for teacher, calibration, students and scores.
        groups : array-like of shape (n,) or None, default=None
            Groups that folds must not split, and whose rows the verdict takes together.
        X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
            Unlabelled rows to fit distilled students on as well; while choosing they are labelled
            by teachers that did not see the validation fold. For Pipelines see
            `DistilledClassifier`.
        teacher_proba : array-like of shape (n, K) or None, default=None
            Out-of-fold probabilities from elsewhere, on these very folds (`cv` as a list of splits
            or an integer and the same `random_state`).
        pool_proba : array-like of shape (n_folds, n, K) or None, default=None
            With `teacher_proba`: entry (k, i) labels row i by a teacher that saw neither fold k nor
            the fold of row i. The teacher is then not fitted.
        **params : dict
            Metadata for teacher and students; needs scikit-learn's metadata routing.

        Returns
        -------
        self : DistilledClassifierCV
            The fitted estimator.

        Raises
        ------
        ParameterError
            If a parameter is out of range, unknown, or would be ignored.
        InputError
            If labels, weights or probabilities cannot be used.
        FoldError
            If there are fewer than three folds, or they cannot be used.
        TeacherError
            If the teacher lacks `predict_proba` or fails in a fold.
        StudentError
            If no route can serve a student, or honour its settings.
        """
        if (teacher_proba is None) != (pool_proba is None):
            raise ParameterError(
                "teacher_proba= and pool_proba= go together: choosing on ordinary out-of-fold "
                "probabilities leaks the validation labels. Pass both, or let the teacher be "
                "fitted, or use DistilledClassifier, which needs the first only."
            )
        if pool_proba is not None:
            self._refuse_ignored("pool_proba", memory=None)
        check_further_rows(
            X,
            transfer=X_transfer is not None,
            synthetic=self._grid().makes_rows,
            given=None if pool_proba is None else "pool_proba",
            unstacked=self._grid().unstacked,
        )
        check_choice("prefer", self.prefer, (None, "faster", "smaller"))
        for name in ("smooth", "return_row_losses"):
            check_flag(name, getattr(self, name))
        if self.fallback is not False:
            check_choice("fallback", self.fallback, ("doubtful", "not shown", "harms"), "or False")
        check_number("alpha", self.alpha, low=0.0, high=1.0, low_open=True, high_open=True)
        if self.prefer == "smaller":
            check_sizes(self._students().values())
        given = None if pool_proba is None else (teacher_proba, pool_proba)
        return self._fit(X, y, sample_weight, groups, X_transfer, given, params)

    @all_or_nothing
    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        X_transfer: Any,
        given: tuple[Any, Any] | None,
        params: dict[str, Any],
    ) -> "DistilledClassifierCV":
        """Run the stages of a fit."""
        self._check_rows(X, y, X_transfer)
        judge = make_judge(self.scoring, per_row=self.return_row_losses)
        data = check_data(X, y, sample_weight, groups)
        judge.check(data, data.weight)
        teacher = check_teacher(self.teacher) if given is None else None
        metadata = self._metadata(data, teacher, params)
        weighted = any(each.student_weight is not None for each in metadata.values())
        size = len(data), data.outcome
        candidates = expand(self._items(), self._grid(), *size, weighted=weighted)
        folds = self._folds(data, self.random_state, tell=given is None)
        validation = validation_folds(folds, self.n_validation)
        judge.check_folds(data, folds, validation)
        with Progress.root(self, 3 + (given is None), X, y) as progress:
            with_folds = folds, validation
            pool = self._pool(teacher, given, data, *with_folds, metadata, X_transfer, progress)
            pool.out_of_fold.check_varies()
            stacks, scores = self._try_all(
                candidates, data, pool, metadata, judge, X_transfer, progress
            )
            n_student_fits = scores.n_fits + sum(each.n_fits for each in stacks.values())
            tried = candidates, scores, data, pool, judge
            verdict, number = decide(*tried, n_student_fits=n_student_fits, **self._policy())
            chosen = candidates[number]
            with progress.step("fit the chosen student"):
                done = fit_chosen(
                    chosen,
                    data,
                    pool,
                    metadata[chosen.name],
                    stack=stacks.get(chosen.group),
                    X_transfer=X_transfer,
                )
        if given is not None:
            tell_uncovered(len(data) - done.n_rows, len(data))
        verdict = replace(verdict, n_student_fits=n_student_fits + done.n_fits)
        counts = {"n_teacher_fits": pool.n_fits, "n_student_fits": verdict.n_student_fits}
        self._keep(done, chosen.params["student"], data, folds, shrinkage=None, **counts)
        self._keep_choice(candidates, number, scores, judge, verdict)
        self._remember(y, sample_weight, groups)
        self.fold_ = data.spread(folds.fold, blank=-1)
        self.n_splits_ = len(pool.validation)
        self.pool_proba_ = np.stack([data.spread(table) for table in pool.as_array()])
        vars(self).pop("row_losses_", None)  # of an earlier fit
        if self.return_row_losses:
            self.row_losses_ = row_losses(scores, data, pool)
        return self

    def _items(self) -> Any:
        return as_student(None) if self.students is None else self.students

    def _students(self) -> dict[str, Any]:
        """Return the students by the name that metadata routing knows them by."""
        try:
            named = name_students(self._items())
        except StudentTypeError:  # fit says so
            return {}
        for name in named:
            if name in ("teacher", "splitter"):
                raise StudentTypeError(f"no student can be named {name!r}: choose another name.")
        return {name: estimator for name, (estimator, _) in named.items()}

    def _grid(self) -> Grid:
        tried = {field.name: getattr(self, field.name, None) for field in fields(Grid)}
        return Grid(**tried | {"rules": self._task.rules})

    def _pool(
        self,
        teacher: Any,
        given: tuple[Any, Any] | None,
        data: Data,
        folds: Folds,
        validation: tuple[int, ...],
        metadata: Mapping[str, Metadata],
        X_transfer: Any,
        progress: Progress,
    ) -> Pool:
        """Return the labels to choose by, with the ordinary pass where teachers are fitted."""
        if given is not None:
            raw = given_answers(given[0], data, ~folds.covered)
            return given_pool(given[1], raw, folds, validation, data)
        return fit_pool(
            teacher,
            data.X,
            data.y,
            folds,
            validation,
            params=next(iter(metadata.values())).teacher,
            memory=self._memory(),
            keep_teachers=X_transfer is not None or self._grid().makes_rows,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
            progress=progress,
        )

    def _try_all(
        self,
        candidates: Sequence[Candidate],
        data: Data,
        pool: Pool,
        metadata: Mapping[str, Metadata],
        judge: Judge,
        X_transfer: Any,
        progress: Progress,
    ) -> tuple[dict[int, Pool], Scores]:
        """Return the direct students' own pools, and what came of each candidate."""
        common = {"n_jobs": self.n_jobs, "verbose": self.verbose}
        with progress.step("fit the direct students"):
            stacks = fit_stacks(candidates, data, pool, metadata, **common)
        scores = evaluate(
            candidates,
            data,
            pool,
            metadata,
            judge,
            stacks=stacks,
            X_transfer=X_transfer,
            progress=progress,
            **common,
        )
        return stacks, scores

    def _policy(self) -> dict[str, Any]:
        """Return how the choice is made."""
        policy = {"fallback": self.fallback, "alpha": self.alpha}
        return policy | {"smoothed": self.smooth, "prefer": self.prefer}

    def _keep_choice(
        self,
        candidates: Sequence[Candidate],
        number: int,
        scores: Scores,
        judge: Judge,
        verdict: Verdict,
    ) -> None:
        """Set the attributes that tell of the choice."""
        chosen = candidates[number]
        self.verdict_ = verdict
        self.loss_name_ = judge.name
        self.cv_results_ = tabulate(candidates, scores, judge, smoothed=self.smooth)
        self.best_index_ = number
        self.best_score_ = float(self.cv_results_["mean_test_score"][number])
        self.best_params_ = dict(chosen.params)
        self.best_student_ = clone(chosen.params["student"])
