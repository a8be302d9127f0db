"""`benchmarks.formats`: the table says what the rows say, the picture what rounding does."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost")

from benchmarks import formats

OUTCOMES = {
    "exact": ["exact"] * 6,
    "exact, but text": ["exact", "exact", "refused"] * 2,
    "exact, but 5 classes": ["exact"] * 3 + ["refused"] * 3,
    "exact, but 2 of 6": ["exact", "refused", "exact"] * 1 + ["exact", "exact", "refused"],
    "exact in single": ["exact in single"] * 6,
    "no": ["refused"] * 6,
}


@pytest.mark.parametrize("said", OUTCOMES)
def test_a_line_says_what_is_exact_and_what_is_left_out(said):
    cells = [(kind, classes) for classes in (2, 5) for kind in formats.KINDS]
    rows = pd.DataFrame(
        [
            formats.Row("tree", *cell, form, outcome, 0.0, 1, "")
            for cell, outcome in zip(cells, OUTCOMES[said], strict=True)
            for form in formats.FORMATS
        ]
    )
    line = formats.table_of(rows).iloc[0].to_dict()
    assert line == {"student": "tree"} | dict.fromkeys(formats.FORMATS, said)


def test_refusals_that_say_the_same_are_one_line():
    rows = pd.DataFrame(
        [
            formats.Row(student, "text", classes, "C", "refused", np.nan, 0, "text is refused")
            for student in ("tree", "ridge")
            for classes in (2, 5)
        ]
    )
    assert formats.reasons_of(rows).to_dict("list") == {
        "format": ["C"],
        "why": ["text is refused"],
        "students": ["tree, ridge"],
    }


def test_numbers_next_to_a_threshold_go_where_rounding_sends_them():
    table = formats.at_a_threshold()
    low, high = table["the tree"].min(), table["the tree"].max()
    assert (low, high) == (0.0, 1.0)
    assert (table["the tree"] != table["number not rounded"].round()).any()
    assert (table["the tree"] != table["threshold in single"].round()).any()


def test_large_whole_numbers_are_told_apart_in_double_precision_alone():
    shares = formats.by_offset(500)
    assert (shares.loc[1e6] == 0.0).all()
    assert (shares.max() > 0.0).all()
    assert shares.loc[1e10, "LightGBM in single"] > 0.5
