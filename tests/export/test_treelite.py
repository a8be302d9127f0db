"""Treelite's file says what the student says, or is not written."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import CrossEntropy, DistilledClassifier
from skdistill.exceptions import ExportError
from skdistill.export import to_treelite
from tests.export.students import (
    BOOSTED,
    BOOSTED_NUMBERS,
    CLASSIFIERS,
    LABELS,
    REGRESSORS,
    TREES,
    classes,
    fitted,
    numbers,
    rows,
    say,
)

treelite = pytest.importorskip("treelite")
GROWN = TREES | BOOSTED
NUMBERS = {name: REGRESSORS[name] for name in ("tree", "forest", "extra trees", "boosting")}
NUMBERS |= {f"{name}, numbers": model for name, model in BOOSTED_NUMBERS.items()}


def run(path, X, width):
    """Return what a file says in a Treelite that knows nothing of skdistill."""
    said = treelite.gtil.predict(treelite.Model.deserialize(str(path)), X).reshape(len(X), -1)
    return said if said.shape[1] == width else np.column_stack([1 - said, said])


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", GROWN)
def test_classifiers(name, n_classes, tmp_path):
    X, unseen, path = rows(), rows(300, seed=3), tmp_path / "student.tl"
    model = fitted(GROWN[name], X, np.array(LABELS[n_classes])[classes(X, n_classes)])
    exported = to_treelite(model, X, path=path)
    is_softmax = n_classes > 2 and ("boosting" in name or name in BOOSTED)
    assert exported.tolerance == (1e-6 if is_softmax else 1e-12)
    assert exported.versions["treelite"] == treelite.__version__
    np.testing.assert_allclose(
        run(path, unseen, n_classes), say(model, unseen), atol=exported.tolerance
    )


@pytest.mark.parametrize("name", NUMBERS)
def test_regressors(name, tmp_path):
    X, unseen, path = rows(), rows(300, seed=3), tmp_path / "student.tl"
    model = fitted(NUMBERS[name], X, numbers(X))
    to_treelite(model, X, path=path)
    np.testing.assert_allclose(run(path, unseen, 1), say(model, unseen), rtol=1e-12, atol=1e-12)


def test_missing_numbers_and_xgboost(tmp_path):
    X, path = rows(), tmp_path / "student.tl"
    X[::3, 0] = X[1::4, 1] = np.nan
    y = classes(np.nan_to_num(X), 5)
    for name in ("tree", "forest"):
        model = fitted(CLASSIFIERS[name], X, y)
        assert to_treelite(model, X, path=path, tolerance=1e-15).largest_difference < 1e-15
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=4, max_depth=3).fit(X, y)
    assert to_treelite(model, X).tolerance == 1e-6


def test_a_distilled_tree_at_another_temperature():
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"],
        CLASSIFIERS["tree"],
        strength=0.5,
        loss=CrossEntropy(temperature=2.0),
        cv=3,
        random_state=0,
    ).fit(X, classes(X, 2))
    assert to_treelite(model, X).largest_difference < 1e-14


def test_what_has_no_place_is_refused(tmp_path):
    X, path = rows(), tmp_path / "student.tl"
    y = classes(X, 2)
    scaled = make_pipeline(StandardScaler(), CLASSIFIERS["tree"]).fit(X, y)
    decoded = DistilledClassifier(
        CLASSIFIERS["logistic"], REGRESSORS["tree"], strength=0.5, cv=3, random_state=0
    ).fit(X, y)
    for model in (fitted(CLASSIFIERS["logistic"], X, y), scaled, decoded):
        with pytest.raises(ExportError, match="this student is more"):
            to_treelite(model, X, path=path)
    several = fitted(REGRESSORS["tree"], X, np.column_stack([y, 1 - y]))
    with pytest.raises(ExportError, match="of one output"):
        to_treelite(several, X, path=path)
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X).astype({0: "category"}).rename(columns=str)
    model = fitted(BOOSTED["lightgbm"], frame, y)
    with pytest.raises(ExportError, match="text has no place"):
        to_treelite(model, frame, path=path)
    assert not path.exists()
