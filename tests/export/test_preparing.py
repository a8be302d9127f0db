"""What stands before a student: its columns, text among them, go into the file."""

import numpy as np
import pytest
import sklearn
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from skdistill import DistilledClassifier
from skdistill.exceptions import ExportError
from skdistill.export import to_json, to_onnx
from skdistill.export.numpy_run import compute
from skdistill.export.reading import read
from skdistill.export.tables import as_exported
from tests.export.students import CLASSIFIERS, QUIET, classes, fitted, rows, say

pd = pytest.importorskip("pandas")

TOWNS = ["Bonn", "Köln", "Aachen", "Essen"]


def check(model, X, tolerance=1e-12):
    table = as_exported(model, X)
    found = compute(read(model, table.piece).piece, table)
    np.testing.assert_allclose(found, say(model, X), rtol=0, atol=tolerance)
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        return None
    return to_onnx(model, X)


def frame(n=150, *, gaps=False):
    X = rows(n)
    table = pd.DataFrame(X[:, :4], columns=["a", "b", "c", "d"])
    rng = np.random.RandomState(2)
    table["town"] = np.array(TOWNS, dtype=object)[rng.randint(0, 4, n)]
    table["floor"] = rng.randint(-1, 4, n)
    if gaps:
        table.loc[::7, "town"] = None
        table.loc[1::5, "a"] = np.nan
    return table


def goal(table, n_classes=2):
    return classes(np.nan_to_num(table[["a", "b", "c"]].to_numpy()), n_classes)


@pytest.mark.parametrize("learner", ["tree", "logistic"])
@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        RobustScaler(),
        MinMaxScaler(),
        MinMaxScaler(clip=True),
        MaxAbsScaler(),
        SelectKBest(k=3),
        FunctionTransformer(),
        "passthrough",
    ],
    ids=str,
)
def test_a_scaler_and_a_learner(scaler, learner):
    X = rows()
    check(fitted(make_pipeline(scaler, CLASSIFIERS[learner]), X, classes(X, 5)), X)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
@pytest.mark.parametrize("indicator", [False, True])
def test_an_imputer(strategy, indicator):
    X = rows()
    y = classes(X, 2)
    X[::5, 0] = X[1::7, 3] = np.nan
    imputer = SimpleImputer(strategy=strategy, add_indicator=indicator)
    check(fitted(make_pipeline(imputer, CLASSIFIERS["tree"]), X, y), X)


def columns(encoder, *, fill=None):
    town = encoder if fill is None else make_pipeline(fill, encoder)
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["a", "b", "c"]),
            ("town", town, ["town"]),
            ("floor", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["floor"]),
        ]
    )


ENCODERS = {
    "one-hot": OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "one-hot, strict": OneHotEncoder(sparse_output=False),
    "one-hot, one dropped": OneHotEncoder(drop="first", sparse_output=False),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "ordinal, strict": OrdinalEncoder(encoded_missing_value=-5),
}


@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "gaps"])
@pytest.mark.parametrize("learner", ["tree", "logistic"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_columns_of_a_frame(encoder, learner, gaps):
    if gaps and encoder == "ordinal":
        pytest.skip("leaves missing numbers, which the logistic regression refuses")
    X = frame(gaps=gaps)
    model = fitted(make_pipeline(columns(ENCODERS[encoder]), CLASSIFIERS[learner]), X, goal(X))
    check(model, X)


def test_missing_text_is_filled():
    X = frame(gaps=True)
    fill = SimpleImputer(strategy="constant", fill_value="none")
    model = make_pipeline(columns(ENCODERS["one-hot"], fill=fill), CLASSIFIERS["logistic"])
    check(fitted(model, X, goal(X)), X)


@pytest.mark.parametrize("chosen", [["b", "a"], [1, 0], slice(0, 2), slice("a", "b"), "mask"])
def test_ways_to_choose_columns(chosen):
    X = frame()
    chosen = [True, True, False, False, False, False] if chosen == "mask" else chosen
    before = ColumnTransformer([("some", StandardScaler(), chosen), ("none", "drop", ["town"])])
    check(fitted(make_pipeline(before, CLASSIFIERS["tree"]), X, goal(X)), X)
    rest = ColumnTransformer(
        [("town", ENCODERS["one-hot"], ["town"])],
        remainder="passthrough",
        transformer_weights={"town": 0.5},
    )
    check(fitted(make_pipeline(rest, CLASSIFIERS["tree"]), X, goal(X)), X)


def test_a_distilled_pipeline_answers_by_the_names_of_its_columns():
    onnxruntime = pytest.importorskip("onnxruntime")
    X = frame()
    student = make_pipeline(columns(ENCODERS["one-hot"]), CLASSIFIERS["tree"])
    teacher = make_pipeline(columns(ENCODERS["one-hot"]), CLASSIFIERS["logistic"])
    model = DistilledClassifier(teacher, student, strength=0.5, cv=3, random_state=0)
    exported = check(model.fit(X, np.array(["no", "yes"])[goal(X)]), X)
    session = onnxruntime.InferenceSession(exported.content)
    assert {each.name: each.type for each in session.get_inputs()} == {
        "a": "tensor(double)",
        "b": "tensor(double)",
        "c": "tensor(double)",
        "town": "tensor(string)",
        "floor": "tensor(double)",
    }
    row = {"a": 0.5, "b": -0.2, "c": 1.0, "floor": 2.0}
    fed = {name: np.array([[value]]) for name, value in row.items()}
    fed["town"] = np.array([["Köln"]], dtype=object)
    label, p = session.run(["label", "probabilities"], fed)
    asked = pd.DataFrame([row | {"town": "Köln", "d": 0.0}])[list(X.columns)]
    asked["floor"] = asked["floor"].astype(int)
    assert label.tolist() == model.predict(asked).tolist()
    np.testing.assert_allclose(p, model.predict_proba(asked), rtol=0, atol=1e-15)


@pytest.mark.parametrize("kind", ["text", "numbers"])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_lightgbm_columns_of_categories(kind, n_classes):
    X = frame(300, gaps=True)
    X["town"] = X["town"].astype("category") if kind == "text" else X["floor"]
    X["floor"] = X["floor"].astype("category")
    y = np.where(X["floor"] == 3, 1, goal(X, n_classes))
    model = LGBMClassifier(
        num_leaves=6, n_estimators=3, min_data_per_group=5, cat_smooth=1, **QUIET
    ).fit(X, y)
    check(model, X)
    with pytest.raises(ExportError, match="dtype category"):
        read(model, as_exported(model, frame()).piece)


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 7),
    reason="scikit-learn 1.6 chooses no columns of polars frames by name",
)
def test_polars_frames_with_text():
    pl = pytest.importorskip("polars")
    X = pl.from_pandas(frame())
    model = make_pipeline(columns(ENCODERS["one-hot"]), CLASSIFIERS["tree"])
    check(fitted(model, X, goal(frame())), X)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (OneHotEncoder(min_frequency=20, drop="first"), "infrequent categories with drop of One"),
        (OrdinalEncoder(min_frequency=20), "infrequent categories of OrdinalEncoder"),
        (FunctionTransformer(np.abs), "func="),
        (MinMaxScaler((-1, 1), clip=True), "clip=True"),
        (SimpleImputer(missing_values=0.0), "missing_values=0.0"),
    ],
)
def test_settings_that_no_file_has_are_named(before, said):
    X = np.round(rows(), 0)
    model = fitted(make_pipeline(before, CLASSIFIERS["tree"]), X, classes(rows(), 2))
    with pytest.raises(ExportError, match=said):
        read(model, as_exported(model, X).piece)


def test_columns_that_a_file_cannot_take_are_named():
    X = frame()
    model = fitted(make_pipeline(columns(ENCODERS["one-hot"]), CLASSIFIERS["tree"]), X, goal(X))
    dates = X.assign(c=pd.Timestamp("2024-01-01"))
    with pytest.raises(ExportError, match="column 'c' holds dates, which only skrub's"):
        to_json(model, dates)
    spans = X.assign(c=pd.Timedelta("1h"))
    with pytest.raises(ExportError, match=r"column 'c'.*timedelta"):
        as_exported(model, spans)
    both = X.assign(town=["", None] * 75)
    with pytest.raises(ExportError, match="column 'town' has \"\" beside missing"):
        as_exported(model, both)
    named = frame().rename(columns={"town": "label"})
    before = ColumnTransformer([("one", ENCODERS["one-hot"], ["label"])])
    model = fitted(make_pipeline(before, CLASSIFIERS["tree"]), named, goal(X))
    pytest.importorskip("onnxruntime")
    with pytest.raises(ExportError, match="rename"):
        to_onnx(model, named)
