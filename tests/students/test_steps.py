"""A booster's raw score goes no further than its soft targets ask for, however rare a class."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logit
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from benchmarks.made import rare_classes
from skdistill import CrossEntropy, DistilledClassifier
from skdistill.exceptions import StudentError
from skdistill.students import Problem, SoftCrossEntropy, resolve

xgboost = pytest.importorskip("xgboost")

LONGEST = 10.0  # log-odds in one tree, before the learning rate


def odds(p):
    """Return the log-odds of each class against the rest, none beyond what float64 can tell."""
    return logit(np.clip(p, 1e-15, 1.0 - 1e-15))


# The objective


@pytest.mark.parametrize("score", [-800.0, -15.0, -3.0, 3.0, 15.0, 800.0])
@pytest.mark.parametrize("target", [0.0, 0.003, 0.5, 0.997, 1.0])
def test_no_row_asks_for_a_step_far_beyond_its_target(score, target):
    gradient, hessian = SoftCrossEntropy(np.array([target]), None)(None, np.array([score]))
    step, distance = (-gradient / hessian)[0], logit(target) - score
    assert abs(step) <= LONGEST * (1.0 + 1e-12)
    if step:
        assert np.sign(step) == np.sign(distance)
        assert abs(step) < max(4.0 * abs(distance), 1e-3)


@given(st.data())
def test_steps_of_the_objective(data):
    n_classes = data.draw(st.integers(2, 30))
    seed = data.draw(st.integers(0, 2**16))
    temperature = data.draw(st.sampled_from([0.3, 1.0, 4.0]))
    off = data.draw(st.sampled_from([0.0, 0.5]))
    scale = 10.0 ** data.draw(st.integers(-9, 9))
    rng = np.random.default_rng(seed)
    target = rng.dirichlet(np.full(n_classes, data.draw(st.sampled_from([0.02, 1.0]))), size=6)
    target = target + off * (rng.permuted(target, axis=1) - target[:, ::-1])  # rows still sum to 1
    scores = rng.normal(scale=data.draw(st.sampled_from([0.1, 5.0, 300.0])), size=target.shape)
    if n_classes == 2:
        target, scores = target[:, 1], scores[:, 1]
    weight = scale * rng.uniform(0.1, 10.0, size=6)
    plain = SoftCrossEntropy(target, None, temperature)(None, scores.copy())
    gradient, hessian = SoftCrossEntropy(target, weight, temperature)(None, scores.copy())
    for found, once in zip((gradient, hessian), plain, strict=True):
        assert_allclose(found.T, (weight * once.T), rtol=1e-12)  # weights change no step
    assert np.all(np.abs(gradient) <= LONGEST * temperature * hessian * (1.0 + 1e-12))
    # Newton's own curvature wherever its step is no longer.
    s = expit(scores / temperature)
    if n_classes > 2:
        e = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
        s = e / e.sum(axis=1, keepdims=True)
    factor = 1.0 if n_classes == 2 else n_classes / (n_classes - 1.0)
    newton = factor * s * (1.0 - s) / temperature**2
    short = np.abs(plain[0]) <= LONGEST * temperature * newton
    short &= newton > 1e-6
    assert_allclose(plain[1][short], newton[short], rtol=1e-9)


# Boosters


@dataclass(frozen=True)
class Case:
    """A learner and a problem with a rare class."""

    kind: str
    n_classes: int
    n_rows: int = 150
    n_rare: int = 4
    seed: int = 0
    weight: float = 1.0
    spread: bool = False
    sure: float = 0.9
    off: bool = False
    temperature: float = 1.0
    rate: float = 0.3
    free: bool = True


def cases(n_classes, n_rows):
    return st.builds(
        Case,
        kind=st.sampled_from(["lgbm", "lgbm_regressor", "xgb"]),
        n_classes=st.integers(2, n_classes),
        n_rows=st.sampled_from(n_rows),
        n_rare=st.integers(1, 6),
        seed=st.integers(0, 2**16),
        weight=st.sampled_from([1e-6, 1.0, 1e6]),
        spread=st.booleans(),
        sure=st.sampled_from([0.7, 0.95, 0.999]),
        off=st.booleans(),
        temperature=st.sampled_from([0.5, 1.0, 2.0]),
        rate=st.sampled_from([0.1, 0.3, 1.0]),
        free=st.booleans(),
    )


def learner(case):
    """Return a booster of 20 rounds; `free` ones without what else holds leaves back."""
    common = {"n_estimators": 20, "learning_rate": case.rate, "n_jobs": 1, "random_state": 0}
    floor = {"min_child_weight": 0.0} if case.free else {}
    if case.kind == "xgb":
        return xgboost.XGBClassifier(
            max_depth=4, **common, **floor, **({"reg_lambda": 0.0} if case.free else {})
        )
    rows = {"min_child_samples": 1, "min_data_in_bin": 1} if case.free else {"min_child_samples": 5}
    kind = LGBMRegressor if case.kind == "lgbm_regressor" else LGBMClassifier
    return kind(num_leaves=12, verbose=-1, **common, **floor, **rows)


def problem(case):
    """Return rows of common classes by one feature, and a rare one that another tells apart.

    The teacher is sure of most rows and undecided about some of the rare ones.
    """
    rng = np.random.default_rng(case.seed)
    X = rng.normal(size=(case.n_rows, 3))
    rank = np.argsort(np.argsort(X[:, 0]))
    codes = rank * (case.n_classes - 1) // case.n_rows
    rare = np.argsort(X[:, 1])[-case.n_rare :]
    codes[rare] = case.n_classes - 1
    one_hot = np.eye(case.n_classes)[codes]
    p = case.sure * one_hot + (1.0 - case.sure) / case.n_classes
    undecided = rare[rng.random(len(rare)) < 0.5]
    p[undecided] = 0.5 * p[undecided] + 0.5 * p[rng.integers(case.n_rows, size=len(undecided))]
    target = CrossEntropy(case.temperature).target(
        one_hot, p, np.full(case.n_rows, 0.7 if case.off else 0.0)
    )
    weight = np.full(case.n_rows, case.weight)
    if case.spread:
        weight *= 10.0 ** rng.uniform(-2, 2, size=case.n_rows)
    loss = CrossEntropy(case.temperature)
    return Problem(X, target, loss, codes, np.arange(case.n_classes), weight, {})


def raw_scores(model, X):
    """Return the raw scores after each round, shape (rounds, n, K or 1)."""
    if isinstance(model, xgboost.XGBModel):
        rows, booster = xgboost.DMatrix(X), model.get_booster()
        each = [
            booster.predict(rows, output_margin=True, iteration_range=(0, i))
            for i in range(1, booster.num_boosted_rounds() + 1)
        ]
    else:
        booster = model.booster_
        each = [
            booster.predict(X, raw_score=True, num_iteration=i)
            for i in range(1, booster.current_iteration() + 1)
        ]
    return np.array(each).reshape(len(each), len(X), -1)


def check_case(case):
    """Check each round's step, and the scores of all of them."""
    given = problem(case)
    try:
        model = resolve(learner(case), "cross_entropy").fit(given).model
    except StudentError as error:
        # LightGBM takes a leaf's rows from its Hessian, and finds that there are none.
        if case.free and "left_count" in str(error):
            return
        raise
    scores = raw_scores(model, given.X)
    assert np.all(np.isfinite(scores))
    longest = LONGEST * case.temperature  # scores are back at temperature one
    steps = np.abs(np.diff(scores, axis=0))
    assert np.all(steps <= longest * case.rate * (1.0 + 1e-5))
    on_simplex = given.target.min() > 0.0
    # Of several classes each steps as if the others stood still. At full rate their odds may swing
    # to and fro, ever further: by LightGBM's own multiclass objective, too, on the same rows.
    several = case.n_classes > 2
    if on_simplex and not (several and case.rate == 1.0):
        # What asks for a probability asks for no more than its log-odds.
        p = CrossEntropy().probabilities(
            np.column_stack([np.zeros(case.n_rows), scores[-1]])
            if case.n_classes == 2
            else scores[-1].astype(float)
        )
        p = p ** (1.0 / case.temperature)
        p /= p.sum(axis=1, keepdims=True)
        asked = np.abs(odds(given.target)).max()
        last = LONGEST * case.rate * (2.0 if several else 1.0)  # two scores go apart
        assert np.abs(odds(p)).max() <= asked + last + 1e-3


@settings(max_examples=30)
@example(Case("lgbm", 5, n_rows=60, n_rare=2, seed=2, sure=0.7, temperature=0.5, rate=1.0))
@given(cases(n_classes=5, n_rows=[60, 150]))
def test_no_score_goes_further_than_its_targets_ask(case):
    check_case(case)


@pytest.mark.long
@settings(max_examples=1500)
@given(cases(n_classes=30, n_rows=[60, 150, 600, 2000]))
def test_no_score_goes_further_than_its_targets_ask_at_length(case):
    check_case(case)


RUNAWAY = [
    Case("lgbm", 5, 400, 4, 0, 1.0, sure=0.98),
    Case("lgbm", 2, 400, 4, 2, 1e6, sure=0.98),
    Case("xgb", 2, 400, 4, 2, 1.0, sure=0.98),
    Case("xgb", 5, 400, 4, 2, 1e6, sure=0.98),
    Case("xgb", 5, 400, 4, 1, 1.0, sure=0.98),
    Case("lgbm", 3, 400, 4, 0, 1e6, sure=0.98),
]


@pytest.mark.parametrize("case", RUNAWAY, ids=str)
def test_cases_that_ran_away(case):
    check_case(case)


# What stays as it was


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_bound_of_the_user_is_kept_and_none_is_left_behind(n_classes):
    case = Case("xgb", n_classes)
    given = problem(case)
    free = resolve(learner(case)).fit(given).model
    own = learner(case).fit(given.X, given.labels)
    assert repr(free.get_params()) == repr(own.get_params())
    for bound in (0.01, 10.0):
        mine = resolve(learner(case).set_params(max_delta_step=bound)).fit(given).model
        assert mine.get_params()["max_delta_step"] == bound
        differ = np.abs(mine.predict_proba(given.X) - free.predict_proba(given.X)).max()
        assert (differ > 0.01) == (bound < 10.0)


@pytest.mark.filterwarnings("ignore:.*gblinear.*:UserWarning")  # it has no leaves to be bounded
def test_a_linear_booster_has_no_steps_to_bound(capfd):
    case = Case("xgb", 2)
    student = xgboost.XGBClassifier(booster="gblinear", n_estimators=3, n_jobs=1)
    model = resolve(student).fit(problem(case)).model
    assert model.max_delta_step is None
    assert "max_delta_step" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("kind", ["lgbm", "xgb"])
def test_hard_labels_are_left_to_the_learner(kind, n_classes):
    case = Case(kind, n_classes)
    given = problem(case)
    hard = replace(given, target=np.eye(n_classes)[given.codes], weight=None)
    own = learner(case).fit(given.X, given.labels)
    found = resolve(learner(case)).fit(hard).model
    assert_array_equal(found.predict_proba(given.X), own.predict_proba(given.X))


# Twelve rows of a class in four thousand


@pytest.mark.parametrize(
    ("n_classes", "seed"),
    [(2, 101), pytest.param(7, 100, marks=pytest.mark.long)],
    ids=["two", "seven"],
)
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.RareClassWarning")  # that is the case
def test_a_class_of_twelve_rows_in_four_thousand(n_classes, seed):
    X, y = rare_classes(13_000, n_classes, seed=seed)
    X_train, X_test, y_train, y_test = train_test_split(
        X.to_numpy(), y, train_size=4000, stratify=y, random_state=seed % 100
    )
    assert np.bincount(y_train).min() == 12
    student = LGBMClassifier(n_estimators=50, n_jobs=1, verbose=-1)
    teacher = RandomForestClassifier(60, random_state=0)
    model = DistilledClassifier(teacher, student, random_state=0).fit(X_train, y_train)
    direct = student.fit(X_train, y_train)
    found, expected = (log_loss(y_test, m.predict_proba(X_test)) for m in (model, direct))
    assert found <= 1.05 * expected
    assert np.abs(model.student_.predict_proba(X_test, raw_score=True)).max() < 40.0
