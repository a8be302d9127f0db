"""Random fits of numbers: whatever is combined ends in a sound student, or in an error of ours.

Forty run with the other tests; ``pytest -m long tests/long/test_random_numbers.py`` runs 5,000.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
)
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV, KFold, RepeatedKFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from tests.common.random_fits import (
    COMMON,
    FOLDS,
    N_ROWS,
    ROWS,
    SMALL,
    WEIGHTS,
    Combination,
    run,
    run_many,
)

BOOSTING = SMALL | {"random_state": 0}
TEACHERS: dict[str, Callable[[], Any]] = {
    "line": LinearRegression,
    "tree": lambda: DecisionTreeRegressor(min_samples_leaf=4, random_state=0),
    "forest": lambda: RandomForestRegressor(5, max_depth=4, random_state=0),
    "pipeline": lambda: make_pipeline(StandardScaler(with_mean=False), Ridge()),
    "lightgbm": lambda: LGBMRegressor(**BOOSTING),
    "quantile lightgbm": lambda: LGBMRegressor(**BOOSTING, objective="quantile", alpha=0.8),
    "poisson lightgbm": lambda: LGBMRegressor(**BOOSTING, objective="poisson"),
    "average": lambda: [("line", Ridge()), ("extra", ExtraTreesRegressor(3, random_state=0))],
    "stack": lambda: StackingRegressor([("line", Ridge()), ("tree", TREE())], cv=2),
    "search": lambda: GridSearchCV(Ridge(), {"alpha": [0.1, 10.0]}, cv=2),
    "given": lambda: None,
}


def TREE(**settings: Any) -> Any:  # noqa: N802
    return DecisionTreeRegressor(max_depth=3, random_state=0, **settings)


STUDENTS: dict[str, Callable[[], Any]] = {
    "tree": TREE,
    "poisson tree": lambda: TREE(criterion="poisson"),
    "median tree": lambda: TREE(criterion="absolute_error"),
    "random tree": lambda: ExtraTreeRegressor(random_state=0),
    "forest": lambda: RandomForestRegressor(3, max_depth=3, random_state=0),
    "ridge": Ridge,
    "neighbours": KNeighborsRegressor,
    "poisson": lambda: PoissonRegressor(max_iter=500),
    "gamma": lambda: GammaRegressor(max_iter=500),
    "tweedie": lambda: TweedieRegressor(power=1.5, max_iter=500),
    "quantile": lambda: QuantileRegressor(quantile=0.8, alpha=0.01),
    "lightgbm": lambda: LGBMRegressor(**BOOSTING),
    "gamma lightgbm": lambda: LGBMRegressor(**BOOSTING, objective="gamma"),
    "tweedie lightgbm": lambda: LGBMRegressor(**BOOSTING, objective="tweedie"),
    "quantile lightgbm": lambda: LGBMRegressor(**BOOSTING, objective="quantile", alpha=0.8),
    "median hist": lambda: HistGradientBoostingRegressor(loss="absolute_error", max_iter=3),
    "poisson hist": lambda: HistGradientBoostingRegressor(loss="poisson", max_iter=3),
    "scaled": lambda: TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    "pipeline": lambda: make_pipeline(StandardScaler(with_mean=False), TREE()),
    "default": lambda: None,
}
POSITIVE = {each for each in STUDENTS if each.partition(" ")[0] in ("poisson", "gamma", "tweedie")}
SPLITS = FOLDS | {
    "splitter": lambda: KFold(4),
    "repeated": lambda: RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
}
NUMBERS: dict[str, Callable[[np.ndarray], Any]] = {
    "floats": np.array,
    "single": lambda y: y.astype(np.float32),
    "counts": lambda y: np.round(np.abs(y)).astype(int),
    "positive": lambda y: np.exp(y / 3.0),
    "large": lambda y: 1e6 + 1e4 * y,
    "small": lambda y: 1e-6 * np.abs(y),
    "list": lambda y: y.tolist(),
    "series": pd.Series,
    "nullable": lambda y: pd.Series(y).convert_dtypes(),
    "objects": lambda y: y.astype(object),
    "flags": lambda y: y > 0.0,
    "two": lambda y: np.column_stack([np.exp(y / 3.0), np.exp(-y / 4.0)]),
    "frame": lambda y: pd.DataFrame({"a": np.abs(y) + 0.1, "b": y**2 + 0.1}),
}


@dataclass(frozen=True)
class Case(Combination):
    """One fit of numbers."""

    student: str
    correction: str | None
    calibration: str | None
    strength: Any
    numbers: str
    size: str
    searches: bool

    given: ClassVar[str] = "teacher_pred"
    method: ClassVar[str] = "predict"

    def features(self) -> tuple[Any, Any, np.ndarray]:
        """Return rows, numbers, and predictions of them."""
        rng = np.random.default_rng(self.draw)
        X = np.round(rng.normal(size=(N_ROWS, 4)), 2)
        line = X @ np.random.default_rng(self.draw + 1).normal(size=4)
        noisy = line + rng.normal(size=N_ROWS)
        # A teacher says it in its own words, a student is refused in ours.
        positive = "poisson" in self.teacher or (self.student in POSITIVE and self.draw % 20 > 0)
        y = NUMBERS[self.numbers](np.exp(noisy / 3.0) if positive else noisy)
        plain = np.asarray(y, dtype=np.float64)
        noise = 0.3 * plain.std(axis=0) * rng.normal(size=plain.shape)
        kind = "numpy" if self.is_refused_by_a_learner() else self.rows
        return ROWS[kind](X), y, plain + noise

    def is_refused_by_a_learner(self) -> bool:
        """Whether one of the learners takes no such rows, whoever fits it."""
        if self.rows == "arrow":
            return any(
                "lightgbm" in each or each == "default" for each in (self.teacher, self.student)
            )
        return self.rows == "sparse" and ("hist" in self.student or self.student == "quantile")

    def model(self) -> Any:
        """Return the estimator; most parameters that have an error together are not."""
        parts = TEACHERS[self.teacher](), STUDENTS[self.student]()
        unusual = self.draw % 20 == 0
        follows = self.correction in ("orthogonal", "fast", "slow", "relative", "absolute")
        of_quantile = "quantile" in self.student or "median" in self.student
        fits = not of_quantile or self.calibration in (None, "linear")
        blends = self.further == "none" or unusual
        calibration = self.calibration if blends else self.calibration and "linear"
        makes_rows = self.further == "synthetic" and self.teacher != "given"
        own = {
            "correction": self.correction,
            "strength": self.strength if follows or unusual else "auto",
            "calibration": calibration if fits or unusual else "linear",
            "synthetic": "munge" if makes_rows and self.rows != "sparse" else None,
        }
        common = {"cv": SPLITS[self.folds](), "random_state": 0, "size": self.size}
        if not self.searches or self.teacher == "given":
            return DistilledRegressor(*parts, **own, **common)
        tried = {f"{name}s": (own[name],) for name in ("correction", "calibration", "synthetic")}
        if follows:
            tried["strengths"] = (0.3, 1.0) if own["strength"] == "auto" else (own["strength"],)
        return DistilledRegressorCV(*parts, **tried, **common)

    def check_answers(self, model: Any, found: np.ndarray, X: Any, y: Any) -> None:
        """Check that these are numbers in the shape of y, and positive where the loss wants it."""
        assert found.shape == np.asarray(y).shape
        assert model.report_.to_dict()["teacher"]
        if self.student in POSITIVE:
            assert (found >= 0.0).all()


cases = st.builds(
    Case,
    teacher=st.sampled_from(list(TEACHERS)),
    student=st.sampled_from(list(STUDENTS)),
    correction=st.sampled_from(
        ["orthogonal", "orthogonal", "fast", "slow", "relative", "absolute", None]
    ),
    calibration=st.sampled_from(["linear", "isotonic", "stacked", None]),
    strength=st.sampled_from(["auto", 0.0, 0.3, 1.0]),
    folds=st.sampled_from(list(SPLITS)),
    weights=st.sampled_from(list(WEIGHTS)),
    numbers=st.sampled_from(list(NUMBERS)),
    rows=st.sampled_from(list(ROWS)),
    further=st.sampled_from(["none", "none", "none", "transfer", "synthetic"]),
    size=st.sampled_from(["direct", "direct", "free"]),
    searches=st.sampled_from([False, False, False, False, True]),
    draw=st.integers(0, 10_000),
)


@settings(max_examples=40, derandomize=True, **COMMON)
@given(case=cases)
def test_random_fits(case: Case) -> None:
    run(case)


@pytest.mark.long
@pytest.mark.parametrize("number", range(10))
def test_many_random_fits(number: int) -> None:
    """Ten times 500."""
    run_many(cases, number)
