"""The hot paths, timed by pytest-benchmark, so that a regression shows.

``python -m pytest benchmarks/test_hot_paths.py --benchmark-autosave`` keeps the timings in
``.benchmarks``; ``--benchmark-compare --benchmark-compare-fail=median:20%`` holds the next run
against them and fails where a median grew by more. Needs ``pip install "skdistill[dev]"``. Run them
on an idle machine. The tests say what is computed, not how fast it must be.
"""

from typing import Any

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from skdistill import Brier, CrossEntropy, DistilledClassifier, Logit, distillation_path
from skdistill._ground.arrays import project_to_simplex
from skdistill._ground.fingerprints import row_fingerprints
from skdistill.students import SoftCrossEntropy
from skdistill.targets.corrections import Fast, Minimax, Orthogonal, Slow
from skdistill.teaching.calibration import calibrate
from skdistill.teaching.folds import duplicate_share, make_folds

pytest.importorskip("pytest_benchmark", reason="needs pytest-benchmark")

N, K = 20_000, 5
Floats = NDArray[np.float64]
each_count = pytest.mark.parametrize("n_classes", [2, K])


def labels_and_probabilities(n_classes: int, n: int = N) -> tuple[Floats, Floats]:
    """Return one-hot labels and probabilities of a teacher that is often right."""
    rng = np.random.default_rng(0)
    y = np.eye(n_classes)[rng.integers(n_classes, size=n)]
    scores = rng.standard_normal((n, n_classes)) + 2.0 * y
    p = np.exp(scores)
    return y, p / p.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def rows() -> tuple[Floats, NDArray[np.int64]]:
    """Return rows of two classes."""
    return make_classification(5_000, 20, n_informative=8, flip_y=0.1, random_state=0)


@each_count
@pytest.mark.parametrize("loss", [Brier(), Logit(), CrossEntropy(), CrossEntropy(2.0)], ids=repr)
def test_target(benchmark: Any, loss: Any, n_classes: int) -> None:
    """Targets of each loss."""
    y, p = labels_and_probabilities(n_classes)
    target = benchmark(loss.target, y, p, np.full(N, 0.5))
    assert target.shape == (N, n_classes)
    assert np.all(np.isfinite(target))


@pytest.mark.parametrize("correction", [Orthogonal(), Fast(), Slow(), Minimax()], ids=repr)
def test_gain(benchmark: Any, correction: Any) -> None:
    """Gains of each correction."""
    _, p = labels_and_probabilities(2)
    gain = benchmark(correction.gain, p, 0.5)
    assert gain.shape[0] == N
    assert 0.0 <= gain.min() <= gain.max() <= 1.0


@each_count
@pytest.mark.parametrize("method", ["sigmoid", "temperature", "isotonic"])
def test_calibrate(benchmark: Any, method: str, n_classes: int) -> None:
    """Fit of each calibration."""
    y, p = labels_and_probabilities(n_classes)
    found = benchmark(calibrate, method, y, p)
    np.testing.assert_allclose(found.transform(p).sum(axis=1), 1.0)


@each_count
def test_project_to_simplex(benchmark: Any, n_classes: int) -> None:
    """Projection of targets that left the simplex."""
    y, p = labels_and_probabilities(n_classes)
    outside = p + 1.5 * (y - p)
    projected, touched = benchmark(project_to_simplex, outside)
    assert touched.any()
    assert projected.min() >= 0.0
    np.testing.assert_allclose(projected.sum(axis=1), 1.0)


@each_count
def test_gradient(benchmark: Any, n_classes: int) -> None:
    """Gradient and Hessian that LightGBM asks for once per tree."""
    _, p = labels_and_probabilities(n_classes)
    target = p[:, 1] if n_classes == 2 else p
    objective = SoftCrossEntropy(target, None)
    scores = np.zeros_like(target)
    gradient, hessian = benchmark(lambda: objective(None, scores.copy()))
    assert gradient.shape == target.shape
    assert hessian.min() > 0.0


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_fingerprints(benchmark: Any, rows: Any, kind: str) -> None:
    """Fingerprints of rows, by which duplicates and folds are recognised."""
    pandas = pytest.importorskip("pandas")
    X = rows[0] if kind == "array" else pandas.DataFrame(rows[0])
    assert len(np.unique(benchmark(row_fingerprints, X))) == len(X)


def test_duplicates_across_folds(benchmark: Any, rows: Any) -> None:
    """Share of rows with a twin in another fold."""
    X, y = rows
    folds = make_folds(5, X, y, random_state=0)
    assert benchmark(duplicate_share, X, folds) == 0.0


def test_folds(benchmark: Any, rows: Any) -> None:
    """Drawing and checking of ten folds."""
    X, y = rows
    assert len(benchmark(lambda: make_folds(10, X, y, random_state=0))) == 10


@pytest.mark.parametrize(
    "student",
    [
        DecisionTreeClassifier(max_leaf_nodes=32),
        LogisticRegression(),
        LGBMClassifier(n_estimators=50, n_jobs=1, verbose=-1),
    ],
    ids=lambda student: type(student).__name__,
)
def test_predict_one_row(benchmark: Any, rows: Any, student: Any) -> None:
    """Prediction of one row."""
    X, y = rows
    p = labels_and_probabilities(2, len(y))[1]
    model = DistilledClassifier(None, student, strength=0.5).fit(X, y, teacher_proba=p)
    assert benchmark(model.predict_proba, X[:1]).shape == (1, 2)


@pytest.mark.parametrize("strength", ["auto", 0.5])
def test_fit_with_known_probabilities(benchmark: Any, rows: Any, strength: Any) -> None:
    """A fit without a teacher: checks, calibration, correction and a small student."""
    X, y = rows
    p = labels_and_probabilities(2, len(y))[1]
    stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    model = DistilledClassifier(None, stump, strength=strength, random_state=0)
    fitted = benchmark(lambda: model.fit(X, y, teacher_proba=p))
    assert fitted.report_.n_teacher_fits == 0


@each_count
def test_path(benchmark: Any, n_classes: int) -> None:
    """Linear students for five strengths and two penalties in three folds."""
    X, y = make_classification(2_000, 20, n_informative=8, n_classes=n_classes, random_state=0)
    p = labels_and_probabilities(n_classes, len(y))[1]
    folds = make_folds(3, X, y, random_state=0).splits
    path = benchmark(lambda: distillation_path(X, y, p, Cs=(0.1, 1.0), folds=folds))
    assert path.converged.all()
