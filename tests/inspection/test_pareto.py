"""`frontier`: honest losses, costs of the students themselves, one cross-fit per split."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GroupShuffleSplit, StratifiedKFold, StratifiedShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill._ground.costs import Latency, Parts, count_parts, size_bytes
from skdistill._ground.estimates import Estimate
from skdistill.exceptions import LeakWarning, ParameterError, StudentError, StudentTypeError
from skdistill.inspection import Frontier, FrontierDisplay, FrontierPoint, frontier
from tests.common.data import sample
from tests.inspection.test_comparison import CountingTeacher

DATA = sample(2, 120)
STUDENTS = {
    "stump": DecisionTreeClassifier(max_leaf_nodes=2, random_state=0),
    "tree": DecisionTreeClassifier(max_leaf_nodes=9, random_state=0),
}
MODEL = DistilledClassifier(
    DecisionTreeClassifier(min_samples_leaf=4, random_state=0), cv=3, random_state=0
)


SECONDS = 0.002


class Slow(TransformerMixin, BaseEstimator):
    """A step that takes its time and space."""

    def fit(self, X, y):
        self.ballast_ = np.ones(2000) * len(y)
        return self

    def transform(self, X):
        time.sleep(SECONDS)
        return X

    def __sklearn_is_fitted__(self):
        return hasattr(self, "ballast_")


def point(name, loss, latency, size):
    timed = Latency(1, latency, latency, 5)
    scores = dict.fromkeys(("accuracy", "auc", "brier", "calibration_error"), 0.5)
    return FrontierPoint(name, Estimate(loss, 0.01), scores, timed, size, Parts(nodes=3), 0.5)


FOUND = Frontier(
    (
        point("tiny", 0.5, 1e-5, 100),
        point("middling", 0.6, 1e-4, 1000),
        point("big", 0.4, 1e-3, 10_000),
    ),
    "by hand",
)


def test_losses_on_rows_held_out():
    found = frontier(MODEL, DATA.X, DATA.y, STUDENTS, test_size=0.3, random_state=5, budget=0.0)
    train, test = next(
        StratifiedShuffleSplit(1, test_size=0.3, random_state=5).split(DATA.X, DATA.y)
    )
    assert found.protocol == "36 of 120 rows held out"
    for name, own in zip(STUDENTS, found.points, strict=True):
        model = clone(MODEL).set_params(student=STUDENTS[name])
        model.fit(DATA.X[train], DATA.y[train])
        p = model.predict_proba(DATA.X[test])
        losses = -np.log(np.maximum(p[np.arange(36), DATA.codes[test]], 1e-3))
        assert own.name == name
        assert own.loss.mean == pytest.approx(losses.mean())
        assert own.loss.error == pytest.approx(losses.std(ddof=1) / 6)
        assert own.scores["accuracy"] == pytest.approx(model.score(DATA.X[test], DATA.y[test]))
        assert own.strength == model.strength_
        assert own.parts == count_parts(model.student_)
        assert own.size_bytes == pytest.approx(size_bytes(model.student_), abs=64)
        assert own.latency.n_rows == 1
        assert own.latency.median > 0


def test_losses_by_cross_validation():
    found = frontier(
        MODEL, DATA.X, DATA.y, STUDENTS, cv=3, random_state=5, budget=0.0, latency_rows=50
    )
    assert found.protocol == "cross-validation on 3 folds"
    folds = list(StratifiedKFold(3, shuffle=True, random_state=5).split(DATA.X, DATA.y))
    for name, own in zip(STUDENTS, found.points, strict=True):
        losses, strengths = [], []
        for train, test in folds:
            model = clone(MODEL).set_params(student=STUDENTS[name])
            model.fit(DATA.X[train], DATA.y[train])
            observed = model.predict_proba(DATA.X[test])[np.arange(len(test)), DATA.codes[test]]
            losses.append(-np.log(np.maximum(observed, 1e-3)).mean())
            strengths.append(model.strength_)
        assert own.loss.mean == pytest.approx(np.mean(losses))
        error = np.std(losses, ddof=1) * np.sqrt(1 / 3 + 0.5)
        assert own.loss.error == pytest.approx(error)
        assert own.strength == pytest.approx(np.mean(strengths))
        assert own.latency.n_rows == 50


def test_the_teacher_is_cross_fitted_once_per_split(tmp_path):
    path = tmp_path / "fits"
    model = clone(MODEL).set_params(teacher=CountingTeacher(str(path)))
    frontier(model, DATA.X, DATA.y, STUDENTS, cv=2, random_state=0, budget=0.0)
    assert len(path.read_text(encoding="utf-8").split()) == 2 * 3


def test_groups_are_held_out_whole_and_kept_whole_in_the_folds():
    """Copies of a row in one group: were a fold to split them, the estimator would warn."""
    X, y = np.repeat(DATA.X[:30], 4, axis=0), np.repeat(DATA.y[:30], 4)
    X[:, 0] += np.repeat(np.arange(30), 4)
    groups = np.repeat(np.arange(30), 4)
    settings = {"test_size": 0.2, "random_state": 0, "budget": 0.0}
    found = frontier(MODEL, X, y, STUDENTS, groups=groups, **settings)
    assert found.protocol == "24 of 120 rows held out"
    train, test = next(GroupShuffleSplit(1, test_size=0.2, random_state=0).split(X, y, groups))
    for name, own in zip(STUDENTS, found.points, strict=True):
        model = clone(MODEL).set_params(student=STUDENTS[name])
        p = model.fit(X[train], y[train], groups=groups[train]).predict_proba(X[test])
        observed = p[np.arange(24), np.searchsorted(model.classes_, y[test])]
        by_group = -np.log(np.maximum(observed, 1e-3)).reshape(6, 4).mean(axis=1)
        assert own.loss.mean == pytest.approx(by_group.mean())
        assert own.loss.error == pytest.approx(by_group.std(ddof=1) / np.sqrt(6))
    with pytest.warns(LeakWarning, match="identical row in another fold"):
        frontier(MODEL, X, y, STUDENTS, **settings)


def test_workers_change_no_loss():
    settings = {"cv": 2, "random_state": 0, "budget": 0.0}
    alone = frontier(MODEL, DATA.X, DATA.y, STUDENTS, **settings)
    shared = frontier(MODEL, DATA.X, DATA.y, STUDENTS, n_jobs=2, **settings)
    assert [p.loss for p in alone.points] == [p.loss for p in shared.points]


def test_best_under_a_budget():
    assert FOUND.best_under().name == "big"
    assert FOUND.best_under(latency=1e-4).name == "tiny"
    assert FOUND.best_under(size=10_000).name == "big"
    assert FOUND.best_under(latency=1.0, size=9_999).name == "tiny"
    lost = replace(FOUND, points=(*FOUND.points, point("lost", np.nan, 1e-6, 10)))
    assert lost.best_under(size=99_999).name == "big"
    for limit in (0, -1.0, np.nan, np.inf, "1 ms"):
        with pytest.raises(ParameterError, match=r"latency must be a .*number in"):
            FOUND.best_under(latency=limit)
        with pytest.raises(ParameterError, match=r"size must be a .*number in"):
            FOUND.best_under(size=limit)
    said = "the fastest, tiny, takes 1e-05 s, the smallest, tiny, has 100 bytes"
    with pytest.raises(ParameterError, match=said):
        FOUND.best_under(latency=1e-6)


def test_front_leaves_out_who_is_beaten():
    assert [p.name for p in FOUND.front] == ["tiny", "big"]
    assert FOUND.frame()["on_front"].tolist() == [True, False, True]


def test_frame_and_plot():
    frame = FOUND.frame()
    assert frame["loss"].tolist() == [0.5, 0.6, 0.4]
    assert frame["latency"].tolist() == [1e-5, 1e-4, 1e-3]
    assert frame["nodes"].tolist() == [3, 3, 3]
    display = FOUND.plot(against="size_bytes")
    assert display.ax_.get_xlabel() == "bytes on disk"
    assert {text.get_text() for text in display.ax_.texts} == {"tiny", "middling", "big"}
    assert_allclose(display.frame()["size_bytes"], [100, 1000, 10_000])


@pytest.mark.parametrize(
    ("students", "names"),
    [
        (list(STUDENTS.values()), ["decisiontreeclassifier-1", "decisiontreeclassifier-2"]),
        (list(STUDENTS.items()), ["stump", "tree"]),
        (("stump", STUDENTS["stump"]), ["stump"]),
        (STUDENTS["stump"], ["decisiontreeclassifier"]),
    ],
    ids=["list", "pairs", "pair", "student"],
)
def test_students_are_named_as_a_search_names_them(students, names):
    settings = {"random_state": 5, "budget": 0.0}
    found = frontier(MODEL, DATA.X, DATA.y, students, **settings)
    known = frontier(MODEL, DATA.X, DATA.y, STUDENTS, **settings)
    assert [p.name for p in found.points] == names
    for own, same in zip(found.points, known.points, strict=False):
        assert own.scores == same.scores


def test_display_from_estimator_is_that_of_frontier():
    settings = {"random_state": 0, "budget": 0.0}
    display = FrontierDisplay.from_estimator(MODEL, DATA.X, DATA.y, STUDENTS, **settings)
    expected = frontier(MODEL, DATA.X, DATA.y, STUDENTS, **settings).display()
    columns = ["student", "loss", "standard_error", "size_bytes"]
    pd.testing.assert_frame_equal(display.frame()[columns], expected.frame()[columns])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"students": {}}, "students must hold at least one, as .*, got {}"),
        (
            {"students": []},
            r"students must be an estimator or a non-empty list.*, got \[\]",
        ),
        ({"students": "tree"}, "students must be an estimator.*, got 'tree'"),
        ({"students": 1_000 * [1]}, "student must be a scikit-learn estimator.*, got 1"),
        ({"students": {"a": 1_000 * [1]}}, r"student must be .*, got \[1, 1.{1,200}$"),
        ({"students": (1_000 * [1], 1, 2)}, r"every student must be .*, got .{1,200}$"),
        ({"students": list(STUDENTS.items()) * 2}, "different names, got 'stump' twice"),
        (
            {"students": (STUDENTS["tree"], {"max_depth": [1, 2]})},
            "frontier takes no grids of parameters, got {'max_depth'.*name each student",
        ),
        ({"test_size": 1.0}, "test_size must be a finite number"),
        ({"cv": 3, "test_size": 0.5}, "test_size=0.5 has no effect with cv=3"),
        ({"latency_rows": 0}, "latency_rows must be an integer of at least 1"),
    ],
)
def test_bad_settings(settings, said):
    students = settings.pop("students", STUDENTS)
    with pytest.raises((ParameterError, StudentTypeError), match=said):
        frontier(MODEL, DATA.X, DATA.y, students, **settings)


def test_a_student_without_a_route_raises():
    from sklearn.neighbors import KNeighborsClassifier

    with pytest.raises(StudentError, match="no route can distil into KNeighborsClassifier"):
        frontier(MODEL, DATA.X, DATA.y, {"nn": KNeighborsClassifier()}, random_state=0)


def test_what_stands_before_the_student_is_weighed_and_timed():
    """And fitted on the training part alone: a front that remembers its rows tells which."""
    frame = pd.DataFrame(DATA.X).assign(kind=np.resize(["a", "b", "c"], len(DATA.X)))
    frame.columns = frame.columns.map(str)
    encode = ColumnTransformer(
        [("kind", OneHotEncoder(sparse_output=False), ["kind"])], remainder="passthrough"
    )
    whole = make_pipeline(encode, Slow(), MODEL)
    found = frontier(whole, frame, DATA.y, STUDENTS, random_state=0, budget=0.0)
    train, test = next(
        StratifiedShuffleSplit(1, test_size=0.25, random_state=0).split(frame, DATA.y)
    )
    for name, own in zip(STUDENTS, found.points, strict=True):
        model = clone(whole).set_params(distilledclassifier__student=STUDENTS[name])
        model.fit(frame.iloc[train], DATA.y[train])
        p = model.predict_proba(frame.iloc[test])[np.arange(len(test)), DATA.codes[test]]
        assert own.loss.mean == pytest.approx(-np.log(np.maximum(p, 1e-3)).mean())
        shipped = Pipeline([*model[:-1].steps, ("model", model[-1].student_)])
        assert own.size_bytes == pytest.approx(size_bytes(shipped), rel=0.05)
        assert own.size_bytes > size_bytes(model[-1].student_) + 10_000
        assert own.parts == count_parts(model[-1].student_)
        assert own.latency.median > SECONDS


def test_a_pipeline_that_ends_in_no_distiller():
    with pytest.raises(ParameterError, match="must be a DistilledClassifier, got DecisionTree"):
        frontier(make_pipeline(Slow(), STUDENTS["tree"]), DATA.X, DATA.y, STUDENTS)


def test_it_prints_a_line_per_student() -> None:
    lines = str(FOUND).splitlines()
    assert lines[0] == FOUND.protocol
    for line, each in zip(lines[1:], FOUND.points, strict=True):
        assert line.startswith(
            f"{each.name}: log-loss {each.loss.mean:.4f} (standard error 0.0100)"
        )
        assert line.endswith(", on the front") == (each in FOUND.front)
    assert "per call of 1 row(s)" in lines[1]
    unknown = replace(FOUND.points[0], size_bytes=None, loss=Estimate(0.5))
    assert str(unknown).startswith(f"{unknown.name}: log-loss 0.5000, ")


@pytest.mark.parametrize("against", ["latency", "size_bytes"])
@pytest.mark.parametrize("seed", range(3))
def test_names_stand_inside_the_axes_and_on_no_other_name(against, seed):
    """Long names, losses close together, costs on a logarithm: as a search leaves them."""
    rng = np.random.default_rng(seed)
    size = np.sort(np.exp(rng.uniform(0, 8, 9)))
    loss = 0.3 + 0.01 * np.arange(9)[::-1] + rng.uniform(0, 0.004, 9)
    names = [
        f"learner (max_leaf_nodes={n}), {'direct' if n % 2 else 'distilled'}" for n in range(9)
    ]
    display = FrontierDisplay.from_predictions(names, loss, 1e-6 * size, size, against=against)
    ax = display.plot().ax_
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == display.table["on_front"].sum()
    assert not any(", d" in text.get_text() for text in ax.texts)  # colours say that
    frame = ax.get_window_extent()
    for i, box in enumerate(boxes):
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        same_side = [
            other for other in boxes[:i] if abs(other.x0 - box.x0) < 1 or abs(other.x1 - box.x1) < 1
        ]
        assert not any(box.overlaps(other) for other in same_side)
    assert {"direct", "distilled"} <= set(ax.get_legend_handles_labels()[1])


def test_the_page_of_a_frontier(tmp_path):
    close = replace(FOUND, points=(*FOUND.points, point("nearly", 0.403, 1e-4, 5000)))
    assert close.sentence == (
        "big loses least: log-loss 0.4000; within 1% of it, nearly is 10 times as fast."
    )
    assert FOUND.sentence.endswith("none within 1% of it is faster.")
    lost = replace(FOUND, points=(point("lost", np.nan, 1e-6, 10),))
    assert lost.sentence == "No student could be judged."
    close.save(tmp_path / "frontier.html")
    page = (tmp_path / "frontier.html").read_text(encoding="utf-8")
    assert page.index(close.sentence) < page.index("<img") < page.index("middling")
    assert page.count("<td>yes</td>") == len(close.front)
    assert "by hand" in page
    assert str(close).startswith("by hand")
