"""The benchmark of races: what its table says of rows that are known."""

import pandas as pd
import pytest

from benchmarks import racing

ROW = racing.Row("adult", 2000, 0, "tree", 36, 6.0, 2.0, 220, 80, 1, 1, 0.40, 0.41, -0.02, -0.03)
OTHER = racing.Row("magic", 2000, 0, "tree", 36, 4.0, 3.0, 180, 90, 0, 1, 0.30, 0.30, -0.01, -0.01)


def test_a_line_per_search_and_one_for_all():
    table = racing.summary(pd.DataFrame([ROW, OTHER])).set_index("data")
    assert table.loc["adult", "times faster"] == 3.0
    assert table.loc["adult", "fits"] == "220 / 80"
    assert table.loc["adult", "test"] == pytest.approx(0.01)
    assert table.loc["adult", "verdict"] == pytest.approx(-0.01)
    whole = table.loc["all"]
    assert whole["times faster"] == 2.0  # of the sums, so that long searches count for more
    assert whole["fits"] == "400 / 170"
    assert (whole["same"], whole["same setting"]) == (1, 2)
    assert whole["test"] == pytest.approx(0.005)
    assert "6.0 s, raced 2.0 s" in racing.said(ROW)
