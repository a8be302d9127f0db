"""The score of a student as a function of how far its teacher was corrected."""

import warnings
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import clone

from skdistill.choosing.candidates import DIRECT
from skdistill.exceptions import InputError, ParameterError, SkdistillWarning
from skdistill.inspection._checks import check_fitted_distiller, check_fitted_on
from skdistill.inspection._display import Display
from skdistill.inspection._methods import is_direct
from skdistill.inspection._tasks import side_of

__all__ = ["StrengthDisplay"]

# What a search must have left behind; scikit-learn's own smooth no scores.
NEEDED = {"param_strength", "param_student", "smoothed_test_score"}


class StrengthDisplay(Display):
    """Scores by strength: honest ones with their errors, and the naive ones where they are known.

    Parameters
    ----------
    table : mapping of str to sequence
        The columns of `frame`: student, strength, score (greater is better), standard_error,
        smoothed score and naive score (NaN where there is none), and whether it is the best.
    kind : str, default="honest"
        What the scores are.

    Attributes
    ----------
    ax_, figure_ : matplotlib axes and figure
        Where `plot` drew last.

    Examples
    --------
    >>> from skdistill.inspection import StrengthDisplay
    >>> display = StrengthDisplay.from_predictions([0.0, 0.5, 1.0], [-0.4, -0.3, -0.5], best=1)
    >>> display.frame()[["strength", "score", "best"]]
       strength  score   best
    0       0.0   -0.4  False
    1       0.5   -0.3   True
    2       1.0   -0.5  False
    """

    def __init__(self, table: Mapping[str, Any], kind: str = "honest") -> None:
        super().__init__(table)
        self.kind = kind

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        exposure: Any = None,
    ) -> "StrengthDisplay":
        """Take the scores of a fitted search.

        There is a curve for each student and each other setting that was tried; the student trained
        on the labels is a point at strength 1. Candidates without a strength (no correction, or one
        with a constant of its own) are left out. Errors are those of the mean over the folds.

        Parameters
        ----------
        estimator : DistilledClassifierCV or DistilledRegressorCV
            Fitted; its `cv_results_`, `best_index_`, `n_splits_` and the teacher's word are read.
        X, y : array-like of n rows, or None, default=None
            The training rows, to show the naive scores as well: those of the same search on
            ordinary out-of-fold labels, which have seen the validation rows. No teacher is fitted,
            every candidate is. Not for a search with `X_transfer` or synthetic rows, whose labels
            are not kept.
        sample_weight, groups, exposure : array-like of shape (n,) or None, default=None
            As they were given to `fit`; only with `X` and `y`.

        Returns
        -------
        display : StrengthDisplay

        Raises
        ------
        ParameterError
            If the estimator has no such results, one of `X` and `y` is missing where the others are
            given, or the labels or folds of the search cannot be had again.
        InputError
            If `y` are not the labels of the fit.
        """
        results = getattr(estimator, "cv_results_", {})
        if not results.keys() >= NEEDED:
            raise ParameterError(
                f"estimator must be a fitted {side_of(estimator).search.__name__}, with "
                "cv_results_ over strengths and their smoothed scores, got "
                f"{type(estimator).__name__}: fit one first."
            )
        metadata = {"sample_weight": sample_weight, "groups": groups}
        rows = {"X": X, "y": y} | metadata | {"exposure": exposure}
        given = [name for name, value in rows.items() if value is not None]
        if given and (X is None or y is None):
            raise ParameterError(
                "the naive scores need X and y, and nothing else does: got only "
                f"{', '.join(given)}. Pass the training rows as to fit, or none."
            )
        naive = None if X is None else _naive_scores(estimator, X, y, exposure, **metadata)
        shown = [i for i, s in enumerate(results["param_strength"]) if isinstance(s, Real)]
        best = int(estimator.best_index_)
        return cls.from_predictions(
            results["param_strength"][shown],
            results["mean_test_score"][shown],
            results["std_test_score"][shown] / np.sqrt(estimator.n_splits_ - 1),
            None if naive is None else naive[shown],
            smoothed=results["smoothed_test_score"][shown],
            students=_curve_names(results, shown),
            best=shown.index(best) if best in shown else None,
        )

    @classmethod
    def from_shrinkage(cls, estimator: Any) -> "StrengthDisplay":
        """Show what ``strength="auto"`` was found by: a curve for each reading.

        With b the squared bias that a reading presumes the teacher to have and v the variance that
        it finds in the student, correcting by s leaves ``(1 - s)^2 b + s^2 v``. The score is that,
        below zero and over ``b + v``; its best strength is ``b / (b + v)``. The most cautious
        reading, of the largest strength, decides. No model is fitted.

        Parameters
        ----------
        estimator : DistilledClassifier or DistilledRegressor
            Fitted with ``strength="auto"``; its `report_` is read.

        Returns
        -------
        display : StrengthDisplay
            "student" is the reading: "brier" and "log_loss", of numbers "movement" and
            "dispersion", or "optimism".

        Raises
        ------
        ParameterError
            If there is no such strength: it was given, or a search has tried several.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.tree import DecisionTreeRegressor
        >>> from skdistill import DistilledRegressor
        >>> from skdistill.inspection import StrengthDisplay
        >>> X, y = load_diabetes(return_X_y=True)
        >>> tree = DecisionTreeRegressor(max_leaf_nodes=16, random_state=0)
        >>> model = DistilledRegressor(Ridge(0.1), tree, random_state=0).fit(X, y)
        >>> sorted(set(StrengthDisplay.from_shrinkage(model).table["student"].tolist()))
        ['dispersion', 'movement']
        """
        side = check_fitted_distiller(estimator)
        shrinkage = estimator.report_.shrinkage
        if shrinkage is None:
            raise ParameterError(
                "the readings are those of strength='auto', and none was found here: fit a "
                f"{side.single.__name__} with it, or take from_estimator for the strengths that a "
                f"{side.search.__name__} has tried."
            )
        readings = {
            name: each
            for name, each in shrinkage.items()
            if isinstance(each, Mapping) and "variance" in each
        }
        # Of b + v the best strength is the share of b.
        found = np.array([each["strength"] for each in readings.values()])
        grid = np.unique([*np.linspace(0.0, 1.0, 21), *found])
        scores = [-((1.0 - grid) ** 2 * share + grid**2 * (1.0 - share)) for share in found]
        leader = int(found.argmax())
        display = cls.from_predictions(
            np.tile(grid, len(found)),
            np.concatenate(scores),
            students=np.repeat(list(readings), len(grid)),
            best=leader * len(grid) + int(np.searchsorted(grid, found[leader])),
        )
        display.kind = "presumed"
        return display

    @classmethod
    def from_predictions(
        cls,
        strengths: Any,
        scores: Any,
        errors: Any = None,
        naive: Any = None,
        best: int | None = None,
        *,
        smoothed: Any = None,
        students: Any = None,
    ) -> "StrengthDisplay":
        """Take scores that are known.

        Parameters
        ----------
        strengths : array-like of shape (m,)
            Strengths in [0, 1].
        scores : array-like of shape (m,)
            Honest scores, greater is better.
        errors : array-like of shape (m,) or None, default=None
            Their standard errors.
        naive : array-like of shape (m,) or None, default=None
            Scores of a cross-validation on labels that have seen the validation rows.
        best : int or None, default=None
            Index of the strength chosen.
        smoothed : array-like of shape (m,) or None, default=None
            Scores of a smooth curve through the honest ones.
        students : array-like of shape (m,) or None, default=None
            Names of the students; each has a curve.

        Returns
        -------
        display : StrengthDisplay

        Raises
        ------
        InputError
            If the lengths differ.
        ParameterError
            If `best` is no index.
        """
        numbers = np.asarray(strengths, dtype=np.float64)
        m = len(numbers)
        unknown = np.full(m, np.nan)
        table = {
            "student": np.full(m, "student") if students is None else np.asarray(students, str),
            "strength": numbers,
            "score": np.asarray(scores, dtype=np.float64),
            "standard_error": unknown if errors is None else np.asarray(errors, dtype=np.float64),
            "smoothed": unknown if smoothed is None else np.asarray(smoothed, dtype=np.float64),
            "naive": unknown if naive is None else np.asarray(naive, dtype=np.float64),
        }
        for name, column in table.items():
            if column.shape != (m,):
                raise InputError(
                    f"{name} must have shape ({m},), one per strength, got shape {column.shape}."
                )
        if best is not None and not 0 <= best < m:
            raise ParameterError(f"best must be an index in 0..{m - 1}, got {best!r}.")
        table["best"] = np.arange(m) == (-1 if best is None else best)
        return cls(table)

    def _draw(self, ax: Any) -> None:
        columns = {name: np.asarray(column) for name, column in self.table.items()}
        names = dict.fromkeys(columns["student"].tolist())
        for number, name in enumerate(names):
            own = np.flatnonzero(columns["student"] == name)
            own = own[np.argsort(columns["strength"][own], kind="stable")]
            at = {key: column[own] for key, column in columns.items()}
            prefix = f"{name}, " if len(names) > 1 else ""
            self._draw_one(ax, at, f"C{number % 10}", prefix, self.kind)
        best = columns["best"]
        if best.any():
            ax.plot(
                columns["strength"][best],
                columns["score"][best],
                linestyle="none",
                marker="*",
                markersize=14,
                color="black",
                label="chosen",
            )
        ax.set(xlabel="strength (0: plain distillation, 1: full correction)", ylabel="score")
        ax.legend()

    @staticmethod
    def _draw_one(ax: Any, at: Mapping[str, Any], hue: str, prefix: str, kind: str) -> None:
        x, error = at["strength"], np.nan_to_num(at["standard_error"])
        ax.errorbar(
            x, at["score"], error, marker="o", capsize=2, color=hue, label=f"{prefix}{kind}"
        )
        if np.isfinite(at["smoothed"]).any():
            label = None if prefix else "smoothed"
            ax.plot(x, at["smoothed"], color=hue, alpha=0.5, label=label)
        if np.isfinite(at["naive"]).any():
            ax.plot(x, at["naive"], color=hue, linestyle="--", marker="x", label=f"{prefix}naive")


def _naive_scores(estimator: Any, X: Any, y: Any, exposure: Any, **metadata: Any) -> Any:
    """Return the scores of the same search on labels that leak, in place of its pool."""
    side = side_of(estimator)
    side.rows(estimator, y, None, exposure)  # of classes there is none
    metadata |= side.beside(exposure)
    check_fitted_on(estimator, y, **side.beside(exposure))
    if estimator.report_.n_transfer:
        raise ParameterError(
            "the naive scores would be of candidates without X_transfer, and the honest ones are "
            "of candidates with it: leave X and y out."
        )
    if any(each is not None for each in estimator.synthetics):
        raise ParameterError(
            "the naive scores need labels of the synthetic rows, whose teachers are gone: leave X "
            "and y out."
        )
    said, whole = f"teacher_{side.suffix}", f"pool_{side.suffix}"
    p = getattr(estimator, f"{said}_")
    given = {said: p, whole: np.stack([p] * len(getattr(estimator, f"{whole}_")))}
    search = clone(estimator).set_params(teacher=None, return_row_losses=False)
    with warnings.catch_warnings():  # the fit has warned of its own; that these leak is the point
        warnings.simplefilter("ignore", SkdistillWarning)
        search.fit(X, y, **given, **metadata)
    if not np.array_equal(search.fold_, estimator.fold_):
        raise ParameterError(
            "the folds of the search cannot be drawn again, so its naive scores would be on other "
            "rows: set random_state to an integer, or pass cv as a list of splits."
        )
    return search.cv_results_["mean_test_score"]


def _curve_names(results: Mapping[str, Any], shown: Sequence[int]) -> list[str]:
    """Return for each candidate its student, and those of its settings that differ elsewhere."""
    students = [str(results["param_student"][i]) for i in shown]
    apart = ("param_student", "param_strength")
    columns = [key for key in results if key.startswith("param_") and key not in apart]
    settings = [[f"{key[6:]} {results[key][i]}" for key in columns] for i in shown]
    direct = [_is_direct(results, i) for i in shown]
    taught = [own for own, alone in zip(settings, direct, strict=True) if not alone]
    differs = [len({own[place] for own in taught}) > 1 for place in range(len(columns))]
    names = []
    for student, own, alone in zip(students, settings, direct, strict=True):
        told = [text for text, differ in zip(own, differs, strict=True) if differ]
        names.append(", ".join([student, *(["direct"] if alone else told)]))
    return names


def _is_direct(results: Mapping[str, Any], i: int) -> bool:
    """Whether a candidate is the student trained on the labels; it is told by its settings."""
    columns = {name: results.get(f"param_{name}") for name in DIRECT}
    return is_direct({name: values[i] for name, values in columns.items() if values is not None})
