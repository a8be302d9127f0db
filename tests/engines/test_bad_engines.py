"""What cannot work is said before the first fit."""

import importlib
import os
import sys
import types

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill._ground import clusters
from skdistill.cli import main
from skdistill.exceptions import EngineError, InputError, SkdistillWarning, TeacherError
from tests.engines.conftest import dask_cluster
from tests.engines.learners import Configured, Logged

TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "fits.log"


def test_workers_of_another_version_are_refused(engine, rows, log, monkeypatch):
    monkeypatch.setattr("skdistill.__version__", "99.0")
    said = r"every worker of (Dask|Ray) must have skdistill 99\.0.*same versions everywhere"
    with engine(), pytest.raises(EngineError, match=said):
        DistilledClassifier(Logged(log), TREE).fit(*rows)
    assert not log.exists()


def test_workers_without_a_package_are_refused(engine, rows, log, monkeypatch):
    ours = types.ModuleType("only_here")
    ours.__version__ = "1.0"
    monkeypatch.setitem(sys.modules, "only_here", ours)
    monkeypatch.setitem(clusters.PACKAGES, "only-here", "only_here")
    with engine(), pytest.raises(EngineError, match=r"must have only-here 1\.0.*got none on"):
        DistilledClassifier(Logged(log), TREE).fit(*rows)
    assert not log.exists()


def test_rows_on_a_device_stay_there(engine, rows, log):
    strict = pytest.importorskip("array_api_strict")
    X, y = rows
    with engine(), pytest.raises(InputError, match="must be on the host to be sent"):
        DistilledClassifier(Logged(log), TREE, strength=0.5).fit(strict.asarray(X), y)
    assert not log.exists()


def test_a_folder_that_workers_do_not_see_is_told(engine, rows, log, tmp_path, monkeypatch):
    monkeypatch.setattr(clusters, "_sees", lambda _: lambda: False)
    model = DistilledClassifier(
        Logged(log), TREE, strength=0.5, cv=3, random_state=0, memory=str(tmp_path / "cache")
    )
    with engine(), pytest.warns(SkdistillWarning, match="memory must be a folder that all workers"):
        model.fit(*rows)


def test_a_scheduler_that_is_gone(dask_client, rows, log):
    distributed = importlib.import_module("distributed")
    client = distributed.Client(dask_client.scheduler.address, set_as_default=False)
    with parallel_config("dask", client=client):
        client.close()
        with pytest.raises(EngineError, match=r"scheduler must be reachable, got .* closed"):
            DistilledClassifier(Logged(log), TREE).fit(*rows)
    assert not log.exists()


def test_a_cluster_without_workers(rows, log):
    with (
        dask_cluster(n_workers=0) as client,
        parallel_config("dask", client=client, wait_for_workers_timeout=1),
        pytest.raises(EngineError, match="Dask cluster must have workers, got none"),
    ):
        DistilledClassifier(Logged(log), TREE).fit(*rows)
    assert not log.exists()


def test_ray_that_is_gone(ray_running, rows, log, monkeypatch):
    def refuse():
        raise ConnectionError("nobody there")

    monkeypatch.setattr(ray_running, "is_initialized", lambda: False)
    monkeypatch.setattr(ray_running, "init", refuse)
    said = "Ray must be reachable, got: nobody there"
    with parallel_config("ray", n_jobs=2), pytest.raises(EngineError, match=said):
        DistilledClassifier(Logged(log), TREE).fit(*rows)
    assert not log.exists()


def test_a_teachers_error_on_a_worker_is_told_as_at_home(engine, rows, log):
    with engine(), pytest.raises(TeacherError, match=r"Configured failed on fold .*not travel"):
        DistilledClassifier(Configured(log), TREE, strength=0.5, cv=3).fit(*rows)


def test_one_slot_of_dask_is_used_and_one_of_ray_is_told_of(rows, log, request):
    X, y = rows
    model = DistilledClassifier(Logged(log), TREE, cv=3, random_state=0)
    expected = model.fit(X, y).predict_proba(X)
    log.unlink()
    with dask_cluster(n_workers=1) as client, parallel_config("dask", client=client):
        np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), expected)
    assert str(os.getpid()) not in log.read_text().split()
    request.getfixturevalue("ray_running")
    with (
        parallel_config("ray", n_jobs=1),
        pytest.warns(SkdistillWarning, match="one task at a time"),
    ):
        np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), expected)


@pytest.fixture
def command(tmp_path):
    """Fit on a table of two columns; without the engine's name."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=400).round(3)
    y = (a + rng.normal(size=400) > 0).astype(int)
    lines = [f"{a[i]},{i % 7},{y[i]}" for i in range(400)]
    table = tmp_path / "rows.csv"
    table.write_text("\n".join(["a,b,y", *lines]))
    out = ["--out", str(tmp_path / "student.joblib")]
    learners = ["--teacher", "sklearn.naive_bayes:GaussianNB", "--student", "tree"]
    return ["fit", str(table), "--target", "y", *learners, *out, "--engine"]


@pytest.mark.parametrize("name", ["spark", "dask://nowhere"])
def test_the_command_line_knows_its_engines(command, capsys, name):
    with pytest.raises(SystemExit):
        main([*command, name])
    assert f"expected local, ray or dask://host:port, got {name!r}" in capsys.readouterr().err


def test_the_command_line_names_a_scheduler_that_is_not_there(command, capsys, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("skdistill.cli.engine.SECONDS", 1)
    assert main([*command, "dask://127.0.0.1:1"]) == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err


def test_the_command_line_fits_on_a_cluster(dask_client, command, capsys):
    address = dask_client.scheduler.address.replace("tcp://", "dask://")
    tables = []
    for name in ("local", address):
        assert main([*command, name]) == 0
        said = capsys.readouterr().out
        tables.append([line.split()[:3] for line in said.splitlines() if "distilled" in line])
    assert tables[0] == tables[1]
