"""An honest choice, stage by stage: what `fit` does where students and settings are tried."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone

from skdistill._ground.clock import Deadline
from skdistill._ground.compat import Progress
from skdistill._ground.costs import check_sizes
from skdistill._ground.data import Data, given_answers
from skdistill._ground.engines import on_engine
from skdistill._ground.validation import check_choice, check_flag, check_number
from skdistill.choosing.budget import Budget, affordable, measure
from skdistill.choosing.candidates import Candidate, Grid, expand, name_students
from skdistill.choosing.catalogue import check_numbers
from skdistill.choosing.cooling import cool
from skdistill.choosing.cv_results import tabulate
from skdistill.choosing.evaluation import Tried, evaluate, fit_chosen, further_rows
from skdistill.choosing.frontier import frontier_of
from skdistill.choosing.judging import decide
from skdistill.choosing.making import can_make_rows
from skdistill.choosing.scores import Scores, row_losses
from skdistill.choosing.scoring import Judge
from skdistill.choosing.scouting import check_reach
from skdistill.choosing.shelf import Shelf
from skdistill.choosing.stacks import Stacks
from skdistill.choosing.verdict import Verdict
from skdistill.distillation import Distilled, Metadata
from skdistill.estimators.base import all_or_nothing
from skdistill.estimators.refitting import Given, RefittingDistiller
from skdistill.exceptions import BudgetError, ParameterError, StudentTypeError
from skdistill.rows.synthetic import check_further_rows
from skdistill.rows.transfer import Transfer
from skdistill.students import at_power
from skdistill.teaching.fold_classes import tell_uncovered
from skdistill.teaching.folds import Draw, Folds
from skdistill.teaching.pairs import check_pairs
from skdistill.teaching.pool import Pool, fit_pool, given_pool, validation_folds
from skdistill.teaching.teachers import check_teacher

__all__ = ["ChoosingDistiller"]


@dataclass(frozen=True)
class _Material:
    """What a candidate is fitted to all rows with."""

    data: Data
    pool: Pool
    metadata: Mapping[str, Metadata]
    stacks: Stacks
    further: Mapping[Any, Transfer]

    def fit(self, candidate: Candidate) -> Distilled:
        """Fit a candidate to the ordinary out-of-fold labels."""
        own = {"stack": self.stacks.out_of_fold(candidate), "further": self.further}
        raw = self.pool.out_of_fold.values
        return fit_chosen(candidate, self.data, raw, self.metadata[candidate.name], **own)


class ChoosingDistiller(RefittingDistiller):
    """Base of the estimators that choose; a subclass has `fit` and its parameters."""

    # What notebooks show above a fitted one; `skdistill.inspection`, which knows how, sets it.
    shown_first: ClassVar[Callable[[Any], str] | None] = None

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._first() + bundle["text/html"]
        return bundle

    def _repr_html_inner(self) -> str:
        return self._first() + super()._repr_html_inner()

    def _first(self) -> str:
        """Return the verdict and the frontier as HTML, once there are any."""
        show = type(self).shown_first
        return "" if show is None or not self.__sklearn_is_fitted__() else show(self)

    def _given(self, out_of_fold: Any, pool: Any) -> tuple[Any, Any] | None:
        """Return what teachers from elsewhere said, both or none."""
        given, whole = self._task.outcome.given, f"pool_{self._task.suffix}"
        if (out_of_fold is None) != (pool is None):
            raise ParameterError(
                f"{given}= and {whole}= go together: choosing on ordinary out-of-fold "
                f"{self._task.outcome.said} leaks the validation labels. Pass both, or let the "
                f"teacher be fitted, or use {self._task.single}, which needs the first only."
            )
        if pool is None:
            return None
        self._refuse_ignored(whole, memory=None)
        return out_of_fold, pool

    def _check_settings(
        self, X: Any, X_transfer: Any, given: tuple[Any, Any] | None, grid: Grid
    ) -> None:
        """Raise where parameters cannot be used; called before anything is fitted."""
        check_further_rows(
            X,
            transfer=X_transfer is not None,
            synthetic=grid.makes_rows,
            given=None if given is None else f"pool_{self._task.suffix}",
            unstacked=grid.unstacked,
        )
        if self._is_auto:
            check_numbers(X)
        check_choice("settings", self.settings, (None, "auto"))
        if hasattr(self, "student_calibration"):
            known = ("auto", "temperature", None)
            check_choice("student_calibration", self.student_calibration, known)
        if self.racing and self._calibrates:
            raise ParameterError(
                "racing=True drops candidates by their own probabilities, and "
                f"student_calibration={self.student_calibration!r} changes these: leave racing "
                "at False, or student_calibration at 'auto'."
            )
        check_choice("prefer", self.prefer, (None, "faster", "smaller"))
        if self.within is not None:
            check_number("within", self.within, low=0.0)
            if self.prefer is None:
                raise ParameterError(
                    f"within={self.within!r} says how much worse a preferred student may be, and "
                    "none is preferred: set prefer to 'faster' or 'smaller', or leave it at None."
                )
        if self.max_time is not None:
            check_number("max_time", self.max_time, low=0.0, low_open=True)
        for name in ("smooth", "racing", "return_row_losses"):
            check_flag(name, getattr(self, name))
        if self.fallback is not False:
            check_choice("fallback", self.fallback, ("doubtful", "not shown", "harms"), "or False")
        check_number("alpha", self.alpha, low=0.0, high=1.0, low_open=True, high_open=True)
        if self.prefer == "smaller":
            check_sizes(self._students().values())

    @all_or_nothing
    @on_engine
    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        X_transfer: Any,
        given: tuple[Any, Any] | None,
        params: dict[str, Any],
        **beside: Any,
    ) -> Any:
        """Run the stages of a fit; `beside` are what else the task reads of rows."""
        deadline, budget = Deadline.of(self.max_time), Budget.of(self.budget)
        grid = self._grid(makeable=X_transfer is None and given is None and can_make_rows(X))
        self._check_settings(X, X_transfer, given, grid)
        self._check_rows(X, y, X_transfer)
        data = self._task.read(X, y, sample_weight, groups, **beside)
        teacher = check_teacher(self.teacher, self._task.teachers) if given is None else None
        metadata = self._metadata(data, teacher, params)
        weighted = any(each.student_weight is not None for each in metadata.values())
        candidates = expand(self._items(data.X), grid, len(data), data.outcome, weighted=weighted)
        judge = self._judge(candidates, data)
        draw = Draw.of(self.random_state)
        folds = self._folds(data, draw.seed, tell=given is None)
        validation = validation_folds(folds, self.n_validation)
        judge.check_folds(data, folds, validation)
        check_pairs(data, folds, () if given is not None else validation)
        check_reach(budget, candidates, data)
        n_steps = 2 + (given is None) * (1 + (self.max_time is not None))
        with Progress.root(self, n_steps, X, y) as progress:
            keep = X_transfer is not None or any(c.settings.synthetic for c in candidates)
            how = {"keep_teachers": keep, "deadline": deadline, "progress": progress}
            pool = self._pool(teacher, given, data, folds, validation, metadata, **how)
            pool.out_of_fold.check_varies(data.outcome.said)
            how = {"n_jobs": self.n_jobs, "verbose": self.verbose}
            stacks = Stacks(data, folds, metadata, **how)
            how |= {"stacks": stacks, "X_transfer": X_transfer, "progress": progress}
            how |= {"racing": self.racing, "deadline": deadline}
            found = evaluate(candidates, data, pool, metadata, judge, **how)
            if self._calibrates:
                of = found.candidates, found.scores
                found = replace(found, scores=cool(*of, data, pool, judge))
            with progress.step("fit the chosen student"):
                further = further_rows(found.candidates, data, pool, X_transfer)
                material = _Material(data, pool, metadata, stacks, further)
                verdict, number, done, unmet = self._settle(found, material, judge, budget)
        chosen, scores = found.candidates[number], found.scores
        if given is not None:
            tell_uncovered(len(data) - done.n_rows, len(data))
        n_student_fits = scores.n_fits + stacks.n_fits + verdict.n_student_fits
        verdict = replace(verdict, n_student_fits=n_student_fits)
        counts = {"n_teacher_fits": pool.n_fits, "n_student_fits": verdict.n_student_fits}
        self._keep(done, chosen.params["student"], data, folds, shrinkage=None, **counts)
        self._keep_choice(found, number, judge, verdict, budget)
        beside |= {"sample_weight": sample_weight, "groups": groups}
        self._remember(y, **beside)
        self._keep_rows(Given(X, y, X_transfer, beside, params), further)
        self._draw = draw.done(folds)
        self.fold_ = data.spread(folds.fold, blank=-1)
        self._keep_pool(data, pool, scores)
        return self if unmet is None else self._withhold(unmet)

    def _withhold(self, unmet: ParameterError) -> None:
        """Keep what was found, for `best_under`, but no student: none is within the budget."""
        for name in ("_fitted", "student_"):
            vars(self).pop(name, None)
        raise BudgetError(
            f"{unmet} The search is kept, without a student: frontier_ and verdict_ say what was "
            "found, and best_under(...) fits the best within other limits, without a teacher fit."
        ) from unmet

    def _keep_pool(self, data: Data, pool: Pool, scores: Scores) -> None:
        """Keep what the teachers of pairs said, and what became of each row if it is wanted."""
        self.n_splits_ = len(pool.validation)
        tables = [self._as_said(data.spread(table)) for table in pool.as_array()]
        setattr(self, f"pool_{self._task.suffix}_", np.stack(tables))
        vars(self).pop("row_losses_", None)  # of an earlier fit
        if self.return_row_losses:
            self.row_losses_ = row_losses(scores, data, pool)

    def _judge(self, candidates: Sequence[Candidate], data: Data) -> Judge:
        """Return who judges, found able to judge these rows."""
        losses = [candidate.settings.loss for candidate in candidates]
        judge = self._task.make_judge(self.scoring, losses, per_row=self.return_row_losses)
        if self.racing and not judge.by_row:
            raise ParameterError(
                f"racing=True compares losses of rows, and scoring={self.scoring!r} has none: "
                "leave racing at False, or use a scoring that has (None, for one)."
            )
        judge.check(data, data.weight)
        for candidate in candidates:
            self._check_loss(candidate.settings, data)
        return judge

    def _items(self, X: Any = None) -> Any:
        """Return the students, for these rows or in general."""
        if self._is_auto:
            return self._task.catalogue(X)
        if isinstance(self.students, str):
            raise StudentTypeError(
                f"students must be 'auto' or estimators, got {self.students!r}: pass the learners "
                "themselves, as in students=DecisionTreeClassifier()."
            )
        return self._task.as_student(None) if self.students is None else self.students

    @property
    def _is_auto(self) -> bool:
        return isinstance(self.students, str) and self.students == "auto"

    @property
    def _calibrates(self) -> bool:
        """Whether the students' own probabilities get a temperature; numbers have none."""
        asked = getattr(self, "student_calibration", None)
        return asked == "temperature" or (asked == "auto" and not self.racing)

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

    def _grid(self, *, makeable: bool) -> Grid:
        """Return what is tried; made-up rows that nobody named only where they can be made."""
        tried: dict[str, Any] = {"temperatures": (1.0,), "losses": ("auto",)}
        tried |= {f.name: getattr(self, f.name) for f in fields(Grid) if hasattr(self, f.name)}
        grid = Grid(**tried, rules=self._task.rules, tuned=self.settings == "auto")
        return replace(grid, synthetics=(None,)) if grid.makes_some and not makeable else grid

    def _pool(
        self,
        teacher: Any,
        given: tuple[Any, Any] | None,
        data: Data,
        folds: Folds,
        validation: tuple[int, ...],
        metadata: Mapping[str, Metadata],
        *,
        keep_teachers: bool,
        deadline: Deadline,
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
            outcome=data.outcome,
            params=next(iter(metadata.values())).teacher,
            memory=self._memory(),
            keep_teachers=keep_teachers,
            deadline=deadline,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
            progress=progress,
        )

    def _settle(
        self, found: Tried, material: _Material, judge: Judge, budget: Budget | None
    ) -> tuple[Verdict, int, Distilled, ParameterError | None]:
        """Choose and fit; where the fitted student is beyond the budget, the next best.

        Where none is within it, the best without a limit, and the error.
        """
        candidates, scores, n_fits = found.candidates, found.scores, 0
        costs, names = list(scores.costs), [c.name for c in candidates]
        among, unmet = None, None
        while True:
            try:
                among = None if budget is None else affordable(budget, costs, names)
            except ParameterError as error:
                among, budget, unmet = None, None, error
            policy = self._policy() | {"among": among, "untried": found.untried}
            policy["n_dropped"] = found.n_dropped
            tried = candidates, scores, material.data, material.pool, judge
            verdict, number = decide(*tried, n_student_fits=0, **policy)
            done = material.fit(candidates[number])
            if scores.powers:
                done = replace(done, fitted=at_power(done.fitted, scores.powers[number]))
            n_fits += done.n_fits
            if budget is not None:
                costs[number] = measure(done.fitted, material.data.X)
            if budget is None or budget.allows(costs[number]):
                return replace(verdict, n_student_fits=n_fits), number, done, unmet

    def _policy(self) -> dict[str, Any]:
        """Return how the choice is made."""
        policy = {"fallback": self.fallback, "alpha": self.alpha}
        return policy | {"smoothed": self.smooth, "prefer": self.prefer, "within": self.within}

    def _keep_choice(
        self,
        found: Tried,
        number: int,
        judge: Judge,
        verdict: Verdict,
        budget: Budget | None,
    ) -> None:
        """Set the attributes that tell of the choice."""
        candidates, scores = found.candidates, found.scores
        chosen = candidates[number]
        self.untried_ = [dict(candidate.params) for candidate in found.untried]
        self.verdict_ = verdict
        self.loss_name_ = judge.name
        self.cv_results_ = tabulate(candidates, scores, judge, smoothed=self.smooth)
        fallen = [name for name, kind in verdict.by_student.items() if kind.fell_back]
        self._shelf = Shelf.of(candidates, scores, smoothed=self.smooth, fallen=fallen)
        self.frontier_ = frontier_of(candidates, scores, smoothed=self.smooth, budget=budget)
        self.best_index_ = number
        self.best_score_ = float(self.cv_results_["mean_test_score"][number])
        self.best_params_ = dict(chosen.params)
        self.best_student_ = clone(chosen.params["student"])
