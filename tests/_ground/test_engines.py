"""Tasks on a cluster that loses its workers; real ones start in tests/engines."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier
from skdistill._ground import engines
from skdistill._ground.clusters import Cluster
from skdistill._ground.engines import engine, fan_out, n_slots
from skdistill._ground.threads import thread_budget
from skdistill.exceptions import EngineError, InputError, SkdistillWarning


class GoneError(Exception):
    pass


class DeadError(Exception):
    pass


class Fragile(Cluster):
    """A cluster in this process: of each round of tasks it finishes `steps`, then raises."""

    name = "Fragile"
    gone = (GoneError,)
    dead = (DeadError,)

    def __init__(self, *steps, n_slots=2):
        self.steps = list(steps)
        self.size = n_slots
        self.n_lost = 0
        self.sent = []
        self.asked = []
        super().__init__(None, None)

    def ask(self, function):
        return {"here": function()}

    def put(self, value):
        self.sent.append(value)
        return value

    def put_each(self, values):
        return list(values)

    def slots(self, n_jobs):
        return self.size

    def threads(self, n_jobs, n_tasks):
        return 7

    def lost(self):
        return self.n_lost

    def run(self, calls, n_jobs, verbose):
        calls = list(calls)
        n_done, error = self.steps.pop(0) if self.steps else (len(calls), None)
        self.asked.append(len(calls))
        for number, (function, *arguments) in enumerate(calls):
            if number == n_done:
                raise error
            yield function(*arguments)


@pytest.fixture
def on(monkeypatch):
    def use(*steps, **how):
        cluster = Fragile(*steps, **how)
        monkeypatch.setattr(engines, "active_cluster", lambda: cluster)
        return cluster

    return use


def test_what_is_finished_is_not_run_again(on):
    cluster = on((2, GoneError("one")), (1, GoneError("two")))
    base = np.array([10, 20])
    with engine():
        found = fan_out(np.multiply, (base,), [(1,), (2,), (3,), (4,)])
    np.testing.assert_array_equal(found, [[10, 20], [20, 40], [30, 60], [40, 80]])
    assert cluster.asked == [4, 2, 1]
    assert len(cluster.sent) == 3  # anew each time: it was on the worker that died


def test_shared_values_are_sent_once_for_the_whole_session(on):
    cluster, base = on(), np.arange(3)
    with engine():
        for _ in range(3):
            fan_out(np.add, (base,), [(1,), (2,)])
    assert len(cluster.sent) == 1
    assert cluster.placed == {}


@pytest.mark.parametrize(
    ("steps", "folder", "said"),
    [
        ([(1, GoneError("a"))] * 3, None, r"3 of 4 fits were finished, and none of them is kept"),
        ([(1, DeadError("b"))], None, r"1 of 4 fits were finished.*DeadError: b"),
        ([(1, DeadError("b"))], ".", r"1 of 4 fits were finished, and they are kept in \."),
    ],
)
def test_an_engine_that_gives_up_says_what_is_kept(on, steps, folder, said):
    on(*steps)
    with pytest.raises(EngineError, match=said):
        fan_out(pow, (2,), [(1,), (2,), (3,), (4,)], folder=folder)


def test_lost_workers_are_told_of_at_the_end_at_the_users_line(on, binary):
    cluster = on()
    cluster.n_lost = 2
    X, y = binary
    model = DistilledClassifier(DecisionTreeClassifier(max_depth=2), cv=3, random_state=0)
    with pytest.warns(SkdistillWarning, match="2 worker.* of Fragile died") as caught:
        model.fit(X, y)
    assert [each.filename for each in caught] == [__file__]
    assert sum(value is X for value in cluster.sent) == 1


def test_one_slot_runs_here_and_says_so(on):
    cluster = on(n_slots=1)
    with pytest.warns(SkdistillWarning, match="one task at a time"):
        assert fan_out(pow, (2,), [(1,), (5,)]) == [2, 32]
    assert cluster.sent == []


def test_threads_and_slots_are_the_clusters(on):
    on()
    assert thread_budget(3, 5) == 7
    assert n_slots(64) == 2


def test_a_folder_that_is_not_there_is_told_once(on, tmp_path):
    on()
    with engine():
        with pytest.warns(SkdistillWarning, match="memory must be a folder that all workers"):
            fan_out(pow, (2,), [(1,), (2,)], folder=str(tmp_path / "elsewhere"))
        fan_out(pow, (2,), [(1,), (2,)], folder=str(tmp_path / "elsewhere"))


def test_rows_on_a_device_are_refused(on):
    strict = pytest.importorskip("array_api_strict")
    on()
    with pytest.raises(InputError, match="must be on the host"):
        fan_out(np.add, (strict.asarray([1.0]),), [(1,), (2,)])


def test_another_version_is_refused(monkeypatch):
    answers = Fragile(n_slots=2).answers["here"]
    other = {"versions": answers["versions"] | {"numpy": None}, "cores": 1}
    monkeypatch.setattr(Fragile, "ask", lambda *_: {"there": other})
    with pytest.raises(EngineError, match=r"must have numpy .* got none on there: install"):
        Fragile()
    monkeypatch.setattr(Fragile, "ask", lambda *_: {"there": OSError("full")})
    with pytest.raises(EngineError, match="able to run tasks, got from there: OSError: full"):
        Fragile()
