"""SQL statements say what the model says, in SQLite."""

import sqlite3

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from skdistill import DistilledClassifier
from skdistill.exceptions import ExportError
from skdistill.export import sql_trees, to_sql
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
)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", ["tree", "stump", "one leaf", "forest", "boosting", "logistic"])
def test_classifiers(name, n_classes):
    X = rows()
    y = np.array(LABELS[n_classes])[classes(X, n_classes)]
    assert to_sql(fitted(CLASSIFIERS[name], X, y), X).largest_difference < 1e-14


@pytest.mark.parametrize("name", ["lightgbm", "histograms"])
def test_boosted_trees_with_missing_numbers(name):
    X = rows()
    y = classes(X, 2) == 1
    X[::3, 0] = np.nan
    assert to_sql(fitted(BOOSTED[name], X, y), X).largest_difference < 1e-14


def test_a_tree_with_missing_numbers():
    X = rows()
    X[::3, 0] = X[1::4, 1] = np.nan
    model = fitted(CLASSIFIERS["tree"], X, classes(np.nan_to_num(X), 5))
    assert to_sql(model, X).largest_difference == 0.0


@pytest.mark.parametrize("name", ["tree", "ridge", "poisson", "network"])
def test_regressors(name):
    X = rows()
    assert to_sql(fitted(REGRESSORS[name], X, numbers(X)), X).largest_difference < 1e-13


@pytest.mark.parametrize("loss", ["brier", "logit"])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_a_decode_step(n_classes, loss):
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"], REGRESSORS["tree"], strength=0.5, loss=loss, cv=3, random_state=0
    )
    assert to_sql(model.fit(X, classes(X, n_classes)), X).largest_difference < 1e-14


def test_a_temperature():
    X = rows()
    model = DistilledClassifier(
        CLASSIFIERS["logistic"],
        CLASSIFIERS["forest"],
        strength=0.5,
        temperature=2.0,
        cv=3,
        random_state=0,
    )
    assert to_sql(model.fit(X, classes(X, 5)), X).largest_difference < 1e-13


def test_a_statement_in_a_database_with_odd_names(tmp_path):
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(rows(), columns=['say "a"', "b b", "c", "d", "e", "select"])
    names = np.array(["it's", "größer"])
    model = fitted(CLASSIFIERS["tree"], X, names[classes(rows(), 2)])
    to_sql(model, X, source="my rows", keep=["id"], path=tmp_path / "student.sql")
    with sqlite3.connect(":memory:") as database:
        X.assign(id=np.arange(len(X))).to_sql("my rows", database, index=False)
        found = pd.read_sql((tmp_path / "student.sql").read_text("utf-8"), database)
    database.close()
    assert list(found) == ["id", "probability_größer", "probability_it's", "label"]
    assert found["id"].tolist() == list(range(len(X)))
    assert found["label"].tolist() == model.predict(X).tolist()
    assert np.array_equal(found.iloc[:, 1:3].to_numpy(), model.predict_proba(X))


@pytest.mark.parametrize("encoder", ["one-hot", "ordinal"])
def test_text_and_preparation(encoder):
    pd = pytest.importorskip("pandas")
    from sklearn.compose import ColumnTransformer

    X = pd.DataFrame(rows()[:, :3], columns=["a", "b", "c"])
    y = classes(rows(), 2)
    X["town"] = np.array(["Bonn", "Köln", "L'Aquila"], dtype=object)[np.arange(len(X)) % 3]
    X.loc[::9, "town"] = np.nan
    X.loc[1::5, "a"] = np.nan
    encode = {
        "one-hot": OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    }[encoder]
    before = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                ["a", "b"],
            ),
            ("town", encode, ["town"]),
        ]
    )
    model = fitted(make_pipeline(before, CLASSIFIERS["tree"]), X, y)
    assert to_sql(model, X).largest_difference == 0.0


@pytest.mark.parametrize("as_text", [False, True])
def test_sets_of_categories(as_text):
    X = rows(300)
    X[:, 3] = np.random.RandomState(0).randint(0, 70, 300)
    y = np.where(X[:, 3] % 3 == 0, 0, classes(X, 2))
    model = LGBMClassifier(
        num_leaves=8, n_estimators=3, min_data_per_group=5, cat_smooth=1, **QUIET
    )
    if as_text:
        pd = pytest.importorskip("pandas")
        X = pd.DataFrame(X, columns=list("abcdef"))
        X["d"] = pd.Categorical([f"it's {each:g}" for each in X["d"]])
        X.loc[::9, "d"] = np.nan
        model.fit(X, y)
    else:
        X[::9, 3] = np.nan
        X[1::9, 3] += 0.5  # LightGBM cuts what is behind the point
        model.fit(X, y, categorical_feature=[3])
    assert "cat_threshold=" in model.booster_.model_to_string()
    assert to_sql(model, X).largest_difference < 1e-14


def test_what_sql_cannot_say_is_named(monkeypatch):
    X = rows(300)
    y = classes(X, 2)
    monkeypatch.setattr(sql_trees, "MOST_LEAVES", 10)
    with pytest.raises(ExportError, match=r"trees of \d+ leaves.*at most 10"):
        to_sql(fitted(CLASSIFIERS["forest"], X, y), X)
