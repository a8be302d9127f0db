"""Our LightGBM objective against finite differences, LightGBM's own ones and its files."""

import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
from lightgbm import Booster, LGBMClassifier, LGBMModel, LGBMRanker, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import Brier, CrossEntropy, DistilledClassifier
from skdistill.exceptions import StudentError
from skdistill.students import Problem, SoftCrossEntropy, predict_fitted, resolve
from skdistill.students import lightgbm as lightgbm_module
from tests.common.data import sample
from tests.common.students import LIGHTGBM, STUDENTS

ROOT = Path(__file__).parents[2]
STUDENT = {s.name: s for s in STUDENTS}
DATA = {n_classes: sample(n_classes) for n_classes in (2, 3, 5)}

any_classes = pytest.mark.parametrize("n_classes", [2, 3], ids=["binary", "multiclass"])
any_temperature = pytest.mark.parametrize("temperature", [1.0, 2.0])


def squared_error(y, scores):
    return scores - y, np.ones_like(y)


def name_of(settings):
    return "-".join(f"{key}={getattr(v, '__name__', v)}" for key, v in settings.items())


def fit(student, data, *, weight=None, **settings):
    settings = {"strength": 0.0, "calibration": None, "size": "free"} | settings
    model = DistilledClassifier(None, student, **settings)
    return model.fit(data.X, data.y, sample_weight=weight, teacher_proba=data.teacher)


def one_margin(probabilities):
    """Two classes are one column to LightGBM."""
    return probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities


# The objective


def weighted_loss(objective, scores):
    """Return the total cross-entropy at `scores`, written from the formula."""
    b = 1.0 / objective.temperature
    if scores.ndim == 1:
        target = np.column_stack([1.0 - objective.target, objective.target])
        scores = np.column_stack([np.zeros_like(scores), scores])
    else:
        target = objective.target
    log_sum = np.log(np.sum(np.exp(b * scores), axis=1))
    weight = 1.0 if objective.weight is None else objective.weight
    return np.sum(weight * np.sum(target * (log_sum[:, None] - b * scores), axis=1))


@any_classes
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
def test_gradient_and_hessian_are_finite_differences(n_classes, temperature, weighted):
    rng = np.random.default_rng(0)
    target = one_margin(DATA[n_classes].teacher[:6])
    target = target * 1.3 - 0.1 if weighted else target  # off the simplex too, rows summing to 1
    target = target / target.sum(axis=1, keepdims=True) if n_classes > 2 else target
    weight = rng.uniform(0.5, 2.0, size=6) if weighted else None
    objective = SoftCrossEntropy(target, weight, temperature)
    scores = rng.normal(size=target.shape)
    gradient, hessian = objective(None, scores.copy())
    step = 1e-4
    factor = 1.0 if n_classes == 2 else n_classes / (n_classes - 1.0)
    for index in np.ndindex(scores.shape):
        shift = np.zeros_like(scores)
        shift[index] = step
        up, here, down = (weighted_loss(objective, scores + s * shift) for s in (1, 0, -1))
        assert_allclose(gradient[index], (up - down) / (2 * step), atol=1e-6)
        curvature = factor * (up - 2 * here + down) / step**2
        shortest = abs(gradient[index]) / (10.0 * temperature)  # of the bound on the step
        assert_allclose(hessian[index], max(curvature, shortest), atol=1e-5)


def test_objective_leaves_scores_alone():
    scores = np.ones((4, 3))
    SoftCrossEntropy(DATA[3].teacher[:4], None)(None, scores)
    assert_array_equal(scores, 1.0)


@any_classes
def test_objective_survives_huge_scores(n_classes):
    target = one_margin(DATA[n_classes].teacher[:4])
    scores = np.full(target.shape, 1e4)
    scores[..., -1] *= -1.0
    gradient, hessian = SoftCrossEntropy(target, None)(None, scores)
    assert np.all(np.isfinite(gradient))
    assert np.all(hessian > 0)


@any_classes
@any_temperature
def test_start_score_minimises_the_loss_of_a_constant(n_classes, temperature):
    target = one_margin(DATA[n_classes].teacher)
    weight = np.linspace(0.5, 2.0, len(target))
    objective = SoftCrossEntropy(target, weight, temperature)
    gradient, _ = objective(None, np.broadcast_to(objective.start(), target.shape).copy())
    assert_allclose(gradient.sum(axis=0), 0.0, atol=1e-9)


def test_start_score_is_finite_where_a_class_has_no_mass():
    assert np.all(np.isfinite(SoftCrossEntropy(np.array([[1.0, 0.0], [1.0, 0.0]]), None).start()))
    assert np.all(np.isfinite(SoftCrossEntropy(np.ones(3), None).start()))


@any_classes
def test_objective_pickles(n_classes):
    objective = SoftCrossEntropy(one_margin(DATA[n_classes].teacher), np.ones(240), 2.0)
    scores = np.zeros(objective.target.shape)
    for ours, theirs in zip(
        objective(None, scores), pickle.loads(pickle.dumps(objective))(None, scores), strict=True
    ):
        assert_array_equal(ours, theirs)


# Against LightGBM's own objectives


@any_classes
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"boosting_type": "dart", "drop_rate": 0.0},
        {"subsample": 0.7, "subsample_freq": 1},
        {"reg_lambda": 3.0, "reg_alpha": 0.1, "min_split_gain": 0.01},
        {"boost_from_average": False},
    ],
    ids=["plain", "dart", "subsample", "regularised", "no start"],
)
def test_hard_labels_give_the_trees_of_the_native_objective(n_classes, weighted, settings):
    data = DATA[n_classes]
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else None
    learner = {**LIGHTGBM, **settings}
    native = LGBMClassifier(**learner).fit(data.X, data.y, sample_weight=weight)
    # LGBMRegressor goes by our objective even where the target is hard.
    ours = fit(LGBMRegressor(**learner), data, weight=weight, loss="cross_entropy", strength=1.0)
    assert_allclose(ours.predict_proba(data.X), native.predict_proba(data.X), atol=1e-6)
    ours, theirs = (b.trees_to_dataframe() for b in (ours.student_.booster_, native.booster_))
    assert list(ours["split_feature"]) == list(theirs["split_feature"])
    assert_allclose(ours["threshold"], theirs["threshold"])


def assert_like_a_bare_booster(n_classes, temperature, settings):
    """Compare with LightGBM's own training function, the start score added by hand.

    It draws columns and dropped trees differently under an objective of one's own.
    """
    data = DATA[n_classes]
    learner = {**LIGHTGBM, **settings}
    rounds = learner.pop("n_estimators")
    objective = SoftCrossEntropy(
        one_margin(
            CrossEntropy(temperature).target(data.one_hot, data.teacher, np.zeros(len(data.y)))
        ),
        None,
        temperature,
    )
    start = np.full(objective.target.shape, objective.start())
    rows = lightgbm.Dataset(data.X, data.codes, init_score=start, params=learner)
    classes = {} if n_classes == 2 else {"num_class": n_classes}
    bare = lightgbm.train(
        {**learner, **classes, "objective": lambda scores, _: objective(None, scores)}, rows, rounds
    )
    raw = bare.predict(data.X, raw_score=True) + start
    raw = np.column_stack([np.zeros(len(raw)), raw]) if n_classes == 2 else raw
    ours = fit(
        LGBMClassifier(**{**LIGHTGBM, **settings}),
        data,
        loss="cross_entropy",
        temperature=temperature,
    )
    assert_allclose(ours.predict_proba(data.X), CrossEntropy().probabilities(raw), atol=1e-6)


@any_classes
@any_temperature
@pytest.mark.parametrize(
    "settings",
    [{"boosting_type": "goss"}, {"colsample_bytree": 0.5, "extra_trees": True}],
    ids=["goss", "columns"],
)
def test_random_settings_against_a_bare_booster(n_classes, temperature, settings):
    assert_like_a_bare_booster(n_classes, temperature, settings)


# Under an objective of one's own LightGBM's dart asks an uninitialised flag whether to draw a
# number before its first tree: which trees it drops depends on memory, unless it is all of them.
DROP_ALL = {
    "boosting_type": "dart",
    "drop_rate": 1.0,
    "uniform_drop": True,
    "max_drop": -1,
    "skip_drop": 0.0,
}


@pytest.mark.parametrize("filled", ["0", "165"])
def test_dart_against_a_bare_booster(filled):
    """In a process of its own: no test before it decides what lies in memory.

    Where the C library can, memory is filled with something on its way in and out.
    """
    script = (
        "from tests.students.test_lightgbm import DROP_ALL, assert_like_a_bare_booster as check\n"
        "for n_classes in (2, 3):\n"
        "    for temperature in (1.0, 2.0):\n"
        "        check(n_classes, temperature, DROP_ALL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        env=os.environ | {"MALLOC_PERTURB_": filled},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
def test_soft_binary_labels_against_the_built_in_cross_entropy(weighted):
    data = DATA[2]
    weight = np.linspace(0.5, 2.0, len(data.y)) if weighted else None
    built_in = LGBMRegressor(objective="cross_entropy", **LIGHTGBM)
    built_in.fit(data.X, data.teacher[:, 1], sample_weight=weight)
    ours = fit(LGBMClassifier(**LIGHTGBM), data, weight=weight)
    assert_allclose(ours.predict_proba(data.X)[:, 1], built_in.predict(data.X), atol=1e-6)


def test_soft_labels_of_several_classes_against_copies():
    """Weighted copies under LightGBM's own softmax objective have the same gradients."""
    data = DATA[3]
    rows, columns = (index.ravel() for index in np.indices(data.teacher.shape))
    copies = LGBMClassifier(**LIGHTGBM)
    copies.fit(data.X[rows], data.classes[columns], sample_weight=data.teacher.ravel())
    ours = fit(LGBMClassifier(**LIGHTGBM), data)
    # Three copies have three times the Hessian factor's rounding, and split at the same places.
    assert_allclose(ours.predict_proba(data.X), copies.predict_proba(data.X), atol=1e-5)


@any_classes
def test_temperature_is_undone(n_classes):
    """With enough leaves, the student's probabilities are the teacher's at any temperature."""
    data = sample(n_classes, n_rows=120)
    learner = LGBMClassifier(
        **{**LIGHTGBM, "n_estimators": 300, "num_leaves": 31, "min_child_weight": 1e-3}
    )
    for temperature in (0.7, 2.0):
        p = fit(learner, data, loss="cross_entropy", temperature=temperature)
        assert_allclose(p.predict_proba(data.X), data.teacher, atol=0.02)


# The booster alone is right


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@any_temperature
@pytest.mark.parametrize("name", ["lgbm", "lgbm_regressor_cross_entropy"])
def test_saved_text_predicts_the_same_probabilities(n_classes, temperature, name, tmp_path):
    data = DATA[n_classes]
    model = data.distil(STUDENT[name], strength=0.3, loss="cross_entropy", temperature=temperature)
    path = tmp_path / "model.txt"
    model.student_.booster_.save_model(path)
    reloaded = Booster(model_file=path).predict(data.X)
    p = one_margin(model.predict_proba(data.X))
    if name == "lgbm":
        assert_array_equal(reloaded, p)
    else:  # what a regressor predicts is normalised once more
        assert_allclose(reloaded, p, rtol=1e-12)
    header = path.read_text().split("\nTree=0")[0].splitlines()
    expected = "binary sigmoid:1" if n_classes == 2 else f"multiclass num_class:{n_classes}"
    assert header.count(f"objective={expected}") == 1
    assert sum(line.startswith("objective=") for line in header) == 1


@any_classes
def test_start_score_is_carried(n_classes):
    """One stump of hardly any learning rate predicts the mean target."""
    data = DATA[n_classes]
    for name in ("lgbm", "lgbm_regressor_cross_entropy"):
        student = STUDENT[name].make().set_params(n_estimators=1, learning_rate=1e-6)
        p = fit(student, data, loss="cross_entropy").predict_proba(data.X)
        assert_allclose(p, np.broadcast_to(data.teacher.mean(axis=0), p.shape), atol=1e-4)


def with_categories(data):
    """Return the rows as a frame with a text category that matters and a missing value."""
    frame = pd.DataFrame(data.X, columns=["a", "b", "c", "d"])
    frame["d"] = pd.cut(frame["b"], 5, labels=["x", "v", "z", "w", "y"], ordered=False)
    frame["b"] = 0.0
    frame.loc[::17, "d"] = np.nan
    frame.loc[::13, "a"] = np.nan
    return frame


@any_classes
@any_temperature
def test_saved_text_keeps_pandas_categories(n_classes, temperature, tmp_path):
    data = DATA[n_classes]
    frame = with_categories(data)
    model = DistilledClassifier(
        None,
        LGBMClassifier(**LIGHTGBM, min_data_per_group=1, cat_smooth=0, cat_l2=0),
        strength=0.0,
        loss="cross_entropy",
        temperature=temperature,
    ).fit(frame, data.y, teacher_proba=data.teacher)
    p = model.predict_proba(frame)
    assert "==" in set(model.student_.booster_.trees_to_dataframe()["decision_type"])
    path = tmp_path / "model.txt"
    model.student_.booster_.save_model(path)
    fresh = frame.assign(d=frame["d"].cat.set_categories(["z", "y", "x", "w", "v"]))
    for rows in (frame, fresh):  # the codes of the categories must not matter, only their names
        assert_array_equal(Booster(model_file=path).predict(rows), one_margin(p))
        assert_array_equal(model.predict_proba(rows), p)


@any_classes
def test_contributions_sum_to_the_raw_score(n_classes):
    data = DATA[n_classes]
    booster = data.distil(STUDENT["lgbm"]).student_.booster_
    raw = booster.predict(data.X, raw_score=True)
    contributions = booster.predict(data.X, pred_contrib=True).reshape(len(data.y), -1, 5)
    assert_allclose(np.squeeze(contributions.sum(axis=2)), raw, atol=1e-9)


@any_classes
def test_raw_scores_stand_for_the_probabilities(n_classes):
    data = DATA[n_classes]
    student = data.distil(STUDENT["lgbm"]).student_
    raw = student.predict_proba(data.X, raw_score=True)
    raw = np.column_stack([np.zeros(len(raw)), raw]) if n_classes == 2 else raw
    assert_allclose(CrossEntropy().probabilities(raw), student.predict_proba(data.X), atol=1e-9)


@any_classes
@pytest.mark.parametrize("name", ["lgbm", "lgbm_regressor_cross_entropy"])
@pytest.mark.parametrize("X", [np.ones((240, 2)), np.zeros((240, 1))], ids=["ones", "zeros"])
def test_features_without_information_give_the_mean_target(n_classes, name, X):
    data = DATA[n_classes]
    model = DistilledClassifier(
        None, STUDENT[name].make(), loss="cross_entropy", strength=0.4, calibration=None
    ).fit(X, data.y, teacher_proba=data.teacher)
    mean = 0.6 * data.teacher.mean(axis=0) + 0.4 * data.one_hot.mean(axis=0)
    assert_allclose(model.predict_proba(X), np.broadcast_to(mean, data.teacher.shape), atol=1e-6)


@any_classes
def test_trees_that_find_no_split_give_the_mean_target(n_classes):
    data = DATA[n_classes]
    student = LGBMClassifier(**{**LIGHTGBM, "min_split_gain": 1e9})
    p = fit(student, data).predict_proba(data.X)
    assert_allclose(p, np.broadcast_to(data.teacher.mean(axis=0), p.shape), atol=1e-6)


def test_one_class_without_a_split_keeps_its_start_score(tmp_path):
    """The first tree of one class may be a single leaf while the others split."""
    data = DATA[3]
    teacher = data.teacher.copy()
    teacher[:, :2] *= 0.7 / teacher[:, :2].sum(axis=1, keepdims=True)
    teacher[:, 2] = 0.3
    student = LGBMClassifier(**{**LIGHTGBM, "n_estimators": 1, "min_split_gain": 0.05})
    model = DistilledClassifier(None, student, strength=0.0, calibration=None)
    model.fit(data.X, data.y, teacher_proba=teacher)
    leaves = [t["num_leaves"] for t in model.student_.booster_.dump_model()["tree_info"]]
    assert leaves[0] > 1
    assert leaves[2] == 1
    raw = model.student_.booster_.predict(data.X, raw_score=True)
    assert_allclose(raw[:, 2], np.log(0.3), atol=1e-9)
    assert_array_equal(
        Booster(model_str=model.student_.booster_.model_to_string()).predict(data.X),
        model.predict_proba(data.X),
    )


# Settings


@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize("class_weight", ["balanced", "dict"])
@any_classes
@pytest.mark.parametrize("kind", [LGBMClassifier, LGBMRegressor])
def test_class_weight_weighs_the_targets(class_weight, n_classes, kind, weighted):
    """Against weighted copies, where a class weight is a weight of the copies of that class."""
    data = DATA[n_classes]
    by_row = np.linspace(0.3, 3.0, len(data.y)) if weighted else np.ones(len(data.y))
    weight = by_row if weighted else None
    per_class = {c: 1.0 + 2.0 * k for k, c in enumerate(data.classes)}
    if class_weight == "balanced":
        mass = np.bincount(data.codes, by_row)
        by_class = mass.sum() / (n_classes * mass)
        class_weight = "balanced"
    else:
        by_class = np.array([per_class[c] for c in data.classes])
        class_weight = per_class
    rows, columns = (index.ravel() for index in np.indices(data.teacher.shape))
    copies = LGBMClassifier(**LIGHTGBM).fit(
        data.X[rows],
        data.classes[columns],
        sample_weight=data.teacher.ravel() * by_class[columns] * by_row[rows],
    )
    student = kind(class_weight=class_weight, **LIGHTGBM)
    ours = fit(student, data, loss="cross_entropy", weight=weight)
    assert_allclose(ours.predict_proba(data.X), copies.predict_proba(data.X), atol=1e-5)
    assert ours.student_.class_weight == class_weight
    even = fit(kind(**LIGHTGBM), data, loss="cross_entropy", weight=weight)
    assert np.max(np.abs(even.predict_proba(data.X) - ours.predict_proba(data.X))) > 0.05


def test_class_weight_of_targets_outside_the_simplex():
    """A weighted row must not weigh less than nothing: its loss would be unbounded below."""
    data = DATA[2]
    sharp = data.teacher**6 / np.sum(data.teacher**6, axis=1, keepdims=True)
    target = CrossEntropy(3.0).target(data.one_hot, sharp, np.ones(len(data.y)))
    assert (target < 0.0).any()
    for weight in (0.05, 20.0):
        student = LGBMClassifier(class_weight={"yes": weight}, **LIGHTGBM)
        model = DistilledClassifier(
            None, student, strength=1.0, temperature=3.0, calibration=None
        ).fit(data.X, data.y, teacher_proba=sharp)
        p = model.predict_proba(data.X)
        assert p.min() > 1e-9
        assert p.max() < 1.0 - 1e-9


@pytest.mark.parametrize(
    "settings",
    [
        {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1},
        {"boosting": "rf", "subsample": 0.6, "subsample_freq": 1},
        {"linear_tree": True},
        {"linear_trees": True},
    ],
    ids=name_of,
)
def test_settings_that_need_copies_get_copies(settings):
    data = DATA[3]
    student = LGBMClassifier(**LIGHTGBM, **settings)
    model = fit(student, data)
    assert model.route_.name == "replication"
    assert np.mean(np.abs(model.predict_proba(data.X) - data.teacher)) < 0.15


@pytest.mark.parametrize(
    "settings",
    [
        {"is_unbalance": True},
        {"unbalance": True},
        {"scale_pos_weight": 3.0},
        {"objective": "regression"},
        {"objective": "cross_entropy_lambda"},
        {"objective": "multiclassova"},
        {"objective": squared_error},
        {"application": "binary"},
        {"sigmoid": 2.0},
        {"early_stopping_round": 3},
        {"early_stopping_rounds": 3},
        {"pred_early_stop": True},
    ],
    ids=name_of,
)
def test_settings_that_cannot_be_honoured_raise(settings):
    data = DATA[2]
    names = {"unbalance": "is_unbalance", "application": "objective"}
    name = next(iter(settings)).removesuffix("s")
    model = DistilledClassifier(None, LGBMClassifier(**LIGHTGBM, **settings), strength=0.5)
    with pytest.raises(StudentError, match=names.get(name, name)):
        model.fit(data.X, data.y, teacher_proba=data.teacher)
    assert not hasattr(model, "student_")


@pytest.mark.parametrize("objective", [None, "binary", "cross_entropy"])
def test_own_objectives_are_accepted_and_kept(objective):
    student = LGBMClassifier(**LIGHTGBM, objective=objective)
    model = fit(student, DATA[2])
    assert model.student_.objective == objective
    assert_array_equal(
        model.predict_proba(DATA[2].X),
        fit(LGBMClassifier(**LIGHTGBM), DATA[2]).predict_proba(DATA[2].X),
    )
    again = clone(model.student_).fit(DATA[2].X, DATA[2].y)  # the shipped student can be retrained
    assert again.predict_proba(DATA[2].X).shape == (240, 2)


def test_losses():
    data = DATA[2]
    for loss in ("logit", "nonsense"):
        with pytest.raises(ValueError, match=loss):
            fit(LGBMClassifier(**LIGHTGBM), data, loss=loss)
    assert resolve(LGBMRegressor()).route.name == "regression"
    assert resolve(LGBMRegressor(), "cross_entropy").route.name == "native"
    assert resolve(LGBMRegressor(), CrossEntropy(temperature=2.0)).route.name == "native"
    assert resolve(LGBMRegressor(), Brier()).route.name == "regression"
    fit(LGBMRegressor(**LIGHTGBM), data, loss="logit")


def test_ranker_is_no_student():
    with pytest.raises(StudentError, match="LGBMRanker"):
        resolve(LGBMRanker())


def test_subclasses_are_lightgbm():
    class Tuned(LGBMClassifier):
        pass

    assert resolve(Tuned()).route.name == "native"


def test_device(monkeypatch):
    monkeypatch.setattr(lightgbm_module, "gpu_learner", lambda: ("cuda", None))
    adapter = resolve(LGBMClassifier()).on_device("cuda")
    assert adapter.student.device_type == "cuda"
    assert (
        resolve(LGBMClassifier()).on_device("cpu").student.get_params().get("device_type") is None
    )
    regression = resolve(LGBMRegressor()).on_device("cuda")
    assert regression.student.device_type == "cuda"
    copies = resolve(LGBMClassifier(boosting_type="rf"))
    assert copies.on_device("cuda").student.device_type == "cuda"


def test_error_of_lightgbm_is_chained():
    with pytest.raises(StudentError, match="LightGBM could not fit") as caught:
        fit(LGBMClassifier(**LIGHTGBM, monotone_constraints=[1, 1]), DATA[2])
    assert isinstance(caught.value.__cause__, lightgbm.basic.LightGBMError)


def test_forests_and_linear_trees_as_regressors_keep_their_own_objective():
    settings = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1}
    for given in (settings, {"linear_tree": True}):
        student = LGBMRegressor(**LIGHTGBM, **given)
        with pytest.raises(StudentError, match=r"LGBMRegressor.*LGBMClassifier.*brier"):
            fit(student, DATA[2], loss="cross_entropy")
        assert fit(student, DATA[2], loss="brier").score(DATA[2].X, DATA[2].y) > 0.6


def test_no_package_is_imported_to_recognise_its_learners(monkeypatch):
    monkeypatch.delitem(sys.modules, "xgboost", raising=False)
    assert resolve(GaussianNB()).route.name == "replication"
    assert resolve(LGBMClassifier()).route.name == "native"
    assert "xgboost" not in sys.modules


# Many problems on the same rows


def many_problems(data, X=None, **params):
    """Return problems that differ in target, weight, loss; the second has nothing soft left."""
    weight = np.linspace(0.5, 2.0, len(data.y))
    warm = CrossEntropy(temperature=2.0)
    half = 0.5 * data.one_hot + 0.5 * data.teacher
    kinds = [
        (data.teacher, CrossEntropy(), None),
        (data.one_hot, CrossEntropy(), None),
        (half, CrossEntropy(), weight),
        (warm.target(data.one_hot, data.teacher, np.zeros(len(data.y))), warm, None),
        (data.one_hot, warm, weight[::-1].copy()),
        (data.teacher, CrossEntropy(), None),
    ]
    X = data.X if X is None else X
    return [Problem(X, t, loss, data.y, data.classes, w, params) for t, loss, w in kinds]


@pytest.fixture
def fits(monkeypatch):
    """Keywords of each call of `fit` of LightGBM's estimators."""
    calls = []
    plain = LGBMModel.fit

    def counted(self, *args, **keywords):
        calls.append(keywords)
        return plain(self, *args, **keywords)

    monkeypatch.setattr(LGBMModel, "fit", counted)
    return calls


def plain_state(model):
    """Return all that a fitted estimator knows, in a form that can be compared."""
    state = vars(model) | vars(model)["_other_params"] | model.get_params()
    del state["_other_params"]
    state["_Booster"] = model.booster_.model_to_string(), model.booster_.params
    state["_le"] = getattr(model, "classes_", None)
    if isinstance(state["random_state"], np.random.RandomState):
        state["random_state"] = pickle.dumps(state["random_state"])
    return {key: repr(value) for key, value in state.items()}


def assert_same_as_alone(student, problems):
    """Each student of `fit_many` is the one of `fit`, to the last bit."""
    adapter = resolve(student, "cross_entropy")
    together = adapter.fit_many(problems)
    assert len(together) == len(problems)
    for fitted, problem in zip(together, problems, strict=True):
        alone = adapter.fit(problem)
        assert type(fitted.model) is type(alone.model) is type(student)
        assert type(fitted.decode) is type(alone.decode)
        assert plain_state(fitted.model) == plain_state(alone.model)
        for name in ("n_features_in_", "feature_name_", "feature_names_in_"):
            assert_array_equal(*(getattr(m, name, None) for m in (fitted.model, alone.model)))
        X = problem.X
        predict = "predict_proba" if isinstance(student, LGBMClassifier) else "predict"
        expected = getattr(alone.model, predict)(X)
        assert_array_equal(getattr(fitted.model, predict)(X), expected)
        again = pickle.loads(pickle.dumps(fitted.model))
        assert_array_equal(getattr(again, predict)(X), expected)
    return together


@any_classes
@pytest.mark.parametrize("kind", [LGBMClassifier, LGBMRegressor])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"subsample": 0.6, "subsample_freq": 1, "colsample_bytree": 0.5, "random_state": 3},
        {"colsample_bytree": 0.5, "extra_trees": True, "random_state": np.random.RandomState(5)},
        {"data_sample_strategy": "goss", "use_quantized_grad": True},
        {"class_weight": "balanced"},
        {"boost_from_average": False, "max_bin": 7},
        {"monotone_constraints": [1, 0, -1, 0], "interaction_constraints": [[0, 1], [2, 3]]},
    ],
    ids=name_of,
)
def test_many_problems_give_the_very_students_of_each_alone(n_classes, kind, settings, fits):
    problems = many_problems(DATA[n_classes])
    n_hard = sum(p.is_hard and p.loss.temperature == 1.0 for p in problems)
    student = kind(**{**LIGHTGBM, "n_estimators": 5, **settings})
    assert n_hard == 1
    resolve(student, "cross_entropy").fit_many(problems)
    # A classifier's hard labels go by LightGBM's own objective; of the rest only one is fitted.
    assert len(fits) == (1 + n_hard if kind is LGBMClassifier else 1)
    assert_same_as_alone(student, problems)


@any_classes
def test_dart_fits_each_problem_alone(n_classes, fits):
    problems = many_problems(DATA[n_classes])
    student = LGBMClassifier(**{**LIGHTGBM, "boosting_type": "dart", "drop_rate": 0.5})
    resolve(student).fit_many(problems)
    assert len(fits) == len(problems)


@any_classes
@pytest.mark.parametrize("kind", [LGBMClassifier, LGBMRegressor])
@pytest.mark.parametrize("form", ["categories", "sparse", "missing"])
def test_many_problems_on_other_rows_than_arrays(n_classes, kind, form, fits):
    data = DATA[n_classes]
    X = {
        "categories": with_categories(data),
        "sparse": csr_matrix(np.where(data.X > 0.5, data.X, 0.0)),
        "missing": np.where(data.X > 0.9, np.nan, data.X),
    }[form]
    student = kind(**LIGHTGBM, min_data_per_group=1, cat_smooth=0, cat_l2=0)
    problems = many_problems(data, X)
    resolve(student, "cross_entropy").fit_many(problems)
    assert len(fits) == (2 if kind is LGBMClassifier else 1)
    together = assert_same_as_alone(student, problems)
    if form == "categories":
        trees = [fitted.model.booster_.trees_to_dataframe() for fitted in together]
        assert all("==" in set(tree["decision_type"]) for tree in trees)


@any_classes
def test_many_problems_after_a_pipeline_share_the_binning(n_classes, fits):
    problems = many_problems(DATA[n_classes])
    adapter = resolve(make_pipeline(StandardScaler(), LGBMClassifier(**LIGHTGBM)))
    together = adapter.fit_many(problems)
    assert len(fits) == 2
    for fitted, problem in zip(together, problems, strict=True):
        alone = adapter.fit(problem).model
        assert plain_state(fitted.model[-1]) == plain_state(alone[-1])
        assert_array_equal(fitted.model.predict_proba(problem.X), alone.predict_proba(problem.X))


@any_classes
def test_students_of_many_problems_share_nothing(n_classes):
    data = DATA[n_classes]
    student = LGBMClassifier(**LIGHTGBM, min_gain_to_split=0.0)
    models = [f.model for f in resolve(student).fit_many(many_problems(data))]
    before = [model.predict_proba(data.X) for model in models]
    models[2].booster_.set_leaf_output(0, 0, 9.0)
    models[3].set_params(n_estimators=1, drop_rate=0.3).fit(data.X[:, :2], data.y == data.y[0])
    for number in (0, 1, 4, 5):
        assert_array_equal(models[number].predict_proba(data.X), before[number])
        assert "drop_rate" not in models[number].get_params()
        assert_array_equal(models[number].classes_, data.classes)
    fresh = clone(models[5]).fit(data.X, data.y)  # the shipped student can be retrained
    assert_array_equal(
        fresh.predict_proba(data.X), clone(student).fit(data.X, data.y).predict_proba(data.X)
    )


class Named(LGBMClassifier):
    """A subclass, which may know more than LightGBM does."""


@pytest.mark.parametrize(
    ("student", "params"),
    [
        (LGBMClassifier(**LIGHTGBM), {"feature_name": ["e", "f", "g", "h"]}),
        (LGBMClassifier(**LIGHTGBM), {"categorical_feature": [3]}),
        (LGBMClassifier(**LIGHTGBM), {"callbacks": [lightgbm.log_evaluation(0)]}),
        (Named(**LIGHTGBM), {}),
    ],
    ids=["feature_name", "categorical_feature", "callbacks", "subclass"],
)
def test_many_problems_are_fitted_one_by_one_where_more_is_asked(student, params, fits):
    data = DATA[2]
    X = pd.DataFrame(np.abs(data.X), columns=list("abcd"))
    problems = many_problems(data, X, **params)
    resolve(student).fit_many(problems)
    assert len(fits) == len(problems)
    assert_same_as_alone(student, problems)


@pytest.mark.parametrize("name", ["device", "device_type"])
def test_many_problems_on_another_device_are_fitted_one_by_one(name, monkeypatch):
    calls = []
    plain = LGBMModel.fit

    def on_cpu(self, *args, **keywords):
        calls.append(self.get_params()[name])
        return plain(self.set_params(**{name: "cpu"}), *args, **keywords)

    monkeypatch.setattr(LGBMModel, "fit", on_cpu)
    problems = many_problems(DATA[2])
    resolve(LGBMClassifier(**LIGHTGBM, **{name: "gpu"})).fit_many(problems)
    assert calls == ["gpu"] * len(problems)
    calls.clear()
    resolve(LGBMClassifier(**LIGHTGBM, **{name: "cpu"})).fit_many(problems)
    assert len(calls) == 2


@any_classes
@pytest.mark.parametrize("kind", [LGBMClassifier, LGBMRegressor])
def test_many_problems_on_features_without_information(n_classes, kind):
    data = DATA[n_classes]
    adapter = resolve(kind(**LIGHTGBM), "cross_entropy")
    problems = many_problems(data, np.ones((len(data.y), 2)))[:3]
    for fitted, problem in zip(adapter.fit_many(problems), problems, strict=True):
        alone = adapter.fit(problem)
        assert_array_equal(fitted.model.predict(problem.X), alone.model.predict(problem.X))


def test_error_of_lightgbm_is_chained_for_each_of_many_problems(monkeypatch):
    problems = many_problems(DATA[2])
    adapter = resolve(LGBMClassifier(**LIGHTGBM, monotone_constraints=[1, 1]))
    with pytest.raises(StudentError, match="LightGBM could not fit"):
        adapter.fit_many(problems)

    def refuse(*_args, **_keywords):
        raise lightgbm.basic.LightGBMError("no")

    monkeypatch.setattr(lightgbm, "train", refuse)
    with pytest.raises(StudentError, match="LightGBM could not fit the student: no") as caught:
        resolve(LGBMClassifier(**LIGHTGBM)).fit_many(problems)
    assert isinstance(caught.value.__cause__, lightgbm.basic.LightGBMError)


def test_no_problems_give_no_students():
    assert resolve(LGBMClassifier(**LIGHTGBM)).fit_many([]) == []


@pytest.mark.parametrize("setting", [["c"], "auto", [1]], ids=str)
@pytest.mark.parametrize("name", ["a", "a\tb"])
def test_settings_and_names_that_lightgbms_json_breaks_on(setting, name):
    data = DATA[2]
    codes = pd.Categorical.from_codes(np.digitize(data.X[:, 1], [-0.5, 0.5]), list("xyz"))
    X = pd.DataFrame({name: data.X[:, 0], "c": codes})
    student = LGBMClassifier(
        n_estimators=3, n_jobs=1, verbose=-1, categorical_feature=setting, random_state=0
    )
    adapter = resolve(student, "auto")
    problems = [
        Problem(X, target, CrossEntropy(), data.y, data.classes, None, {})
        for target in (data.teacher, data.bayes)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # LightGBM's, of the setting
        many = adapter.fit_many(problems)
        for fitted, problem in zip(many, problems, strict=True):
            alone = adapter.fit(problem).model
            assert_array_equal(fitted.model.predict_proba(X), alone.predict_proba(X))
            again = Booster(model_str=fitted.model.booster_.model_to_string())
            assert_allclose(again.predict(X), fitted.model.predict_proba(X)[:, 1])


class Other(LGBMClassifier):
    """Predicts by another model than its booster."""

    def fit(self, X, y, sample_weight=None, **ignored):
        super().fit(X, y, sample_weight=sample_weight)
        self.other_ = GaussianNB().fit(X, y, sample_weight)
        return self

    def predict_proba(self, X):
        return self.other_.predict_proba(X)


def test_a_subclass_that_redefines_is_fitted_by_its_own_fit():
    data = DATA[2]
    adapter = resolve(Other(**LIGHTGBM))
    assert adapter.route.name == "replication"
    assert "Other redefines" in adapter.route.reason
    p = [
        predict_fitted(
            adapter.fit(Problem(data.X, t, CrossEntropy(), data.y, data.classes)), data.X
        )
        for t in (data.teacher, data.teacher[:, ::-1])
    ]
    assert np.corrcoef(p[0][:, 1], p[1][:, 1])[0, 1] < -0.9


def test_a_regressor_that_redefines_has_no_native_route():
    class Shifted(LGBMRegressor):
        def predict(self, X, **keywords):
            return super().predict(X, **keywords) + 1.0

    adapter = resolve(Shifted(**LIGHTGBM), "cross_entropy")
    with pytest.raises(StudentError, match="use loss='brier'"):
        adapter.check(CrossEntropy(), 100, weighted=False)
    resolve(Shifted(**LIGHTGBM), "brier").check(Brier(), 100, weighted=False)
