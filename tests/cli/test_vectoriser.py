"""What cannot be read as the number or date it should be is an error, not a missing value."""

import decimal
import warnings

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder

from skdistill.cli.columns import understand
from skdistill.cli.errors import CommandError
from skdistill.cli.typed import typed
from skdistill.cli.vectoriser import make_vectoriser, vectorise

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")
pytest.importorskip("skrub", reason="the extra skdistill[data] is not installed")

DAYS = pd.date_range("2020-01-01", periods=40)
TRAIN = pd.DataFrame(
    {
        "number": np.linspace(-1, 1, 40).round(2),
        "gaps": ["?" if i % 5 == 0 else str(i) for i in range(40)],
        "flag": np.arange(40) % 3 == 0,
        "day": DAYS.strftime("%d.%m.%Y"),
        "moment": DAYS,
        "colour": ["red", "green", "blue", None] * 10,
        "never": np.full(40, np.nan),
    }
)
ROWS = TRAIN.iloc[30:34].reset_index(drop=True)


COLUMNS = understand(TRAIN, {}, ".", "train.csv")


def read(frame, path: str = "new.csv"):
    """Return the features of rows as `COLUMNS` has them."""
    return typed(frame, COLUMNS, ".", path)


@pytest.fixture(scope="module")
def fitted():
    """A vectoriser fitted on `TRAIN`."""
    return make_vectoriser(0, COLUMNS).fit(read(TRAIN))


def test_rows_of_training_are_read(fitted) -> None:
    X = vectorise(fitted, read(ROWS), "new.csv")
    np.testing.assert_array_equal(X, fitted.transform(read(ROWS)))
    raw = ROWS.assign(day=ROWS["moment"])[list(fitted.feature_names_in_)]
    np.testing.assert_array_equal(X, fitted.transform(raw))
    kinds = {column.name: column.kind for column in COLUMNS}
    assert kinds == {
        "number": "number", "gaps": "number", "flag": "number", "day": "date",
        "moment": "date", "colour": "category", "never": "empty",
    }  # fmt: skip
    assert "never" not in fitted.feature_names_in_


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        ("number", ["0.5", "abc", "1", "x"], r"'abc' in data row 2 \(and 1 more\): mend it"),
        ("number", ["1", "2", "3", "4 cm"], "numbers .* got '4 cm' in data row 4: mend it"),
        ("number", ["1,5"] * 4, "got '1,5' .*--decimal , reads decimals set off by ','"),
        ("number", pd.Categorical(["1", "2", "x", "2"]), "'x' in data row 3"),
        ("number", DAYS[:4], "got 2020-01-01 00:00:00 in data row 1"),
        ("gaps", ["?", "4", "none", "five"], "'five' in data row 4"),
        ("flag", ["True", "maybe", "False", "True"], "truth values.*'maybe' in data row 2: "),
        ("flag", ["True", "False", "True", "True"], "'True' in data row 1"),
        ("day", ["2020-03-01"] * 4, r"dates written as %d.%m.%Y.*'2020-03-01' in data row 1 \("),
        ("day", ["01.02.2020", "soon", None, ""], "'soon' in data row 2: mend it"),
        ("day", [20200101, 20200102, 1, 1], "got 20200101 in data row 1"),
        ("moment", [20200101] * 4, "dates, as in training, got 20200101"),
        ("moment", ["2020-01-01", "x", None, None], "'x' in data row 2"),
    ],
)
def test_cells_of_another_kind_are_refused(column: str, cells, said: str) -> None:
    with pytest.raises(CommandError, match=f"new.csv: column '{column}' must hold .*{said}"):
        read(ROWS.assign(**{column: cells}))


@pytest.mark.parametrize(
    ("column", "cells", "same"),
    [
        ("number", ["1.5", "NA", "", None], [1.5, np.nan, np.nan, np.nan]),
        ("number", [decimal.Decimal("1.5")] * 4, [1.5] * 4),
        ("number", pd.array([1, None, 2, 3], dtype="Int64"), [1, np.nan, 2, 3]),
        ("number", [True, False, True, True], [1, 0, 1, 1]),
        ("flag", [1, 0, 1, 0], [True, False, True, False]),
        ("gaps", [1, 2, np.nan, 4], ["1", "2", "?", "4"]),
        ("day", DAYS[:4], DAYS[:4].strftime("%d.%m.%Y")),
        ("moment", DAYS[:4].strftime("%Y-%m-%d"), DAYS[:4]),
    ],
)
def test_other_spellings_of_the_same_are_read(fitted, column: str, cells, same) -> None:
    given, meant = ROWS.assign(**{column: cells}), ROWS.assign(**{column: same})
    np.testing.assert_array_equal(vectorise(fitted, read(given), ""), fitted.transform(read(meant)))


@pytest.mark.parametrize("empty", [None, np.nan])
def test_columns_that_became_empty_are_told(fitted, capsys, empty) -> None:
    rows = ROWS.assign(number=empty, day=empty, colour=empty)
    assert np.isnan(vectorise(fitted, read(rows), "new.csv")[:, 0]).all()
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("note: new.csv: no value in 'number', 'day', 'colour', which had")
    vectorise(fitted, read(rows.iloc[:1]), "new.csv")
    vectorise(fitted, read(ROWS), "new.csv")  # where "never" is empty too, but was so in training
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["red", "RED", "blue", "green"], "25.0% of its cells (1 of 4) hold categories that no"),
        (["Red", "violet", "violet", "x"], "100.0% of its cells (4 of 4)"),
        ([None, "violet", None, "x"], "50.0% of its cells (2 of 4)"),
    ],
)
def test_unseen_categories_are_told(fitted, capsys, cells, said: str) -> None:
    vectorise(fitted, read(ROWS.assign(colour=cells)), "new.csv")
    told = capsys.readouterr().err
    assert told.startswith(f"warning: new.csv: column 'colour': {said}")
    assert told.count("\n") == 1
    first = next(i for i, cell in enumerate(cells) if cell and cell not in ("red", "blue", "green"))
    assert f"first {cells[first]!r} in data row {first + 1}" in told
    alike = cells[first].casefold() == "red"
    hint = f"; {cells[first]!r} may be what training rows have as 'red': write it so"
    assert told.rstrip().endswith(hint if alike else f"row {first + 1}")


def test_few_unseen_categories_are_a_note(fitted, capsys) -> None:
    rows = TRAIN.assign(colour=["violet", *TRAIN["colour"][1:]])
    vectorise(fitted, read(rows), "new.csv")
    assert capsys.readouterr().err.startswith("note: new.csv: column 'colour': 2.5% of its cells")


@pytest.mark.parametrize(("category", "other"), [("1", "1.0"), ("a-b", "A b"), ("É", "é")])
def test_categories_that_are_written_otherwise(capsys, category: str, other: str) -> None:
    train = pd.DataFrame({"c": [category, "z"] * 20, "x": np.arange(40.0)})
    columns = understand(train, {"c": "category"}, ".", "t.csv")
    fitted = make_vectoriser(0, columns).fit(typed(train, columns, ".", "t.csv"))
    new = typed(train.assign(c=[other, " z "] * 20), columns, ".", "n.csv")
    vectorise(fitted, new, "n.csv")
    assert f"{other!r} may be what training rows have as {category!r}" in capsys.readouterr().err


@pytest.mark.parametrize("cells", [[1.0, -np.inf, 3, np.inf], ["1", "-inf", "2", "Infinity"]])
def test_infinite_numbers_are_named(cells) -> None:
    said = r"'number' must hold finite numbers, got -inf in data row 2 \(and 1 more\)"
    with pytest.raises(CommandError, match=said):
        read(ROWS.assign(number=cells))


@pytest.mark.parametrize("first", [8471300000, 2**24, 1_580_000_000_000])
def test_long_whole_numbers_are_told_apart(first: int) -> None:
    """Also by learners that cast to single precision, as scikit-learn's trees do."""
    table = pd.DataFrame({"code": first + np.arange(64) % 24, "x": np.linspace(0, 1, 64)})
    columns = understand(table, {}, ".", "t.csv")
    assert [column.wide for column in columns] == [True, False]
    features = typed(table, columns, ".", "t.csv")
    X = make_vectoriser(0, columns).fit_transform(features)
    codes = X[:, X.var(axis=0).argmax()]
    assert len(np.unique(codes)) == len(np.unique(codes.astype(np.float32))) == 24
    assert (np.diff(np.unique(codes)) == 1).all()


def test_numbers_that_single_precision_tells_apart_stay_in_it() -> None:
    table = pd.DataFrame({"a": 2**24 - np.arange(64) % 50, "x": np.linspace(0, 1, 64)})
    columns = understand(table, {}, ".", "t.csv")
    assert not any(column.wide for column in columns)
    assert make_vectoriser(0, columns).fit_transform(typed(table, columns, ".", "")).dtype == "f4"


def test_kinds_that_are_asked_for_decide_the_encoding() -> None:
    rng = np.random.default_rng(0)
    names = [f"name {i % 300}" for i in range(600)]
    table = pd.DataFrame({"few": rng.choice(["ab", "cd"], 600), "many": names, "zip": names[::-1]})
    asked = {"few": "text", "many": "category"}
    columns = understand(table, asked, ".", "t.csv")
    assert [column.kind for column in columns] == ["text", "category", "text"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a dictionary of few n-grams
        fitted = make_vectoriser(0, columns).fit(typed(table, columns, ".", "t.csv"))
    steps = fitted.named_steps["table"].all_processing_steps_
    assert isinstance(steps["many"][-1], OneHotEncoder)
    assert "300 different: one column for each of the 255 most frequent" in columns[1].about
    made = [name.partition("_")[0] for name in fitted.get_feature_names_out()]
    assert made.count("many") == 256  # the rarest share a column
    assert made.count("zip") == 30
