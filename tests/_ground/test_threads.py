"""Threads on small and large work."""

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_info, threadpool_limits

from skdistill._ground.threads import SMALL, few_threads
from skdistill.cli.names import STUDENTS, TEACHERS, resolve


def threads() -> list[int]:
    """Return the numbers of threads of the pools that are loaded."""
    return [pool["num_threads"] for pool in threadpool_info()]


def test_small_work_has_one_thread_and_only_for_its_time() -> None:
    with threadpool_limits(2):
        before = threads()
        with few_threads(SMALL - 1):
            assert set(threads()) == {1}
        assert threads() == before
        with few_threads(SMALL):
            assert threads() == before


def test_the_number_comes_back_after_an_error() -> None:
    before = threads()
    with pytest.raises(RuntimeError), few_threads(1):
        raise RuntimeError
    assert threads() == before


@pytest.mark.parametrize("named", [STUDENTS["lightgbm"], TEACHERS["lightgbm"], TEACHERS["vote"]])
def test_lightgbm_by_name_asks_openmp(named) -> None:
    """A number of its own would not be lowered."""
    params = named.build(0).get_params()
    assert {v for k, v in params.items() if k in ("n_jobs", "lightgbm__n_jobs")} <= {0, None}
    assert 0 in {params.get("n_jobs"), params.get("lightgbm__n_jobs")}


def test_one_thread_computes_the_same(binary) -> None:
    X, y = binary
    for learner in (
        HistGradientBoostingClassifier(max_iter=5, random_state=0),
        resolve("lightgbm", STUDENTS, seed=0),
    ):
        with threadpool_limits(2):
            many = learner.fit(X, y).predict_proba(X)
        with few_threads(1):
            assert (learner.fit(X, y).predict_proba(X) == many).all()
