"""Thresholds that stand for rounding to single precision do what rounding does."""

import numpy as np
import pytest

from skdistill.export.numpy_run import go_down
from skdistill.export.pieces import Answer, As, Leaves, Rows, Trees
from skdistill.export.rounding import without_rounding


def stump(threshold, strict):
    one = np.zeros(1, dtype=np.int64)
    leaf = np.array([-1]), np.array([-2])
    return Trees(one, one, np.array([threshold]), *leaf, np.array([False]), 2, strict=strict)


def changed(trees, of):
    piece = without_rounding(Answer(Leaves(of, trees, np.eye(2))), also_single=True).piece
    assert isinstance(piece.of, Rows)
    return piece.trees


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("single", [False, True], ids=["double", "single"])
def test_every_number_goes_the_way_of_its_rounded_self(strict, single):
    rng = np.random.RandomState(0)
    thresholds = [0.0, 1.0, -1.0, 1.5, 0.1, -0.1, 1e-40, 1e-45, 3.4e38, *rng.normal(size=40)]
    for threshold in thresholds:
        given = np.float32(threshold) if single else np.float64(threshold)
        near = np.float32(threshold)
        for _ in range(3):
            near = np.nextafter(near, np.float32(-np.inf))
        values = []
        for _ in range(6):  # the singles about it, what is halfway, and what is next to these
            above = np.nextafter(near, np.float32(np.inf))
            middle = (float(near) + float(above)) / 2
            values += [float(near), middle, np.nextafter(middle, -1e99), np.nextafter(middle, 1e99)]
            near = above
        values = np.array([*values, threshold, -0.0, 5e-324, np.nan])[:, None]
        values = values[~(np.abs(values[:, 0]) > np.finfo(np.float32).max)]
        rounded = go_down(stump(given, strict), values.astype(np.float32).astype(np.float64))
        trees = changed(stump(given, strict), As(As(Rows(1), "float32"), "float64"))
        assert not trees.strict
        assert np.array_equal(go_down(trees, values), rounded), threshold


def test_rows_that_are_not_rounded_keep_their_thresholds():
    trees = changed(stump(0.1, strict=False), Rows(1))
    assert trees.threshold.tolist() == [0.1]
    trees = changed(stump(0.1, strict=True), Rows(1))
    assert trees.threshold.tolist() == [np.nextafter(0.1, -1)]
