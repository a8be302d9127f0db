"""Dates go into a file as seconds since 1970: year, month, day, hour and weekday come out."""

import ctypes
import json
import shutil

import numpy as np
import pytest
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.tree import DecisionTreeClassifier

from skdistill.exceptions import ExportError
from skdistill.export import ship, to_c, to_json, to_onnx, to_sql, to_treelite
from skdistill.export.c import compiled
from skdistill.export.dates import seconds_of, turns
from skdistill.export.numpy_run import compute
from skdistill.export.reading.registry import read_transformer
from skdistill.export.tables import as_exported
from tests.export.students import CLASSIFIERS, QUIET, installed, rows

pd = pytest.importorskip("pandas")
skrub = pytest.importorskip("skrub")

from lightgbm import LGBMClassifier  # noqa: E402

from skdistill.cli.vectoriser import make_vectoriser  # noqa: E402

HAS_COMPILER = any(map(shutil.which, ("cc", "gcc", "clang")))


def frame(n=150, **settings):
    """Return numbers and dates with gaps."""
    rng = np.random.RandomState(0)
    X = pd.DataFrame(rows(n)[:, :2], columns=["a", "b"])
    seconds = rng.randint(-1_000_000_000, 2_000_000_000, n)
    X["day"] = pd.Series(seconds.astype("datetime64[s]").astype("datetime64[us]"), **settings)
    X.loc[::9, "day"] = pd.NaT
    return X


def goal(X):
    """Return what is told by month, hour and year."""
    day = X["day"].dt
    score = np.nan_to_num(day.month) % 5 + (day.hour > 11) + (day.year > 1990) + 0.3 * X["a"]
    return (score > score.median()).to_numpy()


def piped(X, student, **settings):
    table = make_vectoriser(0)
    table.named_steps["table"].set_params(**settings)
    return Pipeline([*table.steps, ("student", student)]).fit(X, goal(X))


def random_dates(n=20_000):
    rng = np.random.RandomState(1)
    seconds = rng.uniform(-8.5e9, 9.2e9, n)
    seconds[::2] = np.floor(seconds[::2])
    return np.concatenate([turns(np.array([-2.5e9, 4.4e9])), seconds])


def as_dates(seconds, unit="us"):
    ticks = np.round(np.nan_to_num(seconds) * 1e6).astype("datetime64[us]")
    return pd.Series(np.where(np.isnan(seconds), np.datetime64("NaT", "us"), ticks)).astype(
        f"datetime64[{unit}]"
    )


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_every_part_is_that_of_skrub(unit, zone):
    day = as_dates(random_dates(), unit)
    if zone is not None:
        day = day.dt.tz_localize(zone)
    X = pd.DataFrame({"day": day, "a": 1.0})
    table = as_exported(object(), X)
    encoder = skrub.DatetimeEncoder(resolution="second", add_weekday=True)
    steps = make_pipeline(skrub.ToDatetime(), encoder)
    expected = steps.fit_transform(X["day"]).to_numpy()
    assert expected.shape[1] == 8
    of = table.piece.parts[0]
    for _, step in steps.steps:
        of = read_transformer(step, of)
    np.testing.assert_array_equal(compute(of, table), expected)


def test_turns_are_those_around_the_dates():
    told = turns(np.array([np.nan, 946_684_799.0, 951_782_400.0]))  # the last of 1999, 29 February
    assert np.isnan(told[-1])
    dates = told[:-1].astype("datetime64[s]").astype(str).tolist()
    assert {"1998-01-01T00:00:00", "2000-03-01T00:00:00", "2000-02-29T23:59:59"} <= set(dates)
    assert min(dates) == "1997-12-31T23:59:59"
    assert max(dates) == "2001-12-01T00:00:00"
    assert np.isnan(turns(np.array([np.nan]))).sum() == 1


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_seconds_are_never_those_of_the_next_day(unit):
    text = ["1969-12-31T23:59:59.999999999", "2038-01-19T23:59:59.999999999", "2000-01-01", None]
    day = pd.Series(pd.to_datetime(text, format="ISO8601")).astype(f"datetime64[{unit}]")
    found = seconds_of(day)
    assert np.floor(found[:3] / 86_400).tolist() == [-1, 24_855, 10_957]
    assert np.isnan(found[3])


def ask(content, form, X):
    """Return probabilities by the file alone, of the columns as numbers."""
    given = {name: np.asarray(X[name], dtype=np.float64) for name in X}
    if form == "c":
        library = compiled(content)
        values = np.ascontiguousarray(np.column_stack(list(given.values())))
        out = np.empty((len(X), 2))
        pointer = np.ctypeslib.ndpointer(np.float64)
        library.student_predict_rows.argtypes = [pointer, ctypes.c_size_t, pointer]
        library.student_predict_rows(values, len(values), out)
        return out
    import onnxruntime

    session = onnxruntime.InferenceSession(content)
    return session.run(["probabilities"], {name: each[:, None] for name, each in given.items()})[0]


STUDENTS = {
    "tree": DecisionTreeClassifier(max_leaf_nodes=20, random_state=0),
    "lightgbm": LGBMClassifier(num_leaves=8, n_estimators=5, **QUIET),
    "forest": CLASSIFIERS["forest"],
}


@pytest.mark.parametrize("name", STUDENTS)
@pytest.mark.parametrize("form", ["onnx", "c", "json"])
def test_students_of_dates(name, form):
    if form == "onnx" and not (installed("onnx") and installed("onnxruntime")):
        pytest.skip("onnxruntime is not installed")
    if form == "c" and not HAS_COMPILER:
        pytest.skip("there is no C compiler")
    X = frame()
    model = piped(X, STUDENTS[name])
    used = [each for each in model[:-1].get_feature_names_out() if each.startswith("day_")]
    assert {"day_year", "day_month", "day_hour"} <= set(used)
    exported = {"onnx": to_onnx, "c": to_c, "json": to_json}[form](model, X)
    assert exported.largest_difference <= exported.tolerance == 1e-12
    assert exported.n_rows > len(X) + len(turns(seconds_of(X["day"])))
    if form in ("onnx", "c"):
        seconds = np.round(random_dates())  # by hand: no proof chose them
        new = pd.DataFrame({"a": 0.1, "b": -0.2, "day": as_dates(seconds)})
        found = ask(exported.content, form, new.assign(day=seconds))
        np.testing.assert_allclose(found, model.predict_proba(new), rtol=0, atol=1e-12)


def test_files_say_which_columns_are_dates():
    X = frame()
    model = piped(X, STUDENTS["tree"])
    told = json.loads(to_json(model, X).content)
    assert told["columns"] == ["a", "b", "day"]
    assert told["dates"] == ["day"]
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    graph = onnx.load_from_string(to_onnx(model, X).content)
    said = {each.key: json.loads(each.value) for each in graph.metadata_props}
    assert said["dates"] == ["day"]


def test_a_wrong_part_of_a_date_is_found(monkeypatch):
    from skdistill.export.reading import dates

    X = frame()
    model = piped(X, STUDENTS["tree"])
    late = {"month": dates.PARTS["day"], "hour": dates.PARTS["second"]}
    for part, other in late.items():
        monkeypatch.setitem(dates.PARTS, part, other)
        with pytest.raises(ExportError, match="Nothing was written"):
            to_json(model, X)
        monkeypatch.undo()
    assert to_json(model, X).largest_difference == 0.0


def test_what_is_no_date_to_a_file_is_refused_by_the_column():
    X = frame()
    model = piped(X, STUDENTS["tree"])
    written = X.assign(day=X["day"].astype(str))
    with pytest.raises(ExportError, match=r"column 'day' goes through ToDatetime.*are text"):
        to_json(model, written)
    far = X.assign(day=X["day"].dt.tz_localize("Europe/Paris"))
    with pytest.raises(ExportError, match=r"'day' of pandas holds datetime64.*or in UTC"):
        to_json(piped(far, STUDENTS["tree"]), far)
    near = far.assign(day=far["day"].dt.tz_convert("UTC"))
    with pytest.raises(ExportError, match="time zone Europe/Paris"):
        to_json(piped(far, STUDENTS["tree"]), near)
    for settings in ({"add_day_of_year": True}, {"periodic_encoding": "circular"}):
        encoder = skrub.DatetimeEncoder(**settings)
        with pytest.raises(
            ExportError, match=r"column 'day' goes through DatetimeEncoder.*some of"
        ):
            to_json(piped(X, STUDENTS["tree"], datetime=encoder), X)
    with pytest.raises(ExportError, match=r"columns \['day'\] hold dates.*or use to_onnx"):
        to_sql(model, X)
    only_numbers = piped(X, DecisionTreeClassifier(max_depth=1), datetime="drop")
    assert to_sql(only_numbers, X).largest_difference == 0.0  # such a column is not looked at
    if installed("treelite"):
        with pytest.raises(ExportError, match="dates have no place"):
            to_treelite(model, X)
    with pytest.raises(ExportError, match="leave float64=True"):
        to_onnx(model, X, float64=False)


def test_dates_that_nothing_makes_numbers_of_are_refused():
    X = frame()[["day"]].dropna()
    tree = DecisionTreeClassifier(max_depth=2).fit(X, np.arange(len(X)) % 2)
    with pytest.raises(ExportError, match="column 'day' holds dates, which only skrub's"):
        to_json(tree, X)


def test_ship_takes_tables_with_dates():
    X = frame()
    model = piped(X, STUDENTS["tree"])
    shipped = ship(model, X)
    assert np.array_equal(shipped.predict_proba(X), model.predict_proba(X))
