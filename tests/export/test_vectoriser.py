"""The command line's vectoriser, skrub's, goes into the file: numbers and categories."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from skdistill.exceptions import ExportError
from skdistill.export import to_json, to_onnx, to_sql
from skdistill.export.numpy_run import compute
from skdistill.export.pieces import every_piece
from skdistill.export.reading import read
from skdistill.export.tables import as_exported
from tests.export.students import BOOSTED, CLASSIFIERS, QUIET, fitted, installed, rows

pd = pytest.importorskip("pandas")
skrub = pytest.importorskip("skrub")

from skdistill.cli import names  # noqa: E402 - needs the packages above
from skdistill.cli.columns import Column  # noqa: E402
from skdistill.cli.names import resolve  # noqa: E402
from skdistill.cli.vectoriser import make_vectoriser  # noqa: E402

STUDENTS = {
    "tree": CLASSIFIERS["tree"],
    "lightgbm": LGBMClassifier(num_leaves=6, n_estimators=3, **QUIET),
    "histograms": BOOSTED["histograms"],
    "logistic": CLASSIFIERS["logistic"],
    "network": CLASSIFIERS["network"],
    "soft logistic": CLASSIFIERS["soft logistic"],
}
TAKES_GAPS = ("tree", "lightgbm", "histograms")


def frame(n=150, *, gaps=True):
    """Return numbers, codes beyond single precision, yes and no, text, and categories."""
    rng = np.random.RandomState(0)
    X = pd.DataFrame(rows(n)[:, :2], columns=["a", "b"])
    X["code"] = rng.randint(1, 4, n) * 1e9 + rng.randint(0, 99, n)
    X["floor"] = rng.randint(-1, 4, n)
    X["yes"] = rng.rand(n) > 0.5
    X["town"] = np.array(["Bonn", "Köln", "it's", "NA", " "], dtype=object)[rng.randint(0, 5, n)]
    X["kind"] = pd.Categorical(np.array(["p", "q"])[rng.randint(0, 2, n)])
    if gaps:
        X.loc[::5, "a"] = np.nan
        X.loc[::7, "town"] = None
    return X


def goal(X):
    score = np.nan_to_num(X["a"]) + 2.0 * (X["town"] == "Köln") + X["floor"]
    return (score > score.median()).to_numpy()


def piped(X, student, columns=(), **settings):
    table = make_vectoriser(0, columns)
    table.named_steps["table"].set_params(**settings)
    return fitted(Pipeline([*table.steps, ("student", student)]), X, goal(X))


@pytest.mark.parametrize(
    ("name", "precision"), [*((name, "single") for name in STUDENTS), ("logistic", "double")]
)
def test_students_behind_it(name, precision):
    X = frame(gaps=name in TAKES_GAPS)
    X = X.drop(columns="code") if precision == "single" else X
    columns = [Column("code", "number", wide=True)] if precision == "double" else []
    model = piped(X, STUDENTS[name], columns)
    export = to_onnx if installed("onnxruntime") else to_json
    proofs = [export(model, X), *([to_sql(model, X)] if name == "lightgbm" else [])]
    exact = precision == "double" or name in TAKES_GAPS
    for each in proofs:
        # Up to scikit-learn 1.6 a linear student computes in double whatever its rows are.
        assert each.largest_difference <= each.tolerance <= (1e-12 if exact else 1e-6)


@pytest.mark.parametrize("student", ["logistic", "mlp"])
@pytest.mark.parametrize("form", [to_onnx, to_json])
def test_gaps_are_marked_in_the_precision_of_the_numbers_beside_them(student, form):
    """The command line's own students fill gaps, and mark where there were some."""
    if form is to_onnx and not (installed("onnx") and installed("onnxruntime")):
        pytest.skip("onnxruntime is not installed")
    X = frame()  # its codes are rounded
    learner = resolve(student, names.STUDENTS, 0)
    learner.set_params(**({"mlp__max_epochs": 3} if student == "mlp" else {}))
    model = piped(X, learner)
    assert form(model, X).largest_difference <= 1e-6


@pytest.mark.parametrize("name", names.STUDENTS)
def test_each_piece_is_computed_in_its_own_precision(name):
    X = frame()
    learner = resolve(name, names.STUDENTS, 0)
    learner.set_params(**({"mlp__max_epochs": 3} if name == "mlp" else {}))
    model = piped(X, learner)
    table = as_exported(model, X)
    for piece in every_piece(read(model, table.piece).piece):
        if piece.dtype != "text":
            assert compute(piece, table).dtype == piece.dtype, piece


@pytest.mark.parametrize("unknown", ["infrequent_if_exist", "ignore"])
@pytest.mark.parametrize("share", [{"max_categories": 3}, {"min_frequency": 20}])
def test_rare_categories_share_a_column(share, unknown):
    X = frame()
    X["town"] = np.array(list("aaaaaabbbcde"), dtype=object)[np.arange(len(X)) % 12]
    X.loc[::11, "town"] = None
    encoder = OneHotEncoder(handle_unknown=unknown, sparse_output=False, dtype="float32", **share)
    model = piped(X, CLASSIFIERS["tree"], low_cardinality=encoder)
    names = model.named_steps["table"].get_feature_names_out()
    assert any("infrequent" in name for name in names)
    assert to_json(model, X).largest_difference == 0.0


def test_text_that_says_nothing_is_missing():
    """Each way of saying so is tried by the proof, and told from what nobody has seen."""
    X = frame()
    y = X["town"].isna() | X["town"].isin(["NA", " "])
    model = Pipeline([*make_vectoriser(0).steps, ("student", CLASSIFIERS["tree"])]).fit(X, y)
    ways = X.iloc[:5].assign(town=["?", "none", " \t\xa0", "unheard of", "Bonn"])
    assert model.predict(ways).tolist() == [True, True, True, False, False]
    told = to_json(model, pd.concat([X, ways], ignore_index=True))
    assert told.n_rows > len(X) + 20
    assert to_sql(model, pd.concat([X, ways], ignore_index=True)).n_rows == told.n_rows
    pytest.importorskip("onnxruntime")
    assert to_onnx(model, pd.concat([X, ways], ignore_index=True)).n_rows == told.n_rows


def test_text_of_many_values_and_numbers_as_text_are_refused_by_the_column():
    X = frame()
    text = X.assign(more=[f"words number {each}" for each in range(len(X))])
    with pytest.raises(ExportError, match=r"column 'more' goes through StringEncoder.*leave the"):
        to_json(piped(text, CLASSIFIERS["tree"], [Column("more", "text", different=150)]), text)
    written = X.assign(b=X["b"].astype(str))
    with pytest.raises(ExportError, match="column 'b' holds numbers as text"):
        to_json(piped(written, CLASSIFIERS["tree"]), written)


def test_columns_that_are_left_out_are_no_input():
    X = frame().assign(nothing=np.nan)
    model = piped(X, CLASSIFIERS["tree"])
    assert to_json(model, X).largest_difference == 0.0
