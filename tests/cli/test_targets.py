"""What a target is taken for: one rule, said in one line."""

import numpy as np
import pytest

from skdistill.cli.errors import CommandError
from skdistill.cli.targets import Asked, understand_target

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")

RNG = np.random.default_rng(0)
AMOUNTS = RNG.lognormal(3, 1, 60).round(2)
DAYS = pd.to_datetime("2020-01-01") + pd.to_timedelta(np.arange(60), unit="D")
REGRESS = {
    "fractions": AMOUNTS,
    "two fractions": np.resize([0.5, 1.5], 60),
    "many whole numbers": np.arange(60),
    "many whole numbers as text": [str(i) for i in range(60)],
    "whole numbers in floats": np.resize(np.arange(21.0), 60),
    "currency": [f"$ {amount:,}" for amount in AMOUNTS],
    "percent": [f"{amount}%" for amount in AMOUNTS],
    "brackets": [f"({amount})" for amount in AMOUNTS],
    "unicode minus": [f"\u2212{amount}" for amount in AMOUNTS],
    "thousands": [f"{1000 * i:,}" for i in range(1, 61)],
    "times of day": [f"{i % 24:02}:{i:02}" for i in range(60)],
}
CLASSIFY = {
    "words": np.resize(["a", "b"], 60),
    "truth values": np.resize([True, False], 60),
    "few whole numbers": np.resize(np.arange(20), 60),
    "whole numbers in floats": np.resize([1.0, 2.0], 60),
    "leading zeros": [f"{i:03}" for i in range(60)],
    "dates": [str(day.date()) for day in DAYS],
    "typed dates": DAYS,
    "categories": pd.Categorical(AMOUNTS.astype(str)),
    "words and numbers": ["many", "few", "none", "some", *AMOUNTS[4:].astype(str)],
    "codes too long for numbers": [str(10**17 + i) for i in range(60)],
}


def understood(cells, asked: Asked | None = None):
    """Return what a column is taken for."""
    return understand_target(pd.Series(cells, name="y"), asked or Asked(), ".", "t.csv")


@pytest.mark.parametrize("name", REGRESS)
def test_numbers(name: str, capsys) -> None:
    cells = pd.Series(REGRESS[name])
    target = understood(cells)
    assert target.task == "regress"
    unit = {
        "currency": ", in $",
        "percent": ", in %",
        "times of day": ", in seconds since midnight",
    }
    assert capsys.readouterr().err == (
        f"note: t.csv: target y: a number ({cells.nunique():,} different values"
        f"{unit.get(name, '')}): regression; --task classify says otherwise\n"
    )
    values = target.read(pd.Series(cells, name="y"), "t.csv")
    assert values.dtype == float
    if name in ("currency", "percent", "brackets", "unicode minus"):
        sign = -1 if name in ("brackets", "unicode minus") else 1
        np.testing.assert_allclose(values, sign * AMOUNTS)


@pytest.mark.parametrize("name", CLASSIFY)
def test_classes(name: str, capsys) -> None:
    target = understood(CLASSIFY[name])
    assert target.task == "classify"
    said = capsys.readouterr().err
    assert "classes in 60 rows" in said
    numbers = ("few whole numbers", "whole numbers in floats", "truth values", "leading zeros")
    hinted = name in numbers
    assert said.rstrip().endswith("; --task regress takes them for numbers") == hinted


def test_what_is_asked_for_counts(capsys) -> None:
    few = CLASSIFY["few whole numbers"]
    for asked in (Asked("regress"), Asked(of_numbers=("--loss poisson",))):
        assert understood(few, asked).task == "regress"
        assert "regression, as asked" in capsys.readouterr().err
    target = understood(REGRESS["currency"], Asked("classify"))
    assert target.task == "classify"
    assert target.read(pd.Series(["$ 1.5"], name="y"), "t.csv").tolist() == ["$ 1.5"]
    assert "as asked" not in capsys.readouterr().err
    zeros = understood(CLASSIFY["leading zeros"], Asked("regress"))
    assert zeros.read(pd.Series(["007"], name="y"), "t.csv").tolist() == [7.0]


@pytest.mark.parametrize("name", ["words", "dates", "typed dates", "codes too long for numbers"])
def test_what_is_no_number_is_not_regressed(name: str) -> None:
    with pytest.raises(CommandError, match=r"t\.csv: column 'y' must hold .*number"):
        understood(CLASSIFY[name], Asked("regress"))


def test_another_file_is_read_in_the_unit_of_training() -> None:
    target = understood(REGRESS["percent"])
    with pytest.raises(CommandError, match="'y' must hold percentages such as '12%' in every row"):
        target.read(pd.Series([12.0, 0.0], name="y"), "u.csv")
    assert target.read(pd.Series(["12%", "0"], name="y"), "u.csv").tolist() == [12.0, 0.0]
