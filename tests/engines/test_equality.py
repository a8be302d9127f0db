"""A cluster gives the local result to the last bit, at the same number of fits."""

import time

import numpy as np
import pytest
import sklearn
from joblib import parallel_config
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledQuantiles,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill._ground import clusters, engines
from skdistill.inspection import compare, frontier
from tests.engines.learners import Configured, Logged, Threaded, Warning_, spread

FOREST = RandomForestClassifier(10, random_state=0)
NUMBERS = RandomForestRegressor(10, random_state=0)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
NUMERIC_TREE = DecisionTreeRegressor(max_depth=3, random_state=0)
MODELS = {
    "classifier": DistilledClassifier(FOREST, TREE, cv=3, random_state=0),
    "search": DistilledClassifierCV(FOREST, [TREE], strengths=(0.0, 1.0), cv=3, random_state=0),
    "regressor": DistilledRegressor(NUMBERS, NUMERIC_TREE, cv=3, random_state=0),
    "search of numbers": DistilledRegressorCV(NUMBERS, [NUMERIC_TREE], cv=3, random_state=0),
    "quantiles": DistilledQuantiles(
        NUMBERS, quantiles=(0.5, 0.9), quantiles_of=spread, cv=3, random_state=0
    ),
}


def same(model, other, X):
    said = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    np.testing.assert_array_equal(getattr(model, said)(X), getattr(other, said)(X))
    for name in ("teacher_proba_", "teacher_pred_", "pool_proba_", "pool_pred_"):
        if hasattr(other, name):
            np.testing.assert_array_equal(getattr(model, name), getattr(other, name))
    for count in ("n_teacher_fits", "n_student_fits"):
        if hasattr(other.report_, count):
            assert getattr(model.report_, count) == getattr(other.report_, count)


@pytest.mark.parametrize("name", MODELS)
def test_estimators_give_the_same_bits(engine, rows, name):
    X, y = rows
    weight = 1.0 + (np.arange(len(y)) % 3)
    y = y if sklearn.base.is_classifier(MODELS[name]) else X[:, 1] + y
    given = {"sample_weight": weight, "groups": np.arange(len(y)) // 2}
    expected = sklearn.clone(MODELS[name]).fit(X, y, **given)
    with engine():
        model = sklearn.clone(MODELS[name]).fit(X, y, **given)
    same(model, expected, X)


def test_compare_gives_the_same_scores_at_as_many_fits(engine, rows, tmp_path):
    X, y = rows
    found = []
    for where in (None, engine):
        log = tmp_path / f"{len(found)}.log"
        model = DistilledClassifier(Logged(log), TREE, strength=0.5, cv=3, random_state=0)
        how = {"cv": 3, "n_repeats": 1, "random_state": 0}
        if where is None:
            scores = compare(model, X, y, **how).scores
        else:
            with where():
                scores = compare(model, X, y, **how).scores
        found.append((scores, len(log.read_text().splitlines())))
    assert found[0] == found[1]


def test_frontier_gives_the_same_losses(engine, rows):
    X, y = rows
    students = {"stump": DecisionTreeClassifier(max_depth=1), "tree": TREE}
    how = {"cv": 3, "random_state": 0, "budget": 0.01}
    expected = frontier(MODELS["classifier"], X, y, students, **how)
    with engine():
        found = frontier(MODELS["classifier"], X, y, students, **how)
    assert [p.loss for p in found.points] == [p.loss for p in expected.points]


def test_rows_are_placed_once_and_what_a_learner_does_in_parallel_stays_there(
    engine, rows, tmp_path, monkeypatch
):
    X, y = rows
    placed = []
    for kind in (clusters.DaskCluster, clusters.RayCluster):
        put = kind.put

        def noted(self, value, put=put):
            placed.append(value)
            return put(self, value)

        monkeypatch.setattr(kind, "put", noted)
    log = tmp_path / "fits.log"
    with engine():
        model = DistilledClassifierCV(Logged(log), [TREE], cv=3, random_state=0).fit(X, y)
    assert sum(isinstance(value, np.ndarray) and value.shape == X.shape for value in placed) == 1
    assert len(log.read_text().splitlines()) == model.report_.n_teacher_fits == 6


def test_rows_stay_on_all_workers_of_dask_while_a_fit_lasts(dask_client, rows):
    def copies(of):
        return len(dask_client.who_has().get(of.key, ()))

    with parallel_config("dask", client=dask_client), engines.engine() as cluster:
        sent, other = cluster.place(rows[0]), dask_client.scatter(rows[1], hash=False)
        key = sent.key
        until(lambda: len(waiting(dask_client, key)) == 2)
        for each in (sent, other):
            dask_client.replicate(each)
        assert copies(sent) == copies(other) == 2
        until(lambda: copies(other) == 1, dask_client.amm.run_once)
        assert copies(sent) == 2
        del sent
    until(lambda: key not in dask_client.who_has())


def waiting(client, key):
    """Return the tasks that wait for something."""

    def look(dask_scheduler):
        return [task.key for task in dask_scheduler.tasks[key].waiters or ()]

    return client.run_on_scheduler(look)


def test_what_tasks_have_in_common_is_sent_once(engine, monkeypatch):
    sent = []
    for kind in (clusters.DaskCluster, clusters.RayCluster):
        put_each = kind.put_each

        def noted(self, values, put_each=put_each):
            sent.extend(values)
            return put_each(self, values)

        monkeypatch.setattr(kind, "put_each", noted)
    own, common = [np.full(3, i) for i in range(4)], np.arange(3)
    tasks = [(i, each, common) for i, each in enumerate(own)]
    with engine():
        found = engines.fan_out(added, (1,), tasks, n_jobs=2, heavy=2)
    assert [each.tolist() for each in found] == [(1 + 2 * i + common).tolist() for i in range(4)]
    assert len(sent) == 5


def added(*values):
    return sum(values)


def until(holds, meanwhile=lambda: None):
    """Wait until something holds, half a minute at most."""
    end = time.monotonic() + 30.0
    while not holds():
        assert time.monotonic() < end
        meanwhile()
        time.sleep(0.1)


def test_scikit_learns_configuration_and_filters_travel(engine, rows, tmp_path):
    X, y = rows
    log = tmp_path / "fits.log"
    with engine(), sklearn.config_context(assume_finite=True):
        DistilledClassifier(Configured(log), TREE, strength=0.5, cv=3).fit(X, y)
    assert len(log.read_text().splitlines()) == 3
    if tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 7):  # before, only the former
        with engine(), pytest.raises(ValueError, match="look out"):
            DistilledClassifier(Warning_(log), TREE, strength=0.5, cv=3).fit(X, y)


def test_metadata_reaches_the_workers(engine, rows, tmp_path):
    X, y = rows
    with sklearn.config_context(enable_metadata_routing=True):
        teacher = Logged(tmp_path / "fits.log").set_fit_request(sample_weight=True)
        student = sklearn.clone(TREE).set_fit_request(sample_weight=True)
        model = DistilledClassifier(teacher, student, cv=3, random_state=0)
        weight = 1.0 + (np.arange(len(y)) % 3)
        expected = sklearn.clone(model).fit(X, y, sample_weight=weight)
        with engine():
            same(model.fit(X, y, sample_weight=weight), expected, X)


def test_threads_follow_the_workers_cores(engine, rows, tmp_path, monkeypatch):
    X, y = rows
    log = tmp_path / "fits.log"
    monkeypatch.setattr("joblib.cpu_count", lambda: 64)  # of the caller
    with engine():
        DistilledClassifier(
            Threaded(log, n_threads=-1), TREE, strength=0.5, cv=3, random_state=0
        ).fit(X, y)
    assert 1 <= int(log.with_suffix(".threads").read_text()) < 32
