"""Descriptions in JSON, read back, say what the model says."""

import json

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skdistill.exceptions import ExportError
from skdistill.export import to_json
from skdistill.export.description import read_back
from skdistill.export.numpy_run import compute
from tests.export.students import (
    BOOSTED,
    CLASSIFIERS,
    LABELS,
    QUIET,
    REGRESSORS,
    classes,
    fitted,
    numbers,
    rows,
    say,
)


def strict(content):
    """Return what is in a JSON text, which must have no word that JSON has not."""
    return json.loads(content, parse_constant=pytest.fail)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", CLASSIFIERS | BOOSTED)
def test_classifiers(name, n_classes, tmp_path):
    X = rows()
    y = np.array(LABELS[n_classes])[classes(X, n_classes)]
    model = fitted((CLASSIFIERS | BOOSTED)[name], X, y)
    exported = to_json(model, X, path=tmp_path / "student.json")
    told = strict(exported.path.read_text("utf-8"))
    assert told["version"] == 1
    assert told["classes"] == LABELS[n_classes]
    found = compute(read_back(exported.content).piece, rows(seed=3))
    np.testing.assert_allclose(found, say(model, rows(seed=3)), rtol=0, atol=exported.tolerance)


@pytest.mark.parametrize("name", ["tree", "forest", "poisson", "network"])
def test_regressors(name):
    X = rows()
    assert to_json(fitted(REGRESSORS[name], X, numbers(X)), X).largest_difference < 1e-13


def test_missing_numbers_and_sets_of_categories():
    X = rows(300)
    X[:, 3] = np.random.RandomState(0).randint(0, 70, 300)
    y = np.where(X[:, 3] % 3 == 0, 0, classes(X, 2))
    X[::9, 3] = X[::4, 0] = np.nan
    model = LGBMClassifier(
        num_leaves=8, n_estimators=3, min_data_per_group=5, cat_smooth=1, **QUIET
    ).fit(X, y, categorical_feature=[3])
    assert to_json(model, X).largest_difference < 1e-15
    forest = fitted(CLASSIFIERS["forest"], X, y)
    assert to_json(forest, X).largest_difference == 0.0


def test_text():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"town": ["Bonn", "Köln", None] * 40})
    encoder = OneHotEncoder(sparse_output=False)
    model = make_pipeline(encoder, StandardScaler(), CLASSIFIERS["tree"])
    exported = to_json(fitted(model, frame, [0, 1, 1] * 40), frame)
    assert strict(exported.content)["columns"] == ["town"]


def test_another_operation_is_refused():
    X = rows()
    content = to_json(fitted(CLASSIFIERS["stump"], X, classes(X, 2)), X).content
    with pytest.raises(ExportError, match="no operation 'Iterator'"):
        read_back(content.replace(b'"Rows"', b'"Iterator"'))


def test_another_version_is_refused():
    X = rows()
    content = to_json(fitted(CLASSIFIERS["stump"], X, classes(X, 2)), X).content
    other = json.loads(content) | {"version": 2}
    with pytest.raises(ExportError, match="version 1 was expected, got 2"):
        read_back(json.dumps(other).encode())
