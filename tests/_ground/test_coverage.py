"""Coverage, against a loop."""

import numpy as np
import pytest

from skdistill._ground.coverage import measure_coverage
from tests.oracles.numeric import pinball


@pytest.mark.parametrize("weighted", [False, True])
def test_coverage_is_what_a_loop_finds(weighted):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 60).astype(float)  # ties with the quantiles
    said = np.sort(rng.integers(0, 5, (60, 3)), axis=1).astype(float)
    w = rng.integers(0, 4, 60).astype(float) if weighted else np.ones(60)
    levels = (0.2, 0.5, 0.9)
    found = measure_coverage(y, said, levels, w if weighted else None, crossed=0.25)
    for j, level in enumerate(levels):
        share = sum(w[i] for i in range(60) if y[i] <= said[i, j]) / w.sum()
        assert found.below[level] == pytest.approx(share)
    inside = [said[i, 0] <= y[i] <= said[i, 2] for i in range(60)]
    assert found.interval == pytest.approx(w[np.array(inside)].sum() / w.sum())
    assert found.nominal == pytest.approx(0.7)
    assert found.width == pytest.approx(np.average(said[:, 2] - said[:, 0], weights=w))
    each = [w[i] * pinball(a, y[i], said[i, j]) for i in range(60) for j, a in enumerate(levels)]
    assert found.loss == pytest.approx(sum(each) / w.sum() / 3)
    assert found.crossed == 0.25
    assert found.to_dict()["n_rows"] == 60
    assert "interval of 70%" in str(found)
    assert "<d" in found._repr_html_()


def test_one_level_has_no_interval():
    found = measure_coverage(np.arange(4.0), np.full((4, 1), 1.0), (0.5,))
    assert (found.interval, found.nominal, found.width) == (None, None, None)
    assert str(found) == "4 rows: 50.0% below 0.5."
