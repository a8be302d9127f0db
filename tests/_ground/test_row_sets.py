"""Row numbers come back as they went in."""

import pickle

import numpy as np
import pytest

from skdistill._ground.row_sets import Rows


@pytest.mark.parametrize("numbers", [[], [0], [7, 8, 99], [9, 3], [4, 4], list(range(100))])
def test_numbers_come_back_in_their_order(numbers):
    given = np.array(numbers, dtype=np.int64)
    found = pickle.loads(pickle.dumps(Rows.of(given, 100))).numbers
    np.testing.assert_array_equal(found, given)
    assert found.dtype == given.dtype


def test_a_fold_costs_an_eighth_of_a_byte_a_row():
    rows = Rows.of(np.arange(0, 80_000, 2), 80_000)
    assert rows.kept.nbytes == 10_000
