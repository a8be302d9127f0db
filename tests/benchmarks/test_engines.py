"""The simulation of many workers: graphs of tasks whose schedule is known."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from benchmarks.engines import Fit, Schedule, schedule, table, tasks_of


def test_a_fit_has_as_many_tasks_as_folds_and_a_search_the_pairs_too():
    fit, search = tasks_of(5, 0, 10.0, 1.0), tasks_of(5, 3, 10.0, 1.0)
    assert [len(stage) for stage in fit] == [5, 5, 1]
    assert [len(stage) for stage in search] == [5 + 10, 15, 1]
    assert sum(search[0]) == pytest.approx(5 * 8.0 + 10 * 6.0)


@pytest.mark.parametrize(("workers", "seconds"), [(1, 45.0), (5, 9.8), (100, 9.8)])
def test_more_workers_than_folds_are_of_no_use(workers, seconds):
    found = schedule(tasks_of(5, 0, 10.0, 1.0), workers)
    assert found.seconds == pytest.approx(seconds)
    assert found.busy <= 1.0
    assert isinstance(found, Schedule)


def test_ratios_are_to_loky_in_the_same_turn():
    seconds = {"loky": (1.0, 2.0, 4.0), "Dask": (1.5, 2.0, 4.4), "Ray": (1.0, 4.0, 4.8)}
    fits = [
        Fit("fit", engine, repeat, 9, each[repeat], 1.1 if engine == "Dask" else np.nan, 0.5)
        for repeat in range(3)
        for engine, each in seconds.items()
    ]
    found = table(pd.DataFrame(map(asdict, fits))).set_index("engine")
    assert found["over loky"].to_dict() == pytest.approx({"loky": 1.0, "Dask": 1.1, "Ray": 1.2})
    assert found["received"].dropna().to_dict() == {"Dask": 1.1}
