"""Short names of learners of numbers: each minimises the loss that it is had for."""

import numpy as np
import pytest
from sklearn.base import clone, is_regressor
from sklearn.utils import get_tags

from skdistill import AbsoluteError, Gamma, Poisson, Quantile, SquaredError, Tweedie
from skdistill.cli.errors import CommandError
from skdistill.cli.number_names import STUDENTS, TEACHERS, having
from skdistill.students import resolve_regressor

LOSSES = [SquaredError(), AbsoluteError(), Quantile(0.8), Poisson(), Gamma(), Tweedie(1.3)]
TEACHING = [(name, loss) for loss in LOSSES for name in having(TEACHERS, loss)]
LEARNING = [(name, loss) for loss in LOSSES for name in having(STUDENTS, loss)]
FAST = ("lightgbm", "histgb", "tree", "linear", "rf10", "xgboost")


def build(name: str, names, loss):
    """Return a learner; skip where it needs a package that is not installed."""
    if name == "xgboost":
        pytest.importorskip("xgboost", reason="the extra skdistill[xgboost] is not installed")
    return having(names, loss)[name].build(3)


@pytest.mark.parametrize(("name", "loss"), LEARNING)
def test_students_minimise_the_loss(name: str, loss) -> None:
    assert resolve_regressor(build(name, STUDENTS, loss)).default_loss == loss


@pytest.mark.parametrize(("name", "loss"), TEACHING)
def test_teachers_are_regressors_with_the_seed(name: str, loss) -> None:
    learner = clone(build(name, TEACHERS, loss))
    assert is_regressor(learner)
    seeds = {k: v for k, v in learner.get_params().items() if k.endswith("random_state")}
    assert set(seeds.values()) - {None} == {3}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", ["teacher", "student"])
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_they_predict_what_the_loss_is_of(loss, kind: str) -> None:
    """A constant column: they predict the mean, the median or the quantile; NaN is taken."""
    rng = np.random.default_rng(0)
    y = rng.gamma(2.0, 3.0, 300)
    gaps = np.where(rng.random((300, 2)) < 0.5, np.nan, 1.0)
    names = TEACHERS if kind == "teacher" else STUDENTS
    for name in having(names, loss):
        if name in FAST:
            learner = build(name, names, loss)
            takes_nan = get_tags(learner).input_tags.allow_nan  # no tree of 1.6 by absolute error
            X = gaps if takes_nan else np.ones_like(gaps)
            said = learner.fit(X, y).predict(X)
            level = float(loss.mean_level(y[:, None])[0])
            assert np.average(said) == pytest.approx(level, rel=0.1), name
            assert loss.lower is None or (said > 0).all()


def test_every_loss_has_teachers_and_students() -> None:
    for loss in LOSSES:
        assert {"vote", "stack", "lightgbm"} <= set(having(TEACHERS, loss))
        assert {"lightgbm", "xgboost"} <= set(having(STUDENTS, loss))


def test_a_package_that_is_missing_is_named(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    with pytest.raises(CommandError, match=r'pip install "skdistill\[xgboost\]", or choose'):
        having(STUDENTS, SquaredError())["xgboost"].build(0)
