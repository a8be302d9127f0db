"""One distillation, stage by stage: what `fit` and `refit_student` of both tasks do."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skdistill._ground.compat import Progress, warn_user
from skdistill._ground.data import Data
from skdistill._ground.engines import on_engine
from skdistill._ground.validation import has_missing
from skdistill.choosing.candidates import DIRECT, ends_at_labels
from skdistill.distillation import (
    Distilled,
    Metadata,
    fit_at_found,
    fit_student,
    train_directly,
)
from skdistill.estimators.base import BaseDistiller, all_or_nothing
from skdistill.exceptions import ParameterError, SkdistillWarning
from skdistill.rows.munge import Munge
from skdistill.rows.synthetic import Kept, Synthetic, label_further, redraw
from skdistill.rows.transfer import Transfer, check_same_rows
from skdistill.settings import Settings, resolve_settings
from skdistill.students import at_power
from skdistill.teaching.fold_classes import tell_uncovered
from skdistill.teaching.folds import Draw, Folds, check_cv
from skdistill.teaching.labels import given_labels, label_rows
from skdistill.teaching.teachers import check_teacher

__all__ = ["UNCHECKED", "SingleDistiller"]

UNCHECKED = "no_validation"  # what scikit-learn's validate_data takes for no labels at all


class SingleDistiller(BaseDistiller):
    """Base of the estimators that fit one student; a subclass has `fit` and its parameters."""

    _named: tuple[str, ...]  # the parameters that say how the student is fitted
    _draw: Draw

    def refit_student(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        X_transfer: Any = None,
        **changes: Any,
    ) -> Self:
        """Return a new estimator with another student or correction, without a teacher fit.

        Parameters
        ----------
        X : array-like, sparse array or data frame of n rows
            Features of the training rows, in the order of `fit`. They are not compared, but where
            there are synthetic rows: the student may be given other columns than the teacher was.
        y : array-like of shape (n,) or (n, m)
            What was given to `fit` (or None); this is checked.
        sample_weight, groups : array-like of shape (n,) or None, default=None
            The row weights and the groups, as they were given to `fit`.
        X_transfer : array-like, sparse array or data frame of N rows, or None, default=None
            The transfer rows, in the order of `fit`.
        **changes : dict
            New values of `student`, `loss`, `correction`, `strength`, `calibration`, `device`,
            `size` or, where there is one, `temperature`, or of parameters inside the student
            (``student__...``); `synthetic` can be set to None. Of a regressor also the `exposure`,
            as it was given to `fit`.

        Returns
        -------
        estimator : same class
            A fitted clone with the changed parameters and the same word of the teacher. The
            temperature that a search found for its student (`student_calibration`) goes along,
            unless the student is changed.

        Raises
        ------
        ParameterError
            If another parameter is to be changed.
        InputError
            If `y`, `sample_weight`, `groups` or `exposure` are not those of the fit, or
            `X_transfer` has other rows, or other rows would be made synthetically.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
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
        check_is_fitted(self)
        refittable = ("student", *self._named)  # synthetic to None only
        beside = {name: changes.pop(name, None) for name in self._task.beside}
        for name in changes:
            if name.split("__")[0] not in refittable or name.startswith("synthetic__"):
                raise ParameterError(
                    f"refit_student can change {', '.join(refittable)}, got {name!r}: it concerns "
                    "the teacher's pass; clone the estimator and fit it."
                )
        self._check_same(y, sample_weight=sample_weight, groups=groups, **beside)
        known, said = (self._was_said(whose) for whose in ("transfer", "teacher"))
        check_same_rows(X_transfer, known)
        other = clone(self).set_params(**changes)
        transfer: Any = None if known is None else Transfer(X_transfer, known)
        if other.synthetic is not None:
            transfer = vars(self).get("_synthetic")
        soft = None
        if y is None:
            soft = self._soft(X, sample_weight, groups, said, self.classes_)
        given = sample_weight, groups, transfer, said, {}
        how = {"reused": self._draw, "soft": soft} | beside
        other._fit(X, y, *given, **how)  # noqa: SLF001 - of one class
        other.fold_ = self.fold_
        if self._fitted.power != 1.0:
            other._keep_power(self._fitted.power, changes)  # noqa: SLF001 - of one class
        return other

    def _raise_to(self, power: float) -> None:
        """Raise the student's probabilities to a power: to the temperature that a search found."""
        self._fitted = at_power(self._fitted, power)
        self.student_ = self._fitted.model

    def _keep_power(self, power: float, changes: Iterable[str]) -> None:
        """Give a refit student the temperature of before, unless it is another student."""
        if not any(name.split("__")[0] == "student" for name in changes):
            self._raise_to(power)
            return
        warn_user(
            f"the temperature {1.0 / power:.3g} of the student's probabilities was found for "
            "another student, and is left out here: search among such students with "
            "student_calibration='temperature'.",
            SkdistillWarning,
        )

    def _was_said(self, whose: str) -> Any:
        """Return what was kept of what was said of rows, in columns; None for nothing."""
        kept = vars(self).get(f"{whose}_{self._task.suffix}_")
        return kept if kept is None or kept.ndim == 2 else kept[:, None]

    @all_or_nothing
    @on_engine
    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        transfer: Any,
        given: Any,
        params: dict[str, Any],
        *,
        reused: Draw | None = None,
        soft: Data | None = None,
        directly: bool = False,
        **beside: Any,
    ) -> Any:
        """Run the stages of a fit.

        `given` is what a teacher from elsewhere said. With `reused`, the folds of an earlier fit,
        it is that fit's: rows may be NaN, and `transfer` is a `Transfer` or `Kept`, not the bare
        rows. With `soft`, the rows of a fit to that alone, there are no labels. `directly` trains
        on the labels of all rows, those in no fold as well. `beside` are what else the task reads
        of rows.
        """
        self._check_rows(X, UNCHECKED if soft is not None else y, None if reused else transfer)
        data = self._task.read(X, y, sample_weight, groups, **beside) if soft is None else soft
        teacher = check_teacher(self.teacher, self._task.teachers) if given is None else None
        metadata = self._metadata(data, teacher, params)["student"]
        settings = self._settings(len(data), weighted=metadata.student_weight is not None)
        self._check_loss(settings, data)
        needs_folds = teacher is not None or settings.needs_direct or settings.synthetic is not None
        needs_folds = needs_folds or (not reused and has_missing(given))  # in no fold, nothing said
        draw = reused or Draw.of(self.random_state)
        check_cv(self.cv)
        folds = self._folds(data, draw.seed, tell=teacher is not None) if needs_folds else None
        self._draw = draw if folds is None else draw.done(folds)
        n_steps = 1 + (teacher is not None) + settings.needs_direct + settings.finds_strength
        with Progress.root(self, n_steps, X, y) as progress:
            fit_direct = partial(self._direct, settings, data, folds, metadata, progress)
            direct = fit_direct()  # it costs the least
            own = None if direct is None else direct.values
            if teacher is None:
                raw = given_labels(given, data, folds, own, reused=reused is not None)
                if settings.synthetic is not None:
                    transfer = redraw(settings.synthetic, data.X, folds.parts, transfer)
            else:
                rows = settings.synthetic, transfer
                raw, transfer = self._ask(teacher, data, folds, metadata, *rows, progress)
            labels = label_rows(raw, data, settings.calibration, own, loss=settings.labels_by[1])
            shrinkage, of = None, (data, labels.p, folds, metadata.student_weight)
            if settings.finds_strength:
                shrinkage = self._task.shrink(settings, direct, *of, again=fit_direct)
                settings = self._at(shrinkage.strength, settings, data, metadata)
            with progress.step("fit the student"):
                fit = fit_student if shrinkage is None else fit_at_found
                how = settings, data, labels, metadata
                done = train_directly(*how) if directly else fit(*how, transfer)
        if teacher is None and folds is not None:
            tell_uncovered(len(data) - done.n_rows, len(data))
        n_passes = (direct is not None) + (shrinkage is not None and shrinkage.bounded is not None)
        counts = {
            "n_teacher_fits": 0 if teacher is None else folds.n_fits,
            "n_student_fits": done.n_fits + (n_passes * folds.n_fits if n_passes else 0),
        }
        self._keep_student(done, data, folds, shrinkage, **counts)
        self.fold_ = np.full(data.n_given, -1) if teacher is None else data.spread(folds.fold, -1)
        self._keep_further(transfer)
        self._remember(y, sample_weight=sample_weight, groups=groups, **beside)
        return self

    def _keep_student(
        self, done: Distilled, data: Data, folds: Folds | None, found: Any, **counts: int
    ) -> None:
        """Keep the student, and tell what strength was found, if one was."""
        shrinkage = None if found is None else found.to_dict()
        self._keep(done, self._student(), data, folds, shrinkage=shrinkage, **counts)
        self.report_.tell(self.verbose)

    def _settings(self, n_rows: int, *, weighted: bool, **changes: Any) -> Settings:
        params = {name: getattr(self, name) for name in self._named} | changes
        how = {"n_rows": n_rows, "weighted": weighted, "rules": self._task.rules}
        return resolve_settings(self._student(), **params, **how)

    def _at(self, strength: float, settings: Settings, data: Data, metadata: Metadata) -> Settings:
        """Return the settings at a strength that was found; at 1 the student is trained directly.

        On another scale than that of probabilities the full correction is not the label.
        """
        if strength == 1.0 and not ends_at_labels(settings, data.outcome):
            direct = DIRECT | {"calibration": self.calibration}
            return self._settings(len(data), weighted=metadata.student_weight is not None, **direct)
        return replace(settings, strength=strength)

    def _ask(
        self,
        teacher: Any,
        data: Data,
        folds: Folds,
        metadata: Metadata,
        munge: Munge | None,
        X_transfer: Any,
        progress: Progress,
    ) -> tuple[NDArray[np.float64], Transfer | None]:
        """Return the teacher's out-of-fold word, and the rows without labels, labelled."""
        asked = X_transfer is not None or munge is not None
        out = self._cross_fit(teacher, data, folds, metadata, progress, keep_teachers=asked)
        return out.values, label_further(out.teachers, munge, X_transfer, data, folds.parts)

    def _keep_further(self, rows: Transfer | None) -> None:
        """Keep what the teachers say of rows without labels, in place of those of another fit."""
        suffix = self._task.suffix
        for name in (f"transfer_{suffix}_", f"synthetic_{suffix}_", "_synthetic"):
            vars(self).pop(name, None)
        if isinstance(rows, Synthetic):
            self._keep_said("synthetic", rows.raw)
            self._synthetic = Kept.of(rows)
        elif rows is not None:
            self._keep_said("transfer", rows.raw)
