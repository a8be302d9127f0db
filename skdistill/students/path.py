"""`distillation_path`: a linear student for many strengths, temperatures, penalties and folds.

The cross-entropy knows a target only by ``sum_i w_i t_i x_i'``, so all candidates share the passes
over the rows: per iteration one matrix product gives the scores of all of them, and one the
gradients (see `skdistill.students.multinomial`).
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from skdistill._ground.arrays import Array, as_like, one_hot, project_to_simplex
from skdistill._ground.devices import choose_device, cupy_obstacle, onto
from skdistill._ground.validation import (
    check_columns,
    check_labels,
    check_number,
    check_probabilities,
    check_weights,
)
from skdistill.exceptions import FoldError, InputError, ParameterError
from skdistill.students import SoftLogisticRegression
from skdistill.students.linear_path import DistillationPath, Splits
from skdistill.students.linear_problems import bounded, like_of, make_batch, solve_all
from skdistill.students.multinomial import Batch, Solution, solve
from skdistill.students.rows import check_rows
from skdistill.students.soft_logistic import check_settings
from skdistill.targets.corrections import Correction, by_weight, resolve_correction
from skdistill.targets.losses import CrossEntropy
from skdistill.teaching.folds import Folds, check_fold_classes, make_folds

__all__ = ["distillation_path"]

Floats = NDArray[np.floating[Any]]


def distillation_path(
    X: Any,
    y: Any,
    p: Any,
    *,
    strengths: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    temperatures: Sequence[float] = (1.0,),
    Cs: Sequence[float] = (1.0,),
    folds: Sequence[tuple[Any, Any]] | None = None,
    correction: str | Correction = "orthogonal",
    sample_weight: Any = None,
    l1_ratio: float = 0.0,
    fit_intercept: bool = True,
    tol: float = 1e-4,
    max_iter: int = 100,
    device: str = "cpu",
) -> DistillationPath:
    """Fit a linear student for every strength, temperature, penalty and fold, all at once.

    Candidate and fold have the target of `CrossEntropy` at that temperature, corrected as far as
    the strength says, and are fitted as `SoftLogisticRegression` would be to the training rows of
    the fold; of dense rows in single precision first, and on in double where `tol` asks for it.

    Parameters
    ----------
    X : array-like, sparse array, or array of an array-API namespace, of shape (n, d)
        Features.
    y : array-like of shape (n,)
        Labels.
    p : array-like of shape (n, K) or (F, n, K)
        Probabilities of the teacher, out of fold; one set for all folds, or one per fold (as an
        honest choice needs, see `skdistill.teaching.pool`). Rows that a fold does not train on may
        be NaN.
    strengths : sequence of float in [0, 1], default=(0, 0.25, 0.5, 0.75, 1)
        How far to correct.
    temperatures : sequence of float, default=(1,)
        T of the loss.
    Cs : sequence of float, default=(1,)
        Inverse strengths of the penalty.
    folds : sequence of F pairs (train, test) of row numbers, or None, default=None
        Rows to train on, and other rows to judge on; of a splitter ``list(cv.split(X, y))``. None
        trains on all rows, and judges on the same.
    correction : str or Correction, default="orthogonal"
        One that follows the strength.
    sample_weight : array-like of shape (n,) or None, default=None
        Row weights.
    l1_ratio : float, default=0.0
        Share of the L1 penalty.
    fit_intercept : bool, default=True
        Whether there is an intercept.
    tol : float, default=1e-4
        As that of `SoftLogisticRegression`.
    max_iter : int, default=100
        Iterations per candidate and fold, at most; those that find where to begin are not counted.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where NumPy rows are fitted; arrays of another namespace are fitted where they are.

    Returns
    -------
    path : DistillationPath
        Candidates in the order strengths, temperatures, Cs, the last changing fastest.

    Raises
    ------
    ParameterError
        If a parameter is out of range or of another kind, or the correction does not follow the
        strength.
    InputError
        If rows, labels, weights or probabilities cannot be used.
    FoldError
        If a fold has no training or no test rows, or rows out of range, given twice or in both
        parts; if its training rows lack a class.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import distillation_path
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> p = np.array([[0.9, 0.1], [0.7, 0.3], [0.3, 0.7], [0.1, 0.9]])
    >>> path = distillation_path(X, [0, 1, 0, 1], p, strengths=[0.0, 1.0], Cs=[0.1, 10.0])
    >>> path.coef.shape
    (4, 1, 1, 1)
    >>> path.log_loss(X, [0, 1, 0, 1]).shape
    (4, 1)
    """
    rule = _check_rule(correction)
    strengths = _check_values("strengths", strengths, high=1.0)
    temperatures = _check_values("temperatures", temperatures, low_open=True)
    Cs = _check_values("Cs", Cs, low_open=True)
    candidates = list(product(strengths, temperatures, Cs))
    single = SoftLogisticRegression(
        l1_ratio=l1_ratio, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter
    )
    check_settings(single)
    rows = check_rows(single, X, reset=True, sparse=True)
    rows = onto(rows, choose_device(device, cupy_obstacle(), "distillation_path"))
    classes, codes = check_labels(y)
    check_consistent_length(rows, codes)
    splits = _check_folds(folds, classes[codes])
    masses = _masses(splits, check_weights(sample_weight, len(codes)), classes[codes])
    tables = _teachers(p, masses, classes)
    like, n_folds = like_of(rows), len(splits)
    labels = as_like(one_hot(codes, len(classes), np.empty(0)), like, like.dtype)
    tables = [as_like(table, like, like.dtype) for table in tables]
    masses = [as_like(mass, like, like.dtype) for mass in masses]
    has_ridge = l1_ratio < 1.0
    known = masses if len(tables) == n_folds else [sum(masses[1:], masses[0])]
    corrected = [
        _targets(labels, p, mass, rule, candidates, has_ridge=has_ridge)
        for p, mass in zip(tables, known, strict=True)
    ]
    targets = [
        {key: bounded(target, mass)[0] for key, target in of_fold.items()}
        for of_fold, mass in zip(corrected * (n_folds // len(tables)), masses, strict=True)
    ]
    batch = make_batch(
        rows,
        masses,
        [targets[fold][c[:2]] for c in candidates for fold in range(n_folds)],
        np.tile(np.arange(n_folds), len(candidates)),
        classes,
        C=np.repeat([C for _, _, C in candidates], n_folds),
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
    )
    start = _start(batch, np.array(strengths), n_folds, tol, max_iter)
    solution = solve_all(batch, tol=tol, max_iter=max_iter, start=start)
    return _gathered(solution, candidates, classes, splits, single, len(codes))


def _gathered(
    solution: Solution,
    candidates: list[tuple[float, float, float]],
    classes: NDArray[Any],
    splits: Splits,
    single: SoftLogisticRegression,
    n_rows: int,
) -> DistillationPath:
    """Return the solutions by candidate and fold, their temperatures undone."""
    settings = np.array(candidates, dtype=np.float64)
    shape = (len(candidates), len(splits))
    T = settings[:, 1].reshape(-1, 1, 1)
    return DistillationPath(
        *settings.T,
        classes,
        splits,
        n_rows,
        T[..., None] * solution.coef.reshape(shape + solution.coef.shape[1:]),
        T * solution.intercept.reshape((*shape, -1)),
        solution.n_iter.reshape(shape),
        solution.converged.reshape(shape),
        single,
    )


def _start(
    batch: Batch, strengths: NDArray[np.float64], n_folds: int, tol: float, max_iter: int
) -> tuple[Any, Any] | None:
    """Return where to begin: on the line between two solutions of the first fold.

    They are those at the least and the greatest strength, as solutions are nearly linear in it, and
    those of other folds are near; zero where one of the two was not found. None where that would
    solve too many problems twice.
    """
    numbers = np.arange(len(batch.mass_of)).reshape(len(strengths), -1, n_folds)
    ends = [int(strengths.argmin()), int(strengths.argmax())]
    if 2 * len(ends) > len(strengths) * n_folds:
        return None
    first = numbers[ends, :, 0].ravel()
    known = solve(batch.select(first), tol=tol, max_iter=max_iter)
    low, high = strengths[ends]
    share = (strengths - low) / (high - low if high > low else 1.0)
    found = known.converged.reshape(2, -1).all(axis=0)

    def between(values: NDArray[np.float64]) -> NDArray[np.float64]:
        ends = values.reshape(2, 1, numbers.shape[1], 1, *values.shape[1:])
        a, b = np.where(found.reshape(1, 1, -1, 1, *(1,) * (values.ndim - 1)), ends, 0.0)
        at = share.reshape(-1, *(1,) * (a.ndim - 1))
        return np.repeat(a + at * (b - a), n_folds, axis=2).reshape(-1, *values.shape[1:])

    return between(known.coef), between(known.intercept)


def _check_rule(correction: str | Correction) -> Correction:
    rule = resolve_correction(correction)
    if rule is None or not rule.uses_strength:
        raise ParameterError(
            f"correction must be one that follows the strength, got {correction!r}: a path runs "
            "over strengths."
        )
    return rule


def _check_values(
    name: str, values: Any, *, high: float = np.inf, low_open: bool = False
) -> list[float]:
    """Return a sequence of numbers as a list; a set or a generator has no order to come back to."""
    is_sequence = isinstance(values, Sequence) or getattr(values, "ndim", 0) == 1
    if not is_sequence or len(values) == 0:
        raise ParameterError(
            f"{name} must be a sequence of at least one number, such as [1.0], got {values!r}."
        )
    return [check_number(name, v, low=0.0, high=high, low_open=low_open) for v in values]


def _check_folds(folds: Any, labels: NDArray[Any]) -> Splits:
    """Return the folds as arrays of row numbers; one of all rows for None."""
    if folds is None:
        return ((np.arange(len(labels)), np.arange(len(labels))),)
    if not hasattr(folds, "__iter__") or hasattr(folds, "split"):  # a splitter, a string
        raise ParameterError(
            f"folds must be (train, test) pairs of row numbers, or None, got {folds!r}: of a "
            "splitter pass list(cv.split(X, y))."
        )
    pairs = list(folds)
    if not pairs or any(not hasattr(pair, "__len__") or len(pair) != 2 for pair in pairs):
        raise FoldError("folds must hold (train, test) pairs of row numbers, at least one.")
    splits = make_folds(pairs, None, labels).splits
    for number, (train, _) in enumerate(splits):
        if np.bincount(train).max() > 1:
            raise FoldError(
                f"fold {number} has training rows more than once, and each would count once: pass "
                "distinct rows, and sample_weight where they weigh differently."
            )
    return splits


def _masses(splits: Splits, weight: Floats | None, y: NDArray[Any]) -> list[Floats]:
    """Return the row weights of each fold, zero where it does not train."""
    masses = []
    for train, _ in splits:
        mass = np.zeros(len(y))
        mass[train] = 1.0 if weight is None else weight[train]
        masses.append(mass)
    trained = tuple(
        (np.flatnonzero(mass), test) for mass, (_, test) in zip(masses, splits, strict=True)
    )
    check_fold_classes(Folds(trained, len(y)), y, np.unique(y))
    return masses


def _teachers(p: Any, masses: list[Floats], classes: NDArray[Any]) -> list[Floats]:
    """Return the probabilities of each fold, or of all, checked; equal ones where none trains."""
    check_columns(p, classes, "p")
    p, n_rows = np.asarray(p), len(masses[0])
    if p.ndim == 3 and len(p) != len(masses):
        raise ParameterError(
            f"p must have one table for all folds or one per fold ({len(masses)}), got {len(p)}."
        )
    trained = np.array(masses) > 0.0
    pairs = zip(p, trained, strict=True) if p.ndim == 3 else [(p, trained.any(axis=0))]
    tables = []
    for number, (table, rows) in enumerate(pairs):
        known = table
        if table.shape == (n_rows, len(classes)) and table.dtype.kind in "fiub":
            known = np.where(rows[:, None], table, 1.0 / table.shape[1])
            if p.ndim == 3 and np.isnan(table[rows]).all():
                raise InputError(
                    f"p[{number}] must have probabilities of the training rows of fold {number}, "
                    "got none. The pool_proba_ of a search has all with n_validation=None."
                )
        tables.append(check_probabilities(known, n_rows, classes, "p"))
    return tables


def _targets(
    labels: Array,
    teacher: Array,
    mass: Array,
    rule: Correction,
    candidates: list[tuple[float, float, float]],
    *,
    has_ridge: bool,
) -> dict[tuple[float, float], Array]:
    """Return the target of each strength and temperature; without a ridge, on the simplex."""
    targets: dict[tuple[float, float], Array] = {}
    for strength, temperature, _ in candidates:
        if (strength, temperature) not in targets:
            gain = by_weight(rule.gain, mass)(teacher, strength)
            loss = CrossEntropy(temperature=temperature)
            target = loss.target(labels, teacher, gain)
            targets[strength, temperature] = target if has_ridge else project_to_simplex(target)[0]
    return targets
