"""Files as they lie about in repositories of data: the same table, however it is written."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from skdistill.cli import main
from skdistill.cli.errors import CommandError
from skdistill.cli.intake import read_training
from skdistill.cli.layout import Layout
from skdistill.cli.tables import Special
from tests.cli.conftest import TEACHER

pd = pytest.importorskip("pandas", reason="the extra skdistill[data] is not installed")
pytest.importorskip("skrub", reason="the extra skdistill[data] is not installed")

N = 90
RNG = np.random.default_rng(0)
AGE = RNG.integers(17, 70, N)
HOURS = RNG.normal(40, 9, N).round(2)
WORK = RNG.choice(["private", "state", "self"], N)
PLAIN = pd.DataFrame(
    {
        "age": AGE,
        "hours": HOURS,
        "work": WORK,
        "y": np.where(HOURS + 9 * (WORK == "state") + RNG.normal(0, 4, N) > 42, ">50K", "<=50K"),
    }
)
PLAIN.loc[::9, "work"] = None
KINDS = {"age": "number", "hours": "number", "work": "category"}
DEFAULT = Layout()


def rows(frame=PLAIN, missing: str = "", **written) -> str:
    """Return a table as the lines of a text file."""
    return frame.to_csv(na_rep=missing, index=False, **written)


def ends(text: str, end: str) -> str:
    """Return the lines of a text, each with `end` at its end."""
    return "".join(f"{line}{end}\n" for line in text.splitlines())


def aligned(frame=PLAIN) -> str:
    """Return a table whose cells are set off by blanks, more or less of them."""
    return ends("   " + frame.fillna("?").to_string(index=False).replace("\n", "\n   "), " ")


def clock(seconds: float) -> str:
    """Return so many seconds since midnight as a time of day."""
    return f"00:{int(seconds // 60):02}:{seconds % 60:05.2f}"


@dataclass(frozen=True)
class Case:
    """A file, the options that it needs, and what differs from `PLAIN` in what is read."""

    text: str
    name: str = "t.csv"
    options: tuple[str, ...] = ()
    layout: Layout = DEFAULT
    kinds: dict[str, str] = field(default_factory=dict)
    header: bool = True


GERMAN = rows(sep=";", decimal=",")
QUOTED = PLAIN.assign(work=PLAIN["work"].replace("state", "state, or city"))
CASES = {
    "plain": Case(rows()),
    "question marks": Case(rows(missing="?")),
    "blank and question mark": Case(rows(missing=" ?").replace(",", ", ")),
    "no header, .data": Case(
        rows(header=False, missing=" ?").replace(",", ", "),
        "adult.data", ("--no-header",), Layout(header=False), header=False,
    ),
    "semicolons, decimal commas": Case(
        GERMAN, options=("--sep", ";", "--decimal", ","), layout=Layout(";", ",")
    ),
    "a line that names the separator": Case(
        "sep=;\n" + GERMAN, options=("--decimal", ","), layout=Layout(decimal=",")
    ),
    "semicolons at the end, empty rows": Case(
        ends(GERMAN, ";;") + ";;;;;\n" * 3,
        options=("--sep", ";", "--decimal", ","), layout=Layout(";", ","),
        kinds={"Unnamed: 4": "empty", "Unnamed: 5": "empty"},
    ),
    "semicolons at the end of rows alone": Case(
        GERMAN.split("\n", 1)[0] + "\n" + ends(GERMAN.split("\n", 1)[1], ";;"),
        "t.txt", ("--decimal", ","), Layout(decimal=","),
    ),
    "comments above the header": Case(
        "# of 1994, a sample\n# work; see page 3\n" + rows(),
        options=("--comment", "#"), layout=Layout(comment="#"),
    ),
    "lines above the header": Case(
        "Census, a sample\n\n" + rows(), options=("--skip-rows", "2"), layout=Layout(skip_rows=2)
    ),
    "tabs, .txt": Case(rows(sep="\t"), "t.txt"),
    "bars, .dat": Case(rows(sep="|"), "t.dat"),
    "groups of blanks, .dat": Case(aligned(), "t.dat"),
    "groups of blanks, .csv": Case(aligned(), options=("--sep", "blanks"), layout=Layout(r"\s+")),
    "other missing values": Case(
        rows(missing="-999"), options=("--na-values=-999",), layout=Layout(missing=("-999",))
    ),
    "single quotes": Case(
        rows(QUOTED, quotechar="'").replace("state, or city", "state"),
        options=("--quotechar", "'"), layout=Layout(quotechar="'"),
    ),
    "ids, constants, empty columns": Case(
        rows(PLAIN.assign(row_id=np.arange(N) + 7, name=[f"Mr. {i}" for i in range(N)], same="x",
                          none=None)),
        kinds={"row_id": "id", "name": "id", "same": "constant", "none": "empty"},
    ),
    "a saved index": Case(
        PLAIN.to_csv(), kinds={"Unnamed: 0": "id"}
    ),
    "percent, currency, thousands": Case(
        rows(PLAIN.assign(age=[f"{a}%" for a in AGE], hours=[f"${h:,}" for h in HOURS])),
    ),
    "times of day": Case(rows(PLAIN.assign(age=[*map(clock, AGE)], hours=[*map(clock, HOURS)]))),
    "an odd cell": Case(
        rows(PLAIN.assign(age=["n.a.", *AGE[1:]], hours=[*HOURS[:-1], "ill"])),
    ),
}  # fmt: skip


def special(case: Case) -> Special:
    return Special("y" if case.header else "4")


@pytest.mark.parametrize("name", CASES)
def test_kinds_and_cells_are_those_of_the_plain_table(name: str, tmp_path: Path, capsys) -> None:
    case = CASES[name]
    path = tmp_path / case.name
    path.write_text(case.text, encoding="utf-8")
    read = read_training(str(path), case.layout, special(case))
    kinds = {column.name: column.kind for column in read.columns}
    if not case.header:
        kinds = dict(zip(KINDS, kinds.values(), strict=True))
    assert kinds == KINDS | case.kinds
    said = capsys.readouterr().err
    for kind in set(kinds.values()):
        assert f"note: {path}: {kind}" in said
    features = read.rows.X.set_axis(list(KINDS), axis=1)
    assert read.rows.y.tolist() == PLAIN["y"].tolist()
    assert features["work"].astype(object).fillna("").tolist() == PLAIN["work"].fillna("").tolist()
    odd = {"age": [0], "hours": [N - 1]} if name == "an odd cell" else {}
    for number in ("age", "hours"):
        expected = PLAIN[number].astype(float)
        expected[odd.get(number, [])] = np.nan
        np.testing.assert_allclose(features[number].to_numpy(float), expected, rtol=1e-12)


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> pd.DataFrame:
    """The predictions of the plain table."""
    return fit_and_predict(CASES["plain"], tmp_path_factory.mktemp("plain"))


def fit_and_predict(case: Case, folder: Path) -> pd.DataFrame:
    """Return what a student fitted on a file predicts of that file without its labels."""
    path, model, out = folder / case.name, str(folder / "m.joblib"), str(folder / "p.csv")
    path.write_text(case.text, encoding="utf-8")
    learners = ["--teacher", TEACHER, "--student", "tree", "--cv", "3", "--test-size", "0"]
    target = special(case).target
    command = ["fit", str(path), "--target", target, "--out", model, *learners, *case.options]
    assert main(command) == 0
    assert main(["predict", model, str(path), "--out", out, *case.options]) == 0
    return pd.read_csv(out)


@pytest.mark.parametrize(
    "name",
    [
        "no header, .data",
        "semicolons at the end, empty rows",
        "a line that names the separator",
        "groups of blanks, .dat",
        "ids, constants, empty columns",
        "percent, currency, thousands",
        "times of day",
    ],
)
def test_students_are_those_of_the_plain_table(name: str, tmp_path: Path, expected) -> None:
    pd.testing.assert_frame_equal(fit_and_predict(CASES[name], tmp_path), expected)


def test_what_training_took_for_missing_is_missing_in_new_rows(tmp_path: Path, capsys) -> None:
    fit_and_predict(CASES["an odd cell"], tmp_path)
    said = capsys.readouterr().err
    odd = "column 'hours': 98.9% of its cells are numbers; 'ill' in data row 90 is none, and counts"
    assert odd in said
    assert "column 'hours': 1 cell(s) such as 'ill' in data row 90 count as missing" in said
    new = tmp_path / "new.csv"
    new.write_text(rows(PLAIN.assign(hours="away")), encoding="utf-8")
    command = ["predict", str(tmp_path / "m.joblib"), str(new)]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "'hours' must hold numbers or truth values, as in training, got 'away' in data" in said
    assert "or pass --na-values=away" in said
    assert main([*command, "--na-values=away"]) == 0


def test_ids_are_carried_as_they_are_written(tmp_path: Path, capsys) -> None:
    codes = [f"{i:05}" for i in range(N)]
    text = rows(PLAIN.assign(**{"row, no": codes, "name": [f"Mr. {i}" for i in range(N)]}))
    case = Case(text, options=("--id", '"row, no",name'))
    path, model = tmp_path / "t.csv", str(tmp_path / "m.joblib")
    fit_and_predict(case, tmp_path)
    said = capsys.readouterr().err
    assert "id, carried to the predictions: 'row, no', 'name'" in said
    out = tmp_path / "q.csv"
    for options, columns in (
        ((), ["row, no", "name"]),
        (("--label",), ["row, no", "name", "prediction"]),
        (("--id", "name", "--id", "age"), ["name", "age", "prediction"]),
    ):
        assert main(["predict", model, str(path), "--out", str(out), *options]) == 0
        made = pd.read_csv(out, dtype=str)
        assert list(made)[: len(columns)] == columns
        assert made["name"].tolist() == [f"Mr. {i}" for i in range(N)]
        assert "row, no" not in made or made["row, no"].tolist() == codes
    path.write_text(rows(), encoding="utf-8")
    assert main(["predict", model, str(path), "--out", str(out)]) == 0
    assert "has no 'row, no', 'name' to carry" in capsys.readouterr().err
    assert main(["predict", model, str(path), "--id", "number"]) == 2
    assert "has no column 'number' for --id; it has 'age'" in capsys.readouterr().err


def test_empty_columns_are_not_asked_for(tmp_path: Path) -> None:
    case = CASES["ids, constants, empty columns"]
    fit_and_predict(case, tmp_path)
    (tmp_path / "new.csv").write_text(rows(), encoding="utf-8")
    assert main(["predict", str(tmp_path / "m.joblib"), str(tmp_path / "new.csv")]) == 0


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_binary_files(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("pyarrow", reason="the extra skdistill[data] is not installed")
    path = str(tmp_path / f"t.{kind}")
    table = PLAIN.assign(age=PLAIN["age"].astype("Int64"), work=PLAIN["work"].astype("category"))
    getattr(table, f"to_{kind}")(path)
    read = read_training(path, Layout(missing=("self", "17")), Special("y"))
    assert {column.name: column.kind for column in read.columns} == KINDS
    kept = PLAIN["work"].where(PLAIN["work"] != "self", None)
    assert read.rows.X["work"].isna().tolist() == kept.isna().tolist()
    assert read.rows.X["age"].isna().tolist() == (PLAIN["age"] == 17).tolist()


def test_a_wide_and_a_long_file(tmp_path: Path, capsys) -> None:
    wide = pd.DataFrame(RNG.normal(size=(40, 600)).round(3)).add_prefix("v").astype(object)
    wide.iloc[3, :50] = "-"
    wide.assign(y=np.arange(40) % 2).to_csv(tmp_path / "wide.csv", index=False)
    read = read_training(str(tmp_path / "wide.csv"), Layout(), Special("y"))
    assert {column.kind for column in read.columns} == {"number"}
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 33
    assert said[1].endswith("'v29', ... (600 in all)")
    assert said[-1].endswith("and the like of 20 more columns")
    long = pd.concat([PLAIN] * 300, ignore_index=True).astype({"hours": object})
    long.loc[26_999, "hours"] = "<10"
    long.to_csv(tmp_path / "long.csv.gz", index=False)
    read = read_training(str(tmp_path / "long.csv.gz"), Layout(), Special("y"))
    assert {column.name: column.kind for column in read.columns} == KINDS
    assert "'<10' in data row 27000 is none" in capsys.readouterr().err


INFINITE = rows(PLAIN.assign(hours=[np.inf, *HOURS[1:-1], -np.inf]))


@pytest.mark.parametrize(
    ("text", "options", "said", "cure"),
    [
        (INFINITE, [], "'hours' must hold finite numbers, got inf in data row 1 (and 1 more): ",
         ["--na-values=inf,-inf"]),
        (rows(PLAIN.assign(hours=PLAIN["hours"].map("{:.2f}".format).str.replace(".", ","))), [],
         "'hours' must hold numbers with decimals set off by '.', got", ["--category", "hours"]),
        (GERMAN, ["--sep", ";"], "pass --decimal ,", ["--sep", ";", "--decimal", ","]),
        (rows(header=False), [], "no column 'y'; it has", ["--no-header", "--target", "4"]),
        ("Census, a sample\n\n" + rows(), [], "if its first lines are a title, pass --skip-rows N",
         ["--skip-rows", "2"]),
        ("# a\n# b, c, d, e, f, g\n" + rows(), [], "is a remark, pass --comment '#'",
         ["--comment", "#"]),
        ("# a\n# b, c, d, e, f, g\n" + rows(), [], "or --skip-rows N", ["--skip-rows", "2"]),
        (rows(), ["--numeric", "work"], "--numeric work: expected numbers, but no cell is one",
         ["--drop", "work"]),
        (rows(), ["--date", "work"], "--date work: expected dates, but no cell is one, first", []),
        (rows(), ["--numeric", "wage"], "no column 'wage'; it has 'age', 'hours'", []),
        (rows(), ["--numeric", "age", "--text", "age"], "--numeric and --text both name", []),
        (rows(PLAIN[["y"]].assign(row=range(N))), [], "expected a column to learn from, got none",
         ["--numeric", "row"]),
        (rows(PLAIN.assign(prediction=1)), ["--id", "prediction"], "a column of that name", []),
    ],
)  # fmt: skip
def test_errors_name_a_cure_that_works(tmp_path, capsys, text, options, said, cure) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    learners = ["--teacher", TEACHER, "--student", "tree", "--cv", "3", "--test-size", "0"]
    command = ["fit", str(path), "--target", "y", "--out", str(tmp_path / "m"), *learners]
    assert main([*command, *options]) == 2
    assert said in capsys.readouterr().err
    assert main([*command, *cure]) == 0


@pytest.mark.parametrize(
    "option",
    [["--skip-rows", "x"], ["--comment", "//"], ["--quotechar", "ab"], ["--drop", "a,,b"]],
)
def test_options_of_another_form_are_refused(option, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["fit", "t.csv", "--target", "y", "--out", "m", *option])
    assert f"argument {option[0]}: expected " in capsys.readouterr().err


def test_separators_are_only_guessed_where_lines_agree(tmp_path: Path, capsys) -> None:
    path = tmp_path / "t.txt"
    path.write_text("a;b,c\n1;2,3\n", encoding="utf-8")
    with pytest.raises(CommandError, match="no column 'y'"):
        read_training(str(path), Layout(), Special("y"))
    assert "cells are taken to be separated by ';'" in capsys.readouterr().err
    path.write_text("a;b,c\n1,2\n", encoding="utf-8")
    with pytest.raises(CommandError, match="no column 'y'; it has 'a;b', 'c'"):
        read_training(str(path), Layout(), Special("y"))
