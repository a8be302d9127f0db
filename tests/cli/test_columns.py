"""The rule that says what a column is."""

import contextlib
from datetime import time

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from skdistill.cli.columns import KINDS, Column, recalled, remembered, tell, understand
from skdistill.cli.errors import CommandError
from skdistill.cli.typed import typed

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")

N = 100
NUMBERS = [f"{value:.3f}" for value in np.random.default_rng(0).normal(size=N)]
DAYS = pd.date_range("2019-11-20", periods=N)
MOMENTS = pd.date_range("2020-01-01 00:07", periods=N, freq="14min")
DAY_PARTS = [time(12, 30, 15), time(21, 0)]
DAY_PARTS_S = ["12:30:15", "21:00:00", None]
ORDER = np.random.default_rng(1).permutation(N)


def known(cells, asked: str | None = None, name: str = "a", decimal: str = ".") -> Column:
    """Return what is made of one column."""
    frame = pd.DataFrame({name: cells})
    (column,) = understand(frame, {} if asked is None else {name: asked}, decimal, "t.csv")
    return column


def first(odd: str, count: int = 1, cells=NUMBERS) -> list:
    """Return cells of which the first `count` are `odd`."""
    return [*[odd] * count, *cells[count:]]


def days(way: str) -> list[str]:
    """Return dates written in one way."""
    return DAYS.strftime(way).tolist()


@pytest.mark.parametrize(
    "odd",
    [".", "-", "--", "missing", "n.a.", "<1.0", "#DIV/0!", " ?", "", "four", "1;5", "9" * 30],
)
def test_an_odd_cell_among_numbers_is_missing(odd: str) -> None:
    column = known(first(odd))
    assert column.kind == "number"
    usual = odd.strip() in ("", "?")
    assert bool(column.remark) != usual
    assert usual or column.missing == (odd,)
    assert (
        usual or f"99.0% of its cells are numbers; {odd!r} in data row 1 is none" in column.remark
    )


@pytest.mark.parametrize(
    ("odd", "count", "kind"),
    [("four", 5, "number"), ("four", 6, "id"), ("--", 60, "number"), ("<1.0", 60, "number")],
)
def test_few_is_a_twentieth_unless_a_value_is_only_not_known(odd, count, kind: str) -> None:
    column = known(first(odd, count))
    assert column.kind == ("text" if kind == "id" else kind)
    assert column.remark


def test_codes_of_which_many_are_numbers_are_categories() -> None:
    column = known(["1", "2", "2", "B7"] * 25)
    assert (column.kind, column.different) == ("category", 3)
    assert "75.0% of its cells are numbers, but 'B7' in data row 4 is none" in column.remark
    assert "--numeric a takes these for missing" in column.remark
    asked = known(["1", "2", "2", "B7"] * 25, "number")
    assert (asked.kind, asked.missing) == ("number", ("B7",))


@pytest.mark.parametrize("mark", ["unknown", "-"])
def test_one_number_and_a_mark_are_two_categories(mark: str) -> None:
    assert known([mark, "1"] * 50).kind == "category"


@pytest.mark.parametrize(
    ("cells", "value", "unit"),
    [
        ([f"{i}%" for i in range(1, 4)], [1, 2, 3], "%"),
        (["1%", "2%", "0"], [1, 2, 0], "%"),
        (["$1,200", "950", "$3"], [1200, 950, 3], "$"),
        (["(1.50)", "2", "3,000"], [-1.5, 2, 3000], ""),
        (["\u22125", "4", "1e3"], [-5, 4, 1000], ""),
    ],
)
def test_numbers_as_people_write_them(cells, value, unit: str) -> None:
    column = known(cells * 30)
    assert (column.kind, column.unit, column.remark) == ("number", unit, "")
    read = typed(pd.DataFrame({"a": cells}), [column], ".", "n.csv")
    assert read["a"].tolist() == value


@pytest.mark.parametrize(
    ("train", "cells", "said"),
    [
        (["1%", "2%", "3%"], ["4", "5"], "percentages such as '12%', as in training, got '4'"),
        (["1%", "2%", "3%"], [4, 5], "percentages such as '12%', as in training, got 4"),
        (["1", "2", "4"], ["4%", "5"], "numbers or truth values, as in training, got '4%'"),
        (["$1", "2", "4"], ["€4", "5"], r"numbers in \$, as in training, got '€4'"),
    ],
)
def test_another_unit_is_refused(train, cells, said: str) -> None:
    column = known(train * 30)
    with pytest.raises(CommandError, match=f"must hold {said} in data row 1"):
        typed(pd.DataFrame({"a": cells}), [column], ".", "n.csv")


@pytest.mark.parametrize(
    ("way", "found"),
    [
        ("%Y-%m-%d", "%Y-%m-%d"),
        ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M"),
        ("%d-%b-%Y", "%d-%b-%Y"),
        ("%d.%m.%Y", "%d.%m.%Y"),
        ("%d/%m/%Y", "%d/%m/%Y"),
        ("%m/%d/%Y", "%m/%d/%Y"),
        ("%B %d, %Y", "%B %d, %Y"),
        ("%d/%m/%y", "%d/%m/%y"),
        ("%m/%d/%y", "%m/%d/%y"),
        ("%d.%m.%y", "%d.%m.%y"),
        ("%d-%b-%y", "%d-%b-%y"),
        ("%Y%m%d", "%Y%m%d"),
    ],
)
@pytest.mark.parametrize("odd", [None, "0000-00-00", "soon"])
def test_dates_as_people_write_them(way: str, found: str, odd: str | None) -> None:
    cells = days(way) if odd is None else first(odd, cells=days(way))
    if way == "%Y%m%d" and odd is None:
        cells = [int(cell) for cell in cells]
    column = known(cells)
    if way == "%Y%m%d" and odd is not None:  # a number like any other
        assert column.kind == "number"
        return
    assert (column.kind, column.format) == ("date", found)
    assert bool(column.remark) == (odd is not None)
    read = typed(pd.DataFrame({"a": cells}), [column], ".", "t.csv", told=True)["a"]
    expected = pd.Series(pd.to_datetime(DAYS.strftime("%Y-%m-%d")))
    assert read.isna().tolist() == [odd is not None] + [False] * (N - 1)
    assert (read.dt.normalize() == expected)[1:].all()


def test_dates_that_may_be_read_in_two_ways() -> None:
    early = [f"{1 + i % 12:02}/{1 + i // 9:02}/2020" for i in range(N)]
    column = known(early)
    assert (column.kind, column.format) == ("date", "%m/%d/%Y")
    assert "'01/01/2020' may have the day, month or year first: taken as %m/%d/%Y" in column.remark
    short = known([cell[:-4] + "20" for cell in early])
    assert short.kind == "text"
    assert "taken for no date; --date a reads %m/%d/%y" in short.remark
    asked = known([cell[:-4] + "20" for cell in early], "date")
    assert (asked.kind, asked.format) == ("date", "%m/%d/%y")


@pytest.mark.parametrize("way", ["%H:%M", "%H:%M:%S", "%I:%M %p", "%H:%M:%S.%f"])
@pytest.mark.parametrize("odd", [None, "--", "soon", "27:30", "12"])
def test_times_are_seconds_since_midnight(way: str, odd: str | None) -> None:
    cells = MOMENTS.strftime(way).tolist()
    cells = cells if odd is None else first(odd, cells=cells)
    column = known(cells)
    assert (column.kind, column.unit) == ("number", "seconds since midnight")
    assert column.about == "'a' (seconds since midnight)"
    assert column.missing == (() if odd is None else (odd,))
    assert bool(column.remark) == (odd is not None)
    read = typed(pd.DataFrame({"a": cells}), [column], ".", "t.csv", told=True)["a"]
    assert read.isna().tolist() == [odd is not None] + [False] * (N - 1)
    seconds = 3600 * MOMENTS.hour + 60 * MOMENTS.minute
    np.testing.assert_array_equal(read[1:], seconds[1:])
    assert known(cells, "category").kind == "category"


def test_times_of_other_files_are_read_as_well() -> None:
    """With seconds or without, and as spreadsheets and databases give them."""
    column = known(MOMENTS.strftime("%H:%M").tolist())
    for cells in (["12:30:15", "9:00 pm", None], [*DAY_PARTS, None], pd.to_timedelta(DAY_PARTS_S)):
        read = typed(pd.DataFrame({"a": cells}), [column], ".", "n.csv")["a"]
        np.testing.assert_array_equal(read, [45015.0, 75600.0, np.nan])
    assert known([*DAY_PARTS, None] * 30).unit == "seconds since midnight"


@pytest.mark.parametrize(
    ("train", "cells", "said"),
    [
        (["12:30", "8:15", "9:00"], ["12", "5"], "times such as '12:30', as in training, got '12'"),
        (["12:30", "8:15", "9:00"], [0, 5], "times such as '12:30', as in training, got 0"),
        (
            ["12:30", "8:15", "9:00"],
            ["26:00"],
            "times such as '12:30', as in training, got '26:00'",
        ),
        (["1%", "2%", "3%"], ["00:00"], "percentages such as '12%', as in training, got '00:00'"),
        (["1", "2", "4"], ["12:30"], "numbers or truth values, as in training, got '12:30'"),
    ],
)
def test_times_and_other_numbers_do_not_mix(train, cells, said: str) -> None:
    column = known(train * 30)
    with pytest.raises(CommandError, match=f"must hold {said} in data row 1"):
        typed(pd.DataFrame({"a": cells}), [column], ".", "n.csv")


def test_of_times_and_plain_numbers_one_half_each_is_neither() -> None:
    assert known(["12:30", "8"] * 50).kind == "category"
    assert known(["00:00", "8%"] * 50).kind == "category"


@pytest.mark.parametrize("cells", [["1-2", "3-4"], ["10-19", "20-29"], ["2019-2020", "12:30"]])
def test_ranges_and_times_are_no_dates(cells) -> None:
    assert known(cells * 50).kind == "category"


@pytest.mark.parametrize(
    ("cells", "name", "kind"),
    [
        (ORDER + 1000, "a", "id"),
        (ORDER * 7 + 13, "a", "number"),
        (ORDER * 7 + 13, "customerId", "id"),
        (ORDER * 7 + 13, "row_id", "id"),
        (ORDER * 7 + 13, "Unnamed: 0", "id"),
        (ORDER * 7 + 13, "idle", "number"),
        (ORDER * 7 // 14, "row_id", "number"),
        (ORDER.astype(float), "a", "number"),
        ([3, 1], "a", "number"),
        ([f"Mr. {i}" for i in ORDER], "a", "id"),
        ([f"Mr. {i}" for i in ORDER[:19]], "a", "category"),
        ([f"{i} is a sentence of so many words as no name has" for i in ORDER], "a", "text"),
        ([f"{i} is a sentence of so many words as no name has" for i in ORDER], "uuid", "id"),
        ([None, *[f"Mr. {i}" for i in ORDER]], "a", "id"),
        ([f"Mr. {i}" for i in ORDER // 2], "a", "text"),
        (2**53 + 1 + 2 * ORDER, "a", "id"),
        (2**53 + 1 + 2 * (ORDER % 3), "a", "category"),
        (2**53 + 1 + 2 * (ORDER % 50), "a", "text"),
        (2**53 + 2 * (ORDER % 3), "a", "category"),
        ([True, False] * 50, "a", "number"),
        (["x", None] * 50, "a", "category"),
        (["x"] * N, "a", "constant"),
        ([1.5] * N, "a", "constant"),
        (["?", " NA", None, ""] * 25, "a", "empty"),
        ([None] * N, "a", "empty"),
        (pd.Categorical([1, 2] * 50), "a", "category"),
        (pd.to_timedelta(ORDER * 1.7, unit="h"), "a", "number"),
        (DAYS.tz_localize("Europe/Paris"), "a", "date"),
        (DAYS.date, "a", "date"),
        (pd.array([None, *ORDER % 9], dtype="Int64"), "a", "number"),
    ],
)
def test_kinds(cells, name: str, kind: str) -> None:
    assert known(cells, name=name).kind == kind


@pytest.mark.parametrize("asked", ["category", "text"])
@pytest.mark.parametrize("cells", [ORDER, NUMBERS, ORDER % 3, DAYS, days("%Y-%m-%d")])
def test_what_is_asked_for_is_done(asked: str, cells) -> None:
    column = known(cells, asked)
    assert (column.kind, column.asked) == (asked, True)
    read = typed(pd.DataFrame({"a": cells}), [column], ".", "t.csv")["a"]
    assert read.dtype == ("category" if asked == "category" else object)
    assert read[0] == str(cells[0])


@pytest.mark.parametrize("asked", [None, "category", "text"])
def test_words_for_a_missing_value_are_told_where_they_may_be_a_category(asked) -> None:
    cells = ["NA", "grvl", " none", "pave", "", None, "?", "NA"] * 10
    remark = known(cells, asked).remark
    assert remark.startswith("'NA', 'none' (30 cells) count as missing, as empty cells do: ")
    assert known(["NA", "1", "2", "3"] * 25).remark == ""  # of a number it says nothing else
    assert known(["?", "grvl", "pave", ""] * 25).remark == ""


def test_numbers_that_are_asked_for_are_no_ids_and_no_dates() -> None:
    assert known(ORDER, "number").kind == "number"
    assert known(days("%Y%m%d"), "number").kind == "number"
    with pytest.raises(CommandError, match="column 'a' holds dates, not what --numeric says"):
        known(DAYS, "number")


def test_a_number_of_another_unit_is_no_sign_of_the_other_decimal_mark() -> None:
    column = known(first("12", cells=[f"{i}%" for i in ORDER]))
    assert (column.kind, column.unit, column.missing) == ("number", "%", ("12",))


@pytest.mark.parametrize(
    ("cells", "decimal", "cure"),
    [
        (["0,5", "1,25", "-3,1"], ".", "--decimal ,"),
        (["1,234", "2,5", "3,125"], ".", "--decimal ,"),
        (["1.200,50", "3,5", "4,5"], ".", "--decimal ,"),
        (["0.5", "1.25", "3.1"], ",", "--decimal ."),
    ],
)
def test_the_other_decimal_mark_is_an_error(cells, decimal: str, cure: str) -> None:
    cells = [cell for cell in cells for _ in range(30)]
    with pytest.raises(CommandError, match=f"t.csv: column 'a' must hold .* pass {cure}"):
        known(cells, decimal=decimal)
    assert known(cells, decimal=cure[-1]).kind == "number"
    assert known(cells, "category", decimal=decimal).kind == "category"


def test_what_is_remembered_is_plain_and_comes_back() -> None:
    columns = [Column("a", "number", missing=("x",)), Column("b", "id"), Column("c", "date", "%Y")]
    record = remembered(columns, ["b"])
    assert set(map(type, record["features"][0].values())) <= {str, tuple, int, bool, type(None)}
    assert recalled(record) == ((columns[0], columns[2]), ["b"])


def test_every_column_is_named_with_its_kind(capsys) -> None:
    columns = [Column(f"{kind} {i}", kind) for kind in KINDS for i in range(40)]
    tell(columns, "t.csv")
    said = capsys.readouterr().err.splitlines()
    assert all(line.startswith("note: t.csv: ") for line in said)
    assert [line.split()[2].strip(":,") for line in said[: len(KINDS)]] == list(KINDS)
    assert all(line.endswith("... (40 in all)") for line in said[: len(KINDS)])
    assert "--numeric, --category or --text makes a feature" in said[len(KINDS)]


CELLS = strategies.one_of(
    strategies.none(),
    strategies.text(max_size=6),
    strategies.sampled_from(
        ["1", "2.5", "1,200", "12%", "$3", ".", "2020-01-31", "31/12/99", "12:30", "?"]
    ),
    strategies.integers(-(2**70), 2**70),
    strategies.floats(width=32, allow_infinity=False),
    strategies.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(strategies.lists(CELLS, min_size=1, max_size=30))
def test_any_cells_are_of_some_kind_and_can_be_read_again(cells) -> None:
    frame = pd.DataFrame({"a": pd.Series(cells, dtype=object)})
    with contextlib.suppress(CommandError):  # of another decimal mark
        columns = understand(frame, {}, ".", "t.csv")
        check_again(frame, columns)


def check_again(frame, columns) -> None:
    """Check that what is remembered of a table reads it as before."""
    assert columns[0].kind in KINDS
    read = typed(frame, columns, ".", "t.csv", told=True)
    again = typed(frame, recalled(remembered(columns, []))[0], ".", "t.csv", told=True)
    pd.testing.assert_frame_equal(read, again)
    assert len(read) == len(frame)


def test_the_unit_of_large_numbers_is_told() -> None:
    column = known([f"${10**10 + i * i}" for i in range(N)])
    assert column.about == "'a' ($, minus its mean, in double precision)"
