"""What cannot be read as the number or date it should be is an error, not a missing value."""

import decimal

import numpy as np
import pytest

from skdistill.cli.errors import CommandError
from skdistill.cli.vectoriser import make_vectoriser, text_columns, vectorise

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


@pytest.fixture(scope="module")
def fitted():
    """A vectoriser fitted on `TRAIN`."""
    return make_vectoriser(0).fit(TRAIN)


def test_rows_of_training_are_read(fitted) -> None:
    X = vectorise(fitted, ROWS, "new.csv")
    np.testing.assert_array_equal(X, fitted.transform(ROWS))
    assert text_columns(fitted) == ["colour", "day", "moment"]


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        ("number", ["0.5", "abc", "1", "x"], r"'abc' in data row 2 \(and 1 more\): mend it"),
        ("number", ["1", "2", "3", "4 cm"], "numbers .* got '4 cm' in data row 4: mend it"),
        ("number", ["1,5"] * 4, "got '1,5' .*--decimal , reads decimal commas"),
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
def test_cells_of_another_kind_are_refused(fitted, column: str, cells, said: str) -> None:
    with pytest.raises(CommandError, match=f"new.csv: column '{column}' must hold .*{said}"):
        vectorise(fitted, ROWS.assign(**{column: cells}), "new.csv")


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
    np.testing.assert_array_equal(vectorise(fitted, given, ""), fitted.transform(meant))


@pytest.mark.parametrize("empty", [None, np.nan])
def test_columns_that_became_empty_are_told(fitted, capsys, empty) -> None:
    rows = ROWS.assign(number=empty, day=empty, colour=empty)
    assert np.isnan(vectorise(fitted, rows, "new.csv")[:, 0]).all()
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("note: new.csv: no value in 'number', 'day', 'colour', which had")
    vectorise(fitted, rows.iloc[:1], "new.csv")
    vectorise(fitted, ROWS, "new.csv")  # where "never" is empty as well, but was so in training
    assert not capsys.readouterr().err
