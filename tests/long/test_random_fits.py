"""Random fits: whatever is combined ends in a student that can be trusted, or in an error of ours.

Sixty run with the other tests; ``pytest -m long tests/long/test_random_fits.py`` runs 5,000.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV, SoftLogisticRegression
from tests.common.random_fits import (
    COMMON,
    FOLDS,
    N_ROWS,
    ROWS,
    SMALL,
    WEIGHTS,
    Combination,
    is_single,
    run,
    run_many,
)

TEACHERS: dict[str, Callable[[], Any]] = {
    "bayes": GaussianNB,
    "tree": lambda: DecisionTreeClassifier(min_samples_leaf=4, random_state=0),
    "forest": lambda: RandomForestClassifier(5, max_depth=4, random_state=0),
    "logistic": lambda: make_pipeline(StandardScaler(with_mean=False), LogisticRegression()),
    "lightgbm": lambda: LGBMClassifier(**SMALL, random_state=0),
    "average": lambda: [
        ("bayes", GaussianNB()),
        ("extra", ExtraTreesClassifier(3, random_state=0)),
    ],
    "given": lambda: None,
}
STUDENTS: dict[str, Callable[[], Any]] = {
    "tree": lambda: DecisionTreeClassifier(max_depth=3, random_state=0),
    "random tree": lambda: ExtraTreeClassifier(random_state=0),
    "tree of numbers": lambda: DecisionTreeRegressor(max_depth=3, random_state=0),
    "forest": lambda: RandomForestClassifier(3, max_depth=3, random_state=0),
    "forest of numbers": lambda: RandomForestRegressor(3, max_depth=3, random_state=0),
    "ridge": Ridge,
    "bayes": GaussianNB,
    "logistic": LogisticRegression,
    "soft logistic": lambda: SoftLogisticRegression(C=0.5),
    "sparse logistic": lambda: SoftLogisticRegression(C=0.5, l1_ratio=0.5),
    "descent": lambda: SGDClassifier(loss="log_loss", random_state=0),
    "lightgbm": lambda: LGBMClassifier(**SMALL, random_state=0),
    "lightgbm of numbers": lambda: LGBMRegressor(**SMALL, random_state=0),
    "pipeline": lambda: make_pipeline(
        StandardScaler(with_mean=False), DecisionTreeClassifier(max_depth=2, random_state=0)
    ),
    "default": lambda: None,
}
LABELS: dict[str, Callable[[np.ndarray], Any]] = {
    "numbers": lambda codes: codes * 3 - 1,
    "text": lambda codes: np.array(["pear", "fig", "lime"])[codes],
    "objects": lambda codes: np.array(["pear", "fig", "lime"], dtype=object)[codes],
    "list": lambda codes: [f"class {code}" for code in codes],
    "flags": lambda codes: codes == codes.max(),
    "nullable": lambda codes: pd.Series(codes + 2**60, dtype="Int64"),
    "categories": lambda codes: pd.Series(np.array(["pear", "fig", "lime"])[codes]).astype(
        "category"
    ),
}


@dataclass(frozen=True)
class Case(Combination):
    """One fit of classes."""

    student: str
    loss: str
    temperature: float
    correction: str | None
    calibration: str | None
    strength: Any
    labels: str
    n_classes: int
    searches: bool

    given: ClassVar[str] = "teacher_proba"
    method: ClassVar[str] = "predict_proba"

    def features(self) -> tuple[Any, Any, np.ndarray]:
        """Return rows, labels, and probabilities for them."""
        rng = np.random.default_rng(self.draw)
        X = np.round(rng.normal(size=(N_ROWS, 4)), 2)
        scores = X @ np.random.default_rng(self.draw + 1).normal(size=(4, self.n_classes))
        codes = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)
        codes[: 4 * self.n_classes] = np.arange(4 * self.n_classes) % self.n_classes
        y = LABELS[self.labels](codes)
        n_classes = len(np.unique(np.asarray(y)))
        p = rng.dirichlet(np.ones(n_classes), size=N_ROWS)
        kind = "numpy" if self.is_refused_by_a_learner() else self.rows
        return ROWS[kind](X), y, p

    def is_refused_by_a_learner(self) -> bool:
        """Whether one of the learners takes no such rows, whoever fits it."""
        both = self.teacher, self.student
        if self.rows == "arrow":
            return any("lightgbm" in each or each == "default" for each in both)
        return self.rows == "sparse" and any(each in ("bayes", "average") for each in both)

    def settings(self) -> dict[str, Any]:
        """Return the parameters; most that cannot go together, and so have an error, are not."""
        of_numbers = self.student == "ridge" or "of numbers" in self.student
        unusual = self.draw % 20 == 0
        fitting = ("auto", "brier", "logit") if of_numbers else ("auto", "cross_entropy")
        loss = self.loss if unusual or self.loss in fitting else "auto"
        anneals = loss == "cross_entropy" or (loss == "auto" and not of_numbers)
        makes_rows = self.further == "synthetic" and self.teacher != "given"
        blends = self.further == "none" or unusual
        return {
            "loss": loss,
            "temperature": self.temperature if anneals or unusual else 1.0,
            "correction": self.correction,
            "strength": self.strength if self.follows() or unusual else "auto",
            "calibration": self.calibration if blends else self.calibration and "sigmoid",
            "synthetic": "munge" if makes_rows and self.rows != "sparse" else None,
            "cv": FOLDS[self.folds](),
            "random_state": 0,
        }

    def follows(self) -> bool:
        """Whether the correction follows the strength."""
        return self.correction in ("orthogonal", "fast")

    def model(self) -> Any:
        """Return the estimator."""
        parts = TEACHERS[self.teacher](), STUDENTS[self.student]()
        own = self.settings()
        if not self.searches or self.teacher == "given":
            return DistilledClassifier(*parts, **own)
        names = {"losses": "loss"} | {
            f"{name}s": name for name in ("temperature", "correction", "calibration", "synthetic")
        }
        tried = {many: (own[one],) for many, one in names.items()}
        if self.follows():
            tried["strengths"] = (0.3, 1.0) if own["strength"] == "auto" else (own["strength"],)
        return DistilledClassifierCV(*parts, **tried, cv=own["cv"], random_state=0)

    def check_answers(self, model: Any, found: np.ndarray, X: Any, y: Any) -> None:
        """Check that these are probabilities."""
        assert found.shape == (N_ROWS, len(model.classes_))
        assert (found >= 0.0).all()
        assert_allclose(found.sum(axis=1), 1.0, atol=1e-5 if is_single(found, X) else 1e-9)
        assert set(model.predict(X)) <= set(np.asarray(y).tolist())
        scores = [score for of in model.report_.teacher.values() for score in of.values()]
        assert np.isfinite(scores).all()


cases = st.builds(
    Case,
    teacher=st.sampled_from(list(TEACHERS)),
    student=st.sampled_from(list(STUDENTS)),
    loss=st.sampled_from(["auto", "auto", "cross_entropy", "brier", "logit"]),
    temperature=st.sampled_from([1.0, 1.0, 2.0, 0.7]),
    correction=st.sampled_from(["orthogonal", "orthogonal", "fast", "slow", "relative", None]),
    calibration=st.sampled_from(["sigmoid", "temperature", "isotonic", "stacked", None]),
    strength=st.sampled_from(["auto", 0.0, 0.3, 1.0]),
    folds=st.sampled_from(list(FOLDS)),
    weights=st.sampled_from(list(WEIGHTS)),
    labels=st.sampled_from(list(LABELS)),
    rows=st.sampled_from(list(ROWS)),
    n_classes=st.sampled_from([2, 2, 3]),
    further=st.sampled_from(["none", "none", "none", "transfer", "synthetic"]),
    searches=st.sampled_from([False, False, False, False, True]),
    draw=st.integers(0, 10_000),
)


@settings(max_examples=60, derandomize=True, **COMMON)
@given(case=cases)
def test_random_fits(case: Case) -> None:
    run(case)


@pytest.mark.long
@pytest.mark.parametrize("number", range(10))
def test_many_random_fits(number: int) -> None:
    """Ten times 500."""
    run_many(cases, number)
