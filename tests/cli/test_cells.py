"""One cell: numbers as people write them, and what only says that a value is not known."""

import pytest
from hypothesis import given, strategies

from skdistill.cli.cells import TIME, Number, number, placeholder, reads_missing, time


@pytest.mark.parametrize(
    ("cell", "value", "unit"),
    [
        ("7", 7, ""),
        (" -7.25 ", -7.25, ""),
        ("+.5", 0.5, ""),
        ("1e-3", 0.001, ""),
        ("1,200", 1200, ""),
        ("1,234,567.5", 1234567.5, ""),
        ("1 200", 1200, ""),
        ("1\u202f200", 1200, ""),
        ("1'200.5", 1200.5, ""),
        ("\u22125", -5, ""),
        ("(12.50)", -12.5, ""),
        ("12%", 12, "%"),
        ("-0.5 %", -0.5, "%"),
        ("$1,200", 1200, "$"),
        ("-$5", -5, "$"),
        ("$-5", -5, "$"),
        ("($5.00)", -5, "$"),
        ("5 €", 5, "€"),
        ("EUR 5", 5, "EUR"),
        ("inf", float("inf"), ""),
        ("-Infinity", float("-inf"), ""),
        ("9007199254740992", 2**53, ""),
    ],
)
def test_numbers(cell: str, value: float, unit: str) -> None:
    assert number(cell) == Number(value, unit)


@pytest.mark.parametrize(
    "cell",
    ["", "x", "1,5", "0,123", "12,34", "1,2000", "1.234.567", "(5", "5)", "--5", "-$-5", "$5%",
     "12-", "1_000", "0x10", "٣", "1e400", "9007199254740994", "1" * 61, "4 cm",
     "2020-01-01", "nan", "%"],
)  # fmt: skip
def test_no_numbers(cell: str) -> None:
    assert number(cell) is None


@pytest.mark.parametrize(
    ("cell", "value"), [("1,5", 1.5), ("1.200,5", 1200.5), ("1.200", 1200), ("0,123", 0.123)]
)
def test_decimal_commas(cell: str, value: float) -> None:
    assert number(cell, ",") == Number(value)


@pytest.mark.parametrize("cell", ["1.5", "0.123", "1,200.5", "1,200,300"])
def test_decimal_points_among_decimal_commas_are_no_numbers(cell: str) -> None:
    assert number(cell, ",") is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12:30", 45000),
        (" 00:00 ", 0),
        ("8:05", 29100),
        ("08:15:30", 29730),
        ("08:15:30.25", 29730.25),
        ("08:15:30,25", 29730.25),
        ("23:59:59", 86399),
        ("24:00:00", 86400),
        ("12:30 am", 1800),
        ("12:30PM", 45000),
        ("9:05 p.m.", 75900),
    ],
)
def test_times_are_seconds_since_midnight(cell: str, value: float) -> None:
    assert time(cell) == Number(value, TIME)
    assert number(cell) is None


@pytest.mark.parametrize(
    "cell",
    ["", "12", "12:", ":30", "1:3", "16:9", "12:60", "24:01", "25:00", "12:30:60", "123:30",
     "12:30:15:10", "-12:30", "13:00 pm", "0:30 am", "12.30", "2020-01-31 12:30", "٣:٣٠"],
)  # fmt: skip
def test_no_times(cell: str) -> None:
    assert time(cell) is None


@given(strategies.times())
def test_every_time_of_the_day_is_read(moment) -> None:
    found = time(str(moment))
    seconds = 3600 * moment.hour + 60 * moment.minute + moment.second
    assert found.value == pytest.approx(seconds + moment.microsecond / 1e6, abs=1e-7)


@given(strategies.integers(-(2**53), 2**53), strategies.sampled_from(".,"))
def test_whole_numbers_are_read_in_every_form(value: int, decimal: str) -> None:
    mark = "," if decimal == "." else "."
    for cell in (str(value), f"{value:,}".replace(",", mark), f"{value:,}".replace(",", " ")):
        assert number(cell, decimal) == Number(value)


@given(strategies.text(max_size=80))
def test_every_text_is_a_number_or_none(cell: str) -> None:
    found = number(cell)
    assert found is None or found.value == found.value
    assert placeholder(cell) in (True, False)


@pytest.mark.parametrize("cell", ["", " ", "?", " ? ", "NA", "n/a", "None", "NULL", "#N/A"])
def test_missing_cells(cell: str) -> None:
    assert reads_missing(cell)


@pytest.mark.parametrize(
    "cell",
    [".", "-", "--", "\u2014", "missing", "Unknown", "n.a.", "#DIV/0!", "#VALUE!", "<1.0", "> 5",
     "≥ 1,200", "0000-00-00", "00/00/0000", "0000-00-00 00:00:00", "\\N"],
)  # fmt: skip
def test_placeholders(cell: str) -> None:
    assert placeholder(cell)
    assert not reads_missing(cell)


@pytest.mark.parametrize("cell", ["red", "<b>", "<", "#1", "0", "2000-00-01", "x"])
def test_no_placeholders(cell: str) -> None:
    assert not placeholder(cell)
