"""A worker that dies costs its tasks, not the fit; an interrupted fit is resumed."""

import _thread
import threading

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill._ground import clusters
from skdistill.exceptions import EngineError, SkdistillWarning
from tests.engines.conftest import dask_cluster
from tests.engines.learners import Mortal, Slow

STUDENT = DecisionTreeClassifier(max_depth=3, random_state=0)


@pytest.fixture(params=["dask", "ray"])
def engine(request, monkeypatch):
    """As elsewhere, but each test has workers of its own to kill, and time to start others.

    A task may cost one worker, not three: to start them is most of the time.
    """
    monkeypatch.setattr(clusters, "DEATHS", 1)
    if request.param == "dask":
        pytest.importorskip("distributed")  # whose settings are there once it is imported
        dask = pytest.importorskip("dask")
        few = dask.config.set({"distributed.scheduler.allowed-failures": 1})
        with few, dask_cluster() as client:
            how = {"client": client, "wait_for_workers_timeout": 120}
            yield lambda: parallel_config("dask", **how)
    else:
        request.getfixturevalue("ray_running")
        yield lambda: parallel_config("ray", n_jobs=2)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "fits.log"
    path.with_suffix(".limit").write_text("0")
    return path


def n_fits(log):
    return len(log.read_text().splitlines()) if log.exists() else 0


def distiller(kind, log, X, **params):
    teacher = kind(log, X[:, 0].max())
    return DistilledClassifier(teacher, STUDENT, strength=0.5, random_state=0, **params)


def test_a_worker_that_dies_costs_its_task_alone(engine, rows, log):
    X, y = rows
    expected = distiller(Mortal, log, X).fit(X, y)
    log.unlink()
    log.with_suffix(".limit").write_text("1")
    with engine(), pytest.warns(SkdistillWarning, match="1 worker.* died during the fit"):
        model = distiller(Mortal, log, X).fit(X, y)
    assert log.with_suffix(".limit").read_text() == "0"
    np.testing.assert_array_equal(model.teacher_proba_, expected.teacher_proba_)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert n_fits(log) >= 5


def test_the_clients_own_notes_on_workers_are_no_sign_of_death(dask_client, rows, log, monkeypatch):
    """The client forgets them every two seconds, to be asked again: no fit may see that."""
    monkeypatch.setattr(type(dask_client), "scheduler_info", lambda *_, **__: {"workers": {}})
    with parallel_config("dask", client=dask_client):
        distiller(Mortal, log, rows[0]).fit(*rows)  # a warning is an error
    assert n_fits(log) == 5


def test_workers_that_always_die_end_the_fit_and_the_next_one_resumes(engine, rows, log, tmp_path):
    X, y = rows
    expected = distiller(Mortal, log, X).fit(X, y)
    log.unlink()
    log.with_suffix(".limit").write_text("99")
    model = distiller(Mortal, log, X, memory=str(tmp_path / "cache"))
    said = r"lost its workers time and again: [0-4] of 5 fits were finished.*kept in .*cache"
    with engine(), pytest.raises(EngineError, match=said):
        model.fit(X, y)
    assert not hasattr(model, "student_")
    done = n_fits(log)
    assert done >= 1
    log.with_suffix(".limit").write_text("0")
    with engine():
        model.fit(X, y)
    assert 5 <= n_fits(log) < done + 5
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_an_interrupted_caller_leaves_a_cluster_that_works(engine, rows, log, tmp_path):
    X, y = rows
    expected = distiller(Slow, log, X).fit(X, y)
    log.unlink()
    slow = log.with_suffix(".slow")
    slow.touch()
    model = distiller(Slow, log, X, memory=str(tmp_path / "cache"))

    def interrupt():
        while n_fits(log) < 4:
            threading.Event().wait(0.05)
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    with engine(), pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    thread.join()
    assert not hasattr(model, "student_")
    slow.unlink()
    with engine():
        model.fit(X, y)
    assert n_fits(log) in (5, 6)  # the one that was under way may have ended nevertheless
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
