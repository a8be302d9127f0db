"""Sums over rows in parts, and minima found in single precision first."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp, softmax

from skdistill._ground.arrays import as_like, to_host
from skdistill.students import multinomial, optimise
from skdistill.students.multinomial import Batch, moments, solve
from skdistill.students.row_sums import Part, over_rows, parts_of
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
MASS_OF = np.array([0, 1, 2, 2, 0])


def fold_masses(n, n_folds=3):
    """Return weights of each fold's training rows, uneven, of rows that are in no order."""
    fold = np.random.default_rng(0).permutation(np.arange(n) % n_folds)
    return np.linspace(0.5, 2.0, n) * (fold != np.arange(n_folds)[:, None])


def batch_of(data, X=None, C=1.0):
    """Return five problems on the training rows of three folds."""
    X, mass = data.X if X is None else X, fold_masses(len(data.y))
    strengths = (0.0, 0.2, 0.5, 0.8, 1.0)
    targets = [s * data.one_hot + (1.0 - s) * data.teacher for s in strengths]
    columns = slice(1 if len(data.classes) == 2 else 0, None)
    pairs = zip(targets, mass[MASS_OF], strict=True)
    parts = np.stack([moments(X, t[:, columns] * m[:, None]) for t, m in pairs])
    return Batch(X, mass, MASS_OF, parts, np.full(5, C))


# Parts


def test_parts_hold_each_row_once_with_the_weights_under_which_it_counts():
    mass = fold_masses(30)
    mass[:, 7] = 0.0
    parts = parts_of(mass, 2)
    assert len(parts) == 3
    assert sorted(np.concatenate([rows for rows, _ in parts])) == sorted({*range(30)} - {7})
    for rows, counts in parts:
        assert_array_equal(mass[:, rows] != 0.0, np.repeat(counts[:, None], len(rows), axis=1))
        assert np.all(np.diff(rows) > 0)


def test_small_parts_are_one():
    rng = np.random.default_rng(0)
    (only,) = parts_of(rng.integers(0, 2, (9, 200)), 10)
    assert_array_equal(only[0], np.arange(200))
    assert only[1].all()


@pytest.mark.parametrize("n_scores", [1, 4])
def test_sums_in_parts_are_those_of_the_formula(n_scores, xp):
    rng, like = np.random.default_rng(0), xp.asarray(np.zeros(1))
    X, mass = rng.normal(size=(40, 3)), fold_masses(40)
    coef, intercept = rng.normal(size=(5, n_scores, 3)), rng.normal(size=(5, n_scores))
    pairs = parts_of(mass, 4)
    parts = [
        Part(
            tuple(
                (as_like(X[some], like), as_like(mass[:, some], like))
                for some in np.array_split(rows, 2)
            ),
            counts,
        )
        for rows, counts in pairs
    ]
    assert len(parts) == 3
    found = over_rows(parts, MASS_OF, as_like(coef, like), as_like(intercept, like))
    value, sums = (to_host(a) for a in found)
    some = over_rows(parts, MASS_OF[:1], as_like(coef[:1], like), as_like(intercept[:1], like))
    assert_allclose(to_host(some[0]), value[:1])
    ones = np.column_stack([X, np.ones(40)])
    for b, m in enumerate(mass[MASS_OF]):
        f = X @ coef[b].T + intercept[b]
        f = np.column_stack([np.zeros(40), f]) if n_scores == 1 else f
        assert value[b] == pytest.approx(m @ logsumexp(f, axis=1))
        s = softmax(f, axis=1)[:, 1 if n_scores == 1 else 0 :]
        assert_allclose(sums[b], (m[:, None] * s).T @ ones, atol=1e-12)


# In single precision first


@any_classes
@pytest.mark.parametrize("shift", [0.0, 1e4], ids=["centred", "far from zero"])
def test_single_precision_has_the_same_losses_and_gradients(n_classes, shift):
    batch = batch_of(DATA[n_classes], DATA[n_classes].X + shift)
    exact = multinomial._Objective.of(batch)
    rough = multinomial._in_single(exact, batch)
    x = np.random.default_rng(0).normal(size=(5, batch.moments.shape[1] * 5))
    expected = exact(x)
    for ours, theirs in zip(rough(x), expected, strict=True):
        assert_allclose(ours, theirs, atol=3e-6)
    index = np.array([3, 0])
    for ours, theirs in zip(rough.select(index)(x[index]), expected, strict=True):
        assert_allclose(ours, theirs[index], atol=3e-6)


@any_classes
@pytest.mark.parametrize("tol", [1e-4, 1e-6, 1e-7])
def test_gradients_are_below_the_tolerance_in_double_precision(n_classes, tol):
    batch = batch_of(DATA[n_classes], DATA[n_classes].X * [1e-6, 1.0, 1e3, 1.0] + 10.0)
    found = solve(batch, tol=tol, max_iter=1000)
    assert found.converged.all()
    objective = multinomial._Objective.of(batch)
    x = objective.space.inside(found.coef, found.intercept).reshape(5, -1)
    assert np.abs(objective(x)[1]).max() <= 1.001 * tol


def test_most_of_the_work_is_done_in_single_precision(monkeypatch):
    precise = []

    def counted(objective, start, **options):
        precise.append((objective.parts[0].blocks[0][0].dtype, len(start)))
        return optimise.minimise(objective, start, **options)

    monkeypatch.setattr(multinomial, "minimise", counted)
    solve(batch_of(DATA[3]), tol=1e-4, max_iter=100)
    assert precise[0] == (np.float32, 5)
    assert sum(n for dtype, n in precise if dtype == np.float64) < 5


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_numbers_beyond_single_precision(scale):
    data = DATA[3]
    expected = solve(batch_of(data, C=1e30), tol=1e-7, max_iter=1000)
    found = solve(batch_of(data, scale * data.X, C=1e30 / scale**2), tol=1e-7, max_iter=1000)
    assert found.converged.all()
    assert_allclose(scale * found.coef, expected.coef, atol=1e-4)


@pytest.mark.parametrize("unit", [1e-60, 1e60])
def test_weights_beyond_single_precision(unit):
    batch = batch_of(DATA[3])
    scaled = replace(batch, mass=unit * batch.mass, moments=unit * batch.moments, C=batch.C / unit)
    expected, found = (solve(each, tol=1e-5, max_iter=100) for each in (batch, scaled))
    assert_allclose(found.coef, expected.coef, atol=1e-6)


def test_steps_in_both_precisions_count():
    batch = batch_of(DATA[3])
    free = solve(batch, tol=1e-9, max_iter=1000)
    assert free.n_iter.min() > 6
    for most in (1, 3, 6):
        found = solve(batch, tol=1e-9, max_iter=most)
        assert_array_equal(found.n_iter, most)
        assert not found.converged.any()
