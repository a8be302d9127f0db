"""The displays, compared by what they draw."""

import sys
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, learning_curve
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifierCV
from skdistill._ground.metrics import calibration_error
from skdistill.exceptions import InputError, ParameterError
from skdistill.inspection import (
    ComparisonDisplay,
    DistillationCurveDisplay,
    FidelityDisplay,
    FrontierDisplay,
    ReliabilityDisplay,
    ResidualDisplay,
    StrengthDisplay,
)
from skdistill.inspection._folded import FitsCarried, carried, read_rows, scorer
from skdistill.inspection._tasks import side_of
from tests.common.data import sample
from tests.inspection.conftest import cross_calibrated

EXAMPLES = {
    "reliability": lambda: ReliabilityDisplay.from_predictions(
        sample(2).y, {"teacher": sample(2).teacher, "student": sample(2).bayes}
    ),
    "fidelity": lambda: FidelityDisplay.from_predictions(sample(3).teacher, sample(3).bayes),
    "residual": lambda: ResidualDisplay.from_predictions(
        sample(3).y, sample(3).teacher, np.resize(["a", "b"], 240)
    ),
    "strength": lambda: StrengthDisplay.from_predictions(
        [0.0, 0.5, 1.0],
        [-0.4, -0.3, -0.5],
        [0.1] * 3,
        [-0.2, -0.3, -0.4],
        best=1,
        smoothed=[-0.4] * 3,
    ),
    "frontier": lambda: FrontierDisplay.from_predictions(
        ["a", "b"], [0.3, 0.4], [1e-3, 1e-2], [10, 200], [0.1, 0.1]
    ),
    "comparison": lambda: ComparisonDisplay.from_predictions(
        ["plain", "mine"], [0.1, -0.2], [0.0, -np.inf], [0.2, np.inf]
    ),
    "curve": lambda: DistillationCurveDisplay.from_predictions(
        [50, 100], {"direct": [[0.5, 0.6], [0.4, 0.5]], "distilled": [[0.4], [0.3]]}, n_test=20
    ),
}
each = pytest.mark.parametrize("make", EXAMPLES.values(), ids=EXAMPLES)


@each
def test_plot_makes_a_figure_or_draws_on_the_axes_given(make):
    import matplotlib.pyplot as plt

    display = make()
    assert display.plot() is display
    assert display.ax_.get_figure() is display.figure_
    assert display.ax_.get_xlabel()
    drawn = display.ax_.lines + list(display.ax_.collections)
    assert len(drawn) >= 2
    _, ax = plt.subplots()
    assert display.plot(ax).ax_ is ax
    assert display.figure_ is ax.figure


@each
def test_frame_has_the_columns_of_the_table(make):
    display = make()
    frame = display.frame()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == list(display.table)
    assert len(frame) > 1


@each
@pytest.mark.parametrize(
    ("package", "method"), [("matplotlib.pyplot", "plot"), ("pandas", "frame")]
)
def test_what_is_not_installed_is_named(make, package, method, monkeypatch):
    display = make()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r'pip install "skdistill\[plot\]"'):
        getattr(display, method)()


# Reliability


def curve(event, p, weight, edges):
    """Bins [low, high) of rows, the last one closed: limits, rows, means, in plain loops."""
    lines = []
    for low, high in pairwise(edges):
        own = (p >= low) & ((p < high) | ((high == edges[-1]) & (p <= high)))
        if own.any():
            share = np.average(event[own], weights=weight[own])
            mean = np.average(p[own], weights=weight[own])
            lines.append((low, high, own.sum(), mean, share))
    return np.array(lines)


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("weighted", [False, True])
def test_reliability_of_a_class(strategy, weighted):
    data = sample(3, 150)
    w = np.random.default_rng(1).uniform(0.5, 2.0, 150)
    display = ReliabilityDisplay.from_predictions(
        data.y,
        {"a": data.teacher, "b": data.bayes},
        label="pear",
        n_bins=7,
        strategy=strategy,
        sample_weight=w if weighted else None,
    )
    frame = display.frame()
    for name, table in (("a", data.teacher), ("b", data.bayes)):
        p = table[:, 1]
        edges = np.linspace(0, 1, 8)
        if strategy == "quantile":
            edges = np.quantile(p, edges)
        expected = curve(data.codes == 1, p, w if weighted else np.ones(150), edges)
        own = frame[frame["model"] == name]
        columns = ["low", "high", "n_rows", "mean_probability", "frequency"]
        assert_allclose(own[columns].to_numpy(float), expected)
    assert display.event == "class pear"


def test_reliability_of_the_most_probable_class_is_the_calibration_error():
    data = sample(3, 150)
    frame = ReliabilityDisplay.from_predictions(data.y, {"student": data.teacher}).frame()
    gap = (frame["frequency"] - frame["mean_probability"]).abs()
    error = calibration_error(data.one_hot, data.teacher)
    assert (gap * frame["n_rows"] / 150).sum() == pytest.approx(error)


def test_reliability_of_two_classes_is_that_of_the_second():
    data = sample(2, 150)
    given = {"student": data.teacher}
    frames = [
        ReliabilityDisplay.from_predictions(data.y, given, label=label).frame()
        for label in (None, "yes", "no")
    ]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert not frames[0].equals(frames[2])
    n = frames[0]["n_rows"]
    frequency = (frames[0]["frequency"] * n + 0.5) / (n + 1)  # Jeffreys' half rows
    assert_allclose(frames[0]["standard_error"], np.sqrt(frequency * (1 - frequency) / n))


def test_reliability_of_an_estimator(case):
    data = case.test
    display = ReliabilityDisplay.from_estimator(case.model, data.X, data.y, teacher=case.teacher)
    said = {
        "teacher": case.teacher.predict_proba(data.X),
        "student": case.model.predict_proba(data.X),
    }
    expected = ReliabilityDisplay.from_predictions(data.y, said, classes=case.model.classes_)
    pd.testing.assert_frame_equal(display.frame(), expected.frame())


def test_reliability_counts_rows_of_weight_zero_not_at_all():
    data = sample(2, 100)
    weight = (np.arange(100) % 2).astype(float)
    some = ReliabilityDisplay.from_predictions(
        data.y, {"a": data.teacher}, sample_weight=weight
    ).frame()
    half = ReliabilityDisplay.from_predictions(data.y[1::2], {"a": data.teacher[1::2]}).frame()
    pd.testing.assert_frame_equal(some, half)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"label": "plum"}, r"one of the classes \['no', 'yes'\], got 'plum'"),
        ({"strategy": "kmeans"}, "strategy must be one of 'uniform', 'quantile'"),
        ({"n_bins": 0}, "n_bins must be an integer of at least 1"),
        ({"p": {}}, "p must be a mapping"),
        ({"p": [[0.5, 0.5]] * 60}, "p must be a mapping"),
        ({"p": {"a": [[0.5, 0.6]] * 60}}, r"p\['a'\] must be probabilities"),
        ({"sample_weight": [1.0]}, r"sample_weight must have shape \(60,\)"),
    ],
)
def test_reliability_bad_input(settings, said):
    data = sample(2, 60)
    p = settings.pop("p", {"a": data.teacher})
    with pytest.raises(ValueError, match=said):
        ReliabilityDisplay.from_predictions(data.y, p, **settings)


# Fidelity


def test_fidelity_draws_every_row_of_every_class():
    data = sample(3, 60)
    display = FidelityDisplay.from_predictions(data.teacher, data.bayes, classes=data.classes)
    frame = display.frame()
    for k, name in enumerate(data.classes):
        own = frame[frame["class"] == name]
        assert_array_equal(own["teacher"], data.teacher[:, k])
        assert_array_equal(own["student"], data.bayes[:, k])
    same = data.teacher.argmax(axis=1) == data.bayes.argmax(axis=1)
    assert display.scores["agreement"] == pytest.approx(same.mean())


def test_fidelity_is_drawn_on_the_scale_asked_for():
    data = sample(2, 60)
    for scale in ("logit", "probability"):
        display = FidelityDisplay.from_predictions(data.teacher, data.bayes, scale=scale).plot()
        points = display.ax_.collections[0].get_offsets()
        p = np.clip(np.column_stack([data.teacher[:, 1], data.bayes[:, 1]]), 1e-3, 1 - 1e-3)
        assert_allclose(points, np.log(p / (1 - p)) if scale == "logit" else p)


def test_fidelity_of_an_estimator(case):
    display = FidelityDisplay.from_estimator(case.model, case.test.X, case.teacher)
    p, q = case.teacher.predict_proba(case.test.X), case.model.predict_proba(case.test.X)
    expected = FidelityDisplay.from_predictions(p, q, classes=case.model.classes_)
    pd.testing.assert_frame_equal(display.frame(), expected.frame())
    assert display.scores == expected.scores


def test_fidelity_counts_weights(case):
    """A weight of two is a row twice, and one of zero is no row, nor drawn."""
    n_times = np.arange(80) % 3
    twice = np.repeat(np.arange(80), n_times)
    X, classes = case.test.X, case.model.classes_
    weighted = FidelityDisplay.from_estimator(case.model, X, case.teacher, sample_weight=n_times)
    p, q = case.teacher.predict_proba(X), case.model.predict_proba(X)
    repeated = FidelityDisplay.from_predictions(p[twice], q[twice], classes=classes)
    assert weighted.scores == pytest.approx(repeated.scores)
    drawn = FidelityDisplay.from_predictions(p[n_times > 0], q[n_times > 0], classes=classes)
    pd.testing.assert_frame_equal(weighted.frame(), drawn.frame())
    assert weighted.scores != pytest.approx(drawn.scores)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"scale": "log"}, "scale must be one of 'logit', 'probability'"),
        ({"floor": 0.0}, "floor must be"),
        ({"floor": 0.5}, "floor must be"),
        ({"sample_weight": [1.0]}, r"sample_weight must have shape \(2,\)"),
        ({"classes": ["a", "b", "c"]}, r"teacher must have shape \(2, 3\)"),
    ],
)
def test_fidelity_bad_input(settings, said):
    with pytest.raises(ValueError, match=said):
        FidelityDisplay.from_predictions([[0.5, 0.5]] * 2, [[0.4, 0.6]] * 2, **settings)


# Residual


def test_residual_by_category():
    data = sample(3, 90)
    values = np.resize(["red", "blue", "red"], 90)
    frame = ResidualDisplay.from_predictions(data.y, data.teacher, values).frame()
    assert len(frame) == 3 * 2
    residual = data.one_hot - data.teacher
    for k, name in enumerate(data.classes):
        for value in ("blue", "red"):
            line = frame[(frame["class"] == name) & (frame["value"] == value)].iloc[0]
            own = residual[values == value, k]
            assert line["n_rows"] == len(own)
            assert line["residual"] == pytest.approx(own.mean())
            assert line["standard_error"] == pytest.approx(own.std(ddof=1) / np.sqrt(len(own)))


def test_residual_by_number_has_bins_of_equally_many_rows(weight):
    data = sample(2, 120)
    values = np.random.default_rng(3).normal(size=120)
    display = ResidualDisplay.from_predictions(
        data.y, data.teacher, values, n_bins=4, sample_weight=weight
    )
    frame = display.frame()
    assert frame["n_rows"].tolist() == [30] * 4
    order = np.argsort(values)
    residual = (data.one_hot - data.teacher)[:, 1]
    for line, own in zip(frame.itertuples(), order.reshape(4, 30), strict=True):
        assert line.residual == pytest.approx(np.average(residual[own], weights=weight[own]))
        assert line.place == pytest.approx(values[own].mean())


def test_residual_of_few_numbers_and_of_missing_ones():
    data = sample(2, 60)
    values = np.resize([1.0, 5.0, np.nan], 60)
    frame = ResidualDisplay.from_predictions(data.y, data.teacher, values).frame()
    assert frame["value"].tolist() == ["1", "5", "missing"]
    assert frame["place"].tolist() == [1.0, 5.0, 9.0]
    residual = (data.one_hot - data.teacher)[:, 1]
    expected = [residual[start::3].mean() for start in range(3)]
    assert_allclose(frame["residual"], expected)


def test_residual_of_an_estimator_is_that_of_its_own_rows(case):
    data, model = case.train, case.model
    p = cross_calibrated(case)
    expected = ResidualDisplay.from_predictions(data.y, p, data.X[:, 2], classes=model.classes_)
    found = ResidualDisplay.from_estimator(model, data.X, data.y, 2)
    pd.testing.assert_frame_equal(found.frame(), expected.frame())
    assert found.feature == "feature 2"
    named = pd.DataFrame(data.X, columns=list("abcd"))
    by_name = ResidualDisplay.from_estimator(model, named, data.y, "c")
    pd.testing.assert_frame_equal(by_name.frame(), expected.frame())
    assert by_name.feature == "c"
    sparse = ResidualDisplay.from_estimator(model, sp.csr_array(data.X), data.y, 2)
    pd.testing.assert_frame_equal(sparse.frame(), expected.frame())


def test_residual_bad_input(two):
    data = two.train
    with pytest.raises(ParameterError, match=r"feature must be in 0\.\.3, got 4"):
        ResidualDisplay.from_estimator(two.model, data.X, data.y, 4)
    with pytest.raises(ParameterError, match="must be the number of a column, got 'age'"):
        ResidualDisplay.from_estimator(two.model, data.X, data.y, "age")
    with pytest.raises(InputError, match="must be the 120 rows that the estimator was fitted on"):
        ResidualDisplay.from_estimator(two.model, data.X[:9], data.y[:9], 0)
    with pytest.raises(InputError, match=r"values must have shape \(120,\)"):
        ResidualDisplay.from_predictions(data.y, data.teacher, data.X)


# Strength


# What a fitted search over strengths leaves behind.
SEARCH = SimpleNamespace(
    best_index_=2,
    n_splits_=5,
    cv_results_={
        "param_strength": np.array([1.0, 0.0, 0.5, 0.5]),
        "param_student": np.array(["tree", "tree", "tree", "forest"]),
        "mean_test_score": np.array([-0.5, -0.4, -0.3, -0.6]),
        "std_test_score": np.array([0.2, 0.4, 0.6, 0.8]),
        "smoothed_test_score": np.array([-0.51, -0.41, -0.31, -0.61]),
    },
)


def test_strength_of_an_estimator():
    display = StrengthDisplay.from_estimator(SEARCH).plot()
    frame = display.frame()
    assert frame["strength"].tolist() == [1.0, 0.0, 0.5, 0.5]
    assert frame["score"].tolist() == [-0.5, -0.4, -0.3, -0.6]
    assert frame["standard_error"].tolist() == [0.1, 0.2, 0.3, 0.4]  # of the mean of 5 folds
    assert frame["smoothed"].tolist() == [-0.51, -0.41, -0.31, -0.61]
    assert frame["student"].tolist() == ["tree", "tree", "tree", "forest"]
    assert frame["best"].tolist() == [False, False, True, False]
    assert frame["naive"].isna().all()
    honest = display.ax_.lines[0]
    assert_array_equal(honest.get_xdata(), [0.0, 0.5, 1.0])  # in order, whatever the search's
    assert_array_equal(honest.get_ydata(), [-0.4, -0.3, -0.5])


def test_strength_has_a_curve_per_setting_and_a_point_for_the_direct_student():
    direct = {"loss": "auto", "temperature": 1.0, "correction": "orthogonal", "calibration": None}
    direct |= {"synthetic": None}
    rows = [direct | {"strength": 1.0}]
    for calibration in ("sigmoid", "isotonic"):
        rows += [direct | {"calibration": calibration, "strength": s} for s in (0.0, 1.0)]
    results = {f"param_{key}": np.array([row[key] for row in rows], object) for key in rows[0]}
    scores = dict.fromkeys(("mean_test_score", "std_test_score", "smoothed_test_score"), np.ones(5))
    results |= scores | {"param_student": np.full(5, "tree")}
    search = SimpleNamespace(best_index_=0, cv_results_=results, n_splits_=2)
    assert StrengthDisplay.from_estimator(search).frame()["student"].tolist() == [
        "tree, direct",
        *["tree, calibration sigmoid"] * 2,
        *["tree, calibration isotonic"] * 2,
    ]


def test_strength_of_a_real_search():
    data = sample(2, 90)
    search = DistilledClassifierCV(
        DecisionTreeClassifier(min_samples_leaf=5, random_state=0),
        DecisionTreeClassifier(max_leaf_nodes=4, random_state=0),
        strengths=(0.0, 0.5),
        cv=3,
        random_state=0,
    ).fit(data.X, data.y)
    display = StrengthDisplay.from_estimator(search).plot()
    frame = display.frame()
    assert_allclose(frame["score"], search.cv_results_["mean_test_score"])
    assert_allclose(frame["strength"], np.asarray(search.cv_results_["param_strength"], float))
    assert frame["best"].to_numpy().nonzero()[0].tolist() == [search.best_index_]
    assert sum(frame["student"].str.endswith("direct")) == 1
    error = search.cv_results_["std_test_score"] / 2**0.5  # of three folds, one is lost to the mean
    assert_allclose(frame["standard_error"], error)


def test_strength_shows_what_a_naive_search_would_see():
    """On labels of a nearest neighbour, which leak as they can, weak corrections look better."""
    data = sample(2, 200)
    settings = {"cv": 3, "strengths": (0.0,), "calibrations": (None,), "scoring": "accuracy"}
    search = DistilledClassifierCV(
        KNeighborsClassifier(1), KNeighborsRegressor(1), random_state=0, **settings
    ).fit(data.X, data.y)
    frame = StrengthDisplay.from_estimator(search, data.X, data.y).frame()
    plain, direct = frame["strength"] == 0.0, frame["strength"] == 1.0
    assert frame["naive"][direct].tolist() == pytest.approx(frame["score"][direct].tolist())
    folds = [np.flatnonzero(search.fold_ == k) for k in range(3)]
    hits = []
    for test in folds:  # again by hand
        train = np.setdiff1d(np.arange(200), test)
        student = KNeighborsRegressor(1).fit(data.X[train], search.teacher_proba_[train, 1])
        hits.append(np.mean((student.predict(data.X[test]) > 0.5) == (data.codes[test] == 1)))
    assert frame["naive"][plain].item() == pytest.approx(np.mean(hits))
    drawn = clone(search).set_params(random_state=None).fit(data.X, data.y)
    with pytest.raises(ParameterError, match="folds of the search cannot be drawn again"):
        StrengthDisplay.from_estimator(drawn, data.X, data.y)


def test_strength_draws_naive_scores_beside_honest_ones():
    display = EXAMPLES["strength"]().plot()
    labels = {text.get_text() for text in display.ax_.get_legend().get_texts()}
    assert labels == {"honest", "smoothed", "naive", "chosen"}


def test_strength_bad_input(two):
    with pytest.raises(
        ParameterError, match=r"cv_results_ over strengths.*got DistilledClassifier"
    ):
        StrengthDisplay.from_estimator(two.model)
    with pytest.raises(InputError, match=r"naive must have shape \(2,\)"):
        StrengthDisplay.from_predictions([0, 1], [0.1, 0.2], naive=[0.3])
    with pytest.raises(ParameterError, match=r"best must be an index in 0\.\.1, got 2"):
        StrengthDisplay.from_predictions([0, 1], [0.1, 0.2], best=2)


# Frontier, comparison


def test_pareto_front_is_what_nobody_beats():
    rng = np.random.default_rng(0)
    costs = rng.integers(0, 6, size=(40, 3)).astype(float)
    costs[7] = costs[3]  # twins do not beat each other
    display = FrontierDisplay.from_predictions(list("x" * 40), *costs.T)
    for own, on in zip(costs, display.frame()["on_front"], strict=True):
        beaten = any((other <= own).all() and (other < own).any() for other in costs)
        assert on == (not beaten)


def test_frontier_and_comparison_bad_input():
    with pytest.raises(InputError, match="one value per student"):
        FrontierDisplay.from_predictions(["a"], [0.1, 0.2], [1.0], [1])
    with pytest.raises(ParameterError, match="against must be one of 'latency', 'size_bytes'"):
        FrontierDisplay.from_predictions(["a"], [0.1], [1.0], [1], against="cost")
    with pytest.raises(InputError, match="one value per method"):
        ComparisonDisplay.from_predictions(["a"], [0.1], [0.0, 0.1], [0.2])


# Learning curve


def test_curve_scores_and_errors():
    frame = EXAMPLES["curve"]().frame()
    direct = frame[frame["method"] == "direct"]
    assert_allclose(direct["score"], [0.55, 0.45])
    spread = np.std([0.5, 0.6], ddof=1)
    assert_allclose(direct["standard_error"], [spread * np.sqrt(0.5 + 20 / n) for n in (50, 100)])
    half = 12.706204736 * direct["standard_error"]  # Student's t, one degree of freedom
    assert_allclose(direct["high"] - direct["score"], half)
    assert frame[frame["method"] == "distilled"]["standard_error"].isna().all()


def test_curve_of_an_estimator(two):
    data = sample(2, 90)
    model = two.model
    display = DistillationCurveDisplay.from_estimator(
        model, data.X, data.y, train_sizes=(0.6, 1.0), cv=3, metric="accuracy", random_state=1
    )
    frame = display.frame()
    assert frame["n_rows"].tolist() == [36, 60] * 2
    splits = list(StratifiedKFold(3, shuffle=True, random_state=1).split(data.X, data.y))
    methods = {"direct": model.student, "distilled": model}
    for name, method in methods.items():
        _, _, scores = learning_curve(
            method,
            data.X,
            data.y,
            train_sizes=[36, 60],
            cv=splits,
            scoring="accuracy",
            shuffle=True,
            random_state=1,
        )
        own = frame[frame["method"] == name]
        assert_allclose(own["score"], scores.mean(axis=1))
        widened = [np.sqrt(1 / 3 + 30 / n) for n in (36, 60)]
        assert_allclose(own["standard_error"], scores.std(axis=1, ddof=1) * widened)
    assert display.metric == "accuracy"


def test_curve_bad_input(two):
    data = two.train
    with pytest.raises(ParameterError, match="metric must be one of 'accuracy'"):
        DistillationCurveDisplay.from_estimator(two.model, data.X, data.y, metric="f1")
    with pytest.raises(InputError, match=r"scores\['direct'\] must have shape \(2, number"):
        DistillationCurveDisplay.from_predictions([50, 100], {"direct": [[0.5]]})


def test_a_scorer_is_one_number_for_a_metric(two):
    side = side_of(two.model)
    rows = carried(read_rows(side, two.model, two.test.X, two.test.y, None, None, None))
    given = FitsCarried(two.model).fit(two.test.X, rows), two.test.X, rows
    every = scorer(side, floor=1e-3)(*given)
    assert scorer(side, "brier", floor=1e-3)(*given) == every["brier"]
