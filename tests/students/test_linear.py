"""Logistic regression on soft targets: against copies, scikit-learn, and its own optimum."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import Brier, CrossEntropy, Logit, SoftLogisticRegression
from skdistill.exceptions import InputError, ParameterError, StudentError
from skdistill.students import Problem, multinomial, optimise, resolve
from skdistill.students.multinomial import Batch, moments, solve
from skdistill.students.replication import ReplicationAdapter
from tests.common.data import sample

DATA = {n_classes: sample(n_classes) for n_classes in (2, 3)}
TIGHT = {"tol": 1e-10, "max_iter": 5000}
any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
any_penalty = pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])


def problem(data, target=None, weight=None, loss=None):
    target = data.teacher if target is None else target
    return Problem(data.X, target, loss or CrossEntropy(), data.y, data.classes, weight)


def objective(coef, intercept, X, target, weight, C=1.0, l1_ratio=0.0):
    """Return the objective of `SoftLogisticRegression`, from its formula."""
    f = X @ coef.T + intercept
    f = np.column_stack([np.zeros(len(f)), f]) if f.shape[1] == 1 else f
    loss = -np.sum(weight[:, None] * target * log_softmax(f, axis=1))
    ridge = 0.5 * (1.0 - l1_ratio) * np.sum(coef**2)
    return C * loss + ridge + l1_ratio * np.sum(np.abs(coef))


# Against weighted copies, and scikit-learn


@any_classes
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_coefficients_are_those_of_weighted_copies(
    n_classes, weighted, class_weight, fit_intercept
):
    data = DATA[n_classes]
    weight = np.linspace(0.2, 3.0, len(data.y)) if weighted else None
    student = LogisticRegression(
        C=0.3, class_weight=class_weight, fit_intercept=fit_intercept, **TIGHT
    )
    ours = resolve(student).fit(problem(data, weight=weight)).model
    copies = ReplicationAdapter(student).fit(problem(data, weight=weight)).model
    assert type(ours) is LogisticRegression
    assert_allclose(ours.coef_, copies.coef_, atol=1e-5)
    assert_allclose(ours.intercept_, copies.intercept_, atol=1e-5)
    assert_allclose(ours.predict_proba(data.X), copies.predict_proba(data.X), atol=1e-5)
    assert_array_equal(ours.classes_, copies.classes_)
    assert vars(ours).keys() == vars(copies).keys()
    assert (ours.n_iter_.shape, ours.n_iter_.dtype) == (copies.n_iter_.shape, copies.n_iter_.dtype)
    assert not hasattr(student, "coef_")


@any_classes
def test_hard_targets_are_fitted_by_scikit_learn_itself(n_classes):
    data = DATA[n_classes]
    weight = np.linspace(0.2, 3.0, len(data.y))
    ours = resolve(LogisticRegression()).fit(problem(data, data.one_hot, weight)).model
    theirs = LogisticRegression().fit(data.X, data.y, sample_weight=weight)
    assert_array_equal(ours.coef_, theirs.coef_)
    assert_array_equal(ours.intercept_, theirs.intercept_)


@any_classes
@pytest.mark.parametrize("C", [0.01, 1.0, np.inf])
def test_labels_give_what_scikit_learn_gives(n_classes, C):
    data = DATA[n_classes]
    theirs = LogisticRegression(C=C, **TIGHT).fit(data.X, data.y)
    ours = SoftLogisticRegression(C=C, **TIGHT).fit(data.X, data.y)
    assert_allclose(ours.coef_, theirs.coef_, atol=2e-5)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=2e-5)
    assert_allclose(ours.decision_function(data.X), theirs.decision_function(data.X), atol=1e-4)
    assert_array_equal(ours.predict(data.X), theirs.predict(data.X))
    p = ours.predict_proba(data.X)
    assert_allclose(np.exp(ours.predict_log_proba(data.X)), p)


@any_classes
def test_elastic_net_is_that_of_saga(n_classes):
    data = DATA[n_classes]
    penalty = {"C": 0.05, "l1_ratio": 0.6}
    kind = {} if LogisticRegression().penalty == "deprecated" else {"penalty": "elasticnet"}
    theirs = LogisticRegression(
        solver="saga", tol=1e-8, max_iter=20_000, random_state=0, **penalty, **kind
    ).fit(data.X, data.y)
    ours = SoftLogisticRegression(tol=1e-8, max_iter=2000, **penalty).fit(data.X, data.y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    assert np.any(ours.coef_ == 0.0)
    assert_array_equal(ours.coef_ == 0.0, np.abs(theirs.coef_) < 1e-9)


@any_classes
def test_temperature_is_undone_in_the_coefficients(n_classes):
    data = DATA[n_classes]
    loss = CrossEntropy(temperature=3.0)
    target = loss.target(data.one_hot, data.teacher, np.zeros(len(data.y)))
    for student in (LogisticRegression(**TIGHT), SoftLogisticRegression(**TIGHT)):
        warm = resolve(student).fit(problem(data, target, loss=loss)).model
        cold = resolve(student).fit(problem(data, target)).model
        assert_allclose(warm.coef_, 3.0 * cold.coef_, atol=1e-8)
        assert_allclose(warm.intercept_, 3.0 * cold.intercept_, atol=1e-8)


# The optimum


@any_classes
@any_penalty
@pytest.mark.parametrize("signed", [False, True], ids=["soft", "signed"])
def test_no_step_from_the_solution_lowers_the_objective(n_classes, l1_ratio, signed):
    data, rng = DATA[n_classes], np.random.default_rng(0)
    target = 1.3 * data.teacher - 0.3 / n_classes if signed else data.teacher
    assert np.any(target < 0.0) is np.bool_(signed)
    weight = rng.uniform(0.5, 2.0, len(data.y))
    model = SoftLogisticRegression(C=0.2, l1_ratio=l1_ratio, tol=1e-8, max_iter=3000)
    model.fit(data.X, target, weight)
    given = (data.X, target, weight, 0.2, l1_ratio)
    best = objective(model.coef_, model.intercept_, *given)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(25):
            coef = model.coef_ + size * rng.normal(size=model.coef_.shape)
            intercept = model.intercept_ + size * rng.normal(size=model.intercept_.shape)
            assert objective(coef, intercept, *given) > best - 1e-9


@any_classes
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_gradients_are_finite_differences(n_classes, sparse):
    data, rng = DATA[n_classes], np.random.default_rng(0)
    X = sp.csr_array(data.X) if sparse else data.X
    weights = rng.uniform(0.5, 2.0, (2, len(data.y)))
    columns = data.teacher[:, 1:] if n_classes == 2 else data.teacher
    parts = np.stack([moments(X, columns * w[:, None]) for w in weights[[0, 1, 1]]])
    batch = Batch(X, weights, np.array([0, 1, 1]), parts, np.array([0.1, 1.0, np.inf]))
    function = multinomial._Objective.of(batch)
    x = rng.normal(size=(3, parts.shape[1] * 5))
    _, gradient = function(x)
    for j in range(x.shape[1]):
        step = np.zeros_like(x)
        step[:, j] = 1e-6
        slope = (function(x + step)[0] - function(x - step)[0]) / 2e-6
        assert_allclose(gradient[:, j], slope, rtol=1e-5, atol=1e-8)
    some = function.select(np.array([2, 0]))
    assert_allclose(some(x[[2, 0]])[1], gradient[[2, 0]])


@any_classes
@any_penalty
def test_batch_finds_what_single_problems_do(n_classes, l1_ratio):
    data = DATA[n_classes]
    columns = slice(1, None) if n_classes == 2 else slice(None)
    targets = [s * data.one_hot + (1.0 - s) * data.teacher for s in (0.0, 0.3, 0.6, 1.0)]
    parts = np.stack([moments(data.X, t[:, columns]) for t in targets])
    C, ones = np.array([0.01, 0.1, 1.0, 10.0]), np.ones((1, len(data.y)))
    batch = Batch(data.X, ones, np.zeros(4, dtype=int), parts, C, l1_ratio)
    together = solve(batch, tol=1e-7, max_iter=2000)
    assert together.converged.all()
    for b in range(4):
        alone = Batch(
            data.X, ones, np.zeros(1, dtype=int), parts[b : b + 1], C[b : b + 1], l1_ratio
        )
        single = solve(alone, tol=1e-7, max_iter=2000)
        assert_allclose(together.coef[b], single.coef[0], atol=2e-4)
        given = (data.X, targets[b], ones[0], C[b], l1_ratio)
        ours, theirs = (
            objective(f.coef[i], f.intercept[i], *given) for f, i in ((together, b), (single, 0))
        )
        assert ours == pytest.approx(theirs, abs=1e-8 * C[b] * len(data.y))


def test_batch_of_quadratics_with_and_without_l1():
    """Against the closed form: soft thresholding."""
    rng = np.random.default_rng(0)
    curvature, centre = rng.uniform(0.1, 10.0, (6, 5)), rng.normal(size=(6, 5))

    class Quadratics:
        rounding = 1e-15

        def __init__(self, h, c, l1):
            self.h, self.c, self.l1 = h, c, l1

        def __call__(self, x):
            return 0.5 * np.sum(self.h * (x - self.c) ** 2, axis=1), self.h * (x - self.c)

        def select(self, index):
            l1 = None if self.l1 is None else self.l1[index]
            return Quadratics(self.h[index], self.c[index], l1)

        def steepness(self, x, slope, near):
            return np.abs(slope).max(axis=1)

    for l1 in (None, rng.uniform(0.0, 2.0, (6, 5))):
        found = optimise.minimise(
            Quadratics(curvature, centre, l1), np.zeros((6, 5)), tol=1e-9, max_iter=200
        )
        cut = 0.0 if l1 is None else l1 / curvature
        expected = np.sign(centre) * np.maximum(np.abs(centre) - cut, 0.0)
        assert found.converged.all()
        assert_allclose(found.x, expected, atol=1e-7)


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=10)
def test_order_of_classes_scale_of_columns_and_repeated_rows(seed, n_classes):
    data, rng = sample(n_classes, n_rows=80), np.random.default_rng(seed)
    weight = rng.integers(1, 4, len(data.y))
    model = SoftLogisticRegression(C=1e6, **TIGHT)
    p = clone(model).fit(data.X, data.teacher, weight).predict_proba(data.X)
    order = rng.permutation(n_classes)
    q = clone(model).fit(data.X, data.teacher[:, order], weight).predict_proba(data.X)
    assert_allclose(q, p[:, order], atol=1e-6)
    rows = rng.permutation(np.repeat(np.arange(len(data.y)), weight))
    repeated = clone(model).fit(data.X[rows], data.teacher[rows])
    assert_allclose(repeated.predict_proba(data.X), p, atol=1e-6)
    # Next to no penalty: neither scale nor origin of a column matters, however uneven.
    scaled = data.X * 10.0 ** rng.integers(-3, 4, 4) + rng.normal(size=4)
    moved = clone(model).set_params(C=1e12).fit(scaled, data.teacher, weight)
    assert_allclose(moved.predict_proba(scaled), p, atol=1e-4)
    assert moved.n_iter_[0] < 60


# Rows, starts, warnings


@any_classes
@any_penalty
def test_sparse_rows(n_classes, l1_ratio):
    data = DATA[n_classes]
    X = data.X * (np.abs(data.X) > 0.5)
    model = SoftLogisticRegression(l1_ratio=l1_ratio, tol=1e-8, max_iter=2000)
    dense = clone(model).fit(X, data.teacher)
    for kind in (sp.csr_array, sp.csc_array, sp.coo_matrix):
        sparse = clone(model).fit(kind(X), data.teacher)
        assert_allclose(sparse.coef_, dense.coef_, atol=2e-5)
        assert_allclose(sparse.predict_proba(kind(X)), dense.predict_proba(X), atol=2e-5)


def test_float32_is_close_to_float64():
    data = DATA[3]
    losses = []
    for dtype in (np.float32, np.float64):
        model = SoftLogisticRegression().fit(data.X.astype(dtype), data.teacher)
        assert model.coef_.dtype == dtype
        p = model.predict_proba(data.X.astype(dtype))
        assert p.dtype == dtype
        losses.append(-np.mean(np.sum(data.teacher * np.log(p), axis=1)))
    assert abs(losses[0] - losses[1]) < 1e-4


@any_classes
def test_warm_start_begins_at_the_end(n_classes):
    data = DATA[n_classes]
    model = SoftLogisticRegression(warm_start=True, tol=1e-6).fit(data.X, data.teacher)
    before = model.coef_
    assert model.n_iter_[0] > 2
    model.fit(data.X, data.teacher)
    assert model.n_iter_[0] <= 1
    assert_allclose(model.coef_, before, atol=1e-5)
    model.fit(data.X[:, :3], data.teacher)  # of another shape: anew
    assert model.coef_.shape[1] == 3


def test_too_few_iterations_warn():
    data = DATA[3]
    with pytest.warns(ConvergenceWarning, match=r"took all 1 iterations.*raise max_iter"):
        SoftLogisticRegression(max_iter=1, tol=1e-9).fit(data.X, data.teacher)
    adapter = resolve(SoftLogisticRegression(max_iter=1, tol=1e-9))
    with pytest.warns(ConvergenceWarning, match="in 2 of 2 problems"):
        adapter.fit_many([problem(data), problem(data, data.one_hot)])


def far_from_zero(offset):
    """Return rows and labels; the larger the offset, the more alike are the columns."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 8))
    scores = X @ rng.normal(size=(8, 2))
    y = np.argmax(scores + rng.gumbel(size=(1000, 2)), axis=1)
    return X, offset * rng.normal(size=8), y


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0], ids=["float32", "l1"])
def test_no_progress_is_no_convergence(l1_ratio):
    """Features far from zero leave values that differ by rounding while the slope is steep."""
    X, offset, y = far_from_zero(1e5)
    X = X + offset if l1_ratio else (X + 5000.0).astype(np.float32)
    model = SoftLogisticRegression(l1_ratio=l1_ratio, fit_intercept=not l1_ratio, max_iter=5000)
    told = r"got no further after \d{1,3} iterations.*: raise tol, .*standardise the features"
    with pytest.warns(ConvergenceWarning, match=told):
        model.fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("together", [False, True], ids=["single", "batch"])
def test_what_is_called_converged_is_close_to_the_minimum(together):
    """However alike the columns: a small gradient along them may be far from flat."""
    found = []
    for offset in (0.0, 10.0, 100.0, 1000.0):
        X, shift, y = far_from_zero(offset)
        X, target = X + shift, np.eye(2)[y]
        copies = 2 if together else 1
        part = moments(X, target[:, 1:])
        batch = Batch(X, np.ones((1, 1000)), np.zeros(copies, dtype=int), np.stack([part] * copies),
                      np.ones(copies), 1.0, fit_intercept=False)  # fmt: skip
        values = {}
        for tol in (1e-4, 1e-5, 1e-6):
            done = solve(batch, tol=tol, max_iter=2000)
            value = objective(done.coef[0], done.intercept[0], X, target, np.ones(1000), 1.0, 1.0)
            values[tol] = value / 1000.0, bool(done.converged[0])
        best = min(value for value, _ in values.values())
        assert all(value < best + 1e-4 for value, converged in values.values() if converged)
        found.append(values[1e-4][1])
    assert found[:2] == [True, True]


def test_weight_zero_is_absence():
    data = DATA[2]
    weight = (np.arange(len(data.y)) % 3 > 0).astype(float)
    some = SoftLogisticRegression().fit(data.X[weight > 0], data.teacher[weight > 0])
    spoilt = np.where(weight[:, None] > 0, data.X, 1e6)
    all_rows = SoftLogisticRegression().fit(spoilt, data.teacher, weight)
    assert_array_equal(all_rows.coef_, some.coef_)


# Many problems, pipelines


@any_classes
@pytest.mark.parametrize(
    "student",
    [
        LogisticRegression(**TIGHT),
        SoftLogisticRegression(**TIGHT),
        make_pipeline(StandardScaler(), LogisticRegression(**TIGHT)),
    ],
    ids=["logistic", "soft", "pipeline"],
)
def test_many_problems_at_once_are_each_on_its_own(n_classes, student):
    data = DATA[n_classes]
    weight = np.linspace(0.5, 2.0, len(data.y))
    warm = CrossEntropy(temperature=2.0)
    problems = [
        problem(data),
        problem(data, data.one_hot, weight),
        problem(data, 0.5 * data.one_hot + 0.5 * data.teacher, weight.copy()),
        problem(data, warm.target(data.one_hot, data.teacher, 0.0 * weight), loss=warm),
    ]
    adapter = resolve(student)
    together = adapter.fit_many(problems)
    for fitted, each in zip(together, problems, strict=True):
        alone = adapter.fit(each).model.predict_proba(data.X)
        assert_allclose(fitted.model.predict_proba(data.X), alone, atol=1e-6)
    if hasattr(student, "steps"):
        assert len({id(fitted.model[0]) for fitted in together}) == 1
        assert len({id(fitted.model[1]) for fitted in together}) == len(problems)


# Who takes the route, and what cannot be had


@pytest.mark.parametrize(
    ("student", "route"),
    [
        (LogisticRegression(), "linear"),
        (LogisticRegression(C=np.inf), "linear"),
        (LogisticRegression(solver="newton-cg"), "replication"),
        (LogisticRegression(solver="saga", l1_ratio=0.5), "replication"),
        (type("Other", (LogisticRegression,), {})(), "replication"),
        (SoftLogisticRegression(), "linear"),
    ],
    ids=str,
)
def test_route_by_settings(student, route):
    assert resolve(student).route.name == route


def test_without_a_ridge_signed_targets_are_projected_and_counted():
    data = DATA[2]
    target = data.teacher.copy()
    target[:24] = [1.4, -0.4]
    for student, share in ((LogisticRegression(), 0.0), (LogisticRegression(C=np.inf), 0.1)):
        assert resolve(student).fit(problem(data, target)).touched == pytest.approx(share)
    balanced = LogisticRegression(class_weight="balanced")
    assert resolve(balanced).fit(problem(data, target)).touched == pytest.approx(0.1)


def test_class_without_mass():
    data = DATA[3]
    target = np.column_stack([data.teacher[:, 0], 1.0 - data.teacher[:, 0], 0.0 * data.codes])
    with pytest.raises(InputError, match="'quince' is zero or less"):
        resolve(LogisticRegression()).fit(problem(data, target))
    target[:, 2] -= 0.1
    target[:, 1] += 0.1
    with pytest.raises(InputError, match="class 2 is zero or less"):
        SoftLogisticRegression().fit(data.X, target)


def test_signed_target_that_leaves_a_class_no_mass_is_projected():
    data = DATA[2]
    target = np.where(np.arange(len(data.y))[:, None] % 2 == 0, [3.0, -2.0], [0.2, 0.8])
    fitted = resolve(LogisticRegression()).fit(problem(data, target))
    assert fitted.touched == 0.5
    assert np.isfinite(fitted.model.coef_).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"C": 0.0}, "C must be"),
        ({"C": -1.0}, "C must be"),
        ({"l1_ratio": 1.5}, "l1_ratio must be"),
        ({"C": np.array([1.0, 2.0])}, "C must be"),
        ({"C": True}, "C must be"),
        ({"l1_ratio": None}, "l1_ratio must be"),
        ({"l1_ratio": ""}, "l1_ratio must be"),
        ({"l1_ratio": []}, "l1_ratio must be"),
        ({"tol": -1.0}, "tol must be"),
        ({"max_iter": 0}, "max_iter must be"),
        ({"fit_intercept": "yes"}, "fit_intercept must be"),
        ({"warm_start": "no"}, "warm_start must be"),
        ({"warm_start": 1}, "warm_start must be"),
        ({"device": "tpu"}, "device must be"),
    ],
    ids=str,
)
def test_settings_out_of_range(changes, message):
    data = DATA[2]
    with pytest.raises(ParameterError, match=message):
        SoftLogisticRegression(**changes).fit(data.X, data.y)


@pytest.mark.parametrize(
    "spoil",
    [lambda t: t + 0.1, lambda t: np.where(t > 0.9, np.nan, t), lambda t: t[:-1]],
    ids=["sum", "nan", "length"],
)
def test_targets_that_cannot_be_used(spoil):
    data = DATA[3]
    with pytest.raises(ValueError, match=r"sum to one|inconsistent numbers"):
        SoftLogisticRegression().fit(data.X, spoil(data.teacher))


@pytest.mark.parametrize("dtype", [str, complex, object])
def test_targets_are_real_numbers(dtype):
    data = DATA[3]
    with pytest.raises(InputError, match="a target must be real numbers, got dtype"):
        SoftLogisticRegression().fit(data.X, data.teacher.astype(dtype))


def test_whole_numbers_are_targets():
    data = DATA[3]
    fits = [SoftLogisticRegression().fit(data.X, data.one_hot.astype(t)) for t in (float, int)]
    assert_array_equal(fits[0].coef_, fits[1].coef_)


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
@any_penalty
def test_rows_too_large_to_standardise(kind, l1_ratio):
    data = DATA[3]
    X = data.X.copy()
    X[:, 2] *= 1e300
    model = SoftLogisticRegression(l1_ratio=l1_ratio)
    with pytest.raises(InputError, match=r"too large.*squares of feature 2 overflow float64"):
        model.fit(kind(X), data.teacher)
    large = data.X * 1e150  # where there is next to no penalty
    expected = SoftLogisticRegression(C=np.inf).fit(data.X, data.teacher)
    assert_allclose(
        model.fit(large, data.teacher).predict_proba(large),
        expected.predict_proba(data.X),
        atol=1e-3,
    )


def test_scores_that_overflow():
    data = DATA[2]
    model = SoftLogisticRegression().fit(data.X, data.y)
    X = data.X.copy()
    X[7] = 1e308 * np.sign(model.coef_[0])
    with pytest.raises(InputError, match=r"X is too large: the scores of row 7 overflow.*1 such"):
        model.predict_proba(X)


@any_classes
def test_without_a_tolerance_the_solver_goes_on_to_rounding(n_classes):
    """LogisticRegression takes ``tol=0``."""
    data = DATA[n_classes]
    student = LogisticRegression(tol=0.0, max_iter=1000)
    resolve(student).check(CrossEntropy(), len(data.y), weighted=False)
    ours = resolve(student).fit(problem(data)).model
    assert_allclose(
        ours.coef_, resolve(LogisticRegression(**TIGHT)).fit(problem(data)).model.coef_, atol=1e-6
    )


def test_what_the_route_cannot_honour_raises():
    data = DATA[2]
    adapter = resolve(LogisticRegression())
    with pytest.raises(StudentError, match=r"loss='logit'.*regressor"):
        adapter.check(Logit(), 10, weighted=False)
    with pytest.raises(ParameterError, match="warm_start must be"):
        resolve(LogisticRegression(warm_start="no")).check(Brier(), 10, weighted=False)
    with pytest.raises(ParameterError, match="C must be"):
        resolve(LogisticRegression(C=-1.0)).check(Brier(), 10, weighted=False)
    extra = Problem(data.X, data.teacher, Brier(), data.y, data.classes, params={"colour": "blue"})
    with pytest.raises(StudentError, match=r"takes no .'colour'."):
        adapter.fit(extra)
