"""Rows in files and in memory: a small run of the benchmark."""

import sys

import pandas as pd
import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space")
def test_the_students_of_files_and_of_memory_are_the_same(tmp_path):
    pytest.importorskip("pyarrow")
    from benchmarks import outofcore

    outofcore.main(["--quick", "--out", str(tmp_path)])
    found = pd.read_csv(tmp_path / "outofcore.csv").set_index("where")
    assert found.index.tolist() == ["files", "memory"]
    assert found.loc["files", ["students apart", "teachers apart"]].max() <= outofcore.AIM
    assert found.loc["files", "MiB"] < 1024 * found.loc["files", "limit, GiB"]
